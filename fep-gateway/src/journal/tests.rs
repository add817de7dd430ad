//! The journal against real files.

use std::path::Path;

use fep_protocol::exchange::{Flags, SettledBy, TelegramBytes};
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
    loop {
        let progress = lane.progress();
        failed.extend(progress.failed);
        if progress.durable >= last || failed.iter().any(|(number, _)| *number == last) {
            return failed;
        }
        lane.changed().await;
    }
}

/// The outcome of an exchange and what settled it.
pub(super) async fn state(journal: &Journal, serial: u32) -> (Option<Outcome>, Option<SettledBy>) {
    let found = journal.find(&id(serial)).await.unwrap().unwrap();
    (found.outcome, found.settled_by)
}

#[tokio::test]
async fn an_exchange_is_what_its_facts_say() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(&folder.path().join("journal.sqlite"));
    let lane = lane(&opened, 0);
    let journal = &opened.journal;
    store(&lane, [request(1), request(2), request(3), request(4)]).await;
    assert_eq!(state(journal, 1).await, (None, None));
    let conflicting =
        Fact { reason: Some(Reason::new("other", "conflicting")), ..answer(1, Class::Conflicting, b"no") };
    let facts = [
        answer(1, Class::Answer, b"yes"),
        answer(1, Class::Duplicate, b"yes"),
        conflicting,
        ending(2, Outcome::Unknown),
        answer(2, Class::Late, b"late"),
        ending(3, Outcome::Unknown),
        ending(4, Outcome::NotSent),
    ];
    store(&lane, facts).await;
    assert_eq!(state(journal, 1).await, (Some(Outcome::Answered), None));
    assert_eq!(state(journal, 2).await, (Some(Outcome::Unknown), Some(SettledBy::LateAnswer)));
    assert_eq!(state(journal, 3).await, (Some(Outcome::Unknown), None));
    assert_eq!(state(journal, 4).await, (Some(Outcome::NotSent), None));
    let answered = journal.find(&id(1)).await.unwrap().unwrap();
    assert_eq!(answered.flags, Flags { conflicting: true, ..Flags::default() });
    assert_eq!((&answered.request[..], &answered.answer.unwrap().bytes[..]), (&b"0004abcd"[..], &b"yes"[..]));
    assert_eq!(journal.find(&id(2)).await.unwrap().unwrap().answer.unwrap().bytes[..], b"late"[..]);
    let timeline = journal.timeline(&id(1)).await.unwrap();
    let classes: Vec<_> = timeline.iter().filter_map(|(_, fact)| fact.what.class()).collect();
    assert_eq!(classes, ["request", "answer", "duplicate", "conflicting"]);
    let recent: Vec<_> = journal.recent(2).await.unwrap().iter().map(|exchange| exchange.id).collect();
    assert_eq!(recent, [id(4), id(3)]);
    assert_eq!(journal.find(&id(9)).await.unwrap(), None);
}

#[tokio::test]
async fn a_request_without_an_end_is_unknown_after_a_crash_and_the_rest_is_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let opened = open(&path);
    let high = TraceHighWater { day: DAY, high: 1000 };
    let marks = fact(What::Traces(high), None);
    store(&lane(&opened, 0), [marks, request(1), request(2), answer(2, Class::Answer, b"yes"), request(3)]).await;
    store(&lane(&opened, 0), [ending(3, Outcome::NotSent)]).await;
    drop(opened);
    let opened = reopen(&path).await;
    assert_eq!(state(&opened.journal, 1).await, (Some(Outcome::Unknown), None));
    let why = opened.journal.find(&id(1)).await.unwrap().unwrap().reason_code;
    assert_eq!(why.as_deref(), Some("stopped_before_answer"));
    assert_eq!(state(&opened.journal, 2).await, (Some(Outcome::Answered), None));
    assert_eq!(state(&opened.journal, 3).await, (Some(Outcome::NotSent), None));
    assert_eq!(opened.high_waters, [("bank-a".to_owned(), high)]);
    let recalled: Vec<_> = opened.recalled.iter().map(|earlier| (earlier.id, earlier.answered.is_some())).collect();
    assert_eq!(recalled, [(id(1), false), (id(2), true)], "what was not sent needs no quarantine");
}

#[tokio::test]
async fn what_was_sent_lately_is_known_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let opened = open(&path);
    let at = |at_ms, fact: Fact| Fact { at_ms, ..fact };
    let duty = Fact { what: What::Sent(SentClass::Duty), ..request(5) };
    let reply = Fact { what: What::Sent(SentClass::Reply), ..request(6) };
    let now_ms = options(&path).now_ms;
    let facts = [
        at(now_ms - 2001, request(1)),
        at(now_ms - 2000, request(2)),
        at(now_ms - 10, answer(2, Class::Answer, b"yes")),
        at(now_ms - 5, duty),
        at(now_ms - 5, reply),
    ];
    store(&lane(&opened, 0), facts).await;
    drop(opened);
    let opened = reopen_with(&OpenOptions { rate_span_max_ms: 2000, ..options(&path) }).await;
    let sent: Vec<_> = opened.sent.iter().map(|fact| (fact.what, fact.at_ms)).collect();
    let expected = [(What::Sent(SentClass::Duty), now_ms - 5), (What::Sent(SentClass::Request), now_ms - 2000)];
    assert_eq!(sent, expected, "the newest first, without replies");
}

/// Opens a journal again, as soon as the threads of the former handle have ended.
async fn reopen(path: &Path) -> Opened {
    reopen_with(&options(path)).await
}

async fn reopen_with(options: &OpenOptions) -> Opened {
    for _ in 0..500 {
        match Journal::open(options) {
            Ok(opened) => return opened,
            Err(error) if error.to_string().contains("another gateway") => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
    panic!("it stays locked");
}

#[tokio::test]
async fn the_index_can_be_deleted_and_says_the_same_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let opened = open(&path);
    let facts = (1..=500).flat_map(|serial| match serial % 4 {
        0 => vec![request(serial), ending(serial, Outcome::Unknown), answer(serial, Class::Late, b"late")],
        1 => vec![keyed(serial, &format!("key-{serial}"), 1), answer(serial, Class::Answer, b"yes")],
        2 => vec![ending(serial, Outcome::NotSent)],
        _ => vec![request(serial), answer(serial, Class::Answer, b"yes"), answer(serial, Class::Duplicate, b"yes")],
    });
    store(&lane(&opened, 0), facts).await;
    let before = opened.journal.recent(1000).await.unwrap();
    opened.journal.close().await;
    drop(opened);
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(folder.path().join(format!("journal.index.sqlite{suffix}")));
    }
    let opened = reopen(&path).await;
    assert_eq!(opened.journal.recent(1000).await.unwrap(), before);
    assert_eq!(before.len(), 500);
}

#[tokio::test]
async fn a_key_stands_for_one_exchange_and_is_free_again_after_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(&folder.path().join("journal.sqlite"));
    let lane = lane(&opened, 0);
    let journal = &opened.journal;
    let reserve = async |serial, digest| journal.reserve_key("bank-a", "k", [digest; 16], id(serial)).await.unwrap();
    let KeyState::Reserved(ticket) = reserve(1, 1).await else { panic!("it is free") };
    assert!(matches!(reserve(2, 1).await, KeyState::Running(running) if running == id(1)));
    assert!(matches!(reserve(2, 2).await, KeyState::OtherBody(running) if running == id(1)));
    store(&lane, [keyed(1, "k", 1), ending(1, Outcome::NotSent)]).await;
    drop(ticket);
    let KeyState::Reserved(ticket) = reserve(3, 1).await else { panic!("nothing was sent, so it is free again") };
    store(&lane, [keyed(3, "k", 1), answer(3, Class::Answer, b"yes")]).await;
    drop(ticket);
    assert!(matches!(reserve(4, 1).await, KeyState::Ended(ended) if ended.id == id(3)));
    assert!(matches!(reserve(4, 2).await, KeyState::OtherBody(ended) if ended == id(3)));
    let other = journal.reserve_key("bank-b", "k", [2; 16], id(5)).await.unwrap();
    assert!(matches!(other, KeyState::Reserved(_)), "another institution has its own keys");
    // A reservation for a request that was refused before the journal leaves nothing behind.
    let refused = journal.reserve_key("bank-a", "r", [1; 16], id(6)).await.unwrap();
    drop(refused);
    assert!(matches!(journal.reserve_key("bank-a", "r", [9; 16], id(7)).await.unwrap(), KeyState::Reserved(_)));
}

#[tokio::test]
async fn a_permission_fails_with_its_write_and_what_happened_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let opened = open(&path);
    let lane = lane(&opened, 0);
    store(&lane, [request(1), request(2)]).await;
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let happened = lane.append(answer(1, Class::Answer, b"yes")).unwrap();
    let failed = store(&lane, [request(3)]).await;
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(opened.journal.trouble().is_some());
    assert!(lane.append(request(4)).is_err(), "refused at once, without waiting for the disk");
    assert!(lane.progress().durable < happened);
    other.execute_batch("ROLLBACK").unwrap();
    while lane.progress().durable < happened {
        lane.changed().await;
    }
    assert_eq!(state(&opened.journal, 1).await, (Some(Outcome::Answered), None));
    assert_eq!(opened.journal.find(&id(3)).await.unwrap(), None);
    while opened.journal.trouble().is_some() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(store(&lane, [request(5)]).await.is_empty());
}

#[tokio::test]
async fn a_full_lane_refuses_permissions_and_leaves_the_others_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let opened = open(&path);
    let flooded = lane(&opened, 0);
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let accepted = (0..10_000).filter(|serial| flooded.append(request(*serial)).is_ok()).count();
    // The writer may have taken one batch.
    assert!((4096..=4096 + 512).contains(&accepted), "{accepted}");
    assert!(!flooded.has_room() && flooded.append(answer(1, Class::Unmatched, b"x")).is_ok());
    let quiet = lane(&opened, 1);
    assert!(quiet.has_room() && quiet.append(request(1)).is_ok());
    other.execute_batch("ROLLBACK").unwrap();
}

#[tokio::test]
async fn a_withdrawn_fact_is_never_written() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(&folder.path().join("journal.sqlite"));
    let lane = lane(&opened, 0);
    // The writer may be faster. What it has taken cannot be withdrawn.
    for serial in (1..3000).step_by(3) {
        let [first, second] = [serial, serial + 1].map(|serial| lane.append(request(serial)).unwrap());
        let is_withdrawn = lane.withdraw(first);
        assert!(!lane.withdraw(first), "{serial}");
        store(&lane, [request(serial + 2)]).await;
        assert!(!lane.withdraw(second), "{serial}: it is written");
        assert_eq!(opened.journal.find(&id(serial)).await.unwrap().is_none(), is_withdrawn, "{serial}");
        assert_eq!(state(&opened.journal, serial + 1).await, (None, None));
        if is_withdrawn {
            return;
        }
    }
    panic!("nothing could be withdrawn");
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
