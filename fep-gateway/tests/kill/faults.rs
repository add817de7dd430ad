//! The daemon dies at each fault point: between a commit and what follows from it, where a kill by a timer hardly ever hits.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use crate::bank::Bank;
use crate::daemon::{self, Answer, Daemon};
use crate::{REQUESTS, transfer};

/// The points of `src/fault.rs`.
const POINTS: [&str; 7] =
    ["BeforeCommit", "AfterCommit", "BeforeWrite", "AfterWrite", "AnswerRead", "BeforeReply", "AfterIndexStep"];

#[test]
fn a_gateway_that_dies_between_two_steps_loses_nothing_and_sends_nothing_twice() {
    for point in POINTS {
        // Most of the time passes with waiting for the silent bank, so the daemons of one point run side by side.
        let checks = [1, 2, 5, 13, 34].map(|times| thread::spawn(move || check(&format!("{point}:{times}"))));
        let died = checks.map(|check| check.join().expect("the check passes"));
        assert!(died.contains(&true), "{point} was never reached, which proves nothing");
    }
}

/// Lets a daemon die at a fault, starts it again, and compares what the bank, the first replies and the second replies say.
/// Returns whether it died.
fn check(fault: &str) -> bool {
    let bank = Bank::start();
    let folder = tempfile::tempdir().expect("a folder");
    let mut daemon = Daemon::spawn(folder.path(), bank.port(), fault);
    let mut before: BTreeMap<u64, Answer> = BTreeMap::new();
    if daemon.is_ready() {
        let port = daemon.port();
        let ask = move |amount| (amount, daemon::ask(port, &format!("key-{amount}"), &transfer(amount)));
        let asking: Vec<_> = (1..=REQUESTS).map(|amount| thread::spawn(move || ask(amount))).collect();
        let answers = asking.into_iter().filter_map(|asked| asked.join().ok());
        before.extend(answers.filter_map(|(amount, got)| Some((amount, got?))));
    }
    let died = daemon.ends_by_itself();
    let at_the_bank = bank.transfers();
    let daemon = Daemon::start(folder.path(), bank.port());
    let port = daemon.port();
    let ask = move |amount| (amount, daemon::ask(port, &format!("key-{amount}"), &transfer(amount)));
    let asking: Vec<_> = (1..=REQUESTS).map(|amount| thread::spawn(move || ask(amount))).collect();
    for (amount, again) in asking.into_iter().filter_map(|asked| asked.join().ok()) {
        let again = again.expect("an outcome");
        assert!(matches!(again.status, 200 | 503 | 504), "{fault}, {amount}: {} {}", again.status, again.body);
        if at_the_bank.contains_key(&amount) {
            assert_ne!(again.status, 503, "{fault}, {amount} was at the bank and is called not sent: {}", again.body);
        }
        // A request that was not sent is sent now, and 409 says that there was no outcome yet.
        if let Some(first) = before.get(&amount).filter(|first| !matches!(first.status, 409 | 503)) {
            assert_eq!((first.status, &first.body), (again.status, &again.body), "{fault}, {amount}: it changed");
        }
    }
    thread::sleep(Duration::from_millis(50));
    for (amount, times) in bank.transfers() {
        assert_eq!(times, 1, "{fault}: {amount} reached the bank {times} times");
    }
    died
}
