//! Codes: one of a list, left-justified, padded with spaces.

use std::borrow::Cow;

use super::FieldValue;
use super::text::trim_end;
use crate::charset::Charset;
use crate::error::Fault;
use crate::layout::{CodeMeaning, CodeRule};
use crate::value::Text;

/// An enum of codes; `#[derive(Code)]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of codes",
    label = "not an enum of codes",
    note = "put `#[derive(Code)]` on the enum"
)]
pub trait CodeSet: Sized {
    /// The known codes in the order of the enum.
    const CODES: &'static [CodeMeaning];
    /// Whether codes that are not on the list are kept.
    const OPEN: bool;

    /// The code without padding.
    fn code(&self) -> &str;

    /// The value with this code; none if the list is closed and lacks it.
    fn from_code(code: &str) -> Option<Self>;
}

/// Writes a code of any type.
///
/// # Errors
/// If it is too long for the field, is not ASCII, or is not on a closed list.
#[inline]
pub fn put_code(code: &str, rule: &CodeRule, out: &mut [u8]) -> Result<(), Fault> {
    if !rule.open && !is_listed(code, rule) {
        return Err(Fault::UnknownCode);
    }
    if code.ends_with(' ') {
        return Err(Fault::LooksLikePadding);
    }
    if let Some((position, character)) = code.chars().enumerate().find(|(_, character)| !character.is_ascii()) {
        let (character, charset) = (Some(character), Charset::Ascii);
        return Err(Fault::Unmappable { character, position, charset, instead: None });
    }
    let Some((value, padding)) = out.split_at_mut_checked(code.len()) else {
        return Err(Fault::TooLong { needed: code.len(), len: out.len() });
    };
    value.copy_from_slice(code.as_bytes());
    padding.fill(rule.charset.space());
    Ok(())
}

/// Reads a code as text.
///
/// # Errors
/// If it is not ASCII, or not on a closed list.
#[inline]
pub fn get_code<'a>(rule: &CodeRule, bytes: &'a [u8]) -> Result<&'a str, Fault> {
    let trimmed = trim_end(bytes, rule.charset.space());
    match std::str::from_utf8(trimmed) {
        Ok(code) if code.is_ascii() => listed(rule, code),
        _ => Err(not_ascii(trimmed)),
    }
}

/// Reads a code from bytes that are known to be ASCII.
///
/// # Errors
/// If it is not on a closed list.
#[inline]
pub fn get_ascii_code<'a>(rule: &CodeRule, text: &'a str) -> Result<&'a str, Fault> {
    let len = trim_end(text.as_bytes(), rule.charset.space()).len();
    // Every place in ASCII text is between two characters, so this is never the default.
    listed(rule, text.get(..len).unwrap_or_default())
}

#[inline]
fn listed<'c>(rule: &CodeRule, code: &'c str) -> Result<&'c str, Fault> {
    if rule.open || is_listed(code, rule) { Ok(code) } else { Err(Fault::UnknownCode) }
}

#[inline]
fn is_listed(code: &str, rule: &CodeRule) -> bool {
    rule.codes.iter().any(|known| known.code == code)
}

#[cold]
fn not_ascii(code: &[u8]) -> Fault {
    let offset = code.iter().take_while(|byte| byte.is_ascii()).count();
    Fault::Malformed { offset, charset: Charset::Ascii }
}

/// The types that hold any code as text.
macro_rules! text_types {
    ($($text:ty),*) => {
        $(impl<'a> FieldValue<'a, CodeRule> for $text {
            #[inline]
            fn put(&self, rule: &CodeRule, out: &mut [u8]) -> Result<(), Fault> {
                put_code(self, rule, out)
            }

            #[inline]
            fn get(rule: &CodeRule, bytes: &'a [u8]) -> Result<Self, Fault> {
                get_code(rule, bytes).map(<$text>::from)
            }

            const PREFERS_ASCII: bool = true;

            #[inline]
            fn get_ascii(rule: &CodeRule, text: &'a str) -> Result<Self, Fault> {
                get_ascii_code(rule, text).map(<$text>::from)
            }
        })*
    };
}

text_types!(&'a str, String, Cow<'a, str>);

impl<'a, const N: usize> FieldValue<'a, CodeRule> for Text<N> {
    const LEN: Option<usize> = Some(N);

    #[inline]
    fn put(&self, rule: &CodeRule, out: &mut [u8]) -> Result<(), Fault> {
        put_code(self, rule, out)
    }

    #[inline]
    fn get(rule: &CodeRule, bytes: &'a [u8]) -> Result<Self, Fault> {
        Self::new(get_code(rule, bytes)?).map_err(|_| Fault::TooLong { needed: bytes.len(), len: N })
    }

    const PREFERS_ASCII: bool = true;

    #[inline]
    fn get_ascii(rule: &CodeRule, text: &'a str) -> Result<Self, Fault> {
        Self::new(get_ascii_code(rule, text)?).map_err(|_| Fault::TooLong { needed: text.len(), len: N })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(open: bool) -> CodeRule {
        let meaning = |code, label| CodeMeaning { code: Cow::Borrowed(code), label: Cow::Borrowed(label) };
        CodeRule {
            charset: Charset::Ascii, codes: Cow::Owned(vec![meaning("20", "입금"), meaning("", "없음")]), open
        }
    }

    #[test]
    fn an_open_list_keeps_what_it_does_not_know() {
        assert_eq!(get_code(&rule(true), b"99"), Ok("99"));
        assert_eq!(get_code(&rule(false), b"99"), Err(Fault::UnknownCode));
        assert_eq!(get_code(&rule(false), b"20"), Ok("20"));
        assert_eq!(get_code(&rule(false), b"  "), Ok(""));
    }

    #[test]
    fn a_code_is_written_as_it_is_or_not_at_all() {
        let mut out = [0; 2];
        put_code("", &rule(false), &mut out).unwrap();
        assert_eq!(&out, b"  ");
        assert_eq!(put_code("30", &rule(false), &mut out), Err(Fault::UnknownCode));
        assert_eq!(put_code("300", &rule(true), &mut out), Err(Fault::TooLong { needed: 3, len: 2 }));
        let fault = put_code("2가", &rule(true), &mut out).unwrap_err();
        assert_eq!(fault.to_string(), "character 2 of the value, '가' (U+AC00), is not in ascii");
    }
}
