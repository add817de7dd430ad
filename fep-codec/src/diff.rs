//! Compares two telegrams of one layout field by field.
//!
//! Items are matched by their paths, so an additional entry in a group does not shift the items behind it. The bytes are compared,
//! including those of fillers, and the values are shown. A secret field only shows that it differs, without bytes and value.
//!
//! ```text
//! Transfer 이체, 300 bytes and 300 bytes, 2 differences
//! offset   len  path    label     a       b
//!    116    13  amount  출금금액  1000    2000
//!    211    89          예비      filler  ! a reserved byte is not blank: 'x' (78) at byte 213
//! ```

use alloc::borrow::ToOwned as _;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use unicode_width::UnicodeWidthStr as _;

use crate::dump::{printable, shown};
use crate::layout::Layout;
use crate::survey::{SurveyItem, SurveyStep, survey};

/// An item that differs between the two telegrams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The path: `items[3].amount`. Empty for fillers, unnamed literals and surplus bytes.
    pub path: String,
    /// The name on the sheet. Empty if there is none.
    pub label: String,
    /// The item in the first telegram, or `None` if there is no such item.
    pub a: Option<Side>,
    /// The item in the second telegram, or `None` if there is no such item.
    pub b: Option<Side>,
}

/// The item in one of the two telegrams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// The range of its bytes, from the start of that telegram.
    pub range: Range<usize>,
    /// The bytes themselves, or `None` if they are or may be secret.
    pub bytes: Option<Vec<u8>>,
    /// The value in readable form, or the reason why there is none.
    pub value: Result<String, String>,
}

/// All differences, in the order of the first telegram. An item that only the second telegram has comes after the items that
/// precede it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differences {
    /// The telegram's name and label.
    title: String,
    /// The lengths of both telegrams in bytes.
    lens: [usize; 2],
    /// The items that differ.
    pub differences: Vec<Difference>,
}

/// Compares two telegrams. Both may be invalid.
///
/// ```
/// # #[cfg(feature = "derive")] {
/// use fep_codec::{Digits, Telegram, diff};
///
/// #[derive(Telegram)]
/// #[telegram(len = 10)]
/// struct Pair {
///     #[field(secret)]
///     pin: Digits<4>,
///     #[field(len = 6, label = "금액")]
///     amount: u32,
/// }
///
/// let found = diff(Pair::LAYOUT, b"1234000042", b"9999000043");
/// assert_eq!(found.to_string(), "\
/// Pair, 10 bytes and 10 bytes, 2 differences
/// offset   len  path    label  a         b
///      0     4  pin            <secret>  <secret>
///      4     6  amount  금액   42        43
/// ");
/// assert!(diff(Pair::LAYOUT, b"1234000042", b"1234000042").differences.is_empty());
/// # }
/// ```
#[must_use]
pub fn diff(layout: &Layout, a: &[u8], b: &[u8]) -> Differences {
    let title = if layout.label.is_empty() {
        layout.name.clone().into_owned()
    } else {
        format!("{} {}", layout.name, layout.label)
    };
    let steps_a = keyed(layout, a);
    let steps_b = keyed(layout, b);
    let places: BTreeMap<&Key, usize> = steps_b.iter().enumerate().map(|(at, (key, _))| (key, at)).collect();
    let known: BTreeSet<&Key> = steps_a.iter().map(|(key, _)| key).collect();
    let mut differences = Vec::new();
    // An item that only the second telegram has comes before the next item that both have.
    let mut next_b = 0;
    for (key, step) in &steps_a {
        let Some(at) = places.get(key).copied() else {
            differences.push(difference(Some((step, a)), None));
            continue;
        };
        for (key, step) in steps_b.get(next_b..at).unwrap_or_default() {
            if !known.contains(key) {
                differences.push(difference(None, Some((step, b))));
            }
        }
        next_b = next_b.max(at + 1);
        if let Some((_, other)) = steps_b.get(at)
            && step.bytes(a) != other.bytes(b)
        {
            differences.push(difference(Some((step, a)), Some((other, b))));
        }
    }
    let behind = steps_b.get(next_b..).unwrap_or_default();
    differences.extend(behind.iter().map(|(_, step)| difference(None, Some((step, b)))));
    Differences { title, lens: [a.len(), b.len()], differences }
}

/// Identifies an item in both telegrams: its path and 0. An item without a path has the path of the enclosing part or entry, and
/// its number among the items without a path there.
type Key = (String, usize);

fn keyed<'l>(layout: &'l Layout, telegram: &[u8]) -> Vec<(Key, SurveyStep<'l>)> {
    let mut nameless: BTreeMap<String, usize> = BTreeMap::new();
    let key = |step: SurveyStep<'l>| {
        if !step.path.is_empty() {
            return ((step.path.clone(), 0), step);
        }
        let number = nameless.entry(step.within.clone()).or_default();
        *number += 1;
        // Surplus bytes are matched with surplus bytes, at any offset.
        let number = if matches!(step.what, SurveyItem::LeftOver { .. }) { usize::MAX } else { *number };
        ((step.within.clone(), number), step)
    };
    survey(layout, telegram).into_iter().map(key).collect()
}

fn difference(a: Option<(&SurveyStep<'_>, &[u8])>, b: Option<(&SurveyStep<'_>, &[u8])>) -> Difference {
    let step = a.or(b).map(|(step, _)| step);
    let (path, label) = step.map_or_else(Default::default, |step| (step.path.clone(), step.label().to_owned()));
    Difference { path, label, a: a.map(side), b: b.map(side) }
}

fn side((step, telegram): (&SurveyStep<'_>, &[u8])) -> Side {
    let bytes = step.bytes(telegram);
    let hidden = step.is_secret();
    let value = match &step.value {
        Ok(value) => shown(step.what, value, hidden),
        Err(error) => Err(error.message()),
    };
    let range = step.offset..step.offset.saturating_add(bytes.len());
    Side { range, bytes: (!hidden).then(|| bytes.to_vec()), value }
}

/// A table, with a line break at its end.
impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { title, lens: [a, b], differences } = self;
        let plural = if differences.len() == 1 { "" } else { "s" };
        writeln!(f, "{title}, {a} bytes and {b} bytes, {} difference{plural}", differences.len())?;
        if differences.is_empty() {
            return Ok(());
        }
        let header = ["offset", "len", "path", "label", "a", "b"].map(str::to_owned);
        let rows: Vec<[String; 6]> = core::iter::once(header).chain(differences.iter().map(row)).collect();
        let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max();
        let widths = [6, 5, width(2).unwrap_or(0), width(3).unwrap_or(0), width(4).unwrap_or(0)];
        for [offset, len, path, label, a, b] in &rows {
            let [_, _, path_width, label_width, a_width] = widths;
            let line = format!(
                "{offset:>6} {len:>5}  {}  {}  {}  {b}",
                filled(path, path_width),
                filled(label, label_width),
                filled(a, a_width)
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

fn row(difference: &Difference) -> [String; 6] {
    let Difference { path, label, a, b } = difference;
    let range = a.as_ref().or(b.as_ref()).map_or(0..0, |side| side.range.clone());
    let text = |side: &Option<Side>| match side {
        None => "-".to_owned(),
        Some(Side { value: Ok(value), .. }) if value.is_empty() => "\"\"".to_owned(),
        Some(Side { value: Ok(value), .. }) => printable(value),
        Some(Side { value: Err(why), .. }) => format!("! {}", printable(why)),
    };
    [range.start.to_string(), range.len().to_string(), path.clone(), label.clone(), text(a), text(b)]
}

fn filled(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

#[cfg(test)]
mod tests {
    use alloc::borrow::Cow;
    use alloc::vec;

    use super::*;
    use crate::charset::Charset;
    use crate::layout::{Computed, Field, Filler, Group, Item, Kind, NumberRule, Repeat};

    fn number(name: &'static str, len: usize, secret: bool, computed: Option<Computed>) -> Item {
        let name = Cow::Borrowed(name);
        let label = Cow::Borrowed("");
        Item::Field(Field { name, label, len, kind: Kind::Number(NumberRule::UNSIGNED), secret, computed })
    }

    fn layout(name: &'static str, label: &'static str, items: Vec<Item>) -> Layout {
        let name = Cow::Borrowed(name);
        let label = Cow::Borrowed(label);
        let charset = Charset::Ascii;
        let when = Cow::Borrowed(&[][..]);
        Layout { name, label, charset, stated_len: None, when, items: Cow::Owned(items) }
    }

    fn list() -> Layout {
        let entry = layout("Entry", "", vec![number("no", 2, false, None), number("pin", 2, true, None)]);
        let group = Group {
            name: Cow::Borrowed("items"),
            label: Cow::Borrowed(""),
            repeat: Repeat::Counted { by: Cow::Borrowed("count"), max: 3 },
            page: None,
            layout: Cow::Owned(entry),
        };
        let count = number("count", 1, false, Some(Computed::Count(Cow::Borrowed("items"))));
        let filler = || Item::Filler(Filler { label: Cow::Borrowed("예비"), len: 2, pad: b' ', any: false });
        layout("List", "목록", vec![filler(), count, Item::Group(group), filler(), number("end", 2, false, None)])
    }

    #[test]
    fn an_entry_more_shifts_nothing() {
        let found = diff(&list(), b"  10101  42", b"  201010202  42");
        assert_eq!(
            found.to_string(),
            "\
List 목록, 11 bytes and 15 bytes, 3 differences
offset   len  path          label  a  b
     2     1  count                1  2
     7     2  items[1].no          -  2
     9     2  items[1].pin         -  <secret>
"
        );
        let found = diff(&list(), b"  201010202  42", b"  10101  42");
        assert_eq!(found.differences.len(), 3);
        assert!(found.differences[1].b.is_none());
    }

    #[test]
    fn fillers_and_broken_values_are_compared_too() {
        let found = diff(&list(), b"  10101  42", b"  101x1 .4y..");
        let text = found.to_string();
        let paths: Vec<_> = found.differences.iter().map(|found| (&*found.path, &*found.label)).collect();
        assert_eq!(paths, [("items[0].pin", ""), ("", "예비"), ("end", ""), ("", "")], "{text}");
        assert!(text.contains("filler    ! a reserved byte is not blank: '.' (2e) at byte 8"), "{text}");
        assert!(text.contains("42        ! expected a digit, found 'y' (79) at byte 10"), "{text}");
        assert!(!text.contains("78"), "a secret's bytes: {text}");
        let [secret, .., left] = found.differences.as_slice() else { panic!("four") };
        assert!(secret.b.as_ref().is_some_and(|side| side.bytes.is_none() && side.range == (5..7)));
        assert!(left.a.is_none() && left.b.as_ref().is_some_and(|side| side.bytes.is_none()));
    }

    #[test]
    fn the_same_is_no_difference_and_a_cut_one_is() {
        assert_eq!(
            diff(&list(), b"  0  42", b"  0  42").to_string(),
            "List 목록, 7 bytes and 7 bytes, 0 differences\n"
        );
        let cut = diff(&list(), b"  0  42", b"  0  ");
        assert_eq!(cut.differences.len(), 1);
        assert_eq!(cut.differences[0].path, "end");
    }
}
