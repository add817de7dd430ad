//! All exchanges of a span, in pages, with the facts that belong to them: they are those that a search with each fact read alone gives.

use std::collections::BTreeSet;

use fep_protocol::exchange::{Exchange, Outcome};
use fep_protocol::fact::Class;

use super::Journal;
use super::filter::ExchangeFilter;
use super::lookup::{Lookup, WALK_COUNT, Walked};
use super::reading::{JournalFiles, JournalPlace};
use super::seal::{KeyRing, new_key};
use super::store::{FactNumber, StoredTelegram};
use super::tests::{answer, ending, id, options, request, store};
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
            sent_at_ms: Some(1_795_000_000_500),
            request: exchange.request,
            answer: exchange.answer.map(|answer| answer.bytes),
        });
        Ok::<_, JournalError>(())
    };
    lookup.search(&filter, 2 * COUNT as usize, keep).unwrap();
    assert!(walked.len() > 2 * WALK_COUNT);
    assert_eq!(walked, searched);
    assert_eq!((walked.first().map(|one| one.id), walked.last().map(|one| one.id)), (Some(id(COUNT)), Some(id(1))));

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
