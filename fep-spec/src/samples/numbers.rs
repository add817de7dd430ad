//! Numbers for samples: the smallest and the largest that a field holds, also where a sum limits them.

use std::collections::BTreeMap;

use fep_codec::Layout;
use fep_codec::layout::{Computed, Field, Group, Item, Kind, NumberRule, Sign};

use super::random::Random;

/// The smallest and the largest number of a field, in its smallest unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) first: i128,
    pub(super) last: i128,
    /// The difference between two numbers that follow each other: 1000 with scale -3.
    pub(super) unit: i128,
}

/// The most decimal digits of a number that this module makes. Numbers have 128 bits.
const DIGITS_MAX: u32 = 38;

impl Range {
    /// The numbers that the bytes of a field can hold.
    pub(super) fn of(rule: &NumberRule, len: usize) -> Self {
        let unit = 10_i128.checked_pow(u32::from(rule.zeros())).unwrap_or(1);
        let nines = |digits: usize| {
            let digits = u32::try_from(digits).unwrap_or(DIGITS_MAX).min(DIGITS_MAX);
            10_i128.checked_pow(digits).map_or(i128::MAX, |beyond| beyond - 1)
        };
        let (first, last) = if rule.encoding.is_binary() {
            let largest = i128::try_from(rule.encoding.largest(len)).unwrap_or(i128::MAX);
            let most = rule.digits_max.map_or(i128::MAX, |digits| nines(digits.into()));
            match rule.sign {
                Sign::Signed => ((-(largest / 2) - 1).max(-most), (largest / 2).min(most)),
                _ => (0, largest.min(most)),
            }
        } else {
            let digits = rule.digits(len);
            match rule.sign {
                Sign::Unsigned => (0, nines(digits)),
                // The minus takes the place of a digit.
                Sign::LeadingMinus => {
                    (-nines(digits.min(len.saturating_sub(1 + usize::from(rule.point.is_some())))), nines(digits))
                }
                _ => (-nines(digits), nines(digits)),
            }
        };
        let scaled = |number: i128| number.checked_mul(unit).unwrap_or(number / unit * unit);
        Self { first: scaled(first), last: scaled(last), unit }
    }

    /// The numbers that are also in these bounds.
    pub(super) fn within(self, first: i128, last: i128) -> Self {
        let whole = |number: i128| number / self.unit * self.unit;
        Self { first: self.first.max(whole(first)), last: self.last.min(whole(last)), unit: self.unit }
    }

    /// A number between the limits, with any number of digits.
    pub(super) fn between(self, random: &mut Random) -> i128 {
        let largest = (self.last / self.unit).max(0);
        let digits = largest.checked_ilog10().map_or(1, |log| log as usize + 1);
        let count = random.between(1, digits);
        let number =
            (0..count).fold(0_i128, |number, _| number.saturating_mul(10).saturating_add(i128::from(random.byte(10))));
        // Not zero, because zero often means "no value".
        let number = number.min(largest).max(largest.min(1)) * self.unit;
        if self.first < 0 && random.below(4) == 0 { (-number).max(self.first) } else { number }
    }
}

/// The bounds of a number whose sum has to fit into another field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    pub(super) first: i128,
    pub(super) last: i128,
    /// The most numbers that are added.
    pub(super) count: i128,
}

/// The bounds of all summed numbers of a layout, by their paths without indices.
pub(super) fn bounds(layout: &Layout) -> BTreeMap<String, Bound> {
    let mut bounds = BTreeMap::new();
    sums(layout, "", &mut bounds);
    bounds
}

/// Adds the bounds of a layout, and returns its sums over groups that are further out.
fn sums<'l>(layout: &'l Layout, within: &str, bounds: &mut BTreeMap<String, Bound>) -> Vec<&'l Field> {
    let mut open = Vec::new();
    for item in layout.items() {
        let inner = |name: &str| format!("{within}{name}.");
        match item {
            Item::Field(field) if matches!(field.computed, Some(Computed::Sum(_))) => open.push(field),
            Item::Part(part) => open.extend(sums(&part.layout, &inner(&part.name), bounds)),
            Item::Group(group) => drop(sums(&group.layout, &inner(&group.name), bounds)),
            Item::Choice(choice) => {
                for case in choice.cases() {
                    sums(&case.layout, &inner(&choice.name), bounds);
                }
            }
            _ => {}
        }
    }
    open.retain(|field| {
        let (Some(Computed::Sum(path)), Kind::Number(rule)) = (&field.computed, &field.kind) else { return true };
        let Some(count) = summands(layout, path) else { return true };
        let range = Range::of(rule, field.len);
        let bound = Bound { first: range.first, last: range.last, count };
        let narrower = |own: &mut Bound| {
            *own = Bound {
                first: own.first.max(bound.first),
                last: own.last.min(bound.last),
                count: own.count.max(bound.count),
            };
        };
        bounds.entry(format!("{within}{path}")).and_modify(narrower).or_insert(bound);
        false
    });
    open
}

/// The most numbers that a sum adds up, if the path begins in this layout.
fn summands(layout: &Layout, path: &str) -> Option<i128> {
    let group: &Group = layout.summand_in_parts(path).and_then(|_| {
        let mut end = path.len();
        loop {
            let path = path.get(..end)?;
            if let Some(Item::Group(group)) = layout.item_in_parts(path) {
                return Some(group);
            }
            end = path.rfind('.')?;
        }
    })?;
    Some(i128::try_from(group.repeat.max()).unwrap_or(i128::MAX).max(1))
}

#[cfg(test)]
mod tests {
    use fep_codec::layout::Encoding;

    use super::*;

    fn check(rule: NumberRule, len: usize, first: i128, last: i128) {
        let range = Range::of(&rule, len);
        assert_eq!((range.first, range.last), (first, last), "{rule:?}, {len} bytes");
    }

    #[test]
    fn the_limits_of_a_number_follow_from_its_bytes_and_its_sign() {
        const PLAIN: NumberRule = NumberRule::UNSIGNED;
        check(PLAIN, 3, 0, 999);
        check(NumberRule { sign: Sign::LeadingMinus, ..PLAIN }, 3, -99, 999);
        check(NumberRule { sign: Sign::TRAILING, ..PLAIN }, 3, -99, 99);
        check(NumberRule { scale: -3, ..PLAIN }, 2, 0, 99_000);
        check(NumberRule { scale: 2, point: Some(b'.'), ..PLAIN }, 5, 0, 9999);
        check(NumberRule { encoding: Encoding::Packed, sign: Sign::Signed, ..PLAIN }, 2, -999, 999);
        check(NumberRule { encoding: Encoding::Binary, ..PLAIN }, 2, 0, 65_535);
        check(NumberRule { encoding: Encoding::Binary, sign: Sign::Signed, ..PLAIN }, 1, -128, 127);
        check(NumberRule { encoding: Encoding::Binary, digits_max: Some(4), ..PLAIN }, 2, 0, 9999);
    }
}
