//! Inquiries and reversals, made from the request's bytes, and what the bytes of an answer say about the money. The bytes are frames, as
//! the journal has them.
//!
//! When they are sent, and what follows from a verdict, is decided by [`fep_protocol::settlement`].

use std::collections::BTreeMap;

use fep_codec::layout::{Item, Kind, Layout};
use fep_codec::record::{Record, Value};
use fep_codec::{Error, Field};
use fep_protocol::settlement::{AccountKey, SettlementPolicy, StepKind, Verdict};
use fep_protocol::terms::Now;
use serde_json::Value as Json;

use super::fill::{self, Filler};
use super::key::KeyFields;
use super::{Draft, DraftError, TelegramCatalogue, no_telegram};
use crate::config::{
    Condition, ConditionValue, InstitutionConfig, SettlementConfig, StepField, StepTelegram, StepValue,
};

/// How unknown outcomes are settled, by the telegram of the request.
#[derive(Clone, Debug, Default)]
pub(super) struct Settlements(BTreeMap<String, (SettlementConfig, Option<KeyFields>)>);

impl Settlements {
    pub(super) fn new(config: &InstitutionConfig) -> Self {
        let of = |(name, limits): (&String, &crate::config::TelegramLimits)| {
            let settlement = limits.settlement.clone()?;
            let layout = &config.spec.telegram(name)?.layout;
            let has_account = !settlement.account_key.is_empty();
            let account = KeyFields::new(layout, &settlement.account_key).filter(|_| has_account);
            Some((name.clone(), (settlement, account)))
        };
        Self(config.telegrams.iter().filter_map(of).collect())
    }
}

impl TelegramCatalogue {
    /// The settlement policies of the monetary telegrams, by name.
    #[must_use]
    pub fn settlement_policies(&self) -> BTreeMap<String, SettlementPolicy> {
        self.settlements.0.iter().map(|(name, (config, _))| (name.clone(), config.policy.clone())).collect()
    }

    /// Whether the telegram moves money.
    #[must_use]
    pub fn is_monetary(&self, telegram: &str) -> bool {
        self.settlements.0.contains_key(telegram)
    }

    /// The account of a monetary request, whose inquiries and reversals go one after the other. `None` if none is configured.
    #[must_use]
    pub fn account_key(&self, telegram: &str, request: &[u8]) -> Option<AccountKey> {
        let (_, account) = self.settlements.0.get(telegram)?;
        Some(AccountKey::of(&account.as_ref()?.of(self.telegram(request))?))
    }

    /// Makes an inquiry or a reversal from the frame of a monetary request. `attempt` is its number, from 1; with `repeat` it carries the
    /// repeat mark.
    ///
    /// # Errors
    /// If no such step is configured, or the fields do not form its telegram. Trying again is useless.
    pub fn step(
        &self,
        telegram: &str,
        request: &[u8],
        kind: StepKind,
        attempt: u32,
        repeat: bool,
        now: Now,
    ) -> Result<Draft, DraftError> {
        let (config, _) = self.settlements.0.get(telegram).ok_or(DraftError::NotARequest)?;
        let (step, mark) = step_of(config, kind).ok_or(DraftError::NotARequest)?;
        let (number, _) = self.request_named(&step.name)?;
        let mark = mark.iter().filter(|_| repeat);
        let draft = self
            .step_record(telegram, request, step, mark, attempt)
            .and_then(|record| self.fill_up(number, record, now))
            .map_err(DraftError::Invalid)?;
        self.framing.check(&draft.bytes).map_err(DraftError::NoFrame)?;
        Ok(draft)
    }

    /// Encodes the record of a step, with the fillings and the codes that identify the telegram.
    fn fill_up(&self, number: usize, mut record: Record<'_>, now: Now) -> Result<Draft, Error> {
        let entry = self.entries.get(number).ok_or_else(|| no_telegram("?"))?;
        let stamp = self.stamp(now);
        let mut open = Vec::new();
        let mut given = Vec::new();
        for (number, filler) in entry.fillers.iter().enumerate() {
            // The number 1 is a placeholder: every trace number has the same length in the field.
            match filler.put(&mut record, 1, stamp)? {
                true if filler.is_open() => open.push(number),
                true => {}
                false => given.push(number),
            }
        }
        record.identify()?;
        Ok(Draft { telegram: number, bytes: record.encode()?, open, given, is_batch: false })
    }

    /// What the answer to an inquiry or a reversal says about the money that the request was to move. Bytes that cannot be decoded decide
    /// nothing.
    #[must_use]
    pub fn step_verdict(&self, telegram: &str, request: &[u8], kind: StepKind, answer: &[u8]) -> Verdict {
        let Some((config, _)) = self.settlements.0.get(telegram) else { return Verdict::Unclear };
        let Some((step, _)) = step_of(config, kind) else { return Verdict::Unclear };
        let Some(answer) = self.evidence(telegram, request, &step.name, answer) else { return Verdict::Unclear };
        match (kind, &config.inquiry, &config.reversal) {
            (StepKind::Inquiry, Some(inquiry), _) => answer.first(&[
                (&inquiry.processed, Verdict::Done),
                (&inquiry.declined, Verdict::NotDone),
                (&inquiry.not_processed, Verdict::NotFound),
            ]),
            (StepKind::Reversal, _, Some(reversal)) if reversal.refused.is_empty() => {
                if answer.holds(&reversal.confirmed) { Verdict::Confirmed } else { Verdict::Refused }
            }
            (StepKind::Reversal, _, Some(reversal)) => {
                answer.first(&[(&reversal.confirmed, Verdict::Confirmed), (&reversal.refused, Verdict::Refused)])
            }
            _ => Verdict::Unclear,
        }
    }

    /// What a late answer to a monetary request says about the money. Bytes that cannot be decoded decide nothing.
    #[must_use]
    pub fn late_verdict(&self, telegram: &str, request: &[u8], answer: &[u8]) -> Verdict {
        let Some((config, _)) = self.settlements.0.get(telegram) else { return Verdict::Unclear };
        let Some(answer) = self.evidence(telegram, request, telegram, answer) else { return Verdict::Unclear };
        if config.declined.is_empty() {
            return if answer.holds(&config.accepted) { Verdict::Done } else { Verdict::NotDone };
        }
        answer.first(&[(&config.accepted, Verdict::Done), (&config.declined, Verdict::NotDone)])
    }

    /// Checks that each inquiry and reversal can be made: that constants fit their fields, and that no field stays without a value.
    pub(super) fn settlements_fit(&self) -> Result<(), String> {
        for (telegram, (config, _)) in &self.settlements.0 {
            for kind in StepKind::ALL {
                let Some((step, mark)) = step_of(config, *kind) else { continue };
                self.step_fits(step, mark).map_err(|why| format!("the {} of {telegram}: {why}", kind.name()))?;
            }
        }
        Ok(())
    }

    fn step_fits(&self, step: &StepTelegram, mark: &[StepField]) -> Result<(), String> {
        let (number, entry) = self.request_named(&step.name).map_err(|error| format!("{}: {error}", step.name))?;
        let layout = &self.spec.telegrams.get(number).ok_or("no such telegram")?.layout;
        for field in step.fields.iter().chain(mark) {
            if let StepValue::Fixed(json) = &field.with {
                fill::fixed(layout, &field.path, json)?;
            }
        }
        let mut record = Record::new(layout);
        record.identify().map_err(|error| error.to_string())?;
        let lacks = |path: &String| {
            let is_given = step.fields.iter().any(|field| field.path == *path)
                || entry.fillers.iter().any(|filler| Filler::path(filler) == path);
            let item = layout.item_by_path(path);
            let is_open = matches!(item, Some(Item::Field(Field { computed: None, .. })));
            is_open && !is_given && matches!(record.get(path), Some(Value::Absent))
        };
        let missing: Vec<String> = layout.paths().into_iter().filter(lacks).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(format!("{} has no value for {}; give one in `fields` or in `fill`", step.name, missing.join(", ")))
    }

    fn step_record<'f>(
        &self,
        telegram: &str,
        request: &[u8],
        step: &'f StepTelegram,
        mark: impl Iterator<Item = &'f StepField>,
        attempt: u32,
    ) -> Result<Record<'_>, Error> {
        let layout = |name: &str| self.spec.telegram(name).map(|found| &found.layout).ok_or_else(|| no_telegram(name));
        let request = Record::decode(layout(telegram)?, self.telegram(request))?;
        let layout = layout(&step.name)?;
        let mut record = Record::new(layout);
        // A field of the mark replaces the same field of the step.
        for field in step.fields.iter().chain(mark) {
            record.set(&field.path, value(field, layout, &request, attempt)?)?;
        }
        Ok(record)
    }

    /// Decodes the answer to a telegram of ours. `None` if the bytes are not that answer.
    fn evidence<'e>(
        &'e self,
        telegram: &str,
        request: &'e [u8],
        asked: &str,
        answer: &'e [u8],
    ) -> Option<Evidence<'e>> {
        let spec = |name: &str| self.spec.telegram(name);
        let answer = self.telegram(answer);
        let layout = &spec(spec(asked)?.answer.as_deref()?)?.layout;
        let record = Record::decode(layout, answer).ok().filter(|_| layout.recognises(answer))?;
        let request = (&spec(telegram)?.layout, self.telegram(request));
        Some(Evidence { request, answer: (layout, answer), record })
    }
}

/// An answer, with the request that the money belongs to.
struct Evidence<'e> {
    request: (&'e Layout, &'e [u8]),
    answer: (&'e Layout, &'e [u8]),
    record: Record<'e>,
}

impl Evidence<'_> {
    /// The verdict of the first list of conditions that hold.
    fn first(&self, lists: &[(&Vec<Condition>, Verdict)]) -> Verdict {
        let found = lists.iter().find(|(conditions, _)| self.holds(conditions));
        found.map_or(Verdict::Unclear, |(_, verdict)| *verdict)
    }

    /// Whether all conditions hold. An empty list is not configured: it never holds.
    fn holds(&self, conditions: &[Condition]) -> bool {
        !conditions.is_empty() && conditions.iter().all(|condition| self.has(condition))
    }

    fn has(&self, Condition { path, values }: &Condition) -> bool {
        values.iter().any(|value| match value {
            ConditionValue::Text(text) => {
                self.record.field(path).is_some_and(|(field, found)| found.to_text(field) == *text)
            }
            ConditionValue::Request(other) => {
                let found = key_text(self.answer, path);
                found.is_some() && found == key_text(self.request, other)
            }
        })
    }
}

/// The value of a field as text that depends on its meaning only.
fn key_text((layout, bytes): (&Layout, &[u8]), path: &str) -> Option<String> {
    let span = layout.span(path)?;
    bytes.get(span.range).map(|bytes| span.field.key_text(bytes))
}

/// The telegram of a step, and the fields of its repeat mark.
fn step_of(config: &SettlementConfig, kind: StepKind) -> Option<(&StepTelegram, &[StepField])> {
    match kind {
        StepKind::Inquiry => config.inquiry.as_ref().map(|inquiry| (&inquiry.telegram, [].as_slice())),
        StepKind::Reversal => config.reversal.as_ref().map(|reversal| (&reversal.telegram, reversal.repeat.as_slice())),
    }
}

fn value(field: &StepField, layout: &Layout, request: &Record<'_>, attempt: u32) -> Result<Value, Error> {
    Ok(match &field.with {
        // It was checked when the catalogue was made.
        StepValue::Fixed(json) => fixed(layout, &field.path, json),
        StepValue::Request(path) => request.get(path).cloned().unwrap_or(Value::Absent),
        StepValue::Attempt => {
            let number = layout.span(&field.path).map_or(u64::MAX, |span| highest(span.field));
            Value::Number(u64::from(attempt).min(number).into())
        }
    })
}

fn fixed(layout: &Layout, path: &str, json: &Json) -> Value {
    fill::fixed(layout, path, json).unwrap_or(Value::Absent)
}

/// The highest number that a field holds.
fn highest(field: &Field) -> u64 {
    let Kind::Number(rule) = &field.kind else { return u64::MAX };
    let digits = u32::try_from(rule.digits(field.len)).unwrap_or(u32::MAX);
    10_u64.checked_pow(digits).map_or(u64::MAX, |end| end - 1)
}

#[cfg(test)]
mod tests;
