//! What `fep gen specs -o tests/src/generated` wrote; a test compares it with the specs.
//! `kinds` is of a spec that only tests have, with every kind of field in it.

pub mod bank_a;
pub mod host_b;
pub mod kinds;
pub mod kftc_cms;
pub mod nacha;
pub mod nts_vat;
pub mod quote_c;
pub mod zengin;
