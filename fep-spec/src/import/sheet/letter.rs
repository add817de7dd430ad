//! The letters of types: what family each belongs to, and letters that have the length beside them, as in `AN(20)`.
//!
//! Which options of a spec a family means is decided with the charset, in `kind`.

use super::measure::{Measure, Picture};
use crate::import::plain::{line, word};

/// What a letter usually means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Number,
    Alphanumeric,
    Text,
    Zoned,
    Packed,
    Bytes,
    Date,
    Time,
}

/// The family of a letter. Of `AN(C)` and `X/9` the first letter counts.
pub(super) fn family(letter: &str) -> Option<Family> {
    let letter = word(letter);
    Some(match letter.split(['(', '/', ' ', '+']).next().unwrap_or_default() {
        "n" | "9" | "num" | "number" | "numeric" | "int" | "integer" | "숫자" | "long" | "u9" | "숫자형"
        | "decimal" | "dec" | "numc" => Family::Number,
        "an" | "a" | "ans" | "alnum" | "alpha" | "영숫자" | "영문" | "영문숫자" | "a/n" | "alphanumeric" => {
            Family::Alphanumeric
        }
        "x" | "c" | "char" | "s" | "string" | "str" | "text" | "varchar" | "varchar2" | "nvarchar" | "문자" | "v"
        | "ch" | "boolean" | "bool" | "flag" | "character" | "문자형" | "문자열" => Family::Text,
        "h" | "han" | "ah" | "k" | "hangul" | "한글" | "anh" | "ahn" | "ank" | "anhs" | "hc" | "hx" => Family::Text,
        "s9" | "sn" | "zd" | "zoned" | "sz" => Family::Zoned,
        "p" | "comp-3" | "comp3" | "packed" | "pd" | "pk" => Family::Packed,
        "b" | "bin" | "raw" | "hex" | "byte" | "binary" => Family::Bytes,
        "d" | "date" | "dt" | "yyyymmdd" | "일자" | "날짜" => Family::Date,
        "t" | "time" | "tm" | "hhmmss" | "시각" | "시간" => Family::Time,
        _ => return None,
    })
}

/// A letter with its length: `AN(20)`, `N 8`, `N 5.3`, `NUMBER(13,2)`, `AN 가변`. Pictures of COBOL are not among them.
pub(super) fn lettered(text: &str) -> Option<(String, Measure)> {
    let text = line(text);
    let small = word(&text);
    // `N(10)` alone can be a picture. The table decides.
    if Picture::read(&small).is_some() {
        return None;
    }
    let is_letter = |one: &char| one.is_alphabetic();
    let mut len: usize = text.chars().take_while(is_letter).map(char::len_utf8).sum();
    if text.get(..len + 1).is_some_and(|letters| letters.eq_ignore_ascii_case("varchar2")) {
        len += 1;
    }
    let letter = text.get(..len).filter(|letter| family(letter).is_some())?;
    let rest = text.get(len..)?.trim();
    let inner = rest.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(rest);
    let measure = Measure::read(inner);
    let is_length = matches!(measure, Measure::Bytes(_) | Measure::Decimal { .. } | Measure::Varies);
    (is_length && !inner.is_empty()).then(|| (letter.to_owned(), measure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_can_have_its_length_beside_it() {
        let check = |text: &str, letter: &str, measure: Measure| {
            assert_eq!(lettered(text), Some((letter.to_owned(), measure)), "{text}");
        };
        check("AN(20)", "AN", Measure::Bytes(20));
        check("AN 15", "AN", Measure::Bytes(15));
        check("N13", "N", Measure::Bytes(13));
        check("HAN 40 byte", "HAN", Measure::Bytes(40));
        check("N 5.3", "N", Measure::Decimal { bytes: 5, scale: 3 });
        check("NUMBER(13,2)", "NUMBER", Measure::Decimal { bytes: 13, scale: 2 });
        check("VARCHAR2(30)", "VARCHAR2", Measure::Bytes(30));
        check("한글(20)", "한글", Measure::Bytes(20));
        check("AN 가변", "AN", Measure::Varies);
        for other in ["X(20)", "9(4)", "S9(11)V99", "XX", "AN", "N", "Max 80", "약 10", "(20)", "AN(X)", "AN()", "13"]
        {
            assert_eq!(lettered(other), None, "{other}");
        }
    }
}
