//! Checks that nobody verifies: only the name of their function is known.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Record, Value};
use crate::layout::{Check, Computed, Field, Item, Layout};

/// A check whose function is not known, so that its value is not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unverified<'l> {
    /// The path of the check: `header.mac`, `rows[].digit`.
    pub path: String,
    /// The name of its function.
    pub function: &'l str,
}

impl Layout {
    /// The checks of the layout that nobody verifies, in wire order. [`Layout::supply`] makes the function of a check known.
    #[must_use]
    pub fn unverified(&self) -> Vec<Unverified<'_>> {
        let mut found = Vec::new();
        search(self, None, "", &mut found);
        found
    }
}

impl Record<'_> {
    /// The checks of this telegram that nobody verified, in wire order. Unlike [`Layout::unverified`], it knows the cases of choices.
    #[must_use]
    pub fn unverified(&self) -> Vec<Unverified<'_>> {
        let mut found = Vec::new();
        search(self.layout, Some(&self.values), "", &mut found);
        found
    }
}

fn search<'l>(layout: &'l Layout, values: Option<&[Value]>, within: &str, found: &mut Vec<Unverified<'l>>) {
    for (index, item) in layout.items().iter().enumerate() {
        let value = values.and_then(|values| values.get(index));
        let path = format!("{within}{}", item.name().unwrap_or_default());
        match item {
            Item::Field(Field { computed: Some(Computed::Check(Check { name, run: None, .. })), .. }) => {
                found.push(Unverified { path, function: name });
            }
            Item::Part(part) => {
                let inner = if let Some(Value::Part(values)) = value { Some(&**values) } else { None };
                search(&part.layout, inner, &format!("{path}."), found);
            }
            // All entries have the same checks.
            Item::Group(group) => match value {
                Some(Value::Group(entries)) => {
                    if let Some(first) = entries.first() {
                        search(&group.layout, Some(first), &format!("{path}[]."), found);
                    }
                }
                _ => search(&group.layout, None, &format!("{path}[]."), found),
            },
            Item::Choice(choice) => match value {
                Some(Value::Choice(case, values)) => {
                    if let Some(case) = choice.cases().get(*case) {
                        search(&case.layout, Some(values), &format!("{path}."), found);
                    }
                }
                _ => choice.cases().iter().for_each(|case| search(&case.layout, None, &format!("{path}."), found)),
            },
            Item::Field(_) | Item::Tail(_) | Item::Literal(_) | Item::Filler(_) => {}
        }
    }
}
