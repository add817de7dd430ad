//! Telegrams of a line over HTTP: the fields of a request as JSON, and the answer from the fields of a reply.

use fep_codec::{Record, json};
use fep_protocol::exchange::TelegramBytes;
use serde_json::Value;

use super::TelegramCatalogue;

impl TelegramCatalogue {
    /// The name of the telegram in a frame of ours, and all its fields as JSON.
    ///
    /// # Errors
    /// If it is no telegram of the spec. The text has no value of a field.
    pub(crate) fn json_of(&self, frame: &[u8]) -> Result<(String, String), String> {
        let bytes = self.telegram(frame);
        let telegram = self.spec.choose(bytes).map_err(|error| error.to_string())?;
        let record = Record::decode(&telegram.layout, bytes).map_err(|error| error.to_string())?;
        let text = serde_json::to_string(&record.to_json_value()).map_err(|error| error.to_string())?;
        Ok((telegram.name().to_owned(), text))
    }

    /// The answer to the telegram in a frame of ours, as a frame. `reply` is JSON, with the fields of the answer at this place. Fields that
    /// it leaves out are those of the request and the codes of the answer. The response code is not one of them: a reply without it, such as
    /// `{}`, says nothing about the request.
    ///
    /// # Errors
    /// If the reply has no such fields, or they form no answer. The text has no value of a field.
    pub(crate) fn answer_of(&self, frame: &[u8], reply: &[u8], place: Option<&str>) -> Result<TelegramBytes, String> {
        let (telegram, _) = self.json_of(frame)?;
        let text = std::str::from_utf8(reply).map_err(|_| "the reply is not UTF-8".to_owned())?;
        let reply = json::parse(text).map_err(|error| format!("the reply is {}", error.message()))?;
        let names = place.into_iter().flat_map(|place| place.split('.'));
        let said = names.into_iter().try_fold(&reply, |value, name| value.get(name));
        let Some((said, fields)) = said.and_then(|said| Some((said, said.as_object()?))) else {
            let place = place.map_or_else(String::new, |place| format!(" at {place}"));
            return Err(format!("the reply has no object with fields{place}"));
        };
        self.says_something(&telegram, said)?;
        self.answer(&telegram, frame, fields).map_err(|error| format!("the fields of the reply are no answer: {error}"))
    }

    /// Checks that a reply has a response code, or any field if the answer has no response code.
    fn says_something(&self, telegram: &str, said: &Value) -> Result<(), String> {
        match self.answer_layout(telegram).and_then(|layout| self.codes.path_in(layout)) {
            Some(path) => {
                let code = path.split('.').try_fold(said, |value, name| value.get(name));
                let why = || format!("the reply has no `{path}`, so it says nothing about the request");
                code.filter(|code| !code.is_null()).map(|_| ()).ok_or_else(why)
            }
            None if said.as_object().is_some_and(|fields| !fields.is_empty()) => Ok(()),
            None => Err("the reply has no field, so it says nothing about the request".to_owned()),
        }
    }
}
