//! Passes the bytes of one connection, untouched, in both directions. It knows no frames.
//!
//! Each direction reads a piece, gives the recorder a copy and writes the piece before it reads the next, so that a side that does not read
//! stops the other one, as without a tap. The end of one direction is passed on alone. A reset is passed on as a reset.

use std::io;
use std::net::Shutdown;
use std::pin::pin;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::warn;

use super::queue::{Direction, Event, Queue};

/// The length of a piece, in bytes.
const PIECE_BYTES: usize = 16 * 1024;
/// How long a connection to the institution may take.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// How long a side may take to read what the other side sent before it reset the connection.
const REST_MAX: Duration = Duration::from_secs(5);
/// When a connection is silent for this long, the system asks whether its other end is still there.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);

/// Passes one connection.
#[derive(Clone, Copy)]
pub(super) struct Passing<'p> {
    pub(super) connection: u64,
    pub(super) queue: Option<&'p Queue>,
}

/// How one direction ended.
enum End {
    /// The side sends no more.
    EndOfData,
    Stopped,
}

/// The side that broke.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Broken {
    Client,
    Institution,
}

type Passed = Result<End, Broken>;

/// The two ends of one direction.
struct Way<'w> {
    direction: Direction,
    from: (&'w TcpStream, Broken),
    to: (&'w TcpStream, Broken),
}

impl Passing<'_> {
    /// Connects the institution and passes bytes until both directions have ended. Returns why, if they did not end in order.
    pub(super) async fn run(
        self,
        client: TcpStream,
        connect: &str,
        stop: &mut watch::Receiver<bool>,
    ) -> Option<String> {
        let connecting = timeout(CONNECT_MAX, TcpStream::connect(connect));
        let connected = tokio::select! {
            connected = connecting => connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())),
            _ = stop.wait_for(|stop| *stop) => return Some("the tap ended".to_owned()),
        };
        let institution = match connected {
            Ok(institution) => institution,
            Err(error) => {
                let connection = self.connection;
                warn!(connection, connect, %error, "cannot connect the institution, so the client is disconnected. Is the address of --connect right, and does it listen?");
                // A reset, so that the client does not take what it has sent for delivered.
                reset(&client);
                return Some(format!("the institution could not be connected: {error}"));
            }
        };
        for side in [&client, &institution] {
            // These are not available for every socket, and bytes pass without them.
            let _ = side.set_nodelay(true);
            let _ = SockRef::from(side).set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE_IDLE));
        }
        let reason = match self.both(&client, &institution, stop).await {
            Ok(End::EndOfData) => return None,
            Ok(End::Stopped) => return Some("the tap ended".to_owned()),
            Err(Broken::Client) => "the client reset the connection",
            Err(Broken::Institution) => "the institution reset the connection",
        };
        reset(&client);
        reset(&institution);
        Some(reason.to_owned())
    }

    /// Passes both directions. If a side breaks, what it had sent before is still passed on.
    async fn both(self, client: &TcpStream, institution: &TcpStream, stop: &watch::Receiver<bool>) -> Passed {
        let client = (client, Broken::Client);
        let institution = (institution, Broken::Institution);
        let mut out = pin!(self.one(Way { direction: Direction::Out, from: client, to: institution }, stop.clone()));
        let mut back = pin!(self.one(Way { direction: Direction::In, from: institution, to: client }, stop.clone()));
        let mut out_runs = true;
        let mut back_runs = true;
        let mut is_stopped = false;
        let broken = loop {
            let ended = tokio::select! {
                ended = &mut out, if out_runs => {
                    out_runs = false;
                    ended
                }
                ended = &mut back, if back_runs => {
                    back_runs = false;
                    ended
                }
                broken = breaks(client) => Err(broken),
                broken = breaks(institution) => Err(broken),
            };
            match ended {
                Ok(end) => is_stopped |= matches!(end, End::Stopped),
                Err(broken) => break broken,
            }
            if !out_runs && !back_runs {
                return Ok(if is_stopped { End::Stopped } else { End::EndOfData });
            }
        };
        // The direction from the broken side has the rest, unless it has ended. A timeout means that nobody takes the rest.
        let _ = match broken {
            Broken::Client if out_runs => timeout(REST_MAX, out).await.map(drop),
            Broken::Institution if back_runs => timeout(REST_MAX, back).await.map(drop),
            _ => Ok(()),
        };
        Err(broken)
    }

    async fn one(self, way: Way<'_>, mut stop: watch::Receiver<bool>) -> Passed {
        let Way { direction, from: (from, from_side), to: (to, to_side) } = way;
        let connection = self.connection;
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let ready = tokio::select! {
                ready = from.readable() => ready,
                _ = stop.wait_for(|stop| *stop) => return Ok(End::Stopped),
            };
            let bytes = match ready.and_then(|()| from.try_read(&mut piece)) {
                Ok(0) => break,
                Ok(count) => piece.get(..count).unwrap_or_default(),
                Err(error) if is_transient(&error) => continue,
                Err(_) => return Err(from_side),
            };
            // The copy comes first, so that an answer is never recorded before its request.
            self.note(|| Event::Bytes { connection, direction, bytes: bytes.to_vec() });
            write(to, bytes).await.map_err(|_| to_side)?;
        }
        self.note(|| Event::EndOfData { connection, direction });
        // An error means that the other side is gone. Its own direction tells that.
        let _ = SockRef::from(to).shutdown(Shutdown::Write);
        Ok(End::EndOfData)
    }

    fn note(self, event: impl FnOnce() -> Event) {
        if let Some(queue) = self.queue {
            queue.push(event());
        }
    }
}

async fn write(to: &TcpStream, bytes: &[u8]) -> io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        to.writable().await?;
        match to.try_write(rest) {
            Ok(count) => rest = rest.get(count..).unwrap_or_default(),
            Err(error) if is_transient(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Completes when a side has reset the connection, also while nothing is read from it.
async fn breaks((side, name): (&TcpStream, Broken)) -> Broken {
    // An error of the wait itself means that the runtime ends.
    let _ = side.ready(Interest::ERROR).await;
    name
}

fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// Lets the socket be reset when it is dropped.
pub(super) fn reset(side: &TcpStream) {
    // An error means that it is closed already.
    let _ = SockRef::from(side).set_linger(Some(Duration::ZERO));
}
