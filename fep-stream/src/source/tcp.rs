//! [`TcpSource`]: a feed over TCP that connects again when it was lost.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use fep_protocol::backoff::Backoff;
use fep_protocol::random::SplitMix64;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep, sleep_until, timeout};
use tokio_util::io::poll_read_buf;

use super::{Filled, Source, reserve};

/// When a [`TcpSource`] connects again, and when it gives a connection up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpTerms {
    /// The shortest wait before the next attempt to connect.
    pub retry_min: Duration,
    /// The longest wait before the next attempt to connect.
    pub retry_max: Duration,
    /// How long one attempt may take.
    pub connect_timeout: Duration,
    /// How long a connection may bring nothing. Then it is given up: the other side may be gone without a word. `None` waits for ever.
    pub silence_max: Option<Duration>,
}

impl Default for TcpTerms {
    /// 100 ms to 10 s between attempts, 5 s for each, and 30 s of silence.
    fn default() -> Self {
        Self {
            retry_min: Duration::from_millis(100),
            retry_max: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            silence_max: Some(Duration::from_secs(30)),
        }
    }
}

/// A feed over TCP. It connects when the receiver first asks it, and again when the connection was lost.
pub struct TcpSource {
    address: String,
    /// What is sent when it is connected, such as a subscription.
    greeting: Vec<u8>,
    terms: TcpTerms,
    backoff: Backoff,
    random: SplitMix64,
    state: State,
    unsent: BytesMut,
}

enum State {
    Idle,
    Waiting(Pin<Box<Sleep>>),
    Connecting(Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>),
    Open {
        stream: TcpStream,
        last_read: Instant,
        silence: Option<Pin<Box<Sleep>>>,
    },
    /// The connection was given up, and the receiver does not know yet.
    Closed(String),
}

/// The most bytes that wait to be sent. Requests for missing telegrams are short; a peer that reads none of them gets no more.
const UNSENT_MAX_BYTES: usize = 64 * 1024;

/// How far away a time is that is beyond all times.
const NEVER: Duration = Duration::from_secs(24 * 60 * 60);

impl TcpSource {
    /// A feed at this address, `host:port`.
    #[must_use]
    pub fn new(address: impl Into<String>, terms: TcpTerms) -> Self {
        let address = address.into();
        let seed =
            address.bytes().fold(u64::from(std::process::id()), |seed, byte| seed.wrapping_mul(31) + u64::from(byte));
        Self {
            backoff: Backoff::new(terms.retry_min, terms.retry_max),
            random: SplitMix64::new(seed),
            greeting: Vec::new(),
            state: State::Idle,
            unsent: BytesMut::new(),
            address,
            terms,
        }
    }

    /// Sends these bytes whenever it is connected.
    #[must_use]
    pub fn greeting(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.greeting = bytes.into();
        self
    }

    fn failed(&mut self, reason: String) -> Filled {
        let wait = self.backoff.failed(self.random.next_u64());
        self.state = State::Waiting(Box::pin(sleep(wait)));
        self.unsent.clear();
        Filled::Disconnected(reason)
    }

    fn connect(&self) -> Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>> {
        let address = self.address.clone();
        let limit = self.terms.connect_timeout;
        Box::pin(async move {
            let stream = timeout(limit, TcpStream::connect(&address)).await.map_err(|_| io::ErrorKind::TimedOut)??;
            stream.set_nodelay(true)?;
            Ok(stream)
        })
    }
}

impl Source for TcpSource {
    fn poll_fill(&mut self, context: &mut Context<'_>, buffer: &mut BytesMut) -> Poll<Filled> {
        loop {
            match &mut self.state {
                State::Idle => self.state = State::Connecting(self.connect()),
                State::Waiting(sleep) => {
                    std::task::ready!(sleep.as_mut().poll(context));
                    self.state = State::Idle;
                }
                State::Connecting(connecting) => match std::task::ready!(connecting.as_mut().poll(context)) {
                    Ok(stream) => {
                        let silence = self.terms.silence_max.map(|wait| Box::pin(sleep(wait)));
                        self.state = State::Open { stream, last_read: Instant::now(), silence };
                        self.unsent.extend_from_slice(&self.greeting);
                        return Poll::Ready(Filled::Connected);
                    }
                    Err(error) => return Poll::Ready(self.failed(format!("{}: {error}", self.address))),
                },
                State::Closed(reason) => {
                    let reason = std::mem::take(reason);
                    return Poll::Ready(self.failed(reason));
                }
                State::Open { stream, last_read, silence } => {
                    if let Poll::Ready(Err(error)) = poll_send(stream, &mut self.unsent, context) {
                        return Poll::Ready(self.failed(format!("sending: {error}")));
                    }
                    reserve(buffer);
                    match poll_read_buf(Pin::new(stream), context, buffer) {
                        Poll::Ready(Ok(0)) => {
                            return Poll::Ready(self.failed("the other side closed the connection".to_owned()));
                        }
                        Poll::Ready(Ok(bytes)) => {
                            *last_read = Instant::now();
                            self.backoff.succeeded();
                            return Poll::Ready(Filled::Bytes(bytes));
                        }
                        Poll::Ready(Err(error)) => return Poll::Ready(self.failed(error.to_string())),
                        Poll::Pending => {}
                    }
                    let Some((timer, max)) = silence.as_mut().zip(self.terms.silence_max) else { return Poll::Pending };
                    std::task::ready!(timer.as_mut().poll(context));
                    // The timer is only moved when it rings, not with each read.
                    let now = Instant::now();
                    let until = last_read.checked_add(max).unwrap_or(now + NEVER);
                    if until <= now {
                        return Poll::Ready(self.failed(format!("nothing came for {} ms", max.as_millis())));
                    }
                    *timer = Box::pin(sleep_until(until));
                }
            }
        }
    }

    fn send(&mut self, bytes: &[u8]) -> bool {
        let is_open = matches!(self.state, State::Open { .. });
        let has_room = self.unsent.len() + bytes.len() <= UNSENT_MAX_BYTES;
        if is_open && has_room {
            self.unsent.extend_from_slice(bytes);
        }
        is_open && has_room
    }

    fn close(&mut self, reason: &str) {
        self.state = State::Closed(reason.to_owned());
    }

    fn name(&self) -> &str {
        &self.address
    }
}

/// Sends what waits, as far as the socket takes it.
fn poll_send(stream: &TcpStream, unsent: &mut BytesMut, context: &mut Context<'_>) -> Poll<io::Result<()>> {
    while !unsent.is_empty() {
        std::task::ready!(stream.poll_write_ready(context))?;
        match stream.try_write(unsent) {
            Ok(sent) => unsent.advance(sent),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
    Poll::Ready(Ok(()))
}
