//! Whether a field's bytes are a code: what tells telegrams and the cases of a choice apart.

use super::FieldValue;
use crate::charset::Charset;
use crate::layout::{Encoding, Field, Kind};

impl Field {
    /// Whether these bytes of the field are this code, padded with the charset's spaces.
    #[must_use]
    pub fn has_code(&self, bytes: &[u8], code: &str) -> bool {
        match &self.kind {
            Kind::Text(rule) if !code.is_ascii() => String::get(rule, bytes).is_ok_and(|text| text == code),
            Kind::Text(rule) => is_in(rule.charset, bytes, code),
            Kind::Code(rule) => is_in(rule.charset, bytes, code),
            Kind::Digits(rule) if rule.encoding != Encoding::Ascii => {
                is_padded(bytes, code, |ascii| ascii, |byte| rule.ascii(byte))
            }
            _ => is_in(Charset::Ascii, bytes, code),
        }
    }
}

fn is_in(charset: Charset, bytes: &[u8], code: &str) -> bool {
    if charset.keeps_ascii() {
        is_padded(bytes, code, |ascii| ascii, |byte| byte)
    } else {
        let (space, none) = (charset.space(), 0xFF);
        // FF is no character in EBCDIC that a code could have, and no byte of JIS X 0201.
        let wire = |ascii| if ascii == b' ' { space } else { charset.byte_of(ascii).unwrap_or(none) };
        is_padded(bytes, code, wire, |byte| byte)
    }
}

/// Whether the bytes begin with the code and go on with spaces: `wire` makes bytes of the code's, `read` of the field's.
fn is_padded(bytes: &[u8], code: &str, wire: impl Fn(u8) -> u8, read: impl Fn(u8) -> u8) -> bool {
    let Some((value, rest)) = bytes.split_at_checked(code.len()) else { return false };
    value.iter().copied().map(&read).eq(code.bytes().map(&wire)) && rest.iter().all(|byte| read(*byte) == wire(b' '))
}
