//! The interface to a running institution: what it shows, what it changes, and what it refuses.

use reqwest::{Client as Http, Method, StatusCode};
use serde_json::{Value as Json, json};
use tokio::net::TcpStream;

use super::bank::{ACCOUNTS, ELSEWHERE, PAYER, ask, fields};
use super::{Client, SESSIONLESS, scenario, spec, telegram};
use crate::simulate::{Rule, Simulator};

struct Api {
    client: Client,
    http: Http,
    url: String,
}

impl Api {
    /// An institution with its interface, and a client that is signed on.
    async fn of(text: &str) -> Self {
        let mut bank = Simulator::start(spec(), scenario(text), "127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", bank.serve_api("127.0.0.1:0").await.unwrap());
        let mut client = Client { stream: TcpStream::connect(bank.address()).await.unwrap(), bank };
        ask(&mut client, "SignOn", 999_999, json!({})).await;
        Self { client, http: Http::builder().no_proxy().build().unwrap(), url }
    }

    async fn call(&self, method: Method, path: &str, body: &str) -> (StatusCode, Json) {
        let request = self.http.request(method, format!("{}{path}", self.url)).body(body.to_owned());
        let response = request.send().await.unwrap();
        let status = response.status();
        let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        let text = response.text().await.unwrap();
        let expected = match status {
            StatusCode::NO_CONTENT => None,
            status if status.is_success() => Some("application/json"),
            _ => Some("application/problem+json"),
        };
        assert_eq!(kind.as_deref(), expected, "{path}: {text}");
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    async fn get(&self, path: &str) -> Json {
        let (status, reply) = self.call(Method::GET, path, "").await;
        assert_eq!(status, StatusCode::OK, "{reply}");
        reply
    }

    async fn put(&self, path: &str, body: &Json) -> (StatusCode, Json) {
        self.call(Method::PUT, path, &body.to_string()).await
    }

    /// Checks that a request is refused with this code and detail, as RFC 9457 says.
    async fn refuses(&self, method: Method, path: &str, body: &str, (status, code, detail): (u16, &str, &str)) {
        let (found, reply) = self.call(method, path, body).await;
        assert_eq!((found.as_u16(), &reply["code"]), (status, &json!(code)), "{reply}");
        assert!(reply["detail"].as_str().unwrap().contains(detail), "{reply}");
        assert_eq!((&reply["status"], &reply["type"]), (&json!(status), &json!(format!("/problems#{code}"))));
        let known = self.get("/problems").await["problems"].as_array().unwrap().clone();
        assert!(known.iter().any(|row| row["type"] == reply["type"] && row["title"] == reply["title"]));
    }

    async fn transfer(&mut self, trace: u32) -> String {
        let answer = ask(&mut self.client, "Transfer", trace, fields(PAYER, ELSEWHERE, 100, "a")).await;
        answer["header"]["response_code"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_rule_takes_effect_while_links_are_up_until_it_is_removed() {
    let mut api = Api::of(ACCOUNTS).await;
    let decline = json!({"telegram": "Transfer", "action": "decline", "set": {"header.response_code": "0003"}});
    assert_eq!(api.transfer(1).await, "0000");
    let (status, reply) = api.put("/v1/rules/closed", &decline).await;
    assert_eq!((status, &reply["rule"]["name"]), (StatusCode::CREATED, &json!("closed")));
    assert_eq!(api.transfer(2).await, "0003");
    let shown = api.get("/v1/rules/closed").await;
    assert_eq!((&shown["matches"], &shown["applied"], &shown["rule"]), (&json!(1), &json!(1), &reply["rule"]));
    assert_eq!(api.get("/v1/rules").await["rules"][0]["rule"]["name"], "closed", "a new rule is tried first");
    // The same name again replaces it at its place.
    assert_eq!(
        api.put("/v1/rules/rule-1", &json!({"telegram": "EchoTest", "action": "silence"})).await.0,
        StatusCode::OK
    );
    let rules = api.get("/v1/rules").await["rules"].clone();
    let names: Vec<_> = rules.as_array().unwrap().iter().map(|rule| rule["rule"]["name"].clone()).collect();
    assert_eq!(names, ["closed", "rule-1", "rule-2", "rule-3"].map(Json::from));
    assert_eq!(api.call(Method::DELETE, "/v1/rules/closed", "").await.0, StatusCode::NO_CONTENT);
    assert_eq!(api.transfer(3).await, "0000");
    api.refuses(Method::DELETE, "/v1/rules/closed", "", (404, "no_such_rule", "there is no rule \"closed\"")).await;
}

#[tokio::test]
async fn accounts_are_read_opened_changed_and_removed() {
    let mut api = Api::of(ACCOUNTS).await;
    let path = format!("/v1/accounts/{PAYER}");
    api.transfer(1).await;
    assert_eq!(api.get(&path).await["balance"], 10_000_000 - 600);
    assert_eq!(api.get("/v1/accounts").await["accounts"].as_array().unwrap().len(), 3);
    assert_eq!(api.put(&path, &json!({"balance": 50})).await.0, StatusCode::OK);
    assert_eq!(api.transfer(2).await, "0110");
    assert_eq!(api.put("/v1/accounts/77", &json!({"balance": 5, "stopped": true})).await.0, StatusCode::CREATED);
    assert_eq!(api.get("/v1/accounts/77").await["stopped"], true);
    assert_eq!(api.call(Method::DELETE, "/v1/accounts/77", "").await.0, StatusCode::NO_CONTENT);
    api.refuses(Method::GET, "/v1/accounts/77", "", (404, "no_such_account", "no account with this number")).await;
    let transactions = api.get("/v1/transactions?limit=10").await["transactions"].clone();
    let states: Vec<_> = transactions.as_array().unwrap().iter().map(|one| one["state"].clone()).collect();
    assert_eq!(states, ["declined", "done"]);
    assert_eq!((&transactions[1]["key"], &transactions[1]["fee"]), (&json!(["1", "2026-11-21"]), &json!(500)));
    // A reset takes everything back, and the link stays.
    assert_eq!(api.call(Method::POST, "/v1/reset", "").await.0, StatusCode::NO_CONTENT);
    assert_eq!(api.get(&path).await["balance"], 10_000_000);
    assert_eq!(api.transfer(1).await, "0000");
}

#[tokio::test]
async fn counts_say_what_it_received_and_did() {
    let mut api = Api::of(ACCOUNTS).await;
    api.transfer(1).await;
    api.transfer(1).await;
    api.client.send(&telegram("Transfer", 2, fields(PAYER, ELSEWHERE, 100, "무응답"))).await;
    api.client.send(b"0004????").await;
    ask(&mut api.client, "EchoTest", 3, json!({})).await;
    let counts = api.get("/v1/counts").await;
    assert_eq!(counts["received"], json!({"SignOn": 1, "Transfer": 3, "EchoTest": 1}));
    assert_eq!(counts["actions"], json!({"answer": 4, "silence": 1}));
    assert_eq!(counts["verdicts"], json!({"done": 2, "repeated": 1}));
    assert_eq!((&counts["unreadable"], &counts["ignored"]), (&json!(1), &json!(0)));
    assert_eq!(counts["rules"][0], json!({"name": "rule-1", "matches": 1, "applied": 1}));
    assert_eq!(api.get("/v1/institution").await["open_links"], 1);
}

#[tokio::test]
async fn a_notice_is_sent_when_somebody_asks_for_it() {
    let mut api = Api::of(ACCOUNTS).await;
    let body = json!({"set": {"account": PAYER, "amount": 50_000, "header.trace_no": "<sequence>"}}).to_string();
    assert_eq!(api.call(Method::POST, "/v1/notices/DepositNotice", &body).await.0, StatusCode::OK);
    let (name, notice) = api.client.next().await;
    assert_eq!((name.as_str(), &notice["amount"]), ("DepositNotice", &json!(50_000)));
    let unknown = "the spec bank-a has no telegram Deposit";
    api.refuses(Method::POST, "/v1/notices/Deposit", "", (422, "bad_body", unknown)).await;
    let closed = ask(&mut api.client, "SignOff", 9, json!({})).await;
    assert_eq!(closed["header"]["response_code"], "0000");
    api.refuses(Method::POST, "/v1/notices/DepositNotice", "", (409, "not_sent", "no link is open")).await;
}

#[tokio::test]
async fn the_clock_can_be_set_so_that_the_end_of_a_month_is_today() {
    let closed = "[[rules]]\ntelegram = \"Transfer\"\nat = { month_days = [-1], between = [\"23:50\", \"00:10\"] }\naction = \"decline\"\n\
                  set = { \"header.response_code\" = \"0003\", \"header.sent_date\" = \"<date>\" }\n[[rules]]";
    let text = ACCOUNTS.replacen("[session]", "[clock]\nbase = \"2027-01-31T12:00:00+09:00\"\n[session]", 1);
    let mut api = Api::of(&text.replacen("[[rules]]", closed, 1)).await;
    assert_eq!(api.transfer(1).await, "0000");
    let night = json!({"base": "2027-01-31T23:55:00+09:00", "speed": 1}).to_string();
    let (status, shown) = api.call(Method::PUT, "/v1/clock", &night).await;
    assert_eq!((status, &shown["date"]), (StatusCode::OK, &json!("2027-01-31")));
    let answer = ask(&mut api.client, "Transfer", 2, fields(PAYER, ELSEWHERE, 100, "a")).await;
    assert_eq!(
        (&answer["header"]["response_code"], &answer["header"]["sent_date"]),
        (&json!("0003"), &json!("2027-01-31"))
    );
    api.put("/v1/clock", &json!({"base": "2027-02-01T00:05:00+09:00"})).await;
    assert_eq!(api.transfer(3).await, "0000", "it is no longer the last day");
    assert_eq!(api.get("/v1/clock").await["now"].as_str().unwrap()[..16], *"2027-01-31T15:05");
    api.refuses(Method::PUT, "/v1/clock", "{\"base\": \"tomorrow\"}", (422, "bad_body", "a time is written")).await;
    api.refuses(Method::PUT, "/v1/clock", "{\"sped\": 2}", (422, "bad_body", "did you mean `speed`?")).await;
}

#[tokio::test]
async fn mistakes_are_told_as_those_of_a_scenario() {
    let api = Api::of(ACCOUNTS).await;
    let rule = "/v1/rules/x";
    let mistake = r#"{"telegram": "Transfers", "acton": "silence"}"#;
    api.refuses(Method::PUT, rule, mistake, (422, "bad_body", "did you mean `action`?")).await;
    api.refuses(Method::PUT, rule, mistake, (422, "bad_body", "did you mean `Transfer`?")).await;
    api.refuses(Method::PUT, rule, "{", (400, "not_json", "EOF")).await;
    api.refuses(Method::PUT, rule, "[]", (400, "not_json", "not an object")).await;
    let deep = "[".repeat(5000);
    api.refuses(Method::PUT, rule, &deep, (400, "not_json", "recursion limit")).await;
    api.refuses(Method::PUT, rule, &"x".repeat(70_000), (413, "body_too_large", "65536")).await;
    api.refuses(Method::PUT, "/v1/rules/a%20b", r#"{"action": "lost"}"#, (422, "bad_body", "no name for a rule")).await;
    api.refuses(Method::PUT, "/v1/rules/%ff", "{}", (400, "bad_path", "UTF-8")).await;
    api.refuses(Method::PUT, "/v1/accounts/9", r#"{"balance": 1.5}"#, (422, "bad_body", "a whole number")).await;
    api.refuses(Method::GET, "/v1/transactions?limit=0", "", (400, "bad_path", "must be 1 to 1000")).await;
    api.refuses(Method::GET, "/v1/transactions?limt=1", "", (400, "bad_path", "limt")).await;
    api.refuses(Method::GET, "/v2", "", (404, "no_such_route", "nothing at /v2")).await;
    api.refuses(Method::POST, "/v1/rules", "", (405, "method_not_allowed", "does not take POST")).await;
    let page = api.http.get(format!("{}/v1/rules", api.url)).header("origin", "http://example.com").send();
    assert_eq!(page.await.unwrap().status(), StatusCode::FORBIDDEN);
    let named = api.http.get(format!("{}/v1/rules", api.url)).header("host", "bank.example.com").send();
    assert_eq!(named.await.unwrap().status(), StatusCode::FORBIDDEN);
    let without = Api::of(&format!("{SESSIONLESS}[session]\nopen = \"SignOn\"\n")).await;
    without.refuses(Method::GET, "/v1/accounts", "", (404, "no_bank", "no [bank]")).await;
    let full = (409, "full", "accounts_max");
    let small = Api::of(&ACCOUNTS.replacen("[bank.verdicts]", "[bank]\naccounts_max = 3\n[bank.verdicts]", 1)).await;
    small.refuses(Method::PUT, "/v1/accounts/9", "{}", full).await;
}

#[test]
fn a_rule_that_is_shown_can_be_put_back() {
    let example = scenario(include_str!("../../../scenario.example.toml"));
    let nasty = scenario(include_str!("../../../specs/bank-a/scenarios/nasty.toml"));
    for rule in example.rules.iter().chain(&nasty.rules) {
        let shown = rule.to_json();
        let text = crate::simulate::api::lines(shown.as_object().unwrap()).unwrap();
        let source = fep_spec::report::Source::new("the body", text);
        let read = Rule::read(source, &example, &spec()).unwrap_or_else(|report| panic!("{report}"));
        // The order of the keys is another one.
        assert_eq!(read.to_json(), shown);
        assert_eq!((&read.action, &read.delay, read.set.len()), (&rule.action, &rule.delay, rule.set.len()));
    }
}
