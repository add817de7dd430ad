//! The list of exchanges or notices, newest first: a table, or JSON as that of `GET /v1/exchanges` and `GET /v1/notices`.

use std::io::{self, Write};

use fep_protocol::delivery::AnsweredBy;
use fep_protocol::exchange::{Exchange, Outcome};

use super::{Files, InspectError, ListForm};
use crate::contract::notices::notice_summary;
use crate::contract::view::summary;
use crate::journal::filter::ExchangeFilter;
use crate::journal::lookup::Lookup;
use crate::journal::notice::{NoticeFilter, StoredNotice};
use crate::table::{Cell, Column, Side, Table};
use crate::time::Rfc3339;

const TABLE: Table = Table {
    columns: &[
        Column { heading: "exchange", width: 22, side: Side::Left },
        Column { heading: "accepted", width: 24, side: Side::Left },
        Column { heading: "institution", width: 12, side: Side::Left },
        Column { heading: "telegram", width: 16, side: Side::Left },
        Column { heading: "trace", width: 8, side: Side::Right },
        Column { heading: "outcome", width: 8, side: Side::Left },
        Column { heading: "ms", width: 6, side: Side::Right },
        Column { heading: "reason and marks", width: 16, side: Side::Left },
    ],
    colour: false,
};

/// Lists the exchanges that the filter lets pass, at most `limit`.
pub(super) fn search(
    files: &Files,
    filter: &ExchangeFilter,
    limit: usize,
    format: ListForm,
    out: &mut impl Write,
) -> Result<(), InspectError> {
    let lookup = Lookup::open(&files.place()?, files.keys()?.as_ref())?;
    lookup.check(filter)?;
    if format == ListForm::Table {
        TABLE.heading(out)?;
    }
    lookup.search(filter, limit, |exchange| -> Result<(), InspectError> {
        match format {
            ListForm::Table => TABLE.row(out, &cells(&exchange))?,
            ListForm::Json => {
                serde_json::to_writer(&mut *out, &summary(&exchange, None)).map_err(io::Error::from)?;
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    })?;
    Ok(())
}

fn cells(exchange: &Exchange) -> [Cell; 8] {
    let taken = exchange.ended_at_ms.map(|ended| ended.saturating_sub(exchange.accepted_at_ms).to_string());
    let settled = exchange.settled_by.map(|by| format!("settled: {}", by.name()));
    // The reason of a request that was passed on says where it went.
    let came_from = exchange.passage.as_ref().filter(|passage| passage.asked().is_some());
    let came_from = came_from.map(ToString::to_string);
    let marks =
        exchange.flags.names().map(str::to_owned).chain(settled).chain(came_from).chain(exchange.reason.clone());
    [
        exchange.id.to_string(),
        Rfc3339(exchange.accepted_at_ms).to_string(),
        exchange.institution.to_string(),
        exchange.telegram.to_string(),
        exchange.trace.clone(),
        exchange.outcome.map_or("running", Outcome::name).to_owned(),
        taken.unwrap_or_default(),
        marks.collect::<Vec<_>>().join("; "),
    ]
    .map(Cell::from)
}

const NOTICES: Table = Table {
    columns: &[
        Column { heading: "notice", width: 22, side: Side::Left },
        Column { heading: "received", width: 24, side: Side::Left },
        Column { heading: "institution", width: 12, side: Side::Left },
        Column { heading: "telegram", width: 16, side: Side::Left },
        Column { heading: "state", width: 11, side: Side::Left },
        Column { heading: "answered by", width: 11, side: Side::Left },
        Column { heading: "attempts", width: 8, side: Side::Right },
        Column { heading: "last failure and marks", width: 22, side: Side::Left },
    ],
    colour: false,
};

/// Lists the notices that the filter lets pass, at most `limit`.
pub(super) fn notices(
    files: &Files,
    filter: &NoticeFilter,
    limit: usize,
    format: ListForm,
    out: &mut impl Write,
) -> Result<(), InspectError> {
    let lookup = Lookup::open(&files.place()?, files.keys()?.as_ref())?;
    lookup.check(&ExchangeFilter::default())?;
    if format == ListForm::Table {
        NOTICES.heading(out)?;
    }
    lookup.search_notices(filter, limit, |notice| -> Result<(), InspectError> {
        match format {
            ListForm::Table => NOTICES.row(out, &notice_cells(&notice))?,
            ListForm::Json => {
                serde_json::to_writer(&mut *out, &notice_summary(&notice, None)).map_err(io::Error::from)?;
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    })?;
    Ok(())
}

fn notice_cells(notice: &StoredNotice) -> [Cell; 8] {
    let count = |count: u64, what: &str| (count > 0).then(|| format!("{what}: {count}"));
    let differs = notice.case.differs().then(|| "answer differs".to_owned());
    let marks = [count(notice.repeats, "repeated"), count(notice.conflicts, "conflicts"), differs];
    let failure = notice.case.last_failure().map(str::to_owned);
    let marks: Vec<_> = failure.into_iter().chain(marks.into_iter().flatten()).collect();
    [
        notice.id.to_string(),
        Rfc3339(notice.id.accepted_at_ms()).to_string(),
        notice.institution.to_string(),
        notice.telegram.to_string(),
        notice.case.stage().name().to_owned(),
        notice.case.answered().map_or("", AnsweredBy::name).to_owned(),
        notice.case.attempts().to_string(),
        marks.join("; "),
    ]
    .map(Cell::from)
}
