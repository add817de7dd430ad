//! What persons work off after a reconciliation: its exceptions, what later files say about them, and who resolved which. Nothing here compares
//! a file, stores or reads: `fep-gateway` does that.
//!
//! ```text
//!             file shows it              person
//!   (none) ───────────────► open ───────────────────► resolved        open again if a file says something else
//!                           │  ▲
//!       file lacks it       ▼  │ file shows it
//!                         explained
//! ```
//!
//! A fact of a comparison has all exceptions of its business date, with what is known of each. So the last one of a date, and the resolutions
//! behind it, say everything about the date. A comparison names the fact that it continues, and has no effect if that is not the last one. A
//! resolution names the comparison that the person saw, and has no effect if that is not the last one, or if the exception is not open.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::exchange::ExchangeId;

/// The maximum number of exceptions that a file may show.
pub const EXCEPTIONS_MAX: usize = 10_000;

/// What of a comparison or a resolution everybody may know. What it is about is in the body of its fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReconciliationFact {
    /// A file of the institution was compared.
    Compared(ComparedFact),
    /// A person resolved an exception.
    Resolved(ResolvedFact),
}

/// Which comparison of which date, and where its exceptions stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedFact {
    /// The name of the reconciliation.
    pub reconciliation: String,
    /// The business date, in days since 1970-01-01.
    pub day: i64,
    /// The name of this comparison.
    pub name: ExchangeId,
    /// The last comparison or resolution of the date before it. `None`: there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<ExchangeId>,
    /// The SHA-256 of the file, in lower hex.
    pub sha256: String,
    /// The exceptions, in the order of the body.
    pub marks: Vec<ExceptionMark>,
}

/// Where one exception stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionMark {
    /// The name of the exception.
    pub id: String,
    /// The kind of the finding, such as `missing_here`.
    pub class: String,
    /// Where it stands.
    pub state: ExceptionState,
}

/// Which exception was resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedFact {
    /// The name of the reconciliation.
    pub reconciliation: String,
    /// The business date, in days since 1970-01-01.
    pub day: i64,
    /// The name of this resolution.
    pub name: ExchangeId,
    /// The name of the exception.
    pub exception: String,
    /// What the person saw. `None` in journals of earlier versions: then any comparison may have come in between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<SeenFinding>,
}

/// What a person saw of an exception before resolving it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenFinding {
    /// The comparison that said it. Its fact has the file, the amounts and the outcome.
    pub comparison: ExchangeId,
    /// A keyed hash of what it said, in lower hex. The place of the record in its file is not in it.
    pub says: String,
}

/// Where an exception stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExceptionState {
    /// The last file shows it, and nobody has resolved it.
    Open,
    /// A later file does not show it any more.
    Explained,
    /// A person resolved it.
    Resolved,
}

/// Everything about the exceptions of one business date: the body of the fact of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionBook {
    /// The key of the names of exceptions, which have secret values of the file in them.
    pub secret: String,
    /// The last file.
    pub file: ComparedFile,
    /// The names of the key fields, as in the request.
    pub key: Vec<String>,
    /// The exceptions: first those of the last file in its order, then the earlier ones.
    pub exceptions: Vec<KeptException>,
}

/// A file that was compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ComparedFile {
    /// Its name, if who gave it said one.
    pub name: String,
    /// The SHA-256 of the file, in lower hex.
    pub sha256: String,
    /// When it was compared, in milliseconds since 1970.
    pub at_ms: i64,
    /// Who gave it.
    pub person: String,
    /// How many records it has.
    pub records: u64,
    /// How many of them agree.
    pub matched: u64,
}

/// An exception with what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptException {
    /// Its name.
    pub id: String,
    /// What the last file that showed it said, and what the journal said then.
    pub finding: KeptFinding,
    /// Since when it has been known, in milliseconds since 1970.
    pub since_ms: i64,
    /// The file that does not show it any more. `None`: the last file shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explained_by: Option<ComparedFile>,
    /// Who resolved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Resolution>,
}

/// What a finding says. Secret values are hidden already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KeptFinding {
    /// Its kind, such as `missing_here`.
    pub class: String,
    /// The values of the key fields. Secret ones are hidden.
    pub key: Vec<String>,
    /// What the file says became of it, also by its silence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_says: Option<String>,
    /// The record of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub there: Option<KeptRecord>,
    /// The exchange of the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub here: Option<KeptExchange>,
    /// A keyed hash of its amounts and its key, in lower hex, if the amounts are hidden: what is hidden looks the same, whatever it is. `None` if
    /// nothing of the amounts is hidden, and in journals of earlier versions. It is not shown to clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(skip))]
    pub hidden: Option<String>,
}

/// A record of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KeptRecord {
    /// Its number, from 1.
    pub record: u64,
    /// Its amount, as a decimal number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// What it says.
    pub state: String,
}

/// An exchange of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KeptExchange {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<ExchangeId>,
    /// Its amount, as a decimal number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// What became of it.
    pub state: String,
    /// Its business date.
    pub date: String,
}

/// How a person resolved an exception: the body of the fact of a resolution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Resolution {
    /// Who.
    pub person: String,
    /// In which way.
    pub reason: ResolutionReason,
    /// Why.
    pub note: String,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

/// In which way an exception was resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ResolutionReason {
    /// It is in the file of another date.
    OtherDate,
    /// The institution corrects it.
    CorrectedThere,
    /// It was corrected on this side.
    CorrectedHere,
    /// The difference is accepted.
    Accepted,
    /// The note says how.
    Other,
}

/// What a file shows that needs a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownException {
    /// Its name.
    pub id: String,
    /// The name that earlier versions gave it. An exception that has it, and says the same, keeps it.
    pub earlier: Option<String>,
    /// What it says.
    pub finding: KeptFinding,
}

/// Why an exception was not resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotResolved {
    /// There is no such exception.
    Unknown,
    /// A person resolved it before.
    Already(Resolution),
    /// A later file does not show it any more.
    Explained(ComparedFile),
}

/// A file shows more exceptions than may be kept, together with those that persons resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyExceptions {
    /// How many there would be.
    pub count: usize,
}

impl ExceptionBook {
    /// The book of a date after a file. `before` is the book that it continues. What a person resolved stays resolved, unless the file says something
    /// else about it: then it is open again.
    ///
    /// # Errors
    /// If more than twice [`EXCEPTIONS_MAX`] exceptions would have to be kept: those of the file, and those that persons resolved.
    pub fn after_file(
        before: Option<Self>,
        secret: &str,
        file: ComparedFile,
        key: Vec<String>,
        shown: Vec<ShownException>,
    ) -> Result<Self, TooManyExceptions> {
        let earlier = before.map(|before| before.exceptions).unwrap_or_default();
        let mut known: BTreeMap<String, KeptException> =
            earlier.iter().cloned().map(|kept| (kept.id.clone(), kept)).collect();
        let mut exceptions: Vec<KeptException> = Vec::with_capacity(shown.len() + earlier.len());
        let mut names = BTreeSet::new();
        for ShownException { id, earlier, finding } in shown {
            let is_it = |earlier: &String| known.get(earlier).is_some_and(|kept| kept.finding.says_the_same(&finding));
            let id = if known.contains_key(&id) { id } else { earlier.filter(is_it).unwrap_or(id) };
            if !names.insert(id.clone()) {
                continue;
            }
            let before = known.remove(&id);
            let since_ms = before.as_ref().map_or(file.at_ms, |before| before.since_ms);
            // A person resolved what a file said then. Another amount or outcome is another difference, which nobody has looked at.
            let seen = before.filter(|before| before.finding.says_the_same(&finding));
            let resolution = seen.and_then(|before| before.resolution);
            exceptions.push(KeptException { id, finding, since_ms, explained_by: None, resolution });
        }
        let gone = earlier.into_iter().filter(|kept| known.contains_key(&kept.id)).map(|kept| {
            let explained_by = kept.explained_by.or_else(|| Some(file.clone()));
            KeptException { explained_by, ..kept }
        });
        let (resolved, explained): (Vec<_>, Vec<_>) = gone.partition(|kept| kept.resolution.is_some());
        exceptions.extend(resolved);
        if exceptions.len() > 2 * EXCEPTIONS_MAX {
            return Err(TooManyExceptions { count: exceptions.len() });
        }
        // What files explained needs nobody any more, so it takes no room from what does.
        let room = 2 * EXCEPTIONS_MAX - exceptions.len();
        exceptions.extend(explained.into_iter().take(room));
        Ok(Self { secret: secret.to_owned(), file, key, exceptions })
    }

    /// Lets a person resolve an exception.
    ///
    /// # Errors
    /// If it is not open. Nothing changes.
    pub fn resolve(&mut self, id: &str, resolution: Resolution) -> Result<(), NotResolved> {
        let kept = self.exceptions.iter_mut().find(|kept| kept.id == id).ok_or(NotResolved::Unknown)?;
        if let Some(earlier) = &kept.resolution {
            return Err(NotResolved::Already(earlier.clone()));
        }
        if let Some(file) = &kept.explained_by {
            return Err(NotResolved::Explained(file.clone()));
        }
        kept.resolution = Some(resolution);
        Ok(())
    }

    /// Where each exception stands.
    #[must_use]
    pub fn marks(&self) -> Vec<ExceptionMark> {
        let mark = |kept: &KeptException| ExceptionMark {
            id: kept.id.clone(),
            class: kept.finding.class.clone(),
            state: kept.state(),
        };
        self.exceptions.iter().map(mark).collect()
    }
}

impl KeptFinding {
    /// Whether both sides say the same as in another finding. The place of the record in its file does not matter. What hides its amounts and has no
    /// hash of them, as earlier versions kept it, says the same as nothing that has one.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.without_place() == other.without_place()
    }

    /// The same without the place of the record in its file.
    #[must_use]
    pub fn without_place(&self) -> Self {
        let there = self.there.clone().map(|there| KeptRecord { record: 0, ..there });
        Self { there, ..self.clone() }
    }
}

impl KeptException {
    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> ExceptionState {
        match (&self.resolution, &self.explained_by) {
            (Some(_), _) => ExceptionState::Resolved,
            (None, Some(_)) => ExceptionState::Explained,
            (None, None) => ExceptionState::Open,
        }
    }
}

impl ReconciliationFact {
    /// The class of the fact: `compared` or `resolved`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Compared(_) => "compared",
            Self::Resolved(_) => "resolved",
        }
    }

    /// The name of the comparison or the resolution.
    #[must_use]
    pub fn id(&self) -> ExchangeId {
        match self {
            Self::Compared(compared) => compared.name,
            Self::Resolved(resolved) => resolved.name,
        }
    }
}

impl ExceptionState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Open, Self::Explained, Self::Resolved];

    /// The name in the index and over HTTP.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Explained => "explained",
            Self::Resolved => "resolved",
        }
    }

    /// Returns the state with this [`ExceptionState::name`], or `None` if there is no such state.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

impl ResolutionReason {
    /// All reasons.
    pub const ALL: [Self; 5] =
        [Self::OtherDate, Self::CorrectedThere, Self::CorrectedHere, Self::Accepted, Self::Other];

    /// The name over HTTP.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OtherDate => "other_date",
            Self::CorrectedThere => "corrected_there",
            Self::CorrectedHere => "corrected_here",
            Self::Accepted => "accepted",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests;
