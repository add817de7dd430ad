//! Counted balances as text for a terminal, and as a part of the HTML page: the sums, and each finding with the movements that can explain it.

use std::io::{self, Write};

use fep_spec::html::escaped;

use super::balances::{BalanceLine, BalanceOf, BalanceReport, MovementLine, Range};
use super::terms::{grouped, printable};
use super::words::{
    BALANCES_AGREE, BALANCES_TOLD, IN_SNAPSHOT, MOVEMENTS, NEITHER, NEITHER_ADVICE, UNCERTAIN_MOVEMENTS, Words,
};
use crate::table::{Cell, Column, Side, Table};

const SUMS: Table = Table {
    columns: &[
        Column { heading: "", width: 30, side: Side::Left },
        Column { heading: "count", width: 11, side: Side::Right },
    ],
    colour: false,
};

const FINDINGS: Table = Table {
    columns: &[
        Column { heading: "finding", width: 20, side: Side::Left },
        Column { heading: "account", width: 20, side: Side::Left },
        Column { heading: "snapshot", width: 18, side: Side::Right },
        Column { heading: "counted", width: 38, side: Side::Right },
        Column { heading: "told", width: 18, side: Side::Right },
        Column { heading: "difference", width: 16, side: Side::Right },
    ],
    colour: false,
};

const MOVES: Table = Table {
    columns: &[
        Column { heading: "", width: 2, side: Side::Left },
        Column { heading: "", width: 8, side: Side::Left },
        Column { heading: "", width: 16, side: Side::Right },
        Column { heading: "", width: 51, side: Side::Left },
        Column { heading: "", width: 7, side: Side::Left },
        Column { heading: "", width: 22, side: Side::Left },
        Column { heading: "", width: 14, side: Side::Left },
    ],
    colour: false,
};

/// What all forms of a report show of the two sides.
pub(super) fn sums(report: &BalanceReport) -> Vec<(Words, u64)> {
    let both = [(BALANCES_TOLD, report.told), (IN_SNAPSHOT, report.in_snapshot), (BALANCES_AGREE, report.agree)];
    let moved =
        [(MOVEMENTS, report.movements), (UNCERTAIN_MOVEMENTS, report.uncertain_movements), (NEITHER, report.neither)];
    let found = report.classes.iter().filter(|class| class.count > 0).map(|class| (class.class.words(), class.count));
    both.into_iter().chain(moved).chain(found).collect()
}

/// `1,000` or `from 1,000 to 1,130`.
pub(super) fn range(Range { low, high }: &Range) -> String {
    if low == high { grouped(low) } else { format!("from {} to {}", grouped(low), grouped(high)) }
}

/// Writes the balances for a terminal.
///
/// # Errors
/// If the output cannot be written.
pub(super) fn write(report: &BalanceReport, out: &mut impl Write) -> io::Result<()> {
    let BalanceReport { told_at, told_file, snapshot_at, snapshot_file, snapshot_sha256, .. } = report;
    let [told_file, snapshot_file] = [told_file, snapshot_file].map(|name| printable(name));
    writeln!(out, "\nbalances at {told_at}, told by {told_file}")?;
    writeln!(out, "counted from {snapshot_file} of {snapshot_at}, SHA-256 {snapshot_sha256}\n")?;
    SUMS.heading(out)?;
    for (words, count) in sums(report) {
        SUMS.row(out, &[words.english.to_owned(), grouped(&count.to_string())].map(Cell::from))?;
    }
    if !report.findings.is_empty() {
        writeln!(out)?;
        FINDINGS.heading(out)?;
    }
    report.findings.iter().try_for_each(|line| finding(line, out))?;
    if report.not_shown > 0 {
        writeln!(out, "… and {} more, which --findings-max left out", report.not_shown)?;
    }
    for class in report.classes.iter().filter(|class| class.count > 0) {
        writeln!(out, "\n{}: {}", class.class.words().english, class.class.advice())?;
    }
    if report.neither_needs_a_person {
        writeln!(out, "\n{}: {NEITHER_ADVICE}", NEITHER.english)?;
    }
    Ok(())
}

fn finding(line: &BalanceLine, out: &mut impl Write) -> io::Result<()> {
    let balance = |of: Option<&BalanceOf>| of.map(|of| grouped(&of.balance)).unwrap_or_default();
    let cells = [
        line.class.words().english.to_owned(),
        line.account.clone().unwrap_or_default(),
        balance(line.snapshot.as_ref()),
        line.counted.as_ref().map(range).unwrap_or_default(),
        balance(line.told.as_ref()),
        line.difference.as_deref().map(grouped).unwrap_or_default(),
    ];
    FINDINGS.row(out, &cells.map(Cell::from))?;
    for movement in &line.movements {
        let cells = [
            String::new(),
            movement.fate.name().to_owned(),
            grouped(&movement.amount),
            span(movement),
            movement.counts.to_owned(),
            movement.exchange.map(|id| id.to_string()).unwrap_or_default(),
            explains(movement).to_owned(),
        ];
        MOVES.row(out, &cells.map(Cell::from))?;
    }
    if line.movements_not_shown > 0 {
        writeln!(out, "    … and {} more movements", line.movements_not_shown)?;
    }
    Ok(())
}

/// When a movement can have been.
pub(super) fn span(movement: &MovementLine) -> String {
    match &movement.until {
        Some(until) => format!("{} … {until}", movement.since),
        None => format!("{} … ?", movement.since),
    }
}

fn explains(movement: &MovementLine) -> &'static str {
    if movement.explains { "explains it" } else { "" }
}

/// Writes the balances as a part of a page.
///
/// # Errors
/// If the output cannot be written.
pub(super) fn write_page(report: &BalanceReport, out: &mut impl Write) -> io::Result<()> {
    let BalanceReport { told_at, snapshot_at, snapshot_sha256, .. } = report;
    let told = escaped(&report.told_file);
    let snapshot = escaped(&report.snapshot_file);
    writeln!(out, "<h2>Balances <span lang=\"ko\">잔액</span></h2>\n<dl>")?;
    writeln!(out, "<dt>Told <span lang=\"ko\">통보</span></dt><dd>{told} {told_at}</dd>")?;
    writeln!(
        out,
        "<dt>Snapshot <span lang=\"ko\">기준</span></dt><dd>{snapshot} {snapshot_at} <code>{snapshot_sha256}</code></dd>\n</dl>"
    )?;
    writeln!(out, "<table>")?;
    for (Words { english, korean }, count) in sums(report) {
        let count = grouped(&count.to_string());
        writeln!(
            out,
            "<tr><th scope=\"row\">{english} <span lang=\"ko\">{korean}</span></th><td class=\"n\">{count}</td></tr>"
        )?;
    }
    writeln!(out, "</table>")?;
    for class in report.classes.iter().filter(|class| class.count > 0) {
        let Words { english, korean } = class.class.words();
        writeln!(out, "<h3>{english} <span lang=\"ko\">{korean}</span></h3>\n<p>{}</p>", class.class.advice())?;
    }
    if report.neither_needs_a_person {
        let Words { english, korean } = NEITHER;
        writeln!(out, "<h3>{english} <span lang=\"ko\">{korean}</span></h3>\n<p>{NEITHER_ADVICE}</p>")?;
    }
    if report.findings.is_empty() {
        return Ok(());
    }
    writeln!(out, "<table>\n<tr>")?;
    let columns = [
        ("Finding", "구분", false),
        ("Account", "계좌", false),
        ("Snapshot", "기준 잔액", true),
        ("Counted", "계산 잔액", true),
        ("Told", "통보 잔액", true),
        ("Difference", "차이", true),
        ("Movements", "거래", false),
    ];
    for (english, korean, is_number) in columns {
        let mark = if is_number { " class=\"n\"" } else { "" };
        writeln!(out, "<th scope=\"col\"{mark}>{english} <span lang=\"ko\">{korean}</span></th>")?;
    }
    writeln!(out, "</tr>")?;
    report.findings.iter().try_for_each(|line| page_row(line, out))?;
    writeln!(out, "</table>")?;
    if report.not_shown > 0 {
        writeln!(out, "<p>{} more are not shown.</p>", report.not_shown)?;
    }
    Ok(())
}

fn page_row(line: &BalanceLine, out: &mut impl Write) -> io::Result<()> {
    let balance = |of: Option<&BalanceOf>| of.map(|of| grouped(&of.balance)).unwrap_or_default();
    write!(out, "<tr><td>{}</td>", line.class.words().english)?;
    write!(out, "<td>{}</td>", escaped(line.account.as_deref().unwrap_or_default()))?;
    write!(out, "<td class=\"n\">{}</td>", balance(line.snapshot.as_ref()))?;
    write!(out, "<td class=\"n\">{}</td>", line.counted.as_ref().map(range).unwrap_or_default())?;
    write!(out, "<td class=\"n\">{}</td>", balance(line.told.as_ref()))?;
    write!(out, "<td class=\"n\">{}</td><td>", line.difference.as_deref().map(grouped).unwrap_or_default())?;
    for movement in &line.movements {
        let id = movement.exchange.map(|id| id.to_string()).unwrap_or_default();
        let amount = grouped(&movement.amount);
        let [fate, counts, span, note] = [movement.fate.name(), movement.counts, &span(movement), explains(movement)];
        write!(out, "{fate} {amount} {span} {counts} <code>{id}</code> <b>{note}</b><br>")?;
    }
    if line.movements_not_shown > 0 {
        write!(out, "… and {} more", line.movements_not_shown)?;
    }
    writeln!(out, "</td></tr>")
}
