//! Fields that refer to other items: lengths of items, sums, sequences, signs, checks, and the pages of groups.

use fep_codec::Layout;
use fep_codec::layout::{Check, Computed, Field, Group, Item, Kind, NumberRule, Sign, SignOf};

use super::counts::{largest, short};
use super::elsewhere;
use crate::document::{Document, instead};
use crate::lower::{LayoutPlace, Place, item_lacks_len, lacks_len, may_be_hole};
use crate::model::Spec;
use crate::report::Code;

/// Checks a field that is computed from other items.
pub(super) fn field(document: &Document, layout: &Layout, number: usize, field: &Field, place: &Place) {
    let link = Link { document, layout, number, field, place };
    if let Some(Computed::Check(check)) = &field.computed {
        link.unknown_function(check);
    }
    // A link is checked in the telegram that contains its items.
    if layout.is_link(field) {
        return;
    }
    let of = match &field.computed {
        Some(Computed::LengthOf(of) | Computed::Sum(of)) => Some(of),
        Some(Computed::Sign(sign)) => Some(&sign.of),
        Some(Computed::Check(check)) => check.from.as_ref(),
        _ => None,
    };
    if of.is_some_and(|of| may_be_hole(layout, of)) {
        return;
    }
    match &field.computed {
        Some(Computed::LengthOf(of)) => link.length_of(of),
        Some(Computed::Sum(path)) => link.sum(path),
        Some(Computed::Sign(sign)) => link.sign(sign),
        Some(Computed::Check(check)) => link.check(check),
        Some(Computed::Length(_) | Computed::Count(_) | Computed::Sequence(_)) | None => {}
    }
}

struct Link<'l> {
    document: &'l Document,
    layout: &'l Layout,
    number: usize,
    field: &'l Field,
    place: &'l Place,
}

impl Link<'_> {
    fn error(&self, code: Code, key: &str, message: String, hint: impl Into<String>) {
        self.document.error_hint(code, self.place.key(key), message, hint);
    }

    fn length_of(&self, of: &str) {
        let name = &self.field.name;
        let Some((at, item)) = self.layout.item(of) else {
            let varying = self.layout.items().iter().filter(|item| is_measurable(item)).filter_map(Item::name);
            let hint = instead(of, &varying.collect::<Vec<_>>());
            return self.error(Code::UnknownName, "of", format!("there is no `{of}` for the length `{name}`"), hint);
        };
        if !is_measurable(item) {
            let message = format!("`{of}` always has the same length");
            return self.error(Code::WrongReference, "of", message, "`of` names a part, a group, a choice or a tail");
        }
        if at < self.number {
            let message = format!("`{name}` says the length of `{of}` and stands below it");
            return self.error(
                Code::WrongOrder,
                "of",
                message,
                "the length must come first, or the end of the item is not known",
            );
        }
        let again = |item: &Item| matches!(item, Item::Field(Field { computed: Some(Computed::LengthOf(other)), .. }) if other == of);
        if self.layout.items().iter().take(self.number).any(again) {
            let message = format!("another field above says the length of `{of}`");
            return self.error(Code::Duplicate, "of", message, "leave one out, or read it as a plain number");
        }
        if item_lacks_len(item) {
            return;
        }
        short(self.document, self.field, name, item.min_len()..=item.max_len(), self.place.name.clone());
    }

    fn sum(&self, path: &str) {
        let name = &self.field.name;
        let group = path.split('.').next().unwrap_or(path);
        let Some((_, Item::Group(entries))) = self.layout.item(group) else {
            let groups = self.layout.items().iter().filter(|item| matches!(item, Item::Group(_)));
            let hint = instead(group, &groups.filter_map(Item::name).collect::<Vec<_>>());
            return self.error(
                Code::UnknownName,
                "of",
                format!("there is no group `{group}` for the sum `{name}`"),
                hint,
            );
        };
        let Some(summand) = self.layout.summand(path) else {
            let numbers = match entries.layout.array_field() {
                Some(Field { kind: Kind::Number(_), .. }) => vec![group.to_owned()],
                Some(_) => {
                    let message = format!("the entries of the array `{group}` are no numbers");
                    return self.error(Code::WrongReference, "of", message, "a sum adds up numbers");
                }
                None => numbers(&entries.layout, &format!("{group}.")),
            };
            let hint = instead(path, &numbers.iter().map(String::as_str).collect::<Vec<_>>());
            return self.error(
                Code::WrongReference,
                "of",
                format!("`{path}` is no number at a fixed offset in the entries of `{group}`"),
                hint,
            );
        };
        if scale(summand) != scale(self.field) {
            let message = format!(
                "`{name}` has {} decimals, `{path}` has {}",
                scale(self.field).unwrap_or_default(),
                scale(summand).unwrap_or_default()
            );
            return self.error(
                Code::WrongComputed,
                "of",
                message,
                "a sum has the decimals of what it adds up: mend `scale`",
            );
        }
        if largest(self.field) < largest(summand) {
            let message = format!("`{name}` cannot hold the largest `{path}`, still less several of them");
            self.document.warning(
                Code::TooNarrow,
                self.place.key("of"),
                message,
                "compare the `len` of both with the sheet's",
            );
        }
    }

    fn sign(&self, sign: &SignOf) {
        let name = &self.field.name;
        let of = &sign.of;
        let message = match self.layout.item(of) {
            Some((_, Item::Field(Field { computed: Some(_), .. }))) => {
                format!("`{of}` is computed, so `{name}` cannot sign it")
            }
            Some((_, Item::Field(Field { kind: Kind::Number(rule), .. }))) => {
                let again = |item: &Item| matches!(item, Item::Field(Field { computed: Some(Computed::Sign(other)), .. }) if other.of == *of);
                if self.layout.items().iter().take(self.number).any(again) {
                    return self.error(
                        Code::Duplicate,
                        "of",
                        format!("`{of}` has a sign already"),
                        "a number has one sign",
                    );
                }
                if rule.sign == Sign::Elsewhere {
                    return;
                }
                let hint = format!("leave out its `sign`: the sign stands in `{name}`");
                return self.error(Code::ConflictingKeys, "of", format!("`{of}` has a sign of its own"), hint);
            }
            Some(_) => format!("`{of}` is no number, so it has no sign"),
            // A part without a name can have the sign of a number beside it, so the telegram is looked at.
            None => return,
        };
        self.error(Code::WrongReference, "of", message, "`of` names a number that stands beside the sign");
    }

    fn unknown_function(&self, check: &Check) {
        if check.run.is_none() {
            let message = format!("function `{}` is unknown: its value must be given and is not verified", check.name);
            let hint = "generated code calls the function of this name in the module above it; only \"xor\" comes with the library";
            self.document.remark(Code::UnverifiedCheck, self.place.key("function"), message, hint);
        }
    }

    fn check(&self, check: &Check) {
        let Some(from) = &check.from else { return };
        match self.layout.item(from) {
            Some((at, _)) if at >= self.number => {
                let message = format!("`{}` covers the bytes above it, and `{from}` is not above", self.field.name);
                self.error(
                    Code::WrongOrder,
                    "from",
                    message,
                    format!("name an item above, or say where the covered bytes end: to = \"{from}\""),
                );
            }
            Some((at, _)) if self.layout.offset_of(at).is_none() && lacks_len(self.layout) => {}
            Some((at, _)) if self.layout.offset_of(at).is_none() => {
                let varying = super::ends::varying(self.layout, at);
                let message = format!("`{from}` has no fixed offset, because `{varying}` varies in length");
                self.error(
                    Code::VaryingLength,
                    "from",
                    message,
                    "a check begins above what varies, or at the start of the telegram",
                );
            }
            Some(_) => {}
            None => {
                let above = self.layout.items().iter().take(self.number).filter_map(Item::name);
                let hint = instead(from, &above.collect::<Vec<_>>());
                self.error(
                    Code::UnknownName,
                    "from",
                    format!("there is no item `{from}` for `{}` to begin at", self.field.name),
                    hint,
                );
            }
        }
    }
}

/// Whether an item can have a length field of its own.
pub(super) const fn is_measurable(item: &Item) -> bool {
    matches!(item, Item::Part(_) | Item::Group(_) | Item::Choice(_) | Item::Tail(_))
}

/// The decimals of a number.
pub(super) const fn scale(field: &Field) -> Option<u8> {
    match &field.kind {
        Kind::Number(rule) => Some(rule.decimals()),
        _ => None,
    }
}

/// The paths of the numbers of a layout, its parts included.
pub(super) fn numbers(layout: &Layout, within: &str) -> Vec<String> {
    let mut all = Vec::new();
    for item in layout.items() {
        match item {
            Item::Field(Field { name, kind: Kind::Number(_), .. }) => all.push(format!("{within}{name}")),
            Item::Part(part) => all.extend(numbers(&part.layout, &format!("{within}{}.", part.name))),
            _ => {}
        }
    }
    all
}

/// Checks the two fields that say which page of a longer list a group is.
pub(super) fn page(document: &Document, spec: &Spec, layout: &Layout, group: &Group, place: &Place) {
    let Some(page) = &group.page else { return };
    let named = [("total", &page.total), ("start", &page.start)];
    for (key, name) in named.into_iter().filter(|(_, name)| !may_be_hole(layout, name)) {
        let (code, message, hint) = match layout.item(name) {
            Some((_, Item::Field(Field { kind: Kind::Number(NumberRule { scale: 0, .. }), .. }))) => continue,
            Some(_) => {
                let message = format!("`{name}` is not a whole number, so it cannot give the page of `{}`", group.name);
                let hint = "`total` and `start` name number fields beside the group".to_owned();
                (Code::WrongReference, message, hint)
            }
            None => {
                let fields: Vec<&str> = layout.items().iter().filter_map(Item::name).collect();
                let message = format!("there is no field `{name}` for the pages of `{}`", group.name);
                let rule = "`total` and `start` are fields beside the group: move them or the group";
                (Code::UnknownName, message, elsewhere::advice(spec, layout, name, &fields, rule))
            }
        };
        document.error_hint(code, place.key(key), message, hint);
    }
}

/// Collects the sequences of a layout, its parts and its cases, each with its first number.
fn sequences_of<'l>(layout: &'l Layout, found: &mut Vec<(&'l Field, u64)>) {
    for item in layout.items() {
        match item {
            Item::Field(field) => {
                if let Some(Computed::Sequence(first)) = field.computed {
                    found.push((field, first));
                }
            }
            Item::Part(part) => sequences_of(&part.layout, found),
            Item::Choice(choice) => choice.cases().iter().for_each(|case| sequences_of(&case.layout, found)),
            Item::Group(_) | Item::Tail(_) | Item::Literal(_) | Item::Filler(_) => {}
        }
    }
}

/// Notes sequences that cannot count to the last entry of the group.
pub(super) fn sequences(document: &Document, group: &Group, place: &Place) {
    let mut found = Vec::new();
    sequences_of(&group.layout, &mut found);
    let max = group.repeat.max();
    for (field, first) in found {
        let last = u128::from(first).saturating_add(u128::try_from(max).unwrap_or(u128::MAX)).saturating_sub(1);
        let most = largest(field);
        if last > most {
            let message = format!("`{}` may have {max} entries, `{}` counts to {most}", group.name, field.name);
            document.error_hint(
                Code::TooNarrow,
                place.name.clone(),
                message,
                "make the sequence longer, or `max` smaller",
            );
        }
    }
}

/// Notes sequences outside of a group's entry.
pub(super) fn no_entry(document: &Document, layout: &Layout, place: &LayoutPlace) {
    let mut found = Vec::new();
    sequences_of(layout, &mut found);
    if let Some((field, _)) = found.first() {
        let message =
            format!("`{}` numbers the entries of a group, but in `{}` it is not in an entry", field.name, layout.name);
        document.error_hint(
            Code::WrongComputed,
            place.name.clone(),
            message,
            "leave out `computed`, or move it into an entry",
        );
    }
}
