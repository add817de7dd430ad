//! Tables of each older version in a database, as that version made them, with facts: today's gateway goes on with them.

use std::path::Path;

use fep_protocol::exchange::{Outcome, Passage, RoutedFrom};
use fep_protocol::fact::{Class, Fact, What};
use fep_protocol::routing::Because;
use fep_protocol::trace::TraceHighWater;

use super::postgres::testing::{Schema, outside};
use super::postgres::tests::{Site, facts, lane, open};
use super::reading::JournalPlace;
use super::tests::{answer, ending, fact, id, keyed, request, state, store};
use super::{Journal, JournalError, KeyState, audit};
use crate::config::PostgresConfig;

/// The version of today's tables.
const VERSION: usize = 5;

/// The steps from each version to the next one. The last one made the tables of today.
const STEPS: [&str; VERSION] = [
    include_str!("postgres/version_1.sql"),
    include_str!("postgres/version_2.sql"),
    include_str!("postgres/version_3.sql"),
    include_str!("postgres/version_4.sql"),
    include_str!("postgres/version_5.sql"),
];

const TRACES: TraceHighWater = TraceHighWater { day: 20_783, high: 500 };

/// An answered request, one that was not sent, an unknown one, one that was asked of another institution, and one without a key.
fn story() -> Vec<Fact> {
    let passage = Passage::RoutedFrom(RoutedFrom { institution: "bank-b".to_owned(), because: Because::Percent });
    vec![
        fact(What::Traces(TRACES), None),
        keyed(1, "order-1", 1),
        answer(1, Class::Answer, b"yes"),
        keyed(2, "order-2", 2),
        ending(2, Outcome::NotSent),
        keyed(3, "order-3", 3),
        ending(3, Outcome::Unknown),
        Fact { passage: Some(Box::new(passage)), ..keyed(4, "order-1", 4) },
        answer(4, Class::Answer, b"yes"),
        request(5),
        answer(5, Class::Answer, b"yes"),
    ]
}

/// Makes the tables of a version with the content of the journal in this schema, as far as the version has it.
fn as_version(version: usize, journal: &str) -> String {
    let steps = STEPS[..version].concat();
    format!(
        "CREATE TABLE migrations (version integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
         {steps}
         INSERT INTO migrations (version) SELECT generate_series(1, {version});
         DO $$ DECLARE one text; columns text; day date; BEGIN
             FOR day IN SELECT stored_on FROM {journal}.days LOOP
                 EXECUTE format('CREATE TABLE %I PARTITION OF facts FOR VALUES FROM (%L) TO (%L)',
                                to_char(day, '\"facts_\"YYYY_MM_DD'), day, day + 1);
             END LOOP;
             FOR one IN SELECT table_name FROM information_schema.tables
                     WHERE table_schema = current_schema() AND table_name <> 'migrations' AND table_name NOT LIKE 'facts_%' LOOP
                 SELECT string_agg(quote_ident(column_name), ', ') INTO columns FROM information_schema.columns
                     WHERE table_schema = current_schema() AND table_name = one;
                 EXECUTE format('INSERT INTO %I (%s) SELECT %s FROM {journal}.%I', one, columns, columns, one);
             END LOOP;
         END $$;
         SELECT setval('epochs', (SELECT max(epoch) FROM instances));"
    )
}

/// The columns and the indexes of a schema.
fn shape(schema: &Schema) -> Vec<String> {
    let name = schema.config("test").schema;
    let sql = format!(
        "SELECT array_agg(one ORDER BY one) FROM (
             SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') AS one
                 FROM information_schema.columns WHERE table_schema = current_schema()
             UNION ALL SELECT replace(indexdef, '{name}.', '') FROM pg_indexes WHERE schemaname = current_schema()) AS all_of_them"
    );
    schema.row(&sql).get(0)
}

fn keys(schema: &Schema) -> Vec<String> {
    schema.row("SELECT array_agg(institution || ' ' || name ORDER BY institution, name) FROM keys").get(0)
}

/// What `verify` finds wrong.
fn findings(config: &PostgresConfig, path: &Path) -> Vec<String> {
    let place = JournalPlace::Database { settings: Box::new(config.clone()), path: path.to_owned() };
    let mut findings = Vec::new();
    let verified = outside(|| {
        audit::verify(&place, None, |finding| {
            findings.push(finding.to_owned());
            Ok::<_, JournalError>(())
        })
    });
    verified.unwrap();
    findings
}

/// Each key stands for its exchange, and that of a request that was not sent is free.
async fn keys_hold(journal: &Journal, version: usize) {
    let reserve = async |institution, key, digest| {
        journal.reserve_key(institution, key, [digest; 16], id(90 + u32::from(digest))).await.unwrap()
    };
    for (institution, key, digest) in [("bank-a", "order-1", 1), ("bank-b", "order-1", 4), ("bank-a", "order-3", 3)] {
        let kept = reserve(institution, key, digest).await;
        let serial = u32::from(digest);
        assert!(matches!(kept, KeyState::Ended(ended) if ended.id == id(serial)), "{version}: {institution} {key}");
    }
    assert!(matches!(reserve("bank-a", "order-2", 9).await, KeyState::Reserved(_)), "{version}");
}

#[tokio::test]
async fn tables_of_each_older_version_are_migrated_with_all_their_facts() {
    let Some(today) = Schema::new() else { return };
    let site = Site::new(today.config("seoul-1"));
    let opened = open(site.options()).await.unwrap();
    store(&lane(&opened), story()).await;
    assert!(opened.journal.publishes().await.unwrap());
    opened.journal.set_published(7).await.unwrap();
    let before = facts(&opened.journal).await;
    opened.journal.close().await;
    drop(opened);
    let wanted = ["bank-a order-1", "bank-a order-3", "bank-b order-1"];
    assert_eq!(keys(&today), wanted);
    for version in 1..VERSION {
        let Some(old) = Schema::new() else { return };
        let config = old.config("seoul-1");
        old.execute(&format!("CREATE SCHEMA {}", config.schema));
        old.execute(&as_version(version, &today.config("test").schema));
        assert_ne!(shape(&old), shape(&today), "version {version} is another one");
        let site = Site::new(config.clone());
        for _ in 0..2 {
            let opened = open(site.options()).await.unwrap_or_else(|error| panic!("{version}: {error}"));
            assert_eq!(facts(&opened.journal).await, before, "version {version}");
            assert_eq!(opened.high_waters, [("bank-a".to_owned(), TRACES)], "version {version}");
            assert_eq!(opened.journal.published(), Some(7), "version {version}");
            let outcomes = [state(&opened.journal, 1).await.0, state(&opened.journal, 3).await.0];
            assert_eq!(outcomes, [Some(Outcome::Answered), Some(Outcome::Unknown)], "version {version}");
            keys_hold(&opened.journal, version).await;
            opened.journal.close().await;
        }
        assert_eq!(shape(&old), shape(&today), "version {version}");
        assert_eq!(keys(&old), wanted, "version {version}");
        assert_eq!(findings(&config, &site.options().path), Vec::<String>::new(), "version {version}");
        let versions: Vec<i32> = old.row("SELECT array_agg(version ORDER BY version) FROM migrations").get(0);
        assert_eq!(versions, (1..).take(VERSION).collect::<Vec<i32>>());
    }
}

#[tokio::test]
async fn tables_of_the_next_version_are_refused_and_stay_as_they_are() {
    let Some(schema) = Schema::new() else { return };
    let site = Site::new(schema.config("seoul-1"));
    let opened = open(site.options()).await.unwrap();
    store(&lane(&opened), story()).await;
    opened.journal.close().await;
    drop(opened);
    let next = VERSION + 1;
    schema.execute(&format!("INSERT INTO migrations (version) VALUES ({next})"));
    let before = shape(&schema);
    let why = open(site.options()).await.err().unwrap().to_string();
    let told =
        format!("its tables have version {next}, and this gateway knows those up to {VERSION}: use the newer gateway");
    assert!(why.contains(&told), "{why}");
    assert_eq!(shape(&schema), before);
    let epochs: i64 = schema.row("SELECT max(epoch) FROM instances").get(0);
    assert_eq!(epochs, 1, "nobody began to write");
}
