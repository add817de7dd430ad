//! What a journal must do wherever its facts are: each test runs on a file and, with `FEP_POSTGRES`, on a PostgreSQL server.

use fep_protocol::exchange::{Flags, Outcome, SettledBy};
use fep_protocol::fact::{Class, Reason, SentClass, What};

use super::tests::{answer, ending, fact, id, keyed, options, request, state, store};
use super::*;

/// Where the facts of a test are.
struct Place {
    folder: tempfile::TempDir,
    #[cfg(feature = "postgres")]
    schema: Option<postgres::testing::Schema>,
}

/// What keeps a journal from writing until it is dropped.
enum Stall {
    #[expect(dead_code, reason = "it holds the lock of the file")]
    File(rusqlite::Connection),
    #[cfg(feature = "postgres")]
    #[expect(dead_code, reason = "it holds the lock of the journal")]
    Postgres(postgres::testing::Lock),
}

impl Place {
    fn file() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            #[cfg(feature = "postgres")]
            schema: None,
        }
    }

    #[cfg(feature = "postgres")]
    fn postgres() -> Option<Self> {
        let schema = postgres::testing::Schema::new()?;
        Some(Self { folder: tempfile::tempdir().unwrap(), schema: Some(schema) })
    }

    fn options(&self) -> OpenOptions {
        let options = options(&self.folder.path().join("journal.sqlite"));
        #[cfg(feature = "postgres")]
        let options = OpenOptions { postgres: self.schema.as_ref().map(|schema| schema.config("seoul-1")), ..options };
        options
    }

    async fn open(&self) -> Opened {
        self.open_with(&self.options()).await
    }

    /// Opens the journal, as soon as the threads of a former handle have ended.
    async fn open_with(&self, options: &OpenOptions) -> Opened {
        for _ in 0..500 {
            let options = options.clone();
            match tokio::task::spawn_blocking(move || Journal::open(&options)).await.unwrap() {
                Ok(opened) => return opened,
                Err(error) if error.to_string().contains("another gateway") => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                Err(error) => panic!("{error}"),
            }
        }
        panic!("it stays locked");
    }

    /// From now on, writes fail.
    fn stall(&self) -> Stall {
        #[cfg(feature = "postgres")]
        if let Some(schema) = &self.schema {
            return Stall::Postgres(schema.lock());
        }
        let other = rusqlite::Connection::open(self.folder.path().join("journal.sqlite")).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        Stall::File(other)
    }
}

macro_rules! on_each_store {
    ($($name:ident)*) => {
        mod on_a_file {
            $(#[tokio::test] async fn $name() { super::$name(&super::Place::file()).await })*
        }

        #[cfg(feature = "postgres")]
        mod on_postgres {
            $(#[tokio::test] async fn $name() {
                if let Some(place) = super::Place::postgres() {
                    super::$name(&place).await;
                }
            })*
        }
    };
}

fn lane(opened: &Opened, institution: usize) -> Lane {
    opened.lanes[institution].1.clone()
}

on_each_store! {
    an_exchange_is_what_its_facts_say
    a_request_without_an_end_is_unknown_after_a_crash_and_the_rest_is_as_it_was
    what_was_sent_lately_is_known_after_a_restart
    the_index_can_be_deleted_and_says_the_same_again
    a_key_stands_for_one_exchange_and_is_free_again_after_not_sent
    a_permission_fails_with_its_write_and_what_happened_is_kept
    a_full_lane_refuses_permissions_and_leaves_the_others_alone
    a_withdrawn_fact_is_never_written
}

const DAY: i64 = 20_783;

async fn an_exchange_is_what_its_facts_say(place: &Place) {
    let opened = place.open().await;
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

async fn a_request_without_an_end_is_unknown_after_a_crash_and_the_rest_is_as_it_was(place: &Place) {
    let opened = place.open().await;
    let high = TraceHighWater { day: DAY, high: 1000 };
    let marks = fact(What::Traces(high), None);
    store(&lane(&opened, 0), [marks, request(1), request(2), answer(2, Class::Answer, b"yes"), request(3)]).await;
    store(&lane(&opened, 0), [ending(3, Outcome::NotSent)]).await;
    drop(opened);
    let opened = place.open().await;
    assert_eq!(state(&opened.journal, 1).await, (Some(Outcome::Unknown), None));
    let why = opened.journal.find(&id(1)).await.unwrap().unwrap().reason_code;
    assert_eq!(why.as_deref(), Some("stopped_before_answer"));
    assert_eq!(state(&opened.journal, 2).await, (Some(Outcome::Answered), None));
    assert_eq!(state(&opened.journal, 3).await, (Some(Outcome::NotSent), None));
    assert_eq!(opened.high_waters, [("bank-a".to_owned(), high)]);
    let recalled: Vec<_> = opened.recalled.iter().map(|earlier| (earlier.id, earlier.answered.is_some())).collect();
    assert_eq!(recalled, [(id(1), false), (id(2), true)], "what was not sent needs no quarantine");
}

async fn what_was_sent_lately_is_known_after_a_restart(place: &Place) {
    let opened = place.open().await;
    let at = |at_ms, fact: Fact| Fact { at_ms, ..fact };
    let duty = Fact { what: What::Sent(SentClass::Duty), ..request(5) };
    let reply = Fact { what: What::Sent(SentClass::Reply), ..request(6) };
    let now_ms = place.options().now_ms;
    let facts = [
        at(now_ms - 2001, request(1)),
        at(now_ms - 2000, request(2)),
        at(now_ms - 10, answer(2, Class::Answer, b"yes")),
        at(now_ms - 5, duty),
        at(now_ms - 5, reply),
        // The clock was set back for a moment.
        at(now_ms - 60_000, answer(2, Class::Duplicate, b"yes")),
    ];
    store(&lane(&opened, 0), facts).await;
    drop(opened);
    let opened = place.open_with(&OpenOptions { rate_span_max_ms: 2000, ..place.options() }).await;
    let sent: Vec<_> = opened.sent.iter().map(|fact| (fact.what, fact.at_ms)).collect();
    let expected = [(What::Sent(SentClass::Duty), now_ms - 5), (What::Sent(SentClass::Request), now_ms - 2000)];
    assert_eq!(sent, expected, "the newest first, without replies");
}

async fn the_index_can_be_deleted_and_says_the_same_again(place: &Place) {
    let opened = place.open().await;
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
        let _ = std::fs::remove_file(place.folder.path().join(format!("journal.index.sqlite{suffix}")));
    }
    let opened = place.open().await;
    assert_eq!(opened.journal.recent(1000).await.unwrap(), before);
    assert_eq!(before.len(), 500);
}

async fn a_key_stands_for_one_exchange_and_is_free_again_after_not_sent(place: &Place) {
    let opened = place.open().await;
    let lane = lane(&opened, 0);
    let journal = &opened.journal;
    let reserve = async |serial, digest| journal.reserve_key("bank-a", "k", [digest; 16], id(serial)).await.unwrap();
    let look = async |digest| journal.key_state("bank-a", "k", [digest; 16]).await.unwrap();
    assert!(look(2).await.is_none());
    let KeyState::Reserved(ticket) = reserve(1, 1).await else { panic!("who only looked has not taken it") };
    ticket.runs();
    assert!(matches!(look(1).await, Some(KeyState::Running(running)) if running == id(1)));
    assert!(matches!(look(2).await, Some(KeyState::OtherBody(running)) if running == id(1)));
    assert!(matches!(reserve(2, 1).await, KeyState::Running(running) if running == id(1)));
    assert!(matches!(reserve(2, 2).await, KeyState::OtherBody(running) if running == id(1)));
    store(&lane, [keyed(1, "k", 1), ending(1, Outcome::NotSent)]).await;
    drop(ticket);
    assert!(look(1).await.is_none());
    let KeyState::Reserved(ticket) = reserve(3, 1).await else { panic!("nothing was sent, so it is free again") };
    store(&lane, [keyed(3, "k", 1), answer(3, Class::Answer, b"yes")]).await;
    drop(ticket);
    assert!(matches!(look(1).await, Some(KeyState::Ended(ended)) if ended.id == id(3)));
    assert!(matches!(look(2).await, Some(KeyState::OtherBody(ended)) if ended == id(3)));
    assert!(matches!(reserve(4, 1).await, KeyState::Ended(ended) if ended.id == id(3)));
    assert!(matches!(reserve(4, 2).await, KeyState::OtherBody(ended) if ended == id(3)));
    let other = journal.reserve_key("bank-b", "k", [2; 16], id(5)).await.unwrap();
    assert!(matches!(other, KeyState::Reserved(_)), "another institution has its own keys");
    // A reservation for a request that was refused before the journal leaves nothing behind.
    let refused = journal.reserve_key("bank-a", "r", [1; 16], id(6)).await.unwrap();
    drop(refused);
    assert!(matches!(journal.reserve_key("bank-a", "r", [9; 16], id(7)).await.unwrap(), KeyState::Reserved(_)));
}

async fn a_permission_fails_with_its_write_and_what_happened_is_kept(place: &Place) {
    let opened = place.open().await;
    let lane = lane(&opened, 0);
    store(&lane, [request(1), request(2)]).await;
    let stall = place.stall();
    let happened = lane.append(answer(1, Class::Answer, b"yes")).unwrap();
    let failed = store(&lane, [request(3)]).await;
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(opened.journal.trouble().is_some());
    assert!(lane.append(request(4)).is_err(), "refused at once, without waiting for the disk");
    assert!(lane.progress().durable < happened);
    drop(stall);
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

async fn a_full_lane_refuses_permissions_and_leaves_the_others_alone(place: &Place) {
    let opened = place.open().await;
    let flooded = lane(&opened, 0);
    let stall = place.stall();
    let accepted = (0..10_000).filter(|serial| flooded.append(request(*serial)).is_ok()).count();
    // The writer may have taken one batch.
    assert!((4096..=4096 + 512).contains(&accepted), "{accepted}");
    assert!(!flooded.has_room() && flooded.append(answer(1, Class::Unmatched, b"x")).is_ok());
    let quiet = lane(&opened, 1);
    assert!(quiet.has_room() && quiet.append(request(1)).is_ok());
    drop(stall);
}

async fn a_withdrawn_fact_is_never_written(place: &Place) {
    let opened = place.open().await;
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
