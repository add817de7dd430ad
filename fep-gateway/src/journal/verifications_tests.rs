//! Runs of verifications in the index against a model that knows all facts in the order of the journal, and in an encrypted journal.

use std::collections::BTreeMap;

use fep_protocol::exchange::TelegramBytes;
use fep_protocol::fact::What;
use fep_protocol::verification::{VerificationCounts, VerificationFact, VerificationKind, VerificationReport};
use proptest::prelude::*;

use super::seal::new_key;
use super::sqlite::index::{IndexFile, IndexReader, differences};
use super::sqlite::removals;
use super::store::{Index, Removal};
use super::tests::{fact, options, store};
use super::verified::VerificationRun;
use super::*;

const NAMES: [&str; 2] = ["nightly", "weekly"];

/// The report with an even number is one of reads.
const KINDS: [VerificationKind; 2] = [VerificationKind::Reads, VerificationKind::Writes];

fn counts(compared: u64) -> VerificationCounts {
    VerificationCounts {
        kind: if compared.is_multiple_of(2) { VerificationKind::Reads } else { VerificationKind::Writes },
        of: "new".to_owned(),
        made_at_ms: 1,
        since_ms: None,
        until_ms: None,
        passed: false,
        whole: true,
        summary: String::new(),
        compared,
        same: 0,
        failed: 0,
        unexplained: 0,
        explained: 0,
        compared_clean: 0,
        compared_min: 1,
    }
}

/// The fact of a run of a verification, with a report that this number tells from others.
fn told((name, run, report): (u8, u8, u8)) -> Fact {
    let fact_of = VerificationFact {
        name: NAMES[usize::from(name)].to_owned(),
        run: format!("run-{run}"),
        digest: report.to_string(),
        client: None,
        counts: counts(report.into()),
    };
    Fact {
        line: None,
        verification: Some(Box::new(fact_of)),
        bytes: TelegramBytes::from(vec![b'{', b'}']),
        ..fact(What::Verification, None)
    }
}

fn run_of((name, run): (u8, u8)) -> VerificationRun {
    VerificationRun {
        institution: "bank-a".to_owned(),
        name: NAMES[usize::from(name)].to_owned(),
        run: format!("run-{run}"),
    }
}

fn acts() -> impl Strategy<Value = Vec<(u8, u8, u8)>> {
    prop::collection::vec((0_u8..2, 0_u8..4, 0_u8..3), 1..24)
}

fn removal(last: u64) -> Removal {
    Removal { last, before_ms: 1, at_ms: 1, keep_days: 1, traces: Vec::new(), standing: Vec::new() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Whatever gateways store in which order: of several facts with the name of one run the first holds, each run is in the list once, the newest
    /// first, and a removal that is allowed leaves what the facts behind it say.
    #[test]
    fn of_several_facts_of_one_run_the_first_holds(acts in acts(), cut in 1_u64..24) {
        let folder = tempfile::tempdir().unwrap();
        let [kept, again] = ["kept.sqlite", "again.sqlite"].map(|name| folder.path().join(name));
        let facts: Vec<(u64, Fact)> = (1..).zip(acts.iter().copied().map(told)).collect();
        let mut index = IndexFile::begin(&kept, [7; 16], None).unwrap();
        index.apply(&facts).unwrap();
        let reader = IndexReader::open(&kept).unwrap();
        let mut first = BTreeMap::new();
        for (number, (name, run, report)) in (1_u64..).zip(&acts) {
            first.entry((*name, *run)).or_insert((number, *report));
        }
        for ((name, run), (number, report)) in &first {
            let stored = reader.verification(&run_of((*name, *run))).unwrap().unwrap();
            prop_assert_eq!((stored.number, stored.fact.digest), (*number, report.to_string()));
        }
        for (name, kind) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let own = ["bank-a", NAMES[usize::from(name)], KINDS[usize::from(kind)].name()];
            let runs = reader.verification_runs(own, 3).unwrap();
            let found: Vec<u64> = runs.iter().map(|run| run.number).collect();
            let mut expected: Vec<u64> = first.iter().filter(|((of, _), (_, report))| *of == name && report % 2 == kind).map(|(_, (number, _))| *number).collect();
            expected.sort_unstable_by_key(|number| std::cmp::Reverse(*number));
            expected.truncate(3);
            prop_assert_eq!(found, expected);
        }
        let last = cut.min(u64::try_from(facts.len()).unwrap());
        let parts = acts.iter().enumerate().any(|(at, act)| {
            let number = u64::try_from(at).unwrap() + 1;
            number > last && first[&(act.0, act.1)].0 <= last
        });
        prop_assert_eq!(reader.parts_verifications(last).unwrap(), parts);
        if parts {
            return Ok(());
        }
        removals::forget(&kept, &removal(last)).unwrap();
        let mut made = IndexFile::begin(&again, [7; 16], Some(&removal(last))).unwrap();
        made.apply(&facts[usize::try_from(last).unwrap()..]).unwrap();
        drop((index, made));
        prop_assert_eq!(differences(&kept, &again, 9).unwrap(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn in_an_encrypted_journal_nobody_reads_a_finding_without_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("journal.keys");
    new_key(&keys, 0).unwrap();
    let path = folder.path().join("journal.sqlite");
    let opened = Journal::open(&OpenOptions { key_file: Some(keys), ..options(&path) }).unwrap();
    let text = r#"{"telegram":"Answer","path":"balance","count":1,"reason":"unexplained","old":"9911223344"}"#;
    let findings = vec![serde_json::from_str(text).unwrap()];
    let report = VerificationReport { counts: counts(1), findings, more_findings: 0 };
    let bytes = TelegramBytes::from(serde_json::to_vec(&report).unwrap());
    store(&opened.lanes[0].1, [Fact { bytes, ..told((0, 1, 1)) }]).await;
    let (stored, read) = opened.journal.verification_report(&run_of((0, 1))).await.unwrap().unwrap();
    assert_eq!((stored.fact.counts.compared, read), (1, report));
    opened.journal.close().await;
    for name in ["journal.sqlite", "journal.sqlite-wal", "journal.index.sqlite", "journal.index.sqlite-wal"] {
        let bytes = std::fs::read(folder.path().join(name)).unwrap_or_default();
        assert!(!bytes.windows(10).any(|part| part == b"9911223344"), "{name}");
    }
}
