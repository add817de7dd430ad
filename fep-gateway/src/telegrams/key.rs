//! The key fields of a telegram, and the key in its bytes.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use fep_codec::{Field, Layout};

use fep_protocol::terms::Key;

use super::{Role, TelegramCatalogue};
use crate::config::InstitutionConfig;

/// The key fields of a telegram.
#[derive(Clone, Debug)]
pub(super) struct KeyFields {
    /// The answer, if its key is not that of the institution. It is the first part of the key: a reference number of one telegram and a
    /// trace number of another one may be the same text.
    kind: Option<Arc<str>>,
    /// Each with its fixed byte range.
    fields: Vec<(Field, Range<usize>)>,
}

/// The paths of the key fields of a telegram, and the kind of its key.
pub(super) fn paths<'c>(
    config: &'c InstitutionConfig,
    telegram: &str,
    answer: Option<&str>,
) -> (&'c [String], Option<Arc<str>>) {
    let own = |name: &str| config.telegrams.get(name).and_then(|limits| limits.key.as_ref());
    if let (Some(own), Some(answer)) = (own(telegram), answer) {
        return (&own.key, Some(answer.into()));
    }
    let mut requests = config.spec.telegrams.iter().filter(|request| request.answer.as_deref() == Some(telegram));
    match requests.find_map(|request| own(request.name())) {
        Some(request) => (&request.answer_key, Some(telegram.into())),
        None => (&config.key, None),
    }
}

/// Checks that no constant of an answer is in a key field: the answer has its key from its telegram.
pub(super) fn not_given(config: &InstitutionConfig, answer: &str, own: &[(String, String)]) -> Result<(), String> {
    let (key, _) = paths(config, answer, None);
    match own.iter().find(|(path, _)| key.contains(path)) {
        Some((path, _)) => Err(format!("{answer}: {path} is part of the key, so the answer has it from its telegram")),
        None => Ok(()),
    }
}

impl TelegramCatalogue {
    /// Checks that the key of each request can be compared with the key of its answer.
    pub(super) fn keys_pair(&self) -> Result<(), String> {
        for entry in self.entries.iter().filter(|entry| matches!(entry.role, Role::Request | Role::Duty(_))) {
            let answer = entry.answer.and_then(|answer| self.entries.get(answer));
            let Some((answer, own, theirs)) =
                answer.and_then(|answer| Some((answer, entry.key.as_ref()?, answer.key.as_ref()?)))
            else {
                continue;
            };
            if let Some((field, other)) = own.unlike(theirs) {
                return Err(format!(
                    "the key field {} is {} in {} and {} in {}, so that no answer would ever fit",
                    field.name,
                    field.kind.value_name(),
                    entry.name,
                    other.kind.value_name(),
                    answer.name
                ));
            }
        }
        Ok(())
    }
}

impl KeyFields {
    /// The fields at these paths, or `None` if the layout lacks one of them at a fixed offset.
    pub(super) fn new(layout: &Layout, paths: &[String]) -> Option<Self> {
        let at = |path: &String| layout.span(path).map(|span| (span.field.clone(), span.range));
        Some(Self { kind: None, fields: paths.iter().map(at).collect::<Option<_>>()? })
    }

    /// The same fields, for keys of a kind of their own.
    pub(super) fn of_kind(self, kind: Option<Arc<str>>) -> Self {
        Self { kind, ..self }
    }

    /// The key in these bytes, or `None` if the bytes are too short.
    pub(super) fn of(&self, bytes: &[u8]) -> Option<Key> {
        if self.fields.iter().any(|(_, range)| bytes.get(range.clone()).is_none()) {
            return None;
        }
        let text = |(field, range): &(Field, Range<usize>)| {
            Cow::Owned(field.key_text(bytes.get(range.clone()).unwrap_or_default()))
        };
        let kind = self.kind.iter().map(|kind| Cow::Borrowed(&**kind));
        Some(Key::new(kind.chain(self.fields.iter().map(text))))
    }

    /// The value of the first key field.
    pub(super) fn first<'k>(&self, key: &'k Key) -> &'k str {
        key.fields().nth(usize::from(self.kind.is_some())).unwrap_or_default()
    }

    /// Whether both always read the same key from the same bytes.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let parts = |key: &Self| {
            key.fields.iter().map(|(field, range)| (field.kind.clone(), range.clone())).collect::<Vec<_>>()
        };
        self.kind == other.kind && parts(self) == parts(other)
    }

    /// The first two fields at the same position whose values can never be equal.
    pub(super) fn unlike<'k>(&'k self, other: &'k Self) -> Option<(&'k Field, &'k Field)> {
        let pairs = self.fields.iter().zip(&other.fields).map(|((one, _), (other, _))| (one, other));
        pairs.into_iter().find(|(one, other)| !one.pairs_with(other))
    }

    /// The key in these bytes as a journal of version 1 stored it. `None` if that is the current form, or if it does not determine
    /// the current form: two packed numbers could have one such key.
    pub(super) fn former(&self, bytes: &[u8]) -> Option<Key> {
        if self.kind.is_some() {
            return None;
        }
        let text = |(_, range): &(Field, Range<usize>)| {
            let text = std::str::from_utf8(bytes.get(range.clone())?.trim_ascii()).ok()?;
            (text.is_ascii() && !text.starts_with("0x")).then_some(text)
        };
        let former = Key::new(self.fields.iter().map(text).collect::<Option<Vec<_>>>()?);
        let current = self.of(bytes)?;
        (former != current && self.modern(&former) == current).then_some(former)
    }

    /// Converts a key from an older journal. That journal stored the bytes of the fields without surrounding blanks, so
    /// numbers had leading zeros.
    pub(super) fn modern(&self, key: &Key) -> Key {
        if self.fields.is_empty() || self.kind.is_some() {
            // The key of a telegram without key fields is one that the gateway made. No older journal has a key with its kind.
            return key.clone();
        }
        let numbers = self.fields.iter().map(|(field, _)| matches!(field.kind, fep_codec::layout::Kind::Number(_)));
        Key::new(key.fields().zip(numbers).map(|(text, is_number)| {
            let value = text.trim_start_matches('0');
            let zeros = is_number && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            match (zeros, value) {
                (false, _) => text,
                (true, "") => "0",
                (true, value) => value,
            }
        }))
    }
}
