//! What the old system says became of its requests: a CSV file with the fields that tell requests apart and a column `state`.

use std::collections::HashMap;
use std::fmt;
use std::io::Read;

use fep_codec::layout::Layout;
use fep_codec::view::find;

/// The maximum number of rows.
const ROWS_MAX: usize = 2_000_000;

/// The maximum length of a file, in bytes.
const FILE_MAX_BYTES: u64 = 256 << 20;

/// The name of the column with the state.
const STATE: &str = "state";

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// It was carried out.
    Done,
    /// It was not carried out and never will be.
    NotDone,
    /// It was carried out and moved back, or will never be carried out.
    Reversed,
    /// Nobody knows.
    Unknown,
    /// It moves no money and was answered.
    Answered,
}

impl State {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Done, Self::NotDone, Self::Reversed, Self::Unknown, Self::Answered];

    /// The word in files and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NotDone => "not_done",
            Self::Reversed => "reversed",
            Self::Unknown => "unknown",
            Self::Answered => "answered",
        }
    }
}

/// The states by the values of their key fields.
#[derive(Clone, Debug, Default)]
pub struct States {
    paths: Vec<String>,
    rows: HashMap<Vec<String>, State>,
}

/// A file of states that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatesError(String);

impl fmt::Display for StatesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StatesError {}

impl States {
    /// Reads a CSV file. Its first row names the columns: paths of request fields, and `state`, whose values are those of [`State::name`].
    ///
    /// # Errors
    /// If a row cannot be read, has an unknown state, or is there twice.
    pub fn read(input: impl Read) -> Result<Self, StatesError> {
        let mut input = input.take(FILE_MAX_BYTES + 1);
        let mut reader = csv::Reader::from_reader(&mut input);
        // The text of the error could show a value.
        let bad = |error: csv::Error| {
            let line = error.position().map_or(1, csv::Position::line);
            let why = match error.kind() {
                csv::ErrorKind::Io(why) => why.to_string(),
                csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".to_owned(),
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    format!("it has {len} values, and the first row names {expected_len} columns")
                }
                _ => "it is no row of a CSV file".to_owned(),
            };
            StatesError(format!("line {line}: {why}"))
        };
        let headers = reader.headers().map_err(bad)?.clone();
        let place = headers.iter().position(|name| name == STATE);
        let place = place
            .ok_or_else(|| StatesError(format!("no column is called `{STATE}`: the first row names the columns")))?;
        let others = |row: &csv::StringRecord| -> Vec<String> {
            row.iter().enumerate().filter(|(at, _)| *at != place).map(|(_, text)| plain(text)).collect()
        };
        let paths: Vec<String> = others(&headers);
        if paths.is_empty() {
            return Err(StatesError(
                "no column tells requests apart: add one with the path of a field, such as header.trace_no".into(),
            ));
        }
        let mut rows = HashMap::new();
        for row in reader.records() {
            let row = row.map_err(bad)?;
            let line = row.position().map_or(0, csv::Position::line);
            let word = row.get(place).unwrap_or_default().trim();
            let Some(state) = State::ALL.into_iter().find(|state| state.name() == word) else {
                let known = State::ALL.map(State::name).join(", ");
                return Err(StatesError(format!("line {line}: the column `{STATE}` has no state: {known}")));
            };
            if rows.insert(others(&row), state).is_some() {
                return Err(StatesError(format!(
                    "line {line}: a row before has the same values: {}",
                    paths.join(", ")
                )));
            }
            if rows.len() > ROWS_MAX {
                return Err(StatesError(format!("it has more than {ROWS_MAX} rows")));
            }
        }
        if input.limit() == 0 {
            return Err(StatesError(format!("it is longer than {FILE_MAX_BYTES} bytes")));
        }
        Ok(Self { paths, rows })
    }

    /// The paths of the fields that tell requests apart.
    pub(super) fn paths(&self) -> &[String] {
        &self.paths
    }

    /// Takes the state of the request with these values.
    pub(super) fn take(&mut self, values: &[String]) -> Option<State> {
        self.rows.remove(values)
    }

    /// How many are left.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
}

/// The values of fields of a telegram, as text. `None` if it lacks one.
pub(super) fn values(layout: &Layout, telegram: &[u8], paths: &[String]) -> Option<Vec<String>> {
    let value = |path: &String| {
        let (field, range) = find(layout, telegram, path).ok()?;
        Some(plain(&field.key_text(telegram.get(range)?)))
    };
    paths.iter().map(value).collect()
}

/// A value without blanks around it, and without leading zeros if it has only digits: `0000005` and `5` are one trace number.
///
/// And a date is its digits: `2026-11-21` is `20261121`, as in the telegram.
fn plain(text: &str) -> String {
    let text = text.trim();
    let date = text.replace('-', "");
    let is_date = text.len() == 10 && date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit());
    let text = if is_date { &date } else { text };
    let short = text.trim_start_matches('0');
    match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true if short.is_empty() && !text.is_empty() => "0".to_owned(),
        true => short.to_owned(),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said() {
        for (text, why) in [
            ("a,b\n1,2\n", "no column is called `state`"),
            ("state\ndone\n", "no column tells requests apart"),
            (
                "a,state\n1,carried out\n",
                "line 2: the column `state` has no state: done, not_done, reversed, unknown, answered",
            ),
            ("a,state\n1,done\n1,unknown\n", "line 3: a row before has the same values: a"),
            ("a,state\n1\n", "line 2: it has 1 values, and the first row names 2 columns"),
        ] {
            let error = States::read(text.as_bytes()).unwrap_err();
            assert!(error.0.contains(why), "{error}");
        }
    }

    #[test]
    fn leading_zeros_of_numbers_do_not_count() {
        for (text, expected) in [
            (" 007 ", "7"),
            ("000", "0"),
            ("", ""),
            ("0A1", "0A1"),
            ("10", "10"),
            ("-07", "-07"),
            ("2026-11-21", "20261121"),
            ("0001-01-01", "10101"),
        ] {
            assert_eq!(plain(text), expected);
        }
    }

    #[test]
    fn rows_are_found_by_their_values_once() {
        let mut states = States::read("b,state,a\n 02 ,not_done,1\n".as_bytes()).unwrap();
        assert_eq!(states.paths(), ["b", "a"]);
        assert_eq!(states.take(&["2".into(), "1".into()]), Some(State::NotDone));
        assert_eq!((states.take(&["2".into(), "1".into()]), states.len()), (None, 0));
    }
}
