//! The bytes of a telegram as a bar: rows of a hundred bytes, each field as wide as it is long.
//!
//! ```text
//!   1 │ 전문길이 │  식별코드   │ 업체코드 │ …        each field is a link to its row, with its place in its label
//! 101 │      출금계좌번호      │    출금금액   │ …
//! ```
//!
//! A group shows its first entry, then one piece for the others. Behind what varies the numbers at the rows end.

use super::super::model::{Page, Row, Times};
use super::super::words::Text;
use super::markup::{Markup, escaped};

/// The number of bytes in a row of the ruler.
const ROW_BYTES: usize = 100;
/// The width of something whose length varies, in bytes.
const VARYING_BYTES: usize = 8;
/// The maximum number of rows. The table shows what is behind them.
const ROWS_MAX: usize = 48;

/// Something with a width.
struct Piece {
    /// The id of its row.
    id: String,
    label: String,
    /// The label for people who cannot see it, and under the ruler.
    about: Text,
    class: &'static str,
    len: usize,
    varies: bool,
}

impl Markup<'_> {
    /// The ruler of a telegram or a part.
    pub(super) fn ruler(&mut self, section: &str, rows: &[Row]) {
        let mut pieces = Vec::new();
        collect(self.page, section, rows, Some(0), 0, &mut pieces);
        if pieces.is_empty() {
            return;
        }
        self.raw("<div class=ruler>");
        let mut bar = Bar { at: 0, rows: 0, exact: true, open: false };
        for piece in &pieces {
            if bar.rows >= ROWS_MAX && bar.at.is_multiple_of(ROW_BYTES) {
                break;
            }
            self.piece(piece, &mut bar);
        }
        if bar.open {
            self.raw("</div></div>");
        }
        self.raw("</div>\n");
    }

    fn piece(&mut self, piece: &Piece, bar: &mut Bar) {
        let mut left = piece.len;
        let mut first = true;
        while left > 0 {
            self.begin_row(bar);
            let room = ROW_BYTES - bar.at % ROW_BYTES;
            let width = left.min(room);
            let class = piece.class;
            if first {
                let id = escaped(&piece.id);
                let label = escaped(&piece.label);
                let about = escaped(piece.about.get(self.lang));
                let [ko, en] = [&piece.about.ko, &piece.about.en].map(|text| escaped(text));
                let alt =
                    if piece.about.is_same() { String::new() } else { format!(" data-ko=\"{ko}\" data-en=\"{en}\"") };
                self.raw(&format!(
                    "<a class=\"s{width} {class}\" href=\"#{id}\" aria-label=\"{about}\"{alt}><span>{label}</span></a>"
                ));
            } else {
                self.raw(&format!("<i class=\"s{width} {class}\"></i>"));
            }
            first = false;
            bar.at += width;
            left -= width;
            // Whole rows of one field are one row: nothing begins in them.
            if left >= 2 * ROW_BYTES && bar.at.is_multiple_of(ROW_BYTES) {
                let skipped = (left / ROW_BYTES) * ROW_BYTES;
                self.begin_row(bar);
                self.raw(&format!("<i class=\"s{ROW_BYTES} {class} skip\">⋯ {skipped}</i>"));
                bar.at += skipped;
                left -= skipped;
            }
        }
        bar.exact &= !piece.varies;
    }

    fn begin_row(&mut self, bar: &mut Bar) {
        if !bar.at.is_multiple_of(ROW_BYTES) {
            return;
        }
        let number = if bar.exact { (bar.at + 1).to_string() } else { String::new() };
        let close = if bar.open { "</div></div>" } else { "" };
        self.raw(&format!("{close}<div class=line><b>{number}</b><div class=bytes>"));
        bar.open = true;
        bar.rows += 1;
    }
}

/// The ruler so far.
struct Bar {
    /// The bytes that stand in it.
    at: usize,
    rows: usize,
    /// Whether `at` is an offset in the telegram.
    exact: bool,
    /// Whether a row is open.
    open: bool,
}

fn collect(page: &Page, section: &str, rows: &[Row], base: Option<usize>, depth: usize, pieces: &mut Vec<Piece>) {
    for row in rows {
        let offset = base.zip(row.offset).and_then(|(base, offset)| base.checked_add(offset));
        let is_leaf = !matches!(row.kind, "part" | "group") || depth > DEPTH_MAX;
        if is_leaf {
            pieces.push(leaf(section, row, offset));
        } else {
            let shared = row.part.as_ref().and_then(|name| page.parts.iter().find(|part| part.name == *name));
            match shared {
                Some(part) => collect(page, &format!("p-{}", part.name), &part.rows, offset, depth + 1, pieces),
                None => collect(page, section, &row.rows, base, depth + 1, pieces),
            }
        }
        pieces.extend(row.times.and_then(|times| others(section, row, times)));
    }
}

/// The maximum depth of parts in each other, which a spec cannot reach.
const DEPTH_MAX: usize = 64;

fn leaf(section: &str, row: &Row, offset: Option<usize>) -> Piece {
    let varies = row.len.is_none() || row.is_tail;
    let len = row.len.filter(|_| !varies).unwrap_or(VARYING_BYTES);
    let name = name(row);
    Piece {
        id: format!("{section}-{}", row.number),
        about: about(&name, row, offset),
        label: name,
        class: colour(if row.computed { "computed" } else { row.kind }),
        len,
        varies,
    }
}

/// The name on the sheet, or the last name of the path, or the kind.
fn name(row: &Row) -> String {
    let path = row.path.as_deref().and_then(|path| path.rsplit('.').next());
    if row.label.is_empty() { path.unwrap_or(row.kind).to_owned() } else { row.label.clone() }
}

fn about(name: &str, row: &Row, offset: Option<usize>) -> Text {
    let path = row.path.as_ref().filter(|path| *path != name).map(|path| format!(" · {path}")).unwrap_or_default();
    let len = match row.len {
        Some(len) if row.is_tail => format!("≤ {len}"),
        Some(len) => len.to_string(),
        None => "?".to_owned(),
    };
    let place = |word: &str| match (offset, row.len.filter(|_| !row.is_tail)) {
        (Some(offset), Some(len)) => format!(" · {}–{} ({word} {offset})", offset + 1, offset + len),
        (Some(offset), None) => format!(" · {}– ({word} {offset})", offset + 1),
        (None, _) => String::new(),
    };
    let kind = &row.kind_text;
    Text::new(
        format!("{name}{path}{} · {len}바이트 · {}", place("오프셋"), kind.ko),
        format!("{name}{path}{} · {len} bytes · {}", place("offset"), kind.en),
    )
}

/// The entries of a group behind the first one.
fn others(section: &str, row: &Row, times: Times) -> Option<Piece> {
    let more = times.max.saturating_sub(1);
    let fixed = row.len.filter(|_| !times.varies);
    if more == 0 && !times.varies {
        return None;
    }
    let name = name(row);
    let text = if times.varies { format!("{name} × 0–{}", times.max) } else { format!("{name} × {}", times.max) };
    let bytes = row.len.map(|len| format!(" · {len} B × {}", times.max)).unwrap_or_default();
    Some(Piece {
        id: format!("{section}-{}", row.number),
        about: Text::same(format_args!("{text}{bytes}")),
        label: format!("× {}", times.max),
        class: "more",
        len: fixed.and_then(|len| len.checked_mul(more)).unwrap_or(VARYING_BYTES),
        varies: fixed.is_none(),
    })
}

/// The class with the colour of a kind, or of `computed`.
pub(super) fn colour(kind: &str) -> &'static str {
    match kind {
        "computed" => "c-computed",
        "text" | "bytes" => "c-text",
        "digits" => "c-digits",
        "number" => "c-number",
        "date" | "time" | "datetime" => "c-date",
        "code" | "flag" => "c-code",
        "literal" => "c-literal",
        "choice" => "c-choice",
        _ => "c-filler",
    }
}
