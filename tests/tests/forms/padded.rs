//! Entries of padded groups, of which a reader takes the first one of nothing but padding for the end. The writer refuses such an entry, and no other
//! one, by what is sent: fields that are filled in at the end count with the bytes that they get.

use std::borrow::Cow;
use std::ops::Range;

use fep_codec::layout::{Computed, Field, Group, Kind, LATE_MAX, LengthScope, NumberRule, Repeat, TextRule};
use fep_codec::{Charset, Item, Layout, Record, Value};
use fep_tests::arbitrary::Random;

use super::items;

pub(crate) fn length_of_the_rest() -> Item {
    Item::Field(Field {
        name: "len".into(),
        label: "".into(),
        len: 2,
        kind: Kind::Number(NumberRule::UNSIGNED),
        secret: false,
        computed: Some(Computed::Length(LengthScope::Rest)),
    })
}

pub(crate) fn layout_of(items: Vec<Item>) -> Layout {
    let charset = Charset::Ascii;
    Layout {
        name: "Made".into(),
        label: "".into(),
        charset,
        stated_len: None,
        when: vec![].into(),
        items: items.into(),
    }
}

pub(crate) fn amount() -> Item {
    Item::Field(Field {
        name: "amount".into(),
        label: "".into(),
        len: 2,
        kind: Kind::Number(NumberRule::UNSIGNED),
        secret: false,
        computed: None,
    })
}

pub(crate) fn padded(name: &'static str, pad: u8, items: Vec<Item>) -> Item {
    Item::Group(Group {
        name: name.into(),
        label: "".into(),
        repeat: Repeat::Padded { by: None, max: 2, pad },
        page: None,
        layout: Cow::Owned(layout_of(items)),
    })
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
        layout: Cow::Owned(layout_of(vec![length_of_the_rest()])),
    });
    let outer = Item::Group(Group {
        name: "a".into(),
        label: "".into(),
        repeat: Repeat::Padded { by: None, max: 3, pad: b'0' },
        page: None,
        layout: Cow::Owned(layout_of(vec![inner])),
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

/// What a made layout has.
pub(crate) enum Shape {
    Number,
    Text,
    Length,
    Group { pad: u8, max: usize, entry: Vec<Shape> },
}

impl Shape {
    fn any(random: &mut Random, depth: u8) -> Self {
        match random.below(if depth == 0 { 3 } else { 4 }) {
            0 => Self::Number,
            1 => Self::Text,
            2 => Self::Length,
            _ => {
                let pad = b" 0*"[random.small(3)];
                Self::Group { pad, max: 1 + random.small(2), entry: Self::some(random, depth - 1) }
            }
        }
    }

    fn some(random: &mut Random, depth: u8) -> Vec<Self> {
        (0..=random.small(2)).map(|_| Self::any(random, depth)).collect()
    }

    fn item(&self, number: usize) -> Item {
        let name = format!("f{number}");
        match self {
            Self::Number => renamed(amount(), name),
            Self::Text => match renamed(amount(), name) {
                Item::Field(field) => Item::Field(Field { kind: Kind::Text(TextRule::new(Charset::Ascii)), ..field }),
                other => other,
            },
            Self::Length => renamed(length_of_the_rest(), name),
            Self::Group { pad, max, entry } => Item::Group(Group {
                name: name.into(),
                label: "".into(),
                repeat: Repeat::Padded { by: None, max: *max, pad: *pad },
                page: None,
                layout: Cow::Owned(layout_of(all(entry))),
            }),
        }
    }

    /// The length in bytes.
    fn len(&self) -> usize {
        match self {
            Self::Number | Self::Text | Self::Length => 2,
            Self::Group { max, entry, .. } => max * entry.iter().map(Self::len).sum::<usize>(),
        }
    }
}

fn renamed(item: Item, name: String) -> Item {
    match item {
        Item::Field(field) => Item::Field(Field { name: name.into(), ..field }),
        other => other,
    }
}

fn all(shapes: &[Shape]) -> Vec<Item> {
    shapes.iter().enumerate().map(|(number, shape)| shape.item(number)).collect()
}

pub(crate) fn any_layout(seed: u64) -> (Random, Vec<Shape>, Layout) {
    let mut random = Random(seed);
    let shapes = Shape::some(&mut random, 2);
    let layout = layout_of(all(&shapes));
    (random, shapes, layout)
}

/// What is sent, made by hand.
#[derive(Default)]
pub(crate) struct Sent {
    pub(crate) bytes: Vec<u8>,
    /// Where lengths are.
    pub(crate) lengths: Vec<usize>,
    /// Where entries are, and what pads their groups.
    entries: Vec<(Range<usize>, u8)>,
    /// The fields with a value: their paths, where they are, and whether they are numbers.
    pub(crate) fields: Vec<(String, usize, bool)>,
}

impl Sent {
    /// Adds values of shapes, half of which look like padding, here and in a record.
    pub(crate) fn add(&mut self, shapes: &[Shape], within: &str, record: &mut Record<'_>, random: &mut Random) {
        for (number, shape) in shapes.iter().enumerate() {
            let path = format!("{within}f{number}");
            let is_set = random.below(2) == 1;
            if let Shape::Number | Shape::Text = shape {
                self.fields.push((path.clone(), self.bytes.len(), matches!(shape, Shape::Number)));
            }
            match shape {
                Shape::Number => {
                    let value = if is_set { 7 } else { 0 };
                    record.set(&path, Value::Number(value)).expect("a number");
                    self.bytes.extend(format!("{value:02}").bytes());
                }
                Shape::Text => {
                    let value = if is_set { "**" } else { "" };
                    record.set(&path, Value::from(value)).expect("a text");
                    self.bytes.extend(format!("{value:2}").bytes());
                }
                Shape::Length => {
                    self.lengths.push(self.bytes.len());
                    self.bytes.extend(b"??");
                }
                Shape::Group { pad, max, entry } => {
                    let end = self.bytes.len() + shape.len();
                    for at in 0..random.small(max + 1) {
                        record.push_entry(&path).expect("a group");
                        let start = self.bytes.len();
                        self.add(entry, &format!("{path}[{at}]."), record, random);
                        self.entries.push((start..self.bytes.len(), *pad));
                    }
                    self.bytes.resize(end, *pad);
                }
            }
        }
    }

    /// The telegram, or `None` if a reader would not read an entry of it.
    pub(crate) fn telegram(&self) -> Option<Vec<u8>> {
        let bytes = self.with_lengths(|at| self.bytes.len() - at - 2);
        self.are_read(&bytes).then_some(bytes)
    }

    pub(crate) fn with_lengths(&self, mut length_at: impl FnMut(usize) -> usize) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        for at in &self.lengths {
            bytes[*at..at + 2].copy_from_slice(format!("{:02}", length_at(*at)).as_bytes());
        }
        bytes
    }

    pub(crate) fn are_read(&self, bytes: &[u8]) -> bool {
        let is_read = |(entry, pad): &(Range<usize>, u8)| bytes[entry.clone()].iter().any(|byte| byte != pad);
        self.entries.iter().all(is_read)
    }
}

#[test]
fn an_entry_is_refused_exactly_if_a_reader_would_not_read_it() {
    let [mut accepted, mut refused] = [0, 0];
    for seed in 0..20_000 {
        let (mut random, shapes, layout) = any_layout(seed);
        if layout.late_fields() > LATE_MAX || layout.max_len() > 99 {
            continue;
        }
        let mut record = Record::new(&layout);
        let mut sent = Sent::default();
        sent.add(&shapes, "", &mut record, &mut random);
        let telegram = sent.telegram();
        for fill in [0, b'0', b' ', b'*', b'#'] {
            let mut out = [fill; 99];
            let written = record.encode_into(&mut out).map(|len| out[..len].to_vec());
            assert_eq!(written.as_ref().ok(), telegram.as_ref(), "seed {seed} into {fill:02x}: {written:?}");
        }
        match telegram {
            Some(telegram) => {
                let read = Record::decode(&layout, &telegram).expect("it is read");
                assert_eq!(read.encode(), Ok(telegram), "seed {seed}");
                accepted += u32::from(layout.late_fields() > 0);
            }
            None => refused += 1,
        }
    }
    assert!(accepted > 5000 && refused > 500, "{accepted} and {refused}");
}
