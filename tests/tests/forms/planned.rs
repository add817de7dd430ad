//! Layouts that a plan could read or write in another way than the layout alone. Both say the same.

use fep_codec::layout::{Computed, Field, Group, Kind, LengthScope, NumberRule, Repeat};
use fep_codec::{Item, Layout, Plan, Record, Value};
use fep_tests::properties::planned::any_plan;

use super::items;

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

fn length_of_the_rest() -> Item {
    Item::Field(Field {
        name: "len".into(),
        label: "".into(),
        len: 2,
        kind: Kind::Number(NumberRule::UNSIGNED),
        secret: false,
        computed: Some(Computed::Length(LengthScope::Rest)),
    })
}

fn layout_of(items: Vec<Item>) -> Layout {
    let charset = fep_codec::Charset::Ascii;
    Layout {
        name: "Made".into(),
        label: "".into(),
        charset,
        stated_len: None,
        when: vec![].into(),
        items: items.into(),
    }
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

fn amount() -> Item {
    Item::Field(Field {
        name: "amount".into(),
        label: "".into(),
        len: 2,
        kind: Kind::Number(NumberRule::UNSIGNED),
        secret: false,
        computed: None,
    })
}

fn padded(name: &'static str, pad: u8, items: Vec<Item>) -> Item {
    Item::Group(Group {
        name: name.into(),
        label: "".into(),
        repeat: Repeat::Padded { by: None, max: 2, pad },
        page: None,
        layout: std::borrow::Cow::Owned(layout_of(items)),
    })
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

/// Checks what is sent of a record, whatever the buffer held before. It is read and written again.
fn sends(record: &Record<'_>, sent: Result<&[u8], &str>) {
    for fill in [0, b'0', b' ', b'#', 0xff] {
        let mut out = [fill; 32];
        let written = record.encode_into(&mut out).map(|len| &out[..len]).map_err(|error| error.to_string());
        assert_eq!(written.as_deref(), sent.map_err(str::to_owned).as_deref(), "into {fill:02x}");
    }
    if let Ok(sent) = sent {
        let read = Record::decode(record.layout(), sent).expect("what was sent is read");
        assert_eq!(read.encode().as_deref(), Ok(sent), "and written again");
    }
}

/// A reader takes an entry of nothing but padding for an unused one. Lengths are filled in at the end, and count then: what was in the buffer before
/// decides nothing.
#[test]
fn an_entry_whose_length_is_filled_in_at_the_end_is_blank_by_what_is_sent() {
    let end = || items(r#"{ literal = ">" },"#).items.to_vec();
    let [before, behind] = [vec![length_of_the_rest(), amount()], vec![amount(), length_of_the_rest()]];
    for (entry, pad, after, used, sent) in [
        // The amount alone looks unused.
        (&before, b'0', vec![], 1, Ok(&b"06000000"[..])),
        (&before, b'0', vec![], 2, Ok(b"06000200")),
        (&behind, b'0', end(), 1, Ok(b"00050000>")),
        (&behind, b'0', end(), 2, Ok(b"00050001>")),
        // Nothing is behind the length of the second entry, so all of it is padding.
        (&behind, b'0', vec![], 1, Ok(b"00040000")),
        (&behind, b'0', vec![], 2, Err("caller: bytes 4..8: an entry of nothing but padding says that it is not used")),
    ] {
        let layout = layout_of([vec![padded("items", pad, entry.clone())], after].concat());
        let mut record = Record::new(&layout);
        for at in 0..used {
            record.push_entry("items").expect("a group");
            record.set(&format!("items[{at}].amount"), Value::Number(0)).expect("a number");
        }
        sends(&record, sent);
    }
}

/// Two groups, beside each other, with something between them, and one in the entries of the other.
#[test]
fn entries_of_several_groups_are_blank_by_what_is_sent() {
    let entry = || vec![amount(), length_of_the_rest()];
    let group = |name| padded(name, b'0', entry());
    let mark = || items(r#"{ literal = ">" },"#).items.to_vec();
    for (made, groups, amounts, sent) in [
        (
            vec![group("one"), group("two")],
            vec!["one", "two"],
            vec!["one[0].amount", "two[0].amount"],
            Ok(&b"0012000000040000"[..]),
        ),
        (
            [vec![group("one")], mark(), vec![group("two")]].concat(),
            vec!["one", "two"],
            vec!["one[0].amount", "two[0].amount"],
            Ok(b"00130000>00040000"),
        ),
        (
            vec![padded("one", b'0', vec![group("two")])],
            vec!["one", "one[0].two"],
            vec!["one[0].two[0].amount"],
            Ok(b"0012000000000000"),
        ),
        (
            vec![group("one"), group("two")],
            vec!["one", "one", "two", "two"],
            vec!["one[0].amount", "one[1].amount", "two[0].amount", "two[1].amount"],
            Err("caller: bytes 12..16: an entry of nothing but padding says that it is not used"),
        ),
    ] {
        let layout = layout_of(made);
        let mut record = Record::new(&layout);
        for path in groups {
            record.push_entry(path).expect("a group");
        }
        for path in amounts {
            record.set(path, Value::Number(0)).expect("a number");
        }
        sends(&record, sent);
    }
}

/// The length alone is an entry of the inner group, so both groups wait for the same bytes.
#[test]
fn an_entry_that_is_only_a_length_is_never_an_unused_one_of_blanks() {
    let inner = Item::Group(Group {
        name: "b".into(),
        label: "".into(),
        repeat: Repeat::Padded { by: None, max: 1, pad: b' ' },
        page: None,
        layout: std::borrow::Cow::Owned(layout_of(vec![length_of_the_rest()])),
    });
    let outer = Item::Group(Group {
        name: "a".into(),
        label: "".into(),
        repeat: Repeat::Padded { by: None, max: 3, pad: b'0' },
        page: None,
        layout: std::borrow::Cow::Owned(layout_of(vec![inner])),
    });
    let layout = layout_of([vec![outer], items(r#"{ literal = ">" },"#).items.to_vec()].concat());
    let mut record = Record::new(&layout);
    for entry in 0..3 {
        record.push_entry("a").expect("a group");
        record.push_entry(&format!("a[{entry}].b")).expect("a group");
    }
    sends(&record, Ok(b"050301>"));
}

/// A sum in a part looks for the used entries before lengths are filled in.
#[test]
fn a_sum_counts_entries_whose_lengths_are_not_filled_in_yet() {
    for (pad, sent) in [("0", &b"0700040700"[..]), (" ", b"0700040700")] {
        let mut layout = super::telegram(&format!(
            r#"[parts.Head]
               items = [{{ name = "total", kind = "number", len = 2, computed = "sum", of = "items.amount" }}]

               [telegrams.Summed]
               items = [
                   {{ part = "Head", name = "head" }},
                   {{ group = "items", padded = true, max = 2, pad = "{pad}", items = [
                       {{ name = "amount", kind = "number", len = 2 }},
                   ] }},
               ]
            "#
        ));
        let Some(Item::Group(group)) = layout.items.to_mut().last_mut() else { panic!("the group is last") };
        group.layout.to_mut().items.to_mut().push(length_of_the_rest());
        let mut record = Record::new(&layout);
        for (entry, amount) in [0, 7].into_iter().enumerate() {
            record.push_entry("items").expect("a group");
            record.set(&format!("items[{entry}].amount"), Value::Number(amount)).expect("a number");
        }
        sends(&record, Ok(sent));
    }
}
