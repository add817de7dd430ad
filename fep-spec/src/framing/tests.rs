//! Every way to configure a framing, and every contradiction. The bytes are written by hand.

use super::Framing;
use crate::document::Document;
use crate::model::Spec;
use crate::report::Source;
use fep_codec::framing::FrameSearch;

/// A spec with two telegrams of 4 bytes.
const SPEC: &str = r#"
spec = "two"
title = "two"
version = "1"
source = "written for this test"
charset = "ascii"
[types]
AN = { kind = "text" }
[telegrams.Ask]
label = "question"
len = 4
when = { code = "A" }
answer = "Told"
items = [{ name = "code", label = "code", type = "AN", len = 1 }, { name = "rest", label = "rest", type = "AN", len = 3 }]
[telegrams.Told]
label = "answer"
like = "Ask"
when = { code = "B" }
"#;

/// Reads the keys of a table `framing`.
fn read(keys: &str) -> Result<Framing, String> {
    read_with(SPEC, keys)
}

fn read_with(spec: &str, keys: &str) -> Result<Framing, String> {
    let spec = Spec::parse("two.toml", spec).unwrap_or_else(|report| panic!("{report}"));
    let document = Document::new(Source::new("f.toml", format!("framing = {{ {keys} }}\n")));
    let framing = document.walk(|root| {
        let framing = Framing::read(root.table("framing"), &spec, 100);
        root.finish();
        framing
    });
    if document.has_errors() { Err(document.into_report().to_string()) } else { Ok(framing.unwrap()) }
}

/// Checks that a line with these keys puts the telegram on the wire as this frame, and takes it out again.
fn check(keys: &str, telegram: &[u8], frame: &[u8]) {
    let framing = read(keys).unwrap_or_else(|report| panic!("{report}"));
    let made = framing.frame(telegram.to_vec()).unwrap_or_else(|error| panic!("{keys}: {error}"));
    assert_eq!(made, frame, "{keys}");
    assert_eq!(framing.next(&mut FrameSearch::default(), frame), Ok(Some(frame.len())), "{keys}");
    assert_eq!(framing.telegram(frame), telegram, "{keys}");
}

fn refused(keys: &str, message: &str, hint: &str) {
    let report = read(keys).expect_err(keys);
    assert!(report.contains(message) && report.contains(hint), "{keys}\n{report}");
}

#[test]
fn a_length_has_each_form_and_counts_each_way() {
    check("", b"0003abc", b"0003abc");
    check("length_digits = 2", b"03abc", b"03abc");
    check("counts = \"all\"", b"0007abc", b"0007abc");
    check("not_counted = 6", b"0001abc", b"0001abc");
    check("not_counted = -4", b"0011abc", b"0011abc");
    check("length_at = 8", b"TRANCODE0003abc", b"TRANCODE0003abc");
    check("length_at = 8, counts = \"all\"", b"TRANCODE0015abc", b"TRANCODE0015abc");
    check("stripped = true", b"abc", b"0003abc");
    check("stripped = true, counts = \"all\"", b"abc", b"0007abc");
    check("stripped = true", b"", b"0000");
    check("stripped = true, length_as = \"ebcdic\"", b"\xC1", b"\xF0\xF0\xF0\xF1\xC1");
    check("stripped = true, length_as = \"bcd\"", b"abcdefghijkl", b"\x00\x12abcdefghijkl");
    check("stripped = true, length_as = \"bcd\", length_digits = 6", b"abc", b"\x00\x00\x03abc");
    check("stripped = true, length_bytes = 1", b"abc", b"\x03abc");
    check("stripped = true, length_bytes = 2", b"abc", b"\x00\x03abc");
    check("stripped = true, length_bytes = 2, length_as = \"little-endian\"", b"abc", b"\x03\x00abc");
    check("stripped = true, length_bytes = 4, length_as = \"big-endian\"", b"abc", b"\x00\x00\x00\x03abc");
    check("stripped = true, length_as = \"half-swapped\"", b"abc", b"\x00\x03\x00\x00abc");
    check("stripped = true, length_as = \"byte-swapped\"", b"abc", b"\x00\x00\x03\x00abc");
}

#[test]
fn other_framings_enclose_a_telegram() {
    check("kind = \"stx-etx\"", b"AB", b"\x02AB\x03");
    check("kind = \"stx-etx\", stripped = false", b"\x02AB\x03", b"\x02AB\x03");
    check("kind = \"stx-etx\", check = \"bcc-xor\"", b"AB", b"\x02AB\x03\x00");
    check("kind = \"stx-etx\", check = \"bcc-xor\", check_over = \"stx-text-etx\"", b"AB", b"\x02AB\x03\x02");
    check("kind = \"stx-etx\", check = \"bcc-xor\", check_over = \"text\"", b"AB", b"\x02AB\x03\x03");
    check("kind = \"stx-etx\", check = \"bcc-xor\", check_over = \"stx-text\"", b"AB", b"\x02AB\x03\x01");
    check("kind = \"stx-etx\", check = \"lrc-sum\"", b"AB", b"\x02AB\x03\x7A");
    check("kind = \"stx-etx\", check = \"lrc-sum\", stripped = false", b"\x02AB\x03\x7A", b"\x02AB\x03\x7A");
    check("kind = \"terminated\", end = \"cr\"", b"AB", b"AB\r");
    check("kind = \"terminated\", end = \"lf\"", b"AB", b"AB\n");
    check("kind = \"terminated\", end = \"crlf\"", b"AB", b"AB\r\n");
    check("kind = \"terminated\", end = \"ff\"", b"AB", b"AB\xFF");
    check("kind = \"terminated\", end = \"FF0a\"", b"AB", b"AB\xFF\n");
    check("kind = \"terminated\", end = \"ff\", stripped = false", b"AB\xFF", b"AB\xFF");
    check("kind = \"fixed\", frame_len = 4", b"ABCD", b"ABCD");
    check("kind = \"code-table\"", b"ABCD", b"ABCD");
}

#[test]
fn keys_that_contradict_each_other_are_refused_with_a_hint() {
    refused(
        "length_digits = 4, length_bytes = 2",
        "`length_bytes` stands beside `length_digits`",
        "leave one of them out",
    );
    refused("counts = \"all\", not_counted = 4", "`not_counted` stands beside `counts`", "leave `counts` out");
    refused("length_at = 8, stripped = true", "`stripped` stands beside `length_at`", "leave `stripped` out");
    refused("length_as = \"ebcdic\", length_bytes = 2", "`length_as` names digits", "write `length_digits`");
    refused("length_as = \"little-endian\", length_digits = 4", "names a binary number", "write `length_bytes`");
    refused("length_as = \"little-endian\"", "`length_bytes` is missing", "");
    refused("length_as = \"bcd\", length_digits = 5", "an even number of digits", "write 2, 4, 6 or 8");
    refused("length_as = \"bcd\", length_digits = 9", "an even number of digits", "write 2, 4, 6 or 8");
    refused("length_as = \"half-swapped\", length_bytes = 2", "has 4 bytes", "leave `length_bytes` out");
    refused("length_as = \"ebcidic\"", "`length_as` cannot be \"ebcidic\"", "did you mean `ebcdic`?");
    refused("length_digits = 10", "`length_digits` is 10, it must be 1 to 9", "");
    refused("length_bytes = 5", "`length_bytes` is 5, it must be 1 to 4", "");
    refused("frame_max_bytes = 3", "`frame_max_bytes` is 3, and an empty frame has 4 bytes", "the longest frame");
    refused("frame_max_bytes = 16777217", "it must be 1 to 16777216", "");
    refused("kind = \"stx-etx\", check_over = \"text\"", "without a `check`", "write `check = \"bcc-xor\"`");
    refused("kind = \"stx-etx\", check = \"lrc\"", "`check` cannot be \"lrc\"", "lrc-sum");
    refused("kind = \"stx-etx\", length_digits = 4", "unknown key `length_digits`", "");
    refused("kind = \"stx-etx\", check = \"bcc-xor\", frame_max_bytes = 2", "an empty frame has 3 bytes", "");
    refused("kind = \"terminated\"", "`end` is missing", "");
    refused("kind = \"terminated\", end = \"nl\"", "`end` cannot be \"nl\"", "`crlf`, or 1 to 4 bytes");
    refused("kind = \"terminated\", end = \"\"", "`end` cannot be \"\"", "`crlf`, or 1 to 4 bytes");
    refused("kind = \"terminated\", end = \"0102030405\"", "`end` cannot be", "1 to 4 bytes");
    refused("kind = \"fixed\"", "`frame_len` is missing", "");
    refused(
        "kind = \"fixed\", frame_len = 5",
        "`frame_len` is 5, and Ask has 4 bytes",
        "each telegram has this length",
    );
    refused("kind = \"fixed\", frame_len = 4, stripped = true", "unknown key `stripped`", "");
}

/// Checks that a line with these keys cannot carry a telegram with this item.
fn misfit(item: &str, len: usize, keys: &str, message: &str) {
    let items = format!("items = [{{ name = \"code\", label = \"code\", type = \"AN\", len = 1 }}, {item}]\n");
    let start = SPEC.find("items = ").unwrap();
    let end = start + SPEC[start..].find('\n').unwrap() + 1;
    let spec = [&SPEC[..start], &items, &SPEC[end..]].concat().replace("\nlen = 4", &format!("\nlen = {}", len + 1));
    match (read_with(&spec, keys), message) {
        (Ok(_), "") => {}
        (Err(report), message) if !message.is_empty() => assert!(report.contains(message), "{keys}\n{report}"),
        (read, message) => panic!("{keys}: {read:?}\n{message}"),
    }
}

#[test]
fn a_framing_that_cannot_carry_the_telegrams_is_refused() {
    let number = |more: &str| format!("{{ name = \"n\", label = \"n\", kind = \"number\", len = 4, {more} }}");
    let stx = "kind = \"stx-etx\"";
    let has_end = "byte 03 ends a frame, and the field n of Ask can contain it";
    misfit(&number("encoding = \"binary\""), 4, stx, has_end);
    misfit(&number("encoding = \"packed\""), 4, stx, has_end);
    misfit(&number("encoding = \"bcd\""), 4, stx, has_end);
    misfit(&number("encoding = \"ebcdic\""), 4, stx, "");
    misfit("{ name = \"n\", label = \"n\", kind = \"bytes\", len = 4 }", 4, stx, has_end);
    misfit("{ name = \"n\", label = \"n\", kind = \"bytes\", len = 1 }", 1, "kind = \"stx-etx\", stripped = false", "");
    let ff = "kind = \"terminated\", end = \"ff\"";
    misfit(&number("encoding = \"packed\""), 4, ff, "");
    misfit(&number("encoding = \"binary\""), 4, ff, "byte ff ends a frame, and the field n of Ask can contain it");
    let crlf = "kind = \"terminated\", end = \"crlf\"";
    misfit(&number("encoding = \"bcd\""), 4, crlf, "");
    misfit(&number("encoding = \"packed\""), 4, crlf, "byte 0d ends a frame");
    let length = |more: &str| number(&format!("computed = \"length\", {more}"));
    misfit(&length("counts = \"rest\""), 4, "length_at = 1", "");
    misfit(
        &length("counts = \"all\""),
        4,
        "length_at = 1",
        "the framing counts other bytes than the field n of Ask, which counts \"all\"",
    );
    misfit(&length("counts = \"all\""), 4, "length_at = 1, not_counted = -1", "");
    misfit(
        &length("counts = \"rest\""),
        4,
        "length_at = 1, length_digits = 3",
        "the length has 3 bytes, and the field n of Ask has 4",
    );
    let other = "the field n of Ask is Ebcdic, and the framing reads Ascii";
    misfit(&length("counts = \"rest\", encoding = \"ebcdic\""), 4, "length_at = 1", other);
    misfit(
        &length("counts = \"rest\", encoding = \"binary-little\""),
        4,
        "length_at = 1, length_bytes = 4, length_as = \"little-endian\"",
        "",
    );
    misfit(&number(""), 4, "stripped = true, frame_max_bytes = 9", "");
    misfit(
        &number(""),
        4,
        "stripped = true, frame_max_bytes = 8",
        "the longest frame has 8 bytes, and one with Ask has at least 9",
    );
    misfit(&number(""), 4, "kind = \"stx-etx\", check = \"lrc-sum\", frame_max_bytes = 7", "has at least 8");
    misfit(&number(""), 4, "kind = \"terminated\", end = \"crlf\", frame_max_bytes = 6", "has at least 7");
}

#[test]
fn a_frame_of_rubbish_is_a_frame_and_other_bytes_are_none() {
    const TEXT: &[u8] = b"??? no telegram ???";
    let length = ["", "counts = \"all\"", "length_at = 8", "length_at = 40", "length_bytes = 2", "stripped = true"];
    let others = ["kind = \"stx-etx\", check = \"lrc-sum\"", "kind = \"terminated\", end = \"crlf\""];
    for keys in length.iter().chain(&others) {
        let framing = read(keys).unwrap();
        let frame = framing.rubbish(TEXT);
        assert_eq!(framing.next(&mut FrameSearch::default(), &frame), Ok(Some(frame.len())), "{keys} {frame:02x?}");
        assert!(framing.next(&mut FrameSearch::default(), &framing.no_frame()).is_err(), "{keys}");
    }
    for keys in ["kind = \"fixed\", frame_len = 4", "kind = \"code-table\""] {
        let framing = read(keys).unwrap();
        assert_eq!(framing.next(&mut FrameSearch::default(), &framing.rubbish(TEXT)), Ok(Some(4)), "{keys}");
    }
}
