//! Records with random values that their layout allows, generated from a sequence of random numbers.
//!
//! The values that a kind may hold come from the documents, not from the encoder. Every generated record must encode.

mod choices;
mod dates;
mod forms;

pub use self::forms::other_forms;
use fep_codec::layout::{
    Encoding, Field, Group, Item, Kind, Layout, NoneAs, NumberRule, Repeat, Sign, TextRule, Width,
};
use fep_codec::{Charset, Record, Value};

/// A small random number generator (SplitMix64). A seed identifies a test case.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// Returns the next number below `end`, which must not be 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }

    /// Returns the next number below `end`, which must not be 0.
    pub fn small(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).unwrap_or_default()
    }

    fn byte(&mut self, end: u8) -> u8 {
        u8::try_from(self.below(u64::from(end))).unwrap_or_default()
    }
}

/// Returns a record with a value for every item that is not computed.
#[must_use]
pub fn record<'l>(layout: &'l Layout, random: &mut Random) -> Record<'l> {
    let mut record = Record::new(layout);
    fill(layout, "", &mut record, random);
    record
}

fn fill(layout: &Layout, within: &str, record: &mut Record<'_>, random: &mut Random) {
    for item in layout.items() {
        let path = path_of(within, item);
        match item {
            Item::Field(field) if field.is_given() => {
                record.set(&path, value(field, random)).unwrap_or_default();
            }
            Item::Tail(field) => record.set(&path, tail(field, random)).unwrap_or_default(),
            Item::Part(part) => fill(&part.layout, &format!("{path}."), record, random),
            Item::Group(group) => entries(group, within, record, random),
            Item::Field(_) | Item::Literal(_) | Item::Filler(_) | Item::Choice(_) => {}
        }
    }
    choices::make(layout, within, record, random);
}

/// The path of an item. The entry of an array has no name: its path is that of the entry.
#[must_use]
pub fn path_of(within: &str, item: &Item) -> String {
    match item.name() {
        Some(name) => format!("{within}{name}"),
        None => within.trim_end_matches('.').to_owned(),
    }
}

fn entries(group: &Group, within: &str, record: &mut Record<'_>, random: &mut Random) {
    let path = format!("{within}{}", group.name);
    let count = match group.repeat {
        Repeat::Fixed(count) => count,
        Repeat::Counted { max, .. } | Repeat::Padded { max, .. } | Repeat::Rest { max } => random.small(max + 1),
    };
    for index in 0..count {
        if !matches!(group.repeat, Repeat::Fixed(_)) {
            record.push_entry(&path).unwrap_or_default();
        }
        fill(&group.layout, &format!("{path}[{index}]."), record, random);
    }
    if let Some(page) = &group.page {
        let numbers = [(&page.start, 1), (&page.total, count as i128)];
        for (name, number) in numbers {
            record.set(&format!("{within}{name}"), Value::Number(number)).unwrap_or_default();
        }
    }
}

fn tail(field: &Field, random: &mut Random) -> Value {
    match &field.kind {
        Kind::Text(rule) => Value::from(text(rule, field.len, random)),
        Kind::Digits(_) => {
            Value::Text((0..random.small(field.len + 1)).map(|_| char::from(b'0' + random.byte(10))).collect())
        }
        _ => Value::Bytes((0..random.small(field.len + 1)).map(|_| random.byte(255)).collect()),
    }
}

/// Returns a random value that the field may have.
#[must_use]
pub fn value(field: &Field, random: &mut Random) -> Value {
    let none = match &field.kind {
        Kind::Number(rule) => rule.none,
        Kind::Date(rule) => rule.none,
        Kind::Time(rule) => rule.none,
        Kind::DateTime(rule) => rule.none,
        _ => NoneAs::Never,
    };
    if none != NoneAs::Never && random.below(4) == 0 {
        return Value::None;
    }
    match &field.kind {
        Kind::Text(rule) => {
            let mut text = text(rule, field.len, random);
            if rule.exact {
                text.extend(std::iter::repeat_n('x', field.len - rule.charset.text_len(&text)));
            }
            Value::from(text)
        }
        Kind::Digits(rule) => {
            let most = if rule.encoding.is_zoned() { field.len } else { rule.capacity(field.len) };
            let len = if rule.exact { most } else { random.small(most + 1) };
            Value::Text((0..len).map(|_| char::from(b'1' + random.byte(9))).collect())
        }
        Kind::Number(rule) => Value::Number(number(rule, field.len, random)),
        Kind::Date(rule) => dates::date_value(rule, random),
        Kind::Time(rule) => Value::Time(dates::time(rule.pattern.pieces(), random)),
        Kind::DateTime(rule) => dates::datetime_value(rule, random),
        Kind::Code(rule) => match rule.codes.get(random.small(rule.codes.len() + 1)) {
            Some(known) => Value::from(&*known.code),
            None if rule.open => Value::from(ascii(rule.charset, field.len, random)),
            None => Value::from(rule.codes.first().map(|known| known.code.clone().into_owned()).unwrap_or_default()),
        },
        Kind::Flag(_) => Value::Flag(random.below(2) == 0),
        Kind::Bytes(_) => Value::Bytes((0..field.len).map(|_| random.byte(255)).collect()),
    }
}

/// Returns random ASCII characters that the charset has, for a code.
fn ascii(charset: Charset, len: usize, random: &mut Random) -> String {
    let mut text = text(&TextRule::new(Charset::Ascii), len, random);
    text.retain(|character| charset.has(character));
    text.trim_end().to_owned()
}

/// Returns random text. Neither end may be the pad character, so spaces are only inside.
fn text(rule: &TextRule, len: usize, random: &mut Random) -> String {
    const ASCII: &[char] = &['A', 'z', '0', '9', '-', '(', '~', '.', '/', '\\', '|'];
    const OTHERS: &[char] = &['홍', '길', '동', '가', '힝', '㈜', '漢', '字', '·', 'ｱ', 'ﾞ', 'é'];
    let charset = rule.charset;
    let has = |characters: &'static [char]| characters.iter().copied().filter(|other| charset.has(*other)).collect();
    let full = rule.width == Width::Wide;
    let ascii: Vec<char> = if full { vec![] } else { has(ASCII) };
    let others: Vec<char> = has(OTHERS);
    let mut text = String::new();
    let room = random.small(len + 1);
    for _ in 0..room {
        let list = if ascii.is_empty() || random.below(2) == 0 { &others } else { &ascii };
        let Some(character) = list.get(random.small(list.len().max(1))).or(ascii.first()) else { break };
        let before = text.len();
        if random.below(8) == 0 && !text.is_empty() && !full && !charset.is_pairs() {
            text.push(' ');
        }
        text.push(*character);
        if charset.text_len(&text) > room {
            text.truncate(before);
            break;
        }
    }
    text
}

fn number(rule: &NumberRule, len: usize, random: &mut Random) -> i128 {
    let sign_bytes =
        usize::from(matches!(rule.sign, Sign::LeadingMinus | Sign::Leading { .. } | Sign::Trailing { .. }));
    let point = usize::from(rule.point.is_some());
    let room = match rule.encoding {
        Encoding::Ascii | Encoding::Ebcdic => len.saturating_sub(sign_bytes + point),
        Encoding::Packed => 2 * len - 1,
        Encoding::Bcd => 2 * len,
        // The number of digits that always fit: 255, 65535, … have one digit more, and half of the range is for the sign.
        Encoding::Binary | Encoding::BinaryLittle => [0, 2, 4, 6, 9, 11, 14, 16, 18].get(len).copied().unwrap_or(36),
    };
    let room = rule.digits_max.map_or(room, |max| room.min(max.into()));
    let zeros = u32::from(rule.zeros());
    let digits = random.small(room + 1).min(37 - rule.zeros() as usize);
    let magnitude = (0..digits).fold(0_i128, |value, _| value * 10 + i128::from(random.below(10)));
    let magnitude = magnitude * 10_i128.pow(zeros);
    if rule.sign != Sign::Unsigned && random.below(2) == 0 { -magnitude } else { magnitude }
}
