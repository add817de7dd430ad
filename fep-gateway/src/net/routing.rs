//! The rules of an institution while the gateway runs: which one holds, since when and by whom, and what became of the requests of each
//! side. The choice itself is `fep_protocol::routing`; that a change is durable is up to the institution's task.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use fep_protocol::exchange::{Exchange, Outcome, Passage, RoutedFrom};
use fep_protocol::note::PersonNote;
use fep_protocol::reason::JournalError;
use fep_protocol::routing::{Point, RoutingChanges, RuleChange, Share, Sticky};
use fep_protocol::standing::Standing;
use metrics::{Counter, Gauge, counter, gauge};
use schemars::JsonSchema;
use serde::Serialize;

use crate::config::{CALLERS_MAX, InstitutionConfig, RouteRule};

/// The rules of all institutions that have some. A reload changes which do.
#[derive(Clone, Debug, Default)]
pub struct Routings(Arc<RwLock<BTreeMap<String, Arc<Routing>>>>);

/// The rules of one institution.
#[derive(Debug)]
pub struct Routing {
    institution: String,
    rules: BTreeMap<String, Rule>,
    changes: RwLock<RoutingChanges>,
    started_at_ms: i64,
}

#[derive(Debug)]
struct Rule {
    file: RouteRule,
    stays: Side,
    goes: Side,
    percent: Gauge,
}

/// What became of the requests of one side.
struct Side {
    institution: String,
    counts: [(AtomicU64, Counter); OUTCOMES.len()],
}

const OUTCOMES: [Outcome; 3] = [Outcome::Answered, Outcome::NotSent, Outcome::Unknown];

/// A change that a person wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutingDecision {
    /// What holds from now on, by telegram. All rules are named, so that nobody changes one by leaving it out. `None`: what the file says.
    pub rules: BTreeMap<String, Option<Share>>,
    /// The revision that the person saw. If another one holds now, nothing is changed. `None`: any.
    pub revision: Option<u64>,
    /// Who decides it.
    pub person: String,
    /// Why.
    pub note: String,
}

/// The reason why a change is not made, or not for sure.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotRouted {
    /// The institution has no rules: there is none in the configuration.
    NoRules,
    /// The configuration has no rule for this telegram.
    UnknownRule {
        /// The telegram.
        telegram: String,
        /// Those that have a rule.
        known: Vec<String>,
    },
    /// The change does not say what holds for this telegram from now on.
    LeftOut {
        /// The telegram.
        telegram: String,
    },
    /// The percentage is more than 100.
    Percent {
        /// The telegram.
        telegram: String,
        /// The percentage.
        percent: u8,
    },
    /// The sticky field cannot decide.
    Sticky {
        /// The telegram.
        telegram: String,
        /// Why, and what to do.
        why: String,
    },
    /// There are too many callers.
    TooManyCallers {
        /// The telegram.
        telegram: String,
    },
    /// Another change was made since.
    Changed {
        /// The revision that holds.
        revision: u64,
    },
    /// The journal takes no writes. Nothing was changed.
    Journal(JournalError),
    /// The change holds, and the journal does not have it yet: after a restart the earlier one could hold again.
    NotDurable(JournalError),
    /// The institution has stopped.
    Stopped,
}

/// Where the requests of an institution go.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RoutingStatus {
    /// The institution that services ask.
    pub institution: String,
    /// Grows with each change.
    pub revision: u64,
    /// Since when the requests are counted, in milliseconds since 1970: the start of the gateway.
    pub counted_since_ms: i64,
    /// The rules, by telegram.
    pub rules: BTreeMap<String, RuleStatus>,
}

/// The rule of one telegram.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RuleStatus {
    /// The other institution.
    pub to: String,
    /// What holds: the field whose value decides. `null`: the idempotency key, or each request for itself.
    pub sticky: Option<String>,
    /// What holds: how many of a hundred sticky values go to the other institution.
    pub percent: u8,
    /// What holds: the clients all of whose requests go there.
    pub callers: BTreeSet<String>,
    /// What the configuration file says. It holds if `changed` is `null`.
    pub file: Share,
    /// Who changed it, why and since when. `null`: what the file says holds since the start.
    pub changed: Option<RuleChanged>,
    /// What became of the requests of each side.
    pub sides: Vec<SideStatus>,
}

/// Who changed a rule.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RuleChanged {
    /// Who.
    pub person: String,
    /// Why and since when.
    #[serde(flatten)]
    pub by: PersonNote,
    /// What the file said then, if it says something else now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_then: Option<Share>,
}

/// What became of the requests of one side, as their callers were told. A settlement later does not change it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SideStatus {
    /// The institution that got them.
    pub institution: String,
    /// How many were answered.
    pub answered: u64,
    /// How many were certainly not sent.
    pub not_sent: u64,
    /// How many have an unknown outcome.
    pub unknown: u64,
}

impl RoutingStatus {
    /// All requests stay.
    pub(crate) fn without_rules(institution: &str) -> Self {
        let institution = institution.to_owned();
        Self { institution, revision: 0, counted_since_ms: 0, rules: BTreeMap::new() }
    }
}

impl Routings {
    /// Makes the rules of an institution that starts known, instead of those before, with what persons changed in earlier runs.
    pub(crate) fn begin(&self, name: &str, config: &InstitutionConfig, standing: &[Standing], now_ms: i64) {
        let changes = |standing: &Standing| match standing {
            Standing::Routing(changes) => Some(changes.clone()),
            _ => None,
        };
        let changes = standing.iter().filter_map(changes).next_back().unwrap_or_default();
        let routing = Routing::new(name, &config.routing, changes, now_ms);
        match routing.rules.is_empty() {
            true => self.end(name),
            false => drop(self.all_mut().insert(name.to_owned(), Arc::new(routing))),
        }
    }

    /// Forgets the rules of an institution.
    pub(crate) fn end(&self, name: &str) {
        self.all_mut().remove(name);
    }

    /// The rules of an institution, if it has some.
    #[must_use]
    pub fn of(&self, institution: &str) -> Option<Arc<Routing>> {
        self.all().get(institution).cloned()
    }

    fn all(&self) -> RwLockReadGuard<'_, BTreeMap<String, Arc<Routing>>> {
        // A change is one insertion or removal, so the map is complete even after a panic elsewhere.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn all_mut(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Arc<Routing>>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an exchange that reached its outcome, if its telegram has a rule.
    pub(crate) fn count(&self, exchange: &Exchange) {
        if self.all().is_empty() {
            return;
        }
        let (asked, goes) = match &exchange.passage {
            None | Some(Passage::PassedOn(_)) => (&*exchange.institution, false),
            Some(Passage::RoutedFrom(from)) => (from.institution.as_str(), true),
            // A breaker sent it. No rule did.
            Some(Passage::CameFrom(_)) => return,
        };
        let Some(routing) = self.of(asked) else { return };
        let Some(rule) = routing.rules.get(&*exchange.telegram) else { return };
        let side = if goes { &rule.goes } else { &rule.stays };
        let outcomes = side.counts.iter().zip(OUTCOMES);
        if let Some(((count, counter), _)) =
            outcomes.into_iter().find(|(_, outcome)| exchange.outcome == Some(*outcome))
        {
            count.fetch_add(1, Ordering::Relaxed);
            counter.increment(1);
        }
    }

    /// What a person should know: changes of an earlier run that hold although the file says something new.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.all().values().flat_map(|routing| routing.notes()).collect()
    }
}

impl Routing {
    fn new(institution: &str, rules: &BTreeMap<String, RouteRule>, recalled: RoutingChanges, now_ms: i64) -> Self {
        let rule = |(telegram, file): (&String, &RouteRule)| {
            let labels = [("institution", institution), ("telegram", telegram), ("to", &file.to)];
            let labels = labels.map(|(name, value)| (name, value.to_owned()));
            let rule = Rule {
                file: file.clone(),
                stays: Side::new(institution, telegram, institution),
                goes: Side::new(institution, telegram, &file.to),
                percent: gauge!("fep_routing_percent", &labels),
            };
            (telegram.clone(), rule)
        };
        for (telegram, change) in &recalled.rules {
            let RuleChange { share, person, by: PersonNote { note, .. }, .. } = change;
            match rules.get(telegram) {
                Some(file) if fits(change, file) => {
                    let file = &file.share;
                    tracing::warn!(institution, telegram, %share, person, note, %file, "a person routed so before the restart");
                }
                _ => tracing::warn!(
                    institution,
                    telegram,
                    %share,
                    person,
                    note,
                    "the file has another rule now or none, so what a person changed before the restart does not hold"
                ),
            }
        }
        let routing = Self {
            institution: institution.to_owned(),
            rules: rules.iter().map(rule).collect(),
            changes: RwLock::new(recalled),
            started_at_ms: now_ms,
        };
        routing.show();
        routing
    }

    fn changes(&self) -> RwLockReadGuard<'_, RoutingChanges> {
        // A change is one assignment, so it is complete even after a panic elsewhere.
        self.changes.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a request of this client goes, or `None` if it stays. `sticky` gives the value of the field that decides, or the value that
    /// decides without one.
    pub(crate) fn goes_to(
        &self,
        telegram: &str,
        client: Option<&str>,
        sticky: impl FnOnce(Option<&str>) -> Point,
    ) -> Option<(&str, RoutedFrom)> {
        let rule = self.rules.get(telegram)?;
        let because = {
            let changes = self.changes();
            let share = rule.change(telegram, &changes).map_or(&rule.file.share, |change| &change.share);
            share.takes(client, sticky(rule.sticky(share)))?
        };
        Some((&rule.file.to, RoutedFrom { institution: self.institution.clone(), because }))
    }

    /// The changes after this decision.
    ///
    /// # Errors
    /// If it cannot be carried out.
    pub(crate) fn decided(&self, decision: RoutingDecision, now_ms: i64) -> Result<RoutingChanges, NotRouted> {
        let RoutingDecision { rules: mut wanted, revision, person, note } = decision;
        let changes = self.changes();
        if revision.is_some_and(|revision| revision != changes.revision) {
            return Err(NotRouted::Changed { revision: changes.revision });
        }
        if let Some(telegram) = wanted.keys().find(|telegram| !self.rules.contains_key(*telegram)) {
            let known = self.rules.keys().cloned().collect();
            return Err(NotRouted::UnknownRule { telegram: telegram.clone(), known });
        }
        let mut after = RoutingChanges { revision: changes.revision.saturating_add(1), rules: BTreeMap::new() };
        for (telegram, rule) in &self.rules {
            let telegram = telegram.clone();
            let Some(share) = wanted.remove(&telegram) else { return Err(NotRouted::LeftOut { telegram }) };
            let Some(mut share) = share else { continue };
            let before = rule.change(&telegram, &changes);
            if share.sticky.is_none() {
                share.sticky = before.and_then(|change| change.share.sticky.clone());
            }
            if share.percent > Share::PERCENT_MAX {
                return Err(NotRouted::Percent { telegram, percent: share.percent });
            }
            if share.callers.len() > CALLERS_MAX {
                return Err(NotRouted::TooManyCallers { telegram });
            }
            let RouteRule { to, share: file, sticky } = rule.file.clone();
            let known = before.filter(|known| known.share == share && known.file == file);
            let change = known.cloned().unwrap_or_else(|| {
                let by = PersonNote { note: note.clone(), since_ms: now_ms };
                RuleChange { share, file, to, sticky, person: person.clone(), by }
            });
            after.rules.insert(telegram, change);
        }
        Ok(after)
    }

    /// Lets these changes hold from now on.
    pub(crate) fn hold(&self, changes: RoutingChanges) {
        *self.changes.write().unwrap_or_else(PoisonError::into_inner) = changes;
        self.show();
    }

    fn show(&self) {
        let changes = self.changes();
        for (telegram, rule) in &self.rules {
            let share = rule.change(telegram, &changes).map_or(&rule.file.share, |change| &change.share);
            rule.percent.set(f64::from(share.percent));
        }
    }

    /// What holds, and what became of the requests.
    #[must_use]
    pub fn status(&self) -> RoutingStatus {
        let changes = self.changes();
        let rules = self.rules.iter().map(|(telegram, rule)| (telegram.clone(), rule.status(telegram, &changes)));
        RoutingStatus {
            institution: self.institution.clone(),
            revision: changes.revision,
            counted_since_ms: self.started_at_ms,
            rules: rules.collect(),
        }
    }

    fn notes(&self) -> Vec<String> {
        let changes = self.changes();
        let noted = self.rules.iter().filter_map(|(telegram, rule)| {
            let change = rule.change(telegram, &changes).filter(|change| change.file != rule.file.share)?;
            let RuleChange { share, person, .. } = change;
            let Self { institution, .. } = self;
            let file = &rule.file.share;
            Some(format!(
                "{institution}: routing of {telegram}: {share} holds, as {person} decided, although the file says {file} now"
            ))
        });
        noted.collect()
    }
}

/// Whether a change is one of this rule.
fn fits(change: &RuleChange, file: &RouteRule) -> bool {
    change.to == file.to && change.sticky == file.sticky
}

impl Rule {
    fn change<'c>(&self, telegram: &str, changes: &'c RoutingChanges) -> Option<&'c RuleChange> {
        changes.rules.get(telegram).filter(|change| fits(change, &self.file))
    }

    /// The path of the field whose value decides, if one does.
    fn sticky<'s>(&'s self, share: &'s Share) -> Option<&'s str> {
        share.sticky.as_ref().map_or(self.file.sticky.as_deref(), Sticky::field)
    }

    fn status(&self, telegram: &str, changes: &RoutingChanges) -> RuleStatus {
        let change = self.change(telegram, changes);
        let RouteRule { to, share: file, .. } = self.file.clone();
        let share = change.map_or(&file, |change| &change.share);
        let sticky = self.sticky(share).map(str::to_owned);
        let Share { percent, callers, .. } = share.clone();
        let changed = change.map(|change| RuleChanged {
            person: change.person.clone(),
            by: change.by.clone(),
            file_then: (change.file != file).then(|| change.file.clone()),
        });
        let sides = vec![self.stays.status(), self.goes.status()];
        RuleStatus { to, sticky, percent, callers, file, changed, sides }
    }
}

impl Side {
    fn new(asked: &str, telegram: &str, to: &str) -> Self {
        let counts = OUTCOMES.map(|outcome| {
            let labels = [("institution", asked), ("telegram", telegram), ("to", to), ("outcome", outcome.name())];
            let counter = counter!("fep_routed_total", &labels.map(|(name, value)| (name, value.to_owned())));
            // Otherwise the first one would be no increase.
            counter.increment(0);
            (AtomicU64::new(0), counter)
        });
        Self { institution: to.to_owned(), counts }
    }

    fn status(&self) -> SideStatus {
        let [answered, not_sent, unknown] = self.counts.each_ref().map(|(count, _)| count.load(Ordering::Relaxed));
        SideStatus { institution: self.institution.clone(), answered, not_sent, unknown }
    }
}

impl fmt::Debug for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status().fmt(f)
    }
}

impl fmt::Display for NotRouted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRules => {
                f.write_str("the configuration has no routing for this institution: add a rule to the file")
            }
            Self::UnknownRule { telegram, known } => {
                write!(f, "the configuration has no rule for {telegram:?}; there are: {}", known.join(", "))
            }
            Self::LeftOut { telegram } => write!(
                f,
                "the rule of {telegram} is left out: name each rule, with its new value, or null for what the file says"
            ),
            Self::Percent { telegram, percent } => write!(f, "{telegram}: {percent} is no percentage from 0 to 100"),
            Self::Sticky { telegram, why } => write!(f, "{telegram}: {why}"),
            Self::TooManyCallers { telegram } => {
                write!(f, "{telegram}: more than {CALLERS_MAX} callers; write \"percent\": 100 for all callers")
            }
            Self::Changed { revision } => {
                write!(f, "somebody changed it meanwhile: revision {revision} holds; look at it and decide again")
            }
            Self::Journal(error) => write!(f, "nothing was changed: {error}"),
            Self::NotDurable(error) => write!(
                f,
                "it holds now, but a restart could bring the earlier one back, because the journal does not have it: {error}"
            ),
            Self::Stopped => f.write_str("the institution has stopped"),
        }
    }
}

impl std::error::Error for NotRouted {}
