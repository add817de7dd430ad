//! What becomes of a request by what the gateway replied. It decides, and does nothing.
//!
//! A request has one key. After `not_sent`, which proves that nothing went out, the gateway takes the same key again and sends. After everything else
//! the key stands for the exchange that it has, and the journal of the gateway says what it knows.

use fep_codec::json;
use serde_json::{Map, Value as Json};

use super::ledger::State;

/// What the gateway replied.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    /// The status of HTTP.
    pub(super) status: u16,
    /// The body. Null if it is no JSON.
    pub(super) body: Json,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fate {
    /// It has a state. Also [`State::Unknown`], which is asked for later.
    Ended(Outcome),
    /// It certainly was not sent, and that can change: it is sent again later.
    NotSent(Outcome),
    /// Nothing is known by this reply. The same key is asked for again.
    Again(String),
    /// The whole batch stops, because no request would do better.
    Stop(String),
}

/// A state, and how it is known.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    pub(super) state: State,
    pub(super) exchange: Option<String>,
    pub(super) reason_code: Option<String>,
    pub(super) reason: Option<String>,
    /// The fields of the answer.
    pub(super) answer: Map<String, Json>,
}

/// The codes of `not_sent` that no other attempt changes.
const FINAL: [&str; 1] = ["unencodable"];

/// What stands for a secret that a client may not see.
const HIDDEN: &str = "<secret>";

/// The code of `not_sent` of a request that went on as another exchange.
const PASSED_ON: &str = "passed_on";

/// The code of `not_sent` of an exchange whose key another gateway with the same journal has: the exchange of that one is meant.
const OF_ANOTHER: &str = "key_taken";

/// The problems of single requests: the gateway has taken nothing, and another request can do better.
const OF_THE_REQUEST: [&str; 17] = [
    "body_too_large",
    "control_character",
    "duplicate_key",
    "invalid",
    "missing",
    "no_frame",
    "not_full",
    "not_in_charset",
    "not_json",
    "not_the_computed",
    "other_key",
    "too_deep",
    "too_long",
    "unknown_code",
    "unknown_field",
    "wrong_count",
    "wrong_type",
];

/// What becomes of a request. `accepted` are the values of an answer by which it was carried out: none means any. `id` is the name that the request
/// was sent under, if it was sent now: an exchange with another one belongs to another file.
pub(super) fn fate(reply: &Reply, accepted: &[(String, Vec<Json>)], id: Option<&str>) -> Fate {
    let text = |key: &str| reply.body.get(key).and_then(Json::as_str).map(str::to_owned);
    if reply.body.get("exchange").is_some() && reply.body.get("outcome").is_some() {
        let first = text("request_id");
        if id.is_some() && first.as_deref() != id {
            return Fate::Stop(format!(
                "a batch of this name and date has sent another file: this request is {}, and its key belongs to {}",
                id.unwrap_or_default(),
                first.unwrap_or_else(|| "a request without a name".to_owned())
            ));
        }
        return of_exchange(&reply.body, accepted);
    }
    let code = text("code").unwrap_or_default();
    let why =
        text("detail").or_else(|| text("title")).unwrap_or_else(|| "it says nothing about an exchange".to_owned());
    if OF_THE_REQUEST.contains(&code.as_str()) {
        let reason_code = Some(code);
        let reason = Some(why);
        return Fate::Ended(Outcome { state: State::Refused, exchange: None, reason_code, reason, answer: Map::new() });
    }
    match reply.status {
        // Other fields do not help, and asking again does not either.
        500 if code == "bad_spec" => Fate::Stop(format!("the gateway replied 500: {why}")),
        408 | 429 | 500..=599 => Fate::Again(why),
        409 if code == "still_running" => Fate::Again(why),
        // Among them a key that belongs to another request: that one may have been sent.
        status => Fate::Stop(format!("the gateway replied {status}: {why}")),
    }
}

/// What becomes of a request whose exchange is known.
fn of_exchange(body: &Json, accepted: &[(String, Vec<Json>)]) -> Fate {
    let text = |key: &str| body.get(key).and_then(Json::as_str).map(str::to_owned);
    let answer = body.pointer("/answer/fields").and_then(Json::as_object);
    let outcome = |state| Outcome {
        state,
        exchange: text("exchange"),
        reason_code: text("reason_code"),
        reason: text("reason"),
        answer: answer.cloned().unwrap_or_default(),
    };
    let is_sent = text("outcome").as_deref() != Some("not_sent");
    if is_sent && body.get("journaled") == Some(&Json::Bool(false)) {
        return Fate::Again("the journal of the gateway does not have the outcome yet".to_owned());
    }
    if let Some(path) = answer.and_then(|answer| hidden(answer, accepted)) {
        return Fate::Stop(format!(
            "the gateway hides `{path}` of the answer, which says whether a request was carried out: ask for `own_secrets = \"shown\"`"
        ));
    }
    let by_answer = |answer| if is_accepted(answer, accepted) { State::Done } else { State::NotDone };
    let code = text("reason_code").unwrap_or_default();
    match (text("outcome").as_deref(), text("money").as_deref()) {
        // A person or the settlement knows more than the answer alone.
        (Some("answered" | "unknown"), Some("done")) => Fate::Ended(outcome(State::Done)),
        (Some("answered" | "unknown"), Some("not_done")) => Fate::Ended(outcome(State::NotDone)),
        (Some("answered" | "unknown"), Some("reversed")) => Fate::Ended(outcome(State::Reversed)),
        (Some("answered"), _) => match answer {
            Some(answer) => Fate::Ended(outcome(by_answer(answer))),
            None => Fate::Ended(outcome(State::Unknown)),
        },
        (Some("unknown"), _) => match (answer, text("settled_by")) {
            (Some(answer), Some(_)) => Fate::Ended(outcome(by_answer(answer))),
            _ => Fate::Ended(outcome(State::Unknown)),
        },
        (Some("not_sent"), _) if code == PASSED_ON => {
            match body.pointer("/passed_on/exchange").and_then(Json::as_str) {
                Some(other) => Fate::Ended(Outcome { exchange: Some(other.to_owned()), ..outcome(State::Unknown) }),
                None => Fate::Ended(outcome(State::Unknown)),
            }
        }
        (Some("not_sent"), _) if code == OF_ANOTHER => Fate::Again("another gateway has the request".to_owned()),
        (Some("not_sent"), _) if FINAL.contains(&code.as_str()) => Fate::Ended(outcome(State::NotDone)),
        (Some("not_sent"), _) => Fate::NotSent(outcome(State::NotDone)),
        _ => Fate::Again("the request is still running".to_owned()),
    }
}

fn is_accepted(answer: &Map<String, Json>, accepted: &[(String, Vec<Json>)]) -> bool {
    accepted.iter().all(|(path, values)| json::get(answer, path).is_some_and(|said| values.contains(said)))
}

/// A value that is looked at and hidden.
fn hidden<'a>(answer: &Map<String, Json>, accepted: &'a [(String, Vec<Json>)]) -> Option<&'a str> {
    let is_hidden = |path: &str| json::get(answer, path).and_then(Json::as_str) == Some(HIDDEN);
    accepted.iter().map(|(path, _)| path.as_str()).find(|path| is_hidden(path))
}

#[cfg(test)]
mod tests;
