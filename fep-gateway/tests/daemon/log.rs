//! What the daemon logs when there is much to say. Also, nobody takes its log: the disk is full, its reader is gone or does not read.
//! Business goes on then, and the daemon ends when it is told to.

use std::fs::File;
use std::io::{PipeReader, PipeWriter, Write, pipe};
use std::process::Stdio;
use std::time::Duration;

use fep_gateway::simulate::{Scenario, Simulator};
use fep_spec::model::Spec;
use fep_spec::report::Source;

use crate::harness::{Setup, verify};
use crate::peer::Peer;
use crate::ports::dead_port;

/// What a pipe takes on Linux before its reader must read, in bytes.
const PIPE_BYTES: usize = 64 * 1024;

/// What the end may take: half a second for the log, and what a loaded machine needs to close the journal.
const END_MAX: Duration = Duration::from_secs(4);

/// Runs a daemon with this as its stderr through lost links, requests and its end.
async fn check(stderr: Stdio) {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, "");
    let mut daemon = setup.spawn_with(stderr).await;
    for connection in 0..3 {
        daemon.until("/readyz", |(status, _)| status.is_success()).await;
        daemon.answered(&mut peer, 1).await;
        // The lost link is logged, and so is the next one.
        peer.close(connection).await;
        daemon.until("/v1/lines", |(_, reply)| reply["lines"][0]["reconnects"] == connection + 1).await;
    }
    daemon.terminate().await;
    assert!(daemon.ends_within(END_MAX).await.success());
    verify(&setup.journal).await;
}

fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().unwrap();
    writer.write_all(&[b'.'; PIPE_BYTES]).unwrap();
    (reader, writer)
}

#[tokio::test]
async fn a_log_on_a_full_disk_ends_nothing() {
    // Each write to this device fails as on a full disk.
    check(File::options().write(true).open("/dev/full").unwrap().into()).await;
}

#[tokio::test]
async fn a_log_whose_reader_is_gone_ends_nothing() {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    check(writer.into()).await;
}

#[tokio::test]
async fn a_log_that_nobody_reads_delays_nothing() {
    let (reader, writer) = full_pipe();
    check(writer.into()).await;
    drop(reader);
}

/// A telegram of the network management, from the institution: its business code and its number.
fn duty(business_code: &str, number: usize) -> Vec<u8> {
    let date = "20261128120000";
    let header = format!(
        "{:<9}{:<8}0990800{business_code}1{number:06}{date}{:4}B{number:013}{:30}",
        "FEPTEST01", "FEPCO001", "", ""
    );
    format!("{:04}{header}", header.len()).into_bytes()
}

#[tokio::test]
async fn business_that_opens_and_ends_all_the_time_is_logged_within_limits() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let tables = "[[institutions.bank-a.session.notices]]\ntelegram = \"SignOff\"\nmeans = \"end\"\n\
                  [[institutions.bank-a.session.notices]]\ntelegram = \"SignOn\"\nmeans = \"open\"\n";
    let daemon = Setup { tables, ..Setup::new(folder.path(), peer.port, "") }.start().await;
    const CHANGES: usize = 600;
    for number in 0..CHANGES {
        peer.send(0, &duty(if number % 2 == 0 { "200" } else { "100" }, number)).await;
    }
    for _ in 0..CHANGES {
        peer.receive().await;
    }
    daemon.logs("some of it is only counted").await;
    let lines = daemon.log().lines().count();
    assert!(lines < 150, "{lines} lines about {CHANGES} changes");
    daemon.answered(&mut peer, 1).await;
    daemon.stop().await;
}

/// A bank that sends a notice each 20 ms.
const NOTIFYING_BANK: &str = r#"
[answers]
set = { "header.response_code" = "0000" }
[[notices]]
telegram = "DepositNotice"
every_ms = 20
set = { header.trace_no = "<sequence>", header.sent_date = "<date>", account = "1002345678901", kind = "20", amount = 50000 }
"#;

#[tokio::test]
async fn a_service_that_is_away_is_not_the_fault_of_the_institution() {
    let folder = tempfile::tempdir().unwrap();
    let spec = Spec::parse("bank-a.toml", include_str!("../../../specs/bank-a/bank-a.toml")).unwrap();
    let scenario = Scenario::read(Source::new("scenario.toml", NOTIFYING_BANK), &spec).unwrap();
    let bank = Simulator::start(spec, scenario, "127.0.0.1:0").await.unwrap();
    let callback = format!(
        "[institutions.bank-a.notices.DepositNotice]\ncallback = \"http://127.0.0.1:{}/notices\"\n",
        dead_port().await
    );
    let setup = Setup { tables: &callback, ..Setup::new(folder.path(), bank.address().port(), "") };
    let daemon = setup.start().await;
    daemon.logs("services have trouble with many notices").await;
    let log = daemon.log();
    assert!(log.contains("a service did not take a notice"), "{log}");
    assert!(!log.contains("the institution sends much"), "{log}");
}
