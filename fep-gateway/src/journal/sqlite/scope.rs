//! What somebody may see, as a condition of SQL. The names are values of the statement, never a part of its text.

use std::collections::BTreeSet;

use crate::journal::filter::Scope;

/// A scope as three values of a statement: lists in JSON, or no list if everything is seen.
pub(super) struct Lists {
    pub(super) institutions: Option<String>,
    pub(super) telegrams: Option<String>,
    pub(super) pairs: Option<String>,
}

impl Lists {
    pub(super) fn of(scope: Option<&Scope>) -> Self {
        let list = |names: &BTreeSet<String>| serde_json::to_string(names).unwrap_or_default();
        let pairs = |scope: &Scope| {
            let pairs = scope.pairs.iter().map(|(institution, telegram)| format!("{institution}\n{telegram}"));
            list(&pairs.collect())
        };
        Self {
            institutions: scope.map(|scope| list(&scope.institutions)),
            telegrams: scope.map(|scope| list(&scope.telegrams)),
            pairs: scope.map(pairs),
        }
    }
}

/// The condition for the columns `institution` and `telegram`, with the three values at `first` and behind it. No name has a line end. SQLite makes
/// each list once for a statement.
pub(super) fn condition(first: usize) -> String {
    let [second, third] = [first + 1, first + 2];
    format!(
        "(?{first} IS NULL OR institution IN (SELECT value FROM json_each(?{first}))
          OR telegram IN (SELECT value FROM json_each(?{second}))
          OR institution || char(10) || telegram IN (SELECT value FROM json_each(?{third})))"
    )
}
