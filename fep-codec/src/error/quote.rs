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

pub(super) const BLANK_NUMBER: &str =
    "the field is blank; if that means \"no value\", its spec needs none = \"spaces\"";

/// What was expected, the byte that was found, and its place.
pub(super) fn write_found(f: &mut fmt::Formatter<'_>, expected: &str, byte: Option<u8>, at: usize) -> fmt::Result {
    write!(f, "expected {expected}, found ")?;
    write_byte(f, byte)?;
    write!(f, " at byte {at}")
}

pub(super) fn no_point(f: &mut fmt::Formatter<'_>, at: usize, byte: Option<u8>, point: u8) -> fmt::Result {
    f.write_str("expected the decimal point ")?;
    write_byte(f, Some(point))?;
    f.write_str(", found ")?;
    write_byte(f, byte)?;
    write!(f, " at byte {at}")
}
