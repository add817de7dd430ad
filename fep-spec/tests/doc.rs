//! `fep doc`: one file per spec, the index, what is refused, and exit codes.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a helper of a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_path_buf()
}

/// The exit code, stdout and stderr of `fep doc`.
fn doc(args: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_fep")).arg("doc").args(args).current_dir(root()).output();
    let output = output.expect("fep runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}

/// A spec whose texts try to become markup.
const HOSTILE: &str = r#"
spec    = "hostile"
title   = "<script>alert(1)</script> & \"quotes\" | `ticks`"
version = "1|2"
source  = "a\nb"
charset = "euc-kr"

[codes.Mark]
label = "<b>굵게</b>"
codes = [ { code = "<", label = "]](x)|" }, { code = "'", label = "\"'" } ]

[telegrams.Only]
label  = "</table><script>alert(2)</script>"
remark = "줄\n바꿈 | 끝"
items  = [
  { name = "a", label = "<img src=x onerror=alert(3)>", kind = "text", len = 4, remark = "| a | b |\n|---|---|" },
  { name = "b", label = "\"'&", kind = "code", len = 1, codes = "Mark" },
  { literal = "</td>|", label = "--><!--" },
]
"#;

fn spec_file(folder: &Path, text: &str) -> String {
    let path = folder.join("spec.toml");
    fs::write(&path, text).expect("a spec file");
    path.display().to_string()
}

#[test]
fn one_spec_is_one_file_and_existing_files_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("new/sheets");
    let shown = out.display().to_string();
    let args = ["specs/bank-a/bank-a.toml", "--to", "md", "-o", &shown];
    let (code, stdout, messages) = doc(&args);
    assert_eq!((code, &*stdout, &*messages), (Some(0), "", &*format!("fep: {shown}: 1 file\n")));
    assert_eq!(names(&out), ["bank-a.md"]);
    let written = out.join("bank-a.md");
    let text = fs::read_to_string(&written).expect("a page");
    assert!(text.starts_with("# Bank A 펌뱅킹 전문\n") && text.contains("| 출금계좌번호 "), "{text}");

    fs::write(&written, "mine").expect("a file");
    let (code, _, messages) = doc(&args);
    assert_eq!(code, Some(2));
    assert_eq!(messages, format!("fep: {} is there already: --force overwrites it\n", written.display()));
    assert_eq!(fs::read_to_string(&written).expect("a page"), "mine");
    assert_eq!(doc(&[&args[..], &["--force"]].concat()).0, Some(0));
    assert_eq!(fs::read_to_string(&written).expect("a page"), text);
}

#[test]
fn several_specs_have_an_index_and_none_is_written_if_one_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let shown = folder.path().display().to_string();
    // A spec that is named twice is written once.
    let args =
        ["specs/host-b", "specs/kftc-cms/kftc-cms.toml", "specs/host-b", "--to", "md", "--lang", "en", "-o", &shown];
    assert_eq!(doc(&args).0, Some(0));
    assert_eq!(names(folder.path()), ["host-b.md", "index.md", "kftc-cms.md"]);
    let index = fs::read_to_string(folder.path().join("index.md")).expect("the index");
    assert!(index.contains("(host-b.md)") && index.contains("(kftc-cms.md)") && index.contains("| Version"), "{index}");

    fs::remove_file(folder.path().join("host-b.md")).expect("a file");
    assert_eq!(doc(&args).0, Some(2));
    assert_eq!(names(folder.path()), ["index.md", "kftc-cms.md"]);
}

/// The samples are those beside the spec. What is no sample is named, and the page is written.
#[test]
fn html_has_samples_and_names_what_is_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = |from: &str, to: &str| {
        let to = folder.path().join(to);
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        fs::copy(root().join(from), to).expect("a copy");
    };
    copy("specs/bank-a/bank-a.toml", "bank-a.toml");
    copy("specs/bank-a/samples/transfer.bin", "samples/transfer.bin");
    let odd = folder.path().join("samples/odd.bin");
    fs::write(&odd, "no telegram").expect("a file");
    let spec = folder.path().join("bank-a.toml").display().to_string();
    let out = folder.path().join("out");
    let shown = out.display().to_string();
    let (code, stdout, messages) = doc(&[&spec, "--to", "html", "-o", &shown]);
    assert_eq!((code, &*stdout), (Some(0), ""), "{messages}");
    assert!(messages.contains(&format!("fep: {} is left out: ", odd.display())), "{messages}");
    let text = fs::read_to_string(out.join("bank-a.html")).expect("a page");
    assert!(
        text.starts_with("<!doctype html>\n<html lang=ko>") && text.contains("<code>transfer.bin</code>"),
        "{text}"
    );
    assert!(text.contains("명세에서 만든 것"), "a telegram without a sample has one that was made");
    let again = doc(&[&spec, "--to", "html", "-o", "-"]).1;
    assert!(again == text, "the same spec makes the same bytes");
}

#[test]
fn a_single_sheet_can_go_to_stdout() {
    let (code, text, messages) = doc(&["specs/van-d/van-d.toml", "--to", "md", "--lang", "en", "-o", "-"]);
    assert_eq!((code, &*messages), (Some(0), ""));
    assert!(text.starts_with("# VAN D") && text.ends_with("|\n"), "{text}");
    let (code, text, messages) = doc(&["specs", "--to", "md", "-o", "-"]);
    assert_eq!((code, &*text, &*messages), (Some(2), "", "fep: 13 sheets cannot go to stdout; name a folder\n"));
}

#[test]
fn what_cannot_be_written_or_read_ends_with_two() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("a file");
    let shown = file.join("below").display().to_string();
    let (code, _, messages) = doc(&["specs/bank-a", "--to", "md", "-o", &shown]);
    assert_eq!(code, Some(2));
    assert!(messages.starts_with(&format!("fep: cannot write {shown}: ")), "{messages}");

    let out = folder.path().display().to_string();
    let bad = spec_file(folder.path(), "spec = \"x\"\n");
    let (code, _, messages) = doc(&[&bad, "--to", "md", "-o", &out]);
    assert!(
        code == Some(2)
            && messages.contains("`title` is missing")
            && messages.ends_with("fep: the spec cannot be used\n"),
        "{messages}"
    );
    let (code, _, messages) = doc(&["no/such.toml", "--to", "md", "-o", &out]);
    assert!(code == Some(2) && messages.starts_with("fep: cannot read no/such.toml: "), "{messages}");
    assert_eq!(doc(&["specs/bank-a", "--to", "pdf", "-o", &out]).0, Some(2));
    assert_eq!(names(folder.path()), ["file", "spec.toml"]);
}

#[test]
fn two_specs_of_one_name_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let other = spec_file(folder.path(), &HOSTILE.replace("\"hostile\"", "\"van-d\""));
    let out = folder.path().join("out").display().to_string();
    let (code, _, messages) = doc(&["specs/van-d", &other, "--to", "md", "-o", &out]);
    assert!(code == Some(2) && messages.contains("is called `van-d` too"), "{messages}");
    let index = spec_file(folder.path(), &HOSTILE.replace("\"hostile\"", "\"index\""));
    let (code, _, messages) = doc(&["specs/van-d", &index, "--to", "md", "-o", &out]);
    assert!(code == Some(2) && messages.contains("the name of the index file"), "{messages}");
    assert_eq!(doc(&[&index, "--to", "md", "-o", &out]).0, Some(0));
}

#[test]
fn no_text_of_a_spec_becomes_markup_in_markdown() {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = spec_file(folder.path(), HOSTILE);
    let (code, text, messages) = doc(&[&spec, "--to", "md", "-o", "-"]);
    assert_eq!(code, Some(0), "{messages}");
    let tags: Vec<&str> = text.split('<').skip(1).filter_map(|rest| rest.split(['>', ' ']).next()).collect();
    assert!(tags.iter().all(|tag| ["a", "/a", "br"].contains(tag)), "{tags:?}");
    assert!(text.contains("\\| a \\| b \\|<br>\\|---\\|---\\|"), "{text}");
    assert!(
        text.contains("## <a id=\"t-Only\"></a>&lt;/table&gt;&lt;script&gt;alert(2)&lt;/script&gt; (Only)"),
        "{text}"
    );
}
