//! The differences as one HTML page: both versions side by side, each row with what changed and what breaks.

use std::fmt::Write as _;

use super::rows::{Cell, Row, Table, Title};
use super::text::{sentence, word};
use super::{Change, Class, Diff, Sender};
use crate::html::escaped;

/// The page. It needs no other file.
pub(super) fn html(diff: &Diff) -> String {
    let mut page = String::new();
    let title = format!("{} {} → {}", diff.new.spec, diff.old.version, diff.new.version);
    let _ = write!(page, "{HEAD}<title>{}</title>\n{STYLE}\n<h1>{}</h1>\n", escaped(&title), escaped(&title));
    verdict(&mut page, diff);
    let general: Vec<_> = diff.changes.iter().filter(|change| change.path.is_none() && !is_of_item(change)).collect();
    if !general.is_empty() {
        page.push_str("<h2>Around the items</h2>\n<table class=\"facts\"><thead><tr><th>Telegram<th>Change<th>Old<th>New</tr></thead><tbody>\n");
        for change in general {
            let of = [change.telegram.as_deref().unwrap_or("the spec"), &change.label].join(" ");
            let cells = [&change.old, &change.new].map(|text| escaped(text.as_deref().unwrap_or_default()));
            let [old, new] = cells;
            let class = word(change.class);
            let _ = writeln!(
                page,
                "<tr class=\"{class}\"><td>{}<td>{class}: {}<td>{old}<td>{new}</tr>",
                escaped(&of),
                change.change
            );
        }
        page.push_str("</tbody></table>\n");
    }
    for table in &diff.rows {
        self::table(&mut page, diff, table);
    }
    page.push_str("</body></html>\n");
    page
}

fn is_of_item(change: &Change) -> bool {
    change.old_bytes.is_some() || change.new_bytes.is_some()
}

fn verdict(page: &mut String, diff: &Diff) {
    if diff.is_empty() {
        page.push_str("<p class=\"verdict good\">No differences.</p>\n");
        return;
    }
    if diff.breaks.is_empty() {
        page.push_str("<p class=\"verdict good\">Nothing breaks: each version reads the telegrams of the other as the same values.</p>\n");
        return;
    }
    let _ = writeln!(page, "<p class=\"verdict bad\">Breaking, for {} reasons.</p>", diff.breaks.len());
    for (sender, title) in
        [(Sender::Old, "Telegrams of the old version"), (Sender::New, "Telegrams of the new version")]
    {
        let own: Vec<_> = diff.breaks.iter().filter(|found| found.sender == sender).collect();
        if own.is_empty() {
            continue;
        }
        let _ = writeln!(page, "<h2>{title} that the other refuses or reads as other values</h2>\n<ul>");
        for found in own {
            let _ = writeln!(page, "<li>{}: {}", escaped(&found.telegram), escaped(&sentence(found)));
        }
        page.push_str("</ul>\n");
    }
}

fn table(page: &mut String, diff: &Diff, table: &Table) {
    let Some(title) = table.new.as_ref().or(table.old.as_ref()) else { return };
    let name = |title: &Option<Title>| {
        title.as_ref().map_or_else(
            || "not there".to_owned(),
            |title| {
                let len = title.len.map_or_else(|| "of varying length".to_owned(), |len| format!("{len} bytes"));
                format!("{} {}, {len}", title.name, title.label)
            },
        )
    };
    let changed = table.rows.iter().any(|row| row.old != row.new)
        || diff.changes.iter().any(|change| change.telegram.as_deref() == Some(&title.name));
    let open = if changed { " open" } else { "" };
    let _ = writeln!(
        page,
        "<details{open}><summary><b>{}</b>{}</summary>\n<table class=\"sides\"><thead><tr><th colspan=\"5\">{}<th colspan=\"5\">{}<th></tr>\n\
         <tr><th>Bytes<th>Length<th>Name<th>Label<th>Kind<th>Bytes<th>Length<th>Name<th>Label<th>Kind<th>What changed</tr></thead><tbody>",
        escaped(&title.name),
        if changed { "" } else { " unchanged" },
        escaped(&name(&table.old)),
        escaped(&name(&table.new))
    );
    for row in &table.rows {
        self::row(page, diff, title, row);
    }
    page.push_str("</tbody></table></details>\n");
}

fn row(page: &mut String, diff: &Diff, title: &Title, row: &Row) {
    let shown = row.new.as_ref().or(row.old.as_ref()).map_or("", |cell| &cell.name);
    let offset = row.new.as_ref().or(row.old.as_ref()).and_then(|cell| cell.offset);
    let own: Vec<_> = diff
        .changes
        .iter()
        .filter(|change| change.telegram.as_deref() == Some(&title.name) && is_of_item(change))
        .filter(|change| match &change.path {
            Some(path) => path == shown,
            None => change.new_bytes.or(change.old_bytes).is_some_and(|bytes| bytes.offset == offset),
        })
        .collect();
    let class = match (&row.old, &row.new) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => own.iter().map(|change| change.class).min().map_or("", word),
    };
    let words: Vec<_> = own
        .iter()
        .filter(|change| change.class != Class::Layout || change.change != "moved")
        .map(|change| change.change)
        .collect();
    let moved = own.iter().any(|change| change.change == "moved");
    let words = if words.is_empty() && moved { "moved".to_owned() } else { words.join(", ") };
    let _ = writeln!(
        page,
        "<tr class=\"{class}\">{}{}<td>{words}</tr>",
        cell(row.old.as_ref(), row.depth),
        cell(row.new.as_ref(), row.depth)
    );
}

fn cell(cell: Option<&Cell>, depth: usize) -> String {
    let Some(cell) = cell else { return "<td><td><td><td><td>".to_owned() };
    let bytes = super::Bytes { offset: cell.offset, len: cell.len }.range();
    let len = cell.len.map_or_else(|| "-".to_owned(), |len| len.to_string());
    format!(
        "<td class=\"number\">{bytes}<td class=\"number\">{len}<td style=\"padding-left: {}em\">{}<td>{}<td>{}",
        depth + 1,
        escaped(&cell.name),
        escaped(&cell.label),
        escaped(&cell.kind)
    )
}

const HEAD: &str = "<!doctype html>\n<html lang=\"ko\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">";

const STYLE: &str = "<style>
:root { color-scheme: light dark; font: 14px/1.5 system-ui, 'Noto Sans KR', 'Noto Sans CJK KR', sans-serif }
body { word-break: keep-all; margin: 2rem auto; max-width: 100rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; font-size: .92em }
th, td { border-bottom: 1px solid #8884; padding: .2em .6em; text-align: left; vertical-align: top }
thead th { position: sticky; top: 0; background: Canvas }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.sides td:nth-child(5), .sides th:nth-child(5), .sides thead tr:first-child th:first-child { border-right: 2px solid #8888 }
tr.added td { background: #2a62 } tr.removed td { background: #c332 }
tr.layout td { background: #d902 } tr.value td { background: #37c2 }
tr.name td { background: #93c2 } tr.document td { background: #8882 }
td:last-child { font-weight: 600 }
.facts td:last-child { font-weight: inherit }
.verdict { font-size: 1.2em; font-weight: 600 } .good { color: #283 } .bad { color: #c22 }
summary { cursor: pointer; font-size: 1.1em; padding: .3em 0 }
@media print { body { margin: 0; max-width: none } thead th { position: static } tr { break-inside: avoid } }
</style></head><body>";
