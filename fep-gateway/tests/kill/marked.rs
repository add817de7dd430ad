//! Two gateways whose requests carry the mark of their gateway, and a bank that repeats it and answers on the other's links. No look-up is needed.
//! Without Redis each answer reaches its gateway by way of the journal, and with Redis at once. It counts once, although it comes by both ways.
//! Without Redis the journal is the way also of answers without a mark.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::crossing::{Crossing, SLOW, crosses};
use crate::daemon::{Daemon, ask, configuration, free_port, get};
use crate::database::Server;
use crate::transfer;

/// How many transfers each gateway sends.
const TRANSFERS: u64 = 40;

/// How many callers ask at the same time.
const CALLERS: u64 = 8;

const NAMES: [&str; 2] = ["seoul-1", "busan-1"];

struct Pair {
    folders: [TempDir; 2],
    /// The configuration of each, but its port.
    texts: [String; 2],
    daemons: [Daemon; 2],
}

/// How a gateway tells that its requests are its own.
const MARKS: &str = "marks = { seoul-1 = \"S1\", busan-1 = \"B1\" }\n";

impl Pair {
    fn start(server: &Server, bank: &Crossing, marks: &str, further: &str) -> Self {
        let folders = [0, 1].map(|_| tempfile::tempdir().expect("a folder"));
        let texts = [0, 1].map(|which: usize| {
            let tables =
                format!("{}lease_ms = 2000\n[instances]\nmax = 2\n{marks}{further}", server.table_of(NAMES[which]));
            let mut text =
                configuration(0, bank.ports[which], "").replace("answer_timeout_ms = 1000", "answer_timeout_ms = 5000");
            if !marks.is_empty() {
                text = text.replace("\"FEPTEST01\"", "\"<instance>\"");
            }
            text + &tables
        });
        let daemons = [0, 1].map(|which| begin(&folders[which], &texts[which]));
        Self { folders, texts, daemons }
    }

    /// Starts the first one again, and waits until it is ready.
    fn again(&mut self) {
        self.daemons[0] = begin(&self.folders[0], &self.texts[0]);
    }

    fn ports(&self) -> [u16; 2] {
        [0, 1].map(|which| self.daemons[which].port())
    }

    fn look(&self, which: usize, path: &str) -> Json {
        let looked = get(self.ports()[which], path).expect("the gateway lives");
        serde_json::from_str(&looked.body).expect("JSON")
    }
}

fn begin(folder: &TempDir, text: &str) -> Daemon {
    let port = free_port();
    Daemon::start_as(folder.path(), port, &text.replace("127.0.0.1:0\"", &format!("127.0.0.1:{port}\"")))
}

/// The transfers of one caller. No amount is a multiple of 5: the bank answers each of them once. Returns how many answers came on the other's
/// link.
fn call(port: u16, caller: u64) -> usize {
    let amounts = (0..TRANSFERS / CALLERS).map(|number| (number * CALLERS + caller) * 5 + 1 + number % 4);
    let ask = |amount| {
        let answer = ask(port, &format!("key-{port}-{amount}"), &transfer(amount)).expect("an answer");
        assert_eq!(answer.status, 200, "{amount}: {}", answer.body);
        let body: Json = serde_json::from_str(&answer.body).expect("JSON");
        assert_eq!(body["answer"]["fields"]["amount"], amount, "it is another one's answer: {body}");
        amount
    };
    amounts.map(ask).filter(|amount| crosses(*amount)).count()
}

/// Sends transfers at both gateways. Returns how many answers came on the other's link.
fn transfers(pair: &Pair) -> usize {
    let ports = pair.ports();
    let ask = |number| thread::spawn(move || call(ports[usize::from(number >= CALLERS)], number));
    let callers: Vec<_> = (0..2 * CALLERS).map(ask).collect();
    callers.into_iter().map(|caller| caller.join().expect("no panic")).sum()
}

/// Nothing is left that a person would have to look at, and no answer counted twice. Answers on the other's link have this class there.
fn check(pair: &Pair, bank: &Crossing, crossed: usize, crossing: &str) {
    assert!(crossed > 20, "the test tests little");
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
            let line = lines.find(|line| line.contains(&class));
            line.map_or(0, |line| line.rsplit(' ').next().expect("a value").parse::<u32>().expect("a number"))
        };
        let others = ["duplicate", "unmatched", "routed"].into_iter().filter(|class| *class != crossing);
        assert_eq!(others.map(received).sum::<u32>(), 0, "{metrics}");
        assert!(received(crossing) > 0, "{metrics}");
    }
}

#[test]
fn without_redis_answers_on_the_others_link_come_by_the_journal() {
    let Some(server) = Server::start() else { return };
    let bank = Crossing::start();
    let pair = Pair::start(&server, &bank, MARKS, "");
    let crossed = transfers(&pair);
    check(&pair, &bank, crossed, "routed");
}

#[test]
fn without_redis_and_without_marks_answers_on_the_others_link_come_by_the_journal_too() {
    let Some(server) = Server::start() else { return };
    let bank = Crossing::start();
    let pair = Pair::start(&server, &bank, "", "");
    let crossed = transfers(&pair);
    check(&pair, &bank, crossed, "unmatched");
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
    let pair = Pair::start(
        &server,
        &bank,
        MARKS,
        &format!("[instances.redis]\nhosts = [\"{redis}\"]\nprefix = \"{prefix}\"\n"),
    );
    let crossed = transfers(&pair);
    check(&pair, &bank, crossed, "routed");
}

/// The first gateway is killed while the bank works on its transfer, and the answer comes on the other's link. Returns the exchange that the
/// gateway which goes on with it shows in the end.
fn settled_without_its_gateway(pair: &mut Pair, bank: &Crossing, amount: u64, asks: usize) -> Json {
    assert!(crosses(amount), "its answer comes on the other's link");
    let port = pair.ports()[0];
    let asking = thread::spawn(move || ask(port, &format!("key-{amount}"), &transfer(amount)));
    let began = Instant::now();
    while !bank.transfers().contains_key(&amount) {
        assert!(began.elapsed() < Duration::from_secs(10), "the transfer does not come");
        thread::sleep(Duration::from_millis(5));
    }
    pair.daemons[0].kill();
    assert!(asking.join().expect("no panic").is_none(), "its caller is told nothing");
    // The bank answers a second after it got the transfer.
    thread::sleep(Duration::from_millis(1500));
    if asks == 0 {
        pair.again();
    }
    loop {
        let found = pair.look(asks, "/v1/exchanges?limit=500");
        let exchanges = found["exchanges"].as_array().expect("a list");
        let settled = exchanges.iter().find(|exchange| exchange["settled_by"] != Json::Null);
        if let Some(settled) = settled {
            return settled.clone();
        }
        assert!(began.elapsed() < Duration::from_secs(20), "nothing is settled: {found}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn an_answer_that_came_to_another_gateway_while_its_own_was_down_settles_the_exchange_when_it_comes_back() {
    let Some(server) = Server::start() else { return };
    let bank = Crossing::start();
    let mut pair = Pair::start(&server, &bank, MARKS, "");
    let settled = settled_without_its_gateway(&mut pair, &bank, SLOW + 1, 0);
    assert_eq!((&settled["outcome"], &settled["settled_by"]), (&"unknown".into(), &"late answer".into()), "{settled}");
    assert_eq!(settled["line"], "main", "it was sent here: {settled}");
    assert_eq!(bank.transfers()[&(SLOW + 1)], 1);
}

#[test]
fn an_answer_whose_gateway_is_gone_settles_the_exchange_at_the_one_that_takes_over() {
    let Some(server) = Server::start() else { return };
    let bank = Crossing::start();
    let mut pair = Pair::start(&server, &bank, MARKS, "");
    let settled = settled_without_its_gateway(&mut pair, &bank, SLOW + 3, 1);
    assert_eq!((&settled["outcome"], &settled["settled_by"]), (&"unknown".into(), &"late answer".into()), "{settled}");
    assert_eq!(bank.transfers()[&(SLOW + 3)], 1);
}
