//! Random layouts as values, decided by the bytes of a fuzzer: each kind with its options, and each form, nested in each other.
//!
//! This is faster than writing a spec file and reading it, and it has options that `random_spec` does not use. Every layout could come
//! from a spec file: an item of open length has its length next to it, or all items behind it have a fixed length. No entry is empty.

mod numbers;

use std::borrow::Cow;

use fep_codec::layout::{
    Accept, Accepts, BytesRule, Case, Check, Choice, CodeMeaning, CodeRule, Computed, DatePattern, DateRule,
    DateTimeRule, DigitsRule, Encoding, Field, Filler, FlagRule, Group, Item, Justify, Kind, LengthScope, Literal,
    NoneAs, NoneSet, NumberRule, Overflow, Part, Repeat, Sign, SignOf, TextRule, TimeRule,
};
use fep_codec::{Charset, Layout};
use fep_core::calendar::Pattern;

use crate::generated::byte_sum;

/// Returns the layout that these bytes decide. Each decision takes one byte, and a zero if there are no more bytes.
#[must_use]
pub fn layout_of_bytes(bytes: &[u8]) -> Layout {
    let mut maker = Maker { dice: bytes.iter(), names: 0 };
    let mut items = Vec::new();
    if maker.below(4) == 0 {
        let counts = maker.one_of(&[LengthScope::All, LengthScope::Rest]);
        items.push(maker.computed(4, Computed::Length(counts)));
    }
    items.extend(maker.items(0));
    items.extend(maker.end());
    layout("Dice", items)
}

/// The maximum depth of nested layouts.
const DEPTH_MAX: u8 = 2;

struct Maker<'b> {
    dice: std::slice::Iter<'b, u8>,
    /// The number of names so far, so that each name is unique.
    names: usize,
}

fn layout(name: &'static str, items: Vec<Item>) -> Layout {
    Layout {
        name: name.into(),
        label: "".into(),
        charset: Charset::Ascii,
        stated_len: None,
        when: Cow::Borrowed(&[]),
        items: items.into(),
    }
}

fn group(name: &str, repeat: Repeat, entry: Vec<Item>) -> Item {
    let name = name.to_owned().into();
    let layout = Cow::Owned(layout("Entry", entry));
    Item::Group(Group { name, label: "".into(), repeat, page: None, layout })
}

impl Maker<'_> {
    fn below(&mut self, end: u8) -> u8 {
        self.dice.next().map_or(0, |byte| byte % end)
    }

    fn between(&mut self, least: u8, most: u8) -> usize {
        usize::from(least + self.below(most - least + 1))
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        let at = self.below(u8::try_from(choices.len()).unwrap_or(u8::MAX));
        choices.get(usize::from(at)).copied().unwrap_or_else(|| unreachable!())
    }

    fn name(&mut self, stem: &str) -> String {
        self.names += 1;
        format!("{stem}{}", self.names)
    }

    fn items(&mut self, depth: u8) -> Vec<Item> {
        let mut items = Vec::new();
        for _ in 0..self.between(1, if depth == 0 { 6 } else { 3 }) {
            match self.below(if depth < DEPTH_MAX { 15 } else { 7 }) {
                0 => items.push(self.bytes_without_value()),
                7 => {
                    let name = self.name("part");
                    let inner = self.items(depth + 1);
                    items.push(Item::Part(Part { name: name.into(), layout: Cow::Owned(layout("Part", inner)) }));
                }
                8 => items.extend(self.counted(depth)),
                9 => items.extend(self.padded()),
                10 => items.extend(self.measured()),
                11 => items.extend(self.sum()),
                12 => items.extend(self.sign()),
                13 => {
                    let name = self.name("group");
                    let count = self.between(1, 3);
                    let sequence = self.computed(2, Computed::Sequence(1));
                    let entry = std::iter::once(sequence).chain(self.items(depth + 1)).collect();
                    items.push(group(&name, Repeat::Fixed(count), entry));
                }
                14 => items.push(self.linked(depth)),
                _ => {
                    let kind = self.kind();
                    items.push(self.field(kind));
                }
            }
        }
        items
    }

    /// The items of an entry: some, or the one field without a name of an array.
    fn entry(&mut self, depth: u8) -> Vec<Item> {
        if self.below(3) == 0 { self.array_entry() } else { self.items(depth) }
    }

    fn array_entry(&mut self) -> Vec<Item> {
        vec![self.named("")]
    }

    /// A header and a trailer that state the length, the count and the sum of a group between them.
    fn linked(&mut self, depth: u8) -> Item {
        let name = self.name("group");
        let is_array = self.below(4) == 0;
        let amount = if is_array { String::new() } else { self.name("amount") };
        let path = if is_array { name.clone() } else { format!("{name}.{amount}") };
        let length = self.computed(3, Computed::LengthOf(name.clone().into()));
        let count = self.name("count");
        let counting = self.computed_as(&count, 1, Computed::Count(name.clone().into()));
        let sum = self.computed(4, Computed::Sum(path.into()));
        let kind = Kind::Number(NumberRule::UNSIGNED);
        let Item::Field(field) = self.field((kind, 2)) else { return self.bytes_without_value() };
        let mut entry = vec![Item::Field(Field { name: amount.into(), ..field })];
        if !is_array && self.below(2) == 0 {
            entry.extend(self.items(depth + 1));
        }
        let header = self.name("part");
        let trailer = self.name("part");
        let max = self.between(1, 9);
        let pad = b' ';
        let by = format!("{header}.{count}");
        let repeat = match self.below(3) {
            0 => Repeat::Counted { by: by.into(), max },
            1 if layout("Entry", entry.clone()).fixed_len().is_some() => {
                Repeat::Padded { by: Some(by.into()), max, pad }
            }
            _ => Repeat::Fixed(max),
        };
        let part =
            |name: String, items| Item::Part(Part { name: name.into(), layout: Cow::Owned(layout("Part", items)) });
        let (first, last) = if self.below(2) == 0 { (length, sum) } else { (sum, length) };
        let items = vec![part(header, vec![first, counting]), group(&name, repeat, entry), part(trailer, vec![last])];
        part(self.name("part"), items)
    }

    /// Items that are allowed only if all items behind them have a fixed length.
    fn end(&mut self) -> Vec<Item> {
        let name = self.name("end");
        let max = self.between(1, 9);
        let mut items = match self.below(6) {
            0 => {
                let count = self.name("count");
                let of = self.computed_as(&count, 2, Computed::Count(name.clone().into()));
                let entry = self.entry(1);
                vec![group(&name, Repeat::Counted { by: count.into(), max }, entry), of]
            }
            1 => {
                let entry = self.entry(1);
                vec![group(&name, Repeat::Rest { max }, entry)]
            }
            2 => vec![self.tail(&name)],
            3 | 5 => return self.check(),
            _ => Vec::new(),
        };
        let last = self.kind();
        items.push(self.field(last));
        items
    }

    /// A check over the bytes before it, or over items around it.
    fn check(&mut self) -> Vec<Item> {
        let kind = Kind::Digits(DigitsRule::EXACT);
        let Item::Field(field) = self.field((kind, 6)) else { return Vec::new() };
        let around = self.below(2) == 0;
        let before = self.name("before");
        let behind = self.name("behind");
        let from = around.then(|| before.clone().into());
        let to = around.then(|| behind.clone().into());
        let check = Computed::Check(Check { name: "byte_sum".into(), from, to, run: Some(byte_sum) });
        let field = Item::Field(Field { computed: Some(check), ..field });
        if around { vec![self.tail(&before), field, self.named(&behind)] } else { vec![field] }
    }

    fn named(&mut self, name: &str) -> Item {
        let kind = self.kind();
        match self.field(kind) {
            Item::Field(field) => Item::Field(Field { name: name.to_owned().into(), ..field }),
            other => other,
        }
    }

    fn field(&mut self, (kind, len): (Kind, usize)) -> Item {
        let name = self.name("field");
        let secret = self.below(6) == 5;
        Item::Field(Field { name: name.into(), label: "".into(), len, kind, secret, computed: None })
    }

    fn computed(&mut self, len: usize, computed: Computed) -> Item {
        let name = self.name("computed");
        self.computed_as(&name, len, computed)
    }

    fn computed_as(&mut self, name: &str, len: usize, computed: Computed) -> Item {
        let kind = Kind::Number(NumberRule {
            encoding: self.one_of(&[Encoding::Ascii, Encoding::Binary]),
            ..NumberRule::UNSIGNED
        });
        let name = name.to_owned().into();
        let computed = Some(computed);
        Item::Field(Field { name, label: "".into(), len, kind, secret: false, computed })
    }

    /// A tail. Its value is all of its bytes, so its rule has no padding.
    fn tail(&mut self, name: &str) -> Item {
        let kind = match self.below(3) {
            0 => Kind::Text(TextRule { exact: true, ..TextRule::new(self.one_of(Charset::ALL)) }),
            1 => Kind::Digits(DigitsRule { exact: true, ..self.digits_rule() }),
            _ => Kind::Bytes(BytesRule),
        };
        let Item::Field(field) = self.field((kind, 20)) else { return self.bytes_without_value() };
        Item::Tail(Field { name: name.to_owned().into(), ..field })
    }

    fn bytes_without_value(&mut self) -> Item {
        match self.below(4) {
            0 => {
                let name = if self.below(2) == 0 { String::new() } else { self.name("literal") };
                Item::Literal(Literal {
                    name: name.into(),
                    label: "".into(),
                    bytes: Cow::Borrowed(b"L\xFE"),
                    text: None,
                })
            }
            kind => {
                let len = self.between(1, 9);
                Item::Filler(Filler { label: "".into(), len, pad: self.one_of(b" 0\0"), any: kind == 3 })
            }
        }
    }

    fn counted(&mut self, depth: u8) -> [Item; 2] {
        let name = self.name("group");
        let count = self.name("count");
        let max = self.between(1, 9);
        let by = self.computed_as(&count, 1, Computed::Count(name.clone().into()));
        let entry = self.entry(depth + 1);
        [by, group(&name, Repeat::Counted { by: count.into(), max }, entry)]
    }

    /// A padded group: its entries have a fixed length.
    fn padded(&mut self) -> Vec<Item> {
        let name = self.name("group");
        let count = self.name("count");
        let max = self.between(1, 4);
        let first = self.kind();
        let second = self.kind();
        let entry = if self.below(3) == 0 { self.array_entry() } else { vec![self.field(first), self.field(second)] };
        let pad = self.one_of(b" 0*");
        if self.below(2) == 0 {
            return vec![group(&name, Repeat::Padded { by: None, max, pad }, entry)];
        }
        let by = self.computed_as(&count, 1, Computed::Count(name.clone().into()));
        vec![by, group(&name, Repeat::Padded { by: Some(count.into()), max, pad }, entry)]
    }

    /// A tail, a group or a choice, with its length next to it.
    fn measured(&mut self) -> Vec<Item> {
        let name = self.name("measured");
        let len = self.computed(2, Computed::LengthOf(name.clone().into()));
        match self.below(4) {
            0 | 2 => return vec![len, self.tail(&name)],
            3 => return self.measured_group(name, len),
            _ => {}
        }
        // The code is in a separate part, so that it can be found regardless of the items before the part.
        let text = TextRule::new(Charset::Ascii);
        let Item::Field(code) = self.field((Kind::Text(text), 1)) else { return Vec::new() };
        let codes = [&["A", "B"][..], &["C"], &[]];
        let case = |(codes, items): (&[&'static str], Vec<Item>)| Case {
            codes: codes.iter().map(|code| Cow::Borrowed(*code)).collect(),
            layout: Cow::Owned(layout("Case", items)),
        };
        let bodies = [self.items(DEPTH_MAX), self.items(DEPTH_MAX), self.items(DEPTH_MAX)];
        let cases = codes.into_iter().zip(bodies).map(case).collect();
        let by = code.name.clone();
        let choice = Item::Choice(Choice { name: name.into(), label: "".into(), by, cases });
        let inner = layout("Chosen", vec![Item::Field(code), len, choice]);
        vec![Item::Part(Part { name: self.name("part").into(), layout: Cow::Owned(inner) })]
    }

    /// A group that ends where its length field says, with or without a count behind it.
    fn measured_group(&mut self, name: String, len: Item) -> Vec<Item> {
        let max = self.between(1, 9);
        let entry = self.entry(DEPTH_MAX);
        if self.below(2) == 0 {
            return vec![len, group(&name, Repeat::Rest { max }, entry)];
        }
        let count = self.name("count");
        let of = self.computed_as(&count, 1, Computed::Count(name.clone().into()));
        vec![len, group(&name, Repeat::Counted { by: count.into(), max }, entry), of]
    }

    fn sum(&mut self) -> [Item; 2] {
        let name = self.name("group");
        let is_array = self.below(3) == 0;
        let amount = if is_array { String::new() } else { self.name("amount") };
        let path = if is_array { name.clone() } else { format!("{name}.{amount}") };
        let total = self.computed(9, Computed::Sum(path.into()));
        let total = match total {
            Item::Field(field) => Item::Field(Field { kind: Kind::Number(NumberRule::UNSIGNED), ..field }),
            other => other,
        };
        let Item::Field(field) = self.field((Kind::Number(NumberRule::UNSIGNED), 5)) else {
            return [total.clone(), total];
        };
        let entry = vec![Item::Field(Field { name: amount.into(), ..field })];
        [total, group(&name, Repeat::Fixed(3), entry)]
    }

    fn sign(&mut self) -> Vec<Item> {
        let none = self.one_of(&[NoneAs::Never, NoneAs::Spaces]);
        let rule = NumberRule { sign: Sign::Elsewhere, none, ..NumberRule::UNSIGNED };
        let Item::Field(number) = self.field((Kind::Number(rule), 5)) else { return Vec::new() };
        let zero = self.one_of(&[None, Some(b' ')]);
        let forms = [Accept::MinusZero, Accept::PlusZero, Accept::BlankSign];
        let possible: Vec<Accept> =
            forms.into_iter().filter(|form| form.check_sign(zero.is_some(), zero.is_some()).is_ok()).collect();
        let accepts = self.one_of(&[Accepts::NONE, Accepts::of(&possible), Accepts::of(&[Accept::MinusZero])]);
        let of = SignOf { of: number.name.clone(), plus: b'+', minus: b'-', zero, accepts };
        let Item::Field(sign) = self.field((Kind::Text(TextRule::new(Charset::Ascii)), 1)) else { return Vec::new() };
        let sign = Item::Field(Field { computed: Some(Computed::Sign(of)), secret: false, ..sign });
        let mut items = vec![sign, Item::Field(number)];
        if self.below(2) == 0 {
            items.reverse();
        }
        items
    }

    /// A kind with its options, and the length of its field in bytes.
    fn kind(&mut self) -> (Kind, usize) {
        let len = self.between(1, 16);
        match self.below(9) {
            0 | 1 => (self.text(), len * 2),
            2 if self.below(2) == 0 => (Kind::Digits(self.half_digits(len)), len),
            2 => (Kind::Digits(self.digits_rule()), len),
            3 | 4 => self.number(len),
            5 => self.date(),
            6 => (Kind::Flag(FlagRule { yes: b'Y', no: self.one_of(b"N \xFF") }), 1),
            7 => (Kind::Bytes(BytesRule), len),
            _ => {
                let codes = ["1", "22"].map(|code| CodeMeaning { code: code.into(), label: "".into() });
                let charset = self.one_of(&[Charset::Ascii, Charset::EucKr, Charset::Cp037]);
                (Kind::Code(CodeRule { charset, codes: codes.to_vec().into(), open: self.below(2) == 0 }), 2)
            }
        }
    }

    fn text(&mut self) -> Kind {
        let rule = TextRule::new(self.one_of(Charset::ALL));
        Kind::Text(match self.below(4) {
            0 => TextRule { justify: Justify::Right, ..rule },
            1 => TextRule { overflow: Overflow::Cut, ..rule },
            _ => rule,
        })
    }

    fn digits_rule(&mut self) -> DigitsRule {
        let encoding = self.one_of(&[Encoding::Ascii, Encoding::Ebcdic]);
        let exact = self.below(2) == 0;
        let pad = encoding.space();
        DigitsRule { encoding, exact, pad, justify: self.one_of(&[Justify::Left, Justify::Right]), ..DigitsRule::LEFT }
    }

    fn date(&mut self) -> (Kind, usize) {
        let encoding = self.one_of(&[Encoding::Ascii, Encoding::Ebcdic, Encoding::Packed, Encoding::Bcd]);
        let none = self.one_of(&[NoneAs::Never, NoneAs::Spaces, NoneAs::Nines]);
        // Bytes of zeros are midnight in BCD.
        let low = if encoding == Encoding::Bcd { NoneAs::EbcdicSpaces } else { NoneAs::LowValues };
        let also = [NoneSet::EMPTY, NoneSet::EMPTY.with(low), NoneSet::EMPTY.with(NoneAs::EbcdicSpaces)];
        let none_also = if none == NoneAs::Never { NoneSet::EMPTY } else { self.one_of(&also) };
        let pattern = self.pattern(encoding.is_zoned());
        let len = pattern.len(encoding);
        let kind = match pattern {
            Pattern::Date(pattern) => Kind::Date(DateRule { encoding, none, none_also, ..DateRule::new(pattern) }),
            Pattern::Time(pattern) => Kind::Time(TimeRule { encoding, none, none_also, ..TimeRule::new(pattern) }),
            Pattern::DateTime(pattern) => {
                Kind::DateTime(DateTimeRule { encoding, none, none_also, ..DateTimeRule::new(pattern) })
            }
        };
        (kind, len)
    }

    /// A pattern of parts in any order, with or without separators between them.
    fn pattern(&mut self, separated: bool) -> Pattern {
        let separators: &[&str] = if separated { &["", "", "-", "/", ".", ":", " "] } else { &[""] };
        let mut words = Vec::new();
        let form = self.below(6);
        if form < 5 {
            let mut parts = match form {
                0 | 1 => vec!["MM", "DD"],
                2 => vec!["DDD"],
                3 => vec!["MM"],
                _ => vec!["MM", "DD"],
            };
            if form != 4 {
                parts.push(self.one_of(&["YYYY", "YY", "CYY"]));
            }
            while !parts.is_empty() {
                let at = self.below(u8::try_from(parts.len()).unwrap_or(1));
                words.push(parts.remove(at.into()));
            }
        }
        if form == 5 || form != 3 && self.below(2) == 0 {
            words.extend(["HH", "MM", "SS", self.one_of(&["cc", "mmm", "uuuuuu"])]);
            words.truncate(words.len() - usize::from(self.below(3)));
        }
        let mut word = String::new();
        for part in words {
            if !word.is_empty() {
                word.push_str(self.one_of(separators));
            }
            word.push_str(part);
        }
        Pattern::parse(&word).unwrap_or(Pattern::Date(DatePattern::YYYYMMDD))
    }
}
