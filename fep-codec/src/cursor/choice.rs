//! Choices: the case that a code selects, and the check that the written case is the one that the written code selects.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Reader, Writer};
use crate::error::{Culprit, Error, Fault};
use crate::layout::{Case, Choice, Field, Span};

impl Choice {
    /// The index of the case that these bytes of the deciding field select.
    #[must_use]
    pub fn case_of(&self, field: &Field, bytes: &[u8]) -> Option<usize> {
        self.case_where(|code| field.kind.says(code, bytes))
    }

    /// The index of the case that this code selects.
    #[must_use]
    pub fn case_with(&self, code: &str) -> Option<usize> {
        self.case_where(|known| known == code)
    }

    fn case_where(&self, is_code: impl Fn(&str) -> bool) -> Option<usize> {
        let cases = self.cases();
        let named = cases.iter().position(|case| case.codes.iter().any(|code| is_code(code)));
        named.or_else(|| cases.iter().position(|case| case.codes.is_empty()))
    }

    fn known_codes(&self) -> Box<str> {
        let codes: Vec<&str> = self.cases().iter().flat_map(|case| case.codes.iter()).map(AsRef::as_ref).collect();
        codes.join(", ").into()
    }

    /// An error in the deciding field.
    pub(crate) fn error_at_code(&self, culprit: Culprit, fault: Fault, field: &Field) -> Error {
        let error = Error::in_field(culprit, fault, field);
        self.by.rsplit('.').skip(1).fold(error, Error::within)
    }

    pub(crate) fn no_such_case(&self) -> Fault {
        Fault::NoSuchCase { choice: (*self.name).into(), codes: self.known_codes() }
    }
}

impl Case {
    fn known_codes(&self) -> Box<str> {
        if self.codes.is_empty() {
            return "all codes that no other case names".into();
        }
        self.codes.join(", ").into()
    }
}

impl Reader<'_> {
    /// The index of the selected case, in a layout that began at `start`. `by` is the deciding field. Its range counts from `start`.
    ///
    /// # Errors
    /// If no case has the code, or the telegram ends before it.
    pub(crate) fn choose(&self, start: usize, by: &Span<'_>, choice: &Choice) -> Result<usize, Error> {
        let range = start.saturating_add(by.range.start)..start.saturating_add(by.range.end);
        let Some(bytes) = self.telegram().get(range.clone()) else {
            let left = self.telegram().len().saturating_sub(range.start);
            let fault = Fault::Truncated { needed: by.field.len, left };
            return Err(choice.error_at_code(Culprit::Peer, fault, by.field).at_bytes(range, None));
        };
        choice.case_of(by.field, bytes).ok_or_else(|| {
            choice.error_at_code(Culprit::Peer, choice.no_such_case(), by.field).at_bytes(range, Some(bytes))
        })
    }
}

impl Writer<'_> {
    /// Checks that the written case is the one that the deciding field selects. The layout began at `start` and is completely
    /// written.
    ///
    /// # Errors
    /// If the code in the field selects another case.
    pub(crate) fn check_case_by(&self, start: usize, by: &Span<'_>, choice: &Choice, case: usize) -> Result<(), Error> {
        let bytes = self.written(start).get(by.range.clone()).unwrap_or_default();
        if choice.case_of(by.field, bytes) == Some(case) {
            return Ok(());
        }
        let range = start.saturating_add(by.range.start)..start.saturating_add(by.range.end);
        let fault = match choice.cases().get(case) {
            Some(case) => Fault::WrongCase { case: (*case.layout.name).into(), codes: case.known_codes() },
            None => choice.no_such_case(),
        };
        Err(choice.error_at_code(Culprit::Caller, fault, by.field).at_bytes(range, Some(bytes)))
    }
}
