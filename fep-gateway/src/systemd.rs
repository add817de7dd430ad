//! What the daemon tells the service manager (systemd): that it serves, that it stops, how it is, and that it moves.
//!
//! A message is one datagram to the socket that the variable `NOTIFY_SOCKET` names. Without this variable nothing is sent. Whether
//! the gateway moves is decided by [`Gateway::stuck`], not here.
//!
//! | message | when |
//! |---|---|
//! | `READY=1` | the port is bound, the journal is open, requests are taken |
//! | `WATCHDOG=1` | while nothing is stuck, four times in each `WATCHDOG_USEC`, or every five seconds |
//! | `STATUS=…` | when it changed |
//! | `RELOADING=1`, `MONOTONIC_USEC=…`, then `READY=1` | a reload begins, and has ended; for `Type=notify-reload`, too |
//! | `STOPPING=1`, `EXTEND_TIMEOUT_USEC=…` | the gateway stops, and how long that may take |

use std::convert::Infallible;
use std::env;
#[cfg(unix)]
use std::ffi::OsStr;
#[cfg(unix)]
use std::io;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
#[cfg(unix)]
use std::os::unix::ffi::OsStrExt;
#[cfg(unix)]
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fep_gateway::Gateway;
use tracing::{error, info};

/// The longest time between two looks at the gateway.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// The shortest time after which a part counts as stuck. The writer of the journal looks up once in a second.
const PATIENCE_MIN: Duration = Duration::from_secs(2);

/// The time that the end may take besides `drain_max_ms`: for the last replies, for facts that a disk does not take, and for the
/// journal's files.
const END_MAX: Duration = Duration::from_secs(15);

/// The connection to the service manager, if there is one.
#[derive(Debug)]
pub(crate) struct ServiceManager {
    #[cfg(unix)]
    socket: Option<UnixDatagram>,
    /// The time after which the service manager ends a process that said nothing.
    watchdog: Option<Duration>,
    /// Whether it knows that the gateway stops. From then on there is no other status.
    stopping: AtomicBool,
    /// Whether the end of a reload could not be told yet.
    owes_ready: AtomicBool,
}

impl ServiceManager {
    /// The service manager that started this process. A socket that cannot be used is logged and left alone.
    pub(crate) fn of_this_process() -> Self {
        Self {
            #[cfg(unix)]
            socket: env::var_os("NOTIFY_SOCKET").and_then(|name| {
                open(&name)
                    .inspect_err(|error| error!(%error, "NOTIFY_SOCKET cannot be used: nothing is reported"))
                    .ok()
            }),
            watchdog: watchdog(env::var("WATCHDOG_USEC").ok(), env::var("WATCHDOG_PID").ok()),
            stopping: AtomicBool::new(false),
            owes_ready: AtomicBool::new(false),
        }
    }

    /// Says that the gateway serves, and then again and again how it is. Never returns.
    ///
    /// It runs in the task that accepts HTTP connections: if this task hangs, nothing is said.
    pub(crate) async fn watch(&self, gateway: &Gateway) -> Infallible {
        let patience = self.watchdog.map_or(PAUSE_MAX, |max| (max / 2).max(PATIENCE_MIN));
        let pause = self.watchdog.map_or(PAUSE_MAX, |max| (max / 4).min(PAUSE_MAX));
        // A message that the socket does not take now comes with the next one.
        let mut is_ready = self.send("READY=1");
        let mut told = String::new();
        let mut was_stuck = Vec::new();
        loop {
            let stuck = gateway.stuck(patience).await;
            let status = status(&stuck, &gateway.troubles());
            let is_news = status != told && !self.stopping.load(Ordering::SeqCst);
            let words = [
                (!is_ready || self.owes_ready.swap(false, Ordering::SeqCst)).then(|| "READY=1".to_owned()),
                is_news.then(|| format!("STATUS={status}")),
                (self.watchdog.is_some() && stuck.is_empty()).then(|| "WATCHDOG=1".to_owned()),
            ];
            let message = words.into_iter().flatten().collect::<Vec<_>>().join("\n");
            if !message.is_empty() && self.send(&message) {
                is_ready = true;
                told = status;
            }
            log_change(&was_stuck, &stuck);
            was_stuck = stuck;
            tokio::time::sleep(pause).await;
        }
    }

    /// Says that a reload begins.
    pub(crate) fn reloading(&self) {
        #[cfg(unix)]
        if !self.stopping.load(Ordering::SeqCst) {
            // The service manager tells by the time whether this is the reload that it asked for.
            let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
            let micros = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1000;
            self.send(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
        }
    }

    /// Says that the reload has ended, whatever came of it: the gateway serves.
    pub(crate) fn reloaded(&self) {
        if !self.stopping.load(Ordering::SeqCst) {
            let is_told = self.send("READY=1");
            self.owes_ready.store(!is_told, Ordering::SeqCst);
        }
    }

    /// Says that the gateway stops. `drain_max` is the longest wait for exchanges in flight.
    pub(crate) fn stopping(&self, drain_max: Duration) {
        self.stopping.store(true, Ordering::SeqCst);
        let micros = (drain_max + END_MAX).as_micros();
        self.send(&format!("STOPPING=1\nSTATUS=stopping: requests get their outcomes\nEXTEND_TIMEOUT_USEC={micros}"));
    }

    /// Sends a message. Returns whether the service manager has it; without one, nobody misses it. Never waits.
    fn send(&self, message: &str) -> bool {
        #[cfg(unix)]
        if let Some(socket) = &self.socket {
            return socket.send(message.as_bytes()).is_ok();
        }
        let _ = message;
        true
    }
}

/// How the gateway is, in one line.
fn status(stuck: &[String], troubles: &[String]) -> String {
    let (what, reasons) = match (stuck, troubles) {
        ([], []) => return "ready".to_owned(),
        ([], reasons) => ("serves, but is not ready", reasons),
        (reasons, _) => ("stuck", reasons),
    };
    let more = match reasons.len() {
        0 | 1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    let first = reasons.first().map_or("", |reason| reason.as_str());
    // A message has a line for each word, and an error of the operating system may have several lines.
    format!("{what}: {first}{more}").replace(char::is_control, " ")
}

fn log_change(before: &[String], now: &[String]) {
    for part in now.iter().filter(|part| !before.contains(part)) {
        error!(part, "a part of the gateway is stuck: the watchdog of the service manager is not told that it moves");
    }
    if now.is_empty() && !before.is_empty() {
        info!("everything moves again");
    }
}

/// The time of the watchdog, if there is one and it is meant for this process.
fn watchdog(usec: Option<String>, pid: Option<String>) -> Option<Duration> {
    let is_ours = pid.is_none_or(|pid| pid == std::process::id().to_string());
    usec?.parse().ok().filter(|usec| is_ours && *usec > 0).map(Duration::from_micros)
}

#[cfg(unix)]
fn open(name: &OsStr) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    // The gateway does not wait for a service manager that does not read.
    socket.set_nonblocking(true)?;
    socket.connect_addr(&address(name)?)?;
    Ok(socket)
}

/// A path, or with `@` in front an abstract name.
#[cfg(unix)]
fn address(name: &OsStr) -> io::Result<SocketAddr> {
    match name.as_bytes() {
        #[cfg(target_os = "linux")]
        [b'@', rest @ ..] => SocketAddr::from_abstract_name(rest),
        [b'/', ..] => SocketAddr::from_pathname(name),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is neither a path nor an abstract name")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_one_line_with_the_first_reason() {
        let reasons = |reasons: &[&str]| reasons.iter().map(|reason| (*reason).to_owned()).collect::<Vec<_>>();
        assert_eq!(status(&[], &[]), "ready");
        assert_eq!(status(&[], &reasons(&["bank-a: down"])), "serves, but is not ready: bank-a: down");
        let two = reasons(&["the journal:\nREADY=1", "bank-a: down"]);
        assert_eq!(status(&two, &reasons(&["b"])), "stuck: the journal: READY=1 (and 1 more)");
    }

    #[test]
    fn a_watchdog_is_obeyed_only_by_the_process_that_it_is_for() {
        let own = Some(std::process::id().to_string());
        let usec = || Some("3000000".to_owned());
        assert_eq!(watchdog(usec(), None), Some(Duration::from_secs(3)));
        assert_eq!(watchdog(usec(), own), Some(Duration::from_secs(3)));
        assert_eq!(watchdog(usec(), Some("0".to_owned())), None);
        assert_eq!(watchdog(None, None), None);
        for bad in ["", "0", "-1", "1s", "99999999999999999999999"] {
            assert_eq!(watchdog(Some(bad.to_owned()), None), None, "{bad}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_name_of_a_socket_that_is_no_path_is_refused() {
        for bad in ["", "notify", "vsock:2:1", "/a\0b"] {
            assert!(address(OsStr::new(bad)).is_err(), "{bad}");
        }
        assert!(address(OsStr::new("/run/systemd/notify")).is_ok());
    }
}
