//! Where the values are that are compared, in a record and in a request, and how they are read from the bytes of checked telegrams.

use std::ops::Range;

use fep_codec::Field;
use fep_codec::layout::{Kind, Layout};
use fep_codec::record::Value;

use super::row::{Key, Row, State};

/// The states with the fields and values by which a record has them, in the order in which they are tried.
pub(super) type States = Vec<(State, Vec<(Place, Vec<String>)>)>;

/// Where the values of a record are that are compared.
#[derive(Debug)]
pub(super) struct RecordFields {
    key: Vec<Place>,
    amount: Option<(Place, u32)>,
    states: States,
    /// The state of a record for which no condition holds.
    otherwise: State,
}

/// A field and its bytes.
pub(super) type Place = (Field, Range<usize>);

/// The place of a field in a layout.
pub(super) fn place(layout: &Layout, path: &str) -> Option<Place> {
    layout.span(path).map(|span| (span.field.clone(), span.range))
}

/// The amount in a telegram, counted in a unit that has this many more decimals than the field.
pub(super) fn amount((field, range): &Place, decimals: u32, bytes: &[u8]) -> Option<i128> {
    match field.read(bytes.get(range.clone())?).ok()? {
        Value::Number(number) => number.checked_mul(10_i128.checked_pow(decimals)?),
        _ => None,
    }
}

/// The decimals of a number.
pub(super) fn decimals((field, _): &Place) -> u32 {
    match &field.kind {
        Kind::Number(rule) => rule.decimals().into(),
        _ => 0,
    }
}

/// The key in a telegram.
pub(super) fn key(places: &[Place], bytes: &[u8]) -> Key {
    let text = |(field, range): &Place| field.key_text(bytes.get(range.clone()).unwrap_or_default());
    Key::of(&places.iter().map(text).collect::<Vec<_>>())
}

impl RecordFields {
    pub(super) fn new(key: Vec<Place>, amount: Option<(Place, u32)>, states: States, otherwise: State) -> Self {
        Self { key, amount, states, otherwise }
    }

    pub(super) fn row(&self, bytes: &[u8], number: u64, day: i64) -> Row {
        let mut origin = [0; 16];
        if let Some(to) = origin.first_chunk_mut() {
            *to = number.to_be_bytes();
        }
        let amount = self.amount.as_ref().and_then(|(place, more)| amount(place, *more, bytes));
        Row { key: key(&self.key, bytes), amount, state: self.state(bytes), day, origin }
    }

    fn state(&self, bytes: &[u8]) -> State {
        let found = self.states.iter().find(|(_, conditions)| holds(conditions, bytes));
        found.map_or(self.otherwise, |(state, _)| *state)
    }
}

/// Whether each of the fields has one of its values. No condition never holds.
pub(super) fn holds(conditions: &[(Place, Vec<String>)], bytes: &[u8]) -> bool {
    let has = |((field, range), values): &(Place, Vec<String>)| {
        let value = bytes.get(range.clone()).and_then(|bytes| field.read(bytes).ok());
        value.is_some_and(|value| values.contains(&value.to_text(field)))
    };
    !conditions.is_empty() && conditions.iter().all(has)
}

/// The number of the record that a row came from.
pub(super) fn record_number(row: &Row) -> u64 {
    row.origin.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
