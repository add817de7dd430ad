//! What becomes of a request by what a gateway replied.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn accepted() -> Vec<(String, Vec<Json>)> {
    vec![("header.response_code".to_owned(), vec!["0000".into(), "0001".into()])]
}

fn of(status: u16, body: Json) -> Fate {
    fate(&Reply { status, body }, &accepted(), None)
}

#[track_caller]
fn ends(status: u16, body: Json, state: State) {
    match of(status, body) {
        Fate::Ended(outcome) => assert_eq!(outcome.state, state),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_is_done_or_not_by_its_values() {
    let answered = |code: &str| json!({ "exchange": "e", "outcome": "answered", "answer": { "fields": { "header": { "response_code": code } } } });
    ends(200, answered("0000"), State::Done);
    ends(200, answered("0001"), State::Done);
    ends(200, answered("0110"), State::NotDone);
    // What is hidden decides nothing.
    let hidden = of(200, answered("<secret>"));
    assert!(matches!(hidden, Fate::Stop(why) if why.contains("hides `header.response_code`")));
    // An answer that the gateway cannot read says nothing.
    ends(200, json!({ "exchange": "e", "outcome": "answered", "reason": "unreadable" }), State::Unknown);
}

#[test]
fn an_unknown_outcome_is_what_settled_it() {
    let unknown = |more: Json| {
        let mut body = json!({ "exchange": "e", "outcome": "unknown" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    ends(504, unknown(json!({})), State::Unknown);
    ends(200, unknown(json!({ "settled_by": "inquiry", "money": "done" })), State::Done);
    ends(200, unknown(json!({ "settled_by": "person", "money": "not_done" })), State::NotDone);
    ends(200, unknown(json!({ "settled_by": "reversal", "money": "reversed" })), State::Reversed);
    let late = json!({ "fields": { "header": { "response_code": "0000" } } });
    ends(200, unknown(json!({ "settled_by": "late answer", "answer": late })), State::Done);
    // A late answer that has not settled it is not believed.
    ends(200, unknown(json!({ "answer": late })), State::Unknown);
}

#[test]
fn only_what_was_certainly_not_sent_is_sent_again() {
    let not_sent = |code: &str| of(503, json!({ "exchange": "e", "outcome": "not_sent", "reason_code": code }));
    assert!(matches!(not_sent("breaker_tripped"), Fate::NotSent(_)));
    assert!(matches!(not_sent("unencodable"), Fate::Ended(Outcome { state: State::NotDone, .. })));
    assert!(matches!(not_sent("key_taken"), Fate::Again(_)));
    let passed_on = json!({ "exchange": "e", "outcome": "not_sent", "reason_code": "passed_on", "passed_on": { "exchange": "other" } });
    let Fate::Ended(outcome) = of(503, passed_on) else { panic!("it goes on as another exchange") };
    assert_eq!((outcome.state, outcome.exchange.as_deref()), (State::Unknown, Some("other")));
}

#[test]
fn a_reply_without_an_outcome_asks_again_or_refuses_or_stops() {
    let problem = |status, code: &str| of(status, json!({ "status": status, "code": code, "detail": "why" }));
    for (status, code) in
        [(503, "stopped"), (503, "key_unchecked"), (409, "still_running"), (500, "journal"), (502, "")]
    {
        assert_eq!(problem(status, code), Fate::Again("why".to_owned()), "{code}");
    }
    assert_eq!(problem(500, "bad_spec"), Fate::Stop("the gateway replied 500: why".to_owned()));
    assert!(matches!(problem(422, "too_long"), Fate::Ended(Outcome { state: State::Refused, exchange: None, .. })));
    // The key of another request may have been sent, so it is not refused.
    for (status, code) in
        [(422, "other_body"), (409, "key_of_another_client"), (401, "unauthenticated"), (404, "unknown_telegram")]
    {
        assert_eq!(problem(status, code), Fate::Stop(format!("the gateway replied {status}: why")), "{code}");
    }
    assert_eq!(
        of(200, Json::Null),
        Fate::Stop("the gateway replied 200: it says nothing about an exchange".to_owned())
    );
}

#[test]
fn an_exchange_of_another_file_stops_the_batch() {
    let of = |id: Json| {
        let body = json!({ "exchange": "e", "outcome": "answered", "request_id": id, "answer": { "fields": {} } });
        fate(&Reply { status: 200, body }, &[], Some("batch:pay:2026-11-30:1@aa"))
    };
    assert!(matches!(of("batch:pay:2026-11-30:1@aa".into()), Fate::Ended(Outcome { state: State::Done, .. })));
    for other in ["batch:pay:2026-11-30:1@bb".into(), Json::Null] {
        assert!(matches!(of(other), Fate::Stop(why) if why.contains("has sent another file")));
    }
}

proptest! {
    /// Whatever a gateway says: only `not_sent` has a request sent again as one that was not, and only a problem of a request is a refusal.
    #[test]
    fn what_may_have_been_sent_is_never_said_to_be_not_sent(
        status in 100_u16..600, has_exchange: bool, outcome in proptest::option::of("answered|unknown|not_sent|running|"),
        reason in prop_oneof![Just("passed_on"), Just("key_taken"), Just("unencodable"), Just("breaker_tripped"), Just("")],
        code in prop_oneof![Just("too_long"), Just("missing"), Just("other_body"), Just("stopped"), Just("")],
        settled in proptest::option::of("person|inquiry"), money in proptest::option::of("done|not_done|reversed|x"), journaled: bool,
    ) {
        let mut body = json!({
            "outcome": outcome, "reason_code": reason, "code": code, "settled_by": settled, "money": money, "journaled": journaled,
        });
        if outcome.is_none() {
            body.as_object_mut().unwrap().remove("outcome");
        }
        if has_exchange {
            body["exchange"] = "e".into();
        }
        let is_exchange = has_exchange && outcome.is_some();
        let fate = of(status, body);
        if matches!(fate, Fate::NotSent(_)) {
            prop_assert_eq!(outcome.as_deref(), Some("not_sent"));
            prop_assert!(is_exchange);
        }
        if matches!(&fate, Fate::Ended(outcome) if outcome.state == State::Refused) {
            prop_assert!(!is_exchange && OF_THE_REQUEST.contains(&code));
        }
        if let Fate::Ended(found) = &fate {
            let is_final = found.state != State::Unknown && found.state != State::Refused;
            let is_known = money.is_some() || settled.is_some() || outcome.as_deref() == Some("not_sent");
            prop_assert!(!is_final || is_known, "{found:?}");
        }
    }
}
