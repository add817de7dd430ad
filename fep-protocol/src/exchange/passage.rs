//! One request, two exchanges: a breaker stopped it at one institution, and it went to another.
//!
//! The first exchange was certainly not sent. The second one is a whole exchange of the other institution. The journal has each
//! side with the outcome of the first exchange and with the request of the second one. Nothing here decides that a request
//! goes on: the breaker and the configuration do.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ExchangeId;

/// One of the two exchanges of a request, as the other one names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OtherExchange {
    /// The name of its institution.
    pub institution: String,
    /// Its name.
    pub exchange: ExchangeId,
}

/// Where the other exchange of a request is. It serialises as an object with one key: `passed_on` or `came_from`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Passage {
    /// This exchange was not sent, and the request went on as that one. If the gateway ended before that one began, there is no such
    /// exchange, and nothing was sent.
    PassedOn(OtherExchange),
    /// The request came from that exchange, which was not sent.
    CameFrom(OtherExchange),
}

impl fmt::Display for OtherExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} as exchange {}", self.institution, self.exchange)
    }
}

impl fmt::Display for Passage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PassedOn(to) => write!(f, "passed on to {to}"),
            Self::CameFrom(from) => write!(f, "came from {}, exchange {}", from.institution, from.exchange),
        }
    }
}
