//! A contract allows one link, and two gateways share it by way of their database. The one that has it is killed under load, stopped, and the
//! database is restarted. By the bank's own record there is never more than one link of a gateway that lives, no request comes twice, and none
//! is lost.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::daemon::{self, Answer, Daemon, free_port};
use crate::database::Server;
use crate::ledger::Ledger;
use crate::one_link_bank::OneLinkBank;
use crate::settling::{SETTLEMENT, compare, exchanges_at_rest};
use crate::transfer;

const NAMES: [&str; 2] = ["seoul-1", "busan-1"];

/// One gateway at a time has the link of the line.
const SHARED: &str = "shared_links = true";

/// A gateway with its files.
struct Member {
    folder: TempDir,
    daemon: Daemon,
}

fn start(server: &Server, bank: u16, name: &str, folder: TempDir) -> Member {
    let tables = format!("{}lease_ms = 2000\n[instances]\nmax = 2\n", server.table_of(name));
    let daemon = Daemon::start_line(folder.path(), bank, &tables, SHARED);
    Member { folder, daemon }
}

/// The state of the line at a gateway, and who has it as that one says.
fn place(port: u16) -> Option<(String, Option<String>)> {
    let body = daemon::get(port, "/v1/lines")?.body;
    let body: Value = serde_json::from_str(&body).ok()?;
    let line = body.as_array().or_else(|| body["lines"].as_array()).and_then(|lines| lines.first()).cloned()?;
    let holder = line["place"]["holders"][0].as_str().map(str::to_owned);
    let state = match line["links"][0]["state"].as_str()? {
        "up" => "up",
        _ => line["place"]["state"].as_str()?,
    };
    Some((state.to_owned(), holder))
}

/// The states of the line that the metrics of a gateway name, those with the value 1.
fn place_in_metrics(port: u16) -> Vec<String> {
    let page = daemon::get(port, "/metrics").expect("the gateway lives").body;
    let states = page.lines().filter_map(|line| line.strip_prefix("fep_line_place{")?.strip_suffix("\"} 1"));
    states.filter_map(|labels| Some(labels.split_once(",state=\"")?.1.to_owned())).collect()
}

/// Waits until one of these gateways has its link up, and returns which.
fn wait_for_holder(ports: &[u16]) -> usize {
    let began = Instant::now();
    loop {
        let up = ports.iter().position(|port| place(*port).is_some_and(|(state, _)| state == "up"));
        if let Some(up) = up {
            return up;
        }
        let all: Vec<_> = ports.iter().map(|port| place(*port)).collect();
        assert!(began.elapsed() < Duration::from_secs(15), "no gateway has the link: {all:?}");
        thread::sleep(Duration::from_millis(10));
    }
}

fn ask(port: u16, amounts: std::ops::Range<u64>) -> Vec<thread::JoinHandle<(u64, Option<Answer>)>> {
    let ask = move |amount| (amount, daemon::ask(port, &format!("key-{amount}"), &transfer(amount)));
    amounts.map(|amount| thread::spawn(move || ask(amount))).collect()
}

/// Each amount came once at most, and what was called not sent never came.
fn check(bank: &OneLinkBank, told: &[(u64, Option<Answer>)]) {
    let came = bank.transfers();
    assert!(came.values().all(|times| *times == 1), "{came:?}");
    for (amount, answer) in told {
        let Some(answer) = answer else { continue };
        match answer.status {
            200 => assert!(came.contains_key(amount), "{amount} was answered and never came"),
            503 if answer.body.contains("\"not_sent\"") => {
                assert!(!came.contains_key(amount), "{amount} came and was called not sent: {}", answer.body);
            }
            _ => {}
        }
    }
    assert_eq!(bank.most_at_once(), 1, "the contract allows one link");
}

#[test]
fn one_link_of_two_gateways_moves_when_its_holder_dies_or_stops_or_the_database_restarts() {
    let Some(server) = Server::start() else { return };
    let bank = OneLinkBank::start();
    let mut members = NAMES.map(|name| start(&server, bank.port(), name, tempfile::tempdir().expect("a folder")));
    let mut told = Vec::new();
    for death in 0..5_u64 {
        let ports = [members[0].daemon.port(), members[1].daemon.port()];
        let holder = wait_for_holder(&ports);
        let other = ports[1 - holder];
        assert_eq!([ports[holder], other].map(place_in_metrics), [["here"], ["standby"]]);
        // Who has no link says who has it.
        let refused = daemon::ask(other, &format!("other-{death}"), &transfer(900_000 + death)).expect("an answer");
        assert_eq!(refused.status, 503, "{}", refused.body);
        assert!(
            refused.body.contains("\"link_elsewhere\"") && refused.body.contains(NAMES[holder]),
            "{}",
            refused.body
        );
        let asking = ask(ports[holder], death * 30 + 1..death * 30 + 31);
        bank.wait_for_more(bank.transfers().len() + 3);
        members[holder].daemon.kill();
        told.extend(asking.into_iter().map(|asked| asked.join().expect("no panic")));
        assert_eq!(wait_for_holder(&[other]), 0);
        // What the dead one left has an end at the one that has the link now.
        settled(other);
        let folder = std::mem::replace(&mut members[holder].folder, tempfile::tempdir().expect("a folder"));
        members[holder] = start(&server, bank.port(), NAMES[holder], folder);
    }
    let ports = [members[0].daemon.port(), members[1].daemon.port()];
    let holder = wait_for_holder(&ports);
    let began = Instant::now();
    members[holder].daemon.terminate();
    wait_for_holder(&[ports[1 - holder]]);
    assert!(began.elapsed() < Duration::from_millis(1900), "it is given back, not waited for: {:?}", began.elapsed());
    server.script("kill").expect("it was running");
    thread::sleep(Duration::from_secs(2));
    server.script("start").expect("it starts again");
    wait_for_holder(&[ports[1 - holder]]);
    told.extend(ask(ports[1 - holder], 500..510).into_iter().map(|asked| asked.join().expect("no panic")));
    check(&bank, &told);
}

/// Waits until a gateway has nothing open any more.
fn settled(port: u16) {
    let began = Instant::now();
    loop {
        let list = daemon::get(port, "/v1/exchanges?limit=200").expect("the survivor lives").body;
        let list: Value = serde_json::from_str(&list).expect("JSON");
        let all = list["exchanges"].as_array().expect("a list");
        if all.iter().all(|exchange| exchange["outcome"].is_string()) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{list}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// The one that gets the link settles what the dead one left. Nobody starts that one again before.
#[test]
fn who_gets_the_link_settles_what_its_last_holder_left() {
    let Some(server) = Server::start() else { return };
    let bank = Ledger::start();
    let further = "[instances]\nmax = 2\n";
    let tables = |name| format!("{}lease_ms = 2000\n{further}{SETTLEMENT}", server.table_of(name));
    let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
    let begin = |which: usize| Daemon::start_line(folders[which].path(), bank.port, &tables(NAMES[which]), SHARED);
    let mut daemons = [begin(0), begin(1)];
    for death in 0..3_u64 {
        let ports = [daemons[0].port(), daemons[1].port()];
        let holder = wait_for_holder(&ports);
        let asking = ask(ports[holder], death * 24 + 1..death * 24 + 25);
        bank.wait_for_more(5);
        daemons[holder].kill();
        asking.into_iter().for_each(|asked| drop(asked.join()));
        wait_for_holder(&[ports[1 - holder]]);
        compare(&exchanges_at_rest(&daemons[1 - holder]), &bank);
        daemons[holder] = begin(holder);
    }
}

fn lines(port: u16) -> Vec<Value> {
    let body: Value = serde_json::from_str(&daemon::get(port, "/v1/lines").expect("it lives").body).expect("JSON");
    body.as_array().or_else(|| body["lines"].as_array()).expect("a list").clone()
}

#[test]
fn a_pinned_line_is_opened_by_the_gateway_that_is_named() {
    let Some(server) = Server::start() else { return };
    let bank = OneLinkBank::start();
    let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
    let pinned = "instances = [\"seoul-1\"]";
    let tables = |name| format!("{}lease_ms = 2000\n[instances]\nmax = 2\n", server.table_of(name));
    let begin = |which: usize| Daemon::start_line(folders[which].path(), bank.port(), &tables(NAMES[which]), pinned);
    let daemons = [begin(0), begin(1)];
    let ports = [daemons[0].port(), daemons[1].port()];
    assert_eq!(wait_for_holder(&ports), 0);
    assert_eq!(place(ports[1]), Some(("elsewhere".to_owned(), Some("seoul-1".to_owned()))));
    let ready = daemon::get(ports[1], "/readyz").expect("an answer");
    assert!(
        ready.status == 200 && ready.body.contains("line main is not opened here, but by seoul-1"),
        "{}",
        ready.body
    );
    let refused = daemon::ask(ports[1], "one", &transfer(1)).expect("an answer");
    assert!(refused.status == 503 && refused.body.contains("\"link_elsewhere\""), "{}", refused.body);
    assert_eq!(daemon::ask(ports[0], "one", &transfer(1)).expect("an answer").status, 200);
    assert_eq!((bank.transfers().len(), bank.most_at_once()), (1, 1));
}

#[test]
fn of_two_sites_the_one_that_has_the_link_sends_what_comes_to_either() {
    let Some(server) = Server::start() else { return };
    let bank = OneLinkBank::start();
    let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
    let ports = [free_port(), free_port()];
    let site = |which: usize| {
        let name = ["seoul", "busan"][which];
        let instance = NAMES[which];
        let port = ports[which];
        format!("[instances.sites.{name}]\npercent = 50\ngateways = {{ {instance} = \"http://127.0.0.1:{port}\" }}\n")
    };
    let sites = site(0) + &site(1);
    let tables = |name| format!("{}lease_ms = 2000\n[instances]\nmax = 2\n{sites}", server.table_of(name));
    let begin = |which: usize| {
        Daemon::start_line_at(folders[which].path(), ports[which], bank.port(), &tables(NAMES[which]), SHARED)
    };
    let _daemons = [begin(0), begin(1)];
    wait_for_holder(&ports);
    let mut told = Vec::new();
    for (port, first) in ports.into_iter().zip([1, 101]) {
        told.extend(ask(port, first..first + 20).into_iter().map(|asked| asked.join().expect("no panic")));
    }
    for (amount, answer) in &told {
        let answer = answer.as_ref().expect("an answer");
        assert_eq!(answer.status, 200, "{amount}: {}", answer.body);
    }
    check(&bank, &told);
}

#[test]
fn two_lines_of_one_link_each_are_spread_over_two_gateways() {
    let Some(server) = Server::start() else { return };
    let bank = OneLinkBank::start();
    let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
    let two = format!(
        "{SHARED}\n[[institutions.bank-a.lines]]\nname = \"second\"\nconnect = \"127.0.0.1:{}\"\n{SHARED}",
        bank.port()
    );
    let tables = |name| format!("{}lease_ms = 2000\n[instances]\nmax = 2\n", server.table_of(name));
    let begin = |which: usize| Daemon::start_line(folders[which].path(), bank.port(), &tables(NAMES[which]), &two);
    let up = |port| lines(port).iter().filter(|line| line["links"][0]["state"] == "up").count();
    let wait = |what: &str, is_so: &dyn Fn() -> bool| {
        let began = Instant::now();
        while !is_so() {
            assert!(began.elapsed() < Duration::from_secs(15), "{what}");
            thread::sleep(Duration::from_millis(20));
        }
    };
    let first = begin(0);
    wait("who is alone has both", &|| up(first.port()) == 2);
    let mut second = begin(1);
    wait("each has one", &|| up(first.port()) == 1 && up(second.port()) == 1);
    second.kill();
    wait("the other one has both again", &|| up(first.port()) == 2);
    assert_eq!(bank.most_at_once(), 2, "the contract allows two links");
}
