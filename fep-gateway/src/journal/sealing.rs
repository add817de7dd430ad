//! Sealed bodies in a store of facts: who may read them, since which fact everything is sealed, and with which keys. Nothing here knows SQL:
//! a store says what it has ([`SealState`]), and stores what comes of it.

use std::cell::RefCell;
use std::fmt::Display;

use fep_protocol::fact::Fact;
use fep_protocol::reason::JournalError;

use super::columns::{Columns, OPEN_COLUMNS, OpenColumns, Value, associated};
use super::seal::{Body, KeyId, KeyRing, Opener, Sealer, Unreadable};
use super::store::FactNumber;

/// How a reader treats sealed bodies.
#[derive(Clone, Debug, Default)]
pub(super) struct Access {
    keys: Option<KeyRing>,
    /// Whether a body that cannot be read is an error, unless its key was forgotten on purpose. Otherwise the fact is read
    /// without its body.
    is_strict: bool,
}

/// What a store says about its encryption.
#[derive(Clone, Debug)]
pub(super) struct SealState {
    /// The random name of the journal.
    pub(super) journal: [u8; 16],
    /// The first fact that must be sealed. `None` if the journal is not encrypted.
    pub(super) sealed_from: Option<FactNumber>,
    /// What proves which key file is that of the journal.
    pub(super) proof: Option<Vec<u8>>,
    /// The keys that sealed facts, or may have.
    pub(super) used: Vec<KeyId>,
    /// The key that sealed the newest fact.
    pub(super) newest: Option<KeyId>,
}

/// Where a journal that is encrypted from now on begins to be. The store keeps it before it seals the first fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SealBeginning {
    /// The first fact that is sealed.
    pub(super) from: FactNumber,
    /// What proves which key file is that of the journal.
    pub(super) proof: Vec<u8>,
}

/// Seals what a writer appends.
#[derive(Debug)]
pub(super) struct Sealing {
    sealer: Sealer,
    /// The key that the store names as one of its keys.
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
    pub(super) fn strict(keys: Option<&KeyRing>) -> Self {
        Self { keys: keys.cloned(), is_strict: true }
    }

    /// A fact whose body cannot be read is read without it.
    pub(super) fn tolerant(keys: Option<&KeyRing>) -> Self {
        Self { keys: keys.cloned(), is_strict: false }
    }
}

impl SealState {
    /// The keys, if there are any, must be those of the journal. `place` names the journal in errors.
    fn check(&self, place: &dyn Display, keys: Option<&KeyRing>) -> Result<(), JournalError> {
        let Some((from, keys)) = self.sealed_from.zip(keys) else { return Ok(()) };
        if self.proof.as_deref() == Some(&*keys.proof(&self.journal, from)) {
            return Ok(());
        }
        let wanted = self.wanted().map(|id| format!("; the one with the key {id} is needed")).unwrap_or_default();
        let why = format!("{} is not the key file of this journal{wanted}", keys.path().display());
        Err(JournalError::Failed(format!("{place}: {why}")))
    }

    /// The key that a key file of this journal has.
    fn wanted(&self) -> Option<KeyId> {
        self.newest.or(self.used.last().copied())
    }
}

impl Sealing {
    /// Begins to seal, or continues. `None` means that the journal is not encrypted. `last` is its last fact.
    ///
    /// # Errors
    /// If the journal is encrypted and the keys are not given or not those of the journal.
    pub(super) fn begin(
        state: &SealState,
        last: FactNumber,
        place: &dyn Display,
        keys: Option<&KeyRing>,
    ) -> Result<Option<(Self, Option<SealBeginning>)>, JournalError> {
        let refused = |why: String| Err(JournalError::Failed(format!("{place}: {why}")));
        state.check(place, keys)?;
        let keys = match (keys, state.sealed_from) {
            (Some(keys), _) => keys,
            (None, None) => return Ok(None),
            (None, Some(from)) => {
                let wanted = state.wanted().map(|id| format!(" with the key {id}")).unwrap_or_default();
                return refused(format!(
                    "the journal is encrypted from fact {from} on: the key file{wanted} is needed, see `encryption` of [journal]"
                ));
            }
        };
        for id in &state.used {
            if let Err(Unreadable::NoKey(id)) = keys.knows(*id) {
                let file = keys.path().display();
                return refused(format!("facts are sealed with the key {id}, which {file} does not have"));
            }
        }
        let beginning = state.sealed_from.is_none().then(|| {
            let from = last + 1;
            SealBeginning { from, proof: keys.proof(&state.journal, from) }
        });
        Ok(Some((Self { sealer: Sealer::new(keys.clone(), state.journal)?, named: None }, beginning)))
    }

    /// The key for a fact, if the store must name it as one of its keys first.
    pub(super) fn unnamed(&mut self, fact: &Fact) -> Result<Option<KeyId>, JournalError> {
        let id = self.sealer.key_at(fact.at_ms)?;
        Ok((self.named.replace(id) != Some(id)).then_some(id))
    }

    /// Seals a body with the key of [`Sealing::unnamed`].
    pub(super) fn seal(&mut self, body: &Body, open: &OpenColumns<'_>) -> Result<Vec<u8>, JournalError> {
        self.sealer.seal(body, &associated(open))
    }

    /// The key may not be named in the store any more.
    pub(super) fn rolled_back(&mut self) {
        self.named = None;
    }
}

impl Bodies {
    /// Opens the bodies of a store that says this about its encryption. `place` names the journal in errors.
    pub(super) fn of(state: &SealState, place: &dyn Display, access: &Access) -> Result<Self, JournalError> {
        state.check(place, access.keys.as_ref())?;
        let opener = RefCell::new(Opener::new(access.keys.clone(), state.journal));
        let sealed_from = state.sealed_from;
        Ok(Self { opener, is_strict: access.is_strict, sealed_from, unreadable: RefCell::default() })
    }

    /// Completes a fact with its sealed body.
    ///
    /// # Errors
    /// A sentence, if the body cannot be read and should be.
    pub(super) fn complete(&self, number: FactNumber, fact: &mut Fact, columns: &Columns<'_>) -> Result<(), String> {
        let (open, rest) = columns.split_at(OPEN_COLUMNS);
        let body = match rest.last() {
            Some(Value::Bytes(sealed)) => self.opener.borrow_mut().open(sealed, fact.at_ms, &associated(open)),
            Some(Value::Integer(_) | Value::Text(_)) => Err(Unreadable::Malformed),
            Some(Value::Null) | None if self.sealed_from.is_none_or(|from| number < from) => return Ok(()),
            Some(Value::Null) | None => Err(Unreadable::NotSealed),
        };
        match body {
            Ok(body) => body.give(fact),
            Err(why) if self.is_strict && !matches!(why, Unreadable::Forgotten(_)) => {
                return Err(format!("fact {number}: {why}"));
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

    /// The bodies that could not be read since the last call.
    pub(super) fn take_unreadable(&self) -> Vec<(FactNumber, Unreadable)> {
        self.unreadable.take()
    }
}
