//! Two gateways on one database, with Redis between them, and a bank that answers on the other's links. Redis is killed under load again and
//! again, and comes back empty. By the bank's own record nothing is sent twice, nothing is lost, no caller gets another one's answer, and
//! the contract holds.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::crossing::{Crossing, crosses};
use crate::daemon::{self, Answer};
use crate::database::Server;
use crate::several::{Member, compare_with};
use crate::transfer;

/// How often Redis dies.
const DEATHS: usize = 20;

/// How many callers ask at the same time, each of them both gateways.
const CALLERS: u64 = 12;

/// The contract.
const INFLIGHT_MAX: usize = 8;

/// All places are used, although many transfers time out while Redis is away.
const FLOW: &str = "[institutions.bank-a.flow]\nadaptive = false\n";

/// How long a caller waits after a refusal.
const PAUSE: Duration = Duration::from_millis(100);

/// How many requests come between two steps of the story.
const STEP: usize = 3;

/// A Redis server of its own, so that it can die. It stores nothing on the disk.
struct Redis {
    folder: TempDir,
    address: String,
}

impl Redis {
    /// Starts one, or returns `None` if Redis is not installed. With `FEP_CI`, that is an error.
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut redis = Self { folder, address: String::new() };
        match redis.script("start") {
            Ok(address) => redis.address = address.trim().to_owned(),
            Err(why) => {
                assert!(std::env::var_os("FEP_CI").is_none(), "Redis does not start: {why}");
                eprintln!("skipped: Redis does not start ({}); nothing is tried with it", why.trim());
                return None;
            }
        }
        Some(redis)
    }

    fn script(&self, what: &str) -> Result<String, String> {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scripts/redis.sh");
        let output = Command::new(script).arg(what).arg(self.folder.path().join("server")).output();
        let output = output.map_err(|error| error.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // An error means that it does not run.
        let _ = self.script("kill");
    }
}

/// What both gateways said about each transfer.
type Told = BTreeMap<u64, [Option<Answer>; 2]>;

/// Callers who ask both gateways for one transfer with one key, and then for the next one, until they are told to stop.
struct Load {
    stops: Arc<AtomicBool>,
    callers: Vec<thread::JoinHandle<Told>>,
}

impl Load {
    fn start(ports: [u16; 2]) -> Self {
        let stops = Arc::new(AtomicBool::new(false));
        let next = Arc::new(AtomicU64::new(1));
        let callers = (0..CALLERS).map(|_| {
            let stops = Arc::clone(&stops);
            let next = Arc::clone(&next);
            thread::spawn(move || call(ports, &stops, &next))
        });
        Self { callers: callers.collect(), stops }
    }

    fn stop(self) -> Told {
        self.stops.store(true, Ordering::Relaxed);
        self.callers.into_iter().flat_map(|caller| caller.join().expect("no panic")).collect()
    }
}

fn call(ports: [u16; 2], stops: &AtomicBool, next: &AtomicU64) -> Told {
    let mut told = Told::new();
    while !stops.load(Ordering::Relaxed) {
        let amount = next.fetch_add(1, Ordering::Relaxed);
        let ask = |port| thread::spawn(move || daemon::ask(port, &format!("key-{amount}"), &transfer(amount)));
        let asked = ports.map(ask);
        let answers = asked.map(|asked| asked.join().expect("no panic"));
        let is_refused = answers.iter().flatten().all(|answer| answer.status == 503);
        told.insert(amount, answers);
        if is_refused {
            thread::sleep(PAUSE);
        }
    }
    told
}

/// Waits until both are ready with a note about Redis, or without one. They are ready all the time.
fn until_noted(ports: [u16; 2], is_noted: bool) {
    let begun = Instant::now();
    for port in ports {
        loop {
            let ready = daemon::get(port, "/readyz").expect("the gateway lives");
            assert_eq!(ready.status, 200, "Redis is not needed to be ready: {}", ready.body);
            if ready.body.contains("Redis does not work") == is_noted {
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(10), "a note is {is_noted}, but not in {}", ready.body);
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// What both gateways say about the bank.
fn state(ports: [u16; 2]) -> String {
    let of = |port| daemon::get(port, "/v1/institutions/bank-a").map(|answer| answer.body);
    format!("{:?}", ports.map(of))
}

/// Checks that each answer is that of its request. Returns how many answers came on a link of the other gateway.
fn each_has_its_own_answer(told: &Told) -> usize {
    let mut crossed = 0;
    for (amount, answers) in told {
        let answered: Vec<_> = answers.iter().flatten().filter(|answer| answer.status == 200).collect();
        for answer in &answered {
            let body: Json = serde_json::from_str(&answer.body).expect("JSON");
            assert_eq!(
                body["answer"]["fields"]["amount"], *amount,
                "{amount} has another one's answer: {}",
                answer.body
            );
        }
        crossed += usize::from(crosses(*amount) && !answered.is_empty());
    }
    crossed
}

/// Waits until a gateway shows indicators like these: whether others are known, the requests that were answered at all gateways whose values are
/// current, and for each gateway its name, whether it is current, and its answered requests.
fn until_shown(port: u16, others: &str, answered: u64, gateways: &[(&str, bool, u64)]) {
    let begun = Instant::now();
    loop {
        let status = daemon::get(port, "/v1/institutions/bank-a").expect("the gateway lives");
        let status: Json = serde_json::from_str(&status.body).expect("JSON");
        let shown = &status["indicators"];
        let seen: Vec<_> = shown["instances"].as_array().expect("a list").iter().collect();
        let is_so = seen.len() == gateways.len()
            && seen.iter().zip(gateways).all(|(one, (name, is_current, answered))| {
                one["instance"] == *name && one["is_current"] == *is_current && one["values"]["answered"] == *answered
            });
        if is_so && shown["others"] == others && shown["all"]["answered"] == answered {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(15), "{others}, {answered}, {gateways:?}, but {shown}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_a_killed_gateway_said_is_old_and_counts_no_more() {
    let Some(server) = Server::start() else { return };
    let Some(redis) = Redis::start() else { return };
    let bank = Crossing::start();
    let between = format!("lease_ms = 1000\n[instances.redis]\nhosts = [\"{}\"]\n", redis.address);
    let start = |(name, port)| Member::start_of(&server, port, name, "", &between);
    let mut members = [("seoul-1", bank.ports[0]), ("busan-1", bank.ports[1])].map(start);
    let ports = [members[0].daemon.port(), members[1].daemon.port()];
    for (amount, which) in [(2, 0), (4, 0), (6, 0), (8, 1)] {
        assert!(!crosses(amount));
        let answer = daemon::ask(ports[which], &format!("key-{amount}"), &transfer(amount)).expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    until_shown(ports[0], "known", 4, &[("seoul-1", true, 3), ("busan-1", true, 1)]);
    until_shown(ports[1], "known", 4, &[("busan-1", true, 1), ("seoul-1", true, 3)]);
    members[1].daemon.kill();
    until_shown(ports[0], "known", 3, &[("seoul-1", true, 3), ("busan-1", false, 1)]);
    redis.script("kill").expect("it was running");
    until_shown(ports[0], "unknown", 3, &[("seoul-1", true, 3)]);
    redis.script("start").expect("it starts again");
    members[1].again();
    until_shown(ports[0], "known", 3, &[("seoul-1", true, 3), ("busan-1", true, 0)]);
}

#[test]
fn redis_dies_under_load_and_nothing_is_lost_doubled_or_mixed_up() {
    let Some(server) = Server::start() else { return };
    let Some(redis) = Redis::start() else { return };
    let bank = Crossing::start();
    let between = format!("lease_ms = 1000\n[instances.redis]\nhosts = [\"{}\"]\n{FLOW}", redis.address);
    // An answer that is lost with Redis leaves a transfer unknown, which occupies its place until the end of its quarantine.
    let limit = format!("inflight_max = {INFLIGHT_MAX}\nquarantine_ms = 2000\n");
    let start = |(name, port)| Member::start_of(&server, port, name, &limit, &between);
    let members = [("seoul-1", bank.ports[0]), ("busan-1", bank.ports[1])].map(start);
    let ports = [members[0].daemon.port(), members[1].daemon.port()];
    until_noted(ports, false);
    let load = Load::start(ports);
    for death in 0..DEATHS {
        bank.wait_for_more(STEP, || state(ports));
        redis.script("kill").expect("it was running");
        until_noted(ports, true);
        bank.wait_for_more(STEP, || state(ports));
        redis.script("start").expect("it starts again");
        // Three times of four it dies again before all have found it.
        if death % 4 == 3 {
            until_noted(ports, false);
        }
    }
    bank.wait_for_more(STEP, || state(ports));
    let told = load.stop();
    let crossed = each_has_its_own_answer(&told);
    let most = bank.inflight_most();
    println!("{} transfers, {crossed} answers came on the other's link, at most {most} at work", told.len());
    assert!(crossed > DEATHS, "only {crossed} answers crossed: the test tests little");
    assert!(most <= INFLIGHT_MAX, "the contract allows {INFLIGHT_MAX}, the bank saw {most}");
    assert!(most >= INFLIGHT_MAX / 2, "{most} at work test no contract");
    // While Redis is away, places are occupied by what was lost with it, and the rest is refused.
    compare_with(|| bank.transfers(), ports, &told, told.len() / 4);
}
