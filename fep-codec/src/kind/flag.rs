//! Flags: one byte for yes, one for no.

use super::FieldValue;
use crate::error::Fault;
use crate::layout::FlagRule;

impl FieldValue<'_, FlagRule> for bool {
    const LEN: Option<usize> = Some(1);

    #[inline]
    fn put(&self, rule: &FlagRule, out: &mut [u8]) -> Result<(), Fault> {
        let [byte] = out else { return Err(Fault::TooLong { needed: 1, len: out.len() }) };
        *byte = if *self { rule.yes } else { rule.no };
        Ok(())
    }

    #[inline]
    fn get(rule: &FlagRule, bytes: &[u8]) -> Result<Self, Fault> {
        match bytes {
            [byte] if *byte == rule.yes => Ok(true),
            [byte] if *byte == rule.no => Ok(false),
            _ => Err(Fault::BadFlag { byte: bytes.first().copied() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_yes_or_no_and_nothing_else() {
        let rule = FlagRule { yes: b'Y', no: b'N' };
        let mut out = [0];
        true.put(&rule, &mut out).unwrap();
        assert_eq!(out, *b"Y");
        assert_eq!(bool::get(&rule, b"N"), Ok(false));
        assert_eq!(bool::get(&rule, b"y"), Err(Fault::BadFlag { byte: Some(b'y') }));
        assert_eq!(bool::get(&rule, b" "), Err(Fault::BadFlag { byte: Some(b' ') }));
    }
}
