//! What every request passes before its route sees it, and what every reply gets. It is one layer of the router, because each layer costs
//! every request a box and a copy of all that is below it. What the steps mean is said in `access`, `admission` and `caller`.
//!
//! ```text
//! request ──► is it here? ──► who asks? ──► is it for us, and whole? ──► route ──► refusals noted, request ID, no caching, counted ──► reply
//! ```

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use fep_protocol::verification::REPORT_MAX_BYTES;

use super::BODY_MAX_BYTES;
use super::access::{Guard, Who, challenge};
use super::admission::{Admission, closing};
use super::caller::RequestIdHeader;
use super::error::Refused;
use super::listeners::{Here, Place};
use super::refusals::{Refusal, Refusals};
use super::source::Address;
use super::upload::FILES;
use crate::config::Http;

/// Forbids caches to store responses, because they contain customer data. The files of the console set their own `Cache-Control`.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The route of a run of a verification. Its report may be longer than other bodies.
const RUN: &str = "/v1/verifications/{institution}/{verification}/{run}";

/// The steps with what they need.
#[derive(Debug)]
pub(super) struct Edge {
    guard: Arc<Guard>,
    refusals: Arc<Refusals>,
    admission: Admission,
    here: Here,
}

impl Edge {
    /// The edge of a listener with these settings.
    pub(super) fn new(settings: &Http, guard: Arc<Guard>, refusals: Arc<Refusals>, place: Place) -> Arc<Self> {
        Arc::new(Self { guard, refusals, admission: Admission::new(settings), here: Here::new(place, settings) })
    }

    async fn reply(
        &self,
        mut request: Request,
        route: Option<&MatchedPath>,
        known: &mut Option<Who>,
        next: Next,
    ) -> Response {
        if let Err(elsewhere) = self.here.check(route) {
            return closing(elsewhere);
        }
        if self.here.is_open(route) {
            request.extensions_mut().insert(Who::Anybody);
        } else if let Err(unknown) = self.guard.authenticate(&mut request).await {
            return challenge(unknown);
        }
        *known = request.extensions().get::<Who>().cloned();
        let admitted = match route {
            // The route reads its body itself: it is a file, which may be long.
            Some(route) if route.as_str() == FILES => self.admission.admit_head(request),
            Some(route) if route.as_str() == RUN => {
                // The route reads the body once more.
                DefaultBodyLimit::max(REPORT_MAX_BYTES).apply(&mut request);
                self.admission.admit(request, REPORT_MAX_BYTES).await
            }
            _ => self.admission.admit(request, BODY_MAX_BYTES).await,
        };
        match admitted {
            Ok(request) => next.run(request).await,
            Err(bad) => closing(bad),
        }
    }
}

/// Lets a request pass all steps.
pub(super) async fn pass(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    let id = RequestIdHeader::of(request.headers());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let address = request.extensions().get::<Address>().copied();
    let mut who = None;
    let mut response = edge.reply(request, route.as_ref(), &mut who, next).await;
    if let Some(refused) = response.extensions_mut().remove::<Refused>() {
        let route = route.as_ref().map_or("", MatchedPath::as_str).to_owned();
        let status = response.status();
        edge.refusals.note(Refusal { status, refused, address, who, request_id: id.id(), method, route });
    }
    response.headers_mut().entry(CACHE_CONTROL).or_insert(NO_STORE);
    id.repeat(response.headers_mut());
    count(route.as_ref(), response.status());
    response
}

/// Counts a request by route and status. The route is its pattern, so no client can make new labels.
fn count(route: Option<&MatchedPath>, status: StatusCode) {
    let route = route.map_or("", MatchedPath::as_str).to_owned();
    let labels = [("route", route), ("status", status.as_str().to_owned())];
    metrics::counter!("fep_http_requests_total", &labels).increment(1);
}
