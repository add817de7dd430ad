//! Codes: one of a list, left-justified, padded with spaces.

use std::borrow::Cow;

use super::FieldValue;
use crate::error::Fault;
use crate::kind::text::trim_end;
use crate::layout::{CodeMeaning, CodeRule};
use crate::value::Text;

/// An enum of codes; `#[derive(Code)]` implements it.
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
    let len = rule.charset.encode(code, out).map_err(|_| Fault::TooLong { needed: code.len(), len: out.len() })?;
    out.iter_mut().skip(len).for_each(|byte| *byte = rule.charset.space());
    Ok(())
}

/// Reads a code as text.
///
/// # Errors
/// If it is not ASCII, or not on a closed list.
#[inline]
pub fn get_code<'a>(rule: &CodeRule, bytes: &'a [u8]) -> Result<&'a str, Fault> {
    let trimmed = trim_end(bytes, rule.charset.space());
    let offset = trimmed.iter().take_while(|byte| byte.is_ascii()).count();
    if offset < trimmed.len() {
        return Err(Fault::Malformed { offset, charset: crate::Charset::Ascii });
    }
    let code = std::str::from_utf8(trimmed).unwrap_or_default();
    if rule.open || is_listed(code, rule) { Ok(code) } else { Err(Fault::UnknownCode) }
}

fn is_listed(code: &str, rule: &CodeRule) -> bool {
    rule.codes.iter().any(|known| known.code == code)
}

/// The types that hold any code as text.
macro_rules! text_types {
    ($($text:ty),*) => {
        $(impl<'a> FieldValue<'a, CodeRule> for $text {
            fn put(&self, rule: &CodeRule, out: &mut [u8]) -> Result<(), Fault> {
                put_code(self, rule, out)
            }

            fn get(rule: &CodeRule, bytes: &'a [u8]) -> Result<Self, Fault> {
                get_code(rule, bytes).map(<$text>::from)
            }
        })*
    };
}

text_types!(&'a str, String, Cow<'a, str>);

impl<'a, const N: usize> FieldValue<'a, CodeRule> for Text<N> {
    const LEN: Option<usize> = Some(N);

    fn put(&self, rule: &CodeRule, out: &mut [u8]) -> Result<(), Fault> {
        put_code(self, rule, out)
    }

    fn get(rule: &CodeRule, bytes: &'a [u8]) -> Result<Self, Fault> {
        Self::new(get_code(rule, bytes)?).map_err(|_| Fault::TooLong { needed: bytes.len(), len: N })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(open: bool) -> CodeRule {
        let meaning = |code, label| CodeMeaning { code: Cow::Borrowed(code), label: Cow::Borrowed(label) };
        CodeRule {
            charset: crate::Charset::Ascii,
            codes: Cow::Owned(vec![meaning("20", "입금"), meaning("", "없음")]),
            open,
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
    }
}
