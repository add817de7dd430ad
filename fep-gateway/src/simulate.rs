//! A simulated institution to test against. It listens, answers by the spec, and misbehaves by a [`Scenario`].
//!
//! It shares the codec and the framing configuration with the gateway, but no journal, no state machine and no retry. An answer is
//! the `answer` telegram of the spec. It has the fields of the request, the codes of its `when`, and the values that the scenario
//! sets. It leaves on the connection of the request, or on a line of its own (`[send_line]`). With `[bank]`, accounts and transactions decide
//! what an answer says. [`Simulator::serve_api`] changes all this while it runs.

mod chance;
mod scenario;
mod clock;
mod compose;
mod damage;
mod rules;
mod recording;
mod bank;
mod kept;
mod memory;
mod handshakes;
mod institution;
mod link;
mod send_line;
mod http;
mod days;
mod api;
mod certificates;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fep_spec::model::Spec;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{Instrument, debug, info, info_span, warn};

pub use self::certificates::{TestCertificates, make_test_certificates};
use self::handshakes::Side;
use self::institution::SimulatedInstitution;
use self::link::{Links, SimulatedLink};
use self::recording::Recorder;
pub use self::recording::{Recording, RecordingError, create_recording};
pub use self::scenario::{
    AccountValue, Answers, Assignment, Bank, BankAccount, BankValue, Calendar, Change, Delay, Does, Formula,
    HandshakeFault, Operation, Party, Percentile, Post, Remember, Replay, Rule, Scenario, ScenarioAction,
    ScenarioHandshake, ScenarioHttp, ScenarioLine, ScenarioNotice, ScenarioPoll, ScenarioSendLine, ScenarioSession,
    SendLineRole, Setting, StateDaily, StateStep, StateTable, Verdict, Verdicts,
};
use self::send_line::{SendLine, SendLineHandle};
use crate::business_clock::BusinessClock;

/// The maximum number of connections at the same time. Further connections are closed at once.
const LINKS_MAX: usize = 256;

/// A running simulated institution. It ends when the value is dropped.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    send_address: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    shared: Shared,
}

/// What all tasks of the institution share.
#[derive(Clone, Debug)]
struct Shared {
    institution: Arc<SimulatedInstitution>,
    links: Links,
    send_line: Option<SendLineHandle>,
    /// How many links there were.
    numbers: Arc<AtomicU64>,
}

impl Simulator {
    /// Listens on an address and serves each connection. If the scenario has a send line, it also connects that, or listens for it.
    ///
    /// # Errors
    /// If it cannot listen on an address.
    pub async fn start(spec: Spec, scenario: Scenario, listen: impl ToSocketAddrs) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let institution = Arc::new(SimulatedInstitution::new(spec, scenario));
        let send_line = SendLine::open(&institution).await?;
        let send_address = send_line.as_ref().and_then(SendLine::address);
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let send_line = send_line.map(|line| line.run(&mut tasks, &stopped));
        let shared = Shared { institution, links: Links::default(), send_line, numbers: Arc::default() };
        for number in 0..shared.institution.scenario.notices.len() {
            tasks.spawn(send_notices(shared.clone(), number));
        }
        for _ in 0..shared.institution.scenario.line.links {
            tasks.spawn(connect(shared.clone(), stopped.clone()));
        }
        tasks.spawn(days::run(shared.clone()));
        tasks.spawn(accept(listener, shared.clone(), stopped));
        Ok(Self { address, send_address, stop, tasks, shared })
    }

    /// Serves the interface to the running institution: HTTP and JSON, for tests, without authentication. Returns its address.
    ///
    /// # Errors
    /// If it cannot listen on the address.
    pub async fn serve_api(&mut self, listen: impl ToSocketAddrs) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        self.tasks.spawn(api::serve(listener, self.shared.clone()));
        Ok(address)
    }

    /// Records every frame from now on into a file of [`create_recording`]. Does nothing if it records already.
    pub fn record(&self, file: File) {
        self.shared.institution.record(Recorder::new(file));
    }

    /// Answers requests as a recording says, from now on. A request that is not in it is answered as ever.
    pub fn replay(&self, recording: Recording) {
        self.shared.institution.memory().recording = Some(recording);
    }

    /// The clock of the institution. A gateway in this process can share it.
    #[must_use]
    pub fn clock(&self) -> BusinessClock {
        self.shared.institution.memory().clock.business().clone()
    }

    /// What it shows and wants on each kind of connection with TLS, a sentence for each.
    #[must_use]
    pub fn explain_tls(&self) -> Vec<String> {
        self.shared.institution.handshakes.explain()
    }

    /// The address on which it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address on which it listens for its send line, if the gateway connects that.
    #[must_use]
    pub const fn send_address(&self) -> Option<SocketAddr> {
        self.send_address
    }

    /// Closes the listener and every link.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        self.tasks.shutdown().await;
    }
}

async fn accept(listener: TcpListener, shared: Shared, stop: watch::Receiver<bool>) {
    let mut running = JoinSet::new();
    loop {
        while running.try_join_next().is_some() {}
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // The usual cause is a lack of file descriptors, and only waiting helps.
                warn!(%error, "cannot accept");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            }
        };
        let line = &shared.institution.scenario.line;
        let max = line.links_max.unwrap_or(LINKS_MAX);
        if running.len() >= max {
            let has_place = line.replaces && shared.links.close_oldest();
            warn!(%peer, max, replaces = has_place, "one link more than there may be");
            if !has_place {
                continue;
            }
        }
        running.spawn(serve(Side::Listens, stream, peer.to_string(), shared.clone(), stop.clone()));
    }
}

/// Connects to the gateway, again and again.
async fn connect(shared: Shared, stop: watch::Receiver<bool>) {
    let line = shared.institution.scenario.line.clone();
    let Some(address) = line.connect else { return };
    while !*stop.borrow() {
        match TcpStream::connect(address.as_str()).await {
            Ok(stream) => serve(Side::Connects, stream, address.clone(), shared.clone(), stop.clone()).await,
            Err(error) => debug!(%error, address, "cannot connect"),
        }
        tokio::time::sleep(line.reconnect).await;
    }
}

async fn serve(side: Side, stream: TcpStream, peer: String, shared: Shared, stop: watch::Receiver<bool>) {
    let Shared { institution, links, send_line, numbers } = shared;
    let number = numbers.fetch_add(1, Ordering::Relaxed) + 1;
    let span = info_span!("link", number, peer);
    let served = async move {
        info!("connected");
        let Some(stream) = institution.handshakes.begin(side, stream, &peer).await else { return };
        if institution.scenario.http.is_some() {
            return http::serve(stream, institution, number).await;
        }
        let link = SimulatedLink::new(institution, number, links, send_line.map(SendLineHandle::into_steps));
        link.run(stream, stop).await;
        info!("closed");
    };
    served.instrument(span).await;
}

impl Shared {
    /// Sends a frame that no request asked for: on the send line, or else on the open link whose turn it is. Returns false if no link takes it.
    fn send_unasked(&self, frame: Vec<u8>, turn: usize) -> bool {
        let open = self.links.open();
        let Some(link) = open.get(turn % open.len().max(1)) else { return false };
        match &self.send_line {
            Some(line) => line.is_open() && line.send(frame),
            None => link.send(frame),
        }
    }

    /// Whether a frame could be sent now.
    fn can_send(&self) -> bool {
        !self.links.open().is_empty() && self.send_line.as_ref().is_none_or(SendLineHandle::is_open)
    }
}

/// Sends one of the scenario's notices repeatedly: on the send line, or else on each open link in turn.
async fn send_notices(shared: Shared, number: usize) {
    let institution = &shared.institution;
    let Some(every) = institution.scenario.notices.get(number).map(|notice| notice.every) else { return };
    let mut turn = 0_usize;
    loop {
        tokio::time::sleep(every).await;
        if !shared.can_send() {
            continue;
        }
        match institution.notice(number) {
            Some(Ok(frame)) => {
                if !shared.send_unasked(frame, turn) {
                    warn!("a notice is dropped: the link is too slow");
                }
                turn = turn.wrapping_add(1);
            }
            Some(Err(error)) => warn!(error, "the notice cannot be made"),
            None => return,
        }
    }
}
