//! One connection: connects, reads frames, writes frames, and at its end reports the frames that certainly were not
//! written.
//!
//! A frame is what stands on the line, with the length, STX, ETX or end that encloses the telegram. The link, the machine and the
//! journal have whole frames, so that the bytes in the journal are the bytes on the wire. Only
//! [`TelegramCatalogue`](crate::telegrams::TelegramCatalogue) takes the telegram out of a frame and makes the frame of a telegram.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use fep_codec::framing::FrameSearch;
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
use fep_protocol::exchange::TelegramBytes;
use fep_protocol::reason::CloseReason;
use fep_protocol::terms::{Incarnation, Ticket};

/// An event that a link reports to its institution.
#[derive(Debug)]
pub(super) enum LinkEvent {
    Connected(Incarnation),
    /// The complete frames from one read.
    Received(Incarnation, Vec<TelegramBytes>),
    /// The stream has no valid next frame: the received bytes, and the reason.
    BadFrame(Incarnation, TelegramBytes, CloseReason),
    /// The last event of an incarnation.
    Lost {
        incarnation: Incarnation,
        why: CloseReason,
        untouched: Vec<Ticket>,
    },
}

/// The task of one link, with its settings and channels.
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
    /// Resolves, or is dropped, when the link must be closed.
    pub(super) close: oneshot::Receiver<()>,
    pub(super) statuses: Arc<LineStatuses>,
    pub(super) clock: Arc<Clock>,
}

/// The size of the write buffer, in bytes, at which the link takes no more frames. Further frames wait in their channel.
const WRITE_MAX_BYTES: usize = 64 * 1024;

/// The time for which a link still reads after the gateway closed it. An answer may cross the close. Also, unread bytes
/// would make the kernel reset the connection, and the institution would lose bytes that it has not read yet.
const LINGER: Duration = Duration::from_millis(500);

/// The buffer space for one read, in bytes.
const READ_BYTES: usize = 16 * 1024;

impl LinkTask {
    /// Runs until the connection ends. Sends [`LinkEvent::Lost`] last and exactly once.
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
        // If the institution's task is gone, there is no receiver.
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
        // Disable Nagle's algorithm: a telegram must not wait for the acknowledgement of the previous one.
        stream.set_nodelay(true).map_err(|error| self.connect_failed(&error))?;
        Ok(stream)
    }

    fn connect_failed(&self, error: &std::io::Error) -> CloseReason {
        CloseReason::ConnectFailed { address: self.address.clone(), error: error.to_string() }
    }

    /// Reads and writes until the connection ends, and returns the reason.
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
        let (stop, stopped) = oneshot::channel();
        let mut reader = tokio::spawn(reader.run(read, stopped));
        let result = self.write(&mut write, &mut reader, outbox).await;
        // If the shutdown fails, the connection is already gone.
        let _ = write.shutdown().await;
        if !reader.is_finished() && (result.is_err() || timeout(LINGER, &mut reader).await.is_err()) {
            // The reader is asked to stop and not aborted: the frames that it has read must be reported, and `Lost` must be
            // the last event.
            drop(stop);
            let _ = reader.await;
        }
        result.err().unwrap_or(CloseReason::ByUs)
    }

    /// Writes until the link is to be closed and the outbox is empty. If that is impossible, returns the reason.
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
                    // Frames that were handed over before the close are still written, as far as the write buffer has room.
                    // The rest is reported as untouched.
                    if outbox.is_empty() {
                        refused_since = Instant::now();
                    }
                    self.take_more(outbox);
                    closing = true;
                }
            }
        }
    }

    /// Takes further waiting frames, so that one write carries a batch.
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
    /// Reads until the stream ends, fails, or the sender of `stopped` is dropped, and returns the reason.
    async fn run(self, mut read: OwnedReadHalf, mut stopped: oneshot::Receiver<()>) -> CloseReason {
        let mut buffer = BytesMut::with_capacity(READ_BYTES);
        let mut search = FrameSearch::default();
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
                _ = &mut stopped => return CloseReason::ByUs,
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
                match self.framing.next(&mut search, &buffer) {
                    Ok(Some(len)) => {
                        // Copy the frame, because a slice would keep the whole buffer alive as long as the frame.
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
