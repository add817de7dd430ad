//! Plain data that the macro, the codec and the spec library share: words, identities, tables and limits.
//!
//! A macro crate cannot depend on the library for which it generates code. It can depend on a crate below both. This crate
//! defines, once, all data on which fep-derive, fep-codec and fep-spec must agree: the labels of charsets, the words of rules,
//! the options of each kind of field, and the limits. It does not read or write the bytes of a telegram; fep-codec does.
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
//! encoding  how digits are stored in bytes, and the lengths that follow from it
//! rules     the values of field options: justify, overflow, width, half, none, sign, overpunch
//! accepts   the forms of a number that are read besides the one that is written
//! calendar  patterns of dates and times
//! blanks    blanks that are a value, too
//! options   the options of fields, and the kinds that have them
//! codes     how the codes of telegrams and cases are written
//! edit      what can be beside the digits of a number
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
pub mod accepts;
pub mod calendar;
pub mod blanks;
pub mod options;
pub mod codes;
pub mod edit;

/// Compiles and runs the code in the README of this crate.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
