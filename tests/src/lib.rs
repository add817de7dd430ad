//! Shared code of the test suites: golden telegrams, random telegrams, properties, and the code that `fep gen` wrote for the specs.
//!
//! The tests themselves are elsewhere.

pub mod arbitrary;
pub mod check_digits;
pub mod generated;
pub mod golden;
pub mod random_file;
pub mod random_layout;
pub mod random_marks;
pub mod random_spec;
pub mod random_toml;
pub mod split_spec;
pub mod tools;
pub mod properties;

/// Compiles and runs the code in README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
