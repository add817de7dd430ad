//! What persons and programs read of a journal in a database while a gateway writes it, and what they are told about damage.

use std::time::{SystemTime, UNIX_EPOCH};

use fep_protocol::exchange::Exchange;
use fep_protocol::fact::{Class, Fact};
use tempfile::TempDir;

use crate::config::PostgresConfig;
use crate::journal::audit::{self, Audit};
use crate::journal::filter::ExchangeFilter;
use crate::journal::lookup::Lookup;
use crate::journal::postgres::testing::{Schema, outside};
use crate::journal::postgres::tests::{lane, open};
use crate::journal::reading::{JournalFiles, JournalPlace};
use crate::journal::rekey;
use crate::journal::seal::{KeyRing, Unreadable, new_key};
use crate::journal::tests::{answer, id, keyed, options, request, store};
use crate::journal::usage::{Usage, usage};
use crate::journal::{JournalError, OpenOptions};

fn on_database(schema: &Schema, folder: &TempDir) -> OpenOptions {
    OpenOptions { postgres: Some(schema.config("seoul-1")), ..options(&folder.path().join("journal.sqlite")) }
}

fn place(options: &OpenOptions) -> JournalPlace {
    let settings: PostgresConfig = options.postgres.clone().unwrap();
    JournalPlace::Database { settings: Box::new(settings), path: options.path.clone() }
}

fn verify(place: &JournalPlace) -> Result<(Vec<String>, Audit), JournalError> {
    outside(|| {
        let mut findings = Vec::new();
        let audit = audit::verify(place, None, |finding| {
            findings.push(finding.to_owned());
            Ok::<_, JournalError>(())
        })?;
        Ok((findings, audit))
    })
}

#[tokio::test]
async fn a_journal_in_a_database_is_read_while_a_gateway_writes_it() {
    let Some(schema) = Schema::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let options = on_database(&schema, &folder);
    let opened = open(options.clone()).await.unwrap();
    let lane = lane(&opened);
    store(&lane, (1..=5).map(request)).await;
    store(&lane, [answer(1, Class::Answer, b"yes"), keyed(6, "key-6", 1)]).await;
    let place = place(&options);

    let (findings, audit) = verify(&place).unwrap();
    assert_eq!(findings, Vec::<String>::new());
    assert_eq!((audit.facts, audit.exchanges, audit.open), (7, 6, 5));

    let numbers = outside(|| {
        let mut files = JournalFiles::open_at(&place, None).unwrap();
        let page = files.next_page().unwrap();
        assert!(files.next_page().unwrap().is_empty());
        page.iter().map(|(number, _)| *number).collect::<Vec<_>>()
    });
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);

    let (found, facts) = outside(|| {
        let mut lookup = Lookup::open(&place, None).unwrap();
        let filter = ExchangeFilter { idempotency_key: Some("key-6".to_owned()), ..ExchangeFilter::default() };
        let mut found = Vec::new();
        let keep = |exchange: Exchange| {
            found.push(exchange.id);
            Ok::<_, JournalError>(())
        };
        lookup.search(&filter, 10, keep).unwrap();
        (found, lookup.facts(&id(1)).unwrap().into_iter().map(|(number, _)| number).collect::<Vec<_>>())
    });
    assert_eq!(found, [id(6)]);
    assert_eq!(facts, [1, 6]);

    let Usage { files, tables, held_by, .. } = outside(|| usage(&place).unwrap());
    let tables = tables.unwrap();
    assert!(files.is_empty() && tables.others > 0);
    assert!(matches!(&tables.partitions[..], [day] if (day.first, day.last) == (1, 7) && day.bytes > 0), "{tables:?}");
    assert!(matches!(&held_by[..], [held] if held.contains(&id(2).to_string())), "{held_by:?}");

    // The gateway still writes, and nobody took its lease.
    assert_eq!(store(&lane, [request(7)]).await, Vec::new());
    opened.journal.close().await;
}

#[tokio::test]
async fn what_the_tables_of_a_database_contradict_is_found() {
    let Some(schema) = Schema::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let options = on_database(&schema, &folder);
    let opened = open(options.clone()).await.unwrap();
    let lane = lane(&opened);
    store(&lane, (1..=5).map(request)).await;
    opened.journal.close().await;
    let place = place(&options);
    for (damage, repair, found) in [
        (
            "CREATE TABLE kept AS SELECT * FROM facts WHERE number = 3; DELETE FROM facts WHERE number = 3",
            "INSERT INTO facts SELECT * FROM kept",
            "the fact 3 is missing",
        ),
        ("UPDATE journal SET last = 7", "UPDATE journal SET last = 5", "but `journal` ends with 7"),
        ("UPDATE days SET first = 2", "UPDATE days SET first = 1", "begins with fact 1, but `days` says 2"),
        (
            "INSERT INTO days VALUES ('2001-01-01', 0)",
            "DELETE FROM days WHERE first = 0",
            "the date 2001-01-01 of `days` has no partition",
        ),
        (
            "CREATE TABLE facts_2000_01_01 PARTITION OF facts FOR VALUES FROM ('2000-01-01') TO ('2000-01-02')",
            "DROP TABLE facts_2000_01_01",
            "the partition facts_2000_01_01 has no row in `days`",
        ),
    ] {
        schema.execute(damage);
        let (findings, _) = verify(&place).unwrap();
        assert!(findings.iter().any(|finding| finding.contains(found)), "{damage}: {findings:?}");
        schema.execute(repair);
        assert_eq!(verify(&place).unwrap().0, Vec::<String>::new(), "{repair}");
    }
}

#[tokio::test]
async fn a_key_is_forgotten_when_no_gateway_needs_it_and_its_facts_are_older_than_a_day() {
    let Some(schema) = Schema::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let key_file = folder.path().join("journal.keys");
    let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    let first = new_key(&key_file, now_ms).unwrap();
    let options = OpenOptions { key_file: Some(key_file.clone()), ..on_database(&schema, &folder) };
    let opened = open(options.clone()).await.unwrap();
    let older = |fact: Fact| Fact { at_ms: now_ms - 23 * 3_600_000, ..fact };
    store(&lane(&opened), [older(request(1))]).await;
    opened.journal.close().await;
    drop(opened);
    let second = new_key(&key_file, now_ms).unwrap();
    let place = place(&options);
    let forget = |key, now_ms| outside(|| rekey::forget(&place, &key_file, key, now_ms)).map_err(|why| why.to_string());
    let why = forget(first, now_ms).unwrap_err();
    assert!(why.contains("is needed: fact 1 belongs to an exchange that has no end yet"), "{why}");
    // The next start ends it as unknown, sealed with the new key.
    let opened = open(options.clone()).await.unwrap();
    store(&lane(&opened), [request(2), answer(2, Class::Answer, b"yes")]).await;
    let why = forget(first, now_ms).unwrap_err();
    assert!(why.contains("sealed facts less than 24 hours ago"), "{why}");
    forget(first, now_ms + 2 * 3_600_000).unwrap();
    assert!(forget(second, now_ms).is_err(), "it seals");
    let unreadable = outside(|| {
        let keys = KeyRing::read(&key_file).unwrap();
        let mut files = JournalFiles::open_at(&place, Some(&keys)).unwrap();
        files.next_page().unwrap();
        files.take_unreadable()
    });
    assert!(matches!(&unreadable[..], [(1, Unreadable::Forgotten(_))]), "{unreadable:?}");
    opened.journal.close().await;
}

#[tokio::test]
async fn tables_of_another_version_or_none_are_refused_with_what_to_do() {
    let Some(schema) = Schema::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let options = on_database(&schema, &folder);
    let place = place(&options);
    assert!(verify(&place).unwrap_err().to_string().contains("there is no journal yet"));
    open(options.clone()).await.unwrap().journal.close().await;
    schema.execute("INSERT INTO migrations (version) VALUES (99)");
    assert!(verify(&place).unwrap_err().to_string().contains("version 99, and this program reads"));
    schema.execute("DELETE FROM migrations WHERE version > 1");
    assert!(verify(&place).unwrap_err().to_string().contains("use the older program"));
}
