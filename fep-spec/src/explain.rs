//! What the codes of findings mean: a text, an example and advice for each code of a check and of an import.
//!
//! The texts are `explain/codes.md` and `explain/import.md`. Tests run each example and compare its finding.

#[doc = include_str!("explain/codes.md")]
pub mod codes {}
#[doc = include_str!("explain/import.md")]
pub mod import_codes {}

use std::fmt;

use serde::Serialize;

use crate::document::nearest;
use crate::report::Code;

/// The explanation of a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The code: `length-mismatch`.
    pub code: &'static str,
    /// The number of the code, `F019`. `None` for a code of an import.
    pub number: Option<String>,
    /// What the code means.
    pub meaning: &'static str,
    /// The language of the example: `toml`, `csv`, `cobol`, or `text` if it is not a file.
    pub language: &'static str,
    /// An example that has the finding.
    pub example: &'static str,
    /// What to do.
    pub advice: &'static str,
}

/// The explanation of a code, by its word or its number. Words and numbers may have capital letters or not.
#[must_use]
pub fn explain(code: &str) -> Option<Explanation> {
    let wanted = code.trim().to_lowercase();
    let is_wanted = |one: &Explanation| {
        one.code == wanted || one.number.as_ref().is_some_and(|number| number.to_lowercase() == wanted)
    };
    explanations().find(is_wanted)
}

/// All explanations: first the codes of a check in the order of their numbers, then the codes of an import.
pub fn explanations() -> impl Iterator<Item = Explanation> {
    let sections = [include_str!("explain/codes.md"), include_str!("explain/import.md")].into_iter();
    sections.flat_map(|page| page.split("\n## `").skip(1)).filter_map(section)
}

/// The codes that resemble this word: those that share a part with it, and the nearest one.
#[must_use]
pub fn similar(word: &str) -> Vec<&'static str> {
    let word = word.trim().to_lowercase().replace('_', "-");
    let codes: Vec<&str> = explanations().map(|one| one.code).collect();
    let parts: Vec<&str> = word.split('-').filter(|part| part.len() > 2).collect();
    let shares =
        |code: &str| code.split('-').any(|part| parts.contains(&part)) || code.contains(&word) && word.len() > 2;
    let nearest = nearest(&word, codes.iter().copied());
    codes.iter().copied().filter(|code| shares(code) || nearest == Some(code)).collect()
}

/// A section: the code, the meaning, the example in a fence, the advice.
fn section(text: &'static str) -> Option<Explanation> {
    let (code, rest) = text.split_once("`\n")?;
    let (meaning, rest) = rest.split_once("\n```")?;
    let (language, rest) = rest.split_once('\n')?;
    let (example, advice) = rest.split_once("\n```\n")?;
    let number = Code::ALL.iter().find(|known| known.word() == code).map(|known| known.number());
    Some(Explanation { code, number, meaning: meaning.trim(), language, example, advice: advice.trim() })
}

/// The explanation as a page for a terminal.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.number.as_ref().map_or(String::new(), |number| format!(" ({number})"));
        writeln!(f, "{}{number}\n\n{}\nExample:\n", self.code, wrapped(self.meaning))?;
        for line in self.example.lines() {
            writeln!(f, "{}", format!("    {line}").trim_end())?;
        }
        write!(f, "\n{}", wrapped(self.advice))
    }
}

/// A paragraph in lines that fit into a terminal.
fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if column > 0 {
            let ends = column + 1 + width > COLUMNS;
            lines.push(if ends { '\n' } else { ' ' });
            column = if ends { 0 } else { column + 1 };
        }
        lines.push_str(word);
        column += width;
    }
    lines + "\n"
}

/// The width of a page.
const COLUMNS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_by_its_word_and_its_number() {
        let number = explain("length-mismatch").and_then(|one| one.number);
        assert_eq!(number.as_deref(), Some("F019"));
        assert_eq!(explain("f019").map(|one| one.code), Some("length-mismatch"));
        assert_eq!(explain(" Length-Mismatch ").map(|one| one.code), Some("length-mismatch"));
        assert_eq!(explain("redefines").and_then(|one| one.number), None);
        assert_eq!(explain("F000"), None);
        assert_eq!(explain(""), None);
    }

    #[test]
    fn an_unknown_word_has_similar_codes() {
        assert_eq!(similar("lenght-mismatch"), ["length-mismatch", "offset-mismatch"]);
        assert_eq!(similar("length"), ["wrong-length", "length-mismatch", "varying-length", "length"]);
        assert_eq!(similar("unkown-key"), ["unknown-key", "missing-key"]);
        assert_eq!(similar("zzzzzz"), Vec::<&str>::new());
        assert_eq!(similar(""), Vec::<&str>::new());
    }

    #[test]
    fn each_code_has_one_explanation() {
        let mut codes: Vec<&str> = explanations().map(|one| one.code).collect();
        let of_checks: Vec<&str> = Code::ALL.iter().map(|code| code.word()).collect();
        assert_eq!(codes.get(..of_checks.len()), Some(of_checks.as_slice()));
        codes.sort_unstable();
        assert!(codes.windows(2).all(|pair| pair[0] != pair[1]), "{codes:?}");
        for one in explanations() {
            assert!(!one.meaning.is_empty() && !one.example.is_empty() && !one.advice.is_empty(), "{}", one.code);
            assert!(one.meaning.lines().chain(one.advice.lines()).all(|line| line.len() < 240), "{}", one.code);
        }
    }
}
