//! One connection: waits until it is established, reads frames, writes frames, and at its end reports the frames that certainly were not
//! written. One task does all of that, over any stream.
//!
//! A frame is what is sent on the line: the telegram with the length, STX, ETX or end that encloses it. The link, the machine and the
//! journal have whole frames, so that the bytes in the journal are the bytes on the wire. Only
//! [`TelegramCatalogue`](crate::telegrams::TelegramCatalogue) takes the telegram out of a frame and makes the frame of a telegram.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use fep_codec::framing::FrameSearch;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::io::poll_read_buf;

use super::clock::Clock;
use super::outbox::Outbox;
use super::statuses::LineStatuses;
use super::transport::{Connected, Origin};
use crate::config::Framing;
use crate::tls::Party;
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
    pub(super) origin: Origin,
    pub(super) write_timeout: Duration,
    pub(super) frame_timeout: Duration,
    pub(super) framing: Framing,
    pub(super) events: mpsc::Sender<LinkEvent>,
    pub(super) outbox: Arc<Outbox>,
    pub(super) statuses: Arc<LineStatuses>,
    pub(super) clock: Arc<Clock>,
}

/// The time for which a link still reads after the gateway closed it. An answer may cross the close. Also, unread bytes
/// would make the kernel reset the connection, and the institution would lose bytes that it has not read yet.
const LINGER: Duration = Duration::from_millis(500);

/// The buffer space for one read, in bytes.
const READ_BYTES: usize = 16 * 1024;

/// The number of bytes that are kept of something that is not a frame.
const BAD_FRAME_MAX_BYTES: usize = 4096;

/// The maximum number of writes before the link reads again.
const WRITES_MAX: usize = 16;

/// Something that happened on the connection.
enum Happening {
    /// The kernel took bytes.
    Wrote,
    /// The kernel took the bytes that the stream held.
    Flushed,
    /// The kernel takes no bytes at present, and something waits.
    Refused,
    /// What was begun to be written was not ended in time.
    TooLate,
    /// Bytes were read into the buffer. 0 is the end of the stream.
    Read(usize),
    /// The link may read more frames, some of which are in the buffer already.
    Credits,
    WriteFailed(io::Error),
    ReadFailed(io::Error),
    /// The connection is to be closed at once.
    Cut,
}

/// The state of a connection.
struct Carriage<S> {
    stream: S,
    buffer: BytesMut,
    search: FrameSearch,
    /// The number of bytes of the connection before the buffer.
    offset: u64,
    /// When the first byte of the frame in the buffer came.
    begun: Instant,
    /// Whether the stream may hold bytes that the kernel has not taken, as TLS does.
    unflushed: bool,
    /// Since when the kernel has taken nothing although something waits.
    refused_since: Option<Instant>,
    /// When something was written last, if a part of it may not be in the kernel yet: the rest of a frame, or what the stream holds.
    begun_writing: Option<Instant>,
    /// Whether the buffer may hold complete frames that were not reported for lack of credits.
    held: bool,
    /// After our half is closed: how long we still read.
    linger: Option<Instant>,
}

impl LinkTask {
    /// Runs until the connection ends. Sends [`LinkEvent::Lost`] last and exactly once.
    pub(super) async fn run(self) {
        let why = match self.connect().await {
            Ok(Connected { stream, peer }) => {
                self.statuses.connected(self.incarnation, peer);
                self.carry(stream).await
            }
            Err(why) => why,
        };
        let untouched = self.outbox.untouched();
        // If the institution's task is gone, there is no receiver.
        let _ = self.events.send(LinkEvent::Lost { incarnation: self.incarnation, why, untouched }).await;
    }

    async fn connect(&self) -> Result<Connected, CloseReason> {
        let closed = poll_fn(|cx| {
            self.outbox.poll_credits(cx);
            if self.outbox.is_closing() { Poll::Ready(()) } else { Poll::Pending }
        });
        tokio::select! {
            biased;
            () = closed => Err(CloseReason::Unconnected),
            result = self.origin.connect() => result,
        }
    }

    /// Reads and writes until the connection ends, and returns the reason.
    pub(super) async fn carry<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> CloseReason {
        if self.events.send(LinkEvent::Connected(self.incarnation)).await.is_err() {
            return CloseReason::TaskFailed;
        }
        let now = Instant::now();
        let mut carriage = Carriage {
            stream,
            buffer: BytesMut::with_capacity(READ_BYTES),
            search: FrameSearch::default(),
            offset: 0,
            begun: now,
            unflushed: false,
            refused_since: None,
            begun_writing: None,
            held: false,
            linger: None,
        };
        loop {
            if carriage.linger.is_none() && self.outbox.is_closing() && self.outbox.is_empty() {
                // If the shutdown fails, the connection is already gone. TLS says goodbye, which the kernel may not take.
                let _ = timeout(LINGER, carriage.stream.shutdown()).await;
                carriage.linger = Some(Instant::now() + LINGER);
            }
            let (deadline, why) = self.deadline(&carriage);
            let happened = tokio::select! {
                biased;
                happened = poll_fn(|cx| self.poll(cx, &mut carriage)) => happened,
                () = sleep_until(deadline) => match why {
                    // What was refused was withdrawn meanwhile.
                    CloseReason::WriteTimeout { .. } if self.outbox.is_empty() && !carriage.unflushed => {
                        carriage.refused_since = None;
                        continue;
                    }
                    CloseReason::FrameTimeout { .. } => return self.bad_frame(carriage.buffer, why).await,
                    why => return why,
                },
            };
            if let Err(why) = self.happened(&mut carriage, happened).await {
                return why;
            }
        }
    }

    /// The next time at which the connection is given up, and the reason.
    fn deadline<S>(&self, carriage: &Carriage<S>) -> (Instant, CloseReason) {
        let far = Instant::now() + Duration::from_secs(86_400);
        let mut deadline = (far, CloseReason::ByUs);
        if let Some(linger) = carriage.linger {
            return (linger, CloseReason::ByUs);
        }
        if let Some(since) = carriage.refused_since {
            let within = self.write_timeout;
            deadline = (since + within, CloseReason::WriteTimeout { within });
        }
        if !carriage.buffer.is_empty() && !carriage.held {
            let frame = carriage.begun + self.frame_timeout;
            if frame < deadline.0 {
                let len = carriage.buffer.len();
                deadline = (frame, CloseReason::FrameTimeout { within: self.frame_timeout, len });
            }
        }
        deadline
    }

    fn poll<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        cx: &mut Context<'_>,
        carriage: &mut Carriage<S>,
    ) -> Poll<Happening> {
        if self.outbox.is_cut() {
            return Poll::Ready(Happening::Cut);
        }
        if carriage.linger.is_none() {
            // A process that was paused does not end what it had begun to write: it may be settled by now.
            let is_too_late = |at: Instant| at + self.write_timeout <= Instant::now();
            if carriage.begun_writing.is_some_and(is_too_late) {
                return Poll::Ready(Happening::TooLate);
            }
            let mut wrote = false;
            for _ in 0..WRITES_MAX {
                match self.outbox.poll_write(cx, &mut carriage.stream, Instant::now()) {
                    Poll::Ready(Ok(0)) => {
                        let error = io::Error::new(io::ErrorKind::WriteZero, "the connection takes no more bytes");
                        return Poll::Ready(Happening::WriteFailed(error));
                    }
                    Poll::Ready(Ok(_)) => wrote = true,
                    Poll::Ready(Err(error)) => return Poll::Ready(Happening::WriteFailed(error)),
                    Poll::Pending => break,
                }
            }
            // What was too late to be written is not there any more, either.
            if wrote || (self.outbox.is_closing() && self.outbox.is_empty()) {
                return Poll::Ready(Happening::Wrote);
            }
            if carriage.unflushed {
                match Pin::new(&mut carriage.stream).poll_flush(cx) {
                    Poll::Ready(Ok(())) => return Poll::Ready(Happening::Flushed),
                    Poll::Ready(Err(error)) => return Poll::Ready(Happening::WriteFailed(error)),
                    Poll::Pending => {}
                }
            }
            if carriage.refused_since.is_none() && (carriage.unflushed || !self.outbox.is_empty()) {
                return Poll::Ready(Happening::Refused);
            }
        }
        if self.outbox.poll_credits(cx) == 0 {
            return Poll::Pending;
        }
        if std::mem::take(&mut carriage.held) {
            return Poll::Ready(Happening::Credits);
        }
        carriage.buffer.reserve(READ_BYTES);
        match poll_read_buf(Pin::new(&mut carriage.stream), cx, &mut carriage.buffer) {
            Poll::Ready(Ok(count)) => Poll::Ready(Happening::Read(count)),
            Poll::Ready(Err(error)) => Poll::Ready(Happening::ReadFailed(error)),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Handles what happened. An error is the end of the connection.
    async fn happened<S>(&self, carriage: &mut Carriage<S>, happened: Happening) -> Result<(), CloseReason> {
        match happened {
            Happening::Wrote => {
                carriage.refused_since = None;
                carriage.begun_writing = Some(Instant::now());
                carriage.unflushed = true;
                self.statuses.sent(self.incarnation, self.clock.now().wall_ms);
                Ok(())
            }
            Happening::Flushed => {
                carriage.unflushed = false;
                carriage.begun_writing = carriage.begun_writing.filter(|_| self.outbox.has_begun());
                carriage.refused_since = None;
                Ok(())
            }
            Happening::Refused => {
                carriage.refused_since = Some(Instant::now());
                Ok(())
            }
            Happening::WriteFailed(error) => {
                Err(self.tls_failed(&error).unwrap_or_else(|| CloseReason::Write(error.to_string())))
            }
            Happening::TooLate => Err(CloseReason::WriteTimeout { within: self.write_timeout }),
            Happening::Cut => Err(CloseReason::ByUs),
            Happening::ReadFailed(_) if carriage.linger.is_some() => Err(CloseReason::ByUs),
            Happening::ReadFailed(error) => {
                Err(self.tls_failed(&error).unwrap_or_else(|| CloseReason::Read(error.to_string())))
            }
            Happening::Read(0) if carriage.linger.is_some() => Err(CloseReason::ByUs),
            Happening::Read(0) if carriage.buffer.is_empty() => Err(CloseReason::ByInstitution),
            Happening::Read(0) => {
                let why = CloseReason::FrameCut { len: carriage.buffer.len() };
                Err(self.bad_frame(std::mem::take(&mut carriage.buffer), why).await)
            }
            Happening::Read(count) => {
                self.statuses.received(self.incarnation, self.clock.now().wall_ms);
                self.cut(carriage, carriage.buffer.len() == count).await
            }
            Happening::Credits => self.cut(carriage, false).await,
        }
    }

    /// Cuts the buffer into frames and reports them, as far as there are credits. `begins` says that the buffer was empty
    /// before the last read.
    async fn cut<S>(&self, carriage: &mut Carriage<S>, begins: bool) -> Result<(), CloseReason> {
        let credits = poll_fn(|cx| Poll::Ready(self.outbox.poll_credits(cx))).await;
        let mut frames = Vec::new();
        let broken = loop {
            if frames.len() >= credits {
                carriage.held = !carriage.buffer.is_empty();
                break None;
            }
            match self.framing.next(&mut carriage.search, &carriage.buffer) {
                Ok(Some(len)) => {
                    // Copy the frame, because a slice would keep the whole buffer alive as long as the frame.
                    frames.push(TelegramBytes::copy_of(carriage.buffer.get(..len).unwrap_or_default()));
                    carriage.buffer.advance(len);
                    carriage.offset += u64::try_from(len).unwrap_or(u64::MAX);
                }
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        if begins || !frames.is_empty() {
            carriage.begun = Instant::now();
        }
        if !frames.is_empty() {
            self.outbox.spend(frames.len());
            if self.events.send(LinkEvent::Received(self.incarnation, frames)).await.is_err() {
                return Err(CloseReason::TaskFailed);
            }
        }
        match broken {
            None => Ok(()),
            Some(error) => {
                let why = CloseReason::BadFrame { offset: carriage.offset, error };
                Err(self.bad_frame(std::mem::take(&mut carriage.buffer), why).await)
            }
        }
    }

    /// The reason if TLS failed after the handshake: an institution may refuse our certificate only then.
    fn tls_failed(&self, error: &io::Error) -> Option<CloseReason> {
        Some(CloseReason::TlsFailed { peer: self.origin.peer().to_owned(), why: Party::Institution.describe(error)? })
    }

    async fn bad_frame(&self, buffer: BytesMut, why: CloseReason) -> CloseReason {
        // Only the beginning is kept: a peer could send any number of bytes that are no frame.
        let shown = buffer.get(..buffer.len().min(BAD_FRAME_MAX_BYTES)).unwrap_or_default();
        let bytes = TelegramBytes::copy_of(shown);
        let _ = self.events.send(LinkEvent::BadFrame(self.incarnation, bytes, why.clone())).await;
        why
    }
}

#[cfg(test)]
mod tests;
