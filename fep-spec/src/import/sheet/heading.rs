//! What the columns of a table are, told by their headings.

mod content;
mod words;

use std::collections::BTreeMap;

use self::content::Body;
use self::words::{DESCRIPTIONS, MEMO_NAMES, WEAK_NAMES, role};
use super::grid::Grid;
use super::letter::family;
use crate::import::plain::word;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Role {
    /// The running number of a row, which may show its depth: `7-1`.
    Number,
    /// The depth of a row as a number.
    Level,
    /// The name in the sheet's language.
    Name,
    /// The English name.
    English,
    /// The letter of the type.
    Type,
    /// The length in bytes, or a picture.
    Length,
    /// The number of decimal places.
    Scale,
    /// Where the item begins.
    From,
    /// Where the item ends.
    To,
    /// A running total: where the item ends, or begins.
    Running,
    /// The group that the item belongs to, by its name.
    Parent,
    /// How often the item repeats.
    Repeat,
    /// Whether the item must be given.
    Required,
    /// Whether the item is filled in a request.
    Request,
    /// Whether the item is filled in an answer.
    Answer,
    /// Who fills the item, and other marks: kept as a remark.
    Mark,
    /// A fixed value, or a list of codes.
    Value,
    /// Anything else that is said about the item.
    Remark,
}

/// The heading of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heading {
    /// Its first row.
    pub(super) top: u32,
    /// Its last row.
    pub(super) bottom: u32,
    /// The columns of the table: the first and the last.
    pub(super) columns: (u32, u32),
    /// What each column holds. Several columns may hold remarks.
    pub(super) roles: BTreeMap<u32, Role>,
    /// The heading of each column, as it is written.
    pub(super) texts: BTreeMap<u32, String>,
    /// The last of the columns without a heading behind that of the name, if each depth of the names has its own.
    pub(super) names_end: Option<u32>,
}

impl Heading {
    /// The column with this role.
    pub(crate) fn column(&self, role: Role) -> Option<u32> {
        self.roles.iter().find(|(_, other)| **other == role).map(|(column, _)| *column)
    }

    /// The columns with this role.
    pub(super) fn columns_of(&self, role: Role) -> impl Iterator<Item = u32> + '_ {
        self.roles.iter().filter(move |(_, other)| **other == role).map(|(column, _)| *column)
    }

    /// Takes the columns behind the name that no heading explains as remarks, if they hold text: nothing that a sheet says is lost.
    fn keep_text(&mut self, grid: &Grid, told: &Told<'_>) {
        let body = Body::new(grid, self.bottom);
        let name = self.column(Role::Name).or(self.column(Role::English)).unwrap_or(u32::MAX);
        let is_unknown = |(column, text): &(&u32, &String)| {
            **column > name
                && !self.roles.contains_key(*column)
                && !text.is_empty()
                && told(**column, text).is_none()
                && !WEAK_NAMES.contains(&word(text).as_str())
        };
        let unknown = self.texts.iter().filter(is_unknown).map(|(column, _)| *column);
        let unknown: Vec<u32> = unknown.filter(|column| body.holds_text(*column)).collect();
        self.roles.extend(unknown.into_iter().map(|column| (column, Role::Remark)));
    }

    /// The last column of the names if they are indented by columns, as a text file has them for a heading that was merged over several.
    fn steps(&self, grid: &Grid) -> Option<u32> {
        let name = self.column(Role::Name)?;
        let next = self.texts.keys().find(|column| **column > name)?;
        let body = Body::new(grid, self.bottom);
        (*next - name > 1 && body.is_stepped(name, *next - 1)).then_some(*next - 1)
    }

    /// Whether these columns describe the items of a telegram.
    fn is_one(&self) -> bool {
        let has = |role| self.column(role).is_some();
        let measures = has(Role::Length) || has(Role::Type) || (has(Role::From) && has(Role::To));
        let others = self.roles.values().filter(|role| **role != Role::Mark).count();
        (has(Role::Name) || has(Role::English)) && measures && others >= 2
    }
}

/// What somebody said about a column: by its number and its heading. `Some(None)` ignores it.
pub(super) type Told<'t> = dyn Fn(u32, &str) -> Option<Option<Role>> + 't;

/// The headings that begin in a row: several, if tables stand side by side.
pub(super) fn headings(grid: &Grid, row: u32, told: &Told<'_>) -> Vec<Heading> {
    let single = of_rows(grid, row, row, told);
    let double = of_rows(grid, row, row + 1, told);
    let weight = |found: &[Heading]| found.iter().map(|heading| heading.roles.len()).sum::<usize>();
    // The second row belongs to the heading if it says more about columns than the first one alone, and is no item.
    let is_double = !double.is_empty() && weight(&double) > weight(&single) && is_second(grid, row);
    let mut found = if is_double { double } else { single };
    for heading in &mut found {
        heading.keep_text(grid, told);
        heading.names_end = heading.steps(grid);
    }
    found
}

/// Whether the row below can be the second row of a heading: each of its cells is a heading, or belongs to a cell above it.
fn is_second(grid: &Grid, row: u32) -> bool {
    let mut below = grid.columns(row + 1).peekable();
    let is_told = |role: Role| !matches!(role, Role::Request | Role::Answer | Role::Mark | Role::Remark | Role::Value);
    let above = grid.columns(row).filter(|column| role(grid.text((row, *column))).is_some_and(is_told)).count();
    above >= 2
        && below.peek().is_some()
        && below.all(|column| {
            let above = grid.region((row, column));
            let is_spread = above.is_some_and(|((_, left), (_, right))| left < right);
            is_spread || role(grid.text((row + 1, column))).is_some()
        })
}

/// What a heading says, seen alone.
pub(super) fn role_of_heading(heading: &str) -> Option<Role> {
    role(heading)
}

/// A cell of a heading.
#[derive(Clone)]
struct HeadingCell {
    column: u32,
    text: String,
    role: Option<Role>,
    /// Whether a mapping file says so.
    is_told: bool,
}

fn of_rows(grid: &Grid, top: u32, bottom: u32, told: &Told<'_>) -> Vec<Heading> {
    let mut columns: Vec<u32> = (top..=bottom).flat_map(|row| grid.columns(row)).collect();
    columns.sort_unstable();
    columns.dedup();
    let cells = columns.into_iter().map(|column| {
        let text = heading_text(grid, top, bottom, column);
        let told = told(column, &text);
        HeadingCell { column, role: told.unwrap_or_else(|| role(&text)), is_told: told.is_some(), text }
    });
    let mut cells: Vec<HeadingCell> = cells.collect();
    directions(&mut cells);
    let mut tables: Vec<Vec<HeadingCell>> = Vec::new();
    for cell in cells {
        // A second name or a second number begins the next table.
        let has = |wanted| tables.last().is_some_and(|open| open.iter().any(|other| other.role == Some(wanted)));
        let begins = match cell.role {
            Some(Role::Number) => has(Role::Number),
            Some(Role::Name) => has(Role::Name) && has(Role::Length),
            _ => false,
        };
        match tables.last_mut().filter(|_| !begins) {
            Some(open) => open.push(cell),
            None => tables.push(vec![cell]),
        }
    }
    let mut joined: Vec<Vec<HeadingCell>> = Vec::new();
    for cells in tables {
        let is_own = table(grid, top, bottom, &mut cells.clone()).is_some();
        match joined.last_mut().filter(|_| !is_own) {
            // A second description of the same items: it does not say where they are.
            Some(above) => above.extend(cells),
            None => joined.push(cells),
        }
    }
    joined.iter_mut().filter_map(|cells| table(grid, top, bottom, cells)).collect()
}

/// Two neighbours with the codes of a request and its answer, `0200` and `0210`, say which of them has an item.
fn directions(cells: &mut [HeadingCell]) {
    let code = |cell: &HeadingCell| {
        let is_code =
            cell.role.is_none() && cell.text.len() == 4 && cell.text.bytes().all(|byte| byte.is_ascii_digit());
        cell.text.parse::<usize>().ok().filter(|_| is_code)
    };
    let pair = cells.windows(2).position(|pair| match pair {
        [one, other] => code(one).zip(code(other)).is_some_and(|(one, other)| one / 10 % 2 == 0 && one + 10 == other),
        _ => false,
    });
    let Some(index) = pair else { return };
    for (cell, role) in cells.iter_mut().skip(index).zip([Role::Request, Role::Answer]) {
        cell.role = Some(role);
    }
}

/// The text that names a column: that of the lower row, unless it stands alone.
fn heading_text(grid: &Grid, top: u32, bottom: u32, column: u32) -> String {
    let above = grid.merged_text((top, column));
    let below = if bottom > top { grid.merged_text((bottom, column)) } else { "" };
    let is_own = !below.is_empty() && below != above;
    match (role(below), role(above)) {
        _ if !is_own => above.to_owned(),
        (None, Some(_)) => above.to_owned(),
        _ => below.to_owned(),
    }
}

/// Finds the column of types by its content, if no heading names it.
fn find_types(grid: &Grid, bottom: u32, cells: &mut [HeadingCell]) {
    let has = |wanted: Role| cells.iter().any(|cell| cell.role == Some(wanted));
    if has(Role::Type) || !(has(Role::Name) || has(Role::English)) {
        return;
    }
    let is_free = |cell: &&mut HeadingCell| {
        // `N` or `20` is what a row of items has.
        let is_item = family(&cell.text).is_some() || cell.text.chars().any(|one| one.is_ascii_digit());
        cell.role.is_none() && !cell.is_told && !cell.text.is_empty() && !is_item
    };
    if let Some(cell) = cells.iter_mut().filter(is_free).find(|cell| Body::new(grid, bottom).holds_types(cell.column)) {
        cell.role = Some(Role::Type);
    }
}

/// Of several columns with lengths, that in bytes is the length: the others count characters or digits.
fn prefer_bytes(cells: &mut [HeadingCell]) {
    let is_length = |cell: &HeadingCell| cell.role == Some(Role::Length);
    let says = |cell: &HeadingCell| ["byte", "바이트", "バイト"].iter().any(|sign| word(&cell.text).contains(sign));
    let has_bytes = cells.iter().any(|cell| is_length(cell) && says(cell));
    if cells.iter().filter(|cell| is_length(cell)).count() > 1 && has_bytes {
        for cell in cells.iter_mut().filter(|cell| is_length(cell) && !says(cell) && !cell.is_told) {
            cell.role = Some(Role::Remark);
        }
    }
}

/// Finds the columns of names and numbers by their content, if no heading names them.
fn find_names(grid: &Grid, bottom: u32, cells: &mut [HeadingCell]) {
    let body = Body::new(grid, bottom);
    let place = |cells: &[HeadingCell], wanted: Role| cells.iter().position(|cell| cell.role == Some(wanted));
    let is_free = |cell: &HeadingCell| cell.role.is_none() && !cell.is_told && !cell.text.is_empty();
    // The names of an English column can be those of the sheet's language.
    if let (None, Some(index)) = (place(cells, Role::Name), place(cells, Role::English))
        && let Some(cell) = cells.get_mut(index).filter(|cell| !cell.is_told && body.is_local(cell.column))
    {
        cell.role = Some(Role::Name);
    }
    // Beside names for programs, the description is the name in the sheet's language.
    if let (Some(index), None) = (place(cells, Role::Name), place(cells, Role::English))
        && let Some([name, behind]) = cells.get_mut(index..index + 2)
        && DESCRIPTIONS.contains(&word(&behind.text).as_str())
        && !(name.is_told || behind.is_told)
        && body.is_latin(name.column)
        && body.is_local(behind.column)
    {
        name.role = Some(Role::English);
        behind.role = Some(Role::Name);
    }
    let is_named = [Role::Name, Role::English].iter().any(|role| place(cells, *role).is_some());
    let is_weak = cells.iter().any(|cell| WEAK_NAMES.contains(&word(&cell.text).as_str()));
    let others = [Role::Type, Role::From, Role::To, Role::Running, Role::Number, Role::Required];
    let has_others = others.iter().any(|role| place(cells, *role).is_some());
    if let Some(lengths) = place(cells, Role::Length).and_then(|index| cells.get(index)).map(|cell| cell.column)
        && !is_named
        && !is_weak
        && has_others
        && let Some(cell) = cells.iter_mut().find(|cell| is_free(cell) && body.holds_names(cell.column, lengths))
    {
        cell.role = Some(Role::Name);
    }
    let name = place(cells, Role::Name).or(place(cells, Role::English)).unwrap_or_default();
    if place(cells, Role::Number).is_none()
        && let Some(cell) = cells.iter_mut().take(name).find(|cell| is_free(cell) && body.holds_numbers(cell.column))
    {
        cell.role = Some(Role::Number);
    }
}

/// In an English sheet the description behind the name is a remark.
fn describe(cells: &mut [HeadingCell]) {
    let Some(english) = cells.iter().position(|cell| cell.role == Some(Role::English)) else { return };
    let behind = cells.iter_mut().skip(english + 2);
    for cell in behind.filter(|cell| !cell.is_told && cell.role == Some(Role::Name)) {
        if word(&cell.text).starts_with("desc") {
            cell.role = Some(Role::Remark);
        }
    }
}

fn table(grid: &Grid, top: u32, bottom: u32, cells: &mut [HeadingCell]) -> Option<Heading> {
    prefer_bytes(cells);
    find_names(grid, bottom, cells);
    find_types(grid, bottom, cells);
    describe(cells);
    let cells = &*cells;
    let mut roles: BTreeMap<u32, Role> = BTreeMap::new();
    for cell in cells {
        let Some(role) = cell.role else { continue };
        let is_new = !roles.values().any(|other| *other == role);
        let role = match role {
            _ if is_new => role,
            Role::Remark | Role::Mark => role,
            // A second heading of the same kind says something else about the item.
            _ => Role::Remark,
        };
        roles.insert(cell.column, role);
    }
    if !roles.values().any(|role| *role == Role::Name) {
        let weak = cells.iter().find(|cell| WEAK_NAMES.contains(&word(&cell.text).as_str()));
        // Beside an English name, a memo is the name in the sheet's language.
        let memo = cells.iter().find(|cell| MEMO_NAMES.contains(&word(&cell.text).as_str()));
        let has_english = roles.values().any(|role| *role == Role::English);
        let found = weak.or(memo.filter(|_| has_english));
        roles.extend(found.map(|cell| (cell.column, Role::Name)));
    }
    let columns = (cells.first()?.column, cells.last()?.column);
    let texts = cells.iter().map(|cell| (cell.column, cell.text.clone())).collect();
    Some(Heading { top, bottom, columns, roles, texts, names_end: None }).filter(Heading::is_one)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap as Map;

    use super::super::grid::Cell;
    use super::*;

    fn grid(rows: &[&str]) -> Grid {
        let mut cells = Map::new();
        for (row, text) in (0..).zip(rows) {
            for (column, text) in (0..).zip(text.split('|')).filter(|(_, text)| !text.trim().is_empty()) {
                cells.insert((row, column), Cell { text: text.trim().to_owned(), ..Cell::default() });
            }
        }
        Grid::new(None, cells, Vec::new())
    }

    fn check(rows: &[&str], expected: &[&str]) {
        let shown: Vec<String> = headings(&grid(rows), 0, &|_, _| None)
            .iter()
            .map(|heading| {
                heading.roles.iter().map(|(column, role)| format!("{column}{role:?}")).collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(shown, expected, "{rows:?}");
    }

    /// The twelve styles of headings that were seen, by what institutions published.
    #[test]
    fn the_headings_of_institutions_are_understood() {
        check(&["구분|속성|길이|내용"], &["0Name 1Type 2Length 3Remark"]);
        check(&["순번|항목명|F|T|SIZE|비고"], &["0Number 1Name 2From 3To 4Length 5Remark"]);
        check(&["필드명|Type|Length|Offset|고객|은행|비고"], &["0Name 1Type 2Length 3From 4Mark 5Mark 6Remark"]);
        check(
            &["순번|필드명(한글)|필드명(영문)|속성||위치||비고", "|||타입|길이|시작|종료|"],
            &["0Number 1Name 2English 3Type 4Length 5From 6To 7Remark"],
        );
        check(
            &["No|DESCRIPTION|name|LEN|TYPE|업체=>은행|은행=>업체|내용"],
            &["0Number 1Name 2English 3Length 4Type 5Mark 6Mark 7Remark"],
        );
        check(&["순번|항목|TYPE|길이|업체|은행|내용"], &["0Number 1Name 2Type 3Length 4Mark 5Mark 6Remark"]);
        check(
            &["순번|항목 명칭|type|기재구분|길이 (byte)|항목 설명"],
            &["0Number 1Name 2Type 3Required 4Length 5Remark"],
        );
        check(
            &["순번|항목|길이|누계|순번|항목|길이|누계"],
            &["0Number 1Name 2Length 3Running", "4Number 5Name 6Length 7Running"],
        );
        check(
            &["번호|한글명|TYPE|길이|누적길이|비고|점검내용"],
            &["0Number 1Name 2Type 3Length 4Running 5Remark 6Mark"],
        );
        check(&["No|name|memo|type|len"], &["0Number 1English 2Name 3Type 4Length"]);
        check(&["項番|項目名|属性|桁数|備考"], &["0Number 1Name 2Type 3Length 4Remark"]);
        check(&["항목|길이|타입|요청|응답|비고"], &["0Name 1Length 2Type 3Request 4Answer 5Remark"]);
        check(&["항목번호|항목명|항목길이|항목타입|항목설명"], &["0Number 1Name 2Length 3Type 4Remark"]);
        check(&["LVL|항목명|영문명|PICTURE|오프셋"], &["0Level 1Name 2English 3Type 4From"]);
        check(&["순번|항 목 명|길 이|타 입|필수"], &["0Number 1Name 2Length 3Type 4Required"]);
    }

    #[test]
    fn other_rows_are_no_headings() {
        for row in [
            "개정이력|2026-10-01|최초작성",
            "1|전문길이|N|4",
            "작성|승인",
            "전문구분|이체|전체길이|300",
            "코드|내용",
            "",
        ] {
            check(&[row], &[]);
        }
        check(&["항목|길이|타입|비고", "길이|4|N|"], &["0Name 1Length 2Type 3Remark"]);
        check(&["지급 통지 (0300)", "순번|항목명|길이"], &[]);
        check(&["전체길이|80", "항목명|길이"], &[]);
    }
}
