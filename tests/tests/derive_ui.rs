//! The derive's mistakes, each kind in a folder of `ui/`, with the message that a person gets.
//!
//! A message changed on purpose is written anew by `TRYBUILD=overwrite cargo test -p fep-tests --test derive_ui`.

#[test]
fn every_mistake_says_what_is_wrong_and_what_to_write() {
    trybuild::TestCases::new().compile_fail("ui/*/*.rs");
}
