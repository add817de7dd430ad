//! What a list may have: everything that it asks for, or with `scope=readable` the part of it that the client may read. A list is never shortened
//! unless its client asks for that: a program would take the rest for all.

use serde::Deserialize;

use super::access::Who;
use super::error::ApiError;
use crate::config::Action;
use crate::gateway::Scope;

/// The word of `scope` in a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ScopeWord {
    Readable,
}

/// What a client sees of a list. `None`: everything that it asks for.
pub(super) fn scope_of(
    who: &Who,
    word: Option<ScopeWord>,
    institution: Option<&str>,
    telegram: Option<&str>,
) -> Result<Option<Scope>, ApiError> {
    let Err(forbidden) = who.may(Action::Read, institution, telegram) else { return Ok(None) };
    let scope = readable(who);
    if word.is_some() && !scope.is_empty() { Ok(Some(scope)) } else { Err(forbidden) }
}

/// Everything that a client may read.
fn readable(who: &Who) -> Scope {
    let mut scope = Scope::default();
    let Who::Client(client) = who else { return scope };
    for grant in client.grants.iter().filter(|grant| grant.actions.contains(&Action::Read)) {
        match (&grant.institutions, &grant.telegrams) {
            // Who may read everything needs no scope.
            (None, None) => {}
            (Some(institutions), None) => scope.institutions.extend(institutions.iter().cloned()),
            (None, Some(telegrams)) => scope.telegrams.extend(telegrams.iter().cloned()),
            (Some(institutions), Some(telegrams)) => {
                let pairs = institutions.iter().flat_map(|one| telegrams.iter().map(|of| (one.clone(), of.clone())));
                scope.pairs.extend(pairs);
            }
        }
    }
    scope
}

impl Who {
    /// Whether the client may read this stream of market data.
    pub(super) fn may_read_stream(&self, stream: &str) -> bool {
        match self {
            Self::Anybody => true,
            Self::Client(client) => client.may_read_stream(stream),
        }
    }
}
