//! The annotated hex dump: every item of a telegram with offset, length, bytes, path, label and value.
//!
//! It never fails: where bytes cannot be read it says so on that line and goes on, for that is when a dump is wanted. Secret
//! fields are hidden, bytes and value, unless the caller asks otherwise.
//!
//! ```text
//! offset  len  bytes                    path                    label         value
//!      0    4  30 32 39 36              header.length           전문길이      296
//!    100   16  ** × 16                  withdraw_account        출금계좌번호  <secret>
//!    205    6  32 35 33 37 38 38        check_digits            복기부호      253788
//!    211   89  20 × 89                                          예비          filler
//! ```

mod lines;
mod render;

pub(crate) use self::lines::shown;
pub use self::lines::{Line, lines};
pub(crate) use self::render::printable;
pub use self::render::{Options, dump};
