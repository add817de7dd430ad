//! Views: whether their types and methods have unique names in generated code.

use fep_codec::Layout;
use fep_codec::layout::Item;

use crate::document::Document;
use crate::lower::{LayoutPlace, ident};
use crate::model::{Spec, VIEW_METHODS};
use crate::report::Code;

/// Notes names that generated code would have twice because of views. Does nothing for a telegram without `view`. Otherwise
/// checks all views of the spec.
pub(super) fn views(document: &Document, spec: &Spec, place: &LayoutPlace) {
    let Some(at) = &place.view else { return };
    let viewed = spec.viewed();
    let parts = spec.parts.iter().map(|part| &*part.layout.name);
    let types: Vec<&str> = spec.telegrams.iter().map(|telegram| telegram.name()).chain(parts).collect();
    for layout in viewed {
        for name in [format!("{}View", layout.name), format!("{}ViewMut", layout.name)] {
            if types.contains(&&*name) {
                let message = format!("`{name}` is the view of `{}` and another type in generated code", layout.name);
                document.error_hint(Code::NameTaken, at.clone(), message, "rename one, or leave out `view`");
            }
        }
        if let Some((method, item)) = twice(layout) {
            let message =
                format!("the view of `{}` has a method `{method}` already, and `{item}` needs one", layout.name);
            document.error_hint(Code::NameTaken, at.clone(), message, "rename the item, or leave out `view`");
        }
    }
}

/// A method that a view would have twice, and the second item that needs it.
fn twice(layout: &Layout) -> Option<(String, &str)> {
    let mut taken: Vec<String> = VIEW_METHODS.map(str::to_owned).into();
    for item in layout.items() {
        let Some(own) = item.name() else { continue };
        let name = ident(own);
        let write = match item {
            Item::Literal(_) | Item::Filler(_) => continue,
            Item::Field(field) if field.is_given() => Some(format!("set_{name}")),
            Item::Group(group) if group.layout.array_field().is_some() => Some(format!("set_{name}")),
            Item::Part(_) | Item::Group(_) => Some(format!("{name}_mut")),
            Item::Field(_) | Item::Choice(_) | Item::Tail(_) => None,
        };
        for method in [name.clone(), format!("{name}_bytes")].into_iter().chain(write) {
            if taken.contains(&method) {
                return Some((method, own));
            }
            taken.push(method);
        }
    }
    None
}
