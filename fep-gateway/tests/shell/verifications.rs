//! What verifications found reaches people: a webhook, and a gateway that keeps it. What is compared is tested in `tests/engine`.

use std::collections::BTreeSet;
use std::time::Duration;

use fep_gateway::simulate::Simulator;
use fep_gateway::verify::{self, Plan, Report};
use reqwest::{Method, StatusCode};
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::alarms::Receiver;
use crate::harness::{Bench, GOOD_BANK, SECRETS, bank};

/// The token of each client is its name.
pub(crate) const ACCESS: &str = r#"
[clients.nightly-run]
tokens = ["sha256:961b660f1b9a0b203d8fbcf0123928bfc511cdf6822b24c7d399860a5f03c4ec"]
may = [{ actions = ["verify"], institutions = ["bank-a"] }]
[clients.reader]
tokens = ["sha256:3d0941964aa3ebdcb00ccef58b1bb399f9f898465e9886d5aec7f31090a0fb30"]
may = [{ actions = ["read", "send"] }]
"#;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A gateway with a recorded inquiry, a candidate that shows another balance, and a plan to compare both.
struct Night {
    bench: Bench,
    _candidate: Simulator,
}

impl Night {
    /// `tables` stand in the plan in front of `[reads]`.
    async fn of(tables: &str) -> Self {
        let bench = Bench::with_access(GOOD_BANK, "", ACCESS).await;
        let candidate = bank(&GOOD_BANK.replace("balance = 5000", "balance = 6000")).await;
        let own = std::fs::read_to_string(bench.file("gateway.toml")).unwrap();
        let address = bench.bank.as_ref().unwrap().address().to_string();
        let other = own.replace(&address, &candidate.address().to_string());
        std::fs::write(bench.file("candidate.toml"), other).unwrap();
        for (name, text) in [("hook.secret", SECRET), ("verify.token", "nightly-run\n")] {
            private(&bench, name, text);
        }
        let night = Self { bench, _candidate: candidate };
        night.plan(tables);
        let body = json!({ "account": "1002345678901", "balance": 0, "available": 0 });
        let path = "/v1/institutions/bank-a/exchanges/BalanceInquiry";
        let headers = [("authorization", "Bearer reader")];
        let (status, reply) = night.bench.post(path, body.to_string(), &headers).await;
        assert_eq!(status, 200, "{reply}");
        // A request is asked again when it is a second older than its time-out.
        tokio::time::sleep(Duration::from_millis(1900)).await;
        night
    }

    fn plan(&self, tables: &str) {
        let tables = tables.replace("@gateway@", &self.bench.url);
        let text = format!(
            r#"config = "gateway.toml"
name = "nightly"
{tables}
[reads]
folder = "runs"
inquiries = {{ BalanceInquiry = 100 }}
moves_no_money = ["BalanceInquiry"]
candidate = {{ config = "candidate.toml" }}
"#
        );
        std::fs::write(self.bench.file("verify.toml"), text).unwrap();
    }

    fn load(&self) -> Plan {
        Plan::load(&self.bench.file("verify.toml")).unwrap_or_else(|error| panic!("{error}"))
    }

    async fn run(&self) -> Report {
        verify::reads(&self.load(), None, CancellationToken::new()).await.unwrap()
    }

    async fn tell(&self, report: &Report) -> Vec<String> {
        verify::tell(&self.load(), report, &CancellationToken::new()).await
    }

    fn waiting(&self) -> BTreeSet<String> {
        let Ok(folder) = std::fs::read_dir(self.bench.file("runs/untold")) else { return BTreeSet::new() };
        folder.map(|file| file.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }

    async fn seen(&self, path: &str) -> Json {
        let (status, seen) = call(&self.bench, "reader", Method::GET, path, &Json::Null).await;
        assert_eq!(status, 200, "{seen}");
        seen
    }
}

/// Writes a file that only its owner may read.
fn private(bench: &Bench, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(bench.file(name), text).unwrap();
    std::fs::set_permissions(bench.file(name), std::fs::Permissions::from_mode(0o600)).unwrap();
}

pub(crate) async fn call(bench: &Bench, token: &str, method: Method, path: &str, body: &Json) -> (StatusCode, Json) {
    let request = bench.client.request(method.clone(), format!("{}{path}", bench.url)).bearer_auth(token);
    let request = if method == Method::GET { request } else { request.body(body.to_string()) };
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_and_a_gateway_hear_of_a_run_once() {
    // One that fails and one that points elsewhere are asked again.
    let (receiver, hook) = Receiver::start(&[500, 307]).await;
    let webhook = format!("[webhook]\ncallback = \"{hook}\"\ncallback_secrets = \"hook.secret\"\n");
    let tell = "[tell]\ngateway = \"@gateway@\"\ntoken_file = \"verify.token\"\n";
    let night = Night::of(&format!("{webhook}{tell}")).await;
    let report = night.run().await;
    assert_eq!((report.passed, report.compared), (false, 1), "{report:?}");
    // It waits before anybody was told, so a crash now loses nothing.
    assert_eq!(night.waiting().len(), 2);
    assert_eq!(night.tell(&report).await, Vec::<String>::new());
    assert_eq!(night.waiting(), BTreeSet::new());
    let posted = receiver.posted();
    let ids: BTreeSet<&str> = posted.iter().map(|(headers, _)| headers["webhook-id"].as_str()).collect();
    assert_eq!((posted.len(), ids.len()), (3, 1), "{ids:?}");
    let (headers, body) = &posted[2];
    assert!(headers["webhook-signature"].starts_with("v1,"), "{headers:?}");
    assert_eq!((&body["id"], &body["version"]), (&json!(headers["webhook-id"]), &json!(1)));
    let run = body["run"].as_str().unwrap();
    let finding = &body["report"]["findings"][0];
    assert_eq!([&finding["path"], &finding["old"], &finding["new"]], ["balance", "5000", "6000"], "{finding}");

    let list = night.seen("/v1/verifications").await;
    let own = &list["verifications"][0];
    assert_eq!([&own["institution"], &own["verification"]], ["bank-a", "nightly"], "{list}");
    let told = &own["runs"][0];
    assert_eq!([&told["run"], &told["client"]], [run, "nightly-run"]);
    assert_eq!([&told["counts"]["passed"], &told["counts"]["compared"]], [&json!(false), &json!(1)]);
    let path = format!("/v1/verifications/bank-a/nightly/{run}");
    let detail = night.seen(&path).await;
    assert_eq!(&detail["findings"], &body["report"]["findings"]);
    let exchange = detail["findings"][0]["exchange"].as_str().unwrap().to_owned();
    assert_eq!(night.seen(&format!("/v1/exchanges/{exchange}")).await["outcome"], "answered");
    let all = format!("{list}{detail}{body}");
    assert!(SECRETS.iter().all(|secret| !all.contains(secret)), "{all}");

    // Told again it is the same run; the next one is another.
    assert_eq!(night.tell(&report).await, Vec::<String>::new());
    assert_eq!(night.seen("/v1/verifications").await["verifications"][0]["runs"].as_array().unwrap().len(), 1);
    let next = night.run().await;
    assert_eq!(night.tell(&next).await, Vec::<String>::new());
    let runs = night.seen("/v1/verifications").await["verifications"][0]["runs"].clone();
    assert_eq!(runs.as_array().unwrap().len(), 2);
    assert_eq!((&runs[0]["counts"]["compared"], &runs[1]["run"]), (&json!(0), &json!(run)));
    let metrics = call_text(&night.bench, "/metrics").await;
    for line in ["fep_verification_passed", "fep_verification_unexplained"] {
        let line = format!("{line}{{institution=\"bank-a\",verification=\"nightly\",kind=\"reads\"}} 0\n");
        assert!(metrics.contains(&line), "{line} is missing");
    }
}

async fn call_text(bench: &Bench, path: &str) -> String {
    let request = bench.client.get(format!("{}{path}", bench.url)).bearer_auth("reader");
    request.send().await.unwrap().text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_receivers_did_not_take_waits_and_the_next_run_tells_it() {
    // It accepts connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let slow = format!("callback = \"http://{}/\"\ntimeout_ms = 100", silent.local_addr().unwrap());
    let tell = "[tell]\ngateway = \"@gateway@\"\ntoken_file = \"verify.token\"\n";
    let night = Night::of(&format!("[webhook]\n{slow}\n{tell}")).await;
    private(&night.bench, "verify.token", "another-token\n");
    let report = night.run().await;
    let untold = night.tell(&report).await;
    assert_eq!(untold.len(), 2, "{untold:?}");
    assert!(
        untold[0].contains("did not answer within 100 ms, 4 times. Runs that wait: 1. The next run tells them"),
        "{untold:?}"
    );
    assert!(untold[1].contains("it answered 401 Unauthorized"), "{untold:?}");
    assert!(untold.iter().all(|why| !why.contains("another-token")), "{untold:?}");
    assert_eq!(night.waiting().len(), 2);
    let metrics = std::fs::read_to_string(night.bench.file("runs/untold.prom")).unwrap();
    let waiting = "fep_verify_untold{institution=\"bank-a\",verification=\"nightly\",state=\"waiting\"} 2\n";
    assert!(metrics.contains(waiting), "{metrics}");
    let mode = std::fs::metadata(night.bench.file("runs/untold.prom")).unwrap().permissions();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o444, 0o444, "a collector has another user");

    // The next night they are there again. What a crash has left of a file is named.
    let (receiver, hook) = Receiver::start(&[]).await;
    private(&night.bench, "verify.token", "nightly-run\n");
    night.plan(&format!("[webhook]\ncallback = \"{hook}\"\n{tell}"));
    std::fs::write(night.bench.file("runs/untold/2000~nightly~webhook.json"), "{\"inst").unwrap();
    let next = night.run().await;
    let said = night.tell(&next).await;
    assert!(said.len() == 1 && said[0].ends_with("2000~nightly~webhook.json: no run can be read there"), "{said:?}");
    let runs: Vec<Json> = receiver.posted().iter().map(|(_, body)| body["run"].clone()).collect();
    assert_eq!(runs.len(), 2);
    let kept = night.seen("/v1/verifications").await["verifications"][0]["runs"].clone();
    assert_eq!([&kept[1]["run"], &kept[0]["run"]], [&runs[0], &runs[1]], "the oldest is told first");
    assert_eq!(night.waiting().len(), 1);

    // One that the gateway will never take stays, and does not hold back those behind it.
    std::fs::remove_file(night.bench.file("runs/untold/2000~nightly~webhook.json")).unwrap();
    let next = night.run().await;
    let name = night.waiting().into_iter().find(|name| name.ends_with("~gateway.json")).unwrap();
    let path = night.bench.file(&format!("runs/untold/{name}"));
    let mut bad: Json = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    bad["run"] = json!("0-bad");
    bad["report"]["counts"]["same"] = json!(7);
    std::fs::write(night.bench.file("runs/untold/0-bad~nightly~gateway.json"), bad.to_string()).unwrap();
    let said = night.tell(&next).await;
    assert!(said.len() == 1 && said[0].contains("refused the run 0-bad for good: it answered 422"), "{said:?}");
    assert_eq!(night.waiting(), BTreeSet::from(["0-bad~nightly~gateway.refused".to_owned()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_run_that_is_never_taken_holds_back_no_other_and_a_folder_that_fails_hides_nothing() {
    // The oldest run is refused each time: four times, and once in the next night. All others are taken.
    let (receiver, hook) = Receiver::start(&[400; 4]).await;
    let tables = format!("[webhook]\ncallback = \"{hook}\"\n");
    let night = Night::of(&tables).await;
    let report = night.run().await;
    let said = night.tell(&report).await;
    assert!(said.len() == 1 && said[0].contains("answered 400") && said[0].contains("Runs that wait: 1"), "{said:?}");
    let digest = night.load().digest;
    receiver.answers(&[400; 4]);
    let next = night.run().await;
    let said = night.tell(&next).await;
    assert!(said.len() == 1 && said[0].contains("Runs that wait: 1"), "{said:?}");
    let told = receiver.posted().last().unwrap().1["run"].clone();
    assert_ne!(told, receiver.posted()[0].1["run"], "the next run is told");

    // Another name leaves it behind, which is said. It is no other plan: only who is told has changed.
    let renamed = std::fs::read_to_string(night.bench.file("verify.toml")).unwrap().replace("nightly", "weekly");
    std::fs::write(night.bench.file("verify.toml"), renamed).unwrap();
    assert_eq!(night.load().digest, digest);
    let last = night.run().await;
    let said = night.tell(&last).await;
    assert!(
        said.len() == 1 && said[0].contains("runs wait that this plan does not tell: nightly for the webhook"),
        "{said:?}"
    );
    let metrics = std::fs::read_to_string(night.bench.file("runs/untold.prom")).unwrap();
    assert!(metrics.contains("verification=\"nightly\",state=\"waiting\"} 1\n"), "{metrics}");
    assert!(metrics.contains("verification=\"weekly\",state=\"waiting\"} 0\n"), "{metrics}");

    // Nothing can be kept: the report is there, it does not pass, and the webhook hears of it.
    std::fs::remove_dir_all(night.bench.file("runs/untold")).unwrap();
    std::fs::write(night.bench.file("runs/untold"), "in the way").unwrap();
    let count = receiver.posted().len();
    let unkept = night.run().await;
    assert!(
        !unkept.passed && unkept.summary.starts_with("it does not count, because the folder"),
        "{}",
        unkept.summary
    );
    let said = night.tell(&unkept).await;
    assert!(said.len() == 1 && said[0].starts_with("the folder of the plan: "), "{said:?}");
    assert_eq!(receiver.posted().len(), count + 1);
}

/// When the runs of tests are made: 2026-01-01 in UTC, in milliseconds since 1970.
const NIGHT_MS: i64 = 1_767_225_600_000;

/// A report that passed.
pub(crate) fn passed() -> Json {
    json!({
        "counts": {
            "kind": "reads", "of": "bank-b", "made_at_ms": NIGHT_MS, "since_ms": NIGHT_MS - 2, "until_ms": NIGHT_MS - 1, "passed": true, "whole": true,
            "summary": "3 compared, zero unexplained", "compared": 3, "same": 3, "failed": 0, "unexplained": 0,
            "explained": 0, "compared_clean": 3, "compared_min": 1,
        },
        "findings": [],
        "more_findings": 0,
    })
}

/// What is no report, or none of a run that can have been.
fn no_reports() -> Vec<Json> {
    let more = {
        let mut report = passed();
        report["more"] = json!(1);
        report
    };
    let changed = |(place, value): (&str, Json)| {
        let mut report = passed();
        *report.pointer_mut(place).unwrap() = value;
        report
    };
    let changes = [
        ("/counts/compared", json!(-1)),
        ("/counts/unexplained", json!(1)),
        ("/counts/summary", json!("a\nb")),
        ("/counts/summary", json!("a\u{202e}b")),
        ("/counts/summary", json!("")),
        ("/counts/made_at_ms", json!(i64::MAX)),
        ("/counts/until_ms", json!(1)),
        ("/counts/compared_min", json!(4)),
        ("/counts/of", json!("x".repeat(301))),
        ("/findings", json!(vec![json!({}); 3])),
        ("/more_findings", json!(1)),
    ];
    changes.map(changed).into_iter().chain([json!([]), more]).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_checked_and_bounded_and_only_who_may_tells_it() {
    let bench = Bench::with_access(GOOD_BANK, "", ACCESS).await;
    let path = "/v1/verifications/bank-a/nightly/one";
    let put = async |path: &str, body: &Json| {
        let (status, reply) = call(&bench, "nightly-run", Method::PUT, path, body).await;
        (status.as_u16(), reply["code"].as_str().unwrap_or_default().to_owned())
    };
    let refused = |status: u16, code: &str| (status, code.to_owned());
    let changed = |change: &dyn Fn(&mut Json)| {
        let mut body = passed();
        change(&mut body);
        body
    };
    for body in no_reports() {
        assert_eq!(put(path, &body).await, refused(422, "bad_report"), "{body}");
    }
    for name in ["bank-a/a%20b/one", "bank-a/.a/one", "bank-a/nightly/%0a", &format!("bank-a/{}/one", "n".repeat(61))] {
        assert_eq!(put(&format!("/v1/verifications/{name}"), &passed()).await, refused(422, "bad_report"), "{name}");
    }
    assert_eq!(put("/v1/verifications/bank-x/nightly/one", &passed()).await, refused(403, "forbidden"));
    let (status, reply) = call(&bench, "reader", Method::PUT, path, &passed()).await;
    assert_eq!((status.as_u16(), &reply["code"], &reply["action"]), (403, &json!("forbidden"), &json!("verify")));
    let (status, reply) = call(&bench, "nightly-run", Method::GET, "/v1/verifications", &Json::Null).await;
    assert_eq!((status.as_u16(), &reply["code"]), (403, &json!("forbidden")));

    // The same run twice is one, in any order of its keys. Another report is refused.
    assert_eq!(put(path, &passed()).await.0, 200);
    assert_eq!(put(path, &passed()).await.0, 200);
    let other = changed(&|body| {
        body["counts"]["compared"] = json!(4);
        body["counts"]["compared_clean"] = json!(4);
    });
    assert_eq!(put(path, &other).await, refused(409, "other_report"));
    let (_, list) =
        call(&bench, "reader", Method::GET, "/v1/verifications?institution=bank-a&limit=5", &Json::Null).await;
    let runs = &list["verifications"][0]["runs"];
    assert_eq!((runs.as_array().unwrap().len(), &runs[0]["counts"]["compared"]), (1, &json!(3)));
    for (path, status, code) in [
        ("/v1/verifications?limit=0", 400, "query"),
        ("/v1/verifications?limit=101", 400, "query"),
        ("/v1/verifications/bank-a/nightly/two", 404, "unknown_verification"),
    ] {
        let (found, reply) = call(&bench, "reader", Method::GET, path, &Json::Null).await;
        assert_eq!((found.as_u16(), &reply["code"]), (status, &json!(code)), "{path}");
    }

    // A secret that a program did not hide is hidden here.
    let finding = json!({ "telegram": "BalanceInquiry", "path": "account", "count": 1, "reason": "ignored", "old": SECRETS[0], "new": "1" });
    let leaking = changed(&|body| {
        body["findings"] = json!([finding]);
        body["counts"]["explained"] = json!(1);
    });
    assert_eq!(put("/v1/verifications/bank-a/nightly/two", &leaking).await.0, 200);
    assert_eq!(put("/v1/verifications/bank-a/nightly/two", &leaking).await.0, 200, "the same report");
    let (_, detail) = call(&bench, "reader", Method::GET, "/v1/verifications/bank-a/nightly/two", &Json::Null).await;
    assert_eq!([&detail["findings"][0]["old"], &detail["findings"][0]["new"]], ["<secret>", "<secret>"]);

    // Names are bounded.
    for number in 1..50 {
        assert_eq!(put(&format!("/v1/verifications/bank-a/v{number}/one"), &passed()).await.0, 200);
    }
    assert_eq!(put("/v1/verifications/bank-a/more/one", &passed()).await, refused(409, "too_many_verifications"));
    assert_eq!(put("/v1/verifications/bank-a/v1/two", &passed()).await.0, 200);
}

/// A report of writes that found something.
fn writes(unexplained: u64) -> Json {
    let mut report = passed();
    let counts = json!({ "kind": "writes", "passed": false, "unexplained": unexplained, "compared_clean": 0 });
    report["counts"].as_object_mut().unwrap().extend(counts.as_object().unwrap().clone());
    report["more_findings"] = json!(unexplained);
    report
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_of_one_kind_hides_none_of_the_other_and_the_longest_report_is_taken() {
    let bench = Bench::with_access(GOOD_BANK, "", ACCESS).await;
    let put = async |run: &str, body: &Json| {
        call(&bench, "nightly-run", Method::PUT, &format!("/v1/verifications/bank-a/apart/{run}"), body).await
    };
    assert_eq!(put("one", &writes(3)).await.0, 200);
    assert_eq!(put("two", &passed()).await.0, 200);
    assert_eq!(put("two", &writes(3)).await.0, 409, "a run has one kind");
    let (_, list) = call(&bench, "reader", Method::GET, "/v1/verifications?limit=1", &Json::Null).await;
    let rows = list["verifications"].as_array().unwrap();
    let rows: Vec<_> = rows.iter().map(|row| (&row["kind"], &row["runs"][0]["run"])).collect();
    assert_eq!(rows, [(&json!("reads"), &json!("two")), (&json!("writes"), &json!("one"))]);
    let metrics = call_text(&bench, "/metrics").await;
    for (kind, value) in [("reads", 1), ("writes", 0)] {
        let line = format!("{{institution=\"bank-a\",verification=\"apart\",kind=\"{kind}\"}} {value}\n");
        assert!(metrics.contains(&format!("fep_verification_passed{line}")), "{line} is missing");
    }

    // 200 findings with texts of 300 Korean characters.
    let text = || "가".repeat(300);
    let finding = |at: usize| {
        json!({
            "telegram": text(), "path": format!("{at:03}{}", "가".repeat(297)), "label": text(), "count": 1, "reason": "unexplained",
            "why": text(), "place": text(), "exchange": "0".repeat(22), "old": text(), "new": text(),
        })
    };
    let mut largest = writes(200);
    (largest["counts"]["of"], largest["counts"]["summary"]) = (json!(text()), json!(text()));
    largest["findings"] = (0..200).map(finding).collect();
    largest["more_findings"] = json!(0);
    let (status, reply) = put("largest", &largest).await;
    assert_eq!((status.as_u16(), largest.to_string().len() > 1_200_000), (200, true), "{reply}");
    let path = "/v1/verifications/bank-a/apart/largest";
    let (_, detail) = call(&bench, "reader", Method::GET, path, &Json::Null).await;
    assert_eq!(detail["findings"].as_array().map(Vec::len), Some(200));
    let (status, reply) = put("longer", &json!(" ".repeat(3_000_000))).await;
    assert_eq!((status.as_u16(), &reply["code"]), (413, &json!("body_too_large")));
}

/// The tables of one of two gateways with a schema of their own on the server of tests.
#[cfg(feature = "postgres")]
fn shared(instance: &str) -> Option<String> {
    let Ok(address) = std::env::var("FEP_POSTGRES") else {
        assert!(std::env::var_os("FEP_CI").is_none(), "FEP_POSTGRES is missing: the address of a server");
        eprintln!("skipped: FEP_POSTGRES is missing; verifications of two gateways are not tried");
        return None;
    };
    let schema = std::process::id();
    Some(format!(
        "[journal.postgres]\nhosts = [\"{address}\"]\ndatabase = \"postgres\"\nuser = \"fep\"\ninstance = \"{instance}\"\n\
         schema = \"verifications_{schema}\"\n[instances]\nmax = 2\n\
         [alarms.to.log]\nkind = \"log\"\n[alarms.rules.letters]\nkind = \"dead_letters\"\nto = [\"log\"]\n"
    ))
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gateways_on_one_database_have_the_same_runs_and_agree_on_which_report_holds() {
    use crate::alarms::{Station, folder};
    let Some((first, second)) = shared("a").zip(shared("b")) else { return };
    let bank = bank(GOOD_BANK).await;
    let connect = bank.address().to_string();
    let folders = [folder(), folder()];
    let first = Station::start(folders[0].path(), &connect, &first).await;
    let second = Station::start(folders[1].path(), &connect, &second).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for round in 0..8 {
        // Both are told another report of one run at the same time.
        let tells = [(&first, 3), (&second, 4)].map(|(station, compared)| {
            let mut report = passed();
            report["counts"]["compared"] = json!(compared);
            report["counts"]["compared_clean"] = json!(compared);
            let url = format!("{}/v1/verifications/bank-a/nightly/{round}", station.url);
            let request = client.put(url).body(report.to_string());
            async move { (request.send().await.unwrap().status().as_u16(), compared) }
        });
        let told = futures_util::future::join_all(tells).await;
        let taken: Vec<_> = told.iter().filter(|(status, _)| *status == 200).collect();
        let refused = told.iter().filter(|(status, _)| *status == 409).count();
        assert_eq!((taken.len(), refused), (1, 1), "{told:?}");
        let seen = [first.get("/v1/verifications").await.1, second.get("/v1/verifications").await.1];
        assert_eq!(seen[0], seen[1]);
        let runs = seen[0]["verifications"][0]["runs"].as_array().unwrap();
        let newest = (&runs[0]["run"], &runs[0]["counts"]["compared"]);
        assert_eq!((runs.len(), newest), (round + 1, (&json!(round.to_string()), &json!(taken[0].1))));
        let path = format!("/v1/verifications/bank-a/nightly/{round}");
        assert_eq!(second.get(&path).await.1["run"], runs[0], "what one gateway stored is read at the other");
    }
    first.stop().await;
    second.stop().await;
}
