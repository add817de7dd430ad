//! What an error of the database means for the journal.

use fep_protocol::reason::JournalError;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::journal::store::StoreError;

/// Why a question to the database has no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// The database said so.
    Said(Error),
    /// The connection was lost, or could not be made.
    Lost(String),
    /// There was no answer in time. The connection is of no more use.
    Late(u128),
}

/// The classes of codes that depend on the content of a write: cardinality, data, constraints, syntax and missing things.
const ABOUT_CONTENT: [&str; 4] = ["21", "22", "23", "42"];

impl Failure {
    /// Whether an error leaves the connection as it is.
    pub(super) fn leaves(error: &Error) -> bool {
        !is_ending(error)
    }

    /// Whether the database refuses the content, so that it would refuse it again.
    pub(super) fn is_about_content(&self) -> bool {
        let Self::Said(error) = self else { return false };
        if is_ours(error) {
            return true;
        }
        let code = error.code().map(SqlState::code).unwrap_or_default();
        ABOUT_CONTENT.iter().any(|class| code.starts_with(class))
            && error.code() != Some(&SqlState::INSUFFICIENT_PRIVILEGE)
    }

    /// The reason, as a sentence for people.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::Said(error) => said(error),
            Self::Lost(why) => format!("the database cannot be reached: {why}"),
            Self::Late(ms) => format!("the database did not answer within {ms} ms"),
        }
    }

    /// The same as an error of the journal.
    pub(super) fn into_error(self) -> JournalError {
        match &self {
            Self::Said(error) if error.code() == Some(&SqlState::DISK_FULL) => JournalError::DiskFull,
            _ => JournalError::Failed(self.sentence()),
        }
    }

    /// The same as an error of a write that certainly stored nothing.
    pub(super) fn into_store_error(self) -> StoreError {
        if self.is_about_content() {
            return StoreError::Refused(self.sentence());
        }
        StoreError::Unavailable(self.into_error())
    }
}

/// What the database said, without its details, which may have values.
fn said(error: &Error) -> String {
    match error.as_db_error() {
        Some(error) => format!("the database says: {} (SQLSTATE {})", error.message(), error.code().code()),
        None if is_ours(error) => chain(error),
        None => format!("the database cannot be reached: {}", chain(error)),
    }
}

/// An error with what caused it.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// Whether an error is a question that was never sent, because a value has not the type of its column. This is a bug of the gateway.
fn is_ours(error: &Error) -> bool {
    let is_of_network = std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
    error.as_db_error().is_none() && !error.is_closed() && !is_of_network
}

/// Whether an error ends the connection.
fn is_ending(error: &Error) -> bool {
    let Some(said) = error.as_db_error() else { return !is_ours(error) };
    let code = said.code().code();
    error.is_closed() || code.starts_with("08") || code.starts_with("57P") || code == "25P03" || code.starts_with("XX")
}
