//! The body by which a person decides about one exchange or one notice.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::ApiError;

/// A decision, which is one of the words `W`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionBody<W> {
    pub(super) decision: W,
    pub(super) note: String,
    #[serde(default = "nobody")]
    pub(super) person: String,
}

/// Callers have no names yet.
pub(super) fn nobody() -> String {
    "operator".to_owned()
}

/// Reads the body. `example` says how to write one.
pub(super) fn read<W: DeserializeOwned>(
    body: Result<Bytes, BytesRejection>,
    example: &str,
) -> Result<DecisionBody<W>, ApiError> {
    let body = body.map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, "body", error.body_text()))?;
    serde_json::from_slice(&body)
        .map_err(|error| ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_decision", format!("{error}; {example}")))
}
