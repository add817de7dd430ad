//! Notices in the journal: what the facts of one notice say together, and which notices a person or a program asks for. Pure: it
//! reads no file and writes none.

use std::sync::Arc;

use fep_protocol::delivery::{DeliveryCase, DeliveryFact, Stage};
use fep_protocol::exchange::{ExchangeId, TelegramBytes};
use fep_protocol::fact::{Class, Fact, SentClass, What};
use fep_protocol::reason::JournalError;

use super::filter::Scope;
use super::seal::without_delivery_person;
use super::store::FactNumber;

/// A notice that is in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredNotice {
    /// Its name.
    pub id: ExchangeId,
    /// The institution that sent it.
    pub institution: Arc<str>,
    /// The telegram: `DepositNotice`.
    pub telegram: Arc<str>,
    /// The line on which it came, and the incarnation of the link.
    pub line: Option<(Arc<str>, u64)>,
    /// Its bytes.
    pub bytes: TelegramBytes,
    /// The answer that was decided, if there is one.
    pub answer: Option<TelegramBytes>,
    /// Another answer, which the service gave too late. It was not sent.
    pub kept: Option<TelegramBytes>,
    /// Its delivery.
    pub case: DeliveryCase,
    /// How often the institution sent it again.
    pub repeats: u64,
    /// How many other telegrams came under its key.
    pub conflicts: u64,
    /// The notice that had its key before.
    pub first: Option<ExchangeId>,
    /// When it changed last, in milliseconds since 1970.
    pub changed_at_ms: i64,
}

/// The first notice with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstNotice {
    /// Its bytes. Empty if it is in a journal of version 1.
    pub bytes: TelegramBytes,
    /// Its name. `None` if it is in a journal of version 1.
    pub id: Option<ExchangeId>,
    /// The answer that was decided, if there is one.
    pub answer: Option<TelegramBytes>,
    /// Its delivery. `None` if an early version of the gateway received it.
    pub case: Option<DeliveryCase>,
    /// Whether there is an answer that nobody can read, because its key was forgotten on purpose.
    pub is_forgotten: bool,
}

/// Which notices to find. An empty filter lets all pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoticeFilter {
    /// The earliest time of receipt, in milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// The time before which they came, in milliseconds since 1970.
    pub until_ms: Option<i64>,
    /// Only notices behind this one in the list, which is the newest first: the `next` of a [`NoticePage`].
    pub behind: Option<ExchangeId>,
    /// The institution.
    pub institution: Option<String>,
    /// The telegram.
    pub telegram: Option<String>,
    /// The state: one of [`Stage::NAMES`].
    pub state: Option<String>,
    /// What may be seen. `None`: everything.
    pub scope: Option<Scope>,
}

/// A page of notices, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoticePage {
    /// The notices. The page can be short, also if others follow.
    pub notices: Vec<StoredNotice>,
    /// [`NoticeFilter::behind`] of the next page. `None` if there is none.
    pub next: Option<ExchangeId>,
}

/// How many notices of one institution are not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeCounts {
    /// The institution.
    pub institution: String,
    /// The number of notices that the service has not taken yet.
    pub undelivered: u64,
    /// When the oldest of them came, in milliseconds since 1970.
    pub oldest_ms: Option<i64>,
    /// How long that is ago, in milliseconds. 0 if there is none.
    pub oldest_age_ms: i64,
    /// The number of notices that need a person.
    pub dead_letters: u64,
}

impl NoticeCounts {
    /// The counts of an institution whose notices are all delivered.
    #[must_use]
    pub fn none(institution: &str) -> Self {
        Self { institution: institution.to_owned(), undelivered: 0, oldest_ms: None, oldest_age_ms: 0, dead_letters: 0 }
    }
}

/// One notice, by the numbers of its facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProjectedNotice {
    pub(super) id: ExchangeId,
    pub(super) institution: Arc<str>,
    pub(super) telegram: Arc<str>,
    pub(super) case: DeliveryCase,
    pub(super) repeats: u64,
    pub(super) conflicts: u64,
    pub(super) first: Option<ExchangeId>,
    pub(super) changed_at_ms: i64,
    pub(super) notice: Option<FactNumber>,
    pub(super) answer: Option<FactNumber>,
    pub(super) kept: Option<FactNumber>,
    pub(super) others: Vec<FactNumber>,
}

/// The maximum number of further facts that one notice lists. An institution can repeat a notice without end.
const OTHERS_MAX: usize = 64;

impl ProjectedNotice {
    pub(super) fn new(id: ExchangeId, fact: &Fact) -> Self {
        Self {
            id,
            institution: fact.institution.clone(),
            telegram: fact.telegram.clone().unwrap_or_else(|| "".into()),
            case: DeliveryCase::default(),
            repeats: 0,
            conflicts: 0,
            first: None,
            changed_at_ms: fact.at_ms,
            notice: None,
            answer: None,
            kept: None,
            others: Vec::new(),
        }
    }

    /// Adds a fact of this notice. Facts are added in their order.
    pub(super) fn add(&mut self, number: FactNumber, fact: &Fact) {
        match (fact.what, fact.delivery.as_deref()) {
            (What::Received(Class::Notice), _) if self.notice.is_some() => {
                self.repeats += 1;
                return self.other(number);
            }
            (What::Received(Class::Notice), _) => self.notice = Some(number),
            (_, Some(DeliveryFact::Answered { .. })) if self.answer.is_none() => self.answer = Some(number),
            (What::Delivery, Some(DeliveryFact::Taken { .. })) if !fact.bytes.is_empty() => self.kept = Some(number),
            (_, Some(DeliveryFact::Conflicted { first })) => {
                self.first = *first;
                self.other(number);
            }
            _ => self.other(number),
        }
        if let Some(delivery) = &fact.delivery {
            self.case.apply(fact.at_ms, &without_delivery_person(delivery));
            self.changed_at_ms = fact.at_ms;
        }
    }

    /// Adds the facts of a repetition that had a name of its own.
    pub(super) fn repeated(&mut self, repetition: &Self) {
        self.repeats += 1;
        repetition.notice.into_iter().chain(repetition.others.iter().copied()).for_each(|number| self.other(number));
    }

    /// The numbers of all facts, in their order.
    pub(super) fn facts(&self) -> Vec<FactNumber> {
        let mut numbers: Vec<_> = [self.notice, self.answer, self.kept].into_iter().flatten().collect();
        numbers.extend(&self.others);
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    pub(super) fn state(&self) -> &'static str {
        self.case.stage().name()
    }

    pub(super) fn is_repetition(&self) -> bool {
        self.case.stage() == Stage::Repeated
    }

    fn other(&mut self, number: FactNumber) {
        if self.others.len() < OTHERS_MAX {
            self.others.push(number);
        }
    }
}

/// Whether a fact belongs to a notice.
pub(super) fn is_of_notice(fact: &Fact) -> bool {
    matches!(fact.what, What::Received(Class::Notice) | What::Sent(SentClass::Reply) | What::Delivery)
}

/// Fetches the bytes of a notice.
pub(super) fn stored_notice(
    row: ProjectedNotice,
    get: impl Fn(FactNumber) -> Result<Option<Fact>, JournalError>,
) -> Result<StoredNotice, JournalError> {
    let fact = |number: Option<FactNumber>| number.map(&get).transpose().map(Option::flatten);
    let notice = fact(row.notice)?;
    let bytes = |fact: Option<Fact>| fact.map(|fact| fact.bytes).filter(|bytes| !bytes.is_empty());
    Ok(StoredNotice {
        id: row.id,
        institution: row.institution,
        telegram: row.telegram,
        line: notice.as_ref().and_then(|fact| fact.line.clone()),
        bytes: notice.map(|fact| fact.bytes).unwrap_or_default(),
        answer: bytes(fact(row.answer)?),
        kept: bytes(fact(row.kept)?),
        case: row.case,
        repeats: row.repeats,
        conflicts: row.conflicts,
        first: row.first,
        changed_at_ms: row.changed_at_ms,
    })
}
