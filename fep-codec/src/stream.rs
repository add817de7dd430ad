//! [`TelegramCodec`]: derived telegrams over `tokio_util::codec::Framed`.
//!
//! A telegram that cannot be decoded is an item of the stream and does not end it, because the frame was complete and the next one
//! may be valid. So is a frame without a telegram, which some institutions send as a poll. Only a frame whose length, end or check
//! byte cannot be trusted ends the stream. The caller owns the sockets. The example `framed` of this crate shows both sides over TCP.
//!
//! ```
//! # #[cfg(feature = "derive")] {
//! use fep_codec::layout::LengthScope;
//! use fep_codec::{LengthPrefix, Telegram, TelegramCodec};
//! use futures_util::{SinkExt, TryStreamExt};
//! use tokio_util::codec::Framed;
//!
//! #[derive(Telegram, Debug, PartialEq)]
//! struct Ping {
//!     #[field(len = 2, computed = length(rest))]
//!     length: (),
//!     #[field(len = 4)]
//!     trace_no: u16,
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let (near, far) = tokio::io::duplex(64);
//! let prefix = LengthPrefix::new(2, LengthScope::Rest, 64).ok_or("1 to 9 digits")?;
//! let mut near = Framed::new(near, TelegramCodec::<Ping>::new(prefix));
//! let mut far = Framed::new(far, TelegramCodec::<Ping>::new(prefix));
//! near.send(&Ping { length: (), trace_no: 7 }).await?;
//! let received = far.try_next().await?.expect("a frame");
//! assert_eq!(received.expect("it reads"), Ping { length: (), trace_no: 7 });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use core::fmt;
use core::marker::PhantomData;
use std::io;

use bytes::{Bytes, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

use crate::error::Error;
use crate::framing::{EncloseError, FrameError, FrameSearch, Framing, LengthPrefix};
use crate::telegram::TelegramSetOwned;

/// A codec for frames that hold telegrams of type `T`: a derived telegram, or a derived enum of the telegrams that a line carries.
#[derive(Clone, Debug)]
pub struct TelegramCodec<T, F = LengthPrefix> {
    framing: F,
    search: FrameSearch,
    telegram: PhantomData<fn() -> T>,
}

/// A frame that cannot be decoded as any of the expected telegrams.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UndecodableError {
    /// The frame, with everything that encloses the telegram.
    pub frame: Bytes,
    /// Why it could not be decoded.
    pub error: Error,
}

/// Why a stream of telegrams ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum StreamError {
    /// The connection failed.
    Io(io::Error),
    /// The start, the length, the code, the end or the check byte of the next frame is wrong.
    Frame(FrameError),
    /// A telegram that is to be sent cannot be encoded. The stream itself can still be used.
    Encode(Error),
    /// A telegram that is to be sent cannot be a frame. Nothing was written, and the stream itself can still be used.
    Enclose(EncloseError),
}

impl<T, F: Framing> TelegramCodec<T, F> {
    /// A codec for this framing, such as a [`LengthPrefix`] or an [`StxEtx`](crate::framing::StxEtx).
    #[must_use]
    pub fn new(framing: F) -> Self {
        Self { framing, search: FrameSearch::default(), telegram: PhantomData }
    }
}

impl<T: TelegramSetOwned, F: Framing> Decoder for TelegramCodec<T, F> {
    type Item = Result<T, UndecodableError>;
    type Error = StreamError;

    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Self::Item>, StreamError> {
        let len = self.search.frame_len(&self.framing, buffer).map_err(StreamError::Frame)?;
        let Some(len) = len else { return Ok(None) };
        if buffer.len() < len {
            // The length has been checked against the maximum.
            buffer.reserve(len - buffer.len());
            return Ok(None);
        }
        self.framing.check(buffer.get(..len).unwrap_or_default()).map_err(StreamError::Frame)?;
        let frame = buffer.split_to(len).freeze();
        let telegram = frame.get(self.framing.content(&frame)).unwrap_or_default();
        Ok(Some(T::decode_any(telegram).map_err(|error| UndecodableError { frame, error })))
    }
}

impl<T: TelegramSetOwned, F: Framing> Encoder<&T> for TelegramCodec<T, F> {
    type Error = StreamError;

    fn encode(&mut self, telegram: &T, buffer: &mut BytesMut) -> Result<(), StreamError> {
        let start = buffer.len();
        buffer.resize(start + telegram.any_len(), 0);
        let written = telegram.encode_any(buffer.get_mut(start..).unwrap_or_default()).map_err(StreamError::Encode);
        let enclosed = written.and_then(|len| enclose(&self.framing, buffer, start, len).map_err(StreamError::Enclose));
        if enclosed.is_err() {
            buffer.truncate(start);
        }
        enclosed
    }
}

/// Makes a frame of the telegram in the buffer. The telegram is moved only if bytes come before it on the line.
fn enclose(framing: &impl Framing, buffer: &mut BytesMut, start: usize, len: usize) -> Result<(), EncloseError> {
    buffer.truncate(start + len);
    let edges = framing.edges(buffer.get(start..).unwrap_or_default())?;
    let before = edges.before.as_bytes();
    if !before.is_empty() {
        buffer.resize(start + before.len() + len, 0);
        buffer.copy_within(start..start + len, start + before.len());
        buffer.get_mut(start..start + before.len()).unwrap_or_default().copy_from_slice(before);
    }
    buffer.extend_from_slice(edges.after.as_bytes());
    Ok(())
}

impl<T: TelegramSetOwned, F: Framing> Encoder<T> for TelegramCodec<T, F> {
    type Error = StreamError;

    fn encode(&mut self, telegram: T, buffer: &mut BytesMut) -> Result<(), StreamError> {
        Encoder::<&T>::encode(self, &telegram, buffer)
    }
}

impl From<io::Error> for StreamError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the connection: {error}"),
            Self::Frame(error) => write!(f, "the next frame: {error}"),
            Self::Encode(error) => write!(f, "{error}"),
            Self::Enclose(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for StreamError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Frame(error) => Some(error),
            Self::Encode(error) => Some(error),
            Self::Enclose(error) => Some(error),
        }
    }
}

impl fmt::Display for UndecodableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a frame of {} bytes is not a telegram: {}", self.frame.len(), self.error)
    }
}

impl core::error::Error for UndecodableError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.error)
    }
}
