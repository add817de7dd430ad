//! The sheets beside the telegrams: cover, codes, letters, record files; and what the sheet `fep` says of whole tables.

use super::super::cell;
use super::super::settings::{Address, Setting};
use super::super::words::{
    ANSWER, BLANK_CODE, BYTES, CHARSET, CODE, CODE_ID, CODES, COVER, DESIGN_SHEET, FILE, FILES, HISTORY, ID, KIND,
    LETTER, LETTERS, LIKE, LIST, LIST_ID, MEANING, NOTE, RECORD, RULE, SOURCE, TELEGRAM, TELEGRAM_LIST, TIMES, VERSION,
    WHEN, Word, said,
};
use super::{Content, Length, Plan, Planner, Sheet, Table, count, unsaid, without_word};
use crate::draft::{DraftCodes, Entry, Value};
use crate::pages::Page;

/// The length of a telegram: `300`, `144~714`.
impl std::fmt::Display for Length {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { least, most } = self;
        if least == most { write!(f, "{least}") } else { write!(f, "{least}~{most}") }
    }
}

/// What the cells of a code say.
pub(in super::super) fn said_code(code: &str, name: &str, meaning: &str, blank: &str) -> Vec<Entry> {
    let text = |key: &str, text: &str| (!text.is_empty()).then(|| Entry::new(key, text));
    let code = Entry::new("code", if code == blank { "" } else { code });
    [Some(code), text("name", name), text("label", meaning)].into_iter().flatten().collect()
}

impl Planner<'_> {
    /// Puts the sheets in their order, and what `fep` says.
    pub(super) fn finish(mut self) -> Plan {
        let items = std::mem::take(&mut self.settings);
        let page = Page::of(self.spec);
        let mut sheets = vec![self.sheet(COVER, self.cover())];
        let blocks = std::mem::take(&mut self.blocks);
        sheets.extend(blocks.into_iter().map(|(name, block)| Sheet { name, content: Content::Block(block) }));
        if !self.draft.codes.is_empty() {
            sheets.push(self.sheet(CODES, self.codes()));
        }
        if !self.draft.types.is_empty() {
            sheets.push(self.sheet(LETTERS, self.letters(&page)));
        }
        if !self.draft.files.is_empty() {
            sheets.push(self.sheet(FILES, self.files(&page)));
        }
        self.whole_tables(&items);
        Plan { lang: self.lang, title: self.spec.title.clone(), sheets, settings: self.settings }
    }

    /// What `fep` says of the file, the letters, the lists, and of each table before its items.
    fn whole_tables(&mut self, items: &[Setting]) {
        let draft = self.draft;
        self.add("spec", "", &draft.head);
        for (letter, options) in &draft.types {
            self.add("types", letter, options);
        }
        for list in &draft.codes {
            self.unsaid_of_list(list);
        }
        for (section, tables) in [("parts", &draft.parts), ("telegrams", &draft.telegrams), ("files", &draft.files)] {
            for table in tables {
                let of_table = |one: &&Setting| one.address.section == section && one.address.table == table.name;
                let sheet =
                    items.iter().filter(of_table).find(|one| one.entry.key == "sheet" && one.address.item.is_empty());
                let home = self.homes.get(&table.name).filter(|_| section == "parts");
                let home = home.map(|home| Entry::new("in", home.path()));
                let first = sheet.map(|one| one.entry.clone()).or(home);
                // The title of a sheet states the length.
                let own = table.entries.iter().filter(|entry| entry.key != "len" || sheet.is_none());
                let entries: Vec<Entry> = first.into_iter().chain(own.cloned()).collect();
                self.add(section, &table.name, &entries);
                let is_first = |one: &Setting| one.entry.key == "sheet" && one.address.item.is_empty();
                self.settings.extend(items.iter().filter(of_table).filter(|one| !is_first(one)).cloned());
            }
        }
    }

    fn add(&mut self, section: &str, table: &str, entries: &[Entry]) {
        let address = Address::new(section, table, "");
        self.settings.extend(entries.iter().map(|entry| Setting { address: address.clone(), entry: entry.clone() }));
    }

    /// What the sheet of codes does not say of a list. The first row of a list in `fep` gives its place.
    fn unsaid_of_list(&mut self, list: &DraftCodes) {
        let sheet = Entry::new("sheet", said(CODES, self.lang));
        let label = list.entries.iter().find(|entry| entry.key == "label").map(|entry| &entry.value);
        let is_said = |entry: &Entry| {
            let is_shown = label
                .is_some_and(|label| matches!(label, Value::Text(text) if cell::survives(text) && !text.is_empty()));
            entry.key == "label" && is_shown && !list.codes.is_empty()
        };
        let entries: Vec<Entry> =
            std::iter::once(sheet).chain(list.entries.iter().filter(|entry| !is_said(entry)).cloned()).collect();
        self.add("codes", &list.name, &entries);
        let blank = said(BLANK_CODE, self.lang);
        let address = Address::new("codes", &list.name, "");
        for (index, code) in list.codes.iter().enumerate() {
            let [shown, name, meaning] = self.cells_of_code(code);
            let keys = unsaid(code, &said_code(&shown, &name, &meaning, blank));
            let address = address.below(&format!("#{}", index + 1));
            self.settings.extend(keys.into_iter().map(|entry| Setting { address: address.clone(), entry }));
        }
    }

    /// The cells of a code: the code, its name, its meaning.
    fn cells_of_code(&self, code: &[Entry]) -> [String; 3] {
        let text = |key: &str| match code.iter().find(|entry| entry.key == key).map(|entry| &entry.value) {
            Some(Value::Text(text)) => cell::shown(text, self.lang),
            _ => String::new(),
        };
        let [code, name, meaning] = ["code", "name", "label"].map(text);
        let code = if code.is_empty() { said(BLANK_CODE, self.lang).to_owned() } else { code };
        [code, name, meaning]
    }

    fn sheet(&self, name: Word, table: Table) -> Sheet {
        let text = |text: &String| cell::shown(text, self.lang);
        let rows = table.rows.iter().map(|row| row.iter().map(text).collect()).collect();
        let pairs = table.pairs.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        let table = Table { title: text(&table.title), rows, pairs, ..table };
        Sheet { name: said(name, self.lang).to_owned(), content: Content::Table(table) }
    }

    fn columns(&self, columns: &[(Word, u16)]) -> Vec<(String, u16)> {
        columns.iter().map(|(word, width)| (said(*word, self.lang).to_owned(), *width)).collect()
    }

    /// The cover: what the document is, and a list of its telegrams.
    fn cover(&self) -> Table {
        let spec = self.spec;
        let pair = |name: Word, text: &str| (said(name, self.lang).to_owned(), text.to_owned());
        let history = format!("{} {}", said(VERSION, self.lang), spec.version);
        let pairs = vec![
            pair(SOURCE, &spec.source),
            pair(CHARSET, spec.charset.label()),
            pair(HISTORY, &history),
            pair(TELEGRAM_LIST, &spec.telegrams.len().to_string()),
        ];
        let mut rows = Vec::new();
        let mut links = Vec::new();
        let mut addresses = Vec::new();
        let mut sums = Vec::new();
        for telegram in &spec.telegrams {
            let layout = &telegram.layout;
            let when: Vec<String> = layout.when.iter().map(|when| format!("{} = {}", when.path, when.value)).collect();
            let length = Length { least: layout.min_len(), most: layout.max_len() };
            addresses.push(Address::new("telegrams", telegram.name(), ""));
            let sheet = telegram.like.as_deref().unwrap_or(telegram.name());
            let is_it = |block: &super::Block| block.address == Address::new("telegrams", sheet, "");
            let found = self.blocks.iter().find(|(_, block)| is_it(block));
            links.push(found.map(|(name, _)| name.clone()));
            let found = found.filter(|_| length.least == length.most);
            sums.push(found.map(|(name, block)| (name.clone(), count(&block.rows))));
            rows.push(vec![
                layout.label.to_string(),
                telegram.name().to_owned(),
                when.join("\n"),
                length.to_string(),
                telegram.answer.clone().unwrap_or_default(),
                telegram.like.clone().unwrap_or_default(),
                telegram.remark.clone(),
            ]);
        }
        let columns = [(TELEGRAM, 28), (ID, 26), (WHEN, 36), (BYTES, 12), (ANSWER, 26), (LIKE, 22), (NOTE, 40)];
        let title = format!("{} {}", without_word(&spec.title, self.lang), said(DESIGN_SHEET, self.lang));
        Table { title, pairs, columns: self.columns(&columns), rows, addresses, links, sums, is_source: false }
    }

    fn codes(&self) -> Table {
        let mut rows = Vec::new();
        for list in &self.draft.codes {
            let label = list.entries.iter().find(|entry| entry.key == "label").map(|entry| &entry.value);
            let label = if let Some(Value::Text(label)) = label { label.clone() } else { String::new() };
            for code in &list.codes {
                let [code, name, meaning] = self.cells_of_code(code);
                rows.push(vec![list.name.clone(), label.clone(), code, name, meaning]);
            }
        }
        let columns = self.columns(&[(LIST_ID, 24), (LIST, 20), (CODE, 12), (CODE_ID, 28), (MEANING, 48)]);
        Table { title: said(CODES, self.lang).to_owned(), columns, rows, is_source: true, ..Table::default() }
    }

    fn letters(&self, page: &Page) -> Table {
        let letters = page.letters.iter().zip(&self.draft.types);
        let row = |(letter, (_, options)): (&crate::pages::LetterPage, &(String, Vec<Entry>))| {
            let rules = options.iter().filter(|entry| entry.key != "kind" && entry.key != "remark");
            let rules: Vec<String> = rules.map(|entry| format!("{} = {}", entry.key, entry.value)).collect();
            vec![letter.name.clone(), letter.kind.get(self.lang).to_owned(), rules.join("\n"), letter.remark.clone()]
        };
        let columns = self.columns(&[(LETTER, 14), (KIND, 14), (RULE, 36), (NOTE, 60)]);
        let addresses = self.draft.types.iter().map(|(letter, _)| Address::new("types", letter, "")).collect();
        let title = said(LETTERS, self.lang).to_owned();
        Table { title, columns, rows: letters.map(row).collect(), addresses, ..Table::default() }
    }

    fn files(&self, page: &Page) -> Table {
        let mut rows = Vec::new();
        let mut addresses = Vec::new();
        for file in &page.files {
            let mut facts: Vec<String> = file.facts.iter().map(|fact| fact.get(self.lang).to_owned()).collect();
            let links = file.totals.iter().chain(&file.serials);
            facts.extend(links.map(|(field, text)| format!("{field}: {}", text.get(self.lang))));
            let name = if file.label.is_empty() { file.name.clone() } else { format!("{} {}", file.name, file.label) };
            rows.push(vec![name, String::new(), String::new(), facts.join("\n")]);
            for record in &file.records {
                let name = match &record.telegram {
                    Some(telegram) if record.label.is_empty() => telegram.clone(),
                    Some(telegram) => format!("{} {telegram}", record.label),
                    None => "↻".to_owned(),
                };
                let name = format!("{}{name}", "\u{3000}".repeat(record.depth));
                rows.push(vec![file.name.clone(), name, record.times.get(self.lang).to_owned(), String::new()]);
            }
            addresses.resize(rows.len(), Address::new("files", &file.name, ""));
        }
        let columns = self.columns(&[(FILE, 28), (RECORD, 40), (TIMES, 18), (NOTE, 70)]);
        Table { title: said(FILES, self.lang).to_owned(), columns, rows, addresses, ..Table::default() }
    }
}
