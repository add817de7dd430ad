//! The reload of the configuration as HTTP shows it. Values that can be secret are not in it: of those only the key is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decisions::nobody;
use crate::config::{Difference, InstitutionChange, KeyChange};
use crate::gateway::reload::{Blocker, FileState, Holding, ReloadError};

/// The body of `POST /v1/reload`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReloadBody {
    /// Why.
    pub(crate) note: String,
    #[serde(default = "nobody")]
    pub(crate) person: String,
    /// Whether only to say what the reload would do. Nothing changes then.
    #[serde(default)]
    pub(crate) dry_run: bool,
}

/// What a reload did, or would do.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Reloaded {
    /// Whether nothing was changed, because only the difference was asked for.
    pub(crate) dry_run: bool,
    /// What changed, by institution. Empty if nothing differs.
    pub(crate) changes: Vec<ChangeView>,
    /// The streams of market data that are new, gone or other. Absent if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) streams: Vec<KeyView>,
    /// What holds now.
    pub(crate) holds: HoldingView,
}

/// What changes of an institution.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ChangeView {
    pub(crate) institution: String,
    pub(crate) change: ChangeWord,
    /// The keys that differ. Empty unless it is `changed` or `changed_in_place`.
    pub(crate) keys: Vec<KeyView>,
    /// Why the institution starts anew and is not changed in place: those of the keys that cannot be. Empty unless it is `changed`.
    pub(crate) because: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChangeWord {
    Added,
    Removed,
    /// It starts anew: it signs off, and its lines are connected again.
    Changed,
    /// It goes on with other settings. Its connections and exchanges stay as they are.
    ChangedInPlace,
}

/// A key with another value.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct KeyView {
    /// The key with its tables.
    pub(crate) key: String,
    /// The value that holds; `null` if it is not shown.
    pub(crate) from: Option<String>,
    /// The value in the file; `null` if it is not shown.
    pub(crate) to: Option<String>,
}

/// The configuration that holds.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct HoldingView {
    /// `sha256:` and the SHA-256 of the text of the file from which it was read; `null` without a file.
    pub(crate) digest: Option<String>,
    /// Since when, in milliseconds since 1970.
    pub(crate) since_ms: i64,
    /// Who reloaded it; `null` since the start.
    pub(crate) by: Option<String>,
    /// The institutions that are not as it says. Empty unless a step of the last reload failed.
    pub(crate) differs: Vec<DiffersView>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DiffersView {
    pub(crate) institution: String,
    /// Why, and what to do.
    pub(crate) why: String,
}

/// What holds, and how the file compares with it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ReloadState {
    pub(crate) holds: HoldingView,
    /// Whether a reload runs now.
    pub(crate) reloading: bool,
    pub(crate) file: FileWord,
    /// What a reload would change.
    pub(crate) changes: Vec<ChangeView>,
    /// The streams of market data that a reload would start, stop or start anew. Absent if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) streams: Vec<KeyView>,
    /// The keys that hold only after a restart. While there are some, a reload is refused.
    pub(crate) needs_restart: Vec<KeyView>,
    /// What is wrong with the file, as `fep-gateway check` says it.
    pub(crate) mistakes: Vec<String>,
}

/// How the file compares with what holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FileWord {
    Same,
    Differs,
    /// It cannot be read or has mistakes.
    Unusable,
    /// The configuration was not read from a file.
    None,
}

/// What the removal of an institution would lose.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BlockerView {
    pub(crate) institution: String,
    /// `open_exchanges`, `unknown_exchanges`, `unfinished_settlements`, `open_decisions` or `undelivered_notices`.
    pub(crate) what: &'static str,
    /// How many there are, at least.
    pub(crate) count: u64,
    /// What to do before the next reload.
    pub(crate) advice: &'static str,
}

impl ReloadState {
    pub(crate) fn new(holding: &Holding, file: FileState, reloading: bool) -> Self {
        let holds = HoldingView::from(holding);
        let empty = |file| Self {
            holds,
            reloading,
            file,
            changes: Vec::new(),
            streams: Vec::new(),
            needs_restart: Vec::new(),
            mistakes: Vec::new(),
        };
        match file {
            FileState::Same => empty(FileWord::Same),
            FileState::None => empty(FileWord::None),
            FileState::Differs(difference) => Self {
                changes: changes(&difference),
                streams: keys(&difference.streams),
                needs_restart: keys(&difference.process),
                ..empty(FileWord::Differs)
            },
            FileState::Unusable(error) => {
                Self { mistakes: ReloadError::Mistakes(error).reasons(), ..empty(FileWord::Unusable) }
            }
        }
    }
}

impl From<&Holding> for HoldingView {
    fn from(holding: &Holding) -> Self {
        let differs = holding.differs.iter();
        Self {
            digest: holding.file.as_ref().map(|file| file.digest.clone()),
            since_ms: holding.since_ms,
            by: holding.by.clone(),
            differs: differs
                .map(|(institution, why)| DiffersView { institution: institution.clone(), why: why.clone() })
                .collect(),
        }
    }
}

impl From<&Blocker> for BlockerView {
    fn from(blocker: &Blocker) -> Self {
        let Blocker { institution, what, count } = blocker;
        Self { institution: institution.clone(), what: what.name(), count: *count, advice: what.advice() }
    }
}

/// What differs of the institutions.
pub(crate) fn changes(difference: &Difference) -> Vec<ChangeView> {
    let view = |(name, change): (&String, &InstitutionChange)| {
        let is_in_place = change.is_in_place();
        let (change, of, because) = match change {
            InstitutionChange::Added(_) => (ChangeWord::Added, Vec::new(), Vec::new()),
            InstitutionChange::Removed => (ChangeWord::Removed, Vec::new(), Vec::new()),
            InstitutionChange::Changed { keys: of, .. } if is_in_place => {
                (ChangeWord::ChangedInPlace, keys(of), Vec::new())
            }
            InstitutionChange::Changed { keys: of, anew, .. } => {
                (ChangeWord::Changed, keys(of), anew.iter().map(|key| key.key.clone()).collect())
            }
        };
        ChangeView { institution: name.clone(), change, keys: of, because }
    };
    difference.institutions.iter().map(view).collect()
}

/// Keys that differ.
pub(crate) fn keys(changes: &[KeyChange]) -> Vec<KeyView> {
    let view = |change: &KeyChange| {
        let KeyChange { key, from, to } = change.clone();
        KeyView { key, from, to }
    };
    changes.iter().map(view).collect()
}
