//! `/v1/session`: a browser begins a session, asks for it, and ends it.

use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{Extensions, HeaderMap};
use axum::response::{IntoResponse, Response};

use super::Shared;
use super::access::{Credential, Who};
use super::error::ApiError;
use super::origin::refuse_foreign_page;
use super::secured::OverTls;
use super::sessions::SessionToken;
use crate::contract::SessionState;
use crate::contract::problem::Problem;

/// `POST /v1/session`, with a token: the reply sets a cookie.
pub(super) async fn begin(
    State(shared): State<Shared>,
    who: Who,
    credential: Credential,
    extensions: Extensions,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    refuse_foreign_page(&headers)?;
    let token = match credential {
        Credential::Token(token) => SessionToken::Own(token),
        Credential::Jwt(jwt) => SessionToken::Issued(jwt),
        Credential::None | Credential::Session(_) | Credential::Certificate => {
            let message =
                "a session begins with a token: Authorization: Bearer …; a client with a certificate needs none";
            return Err(ApiError::new(Problem::NoSession, message));
        }
    };
    let begun = shared.guard.sessions().begin(token, OverTls::has(&extensions), Instant::now())?;
    Ok(([(SET_COOKIE, begun.cookie)], Json(state(&who, Some(begun.csrf)))).into_response())
}

/// `GET /v1/session`: who asks, and what that client may do.
pub(super) async fn show(who: Who, credential: Credential) -> Json<SessionState> {
    let csrf = match credential {
        Credential::Session(csrf) => Some(csrf),
        Credential::Token(_) | Credential::Jwt(_) | Credential::Certificate | Credential::None => None,
    };
    Json(state(&who, csrf))
}

/// `DELETE /v1/session`
pub(super) async fn end(
    State(shared): State<Shared>,
    who: Who,
    extensions: Extensions,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    refuse_foreign_page(&headers)?;
    let cookie = shared.guard.sessions().end(&headers, OverTls::has(&extensions));
    Ok(([(SET_COOKIE, cookie)], Json(state(&who, None))).into_response())
}

fn state(who: &Who, csrf: Option<String>) -> SessionState {
    SessionState {
        client: who.name().map(str::to_owned),
        csrf,
        may: who.grants(),
        sees_own_secrets: who.sees_own_secrets(),
    }
}
