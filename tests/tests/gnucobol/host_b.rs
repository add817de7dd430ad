//! Compares the copybook of host B with `specs/host-b`. The copybook is `tests/cobol/host-b.cpy`; it came with the golden files and was
//! written for this project. The tests compare it item by item, and a COBOL program that includes it reads and writes the golden bytes.

use std::collections::BTreeMap;
use std::path::Path;

use fep_codec::Charset;
use fep_codec::layout::{Encoding, Field, Item, Kind, Layout, Overpunch, Sign};
use fep_spec::model::Spec;
use fep_tests::golden::Golden;
use serde_json::Value;

use crate::Cobol;

const COPYBOOK: &str = include_str!("../../cobol/host-b.cpy");

/// The byte form of an elementary item, from its clauses or from the kind of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text,
    Zoned { signed: bool },
    Binary { signed: bool },
    Packed { signed: bool, scale: u8 },
}

/// One elementary item of a copybook.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    name: String,
    /// The offset in bytes from the start of the record. For an item of a table, from the start of its entry.
    offset: usize,
    len: usize,
    form: Form,
}

/// The content of a copybook.
#[derive(Debug, Default)]
struct Copybook {
    /// The items by table. The items of the record itself are under "".
    tables: BTreeMap<String, Vec<Entry>>,
    /// The minimum and maximum number of entries of each table, and the item that counts them.
    occurs: BTreeMap<String, (usize, usize, String)>,
    /// The items of redefining groups. Each is stored with the name of the redefined item.
    redefined: Vec<(String, Entry)>,
    /// The level 88 values by item.
    values: BTreeMap<String, Vec<String>>,
}

impl Copybook {
    /// Parses the COBOL clauses that this copybook uses: PIC X and 9 with V and S, COMP, COMP-3, OCCURS DEPENDING ON, REDEFINES, level 88.
    fn parse(text: &str) -> Self {
        let code = text.lines().filter(|line| line.as_bytes().get(6) != Some(&b'*')).collect::<Vec<_>>().join(" ");
        let mut book = Self::default();
        let mut table = String::new();
        let mut table_level = 0;
        let mut offset = 0;
        let mut redefines: Option<(usize, String, usize)> = None;
        let mut latest = String::new();
        for sentence in code.split(". ").map(str::trim).filter(|sentence| !sentence.is_empty()) {
            let words: Vec<&str> = sentence.trim_end_matches('.').split_whitespace().collect();
            let after =
                |word: &str| words.iter().position(|other| *other == word).and_then(|at| words.get(at + 1)).copied();
            let [level, name, ..] = words.as_slice() else { panic!("{sentence}") };
            let level: usize = level.parse().expect("a level");
            if level == 88 {
                let value = after("VALUE").expect("a value").trim_matches('\'');
                book.values.entry(latest.clone()).or_default().push(value.to_owned());
                continue;
            }
            redefines = redefines.filter(|(outer, ..)| level > *outer);
            if !table.is_empty() && level <= table_level {
                panic!("nothing stands behind the table here");
            }
            if let Some(least) = after("OCCURS") {
                let number = |word: &str| word.parse().expect("a number");
                let counter = after("ON").expect("a counter").to_owned();
                let most = number(after("TO").expect("a range"));
                book.occurs.insert((*name).to_owned(), (number(least), most, counter));
                (table, table_level, offset) = ((*name).to_owned(), level, 0);
            }
            if let Some(other) = after("REDEFINES") {
                let start = book.tables.get(&table).and_then(|all| all.iter().find(|entry| entry.name == other));
                redefines = Some((level, other.to_owned(), start.expect("a redefined item").offset));
            }
            let Some(picture) = after("PIC") else { continue };
            latest = (*name).to_owned();
            let (form, len) = form(picture, words.last().copied().unwrap_or_default());
            let at = redefines.as_mut().map_or(&mut offset, |(_, _, at)| at);
            let entry = Entry { name: latest.clone(), offset: *at, len, form };
            *at += len;
            match &redefines {
                Some((_, other, _)) => book.redefined.push((other.clone(), entry)),
                None => book.tables.entry(table.clone()).or_default().push(entry),
            }
        }
        book
    }
}

/// Returns the form and the length in bytes for a picture and a usage, such as `S9(13)V99` and `COMP-3`.
fn form(picture: &str, usage: &str) -> (Form, usize) {
    let mut digits = [0_usize; 2];
    let mut signed = false;
    let mut text = false;
    let mut behind_point = 0;
    let mut rest = picture;
    while let Some(symbol) = rest.chars().next() {
        rest = rest.get(1..).unwrap_or_default();
        let mut count = 1;
        if let Some(inner) = rest.strip_prefix('(') {
            let (number, tail) = inner.split_once(')').expect("a closed parenthesis");
            (count, rest) = (number.parse().expect("a number"), tail);
        }
        match symbol {
            'S' => signed = true,
            'V' => behind_point = 1,
            'X' | '9' => {
                text = symbol == 'X';
                *digits.get_mut(behind_point).expect("before or behind the point") += count;
            }
            _ => panic!("{picture}"),
        }
    }
    let [_, scale] = digits;
    let all = digits.iter().sum::<usize>();
    match usage {
        _ if text => (Form::Text, all),
        // 1 to 4 digits take a halfword, 5 to 9 digits a word.
        "COMP" => (Form::Binary { signed }, if all <= 4 { 2 } else { 4 }),
        "COMP-3" => (Form::Packed { signed, scale: u8::try_from(scale).expect("few digits") }, all / 2 + 1),
        _ => (Form::Zoned { signed }, all),
    }
}

/// Returns the byte form of a field of the spec.
fn form_of(field: &Field) -> Form {
    let digits = |encoding, signed, scale| match encoding {
        Encoding::Ebcdic => Form::Zoned { signed },
        Encoding::Binary => Form::Binary { signed },
        Encoding::Packed => Form::Packed { signed, scale },
        _ => panic!("{}", field.name),
    };
    match &field.kind {
        Kind::Text(rule) => {
            assert!(rule.charset == Charset::Ibm933 || rule.charset == Charset::Ibm833, "{}", field.name);
            Form::Text
        }
        Kind::Code(rule) => {
            assert_eq!(rule.charset, Charset::Ibm833);
            Form::Text
        }
        Kind::Digits(rule) => digits(rule.encoding, false, 0),
        Kind::Number(rule) => {
            let signed = match rule.sign {
                Sign::Unsigned => false,
                Sign::Signed | Sign::TrailingOverpunch(Overpunch::Ebcdic) => true,
                _ => panic!("{}", field.name),
            };
            digits(rule.encoding, signed, rule.decimals())
        }
        Kind::Date(rule) => digits(rule.encoding, false, 0),
        Kind::Time(rule) => digits(rule.encoding, false, 0),
        _ => panic!("{}", field.name),
    }
}

/// Collects the fields and fillers of a layout as entries of a copybook. Parts are inlined, groups are omitted.
fn entries(layout: &Layout, start: usize, all: &mut Vec<Entry>) {
    let mut offset = start;
    for item in layout.items() {
        match item {
            Item::Field(field) => {
                all.push(Entry { name: field.name.to_string(), offset, len: field.len, form: form_of(field) });
            }
            Item::Filler(filler) => {
                all.push(Entry { name: "FILLER".to_owned(), offset, len: filler.len, form: Form::Text });
            }
            Item::Part(part) => entries(&part.layout, offset, all),
            Item::Group(_) => continue,
            _ => panic!("{item:?}"),
        }
        offset += item.fixed_len().expect("a fixed length");
    }
}

/// Returns the name in the spec: `TRAN-ID` is `tran_id`. Four names are shorter in the spec.
fn name_in_spec(name: &str) -> String {
    match name {
        "FILLER" => name.to_owned(),
        "LENGTH-ALL" => "length".to_owned(),
        "TRAN-DATE" => "date".to_owned(),
        "TRAN-TIME" => "time".to_owned(),
        "LOAN-STATUS" => "status".to_owned(),
        _ => name.to_lowercase().replace('-', "_"),
    }
}

fn spec() -> Spec {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/host-b/host-b.toml");
    Spec::parse("host-b.toml", &std::fs::read_to_string(file).expect("the spec")).expect("a clean spec")
}

#[test]
fn every_item_of_the_copybook_is_in_the_spec() {
    let book = Copybook::parse(COPYBOOK);
    let spec = spec();
    let layout = &spec.telegram("LoanList").expect("it").layout;
    let Some((_, Item::Group(loans))) = layout.item("loans") else { panic!("no loans") };
    for (table, layout) in [("", layout), ("LOANS", &*loans.layout)] {
        let mut ours = Vec::new();
        entries(layout, 0, &mut ours);
        let theirs = book.tables.get(table).expect("a table").iter().cloned();
        let theirs: Vec<Entry> = theirs.map(|entry| Entry { name: name_in_spec(&entry.name), ..entry }).collect();
        assert_eq!(ours, theirs, "{table}");
    }
    assert_eq!(book.tables.values().map(Vec::len).sum::<usize>(), 11 + 7);
    assert_eq!(book.occurs.get("LOANS"), Some(&(0, 20, "LOAN-COUNT".to_owned())));
    assert_eq!((loans.repeat.counted_by(), loans.repeat.max()), (Some("loan_count"), 20));
    let min = 85;
    let max = 85 + 20 * 60;
    assert_eq!((layout.min_len(), layout.max_len()), (min, max));
}

/// MEMO-PARTS redefines MEMO, and the copybook does not say when it applies. So the spec has only MEMO, and its parts lie inside.
#[test]
fn what_the_copybook_redefines_lies_in_one_field() {
    let book = Copybook::parse(COPYBOOK);
    let spec = spec();
    let parts: Vec<_> =
        book.redefined.iter().map(|(of, entry)| (of.as_str(), entry.name.as_str(), entry.offset, entry.len)).collect();
    assert_eq!(parts, [("MEMO", "MEMO-KIND", 40, 4), ("MEMO", "MEMO-REST", 44, 16)]);
    let layout = &spec.telegram("LoanList").expect("it").layout;
    let Some((_, Item::Group(loans))) = layout.item("loans") else { panic!("no loans") };
    let mut all = Vec::new();
    entries(&loans.layout, 0, &mut all);
    let memo = all.iter().find(|entry| entry.name == "memo").expect("the memo");
    assert_eq!((memo.offset, memo.len), (40, 4 + 16));
}

#[test]
fn the_values_of_level_88_are_the_codes() {
    let book = Copybook::parse(COPYBOOK);
    let spec = spec();
    let layout = &spec.telegram("LoanList").expect("it").layout;
    let Some((_, Item::Group(loans))) = layout.item("loans") else { panic!("no loans") };
    let Some((_, Item::Field(Field { kind: Kind::Code(rule), .. }))) = loans.layout.item("status") else {
        panic!("no code")
    };
    let codes: Vec<_> = rule.codes.iter().map(|meaning| meaning.code.to_string()).collect();
    assert_eq!(book.values.get("LOAN-STATUS"), Some(&codes));
    assert_eq!(book.values.get("RESPONSE-CODE"), Some(&vec!["00".to_owned(), "04".to_owned()]));
}

/// Returns the digits of a decimal in the golden file, with a leading sign.
fn digits(value: &Value, width: usize, scale: usize, signed: bool) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (sign, number) = text.strip_prefix('-').map_or(('+', &*text), |number| ('-', number));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    assert_eq!(fraction.len(), scale, "{text}");
    let sign = if signed { sign.to_string() } else { String::new() };
    format!("{sign}{:0>width$}", format!("{whole}{fraction}"))
}

/// Returns a text of the golden file in the bytes of a host.
fn text(value: &Value, charset: Charset, len: usize) -> Vec<u8> {
    let mut bytes = vec![0x40; len];
    charset.encode(value.as_str().expect("a text"), &mut bytes).expect("it fits");
    bytes
}

/// Returns the values of the golden file in the format of `host-b-values.cpy`.
fn values(fields: &Value) -> Vec<u8> {
    let single = Charset::Ibm833;
    let mixed = Charset::Ibm933;
    let plain = |value: &Value| value.as_str().expect("a text").replace(['-', ':'], "").into_bytes();
    let header = &fields["header"];
    let mut all = [
        digits(&header["length"], 4, 0, false).into_bytes(),
        text(&header["tran_id"], single, 8),
        plain(&header["telegram_code"]),
        digits(&header["trace_no"], 7, 0, true).into_bytes(),
        plain(&header["date"]),
        plain(&header["time"]),
        text(&header["response_code"], single, 2),
        text(&fields["customer_no"], single, 13),
        text(&fields["customer_name"], mixed, 30),
        digits(&fields["loan_count"], 4, 0, false).into_bytes(),
    ]
    .concat();
    for loan in fields["loans"].as_array().expect("loans") {
        all.extend(text(&loan["loan_no"], single, 14));
        all.extend(digits(&loan["balance"], 15, 2, true).into_bytes());
        all.extend(digits(&loan["rate"], 5, 3, false).into_bytes());
        all.extend(text(&loan["status"], single, 1));
        all.extend(plain(&loan["opened"]));
        all.extend(digits(&loan["adjust"], 9, 0, true).into_bytes());
        // MEMO-KIND and MEMO-REST together are MEMO.
        all.extend(text(&loan["memo"], mixed, 20));
    }
    all
}

#[test]
fn a_program_with_the_copybook_reads_and_writes_the_golden_bytes() {
    // The zoned digits of a host are translated to ASCII. With -fsign=EBCDIC their signs are { and A to R.
    let Some(cobol) = Cobol::new(&["host-b-read", "host-b-write"], &["-fsign=EBCDIC"]) else { return };
    let golden = Golden::load("host-b-loans-2");
    let file = |name: &str| cobol.path(name);
    std::fs::write(file("record.dat"), &golden.bytes).expect("a file");
    cobol.start("host-b-read");
    let read = std::fs::read(file("values.dat")).expect("the values");
    assert_eq!(read.escape_ascii().to_string(), values(&golden.fields).escape_ascii().to_string());

    std::fs::remove_file(file("record.dat")).expect("a file");
    std::fs::write(file("values.dat"), values(&golden.fields)).expect("a file");
    cobol.start("host-b-write");
    assert_eq!(std::fs::read(file("record.dat")).expect("the record"), golden.bytes);
}
