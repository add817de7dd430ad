//! The table of verifications: a row for each run that was told. What a run found stays in the journal: only its counts are here.

use fep_protocol::fact::Fact;
use fep_protocol::verification::{VerificationCounts, VerificationFact};

use super::column::{Cell, Column, Kind};
use crate::time::Rfc3339;

/// The columns. A new one goes to the end.
const COLUMNS: [(&str, Kind, &str); 21] = [
    ("fact", Kind::Integer, "the fact of the run. Of several rows of one run, the one with the lowest counts"),
    ("business_date", Kind::Date, "the business date of the institution when the run was told"),
    ("institution", Kind::Text, "the institution"),
    ("verification", Kind::Text, "the name of the verification"),
    ("run", Kind::Text, "the name of the run"),
    ("told_at", Kind::Timestamp, "when the run was told"),
    ("made_at", Kind::Timestamp, "when the run began"),
    ("client", Kind::Text, "the client that told it, if clients have names"),
    ("kind", Kind::Text, "reads: what a candidate answered; writes: what the new side would send"),
    ("compared_with", Kind::Text, "the name of the candidate, or of the recording"),
    ("since", Kind::Timestamp, "when the span of the requests begins"),
    ("until", Kind::Timestamp, "when it ends"),
    ("passed", Kind::Boolean, "whether enough was compared and nothing is unexplained"),
    ("whole", Kind::Boolean, "whether the run came to its end"),
    ("compared", Kind::Integer, "how many telegrams were compared"),
    ("same", Kind::Integer, "how many of them were the same, byte for byte"),
    ("failed", Kind::Integer, "how many could not be compared"),
    ("unexplained", Kind::Integer, "how many differences of fields have no reason"),
    ("explained", Kind::Integer, "how many differences of fields have one"),
    ("compared_clean", Kind::Integer, "how many were compared since the last finding, with the runs before"),
    ("compared_min", Kind::Integer, "how many it takes to pass"),
];

/// The columns of the table.
pub(super) fn columns() -> Vec<Column> {
    let column = |(name, kind, label): &(&str, Kind, &str)| Column {
        name: (*name).to_owned(),
        kind: *kind,
        label: (*label).to_owned(),
    };
    COLUMNS.iter().map(column).collect()
}

/// The row of a run that was told on this business date.
pub(super) fn row((number, fact): (u64, &Fact), told: &VerificationFact, date: &str) -> Vec<Cell> {
    let VerificationFact { name, run, client, counts, .. } = told;
    let VerificationCounts { kind, of, made_at_ms, since_ms, until_ms, passed, whole, compared, same, .. } = counts;
    let VerificationCounts { failed, unexplained, explained, compared_clean, compared_min, .. } = counts;
    let count = |count: u64| Cell::Number(count.into(), count.to_string());
    let time = |at_ms: Option<i64>| Cell::of(at_ms.map(Rfc3339));
    vec![
        count(number),
        Cell::text(date),
        Cell::text(&*fact.institution),
        Cell::text(name),
        Cell::text(run),
        time(Some(fact.at_ms)),
        time(Some(*made_at_ms)),
        Cell::of(client.as_ref()),
        Cell::text(kind.name()),
        Cell::text(of),
        time(*since_ms),
        time(*until_ms),
        Cell::text(passed.to_string()),
        Cell::text(whole.to_string()),
        count(*compared),
        count(*same),
        count(*failed),
        count(*unexplained),
        count(*explained),
        count(*compared_clean),
        count(*compared_min),
    ]
}
