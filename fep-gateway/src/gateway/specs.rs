//! The specs of the institutions, by which bytes become fields.

use std::collections::BTreeMap;
use std::sync::Arc;

use fep_spec::model::Spec;

use super::Gateway;
use crate::telegrams::{LineSpec, TelegramCatalogue};

impl Gateway {
    /// The spec of an institution, which can show bytes as fields. `None` if there is no such institution.
    #[must_use]
    pub fn spec(&self, institution: &str) -> Option<&Spec> {
        self.inner.institutions.get(institution).map(|handle| handle.catalogue.spec())
    }

    /// The spec of an institution with the framing of its lines, which can show the frames of an exchange as fields. `None` if there is
    /// no such institution.
    #[must_use]
    pub fn line_spec(&self, institution: &str) -> Option<LineSpec<'_>> {
        self.inner.institutions.get(institution).map(|handle| handle.catalogue.line_spec())
    }

    /// The spec of each institution, by its name.
    #[must_use]
    pub fn specs(&self) -> BTreeMap<String, Arc<Spec>> {
        let specs = self.inner.institutions.iter();
        specs.map(|(name, handle)| (name.clone(), handle.catalogue.shared_spec())).collect()
    }

    /// The telegrams of each institution, by its name.
    pub(crate) fn catalogues(&self) -> impl Iterator<Item = (&str, &TelegramCatalogue)> {
        self.inner.institutions.iter().map(|(name, handle)| (&**name, &*handle.catalogue))
    }
}
