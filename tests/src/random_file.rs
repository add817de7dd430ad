//! Random record files: a plan, its records, and the bytes of the file. The bytes around the records are put together here and not by
//! the writer, which is tested with them.

#![allow(clippy::indexing_slicing, reason = "a helper of tests fails by panicking")]

use std::borrow::Cow;

use fep_codec::files::{BlockWord, FileLayout, LastLineEnd, LengthWord, LineEnd, Stands, Step};
use fep_codec::layout::{
    BytesRule, Computed, Encoding, Field, Group, Item, Kind, LengthScope, Literal, NumberRule, Repeat, TextRule,
};
use fep_codec::{Charset, Layout};

use crate::arbitrary::{self, Random};

/// A random record file.
#[derive(Debug)]
pub struct RandomFile {
    /// Its plan.
    pub plan: FileLayout,
    /// The name and the bytes of each record.
    pub records: Vec<(String, Vec<u8>)>,
    /// The bytes of the file.
    pub bytes: Vec<u8>,
}

impl RandomFile {
    /// The file of a seed. `None` if the plan of this seed is not possible, or if its records could be confused.
    #[must_use]
    pub fn of(seed: u64) -> Option<Self> {
        let mut random = Random(seed);
        let mut plan = plan(&mut random);
        frame(&mut plan, &mut random);
        plan.check().ok()?;
        let mut records = Vec::new();
        sequence(&plan.steps, &mut random, &mut records)?;
        let layouts = plan.layouts();
        let confused = |(name, bytes): &(String, Vec<u8>)| {
            let others = layouts.iter().filter(|layout| layout.name != *name);
            others.clone().any(|layout| layout.recognises(bytes))
        };
        if records.iter().any(confused) {
            return None;
        }
        let ends: Vec<u8> = plan.line_ends.iter().flat_map(|end| end.bytes().to_vec()).collect();
        let is_open = |name: &str| layouts.iter().any(|layout| layout.name == name && layout.has_rest());
        let has_end = |(name, bytes): &(String, Vec<u8>)| is_open(name) && bytes.iter().any(|byte| ends.contains(byte));
        if records.iter().any(has_end) {
            return None;
        }
        let bytes = file_bytes(&plan, &records);
        Some(Self { plan, records, bytes })
    }
}

fn below(random: &mut Random, end: usize) -> usize {
    usize::try_from(random.below(end as u64)).unwrap_or(0)
}

fn field(name: &str, len: usize, kind: Kind, computed: Option<Computed>) -> Field {
    Field { name: Cow::Owned(name.to_owned()), label: "".into(), len, kind, secret: false, computed }
}

fn layout(name: String, charset: Charset, items: Vec<Item>) -> Layout {
    Layout {
        name: name.into(),
        label: "".into(),
        charset,
        stated_len: None,
        when: Cow::Borrowed(&[]),
        items: items.into(),
    }
}

const BINARY: NumberRule = NumberRule { encoding: Encoding::Binary, ..NumberRule::UNSIGNED };

/// A record, with or without a literal that tells it apart.
fn record(number: u8, charset: Charset, random: &mut Random) -> Layout {
    let mut items = Vec::new();
    if random.below(3) > 0 {
        let mark = charset.byte_of(b'A' + number).unwrap_or(b'A' + number);
        items.push(Item::Literal(Literal { name: "".into(), label: "".into(), bytes: vec![mark].into(), text: None }));
    }
    for at in 0..=below(random, 3) {
        let len = 1 + below(random, 4);
        let kind = match random.below(3) {
            0 => Kind::Text(TextRule::new(charset)),
            1 => Kind::Number(BINARY),
            _ => Kind::Bytes(BytesRule),
        };
        items.push(Item::Field(field(&format!("f{at}"), len, kind, None)));
    }
    match random.below(6) {
        0 => items.push(Item::Tail(field("tail", 6, Kind::Text(TextRule::new(charset)), None))),
        1 => {
            let count = Computed::Count("rows".into());
            items.push(Item::Field(field("count", 1, Kind::Number(BINARY), Some(count))));
            let entry = vec![Item::Field(field("row", 2, Kind::Number(BINARY), None))];
            let repeat = Repeat::Counted { by: "count".into(), max: 3 };
            let layout = Cow::Owned(layout("Entry".to_owned(), charset, entry));
            items.push(Item::Group(Group { name: "rows".into(), label: "".into(), repeat, page: None, layout }));
        }
        2 => {
            items.insert(
                0,
                Item::Field(field("len", 2, Kind::Number(BINARY), Some(Computed::Length(LengthScope::All)))),
            );
            items.push(Item::Tail(field("tail", 6, Kind::Bytes(BytesRule), None)));
        }
        _ => {}
    }
    layout(format!("Record{number}"), charset, items)
}

fn plan(random: &mut Random) -> FileLayout {
    let charset = if random.below(2) == 0 { Charset::Ascii } else { Charset::Cp037 };
    let count = 1 + below(random, 4);
    let numbers = 0..u8::try_from(count).unwrap_or(1);
    let mut steps: Vec<Step> = Vec::new();
    for number in numbers {
        let layout = Cow::Owned(record(number, charset, random));
        let (min, max) = [(1, Some(1)), (0, None), (0, Some(1)), (2, Some(2)), (1, Some(3))][below(random, 5)];
        let is_last = usize::from(number) + 1 == count && random.below(3) == 0;
        steps.push(if is_last {
            Step { stands: Stands::Last(layout), min: below(random, 2), max: Some(1) }
        } else {
            Step { stands: Stands::Record(layout), min, max }
        });
    }
    // Some of the records become a group that begins with exactly one record.
    if steps.len() > 2 && random.below(3) == 0 {
        let rest = steps.split_off(2);
        let mut inner = steps;
        if let Some(first) = inner.first_mut() {
            (first.min, first.max) = (1, Some(1));
        }
        let (min, max) = [(1, None), (0, None), (1, Some(2))][below(random, 3)];
        steps = vec![Step { stands: Stands::Group(inner.into()), min, max }];
        steps.extend(rest);
    }
    FileLayout { steps: steps.into(), ..FileLayout::new("Random", &[LineEnd::None], &[], &[]) }
}

/// Chooses the bytes around the records.
fn frame(plan: &mut FileLayout, random: &mut Random) {
    let word = match random.below(4) {
        0 => LengthWord::RDW,
        1 => LengthWord {
            len: 2,
            encoding: Encoding::BinaryLittle,
            counts: LengthScope::Rest,
            zeros_before: 2,
            zeros: 0,
        },
        2 => LengthWord { len: 3, encoding: Encoding::Ascii, counts: LengthScope::All, zeros_before: 0, zeros: 1 },
        _ => LengthWord { len: 1, encoding: Encoding::Binary, counts: LengthScope::Rest, zeros_before: 0, zeros: 0 },
    };
    let block = BlockWord { word: LengthWord::RDW, max_bytes: 40 + below(random, 60) };
    match random.below(6) {
        0 => {}
        1 => plan.record_word = Some(word),
        2 => (plan.record_word, plan.block_word) = (Some(word), Some(block)),
        3 => plan.block_word = Some(block),
        _ => {
            let ends = [LineEnd::Lf, LineEnd::CrLf, LineEnd::Cr, LineEnd::Nl, LineEnd::EbcdicLf, LineEnd::CrNl];
            let first = ends[below(random, ends.len())];
            let second = ends[below(random, ends.len())];
            plan.line_ends = if first == second { vec![first].into() } else { vec![first, second].into() };
            plan.last_line_end = [LastLineEnd::Required, LastLineEnd::Optional, LastLineEnd::None][below(random, 3)];
        }
    }
}

/// Makes records in the order of the steps.
fn sequence(steps: &[Step], random: &mut Random, records: &mut Vec<(String, Vec<u8>)>) -> Option<()> {
    for step in steps {
        let most = step.max.unwrap_or(4).min(step.min + 3);
        for _ in 0..step.min + below(random, most - step.min + 1) {
            match &step.stands {
                Stands::Record(layout) | Stands::Last(layout) => {
                    let bytes = arbitrary::record(layout, random).encode().ok()?;
                    records.push((layout.name.clone().into_owned(), bytes));
                }
                Stands::Group(steps) => sequence(steps, random, records)?,
            }
        }
    }
    Some(())
}

/// The word of this length, put together byte by byte.
fn word_bytes(word: &LengthWord, len: usize) -> Vec<u8> {
    let whole = word.zeros_before + word.len + word.zeros;
    let stated = if word.counts == LengthScope::All { len + whole } else { len };
    let number: Vec<u8> = match word.encoding {
        Encoding::Ascii => format!("{stated:0width$}", width = word.len).into_bytes(),
        Encoding::Binary => stated.to_be_bytes()[8 - word.len..].to_vec(),
        _ => stated.to_le_bytes()[..word.len].to_vec(),
    };
    [vec![0; word.zeros_before], number, vec![0; word.zeros]].concat()
}

/// The bytes of a file as the documents describe them.
fn file_bytes(plan: &FileLayout, records: &[(String, Vec<u8>)]) -> Vec<u8> {
    let end = plan.line_ends.first().map_or(&b""[..], |end| end.bytes());
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    for (number, (_, record)) in records.iter().enumerate() {
        let word = plan.record_word.map(|word| word_bytes(&word, record.len())).unwrap_or_default();
        let without_end = plan.last_line_end == LastLineEnd::None && number + 1 == records.len();
        let end = if without_end { &[] } else { end };
        pieces.push([word.as_slice(), record, end].concat());
    }
    let Some(block) = plan.block_word else { return pieces.concat() };
    let mut blocks: Vec<Vec<u8>> = Vec::new();
    for piece in pieces {
        match blocks.last_mut() {
            Some(open) if open.len() + piece.len() + 4 <= block.max_bytes => open.extend(piece),
            _ => blocks.push(piece),
        }
    }
    blocks.into_iter().flat_map(|records| [word_bytes(&block.word, records.len()), records].concat()).collect()
}
