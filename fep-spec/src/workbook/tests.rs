//! A person edits a workbook: what stands in its own cell is taken over, what contradicts `fep` is a finding with both cells.

use super::plan::{Content, Plan, plan};
use super::*;

const SPEC: &str = r#"
spec    = "coop"
title   = "Co-op"
version = "2026-11-01"
source  = "ours"
charset = "euc-kr"

[types]
N = { kind = "number" }
X = { kind = "text" }

[codes.Kind]
label = "구분"
codes = [{ code = "", name = "None", label = "없음" }, { code = "20", name = "Paid", label = "입금" }]

[parts.Head]
label = "공통부"
items = [{ name = "code", label = "종별코드", kind = "digits", len = 4, full = true }]

[parts.Pair]
items = [{ name = "left", type = "N", len = 2 }, { filler = 1 }]

[telegrams.Pay]
label  = "지급"
len    = 27
when   = { "head.code" = "0100" }
answer = "PayAnswer"
items  = [
  { part = "Head", name = "head" },
  { name = "amount", label = "금액", type = "N", len = 9, secret = true, remark = "원" },
  { name = "kind", label = "구분", kind = "code", len = 2, codes = "Kind" },
  { group = "pairs", label = "쌍", part = "Pair", count = 2 },
  { group = "more", label = "다른 쌍", part = "Pair", count = 2 },
]

[telegrams.PayAnswer]
like = "Pay"
when = { "head.code" = "0110" }

[telegrams.Ask]
when  = { "head.code" = "0200" }
items = [{ part = "Head", name = "head" }, { name = "memo", label = "=적요", type = "X", len = 5 }]
"#;

/// The import of the workbook that a person edited.
fn edited(edit: impl FnOnce(&mut Plan)) -> Imported {
    let spec = Spec::parse("coop.toml", SPEC).unwrap();
    let mut plan = plan(&source::draft(&[SPEC]).unwrap(), &spec, Lang::Ko);
    edit(&mut plan);
    import("coop.xlsx", &xlsx::bytes(&plan).unwrap(), &SheetOptions::default()).unwrap()
}

/// The rows of the sheet with this name.
fn rows<'p>(plan: &'p mut Plan, name: &str) -> &'p mut Vec<row::Row> {
    let sheet = plan.sheets.iter_mut().find(|sheet| sheet.name == name).unwrap();
    if let Content::Block(block) = &mut sheet.content { &mut block.rows } else { panic!("no items") }
}

fn told(doubts: &[Doubt]) -> Vec<String> {
    doubts.iter().map(|doubt| format!("{} {} {}", doubt.code, doubt.origin, doubt.message)).collect()
}

#[test]
fn nothing_is_doubtful_about_a_workbook_that_nobody_edited() {
    let imported = edited(|_| ());
    assert_eq!(told(&imported.doubts), [""; 0]);
    let again = Spec::parse("coop.toml", &imported.draft.to_string()).unwrap();
    assert!(again.is_equal_to(&Spec::parse("coop.toml", SPEC).unwrap()));
    // A label that looks like a formula is a text.
    assert_eq!(again.telegram("Ask").unwrap().layout.span("memo").unwrap().field.label, "=적요");
}

#[test]
fn labels_types_and_codes_are_taken_from_their_sheets() {
    let imported = edited(|plan| {
        let rows = rows(plan, "0100 지급");
        rows[1].label = "지급액".to_owned();
        rows[1].letter = "X".to_owned();
        for sheet in &mut plan.sheets {
            if let Content::Table(table) = &mut sheet.content
                && table.is_source
            {
                let new = ["Kind", "구분", "30", "Lost", "분실"];
                table.rows.push(new.map(str::to_owned).to_vec());
            }
        }
    });
    let again = Spec::parse("coop.toml", &imported.draft.to_string()).unwrap();
    let amount = again.telegram("Pay").unwrap().layout.span("amount").unwrap().field.clone();
    assert_eq!((&*amount.label, amount.kind.word(), amount.secret), ("지급액", "text", true));
    assert_eq!(again.code_list("Kind").unwrap().codes.len(), 3);
    // The list of codes in the remark was not edited.
    let [doubt] = imported.doubts.as_slice() else { panic!("{imported}") };
    assert_eq!((doubt.code, doubt.origin.to_string().as_str()), ("contradiction", "0100 지급!I10"));
}

#[test]
fn a_length_that_the_positions_do_not_follow_is_a_finding() {
    let imported = edited(|plan| rows(plan, "0100 지급")[1].len = "10".to_owned());
    let told = told(&imported.doubts);
    assert!(told[0].starts_with("offset 0100 지급!H9 금액 ends at 13, and the lengths give 14; "), "{told:?}");
    assert!(told[1].starts_with("total 0100 지급!B2 the stated length is 27, and the items have 28 bytes"), "{told:?}");
    assert!(imported.doubts.iter().all(|doubt| doubt.severity == Severity::Error));
}

#[test]
fn a_new_name_that_fep_does_not_know_is_a_finding_with_the_cell_of_fep() {
    let imported = edited(|plan| rows(plan, "0100 지급")[1].english = "sum".to_owned());
    let told = told(&imported.doubts);
    assert!(told[0].starts_with("contradiction fep!E"), "{told:?}");
    assert!(told[0].ends_with("there is no item `amount` of Pay on the sheet `0100 지급`"), "{told:?}");
}

#[test]
fn what_follows_from_fep_cannot_be_changed_on_a_sheet_alone() {
    let check = |edit: fn(&mut row::Row), cell: &str, says: &str| {
        let imported = edited(|plan| edit(&mut rows(plan, "0100 지급")[2]));
        let told = told(&imported.doubts);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with(&format!(
                "contradiction 0100 지급!{cell} the cell says `{says}`, and it follows from fep!E"
            )),
            "{told:?}"
        );
    };
    check(|row| row.letter = "N".to_owned(), "E10", "N");
    check(|row| row.remark = "원화".to_owned(), "I10", "원화");
}

#[test]
fn the_second_use_of_a_part_is_compared_with_the_first() {
    let imported = edited(|plan| rows(plan, "0100 지급")[4].below[0].len = "3".to_owned());
    let told = told(&imported.doubts);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("contradiction 0100 지급!F15 the cell says `3`"), "{told:?}");
    let imported = edited(|plan| drop(rows(plan, "0100 지급")[4].below.pop()));
    assert_eq!(imported.doubts.len(), 1, "{imported}");
}

#[test]
fn sheets_and_rows_that_are_missing_or_new_are_findings() {
    let imported = edited(|plan| {
        plan.sheets.iter_mut().find(|sheet| sheet.name == "0200 Ask").unwrap().name = "조회".to_owned();
    });
    let told = told(&imported.doubts);
    assert!(told.iter().any(|text| text.contains("there is no sheet `0200 Ask`")), "{told:?}");
    assert!(told.iter().any(|text| text.starts_with("settings 조회 the sheet was left out")), "{told:?}");
}

#[test]
fn rubbish_in_the_sheet_fep_is_a_finding() {
    let imported = edited(|plan| {
        let address = settings::Address::new("telegrams", "Pay", "nothing");
        plan.settings.push(settings::Setting::new(&address, "secret", true));
        let address = settings::Address::new("nonsense", "", "");
        plan.settings.push(settings::Setting::new(&address, "", 1_usize));
    });
    let told = told(&imported.doubts);
    assert!(told.iter().any(|text| text.contains("there is no item `nothing` of Pay")), "{told:?}");
    assert!(told.iter().any(|text| text.contains("this row has no key")), "{told:?}");
}

#[test]
fn a_workbook_without_an_end_is_refused() {
    let imported = edited(|plan| {
        let row = |depth: usize| row::Row { number: "1".to_owned() + &"-1".repeat(depth), ..row::Row::default() };
        rows(plan, "0200 Ask").extend((0..600).map(|depth| row::Row { label: format!("L{depth}"), ..row(depth) }));
    });
    assert!(imported.doubts.iter().any(|doubt| doubt.severity == Severity::Error));
    // A choice whose case stands on the sheet of the choice.
    let imported = edited(|plan| {
        let case = crate::draft::Value::Table(["code", "name"].map(|key| crate::draft::Entry::new(key, "N")).to_vec());
        let mut address = settings::Address::new("telegrams", "Ask", "memo");
        for _ in 0..300 {
            plan.settings.push(settings::Setting::new(&address, "by", "head.code"));
            plan.settings.push(settings::Setting::new(&address, "case", case.clone()));
            address = address.below("N");
            plan.settings.push(settings::Setting::new(&address, "sheet", "0200 Ask"));
            address = address.below("memo");
        }
    });
    assert!(imported.doubts.iter().any(|doubt| doubt.message.contains("more than 32 deep")), "{imported}");
}

#[test]
fn the_same_spec_gives_the_same_bytes() {
    let [one, other] = [Lang::Ko, Lang::Ko].map(|lang| write("coop.toml", SPEC, lang).unwrap());
    assert!(one == other);
}

#[test]
fn a_new_row_and_a_new_remark_need_no_change_of_fep() {
    let imported = edited(|plan| {
        let rows = rows(plan, "0200 Ask");
        rows[1].remark = "조회 조건".to_owned();
        rows.push(row::Row {
            number: "3".to_owned(),
            label: "건수".to_owned(),
            english: "count".to_owned(),
            letter: "N".to_owned(),
            len: "3".to_owned(),
            remark: "응답에만".to_owned(),
            ..row::Row::default()
        });
        for sheet in &mut plan.sheets {
            if let Content::Block(block) = &mut sheet.content
                && sheet.name == "0200 Ask"
            {
                block.total = plan::Length { least: 12, most: 12 };
            }
        }
    });
    assert_eq!(told(&imported.doubts), [""; 0]);
    let again = Spec::parse("coop.toml", &imported.draft.to_string()).unwrap();
    let ask = again.telegram("Ask").unwrap();
    assert_eq!(ask.layout.fixed_len(), Some(12));
    assert_eq!(ask.notes.iter().map(|note| note.remark.as_str()).collect::<Vec<_>>(), ["", "조회 조건", "응답에만"]);
}

#[test]
fn the_offsets_of_items_are_stated() {
    let text = edited(|_| ()).draft.to_string();
    assert!(
        text.contains(r#"{ name = "amount", label = "금액", type = "N",    len = 9, at = 4,  secret = true, remark"#),
        "{text}"
    );
}

#[test]
fn one_sheet_can_be_imported_with_what_fep_says_of_it() {
    let book = write("coop.toml", SPEC, Lang::Ko).unwrap();
    let sheets = |name: &str| SheetOptions { sheets: vec![name.to_owned()], ..SheetOptions::default() };
    let imported = import("coop.xlsx", &book, &sheets("0100 지급")).unwrap();
    assert!(imported.doubts.iter().all(|doubt| doubt.severity == Severity::Note), "{imported}");
    let names: Vec<&str> = imported.draft.telegrams.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["Pay", "PayAnswer"]);
    assert!(matches!(import("coop.xlsx", &book, &sheets("없음")), Err(SheetError::NoSheet(..))));
}

/// The workbook differs from the spec, or is a spec with this difference: nothing that a person changes is lost.
fn is_noticed(what: &str, edit: impl FnOnce(&mut Plan)) {
    let imported = edited(edit);
    let is_told = imported.doubts.iter().any(|doubt| doubt.severity == Severity::Error);
    let spec = Spec::parse("coop.toml", SPEC).unwrap();
    let again = Spec::parse("coop.toml", &imported.draft.to_string());
    assert!(is_told || again.is_ok_and(|again| !again.is_equal_to(&spec)), "{what}\n{imported}\n{}", imported.draft);
}

#[test]
fn no_edit_of_a_cell_is_lost() {
    type Edit = (&'static str, fn(&mut row::Row));
    let edits: [Edit; 7] = [
        ("label", |row| row.label.push('가')),
        ("name", |row| row.english.push('x')),
        ("type", |row| row.letter = if row.letter == "N" { "X" } else { "N" }.to_owned()),
        ("length", |row| row.len = "7".to_owned()),
        ("from", |row| row.from = Some(row.from.unwrap_or_default() + 1)),
        ("to", |row| row.to = Some(row.to.unwrap_or_default() + 1)),
        ("remark", |row| row.remark.push('!')),
    ];
    for name in ["공통부", "0100 지급", "0200 Ask"] {
        let mut count = 0;
        edited(|plan| count = rows(plan, name).len());
        for index in 0..count {
            for (cell, edit) in edits {
                is_noticed(&format!("{name} {index} {cell}"), |plan| edit(&mut rows(plan, name)[index]));
            }
            is_noticed(&format!("{name} without {index}"), |plan| drop(rows(plan, name).remove(index)));
        }
    }
}

#[test]
fn no_row_of_fep_is_deleted_unnoticed() {
    let mut count = 0;
    edited(|plan| count = plan.settings.len());
    for index in 0..count {
        let mut what = String::new();
        let mut delete = |plan: &mut Plan| what = format!("{:?}", plan.settings.remove(index));
        let imported = edited(&mut delete);
        let spec = Spec::parse("coop.toml", SPEC).unwrap();
        let again = Spec::parse("coop.toml", &imported.draft.to_string());
        let is_told = imported.doubts.iter().any(|doubt| doubt.severity == Severity::Error);
        // A list that stands on the sheet of codes needs no row, and the last column has the remark too.
        let is_spare = what.contains("codes") && what.contains("sheet") || what.contains("\"remark\"");
        assert!(is_told || is_spare || again.is_ok_and(|again| !again.is_equal_to(&spec)), "{what}\n{imported}");
    }
}
