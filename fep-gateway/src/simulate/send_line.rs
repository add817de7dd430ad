//! The send line of the simulated institution: a connection on which it only sends, if the contract has separate lines.
//!
//! Requests come on other connections. Their answers wait here for the end of their delay, and for a connection if there is none. So an
//! answer can come late, on a later connection than the one on which it was expected.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tracing::{Instrument, info, info_span, warn};

use super::handshakes::{Side, Stream};
use super::institution::{Act, SimulatedInstitution, Step};
use super::link::{Delays, QUEUE_MAX};
use super::scenario::SendLineRole;
use crate::passed::Direction;

/// The pause after a connection that failed or ended, before the next one.
const PAUSE: Duration = Duration::from_millis(200);

/// The send line before it runs.
pub(super) struct SendLine {
    institution: Arc<SimulatedInstitution>,
    end: End,
}

/// Who connects.
enum End {
    Connect(String),
    Listen(TcpListener),
}

/// Gives access to the send line from outside its tasks.
#[derive(Clone, Debug)]
pub(super) struct SendLineHandle {
    institution: Arc<SimulatedInstitution>,
    steps: mpsc::Sender<Step>,
    connected: Arc<AtomicBool>,
}

impl SendLine {
    /// The send line of the scenario, or `None` if it has none.
    pub(super) async fn open(institution: &Arc<SimulatedInstitution>) -> io::Result<Option<Self>> {
        let Some(line) = &institution.scenario.send_line else { return Ok(None) };
        let end = match &line.role {
            SendLineRole::Connect(address) => End::Connect(address.clone()),
            SendLineRole::Listen(address) => End::Listen(TcpListener::bind(address).await?),
        };
        Ok(Some(Self { institution: Arc::clone(institution), end }))
    }

    /// The address on which it listens, if it does.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        match &self.end {
            End::Connect(_) => None,
            End::Listen(listener) => listener.local_addr().ok(),
        }
    }

    /// Starts its tasks.
    pub(super) fn run(self, tasks: &mut JoinSet<()>, stop: &watch::Receiver<bool>) -> SendLineHandle {
        let (steps, mut arrived) = mpsc::channel(QUEUE_MAX);
        let (queue, acts) = mpsc::channel(QUEUE_MAX);
        let connected = Arc::new(AtomicBool::new(false));
        tasks.spawn(async move {
            let mut delays = Delays::new(queue);
            while let Some(step) = arrived.recv().await {
                delays.later(step).await;
            }
        });
        let handle =
            SendLineHandle { institution: Arc::clone(&self.institution), steps, connected: Arc::clone(&connected) };
        tasks.spawn(self.connections(acts, connected, stop.clone()).instrument(info_span!("send line")));
        handle
    }

    /// Makes one connection after the other.
    async fn connections(
        self,
        mut acts: mpsc::Receiver<Act>,
        connected: Arc<AtomicBool>,
        mut stop: watch::Receiver<bool>,
    ) {
        loop {
            let stream = match &self.end {
                End::Connect(address) => {
                    TcpStream::connect(address.as_str()).await.map(|stream| (stream, address.clone()))
                }
                End::Listen(listener) => listener.accept().await.map(|(stream, peer)| (stream, peer.to_string())),
            };
            let stream = match stream {
                Ok((stream, peer)) => self.institution.handshakes.begin(Side::SendLine, stream, &peer).await,
                Err(_) => None,
            };
            if let Some(stream) = stream {
                info!("connected");
                self.institution.send_line_connected();
                connected.store(true, Ordering::Relaxed);
                let is_stopped = self.serve(stream, &mut acts, &mut stop).await;
                connected.store(false, Ordering::Relaxed);
                info!("closed");
                if is_stopped {
                    return;
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Sends until one side closes the connection. Returns whether the institution stopped.
    async fn serve(
        &self,
        mut stream: Box<dyn Stream>,
        acts: &mut mpsc::Receiver<Act>,
        stop: &mut watch::Receiver<bool>,
    ) -> bool {
        let line = self.institution.scenario.send_line.as_ref();
        let every = line.and_then(|line| line.sign_on.as_ref()).map_or(Duration::MAX, |sign_on| sign_on.every);
        let mut sign_on = tokio::time::interval(every);
        sign_on.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut byte = [0];
        loop {
            let bytes = tokio::select! {
                read = stream.read(&mut byte) => {
                    if matches!(read, Ok(1)) {
                        warn!("the other side wrote on the line on which only the institution sends");
                    }
                    return false;
                }
                act = acts.recv() => match act {
                    Some(Act::Send(bytes) | Act::SendElsewhere(bytes)) => bytes,
                    Some(Act::Flush) => self.institution.flush(),
                    Some(Act::Close) | None => return false,
                },
                _ = sign_on.tick() => match self.institution.sign_on() {
                    Some(Ok(frame)) => frame,
                    Some(Err(error)) => {
                        warn!(error, "the sign-on cannot be made");
                        continue;
                    }
                    None => continue,
                },
                _ = stop.changed() => return true,
            };
            self.institution.crossed(Direction::In, "send line", &bytes);
            if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
                return false;
            }
        }
    }
}

impl SendLineHandle {
    /// Whether notices may be sent: it is connected, and the institution's sign-on was answered if there is one.
    pub(super) fn is_open(&self) -> bool {
        self.connected.load(Ordering::Relaxed) && self.institution.is_signed_on()
    }

    /// Queues a frame. Returns false if the queue is full or the institution stopped.
    pub(super) fn send(&self, frame: Vec<u8>) -> bool {
        self.steps.try_send(Step { after: Duration::ZERO, acts: vec![Act::Send(frame)] }).is_ok()
    }

    /// The queue of steps.
    pub(super) fn into_steps(self) -> mpsc::Sender<Step> {
        self.steps
    }
}
