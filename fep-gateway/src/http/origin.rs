//! Which web pages may post and begin a WebSocket: only those of the gateway itself.

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

use super::error::ApiError;
use crate::contract::problem::Problem;

/// Refuses posts and WebSockets from web pages of other sites. Such a page can make an operator's browser post here, and must not move money or stop
/// business. A browser lets it read a WebSocket of any site, also where it could not read a reply.
/// The browser then sends the origin of the page. Services send no origin, and the gateway's own console has the same origin.
pub(super) fn refuse_foreign_page(headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority);
    if authority.is_some() && authority == headers.get(HOST).and_then(|host| host.to_str().ok()) {
        return Ok(());
    }
    let message =
        "a page of another origin may not post here nor begin a WebSocket; services leave the header Origin out";
    Err(ApiError::new(Problem::Origin, message))
}
