//! A number with its decimals, as error messages show it.

use alloc::format;
use core::fmt;

/// A number counted in units of its last decimal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decimal {
    pub(crate) units: i128,
    /// The number of digits that are decimals.
    pub(crate) scale: u8,
}

/// Writes 1205 with scale 2 as `12.05`.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { units, scale } = *self;
        if scale == 0 {
            return write!(f, "{units}");
        }
        let scale = usize::from(scale);
        let sign = if units < 0 { "-" } else { "" };
        let digits = format!("{:0width$}", units.unsigned_abs(), width = scale + 1);
        let (whole, decimals) = digits.split_at(digits.len() - scale);
        write!(f, "{sign}{whole}.{decimals}")
    }
}
