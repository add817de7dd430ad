//! Groups: up to the end, with the count behind the group, with all entries always present, pages, and groups in groups.

use fep_codec::Layout;
use serde_json::json;

use super::{both_ways, items, not_written, refused, written};

/// An entry of six bytes.
const ENTRY: &str = r#"items = [
  { name = "id", kind = "digits", full = true, len = 2 },
  { name = "amount", kind = "number", len = 4 },
] }"#;

fn rest() -> Layout {
    let group = format!(r#"{{ group = "items", repeat = "rest", max = 3, {ENTRY}"#);
    items(&format!("{{ literal = \"<<\" }},\n{group},\n{{ name = \"end\", kind = \"text\", len = 3 }},"))
}

#[test]
fn entries_up_to_what_follows_them() {
    let two = json!({ "items": [{ "id": "01", "amount": 5 }, { "id": "02", "amount": 17 }], "end": "END" });
    both_ways(&rest(), b"<<010005020017END", &two);
    both_ways(&rest(), b"<<END", &json!({ "items": [], "end": "END" }));
}

#[test]
fn entries_up_to_the_end_are_whole_and_not_too_many() {
    let half = refused(&rest(), b"<<010005020END");
    assert_eq!(half, "peer: items, bytes 8..11: 3 bytes are left behind the last whole entry, which has 6");
    let four = refused(&rest(), b"<<010005020005030005040005END");
    assert_eq!(four, "peer: items, bytes 20..26: 4 entries, at most 3 are allowed");
    let letter = refused(&rest(), b"<<01000502001xEND");
    assert_eq!(
        letter,
        "peer: items[1].amount, bytes 10..14: expected a digit, found 'x' (78) at byte 13, hex 30 30 31 78"
    );
    // The item after the group is missing, not an entry of the group.
    assert_eq!(refused(&rest(), b"<<EN"), "peer: end, bytes 2..5: needs 3 bytes, the telegram ends after 2");
    let entry = json!({ "id": "01", "amount": 5 });
    let four = json!({ "items": [entry, entry, entry, entry], "end": "" });
    assert_eq!(not_written(&rest(), &four), "caller: items: 4 entries, at most 3 are allowed");
}

fn varying() -> Layout {
    items(
        r#"{ group = "items", repeat = "rest", max = 2, items = [
             { name = "kind", kind = "text", len = 1 },
             { choice = "body", by = "kind", cases = [
               { code = "A", name = "Short", items = [{ name = "a", kind = "text", len = 2 }] },
               { code = "B", name = "Long", items = [{ name = "b", kind = "text", len = 4 }] },
             ] },
           ] },
           { name = "end", kind = "text", len = 3 },"#,
    )
}

#[test]
fn entries_of_varying_length_end_where_the_next_item_begins() {
    let fields = json!({ "items": [{ "kind": "A", "body": { "a": "12" } }, { "kind": "B", "body": { "b": "3456" } }], "end": "END" });
    both_ways(&varying(), b"A12B3456END", &fields);
    let over = refused(&varying(), b"A12B3END");
    assert_eq!(over, "peer: items, bytes 5..8: the last entry goes 3 bytes into what follows the group");
    let three = refused(&varying(), b"A12A34A56END");
    assert_eq!(three, "peer: items, bytes 6..9: 3 entries, at most 2 are allowed");
}

#[test]
fn a_count_may_stand_behind_its_group() {
    let group = format!(r#"{{ group = "items", count = "n", max = 9, {ENTRY}"#);
    let layout = items(&format!(
        "{group},\n{{ name = \"n\", kind = \"number\", len = 1, computed = \"count\", of = \"items\" }},"
    ));
    let fields = json!({ "items": [{ "id": "01", "amount": 5 }, { "id": "02", "amount": 17 }], "n": 2 });
    both_ways(&layout, b"0100050200172", &fields);
    written(&layout, b"0", &json!({ "items": [] }));
    let lies = refused(&layout, b"0100050200173");
    assert_eq!(lies, "peer: n, bytes 12..13: the count says 3, there are 2 entries, hex 33");
    let wrong = not_written(&layout, &json!({ "items": [], "n": 1 }));
    assert_eq!(wrong, "caller: n: the field is computed and must be 0; leave it out");
}

fn padded(options: &str) -> Layout {
    items(&format!(r#"{{ group = "items", padded = true, max = 3, {options}{ENTRY}, {{ literal = ">>" }},"#))
}

#[test]
fn entries_that_are_always_there_end_at_the_first_blank_one() {
    let one = json!({ "items": [{ "id": "01", "amount": 5 }] });
    both_ways(&padded(""), b"010005            >>", &one);
    both_ways(&padded("pad = \"*\", "), b"010005************>>", &one);
    both_ways(&padded(""), b"                  >>", &json!({ "items": [] }));
    let entry = json!({ "id": "01", "amount": 5 });
    both_ways(&padded(""), b"010005010005010005>>", &json!({ "items": [entry, entry, entry] }));
    let middle = refused(&padded(""), b"010005      020017>>");
    assert_eq!(middle, "peer: items[2], bytes 12..18: an entry that is not used is not blank, hex 30 32 30 30 31 37");
    let four = not_written(&padded(""), &json!({ "items": [entry, entry, entry, entry] }));
    assert_eq!(four, "caller: items: 4 entries, at most 3 are allowed");
    assert_eq!(refused(&padded(""), b"010005>>"), "peer: the telegram has 20 bytes, found 8");
}

#[test]
fn an_entry_of_nothing_but_padding_would_not_be_read_again() {
    let group = |count: &str| {
        items(&format!(
            r#"{count} group = "items", padded = true, max = 2, items = [{{ name = "memo", kind = "text", len = 4 }}] }},"#
        ))
    };
    let blank = not_written(&group("{"), &json!({ "items": [{ "memo": "a" }, { "memo": "" }] }));
    assert_eq!(blank, "caller: items[1], bytes 4..8: an entry of nothing but padding says that it is not used");
    // With a count, a blank entry can be a used entry.
    let counted =
        group(r#"{ name = "n", kind = "number", len = 1, computed = "count", of = "items" }, { count = "n", "#);
    both_ways(&counted, b"2a       ", &json!({ "n": 2, "items": [{ "memo": "a" }, { "memo": "" }] }));
    both_ways(&counted, b"1a       ", &json!({ "n": 1, "items": [{ "memo": "a" }] }));
    let unused = refused(&counted, b"1a   b   ");
    assert_eq!(unused, "peer: items[1], bytes 5..9: an entry that is not used is not blank, hex 62 20 20 20");
    assert_eq!(refused(&counted, b"3a   b   "), "peer: n, bytes 0..1: 3 entries, at most 2 are allowed, hex 33");
}

#[test]
fn a_page_is_within_its_list() {
    let group = r#"{ group = "items", count = "n", max = 9, page = { total = "total", start = "start" },
                     items = [{ name = "id", kind = "digits", full = true, len = 2 }] },"#;
    let layout = items(&format!(
        r#"{{ name = "total", kind = "number", len = 3 }}, {{ name = "start", kind = "number", len = 3 }},
           {{ name = "n", kind = "number", len = 1, computed = "count", of = "items" }}, {group}"#
    ));
    let page = |total: u32| json!({ "total": total, "start": 8, "n": 2, "items": [{ "id": "08" }, { "id": "09" }] });
    both_ways(&layout, b"00900820809", &page(9));
    let empty = json!({ "total": 0, "start": 0, "n": 0, "items": [] });
    both_ways(&layout, b"0000000", &empty);
    let lies = refused(&layout, b"00800820809");
    assert_eq!(lies, "peer: items: 2 entries from number 8 on are no page of a list of 8");
    assert_eq!(refused(&layout, b"009000108"), "peer: items: 1 entries from number 0 on are no page of a list of 9");
    let lies = not_written(&layout, &page(8));
    assert_eq!(lies, "caller: items: 2 entries from number 8 on are no page of a list of 8");
}

#[test]
fn groups_stand_in_groups() {
    let layout = items(
        r#"{ group = "rows", repeat = "rest", max = 9, items = [
             { name = "n", kind = "number", len = 1, computed = "count", of = "cells" },
             { group = "cells", count = "n", max = 9, items = [{ name = "x", kind = "number", len = 2 }] },
           ] },"#,
    );
    let fields =
        json!({ "rows": [{ "n": 1, "cells": [{ "x": 10 }] }, { "n": 2, "cells": [{ "x": 20 }, { "x": 21 }] }] });
    both_ways(&layout, b"11022021", &fields);
    let short = refused(&layout, b"1102202");
    assert_eq!(short, "peer: rows[1].cells[1].x, bytes 6..8: needs 2 bytes, the telegram ends after 1");
}
