//! What a range of facts says: its facts in their order, and the exchanges that they changed, each as it was behind the last fact of the range.
//! It reads, and changes nothing, also while a gateway writes.
//!
//! ```text
//! facts  … 17 │ 18 a sent   19 b sent   20 a answered   21 b unknown │ 22 b settled …
//!              after 17                                         up to 21
//! passed on:    18          19          20, exchange a  21, exchange b (unknown)
//! ```
//!
//! An exchange is passed on with its last fact of the range. The index knows which one that is, so nothing is gathered: memory does not grow
//! with the range. Facts behind the range change nothing of what is passed on, so the same range always gives the same.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use fep_protocol::exchange::{Exchange, ExchangeId};
use fep_protocol::fact::Fact;
use fep_protocol::reason::JournalError;

use super::lookup::current_index;
use super::notice::is_of_notice;
use super::projection::{Projected, exchange};
use super::reading::{JournalFiles, JournalPlace};
use super::seal::{KeyRing, Unreadable};
use super::sqlite::index::IndexReader;
use super::store::FactNumber;

/// How many pages of facts are kept, so that the request of an answer need not be read again.
const PAGES_MAX: usize = 4;

/// A journal of which ranges are read.
#[derive(Debug)]
pub struct FactRanges {
    files: JournalFiles,
    index: IndexReader,
}

/// An exchange behind the last fact of a range.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangedExchange {
    /// The exchange.
    pub exchange: Exchange,
    /// The number of the last fact that belongs to it. A later state of it has a higher one.
    pub revision: u64,
    /// The fact with its request, if it was encoded, and the time of that fact, in milliseconds since 1970.
    pub request: Option<(u64, i64)>,
    /// The fact with its answer.
    pub answer: Option<u64>,
}

/// What becomes of what a range says.
pub trait TakesFacts {
    /// Why it ends before the range does.
    type Error: From<JournalError>;

    /// Takes a fact. `unreadable` says why its body is missing.
    ///
    /// # Errors
    /// If the walk should end.
    fn fact(&mut self, number: u64, fact: &Fact, unreadable: Option<&Unreadable>) -> Result<(), Self::Error>;

    /// Takes an exchange, behind its last fact of the range.
    ///
    /// # Errors
    /// If the walk should end.
    fn exchange(&mut self, changed: &ChangedExchange) -> Result<(), Self::Error>;

    /// Everything up to this fact was passed on.
    ///
    /// # Errors
    /// If the walk should end.
    fn passed(&mut self, up_to: u64) -> Result<(), Self::Error>;

    /// The error if these facts are not there.
    fn missing(first: u64, last: u64) -> Self::Error;
}

/// The pages that were read last, the newest at the end.
type Pages = VecDeque<Vec<(FactNumber, Fact)>>;

impl FactRanges {
    /// Opens a journal where it is, with the index beside it. Waits until the index has all facts, if a gateway builds it just now.
    ///
    /// # Errors
    /// If the journal cannot be read, or its index is missing or lags behind.
    pub fn open(place: &JournalPlace, keys: Option<&KeyRing>) -> Result<Self, JournalError> {
        let files = JournalFiles::open_at(place, keys)?;
        let index = current_index(&files, place)?;
        Ok(Self { files, index })
    }

    /// The random name of the journal.
    #[must_use]
    pub fn journal_id(&self) -> [u8; 16] {
        self.files.journal_id()
    }

    /// The first fact that is there, or 1 if there is none.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn first(&self) -> Result<u64, JournalError> {
        self.files.first()
    }

    /// The last fact behind `after` that happened before this time. `after` if there is none. It reads the times of all facts behind `after`.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn last_before(&self, after: u64, end_ms: i64) -> Result<u64, JournalError> {
        self.files.last_before(after, end_ms)
    }

    /// Passes on what the facts behind `after` and up to `up_to` say, in their order.
    ///
    /// # Errors
    /// If the journal cannot be read, a fact of the range is missing, or `takes` ends the walk.
    pub fn walk<T: TakesFacts>(&mut self, after: u64, up_to: u64, takes: &mut T) -> Result<(), T::Error> {
        let mut pages = Pages::new();
        let mut passed = after;
        self.files.skip_to(after);
        while passed < up_to {
            let mut page = self.files.next_page()?;
            page.retain(|(number, _)| *number <= up_to);
            let unreadable: BTreeMap<u64, Unreadable> = self.files.take_unreadable().into_iter().collect();
            let mut expected = passed + 1;
            for (number, _) in &page {
                if *number != expected {
                    return Err(T::missing(expected, number - 1));
                }
                expected += 1;
            }
            if page.is_empty() {
                return Err(T::missing(expected, up_to));
            }
            let last = expected - 1;
            let numbers = self.numbers(&page, up_to)?;
            if pages.len() >= PAGES_MAX {
                pages.pop_front();
            }
            pages.push_back(page);
            for (number, fact) in pages.back().into_iter().flatten() {
                takes.fact(*number, fact, unreadable.get(number))?;
                let own = fact.exchange.and_then(|id| Some((id, numbers.get(&id)?)));
                if let Some((id, own)) = own.filter(|(_, own)| own.last() == Some(number)) {
                    takes.exchange(&self.changed(id, own, &pages)?)?;
                }
                takes.passed(*number)?;
            }
            passed = last;
        }
        Ok(())
    }

    /// The facts of each exchange that has one in this page, up to the end of the range.
    fn numbers(
        &self,
        page: &[(FactNumber, Fact)],
        up_to: FactNumber,
    ) -> Result<HashMap<ExchangeId, BTreeSet<FactNumber>>, JournalError> {
        let mut all = HashMap::new();
        for id in page.iter().filter(|(_, fact)| !is_of_notice(fact)).filter_map(|(_, fact)| fact.exchange) {
            if all.contains_key(&id) {
                continue;
            }
            // Of an exchange whose facts were removed, the index knows nothing any more.
            let Some(row) = self.index.find(&id)? else { continue };
            let mut numbers: BTreeSet<_> = row.facts().into_iter().collect();
            if row.has_case {
                // An exchange lists a limited number of its facts. What decides about its money is not limited.
                numbers.extend(self.index.case_facts(&id)?.into_iter().map(|(number, _, _)| number));
            }
            numbers.retain(|number| *number <= up_to);
            all.insert(id, numbers);
        }
        Ok(all)
    }

    /// The exchange that these facts make.
    fn changed(
        &self,
        id: ExchangeId,
        numbers: &BTreeSet<FactNumber>,
        pages: &Pages,
    ) -> Result<ChangedExchange, JournalError> {
        let mut facts = Vec::with_capacity(numbers.len());
        for number in numbers {
            let fact = match kept(pages, *number) {
                Some(fact) => Some(fact.clone()),
                None => self.files.get(*number)?,
            };
            let fact = fact.ok_or_else(|| {
                JournalError::Failed(format!(
                    "fact {number} of exchange {id} is in no file. If it was archived, give the folder of the archives with --journal, too"
                ))
            })?;
            facts.push((*number, fact));
        }
        let mut row = Projected::new(id);
        facts.iter().for_each(|(number, fact)| row.add(*number, fact));
        let with = |wanted: FactNumber| facts.iter().find(|(number, _)| *number == wanted).map(|(_, fact)| fact);
        let request = row.request.and_then(|number| Some((number, with(number)?.at_ms)));
        let answer = row.answer;
        let exchange = exchange(row, |number| Ok(with(number).cloned()))?;
        let revision = numbers.last().copied().unwrap_or_default();
        Ok(ChangedExchange { exchange, revision, request, answer })
    }
}

/// A fact of the pages that are kept.
fn kept(pages: &Pages, number: FactNumber) -> Option<&Fact> {
    let page = pages.iter().find(|page| page.last().is_some_and(|(last, _)| number <= *last))?;
    let at = page.binary_search_by_key(&number, |(number, _)| *number).ok()?;
    page.get(at).map(|(_, fact)| fact)
}
