//! The specs of the institutions, by which bytes become fields.

use std::collections::BTreeMap;
use std::sync::Arc;

use fep_spec::model::Spec;

use tokio::sync::watch;

use super::{Gateway, Institutions};
use crate::telegrams::TelegramCatalogue;

impl Gateway {
    /// The spec of an institution, which can show bytes as fields. `None` if there is no such institution.
    #[must_use]
    pub fn spec(&self, institution: &str) -> Option<Arc<Spec>> {
        self.find_handle(institution).map(|handle| handle.catalogue.shared_spec())
    }

    /// The telegrams of an institution. Their [`TelegramCatalogue::line_spec`] can show the frames of an exchange as fields. `None` if there
    /// is no such institution. After a reload an institution can have others.
    #[must_use]
    pub fn catalogue(&self, institution: &str) -> Option<Arc<TelegramCatalogue>> {
        self.find_handle(institution).map(|handle| Arc::clone(&handle.catalogue))
    }

    /// The spec of each institution, by its name.
    #[must_use]
    pub fn specs(&self) -> BTreeMap<String, Arc<Spec>> {
        let institutions = self.running();
        institutions.iter().map(|(name, handle)| (name.clone(), handle.catalogue.shared_spec())).collect()
    }

    /// Says when the institutions have changed.
    pub(crate) fn institution_changes(&self) -> watch::Receiver<Institutions> {
        self.inner.institutions.subscribe()
    }

    /// The telegrams of each institution, by its name.
    pub(crate) fn catalogues(&self) -> BTreeMap<String, Arc<TelegramCatalogue>> {
        let institutions = self.running();
        institutions.iter().map(|(name, handle)| (name.clone(), Arc::clone(&handle.catalogue))).collect()
    }
}
