//! What decides when a request starts: its business code and its priority. And the answers that say that the institution is busy.

use std::sync::Arc;

use fep_codec::Layout;
use fep_codec::record::Record;
use fep_protocol::terms::Priority;

use super::key::KeyFields;
use super::{Draft, TelegramCatalogue};
use crate::config::InstitutionConfig;

/// The place of the business code in a request, and its priority.
#[derive(Clone, Debug)]
pub(super) struct Precedence {
    /// What the configuration says.
    priority: Option<Priority>,
    business: BusinessCode,
}

#[derive(Clone, Debug)]
enum BusinessCode {
    /// Nothing depends on it.
    Unused,
    /// The name of the telegram.
    Name(Arc<str>),
    Field(KeyFields),
}

/// The values of an answer that say that the institution is busy. One of the lists must hold.
#[derive(Clone, Debug)]
pub(super) struct BusyCodes(Vec<Vec<(String, String)>>);

/// Whether a request of an institution can have some business code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusinessKnown {
    /// One can.
    Yes,
    /// None can.
    No,
    /// No request has a business code.
    NothingHasOne,
}

/// The longest business code, in bytes. Fields for it are much shorter.
const BUSINESS_MAX_BYTES: usize = 100;

impl TelegramCatalogue {
    /// Whether a request can have this business code. What values a field takes is not known, so any text of visible characters may be one.
    #[must_use]
    pub fn knows_business(&self, code: &str) -> BusinessKnown {
        let is_text = (1..=BUSINESS_MAX_BYTES).contains(&code.len()) && !code.chars().any(char::is_control);
        let codes = || self.entries.iter().filter_map(|entry| entry.precedence.as_ref()).map(|of| &of.business);
        if codes().all(|of| matches!(of, BusinessCode::Unused)) {
            return BusinessKnown::NothingHasOne;
        }
        let is_known = codes().any(|of| match of {
            BusinessCode::Unused => false,
            BusinessCode::Name(name) => **name == *code,
            BusinessCode::Field(_) => is_text,
        });
        if is_known { BusinessKnown::Yes } else { BusinessKnown::No }
    }
}

impl Draft {
    /// The same, and whether nobody waits for it.
    pub(crate) fn waited_for_by_nobody(self, is_batch: bool) -> Self {
        Self { is_batch, ..self }
    }
}

impl Precedence {
    /// # Errors
    /// If the requests have no field for the business code at a fixed place.
    pub(super) fn new(config: &InstitutionConfig, layout: &Layout) -> Result<Self, String> {
        let name = layout.name.as_ref();
        let is_used = config.breaker.is_some() || !config.flow.settings.businesses.is_empty();
        let business = match &config.flow.business {
            _ if !is_used => BusinessCode::Unused,
            None => BusinessCode::Name(name.into()),
            Some(path) => {
                let field = KeyFields::new(layout, std::slice::from_ref(path));
                BusinessCode::Field(field.ok_or_else(|| format!("{name} lacks the field {path} of `flow.business`"))?)
            }
        };
        let priority = config.flow.priorities.get(name).copied();
        Ok(Self { priority, business })
    }

    /// The priority of a request. `is_batch` says whether nobody waits for it.
    pub(super) fn priority(&self, is_batch: bool) -> Priority {
        self.priority.unwrap_or(if is_batch { Priority::Batch } else { Priority::Customer })
    }

    /// The business code in the bytes of a request.
    pub(super) fn business(&self, bytes: &[u8]) -> Option<Arc<str>> {
        match &self.business {
            BusinessCode::Unused => None,
            BusinessCode::Name(name) => Some(Arc::clone(name)),
            BusinessCode::Field(field) => field.of(bytes)?.fields().next().map(Arc::from),
        }
    }
}

impl BusyCodes {
    pub(super) fn new(config: &InstitutionConfig) -> Self {
        Self(config.flow.busy.clone())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn hold(&self, answer: &Record<'_>) -> bool {
        let holds = |(path, value): &(String, String)| {
            answer.field(path).is_some_and(|(field, found)| found.to_text(field) == *value)
        };
        self.0.iter().any(|values| values.iter().all(holds))
    }
}
