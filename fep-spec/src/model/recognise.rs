//! Which telegram received bytes are, by the marks of the telegrams ([`Layout::recognises`]).
//!
//! Within a spec the first telegram wins, if the order decides: it has all marks of the others, and more. Records of files are told
//! apart within their file. Without a `when` they are candidates only if the bytes are no other telegram.

use std::fmt;

use fep_codec::layout::MarkRelation;
use fep_codec::{Error, Layout};

use super::{Spec, SpecSet, TelegramSpec};

impl Spec {
    /// Whether a telegram is a record of one of the spec's files.
    #[must_use]
    pub fn is_record(&self, name: &str) -> bool {
        self.files.iter().any(|file| file.telegrams().contains(&name))
    }

    /// Returns the telegram that these bytes are: the first one whose `when` and literals hold.
    ///
    /// # Errors
    /// If the bytes are no telegram. The error shows the fields that distinguish the telegrams, and the nearest telegram.
    pub fn choose(&self, bytes: &[u8]) -> Result<&TelegramSpec, Error> {
        let layouts = || self.telegrams.iter().map(|telegram| &telegram.layout).collect::<Vec<_>>();
        let recognised = found([self], bytes).first().map(|(_, telegram)| *telegram);
        let claimed = || self.telegrams.get(Layout::claimed(&layouts(), bytes)?);
        recognised.or_else(claimed).ok_or_else(|| Layout::no_match(&layouts(), bytes))
    }

    /// Whether the telegram is tried after those that are no records.
    fn is_last(&self, telegram: &TelegramSpec) -> bool {
        telegram.layout.when.is_empty() && self.is_record(telegram.name())
    }
}

impl SpecSet {
    /// Returns the telegram that these bytes are: the first one of a spec whose `when` and literals hold. If there is one telegram
    /// only, it needs neither.
    ///
    /// # Errors
    /// If the telegram cannot be determined. A guess between institutions would be worse than an error.
    pub fn choose(&self, bytes: &[u8]) -> Result<&TelegramSpec, UnchosenError> {
        let telegrams = || self.specs.iter().flat_map(|spec| &spec.telegrams);
        if !telegrams().any(|telegram| telegram.layout.is_recognisable()) {
            let mut all = telegrams();
            return match (all.next(), all.next()) {
                (Some(only), None) => Ok(only),
                _ => Err(UnchosenError::NoMarks),
            };
        }
        let found = found(&self.specs, bytes);
        let Some(((spec, first), others)) = found.split_first() else {
            let mut all =
                self.specs.iter().flat_map(|spec| spec.telegrams.iter().map(move |telegram| (spec, telegram)));
            if all.all(|(spec, telegram)| spec.is_last(telegram) || !telegram.layout.is_recognisable()) {
                return Err(UnchosenError::NoMarks);
            }
            let layouts: Vec<&Layout> = telegrams().map(|telegram| &telegram.layout).collect();
            let claimed = Layout::claimed(&layouts, bytes).and_then(|index| telegrams().nth(index));
            return claimed.ok_or_else(|| UnchosenError::NoMatch(Layout::no_match(&layouts, bytes)));
        };
        let is_decided = |(other_spec, other): &(&Spec, &TelegramSpec)| {
            std::ptr::eq(*spec, *other_spec) && first.layout.compare_marks(&other.layout) == MarkRelation::Narrower
        };
        if others.iter().all(is_decided) {
            return Ok(first);
        }
        let names = found.iter().map(|(spec, telegram)| format!("{}/{}", spec.name, telegram.name()));
        Err(UnchosenError::Several(names.collect()))
    }
}

/// The telegrams whose marks hold for these bytes, in the order of the specs. Records of files only if no other telegram is found.
fn found<'s>(specs: impl IntoIterator<Item = &'s Spec>, bytes: &[u8]) -> Vec<(&'s Spec, &'s TelegramSpec)> {
    let all = specs.into_iter().flat_map(|spec| spec.telegrams.iter().map(move |telegram| (spec, telegram)));
    let mut found: Vec<_> = all.filter(|(_, telegram)| telegram.layout.recognises(bytes)).collect();
    if found.len() > 1 && found.iter().any(|(spec, telegram)| !spec.is_last(telegram)) {
        found.retain(|(spec, telegram)| !spec.is_last(telegram));
    }
    found
}

/// The reason why the telegram of some bytes cannot be determined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnchosenError {
    /// No telegram of the specs has a `when` or a literal, except records of files.
    NoMarks,
    /// Several telegrams have conditions and literals that hold.
    Several(Vec<String>),
    /// No telegram's conditions and literals hold.
    NoMatch(Error),
}

impl fmt::Display for UnchosenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMarks => f.write_str(
                "no telegram of the spec has a `when` or a literal, so the bytes do not identify a telegram",
            ),
            Self::Several(names) => write!(f, "the bytes can be any of {}", names.join(", ")),
            Self::NoMatch(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for UnchosenError {}
