//! A comparison that had no effect, because another gateway was first, and the days of both: they go together.

use fep_protocol::reconciliation::{ComparedFact, ReconciliationFact};

use super::*;

/// A first comparison of a date, which another one may have made before.
fn compared(day: u32) -> Fact {
    let what = ReconciliationFact::Compared(ComparedFact {
        reconciliation: "transfers".to_owned(),
        day: 20_777,
        name: ExchangeId::new(FIRST_MS, day, 9),
        continues: None,
        sha256: "00".to_owned(),
        marks: Vec::new(),
    });
    Fact { reconciliation: Some(Box::new(what)), ..fact(day, What::Reconciliation) }
}

#[test]
fn a_removal_does_not_end_between_a_comparison_and_one_that_came_too_late() {
    let mut files = Files { folder: tempfile::tempdir().unwrap(), keep_days: 4, keys: None };
    let mut facts = vec![fact(0, What::Traces(TraceHighWater { day: 20_777, high: 1000 }))];
    for day in 0..DAYS {
        facts.extend([request(day), answer(day)]);
        // The first one before midnight, and the other one behind it.
        facts.extend([2, 3].contains(&day).then(|| compared(day)));
    }
    files.store().append(&facts).unwrap();
    files.archived(0).retain().unwrap();
    assert_eq!(files.days(), ["22", "23", "24"], "what is old enough ends between the two");
    files.verified("parted");
    files.keep_days = 3;
    files.archived(0).retain().unwrap();
    assert_eq!(files.days(), ["24"], "both are old enough");
    files.verified("together");
}
