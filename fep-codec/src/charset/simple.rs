//! ASCII, which is not all of what a byte can be.

use super::table::{Form, NONE, Table};

pub(super) struct Ascii;

impl Table for Ascii {
    const FORM: Form = Form::Lead;
    const ASCII: bool = true;

    #[inline(always)]
    fn code(character: char) -> u16 {
        if character.is_ascii() { character as u16 } else { NONE }
    }

    #[inline(always)]
    fn single(byte: u8) -> u16 {
        if byte.is_ascii() { u16::from(byte) } else { NONE }
    }

    fn pair(_: u8, _: u8) -> u16 {
        NONE
    }

    fn is_lead(_: u8) -> bool {
        false
    }
}
