//! The daemon dies again and again while it sends transfers and settles those whose outcome is unknown: inquiries, reversals, dead
//! letters, a person's decision. At the end the bank's ledger and the daemon must say the same of each transfer.
//!
//! `make kill` runs this a hundred times; `FEP_KILLS` is the number of deaths.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::daemon::{self, Daemon};
use crate::ledger::{Ledger, Manner};
use crate::transfer;

/// The number of deaths of one journal.
const DEATHS: u64 = 5;

/// The number of transfers between two deaths.
const TRANSFERS: u64 = 24;

/// The points of `src/fault.rs`.
const POINTS: [&str; 7] =
    ["BeforeCommit", "AfterCommit", "BeforeWrite", "AfterWrite", "AnswerRead", "BeforeReply", "AfterIndexStep"];

pub(crate) const SETTLEMENT: &str = concat!(
    r#"
[institutions.bank-a.telegrams.Transfer]
answer_timeout_ms = 500
[institutions.bank-a.telegrams.ResultInquiry]
answer_timeout_ms = 300
[institutions.bank-a.telegrams.Reversal]
answer_timeout_ms = 500
[institutions.bank-a.telegrams.Transfer.settlement]
accepted = { "header.response_code" = "0000" }
horizon_ms = 600
first_wait_ms = 20
backoff_min_ms = 20
backoff_max_ms = 60
"#,
    include_str!("../settlement.toml"),
    "tries_max = 9\n",
);

#[test]
fn every_transfer_is_settled_as_the_bank_has_it_however_often_the_daemon_dies() {
    let deaths = std::env::var("FEP_KILLS").ok().map_or(DEATHS, |deaths| deaths.parse().expect("a number of deaths"));
    let mut random = 0x2545_F491_4F6C_DD1D;
    for journal in 0..deaths.div_ceil(DEATHS) {
        let died = check(&mut random, DEATHS.min(deaths - journal * DEATHS));
        println!("journal {journal}: {died} deaths at fault points");
    }
}

fn dice(random: &mut u64, below: u64) -> u64 {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    *random % below
}

/// Lets the daemon die this often with one journal, then waits until everything is settled. Returns how often it died at a fault point.
fn check(random: &mut u64, deaths: u64) -> u32 {
    let bank = Ledger::start();
    let folder = tempfile::tempdir().expect("a folder");
    let mut at_points = 0;
    for death in 0..deaths {
        // Each second death is at a fault point, if this build has them, the others are by SIGKILL.
        let point = POINTS[usize::try_from(dice(random, 7)).expect("small")];
        let fault = if dice(random, 2) == 0 { String::new() } else { format!("{point}:{}", 1 + dice(random, 60)) };
        let mut daemon = Daemon::spawn_with(folder.path(), bank.port, &fault, SETTLEMENT);
        if daemon.is_ready() {
            let port = daemon.port();
            let ask = move |amount| daemon::ask(port, &format!("key-{amount}"), &transfer(amount));
            let first = 1 + death * TRANSFERS;
            let asking: Vec<_> = (first..first + TRANSFERS).map(|amount| thread::spawn(move || ask(amount))).collect();
            bank.wait_for_more(1 + usize::try_from(dice(random, 80)).expect("small"));
            at_points += u32::from(daemon.has_ended());
            daemon.kill_if_alive();
            asking.into_iter().for_each(|asked| drop(asked.join()));
        }
        daemon.kill_if_alive();
    }
    let mut daemon = Daemon::start_with(folder.path(), bank.port, SETTLEMENT);
    let end = exchanges_at_rest(&daemon);
    compare(&end, &bank);
    decide(&mut daemon, &end, folder.path(), &bank);
    at_points
}

/// The exchanges by trace number, once each is answered, not sent, settled or a dead letter.
pub(crate) fn exchanges_at_rest(daemon: &Daemon) -> BTreeMap<u64, Json> {
    let start = Instant::now();
    loop {
        let all = exchanges(daemon);
        let rests = |exchange: &Json| match exchange["outcome"].as_str() {
            None => false,
            Some("unknown") => {
                let is_dead =
                    exchange["flags"].as_array().is_some_and(|flags| flags.iter().any(|flag| flag == "dead_letter"));
                is_dead || !exchange["settled_by"].is_null()
            }
            Some(_) => true,
        };
        let open: Vec<_> = all.values().filter(|exchange| !rests(exchange)).collect();
        if open.is_empty() {
            return all;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "not settled: {open:?}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn exchanges(daemon: &Daemon) -> BTreeMap<u64, Json> {
    let list = daemon::get(daemon.port(), "/v1/exchanges?limit=500").expect("the exchanges");
    let list: Json = serde_json::from_str(&list.body).expect("JSON");
    let mut by_trace = BTreeMap::new();
    for exchange in list["exchanges"].as_array().expect("a list") {
        match exchange["trace"].as_str().and_then(|trace| trace.parse().ok()) {
            Some(trace) => drop(by_trace.insert(trace, exchange.clone())),
            // It was refused before it got a number.
            None => assert_eq!(exchange["outcome"], "not_sent", "{exchange}"),
        }
    }
    by_trace
}

/// The bank and the daemon must say the same of each transfer.
pub(crate) fn compare(exchanges: &BTreeMap<u64, Json>, bank: &Ledger) {
    let records = bank.records();
    for (trace, record) in &records {
        assert_eq!(record.came, 1, "{record:?} reached the bank {} times", record.came);
        assert!(record.unmarked <= 1, "the reversal of {record:?} came without a mark again");
        assert!(exchanges.contains_key(trace), "{record:?} was at the bank and the journal does not know it");
    }
    let mut amounts: Vec<_> = records.values().map(|record| record.amount).collect();
    amounts.sort_unstable();
    assert!(amounts.is_sorted_by(|one, next| one < next), "a transfer was sent twice under two numbers: {amounts:?}");
    for (trace, exchange) in exchanges {
        let Some(record) = records.get(trace) else {
            assert_ne!(exchange["outcome"], "answered", "it was never at the bank");
            continue;
        };
        assert_ne!(exchange["outcome"], "not_sent", "{record:?} was at the bank: {exchange}");
        let manner = Manner::of(record.amount);
        assert!(exchange["outcome"] != "answered" || manner == Manner::Answers, "{record:?}: {exchange}");
        let Some(money) = exchange["money"].as_str() else { continue };
        let expected = match manner {
            _ if record.is_reversed => "reversed",
            Manner::Answers | Manner::Done => "done",
            Manner::Declined => "not_done",
            Manner::Reversible | Manner::Stubborn => "nothing before its reversal is confirmed, or a person decides",
        };
        assert_eq!(money, expected, "{record:?}: {exchange}");
    }
}

/// A person decides the dead letters, and the daemon is killed as soon as the decision is confirmed: it must hold.
fn decide(daemon: &mut Daemon, exchanges: &BTreeMap<u64, Json>, folder: &Path, bank: &Ledger) {
    let dead: Vec<_> = exchanges
        .iter()
        .filter(|(_, exchange)| exchange["settled_by"].is_null() && exchange["outcome"] == "unknown")
        .collect();
    for (_, exchange) in &dead {
        let id = exchange["exchange"].as_str().expect("its name");
        let body = r#"{"decision":"not_done","note":"the bank called","person":"kim"}"#;
        let decided = daemon::post(daemon.port(), &format!("/v1/exchanges/{id}/settlement"), body).expect("a reply");
        assert_eq!(decided.status, 200, "{}", decided.body);
    }
    daemon.kill();
    let daemon = Daemon::start_with(folder, bank.port, SETTLEMENT);
    let after = exchanges_at_rest(&daemon);
    for (trace, _) in dead {
        let exchange = &after[trace];
        assert_eq!((&exchange["settled_by"], &exchange["money"]), (&"person".into(), &"not_done".into()), "{exchange}");
    }
    compare_again(exchanges, &after);
}

/// What was settled stays as it is.
fn compare_again(before: &BTreeMap<u64, Json>, after: &BTreeMap<u64, Json>) {
    for (trace, exchange) in before.iter().filter(|(_, exchange)| !exchange["settled_by"].is_null()) {
        assert_eq!(
            (&exchange["settled_by"], &exchange["money"]),
            (&after[trace]["settled_by"], &after[trace]["money"])
        );
    }
}
