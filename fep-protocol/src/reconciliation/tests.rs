//! Exceptions against a model that has no states: the files and resolutions of a date, one after the other.

use proptest::prelude::*;

use super::*;

fn file(number: usize) -> ComparedFile {
    let at_ms = i64::try_from(number).unwrap();
    let name = "settlement.dat".to_owned();
    ComparedFile { name, sha256: format!("{number:064x}"), at_ms, person: "kim".to_owned(), records: 9, matched: 5 }
}

fn shown(id: u8, amount: usize) -> ShownException {
    let there = KeptRecord { record: u64::from(id), amount: Some(amount.to_string()), state: "done".to_owned() };
    let finding = KeptFinding {
        class: "missing_here".to_owned(),
        key: vec![id.to_string()],
        file_says: None,
        there: Some(there),
        here: None,
        hidden: None,
    };
    ShownException { id: id.to_string(), earlier: None, finding }
}

fn resolution(number: usize) -> Resolution {
    let at_ms = i64::try_from(number).unwrap();
    Resolution { person: "lee".to_owned(), reason: ResolutionReason::OtherDate, note: number.to_string(), at_ms }
}

/// What happens to a date.
#[derive(Clone, Debug)]
enum Step {
    /// A file shows these, each with an amount.
    File(BTreeMap<u8, u8>),
    /// A person resolves one.
    Resolve(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        prop::collection::btree_map(0_u8..6, 0_u8..3, 0..6).prop_map(Step::File),
        (0_u8..6).prop_map(Step::Resolve),
    ]
}

/// The book after these steps, and the numbers of the resolutions that were taken.
fn run(steps: &[Step]) -> (Option<ExceptionBook>, Vec<(u8, usize)>) {
    let mut book: Option<ExceptionBook> = None;
    let mut taken = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        match step {
            Step::File(amounts) => {
                let found = amounts.iter().map(|(id, amount)| shown(*id, usize::from(*amount))).collect();
                book = Some(ExceptionBook::after_file(book, "s", file(number), Vec::new(), found).unwrap());
            }
            Step::Resolve(id) => {
                let resolved = book.as_mut().map(|book| book.resolve(&id.to_string(), resolution(number)));
                taken.extend((resolved == Some(Ok(()))).then_some((*id, number)));
            }
        }
        // What is stored is what is read.
        let stored = serde_json::to_string(&book).unwrap();
        assert_eq!(serde_json::from_str::<Option<ExceptionBook>>(&stored).unwrap(), book);
    }
    (book, taken)
}

/// The model: what the history of one exception makes of it. `None`: no file ever showed it.
fn model(steps: &[Step], id: u8) -> Option<(ExceptionState, u8, Option<usize>)> {
    let mut is_shown = false;
    let mut amount = None;
    let mut resolved = None;
    for (number, step) in steps.iter().enumerate() {
        match step {
            Step::File(amounts) => {
                is_shown = amounts.contains_key(&id);
                let now = amounts.get(&id).copied();
                // A person has not seen another amount.
                resolved = resolved.filter(|_| now.is_none() || now == amount);
                amount = now.or(amount);
            }
            Step::Resolve(of) if *of == id && is_shown && resolved.is_none() => resolved = Some(number),
            Step::Resolve(_) => {}
        }
    }
    let state = match (resolved, is_shown) {
        (Some(_), _) => ExceptionState::Resolved,
        (None, true) => ExceptionState::Open,
        (None, false) => ExceptionState::Explained,
    };
    amount.map(|amount| (state, amount, resolved))
}

proptest! {
    /// An exception is open if and only if the last file shows it and nobody resolved what it says.
    #[test]
    fn an_exception_is_what_its_history_says(steps in prop::collection::vec(step(), 0..40)) {
        let (book, taken) = run(&steps);
        let book = book.map(|book| book.exceptions).unwrap_or_default();
        let expected: Vec<_> = (0..6).filter_map(|id| Some((id, model(&steps, id)?))).collect();
        prop_assert_eq!(book.len(), expected.len(), "nothing is there twice, and nothing is lost");
        for (id, (state, amount, resolved)) in expected {
            let kept = book.iter().find(|kept| kept.id == id.to_string()).unwrap();
            prop_assert_eq!(kept.state(), state, "{}", id);
            prop_assert_eq!(&kept.finding, &shown(id, usize::from(amount)).finding, "it is what the last file says that shows it");
            prop_assert_eq!(kept.resolution.clone(), resolved.map(resolution));
            prop_assert!(resolved.is_none_or(|number| taken.contains(&(id, number))));
        }
    }

    /// The same file again changes nothing but the time of the file.
    #[test]
    fn the_same_file_again_changes_nothing(steps in prop::collection::vec(step(), 0..20), ids in prop::collection::btree_map(0_u8..6, 0_u8..3, 0..6)) {
        let once: Vec<_> = steps.into_iter().chain([Step::File(ids.clone())]).collect();
        let twice: Vec<_> = once.iter().cloned().chain([Step::File(ids)]).collect();
        let [once, twice] = [run(&once).0.unwrap(), run(&twice).0.unwrap()];
        prop_assert_eq!(once.marks(), twice.marks());
    }
}

#[test]
fn a_second_resolution_is_told_the_first_one_and_what_a_file_explains_needs_none() {
    let book = ExceptionBook::after_file(None, "s", file(1), Vec::new(), vec![shown(1, 1), shown(2, 1)]).unwrap();
    let mut book = book;
    assert_eq!(book.resolve("1", resolution(2)), Ok(()));
    assert_eq!(book.resolve("1", resolution(3)), Err(NotResolved::Already(resolution(2))));
    assert_eq!(book.resolve("7", resolution(3)), Err(NotResolved::Unknown));
    let mut book = ExceptionBook::after_file(Some(book), "s", file(4), Vec::new(), Vec::new()).unwrap();
    assert_eq!(book.resolve("2", resolution(5)), Err(NotResolved::Explained(file(4))));
    let states: Vec<_> = book.marks().into_iter().map(|mark| mark.state).collect();
    assert_eq!(states, [ExceptionState::Resolved, ExceptionState::Explained]);
}

#[test]
fn what_is_kept_is_bounded_and_what_needs_a_person_is_never_left_out() {
    let many = |from: usize, count: usize| -> Vec<ShownException> {
        (from..from + count).map(|id| ShownException { id: id.to_string(), ..shown(0, 0) }).collect()
    };
    let mut book = ExceptionBook::after_file(None, "s", file(1), Vec::new(), many(0, EXCEPTIONS_MAX)).unwrap();
    assert_eq!(book.resolve("5", resolution(1)), Ok(()));
    for number in 2..5 {
        let shown = many(number * EXCEPTIONS_MAX, EXCEPTIONS_MAX);
        book = ExceptionBook::after_file(Some(book), "s", file(number), Vec::new(), shown).unwrap();
    }
    assert_eq!(book.exceptions.len(), 2 * EXCEPTIONS_MAX);
    let states = book.marks();
    let open = states.iter().filter(|mark| mark.state == ExceptionState::Open).count();
    assert_eq!(open, EXCEPTIONS_MAX);
    assert!(states.iter().any(|mark| mark.id == "5" && mark.state == ExceptionState::Resolved));
    let too_many = ExceptionBook::after_file(None, "s", file(9), Vec::new(), many(0, 2 * EXCEPTIONS_MAX + 1));
    assert_eq!(too_many, Err(TooManyExceptions { count: 2 * EXCEPTIONS_MAX + 1 }));
}

#[test]
fn an_exception_keeps_the_name_of_an_earlier_version_as_long_as_it_says_the_same() {
    let named = |id: &str, earlier: &str, amount: usize| {
        let finding = shown(1, amount).finding;
        ShownException { id: id.to_owned(), earlier: Some(earlier.to_owned()), finding }
    };
    let old = ExceptionBook::after_file(None, "s", file(1), Vec::new(), vec![shown(1, 5)]).unwrap();
    let ids = |amount: usize| -> Vec<(String, ExceptionState)> {
        let all = vec![named("new", "1", amount)];
        let book = ExceptionBook::after_file(Some(old.clone()), "s", file(2), Vec::new(), all).unwrap();
        book.exceptions.iter().map(|kept| (kept.id.clone(), kept.state())).collect()
    };
    assert_eq!(ids(5), [("1".to_owned(), ExceptionState::Open)]);
    assert_eq!(ids(6), [("new".to_owned(), ExceptionState::Open), ("1".to_owned(), ExceptionState::Explained)]);
}

#[test]
fn a_resolution_of_an_earlier_version_is_read_and_says_nothing_of_what_was_seen() {
    let name = ExchangeId::new(1, 2, 3);
    let old = format!(r#"{{"resolved":{{"reconciliation":"transfers","day":1,"name":"{name}","exception":"1"}}}}"#);
    let read: ReconciliationFact = serde_json::from_str(&old).unwrap();
    let ReconciliationFact::Resolved(resolved) = &read else { panic!("{read:?}") };
    assert_eq!(resolved.seen, None);
    assert_eq!(serde_json::to_string(&read).unwrap(), old, "an earlier version reads what is written without it");
    let seen = SeenFinding { comparison: name, says: "00ff".to_owned() };
    let new = ReconciliationFact::Resolved(ResolvedFact { seen: Some(seen), ..resolved.clone() });
    assert_eq!(serde_json::from_str::<ReconciliationFact>(&serde_json::to_string(&new).unwrap()).unwrap(), new);
}

#[test]
fn a_resolution_does_not_stay_beside_a_hidden_amount_that_nobody_saw() {
    let masked = |hidden: Option<&str>| {
        let mut one = shown(1, 0);
        one.finding.there.as_mut().unwrap().amount = Some("***".to_owned());
        one.finding.hidden = hidden.map(str::to_owned);
        one
    };
    let after = |before: Option<&str>, then: Option<&str>| {
        let mut book = ExceptionBook::after_file(None, "s", file(1), Vec::new(), vec![masked(before)]).unwrap();
        book.resolve("1", resolution(1)).unwrap();
        let book: ExceptionBook = serde_json::from_str(&serde_json::to_string(&book).unwrap()).unwrap();
        let book = ExceptionBook::after_file(Some(book), "s", file(2), Vec::new(), vec![masked(then)]).unwrap();
        book.exceptions[0].state()
    };
    assert_eq!(after(Some("aa"), Some("aa")), ExceptionState::Resolved);
    assert_eq!(after(Some("aa"), Some("bb")), ExceptionState::Open);
    // A book of an earlier version does not say which amount was seen.
    assert_eq!(after(None, Some("aa")), ExceptionState::Open);
}
