//! The marks of what was removed from a journal on purpose.

use fep_protocol::reason::JournalError;
use tokio_postgres::{Client, Error};

use crate::journal::columns::signed;
use crate::journal::store::Removal;

/// The row of a removal.
pub(super) struct RemovalRow<'r> {
    removal: &'r Removal,
    traces: String,
    standing: String,
}

impl<'r> RemovalRow<'r> {
    pub(super) fn of(removal: &'r Removal) -> Result<Self, JournalError> {
        let failed = |error: serde_json::Error| JournalError::Failed(error.to_string());
        let traces: Vec<_> = removal.traces.iter().map(|(name, mark)| (name, mark.day, mark.high)).collect();
        let traces = serde_json::to_string(&traces).map_err(failed)?;
        let standing = serde_json::to_string(&removal.standing).map_err(failed)?;
        Ok(Self { removal, traces, standing })
    }

    pub(super) async fn store(&self, client: &Client) -> Result<(), Error> {
        let Removal { last, before_ms, at_ms, keep_days, .. } = self.removal;
        let sql =
            "INSERT INTO removals (last, before_ms, at_ms, keep_days, traces, standing) VALUES ($1, $2, $3, $4, $5, $6)
                   ON CONFLICT (last) DO UPDATE SET before_ms = excluded.before_ms, at_ms = excluded.at_ms,
                       keep_days = excluded.keep_days, traces = excluded.traces, standing = excluded.standing";
        let last = signed(*last);
        let keep_days = i64::from(*keep_days);
        client.execute(sql, &[&last, before_ms, at_ms, &keep_days, &self.traces, &self.standing]).await.map(drop)
    }
}
