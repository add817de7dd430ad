//! The places of shared lines, as the database of the journal has them. A journal in a file has none.

use std::sync::Arc;
use std::time::Duration;

use fep_protocol::places::{PlaceKey, PlacesAsked, PlacesSeen};
use fep_protocol::reason::JournalError;

use super::Journal;

impl Journal {
    /// How long a place belongs to a gateway that does not renew it. `None` if no other gateway shares the journal.
    pub(crate) fn lease(&self) -> Option<Duration> {
        self.inner.home.place_lease()
    }

    /// Renews places, gives some back, and says who has which. The answer to a question that fails may have been carried out.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub(crate) async fn look_at_places(&self, asked: PlacesAsked) -> Result<PlacesSeen, JournalError> {
        let home = Arc::clone(&self.inner.home);
        let seen = tokio::task::spawn_blocking(move || home.look_at_places(&asked)).await;
        seen.map_err(|error| JournalError::Failed(error.to_string())).flatten()
    }

    /// Takes free places. Returns those that were free still.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub(crate) async fn take_places(&self, wanted: Vec<PlaceKey>) -> Result<Vec<PlaceKey>, JournalError> {
        let home = Arc::clone(&self.inner.home);
        let taken = tokio::task::spawn_blocking(move || home.take_places(&wanted)).await;
        taken.map_err(|error| JournalError::Failed(error.to_string())).flatten()
    }
}
