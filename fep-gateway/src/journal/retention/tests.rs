//! Retention against real files: what goes, what stays, and what a crash at any step leaves.

mod comparisons;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use fep_protocol::delivery::{AnsweredBy, DeliveryFact, ServiceSays};
use fep_protocol::exchange::{ExchangeId, Outcome, TelegramBytes};
use fep_protocol::fact::{Class, Fact, Idempotency, SentClass, What};
use fep_protocol::settlement::{DeadReason, SettlementFact};
use fep_protocol::standing::{PersonNote, Standing};
use fep_protocol::terms::Key;
use fep_protocol::trace::TraceHighWater;
use tempfile::TempDir;
use tokio::time::Instant;

use super::*;
use crate::config::ArchiveConfig;
use crate::ground::Ground;
use crate::journal::archive::{self, Archives};
use crate::journal::indexer::{IndexQueue, catch_up};
use crate::journal::mark::Mark;
use crate::journal::reading::JournalPlace;
use crate::journal::seal::{KeyRing, new_key};
use crate::journal::sealing::Access;
use crate::journal::sqlite::facts::Facts;
use crate::journal::sqlite::index::IndexFile;
use crate::journal::sqlite::marks;
use crate::journal::store::{FactReads, FactStore};
use crate::journal::tests::options;
use crate::journal::{Journal, KeyState, OpenOptions, audit};

/// 2026-11-20T09:00:00+09:00, by `date -d … +%s`.
const FIRST_MS: i64 = 1_795_132_800_000;

/// The number of days with facts.
const DAYS: u32 = 8;

/// A journal with one exchange a day from 2026-11-20 on. Each has its request and its answer; the first day also has a mark of trace
/// numbers, which is fact 1.
struct Files {
    folder: TempDir,
    keep_days: u32,
    keys: Option<KeyRing>,
}

fn id(day: u32) -> ExchangeId {
    ExchangeId::new(FIRST_MS + i64::from(day) * DAY_MS, day, 7)
}

fn fact(day: u32, what: What) -> Fact {
    Fact { what, ..Fact::new("bank-a".into(), FIRST_MS + i64::from(day) * DAY_MS) }
}

fn request(day: u32) -> Fact {
    let idempotency = Some(Box::new(Idempotency { key: format!("order-{day}").into(), digest: [7; 16] }));
    let bytes = TelegramBytes::copy_of(b"request");
    Fact { exchange: Some(id(day)), idempotency, bytes, ..fact(day, What::Sent(SentClass::Request)) }
}

fn answer(day: u32) -> Fact {
    let bytes = TelegramBytes::copy_of(b"answer");
    let outcome = Some(Outcome::Answered);
    Fact { exchange: Some(id(day)), outcome, bytes, ..fact(day, What::Received(Class::Answer)) }
}

fn settlement(day: u32, settlement: SettlementFact) -> Fact {
    Fact { exchange: Some(id(day)), settlement: Some(Box::new(settlement)), ..fact(day, What::Settlement) }
}

impl Files {
    /// `more` are the facts of the first day behind its request.
    fn new(more: Vec<Fact>) -> Self {
        Self::with(more, false)
    }

    /// The same, encrypted if that is wanted.
    fn with(more: Vec<Fact>, is_encrypted: bool) -> Self {
        let mut files = Self { folder: tempfile::tempdir().unwrap(), keep_days: 4, keys: None };
        if is_encrypted {
            new_key(&files.key_file(), 0).unwrap();
            files.keys = Some(KeyRing::read(&files.key_file()).unwrap());
        }
        let mut facts = vec![fact(0, What::Traces(TraceHighWater { day: 20_777, high: 1000 })), request(0)];
        facts.extend(more);
        facts.extend((1..DAYS).flat_map(|day| [request(day), answer(day)]));
        let veil = files.keys.as_ref().map(|keys| keys.veil().clone()).unwrap_or_default();
        facts.iter_mut().for_each(|fact| veil.fact(fact));
        files.store().append(&facts).unwrap();
        files
    }

    fn key_file(&self) -> PathBuf {
        self.folder.path().join("journal.keys")
    }

    fn store(&self) -> Facts {
        Facts::open(&self.journal(), self.keys.as_ref()).unwrap()
    }

    fn access(&self) -> Access {
        Access::strict(self.keys.as_ref())
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("journal.sqlite")
    }

    fn index(&self) -> PathBuf {
        index_path(&self.journal())
    }

    fn archive(&self) -> PathBuf {
        self.folder.path().join("archive")
    }

    /// An archiver on the last day with facts, moved by some days.
    fn archiver(&self, later: i64) -> Archiver {
        let keep_days = Some(self.keep_days);
        let options = ArchiveConfig { folder: self.archive(), after_days: 2, utc_offset_minutes: 540, keep_days };
        let last_ms = FIRST_MS + (i64::from(DAYS) - 1 + later) * DAY_MS;
        let archives = Archives::new(&self.journal(), &options, &self.access()).unwrap();
        let journal = archives.live().unwrap().journal_id().unwrap();
        Archiver {
            mark: Arc::new(Mark::of(&self.journal(), journal).unwrap()),
            archives,
            options,
            started: (Instant::now(), last_ms),
            earlier_ms: None,
            index: Arc::new(IndexQueue::new(FactNumber::MAX)),
            archived: Arc::default(),
            bell: Arc::default(),
            stop: Arc::default(),
            ground: Ground::default(),
        }
    }

    /// Archives what is old enough, and does what the writer and the indexer do then.
    fn archived(&self, later: i64) -> Archiver {
        let mut source = FactReader::open(&self.journal(), &self.access()).unwrap();
        let removal = source.removal().unwrap();
        let journal = source.journal_id().unwrap();
        let index = IndexFile::open(&self.index(), journal, source.last().unwrap(), removal.as_ref());
        let mut index = index.unwrap();
        let archives = self.archiver(later).archives;
        archive::catch_up(&mut index, &source, &self.journal(), Some(&archives)).unwrap();
        catch_up(&mut index, &mut source).unwrap();
        let archiver = self.archiver(later);
        archiver.archive().unwrap();
        let mut writer = self.store();
        while writer.remove_archived(archiver.archived.load(Ordering::Relaxed), 2).unwrap() > 0 {}
        archiver
    }

    /// The archives that are there, by their days in November.
    fn days(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.archive()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut days: Vec<_> = names.map(|name| name.to_string_lossy()[16..18].to_owned()).collect();
        days.sort();
        days
    }

    /// What `verify` says must be right, and what it says was removed.
    #[track_caller]
    fn verified(&self, what: &str) -> Option<String> {
        let mut findings = Vec::new();
        let audit =
            audit::verify(&JournalPlace::Files(vec![self.archive(), self.journal()]), self.keys.as_ref(), |finding| {
                findings.push(finding.to_owned());
                Ok::<_, JournalError>(())
            });
        assert_eq!(findings, Vec::<String>::new(), "{what}");
        audit.unwrap().removed
    }
}

#[tokio::test]
async fn what_is_too_old_goes_and_everybody_knows_that_it_is_gone_on_purpose() {
    for is_encrypted in [false, true] {
        goes_on_purpose(&Files::with(vec![answer(0)], is_encrypted)).await;
    }
}

async fn goes_on_purpose(files: &Files) {
    let archiver = files.archived(0);
    assert_eq!(files.days(), ["20", "21", "22", "23", "24"]);
    assert_eq!(files.verified("before"), None);
    archiver.retain().unwrap();
    assert_eq!(files.days(), ["23", "24"], "today is the 27th, and four days stay");
    let removed = files.verified("after").unwrap();
    let expected = "the facts 1 to 7, and the exchanges that began in them, all accepted before 2026-11-22T00:00:00.001Z, were \
                    removed on purpose at 2026-11-27T00:00:0";
    assert!(removed.starts_with(expected) && removed.ends_with(": keep_days = 4"), "{removed}");
    for what in ["with its index", "without its index"] {
        let archive = Some(files.archiver(0).options);
        let key_file = files.keys.as_ref().map(|_| files.key_file());
        let opened = Journal::open(&OpenOptions { archive, key_file, now_ms: FIRST_MS, ..options(&files.journal()) });
        let opened = opened.unwrap_or_else(|error| panic!("{what}: {error}"));
        let journal = &opened.journal;
        assert_eq!(journal.find(&id(2)).await.unwrap(), None, "{what}");
        assert!(journal.find(&id(3)).await.unwrap().is_some(), "{what}");
        let old = journal.reserve_key("bank-a", "order-2", [7; 16], id(50)).await.unwrap();
        assert!(matches!(old, KeyState::Reserved(_)), "{what}: a key lives as long as its facts");
        let kept = journal.reserve_key("bank-a", "order-3", [7; 16], id(51)).await.unwrap();
        assert!(matches!(kept, KeyState::Ended(exchange) if exchange.id == id(3)), "{what}");
        let mark = TraceHighWater { day: 20_777, high: 1000 };
        assert_eq!(opened.high_waters, [("bank-a".to_owned(), mark)], "{what}: its mark of trace numbers is kept");
        journal.close().await;
        drop(old);
        drop(opened);
        audit::rebuild(&[files.archive(), files.journal()], files.keys.as_ref()).unwrap();
        files.verified(what);
        std::fs::remove_file(files.index()).unwrap();
    }
}

#[tokio::test]
async fn what_stands_is_known_when_the_facts_that_said_it_are_gone() {
    for is_encrypted in [false, true] {
        let by = |note: &str| Some(PersonNote { note: note.into(), since_ms: FIRST_MS });
        let block = |note: Option<PersonNote>| Standing::Block { business: None, by: note };
        let line = |line: &str| Standing::Line { line: line.into(), by: by("broken") };
        let said =
            |day: u32, standing: Standing| Fact { standing: Some(Box::new(standing)), ..fact(day, What::Standing) };
        let more =
            [said(0, line("main")), said(0, block(by("end of day"))), said(0, line("backup")), said(0, block(None))];
        let files = Files::with(std::iter::once(answer(0)).chain(more).collect(), is_encrypted);
        let of_today = Standing::Line { line: "backup".into(), by: None };
        files.store().append(&[said(DAYS - 1, of_today)]).unwrap();
        files.archived(0).retain().unwrap();
        assert_eq!(files.days(), ["23", "24"]);
        for what in ["with its index", "without its index"] {
            let archive = Some(files.archiver(0).options);
            let key_file = files.keys.as_ref().map(|_| files.key_file());
            let opened =
                Journal::open(&OpenOptions { archive, key_file, now_ms: FIRST_MS, ..options(&files.journal()) })
                    .unwrap();
            assert_eq!(opened.standing, [("bank-a".to_owned(), line("main"))], "{what}");
            opened.journal.close().await;
            drop(opened);
            files.verified(what);
            std::fs::remove_file(files.index()).unwrap();
        }
    }
}

#[test]
fn what_repeats_a_removed_notice_or_conflicts_with_it_has_no_key() {
    let id = |serial: u32, day: u32| ExchangeId::new(FIRST_MS + i64::from(day) * DAY_MS, serial, 9);
    let about = |id: ExchangeId, day: u32, what: What, delivery: DeliveryFact| Fact {
        exchange: Some(id),
        delivery: Some(Box::new(delivery)),
        ..fact(day, what)
    };
    let received = |id: ExchangeId, day: u32, content: &[u8]| Fact {
        telegram: Some("DepositNotice".into()),
        key: Some(Key::new(["1"])),
        bytes: TelegramBytes::copy_of(content),
        ..about(id, day, What::Received(Class::Notice), DeliveryFact::Received { answer_by_ms: 0 })
    };
    let first = id(0, 0);
    let answered = DeliveryFact::Answered { by: AnsweredBy::Service };
    let reply = Fact {
        telegram: Some("DepositNotice".into()),
        key: Some(Key::new(["1"])),
        ..about(first, 0, What::Sent(SentClass::Reply), answered)
    };
    let taken = DeliveryFact::Taken { attempt: 1, says: ServiceSays::Nothing };
    let taken = about(first, 0, What::Delivery, taken);
    let files = Files::new(vec![answer(0), received(first, 0, b"one"), taken, reply]);
    let last = DAYS - 1;
    let [repetition, other] = [1, 2].map(|serial| id(serial, last));
    let same = [
        received(repetition, last, b"one"),
        about(repetition, last, What::Delivery, DeliveryFact::Repeated { first }),
        received(other, last, b"two"),
        about(other, last, What::Delivery, DeliveryFact::Conflicted { first: Some(first) }),
    ];
    files.store().append(&same).unwrap();
    files.archived(0).retain().unwrap();
    assert_eq!(files.days(), ["23", "24"], "the first one is gone");
    files.verified("removed");
}

#[test]
fn files_of_earlier_versions_are_read() {
    let to_5 = "ALTER TABLE facts DROP COLUMN caller; ALTER TABLE facts DROP COLUMN code; PRAGMA user_version = 5;";
    let to_4 = format!("{to_5} ALTER TABLE removals DROP COLUMN standing; PRAGMA user_version = 4;");
    for sql in [to_5, &to_4] {
        let files = Files::new(vec![answer(0)]);
        files.archived(0);
        let old = |path: &Path| rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
        old(&files.archive().join("journal-2026-11-21.sqlite"));
        files.verified("an archive");
        old(&files.journal());
        files.verified("the journal");
        // As a gateway does when it starts.
        drop(files.store());
        files.archived(0).retain().unwrap();
        assert_eq!(files.days(), ["23", "24"], "{sql}");
        files.verified("the migrated journal");
    }
}

#[test]
fn a_crash_at_any_step_is_made_good_by_the_next_run() {
    let check = |what: &str, crash: &dyn Fn(&Files, &Archiver, &Removal)| {
        let files = Files::new(vec![answer(0)]);
        let archiver = files.archived(0);
        let removal = archiver.removal(&archiver.archives.live().unwrap(), 4).unwrap().unwrap();
        crash(&files, &archiver, &removal);
        files.archived(0).retain().unwrap();
        assert_eq!(files.days(), ["23", "24"], "{what}");
        files.verified(what);
    };
    check("before the mark", &|_, _, _| {});
    check("behind the mark", &|files, _, removal| marks::mark(&files.journal(), removal).unwrap());
    check("without an index", &|files, _, removal| {
        marks::mark(&files.journal(), removal).unwrap();
        std::fs::remove_file(files.index()).unwrap();
    });
    check("before the files are deleted", &|files, _, removal| {
        marks::mark(&files.journal(), removal).unwrap();
        removals::forget(&files.index(), removal).unwrap();
    });
    check("between two files", &|files, archiver, _| {
        let kept = files.folder.path().join("kept");
        let second = files.archive().join("journal-2026-11-21.sqlite");
        std::fs::copy(&second, &kept).unwrap();
        archiver.retain().unwrap();
        std::fs::rename(&kept, &second).unwrap();
    });
}

#[test]
fn what_is_needed_holds_back_everything_behind_it() {
    let check = |what: &str, more: Vec<Fact>, days: &[&str]| {
        let files = Files::new(more);
        files.archived(0).retain().unwrap();
        assert_eq!(files.days(), days, "{what}");
        files.verified(what);
    };
    let all = ["20", "21", "22", "23", "24"];
    let unknown = || Fact { exchange: Some(id(0)), outcome: Some(Outcome::Unknown), ..fact(0, What::Outcome) };
    let opened = || settlement(0, SettlementFact::Opened { telegram: "T".into(), account: None, written_at_ms: 0 });
    let dead = || settlement(0, SettlementFact::DeadLettered { why: DeadReason::ALL[0] });
    let notice = |what: What| Fact {
        telegram: Some("DepositNotice".into()),
        key: Some(Key::new(["1"])),
        bytes: TelegramBytes::copy_of(b"notice"),
        ..fact(0, what)
    };
    check("an exchange without an outcome", vec![], &all);
    check("a settlement that goes on", vec![opened(), unknown()], &all);
    check("a dead letter", vec![opened(), unknown(), dead()], &all);
    check("a notice without an answer", vec![answer(0), notice(What::Received(Class::Notice))], &all);
    let answered = vec![answer(0), notice(What::Received(Class::Notice)), notice(What::Sent(SentClass::Reply))];
    check("an answered notice", answered, &["23", "24"]);
    // The gateway was killed before it answered, and delivered the notice later. Nobody waited for the answer any more.
    let killed = |end: DeliveryFact| {
        let named = |what: What, delivery: DeliveryFact| Fact {
            exchange: Some(ExchangeId::new(FIRST_MS, 0, 9)),
            delivery: Some(Box::new(delivery)),
            ..notice(what)
        };
        let received = DeliveryFact::Received { answer_by_ms: 0 };
        vec![answer(0), named(What::Received(Class::Notice), received), named(What::Delivery, end)]
    };
    check("a notice that is being delivered", killed(DeliveryFact::Begun { attempt: 2 }), &all);
    let taken = DeliveryFact::Taken { attempt: 2, says: ServiceSays::Nothing };
    check("a notice delivered without an answer", killed(taken), &["23", "24"]);
    check("a notice that nobody wants", killed(DeliveryFact::Unwanted), &["23", "24"]);
    check("an unknown exchange that moves no money", vec![unknown()], &["23", "24"]);
    // The clock was set back by hours after these were accepted, and their facts were stored.
    let later =
        |hours: i64, what: Fact| Fact { exchange: Some(ExchangeId::new(FIRST_MS + hours * 3_600_000, 0, 8)), ..what };
    check("one without an outcome, by another clock", vec![answer(0), later(12, request(0))], &all);
    check(
        "one accepted after the horizon, by its clock",
        vec![answer(0), later(80, request(0)), later(80, answer(0))],
        &all,
    );
    check("an old one, by another clock", vec![answer(0), later(12, request(0)), later(12, answer(0))], &["23", "24"]);
}

#[test]
fn what_was_not_published_holds_back_everything_behind_it() {
    // Facts 2 and 3 are of the first day, 4 and 5 of the second one, and so on.
    for (published, days) in [
        (None, ["23", "24"].as_slice()),
        (Some(1), &["20", "21", "22", "23", "24"]),
        (Some(4), &["21", "22", "23", "24"]),
        (Some(5), &["22", "23", "24"]),
        (Some(100), &["23", "24"]),
    ] {
        let files = Files::new(vec![answer(0)]);
        let archiver = files.archived(0);
        published.iter().for_each(|number| archiver.mark.set(*number).unwrap());
        archiver.retain().unwrap();
        assert_eq!(files.days(), days, "{published:?}");
        files.verified("published");
    }
}

#[test]
fn neither_a_clock_nor_a_hurry_deletes_what_is_not_old_and_archived() {
    let files = Files::new(vec![answer(0)]);
    files.archived(3650).retain().unwrap();
    assert_eq!(files.days().first().map(String::as_str), Some("23"), "the newest fact says what day it is");
    let files = Files::new(vec![answer(0)]);
    let archiver = files.archiver(0);
    archiver.archive().unwrap();
    drop(IndexFile::begin(&files.index(), archiver.archives.live().unwrap().journal_id().unwrap(), None).unwrap());
    archiver.retain().unwrap();
    assert_eq!(files.days(), ["20", "21", "22", "23", "24"], "the journal still has these facts");
}

/// A run whose clock is ten years ahead.
fn ahead(files: &Files) -> Archiver {
    let fact = Fact { at_ms: FIRST_MS + 3650 * DAY_MS, ..fact(0, What::Outcome) };
    files.store().append(&[fact]).unwrap();
    let earlier_ms = Some(FIRST_MS + i64::from(DAYS - 1) * DAY_MS);
    Archiver { earlier_ms, ..files.archived(3650) }
}

#[test]
fn a_run_whose_clock_is_ahead_deletes_no_more_than_a_day_too_much() {
    let files = Files::new(vec![answer(0)]);
    ahead(&files).retain().unwrap();
    assert_eq!(files.days().first().map(String::as_str), Some("24"), "it may be the 28th");
    files.verified("ahead");
}

#[test]
fn a_clock_that_is_ahead_is_not_believed_because_it_was_ahead_before() {
    let mut files = Files::new(vec![answer(0)]);
    files.keep_days = 16;
    ahead(&files).retain().unwrap();
    let earlier_ms = Some(FIRST_MS + 3650 * DAY_MS);
    Archiver { earlier_ms, ..ahead(&files) }.retain().unwrap();
    // By the facts, the 21st is 16 days ago: 6 days, and 10 of the gap. The archive of 2036 is that of a 17th.
    assert_eq!(files.days(), ["17", "22", "23", "24", "25", "26", "27"]);
    files.verified("ahead again");
}

#[test]
fn time_in_which_nothing_was_recorded_counts_for_ten_days_at_most() {
    for (keep_days, oldest) in [(10, "28"), (11, "27"), (12, "26"), (17, "21"), (18, "20")] {
        let mut files = Files::new(vec![answer(0)]);
        files.keep_days = keep_days;
        let later = Fact { at_ms: FIRST_MS + 100 * DAY_MS, ..fact(0, What::Outcome) };
        files.store().append(&[later]).unwrap();
        files.archived(100).retain().unwrap();
        assert_eq!(files.days().first().map_or("28", String::as_str), oldest, "{keep_days}");
    }
}

#[tokio::test]
async fn what_begins_behind_a_removal_is_listed_whatever_the_clock_says() {
    let files = Files::new(vec![answer(0)]);
    // As a clock that was ahead could have marked it.
    let archiver = files.archived(0);
    let removal = archiver.removal(&archiver.archives.live().unwrap(), 4).unwrap().unwrap();
    let removal = Removal { before_ms: FIRST_MS + 3650 * DAY_MS, ..removal };
    marks::mark(&files.journal(), &removal).unwrap();
    archiver.complete(&removal).unwrap();
    files.store().append(&[request(DAYS), answer(DAYS), request(DAYS + 1)]).unwrap();
    for what in ["with its index", "without its index"] {
        let archive = Some(files.archiver(0).options);
        let opened = Journal::open(&OpenOptions { archive, now_ms: FIRST_MS, ..options(&files.journal()) }).unwrap();
        let journal = &opened.journal;
        assert_eq!(journal.find(&id(2)).await.unwrap(), None, "{what}");
        for (day, outcome) in [(3, Outcome::Answered), (DAYS, Outcome::Answered), (DAYS + 1, Outcome::Unknown)] {
            let found = journal.find(&id(day)).await.unwrap();
            assert_eq!(found.and_then(|exchange| exchange.outcome), Some(outcome), "{what}: {day}");
            let key = journal.reserve_key("bank-a", &format!("order-{day}"), [7; 16], id(50)).await.unwrap();
            assert!(matches!(key, KeyState::Ended(exchange) if exchange.id == id(day)), "{what}: {day}");
        }
        journal.close().await;
        drop(opened);
        files.verified(what);
        std::fs::remove_file(files.index()).unwrap();
    }
}
