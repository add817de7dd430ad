//! Which listener has which routes. Without listeners of their own, operators and the platform use that of the services.
//!
//! | listener | routes |
//! |---|---|
//! | `[http]` | what services need: requests, exchanges, notices, lines, institutions, events, streams |
//! | `[http.operators]` | the same, and the console, sessions, decisions, reveals, the audit trail |
//! | `[http.metrics]` | `/metrics`, without a token |
//! | each | `/healthz`, `/readyz`, `/problems` |
//!
//! The list of the services' routes is the one that is written down: a new route is the operators' until somebody says otherwise.

use std::io;

use axum::extract::MatchedPath;
use tokio::net::TcpListener;

use super::error::ApiError;
use crate::config::Http;
use crate::contract::problem::Problem;

/// The sockets on which the HTTP interface listens.
#[derive(Debug)]
pub struct Listeners {
    pub(super) services: TcpListener,
    pub(super) operators: Option<TcpListener>,
    pub(super) metrics: Option<TcpListener>,
}

/// A listener, by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Services,
    Operators,
    Metrics,
}

/// A listener, and which others there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Here {
    pub(super) place: Place,
    operators_apart: bool,
    metrics_apart: bool,
}

/// The routes that each listener has.
const EVERYWHERE: [&str; 4] = ["/healthz", "/readyz", "/problems", "/problems/{code}"];

/// The route of the platform.
pub(super) const METRICS: &str = "/metrics";

/// The routes of services. All others are for operators.
const SERVICES: [&str; 14] = [
    "/v1/institutions/{institution}/exchanges/{telegram}",
    "/v1/exchanges",
    "/v1/exchanges/{id}",
    "/v1/exchanges/{id}/events",
    "/v1/exchanges/{id}/view",
    "/v1/notices",
    "/v1/notices/{id}",
    "/v1/institutions",
    "/v1/institutions/{institution}",
    "/v1/lines",
    "/v1/events",
    "/v1/streams",
    "/v1/streams/{stream}",
    "/openapi.json",
];

impl Listeners {
    /// Listens on the addresses of the configuration.
    ///
    /// # Errors
    /// If one of them cannot be listened on. The error names it and its key.
    pub async fn bind(settings: &Http) -> io::Result<Self> {
        let bind = async |listen, key: &str| {
            let named = |error: io::Error| {
                io::Error::new(error.kind(), format!("cannot listen on {listen} (`{key} listen`): {error}"))
            };
            TcpListener::bind(listen).await.map_err(named)
        };
        let services = bind(settings.listen, "[http]").await?;
        let operators = match &settings.operators {
            Some(own) => Some(bind(own.listen, "[http.operators]").await?),
            None => None,
        };
        let metrics = match &settings.metrics {
            Some(own) => Some(bind(own.listen, "[http.metrics]").await?),
            None => None,
        };
        Ok(Self { services, operators, metrics })
    }
}

/// The listener of services alone. If the configuration has others, what is theirs is nowhere.
impl From<TcpListener> for Listeners {
    fn from(services: TcpListener) -> Self {
        Self { services, operators: None, metrics: None }
    }
}

impl Here {
    pub(super) fn new(place: Place, settings: &Http) -> Self {
        Self { place, operators_apart: settings.operators.is_some(), metrics_apart: settings.metrics.is_some() }
    }

    /// Refuses a request for what is on another listener. A path without a route is on none.
    pub(super) fn check(self, route: Option<&MatchedPath>) -> Result<(), ApiError> {
        let Some(route) = route.map(MatchedPath::as_str).filter(|route| !EVERYWHERE.contains(route)) else {
            return Ok(());
        };
        let (is_here, there) = if route == METRICS {
            (self.place == Place::Metrics || !self.metrics_apart, "that of the metrics (`[http.metrics]`)")
        } else if SERVICES.contains(&route) {
            (self.place != Place::Metrics, "that of the services (`[http]`)")
        } else if self.operators_apart {
            (self.place == Place::Operators, "that of the operators (`[http.operators]`)")
        } else {
            (self.place != Place::Metrics, "that of the services (`[http]`)")
        };
        if is_here {
            return Ok(());
        }
        let message = format!("this is on another listener of the gateway: {there}; nothing was done");
        Err(ApiError::new(Problem::OtherListener, message))
    }

    /// Whether this route asks nobody who it is.
    pub(super) fn is_open(self, route: Option<&MatchedPath>) -> bool {
        self.place == Place::Metrics && route.is_some_and(|route| route.as_str() == METRICS)
    }
}
