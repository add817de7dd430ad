//! The journal in SQLite files. All SQL of the gateway is here.
//!
//! | file | content | may be deleted |
//! |---|---|---|
//! | `journal.sqlite` | the facts | never |
//! | `journal.index.sqlite` | exchanges, settlements, keys, trace marks: an index that is built from the facts | yes, while no gateway runs |

pub(super) mod schema;

mod rows;
mod seals;
pub(super) mod marks;
mod scope;
mod owners;
pub(super) mod archive;
pub(super) mod facts;
pub(super) mod rekey;
mod cases;
mod notices;
pub(super) mod index;
pub(super) mod removals;
#[cfg(feature = "postgres")]
pub(super) mod leaving;
pub(super) mod closing;
pub(super) mod environment;
pub(super) mod moved;

use fep_protocol::exchange::ExchangeId;
use fep_protocol::reason::JournalError;
use rusqlite::{Error, ErrorCode, Row};

use super::store::StoreError;

/// Tells whether the storage failed, or the content of the write.
fn failed(error: Error) -> StoreError {
    let Error::SqliteFailure(failure, _) = &error else { return StoreError::Refused(error.to_string()) };
    match failure.code {
        ErrorCode::DiskFull => StoreError::Unavailable(JournalError::DiskFull),
        ErrorCode::SystemIoFailure
        | ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::ReadOnly
        | ErrorCode::CannotOpen
        | ErrorCode::OutOfMemory => StoreError::Unavailable(JournalError::Failed(error.to_string())),
        _ => StoreError::Refused(error.to_string()),
    }
}

/// The name of an exchange in this column.
fn id(row: &Row<'_>, name: &str) -> Result<ExchangeId, Error> {
    let bytes: [u8; ExchangeId::LEN] = row.get(name)?;
    ExchangeId::from_bytes(&bytes).ok_or(Error::QueryReturnedNoRows)
}
