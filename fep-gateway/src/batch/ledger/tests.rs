//! The file of outcomes: what is kept, torn and refused.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn identity(requests: u64) -> Identity {
    Identity {
        batch: "pay".to_owned(),
        date: "2026-11-30".to_owned(),
        institution: "bank-a".to_owned(),
        telegram: "Transfer".to_owned(),
        requests,
        file: "ab".to_owned(),
        gateway: "localhost:1".to_owned(),
        judgement: "j".to_owned(),
    }
}

fn entry(request: u64, state: State) -> Entry {
    Entry {
        request,
        at: "2026-11-30T00:00:01.000Z".to_owned(),
        started: "2026-11-30T00:00:00.000Z".to_owned(),
        state,
        exchange: Some(format!("e{request}")),
        reason_code: None,
        reason: None,
        amount: Some(-170_141_183_460_469_231_731_687_303_715_884_105_728),
        window: None,
        answer: Map::new(),
    }
}

#[test]
fn one_process_works_on_a_batch_and_another_batch_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outcomes.jsonl");
    let ledger = Ledger::open(&path, &identity(3), |_, _| {}).unwrap();
    assert!(matches!(Ledger::open(&path, &identity(3), |_, _| {}), Err(LedgerError::InUse(_))));
    drop(ledger);
    for (other, what) in [
        (Identity { file: "cd".to_owned(), ..identity(3) }, "the file of requests"),
        (identity(4), "the file of requests"),
        (Identity { institution: "bank-b".to_owned(), ..identity(3) }, "the institution"),
        (Identity { telegram: "Collection".to_owned(), ..identity(3) }, "the telegram"),
        (Identity { date: "2026-12-01".to_owned(), ..identity(3) }, "the batch"),
    ] {
        assert!(matches!(Ledger::open(&path, &other, |_, _| {}), Err(LedgerError::Other(_, found)) if found == what));
    }
    let judged = Identity { judgement: "k".to_owned(), ..identity(3) };
    let elsewhere = Identity { gateway: "localhost:2".to_owned(), ..identity(3) };
    // Nothing is known yet that another plan or gateway would change.
    assert!(Ledger::open(&path, &judged, |_, _| {}).is_ok() && Ledger::open(&path, &elsewhere, |_, _| {}).is_ok());
    Ledger::open(&path, &identity(3), |_, _| {}).unwrap().keep(&entry(1, State::Done)).unwrap();
    assert!(matches!(Ledger::open(&path, &judged, |_, _| {}), Err(LedgerError::Judged(_))));
    assert!(
        matches!(Ledger::open(&path, &elsewhere, |_, _| {}), Err(LedgerError::OtherGateway(_, began)) if began == "localhost:1")
    );
    let mut ledger = Ledger::open(&path, &identity(3), |_, _| {}).unwrap();
    ledger.forget_if_empty().unwrap();
    assert!(path.exists() && !ledger.is_closed());
    // The file of another batch is found by its digest.
    let other = folder.path().join("pay-2026-12-01.outcomes.jsonl");
    let renamed = folder.path().join("pay-2026-11-30.outcomes.jsonl");
    ledger.close(Path::new("results.dat")).unwrap();
    drop(ledger);
    std::fs::rename(&path, &renamed).unwrap();
    assert_eq!(
        sent_before(&other, &Identity { date: "2026-12-01".to_owned(), ..identity(3) }).unwrap(),
        Some(renamed.clone())
    );
    assert_eq!(sent_before(&other, &Identity { file: "cd".to_owned(), ..identity(3) }).unwrap(), None);
    assert_eq!(sent_before(&renamed, &identity(3)).unwrap(), None);
    assert!(Ledger::open(&renamed, &judged, |_, _| {}).unwrap().is_closed(), "what was told is not judged again");
    assert_eq!(sent_before(&folder.path().join("x.outcomes.jsonl"), &identity(3)).unwrap(), None, "it is the own one");
}

#[test]
fn a_damaged_line_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outcomes.jsonl");
    drop(Ledger::open(&path, &identity(3), |_, _| {}).unwrap());
    let good = std::fs::read_to_string(&path).unwrap();
    let long = format!("\"{}\"", "x".repeat(1 << 20));
    for line in [
        long.as_str(),
        "{}",
        "{\"request\":4,\"at\":\"\",\"state\":\"done\"}",
        "{\"request\":0,\"at\":\"\",\"state\":\"done\"}",
        "\u{1}",
    ] {
        std::fs::write(&path, format!("{good}{line}\n")).unwrap();
        assert!(matches!(Ledger::open(&path, &identity(3), |_, _| {}), Err(LedgerError::Damaged(_, 2, _))), "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The file is cut anywhere, as a crash cuts it: what is known is what the whole lines before the cut say, and it can be gone on with.
    #[test]
    fn what_is_known_is_what_the_whole_lines_say(
        kept in proptest::collection::vec((1_u64..=5, 0_usize..5), 0..12), cut in 0.0..=1.0_f64, more in 1_u64..=5,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outcomes.jsonl");
        let mut ledger = Ledger::open(&path, &identity(5), |_, _| {}).unwrap();
        for (request, state) in &kept {
            ledger.keep(&entry(*request, State::ALL[*state])).unwrap();
        }
        drop(ledger);
        let bytes = std::fs::read(&path).unwrap();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short file")]
        let bytes = &bytes[..(bytes.len() as f64 * cut) as usize];
        std::fs::write(&path, bytes).unwrap();
        let whole = bytes.iter().filter(|byte| **byte == b'\n').count().saturating_sub(1);
        let mut expected: BTreeMap<u64, State> = kept.iter().take(whole).map(|(request, state)| (*request, State::ALL[*state])).collect();
        let mut ledger = Ledger::open(&path, &identity(5), |_, _| {}).unwrap();
        ledger.keep(&entry(more, State::Done)).unwrap();
        expected.insert(more, State::Done);
        for reopened in [false, true] {
            if reopened {
                drop(ledger);
                ledger = Ledger::open(&path, &identity(5), |_, _| {}).unwrap();
            }
            for request in 1..=5 {
                prop_assert_eq!(ledger.state(request), expected.get(&request).copied());
                let found = ledger.entry(request).unwrap();
                prop_assert_eq!(found, expected.get(&request).map(|state| entry(request, *state)));
            }
        }
    }
}
