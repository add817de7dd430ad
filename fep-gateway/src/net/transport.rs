//! How a connection comes about: the gateway connects to the institution ([`dial`]), or the institution to the gateway
//! ([`listener`]). Both give a [`Transport`], over which a link reads and writes.
//!
//! This module knows no frames and no telegrams.

pub(super) mod http;

mod secured;

mod stream;

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
    Dial(Box<Dial>),
    /// The institution connects.
    Door(Arc<Door>),
    /// A simulated network connects.
    #[cfg(feature = "simulation")]
    Simulated(Simulated),
}

/// A link of a simulated network.
#[cfg(feature = "simulation")]
#[derive(Clone)]
pub(super) struct Simulated {
    pub(super) network: Arc<dyn crate::ground::Network>,
    pub(super) institution: Arc<str>,
    pub(super) line: String,
    pub(super) within: std::time::Duration,
}

#[cfg(feature = "simulation")]
impl std::fmt::Debug for Simulated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Simulated({} of {})", self.line, self.institution)
    }
}

#[cfg(feature = "simulation")]
impl Simulated {
    async fn connect(&self) -> Result<Connected, CloseReason> {
        let connecting = self.network.connect(&self.institution, &self.line);
        let timed_out = |_| CloseReason::ConnectTimeout { address: self.line.clone(), within: self.within };
        let stream = tokio::time::timeout(self.within, connecting).await.map_err(timed_out)?;
        let failed =
            |error: std::io::Error| CloseReason::ConnectFailed { address: self.line.clone(), error: error.to_string() };
        Ok(Connected { stream: Transport::Simulated(stream.map_err(failed)?), peer: self.line.clone() })
    }
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
            #[cfg(feature = "simulation")]
            Self::Simulated(simulated) => &simulated.line,
        }
    }

    /// Waits for the connection.
    pub(super) async fn connect(&self) -> Result<Connected, CloseReason> {
        match self {
            Self::Dial(dial) => dial.connect().await,
            Self::Door(door) => Ok(door.enter().await),
            #[cfg(feature = "simulation")]
            Self::Simulated(simulated) => simulated.connect().await,
        }
    }
}
