//! A page as Markdown that GitHub renders: plain tables, aligned in the source too.

mod table;

use self::table::{Table, escaped, escaped_line};
use super::model::{Anchor, CasePage, CodeListPage, FilePage, Page, PartPage, Row, TelegramPage, Times};
use super::words::{self, Lang, Word, said};

/// The page of one spec.
#[must_use]
pub fn page(page: &Page, lang: Lang) -> String {
    Writer { page, lang, out: String::new() }.page()
}

/// The index of several pages: a table with links to `NAME.md`.
#[must_use]
pub fn index(pages: &[Page], lang: Lang) -> String {
    let head = [words::SPEC, words::NAME, words::VERSION, words::TELEGRAMS, words::FILES, words::SOURCE];
    let mut table = Table::new(head.map(|word| said(word, lang)));
    for page in pages {
        table.row([
            format!("[{}]({}.md)", escaped(&page.title), page.name),
            escaped(&page.name),
            escaped(&page.version),
            page.telegrams.len().to_string(),
            page.files.len().to_string(),
            escaped(&page.source),
        ]);
    }
    format!("# {}\n\n{table}", said(words::SPECS, lang))
}

struct Writer<'p> {
    page: &'p Page,
    lang: Lang,
    out: String,
}

impl Writer<'_> {
    fn page(mut self) -> String {
        let page = self.page;
        self.paragraph(&format!("# {}", escaped_line(&page.title)));
        let mut facts = Table::new(["", ""]);
        for (word, value) in [
            (words::SPEC, &page.name),
            (words::VERSION, &page.version),
            (words::SOURCE, &page.source),
            (words::CHARSET, &page.charset),
        ] {
            facts.row([self.word(word).to_owned(), escaped(value)]);
        }
        self.table(&facts);
        self.reading();
        self.overview();
        page.telegrams.iter().for_each(|telegram| self.telegram(telegram));
        if !page.parts.is_empty() {
            self.heading(words::PARTS);
            page.parts.iter().for_each(|part| self.part(part));
        }
        if !page.files.is_empty() {
            self.heading(words::FILES);
            page.files.iter().for_each(|file| self.file(file));
        }
        if !page.codes.is_empty() {
            self.heading(words::CODES);
            page.codes.iter().for_each(|list| self.codes(list));
        }
        self.letters();
        let len = self.out.trim_end().len();
        self.out.truncate(len);
        self.out + "\n"
    }

    fn word(&self, word: Word) -> &'static str {
        said(word, self.lang)
    }

    fn paragraph(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push_str("\n\n");
    }

    fn table(&mut self, table: &Table) {
        self.paragraph(&table.to_string());
        // A table ends with a line break of its own.
        self.out.pop();
    }

    fn heading(&mut self, word: Word) {
        let word = self.word(word);
        self.paragraph(&format!("## {word}"));
    }

    fn section(&mut self, level: &str, anchor: &Anchor, label: &str) {
        let id = anchor.id();
        let titled = titled(label, anchor.name());
        self.paragraph(&format!("{level} <a id=\"{id}\"></a>{titled}"));
    }

    fn reading(&mut self) {
        self.heading(words::READING);
        let lines: Vec<String> =
            self.page.reading.iter().map(|text| format!("- {}", escaped(text.get(self.lang)))).collect();
        self.paragraph(&lines.join("\n"));
    }

    fn overview(&mut self) {
        if self.page.telegrams.is_empty() {
            return;
        }
        self.heading(words::TELEGRAMS);
        let head = [words::TELEGRAM, words::NAME, words::LENGTH, words::ANSWER, words::WHEN, words::REMARK];
        let mut table = Table::new(head.map(|word| self.word(word)));
        for telegram in &self.page.telegrams {
            let anchor = Anchor::Telegram(telegram.name.clone());
            table.row([
                link(&anchor, if telegram.label.is_empty() { &telegram.name } else { &telegram.label }),
                format!("`{}`", telegram.name),
                self.len(telegram),
                telegram.answer.as_deref().map(|name| self.telegram_link(name)).unwrap_or_default(),
                self.conditions(telegram),
                escaped(&telegram.remark),
            ]);
        }
        self.table(&table.without_empty_columns());
    }

    fn len(&self, telegram: &TelegramPage) -> String {
        match (telegram.len, telegram.limits) {
            (Some(len), _) => len.to_string(),
            (None, (least, most)) => format!("{least}–{most}"),
        }
    }

    /// A code. That of a blank field is empty.
    fn code(&self, code: &str) -> String {
        match (code.is_empty(), self.lang) {
            (false, _) => escaped(code),
            (true, Lang::Ko) => "공백".to_owned(),
            (true, Lang::En) => "blank".to_owned(),
        }
    }

    fn telegram_link(&self, name: &str) -> String {
        let label = self.page.telegram(name).map(|telegram| &*telegram.label).filter(|label| !label.is_empty());
        link(&Anchor::Telegram(name.to_owned()), label.unwrap_or(name))
    }

    fn conditions(&self, telegram: &TelegramPage) -> String {
        let shown = telegram.when.iter().map(|one| {
            let name = if one.label.is_empty() { format!("`{}`", one.path) } else { escaped(&one.label) };
            let value = self.code(&one.value);
            format!("{name} = {value}")
        });
        shown.collect::<Vec<_>>().join("<br>")
    }

    fn telegram(&mut self, telegram: &TelegramPage) {
        self.section("##", &Anchor::Telegram(telegram.name.clone()), &telegram.label);
        let mut facts = vec![format!("{} {}", self.len(telegram), self.word(words::BYTES))];
        if let Some(answer) = &telegram.answer {
            facts.push(format!("{} {}", self.word(words::ANSWER), self.telegram_link(answer)));
        }
        if !telegram.answers.is_empty() {
            let asked: Vec<String> = telegram.answers.iter().map(|name| self.telegram_link(name)).collect();
            facts.push(format!("{} {}", self.word(words::ANSWERS), asked.join(", ")));
        }
        if !telegram.when.is_empty() {
            facts.push(self.conditions(telegram).replace("<br>", ", "));
        }
        self.paragraph(&facts.join(" · "));
        if !telegram.remark.is_empty() {
            let remark = escaped(&telegram.remark);
            self.paragraph(&remark);
        }
        match &telegram.like {
            Some(like) => {
                let link = self.telegram_link(like);
                let text = match self.lang {
                    Lang::Ko => format!("항목은 {link}과(와) 같다."),
                    Lang::En => format!("The items are those of {link}."),
                };
                self.paragraph(&text);
            }
            None => self.rows(&telegram.rows),
        }
    }

    fn part(&mut self, part: &PartPage) {
        self.section("###", &Anchor::Part(part.name.clone()), &part.label);
        let users: Vec<String> = part.used_in.iter().map(|user| self.user(user)).collect();
        let users = format!("{}: {}", self.word(words::USED_IN), users.join(", "));
        let len = part.len.map(|len| format!("{len} {} · ", self.word(words::BYTES))).unwrap_or_default();
        self.paragraph(&format!("{len}{users}"));
        self.rows(&part.rows);
    }

    fn user(&self, user: &Anchor) -> String {
        match user {
            Anchor::Telegram(name) => self.telegram_link(name),
            other if self.page.parts.iter().any(|part| part.name == other.name()) => link(other, other.name()),
            other => format!("`{}`", other.name()),
        }
    }

    fn rows(&mut self, rows: &[Row]) {
        let head = [
            words::NUMBER,
            words::ITEM,
            words::PATH,
            words::LETTER,
            words::KIND,
            words::LENGTH,
            words::POSITION,
            words::OFFSET,
            words::CONSTRAINTS,
            words::REMARK,
        ];
        let mut table = Table::new(head.map(|word| self.word(word)));
        table.right(&[5, 7]);
        self.add(rows, 0, &mut table);
        self.table(&table.without_empty_columns());
    }

    fn add(&self, rows: &[Row], depth: usize, table: &mut Table) {
        for row in rows {
            table.row([
                row.number.clone(),
                format!("{}{}", "└ ".repeat(depth), escaped(&row.label)),
                row.path.as_ref().map(|path| format!("`{path}`")).unwrap_or_default(),
                escaped(row.letter.as_deref().unwrap_or_default()),
                row.kind_text.get(self.lang).to_owned(),
                self.row_len(row),
                position(row),
                row.offset.map_or_else(|| "–".to_owned(), |offset| offset.to_string()),
                self.facts(row),
                escaped(&row.remark),
            ]);
            self.add(&row.rows, depth + 1, table);
            for case in &row.cases {
                self.case(case, depth + 1, table);
            }
        }
    }

    fn case(&self, case: &CasePage, depth: usize, table: &mut Table) {
        let codes: Vec<String> = case.codes.iter().map(|code| self.code(code)).collect();
        let codes = match (codes.is_empty(), self.lang) {
            (false, _) => codes.join(", "),
            (true, Lang::Ko) => "다른 모든 코드".to_owned(),
            (true, Lang::En) => "all other codes".to_owned(),
        };
        let part = case.part.iter().map(|part| self.see(part));
        table.row([
            case.number.clone(),
            format!("{}**{}**", "└ ".repeat(depth), titled(&case.label, &case.name)),
            String::new(),
            String::new(),
            self.word(words::CASE).to_owned(),
            case.len.map_or_else(|| self.word(words::VARIES).to_owned(), |len| len.to_string()),
            String::new(),
            String::new(),
            std::iter::once(codes).chain(part).collect::<Vec<_>>().join("<br>"),
            String::new(),
        ]);
        self.add(&case.rows, depth + 1, table);
    }

    fn row_len(&self, row: &Row) -> String {
        match (row.len, row.times) {
            (Some(len), None) if row.is_tail => format!("≤ {len}"),
            (Some(len), None) => len.to_string(),
            (Some(len), Some(Times { max, varies: false })) => format!("{len} × {max}"),
            (Some(len), Some(Times { max, varies: true })) => format!("{len} × 0–{max}"),
            (None, _) => self.word(words::VARIES).to_owned(),
        }
    }

    fn see(&self, part: &str) -> String {
        let label = self.page.parts.iter().find(|page| page.name == part).map(|page| &*page.label);
        let link = link(&Anchor::Part(part.to_owned()), label.filter(|label| !label.is_empty()).unwrap_or(part));
        match self.lang {
            Lang::Ko => format!("{link} 참조"),
            Lang::En => format!("see {link}"),
        }
    }

    fn facts(&self, row: &Row) -> String {
        let mut facts: Vec<String> = Vec::new();
        facts.extend(row.secret.then(|| self.word(words::SECRET).to_owned()));
        facts.extend(row.part.iter().map(|part| self.see(part)));
        facts.extend(row.facts.iter().map(|fact| escaped(fact.get(self.lang))));
        let codes: Vec<String> = row
            .codes
            .iter()
            .map(|known| format!("{} {}", self.code(&known.code), escaped(&known.label)).trim_end().to_owned())
            .collect();
        if !codes.is_empty() {
            facts.push(codes.join(", "));
        }
        facts.extend(row.code_list.iter().map(|list| link(&Anchor::Codes(list.clone()), list)));
        facts.join("<br>")
    }

    fn file(&mut self, file: &FilePage) {
        self.section("###", &Anchor::File(file.name.clone()), &file.label);
        let facts: Vec<String> = file.facts.iter().map(|fact| format!("- {}", escaped(fact.get(self.lang)))).collect();
        self.paragraph(&facts.join("\n"));
        let mut records = Table::new([words::RECORD, words::NAME, words::TIMES].map(|word| self.word(word)));
        for record in &file.records {
            let last = match (record.is_last, self.lang) {
                (false, _) => "",
                (true, Lang::Ko) => ", 파일의 끝",
                (true, Lang::En) => ", ends the file",
            };
            let together = match self.lang {
                Lang::Ko => "함께 반복",
                Lang::En => "repeat together",
            };
            let name = record.telegram.as_deref();
            table_row(
                &mut records,
                record.depth,
                name.map_or_else(|| together.to_owned(), |name| self.telegram_link(name)),
                [
                    name.map(|name| format!("`{name}`")).unwrap_or_default(),
                    format!("{}{last}", record.times.get(self.lang)),
                ],
            );
        }
        self.table(&records);
        let numbers = file.totals.iter().chain(&file.serials);
        let mut table = Table::new([words::PATH, words::CONSTRAINTS].map(|word| self.word(word)));
        for (field, text) in numbers {
            table.row([escaped(field), escaped(text.get(self.lang))]);
        }
        if !table.is_empty() {
            self.table(&table);
        }
    }

    fn codes(&mut self, list: &CodeListPage) {
        self.section("###", &Anchor::Codes(list.name.clone()), &list.label);
        let open = match (list.open, self.lang) {
            (true, Lang::Ko) => "표에 없는 코드도 그대로 받는다.",
            (true, Lang::En) => "Codes that are not on the list are kept.",
            (false, Lang::Ko) => "표에 없는 코드는 오류이다.",
            (false, Lang::En) => "Codes that are not on the list are errors.",
        };
        self.paragraph(open);
        let mut table = Table::new([words::CODE, words::MEANING, words::IN_CODE].map(|word| self.word(word)));
        for (known, name) in &list.codes {
            let code = self.code(&known.code);
            table.row([code, escaped(&known.label), name.as_ref().map(|name| format!("`{name}`")).unwrap_or_default()]);
        }
        self.table(&table.without_empty_columns());
    }

    fn letters(&mut self) {
        if self.page.letters.is_empty() {
            return;
        }
        self.heading(words::LETTERS);
        let mut table = Table::new([words::LETTER, words::KIND, words::REMARK].map(|word| self.word(word)));
        for letter in &self.page.letters {
            table.row([escaped(&letter.name), letter.kind.get(self.lang).to_owned(), escaped(&letter.remark)]);
        }
        self.table(&table.without_empty_columns());
    }
}

fn table_row(table: &mut Table, depth: usize, first: String, rest: [String; 2]) {
    let [second, third] = rest;
    table.row([format!("{}{first}", "└ ".repeat(depth)), second, third]);
}

/// The first and the last byte, from 1.
fn position(row: &Row) -> String {
    match (row.offset, row.span()) {
        (None, _) => "–".to_owned(),
        (Some(offset), Some(0 | 1)) => format!("{}", offset.saturating_add(1)),
        (Some(offset), Some(span)) => format!("{}–{}", offset.saturating_add(1), offset.saturating_add(span)),
        (Some(offset), None) => format!("{}–", offset.saturating_add(1)),
    }
}

fn link(anchor: &Anchor, text: &str) -> String {
    format!("[{}](#{})", escaped_line(text), anchor.id())
}

/// `이체 (Transfer)`
fn titled(label: &str, name: &str) -> String {
    if label.is_empty() { escaped_line(name) } else { format!("{} ({})", escaped_line(label), escaped_line(name)) }
}
