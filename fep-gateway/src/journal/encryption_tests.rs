//! Encrypted journals against real files: what is in them, who can open them, and what a change of their bytes does.

use fep_protocol::delivery::DeliveryFact;
use fep_protocol::exchange::{Outcome, TelegramBytes};
use fep_protocol::fact::{Class, SentClass, What};
use fep_protocol::terms::Key;
use rusqlite::Connection;
use tempfile::TempDir;

use super::reading::JournalPlace;
use super::seal::{KeyId, KeyRing, new_key};
use super::tests::{answer, ending, fact, id, keyed, options, state, store};
use super::*;

/// A text that is in every telegram, correlation key, idempotency key and note of these tests.
const SECRET: &str = "9911223344";

struct Files {
    folder: TempDir,
}

impl Files {
    fn new() -> Self {
        let files = Self { folder: tempfile::tempdir().unwrap() };
        files.new_key();
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn journal(&self) -> PathBuf {
        self.path("journal.sqlite")
    }

    fn new_key(&self) -> KeyId {
        new_key(&self.path("journal.keys"), 0).unwrap()
    }

    fn keys(&self) -> KeyRing {
        KeyRing::read(&self.path("journal.keys")).unwrap()
    }

    fn options(&self, encrypted: bool) -> OpenOptions {
        OpenOptions { key_file: encrypted.then(|| self.path("journal.keys")), ..options(&self.journal()) }
    }

    fn open(&self) -> Result<Opened, JournalError> {
        Journal::open(&self.options(true))
    }

    /// Stores these facts and closes the journal.
    async fn run(&self, encrypted: bool, facts: Vec<Fact>) {
        let opened = Journal::open(&self.options(encrypted)).unwrap_or_else(|error| panic!("{error}"));
        store(&opened.lanes[0].1, facts).await;
        opened.journal.find(&id(1)).await.unwrap();
        opened.journal.close().await;
        drop(opened);
        self.sql("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    fn sql(&self, sql: &str) {
        Connection::open(self.journal()).unwrap().execute_batch(sql).unwrap();
    }

    /// Changes one bit of the body of a fact.
    fn flip(&self, number: i64) {
        let file = Connection::open(self.journal()).unwrap();
        let read = file.query_row("SELECT sealed FROM facts WHERE number = ?1", [number], |row| row.get(0));
        let mut sealed: Vec<u8> = read.unwrap();
        sealed[30] ^= 4;
        file.execute("UPDATE facts SET sealed = ?1 WHERE number = ?2", rusqlite::params![sealed, number]).unwrap();
    }

    /// The findings of `verify`.
    fn verify(&self, keys: Option<&KeyRing>) -> (Vec<String>, audit::Audit) {
        let mut findings = Vec::new();
        let audit = audit::verify(&JournalPlace::Files(vec![self.journal()]), keys, |finding| {
            findings.push(finding.to_owned());
            Ok::<_, JournalError>(())
        });
        (findings, audit.unwrap_or_else(|error| panic!("{error}")))
    }

    /// The files that contain a text.
    fn with(&self, text: &str) -> Vec<String> {
        let names = std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let has = |path: &PathBuf| {
            let bytes = std::fs::read(path).unwrap();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        };
        let mut names: Vec<_> =
            names.filter(has).map(|path| path.file_name().unwrap().to_string_lossy().into()).collect();
        names.sort();
        names
    }
}

/// A request whose bytes, correlation key and idempotency key have the secret.
fn transfer(serial: u32) -> Fact {
    Fact {
        key: Some(Key::new([serial.to_string(), SECRET.to_owned()])),
        bytes: TelegramBytes::copy_of(format!("0014{SECRET}{serial:04}").as_bytes()),
        ..keyed(serial, &format!("order-{SECRET}-{serial}"), 7)
    }
}

fn notice(class: What) -> Fact {
    Fact {
        telegram: Some("DepositNotice".into()),
        key: Some(Key::new([SECRET])),
        bytes: TelegramBytes::copy_of(SECRET.as_bytes()),
        ..fact(class, Some(id(900)))
    }
}

async fn first_notice(journal: &Journal) -> Option<notice::FirstNotice> {
    let question = FirstQuestion {
        institution: "bank-a".to_owned(),
        telegram: "DepositNotice".to_owned(),
        keys: vec![Key::new([SECRET])],
    };
    journal.first_notices(vec![question]).await.unwrap().remove(0)
}

/// Facts of every kind that says something secret.
fn secret_facts() -> Vec<Fact> {
    let note = SettlementFact::Decided {
        money: fep_protocol::exchange::Money::Done,
        person: SECRET.to_owned(),
        note: SECRET.to_owned(),
    };
    let closed = DeliveryFact::Closed { person: SECRET.to_owned(), note: SECRET.to_owned() };
    vec![
        transfer(1),
        answer(1, Class::Answer, SECRET.as_bytes()),
        transfer(2),
        ending(2, Outcome::Unknown),
        answer(2, Class::Late, SECRET.as_bytes()),
        notice(What::Received(Class::Notice)),
        notice(What::Sent(SentClass::Reply)),
        Fact { settlement: Some(Box::new(note)), ..fact(What::Settlement, Some(id(2))) },
        answer(9, Class::Undecodable, SECRET.as_bytes()),
        Fact { delivery: Some(Box::new(closed)), ..fact(What::Delivery, Some(id(901))) },
    ]
}

#[tokio::test]
async fn no_file_has_what_telegrams_keys_and_notes_say() {
    let files = Files::new();
    let opened = files.open().unwrap();
    store(&opened.lanes[0].1, secret_facts()).await;
    opened.journal.find(&id(1)).await.unwrap();
    assert_eq!(files.with(SECRET), Vec::<String>::new(), "while the gateway runs, with its write-ahead log");
    opened.journal.close().await;
    drop(opened);
    assert_eq!(files.with(SECRET), Vec::<String>::new());
    let (findings, audit) = files.verify(Some(&files.keys()));
    assert_eq!((findings, audit.facts, audit.unchecked), (Vec::new(), 10, 0));
    let (findings, audit) = files.verify(None);
    assert_eq!((findings, audit.facts, audit.unchecked), (Vec::new(), 10, 10), "what needs no key is checked");

    let plain = Files::new();
    plain.run(false, secret_facts()).await;
    assert!(plain.with(SECRET).contains(&"journal.sqlite".to_owned()), "this test can see a secret");
}

#[tokio::test]
async fn everything_is_found_again_with_the_keys() {
    let files = Files::new();
    files.run(true, secret_facts()).await;
    let opened = files.open().unwrap();
    let journal = &opened.journal;
    let found = journal.find(&id(1)).await.unwrap().unwrap();
    assert_eq!(found.request, transfer(1).bytes);
    assert_eq!(&*found.answer.unwrap().bytes, SECRET.as_bytes());
    let order = format!("order-{SECRET}-1");
    let known = journal.reserve_key("bank-a", &order, [7; 16], id(50)).await.unwrap();
    assert!(matches!(known, KeyState::Ended(exchange) if exchange.id == id(1)));
    let other = journal.reserve_key("bank-a", &order, [8; 16], id(51)).await.unwrap();
    assert!(matches!(other, KeyState::OtherBody(exchange) if exchange == id(1)));
    let stored = first_notice(journal).await.unwrap();
    assert_eq!(stored.answer.as_deref(), Some(SECRET.as_bytes()));
    let closed = journal.notice_timeline(&id(901)).await.unwrap().pop().and_then(|(_, fact)| fact.delivery).unwrap();
    assert!(matches!(*closed, DeliveryFact::Closed { note, .. } if note == SECRET));
    let recalled: Vec<_> = opened.recalled.iter().map(|one| (one.id, one.key.clone())).collect();
    assert_eq!(recalled[0], (id(1), transfer(1).key.unwrap()), "a late answer finds its request");
    let timeline = journal.timeline(&id(2)).await.unwrap();
    let note = timeline.iter().find_map(|(_, fact)| fact.settlement.clone()).unwrap();
    assert!(matches!(*note, SettlementFact::Decided { note, .. } if note == SECRET));
}

#[tokio::test]
async fn what_was_stored_before_encryption_stays_readable_and_is_not_sent_again() {
    let files = Files::new();
    files
        .run(
            false,
            vec![transfer(1), answer(1, Class::Answer, SECRET.as_bytes()), notice(What::Received(Class::Notice))],
        )
        .await;
    files.run(true, vec![transfer(2), answer(2, Class::Answer, SECRET.as_bytes())]).await;
    let check = async |what: &str| {
        let opened = files.open().unwrap_or_else(|error| panic!("{what}: {error}"));
        for serial in [1, 2] {
            let found = opened.journal.find(&id(serial)).await.unwrap().unwrap();
            assert_eq!(found.request, transfer(serial).bytes, "{what}");
            let order = format!("order-{SECRET}-{serial}");
            let known = opened.journal.reserve_key("bank-a", &order, [7; 16], id(50)).await.unwrap();
            assert!(matches!(known, KeyState::Ended(exchange) if exchange.id == id(serial)), "{what}");
        }
        assert!(first_notice(&opened.journal).await.is_some(), "{what}");
        opened.journal.close().await;
        drop(opened);
        assert_eq!(files.verify(Some(&files.keys())).0, Vec::<String>::new(), "{what}");
    };
    check("old and new facts").await;
    let rekey = || rekey::rekey(&[files.journal()], &files.keys(), |_| Ok::<_, JournalError>(()));
    assert_eq!(rekey(), Ok(5));
    assert_eq!(files.with(SECRET), Vec::<String>::new(), "all facts are sealed");
    check("after rekey").await;
    // What a crash before the renaming leaves.
    files.new_key();
    std::fs::write(files.path("journal.sqlite.rekey"), "half a page").unwrap();
    std::fs::write(files.path("journal.sqlite.rekey-journal"), "half a page").unwrap();
    check("with a half copy").await;
    assert_eq!(rekey(), Ok(5));
    check("after another rekey").await;
    assert!(!files.path("journal.sqlite.rekey").exists());
    let text = std::fs::read_to_string(files.path("journal.keys")).unwrap();
    let only_newest: Vec<_> =
        text.lines().filter(|line| line.starts_with("lookup")).chain(text.lines().last()).collect();
    std::fs::write(files.path("journal.keys"), only_newest.join("\n")).unwrap();
    check("with the newest key only").await;
    let error = Journal::open(&files.options(false)).err().unwrap().to_string();
    assert!(error.contains("the journal is encrypted from fact 1 on: the key file with the key "), "{error}");
}

/// A gateway must not start, must name what it wants, and must not write.
#[track_caller]
fn check_refused(files: &Files, encrypted: bool, expected: &str) {
    let before = std::fs::read(files.journal()).unwrap();
    let error = Journal::open(&files.options(encrypted)).err().expect("the journal does not open").to_string();
    assert!(error.contains(expected), "{error}");
    assert!(before == std::fs::read(files.journal()).unwrap(), "{expected}: it wrote");
}

#[tokio::test]
async fn a_wrong_or_missing_key_is_refused_with_the_key_that_is_wanted() {
    let files = Files::new();
    let id = files.keys().list()[0].id;
    files.run(true, vec![transfer(1), answer(1, Class::Answer, SECRET.as_bytes())]).await;
    let wanted = format!("the journal is encrypted from fact 1 on: the key file with the key {id} is needed");
    check_refused(&files, false, &wanted);
    let text = std::fs::read_to_string(files.path("journal.keys")).unwrap();
    std::fs::remove_file(files.path("journal.keys")).unwrap();
    check_refused(&files, true, "journal.keys: No such file");
    files.new_key();
    check_refused(&files, true, &format!("is not the key file of this journal; the one with the key {id} is needed"));
    files.new_key();
    let other = std::fs::read_to_string(files.path("journal.keys")).unwrap();
    let lookup = text.lines().find(|line| line.starts_with("lookup")).unwrap();
    let mixed: Vec<_> = other.lines().map(|line| if line.starts_with("lookup") { lookup } else { line }).collect();
    std::fs::write(files.path("journal.keys"), mixed.join("\n")).unwrap();
    check_refused(&files, true, &format!("facts are sealed with the key {id}, which "));
    std::fs::write(files.path("journal.keys"), text).unwrap();
    assert!(files.open().is_ok());
}

#[tokio::test]
async fn tampering_is_named_by_verify_and_a_request_without_an_end_is_not_taken() {
    let check = async |what: &str, tamper: &dyn Fn(&Files), expected: &str| {
        let files = Files::new();
        let ended = vec![transfer(1), answer(1, Class::Answer, b"yes"), transfer(2), answer(2, Class::Answer, b"no")];
        files.run(true, ended).await;
        tamper(&files);
        let (findings, audit) = files.verify(Some(&files.keys()));
        assert!(findings.iter().any(|finding| finding.contains(expected)), "{what}: {findings:?}");
        assert!(audit.findings > 0);
        // Without its index, the gateway reads every fact again.
        std::fs::remove_file(files.path("journal.index.sqlite")).unwrap();
        let error = files.open().err().unwrap_or_else(|| panic!("{what}: the gateway starts")).to_string();
        assert!(error.contains(expected), "{what}: {error}");
    };
    let sql = |sql: &'static str| move |files: &Files| files.sql(sql);
    check("a changed bit", &|files| files.flip(2), "fact 2: the body does not open with the key").await;
    let swap = "CREATE TEMP TABLE old AS SELECT number, sealed FROM facts;
                UPDATE facts SET sealed = (SELECT sealed FROM old WHERE old.number = 4) WHERE number = 2;
                UPDATE facts SET sealed = (SELECT sealed FROM old WHERE old.number = 2) WHERE number = 4";
    check("swapped bodies", &sql(swap), "fact 2: the body does not open with the key").await;
    let rows = "UPDATE facts SET number = 99 WHERE number = 2; UPDATE facts SET number = 2 WHERE number = 4;
                UPDATE facts SET number = 4 WHERE number = 99";
    check("swapped facts", &sql(rows), "fact 2: the body does not open with the key").await;
    check(
        "another outcome",
        &sql("UPDATE facts SET outcome = 'unknown' WHERE number = 2"),
        "fact 2: the body does not open",
    )
    .await;
    check("no body", &sql("UPDATE facts SET sealed = 'text' WHERE number = 2"), "fact 2: the body is damaged").await;
    check(
        "a fact of nobody",
        &sql("UPDATE facts SET sealed = NULL WHERE number = 3"),
        "fact 3: the fact is not sealed",
    )
    .await;

    let files = Files::new();
    files.run(true, vec![transfer(1)]).await;
    files.flip(1);
    check_refused(&files, true, "fact 1: the body does not open with the key");
    files.flip(1);
    files.sql("UPDATE journal SET id = randomblob(16)");
    check_refused(&files, true, "is another journal than that of its index");
    std::fs::remove_file(files.path("journal.index.sqlite")).unwrap();
    check_refused(&files, true, "is not the key file of this journal");
}

#[tokio::test]
async fn forgotten_keys_make_bodies_unreadable_and_leave_the_facts() {
    let files = Files::new();
    let first = files.keys().list()[0].id;
    files.run(true, vec![transfer(1), answer(1, Class::Answer, b"yes"), transfer(2)]).await;
    files.new_key();
    let place = JournalPlace::Files(vec![files.journal()]);
    let forget = |now_ms: i64| rekey::forget(&place, &files.path("journal.keys"), first, now_ms);
    let late = 1_795_000_000_500 + 2 * crate::time::DAY_MS;
    let refused = |now_ms| forget(now_ms).unwrap_err().to_string();
    assert!(refused(late).contains("is needed: fact 3 belongs to an exchange that has no end yet"));
    files.run(true, vec![answer(2, Class::Late, b"late")]).await;
    assert!(
        refused(1_795_000_000_500).contains("sealed facts less than 24 hours ago"),
        "{}",
        refused(1_795_000_000_500)
    );
    forget(late).unwrap();

    let (findings, audit) = files.verify(Some(&files.keys()));
    assert_eq!((findings, audit.forgotten), (Vec::new(), 3));
    std::fs::remove_file(files.path("journal.index.sqlite")).unwrap();
    let opened =
        Journal::open(&OpenOptions { now_ms: late, ..files.options(true) }).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(state(&opened.journal, 1).await.0, Some(Outcome::Answered));
    let order = format!("order-{SECRET}-1");
    let known = opened.journal.reserve_key("bank-a", &order, [7; 16], id(50)).await.unwrap();
    assert!(matches!(known, KeyState::Ended(exchange) if exchange.id == id(1)), "a repeated request is not sent again");
    assert!(opened.journal.find(&id(1)).await.unwrap().unwrap().request.is_empty());
}
