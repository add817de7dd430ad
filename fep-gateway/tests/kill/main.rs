//! `kill -9` of the daemon in the middle of traffic. No request is lost, no request is sent twice, and no outcome is wrong.
//!
//! The institution is `bank.rs`: threads and golden bytes, without code of the project. The daemon is the real binary.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking, its helpers too")]

#[cfg(any(feature = "fault-points", feature = "postgres"))]
mod alarms;
mod bank;
#[cfg(feature = "redis")]
#[cfg(feature = "postgres")]
mod crossing;
mod daemon;
#[cfg(feature = "postgres")]
mod database;
#[cfg(feature = "postgres")]
mod copying;
#[cfg(feature = "fault-points")]
mod faults;
#[cfg(feature = "postgres")]
#[cfg(unix)]
mod growing;
mod ledger;
#[cfg(feature = "redis")]
#[cfg(feature = "postgres")]
mod marked;
#[cfg(feature = "fault-points")]
mod notices;
#[cfg(feature = "fault-points")]
mod passing_on;
mod old_system;
#[cfg(feature = "postgres")]
mod proxy;
#[cfg(unix)]
#[cfg(feature = "fault-points")]
#[cfg(feature = "postgres")]
mod removing;
mod routing;
#[cfg(feature = "postgres")]
mod one_link_bank;
#[cfg(unix)]
#[cfg(feature = "postgres")]
mod one_link;
#[cfg(feature = "postgres")]
mod several;
#[cfg(feature = "redis")]
#[cfg(feature = "postgres")]
mod demo_cluster;
mod settling;
#[cfg(feature = "redis")]
#[cfg(feature = "postgres")]
mod sharing;
#[cfg(feature = "postgres")]
mod sites;
#[cfg(feature = "postgres")]
mod sites_secured;
mod two_banks;

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use bank::Bank;
use daemon::{Answer, Daemon};

const REQUESTS: u64 = 60;

/// The body of a request. The amount identifies the request, on the wire too.
fn transfer(amount: u64) -> String {
    format!(
        r#"{{"withdraw_account":"1002345678901","amount":{amount},"deposit_bank":"088","deposit_account":"3333011234567",
            "payee_name":"홍길동","passbook_memo":"11월월세","check_digits":"253788"}}"#
    )
}

/// Kills early, when most requests are not accepted yet, then in the middle, then late, when most are answered.
#[test]
fn a_killed_gateway_loses_no_request_and_sends_none_twice() {
    for transfers in [2, 25, 50] {
        check(transfers, "");
    }
}

/// Kills the daemon as soon as the bank has received this number of transfers. `tables` are further tables of its configuration.
fn check(transfers: usize, tables: &str) {
    let bank = Bank::start();
    let folder = tempfile::tempdir().expect("a folder");
    let mut daemon = Daemon::start_with(folder.path(), bank.port(), tables);

    // All services send at the same time. The bank answers two of three requests and stays silent on the third.
    let port = daemon.port();
    let ask = move |amount| (amount, daemon::ask(port, &format!("key-{amount}"), &transfer(amount)));
    let asking: Vec<_> = (1..=REQUESTS).map(|amount| thread::spawn(move || ask(amount))).collect();
    bank.wait_for_transfers(transfers);
    daemon.kill();
    let answers = asking.into_iter().filter_map(|asked| asked.join().ok());
    let before: BTreeMap<u64, Answer> = answers.filter_map(|(amount, got)| Some((amount, got?))).collect();
    let at_the_bank = bank.transfers();
    assert!(before.len() < usize::try_from(REQUESTS).expect("a number"), "the kill came too late to prove anything");

    let daemon = Daemon::start_with(folder.path(), bank.port(), tables);
    let left = daemon::get(daemon.port(), "/v1/exchanges?limit=500").expect("the exchanges");
    assert!(!left.body.contains("\"outcome\":null"), "an exchange without an end: {}", left.body);

    // Every service sends its request again with the same idempotency key.
    for amount in 1..=REQUESTS {
        let again = daemon::ask(daemon.port(), &format!("key-{amount}"), &transfer(amount)).expect("an outcome");
        assert!(matches!(again.status, 200 | 503 | 504), "{amount}: {} {}", again.status, again.body);
        if at_the_bank.contains_key(&amount) {
            assert_ne!(again.status, 503, "{amount} was at the bank and is called not sent: {}", again.body);
            let silent = amount.is_multiple_of(3);
            assert!(!silent || again.status == 504, "{amount} was not answered: {} {}", again.status, again.body);
        }
        // A request that was not sent is sent now, because its key is free again.
        if let Some(first) = before.get(&amount).filter(|first| first.status != 503) {
            assert_eq!(first.status, again.status, "{amount}: an outcome changed: {} {}", first.body, again.body);
            assert_eq!(first.body, again.body, "{amount}");
        }
    }
    thread::sleep(Duration::from_millis(200));
    for (amount, times) in bank.transfers() {
        assert_eq!(times, 1, "{amount} reached the bank {times} times");
    }
}
