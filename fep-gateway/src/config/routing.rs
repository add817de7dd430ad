//! `routing`: which part of the requests goes to another institution, such as from an old system to a new line. It reads and checks the
//! rules. Which side a request gets is decided by `fep_protocol::routing`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fep_protocol::breaker::Alternative;
use fep_protocol::routing::Share;
use fep_spec::document::{Located, Table, Value, instead};
use fep_spec::model::Spec;
use fep_spec::report::Code;

use super::names::known_telegram;
use super::passing_on::Pair;
use super::{Access, InstitutionConfig};

/// `[institutions.NAME.routing.TELEGRAM]`: where requests with this telegram go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteRule {
    /// `to`, required: the other institution. Its telegram and the answer must have the same layouts.
    pub to: String,
    /// `percent`, default 0: how many of a hundred sticky values go there.
    /// `callers`, default none: the clients of the access file all of whose requests go there.
    pub share: Share,
    /// `sticky`: the path of the field whose value decides, so that one customer stays on one side. Default: the idempotency key, or each
    /// request for itself if it has none.
    pub sticky: Option<String>,
}

/// The maximum number of callers of a rule.
pub const CALLERS_MAX: usize = 1000;

/// Reads the table, if there is one. `own` is the institution, `institutions` are all of the file.
pub(super) fn read(
    table: Option<Table<'_>>,
    spec: &Spec,
    (own, institutions): (&str, &[&str]),
) -> BTreeMap<String, RouteRule> {
    let mut rules = BTreeMap::new();
    let Some(table) = table else { return rules };
    for (name, value) in table.entries() {
        let Some(rule) = value.table() else { continue };
        let name = known_telegram(table.document(), spec, &name);
        rules.insert(name, rule_of(rule, (own, institutions)));
    }
    rules
}

fn rule_of(table: Table<'_>, (own, institutions): (&str, &[&str])) -> RouteRule {
    let to = table.required_string("to");
    let others: Vec<&str> = institutions.iter().copied().filter(|other| *other != own).collect();
    if let Some(to) = to.as_ref().filter(|to| !others.contains(&to.value)) {
        let message = match to.value == own {
            true => format!("`to` is {own} itself, where requests stay without a rule"),
            false => format!("there is no other institution `{}`", to.value),
        };
        let hint = if others.is_empty() { "add its table".to_owned() } else { instead(to.value, &others) };
        table.document().error_hint(Code::UnknownName, to.span.clone(), message, hint);
    }
    let callers = table.array("callers").unwrap_or_default();
    if callers.len() > CALLERS_MAX {
        let message = format!("`callers` has {} names, {CALLERS_MAX} are allowed", callers.len());
        table.document().error_hint(Code::OutOfRange, table.span(), message, "write `percent = 100` for all callers");
    }
    let callers = callers.into_iter().filter_map(Value::string).map(|name| name.value.to_owned()).collect();
    let percent = table.integer("percent", 0..=Share::PERCENT_MAX).map_or(0, |percent| percent.value);
    let sticky = table.string("sticky").map(|path| path.value.to_owned());
    table.finish();
    RouteRule {
        to: to.map_or_else(String::new, |to| to.value.to_owned()),
        share: Share { percent, callers, sticky: None },
        sticky,
    }
}

/// Checks all rules. `table` is that of all institutions, `access` the access file.
pub(super) fn check(table: &Table<'_>, institutions: &BTreeMap<String, InstitutionConfig>, access: Option<&Path>) {
    let specs = || institutions.iter().map(|(name, config)| (name.clone(), config.spec.clone())).collect();
    // Its own mistakes are reported elsewhere.
    let clients = access.map(|path| Access::load(path, &specs()).map(|access| access.names()).ok());
    for (name, value) in table.entries() {
        let rules = value.table().and_then(|table| table.table("routing"));
        let Some((own, rules)) = institutions.get(name.value).zip(rules) else { continue };
        for (telegram, value) in rules.entries() {
            let Some((rule, table)) = own.routing.get(telegram.value).zip(value.table()) else { continue };
            callers(&table, clients.as_ref().map(Option::as_ref));
            let Some(other) = institutions.get(&rule.to).filter(|_| rule.to != name.value) else { continue };
            let pair = Pair {
                names: (name.value, &rule.to),
                telegram: telegram.value,
                own,
                other,
                instead: "leave it out: services ask the institution that the exchange names",
            };
            let mistake = duty(&pair).or_else(|| further(&pair)).or_else(|| pair.mistake());
            if let Some((message, hint)) = mistake {
                table.document().error_hint(Code::ConflictingKeys, telegram.span, message, hint);
            }
            sticky(&table, &pair);
        }
    }
}

type Mistake = (String, String);

/// The gateway sends the telegrams of a session itself, on each line.
fn duty(pair: &Pair<'_>) -> Option<Mistake> {
    let session = pair.own.session.as_ref()?;
    let duties = [&session.sign_on, &session.sign_off, &session.echo_test];
    duties.into_iter().flatten().any(|duty| duty == pair.telegram).then(|| {
        let message = format!("`{}` is sent by the gateway itself, on the lines of each institution", pair.telegram);
        (message, "leave it out: only requests of services have a rule".to_owned())
    })
}

/// A request changes its institution once. A second change would need a second look at what the first institution got.
fn further(pair: &Pair<'_>) -> Option<Mistake> {
    let (own, to) = pair.names;
    let alternative = pair.other.breaker.as_ref().and_then(|breaker| breaker.alternatives.get(pair.telegram));
    let (further, by) = match (pair.other.routing.get(pair.telegram), alternative) {
        (Some(rule), _) => (rule.to.as_str(), "rule"),
        (None, Some(Alternative::Institution(further))) => (further.as_str(), "breaker"),
        (None, _) => return None,
    };
    let back = if further == own { "back " } else { "" };
    let message = format!("`{}` goes to {to}, whose {by} sends it {back}to {further}", pair.telegram);
    Some((message, format!("a request changes its institution once: remove the {by} of {to} for this telegram")))
}

/// Every caller must be a client that there is. A misspelt one would never be told apart from one that has no request yet.
fn callers(table: &Table<'_>, clients: Option<Option<&BTreeSet<String>>>) {
    let document = table.document();
    let callers = table.array("callers").unwrap_or_default().into_iter().filter_map(Value::string);
    match clients {
        None => {
            if let Some(span) = table.key_span("callers") {
                let hint = "name the access file with `access` in [http], or leave `callers` out";
                document.error_hint(Code::MissingKey, span, "without an access file no caller has a name", hint);
            }
        }
        Some(None) => {}
        Some(Some(clients)) => {
            for name in callers.filter(|name: &Located<&str>| !clients.contains(name.value)) {
                let known: Vec<_> = clients.iter().map(String::as_str).collect();
                let message = format!("the access file has no client `{}`", name.value);
                document.error_hint(Code::UnknownName, name.span, message, instead(name.value, &known));
            }
        }
    }
}

/// The sticky field must be one that the service fills, and at the same place in every request.
fn sticky(table: &Table<'_>, pair: &Pair<'_>) {
    let Some(path) = table.string("sticky") else { return };
    if let Some((message, hint)) = unfit_sticky(pair.own, pair.telegram, path.value) {
        table.document().error_hint(Code::ConflictingKeys, path.span, message, hint);
    }
}

/// Why a field cannot decide where a request goes, and what to do.
pub(crate) fn unfit_sticky(own: &InstitutionConfig, telegram: &str, path: &str) -> Option<(String, &'static str)> {
    let spec = own.spec.telegram(telegram)?;
    let is_filled = own.fill.iter().map(|fill| &fill.path).chain(&own.trace).any(|fill| fill == path);
    let span = spec.layout.span(path);
    if span.is_none() {
        let message = format!("`{telegram}` has no field `{path}` at a fixed place");
        Some((message, "name a field that is the same for one customer or one order, such as an account"))
    } else if is_filled {
        let message = format!("`{path}` is filled by the gateway, differently for each request");
        Some((message, "name a field that services fill; without `sticky` the idempotency key decides"))
    } else if span.is_some_and(|span| span.field.computed.is_some()) {
        let message = format!("`{path}` is computed from the rest of the telegram");
        Some((message, "name a field that services fill; without `sticky` the idempotency key decides"))
    } else if spec.layout.when.iter().any(|when| when.path == path) {
        let message = format!("`{path}` is the same in all requests, so all would go to one side");
        Some((message, "name a field that differs from customer to customer"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
