//! What only a journal in a database can meet: another gateway that takes over, a connection that breaks during a commit, an older copy.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fep_protocol::exchange::Outcome;
use fep_protocol::fact::{Class, Fact, What};
use tempfile::TempDir;

use super::Database;
use super::cut::{Cut, Proxy};
use super::lease::Lease;
use super::schema::{COPYING, prepare};
use super::testing::Schema;
use crate::config::PostgresConfig;
use crate::journal::tests::{answer, fact, id, options, request, state, store};
use crate::journal::{Journal, JournalError, Lane, OpenOptions, Opened};

/// A gateway's files, and its way to the database.
pub(in crate::journal) struct Site {
    folder: TempDir,
    config: PostgresConfig,
}

impl Site {
    pub(in crate::journal) fn new(config: PostgresConfig) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), config }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("journal.sqlite")
    }

    pub(in crate::journal) fn options(&self) -> OpenOptions {
        OpenOptions { postgres: Some(self.config.clone()), ..options(&self.path()) }
    }

    async fn open(&self) -> Opened {
        open(self.options()).await.unwrap_or_else(|error| panic!("{error}"))
    }

    async fn refused(&self) -> String {
        open(self.options()).await.err().unwrap().to_string()
    }
}

/// Opens the journal, as soon as the threads of a former handle have given its lock back.
pub(in crate::journal) async fn open(options: OpenOptions) -> Result<Opened, JournalError> {
    loop {
        let options = options.clone();
        let opened = tokio::task::spawn_blocking(move || Journal::open(&options)).await.unwrap();
        match opened {
            Err(error) if error.to_string().contains("another gateway uses this journal") => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            opened => return opened,
        }
    }
}

pub(in crate::journal) fn lane(opened: &Opened) -> Lane {
    opened.lanes[0].1.clone()
}

/// All facts of the journal.
pub(in crate::journal) async fn facts(journal: &Journal) -> Vec<(u64, Fact)> {
    journal.facts_after(0, 10_000).await.unwrap().facts
}

/// Waits until writes succeed.
async fn works(journal: &Journal) {
    while journal.trouble().is_some() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_stored_once() {
    let Some(schema) = Schema::new() else { return };
    for (cut, request_is_stored) in [(Cut::AfterCommit, true), (Cut::BeforeCommit, false)] {
        let proxy = Proxy::new(schema.address());
        let direct = schema.config("seoul-1");
        let site = Site::new(PostgresConfig { hosts: vec![("127.0.0.1".to_owned(), proxy.port)], ..direct });
        let opened = site.open().await;
        let lane = lane(&opened);
        let base = if cut == Cut::AfterCommit { 0 } else { 100 };
        store(&lane, [request(base + 1)]).await;
        let before = facts(&opened.journal).await.len();
        proxy.cut(cut);
        lane.append(answer(base + 1, Class::Answer, b"yes")).unwrap();
        let failed = store(&lane, [request(base + 2)]).await;
        assert_eq!(failed.len(), 1, "{cut:?}: the permission fails, because its fact may be lost");
        works(&opened.journal).await;
        store(&lane, [request(base + 3)]).await;
        let what: Vec<_> =
            facts(&opened.journal).await[before..].iter().map(|(_, fact)| (fact.exchange, fact.what)).collect();
        let of_answer = (Some(id(base + 1)), What::Received(Class::Answer));
        assert_eq!(what.iter().filter(|stored| **stored == of_answer).count(), 1, "{cut:?}: {what:?}");
        let of_request = what.iter().filter(|(exchange, _)| *exchange == Some(id(base + 2))).count();
        assert_eq!(of_request, if request_is_stored { 2 } else { 0 }, "{cut:?}: {what:?}");
        assert_eq!(state(&opened.journal, base + 1).await.0, Some(Outcome::Answered));
        if request_is_stored {
            assert_eq!(state(&opened.journal, base + 2).await.0, Some(Outcome::NotSent), "it does not run for ever");
        }
        opened.journal.close().await;
    }
}

#[tokio::test]
async fn one_gateway_writes_and_another_one_takes_over_when_its_lease_has_ended() {
    let Some(schema) = Schema::new() else { return };
    let first = Site::new(schema.config("seoul-1"));
    let second = Site::new(schema.config("busan-1"));
    let paused = first.open().await;
    store(&lane(&paused), [request(1)]).await;
    let why = second.refused().await;
    assert!(why.contains("the gateway seoul-1 writes this journal"), "{why}");
    // The first one is paused, and the clock of the database goes on.
    schema.execute("UPDATE instances SET seen_at = seen_at - interval '1 minute'");
    let survivor = second.open().await;
    assert_eq!(
        state(&survivor.journal, 1).await.0,
        Some(Outcome::Unknown),
        "the survivor ends what the other one left"
    );
    // It wakes up: it gives no permission any more, and what it says happened is not stored.
    let late = answer(1, Class::Late, b"late");
    lane(&paused).append(late).unwrap();
    let failed = store(&lane(&paused), [request(2)]).await;
    let (_, why) = failed.first().unwrap();
    assert!(why.to_string().contains("another gateway took over"), "{why}");
    assert!(paused.journal.trouble().unwrap().to_string().contains("Restart it"));
    assert!(store(&lane(&survivor), [request(3)]).await.is_empty());
    let stored: Vec<_> = facts(&survivor.journal).await.into_iter().filter_map(|(_, fact)| fact.exchange).collect();
    assert_eq!(stored, [id(1), id(1), id(3)]);
    survivor.journal.close().await;
    // Who gave the right back need not be waited for.
    drop(paused);
    let again = first.open().await;
    assert_eq!(state(&again.journal, 3).await.0, Some(Outcome::Unknown));
}

#[tokio::test]
async fn a_gateway_that_was_killed_comes_back_on_its_machine_without_waiting() {
    let Some(schema) = Schema::new() else { return };
    let site = Site::new(PostgresConfig { lease: Duration::from_secs(600), ..schema.config("seoul-1") });
    let opened = site.open().await;
    store(&lane(&opened), [request(1)]).await;
    // What a killed process leaves: files, an open lease, and no lock.
    let copy = Site::new(site.config.clone());
    for name in ["journal.sqlite.instance", "journal.index.sqlite"] {
        std::fs::copy(site.folder.path().join(name), copy.folder.path().join(name)).unwrap();
    }
    // Starts that fail in the midst change nothing of that.
    schema.execute("ALTER TABLE instances RENAME TO away");
    for _ in 0..2 {
        let why = copy.refused().await;
        assert!(why.contains("instances"), "{why}");
    }
    schema.execute("ALTER TABLE away RENAME TO instances");
    let began = Instant::now();
    let again = copy.open().await;
    assert!(began.elapsed() < Duration::from_secs(60), "it does not wait for a lease of ten minutes");
    assert_eq!(state(&again.journal, 1).await.0, Some(Outcome::Unknown));
    let failed = store(&lane(&opened), [request(2)]).await;
    assert_eq!(failed.len(), 1, "the earlier run is over");
}

#[tokio::test]
async fn a_database_that_lost_facts_is_refused_until_somebody_says_so() {
    let Some(schema) = Schema::new() else { return };
    let site = Site::new(schema.config("seoul-1"));
    let opened = site.open().await;
    let marks = fact(What::Traces(fep_protocol::trace::TraceHighWater { day: 20_783, high: 5000 }), None);
    store(&lane(&opened), [marks, request(1), request(2)]).await;
    opened.journal.recent(1).await.unwrap();
    // An older copy of the database has only the first fact, and the row of the instance as it was then.
    schema.execute("DELETE FROM facts WHERE number > 1; UPDATE journal SET last = 1; UPDATE instances SET batch = 0");
    let failed = store(&lane(&opened), [request(3)]).await;
    let (_, why) = failed.first().unwrap();
    assert!(why.to_string().contains("this gateway has stored fact 3"), "{why}");
    opened.journal.close().await;
    drop(opened);
    let why = site.refused().await;
    assert!(why.contains("ends with fact 1, but this gateway has stored facts up to 3"), "{why}");
    assert!(why.contains("--new-journal"), "{why}");
    let opened = open(OpenOptions { begin_anew: true, ..site.options() }).await.unwrap();
    let (_, high_water) = opened.high_waters.first().unwrap();
    assert!(high_water.high >= 5000, "trace numbers that the lost facts used are not used again");
}

#[tokio::test]
async fn what_an_institution_sends_comes_back_byte_by_byte() {
    let Some(schema) = Schema::new() else { return };
    let site = Site::new(schema.config("seoul-1"));
    let opened = site.open().await;
    let mut odd = answer(1, Class::Answer, &(0..=255).collect::<Vec<u8>>());
    odd.code = Some("\0␀\u{7f}가".into());
    odd.trace = Some("\0\0".into());
    let stored = [request(1), odd.clone()];
    store(&lane(&opened), stored.clone()).await;
    let read: Vec<_> = facts(&opened.journal).await.into_iter().map(|(_, fact)| fact).collect();
    let by_us = stored.map(|fact| Fact { instance: Some("seoul-1".into()), ..fact });
    assert_eq!(read, by_us);
}

#[tokio::test]
async fn a_sealed_journal_opens_only_with_its_keys_and_the_database_shows_no_telegram() {
    let Some(schema) = Schema::new() else { return };
    let site = Site::new(schema.config("seoul-1"));
    let keys = site.folder.path().join("journal.keys");
    crate::journal::seal::new_key(&keys, 0).unwrap();
    let with = |keys: &Path| OpenOptions { key_file: Some(keys.to_owned()), ..site.options() };
    let opened = open(with(&keys)).await.unwrap();
    store(&lane(&opened), [request(1), answer(1, Class::Answer, b"secret-telegram")]).await;
    let read = facts(&opened.journal).await;
    assert_eq!(read.last().unwrap().1.bytes[..], b"secret-telegram"[..]);
    opened.journal.close().await;
    drop(opened);
    schema.execute(
        "DO $$ BEGIN ASSERT (SELECT bool_and(sealed IS NOT NULL AND bytes IS NULL
             AND position('secret-telegram'::bytea IN sealed) = 0) FROM facts); END $$",
    );
    let why = site.refused().await;
    assert!(why.contains("the journal is encrypted from fact 1 on"), "{why}");
    let others = site.folder.path().join("other.keys");
    crate::journal::seal::new_key(&others, 0).unwrap();
    let why = open(with(&others)).await.err().unwrap().to_string();
    assert!(why.contains("is not the key file of this journal"), "{why}");
    let opened = open(with(&keys)).await.unwrap();
    assert_eq!(facts(&opened.journal).await.len(), 2);
}

#[tokio::test]
async fn a_server_that_cannot_hold_a_journal_is_refused_with_what_to_do() {
    let Some(schema) = Schema::new() else { return };
    let config = schema.config("seoul-1");
    let role = format!("{}_hasty", config.schema);
    schema.server(&format!("CREATE ROLE {role} LOGIN SUPERUSER; ALTER ROLE {role} SET synchronous_commit = off"));
    let hasty = Site::new(PostgresConfig { user: role.clone(), ..config.clone() });
    let why = hasty.refused().await;
    assert!(why.contains("synchronous_commit = off") && why.contains("Set it to on"), "{why}");
    schema.server(&format!("DROP ROLE {role}"));
    let nobody = Site::new(PostgresConfig { user: "nobody_here".to_owned(), ..config.clone() });
    let why = nobody.refused().await;
    assert!(why.contains("nobody_here") && why.contains("database postgres on "), "{why}");
    let nowhere = Site::new(PostgresConfig { hosts: vec![("127.0.0.1".to_owned(), 1)], ..config.clone() });
    let why = nowhere.refused().await;
    assert!(why.contains("127.0.0.1:1") && why.contains("cannot be reached"), "{why}");
    Site::new(config.clone()).open().await.journal.close().await;
    schema.execute("INSERT INTO migrations (version) VALUES (99)");
    let why = Site::new(config.clone()).refused().await;
    assert!(why.contains("its tables have version 99") && why.contains("use the newer gateway"), "{why}");
}

#[tokio::test]
async fn a_journal_of_tests_never_becomes_one_of_production() {
    let Some(schema) = Schema::new() else { return };
    let site = Site::new(schema.config("seoul-1"));
    let opened = open(OpenOptions { is_test: true, ..site.options() }).await.unwrap();
    store(&lane(&opened), [request(1)]).await;
    opened.journal.close().await;
    drop(opened);
    let why = site.refused().await;
    assert!(why.contains("written in test time"), "{why}");
}

#[tokio::test]
async fn the_next_gateway_publishes_from_where_the_last_one_stopped() {
    let Some(schema) = Schema::new() else { return };
    let first = Site::new(schema.config("seoul-1"));
    let opened = first.open().await;
    assert_eq!(opened.journal.published(), None);
    store(&lane(&opened), [request(1), request(2)]).await;
    assert!(opened.journal.publishes().await.unwrap());
    opened.journal.set_published(1).await.unwrap();
    opened.journal.set_published(2).await.unwrap();
    opened.journal.close().await;
    let second = Site::new(schema.config("busan-1"));
    assert_eq!(second.open().await.journal.published(), Some(2));
}

#[tokio::test]
async fn a_day_begins_although_somebody_reads_for_long() {
    let Some(schema) = Schema::new() else { return };
    let opened = Site::new(schema.config("seoul-1")).open().await;
    store(&lane(&opened), [request(1)]).await;
    opened.journal.close().await;
    drop(opened);
    // The day of the first fact was long ago, so the next one begins another partition.
    schema.execute(
        "UPDATE journal SET stored_on = '2020-01-01'; UPDATE days SET stored_on = '2020-01-01';
         DO $$ DECLARE name text := (SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'facts'::regclass); BEGIN
             EXECUTE format('ALTER TABLE facts DETACH PARTITION %I', name);
             EXECUTE format('UPDATE %I SET stored_on = date %L', name, '2020-01-01');
             EXECUTE format('ALTER TABLE %I RENAME TO facts_2020_01_01', name);
         END $$;
         ALTER TABLE facts ATTACH PARTITION facts_2020_01_01 FOR VALUES FROM ('2020-01-01') TO ('2020-01-02')",
    );
    let _reader = schema.hold("SELECT count(*) FROM facts");
    // Its index is in a folder that goes with it.
    let busan = Site::new(schema.config("busan-1"));
    let opened = busan.open().await;
    assert!(store(&lane(&opened), [request(2)]).await.is_empty());
    assert_eq!(opened.journal.timeline(&id(1)).await.unwrap().len(), 2, "facts of both days are found");
    assert_eq!(state(&opened.journal, 2).await.0, None);
}

/// A gateway looks at the tables, then a copy begins, and then the gateway takes the right to write.
#[test]
fn a_gateway_that_starts_while_a_copy_begins_is_refused() {
    let Some(schema) = Schema::new() else { return };
    let site = Site::new(schema.config("seoul-1"));
    let database = Database::new(&site.config).unwrap();
    let mut client = database.connect().unwrap();
    prepare(&database, &mut client, false).unwrap();
    schema.execute(&format!("INSERT INTO migrations (version) VALUES ({COPYING})"));
    let why = Lease::take(&database, &mut client, &site.path(), 1).unwrap_err().to_string();
    assert!(why.contains("a file is being copied into it"), "{why}");
    schema.execute(&format!("DELETE FROM migrations WHERE version = {COPYING}"));
    Lease::take(&database, &mut client, &site.path(), 1).unwrap();
}
