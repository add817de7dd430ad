//! The daemon dies while rules give transfers to two banks. After the restart a person gives all transfers to one of them, and every service
//! repeats its request: no transfer may be at both banks, or at one of them twice. What a person changed holds after a crash.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use serde_json::Value as Json;

use crate::REQUESTS;
use crate::bank::Bank;
use crate::daemon::{self, Answer, Daemon, FILL};
use crate::two_banks::{ask_all, bank_b};

/// The points of `src/fault.rs` that such a request passes.
#[cfg(feature = "fault-points")]
const POINTS: [&str; 6] = ["BeforeCommit", "AfterCommit", "BeforeWrite", "AfterWrite", "BeforeReply", "AfterIndexStep"];

const PATH: &str = "/v1/institutions/bank-a/routing";

/// This part of the transfers of bank-a goes to bank-b, which has the same telegrams, as bank-c has.
fn tables(other: u16, rule: &str) -> String {
    let spec = format!("{}/../specs/bank-a/bank-a.toml", env!("CARGO_MANIFEST_DIR"));
    let bank_b = bank_b(other);
    format!(
        r#"
[institutions.bank-a.routing]
Transfer = {{ {rule} }}
{bank_b}
[institutions.bank-c]
spec = "{spec}"
key = ["header.trace_no", "header.sent_date"]
trace = "header.trace_no"
lines = [{{ name = "main", connect = "127.0.0.1:{other}" }}]
[institutions.bank-c.fill]
"header.bank_code" = "089"
{FILL}
"#
    )
}

fn route(daemon: &Daemon, percent: &str) -> Json {
    let body = format!(r#"{{"rules": {{"Transfer": {percent}}}, "note": "a step", "person": "kim"}}"#);
    let answer = daemon::put(daemon.port(), PATH, &body).expect("a reply");
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).expect("JSON")
}

fn shown(daemon: &Daemon) -> Json {
    let answer = daemon::get(daemon.port(), PATH).expect("a reply");
    serde_json::from_str::<Json>(&answer.body).expect("JSON")["rules"]["Transfer"].clone()
}

fn institution(answer: &Answer) -> String {
    let reply: Json = serde_json::from_str(&answer.body).expect("JSON");
    reply["institution"].as_str().expect("a name").to_owned()
}

#[cfg(feature = "fault-points")]
#[test]
fn a_gateway_that_dies_while_it_routes_sends_no_transfer_to_both_banks() {
    for point in POINTS {
        let checks = [1, 2, 5, 34].map(|times| thread::spawn(move || check(&format!("{point}:{times}"))));
        let died = checks.map(|check| check.join().expect("the check passes"));
        assert!(died.contains(&true), "{point} was never reached, which proves nothing");
    }
}

/// Kills early, when most requests are not accepted yet, then in the middle.
#[test]
fn a_killed_gateway_sends_no_transfer_to_both_banks() {
    for transfers in [1, 10, 20] {
        let banks = [Bank::start(), Bank::start()];
        let folder = tempfile::tempdir().expect("a folder");
        let tables = tables(banks[1].port(), r#"to = "bank-b", percent = 50"#);
        let mut daemon = Daemon::start_with(folder.path(), banks[0].port(), &tables);
        let port = daemon.port();
        let asking = thread::spawn(move || ask_all(port));
        banks[1].wait_for_transfers(transfers);
        daemon.kill();
        let before = asking.join().expect("the answers");
        proves(&format!("killed after {transfers}"), &banks, folder.path(), &tables, &before);
    }
}

/// Lets a daemon die at a fault, and starts it again. Returns whether it died.
#[cfg(feature = "fault-points")]
fn check(fault: &str) -> bool {
    let banks = [Bank::start(), Bank::start()];
    let tables = tables(banks[1].port(), r#"to = "bank-b", percent = 50"#);
    let folder = tempfile::tempdir().expect("a folder");
    let mut daemon = Daemon::spawn_with(folder.path(), banks[0].port(), fault, &tables);
    let before = if daemon.is_ready() { ask_all(daemon.port()) } else { BTreeMap::new() };
    let died = daemon.ends_by_itself();
    proves(fault, &banks, folder.path(), &tables, &before);
    died
}

/// Starts the daemon again, gives all transfers to bank-a, and repeats every request.
fn proves(name: &str, banks: &[Bank; 2], folder: &std::path::Path, tables: &str, before: &BTreeMap<u64, Answer>) {
    let at_first = banks.each_ref().map(Bank::transfers);
    let daemon = Daemon::start_with(folder, banks[0].port(), tables);
    route(&daemon, r#"{"percent": 0}"#);
    let after = ask_all(daemon.port());
    assert_eq!(after.len(), usize::try_from(REQUESTS).expect("small"), "{name}");
    for (amount, again) in &after {
        assert!(matches!(again.status, 200 | 504), "{name}, {amount}: {} {}", again.status, again.body);
        let at = institution(again);
        for (bank, at_first) in ["bank-a", "bank-b"].iter().zip(&at_first) {
            assert!(
                !at_first.contains_key(amount) || at == *bank,
                "{name}, {amount}: it was at {bank}: {}",
                again.body
            );
        }
        if let Some(first) = before.get(amount).filter(|first| !matches!(first.status, 409 | 503)) {
            assert_eq!((first.status, &first.body), (again.status, &again.body), "{name}, {amount}: it changed");
        }
    }
    thread::sleep(Duration::from_millis(50));
    for amount in 1..=REQUESTS {
        let times = banks.each_ref().map(|bank| bank.transfers().get(&amount).copied().unwrap_or_default());
        // A transfer that died between its fact and its bytes is unknown, and at no bank.
        let sum: u32 = times.iter().sum();
        assert!(sum <= 1, "{name}: {amount} reached the banks {times:?} times");
        assert!(sum == 1 || after[&amount].status == 504, "{name}: {amount} is at no bank: {}", after[&amount].body);
    }
}

#[test]
fn what_a_person_changed_holds_after_a_crash_and_another_file_says_which_holds() {
    let banks = [Bank::start(), Bank::start()];
    let [bank, other] = &banks;
    let folder = tempfile::tempdir().expect("a folder");
    let start = |rule: &str| Daemon::start_with(folder.path(), bank.port(), &tables(other.port(), rule));
    let notes = |daemon: &Daemon| daemon::get(daemon.port(), "/readyz").expect("a reply").body;
    let ten = r#"to = "bank-b", percent = 10"#;
    let mut daemon = start(ten);
    assert_eq!((&shown(&daemon)["percent"], &shown(&daemon)["changed"]), (&10.into(), &Json::Null));
    let changed = route(&daemon, r#"{"percent": 0}"#)["rules"]["Transfer"]["changed"].clone();
    assert_eq!((&changed["person"], &changed["note"]), (&"kim".into(), &"a step".into()));
    daemon.kill();

    daemon = start(ten);
    assert_eq!((&shown(&daemon)["percent"], &shown(&daemon)["changed"]), (&0.into(), &changed), "the same since");
    assert!(!notes(&daemon).contains("routing"), "the file says what it said");
    daemon.kill();

    // The file has another percentage: what the person decided still holds, and everybody sees it.
    daemon = start(r#"to = "bank-b", percent = 20"#);
    let now = shown(&daemon);
    assert_eq!(
        (&now["percent"], &now["file"]["percent"], &now["changed"]["file_then"]["percent"]),
        (&0.into(), &20.into(), &10.into())
    );
    assert!(notes(&daemon).contains("routing of Transfer: 0 % holds, as kim decided, although the file says 20 % now"));
    route(&daemon, "null");
    assert_eq!((&shown(&daemon)["percent"], &shown(&daemon)["changed"]), (&20.into(), &Json::Null));
    route(&daemon, r#"{"percent": 30}"#);
    daemon.kill();

    // A decision about one institution is none about another one.
    daemon = start(r#"to = "bank-c", percent = 5"#);
    assert_eq!((&shown(&daemon)["percent"], &shown(&daemon)["changed"]), (&5.into(), &Json::Null));
}
