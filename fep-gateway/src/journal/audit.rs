//! Checks whether a journal is whole and agree with themselves, and makes their index again.
//!
//! The index that follows from the facts is built in a temporary folder, page by page, and compared with the one beside the
//! journal. A gateway may run meanwhile.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fep_protocol::delivery::DeliveryFact;
use fep_protocol::exchange::{ExchangeId, Outcome};
use fep_protocol::fact::{Fact, What};
use fep_protocol::reason::JournalError;

use super::guard::FileGuard;
use super::index_path;
use super::reading::{JournalFiles, JournalPlace};
use super::seal::{KeyRing, Unreadable};
use super::sealing::Access;
use super::sqlite::index::{self, IndexFile, IndexReader, differences};
use super::store::{FactNumber, Index, Removal};

/// The maximum number of findings of one kind.
const FINDINGS_MAX: u32 = 100;

/// What was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// The number of facts.
    pub facts: u64,
    /// The number of exchanges.
    pub exchanges: u64,
    /// The number of exchanges without an outcome.
    pub open: u64,
    /// The number of notices of institutions.
    pub notices: u64,
    /// The number of notices that no service has taken yet.
    pub undelivered: u64,
    /// The number of bodies that were not checked, because no key file was given.
    pub unchecked: u64,
    /// The number of bodies that nobody can read, because their keys were forgotten on purpose.
    pub forgotten: u64,
    /// What was removed on purpose, as a sentence: up to which fact, when, and by which rule.
    pub removed: Option<String>,
    /// The number of findings.
    pub findings: u64,
}

/// An institution, and the instance where its trace numbers are used, if there are several.
type Place = (Arc<str>, Option<Arc<str>>);

/// What the facts so far say.
struct Checker<F> {
    report: F,
    findings: u64,
    facts: u64,
    last: FactNumber,
    unchecked: u64,
    forgotten: u64,
    unreadable: u32,
    /// By institution and instance: the last two marks of trace numbers. A day or a wrap begins again with low numbers.
    marks: HashMap<Place, [u64; 2]>,
}

/// Checks a journal, and passes each finding on as a line.
///
/// # Errors
/// If a file cannot be read, or `finding` fails.
pub fn verify<E: From<JournalError>>(
    place: &JournalPlace,
    keys: Option<&KeyRing>,
    finding: impl FnMut(&str) -> Result<(), E>,
) -> Result<Audit, E> {
    let folder = tempfile::tempdir().map_err(|error| JournalError::Failed(format!("no temporary folder: {error}")))?;
    let made = folder.path().join("made.sqlite");
    let kept = folder.path().join("kept.sqlite");
    let current = JournalFiles::open_at(place, keys)?.current().to_owned();
    // The copy is made before the facts are read, so that it has no fact which is not read.
    let copied = copy(&current, &kept);
    let mut files = JournalFiles::open_at(place, keys)?;
    let mut checker = Checker {
        report: finding,
        findings: 0,
        facts: 0,
        last: 0,
        unchecked: 0,
        forgotten: 0,
        unreadable: 0,
        marks: HashMap::new(),
    };
    for damage in files.damage(FINDINGS_MAX)? {
        checker.find(&damage)?;
    }
    let removal = files.removal()?;
    if let Some(removal) = &removal {
        checker.begins_behind(removal);
        files.skip_to(removal.last);
    }
    let mut own = IndexFile::begin(&made, files.journal_id(), removal.as_ref())?;
    let reader = IndexReader::open(&made)?;
    let mut compare_at = match copied {
        Ok(applied) if applied <= files.last() => Some(applied),
        Ok(applied) => {
            let last = files.last();
            checker.find(&format!("the index has facts up to {applied}, but the journal ends with {last}"))?;
            None
        }
        // The index of a database belongs to a gateway. On another machine there is none.
        Err(_) if place.is_shared() && !index_path(&current).exists() => None,
        Err(why) => {
            checker.find(&why.to_string())?;
            None
        }
    };
    loop {
        let page = files.next_page()?;
        files.take_unreadable().into_iter().try_for_each(|(number, why)| checker.unreadable(number, why))?;
        checker.page(&page, &reader)?;
        let cut = compare_at.map_or(page.len(), |at| page.partition_point(|(number, _)| *number <= at));
        let (before, behind) = page.split_at_checked(cut).unwrap_or_default();
        apply(&mut own, before)?;
        if let Some(at) = compare_at.filter(|_| page.is_empty() || !behind.is_empty()) {
            compare_at = None;
            for difference in differences(&made, &kept, FINDINGS_MAX)? {
                checker.find(&format!("{difference} (up to fact {at})"))?;
            }
        }
        apply(&mut own, behind)?;
        if page.is_empty() {
            break;
        }
    }
    for id in reader.answered_without_request(FINDINGS_MAX).map_err(JournalError::from)? {
        checker.find(&format!("exchange {id}: it was answered, but the journal has no request"))?;
    }
    let (exchanges, open) = reader.counts().map_err(JournalError::from)?;
    let (notices, undelivered) = reader.notice_totals().map_err(JournalError::from)?;
    let Checker { facts, unchecked, forgotten, findings, .. } = checker;
    let removed = removal.map(|removal| removal.sentence());
    Ok(Audit { facts, exchanges, open, notices, undelivered, unchecked, forgotten, removed, findings })
}

/// Makes the index of journal files again and puts it beside the newest one. Returns the number of facts.
///
/// # Errors
/// If a gateway uses the journal, a file cannot be read, a fact was changed, or the index cannot be written.
pub fn rebuild(paths: &[PathBuf], keys: Option<&KeyRing>) -> Result<u64, JournalError> {
    let access = Access::strict(keys);
    let current = JournalFiles::open_with(paths, access.clone())?.current().to_owned();
    let _guard = FileGuard::lock(&current)?;
    let mut files = JournalFiles::open_with(paths, access)?;
    let path = index_path(&current);
    let mut new = path.clone().into_os_string();
    new.push(".new");
    let new = PathBuf::from(new);
    index::delete(&new)?;
    let removal = files.removal()?;
    files.skip_to(removal.as_ref().map_or(0, |removal| removal.last));
    let mut own = IndexFile::begin(&new, files.journal_id(), removal.as_ref())?;
    let mut facts = 0;
    loop {
        let page = files.next_page()?;
        if page.is_empty() {
            break;
        }
        facts += u64::try_from(page.len()).unwrap_or_default();
        own.apply(&page)?;
    }
    // Closing moves everything from the write-ahead log into the file.
    drop(own);
    index::delete(&path)?;
    std::fs::rename(&new, &path).map_err(|error| JournalError::Failed(format!("{}: {error}", path.display())))?;
    Ok(facts)
}

fn apply(index: &mut IndexFile, facts: &[(FactNumber, Fact)]) -> Result<(), JournalError> {
    if facts.is_empty() { Ok(()) } else { Ok(index.apply(facts)?) }
}

/// Copies the index of a journal. Returns the last fact in it.
fn copy(journal: &Path, to: &Path) -> Result<FactNumber, JournalError> {
    let path = index_path(journal);
    let refused = |why: &str| JournalError::Failed(format!("{}: {why}", path.display()));
    if !path.exists() {
        return Err(refused("the index is missing"));
    }
    IndexReader::open(&path)?.copy_to(to).map_err(|error| refused(&JournalError::from(error).to_string()))?;
    let state = IndexReader::open(to)?.state().map_err(|error| refused(&JournalError::from(error).to_string()))?;
    state.map(|(_, applied)| applied).ok_or_else(|| refused("this is not an index of this version"))
}

impl<E: From<JournalError>, F: FnMut(&str) -> Result<(), E>> Checker<F> {
    fn find(&mut self, what: &str) -> Result<(), E> {
        self.findings += 1;
        (self.report)(what)
    }

    /// Expects the facts behind what was removed on purpose.
    fn begins_behind(&mut self, removal: &Removal) {
        self.last = removal.last;
        let marks =
            removal.traces.iter().map(|(institution, mark)| ((institution.as_str().into(), None), [mark.high; 2]));
        self.marks.extend(marks);
    }

    fn unreadable(&mut self, number: FactNumber, why: Unreadable) -> Result<(), E> {
        match why {
            Unreadable::NoKeyFile(_) => self.unchecked += 1,
            Unreadable::Forgotten(_) => self.forgotten += 1,
            Unreadable::NoKey(_) | Unreadable::Changed(_) | Unreadable::NotSealed | Unreadable::Malformed => {
                self.unreadable += 1;
                if self.unreadable <= FINDINGS_MAX {
                    self.find(&format!("fact {number}: {why}"))?;
                }
            }
        }
        Ok(())
    }

    /// Checks the next facts. `index` has what was before them.
    fn page(&mut self, page: &[(FactNumber, Fact)], index: &IndexReader) -> Result<(), E> {
        let mut ended: HashMap<ExchangeId, (Outcome, FactNumber)> = HashMap::new();
        let mut answered: HashMap<ExchangeId, FactNumber> = HashMap::new();
        for (number, fact) in page {
            self.number(*number)?;
            self.trace(*number, fact)?;
            self.answer(*number, fact, &mut answered, index)?;
            let Some((id, outcome)) = fact.exchange.zip(fact.outcome) else { continue };
            let before = match ended.get(&id) {
                Some(before) => Some(*before),
                None => {
                    let row = index.find(&id).map_err(JournalError::from)?;
                    row.and_then(|row| row.outcome.zip(row.ending))
                }
            };
            match before {
                Some((earlier, at)) => {
                    let outcome = outcome.name();
                    let earlier = earlier.name();
                    self.find(&format!(
                        "exchange {id}: fact {number} says {outcome}, but fact {at} said {earlier} already"
                    ))?;
                }
                None => drop(ended.insert(id, (outcome, *number))),
            }
        }
        Ok(())
    }

    /// A notice has one answer. `answered` has the answers of this page, `index` those before it.
    fn answer(
        &mut self,
        number: FactNumber,
        fact: &Fact,
        answered: &mut HashMap<ExchangeId, FactNumber>,
        index: &IndexReader,
    ) -> Result<(), E> {
        let decides = matches!(fact.delivery.as_deref(), Some(DeliveryFact::Answered { .. }));
        let Some(id) = fact.exchange.filter(|_| decides) else { return Ok(()) };
        let before = match answered.get(&id) {
            Some(before) => Some(*before),
            None => index.find_notice(&id).map_err(JournalError::from)?.and_then(|row| row.answer),
        };
        match before {
            Some(at) => self.find(&format!("notice {id}: fact {number} answers it, but fact {at} did so already")),
            None => {
                answered.insert(id, number);
                Ok(())
            }
        }
    }

    fn number(&mut self, number: FactNumber) -> Result<(), E> {
        let expected = self.last + 1;
        self.facts += 1;
        self.last = number;
        match number.saturating_sub(expected) {
            0 => Ok(()),
            1 => self.find(&format!("the fact {expected} is missing")),
            _ => self.find(&format!("the facts {expected} to {} are missing", number - 1)),
        }
    }

    /// A trace number must be covered by a mark before it. Institutions without marks get their numbers from the callers.
    fn trace(&mut self, number: FactNumber, fact: &Fact) -> Result<(), E> {
        // Each gateway that shares a journal has its own numbers.
        let whose = (Arc::clone(&fact.institution), fact.instance.clone());
        if let What::Traces(mark) = fact.what {
            let marks = self.marks.entry(whose.clone()).or_default();
            let [_, last] = *marks;
            *marks = [last, mark.high];
        }
        let Some(marks) = self.marks.get(&whose) else { return Ok(()) };
        let Some(trace) = fact.trace.as_ref().and_then(|trace| trace.parse::<u64>().ok()) else { return Ok(()) };
        let highest = marks.iter().copied().max().unwrap_or_default();
        if trace <= highest {
            return Ok(());
        }
        let institution = &fact.institution;
        self.find(&format!("fact {number}: the trace number {trace} of {institution} is above its mark {highest}"))
    }
}
