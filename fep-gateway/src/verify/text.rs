//! The report as text for a terminal.

use std::io::{self, Write};

use super::report::{FieldReport, OutcomesReport, Report, TelegramReport};
use crate::table::{Column, Side, Table};

const TELEGRAMS: Table = Table {
    columns: &[
        Column { heading: "telegram", width: 24, side: Side::Left },
        Column { heading: "read", width: 8, side: Side::Right },
        Column { heading: "compared", width: 10, side: Side::Right },
        Column { heading: "same", width: 10, side: Side::Right },
        Column { heading: "unexplained", width: 11, side: Side::Right },
        Column { heading: "failed", width: 8, side: Side::Right },
    ],
    colour: false,
};

const OUTCOMES: Table = Table {
    columns: &[
        Column { heading: "telegram", width: 24, side: Side::Left },
        Column { heading: "code", width: 8, side: Side::Left },
        Column { heading: "answer", width: 8, side: Side::Left },
        Column { heading: "state here", width: 10, side: Side::Left },
        Column { heading: "count", width: 10, side: Side::Right },
    ],
    colour: false,
};

/// Writes the report.
///
/// # Errors
/// If the output cannot be written.
pub fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let Report { kind, institution, of, .. } = report;
    writeln!(out, "{institution}: {kind} of {of}\n")?;
    TELEGRAMS.heading(out)?;
    for one in &report.telegrams {
        let TelegramReport { telegram, read, compared, same, .. } = one;
        let cells = [
            telegram.clone(),
            read.to_string(),
            compared.to_string(),
            same.to_string(),
            one.unexplained().to_string(),
            one.failed().to_string(),
        ];
        TELEGRAMS.row(out, &cells.map(Into::into))?;
    }
    for one in &report.telegrams {
        one.fields.iter().try_for_each(|field| differing(&one.telegram, field, out))?;
        for failure in &one.failures {
            writeln!(out, "\n{}: {} × {}", one.telegram, failure.count, failure.why)?;
            writeln!(out, "  {}", failure.places.join(", "))?;
        }
    }
    if let Some(outcomes) = &report.outcomes {
        concluded(outcomes, out)?;
    }
    if report.left_out > 0 {
        writeln!(
            out,
            "\n{} were left out: they are about another institution, or more than one run asks",
            report.left_out
        )?;
    }
    if report.trend.len() > 1 {
        writeln!(out, "\nruns")?;
        for run in &report.trend {
            let word = if run.passed { "passed" } else { "not passed" };
            writeln!(
                out,
                "  {}  {} compared, {} unexplained, {} failed: {word}",
                run.at, run.compared, run.unexplained, run.failed
            )?;
        }
    }
    let word = if report.passed { "passed" } else { "not passed" };
    writeln!(out, "\n{word}: {}", report.summary)
}

fn differing(telegram: &str, field: &FieldReport, out: &mut impl Write) -> io::Result<()> {
    let label = if field.label.is_empty() { String::new() } else { format!(" ({})", field.label) };
    let what = match field.explained {
        None => "unexplained".to_owned(),
        Some("ignored") => "differs by nature, as the plan says".to_owned(),
        Some("filled") => "the gateway fills it itself".to_owned(),
        Some(_) => format!("noise: the old side differs from itself {} times", field.noise),
    };
    writeln!(out, "\n{telegram} {}{label}: differs {} times, {what}", field.path, field.differing)?;
    field.examples.iter().try_for_each(|one| writeln!(out, "  {}: old {}, new {}", one.place, one.old, one.new))
}

fn concluded(outcomes: &OutcomesReport, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\nwhat became of the requests, by the rules of the gateway\n")?;
    OUTCOMES.heading(out)?;
    for row in &outcomes.rows {
        let answer = if row.answer == "in_time" { "in time" } else { row.answer };
        let code = row.code.clone().unwrap_or_default();
        let cells = [row.telegram.clone(), code, answer.to_owned(), row.state.to_owned(), row.count.to_string()];
        OUTCOMES.row(out, &cells.map(Into::into))?;
    }
    if outcomes.unmatched_answers > 0 {
        writeln!(out, "\n{} answers belong to no request of the recording", outcomes.unmatched_answers)?;
    }
    if outcomes.sent_again > 0 {
        writeln!(out, "\n{} requests were sent again while nothing had answered them", outcomes.sent_again)?;
    }
    let OutcomesReport { differing, without_state, without_request, .. } = outcomes;
    if let Some(compared) = outcomes.compared {
        writeln!(
            out,
            "\n{compared} states of the old system compared, {differing} differ; {without_state} requests without a state, {without_request} states without \
             a request"
        )?;
        for one in &outcomes.disagreements {
            writeln!(out, "  {} {}: old {}, new {}", one.place, one.telegram, one.old, one.new)?;
        }
    }
    Ok(())
}
