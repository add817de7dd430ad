//! The real daemon as a child process, and a minimal HTTP client: one connection for each request.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The log of the last run, in the folder of the daemon.
const LOG: &str = "daemon.log";

/// A running `fep-gateway run`. Dropping it kills it.
pub(crate) struct Daemon {
    child: Child,
    port: u16,
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// The gateway that served the request, if there are two sites.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "two sites share a database"))]
    pub(crate) served_by: Option<String>,
}

impl Daemon {
    /// Starts the daemon with its journal in the folder and waits until it is ready.
    #[cfg(feature = "fault-points")]
    pub(crate) fn start(folder: &Path, bank: u16) -> Self {
        Self::start_with(folder, bank, "")
    }

    /// Starts the daemon with further tables of its configuration, and waits until it is ready. If the folder has an `access.toml`, its clients
    /// have rights.
    pub(crate) fn start_with(folder: &Path, bank: u16, tables: &str) -> Self {
        Self::start_of(folder, bank, "", tables)
    }

    /// As `start_with`, with further keys of the institution.
    pub(crate) fn start_of(folder: &Path, bank: u16, institution: &str, tables: &str) -> Self {
        Self::spawn_of(folder, free_port(), bank, "", (institution, tables)).once_ready()
    }

    /// As `start_with`, with one link, and with these keys of the line.
    #[cfg(unix)]
    #[cfg(feature = "postgres")]
    pub(crate) fn start_line(folder: &Path, bank: u16, tables: &str, keys: &str) -> Self {
        Self::start_line_at(folder, free_port(), bank, tables, keys)
    }

    /// As `start_line`, on a port of [`free_port`].
    #[cfg(unix)]
    #[cfg(feature = "postgres")]
    pub(crate) fn start_line_at(folder: &Path, port: u16, bank: u16, tables: &str, keys: &str) -> Self {
        let text = configuration(port, bank, "").replace("links = 2", keys);
        Self::start_as(folder, port, &(text + tables))
    }

    /// Starts the daemon with this configuration, and waits until it is ready.
    #[cfg(feature = "postgres")]
    pub(crate) fn start_as(folder: &Path, port: u16, configuration: &str) -> Self {
        Self::spawn_as(folder, port, "", configuration).once_ready()
    }

    fn once_ready(self) -> Self {
        let start = Instant::now();
        while get(self.port, "/readyz").is_none_or(|answer| answer.status != 200) {
            assert!(start.elapsed() < Duration::from_secs(20), "not ready: {:?}", get(self.port, "/readyz"));
            thread::sleep(Duration::from_millis(10));
        }
        self
    }

    /// Starts the daemon with a fault (`POINT:N`) at which it dies, and does not wait.
    #[cfg(feature = "fault-points")]
    pub(crate) fn spawn(folder: &Path, bank: u16, fault: &str) -> Self {
        Self::spawn_with(folder, bank, fault, "")
    }

    /// Starts the daemon on a port of [`free_port`], with further tables of its configuration, and waits until it is ready.
    #[cfg(feature = "postgres")]
    pub(crate) fn start_at(folder: &Path, port: u16, bank: u16, tables: &str) -> Self {
        let mut daemon = Self::spawn_of(folder, port, bank, "", ("", tables));
        assert!(daemon.is_ready(), "it ended instead: {}", last_words(folder));
        daemon
    }

    /// As `spawn`, with further tables of the configuration.
    pub(crate) fn spawn_with(folder: &Path, bank: u16, fault: &str, tables: &str) -> Self {
        Self::spawn_of(folder, free_port(), bank, fault, ("", tables))
    }

    /// With further keys of the institution, and further tables.
    fn spawn_of(folder: &Path, port: u16, bank: u16, fault: &str, (institution, tables): (&str, &str)) -> Self {
        let mut text = configuration(port, bank, institution) + tables;
        if folder.join("access.toml").exists() {
            text = text.replacen("[journal]", "access = \"access.toml\"\n[journal]", 1);
        }
        Self::spawn_as(folder, port, fault, &text)
    }

    /// Starts the daemon with this configuration, and does not wait. It listens on this port, without TLS.
    pub(crate) fn spawn_as(folder: &Path, port: u16, fault: &str, configuration: &str) -> Self {
        let config = folder.join("gateway.toml");
        std::fs::write(&config, configuration).expect("the configuration");
        let child = Command::new(env!("CARGO_BIN_EXE_fep-gateway"))
            .arg("run")
            .arg("--config")
            .arg(&config)
            .env("FEP_FAULT", fault)
            .stdout(Stdio::null())
            .stderr(File::create(folder.join(LOG)).expect("the log"))
            .spawn()
            .expect("the daemon");
        Self { child, port }
    }

    /// Waits until the daemon is ready. Returns false if it ends before.
    pub(crate) fn is_ready(&mut self) -> bool {
        let start = Instant::now();
        while get(self.port, "/readyz").is_none_or(|answer| answer.status != 200) {
            if self.has_ended() {
                return false;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "it is neither ready nor has it ended");
            thread::sleep(Duration::from_millis(10));
        }
        true
    }

    /// Whether the daemon has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("its state").is_some()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Stops the process in its tracks, or lets it go on.
    #[cfg(feature = "postgres")]
    #[cfg(unix)]
    pub(crate) fn pause(&self, pauses: bool) {
        let signal = if pauses { "-STOP" } else { "-CONT" };
        let sent = Command::new("kill").arg(signal).arg(self.child.id().to_string()).status();
        assert!(sent.expect("the command kill").success());
    }

    /// Tells the process to stop in order.
    #[cfg(feature = "postgres")]
    #[cfg(unix)]
    pub(crate) fn terminate(&self) {
        let sent = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        assert!(sent.expect("the command kill").success());
    }

    /// Stops it as a service manager does, and waits for its end.
    #[cfg(feature = "postgres")]
    #[cfg(unix)]
    pub(crate) fn stop(&mut self) {
        self.terminate();
        assert_eq!(self.ends(), Some(0));
    }

    /// Waits for its end. Returns the exit code.
    #[cfg(feature = "postgres")]
    #[cfg(unix)]
    pub(crate) fn ends(&mut self) -> Option<i32> {
        let start = Instant::now();
        while !self.has_ended() {
            assert!(start.elapsed() < Duration::from_secs(30), "it does not end");
            thread::sleep(Duration::from_millis(10));
        }
        self.child.wait().expect("its end").code()
    }

    /// Kills the daemon if it has not ended by itself.
    pub(crate) fn kill_if_alive(&mut self) {
        if !self.has_ended() {
            self.kill();
        }
    }

    /// Kills the daemon if it does not end by itself within a moment. Returns whether it did. A process that aborts is there for a while
    /// after it has closed its connections.
    #[cfg(feature = "fault-points")]
    pub(crate) fn ends_by_itself(&mut self) -> bool {
        let start = Instant::now();
        while !self.has_ended() {
            if start.elapsed() > Duration::from_millis(300) {
                self.kill();
                return false;
            }
            thread::sleep(Duration::from_millis(10));
        }
        true
    }

    /// Kills the daemon with SIGKILL and waits for its end.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("a running daemon");
        self.child.wait().expect("its end");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // An error means that it was killed before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The log of the last run.
#[cfg(any(feature = "fault-points", feature = "postgres"))]
pub(crate) fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join(LOG)).unwrap_or_default()
}

/// The end of the log.
#[cfg(feature = "postgres")]
pub(crate) fn last_words(folder: &Path) -> String {
    let log = log(folder);
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}

/// The ports of daemons. The system takes those of outgoing connections from others, which begin at 32,768.
const PORTS: std::ops::Range<u32> = 20_000..32_000;

/// A port that is free now. No connection of another test takes it before the daemon does, and each call has another one.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let count = PORTS.end - PORTS.start;
    let first = std::process::id().wrapping_mul(101);
    let mut ports = (0..count).map(|_| {
        let place = first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % count;
        u16::try_from(PORTS.start + place).expect("a port")
    });
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}

/// Sends a transfer with an idempotency key. Returns `None` if the daemon ended without an answer.
pub(crate) fn ask(port: u16, key: &str, body: &str) -> Option<Answer> {
    ask_with(port, &format!("idempotency-key: {key}\r\n"), body)
}

/// As [`ask`], by a client that has a token.
#[cfg(feature = "postgres")]
pub(crate) fn ask_as(token: &str, port: u16, key: &str, body: &str) -> Option<Answer> {
    ask_with(port, &format!("authorization: Bearer {token}\r\nidempotency-key: {key}\r\n"), body)
}

/// Sends a transfer with these headers.
pub(crate) fn ask_with(port: u16, headers: &str, body: &str) -> Option<Answer> {
    let request = format!(
        "POST /v1/institutions/bank-a/exchanges/Transfer HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    );
    exchange(port, &request)
}

pub(crate) fn get(port: u16, path: &str) -> Option<Answer> {
    get_with(port, path, "")
}

/// Gets a path with these headers.
pub(crate) fn get_with(port: u16, path: &str, headers: &str) -> Option<Answer> {
    exchange(port, &format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n"))
}

pub(crate) fn post(port: u16, path: &str, body: &str) -> Option<Answer> {
    send("POST", port, path, body)
}

pub(crate) fn put(port: u16, path: &str, body: &str) -> Option<Answer> {
    send("PUT", port, path, body)
}

/// Waits until it holds, at most for 20 seconds.
#[cfg(feature = "postgres")]
pub(crate) fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(20), "never: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn send(method: &str, port: u16, path: &str, body: &str) -> Option<Answer> {
    let len = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n"
    );
    exchange(port, &format!("{head}content-length: {len}\r\n\r\n{body}"))
}

fn exchange(port: u16, request: &str) -> Option<Answer> {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).ok()?;
    socket.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    socket.write_all(request.as_bytes()).ok()?;
    let mut text = String::new();
    socket.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let served_by = head.lines().find_map(|line| line.strip_prefix("fep-served-by: ")).map(str::to_owned);
    Some(Answer { status, body: body.to_owned(), served_by })
}

/// What the gateway fills into requests.
pub(crate) const FILL: &str = include_str!("../fill.toml");

/// A gateway that listens on this port, with a line to this bank, and with further keys of the institution.
pub(crate) fn configuration(port: u16, bank: u16, institution: &str) -> String {
    let spec = format!("{}/../specs/bank-a/bank-a.toml", env!("CARGO_MANIFEST_DIR"));
    format!(
        r#"
[http]
listen = "127.0.0.1:{port}"
[journal]
path = "journal.sqlite"
[institutions.bank-a]
spec = "{spec}"
key = ["header.trace_no", "header.sent_date"]
trace = "header.trace_no"
answer_timeout_ms = 1000
{institution}
[institutions.bank-a.fill]
"header.bank_code" = "099"
{FILL}
[institutions.bank-a.session]
sign_on = "SignOn"
sign_off = "SignOff"
echo_test = "EchoTest"
accepted = {{ "header.response_code" = "0000" }}
[[institutions.bank-a.lines]]
name = "main"
connect = "127.0.0.1:{bank}"
links = 2
reconnect_min_ms = 20
"#
    )
}
