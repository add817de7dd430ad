//! Pages against a plain list: nothing twice, nothing left out, however small the pages and however short a look.

use std::sync::Arc;

use fep_protocol::exchange::{Caller, Outcome};
use fep_protocol::fact::{Class, Fact, Idempotency, Reason, SentClass, What};

use super::*;
use crate::journal::filter::Scope;
use crate::journal::sqlite::index::IndexFile;
use crate::journal::store::Index;

const COUNT: u32 = 61;

fn id(serial: u32) -> ExchangeId {
    ExchangeId::new(1_795_000_000_000 + i64::from(serial / 3), serial, 7)
}

fn institution(serial: u32) -> &'static str {
    if serial.is_multiple_of(5) { "bank-b" } else { "bank-a" }
}

/// None is still running.
fn outcome(serial: u32) -> Option<Outcome> {
    match serial % 4 {
        0 => Some(Outcome::Unknown),
        1 => None,
        _ => Some(Outcome::Answered),
    }
}

/// Only an answer has one.
fn code(serial: u32) -> Option<&'static str> {
    let code = if serial.is_multiple_of(3) { "0110" } else { "0000" };
    (outcome(serial) == Some(Outcome::Answered)).then_some(code)
}

fn index(path: &Path) -> IndexFile {
    let mut facts = Vec::new();
    for serial in 0..COUNT {
        let base = Fact { exchange: Some(id(serial)), ..Fact::new(institution(serial).into(), 0) };
        let trace = Some(format!("{serial:06}").into());
        let idempotency = Idempotency { key: format!("order-{}", serial / 2).into(), digest: [0; 16] };
        facts.push(Fact {
            what: What::Sent(SentClass::Request),
            trace,
            telegram: Some("Transfer".into()),
            idempotency: Some(Box::new(idempotency)),
            caller: Some(Arc::new(Caller { request_id: format!("call-{serial}").parse().ok(), ..Caller::default() })),
            ..base.clone()
        });
        facts.extend(outcome(serial).map(|outcome| match code(serial) {
            Some(code) => {
                let what = What::Received(Class::Answer);
                Fact { what, outcome: Some(outcome), code: Some(code.into()), ..base }
            }
            None => {
                let reason = Some(Reason::new("the institution did not answer", "no_answer"));
                Fact { what: What::Outcome, outcome: Some(outcome), reason, ..base }
            }
        }));
    }
    let mut index = IndexFile::begin(path, [1; 16], None).unwrap();
    let numbered: Vec<_> = (1..).zip(facts).collect();
    index.apply(&numbered).unwrap();
    index
}

/// A scope of these institutions, and of these single telegrams.
fn seen(institutions: &[&str], pairs: &[(&str, &str)]) -> Scope {
    Scope {
        institutions: institutions.iter().map(|name| (*name).to_owned()).collect(),
        pairs: pairs.iter().map(|(name, telegram)| ((*name).to_owned(), (*telegram).to_owned())).collect(),
        ..Scope::default()
    }
}

/// Whether the exchange with this serial passes a filter.
type Passes = fn(u32) -> bool;

#[test]
fn pages_of_every_size_are_the_whole_list() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.index.sqlite");
    drop(index(&path));
    let reader = IndexReader::open(&path).unwrap();
    let none = ExchangeFilter::default;
    let filters: [(ExchangeFilter, Passes); 13] = [
        (none(), |_| true),
        (ExchangeFilter { institution: Some("bank-b".to_owned()), ..none() }, |serial| institution(serial) == "bank-b"),
        (ExchangeFilter { scope: Some(seen(&["bank-b"], &[])), ..none() }, |serial| institution(serial) == "bank-b"),
        (ExchangeFilter { scope: Some(seen(&[], &[("bank-b", "Transfer")])), ..none() }, |serial| {
            institution(serial) == "bank-b"
        }),
        (ExchangeFilter { scope: Some(seen(&[], &[("bank-b", "Reversal")])), ..none() }, |_| false),
        (ExchangeFilter { scope: Some(seen(&[], &[])), ..none() }, |_| false),
        (ExchangeFilter { outcome: Some("running"), ..none() }, |serial| outcome(serial).is_none()),
        (ExchangeFilter { unsettled: true, ..none() }, |serial| outcome(serial) == Some(Outcome::Unknown)),
        (ExchangeFilter { trace: Some("7".to_owned()), ..none() }, |serial| serial == 7),
        (ExchangeFilter { telegram: Some("Reversal".to_owned()), ..none() }, |_| false),
        (ExchangeFilter { code: Some("0110".to_owned()), ..none() }, |serial| code(serial) == Some("0110")),
        (ExchangeFilter { code: Some("no_answer".to_owned()), ..none() }, |serial| {
            outcome(serial) == Some(Outcome::Unknown)
        }),
        (ExchangeFilter { request_id: Some("call-7".to_owned()), ..none() }, |serial| serial == 7),
    ];
    for (filter, passes) in filters {
        let expected: Vec<_> = (0..COUNT).rev().filter(|serial| passes(*serial)).map(id).collect();
        for limit in [1, 2, 7, 60, 61, 100] {
            for looked_at_max in [1, 2, 10, 61, 1000] {
                let mut found = Vec::new();
                let mut behind = None;
                let mut pages = 0;
                loop {
                    let filter = ExchangeFilter { behind, ..filter.clone() };
                    let (rows, next) = reader.page(&filter, &Veiled::default(), limit, looked_at_max).unwrap();
                    assert!(rows.len() <= limit);
                    found.extend(rows.iter().map(|row| row.id));
                    pages += 1;
                    assert!(pages <= COUNT + 1, "{filter:?}");
                    behind = next;
                    if next.is_none() {
                        break;
                    }
                }
                assert_eq!(found, expected, "{filter:?}, {limit}, {looked_at_max}");
            }
        }
    }
}

#[test]
fn a_key_leads_to_its_newest_exchange_with_each_institution_however_old_that_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.index.sqlite");
    drop(index(&path));
    let reader = IndexReader::open(&path).unwrap();
    let found = |key: &str, institution: Option<&str>| {
        let idempotency_key = Some(key.to_owned());
        let institution = institution.map(str::to_owned);
        let filter = ExchangeFilter { idempotency_key, institution, ..ExchangeFilter::default() };
        let (rows, next) =
            reader.page(&filter, &Veiled { key: Some("a veiled key".to_owned()), code: None }, 10, 1).unwrap();
        assert_eq!(next, None, "a look at one exchange is enough");
        rows.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    // 4 and 5 have one key, at two institutions; 6 and 7 have one at the same institution.
    assert_eq!(found("order-2", None), [id(5), id(4)]);
    assert_eq!(found("order-2", Some("bank-b")), [id(5)]);
    assert_eq!(found("order-3", None), [id(7)]);
    assert_eq!(found("order-99", None), []);
}

#[test]
fn a_span_and_a_place_behind_which_the_page_begins_hold_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.index.sqlite");
    drop(index(&path));
    let reader = IndexReader::open(&path).unwrap();
    let since_ms = Some(1_795_000_000_005);
    let until_ms = Some(1_795_000_000_010);
    let within = ExchangeFilter { since_ms, until_ms, ..ExchangeFilter::default() };
    let (rows, next) = reader.page(&within, &Veiled::default(), 100, 1000).unwrap();
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), (15..30).rev().map(id).collect::<Vec<_>>());
    assert_eq!(next, None);
    let behind = ExchangeFilter { behind: Some(id(20)), ..within };
    let (rows, _) = reader.page(&behind, &Veiled::default(), 2, 1000).unwrap();
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [id(19), id(18)]);
}
