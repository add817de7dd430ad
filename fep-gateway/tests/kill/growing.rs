//! From one gateway with a journal in a file to two sites, step by step as `docs/operator.md` says ("Two sites"), while services send all the time. By the
//! bank's own record no transfer is lost and none is sent twice.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::bank::Bank;
use crate::daemon::{self, Answer, Daemon, free_port};
use crate::database::Server;
use crate::transfer;

/// How many services send at the same time.
const CALLERS: u64 = 4;

/// Services that send one transfer after the other, each until it has an outcome: to the first gateway that is there, as behind a balancer.
struct Services {
    ends: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    threads: Vec<thread::JoinHandle<BTreeMap<u64, Answer>>>,
}

impl Services {
    fn begin(ports: [u16; 2]) -> Self {
        let ends = Arc::<AtomicBool>::default();
        let done = Arc::<AtomicU64>::default();
        let one = |caller: u64| {
            let told = (Arc::clone(&ends), Arc::clone(&done));
            thread::spawn(move || {
                // The bank answers those that are no multiples of three.
                let mine = (0..).map(|number| 3 * (CALLERS * number + caller) + 1);
                let mut outcomes = BTreeMap::new();
                for amount in mine.take_while(|_| !told.0.load(Ordering::SeqCst)) {
                    outcomes.insert(amount, outcome(ports, amount));
                    told.1.fetch_add(1, Ordering::SeqCst);
                }
                outcomes
            })
        };
        let threads = (0..CALLERS).map(one).collect();
        Self { ends, done, threads }
    }

    /// Waits until this many more transfers have their outcomes.
    fn go_on(&self, more: u64) {
        let start = Instant::now();
        let before = self.done.load(Ordering::SeqCst);
        while self.done.load(Ordering::SeqCst) < before + more {
            assert!(start.elapsed() < Duration::from_secs(60), "business stands still");
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn end(self) -> BTreeMap<u64, Answer> {
        self.ends.store(true, Ordering::SeqCst);
        self.threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    }
}

/// The outcome of a transfer. What nobody took, and what was certainly not sent, is sent again with the same key.
fn outcome(ports: [u16; 2], amount: u64) -> Answer {
    let start = Instant::now();
    let key = format!("key-{amount}");
    loop {
        for port in ports {
            let answer = daemon::ask(port, &key, &transfer(amount));
            if let Some(answer) = answer.filter(|answer| matches!(answer.status, 200 | 504)) {
                return answer;
            }
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{amount} has no outcome");
        thread::sleep(Duration::from_millis(20));
    }
}

fn shown(port: u16) -> serde_json::Value {
    let shown = daemon::get(port, "/v1/sites").expect("an answer");
    serde_json::from_str(&shown.body).expect("JSON")
}

/// Moves percentages at the first of these gateways, and waits until both have them: the other one looks into the database from time to time.
fn divide(ports: [u16; 2], seoul: u8) {
    let busan = 100 - seoul;
    let body = format!(r#"{{"percents":{{"busan":{busan},"seoul":{seoul}}},"note":"step by step"}}"#);
    let moved = daemon::put(ports[0], "/v1/sites", &body).expect("an answer");
    assert_eq!(moved.status, 200, "{}", moved.body);
    for port in ports {
        daemon::until("both have the percentages", || shown(port)["sites"]["busan"]["percent"] == busan);
    }
}

/// Copies the journal of this configuration into the database of these tables.
fn copy(config: &Path, tables: &str) {
    let text = std::fs::read_to_string(config).expect("the configuration") + tables;
    std::fs::write(config, text).expect("the configuration");
    for command in ["copy", "verify"] {
        let mut run = Command::new(env!("CARGO_BIN_EXE_fep-gateway"));
        let output = run.args(["journal", command, "--config"]).arg(config).output().expect("it runs");
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn one_gateway_becomes_two_sites_and_no_telegram_is_lost() {
    let Some(server) = Server::start() else { return };
    let bank = Bank::start();
    let [seoul, busan] = [free_port(), free_port()];
    let folders = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let start = |which: usize, tables: &str| {
        Daemon::start_at(folders[which].path(), [seoul, busan][which], bank.port(), tables)
    };
    // One machine, and a journal in a file.
    let mut first = start(0, "");
    let services = Services::begin([seoul, busan]);
    services.go_on(40);

    // 1. The journal moves into the database.
    first.stop();
    let database = |name| format!("{}lease_ms = 2000\n", server.table_of(name));
    copy(&folders[0].path().join("gateway.toml"), &database("seoul-1"));
    first = start(0, &database("seoul-1"));
    services.go_on(40);

    // 2. Two gateways may run, and they know the sites. The first one has everything.
    let further = format!(
        "[instances]\nmax = 2\n[instances.sites.seoul]\npercent = 100\ngateways = {{ seoul-1 = \"http://127.0.0.1:{seoul}\" }}\n\
         [instances.sites.busan]\npercent = 0\ngateways = {{ busan-1 = \"http://127.0.0.1:{busan}\" }}\n"
    );
    first.stop();
    first = start(0, &format!("{}{further}", database("seoul-1")));
    services.go_on(40);

    // 3. The second one starts, beside the first one.
    let mut second = start(1, &format!("{}{further}", database("busan-1")));
    services.go_on(40);

    // 4. One percent, then half.
    divide([seoul, busan], 99);
    services.go_on(40);
    divide([busan, seoul], 50);
    let handed_over = || shown(seoul)["handed_over"]["served"].as_u64().expect("a count");
    let before = handed_over();
    services.go_on(80);
    assert!(handed_over() > before + 20, "{before} before, now {}", shown(seoul));

    // 5. A site is drained for work on it, stops, comes back, and gets its part again.
    divide([busan, seoul], 0);
    services.go_on(40);
    first.stop();
    services.go_on(40);
    let _first = start(0, &format!("{}{further}", database("seoul-1")));
    divide([busan, seoul], 50);
    services.go_on(40);

    // 6. And the other one.
    divide([seoul, busan], 100);
    services.go_on(40);
    second.stop();
    services.go_on(40);
    let _second = start(1, &format!("{}{further}", database("busan-1")));
    divide([seoul, busan], 50);
    services.go_on(40);

    let told = services.end();
    assert!(told.values().all(|answer| answer.status == 200), "an outcome became unknown");
    thread::sleep(Duration::from_millis(200));
    let at_the_bank = bank.transfers();
    let lost: Vec<_> = told.keys().filter(|amount| !at_the_bank.contains_key(amount)).collect();
    assert!(lost.is_empty(), "answered and not at the bank: {lost:?}");
    assert!(at_the_bank.values().all(|times| *times == 1), "{at_the_bank:?}");
    assert!(at_the_bank.keys().all(|amount| told.contains_key(amount)), "the bank has what nobody was told of");
}
