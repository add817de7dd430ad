//! The rules of the institution: which one applies to a request, and how often each did. What an action does is not known here.

use std::sync::Arc;

use fep_codec::json;
use serde_json::{Map, Value as Json};

use super::chance::Chance;
use super::clock::Moment;
use super::compose;
use super::scenario::{RULES_MAX, Rule};

/// All rules, in the order in which they are tried.
#[derive(Debug)]
pub(super) struct RuleBook {
    entries: Vec<Entry>,
    chance: Chance,
}

/// A rule and its counts.
#[derive(Debug)]
pub(super) struct Entry {
    /// Unique. Its random numbers belong to it.
    pub(super) name: String,
    pub(super) rule: Arc<Rule>,
    /// How often its conditions held.
    pub(super) matches: u64,
    /// How often it decided.
    pub(super) applied: u64,
}

/// What a rule is asked about.
pub(super) struct Asked<'a> {
    /// The name of the request telegram.
    pub(super) telegram: &'a str,
    pub(super) request: &'a Map<String, Json>,
    /// Whether the request opens or closes business.
    pub(super) is_session: bool,
    pub(super) now: &'a Moment,
}

impl RuleBook {
    pub(super) fn new(rules: &[Rule], seed: u64) -> Self {
        let entries = rules.iter().enumerate().map(|(place, rule)| Entry::new(rule.name_at(place), rule.clone()));
        Self { entries: entries.collect(), chance: Chance::new(seed) }
    }

    /// All rules, in the order in which they are tried.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The rule with this name.
    pub(super) fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// Replaces the rule with this name at its place, or adds one before all others. Its counts begin at 0. Returns `None` if there are
    /// too many, and otherwise whether it is new.
    pub(super) fn put(&mut self, name: &str, rule: Rule) -> Option<bool> {
        let entry = Entry::new(name.to_owned(), rule);
        if let Some(known) = self.entries.iter_mut().find(|known| known.name == name) {
            *known = entry;
            return Some(false);
        }
        if self.entries.len() >= RULES_MAX {
            return None;
        }
        self.entries.insert(0, entry);
        Some(true)
    }

    /// Removes the rule with this name. Returns whether it was there.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.name != name);
        self.entries.len() < before
    }

    /// The first rule that applies, and the answer that it recalls. `recall` gives the answer to a remembered request by the values of
    /// these fields. The matches of each rule are counted, so that "every 7th" means the 7th request that matches the rule.
    pub(super) fn first(
        &mut self,
        asked: &Asked<'_>,
        mut recall: impl FnMut(&[String]) -> Option<Map<String, Json>>,
    ) -> (Option<Arc<Rule>>, Option<Map<String, Json>>) {
        for entry in &mut self.entries {
            if !entry.rule.is_about(asked) {
                continue;
            }
            let recalled = if entry.rule.recall.is_empty() { None } else { recall(&entry.rule.recall) };
            if !entry.rule.recall.is_empty() && recalled.is_none() {
                continue;
            }
            entry.matches += 1;
            if entry.is_its_turn(self.chance) {
                entry.applied += 1;
                return (Some(Arc::clone(&entry.rule)), recalled);
            }
        }
        (None, None)
    }
}

impl Entry {
    fn new(name: String, rule: Rule) -> Self {
        Self { name, rule: Arc::new(rule), matches: 0, applied: 0 }
    }

    fn is_its_turn(&self, chance: Chance) -> bool {
        let Some(turn) = self.matches.checked_sub(self.rule.skip).filter(|turn| *turn > 0) else { return false };
        self.rule.times.is_none_or(|times| self.applied < times)
            && self.rule.every.is_none_or(|every| turn % every == 0)
            && self.rule.per_10000.is_none_or(|rate| chance.happens(&format!("rule {}", self.name), self.matches, rate))
    }
}

impl Rule {
    /// Whether the rule is about such a request. Without a name of a telegram, it is about none that opens or closes business.
    fn is_about(&self, asked: &Asked<'_>) -> bool {
        let is_named = self.telegram.as_deref().map_or(!asked.is_session, |name| name == asked.telegram);
        is_named
            && self.at.as_ref().is_none_or(|at| asked.now.is_in(at))
            && self.when.iter().all(|condition| holds(condition, asked.request))
    }
}

/// Whether the field at the path has one of the values.
pub(super) fn holds((path, wanted): &(String, Vec<Json>), fields: &Map<String, Json>) -> bool {
    let found = json::get(fields, path).map(compose::text);
    wanted.iter().any(|wanted| Some(compose::text(wanted)) == found)
}

/// The values of the fields at these paths, as text.
pub(super) fn key(fields: &Map<String, Json>, paths: &[String]) -> Vec<String> {
    paths.iter().map(|path| json::get(fields, path).map(compose::text).unwrap_or_default()).collect()
}
