//! Exports of real journals. The telegrams are written here at fixed offsets, never by the codec.

use std::cell::Cell as Left;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use fep_protocol::exchange::{Caller, ExchangeId, Outcome, TelegramBytes};
use fep_protocol::fact::{Class, Fact, Idempotency, Reason, SentClass, What};

use super::*;
use crate::journal::seal::new_key;
use crate::journal::{CaseOpener, Journal, Lane, OpenOptions, Whose};
use crate::time;

/// Noon of 2026-11-26 at the institution: 03:00 UTC.
const NOON_MS: i64 = 1_795_662_000_000;

/// The day after at the same time.
const NEXT_NOON_MS: i64 = NOON_MS + 86_400_000;

/// 2026-11-26, in days since 1970-01-01, by `date -d 2026-11-26 +%s`.
const DAY: i64 = 20_783;

const CONFIG: &str = r#"
[journal]
path = "JOURNAL"
[institutions.bank-a]
spec = "specs/bank-a/bank-a.toml"
key = ["header.trace_no", "header.sent_date"]
trace = "header.trace_no"
framing = { length_digits = 4, counts = "rest", frame_max_bytes = 1000 }
[institutions.bank-a.session]
echo_test = "EchoTest"
[[institutions.bank-a.lines]]
name = "main"
connect = "127.0.0.1:1"
"#;

fn config(journal: &Path) -> Config {
    let text = CONFIG.replace("JOURNAL", &journal.display().to_string());
    Config::parse("test.toml", &text, Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap_or_else(|error| panic!("{error}"))
}

/// The same telegrams with few fields, so that an export has few steps.
const SMALL: &str = r#"
spec = "small"
title = "small"
version = "1"
source = "this test"
charset = "ascii"
[parts.All]
items = [
  { name = "front", kind = "text", len = 24 },
  { name = "code", kind = "digits", len = 4 },
  { name = "kind", kind = "digits", len = 4 },
  { name = "trace_no", kind = "number", len = 6 },
  { name = "rest", kind = "text", len = 262 },
]
[telegrams.Transfer]
when = { "all.code" = "0100" }
answer = "TransferAnswer"
items = [{ part = "All", name = "all" }]
[telegrams.TransferAnswer]
like = "Transfer"
when = { "all.code" = "0110" }
"#;

fn small_config(journal: &Path) -> Config {
    let spec = journal.with_file_name("small.toml");
    std::fs::write(&spec, SMALL).unwrap();
    let text = CONFIG.replace("JOURNAL", &journal.display().to_string()).replace("header.sent_date", "all.kind");
    let text = text.replace("header.trace_no", "all.trace_no").replace("specs/bank-a/bank-a.toml", "small.toml");
    let text = text.replace("[institutions.bank-a.session]\necho_test = \"EchoTest\"\n", "");
    Config::parse("test.toml", &text, spec.parent().unwrap()).unwrap_or_else(|error| panic!("{error}"))
}

fn request(to: &Path, until: Until) -> Request {
    Request {
        to: to.to_owned(),
        until,
        institutions: None,
        hash_key_file: None,
        again: false,
        journal: None,
        now_ms: NEXT_NOON_MS + 86_400_000,
        noted_facts: 3,
    }
}

/// 300 bytes by the sheet: the header in the first 100, the amount at 116, the accounts at 100 and 146, the memo at 191.
fn telegram(code: &str, response: &str, trace: u32, amount: u64, memo: &str) -> TelegramBytes {
    let header = format!("0296FEPTEST01FEPCO001099{code}1001{trace:06}20261126120000{response:4}T{trace:013}{:30}", "");
    let body = format!(
        "{:16}{amount:013} {:013}088{:16}{:09}{:20}{memo:14}253788{:89}",
        "1002345678901", 0, "3333011234567", 0, "", ""
    );
    TelegramBytes::copy_of(format!("{header}{body}").as_bytes())
}

fn id(serial: u32) -> ExchangeId {
    ExchangeId::new(NOON_MS - 500, serial, 7)
}

fn fact(at_ms: i64, what: What, serial: u32) -> Fact {
    Fact { what, line: Some(("main".into(), 1)), exchange: Some(id(serial)), ..Fact::new("bank-a".into(), at_ms) }
}

fn sent(at_ms: i64, serial: u32, memo: &str) -> Fact {
    Fact {
        telegram: Some("Transfer".into()),
        trace: Some(serial.to_string().into()),
        idempotency: Some(Box::new(Idempotency { key: format!("order-{serial}").into(), digest: [0; 16] })),
        caller: Some(Arc::new(Caller { client: Some("shop".into()), ..Caller::default() })),
        bytes: telegram("0100", "", serial, 1000 + u64::from(serial), memo),
        ..fact(at_ms, What::Sent(SentClass::Request), serial)
    }
}

fn answered(at_ms: i64, serial: u32, class: Class, code: &str) -> Fact {
    Fact {
        telegram: Some("TransferAnswer".into()),
        outcome: (class == Class::Answer).then_some(Outcome::Answered),
        code: Some(code.into()),
        bytes: telegram("0110", code, serial, 1000 + u64::from(serial), ""),
        ..fact(at_ms, What::Received(class), serial)
    }
}

fn unknown(at_ms: i64, serial: u32) -> Fact {
    Fact {
        telegram: Some("Transfer".into()),
        outcome: Some(Outcome::Unknown),
        reason: Some(Reason::new("no answer in time", "no_answer")),
        ..fact(at_ms, What::Outcome, serial)
    }
}

async fn store(lane: &Lane, facts: impl IntoIterator<Item = Fact>) {
    let last = facts.into_iter().map(|fact| lane.append(fact).unwrap()).last().unwrap();
    lane.flush();
    while lane.progress().durable < last {
        lane.changed().await;
    }
}

/// Two days: 1 is answered, 2 is unknown and settled the day after, 3 is declined after midnight, 4 is of the second day.
fn days() -> [Vec<Fact>; 2] {
    let first = vec![
        sent(NOON_MS, 1, "=1+1,\"a\""),
        answered(NOON_MS + 70, 1, Class::Answer, "0000"),
        sent(NOON_MS + 100, 2, ""),
        // The clock was wrong for a moment. That must not hold back what follows.
        unknown(NOON_MS + 400 * 86_400_000, 2),
        // The last second of the business date.
        sent(NOON_MS + 12 * 3_600_000 - 1, 3, ""),
    ];
    let second = vec![
        answered(NOON_MS + 12 * 3_600_000, 3, Class::Answer, "0110"),
        answered(NEXT_NOON_MS, 2, Class::Late, "0000"),
        sent(NEXT_NOON_MS, 4, ""),
        answered(NEXT_NOON_MS + 900, 4, Class::Answer, "0000"),
    ];
    [first, second]
}

/// A journal with these facts, in files.
async fn journal(path: &Path, facts: impl IntoIterator<Item = Fact>, key_file: Option<&Path>) {
    let options = OpenOptions {
        path: path.to_owned(),
        institutions: vec!["bank-a".to_owned()],
        now_ms: NEXT_NOON_MS,
        quarantine_max_ms: 60_000,
        rate_span_max_ms: 0,
        closed_keep_max_ms: 60_000,
        opener: CaseOpener::default(),
        begin_anew: false,
        is_test: false,
        key_file: key_file.map(Path::to_owned),
        archive: None,
        postgres: None,
        instances_max: 1,
        whose: Whose::default(),
    };
    let opened = Journal::open(&options).unwrap_or_else(|error| panic!("{error}"));
    store(&opened.lanes[0].1, facts).await;
    opened.journal.close().await;
}

/// The rows of a table: the values of these columns.
fn rows<const N: usize>(exported: &Exported, file: &str, columns: [&str; N]) -> Vec<[String; N]> {
    let mut reader = csv::Reader::from_path(exported.folder.join(file)).unwrap();
    let header = reader.headers().unwrap().clone();
    let places = columns.map(|column| header.iter().position(|name| name == column).unwrap());
    reader.records().map(|row| row.unwrap()).map(|row| places.map(|place| row[place].to_owned())).collect()
}

/// All files below a folder with their bytes, except the lock.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            all.extend(tree(&entry.path()).into_iter().map(|(below, bytes)| (format!("{name}/{below}"), bytes)));
        } else if name != ".lock" {
            all.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
    all
}

const SHOWN: [&str; 9] = [
    "exchange",
    "revision",
    "business_date",
    "outcome",
    "response_code",
    "accepted",
    "settled_by",
    "latency_ms",
    "answer_fact",
];

fn shown(serial: u32, rest: [&str; 8]) -> [String; 9] {
    let mut all = [""; 9].map(str::to_owned);
    all[0] = id(serial).to_string();
    all[1..].iter_mut().zip(rest).for_each(|(to, from)| from.clone_into(to));
    all
}

#[tokio::test]
async fn each_fact_is_in_one_export_and_what_comes_late_revises_its_exchange() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    journal(&path, days().concat(), None).await;
    let config = config(&path);
    let to = folder.path().join("exports");
    let first = export(&config, &request(&to, Until::Date(DAY))).unwrap();
    let expected = [
        shown(1, ["2", "2026-11-26", "answered", "0000", "true", "", "570", "2"]),
        shown(2, ["4", "2026-11-26", "unknown", "", "", "", "34560000500", ""]),
        shown(3, ["5", "2026-11-26", "", "", "", "", "", ""]),
    ];
    assert_eq!(rows(&first, "exchanges.csv", SHOWN), expected);
    let second = export(&config, &request(&to, Until::Ended)).unwrap();
    let expected = [
        shown(3, ["6", "2026-11-26", "answered", "0110", "false", "", "43200500", "6"]),
        shown(2, ["7", "2026-11-26", "unknown", "0000", "true", "late_answer", "34560000500", "7"]),
        shown(4, ["9", "2026-11-27", "answered", "0000", "true", "", "86401400", "9"]),
    ];
    assert_eq!(rows(&second, "exchanges.csv", SHOWN), expected);
    let facts = |exported: &Exported| (exported.manifest.plan.first_fact, exported.manifest.plan.last_fact);
    assert_eq!((facts(&first), facts(&second)), ((1, 5), (6, 9)));
    assert_eq!(second.manifest.exchanges, BTreeMap::from([("2026-11-26".to_owned(), 2), ("2026-11-27".to_owned(), 1)]));

    // A telegram, field by field: amounts as numbers, dates as dates, a text that a spreadsheet would take for a formula as it is.
    let columns = [
        "fep_fact",
        "amount",
        "header__sent_date",
        "header__trace_no",
        "passbook_memo",
        "withdraw_account_hash",
        "fep_class",
    ];
    let row = |fact: &str, amount: &str, trace: &str, memo: &str| {
        [fact, amount, "2026-11-26", trace, memo, "", "request"].map(str::to_owned)
    };
    let expected = [row("1", "1001", "1", "=1+1,\"a\""), row("3", "1002", "2", ""), row("5", "1003", "3", "")];
    assert_eq!(rows(&first, "bank-a.Transfer.csv", columns), expected);
    let table = first.manifest.tables.iter().find(|table| table.file == "bank-a.Transfer.csv").unwrap();
    assert_eq!((table.rows, &*table.sums["amount"]), (3, "3006"));
    // Duties of a line have no table.
    assert!(first.manifest.tables.iter().all(|table| !table.file.contains("Echo")));

    // What is exported is not exported again, and the date of today has not ended.
    assert!(export(&config, &request(&to, Until::Date(DAY))).unwrap().was_there);
    let why = export(&config, &request(&to, Until::Date(DAY - 1))).unwrap_err().to_string();
    assert!(why.starts_with("2026-11-25 was not exported before 2026-11-27"), "{why}");
    let why = export(&config, &request(&to, Until::Date(DAY + 2))).unwrap_err().to_string();
    assert!(why.starts_with("the business date 2026-11-28 ends at 2026-11-28T15:00:00.000Z"), "{why}");
    let before = tree(&to);
    let again = export(&config, &Request { again: true, ..request(&to, Until::Date(DAY)) }).unwrap();
    assert_eq!((again.was_there, tree(&to) == before), (false, true));
    let other = Request { institutions: Some(["bank-a".to_owned()].into()), ..request(&to, Until::Now) };
    let why = export(&config, &other).unwrap_err().to_string();
    assert!(why.contains("has exports of all institutions"), "{why}");
    // Nothing happened since, and the date goes on: an export without rows, and the next one of the same date.
    let names = [1, 2].map(|_| export(&config, &request(&to, Until::Now)).unwrap().manifest.plan.name);
    assert_eq!(names, ["2026-11-28", "2026-11-28.2"]);
}

/// Exports both days, and the first one again. Ends when the steps end.
fn whole(config: &Config, to: &Path, left: Option<u64>) -> Result<(), ExportError> {
    let disk = Disk { left: Some(Rc::new(Left::new(left.unwrap_or(u64::MAX)))) };
    export_on(config, &request(to, Until::Date(DAY)), disk.clone())?;
    export_on(config, &request(to, Until::Ended), disk.clone())?;
    export_on(config, &Request { again: true, ..request(to, Until::Date(DAY)) }, disk).map(drop)
}

/// What has the name of an export is whole: each file of its manifest is there, with its hash.
fn assert_visible_are_whole(to: &Path) {
    let Ok(entries) = std::fs::read_dir(to) else { return };
    for entry in entries.map(Result::unwrap).filter(|entry| !entry.file_name().to_string_lossy().starts_with('.')) {
        let manifest = std::fs::read(entry.path().join("manifest.json")).unwrap();
        let manifest: Manifest = serde_json::from_slice(&manifest).unwrap();
        for table in &manifest.tables {
            let bytes = std::fs::read(entry.path().join(&table.file)).unwrap();
            assert_eq!(hex(ring::digest::digest(&ring::digest::SHA256, &bytes).as_ref()), table.sha256);
        }
    }
}

#[tokio::test]
async fn an_export_that_dies_at_any_step_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    journal(&path, days().concat(), None).await;
    let config = small_config(&path);
    let undisturbed = folder.path().join("undisturbed");
    whole(&config, &undisturbed, None).unwrap();
    let expected = tree(&undisturbed);
    assert!(expected.keys().all(|name| !name.starts_with('.')), "{:?}", expected.keys());
    let mut noted = 0;
    let mut steps = 0;
    for left in 0.. {
        let to = folder.path().join(format!("dies-{left}"));
        if whole(&config, &to, Some(left)).is_ok() {
            steps = left;
            break;
        }
        assert_visible_are_whole(&to);
        let part = to.join(".2026-11-26.part");
        noted += u32::from(part.join("progress.json").exists());
        if left % 5 == 0 && part.join("exchanges.csv").exists() && !part.join("manifest.json").exists() {
            // What was written of it is damaged.
            std::fs::write(part.join("exchanges.csv"), "x".repeat(2000)).unwrap();
        }
        // It dies again on its way, somewhere else.
        let _ = whole(&config, &to, Some(left * 7 % 101));
        assert_visible_are_whole(&to);
        whole(&config, &to, None).unwrap_or_else(|error| panic!("after {left} steps: {error}"));
        assert_eq!(tree(&to), expected, "after {left} steps");
        std::fs::remove_dir_all(to).unwrap();
    }
    assert!(steps > 100 && noted > 20, "{steps} steps, {noted} with progress");
}

#[tokio::test]
async fn an_export_that_goes_on_has_the_facts_of_its_plan_and_the_next_one_has_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let [mut facts, _] = days();
    facts.truncate(4);
    journal(&path, facts, None).await;
    let config = small_config(&path);
    let to = folder.path().join("exports");
    let disk = Disk { left: Some(Rc::new(Left::new(12))) };
    export_on(&config, &request(&to, Until::Date(DAY)), disk).unwrap_err();
    assert!(to.join(".2026-11-26.part/plan.json").exists());
    // Another gateway stores it later, and its time is of the same date.
    journal(&path, [sent(NOON_MS + 6000, 3, ""), answered(NOON_MS + 6000, 3, Class::Answer, "0000")], None).await;
    let first = export(&config, &request(&to, Until::Date(DAY))).unwrap().manifest.plan;
    let second = export(&config, &request(&to, Until::Ended)).unwrap().manifest.plan;
    assert_eq!((first.first_fact, first.last_fact, second.first_fact, second.last_fact), (1, 3, 4, 6));
}

#[tokio::test]
async fn no_secret_is_in_an_export_and_a_key_makes_hashes_that_join() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let keys = folder.path().join("journal.keys");
    new_key(&keys, 0).unwrap();
    journal(&path, days().concat(), Some(&keys)).await;
    let open = config(&path);
    let mut config = open.clone();
    config.journal.key_file = Some(keys);
    let key = folder.path().join("hash.key");
    std::fs::write(&key, "0123456789abcdef0123456789abcdef\n").unwrap();
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let to = folder.path().join("exports");
    let asked = Request { hash_key_file: Some(key), ..request(&to, Until::Date(DAY)) };
    let exported = export(&config, &asked).unwrap();
    // By `printf %s VALUE | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef`, 32 digits.
    let accounts = ["6748f7b2992762797ae62ef370cdb9d2", "58544af0ca550e6dba984428b6fe1b62"].map(str::to_owned);
    let columns = ["withdraw_account_hash", "deposit_account_hash"];
    assert_eq!(rows(&exported, "bank-a.Transfer.csv", columns), vec![accounts.clone(); 3]);
    assert_eq!(rows(&exported, "bank-a.TransferAnswer.csv", columns), [accounts]);
    assert_eq!(rows(&exported, "exchanges.csv", ["response_code", "client"])[0], ["0000", "shop"]);
    for (name, bytes) in tree(folder.path()).iter().filter(|(name, _)| name.starts_with("exports")) {
        let text = String::from_utf8_lossy(bytes);
        let hidden = ["1002345678901", "3333011234567", "order-1", "0123456789abcdef0123456789abcdef"];
        assert!(hidden.iter().all(|secret| !text.contains(secret)), "{name}");
    }
    // Without the key of the bodies nothing is exported, and nothing visible is left.
    let other = folder.path().join("other");
    let why = export(&open, &request(&other, Until::Date(DAY))).unwrap_err().to_string();
    assert!(why.contains("no key file was given"), "{why}");
    assert_eq!(
        std::fs::read_dir(&other)
            .unwrap()
            .filter(|entry| !entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'))
            .count(),
        0
    );
}

#[tokio::test]
async fn what_the_spec_cannot_read_is_counted_and_all_else_is_exported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let [mut facts, _] = days();
    facts[0].bytes = TelegramBytes::copy_of(b"0004abcd");
    facts[1].telegram = Some("Renamed".into());
    facts[2].institution = "bank-z".into();
    journal(&path, facts, None).await;
    let exported = export(&config(&path), &request(&folder.path().join("exports"), Until::Date(DAY))).unwrap();
    let found: Vec<_> =
        exported.manifest.findings.iter().map(|one| (one.what.as_str(), one.telegram.as_str(), one.count)).collect();
    assert_eq!(
        found,
        [("not_readable", "Transfer", 1), ("no_telegram", "Renamed", 1), ("no_institution", "Transfer", 1)]
    );
    assert_eq!(rows(&exported, "bank-a.Transfer.csv", ["fep_fact"]), [["5"]]);
    assert_eq!(rows(&exported, "exchanges.csv", ["revision"]).len(), 2);
}

#[test]
fn the_times_of_this_file_are_right() {
    assert_eq!(time::parse("2026-11-26T12:00:00+09:00"), Ok(NOON_MS));
    assert_eq!(parse_date("2026-11-26"), Ok(DAY));
}

#[tokio::test]
async fn a_run_of_a_verification_is_a_row_with_its_counts_and_without_what_it_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let told = r#"{"name":"nightly","run":"one","digest":"00","client":"build","counts":{"kind":"reads","of":"bank-b",
        "made_at_ms":1795662000000,"since_ms":1795575600000,"until_ms":1795662000000,"passed":false,"whole":true,"summary":"",
        "compared":1204,"same":7,"failed":1,"unexplained":3,"explained":1200,"compared_clean":0,"compared_min":1000}}"#;
    let run = Fact {
        what: What::Verification,
        verification: Some(serde_json::from_str(told).unwrap()),
        bytes: TelegramBytes::copy_of(b"{\"found\":\"9911\"}"),
        ..Fact::new("bank-a".into(), NOON_MS + 5)
    };
    let elsewhere = Fact { institution: "bank-z".into(), ..run.clone() };
    journal(&path, [run, elsewhere], None).await;
    let exported = export(&config(&path), &request(&folder.path().join("exports"), Until::Date(DAY))).unwrap();
    let columns = [
        "fact",
        "business_date",
        "verification",
        "run",
        "told_at",
        "client",
        "compared_with",
        "since",
        "passed",
        "unexplained",
    ];
    let expected = [
        "1",
        "2026-11-26",
        "nightly",
        "one",
        "2026-11-26T03:00:00.005Z",
        "build",
        "bank-b",
        "2026-11-25T03:00:00.000Z",
        "false",
        "3",
    ];
    assert_eq!(rows(&exported, "verifications.csv", columns), [expected]);
    let found: Vec<_> = exported.manifest.findings.iter().map(|one| (one.what.as_str(), one.count)).collect();
    assert_eq!(found, [("no_institution", 1)]);
    for (name, bytes) in tree(&exported.folder) {
        assert!(!String::from_utf8_lossy(&bytes).contains("9911"), "{name}");
    }
}
