//! What the machines ask of the telegrams: encoding requests and duties, and what received bytes are.

use std::sync::Arc;
use std::time::Duration;

use fep_codec::Error;
use fep_codec::layout::Layout;
use fep_codec::record::Record;
use fep_protocol::coordination::KeyOwner;
use fep_protocol::exchange::TelegramBytes;
use fep_protocol::terms::{BusinessSign, Classified, Demand, Duty, EncodedRequest, Now, Priority, Telegrams};
use serde_json::{Map, Value as Json};

use super::key::KeyFields;
use super::polls::Polls;
use super::{Draft, Role, TelegramCatalogue};
use crate::config::SessionNotice;

impl Telegrams for TelegramCatalogue {
    type Draft = Draft;

    fn demand(&self, draft: &Draft) -> Demand {
        let entry = self.entries.get(draft.telegram);
        let precedence = entry.and_then(|entry| entry.precedence.as_ref());
        Demand {
            telegram: entry.map_or_else(|| "".into(), |entry| Arc::clone(&entry.name)),
            business: precedence.and_then(|precedence| precedence.business(&draft.bytes)),
            priority: precedence.map_or(Priority::Customer, |precedence| precedence.priority(draft.is_batch)),
            answer_timeout: entry.map_or(Duration::ZERO, |entry| entry.answer_timeout),
        }
    }

    fn request(&self, draft: &Draft, trace: u64, now: Now) -> Result<EncodedRequest, String> {
        self.wire(draft, trace, now)
    }

    fn duty(&self, duty: Duty, trace: u64, now: Now) -> Result<EncodedRequest, String> {
        if let Some(poll) = self.polls.as_ref().and_then(Polls::own).filter(|_| duty == Duty::EchoTest) {
            return Ok(poll);
        }
        let number = self.duties.get(&duty).copied().ok_or("no telegram is configured")?;
        let draft = self.prepare(number, &Json::Object(Map::new()), now).map_err(|error| error.to_string())?;
        self.wire(&draft, trace, now)
    }

    fn accept(&self, duty: Duty, theirs: &[u8]) -> Result<TelegramBytes, String> {
        let number = self.duties.get(&duty).copied().ok_or("no telegram is configured")?;
        let name = self.entries.get(number).map(|entry| Arc::clone(&entry.name)).ok_or("no such telegram")?;
        self.answer(&name, theirs, &Self::nested(&self.accepted)).map_err(|error| error.to_string())
    }

    fn read(&self, frame: &[u8]) -> Classified {
        let bytes = self.telegram(frame);
        if let Some(poll) = self.polls.as_ref().and_then(|polls| polls.read(frame)) {
            return Classified::Poll(poll);
        }
        let undecodable = |error: &Error, key: Option<&KeyFields>| Classified::Undecodable {
            key: key.and_then(|key| key.of(bytes)),
            why: self.secret_places.describe(error),
        };
        let found = self.find(bytes);
        let found = found.and_then(|number| Some((number, self.entries.get(number)?)));
        let Some((number, entry)) = found else {
            let layouts: Vec<_> = self.spec.telegrams.iter().map(|telegram| &telegram.layout).collect();
            // The bytes may be an answer whose codes are damaged.
            return undecodable(&Layout::no_match(&layouts, bytes), self.common_key.as_ref());
        };
        let record = match self.asks_for_values(number) {
            true => entry.plan.decode(bytes).map(Some),
            false => entry.plan.verify(bytes).map(|()| None),
        };
        let record = match record {
            Ok(record) => record,
            // The institution's own trace numbers may equal ours, so only the key of an answer identifies a telegram of
            // ours.
            Err(error) => return undecodable(&error, entry.key.as_ref().filter(|_| entry.role == Role::Answer)),
        };
        let name = Arc::clone(&entry.name);
        match entry.role {
            Role::Duty(duty) => Classified::Duty(duty),
            Role::Notice => Classified::Notice { telegram: name },
            Role::Request | Role::Other => Classified::Unexpected { telegram: name },
            Role::Answer => match entry.key.as_ref().and_then(|key| key.of(bytes)) {
                Some(key) => {
                    let is_busy = record.as_ref().is_some_and(|record| self.busy.hold(record));
                    let refused = record.as_ref().and_then(|record| self.refused(record));
                    Classified::Answer { telegram: name, key, refused, is_busy }
                }
                None => Classified::Unexpected { telegram: name },
            },
        }
    }

    fn business_sign(&self, frame: &[u8]) -> Option<BusinessSign> {
        if self.signs.is_empty() {
            return None;
        }
        let bytes = self.telegram(frame);
        let entry = self.entries.get(self.find(bytes)?)?;
        let record = entry.plan.decode(bytes).ok()?;
        let holds = |(path, value): &(String, String)| {
            record.field(path).is_some_and(|(field, found)| found.to_text(field) == *value)
        };
        let sign = self.signs.iter().find(|sign| *sign.telegram == *entry.name && sign.when.iter().all(holds))?;
        let SessionNotice { telegram, means, stops, answered, .. } = sign;
        Some(BusinessSign { telegram: telegram.as_str().into(), notice: *means, stops: *stops, is_answered: *answered })
    }

    fn accept_sign(&self, sign: &BusinessSign, theirs: &[u8]) -> Result<TelegramBytes, String> {
        self.answer(&sign.telegram, theirs, &Self::nested(&self.accepted)).map_err(|error| error.to_string())
    }

    fn contradiction(&self, request: &[u8], answer: &str, bytes: &[u8]) -> Option<String> {
        let request = self.telegram(request);
        let bytes = self.telegram(bytes);
        let asked = self.entries.iter().find(|entry| {
            let is_asked =
                entry.answer.and_then(|answer| self.entries.get(answer)).is_some_and(|entry| *entry.name == *answer);
            is_asked && entry.marks.as_ref().is_some_and(|marks| marks.hold(request))
        })?;
        asked.repeats.iter().find_map(|repeat| repeat.difference(request, bytes))
    }

    fn named_owner(&self, answer: &str, bytes: &[u8]) -> Option<KeyOwner> {
        self.named(answer)?.owner.as_ref()?.of(self.telegram(bytes))
    }

    fn day(&self, now: Now) -> i64 {
        self.stamp(now).day
    }
}

impl TelegramCatalogue {
    /// Whether the values of a received telegram decide something. Only answers to duties can refuse, and codes for a busy institution are
    /// rare.
    fn asks_for_values(&self, number: usize) -> bool {
        let is_answer = |duty: &usize| self.entries.get(*duty).is_some_and(|duty| duty.answer == Some(number));
        !self.busy.is_empty() || self.duties.values().any(is_answer)
    }

    /// The reason why the answer to a duty is not a yes, or `None` if it is a yes.
    fn refused(&self, record: &Record<'_>) -> Option<String> {
        self.accepted.iter().find_map(|(path, value)| {
            let (field, found) = record.field(path)?;
            let found = found.to_text(field);
            let shown = if field.secret { "another" } else { &found };
            (found != *value).then(|| format!("{path} is {shown}, not {value}"))
        })
    }
}
