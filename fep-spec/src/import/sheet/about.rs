//! What is doubtful about a table as a whole: its length, its common part, its types, rows that may not belong to it.
//!
//! The places of the items are compared in `place`, the items themselves in `write`.

use super::grid::{At, Grid};
use super::measure::Measure;
use super::row::SheetRow;
use super::unit::Unit;
use crate::import::plain::word;
use crate::import::{Doubt, Severity};

/// The doubts about a table, each with its row.
pub(super) fn table(unit: &Unit, grid: &Grid) -> Vec<(u32, Doubt)> {
    let mut doubts = Vec::new();
    let top = unit.table.heading.top;
    let first = (top, unit.table.heading.columns.0);
    let doubt = |code: &'static str, severity: Severity, at: At, message: String| {
        (at.0, Doubt { code, severity, origin: grid.origin(at), message, hint: None })
    };
    if let Some((at, total)) = unit.caption.total.filter(|(_, total)| !unit.places.len.are(*total, unit.before)) {
        let len = unit.places.len.full + unit.before;
        let message = format!("the stated length is {total}, and the items have {len} bytes");
        let (_, doubt) = doubt("total", Severity::Error, at, message);
        doubts.push((top, doubt));
    }
    // A grid of a screen or a list of entries has its heading, and no row that could be the group.
    let repeats = |text: &str| {
        let text = word(text);
        ["occurs", "grid", "그리드", "반복부", "(반복", "array"].iter().any(|sign| text.contains(sign))
    };
    let above = unit.table.caption.last().filter(|(_, text)| repeats(text));
    if let Some((at, text)) = above.filter(|_| !unit.places.items.iter().any(|item| item.within.is_some())) {
        let message = format!("`{text}` above the table says that its items repeat: they were taken once");
        let hint = Some("write a row with how often above the items, or a group into the spec".to_owned());
        let (_, once) = doubt("repeat", Severity::Warning, *at, message);
        doubts.push((top, Doubt { hint, ..once }));
    }
    if let Some(row) = unit.table.rows.iter().find(|row| row.is_grouped) {
        let at = row.cells.label.unwrap_or((row.row, 0));
        let message = format!("{} and its neighbours repeat as often: they were taken as one group", row.shown());
        let hint = Some("if each of them repeats by itself, write it so into the spec".to_owned());
        let (row, group) = doubt("repeat", Severity::Warning, at, message);
        doubts.push((row, Doubt { hint, ..group }));
    }
    if let Some(assumed) = &unit.assumed {
        doubts.push(doubt("header", Severity::Warning, first, assumed.clone()));
    }
    if grid.is_hidden_sheet {
        let message = "the sheet is hidden: its table was taken all the same".to_owned();
        let hint = Some("if it is an older version, import the other sheets by --sheet".to_owned());
        let (row, hidden) = doubt("hidden", Severity::Warning, first, message);
        doubts.push((row, Doubt { hint, ..hidden }));
    }
    let is_typed = |row: &SheetRow| !row.letter.is_empty() || matches!(row.measure, Measure::Picture(_));
    if !unit.table.rows.iter().any(is_typed) {
        let message = "the table says no types: all its items are text".to_owned();
        let hint = Some("write the types into the sheet, or change them in the spec".to_owned());
        let (row, untyped) = doubt("type", Severity::Warning, first, message);
        doubts.push((row, Doubt { hint, ..untyped }));
    }
    doubts.extend(unit.table.rows.iter().filter_map(|row| Some((row.row, deleted(row, grid)?))));
    for row in unit.table.rows.iter().filter(|row| !row.is_struck && grid.is_hidden(row.row)) {
        let at = row.cells.label.unwrap_or((row.row, 0));
        let message = format!("{} stands in a hidden row: it was taken as an item", row.shown());
        doubts.push(doubt("hidden", Severity::Warning, at, message));
    }
    if let Some(at) = directions(unit, grid) {
        let message = "some items are said to stand in requests only and others in answers only, and all were put into one telegram";
        let (row, mixed) = doubt("direction", Severity::Warning, at, message.to_owned());
        let hint = Some("divide the table into one for requests and one for answers".to_owned());
        doubts.push((row, Doubt { hint, ..mixed }));
    }
    doubts
}

/// What is said about a row that is deleted, or may be.
fn deleted(row: &SheetRow, grid: &Grid) -> Option<Doubt> {
    let label = row.cells.label.unwrap_or((row.row, 0));
    let (severity, at, what) = match (row.is_struck, row.marked) {
        (true, Some(at)) => (Severity::Warning, at, "is marked as deleted: it was left out"),
        (true, None) => (Severity::Note, label, "is struck through: it was left out"),
        (false, Some(at)) => {
            (Severity::Warning, at, "is struck through in a part of its row only: it was taken as an item")
        }
        (false, None) => return None,
    };
    let message = format!("{} {what}", row.shown());
    Some(Doubt { code: "deleted", severity, origin: grid.origin(at), message, hint: None })
}

/// The first cell of a column whose cells divide the items into those of requests and those of answers.
fn directions(unit: &Unit, grid: &Grid) -> Option<At> {
    let heading = &unit.table.heading;
    let says = |at: At, words: &[&str]| {
        let text = word(grid.text(at));
        words.contains(&text.trim_end_matches("전문").trim_end_matches("용").trim_end_matches("만"))
    };
    (heading.columns.0..=heading.columns.1).find_map(|column| {
        let cells = || unit.table.rows.iter().map(move |row| (row.row, column));
        let request = cells().find(|at| says(*at, &["요청", "요구", "request", "req"]))?;
        let answer = cells().find(|at| says(*at, &["응답", "response", "answer", "res", "rsp"]))?;
        Some(request.min(answer))
    })
}
