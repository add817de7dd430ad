//! What goes wrong when a connection of the simulated institution begins with TLS.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value as Json};

/// `[[handshakes]]`: a fault, and which handshakes have it. Handshakes of all connections of the institution count, in turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioHandshake {
    /// `fault`, required.
    pub fault: HandshakeFault,
    /// `skip`, default 0: the first handshakes do not have it, as many as this.
    pub skip: u64,
    /// `every`: only each n-th handshake has it. `None`: each one.
    pub every: Option<u64>,
    /// `times`: this many handshakes have it, and then no more. `None`: there is no limit.
    pub times: Option<u64>,
}

/// What goes wrong in a handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandshakeFault {
    /// `certificate`, with `cert` and `key`: the institution shows this certificate instead of its own.
    Certificate {
        /// The certificate with its chain, a PEM file.
        cert: PathBuf,
        /// Its private key, a PEM file.
        key: PathBuf,
    },
    /// `hang`: the institution says nothing for `hold_ms`, then it closes the connection.
    Hang {
        /// `hold_ms`, default 60000.
        hold: Duration,
    },
    /// `close`: the institution closes the connection in the middle of the handshake.
    Close,
    /// `no_tls`: the institution makes no handshake, and speaks telegrams at once.
    NoTls,
}

impl ScenarioHandshake {
    /// The keys that a scenario has for it.
    pub(in crate::simulate) fn to_json(&self) -> Map<String, Json> {
        let mut keys = Map::new();
        keys.insert("fault".to_owned(), self.fault.name().into());
        match &self.fault {
            HandshakeFault::Certificate { cert, key } => {
                keys.insert("cert".to_owned(), cert.display().to_string().into());
                keys.insert("key".to_owned(), key.display().to_string().into());
            }
            HandshakeFault::Hang { hold } => {
                keys.insert("hold_ms".to_owned(), u64::try_from(hold.as_millis()).unwrap_or(u64::MAX).into());
            }
            HandshakeFault::Close | HandshakeFault::NoTls => {}
        }
        let counts = [("skip", Some(self.skip).filter(|skip| *skip > 0)), ("every", self.every), ("times", self.times)];
        keys.extend(counts.into_iter().filter_map(|(key, count)| Some((key.to_owned(), count?.into()))));
        keys
    }
}

impl HandshakeFault {
    /// The words of a scenario.
    pub(super) const WORDS: [&str; 4] = ["certificate", "hang", "close", "no_tls"];

    /// Its word in a scenario.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Certificate { .. } => "certificate",
            Self::Hang { .. } => "hang",
            Self::Close => "close",
            Self::NoTls => "no_tls",
        }
    }
}
