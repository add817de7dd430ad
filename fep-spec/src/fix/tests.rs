//! What is mended, and what is left to a person.

use super::*;

const HEAD: &str = "spec = \"a\"\ntitle = \"A\"\nversion = \"1\"\nsource = \"test\"\ncharset = \"euc-kr\"\n\n";

/// Mends a text, and compares the changed text and what is left. The second time nothing changes.
fn check(text: &str, expected: &str, left: &[&str]) -> Mended {
    let mended = mend("a.toml", &format!("{HEAD}{text}"));
    assert_eq!(mended.text, format!("{HEAD}{expected}"), "{}", mended.report);
    let codes: Vec<&str> = mended.report.findings.iter().map(|finding| finding.code.word()).collect();
    assert_eq!(codes, left, "{}", mended.report);
    for finding in &mended.done {
        let is_same = |other: &Finding| (other.code, &other.message) == (finding.code, &finding.message);
        assert!(!mended.report.findings.iter().any(is_same), "{finding}");
    }
    let again = mend("a.toml", &mended.text);
    assert_eq!((again.text, again.done.len()), (mended.text.clone(), 0));
    mended
}

fn items(items: &str) -> String {
    format!("[telegrams.T]\nitems = [\n{items}\n]\n")
}

#[test]
fn a_slip_in_a_key_or_a_word_is_mended() {
    let mended = check(
        &items(
            "  { name = \"a\", lable = \"가\", kind = \"nubmer\", len = 4 },  # ours\n  { filler = 1, \"Label\" = \"x\" },",
        ),
        &items(
            "  { name = \"a\", label = \"가\", kind = \"number\", len = 4 },  # ours\n  { filler = 1, label = \"x\" },",
        ),
        &[],
    );
    assert_eq!(mended.done.len(), 3);
    assert_eq!(mended.done[0].fix.as_ref().map(Fix::to_string).as_deref(), Some("wrote label"));
}

#[test]
fn a_key_that_only_resembles_another_one_is_left() {
    let text = items("  { name = \"a\", kind = \"text\", lenght = 4 },");
    check(&text, &text, &["unknown-key"]);
    // `rest` is a word of `counts`, and `all` is not near it.
    let text = items("  { name = \"a\", kind = \"number\", len = 4, computed = \"length\", counts = \"everything\" },");
    check(&text, &text, &["unknown-word"]);
}

#[test]
fn two_slips_of_one_key_are_not_both_mended() {
    check(
        &items("  { filler = 1, lable = \"x\", labell = \"y\" },\n  { filler = 1, lable = \"z\" },"),
        &items("  { filler = 1, label = \"x\", labell = \"y\" },\n  { filler = 1, label = \"z\" },"),
        &["unknown-key"],
    );
}

#[test]
fn a_change_that_leads_to_another_mistake_is_taken_back() {
    // `digits_max` has this slip, and text has no such option.
    let text = items(
        "  { name = \"a\", kind = \"text\", len = 4, digit_max = 3 },\n  { name = \"b\", kind = \"text\", len = \"0\" },",
    );
    check(&text, &text, &["unknown-key", "wrong-type"]);
}

#[test]
fn quotes_are_added_and_taken_away() {
    check(
        "[codes.K]\ncodes = [{ code = 20 }, { code = \"30\" }]  # two\n\n[telegrams.T]\nview = \"true\"\nitems = [{ name = \"k\", kind = \"code\", len = \"2\", codes = \"K\", label = 2026-11-21 }]\n",
        "[codes.K]\ncodes = [{ code = \"20\" }, { code = \"30\" }]  # two\n\n[telegrams.T]\nview = true\nitems = [{ name = \"k\", kind = \"code\", len = 2, codes = \"K\", label = \"2026-11-21\" }]\n",
        &[],
    );
    // What these mean, only their author knows.
    let text = items(
        "  { filler = 1, label = 0x14 },\n  { filler = 1, label = 1_000 },\n  { filler = \"1e1\" },\n  { filler = 1, label = true },",
    );
    check(&text, &text, &["wrong-type"; 4]);
}

#[test]
fn parts_move_above_the_tables_that_use_them() {
    let inner = "# The inner one.\n[parts.Inner]\nitems = [{ filler = 2 }]  # two\n";
    let outer = "# The outer one.\n[parts.Outer]\nitems = [{ part = \"Inner\", name = \"inner\" }]\n";
    let telegram = "[telegrams.T]\nitems = [{ part = \"Outer\", name = \"outer\" }]\n";
    let last = format!("# Parts.\n\n{outer}\n{telegram}\n{inner}");
    check(&last, &format!("# Parts.\n\n{inner}\n{outer}\n{telegram}"), &[]);
    let between = format!("{outer}\n{inner}\n# end of parts\n\n{telegram}");
    // A comment that stands apart stays where it is.
    check(&between, &format!("{inner}\n# end of parts\n\n{outer}\n{telegram}"), &[]);
    let middle = "[parts.Middle]\nitems = [{ part = \"Inner\", name = \"inner\" }]\n";
    let outermost = outer.replace("Inner", "Middle");
    check(
        &format!("{outermost}\n{middle}\n{inner}\n{telegram}"),
        &format!("{inner}\n{middle}\n{outermost}\n{telegram}"),
        &[],
    );
}

#[test]
fn parts_in_a_circle_stay() {
    let text = "[parts.A]\nitems = [{ part = \"B\", name = \"b\" }]\n\n[parts.B]\nitems = [{ part = \"A\", name = \"a\" }]\n\n[telegrams.T]\nitems = [{ part = \"A\", name = \"a\" }]\n";
    let mended = mend("a.toml", &format!("{HEAD}{text}"));
    assert!(mended.report.has_errors());
    assert_eq!(mend("a.toml", &mended.text).text, mended.text);
}

#[test]
fn an_equal_entry_is_taken_out_and_another_one_is_left() {
    check(
        "[codes.K]\ncodes = [\n  { code = \"20\", name = \"A\" },\n  { code = \"20\",  name = 'A' },  # again\n  { code = \"30\", name = \"B\" },\n  { code = \"30\", name = \"B\" },\n]\n\n[telegrams.T]\nitems = [{ name = \"k\", kind = \"code\", len = 2, codes = \"K\" }]\n\n[files.F]\nline_end = [\"lf\", \"crlf\", \"lf\"]\nrecords  = [{ telegram = \"T\" }]\n",
        "[codes.K]\ncodes = [\n  { code = \"20\", name = \"A\" },  # again\n  { code = \"30\", name = \"B\" },\n]\n\n[telegrams.T]\nitems = [{ name = \"k\", kind = \"code\", len = 2, codes = \"K\" }]\n\n[files.F]\nline_end = [\"lf\", \"crlf\"]\nrecords  = [{ telegram = \"T\" }]\n",
        &[],
    );
    let text = "[codes.K]\ncodes = [{ code = \"20\", name = \"A\" }, { code = \"20\", name = \"B\" }]\n\n[telegrams.T]\nitems = [{ name = \"k\", kind = \"code\", len = 2, codes = \"K\" }]\n";
    check(text, text, &["duplicate"]);
}

#[test]
fn an_equal_key_is_taken_out_and_another_one_is_left() {
    check(
        "[telegrams.T]\nlabel = \"x\"\nwhen = { k = \"20\", k = \"20\" }\nlabel = \"x\"\nitems = [{ name = \"k\", kind = \"text\", len = 2 }]\n",
        "[telegrams.T]\nlabel = \"x\"\nwhen = { k = \"20\" }\nitems = [{ name = \"k\", kind = \"text\", len = 2 }]\n",
        &[],
    );
    for other in [
        "when = { k = \"20\", k = \"30\" }\n",
        "label = \"x\"\nlabel = \"y\"\n",
        "label = \"x\"\nlabel = \"x\" # why\n",
    ] {
        let text = format!("[telegrams.T]\n{other}items = [{{ name = \"k\", kind = \"text\", len = 2 }}]\n");
        check(&text, &text, &["syntax"]);
    }
    let text = "[telegrams.T]\nitems = [{ filler = 1 }]\n\n[telegrams.T]\nitems = [{ filler = 1 }]\n";
    check(text, text, &["syntax"]);
}

#[test]
fn what_says_nothing_is_taken_out() {
    check(
        &items(
            "  { name = \"a\", kind = \"number\", len = 4, point = false },\n  { group = \"g\", max = 2, count = 2, items = [{ filler = 1 }] },",
        ),
        &items(
            "  { name = \"a\", kind = \"number\", len = 4 },\n  { group = \"g\", count = 2, items = [{ filler = 1 }] },",
        ),
        &[],
    );
    let text = items("  { group = \"g\", max = 3, count = 2, items = [{ filler = 1 }] },");
    check(&text, &text, &["conflicting-keys"]);
}

#[test]
fn blanks_behind_a_code_are_taken_out() {
    let text = |code: &str| {
        format!(
            "[codes.K]\ncodes = [{{ code = \"1\" }}, {{ code = \"{code}\" }}]\n\n[telegrams.T]\nitems = [{{ name = \"k\", kind = \"code\", len = 2, codes = \"K\" }}]\n"
        )
    };
    check(&text("2 "), &text("2"), &[]);
    check(&text("가 "), &text("가 "), &["bad-code"]);
}

#[test]
fn a_stated_length_or_offset_is_never_changed() {
    let text = "[telegrams.T]\nlen = 10\nitems = [\n  { filler = 4, at = 1 },\n  { filler = 5, at = 4 },\n]\n";
    check(text, text, &["length-mismatch", "offset-mismatch"]);
    // A length whose key was misspelt shows that the sum is wrong. It is mended all the same.
    check(
        "[telegrams.T]\nlen = 10\nitems = [{ name = \"a\", kind = \"text\", lne = 9 }]\n",
        "[telegrams.T]\nlen = 10\nitems = [{ name = \"a\", kind = \"text\", len = 9 }]\n",
        &["length-mismatch"],
    );
}

#[test]
fn the_bad_specs_are_mended_once_and_keep_their_numbers() {
    let numbers = |text: &str| -> Vec<String> {
        let words = text.split([' ', ',', '{', '}', '\n', '"']).filter(|word| !word.is_empty());
        let mut numbers: Vec<String> = words.filter(|word| word.parse::<u64>().is_ok()).map(str::to_owned).collect();
        numbers.sort();
        numbers
    };
    let mut count = 0;
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bad")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let mended = mend("bad.toml", &text);
        let again = mend("bad.toml", &mended.text);
        assert_eq!((&again.text, again.done.len()), (&mended.text, 0), "{}", path.display());
        let took_out = |finding: &&Finding| !matches!(finding.fix, Some(Fix::Write(_) | Fix::MoveUp(_)));
        if mended.done.iter().filter(took_out).count() == 0 {
            assert_eq!(numbers(&mended.text), numbers(&text), "{}", path.display());
        }
        count += mended.done.len();
    }
    assert!(count > 15, "{count}");
}
