//! What holds until it is changed, also over a restart: blocks, stopped lines, breakers that persons tripped, notices, which lines
//! carry business, where requests go, and what percentage of them each site gets.
//!
//! Each change is a fact of the journal. The newest fact of a topic holds. Nothing here decides anything: `business`,
//! `switchover` and `institution` do.

use serde::{Deserialize, Serialize};

use crate::business::NoticeState;
pub use crate::note::PersonNote;
use crate::routing::RoutingChanges;
use crate::sites::SitesDecision;
use crate::switchover::SwitchoverState;

/// One thing that holds until it is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The notice of the institution that holds. `None` if business is open by its notices.
    Notice(Option<NoticeState>),
    /// The block of a business code, or of the whole institution.
    Block {
        /// The business code. `None` for the whole institution.
        business: Option<String>,
        /// The block. `None` if it was taken back.
        by: Option<PersonNote>,
    },
    /// A line that a person stopped.
    Line {
        /// The name of the line.
        line: String,
        /// The stop. `None` if a person started the line again.
        by: Option<PersonNote>,
    },
    /// A breaker that a person tripped.
    Breaker {
        /// The business code. `None` for the whole institution.
        business: Option<String>,
        /// Who tripped it, or reset it.
        person: String,
        /// The trip. `None` if it was reset.
        by: Option<PersonNote>,
    },
    /// Which lines carry business.
    Switchover(SwitchoverState),
    /// What persons changed of where requests go.
    Routing(RoutingChanges),
    /// What percentage of the requests each site gets. It belongs to no institution and to no gateway.
    Sites(SitesDecision),
}

impl Standing {
    /// The kind of the topic: `notice`, `block`, `line`, `breaker`, `switchover`, `routing` or `sites`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Notice(_) => "notice",
            Self::Block { .. } => "block",
            Self::Line { .. } => "line",
            Self::Breaker { .. } => "breaker",
            Self::Switchover(_) => "switchover",
            Self::Routing(_) => "routing",
            Self::Sites(_) => "sites",
        }
    }

    /// What it is about. A newer fact of the same topic replaces it.
    #[must_use]
    pub fn topic(&self) -> String {
        match self {
            Self::Block { business: Some(code), .. } => format!("block {code}"),
            Self::Breaker { business: Some(code), .. } => format!("breaker {code}"),
            Self::Notice(_)
            | Self::Block { .. }
            | Self::Breaker { .. }
            | Self::Switchover(_)
            | Self::Routing(_)
            | Self::Sites(_) => self.name().to_owned(),
            Self::Line { line, .. } => format!("line {line}"),
        }
    }

    /// Whether it holds at all gateways that share the journal, and not only at the one where it was decided.
    #[must_use]
    pub fn is_of_all(&self) -> bool {
        matches!(self, Self::Sites(_))
    }

    /// Whether nothing has to be remembered: this is how it is without any fact.
    #[must_use]
    pub fn is_over(&self) -> bool {
        match self {
            Self::Notice(notice) => notice.is_none(),
            Self::Block { by, .. } | Self::Line { by, .. } | Self::Breaker { by, .. } => by.is_none(),
            Self::Switchover(_) | Self::Sites(_) => false,
            // Its revision has to be remembered.
            Self::Routing(changes) => changes.revision == 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_topic_is_one_thing() {
        let by = || Some(PersonNote { note: "x".to_owned(), since_ms: 1 });
        let line = |line: &str, by| Standing::Line { line: line.to_owned(), by };
        let block = |business: Option<&str>| Standing::Block { business: business.map(str::to_owned), by: None };
        assert_eq!(line("main", by()).topic(), line("main", None).topic());
        let breaker = |business: Option<&str>, by| Standing::Breaker {
            business: business.map(str::to_owned),
            person: "kim".to_owned(),
            by,
        };
        assert_eq!(breaker(Some("100"), by()).topic(), breaker(Some("100"), None).topic());
        let of_lines = [line("main", None), line("other", None), Standing::Notice(None)];
        let of_business = [block(None), block(Some("100")), breaker(None, None), breaker(Some("100"), None)];
        let topics: std::collections::BTreeSet<_> = of_lines.iter().chain(&of_business).map(Standing::topic).collect();
        assert_eq!(topics.len(), 7);
        assert!(!line("main", by()).is_over() && line("main", None).is_over());
    }
}
