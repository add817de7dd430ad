//! The daemon dies while a breaker sends transfers to another bank. After the restart the breaker of the first bank passes, and every
//! service repeats its request there: no transfer may be at both banks, or at one of them twice.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use serde_json::Value as Json;

use crate::REQUESTS;
use crate::bank::Bank;
use crate::daemon::{self, Answer, Daemon};
use crate::two_banks::{ask_all, bank_b};

/// The points of `src/fault.rs` that such a request passes.
const POINTS: [&str; 7] =
    ["BeforeCommit", "AfterCommit", "PassingOn", "BeforeWrite", "AfterWrite", "BeforeReply", "AfterIndexStep"];

/// Transfers of bank-a go to bank-b, which has the same telegrams.
fn tables(other: u16) -> String {
    let rule = "alternatives = { Transfer = { institution = \"bank-b\" } }";
    format!("[institutions.bank-a.breaker]\n{rule}\n{}", bank_b(other))
}

#[test]
fn a_gateway_that_dies_while_it_passes_requests_on_sends_no_transfer_to_both_banks() {
    for point in POINTS {
        let checks = [1, 2, 5, 34].map(|times| thread::spawn(move || check(&format!("{point}:{times}"))));
        let died = checks.map(|check| check.join().expect("the check passes"));
        assert!(died.contains(&true), "{point} was never reached, which proves nothing");
    }
}

fn decide(daemon: &Daemon, body: &str) -> Option<Answer> {
    daemon::post(daemon.port(), "/v1/institutions/bank-a/breaker", body)
}

/// Lets a daemon die at a fault, and starts it again. Returns whether it died.
fn check(fault: &str) -> bool {
    let banks = [Bank::start(), Bank::start()];
    let [bank, other] = &banks;
    let tables = tables(other.port());
    let folder = tempfile::tempdir().expect("a folder");
    let mut daemon = Daemon::spawn_with(folder.path(), bank.port(), fault, &tables);
    let mut before = BTreeMap::new();
    if daemon.is_ready() && decide(&daemon, r#"{"decision": "trip", "note": "maintenance"}"#).is_some() {
        before = ask_all(daemon.port());
    }
    let died = daemon.ends_by_itself();
    assert!(bank.transfers().is_empty(), "{fault}: the breaker of bank-a was tripped");
    let at_other = other.transfers();
    let daemon = Daemon::start_with(folder.path(), bank.port(), &tables);
    decide(&daemon, r#"{"decision": "reset"}"#).expect("a reply");
    let after = ask_all(daemon.port());
    assert_eq!(after.len(), usize::try_from(REQUESTS).expect("small"), "{fault}");
    for (amount, again) in &after {
        assert!(matches!(again.status, 200 | 504), "{fault}, {amount}: {} {}", again.status, again.body);
        let reply: Json = serde_json::from_str(&again.body).expect("JSON");
        let was_there = at_other.contains_key(amount);
        assert!(!was_there || reply["institution"] == "bank-b", "{fault}, {amount}: the key does not find it: {reply}");
        if let Some(first) = before.get(amount).filter(|first| !matches!(first.status, 409 | 503)) {
            assert_eq!((first.status, &first.body), (again.status, &again.body), "{fault}, {amount}: it changed");
        }
    }
    thread::sleep(Duration::from_millis(50));
    for amount in 1..=REQUESTS {
        let times = banks.each_ref().map(|bank| bank.transfers().get(&amount).copied().unwrap_or_default());
        // A transfer that died between its fact and its bytes is unknown, and at no bank.
        let sum: u32 = times.iter().sum();
        assert!(sum <= 1, "{fault}: {amount} reached the banks {times:?} times");
        assert!(sum == 1 || after[&amount].status == 504, "{fault}: {amount} is at no bank: {}", after[&amount].body);
    }
    died
}
