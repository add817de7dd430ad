//! The daemon dies while it removes old days from the database. The next run completes the removal, and what is kept is whole.

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio_postgres::{Client, Config, NoTls};

use crate::bank::Bank;
use crate::daemon::{self, Daemon};
use crate::database::Server;
use crate::transfer;

/// The points of `src/fault.rs` that a removal passes, and how often. Two days are removed.
const FAULTS: [&str; 8] = [
    "RemovalBegun:1",
    "DaysRemoved:1",
    "RemovalFollowed:1",
    "KeysDeleted:1",
    "KeysDeleted:2",
    "TableDropped:1",
    "KeysDeleted:3",
    "TableDropped:2",
];

const KEEP_DAYS: u32 = 5;

/// How many transfers each day has.
const TRANSFERS: u64 = 6;

/// The days are so old. Transfers of a day have amounts of their own.
const AGES: [u32; 3] = [20, 10, 0];

/// A schema of the server.
struct Schema {
    runtime: Runtime,
    client: Client,
}

impl Schema {
    fn open(server: &Server, name: &str) -> Self {
        let (host, port) = server.address().rsplit_once(':').expect("host:port");
        let mut config = Config::new();
        config.host(host).port(port.parse().expect("a port")).dbname("postgres").user("fep");
        config.options(format!("-c search_path={name}"));
        let runtime = Runtime::new().expect("a runtime");
        let (client, connection) = runtime.block_on(config.connect(NoTls)).expect("the server");
        runtime.spawn(connection);
        Self { runtime, client }
    }

    fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.runtime.block_on(self.client.query(sql, &[])).expect("an answer");
        rows.iter().map(|row| row.get(0)).collect()
    }

    fn keys(&self) -> Vec<String> {
        self.texts("SELECT name FROM keys ORDER BY name")
    }

    /// The tables of days that were detached and are not gone.
    fn detached(&self) -> Vec<String> {
        self.texts(
            "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
             AND relname LIKE 'removed_%' ORDER BY relname",
        )
    }

    fn days(&self) -> usize {
        self.texts("SELECT first::text FROM days").len()
    }

    /// Makes the newest day so old, with its exchanges: the name of an exchange begins with its time.
    fn age(&self, days: u32) {
        let ms = u64::from(days) * 86_400_000;
        let older = |column: &str| {
            format!(
                "decode(lpad(to_hex(('x' || lpad(substr(encode({column}, 'hex'), 1, 12), 16, '0'))::bit(64)::bigint - {ms}), 12, '0')
                        || substr(encode({column}, 'hex'), 13), 'hex')"
            )
        };
        let exchange = older("exchange");
        let sql = format!(
            "DO $$ DECLARE was date; name text; made text; BEGIN
                 SELECT max(stored_on) INTO STRICT was FROM days;
                 name := to_char(was, '\"facts_\"YYYY_MM_DD');
                 made := to_char(was - {days}, '\"facts_\"YYYY_MM_DD');
                 UPDATE keys SET exchange = {exchange} WHERE exchange IN (SELECT exchange FROM facts WHERE stored_on = was);
                 EXECUTE format('ALTER TABLE facts DETACH PARTITION %I', name);
                 EXECUTE format('UPDATE %I SET stored_on = stored_on - {days}, at_ms = at_ms - {ms}', name);
                 EXECUTE format($q$UPDATE %I SET exchange = {exchange} WHERE exchange IS NOT NULL$q$, name);
                 EXECUTE format('ALTER TABLE %I RENAME TO %I', name, made);
                 EXECUTE format('ALTER TABLE facts ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', made, was - {days}, was - {days} + 1);
                 UPDATE days SET stored_on = stored_on - {days} WHERE stored_on = was;
                 UPDATE journal SET stored_on = stored_on - {days};
             END $$"
        );
        self.runtime.block_on(self.client.batch_execute(&sql)).expect("it is older");
    }
}

/// A gateway with its files.
struct Place {
    folder: tempfile::TempDir,
    bank: Bank,
    tables: String,
}

impl Place {
    /// Starts the daemon, which dies at a fault, if there is one.
    fn spawn(&self, keeps: bool, fault: &str) -> Daemon {
        let port = daemon::free_port();
        let text = daemon::configuration(port, self.bank.port(), "") + &self.tables;
        let keep = format!("[journal]\nkeep_days = {KEEP_DAYS}\n");
        let text = if keeps { text.replace("[journal]\n", &keep) } else { text };
        Daemon::spawn_as(self.folder.path(), port, fault, &text)
    }

    fn start(&self, keeps: bool) -> Daemon {
        let mut daemon = self.spawn(keeps, "");
        assert!(daemon.is_ready(), "it ended instead: {}", daemon::last_words(self.folder.path()));
        daemon
    }

    /// Makes the index anew at the next start.
    fn lose_index(&self) {
        for suffix in ["", "-wal", "-shm"] {
            // Some of them are not there.
            let _ = std::fs::remove_file(self.folder.path().join(format!("journal.index.sqlite{suffix}")));
        }
    }
}

/// The amounts of a day. The bank answers them.
fn amounts(day: usize) -> Vec<u64> {
    let first = 100 * (u64::try_from(day).expect("a number") + 1);
    (first..).filter(|amount| !amount.is_multiple_of(3)).take(usize::try_from(TRANSFERS).expect("a number")).collect()
}

fn key(amount: u64) -> String {
    format!("key-{amount}")
}

/// A journal with the transfers of three days, and the replies of the last one.
fn three_days(place: &Place, schema: impl Fn() -> Schema) -> Vec<(u64, String)> {
    let mut told = Vec::new();
    for (day, age) in AGES.into_iter().enumerate() {
        place.lose_index();
        let mut daemon = place.start(false);
        for amount in amounts(day) {
            let reply = daemon::ask(daemon.port(), &key(amount), &transfer(amount)).expect("a reply");
            assert_eq!(reply.status, 200, "{}", reply.body);
            told.push((amount, reply.body));
        }
        daemon.stop();
        if age > 0 {
            schema().age(age);
            told.clear();
        }
    }
    place.lose_index();
    told
}

/// What `fep-gateway journal verify` says.
fn verify(folder: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fep-gateway"));
    command.args(["journal", "verify", "--config"]).arg(folder.join("gateway.toml"));
    let output = command.output().expect("the command");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    said
}

/// Lets a daemon die at a fault of a removal, starts it again, and looks at what is there.
fn check(server: &Server, fault: &str) {
    let name = fault.to_lowercase().replace(':', "_");
    let tables = format!("{}schema = \"{name}\"\n", server.table_of("seoul-1"));
    let place = Place { folder: tempfile::tempdir().expect("a folder"), bank: Bank::start(), tables };
    let open = || Schema::open(server, &name);
    let told = three_days(&place, open);
    let schema = open();
    assert_eq!(schema.days(), 3, "{fault}");
    let mut daemon = place.spawn(true, fault);
    assert_ne!(daemon.ends(), Some(0), "{fault} was never reached, which proves nothing");
    assert_eq!(schema.days(), if fault == "RemovalBegun:1" { 3 } else { 1 }, "{fault}: the commit decides");
    let mut daemon = place.start(true);
    let begun = Instant::now();
    while (schema.days(), schema.detached().len()) != (1, 0) {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{fault}: the removal is not completed: {:?}",
            schema.detached()
        );
        thread::sleep(Duration::from_millis(50));
    }
    let kept: Vec<_> = amounts(2).into_iter().map(key).collect();
    assert_eq!(schema.keys(), kept, "{fault}: the keys of the day that is kept, and no others");
    for (amount, before) in told {
        let again = daemon::ask(daemon.port(), &key(amount), &transfer(amount)).expect("a reply");
        assert_eq!((again.status, again.body), (200, before), "{fault}: {amount}");
    }
    // The index follows within ten seconds.
    let listed = || daemon::get(daemon.port(), "/v1/exchanges?limit=500").expect("the exchanges").body;
    let count = |text: &str| text.matches("\"telegram\":\"Transfer\"").count();
    while count(&listed()) != kept.len() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{fault}: the index does not follow: {}", listed());
        thread::sleep(Duration::from_millis(100));
    }
    assert!(place.bank.transfers().values().all(|times| *times == 1), "{fault}: {:?}", place.bank.transfers());
    daemon.stop();
    let said = verify(place.folder.path());
    assert!(said.contains("were removed on purpose") && said.contains("nothing wrong"), "{fault}: {said}");
}

#[test]
fn a_gateway_that_dies_while_it_removes_days_leaves_nothing_half_done() {
    let Some(server) = Server::start() else { return };
    thread::scope(|scope| {
        for fault in FAULTS {
            scope.spawn(|| check(&server, fault));
        }
    });
}
