//! What the test suites share: golden telegrams, random telegrams, properties, and the code that `fep gen` wrote for the specs.
//!
//! No test of its own stands here.

pub mod arbitrary;
pub mod generated;
pub mod golden;
pub mod random_layout;
pub mod random_spec;
pub mod tools;
pub mod properties;

/// The code in README compiles and holds.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
