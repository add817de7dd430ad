//! Exceptions in the index against a model that knows all acts of a date in the order of the journal, and in an encrypted journal.

use std::collections::BTreeMap;

use fep_protocol::exchange::TelegramBytes;
use fep_protocol::fact::What;
use fep_protocol::reconciliation::{
    ComparedFact, ComparedFile, ExceptionBook, ExceptionMark, ExceptionState, KeptFinding, ReconciliationFact,
    Resolution, ResolutionReason, ResolvedFact, SeenFinding, ShownException,
};
use proptest::prelude::*;

use super::compared::{ComparedDate, ReconciliationFilter};
use super::seal::new_key;
use super::sqlite::index::{IndexFile, IndexReader, differences};
use super::sqlite::removals;
use super::store::{Index, Removal};
use super::tests::{fact, options, store};
use super::*;

const DAY: i64 = 20_783;

fn date() -> ComparedDate {
    ComparedDate { institution: "bank-a".to_owned(), reconciliation: "transfers".to_owned(), day: DAY }
}

fn name(number: usize) -> ExchangeId {
    ExchangeId::new(1_795_000_000_000, u32::try_from(number).unwrap(), 7)
}

fn of(what: ReconciliationFact, content: &impl serde::Serialize) -> Fact {
    Fact {
        line: None,
        reconciliation: Some(Box::new(what)),
        bytes: TelegramBytes::from(serde_json::to_vec(content).unwrap()),
        ..fact(What::Reconciliation, None)
    }
}

fn compared(number: usize, continues: Option<ExchangeId>, marks: Vec<ExceptionMark>) -> ReconciliationFact {
    let reconciliation = "transfers".to_owned();
    let sha256 = "00".to_owned();
    ReconciliationFact::Compared(ComparedFact {
        reconciliation,
        day: DAY,
        name: name(number),
        continues,
        sha256,
        marks,
    })
}

fn resolved(number: usize, exception: &str) -> ReconciliationFact {
    let reconciliation = "transfers".to_owned();
    let exception = exception.to_owned();
    ReconciliationFact::Resolved(ResolvedFact { reconciliation, day: DAY, name: name(number), exception, seen: None })
}

/// The same by a person who saw this comparison.
fn resolved_as_seen(number: usize, exception: &str, comparison: Option<ExchangeId>) -> ReconciliationFact {
    let ReconciliationFact::Resolved(resolved) = resolved(number, exception) else { panic!("a resolution") };
    let seen = comparison.map(|comparison| SeenFinding { comparison, says: "00ff".to_owned() });
    ReconciliationFact::Resolved(ResolvedFact { seen, ..resolved })
}

/// What a gateway adds to the journal.
#[derive(Clone, Debug)]
enum Act {
    /// A comparison that shows these, and knows what was there this many acts ago. 0: it knows all.
    Compare(Vec<u8>, usize),
    /// A resolution, whether the exception is open or not, by a person who saw what was there this many acts ago. `None`: by an earlier
    /// version, which does not say what was seen.
    Resolve(u8, Option<usize>),
}

fn act() -> impl Strategy<Value = Act> {
    let shows = prop::collection::btree_set(0_u8..5, 0..5).prop_map(|ids| ids.into_iter().collect::<Vec<_>>());
    prop_oneof![
        (shows, prop_oneof![3 => Just(0_usize), 1 => 1_usize..3]).prop_map(|(ids, ago)| Act::Compare(ids, ago)),
        (0_u8..5, prop_oneof![1 => Just(None), 3 => Just(Some(0_usize)), 2 => (1_usize..4).prop_map(Some)])
            .prop_map(|(id, ago)| Act::Resolve(id, ago)),
    ]
}

/// What holds after each act, by the model.
#[derive(Clone, Debug, Default)]
struct Model {
    last: Option<ExchangeId>,
    comparison: Option<ExchangeId>,
    states: BTreeMap<String, ExceptionState>,
}

/// The facts of these acts, what holds after them, and which of them had an effect.
fn facts(acts: &[Act]) -> (Vec<(u64, Fact)>, Model, Vec<bool>) {
    let mut history = vec![Model::default()];
    let mut facts = Vec::new();
    let mut effects = Vec::new();
    for (number, act) in acts.iter().enumerate() {
        let now = history.last().unwrap().clone();
        let (what, next) = match act {
            Act::Compare(ids, ago) => {
                // As a gateway does that has not heard of the last acts yet.
                let knows = &history[history.len() - 1 - ago.min(&(history.len() - 1))];
                let mut states = knows.states.clone();
                let explained = |state: &mut ExceptionState| {
                    if *state == ExceptionState::Open {
                        *state = ExceptionState::Explained;
                    }
                };
                states.values_mut().for_each(explained);
                for id in ids {
                    let state = states.entry(id.to_string()).or_insert(ExceptionState::Open);
                    if *state == ExceptionState::Explained {
                        *state = ExceptionState::Open;
                    }
                }
                let mark = |(id, state): (&String, &ExceptionState)| ExceptionMark {
                    id: id.clone(),
                    class: "missing_here".to_owned(),
                    state: *state,
                };
                let marks = states.iter().map(mark).collect();
                let continues = knows.last;
                let has_effect = continues == now.last;
                let own = Some(name(number));
                let next = has_effect.then_some(Model { last: own, comparison: own, states });
                (compared(number, continues, marks), next)
            }
            Act::Resolve(id, ago) => {
                let id = id.to_string();
                let is_open = now.states.get(&id) == Some(&ExceptionState::Open);
                let seen = ago.map(|ago| history[history.len() - 1 - ago.min(history.len() - 1)].comparison);
                let holds = seen.flatten().is_none_or(|seen| Some(seen) == now.comparison);
                let next = (is_open && holds).then(|| {
                    let mut states = now.states.clone();
                    states.insert(id.clone(), ExceptionState::Resolved);
                    Model { last: Some(name(number)), states, ..now.clone() }
                });
                (resolved_as_seen(number, &id, seen.flatten()), next)
            }
        };
        facts.push((u64::try_from(number + 1).unwrap(), of(what, &())));
        effects.push(next.is_some());
        history.push(next.unwrap_or(now));
    }
    (facts, history.pop().unwrap(), effects)
}

fn counts(reader: &IndexReader) -> [u64; 3] {
    let all = reader.reconciliations(&ReconciliationFilter::default(), 9).unwrap();
    all.first().map_or([0; 3], |one| [one.open, one.explained, one.resolved])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Gateways that know too little change nothing, and every index that is built from the facts says the same.
    #[test]
    fn the_index_is_what_the_acts_in_their_order_say(acts in prop::collection::vec(act(), 1..24), cut in 0_usize..24) {
        let folder = tempfile::tempdir().unwrap();
        let [once, pieces] = ["once.sqlite", "pieces.sqlite"].map(|name| folder.path().join(name));
        let (facts, model, effects) = facts(&acts);
        let mut index = IndexFile::begin(&once, [7; 16], None).unwrap();
        index.apply(&facts).unwrap();
        let reader = IndexReader::open(&once).unwrap();
        let count = |state| u64::try_from(model.states.values().filter(|one| **one == state).count()).unwrap();
        prop_assert_eq!(counts(&reader), ExceptionState::ALL.map(count));
        let last = reader.exceptions_of(&date()).unwrap().map(|(_, last, _)| last);
        prop_assert_eq!(last, model.last);
        for (number, effect) in effects.into_iter().enumerate() {
            prop_assert_eq!(reader.had_effect(&name(number)).unwrap(), effect, "act {}", number);
        }
        let mut other = IndexFile::begin(&pieces, [7; 16], None).unwrap();
        let (before, behind) = facts.split_at(cut.min(facts.len()));
        [before, behind].into_iter().for_each(|facts| other.apply(facts).unwrap());
        drop((index, other));
        prop_assert_eq!(differences(&once, &pieces, 9).unwrap(), Vec::<String>::new());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// After any removal that is allowed, an index that is made again from the facts that are left says what the one of the gateway says.
    #[test]
    fn what_a_removal_leaves_says_the_same_again(acts in prop::collection::vec(act(), 1..24), cut in 1_u64..24) {
        let folder = tempfile::tempdir().unwrap();
        let [kept, again] = ["kept.sqlite", "again.sqlite"].map(|name| folder.path().join(name));
        let (facts, ..) = facts(&acts);
        let mut index = IndexFile::begin(&kept, [7; 16], None).unwrap();
        index.apply(&facts).unwrap();
        let reader = IndexReader::open(&kept).unwrap();
        let last = cut.min(u64::try_from(facts.len()).unwrap());
        let holds_back = reader.oldest_open_exception().unwrap().is_some_and(|open| open <= last);
        if holds_back || reader.parts_comparisons(last).unwrap() {
            return Ok(());
        }
        let removal = removal(last);
        removals::forget(&kept, &removal).unwrap();
        let mut made = IndexFile::begin(&again, [7; 16], Some(&removal)).unwrap();
        made.apply(&facts[usize::try_from(last).unwrap()..]).unwrap();
        drop((index, made));
        prop_assert_eq!(differences(&kept, &again, 9).unwrap(), Vec::<String>::new());
    }
}

/// A removal of the facts up to this one.
fn removal(last: u64) -> Removal {
    Removal { last, before_ms: 1, at_ms: 1, keep_days: 1, traces: Vec::new(), standing: Vec::new() }
}

#[test]
fn a_removal_never_keeps_a_comparison_that_came_too_late_without_the_one_that_was_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.sqlite");
    let mark =
        |id: &str| ExceptionMark { id: id.to_owned(), class: "unclear".to_owned(), state: ExceptionState::Explained };
    // Two gateways compared the first file of the date at the same time.
    let acts = [(5, of(compared(1, None, vec![mark("1")]), &())), (6, of(compared(2, None, vec![mark("2")]), &()))];
    let mut index = IndexFile::begin(&path, [7; 16], None).unwrap();
    index.apply(&acts).unwrap();
    let reader = IndexReader::open(&path).unwrap();
    assert_eq!([1, 2].map(|number| reader.had_effect(&name(number)).unwrap()), [true, false]);
    assert_eq!([4, 5, 6].map(|last| reader.parts_comparisons(last).unwrap()), [false, true, false]);
}

#[test]
fn an_open_exception_holds_its_facts_back_and_one_that_was_removed_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.sqlite");
    let mark = ExceptionMark { id: "1".to_owned(), class: "unclear".to_owned(), state: ExceptionState::Open };
    let first = (5, of(compared(1, None, vec![mark]), &()));
    let mut index = IndexFile::begin(&path, [7; 16], None).unwrap();
    index.apply(&[first]).unwrap();
    let reader = IndexReader::open(&path).unwrap();
    assert_eq!(reader.oldest_open_exception().unwrap(), Some(5));
    assert_eq!(reader.exception_counts().unwrap()[0].open, 1);
    assert_eq!(reader.needed().unwrap(), [5], "its key is not forgotten");
    index.apply(&[(6, of(resolved(2, "1"), &()))]).unwrap();
    assert_eq!(reader.oldest_open_exception().unwrap(), None);
    assert_eq!(reader.needed().unwrap(), Vec::<u64>::new());
    let removal = removal(5);
    removals::forget(&path, &removal).unwrap();
    assert_eq!(counts(&reader), [0; 3]);
    assert_eq!(reader.exceptions_of(&date()).unwrap(), None);
    assert!(!reader.had_effect(&name(1)).unwrap());
    // An index that is made again from what is left says the same.
    let again = folder.path().join("again.sqlite");
    let mut made = IndexFile::begin(&again, [7; 16], Some(&removal)).unwrap();
    made.apply(&[(6, of(resolved(2, "1"), &()))]).unwrap();
    assert_eq!(counts(&IndexReader::open(&again).unwrap()), [0; 3]);
}

#[tokio::test]
async fn in_an_encrypted_journal_nobody_reads_an_exception_without_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("journal.keys");
    new_key(&keys, 0).unwrap();
    let path = folder.path().join("journal.sqlite");
    let opened = Journal::open(&OpenOptions { key_file: Some(keys), ..options(&path) }).unwrap();
    let finding = KeptFinding {
        class: "missing_here".to_owned(),
        key: vec!["key-9911223344".to_owned()],
        file_says: None,
        there: None,
        here: None,
        hidden: None,
    };
    let file = ComparedFile {
        name: "a.dat".to_owned(),
        sha256: String::new(),
        at_ms: 1,
        person: String::new(),
        records: 1,
        matched: 0,
    };
    let shown = vec![ShownException { id: "1".to_owned(), earlier: None, finding }];
    let mut book = ExceptionBook::after_file(None, "secret-9911223344", file, Vec::new(), shown).unwrap();
    let by = Resolution {
        person: "kim-9911223344".to_owned(),
        reason: ResolutionReason::Other,
        note: "note-9911223344".to_owned(),
        at_ms: 2,
    };
    let facts = [of(compared(1, None, book.marks()), &book), of(resolved(2, "1"), &by)];
    store(&opened.lanes[0].1, facts).await;
    let read = opened.journal.exception_book(&date()).await.unwrap().unwrap();
    book.resolve("1", by).unwrap();
    assert_eq!((read.last, read.comparison, read.book), (name(2), name(1), book));
    opened.journal.close().await;
    for name in ["journal.sqlite", "journal.sqlite-wal", "journal.index.sqlite", "journal.index.sqlite-wal"] {
        let bytes = std::fs::read(folder.path().join(name)).unwrap_or_default();
        assert!(!bytes.windows(10).any(|part| part == b"9911223344"), "{name}");
    }
}
