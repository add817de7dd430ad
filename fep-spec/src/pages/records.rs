//! A record file → its page: lines, blocks, the order of the records, totals and serial numbers in words.

use fep_codec::files::{Counted, FieldOf, LastLineEnd, LengthWord, LineEnd, Minus, Only, Serial, Summed, Tally, Total};
use fep_codec::layout::{Encoding, LengthScope};
use fep_codec::lenient::Deviation;

use super::bytes::in_charset;
use super::model::{FilePage, RecordRow};
use super::words::Text;
use crate::model::{FileSpec, RecordUse, RecordUseOf, Spec};

/// The page of a record file.
pub(super) fn file(spec: &Spec, file: &FileSpec) -> FilePage {
    let mut records = Vec::new();
    uses(spec, &file.records, 0, &mut records);
    FilePage {
        name: file.name.clone(),
        label: file.label.clone(),
        facts: facts(spec, file),
        records,
        totals: file
            .totals
            .iter()
            .map(|total| (format!("{}.{}", total.record, total.field), self::total(total)))
            .collect(),
        serials: file.serials.iter().flat_map(numbered).collect(),
    }
}

fn facts(spec: &Spec, file: &FileSpec) -> Vec<Text> {
    let mut facts = Vec::new();
    if let Some(len) = file.record_len {
        facts.push(Text::new(format!("레코드 길이 {len}바이트"), format!("records of {len} bytes")));
    }
    let ends: Vec<Text> = file.line_ends.iter().map(|end| line_end(*end)).collect();
    let [ko, en] = [joined(ends.iter().map(|end| end.ko.clone())), joined(ends.iter().map(|end| end.en.clone()))];
    facts.push(Text::new(format!("줄 끝: {ko}"), format!("line end: {en}")));
    match file.last_line_end {
        LastLineEnd::Required => {}
        LastLineEnd::Optional => {
            facts.push(Text::new("마지막 레코드의 줄 끝은 없어도 됨", "the last record may have no line end"))
        }
        LastLineEnd::None => facts.push(Text::new("마지막 레코드에는 줄 끝이 없음", "the last record has no line end")),
    }
    if let Some(word) = file.record_word {
        let word = length_word(word);
        facts.push(Text::new(
            format!("레코드 앞 길이: {}", word.ko),
            format!("a length before each record: {}", word.en),
        ));
    }
    if let Some(block) = file.block_word {
        let word = length_word(block.word);
        let max = block.max_bytes;
        facts.push(Text::new(
            format!("블록 앞 길이: {}, 블록은 최대 {max}바이트", word.ko),
            format!("a length before each block: {}; a block has at most {max} bytes", word.en),
        ));
    }
    if let Some(blocks) = file.blocks {
        let fill = in_charset(spec.charset, blocks.fill);
        let count = blocks.records;
        facts.push(Text::new(
            format!("블록은 {count}레코드, 마지막 블록은 {} 레코드로 채움", fill.ko),
            format!("blocks of {count} records, the last one is filled with records of {}", fill.en),
        ));
    }
    let forgiven = Deviation::ALL.iter().filter(|deviation| file.lenient.forgives(**deviation));
    let forgiven: Vec<&str> = forgiven.map(|deviation| deviation.word()).collect();
    if !forgiven.is_empty() {
        let forgiven = forgiven.join(", ");
        facts.push(Text::new(format!("수신할 때 허용: {forgiven}"), format!("forgiven when read: {forgiven}")));
    }
    facts
}

fn line_end(end: LineEnd) -> Text {
    match end {
        LineEnd::None => Text::new("없음", "none"),
        LineEnd::Cr => Text::same("CR (0D)"),
        LineEnd::Lf => Text::same("LF (0A)"),
        LineEnd::CrLf => Text::same("CR LF (0D 0A)"),
        LineEnd::Nl => Text::same("EBCDIC NL (15)"),
        LineEnd::EbcdicLf => Text::same("EBCDIC LF (25)"),
        LineEnd::EbcdicCrLf => Text::same("EBCDIC CR LF (0D 25)"),
        LineEnd::CrNl => Text::same("EBCDIC CR NL (0D 15)"),
    }
}

fn length_word(word: LengthWord) -> Text {
    if word == LengthWord::RDW {
        return Text::new(
            "RDW(이진수 2바이트와 0x0000, 자신 포함)",
            "an RDW (2 bytes binary and 0x0000, counting itself)",
        );
    }
    let encoding = match word.encoding {
        Encoding::Ascii => "ASCII",
        Encoding::Ebcdic => "EBCDIC",
        Encoding::Packed => "packed",
        Encoding::Bcd => "BCD",
        Encoding::Binary => "binary",
        Encoding::BinaryLittle => "binary-little",
    };
    let zeros = |zeros: usize, place_ko: &str, place_en: &str| match zeros {
        0 => [String::new(), String::new()],
        count => [format!(", {place_ko} 0x00 {count}개"), format!(", {count} bytes 0x00 {place_en}")],
    };
    let [before_ko, before_en] = zeros(word.zeros_before, "앞에", "before it");
    let [behind_ko, behind_en] = zeros(word.zeros, "뒤에", "behind it");
    let counts = match word.counts {
        LengthScope::All => Text::new("자신 포함", "counting itself"),
        LengthScope::Rest => Text::new("자신 제외", "not counting itself"),
    };
    let len = word.len;
    Text::new(
        format!("{encoding} {len}바이트{before_ko}{behind_ko}, {}", counts.ko),
        format!("{encoding}, {len} bytes{before_en}{behind_en}, {}", counts.en),
    )
}

fn uses(spec: &Spec, list: &[RecordUse], depth: usize, rows: &mut Vec<RecordRow>) {
    for one in list {
        let times = times(one.min, one.max);
        match &one.what {
            RecordUseOf::Telegram(name) => {
                let label = spec.telegram(name).map(|telegram| telegram.layout.label.to_string()).unwrap_or_default();
                rows.push(RecordRow { depth, telegram: Some(name.clone()), label, times, is_last: one.is_last });
            }
            RecordUseOf::Group(inner) => {
                rows.push(RecordRow { depth, telegram: None, label: String::new(), times, is_last: one.is_last });
                uses(spec, inner, depth + 1, rows);
            }
        }
    }
}

fn times(min: usize, max: Option<usize>) -> Text {
    match (min, max) {
        (0, None) => Text::new("0회 이상", "any number"),
        (min, None) => Text::new(format!("{min}회 이상"), format!("{min} or more")),
        (min, Some(max)) if min == max => Text::new(format!("{min}회"), format!("{min}")),
        (min, Some(max)) => Text::new(format!("{min}~{max}회"), format!("{min} to {max}")),
    }
}

fn total(total: &Total) -> Text {
    let mut text = match &total.tally {
        Tally::Count { of: Counted::All { except } } if except.is_empty() => {
            Text::new("모든 레코드의 건수", "the number of all records")
        }
        Tally::Count { of: Counted::All { except } } => {
            let except = except.join(", ");
            Text::new(
                format!("{except}을(를) 뺀 모든 레코드의 건수"),
                format!("the number of all records except {except}"),
            )
        }
        Tally::Count { of: Counted::Record(name) } => {
            Text::new(format!("{name} 건수"), format!("the number of {name}"))
        }
        Tally::Count { of: Counted::Records(names) } => {
            let names = names.join(", ");
            Text::new(format!("{names} 건수"), format!("the number of {names}"))
        }
        Tally::Sum { of } => {
            let of = summed(of);
            Text::new(format!("{of} 합계"), format!("the sum of {of}"))
        }
        Tally::Blocks => Text::new("블록 수", "the number of blocks"),
    };
    let mut add = |ko: String, en: String| {
        text.ko.push_str(&ko);
        text.en.push_str(&en);
    };
    if let Some(only) = &total.only {
        let only = condition(only);
        add(format!(", {only}인 것만"), format!(", only with {only}"));
    }
    match total.minus.as_deref() {
        Some(Minus::Records(only)) => {
            let only = condition(only);
            add(format!(", {only}인 것은 뺌"), format!(", minus those with {only}"));
        }
        Some(Minus::Fields(fields)) => {
            let fields = summed(fields);
            add(format!(", {fields} 뺌"), format!(", minus {fields}"));
        }
        None => {}
    }
    if total.absolute {
        add(", 부호 없이".to_owned(), ", without its sign".to_owned());
    }
    if let Some(digits) = total.last_digits {
        add(format!(", 끝 {digits}자리만"), format!(", the last {digits} digits"));
    }
    text
}

/// Each field of a numbering.
fn numbered(serial: &Serial) -> Vec<(String, Text)> {
    let with = |field: &FieldOf| {
        let others = joined(serial.fields.iter().filter(|other| *other != field).map(shown));
        let text = self::serial(serial);
        if others.is_empty() {
            return text;
        }
        Text::new(format!("{}, {others}와(과) 이어지는 번호", text.ko), format!("{}, shared with {others}", text.en))
    };
    serial.fields.iter().map(|field| (shown(field), with(field))).collect()
}

fn serial(serial: &Serial) -> Text {
    let first = match serial.from {
        Some(from) => Text::new(format!("{from}부터"), format!("from {from}")),
        None => Text::new("아무 번호부터", "from any number"),
    };
    let mut text = if serial.gaps {
        Text::new(
            format!("{} 커지는 번호(빠진 번호 있음)", first.ko),
            format!("growing numbers {}, with gaps", first.en),
        )
    } else {
        Text::new(format!("{} 1씩 커지는 번호", first.ko), format!("numbers {}, each one more", first.en))
    };
    if let Some(to) = serial.to {
        text.ko.push_str(&format!(", {to} 다음은 처음부터"));
        text.en.push_str(&format!(", beginning again behind {to}"));
    }
    if !serial.restart.is_empty() {
        let restart = serial.restart.join(", ");
        text.ko.push_str(&format!(", {restart}마다 처음부터"));
        text.en.push_str(&format!(", beginning again at each {restart}"));
    }
    text
}

fn condition(only: &Only) -> String {
    format!("{} = {}", only.field, joined(only.values.iter().map(|value| format!("\"{value}\""))))
}

fn summed(of: &Summed) -> String {
    joined(of.fields().iter().map(shown))
}

fn shown(field: &FieldOf) -> String {
    format!("{}.{}", field.record, field.field)
}

fn joined(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join(", ")
}
