//! The command `fep`.
fn main() {}
