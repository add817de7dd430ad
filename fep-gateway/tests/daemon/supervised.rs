//! What the daemon tells a service manager, over a real socket. The test is the service manager.

use std::ffi::OsString;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use reqwest::StatusCode;
use tokio::net::UnixDatagram;
use tokio::time::{Instant, timeout};

use crate::disk::Disk;
use crate::harness::Setup;
use crate::peer::{PATIENCE, Peer};

/// The time of the watchdog. A part counts as stuck after half of it.
const WATCHDOG: Duration = Duration::from_secs(6);

/// Receives what a daemon says.
struct Manager {
    socket: UnixDatagram,
    name: OsString,
}

impl Manager {
    fn at(path: &Path) -> Self {
        Self { socket: UnixDatagram::bind(path).unwrap(), name: path.into() }
    }

    /// At a name that is not in the file system.
    fn abstract_name(name: &str) -> Self {
        let address = SocketAddr::from_abstract_name(name).unwrap();
        let socket = std::os::unix::net::UnixDatagram::bind_addr(&address).unwrap();
        socket.set_nonblocking(true).unwrap();
        Self { socket: UnixDatagram::from_std(socket).unwrap(), name: format!("@{name}").into() }
    }

    fn variables(&self, watchdog: Option<Duration>) -> Vec<(&'static str, OsString)> {
        let watchdog = watchdog.map(|max| ("WATCHDOG_USEC", max.as_micros().to_string().into()));
        std::iter::once(("NOTIFY_SOCKET", self.name.clone())).chain(watchdog).collect()
    }

    /// The next message.
    async fn hears(&self, max: Duration) -> Option<String> {
        let mut bytes = [0; 4096];
        let len = timeout(max, self.socket.recv(&mut bytes)).await.ok()?.unwrap();
        Some(String::from_utf8(bytes[..len].to_vec()).unwrap())
    }

    /// The next message that has this word.
    async fn until(&self, word: &str) -> String {
        let heard = async {
            loop {
                let message = self.hears(PATIENCE).await.unwrap_or_else(|| panic!("{word} never came"));
                if message.lines().any(|line| line.starts_with(word)) {
                    return message;
                }
            }
        };
        timeout(PATIENCE, heard).await.unwrap_or_else(|_| panic!("{word} never came"))
    }

    /// The number of messages with this word within some time.
    async fn count(&self, word: &str, time: Duration) -> usize {
        let end = Instant::now() + time;
        let mut count = 0;
        while let Some(message) = self.hears(end.saturating_duration_since(Instant::now())).await {
            count += message.lines().filter(|line| *line == word).count();
        }
        count
    }
}

#[tokio::test]
async fn the_service_manager_hears_that_it_serves_how_it_is_and_that_it_stops() {
    let folder = tempfile::tempdir().unwrap();
    let peer = Peer::start().await;
    let manager = Manager::at(&folder.path().join("notify"));
    let variables = manager.variables(None);
    let setup = Setup { variables, ..Setup::new(folder.path(), peer.port, "drain_max_ms = 2000") };
    let mut daemon = setup.spawn().await;
    assert_eq!(manager.hears(PATIENCE).await.as_deref(), Some("READY=1"));
    assert_eq!(daemon.get("/healthz").await.0, StatusCode::OK, "it says that it serves, so it serves");
    manager.until("STATUS=ready").await;
    daemon.hang_up().await;
    let said = manager.until("RELOADING=1").await;
    let micros = said.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").expect("the time of the reload");
    assert!(micros.parse::<u64>().is_ok_and(|micros| micros > 0), "{said}");
    assert_eq!(manager.until("READY=1").await, "READY=1", "the reload has ended");
    daemon.terminate().await;
    let said = manager.until("STOPPING=1").await;
    assert_eq!(
        said, "STOPPING=1\nSTATUS=stopping: requests get their outcomes\nEXTEND_TIMEOUT_USEC=17000000",
        "drain_max_ms and 15 s"
    );
    assert!(daemon.ends_within(PATIENCE).await.success(), "{}", daemon.log());
    assert_eq!(manager.count("WATCHDOG=1", Duration::from_millis(100)).await, 0, "nobody asked for it");
}

#[tokio::test]
async fn a_bank_that_is_away_is_a_status_and_no_reason_for_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let manager = Manager::abstract_name(&format!("fep-gateway-test-{}", std::process::id()));
    let variables = manager.variables(Some(WATCHDOG));
    let bank = crate::ports::dead_port().await;
    let daemon = Setup { variables, ..Setup::new(folder.path(), bank, "") }.spawn().await;
    assert_eq!(manager.until("READY=1").await, "READY=1");
    let said = manager.until("STATUS=").await;
    assert!(said.starts_with("STATUS=serves, but is not ready: bank-a: "), "{said}");
    assert!(said.ends_with("\nWATCHDOG=1"), "{said}");
    let count = manager.count("WATCHDOG=1", WATCHDOG).await;
    assert!((2..=4).contains(&count), "{count} in the time of the watchdog\n{}", daemon.log());
    daemon.stop().await;
}

#[tokio::test]
async fn while_a_write_to_the_journal_hangs_the_watchdog_gets_nothing() {
    let Some(disk) = Disk::mount().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let peer = Peer::start().await;
    let manager = Manager::at(&folder.path().join("notify"));
    let variables = manager.variables(Some(WATCHDOG));
    let setup = Setup { journal: disk.path().join("journal.sqlite"), ..Setup::new(folder.path(), peer.port, "") };
    let daemon = Setup { variables, ..setup }.start().await;
    manager.until("WATCHDOG=1").await;
    let frozen = disk.freeze().await;
    let said = manager.until("STATUS=stuck: ").await;
    assert!(said.starts_with("STATUS=stuck: the journal's writer is stuck for "), "{said}");
    assert_eq!(manager.count("WATCHDOG=1", WATCHDOG).await, 0);
    daemon.logs("the watchdog of the service manager is not told that it moves").await;
    drop(frozen);
    manager.until("WATCHDOG=1").await;
    daemon.until("/readyz", |(status, _)| *status == StatusCode::OK).await;
    daemon.logs("everything moves again").await;
    daemon.stop().await;
}

#[tokio::test]
async fn a_service_manager_that_does_not_read_or_is_not_there_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let manager = Manager::at(&folder.path().join("notify"));
    let variables = manager.variables(Some(Duration::from_millis(20)));
    let daemon = Setup { variables, ..Setup::new(folder.path(), peer.port, "") }.start().await;
    // By now the socket is full.
    tokio::time::sleep(Duration::from_millis(500)).await;
    daemon.answered(&mut peer, 1).await;
    drop(manager);
    daemon.answered(&mut peer, 2).await;
    daemon.stop().await;
    let variables = vec![("NOTIFY_SOCKET", folder.path().join("nobody").into())];
    let daemon = Setup { variables, ..Setup::new(folder.path(), peer.port, "") }.start().await;
    daemon.logs("NOTIFY_SOCKET cannot be used").await;
    daemon.answered(&mut peer, 3).await;
    daemon.stop().await;
}
