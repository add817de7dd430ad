//! Characters and bytes as error messages quote them.

use alloc::format;
use alloc::string::String;
use core::fmt;

pub(super) fn unicode(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}

pub(super) fn write_byte(f: &mut fmt::Formatter<'_>, byte: Option<u8>) -> fmt::Result {
    match byte {
        Some(byte) if byte.is_ascii_graphic() => write!(f, "'{}' ({byte:02x})", char::from(byte)),
        Some(b' ') => f.write_str("a space (20)"),
        Some(byte) => write!(f, "{byte:02x}"),
        None => f.write_str("another byte"),
    }
}
