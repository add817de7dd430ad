//! Between two runs, files of the journal are deleted, moved or replaced by older copies. The daemon does not start with less than it had,
//! because it would send again what was sent. What was put back starts, and nothing is lost.

use std::fs;
use std::path::{Path, PathBuf};

use reqwest::StatusCode;
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::harness::{Daemon, Setup, verify};
use crate::peer::{PATIENCE, Peer};

const FILE: &str = "journal.sqlite";

const LOG: &str = "journal.sqlite-wal";

fn copy_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap).filter(|entry| entry.file_type().unwrap().is_file()) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn remove(folder: &Path, endings: &[&str]) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = entry.file_name().unwrap().to_str().unwrap();
        if endings.iter().any(|ending| name.starts_with("journal.") && name.ends_with(ending)) {
            fs::remove_file(entry).unwrap();
        }
    }
}

/// Two answered transfers, which the index has, too.
async fn transfers(daemon: &Daemon, peer: &mut Peer) -> Vec<Json> {
    let told = vec![daemon.answered(peer, 1).await, daemon.answered(peer, 2).await];
    assert_eq!(daemon.get("/v1/exchanges").await.0, StatusCode::OK);
    told
}

async fn check_refused(setup: &Setup<'_>, why: &str) {
    let mut daemon = setup.spawn().await;
    assert_eq!(daemon.ends_within(PATIENCE).await.code(), Some(2), "{}", daemon.log());
    let log = daemon.log();
    assert!(log.contains(why) && log.contains("--new-journal"), "{log}");
}

async fn check_whole(setup: &Setup<'_>, told: &[Json]) {
    let daemon = setup.start().await;
    for reply in told {
        let (_, stored) = daemon.get(&format!("/v1/exchanges/{}", reply["exchange"].as_str().unwrap())).await;
        assert_eq!((&stored["outcome"], &stored["trace"]), (&reply["outcome"], &reply["trace"]), "{stored}");
    }
    daemon.stop().await;
    verify(&setup.journal).await;
}

#[tokio::test]
async fn after_a_crash_a_journal_without_its_write_ahead_log_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, "");
    let daemon = setup.start().await;
    let told = transfers(&daemon, &mut peer).await;
    daemon.kill().await;
    let whole = tempfile::tempdir().unwrap();
    copy_all(folder.path(), whole.path());
    let index = ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"];
    for (taken, why) in [
        (&[LOG][..], ", but its index "),
        (&[LOG, "journal.sqlite-shm"], ", but its index "),
        (&[&index[..], &[LOG]].concat(), ".newest says that there were more"),
        (&[&index[..], &[LOG, ".newest"]].concat(), " was not closed, and its write-ahead log "),
    ] {
        remove(folder.path(), taken);
        check_refused(&setup, why).await;
        copy_all(whole.path(), folder.path());
    }
    // Emptied, not deleted.
    fs::write(folder.path().join(LOG), b"").unwrap();
    check_refused(&setup, ", but its index ").await;
    copy_all(whole.path(), folder.path());
    // Without its index it is whole: that is made again.
    remove(folder.path(), &index);
    check_whole(&setup, &told).await;
}

#[tokio::test]
async fn a_write_ahead_log_that_is_lost_while_the_index_is_behind_is_missed_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, "");
    let daemon = setup.start().await;
    let mut told = transfers(&daemon, &mut peer).await;
    daemon.stop().await;
    let before = tempfile::tempdir().unwrap();
    copy_all(folder.path(), before.path());
    let daemon = setup.start().await;
    told.extend(transfers(&daemon, &mut peer).await);
    daemon.kill().await;
    let whole = tempfile::tempdir().unwrap();
    copy_all(folder.path(), whole.path());
    remove(folder.path(), &[LOG, "journal.sqlite-shm", "index.sqlite-wal", "index.sqlite-shm"]);
    let index = "journal.index.sqlite";
    fs::copy(before.path().join(index), folder.path().join(index)).unwrap();
    check_refused(&setup, ".newest says that there were more").await;
    // The older copy of the journal, with its own index.
    fs::copy(before.path().join(FILE), &setup.journal).unwrap();
    check_refused(&setup, ".newest says that there were more").await;
    copy_all(whole.path(), folder.path());
    check_whole(&setup, &told).await;
}

#[tokio::test]
async fn a_journal_that_was_moved_without_its_write_ahead_log_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, "");
    let daemon = setup.start().await;
    let told = transfers(&daemon, &mut peer).await;
    daemon.kill().await;
    let new = folder.path().join("new");
    fs::create_dir(&new).unwrap();
    fs::copy(&setup.journal, new.join(FILE)).unwrap();
    // A hard link of another name: the log has the old name.
    let link = folder.path().join("link.sqlite");
    fs::hard_link(&setup.journal, &link).unwrap();
    for journal in [new.join(FILE), link] {
        let moved = Setup { journal, ..Setup::new(folder.path(), peer.port, "") };
        check_refused(&moved, " was not closed, and its write-ahead log ").await;
    }
    fs::copy(folder.path().join(LOG), new.join(LOG)).unwrap();
    check_whole(&Setup { journal: new.join(FILE), ..Setup::new(folder.path(), peer.port, "") }, &told).await;
}

#[tokio::test]
async fn an_older_copy_of_a_journal_is_refused_and_so_is_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, "");
    let daemon = setup.start().await;
    let mut told = transfers(&daemon, &mut peer).await;
    daemon.stop().await;
    let older = tempfile::tempdir().unwrap();
    fs::copy(&setup.journal, older.path().join(FILE)).unwrap();
    let daemon = setup.start().await;
    told.extend(transfers(&daemon, &mut peer).await);
    daemon.stop().await;
    let other = other_journal(&mut peer).await;
    let newest = tempfile::tempdir().unwrap();
    copy_all(folder.path(), newest.path());
    for (replaced, why) in
        [(older.path().join(FILE), ", or an older copy of the journal was restored"), (other.1, " is another journal ")]
    {
        remove(folder.path(), &[LOG, "journal.sqlite-shm"]);
        fs::copy(replaced, &setup.journal).unwrap();
        check_refused(&setup, why).await;
    }
    remove(folder.path(), &[LOG, "journal.sqlite-shm"]);
    copy_all(newest.path(), folder.path());
    check_whole(&setup, &told).await;
}

async fn other_journal(peer: &mut Peer) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(folder.path(), peer.port, "");
    let daemon = setup.start().await;
    for _ in 0..4 {
        transfers(&daemon, peer).await;
    }
    daemon.stop().await;
    let journal = setup.journal.clone();
    (folder, journal)
}

#[tokio::test]
async fn the_file_of_a_journal_that_was_closed_is_whole_without_its_write_ahead_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, "");
    let mut told = Vec::new();
    // The second time it goes on with a file that was closed.
    for copy in ["first", "second"] {
        let daemon = setup.start().await;
        told.extend(transfers(&daemon, &mut peer).await);
        daemon.stop().await;
        let copy = folder.path().join(copy);
        fs::create_dir(&copy).unwrap();
        fs::copy(&setup.journal, copy.join(FILE)).unwrap();
        check_whole(&Setup { journal: copy.join(FILE), ..Setup::new(folder.path(), peer.port, "") }, &told).await;
    }
}
