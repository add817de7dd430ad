//! What holds until it is changed, also over a restart: blocks, stopped lines, notices, which lines carry business.
//!
//! Each change is a fact of the journal. The newest fact of a topic holds. Nothing here decides anything: `business`,
//! `switchover` and `institution` do.

use serde::{Deserialize, Serialize};

use crate::business::NoticeState;
pub use crate::note::PersonNote;
use crate::switchover::SwitchoverState;

/// One thing that holds until it is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Which lines carry business.
    Switchover(SwitchoverState),
}

impl Standing {
    /// The kind of the topic: `notice`, `block`, `line` or `switchover`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Notice(_) => "notice",
            Self::Block { .. } => "block",
            Self::Line { .. } => "line",
            Self::Switchover(_) => "switchover",
        }
    }

    /// What it is about. A newer fact of the same topic replaces it.
    #[must_use]
    pub fn topic(&self) -> String {
        match self {
            Self::Notice(_) | Self::Block { business: None, .. } | Self::Switchover(_) => self.name().to_owned(),
            Self::Block { business: Some(code), .. } => format!("block {code}"),
            Self::Line { line, .. } => format!("line {line}"),
        }
    }

    /// Whether nothing has to be remembered: this is how it is without any fact.
    #[must_use]
    pub fn is_over(&self) -> bool {
        match self {
            Self::Notice(notice) => notice.is_none(),
            Self::Block { by, .. } | Self::Line { by, .. } => by.is_none(),
            Self::Switchover(_) => false,
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
        let topics = [line("main", None), line("other", None), block(None), block(Some("100")), Standing::Notice(None)];
        let topics: std::collections::BTreeSet<_> = topics.iter().map(Standing::topic).collect();
        assert_eq!(topics.len(), 5);
        assert!(!line("main", by()).is_over() && line("main", None).is_over());
    }
}
