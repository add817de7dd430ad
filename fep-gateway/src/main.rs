//! The command `fep-gateway`.
fn main() {}
