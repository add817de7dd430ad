//! The sheet of codes → the lists of codes.

use super::super::plan::{FIRST_CODE, said_code};
use super::super::row::together;
use super::super::settings::{Address, error};
use super::super::words::{BLANK_CODE, CODES, said};
use super::Reader;
use crate::draft::{DraftCodes, Entry, Value};

impl Reader<'_> {
    /// The lists in the order of `fep`, then those that only the sheet has.
    pub(super) fn codes(&mut self) -> Vec<DraftCodes> {
        let lang = self.settings.lang;
        let mut rows: Vec<[String; 5]> = Vec::new();
        let sheet = said(CODES, lang);
        let grid = self.grids.iter().find(|grid| grid.name.as_deref() == Some(sheet));
        for row in grid.iter().flat_map(|grid| grid.rows().iter().map(move |row| (grid, *row))) {
            let (grid, row) = row;
            if row < FIRST_CODE {
                continue;
            }
            let cells = [1, 2, 3, 4, 5].map(|column| grid.text((row, column)).to_owned());
            let [id, _, code, ..] = &cells;
            match (id.is_empty(), code.is_empty()) {
                (true, true) => {}
                (false, false) => rows.push(cells),
                _ => {
                    let message = "the row has no list or no code: it was left out".to_owned();
                    let hint = format!("a blank code is written {}", said(BLANK_CODE, lang));
                    self.doubts.push(error("text", grid.origin((row, 1)), message, &hint));
                }
            }
        }
        let mut names = self.settings.tables("codes");
        let known = names.len();
        for [id, ..] in &rows {
            if !names.contains(id) {
                names.push(id.clone());
            }
        }
        let lists = names.iter().enumerate().map(|(index, name)| self.list_of_codes(name, &rows, index >= known));
        lists.collect()
    }

    fn list_of_codes(&self, name: &str, rows: &[[String; 5]], is_new: bool) -> DraftCodes {
        let address = Address::new("codes", name, "");
        let mut entries = if is_new { Vec::new() } else { self.settings.of(&address) };
        entries.retain(|entry| entry.key != "sheet");
        let blank = said(BLANK_CODE, self.settings.lang);
        let own: Vec<&[String; 5]> = rows.iter().filter(|[id, ..]| id == name).collect();
        if let Some([_, label, ..]) = own.first()
            && !label.is_empty()
            && !entries.iter().any(|entry| entry.key == "label")
        {
            entries.insert(0, Entry::new("label", label.as_str()));
        }
        let code = |(index, [_, _, code, name, meaning]): (usize, &[String; 5])| {
            let told = self.settings.of(&address.below(&format!("#{}", index + 1)));
            let mut entries = together(said_code(code, name, meaning, blank), &told);
            if !entries.iter().any(|entry| entry.key == "code") {
                entries.insert(0, Entry::new("code", Value::from("")));
            }
            entries
        };
        let codes = own.into_iter().enumerate().map(code).collect();
        DraftCodes { name: name.to_owned(), entries, codes, doubts: Vec::new() }
    }
}
