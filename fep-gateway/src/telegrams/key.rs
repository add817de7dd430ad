//! Where a telegram has its key, and what the key is.

use std::ops::Range;

use fep_codec::{Field, Layout};

use crate::machine::terms::Key;

/// The key fields of a telegram, each at its fixed place.
#[derive(Clone, Debug)]
pub(super) struct KeyFields(Vec<(Field, Range<usize>)>);

impl KeyFields {
    /// The fields at these paths, if the layout has all of them at a fixed offset.
    pub(super) fn new(layout: &Layout, paths: &[String]) -> Option<Self> {
        let at = |path: &String| layout.span(path).map(|span| (span.field.clone(), span.range));
        paths.iter().map(at).collect::<Option<_>>().map(Self)
    }

    /// The key in these bytes, if they reach so far.
    pub(super) fn of(&self, bytes: &[u8]) -> Option<Key> {
        let text = |(field, range): &(Field, Range<usize>)| Some(field.key_text(bytes.get(range.clone())?));
        self.0.iter().map(text).collect::<Option<Vec<_>>>().map(Key::new)
    }

    /// Whether the key of the same bytes is always the same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let parts =
            |key: &Self| key.0.iter().map(|(field, range)| (field.kind.clone(), range.clone())).collect::<Vec<_>>();
        parts(self) == parts(other)
    }

    /// The first field that can never have the content of the one in the same place of another key.
    pub(super) fn unlike<'k>(&'k self, other: &'k Self) -> Option<(&'k Field, &'k Field)> {
        let pairs = self.0.iter().zip(&other.0).map(|((one, _), (other, _))| (one, other));
        pairs.into_iter().find(|(one, other)| !one.pairs_with(other))
    }

    /// A key that an older journal kept: the bytes of the fields without the blanks around them. Numbers had their zeros.
    pub(super) fn modern(&self, key: &Key) -> Key {
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
