//! Checks over encoded bytes: the functions that come with the library, and the verification of a check field.

use crate::error::Fault;
use crate::layout::{Check, CheckFn};

/// The exclusive or of all covered bytes (BCC, block check character): one byte, or two digits of hex in capital letters.
///
/// # Errors
/// If `out` does not have one or two bytes.
pub fn xor(covered: &[u8], out: &mut [u8]) -> Result<(), &'static str> {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let sum = covered.iter().fold(0, |sum, byte| sum ^ byte);
    let digit = |half: u8| HEX.get(usize::from(half)).copied().unwrap_or_default();
    match out {
        [byte] => *byte = sum,
        [high, low] => (*high, *low) = (digit(sum >> 4), digit(sum & 0x0F)),
        _ => return Err("an xor check has one byte, or two for hex digits"),
    }
    Ok(())
}

impl Check {
    /// The function of the library with this name, or `None` if there is no such function.
    #[must_use]
    pub fn known(name: &str) -> Option<CheckFn> {
        (name == "xor").then_some(xor as CheckFn)
    }

    /// Compares a check field with the check of the covered bytes. A check without a function is not compared.
    ///
    /// # Errors
    /// If the field is not that check, or the check cannot be computed.
    pub fn verify(&self, covered: &[u8], field: &[u8]) -> Result<(), Fault> {
        let Some(run) = self.run else { return Ok(()) };
        let mut room = [0; Self::LEN_MAX];
        let Some(expected) = room.get_mut(..field.len()) else {
            return Err(Fault::BadSpec { reason: "a check has at most 64 bytes" });
        };
        run(covered, expected).map_err(|reason| Fault::NoCheck { reason })?;
        if *expected == *field {
            return Ok(());
        }
        Err(Fault::CheckLies { name: (*self.name).into(), expected: Some((&*expected).into()) })
    }
}

#[cfg(test)]
mod tests {
    use alloc::borrow::Cow;
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn xor_is_one_byte_or_two_hex_digits() {
        let mut one = [0];
        let mut two = [0; 2];
        xor(b"\x31\x32\x8F", &mut one).unwrap();
        xor(b"\x31\x32\x8F", &mut two).unwrap();
        assert_eq!((one, two), ([0x8C], *b"8C"));
        xor(b"", &mut two).unwrap();
        assert_eq!(two, *b"00");
        assert!(xor(b"", &mut [0; 3]).is_err());
    }

    #[test]
    fn a_wrong_check_says_what_belongs_there() {
        let check = Check { name: Cow::Borrowed("xor"), from: None, to: None, run: Check::known("xor") };
        assert_eq!(check.verify(b"12", b"03"), Ok(()));
        let lies = check.verify(b"12", b"04").unwrap_err();
        assert_eq!(lies.to_string(), "the check `xor` gives hex 30 33");
        let unknown = Check { run: Check::known("sum"), ..check.clone() };
        assert_eq!(unknown.verify(b"12", b"04"), Ok(()), "nobody can tell");
        assert_eq!(
            check.verify(b"12", b"003"),
            Err(Fault::NoCheck { reason: "an xor check has one byte, or two for hex digits" })
        );
        assert!(matches!(check.verify(b"12", &[0; 65]), Err(Fault::BadSpec { .. })));
    }
}
