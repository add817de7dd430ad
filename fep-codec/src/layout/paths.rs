//! Paths as text: all paths of a layout, and the item at a path.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Item, Layout};

impl Layout {
    /// The paths of all fields, tails, named literals and groups, through parts and the cases of choices. Groups are not entered.
    ///
    /// If two cases of a choice have a field of the same name, its path is listed twice.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.add_paths("", &mut paths);
        paths
    }

    fn add_paths(&self, within: &str, paths: &mut Vec<String>) {
        for item in self.items() {
            let Some(name) = item.name() else { continue };
            match item {
                Item::Part(part) => part.layout.add_paths(&format!("{within}{name}."), paths),
                Item::Choice(choice) => {
                    for case in choice.cases() {
                        case.layout.add_paths(&format!("{within}{name}."), paths);
                    }
                }
                _ => paths.push(format!("{within}{name}")),
            }
        }
    }

    /// The item at a dotted path, whether or not a particular telegram has it. The index of an entry may be omitted or have any
    /// value, and every case of a choice is tried.
    #[must_use]
    pub fn item_by_path(&self, path: &str) -> Option<&Item> {
        let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
        let name = head.split('[').next().unwrap_or(head);
        let (_, item) = self.item(name)?;
        match (item, rest) {
            (Item::Group(group), None) if name.len() < head.len() && group.layout.array_field().is_some() => {
                group.layout.items().first()
            }
            (item, None) => Some(item),
            (Item::Part(part), Some(rest)) => part.layout.item_by_path(rest),
            (Item::Group(group), Some(rest)) => group.layout.item_by_path(rest),
            (Item::Choice(choice), Some(rest)) => choice.cases().iter().find_map(|case| case.layout.item_by_path(rest)),
            (_, Some(_)) => None,
        }
    }

    /// The path of the first field with this name, in this layout or in a part of it.
    #[must_use]
    pub fn path_of(&self, name: &str) -> Option<String> {
        self.items().iter().find_map(|item| match item {
            Item::Field(field) if field.name == name => Some(String::from(name)),
            Item::Part(part) => part.layout.path_of(name).map(|path| format!("{}.{path}", part.name)),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::borrow::Cow;
    use alloc::vec;

    use super::*;
    use crate::charset::Charset;
    use crate::layout::{Case, Choice, Field, Group, Kind, NumberRule, Part, Repeat};

    fn field(name: &'static str) -> Item {
        let kind = Kind::Number(NumberRule::UNSIGNED);
        Item::Field(Field { name: name.into(), label: "".into(), len: 2, kind, secret: false, computed: None })
    }

    fn layout(items: Vec<Item>) -> Layout {
        Layout {
            name: "L".into(),
            label: "".into(),
            charset: Charset::Ascii,
            stated_len: None,
            when: Cow::Borrowed(&[]),
            items: items.into(),
        }
    }

    #[test]
    fn paths_go_through_parts_and_cases_and_lead_back_to_their_items() {
        let header = layout(vec![field("code"), field("trace_no")]);
        let of = |name: &'static str| Cow::Owned(layout(vec![field(name)]));
        let case = |code: &'static str, name| Case { codes: vec![code.into()].into(), layout: of(name) };
        let cases = vec![case("1", "amount"), case("2", "reason")];
        let repeat = Repeat::Fixed(2);
        let all = layout(vec![
            Item::Part(Part { name: "header".into(), layout: Cow::Owned(header) }),
            Item::Group(Group { name: "items".into(), label: "".into(), repeat, page: None, layout: of("price") }),
            Item::Choice(Choice {
                name: "body".into(),
                label: "".into(),
                by: "header.code".into(),
                cases: cases.into(),
            }),
        ]);
        let paths = all.paths();
        assert_eq!(paths, ["header.code", "header.trace_no", "items", "body.amount", "body.reason"]);
        let name = |path| all.item_by_path(path).and_then(Item::name);
        for path in &paths {
            assert_eq!(name(path), path.rsplit('.').next(), "{path}");
        }
        assert_eq!((name("items[7].price"), name("items.price")), (Some("price"), Some("price")));
        assert_eq!((name("items[7].code"), name("header.code.x"), name("reason"), name("")), (None, None, None, None));
        assert_eq!(all.path_of("trace_no").as_deref(), Some("header.trace_no"));
        assert_eq!((all.path_of("price"), all.path_of("amount")), (None, None), "they have no one place");
    }
}
