//! A gateway and a simulated bank on one business clock: holidays, the end of a month, the roll of a day and of a year are played today.
//! Dates of the Korean calendar: Chuseok of 2026 is Friday, September 25, with a holiday before it. Weekdays were taken from `cal`.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use fep_gateway::business_clock::{BaseTime, BusinessClock};
use fep_gateway::gateway::{StandInOnly, StartOptions};
use fep_gateway::{Config, Gateway};
use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, KEYS_END, transfer};

/// The bank declines transfers in the last half hour of a month.
const SCENARIO: &str = r#"
trace = "header.trace_no"
[clock]
base = "2026-09-23T15:00:00+09:00"
[session]
open = "SignOn"
[answers]
set = { "header.response_code" = "0000", balance = 5000, fee = 500 }
[[rules]]
telegram = "Transfer"
at = { month_days = [-1], between = ["23:30", "00:00"] }
action = "answer"
set = { "header.response_code" = "0103" }
"#;

const HOURS: &str = r#"
[institutions.bank-a.hours]
week = { mon-fri = ["00:00-24:00"], sat-sun = [] }
holidays = ["2026-09-24", "2026-09-25", "2027-01-01"]
"#;

/// 2026-12-31T00:00:00+09:00, by `date -u -d`.
const YEAR_END_MS: i64 = 1_798_642_800_000;

struct Play {
    bench: Bench,
    clock: String,
}

impl Play {
    async fn begin() -> Self {
        Self::with(SCENARIO, HOURS).await
    }

    async fn with(scenario: &str, more: &str) -> Self {
        let (bench, clock) = Bench::in_test_time(scenario, more).await;
        Self { bench, clock }
    }

    /// Sets the clock of the bank, and waits until the gateway has it.
    async fn set(&self, base: &str, speed: u32) {
        let body = json!({ "base": base, "speed": speed }).to_string();
        let reply = self.bench.client.put(&self.clock).body(body).send().await.unwrap();
        let status = reply.status();
        let shown: Json = reply.json().await.unwrap();
        assert_eq!(status, StatusCode::OK, "{shown}");
        let theirs = shown["now_ms"].as_i64().unwrap();
        let has_it = |overview: &Json| {
            let ours = &overview["test_clock"];
            ours["speed"] == speed && ours["now_ms"].as_i64().unwrap().abs_diff(theirs) < 10_000 * u64::from(speed)
        };
        self.bench.until("/v1/overview", has_it).await;
    }

    async fn pay(&self, memo: &str) -> Json {
        self.bench.transfer(&transfer(memo), None).await.1
    }

    /// The date, the trace number and the response code of a transfer that is answered.
    async fn answered(&self, memo: &str) -> (String, u64, String) {
        let reply = self.pay(memo).await;
        assert_eq!(reply["outcome"], "answered", "{reply}");
        let header = &reply["answer"]["fields"]["header"];
        let trace = header["trace_no"].as_u64().or_else(|| header["trace_no"].as_str()?.parse().ok());
        let text = |name: &str| header[name].as_str().unwrap().to_owned();
        (text("sent_date"), trace.unwrap(), text("response_code"))
    }

    /// The reason of a transfer that is not sent.
    async fn refused(&self, memo: &str) -> String {
        let reply = self.pay(memo).await;
        assert_eq!(
            (&reply["outcome"], &reply["reason_code"]),
            (&json!("not_sent"), &json!("outside_hours")),
            "{reply}"
        );
        reply["reason"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn holidays_month_end_and_the_roll_of_day_and_year_are_played_on_one_clock() {
    let play = Play::begin().await;
    let (date, first, code) = play.answered("a").await;
    assert_eq!((date.as_str(), code.as_str()), ("2026-09-23", "0000"));
    assert_eq!(play.answered("b").await, ("2026-09-23".to_owned(), first + 1, "0000".to_owned()));

    play.set("2026-09-24T10:00:00+09:00", 1).await;
    let why = play.refused("c").await;
    assert!(why.ends_with("which opens at 2026-09-28 00:00"), "{why}");

    // Monday to Wednesday; the month ends on Wednesday.
    play.set("2026-09-29T23:40:00+09:00", 1).await;
    assert_eq!(play.answered("d").await, ("2026-09-29".to_owned(), 1, "0000".to_owned()));
    play.set("2026-09-30T23:40:00+09:00", 1).await;
    assert_eq!(play.answered("e").await, ("2026-09-30".to_owned(), 1, "0103".to_owned()));

    // The clock passes midnight by itself, at the fivefold speed.
    play.set("2026-12-30T23:59:50+09:00", 5).await;
    assert_eq!(play.answered("f").await.0, "2026-12-30");
    play.bench
        .until("/v1/overview", |overview| overview["test_clock"]["now_ms"].as_i64() >= Some(YEAR_END_MS + 1000))
        .await;
    assert_eq!(play.answered("g").await, ("2026-12-31".to_owned(), 1, "0000".to_owned()));
    play.set("2027-01-01T00:00:01+09:00", 1).await;
    assert!(play.refused("h").await.ends_with("which opens at 2027-01-04 00:00"));
    // A clock that is set back goes on with the numbers of that day.
    play.set("2026-09-23T16:00:00+09:00", 1).await;
    let (date, again, _) = play.answered("i").await;
    assert_eq!(date, "2026-09-23");
    assert!(again > first + 1, "{again} was used before");
}

/// New York. In 2028 there is no 02:30 on March 12, and the hour from 01:00 comes twice on November 5.
#[tokio::test]
async fn an_institution_elsewhere_has_daylight_time_and_both_sides_have_the_same() {
    let zone = "zone = \"EST5EDT,M3.2.0,M11.1.0\"\n";
    let hours = "[institutions.bank-a.hours]\nweek = { mon-sun = [\"01:30-17:00\"] }\n";
    let play = Play::with(&format!("{zone}{SCENARIO}"), &format!("{zone}{KEYS_END}{hours}")).await;
    let at = async |base: &str, memo: &str| {
        play.set(base, 1).await;
        let reply = play.pay(memo).await;
        let clock: Json = play.bench.client.get(&play.clock).send().await.unwrap().json().await.unwrap();
        let shown = format!("{} {}", clock["date"].as_str().unwrap(), &clock["time"].as_str().unwrap()[..5]);
        let header = &reply["answer"]["fields"]["header"];
        let ours = (reply["outcome"] == "answered").then(|| {
            format!("{} {}", header["sent_date"].as_str().unwrap(), &header["sent_time"].as_str().unwrap()[..5])
        });
        (shown, ours.unwrap_or_else(|| reply["reason"].as_str().unwrap().to_owned()))
    };
    let closed = "it is outside the hours of the institution, which opens at ";
    for (base, local, what) in [
        ("2028-03-12T01:59:00-05:00", "2028-03-12 01:59", "2028-03-12 01:59"),
        ("2028-03-12T07:00:00Z", "2028-03-12 03:00", "2028-03-12 03:00"),
        // 17:00 is now 21:00 UTC, and was 22:00 UTC the day before.
        ("2028-03-11T21:30:00Z", "2028-03-11 16:30", "2028-03-11 16:30"),
        ("2028-03-12T21:30:00Z", "2028-03-12 17:30", "2028-03-13 01:30"),
        ("2028-11-05T01:15:00-04:00", "2028-11-05 01:15", "2028-11-05 01:30"),
        ("2028-11-05T01:45:00-04:00", "2028-11-05 01:45", "2028-11-05 01:45"),
        ("2028-11-05T01:15:00-05:00", "2028-11-05 01:15", "2028-11-05 01:30"),
        ("2028-11-05T01:45:00-05:00", "2028-11-05 01:45", "2028-11-05 01:45"),
        ("2028-11-05T16:59:00-05:00", "2028-11-05 16:59", "2028-11-05 16:59"),
    ] {
        let is_open = local == what;
        let expected = if is_open { what.to_owned() } else { format!("{closed}{what}") };
        assert_eq!(at(base, base).await, (local.to_owned(), expected), "{base}");
    }
}

/// At this speed a year passes in half a minute. Each business date that is met has trace numbers of its own, and none comes back.
#[tokio::test]
async fn weeks_pass_in_seconds_and_each_day_has_its_own_trace_numbers() {
    let play = Play::with(SCENARIO, "").await;
    play.set("2028-02-01T00:00:00+09:00", 1_000_000).await;
    let mut days: Vec<(String, u64)> = Vec::new();
    while days.last().is_none_or(|(date, _)| date.as_str() < "2028-03-05") {
        let (date, trace, _) = play.answered("day").await;
        match days.last() {
            Some((day, before)) if *day == date => assert!(trace > *before, "{days:?}: {date} {trace}"),
            Some((day, _)) => assert!(*day < date && trace == 1, "{days:?}: {date} {trace}"),
            None => {}
        }
        days.push((date, trace));
    }
    let mut dates: Vec<&str> = days.iter().map(|(date, _)| date.as_str()).collect();
    dates.dedup();
    // Each lasts 86 ms. A slow machine meets fewer of them.
    assert!(dates.len() >= 5, "{dates:?}");
}

#[tokio::test]
async fn test_time_is_seen_everywhere_and_everything_else_is_in_real_time() {
    let play = Play::begin().await;
    play.answered("a").await;
    play.set("2030-02-28T12:00:00+09:00", 1).await;
    play.answered("b").await;
    let (_, ready) = play.bench.get("/readyz").await;
    let note = ready["notes"].as_array().unwrap().iter().find_map(|note| note.as_str()?.strip_prefix("TEST TIME: "));
    assert!(note.unwrap().starts_with("the business clock shows 2030-02-28T03:00:"), "{ready}");
    let (_, overview) = play.bench.get("/v1/overview").await;
    assert_eq!(
        (&overview["test_clock"]["is_set"], &overview["test_clock"]["from"]),
        (&json!(true), &json!(play.clock))
    );
    let real = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    let is_real = |ms: &Json| ms.as_i64().unwrap().abs_diff(real) < 60_000;
    assert!(is_real(&overview["at_ms"]));
    let (_, exchanges) = play.bench.get("/v1/exchanges").await;
    let list = exchanges["exchanges"].as_array().unwrap();
    assert!(list.len() == 2 && list.iter().all(|one| is_real(&one["accepted_at_ms"])), "{exchanges}");
    let is_recorded = |trail: &Json| {
        let acts = trail["entries"].as_array().unwrap().iter();
        let set = acts.filter(|entry| entry["act"] == "set_clock" && is_real(&entry["at_ms"]));
        let shown: Vec<_> = set.map(|entry| entry["about"].as_str().unwrap()[..16].to_owned()).collect();
        shown == ["2030-02-28T03:00", "2026-09-23T06:00"]
    };
    play.bench.until("/v1/audit", is_recorded).await;
    // A bank that is away stops no clock, and is told.
    let mut play = play;
    play.bench.bank.take().unwrap().stop().await;
    let lost = |overview: &Json| overview["test_clock"]["trouble"].is_string();
    let overview = play.bench.until("/v1/overview", lost).await;
    assert!(overview["test_clock"]["now_ms"].as_i64() > Some(1_898_000_000_000), "{overview}");
}

fn config(root: &str, folder: &std::path::Path) -> Result<Config, String> {
    std::fs::write(folder.join("bank-a.toml"), include_str!("../../specs/bank-a/bank-a.toml")).unwrap();
    let fill = include_str!("../fill.toml");
    let text = format!(
        "{root}[institutions.bank-a]\nspec = \"bank-a.toml\"\nkey = [\"header.trace_no\", \"header.sent_date\"]\n\
         trace = \"header.trace_no\"\n[institutions.bank-a.fill]\n\"header.bank_code\" = \"099\"\n{fill}\n\
         [[institutions.bank-a.lines]]\nname = \"main\"\nconnect = \"127.0.0.1:9\"\n"
    );
    Config::parse("gateway.toml", &text, folder).map_err(|error| error.to_string())
}

const TEST: &str = "environment = \"test\"\n[test_clock]\nbase = \"2026-12-31T23:59:30+09:00\"\n";

#[tokio::test]
async fn a_journal_of_one_environment_is_never_opened_in_the_other() {
    let start = async |root: &str, folder: &std::path::Path| {
        let started = Gateway::start(config(root, folder).unwrap(), Arc::new(StandInOnly)).await;
        match started {
            Ok(gateway) => {
                gateway.stop().await;
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        }
    };
    for (first, other, why) in [(TEST, "", "was written in test time"), ("", TEST, "has facts of production")] {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal.sqlite");
        let gateway = Gateway::start(config(first, folder.path()).unwrap(), Arc::new(StandInOnly)).await.unwrap();
        gateway.exchange("bank-a", "Transfer", &transfer("a"), None).await.unwrap();
        gateway.stop().await;
        drop(gateway);
        let refused = start(other, folder.path()).await.unwrap_err();
        assert!(refused.contains(why) && refused.contains(journal.to_str().unwrap()), "{refused}");
        // The index alone says nothing: without it the mark is there as well.
        std::fs::remove_file(folder.path().join("journal.index.sqlite")).unwrap();
        assert_eq!(start(other, folder.path()).await.unwrap_err(), refused);
        start(first, folder.path()).await.unwrap();
    }
}

#[tokio::test]
async fn production_takes_no_clock_of_a_test() {
    let folder = tempfile::tempdir().unwrap();
    let refused = config(&TEST.replace("\"test\"", "\"production\""), folder.path()).unwrap_err();
    assert!(refused.contains("`[test_clock]` is not for production"), "{refused}");
    assert_eq!(
        config(TEST.split_once('\n').unwrap().1, folder.path()).unwrap_err().matches("not for production").count(),
        1
    );
    let both = TEST.to_owned() + "from = \"http://127.0.0.1:9/v1/clock\"\n";
    assert!(config(&both, folder.path()).unwrap_err().contains("`base` does not fit `from`"));
    let no_url = "environment = \"test\"\n[test_clock]\nfrom = \"127.0.0.1:9\"\n";
    assert!(config(no_url, folder.path()).unwrap_err().contains("no URL of a simulator's clock"));

    let clock = BusinessClock::at(BaseTime { ms: 0, speed: 1 });
    let options = || StartOptions { business_clock: Some(clock.clone()), ..StartOptions::default() };
    let start = async |root: &str| {
        Gateway::start_with(config(root, folder.path()).unwrap(), Arc::new(StandInOnly), options()).await
    };
    let refused = start("").await.err().unwrap().to_string();
    assert!(refused.starts_with("a configuration for production takes no clock of a test"), "{refused}");
    let gateway = start(TEST).await.unwrap();
    assert!(gateway.test_time().unwrap().now_ms < 60_000, "the clock of the program counts");
    gateway.stop().await;

    let away = tempfile::tempdir().unwrap();
    let from = "environment = \"test\"\n[test_clock]\nfrom = \"http://127.0.0.1:9/v1/clock\"\n";
    let refused = Gateway::start(config(from, away.path()).unwrap(), Arc::new(StandInOnly)).await.err().unwrap();
    assert!(refused.to_string().ends_with("start the simulator first, with --api"), "{refused}");
    assert!(!away.path().join("journal.sqlite").exists(), "nothing began by the real time");
}
