//! A spec with the framing of a line: what it takes to show the bytes of a frame as fields.

use fep_spec::model::{Spec, TelegramSpec};

use crate::config::{Framing, ResponseCodes};

/// The spec of an institution with the framing of its lines.
#[derive(Clone, Copy, Debug)]
pub struct LineSpec<'s> {
    spec: &'s Spec,
    framing: &'s Framing,
    codes: &'s ResponseCodes,
}

impl<'s> LineSpec<'s> {
    /// This spec, over lines with this framing.
    #[must_use]
    pub const fn new(spec: &'s Spec, framing: &'s Framing, codes: &'s ResponseCodes) -> Self {
        Self { spec, framing, codes }
    }

    /// The telegram of the spec with this name.
    #[must_use]
    pub fn named(self, telegram: &str) -> Option<&'s TelegramSpec> {
        self.spec.telegram(telegram)
    }

    /// The telegram of the spec that answers this one.
    #[must_use]
    pub fn answer_to(self, telegram: &str) -> Option<&'s TelegramSpec> {
        self.spec.telegram(self.spec.telegram(telegram)?.answer.as_deref()?)
    }

    /// Where answers have their response code, and which codes accept.
    #[must_use]
    pub const fn codes(self) -> &'s ResponseCodes {
        self.codes
    }

    /// The telegram in a frame.
    #[must_use]
    pub fn telegram(self, frame: &[u8]) -> &[u8] {
        self.framing.telegram(frame)
    }
}
