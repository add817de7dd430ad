//! The contenders in alternation, and the tables of throughput.

use std::path::{Path, PathBuf};

use crate::arguments::Arguments;
use crate::child::{Peer, Process};
use crate::configuration::{Institution, ROOMY};
use crate::daemon::Daemon;
use crate::embedded::NAME;
use crate::goals::{Goals, Wanted};
use crate::measure::{Plan, Row, cell, count, median};
use crate::usage;

/// A folder in memory, for the journal without a durable disk.
const MEMORY_FOLDER: &str = "/dev/shm";

/// The listeners of [`Contender::HttpDeaf`]: as many as the daemon admits.
const LISTENERS: usize = 64;

/// One program that carries out exchanges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contender {
    /// The proxy with its callers in another process, over connections.
    ProxyServer,
    /// The proxy with its callers in the same process.
    Proxy,
    Embedded,
    EmbeddedMemory,
    /// The typed API, whose request is a derived struct.
    TypedMemory,
    /// The embedded API with the settings of the journal that an argument gives.
    EmbeddedOther,
    Echo,
    Http,
    /// The daemon while clients listen to its events and read nothing.
    HttpDeaf,
}

impl Contender {
    const ALL: [Self; 9] = [
        Self::ProxyServer,
        Self::Proxy,
        Self::Embedded,
        Self::EmbeddedMemory,
        Self::TypedMemory,
        Self::EmbeddedOther,
        Self::Echo,
        Self::Http,
        Self::HttpDeaf,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::ProxyServer => "bare proxy, callers over TCP",
            Self::Proxy => "bare proxy, callers in the process",
            Self::Embedded => "embedded, journal on disk",
            Self::EmbeddedMemory => "embedded, journal in memory",
            Self::TypedMemory => "embedded, typed, journal in memory",
            Self::EmbeddedOther => "embedded, journal with --journal-settings",
            Self::Echo => "axum that echoes the JSON",
            Self::Http => "daemon over HTTP, journal on disk",
            Self::HttpDeaf => "the same, 64 listeners that read nothing",
        }
    }

    /// The contenders to which its ratios relate.
    fn bases(self) -> &'static [Self] {
        match self {
            Self::Embedded | Self::EmbeddedMemory | Self::TypedMemory | Self::EmbeddedOther => {
                &[Self::ProxyServer, Self::Proxy]
            }
            Self::HttpDeaf => &[Self::Http],
            Self::Http => &[Self::ProxyServer, Self::Echo],
            Self::ProxyServer | Self::Proxy | Self::Echo => &[],
        }
    }
}

/// The places of journals, and the settings of [`Contender::EmbeddedOther`].
struct Places {
    disk: PathBuf,
    memory: PathBuf,
    settings: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) {
    let rounds = arguments.number("--rounds", 3);
    let places = Places {
        disk: disk_folder(arguments),
        memory: arguments.folder("--memory-dir").unwrap_or_else(|| MEMORY_FOLDER.into()),
        settings: arguments.text("--journal-settings").map(str::to_owned),
    };
    let wanted: Vec<usize> = match arguments.text("--callers") {
        Some(list) => list.split(',').map(|number| number.parse().expect("--callers needs numbers")).collect(),
        None => vec![1, 64, 256],
    };
    println!("## Throughput: {rounds} rounds, transfers of 300 + 300 bytes, one line with one link\n");
    let mut goals = Goals::default();
    for callers in wanted {
        let plan = Plan { callers, ..Plan::of_window(arguments) };
        let contenders = Contender::ALL.into_iter();
        let contenders =
            contenders.filter(|contender| *contender != Contender::EmbeddedOther || places.settings.is_some());
        let mut all: Vec<(Contender, Vec<Row>)> = contenders.map(|contender| (contender, Vec::new())).collect();
        for round in 0..rounds {
            // Another contender begins each round, so that none always follows the same one.
            for place in 0..all.len() {
                let at = (place + round) % all.len();
                let (contender, rows) = &mut all[at];
                rows.push(measure(*contender, plan, &places, false));
                eprintln!(
                    "{callers} callers, round {}: {}: {:.0}/s",
                    round + 1,
                    contender.name(),
                    rows[round].per_second()
                );
            }
        }
        let counted = measure(Contender::Embedded, plan, &places, true);
        print(callers, &all, &counted);
        judge(callers, &all, &mut goals);
    }
    goals.print();
}

/// The folder for journals on disk: of the build, unless another one is given.
pub(crate) fn disk_folder(arguments: &Arguments) -> PathBuf {
    let folder = arguments.folder("--journal-dir").unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
    std::fs::create_dir_all(&folder).expect("the folder for journals");
    folder
}

/// One window of one contender, with a bank of its own.
fn measure(contender: Contender, plan: Plan, places: &Places, metrics: bool) -> Row {
    let words = |first: &str, more: &[String]| {
        let words = [first.to_owned()].into_iter().chain(plan.words()).chain(more.iter().cloned());
        words.chain(metrics.then(|| "--metrics".to_owned())).collect::<Vec<_>>()
    };
    let folder = |place: &Path| ["--journal-dir".to_owned(), place.display().to_string()];
    let load = |port: u16, observed: u32, peer: &[String]| {
        let more = ["--port".to_owned(), port.to_string(), "--observe".to_owned(), observed.to_string()];
        Process::start(words("load", &[&more, peer].concat())).row()
    };
    match contender {
        Contender::ProxyServer => {
            let mut peer = Peer::start(None);
            let mut proxy = Process::start(["proxy".to_owned(), "--serve".to_owned()].into_iter().chain(peer.words()));
            let port = proxy.line().parse().expect("a port");
            let row = load(port, proxy.id(), &[&["--telegrams".to_owned()], &peer.words()[..]].concat());
            peer.confirm(row)
        }
        Contender::Proxy => {
            let mut peer = Peer::start(None);
            let row = Process::start(words("proxy", &peer.words())).row();
            peer.confirm(row)
        }
        Contender::Embedded | Contender::EmbeddedMemory | Contender::TypedMemory | Contender::EmbeddedOther => {
            let on_disk = matches!(contender, Contender::Embedded | Contender::EmbeddedOther);
            let mut peer = Peer::start(None);
            let mut more = [&peer.words()[..], &folder(if on_disk { &places.disk } else { &places.memory })].concat();
            more.extend((contender == Contender::TypedMemory).then(|| "--typed".to_owned()));
            let alone = plan.callers == 1 && contender == Contender::Embedded;
            more.extend(alone.then(|| "--alternate".to_owned()));
            let settings = places.settings.iter().filter(|_| contender == Contender::EmbeddedOther);
            more.extend(settings.flat_map(|settings| ["--journal-settings".to_owned(), settings.clone()]));
            let row = Process::start(words("embedded", &more)).row();
            peer.confirm(row)
        }
        Contender::Echo => {
            let mut echo = Process::start(["echo"]);
            let port = echo.line().parse().expect("a port");
            load(port, echo.id(), &[])
        }
        Contender::Http | Contender::HttpDeaf => {
            let mut peer = Peer::start(None);
            let institution = Institution { name: NAME, port: peer.port, lines: 1, links: 1, settings: ROOMY };
            let daemon = Daemon::start(&places.disk, &[institution]);
            let listeners = if contender == Contender::HttpDeaf { LISTENERS } else { 0 };
            let _listeners = daemon.deaf_listeners(listeners);
            let mut row = load(daemon.port, daemon.id(), &peer.words());
            row.commits = daemon.commits();
            row.written_bytes = usage::written(daemon.id());
            peer.confirm(row)
        }
    }
}

/// The rows of one contender.
fn rows_of(all: &[(Contender, Vec<Row>)], wanted: Contender) -> &[Row] {
    all.iter().find(|(contender, _)| *contender == wanted).map_or(&[], |(_, rows)| rows)
}

/// The median of the ratios within a round.
fn ratio(all: &[(Contender, Vec<Row>)], of: Contender, to: Contender) -> Option<f64> {
    let pairs = rows_of(all, of).iter().zip(rows_of(all, to));
    median(pairs.map(|(row, base)| row.per_second() / base.per_second()))
}

/// How much longer one caller waits than with the proxy and two waits for the disk, in microseconds.
fn more_than_two_waits(all: &[(Contender, Vec<Row>)]) -> Option<f64> {
    let rounds = rows_of(all, Contender::Embedded).iter().zip(rows_of(all, Contender::Proxy));
    median(rounds.filter_map(|(own, proxy)| {
        let [exchange, disk] = own.alternated_us?;
        Some(exchange - proxy.median_us - 2.0 * disk)
    }))
}

fn journal_bytes(row: &Row) -> Option<f64> {
    Some(count(row.journal_bytes?) / count(row.exchanges_total))
}

/// Prints one table. `counted` is a run with metrics, which are not installed in the measured rounds of the embedded API.
fn print(callers: usize, all: &[(Contender, Vec<Row>)], counted: &Row) {
    let title = [
        "exchanges/s",
        "ratios",
        "median, µs",
        "p99, µs",
        "processor, µs",
        "bank's processor, µs",
        "commits",
        "journal, bytes",
        "written, bytes",
        "failed",
    ];
    println!("| {callers} caller(s) | {} |\n|---|{}", title.join(" | "), "--:|".repeat(title.len()));
    for (contender, rows) in all {
        let each = |value: fn(&Row) -> Option<f64>| median(rows.iter().filter_map(value));
        let ratios = contender.bases().iter().map(|base| cell(ratio(all, *contender, *base), 2));
        let commits = |row: &Row| Some(count(row.commits?) / count(row.exchanges_total));
        let commits = if *contender == Contender::Embedded { commits(counted) } else { each(commits) };
        let cells = [
            cell(each(|row| Some(row.per_second())), 0),
            ratios.collect::<Vec<_>>().join(", "),
            cell(each(|row| Some(row.median_us)), 0),
            cell(each(|row| Some(row.p99())), 0),
            cell(each(|row| Some(row.processor_us? / count(row.exchanges))), 1),
            cell(each(|row| Some(row.peer_us? / count(row.exchanges))), 1),
            cell(commits, 2),
            cell(each(journal_bytes), 0),
            cell(each(|row| Some(count(row.written_bytes?) / count(row.exchanges_total))), 0),
            rows.iter().map(|row| row.failed).sum::<u64>().to_string(),
        ];
        println!("| {} | {} |", contender.name(), cells.join(" | "));
    }
    let alternated = |of: fn([f64; 2]) -> f64| {
        let rows = rows_of(all, Contender::Embedded).iter();
        median(rows.filter_map(|row| row.alternated_us.map(of)))
    };
    if let (Some(exchange), Some(disk)) = (alternated(|[exchange, _]| exchange), alternated(|[_, disk]| disk)) {
        println!(
            "\nOne caller that alternates: an exchange {exchange:.0} µs, one append and wait for the disk {disk:.0} µs."
        );
    }
    println!();
}

/// Compares with the goals that are for this number of callers.
fn judge(callers: usize, all: &[(Contender, Vec<Row>)], goals: &mut Goals) {
    let bytes = || median(rows_of(all, Contender::Embedded).iter().filter_map(journal_bytes));
    match callers {
        1 => goals.add(
            "1 caller: µs more than the proxy in the process and two waits for the disk",
            Wanted::AtMost(50.0),
            // Less than nothing means that the disk changed too much to measure it.
            more_than_two_waits(all).filter(|more| *more >= 0.0),
        ),
        64 => {
            let mut add = |what: &str, least, of, to| goals.add(what, Wanted::AtLeast(least), ratio(all, of, to));
            add("64 callers: embedded / proxy over TCP", 0.5, Contender::Embedded, Contender::ProxyServer);
            add("the same / proxy in the process", 0.5, Contender::Embedded, Contender::Proxy);
            add("journal in memory / proxy over TCP", 0.7, Contender::EmbeddedMemory, Contender::ProxyServer);
            add("the same / proxy in the process", 0.7, Contender::EmbeddedMemory, Contender::Proxy);
            add("daemon / axum echo", 0.5, Contender::Http, Contender::Echo);
            add("daemon with 64 deaf listeners / without", 0.95, Contender::HttpDeaf, Contender::Http);
            goals.add("journal bytes of one exchange", Wanted::AtMost(900.0), bytes());
        }
        _ => {}
    }
}
