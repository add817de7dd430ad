//! A file of an institution that comes over HTTP when the daemon is killed: nothing of it is left on the disk, because it has account numbers.

use std::path::Path;

use tokio::time::{Duration, sleep, timeout};

use crate::harness::{Daemon, Setup, root, sends};
use crate::peer::{PATIENCE, Peer};

/// How many bytes of the file the daemon gets, of twice as many.
const HALF: usize = 4096;

/// Waits until the daemon has all of the half in a file of this folder.
async fn has_written(daemon: &Daemon, folder: &Path) {
    let fds = format!("/proc/{}/fd", daemon.pid());
    let is_it = |fd: &Path| {
        let is_here = std::fs::read_link(fd).is_ok_and(|file| file.starts_with(folder));
        is_here && std::fs::metadata(fd).is_ok_and(|file| file.len() == HALF as u64)
    };
    let written = async {
        while !std::fs::read_dir(&fds).unwrap().flatten().any(|fd| is_it(&fd.path())) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, written).await.expect("the daemon writes what comes");
}

#[tokio::test]
async fn a_daemon_that_is_killed_leaves_nothing_of_a_file_that_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let temporary = folder.path().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let spec = root().join("fep-gateway/specs/settlement-a/settlement-a.toml");
    let tables = format!(
        "[institutions.bank-a.reconciliation.transfers]\nspec = {spec:?}\nrecord = \"Detail\"\ntelegram = \"Transfer\"\n\
         key = {{ trace_no = \"header.trace_no\" }}\ndone = {{ result = \"00\" }}\n"
    );
    let peer = Peer::start().await;
    let variables = vec![("TMPDIR", temporary.clone().into_os_string())];
    let setup = Setup { tables: &tables, variables, ..Setup::new(folder.path(), peer.port, "") };
    let daemon = setup.start().await;
    let path = "/v1/institutions/bank-a/reconciliations/transfers?date=2026-11-26";
    let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", 2 * HALF);
    let client = sends(daemon.port, [head.as_bytes(), &vec![b'7'; HALF]].concat()).await;
    has_written(&daemon, &temporary).await;
    daemon.kill().await;
    let left: Vec<_> = std::fs::read_dir(&temporary).unwrap().flatten().map(|entry| entry.path()).collect();
    assert_eq!(left, Vec::<std::path::PathBuf>::new());
    drop(client);
}
