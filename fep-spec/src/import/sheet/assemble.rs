//! Makes the spec from all tables: the common part, telegrams, answers, record files.

use super::about;
use super::grid::Grid;
use super::heading::Role;
use super::kind::Letters;
use super::map;
use super::place;
use super::remark::CodeText;
use super::unit::Unit;
use super::write::Writer;
use crate::draft::{Draft, DraftCodes, DraftItem, DraftTable, Entry, Value};
use crate::import::name::{Given, Words, free};
use crate::import::plain::{line, word};
use crate::import::{Doubt, Imported, ImportedItem, Severity};
use crate::lower::names::pascal;

/// Everything that the tables of a workbook become.
pub(super) struct Assembly<'a> {
    pub(super) grids: &'a [Grid],
    pub(super) letters: &'a Letters,
    pub(super) words: &'a Words,
    used: Vec<String>,
    codes: Vec<(Vec<CodeText>, DraftCodes)>,
    doubts: Vec<Doubt>,
    imported: Vec<ImportedItem>,
    given: Given,
    /// The name of the spec, in `PascalCase`.
    spec: String,
    /// Names that were made without a dictionary, with their labels.
    sounds: Vec<(String, String)>,
}

/// The name of the common part, and of the item that holds it.
const HEADER: (&str, &str) = ("Header", "header");

impl<'a> Assembly<'a> {
    pub(super) fn new(grids: &'a [Grid], letters: &'a Letters, words: &'a Words) -> Self {
        Self {
            grids,
            letters,
            words,
            used: Vec::new(),
            codes: Vec::new(),
            doubts: Vec::new(),
            imported: Vec::new(),
            given: Given::default(),
            spec: String::new(),
            sounds: Vec::new(),
        }
    }

    /// Makes the spec. `head` has the keys of the file.
    pub(super) fn spec(mut self, units: &[Unit], head: Vec<Entry>) -> Imported {
        if let Some(Value::Text(name)) = head.first().map(|entry| &entry.value) {
            self.spec = pascal(name);
        }
        let mut draft = Draft { head, ..Draft::default() };
        let mut header: Vec<DraftItem> = Vec::new();
        for unit in units.iter().filter(|unit| unit.caption.is_header) {
            let mut part = self.table(unit, HEADER.0.to_owned());
            self.given.unique(HEADER.0, "");
            header.clone_from(&part.items);
            part.entries =
                vec![Entry::new("label", unit.caption.label.as_str()), Entry::new("len", unit.places.len.fixed)];
            draft.parts.push(part);
        }
        let records = records(units);
        for unit in units.iter().filter(|unit| !unit.caption.is_header) {
            let name = self.telegram_name(unit, records.is_some());
            let table = self.table(unit, name);
            let tables = self.telegrams(unit, table, &header);
            draft.telegrams.extend(tables);
        }
        if let Some(label) = records {
            draft.files.extend(file(&label, &draft.telegrams, units));
        }
        self.rows_without_meaning(units);
        draft.types = self.types();
        draft.codes = self.codes.into_iter().map(|(_, list)| list).collect();
        let headings: Vec<_> = units.iter().map(|unit| &unit.table.heading).collect();
        let map = map::learned(&draft, &headings, &self.sounds);
        Imported { draft, doubts: self.doubts, items: self.imported, map: Some(map) }
    }

    fn grid(&self, unit: &Unit) -> &'a Grid {
        const NONE: &Grid = &Grid::EMPTY;
        self.grids.get(unit.table.sheet).unwrap_or(NONE)
    }

    fn telegram_name(&mut self, unit: &Unit, is_record: bool) -> String {
        let label = &unit.caption.label;
        let named = self.words.table(label);
        let named = if is_record { named.trim_end_matches("Record").to_owned() } else { named };
        let base = match (named.is_empty(), unit.caption.codes.first()) {
            (false, _) => named,
            (true, Some((_, code))) => format!("T{code}"),
            (true, None) => "Message".to_owned(),
        };
        // The enum of all telegrams has the name of the spec.
        let base = if base == self.spec { format!("{base}Message") } else { free(&base, "Message") };
        self.given.unique(&base, "")
    }

    /// The items of a table, with its doubts above the items that they are about.
    fn table(&mut self, unit: &Unit, name: String) -> DraftTable {
        let grid = self.grid(unit);
        let mut writer = Writer {
            grid,
            letters: self.letters,
            words: self.words,
            table: name.clone(),
            used: &mut self.used,
            codes: &mut self.codes,
            sounds: &mut self.sounds,
            doubts: place::doubts(grid, &unit.table, &unit.places, unit.counted_from),
            imported: Vec::new(),
        };
        let items = writer.items(unit);
        let mut doubts = writer.doubts;
        let imported = writer.imported;
        doubts.extend(about::table(unit, grid));
        doubts.sort_by_key(|(row, _)| *row);
        let mut table = DraftTable { name, items, ..DraftTable::default() };
        comment(&mut table, &doubts, unit);
        self.imported.extend(imported);
        self.doubts.extend(doubts.into_iter().map(|(_, doubt)| doubt));
        table
    }

    /// A telegram, and its answer if the sheet has one.
    fn telegrams(&mut self, unit: &Unit, mut table: DraftTable, header: &[DraftItem]) -> Vec<DraftTable> {
        let label = if unit.caption.label.is_empty() { table.name.clone() } else { unit.caption.label.clone() };
        let own = if unit.before > 0 { header } else { &[] };
        let prefix = if unit.before > 0 { format!("{}.", HEADER.1) } else { String::new() };
        let items = if unit.before > 0 { own } else { &table.items };
        let mut marks = marks(&unit.caption.codes, items, &prefix);
        if marks.is_empty() {
            marks.extend(pair_of_codes(items, &self.codes, &prefix));
        }
        if unit.before > 0 {
            table.items.insert(0, DraftItem::new([Entry::new("part", HEADER.0), Entry::new("name", HEADER.1)]));
        }
        table.entries = vec![Entry::new("label", label.as_str())];
        if !unit.places.len.varies {
            table.entries.push(Entry::new("len", unit.places.len.full + unit.before));
        }
        let answers = answer(&marks, if unit.before > 0 { header } else { &table.items }, &self.codes, unit);
        if !marks.is_empty() {
            table.entries.push(when(&marks));
        }
        let Some(answer_marks) = answers else {
            self.answer_is_missing(unit, &mut table);
            return vec![table];
        };
        let name = self.given.unique(&format!("{}Answer", table.name), "");
        table.entries.push(Entry::new("answer", name.as_str()));
        let mut entries = vec![Entry::new("label", format!("{label} 응답")), Entry::new("like", table.name.as_str())];
        if !answer_marks.is_empty() {
            entries.push(when(&answer_marks));
        }
        let answer = DraftTable { name, entries, ..DraftTable::default() };
        vec![table, answer]
    }

    /// The sheet has columns for a request and its answer, and no code tells the two apart.
    fn answer_is_missing(&mut self, unit: &Unit, table: &mut DraftTable) {
        let heading = &unit.table.heading;
        let Some(column) = heading.column(Role::Request).filter(|_| has_both(unit)) else { return };
        let origin = self.grid(unit).origin((heading.top, column));
        let message = "the table is for a request and its answer, and no code tells them apart: one telegram was made";
        table.doubts.push(format!("{origin}: {message}"));
        let hint =
            Some("write a `when` with its code into each of two telegrams, and `answer` into the request".to_owned());
        let severity = Severity::Warning;
        self.doubts.push(Doubt { code: "direction", severity, origin, message: message.to_owned(), hint });
    }

    /// Text among the rows of a table that was not used.
    fn rows_without_meaning(&mut self, units: &[Unit]) {
        for unit in units {
            let grid = self.grid(unit);
            for (at, text) in &unit.table.others {
                let message = format!("`{}` is no item: it was left out", shortened(text));
                let origin = grid.origin(*at);
                self.doubts.push(Doubt { code: "text", severity: Severity::Note, origin, message, hint: None });
            }
        }
    }

    fn types(&self) -> Vec<(String, Vec<Entry>)> {
        let mut types: Vec<_> =
            self.used.iter().filter_map(|letter| Some((letter.clone(), self.letters.options(letter)?))).collect();
        types.sort_by(|one, other| one.0.cmp(&other.0));
        types
    }
}

/// The longest text of a cell in a message, in characters.
const SHOWN_MAX: usize = 60;

fn shortened(text: &str) -> String {
    let text = line(text);
    if text.chars().count() > SHOWN_MAX { text.chars().take(SHOWN_MAX).collect::<String>() + "…" } else { text }
}

/// Writes errors and warnings above the items that they are about.
fn comment(table: &mut DraftTable, doubts: &[(u32, Doubt)], unit: &Unit) {
    for (row, doubt) in doubts.iter().filter(|(_, doubt)| doubt.severity <= Severity::Warning) {
        let text = format!("{}: {}", doubt.origin, doubt.message);
        let shown = unit.table.rows.iter().find(|item| item.row == *row).filter(|_| doubt.code != "length");
        let item = shown.and_then(|shown| find(&mut table.items, shown.label.as_str()));
        let comments = item.map_or(&mut table.doubts, |item| &mut item.doubts);
        if !comments.iter().any(|comment| comment.starts_with(&format!("{}: ", doubt.origin))) {
            comments.push(text);
        }
    }
}

fn find<'i>(items: &'i mut [DraftItem], label: &str) -> Option<&'i mut DraftItem> {
    let is_it = |item: &DraftItem| item.get("label") == Some(&Value::from(label));
    items.iter_mut().find_map(|item| if is_it(item) { Some(item) } else { find(&mut item.items, label) })
}

/// Which items hold the codes of a telegram: those of the same length whose names say so, in their order.
fn marks(codes: &[(Option<String>, String)], items: &[DraftItem], prefix: &str) -> Vec<(String, String)> {
    let text = |item: &DraftItem, key: &str| {
        if let Some(Value::Text(text)) = item.get(key) { text.clone() } else { String::new() }
    };
    let len = |item: &DraftItem| {
        if let Some(Value::Number(len)) = item.get("len") { usize::try_from(*len).unwrap_or_default() } else { 0 }
    };
    let mut left: Vec<&DraftItem> =
        items.iter().filter(|item| item.get("name").is_some() && item.get("computed").is_none()).collect();
    let mut marks = Vec::new();
    for (name, code) in codes {
        let is_code = |item: &&DraftItem| {
            let label = word(&text(item, "label"));
            // The code of a verdict or of a bank does not say which telegram it is.
            const OTHERS: [&str; 10] =
                ["응답", "결과", "오류", "에러", "은행", "기관", "통화", "상품", "사유", "response"];
            let is_other = OTHERS.iter().any(|sign| label.contains(sign) || text(item, "name").contains(sign));
            let says = ["종별", "구분", "코드", "업무"].iter().any(|sign| label.contains(sign));
            !is_other && (says || text(item, "name").contains("code"))
        };
        let is_named = |item: &&DraftItem| {
            let label = word(&text(item, "label"));
            name.as_ref()
                .is_some_and(|name| label.contains(name.as_str()) || (!label.is_empty() && name.contains(&label)))
        };
        let is_first_choice = |item: &&DraftItem| {
            let label = word(&text(item, "label"));
            ["종별", "업무구분", "전문구분", "거래구분"].iter().any(|sign| label.contains(sign))
        };
        let fits = |item: &&DraftItem| len(item) == code.len();
        let choices: [&dyn Fn(&&DraftItem) -> bool; 3] =
            [&is_named, &|item| is_code(item) && is_first_choice(item), &is_code];
        let found = choices.iter().find_map(|is_it| left.iter().position(|item| fits(item) && is_it(item)));
        if let Some(index) = found {
            let item = left.remove(index);
            marks.push((format!("{prefix}{}", text(item, "name")), code.clone()));
        }
    }
    marks
}

/// The code of the request, if an item lists nothing but this code and that of the answer: `0600/0610`.
fn pair_of_codes(items: &[DraftItem], lists: &[(Vec<CodeText>, DraftCodes)], prefix: &str) -> Option<(String, String)> {
    items.iter().find_map(|item| {
        let list = item.get("codes")?;
        let (codes, _) = lists.iter().find(|(_, list_of)| *list == Value::from(list_of.name.as_str()))?;
        let [(request, _), (answer, _)] = codes.as_slice() else { return None };
        let is_pair = request.parse::<u32>().ok()? + 10 == answer.parse::<u32>().ok()?;
        let name = if let Some(Value::Text(name)) = item.get("name") { name } else { return None };
        is_pair.then(|| (format!("{prefix}{name}"), request.clone()))
    })
}

fn when(marks: &[(String, String)]) -> Entry {
    let conditions = marks.iter().map(|(path, code)| Entry::new(path.as_str(), code.as_str()));
    Entry::new("when", Value::Table(conditions.collect()))
}

/// The marks of the answer: the sheet has columns for both, or the codes of the header list the next code but nine.
fn answer(
    marks: &[(String, String)],
    items: &[DraftItem],
    lists: &[(Vec<CodeText>, DraftCodes)],
    unit: &Unit,
) -> Option<Vec<(String, String)>> {
    let next = marks.first().and_then(|(path, code)| {
        let next = code.parse::<u32>().ok().filter(|code| code / 10 % 2 == 0)? + 10;
        Some((path.clone(), format!("{next:0width$}", width = code.len())))
    });
    let known = next.as_ref().is_some_and(|(path, next)| {
        let name = path.rsplit('.').next().unwrap_or_default();
        let item = items.iter().find(|item| item.get("name") == Some(&Value::from(name)));
        let list = item.and_then(|item| item.get("codes"));
        lists.iter().any(|(codes, list_of)| {
            list == Some(&Value::from(list_of.name.as_str())) && codes.iter().any(|(code, _)| code == next)
        })
    });
    // Without codes nothing would tell the answer from the request.
    if marks.is_empty() || (!known && !has_both(unit)) {
        return None;
    }
    let rest = marks.iter().skip(1).cloned();
    Some(next.into_iter().chain(rest).collect())
}

/// Whether the table has a column for the request and one for the answer.
fn has_both(unit: &Unit) -> bool {
    [Role::Request, Role::Answer].into_iter().all(|role| unit.table.heading.column(role).is_some())
}

/// The name of a record file, if the tables are its header, its data and its trailer.
fn records(units: &[Unit]) -> Option<String> {
    let says = |unit: &Unit, signs: &[&str]| signs.iter().any(|sign| word(&unit.caption.label).contains(sign));
    let first = units.first().filter(|unit| says(unit, &["header", "헤더", "시작", "표제"]))?;
    units.last().filter(|unit| units.len() > 1 && says(unit, &["trailer", "트레일러", "종료", "end", "tail"]))?;
    if units.iter().any(|unit| unit.before > 0 || unit.caption.is_header) {
        return None;
    }
    let title = first.table.caption.iter().map(|(_, text)| text.as_str()).find(|text| !word(text).contains("header"));
    Some(title.unwrap_or("File").to_owned())
}

/// A record file of all telegrams, the data records as often as they come.
fn file(label: &str, telegrams: &[DraftTable], units: &[Unit]) -> Option<DraftTable> {
    let name: String = label.chars().take_while(char::is_ascii_alphanumeric).collect();
    let name = if name.starts_with(|first: char| first.is_ascii_uppercase()) { name } else { "RecordFile".to_owned() };
    let last = telegrams.len().checked_sub(1)?;
    let record = |(index, telegram): (usize, &DraftTable)| {
        let min = (index > 0 && index < last).then(|| Entry::new("min", 0_usize));
        Value::Table([Entry::new("telegram", telegram.name.as_str())].into_iter().chain(min).collect())
    };
    let records = telegrams.iter().enumerate().map(record).collect();
    let mut lens = units.iter().map(|unit| unit.places.len.full);
    let len = lens.next()?;
    let same = lens.all(|other| other == len);
    let label = label.trim_start_matches(name.as_str()).trim();
    let entries = (!label.is_empty()).then(|| Entry::new("label", label)).into_iter();
    let entries = entries.chain(same.then(|| Entry::new("record_len", len)));
    let rest = [Entry::new("line_end", "none"), Entry::new("records", Value::List(records))];
    Some(DraftTable { name, entries: entries.chain(rest).collect(), ..DraftTable::default() })
}
