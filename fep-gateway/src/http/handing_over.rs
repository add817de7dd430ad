//! Hands a request over to a gateway of the other site, if it belongs there: its idempotency key does by the percentages that hold, or it cannot be
//! sent here now and the other site was not drained.
//!
//! ```text
//! request with a key ─► which site? ─┬─ ours ────────────────────────────────► served here
//!                                    └─ the other one ─► a gateway there ─┬─► its reply, as it is
//!                                                                         ├─ not reached, or it cannot send now ─► served here
//!                                                                         └─ no reply ─► served here: the key is sent once
//! ```
//!
//! Nothing is lost or doubled by this, because the journal that the gateways share lets a key be sent once. So a request without a key is never handed
//! over: if no reply came, nobody could say whether it was sent. A request that proves who sends it by a certificate or a session stays here, too:
//! both belong to this connection. The other gateway checks the caller's token and rights itself.

mod peer;
mod tally;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use fep_protocol::exchange::TraceParent;
use serde_json::Value;
use tokio::sync::Semaphore;

use self::peer::Peer;
use self::tally::Tally;
use super::access::Credential;
use crate::client::{Failed, Replied};
use crate::contract::sites::{HandingView, PeerView};
use crate::gateway::Gateway;

/// The header that says that a request was handed over, and by which gateway. Such a request is served where it comes.
const HANDED_OVER_BY: HeaderName = HeaderName::from_static("fep-handed-over-by");

/// The header of a reply that says which gateway served the request.
const SERVED_BY: HeaderName = HeaderName::from_static("fep-served-by");

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What the other gateway gets of the headers of a request. `traceparent` is that of the span here.
const PASSED: [HeaderName; 7] = [
    AUTHORIZATION,
    CONTENT_TYPE,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("prefer"),
    HeaderName::from_static("priority"),
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("tracestate"),
];

/// What the caller gets of the headers of a reply.
const RETURNED: [HeaderName; 5] =
    [CONTENT_TYPE, LOCATION, RETRY_AFTER, HeaderName::from_static("preference-applied"), SERVED_BY];

/// What a reply may take besides the time that the institution has.
const SPARE: Duration = Duration::from_secs(1);

/// The reasons of a gateway that did not send a request, which another gateway need not have. Those of its journal begin with `journal_`.
const OWN_REASONS: [&str; 7] = [
    "stopping",
    "stopped_before_sent",
    "no_line_up",
    "link_elsewhere",
    "no_receiving_line",
    "link_lost_before_write",
    "no_trace_block",
];

/// The errors of a gateway that stops or whose journal cannot be read.
const OWN_PROBLEMS: [&str; 3] = ["stopped", "journal", "key_unchecked"];

/// The other site, seen by this gateway.
pub(super) struct HandOver {
    gateway: Gateway,
    instance: String,
    other: String,
    peers: Vec<Peer>,
    /// Which gateway of the other site is tried first.
    turn: AtomicUsize,
    permits: Semaphore,
    tally: Tally,
}

/// A request that may be handed over.
#[derive(Debug)]
pub(super) struct Asked<'r> {
    /// Its institution and its telegram.
    pub(super) names: (&'r str, &'r str),
    pub(super) key: Option<&'r str>,
    pub(super) uri: &'r Uri,
    pub(super) headers: &'r HeaderMap,
    pub(super) body: &'r Bytes,
    /// By what its caller has proved who it is.
    pub(super) credential: &'r Credential,
    /// The span here.
    pub(super) traceparent: Option<TraceParent>,
}

/// What becomes of a request.
#[derive(Debug)]
pub(super) enum Went {
    /// The other gateway replied.
    Replied(Response),
    /// It is served here.
    Here,
    /// It is served here, and the other gateway may have it as well.
    HereToo,
}

/// What became of a request that belongs to the other site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// A gateway there replied.
    Served,
    /// No gateway there could be reached.
    Unreachable,
    /// A gateway there could not send it.
    Refused,
    /// No reply came.
    Failed,
    /// Too many others were on their way.
    Full,
    /// It has no idempotency key.
    NoKey,
    /// Its caller is known by this connection only.
    OwnCaller,
}

/// What one gateway of the other site did with a request.
enum Tried {
    Replied(Response),
    /// It could not send it, and said so.
    Refused,
    /// It could not be reached.
    Unreachable,
    /// It may have it.
    Failed,
}

impl HandOver {
    /// The other site of the configuration. `None` if the gateways are at one site.
    pub(super) fn new(gateway: &Gateway) -> Option<Self> {
        let (instance, config) = gateway.sites_config()?;
        let (other, site) = config.sites.iter().find(|(name, _)| **name != config.own)?;
        let peer = |(instance, at): (&String, _)| Peer::new(instance, at, config);
        Some(Self {
            gateway: gateway.clone(),
            instance: instance.to_owned(),
            other: other.clone(),
            peers: site.gateways.iter().map(peer).collect(),
            turn: AtomicUsize::new(0),
            permits: Semaphore::new(config.inflight_max),
            tally: Tally::new(other, gateway.now_ms()),
        })
    }

    /// Hands a request over, if it belongs to the other site and can go there.
    pub(super) async fn offer(&self, asked: &Asked<'_>) -> Went {
        if let Some(by) = asked.headers.get(HANDED_OVER_BY) {
            if self.peers.iter().any(|peer| peer.instance().as_bytes() == by.as_bytes()) {
                self.tally.served_for_other();
            }
            return Went::Here;
        }
        let Some(key) = asked.key else {
            if self.gateway.percent_of(&self.other) > 0 {
                self.tally.count(Fate::NoKey);
            }
            return Went::Here;
        };
        let belongs_there = self.gateway.site_of(key).is_some_and(|site| site == self.other);
        // A site that was drained gets nothing, also if something is wrong here.
        let is_drained = || self.gateway.percent_of(&self.other) == 0;
        if !belongs_there && (is_drained() || !self.gateway.cannot_send(asked.names.0)) {
            return Went::Here;
        }
        let (went, fate) = self.hand_over(asked).await;
        self.tally.count(fate);
        went
    }

    async fn hand_over(&self, asked: &Asked<'_>) -> (Went, Fate) {
        if !matches!(asked.credential, Credential::None | Credential::Token(_) | Credential::Jwt(_)) {
            return (Went::Here, Fate::OwnCaller);
        }
        let Ok(_permit) = self.permits.try_acquire() else { return (Went::Here, Fate::Full) };
        let first = self.turn.fetch_add(1, Ordering::Relaxed) % self.peers.len().max(1);
        let mut fate = Fate::Unreachable;
        for peer in self.peers.iter().cycle().skip(first).take(self.peers.len()).filter(|peer| !peer.is_paused()) {
            match self.tried(peer, asked).await {
                Tried::Replied(response) => return (Went::Replied(response), Fate::Served),
                // Another one may have the key now, and waiting for each of them in turn would take too long.
                Tried::Failed => return (Went::HereToo, Fate::Failed),
                Tried::Refused => fate = Fate::Refused,
                Tried::Unreachable => {}
            }
        }
        (Went::Here, fate)
    }

    async fn tried(&self, peer: &Peer, asked: &Asked<'_>) -> Tried {
        let (institution, telegram) = asked.names;
        let limit = self.gateway.patience(institution, telegram) + SPARE;
        match peer.post(asked.uri.path(), &self.headers(asked), asked.body, limit).await {
            Ok(replied) => self.judged(peer, replied),
            Err(Failed::NotSent(why)) => {
                peer.pause(&why);
                Tried::Unreachable
            }
            Err(Failed::NoReply(why)) => {
                peer.pause(&why);
                Tried::Failed
            }
        }
    }

    /// What the other gateway gets of a request.
    fn headers(&self, asked: &Asked<'_>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for name in PASSED {
            for value in asked.headers.get_all(&name) {
                headers.append(&name, value.clone());
            }
        }
        let traceparent = asked.traceparent.map(|parent| (TRACEPARENT, parent.to_string()));
        for (name, value) in [(HANDED_OVER_BY, self.instance.clone())].into_iter().chain(traceparent) {
            let value = HeaderValue::from_bytes(value.as_bytes()).ok();
            value.into_iter().for_each(|value| drop(headers.insert(&name, value)));
        }
        headers
    }

    /// What a reply says. Only one of the gateway that was asked is passed on.
    fn judged(&self, peer: &Peer, replied: Replied) -> Tried {
        let Replied { status, headers, body } = replied;
        let served_by = headers.get(SERVED_BY).map(HeaderValue::as_bytes);
        if served_by != Some(peer.instance().as_bytes()) {
            // Something in between replied, or it was refused at the door: this gateway has let its caller in, and serves it.
            peer.pause(&format!("the reply {status} does not say that it is of this gateway"));
            return Tried::Failed;
        }
        if status == StatusCode::SERVICE_UNAVAILABLE
            && let Some(whole) = own_trouble(&body)
        {
            if whole {
                peer.pause("it takes no requests now");
            }
            return Tried::Refused;
        }
        peer.works();
        let mut response = (status, body).into_response();
        let own = response.headers_mut();
        own.remove(CONTENT_TYPE);
        for name in RETURNED {
            for value in headers.get_all(&name) {
                own.append(&name, value.clone());
            }
        }
        Tried::Replied(response)
    }

    /// Says in a reply which gateway served the request, if another one did not.
    pub(super) fn sign(&self, response: &mut Response) {
        // A name has no control characters, so each can stand in a header.
        if let Ok(name) = HeaderValue::from_bytes(self.instance.as_bytes()) {
            response.headers_mut().entry(SERVED_BY).or_insert(name);
        }
    }

    /// What this gateway measured since it started.
    pub(super) fn view(&self) -> HandingView {
        let peer = |peer: &Peer| PeerView { gateway: peer.instance().to_owned(), trouble: peer.trouble() };
        self.tally.view(self.peers.iter().map(peer).collect())
    }
}

/// Whether a reply says that the gateway has sent nothing, for a reason of its own: `true` if it takes no requests at all, `false` if that concerns
/// the institution.
fn own_trouble(body: &[u8]) -> Option<bool> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    if text("outcome") == Some("not_sent") {
        let reason = text("reason_code")?;
        let of_journal = reason.starts_with("journal_");
        return (of_journal || OWN_REASONS.contains(&reason)).then_some(of_journal || reason == "stopping");
    }
    text("code").filter(|code| OWN_PROBLEMS.contains(code)).map(|_| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_trouble_of_a_gateway_lets_another_one_try() {
        let of = |reason: &str| own_trouble(format!(r#"{{"outcome":"not_sent","reason_code":"{reason}"}}"#).as_bytes());
        for reason in ["stopping", "journal_failed", "journal_slow"] {
            assert_eq!(of(reason), Some(true), "{reason}");
        }
        for reason in ["no_line_up", "link_elsewhere", "link_lost_before_write"] {
            assert_eq!(of(reason), Some(false), "{reason}");
        }
        // Another gateway has no better contract, and a breaker or a person that stops business is not gone round.
        for reason in ["rate_limit", "queue_full", "breaker_tripped", "business_blocked", "outside_hours", "key_taken"]
        {
            assert_eq!(of(reason), None, "{reason}");
        }
        assert_eq!(own_trouble(br#"{"code":"stopped"}"#), Some(true));
        assert_eq!(own_trouble(br#"{"code":"still_running"}"#), None);
        assert_eq!(own_trouble(br#"{"outcome":"unknown","reason_code":"stopping"}"#), None);
        assert_eq!(own_trouble(b"busy"), None);
    }
}
