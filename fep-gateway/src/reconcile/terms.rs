//! What is compared: the configuration of a reconciliation with the layouts of the record and the request, their fields found once.

use fep_codec::files::FileLayout;
use fep_codec::layout::Layout;

use super::fields::{Place, RecordFields, States, decimals, place};
use super::row::State;
use crate::config::{FieldPair, FileLists, ReconciliationConfig, RecordCondition};
use crate::time;

/// How a hidden value is shown.
pub(super) const HIDDEN: &str = "***";

/// The terms of one reconciliation.
#[derive(Debug)]
pub(super) struct Terms<'c> {
    pub(super) config: &'c ReconciliationConfig,
    pub(super) file: FileLayout,
    pub(super) record: &'c Layout,
    pub(super) there: RecordFields,
    pub(super) here: RequestFields,
    /// How many decimals the amounts of the rows have.
    pub(super) decimals: u32,
    /// The names of the key fields, as in the request, and whether reports hide them.
    pub(super) key: Vec<(String, bool)>,
    /// Whether reports hide amounts.
    pub(super) hides_amounts: bool,
}

/// Where the values of a request are that are compared.
#[derive(Debug)]
pub(super) struct RequestFields {
    pub(super) key: Vec<Place>,
    pub(super) amount: Option<(Place, u32)>,
}

impl<'c> Terms<'c> {
    /// The terms of a checked configuration. `request` is the layout of its telegram.
    pub(super) fn new(config: &'c ReconciliationConfig, request: &Layout) -> Option<Self> {
        let file = config.spec.file_layout(config.spec.file(&config.file)?);
        let record = &config.spec.telegram(&config.record)?.layout;
        let pair = |pair: &FieldPair| Some((place(record, &pair.record)?, place(request, &pair.request)?));
        let pairs = config.key.iter().map(pair).collect::<Option<Vec<_>>>()?;
        let names = config.key.iter().zip(&pairs);
        let key = names.map(|(names, (own, theirs))| (names.request.clone(), own.0.secret || theirs.0.secret));
        let key = key.collect();
        let (there_key, here_key) = pairs.into_iter().unzip();
        let amount = config.amount.as_ref().and_then(pair);
        let hides_amounts = amount.as_ref().is_some_and(|(own, theirs)| own.0.secret || theirs.0.secret);
        let most = amount.as_ref().map_or(0, |(own, theirs)| decimals(own).max(decimals(theirs)));
        let scaled = |place: Place| {
            let more = most - decimals(&place);
            (place, more)
        };
        let (there_amount, here_amount) = amount.map(|(own, theirs)| (scaled(own), scaled(theirs))).unzip();
        let there = RecordFields::new(there_key, there_amount, states(config, record)?, otherwise(config));
        Some(Self {
            config,
            file,
            record,
            there,
            here: RequestFields { key: here_key, amount: here_amount },
            decimals: most,
            key,
            hides_amounts,
        })
    }
}

/// What was moved back is tried first: a record of it may have the marks of one that was carried out, too.
fn states(config: &ReconciliationConfig, record: &Layout) -> Option<States> {
    let all = [(State::Reversed, &config.reversed), (State::NotDone, &config.not_done), (State::Done, &config.done)];
    let condition = |condition: &RecordCondition| Some((place(record, &condition.path)?, condition.values.clone()));
    let state = |(state, conditions): (State, &Vec<RecordCondition>)| {
        Some((state, conditions.iter().map(condition).collect::<Option<Vec<_>>>()?))
    };
    all.into_iter().filter(|(_, conditions)| !conditions.is_empty()).map(state).collect()
}

/// The state of a record for which no condition holds.
fn otherwise(config: &ReconciliationConfig) -> State {
    match config.lists {
        FileLists::Done if config.done.is_empty() => State::Done,
        FileLists::NotDone if config.not_done.is_empty() => State::NotDone,
        _ => State::Unclear,
    }
}

/// A number that is counted in its smallest unit as a decimal number: 1205 with 2 decimals is `12.05`.
pub(super) fn decimal(number: i128, decimals: u32) -> String {
    let Some(unit) = 10_u128.checked_pow(decimals).filter(|unit| *unit > 1) else { return number.to_string() };
    let sign = if number < 0 { "-" } else { "" };
    let whole = number.unsigned_abs() / unit;
    let part = number.unsigned_abs() % unit;
    format!("{sign}{whole}.{part:0width$}", width = decimals as usize)
}

/// `2026-11-26` of days since 1970-01-01.
pub(super) fn date_text(day: i64) -> String {
    let (year, month, day) = time::date(day);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Groups the digits before the point by thousands: `-1234567.50` is `-1,234,567.50`. Other texts stay.
pub(super) fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let (whole, part) = digits.find('.').map_or((digits, ""), |at| digits.split_at(at));
    if !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return number.to_owned();
    }
    let mut text = sign.to_owned();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + part
}

/// A name as a terminal can show it: what would move the cursor, turn the direction of the text or clear the screen is escaped, `\u{1b}`.
pub(super) fn printable(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for one in name.chars() {
        match one {
            '\'' | '"' | '\\' => text.push(one),
            one => text.extend(one.escape_debug()),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{grouped, printable};

    #[test]
    fn a_name_does_not_reach_the_terminal_with_what_steers_it() {
        let names = ["잔액 \"1\".csv", "a\u{1b}[2Jb", "a\nb", "a\u{202e}b", "a\u{9b}b"];
        let expected = ["잔액 \"1\".csv", "a\\u{1b}[2Jb", "a\\nb", "a\\u{202e}b", "a\\u{9b}b"];
        assert_eq!(names.map(printable), expected);
    }

    #[test]
    fn digits_are_grouped_before_the_point() {
        let texts = ["0", "999", "-1234567.50", "1000", "***", "too large"];
        assert_eq!(texts.map(grouped), ["0", "999", "-1,234,567.50", "1,000", "***", "too large"]);
    }
}
