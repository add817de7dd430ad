//! Checks of [`Layout::when`]: whether bytes can identify a layout, and whether an earlier layout hides it.
//!
//! They are `const fn`, so that the derive calls them at compile time. [`Layout::matches`] classifies received bytes.

use alloc::borrow::Cow;

use super::place::same;
use super::walk::text;
use super::{Item, Layout, When};

impl Layout {
    /// Whether the layout at this index is never chosen, because the conditions of an earlier layout hold whenever its own
    /// conditions hold. If the earlier layout has no conditions, its literals are compared instead.
    #[must_use]
    pub const fn is_hidden(layouts: &[&Self], index: usize) -> bool {
        let Some((earlier, [own, ..])) = layouts.split_at_checked(index) else { return false };
        let mut rest = earlier;
        while let [other, tail @ ..] = rest {
            let hides = match other.conditions() {
                [] => other.is_recognisable() && other.literals_are_in(own),
                conditions => includes(own.conditions(), conditions),
            };
            if hides {
                return true;
            }
            rest = tail;
        }
        false
    }

    /// Whether received bytes can identify this layout: it has conditions, or a literal at a fixed offset.
    #[must_use]
    pub const fn is_recognisable(&self) -> bool {
        if !self.conditions().is_empty() {
            return true;
        }
        let mut rest = self.items();
        while let [item, tail @ ..] = rest {
            match item {
                Item::Literal(literal) if !literal.is_empty() => return true,
                _ if item.fixed_len().is_none() => return false,
                _ => rest = tail,
            }
        }
        false
    }

    /// Whether another layout has literals with the same bytes at the offsets of this layout's literals.
    const fn literals_are_in(&self, other: &Self) -> bool {
        let mut rest = self.items();
        let mut offset = 0_usize;
        while let [item, tail @ ..] = rest {
            if let Item::Literal(literal) = item {
                let mut bytes = literal.as_bytes();
                let mut at = offset;
                while let [byte, behind @ ..] = bytes {
                    match other.literal_byte(at) {
                        Some(same) if same == *byte => (bytes, at) = (behind, at.saturating_add(1)),
                        _ => return false,
                    }
                }
            }
            let Some(len) = item.fixed_len() else { return true };
            offset = offset.saturating_add(len);
            rest = tail;
        }
        true
    }

    /// The byte that a literal puts at this offset.
    const fn literal_byte(&self, at: usize) -> Option<u8> {
        let mut rest = self.items();
        let mut left = at;
        while let [item, tail @ ..] = rest {
            let Some(len) = item.fixed_len() else { return None };
            if left >= len {
                (rest, left) = (tail, left.saturating_sub(len));
                continue;
            }
            let Item::Literal(literal) = item else { return None };
            return match literal.as_bytes().split_at_checked(left) {
                Some((_, [byte, ..])) => Some(*byte),
                _ => None,
            };
        }
        None
    }

    pub(super) const fn conditions(&self) -> &[When] {
        match &self.when {
            Cow::Borrowed(when) => when,
            Cow::Owned(when) => when.as_slice(),
        }
    }
}

/// Whether `some` is not empty and `all` contains all of its conditions.
const fn includes(all: &[When], some: &[When]) -> bool {
    let mut rest = some;
    while let [condition, tail @ ..] = rest {
        if !contains(all, condition) {
            return false;
        }
        rest = tail;
    }
    !some.is_empty()
}

const fn contains(conditions: &[When], condition: &When) -> bool {
    let mut rest = conditions;
    while let [other, tail @ ..] = rest {
        if same(text(&other.path), text(&condition.path)) && same(text(&other.value), text(&condition.value)) {
            return true;
        }
        rest = tail;
    }
    false
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;
    use crate::charset::Charset;
    use crate::layout::{Field, Group, Kind, NumberRule, Part, Repeat, TextRule};

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
        for path in ["kind", "header.code"] {
            assert!(all.has_field(path) && all.span(path).is_some(), "{path}");
        }
        let others =
            ["", "kin", "kinds", "header", "header.", "header.length", "header.code.x", "items.code", "behind"];
        assert!(others.iter().all(|path| !all.has_field(path)));
    }

    #[test]
    fn a_telegram_is_hidden_by_an_earlier_one_whose_conditions_it_has_too() {
        let one = layout(&[("a", "1")], vec![]);
        let both = layout(&[("b", "2"), ("a", "1")], vec![]);
        let other = layout(&[("a", "12")], vec![]);
        let none = layout(&[], vec![]);
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
        assert!(one.chooses(b"121") && !layout(&[], vec![text()]).is_recognisable());
        assert!(!Layout::is_hidden(&[&one], 0) && !Layout::is_hidden(&[], 3));
    }
}
