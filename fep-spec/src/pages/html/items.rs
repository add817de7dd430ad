//! The tables of items, with the rows of groups, parts and cases below theirs.

use super::super::model::{Anchor, CasePage, Row, Times};
use super::super::words;
use super::markup::{Markup, both, code, escaped};

/// The maximum number of codes that a row shows. Its list shows all of them.
const CODES_MAX: usize = 12;

/// The table of a section.
struct Table<'t> {
    section: &'t str,
    has_remarks: bool,
}

impl Markup<'_> {
    /// The table of a telegram's or a part's items. The ids of its rows begin with that of its section.
    pub(super) fn items(&mut self, section: &str, rows: &[Row]) {
        self.raw("<table class=items><thead><tr>");
        let table = Table { section, has_remarks: has_remarks(rows) };
        for (class, word) in [
            ("no", words::NUMBER),
            ("item", words::ITEM),
            ("kind", words::LETTER),
            ("num", words::LENGTH),
            ("num", words::POSITION),
            ("rules", words::CONSTRAINTS),
            ("remark", words::REMARK),
        ] {
            if class == "remark" && !table.has_remarks {
                continue;
            }
            self.raw(&format!("<th class={class} scope=col>"));
            self.word(word);
            if word == words::ITEM {
                self.raw("<small>");
                self.word(words::PATH);
                self.raw("</small>");
            }
            if word == words::POSITION {
                self.raw("<small>");
                self.word(words::OFFSET);
                self.raw("</small>");
            }
        }
        self.raw("</thead><tbody>");
        self.rows(&table, rows, 0, "");
        self.raw("</tbody></table>\n");
    }

    fn rows(&mut self, table: &Table<'_>, rows: &[Row], depth: usize, up: &str) {
        for row in rows {
            let id = format!("{}-{}", table.section, row.number);
            self.row(&id, row, depth, up);
            self.remark(table, &row.remark);
            self.rows(table, &row.rows, depth + 1, &id);
            for case in &row.cases {
                let case_id = format!("{}-{}", table.section, case.number);
                self.case(&case_id, case, depth + 1, &id);
                self.remark(table, "");
                self.rows(table, &case.rows, depth + 2, &case_id);
            }
        }
    }

    fn remark(&mut self, table: &Table<'_>, remark: &str) {
        if table.has_remarks {
            self.raw(&format!("<td class=remark>{}</td>", escaped(remark)));
        }
    }

    fn open(&mut self, id: &str, class: &str, depth: usize, up: &str) {
        let up = if up.is_empty() { String::new() } else { format!(" data-up=\"{}\"", escaped(up)) };
        // Deeper rows are indented like those of this depth.
        let depth = depth.min(6);
        self.raw(&format!("\n<tr id=\"{}\" class=\"k-{class} d{depth}\"{up}>", escaped(id)));
    }

    fn row(&mut self, id: &str, row: &Row, depth: usize, up: &str) {
        self.open(id, row.kind, depth, up);
        self.raw(&format!("<td class=no>{}<td class=item><span>", row.number));
        if row.label.is_empty() && row.path.is_none() {
            self.said(&row.kind_text);
        } else {
            self.text(&row.label);
        }
        self.raw("</span>");
        if let Some(path) = &row.path {
            self.raw(&format!("<code>{}</code>", escaped(path)));
        }
        self.raw("<td class=kind>");
        if let Some(letter) = &row.letter {
            self.raw(&format!("<b>{}</b> ", escaped(letter)));
        }
        self.raw("<small>");
        self.said(&row.kind_text);
        self.raw("</small><td class=\"num len\">");
        self.len(row);
        self.raw("<td class=\"num place\">");
        self.place(row);
        self.raw("<td class=rules>");
        self.rules(row);
    }

    fn case(&mut self, id: &str, case: &CasePage, depth: usize, up: &str) {
        self.open(id, "case", depth, up);
        self.raw(&format!("<td class=no>{}<td class=item><span>", case.number));
        self.text(if case.label.is_empty() { &case.name } else { &case.label });
        self.raw("</span>");
        if !case.label.is_empty() {
            self.raw(&format!("<code>{}</code>", escaped(&case.name)));
        }
        self.raw("<td class=kind><small>");
        self.word(words::CASE);
        self.raw("</small><td class=\"num len\">");
        match case.len {
            Some(len) => self.raw(&len.to_string()),
            None => self.word(words::VARIES),
        }
        self.raw("<td class=\"num place\"><td class=rules><ul>");
        for code in &case.codes {
            self.raw(&format!("<li class=code><code>{}</code>", self::code(code)));
        }
        if case.codes.is_empty() {
            self.raw(&format!("<li>{}", both("다른 모든 코드", "all other codes")));
        }
        if let Some(part) = &case.part {
            self.raw("<li>→ ");
            self.part_link(part);
        }
        self.raw("</ul>");
    }

    fn len(&mut self, row: &Row) {
        match row.len {
            Some(len) if row.is_tail => self.raw(&format!("≤ {len}")),
            Some(len) => self.raw(&len.to_string()),
            None => self.word(words::VARIES),
        }
        match row.times {
            Some(Times { max, varies: false }) => self.raw(&format!(" × {max}")),
            Some(Times { max, varies: true }) => self.raw(&format!(" × 0–{max}")),
            None => {}
        }
    }

    fn place(&mut self, row: &Row) {
        let Some(offset) = row.offset else { return self.raw("–") };
        let first = offset.saturating_add(1);
        match row.span() {
            Some(0 | 1) => self.raw(&format!("{first}<small>{offset}</small>")),
            Some(span) => {
                let behind = offset.saturating_add(span);
                let last = behind.saturating_sub(1);
                self.raw(&format!("{first}–{behind}<small>{offset}–{last}</small>"));
            }
            None => self.raw(&format!("{first}–<small>{offset}–</small>")),
        }
    }

    fn rules(&mut self, row: &Row) {
        if !row.secret && row.facts.is_empty() && row.codes.is_empty() && row.part.is_none() && row.code_list.is_none()
        {
            return;
        }
        self.raw("<ul>");
        if row.secret {
            self.raw("<li class=secret>");
            self.word(words::SECRET);
        }
        if let Some(part) = &row.part {
            self.raw("<li>→ ");
            self.part_link(part);
        }
        for (number, fact) in row.facts.iter().enumerate() {
            self.raw(if row.computed && number == 0 { "<li class=computed>" } else { "<li>" });
            self.said(fact);
        }
        for known in row.codes.iter().take(CODES_MAX) {
            self.raw(&format!("<li class=code><code>{}</code> {}", code(&known.code), escaped(&known.label)));
        }
        let more = row.codes.len().saturating_sub(CODES_MAX);
        if more > 0 {
            // The search finds those that are not shown.
            let rest = row.codes.iter().skip(CODES_MAX).map(|known| format!("{} {}", known.code, known.label));
            let rest = escaped(&rest.collect::<Vec<_>>().join(" "));
            self.raw(&format!(
                "<li data-more=\"{rest}\">{}",
                both(&format!("외 {more}개"), &format!("and {more} more"))
            ));
        }
        if let Some(list) = &row.code_list {
            self.raw("<li>");
            self.link(&Anchor::Codes(list.clone()), list);
        }
        self.raw("</ul>");
    }
}

/// Whether a row of the table has a remark, so that it has a column for them.
fn has_remarks(rows: &[Row]) -> bool {
    rows.iter().any(|row| {
        let cases = row.cases.iter().any(|case| has_remarks(&case.rows));
        !row.remark.is_empty() || has_remarks(&row.rows) || cases
    })
}
