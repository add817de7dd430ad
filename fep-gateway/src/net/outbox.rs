//! What an institution's task and the task of one link share: frames that wait to be written, and how many frames the link
//! may read.
//!
//! A frame is handed over when the kernel takes its first byte. Until then it can be withdrawn, and after a lost connection
//! it certainly was not sent. Both are decided under one lock, at the moment of the write.
//!
//! A frame has a time after which it is not handed over any more. The link looks at the clock right before each write: a process that was
//! paused finds old frames here when it wakes up, and others may have asked the institution about them and settled them meanwhile.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use fep_protocol::exchange::TelegramBytes;
use fep_protocol::mutant::{Mutant, is_on};
use fep_protocol::terms::Ticket;
use tokio::io::AsyncWrite;
use tokio::time::Instant;

use crate::fault::{FaultPoint, point};

/// The shared state of one connection.
#[derive(Debug)]
pub(super) struct Outbox {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    frames: VecDeque<Frame>,
    /// The frames whose time was over before the kernel had a byte of them. They wait to be withdrawn.
    overdue: Vec<Ticket>,
    frames_max: usize,
    /// The number of frames that the link may still read.
    credits: usize,
    closing: bool,
    /// Whether the connection is closed at once, also if frames wait.
    cut: bool,
    /// The connection is gone: nothing is taken any more.
    closed: bool,
    waker: Option<Waker>,
    needs_wake: bool,
    /// For a mutant: a frame was repeated.
    repeated: bool,
}

#[derive(Debug)]
struct Frame {
    ticket: Ticket,
    bytes: TelegramBytes,
    /// The number of bytes that the kernel has taken.
    taken: usize,
    /// When the kernel must have the first byte.
    not_after: Option<Instant>,
}

/// The number of frames that a link may read ahead of its institution's task.
pub(super) const CREDITS: usize = 1024;

/// The maximum number of frames in one write.
const WRITE_FRAMES_MAX: usize = 64;

/// The number of bytes that are copied together for a stream that takes only one buffer at a time.
const COPY_MAX_BYTES: usize = 16 * 1024;

impl Outbox {
    /// Creates an outbox in which at most `frames_max` frames may wait.
    pub(super) fn new(frames_max: usize) -> Self {
        let state = State {
            frames: VecDeque::new(),
            overdue: Vec::new(),
            frames_max,
            credits: CREDITS,
            closing: false,
            cut: false,
            closed: false,
            waker: None,
            needs_wake: false,
            repeated: false,
        };
        Self { state: Mutex::new(state) }
    }

    /// Adds a frame, which is written after [`Outbox::flush`]. If the kernel has no byte of it at `not_after`, it gets none, and
    /// [`Outbox::withdraw`] succeeds. Returns false if there is no room, or the connection is gone.
    pub(super) fn push(&self, ticket: Ticket, mut bytes: TelegramBytes, not_after: Option<Instant>) -> bool {
        if is_on(Mutant::WritesOtherBytes) {
            bytes = bytes.iter().map(|byte| if *byte == b' ' { b'!' } else { *byte }).collect::<Vec<_>>().into();
        }
        let mut state = self.state();
        if state.closed || state.closing || state.frames.len() >= state.frames_max {
            return false;
        }
        state.frames.push_back(Frame { ticket, bytes, taken: 0, not_after });
        state.needs_wake = true;
        true
    }

    /// Lets more frames wait. Never fewer: some may wait already.
    pub(super) fn make_room(&self, frames_max: usize) {
        let mut state = self.state();
        state.frames_max = state.frames_max.max(frames_max);
    }

    /// Takes a frame back if the kernel has no byte of it. Returns whether that succeeded.
    pub(super) fn withdraw(&self, ticket: Ticket) -> bool {
        let mut state = self.state();
        if let Some(at) = state.overdue.iter().position(|overdue| *overdue == ticket) {
            state.overdue.swap_remove(at);
            return true;
        }
        let at = state.frames.iter().position(|frame| frame.ticket == ticket && frame.taken == 0);
        at.is_some_and(|at| state.frames.remove(at).is_some()) || is_on(Mutant::WithdrawsTaken)
    }

    /// Whether a part of this frame is not handed to the kernel yet.
    pub(super) fn has(&self, ticket: Ticket) -> bool {
        self.state().frames.iter().any(|frame| frame.ticket == ticket)
    }

    /// Lets the link read this many more frames.
    pub(super) fn credit(&self, frames: usize) {
        let mut state = self.state();
        state.needs_wake |= state.credits == 0;
        state.credits = (state.credits + frames).min(CREDITS);
    }

    /// Asks the link to write what waits, and then to close the connection.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closing = true;
        state.needs_wake = true;
    }

    /// Asks the link to close the connection at once. What waits is not written.
    pub(super) fn cut(&self) {
        self.state().cut = true;
        self.close();
    }

    /// For the link: whether it is to close the connection at once.
    pub(super) fn is_cut(&self) -> bool {
        self.state().cut
    }

    /// Wakes the link if there is something for it.
    pub(super) fn flush(&self) {
        let mut state = self.state();
        let waker = if std::mem::take(&mut state.needs_wake) { state.waker.take() } else { None };
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// For the link: whether it is to close the connection.
    pub(super) fn is_closing(&self) -> bool {
        self.state().closing
    }

    /// For the link: whether frames wait to be written.
    pub(super) fn is_empty(&self) -> bool {
        self.state().frames.is_empty()
    }

    /// For the link: whether the kernel has a part of a frame.
    pub(super) fn has_begun(&self) -> bool {
        self.state().frames.front().is_some_and(|frame| frame.taken > 0)
    }

    /// For the link: the number of frames that it may read now. If there are none, the link is woken when there are.
    pub(super) fn poll_credits(&self, cx: &Context<'_>) -> usize {
        let mut state = self.state();
        state.listen(cx);
        state.credits
    }

    /// For the link: records that it has read this many frames.
    pub(super) fn spend(&self, frames: usize) {
        let mut state = self.state();
        state.credits = state.credits.saturating_sub(frames);
    }

    /// For the link: writes as much as the stream takes. Returns the number of bytes. If nothing waits, the link is woken
    /// when something does.
    pub(super) fn poll_write<W: AsyncWrite + Unpin>(
        &self,
        cx: &mut Context<'_>,
        stream: &mut W,
        now: Instant,
    ) -> Poll<io::Result<usize>> {
        let mut state = self.state();
        state.listen(cx);
        state.set_overdue_aside(now);
        if state.frames.is_empty() {
            return Poll::Pending;
        }
        let waiting =
            state.frames.iter().take(WRITE_FRAMES_MAX).map(|frame| frame.bytes.get(frame.taken..).unwrap_or_default());
        let written = if stream.is_write_vectored() {
            let slices: Vec<_> = waiting.map(IoSlice::new).collect();
            Pin::new(stream).poll_write_vectored(cx, &slices)
        } else {
            let mut copy = Vec::new();
            for bytes in waiting {
                if !copy.is_empty() && copy.len() + bytes.len() > COPY_MAX_BYTES {
                    break;
                }
                copy.extend_from_slice(bytes);
            }
            Pin::new(stream).poll_write(cx, &copy)
        };
        if let Poll::Ready(Ok(count)) = &written {
            state.taken(*count);
            point(FaultPoint::AfterWrite);
        }
        written
    }

    /// For the link at its end: the tickets of the frames of which the kernel has no byte. Nothing is taken after this.
    pub(super) fn untouched(&self) -> Vec<Ticket> {
        let mut state = self.state();
        state.closed = true;
        let mut untouched = std::mem::take(&mut state.overdue);
        untouched.extend(state.frames.drain(..).filter(|frame| frame.taken == 0).map(|frame| frame.ticket));
        untouched
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is valid after every single change, so a panic elsewhere does not damage it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn listen(&mut self, cx: &Context<'_>) {
        if self.waker.as_ref().is_none_or(|waker| !waker.will_wake(cx.waker())) {
            self.waker = Some(cx.waker().clone());
        }
    }

    /// Takes out what must not be handed over any more, of the frames that the next write would have.
    fn set_overdue_aside(&mut self, now: Instant) {
        let is_overdue = |frame: &Frame| frame.taken == 0 && frame.not_after.is_some_and(|at| at <= now);
        let mut at = 0;
        while let Some(frame) = self.frames.get(at).filter(|_| at < WRITE_FRAMES_MAX) {
            if is_overdue(frame) && !is_on(Mutant::WritesOverdue) {
                self.overdue.extend(self.frames.remove(at).map(|frame| frame.ticket));
            } else {
                at += 1;
            }
        }
    }

    /// Records that the kernel took this many bytes.
    fn taken(&mut self, mut count: usize) {
        while count > 0 {
            let Some(frame) = self.frames.front_mut() else { break };
            let part = (frame.bytes.len() - frame.taken).min(count);
            frame.taken += part;
            count -= part;
            if frame.taken == frame.bytes.len() {
                let frame = self.frames.pop_front();
                if is_on(Mutant::WritesTwice) && !std::mem::replace(&mut self.repeated, true) {
                    self.frames.extend(frame.map(|frame| Frame { taken: 0, ..frame }));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;
    use std::time::Duration;

    use super::*;

    /// A stream that takes a given number of bytes in all.
    struct Narrow {
        room: usize,
        vectored: bool,
        taken: Vec<u8>,
    }

    impl AsyncWrite for Narrow {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            let count = bytes.len().min(self.room);
            self.room -= count;
            self.taken.extend_from_slice(&bytes[..count]);
            if count == 0 { Poll::Pending } else { Poll::Ready(Ok(count)) }
        }

        fn poll_write_vectored(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            slices: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            let all: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
            self.poll_write(cx, &all)
        }

        fn is_write_vectored(&self) -> bool {
            self.vectored
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn three() -> Outbox {
        let outbox = Outbox::new(3);
        for (ticket, bytes) in [(1, b"abcd"), (2, b"efgh"), (3, b"ijkl")] {
            assert!(outbox.push(Ticket(ticket), TelegramBytes::copy_of(bytes), None));
        }
        outbox
    }

    #[test]
    fn a_frame_is_touched_from_its_first_byte_on() {
        for (room, untouched) in [(0, &[1, 2, 3][..]), (1, &[2, 3]), (4, &[2, 3]), (5, &[3]), (9, &[]), (12, &[])] {
            for vectored in [false, true] {
                let mut stream = Narrow { room, vectored, taken: Vec::new() };
                let outbox = three();
                let cx = &mut Context::from_waker(Waker::noop());
                while outbox.poll_write(cx, &mut stream, Instant::now()).is_ready() {}
                assert_eq!(stream.taken, b"abcdefghijkl"[..room]);
                let left: Vec<_> = outbox.untouched().iter().map(|ticket| ticket.0).collect();
                assert_eq!(left, untouched, "after {room} bytes");
                assert!(!outbox.push(Ticket(4), TelegramBytes::copy_of(b"x"), None), "the connection is gone");
            }
        }
    }

    /// A paused process wakes up with frames that others may have settled.
    #[test]
    fn a_frame_whose_time_is_over_gets_no_byte_into_the_kernel_and_can_be_withdrawn() {
        for vectored in [false, true] {
            let outbox = Outbox::new(4);
            let now = Instant::now();
            let second = now + Duration::from_secs(1);
            for (ticket, bytes, not_after) in [
                (1, b"abcd", Some(second)),
                (2, b"efgh", Some(second)),
                (3, b"ijkl", None),
                (4, b"mnop", Some(second + Duration::from_secs(1))),
            ] {
                assert!(outbox.push(Ticket(ticket), TelegramBytes::copy_of(bytes), not_after));
            }
            let mut stream = Narrow { room: 1, vectored, taken: Vec::new() };
            let cx = &mut Context::from_waker(Waker::noop());
            assert!(outbox.poll_write(cx, &mut stream, now).is_ready());
            stream.room = 100;
            while outbox.poll_write(cx, &mut stream, second).is_ready() {}
            assert_eq!(stream.taken, b"abcdijklmnop", "what was begun is written to its end");
            assert!(!outbox.withdraw(Ticket(1)) && outbox.withdraw(Ticket(2)) && !outbox.withdraw(Ticket(2)));
        }
    }

    #[test]
    fn only_an_untouched_frame_can_be_withdrawn() {
        let mut stream = Narrow { room: 5, vectored: true, taken: Vec::new() };
        let outbox = three();
        while outbox.poll_write(&mut Context::from_waker(Waker::noop()), &mut stream, Instant::now()).is_ready() {}
        let withdrawn: Vec<_> = (1..=4).filter(|ticket| outbox.withdraw(Ticket(*ticket))).collect();
        assert_eq!(withdrawn, [3]);
        stream.room = 100;
        while outbox.poll_write(&mut Context::from_waker(Waker::noop()), &mut stream, Instant::now()).is_ready() {}
        assert_eq!(stream.taken, b"abcdefgh");
    }

    #[test]
    fn a_full_outbox_takes_nothing() {
        let outbox = three();
        assert!(!outbox.push(Ticket(4), TelegramBytes::copy_of(b"x"), None));
        assert!(outbox.withdraw(Ticket(2)) && outbox.push(Ticket(4), TelegramBytes::copy_of(b"x"), None));
    }
}
