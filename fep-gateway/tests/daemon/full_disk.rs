//! A disk that is really full: the journal is on a small file system of its own.

use std::fs;
use std::path::Path;

use reqwest::StatusCode;
use serde_json::{Value as Json, json};
use tokio::process::Command;

use crate::disk::Disk;
use crate::harness::{Daemon, Setup, verify};
use crate::peer::{Peer, transfer_answer};

fn told(reply: &Json) -> (Json, Json, Json) {
    let part = |name: &str| reply[name].clone();
    (part("exchange"), part("outcome"), part("trace"))
}

/// One transfer, which the bank answers if it gets it. `None` if it was refused because the disk is full; then the bank did not get it.
async fn try_one(daemon: &Daemon, peer: &mut Peer, amount: u64, key: Option<&str>) -> Option<Json> {
    let asked = daemon.ask(amount, key);
    tokio::pin!(asked);
    let mut received = 0;
    let (status, reply) = loop {
        tokio::select! {
            reply = &mut asked => break reply.unwrap().unwrap(),
            (connection, request) = peer.receive() => {
                received += 1;
                peer.send(connection, &transfer_answer(&request)).await;
            }
        }
    };
    let said = (status, reply["outcome"].as_str().unwrap(), reply["reason_code"].as_str());
    if status == StatusCode::SERVICE_UNAVAILABLE {
        assert_eq!(said, (status, "not_sent", Some("journal_disk_full")), "{reply}");
        assert_eq!(received, 0, "what was refused reached the bank: {reply}");
        return None;
    }
    assert_eq!(said, (StatusCode::OK, "answered", None), "{reply}");
    Some(reply)
}

/// The number of transfers in a row that a full disk refuses.
const REFUSED: usize = 20;

/// Sends transfers, every second one with a key, until many in a row are refused. Returns the replies of the others. When SQLite moves facts
/// into the journal's file, there is a little room again, and a request in between is rightly taken.
async fn until_full(daemon: &Daemon, peer: &mut Peer) -> Vec<Json> {
    let mut replies = Vec::new();
    let mut refused = 0;
    for amount in 100..10_000 {
        let key = format!("full-{amount}");
        if let Some(reply) = try_one(daemon, peer, amount, Some(&*key).filter(|_| amount % 2 == 0)).await {
            replies.push(reply);
            refused = 0;
            continue;
        }
        refused += 1;
        if refused == REFUSED {
            return replies;
        }
    }
    panic!("the disk is never full")
}

#[tokio::test]
async fn a_full_disk_stops_acceptance_loses_nothing_and_goes_on_when_there_is_room() {
    let Some(disk) = Disk::mount().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, "answer_timeout_ms = 12000");
    // On a machine that is slow for a while, a limit that adapts would refuse requests too, and for another reason.
    let tables = "[institutions.bank-a.flow]\nadaptive = false\n";
    let setup = Setup { journal: disk.path().join("journal.sqlite"), tables, ..setup };
    let daemon = setup.start().await;
    let mut replies = vec![daemon.answered(&mut peer, 1).await];
    let answered = daemon.ask(2, Some("order-2"));
    let (connection, request) = peer.receive().await;
    let silent = daemon.ask(3, Some("order-3"));
    peer.receive().await;

    disk.fill();
    replies.extend(until_full(&daemon, &mut peer).await);
    let (_, reply) = daemon.until("/readyz", |(status, _)| *status == StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(reply["reasons"][0].as_str().unwrap().contains("its disk is full"), "{reply}");
    assert!(peer.is_quiet().await, "what the journal could not take reached the bank");
    // An operator can stop business, also now.
    for body in [json!({ "decision": "block", "note": "the disk is full" }), json!({ "decision": "unblock" })] {
        let url = format!("http://127.0.0.1:{}/v1/institutions/bank-a/business", daemon.port);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let response = client.post(url).body(body.to_string()).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{body}");
    }
    // What is in flight gets its outcomes, and they are durable: that is what the reserve is for.
    peer.send(connection, &transfer_answer(&request)).await;
    for (asked, status, outcome) in
        [(answered, StatusCode::OK, "answered"), (silent, StatusCode::GATEWAY_TIMEOUT, "unknown")]
    {
        let (got, reply) = asked.await.unwrap().unwrap();
        assert_eq!((got, &reply["outcome"]), (status, &json!(outcome)), "{reply}");
        assert_eq!(reply.get("journaled"), None, "{reply}");
        replies.push(reply);
    }

    fs::remove_file(disk.filling()).unwrap();
    daemon.until("/readyz", |(status, _)| *status == StatusCode::OK).await;
    replies.push(daemon.answered(&mut peer, 6).await);
    let (_, trail) = daemon.get("/v1/audit").await;
    let acts: Vec<_> = trail["entries"].as_array().unwrap().iter().map(|entry| entry["act"].clone()).collect();
    assert_eq!(acts, ["unblock", "block"]);
    check_kept(&setup, daemon, &replies, &mut peer).await;
}

/// Checks that what was told is in the journal, before and after a restart, and that no key sends again.
async fn check_kept(setup: &Setup<'_>, daemon: Daemon, replies: &[Json], peer: &mut Peer) {
    daemon.stop().await;
    verify(&setup.journal).await;
    let daemon = setup.start().await;
    for reply in replies {
        let (_, stored) = daemon.get(&format!("/v1/exchanges/{}", reply["exchange"].as_str().unwrap())).await;
        assert_eq!(told(&stored), told(reply), "{stored}");
    }
    for (amount, key) in [(2, "order-2"), (3, "order-3")] {
        let (_, reply) = daemon.ask(amount, Some(key)).await.unwrap().unwrap();
        assert!(replies.iter().any(|earlier| told(earlier) == told(&reply)), "{reply}");
    }
    assert!(peer.is_quiet().await, "a key was sent twice");
    daemon.stop().await;
}

/// An export of everything up to now: its exit code, and what it said.
async fn export(setup: &Setup<'_>, to: &Path) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fep-gateway"));
    command.args(["export", "--now", "--config"]).arg(setup.folder.join("gateway.toml")).arg("--to").arg(to);
    let output = command.env_remove("RUST_LOG").output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

/// The names in a folder, in their order.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn an_export_to_a_full_disk_leaves_its_room_to_others_and_is_made_when_there_is_room() {
    let Some(disk) = Disk::mount().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, "");
    let daemon = setup.start().await;
    daemon.answered(&mut peer, 1).await;
    let to = disk.path().join("exports");
    disk.fill();
    // There is room for the plan and for some of the tables.
    let filling = fs::OpenOptions::new().write(true).open(disk.filling()).unwrap();
    filling.set_len(filling.metadata().unwrap().len() - 48 * 1024).unwrap();
    filling.sync_all().unwrap();
    drop(filling);
    let (code, said) = export(&setup, &to).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("the disk is full. The tables of this export were removed to make room"), "{said}");
    let begun = names(&to);
    assert!(begun.len() == 2 && begun[0].ends_with(".part") && begun[1] == ".lock", "{begun:?}");
    assert_eq!(names(&to.join(&begun[0])), ["plan.json"]);
    fs::remove_file(disk.filling()).unwrap();
    let (code, said) = export(&setup, &to).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(", 1 exchanges, 2 telegrams, in "), "{said}");
    daemon.stop().await;
}
