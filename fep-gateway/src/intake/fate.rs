//! What becomes of a message: a result, another attempt later, or a dead letter. It decides by what the gateway said, and does nothing.

use fep_protocol::exchange::{Exchange, Outcome};

/// What the gateway said about a request.
#[derive(Debug)]
pub enum Said {
    /// The exchange has this outcome.
    Ended(Box<Exchange>),
    /// An exchange with its idempotency key runs.
    Runs,
    /// It was refused, as HTTP would say it: the code and the sentence of the problem, and its status.
    Refused {
        /// The stable code.
        code: String,
        /// One sentence without secrets.
        why: String,
        /// The status that HTTP would have.
        status: u16,
    },
}

/// What becomes of a message.
#[derive(Debug)]
pub enum Fate {
    /// It has its result.
    Result(Box<Exchange>),
    /// It certainly was not sent, and is tried again by the retry topic with this number, from 0.
    Retry {
        /// The number of the topic.
        topic: usize,
        /// The reason of this attempt, for the history.
        reason: String,
    },
    /// It is not tried any more.
    Dead {
        /// The stable code.
        code: String,
        /// One sentence without secrets.
        why: String,
        /// The status that HTTP would have.
        status: u16,
        /// The exchange of the last attempt, if there is one.
        exchange: Option<Box<Exchange>>,
    },
    /// The gateway is asked again soon: the exchange runs, or its outcome is not in the journal yet.
    Wait,
    /// The gateway stops. The message comes again after the next start.
    Leave,
}

/// The codes of `not_sent` that no other attempt changes: the fields make no telegram, or the request went on as another exchange.
const FINAL: [&str; 2] = ["unencodable", "passed_on"];

/// The code of `not_sent` of an exchange whose key another gateway with the same journal has: the exchange of that one is meant.
const OF_ANOTHER: &str = "key_taken";

/// What becomes of a message by what the gateway said. `tries` is the number of attempts with this one, `retries` the number of retry topics.
#[must_use]
pub fn fate(said: Said, tries: u32, retries: usize, is_stopping: bool) -> Fate {
    match said {
        Said::Runs if is_stopping => Fate::Leave,
        Said::Runs => Fate::Wait,
        // The journal could not say whether the key was used. The same key is asked again.
        Said::Refused { code, .. } if code == "key_unchecked" && is_stopping => Fate::Leave,
        Said::Refused { code, why, status } if code == "key_unchecked" => {
            again(tries, retries, code.clone()).unwrap_or(Fate::Dead { code, why, status, exchange: None })
        }
        Said::Refused { code, why, status } => Fate::Dead { code, why, status, exchange: None },
        Said::Ended(exchange) => of_ended(exchange, tries, retries, is_stopping),
    }
}

fn of_ended(exchange: Box<Exchange>, tries: u32, retries: usize, is_stopping: bool) -> Fate {
    let code = exchange.reason_code.clone().unwrap_or_default();
    match exchange.outcome {
        None if is_stopping => Fate::Leave,
        None => Fate::Wait,
        // After a crash it could become unknown, so nobody is told before it is durable.
        Some(Outcome::Answered | Outcome::Unknown) if !exchange.journaled && is_stopping => Fate::Leave,
        Some(Outcome::Answered | Outcome::Unknown) if !exchange.journaled => Fate::Wait,
        // Never sent again by itself: settlement finds out what became of it.
        Some(Outcome::Answered | Outcome::Unknown) => Fate::Result(exchange),
        Some(Outcome::NotSent) if FINAL.contains(&&*code) => Fate::Result(exchange),
        Some(Outcome::NotSent) if is_stopping => Fate::Leave,
        Some(Outcome::NotSent) if code == OF_ANOTHER => Fate::Wait,
        Some(Outcome::NotSent) if retries == 0 => Fate::Result(exchange),
        Some(Outcome::NotSent) => again(tries, retries, code).unwrap_or_else(|| Fate::Dead {
            code: "tried_too_often".to_owned(),
            why: format!("it was tried {tries} times and never sent"),
            status: 503,
            exchange: Some(exchange),
        }),
    }
}

/// The next attempt, if there is one.
fn again(tries: u32, retries: usize, reason: String) -> Option<Fate> {
    let topic = usize::try_from(tries.saturating_sub(1)).ok().filter(|topic| *topic < retries)?;
    Some(Fate::Retry { topic, reason })
}

#[cfg(test)]
mod tests {
    use fep_protocol::exchange::ExchangeId;
    use fep_protocol::reason::{JournalError, NotSent};
    use proptest::prelude::*;

    use super::*;

    fn ended(outcome: Outcome, code: Option<&str>, journaled: bool) -> Said {
        let exchange = Exchange::accepted(ExchangeId::new(1, 1, 1), "bank-a".into(), "Transfer".into(), 1);
        let reason_code = code.map(str::to_owned);
        Said::Ended(Box::new(Exchange { outcome: Some(outcome), reason_code, journaled, ..exchange }))
    }

    fn refused(code: &str) -> Said {
        Said::Refused { code: code.to_owned(), why: "why".to_owned(), status: 422 }
    }

    #[test]
    fn what_passes_is_tried_by_each_topic_once_and_then_dead() {
        let of = |tries| fate(ended(Outcome::NotSent, Some("breaker_tripped"), true), tries, 2, false);
        assert!(matches!(of(1), Fate::Retry { topic: 0, .. }));
        assert!(matches!(of(2), Fate::Retry { topic: 1, .. }));
        assert!(matches!(of(3), Fate::Dead { code, exchange: Some(_), .. } if code == "tried_too_often"));
        assert!(matches!(of(u32::MAX), Fate::Dead { .. }));
        assert!(matches!(fate(refused("key_unchecked"), 1, 2, false), Fate::Retry { topic: 0, .. }));
        assert!(matches!(fate(refused("invalid"), 1, 2, false), Fate::Dead { .. }));
    }

    #[test]
    fn what_another_gateway_sends_is_asked_for_again_and_never_called_not_sent() {
        let taken = NotSent::Journal(JournalError::KeyTaken).code();
        assert_eq!(taken, OF_ANOTHER);
        for retries in [0, 2] {
            assert!(matches!(fate(ended(Outcome::NotSent, Some(taken), true), 3, retries, false), Fate::Wait));
            assert!(matches!(fate(ended(Outcome::NotSent, Some(taken), true), 3, retries, true), Fate::Leave));
        }
    }

    proptest! {
        #[test]
        fn what_may_have_been_sent_is_never_tried_again(
            is_answered: bool, code in "[a-z_]{0,12}", journaled: bool, tries: u32, retries in 0..9_usize, is_stopping: bool,
        ) {
            let outcome = if is_answered { Outcome::Answered } else { Outcome::Unknown };
            let fate = fate(ended(outcome, Some(&code), journaled), tries, retries, is_stopping);
            prop_assert!(matches!((&fate, journaled, is_stopping), (Fate::Result(_), true, _) | (Fate::Leave, false, true) | (Fate::Wait, false, false)), "{fate:?}");
        }

        #[test]
        fn a_gateway_that_stops_moves_nothing_that_would_pass(tries: u32, retries in 0..9_usize) {
            for said in [ended(Outcome::NotSent, Some("stopping"), false), Said::Runs, refused("key_unchecked")] {
                prop_assert!(matches!(fate(said, tries, retries, true), Fate::Leave));
            }
        }
    }
}
