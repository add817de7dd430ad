//! Answers that the gateway makes: to telegrams of the institution, and stand-ins for answers that did not come.

use std::sync::Arc;

use fep_codec::record::Record;
use fep_codec::{Error, Layout, json};
use fep_protocol::exchange::TelegramBytes;
use fep_protocol::terms::Now;
use serde_json::{Map, Value as Json};

use super::controls::first_control;
use super::{Draft, DraftError, Role, TelegramCatalogue, fill, key, no_telegram};
use crate::config::InstitutionConfig;

impl TelegramCatalogue {
    /// Encodes the answer to the telegram in a frame of the institution, as a frame. The answer has the fields of that telegram, then
    /// the answer's own codes, then `own`. Later values replace earlier ones.
    ///
    /// # Errors
    /// If the fields do not form the answer, `own` has other codes than the answer, it cannot be a frame, or it has another key.
    pub fn answer(&self, telegram: &str, frame: &[u8], own: &Map<String, Json>) -> Result<TelegramBytes, DraftError> {
        let answer = self.answer_telegram(telegram, frame, own).map_err(DraftError::Invalid)?;
        if let Some(found) = first_control(own, &self.control_characters) {
            return Err(DraftError::ControlCharacter(found));
        }
        self.has_key_of(telegram, frame, &answer)?;
        Ok(self.framing.frame(answer).map_err(DraftError::NoFrame)?.into())
    }

    /// Makes the stand-in answer to a request that was not sent, as a frame: the fields of the request, then the answer's codes, then
    /// `own`. Its trace number is 0, which no request has.
    ///
    /// # Errors
    /// If the fields do not form the answer.
    pub fn stand_in(&self, draft: &Draft, own: &Map<String, Json>, now: Now) -> Result<TelegramBytes, DraftError> {
        let name = self.entries.get(draft.telegram).map_or_else(|| "".into(), |entry| Arc::clone(&entry.name));
        let request = self.complete(draft, 0, now).map_err(DraftError::Invalid)?;
        self.answer(&name, &self.framing.frame(request).map_err(DraftError::NoFrame)?, own)
    }

    fn answer_telegram(&self, telegram: &str, frame: &[u8], own: &Map<String, Json>) -> Result<Vec<u8>, Error> {
        let Json::Object(theirs) = self.fields(telegram, frame)? else { return Err(no_telegram(telegram)) };
        let answer = self.by_name.get(telegram).and_then(|number| self.entries.get(*number)?.answer);
        let layout = answer.and_then(|answer| self.spec.telegrams.get(answer)).map(|answer| &answer.layout);
        let layout = layout.ok_or_else(|| no_telegram(telegram))?;
        let mut fields = layout.common_fields(theirs);
        json::merge(&mut fields, &layout.codes());
        json::merge(&mut fields, own);
        let answer = Record::from_json_value(layout, &Json::Object(fields))?.encode()?;
        // `own` may not make another telegram of it.
        if layout.recognises(&answer) { Ok(answer) } else { Err(Layout::no_match(&[layout], &answer)) }
    }

    /// Checks that our answers to notices and duties can carry the values that are configured for them.
    pub(super) fn answers_fit(
        &self,
        config: &InstitutionConfig,
        role: Role,
        name: &str,
        answer: Option<&str>,
    ) -> Result<(), String> {
        let own = match role {
            Role::Notice => config.notices.get(name).map_or_else(Vec::new, |notice| {
                let refuse = &notice.refuse;
                let refusals = [&refuse.closed, &refuse.conflict, &refuse.busy].into_iter().flatten();
                refusals.chain([&notice.stand_in]).flatten().cloned().collect()
            }),
            Role::Duty(_) => self.accepted.clone(),
            Role::Request => {
                let breaker = config.breaker.as_ref();
                breaker.and_then(|breaker| breaker.stand_ins.get(name)).cloned().unwrap_or_default()
            }
            Role::Answer | Role::Other => Vec::new(),
        };
        let Some(answer) = answer.and_then(|answer| self.spec.telegram(answer)) else { return Ok(()) };
        key::not_given(config, answer.name(), &own)?;
        own.iter()
            .try_for_each(|(path, value)| fill::fixed(&answer.layout, path, &Json::from(value.as_str())).map(drop))
    }
}
