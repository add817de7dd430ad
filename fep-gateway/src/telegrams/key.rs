//! The key fields of a telegram, and the key in its bytes.

use std::ops::Range;

use fep_codec::{Field, Layout};

use fep_protocol::terms::Key;

/// The key fields of a telegram, each with its fixed byte range.
#[derive(Clone, Debug)]
pub(super) struct KeyFields(Vec<(Field, Range<usize>)>);

impl KeyFields {
    /// The fields at these paths, or `None` if the layout lacks one of them at a fixed offset.
    pub(super) fn new(layout: &Layout, paths: &[String]) -> Option<Self> {
        let at = |path: &String| layout.span(path).map(|span| (span.field.clone(), span.range));
        paths.iter().map(at).collect::<Option<_>>().map(Self)
    }

    /// The key in these bytes, or `None` if the bytes are too short.
    pub(super) fn of(&self, bytes: &[u8]) -> Option<Key> {
        let text = |(field, range): &(Field, Range<usize>)| Some(field.key_text(bytes.get(range.clone())?));
        self.0.iter().map(text).collect::<Option<Vec<_>>>().map(Key::new)
    }

    /// Whether both always read the same key from the same bytes.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let parts =
            |key: &Self| key.0.iter().map(|(field, range)| (field.kind.clone(), range.clone())).collect::<Vec<_>>();
        parts(self) == parts(other)
    }

    /// The first two fields at the same position whose values can never be equal.
    pub(super) fn unlike<'k>(&'k self, other: &'k Self) -> Option<(&'k Field, &'k Field)> {
        let pairs = self.0.iter().zip(&other.0).map(|((one, _), (other, _))| (one, other));
        pairs.into_iter().find(|(one, other)| !one.pairs_with(other))
    }

    /// The key in these bytes as a journal of version 1 stored it. `None` if that is the current form, or if it does not determine
    /// the current form: two packed numbers could have one such key.
    pub(super) fn former(&self, bytes: &[u8]) -> Option<Key> {
        let text = |(_, range): &(Field, Range<usize>)| {
            let text = std::str::from_utf8(bytes.get(range.clone())?.trim_ascii()).ok()?;
            (text.is_ascii() && !text.starts_with("0x")).then_some(text)
        };
        let former = Key::new(self.0.iter().map(text).collect::<Option<Vec<_>>>()?);
        let current = self.of(bytes)?;
        (former != current && self.modern(&former) == current).then_some(former)
    }

    /// Converts a key from an older journal. That journal stored the bytes of the fields without surrounding blanks, so
    /// numbers had leading zeros.
    pub(super) fn modern(&self, key: &Key) -> Key {
        if self.0.is_empty() {
            // The key of a telegram without key fields is one that the gateway made.
            return key.clone();
        }
        let numbers = self.0.iter().map(|(field, _)| matches!(field.kind, fep_codec::layout::Kind::Number(_)));
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
