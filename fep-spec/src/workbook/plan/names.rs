//! The names of sheets: at most 31 characters, without `[]:*?/\`, each one once. Capital and small letters are the same.

use std::collections::BTreeSet;

use super::super::words::{CODES, COVER, FILES, LETTERS, said};
use crate::import::sheet::grid::SETTINGS_SHEET;
use crate::pages::Lang;

/// The maximum length of a name in UTF-16 units.
const NAME_MAX: usize = 31;

/// The names so far.
pub(super) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// The names that no telegram can have.
    pub(super) fn new(lang: Lang) -> Self {
        let fixed = [COVER, CODES, LETTERS, FILES].map(|word| said(word, lang).to_lowercase());
        // A spreadsheet program keeps `History` for itself.
        let others = [SETTINGS_SHEET.to_owned(), "history".to_owned()];
        Self { taken: fixed.into_iter().chain(others).collect() }
    }

    /// `0100_100 이체`: a name for a table with these codes and this label.
    pub(super) fn of_table(&mut self, codes: &[&str], label: &str) -> String {
        let name = if codes.is_empty() { label.to_owned() } else { format!("{} {label}", codes.join("_")) };
        let is_plain = |one: &char| !one.is_control() && !matches!(one, '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}');
        let plain = name.chars().filter(is_plain).map(|one| if "[]:*?/\\".contains(one) { '_' } else { one });
        let name = plain.collect::<String>().replace("_x", "_ x");
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let name = name.trim_matches('\'').trim();
        let name = if name.is_empty() { "T" } else { name };
        let mut number = 1;
        loop {
            let end = if number == 1 { String::new() } else { format!(" ({number})") };
            let one = format!("{}{end}", cut(name, NAME_MAX.saturating_sub(end.len())));
            if self.taken.insert(one.to_lowercase()) {
                return one;
            }
            number += 1;
        }
    }
}

/// The first characters that have room.
fn cut(name: &str, room: usize) -> &str {
    let mut left = room;
    let fits = |(_, one): &(usize, char)| {
        let len = one.len_utf16();
        let fits = len <= left;
        left = left.saturating_sub(len);
        fits
    };
    let end = name.char_indices().take_while(fits).last().map_or(0, |(at, one)| at + one.len_utf8());
    name.get(..end).unwrap_or_default().trim_end_matches([' ', '\''])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_sheet_is_short_plain_and_unique() {
        let mut names = Names::new(Lang::Ko);
        let mut check =
            |codes: &[&str], label: &str, expected: &str| assert_eq!(names.of_table(codes, label), expected);
        check(&["0100", "100"], "이체", "0100_100 이체");
        check(&["0100", "100"], "이체", "0100_100 이체 (2)");
        check(&[], "fep", "fep (2)");
        check(&[], "표지", "표지 (2)");
        check(&[], "a/b[c]:*?\\", "a_b_c_____");
        check(&[], "A/B[C]:*?\\", "A_B_C_____ (2)");
        check(&[], "'따옴표'", "따옴표");
        check(&[], "", "T");
        let long = "가나다라마바사아자차카타파하".repeat(3);
        check(&[], &long, &long.chars().take(31).collect::<String>());
        check(&[], &long, &format!("{} (2)", long.chars().take(27).collect::<String>()));
    }
}
