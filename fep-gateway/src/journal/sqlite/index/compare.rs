//! Compares two indexes of one journal row by row.

use std::path::Path;

use rusqlite::{Connection, params};

use super::{Error, IndexReader, JournalError, schema};

/// The tables besides the exchanges, with the columns that name a row.
const TABLES: [(&str, &str, &str); 14] = [
    ("cases", "lower(hex(exchange))", "*"),
    ("case_facts", "lower(hex(exchange)) || ' fact ' || number", "*"),
    ("keys", "institution || ' ' || key", "*"),
    ("traces", "institution || ' day ' || day", "*"),
    ("standing", "institution || ' ' || topic || ' ' || instance", "*"),
    ("owners", "lower(hex(id))", "*"),
    ("takeovers", "'fact ' || number", "*"),
    ("notice_keys", "institution || ' notice of fact ' || notice", "*"),
    ("notices", "lower(hex(id))", "*"),
    ("audit", "'fact ' || number", "*"),
    ("reconciliations", "institution || ' ' || reconciliation || ' day ' || day", "*"),
    ("exceptions", "institution || ' ' || reconciliation || ' day ' || day || ' exception ' || id", "*"),
    ("reconciliation_acts", "'fact ' || number", "*"),
    ("verifications", "'fact ' || number", "*"),
];

/// The rows that differ, each as a sentence, at most `findings_max` for each table and side. `made` is the index that follows
/// from the facts, `kept` the one beside the journal.
pub(in crate::journal) fn differences(
    made: &Path,
    kept: &Path,
    findings_max: u32,
) -> Result<Vec<String>, JournalError> {
    let compare = || -> Result<Vec<String>, Error> {
        let connection = Connection::open(made)?;
        connection.execute("ATTACH ?1 AS kept", params![kept.to_string_lossy()])?;
        let columns: Vec<_> = IndexReader::columns().collect();
        let exchanges = ("exchanges", "lower(hex(id))", &*columns.join(", "));
        let mut findings = Vec::new();
        for (table, name, columns) in TABLES.into_iter().chain([exchanges]) {
            for (one, other, what) in [("main", "kept", "lacks"), ("kept", "main", "has a wrong row of")] {
                let sql = format!(
                    "SELECT {name} FROM (SELECT {columns} FROM {one}.{table} EXCEPT SELECT {columns} FROM {other}.{table})
                     LIMIT {findings_max}"
                );
                let mut statement = connection.prepare(&sql)?;
                let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
                for row in rows {
                    findings.push(format!("the index {what} {table}: {}", row?));
                }
            }
        }
        Ok(findings)
    };
    compare().map_err(|error| schema::at(kept, &error))
}
