//! Opens a journal where its configuration says that it is.

#[cfg(feature = "simulation")]
use std::sync::Arc;

use fep_protocol::reason::JournalError;

use super::recovery::{OpenOptions, open_file};
#[cfg(feature = "simulation")]
use super::shared_model;
use super::{Journal, Opened};
#[cfg(feature = "postgres")]
use super::{shared, sqlite::leaving};
use crate::ground::Ground;

impl Journal {
    /// Opens or creates the journal, and ends the exchanges that an earlier run left open.
    ///
    /// # Errors
    /// If the journal cannot be opened, has a newer version, is in use by another gateway, or is missing where one was.
    pub fn open(options: &OpenOptions) -> Result<Opened, JournalError> {
        Self::open_on(options, Ground::Machine)
    }

    /// Opens the journal on a certain ground.
    pub(crate) fn open_on(options: &OpenOptions, ground: Ground) -> Result<Opened, JournalError> {
        #[cfg(feature = "postgres")]
        if let Some(postgres) = &options.postgres {
            if !options.begin_anew {
                leaving::has_left(&options.path)?;
            }
            return shared::open(options, postgres);
        }
        #[cfg(feature = "simulation")]
        if let Ground::Simulated(simulated) = &ground
            && let Some(shared) = &simulated.shared
        {
            return shared_model::open(options, Arc::clone(shared), simulated.clone());
        }
        open_file(options, ground)
    }
}
