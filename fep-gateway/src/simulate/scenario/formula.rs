//! Formulas of `[[state]]`: whole numbers and dates, without fractions and without loops. A date is its number of days since 1970-01-01, so dates can be
//! compared, and their difference is a number of days. Yes is 1, no is 0, and everything but 0 is yes.
//!
//! ```text
//! formula  = and { "||" and }                     if(c, a, b)      a if c is not 0, otherwise b
//!                                               min(a, b)        the smaller one
//! and      = compare { "&&" compare }             max(a, b)        the larger one
//! compare  = sum [ "==" "!=" "<" "<=" ">" ">=" sum ]   months(d, n)   the same day n months later, or the last one of that month
//! sum      = product { "+" "-" product }          workday(d)       d, or the next day that is no weekend and no holiday
//! product  = sign { "*" "/" "%" sign }
//! sign     = [ "-" "!" ] value                    today            the date of the institution's clock
//! value    = number | 2031-07-01 | name           exists           whether the key has an entry already
//!          | name "(" … ")" | "(" formula ")"     request.FIELD    a number, digits or a date of the request
//! ```
//!
//! `a / b` is rounded down. A number beyond 38 digits, a division by 0 and a field without a number are errors: then nothing happens.

mod parse;

use std::collections::BTreeSet;
use std::fmt;

use crate::time;

/// The farthest day in both directions, in days since 1970-01-01: a date has four digits of a year.
const DAY_MAX: i128 = 2_932_896;

/// How far ahead a working day is searched, in days.
const WORKDAY_MAX: i64 = 366;

/// A formula that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formula(Node);

/// One part of a formula.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Number(i128),
    Today,
    Exists,
    Request(String),
    Name(String),
    Not(Box<Node>),
    Minus(Box<Node>),
    Two(Operator, Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
    Plus,
    Minus,
    Times,
    Over,
    Rest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    If,
    Min,
    Max,
    Months,
    Workday,
}

/// What a formula is about.
pub(in crate::simulate) trait Facts {
    /// The date, in days since 1970-01-01.
    fn today(&self) -> i64;
    /// Whether the key has an entry already.
    fn exists(&self) -> bool;
    /// The number that a name stands for. One that was never set is 0.
    fn name(&self, name: &str) -> i128;
    /// A field of the request as a number. `None` if it has none.
    fn request(&self, path: &str) -> Option<i128>;
    /// Whether this day is a holiday, in days since 1970-01-01.
    fn is_holiday(&self, day: i64) -> bool;
}

/// Why a formula has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::simulate) enum NoValue {
    TooLarge,
    DivisionByZero,
    /// A field of the request without a number.
    Request(String),
    /// What should be a date is beyond the years 0 to 9999.
    NoDate,
    /// No working day within a year.
    NoWorkday,
}

impl Formula {
    /// Reads a formula.
    ///
    /// # Errors
    /// If it is none: what is wrong, and the byte at which.
    pub(in crate::simulate) fn parse(text: &str) -> Result<Self, (String, usize)> {
        parse::formula(text).map(Self)
    }

    /// The names in it that `[[state]]` has to set.
    pub(in crate::simulate) fn names(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        self.0.walk(&mut |node| {
            if let Node::Name(name) = node {
                names.insert(name.as_str());
            }
        });
        names
    }

    /// The fields of the request in it.
    pub(in crate::simulate) fn fields(&self) -> BTreeSet<&str> {
        let mut fields = BTreeSet::new();
        self.0.walk(&mut |node| {
            if let Node::Request(path) = node {
                fields.insert(path.as_str());
            }
        });
        fields
    }

    /// Its value.
    ///
    /// # Errors
    /// If it has none.
    pub(in crate::simulate) fn value(&self, facts: &impl Facts) -> Result<i128, NoValue> {
        self.0.value(facts)
    }
}

impl Node {
    fn walk<'n>(&'n self, each: &mut impl FnMut(&'n Self)) {
        each(self);
        match self {
            Self::Not(one) | Self::Minus(one) => one.walk(each),
            Self::Two(_, one, other) => {
                one.walk(each);
                other.walk(each);
            }
            Self::Call(_, values) => values.iter().for_each(|value| value.walk(each)),
            Self::Number(_) | Self::Today | Self::Exists | Self::Request(_) | Self::Name(_) => {}
        }
    }

    fn value(&self, facts: &impl Facts) -> Result<i128, NoValue> {
        Ok(match self {
            Self::Number(number) => *number,
            Self::Today => facts.today().into(),
            Self::Exists => facts.exists().into(),
            Self::Request(path) => facts.request(path).ok_or_else(|| NoValue::Request(path.clone()))?,
            Self::Name(name) => facts.name(name),
            Self::Not(one) => (one.value(facts)? == 0).into(),
            Self::Minus(one) => one.value(facts)?.checked_neg().ok_or(NoValue::TooLarge)?,
            // What is behind them may have no value where it does not matter.
            Self::Two(Operator::Or, one, other) => (one.value(facts)? != 0 || other.value(facts)? != 0).into(),
            Self::Two(Operator::And, one, other) => (one.value(facts)? != 0 && other.value(facts)? != 0).into(),
            Self::Two(operator, one, other) => operator.of(one.value(facts)?, other.value(facts)?)?,
            Self::Call(Function::If, values) => {
                let [condition, then, otherwise] = values.as_slice() else { return Err(NoValue::NoDate) };
                (if condition.value(facts)? == 0 { otherwise } else { then }).value(facts)?
            }
            Self::Call(function, values) => {
                let values: Vec<i128> = values.iter().map(|value| value.value(facts)).collect::<Result<_, _>>()?;
                function.of(&values, facts)?
            }
        })
    }
}

impl Operator {
    fn of(self, one: i128, other: i128) -> Result<i128, NoValue> {
        let rest = |whole: bool| {
            if other == 0 {
                return Err(NoValue::DivisionByZero);
            }
            // Rounded down, also below 0.
            let quotient = one.checked_div(other).ok_or(NoValue::TooLarge)?;
            let rest = one.checked_rem(other).ok_or(NoValue::TooLarge)?;
            let is_between = rest != 0 && (rest < 0) != (other < 0);
            Ok(match (whole, is_between) {
                (true, _) => quotient - i128::from(is_between),
                // Their signs differ, so it fits.
                (false, true) => rest + other,
                (false, false) => rest,
            })
        };
        match self {
            Self::Plus => one.checked_add(other).ok_or(NoValue::TooLarge),
            Self::Minus => one.checked_sub(other).ok_or(NoValue::TooLarge),
            Self::Times => one.checked_mul(other).ok_or(NoValue::TooLarge),
            Self::Over => rest(true),
            Self::Rest => rest(false),
            Self::Or => Ok((one != 0 || other != 0).into()),
            Self::And => Ok((one != 0 && other != 0).into()),
            Self::Equal => Ok((one == other).into()),
            Self::Unequal => Ok((one != other).into()),
            Self::Less => Ok((one < other).into()),
            Self::AtMost => Ok((one <= other).into()),
            Self::More => Ok((one > other).into()),
            Self::AtLeast => Ok((one >= other).into()),
        }
    }
}

impl Function {
    const ALL: [(Self, &'static str, usize); 5] = [
        (Self::If, "if", 3),
        (Self::Min, "min", 2),
        (Self::Max, "max", 2),
        (Self::Months, "months", 2),
        (Self::Workday, "workday", 1),
    ];

    fn of(self, values: &[i128], facts: &impl Facts) -> Result<i128, NoValue> {
        match (self, values) {
            (Self::Min, [one, other]) => Ok(*one.min(other)),
            (Self::Max, [one, other]) => Ok(*one.max(other)),
            (Self::Months, [day, months]) => months_later(date(*day)?, *months).map(Into::into),
            (Self::Workday, [day]) => {
                let first = date(*day)?;
                // 1970-01-01 was a Thursday.
                let is_weekend = |day: i64| (day + 3).rem_euclid(7) >= 5;
                let mut days = first..first + WORKDAY_MAX;
                let found = days.find(|day| !is_weekend(*day) && !facts.is_holiday(*day));
                found.map(Into::into).ok_or(NoValue::NoWorkday)
            }
            // The number of values was checked.
            _ => Err(NoValue::NoDate),
        }
    }
}

fn date(day: i128) -> Result<i64, NoValue> {
    i64::try_from(day).ok().filter(|_| (-719_528..=DAY_MAX).contains(&day)).ok_or(NoValue::NoDate)
}

fn months_later(day: i64, months: i128) -> Result<i64, NoValue> {
    let (year, month, of_month) = time::date(day);
    let number = i128::from(year * 12 + month - 1).checked_add(months).ok_or(NoValue::NoDate)?;
    let number = i64::try_from(number).ok().filter(|number| (0..120_000).contains(number)).ok_or(NoValue::NoDate)?;
    let year = number.div_euclid(12);
    let month = number.rem_euclid(12) + 1;
    let last = time::month_days(year, month);
    Ok(time::days(year, month, of_month.min(last)))
}

impl fmt::Display for NoValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => f.write_str("a number has more than 38 digits"),
            Self::DivisionByZero => f.write_str("a division by 0"),
            Self::Request(path) => write!(f, "the request has no number in {path}"),
            Self::NoDate => f.write_str("a number is no date of the years 0 to 9999"),
            Self::NoWorkday => write!(f, "no working day within {WORKDAY_MAX} days"),
        }
    }
}

#[cfg(test)]
mod tests;
