//! A journal in a file beside one in a PostgreSQL database, of one gateway and of two that share it: exchanges a second, and the bytes that an
//! exchange takes. `FEP_POSTGRES` has the address of the server, as `host:port`; `scripts/postgres.sh` starts one.

use std::path::Path;
use std::thread;

use tokio_postgres::{Client, NoTls};

use crate::arguments::Arguments;
use crate::child::{Peer, Process};
use crate::configuration::{Institution, ROOMY};
use crate::daemon::Daemon;
use crate::embedded::NAME;
use crate::goals::{Goals, Wanted};
use crate::measure::{Plan, Row, cell, count, median};
use crate::throughput::disk_folder;

/// Where a journal is, and who writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contender {
    File,
    Database,
    /// Two gateways on one database, each with half of the callers and a bank of its own.
    Two,
}

/// One window of one contender.
struct Seen {
    /// One for each gateway.
    rows: Vec<Row>,
    /// The bytes of the local index files.
    index_bytes: u64,
    /// What the database took, if there is one.
    tables: Option<Tables>,
    /// The bytes of the journal file, if there is one.
    file_bytes: Option<u64>,
}

/// The bytes in the database.
struct Tables {
    facts: u64,
    facts_indexes: u64,
    keys: u64,
    others: u64,
    log: u64,
}

/// The name of the schema that is made for each window.
const SCHEMA: &str = "fep_speed";

impl Contender {
    const ALL: [Self; 3] = [Self::File, Self::Database, Self::Two];

    fn name(self) -> &'static str {
        match self {
            Self::File => "one gateway, journal in a file",
            Self::Database => "one gateway, journal in PostgreSQL",
            Self::Two => "two gateways, one journal in PostgreSQL",
        }
    }

    fn gateways(self) -> usize {
        if self == Self::Two { 2 } else { 1 }
    }
}

impl Seen {
    fn per_second(&self) -> f64 {
        self.rows.iter().map(Row::per_second).sum()
    }

    fn exchanges(&self) -> f64 {
        count(self.rows.iter().map(|row| row.exchanges_total).sum())
    }

    /// The commits of all gateways for one exchange.
    fn commits(&self) -> Option<f64> {
        let commits = self.rows.iter().map(|row| row.commits).sum::<Option<u64>>()?;
        Some(count(commits) / self.exchanges())
    }

    fn of_tables(&self, bytes: fn(&Tables) -> u64) -> Option<f64> {
        Some(count(bytes(self.tables.as_ref()?)) / self.exchanges())
    }
}

pub(crate) fn run(arguments: &Arguments) {
    let Ok(address) = std::env::var("FEP_POSTGRES") else {
        println!("## The journal in PostgreSQL: not measured, because FEP_POSTGRES is missing\n");
        return;
    };
    let rounds = arguments.number("--rounds", 3);
    let plan = Plan { callers: arguments.number("--callers", 64), ..Plan::of_window(arguments) };
    let place = disk_folder(arguments);
    println!(
        "## The journal in PostgreSQL: {rounds} rounds, transfers with an idempotency key, {} callers\n",
        plan.callers
    );
    let mut all = Contender::ALL.map(|contender| (contender, Vec::new()));
    for round in 0..rounds {
        for turn in 0..all.len() {
            let at = (turn + round) % all.len();
            let (contender, seen) = &mut all[at];
            seen.push(measure(*contender, plan, &place, &address));
            eprintln!("round {}: {}: {:.0}/s", round + 1, contender.name(), seen[round].per_second());
        }
    }
    print(&all);
    let mut goals = Goals::default();
    goals.add("journal in PostgreSQL / in a file, one gateway", Wanted::AtLeast(0.5), ratio(&all, 1));
    goals.print();
}

/// One window, with a schema of its own.
fn measure(contender: Contender, plan: Plan, place: &Path, address: &str) -> Seen {
    let mut server = Server::connect(address);
    server.execute(&format!("DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"));
    let gateways = contender.gateways();
    let mut members: Vec<(Peer, Daemon)> = (0..gateways)
        .map(|number| {
            let peer = Peer::start(None);
            let institution = Institution { name: NAME, port: peer.port, lines: 1, links: 1, settings: ROOMY };
            let journal = match contender {
                Contender::File => String::new(),
                Contender::Database => table(address, number, ""),
                Contender::Two => table(address, number, "[instances]\nmax = 2\n"),
            };
            let daemon = Daemon::start_with(place, &journal, &[institution]);
            (peer, daemon)
        })
        .collect();
    let before = server.text("SELECT pg_current_wal_lsn()::text");
    let callers = Plan { callers: plan.callers / gateways, ..plan };
    let loads: Vec<_> = members
        .iter()
        .map(|(peer, daemon)| {
            let words = ["load", "--keys", "--port"].map(str::to_owned).into_iter().chain([daemon.port.to_string()]);
            let words = words.chain(["--observe".to_owned(), daemon.id().to_string()]);
            let words: Vec<_> = words.chain(callers.words()).chain(peer.words()).collect();
            thread::spawn(move || Process::start(words).row())
        })
        .collect();
    let mut rows: Vec<Row> = loads.into_iter().map(|load| load.join().expect("a load")).collect();
    let log = format!("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '{before}')::int8::text");
    let log = server.number(&log);
    for ((peer, daemon), row) in members.iter_mut().zip(&mut rows) {
        row.commits = daemon.commits();
        *row = peer.confirm(row.clone());
        daemon.stop();
    }
    let bytes = |name: &str| members.iter().map(|(_, daemon)| daemon.file_bytes(name)).sum::<u64>();
    let seen = Seen {
        rows,
        index_bytes: bytes("journal.index.sqlite"),
        file_bytes: (contender == Contender::File).then(|| bytes("journal.sqlite")),
        tables: (contender != Contender::File).then(|| server.tables(log)),
    };
    server.execute(&format!("DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"));
    seen
}

/// The tables of a gateway's configuration behind the keys of `[journal]`.
fn table(address: &str, number: usize, further: &str) -> String {
    format!(
        "[journal.postgres]\nhosts = [\"{address}\"]\ndatabase = \"postgres\"\nuser = \"fep\"\nschema = \"{SCHEMA}\"\n\
         instance = \"gateway-{number}\"\n{further}"
    )
}

/// A connection that looks at the server.
pub(crate) struct Server {
    runtime: tokio::runtime::Runtime,
    client: Client,
}

impl Server {
    pub(crate) fn connect(address: &str) -> Self {
        let (host, port) = address.rsplit_once(':').expect("FEP_POSTGRES is host:port");
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a thread");
        let settings = format!("host={host} port={port} user=fep dbname=postgres");
        let client = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&settings, NoTls).await.expect("the server");
            tokio::spawn(connection);
            client
        });
        Self { runtime, client }
    }

    pub(crate) fn execute(&mut self, sql: &str) {
        self.runtime.block_on(self.client.batch_execute(sql)).expect("the server does it");
    }

    fn text(&self, sql: &str) -> String {
        self.runtime.block_on(self.client.query_one(sql, &[])).expect("an answer").get(0)
    }

    fn number(&self, sql: &str) -> u64 {
        self.text(sql).parse().expect("a number")
    }

    /// The bytes of the tables, and of the write-ahead log that was counted.
    fn tables(&self, log: u64) -> Tables {
        let of = |what: &str, relations: &str| {
            let from = "FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace";
            let own = format!("nspname = '{SCHEMA}' AND relkind = 'r'");
            self.number(&format!(
                "SELECT coalesce(sum({what}(pg_class.oid)), 0)::text {from} WHERE {own} AND {relations}"
            ))
        };
        Tables {
            facts: of("pg_table_size", "relispartition"),
            facts_indexes: of("pg_indexes_size", "relispartition"),
            keys: of("pg_total_relation_size", "relname = 'keys'"),
            others: of("pg_total_relation_size", "NOT relispartition AND relname <> 'keys'"),
            log,
        }
    }
}

/// The median of the ratios to the journal in a file within a round.
fn ratio(all: &[(Contender, Vec<Seen>)], at: usize) -> Option<f64> {
    let pairs = all[at].1.iter().zip(&all[0].1);
    median(pairs.map(|(seen, base)| seen.per_second() / base.per_second()))
}

fn print(all: &[(Contender, Vec<Seen>)]) {
    let title =
        ["exchanges/s", "to a file", "commits/s", "commits", "median, µs", "p99, µs", "processor, µs", "failed"];
    println!("| | {} |\n|---|{}", title.join(" | "), "--:|".repeat(title.len()));
    for (at, (contender, rounds)) in all.iter().enumerate() {
        let each = |value: &dyn Fn(&Seen) -> Option<f64>| median(rounds.iter().filter_map(value));
        let slowest = |value: fn(&Row) -> f64| move |seen: &Seen| seen.rows.iter().map(value).reduce(f64::max);
        let processor = |seen: &Seen| {
            let used = seen.rows.iter().map(|row| row.processor_us).sum::<Option<f64>>()?;
            Some(used / count(seen.rows.iter().map(|row| row.exchanges).sum()))
        };
        let cells = [
            cell(each(&|seen| Some(seen.per_second())), 0),
            cell(ratio(all, at), 2),
            cell(each(&|seen| Some(seen.commits()? * seen.per_second())), 0),
            cell(each(&Seen::commits), 2),
            cell(each(&slowest(|row| row.median_us)), 0),
            cell(each(&slowest(Row::p99)), 0),
            cell(each(&processor), 1),
            rounds.iter().flat_map(|seen| &seen.rows).map(|row| row.failed).sum::<u64>().to_string(),
        ];
        println!("| {} | {} |", contender.name(), cells.join(" | "));
    }
    let title =
        ["exchanges", "journal file", "facts", "their index", "keys", "other tables", "write-ahead log", "index file"];
    println!("\n| bytes of an exchange | {} |\n|---|{}", title.join(" | "), "--:|".repeat(title.len()));
    for (contender, rounds) in all {
        let each = |value: &dyn Fn(&Seen) -> Option<f64>| cell(median(rounds.iter().filter_map(value)), 0);
        let cells = [
            each(&|seen| Some(seen.exchanges())),
            each(&|seen| Some(count(seen.file_bytes?) / seen.exchanges())),
            each(&|seen| seen.of_tables(|tables| tables.facts)),
            each(&|seen| seen.of_tables(|tables| tables.facts_indexes)),
            each(&|seen| seen.of_tables(|tables| tables.keys)),
            each(&|seen| seen.of_tables(|tables| tables.others)),
            each(&|seen| seen.of_tables(|tables| tables.log)),
            // Each gateway has an index of all exchanges.
            each(&|seen| {
                Some(
                    count(seen.index_bytes)
                        / seen.exchanges()
                        / count(u64::try_from(seen.rows.len()).unwrap_or_default()),
                )
            }),
        ];
        println!("| {} | {} |", contender.name(), cells.join(" | "));
    }
    println!();
}
