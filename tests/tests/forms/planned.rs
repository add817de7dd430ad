//! Layouts that a plan could read or write in another way than the layout alone. Both say the same.

use fep_codec::{Plan, Record, Value};
use fep_tests::properties::planned::any_plan;

use super::items;
use super::padded::{amount, layout_of, length_of_the_rest, padded};

#[test]
fn a_part_has_the_length_that_a_field_states() {
    let layout = super::telegram(
        r#"[parts.Body]
           items = [{ name = "text", kind = "text", len = 3 }]

           [telegrams.Stated]
           items = [
               { name = "body_len", kind = "number", len = 2, computed = "length", of = "body" },
               { part = "Body", name = "body" },
               { name = "rest", kind = "text", len = 1 },
           ]
        "#,
    );
    let plan = Plan::new(&layout);
    for (bytes, message) in [
        (&b"03abcd"[..], ""),
        (b"99abcd", "peer: body, bytes 2..101: stated as 99 bytes, but 4 are left"),
        (
            b"02abcd",
            "peer: body.text, bytes 2..5: needs 3 bytes, 2 are left within the 2 bytes that are stated for body",
        ),
        (b"04abcd", "peer: body, bytes 5..6: stated as 4 bytes, but its items end after 3"),
    ] {
        any_plan(&layout, bytes);
        let read = Record::decode(&layout, bytes).map_or_else(|error| error.to_string(), |_| String::new());
        assert_eq!(plan.decode(bytes).map_or_else(|error| error.to_string(), |_| String::new()), read);
        assert_eq!(read.is_empty(), message.is_empty(), "{read}");
    }
}

#[test]
fn a_record_of_another_layout_is_written_by_its_own() {
    let short = items(r#"{ name = "a", kind = "text", len = 4 },"#);
    let long = items(r#"{ name = "a", kind = "text", len = 4 }, { name = "b", kind = "number", len = 6 },"#);
    let record = Record::decode(&long, b"abcd000017").expect("it reads");
    assert_eq!(Plan::new(&short).encode(&record).as_deref(), Ok(&b"abcd000017"[..]));
    let record = Record::decode(&short, b"abcd").expect("it reads");
    assert_eq!(Plan::new(&long).encode(&record).as_deref(), Ok(&b"abcd"[..]));
}

#[test]
fn more_lengths_than_a_telegram_can_have_are_refused_by_both() {
    for count in 1..7 {
        let layout = layout_of(vec![length_of_the_rest(); count]);
        let record = Record::new(&layout);
        let written = record.encode();
        assert_eq!(written.is_ok(), count <= 4, "{count}");
        assert_eq!(Plan::new(&layout).encode(&record), written, "{count}");
    }
}

#[test]
fn an_entry_with_a_length_is_as_blank_as_without_a_plan() {
    for pad in *b"0 #" {
        let layout = layout_of(vec![padded("items", pad, vec![amount(), length_of_the_rest()])]);
        let plan = Plan::new(&layout);
        for amount in [0, 7] {
            let mut record = plan.record();
            record.push_entry("items").expect("a group");
            record.set("items[0].amount", Value::Number(amount)).expect("a number");
            assert_eq!(plan.encode(&record), record.encode(), "{amount} with {pad:02x}");
            for fill in *b"0 #" {
                let mut out = [fill; 8];
                let mut by_plan = out;
                assert_eq!(plan.encode_into(&record, &mut by_plan), record.encode_into(&mut out));
                assert_eq!(by_plan, out, "{amount} with {pad:02x} into {fill:02x}");
            }
        }
    }
}
