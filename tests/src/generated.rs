//! The output of `fep gen specs -o tests/src/generated`. A test compares it with the specs.
//!
//! `random_…` comes from specs made from random numbers. `kinds`, `forms`, `arrays`, `blanks`, `flat` and `names` come from specs that exist
//! only for tests. `kinds` has every kind of field, `forms` has every form of layout, `arrays` has arrays of plain values, `blanks` has padded
//! groups in EBCDIC, `flat` has parts without a name of their own, and `names` has names that are no identifiers.

pub mod arrays;
pub mod bank_a;
pub mod blanks;
pub mod feed_b7;
pub mod file_a;
pub mod flat;
pub mod forms;
pub mod giro_e;
pub mod host_b;
pub mod kinds;
pub mod kftc_cms;
pub mod loan_f;
pub mod nacha;
pub mod names;
pub mod nts_vat;
pub mod quote_c;
pub mod van_d;
pub mod random_1;
pub mod random_2;
pub mod random_3;
pub mod random_4;
pub mod settlement_a;
pub mod zengin;

pub use crate::check_digits::check_digits;

/// The check of `forms` that is not part of the library: the sum of the bytes, in digits.
///
/// # Errors
/// It never fails. The signature allows a check to fail.
pub fn byte_sum(covered: &[u8], out: &mut [u8]) -> Result<(), &'static str> {
    let sum: u64 = covered.iter().map(|byte| u64::from(*byte)).sum();
    let mut digits = sum;
    for place in out.iter_mut().rev() {
        *place = b'0' + u8::try_from(digits % 10).unwrap_or_default();
        digits /= 10;
    }
    Ok(())
}
