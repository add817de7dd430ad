//! Answers that come on the link of another gateway, beside answers on the own one, in one run: how much longer an exchange takes. `FEP_POSTGRES`
//! and `FEP_REDIS` have the addresses of the servers, as `host:port`; `scripts/postgres.sh` and `scripts/redis.sh` start them.
//!
//! One caller sends one request after the other at one gateway. The bank answers every second one on the other gateway's link.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use crate::arguments::Arguments;
use crate::configuration::{Institution, ROOMY};
use crate::daemon::Daemon;
use crate::database::Server;
use crate::embedded::NAME;
use crate::goals::{Goals, Wanted};
use crate::measure::{cell, median};
use crate::telegrams::{self, RESPONSE_CODE, TELEGRAM_CODE, first};
use crate::throughput::disk_folder;

/// By which way an answer finds its gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// The owner of its key is looked up in Redis, which carries the answer.
    LookedUp,
    /// The answer names its gateway, and Redis carries it.
    Named,
    /// The answer names its gateway, and the journal carries it.
    ByJournal,
}

/// The times of the exchanges of one round, in microseconds.
#[derive(Default)]
struct Times {
    straight: Vec<f64>,
    crossed: Vec<f64>,
}

/// The links of each gateway, and how many transfers came.
#[derive(Default)]
struct Bank {
    links: [Vec<Arc<TcpStream>>; 2],
    transfers: u64,
}

/// The exchanges before those that count.
const WARM: usize = 100;

/// The maximum length of a response, in bytes.
const RESPONSE_MAX_BYTES: usize = 64 * 1024;

const SCHEMA: &str = "fep_speed_crossing";

impl Way {
    const ALL: [Self; 3] = [Self::LookedUp, Self::Named, Self::ByJournal];

    fn name(self) -> &'static str {
        match self {
            Self::LookedUp => "looked up in Redis",
            Self::Named => "named by the answer, by Redis",
            Self::ByJournal => "named by the answer, by the journal",
        }
    }

    /// The tables of a gateway's configuration behind the keys of `[journal]`.
    fn tables(self, postgres: &str, redis: &str, number: usize) -> String {
        let marks =
            if self == Self::LookedUp { "" } else { "[instances.marks]\ngateway-0 = \"G0\"\ngateway-1 = \"G1\"\n" };
        let prefix = std::process::id();
        let redis = match self {
            Self::ByJournal => String::new(),
            Self::LookedUp | Self::Named => {
                format!("[instances.redis]\nhosts = [\"{redis}\"]\nprefix = \"speed-{prefix}\"\n")
            }
        };
        format!(
            "[journal.postgres]\nhosts = [\"{postgres}\"]\ndatabase = \"postgres\"\nuser = \"fep\"\nschema = \"{SCHEMA}\"\n\
             instance = \"gateway-{number}\"\n[instances]\nmax = 2\n{redis}{marks}"
        )
    }
}

pub(crate) fn run(arguments: &Arguments) {
    let address = |name: &str| std::env::var(name).ok();
    let Some((postgres, redis)) = address("FEP_POSTGRES").zip(address("FEP_REDIS")) else {
        println!("## Answers on another gateway's link: not measured, because FEP_POSTGRES or FEP_REDIS is missing\n");
        return;
    };
    let rounds = arguments.number("--rounds", 3);
    let exchanges = arguments.number("--exchanges", 1000);
    let place = disk_folder(arguments);
    println!("## Answers on another gateway's link: {rounds} rounds of {exchanges} exchanges, one after the other\n");
    let mut all = Way::ALL.map(|way| (way, Vec::new()));
    for round in 0..rounds {
        for turn in 0..all.len() {
            let at = (turn + round) % Way::ALL.len();
            let (way, seen) = &mut all[at];
            seen.push(measure(*way, exchanges, &place, (&postgres, &redis)));
            eprintln!("round {}: {}: {} µs more", round + 1, way.name(), cell(seen[round].added(), 0));
        }
    }
    let title = ["on the own link, µs", "on the other's, µs", "p99 of those", "more, µs"];
    println!("| how it finds its gateway | {} |\n|---|{}", title.join(" | "), "--:|".repeat(title.len()));
    let mut goals = Goals::default();
    for (way, rounds) in &all {
        let each = |value: &dyn Fn(&Times) -> Option<f64>| median(rounds.iter().filter_map(value));
        let added = each(&Times::added);
        let cells = [
            each(&|times| median(times.straight.iter().copied())),
            each(&|times| median(times.crossed.iter().copied())),
            each(&|times| p99(&times.crossed)),
            added,
        ];
        println!("| {} | {} |", way.name(), cells.map(|value| cell(value, 0)).join(" | "));
        if *way != Way::ByJournal {
            goals.add(format!("µs more, {}", way.name()), Wanted::AtMost(1000.0), added);
        }
    }
    println!();
    goals.print();
}

impl Times {
    /// How much longer an exchange takes whose answer crosses, at the median.
    fn added(&self) -> Option<f64> {
        Some(median(self.crossed.iter().copied())? - median(self.straight.iter().copied())?)
    }
}

fn p99(times: &[f64]) -> Option<f64> {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times.get(times.len() * 99 / 100).copied()
}

fn measure(way: Way, exchanges: usize, place: &Path, (postgres, redis): (&str, &str)) -> Times {
    let mut server = Server::connect(postgres);
    let drop_schema = format!("DROP SCHEMA IF EXISTS {SCHEMA} CASCADE");
    server.execute(&drop_schema);
    let bank = Arc::<Mutex<Bank>>::default();
    let ports = [0, 1].map(|door| open(&bank, door));
    let mut daemons = [0, 1].map(|number| {
        let institution = Institution { name: NAME, port: ports[number], lines: 1, links: 1, settings: ROOMY };
        Daemon::start_with(place, &way.tables(postgres, redis, number), &[institution])
    });
    let times = ask(daemons[0].port, exchanges);
    daemons.iter_mut().for_each(Daemon::stop);
    server.execute(&drop_schema);
    times
}

/// Sends requests one after the other. The bank answers the first one on the own link, the next one on the other's, and so on.
fn ask(port: u16, exchanges: usize) -> Times {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the daemon listens");
    stream.set_nodelay(true).expect("no delay");
    let body = telegrams::transfer().to_string();
    let head = format!(
        "POST /v1/institutions/{NAME}/exchanges/Transfer HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n",
        body.len()
    );
    let mut times = Times::default();
    for number in 0..WARM + exchanges {
        let request = format!("{head}idempotency-key: order-{}-{number}\r\n\r\n{body}", std::process::id());
        let began = Instant::now();
        stream.write_all(request.as_bytes()).expect("it takes the request");
        let status = response(&mut stream);
        let took = began.elapsed().as_secs_f64() * 1_000_000.0;
        assert_eq!(status, 200, "exchange {number} has another outcome");
        if number >= WARM {
            let of_kind = if number % 2 == 0 { &mut times.straight } else { &mut times.crossed };
            of_kind.push(took);
        }
    }
    times
}

/// Reads a whole response. Returns its status.
fn response(stream: &mut TcpStream) -> u16 {
    let mut buffer = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let len = stream.read(&mut piece).expect("a response");
        assert!(len > 0 && buffer.len() < RESPONSE_MAX_BYTES, "the response ends early, or not at all");
        buffer.extend_from_slice(&piece[..len]);
        let Some(head) = buffer.windows(4).position(|end| end == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&buffer[..head]).expect("a head");
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
        if buffer.len() >= head + 4 + length.parse::<usize>().expect("a number") {
            return text[9..12].parse().expect("a status");
        }
    }
}

/// Listens for the links of one gateway. Returns the port.
fn open(bank: &Arc<Mutex<Bank>>, door: usize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let bank = Arc::clone(bank);
    thread::spawn(move || {
        for link in listener.incoming().flatten() {
            link.set_nodelay(true).expect("no delay");
            let bank = Arc::clone(&bank);
            thread::spawn(move || serve(&Arc::new(link), door, &bank));
        }
    });
    port
}

fn serve(link: &Arc<TcpStream>, door: usize, bank: &Mutex<Bank>) {
    bank.lock().expect("the bank").links[door].push(Arc::clone(link));
    let mut buffer = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(len @ 1..) = (&**link).read(&mut piece) {
        buffer.extend_from_slice(&piece[..len]);
        while let Some(len) = first(&buffer) {
            let mut telegram: Vec<u8> = buffer.drain(..len).collect();
            let is_transfer = telegram[TELEGRAM_CODE] == *b"0100";
            telegram[TELEGRAM_CODE.start + 2] = b'1';
            telegram[RESPONSE_CODE].copy_from_slice(b"0000");
            let mut bank = bank.lock().expect("the bank");
            let crosses = is_transfer && bank.transfers % 2 == 1;
            bank.transfers += u64::from(is_transfer);
            let own = if crosses { 1 - door } else { door };
            let to = if crosses { bank.links[own].last() } else { Some(link) };
            // An error means that the link is lost, and then the round ends without this answer.
            let _ = (&**to.expect("both are connected")).write_all(&telegram);
        }
    }
    bank.lock().expect("the bank").links[door].retain(|other| !Arc::ptr_eq(other, link));
}
