//! Codes: one of a list, left-justified, padded with spaces.

use alloc::borrow::{Cow, ToOwned as _};
use alloc::string::String;

use smol_str::SmolStr;

use super::FieldValue;
use super::text::trim_end;
use crate::charset::{Charset, DecodeError, Reason};
use crate::error::Fault;
use crate::layout::{CodeMeaning, CodeRule};
use crate::value::Text;

/// An enum of codes. `#[derive(Code)]` implements this trait.
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

    /// The value with this code, or `None` if the list is closed and lacks it.
    fn from_code(code: &str) -> Option<Self>;
}

/// Writes a code of any type.
///
/// # Errors
/// If the code is too long for the field, ends in a space, has a character that the charset lacks, is not ASCII, or is not on a
/// closed list.
#[inline]
pub fn put_code(code: &str, rule: &CodeRule, out: &mut [u8]) -> Result<(), Fault> {
    if !rule.open && !is_listed(code, rule) {
        return Err(Fault::UnknownCode);
    }
    if code.ends_with(' ') {
        return Err(Fault::LooksLikePadding);
    }
    if let Some((position, character)) = code.chars().enumerate().find(|(_, c)| byte_of(*c, rule.charset).is_none()) {
        let charset = if character.is_ascii() { rule.charset } else { Charset::Ascii };
        return Err(Fault::Unmappable { character: Some(character), position, charset, instead: None });
    }
    let Some((value, padding)) = out.split_at_mut_checked(code.len()) else {
        return Err(Fault::TooLong { needed: code.len(), len: out.len() });
    };
    value.copy_from_slice(code.as_bytes());
    if !rule.charset.keeps_ascii() {
        value.iter_mut().for_each(|byte| *byte = rule.charset.byte_of(*byte).unwrap_or(*byte));
    }
    padding.fill(rule.charset.space());
    Ok(())
}

fn byte_of(character: char, charset: Charset) -> Option<u8> {
    u8::try_from(character).ok().and_then(|ascii| charset.byte_of(ascii))
}

/// Reads a code as text. Where possible, the text borrows from the field or from the list of codes.
///
/// # Errors
/// If the code is not ASCII, or not on a closed list.
#[inline]
pub fn get_code<'x>(rule: &'x CodeRule, bytes: &'x [u8]) -> Result<Cow<'x, str>, Fault> {
    if rule.charset.keeps_ascii() { get_borrowed(rule, bytes).map(Cow::Borrowed) } else { get_converted(rule, bytes) }
}

/// Reads a code whose bytes are ASCII.
#[inline]
fn get_borrowed<'a>(rule: &CodeRule, bytes: &'a [u8]) -> Result<&'a str, Fault> {
    let trimmed = trim_end(bytes, rule.charset.space());
    match core::str::from_utf8(trimmed) {
        Ok(code) if code.is_ascii() => listed(rule, code),
        _ => Err(not_ascii(trimmed)),
    }
}

/// Reads a code in a charset where ASCII has other bytes.
fn get_converted<'x>(rule: &'x CodeRule, bytes: &[u8]) -> Result<Cow<'x, str>, Fault> {
    let trimmed = trim_end(bytes, rule.charset.space());
    let is_here =
        |code: &str| code.bytes().map(|ascii| rule.charset.byte_of(ascii)).eq(trimmed.iter().copied().map(Some));
    if let Some(known) = rule.codes.iter().find(|known| is_here(&known.code)) {
        return Ok(Cow::Borrowed(&known.code));
    }
    if !rule.open {
        return Err(Fault::UnknownCode);
    }
    let charset = rule.charset;
    let code = charset.decode(trimmed).map_err(|at| Fault::Malformed { at, charset })?;
    match code.chars().position(|character| !character.is_ascii()) {
        None => Ok(Cow::Owned(code.into_owned())),
        Some(offset) => Err(no_code(offset, charset)),
    }
}

/// Reads a code from bytes that are known to be ASCII. They can stand for other characters in the charset of the field.
///
/// # Errors
/// If the code is not on a closed list, or the bytes are not ASCII characters in the charset of the field.
#[inline]
pub fn get_ascii_code<'x>(rule: &'x CodeRule, text: &'x str) -> Result<Cow<'x, str>, Fault> {
    if rule.charset.keeps_ascii() {
        listed_ascii(rule, text).map(Cow::Borrowed)
    } else {
        get_converted(rule, text.as_bytes())
    }
}

#[inline]
fn listed_ascii<'a>(rule: &CodeRule, text: &'a str) -> Result<&'a str, Fault> {
    let len = trim_end(text.as_bytes(), rule.charset.space()).len();
    // In ASCII text every offset is a character boundary, so this is never the default.
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
    no_code(code.iter().take_while(|byte| byte.is_ascii()).count(), Charset::Ascii)
}

fn no_code(offset: usize, charset: Charset) -> Fault {
    Fault::Malformed { at: DecodeError { offset, reason: Reason::NoCharacter }, charset }
}

/// Implements the types that hold any code as text. A type that can borrow does so if the bytes are ASCII.
macro_rules! text_types {
    ($($text:ty, $borrowed:expr, $other:expr;)*) => {
        $(impl<'a> FieldValue<'a, CodeRule> for $text {
            #[inline]
            fn put(&self, rule: &CodeRule, out: &mut [u8]) -> Result<(), Fault> {
                put_code(self, rule, out)
            }

            #[inline]
            fn get(rule: &CodeRule, bytes: &'a [u8]) -> Result<Self, Fault> {
                if rule.charset.keeps_ascii() {
                    get_borrowed(rule, bytes).map($borrowed)
                } else {
                    get_converted(rule, bytes).and_then($other)
                }
            }

            const PREFERS_ASCII: bool = true;

            #[inline]
            fn get_ascii(rule: &CodeRule, text: &'a str) -> Result<Self, Fault> {
                if rule.charset.keeps_ascii() {
                    listed_ascii(rule, text).map($borrowed)
                } else {
                    get_converted(rule, text.as_bytes()).and_then($other)
                }
            }
        })*
    };
}

text_types! {
    &'a str, |code| code, |_| {
        Err(Fault::BadSpec { reason: "a code in this charset cannot be borrowed as &str; use Text<N> or Cow<str>" })
    };
    String, str::to_owned, |code| Ok(code.into_owned());
    SmolStr, SmolStr::new, |code| Ok(code.into());
    Cow<'a, str>, Cow::Borrowed, |code| Ok(Cow::Owned(code.into_owned()));
}

impl<'a, const N: usize> FieldValue<'a, CodeRule> for Text<N> {
    const LEN: Option<usize> = Some(N);

    #[inline]
    fn put(&self, rule: &CodeRule, out: &mut [u8]) -> Result<(), Fault> {
        put_code(self, rule, out)
    }

    #[inline]
    fn get(rule: &CodeRule, bytes: &'a [u8]) -> Result<Self, Fault> {
        Self::new(&get_code(rule, bytes)?).map_err(|_| Fault::TooLong { needed: bytes.len(), len: N })
    }

    const PREFERS_ASCII: bool = true;

    #[inline]
    fn get_ascii(rule: &CodeRule, text: &'a str) -> Result<Self, Fault> {
        Self::new(&get_ascii_code(rule, text)?).map_err(|_| Fault::TooLong { needed: text.len(), len: N })
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;
    use alloc::vec;

    use super::*;

    fn rule(open: bool) -> CodeRule {
        let meaning = |code, label| CodeMeaning { code: Cow::Borrowed(code), label: Cow::Borrowed(label) };
        CodeRule {
            charset: Charset::Ascii, codes: Cow::Owned(vec![meaning("20", "입금"), meaning("", "없음")]), open
        }
    }

    #[test]
    fn an_open_list_keeps_what_it_does_not_know() {
        assert_eq!(get_code(&rule(true), b"99"), Ok("99".into()));
        assert_eq!(get_code(&rule(false), b"99"), Err(Fault::UnknownCode));
        assert_eq!(get_code(&rule(false), b"20"), Ok("20".into()));
        assert_eq!(get_code(&rule(false), b"  "), Ok("".into()));
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

    #[test]
    fn codes_of_a_host_are_ebcdic() {
        let host = |open| CodeRule { charset: Charset::Ibm933, ..rule(open) };
        let mut out = [0; 3];
        put_code("20", &host(false), &mut out).unwrap();
        assert_eq!(&out, b"\xF2\xF0\x40");
        assert_eq!(get_code(&host(false), &out), Ok("20".into()));
        assert_eq!(get_code(&host(false), b"\x40\x40\x40"), Ok("".into()));
        assert_eq!(get_code(&host(true), b"\xC1\xF9\x40"), Ok("A9".into()));
        assert_eq!(get_code(&host(false), b"\xC1\xF9\x40"), Err(Fault::UnknownCode));
        assert_eq!(Cow::get(&host(true), b"\xF2\xF0"), Ok(Cow::Borrowed("20")));
        // These bytes happen to be ASCII.
        assert_eq!(Text::<2>::get_ascii(&host(true), "@@").unwrap(), *"");
        assert!(matches!(<&str>::get(&host(true), b"\xF2\xF0"), Err(Fault::BadSpec { .. })));
        let fault = get_code(&host(true), b"\xF2\x0E").unwrap_err();
        assert_eq!(fault.to_string(), "invalid ibm933 at byte 2: the SI that closes the last SO is missing");
    }
}
