//! A request that is with another institution than the one that its service asked.
//!
//! Either a breaker stopped it at one institution, and it went to another: one request, two exchanges. The first exchange was certainly not
//! sent. The second one is a whole exchange of the other institution. The journal has each side with the outcome of the first exchange and
//! with the request of the second one. Or a rule gave it to another institution before any exchange began: one request, one exchange.
//! Nothing here decides where a request goes: the breaker, the rule and the configuration do.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ExchangeId;
use crate::routing::Because;

/// One of the two exchanges of a request, as the other one names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OtherExchange {
    /// The name of its institution.
    pub institution: String,
    /// Its name.
    pub exchange: ExchangeId,
}

/// The institution that a service asked, whose rule gave the request to another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoutedFrom {
    /// The name of the institution that was asked.
    pub institution: String,
    /// Why its rule gave the request away.
    pub because: Because,
}

/// Where a request came from or went. It serialises as an object with one key: `passed_on`, `came_from` or `routed_from`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Passage {
    /// This exchange was not sent, and the request went on as that one. If the gateway ended before that one began, there is no such
    /// exchange, and nothing was sent.
    PassedOn(OtherExchange),
    /// The request came from that exchange, which was not sent.
    CameFrom(OtherExchange),
    /// A rule of the institution that was asked gave the request to this one.
    RoutedFrom(RoutedFrom),
}

impl Passage {
    /// The institution that the service asked, if it is another one than that of the exchange.
    #[must_use]
    pub fn asked(&self) -> Option<&str> {
        match self {
            Self::PassedOn(_) => None,
            Self::CameFrom(from) => Some(&from.institution),
            Self::RoutedFrom(from) => Some(&from.institution),
        }
    }
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
            Self::RoutedFrom(from) => write!(f, "routed from {} by {}", from.institution, from.because.name()),
        }
    }
}
