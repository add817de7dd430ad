//! Retention against a real database: what goes, what stays, who removes, and what a connection that breaks at any moment leaves.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use fep_protocol::exchange::{ExchangeId, Outcome, TelegramBytes};
use fep_protocol::fact::{Class, Fact, Idempotency, SentClass, What};
use fep_protocol::settlement::{DeadReason, SettlementFact};
use fep_protocol::standing::{PersonNote, Standing};
use fep_protocol::trace::TraceHighWater;
use tempfile::TempDir;

use super::*;
use crate::config::PostgresConfig;
use crate::journal::copy::copy;
use crate::journal::home::Home;
use crate::journal::postgres::removing::LOCK;
use crate::journal::postgres::testing::{Schema, outside};
use crate::journal::postgres::tests::{lane, open};
use crate::journal::reading::{JournalFiles, JournalPlace};
use crate::journal::sqlite::facts::Facts;
use crate::journal::store::{FactSource, FactStore};
use crate::journal::tests::{options, store};
use crate::journal::{KeyState, OpenOptions, Opened, Worker, audit, index_path};

/// The number of days with facts. The last one is yesterday.
const DAYS: u32 = 8;

const KEEP_DAYS: u32 = 4;

/// A journal in a database with one exchange a day, each with its request and its answer. The first day also has a mark of trace numbers, which
/// is fact 1. It was a file, so its days are old.
struct Years {
    schema: Schema,
    now_ms: i64,
}

/// A gateway that writes it.
struct Member {
    folder: TempDir,
    opened: Opened,
    config: PostgresConfig,
}

impl Years {
    fn empty() -> Option<Self> {
        let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        Some(Self { schema: Schema::new()?, now_ms: i64::try_from(now_ms).unwrap() })
    }

    /// `more` are the facts of the first day behind its request.
    async fn new(more: impl FnOnce(&Self) -> Vec<Fact>) -> Option<Self> {
        let years = Self::empty()?;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("journal.sqlite");
        let traces = TraceHighWater { day: 20_777, high: 1000 };
        let mut facts = vec![years.fact(0, What::Traces(traces)), years.request(0)];
        facts.extend(more(&years));
        facts.extend((1..DAYS).flat_map(|day| [years.request(day), years.answer(day)]));
        Facts::open(&file, None).unwrap().append(&facts).unwrap();
        let config = years.schema.config("seoul-1");
        outside(|| copy(&[file], &config, false, years.now_ms)).unwrap();
        Some(years)
    }

    fn at_ms(&self, day: u32) -> i64 {
        self.now_ms - i64::from(DAYS - day) * DAY_MS
    }

    fn id(&self, day: u32) -> ExchangeId {
        ExchangeId::new(self.at_ms(day), day, 7)
    }

    fn fact(&self, day: u32, what: What) -> Fact {
        Fact { what, ..Fact::new("bank-a".into(), self.at_ms(day)) }
    }

    fn request(&self, day: u32) -> Fact {
        let idempotency = Some(Box::new(Idempotency { key: format!("order-{day}").into(), digest: [7; 16] }));
        let bytes = TelegramBytes::copy_of(b"request");
        Fact { exchange: Some(self.id(day)), idempotency, bytes, ..self.fact(day, What::Sent(SentClass::Request)) }
    }

    fn answer(&self, day: u32) -> Fact {
        let outcome = Some(Outcome::Answered);
        Fact { exchange: Some(self.id(day)), outcome, ..self.fact(day, What::Received(Class::Answer)) }
    }

    fn stopped(&self, day: u32, line: &str) -> Fact {
        let by = Some(PersonNote { note: "broken".into(), since_ms: self.at_ms(day) });
        Fact { standing: Some(Box::new(Standing::Line { line: line.into(), by })), ..self.fact(day, What::Standing) }
    }

    async fn member(&self, name: &str) -> Member {
        let folder = tempfile::tempdir().unwrap();
        self.again(name, folder).await
    }

    /// Opens the journal with files that are there, for one of two gateways. Its own thread removes nothing.
    async fn again(&self, name: &str, folder: TempDir) -> Member {
        let config = self.schema.config(name);
        let options = OpenOptions {
            postgres: Some(config.clone()),
            instances_max: 2,
            now_ms: self.now_ms,
            ..options(&folder.path().join("journal.sqlite"))
        };
        let opened = open(options).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        opened.journal.inner.archive_stop.stop();
        // A turn of that thread that has begun has the right to remove until it ends, and its lock a moment longer.
        let retention = opened.journal.inner.workers.lock().await.pop();
        if let Some(Worker::Thread(thread)) = retention {
            tokio::task::spawn_blocking(move || thread.join().unwrap()).await.unwrap();
        }
        self.nobody_removes();
        Member { folder, opened, config }
    }

    /// Waits until nobody has the right to remove.
    fn nobody_removes(&self) {
        let of = format!("({LOCK}, hashtext(current_schema()))");
        let sql = format!("SELECT pg_try_advisory_lock{of} AND pg_advisory_unlock{of}");
        let is_free = || self.schema.row(&sql).get::<_, bool>(0);
        let freed = (0..500).any(|_| {
            let freed = is_free();
            if !freed {
                std::thread::sleep(Duration::from_millis(10));
            }
            freed
        });
        assert!(freed, "somebody keeps the right to remove");
    }

    /// The facts so far, which have one date, get an older one.
    fn age(&self, days: u32) {
        self.schema.execute(&format!(
            "DO $$ DECLARE was date; name text; BEGIN
                 SELECT stored_on INTO STRICT was FROM days;
                 name := to_char(was, '\"facts_\"YYYY_MM_DD');
                 EXECUTE format('ALTER TABLE facts DETACH PARTITION %I', name);
                 EXECUTE format('UPDATE %I SET stored_on = stored_on - {days}', name);
                 EXECUTE format('ALTER TABLE %I RENAME TO %I', name, to_char(was - {days}, '\"facts_\"YYYY_MM_DD'));
                 EXECUTE format('ALTER TABLE facts ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                                to_char(was - {days}, '\"facts_\"YYYY_MM_DD'), was - {days}, was - {days} + 1);
                 UPDATE days SET stored_on = stored_on - {days};
                 UPDATE journal SET stored_on = stored_on - {days};
             END $$"
        ));
    }

    /// From now on all gateways that write have this rule.
    fn keep(&self, days: u32) {
        self.schema.execute(&format!("UPDATE instances SET keep_days = {days}"));
    }

    /// The dates that have partitions, as how many days before the newest one, and the tables that were detached.
    fn days(&self) -> (Vec<i32>, i64) {
        let ages = self.schema.row(
            "SELECT array_agg(age ORDER BY age), (SELECT count(*) FROM pg_class WHERE relname LIKE 'removed_%' AND relkind = 'r'
                 AND relnamespace = current_schema()::regnamespace)
             FROM (SELECT max(stored_on) OVER () - stored_on AS age FROM days) AS ages",
        );
        (ages.get(0), ages.get(1))
    }

    fn keys(&self) -> Vec<String> {
        self.schema.row("SELECT array_agg(name ORDER BY name) FROM keys").get(0)
    }
}

impl Member {
    /// What removes for this gateway.
    fn expiry(&self) -> Expiry {
        let inner = &self.opened.journal.inner;
        let Home::Postgres { database, lease, .. } = &*inner.home else { panic!("the journal is in a database") };
        Expiry {
            lease: Arc::clone(lease),
            facts: FactReader::open(database, &inner.reading.access).unwrap(),
            index: Arc::clone(&inner.index),
            index_file: index_path(&self.path()),
            stop: Arc::default(),
            followed: 0,
        }
    }

    /// The right to remove. The lock of the one before ends a moment after its connection.
    fn remover(&self) -> Remover {
        let lease = self.expiry().lease;
        for _ in 0..500 {
            if let Some(remover) = Remover::begin(&lease).unwrap() {
                return remover;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("another one has it");
    }

    fn turn(&self) -> Result<(), JournalError> {
        outside(|| self.expiry().turn())
    }

    /// Takes turns until one is as it should be. The locks of others end a moment after their connections.
    fn turns_until(&self, is_done: impl Fn(&Result<(), JournalError>) -> bool) -> Result<(), JournalError> {
        for _ in 0..500 {
            let turned = self.turn();
            if is_done(&turned) {
                return turned;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("no turn was as it should be");
    }

    fn follow(&self) {
        outside(|| self.expiry().follow()).unwrap();
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("journal.sqlite")
    }

    async fn has(&self, id: ExchangeId) -> bool {
        self.opened.journal.find(&id).await.unwrap().is_some()
    }

    /// Ends, and leaves its files.
    async fn end(self) -> TempDir {
        let Self { folder, opened, .. } = self;
        opened.journal.close().await;
        folder
    }

    /// What `verify` says was removed. It must find nothing wrong.
    #[track_caller]
    fn verified(&self) -> Option<String> {
        let place = JournalPlace::Database { settings: Box::new(self.config.clone()), path: self.path() };
        let mut findings = Vec::new();
        let audit = outside(|| {
            audit::verify(&place, None, |finding| {
                findings.push(finding.to_owned());
                Ok::<_, JournalError>(())
            })
        });
        assert_eq!(findings, Vec::<String>::new());
        audit.unwrap().removed
    }
}

#[tokio::test]
async fn days_that_are_too_old_go_with_their_keys_and_every_index_follows() {
    let Some(years) = Years::new(|years| vec![years.answer(0)]).await else { return };
    let seoul = years.member("seoul-1").await;
    let busan = years.member("busan-1").await;
    store(&lane(&seoul.opened), [Fact::new("bank-a".into(), years.now_ms)]).await;
    seoul.turn().unwrap();
    assert_eq!(years.days().0.len(), 9, "nobody has a rule");
    years.keep(KEEP_DAYS);
    seoul.turn().unwrap();
    assert_eq!(years.days(), (vec![0, 1, 2, 3, 4], 0), "today and the four days before it stay");
    assert_eq!(years.keys(), ["order-4", "order-5", "order-6", "order-7"]);
    let removed = seoul.verified().unwrap();
    assert!(removed.starts_with("the facts 1 to 9, and") && removed.ends_with("keep_days = 4"), "{removed}");
    assert!(!seoul.has(years.id(3)).await && seoul.has(years.id(4)).await);
    // The other one has not followed yet: its index knows the exchange, and says that the facts are gone.
    let why = busan.opened.journal.find(&years.id(3)).await.unwrap_err().to_string();
    assert!(why.contains("was removed on purpose, because it was older than `keep_days`"), "{why}");
    busan.follow();
    assert!(!busan.has(years.id(3)).await && busan.has(years.id(4)).await);
    assert_eq!(busan.verified(), Some(removed));
    let old = busan
        .opened
        .journal
        .reserve_key("bank-a", "order-3", [7; 16], ExchangeId::new(years.now_ms, 50, 7))
        .await
        .unwrap();
    assert!(matches!(old, KeyState::Reserved(_)), "a key lives as long as its facts");
    let kept = busan
        .opened
        .journal
        .reserve_key("bank-a", "order-4", [7; 16], ExchangeId::new(years.now_ms, 51, 7))
        .await
        .unwrap();
    assert!(matches!(kept, KeyState::Ended(exchange) if exchange.id == years.id(4)));
    busan.turn().unwrap();
    assert_eq!(years.days(), (vec![0, 1, 2, 3, 4], 0), "nothing more is old enough");
}

#[tokio::test]
async fn the_largest_rule_of_those_that_may_write_holds() {
    let Some(years) = Years::new(|years| vec![years.answer(0)]).await else { return };
    let seoul = years.member("seoul-1").await;
    let busan = years.member("busan-1").await;
    years.keep(KEEP_DAYS);
    years.schema.execute("UPDATE instances SET keep_days = NULL WHERE name = 'busan-1'");
    seoul.turn().unwrap();
    assert_eq!(years.days().0.len(), 8, "the other one keeps everything");
    years.schema.execute("UPDATE instances SET keep_days = 6 WHERE name = 'busan-1'");
    seoul.turn().unwrap();
    assert_eq!(years.days().0.len(), 7);
    busan.end().await;
    seoul.turn().unwrap();
    assert_eq!(years.days().0.len(), 5, "it has ended");
    assert_eq!(seoul.verified().unwrap().split(": ").last(), Some("keep_days = 4"));
}

#[tokio::test]
async fn what_is_needed_or_not_published_holds_back_everything_behind_it() {
    // The request of the first day has no answer. It was sent by seoul-1.
    let Some(years) = Years::new(|_| Vec::new()).await else { return };
    let busan = years.member("busan-1").await;
    years.keep(KEEP_DAYS);
    busan.turn().unwrap();
    assert_eq!(years.days().0.len(), 8, "an exchange of another gateway is open");
    let seoul = years.member("seoul-1").await;
    years.keep(KEEP_DAYS);
    // Its start has ended the exchange as unknown.
    assert!(busan.has(years.id(0)).await && seoul.has(years.id(0)).await);
    years.schema.execute("INSERT INTO published (number) VALUES (5)");
    busan.turn().unwrap();
    assert_eq!(years.days().0.len(), 7, "fact 6 is to be published: the days with the facts 1 to 4 went");
    years.schema.execute("UPDATE published SET number = 9");
    let settlement = |settlement: SettlementFact| {
        let exchange = Some(years.id(3));
        Fact { settlement: Some(Box::new(settlement)), exchange, ..years.fact(7, What::Settlement) }
    };
    let opened = SettlementFact::Opened { telegram: "T".into(), account: None, written_at_ms: 0 };
    let dead = SettlementFact::DeadLettered { why: DeadReason::ALL[0] };
    store(&lane(&seoul.opened), [opened, dead].map(settlement)).await;
    busan.turn().unwrap();
    assert_eq!(years.days().0.len(), 6, "a settlement of facts 7 and 8 needs a person");
    seoul.follow();
    assert_eq!(seoul.verified(), busan.verified());
}

#[tokio::test]
async fn one_removes_and_a_reader_that_has_the_tables_holds_nobody_up() {
    let Some(years) = Years::new(|years| vec![years.answer(0)]).await else { return };
    let seoul = years.member("seoul-1").await;
    let busan = years.member("busan-1").await;
    years.keep(KEEP_DAYS);
    let lease = outside(|| seoul.expiry().lease);
    let held = outside(|| Remover::begin(&lease)).unwrap();
    assert!(held.is_some());
    busan.turn().unwrap();
    assert_eq!(years.days().0.len(), 8, "another one removes now");
    drop(held);
    let backup = years.schema.hold("SELECT count(*) FROM facts");
    let why = busan.turns_until(Result::is_err).unwrap_err().to_string();
    assert!(why.contains("lock timeout"), "{why}");
    assert_eq!(store(&lane(&seoul.opened), [Fact::new("bank-a".into(), years.now_ms)]).await, [], "commits go on");
    drop(backup);
    busan.turns_until(|_| years.days().0.len() == 5).unwrap();
    assert_eq!(years.days(), (vec![0, 1, 2, 3, 4], 0));
}

#[tokio::test]
async fn a_removal_that_was_interrupted_is_completed_by_the_next_run_of_anybody() {
    let Some(years) = Years::new(|years| vec![years.answer(0)]).await else { return };
    let seoul = years.member("seoul-1").await;
    let busan = years.member("busan-1").await;
    years.keep(KEEP_DAYS);
    let begin = |member: &Member| {
        let remover = member.remover();
        let expiry = member.expiry();
        let days = remover.days().unwrap();
        let (removal, gone) = expiry.plan(&remover, &days).unwrap().unwrap();
        (remover, removal, gone)
    };
    // Its connection breaks in the midst of the commit: nothing happened.
    years.schema.execute(
        "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN OLD; END $$;
         CREATE TRIGGER cut BEFORE DELETE ON days FOR EACH ROW EXECUTE FUNCTION cut()",
    );
    assert!(seoul.turn().is_err());
    years.schema.execute("DROP TRIGGER cut ON days");
    assert_eq!(years.days(), ((0..8).collect(), 0));
    assert_eq!((seoul.verified(), years.keys().len()), (None, 8));
    // It dies behind the commit.
    outside(|| {
        let (remover, removal, gone) = begin(&seoul);
        assert!(remover.remove(&removal, &gone).unwrap());
    });
    assert_eq!(years.days(), (vec![0, 1, 2, 3, 4], 3));
    assert_eq!(years.keys().len(), 8);
    seoul.follow();
    assert!(seoul.verified().is_some(), "it is whole");
    // It dies behind some of the keys.
    outside(|| {
        let remover = busan.remover();
        let table = remover.detached().unwrap().remove(0);
        remover.delete_keys(&table, 0).unwrap();
    });
    assert_eq!((years.days().1, years.keys().len()), (3, 7), "the keys of one day are gone");
    years.schema.execute("UPDATE instances SET keep_days = NULL");
    busan.turns_until(|_| years.days().1 == 0).unwrap();
    assert_eq!(years.keys(), ["order-3", "order-4", "order-5", "order-6", "order-7"]);
    assert!(seoul.verified().is_some());
}

#[tokio::test]
async fn a_gateway_that_was_down_starts_with_its_old_index_or_without_one() {
    for has_index in [true, false] {
        let Some(years) = Years::new(|years| vec![years.answer(0)]).await else { return };
        let seoul = years.member("seoul-1").await;
        let busan = years.member("busan-1").await;
        assert!(busan.has(years.id(0)).await);
        let folder = busan.end().await;
        if !has_index {
            std::fs::remove_file(index_path(&folder.path().join("journal.sqlite"))).unwrap();
        }
        years.keep(KEEP_DAYS);
        seoul.turn().unwrap();
        let busan = years.again("busan-1", folder).await;
        assert!(!busan.has(years.id(0)).await && busan.has(years.id(4)).await, "{has_index}");
        let traces = TraceHighWater { day: 20_777, high: 1000 };
        assert_eq!(busan.opened.high_waters, [("bank-a".to_owned(), traces)], "its mark of trace numbers is kept");
        busan.verified();
    }
}

#[tokio::test]
async fn an_index_that_lags_behind_what_was_removed_says_so_and_is_made_again() {
    let Some(years) = Years::new(|years| vec![years.answer(0)]).await else { return };
    let seoul = years.member("seoul-1").await;
    let busan = years.member("busan-1").await;
    let mut source = outside(|| busan.expiry().facts);
    let place = JournalPlace::Database { settings: Box::new(busan.config.clone()), path: busan.path() };
    let mut read = outside(|| JournalFiles::open_at(&place, None)).unwrap();
    read.skip_to(2);
    years.keep(KEEP_DAYS);
    seoul.turn().unwrap();
    let why = outside(|| source.after(3, 10)).map_err(JournalError::from).unwrap_err().to_string();
    assert!(why.contains("the facts 4 to 7 were removed on purpose") && why.contains("restart this gateway"), "{why}");
    let why = outside(|| read.next_page()).unwrap_err().to_string();
    assert!(
        why.contains("the facts 3 to 7 were removed while they were read") && why.ends_with("Begin again"),
        "{why}"
    );
}

#[tokio::test]
async fn what_a_person_decided_holds_where_it_was_decided_after_a_removal_and_with_a_new_index() {
    let Some(years) = Years::empty() else { return };
    let seoul = years.member("seoul-1").await;
    let busan = years.member("busan-1").await;
    store(&lane(&seoul.opened), [years.stopped(0, "main")]).await;
    store(&lane(&busan.opened), [years.stopped(0, "backup")]).await;
    let lines = |member: &Member| -> Vec<String> {
        let name = |standing: &Standing| match standing {
            Standing::Line { line, .. } => line.to_string(),
            other => panic!("{other:?}"),
        };
        member.opened.standing.iter().map(|(_, standing)| name(standing)).collect()
    };
    let again = async |folders: [TempDir; 2]| {
        let [of_seoul, of_busan] = folders;
        [years.again("seoul-1", of_seoul).await, years.again("busan-1", of_busan).await]
    };
    let folders = [seoul.end().await, busan.end().await];
    years.age(10);
    let [seoul, busan] = again(folders).await;
    assert_eq!([lines(&seoul), lines(&busan)], [["main"], ["backup"]]);
    store(&lane(&seoul.opened), [Fact::new("bank-a".into(), years.now_ms)]).await;
    years.keep(KEEP_DAYS);
    seoul.turn().unwrap();
    assert_eq!(years.days(), (vec![0], 0));
    assert!(seoul.verified().is_some());
    let folders = [seoul.end().await, busan.end().await];
    folders.iter().for_each(|folder| {
        std::fs::remove_file(index_path(&folder.path().join("journal.sqlite"))).unwrap();
    });
    let [seoul, busan] = again(folders).await;
    assert_eq!([lines(&seoul), lines(&busan)], [["main"], ["backup"]], "each its own");
    let over = Standing::Line { line: "main".into(), by: None };
    store(&lane(&seoul.opened), [Fact { standing: Some(Box::new(over)), ..years.fact(7, What::Standing) }]).await;
    let [seoul, busan] = again([seoul.end().await, busan.end().await]).await;
    assert_eq!([lines(&seoul), lines(&busan)], [vec![], vec!["backup".to_owned()]]);
}
