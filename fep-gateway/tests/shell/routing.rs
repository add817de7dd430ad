//! Moving in: part of the requests goes to another institution, and a person changes which part while the gateway runs. Two simulated banks
//! with accounts of their own show at which one each transfer was.

use std::collections::BTreeMap;

use reqwest::{Method, StatusCode};
use serde_json::{Value as Json, json};

use crate::harness::{Bench, GOOD_BANK, bank, bank_b, transfer};
use crate::journal::journal;

const ACCOUNTS: &str = include_str!("../../specs/bank-a/scenarios/accounts.toml");
/// The balance of the account that the transfers debit at each bank, and what one of them costs.
const BEGINNING: i64 = 10_000_000;
const COST: i64 = 1_234_567 + 500;

/// bank-a is asked. Its rules can give transfers and inquiries to bank-b, at this address.
fn tables(address: &str) -> String {
    let rules = r#"
[institutions.bank-a.routing.Transfer]
to = "bank-b"
[institutions.bank-a.routing.HolderInquiry]
to = "bank-b"
percent = 10
sticky = "account"
"#;
    format!("{rules}{}", bank_b(address))
}

/// `orders` and `mobile` may send to bank-a, `ops` may read and configure it, `kim` may operate it. The hashes are those of
/// `printf %s NAME | sha256sum`.
const ACCESS: &str = r#"
[clients.orders]
tokens = ["sha256:1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719"]
may = [{ actions = ["send"], institutions = ["bank-a"], telegrams = ["Transfer"] }]
[clients.office]
tokens = ["sha256:5cc3f82838ba7260203e4590ce03d00e1663d41f6a5167144f5c95d6be2166a0"]
may = [{ actions = ["send"], institutions = ["bank-a"] }, { actions = ["read", "configure"] }]
[clients.kim]
tokens = ["sha256:26ae784d194a5760464348329af4eb9fca2b27bbf823742c968a61543e3a1153"]
may = [{ actions = ["send", "read", "operate", "settle"] }]
"#;

const ROUTING: &str = "/v1/institutions/bank-a/routing";

/// What a rule says: its percentage, and the rest as the file says.
fn share(percent: u8) -> Json {
    json!({ "rules": { "Transfer": { "percent": percent }, "HolderInquiry": null }, "note": "a step" })
}

async fn call(bench: &Bench, method: Method, path: &str, body: &str, headers: &[(&str, &str)]) -> (StatusCode, Json) {
    let mut request = bench.client.request(method, format!("{}{path}", bench.url)).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let tag = response.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned());
    let status = response.status();
    let mut reply: Json = response.json().await.unwrap();
    if let Some(revision) = reply.get("revision") {
        assert_eq!(tag, Some(format!("\"{revision}\"")));
        reply["tag"] = json!(tag);
    }
    (status, reply)
}

async fn put(bench: &Bench, body: &Json) -> Json {
    let (status, reply) = call(bench, Method::PUT, ROUTING, &body.to_string(), &[]).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    reply
}

async fn balance(bench: &Bench, institution: &str) -> i64 {
    let path = format!("/v1/institutions/{institution}/exchanges/BalanceInquiry");
    let (status, reply) = bench.post(&path, json!({"account": "1002345678901", "available": 0}).to_string(), &[]).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    reply["answer"]["fields"]["balance"].as_i64().unwrap()
}

/// Transfers one won.
async fn pay(bench: &Bench, key: &str) -> Json {
    let mut body = transfer("rent");
    body["amount"] = json!(1);
    let (status, reply) = bench.transfer(&body, Some(key)).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    reply
}

fn sides(status: &Json, telegram: &str) -> [(u64, u64, u64); 2] {
    let sides = &status["rules"][telegram]["sides"];
    assert_eq!((&sides[0]["institution"], &sides[1]["institution"]), (&json!("bank-a"), &json!("bank-b")));
    [0, 1].map(|side| {
        let count = |name: &str| sides[side][name].as_u64().unwrap();
        (count("answered"), count("not_sent"), count("unknown"))
    })
}

#[tokio::test]
async fn at_each_step_each_transfer_is_in_exactly_one_ledger_and_its_key_never_changes_sides() {
    let other = bank(ACCOUNTS).await;
    let bench = Bench::of(ACCOUNTS, &tables(&other.address().to_string())).await;
    let mut at = BTreeMap::new();
    let mut paid = BTreeMap::from([("bank-a", 0), ("bank-b", 0)]);
    let mut before = 0;
    // Up, at once back to nothing, up again.
    for (step, percent) in [0, 1, 30, 0, 30, 60, 100, 0].into_iter().enumerate() {
        put(&bench, &share(percent)).await;
        for order in 0..25 {
            let reply = pay(&bench, &format!("{step}-{order}")).await;
            let to = reply["institution"].as_str().unwrap().to_owned();
            match to.as_str() {
                "bank-b" => assert_eq!(reply["routed_from"], json!({ "institution": "bank-a", "because": "percent" })),
                _ => assert_eq!(reply.get("routed_from"), None),
            }
            *paid.get_mut(to.as_str()).unwrap() += 1;
            at.insert(format!("{step}-{order}"), reply);
        }
        let there =
            at.iter().filter(|(key, reply)| key.starts_with(&format!("{step}-")) && reply["institution"] == "bank-b");
        let there = there.count();
        match percent {
            0 => assert_eq!(there, 0),
            100 => assert_eq!(there, 25),
            1 => assert!(there <= 3, "{there}"),
            _ => assert!((1..25).contains(&there), "{percent} %: {there}"),
        }
        // Every service repeats each request that it ever sent.
        for (key, first) in &at {
            assert_eq!(&pay(&bench, key).await, first, "{key} at {percent} %");
        }
        for (bank, count) in &paid {
            assert_eq!(balance(&bench, bank).await, BEGINNING - 501 * count, "{bank} at {percent} %");
        }
        before += 25;
        let status = bench.get(ROUTING).await.1;
        let [(a, ..), (b, ..)] = sides(&status, "Transfer");
        assert_eq!((a + b, i64::try_from(b).unwrap()), (before, paid["bank-b"]), "a repeated request is not counted");
    }
    assert_eq!(COST, 1_235_067, "a fee of 500 for each");
}

#[tokio::test]
async fn an_unknown_outcome_stays_with_the_side_that_got_the_request_and_is_settled_there() {
    let settles = |bank: &str| {
        let steps = include_str!("../settlement.toml").replace("institutions.bank-a", &format!("institutions.{bank}"));
        format!(
            "[institutions.{bank}.telegrams.Transfer.settlement]\naccepted = {{ \"header.response_code\" = \"0000\" }}\n\
             horizon_ms = 300\nfirst_wait_ms = 10\nbackoff_min_ms = 10\nbackoff_max_ms = 50\n{steps}tries_max = 3\n"
        )
    };
    let other = bank(ACCOUNTS).await;
    let more = tables(&other.address().to_string()) + &settles("bank-a") + &settles("bank-b");
    let bench = Bench::of(ACCOUNTS, &more).await;
    put(&bench, &share(100)).await;
    let (status, unknown) = bench.transfer(&transfer("무응답"), Some("unanswered")).await;
    assert_eq!((status, &unknown["institution"]), (StatusCode::GATEWAY_TIMEOUT, &json!("bank-b")), "{unknown}");
    // Back at once. The request and its settlement stay where they are.
    put(&bench, &share(0)).await;
    let path = format!("/v1/exchanges/{}", unknown["exchange"].as_str().unwrap());
    let settled = bench.until(&path, |exchange| exchange.get("settled_by").is_some()).await;
    assert_eq!((&settled["institution"], &settled["money"]), (&json!("bank-b"), &json!("done")), "{settled}");
    let again = bench.transfer(&transfer("무응답"), Some("unanswered")).await.1;
    assert_eq!((&again["exchange"], &again["money"]), (&unknown["exchange"], &json!("done")));
    assert_eq!([balance(&bench, "bank-a").await, balance(&bench, "bank-b").await], [BEGINNING, BEGINNING - COST]);
    let status = bench.get(ROUTING).await.1;
    assert_eq!(sides(&status, "Transfer"), [(0, 0, 0), (0, 0, 1)], "what the caller was told");
}

#[tokio::test]
async fn a_side_that_is_down_is_not_sent_and_the_other_side_does_not_get_it() {
    // Nobody listens there.
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let bench = Bench::of_some(GOOD_BANK, &tables(&closed.to_string())).await;
    put(&bench, &share(100)).await;
    let (status, reply) = bench.transfer(&transfer("rent"), Some("rent")).await;
    assert_eq!((status, &reply["outcome"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("not_sent")), "{reply}");
    assert_eq!((&reply["institution"], &reply["routed_from"]["institution"]), (&json!("bank-b"), &json!("bank-a")));
    // It is certain that it was not sent, so it may go to the side that holds now.
    put(&bench, &share(0)).await;
    let (status, again) = bench.transfer(&transfer("rent"), Some("rent")).await;
    assert_eq!((status, &again["institution"]), (StatusCode::OK, &json!("bank-a")), "{again}");
    assert_eq!(sides(&bench.get(ROUTING).await.1, "Transfer"), [(1, 0, 0), (0, 1, 0)]);
    let page = bench.text("/metrics").await;
    for line in [
        r#"fep_routed_total{institution="bank-a",telegram="Transfer",to="bank-b",outcome="not_sent"} "#,
        r#"fep_routed_total{institution="bank-a",telegram="HolderInquiry",to="bank-b",outcome="answered"} "#,
        r#"fep_routing_percent{institution="bank-a",telegram="Transfer",to="bank-b"} "#,
    ] {
        assert!(page.contains(line), "{line}");
    }
}

#[tokio::test]
async fn a_customer_stays_on_one_side_by_the_sticky_field() {
    let other = bank(ACCOUNTS).await;
    let bench = Bench::of(ACCOUNTS, &tables(&other.address().to_string())).await;
    let ask = async |account: u64| {
        let path = "/v1/institutions/bank-a/exchanges/HolderInquiry";
        let body = json!({ "bank": "088", "account": account.to_string(), "holder_name": "", "holder_no": "" });
        let (status, reply) = bench.post(path, body.to_string(), &[]).await;
        assert!(status.is_success() || status.is_server_error(), "{reply}");
        reply["institution"].as_str().unwrap().to_owned()
    };
    let mut there = 0;
    for account in 1_000_000..1_000_060 {
        let first = ask(account).await;
        there += usize::from(first == "bank-b");
        assert_eq!(ask(account).await, first, "{account}");
    }
    assert!((1..20).contains(&there), "{there} of 60 at 10 %");
    let none = json!({ "rules": { "Transfer": null, "HolderInquiry": { "percent": 0 } }, "note": "back" });
    put(&bench, &none).await;
    for account in 1_000_000..1_000_060 {
        assert_eq!(ask(account).await, "bank-a");
    }
}

#[tokio::test]
async fn one_caller_moves_first_and_sees_its_exchange_although_it_has_no_right_at_the_other_institution() {
    let other = bank(GOOD_BANK).await;
    let bench = Bench::with_access(GOOD_BANK, &tables(&other.address().to_string()), ACCESS).await;
    let as_client = |token: &str| format!("Bearer {token}");
    let [office, orders, kim] = ["office", "orders", "kim"].map(as_client);
    let [office, orders, kim] = [&*office, &*orders, &*kim];
    let change = json!({
        "rules": { "Transfer": { "percent": 0, "callers": ["orders"] }, "HolderInquiry": null }, "note": "orders first", "person": "이지은",
    });
    for (who, status) in [(kim, 403), (orders, 403), ("Bearer x", 401)] {
        let refused = call(&bench, Method::PUT, ROUTING, &change.to_string(), &[("authorization", who)]).await;
        assert_eq!(refused.0.as_u16(), status, "{}", refused.1);
    }
    assert_eq!(call(&bench, Method::GET, ROUTING, "", &[("authorization", orders)]).await.0, StatusCode::FORBIDDEN);
    let (status, reply) = call(&bench, Method::PUT, ROUTING, &change.to_string(), &[("authorization", office)]).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    let changed = &reply["rules"]["Transfer"]["changed"];
    assert_eq!((&changed["person"], &changed["note"]), (&json!("이지은 by office"), &json!("orders first")));
    assert_eq!(reply["rules"]["Transfer"]["callers"], json!(["orders"]));
    assert_eq!(reply["rules"]["HolderInquiry"]["changed"], Json::Null);

    let path = "/v1/institutions/bank-a/exchanges/Transfer";
    let body = transfer("rent").to_string();
    let (_, first) =
        call(&bench, Method::POST, path, &body, &[("authorization", orders), ("idempotency-key", "1")]).await;
    assert_eq!(
        (&first["institution"], &first["routed_from"]["because"]),
        (&json!("bank-b"), &json!("caller")),
        "{first}"
    );
    assert_eq!(first["answer"]["fields"]["deposit_account"], "3333011234567", "its own secrets");
    let (_, stays) = call(&bench, Method::POST, path, &body, &[("authorization", kim), ("idempotency-key", "2")]).await;
    assert_eq!(stays["institution"], "bank-a");
    let one = format!("/v1/exchanges/{}", first["exchange"].as_str().unwrap());
    let (status, shown) = call(&bench, Method::GET, &one, "", &[("authorization", orders)]).await;
    assert_eq!((status, &shown["exchange"]), (StatusCode::OK, &first["exchange"]), "{shown}");
    let direct = path.replace("bank-a", "bank-b");
    let (status, _) = call(&bench, Method::POST, &direct, &body, &[("authorization", orders)]).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "a rule gives no right to ask the other institution");

    let (_, trail) = call(&bench, Method::GET, "/v1/audit?act=route", "", &[("authorization", office)]).await;
    let entry = &trail["entries"][0];
    assert_eq!(trail["entries"].as_array().unwrap().len(), 1, "who has no right changes nothing: {trail}");
    assert_eq!(
        (&entry["person"], &entry["about"]),
        (&json!("이지은 by office"), &json!("HolderInquiry: as the file says; Transfer: 0 % and 1 callers to bank-b"))
    );
    let file = bench.journal().display().to_string();
    let text = |arguments: &str| String::from_utf8(journal(&format!("{arguments} --journal {file}")).stdout).unwrap();
    assert!(text("search --key 1").contains("routed from bank-a by caller"));
    assert!(text(&format!("show {}", first["exchange"].as_str().unwrap())).contains("routed from bank-a by caller"));
    let verified = journal(&format!("verify --journal {file}"));
    assert!(verified.status.success(), "{verified:?}");
}

#[tokio::test]
async fn what_does_not_say_where_every_request_goes_changes_nothing() {
    let other = bank(GOOD_BANK).await;
    let bench = Bench::of(GOOD_BANK, &tables(&other.address().to_string())).await;
    let before = bench.get(ROUTING).await.1;
    let rules = |rules: &str| format!(r#"{{"rules": {rules}, "note": "a step"}}"#);
    let both = r#""HolderInquiry": null"#;
    for (body, status, code, says) in [
        ("{", 400, "not_json", "JSON"),
        ("[]", 422, "bad_routing", "rules"),
        (r#"{"note": "x"}"#, 422, "bad_routing", "`rules`"),
        (&rules("{}"), 422, "bad_routing", "HolderInquiry is left out"),
        (&rules(r#"{"Transfer": {"percent": 1}}"#), 422, "bad_routing", "HolderInquiry is left out"),
        (&rules(&format!(r#"{{"Transfer": {{"percent": 101}}, {both}}}"#)), 422, "bad_routing", "101"),
        (&rules(&format!(r#"{{"Transfer": {{"percent": 256}}, {both}}}"#)), 422, "bad_routing", "256"),
        (&rules(&format!(r#"{{"Transfer": {{"percent": -1}}, {both}}}"#)), 422, "bad_routing", "-1"),
        (&rules(&format!(r#"{{"Transfer": {{"percent": 0.5}}, {both}}}"#)), 422, "bad_routing", "0.5"),
        (&rules(&format!(r#"{{"Transfer": {{}}, {both}}}"#)), 422, "bad_routing", "percent"),
        (&rules(&format!(r#"{{"Transfer": {{"percent": 1, "to": "bank-c"}}, {both}}}"#)), 422, "bad_routing", "`to`"),
        (
            &rules(&format!(r#"{{"Transfer": {{"percent": 1, "callers": ["x"]}}, {both}}}"#)),
            422,
            "bad_routing",
            "access file",
        ),
        (
            &rules(&format!(r#"{{"Transfer": {{"percent": 1}}, "Transfer": {{"percent": 99}}, {both}}}"#)),
            422,
            "duplicate_key",
            "Transfer",
        ),
        (
            &rules(&format!(r#"{{"BalanceInquiry": {{"percent": 1}}, "Transfer": null, {both}}}"#)),
            422,
            "bad_routing",
            "there are: HolderInquiry, Transfer",
        ),
        (&share(5).to_string().replace("a step", ""), 422, "no_note", "note"),
    ] {
        let (found, reply) = call(&bench, Method::PUT, ROUTING, body, &[]).await;
        assert_eq!((found.as_u16(), reply["code"].as_str()), (status, Some(code)), "{body}: {reply}");
        assert!(reply["detail"].as_str().unwrap().contains(says), "{body}: {reply}");
    }
    for (institution, status) in [("bank-b", 422), ("bank-c", 404)] {
        let path = ROUTING.replace("bank-a", institution);
        assert_eq!(call(&bench, Method::PUT, &path, &share(5).to_string(), &[]).await.0.as_u16(), status);
    }
    assert_eq!(bench.get(&ROUTING.replace("bank-a", "bank-b")).await.1["rules"], json!({}));
    assert_eq!(bench.get(ROUTING).await.1, before, "nothing was changed");
}

#[tokio::test]
async fn two_persons_do_not_undo_what_the_other_one_decided() {
    let other = bank(GOOD_BANK).await;
    let bench = Bench::of(GOOD_BANK, &tables(&other.address().to_string())).await;
    let (_, seen) = call(&bench, Method::GET, ROUTING, "", &[]).await;
    let tag = seen["tag"].as_str().unwrap();
    let first = call(&bench, Method::PUT, ROUTING, &share(1).to_string(), &[("if-match", tag)]).await;
    assert_eq!(first.0, StatusCode::OK, "{}", first.1);
    let second = call(&bench, Method::PUT, ROUTING, &share(50).to_string(), &[("if-match", tag)]).await;
    assert_eq!((second.0.as_u16(), &second.1["code"]), (412, &json!("routing_changed")), "{}", second.1);
    let third = call(&bench, Method::PUT, ROUTING, &share(50).to_string(), &[("if-match", "7")]).await;
    assert_eq!((third.0.as_u16(), &third.1["code"]), (422, &json!("bad_routing")));
    let now = bench.get(ROUTING).await.1;
    assert_eq!((&now["rules"]["Transfer"]["percent"], &now["revision"]), (&json!(1), &json!(1)));
    // What somebody else decided keeps its name and its time.
    let since = &now["rules"]["Transfer"]["changed"];
    let body = json!({
        "rules": { "Transfer": { "percent": 1 }, "HolderInquiry": { "percent": 11 } }, "note": "more inquiries", "person": "박",
    });
    let after = put(&bench, &body).await;
    assert_eq!(&after["rules"]["Transfer"]["changed"], since);
    assert_eq!(after["rules"]["HolderInquiry"]["changed"]["person"], "박");
    assert_eq!(after["rules"]["HolderInquiry"]["file"]["percent"], 10);
}

#[tokio::test]
async fn a_person_changes_by_which_value_a_rule_chooses() {
    let other = bank(GOOD_BANK).await;
    let bench = Bench::of(GOOD_BANK, &tables(&other.address().to_string())).await;
    let rule = |share: Json| json!({ "rules": { "Transfer": share, "HolderInquiry": null }, "note": "a step" });
    // Each request has a key of its own, and all have one account.
    let chosen = async |keys: &str| {
        let mut found = Vec::new();
        for number in 0..30 {
            let reply = pay(&bench, &format!("{keys}-{number}")).await;
            found.push(reply["institution"].as_str().unwrap().to_owned());
        }
        found.sort();
        found.dedup();
        found
    };
    let status = put(&bench, &rule(json!({ "percent": 50 }))).await;
    assert_eq!(status["rules"]["Transfer"]["sticky"], Json::Null);
    assert_eq!(chosen("by-key").await, ["bank-a", "bank-b"], "the idempotency key decides, as the file says");
    let status = put(&bench, &rule(json!({ "percent": 50, "sticky": "withdraw_account" }))).await;
    assert_eq!(status["rules"]["Transfer"]["sticky"], "withdraw_account");
    assert_eq!(chosen("by-account").await.len(), 1, "one account is at one side");
    // Who names only a percentage, such as the form of the console, leaves that as it is.
    let status = put(&bench, &rule(json!({ "percent": 40, "callers": [] }))).await;
    assert_eq!(status["rules"]["Transfer"]["sticky"], "withdraw_account");
    let status = put(&bench, &rule(json!({ "percent": 50, "sticky": null }))).await;
    assert_eq!(status["rules"]["Transfer"]["sticky"], Json::Null);
    assert_eq!(chosen("by-key-again").await, ["bank-a", "bank-b"]);
    put(&bench, &rule(json!({ "percent": 50, "sticky": "deposit_account" }))).await;
    let status = put(&bench, &rule(Json::Null)).await;
    assert_eq!(status["rules"]["Transfer"]["sticky"], Json::Null, "what the file says");
    for (path, why) in [
        ("payee", "`Transfer` has no field `payee` at a fixed place; name a field that is the same"),
        ("header.sent_date", "`header.sent_date` is filled by the gateway"),
        ("check_digits", "`check_digits` is computed from the rest"),
    ] {
        let body = rule(json!({ "percent": 50, "sticky": path })).to_string();
        let (status, problem) = call(&bench, Method::PUT, ROUTING, &body, &[]).await;
        assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("bad_routing")), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(why), "{problem}");
    }
    let (_, trail) = bench.get("/v1/audit?act=route&outcome=refused").await;
    assert_eq!(trail["entries"].as_array().unwrap().len(), 3, "{trail}");
    let (_, trail) = bench.get("/v1/audit?act=route&outcome=done&limit=3").await;
    assert!(trail["entries"][1]["about"].as_str().unwrap().contains("by deposit_account"), "{trail}");
}
