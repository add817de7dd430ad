//! Exceptions of reconciliations from end to end: files of an institution, what a running gateway keeps of them, and the persons who work them off.
//! The bytes of the files are written here at fixed offsets, never by the codec.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;

use fep_gateway::journal::JournalError;
use fep_gateway::journal::audit::verify;
use fep_gateway::journal::reading::JournalPlace;
use reqwest::{Client, StatusCode};
use serde_json::{Value as Json, json};

use crate::alarms::{Station, folder};
use crate::harness::{Bench, GOOD_BANK, SECRETS, bank, transfer};
use crate::rights::ACCESS;

/// The file of the institution, and a rule without which a `Station` does not start.
pub(crate) const TABLES: &str = concat!(
    "[institutions.bank-a.reconciliation.transfers]\nspec = \"",
    env!("CARGO_MANIFEST_DIR"),
    "/specs/settlement-a/settlement-a.toml\"\nrecord = \"Detail\"\ntelegram = \"Transfer\"\n\
     key = { trace_no = \"header.trace_no\", sent_date = \"header.sent_date\" }\namount = { amount = \"amount\" }\n\
     done = { result = \"00\" }\nreversed = { result = \"90\" }\ndate = \"Header.settled_on\"\n\
     file_max_bytes = 4000\nexceptions_max = 5\n"
);

const ALARMS: &str = "[alarms.to.nobody]\nkind = \"webhook\"\ncallback = \"http://127.0.0.1:9/\"\n\
     [alarms.rules.letters]\nkind = \"dead_letters\"\nto = [\"nobody\"]\n";

const FILES: &str = "/v1/institutions/bank-a/reconciliations/transfers";

/// The day of some transfers, and their trace numbers.
pub(crate) struct Day {
    /// `20261126`
    digits: String,
    traces: Vec<u64>,
}

impl Day {
    pub(crate) fn of(replies: &[Json]) -> Self {
        let trace = |reply: &Json| reply["trace"].as_str().unwrap().parse().unwrap();
        let date = replies[0]["answer"]["fields"]["header"]["sent_date"].as_str().unwrap();
        Self { digits: date.replace('-', ""), traces: replies.iter().map(trace).collect() }
    }

    /// `2026-11-26`
    pub(crate) fn date(&self) -> String {
        format!("{}-{}-{}", &self.digits[..4], &self.digits[4..6], &self.digits[6..])
    }

    /// The path of the reconciliation of the day.
    pub(crate) fn path(&self) -> String {
        format!("/v1/reconciliations/bank-a/transfers/{}", self.date())
    }

    /// A settlement file with these trace numbers and amounts, and this total.
    pub(crate) fn file(&self, records: &[(u64, u64)], total: u64) -> Vec<u8> {
        let date = &self.digits;
        let mut lines = vec![format!("HD{date}")];
        for (serial, (trace, amount)) in (1..).zip(records) {
            lines.push(format!("DT{serial:07}{trace:06}{date}{:14}{amount:013}00", ""));
        }
        lines.push(format!("TR{:07}{total:015}", records.len()));
        lines.iter().flat_map(|line| format!("{line:60}\n").into_bytes()).collect()
    }

    /// A file that knows the first transfer, has another amount for the second, and one more.
    pub(crate) fn wrong_file(&self) -> Vec<u8> {
        let [one, two] = [self.traces[0], self.traces[1]];
        self.file(&[(one, 1_234_567), (two, 1_000), (900_001, 7_000)], 1_242_567)
    }

    /// The same with another amount for the second.
    pub(crate) fn file_with_other_amounts(&self) -> Vec<u8> {
        let [one, two] = [self.traces[0], self.traces[1]];
        self.file(&[(one, 1_234_567), (two, 2_000), (900_001, 7_000)], 1_243_567)
    }

    /// The same without the one more.
    fn corrected_file(&self) -> Vec<u8> {
        self.file(&[(self.traces[0], 1_234_567), (self.traces[1], 1_000)], 1_235_567)
    }
}

/// Gives a file to a gateway.
pub(crate) async fn give(url: &str, token: &str, file: Vec<u8>) -> (StatusCode, Json) {
    let request = Client::new().post(format!("{url}{FILES}?file=settlement.dat")).bearer_auth(token).body(file);
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

/// The exceptions of a day, each as its kind and state, and their names.
async fn seen(station: &Station, day: &Day) -> (Vec<(String, String)>, Vec<String>) {
    let (status, reply) = station.get(&day.path()).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    let all = reply["exceptions"].as_array().unwrap();
    let text = |one: &Json, name: &str| one[name].as_str().unwrap().to_owned();
    let states = all.iter().map(|one| (text(one, "class"), text(one, "state"))).collect();
    (states, all.iter().map(|one| text(one, "id")).collect())
}

fn states(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(class, state)| ((*class).to_owned(), (*state).to_owned())).collect()
}

fn resolution(person: &str) -> Json {
    json!({ "decision": "corrected_there", "note": "the bank corrects the amount", "person": person })
}

/// Two transfers, and the day of them.
async fn paid(station: &Station) -> Day {
    Day::of(&[station.pays("rent").await, station.pays("rent").await])
}

/// What is open is counted, and who did what is in the audit trail.
async fn is_counted_and_recorded(station: &Station, day: &Day, explained: &str) {
    let metrics = reqwest::get(format!("{}/metrics", station.url)).await.unwrap().text().await.unwrap();
    for line in ["kind=\"missing_here\"} 1", "kind=\"amount_differs\"} 0"] {
        let line = format!("fep_reconciliation_exceptions{{institution=\"bank-a\",{line}");
        assert!(metrics.contains(&line), "{line}");
    }
    let trail = station.get("/v1/audit?act=resolve_exception").await.1;
    let about = format!("transfers {} {}", day.date(), explained);
    assert_eq!(
        (&trail["entries"][0]["about"], &trail["entries"][0]["code"]),
        (&json!(about), &json!("already_explained"))
    );
    let trail = station.get("/v1/audit?act=reconcile").await.1;
    assert_eq!((trail["entries"].as_array().unwrap().len(), &trail["entries"][0]["outcome"]), (4, &json!("done")));
}

/// An index that is made again from the facts is the one that the gateway had.
fn is_whole(folder: &Path) {
    let place = JournalPlace::Files(vec![folder.join("journal.sqlite")]);
    let mut findings = Vec::new();
    let keep = |finding: &str| {
        findings.push(finding.to_owned());
        Ok::<_, JournalError>(())
    };
    verify(&place, None, keep).unwrap();
    assert_eq!(findings, Vec::<String>::new());
}

#[tokio::test]
async fn a_person_works_off_what_a_file_shows_and_later_files_and_restarts_keep_it() {
    let folder = folder();
    let bank = bank(GOOD_BANK).await;
    let connect = bank.address().to_string();
    let more = format!("{TABLES}{ALARMS}");
    let station = Station::start(folder.path(), &connect, &more).await;
    let day = paid(&station).await;
    assert_eq!(station.get("/v1/reconciliations").await.1, json!({ "reconciliations": [], "next": null }));

    let (status, report) = give(&station.url, "", day.wrong_file()).await;
    assert_eq!((status, &report["exceptions"], &report["matched"]["count"]), (StatusCode::OK, &json!(2), &json!(1)));
    assert_eq!((&report["file"], &report["date"]), (&json!("settlement.dat"), &json!(day.date())), "{report}");
    let listed = station.get("/v1/reconciliations?institution=bank-a&state=open").await.1;
    let one = &listed["reconciliations"][0];
    assert_eq!(
        (&one["open"], &one["date"], &one["file_sha256"]),
        (&json!(2), &json!(day.date()), &report["file_sha256"])
    );
    let (now, ids) = seen(&station, &day).await;
    assert_eq!(now, states(&[("amount_differs", "open"), ("missing_here", "open")]));
    let shown = |name: &str| report["findings"].as_array().unwrap().iter().find(|one| one["class"] == name).cloned();
    assert_eq!(shown("missing_here").unwrap()["exception"], json!(ids[1]), "{report}");

    // The first one counts, and who comes later hears of it.
    let path = format!("{}/exceptions/{}/resolution", day.path(), ids[0]);
    let (status, resolved) = station.post(&path, &resolution("kim")).await;
    assert_eq!(
        (status, &resolved["open"], &resolved["resolved"]),
        (StatusCode::OK, &json!(1), &json!(1)),
        "{resolved}"
    );
    assert_eq!(resolved["exceptions"][0]["resolution"]["person"], "kim");
    let (status, problem) = station.post(&path, &resolution("lee")).await;
    assert_eq!(
        (status.as_u16(), &problem["code"], &problem["resolved_by"]),
        (409, &json!("already_resolved"), &json!("kim"))
    );
    assert!(problem["resolved_at"].is_string() && problem["detail"].as_str().unwrap().contains("corrects the amount"));

    // The same file changes nothing, and neither does a restart.
    assert_eq!(give(&station.url, "", day.wrong_file()).await.0, StatusCode::OK);
    let half = states(&[("amount_differs", "resolved"), ("missing_here", "open")]);
    assert_eq!(seen(&station, &day).await, (half.clone(), ids.clone()));
    let detail = station.get(&day.path()).await.1;
    station.stop().await;
    let station = Station::start(folder.path(), &connect, &more).await;
    assert_eq!(station.get(&day.path()).await.1, detail);

    // A corrected file explains what it does not show. What a person resolved stays.
    assert_eq!(give(&station.url, "", day.corrected_file()).await.0, StatusCode::OK);
    let done = states(&[("amount_differs", "resolved"), ("missing_here", "explained")]);
    assert_eq!(seen(&station, &day).await, (done, ids.clone()));
    let detail = station.get(&format!("{}?state=explained&limit=1", day.path())).await.1;
    assert_eq!((&detail["exceptions"][0]["explained_by"], &detail["next"]), (&detail["file"], &Json::Null), "{detail}");
    let path = format!("{}/exceptions/{}/resolution", day.path(), ids[1]);
    let (status, problem) = station.post(&path, &resolution("lee")).await;
    assert_eq!((status.as_u16(), &problem["code"]), (409, &json!("already_explained")), "{problem}");
    assert_eq!(station.get("/v1/reconciliations?state=open").await.1["reconciliations"], json!([]));

    // And the first file opens it again.
    assert_eq!(give(&station.url, "", day.wrong_file()).await.0, StatusCode::OK);
    assert_eq!(seen(&station, &day).await, (half, ids.clone()));
    is_counted_and_recorded(&station, &day, &ids[1]).await;
    station.stop().await;
    is_whole(folder.path());
}

#[tokio::test]
async fn nobody_resolves_what_a_newer_file_says_otherwise() {
    let bench = Bench::of(GOOD_BANK, TABLES).await;
    let day =
        Day::of(&[bench.transfer(&transfer("rent"), None).await.1, bench.transfer(&transfer("rent"), None).await.1]);
    assert_eq!(give(&bench.url, "", day.wrong_file()).await.0, StatusCode::OK);
    let open = async || bench.get(&format!("{}?state=open", day.path())).await.1["exceptions"].clone();
    let seen = open().await;
    let path = |one: &Json| format!("{}/exceptions/{}/resolution", day.path(), one["id"].as_str().unwrap());
    let body = |one: &Json| {
        let mut body = resolution("kim");
        body["seen"] = one["seen"].clone();
        body.to_string()
    };
    // Another amount, while the person looks at the first one.
    let [one, two] = [day.traces[0], day.traces[1]];
    assert_eq!(give(&bench.url, "", day.file_with_other_amounts()).await.0, StatusCode::OK);
    let (status, problem) = bench.post(&path(&seen[0]), body(&seen[0]), &[]).await;
    assert_eq!((status.as_u16(), &problem["code"]), (409, &json!("exception_changed")), "{problem}");
    let now = open().await;
    assert_eq!(
        (&now[0]["id"], &now[0]["seen"]),
        (&seen[0]["id"], &problem["seen"]),
        "the same exception says something else"
    );
    assert_eq!(now[0]["there"]["amount"], "2000");
    assert_ne!(now[0]["seen"], seen[0]["seen"]);
    // What says the same was seen, although the file is a newer one and the record has another place.
    let moved = day.file(&[(900_001, 7_000), (one, 1_234_567), (two, 2_000)], 1_243_567);
    assert_eq!(give(&bench.url, "", moved).await.0, StatusCode::OK);
    let (status, resolved) = bench.post(&path(&seen[1]), body(&seen[1]), &[]).await;
    assert_eq!(status, StatusCode::OK, "{resolved}");
    // Who decides again about what holds now is heard, and a client of an earlier version decides about what it finds.
    let (status, _) = bench.post(&path(&now[0]), body(&now[0]), &[]).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(open().await, json!([]));
    let (status, problem) = bench.post(&path(&seen[0]), body(&seen[0]), &[]).await;
    assert_eq!((status.as_u16(), &problem["code"]), (409, &json!("already_resolved")), "what a person did says more");
    let trail = bench.get("/v1/audit?act=resolve_exception").await.1;
    let codes: Vec<_> = trail["entries"].as_array().unwrap().iter().map(|entry| entry["code"].clone()).collect();
    assert_eq!(codes.iter().filter(|code| **code == "exception_changed").count(), 1, "{trail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_kept_while_persons_of_the_same_gateway_resolve_exceptions_of_its_date() {
    let bench = Bench::of(GOOD_BANK, &TABLES.replace("exceptions_max = 5", "exceptions_max = 500")).await;
    let day = Day::of(&[bench.transfer(&transfer("rent"), None).await.1]);
    let records: Vec<_> = (0..60).map(|number| (900_001 + number, 10)).collect();
    let file = day.file(&records, 600);
    assert_eq!(give(&bench.url, "", file.clone()).await.0, StatusCode::OK);
    let open = bench.get(&format!("{}?limit=100", day.path())).await.1["exceptions"].clone();
    let persons = async {
        for one in open.as_array().unwrap() {
            let path = format!("{}/exceptions/{}/resolution", day.path(), one["id"].as_str().unwrap());
            let (status, reply) = bench.post(&path, resolution("kim").to_string(), &[]).await;
            assert_eq!(status, StatusCode::OK, "{reply}");
        }
    };
    let files = async {
        for _ in 0..6 {
            let (status, report) = give(&bench.url, "", file.clone()).await;
            assert_eq!(status, StatusCode::OK, "{report}");
        }
    };
    tokio::join!(persons, files);
    let detail = bench.get(&day.path()).await.1;
    assert_eq!((&detail["open"], &detail["resolved"]), (&json!(0), &json!(61)), "no resolution is lost");
}

/// A client that may operate and nothing else hears whether something needs a person, and not what.
#[tokio::test]
async fn who_may_not_read_gives_a_file_and_sees_its_sums_only() {
    let access = format!(
        "{ACCESS}[clients.machine]\ntokens = [\"sha256:bc020a35b7f9cb1382e7b534c68e3c531d849b119bf14f75ddead6cc45c3ccc1\"]\n\
         may = [{{ actions = [\"operate\", \"settle\"], institutions = [\"bank-a\"] }}]\n"
    );
    let bench = Bench::with_access(GOOD_BANK, TABLES, &access).await;
    let pay = async || {
        let path = format!("{}/v1/institutions/bank-a/exchanges/Transfer", bench.url);
        let request = bench.client.post(path).bearer_auth("office").body(transfer("rent").to_string());
        request.send().await.unwrap().json::<Json>().await.unwrap()
    };
    let day = Day::of(&[pay().await, pay().await]);
    let (status, report) = give(&bench.url, "machine", day.wrong_file()).await;
    assert_eq!(
        (status, &report["exceptions"], &report["not_shown"]),
        (StatusCode::OK, &json!(2), &json!(2)),
        "{report}"
    );
    assert_eq!(report["findings"], json!([]));
    let findings = give(&bench.url, "kim", day.wrong_file()).await.1["findings"].clone();
    let path = |one: &Json| {
        format!("{}{}/exceptions/{}/resolution", bench.url, day.path(), one["exception"].as_str().unwrap())
    };
    let resolve = async |token: &str, seen: Option<&Json>| {
        let mut body = resolution("lee");
        seen.into_iter().for_each(|seen| body["seen"] = seen.clone());
        let request = bench.client.post(path(&findings[0])).bearer_auth(token).body(body.to_string());
        request.send().await.unwrap().json::<Json>().await.unwrap()
    };
    // Nobody has seen it: neither does the gateway say what stands for it.
    let blind = resolve("machine", None).await;
    assert_eq!((&blind["code"], &blind["action"]), (&json!("forbidden"), &json!("read")), "{blind}");
    let guessed = resolve("machine", Some(&json!("what an earlier file said"))).await;
    assert_eq!((&guessed["code"], &guessed["seen"]), (&json!("exception_changed"), &Json::Null), "{guessed}");
    let told = resolve("kim", Some(&json!("what an earlier file said"))).await;
    assert_eq!(told["code"], "exception_changed");
    // What a person saw, who may.
    let reply = resolve("machine", Some(&told["seen"])).await;
    assert_eq!((&reply["resolved"], &reply["exceptions"]), (&json!(1), &json!([])), "{reply}");
    let told = [resolve("machine", Some(&told["seen"])).await, resolve("kim", None).await]
        .map(|problem| problem["detail"].as_str().unwrap().to_owned());
    assert_eq!(told.map(|detail| detail.contains("the bank corrects the amount")), [false, true]);
}

#[tokio::test]
async fn a_file_that_is_wrong_anywhere_or_cut_off_is_as_if_it_had_never_come() {
    let bench = Bench::of(GOOD_BANK, TABLES).await;
    let replies = [bench.transfer(&transfer("rent"), None).await.1, bench.transfer(&transfer("rent"), None).await.1];
    let day = Day::of(&replies);
    let refused = async |file: Vec<u8>, status: u16, code: &str| {
        let (got, problem) = give(&bench.url, "", file).await;
        assert_eq!((got.as_u16(), &problem["code"]), (status, &json!(code)), "{problem}");
        problem
    };
    let total = refused(day.file(&[(900_001, 7_000)], 7_001), 422, "file_refused").await;
    let mistakes = total["mistakes"].as_array().unwrap();
    assert!(mistakes[0].as_str().unwrap().contains("`amount` of `Trailer` says 7001"), "{total}");
    assert!(!total["detail"].as_str().unwrap().contains('\n'), "{total}");
    refused(b"not a file".to_vec(), 422, "file_refused").await;
    let many: Vec<_> = (0..6).map(|number| (900_001 + number, 1)).collect();
    let many = refused(day.file(&many, 6), 422, "too_many_exceptions").await;
    // The transfers of the day are missing in this file, too.
    assert_eq!((&many["count"], &many["max"]), (&json!(8), &json!(5)));
    let long = refused(vec![b'x'; 4001], 413, "body_too_large").await;
    assert_eq!(long["max"], json!(4000));
    // A client that says how long the file is, and sends half of it.
    let file = day.wrong_file();
    let mut stream = TcpStream::connect(bench.url.strip_prefix("http://").unwrap()).unwrap();
    let head = format!("POST {FILES} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", file.len());
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&file[..file.len() / 2]).unwrap();
    drop(stream);
    // Its turn ends, and nothing is kept of it.
    let waited = async {
        while give(&bench.url, "", b"HD".to_vec()).await.1["code"] == "reconciliation_running" {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), waited).await.unwrap();
    for (path, code) in [
        (format!("{FILES}?date=2026-13-01"), "query"),
        (FILES.replace("transfers", "others"), "unknown_reconciliation"),
        (FILES.replace("bank-a", "bank-x"), "unknown_institution"),
    ] {
        assert_eq!(bench.post(&path, String::new(), &[]).await.1["code"], code, "{path}");
    }
    // A date that the file does not have.
    let (_, other) =
        bench.post(&format!("{FILES}?date=2020-01-01"), String::from_utf8(day.wrong_file()).unwrap(), &[]).await;
    assert!(other["detail"].as_str().unwrap().contains("2020-01-01 was asked for"), "{other}");
    assert_eq!(bench.get("/v1/reconciliations").await.1["reconciliations"], json!([]));
    let (status, none) = bench.get(&day.path()).await;
    assert_eq!((status.as_u16(), &none["code"]), (404, &json!("unknown_reconciliation")));
    // What a file says is shown without the secrets of the telegrams.
    assert_eq!(give(&bench.url, "", day.wrong_file()).await.0, StatusCode::OK);
    let shown = bench.text(&day.path()).await;
    assert!(SECRETS.iter().all(|secret| !shown.contains(secret)), "{shown}");
}

#[tokio::test]
async fn of_clients_at_the_same_time_one_counts_and_each_needs_its_right() {
    let bench = Bench::with_access(GOOD_BANK, TABLES, ACCESS).await;
    let pay = async || {
        let path = format!("{}/v1/institutions/bank-a/exchanges/Transfer", bench.url);
        let request = bench.client.post(path).bearer_auth("office").body(transfer("rent").to_string());
        request.send().await.unwrap().json::<Json>().await.unwrap()
    };
    let day = Day::of(&[pay().await, pay().await]);
    for token in ["reader", "orders", "nobody"] {
        let (status, problem) = give(&bench.url, token, day.wrong_file()).await;
        assert_eq!((status.as_u16(), &problem["code"]), (403, &json!("forbidden")), "{token}: {problem}");
    }
    let all = (0..4).map(|_| give(&bench.url, "kim", day.wrong_file()));
    for (status, reply) in futures_util::future::join_all(all).await {
        assert!(status == 200 || reply["code"] == "reconciliation_running", "{status}: {reply}");
    }
    let get = async |token: &str, path: &str| {
        let response = bench.client.get(format!("{}{path}", bench.url)).bearer_auth(token).send().await.unwrap();
        (response.status().as_u16(), response.json::<Json>().await.unwrap())
    };
    let (_, detail) = get("reader", &day.path()).await;
    assert_eq!((&detail["open"], &detail["file"]["person"]), (&json!(2), &json!("kim")), "nothing is there twice");
    assert_eq!(get("orders", &day.path()).await.0, 403);
    assert_eq!(get("kim", "/v1/reconciliations").await.0, 403, "a list of everything");
    let readable = get("kim", "/v1/reconciliations?scope=readable").await.1;
    assert_eq!(readable["reconciliations"][0]["open"], 2);
    let id = detail["exceptions"][0]["id"].as_str().unwrap();
    let path = format!("{}{}/exceptions/{id}/resolution", bench.url, day.path());
    let resolve = async |token: &str, body: &Json| {
        let response = bench.client.post(&path).bearer_auth(token).body(body.to_string()).send().await.unwrap();
        (response.status().as_u16(), response.json::<Json>().await.unwrap())
    };
    let body = json!({ "decision": "accepted", "note": "a fee" });
    assert_eq!(resolve("reader", &body).await.0, 403);
    assert_eq!(resolve("kim", &json!({ "decision": "accepted", "note": " " })).await.1["code"], "no_note");
    assert_eq!(resolve("kim", &json!({ "decision": "done", "note": "a" })).await.1["code"], "bad_decision");
    let both = futures_util::future::join_all((0..6).map(|_| resolve("kim", &body))).await;
    let taken = both.iter().filter(|(status, _)| *status == 200).count();
    let told = both.iter().filter(|(status, reply)| *status == 409 && reply["resolved_by"] == "kim").count();
    assert_eq!((taken, told), (1, 5), "{both:?}");
    let (_, detail) = get("office", &day.path()).await;
    assert_eq!((&detail["open"], &detail["resolved"]), (&json!(1), &json!(1)));
}

/// The tables of one of two gateways with a schema of their own on the server of tests.
#[cfg(feature = "postgres")]
fn shared(instance: &str) -> Option<String> {
    let Ok(address) = std::env::var("FEP_POSTGRES") else {
        assert!(std::env::var_os("FEP_CI").is_none(), "FEP_POSTGRES is missing: the address of a server");
        eprintln!("skipped: FEP_POSTGRES is missing; exceptions of two gateways are not tried");
        return None;
    };
    let schema = std::process::id();
    Some(format!(
        "{TABLES}{ALARMS}[journal.postgres]\nhosts = [\"{address}\"]\ndatabase = \"postgres\"\nuser = \"fep\"\n\
         instance = \"{instance}\"\nschema = \"exceptions_{schema}\"\n[instances]\nmax = 2\n"
    ))
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_on_one_database_keep_the_same_exceptions() {
    let Some((first, second)) = shared("a").zip(shared("b")) else { return };
    let bank = bank(GOOD_BANK).await;
    let connect = bank.address().to_string();
    let folders = [folder(), folder()];
    let first_tables = first.clone();
    let first = Station::start(folders[0].path(), &connect, &first).await;
    let second = Station::start(folders[1].path(), &connect, &second).await;
    let day = paid(&first).await;
    // Both get the first file of the day at the same time.
    let gives = [give(&first.url, "", day.wrong_file()), give(&second.url, "", day.wrong_file())];
    let given = futures_util::future::join_all(gives).await;
    assert!(given.iter().all(|(status, report)| *status == 200 && report["exceptions"] == 2), "{given:?}");
    let (now, ids) = seen(&first, &day).await;
    assert_eq!(now, states(&[("amount_differs", "open"), ("missing_here", "open")]));
    assert_eq!(seen(&second, &day).await, (now, ids.clone()));
    // One exception is resolved at both at the same time.
    let path = format!("{}/exceptions/{}/resolution", day.path(), ids[0]);
    let [kim, lee] = [resolution("kim"), resolution("lee")];
    let both = futures_util::future::join_all([first.post(&path, &kim), second.post(&path, &lee)]).await;
    let taken: Vec<_> = both.iter().filter(|(status, _)| *status == 200).collect();
    assert_eq!(taken.len(), 1, "{both:?}");
    let detail = first.get(&day.path()).await.1;
    let person = &detail["exceptions"][0]["resolution"]["person"];
    let told = both.iter().find(|(status, _)| *status == 409).unwrap();
    assert_eq!(&told.1["resolved_by"], person, "who is late is told who was first");
    // A corrected file at the other one, and a restart.
    assert_eq!(give(&second.url, "", day.corrected_file()).await.0, StatusCode::OK);
    let done = states(&[("amount_differs", "resolved"), ("missing_here", "explained")]);
    assert_eq!(seen(&first, &day).await, (done.clone(), ids.clone()));
    first.stop().await;
    let first = Station::start(folders[0].path(), &connect, &first_tables).await;
    assert_eq!(seen(&first, &day).await, (done, ids));
    first.stop().await;
    second.stop().await;
}
