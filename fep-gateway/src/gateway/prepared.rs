//! An institution before it starts: its configuration and its telegrams fit together.

use std::sync::Arc;

use super::{NoticeHandler, StartError};
use crate::config::InstitutionConfig;
use crate::telegrams::TelegramCatalogue;

/// An institution whose configuration fits its spec and the handler of notices.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub(super) config: InstitutionConfig,
    pub(super) catalogue: Arc<TelegramCatalogue>,
}

impl Prepared {
    pub(super) fn new(name: &str, config: InstitutionConfig, notices: &dyn NoticeHandler) -> Result<Self, StartError> {
        let catalogue = notices
            .fits(&config.spec)
            .and_then(|()| TelegramCatalogue::new(&config))
            .map_err(|why| StartError::Institution { name: name.to_owned(), why })?;
        Ok(Self { config, catalogue: Arc::new(catalogue) })
    }
}
