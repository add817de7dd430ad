//! The connection to the other side: made or taken, plain or with TLS, and the frames on it. Every wait of a transfer has an end; only a receiver waits for
//! its next connection for ever.

use std::fmt;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::BytesMut;
use fep_codec::framing::FrameSearch;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::plan::{Line, Plan};
use super::script::Script;
use crate::tls::{Party, Tls};

/// The longest wait for what is written to be taken, when a connection is closed.
const CLOSE_MAX: Duration = Duration::from_secs(1);

/// Why nothing more comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It cannot be connected.
    NotConnected(String),
    /// The other side closed the connection.
    Closed,
    /// Nothing came within this time.
    TimedOut(Duration),
    /// The connection failed.
    Failed(String),
    /// What came cannot be understood, or must not come now.
    NotUnderstood(String),
    /// Something failed here, and not at the other side.
    Here(String),
    /// The command was told to stop.
    Stopped,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConnected(why) => write!(f, "no connection: {why}"),
            Self::Closed => f.write_str("the other side closed the connection"),
            Self::TimedOut(within) => write!(f, "nothing came within {} ms", within.as_millis()),
            Self::Failed(why) => write!(f, "the connection failed: {why}"),
            Self::NotUnderstood(why) | Self::Here(why) => f.write_str(why),
            Self::Stopped => f.write_str("the command was told to stop"),
        }
    }
}

/// Both kinds of connections.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Where connections come from.
pub(super) struct Ground {
    listener: Option<TcpListener>,
    tls: Option<Arc<Tls>>,
    line: Line,
    within: Duration,
}

/// A connection that is there and has said nothing yet.
pub(super) struct Raw {
    stream: TcpStream,
    peer: String,
}

/// A connection.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    buffer: BytesMut,
    search: FrameSearch,
}

impl Ground {
    /// Listens, if the plan says so.
    pub(super) async fn new(plan: &Plan) -> Result<Self, Broken> {
        let connects = matches!(plan.line, Line::Connect(_));
        let tls = plan.tls.clone().map(|config| Tls::new(config, Party::Institution, connects));
        let listener = match &plan.line {
            Line::Connect(_) => None,
            Line::Listen(address) => {
                let bound = TcpListener::bind(address).await;
                Some(bound.map_err(|error| Broken::Here(format!("cannot listen on {address}: {error}")))?)
            }
        };
        Ok(Self { listener, tls, line: plan.line.clone(), within: plan.answer_timeout })
    }

    /// Where it listens.
    pub(super) fn listens(&self) -> Option<SocketAddr> {
        self.listener.as_ref()?.local_addr().ok()
    }

    /// The connection of a sender, which is waited for as long as an answer, also if the other side makes it.
    pub(super) async fn connection(&self) -> Result<Connection, Broken> {
        let within = self.within;
        let nobody = |_| Broken::NotConnected(format!("nobody connected within {} ms", within.as_millis()));
        let raw = timeout(within, self.raw()).await.map_err(nobody)??;
        self.ready(raw).await
    }

    /// The next connection. One that this side makes is waited for as long as an answer.
    pub(super) async fn raw(&self) -> Result<Raw, Broken> {
        let (stream, peer) = match (&self.listener, &self.line) {
            (Some(listener), _) => {
                let taken = listener.accept().await.map_err(|error| Broken::NotConnected(error.to_string()))?;
                (taken.0, taken.1.to_string())
            }
            (None, Line::Connect(address)) => (self.dial(address).await?, address.clone()),
            (None, Line::Listen(address)) => return Err(Broken::Here(format!("nothing listens on {address}"))),
        };
        Ok(Raw { stream, peer })
    }

    /// A connection after its handshake.
    pub(super) async fn ready(&self, Raw { stream, peer }: Raw) -> Result<Connection, Broken> {
        // Small frames must not wait for an acknowledgement. If the system refuses the option, they are slower, but still correct.
        let _ = stream.set_nodelay(true);
        let stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(stream),
            Some(tls) => {
                let late =
                    |_| Broken::NotConnected(format!("{peer}: no handshake within {} ms", self.within.as_millis()));
                let shaken = timeout(self.within, tls.handshake(stream, &peer)).await.map_err(late)?;
                shaken.map_err(|reason| Broken::NotConnected(reason.to_string()))?
            }
        };
        Ok(Connection { stream, buffer: BytesMut::new(), search: FrameSearch::default() })
    }

    async fn dial(&self, address: &str) -> Result<TcpStream, Broken> {
        match timeout(self.within, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(Broken::NotConnected(format!("{address}: {error}"))),
            Err(_) => Err(Broken::NotConnected(format!("{address}: none within {} ms", self.within.as_millis()))),
        }
    }
}

impl Raw {
    /// The other side.
    pub(super) fn peer(&self) -> &str {
        &self.peer
    }
}

impl Connection {
    /// Sends a frame.
    pub(super) async fn send(&mut self, frame: &[u8], within: Duration) -> Result<(), Broken> {
        let sending = async {
            self.stream.write_all(frame).await?;
            self.stream.flush().await
        };
        match timeout(within, sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Broken::Failed(error.to_string())),
            Err(_) => Err(Broken::Failed(format!("the other side took nothing for {} ms", within.as_millis()))),
        }
    }

    /// Looks that nothing has come: what comes before it was asked for answers nothing.
    pub(super) async fn is_quiet(&mut self) -> Result<(), Broken> {
        let mut byte = [0];
        let stream = &mut self.stream;
        let early = poll_fn(|context| {
            let mut room = ReadBuf::new(&mut byte);
            Poll::Ready(match Pin::new(&mut *stream).poll_read(context, &mut room) {
                Poll::Pending => None,
                Poll::Ready(read) => Some(read.map(|()| room.filled().len())),
            })
        });
        match early.await {
            None if self.buffer.is_empty() => Ok(()),
            Some(Err(error)) => Err(Broken::Failed(error.to_string())),
            Some(Ok(0)) => Err(Broken::Closed),
            _ => Err(Broken::NotUnderstood("the other side sent something before it was asked".to_owned())),
        }
    }

    /// The next telegram, without what stands around it in its frame.
    pub(super) async fn receive(&mut self, script: &Script, within: Duration) -> Result<Vec<u8>, Broken> {
        let receiving = async {
            loop {
                let found = script.framing().next(&mut self.search, &self.buffer);
                match found.map_err(|error| Broken::NotUnderstood(error.to_string()))? {
                    Some(len) => {
                        let frame = self.buffer.split_to(len);
                        return Ok(script.telegram_of(&frame).to_vec());
                    }
                    None => match self.stream.read_buf(&mut self.buffer).await {
                        Ok(0) => return Err(Broken::Closed),
                        Ok(_) => {}
                        Err(error) => return Err(Broken::Failed(error.to_string())),
                    },
                }
            }
        };
        timeout(within, receiving).await.unwrap_or(Err(Broken::TimedOut(within)))
    }

    /// Closes it.
    pub(super) async fn close(mut self) {
        // An error means that it is closed already.
        let _ = timeout(CLOSE_MAX, self.stream.shutdown()).await;
    }
}
