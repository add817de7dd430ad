//! What programs that run batches tell about them, for the console. It is kept in memory, and nothing depends on it: what was sent is known from the
//! journal.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;

use super::Shared;
use super::access::Who;
use super::error::ApiError;
use super::institutions::unknown;
use super::origin::refuse_foreign_page;
use crate::config::Action;
use crate::contract::batches::{BatchReport, BatchView};
use crate::contract::problem::Problem;

/// How many batches of one client are known. The one that was told longest ago makes room for a new one.
const OF_CLIENT_MAX: usize = 100;

/// How many batches are known.
const BATCHES_MAX: usize = 1000;

/// How long a batch is known after it was told last, in milliseconds.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// The longest name of a batch, in bytes.
const NAME_MAX_BYTES: usize = 60;

/// The longest note, in characters.
const NOTE_MAX_CHARS: usize = 300;

/// A client, the name of a batch, and its date.
type Key = (Option<String>, String, String);

/// The batches that programs have told.
#[derive(Debug, Default)]
pub(super) struct Batches(Mutex<BTreeMap<Key, BatchView>>);

impl Batches {
    fn known(&self) -> MutexGuard<'_, BTreeMap<Key, BatchView>> {
        // The map is valid after every single change, so a panic elsewhere does not damage it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self, view: BatchView) {
        let mut known = self.known();
        let key = (view.client.clone(), view.batch.clone(), view.date.clone());
        // A client that tells of many makes room for itself, and not at the cost of others.
        let own = known.keys().filter(|(client, ..)| *client == key.0).count();
        let is_full = own >= OF_CLIENT_MAX || known.len() >= BATCHES_MAX;
        if is_full && !known.contains_key(&key) {
            let is_first = |known: &Key| own < OF_CLIENT_MAX || known.0 == key.0;
            let oldest = known.iter().filter(|(known, _)| is_first(known)).min_by_key(|(_, view)| view.told_at_ms);
            let oldest = oldest.map(|(key, _)| key.clone());
            oldest.and_then(|oldest| known.remove(&oldest));
        }
        known.insert(key, view);
    }

    /// The batches that the client may see, those told last first.
    pub(super) fn seen(&self, who: &Who, now_ms: i64) -> Vec<BatchView> {
        let mut known = self.known();
        known.retain(|_, view| now_ms.saturating_sub(view.told_at_ms) <= KEPT_MS);
        let reads = |view: &&BatchView| {
            who.may(Action::Read, Some(&view.report.institution), Some(&view.report.telegram)).is_ok()
        };
        let mut seen: Vec<_> = known.values().filter(reads).cloned().collect();
        seen.sort_by_key(|view| std::cmp::Reverse(view.told_at_ms));
        seen
    }
}

/// `PUT /v1/batches/{batch}/{date}`: how far a batch is. A client tells it that may send its requests.
pub(super) async fn tell(
    State(shared): State<Shared>,
    who: Who,
    names: Result<Path<(String, String)>, PathRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<BatchView>, ApiError> {
    refuse_foreign_page(&headers)?;
    let Path((batch, date)) = names.map_err(|error| ApiError::new(Problem::Path, error.body_text()))?;
    let wrong = |why: String| ApiError::new(Problem::BadReport, why);
    let report: BatchReport = serde_json::from_slice(&body).map_err(|error| wrong(error.to_string()))?;
    who.may(Action::Send, Some(&report.institution), Some(&report.telegram))?;
    let spec = shared.gateway.spec(&report.institution).ok_or_else(|| unknown(&report.institution))?;
    if spec.telegram(&report.telegram).is_none() {
        return Err(wrong(format!("{} has no telegram {:?}", report.institution, report.telegram)));
    }
    if batch.is_empty() || batch.len() > NAME_MAX_BYTES || batch.chars().any(char::is_control) {
        return Err(wrong(format!("the name of a batch has 1 to {NAME_MAX_BYTES} bytes")));
    }
    let is_date = date.len() == 10 && crate::time::parse(&date).is_ok();
    if !is_date {
        return Err(wrong("the date is written 2026-11-30".to_owned()));
    }
    let note = report.note.as_deref().unwrap_or_default();
    if note.chars().count() > NOTE_MAX_CHARS || note.chars().any(char::is_control) {
        return Err(wrong(format!("`note` is one line of at most {NOTE_MAX_CHARS} characters")));
    }
    let client = who.name().map(str::to_owned);
    let view = BatchView { batch, date, client, told_at_ms: shared.gateway.now_ms(), report };
    shared.batches.told(view.clone());
    Ok(Json(view))
}
