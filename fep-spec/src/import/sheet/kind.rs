//! Which kind an item is: by its letter, its picture, its remark and its name.
//!
//! Letters contradict each other between institutions, so the map of letters is printed in the report and can be replaced.

use std::collections::BTreeMap;

use super::letter::{Family, family};
use super::measure::{Measure, Picture, Usage};
use super::remark;
use super::row::SheetRow;
use crate::draft::{Entry, Value};
use crate::import::plain::word;

/// The options of a kind, as the spec writes them: `kind` first.
pub(crate) type Options = Vec<Entry>;

/// What the letters of a workbook mean.
#[derive(Clone, Debug, Default)]
pub(super) struct Letters {
    /// By the mapping file.
    given: BTreeMap<String, Options>,
    /// The charset of the spec.
    pub(super) charset: String,
}

/// What was made of an item's type.
#[derive(Clone, Debug, Default)]
pub(super) struct Made {
    /// The letter, if the options are those of the letter.
    pub(super) letter: Option<String>,
    /// `kind` and its options otherwise.
    pub(super) options: Options,
    /// The codes of the item.
    pub(super) codes: Vec<remark::CodeText>,
    /// What was assumed, as sheets usually mean it.
    pub(super) assumed: Vec<String>,
    /// What the type says against the length or the remark.
    pub(super) against: Option<String>,
}

/// Words of items that identify something: their zeros are part of them.
const IDENTIFIERS: [&str; 12] = [
    "계좌",
    "카드번호",
    "주민",
    "사업자",
    "전화",
    "고객번호",
    "증권번호",
    "수표번호",
    "우편번호",
    "휴대폰",
    "법인번호",
    "납부자번호",
];

/// Digits of a number at most.
const DIGITS_MAX: usize = 38;

impl Letters {
    pub(super) fn new(given: BTreeMap<String, Options>, charset: &str) -> Self {
        Self { given, charset: charset.to_owned() }
    }

    /// The options of a letter: those of the mapping file, otherwise the usual ones.
    pub(super) fn options(&self, letter: &str) -> Option<Options> {
        let given = self.given.iter().find(|(other, _)| word(other) == word(letter));
        given.map(|(_, options)| options.clone()).or_else(|| self.usual(letter))
    }

    fn usual(&self, letter: &str) -> Option<Options> {
        let is_ebcdic = self.is_ebcdic();
        let ascii = if is_ebcdic { "ibm833" } else { "ascii" };
        let kind = |kind: &str| vec![Entry::new("kind", kind)];
        let with = |name: &str, key: &str, value: &str| vec![Entry::new("kind", name), Entry::new(key, value)];
        Some(match family(letter)? {
            Family::Number => kind("number"),
            Family::Alphanumeric => with("text", "charset", ascii),
            Family::Text => kind("text"),
            Family::Zoned => with("number", "sign", "overpunch"),
            Family::Packed => with("number", "encoding", "packed"),
            Family::Bytes => kind("bytes"),
            Family::Date => kind("date"),
            Family::Time => kind("time"),
        })
    }

    pub(super) fn is_ebcdic(&self) -> bool {
        fep_codec::Charset::from_label(&self.charset).is_ok_and(fep_codec::Charset::is_ebcdic)
    }

    /// The kind of an item of `len` bytes.
    pub(super) fn make(&self, row: &SheetRow, len: usize) -> Made {
        let said = row.said();
        let mut made = match &row.measure {
            Measure::Picture(picture) => self.of_picture(picture, &row.letter),
            _ => self.of_letter(row, len),
        };
        let scale = match row.measure {
            Measure::Decimal { scale, .. } => Some(scale),
            _ => row.scale.or_else(|| decimals(&said)),
        };
        let is_number = kind_of(&made.options, self, made.letter.as_deref()) == "number";
        if is_number && let Some(scale) = scale.filter(|scale| *scale > 0 && !has(&made.options, "scale")) {
            made.spell(self);
            made.options.push(Entry::new("scale", scale));
        }
        if is_number && is_minus_first(&said) {
            made.spell(self);
            made.options.retain(|entry| entry.key != "sign");
            made.options.push(Entry::new("sign", "leading-minus"));
        }
        self.dates(&mut made, row, len, &said);
        self.codes(&mut made, row, len, &said);
        if kind_of(&made.options, self, made.letter.as_deref()) == "number"
            && !has_encoding(&made.options)
            && len > DIGITS_MAX
        {
            made.set(vec![Entry::new("kind", "digits")], &format!("{len} digits are no number, but text of digits"));
        }
        made.against = made.against.or_else(|| row.against.clone());
        made
    }

    fn of_letter(&self, row: &SheetRow, len: usize) -> Made {
        if row.letter.is_empty() {
            let options = vec![Entry::new("kind", "text")];
            return Made {
                options,
                assumed: vec!["there is no type: it is read as text".to_owned()],
                ..Made::default()
            };
        }
        match self.options(&row.letter) {
            Some(options) => {
                let is_packed = has_word(&options, "encoding", "packed");
                let mut made = Made { letter: Some(row.letter.clone()), ..Made::default() };
                if is_packed && len > DIGITS_MAX / 2 + 1 {
                    made.against = Some(format!("{len} bytes of packed digits are more than a number can have"));
                }
                made
            }
            None => Made {
                options: vec![Entry::new("kind", "text")],
                against: Some(format!("the type `{}` is not known: it is read as text", row.letter)),
                ..Made::default()
            },
        }
    }

    fn of_picture(&self, picture: &Picture, letter: &str) -> Made {
        let mut options = Vec::new();
        match picture {
            Picture { is_text: true, .. } => {
                options.push(Entry::new("kind", "text"));
            }
            Picture { usage: Usage::Display, is_signed: false, scale: 0, .. } if picture.size <= DIGITS_MAX => {
                options.push(Entry::new("kind", "number"));
            }
            Picture { usage, is_signed, scale, .. } => {
                options.push(Entry::new("kind", "number"));
                match usage {
                    Usage::Display if *is_signed => options.push(Entry::new("sign", "overpunch")),
                    Usage::Display => {}
                    Usage::Packed => options.push(Entry::new("encoding", "packed")),
                    Usage::Binary => options.push(Entry::new("encoding", "binary")),
                }
                if *is_signed && *usage != Usage::Display {
                    options.push(Entry::new("sign", "signed"));
                }
                if *scale > 0 {
                    options.push(Entry::new("scale", *scale));
                }
            }
        }
        let known = self.options(letter).filter(|_| !letter.is_empty());
        let is_other = known.as_ref().is_some_and(|known| word_of(known, "kind") != word_of(&options, "kind"));
        let against = is_other.then(|| format!("the type `{letter}` and the picture do not fit: the picture counts"));
        Made { options, against, ..Made::default() }
    }

    /// A date or a time by the remark, if it has this length.
    fn dates(&self, made: &mut Made, row: &SheetRow, len: usize, said: &str) {
        let kind = kind_of(&made.options, self, made.letter.as_deref());
        let by_letter = matches!(kind.as_str(), "date" | "time");
        let found = remark::date(said).or_else(|| remark::date(&row.letter));
        let Some((kind, pattern)) = found else {
            if by_letter && !matches!((kind.as_str(), len), ("date", 8) | ("time", 6)) {
                let pattern = match (kind.as_str(), len) {
                    ("date", 6) => Some("YYMMDD"),
                    ("date", 4) => Some("MMDD"),
                    ("time", 4) => Some("HHMM"),
                    _ => None,
                };
                match pattern {
                    Some(pattern) => {
                        let options = vec![Entry::new("kind", kind), Entry::new("pattern", pattern)];
                        made.set(options, &format!("{len} bytes of this type are {pattern}"));
                    }
                    None => {
                        made.options = vec![Entry::new("kind", "text")];
                        made.letter = None;
                        made.against = Some(format!("the type says {kind}, and {len} bytes are none"));
                    }
                }
            }
            return;
        };
        let digits = pattern.len();
        let is_packed = has_word(&made.options, "encoding", "packed");
        let fits = if is_packed { len == digits / 2 + 1 } else { len == digits };
        if fits {
            let mut options = vec![Entry::new("kind", kind)];
            if is_packed {
                options.push(Entry::new("encoding", "packed"));
            }
            if !matches!(pattern, "YYYYMMDD" | "HHMMSS" | "YYYYMMDDHHMMSS") {
                options.push(Entry::new("pattern", pattern));
            }
            made.set(options, &format!("by its remark it is a {kind}, {pattern}"));
        } else if remark::is_only_a_pattern(said) {
            made.against =
                Some(format!("the remark says {pattern}, which has {digits} digits, and the item has {len} bytes"));
        }
    }

    /// A code by its list, or digits that keep their zeros.
    fn codes(&self, made: &mut Made, row: &SheetRow, len: usize, said: &str) {
        let kind = kind_of(&made.options, self, made.letter.as_deref());
        let is_plain = !has_encoding(&made.options);
        if !matches!(kind.as_str(), "text" | "number" | "digits") || !is_plain {
            return;
        }
        let own = remark::codes(said, len);
        let (codes, why) = if own.is_empty() {
            (row.listed.clone(), "it refers to a list of codes")
        } else {
            (own, "its remark lists codes")
        };
        if !codes.is_empty() {
            let codes = filled(codes, kind != "text", len, made);
            let mut options = vec![Entry::new("kind", "code")];
            if self.is_ebcdic() {
                options.push(Entry::new("charset", "ibm833"));
            }
            made.set(options, why);
            made.codes = codes;
            return;
        }
        let label = word(&row.label);
        let is_code = label.ends_with("코드") || label.ends_with("구분") || word(&row.english).ends_with("code");
        let is_code = is_code || IDENTIFIERS.iter().any(|identifier| label.contains(identifier));
        if kind == "number" && is_code && len <= DIGITS_MAX {
            let options = vec![Entry::new("kind", "digits"), Entry::new("full", true)];
            made.set(options, "a code or an identifier of digits keeps its zeros");
        }
    }
}

/// The codes of a number, with the zeros that it is filled with on the wire.
fn filled(mut codes: Vec<remark::CodeText>, is_number: bool, len: usize, made: &mut Made) -> Vec<remark::CodeText> {
    let is_short = |code: &str| code.len() < len && code.bytes().all(|one| one.is_ascii_digit());
    if is_number && codes.iter().any(|(code, _)| is_short(code)) {
        codes.iter_mut().filter(|(code, _)| is_short(code)).for_each(|(code, _)| *code = format!("{code:0>len$}"));
        made.assumed.push(format!("its codes are numbers: they are filled with zeros to {len} digits"));
    }
    codes
}

impl Made {
    /// Other options than those of the letter.
    fn set(&mut self, options: Options, why: &str) {
        self.options = options;
        self.letter = None;
        self.assumed.push(why.to_owned());
    }

    /// Writes the options of the letter out, so that others can be added.
    fn spell(&mut self, letters: &Letters) {
        if let Some(letter) = self.letter.take() {
            self.options = letters.options(&letter).unwrap_or_default();
            // The remark is that of the letter. The item may have its own.
            self.options.retain(|entry| entry.key != "remark");
        }
    }
}

fn kind_of(options: &[Entry], letters: &Letters, letter: Option<&str>) -> String {
    let own = letter.and_then(|letter| letters.options(letter));
    word_of(own.as_deref().unwrap_or(options), "kind")
}

fn word_of(options: &[Entry], key: &str) -> String {
    let found = options.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
    if let Some(Value::Text(text)) = found { text.clone() } else { String::new() }
}

fn has(options: &[Entry], key: &str) -> bool {
    options.iter().any(|entry| entry.key == key)
}

fn has_word(options: &[Entry], key: &str, value: &str) -> bool {
    word_of(options, key) == value
}

fn has_encoding(options: &[Entry]) -> bool {
    has(options, "encoding") || has(options, "sign") || has(options, "scale")
}

/// `소수점 이하 2자리`, `끝 3자리는 소수이하`: the number of decimal places. Only a number that stands at the word counts: `정수 9자리 소수 2자리`
/// has two, `소수점 없음 (7자리)` has none.
fn decimals(said: &str) -> Option<usize> {
    let text = word(said);
    let found = text.match_indices("소수").find_map(|(at, sign)| {
        let behind = text.get(at + sign.len()..)?;
        let before = text.get(..at)?;
        places_behind(behind).or_else(|| places_before(before, behind))
    });
    found.filter(|scale| (1..=18).contains(scale))
}

/// `점이하2자리`, `부:2`: the number behind the word.
fn places_behind(text: &str) -> Option<usize> {
    let mut rest = text;
    for sign in ["점", "부", "이하", "아래", "자리수", "자리", "는", "은", ":", "=", "("] {
        rest = rest.strip_prefix(sign).unwrap_or(rest);
    }
    leading_number(rest)
}

/// `끝3자리는` in front of `소수이하`: the number before the word.
fn places_before(text: &str, behind: &str) -> Option<usize> {
    if ["점없", "점미만", "없", "미만", "점절사", "점버림"].iter().any(|sign| behind.starts_with(sign)) {
        return None;
    }
    let text = text.trim_end_matches(['는', '은', '가', '이', '를', '을', '의', '(']).strip_suffix("자리")?;
    let digits = text.len() - text.bytes().rev().take_while(u8::is_ascii_digit).count();
    // `정수9자리소수` are the digits before the point.
    let is_whole = text.get(..digits)?.ends_with("정수");
    text.get(digits..)?.parse().ok().filter(|_| !is_whole)
}

fn leading_number(text: &str) -> Option<usize> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    text.get(..end)?.parse().ok()
}

/// A minus before the digits, within the length.
fn is_minus_first(said: &str) -> bool {
    let text = said.to_lowercase();
    text.contains("leading minus")
        || (text.contains('-')
            && ["첫 자리", "첫자리", "맨 앞", "앞에 -", "선행 부호"].iter().any(|sign| text.contains(sign)))
}
