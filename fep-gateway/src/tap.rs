//! A tap: a transparent TCP proxy between a client and an institution that records what passes, by the spec.
//!
//! It passes every byte untouched, decides nothing and has no journal. Traffic comes first: it never waits for the recorder. What the
//! recorder has no room for is counted, and the record says where it is missing.
//!
//! ```text
//!  client ──TCP──► tap ──TCP──► institution        `out`
//!         ◄──────       ◄──────                    `in`
//!                   │ copies, in a bounded queue
//!                   ▼
//!                recorder ──► one line of JSON for each frame
//! ```
//!
//! # The lines
//! Each line is a JSON object. The keys are those of `fep-gateway journal export`, and a key that does not apply is absent. `bytes` is the
//! whole frame as it was on the line, as in the journal: the telegram with what encloses it.
//!
//! | key | is |
//! |---|---|
//! | `number` | the number of the line, from 1 in each run |
//! | `at` | when the tap had the last byte of it, in UTC |
//! | `kind` | `start`, `open`, `frame`, `raw`, `end_of_data`, `close`, `lost`, `end` |
//! | `connection` | the number of the connection, from 1 in each run |
//! | `direction` | `out` goes to the institution, `in` comes from it |
//! | `peer` | in `open`: the address of the client |
//! | `listen`, `connect` | in `start`: the addresses of the tap and of the institution |
//! | `telegram` | in `frame`: the name in the spec. Absent if the spec does not recognise it, or if the frame is a poll without a telegram |
//! | `trace` | in `frame`: the value of the field that [`TapOptions::trace`] names |
//! | `fault` | in `raw`: why these bytes are not shown as a frame, as a sentence without bytes |
//! | `reason` | in `close`: why the connection ended, unless both sides ended it in order |
//! | `lost` | in `lost`: the number of bytes that are missing here |
//! | `bytes` | in `frame` and `raw`: lower-case hexadecimal digits |
//! | `fields`, `len` | with [`TapOptions::masked`], in place of `bytes`: the fields with secrets hidden, and the length in bytes |
//!
//! A connection whose bytes cannot be cut into frames any more is recorded as they arrive, in `raw` lines, until it ends. After a `lost` line,
//! frames begin again with the first bytes that are whole telegrams of the spec. A file without a last line `end` was not ended in order.

mod queue;
mod file;
mod lines;
mod cutting;
mod recorder;
mod passing;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use fep_spec::framing::Framing;
use fep_spec::model::Spec;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{info, warn};

pub use self::file::RecordFile;
use self::file::Store;
use self::lines::Reader;
use self::passing::{Passing, reset};
use self::queue::{Event, Limits, Queue};
pub use self::recorder::RecordEnd;
use self::recorder::{Recorder, Running};

/// The default of [`TapOptions::connections_max`].
pub const CONNECTIONS_MAX: usize = 256;
/// How long the end waits for bytes that were read and not passed on yet.
const PASS_ON_MAX: Duration = Duration::from_secs(1);

/// What is tapped, and how it is recorded.
#[derive(Clone, Debug)]
pub struct TapOptions {
    /// The address of the institution: `host:port`. A name is looked up for each connection.
    pub connect: String,
    /// The maximum number of connections at the same time. Further connections are closed at once.
    pub connections_max: usize,
    /// The telegrams of the institution.
    pub spec: Spec,
    /// How a frame encloses its telegram.
    pub framing: Framing,
    /// The path of the field that becomes `trace`: `header.trace_no`.
    pub trace: Option<String>,
    /// Records the fields of each telegram with secrets hidden, and no bytes.
    pub masked: bool,
}

/// A running tap. Its connections end when the value is dropped; use [`Tap::stop`], so that the record is complete.
#[derive(Debug)]
pub struct Tap {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    recording: Option<Running>,
}

impl Tap {
    /// Listens on an address, and connects the institution for each connection that it accepts. Without a file it only passes bytes.
    ///
    /// # Errors
    /// If it cannot listen on the address, or cannot start the thread of the recorder.
    pub async fn start(options: TapOptions, listen: SocketAddr, record: Option<RecordFile>) -> io::Result<Self> {
        let store = record.map(|file| Box::new(file) as Box<dyn Store>);
        Self::start_with(options, listen, store, Limits::USUAL).await
    }

    async fn start_with(
        options: TapOptions,
        listen: SocketAddr,
        store: Option<Box<dyn Store>>,
        limits: Limits,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let TapOptions { connect, connections_max, spec, framing, trace, masked } = options;
        let reader = Reader { spec, framing, trace, masked };
        let start = |store| Recorder::start(store, reader, Queue::new(limits), address, &connect);
        let recording = store.map(start).transpose()?;
        let queue = recording.as_ref().map(Running::queue);
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Shared { connect: connect.into(), connections_max, queue }, stopped));
        Ok(Self { address, stop, tasks, recording })
    }

    /// The address on which it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the listener and every connection, and writes what is not in the file yet. Waits for a few seconds at most. Returns what was
    /// recorded, if there is a record.
    pub async fn stop(mut self) -> Option<RecordEnd> {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
        match self.recording {
            Some(recording) => Some(recording.finish().await),
            None => None,
        }
    }
}

/// What all connections share.
#[derive(Clone, Debug)]
struct Shared {
    connect: Arc<str>,
    connections_max: usize,
    queue: Option<Arc<Queue>>,
}

impl Shared {
    fn note(&self, event: Event) {
        if let Some(queue) = &self.queue {
            queue.push(event);
        }
    }
}

/// Accepts connections until the tap stops, then waits for those that are open.
async fn accept(listener: TcpListener, shared: Shared, mut stop: watch::Receiver<bool>) {
    let mut running = JoinSet::new();
    for connection in 1.. {
        let accepted = tokio::select! {
            accepted = next(&listener) => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        while running.try_join_next().is_some() {}
        let (client, peer) = accepted;
        shared.note(Event::Opened { connection, peer });
        if running.len() >= shared.connections_max {
            let max = shared.connections_max;
            warn!(connection, %peer, max, "one connection more than there may be: it is closed (--connections-max)");
            let reason = format!("the tap had {max} connections already");
            shared.note(Event::Closed { connection, reason: Some(reason) });
            reset(&client);
            continue;
        }
        running.spawn(serve(client, peer, connection, shared.clone(), stop.clone()));
    }
    drop(listener);
    let all = async { while running.join_next().await.is_some() {} };
    if tokio::time::timeout(PASS_ON_MAX + PASS_ON_MAX, all).await.is_err() {
        running.shutdown().await;
    }
}

/// The next connection. The usual cause of an error is a lack of file descriptors, and only waiting helps.
async fn next(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => warn!(%error, "cannot accept a connection; trying again"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn serve(client: TcpStream, peer: SocketAddr, connection: u64, shared: Shared, mut stop: watch::Receiver<bool>) {
    info!(connection, %peer, "connected");
    let passing = Passing { connection, queue: shared.queue.as_deref() };
    let mut grace = stop.clone();
    let overdue = async {
        // An error means that the tap is gone, which is a stop, too.
        let _ = grace.wait_for(|stop| *stop).await;
        tokio::time::sleep(PASS_ON_MAX).await;
    };
    let reason = tokio::select! {
        reason = passing.run(client, &shared.connect, &mut stop) => reason,
        () = overdue => Some("the tap ended, and a side did not take all that was left".to_owned()),
    };
    match &reason {
        None => info!(connection, "closed"),
        Some(reason) => info!(connection, reason, "closed"),
    }
    shared.note(Event::Closed { connection, reason });
}
