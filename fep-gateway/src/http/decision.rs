//! The body by which a person decides about one exchange or one notice.

use axum::body::Bytes;
use fep_protocol::settlement::PERSON_MAX_CHARS;
use serde::de::DeserializeOwned;

use super::access::Who;
use super::error::ApiError;
use crate::contract::decisions::DecisionBody;
use crate::contract::problem::Problem;

/// Reads the body of a decision by this client. `example` says how to write one.
pub(super) fn read<W: DeserializeOwned>(body: Bytes, who: &Who, example: &str) -> Result<DecisionBody<W>, ApiError> {
    let body: DecisionBody<W> = parsed(&body, example)?;
    storable(&body.note)?;
    Ok(DecisionBody { person: named(body.person, who)?, ..body })
}

/// Reads a body as JSON. `example` says how to write it.
pub(super) fn parsed<T: DeserializeOwned>(body: &[u8], example: &str) -> Result<T, ApiError> {
    let refused = |error| ApiError::new(Problem::BadDecision, format!("{error}; {example}"));
    serde_json::from_slice(body).map_err(refused)
}

/// Refuses a note with control characters.
pub(super) fn storable(note: &str) -> Result<(), ApiError> {
    if note.chars().any(|character| character.is_control() && character != '\n') {
        let message = "a note has text and line ends, and no other control characters";
        return Err(ApiError::new(Problem::BadNote, message));
    }
    Ok(())
}

/// The maximum length of a note, in characters.
const NOTE_MAX_CHARS: usize = 200;

/// Checks a note of one line.
pub(super) fn noted(note: String) -> Result<String, ApiError> {
    let is_text = !note.trim().is_empty() && note.chars().count() <= NOTE_MAX_CHARS;
    if is_text && !note.chars().any(char::is_control) {
        return Ok(note);
    }
    let message =
        format!("write a `note` of one line with at most {NOTE_MAX_CHARS} characters: others read it as the reason");
    Err(ApiError::new(Problem::NoNote, message))
}

/// The name under which a decision is recorded, if it can be.
pub(super) fn named(person: String, who: &Who) -> Result<String, ApiError> {
    let person = who.decides(person);
    let is_name = !person.trim().is_empty() && person.chars().count() <= PERSON_MAX_CHARS;
    if is_name && !person.chars().any(char::is_control) {
        return Ok(person);
    }
    let message = format!("`person` has 1 to {PERSON_MAX_CHARS} characters in one line");
    Err(ApiError::new(Problem::NoPerson, message))
}
