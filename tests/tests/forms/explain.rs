//! The output of `fep explain` for these forms, for valid and for broken bytes.

use fep_codec::Layout;
use fep_codec::dump::lines;

use super::segments::SEGMENTED;
use super::{items, telegram};

/// Returns `offset len path value` for each line. An error begins with `!`.
fn shown(layout: &Layout, bytes: &[u8]) -> Vec<String> {
    let line = |line: fep_codec::dump::Line| {
        let value = line.value.unwrap_or_else(|why| format!("! {why}"));
        format!("{} {} {} {value}", line.offset, line.len, if line.path.is_empty() { "-" } else { &line.path })
    };
    lines(layout, bytes, false).into_iter().map(line).collect()
}

#[test]
fn segments_are_shown_one_by_one() {
    let layout = telegram(SEGMENTED);
    let bytes = b"01AM00500017ZZ002\xFF\x00;";
    let expected = [
        "0 2 kind 01",
        "2 2 segments[0].tag AM",
        "4 3 segments[0].body_len 5",
        "7 5 segments[0].body.amount 17",
        "12 2 segments[1].tag ZZ",
        "14 3 segments[1].body_len 2",
        "17 2 segments[1].body.raw ff00",
        "19 1 - ;",
    ];
    assert_eq!(shown(&layout, bytes), expected);
}

#[test]
fn a_tail_and_a_count_behind_its_group_are_shown_where_they_are() {
    let layout = items(
        r#"{ group = "items", count = "n", max = 9, items = [{ name = "id", kind = "digits", full = true, len = 2 }] },
           { name = "n", kind = "number", len = 1, computed = "count", of = "items" },"#,
    );
    assert_eq!(shown(&layout, b"01022"), ["0 2 items[0].id 01", "2 2 items[1].id 02", "4 1 n 2"]);
    let tail = items(
        r#"{ name = "memo_len", kind = "number", len = 2, computed = "length", of = "memo" },
           { name = "memo", kind = "text", tail = true, max = 9 },
           { name = "rest", kind = "bytes", tail = true, max = 9 },"#,
    );
    assert_eq!(shown(&tail, b"03abc\x01\x02"), ["0 2 memo_len 3", "2 3 memo abc", "5 2 rest 0102"]);
}

#[test]
fn unused_entries_are_one_line() {
    let layout = items(
        r#"{ group = "items", label = "내역", padded = true, max = 4,
             items = [{ name = "id", kind = "digits", full = true, len = 2 }] },
           { name = "end", kind = "text", len = 1 },"#,
    );
    assert_eq!(shown(&layout, b"01      x"), ["0 2 items[0].id 01", "2 6 - 3 unused", "8 1 end x"]);
}

#[test]
fn a_sign_is_part_of_its_number() {
    let layout = items(
        r#"{ name = "sign", len = 1, computed = "sign", of = "balance", signs = "+-" },
           { name = "balance", kind = "number", len = 4 },"#,
    );
    assert_eq!(shown(&layout, b"-0500"), ["0 1 sign -", "1 4 balance -500"]);
    assert_eq!(shown(&layout, b"-0000"), ["0 1 sign ! zero with a minus", "1 4 balance 0"]);
}

#[test]
fn a_lie_is_shown_at_the_field_that_lies() {
    let counted = items(
        r#"{ group = "items", count = "n", max = 9, items = [{ name = "amount", kind = "number", len = 2 }] },
           { name = "total", kind = "number", len = 3, computed = "sum", of = "items.amount" },
           { name = "n", kind = "number", len = 1, computed = "count", of = "items" },
           { name = "bcc", len = 1, computed = "check", function = "xor" },"#,
    );
    // 30 ^ 31 ^ 30 ^ 32 ^ 30 ^ 30 ^ 33 ^ 32 = 02; with 34 and 33 at the end it is 04.
    let sound = ["0 2 items[0].amount 1", "2 2 items[1].amount 2", "4 3 total 3", "7 1 n 2", "8 1 bcc 02"];
    assert_eq!(shown(&counted, b"01020032\x02"), sound);
    let lies = [
        "0 2 items[0].amount 1",
        "2 2 items[1].amount 2",
        "4 3 total ! the sum says 4, the entries have 3",
        "7 1 n ! the count says 3, there are 2 entries",
        "8 1 bcc ! the check `xor` gives hex 04",
    ];
    assert_eq!(shown(&counted, b"01020043\x02"), lies);
}

#[test]
fn an_item_with_another_length_than_said_is_shown() {
    let layout = items(
        r#"{ name = "len", kind = "number", len = 2, computed = "length", of = "body" },
           { choice = "body", by = "kind", cases = [
             { code = "A", name = "Short", items = [{ name = "a", kind = "text", len = 2 }] },
           ] },
           { name = "kind", kind = "text", len = 1 },"#,
    );
    assert_eq!(shown(&layout, b"02xyA"), ["0 2 len 2", "2 2 body.a xy", "4 1 kind A"]);
    // What the length field ends is the item, not the telegram.
    let shorter = ["0 2 len 1", "2 2 body.a ! needs 2 bytes, only 1 left in `body`, whose length field says 1"];
    assert_eq!(shown(&layout, b"01xyA"), shorter);
    let beyond = [
        "0 2 len ! its length field says 9 bytes, only 3 left",
        "2 2 body.a xy",
        "4 1 - ! its length field says 9 bytes, its contents have 2",
    ];
    assert_eq!(shown(&layout, b"09xyA").get(..3), Some(beyond.map(str::to_owned).as_slice()));
    let layout = items(
        r#"{ name = "kind", kind = "text", len = 1 },
           { name = "len", kind = "number", len = 1, computed = "length", of = "body" },
           { choice = "body", by = "kind", cases = [
             { code = "A", name = "Short", items = [{ name = "a", kind = "text", len = 2 }] },
           ] },
           { name = "end", kind = "text", len = 1 },"#,
    );
    let shown = shown(&layout, b"A3xy?z");
    assert_eq!(
        shown,
        [
            "0 1 kind A",
            "1 1 len 3",
            "2 2 body.a xy",
            "4 1 - ! its length field says 3 bytes, its contents have 2",
            "5 1 end z"
        ]
    );
}

#[test]
fn a_page_that_lies_and_an_unused_entry_that_is_not_blank_are_shown() {
    let layout = items(
        r#"{ name = "total", kind = "number", len = 1 }, { name = "start", kind = "number", len = 1 },
           { group = "items", padded = true, max = 3, page = { total = "total", start = "start" },
             items = [{ name = "id", kind = "text", len = 1 }] },"#,
    );
    let lies = "1 1 start ! 2 entries from number 8 on are no page of a list of 8";
    assert_eq!(
        shown(&layout, b"88ab "),
        ["0 1 total 8", lies, "2 1 items[0].id a", "3 1 items[1].id b", "4 1 - 1 unused"]
    );
    let gap = ["0 1 total 1", "1 1 start 1", "2 1 items[0].id a", "3 2 - ! an entry that is not used is not blank"];
    assert_eq!(shown(&layout, b"11a b"), gap);
}

#[test]
fn a_body_that_nobody_knows_is_one_line() {
    let layout = items(
        r#"{ name = "kind", kind = "text", len = 1 },
           { choice = "body", label = "본문", by = "kind", cases = [
             { code = "A", name = "Short", items = [{ name = "a", kind = "text", len = 2 }] },
           ] },
           { name = "end", kind = "text", len = 1 },"#,
    );
    assert_eq!(shown(&layout, b"A12x"), ["0 1 kind A", "1 2 body.a 12", "3 1 end x"]);
    let unknown = ["0 1 kind B", "1 2 body ! no case of `body` has this code; there are A", "3 1 end x"];
    assert_eq!(shown(&layout, b"B12x"), unknown);
}
