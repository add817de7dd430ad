//! Which facts and which exchanges a person or a program asks for. Nothing here reads a file.

use std::collections::BTreeSet;

use fep_protocol::audit::{Act, AuditEnd, AuditOutcome};
use fep_protocol::exchange::{Exchange, ExchangeId};
use fep_protocol::fact::Fact;

/// Which facts to read. An empty filter lets all pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactFilter {
    /// The earliest time, in milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// The time before which facts must be, in milliseconds since 1970.
    pub until_ms: Option<i64>,
    /// The institution.
    pub institution: Option<String>,
    /// The exchange.
    pub exchange: Option<ExchangeId>,
}

/// What somebody may see: what one of its parts names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Institutions of which everything is seen.
    pub institutions: BTreeSet<String>,
    /// Telegrams that are seen of every institution.
    pub telegrams: BTreeSet<String>,
    /// Single telegrams: the institution, and the telegram.
    pub pairs: BTreeSet<(String, String)>,
}

impl Scope {
    /// Whether nothing is seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.institutions.is_empty() && self.telegrams.is_empty() && self.pairs.is_empty()
    }
}

/// Which dead letters to find. An empty filter lets all pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LetterFilter {
    /// Only those behind this one in the list, which is the oldest first.
    pub behind: Option<ExchangeId>,
    /// The institution.
    pub institution: Option<String>,
    /// What may be seen. `None`: everything.
    pub scope: Option<Scope>,
}

/// What is open of a telegram of an institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCount {
    /// What it is that is open.
    pub kind: OpenKind,
    /// The institution.
    pub institution: String,
    /// The telegram.
    pub telegram: String,
    /// How many there are. At most [`OPEN_MAX`] of a kind are counted, of all institutions together.
    pub count: u64,
    /// When the oldest was accepted or received, in milliseconds since 1970.
    pub oldest_ms: i64,
}

/// The maximum number of what is open of one kind that is counted.
pub const OPEN_MAX: u32 = 100_000;

/// What can be open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OpenKind {
    /// An unknown exchange that nothing has settled.
    Unsettled,
    /// An exchange whose settlement needs a person.
    DeadLetter,
    /// A notice that no service has taken yet.
    Undelivered,
    /// A notice that needs a person.
    DeadNotice,
}

/// Which exchanges to find. An empty filter lets all pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExchangeFilter {
    /// The earliest time of acceptance, in milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// The time before which they were accepted, in milliseconds since 1970.
    pub until_ms: Option<i64>,
    /// Only exchanges behind this one in the list, which is the newest first: the `next` of an [`ExchangePage`].
    pub behind: Option<ExchangeId>,
    /// The institution.
    pub institution: Option<String>,
    /// The name of the request telegram.
    pub telegram: Option<String>,
    /// The trace number. Leading zeros do not count.
    pub trace: Option<String>,
    /// The response code of the answer, or the code of the reason why there is none.
    pub code: Option<String>,
    /// The caller's name for its request.
    pub request_id: Option<String>,
    /// `answered`, `not_sent`, `unknown`, or `running` for exchanges without an outcome.
    pub outcome: Option<&'static str>,
    /// Whether they must be unknown and not settled.
    pub unsettled: bool,
    /// Whether they must be unknown and not settled, or have a settlement with a fact at or after this time, in milliseconds since 1970.
    pub open_since_ms: Option<i64>,
    /// The idempotency key. Only the newest exchange with a key has it.
    pub idempotency_key: Option<String>,
    /// What may be seen. `None`: everything.
    pub scope: Option<Scope>,
}

impl ExchangeFilter {
    /// Whether an exchange of its span may not pass.
    #[must_use]
    pub fn is_selective(&self) -> bool {
        let Self {
            since_ms: _,
            until_ms: _,
            behind: _,
            institution,
            telegram,
            trace,
            code,
            request_id,
            outcome,
            unsettled,
            open_since_ms,
            idempotency_key,
            scope,
        } = self;
        let texts = [institution, telegram, trace, code, request_id, idempotency_key];
        *unsettled
            || open_since_ms.is_some()
            || outcome.is_some()
            || scope.is_some()
            || texts.iter().any(|text| text.is_some())
    }
}

/// Which entries of the audit trail to find. An empty filter lets all pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// The earliest time, in milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// The time before which they must be, in milliseconds since 1970.
    pub until_ms: Option<i64>,
    /// Only entries behind this one in the list, which is the newest first: the `next` of an [`AuditPage`].
    pub behind: Option<u64>,
    /// The institution.
    pub institution: Option<String>,
    /// What was done.
    pub act: Option<Act>,
    /// What became of it.
    pub outcome: Option<AuditOutcome>,
    /// The client.
    pub client: Option<String>,
    /// What may be seen: only institutions of which everything is. `None`: everything.
    pub scope: Option<Scope>,
}

/// A page of the audit trail, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditRecord>,
    /// [`AuditFilter::behind`] of the next page. `None` if there is none.
    pub next: Option<u64>,
}

/// An entry of the audit trail as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// The number of its fact.
    pub number: u64,
    /// What was recorded before it happened.
    pub fact: Fact,
    /// How it ended. `None` if an earlier version wrote it, or if it is an event that had happened.
    pub end: Option<AuditEnd>,
}

/// A page of exchanges, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExchangePage {
    /// The exchanges. The page can be short, also if others follow.
    pub exchanges: Vec<Exchange>,
    /// [`ExchangeFilter::behind`] of the next page. `None` if there is none.
    pub next: Option<ExchangeId>,
}

impl FactFilter {
    /// Whether the filter lets a fact pass.
    #[must_use]
    pub fn passes(&self, fact: &Fact) -> bool {
        self.since_ms.is_none_or(|since| fact.at_ms >= since)
            && self.until_ms.is_none_or(|until| fact.at_ms < until)
            && self.institution.as_deref().is_none_or(|name| name == &*fact.institution)
            && self.exchange.is_none_or(|id| fact.exchange == Some(id))
    }
}
