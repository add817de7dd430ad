//! The annotated hex dump: every item of a telegram with offset, length, bytes, path, label and value.
//!
//! A dump never fails. If bytes cannot be read, their line says so and the dump goes on, because a dump is needed most for
//! invalid telegrams. The bytes and values of secret fields are hidden, unless the caller asks for them.
//!
//! ```text
//! offset  len  bytes                    path                    label         value
//!      0    4  30 32 39 36              header.length           전문길이      296
//!    100   16  ** × 16                  withdraw_account        출금계좌번호  <secret>
//!    205    6  32 35 33 37 38 38        check_digits            복기부호      253788
//!    211   89  20 × 89                                          예비          filler
//! ```
//!
//! [`dump()`] returns this text, in colour if [`DumpOptions`] say so. [`lines()`] returns the same as data.
//!
//! ```
//! # #[cfg(feature = "derive")] {
//! use fep_codec::dump::{DumpOptions, dump, lines};
//! use fep_codec::{Digits, Telegram};
//!
//! #[derive(Telegram)]
//! struct Pair {
//!     #[field(secret)]
//!     pin: Digits<4>,
//!     #[field(len = 6, scale = 2, label = "금액")]
//!     amount: u32,
//! }
//!
//! let text = dump(Pair::LAYOUT, b"1234001205", DumpOptions::default());
//! assert!(text.contains("** × 4") && text.contains("<secret>") && text.contains("12.05"), "{text}");
//! let text = dump(Pair::LAYOUT, b"1234001205", DumpOptions { reveal: true, colour: false });
//! assert!(text.contains("1234"), "{text}");
//! let lines = lines(Pair::LAYOUT, b"123400x205", false);
//! assert_eq!(lines[1].value, Err("expected a digit, found 'x' (78) at byte 6".to_owned()));
//! # }
//! ```

mod lines;
mod render;

pub(crate) use self::lines::shown;
pub use self::lines::{Line, lines};
pub(crate) use self::render::printable;
pub use self::render::{DumpOptions, dump};
