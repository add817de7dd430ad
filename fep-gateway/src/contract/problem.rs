//! The kinds of errors of the HTTP interface: the code that programs read, the status, and what to do. The gateway serves this table at
//! `/problems`, and each error refers to its row.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// What a kind of error means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Meaning {
    /// The stable code. It is never renamed and never used for something else.
    pub(crate) code: &'static str,
    pub(crate) status: u16,
    pub(crate) title: &'static str,
    /// What the client should do.
    pub(crate) advice: &'static str,
}

/// One table makes the kinds, their list and their meanings, so that none can be forgotten in one of them.
macro_rules! problems {
    ($($kind:ident $status:literal $code:literal $title:literal $advice:literal)*) => {
        /// A kind of error.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Problem {
            $($kind,)*
        }

        impl Problem {
            /// All kinds, in the order of their codes.
            pub(crate) const ALL: &[Self] = &[$(Self::$kind,)*];

            pub(crate) const fn meaning(self) -> Meaning {
                match self {
                    $(Self::$kind => Meaning { code: $code, status: $status, title: $title, advice: $advice },)*
                }
            }
        }
    };
}

problems! {
    AlreadyEnded 409 "already_ended" "the delivery of the notice has ended" "nothing: look at the notice for how it ended"
    AlreadyExplained 409 "already_explained" "a later file explains the exception" "nothing: look at the exception for the file"
    AlreadyResolved 409 "already_resolved" "a person resolved the exception" "nothing: `resolved_by` and `resolved_at` say who and when"
    AlreadySettled 409 "already_settled" "the exchange is settled"
        "nothing: look at the exchange for what settled it"
    AtAnotherGateway 409 "at_another_gateway" "another gateway works on it" "decide it at the gateway that `detail` names"
    BadClock 422 "bad_clock" "the body is no time of a clock" "write it as `detail` says"
    BadDecision 422 "bad_decision" "the body is not a decision" "write the body as `detail` says"
    BadNote 422 "bad_note" "the note or the person cannot be stored" "write it as `detail` says"
    BadReport 422 "bad_report" "the body is no report" "write it as `detail` says"
    BadRouting 422 "bad_routing" "the body does not say where requests go" "write the body as `detail` says"
    BadSpec 500 "bad_spec" "the spec of the telegram is wrong" "report it to those who operate the gateway: other fields do not help"
    BodyCut 400 "body" "the body is incomplete" "send the whole body"
    BodyTooLarge 413 "body_too_large" "the body is too long" "send at most `max` bytes"
    BodyTooSlow 408 "body_too_slow" "the body did not come in time" "send it again: nothing was sent to the institution"
    CannotDecide 409 "cannot_decide" "the decision cannot be carried out now" "look at the state of the institution"
    ConfigMistakes 422 "config_mistakes" "the configuration cannot be used" "correct what `mistakes` names: nothing has changed"
    ControlCharacter 422 "control_character" "a field has a control character"
        "leave it out, or ask those who operate the gateway to name the field in `control_characters`"
    Csrf 403 "csrf" "a change in a session needs its second secret" "send the header X-Csrf-Token with what `GET /v1/session` says"
    DeliveryRunning 409 "delivery_running" "the notice is being delivered now" "wait for the end of the attempt"
    DuplicateKey 422 "duplicate_key" "an object of the body has a name twice" "send each name once"
    ExceptionChanged 409 "exception_changed" "a file that was compared meanwhile says something else about the exception"
        "look at the exception as it is now, and decide again: `seen` is its new token, for clients that may `read`"
    FileRefused 422 "file_refused" "the file is wrong, so nothing of it was compared" "ask the institution for a file that is right; `mistakes` says what is wrong"
    FollowsAnother 409 "follows_another" "the business clock follows another one" "set the clock that `detail` names"
    Forbidden 403 "forbidden" "the client has no right to this" "ask those who operate the gateway for the right that `detail` names"
    Host 400 "host" "the header Host cannot be used" "send one header Host with the name of the gateway"
    IdempotencyKey 400 "idempotency_key" "the header Idempotency-Key cannot be used" "send it once, with the length that `detail` says"
    Invalid 422 "invalid" "the fields make no telegram" "correct the field that `detail` names"
    Journal 500 "journal" "the journal cannot be read or written" "report it to those who operate the gateway"
    KeyOfAnotherClient 409 "key_of_another_client" "the idempotency key belongs to another client"
        "use keys that no other client has; nothing was sent, and the other request may have been: if both are one order, ask those who operate the gateway"
    KeyUnchecked 503 "key_unchecked" "the idempotency key could not be looked up"
        "send the same request with the same key again: nothing was sent now, and nothing is known about earlier calls"
    KeysUnavailable 503 "keys_unavailable" "the keys of an issuer of tokens are not there"
        "ask again later: nothing was done; who operates the gateway sees in the log why"
    MethodNotAllowed 405 "method_not_allowed" "the route does not take this method" "look at the header Allow"
    Missing 422 "missing" "a field is missing" "send the field"
    NeedsRestart 409 "needs_restart" "keys differ that hold only after a restart"
        "restart the gateway, or set the `keys` back: nothing has changed"
    NoAlarms 404 "no_alarms" "the gateway has no alarms" "add [alarms] to its configuration"
    NoCase 409 "no_case" "the exchange has no settlement" "nothing: only exchanges that move money and have an unknown outcome have one"
    NoConfigFile 409 "no_config_file" "the configuration was not read from a file" "the program that embeds the gateway reloads it"
    NoFrame 422 "no_frame" "the telegram cannot be put into a frame" "change the value that `detail` names"
    NoNote 422 "no_note" "a decision needs a note" "write a `note` of one line: others read it as the reason"
    NoPerson 422 "no_person" "the name of the person cannot be stored" "write `person` as `detail` says"
    NoSession 409 "no_session" "a session cannot begin so" "send the token of a client; without an access file nobody needs a session"
    NoSites 404 "no_sites" "the gateways are at one site" "add [instances.sites] to the configuration of all gateways"
    NoSuchDuty 409 "no_such_duty" "the line has no such telegram" "nothing: its agreement has none; `session` in its configuration names those that it has"
    NoSuchKind 404 "no_such_problem" "there is no such kind of error" "look at /problems"
    NoSuchRoute 404 "no_such_route" "there is nothing at this path" "look at /openapi.json"
    NoSuchStep 409 "no_such_step" "the institution has no such telegram" "decide it in another way"
    NotADecision 400 "not_a_decision" "the body is not a decision" "write the body as `detail` says"
    NotARequest 404 "not_a_request" "a service cannot send this telegram" "send the telegrams that /openapi.json has"
    NotCompared 409 "not_compared" "the file cannot be compared, so nothing was kept" "do what `detail` says"
    NotDurable 503 "not_durable" "the change holds and the journal does not have it" "look at /readyz, and send it again when the journal takes writes"
    NotForProduction 409 "not_for_production" "the gateway is for production" "nothing: in production the business clock is that of the machine"
    NotFull 422 "not_full" "a field that has to be full is too short" "send a value of the whole length"
    NotInCharset 422 "not_in_charset" "a character is not in the charset of the field" "replace the character that `detail` names"
    NotJson 400 "not_json" "the body is not JSON" "send JSON in UTF-8"
    NotTheComputed 422 "not_the_computed" "a computed field was sent with another value" "leave the field out"
    NothingToDeliver 409 "nothing_to_deliver" "the notice has nothing to deliver" "nothing: no service gets notices of this kind"
    Origin 403 "origin" "a web page of another site posted or asked for a WebSocket" "leave the header Origin out: only pages of the gateway itself may do that"
    OtherBody 422 "other_body" "the idempotency key belongs to another request" "use a new key for each request, and the same key only for the same one"
    OtherKey 422 "other_key" "the telegram has another correlation key" "leave the key fields to the gateway"
    OtherLayout 422 "other_layout" "the telegram has another layout" "use the telegram of this institution"
    OtherListener 421 "other_listener" "this is on another listener of the gateway"
        "ask those who operate the gateway for the address of the listener that `detail` names"
    OtherReport 409 "other_report" "the run was told with another report" "give each run a name of its own: what was told first holds"
    Path 400 "path" "the path cannot be read" "write the path as `detail` says"
    Query 400 "query" "the query cannot be read" "write the query as `detail` says"
    ReconciliationRunning 409 "reconciliation_running" "another file of the institution is being compared" "send the file again when that has ended"
    ReloadPartly 500 "reload_partly" "a step of the reload failed after the first change"
        "look at `failed` and at GET /v1/reload for what holds, and reload again"
    ReloadRunning 409 "reload_running" "another reload runs" "look at GET /v1/reload, and try again when it has ended"
    RoutingChanged 412 "routing_changed" "somebody else changed it meanwhile" "look at what holds now, and decide again"
    StillRunning 409 "still_running" "the exchange with this idempotency key still runs" "ask `GET /v1/exchanges/{id}` for its outcome"
    Stopped 503 "stopped" "the gateway has stopped" "ask again when it runs"
    TlsRequired 400 "tls_required" "the port takes HTTPS only" "write https:// in front of the address"
    TokenExpired 401 "token_expired" "the token of the client has ended" "get a new token from its issuer, or from those who operate the gateway"
    TokenRefused 401 "token_refused" "the token of an issuer proves nothing" "look at `reason_code`, and get another token from the issuer"
    TooDeep 400 "too_deep" "the body is nested too deep" "send the fields as the telegram has them"
    TooLong 422 "too_long" "a value is too long for its field" "shorten it to `len` bytes in the charset of the field"
    TooManyDecisions 409 "too_many_decisions" "too many decisions were made about it" "settle it, or close it"
    TooManyExceptions 422 "too_many_exceptions" "the file shows too many exceptions, so nothing was kept"
        "look whether it is the file of this date, and whether `key` of the configuration fits"
    TooManyListeners 503 "too_many_listeners" "too many clients listen to events" "close other listeners, or ask again later"
    TooManyVerifications 409 "too_many_verifications" "the institution has too many verifications, or one of them too many runs"
        "tell it under a name that the institution has, once for each run"
    Unauthenticated 401 "unauthenticated" "the gateway does not know who asks" "send the token of a client: `Authorization: Bearer …`"
    UnknownAlarm 404 "unknown_alarm" "there is no such alarm" "use a rule and an institution of GET /v1/alarms"
    UnknownCode 422 "unknown_code" "the list of codes does not have this code" "send a code of the list"
    UnknownException 404 "unknown_exception" "there is no such exception" "use an `id` of the reconciliation"
    UnknownExchange 404 "unknown_exchange" "there is no such exchange" "look at the ID: 22 hexadecimal digits"
    UnknownField 422 "unknown_field" "the telegram has no such field" "look at `nearest`, or at the schema of the telegram"
    UnknownHost 403 "unknown_host" "the name in the header Host is not that of this gateway"
        "use the gateway's address, or ask those who operate it to add the name to `[http] hosts`"
    UnknownInstitution 404 "unknown_institution" "there is no such institution" "use one of `known`"
    UnknownNotice 404 "unknown_notice" "there is no such notice" "look at the ID: 22 hexadecimal digits"
    UnknownReconciliation 404 "unknown_reconciliation" "there is no such reconciliation" "use a name of the configuration and a date of GET /v1/reconciliations"
    UnknownStream 404 "unknown_stream" "there is no such stream" "use a name of GET /v1/streams"
    UnknownTelegram 404 "unknown_telegram" "the institution has no such telegram" "look at `nearest`, or at /openapi.json"
    UnknownVerification 404 "unknown_verification" "there is no such run of a verification" "use names of GET /v1/verifications"
    Unwritable 500 "unwritable" "the reply cannot be written" "report it to those who operate the gateway"
    Upgrade 400 "upgrade" "a WebSocket cannot begin so" "send the headers of RFC 6455, or leave Upgrade out: then the same path gives server-sent events"
    WouldLose 409 "would_lose" "an institution cannot be removed, or have other layouts, yet" "do what `blockers` says, and reload again: nothing has changed"
    WrongCount 422 "wrong_count" "a group has a wrong number of entries" "send the number of entries that `detail` says"
    WrongType 422 "wrong_type" "a value has a wrong type" "send the type that `expected` says"
}

impl Problem {
    /// The kind with this code.
    pub(crate) fn with_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|problem| problem.meaning().code == code)
    }

    /// What errors of this kind have as `type`: the place of its row.
    pub(crate) fn type_of(self) -> String {
        format!("/problems/{}", self.meaning().code)
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Table {
    pub(crate) problems: Vec<Row>,
}

/// An error (RFC 9457).
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ProblemDetails {
    /// Where the gateway explains errors of this kind: `/problems/` and the code.
    pub(crate) r#type: String,
    /// What errors of this kind have in common.
    pub(crate) title: &'static str,
    /// The status of HTTP.
    pub(crate) status: u16,
    /// What is wrong, as one line without a secret.
    pub(crate) detail: String,
    /// The stable code of the kind, for programs.
    pub(crate) code: &'static str,
    /// What the code is about, such as `field`, `offset` and `len`.
    #[serde(flatten)]
    pub(crate) more: Map<String, Value>,
}

/// One kind of error.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Row {
    /// What errors of this kind have as `type`.
    pub(crate) r#type: String,
    #[serde(flatten)]
    pub(crate) meaning: Meaning,
}

impl From<Problem> for Row {
    fn from(problem: Problem) -> Self {
        Self { r#type: problem.type_of(), meaning: problem.meaning() }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    #[test]
    fn each_kind_has_its_own_code_a_status_of_an_error_and_advice() {
        let codes: Vec<_> = Problem::ALL.iter().map(|problem| problem.meaning().code).collect();
        assert!(codes.is_sorted_by(|one, next| one < next), "{codes:?}");
        for problem in Problem::ALL {
            let Meaning { code, status, title, advice } = problem.meaning();
            assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{code}");
            assert!(StatusCode::from_u16(status).unwrap().as_u16() >= 400, "{code}");
            assert!(!title.is_empty() && !advice.is_empty(), "{code}");
            assert_eq!(Problem::with_code(code), Some(*problem));
        }
    }
}
