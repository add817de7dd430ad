//! Lengths as sheets write them: numbers, pictures, `13,2`, `3*10`, `가변`.

use crate::import::plain::word;

/// What a length cell says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Measure {
    /// Nothing.
    #[default]
    Blank,
    /// Bytes.
    Bytes(usize),
    /// A number of digits with a decimal point that is not written: `15,2` are 15 bytes, 2 of them decimal places.
    Decimal { bytes: usize, scale: usize },
    /// A COBOL picture.
    Picture(Picture),
    /// Entries of this many bytes: `3*10`.
    Repeated { count: usize, bytes: usize },
    /// As long as its value.
    Varies,
    /// None of these.
    Unclear,
}

/// A COBOL picture with its usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    /// Whether it is a text.
    pub(super) is_text: bool,
    /// Whether the text is Korean: `G` or `N`.
    pub(super) is_wide: bool,
    /// Whether the symbol is `N`, which is also the letter of numbers.
    pub(super) is_national: bool,
    /// Characters of a text, or digits of a number.
    pub(super) size: usize,
    /// Digits behind the point that is not written.
    pub(super) scale: usize,
    /// Whether the number has a sign.
    pub(super) is_signed: bool,
    /// How the number is stored.
    pub(super) usage: Usage,
}

/// How a number is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usage {
    /// A character for each digit.
    Display,
    /// Two digits a byte.
    Packed,
    /// A binary number of 2, 4 or 8 bytes.
    Binary,
}

impl Picture {
    /// The length in bytes.
    pub(super) fn bytes(&self) -> usize {
        match self.usage {
            Usage::Display if self.is_wide => self.size * 2,
            Usage::Display => self.size,
            Usage::Packed => self.size / 2 + 1,
            Usage::Binary if self.size <= 4 => 2,
            Usage::Binary if self.size <= 9 => 4,
            Usage::Binary => 8,
        }
    }
}

/// Whether a cell has two numbers: `13` above `15`, or beside it. One is an old length and one is new, and the cell does not say which holds.
fn is_torn(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_digit = |one: Option<char>| one.is_some_and(|one| one.is_ascii_digit());
    words.windows(2).any(|pair| match pair {
        [one, two] => is_digit(one.chars().next_back()) && is_digit(two.chars().next()),
        _ => false,
    })
}

impl Measure {
    /// Reads a length cell.
    pub(super) fn read(text: &str) -> Self {
        if is_torn(text) {
            return Self::Unclear;
        }
        let text = word(text);
        let text =
            text.trim_end_matches("bytes").trim_end_matches("byte").trim_end_matches("자리").trim_end_matches("바이트");
        if text.is_empty() || text == "-" {
            return Self::Blank;
        }
        if let Some(bytes) = whole(text) {
            return Self::Bytes(bytes);
        }
        if matches!(text, "가변" | "*" | "n" | "var" | "variable" | "가변길이" | "~" | "可変")
            || text.starts_with("가변(")
        {
            return Self::Varies;
        }
        if let Some((count, bytes)) =
            text.split_once(['*', '×', 'x']).and_then(|(one, two)| Some((one.parse().ok()?, two.parse().ok()?)))
        {
            return Self::Repeated { count, bytes };
        }
        if let Some((bytes, scale)) =
            text.split_once([',', '.']).and_then(|(one, two)| Some((one.parse().ok()?, two.parse().ok()?)))
        {
            return Self::decimal(bytes, scale);
        }
        // `13(2)` are 13 bytes, 2 of them decimal places; `9(2)` is a picture.
        let bracket = text.strip_suffix(')').and_then(|text| text.split_once('(')).filter(|(one, _)| *one != "9");
        if let Some((bytes, scale)) = bracket.and_then(|(one, two)| Some((one.parse().ok()?, two.parse().ok()?))) {
            return Self::decimal(bytes, scale);
        }
        // `20(한글10자)`, `20(10자)`: a remark in brackets.
        let is_note = |note: &str| !note.is_ascii() || note.starts_with(|first: char| !first.is_ascii_digit());
        let noted = text.split_once(['(', '[']).filter(|(_, note)| is_note(note));
        if let Some(bytes) = noted.and_then(|(bytes, _)| bytes.trim_end_matches("byte").parse().ok()) {
            return Self::Bytes(bytes);
        }
        Picture::read(text).map_or(Self::Unclear, Self::Picture)
    }

    fn decimal(bytes: usize, scale: usize) -> Self {
        match scale {
            0 => Self::Bytes(bytes),
            _ if scale < bytes => Self::Decimal { bytes, scale },
            _ => Self::Unclear,
        }
    }

    /// The length in bytes of one entry, if the cell says it.
    pub(super) fn bytes(&self) -> Option<usize> {
        match self {
            Self::Bytes(bytes) | Self::Decimal { bytes, .. } | Self::Repeated { bytes, .. } => Some(*bytes),
            Self::Picture(picture) => Some(picture.bytes()),
            Self::Blank | Self::Varies | Self::Unclear => None,
        }
    }
}

/// A whole number. It may have commas before each three digits: `1,024`.
pub(super) fn whole(text: &str) -> Option<usize> {
    let mut groups = text.split(',');
    let first = groups.next()?;
    let is_group = |group: &str| group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = text.len() == first.len() || ((1..=3).contains(&first.len()) && groups.all(is_group));
    text.replace(',', "").parse().ok().filter(|_| is_number && first.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The most characters or digits of a picture.
const SIZE_MAX: usize = 65_535;

impl Picture {
    /// Reads `S9(7)V99 COMP-3`, in small letters and without blanks: `s9(7)v99comp-3`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = word(text);
        let text =
            text.trim_start_matches("picture").trim_start_matches("pic").trim_start_matches("is").trim_end_matches('.');
        let text = text.replace("usage", "").replace("sync", "");
        let usages = [
            ("comp-3", Usage::Packed),
            ("comp3", Usage::Packed),
            ("packed-decimal", Usage::Packed),
            ("packed", Usage::Packed),
            ("comp-4", Usage::Binary),
            ("comp-5", Usage::Binary),
            ("comp", Usage::Binary),
            ("binary", Usage::Binary),
            ("display", Usage::Display),
        ];
        let found = usages.iter().find_map(|(name, usage)| text.strip_suffix(name).map(|rest| (rest, *usage)));
        let (text, usage) = found.unwrap_or((&text, Usage::Display));
        let mut picture =
            Self { is_text: false, is_wide: false, is_national: false, size: 0, scale: 0, is_signed: false, usage };
        let mut rest = text;
        let mut is_behind_point = false;
        let mut symbols = 0;
        while let Some(symbol) = rest.chars().next() {
            rest = rest.get(symbol.len_utf8()..)?;
            let count = match rest.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
                Some((count, behind)) => {
                    rest = behind;
                    count.parse().ok().filter(|count| (1..=SIZE_MAX).contains(count))?
                }
                None => 1,
            };
            match symbol {
                's' if symbols == 0 => picture.is_signed = true,
                'v' if !is_behind_point => is_behind_point = true,
                '9' => {
                    picture.size += count;
                    picture.scale += if is_behind_point { count } else { 0 };
                }
                'x' | 'a' => {
                    picture.size += count;
                    picture.is_text = true;
                }
                'g' | 'n' => {
                    picture.size += count;
                    picture.is_text = true;
                    picture.is_wide = true;
                    picture.is_national = symbol == 'n';
                }
                _ => return None,
            }
            symbols += 1;
        }
        // `AN(20)` is a letter with its length.
        let is_mixed = picture.is_wide && text.contains(['a', 'x']);
        let is_number = !picture.is_text && !picture.is_wide;
        let fits = is_number || (usage == Usage::Display && !picture.is_signed && !is_behind_point);
        (picture.size > 0 && picture.size <= SIZE_MAX && fits && !is_mixed).then_some(picture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_in_many_ways() {
        let check = |text: &str, expected: Measure| assert_eq!(Measure::read(text), expected, "{text}");
        check("13", Measure::Bytes(13));
        check(" １３ ", Measure::Bytes(13));
        check("13 byte", Measure::Bytes(13));
        check("15,2", Measure::Decimal { bytes: 15, scale: 2 });
        check("15.2", Measure::Decimal { bytes: 15, scale: 2 });
        check("13(2)", Measure::Decimal { bytes: 13, scale: 2 });
        check("3*10", Measure::Repeated { count: 3, bytes: 10 });
        check("3 X 10", Measure::Repeated { count: 3, bytes: 10 });
        check("가변", Measure::Varies);
        check("*", Measure::Varies);
        check("", Measure::Blank);
        check("-", Measure::Blank);
        check("20(한글10자)", Measure::Bytes(20));
        check("20(10자)", Measure::Bytes(20));
        check("1,024", Measure::Bytes(1024));
        check("12,345,678", Measure::Bytes(12_345_678));
        check("ten", Measure::Unclear);
        check("2,5", Measure::Unclear);
    }

    #[test]
    fn pictures_have_the_bytes_of_cobol() {
        let check = |text: &str, bytes: usize, size: usize, scale: usize, is_signed: bool| {
            let Measure::Picture(picture) = Measure::read(text) else { panic!("{text}") };
            assert_eq!(
                (picture.bytes(), picture.size, picture.scale, picture.is_signed),
                (bytes, size, scale, is_signed),
                "{text}"
            );
        };
        check("9(6)", 6, 6, 0, false);
        check("X(14)", 14, 14, 0, false);
        check("9(13)V99", 15, 15, 2, false);
        check("9(13)V9(2)", 15, 15, 2, false);
        check("S9(9)", 9, 9, 0, true);
        check("S9(7) COMP-3", 4, 7, 0, true);
        check("S9(13)V99 COMP-3", 8, 15, 2, true);
        check("9(2)V9(3) COMP-3", 3, 5, 3, false);
        check("9(4) COMP", 2, 4, 0, false);
        check("9(5) BINARY", 4, 5, 0, false);
        check("PIC 9(18) COMP-5", 8, 18, 0, false);
        check("XX", 2, 2, 0, false);
        check("N(10)", 20, 10, 0, false);
        for wrong in ["X(0)", "9(", "Z9", "SX(3)", "X(3) COMP", "9(70000)", "AN(20)"] {
            assert_eq!(Measure::read(wrong), Measure::Unclear, "{wrong}");
        }
    }
}
