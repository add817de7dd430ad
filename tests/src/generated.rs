//! What `fep gen specs -o tests/src/generated` wrote; a test compares it with the specs.

pub mod bank_a;
pub mod kftc_cms;
