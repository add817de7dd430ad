//! A telegram that another system sent, as this gateway would send it. Nothing is sent: the bytes are for a comparison.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fep_codec::Error;
use fep_codec::layout::{Item, Layout};
use fep_codec::lenient::Lenient;
use fep_codec::record::Record;
use fep_codec::view::find;
use fep_protocol::terms::{Duty, Key, Now, Telegrams as _};
use serde_json::{Map, Value as Json};

use super::fill::Filler;
use super::{DraftError, Role, TelegramCatalogue, no_telegram};

/// The bytes, and what in them need not be the same.
#[derive(Debug)]
pub(crate) struct SentHere {
    /// The frame.
    pub(crate) frame: Box<[u8]>,
    /// The paths of the fields that this gateway fills by its own clock, number or mark.
    pub(crate) own: BTreeSet<String>,
    /// Whether the rules of this gateway made it. Any other telegram is only encoded again.
    pub(crate) is_made_here: bool,
}

/// The reason why this gateway could not send it.
#[derive(Debug)]
pub(crate) enum NotSentHere {
    /// The spec does not read it.
    Unreadable(String),
    /// Its values form no request here.
    Refused(DraftError),
    /// The request cannot be completed.
    Incomplete(String),
}

impl fmt::Display for NotSentHere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "the spec does not read it: {error}"),
            Self::Refused(error) => write!(f, "the gateway refuses its values: {error}"),
            Self::Incomplete(why) => write!(f, "the gateway cannot complete it: {why}"),
        }
    }
}

impl TelegramCatalogue {
    /// What a service would say to have this request sent: its fields without those that the configuration fills and without computed ones. Deviations of the bytes that a
    /// lenient reader forgives are forgiven.
    ///
    /// # Errors
    /// If the bytes are no such telegram.
    pub(crate) fn said_by_service(&self, telegram: &str, frame: &[u8]) -> Result<Json, Error> {
        self.said(telegram, frame, |_| true)
    }

    /// The fields of a request without computed ones and without those that the configuration fills, if they are `ours`.
    fn said(&self, telegram: &str, frame: &[u8], ours: impl Fn(&Filler) -> bool) -> Result<Json, Error> {
        let mut fields = self.read_leniently(telegram, frame)?.to_json_value();
        let fillers = self.named(telegram).map(|entry| entry.fillers.as_slice()).unwrap_or_default();
        if let Json::Object(fields) = &mut fields {
            fillers.iter().filter(|filler| ours(filler)).for_each(|filler| remove(fields, filler.path()));
            // Encoding computes them again.
            let layout = self.spec.telegram(telegram).map(|telegram| &telegram.layout);
            let computed = |path: &String| {
                let item = layout.and_then(|layout| layout.item_by_path(path));
                matches!(item, Some(Item::Field(field)) if !field.is_given())
            };
            let paths = layout.map(Layout::paths).unwrap_or_default();
            paths.iter().filter(|path| computed(path)).for_each(|path| remove(fields, path));
        }
        Ok(fields)
    }

    /// A telegram that another system sent at this time, as this gateway would send it. A request and a sign-on, sign-off or echo test get the
    /// constants and dates of the configuration and the recorded trace number; any other telegram is only encoded again. Without a time, what the gateway fills by its clock is as in the recorded one.
    ///
    /// # Errors
    /// If this gateway could not send it.
    pub(crate) fn sent_here(&self, telegram: &str, frame: &[u8], at_ms: Option<i64>) -> Result<SentHere, NotSentHere> {
        let entry = self.named(telegram).ok_or_else(|| self.unreadable(&no_telegram(telegram)))?;
        let record = self.read_leniently(telegram, frame).map_err(|error| self.unreadable(&error))?;
        let has_own_polls = self.polls.as_ref().is_some_and(|polls| polls.own().is_some());
        let is_ours = match entry.role {
            Role::Request => true,
            Role::Duty(duty) => duty != Duty::EchoTest || !has_own_polls,
            _ => false,
        };
        if !is_ours {
            let bytes = record.encode().map_err(|error| self.unreadable(&error))?;
            let framed = self.framing.frame(bytes).map_err(|error| NotSentHere::Incomplete(error.to_string()))?;
            return Ok(SentHere { frame: framed.into(), own: BTreeSet::new(), is_made_here: false });
        }
        let is_own = |filler: &&Filler| filler.is_own();
        let mut own: BTreeSet<String> =
            entry.fillers.iter().filter(is_own).map(|filler| filler.path().to_owned()).collect();
        let number = self.trace.as_ref().and_then(|path| {
            let (field, value) = record.field(path)?;
            value.to_text(field).trim().parse::<u64>().ok().filter(|number| *number <= self.trace_max)
        });
        if number.is_none() {
            own.extend(self.trace.clone());
        }
        let now = Now::new(Duration::ZERO, at_ms.unwrap_or_default());
        let request = match entry.role {
            Role::Duty(duty) => {
                if at_ms.is_none() {
                    let dates = entry.fillers.iter().filter(|filler| filler.is_date());
                    own.extend(dates.map(|filler| filler.path().to_owned()));
                }
                self.duty(duty, number.unwrap_or(1), now)
            }
            _ => {
                // Without a time, what the gateway fills by its clock stays as it was recorded.
                let ours = |filler: &Filler| at_ms.is_some() || !(filler.is_own() || filler.is_date());
                let fields = self.said(telegram, frame, ours).map_err(|error| self.unreadable(&error))?;
                let draft = self.draft(telegram, &fields, now).map_err(NotSentHere::Refused)?;
                self.request(&draft, number.unwrap_or(1), now)
            }
        };
        let request = request.map_err(NotSentHere::Incomplete)?;
        Ok(SentHere { frame: request.bytes.to_vec().into(), own, is_made_here: true })
    }

    /// By which key the answer to a recorded request is known, and the name of the answer. `None` if it is no request.
    pub(crate) fn awaits(&self, telegram: &str, frame: &[u8]) -> Option<(Arc<str>, Key)> {
        let entry = self.named(telegram).filter(|entry| entry.role == Role::Request)?;
        let answer = self.entries.get(entry.answer?)?;
        Some((Arc::clone(&answer.name), entry.key.as_ref()?.of(self.telegram(frame))?))
    }

    /// Whether a frame comes from the institution, as far as its telegram says that: it is an answer or a notice.
    pub(crate) fn is_received(&self, frame: &[u8]) -> bool {
        let entry = self.find(self.telegram(frame)).and_then(|number| self.entries.get(number));
        entry.is_some_and(|entry| matches!(entry.role, Role::Answer | Role::Notice))
    }

    /// Whether a telegram is the answer to a request.
    pub(crate) fn answers_a_request(&self, answer: &str) -> bool {
        let number = self.by_name.get(answer).copied();
        number.is_some() && self.entries.iter().any(|entry| entry.role == Role::Request && entry.answer == number)
    }

    /// The fields of a request that each sending fills anew, and whether they name the request: numbers and marks do, dates and times do not.
    pub(crate) fn filled_anew(&self, telegram: &str) -> BTreeMap<String, bool> {
        let fillers = self.named(telegram).map(|entry| entry.fillers.as_slice()).unwrap_or_default();
        let anew = fillers.iter().filter(|filler| filler.is_open());
        anew.map(|filler| (filler.path().to_owned(), !filler.is_of_the_clock())).collect()
    }

    /// The value of a field of a telegram, as keys compare it. `None` if the telegram has no such field.
    pub(crate) fn value(&self, telegram: &str, frame: &[u8], path: &str) -> Option<String> {
        let bytes = self.telegram(frame);
        let (field, range) = find(&self.spec.telegram(telegram)?.layout, bytes, path).ok()?;
        Some(field.key_text(bytes.get(range)?))
    }

    fn unreadable(&self, error: &Error) -> NotSentHere {
        NotSentHere::Unreadable(self.secret_places.describe(error))
    }

    fn read_leniently(&self, telegram: &str, frame: &[u8]) -> Result<Record<'_>, Error> {
        let spec = self.spec.telegram(telegram).ok_or_else(|| no_telegram(telegram))?;
        Record::decode_lenient(&spec.layout, self.telegram(frame), Lenient::ALL).map(|(record, _)| record)
    }
}

/// Removes a field, and parts that are empty then.
fn remove(fields: &mut Map<String, Json>, path: &str) {
    match path.split_once('.') {
        None => {
            fields.remove(path);
        }
        Some((part, rest)) => {
            if let Some(Json::Object(inner)) = fields.get_mut(part) {
                remove(inner, rest);
                if inner.is_empty() {
                    fields.remove(part);
                }
            }
        }
    }
}
