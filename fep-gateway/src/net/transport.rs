//! How a connection comes about: the gateway connects to the institution ([`dial`]), or the institution to the gateway
//! ([`listener`]). Both give a [`Transport`], over which a link reads and writes.
//!
//! This module knows no frames and no telegrams.

mod expiry;
mod stream;

pub(super) mod tls;

pub(super) mod dial;

pub(super) mod listener;

use std::sync::Arc;

use self::dial::Dial;
use self::listener::Door;
pub(super) use self::stream::Transport;
use fep_protocol::reason::CloseReason;

/// Where a link gets its connection from.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// The gateway connects.
    Dial(Dial),
    /// The institution connects.
    Door(Arc<Door>),
}

/// A connection and the address of its other side.
#[derive(Debug)]
pub(super) struct Connected {
    pub(super) stream: Transport,
    pub(super) peer: String,
}

impl Origin {
    /// The other side, for people: its address, if the gateway connects.
    pub(super) fn peer(&self) -> &str {
        match self {
            Self::Dial(dial) => &dial.address,
            Self::Door(_) => "the institution",
        }
    }

    /// Waits for the connection.
    pub(super) async fn connect(&self) -> Result<Connected, CloseReason> {
        match self {
            Self::Dial(dial) => dial.connect().await,
            Self::Door(door) => Ok(door.enter().await),
        }
    }
}
