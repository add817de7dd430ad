//! What the test suites share: golden telegrams and the code that `fep gen` wrote for the specs.
//!
//! No test of its own stands here.

pub mod golden;
