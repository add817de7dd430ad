//! A file that a client sends as the body of its request: written to a temporary file as it comes, so that its length does not matter for the memory.
//! The temporary file has no name: it has account numbers, and a gateway that is killed leaves nothing of it behind.

use std::io;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, EXPECT};
use futures_util::StreamExt;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout, timeout_at};

use super::error::ApiError;
use crate::contract::problem::Problem;

/// The route whose body is a file.
pub(super) const FILES: &str = "/v1/institutions/{institution}/reconciliations/{reconciliation}";

/// How long a client may send nothing.
const PIECE_MAX: Duration = Duration::from_secs(10);

/// How long a file may take.
const FILE_MAX: Duration = Duration::from_secs(600);

/// How long the rest of a file that is not wanted is read, so that the client reads the reply and not a reset.
const REST_MAX: Duration = Duration::from_secs(2);

/// Receives a file of at most `max` bytes. It is gone when the value is dropped, and nobody else can open it.
pub(super) async fn receive(headers: &HeaderMap, body: Body, max: u64) -> Result<std::fs::File, ApiError> {
    let mut pieces = body.into_data_stream();
    let received = match declared(headers) {
        Some(len) if len > max => Err(too_long(max)),
        _ => timeout(FILE_MAX, write(&mut pieces, max)).await.unwrap_or_else(|_| Err(too_slow())),
    };
    if received.is_err() && !headers.contains_key(EXPECT) {
        rest(pieces).await;
    }
    received
}

/// Reads what a client sends that is refused anyway.
pub(super) async fn refuse(headers: &HeaderMap, body: Body) {
    if !headers.contains_key(EXPECT) {
        rest(body.into_data_stream()).await;
    }
}

async fn write(pieces: &mut BodyDataStream, max: u64) -> Result<std::fs::File, ApiError> {
    let made = tokio::task::spawn_blocking(tempfile::tempfile).await;
    let made = made.unwrap_or_else(|_| Err(io::Error::other("no thread"))).map_err(|error| no_disk(&error))?;
    let mut file = File::from_std(made);
    let mut len = 0_u64;
    while let Some(piece) = timeout(PIECE_MAX, pieces.next()).await.map_err(|_| too_slow())? {
        let piece = piece.map_err(|_| ApiError::new(Problem::BodyCut, "the file is incomplete: nothing was kept"))?;
        len = len.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        if len > max {
            return Err(too_long(max));
        }
        file.write_all(&piece).await.map_err(|error| no_disk(&error))?;
    }
    file.flush().await.map_err(|error| no_disk(&error))?;
    Ok(file.into_std().await)
}

async fn rest(mut pieces: BodyDataStream) {
    let until = Instant::now() + REST_MAX;
    while let Ok(Some(Ok(_))) = timeout_at(until, pieces.next()).await {}
}

fn declared(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_long(max: u64) -> ApiError {
    let message = format!("the file has more than {max} bytes (`file_max_bytes` of the reconciliation)");
    ApiError::new(Problem::BodyTooLarge, message).with("max", max)
}

fn too_slow() -> ApiError {
    ApiError::new(Problem::BodyTooSlow, "the file did not come in time; nothing was kept")
}

fn no_disk(error: &io::Error) -> ApiError {
    let message = format!("a temporary file cannot be written: {error}. TMPDIR says where they are");
    ApiError::new(Problem::NotCompared, message)
}
