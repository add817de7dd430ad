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
fn the_same_spec_gives_the_same_bytes() {
    let [one, other] = [Lang::Ko, Lang::Ko].map(|lang| write("coop.toml", SPEC, lang).unwrap());
    assert!(one == other);
}
