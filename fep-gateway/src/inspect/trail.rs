//! The audit trail, newest first: a table, or JSON as that of `GET /v1/audit`.

use std::io::{self, Write};

use clap::Args;
use fep_protocol::audit::{Act, AuditOutcome};

use super::{Files, InspectError, ListForm};
use crate::contract::audit::AuditView;
use crate::journal::filter::{AuditFilter, AuditRecord};
use crate::journal::lookup::Lookup;
use crate::table::{Cell, Column, Side, Table};
use crate::time::{self, Rfc3339};

/// The entries of the audit trail to find.
#[derive(Args, Clone, Debug)]
pub struct TrailOptions {
    /// Only entries from this time on: 2026-11-26T09:00:00+09:00, or 2026-11-26 (0 o'clock UTC).
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    pub since: Option<i64>,
    /// Only entries before this time.
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    pub until: Option<i64>,
    /// Only entries of this institution.
    #[arg(long, value_name = "NAME")]
    pub institution: Option<String>,
    /// Only this act, such as reveal, settle, block or log_in.
    #[arg(long, value_name = "ACT", value_parser = act)]
    pub act: Option<Act>,
    /// Only what ended so: done, refused, or open (nothing says how it ended).
    #[arg(long, value_name = "OUTCOME", value_parser = outcome)]
    pub outcome: Option<AuditOutcome>,
    /// Only what this client did.
    #[arg(long, value_name = "NAME")]
    pub client: Option<String>,
    /// The maximum number of entries.
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub limit: u16,
}

fn act(name: &str) -> Result<Act, String> {
    let names = Act::ALL.map(Act::name).join(", ");
    Act::from_name(name).ok_or_else(|| format!("there is no such act; there are: {names}"))
}

fn outcome(name: &str) -> Result<AuditOutcome, String> {
    let names = AuditOutcome::ALL.map(AuditOutcome::name).join(", ");
    AuditOutcome::from_name(name).ok_or_else(|| format!("there is no such outcome; there are: {names}"))
}

const TABLE: Table = Table {
    columns: &[
        Column { heading: "fact", width: 6, side: Side::Right },
        Column { heading: "time", width: 24, side: Side::Left },
        Column { heading: "institution", width: 12, side: Side::Left },
        Column { heading: "act", width: 13, side: Side::Left },
        Column { heading: "outcome", width: 7, side: Side::Left },
        Column { heading: "person", width: 12, side: Side::Left },
        Column { heading: "about, why and code", width: 20, side: Side::Left },
    ],
    colour: false,
};

/// Lists the entries that the options let pass.
pub(super) fn list(
    files: &Files,
    options: &TrailOptions,
    format: ListForm,
    out: &mut impl Write,
) -> Result<(), InspectError> {
    let lookup = Lookup::open(&files.place()?, files.keys()?.as_ref())?;
    let entries = lookup.audit_trail(&options.filter(), options.limit.into())?;
    if format == ListForm::Table {
        TABLE.heading(out)?;
    }
    for entry in &entries {
        match format {
            ListForm::Table => TABLE.row(out, &cells(entry))?,
            ListForm::Json => {
                serde_json::to_writer(&mut *out, &AuditView::of(entry)).map_err(io::Error::from)?;
                out.write_all(b"\n")?;
            }
        }
    }
    Ok(())
}

fn cells(record: &AuditRecord) -> [Cell; 7] {
    let AuditRecord { number, fact, end } = record;
    let audit = fact.audit.as_deref();
    let exchange = fact.exchange.map(|id| id.to_string());
    let note = audit.map(|audit| audit.note.clone()).filter(|note| !note.is_empty());
    let code = end.as_ref().and_then(|end| end.code.as_deref()).map(str::to_owned);
    let about = exchange.into_iter().chain(audit.and_then(|audit| audit.about.clone())).chain(note).chain(code);
    [
        number.to_string(),
        Rfc3339(fact.at_ms).to_string(),
        fact.institution.to_string(),
        fact.class().unwrap_or_default().to_owned(),
        end.as_ref().map_or("", |end| end.outcome.name()).to_owned(),
        audit.map(|audit| audit.person.clone()).unwrap_or_default(),
        about.collect::<Vec<_>>().join("; "),
    ]
    .map(Cell::from)
}

impl TrailOptions {
    fn filter(&self) -> AuditFilter {
        AuditFilter {
            since_ms: self.since,
            until_ms: self.until,
            behind: None,
            institution: self.institution.clone(),
            act: self.act,
            outcome: self.outcome,
            client: self.client.clone(),
            scope: None,
        }
    }
}
