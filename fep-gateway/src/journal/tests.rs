//! The journal against real files.

use std::path::Path;

use fep_protocol::exchange::{Outcome, SettledBy, TelegramBytes};
use fep_protocol::fact::{Class, Idempotency, Reason, SentClass, What};
use fep_protocol::terms::Key;

use super::*;

const DAY: i64 = 20_783;

pub(super) fn id(serial: u32) -> ExchangeId {
    ExchangeId::new(1_795_000_000_000, serial, 7)
}

pub(super) fn fact(what: What, exchange: Option<ExchangeId>) -> Fact {
    Fact {
        at_ms: 1_795_000_000_500,
        institution: "bank-a".into(),
        what,
        line: Some(("main".into(), 1)),
        exchange,
        telegram: None,
        trace: None,
        outcome: None,
        reason: None,
        key: None,
        idempotency: None,
        settlement: None,
        delivery: None,
        standing: None,
        reconciliation: None,
        verification: None,
        instance: None,
        taken_over: None,
        passage: None,
        audit: None,
        caller: None,
        code: None,
        bytes: TelegramBytes::default(),
    }
}

pub(super) fn request(serial: u32) -> Fact {
    Fact {
        telegram: Some("Transfer".into()),
        trace: Some(serial.to_string().into()),
        key: Some(Key::new([serial.to_string()])),
        bytes: TelegramBytes::copy_of(b"0004abcd"),
        ..fact(What::Sent(SentClass::Request), Some(id(serial)))
    }
}

pub(super) fn keyed(serial: u32, key: &str, digest: u8) -> Fact {
    let idempotency = Some(Box::new(Idempotency { key: key.into(), digest: [digest; 16] }));
    Fact { idempotency, ..request(serial) }
}

pub(super) fn answer(serial: u32, class: Class, bytes: &[u8]) -> Fact {
    Fact {
        telegram: Some("TransferAnswer".into()),
        outcome: (class == Class::Answer).then_some(Outcome::Answered),
        bytes: TelegramBytes::copy_of(bytes),
        ..fact(What::Received(class), Some(id(serial)))
    }
}

pub(super) fn ending(serial: u32, outcome: Outcome) -> Fact {
    Fact {
        telegram: Some("Transfer".into()),
        outcome: Some(outcome),
        reason: Some(Reason::new("because", "no_answer")),
        ..fact(What::Outcome, Some(id(serial)))
    }
}

pub(super) fn options(path: &Path) -> OpenOptions {
    OpenOptions {
        path: path.to_owned(),
        institutions: vec!["bank-a".to_owned(), "bank-b".to_owned()],
        now_ms: 1_795_000_001_000,
        quarantine_max_ms: 60_000,
        rate_span_max_ms: 0,
        closed_keep_max_ms: 60_000,
        opener: CaseOpener::default(),
        begin_anew: false,
        is_test: false,
        key_file: None,
        archive: None,
        postgres: None,
        instances_max: 1,
        whose: Whose::default(),
    }
}

fn open(path: &Path) -> Opened {
    Journal::open(&options(path)).unwrap_or_else(|error| panic!("{error}"))
}

fn lane(opened: &Opened, institution: usize) -> Lane {
    opened.lanes[institution].1.clone()
}

/// Adds facts and waits until they are durable.
pub(super) async fn store(lane: &Lane, facts: impl IntoIterator<Item = Fact>) -> Vec<(LaneNumber, JournalError)> {
    let last = facts.into_iter().map(|fact| lane.append(fact).unwrap()).last().unwrap();
    lane.flush();
    let mut failed = Vec::new();
    let stored = async {
        loop {
            let progress = lane.progress();
            failed.extend(progress.failed);
            if progress.durable >= last || failed.iter().any(|(number, _)| *number == last) {
                return;
            }
            lane.changed().await;
        }
    };
    tokio::time::timeout(STORE_PATIENCE, stored).await.unwrap_or_else(|_| panic!("they are not stored"));
    failed
}

/// How long a handful of facts may take.
const STORE_PATIENCE: Duration = Duration::from_secs(60);

/// The outcome of an exchange and what settled it.
pub(super) async fn state(journal: &Journal, serial: u32) -> (Option<Outcome>, Option<SettledBy>) {
    let found = journal.find(&id(serial)).await.unwrap().unwrap();
    (found.outcome, found.settled_by)
}

#[test]
fn a_missing_journal_where_one_was_is_an_error_and_its_trace_numbers_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let high = TraceHighWater { day: DAY, high: 5000 };
    // The clock was set back: an earlier day goes on after its own numbers.
    let before = TraceHighWater { day: DAY - 1, high: 70_000 };
    runtime.block_on(async {
        let opened = open(&path);
        let marks = [high, before].map(|mark| fact(What::Traces(mark), None));
        store(&lane(&opened, 0), marks).await;
        opened.journal.recent(1).await.unwrap();
        for suffix in ["", "-wal", "-shm"] {
            std::fs::remove_file(folder.path().join(format!("journal.sqlite{suffix}"))).unwrap();
        }
        let trouble = opened.journal.trouble().unwrap().to_string();
        assert!(trouble.contains("was deleted or replaced while the gateway runs"), "{trouble}");
        opened.journal.close().await;
    });
    let said = Journal::open(&options(&path)).err().unwrap().to_string();
    assert!(said.contains("is missing, but its index") && said.contains("--new-journal"), "{said}");
    let opened = Journal::open(&OpenOptions { begin_anew: true, ..options(&path) }).unwrap();
    assert_eq!(opened.high_waters, [before, high].map(|mark| ("bank-a".to_owned(), mark)));
}

#[test]
fn a_journal_that_lost_facts_goes_on_behind_the_trace_numbers_of_its_index() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let older = folder.path().join("older");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let high = TraceHighWater { day: DAY, high: 5000 };
    runtime.block_on(async {
        open(&path).journal.close().await;
        std::fs::copy(&path, &older).unwrap();
        let opened = open(&path);
        store(&lane(&opened, 0), [fact(What::Traces(high), None), request(1)]).await;
        assert_eq!(state(&opened.journal, 1).await.0, None, "the index has it");
        opened.journal.close().await;
    });
    for suffix in ["-wal", "-shm"] {
        // The last connection deletes them.
        let _ = std::fs::remove_file(folder.path().join(format!("journal.sqlite{suffix}")));
    }
    std::fs::copy(&older, &path).unwrap();
    for _ in 0..2 {
        let said = Journal::open(&options(&path)).err().unwrap().to_string();
        assert!(said.contains("ends with fact 0, but its index") && said.contains("--new-journal"), "{said}");
    }
    let opened = Journal::open(&OpenOptions { begin_anew: true, ..options(&path) }).unwrap();
    assert_eq!(opened.high_waters, [("bank-a".to_owned(), high)]);
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_user_reads_a_new_journal_and_a_permission_that_was_given_stays() {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let modes = || {
        let mode = |name: &&str| std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
        ["journal.sqlite", "journal.sqlite-wal", "journal.index.sqlite", "journal.index.sqlite-wal"]
            .each_ref()
            .map(mode)
    };
    let opened = open(&path);
    store(&lane(&opened, 0), [request(1)]).await;
    assert_eq!(modes(), [0o600; 4]);
    opened.journal.close().await;
    drop(opened);
    std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let opened = open(&path);
    store(&lane(&opened, 0), [request(2)]).await;
    assert_eq!(modes()[0], 0o640);
    opened.journal.close().await;
}

#[cfg(unix)]
#[test]
fn a_second_gateway_is_refused_also_through_a_symbolic_link() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let link = folder.path().join("other.sqlite");
    let first = open(&path);
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for second in [&path, &link] {
        let said = Journal::open(&options(second)).err().unwrap().to_string();
        assert!(said.ends_with("another gateway uses this journal"), "{said}");
    }
    drop(first);
}

/// Payments with a key, and notices, wait for look-ups. Clients that read long lists held them up by hundreds of milliseconds.
#[tokio::test]
async fn a_search_that_takes_long_holds_up_no_look_up() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(&folder.path().join("journal.sqlite"));
    let (goes_on, held) = std::sync::mpsc::channel::<()>();
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let journal = opened.journal.clone();
    let search = tokio::spawn(async move {
        let read = journal.read(move |_| {
            let _ = begun.send(());
            held.recv().map_err(|_| JournalError::Closed)
        });
        read.await
    });
    has_begun.await.unwrap();
    let key = opened.journal.reserve_key("bank-a", "k", [1; 16], id(1));
    let look_ups = async { (opened.journal.find(&id(1)).await, key.await) };
    let (found, key) = tokio::time::timeout(STORE_PATIENCE, look_ups).await.expect("they wait for the search");
    assert!(found.unwrap().is_none() && matches!(key, Ok(KeyState::Reserved(_))));
    assert!(!search.is_finished());
    goes_on.send(()).unwrap();
    search.await.unwrap().unwrap();
}
