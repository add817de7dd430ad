//! The journal against a real file.

use std::time::Duration;

use super::*;
use fep_protocol::exchange::{Answer, Outcome, TelegramBytes};
use fep_protocol::institution::OutgoingRequest;
use fep_protocol::reason::Mismatch;
use fep_protocol::terms::Key;

const REST: Duration = Duration::from_secs(60);

fn exchange(id: &str) -> Exchange {
    Exchange {
        id: ExchangeId(id.to_owned()),
        institution: "bank-a".to_owned(),
        telegram: "Transfer".to_owned(),
        outcome: None,
        settled_by: None,
        trace: String::new(),
        reason: None,
        reason_code: None,
        line: None,
        request: TelegramBytes::default(),
        answer: None,
        accepted_at_ms: 1000,
        ended_at_ms: None,
    }
}

fn acceptance(id: &str, idempotency: Option<(&str, u8)>) -> Acceptance {
    let idempotency = idempotency.map(|(key, digest)| (key.to_owned(), [digest; 16]));
    Acceptance { exchange: exchange(id), idempotency }
}

fn sending(id: &str, trace: u64) -> Sending {
    let entry = Entry {
        at_ms: 1001,
        institution: "bank-a".to_owned(),
        line: ("main".to_owned(), 1),
        direction: Direction::Out,
        class: "request",
        exchange: Some(ExchangeId(id.to_owned())),
        note: None,
        bytes: TelegramBytes::copy_of(b"0004abcd"),
    };
    let key = Key::new([trace.to_string()]);
    let request = Some(OutgoingRequest { trace: trace.to_string(), key, answer: "TransferAnswer".into() });
    Sending { entry, high_water: Some(TraceHighWater { day: 7, high: 1000 }), request, notice: None }
}

fn ending(id: &str, outcome: Outcome) -> Finish {
    Finish {
        id: ExchangeId(id.to_owned()),
        outcome,
        reason: Some(("because".to_owned(), "no_answer")),
        answer: None,
        at_ms: 2000,
    }
}

fn answer() -> Answer {
    Answer { telegram: "TransferAnswer".to_owned(), bytes: TelegramBytes::copy_of(b"0004wxyz") }
}

async fn ask(journal: &Journal, id: &str, idempotency: Option<(&str, u8)>) -> Accepted {
    journal.accept(acceptance(id, idempotency)).await.unwrap()
}

async fn state(journal: &Journal, id: &str) -> (Option<Outcome>, Option<String>) {
    let found = journal.find(&ExchangeId(id.to_owned())).await.unwrap().unwrap();
    (found.outcome, found.settled_by)
}

#[tokio::test]
async fn what_was_on_its_way_at_a_crash_is_unknown_and_what_was_not_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let opened = Journal::open(&path, 0, REST).unwrap();
    assert!(opened.high_waters.is_empty() && opened.recalled.is_empty());
    let journal = opened.journal;
    for id in ["a", "b", "c"] {
        assert_eq!(ask(&journal, id, None).await, Accepted::New);
    }
    journal.send(sending("b", 17)).unwrap().await.unwrap().unwrap();
    journal.send(sending("c", 18)).unwrap().await.unwrap().unwrap();
    let ended = Finish { answer: Some(answer()), reason: None, ..ending("c", Outcome::Answered) };
    journal.finish(ended).await.await.unwrap().unwrap();
    journal.close().await;
    drop(journal);

    let opened = Journal::open(&path, 5000, REST).unwrap();
    assert_eq!(state(&opened.journal, "a").await, (Some(Outcome::NotSent), None));
    assert_eq!(state(&opened.journal, "b").await, (Some(Outcome::Unknown), None));
    assert_eq!(state(&opened.journal, "c").await, (Some(Outcome::Answered), None));
    assert_eq!(opened.high_waters, [("bank-a".to_owned(), TraceHighWater { day: 7, high: 1000 })]);
    let [recalled, answered] = &opened.recalled[..] else { panic!("{:?}", opened.recalled) };
    assert_eq!((answered.id.0.as_str(), &answered.answered), ("c", &Some(answer().bytes)));
    assert_eq!((recalled.id.0.as_str(), &recalled.key), ("b", &Key::new(["17"])));

    let settlement = Settlement { id: recalled.id.clone(), by: "late answer", answer: answer() };
    let settled = opened.journal.settle(settlement).await.await.unwrap().unwrap();
    assert_eq!((settled.outcome, settled.settled_by.as_deref()), (Some(Outcome::Unknown), Some("late answer")));
    assert_eq!(settled.answer, Some(answer()));
}

#[tokio::test]
async fn an_end_is_final() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(&folder.path().join("journal.sqlite"), 0, REST).unwrap().journal;
    ask(&journal, "a", None).await;
    journal.finish(ending("a", Outcome::Unknown)).await.await.unwrap().unwrap();
    journal.finish(ending("a", Outcome::NotSent)).await.await.unwrap().unwrap();
    assert_eq!(state(&journal, "a").await, (Some(Outcome::Unknown), None));
    assert!(journal.send(sending("a", 1)).unwrap().await.unwrap().is_err(), "what has ended is not sent");
}

#[tokio::test]
async fn an_idempotency_key_stands_for_one_body() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(&folder.path().join("journal.sqlite"), 0, REST).unwrap().journal;
    assert_eq!(ask(&journal, "a", Some(("key", 1))).await, Accepted::New);
    for (digest, same) in [(1, true), (2, false)] {
        let Accepted::Known { exchange, same_body } = ask(&journal, "b", Some(("key", digest))).await else {
            panic!("the key is known")
        };
        assert_eq!((exchange.id.0.as_str(), exchange.outcome, same_body), ("a", None, same));
    }
}

#[tokio::test]
async fn one_bad_command_does_not_spoil_its_batch() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(&folder.path().join("journal.sqlite"), 0, REST).unwrap().journal;
    let (one, same, other) = tokio::join!(
        journal.accept(acceptance("a", None)),
        journal.accept(acceptance("a", None)),
        journal.accept(acceptance("b", None))
    );
    assert_eq!((one, other), (Ok(Accepted::New), Ok(Accepted::New)));
    assert!(same.unwrap_err().to_string().contains("UNIQUE"));
    assert_eq!(journal.recent(10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_disk_that_refuses_fails_requests_and_keeps_what_happened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let journal = Journal::open(&path, 0, REST).unwrap().journal;
    ask(&journal, "a", None).await;
    journal.send(sending("a", 1)).unwrap().await.unwrap().unwrap();

    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(journal.accept(acceptance("b", None)).await.unwrap_err().to_string().contains("locked"));
    let told = journal.finish(ending("a", Outcome::Unknown)).await.await.unwrap();
    assert!(told.unwrap_err().to_string().contains("locked"));
    other.execute_batch("ROLLBACK").unwrap();

    for _ in 0..100 {
        if state(&journal, "a").await.0 == Some(Outcome::Unknown) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the end was lost");
}

#[tokio::test]
async fn a_withheld_telegram_is_not_among_the_bytes_on_the_wire() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let journal = Journal::open(&path, 0, REST).unwrap().journal;
    ask(&journal, "a", None).await;
    journal.send(sending("a", 1)).unwrap().await.unwrap().unwrap();
    journal.finish(ending("a", Outcome::NotSent)).await.await.unwrap().unwrap();
    let direction: String =
        schema::read_only(&path).unwrap().query_row("SELECT direction FROM entries", [], |row| row.get(0)).unwrap();
    assert_eq!(direction, "withheld");
}

#[tokio::test]
async fn a_reason_and_a_mismatch_keep_their_codes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let journal = Journal::open(&path, 0, REST).unwrap().journal;
    ask(&journal, "a", None).await;
    journal.received(Entry { note: Some(Mismatch::Conflicting), ..sending("a", 1).entry }).await;
    journal.finish(ending("a", Outcome::Unknown)).await.await.unwrap().unwrap();
    let found = journal.find(&ExchangeId("a".to_owned())).await.unwrap().unwrap();
    assert_eq!((found.reason.as_deref(), found.reason_code.as_deref()), (Some("because"), Some("no_answer")));
    let reader = schema::read_only(&path).unwrap();
    let code: String = reader.query_row("SELECT note_code FROM entries", [], |row| row.get(0)).unwrap();
    assert_eq!(code, "conflicting");
}

#[tokio::test]
async fn a_notice_gets_the_same_answer_again() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(&folder.path().join("journal.sqlite"), 0, REST).unwrap().journal;
    let key = Key::new(["000001"]);
    let id = NoticeId { institution: "bank-a".to_owned(), telegram: "DepositNotice".to_owned(), key, former_key: None };
    let name = ExchangeId("n".to_owned());
    for _ in 0..2 {
        assert_eq!(journal.notice(id.clone(), name.clone(), 1).await, Ok(NoticeState::Unanswered));
    }
    let mut answering = Sending { request: None, notice: Some(id.clone()), ..sending("x", 1) };
    answering.entry.exchange = None;
    journal.send(answering).unwrap().await.unwrap().unwrap();
    let state = journal.notice(id, name, 2).await;
    assert_eq!(state, Ok(NoticeState::Answered(TelegramBytes::copy_of(b"0004abcd"))));
}

#[test]
fn a_journal_has_one_owner_and_one_version() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let opened = Journal::open(&path, 0, REST).unwrap();
    assert!(Journal::open(&path, 0, REST).unwrap_err().to_string().contains("another gateway"));
    drop(opened);
    let other = Connection::open(&path).unwrap();
    other.pragma_update(None, "user_version", 99).unwrap();
    for _ in 0..100 {
        match Journal::open(&path, 0, REST).unwrap_err().to_string() {
            error if error.contains("another gateway") => std::thread::sleep(Duration::from_millis(20)),
            error => {
                return assert!(
                    error.contains("the journal has version 99, this gateway reads versions up to 2"),
                    "{error}"
                );
            }
        }
    }
    panic!("the lock was not given back");
}
