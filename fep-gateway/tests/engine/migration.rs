//! Migration of a journal of version 1: the gateway updates the file and continues with it.
//!
//! The last code that wrote version 1 made `testdata/journal-v1.db`. The file contains five exchanges, in the order of their
//! acceptance: an answered one with the idempotency key `order-1`, an unknown one that a late answer settled, an unknown one, one
//! that was not sent, and one that was on the wire when the file was copied. It also contains a notice with its answer, and the
//! trace numbers of 2026-11-26 up to 1000.

use std::path::Path;
use std::sync::Arc;

use fep_gateway::exchange::{Exchange, SettledBy};
use fep_gateway::gateway::{ExchangeFilter, StandInOnly};

use crate::harness::{Bench, Setup, config, entries_of, golden, outcome, start, transfer, until};
use crate::peer::{Peer, answer_to};

const NOTICES: &str = "[institutions.bank-a.notices.DepositNotice]";

/// The version of the journal, and the day and high-water mark of the trace numbers.
fn version_and_traces(journal: &Path) -> (i64, i64, i64) {
    let file = rusqlite::Connection::open(journal).unwrap();
    let version: i64 = file.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let traces = match version {
        1 => "SELECT day, high FROM traces WHERE institution = 'bank-a'",
        _ => "SELECT day, amount FROM facts WHERE kind = 'traces' ORDER BY number DESC LIMIT 1",
    };
    let (day, high) = file.query_row(traces, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    (version, day, high)
}

/// The notice with the trace number 000123.
fn with_zeros(notice: &[u8]) -> Vec<u8> {
    let at = notice.windows(6).position(|six| six == b"900001").unwrap();
    [&notice[..at], b"000123", &notice[at + 6..]].concat()
}

/// Adds an answered notice to a journal of version 1, by the key as that version wrote it.
fn add_notice(journal: &Path, key: &str, answer: &[u8]) {
    let sql = "INSERT INTO notices (institution, telegram, key, id, received_at_ms, answer)
               VALUES ('bank-a', 'DepositNotice', ?1, 'n', 0, ?2)";
    let file = rusqlite::Connection::open(journal).unwrap();
    assert_eq!(file.execute(sql, rusqlite::params![key, answer]).unwrap(), 1);
}

#[tokio::test]
async fn a_journal_of_version_1_is_brought_up_to_date_and_goes_on() {
    let peer = Peer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal.sqlite");
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/journal-v1.db"), &journal).unwrap();
    assert_eq!(version_and_traces(&journal), (1, 20783, 1000));
    let zeros = with_zeros(&golden("bank-a-deposit-notice.json"));
    let zeros_answer = answer_to(&zeros, b"0042");
    add_notice(&journal, "[\"000123\",\"20261121\"]", &zeros_answer);
    let setup = Setup { tables: NOTICES, ..Setup::default() };
    let gateway = start(config(&journal, peer.port, &setup), Arc::new(StandInOnly)).await;
    let mut bench = Bench { gateway, peer, folder };
    bench.links_up(1).await;

    let found = bench.gateway.recent(10).await.unwrap();
    let line = |exchange: &Exchange| (outcome(exchange), exchange.reason_code.clone());
    let lines: Vec<_> = found.iter().rev().map(line).collect();
    assert_eq!(
        lines,
        [
            ("answered".to_owned(), None),
            ("unknown: no answer within 400 ms".to_owned(), None),
            ("unknown: no answer within 400 ms".to_owned(), None),
            ("not sent: no line is up: the institution closed the connection".to_owned(), None),
            ("unknown: the gateway stopped before an answer came".to_owned(), Some("stopped_before_answer".to_owned())),
        ]
    );
    let settled: Vec<_> = found.iter().rev().map(|exchange| exchange.settled_by).collect();
    assert_eq!(settled, [None, Some(SettledBy::LateAnswer), None, None, None]);
    assert_eq!(entries_of(&bench.journal()).len(), 9, "the answer of a notice without entries is there, too");

    let again = bench.gateway.exchange("bank-a", "Transfer", &transfer(), Some("order-1")).await.unwrap();
    assert_eq!(Some(&again), found.last(), "its idempotency key is known");
    let notice = golden("bank-a-deposit-notice.json");
    bench.peer.send(0, &notice).await;
    assert_eq!(bench.peer.receive().await.1, answer_to(&notice, b"0199"), "a notice gets the answer of then");
    bench.peer.send(0, &zeros).await;
    assert_eq!(bench.peer.receive().await.1, zeros_answer, "a notice with leading zeros in its key does, too");
    bench.answered().await;
    until("the new entries are there", async || entries_of(&bench.journal()).len() == 15).await;
    let (version, day, high) = version_and_traces(&bench.journal());
    assert!(version == 6 && day >= 20783 && high >= 1000, "version {version}, day {day}, high {high}");
}

/// The code before version 4 made `testdata/journal-v3.db`. It has an answered transfer with the key `order-1` and an unknown one
/// with the key `order-2`.
#[tokio::test]
async fn a_journal_of_version_3_goes_on_and_can_be_encrypted() {
    let peer = Peer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal.sqlite");
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/journal-v3.db"), &journal).unwrap();
    let key_file = folder.path().join("journal.keys");
    fep_gateway::journal::seal::new_key(&key_file, 0).unwrap();
    let mut encrypted = config(&journal, peer.port, &Setup::default());
    encrypted.journal.key_file = Some(key_file);
    let gateway = start(encrypted, Arc::new(StandInOnly)).await;
    let mut bench = Bench { gateway, peer, folder };
    bench.links_up(1).await;
    bench.answered().await;
    let outcomes: Vec<_> = bench.gateway.recent(10).await.unwrap().iter().rev().map(outcome).collect();
    assert_eq!(outcomes, ["answered", "unknown: no answer within 400 ms", "answered"]);
    let file = rusqlite::Connection::open(bench.journal()).unwrap();
    let count = |sql: &str| file.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM facts WHERE sealed IS NULL"), 9, "they stay as they are");
    assert!(count("SELECT count(*) FROM facts WHERE sealed IS NOT NULL AND bytes IS NULL") >= 2);
    assert_eq!(count("SELECT sealed_from FROM journal"), 10);
}

/// The code before version 6 made `testdata/journal-v5.db`. It has an answered transfer with the key `order-one` and an unknown one with
/// the key `order-silence`.
#[tokio::test]
async fn a_journal_of_version_5_goes_on_and_has_codes_from_then_on() {
    let peer = Peer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal.sqlite");
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/journal-v5.db"), &journal).unwrap();
    let gateway = start(config(&journal, peer.port, &Setup::default()), Arc::new(StandInOnly)).await;
    let mut bench = Bench { gateway, peer, folder };
    bench.links_up(1).await;
    bench.answered().await;
    let found = async |code: &str| {
        let filter = ExchangeFilter { code: Some(code.to_owned()), ..ExchangeFilter::default() };
        bench.gateway.exchanges(filter, 10).await.unwrap().exchanges
    };
    let all = bench.gateway.recent(10).await.unwrap();
    let outcomes: Vec<_> = all.iter().rev().map(outcome).collect();
    assert_eq!(outcomes, ["answered", "unknown: no answer within 800 ms", "answered"]);
    assert_eq!(found("0000").await, all[..1], "the earlier answer has no code in the journal");
    assert_eq!(found("no_answer").await, all[1..2], "a reason had one before");
}
