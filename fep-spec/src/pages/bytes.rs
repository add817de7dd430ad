//! Single bytes as people write them: `'+'`, `공백`, `0x1F`.

use fep_codec::Charset;
use fep_codec::layout::Encoding;

use super::words::Text;

/// A byte beside digits in this encoding.
pub(super) fn beside_digits(encoding: Encoding, byte: u8) -> Text {
    shown(encoding.character_of(byte), byte)
}

/// A byte of a text in this charset.
pub(super) fn in_charset(charset: Charset, byte: u8) -> Text {
    shown((0x20..0x7F).find(|ascii| charset.byte_of(*ascii) == Some(byte)), byte)
}

fn shown(character: Option<u8>, byte: u8) -> Text {
    match character {
        Some(b' ') => Text::new("공백", "space"),
        Some(ascii) => Text::same(format_args!("'{}'", char::from(ascii))),
        None => Text::same(format_args!("0x{byte:02X}")),
    }
}

/// A byte with the particle for what something is filled with.
pub(super) fn filled(byte: &str) -> String {
    if byte == "공백" { "공백으로".to_owned() } else { format!("{byte}(으)로") }
}

/// Bytes as hex digits: `00 FE`.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ")
}
