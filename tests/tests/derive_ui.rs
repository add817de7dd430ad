//! Mistakes that the derive refuses, with their messages. `ui/` has one folder for each kind of mistake.
//!
//! After an intended change of a message, run `TRYBUILD=overwrite cargo test -p fep-tests --test derive_ui` to update the files.

#[test]
fn every_mistake_says_what_is_wrong_and_what_to_write() {
    trybuild::TestCases::new().compile_fail("ui/*/*.rs");
}
