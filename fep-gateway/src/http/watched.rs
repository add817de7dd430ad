//! The stream of one client, watched: it ends if the client waits too long without a request, or while another one needs its place, if it
//! sends the head of a request too slowly, or takes nothing of a reply. How long a body takes is not watched here: the routes know what they read.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Frame, SizeHint};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use super::places::{IdleClient, Places};
use crate::config::Http;

/// A client's stream.
#[derive(Debug)]
pub(super) struct Watched {
    stream: TcpStream,
    requests: Requests,
    limits: Limits,
    reading: Reading,
    places: Arc<Places>,
    /// `None` while a request runs. A client that has sent a part of a head is still idle: it has no request.
    idle: Option<IdleClient>,
    /// When the client has waited or sent a head for too long.
    read_timer: Pin<Box<Sleep>>,
    /// When the client has taken nothing for too long. `None` while it takes what it gets.
    write_timer: Option<Pin<Box<Sleep>>>,
}

/// The number of requests of a connection whose reply is not complete.
#[derive(Clone, Debug, Default)]
pub(super) struct Requests(Arc<AtomicUsize>);

/// A request whose reply is not complete.
#[derive(Debug)]
pub(super) struct RunningRequest(Arc<AtomicUsize>);

/// The body of a reply, which ends its request.
#[derive(Debug)]
pub(super) struct ReplyBody<B> {
    body: B,
    _running: RunningRequest,
}

#[derive(Clone, Copy, Debug)]
struct Limits {
    idle: Duration,
    head: Duration,
    reply: Duration,
}

/// What is read from the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// Nothing: the next request has not begun.
    Idle,
    /// The head of a request.
    Head,
    /// The body of a request, or nothing while its reply is made.
    Request,
}

impl Requests {
    /// A request begins. It ends when the value is dropped.
    pub(super) fn begin(&self) -> RunningRequest {
        self.0.fetch_add(1, Ordering::Relaxed);
        RunningRequest(Arc::clone(&self.0))
    }

    fn is_running(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

impl Drop for RunningRequest {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl RunningRequest {
    /// The body of the reply to this request.
    pub(super) fn replies<B>(self, body: B) -> ReplyBody<B> {
        ReplyBody { body, _running: self }
    }
}

impl<B: Body + Unpin> Body for ReplyBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Watched {
    pub(super) fn new(stream: TcpStream, requests: Requests, places: Arc<Places>, settings: &Http) -> Self {
        let limits = Limits { idle: settings.idle_timeout, head: settings.head_timeout, reply: settings.reply_timeout };
        let read_timer = Box::pin(sleep(limits.idle));
        let idle = Some(places.idle_client());
        Self { stream, requests, limits, reading: Reading::Idle, places, idle, read_timer, write_timer: None }
    }

    /// The address of the client, for the log.
    pub(super) fn peer(&self) -> String {
        self.stream.peer_addr().map_or_else(|_| "a client".to_owned(), |peer| peer.to_string())
    }

    /// The client has finished its handshake. Now it may wait with its request as long as one without TLS.
    pub(super) fn wait_for_request(&mut self) {
        self.begin(Reading::Idle, self.limits.idle);
    }

    /// What is read now takes at most this long from now on.
    fn begin(&mut self, reading: Reading, max: Duration) {
        self.reading = reading;
        if reading == Reading::Idle {
            self.idle = Some(self.places.idle_client());
        }
        self.read_timer.as_mut().reset(Instant::now() + max);
    }

    /// The client takes nothing.
    fn stalled(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let max = self.limits.reply;
        let timer = self.write_timer.get_or_insert_with(|| Box::pin(sleep(max)));
        timer.as_mut().poll(cx).map(|()| too_slow("it took nothing of a reply"))
    }

    fn written<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_pending() {
            return self.stalled(cx).map(Err);
        }
        self.write_timer = None;
        written
    }
}

/// Whether the kernel has bytes of the client, or its end, that the runtime has not told of yet. They are read soon, and may be a request.
pub(super) fn has_come(stream: &TcpStream) -> bool {
    SockRef::from(stream).peek(&mut [MaybeUninit::uninit()]).is_ok()
}

fn too_slow(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.requests.is_running() {
            this.reading = Reading::Request;
            this.idle = None;
            return Pin::new(&mut this.stream).poll_read(cx, buffer);
        }
        if this.reading == Reading::Request {
            this.begin(Reading::Idle, this.limits.idle);
        }
        let before = buffer.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut this.stream).poll_read(cx, buffer) {
            if buffer.filled().len() > before && this.reading == Reading::Idle {
                this.begin(Reading::Head, this.limits.head);
            }
            return Poll::Ready(read);
        }
        let stream = &this.stream;
        if this.idle.as_mut().is_some_and(|idle| idle.poll_gives(cx, || has_come(stream)).is_ready()) {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::QuotaExceeded, "another client needed its place")));
        }
        ready!(this.read_timer.as_mut().poll(cx));
        let what = if this.reading == Reading::Head { "it sent the head of a request" } else { "it sent no request" };
        Poll::Ready(Err(too_slow(what)))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.written(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.written(cx, shut)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::pin::pin;
    use std::task::Waker;

    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;

    use super::*;

    /// A connection that was just accepted.
    async fn accepted() -> (std::net::TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (client, listener.accept().await.unwrap().0)
    }

    fn read(watched: &mut Watched) -> Poll<io::Result<()>> {
        let mut buffer = [0; 64];
        Pin::new(watched).poll_read(&mut Context::from_waker(Waker::noop()), &mut ReadBuf::new(&mut buffer))
    }

    #[tokio::test]
    async fn what_a_client_has_sent_is_read_before_it_gives_its_place() {
        let places = Places::new(1);
        for sent in ["", "GET / HTTP/1.1\r\n"] {
            let (mut client, stream) = accepted().await;
            let taken = places.take().await;
            let mut watched = Watched::new(stream, Requests::default(), Arc::clone(&places), &Http::default());
            assert!(read(&mut watched).is_pending());
            // The runtime does not hear of this before the next poll, because nothing waits in between.
            client.write_all(sent.as_bytes()).unwrap();
            let mut other = pin!(places.take());
            assert!(other.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending(), "the place is taken");
            let read = read(&mut watched);
            assert_eq!(read.is_pending(), !sent.is_empty(), "{sent:?}: {read:?}");
            if read.is_pending() {
                let mut head = vec![0; sent.len()];
                watched.read_exact(&mut head).await.unwrap();
                assert_eq!(head, sent.as_bytes());
                // It is no request.
                let error = watched.read_u8().await.unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
            }
            drop(taken);
            assert!(other.await.is_some());
        }
    }
}
