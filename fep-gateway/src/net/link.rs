//! One connection: connect, read frames, write frames, and at its end say what certainly was not written.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use super::clock::Clock;
use super::outbox::Outbox;
use super::statuses::LineStatuses;
use crate::config::Framing;
use crate::exchange::TelegramBytes;
use crate::machine::reason::CloseReason;
use crate::machine::terms::{Incarnation, Ticket};

/// What a link tells its institution.
#[derive(Debug)]
pub(super) enum LinkEvent {
    Connected(Incarnation),
    /// Whole frames, as they came in one read.
    Received(Incarnation, Vec<TelegramBytes>),
    /// The stream has no next frame: what stands there, and why.
    BadFrame(Incarnation, TelegramBytes, CloseReason),
    /// The last thing that is heard of an incarnation.
    Lost {
        incarnation: Incarnation,
        why: CloseReason,
        untouched: Vec<Ticket>,
    },
}

/// What a link needs.
#[derive(Debug)]
pub(super) struct LinkTask {
    pub(super) incarnation: Incarnation,
    pub(super) address: String,
    pub(super) connect_timeout: Duration,
    pub(super) write_timeout: Duration,
    pub(super) frame_timeout: Duration,
    pub(super) framing: Framing,
    pub(super) events: mpsc::Sender<LinkEvent>,
    pub(super) frames: mpsc::Receiver<(Ticket, TelegramBytes)>,
    /// Resolves, or is dropped, when the link shall be closed.
    pub(super) close: oneshot::Receiver<()>,
    pub(super) statuses: Arc<LineStatuses>,
    pub(super) clock: Arc<Clock>,
}

/// Bytes that one write carries at most; more frames wait in their channel.
const WRITE_MAX_BYTES: usize = 64 * 1024;

/// How long a link that we close still reads: an answer may cross our close, and unread bytes would make the kernel reset the
/// connection and throw away what the institution has not read yet.
const LINGER: Duration = Duration::from_millis(500);

/// Bytes that one read asks for.
const READ_BYTES: usize = 16 * 1024;

impl LinkTask {
    /// Lives until the connection ends. Sends [`LinkEvent::Lost`] last and exactly once.
    pub(super) async fn run(mut self) {
        let mut outbox = Outbox::default();
        let why = match self.connect().await {
            Ok(stream) => self.carry(stream, &mut outbox).await,
            Err(why) => why,
        };
        self.frames.close();
        let mut untouched = outbox.untouched();
        while let Ok((ticket, _)) = self.frames.try_recv() {
            untouched.push(ticket);
        }
        // If the institution's task is gone, nobody is left to tell.
        let _ = self.events.send(LinkEvent::Lost { incarnation: self.incarnation, why, untouched }).await;
    }

    async fn connect(&mut self) -> Result<TcpStream, CloseReason> {
        let connect = timeout(self.connect_timeout, TcpStream::connect(&self.address));
        let stream = tokio::select! {
            result = connect => match result {
                Ok(Ok(stream)) => stream,
                Ok(Err(error)) => return Err(self.connect_failed(&error)),
                Err(_) => {
                    let address = self.address.clone();
                    return Err(CloseReason::ConnectTimeout { address, within: self.connect_timeout });
                }
            },
            _ = &mut self.close => return Err(CloseReason::Unconnected),
        };
        // A telegram must not wait for the answer to the one before.
        stream.set_nodelay(true).map_err(|error| self.connect_failed(&error))?;
        Ok(stream)
    }

    fn connect_failed(&self, error: &std::io::Error) -> CloseReason {
        CloseReason::ConnectFailed { address: self.address.clone(), error: error.to_string() }
    }

    /// Reads and writes until one side has enough, and says why.
    async fn carry(&mut self, stream: TcpStream, outbox: &mut Outbox) -> CloseReason {
        if self.events.send(LinkEvent::Connected(self.incarnation)).await.is_err() {
            return CloseReason::TaskFailed;
        }
        let (read, mut write) = stream.into_split();
        let reader = Reader {
            incarnation: self.incarnation,
            framing: self.framing.clone(),
            frame_timeout: self.frame_timeout,
            events: self.events.clone(),
            statuses: Arc::clone(&self.statuses),
            clock: Arc::clone(&self.clock),
        };
        let (enough, had_enough) = oneshot::channel();
        let mut reader = tokio::spawn(reader.run(read, had_enough));
        let result = self.write(&mut write, &mut reader, outbox).await;
        // If it cannot be shut down it is gone, which is what we want.
        let _ = write.shutdown().await;
        if !reader.is_finished() && (result.is_err() || timeout(LINGER, &mut reader).await.is_err()) {
            // Asked and not aborted: what it has read must be told, and `Lost` must be the last thing that is heard.
            drop(enough);
            let _ = reader.await;
        }
        result.err().unwrap_or(CloseReason::ByUs)
    }

    /// Writes until the link shall be closed and everything promised is written, or until that cannot be done, and why.
    async fn write(
        &mut self,
        write: &mut OwnedWriteHalf,
        reader: &mut JoinHandle<CloseReason>,
        outbox: &mut Outbox,
    ) -> Result<(), CloseReason> {
        let mut refused_since = Instant::now();
        let mut closing = false;
        loop {
            if closing && outbox.is_empty() {
                return Ok(());
            }
            tokio::select! {
                why = &mut *reader => return Err(why.unwrap_or(CloseReason::TaskFailed)),
                result = write.write(outbox.bytes()), if !outbox.is_empty() => match result {
                    Ok(0) => return Err(CloseReason::Write("the connection takes no more bytes".to_owned())),
                    Ok(count) => {
                        outbox.taken(count);
                        refused_since = Instant::now();
                        self.statuses.sent(self.incarnation, self.clock.now().wall_ms);
                    }
                    Err(error) => return Err(CloseReason::Write(error.to_string())),
                },
                () = sleep_until(refused_since + self.write_timeout), if !outbox.is_empty() => {
                    return Err(CloseReason::WriteTimeout { within: self.write_timeout });
                }
                frame = self.frames.recv(), if !closing && outbox.bytes().len() < WRITE_MAX_BYTES => {
                    let Some((ticket, bytes)) = frame else { return Err(CloseReason::TaskFailed) };
                    if outbox.is_empty() {
                        refused_since = Instant::now();
                    }
                    outbox.push(ticket, &bytes);
                    self.take_more(outbox);
                }
                _ = &mut self.close, if !closing => {
                    // What was promised to the wire before the close still goes.
                    if outbox.is_empty() {
                        refused_since = Instant::now();
                    }
                    self.take_more(outbox);
                    closing = true;
                }
            }
        }
    }

    /// Takes what else waits, so that one write carries a batch.
    fn take_more(&mut self, outbox: &mut Outbox) {
        while outbox.bytes().len() < WRITE_MAX_BYTES {
            let Ok((ticket, bytes)) = self.frames.try_recv() else { break };
            outbox.push(ticket, &bytes);
        }
    }
}

struct Reader {
    incarnation: Incarnation,
    framing: Framing,
    frame_timeout: Duration,
    events: mpsc::Sender<LinkEvent>,
    statuses: Arc<LineStatuses>,
    clock: Arc<Clock>,
}

impl Reader {
    /// Reads until the stream ends, breaks, or `enough` is dropped, and says why.
    async fn run(self, mut read: OwnedReadHalf, mut enough: oneshot::Receiver<()>) -> CloseReason {
        let mut buffer = BytesMut::with_capacity(READ_BYTES);
        let mut offset = 0_u64;
        let mut begun = Instant::now();
        loop {
            buffer.reserve(READ_BYTES);
            let between_frames = buffer.is_empty();
            let result = tokio::select! {
                result = read.read_buf(&mut buffer) => result,
                () = sleep_until(begun + self.frame_timeout), if !between_frames => {
                    let why = CloseReason::FrameTimeout { within: self.frame_timeout, len: buffer.len() };
                    return self.bad_frame(buffer, why).await;
                }
                _ = &mut enough => return CloseReason::ByUs,
            };
            match result {
                Ok(0) if buffer.is_empty() => return CloseReason::ByInstitution,
                Ok(0) => {
                    let why = CloseReason::FrameCut { len: buffer.len() };
                    return self.bad_frame(buffer, why).await;
                }
                Ok(_) => self.statuses.received(self.incarnation, self.clock.now().wall_ms),
                Err(error) => return CloseReason::Read(error.to_string()),
            }
            let mut frames = Vec::new();
            let broken = loop {
                match self.framing.next(&buffer) {
                    Ok(Some(len)) => {
                        // A copy, for a slice would keep the whole buffer alive for as long as the frame is kept.
                        frames.push(TelegramBytes::copy_of(buffer.get(..len).unwrap_or_default()));
                        buffer.advance(len);
                        offset += u64::try_from(len).unwrap_or(u64::MAX);
                    }
                    Ok(None) => break None,
                    Err(error) => break Some(error),
                }
            };
            if between_frames || !frames.is_empty() {
                begun = Instant::now();
            }
            if !frames.is_empty() && self.events.send(LinkEvent::Received(self.incarnation, frames)).await.is_err() {
                return CloseReason::TaskFailed;
            }
            if let Some(error) = broken {
                return self.bad_frame(buffer, CloseReason::BadFrame { offset, error }).await;
            }
        }
    }

    async fn bad_frame(&self, buffer: BytesMut, why: CloseReason) -> CloseReason {
        let _ =
            self.events.send(LinkEvent::BadFrame(self.incarnation, TelegramBytes::copy_of(&buffer), why.clone())).await;
        why
    }
}

#[cfg(test)]
mod tests;
