//! The limits that several crates use. Most names end in the unit.

/// The most digits of a number: 38 nines fit into a `u128`.
pub const NUMBER_MAX_DIGITS: usize = 38;

/// The most bytes of a binary number: a `u128`.
pub const BINARY_MAX_BYTES: usize = 16;

/// The most bytes of a check field.
pub const CHECK_MAX_BYTES: usize = 64;

/// The most computed lengths and checks of a telegram, including those of its parts and entries. The writer fills them in at
/// the end.
pub const LATE_MAX_FIELDS: usize = 4;

/// The pivot of two-digit years if the sheet does not state one. Years below the pivot are 20xx, the other years are 19xx.
pub const PIVOT_DEFAULT: u8 = 70;

/// The largest pivot. With it, all two-digit years are 20xx.
pub const PIVOT_MAX: u8 = 100;
