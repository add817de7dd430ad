//! What a value of a field must be like, in words: one [`Text`] for each option that is not the usual one.
//!
//! The usual ones are said once for the whole page, by [`reading`].

use fep_codec::layout::{
    Check, Computed, DigitsRule, Field, Filler, Group, Half, Justify, Kind, LengthScope, Literal, Overflow, Repeat,
    TextRule, Width,
};
use fep_codec::{Charset, Layout};

use super::bytes::{beside_digits, filled, hex, in_charset};
use super::numbers::{accepts, encoding, none, number};
use super::words::Text;

/// What holds for fields that state nothing else.
pub(super) fn reading(charset: Charset) -> Vec<Text> {
    let label = charset.label();
    vec![
        Text::new(
            "길이는 모두 바이트이다. 위치는 1부터, 오프셋은 0부터 센다.",
            "All lengths are in bytes. Positions count from 1, offsets from 0.",
        ),
        Text::new(
            format!("규칙에 따로 적지 않으면 문자는 {label}이고 왼쪽 정렬하여 뒤를 공백으로 채운다."),
            format!("Unless its constraints say otherwise, text is {label}, left-aligned and filled with spaces."),
        ),
        Text::new(
            "숫자는 오른쪽 정렬하여 앞을 0으로 채우고 부호가 없다. 숫자열과 코드는 왼쪽 정렬하여 뒤를 공백으로 채운다.",
            "Numbers are right-aligned, filled with zeros and unsigned. Digits and codes are left-aligned and filled with spaces.",
        ),
        Text::new(
            "반복부의 위치는 첫 번째 반복의 위치이다. 길이가 가변인 항목 뒤에는 위치가 없다.",
            "Positions within a group are those of its first entry. Behind an item of varying length there are no positions.",
        ),
    ]
}

/// The facts of a field or a tail.
pub(crate) fn field(layout: &Layout, field: &Field, is_tail: bool) -> Vec<Text> {
    let mut facts = Vec::new();
    facts.extend(is_tail.then(|| {
        Text::new(
            format!("값의 길이만큼, 최대 {}바이트", field.len),
            format!("as long as its value, at most {} bytes", field.len),
        )
    }));
    facts.extend(field.computed.as_ref().map(|computed| self::computed(layout, computed)));
    if let Some(Computed::Sign(sign)) = &field.computed {
        facts.extend(accepts(sign.accepts));
        return facts;
    }
    kind(layout.charset, field, is_tail, &mut facts);
    facts
}

fn kind(charset: Charset, field: &Field, is_tail: bool, facts: &mut Vec<Text>) {
    match &field.kind {
        Kind::Text(rule) => text(charset, rule, is_tail, facts),
        Kind::Digits(rule) => digits(charset, rule, field.len, is_tail, facts),
        Kind::Number(rule) => number(charset, rule, facts),
        Kind::Date(rule) => {
            facts.push(pattern(&rule.pattern.to_string(), rule.pivot));
            facts.extend(encoding(charset, rule.encoding));
            facts.extend(none(rule.none, rule.none_also));
        }
        Kind::Time(rule) => {
            facts.push(pattern(&rule.pattern.to_string(), 0));
            facts.extend(encoding(charset, rule.encoding));
            facts.extend(none(rule.none, rule.none_also));
        }
        Kind::DateTime(rule) => {
            facts.push(pattern(&rule.pattern.to_string(), rule.pivot));
            facts.extend(encoding(charset, rule.encoding));
            facts.extend(none(rule.none, rule.none_also));
        }
        Kind::Code(rule) => {
            facts.extend(self::charset(charset, rule.charset));
            facts.extend((!rule.open).then(|| Text::new("다른 코드는 오류", "no other codes")));
        }
        Kind::Flag(rule) => {
            let [yes, no] = [rule.yes, rule.no].map(|byte| in_charset(charset, byte));
            facts.push(Text::new(format!("{} 예, {} 아니요", yes.ko, no.ko), format!("{} yes, {} no", yes.en, no.en)));
        }
        Kind::Bytes(_) => {}
    }
}

/// `YYMMDD (70~99: 19xx)`
fn pattern(pattern: &str, pivot: u8) -> Text {
    if !pattern.contains("YY") || pattern.contains("YYYY") || pattern.contains("CYY") {
        return Text::same(pattern);
    }
    Text::new(
        format!("{pattern} (00~{:02}은 20xx년, 나머지는 19xx년)", pivot.saturating_sub(1)),
        format!("{pattern} (00 to {:02} are 20xx, others 19xx)", pivot.saturating_sub(1)),
    )
}

fn charset(usual: Charset, charset: Charset) -> Option<Text> {
    (charset != usual).then(|| Text::same(charset.label()))
}

fn text(usual: Charset, rule: &TextRule, is_tail: bool, facts: &mut Vec<Text>) {
    facts.extend(charset(usual, rule.charset));
    if rule.exact && !is_tail {
        facts.push(Text::new("길이를 모두 채운 값(앞뒤 공백도 값)", "the whole field is the value, spaces included"));
    } else if !is_tail {
        let pad = in_charset(rule.charset, rule.pad);
        let is_usual = rule.pad == rule.charset.space();
        facts.extend(match rule.justify {
            Justify::Left if is_usual => None,
            Justify::Left => {
                Some(Text::new(format!("뒤를 {} 채움", filled(&pad.ko)), format!("filled with {}", pad.en)))
            }
            Justify::Right => Some(Text::new(
                format!("오른쪽 정렬, 앞을 {} 채움", filled(&pad.ko)),
                format!("right-aligned, filled with {}", pad.en),
            )),
        });
    }
    let when = |holds: bool, ko: &str, en: &str| holds.then(|| Text::new(ko, en));
    facts.extend(when(rule.width == Width::Wide, "전각", "full-width"));
    facts.extend(when(
        rule.overflow == Overflow::Cut,
        "넘치면 글자 단위로 자름",
        "cut after a whole character if too long",
    ));
    facts.extend(when(rule.compat, "없는 글자는 닮은 글자로", "characters it lacks become similar ones"));
    facts.extend(when(
        rule.half == Half::Replace,
        "끝의 반쪽 글자는 �로 읽음",
        "half a character at the end is read as U+FFFD",
    ));
    facts.extend(when(rule.half == Half::Drop, "끝의 반쪽 글자는 버림", "half a character at the end is dropped"));
    facts.extend(when(rule.open_shift, "끝의 SI는 없어도 됨", "the SI at the end may be missing"));
    facts.extend(when(rule.newline_15, "줄바꿈은 0x15", "a new line is 0x15"));
}

fn digits(charset: Charset, rule: &DigitsRule, len: usize, is_tail: bool, facts: &mut Vec<Text>) {
    facts.extend(encoding(charset, rule.encoding));
    if let Some(max) = rule.digits_max {
        facts.push(Text::new(format!("최대 {max}자리"), format!("at most {max} digits")));
    }
    if rule.exact && !is_tail {
        let count = rule.digits_max.map_or_else(|| rule.capacity(len), usize::from);
        facts.push(Text::new(format!("숫자 {count}자리, 앞의 0 유지"), format!("exactly {count} digits, zeros kept")));
    } else if !is_tail && !rule.encoding.is_zoned() {
        let pad = format!("{:X}", rule.pad);
        facts.push(match rule.justify {
            Justify::Left => {
                Text::new(format!("뒤를 반 바이트 {pad}로 채움"), format!("filled with half bytes {pad} on the right"))
            }
            Justify::Right => {
                Text::new(format!("앞을 반 바이트 {pad}로 채움"), format!("filled with half bytes {pad} on the left"))
            }
        });
    } else if !is_tail && (rule.justify == Justify::Right || rule.pad != rule.encoding.space()) {
        let pad = beside_digits(rule.encoding, rule.pad);
        facts.push(match rule.justify {
            Justify::Left => Text::new(format!("뒤를 {} 채움", filled(&pad.ko)), format!("filled with {}", pad.en)),
            Justify::Right => Text::new(
                format!("오른쪽 정렬, 앞을 {} 채움", filled(&pad.ko)),
                format!("right-aligned, filled with {}", pad.en),
            ),
        });
    }
    facts.extend(accepts(rule.accepts));
}

fn computed(layout: &Layout, computed: &Computed) -> Text {
    match computed {
        Computed::Length(LengthScope::Rest) => {
            Text::new("자동: 이 항목 뒤의 길이", "computed: the length of the bytes behind it")
        }
        Computed::Length(LengthScope::All) => Text::new("자동: 전문 전체 길이", "computed: the length of the telegram"),
        Computed::LengthOf(of) => Text::new(format!("자동: {of}의 길이"), format!("computed: the length of {of}")),
        Computed::Count(of) => {
            Text::new(format!("자동: {of}의 건수"), format!("computed: the number of entries of {of}"))
        }
        Computed::Sum(of) => Text::new(format!("자동: {of}의 합계"), format!("computed: the sum of {of}")),
        Computed::Sequence(first) => Text::new(
            format!("자동: 반복 순번, {first}부터"),
            format!("computed: the number of the entry, from {first}"),
        ),
        Computed::Sign(sign) => {
            let of = &sign.of;
            let [plus, minus] = [sign.plus, sign.minus].map(|byte| in_charset(layout.charset, byte));
            let zero = sign.zero.map(|zero| in_charset(layout.charset, zero));
            let [zero_ko, zero_en] =
                zero.map_or_else(Default::default, |zero| [format!(" 0은 {}", zero.ko), format!(" zero {}", zero.en)]);
            Text::new(
                format!("자동: {of}의 부호, 양수 {} 음수 {}{zero_ko}", plus.ko, minus.ko),
                format!("computed: the sign of {of}, plus {} minus {}{zero_en}", plus.en, minus.en),
            )
        }
        Computed::Check(check) => self::check(check),
    }
}

fn check(check: &Check) -> Text {
    let Check { name, from, to, run } = check;
    let covered = match (from, to) {
        (None, None) => Text::new("처음부터 이 항목 앞까지", "over the bytes before it"),
        (Some(from), None) => Text::new(format!("{from}부터 이 항목 앞까지"), format!("from {from} up to it")),
        (None, Some(to)) => Text::new(format!("처음부터 {to}까지"), format!("from the start to {to}")),
        (Some(from), Some(to)) => Text::new(format!("{from}부터 {to}까지"), format!("from {from} to {to}")),
    };
    if run.is_some() {
        Text::new(format!("자동: 검증값 {name}, {}", covered.ko), format!("computed: the check {name} {}", covered.en))
    } else {
        Text::new(format!("검증값 {name}, {}", covered.ko), format!("the check {name} {}", covered.en))
    }
}

/// The constant: its text, or its bytes.
pub(crate) fn literal(literal: &Literal) -> Vec<Text> {
    let shown = match literal.text {
        Some(_) => format!("\"{}\"", literal.shown()),
        None => format!("0x{}", hex(&literal.bytes)),
    };
    vec![Text::new(format!("항상 {shown}"), format!("always {shown}"))]
}

/// The byte that fills it, if it is not a space.
pub(crate) fn filler(charset: Charset, filler: &Filler) -> Vec<Text> {
    let mut facts = Vec::new();
    if filler.pad != charset.space() {
        let pad = in_charset(charset, filler.pad);
        facts.push(Text::new(format!("{} 채움", filled(&pad.ko)), format!("filled with {}", pad.en)));
    }
    facts.extend(filler.any.then(|| Text::new("수신할 때 어떤 값이든 허용", "may hold any bytes when received")));
    facts
}

/// How often a group repeats.
pub(crate) fn repeat(charset: Charset, group: &Group) -> Vec<Text> {
    let mut facts = vec![match &group.repeat {
        Repeat::Fixed(count) => Text::new(format!("{count}회 반복"), format!("{count} times")),
        Repeat::Counted { by, max } => {
            Text::new(format!("{by}건 반복, 최대 {max}건"), format!("as often as {by} says, at most {max} times"))
        }
        Repeat::Rest { max } => Text::new(
            format!("남은 길이만큼 반복, 최대 {max}건"),
            format!("as often as there is room, at most {max} times"),
        ),
        Repeat::Padded { by, max, pad } => {
            let pad = in_charset(charset, *pad);
            let [by_ko, by_en] = by
                .as_ref()
                .map_or_else(Default::default, |by| [format!(", 건수는 {by}"), format!(", {by} counts the used ones")]);
            Text::new(
                format!("{max}회 고정, 쓰지 않는 반복은 {}{by_ko}", pad.ko),
                format!("always {max} entries, unused ones hold {}{by_en}", pad.en),
            )
        }
    }];
    facts.extend(group.page.as_ref().map(|page| {
        let [total, start] = [&page.total, &page.start];
        Text::new(
            format!("전체 {total}건 중 {start}번째부터의 한 쪽"),
            format!("one page of {total} entries, from number {start} on"),
        )
    }));
    facts
}
