//! Counts requests by route and status. The route is its pattern, so no client can make new labels.

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;

/// Lets a request pass and counts the reply.
pub(super) async fn count(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("", MatchedPath::as_str).to_owned();
    let labels = [("route", route), ("status", response.status().as_str().to_owned())];
    metrics::counter!("fep_http_requests_total", &labels).increment(1);
    response
}
