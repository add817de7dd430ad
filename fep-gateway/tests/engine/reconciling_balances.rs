//! Balances that are counted from a snapshot and a real journal, against results by hand. The bytes of the files are written here at fixed offsets,
//! never by the codec.

use std::path::PathBuf;

use fep_gateway::reconcile::{
    self, BalanceClass, BalanceReport, BalanceRequest, Fate, GivenAs, Range, ReconcileError, Report, Request, reconcile,
};

use fep_gateway::exchange::Money;
use fep_protocol::settlement::{PersonDecision, PersonWants};

use crate::harness::{transfer, until};
use crate::peer::transfer_answer;
use crate::reconciling::{Says, World};

/// What a day looks like: a head, and the balances of accounts.
fn day(date: &str, balances: &[(&str, i64)]) -> Vec<u8> {
    let mut lines = vec![format!("HD{date}")];
    lines.extend(records(balances));
    lines.iter().flat_map(|line| format!("{line:32}\n").into_bytes()).collect()
}

fn records(balances: &[(&str, i64)]) -> Vec<String> {
    let sign = |balance: i64| if balance < 0 { "-" } else { "+" };
    balances.iter().map(|(account, balance)| format!("BL{account:16}{}{:013}", sign(*balance), balance.abs())).collect()
}

struct Files {
    told: Vec<u8>,
    snapshot: Vec<u8>,
    csv_told: Option<&'static str>,
}

/// The moment after everything so far, in milliseconds since 1970.
fn now_ms() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap() + 1
}

fn count(world: &World, name: &str, files: &Files, snapshot_at_ms: i64) -> Result<Report, ReconcileError> {
    let folder = world.bench.folder.path();
    let write = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let told = files.csv_told.map(|text| write("told.csv", text.as_bytes()));
    let request = Request {
        institution: "bank-a".to_owned(),
        reconciliation: Some(name.to_owned()),
        day: None,
        file: GivenAs::Path(write("day.dat", &files.told)),
        journal: None,
        now_ms: snapshot_at_ms + 1,
        findings_max: 100,
        secret: None,
        balances: Some(BalanceRequest {
            snapshot: write("snapshot.dat", &files.snapshot),
            snapshot_at_ms,
            told,
            told_at: None,
        }),
    };
    reconcile(&world.config(), &request)
}

/// The only finding: its class, the least and the greatest balance, and the difference.
#[track_caller]
fn only(report: &BalanceReport) -> (BalanceClass, Option<(String, String)>, Option<String>) {
    let [finding] = report.findings.as_slice() else { panic!("{report:?}") };
    let range = finding.counted.clone().map(|Range { low, high }| (low, high));
    (finding.class, range, finding.difference.clone())
}

fn range(low: i64, high: i64) -> Option<(String, String)> {
    Some((low.to_string(), high.to_string()))
}

#[tokio::test]
async fn one_balance_is_counted_back_and_what_nobody_knows_makes_a_range() {
    let mut world = World::new().await;
    for (amount, says) in [(100, Says::Yes), (200, Says::Yes)] {
        world.transfer(amount, "", says).await;
    }
    let between = now_ms();
    // What follows is behind that moment.
    while now_ms() <= between + 1 {
        tokio::task::yield_now().await;
    }
    for (amount, says) in [(300, Says::No), (400, Says::TooLate)] {
        world.transfer(amount, "", says).await;
    }
    let date = world.date().0;
    let now = now_ms();
    let files = |told: &'static str, snapshot: &str| {
        let snapshot = format!("balance\n{snapshot}\n").into_bytes();
        Files { told: day(&date, &[]), snapshot, csv_told: Some(told) }
    };
    let counted = |files: &Files, at_ms: i64| count(&world, "one", files, at_ms).unwrap().balances.unwrap();
    // 100, 200 and 400 went out, the last one known late: 9300 now is 10000 at the beginning.
    let report = counted(&files("balance\n10000\n", "9300"), now);
    assert_eq!((report.clean, report.agree, report.movements, report.uncertain_movements), (true, 1, 3, 0));
    // A moment after the first two transfers: the third and the fourth do not count.
    assert!(counted(&files("balance\n10000\n", "9700"), between).clean);
    // The bank does not have the transfer of 200.
    let report = counted(&files("balance\n9800\n", "9300"), now);
    assert_eq!(only(&report), (BalanceClass::Differs, range(10_000, 10_000), Some("-200".to_owned())));
    let explains = |movement: &&reconcile::MovementLine| movement.explains;
    let by: Vec<_> =
        report.findings[0].movements.iter().filter(explains).map(|one| (one.amount.clone(), one.exchange)).collect();
    assert_eq!(by, [("-200".to_owned(), Some(world.exchanges[1].id))]);
    // Nobody knows what became of 500.
    world.transfer(500, "", Says::Nothing).await;
    let counted = |told: &'static str| {
        let report = count(&world, "one", &files(told, "9300"), now_ms()).unwrap();
        (report.clean, report.exceptions, report.balances.unwrap())
    };
    for told in ["balance\n10000\n", "balance\n10001\n", "balance\n10500\n"] {
        let (clean, _, report) = counted(told);
        assert_eq!(only(&report), (BalanceClass::Uncertain, range(10_000, 10_500), None));
        let unknown = &report.findings[0].movements[0];
        assert_eq!(
            (unknown.fate, unknown.counts, unknown.exchange),
            (Fate::Unknown, "perhaps", Some(world.exchanges[4].id))
        );
        assert_eq!((clean, unknown.until.is_none()), (false, true));
    }
    assert_eq!(
        only(&counted("balance\n10501\n").2),
        (BalanceClass::Differs, range(10_000, 10_500), Some("1".to_owned()))
    );
    assert_eq!(only(&counted("balance\n9999\n").2).2, Some("-1".to_owned()));
    world.bench.gateway.stop().await;
}

#[tokio::test]
async fn balances_of_accounts_are_told_by_the_file_and_no_report_shows_an_account() {
    let mut world = World::new().await;
    world.transfer(100, "", Says::Yes).await;
    world.transfer(250, "", Says::Yes).await;
    let fields = transfer();
    let [from, to] = ["withdraw_account", "deposit_account"].map(|name| fields[name].as_str().unwrap().to_owned());
    let date = world.date().0;
    let files = |told: &[(&str, i64)], snapshot: &[(&str, i64)]| {
        let snapshot = records(snapshot).iter().flat_map(|line| format!("{line}\n").into_bytes()).collect();
        Files { told: day(&date, told), snapshot, csv_told: None }
    };
    let now = now_ms();
    // 350 went from one account to the other one, which was overdrawn.
    let files_of_day = files(&[(&from, 1000), (&to, -300)], &[(&to, 50), (&from, 650)]);
    let report = count(&world, "day", &files_of_day, now).unwrap();
    let balances = report.balances.as_ref().unwrap();
    assert_eq!((balances.clean, balances.agree, balances.movements), (true, 2, 4), "{balances:?}");
    assert_eq!(report.exceptions, 2, "the transfers are missing in the file all the same");
    let wrong = files(&[(&from, 1000), (&to, -301), ("99", 5)], &[(&to, 50), (&from, 650), ("98", 4)]);
    let report = count(&world, "day", &wrong, now).unwrap();
    let balances = report.balances.as_ref().unwrap();
    let mut classes: Vec<_> = balances.findings.iter().map(|one| one.class).collect();
    classes.sort();
    assert_eq!(classes, [BalanceClass::Differs, BalanceClass::NoSnapshot, BalanceClass::NotTold]);
    let mut forms = vec![serde_json::to_vec(&report).unwrap()];
    let mut text = Vec::new();
    reconcile::write_text(&report, &mut text).unwrap();
    let mut page = Vec::new();
    reconcile::write_page(&report, &mut page).unwrap();
    forms.extend([text, page]);
    for form in forms {
        let text = String::from_utf8(form).unwrap();
        assert!(text.contains("-301") && !text.contains(&from) && !text.contains(&to), "{text}");
    }
    assert!(reconcile::write_book(&report).unwrap().len() > 1000);
    // What is wrong in a file is told with its record, and refuses it as a whole.
    let twice = files(&[(&from, 1000)], &[(&from, 650), (&to, 0), (&from, 650)]);
    let refused = |files: &Files, at_ms: i64| count(&world, "day", files, at_ms).unwrap_err().to_string();
    let why = refused(&twice, now);
    assert!(
        why.contains("snapshot.dat: the balances are refused as a whole: 1 and 3") && !why.contains(&from),
        "{why}"
    );
    let mut letters = files(&[(&from, 1000)], &[(&from, 650)]);
    letters.snapshot[25] = b'x';
    let why = refused(&letters, now);
    assert!(why.contains("snapshot.dat") && why.contains("record 1 at byte 0") && !why.contains(&from), "{why}");
    world.bench.gateway.stop().await;
}

#[tokio::test]
async fn an_account_that_a_csv_file_spells_otherwise_does_not_agree_silently() {
    let mut world = World::new().await;
    world.transfer(100, "", Says::Yes).await;
    let fields = transfer();
    let [from, to] = ["withdraw_account", "deposit_account"].map(|name| fields[name].as_str().unwrap().to_owned());
    let date = world.date().0;
    let counted = |told: &[(&str, i64)], snapshot: &[(&str, i64)]| {
        let lines = told.iter().map(|(account, balance)| format!("{account},{balance}\n"));
        let csv: String = std::iter::once("account,balance\n".to_owned()).chain(lines).collect();
        let snapshot = records(snapshot).iter().flat_map(|line| format!("{line}\n").into_bytes()).collect();
        let files = Files { told: day(&date, &[]), snapshot, csv_told: Some(csv.leak()) };
        let report = count(&world, "day", &files, now_ms()).unwrap();
        let mut text = Vec::new();
        reconcile::write_text(&report, &mut text).unwrap();
        (report.clean, report.balances.unwrap(), String::from_utf8(text).unwrap())
    };
    let (_, all, text) = counted(&[(&from, 1000), (&to, 0)], &[(&from, 900), (&to, 100)]);
    assert_eq!((all.clean, all.agree, all.neither), (true, 2, 0), "{text}");
    // The same account without its last digit, as both files have it: it agrees with itself, and its movement is nowhere.
    let other = &to[..to.len() - 1];
    let (clean, report, text) = counted(&[(&from, 1000), (other, 100)], &[(&from, 900), (other, 100)]);
    assert_eq!((report.agree, report.neither, report.exceptions), (2, 1, 1));
    assert_eq!((clean, report.clean), (false, false));
    assert!(text.contains("accounts in neither file: Transfers moved accounts that neither file has"), "{text}");
    world.bench.gateway.stop().await;
}

#[tokio::test]
async fn what_cannot_be_counted_is_said() {
    let mut world = World::new().await;
    world.transfer(100, "", Says::Yes).await;
    let date = world.date().0;
    let files = Files { told: day(&date, &[]), snapshot: b"balance\n1\n".to_vec(), csv_told: Some("balance\n1\n") };
    let why = count(&world, "zengin", &files, now_ms()).unwrap_err().to_string();
    assert!(why.contains("zengin has no `balances`") || why.contains("give the business date"), "{why}");
    let untold = Files { csv_told: None, ..files };
    let why = count(&world, "one", &untold, now_ms()).unwrap_err().to_string();
    assert!(why.contains("one does not tell balances: give the file that does with --told"), "{why}");
    let csv = Files { csv_told: Some("balance\n1\n2\n"), ..untold };
    let why = count(&world, "one", &csv, now_ms()).unwrap_err().to_string();
    assert!(why.contains("told.csv: the balances are refused as a whole: 2 and 3"), "{why}");
    // A name does not steer the terminal that shows the message.
    let missing = ReconcileError::File(PathBuf::from("a\u{1b}[2J.csv"), std::io::ErrorKind::NotFound.into());
    assert!(missing.to_string().starts_with("a\\u{1b}[2J.csv cannot be read"), "{missing}");
    world.bench.gateway.stop().await;
}

/// A person decided that the money did not move, and then the bank answers that it did.
#[tokio::test]
async fn what_is_disputed_is_no_more_known_than_what_is_unknown() {
    let settlement = concat!(
        "[institutions.bank-a.telegrams.Transfer.settlement]\naccepted = { \"header.response_code\" = \"0000\" }\n\
         horizon_ms = 300\nfirst_wait_ms = 100\n",
        include_str!("../settlement.toml"),
        "tries_max = 1\n",
    );
    let mut world = World::with(settlement).await;
    world.transfer(100, "", Says::Yes).await;
    let (id, connection, request) = world.unanswered(500).await;
    until("it is a dead letter", async || {
        world.bench.gateway.find(&id).await.unwrap().is_some_and(|exchange| exchange.flags.dead_letter)
    })
    .await;
    let wants = PersonWants::Settle(Money::NotDone);
    let decision = PersonDecision { person: "kim".to_owned(), note: "the bank called".to_owned(), wants };
    world.bench.gateway.settle(&id, decision).await.unwrap();
    let date = world.date().0;
    let files = |told: &'static str| Files {
        told: day(&date, &[]),
        snapshot: b"balance\n9900\n".to_vec(),
        csv_told: Some(told),
    };
    let report = count(&world, "one", &files("balance\n10000\n"), now_ms()).unwrap().balances.unwrap();
    assert_eq!((report.agree, report.uncertain_movements), (1, 0), "{report:?}");
    world.bench.peer.send(connection, &transfer_answer(&request)).await;
    until("it is disputed", async || {
        world.bench.gateway.find(&id).await.unwrap().is_some_and(|exchange| exchange.flags.disputed)
    })
    .await;
    for told in ["balance\n10000\n", "balance\n10500\n"] {
        let report = count(&world, "one", &files(told), now_ms()).unwrap().balances.unwrap();
        assert_eq!(only(&report), (BalanceClass::Uncertain, range(10_000, 10_500), None));
        assert_eq!(report.findings[0].movements[0].fate, Fate::Unknown);
    }
    world.bench.gateway.stop().await;
}
