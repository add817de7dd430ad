//! Answers that other gateways stored for this one: the index reads their facts anyway, and tells the tasks of the institutions.
//!
//! An answer that comes on a line of another gateway is a fact there: of the class `routed`, or `unmatched` if nobody can say there whose it
//! is, as without Redis. Its gateway knows its key. What carries it there at once, such as Redis, may lose it. This way needs nothing but the
//! journal, and is slower: it waits until the index looks for facts of others. Of a flood some are left out, and their exchanges become unknown.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use fep_protocol::coordination::{News, RoutedAnswer};
use fep_protocol::fact::Fact;
use fep_protocol::reason::JournalError;

use super::Reader;
use super::store::{FactNumber, Lately};
use super::whose::Whose;
use crate::coordinator::NewsSender;

/// The maximum number of facts among which a new run looks for answers that came to other gateways.
const LOOKED_AT_MAX: u32 = 100_000;

/// An answer that came to another gateway, as it stored it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The name of the institution.
    pub institution: Arc<str>,
    /// The number of its fact. It answers no request whose fact is later.
    pub number: FactNumber,
    /// The answer.
    pub answer: RoutedAnswer,
}

/// Those who wait for answers.
#[derive(Debug, Default)]
pub(super) struct Listeners(Mutex<BTreeMap<Arc<str>, Listener>>);

#[derive(Debug)]
struct Listener {
    /// The instance of this gateway, whose own facts say nothing new.
    own: Arc<str>,
    news: NewsSender,
}

impl Listeners {
    /// From now on this task hears of the answers to its institution's requests.
    #[cfg_attr(
        not(any(feature = "postgres", feature = "simulation", test)),
        expect(dead_code, reason = "only a journal that several gateways share has facts of others")
    )]
    pub(super) fn add(&self, institution: Arc<str>, own: Arc<str>, news: NewsSender) {
        let mut listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.insert(institution, Listener { own, news });
    }

    /// Tells what these facts have for them.
    pub(super) fn tell(&self, facts: &[(FactNumber, Fact)]) {
        for (_, fact) in facts.iter().filter(|(_, fact)| Lately::ForOthers.takes(fact)) {
            let listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(Listener { own, news }) = listeners.get(&fact.institution) else { continue };
            if fact.instance.as_ref() != Some(own)
                && let Some(answer) = answer_of(fact)
            {
                news.send_if_calm(News::AnswerStored { answer, at_ms: fact.at_ms });
            }
        }
    }
}

/// The answers that were stored since then, the oldest first.
pub(super) fn routed_since(reader: &Reader, since_ms: i64) -> Result<Vec<StoredAnswer>, JournalError> {
    if reader.whose == Whose::default() {
        return Ok(Vec::new());
    }
    let facts = reader.facts.lately(Lately::ForOthers, since_ms, LOOKED_AT_MAX)?;
    let stored = |(number, fact): &(FactNumber, Fact)| {
        Some(StoredAnswer { institution: Arc::clone(&fact.institution), number: *number, answer: answer_of(fact)? })
    };
    Ok(facts.iter().rev().filter_map(stored).collect())
}

/// The answer of such a fact.
fn answer_of(fact: &Fact) -> Option<RoutedAnswer> {
    let (line, incarnation) = fact.line.as_ref()?;
    let line = RoutedAnswer::line_at(line, fact.instance.as_ref()?);
    Some(RoutedAnswer { line, incarnation: *incarnation, bytes: fact.bytes.clone() })
}

#[cfg(test)]
mod tests {
    use fep_protocol::fact::{Class, Reason, What};

    use super::*;
    use crate::coordinator::NEWS_MAX;

    fn stored(instance: Option<&str>, class: Class) -> (FactNumber, Fact) {
        let fact = Fact {
            what: What::Received(class),
            instance: instance.map(Into::into),
            line: Some(("main".into(), 7)),
            bytes: b"yes".to_vec().into(),
            reason: (class == Class::Unmatched).then(|| Reason::new("nothing waits", "no_such_key")),
            ..Fact::new("bank-a".into(), 0)
        };
        (1, fact)
    }

    #[test]
    fn a_task_hears_of_what_others_routed_for_its_institution() {
        let listeners = Listeners::default();
        let (news, mut heard) = NewsSender::channel();
        let (other, mut other_heard) = NewsSender::channel();
        listeners.add("bank-a".into(), "seoul-1".into(), news);
        listeners.add("bank-b".into(), "seoul-1".into(), other);
        let [own, none] = [Some("seoul-1"), None].map(|instance| stored(instance, Class::Routed));
        let [routed, ownerless, late] =
            [Class::Routed, Class::Unmatched, Class::Late].map(|class| stored(Some("seoul-2"), class));
        let mut unexpected = ownerless.clone();
        unexpected.1.reason = Some(Reason::new("another telegram", "other_telegram"));
        listeners.tell(&[own, none, late, unexpected, routed, ownerless]);
        let answer = RoutedAnswer { line: "main@seoul-2".into(), incarnation: 7, bytes: b"yes".to_vec().into() };
        for _ in 0..2 {
            assert_eq!(heard.try_recv(), Ok(News::AnswerStored { answer: answer.clone(), at_ms: 0 }));
        }
        assert!(heard.try_recv().is_err() && other_heard.try_recv().is_err());
    }

    #[test]
    fn a_flood_of_answers_leaves_room_for_other_news() {
        let listeners = Listeners::default();
        let (news, heard) = NewsSender::channel();
        listeners.add("bank-a".into(), "seoul-1".into(), news.clone());
        let flood: Vec<_> = (0..2 * NEWS_MAX).map(|_| stored(Some("seoul-2"), Class::Routed)).collect();
        listeners.tell(&flood);
        assert_eq!(heard.len(), NEWS_MAX / 2);
        assert!(news.send(News::TracesUsedUp { day: 0, for_what: fep_protocol::trace::TraceUse::Request }));
    }
}
