//! The rows of the table of facts in PostgreSQL: many at once in, one by one out.
//!
//! Text of PostgreSQL cannot have NUL, and what an institution sends can. So in text, NUL is written as `␀0`, and `␀` as `␀␀`.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use crate::journal::columns::{COLUMNS, Columns, Kind, LIST, OpenColumns, Value};
use crate::journal::store::FactNumber;
use crate::time::date;

/// Facts as columns, each as long as there are facts.
#[derive(Debug)]
pub(super) struct Rows {
    columns: Vec<Column>,
}

#[derive(Debug)]
enum Column {
    Integers(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
}

/// What marks an escape.
const MARK: char = '\u{2400}';

/// The names of all columns and of the instance, for a statement that selects them.
pub(super) fn names() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| format!("{}, instance", list()));
    &TEXT
}

fn list() -> String {
    LIST.map(|(name, _)| name).join(", ")
}

/// Stores facts of one day, `$1`, in days since 1970, by one instance, `$2`; then come the columns in their order.
pub(super) fn insert() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let arrays: Vec<_> = (3..).zip(LIST).map(|(place, (_, kind))| format!("${place}::{}[]", kind.sql())).collect();
        let list = list();
        format!(
            "INSERT INTO facts (stored_on, instance, {list}) \
             SELECT date '1970-01-01' + $1::int4, $2::text, * FROM unnest({}) AS row ({list})",
            arrays.join(", ")
        )
    });
    &TEXT
}

/// Makes the partition of a day, in days since 1970, if it is not there; `first` is its first fact. It is made beside the table and attached, which
/// waits for no reader.
pub(super) fn partition(day: i32, first: FactNumber) -> String {
    let day = i64::from(day);
    let today = written(day);
    let tomorrow = written(day + 1);
    let table = partition_name("facts", day);
    format!(
        "DO $$ BEGIN IF to_regclass('{table}') IS NULL THEN
             CREATE TABLE {table} (LIKE facts INCLUDING ALL);
             ALTER TABLE facts ATTACH PARTITION {table} FOR VALUES FROM ('{today}') TO ('{tomorrow}');
             INSERT INTO days (stored_on, first) VALUES ('{today}', {first});
         END IF; END $$"
    )
}

/// The name of the table of a day, in days since 1970: `facts_2026_11_20`.
pub(super) fn partition_name(kind: &str, day: i64) -> String {
    format!("{kind}_{}", written(day).replace('-', "_"))
}

fn written(day: i64) -> String {
    let (year, month, date) = date(day);
    format!("{year:04}-{month:02}-{date:02}")
}

impl Rows {
    /// No facts yet, with room for some.
    pub(super) fn with_capacity(room: usize) -> Self {
        let column = |(_, kind): (&str, Kind)| match kind {
            Kind::Integer => Column::Integers(Vec::with_capacity(room)),
            Kind::Text => Column::Texts(Vec::with_capacity(room)),
            Kind::Bytes => Column::Bytes(Vec::with_capacity(room)),
        };
        Self { columns: LIST.map(column).into() }
    }

    /// Adds a fact.
    pub(super) fn push(&mut self, open: &OpenColumns<'_>, bytes: &[u8], sealed: Option<&[u8]>) {
        let bytes = Some(bytes).filter(|bytes| !bytes.is_empty()).map_or(Value::Null, Value::Bytes);
        let rest = [bytes, sealed.map_or(Value::Null, Value::Bytes)];
        for (column, value) in self.columns.iter_mut().zip(open.iter().copied().chain(rest)) {
            match (column, value) {
                (Column::Integers(column), Value::Integer(number)) => column.push(Some(number)),
                (Column::Texts(column), Value::Text(text)) => column.push(Some(escaped(text).into_owned())),
                (Column::Bytes(column), Value::Bytes(bytes)) => column.push(Some(bytes.to_vec())),
                // Each column has values of its kind only.
                (Column::Integers(column), _) => column.push(None),
                (Column::Texts(column), _) => column.push(None),
                (Column::Bytes(column), _) => column.push(None),
            }
        }
    }

    /// The parameters of [`insert`].
    pub(super) fn parameters<'r>(&'r self, day: &'r i32, instance: &'r String) -> Vec<&'r (dyn ToSql + Sync)> {
        let columns = self.columns.iter().map(|column| -> &(dyn ToSql + Sync) {
            match column {
                Column::Integers(values) => values,
                Column::Texts(values) => values,
                Column::Bytes(values) => values,
            }
        });
        let first: [&(dyn ToSql + Sync); 2] = [day, instance];
        first.into_iter().chain(columns).collect()
    }
}

impl Kind {
    fn sql(self) -> &'static str {
        match self {
            Self::Integer => "int8",
            Self::Text => "text",
            Self::Bytes => "bytea",
        }
    }
}

/// Calls a function with the values of a row that has all columns in their order.
pub(super) fn with_columns<T>(row: &Row, each: impl FnOnce(&Columns<'_>) -> T) -> Result<T, Error> {
    let mut texts: [Option<Cow<'_, str>>; COLUMNS] = std::array::from_fn(|_| None);
    for (place, (text, (_, kind))) in texts.iter_mut().zip(LIST).enumerate() {
        if kind == Kind::Text {
            *text = row.try_get::<_, Option<&str>>(place)?.map(plain);
        }
    }
    let mut columns = [Value::Null; COLUMNS];
    for (place, (value, (_, kind))) in columns.iter_mut().zip(LIST).enumerate() {
        *value = match kind {
            Kind::Integer => row.try_get::<_, Option<i64>>(place)?.map_or(Value::Null, Value::Integer),
            Kind::Text => texts.get(place).and_then(Option::as_deref).map_or(Value::Null, Value::Text),
            Kind::Bytes => row.try_get::<_, Option<&[u8]>>(place)?.map_or(Value::Null, Value::Bytes),
        };
    }
    Ok(each(&columns))
}

/// The instance that stored a row with [`names`].
pub(super) fn instance(row: &Row) -> Result<Option<Arc<str>>, Error> {
    Ok(row.try_get::<_, Option<&str>>(COLUMNS)?.map(Arc::from))
}

/// Text without NUL.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', MARK]) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(MARK, "\u{2400}\u{2400}").replace('\0', "\u{2400}0"))
}

/// The text that was escaped.
fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(MARK) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        plain.push(match letter {
            MARK => match letters.next() {
                Some('0') => '\0',
                other => other.unwrap_or(MARK),
            },
            other => other,
        });
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_comes_back_and_has_no_nul_between() {
        for text in ["", "0000", "\0", "\0\0", "␀", "␀0", "␀\0", "\0␀", "␀␀0\0", "한글\0␀0"] {
            let stored = escaped(text);
            assert!(!stored.contains('\0'), "{text:?}");
            assert_eq!(plain(&stored), text, "{stored:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_mix_comes_back(text in "[\0␀0a]{0,12}") {
            let stored = escaped(&text);
            proptest::prop_assert!(!stored.contains('\0'));
            proptest::prop_assert_eq!(plain(&stored), text.as_str());
        }
    }
}
