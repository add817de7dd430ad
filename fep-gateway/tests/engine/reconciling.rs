//! Reconciliation of a real journal with files of an institution. Their bytes are golden or written here at fixed offsets, never by the codec.

use std::path::{Path, PathBuf};

use fep_gateway::Config;
use fep_gateway::exchange::{Exchange, ExchangeId};
use fep_gateway::reconcile::{self, Class, GivenAs, ReconcileError, Report, Request, reconcile};
use serde_json::{Value, json};

use crate::harness::{Bench, Setup, config, golden, outcome, transfer, until};
use crate::peer::{answer_to, transfer_answer};

/// The file of this project, zengin's transfers and the applications of the CMS.
const TABLES: &str = r#"
[institutions.bank-a.reconciliation.transfers]
spec = "specs/settlement-a/settlement-a.toml"
record = "Detail"
telegram = "Transfer"
key = { trace_no = "header.trace_no", sent_date = "header.sent_date" }
amount = { amount = "amount" }
done = { result = "00" }
reversed = { result = "90" }
date = "Header.settled_on"
[institutions.bank-a.reconciliation.zengin]
spec = "specs/zengin/zengin.toml"
record = "Data"
telegram = "Transfer"
key = { customer_code_1 = "header.transaction_no" }
amount = { amount = "amount" }
[institutions.bank-a.reconciliation.cms]
spec = "specs/kftc-cms/kftc-cms.toml"
file = "EB13"
record = "Data"
telegram = "Transfer"
key = { payer_no = "header.transaction_no" }
lists = "not_done"
[institutions.bank-a.reconciliation.day]
spec = "fep-gateway/tests/balances.toml"
file = "Day"
record = "Detail"
telegram = "Transfer"
key = { trace_no = "header.trace_no" }
amount = { amount = "amount" }
date = "Head.day"
[institutions.bank-a.reconciliation.day.balances]
out = { Transfer = { amount = "amount", account = "withdraw_account" } }
in = { Transfer = { amount = "amount", account = "deposit_account" } }
told = { record = "Balance", balance = "balance", account = "account" }
told_at = "begin"
snapshot = { file = "Snapshot", record = "Balance", balance = "balance", account = "account" }
[institutions.bank-a.reconciliation.one]
spec = "fep-gateway/tests/balances.toml"
file = "Day"
record = "Detail"
telegram = "Transfer"
key = { trace_no = "header.trace_no" }
date = "Head.day"
[institutions.bank-a.reconciliation.one.balances]
out = { Transfer = { amount = "amount" } }
told_at = "begin"
"#;

/// How the institution answers a transfer.
#[derive(Clone, Copy)]
pub(crate) enum Says {
    Yes,
    No,
    Nothing,
    TooLate,
}

/// A bank, a gateway, and what was asked.
pub(crate) struct World {
    pub(crate) bench: Bench,
    pub(crate) exchanges: Vec<Exchange>,
    tables: &'static str,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with("").await
    }

    /// With these tables behind those of all tests.
    pub(crate) async fn with(more: &str) -> Self {
        let tables = Box::leak(format!("{TABLES}{more}").into_boxed_str());
        let setup = Setup { institution: "answer_timeout_ms = 1500", tables, ..Setup::default() };
        Self { bench: Bench::new(setup).await, exchanges: Vec::new(), tables }
    }

    /// A transfer of this amount. `number` is its transaction number, or empty if the gateway gives one.
    pub(crate) async fn transfer(&mut self, amount: u64, number: &str, says: Says) {
        let mut body: Value = transfer();
        body["amount"] = json!(amount);
        if !number.is_empty() {
            body["header"] = json!({"transaction_no": number});
        }
        let gateway = self.bench.gateway.clone();
        let asked = tokio::spawn(async move { gateway.exchange("bank-a", "Transfer", &body, None).await.unwrap() });
        let (connection, request) = self.bench.peer.receive().await;
        match says {
            Says::Yes => self.bench.peer.send(connection, &transfer_answer(&request)).await,
            Says::No => self.bench.peer.send(connection, &answer_to(&request, b"0110")).await,
            Says::Nothing | Says::TooLate => {}
        }
        let exchange = asked.await.unwrap();
        if matches!(says, Says::TooLate) {
            assert!(outcome(&exchange).starts_with("unknown"), "{exchange:?}");
            self.bench.peer.send(connection, &transfer_answer(&request)).await;
            self.bench.settled(&exchange.id).await;
        }
        self.exchanges.push(exchange);
    }

    /// A transfer that the bank does not answer by now: its exchange, its connection and its bytes.
    pub(crate) async fn unanswered(&mut self, amount: u64) -> (ExchangeId, usize, Vec<u8>) {
        let mut body: Value = transfer();
        body["amount"] = json!(amount);
        let gateway = self.bench.gateway.clone();
        let asked = tokio::spawn(async move { gateway.exchange("bank-a", "Transfer", &body, None).await.unwrap() });
        let (connection, request) = self.bench.peer.receive().await;
        (asked.await.unwrap().id, connection, request)
    }

    pub(crate) fn config(&self) -> Config {
        let setup = Setup { institution: "answer_timeout_ms = 1500", tables: self.tables, ..Setup::default() };
        config(&self.bench.journal(), self.bench.peer.port, &setup)
    }

    pub(crate) fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.bench.folder.path().join("file.dat");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The business date of the transfers, as `20261126`, and in days since 1970-01-01.
    pub(crate) fn date(&self) -> (String, i64) {
        let digits = String::from_utf8(self.exchanges[0].request[38..46].to_vec()).unwrap();
        let text = format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]);
        (digits, reconcile::parse_date(&text).unwrap())
    }

    fn reconcile(&self, name: &str, file: &Path, day: Option<i64>) -> Result<Report, ReconcileError> {
        let request = Request {
            institution: "bank-a".to_owned(),
            reconciliation: Some(name.to_owned()),
            day,
            file: GivenAs::Path(file.to_owned()),
            journal: None,
            now_ms: 0,
            findings_max: 100,
            secret: None,
            balances: None,
        };
        reconcile(&self.config(), &request)
    }

    /// Each finding: its class, the record, and which of the exchanges it is.
    fn findings(&self, report: &Report) -> Vec<(Class, Option<u64>, Option<usize>)> {
        let at = |id| self.exchanges.iter().position(|exchange| Some(exchange.id) == id);
        let finding = |line: &reconcile::Line| {
            let exchange = line.here.as_ref().and_then(|here| at(here.exchange));
            (line.class, line.there.as_ref().map(|there| there.record), exchange)
        };
        report.findings.iter().map(finding).collect()
    }
}

/// A settlement file by hand: trace number, amount and result of each record, and the total.
fn settlement(date: &str, records: &[(u64, u64, &str)], total: u64) -> Vec<u8> {
    let mut lines = vec![format!("HD{date}")];
    for (serial, (trace, amount, result)) in (1..).zip(records) {
        lines.push(format!("DT{serial:07}{trace:06}{date}{:14}{amount:013}{result}", ""));
    }
    lines.push(format!("TR{:07}{total:015}", records.len()));
    lines.iter().flat_map(|line| format!("{line:60}\n").into_bytes()).collect()
}

#[tokio::test]
async fn each_class_of_finding_comes_out_of_a_real_journal() {
    let mut world = World::new().await;
    // Trace numbers 1 to 6.
    for (amount, says) in [
        (100, Says::Yes),
        (200, Says::Yes),
        (300, Says::No),
        (400, Says::TooLate),
        (500, Says::Nothing),
        (600, Says::Yes),
    ] {
        world.transfer(amount, "", says).await;
    }
    let (date, day) = world.date();
    // 1 agrees, 2 has another amount, 3 was declined and is listed, 4 came late and agrees, 5 is unknown here, 6 is missing, 7 is not ours.
    let records = [
        (1, 100, "00"),
        (2, 201, "00"),
        (3, 300, "00"),
        (4, 400, "00"),
        (5, 500, "90"),
        (7, 700, "00"),
        (7, 700, "99"),
    ];
    let file = world.file(&settlement(&date, &records, 1701));
    let report = world.reconcile("transfers", &file, None).unwrap();
    let expected = [
        (Class::AmountDiffers, Some(3), Some(1)),
        (Class::StateDiffers, Some(4), Some(2)),
        (Class::Unsettled, Some(6), Some(4)),
        (Class::MissingThere, None, Some(5)),
        (Class::MissingHere, Some(7), None),
        (Class::MissingHere, Some(8), None),
    ];
    assert_eq!(world.findings(&report), expected);
    assert_eq!((report.matched.count, report.matched.amount.as_deref()), (2, Some("500")));
    assert_eq!((report.there.all.count, report.there.done.amount.as_deref()), (7, Some("1701")));
    assert_eq!((report.here.all.count, report.here.done.amount.as_deref()), (6, Some("1300")));
    assert_eq!((report.clean, report.exceptions), (false, 6));
    assert_eq!(report.findings[2].file_says, Some("reversed"));
    // The same while the gateway runs and after it has stopped.
    world.bench.gateway.stop().await;
    let again = world.reconcile("transfers", &file, Some(day)).unwrap();
    assert_eq!(serde_json::to_value(&again).unwrap(), serde_json::to_value(&report).unwrap());
    // The next day has none of them, but they explain its records.
    let next = world.date().1 + 1;
    let (year, month, of_month) = civil(next);
    let tomorrow = format!("{year:04}{month:02}{of_month:02}");
    let mut bytes = settlement(&date, &[(1, 100, "00")], 100);
    bytes[2..10].copy_from_slice(tomorrow.as_bytes());
    let report = world.reconcile("transfers", &world.file(&bytes), None).unwrap();
    assert_eq!(world.findings(&report), [(Class::Late, Some(2), Some(0))]);
    assert_eq!((report.clean, report.here.all.count), (true, 0));
}

/// Year, month and day of a number of days since 1970-01-01, counted day by day.
fn civil(days: i64) -> (i64, u32, u32) {
    let mut year = 1970;
    let mut month = 1;
    let mut day = 1;
    for _ in 0..days {
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let last = match month {
            2 if is_leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        day += 1;
        if day > last {
            (month, day) = (month + 1, 1);
        }
        if month > 12 {
            (year, month) = (year + 1, 1);
        }
    }
    (year, month, day)
}

#[tokio::test]
async fn a_file_that_is_wrong_anywhere_is_refused_as_a_whole() {
    let mut world = World::new().await;
    world.transfer(100, "", Says::Yes).await;
    let (date, day) = world.date();
    let refused = |bytes: &[u8], day: Option<i64>, expected: &str| {
        let found = world.reconcile("transfers", &world.file(bytes), day).unwrap_err();
        assert!(matches!(found, ReconcileError::Refused(..)), "{found}");
        assert!(found.to_string().contains(expected), "{found}");
    };
    let good = settlement(&date, &[(1, 100, "00")], 100);
    assert!(world.reconcile("transfers", &world.file(&good), None).unwrap().clean);
    refused(
        &settlement(&date, &[(1, 100, "00")], 101),
        None,
        "record 3 at byte 122: `amount` of `Trailer` says 101, the records before it make 100",
    );
    refused(&good[..122], None, "record 3 at byte 122: the file has 0 of `Trailer`, there must be 1");
    refused(&good[..100], None, "record 2 at byte 61");
    refused(b"", None, "the file has 0 of `Header`");
    refused(b"rubbish", None, "record 1 at byte 0");
    refused(&good, Some(day + 1), "record 1 says that it is of");
    let mut letters = good.clone();
    letters[61 + 37..61 + 50].copy_from_slice(b"000000000010O");
    refused(&letters, None, "Detail");
    // A field that is not compared.
    let mut filler = good.clone();
    filler[61 + 52] = b'x';
    refused(&filler, None, "record 2 at byte 61");
    let mut date = good;
    date[2..10].copy_from_slice(b"20261331");
    refused(&date, None, "Header");
    refused(&date, Some(day), "Header");
}

#[tokio::test]
async fn a_file_without_a_date_needs_one_and_a_blank_key_is_a_key() {
    let mut world = World::new().await;
    world.transfer(15, "EDI-2026-1", Says::Yes).await;
    world.transfer(99, "NOT-LISTED", Says::Yes).await;
    let (_, day) = world.date();
    let file = world.file(&golden("zengin-transfer.json"));
    assert!(matches!(world.reconcile("zengin", &file, None), Err(ReconcileError::NoDate)));
    let report = world.reconcile("zengin", &file, Some(day)).unwrap();
    assert_eq!(world.findings(&report), [(Class::MissingHere, Some(2), None), (Class::MissingThere, None, Some(1))]);
    assert_eq!(
        (report.findings[0].key[0].as_str(), report.matched.count, report.matched.amount.as_deref()),
        ("", 1, Some("15"))
    );
}

#[tokio::test]
async fn a_file_of_failures_says_that_the_others_were_carried_out() {
    let mut world = World::new().await;
    for (number, says) in [
        ("A-0001", Says::Nothing),
        ("A-0002", Says::Yes),
        ("A-0003", Says::No),
        ("A-0004", Says::Yes),
        ("A-0005", Says::Nothing),
    ] {
        world.transfer(100, number, says).await;
    }
    let (_, day) = world.date();
    let report = world.reconcile("cms", &world.file(&golden("kftc-cms-eb13.json")), Some(day)).unwrap();
    let expected = [
        (Class::Unsettled, Some(2), Some(0)),
        (Class::StateDiffers, Some(3), Some(1)),
        (Class::Unsettled, None, Some(4)),
    ];
    assert_eq!(world.findings(&report), expected);
    let says: Vec<_> = report.findings.iter().map(|line| line.file_says).collect();
    assert_eq!(says, [Some("not_done"), Some("not_done"), Some("done")]);
    assert_eq!((report.matched.count, report.not_done.count, report.matched.amount.as_deref()), (1, 1, None));
    // The payer number is secret in the spec of the file.
    let text = serde_json::to_string(&report).unwrap();
    assert!(!text.contains("A-000") && text.contains("***"), "{text}");
}

#[tokio::test]
async fn the_journal_must_have_the_requests() {
    let mut world = World::new().await;
    world.transfer(100, "", Says::Yes).await;
    let file = world.file(&settlement(&world.date().0, &[], 0));
    until("the index has it", async || world.reconcile("transfers", &file, None).is_ok()).await;
    let unknown = world.reconcile("refunds", &file, None).unwrap_err().to_string();
    assert_eq!(unknown, "bank-a has no reconciliation `refunds`; it has cms, day, one, transfers, zengin");
    world.bench.gateway.stop().await;
    std::fs::remove_file(world.bench.journal().with_extension("index.sqlite")).unwrap();
    let missing = world.reconcile("transfers", &file, None).unwrap_err().to_string();
    assert!(missing.contains("the index is missing: `fep-gateway journal rebuild"), "{missing}");
}
