//! The daemon `fep-gateway run` as a process, with its folder, its log and its HTTP port.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::child::until;
use crate::configuration::{self, Institution};
use crate::usage;

/// How long one small request may take.
const REQUEST_MAX: Duration = Duration::from_secs(10);

/// A running daemon. Dropping it kills it and removes its folder.
pub(crate) struct Daemon {
    child: Child,
    pub(crate) port: u16,
    folder: TempDir,
}

impl Daemon {
    /// Starts the daemon with its journal in a new folder in `place`, and waits until it is ready.
    pub(crate) fn start(place: &Path, institutions: &[Institution<'_>]) -> Self {
        Self::start_with(place, "", institutions)
    }

    /// The same with further keys of the journal's table, and tables behind it.
    pub(crate) fn start_with(place: &Path, journal: &str, institutions: &[Institution<'_>]) -> Self {
        let folder = tempfile::tempdir_in(place).expect("a folder");
        // The port is free now. No other process is expected to take it before the daemon does.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|probe| probe.local_addr()).expect("a port").port();
        let config = configuration::write(folder.path(), port, journal, institutions);
        let log = File::create(folder.path().join("log")).expect("the log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_fep-gateway"));
        command.arg("run").arg("--config").arg(&config);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().expect("the daemon");
        let daemon = Self { child, port, folder };
        until("the daemon is ready", || daemon.get("/readyz").is_some_and(|text| text.starts_with("HTTP/1.1 200")));
        daemon
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Head and body of the response.
    fn get(&self, path: &str) -> Option<String> {
        let mut socket = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        socket.set_read_timeout(Some(REQUEST_MAX)).ok()?;
        write!(socket, "GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nconnection: close\r\n\r\n", self.port).ok()?;
        let mut text = String::new();
        socket.read_to_string(&mut text).ok()?;
        Some(text)
    }

    /// Opens connections that ask for the events and then read nothing. The listeners end when the connections are dropped.
    pub(crate) fn deaf_listeners(&self, number: usize) -> Vec<TcpStream> {
        let listen = || {
            let mut socket = TcpStream::connect(("127.0.0.1", self.port)).expect("the daemon listens");
            write!(socket, "GET /v1/events HTTP/1.1\r\nhost: 127.0.0.1:{}\r\n\r\n", self.port).expect("asks");
            socket
        };
        (0..number).map(|_| listen()).collect()
    }

    /// The commits of the journal, if the metrics count them.
    pub(crate) fn commits(&self) -> Option<u64> {
        commits(&self.get("/metrics")?)
    }

    /// Ends the daemon as its service manager does, so that its files are whole.
    #[cfg(feature = "postgres")]
    pub(crate) fn stop(&mut self) {
        let asked = Command::new("kill").arg(self.id().to_string()).status();
        assert!(asked.is_ok_and(|status| status.success()), "the daemon was there");
        self.child.wait().expect("its end");
    }

    /// The length of one of its files, in bytes.
    #[cfg(feature = "postgres")]
    pub(crate) fn file_bytes(&self, name: &str) -> u64 {
        std::fs::metadata(self.folder.path().join(name)).map(|file| file.len()).unwrap_or_default()
    }

    pub(crate) fn log_bytes(&self) -> u64 {
        std::fs::metadata(self.folder.path().join("log")).map(|log| log.len()).unwrap_or_default()
    }

    /// The bytes of all files except the log.
    pub(crate) fn journal_bytes(&self) -> u64 {
        usage::folder_bytes(self.folder.path()).saturating_sub(self.log_bytes())
    }
}

/// The number of commits on a page of metrics.
pub(crate) fn commits(page: &str) -> Option<u64> {
    let line = page.lines().find_map(|line| line.strip_prefix("fep_journal_commit_seconds_count "))?;
    line.trim().parse().ok()
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // An error means that it has ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
