//! Holes: what stands in a layout for an item that could not be read, so that everything around it is checked all the same.
//!
//! A hole is a group, which no readable item can be. It knows what could be read of the item: its name, and its length. A name that is not
//! there may be that of a hole without a name, and a sum over a hole without a length means nothing. A spec with a hole has an error, so
//! no layout with a hole is ever used.

use std::borrow::Cow;

use fep_codec::layout::{Filler, Group, Item, Repeat};
use fep_codec::{Charset, Layout};

use crate::document::Table;

/// The name of the layout inside a hole, and of a hole whose name is not known.
const UNKNOWN: &str = "?";

/// What is known of an item that cannot be read.
#[derive(Clone, Debug)]
pub(super) struct Hole {
    pub(super) name: String,
    pub(super) len: Option<usize>,
}

impl Hole {
    /// An item of which nothing is known.
    pub(super) fn unknown() -> Self {
        Self { name: UNKNOWN.to_owned(), len: None }
    }

    /// What a table says about the item, whether it can be read or not.
    pub(super) fn of(table: &Table<'_>) -> Self {
        let key = ["group", "choice", "name"].into_iter().find(|key| table.has(key));
        let is_nameless = ["filler", "literal", "hex"].into_iter().any(|key| table.has(key));
        let name = match key.map(|key| table.text(key)) {
            Some(Some(name)) => name.to_owned(),
            Some(None) => UNKNOWN.to_owned(),
            None if is_nameless => String::new(),
            None => UNKNOWN.to_owned(),
        };
        let varies = ["group", "choice", "part", "tail", "count", "repeat", "padded", "literal", "hex"];
        let len = match varies.into_iter().any(|key| table.has(key)) {
            true => None,
            false => table.whole("len").or_else(|| table.whole("filler")),
        };
        Self { name, len: len.and_then(|len| usize::try_from(len).ok()).filter(|len| (1..=65_535).contains(len)) }
    }

    /// The item that stands in the layout.
    pub(super) fn item(&self, charset: Charset) -> Item {
        let repeat = match self.len {
            Some(_) => Repeat::Fixed(1),
            None => unknown_repeat(),
        };
        let layout = Cow::Owned(layout(charset, UNKNOWN, self.len.unwrap_or(1)));
        Item::Group(Group { name: Cow::Owned(self.name.clone()), label: Cow::Borrowed(""), repeat, page: None, layout })
    }
}

/// How often a group repeats that does not say so.
pub(super) const fn unknown_repeat() -> Repeat {
    Repeat::Counted { by: Cow::Borrowed(""), max: 1 }
}

/// The content of a part, an entry or a case that cannot be read.
pub(super) fn unknown_layout(charset: Charset) -> Layout {
    let items = vec![Hole::unknown().item(charset)];
    Layout { items: Cow::Owned(items), ..layout(charset, UNKNOWN, 1) }
}

fn layout(charset: Charset, name: &'static str, len: usize) -> Layout {
    let pad = charset.space();
    Layout {
        name: Cow::Borrowed(name),
        label: Cow::Borrowed(""),
        charset,
        stated_len: None,
        when: Cow::Borrowed(&[]),
        items: Cow::Owned(vec![Item::Filler(Filler { label: Cow::Borrowed(""), len, pad, any: true })]),
    }
}

/// Whether a case, an entry or a part could not be read.
pub(crate) fn is_unknown(layout: &Layout) -> bool {
    layout.name == UNKNOWN
}

/// Whether the item could not be read.
pub(crate) fn is_hole(item: &Item) -> bool {
    match item {
        Item::Group(group) => is_unknown(&group.layout) || group.repeat.counted_by() == Some(""),
        Item::Choice(choice) => choice.by.is_empty(),
        _ => false,
    }
}

/// Whether the item is a hole without a length.
pub(super) fn is_unmeasured(item: &Item) -> bool {
    matches!(item, Item::Group(group) if is_unknown(&group.layout) && group.repeat.counted_by() == Some(""))
}

/// Whether the length of an item in it is not known.
pub(crate) fn lacks_len(layout: &Layout) -> bool {
    layout.items().iter().any(item_lacks_len)
}

/// Whether the length of the item, or of one in it, is not known.
pub(crate) fn item_lacks_len(item: &Item) -> bool {
    match item {
        Item::Group(group) => group.repeat.counted_by() == Some("") || lacks_len(&group.layout),
        Item::Part(part) => lacks_len(&part.layout),
        Item::Choice(choice) => choice.cases().iter().any(|case| lacks_len(&case.layout)),
        Item::Field(_) | Item::Tail(_) | Item::Literal(_) | Item::Filler(_) => false,
    }
}

/// Whether the path may lead to an item that could not be read: to a hole, into one, or to a name that a hole may have.
pub(crate) fn may_be_hole(layout: &Layout, path: &str) -> bool {
    let (head, inner) = path.split_once('.').unwrap_or((path, ""));
    let Some((_, item)) = layout.item(head) else {
        return layout.items().iter().any(|item| is_hole(item) && item.name() == Some(UNKNOWN));
    };
    let within = |layout: &Layout| !inner.is_empty() && may_be_hole(layout, inner);
    is_hole(item)
        || match item {
            Item::Part(part) => within(&part.layout),
            Item::Group(group) => within(&group.layout),
            Item::Choice(choice) => choice.cases().iter().any(|case| within(&case.layout)),
            Item::Field(_) | Item::Tail(_) | Item::Literal(_) | Item::Filler(_) => false,
        }
}
