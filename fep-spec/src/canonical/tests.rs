//! The canonical form, by hand.

use super::*;

fn check_form(text: &str, expected: &str) {
    let formatted = format("a.toml", text).unwrap();
    assert_eq!(formatted, expected, "\n{formatted}");
    assert_eq!(format("a.toml", &formatted).unwrap(), formatted, "not its own canonical form:\n{formatted}");
}

#[test]
fn items_have_aligned_columns_as_far_as_their_keys_are_the_same() {
    check_form(
        r#"
[telegrams.A]
label = "가"
answer = "B"
items = [
  {name="id",label="번호",type="N",len=4,at=0,computed="length"},
  { name = "created_on", label = "일자", kind = "date", pattern = "YYMMDD", len = 6, at = 4 },
  { name = "a", label = "글", kind = "text", len = 10, at = 10, secret = true },
  { group = "names", label = "이름", count = "n", max = 3, part = "Name" },
  { filler = 5, label = "예비", at = 20 }, { filler = 15, label = "예비", at = 25 },
  { literal = "A", name = "mark" },
  { name = "unlabelled", type = "N", len = 1 },
  { group = "g", count = 2, items = [ { name = "x", type = "N", len = 1 }, { name = "yy", type = "N", len = 1, remark = "r" } ] },
]
"#,
        r#"[telegrams.A]
label  = "가"
answer = "B"
items  = [
  { name = "id",         label = "번호", type = "N",    len = 4,  at = 0,  computed = "length" },
  { name = "created_on", label = "일자", kind = "date", pattern = "YYMMDD", len = 6, at = 4 },
  { name = "a",          label = "글",   kind = "text", len = 10, at = 10, secret = true },
  { group = "names",     label = "이름", count = "n", max = 3, part = "Name" },
  { filler = 5,  label = "예비", at = 20 },
  { filler = 15, label = "예비", at = 25 },
  { literal = "A", name = "mark" },
  { name = "unlabelled", type = "N", len = 1 },
  { group = "g", count = 2, items = [
    { name = "x",  type = "N", len = 1 },
    { name = "yy", type = "N", len = 1, remark = "r" },
  ] },
]
"#,
    );
}

#[test]
fn comments_keep_their_place() {
    check_form(
        "#above\n#  the file\n\n\nspec='a'#behind\ncharset = \"ascii\"  # first line\n                   # second line\n# above types\n[types]#header\n\n\n\
         N = { kind = \"number\" }\n# the end of types\n\n# apart\n\n[parts.A]\nitems=[#open\n\n # first\n {filler=1},#one\n\n\n {filler=20}#two\n ,\n # end\n\n]#closed\n# end",
        "#above\n#  the file\n\nspec    = \"a\"      #behind\ncharset = \"ascii\"  # first line\n                   # second line\n\n# above types\n[types]  #header\n\
         N = { kind = \"number\" }\n# the end of types\n\n# apart\n\n[parts.A]\nitems = [  #open\n  # first\n  { filler = 1 },  #one\n\n  { filler = 20 },  #two\n  # end\n]  #closed\n# end\n",
    );
}

#[test]
fn a_table_with_a_comment_inside_has_one_key_a_line() {
    check_form(
        "a = { x = 1, # one\n # two\n y = 2 }\nb = [\n  1, # one\n  2\n]\n",
        "a = {\n  x = 1,  # one\n  # two\n  y = 2,\n}\nb = [\n  1,  # one\n  2,\n]\n",
    );
    check_form(
        "items = [\n { group = \"g\", items = [ # open\n { filler = 1 } ], # behind\n at = 1 } ]",
        "items = [\n  {\n    group = \"g\",\n    items = [  # open\n      { filler = 1 },\n    ],  # behind\n    at = 1,\n  },\n]\n",
    );
}

#[test]
fn a_key_and_its_value_come_to_stand_on_one_line() {
    for text in ["N = { kind =\n\"number\" }\n", "N = { kind\n\n= \"number\" }\n", "N = { kind\n=\n\n\"number\"\n}\n"] {
        check_form(text, "N = { kind = \"number\" }\n");
    }
    check_form(
        "N = { a = 1, kind # one\n = # two\n\n # three\n \"number\", b = 2 }\n",
        "N = {\n  a = 1,\n  # one\n  # two\n  # three\n  kind = \"number\",\n  b = 2,\n}\n",
    );
}

#[test]
fn only_quotes_that_say_nothing_change() {
    check_form(
        "'a b' = 'x'\n\"c\" = 'say \"x\"'\n\"S-\" = \"\\u0041\"\n01 = 0xFF\nd . 'e' = 1_000\n",
        "\"a b\" = \"x\"\nc     = 'say \"x\"'\n\"S-\"  = \"\\u0041\"\n\"01\"  = 0xFF\nd.e   = 1_000\n",
    );
}

#[test]
fn strings_of_several_lines_stay_as_they_are() {
    check_form(
        "a = \"\"\"\n  x\n   y  \"\"\"# behind\nitems = [ { name = 'a', remark = '''\n  it''' }, { name = 'bbb', len = 1 } ]\n",
        "a     = \"\"\"\n  x\n   y  \"\"\"  # behind\nitems = [\n  { name = \"a\", remark = '''\n  it''' },\n  { name = \"bbb\", len = 1 },\n]\n",
    );
}

#[test]
fn line_ends_are_those_of_the_last_line() {
    check_form("a = 1 # x\r\n\r\n\r\n[b]\r\n", "a = 1  # x\r\n\r\n[b]\r\n");
    check_form("a = 1\n[b]\r\n", "a = 1\r\n\r\n[b]\r\n");
    check_form("\u{FEFF}a=1\nb=\"\"\"x\r\ny\"\"\"\n", "a = 1\nb = \"\"\"x\r\ny\"\"\"\n");
}

#[test]
fn headers_of_tables_and_arrays_stay_where_they_are() {
    check_form(
        "[ a . 'b' ]\nx=1\n[[c]]\n[[ c ]]\n[d]\n# of d\n\n[e]\n",
        "[a.b]\nx = 1\n\n[[c]]\n\n[[c]]\n\n[d]\n\n# of d\n\n[e]\n".replace("[d]\n\n#", "[d]\n#").as_str(),
    );
    check_form("", "");
    check_form(" \n\n\t\n", "");
    check_form("a = []\nb = {}\nc = [ [1,2 ], [ ] ]\nd = [{ }]", "a = []\nb = {}\nc = [[1, 2], []]\nd = [\n  {},\n]\n");
}

#[test]
fn a_text_that_differs_is_a_finding_at_its_first_line_that_differs() {
    let finding = check("a.toml", "a = 1\nb=2\n").unwrap().unwrap();
    let expected = "a.toml:2:1: warning: differs from the canonical form from here on (write `b = 2`; `fep fmt` rewrites the file)";
    assert_eq!(finding.to_string(), expected);
    assert_eq!(check("a.toml", "a = 1\nb = 2\n"), Ok(None));
    assert_eq!(check("a.toml", "a = 1").unwrap().map(|finding| finding.line), Some(1));
    assert_eq!(check("a.toml", "a = 1\n\n\n").unwrap().map(|finding| finding.line), Some(2));
    assert_eq!(check("a.toml", "a = 1\r\n"), Ok(None));
    assert!(check("a.toml", "a = ").is_err());
}
