//! Fixed-length telegrams (전문): fields at fixed byte offsets, text in a national or mainframe charset.
//!
//! Everything uses one data model: a [`Layout`] defines the meaning of each byte. `#[derive(Telegram)]` makes a layout at
//! compile time from an annotated struct, and a spec file is lowered to a layout at run time. Two layouts can be compared. The
//! static codec ([`Telegram`], [`Decode`]) and the dynamic codec ([`Record`]) call the same field kinds, so they cannot drift.
//!
//! This crate does not open sockets, read spec files or use a clock.
//!
//! ```
//! use fep_codec::{Decode, Digits, Telegram, Text};
//!
//! /// 잔액조회 요구
//! #[derive(Telegram, Debug, PartialEq)]
//! #[telegram(len = 43, charset = "euc-kr")]
//! struct Inquiry {
//!     #[field(len = 4, computed = length(rest), label = "전문길이")]
//!     length: (),
//!     #[field(len = 13, label = "계좌번호", secret)]
//!     account: Digits<13>,
//!     #[field(len = 20, label = "예금주명")]
//!     holder: Text<20>,
//!     #[field(len = 6, label = "일련번호")]
//!     serial: u32,
//! }
//!
//! let inquiry = Inquiry { length: (), account: "0012345678901".parse()?, holder: "홍길동".parse()?, serial: 17 };
//! let bytes = inquiry.encode_to_vec()?;
//! assert_eq!(&bytes[..17], b"00390012345678901");
//! assert_eq!(&bytes[17..23], [0xC8, 0xAB, 0xB1, 0xE6, 0xB5, 0xBF]); // 홍길동 in EUC-KR
//! assert_eq!(Inquiry::decode(&bytes)?, inquiry);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to read on
//!
//! | to | read |
//! |---|---|
//! | write any telegram as a struct: every field kind, group and computed field, with examples | [`derive@Telegram`] |
//! | write lists of codes, and bodies that depend on a code, as enums | [`derive@Code`], [`derive@Choice`] |
//! | learn how a character becomes bytes | [`charset`] |
//! | decode or patch one field and leave the other bytes as they are | [`derive@Telegram`], under "Views" |
//! | work with layouts that are known at run time only; get and set by path | [`record`] |
//! | turn telegrams into JSON and back; JSON Schema | [`json`] |
//! | understand an error; find all errors of a telegram | [`error`], [`decode_all_errors`] |
//! | read telegrams with small errors | [`lenient`] |
//! | look at bytes, compare two telegrams | [`dump`], [`diff()`] |
//! | read and write record files: blocking, tokio, all processors | [`files`] |
//! | cut a stream into telegrams; a tokio `Framed` | [`framing`], [`stream`] |
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `std` (default) | record files. Without it the crate needs only `core` and `alloc` |
//! | `derive` (default) | the derives |
//! | `charset-korean`, `charset-ebcdic-korean`, `charset-ebcdic`, `charset-japanese`, `charset-ebcdic-japanese`, `charset-latin` (all default) | the tables of these charsets; ASCII and UTF-8 are always available |
//! | `json` | [`json`] |
//! | `serde` | `serde::Serialize` and `Deserialize` of [`value`] types, and of telegrams with `#[telegram(serde)]`. Secret values are written in clear; see [`derive@Telegram`], under "Serde" |
//! | `tokio` | [`stream`], and record files over `AsyncRead` and `AsyncWrite` |
//! | `rayon` | [`files::par_records`] and [`files::verify`] |
//! | `decimal` | `rust_decimal::Decimal` as a number |
//! | `jiff`, `chrono` | their dates and times |

#![no_std]
#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_alloc, clippy::std_instead_of_core)]

extern crate alloc;
// Only code that needs an operating system may name `std`. So the prelude is that of `core` in every build, and a missing import
// is an error in every build.
#[cfg(any(feature = "std", test))]
extern crate std;

// Reading order: a module imports only modules that are listed before it.
mod swar;
pub mod charset;
pub mod layout;
pub mod error;
pub mod value;
pub mod kind;
pub mod cursor;
mod walk;
mod links;
pub mod telegram;
pub mod nested;
pub(crate) mod flattened;
pub mod record;
pub mod survey;
pub mod view;
pub mod lenient;
#[cfg(feature = "json")]
pub mod json;
pub mod dump;
pub mod diff;
#[cfg(feature = "std")]
pub mod files;
pub mod framing;
#[cfg(feature = "tokio")]
pub mod stream;
#[doc(hidden)]
pub mod __rt;

pub use charset::Charset;
pub use cursor::{Reader, Writer};
pub use diff::diff;
pub use error::{Culprit, Error, Fault};
#[cfg(feature = "derive")]
pub use fep_derive::{Choice, Code, Telegram};
pub use framing::{CodeTable, FrameError, Framing, LengthPrefix};
pub use kind::{CodeSet, FieldValue};
pub use layout::{Field, Item, Layout};
pub use nested::{Body, DecodeBody};
pub use record::{Plan, Record, Value};
/// The text of a [`Value`].
pub use smol_str::SmolStr;
#[cfg(feature = "tokio")]
pub use stream::TelegramCodec;
pub use survey::decode_all_errors;
pub use telegram::{Decode, DecodeOwned, Telegram, TelegramSet, TelegramSetOwned};
pub use value::{Date, DateTime, Digits, MonthDay, MonthDayTime, Text, Time, YearMonth};

/// Runs the code in the README of this crate as doctests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
