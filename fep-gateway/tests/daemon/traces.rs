//! Trace numbers that are used up, and those that continue from 1, over TCP and over a restart. The number of these telegrams has two
//! digits.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::harness::{Daemon, Setup, root, verify};
use crate::peer::{Peer, transfer_answer};

/// The highest number.
const MAX: u64 = 99;

/// An offset that makes it noon at the institution, so that no business date ends during the test.
fn noon() -> String {
    let minutes = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 60 % 1440;
    format!("utc_offset_minutes = {}\n", 720 - i64::try_from(minutes).unwrap())
}

/// The spec of the bank, with a shorter number.
fn spec(folder: &std::path::Path) -> std::path::PathBuf {
    let text = std::fs::read_to_string(root().join("specs/bank-a/bank-a.toml")).unwrap();
    let number = "len = 6,  at = 32, remark = \"기관별·일자별 번호; sent_date와 함께 매칭키\" },";
    let shorter = "len = 2,  at = 32 },\n  { filler = 4, label = \"예비\", at = 34 },";
    assert!(text.contains(number));
    let path = folder.join("bank-a.toml");
    std::fs::write(&path, text.replace(number, shorter)).unwrap();
    path
}

/// Makes an exchange and returns the number that the bank received.
async fn number(daemon: &Daemon, peer: &mut Peer) -> u64 {
    let asked = daemon.ask(1, None);
    let (connection, request) = peer.receive().await;
    peer.send(connection, &transfer_answer(&request)).await;
    let (status, reply) = asked.await.unwrap().unwrap();
    assert_eq!(status, 200, "{reply}");
    let number = std::str::from_utf8(&request[32..34]).unwrap().parse().unwrap();
    assert_eq!(reply["trace"], format!("{number}"), "{reply}");
    number
}

#[tokio::test]
async fn numbers_that_wrap_continue_from_1_and_after_a_restart_behind_the_last_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let institution = noon() + "trace_wraps = true\nquarantine_ms = 1";
    let setup = Setup { spec: spec(folder.path()), ..Setup::new(folder.path(), peer.port, &institution) };
    let mut daemon = setup.start().await;
    for expected in (1..=MAX).chain(1..=30) {
        assert_eq!(number(&daemon, &mut peer).await, expected);
    }
    for _ in 0..2 {
        daemon.stop().await;
        verify(&setup.journal).await;
        daemon = setup.start().await;
        // The numbers of the block that was ready are lost.
        let first = number(&daemon, &mut peer).await;
        assert!((31..=40).contains(&first), "{first}");
        for expected in (first + 1..=MAX).chain(1..=30) {
            assert_eq!(number(&daemon, &mut peer).await, expected);
        }
    }
    daemon.stop().await;
}

#[tokio::test]
async fn a_number_whose_key_is_in_quarantine_is_not_used_again_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let institution = noon() + "trace_wraps = true\nquarantine_ms = 600000";
    let setup = Setup { spec: spec(folder.path()), ..Setup::new(folder.path(), peer.port, &institution) };
    let daemon = setup.start().await;
    for expected in 1..=MAX {
        assert_eq!(number(&daemon, &mut peer).await, expected);
    }
    daemon.refuses(2, None, "key_in_use").await;
    daemon.stop().await;
    let daemon = setup.start().await;
    daemon.refuses(2, None, "key_in_use").await;
    assert!(peer.is_quiet().await, "a number was used again");
    daemon.stop().await;
    verify(&setup.journal).await;
}

#[tokio::test]
async fn numbers_that_do_not_wrap_are_used_up_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let institution = noon() + "quarantine_ms = 1";
    let setup = Setup { spec: spec(folder.path()), ..Setup::new(folder.path(), peer.port, &institution) };
    let daemon = setup.start().await;
    for expected in 1..=MAX {
        assert_eq!(number(&daemon, &mut peer).await, expected);
    }
    daemon.refuses(2, None, "trace_numbers_used_up").await;
    daemon.stop().await;
    let daemon = setup.start().await;
    daemon.refuses(2, None, "trace_numbers_used_up").await;
    assert!(peer.is_quiet().await, "a number was used again");
    daemon.stop().await;
    verify(&setup.journal).await;
}
