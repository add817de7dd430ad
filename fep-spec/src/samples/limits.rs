//! The limits of a single field: names with values, the wanted value first and then what is tried in its place.
//!
//! A value can be impossible although it fits: zero in a field where zeros mean "no value". The caller tries the values in their order,
//! and the telegram decides.

use fep_codec::Value;
use fep_codec::kind::TailValue as _;
use fep_codec::layout::{CodeRule, DigitsRule, Field, Kind, NoneAs, NumberRule};

use super::dates;
use super::numbers::{Bound, Range};
use super::random::Random;
use super::text;

/// A limit of a field.
pub(super) struct Limit {
    /// Its name: `largest`.
    pub(super) name: String,
    /// The value that shows it, and values that are tried if that one is impossible.
    pub(super) values: Vec<Value>,
}

impl Limit {
    fn new(name: &str, value: Value) -> Self {
        Self { name: name.to_owned(), values: vec![value] }
    }
}

/// The limits of a field. `bound` limits numbers that are added up.
pub(super) fn of_field(field: &Field, bound: Option<&Bound>, random: &mut Random) -> Vec<Limit> {
    let mut limits = match &field.kind {
        Kind::Text(rule) => {
            let mut texts = if rule.exact { Vec::new() } else { vec![Limit::new("empty", Value::from(""))] };
            let longest = text::longest(rule, field.len, random);
            texts.extend(longest.into_iter().map(|(name, text)| Limit::new(name, Value::from(text))));
            texts
        }
        Kind::Digits(rule) => of_digits(rule, capacity(rule, field.len)),
        Kind::Number(rule) => of_number(rule, field.len, bound),
        Kind::Date(rule) => named(dates::of_date(rule)),
        Kind::Time(rule) => named(dates::of_time(rule)),
        Kind::DateTime(rule) => named(dates::of_datetime(rule)),
        Kind::Code(rule) => of_codes(rule),
        Kind::Flag(_) => named(vec![("yes", Value::Flag(true)), ("no", Value::Flag(false))]),
        Kind::Bytes(_) => named(vec![
            ("all bytes 00", Value::Bytes(vec![0; field.len])),
            ("all bytes FF", Value::Bytes(vec![0xFF; field.len])),
        ]),
    };
    if can_be_none(&field.kind) {
        limits.push(Limit::new("none", Value::None));
    }
    limits
}

/// The limits of a tail: its length.
pub(super) fn of_tail(field: &Field, random: &mut Random) -> Vec<Limit> {
    match &field.kind {
        Kind::Text(rule) => {
            let longest = text::longest(rule, field.len, random);
            let mut limits = vec![Limit::new("empty", Value::from(""))];
            limits.extend(longest.into_iter().map(|(name, text)| {
                // A length field with few digits can make the tail shorter than its maximum.
                let shorter = shorter(text, |text| text.wire_len(rule));
                Limit { name: name.to_owned(), values: shorter.into_iter().map(Value::from).collect() }
            }));
            limits
        }
        Kind::Digits(_) => {
            let longest = shorter("9".repeat(field.len), String::len);
            vec![
                Limit::new("empty", Value::from("")),
                Limit { name: "longest".to_owned(), values: longest.into_iter().map(Value::from).collect() },
            ]
        }
        _ => vec![
            Limit::new("empty", Value::Bytes(Vec::new())),
            Limit::new("longest", Value::Bytes((0..field.len).map(|_| random.byte(0xFF)).collect())),
        ],
    }
}

/// The text, and shorter ones at lengths that a length field can state.
fn shorter(text: String, len: impl Fn(&String) -> usize) -> Vec<String> {
    let stated = [9999, 999, 99, 9].into_iter().filter(|most| *most < len(&text));
    let cut = |most: usize| {
        let mut cut = text.clone();
        while len(&cut) > most {
            cut.pop();
        }
        cut
    };
    let cuts: Vec<String> = stated.map(cut).collect();
    std::iter::once(text).chain(cuts).collect()
}

/// A value between the limits. `few_digits`: many of the numbers are added up outside the telegram.
pub(super) fn between(field: &Field, bound: Option<&Bound>, few_digits: bool, random: &mut Random) -> Value {
    match &field.kind {
        Kind::Text(rule) => Value::from(text::between(rule, field.len, random)),
        Kind::Digits(rule) => {
            let most = capacity(rule, field.len);
            let count = if rule.exact { most } else { random.between(1, most) };
            Value::from(random.digits(count))
        }
        Kind::Number(rule) => {
            let own = Range::of(rule, field.len);
            let range = bound.map_or(own, |bound| own.within(bound.first / bound.count, bound.last / bound.count));
            let range = if few_digits {
                range.within(range.first / 1000, (range.last / 1000).max(range.unit.min(range.last)))
            } else {
                range
            };
            Value::Number(range.between(random))
        }
        Kind::Date(rule) => dates::date_between(rule, random),
        Kind::Time(rule) => dates::time_between(rule, random),
        Kind::DateTime(rule) => dates::datetime_between(rule, random),
        Kind::Code(rule) => {
            let known: Vec<&str> =
                rule.codes.iter().map(|known| &*known.code).filter(|code| !code.is_empty()).collect();
            let code = random.one_of(&known).map(|code| (*code).to_owned());
            Value::from(code.or_else(|| rule.codes.first().map(|known| known.code.to_string())).unwrap_or_default())
        }
        Kind::Flag(_) => Value::Flag(random.below(2) == 0),
        Kind::Bytes(_) => Value::Bytes((0..field.len).map(|_| b'1' + random.byte(9)).collect()),
    }
}

/// A tail of some length. It is short, so that a length field with few digits can state it.
pub(super) fn tail_between(field: &Field, random: &mut Random) -> Value {
    let most = random.between(1, 9).min(field.len);
    match &field.kind {
        Kind::Text(rule) => Value::from(text::between(rule, most, random)),
        Kind::Digits(_) => Value::from(random.digits(most)),
        _ => Value::Bytes((0..most).map(|_| b'1' + random.byte(9)).collect()),
    }
}

/// The value that adds nothing to a sum.
pub(super) fn nothing(field: &Field) -> Value {
    if can_be_none(&field.kind) { Value::None } else { Value::Number(0) }
}

fn capacity(rule: &DigitsRule, len: usize) -> usize {
    if rule.encoding.is_zoned() { len } else { rule.capacity(len) }
}

fn of_digits(rule: &DigitsRule, most: usize) -> Vec<Limit> {
    let nines = Limit::new(if rule.exact { "all nines" } else { "longest" }, Value::from("9".repeat(most)));
    if rule.exact {
        vec![Limit::new("all zeros", Value::from("0".repeat(most))), nines]
    } else {
        vec![Limit::new("empty", Value::from("")), nines]
    }
}

fn of_number(rule: &NumberRule, len: usize, bound: Option<&Bound>) -> Vec<Limit> {
    let own = Range::of(rule, len);
    let range = bound.map_or(own, |bound| own.within(bound.first, bound.last));
    let numbers = |numbers: [i128; 3]| numbers.map(Value::Number).to_vec();
    let whole = |number: i128| number / range.unit * range.unit;
    let largest = numbers([range.last, range.last - range.unit, whole(range.last / 10)]);
    let of_sum = if range.last < own.last { "largest that the sum holds" } else { "largest" };
    let mut limits = vec![Limit { name: of_sum.to_owned(), values: largest }];
    let zero_is_none = rule.none == NoneAs::Zeros || rule.none_also.has(NoneAs::Zeros);
    if range.first < 0 {
        let smallest = numbers([range.first, range.first + range.unit, whole(range.first / 10)]);
        limits.push(Limit { name: "smallest".to_owned(), values: smallest });
        if !zero_is_none {
            limits.push(Limit::new("zero", Value::Number(0)));
        }
    } else {
        let smallest = if zero_is_none { vec![range.unit] } else { vec![0, range.unit] };
        limits.push(Limit { name: "smallest".to_owned(), values: smallest.into_iter().map(Value::Number).collect() });
    }
    limits
}

fn of_codes(rule: &CodeRule) -> Vec<Limit> {
    let of = |code: &str| {
        let name = if code.is_empty() { "blank code".to_owned() } else { format!("code {code}") };
        Limit { name, values: vec![Value::from(code)] }
    };
    rule.codes.iter().map(|known| of(&known.code)).collect()
}

fn named(values: Vec<(&str, Value)>) -> Vec<Limit> {
    values.into_iter().map(|(name, value)| Limit::new(name, value)).collect()
}

fn can_be_none(kind: &Kind) -> bool {
    let none = match kind {
        Kind::Number(rule) => rule.none,
        Kind::Date(rule) => rule.none,
        Kind::Time(rule) => rule.none,
        Kind::DateTime(rule) => rule.none,
        _ => NoneAs::Never,
    };
    none != NoneAs::Never
}
