//! The rows of a table: what each cell of an item says, before anything is made of it.

use super::depth::{depth, is_branch, name_cell, step};
use super::grid::{At, Grid};
use super::heading::{Heading, Role};
use super::letter::{Family, family, lettered};
use super::measure::{Measure, Picture, whole};
use super::remark::CodeText;
use crate::import::plain::{indentation, is_ditto, line, plain, word};

/// One row of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SheetRow {
    /// The row, from 0.
    pub(super) row: u32,
    /// The number as it is written: `7-1`.
    pub(super) number: String,
    /// The blanks before the name.
    pub(super) indent: usize,
    /// The depth: 0 for an item of the telegram, 1 for an item of a group.
    pub(super) depth: usize,
    /// The name, on one line.
    pub(super) label: String,
    /// The English name, on one line.
    pub(super) english: String,
    /// The letter of the type.
    pub(super) letter: String,
    /// The length.
    pub(super) measure: Measure,
    /// The stated begin, end and running total.
    pub(super) from: Option<usize>,
    pub(super) to: Option<usize>,
    pub(super) running: Option<usize>,
    /// The number of decimal places.
    pub(super) scale: Option<usize>,
    /// What the column of repetitions says.
    pub(super) repeat: String,
    /// What the columns of request and answer say.
    pub(super) request: String,
    pub(super) answer: String,
    /// The fixed value or the codes of the column of values.
    pub(super) value: String,
    /// The value that the item always has, if the heading or the remark says so.
    pub(super) fixed: Option<String>,
    /// The codes of the list that the item refers to.
    pub(super) listed: Vec<CodeText>,
    /// The remark, with its line breaks.
    pub(super) remark: String,
    /// Whether a cell beside an empty name says that the row is a sum.
    pub(super) is_sum: bool,
    /// Whether the row belongs to a group that only the number of its repetitions tells.
    pub(super) is_grouped: bool,
    /// Whether the row is deleted: struck through, or marked so.
    pub(super) is_struck: bool,
    /// The cell that marks the row as deleted, or the cell of a row that is struck through in part only.
    pub(super) marked: Option<At>,
    /// What the type says against the length.
    pub(super) against: Option<String>,
    /// What was assumed so far.
    pub(super) assumed: Vec<String>,
    /// The cells that decide the length, the begin, the end and the total, for messages.
    pub(super) cells: Cells,
}

/// The positions of the cells of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cells {
    pub(super) number: Option<At>,
    pub(super) label: Option<At>,
    pub(super) letter: Option<At>,
    pub(super) length: Option<At>,
    pub(super) from: Option<At>,
    pub(super) to: Option<At>,
    pub(super) running: Option<At>,
    pub(super) remark: Option<At>,
}

impl Cells {
    /// The cells of the columns that each have a role of their own.
    fn of(heading: &Heading, row: u32) -> Self {
        let at = |role| heading.column(role).map(|column| (row, column));
        Self {
            number: at(Role::Number),
            label: at(Role::Name),
            letter: at(Role::Type),
            length: at(Role::Length),
            from: at(Role::From),
            to: at(Role::To),
            running: at(Role::Running),
            remark: at(Role::Remark),
        }
    }
}

/// What a row is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An item, or a group.
    Item,
    /// A sum of lengths.
    Sum,
    /// A line that only continues the remark above it.
    More,
    /// Text that is neither.
    Text,
    /// Nothing.
    Blank,
}

/// The names of rows that state a sum.
const SUMS: [&str; 14] = [
    "계",
    "소계",
    "합계",
    "총계",
    "total",
    "subtotal",
    "sum",
    "총길이",
    "전체길이",
    "합",
    "누계",
    "総計",
    "合計",
    "길이합계",
];

/// What the name of a row without a number and a type ends with if it states the length of the whole.
const LENGTHS: [&str; 9] = [
    "레코드길이",
    "전체길이",
    "총길이",
    "전문길이",
    "길이합계",
    "총바이트",
    "totallength",
    "recordlength",
    "totalbytes",
];

/// Whether a row is crossed out, and the cell that says so.
struct Crossed {
    /// The whole row is.
    is_whole: bool,
    /// The cell whose words delete the row, or the only one that is struck through.
    marked: Option<At>,
}

impl Crossed {
    /// Looks at the cells of a row: that of the label, that of the length, and all others for words.
    fn of(grid: &Grid, heading: &Heading, row: u32, [label, length]: [Option<At>; 2]) -> Self {
        let is_struck = |at: Option<At>| at.and_then(|at| grid.cell(at)).is_some_and(|cell| cell.is_struck);
        let struck = [is_struck(label), is_struck(length)];
        let mut others = (heading.columns.0..=heading.columns.1).map(|column| (row, column));
        let deleted = others.find(|at| Some(*at) != label && says_deleted(grid.text(*at)));
        let torn = label.filter(|_| struck == [true, false]).or(length.filter(|_| struck == [false, true]));
        Self { is_whole: struck == [true, true] || deleted.is_some(), marked: deleted.or(torn) }
    }
}

/// The remarks of a row, one a line. A ditto mark repeats those of the row above.
fn remark(grid: &Grid, heading: &Heading, row: u32, above: Option<&SheetRow>, assumed: &mut Vec<String>) -> String {
    let remarks = heading.columns_of(Role::Remark).map(|column| (row, column));
    let remarks: Vec<String> = remarks.map(|at| plain(grid.text(at))).filter(|text| !text.is_empty()).collect();
    match above.filter(|_| remarks.iter().any(|text| is_ditto(text))) {
        Some(above) => {
            assumed.push("the ditto mark repeats the remark above".to_owned());
            above.remark.clone()
        }
        None => remarks.join("\n"),
    }
}

/// The type of a row. A merged cell says it for all its rows.
fn merged_type(grid: &Grid, at: Option<At>, letter: String, assumed: &mut Vec<String>) -> String {
    let merged = at.filter(|_| letter.is_empty()).map(|at| line(grid.merged_text(at))).unwrap_or_default();
    if merged.is_empty() {
        return letter;
    }
    assumed.push(format!("the merged cell says its type: {merged}"));
    merged
}

/// A remark with the maximum that stands beside a length that varies: `가변(최대 100)`.
fn with_maximum(remark: String, measure: &Measure, length: &str) -> String {
    let has_maximum = *measure == Measure::Varies && length.bytes().any(|byte| byte.is_ascii_digit());
    if has_maximum { format!("{length}\n{remark}") } else { remark }
}

impl SheetRow {
    /// Reads a row. `above` is the row before it, for ditto marks.
    pub(super) fn read(grid: &Grid, heading: &Heading, row: u32, above: Option<&Self>) -> Self {
        let at = |role| heading.column(role).map(|column| (row, column));
        let text = |role| at(role).map_or("", |at| grid.text(at)).to_owned();
        let number_of = |role| whole(plain(&text(role)).trim_end_matches(".0").trim_end_matches(['.', ')']));
        let mut assumed = Vec::new();
        let mut ditto = |role, above: Option<&str>, what: &str| {
            let own = text(role);
            match above.filter(|_| is_ditto(&own)) {
                Some(above) => {
                    assumed.push(format!("the ditto mark repeats the {what} above: {above}"));
                    above.to_owned()
                }
                None => line(&own),
            }
        };
        let letter = ditto(Role::Type, above.map(|row| row.letter.as_str()), "type");
        let length = ditto(Role::Length, above.map(|row| row.length()).as_deref(), "length");
        let letter = merged_type(grid, at(Role::Type), letter, &mut assumed);
        let Typed { letter, measure, scale, against } = Typed::of(&letter, &length);
        let measure = characters(measure, &length, &letter, &mut assumed);
        let span = Span::of(&text(Role::From));
        let from = number_of(Role::From).or(span.map(|span| span.from));
        let to = number_of(Role::To).or(span.map(|span| span.to));
        // Without a column of lengths the first and the last byte say it.
        let measure = if at(Role::Length).is_none() { reaching(measure, from, to) } else { measure };
        let remark = with_maximum(remark(grid, heading, row, above, &mut assumed), &measure, &length);
        let name_at = name_cell(grid, heading, row);
        let shown = name_at.map_or("", |at| grid.cell(at).map_or("", |cell| &cell.text));
        let label_cell = name_at.or(at(Role::English));
        let length_cell = at(Role::Length).or(at(Role::Type));
        let crossed = Crossed::of(grid, heading, row, [label_cell, length_cell]);
        let number = line(&text(Role::Number));
        let label =
            line(shown).trim_start_matches(|first: char| is_branch(first) || first == '*' || first == ' ').to_owned();
        let both = both(&label).filter(|_| heading.column(Role::English).is_none());
        let (label, english) = both.unwrap_or_else(|| (label, line(&text(Role::English))));
        Self {
            row,
            indent: indentation(shown),
            depth: depth(&number, &text(Role::Level), shown) + step(grid, heading, name_at),
            number,
            label,
            english,
            letter,
            measure,
            from,
            to,
            running: number_of(Role::Running),
            scale: number_of(Role::Scale).or(scale),
            repeat: line(&text(Role::Repeat)),
            request: line(&text(Role::Request)),
            answer: line(&text(Role::Answer)),
            listed: Vec::new(),
            fixed: fixed(heading, &text(Role::Value), &remark),
            value: plain(&text(Role::Value)),
            remark,
            is_sum: says_sum(grid, heading, row),
            is_grouped: false,
            is_struck: crossed.is_whole,
            marked: crossed.marked,
            against,
            assumed,
            cells: Cells {
                label: label_cell,
                length: length_cell,
                to: at(Role::To).or(at(Role::From).filter(|_| span.is_some())),
                ..Cells::of(heading, row)
            },
        }
    }

    /// What the row is, seen alone. A row that has a name and no length may be a group or a text; the rows behind it decide.
    pub(super) fn kind(&self) -> Kind {
        let name = word(&self.label);
        let has_name = !name.is_empty() || !self.english.is_empty();
        let is_bare = self.number.is_empty() && self.letter.is_empty();
        let is_sum = |text: &str| {
            let text = edged(text);
            SUMS.contains(&text) || (is_bare && LENGTHS.iter().any(|length| text.ends_with(length)))
        };
        match () {
            () if self.is_sum && !has_name => Kind::Sum,
            () if is_sum(&name) || is_sum(&word(&self.number)) || (name.is_empty() && is_sum(&word(&self.english))) => {
                Kind::Sum
            }
            () if !has_name && self.number.is_empty() && self.letter.is_empty() => match self.measure {
                Measure::Blank if self.remark.is_empty() && self.value.is_empty() => Kind::Blank,
                Measure::Blank => Kind::More,
                // A bare number under the lengths.
                _ => Kind::Sum,
            },
            () if !has_name && self.measure == Measure::Blank => Kind::Text,
            () if self.measure == Measure::Blank && self.letter.is_empty() && self.number.is_empty() => Kind::Text,
            () => Kind::Item,
        }
    }

    /// The same row if its name states a sum: `합계 : 70 byte`.
    pub(super) fn stated_sum(&self) -> Option<Self> {
        let name = word(&self.label);
        let start = name.find(|one: char| one.is_ascii_digit())?;
        let (before, number) = name.split_at_checked(start)?;
        let before = before.trim_matches(|edge: char| "[]()<>*-:=※".contains(edge));
        let says = SUMS.contains(&before) || LENGTHS.iter().any(|length| before.ends_with(length));
        let number = number.trim_end_matches([')', ']', '.']);
        let measure = Some(Measure::read(number)).filter(|measure| says && matches!(measure, Measure::Bytes(_)))?;
        let cells = Cells { length: self.cells.label, ..self.cells };
        Some(Self { measure, cells, ..self.clone() })
    }

    /// The length as a later ditto mark repeats it.
    fn length(&self) -> String {
        self.measure.bytes().map_or_else(String::new, |bytes| bytes.to_string())
    }

    /// The name for messages: the sheet's own one.
    pub(super) fn shown(&self) -> &str {
        if self.label.is_empty() { &self.english } else { &self.label }
    }

    /// Everything that is said about the item.
    pub(super) fn said(&self) -> String {
        [&self.value, &self.remark].into_iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join("\n")
    }
}

/// What the columns of type and length say together.
struct Typed {
    letter: String,
    measure: Measure,
    scale: Option<usize>,
    against: Option<String>,
}

impl Typed {
    fn of(letter: &str, length: &str) -> Self {
        let by_length = lettered(length);
        let measure = by_length.as_ref().map_or_else(|| Measure::read(length), |(_, measure)| measure.clone());
        let bytes = measure.bytes();
        let mut typed = Self { letter: letter.to_owned(), measure, scale: None, against: None };
        if let Some((own, _)) = by_length.filter(|_| letter.is_empty()) {
            typed.letter = own;
        }
        let is_picture = letter.contains('(') || letter.len() > 2;
        let by_type = lettered(letter);
        let picture = Picture::read(letter).filter(|_| is_picture && by_type.is_none());
        let says = match (&picture, &by_type) {
            (Some(picture), _) => Some(picture.bytes()),
            (None, Some((_, measure))) => measure.bytes(),
            (None, None) => None,
        };
        // Of `N(9,2)` with 11 bytes, 9 digits stand before the point.
        let places = if let Some((_, Measure::Decimal { scale, .. })) = &by_type { *scale } else { 0 };
        if let (Some(says), Some(bytes)) = (says, bytes)
            && says != bytes
            && says + places != bytes
        {
            typed.against = Some(format!("the type `{letter}` has {says} bytes, and the length is {bytes}"));
        }
        let is_blank = typed.measure == Measure::Blank;
        match (picture, by_type) {
            // A picture may stand in the column of types, with or without a length.
            (Some(picture), _) if is_blank || typed.against.is_none() => {
                typed.letter = String::new();
                typed.measure = Measure::Picture(picture);
            }
            (None, Some((own, measure))) => {
                typed.letter = own;
                if let Measure::Decimal { scale, .. } = measure {
                    typed.scale = Some(scale);
                }
                if is_blank {
                    typed.measure = measure;
                }
            }
            _ => {}
        }
        typed
    }
}

/// The bytes from the first to the last one, if nothing else states a length.
fn reaching(measure: Measure, from: Option<usize>, to: Option<usize>) -> Measure {
    match (from, to) {
        (Some(from), Some(to)) if measure == Measure::Blank && from <= to => Measure::Bytes(to - from + 1),
        _ => measure,
    }
}

/// The bytes of a number of characters, `10자`: two each if the type says Korean, one each if it says digits or letters without them.
fn characters(measure: Measure, length: &str, letter: &str, assumed: &mut Vec<String>) -> Measure {
    let text = word(length);
    let count = text.strip_suffix('자').and_then(|count| whole(count.trim_end_matches('글')));
    let is_korean = || word(letter).contains("한글") || matches!(word(letter).as_str(), "h" | "k" | "han");
    let bytes = match (count, family(letter)) {
        (Some(count), Some(Family::Number | Family::Alphanumeric)) => Some(count),
        (Some(count), Some(Family::Text)) if is_korean() => count.checked_mul(2),
        _ => None,
    };
    match bytes.filter(|_| measure == Measure::Unclear) {
        Some(bytes) => {
            assumed.push(format!("{length} of the type {letter} are {bytes} bytes"));
            Measure::Bytes(bytes)
        }
        None => measure,
    }
}

/// The first and the last byte in one cell: `2~5`, `6 - 15`.
#[derive(Clone, Copy)]
struct Span {
    from: usize,
    to: usize,
}

impl Span {
    fn of(text: &str) -> Option<Self> {
        let text = word(text);
        let (from, to) = text.split_once(|split| "~-∼〜".contains(split)).or_else(|| text.split_once("to"))?;
        Some(Self { from: whole(from)?, to: whole(to)? })
    }
}

/// The value of the column of values if it is fixed by its heading or by the remark.
fn fixed(heading: &Heading, value: &str, remark: &str) -> Option<String> {
    let title = heading.column(Role::Value).and_then(|column| heading.texts.get(&column)).map(|text| word(text))?;
    let says = |text: &str| ["고정", "상수", "fix", "const", "固定"].iter().any(|sign| text.contains(sign));
    let is_fixed = says(&title) || says(&word(remark));
    let value = plain(value);
    let is_value = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_fixed && is_value).then_some(value)
}

/// A word without the brackets and marks around it.
fn edged(text: &str) -> &str {
    text.trim_matches(|edge: char| "[]()<>*-:".contains(edge))
}

/// Whether a cell of the table says nothing but that its row is a sum.
fn says_sum(grid: &Grid, heading: &Heading, row: u32) -> bool {
    let columns = grid.columns(row).filter(|column| (heading.columns.0..=heading.columns.1).contains(column));
    let words = columns.map(|column| word(grid.text((row, column))));
    words.into_iter().any(|text| SUMS.contains(&edged(&text)))
}

/// Whether a cell says nothing but that its row is deleted.
fn says_deleted(text: &str) -> bool {
    let text = word(text);
    matches!(
        text.trim_matches(|edge: char| "()[]<>*".contains(edge)),
        "삭제" | "삭제됨" | "항목삭제" | "폐기" | "deleted" | "delete" | "del" | "removed"
    )
}

/// `전문길이(LENGTH)`: a name with the English one in brackets.
fn both(label: &str) -> Option<(String, String)> {
    let (name, behind) = label.split_once('(')?;
    let english = behind.strip_suffix(')')?.trim();
    let is_name = english.starts_with(|first: char| first.is_ascii_alphabetic())
        && english.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_- ".contains(&byte));
    (is_name && !name.trim().is_ascii()).then(|| (name.trim().to_owned(), english.to_owned()))
}
