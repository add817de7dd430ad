//! ASCII: single bytes below 80.

use super::table::{Form, NONE, Table};

pub(super) struct Ascii;

impl Table for Ascii {
    const FORM: Form = Form::Lead;
    const ASCII: bool = true;

    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "ASCII")]
    fn code(point: u32) -> u16 {
        if point < 0x80 { point as u16 } else { NONE }
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
