//! How a connection of the simulated institution begins: plain, with TLS, or with a fault of a handshake.
//!
//! Which certificates are used is said in the scenario. Files that change are read again for the next handshake, so a certificate can be
//! renewed while links are up.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tracing::{info, warn};

use super::scenario::{HandshakeFault, Scenario, ScenarioHandshake};
use crate::config::TlsConfig;
use crate::time::Rfc3339;
use crate::tls::{Party, Tls, not_after_s};

/// The longest wait for the other side in a handshake.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// A connection after its handshake.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Which connections of the institution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Those that it accepts.
    Listens,
    /// Those that it makes.
    Connects,
    /// Its send line.
    SendLine,
}

/// The TLS of all connections, and the faults of their handshakes.
#[derive(Debug)]
pub(super) struct Handshakes {
    sides: Vec<(Side, Secured)>,
    at_start: Vec<ScenarioHandshake>,
    state: Mutex<State>,
}

/// The TLS of one side.
#[derive(Debug)]
struct Secured {
    config: TlsConfig,
    connects: bool,
    tls: Arc<Tls>,
}

#[derive(Debug, Default)]
struct State {
    made: u64,
    failed: u64,
    faults: Vec<Entry>,
}

/// A fault and its counts.
#[derive(Debug)]
struct Entry {
    handshake: ScenarioHandshake,
    matches: u64,
    applied: u64,
}

impl Handshakes {
    /// Those of a scenario.
    pub(super) fn new(scenario: &Scenario) -> Self {
        let line = &scenario.line;
        let send_line = scenario.send_line.as_ref();
        let sides = [
            (Side::Listens, scenario.tls.as_ref(), false),
            (Side::Connects, line.tls.as_ref(), true),
            (
                Side::SendLine,
                send_line.and_then(|line| line.tls.as_ref()),
                send_line.is_some_and(|line| line.connects()),
            ),
        ];
        let secured = |(side, config, connects): (Side, Option<&TlsConfig>, bool)| {
            let config = config?.clone();
            let tls = Tls::new(config.clone(), Party::Gateway, connects);
            Some((side, Secured { config, connects, tls }))
        };
        let sides = sides.into_iter().filter_map(secured).collect();
        let new = Self { sides, at_start: scenario.handshakes.clone(), state: Mutex::default() };
        new.reset();
        new
    }

    /// Whether a connection has TLS.
    pub(super) fn has_tls(&self) -> bool {
        !self.sides.is_empty()
    }

    /// Counts are 0, and the faults are those of the scenario.
    pub(super) fn reset(&self) {
        *self.state() = State::with(self.at_start.clone());
    }

    /// The faults from now on. Counts begin at 0.
    pub(super) fn replace(&self, faults: Vec<ScenarioHandshake>) {
        *self.state() = State::with(faults);
    }

    /// What happened, and the faults with their counts.
    pub(super) fn to_json(&self) -> Json {
        let state = self.state();
        let faults = state.faults.iter().map(|entry| {
            let mut keys = entry.handshake.to_json();
            keys.insert("matches".to_owned(), entry.matches.into());
            keys.insert("applied".to_owned(), entry.applied.into());
            keys
        });
        json!({"made": state.made, "failed": state.failed, "faults": faults.collect::<Vec<_>>()})
    }

    /// One line for each side with TLS: what it shows, and what it asks for.
    pub(super) fn explain(&self) -> Vec<String> {
        self.sides.iter().map(|(side, secured)| format!("{}: {}", side.name(), secured.explain())).collect()
    }

    /// Begins a connection. `None`: it has ended, and the log says why.
    pub(super) async fn begin(&self, side: Side, stream: TcpStream, peer: &str) -> Option<Box<dyn Stream>> {
        // Small frames must not wait for an acknowledgement. If the system refuses the option, they are slower, but still correct.
        let _ = stream.set_nodelay(true);
        let Some((_, secured)) = self.sides.iter().find(|(own, _)| *own == side) else {
            return Some(Box::new(stream));
        };
        let fault = self.next_fault();
        if let Some(fault) = &fault {
            let shows = match fault {
                HandshakeFault::Certificate { cert, .. } => Some(cert.display()),
                HandshakeFault::Hang { .. } | HandshakeFault::Close | HandshakeFault::NoTls => None,
            };
            let shows = shows.map(tracing::field::display);
            warn!(fault = fault.name(), shows, "a fault of the scenario: this handshake goes wrong");
        }
        let tls = match fault {
            None => Arc::clone(&secured.tls),
            Some(HandshakeFault::Certificate { cert, key }) => {
                let config = TlsConfig { own: Some((cert, key)), ..secured.config.clone() };
                Tls::new(config, Party::Gateway, secured.connects)
            }
            Some(HandshakeFault::Hang { hold }) => return hang(stream, hold).await,
            Some(HandshakeFault::Close) => return close(stream, secured.connects).await,
            Some(HandshakeFault::NoTls) => return Some(Box::new(stream)),
        };
        self.shake(&tls, stream, peer).await
    }

    async fn shake(&self, tls: &Arc<Tls>, stream: TcpStream, peer: &str) -> Option<Box<dyn Stream>> {
        let made = timeout(HANDSHAKE_MAX, tls.handshake(stream, peer)).await;
        let why = match made {
            Ok(Ok(stream)) => {
                let session = stream.get_ref().1;
                let version = session.protocol_version().and_then(|version| version.as_str()).unwrap_or_default();
                let theirs = session.peer_certificates().and_then(|chain| Some(end(chain.first()?))).flatten();
                let theirs = theirs.map_or("none".to_owned(), |end| format!("ends {end}"));
                info!(version, certificate_of_the_gateway = theirs, "the handshake is made");
                self.state().made += 1;
                return Some(Box::new(stream));
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("the gateway did not go on with it for {} s", HANDSHAKE_MAX.as_secs()),
        };
        warn!(why, "the handshake failed, the link is closed");
        self.state().failed += 1;
        None
    }

    /// The fault of the next handshake.
    fn next_fault(&self) -> Option<HandshakeFault> {
        for entry in &mut self.state().faults {
            entry.matches += 1;
            if entry.is_its_turn() {
                entry.applied += 1;
                return Some(entry.handshake.fault.clone());
            }
        }
        None
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The counts are consistent after every single change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn with(faults: Vec<ScenarioHandshake>) -> Self {
        let entry = |handshake| Entry { handshake, matches: 0, applied: 0 };
        Self { faults: faults.into_iter().map(entry).collect(), ..Self::default() }
    }
}

impl Entry {
    fn is_its_turn(&self) -> bool {
        let fault = &self.handshake;
        let Some(turn) = self.matches.checked_sub(fault.skip).filter(|turn| *turn > 0) else { return false };
        fault.times.is_none_or(|times| self.applied < times) && fault.every.is_none_or(|every| turn % every == 0)
    }
}

impl Side {
    const fn name(self) -> &'static str {
        match self {
            Self::Listens => "connections that come",
            Self::Connects => "connections to the gateway",
            Self::SendLine => "the send line",
        }
    }
}

impl Secured {
    fn explain(&self) -> String {
        let TlsConfig { ca, own, name, .. } = &self.config;
        let shows = own.as_ref().map_or("shows no certificate".to_owned(), |(cert, _)| {
            let material = self.config.load(self.connects).ok();
            let end = material.and_then(|material| end(&material.own?));
            let end = end.map_or_else(String::new, |end| format!(" (ends {end})"));
            format!("shows {}{end}", cert.display())
        });
        let wants = ca.as_ref().map_or("asks for no certificate".to_owned(), |ca| {
            let name = name.as_ref().map_or_else(String::new, |name| format!(" with the name {}", name.to_str()));
            format!("wants a certificate{name} signed by {}", ca.display())
        });
        format!("{shows}, {wants}")
    }
}

/// When a certificate ends.
fn end(certificate: &[u8]) -> Option<Rfc3339> {
    Some(Rfc3339(not_after_s(certificate)?.saturating_mul(1000)))
}

/// Says nothing until the time is over, or the other side has gone.
async fn hang(mut stream: TcpStream, hold: Duration) -> Option<Box<dyn Stream>> {
    let gone = async {
        let mut bytes = [0; 1024];
        while !matches!(stream.read(&mut bytes).await, Ok(0) | Err(_)) {}
    };
    match timeout(hold, gone).await {
        Ok(()) => info!("the gateway gave the handshake up"),
        Err(_) => info!("the gateway waited to the end; the institution closes the link"),
    }
    None
}

/// Closes in the middle: after the first bytes of the gateway, if it begins the handshake.
async fn close(mut stream: TcpStream, connects: bool) -> Option<Box<dyn Stream>> {
    if !connects {
        let mut bytes = [0; 1024];
        let _ = timeout(HANDSHAKE_MAX, stream.read(&mut bytes)).await;
    }
    None
}
