//! Plans with one mistake each. The message names the mistake and what to write instead.

use super::*;

const PLAN: &str = r#"
spec = "file-a.toml"
connect = "bank.example:9300"
set = { "header.institution" = "20260001" }
[answers]
code = "header.response_code"
ok = "000"
there = "630"
refused = "900"
[start]
telegram = "Work"
when = { management = "001" }
[offer]
telegram = "FileInfo"
name = "file_name"
size = "file_size"
[data]
telegram = "Data"
block = "block_no"
sequence = "sequence_no"
data = "data"
bytes = 1000
pieces = 100
[check]
telegram = "Check"
block = "block_no"
last = "last_sequence"
missing = "missing"
marks = { here = "1", missing = "0" }
[end_of_file]
telegram = "Work"
when = { management = "003" }
[end]
telegram = "Work"
when = { management = "004" }
"#;

fn load(text: &str) -> Result<Plan, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file-a.toml"), include_str!("../../../specs/file-a/file-a.toml")).unwrap();
    let path = folder.path().join("plan.toml");
    std::fs::write(&path, text).unwrap();
    Plan::load(&path).map_err(|error| error.to_string())
}

#[test]
fn what_a_plan_leaves_out_has_a_default() {
    let plan = load(PLAN).unwrap();
    assert_eq!(plan.line, Line::Connect("bank.example:9300".to_owned()));
    assert_eq!((plan.answer_timeout, plan.idle_timeout), (Duration::from_secs(30), Duration::from_secs(60)));
    assert_eq!((plan.file_max_bytes, plan.utc_offset_minutes, plan.check.rounds_max), (1 << 30, 540, 5));
    assert_eq!((plan.answers.other.as_str(), plan.answers.incomplete.as_str()), ("900", "900"));
    assert_eq!(plan.data.again.name, "Data");
    assert_eq!((plan.remember_days, plan.connections_max), (30, 8));
    assert!(plan.blocks(1 << 30).is_some() && plan.blocks((1 << 30) + 1).is_none());
}

#[test]
fn each_mistake_is_named() {
    for (from, to, message) in [
        ("header.response_code", "header.respons_code", "`WorkAnswer` has no field `header.respons_code`"),
        ("header.response_code", "", "has no field ``"),
        ("there = \"630\"", "there = \"000\"", "`ok` and `there` are the same code"),
        ("refused = \"900\"", "refused = \"630\"", "`refused` and `there` are the same code"),
        ("refused = \"900\"", "refused = \"900\"\nincomplete = \"000\"", "`incomplete` and `ok` are the same code"),
        ("refused = \"900\"", "refused = \"9000\"", "WorkAnswer"),
        ("refused = \"900\"", "refused = \"900\"\nother = \"ABC\"", "WorkAnswer"),
        ("data = \"data\"", "data = \"data\"\nagain = \"Check\"", "`Check` has no field `sequence_no`"),
        ("management = \"001\"", "management = \"{MM}1\"", "names in braces are for `set`"),
        ("connect = \"bank.example:9300\"", "", "there is neither `connect` nor `listen`"),
        ("connect = \"bank", "listen = \"0.0.0.0:1\"\nconnect = \"bank", "there is both `connect` and `listen`"),
        ("bank.example:9300", "bank.example", "`bank.example` is no host with a port"),
        ("bank.example:9300", ":9300", "`:9300` is no host with a port"),
        ("header.institution", "header.institute", "no telegram of file-a has a field `header.institute`"),
        ("refused = \"900\"", "", "`refused` is missing"),
        ("\"FileInfo\"", "\"FileInf\"", "did you mean `FileInfo`?"),
        ("\"FileInfo\"", "\"Data\"", "`Data` has no answer"),
        ("data = \"data\"", "data = \"block_no\"", "`block_no` does not take any bytes"),
        ("data = \"data\"", "data = \"dat\"", "`Data` has no field `dat`"),
        ("bytes = 1000", "bytes = 0", "bytes"),
        ("pieces = 100", "pieces = 3001", "pieces"),
        ("bytes = 1000", "bytes = 1000000", "a block has more than 16 MiB"),
        ("missing = \"missing\"", "missing = \"marks\"", "`CheckAnswer` has no field `marks`"),
        ("here = \"1\"", "here = \"0\"", "both marks are the same"),
        ("here = \"1\"", "here = \"10\"", "`10` is no mark"),
        ("when = { management = \"004\" }", "", "`end_of_file` and `end` are both Work and cannot be told apart"),
        ("when = { management = \"004\" }", "when = { management = \"001\" }", "`start` and `end` are both Work"),
        ("[end]\n", "[end]\nexpect = { }\n", "unknown key `expect`"),
        ("marks = {", "rounds_max = 0\nmarks = {", "rounds_max"),
    ] {
        assert!(PLAN.contains(from), "{from}");
        let error = load(&PLAN.replacen(from, to, 1)).expect_err(message);
        assert!(error.contains(message), "{to}: {error}");
    }
}
