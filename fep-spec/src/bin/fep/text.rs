//! `fep text`: characters and their bytes, as a ruler; how many bytes a text has in each charset, and why one has it not.

use std::fmt::Write as _;
use std::io::Read as _;

use clap::{Args, Subcommand};
use fep_codec::Charset;
use fep_codec::charset::EncodeError;

use crate::end::{Ended, Outcome, Stop, note, print};

#[derive(Debug, Subcommand)]
pub(crate) enum TextAction {
    /// Characters → bytes
    Encode(ConvertArgs),
    /// Bytes → characters; bytes in the argument are hex digits, on stdin they are bytes
    Decode(ConvertArgs),
    /// The charsets
    List,
}

#[derive(Debug, Args)]
pub(crate) struct ConvertArgs {
    /// A charset's label, or what sheets call it
    #[arg(long, value_name = "CHARSET")]
    charset: String,
    /// The converted text and nothing else: no ruler, no counts
    #[arg(long)]
    raw: bool,
    /// What to convert; stdin if left out or -
    text: Option<String>,
}

const ABOUT: [(&str, &str); 17] = [
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
    ("utf-8", "1 to 4 bytes"),
];

pub(crate) fn text(action: &TextAction) -> Ended {
    match action {
        TextAction::Encode(args) => encode(args),
        TextAction::Decode(args) => decode(args),
        TextAction::List => {
            let lines = Charset::ALL.iter().map(|charset| {
                let about = ABOUT.iter().find(|(label, _)| *label == charset.label()).map_or("", |(_, about)| about);
                format!("{:<10}{about}\n", charset.label())
            });
            print(lines.collect::<String>().as_bytes()).map(|()| Outcome::Clean)
        }
    }
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
    let bytes = match encoded(charset, &text) {
        Ok(bytes) => bytes,
        Err(EncodeError::Unmappable { character, position }) => {
            note(&why_not(charset, character, position));
            if !args.raw {
                print(counts(&text).as_bytes())?;
            }
            return Ok(Outcome::Findings);
        }
        Err(error @ EncodeError::TooLong { .. }) => return Err(Stop::Message(format!("{error:?}"))),
    };
    if args.raw {
        return print(&bytes).map(|()| Outcome::Clean);
    }
    print((ruler(charset, &bytes) + &counts(&text)).as_bytes()).map(|()| Outcome::Clean)
}

fn decode(args: &ConvertArgs) -> Ended {
    let charset = charset(args)?;
    let bytes = match args.text.as_deref() {
        None | Some("-") => stdin()?,
        Some(hex) => unhex(hex).ok_or_else(|| Stop::Message("the bytes are hex digits: 0e d1b7 0f".to_owned()))?,
    };
    let text = match charset.decode(&bytes) {
        Ok(text) => text,
        Err(error) => {
            let at = bytes.get(error.offset..bytes.len().min(error.offset + 2)).unwrap_or_default();
            note(&format!("no {charset} text at byte {} (hex {}): {}", error.offset, to_hex(at), error.reason));
            return Ok(Outcome::Findings);
        }
    };
    if args.raw {
        return print(text.as_bytes()).map(|()| Outcome::Clean);
    }
    print((ruler(charset, &bytes) + &counts(&text)).as_bytes()).map(|()| Outcome::Clean)
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

/// Characters above their bytes.
///
/// ```text
/// SO 홍   길   동   SI A
/// 0e d1b7 8ba9 95b7 0f c1
/// ```
fn ruler(charset: Charset, bytes: &[u8]) -> String {
    let (mut top, mut bottom) = (String::new(), String::new());
    let (mut rest, mut double) = (bytes, false);
    while let Some(first) = rest.first() {
        let (shown, len) = match first {
            0x0E if charset.is_shifted() => {
                double = true;
                ("SO".to_owned(), 1)
            }
            0x0F if charset.is_shifted() => {
                double = false;
                ("SI".to_owned(), 1)
            }
            _ => one(charset, rest, double),
        };
        let (code, tail) = rest.split_at(len.min(rest.len()));
        let hex = to_hex(code);
        let width = shown_width(&shown).max(hex.len());
        let space = width - shown_width(&shown);
        // Writing to a String cannot fail.
        let _ = write!(top, "{shown}{:space$} ", "");
        let _ = write!(bottom, "{hex:width$} ");
        rest = tail;
    }
    format!("{}\n{}\n{charset}: {} bytes\n", top.trim_end(), bottom.trim_end(), bytes.len())
}

/// The first character and how many bytes it has.
fn one(charset: Charset, bytes: &[u8], double: bool) -> (String, usize) {
    let lens = if double || charset.is_pairs() { 2..=2 } else { 1..=4 };
    let read = |len: usize| {
        let code = bytes.get(..len)?;
        let text = if double {
            charset.decode(&[&[0x0E], code, &[0x0F]].concat()).ok()?.into_owned()
        } else {
            charset.decode(code).ok()?.into_owned()
        };
        let shown = text.chars().map(|c| if c.is_control() { '.' } else { c }).collect();
        Some((shown, len))
    };
    lens.into_iter().find_map(read).unwrap_or(("?".to_owned(), 1))
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Columns on a terminal: the characters of two bytes that we deal with are wide from Hangul on.
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

fn why_not(charset: Charset, character: char, position: usize) -> String {
    let having: Vec<_> = Charset::ALL.iter().filter(|other| other.has(character)).map(ToString::to_string).collect();
    let point = u32::from(character);
    format!(
        "character {}, {character:?} (U+{point:04X}), is not in {charset}; these have it: {}",
        position + 1,
        having.join(", ")
    )
}
