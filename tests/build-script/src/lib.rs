//! A service that uses the telegrams of two specs. The build script makes their code; nothing generated is kept in the repository.

#![deny(warnings, missing_docs)]

/// The telegrams, a module for each spec.
pub mod telegrams {
    include!(concat!(env!("OUT_DIR"), "/telegrams.rs"));

    /// The check digits (복기부호) of `bank-a`, which the institution defines: here a sum that is easy to follow.
    ///
    /// # Errors
    /// None: any bytes have a sum.
    pub fn check_digits(covered: &[u8], out: &mut [u8]) -> Result<(), &'static str> {
        let sum = covered.iter().fold(0_u32, |sum, byte| sum.wrapping_add(u32::from(*byte)));
        let digits = format!("{:06}", sum % 1_000_000);
        out.iter_mut().zip(digits.bytes()).for_each(|(out, digit)| *out = digit);
        Ok(())
    }
}
