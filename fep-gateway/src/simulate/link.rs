//! One connection of the simulated institution. It reads frames, waits, and writes answers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::BytesMut;
use fep_codec::framing::FrameSearch;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{info, warn};

use super::handshakes::Stream;
use super::institution::{Act, LinkMemory, SimulatedInstitution, Step};
use crate::passed::Direction;

/// The maximum number of acts that wait to be written. When the queue is full, delayed acts wait for room.
pub(super) const QUEUE_MAX: usize = 4096;
/// The maximum number of answers that wait for the end of their delay. More answers stop the reader.
const DELAYED_MAX: usize = 65_536;

/// The time of what is not wanted: longer than a test.
const NEVER: Duration = Duration::from_secs(30 * 86_400);

/// All links that are connected now, by their numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Links(Arc<Mutex<BTreeMap<u64, LinkHandle>>>);

/// Gives access to a link from outside its task.
#[derive(Clone, Debug)]
pub(super) struct LinkHandle {
    queue: mpsc::Sender<Act>,
    open: Arc<AtomicBool>,
}

impl Links {
    /// The links on which business is open.
    pub(super) fn open(&self) -> Vec<LinkHandle> {
        self.all().values().filter(|link| link.is_open()).cloned().collect()
    }

    /// Closes the link that came first. Returns false if there is none.
    pub(super) fn close_oldest(&self) -> bool {
        // A link that is full of acts is closed by the other side, which gets nothing any more.
        self.all().pop_first().is_some_and(|(_, oldest)| oldest.queue.try_send(Act::Close).is_ok())
    }

    /// The next link after this one, or `None` if there is no other.
    fn next(&self, number: u64) -> Option<LinkHandle> {
        let links = self.all();
        let next = links.range(number.saturating_add(1)..).next().or_else(|| links.range(..number).next());
        next.map(|(_, link)| link.clone())
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<u64, LinkHandle>> {
        // The map is consistent after every single change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LinkHandle {
    /// Whether business is open on the link.
    pub(super) fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    /// Queues a frame. Returns false if the queue is full or the link is gone.
    pub(super) fn send(&self, frame: Vec<u8>) -> bool {
        self.queue.try_send(Act::Send(frame)).is_ok()
    }
}

/// Where the steps of a link are carried out.
enum Way {
    /// On its own connection.
    Here(Delays),
    /// On the send line of the institution.
    SendLine(mpsc::Sender<Step>),
}

/// Steps that wait for the end of their delay.
#[derive(Debug)]
pub(super) struct Delays {
    queue: mpsc::Sender<Act>,
    delayed: JoinSet<()>,
}

/// A link, with the handle to it.
pub(super) struct SimulatedLink {
    institution: Arc<SimulatedInstitution>,
    number: u64,
    links: Links,
    memory: LinkMemory,
    search: FrameSearch,
    handle: LinkHandle,
    acts: mpsc::Receiver<Act>,
    way: Way,
}

impl Delays {
    /// Steps whose acts go into this queue.
    pub(super) fn new(queue: mpsc::Sender<Act>) -> Self {
        Self { queue, delayed: JoinSet::new() }
    }

    /// Queues the acts of a step after its delay. Waits if too many steps are delayed.
    pub(super) async fn later(&mut self, step: Step) {
        let queue = self.queue.clone();
        while self.delayed.try_join_next().is_some() {}
        if self.delayed.len() >= DELAYED_MAX {
            self.delayed.join_next().await;
        }
        self.delayed.spawn(async move {
            if !step.after.is_zero() {
                tokio::time::sleep(step.after).await;
            }
            for act in step.acts {
                // An error means that the link is gone, so the act is useless.
                let _ = queue.send(act).await;
            }
        });
    }
}

impl SimulatedLink {
    /// A link whose answers leave on it, or on the send line if there is one.
    pub(super) fn new(
        institution: Arc<SimulatedInstitution>,
        number: u64,
        links: Links,
        send_line: Option<mpsc::Sender<Step>>,
    ) -> Self {
        let (queue, acts) = mpsc::channel(QUEUE_MAX);
        let way = send_line.map_or_else(|| Way::Here(Delays::new(queue.clone())), Way::SendLine);
        let open = Arc::new(AtomicBool::new(institution.scenario.session.is_none()));
        let memory = LinkMemory::default();
        let search = FrameSearch::default();
        Self { institution, number, links, memory, search, handle: LinkHandle { queue, open }, acts, way }
    }

    /// Serves the connection until one side closes it or `stop` changes.
    pub(super) async fn run(mut self, mut stream: Box<dyn Stream>, mut stop: watch::Receiver<bool>) {
        self.links.all().insert(self.number, self.handle.clone());
        let mut buffer = BytesMut::new();
        let line = self.institution.scenario.line.clone();
        let poll = self.institution.poll();
        let mut polls = tokio::time::interval(poll.as_ref().map_or(NEVER, |(_, every)| *every));
        // The first tick of an interval is at once.
        polls.tick().await;
        let end = Instant::now() + line.lifetime.unwrap_or(NEVER);
        let mut crossed = Instant::now();
        loop {
            let idle_end = crossed + line.idle_close.unwrap_or(NEVER);
            tokio::select! {
                read = stream.read_buf(&mut buffer) => match read {
                    Ok(0) => break,
                    Ok(_) if self.frames(&mut buffer).await => crossed = Instant::now(),
                    Ok(_) => break,
                    Err(error) => {
                        info!(%error, "the link broke");
                        break;
                    }
                },
                Some(act) = self.acts.recv() => {
                    if !self.act(&mut stream, act).await {
                        break;
                    }
                    crossed = Instant::now();
                }
                _ = polls.tick() => if let Some((frame, _)) = &poll
                    && !self.act(&mut stream, Act::Send(frame.clone())).await
                {
                    break;
                },
                () = tokio::time::sleep_until(end.min(idle_end)) => {
                    info!("the institution closes the link");
                    break;
                }
                _ = stop.changed() => break,
            }
        }
        self.links.all().remove(&self.number);
        // The queue ends with the link, so delayed answers are not sent.
        if let Way::Here(delays) = &mut self.way {
            delays.delayed.shutdown().await;
        }
        let _ = stream.shutdown().await;
    }

    fn name(&self) -> String {
        format!("link {}", self.number)
    }

    /// Takes all complete frames out of the buffer. Returns false if the remaining bytes cannot be trusted.
    async fn frames(&mut self, buffer: &mut BytesMut) -> bool {
        loop {
            match self.institution.scenario.framing.next(&mut self.search, buffer) {
                Ok(Some(len)) => {
                    let frame = buffer.split_to(len);
                    self.institution.crossed(Direction::Out, &self.name(), &frame);
                    let step = self.institution.receive(&mut self.memory, &frame);
                    self.handle
                        .open
                        .store(self.memory.open || self.institution.scenario.session.is_none(), Ordering::Relaxed);
                    match (step, &mut self.way) {
                        (Some(step), Way::Here(delays)) => delays.later(step).await,
                        // An error means that the institution has stopped.
                        (Some(step), Way::SendLine(steps)) => drop(steps.send(step).await),
                        (None, _) => {}
                    }
                }
                Ok(None) => return true,
                Err(error) => {
                    warn!(%error, "the link is closed");
                    return false;
                }
            }
        }
    }

    /// Carries out one act. Returns false if the link has ended.
    async fn act(&mut self, stream: &mut Box<dyn Stream>, act: Act) -> bool {
        let bytes = match act {
            Act::Send(bytes) => bytes,
            Act::SendElsewhere(bytes) => match self.links.next(self.number) {
                Some(other) if other.send(bytes.clone()) => return true,
                _ => {
                    warn!("there is no other link, the answer leaves on its own");
                    bytes
                }
            },
            Act::Flush => self.memory.flush(),
            Act::Close => return false,
        };
        self.institution.crossed(Direction::In, &self.name(), &bytes);
        stream.write_all(&bytes).await.is_ok() && stream.flush().await.is_ok()
    }
}
