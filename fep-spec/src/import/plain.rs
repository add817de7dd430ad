//! The text of cells as it can be compared: without the many ways to write the same.

/// Full-width characters as ASCII, other spaces as blanks, curly quotes as straight ones. Line breaks stay.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(plain_character).collect::<String>().trim().to_owned()
}

fn plain_character(character: char) -> char {
    match character {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character),
        '\u{3000}' | '\u{A0}' | '\u{2000}'..='\u{200A}' | '\t' => ' ',
        '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{2033}' => '"',
        '\u{2018}' | '\u{2019}' | '\u{2032}' => '\'',
        '\u{2212}' | '\u{2013}' | '\u{2014}' => '-',
        '\r' => '\n',
        '\u{FEFF}' | '\u{200B}' => ' ',
        other => other,
    }
}

/// [`plain`] on one line, with single blanks.
pub(crate) fn line(text: &str) -> String {
    plain(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A heading or a word for comparison: without blanks, in small letters.
pub(crate) fn word(text: &str) -> String {
    plain(text).chars().filter(|character| !character.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Whether a cell says that it has what stands above it.
pub(crate) fn is_ditto(text: &str) -> bool {
    matches!(word(text).as_str(), "\"" | "''" | "〃" | "\"\"" | "상동" | "위와같음" | "위와동일" | "同上" | "ditto")
}

/// The number of blanks before a text. A full-width blank counts twice.
pub(crate) fn indentation(text: &str) -> usize {
    let blanks = text.chars().take_while(|character| character.is_whitespace());
    blanks.map(|blank| if blank == '\u{3000}' { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_is_written_in_many_ways() {
        assert_eq!(plain(" １３\u{3000}자리 "), "13 자리");
        assert_eq!(word("길 이\n(Byte)"), "길이(byte)");
        assert_eq!(line("a\r\n b\u{A0}c"), "a b c");
        for ditto in ["〃", "\"", "“", "″", " ″ ", "상동"] {
            assert!(is_ditto(ditto), "{ditto}");
        }
        assert!(!is_ditto("\"N\"") && !is_ditto(""));
        assert_eq!(indentation("\u{3000} 적요"), 3);
    }
}
