//! What a fact says to the rules. It reads no file and keeps nothing.

use fep_protocol::alarm::measure::{Ending, Observation, Observed};
use fep_protocol::exchange::Outcome;
use fep_protocol::fact::{Class, Fact, SentClass, What};

use crate::config::{AmountField, ResponseCodes};
use crate::telegrams::TelegramCatalogue;

/// What a fact says to rules that ask for no amount.
pub(super) fn observations(fact: &Fact, codes: &ResponseCodes) -> Vec<Observation> {
    let mut seen = Vec::new();
    match fact.what {
        What::Received(class) => {
            seen.extend(is_business(class).then_some(Observed::Heard));
            seen.extend((class == Class::Conflicting).then_some(Observed::Conflicts(1)));
            seen.extend((class == Class::Answer).then(|| answered(fact, codes)).flatten());
        }
        What::Surplus(class, count) => {
            seen.extend(is_business(class).then_some(Observed::Heard));
            seen.extend((class == Class::Conflicting).then_some(Observed::Conflicts(count)));
        }
        What::Outcome => {
            let ending = match fact.outcome {
                Some(Outcome::Unknown) => Some(Ending::Unknown),
                Some(Outcome::NotSent) => Some(Ending::NotSent),
                _ => None,
            };
            seen.extend(ending.map(|ending| Observed::Ended { ending, latency_ms: None }));
        }
        _ => {}
    }
    seen.into_iter().map(|what| Observation { at_ms: fact.at_ms, what }).collect()
}

/// The amount that a request asks to move.
pub(super) fn amount(fact: &Fact, field: &AmountField, catalogue: &TelegramCatalogue) -> Option<Observation> {
    let telegram = fact.telegram.as_deref().filter(|telegram| *telegram == field.telegram)?;
    if fact.what != What::Sent(SentClass::Request) {
        return None;
    }
    let amount = catalogue.whole_number(telegram, &field.path, &fact.bytes)?;
    Some(Observation { at_ms: fact.at_ms, what: Observed::Amount(amount) })
}

fn answered(fact: &Fact, codes: &ResponseCodes) -> Option<Observed> {
    let id = fact.exchange.filter(|_| fact.outcome == Some(Outcome::Answered))?;
    let is_accepted = fact.code.as_deref().is_none_or(|code| codes.accept(code));
    let ending = if is_accepted { Ending::Accepted } else { Ending::Declined };
    let latency_ms = u32::try_from(fact.at_ms.saturating_sub(id.accepted_at_ms())).ok();
    Some(Observed::Ended { ending, latency_ms })
}

/// Whether an institution that sends this does business. Echo tests and polls only show that a line is there.
fn is_business(class: Class) -> bool {
    match class {
        Class::Answer
        | Class::Late
        | Class::StepAnswer
        | Class::Duplicate
        | Class::Conflicting
        | Class::Routed
        | Class::Notice => true,
        Class::Unmatched | Class::Undecodable | Class::BadFrame | Class::Duty => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fep_protocol::exchange::ExchangeId;

    use super::*;

    fn check(what: What, change: impl FnOnce(&mut Fact), expected: &[Observed]) {
        let mut fact = Fact { what, ..Fact::new(Arc::from("bank-a"), 1_000_250) };
        change(&mut fact);
        let seen: Vec<_> = observations(&fact, &ResponseCodes::default()).into_iter().map(|seen| seen.what).collect();
        assert_eq!(seen, expected, "{what:?}");
    }

    #[test]
    fn a_fact_says_what_came_and_how_an_exchange_ended() {
        let ended = |ending, latency_ms| Observed::Ended { ending, latency_ms };
        let answer = |code: &'static str| {
            move |fact: &mut Fact| {
                fact.exchange = Some(ExchangeId::new(1_000_000, 1, 1));
                fact.outcome = Some(Outcome::Answered);
                fact.code = Some(code.into());
            }
        };
        let answered = What::Received(Class::Answer);
        check(answered, answer("0000"), &[Observed::Heard, ended(Ending::Accepted, Some(250))]);
        check(answered, answer("0110"), &[Observed::Heard, ended(Ending::Declined, Some(250))]);
        check(What::Received(Class::Late), |fact| fact.outcome = Some(Outcome::Answered), &[Observed::Heard]);
        check(What::Received(Class::Conflicting), |_| {}, &[Observed::Heard, Observed::Conflicts(1)]);
        check(What::Surplus(Class::Conflicting, 7), |_| {}, &[Observed::Heard, Observed::Conflicts(7)]);
        for silent in [Class::Duty, Class::BadFrame, Class::Undecodable, Class::Unmatched] {
            check(What::Received(silent), |_| {}, &[]);
        }
        check(What::Outcome, |fact| fact.outcome = Some(Outcome::Unknown), &[ended(Ending::Unknown, None)]);
        check(What::Outcome, |fact| fact.outcome = Some(Outcome::NotSent), &[ended(Ending::NotSent, None)]);
        check(What::Sent(SentClass::Request), |_| {}, &[]);
    }
}
