//! Tagged segments. Each has a tag, a length and the content for the tag. Segments with an unknown tag are kept unchanged.

use fep_codec::Layout;
use serde_json::json;

use super::{both_ways, refused, telegram, written};

/// The tables of the spec. [`super::explain`] also uses it.
pub(super) const SEGMENTED: &str = r#"
[parts.Amount]
items = [{ name = "amount", label = "금액", kind = "number", len = 5 }]
[parts.Memo]
items = [{ name = "text", kind = "text", tail = true, max = 20 }]
[parts.Unknown]
items = [{ name = "raw", kind = "bytes", tail = true, max = 20 }]
[telegrams.Segmented]
items = [
  { name = "kind", kind = "digits", full = true, len = 2 },
  { group = "segments", repeat = "rest", max = 3, items = [
    { name = "tag", kind = "text", len = 2 },
    { name = "body_len", kind = "number", len = 3, computed = "length", of = "body" },
    { choice = "body", by = "tag", cases = [
      { code = "AM", part = "Amount" },
      { code = "ME", part = "Memo" },
      { other = true, part = "Unknown" },
    ] },
  ] },
  { literal = ";" },
]"#;

fn segmented() -> Layout {
    telegram(SEGMENTED)
}

#[test]
fn segments_go_both_ways_in_any_order_and_strange_ones_are_kept() {
    let fields = json!({ "kind": "01", "segments": [
        { "tag": "ME", "body_len": 4, "body": { "text": "홍길" } },
        { "tag": "ZZ", "body_len": 2, "body": { "raw": "ff00" } },
        { "tag": "AM", "body_len": 5, "body": { "amount": 17 } },
    ] });
    both_ways(&segmented(), b"01ME004\xC8\xAB\xB1\xE6ZZ002\xFF\x00AM00500017;", &fields);
    both_ways(&segmented(), b"01;", &json!({ "kind": "01", "segments": [] }));
    let without_length = json!({ "kind": "01", "segments": [{ "tag": "ME", "body": { "text": "a" } }] });
    written(&segmented(), b"01ME001a;", &without_length);
}

#[test]
fn a_segment_that_lies_about_its_length_is_refused() {
    assert_eq!(
        refused(&segmented(), b"01AM00600017x;"),
        "peer: segments[0].body, bytes 12..13: its length field says 6 bytes, its contents have 5"
    );
    assert_eq!(
        refused(&segmented(), b"01AM0040017;"),
        "peer: segments[0].body.amount (금액), bytes 7..12: needs 5 bytes, only 4 left in `body`, whose length field says 4"
    );
    assert_eq!(
        refused(&segmented(), b"01ME001aME009b;"),
        "peer: segments[1].body, bytes 13..22: its length field says 9 bytes, only 1 left"
    );
    assert_eq!(
        refused(&segmented(), b"01ME001aME0;"),
        "peer: segments[1].body_len, bytes 10..13: needs 3 bytes, the telegram ends after 2"
    );
    assert_eq!(
        refused(&segmented(), b"01ME000ME000ME000ME000;"),
        "peer: segments, bytes 17..22: 4 entries, at most 3 are allowed"
    );
    assert_eq!(
        refused(&segmented(), b"01ME021aaaaaaaaaaaaaaaaaaaaa;"),
        "peer: segments[0].body.text, bytes 7..28: needs 21 bytes, the field has 20"
    );
}
