//! The institution connects to the gateway. One task for each line accepts connections, within limits, and hands them to links
//! that wait.
//!
//! ```text
//!  accept ──► may it connect? ──► does a link wait? ──yes──► link
//!                  │ no                 │ no
//!                  ▼                    ├─ refuse:  closed
//!               closed                  └─ replace: it waits until the oldest link of the line is closed
//! ```
//!
//! A connection that is refused costs one log line at most, and no memory. A flood of them is accepted at a limited rate. Meanwhile
//! the kernel holds the rest, and all other lines go on.

use std::collections::VecDeque;
use std::future::{Future, pending};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fep_protocol::budget::Budget;
use fep_protocol::mutant::{Mutant, is_on};
use fep_protocol::reason::CloseReason;
use futures_util::stream::{FuturesUnordered, StreamExt};
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::Connected;
use super::secured::{Counted, Secured};
use super::stream::{Transport, set_options};
use crate::config::{LineConfig, Network, Role, WhenFull};
use crate::ground::Ground;
use crate::net::clock::Clock;
use crate::net::statuses::LineStatuses;
use crate::tls::{Party, Tls};

/// A listening line. It stops when it is dropped.
#[derive(Debug)]
pub(in crate::net) struct Listener {
    door: Arc<Door>,
    task: JoinHandle<()>,
}

/// Where links wait for their connection.
#[derive(Debug, Default)]
pub(in crate::net) struct Door {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The links that wait. At most as many as the line has links.
    links: VecDeque<oneshot::Sender<Connected>>,
    /// A connection that replaces another one, until that is closed, and since when it waits.
    next: Option<(Connected, Instant)>,
}

/// What a listener needs to know.
#[derive(Debug)]
pub(in crate::net) struct ListenerSetup {
    pub(in crate::net) institution: Arc<str>,
    /// The index of the line.
    pub(in crate::net) line: usize,
    pub(in crate::net) statuses: Arc<LineStatuses>,
    pub(in crate::net) clock: Arc<Clock>,
    /// Asks the institution's task to close the oldest link of the line.
    pub(in crate::net) replace: mpsc::Sender<usize>,
}

/// What became of a connection.
enum Offered {
    Taken,
    /// It waits until another one is closed.
    Waits,
    Closed,
}

struct Task {
    setup: ListenerSetup,
    config: LineConfig,
    address: SocketAddr,
    peers: Vec<Network>,
    when_full: WhenFull,
    door: Arc<Door>,
    accepts: Budget,
    logs: Budget,
    unlogged: u64,
    tls: Option<Arc<Tls>>,
    handshakes: FuturesUnordered<Handshake>,
    /// The address of each handshake that is not finished.
    shaking: Vec<IpAddr>,
}

/// A handshake: from which address, and its result.
type Handshake = Pin<Box<dyn Future<Output = (SocketAddr, Result<Connected, CloseReason>)> + Send>>;

/// The connections that a line accepts each second, and in one burst. Most of them are refused: contracts have few links.
const ACCEPTS_PER_S: u32 = 500;
const ACCEPTS_BURST: u32 = 500;

/// The pause of a line that accepted more than that.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// The handshakes of TLS that a line has at once, and those of one address. Further connections are closed.
const HANDSHAKES_MAX: usize = 64;
const HANDSHAKES_OF_PEER_MAX: usize = 8;

/// Log lines about refused connections each second, and in one burst.
const LOGGED_PER_S: u32 = 2;
const LOGGED_BURST: u32 = 20;

/// The pause before the gateway tries again to listen, or to accept after an error of the system, such as too many open files.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// How long a connection waits for the place of the one that it replaces.
const REPLACE_MAX: Duration = Duration::from_secs(10);

impl Listener {
    /// Starts to listen. `None` for a line on which the gateway connects.
    pub(in crate::net) fn start(config: &LineConfig, setup: ListenerSetup, ground: &Ground) -> Option<Self> {
        let task = Task::new(config, setup)?;
        let door = Arc::clone(&task.door);
        let task = match ground {
            Ground::Machine => tokio::spawn(task.run()),
            #[cfg(feature = "simulation")]
            Ground::Simulated(simulated) => tokio::spawn(task.accept_simulated(Arc::clone(&simulated.network))),
        };
        Some(Self { door, task })
    }

    /// Where the links of the line wait.
    pub(in crate::net) fn door(&self) -> Arc<Door> {
        Arc::clone(&self.door)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Door {
    /// For a link: waits for its connection.
    pub(super) async fn enter(&self) -> Connected {
        let wait = {
            let mut state = self.state();
            if !is_on(Mutant::LosesTheReplacement)
                && let Some((connected, since)) = state.next.take()
                && since.elapsed() < REPLACE_MAX
            {
                return connected;
            }
            let (send, wait) = oneshot::channel();
            state.links.push_back(send);
            wait
        };
        match wait.await {
            Ok(connected) => connected,
            // The listener is gone, so the institution's task is ending. It ends this link, too.
            Err(_) => pending().await,
        }
    }

    /// Hands a connection to a link that waits. If there is none, the connection waits for the link that it replaces, or is closed.
    fn offer(&self, connected: Connected, when_full: WhenFull) -> Offered {
        let mut state = self.state();
        let mut connected = connected;
        while let Some(link) = state.links.pop_front() {
            match link.send(connected) {
                Ok(()) => return Offered::Taken,
                // This link was closed while it waited.
                Err(back) => connected = back,
            }
        }
        if when_full == WhenFull::Refuse {
            return Offered::Closed;
        }
        // The connection that waited before is closed.
        state.next = Some((connected, Instant::now()));
        Offered::Waits
    }

    fn has_link(&self) -> bool {
        let mut state = self.state();
        state.links.retain(|link| !link.is_closed());
        !state.links.is_empty()
    }

    /// The state is valid after every single change, so a panic elsewhere does not damage it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Task {
    fn new(config: &LineConfig, setup: ListenerSetup) -> Option<Self> {
        let Role::Listen { address, peers, when_full } = &config.role else { return None };
        let now = setup.clock.now().steady;
        Some(Self {
            setup,
            config: config.clone(),
            address: *address,
            peers: peers.clone(),
            when_full: *when_full,
            door: Arc::default(),
            accepts: Budget::new(ACCEPTS_PER_S, ACCEPTS_BURST, now),
            logs: Budget::new(LOGGED_PER_S, LOGGED_BURST, now),
            unlogged: 0,
            tls: config.tls.clone().map(|tls| Tls::new(tls, Party::Institution, false)),
            handshakes: FuturesUnordered::new(),
            shaking: Vec::new(),
        })
    }

    /// Accepts the connections of a simulated network.
    #[cfg(feature = "simulation")]
    async fn accept_simulated(mut self, network: Arc<dyn crate::ground::Network>) {
        loop {
            let stream = network.accept(&self.setup.institution, &self.config.name).await;
            let peer = self.address;
            let result = match self.when_full == WhenFull::Refuse && !self.door.has_link() {
                true => Err(self.full(peer)),
                false => {
                    let connected = Connected { stream: Transport::Simulated(stream), peer: peer.to_string() };
                    self.offer(connected, peer).await
                }
            };
            if let Err(why) = result {
                self.refused(&why);
            }
        }
    }

    async fn run(mut self) {
        loop {
            match TcpListener::bind(self.address).await {
                Ok(listener) => self.accept(&listener).await,
                Err(error) => {
                    let why = CloseReason::ListenFailed { address: self.address.to_string(), error: error.to_string() };
                    self.report(&why);
                    sleep(RETRY_PAUSE).await;
                }
            }
        }
    }

    async fn accept(&mut self, listener: &TcpListener) {
        loop {
            while !self.accepts.take(self.setup.clock.now().steady) {
                sleep(ACCEPT_PAUSE).await;
            }
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                Some((peer, result)) = self.handshakes.next(), if !self.handshakes.is_empty() => {
                    let at = self.shaking.iter().position(|address| *address == peer.ip());
                    at.map(|at| self.shaking.swap_remove(at));
                    let offered = match result {
                        Ok(connected) => self.offer(connected, peer).await,
                        Err(why) => Err(why),
                    };
                    if let Err(why) = offered {
                        self.refused(&why);
                    }
                    continue;
                }
            };
            let result = match accepted {
                Ok((stream, peer)) => self.connection(stream, peer).await,
                Err(error) if is_of_connection(&error) => continue,
                Err(error) => {
                    let address = self.address.to_string();
                    self.report(&CloseReason::ListenFailed { address, error: error.to_string() });
                    sleep(RETRY_PAUSE).await;
                    continue;
                }
            };
            if let Err(why) = result {
                self.refused(&why);
            }
        }
    }

    async fn connection(&mut self, stream: TcpStream, peer: SocketAddr) -> Result<(), CloseReason> {
        if !self.peers.iter().any(|network| network.contains(peer.ip())) {
            return Err(CloseReason::PeerNotAllowed { peer: peer.ip().to_canonical().to_string() });
        }
        if self.when_full == WhenFull::Refuse && !self.door.has_link() {
            return Err(self.full(peer));
        }
        set_options(SockRef::from(&stream), &self.config.tcp).map_err(|error| CloseReason::Read(error.to_string()))?;
        match self.tls.clone() {
            None => self.offer(Connected { stream: Transport::Plain(stream), peer: peer.to_string() }, peer).await,
            Some(tls) => self.shake(tls, stream, peer),
        }
    }

    /// Begins a handshake, if there are not too many.
    fn shake(&mut self, tls: Arc<Tls>, stream: TcpStream, peer: SocketAddr) -> Result<(), CloseReason> {
        let of_peer = self.shaking.iter().filter(|address| **address == peer.ip()).count();
        if self.shaking.len() >= HANDSHAKES_MAX || of_peer >= HANDSHAKES_OF_PEER_MAX {
            let why = "too many handshakes are not finished".to_owned();
            return Err(CloseReason::TlsFailed { peer: peer.to_string(), why });
        }
        self.shaking.push(peer.ip());
        let within = self.config.connect_timeout;
        self.handshakes.push(Box::pin(async move {
            let name = peer.to_string();
            let why = format!("the handshake was not finished within {} ms", within.as_millis());
            let late = |_| CloseReason::TlsFailed { peer: peer.to_string(), why };
            let stream = timeout(within, tls.handshake(Counted::new(stream), &name)).await.map_err(late).flatten();
            let stream = stream.map(|stream| Transport::Tls(Box::new(Secured::new(*stream))));
            (peer, stream.map(|stream| Connected { stream, peer: name }))
        }));
        Ok(())
    }

    /// Hands a connection to a link, or lets it wait for the link that it replaces.
    async fn offer(&mut self, connected: Connected, peer: SocketAddr) -> Result<(), CloseReason> {
        match self.door.offer(connected, self.when_full) {
            Offered::Taken => Ok(()),
            Offered::Closed => Err(self.full(peer)),
            Offered::Waits => {
                // If the institution's task is gone, this task ends, too.
                let _ = self.setup.replace.send(self.setup.line).await;
                Ok(())
            }
        }
    }

    fn full(&self, peer: SocketAddr) -> CloseReason {
        CloseReason::LineFull { peer: peer.to_string(), links: self.config.links }
    }

    /// Counts a refused connection, and logs it if the budget allows.
    fn refused(&mut self, why: &CloseReason) {
        let labels = [
            ("institution", self.setup.institution.to_string()),
            ("line", self.config.name.clone()),
            ("reason", why.code().to_owned()),
        ];
        metrics::counter!("fep_connections_refused_total", &labels).increment(1);
        self.report(why);
    }

    fn report(&mut self, why: &CloseReason) {
        self.setup.statuses.failed(self.setup.line, why);
        if !self.logs.take(self.setup.clock.now().steady) {
            self.unlogged += 1;
            return;
        }
        tracing::warn!(
            institution = &*self.setup.institution,
            line = self.config.name,
            why = why.to_string(),
            code = why.code(),
            unlogged = std::mem::take(&mut self.unlogged),
            "a connection was refused, or the line cannot listen"
        );
    }
}

/// Whether an error of `accept` belongs to the connection, which ended before it was accepted.
fn is_of_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}
