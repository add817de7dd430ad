//! Two gateways whose requests carry the mark of their gateway, and a bank that repeats it and answers on the other's links. No look-up is needed.
//! Without Redis each answer reaches its gateway by way of the journal, and with Redis at once. It counts once, although it comes by both ways.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::crossing::{Crossing, crosses};
use crate::daemon::{Daemon, ask, configuration, free_port, get};
use crate::database::Server;
use crate::transfer;

/// How many transfers each gateway sends.
const TRANSFERS: u64 = 40;

/// How many callers ask at the same time.
const CALLERS: u64 = 8;

const NAMES: [&str; 2] = ["seoul-1", "busan-1"];

struct Pair {
    _folders: [TempDir; 2],
    daemons: [Daemon; 2],
}

impl Pair {
    fn start(server: &Server, bank: &Crossing, further: &str) -> Self {
        let folders = [0, 1].map(|_| tempfile::tempdir().expect("a folder"));
        let start = |which: usize| {
            let port = free_port();
            let marks = "marks = { seoul-1 = \"S1\", busan-1 = \"B1\" }\n";
            let tables =
                format!("{}lease_ms = 2000\n[instances]\nmax = 2\n{marks}{further}", server.table_of(NAMES[which]));
            let text = configuration(port, bank.ports[which], "")
                .replace("\"FEPTEST01\"", "\"<instance>\"")
                .replace("answer_timeout_ms = 1000", "answer_timeout_ms = 5000");
            Daemon::start_as(folders[which].path(), port, &(text + &tables))
        };
        let daemons = [0, 1].map(start);
        Self { _folders: folders, daemons }
    }

    fn ports(&self) -> [u16; 2] {
        [0, 1].map(|which| self.daemons[which].port())
    }

    fn look(&self, which: usize, path: &str) -> Json {
        let looked = get(self.ports()[which], path).expect("the gateway lives");
        serde_json::from_str(&looked.body).expect("JSON")
    }
}

/// The transfers of one caller. No amount is a multiple of 5: the bank answers each of them once. Returns how long each of them took, and
/// whether its answer came on the other's link.
fn call(port: u16, caller: u64) -> Vec<(Duration, bool)> {
    let amounts = (0..TRANSFERS / CALLERS).map(|number| (number * CALLERS + caller) * 5 + 1 + number % 4);
    let ask = |amount| {
        let began = Instant::now();
        let answer = ask(port, &format!("key-{port}-{amount}"), &transfer(amount)).expect("an answer");
        let took = began.elapsed();
        assert_eq!(answer.status, 200, "{amount}: {}", answer.body);
        let body: Json = serde_json::from_str(&answer.body).expect("JSON");
        assert_eq!(body["answer"]["fields"]["amount"], amount, "it is another one's answer: {body}");
        (took, crosses(amount))
    };
    amounts.map(ask).collect()
}

/// Sends transfers at both gateways. Returns how long those took whose answers crossed, and the others.
fn transfers(pair: &Pair) -> [Vec<Duration>; 2] {
    let ports = pair.ports();
    let callers: Vec<_> = (0..2 * CALLERS)
        .map(|number| {
            let (which, caller) = (usize::from(number >= CALLERS), number);
            thread::spawn(move || call(ports[which], caller))
        })
        .collect();
    let took: Vec<_> = callers.into_iter().flat_map(|caller| caller.join().expect("no panic")).collect();
    [true, false].map(|wanted| took.iter().filter(|(_, crossed)| *crossed == wanted).map(|(took, _)| *took).collect())
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times[times.len() / 2]
}

/// Nothing is left that a person would have to look at, and no answer counted twice.
fn check(pair: &Pair, bank: &Crossing, [crossed, straight]: [Vec<Duration>; 2]) {
    println!(
        "{} crossed in {:?}, {} others in {:?}",
        crossed.len(),
        median(&crossed),
        straight.len(),
        median(&straight)
    );
    assert!(crossed.len() > 10 && straight.len() > 10, "the test tests little");
    assert!(bank.transfers().values().all(|times| *times == 1));
    // The index of the other gateway has everything by then, and would have said so.
    thread::sleep(Duration::from_secs(1));
    for which in 0..2 {
        let dead = pair.look(which, "/v1/dead-letters");
        assert_eq!(dead["dead_letters"].as_array().map(Vec::len), Some(0), "{dead}");
        let exchanges = pair.look(which, "/v1/exchanges?limit=500");
        let exchanges = exchanges["exchanges"].as_array().expect("a list");
        assert!(exchanges.len() > 20, "the test tests little");
        for exchange in exchanges {
            assert_eq!(exchange["outcome"], "answered", "{exchange}");
        }
        let metrics = get(pair.ports()[which], "/metrics").expect("the gateway lives").body;
        let received = |class: &str| {
            let class = format!("class=\"{class}\"");
            let mut lines = metrics.lines().filter(|line| line.starts_with("fep_received_total{"));
            lines
                .find(|line| line.contains(&class))
                .map_or("0", |line| line.rsplit(' ').next().expect("a number"))
                .to_owned()
        };
        assert_eq!((received("duplicate"), received("unmatched")), ("0".to_owned(), "0".to_owned()), "{metrics}");
        assert!(received("routed") != "0", "{metrics}");
    }
}

#[test]
fn without_redis_answers_on_the_others_link_come_by_the_journal() {
    let Some(server) = Server::start() else { return };
    let bank = Crossing::start();
    let pair = Pair::start(&server, &bank, "");
    let took = transfers(&pair);
    check(&pair, &bank, took);
}

#[test]
fn with_redis_an_answer_that_comes_by_both_ways_counts_once() {
    let Some(server) = Server::start() else { return };
    let Ok(redis) = std::env::var("FEP_REDIS") else {
        assert!(std::env::var_os("FEP_CI").is_none(), "FEP_REDIS is missing: the address of a server");
        return;
    };
    let bank = Crossing::start();
    let prefix = format!("marked-{}", std::process::id());
    let pair =
        Pair::start(&server, &bank, &format!("[instances.redis]\nhosts = [\"{redis}\"]\nprefix = \"{prefix}\"\n"));
    let took = transfers(&pair);
    check(&pair, &bank, took);
}
