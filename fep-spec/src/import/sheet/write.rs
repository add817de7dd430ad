//! Makes the items of the spec from the items of a table.

use super::filler::is_filler;
use super::grid::{At, Grid};
use super::kind::{Letters, Made};
use super::letter::{Family, family};
use super::measure::Measure;
use super::place::Placed;
use super::remark::{self, CodeText, Repeat};
use super::row::SheetRow;
use super::tree::{Node, repeat_of};
use super::unit::Unit;
use crate::draft::{DraftCodes, DraftItem, Entry, Value};
use crate::import::name::{Given, Words, free};
use crate::import::plain::{line, word};
use crate::import::{Doubt, ImportedItem, Severity};
use crate::lower::names::pascal;

/// What the items of one table become, and what is doubtful about them.
pub(super) struct Writer<'w> {
    pub(super) grid: &'w Grid,
    pub(super) letters: &'w Letters,
    pub(super) words: &'w Words,
    /// The name of the telegram or part.
    pub(super) table: String,
    /// The letters that are used, for `[types]`.
    pub(super) used: &'w mut Vec<String>,
    /// The lists of codes so far, with their codes.
    pub(super) codes: &'w mut Vec<(Vec<CodeText>, DraftCodes)>,
    /// Names that were made without a dictionary, with their labels.
    pub(super) sounds: &'w mut Vec<(String, String)>,
    pub(super) doubts: Vec<(u32, Doubt)>,
    pub(super) imported: Vec<ImportedItem>,
}

/// Words of a remark by which a length does not count itself. They are looked for before those that it does.
const EXCLUDES: [&str; 10] =
    ["제외", "미포함", "불포함", "비포함", "포함하지", "포함안", "포함되지", "excl", "notincl", "자신을뺀"];

/// Words of items that must not be shown.
const SECRETS: [&str; 14] = [
    "계좌번호",
    "비밀번호",
    "주민",
    "카드번호",
    "생년월일",
    "사업자",
    "예금주",
    "성명",
    "고객명",
    "수취인명",
    "입금인",
    "전화번호",
    "휴대폰",
    "주소",
];

impl Writer<'_> {
    /// The items of a table.
    pub(super) fn items(&mut self, unit: &Unit) -> Vec<DraftItem> {
        let mut places = unit.places.items.iter();
        let mut given = Given::default();
        let mut varies = false;
        self.level(&unit.nodes, &mut places, unit.before, &mut given, &mut varies, unit)
    }

    fn level<'p>(
        &mut self,
        nodes: &[Node],
        places: &mut impl Iterator<Item = &'p Placed>,
        before: usize,
        given: &mut Given,
        varies: &mut bool,
        unit: &Unit,
    ) -> Vec<DraftItem> {
        let mut items: Vec<DraftItem> = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            let Some(placed) = places.next() else { break };
            let offset = placed.within.unwrap_or(placed.start + before);
            let at = (!*varies).then_some(offset);
            match node {
                Node::Item(row) => items.extend(self.item(row, at, index + 1 == nodes.len(), given)),
                Node::Group { row, repeat: None, items: below } => {
                    let name = word(row.shown());
                    let is_list = ["반복", "목록", "리스트", "list", "array"].iter().any(|sign| name.contains(sign));
                    let severity = if is_list { Severity::Warning } else { Severity::Note };
                    let message =
                        format!("{} has no length and no repetition: its items stand beside the others", row.shown());
                    self.doubt(row, row.cells.label, severity, "heading", message, None);
                    let inner = self.level(below, places, before, given, varies, unit);
                    items.extend(inner);
                }
                Node::Group { row, repeat: Some(repeat), items: below } => {
                    let inner = self.level(below, places, 0, &mut Given::default(), &mut false, unit);
                    let mut group = DraftItem::new([]);
                    let name = self.name(row, given);
                    self.repeat(row, repeat, &name, &mut items, &mut group, unit, placed);
                    *varies |= !group.entries.iter().any(|entry| entry.key == "padded")
                        && matches!(repeat, Repeat::Counted { .. });
                    if let Some(at) = at {
                        group.entries.push(Entry::new("at", at));
                    }
                    group.items = inner;
                    self.read(row, &name, &[]);
                    items.push(group);
                }
            }
        }
        items
    }

    fn name(&mut self, row: &SheetRow, given: &mut Given) -> String {
        let (name, is_romanized) = self.words.item(&row.english, &row.label);
        let unique = given.unique(&name, "_");
        if is_romanized {
            if !row.label.is_empty() && !self.sounds.iter().any(|(label, _)| *label == row.label) {
                self.sounds.push((row.label.clone(), unique.clone()));
            }
            let message = format!("no English name is known for {}: it is called `{unique}`", row.shown());
            let hint = Some("[words] of a mapping file can have one");
            self.doubt(row, row.cells.label, Severity::Note, "name", message, hint);
        }
        unique
    }

    /// One item, or nothing if it has no length.
    fn item(&mut self, row: &SheetRow, at: Option<usize>, is_last: bool, given: &mut Given) -> Option<DraftItem> {
        let len = match (&row.measure, row.measure.bytes()) {
            (_, Some(0)) | (Measure::Unclear | Measure::Blank, _) => {
                let message =
                    format!("{} has no length that can be read{}", row.shown(), written(self.grid, row.cells.length));
                self.doubt(
                    row,
                    row.cells.length,
                    Severity::Error,
                    "length",
                    message,
                    Some("write the bytes of the item as a number"),
                );
                return None;
            }
            (Measure::Varies, _) => return Some(self.tail(row, at, is_last, given)),
            (_, Some(len)) => len,
            (_, None) => return None,
        };
        if is_filler(row) {
            let mut item = DraftItem::new([Entry::new("filler", len)]);
            label(&mut item, row);
            place(&mut item, at);
            if word(&row.said()).contains("zero") || row.said().contains("'0'") || row.said().contains("\"0\"") {
                item.entries.push(Entry::new("pad", "0"));
            }
            self.read(row, "", &[]);
            return Some(item);
        }
        let name = self.name(row, given);
        if let Some(hex) = self.constant_bytes(row, len) {
            let mut item = DraftItem::new([Entry::new("hex", hex), Entry::new("name", name.clone())]);
            label(&mut item, row);
            place(&mut item, at);
            self.note(&mut item, row);
            self.read(row, &name, &["its remark is a constant".to_owned()]);
            return Some(item);
        }
        let fixed = || row.fixed.clone().filter(|value| value.len() == len).or_else(|| remark::fixed(&row.said(), len));
        if let Some(value) = remark::constant(&row.said(), len).or_else(fixed) {
            let mut item = DraftItem::new([Entry::new("literal", value), Entry::new("name", name.clone())]);
            label(&mut item, row);
            place(&mut item, at);
            self.read(row, &name, &["its remark has the fixed value".to_owned()]);
            return Some(item);
        }
        let made = self.letters.make(row, len);
        Some(self.field(row, &name, len, at, made))
    }

    fn field(&mut self, row: &SheetRow, name: &str, len: usize, at: Option<usize>, made: Made) -> DraftItem {
        let repeated = match (&row.measure, repeat_of(row)) {
            (Measure::Repeated { count, .. }, _) => Some(*count),
            (_, Some(Repeat::Fixed(count))) => Some(count),
            _ => None,
        };
        let mut item = DraftItem::new([Entry::new(if repeated.is_some() { "group" } else { "name" }, name)]);
        label(&mut item, row);
        if let Some(count) = repeated {
            item.entries.push(Entry::new("count", count));
        }
        let mut assumed = made.assumed.clone();
        match &made.letter {
            Some(letter) => {
                if !self.used.contains(letter) {
                    self.used.push(letter.clone());
                }
                item.entries.push(Entry::new("type", letter.as_str()));
            }
            None => item.entries.extend(made.options.iter().filter(|entry| entry.key == "kind").cloned()),
        }
        item.entries.push(Entry::new("len", len));
        place(&mut item, at);
        if made.letter.is_none() {
            item.entries.extend(made.options.iter().filter(|entry| entry.key != "kind").cloned());
        }
        if !made.codes.is_empty() {
            let list = self.list(row, name, made.codes);
            item.entries.push(Entry::new("codes", list));
        }
        let is_length = at == Some(0)
            && ["전문길이", "전체길이", "길이", "length", "전문총길이"].contains(&word(&row.label).as_str())
            || (at == Some(0) && name == "length");
        let kind = made.options.iter().find(|entry| entry.key == "kind").map(|entry| entry.value.clone());
        let is_number = made.letter.as_ref().is_some_and(|letter| {
            self.letters.options(letter).is_some_and(|options| options.contains(&Entry::new("kind", "number")))
        }) || kind == Some(Value::from("number"));
        if is_length && is_number && repeated.is_none() {
            let said = word(&row.said());
            let is_binary = made.options.iter().any(|entry| entry.key == "encoding");
            let (counts, why) = match () {
                () if EXCLUDES.iter().any(|sign| said.contains(sign)) => ("rest", "its remark says so"),
                () if ["포함", "incl", "전체"].iter().any(|sign| said.contains(sign)) || is_binary => {
                    ("all", "hosts count the length itself")
                }
                () => ("rest", "sheets usually mean what is behind it"),
            };
            item.entries.extend([Entry::new("computed", "length"), Entry::new("counts", counts)]);
            assumed.push(format!("it is the length of the telegram; it counts \"{counts}\", because {why}"));
        }
        let label = word(&row.label);
        if SECRETS.iter().any(|secret| label.contains(secret)) {
            item.entries.push(Entry::new("secret", true));
            assumed.push("it is secret by its name".to_owned());
        }
        self.note(&mut item, row);
        if let Some(against) = made.against {
            let message = format!("{}: {against}", row.shown());
            item.doubts.push(format!("{}: {against}", self.cell(row.cells.letter.or(row.cells.length))));
            self.doubt(row, row.cells.letter.or(row.cells.length), Severity::Error, "type", message, None);
        }
        self.read(row, name, &assumed);
        item
    }

    /// The bytes of a constant: `0x02` in the column of values or the remark, `1C` in that of values for an item of raw bytes.
    fn constant_bytes(&self, row: &SheetRow, len: usize) -> Option<String> {
        let is_hex = row.value.len() == len * 2 && row.value.bytes().all(|byte| byte.is_ascii_hexdigit());
        let raw = Some(row.value.to_uppercase()).filter(|_| is_hex && family(&row.letter) == Some(Family::Bytes));
        let texts = [&row.value, &row.remark];
        raw.or_else(|| texts.into_iter().find_map(|text| remark::constant_bytes(text, len)))
    }

    /// A field that is as long as its value.
    fn tail(&mut self, row: &SheetRow, at: Option<usize>, is_last: bool, given: &mut Given) -> DraftItem {
        let name = self.name(row, given);
        let said = row.said();
        let stated = match remark::repeat(&said) {
            Some(Repeat::Counted { max, .. }) => max,
            _ => remark::largest(&said),
        };
        let max = stated.unwrap_or(TAIL_MAX);
        let mut item = DraftItem::new([Entry::new("name", name.clone())]);
        label(&mut item, row);
        item.entries.extend([Entry::new("kind", "text"), Entry::new("tail", true), Entry::new("max", max)]);
        place(&mut item, at);
        self.note(&mut item, row);
        if stated.is_none() {
            let message = format!("{} has no stated length, and no maximum: {TAIL_MAX} bytes were taken", row.shown());
            item.doubts.push(format!("{}: no maximum is stated", self.cell(row.cells.length)));
            self.doubt(
                row,
                row.cells.length,
                Severity::Error,
                "length",
                message,
                Some("write the maximum into the remark, or `max` into the spec"),
            );
        } else if !is_last {
            let message = format!(
                "{} varies, and other items are behind it: only a last item can be as long as its value",
                row.shown()
            );
            item.doubts.push(format!("{}: only a last item can vary", self.cell(row.cells.length)));
            self.doubt(row, row.cells.length, Severity::Error, "length", message, None);
        }
        self.read(row, &name, &[]);
        item
    }

    /// How often a group repeats. The counting field before it is told so.
    #[expect(clippy::too_many_arguments, reason = "a group needs what stands before it and where it is")]
    fn repeat(
        &mut self,
        row: &SheetRow,
        repeat: &Repeat,
        name: &str,
        before: &mut [DraftItem],
        group: &mut DraftItem,
        unit: &Unit,
        placed: &Placed,
    ) {
        group.entries.push(Entry::new("group", name));
        label(group, row);
        let (by, max) = match repeat {
            Repeat::Fixed(count) => {
                group.entries.push(Entry::new("count", *count));
                return;
            }
            Repeat::Counted { by, max } => (by.as_deref(), *max),
        };
        let counts = by.and_then(|by| counter(before, by)).or_else(|| nearest(before));
        let digits = counts.and_then(|index| before.get(index)).and_then(|item| number(item.get("len"))).unwrap_or(2);
        let max = max.unwrap_or_else(|| {
            let most =
                10_usize.saturating_pow(u32::try_from(digits).unwrap_or(4)).saturating_sub(1).clamp(1, ENTRIES_MAX);
            let message = format!("{} has no maximum: {most} was taken", row.shown());
            group.doubts.push(format!("{}: no maximum is stated", self.cell(row.cells.label)));
            self.doubt(
                row,
                row.cells.remark.or(row.cells.label),
                Severity::Error,
                "repeat",
                message,
                Some("state the maximum, as in 최대 40건"),
            );
            most
        });
        match counts.and_then(|index| before.get_mut(index)) {
            Some(item) => {
                let field = item.entries.first().map(|entry| entry.value.clone());
                group.entries.extend(field.map(|field| Entry { key: "count".to_owned(), value: field }));
                if item.get("computed").is_none() {
                    item.entries.extend([Entry::new("computed", "count"), Entry::new("of", name)]);
                }
            }
            None => {
                let message =
                    format!("no field before {} says how often it repeats: the entries take what is left", row.shown());
                self.doubt(row, row.cells.remark.or(row.cells.label), Severity::Warning, "repeat", message, None);
                group.entries.push(Entry::new("repeat", "rest"));
            }
        }
        if unit.places.is_padded && placed.within.is_none() {
            group.entries.retain(|entry| entry.key != "repeat");
            group.entries.push(Entry::new("padded", true));
        }
        group.entries.push(Entry::new("max", max));
    }

    /// The name of the list with these codes. Equal lists are one.
    fn list(&mut self, row: &SheetRow, name: &str, codes: Vec<CodeText>) -> String {
        if let Some((_, known)) = self.codes.iter().find(|(other, _)| *other == codes) {
            return known.name.clone();
        }
        let base = free(&pascal(name), "Code");
        let mut list = base.clone();
        let mut number = 1;
        while self.codes.iter().any(|(_, known)| known.name == list) {
            number += 1;
            list = format!("{base}{number}");
        }
        let mut given = Given::default();
        let lines = codes.iter().map(|(code, meaning)| {
            let named = self.words.table(meaning);
            let named = if named.is_empty() || !named.is_ascii() { format!("Code{code}") } else { named };
            let named = given.unique(&free(&named, "Code"), "");
            let label = (!meaning.is_empty()).then(|| Entry::new("label", meaning.as_str()));
            [Entry::new("code", code.as_str()), Entry::new("name", named)].into_iter().chain(label).collect()
        });
        let codes_of = DraftCodes {
            name: list.clone(),
            entries: vec![Entry::new("label", row.shown())],
            codes: lines.collect(),
            doubts: Vec::new(),
        };
        self.codes.push((codes, codes_of));
        list
    }

    /// The remark, and who fills the item.
    fn note(&mut self, item: &mut DraftItem, row: &SheetRow) {
        let said = line(&row.said());
        if !said.is_empty() {
            item.entries.push(Entry::new("remark", said));
        }
    }

    fn read(&mut self, row: &SheetRow, path: &str, assumed: &[String]) {
        let length = row.cells.length.map(|at| line(self.grid.text(at))).unwrap_or_default();
        let read = [
            ("label", &row.label),
            ("name", &row.english),
            ("type", &row.letter),
            ("length", &length),
            ("remark", &line(&row.said())),
        ];
        let read =
            read.into_iter().filter(|(_, text)| !text.is_empty()).map(|(key, text)| (key.to_owned(), text.clone()));
        self.imported.push(ImportedItem {
            origin: self.grid.origin(row.cells.label.unwrap_or((row.row, 0))),
            table: self.table.clone(),
            path: path.to_owned(),
            read: read.collect(),
            assumed: row.assumed.iter().chain(assumed).cloned().collect(),
        });
    }

    fn doubt(
        &mut self,
        row: &SheetRow,
        at: Option<At>,
        severity: Severity,
        code: &'static str,
        message: String,
        hint: Option<&str>,
    ) {
        let origin = self.grid.origin(at.unwrap_or((row.row, 0)));
        self.doubts.push((row.row, Doubt { code, severity, origin, message, hint: hint.map(str::to_owned) }));
    }

    fn cell(&self, at: Option<At>) -> String {
        self.grid.origin(at.unwrap_or_default()).to_string()
    }
}

/// The bytes of a field without a stated maximum.
const TAIL_MAX: usize = 4096;

/// The entries of a group whose counter has many digits.
const ENTRIES_MAX: usize = 9_999;

fn label(item: &mut DraftItem, row: &SheetRow) {
    let mut label = row.label.as_str();
    if remark::repeat(label).is_some() {
        // `계좌목록: 건수만큼 반복(최대 6건)`
        label = label.split([':', '(', '[']).next().unwrap_or(label).trim();
    }
    if !label.is_empty() {
        item.entries.push(Entry::new("label", label));
    }
}

fn place(item: &mut DraftItem, at: Option<usize>) {
    if let Some(at) = at {
        item.entries.push(Entry::new("at", at));
    }
}

/// What a cell has, for a message.
fn written(grid: &Grid, at: Option<At>) -> String {
    let text = at.map_or("", |at| grid.text(at));
    if text.is_empty() { String::new() } else { format!(": `{}`", line(text)) }
}

fn number(value: Option<&Value>) -> Option<usize> {
    if let Some(Value::Number(number)) = value { usize::try_from(*number).ok() } else { None }
}

fn text<'i>(item: &'i DraftItem, key: &str) -> &'i str {
    if let Some(Value::Text(text)) = item.get(key) { text } else { "" }
}

/// The item with this name or label.
fn counter(items: &[DraftItem], by: &str) -> Option<usize> {
    let by = word(by).replace(['-', '_'], "");
    let is_it = |item: &&DraftItem| {
        [text(item, "name"), text(item, "label")].iter().any(|own| word(own).replace(['-', '_'], "") == by)
    };
    let exact = items.iter().position(|item| is_it(&item));
    exact.or_else(|| items.iter().rposition(|item| !by.is_empty() && word(text(item, "label")).ends_with(&by)))
}

/// The last item before that counts something.
fn nearest(items: &[DraftItem]) -> Option<usize> {
    items.iter().rposition(|item| {
        let label = word(text(item, "label"));
        let name = text(item, "name");
        item.get("computed").is_none()
            && (["건수", "횟수", "반복수", "개수", "갯수"].iter().any(|sign| label.ends_with(sign))
                || name.ends_with("count")
                || name.ends_with("cnt"))
    })
}
