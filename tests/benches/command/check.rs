//! `fep check` on a folder of 200 specs with 10,000 items in all.

use std::fmt::Write as _;
use std::path::Path;

use crate::seconds;

const SPECS: usize = 200;

/// The telegrams of a spec. With a header of ten items each, as many items as rows have 50 items.
const TELEGRAMS: usize = 4;

/// Prints the row.
pub(crate) fn measure(fep: &Path) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut items = 0;
    for number in 0..SPECS {
        let text = spec(number);
        items += text.matches("\n  { ").count();
        std::fs::write(folder.path().join(format!("bank-{number}.toml")), text).expect("writes a spec");
    }
    println!("| {SPECS} specs, {items} items | best, s | median, s |\n|---|--:|--:|");
    let path = folder.path().to_str().expect("a path");
    seconds(fep, &["check", path], "`fep check`");
}

/// A spec as a person writes it: letters, a list of codes, a header, and telegrams that a code tells apart.
fn spec(number: usize) -> String {
    let mut text = format!(
        "spec    = \"bank-{number}\"\ntitle   = \"은행 {number} 전문\"\nversion = \"2026-11-01\"\nsource  = \"a bench\"\ncharset = \"euc-kr\"\n\n\
         [types]\nN  = {{ kind = \"number\" }}\nNC = {{ kind = \"digits\", full = true }}\nH  = {{ kind = \"text\" }}\n\n\
         [codes.ResultCode]\nlabel = \"응답코드\"\ncodes = [ {{ code = \"00\", label = \"정상\" }}, {{ code = \"99\", label = \"오류\" }} ]\n\n\
         [parts.Header]\nlabel = \"공통부\"\nlen   = 71\nitems = [\n"
    );
    text.push_str("  { name = \"length\", label = \"전문길이\", type = \"N\", len = 4, computed = \"length\", counts = \"rest\" },\n");
    text.push_str("  { name = \"code\", label = \"종별코드\", type = \"NC\", len = 4 },\n");
    text.push_str("  { name = \"trace_no\", label = \"추적번호\", type = \"N\", len = 6 },\n");
    text.push_str("  { name = \"sent_on\", label = \"전송일자\", kind = \"date\", len = 8 },\n");
    text.push_str("  { name = \"sent_at\", label = \"전송시각\", kind = \"time\", len = 6 },\n");
    text.push_str("  { name = \"result\", label = \"응답코드\", kind = \"code\", len = 2, codes = \"ResultCode\" },\n");
    for name in ["sender", "receiver", "branch"] {
        let _ = writeln!(text, "  {{ name = \"{name}\", label = \"기관\", type = \"H\", len = 10 }},");
    }
    text.push_str("  { filler = 11, label = \"예비\" },\n]\n");
    for telegram in 0..TELEGRAMS {
        let _ = write!(
            text,
            "\n[telegrams.Telegram{telegram}]\nlabel = \"전문\"\nlen   = 200\nwhen  = {{ \"header.code\" = \"0{telegram}00\" }}\nitems = [\n  \
             {{ part = \"Header\", name = \"header\" }},\n"
        );
        for item in 0..3 {
            let _ = writeln!(text, "  {{ name = \"amount{item}\", label = \"금액\", type = \"N\", len = 13 }},");
            let _ = writeln!(
                text,
                "  {{ name = \"payee{item}\", label = \"수취인\", type = \"H\", len = 20, secret = true }},"
            );
        }
        text.push_str("  { name = \"count\", label = \"건수\", type = \"N\", len = 2 },\n");
        text.push_str("  { group = \"rates\", label = \"이율\", count = 3, type = \"N\", len = 5 },\n");
        text.push_str("  { filler = 13, label = \"예비\" },\n]\n");
    }
    text
}
