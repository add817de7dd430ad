//! How much is open: what is unknown, undelivered, or needs a person.

use fep_protocol::exchange::ExchangeId;
use rusqlite::{Error, Row, params};

use super::{IndexReader, StoreError, failed, unsigned};
use crate::journal::filter::{OPEN_MAX, OpenCount, OpenKind};

/// What is counted, and where it is. Each stops after a number, so that a disaster does not hold up other readers.
const COUNTED: [(OpenKind, &str); 4] = [
    (
        OpenKind::Unsettled,
        "SELECT institution, telegram, id FROM exchanges WHERE outcome = 'unknown' AND settled_by IS NULL LIMIT ?1",
    ),
    (
        OpenKind::DeadLetter,
        "SELECT institution, telegram, id FROM cases CROSS JOIN exchanges ON id = exchange WHERE needs_person LIMIT ?1",
    ),
    (OpenKind::Undelivered, "SELECT institution, telegram, id FROM notices WHERE state = 'delivering' LIMIT ?1"),
    (OpenKind::DeadNotice, "SELECT institution, telegram, id FROM notices WHERE state = 'dead_letter' LIMIT ?1"),
];

impl IndexReader {
    /// How much is open, by kind, institution and telegram.
    pub(in crate::journal) fn open_counts(&self) -> Result<Vec<OpenCount>, StoreError> {
        let mut counts = Vec::new();
        for (kind, from) in COUNTED {
            counts.extend(self.open_of(kind, from).map_err(failed)?);
        }
        Ok(counts)
    }

    fn open_of(&self, kind: OpenKind, from: &str) -> Result<Vec<OpenCount>, Error> {
        let sql = format!(
            "SELECT institution, telegram, count(*), min(id) FROM ({from}) GROUP BY institution, telegram
             ORDER BY institution, telegram"
        );
        let row = |row: &Row<'_>| {
            let oldest = ExchangeId::from_bytes(&row.get::<_, [u8; ExchangeId::LEN]>(3)?);
            Ok(OpenCount {
                kind,
                institution: row.get(0)?,
                telegram: row.get(1)?,
                count: unsigned(row.get(2)?),
                oldest_ms: oldest.map_or(0, |id| id.accepted_at_ms()),
            })
        };
        self.connection.prepare_cached(&sql)?.query_map(params![OPEN_MAX], row)?.collect()
    }
}
