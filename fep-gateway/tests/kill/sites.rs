//! Two sites, each with a gateway and a line to the same institution, on one journal in a PostgreSQL database. What percentage each serves is moved
//! under load; the sites are cut off from each other, from the database and from the bank. By the bank's own record nothing is sent twice, nothing is
//! lost, no trace number is used twice, and each transfer is settled once.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::ops::RangeInclusive;
use std::thread;
use std::time::{Duration, Instant};

use fep_protocol::sites::Split;
use tempfile::TempDir;

use crate::bank::Bank;
use crate::daemon::{self, Answer, Daemon, free_port, until};
use crate::database::Server;
use crate::ledger::Ledger;
use crate::proxy::{Cable, Proxy};
use crate::settling::{SETTLEMENT, compare, exchanges_at_rest};
use crate::transfer;

/// The sites with their gateways. The first one by name has the keys before the border.
const SITES: [(&str, &str); 2] = [("busan", "b"), ("seoul", "a")];

/// How many services send at the same time to each gateway.
const CALLERS: u64 = 4;

/// The lease of a gateway. While many tests run, a machine can stand still for some seconds, and nobody may take over for that.
const LEASE: Duration = Duration::from_secs(8);

/// A site with its gateway, and the cables that lead to it.
struct Site {
    name: &'static str,
    instance: &'static str,
    folder: TempDir,
    port: u16,
    bank: Proxy,
    database: Proxy,
    /// The way of the other gateway to this one.
    way: Proxy,
    tables: String,
    daemon: Option<Daemon>,
}

/// Both sites. Each has a line to the bank with its port in `banks`.
struct Sites {
    sites: [Site; 2],
}

impl Sites {
    fn start(server: &Server, banks: [u16; 2], further: &str) -> Self {
        let mut sites = [0, 1].map(|which| {
            let port = free_port();
            let (name, instance) = SITES[which];
            Site {
                name,
                instance,
                folder: tempfile::tempdir().expect("a folder"),
                port,
                bank: Proxy::to(format!("127.0.0.1:{}", banks[which])),
                database: Proxy::to(server.address().to_owned()),
                way: Proxy::to(format!("127.0.0.1:{port}")),
                tables: String::new(),
                daemon: None,
            }
        });
        let of_sites: String = sites.iter().map(Site::table).collect();
        for site in &mut sites {
            let database = format!("127.0.0.1:{}", site.database.port());
            let postgres = Server::table_at(&database, site.instance);
            let lease_ms = LEASE.as_millis();
            site.tables = format!(
                "{postgres}lease_ms = {lease_ms}\n[instances]\nmax = 2\n[instances.hand_over]\npause_ms = 200\nconnect_timeout_ms = 2000\n{of_sites}{further}"
            );
            site.start();
        }
        Self { sites }
    }

    fn ports(&self) -> [u16; 2] {
        self.sites.each_ref().map(|site| site.port)
    }

    /// Moves percentages at one gateway, and waits until both have them.
    fn divide(&self, at: usize, busan: u8) {
        let seoul = 100 - busan;
        let body = format!(r#"{{"percents":{{"busan":{busan},"seoul":{seoul}}},"note":"to {busan} % there"}}"#);
        let moved = daemon::put(self.sites[at].port, "/v1/sites", &body).expect("an answer");
        assert_eq!(moved.status, 200, "{}", moved.body);
        self.have(busan);
    }

    /// Waits until both gateways have this percentage of the first site.
    fn have(&self, busan: u8) {
        for site in &self.sites {
            until("both have the percentages", || site.shown()["sites"]["busan"]["percent"] == busan);
        }
    }
}

impl Site {
    fn table(&self) -> String {
        let Self { name, instance, .. } = self;
        let port = self.way.port();
        format!("[instances.sites.{name}]\npercent = 50\ngateways = {{ {instance} = \"http://127.0.0.1:{port}\" }}\n")
    }

    fn start(&mut self) {
        self.daemon = Some(Daemon::start_at(self.folder.path(), self.port, self.bank.port(), &self.tables));
    }

    fn daemon(&mut self) -> &mut Daemon {
        self.daemon.as_mut().expect("it was started")
    }

    fn shown(&self) -> serde_json::Value {
        let shown = daemon::get(self.port, "/v1/sites").expect("an answer");
        assert_eq!(shown.status, 200, "{}", shown.body);
        serde_json::from_str(&shown.body).expect("JSON")
    }

    fn handed_over(&self, what: &str) -> u64 {
        self.shown()["handed_over"][what].as_u64().expect("a count")
    }

    /// How many requests it served because the other gateway did not.
    fn served_instead(&self) -> u64 {
        ["unreachable", "refused", "failed", "full"].map(|what| self.handed_over(what)).into_iter().sum()
    }

    fn is_ready(&self) -> bool {
        daemon::get(self.port, "/readyz").is_some_and(|answer| answer.status == 200)
    }
}

fn key(amount: u64) -> String {
    format!("key-{amount}")
}

/// The amounts of these that the bank answers.
fn answered(amounts: RangeInclusive<u64>) -> impl Iterator<Item = u64> + Clone {
    amounts.filter(|amount| !amount.is_multiple_of(3))
}

/// Asks both gateways by turns for transfers, as services do: what was certainly not sent is sent again, with the same key.
fn ask_by_turns(ports: [u16; 2], amounts: RangeInclusive<u64>) -> Vec<thread::JoinHandle<Vec<(u64, Answer)>>> {
    let of_one = move |caller: u64, amounts: RangeInclusive<u64>| {
        let mine = answered(amounts).filter(move |amount| amount % CALLERS == caller);
        let ask = |amount: u64| {
            let port = ports[usize::try_from(amount / CALLERS % 2).expect("a place")];
            let start = Instant::now();
            loop {
                let answer = daemon::ask(port, &key(amount), &transfer(amount)).expect("an answer");
                if answer.status != 503 {
                    return (amount, answer);
                }
                assert!(start.elapsed() < Duration::from_secs(20), "{amount}: {}", answer.body);
            }
        };
        mine.map(ask).collect()
    };
    (0..CALLERS)
        .map(|caller| {
            let amounts = amounts.clone();
            thread::spawn(move || of_one(caller, amounts))
        })
        .collect()
}

fn joined(asking: Vec<thread::JoinHandle<Vec<(u64, Answer)>>>) -> BTreeMap<u64, Answer> {
    asking.into_iter().flat_map(|asked| asked.join().expect("no panic")).collect()
}

/// Checks that both banks together have each of these transfers once, and no trace number twice.
fn check_once(banks: [&Bank; 2], amounts: impl Iterator<Item = u64>) {
    let mut all = BTreeMap::<u64, u32>::new();
    for (amount, times) in banks.iter().flat_map(|bank| bank.transfers()) {
        *all.entry(amount).or_default() += times;
    }
    for amount in amounts {
        assert_eq!(all.get(&amount), Some(&1), "{amount} reached the bank this often");
    }
    assert!(all.values().all(|times| *times == 1), "a transfer reached the bank twice: {all:?}");
    let traces: Vec<u64> = banks.iter().flat_map(|bank| bank.traces()).collect();
    let different: BTreeSet<_> = traces.iter().collect();
    assert_eq!(different.len(), traces.len(), "a trace number was used twice");
}

/// 50:50, then a site is drained, gets 1 % back, then half. Both gateways are asked all the time.
#[test]
fn percentages_move_under_load_and_the_banks_record_follows() {
    let Some(server) = Server::start() else { return };
    let banks = [Bank::start(), Bank::start()];
    let sites = Sites::start(&server, [banks[0].port(), banks[1].port()], "");
    let mut next = 1;
    for (turn, busan) in [50_u8, 0, 1, 50].into_iter().enumerate() {
        // While it moves, callers send.
        let amounts = next..=next + 59;
        let asking = ask_by_turns(sites.ports(), amounts.clone());
        sites.divide(turn % 2, busan);
        assert!(joined(asking).values().all(|answer| answer.status == 200));
        // From now on each key goes where it belongs.
        let amounts = next + 60..=next + 359;
        next += 360;
        let before = banks.each_ref().map(|bank| bank.transfers());
        let told = joined(ask_by_turns(sites.ports(), amounts.clone()));
        let split = Split::new(BTreeMap::from([("busan".to_owned(), busan), ("seoul".to_owned(), 100 - busan)]));
        let split = split.expect("percentages");
        for (which, bank) in banks.iter().enumerate() {
            let now = bank.transfers();
            let came: BTreeSet<u64> =
                now.keys().filter(|amount| !before[which].contains_key(amount)).copied().collect();
            let (site, instance) = SITES[which];
            let expected: BTreeSet<u64> =
                answered(amounts.clone()).filter(|amount| split.site_of(&key(*amount)) == Some(site)).collect();
            // On a machine that is busy with something else, a connection can take too long. Then the gateways say so.
            let elsewhere = came.symmetric_difference(&expected).count();
            let told_of = sites.sites.iter().map(Site::served_instead).sum::<u64>();
            let shown = sites.sites.each_ref().map(Site::shown);
            assert!(
                u64::try_from(elsewhere).expect("a number") <= told_of,
                "{site} at {busan} %: {elsewhere}; {shown:?}"
            );
            assert!(elsewhere < 8, "{site} at {busan} %: {came:?} and not {expected:?}");
            let served = |answer: &Answer| answer.served_by.as_deref() == Some(instance);
            assert!(came.iter().all(|amount| served(&told[amount])), "the reply says who served it");
            // The number itself is about what was asked for, whichever keys these are.
            let percent = usize::from(split.percent(site));
            assert!(came.len().abs_diff(percent * 2) < 35, "{} of 200 at {percent} %", came.len());
        }
        assert!(told.values().all(|answer| answer.status == 200));
    }
    check_once(banks.each_ref(), answered(1..=next - 1));
    let shown = sites.sites[0].shown();
    assert_eq!((&shown["changed"]["note"], &shown["site"]), (&"to 50 % there".into(), &"busan".into()), "{shown}");
    for site in &sites.sites {
        let served = site.handed_over("served");
        assert!(served > 80, "{}: {served}", site.name);
    }
}

/// A decision holds after restarts, and nothing else is needed for that.
#[test]
fn what_a_person_decided_holds_at_both_and_after_restarts() {
    let Some(server) = Server::start() else { return };
    let banks = [Bank::start(), Bank::start()];
    let mut sites = Sites::start(&server, [banks[0].port(), banks[1].port()], "");
    sites.divide(0, 7);
    sites.divide(1, 3);
    for site in &mut sites.sites {
        site.daemon().kill();
        site.start();
    }
    sites.have(3);
    let [one, other] = sites.sites.each_ref().map(Site::shown);
    assert_eq!(one["revision"], other["revision"]);
    assert_eq!(one["changed"], other["changed"]);
    for (body, status) in [
        (r#"{"percents":{"busan":50,"seoul":49},"note":"x"}"#, 422),
        (r#"{"percents":{"busan":100},"note":"x"}"#, 422),
        (r#"{"percents":{"busan":50,"daegu":50},"note":"x"}"#, 422),
        (r#"{"percents":{"busan":50,"seoul":50}}"#, 422),
        (r#"{"percents":null,"note":"as the file says"}"#, 200),
    ] {
        let answer = daemon::put(sites.sites[0].port, "/v1/sites", body).expect("an answer");
        assert_eq!(answer.status, status, "{body}: {}", answer.body);
    }
    sites.have(50);
    let trail = daemon::get(sites.sites[1].port, "/v1/audit?act=route").expect("the audit trail").body;
    assert!(trail.contains("sites: busan 3 %, seoul 97 %") && trail.contains("as the file says"), "{trail}");
}

/// The way between the sites is cut, in either manner, while one key goes to both at once.
#[test]
fn sites_that_are_cut_off_from_each_other_send_no_key_twice_and_share_no_trace_number() {
    let Some(server) = Server::start() else { return };
    let banks = [Bank::start(), Bank::start()];
    let sites = Sites::start(&server, [banks[0].port(), banks[1].port()], "");
    let mut first = 1;
    for cable in [Cable::Whole, Cable::Pulled, Cable::Silent, Cable::Pulled, Cable::Whole] {
        sites.sites.iter().for_each(|site| site.way.set(cable));
        let amounts = first..=first + 23;
        first += 24;
        let ports = sites.ports();
        let ask = move |port, amount| thread::spawn(move || daemon::ask(port, &key(amount), &transfer(amount)));
        let both = move |amount: u64| {
            let asked = ports.map(|port| ask(port, amount));
            (amount, asked.map(|asked| asked.join().expect("no panic").expect("an answer")))
        };
        let asking: Vec<_> = answered(amounts).map(|amount| thread::spawn(move || both(amount))).collect();
        for (amount, told) in asking.into_iter().map(|asked| asked.join().expect("no panic")) {
            let answers: Vec<_> = told.iter().filter(|answer| answer.status == 200).collect();
            assert!(!answers.is_empty(), "{cable:?}: {amount}: {told:?}");
            assert!(answers.iter().all(|answer| answer.body == answers[0].body), "{amount}: they disagree: {told:?}");
            // The other one may say that the key is in work, or that this one did not send it.
            assert!(told.iter().all(|answer| matches!(answer.status, 200 | 409 | 503)), "{amount}: {told:?}");
            let later = ports.map(|port| daemon::ask(port, &key(amount), &transfer(amount)).expect("an answer"));
            assert!(later.iter().all(|later| later.status == 200 && later.body == answers[0].body), "{later:?}");
        }
    }
    check_once(banks.each_ref(), answered(1..=first - 1));
    let failed: u64 = sites.sites.iter().map(|site| site.handed_over("failed")).sum();
    assert!(failed > 0, "no reply was lost: the test tests little");
}

/// A gateway whose line or database is away lets the other site serve its callers.
#[test]
fn a_site_without_its_line_or_without_its_database_serves_its_callers_through_the_other_one() {
    let Some(server) = Server::start() else { return };
    let banks = [Bank::start(), Bank::start()];
    let mut sites = Sites::start(&server, [banks[0].port(), banks[1].port()], "");
    let [other, own] = &mut sites.sites;
    let ask = |port, amount| daemon::ask(port, &key(amount), &transfer(amount)).expect("an answer");
    let served_by = |port, amounts: RangeInclusive<u64>| -> BTreeSet<Option<String>> {
        let answers: Vec<_> = answered(amounts).map(|amount| ask(port, amount)).collect();
        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
        answers.into_iter().map(|answer| answer.served_by).collect()
    };
    let both = BTreeSet::from([Some("a".to_owned()), Some("b".to_owned())]);
    let other_only = BTreeSet::from([Some("b".to_owned())]);
    assert_eq!(served_by(own.port, 1..=30), both);
    own.bank.set(Cable::Pulled);
    until("its line is down", || !own.is_ready());
    assert_eq!(served_by(own.port, 31..=60), other_only);
    // Nor does the other one send it back.
    assert_eq!(served_by(other.port, 61..=90), other_only);
    own.bank.set(Cable::Whole);
    until("its line is up", || own.is_ready());
    assert_eq!(served_by(own.port, 91..=120), both);
    own.database.set(Cable::Pulled);
    until("its journal is away", || !own.is_ready());
    assert_eq!(served_by(own.port, 121..=150), other_only);
    assert_eq!(served_by(other.port, 151..=180), other_only);
    // The last known percentages hold, and it changes none.
    let body = r#"{"percents":{"busan":100,"seoul":0},"note":"x"}"#;
    assert_eq!(daemon::put(own.port, "/v1/sites", body).expect("an answer").status, 500);
    thread::sleep(LEASE);
    own.database.set(Cable::Whole);
    assert_eq!(own.daemon().ends(), Some(1), "others took over, so it stores nothing any more");
    own.start();
    assert_eq!(served_by(own.port, 181..=210), both);
    assert_eq!(own.shown()["revision"], 0, "nothing was changed");
    check_once(banks.each_ref(), answered(1..=210));
}

/// A site is cut off from the database in the middle of traffic, and the other one settles what it left. It comes back: nothing is settled twice.
#[test]
fn a_site_that_comes_back_to_the_database_settles_nothing_again() {
    let Some(server) = Server::start() else { return };
    let bank = Ledger::start();
    let mut sites = Sites::start(&server, [bank.port; 2], SETTLEMENT);
    for cut in 0..4_u64 {
        let ports = sites.ports();
        let first = cut * 24 + 1;
        let ask = move |amount: u64| {
            let port = ports[usize::from(amount.is_multiple_of(2))];
            daemon::ask(port, &key(amount), &transfer(amount))
        };
        let asking: Vec<_> = (first..first + 24).map(|amount| thread::spawn(move || ask(amount))).collect();
        bank.wait_for_more(5 + 9 * usize::try_from(cut).expect("a number"));
        let [left, right] = &mut sites.sites;
        let (lone, other) = if cut.is_multiple_of(2) { (left, right) } else { (right, left) };
        lone.database.set(Cable::Pulled);
        asking.into_iter().for_each(|asked| drop(asked.join()));
        // The other one takes over when the lease is over, and settles.
        compare(&exchanges_at_rest(other.daemon()), &bank);
        lone.database.set(Cable::Whole);
        assert_eq!(lone.daemon().ends(), Some(1), "others took over, so it stores nothing any more");
        lone.start();
    }
    let [left, right] = &mut sites.sites;
    let ends = [exchanges_at_rest(left.daemon()), exchanges_at_rest(right.daemon())];
    assert_eq!(ends[0], ends[1], "both say the same");
    compare(&ends[0], &bank);
}

/// A reply that could be one of a gateway, but for its name.
const YES: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 22\r\nconnection: close\r\n\r\n{\"outcome\":\"answered\"}";

/// Something else listens where the other gateway should: it says yes to everything.
fn impostor() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // The request is in one piece, on loopback. An error means that there is none.
            if stream.read(&mut [0; 16 * 1024]).is_ok_and(|count| count > 0) {
                drop(stream.write_all(YES));
            }
        }
    });
    port
}

/// Only the gateway that was asked can say what became of a request.
#[test]
fn a_reply_that_the_other_gateway_did_not_sign_is_none() {
    let Some(server) = Server::start() else { return };
    let bank = Bank::start();
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let site = |name: &str, percent: u8, instance: &str, port: u16| {
        format!(
            "[instances.sites.{name}]\npercent = {percent}\ngateways = {{ {instance} = \"http://127.0.0.1:{port}\" }}\n"
        )
    };
    let tables = [
        server.table_of("a"),
        "[instances]\nmax = 2\n".to_owned(),
        site("seoul", 0, "a", port),
        site("busan", 100, "b", impostor()),
    ];
    let _gateway = Daemon::start_at(folder.path(), port, bank.port(), &tables.concat());
    for amount in answered(1..=9) {
        let told = daemon::ask(port, &key(amount), &transfer(amount)).expect("an answer");
        assert_eq!((told.status, told.served_by.as_deref()), (200, Some("a")), "{}", told.body);
        assert!(told.body.contains(r#""exchange""#), "it is the reply of this gateway: {}", told.body);
    }
    assert_eq!(bank.transfers().len(), 6);
}

/// A breaker that a person trips at one site.
fn trip(port: u16) {
    decide(port, "trip");
}

fn decide(port: u16, decision: &str) {
    let body = format!(r#"{{"decision":"{decision}","note":"the bank asked for it"}}"#);
    let decided = daemon::post(port, "/v1/institutions/bank-a/breaker", &body).expect("an answer");
    assert_eq!(decided.status, 200, "{}", decided.body);
}

fn is_tripped(port: u16) -> bool {
    let institution = daemon::get(port, "/v1/institutions/bank-a").expect("an answer").body;
    let institution: serde_json::Value = serde_json::from_str(&institution).expect("JSON");
    institution["breakers"][0]["cause"] == "person"
}

const BREAKER: &str = "[institutions.bank-a.breaker]\nwait_min_ms = 60000\n";

/// Without Redis a breaker belongs to the gateway where it was tripped. Handing over does not go round it.
#[test]
fn without_redis_a_breaker_stops_the_keys_of_its_site_wherever_they_come() {
    let Some(server) = Server::start() else { return };
    let banks = [Bank::start(), Bank::start()];
    let sites = Sites::start(&server, [banks[0].port(), banks[1].port()], BREAKER);
    trip(sites.sites[1].port);
    let split = Split::new(BTreeMap::from([("busan".to_owned(), 50), ("seoul".to_owned(), 50)])).expect("percentages");
    for amount in answered(1..=30) {
        let port = sites.ports()[usize::from(amount.is_multiple_of(2))];
        let told = daemon::ask(port, &key(amount), &transfer(amount)).expect("an answer");
        match split.site_of(&key(amount)) {
            Some("seoul") => assert!(told.body.contains("breaker_tripped"), "{amount}: {}", told.body),
            _ => assert_eq!((told.status, told.served_by.as_deref()), (200, Some("b")), "{amount}: {}", told.body),
        }
    }
    assert!(!is_tripped(sites.sites[0].port), "each has its own");
    assert!(banks[1].transfers().is_empty(), "nothing goes where it is tripped");
}

/// With Redis between the sites, what one trips holds at the other one within 100 ms.
#[cfg(feature = "redis")]
#[test]
fn with_redis_a_breaker_that_one_site_trips_holds_at_the_other_one_within_100_ms() {
    let Some(server) = Server::start() else { return };
    let Some(address) = std::env::var("FEP_REDIS").ok() else {
        assert!(std::env::var_os("FEP_CI").is_none(), "FEP_REDIS is missing");
        eprintln!("skipped: FEP_REDIS has the address of no server");
        return;
    };
    let banks = [Bank::start(), Bank::start()];
    let prefix = std::process::id();
    let redis = format!("[instances.redis]\nhosts = [\"{address}\"]\nprefix = \"sites-{prefix}\"\n{BREAKER}");
    let sites = Sites::start(&server, [banks[0].port(), banks[1].port()], &redis);
    let [one, other] = sites.ports();
    // A loaded machine can delay one of nine.
    let mut took = [(); 9].map(|()| {
        trip(one);
        let since = Instant::now();
        until("it holds there, too", || is_tripped(other));
        let took = since.elapsed();
        decide(one, "reset");
        until("the end holds there, too", || !is_tripped(other));
        took
    });
    took.sort();
    assert!(took[7] < Duration::from_millis(100), "it took {took:?}");
    println!("a breaker of one site held at the other one after {took:?}");
    trip(one);
    until("it holds there, too", || is_tripped(other));
    for amount in answered(1..=12) {
        for port in [one, other] {
            let told = daemon::ask(port, &key(amount), &transfer(amount)).expect("an answer");
            assert!(told.body.contains("breaker_tripped"), "{amount}: {}", told.body);
        }
    }
    assert!(banks.iter().all(|bank| bank.transfers().is_empty()));
}
