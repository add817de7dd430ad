//! Whether an earlier layout of several hides a later one.
//!
//! These are `const fn`, so that the derive calls them at compile time. They compare marks ([`super::marks`]). They may miss that two
//! marks in different words mean the same bytes, but a layout that they call hidden is never chosen.

use super::marks::Mark;
use super::place::same;
use super::walk::{borrowed, text};
use super::{Encoding, Field, Item, Kind, Layout, Sign, When};

impl Layout {
    /// Whether the layout at this index is never chosen, because all marks of an earlier layout hold whenever its own marks hold.
    #[must_use]
    pub const fn is_hidden(layouts: &[&Self], index: usize) -> bool {
        let Some((earlier, [own, ..])) = layouts.split_at_checked(index) else { return false };
        let mut rest = earlier;
        while let [other, tail @ ..] = rest {
            if other.is_recognisable() && other.marks_are_in(own) {
                return true;
            }
            rest = tail;
        }
        false
    }

    /// Whether all marks of this layout hold for all bytes for which the marks of `own` hold.
    const fn marks_are_in(&self, own: &Self) -> bool {
        let mut index = 0;
        while let Some(mark) = self.mark(index) {
            if !own.implies(&mark) {
                return false;
            }
            index += 1;
        }
        true
    }

    /// Whether the mark holds for all bytes of this layout.
    const fn implies(&self, mark: &Mark<'_>) -> bool {
        match *mark {
            Mark::Field { path, field, offset, value } => {
                if contains(self.conditions(), path, value) && self.has_at(path, offset, field) {
                    return true;
                }
                let mut at = 0;
                while at < field.len {
                    match (mark.byte(offset.saturating_add(at)), self.known_byte(offset.saturating_add(at))) {
                        (Some(expected), Some(byte)) if expected == byte => at += 1,
                        _ => return false,
                    }
                }
                true
            }
            Mark::Literal { offset, bytes, .. } => {
                let mut bytes = bytes;
                let mut at = offset;
                while let [byte, behind @ ..] = bytes {
                    match self.known_byte(at) {
                        Some(known) if known == *byte => (bytes, at) = (behind, at.saturating_add(1)),
                        _ => return false,
                    }
                }
                true
            }
            Mark::Never { .. } => false,
        }
    }

    /// Whether the field at this path is at this place, and reads the same bytes as the same code.
    const fn has_at(&self, path: &str, offset: usize, field: &Field) -> bool {
        match self.span(path) {
            Some(span) => {
                span.range.start == offset && span.field.len == field.len && read_alike(&span.field.kind, &field.kind)
            }
            None => false,
        }
    }

    /// The byte at this offset that all telegrams of the layout have, if a literal or a condition says it.
    const fn known_byte(&self, at: usize) -> Option<u8> {
        let mut index = 0;
        while index < self.conditions().len() {
            if let Some(mark) = self.mark(index)
                && let Some(byte) = mark.byte(at)
            {
                return Some(byte);
            }
            index += 1;
        }
        self.literal_byte(at)
    }

    /// The byte that a literal puts at this offset.
    const fn literal_byte(&self, at: usize) -> Option<u8> {
        let mut rest = self.items();
        let mut left = at;
        while let [item, tail @ ..] = rest {
            let len = item.fixed_len();
            match len {
                Some(len) if left >= len => {
                    (rest, left) = (tail, left.saturating_sub(len));
                    continue;
                }
                _ => {}
            }
            return match item {
                Item::Literal(literal) => match literal.as_bytes().split_at_checked(left) {
                    Some((_, [byte, ..])) => Some(*byte),
                    _ => None,
                },
                Item::Part(part) => borrowed(&part.layout).literal_byte(left),
                _ => None,
            };
        }
        None
    }
}

impl Mark<'_> {
    /// The byte at this offset of a telegram with the mark. `None` also for a condition whose bytes cannot be found at compile time:
    /// its field is not plain ASCII.
    const fn byte(&self, at: usize) -> Option<u8> {
        match *self {
            Self::Literal { offset, bytes, .. } => nth(bytes, at, offset),
            Self::Field { field, offset, value, .. } => {
                if at < offset || at - offset >= field.len {
                    return None;
                }
                let code = value.as_bytes();
                let from_left = match &field.kind {
                    Kind::Text(rule) => rule.charset.keeps_ascii() && rule.is_filled_with_blanks() && value.is_ascii(),
                    Kind::Code(rule) => rule.charset.keeps_ascii(),
                    Kind::Digits(rule) => rule.is_filled_with_blanks(),
                    _ => false,
                };
                match &field.kind {
                    _ if from_left => match nth(code, at, offset) {
                        Some(byte) => Some(byte),
                        None => Some(b' '),
                    },
                    Kind::Number(rule) => {
                        let plain =
                            matches!((rule.encoding, rule.sign, rule.scale), (Encoding::Ascii, Sign::Unsigned, 0))
                                && rule.reads_one_form()
                                && rule.point.is_none()
                                && rule.pad.is_none();
                        if !plain || code.len() != field.len || !all_digits(code) {
                            return None;
                        }
                        nth(code, at, offset)
                    }
                    _ => None,
                }
            }
            Self::Never { .. } => None,
        }
    }
}

/// The byte at offset `at` of bytes that begin at offset `start`.
const fn nth(bytes: &[u8], at: usize, start: usize) -> Option<u8> {
    if at < start {
        return None;
    }
    match bytes.split_at_checked(at - start) {
        Some((_, [byte, ..])) => Some(*byte),
        _ => None,
    }
}

/// Whether fields of both kinds hold a code with the same bytes.
const fn read_alike(one: &Kind, other: &Kind) -> bool {
    match (one, other) {
        (Kind::Text(one), Kind::Text(other)) => {
            one.charset as u8 == other.charset as u8
                && one.exact == other.exact
                && one.pad == other.pad
                && one.justify as u8 == other.justify as u8
                && one.width as u8 == other.width as u8
        }
        (Kind::Code(one), Kind::Code(other)) => one.charset as u8 == other.charset as u8,
        (Kind::Digits(one), Kind::Digits(other)) => {
            one.encoding as u8 == other.encoding as u8
                && one.exact == other.exact
                && one.pad == other.pad
                && one.justify as u8 == other.justify as u8
                && same_byte(one.digits_max, other.digits_max)
                && one.accepts.is(other.accepts)
        }
        (Kind::Number(one), Kind::Number(other)) => {
            one.encoding as u8 == other.encoding as u8
                && same_sign(one.sign, other.sign)
                && one.scale == other.scale
                && one.none as u8 == other.none as u8
                && one.none_also.is(other.none_also)
                && same_byte(one.digits_max, other.digits_max)
                && same_byte(one.point, other.point)
                && same_byte(one.pad, other.pad)
                && one.justify as u8 == other.justify as u8
                && one.accepts.is(other.accepts)
        }
        (Kind::Flag(one), Kind::Flag(other)) => one.yes == other.yes && one.no == other.no,
        (Kind::Bytes(_), Kind::Bytes(_)) => true,
        _ => false,
    }
}

const fn same_byte(one: Option<u8>, other: Option<u8>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one == other,
        (None, None) => true,
        _ => false,
    }
}

const fn same_sign(one: Sign, other: Sign) -> bool {
    match (one, other) {
        (Sign::Leading { plus, minus }, Sign::Leading { plus: other_plus, minus: other_minus })
        | (Sign::Trailing { plus, minus }, Sign::Trailing { plus: other_plus, minus: other_minus }) => {
            plus == other_plus && minus == other_minus
        }
        (Sign::LeadingOverpunch(one), Sign::LeadingOverpunch(other))
        | (Sign::TrailingOverpunch(one), Sign::TrailingOverpunch(other)) => one as u8 == other as u8,
        (Sign::Unsigned, Sign::Unsigned)
        | (Sign::LeadingMinus, Sign::LeadingMinus)
        | (Sign::Signed, Sign::Signed)
        | (Sign::Elsewhere, Sign::Elsewhere) => true,
        _ => false,
    }
}

const fn all_digits(code: &[u8]) -> bool {
    let mut rest = code;
    while let [digit, tail @ ..] = rest {
        if !digit.is_ascii_digit() {
            return false;
        }
        rest = tail;
    }
    true
}

const fn contains(conditions: &[When], path: &str, value: &str) -> bool {
    let mut rest = conditions;
    while let [other, tail @ ..] = rest {
        if same(text(&other.path), path) && same(text(&other.value), value) {
            return true;
        }
        rest = tail;
    }
    false
}

#[cfg(test)]
mod tests {
    use alloc::borrow::Cow;
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;
    use crate::charset::Charset;
    use crate::layout::{Group, NumberRule, Part, Repeat, TextRule};

    fn field(name: &'static str, kind: Kind) -> Item {
        let name = Cow::Borrowed(name);
        let label = Cow::Borrowed("");
        Item::Field(Field { name, label, len: 2, kind, secret: false, computed: None })
    }

    fn layout(conditions: &[(&'static str, &'static str)], items: Vec<Item>) -> Layout {
        let when = |&(path, value)| When { path: Cow::Borrowed(path), value: Cow::Borrowed(value) };
        Layout {
            name: Cow::Borrowed("L"),
            label: Cow::Borrowed(""),
            charset: Charset::Ascii,
            stated_len: None,
            when: Cow::Owned(conditions.iter().map(when).collect()),
            items: Cow::Owned(items),
        }
    }

    #[test]
    fn a_condition_names_a_field_that_every_telegram_has_at_one_place() {
        let text = || Kind::Text(TextRule::new(Charset::Ascii));
        let header = layout(&[], vec![field("length", Kind::Number(NumberRule::UNSIGNED)), field("code", text())]);
        let name = Cow::Borrowed("items");
        let label = Cow::Borrowed("");
        let repeat = Repeat::Counted { by: Cow::Borrowed("length"), max: 3 };
        let all = vec![
            Item::Part(Part { name: Cow::Borrowed("header"), layout: Cow::Owned(header.clone()) }),
            field("kind", text()),
            Item::Group(Group { name, label, repeat, page: None, layout: Cow::Owned(header) }),
            field("behind", text()),
        ];
        let all = layout(&[], all);
        for path in ["kind", "header.code", "header.length"] {
            assert!(all.has_field(path) && all.span(path).is_some(), "{path}");
        }
        let others = ["", "kin", "kinds", "header", "header.", "header.code.x", "items.code", "behind"];
        assert!(others.iter().all(|path| !all.has_field(path)));
    }

    #[test]
    fn a_telegram_is_hidden_by_an_earlier_one_whose_conditions_it_has_too() {
        let fields = || {
            let text = || Kind::Text(TextRule::new(Charset::Ascii));
            vec![field("a", text()), field("b", text())]
        };
        let one = layout(&[("a", "1")], fields());
        let both = layout(&[("b", "2"), ("a", "1")], fields());
        let other = layout(&[("a", "12")], fields());
        let none = layout(&[], fields());
        assert!(Layout::is_hidden(&[&one, &other, &both], 2));
        assert!(Layout::is_hidden(&[&both, &both], 1));
        assert!(!Layout::is_hidden(&[&both, &other, &one], 2));
        assert!(!Layout::is_hidden(&[&none, &one], 1));
    }

    #[test]
    fn a_layout_without_conditions_is_known_by_its_literals() {
        let literal = |bytes: &'static [u8]| {
            let name = Cow::Borrowed("");
            let label = Cow::Borrowed("");
            Item::Literal(crate::layout::Literal { name, label, bytes: Cow::Borrowed(bytes), text: None })
        };
        let text = || field("text", Kind::Text(TextRule::new(Charset::Ascii)));
        let one = layout(&[], vec![literal(b"1"), literal(b"21")]);
        let short = layout(&[], vec![literal(b"12"), text()]);
        let behind = layout(&[], vec![text(), literal(b"9")]);
        let other = layout(&[], vec![literal(b"3"), text()]);
        assert!(Layout::is_hidden(&[&short, &one], 1), "12 is the beginning of 121");
        assert!(!Layout::is_hidden(&[&one, &short], 1));
        assert!(!Layout::is_hidden(&[&one, &short, &behind, &other], 2));
        assert!(!Layout::is_hidden(&[&one, &short, &behind, &other], 3));
        assert!(one.recognises(b"121") && short.recognises(b"121") && behind.recognises(b"xx9"));
        assert!(!one.recognises(b"12") && !behind.recognises(b"xx8") && !other.recognises(b""));
        assert!(one.recognises(b"121") && !layout(&[], vec![text()]).is_recognisable());
        assert!(!Layout::is_hidden(&[&one], 0) && !Layout::is_hidden(&[], 3));
    }
    #[test]
    fn conditions_and_literals_must_both_hold_and_literals_in_parts_count() {
        let literal = |bytes: &'static [u8]| {
            let name = Cow::Borrowed("");
            let label = Cow::Borrowed("");
            Item::Literal(crate::layout::Literal { name, label, bytes: Cow::Borrowed(bytes), text: None })
        };
        let text = |name| field(name, Kind::Text(TextRule::new(Charset::Ascii)));
        let part = |bytes| {
            let inner = Cow::Owned(layout(&[], vec![literal(bytes), text("inner")]));
            Item::Part(Part { name: Cow::Borrowed("part"), layout: inner })
        };
        let of = |bytes| layout(&[("a", "1")], vec![text("a"), part(bytes), literal(b"E")]);
        let x = of(b"X");
        let y = of(b"Y");
        let any = layout(&[("a", "1")], vec![text("a")]);
        assert_eq!((x.marks(), any.marks()), (3, 1));
        assert!(x.recognises(b"1 XabE") && y.recognises(b"1 YabE") && !x.recognises(b"1 YabE"));
        assert!(!x.recognises(b"1 Xab ") && x.matches(b"1 Xab ") && !x.recognises(b"2 XabE"));
        assert_eq!(Layout::choose(&[&x, &y, &any], b"1 YabE"), Some(1));
        assert_eq!(Layout::choose(&[&x, &y, &any], b"1 ZabE"), Some(2), "the general one is for the others");
        assert_eq!(Layout::choose(&[&x, &y], b"1 ZabE"), None, "both have this code");
        assert_eq!(Layout::choose(&[&x], b"1 Xab "), Some(0), "its decoding says that the end is wrong");
        assert!(!Layout::is_hidden(&[&x, &y, &any], 1) && !Layout::is_hidden(&[&x, &y, &any], 2));
        assert!(Layout::is_hidden(&[&any, &x], 1) && Layout::is_hidden(&[&x, &x], 1));
        let same = layout(&[], vec![literal(b"1 "), part(b"X"), literal(b"E")]);
        assert!(
            Layout::is_hidden(&[&same, &x], 1) && Layout::is_hidden(&[&x, &same], 1),
            "the same bytes in other words"
        );
        assert_eq!(x.compare_marks(&y), crate::layout::MarkRelation::Apart);
        assert_eq!(x.compare_marks(&same), crate::layout::MarkRelation::Same);
        assert_eq!(x.compare_marks(&any), crate::layout::MarkRelation::Narrower);
        assert_eq!(any.compare_marks(&x), crate::layout::MarkRelation::Wider);
    }

    #[test]
    fn a_condition_in_the_same_words_on_a_field_of_another_kind_does_not_hide() {
        use crate::layout::{Accept, Accepts, Encoding};
        let number = |encoding, accepts| Kind::Number(NumberRule { encoding, accepts, ..NumberRule::UNSIGNED });
        let of = |kind| layout(&[("a", "12")], vec![field("a", kind)]);
        let digits = of(number(Encoding::Ascii, Accepts::NONE));
        let packed = of(number(Encoding::Bcd, Accepts::NONE));
        assert!(!Layout::is_hidden(&[&digits, &packed], 1) && Layout::is_hidden(&[&packed, &packed], 1));
        // A number that is read with leading blanks has more bytes than the text of its digits.
        let seven = |kind| layout(&[("a", "07")], vec![field("a", kind)]);
        let blanks = seven(number(Encoding::Ascii, Accepts::of(&[Accept::LeadingBlanks])));
        let text = seven(Kind::Text(TextRule::new(Charset::Ascii)));
        assert!(blanks.recognises(b" 7") && !text.recognises(b" 7"));
        assert!(!Layout::is_hidden(&[&text, &blanks], 1) && Layout::is_hidden(&[&blanks, &blanks], 1));
        assert_eq!(text.compare_marks(&blanks), crate::layout::MarkRelation::Narrower);
        assert_eq!(blanks.known_bytes().into_iter().collect::<Vec<_>>(), [(1, b'7')]);
    }

    #[test]
    fn numbers_flags_and_bytes_identify_telegrams_by_value() {
        use crate::layout::{BytesRule, Encoding, FlagRule, Sign};
        let says = |kind: Kind, code: &str, bytes: &[u8]| kind.says(code, bytes);
        let number = |encoding, sign| Kind::Number(NumberRule { encoding, sign, ..NumberRule::UNSIGNED });
        let bcd = || number(Encoding::Bcd, Sign::Unsigned);
        assert!(says(bcd(), "0200", &[0x02, 0x00]) && says(bcd(), "200", &[0x02, 0x00]));
        assert!(!says(bcd(), "0201", &[0x02, 0x00]) && !says(bcd(), "2oo", &[0x02, 0x00]));
        assert_eq!(bcd().code_bytes("0200", 2), Some(vec![0x02, 0x00]));
        assert_eq!(bcd().code_bytes("20000", 2), None, "too many digits");
        let packed = || number(Encoding::Packed, Sign::Signed);
        assert!(says(packed(), "-12", &[0x01, 0x2D]) && !says(packed(), "12", &[0x01, 0x2D]));
        assert_eq!(packed().code_bytes("-12", 2), Some(vec![0x01, 0x2D]));
        assert_eq!(number(Encoding::Binary, Sign::Unsigned).code_bytes("513", 2), Some(vec![0x02, 0x01]));
        assert_eq!(number(Encoding::Ebcdic, Sign::Unsigned).code_bytes("7", 2), Some(vec![0xF0, 0xF7]));
        let price = || Kind::Number(NumberRule { scale: 2, ..NumberRule::UNSIGNED });
        assert!(says(price(), "1.5", b"0150") && !says(price(), "150", b"0150") && !says(price(), "1.505", b"0150"));
        let flag = |yes, no| Kind::Flag(FlagRule { yes, no });
        assert!(says(flag(b'O', b'X'), "O", b"O") && says(flag(b'O', b'X'), "false", b"X"));
        assert!(says(flag(0xE8, 0xD5), "Y", &[0xE8]) && says(flag(0xE8, 0xD5), "N", &[0xD5]), "EBCDIC");
        assert_eq!(flag(b'O', b'X').code_bytes("Y", 1), None);
        assert!(
            says(Kind::Bytes(BytesRule), "02fF", &[0x02, 0xFF]) && !says(Kind::Bytes(BytesRule), "02", b"\x02\xFF")
        );
        assert_eq!(Kind::Bytes(BytesRule).code_bytes("02F", 2), None);
    }
}
