//! `fep-gateway journal search`, `show`, `verify` and `rebuild`, beside a running gateway and with damaged copies of its files.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::harness::{Bench, GOOD_BANK, SECRETS, transfer};
use crate::journal::{check_refused, journal, sql};

/// Runs a command that must end with this code, and returns its output.
#[track_caller]
fn run(arguments: &str, code: i32) -> String {
    let output = journal(arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), stderr.as_str()), (Some(code), ""), "{arguments}");
    String::from_utf8(output.stdout).unwrap()
}

/// A gateway with an answered transfer (key `order-1`), a declined one and an unknown one, and their IDs.
async fn three_transfers() -> (Bench, Vec<String>) {
    let bench = Bench::of(GOOD_BANK, "").await;
    let mut ids = Vec::new();
    for (memo, key) in [("one", Some("order-1")), ("decline", None), ("silence", None)] {
        let (_, reply) = bench.transfer(&transfer(memo), key).await;
        ids.push(reply["exchange"].as_str().unwrap().to_owned());
    }
    (bench, ids)
}

/// Copies of the journal and its index, which no gateway uses.
fn copies(bench: &Bench, name: &str) -> PathBuf {
    let copy = bench.journal().with_file_name(format!("{name}.db"));
    sql(&bench.journal(), &format!("VACUUM INTO '{}'", copy.display()));
    let index = bench.journal().with_file_name("journal.index.sqlite");
    sql(&index, &format!("VACUUM INTO '{}'", index_of(&copy).display()));
    copy
}

fn index_of(journal: &Path) -> PathBuf {
    journal.with_extension("index.db")
}

#[tokio::test(flavor = "multi_thread")]
async fn exchanges_are_found_by_each_filter() {
    let (bench, ids) = three_transfers().await;
    let file = bench.journal().display().to_string();
    let check = |filter: &str, expected: &[usize]| {
        let list = run(format!("search --format json --journal {file} {filter}").trim_end(), 0);
        let list: Vec<Json> = list.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let found: Vec<_> = list.iter().map(|line| line["exchange"].as_str().unwrap()).collect();
        let expected: Vec<_> = expected.iter().map(|at| ids[*at].as_str()).collect();
        assert_eq!(found, expected, "{filter}");
        list
    };
    let all = check("", &[2, 1, 0]);
    assert_eq!(all[0]["outcome"], "unknown");
    assert_eq!(all[0]["reason"], "no answer within 800 ms");
    assert_eq!(all[0]["line"], "main");
    check("--limit 2", &[2, 1]);
    check("--outcome answered", &[1, 0]);
    check("--outcome unknown", &[2]);
    check("--outcome unsettled", &[2]);
    check("--outcome not_sent", &[]);
    check("--outcome running", &[]);
    check("--key order-1", &[0]);
    check("--key order-2", &[]);
    check("--institution bank-a --telegram Transfer", &[2, 1, 0]);
    check("--institution bank-b", &[]);
    check("--telegram BalanceInquiry", &[]);
    check("--since 2026-01-01T00:00:00+09:00", &[2, 1, 0]);
    check("--until 2026-01-01", &[]);
    let trace = all[1]["trace"].as_str().unwrap();
    check(&format!("--trace {trace}"), &[1]);
    check(&format!("--trace 000{trace}"), &[1]);

    let table = run(&format!("search --journal {file}"), 0);
    assert_eq!(table.lines().count(), 5, "{table}");
    assert!(table.contains(&ids[0]) && table.contains("no answer within 800 ms"), "{table}");
    check_usage(&format!("search --journal {file} --limit 0"), "0 is not in 1..=10000");
    check_usage(&format!("search --journal {file} --since yesterday"), "a time is written 2026-11-26T09:15:00+09:00");
}

#[track_caller]
fn check_usage(arguments: &str, message: &str) {
    let output = journal(arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && stderr.contains(message), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_is_shown_without_its_secrets_until_a_person_asks() {
    let (bench, ids) = three_transfers().await;
    let show = format!("show --journal {} {}", bench.journal().display(), ids[0]);
    let config = format!("--config {}", bench.journal().with_file_name("gateway.toml").display());
    let account = "31303032333435363738393031";
    let is_hidden = |text: &str| {
        let spaced = "31 30 30 32 33 34 35 36 37 38 39 30 31";
        SECRETS.iter().all(|secret| !text.contains(secret)) && !text.contains(account) && !text.contains(spaced)
    };
    let plain = run(&show, 0);
    assert!(is_hidden(&plain), "{plain}");
    for expected in ["sent request", "received answer", "answered", "300 bytes. --config shows the fields"] {
        assert!(plain.contains(expected), "{expected}: {plain}");
    }
    let fields = run(&format!("{show} {config}"), 0);
    assert!(is_hidden(&fields), "{fields}");
    for expected in ["withdraw_account", "** × 16", "출금계좌번호", "1234567"] {
        assert!(fields.contains(expected), "{expected}: {fields}");
    }
    assert!(run(&format!("{show} --reveal"), 0).contains(account));
    let revealed = run(&format!("{show} {config} --reveal"), 0);
    assert!(revealed.contains("1002345678901") && revealed.contains("홍길동"), "{revealed}");

    let nobody = format!("show --journal {} 0123456789abcdef012345", bench.journal().display());
    check_refused(&nobody, "there is no exchange 0123456789abcdef012345 in this journal");
    // Without an index, the facts themselves are read.
    let copy = copies(&bench, "unindexed");
    std::fs::remove_file(index_of(&copy)).unwrap();
    assert_eq!(run(&format!("show --journal {} {}", copy.display(), ids[0]), 0), plain);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_room_of_a_journal_is_shown_with_what_is_still_needed() {
    let (bench, ids) = three_transfers().await;
    run(&format!("search --journal {}", bench.journal().display()), 0);
    let copy = copies(&bench, "room");
    let shown = run(&format!("usage --journal {}", copy.display()), 0);
    let length = std::fs::metadata(&copy).unwrap().len();
    let index = std::fs::metadata(index_of(&copy)).unwrap().len();
    assert!(shown.lines().nth(2).unwrap().trim_start().starts_with(&format!("{length} ")), "{shown}");
    assert!(shown.contains(&format!("\n{} bytes in all\n", length + index)), "{shown}");
    assert!(!shown.contains("holds back"), "{shown}");
    sql(&index_of(&copy), &format!("UPDATE exchanges SET outcome = NULL WHERE id = unhex('{}')", ids[1]));
    let shown = run(&format!("usage --journal {}", copy.display()), 0);
    assert!(shown.contains(&format!("holds back the deletion of old archives: exchange {}", ids[1])), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_damage_is_a_finding() {
    let (bench, ids) = three_transfers().await;
    let verify = |file: &Path, code| run(&format!("verify --journal {}", file.display()), code);
    let whole = verify(&bench.journal(), 0);
    assert!(whole.contains("exchanges: 3, of them running: 0; nothing wrong"), "{whole}");
    let check = |name: &str, facts: &str, index: &str, finding: &str| {
        let copy = copies(&bench, name);
        sql(&copy, facts);
        sql(&index_of(&copy), index);
        let output = verify(&copy, 1);
        assert!(output.contains(finding), "{name}: {output}");
    };
    let [answered, unknown] = [&ids[0], &ids[2]];
    let second = |outcome: &str| {
        format!(
            "INSERT INTO facts (at_ms, institution, kind, exchange, outcome)
             VALUES (0, 'bank-a', 'outcome', unhex('{answered}'), '{outcome}')"
        )
    };
    check("gap", "DELETE FROM facts WHERE number = 3", "", "the fact 3 is missing");
    check("gaps", "DELETE FROM facts WHERE number < 4", "", "the facts 1 to 3 are missing");
    let contradiction = format!("exchange {answered}: fact ");
    check("contradiction", &second("not_sent"), "", &contradiction);
    check("contradiction-2", &second("not_sent"), "", " says not_sent, but fact ");
    check("doubled", &second("answered"), "", " says answered, but fact ");
    check("marks", "UPDATE facts SET amount = 1 WHERE kind = 'traces'", "", " of bank-a is above its mark 1");
    let orphan = format!("exchange {answered}: it was answered, but the journal has no request");
    check("orphan", "DELETE FROM facts WHERE class = 'request'", "", &orphan);
    let lacks = format!("the index lacks exchanges: {unknown} (up to fact ");
    check("index", "", "UPDATE exchanges SET outcome = 'answered' WHERE outcome = 'unknown'", &lacks);
    check("index-key", "", "DELETE FROM keys", "the index lacks keys: bank-a order-1 (up to fact ");
    check(
        "index-more",
        "",
        "INSERT INTO traces VALUES ('bank-x', 1, 1)",
        "the index has a wrong row of traces: bank-x",
    );
    check(
        "index-ahead",
        "",
        "UPDATE state SET applied = 99999",
        "the index has facts up to 99999, but the journal ends with ",
    );
    let lost = copies(&bench, "index-lost");
    std::fs::remove_file(index_of(&lost)).unwrap();
    assert!(verify(&lost, 1).contains("index-lost.index.db: the index is missing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_is_made_again_from_the_facts() {
    let (bench, ids) = three_transfers().await;
    let copy = copies(&bench, "copy");
    let command = |command: &str| format!("{command} --journal {}", copy.display());
    sql(&index_of(&copy), "DELETE FROM exchanges; DELETE FROM keys");
    run(&command("verify"), 1);
    assert!(run(&command("rebuild"), 0).starts_with("the index was made again from "));
    assert!(run(&command("verify"), 0).contains("nothing wrong"));
    assert!(run(&command("search --key order-1"), 0).contains(&ids[0]));

    std::fs::remove_file(index_of(&copy)).unwrap();
    check_refused(&command("search"), "the index is missing: `fep-gateway journal rebuild --journal ");
    let used = format!("rebuild --journal {}", bench.journal().display());
    check_refused(&used, "another gateway uses this journal");
    check_refused("rebuild --journal no/such/file", "no/such/file: there is no such file");
}
