//! Plain data that the macro, the codec and the spec library share: words, identities, tables and limits.
//!
//! A macro crate cannot depend on the library whose code it generates. It can depend on the crate below both. Everything
//! that fep-derive, fep-codec and fep-spec must agree on stands here once: how a charset is called, the words of a rule,
//! which option belongs to which kind of field, the limits. Nothing here reads or writes a telegram's bytes; that is
//! fep-codec.
//!
//! The enums are exhaustive on purpose. A new variant must be handled by the codec, by the derive and by the spec library,
//! and the compiler names each place.
//!
//! ```text
//! limits    the numbers that several crates state
//! likeness  "did you mean"
//! words     enums whose variants have a word in attributes and spec files
//! charset   charsets: labels, aliases, refused labels, byte form
//! kinds     the kinds of fields
//! encoding  how digits stand in bytes, and what follows for lengths
//! rules     the values of field options: justify, overflow, width, half, none, sign, overpunch
//! calendar  patterns of dates and times
//! options   the options of fields, and the kinds that have them
//! ```

#![no_std]

extern crate alloc;

pub mod limits;
pub mod likeness;
pub mod words;
pub mod charset;
pub mod kinds;
pub mod encoding;
pub mod rules;
pub mod calendar;
pub mod options;

/// The code in the README of this crate compiles and holds.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
