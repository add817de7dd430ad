//! `fep-gateway journal`, as a person or a program runs it: beside a running gateway, and with files of all kinds.
//!
//! SQLite itself says what is in the files, by SQL that is written here.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use fep_gateway::journal::{CaseOpener, Journal, OpenOptions, Whose};
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::harness::{Bench, GOOD_BANK, transfer};

/// Each fact as the export must write it.
const EXPECTED: &str = "
    SELECT json_patch('{}', json_object('number', number,
        'at', strftime('%Y-%m-%dT%H:%M:%S', at_ms / 1000, 'unixepoch') || printf('.%03dZ', at_ms % 1000),
        'institution', institution, 'line', line, 'kind', kind, 'class', class,
        'direction', CASE kind WHEN 'sent' THEN 'out' WHEN 'received' THEN 'in' WHEN 'surplus' THEN 'in' END,
        'exchange', lower(hex(exchange)), 'telegram', telegram, 'trace', trace, 'outcome', outcome, 'reason', reason,
        'bytes', lower(hex(bytes))))
    FROM facts";

/// Runs `fep-gateway journal` with arguments in one text.
pub(crate) fn journal(arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fep-gateway"));
    command.env_remove("RUST_LOG").arg("journal").args(arguments.split(' ')).output().unwrap()
}

/// The lines of an export that must succeed.
#[track_caller]
fn export(arguments: &str) -> Vec<Json> {
    let output = journal(&format!("export {arguments}"));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && stderr.is_empty(), "{arguments}: {stderr}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The facts in a file by SQLite. `conditions` follows `FROM facts`.
fn expected(file: &Path, conditions: &str) -> Vec<Json> {
    let connection = rusqlite::Connection::open(file).unwrap();
    let mut statement = connection.prepare(&format!("{EXPECTED} {conditions} ORDER BY number")).unwrap();
    let lines = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let mut facts: Vec<Json> = lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    // hex(NULL) is empty in SQLite.
    for fact in &mut facts {
        fact.as_object_mut().unwrap().retain(|_, value| value != "");
    }
    facts
}

#[track_caller]
pub(crate) fn check_refused(arguments: &str, message: &str) {
    let output = journal(arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments}: {stderr}");
    assert!(stderr.contains(message), "{arguments}: {stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(output.stdout.is_empty());
}

/// A folder with a journal that no gateway uses. It has `facts` notices of bank-a, one a second from 2026-11-26T00:00:00Z on.
async fn closed_journal(facts: u32) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let options = OpenOptions {
        path: path.clone(),
        institutions: vec!["bank-a".to_owned()],
        now_ms: 0,
        rate_span_max_ms: 0,
        quarantine_max_ms: 0,
        closed_keep_max_ms: 0,
        opener: CaseOpener::default(),
        begin_anew: false,
        is_test: false,
        key_file: None,
        archive: None,
        postgres: None,
        instances_max: 1,
        whose: Whose::default(),
    };
    Journal::open(&options).unwrap().journal.close().await;
    sql(
        &path,
        &format!(
            "WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < {facts})
             INSERT INTO facts (at_ms, institution, kind, class, bytes)
             SELECT 1795651200000 + n * 1000, iif(n % 2, 'bank-b', 'bank-a'), 'received', 'notice', randomblob(100) FROM n"
        ),
    );
    (folder, path)
}

pub(crate) fn sql(file: &Path, sql: &str) {
    rusqlite::Connection::open(file).unwrap().execute_batch(sql).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_are_exported_while_the_gateway_writes_them() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let file = bench.journal();
    let journal = format!("--journal {}", file.display());
    let mut partial = Vec::new();
    for memo in ["one", "decline", "silence"] {
        let (_, reply) = bench.transfer(&transfer(memo), None).await;
        assert!(reply["outcome"].is_string(), "{reply}");
        partial.push(export(&journal));
    }
    let whole = export(&journal);
    assert_eq!(whole, expected(&file, ""));
    for (number, fact) in whole.iter().enumerate() {
        assert_eq!(fact["number"], number + 1);
    }
    for part in partial {
        assert_eq!(part, whole[..part.len()], "an earlier export is the beginning of a later one");
    }
    let outcomes: Vec<_> = whole.iter().filter_map(|fact| fact["outcome"].as_str()).collect();
    assert_eq!(outcomes, ["answered", "answered", "unknown"]);

    let unknown = whole.iter().find(|fact| fact["outcome"] == "unknown").unwrap();
    let id = unknown["exchange"].as_str().unwrap();
    let of_one = export(&format!("{journal} --exchange {id}"));
    let classes: Vec<_> = of_one.iter().map(|fact| (fact["kind"].as_str(), fact["class"].as_str())).collect();
    assert_eq!(classes, [(Some("sent"), Some("request")), (Some("outcome"), None)]);
}

#[tokio::test]
async fn a_filter_and_a_page_lose_nothing() {
    let (folder, file) = closed_journal(5000).await;
    let journal = format!("--journal {}", file.display());
    let all = export(&journal);
    assert_eq!(all, expected(&file, ""));
    assert_eq!(all.len(), 5000);
    assert_eq!(export(&format!("{journal} --institution bank-b")), expected(&file, "WHERE institution = 'bank-b'"));
    // 2026-11-26T00:30:00Z is the fact 1801, and 01:00:00Z is the fact 3601.
    let hour = "--since 2026-11-26T09:30:00+09:00 --until 2026-11-26T01:00:00Z";
    assert_eq!(export(&format!("{journal} {hour}")), expected(&file, "WHERE number BETWEEN 1801 AND 3600"));
    assert_eq!(export(&format!("--journal {}", folder.path().display())), all, "the folder has one journal");
}

#[tokio::test]
async fn archives_are_read_before_what_follows_and_nothing_is_read_twice() {
    let (folder, file) = closed_journal(3000).await;
    let all = expected(&file, "");
    let archive = folder.path().join("journal-2026-11-26.sqlite");
    std::fs::copy(&file, &archive).unwrap();
    sql(&archive, "DELETE FROM facts WHERE number > 1000");
    sql(&file, "DELETE FROM facts WHERE number <= 900");
    assert_eq!(export(&format!("--journal {} --journal {}", file.display(), archive.display())), all);
    assert_eq!(export(&format!("--journal {}", folder.path().display())), all);

    let (_other_folder, other) = closed_journal(1).await;
    let both = format!("export --journal {} --journal {}", file.display(), other.display());
    check_refused(&both, "this file belongs to another journal than the first one");
}

#[tokio::test]
async fn a_gap_between_facts_is_an_error_after_all_others_were_written() {
    let (_folder, file) = closed_journal(5000).await;
    sql(&file, "DELETE FROM facts WHERE number < 3 OR number IN (2048, 2049, 4000)");
    let output = journal(&format!("export --journal {}", file.display()));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr.contains("the facts 2048 to 2049 are not in these files, all others were written"), "{stderr}");
    assert_eq!(output.stdout.iter().filter(|byte| **byte == b'\n').count(), 4995);
}

#[tokio::test]
async fn a_reader_that_leaves_ends_the_export_quietly() {
    let (_folder, file) = closed_journal(5000).await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_fep-gateway"));
    command.arg("journal").arg("export").arg("--journal").arg(&file).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    // Dropping the reader closes the pipe. The output is larger than any pipe.
    BufReader::with_capacity(1, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(
        line.starts_with(r#"{"number":1,"at":"2026-11-26T00:00:00.000Z","institution":"bank-a","kind":"received""#)
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(0), String::new()));
}

#[tokio::test]
async fn a_file_that_is_no_journal_of_this_version_is_refused() {
    let (folder, file) = closed_journal(1).await;
    let path = |name: &str| folder.path().join(name);
    let check =
        |name: &str, message: &str| check_refused(&format!("export --journal {}", path(name).display()), message);
    check("missing.db", "missing.db: there is no such file");
    std::fs::create_dir(path("empty")).unwrap();
    check("empty", "there is no journal file (*.sqlite) in this folder");
    std::fs::write(path("text.db"), "a text, and longer than the head of any file of SQLite is: ".repeat(20)).unwrap();
    check("text.db", "this is not a journal: it is not an SQLite file");
    std::fs::write(path("empty.db"), "").unwrap();
    check("empty.db", "this is not a journal: it has no table of facts");
    check("journal.index.sqlite", "this is not a journal: it has no table of facts");
    std::fs::copy(&file, path("newer.db")).unwrap();
    sql(&path("newer.db"), "PRAGMA user_version = 99");
    check("newer.db", "the journal has version 99, this command reads version 6: use a newer fep-gateway");
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/journal-v1.db");
    std::fs::copy(old, path("old.db")).unwrap();
    check(
        "old.db",
        "the journal has version 1, this command reads version 6: keep a copy of the file, then start the gateway",
    );
    let readable = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/journal-v3.db");
    assert_eq!(
        export(&format!("--journal {}", readable.display())).len(),
        9,
        "archives of version 3 are read as they are"
    );
    std::fs::copy(&file, path("strange.db")).unwrap();
    sql(&path("strange.db"), "INSERT INTO facts (at_ms, institution, kind) VALUES (0, 'bank-a', 'rumour')");
    let output = journal(&format!("export --journal {}", path("strange.db").display()));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("it has a fact of kind rumour and class none, which"));
}
