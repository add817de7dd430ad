//! All errors of a telegram at once.

use alloc::vec::Vec;

use super::survey;
use crate::error::{Error, Fault};
use crate::layout::Layout;
use crate::record::Record;
use crate::telegram::Decode;

/// The maximum number of errors that are collected for one telegram. It is enough to see what is wrong, and it bounds the list
/// for hostile bytes.
pub const ERRORS_MAX: usize = 100;

impl Layout {
    /// All errors of a telegram, in the order of its bytes, at most [`ERRORS_MAX`].
    ///
    /// The list is empty if and only if [`Record::decode`] reads the telegram. Each error has the path, the bytes and the expected
    /// content. No error contains the content of a secret field. The list ends where the telegram ends, or where a group's count
    /// cannot be read, because the offsets of all later items are then unknown.
    #[must_use]
    pub fn all_errors(&self, telegram: &[u8]) -> Vec<Error> {
        let Err(first) = Record::decode(self, telegram) else { return Vec::new() };
        let mut errors = Vec::new();
        // A wrong length is reported once. It is not reported again where bytes are missing or left over, or at a length field.
        let wrong_length = matches!(first.fault(), Fault::WrongLength { .. });
        if wrong_length {
            errors.push(first.clone());
        }
        let of_steps = survey(self, telegram).into_iter().filter_map(|step| step.value.err());
        errors.extend(of_steps.filter(|error| {
            !wrong_length
                || !matches!(
                    error.fault(),
                    Fault::Truncated { .. }
                        | Fault::LeftOver { .. }
                        | Fault::LengthLies { .. }
                        | Fault::StatedBeyondEnd { .. }
                )
        }));
        // The codec also finds errors that only the whole telegram shows.
        if !errors.iter().any(|error| is_same(error, &first)) {
            errors.insert(0, first);
        }
        errors.truncate(ERRORS_MAX);
        errors
    }
}

/// Reads a telegram, or returns all of its errors.
///
/// # Errors
/// All errors, at most [`ERRORS_MAX`]. See [`Layout::all_errors`].
///
/// ```
/// # #[cfg(feature = "derive")] {
/// use fep_codec::{Telegram, decode_all_errors};
///
/// #[derive(Telegram, Debug)]
/// #[telegram(len = 9)]
/// struct Pair {
///     #[field(len = 3)]
///     first: u16,
///     #[field(len = 6, label = "둘째")]
///     second: u32,
/// }
///
/// let errors = decode_all_errors::<Pair>(b"1x2abc000").unwrap_err();
/// let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
/// assert_eq!(said, [
///     "peer: first, bytes 0..3: expected a digit, found 'x' (78) at byte 1, hex 31 78 32",
///     "peer: second (둘째), bytes 3..9: expected a digit, found 'a' (61) at byte 3, hex 61 62 63 30 30 30",
/// ]);
/// # }
/// ```
pub fn decode_all_errors<'a, T: Decode<'a>>(telegram: &'a [u8]) -> Result<T, Vec<Error>> {
    T::decode(telegram).map_err(|first| {
        let mut errors = T::LAYOUT.all_errors(telegram);
        // A user-defined type may reject more values than its kind does.
        if !errors.iter().any(|error| is_same(error, &first)) {
            errors.insert(0, first);
        }
        errors
    })
}

/// Whether two errors report the same fault at the same bytes and path.
fn is_same(one: &Error, other: &Error) -> bool {
    one.fault() == other.fault() && one.range() == other.range() && one.path() == other.path()
}

#[cfg(test)]
mod tests {
    use alloc::borrow::Cow;
    use alloc::format;
    use alloc::string::{String, ToString};
    use alloc::vec;

    use super::*;
    use crate::charset::Charset;
    use crate::layout::{Computed, Field, Filler, Group, Item, Kind, NumberRule, Repeat, TextRule};

    fn number(name: &'static str, len: usize, secret: bool, computed: Option<Computed>) -> Item {
        let name = Cow::Borrowed(name);
        let label = Cow::Borrowed("");
        Item::Field(Field { name, label, len, kind: Kind::Number(NumberRule::UNSIGNED), secret, computed })
    }

    fn layout(name: &'static str, items: Vec<Item>) -> Layout {
        Layout {
            name: Cow::Borrowed(name),
            label: Cow::Borrowed(""),
            charset: Charset::Ascii,
            stated_len: None,
            when: Cow::Borrowed(&[]),
            items: Cow::Owned(items),
        }
    }

    fn list() -> Layout {
        let entry = layout("Entry", vec![number("no", 2, false, None), number("pin", 2, true, None)]);
        let group = Group {
            name: Cow::Borrowed("items"),
            label: Cow::Borrowed(""),
            repeat: Repeat::Counted { by: Cow::Borrowed("count"), max: 3 },
            page: None,
            layout: Cow::Owned(entry),
        };
        let text = Kind::Text(TextRule::new(Charset::Ascii));
        let name = Cow::Borrowed("end");
        let label = Cow::Borrowed("");
        let end = Item::Field(Field { name, label, len: 1, kind: text, secret: false, computed: None });
        let count = number("count", 1, false, Some(Computed::Count(Cow::Borrowed("items"))));
        let filler = Filler { label: Cow::Borrowed(""), len: 1, pad: b' ', any: false };
        layout("List", vec![count, Item::Filler(filler), Item::Group(group), end])
    }

    fn said(bytes: &[u8]) -> Vec<String> {
        list().all_errors(bytes).iter().map(|error| format!("{} {:?}", error.path(), error.range())).collect()
    }

    #[test]
    fn every_mistake_has_its_path_and_its_bytes() {
        assert_eq!(said(b"2 01020304."), [""; 0]);
        assert_eq!(said(b"2x0x020304\xFF"), [" Some(1..2)", "items[0].no Some(2..4)", "end Some(10..11)"],);
        assert_eq!(said(b"9 01020304."), ["count Some(0..1)"], "without a count nothing has a place");
        assert_eq!(said(b"2 0102x3"), ["items[1].no Some(6..8)", "items[1].pin Some(8..10)"]);
        assert_eq!(said(b"1 0102.?"), [" Some(7..8)"]);
    }

    #[test]
    fn a_secret_is_in_no_error() {
        let errors = list().all_errors(b"1 x17x..98");
        let found: Vec<_> = errors.iter().map(|error| (error.found(), error.is_secret())).collect();
        assert_eq!(found, [(Some(&b"x1"[..]), false), (None, true), (None, false)]);
        let said = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(said.contains("items[0].pin") && !said.contains("37"), "{said}");
        assert!(!said.contains("39 38"), "what is left over may be a secret: {said}");
    }

    #[test]
    fn hostile_bytes_give_no_more_errors_than_are_wanted() {
        let many = (0..300).map(|_| number("no", 1, false, None)).collect();
        let errors = layout("Many", many).all_errors(&[b'x'; 300]);
        assert_eq!(errors.len(), ERRORS_MAX);
        assert_eq!(layout("Two", vec![number("a", 2, false, None)]).all_errors(b"1").len(), 1);
    }
}
