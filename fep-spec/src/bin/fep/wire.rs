//! One frame over TCP and one frame back, within one time limit. It knows no telegrams: that is `send`.

use std::fmt;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use fep_codec::framing::{FrameError, FrameSearch};
use fep_spec::framing::Framing;

/// The longest frame that is accepted, in bytes.
pub(crate) const FRAME_MAX_BYTES: usize = 1 << 20;

/// The number of bytes that are read at once.
const PIECE_BYTES: usize = 1 << 14;

/// What came back.
#[derive(Debug)]
pub(crate) struct Received {
    /// The first frame.
    pub(crate) frame: Vec<u8>,
    /// The number of bytes that came behind it at once.
    pub(crate) surplus: usize,
    /// The time from the request to the end of the frame.
    pub(crate) after: Duration,
}

/// The reason why there is no connection. Nothing was sent.
#[derive(Debug)]
pub(crate) struct NotConnected(String);

/// The reason why there is no answer, and the bytes that came without being one.
#[derive(Debug)]
pub(crate) struct NoAnswer {
    why: Why,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Debug)]
enum Why {
    NotWritten(io::Error),
    TimedOut(Duration),
    Closed,
    NotRead(io::Error),
    NoFrame(FrameError),
}

/// A connection to `HOST:PORT`, with the moment at which the patience ends.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    timeout: Duration,
    deadline: Instant,
}

impl Wire {
    /// Connects. A host may have several addresses; they are tried in turn.
    pub(crate) fn connect(to: &str, timeout: Duration) -> Result<Self, NotConnected> {
        let deadline = Instant::now().checked_add(timeout);
        let deadline = deadline.ok_or_else(|| NotConnected("the timeout is too long".to_owned()))?;
        let addresses = to.to_socket_addrs().map_err(|error| {
            let hint = if to.contains(':') { "" } else { "; write HOST:PORT, as in --to 127.0.0.1:9000" };
            NotConnected(format!("{to} is no address: {error}{hint}"))
        })?;
        let mut last = NotConnected(format!("{to} has no address"));
        for address in addresses {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            match TcpStream::connect_timeout(&address, left) {
                Ok(stream) => return Ok(Self { stream, timeout, deadline }),
                Err(error) => last = NotConnected(not_connected(to, &error, timeout)),
            }
        }
        Err(last)
    }

    /// Sends a frame and waits for the first one that comes back.
    pub(crate) fn exchange(&mut self, frame: &[u8], framing: &Framing) -> Result<Received, NoAnswer> {
        let started = Instant::now();
        let failed = |why, bytes| NoAnswer { why, bytes };
        let sent = self.left().and_then(|left| {
            self.stream.set_nodelay(true)?;
            self.stream.set_write_timeout(Some(left))?;
            self.stream.write_all(frame)
        });
        sent.map_err(|error| failed(Why::NotWritten(error), Vec::new()))?;
        let mut buffer = Vec::new();
        let mut piece = vec![0; PIECE_BYTES];
        let mut search = FrameSearch::default();
        loop {
            let read = self.left().and_then(|left| {
                self.stream.set_read_timeout(Some(left))?;
                self.stream.read(&mut piece)
            });
            match read {
                Ok(0) => return Err(failed(Why::Closed, buffer)),
                Ok(count) => buffer.extend_from_slice(piece.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Err(failed(Why::TimedOut(self.timeout), buffer));
                }
                Err(error) => return Err(failed(Why::NotRead(error), buffer)),
            }
            match framing.next(&mut search, &buffer) {
                Ok(Some(len)) => {
                    let surplus = buffer.len().saturating_sub(len);
                    buffer.truncate(len);
                    return Ok(Received { frame: buffer, surplus, after: started.elapsed() });
                }
                Ok(None) => {}
                Err(error) => return Err(failed(Why::NoFrame(error), buffer)),
            }
        }
    }

    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

fn not_connected(to: &str, error: &io::Error, timeout: Duration) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => format!(
            "{to} refuses the connection: nothing listens there; `fep-gateway simulate` starts a simulated institution"
        ),
        ErrorKind::TimedOut => {
            format!("{to} does not answer within {} s: look at the address and the firewall", timeout.as_secs_f64())
        }
        _ => format!("cannot connect to {to}: {error}"),
    }
}

impl fmt::Display for NotConnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.bytes.len();
        match &self.why {
            Why::NotWritten(error) => write!(f, "the telegram was not written, or not as a whole: {error}"),
            Why::TimedOut(timeout) if count == 0 => write!(
                f,
                "no answer within {} s: is the frame right (--frame), and does the line need a sign-on first?",
                timeout.as_secs_f64()
            ),
            Why::TimedOut(timeout) => {
                write!(
                    f,
                    "no whole answer within {} s: {count} bytes came, and the frame has not ended",
                    timeout.as_secs_f64()
                )
            }
            Why::Closed if count == 0 => f.write_str("the other side closed the connection without an answer"),
            Why::Closed => {
                write!(f, "the other side closed the connection after {count} bytes, before the frame ended")
            }
            Why::NotRead(error) => write!(f, "the connection broke: {error}"),
            Why::NoFrame(error) => write!(f, "what came is no frame: {error}; is the frame right (--frame)?"),
        }
    }
}
