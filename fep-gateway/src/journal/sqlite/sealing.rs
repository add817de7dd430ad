//! Sealed bodies in the table of facts: which columns are authenticated, and since which fact everything is sealed.

use std::cell::RefCell;
use std::path::Path;

use fep_protocol::fact::Fact;
use fep_protocol::reason::JournalError;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, Row, params};

use super::{schema, signed, unsigned};
use crate::journal::seal::{Body, KeyId, KeyRing, Opener, Sealer, Unreadable, key_of};
use crate::journal::store::FactNumber;

/// How a reader treats sealed bodies.
#[derive(Clone, Debug, Default)]
pub(in crate::journal) struct Access {
    keys: Option<KeyRing>,
    /// Whether a body that cannot be read is an error, unless its key was forgotten on purpose. Otherwise the fact is read
    /// without its body.
    is_strict: bool,
}

/// Seals what a writer appends.
#[derive(Debug)]
pub(super) struct Sealing {
    sealer: Sealer,
    /// The key that the file names as one of its keys.
    named: Option<KeyId>,
}

/// Opens what a reader reads.
#[derive(Debug)]
pub(super) struct Bodies {
    opener: RefCell<Opener>,
    is_strict: bool,
    sealed_from: Option<FactNumber>,
    unreadable: RefCell<Vec<(FactNumber, Unreadable)>>,
}

/// The maximum number of unreadable bodies that a reader remembers until it is asked.
const UNREADABLE_MAX: usize = 16_384;

impl Access {
    /// A body that cannot be read is an error, unless its key was forgotten.
    pub(in crate::journal) fn strict(keys: Option<&KeyRing>) -> Self {
        Self { keys: keys.cloned(), is_strict: true }
    }

    /// A fact whose body cannot be read is read without it.
    pub(in crate::journal) fn tolerant(keys: Option<&KeyRing>) -> Self {
        Self { keys: keys.cloned(), is_strict: false }
    }
}

impl Sealing {
    /// Begins to seal, or continues. `None` means that the journal is not encrypted.
    ///
    /// # Errors
    /// If the journal is encrypted and the keys are not given or not those of the journal.
    pub(super) fn begin(
        connection: &Connection,
        path: &Path,
        keys: Option<&KeyRing>,
    ) -> Result<Option<Self>, JournalError> {
        let refused = |why: String| JournalError::Failed(format!("{}: {why}", path.display()));
        let failed = |error: Error| schema::at(path, &error);
        let State { journal, sealed_from } = check(connection, path, keys)?;
        let Some(keys) = keys else {
            return match (sealed_from, newest_key(connection).map_err(failed)?) {
                (None, _) => Ok(None),
                (Some(from), wanted) => {
                    let wanted = wanted.map(|id| format!(" with the key {id}")).unwrap_or_default();
                    Err(refused(format!(
                        "the journal is encrypted from fact {from} on: the key file{wanted} is needed, see `encryption` of \
                         [journal]"
                    )))
                }
            };
        };
        for id in used_keys(connection).map_err(failed)? {
            if let Err(Unreadable::NoKey(id)) = keys.knows(id) {
                let file = keys.path().display();
                return Err(refused(format!("facts are sealed with the key {id}, which {file} does not have")));
            }
        }
        if sealed_from.is_none() {
            let sql = "UPDATE journal SET sealed_from = ?1, seal_proof = ?2";
            let last: i64 = connection
                .query_row("SELECT coalesce(max(number), 0) FROM facts", [], |row| row.get(0))
                .map_err(failed)?;
            let from = unsigned(last) + 1;
            connection.execute(sql, params![signed(from), keys.proof(&journal, from)]).map_err(failed)?;
        }
        Ok(Some(Self { sealer: Sealer::new(keys.clone(), journal)?, named: None }))
    }

    /// The open part of a fact, and its body. Names the key in the file before it is used.
    pub(super) fn split(&mut self, connection: &Connection, fact: &Fact) -> Result<(Fact, Body), Error> {
        let id = self.sealer.key_at(fact.at_ms).map_err(unsealed)?;
        if self.named != Some(id) {
            connection.execute("INSERT OR IGNORE INTO seal_keys VALUES (?1)", params![id.0])?;
            self.named = Some(id);
        }
        let mut open = fact.clone();
        let body = Body::take(&mut open);
        Ok((open, body))
    }

    pub(super) fn seal(&mut self, body: &Body, open: &[ValueRef<'_>]) -> Result<Vec<u8>, Error> {
        let associated = associated(open.iter().copied().map(Ok))?;
        self.sealer.seal(body, &associated).map_err(unsealed)
    }

    /// The key may not be named in the file any more.
    pub(super) fn rolled_back(&mut self) {
        self.named = None;
    }
}

impl Bodies {
    pub(super) fn of(connection: &Connection, path: &Path, access: &Access) -> Result<Self, JournalError> {
        let State { journal, sealed_from } = check(connection, path, access.keys.as_ref())?;
        let opener = RefCell::new(Opener::new(access.keys.clone(), journal));
        Ok(Self { opener, is_strict: access.is_strict, sealed_from, unreadable: RefCell::default() })
    }

    /// Completes a fact with its sealed body. `open` has the values of its open columns.
    pub(super) fn complete<'r>(
        &self,
        number: FactNumber,
        fact: &mut Fact,
        sealed: ValueRef<'_>,
        open: impl Iterator<Item = Result<ValueRef<'r>, Error>>,
    ) -> Result<(), Error> {
        let body = match sealed {
            ValueRef::Null if self.sealed_from.is_none_or(|from| number < from) => return Ok(()),
            ValueRef::Null => Err(Unreadable::NotSealed),
            ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Text(_) => Err(Unreadable::Malformed),
            ValueRef::Blob(sealed) => self.opener.borrow_mut().open(sealed, fact.at_ms, &associated(open)?),
        };
        match body {
            Ok(body) => body.give(fact),
            Err(why) if self.is_strict && !matches!(why, Unreadable::Forgotten(_)) => {
                return Err(Error::ToSqlConversionFailure(format!("fact {number}: {why}").into()));
            }
            Err(why) => {
                let mut unreadable = self.unreadable.borrow_mut();
                if unreadable.len() < UNREADABLE_MAX {
                    unreadable.push((number, why));
                }
            }
        }
        Ok(())
    }

    /// The first fact that must be sealed.
    pub(super) fn sealed_from(&self) -> Option<FactNumber> {
        self.sealed_from
    }

    pub(super) fn take_unreadable(&self) -> Vec<(FactNumber, Unreadable)> {
        self.unreadable.take()
    }
}

/// What a file says about its encryption.
struct State {
    journal: [u8; 16],
    sealed_from: Option<FactNumber>,
}

/// Reads what a file says about its encryption. The keys, if there are any, must be those of the journal.
fn check(connection: &Connection, path: &Path, keys: Option<&KeyRing>) -> Result<State, JournalError> {
    let row = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?, row.get::<_, Option<Vec<u8>>>(2)?));
    let state = connection.query_row("SELECT id, sealed_from, seal_proof FROM journal", [], row);
    let (journal, sealed_from, proof) = state.map_err(|error| schema::at(path, &error))?;
    let sealed_from = sealed_from.map(unsigned);
    if let (Some(from), Some(keys)) = (sealed_from, keys)
        && proof.as_deref() != Some(&*keys.proof(&journal, from))
    {
        let wanted = newest_key(connection).map_err(|error| schema::at(path, &error))?;
        let wanted = wanted.map(|id| format!("; the one with the key {id} is needed")).unwrap_or_default();
        let why = format!("{} is not the key file of this journal{wanted}", keys.path().display());
        return Err(JournalError::Failed(format!("{}: {why}", path.display())));
    }
    Ok(State { journal, sealed_from })
}

/// The key that sealed the newest sealed fact.
fn newest_key(connection: &Connection) -> Result<Option<KeyId>, Error> {
    let sql = "SELECT sealed FROM facts WHERE number = (SELECT max(number) FROM facts)";
    let newest = connection.query_row(sql, [], |row| row.get::<_, Option<Vec<u8>>>(0));
    match newest {
        Err(Error::QueryReturnedNoRows) => Ok(used_keys(connection)?.pop()),
        newest => Ok(newest?.and_then(|sealed| key_of(&sealed)).or(used_keys(connection)?.pop())),
    }
}

/// The keys that sealed facts of a file, or may have.
fn used_keys(connection: &Connection) -> Result<Vec<KeyId>, Error> {
    let mut statement = connection.prepare("SELECT id FROM seal_keys")?;
    statement.query_map([], |row| row.get(0).map(KeyId))?.collect()
}

/// The bytes that are authenticated with a body: each open column that has a value, with its position. A column that a later
/// version adds at the end changes nothing for facts without it.
///
/// ```text
/// (position 1 byte, type 1 byte, length 4 bytes, content)*    1 integer (8 bytes), 2 text, 3 bytes
/// ```
fn associated<'r>(open: impl Iterator<Item = Result<ValueRef<'r>, Error>>) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(256);
    for (position, value) in (0_u8..).zip(open) {
        let value = value?;
        let integer = if let ValueRef::Integer(number) = value { number.to_be_bytes() } else { [0; 8] };
        let (kind, content): (u8, &[u8]) = match value {
            ValueRef::Null => continue,
            ValueRef::Integer(_) => (1, &integer),
            ValueRef::Text(text) => (2, text),
            ValueRef::Blob(bytes) => (3, bytes),
            ValueRef::Real(_) => {
                return Err(Error::InvalidColumnType(position.into(), "open".into(), value.data_type()));
            }
        };
        out.extend([position, kind]);
        out.extend_from_slice(&u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(content);
    }
    Ok(out)
}

fn unsealed(error: JournalError) -> Error {
    Error::ToSqlConversionFailure(error.to_string().into())
}
