//! The variable that sets the business clock of a daemon for tests. The clock itself is tried in `shell/test_time`.

use std::ffi::OsString;

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Daemon, Setup};
use crate::peer::{PATIENCE, Peer};

const TEST: &str = "environment = \"test\"";

async fn started(folder: &std::path::Path, root: &str, value: &str) -> (Peer, Daemon) {
    let peer = Peer::start().await;
    let variables = vec![("FEP_TEST_CLOCK", OsString::from(value))];
    let daemon = Setup { root, variables, ..Setup::new(folder, peer.port, "") }.spawn().await;
    (peer, daemon)
}

#[tokio::test]
async fn the_variable_sets_the_clock_of_a_test_before_the_file_does() {
    let folder = tempfile::tempdir().unwrap();
    let root = "environment = \"test\"\n[test_clock]\nbase = \"2030-01-01T00:00:00Z\"";
    let (mut peer, daemon) = started(folder.path(), root, "2028-02-29T23:00:00+09:00 60").await;
    let (_, clock) = daemon.until("/v1/clock", |(status, _)| *status == StatusCode::OK).await;
    assert_eq!((&clock["environment"], &clock["speed"]), (&json!("test"), &json!(60)), "{clock}");
    assert!(clock["now"].as_str().unwrap().starts_with("2028-02-29T14:"), "{clock}");
    let exchange = daemon.answered(&mut peer, 1000).await;
    assert_eq!(exchange["answer"]["fields"]["header"]["sent_date"], "2028-02-29", "{exchange}");
    assert!(daemon.log().contains("TEST TIME: the business clock shows 2028-02-29T14:"), "{}", daemon.log());
    daemon.stop().await;
}

#[tokio::test]
async fn a_daemon_for_production_does_not_start_with_the_variable() {
    let follows = "environment = \"test\"\n[test_clock]\nfrom = \"http://127.0.0.1:9/v1/clock\"";
    for (root, value, why) in [
        ("", "2028-02-29T23:00:00+09:00", "gateway.toml is for production, where no test sets the clock: unset it"),
        ("", "", "gateway.toml is for production"),
        (follows, "2028-02-29T23:00:00+09:00", "follows http://127.0.0.1:9/v1/clock: set that clock"),
        (TEST, "today", "`base` is no time: today"),
        (TEST, "2028-02-29T23:00:00+09:00 fast", "the speed is no number: fast"),
        (TEST, "2027-02-29T23:00:00+09:00 60", "`base` is no time: 2027-02-29T23:00:00+09:00"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (_peer, mut daemon) = started(folder.path(), root, value).await;
        let ended = daemon.ends_within(PATIENCE).await;
        let log = daemon.log();
        assert_eq!(ended.code(), Some(2), "{value}: {log}");
        assert!(log.contains("the variable FEP_TEST_CLOCK is set, but") && log.contains(why), "{value}: {log}");
        assert!(!folder.path().join("journal.sqlite").exists(), "{value}: nothing began");
    }
}
