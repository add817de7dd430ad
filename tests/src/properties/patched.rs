//! Patching and refreshing a telegram gives the same bytes as encoding the changed record.

use fep_codec::layout::{Computed, Field, Item, Layout};
use fep_codec::view::{FixedPlace, find, patch, refresh};
use fep_codec::{Record, Value};

use crate::arbitrary::{self, Random, path_of};

/// Checks a telegram with random values. Refreshing repairs computed fields that were overwritten. After one field is patched,
/// refreshing gives the bytes that the encoder writes. Returns whether there was a field that can be changed alone.
pub fn any_patch(layout: &Layout, seed: u64) -> bool {
    let mut random = Random(seed);
    let Ok(bytes) = arbitrary::record(layout, &mut random).encode() else { return false };
    let mut record = Record::decode(layout, &bytes).expect("what was written");
    let mut fields = Vec::new();
    collect(layout, &record, "", &mut fields);

    let mut spoiled = bytes.clone();
    for (path, _) in fields.iter().filter(|(_, field)| is_refreshed(field)) {
        let (_, range) = find(layout, &bytes, path).expect("a field that was written");
        spoiled.get_mut(range).expect("its bytes").fill(b'7');
    }
    refresh(layout, &mut spoiled).unwrap_or_else(|error| panic!("{} seed {seed}: {error}", layout.name));
    assert_eq!(spoiled, bytes, "{} seed {seed}", layout.name);

    let given: Vec<_> = fields.iter().filter(|(_, field)| field.computed.is_none()).collect();
    let Some((path, field)) = given.get(random.small(given.len().max(1))) else { return false };
    let value = arbitrary::value(field, &mut random);
    record.set(path, value.clone()).expect("a value of the kind");
    clear(&mut record, &fields);
    // Codes, pages and blank entries cannot be changed alone.
    let Ok(expected) = record.encode() else { return false };
    let mut patched = bytes.clone();
    patch(layout, &mut patched, path, &value).unwrap_or_else(|error| panic!("{} {path}: {error}", layout.name));
    if let Some(place) = FixedPlace::new(layout, path) {
        let mut placed = bytes.clone();
        place.patch(&mut placed, &value).unwrap_or_else(|error| panic!("{} {path}: {error}", layout.name));
        assert_eq!(placed, patched, "{} seed {seed}: {path} = {value:?} at its place", layout.name);
    }
    refresh(layout, &mut patched).unwrap_or_else(|error| panic!("{} {path}: {error}", layout.name));
    assert_eq!(patched, expected, "{} seed {seed}: {path} = {value:?}", layout.name);
    true
}

/// Whether refreshing fills in the field, regardless of its content.
fn is_refreshed(field: &Field) -> bool {
    !field.is_given() && !matches!(field.computed, Some(Computed::Count(_) | Computed::LengthOf(_) | Computed::Sign(_)))
}

/// Removes all computed values.
fn clear(record: &mut Record<'_>, fields: &[(String, &Field)]) {
    for (path, _) in fields.iter().filter(|(_, field)| !field.is_given()) {
        record.set(path, Value::Absent).expect("a computed field");
    }
}

/// The paths of all fields that the record has.
fn collect<'l>(layout: &'l Layout, record: &Record<'_>, within: &str, fields: &mut Vec<(String, &'l Field)>) {
    for item in layout.items() {
        let path = path_of(within, item);
        match item {
            Item::Field(field) => fields.push((path, field)),
            Item::Part(part) => collect(&part.layout, record, &format!("{path}."), fields),
            Item::Group(group) => {
                let count = match record.get(&path) {
                    Some(Value::Group(entries)) => entries.len(),
                    _ => 0,
                };
                for index in 0..count {
                    collect(&group.layout, record, &format!("{path}[{index}]."), fields);
                }
            }
            Item::Choice(choice) => {
                if let Some(Value::Choice(case, _)) = record.get(&path)
                    && let Some(case) = choice.cases().get(*case)
                {
                    collect(&case.layout, record, &format!("{path}."), fields);
                }
            }
            Item::Literal(_) | Item::Filler(_) | Item::Tail(_) => {}
        }
    }
}
