//! Items of several layouts in one list: the layout of a struct with a part that has no name of its own (`#[field(flatten)]`).
//!
//! Such a struct has a constant layout, like every other one, in which the items of the part stand at the level of the struct. So a
//! layout does not show whether its items were written in one struct or in several, and nothing that reads layouts has to know.

use alloc::borrow::{Cow, ToOwned};

use super::place::same;
use super::walk::{borrowed, text};
use super::{
    Case, Check, Choice, CodeRule, Computed, Field, Filler, Group, Item, Kind, Layout, Limit, Literal, Page, Part,
    Repeat, SignOf,
};

/// The items of all lists, in order. `N` is their number.
///
/// # Panics
/// If an item owns memory, which no constant layout does.
#[must_use]
pub const fn spliced<const N: usize>(lists: &[&[Item]]) -> [Item; N] {
    let mut all = [const { Item::Filler(Filler { label: Cow::Borrowed(""), len: 0, pad: 0, any: true }) }; N];
    let mut room: &mut [Item] = &mut all;
    let mut lists = lists;
    while let [list, others @ ..] = lists {
        let mut items = *list;
        while let [item, rest @ ..] = items {
            let [place, left @ ..] = room else { break };
            // A constant cannot drop the filler that stood there. It owns nothing.
            core::mem::forget(core::mem::replace(place, item_of(item)));
            room = left;
            items = rest;
        }
        lists = others;
    }
    all
}

const fn item_of(item: &Item) -> Item {
    match item {
        Item::Field(field) => Item::Field(field_of(field)),
        Item::Tail(field) => Item::Tail(field_of(field)),
        Item::Literal(Literal { name, label, bytes, text }) => {
            Item::Literal(Literal { name: cow(name), label: cow(label), bytes: cow(bytes), text: *text })
        }
        Item::Filler(Filler { label, len, pad, any }) => {
            Item::Filler(Filler { label: cow(label), len: *len, pad: *pad, any: *any })
        }
        Item::Part(Part { name, layout }) => Item::Part(Part { name: cow(name), layout: cow(layout) }),
        Item::Group(Group { name, label, repeat, page, layout }) => {
            let page = match page {
                Some(Page { total, start }) => Some(Page { total: cow(total), start: cow(start) }),
                None => None,
            };
            let repeat = repeat_of(repeat);
            Item::Group(Group { name: cow(name), label: cow(label), repeat, page, layout: cow(layout) })
        }
        Item::Choice(Choice { name, label, by, cases }) => {
            Item::Choice(Choice { name: cow(name), label: cow(label), by: cow(by), cases: cow::<[Case]>(cases) })
        }
    }
}

const fn field_of(field: &Field) -> Field {
    let Field { name, label, len, kind, secret, computed } = field;
    let computed = match computed {
        Some(computed) => Some(computed_of(computed)),
        None => None,
    };
    Field { name: cow(name), label: cow(label), len: *len, kind: kind_of(kind), secret: *secret, computed }
}

const fn kind_of(kind: &Kind) -> Kind {
    match kind {
        Kind::Text(rule) => Kind::Text(*rule),
        Kind::Digits(rule) => Kind::Digits(*rule),
        Kind::Number(rule) => Kind::Number(*rule),
        Kind::Date(rule) => Kind::Date(*rule),
        Kind::Time(rule) => Kind::Time(*rule),
        Kind::DateTime(rule) => Kind::DateTime(*rule),
        Kind::Code(CodeRule { charset, codes, open }) => {
            Kind::Code(CodeRule { charset: *charset, codes: cow(codes), open: *open })
        }
        Kind::Flag(rule) => Kind::Flag(*rule),
        Kind::Bytes(rule) => Kind::Bytes(*rule),
    }
}

const fn computed_of(computed: &Computed) -> Computed {
    match computed {
        Computed::Length(scope) => Computed::Length(*scope),
        Computed::LengthOf(of) => Computed::LengthOf(cow(of)),
        Computed::Count(of) => Computed::Count(cow(of)),
        Computed::Sum(path) => Computed::Sum(cow(path)),
        Computed::Sequence(first) => Computed::Sequence(*first),
        Computed::Sign(SignOf { of, plus, minus, zero, accepts }) => {
            Computed::Sign(SignOf { of: cow(of), plus: *plus, minus: *minus, zero: *zero, accepts: *accepts })
        }
        Computed::Check(Check { name, from, to, run }) => {
            Computed::Check(Check { name: cow(name), from: end(from), to: end(to), run: *run })
        }
    }
}

const fn repeat_of(repeat: &Repeat) -> Repeat {
    match repeat {
        Repeat::Fixed(count) => Repeat::Fixed(*count),
        Repeat::Counted { by, max } => Repeat::Counted { by: cow(by), max: *max },
        Repeat::Padded { by, max, pad } => Repeat::Padded { by: end(by), max: *max, pad: *pad },
        Repeat::Rest { max } => Repeat::Rest { max: *max },
    }
}

#[allow(clippy::ref_option, reason = "a constant cannot map an `Option<Cow>`")]
const fn end(path: &Option<Cow<'static, str>>) -> Option<Cow<'static, str>> {
    match path {
        Some(path) => Some(cow(path)),
        None => None,
    }
}

#[allow(clippy::panic, reason = "reached in constants only, where a panic is a compile error")]
#[allow(clippy::ptr_arg, reason = "a constant cannot clone a `Cow`")]
const fn cow<T: ?Sized + ToOwned>(cow: &Cow<'static, T>) -> Cow<'static, T> {
    match cow {
        Cow::Borrowed(borrowed) => Cow::Borrowed(borrowed),
        Cow::Owned(_) => panic!("the layout of a derived struct owns no memory"),
    }
}

impl Layout {
    /// Whether `count` items from index `first` on share no name with each other or with another item.
    #[must_use]
    pub(crate) const fn has_own_names(&self, first: usize, count: usize) -> bool {
        let mut index = first;
        while index < first.saturating_add(count) {
            let Some(item) = self.item_at(index) else { return true };
            let name = item.own_name();
            let mut others = self.items();
            let mut at = 0;
            while let [other, rest @ ..] = others {
                if at != index && !name.is_empty() && same(other.own_name(), name) {
                    return false;
                }
                others = rest;
                at += 1;
            }
            index += 1;
        }
        true
    }

    /// Whether each group that one of `count` items from index `first` on counts names that item.
    #[must_use]
    pub(crate) const fn are_counts_named(&self, first: usize, count: usize) -> bool {
        let mut index = first;
        while index < first.saturating_add(count) {
            if let Some(Item::Field(Field { name, computed: Some(Computed::Count(of)), .. })) = self.item_at(index)
                && self.has_item(text(of))
                && !self.is_counted_by(text(of), text(name))
            {
                return false;
            }
            index += 1;
        }
        true
    }

    const fn is_counted_by(&self, group: &str, field: &str) -> bool {
        let mut rest = self.items();
        while let [item, tail @ ..] = rest {
            if let Item::Group(found) = item
                && same(text(&found.name), group)
            {
                return match &found.repeat {
                    Repeat::Counted { by, .. } | Repeat::Padded { by: Some(by), .. } => same(text(by), field),
                    Repeat::Fixed(_) | Repeat::Padded { by: None, .. } | Repeat::Rest { .. } => false,
                };
            }
            rest = tail;
        }
        false
    }

    /// The latest end of the bytes of `part`, whose items stand in this layout from index `first` on.
    #[must_use]
    pub(crate) const fn limit_of_spliced(&self, first: usize, part: &Self) -> Limit {
        if !part.has_rest() {
            return Limit::Before(0);
        }
        let behind = first.saturating_add(part.items().len());
        if let Some(field) = self.measure_of(first, behind) {
            return Limit::Stated(field);
        }
        match self.len_behind(behind.saturating_sub(1)) {
            Some(len) => Limit::Before(len),
            None => Limit::Endless,
        }
    }

    /// Whether the end of `part`, whose items stand in this layout from index `first` on, is known without reading them one by one.
    #[must_use]
    pub const fn ends_spliced(&self, first: usize, part: &Self) -> bool {
        !matches!(self.limit_of_spliced(first, part), Limit::Endless)
    }

    /// The index of the field before `first` that states the length of an item from there to `behind`.
    #[must_use]
    pub(crate) const fn measure_of(&self, first: usize, behind: usize) -> Option<usize> {
        let mut index = first;
        while index < behind {
            if let Limit::Stated(field) = self.limit(index)
                && field < first
            {
                return Some(field);
            }
            index += 1;
        }
        None
    }

    /// The index of the field that holds the sign of the number at this index, if another field of this layout does.
    #[must_use]
    pub(crate) const fn sign_index(&self, number: usize) -> Option<usize> {
        let Some(item) = self.item_at(number) else { return None };
        let mut rest = self.items();
        let mut at = 0;
        while let [item_with_sign, tail @ ..] = rest {
            if let Item::Field(Field { computed: Some(Computed::Sign(sign)), .. }) = item_with_sign
                && same(text(&sign.of), item.own_name())
            {
                return Some(at);
            }
            rest = tail;
            at += 1;
        }
        None
    }

    /// The offset in bytes of the item at this index, or of the end of the layout behind its last item. `None` if it varies.
    #[must_use]
    pub(crate) const fn offset_of_end(&self, index: usize) -> Option<usize> {
        if index >= self.items().len() { self.fixed_len() } else { self.offset_of(index) }
    }

    /// Whether a field of this layout, or of its parts, is the sign of a number that does not stand beside it.
    #[must_use]
    pub const fn has_open_sign(&self) -> bool {
        let mut rest = self.items();
        while let [item, tail @ ..] = rest {
            let open = match item {
                Item::Field(Field { computed: Some(Computed::Sign(sign)), .. }) => !self.has_item(text(&sign.of)),
                Item::Part(part) => borrowed(&part.layout).has_open_sign(),
                _ => false,
            };
            if open {
                return true;
            }
            rest = tail;
        }
        false
    }

    /// Whether a field of this layout itself is a link that another layout answers, or the sign of a number in another layout.
    #[must_use]
    pub(crate) const fn is_open(&self) -> bool {
        let mut rest = self.items();
        while let [item, tail @ ..] = rest {
            if let Item::Field(field) = item
                && self.is_link(field)
            {
                return true;
            }
            rest = tail;
        }
        false
    }
}
