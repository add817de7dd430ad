//! All exchanges of a span, in pages, with the facts that belong to them: they are those that a search with each fact read alone gives.

use std::collections::{BTreeMap, BTreeSet};

use fep_protocol::exchange::{Exchange, ExchangeId, Money, Outcome, SettledBy};
use fep_protocol::fact::{Class, Fact, What};
use fep_protocol::settlement::SettlementFact;

use super::Journal;
use super::changed::{ChangedExchange, FactRanges, TakesFacts};
use super::filter::ExchangeFilter;
use super::lookup::{Lookup, WALK_COUNT, Walked};
use super::projection::{Projected, exchange};
use super::reading::{JournalFiles, JournalPlace};
use super::seal::{KeyRing, Unreadable, new_key};
use super::store::{FactNumber, StoredTelegram};
use super::tests::{answer, ending, fact, id, options, request, store};
use crate::journal::JournalError;

/// More than two pages, with answers close to their requests, far from them, and none.
const COUNT: u32 = 5000;

async fn fill(lane: &super::lane::Lane) {
    for first in (1..=COUNT).step_by(500) {
        let serials = first..first + 500;
        store(lane, serials.clone().map(request)).await;
        store(
            lane,
            serials.clone().filter(|serial| serial % 3 == 0).map(|serial| answer(serial, Class::Answer, b"yes")),
        )
        .await;
        store(lane, serials.filter(|serial| serial % 3 == 1).map(|serial| ending(serial, Outcome::Unknown))).await;
    }
    // Answers that came when many others had been asked.
    store(lane, (1..=COUNT).filter(|serial| serial % 700 == 1).map(|serial| answer(serial, Class::Late, b"late")))
        .await;
}

fn check(place: &JournalPlace, keys: Option<&KeyRing>) {
    let lookup = Lookup::open(place, keys).unwrap();
    let filter = ExchangeFilter { telegram: Some("Transfer".to_owned()), ..ExchangeFilter::default() };
    let mut walked = Vec::new();
    let each = |exchange| {
        walked.push(exchange);
        Ok::<_, JournalError>(())
    };
    lookup.walk(&filter, each).unwrap();
    let mut searched = Vec::new();
    let keep = |exchange: Exchange| {
        searched.push(Walked {
            id: exchange.id,
            outcome: exchange.outcome,
            settled_by: exchange.settled_by,
            money: exchange.money,
            is_disputed: exchange.flags.disputed,
            sent_at_ms: Some(1_795_000_000_500),
            known_at_ms: (exchange.outcome == Some(Outcome::Answered) || exchange.settled_by.is_some())
                .then_some(1_795_000_000_500),
            request: exchange.request,
            answer: exchange.answer.map(|answer| answer.bytes),
        });
        Ok::<_, JournalError>(())
    };
    lookup.search(&filter, 2 * COUNT as usize, keep).unwrap();
    assert!(walked.len() > 2 * WALK_COUNT);
    assert_eq!(walked, searched);
    assert_eq!((walked.first().map(|one| one.id), walked.last().map(|one| one.id)), (Some(id(COUNT)), Some(id(1))));

    check_ranges(place, keys);
    let files = JournalFiles::open_at(place, keys).unwrap();
    let last = files.last();
    for step in [3, 9, 4001] {
        let numbers: BTreeSet<FactNumber> = (0..=last + 5).step_by(step).collect();
        let found = files.telegrams(&numbers).unwrap();
        for number in numbers {
            let telegram =
                files.get(number).unwrap().map(|fact| StoredTelegram { at_ms: fact.at_ms, bytes: fact.bytes });
            assert_eq!(found.get(&number), telegram.as_ref(), "{number} of each {step}");
        }
    }
}

/// What a range passed on: the numbers of its facts, and the exchanges with their revisions.
#[derive(Default)]
struct Passed {
    facts: Vec<FactNumber>,
    exchanges: Vec<(FactNumber, Exchange)>,
}

impl TakesFacts for Passed {
    type Error = JournalError;

    fn fact(&mut self, number: u64, _: &Fact, _: Option<&Unreadable>) -> Result<(), JournalError> {
        self.facts.push(number);
        Ok(())
    }

    fn exchange(&mut self, changed: &ChangedExchange) -> Result<(), JournalError> {
        self.exchanges.push((changed.revision, changed.exchange.clone()));
        Ok(())
    }

    fn passed(&mut self, up_to: u64) -> Result<(), JournalError> {
        assert_eq!(self.facts.last(), Some(&up_to));
        Ok(())
    }

    fn missing(first: u64, last: u64) -> JournalError {
        JournalError::Failed(format!("{first} to {last}"))
    }
}

/// Ranges pass each fact on once. An exchange is what its facts up to the end of the range say, wherever the range ends.
fn check_ranges(place: &JournalPlace, keys: Option<&KeyRing>) {
    let mut files = JournalFiles::open_at(place, keys).unwrap();
    let mut all = Vec::new();
    loop {
        let page = files.next_page().unwrap();
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    let last = files.last();
    let mut ranges = FactRanges::open(place, keys).unwrap();
    assert_eq!(ranges.first().unwrap(), 1);
    let mut after = 0;
    for up_to in [1, 2, 777, 778, 5001, last, last] {
        let mut passed = Passed::default();
        ranges.walk(after, up_to, &mut passed).unwrap();
        assert!(passed.facts.iter().copied().eq(after + 1..=up_to), "{after} to {up_to}");
        let mut of: BTreeMap<ExchangeId, Vec<&(FactNumber, Fact)>> = BTreeMap::new();
        for fact in all.iter().filter(|(number, _)| *number <= up_to) {
            of.entry(fact.1.exchange.unwrap()).or_default().push(fact);
        }
        let mut expected = Vec::new();
        for (id, facts) in of.iter().filter(|(_, facts)| facts.last().unwrap().0 > after) {
            let mut row = Projected::new(*id);
            facts.iter().for_each(|(number, fact)| row.add(*number, fact));
            let get = |number| Ok(facts.iter().find(|(own, _)| *own == number).map(|(_, fact)| fact.clone()));
            expected.push((facts.last().unwrap().0, exchange(row, get).unwrap()));
        }
        expected.sort_by_key(|(revision, _)| *revision);
        assert_eq!(passed.exchanges, expected, "{after} to {up_to}");
        after = up_to;
    }
    let missing = ranges.walk(last - 1, last + 3, &mut Passed { facts: vec![last - 1], ..Passed::default() });
    assert_eq!(missing.unwrap_err().to_string(), format!("{} to {}", last + 1, last + 3));
    // All facts of these journals have the same time.
    assert_eq!(ranges.last_before(7, 1_795_000_000_500).unwrap(), 7);
    assert_eq!(ranges.last_before(7, 1_795_000_000_501).unwrap(), last);
    assert_eq!(ranges.last_before(last, i64::MAX).unwrap(), last);
}

#[tokio::test]
async fn what_settles_an_exchange_behind_many_other_facts_is_passed_on() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder.path().join("journal.sqlite"));
    let opened = Journal::open(&options).unwrap_or_else(|error| panic!("{error}"));
    let lane = &opened.lanes[0].1;
    let step = |settlement| Fact { settlement: Some(Box::new(settlement)), ..fact(What::Settlement, Some(id(1))) };
    let begun = SettlementFact::Opened { telegram: "Transfer".to_owned(), account: None, written_at_ms: 1 };
    store(lane, [request(1), ending(1, Outcome::Unknown), step(begun)]).await;
    // An exchange lists 64 of such facts.
    store(lane, (0..100).map(|_| answer(1, Class::Duplicate, b"no"))).await;
    store(lane, [step(SettlementFact::Settled { by: SettledBy::Inquiry, money: Money::Done })]).await;
    opened.journal.close().await;
    let mut ranges = FactRanges::open(&JournalPlace::Files(vec![options.path]), None).unwrap();
    let mut passed = Passed::default();
    ranges.walk(50, 104, &mut passed).unwrap();
    let settled: Vec<_> = passed.exchanges.iter().map(|(revision, exchange)| (*revision, exchange.money)).collect();
    assert_eq!(settled, [(104, Some(Money::Done))]);
}

#[tokio::test]
async fn a_walk_passes_what_a_search_finds() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder.path().join("journal.sqlite"));
    let opened = Journal::open(&options).unwrap_or_else(|error| panic!("{error}"));
    fill(&opened.lanes[0].1).await;
    opened.journal.close().await;
    check(&JournalPlace::Files(vec![options.path]), None);
}

#[tokio::test]
async fn a_walk_has_the_telegrams_of_what_was_stored_after_the_opening() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder.path().join("journal.sqlite"));
    let opened = Journal::open(&options).unwrap_or_else(|error| panic!("{error}"));
    let lane = &opened.lanes[0].1;
    store(lane, [request(1)]).await;
    let lookup = Lookup::open(&JournalPlace::Files(vec![options.path]), None).unwrap();
    store(lane, [answer(1, Class::Answer, b"yes"), request(2), answer(2, Class::Answer, b"yes")]).await;
    // The index of the running gateway has them.
    opened.journal.find(&id(2)).await.unwrap();
    let mut walked = Vec::new();
    let each = |exchange: Walked| {
        walked.push((
            exchange.id,
            exchange.outcome,
            exchange.request.len(),
            exchange.answer.map(|answer| answer.len()),
        ));
        Ok::<_, JournalError>(())
    };
    lookup.walk(&ExchangeFilter::default(), each).unwrap();
    let whole = |serial| (id(serial), Some(Outcome::Answered), 8, Some(3));
    assert_eq!(walked, [whole(2), whole(1)]);
    opened.journal.close().await;
}

#[tokio::test]
async fn a_walk_in_an_encrypted_journal_passes_what_a_search_finds() {
    let folder = tempfile::tempdir().unwrap();
    let key_file = folder.path().join("journal.keys");
    new_key(&key_file, 0).unwrap();
    let options =
        super::OpenOptions { key_file: Some(key_file.clone()), ..options(&folder.path().join("journal.sqlite")) };
    let opened = Journal::open(&options).unwrap_or_else(|error| panic!("{error}"));
    fill(&opened.lanes[0].1).await;
    opened.journal.close().await;
    let place = JournalPlace::Files(vec![options.path]);
    check(&place, Some(&KeyRing::read(&key_file).unwrap()));
    // Without the key there are no bytes, and nothing else is missing.
    let mut empty = 0;
    let each = |exchange: Walked| {
        assert_eq!(exchange.sent_at_ms, Some(1_795_000_000_500));
        empty += usize::from(exchange.request.is_empty());
        Ok::<_, JournalError>(())
    };
    Lookup::open(&place, None).unwrap().walk(&ExchangeFilter::default(), each).unwrap();
    assert_eq!(empty, COUNT as usize);
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn a_walk_in_a_database_passes_what_a_search_finds() {
    let Some(schema) = super::postgres::testing::Schema::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let settings = schema.config("seoul-1");
    let path = folder.path().join("journal.sqlite");
    let options = super::OpenOptions { postgres: Some(settings.clone()), ..options(&path) };
    let opened = super::postgres::tests::open(options).await.unwrap_or_else(|error| panic!("{error}"));
    fill(&opened.lanes[0].1).await;
    opened.journal.close().await;
    let place = JournalPlace::Database { settings: Box::new(settings), path };
    super::postgres::testing::outside(|| check(&place, None));
}
