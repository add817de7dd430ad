//! What each client may do: by its token, action, institution and telegram. Rights change without a restart.

use std::process::Command;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value as Json, json};

use crate::harness::{Bench, GOOD_BANK, transfer};

/// The token of each client is its name. The hashes are those of `printf %s NAME | sha256sum`.
pub(crate) const ACCESS: &str = r#"
[clients.orders]
tokens = ["sha256:1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719"]
may = [{ actions = ["send"], institutions = ["bank-a"], telegrams = ["Transfer"] }]
[clients.reader]
tokens = ["sha256:3d0941964aa3ebdcb00ccef58b1bb399f9f898465e9886d5aec7f31090a0fb30"]
may = [{ actions = ["read"] }]
[clients.auditor]
tokens = ["sha256:c5a62ce3fa7f6d86af0009389ccd815277691ea64da0c5c98e302bb13dd59248"]
may = [{ actions = ["read", "reveal"] }]
[clients.kim]
tokens = ["sha256:26ae784d194a5760464348329af4eb9fca2b27bbf823742c968a61543e3a1153"]
may = [{ actions = ["read", "operate", "settle"], institutions = ["bank-a"] }]
[clients.office]
tokens = ["sha256:5cc3f82838ba7260203e4590ce03d00e1663d41f6a5167144f5c95d6be2166a0"]
may = [{ actions = ["send", "read", "operate", "settle"] }]
[clients.nobody]
tokens = ["sha256:6382b3cc881412b77bfcaeed026001c00d9e3025e66c20f6e7e92f079851462a"]
may = []
"#;

const TRANSFER: &str = "/v1/institutions/bank-a/exchanges/Transfer";

/// The status and the JSON of a request of this client.
async fn call(bench: &Bench, token: &str, method: Method, path: &str, body: &Json) -> (StatusCode, Json) {
    let mut request = bench.client.request(method.clone(), format!("{}{path}", bench.url));
    if !token.is_empty() {
        request = request.bearer_auth(token);
    }
    if method != Method::GET {
        request = request.body(body.to_string());
    }
    let response = request.send().await.unwrap();
    let status = response.status();
    if status == StatusCode::UNAUTHORIZED {
        assert_eq!(response.headers()["www-authenticate"], "Bearer realm=\"fep-gateway\"");
    }
    (status, response.json().await.unwrap_or_default())
}

async fn get(bench: &Bench, token: &str, path: &str) -> (StatusCode, Json) {
    call(bench, token, Method::GET, path, &Json::Null).await
}

async fn pays(bench: &Bench, token: &str, memo: &str) -> (StatusCode, Json) {
    call(bench, token, Method::POST, TRANSFER, &transfer(memo)).await
}

#[tokio::test]
async fn every_route_needs_a_token_and_a_right_or_shows_nothing() {
    let bench = Bench::with_access(GOOD_BANK, "", ACCESS).await;
    let (_, paid) = pays(&bench, "orders", "silence").await;
    let id = paid["exchange"].as_str().unwrap();
    // `.route("/v1/lines", get(health::lines))`
    let routes = include_str!("../../src/http.rs").split(".route(\"").skip(1);
    let routes = routes.filter_map(|rest| rest.split_once("\", ")?.1.split_once('(').zip(rest.split_once('"')));
    let open = ["/healthz", "/readyz", "/problems", "/problems/{code}"];
    let mut closed = 0;
    for ((method, _), (path, _)) in routes.filter(|(_, (path, _))| !open.contains(path)) {
        let method: Method = method.to_uppercase().parse().unwrap();
        let place = path.replace("{institution}", "bank-a").replace("{telegram}", "Transfer").replace("{line}", "main");
        let place = place.replace("{id}", id).replace("{reconciliation}", "transfers").replace("{date}", "2026-11-26");
        let report = json!({
            "institution": "bank-a", "telegram": "Transfer", "state": "running",
            "requests": 1, "done": 0, "failed": 0, "unknown": 0, "in_flight": 1,
        });
        let body = if method == Method::PUT { report } else { json!({ "decision": "trip", "note": "a note" }) };
        for unknown in ["", "wrong"] {
            let (status, problem) = call(&bench, unknown, method.clone(), &place, &body).await;
            assert_eq!((status.as_u16(), &problem["code"]), (401, &json!("unauthenticated")), "{path}");
        }
        let (status, shown) = call(&bench, "nobody", method, &place, &body).await;
        match path {
            // What a client may not read is left out.
            "/v1/lines" => assert_eq!(shown, json!({ "lines": [] })),
            "/v1/institutions" => assert_eq!(shown, json!({ "institutions": [] })),
            "/v1/overview" => assert_eq!(shown["institutions"], json!([])),
            "/v1/streams" => assert_eq!(shown, json!({ "streams": [] })),
            // What the gateway can do is no secret for its clients, nor what they may do, nor the time.
            "/openapi.json" | "/v1/session" | "/v1/clock" => assert_eq!(status, StatusCode::OK),
            // There is no such notice, and there are no alarms.
            "/v1/alarms" | "/v1/notices/{id}" | "/v1/notices/{id}/delivery" => {
                assert_eq!(status, StatusCode::NOT_FOUND)
            }
            _ => {
                assert_eq!((status.as_u16(), &shown["code"]), (403, &json!("forbidden")), "{path}: {shown}");
                closed += 1;
            }
        }
    }
    assert!(closed >= 10, "{closed}");
    let (status, refused) = call(&bench, "office", Method::POST, "/v1/reload", &json!({ "note": "a note" })).await;
    assert_eq!((status.as_u16(), &refused["action"]), (403, &json!("configure")), "{refused}");
    assert_eq!(get(&bench, "", "/healthz").await.0, StatusCode::OK);
    assert_eq!(get(&bench, "", "/problems/forbidden").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_service_sends_what_it_may_and_sees_its_own_exchanges() {
    let bench = Bench::with_access(GOOD_BANK, "", ACCESS).await;
    let (status, paid) = pays(&bench, "orders", "rent").await;
    assert_eq!((status, &paid["client"]), (StatusCode::OK, &json!("orders")), "{paid}");
    assert_eq!(paid["answer"]["fields"]["payee_name"], "홍길동", "its own answer is whole");
    let inquiry = json!({ "account": "1002345678901" });
    let path = "/v1/institutions/bank-a/exchanges/BalanceInquiry";
    let (status, problem) = call(&bench, "orders", Method::POST, path, &inquiry).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(problem["detail"], "orders has no right to send BalanceInquiry of bank-a");
    assert_eq!(pays(&bench, "reader", "rent").await.0, StatusCode::FORBIDDEN);

    let one = format!("/v1/exchanges/{}", paid["exchange"].as_str().unwrap());
    for (token, expected) in
        [("orders", "홍길동"), ("reader", "<secret>"), ("kim", "<secret>"), ("auditor", "<secret>")]
    {
        let (status, seen) = get(&bench, token, &one).await;
        assert_eq!((status, &seen["answer"]["fields"]["payee_name"]), (StatusCode::OK, &json!(expected)), "{token}");
    }
    assert_eq!(get(&bench, "orders", "/v1/exchanges").await.0, StatusCode::FORBIDDEN, "a list needs the right to read");
    let (_, list) = get(&bench, "reader", "/v1/exchanges").await;
    assert_eq!(list["exchanges"][0]["client"], "orders");
    // A list of everything needs the right to everything.
    assert_eq!(get(&bench, "kim", "/v1/exchanges").await.0, StatusCode::FORBIDDEN);
    assert_eq!(get(&bench, "kim", "/v1/exchanges?institution=bank-a").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_decision_has_the_name_of_its_client_and_of_the_person_for_whom_it_speaks() {
    let bench = Bench::with_access(GOOD_BANK, "[institutions.bank-a.breaker]", ACCESS).await;
    let trip = |person: Option<&str>| {
        let mut body = json!({ "decision": "trip", "note": "maintenance" });
        person.into_iter().for_each(|person| body["person"] = json!(person));
        body
    };
    let path = "/v1/institutions/bank-a/breaker";
    assert_eq!(call(&bench, "reader", Method::POST, path, &trip(None)).await.0, StatusCode::FORBIDDEN);
    for (person, expected) in [(None, "kim"), (Some("이지은"), "이지은 by kim")] {
        let (status, state) = call(&bench, "kim", Method::POST, path, &trip(person)).await;
        assert_eq!((status, &state["breakers"][0]["person"]), (StatusCode::OK, &json!(expected)));
        call(&bench, "kim", Method::POST, path, &json!({ "decision": "reset" })).await;
    }
}

#[tokio::test]
async fn tokens_and_rights_change_without_a_restart_and_a_file_with_mistakes_changes_nothing() {
    let bench = Bench::with_access(GOOD_BANK, "", ACCESS).await;
    let events = bench.client.get(format!("{}/v1/events", bench.url)).bearer_auth("reader").send().await.unwrap();
    assert_eq!(events.status(), StatusCode::OK);
    bench.give_access("[clients.reader]\ntokens = [\"oops\"]\n");
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(get(&bench, "reader", "/v1/lines").await.0, StatusCode::OK, "rights stay as they were");
    // Others can write the next file, until its permissions change. Neither its time nor its length does then.
    bench.permit_access(0o666);
    // The hash of `new`.
    let renewed = ACCESS.replace(
        "sha256:3d0941964aa3ebdcb00ccef58b1bb399f9f898465e9886d5aec7f31090a0fb30",
        "sha256:11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437",
    );
    bench.give_access(&renewed);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(get(&bench, "reader", "/v1/lines").await.0, StatusCode::OK, "a file that others can write is not used");
    bench.permit_access(0o600);
    let changed = async {
        while get(&bench, "reader", "/v1/lines").await.0 != StatusCode::UNAUTHORIZED {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), changed).await.unwrap();
    assert_eq!(get(&bench, "new", "/v1/lines").await.0, StatusCode::OK);
    let ended = tokio::time::timeout(Duration::from_secs(10), events.text()).await;
    assert!(ended.is_ok(), "the stream of the former token ends");
}

#[tokio::test]
async fn a_browser_has_a_session_in_place_of_a_token() {
    let bench = Bench::with_access(GOOD_BANK, "", ACCESS).await;
    let session = |method: Method| bench.client.request(method, format!("{}/v1/session", bench.url));
    let begun = session(Method::POST).bearer_auth("kim").send().await.unwrap();
    let cookie = begun.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let state: Json = begun.json().await.unwrap();
    assert_eq!(state["client"], "kim");
    assert_eq!(
        state["may"][0],
        json!({ "actions": ["read", "operate", "settle"], "institutions": ["bank-a"], "telegrams": null, "streams": [] })
    );
    let csrf = state["csrf"].as_str().unwrap().to_owned();
    let shown: Json = session(Method::GET).header("cookie", &cookie).send().await.unwrap().json().await.unwrap();
    assert_eq!(shown, state, "the page asks after each load");

    let block = async |csrf: Option<&str>| {
        let body = json!({ "decision": "block", "note": "maintenance" }).to_string();
        let mut request = bench.client.post(format!("{}/v1/institutions/bank-a/business", bench.url));
        request = request.header("cookie", &cookie).body(body);
        if let Some(csrf) = csrf {
            request = request.header("x-csrf-token", csrf);
        }
        let response = request.send().await.unwrap();
        (response.status(), response.json::<Json>().await.unwrap())
    };
    for wrong in [None, Some("fep_0")] {
        let (status, problem) = block(wrong).await;
        assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("csrf")), "{wrong:?}");
    }
    assert_eq!(block(Some(&csrf)).await.0, StatusCode::OK);

    let again = session(Method::POST).header("cookie", &cookie).header("x-csrf-token", &csrf).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::CONFLICT, "a session begins with a token");
    let left = session(Method::DELETE).header("cookie", &cookie).header("x-csrf-token", &csrf).send().await.unwrap();
    assert_eq!(left.status(), StatusCode::OK);
    let gone = session(Method::GET).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_ends_with_its_token() {
    let bench = Bench::with_access(GOOD_BANK, "", ACCESS).await;
    let begun = bench.client.post(format!("{}/v1/session", bench.url)).bearer_auth("reader").send().await.unwrap();
    let cookie = begun.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let reads = async || {
        let request = bench.client.get(format!("{}/v1/lines", bench.url)).header("cookie", &cookie);
        request.send().await.unwrap().status()
    };
    assert_eq!(reads().await, StatusCode::OK);
    let without: String =
        ACCESS.split("[clients.").filter(|client| !client.starts_with("reader")).collect::<Vec<_>>().join("[clients.");
    bench.give_access(&without);
    let ended = async {
        while reads().await != StatusCode::UNAUTHORIZED {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), ended).await.unwrap();
}

#[test]
fn the_command_makes_a_token_and_its_hash() {
    let output = Command::new(env!("CARGO_BIN_EXE_fep-gateway")).arg("new-token").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let value = |line: &str, name: &str| {
        line.strip_prefix(name).unwrap().trim_matches(|quote| " =\"".contains(quote)).to_owned()
    };
    let mut lines = text.lines();
    let token = value(lines.next().unwrap(), "token");
    let hash = value(lines.next().unwrap(), "hash");
    let sum = Command::new("sh").args(["-c", &format!("printf %s {token} | sha256sum")]).output().unwrap();
    let sum = String::from_utf8(sum.stdout).unwrap();
    assert_eq!(hash, format!("sha256:{}", &sum[..64]));
}

#[tokio::test]
async fn only_who_presents_a_token_is_told_that_it_has_ended() {
    let bench = Bench::with_access(GOOD_BANK, "", ACCESS).await;
    assert_eq!(get(&bench, "reader", "/v1/lines").await.0, StatusCode::OK);
    let hash = "sha256:3d0941964aa3ebdcb00ccef58b1bb399f9f898465e9886d5aec7f31090a0fb30";
    let ended = ACCESS.replace(&format!("\"{hash}\""), &format!("{{ hash = \"{hash}\", until = \"2026-01-31\" }}"));
    bench.give_access(&ended);
    let refused = async {
        loop {
            let (status, problem) = get(&bench, "reader", "/v1/lines").await;
            if status != StatusCode::OK {
                return (status, problem);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let (status, problem) =
        tokio::time::timeout(Duration::from_secs(10), refused).await.expect("the file is read again");
    assert_eq!((status, &problem["code"]), (StatusCode::UNAUTHORIZED, &json!("token_expired")), "{problem}");
    assert_eq!(problem["last_day"], "2026-01-31");
    let (_, problem) = get(&bench, "reader2", "/v1/lines").await;
    assert_eq!(problem["code"], "unauthenticated", "{problem}");
    assert!(!problem.to_string().contains("2026-01-31"), "{problem}");
    // What needs no token needs none now either, and other clients are as before.
    assert_eq!(get(&bench, "reader", "/healthz").await.0, StatusCode::OK);
    assert_eq!(get(&bench, "auditor", "/v1/lines").await.0, StatusCode::OK);
    bench.give_access(&ended.replace("2026-01-31", "2999-12-31"));
    let again = async {
        while get(&bench, "reader", "/v1/lines").await.0 != StatusCode::OK {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), again).await.expect("a later day is read");
}
