//! What a person may leave out, or write as the sheet has it, in a spec that is written by hand.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use fep_spec::model::Spec;

/// A spec with these lines at its head and these tables.
fn spec(head: &str, tables: &str) -> Spec {
    let text = format!(
        "spec = \"a\"\ntitle = \"A\"\nversion = \"1\"\nsource = \"a test\"\ncharset = \"euc-kr\"\n{head}\n{tables}\n"
    );
    let checked = Spec::check("a.toml", &text);
    assert!(checked.report.is_clean(), "{}", checked.report);
    checked.spec.expect("a spec")
}

/// Each spec with another way to say the same.
const SAME: [(&str, &str); 4] = [
    (
        "{ name = \"n\", kind = \"number\", len = 2 }, { group = \"rows\", count = \"n\", max = 3, kind = \"number\", len = 5 }",
        "{ name = \"n\", kind = \"number\", len = 2, computed = \"count\", of = \"rows\" }, \
         { group = \"rows\", count = \"n\", max = 3, kind = \"number\", len = 5 }",
    ),
    (
        "{ group = \"rows\", count = \"n\", max = 3, kind = \"number\", len = 5 }, { name = \"n\", kind = \"number\", len = 2 }",
        "{ group = \"rows\", count = \"n\", max = 3, kind = \"number\", len = 5 }, \
         { name = \"n\", kind = \"number\", len = 2, computed = \"count\", of = \"rows\" }",
    ),
    (
        "{ name = \"n\", kind = \"number\", len = 2 }, { group = \"rows\", padded = true, count = \"n\", max = 3, kind = \"number\", len = 5 }",
        "{ name = \"n\", kind = \"number\", len = 2, computed = \"count\", of = \"rows\" }, \
         { group = \"rows\", padded = true, count = \"n\", max = 3, kind = \"number\", len = 5 }",
    ),
    (
        "{ group = \"outer\", count = 2, items = [ { name = \"n\", kind = \"number\", len = 2, encoding = \"binary\" }, \
         { group = \"rows\", count = \"n\", max = 3, kind = \"text\", len = 5 } ] }",
        "{ group = \"outer\", count = 2, items = [ { name = \"n\", kind = \"number\", len = 2, encoding = \"binary\", computed = \"count\", of = \"rows\" }, \
         { group = \"rows\", count = \"n\", max = 3, kind = \"text\", len = 5 } ] }",
    ),
];

#[test]
fn a_group_that_names_a_field_makes_it_its_count() {
    for (short, long) in SAME {
        let telegrams = |items: &str| spec("", &format!("[telegrams.List]\nitems = [ {items} ]")).telegrams;
        assert_eq!(telegrams(short), telegrams(long), "{short}");
    }
}

#[test]
fn offsets_that_count_from_1_make_the_same_telegram() {
    let items = |first: usize| {
        let second = first + 4;
        format!(
            "[telegrams.Order]\nitems = [ {{ name = \"code\", kind = \"text\", len = 4, at = {first} }}, \
             {{ group = \"rows\", count = 2, at = {second}, items = [ {{ name = \"row\", kind = \"text\", len = 4, at = {first} }} ] }} ]"
        )
    };
    assert_eq!(spec("offsets_from = 1", &items(1)).telegrams, spec("", &items(0)).telegrams);
    assert_eq!(spec("offsets_from = 0", &items(0)).telegrams, spec("", &items(0)).telegrams);
}
