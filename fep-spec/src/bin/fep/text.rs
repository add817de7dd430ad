//! `fep text`: shows characters above their bytes as a ruler, the number of bytes of a text in each charset, and why a charset
//! cannot encode it.

use std::fmt::Write as _;
use std::io::Read as _;

use clap::{Args, Subcommand};
use fep_codec::Charset;
use fep_codec::charset::{DecodeError, EncodeError};
use fep_spec::hex::hex;
use serde_json::{Map, Value, json};

use crate::Format;
use crate::end::{Ended, Outcome, Stop, note, print};

#[derive(Debug, Subcommand)]
pub(crate) enum TextAction {
    /// Characters → bytes
    #[command(
        after_help = "Examples:\n  fep text encode --charset euc-kr 홍길동\n  fep text encode --charset ibm933 --raw - < name.txt > name.bin"
    )]
    Encode(ConvertArgs),
    /// Bytes → characters; hex digits as the argument, or raw bytes on stdin
    #[command(
        after_help = "Examples:\n  fep text decode --charset euc-kr 'c8ab b1e6 b5bf'\n  fep text decode --charset cp037 --raw < captured.bin"
    )]
    Decode(ConvertArgs),
    /// The charsets
    #[command(after_help = "Examples:\n  fep text list\n  fep text list --format json")]
    List(ListArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// The form of the list
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct ConvertArgs {
    /// A charset's label, or a name that sheets use for it
    #[arg(long, value_name = "CHARSET")]
    charset: String,
    /// Print only the converted text: no ruler, no counts
    #[arg(long, conflicts_with = "format")]
    raw: bool,
    /// The form of the ruler, the counts and the errors; json is one object
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The text or bytes to convert; stdin if left out or -
    text: Option<String>,
}

const ABOUT: [(&str, &str); 22] = [
    ("ascii", "1 byte"),
    ("euc-kr", "1 or 2 bytes: KS X 1001 (완성형); written strictly, CP949 is read"),
    ("cp949", "1 or 2 bytes: Microsoft's (MS949, UHC, 확장완성형), all 11,172 syllables; not IBM-949"),
    ("johab", "1 or 2 bytes: the combination code (조합형, CP1361)"),
    ("ibm933", "Korean EBCDIC: single bytes, and pairs between SO and SI, which count"),
    ("ibm1364", "ibm933 with all syllables, conjoining jamo, € and ®"),
    ("ibm833", "Korean EBCDIC, single bytes only"),
    ("ibm834", "Korean EBCDIC, pairs only, padded with 4040"),
    ("cp037", "EBCDIC of the United States"),
    ("cp500", "international EBCDIC"),
    ("cp1047", "EBCDIC of Unix on hosts"),
    ("cp1140", "cp037 with €"),
    ("cp932", "1 or 2 bytes: Microsoft's Shift_JIS (windows-31j)"),
    ("jisx0201", "1 byte: Latin letters and half-width katakana; Zengin files"),
    ("ibm930", "Japanese EBCDIC with SO and SI; small letters from 62"),
    ("ibm939", "Japanese EBCDIC with SO and SI; small letters from 81"),
    ("ibm1390", "ibm930 with the kanji of JIS X 0213 and €"),
    ("ibm1399", "ibm939 with the kanji of JIS X 0213 and €"),
    ("iso-8859-1", "1 byte: the first 256 characters of Unicode (latin1)"),
    ("iso-8859-15", "1 byte: iso-8859-1 with €, Š, Ž, Œ and Ÿ (latin9)"),
    ("windows-1252", "1 byte: iso-8859-1 with €, quotation marks and dashes (cp1252)"),
    ("utf-8", "1 to 4 bytes"),
];

pub(crate) fn text(action: &TextAction) -> Ended {
    match action {
        TextAction::Encode(args) => encode(args),
        TextAction::Decode(args) => decode(args),
        TextAction::List(args) => list(args.format),
    }
}

fn list(format: Format) -> Ended {
    let about =
        |charset: &Charset| ABOUT.iter().find(|(label, _)| *label == charset.label()).map_or("", |(_, about)| about);
    let all = Charset::ALL.iter();
    let shown = match format {
        Format::Text => all.map(|charset| format!("{:<13}{}\n", charset.label(), about(charset))).collect(),
        Format::Json => {
            let all = all.map(|charset| json!({ "charset": charset.label(), "about": about(charset) }));
            format!("{}\n", Value::from_iter(all))
        }
    };
    print(shown.as_bytes()).map(|()| Outcome::Clean)
}

fn charset(args: &ConvertArgs) -> Result<Charset, Stop> {
    Charset::from_label(&args.charset)
        .map_err(|unknown| Stop::Message(format!("no charset \"{}\": {}", args.charset, unknown.hint)))
}

fn stdin() -> Result<Vec<u8>, Stop> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|error| Stop::Message(format!("stdin: {error}")))?;
    Ok(bytes)
}

fn encode(args: &ConvertArgs) -> Ended {
    let charset = charset(args)?;
    let text = match args.text.as_deref() {
        None | Some("-") => {
            let text = String::from_utf8(stdin()?).map_err(|error| Stop::Message(format!("stdin: {error}")))?;
            if args.raw { text } else { text.trim_end_matches(['\r', '\n']).to_owned() }
        }
        Some(text) => text.to_owned(),
    };
    match encoded(charset, &text) {
        Ok(bytes) if args.raw => print(&bytes).map(|()| Outcome::Clean),
        Ok(bytes) => show(charset, &text, &bytes, args.format),
        Err(EncodeError::Unmappable { character, position }) => {
            match args.format {
                Format::Text => {
                    note(&why_not(charset, character, position));
                    if !args.raw {
                        print(counts(&text).as_bytes())?;
                    }
                }
                Format::Json => print_object(vec![
                    ("charset", charset.label().into()),
                    ("text", text.as_str().into()),
                    ("unmappable", unmappable(character, position)),
                    ("bytes", byte_counts(&text)),
                ])?,
            }
            Ok(Outcome::Findings)
        }
        Err(error @ EncodeError::TooLong { .. }) => Err(Stop::Message(format!("{error:?}"))),
    }
}

fn decode(args: &ConvertArgs) -> Ended {
    let charset = charset(args)?;
    let bytes = match args.text.as_deref() {
        None | Some("-") => stdin()?,
        Some(digits) => {
            unhex(digits).ok_or_else(|| Stop::Message("the bytes are hex digits: 0e d1b7 0f".to_owned()))?
        }
    };
    match charset.decode(&bytes) {
        Ok(text) if args.raw => print(text.as_bytes()).map(|()| Outcome::Clean),
        Ok(text) => show(charset, &text, &bytes, args.format),
        Err(DecodeError { offset, reason, .. }) => {
            let at = hex(bytes.get(offset..bytes.len().min(offset + 2)).unwrap_or_default());
            match args.format {
                Format::Text => note(&format!("invalid {charset} at byte {offset} (hex {at}): {reason}")),
                Format::Json => print_object(vec![
                    ("charset", charset.label().into()),
                    ("hex", hex(&bytes).into()),
                    ("malformed", json!({ "offset": offset, "hex": at, "reason": reason.to_string() })),
                ])?,
            }
            Ok(Outcome::Findings)
        }
    }
}

/// Prints the text with its bytes, and the number of bytes in the other charsets.
fn show(charset: Charset, text: &str, bytes: &[u8], format: Format) -> Ended {
    match format {
        Format::Text => print((ruler(charset, bytes) + &counts(text)).as_bytes())?,
        Format::Json => print_object(vec![
            ("charset", charset.label().into()),
            ("text", text.into()),
            ("hex", hex(bytes).into()),
            ("len", bytes.len().into()),
            ("ruler", marks(charset, bytes).iter().map(Mark::to_json).collect()),
            ("bytes", byte_counts(text)),
        ])?,
    }
    Ok(Outcome::Clean)
}

fn print_object(members: Vec<(&str, Value)>) -> Result<(), Stop> {
    let object: Map<String, Value> = members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    print(format!("{}\n", Value::Object(object)).as_bytes())
}

/// The number of bytes by charset; null if the charset lacks a character.
fn byte_counts(text: &str) -> Value {
    let count = |charset: &Charset| {
        let len = encoded(*charset, text).ok().map(|bytes| bytes.len());
        (charset.label().to_owned(), len.into())
    };
    Value::Object(Charset::ALL.iter().map(count).collect())
}

fn unmappable(character: char, position: usize) -> Value {
    json!({
        "character": character,
        "code_point": format!("U+{:04X}", u32::from(character)),
        "position": position + 1,
        "charsets": having(character),
    })
}

fn unhex(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = hex.chars().filter(|c| !c.is_whitespace()).map(|digit| digit.to_digit(16)).collect();
    let (pairs, rest) = digits.as_deref()?.as_chunks::<2>();
    let byte = |[high, low]: &[u32; 2]| u8::try_from(high * 16 + low).ok();
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

fn encoded(charset: Charset, text: &str) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = vec![0; charset.text_len(text)];
    let len = charset.encode(text, &mut bytes)?;
    bytes.truncate(len);
    Ok(bytes)
}

/// One column of the ruler.
struct Mark {
    /// A character, or SO or SI; `?` if the bytes are not a character.
    shown: String,
    is_shift: bool,
    offset: usize,
    hex: String,
}

impl Mark {
    fn to_json(&self) -> Value {
        let key = if self.is_shift { "shift" } else { "text" };
        json!({ key: self.shown, "offset": self.offset, "hex": self.hex })
    }
}

fn marks(charset: Charset, bytes: &[u8]) -> Vec<Mark> {
    let mut all = Vec::new();
    let mut rest = bytes;
    let mut double = false;
    while let Some(first) = rest.first() {
        let is_shift = charset.is_shifted() && matches!(first, 0x0E | 0x0F);
        if is_shift {
            double = *first == 0x0E;
        }
        let (shown, len) = match first {
            0x0E if is_shift => ("SO".to_owned(), 1),
            0x0F if is_shift => ("SI".to_owned(), 1),
            _ => one(charset, rest, double),
        };
        let (code, tail) = rest.split_at(len.min(rest.len()));
        all.push(Mark { shown, is_shift, offset: bytes.len() - rest.len(), hex: hex(code) });
        rest = tail;
    }
    all
}

/// Characters above their bytes.
///
/// ```text
/// SO 홍   길   동   SI A
/// 0e d1b7 8ba9 95b7 0f c1
/// ```
fn ruler(charset: Charset, bytes: &[u8]) -> String {
    let mut top = String::new();
    let mut bottom = String::new();
    for Mark { shown, hex, .. } in marks(charset, bytes) {
        let shown: String = shown.chars().map(|c| if c.is_control() { '.' } else { c }).collect();
        let width = shown_width(&shown).max(hex.len());
        let space = width - shown_width(&shown);
        // Writing to a String cannot fail.
        let _ = write!(top, "{shown}{:space$} ", "");
        let _ = write!(bottom, "{hex:width$} ");
    }
    format!("{}\n{}\n{charset}: {} bytes\n", top.trim_end(), bottom.trim_end(), bytes.len())
}

/// The first character and its length in bytes.
fn one(charset: Charset, bytes: &[u8], double: bool) -> (String, usize) {
    let lens = if double || charset.is_pairs() { 2..=2 } else { 1..=4 };
    let read = |len: usize| {
        let code = bytes.get(..len)?;
        let text = if double {
            charset.decode(&[&[0x0E], code, &[0x0F]].concat()).ok()?.into_owned()
        } else {
            charset.decode(code).ok()?.into_owned()
        };
        Some((text, len))
    };
    lens.into_iter().find_map(read).unwrap_or(("?".to_owned(), 1))
}

/// The width of a text on a terminal, in columns. Hangul, CJK characters, full-width forms and emoji have two columns.
fn shown_width(text: &str) -> usize {
    let is_wide = |c: &char| {
        matches!(c, '\u{1100}'..='\u{115F}' | '\u{2E80}'..='\u{D7A3}' | '\u{F900}'..='\u{FAFF}' | '\u{FF01}'..='\u{FF60}'
            | '\u{FFE0}'..='\u{FFE6}' | '\u{1F300}'..='\u{1FAFF}')
    };
    text.chars().count() + text.chars().filter(is_wide).count()
}

/// `bytes: euc-kr 6, cp949 6, ibm933 8, utf-8 9`, and the charsets that lack a character.
fn counts(text: &str) -> String {
    let (with, without): (Vec<Charset>, Vec<Charset>) =
        Charset::ALL.iter().partition(|charset| encoded(**charset, text).is_ok());
    let counted = with.iter().map(|charset| format!("{charset} {}", charset.text_len(text))).collect::<Vec<_>>();
    let lacking = without.iter().map(ToString::to_string).collect::<Vec<_>>();
    let lacking = if lacking.is_empty() { String::new() } else { format!("not in: {}\n", lacking.join(", ")) };
    format!("bytes: {}\n{lacking}", counted.join(", "))
}

/// The charsets that have the character.
fn having(character: char) -> Vec<String> {
    Charset::ALL.iter().filter(|charset| charset.has(character)).map(ToString::to_string).collect()
}

fn why_not(charset: Charset, character: char, position: usize) -> String {
    format!(
        "character {}, {character:?} (U+{:04X}), is not in {charset}; these have it: {}",
        position + 1,
        u32::from(character),
        having(character).join(", ")
    )
}
