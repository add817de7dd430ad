//! `[[state]]`: what scenario files are refused, and what entries do at their limits. A loan of ten years is in `tests/engine/ten_years`.

use serde_json::{Value as Json, json};

use super::bank::ask;
use super::{Client, SESSIONLESS, check_refused, scenario};
use crate::business_clock::BaseTime;
use crate::simulate::kept::{Asked, Kept};

/// A counter for each account that is asked about.
const COUNTER: &str = r#"
[[state]]
name        = "counter"
key         = "account"
entries_max = 2
[[state.on]]
telegram = "BalanceInquiry"
when     = "count < 3"
do       = ["count = count + 1", "seen = today"]
keep     = { text = "account" }
set      = { balance = "<state.count>" }
[[state.on]]
telegram = "BalanceInquiry"
remove   = true
set      = { balance = "<state.count>", available = 77 }
[[state.daily]]
when     = "count > 1"
do       = ["count = count - 1"]
notice   = "DepositNotice"
set      = { "header.trace_no" = "<sequence>", account = "<state.text>", amount = "<state.count>" }
"#;

async fn count(client: &mut Client, account: &str) -> (i64, i64) {
    let fields = json!({ "account": account, "balance": 0, "available": 0 });
    let answer = ask(client, "BalanceInquiry", 1, fields).await;
    (answer["balance"].as_i64().unwrap(), answer["available"].as_i64().unwrap())
}

#[tokio::test]
async fn entries_count_have_a_limit_and_can_go() {
    let mut client = Client::of(&format!("{SESSIONLESS}{COUNTER}")).await;
    for (account, expected) in [
        ("1", (1, 0)),
        ("1", (2, 0)),
        ("2", (1, 0)),
        // There is no room for a third one: the answer says nothing of it.
        ("3", (0, 0)),
        ("1", (3, 0)),
        ("1", (3, 77)),
        ("3", (1, 0)),
        ("1", (0, 0)),
        // A key of nothing names no entry.
        ("", (0, 0)),
    ] {
        assert_eq!(count(&mut client, account).await, expected, "{account}");
    }
}

/// The number of notices of the days up to this one.
fn passed(kept: &mut Kept, today: i64) -> usize {
    std::iter::from_fn(|| kept.pass(today)).map(|notices| notices.len()).sum()
}

/// Nobody is connected, and each day has more notices than may wait.
#[test]
fn notices_that_nobody_takes_are_bounded_before_they_are_made() {
    let spec = super::spec();
    let endless =
        COUNTER.replace("\"count = count - 1\"", "\"count = count\"").replace("entries_max = 2", "entries_max = 20");
    let mut kept = Kept::new(&scenario(&format!("{SESSIONLESS}{endless}")).state);
    let layout = &spec.telegram("BalanceInquiry").unwrap().layout;
    kept.pass(1);
    for account in 0..20 {
        let Json::Object(fields) = json!({ "account": account.to_string() }) else { panic!("no object") };
        let asked = Asked { telegram: "BalanceInquiry", layout, fields: &fields };
        (0..3).for_each(|_| drop(kept.carry_out(&asked, 1)));
    }
    let mut made = 0;
    while let Some(notices) = kept.pass(2000) {
        made += notices.len();
        notices.iter().for_each(|_| kept.wait(Vec::new()));
    }
    assert_eq!((made, kept.waiting.len()), (10_000, 10_000));
}

#[test]
fn each_day_is_carried_out_once_and_a_clock_that_is_set_back_repeats_none() {
    let spec = super::spec();
    let tables = scenario(&format!("{SESSIONLESS}{COUNTER}")).state;
    let mut kept = Kept::new(&tables);
    let layout = &spec.telegram("BalanceInquiry").unwrap().layout;
    let Json::Object(fields) = json!({ "account": "1" }) else { panic!("no object") };
    let asked = Asked { telegram: "BalanceInquiry", layout, fields: &fields };
    assert_eq!(passed(&mut kept, 1000), 0);
    (0..3).for_each(|_| drop(kept.carry_out(&asked, 1000).unwrap()));
    assert_eq!((passed(&mut kept, 1000), passed(&mut kept, 999)), (0, 0), "no new day");
    // Two days take the count from 3 to 1, the others leave it.
    assert_eq!(passed(&mut kept, 1010), 2);
    assert_eq!(kept.shown("counter", "1").unwrap()["count"], 1);
    drop(kept.carry_out(&asked, 1010));
    assert_eq!((passed(&mut kept, 5), passed(&mut kept, 1010)), (0, 0));
    assert_eq!(passed(&mut kept, 1011), 1);
    // A jump over all times ends soon.
    drop(kept.carry_out(&asked, 1011));
    assert_eq!(passed(&mut kept, i64::MAX / 2), 1);
    assert!(kept.shown("counter", "2").is_none() && kept.shown("other", "1").is_none());
}

#[test]
fn a_formula_without_a_value_changes_nothing_of_the_entry() {
    let spec = super::spec();
    let divided = COUNTER.replace("\"seen = today\"", "\"seen = 10 / (2 - count)\"");
    let mut kept = Kept::new(&scenario(&format!("{SESSIONLESS}{divided}")).state);
    let layout = &spec.telegram("BalanceInquiry").unwrap().layout;
    let Json::Object(fields) = json!({ "account": "1" }) else { panic!("no object") };
    let asked = Asked { telegram: "BalanceInquiry", layout, fields: &fields };
    assert!(kept.carry_out(&asked, 1).is_some());
    let before = kept.shown("counter", "1").unwrap();
    assert!(kept.carry_out(&asked, 1).is_none(), "a division by 0");
    assert_eq!(kept.shown("counter", "1").unwrap(), before);
}

#[tokio::test]
async fn notices_of_days_wait_for_a_link_and_come_in_order() {
    let (mut client, clock) =
        Client::with_clock(&format!("{SESSIONLESS}[clock]\nbase = \"2027-01-01T10:00:00+09:00\"\n{COUNTER}")).await;
    assert_eq!(count(&mut client, "7").await.0, 1);
    assert_eq!(count(&mut client, "7").await.0, 2);
    assert_eq!(count(&mut client, "7").await.0, 3);
    clock.set(Some(BaseTime { ms: crate::time::parse("2027-01-20T10:00:00+09:00").unwrap(), speed: 1 }));
    for expected in [2, 1] {
        let (name, fields) = client.next().await;
        assert_eq!((&*name, &fields["account"], &fields["amount"]), ("DepositNotice", &json!("7"), &json!(expected)));
    }
}

#[test]
fn mistakes_are_found_before_it_runs() {
    let with = |from: &str, to: &str| format!("{SESSIONLESS}{}", COUNTER.replacen(from, to, 1));
    for (from, to, expected) in [
        ("key         = \"account\"", "key = \"acount\"", "no telegram of the spec bank-a has a field acount"),
        ("entries_max = 2", "entries_max = 0", "entries_max"),
        ("telegram = \"BalanceInquiry\"", "telegram = \"DepositNoticeAnswer\"", "is not a request"),
        ("count < 3", "count <", "no formula: a number, a date, a name or `(` is expected, not the end, at its byte 7"),
        ("count < 3", "cuont < 3", "nothing sets the number `cuont`"),
        ("count < 3", "request.amount < 3", "BalanceInquiry has no field amount"),
        ("\"count = count + 1\"", "\"count + 1\"", "`count + 1` changes nothing"),
        ("\"count = count + 1\"", "\"count == 1\"", "changes nothing"),
        ("\"seen = today\"", "\"today = 1\"", "`today` cannot be a name"),
        ("\"seen = today\"", "\"1st = 1\"", "`1st` cannot be a name"),
        ("text = \"account\"", "count = \"account\"", "`count` is a number, too"),
        ("text = \"account\"", "text = \"accounts\"", "BalanceInquiry has no field accounts"),
        ("balance = \"<state.count>\"", "balance = \"<state.cnt>\"", "nothing sets `cnt`"),
        ("balance = \"<state.count>\"", "blance = \"<state.count>\"", "has no field blance"),
        ("\"count > 1\"", "\"request.account > 1\"", "a day has no request"),
        ("notice   = \"DepositNotice\"", "notice = \"Deposit\"", "has no telegram Deposit"),
        ("notice   = \"DepositNotice\"\n", "", "`set` has no telegram"),
        ("remove   = true", "remove = 1", "remove"),
        ("[[state.daily]]", "[[state.daly]]", "daly"),
    ] {
        check_refused(&with(from, to), expected);
    }
    check_refused(&format!("{SESSIONLESS}{COUNTER}{COUNTER}"), "two tables of `state` are called counter");
    let outside = "[answers]\nset = { \"header.response_code\" = \"<state.count>\" }";
    let text = format!("{SESSIONLESS}{COUNTER}").replacen(
        "[answers]\nset = { \"header.response_code\" = \"0000\" }",
        outside,
        1,
    );
    check_refused(&text, "`<state.count>` is about an entry");
    check_refused(
        &format!("{SESSIONLESS}[[state]]\nname = \"x\"\nkey = \"account\"\n"),
        "without requests there are no entries",
    );
}
