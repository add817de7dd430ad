//! A loan of `specs/loan-f` lives ten years in seconds: a gateway and a lender over TCP, on one clock that jumps from due date to due date. What is owed
//! is calculated by a program in Python, and by hand where a date is unusual.

use std::process::Command;
use std::sync::Arc;

use fep_codec::Record;
use fep_gateway::business_clock::{BaseTime, BusinessClock};
use fep_gateway::exchange::{Exchange, LinkState};
use fep_gateway::gateway::{NoticeFilter, StandInOnly, StartOptions};
use fep_gateway::simulate::{Scenario, Simulator};
use fep_gateway::{Config, Gateway};
use fep_spec::model::Spec;
use fep_spec::report::Source;
use serde_json::{Value, json};

use crate::harness::{root, until};

const LOAN: &str = "30120001234567";
const AGREED: &str = "2026-12-31";
const PRINCIPAL: u64 = 120_000_001;
const MONTHS: u64 = 120;
/// The turn that is paid late, and how many days.
const LATE: (u64, i64) = (40, 6);

const CONFIG: &str = include_str!("../../testdata/loan-f.toml");

struct Life {
    gateway: Gateway,
    _lender: Simulator,
    clock: BusinessClock,
    spec: Spec,
    _folder: tempfile::TempDir,
}

impl Life {
    async fn begin() -> Self {
        let folder = root().join("specs/loan-f");
        let spec = Spec::load(&folder.join("loan-f.toml")).unwrap();
        let path = folder.join("scenarios/ten-years.toml");
        let source = Source::new(path.to_str().unwrap(), std::fs::read_to_string(&path).unwrap());
        let scenario = Scenario::read(source, &spec).unwrap_or_else(|report| panic!("{report}"));
        let lender = Simulator::start(spec.clone(), scenario, "127.0.0.1:0").await.unwrap();
        let clock = lender.clock();
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal.sqlite");
        let config = CONFIG.replace("127.0.0.1:9005", &lender.address().to_string());
        let text = format!("environment = \"test\"\n[journal]\npath = \"{}\"\n{config}", journal.display());
        let config = Config::parse("test.toml", &text, root()).unwrap_or_else(|error| panic!("{error}"));
        let options = StartOptions { business_clock: Some(clock.clone()), ..StartOptions::default() };
        let gateway = Gateway::start_with(config, Arc::new(StandInOnly), options).await.unwrap();
        until("the link is up", async || gateway.lines()[0].links[0].state == LinkState::Up).await;
        Self { gateway, _lender: lender, clock, spec, _folder: folder }
    }

    /// It is ten o'clock of this date, in Korea.
    fn on(&self, date: &str) {
        self.clock.set(Some(BaseTime { ms: days(date) * 86_400_000 + 3_600_000, speed: 1 }));
    }

    async fn ask(&self, telegram: &str, fields: Value) -> Exchange {
        self.gateway.exchange("loan-f", telegram, &fields, None).await.unwrap()
    }

    /// The fields of the answer.
    async fn answer(&self, telegram: &str, fields: Value) -> Value {
        let exchange = self.ask(telegram, fields).await;
        let answer = exchange.answer.unwrap_or_else(|| panic!("{telegram}: {:?}", exchange.reason));
        self.decoded(&answer.telegram, &answer.bytes)
    }

    fn decoded(&self, telegram: &str, bytes: &[u8]) -> Value {
        Record::decode(&self.spec.telegram(telegram).unwrap().layout, bytes).unwrap().to_json_value()
    }

    /// The response code of a request.
    async fn code(&self, telegram: &str, fields: Value) -> String {
        self.answer(telegram, fields).await["header"]["response_code"].as_str().unwrap().to_owned()
    }

    /// The notices of this telegram that the gateway got.
    async fn notices(&self, telegram: &str) -> Vec<Value> {
        let filter = NoticeFilter { telegram: Some(telegram.to_owned()), ..NoticeFilter::default() };
        let found = self.gateway.notices(filter, 100).await.unwrap().notices;
        found.iter().map(|notice| self.decoded(telegram, &notice.bytes)).collect()
    }
}

/// Days since 1970-01-01.
fn days(date: &str) -> i64 {
    let part = |from: usize| date[from..from + 2].parse::<u8>().unwrap();
    let date = fep_codec::Date::new(date[..4].parse().unwrap(), part(5), part(8));
    fep_protocol::calendar::day_of(date.unwrap())
}

fn agreement() -> Value {
    let account = "1002345678901";
    json!({ "loan_no": LOAN, "borrower": "홍길동", "account": account, "principal": PRINCIPAL, "rate": "6.000", "months": MONTHS })
}

fn repayment(turn: u64, amount: u64) -> Value {
    json!({ "loan_no": LOAN, "turn": turn, "amount": amount })
}

fn due_inquiry() -> Value {
    json!({ "loan_no": LOAN })
}

/// What is owed, turn by turn, by the program in Python.
fn schedule() -> Vec<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/loans/schedule.py");
    let mut command = Command::new("python3");
    command.arg(script).arg(root().join("specs/loan-f/scenarios/holidays.txt"));
    command.args([AGREED, &PRINCIPAL.to_string(), &MONTHS.to_string(), &format!("{}={}", LATE.0, LATE.1)]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loan_of_ten_years_is_paid_off_to_the_won() {
    let life = Life::begin().await;
    let agreed = life.answer("Agreement", agreement()).await;
    // January 31 of 2027 is a Sunday, by `cal`.
    assert_eq!((&agreed["first_due"], &agreed["maturity"]), (&json!("2027-02-01"), &json!("2036-12-31")), "{agreed}");
    assert_eq!(life.code("Agreement", agreement()).await, "0302");

    let schedule = schedule();
    assert_eq!(schedule.len(), 120);
    for row in &schedule {
        let turn = number(&row["turn"]);
        let owed = number(&row["part"]) + number(&row["interest"]) + number(&row["overdue"]);
        life.on(row["paid_on"].as_str().unwrap());
        let due = life.answer("DueInquiry", due_inquiry()).await;
        assert_eq!(
            (&due["turn"], &due["due"], &due["amount"]),
            (&row["turn"], &row["due"], &json!(owed)),
            "{row} {due}"
        );
        assert_eq!(due["state"], if turn == LATE.0 { "2" } else { "1" }, "{due}");
        let paid = life.answer("Repayment", repayment(turn, owed)).await;
        assert_eq!(paid["header"]["response_code"], "0000", "{row} {paid}");
        for (ours, theirs) in
            [("part", "part"), ("interest", "interest"), ("overdue_interest", "overdue"), ("balance", "balance")]
        {
            assert_eq!(paid[ours], row[theirs], "{ours}: {row} {paid}");
        }
        let next = schedule.get(usize::try_from(turn).unwrap()).map_or(Value::Null, |next| next["due"].clone());
        assert_eq!(paid["next_due"], next, "{row}");
    }
    // By hand: the leap days of 2028 and 2036 are due dates, and that of 2032 is a Sunday before a holiday.
    for (turn, due) in [(14, "2028-02-29"), (24, "2029-01-02"), (62, "2032-03-02"), (110, "2036-02-29")] {
        assert_eq!(schedule[turn - 1]["due"], due);
    }
    // 119 parts of 1,000,000 and the rest.
    assert_eq!(number(&schedule[119]["part"]), PRINCIPAL - 119 * 1_000_000);
    // By hand: 120,000,001 * 6 % * 32 / 365 = 631,232.88; then 107,000,001 * 6 % * 29 / 365 = 510,082.19 for the February with a leap day.
    assert_eq!((number(&schedule[0]["interest"]), number(&schedule[13]["interest"])), (631_232, 510_082));

    let end = life.answer("DueInquiry", due_inquiry()).await;
    assert_eq!(
        (&end["balance"], &end["state"], &end["due"], &end["rate"]),
        (&json!(0), &json!("3"), &Value::Null, &json!("5.250"))
    );
    assert_eq!(life.code("Repayment", repayment(121, 1)).await, "0307");
    notices_of_ten_years(&life, &schedule).await;
    life.gateway.stop().await;
}

/// What the lender told by itself.
async fn notices_of_ten_years(life: &Life, schedule: &[Value]) {
    until("all notices came", async || life.notices("MaturityNotice").await.len() == 1).await;
    let overdue = life.notices("OverdueNotice").await;
    let late = &schedule[usize::try_from(LATE.0).unwrap() - 1];
    // One day late: the part and its interest, and 9 % of a day.
    let base = number(&late["part"]) + number(&late["interest"]);
    let told = json!([LOAN, "홍길동", LATE.0, late["due"], base + base * 9_000 / 36_500_000]);
    let seen: Vec<Value> = overdue
        .iter()
        .map(|one| json!([one["loan_no"], one["borrower"], one["turn"], one["due"], one["amount"]]))
        .collect();
    assert_eq!(seen, [told]);
    let rates = life.notices("RateNotice").await;
    let seen: Vec<Value> = rates.iter().map(|one| json!([one["old_rate"], one["new_rate"], one["from"]])).collect();
    assert_eq!(seen, [json!(["6.000", "5.250", "2031-07-01"])]);
    let maturity = life.notices("MaturityNotice").await;
    // A month before the maturity is 2036-11-30, a Sunday: the turn of November is paid on the day after.
    let balance = &schedule[117]["balance"];
    assert_eq!((&maturity[0]["maturity"], &maturity[0]["balance"]), (&json!("2036-12-31"), balance));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_loan_changes_nothing() {
    let life = Life::begin().await;
    let other = |changes: Value| {
        let mut fields = agreement();
        fields.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        fields
    };
    for terms in [json!({ "months": 0 }), json!({ "months": 361 }), json!({ "rate": "0" }), json!({ "principal": 119 })]
    {
        assert_eq!(life.code("Agreement", other(terms)).await, "0303");
    }
    assert_eq!(life.code("DueInquiry", due_inquiry()).await, "0301", "nothing was kept");
    assert_eq!(life.code("Repayment", repayment(1, 1)).await, "0301");
    assert_eq!(life.code("Agreement", agreement()).await, "0000");
    assert_eq!(life.code("Repayment", repayment(1, 1_631_232)).await, "0305", "not yet due");
    // On a Sunday the gateway sends nothing, by the same holidays.
    life.on("2027-01-31");
    let refused = life.ask("Repayment", repayment(1, 1_631_232)).await;
    assert_eq!(refused.reason_code.as_deref(), Some("outside_hours"), "{refused:?}");
    life.on("2027-02-01");
    assert_eq!(life.code("Repayment", repayment(2, 1_631_232)).await, "0304");
    assert_eq!(life.code("Repayment", repayment(1, 1_631_231)).await, "0306");
    assert_eq!(life.code("Repayment", repayment(1, 1_631_232)).await, "0000");
    assert_eq!(life.code("Repayment", repayment(1, 1_631_232)).await, "0304", "the same turn again pays nothing");
    // A clock that is set back makes no day happen again, and none that was skipped.
    life.on("2027-01-04");
    let due = life.answer("DueInquiry", due_inquiry()).await;
    assert_eq!((&due["turn"], &due["balance"], &due["due"]), (&json!(2), &json!(119_000_001), &json!("2027-03-02")));
    life.gateway.stop().await;
}
