//! Questions about [`Layout::when`]: whether its paths lead to a field, and whether its conditions ever get their turn.
//!
//! They are `const fn`, so that the derive asks them at compile time. What a received telegram is, nobody asks here; that is
//! [`Layout::matches`].

use std::borrow::Cow;

use super::walk::borrowed;
use super::{Item, Kind, Layout, When};

impl Layout {
    /// Whether a condition can name this path: a text, digits or code field stands there, at a fixed offset through parts.
    #[must_use]
    pub const fn has_field(&self, path: &str) -> bool {
        self.has_field_at(path.as_bytes())
    }

    const fn has_field_at(&self, path: &[u8]) -> bool {
        let mut rest = self.items();
        while let [item, tail @ ..] = rest {
            match item {
                Item::Field(field) if let Some([]) = behind(path, text(&field.name)) => {
                    return matches!(field.kind, Kind::Text(_) | Kind::Digits(_) | Kind::Code(_));
                }
                Item::Part(part) if let Some([b'.', inner @ ..]) = behind(path, text(&part.name)) => {
                    return borrowed(&part.layout).has_field_at(inner);
                }
                _ if item.fixed_len().is_none() => return false,
                _ => rest = tail,
            }
        }
        false
    }

    /// Whether the layout with this number is never chosen, because an earlier one's conditions hold whenever its own do.
    #[must_use]
    pub const fn is_hidden(layouts: &[&Self], number: usize) -> bool {
        let Some((earlier, [own, ..])) = layouts.split_at_checked(number) else { return false };
        let mut rest = earlier;
        while let [other, tail @ ..] = rest {
            if includes(own.conditions(), other.conditions()) {
                return true;
            }
            rest = tail;
        }
        false
    }

    const fn conditions(&self) -> &[When] {
        match &self.when {
            Cow::Borrowed(when) => when,
            Cow::Owned(when) => when.as_slice(),
        }
    }
}

/// Whether all of `some`, at least one, are among `all`.
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
        if let (Some([]), Some([])) =
            (behind(text(&other.path), text(&condition.path)), behind(text(&other.value), text(&condition.value)))
        {
            return true;
        }
        rest = tail;
    }
    false
}

/// The bytes behind this prefix, if it is one. `strip_prefix` is no `const fn`.
const fn behind<'p>(mut bytes: &'p [u8], mut prefix: &[u8]) -> Option<&'p [u8]> {
    while let [expected, prefix_tail @ ..] = prefix {
        match bytes {
            [found, tail @ ..] if *found == *expected => (bytes, prefix) = (tail, prefix_tail),
            _ => return None,
        }
    }
    Some(bytes)
}

#[allow(clippy::ptr_arg, reason = "this is what makes bytes of a `Cow` in constants")]
const fn text<'c>(text: &'c Cow<'static, str>) -> &'c [u8] {
    match text {
        Cow::Borrowed(text) => text.as_bytes(),
        Cow::Owned(text) => text.as_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charset::Charset;
    use crate::layout::{Field, Group, NumberRule, Part, Repeat, TextRule};

    fn field(name: &'static str, kind: Kind) -> Item {
        let (name, label) = (Cow::Borrowed(name), Cow::Borrowed(""));
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
        let (name, label) = (Cow::Borrowed("items"), Cow::Borrowed(""));
        let repeat = Repeat::Counted { by: Cow::Borrowed("length"), max: 3 };
        let all = vec![
            Item::Part(Part { name: Cow::Borrowed("header"), layout: Cow::Owned(header.clone()) }),
            field("kind", text()),
            Item::Group(Group { name, label, repeat, layout: Cow::Owned(header) }),
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
        assert!(!Layout::is_hidden(&[&one], 0) && !Layout::is_hidden(&[], 3));
    }
}
