//! Entries of padded groups, of which a reader takes the first one of nothing but padding for the end. The writer refuses such an entry, and no other
//! one, by what is sent: fields that are filled in at the end count with the bytes that they get.

use std::borrow::Cow;
use std::ops::Range;

use fep_codec::layout::{Computed, Field, Group, Kind, LATE_MAX, LengthScope, NumberRule, Repeat, TextRule};
use fep_codec::lenient::Lenient;
use fep_codec::view::{patch, refresh};
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
enum Shape {
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

/// What is sent, made by hand.
#[derive(Default)]
struct Sent {
    bytes: Vec<u8>,
    /// Where lengths are.
    lengths: Vec<usize>,
    /// Where entries are, and what pads their groups.
    entries: Vec<(Range<usize>, u8)>,
    /// The fields with a value: their paths, where they are, and whether they are numbers.
    fields: Vec<(String, usize, bool)>,
}

impl Sent {
    /// Adds values of shapes, half of which look like padding, here and in a record.
    fn add(&mut self, shapes: &[Shape], within: &str, record: &mut Record<'_>, random: &mut Random) {
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
    fn telegram(&self) -> Option<Vec<u8>> {
        let mut bytes = self.bytes.clone();
        for at in &self.lengths {
            bytes[*at..at + 2].copy_from_slice(format!("{:02}", self.bytes.len() - at - 2).as_bytes());
        }
        self.are_read(&bytes).then_some(bytes)
    }

    fn are_read(&self, bytes: &[u8]) -> bool {
        let is_read = |(entry, pad): &(Range<usize>, u8)| bytes[entry.clone()].iter().any(|byte| byte != pad);
        self.entries.iter().all(is_read)
    }
}

#[test]
fn an_entry_is_refused_exactly_if_a_reader_would_not_read_it() {
    let [mut accepted, mut refused] = [0, 0];
    for seed in 0..20_000 {
        let mut random = Random(seed);
        let shapes = Shape::some(&mut random, 2);
        let layout = layout_of(all(&shapes));
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

/// A patch does what writing the bytes of the field does, or nothing if a reader would not read an entry then.
#[test]
fn a_patch_is_refused_exactly_if_a_reader_would_not_read_an_entry_then() {
    let [mut patched, mut refused] = [0, 0];
    for seed in 0..20_000 {
        let mut random = Random(seed);
        let shapes = Shape::some(&mut random, 2);
        let layout = layout_of(all(&shapes));
        let mut sent = Sent::default();
        sent.add(&shapes, "", &mut Record::new(&layout), &mut random);
        let Some(telegram) = sent.telegram().filter(|telegram| telegram.len() <= 99) else { continue };
        for (path, at, is_number) in &sent.fields {
            for text in if *is_number { ["00", "07"] } else { ["  ", "**"] } {
                let value =
                    if *is_number { Value::Number(text.parse().expect("a number")) } else { text.trim().into() };
                let mut wanted = telegram.clone();
                wanted[*at..at + 2].copy_from_slice(text.as_bytes());
                let is_read = sent.are_read(&wanted);
                let mut bytes = telegram.clone();
                let result = patch(&layout, &mut bytes, path, &value);
                assert_eq!(result.is_ok(), is_read, "seed {seed}, {path}: {result:?}");
                assert_eq!(bytes, if is_read { wanted } else { telegram.clone() }, "seed {seed}, {path}");
                patched += u32::from(is_read);
                refused += u32::from(!is_read);
            }
        }
    }
    assert!(patched > 30_000 && refused > 300, "{patched} and {refused}");
}

/// As a reader, a patch takes the bytes that are there.
#[test]
fn a_patch_that_is_refused_changes_nothing_in_half_an_entry() {
    let text = |len| items(&format!(r#"{{ name = "text", kind = "text", len = {len} }},"#)).items.to_vec();
    let rows = [vec![padded("marks", b'*', text(1))], text(4)].concat();
    let layout = layout_of(vec![padded("rows", b' ', rows)]);
    let mut bytes = *b"x*AA";
    let error = patch(&layout, &mut bytes, "rows[0].marks[0].text", &"*".into()).expect_err("it looks unused then");
    assert_eq!(
        error.to_string(),
        "caller: rows[0].marks[0].text, bytes 0..1: an entry of nothing but padding says that it is not used"
    );
    assert_eq!(&bytes, b"x*AA");
}

/// The repair of a field would be the end of its entry. Reading says what is wrong with it.
#[test]
fn a_repair_makes_no_entry_look_unused() {
    let forgiving = Lenient { blank_numbers: true, ..Lenient::default() };
    let two = |name: &str| items(&format!(r#"{{ name = "{name}", kind = "number", len = 2 }},"#)).items.to_vec();
    for (entry, bytes, repaired) in [
        (two("amount"), &b"05  "[..], &b"05  "[..]),
        (two("amount"), b"  05", b"  05"),
        ([two("amount"), two("fee")].concat(), b"0501    ", b"050100  "),
        ([two("amount"), two("fee")].concat(), b"05    07", b"05000007"),
    ] {
        let layout = layout_of(vec![padded("rows", b'0', entry)]);
        let (mended, forgiven) = forgiving.mend(&layout, bytes);
        assert_eq!(mended, repaired);
        let changed = (0..bytes.len()).step_by(2).filter(|at| bytes[*at] != repaired[*at]);
        assert_eq!(forgiven.len(), changed.count(), "what is repaired is reported");
        let is_whole = !repaired.contains(&b' ');
        let read = Record::decode_lenient(&layout, bytes, forgiving);
        assert_eq!(read.is_ok(), is_whole, "{read:?}");
    }
    // The repair of the text leaves blanks, that of the number does not.
    let Item::Field(field) = amount() else { panic!("a field") };
    let text = Field { name: "text".into(), kind: Kind::Text(TextRule::new(Charset::EucKr)), ..field };
    let layout = layout_of(vec![padded("rows", b' ', vec![Item::Field(text), amount()])]);
    let forgiving = Lenient { half_characters: true, ..forgiving };
    let (mended, forgiven) = forgiving.mend(&layout, b"\xB0       ");
    assert_eq!((&*mended, forgiven.len()), (&b"  00    "[..], 2));
}

/// A telegram that ends in a group costs what it has, not what the group can have.
#[test]
fn the_entries_that_a_telegram_does_not_have_cost_nothing() {
    let Item::Group(group) = padded("rows", b' ', vec![amount()]) else { panic!("a group") };
    let many = Group { repeat: Repeat::Padded { by: None, max: usize::MAX, pad: b' ' }, ..group };
    let layout = layout_of(vec![Item::Group(many)]);
    let mut bytes = *b"0102";
    refresh(&layout, &mut bytes).expect_err("it ends in the group");
    let (mended, forgiven) = Lenient { blank_numbers: true, ..Lenient::default() }.mend(&layout, &bytes);
    assert_eq!((&*mended, forgiven.len()), (&bytes[..], 0));
}

/// A computed value can be padding, too.
#[test]
fn a_refresh_is_refused_if_a_reader_would_not_read_an_entry_then() {
    let layout = layout_of(vec![padded("items", b'0', vec![amount(), length_of_the_rest()])]);
    let telegram = |amount| format!("0009{amount}09").into_bytes();
    let mut bytes = telegram("05");
    refresh(&layout, &mut bytes).expect("the amount says that the entry is used");
    assert_eq!(bytes, b"00040500");
    // Nothing is behind the length of the second entry.
    let mut bytes = telegram("00");
    let error = refresh(&layout, &mut bytes).expect_err("a reader would not read the second entry");
    assert_eq!(
        error.to_string(),
        "caller: items[1], bytes 4..8: an entry of nothing but padding says that it is not used"
    );
    assert_eq!(bytes, telegram("00"));
}

#[test]
fn a_refresh_knows_the_entries_of_groups_that_begin_at_the_same_byte() {
    let row = vec![padded("marks", b'0', vec![amount()]), length_of_the_rest()];
    let layout = layout_of(vec![padded("rows", b'0', row)]);
    let mut bytes = *b"070006000009";
    let error = refresh(&layout, &mut bytes).expect_err("the second row is only a length");
    assert_eq!(
        error.to_string(),
        "caller: rows[1], bytes 6..12: an entry of nothing but padding says that it is not used"
    );
    assert_eq!(&bytes, b"070006000009");
}

/// The length is filled in, so what it says before decides nothing.
#[test]
fn a_refresh_of_a_length_around_a_group_is_not_refused() {
    let Item::Field(length) = length_of_the_rest() else { panic!("a field") };
    let length = Item::Field(Field { computed: Some(Computed::LengthOf("rows".into())), ..length });
    let text = items(r#"{ name = "text", kind = "text", len = 2 },"#).items.to_vec();
    let layout = layout_of(vec![length, padded("rows", b' ', text)]);
    for stale in ["00AA  ", "02AA  ", "99AA  "] {
        let mut bytes = stale.as_bytes().to_vec();
        refresh(&layout, &mut bytes).expect("no entry changes");
        assert_eq!(bytes, b"04AA  ");
    }
}
