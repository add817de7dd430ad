//! What `fep gen specs -o tests/src/generated` wrote; a test compares it with the specs.
//! `random_…` are of specs out of random numbers. `kinds` and `forms` are of specs that only tests have, with every kind of field and every form of layout in them.

pub mod bank_a;
pub mod forms;
pub mod host_b;
pub mod kinds;
pub mod kftc_cms;
pub mod nacha;
pub mod nts_vat;
pub mod quote_c;
pub mod random_1;
pub mod random_2;
pub mod random_3;
pub mod random_4;
pub mod zengin;

/// The check of `forms` that does not come with the library: the sum of the bytes, in digits.
///
/// # Errors
/// Never, but a check may.
pub fn check_digits(covered: &[u8], out: &mut [u8]) -> Result<(), &'static str> {
    let sum: u64 = covered.iter().map(|byte| u64::from(*byte)).sum();
    let mut digits = sum;
    for place in out.iter_mut().rev() {
        *place = b'0' + u8::try_from(digits % 10).unwrap_or_default();
        digits /= 10;
    }
    Ok(())
}
