//! Imports of design sheets: the fixtures in `sheets/`, each with what a person reads from it in a `.txt` file.
//!
//! A fixture is a sheet in the manner of an institution, or a trap. Its text has for each telegram the offset, the length and the name of each
//! item, and the errors and warnings with their cells. The texts are written by hand, their offsets are sums of the lengths of the sheet.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a helper of a test fails by panicking"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fep_codec::Layout;
use fep_codec::layout::{Item, Repeat};
use fep_spec::Spec;
use fep_spec::import::sheet::{SheetError, SheetMap, SheetOptions, import};
use fep_spec::import::{Imported, Severity};

fn sheets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sheets")
}

fn imported(name: &str) -> Imported {
    let bytes = fs::read(sheets().join(name)).unwrap();
    import(name, &bytes, &SheetOptions::default()).unwrap_or_else(|error| panic!("{name} {error}"))
}

/// Each item with its offset and its length; items of a group with their offsets in the entry. Items of the common part are left out.
fn places(layout: &Layout) -> Vec<String> {
    let mut lines = Vec::new();
    walk(layout, 0, "  ", &mut lines);
    lines
}

fn walk(layout: &Layout, start: usize, indent: &str, lines: &mut Vec<String>) {
    let mut at = start;
    for item in layout.items.iter() {
        let (name, len) = match item {
            Item::Field(field) | Item::Tail(field) => (field.name.as_ref(), field.len),
            Item::Literal(literal) => (literal.name.as_ref(), literal.bytes.len()),
            Item::Filler(filler) => ("", filler.len),
            Item::Part(part) => {
                at += part.layout.items.iter().map(length).sum::<usize>();
                continue;
            }
            Item::Group(group) => {
                lines.push(format!("{indent}{at} group {}", group.name));
                walk(&group.layout, 0, &format!("{indent}  "), lines);
                at += length(item);
                continue;
            }
            Item::Choice(choice) => panic!("a sheet has no choice {}", choice.name),
        };
        let name = if name.is_empty() { "-" } else { name };
        lines.push(format!("{indent}{at} {len} {name}"));
        at += len;
    }
}

fn length(item: &Item) -> usize {
    match item {
        Item::Field(field) | Item::Tail(field) => field.len,
        Item::Literal(literal) => literal.bytes.len(),
        Item::Filler(filler) => filler.len,
        Item::Part(part) => part.layout.items.iter().map(length).sum(),
        Item::Group(group) => {
            let entry: usize = group.layout.items.iter().map(length).sum();
            match group.repeat {
                Repeat::Fixed(count) => entry * count,
                Repeat::Padded { max, .. } => entry * max,
                Repeat::Counted { .. } | Repeat::Rest { .. } => 0,
            }
        }
        Item::Choice(_) => 0,
    }
}

/// What a fixture becomes, in the form of its text.
fn shown(name: &str) -> String {
    let imported = imported(name);
    let text = imported.draft.to_string();
    let spec = Spec::parse(name, &text).unwrap_or_else(|report| panic!("{name}: {report}\n{text}"));
    let mut shown = String::new();
    for telegram in &spec.telegrams {
        let like = imported.draft.telegrams.iter().find(|table| table.name == telegram.name());
        let like = like.and_then(|table| table.entries.iter().find(|entry| entry.key == "like"));
        match like {
            Some(like) => {
                writeln!(shown, "{} as {}", telegram.name(), like.value.to_string().trim_matches('"')).unwrap()
            }
            None => {
                writeln!(shown, "{}", telegram.name()).unwrap();
                places(&telegram.layout).iter().for_each(|line| writeln!(shown, "{line}").unwrap());
            }
        }
    }
    for doubt in imported.doubts.iter().filter(|doubt| doubt.severity <= Severity::Warning) {
        let severity = format!("{:?}", doubt.severity).to_lowercase();
        writeln!(shown, "! {severity} {} {}", doubt.origin, doubt.code).unwrap();
    }
    shown
}

#[test]
fn sheets_in_the_manner_of_institutions_become_specs() {
    let mut texts: Vec<_> = fs::read_dir(sheets()).unwrap().map(|entry| entry.unwrap().path()).collect();
    texts.sort();
    let is = |path: &PathBuf, ending: &str| path.extension().is_some_and(|extension| extension == ending);
    let mut failed = String::new();
    let mut count = 0;
    for text in texts.iter().filter(|path| is(path, "txt")) {
        let sheet = texts.iter().find(|path| path.file_stem() == text.file_stem() && !is(path, "txt")).unwrap();
        let name = sheet.file_name().unwrap().to_str().unwrap();
        let expected = fs::read_to_string(text).unwrap();
        let found = shown(name);
        if found != expected {
            write!(failed, "{name}\n--- expected\n{expected}--- found\n{found}\n").unwrap();
        }
        count += 1;
    }
    assert!(failed.is_empty(), "{failed}");
    assert!(count >= 15, "{count}");
}

/// The three sheets that describe specs of this repository.
#[test]
fn the_sheets_of_the_examples_become_their_specs_byte_by_byte() {
    let spec = |path: &str| Spec::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs").join(path)).unwrap();
    let positions = |layout: &Layout| {
        let lines = places(layout);
        let numbers = lines.iter().map(|line| line.rsplit_once(' ').unwrap().0.to_owned());
        numbers.collect::<Vec<_>>()
    };
    let check = |sheet: &str, path: &str, pairs: &[(&str, &str)], doubts: &[&str]| {
        let imported = imported(sheet);
        let text = imported.draft.to_string();
        let own = Spec::parse(sheet, &text).unwrap_or_else(|report| panic!("{report}"));
        let known = spec(path);
        for (ours, theirs) in pairs {
            let [ours, theirs] =
                [(&own, *ours), (&known, *theirs)].map(|(spec, name)| &spec.telegram(name).unwrap().layout);
            assert_eq!(positions(ours), positions(theirs), "{sheet}: {}", ours.name);
            let part = |layout: &Layout| match layout.items.first() {
                Some(Item::Part(part)) => positions(&part.layout),
                _ => Vec::new(),
            };
            assert_eq!(part(ours), part(theirs), "{sheet}: the common part");
        }
        let errors = imported.doubts.iter().filter(|doubt| doubt.severity == Severity::Error);
        let errors: Vec<_> = errors.map(|doubt| format!("{} {}", doubt.origin, doubt.code)).collect();
        assert_eq!(errors, doubts, "{sheet}");
    };
    let bank = [
        "Transfer",
        "Reversal",
        "ResultInquiry",
        "BalanceInquiry",
        "HolderInquiry",
        "TransactionList",
        "DepositNotice",
        "Totals",
        "TransferAnswer",
        "TotalsAnswer",
        "DepositNoticeAnswer",
    ];
    check(
        "bank-a.xlsx",
        "bank-a/bank-a.toml",
        &bank.map(|name| (name, name)),
        &["0100_100 이체!H10 offset", "0100_100 이체!F20 sum"],
    );
    let records = ["Header", "Data", "Trailer"];
    check("kftc-cms-eb13.csv", "kftc-cms/kftc-cms.toml", &records.map(|name| (name, name)), &[]);
    // The sheet of the host has no common part: its items stand in one table.
    let imported = imported("host-b.xlsx");
    let own = Spec::parse("host-b", &imported.draft.to_string()).unwrap();
    let known = spec("host-b/host-b.toml");
    let list = &known.telegram("LoanList").unwrap().layout;
    let Some(Item::Part(header)) = list.items.first() else { panic!("the header") };
    let mut expected = positions(&header.layout);
    expected.extend(positions(list));
    assert_eq!(positions(&own.telegrams[0].layout), expected);
}

/// An item of a sheet, and what its line in the spec has. Each stood for something else once: a scale of 9, a length that counts itself, a code
/// filled with a blank, 1315 bytes.
#[test]
fn a_remark_says_no_more_than_its_words() {
    let check = |row: &str, has: &[&str], lacks: &[&str]| {
        let sheet = format!("항목,타입,길이,비고\n전문길이,N,4,\n{row}\n성명,H,20,\n");
        let imported = import("a.csv", sheet.as_bytes(), &SheetOptions::default()).unwrap();
        let text = imported.draft.to_string();
        let label = row.split(',').next().unwrap();
        let line = text.lines().find(|line| line.contains(&format!("label = \"{label}\""))).unwrap_or_default();
        has.iter().for_each(|has| assert!(text.contains(has), "{row}: {has} is not in\n{text}"));
        lacks.iter().for_each(|lacks| assert!(!line.contains(lacks), "{row}: {lacks} is in {line}"));
        imported.doubts.into_iter().filter(|doubt| doubt.severity == Severity::Error).count()
    };
    check("금액,N,11,정수 9자리 소수 2자리", &["scale = 2"], &[]);
    check("금액,N,13,\"정수부 9, 소수부 4\"", &["scale = 4"], &[]);
    check("금액,N,15,15자리 (소수점 2자리 포함)", &["scale = 2"], &[]);
    check("금액,N,13,소수 2자리(소수점 없음)", &["scale = 2"], &[]);
    check("금액,N,13,끝 3자리는 소수이하", &["scale = 3"], &[]);
    check("금액,N,7,소수점 없음 (7자리)", &[], &["scale"]);
    check("금액,N,13,소수점 이하 없음", &[], &["scale"]);
    check("금액,N,13,정수 9자리 소수점 미만 절사", &[], &["scale"]);
    check("결과,N,2,\"1:정상, 2:오류\"", &["code = \"01\"", "code = \"02\""], &[]);
    check("구분,AN,2,\"A:정상, B:오류\"", &["code = \"A\""], &[]);
    check("해지,AN,1,해지시 '1' 입력", &[], &["literal"]);
    check("번호,AN,4,\"모를 경우 '0000' 입력\"", &[], &["literal"]);
    check("구분,AN,1,'H' 입력", &["literal = \"H\""], &[]);
    check("오류횟수,N,2,오류 3회 반복시 거래정지", &[], &["count ="]);
    check("반복주기2,N,2,", &[], &["count ="]);
    assert_eq!(check("수수료,N,\"13\n15\",", &[], &["1315"]), 1, "the old length, or the new one");
    assert_eq!(check("수수료,N,13 15,", &[], &["1315"]), 1);
    let counts = |remark: &str| {
        let sheet = format!("항목,타입,길이,비고\n전문길이,N,4,{remark}\n성명,H,20,\n");
        let imported = import("a.csv", sheet.as_bytes(), &SheetOptions::default()).unwrap();
        imported.draft.to_string().split_once("counts = \"").unwrap().1.split('"').next().unwrap().to_owned()
    };
    for remark in ["자신의 길이는 불포함", "전문길이 필드(4byte) 미포함", "전문길이를 포함하지 않음", "4바이트 제외"]
    {
        assert_eq!(counts(remark), "rest", "{remark}");
    }
    assert_eq!(counts("전문길이 포함"), "all");
}

#[test]
fn what_cannot_be_imported_says_what_to_do() {
    let check = |name: &str, bytes: &[u8], expected: &str| {
        let error = import(name, bytes, &SheetOptions::default()).expect_err(name).to_string();
        assert!(error.contains(expected), "{name}: {error}");
    };
    let password = fs::read(sheets().join("password.xlsx")).unwrap();
    check("a.xlsx", &password, "is protected by a password: open it, save it without the password");
    check("a.pdf", b"%PDF-1.7 ...", "is a PDF file: open it, copy its tables into a workbook");
    let hwp = [&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1][..], b"....HWP Document File"].concat();
    check("a.hwp", &hwp, "is a Hangul document (hwp)");
    check("a.xls", b"<html><body><table>", "is an HTML page that is named like a workbook");
    let bank = fs::read(sheets().join("bank-a.xlsx")).unwrap();
    check("a.xlsx", &bank[..bank.len() / 2], "is damaged");
    check("a.csv", b"\xFF\xFF\x00\x01", "neither text in UTF-8, CP949 or Shift JIS nor a workbook");
    check("a.csv", b"one,two\n1,2\n", "has no table with a heading");
    check("a.csv", b"", "has no table with a heading");
    let options = SheetOptions { sheets: vec!["없음".to_owned()], ..SheetOptions::default() };
    let error = import("bank-a.xlsx", &bank, &options).expect_err("no such sheet");
    assert!(matches!(&error, SheetError::NoSheet(name, names) if name == "없음" && names.len() == 10), "{error}");
    assert!(error.to_string().contains("it has 표지, 공통부, 0100_100 이체"), "{error}");
}

/// The name of an entry, and what writes it.
type ZipEntry<'e> = (&'e str, &'e dyn Fn(&mut dyn std::io::Write));

/// A workbook can unpack to any size, and one element of an ODS file can stand for a million rows.
#[test]
fn bombs_end_with_a_named_limit() {
    let zip = |entries: &[ZipEntry<'_>]| {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, write) in entries {
            archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            write(&mut archive);
        }
        archive.finish().unwrap().into_inner()
    };
    let zeros = |out: &mut dyn std::io::Write| {
        let block = vec![b'0'; 1 << 20];
        (0..130).for_each(|_| out.write_all(&block).unwrap());
    };
    let check = |bytes: &[u8], expected: &str| {
        let error = import("a.xlsx", bytes, &SheetOptions::default()).expect_err("a bomb").to_string();
        assert!(error.contains(expected), "{error}");
    };
    let bomb = zip(&[("xl/workbook.xml", &zeros)]);
    assert!(bomb.len() < 1 << 20);
    check(&bomb, "is too large: it unpacks to more than 128 MiB");
    let rows = |out: &mut dyn std::io::Write| {
        let row = "<table:table-row table:number-rows-repeated=\"1048576\"><table:table-cell office:value-type=\"float\" \
                   office:value=\"1\" table:number-columns-repeated=\"1024\"/></table:table-row>";
        write!(out, "<office:document-content><office:body>{row}</office:body></office:document-content>").unwrap();
    };
    let mime = |out: &mut dyn std::io::Write| out.write_all(b"application/vnd.oasis.opendocument.spreadsheet").unwrap();
    check(&zip(&[("mimetype", &mime), ("content.xml", &rows)]), "is too large: it has more than 2000000 cells");
    check(&vec![b'a'; 33 << 20], "is too large: it has 34603008 bytes");
    let rows = "항목,길이,타입\n계좌번호,10,N\n";
    check("x\n".repeat(100_001).as_bytes(), "is too large: the file has more than 100000 rows");
    check(rows.repeat(2_100).as_bytes(), "is too large: it has more than 2000 tables of items");
}

/// The limits count each part of an archive once. Many sheets that are one part, or many regions that each cover the whole sheet, would be read
/// again and again: 300 KB took 6 GB.
#[test]
fn a_small_workbook_that_says_the_same_many_times_is_refused() {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    let book = |sheets: usize, rows: u32, merged: u32| {
        let types = format!(
            "<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" ContentType=\
             \"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" \
             ContentType=\"application/xml\"/></Types>"
        );
        let relations = |target: &str, kind: &str, count: usize| {
            let one = |id| format!("<Relationship Id=\"r{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>");
            let all: String = (0..count).map(one).collect();
            format!("<Relationships xmlns=\"{PACKAGE}/relationships\">{all}</Relationships>")
        };
        let named = |at| format!("<sheet name=\"s{at}\" sheetId=\"{}\" r:id=\"r{at}\"/>", at + 1);
        let sheets_of: String = (0..sheets).map(named).collect();
        let workbook =
            format!("<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets>{sheets_of}</sheets></workbook>");
        let row = |row| format!("<row r=\"{row}\"><c r=\"A{row}\"><v>1</v></c></row>");
        let all: String = (1..=rows).map(row).collect();
        let regions: String = (1..=merged).map(|to| format!("<mergeCell ref=\"A1:B{}\"/>", 1_000_000 - to)).collect();
        let sheet = format!(
            "<worksheet xmlns=\"{MAIN}\"><sheetData>{all}</sheetData><mergeCells>{regions}</mergeCells></worksheet>"
        );
        let entries = [
            ("[Content_Types].xml", types),
            ("_rels/.rels", relations("xl/workbook.xml", "officeDocument", 1)),
            ("xl/workbook.xml", workbook),
            ("xl/_rels/workbook.xml.rels", relations("worksheets/sheet1.xml", "worksheet", sheets)),
            ("xl/worksheets/sheet1.xml", sheet),
        ];
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, text) in &entries {
            archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            std::io::Write::write_all(&mut archive, text.as_bytes()).unwrap();
        }
        archive.finish().unwrap().into_inner()
    };
    let error = |bytes: &[u8]| import("a.xlsx", bytes, &SheetOptions::default()).expect_err("no table").to_string();
    assert!(error(&book(1, 3, 2)).contains("has no table with a heading"), "{}", error(&book(1, 3, 2)));
    assert!(error(&book(2, 3, 0)).contains("two sheets are the same part, xl/worksheets/sheet1.xml"));
    assert!(error(&book(1, 3000, 1000)).contains("is too large: it has more than 2000000 cells"));
}

/// An xls file is a container whose sectors name each other. Found by the fuzzer: a number outside of the file ended the process, a circle
/// filled the memory.
#[test]
fn a_damaged_xls_file_is_read_or_refused() {
    let bytes = fs::read(sheets().join("old.xls")).unwrap();
    let read = |bytes: &[u8]| import("old.xls", bytes, &SheetOptions::default());
    assert!(read(&bytes).is_ok());
    for len in (0..bytes.len()).step_by(211) {
        let _ = read(&bytes[..len]);
    }
    // The last sector may be cut, as some programs write it.
    let sheet = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    assert!(read(&bytes[..sheet]).is_ok());
    let part = usize::try_from(u32::from_le_bytes(bytes[76..80].try_into().unwrap())).unwrap();
    let table = 512 * (1 + part);
    let numbers = (44..80).step_by(4).chain((table..table + 128).step_by(4));
    for at in numbers {
        for number in [0_u32, 1, 8, 10, 0x00FF_FFFF, 0xFFFF_FFF9, 0xFFFF_FFFE, u32::MAX] {
            let mut changed = bytes.clone();
            changed[at..at + 4].copy_from_slice(&number.to_le_bytes());
            if let Err(error) = read(&changed) {
                assert!(matches!(error, SheetError::Damaged(_) | SheetError::NoTable(_)), "{at}, {number}: {error:?}");
            }
        }
    }
    for at in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x5A;
        let _ = read(&changed);
    }
}

/// The library that reads xls files panics on some of them. The command refuses such a file in one line.
#[test]
fn a_file_on_which_its_reader_panics_is_refused_in_one_line() {
    let bytes = fs::read(sheets().join("old.xls")).unwrap();
    let panics = |changed: &Vec<u8>| match import("old.xls", changed, &SheetOptions::default()) {
        Err(SheetError::Damaged(why)) => why == "its content makes no sense",
        _ => false,
    };
    let changed = (0..bytes.len()).map(|at| {
        let mut changed = bytes.clone();
        changed[at] ^= 0x5A;
        changed
    });
    let damaged = changed.into_iter().find(panics).expect("a byte that the reader does not survive");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.xls"), damaged).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_fep"));
    let output = command.args(["import", "a.xls", "-o", "a.toml"]).current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        message,
        "fep: a.xls is damaged: its content makes no sense. Open it in a spreadsheet program and save it again as xlsx\n"
    );
}

/// What was understood is written as a mapping file, and with it the sheet is imported in the same way.
#[test]
fn with_its_own_mapping_file_a_sheet_is_imported_again_without_a_question() {
    for name in ["bank-a.xlsx", "host-b.xlsx", "kftc-cms-eb13.csv", "traps.xlsx", "style-08.csv", "style-11.csv"] {
        let bytes = fs::read(sheets().join(name)).unwrap();
        let first = imported(name);
        let text = first.map.clone().unwrap();
        let map = SheetMap::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let again = import(name, &bytes, &SheetOptions { map, ..SheetOptions::default() }).unwrap();
        assert_eq!(again.draft.to_string(), first.draft.to_string(), "{name}");
        let questions = again.doubts.iter().filter(|doubt| ["charset", "name"].contains(&doubt.code)).count();
        assert_eq!(questions, 0, "{name}");
    }
}

#[test]
fn a_mapping_file_names_columns_types_and_words() {
    let map = "charset = \"cp949\"\nrow = 2\n[head]\nspec = \"mapped\"\nversion = \"7\"\n[columns]\nA = \"name\"\nB = \"length\"\nC = \"type\"\nD = \"ignore\"\n\
               [types]\nH = { kind = \"number\" }\n[words]\n\"가나\" = \"first\"\n";
    let map = SheetMap::parse(map).unwrap();
    let options = SheetOptions { map, ..SheetOptions::default() };
    let imported =
        import("a.csv", "제목\n무엇,몇,어떤,그외\n가나,4,H,비고\n계좌번호,10,X,\n".as_bytes(), &options).unwrap();
    let text = imported.draft.to_string();
    assert!(
        text.contains("spec    = \"mapped\"")
            && text.contains("version = \"7\"")
            && text.contains("charset = \"cp949\""),
        "{text}"
    );
    let spec = Spec::parse("a", &text).unwrap();
    assert_eq!(places(&spec.telegrams[0].layout), ["  0 4 first", "  4 10 account"]);
    assert!(text.contains("H = { kind = \"number\" }"), "{text}");
    let error = SheetMap::parse("[columns]\nA = \"naem\"\n").unwrap_err();
    assert!(error.contains("`naem` is none of number, level, name"), "{error}");
}

/// The items of a table in text, in which each row has a value or a list in another notation.
#[test]
fn constants_and_lists_are_found_in_their_notations() {
    let check = |head: &str, row: &str, expected: &str| {
        let sheet = format!("{head}\n{row}\n끝,C,1,,\n");
        let imported = import("a.csv", sheet.as_bytes(), &SheetOptions::default()).unwrap();
        let text = imported.draft.to_string();
        assert!(text.contains(expected), "{row}\n{text}");
        Spec::parse("a", &text).unwrap_or_else(|report| panic!("{row}\n{report}\n{text}"));
    };
    let values = "항목,타입,길이,값,기재 요령";
    check(values, "시작,HEX,1,0x02,전문 시작", "{ hex = \"02\"");
    check(values, "구분자,HEX,1,1C,Field Separator", "{ hex = \"1C\"");
    check(values, "서비스,AN,2,CR,고정", "{ literal = \"CR\"");
    check(values, "서류,AN,2,,“22” 기재", "{ literal = \"22\"");
    check(values, "서비스,AN,2,,고정값: CR", "{ literal = \"CR\"");
    check("항목,타입,길이,고정값,비고", "서비스,AN,2,CR,", "{ literal = \"CR\"");
    // A default is not always sent.
    check("항목,타입,길이,Default Value,비고", "통화,AN,3,KRW,", "type = \"AN\", len = 3");
    check(values, "성별,C,1,,M.남 F.여", "{ code = \"M\"");
    check(values, "부담,C,1,,0.송금인 1.수취인", "{ code = \"1\"");
    check(values, "개인법인,C,1,,1(개인) 2(법인)", "{ code = \"2\"");
    check(values, "결과,C,1,,①정상 ②오류", "{ code = \"2\"");
}

/// A list on a sheet of its own is that of the items that name it.
#[test]
fn a_list_on_another_sheet_is_that_of_the_items_that_refer_to_it() {
    let text = imported("codes-elsewhere.xlsx").draft.to_string();
    let spec = Spec::parse("a", &text).unwrap();
    let lists: Vec<_> = text.lines().filter(|line| line.trim_start().starts_with("{ code = ")).collect();
    assert_eq!(lists.len(), 5, "{text}");
    assert!(text.contains("{ code = \"101\"") && text.contains("{ code = \"3\""), "{text}");
    assert_eq!(spec.telegrams.len(), 1);
    assert!(text.contains("when  = { msg_cd = \"FS0100\" }"), "{text}");
}

/// Between two tables, the block that belongs to the second one names a code, and no item of the table has it.
#[test]
fn the_code_of_a_telegram_is_not_that_of_a_verdict() {
    let text = imported("block-between.xls").draft.to_string();
    assert!(!text.contains("when"), "{text}");
    let text = imported("sum-beside.csv").draft.to_string();
    assert!(text.contains("when   = { telegram_code = \"0600\" }"), "{text}");
    assert!(text.contains("when  = { telegram_code = \"0610\" }"), "{text}");
}

/// `0:JIS 1:EBCDIC` is a choice that the telegram makes.
#[test]
fn a_list_of_charsets_is_not_the_charset_of_the_sheet() {
    let text = imported("shift-jis.csv").draft.to_string();
    assert!(text.contains("charset = \"cp932\""), "{text}");
}
