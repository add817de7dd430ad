//! The report as text for a terminal: the sums, and a table of the findings.

use std::io::{self, Write};

use super::balance_text;
use super::report::{Amounts, Line, Report};
use super::terms::{grouped, printable};
use crate::table::{Cell, Column, Side, Table};

const SUMS: Table = Table {
    columns: &[
        Column { heading: "", width: 30, side: Side::Left },
        Column { heading: "count", width: 11, side: Side::Right },
        Column { heading: "amount", width: 20, side: Side::Right },
    ],
    colour: false,
};

const FINDINGS: Table = Table {
    columns: &[
        Column { heading: "finding", width: 20, side: Side::Left },
        Column { heading: "key", width: 24, side: Side::Left },
        Column { heading: "record", width: 8, side: Side::Right },
        Column { heading: "amount there", width: 16, side: Side::Right },
        Column { heading: "file says", width: 9, side: Side::Left },
        Column { heading: "amount here", width: 16, side: Side::Right },
        Column { heading: "here", width: 9, side: Side::Left },
        Column { heading: "date here", width: 10, side: Side::Left },
        Column { heading: "exchange", width: 22, side: Side::Left },
    ],
    colour: false,
};

/// Writes the report.
///
/// # Errors
/// If the output cannot be written.
pub fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let Report { institution, reconciliation, date, file, file_sha256, .. } = report;
    writeln!(out, "{institution}: {reconciliation} of {date}")?;
    writeln!(out, "{}, SHA-256 {file_sha256}\n", printable(file))?;
    SUMS.heading(out)?;
    report.sums().into_iter().try_for_each(|(words, amounts)| sum(out, words.english, amounts))?;
    for class in report.classes.iter().filter(|class| class.sums.count > 0) {
        sum(out, class.class.words().english, &class.sums)?;
    }
    if !report.findings.is_empty() {
        writeln!(out, "\nkey: {}", report.key.join(" / "))?;
        FINDINGS.heading(out)?;
        report.findings.iter().try_for_each(|line| FINDINGS.row(out, &cells(line)))?;
    }
    if report.not_shown > 0 {
        writeln!(out, "… and {} more, which --findings-max left out", report.not_shown)?;
    }
    let open = report.classes.iter().filter(|class| class.sums.count > 0);
    for class in open {
        writeln!(out, "\n{}: {}", class.class.words().english, class.class.advice())?;
    }
    report.balances.iter().try_for_each(|balances| balance_text::write(balances, out))?;
    match report.exceptions {
        0 => writeln!(out, "\nnothing needs a person"),
        1 => writeln!(out, "\n1 finding needs a person"),
        count => writeln!(out, "\n{count} findings need a person"),
    }
}

fn sum(out: &mut impl Write, name: &str, Amounts { count, amount }: &Amounts) -> io::Result<()> {
    let amount = amount.as_deref().map(grouped).unwrap_or_default();
    SUMS.row(out, &[name.to_owned(), grouped(&count.to_string()), amount].map(Cell::from))
}

fn cells(line: &Line) -> [Cell; 9] {
    let amount = |amount: Option<&String>| amount.map(|amount| grouped(amount)).unwrap_or_default();
    let there = line.there.as_ref();
    let here = line.here.as_ref();
    [
        line.class.words().english.to_owned(),
        line.key.join(" / "),
        there.map(|there| there.record.to_string()).unwrap_or_default(),
        amount(there.and_then(|there| there.amount.as_ref())),
        line.file_says.unwrap_or_default().to_owned(),
        amount(here.and_then(|here| here.amount.as_ref())),
        here.map(|here| here.state).unwrap_or_default().to_owned(),
        here.map(|here| here.date.clone()).unwrap_or_default(),
        here.and_then(|here| here.exchange).map(|id| id.to_string()).unwrap_or_default(),
    ]
    .map(Cell::from)
}
