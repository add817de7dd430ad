//! Batches against a gateway and a simulated bank: files of requests, outcomes, and files of results. What a plan and a window mean is tested beside
//! them in `src/batch`.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fep_gateway::batch::{self, Batch, BatchError, Ended, Plan, State, Stopped};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{BANK_A, Bench, GOOD_BANK};

/// A file of payments: its header and trailer have totals, and its records marks of results.
const PAYMENTS: &str = r#"
spec    = "payments"
title   = "payments of the tests"
version = "2026-11-30"
source  = "written for this test"
charset = "euc-kr"
[types]
N  = { kind = "number" }
AN = { kind = "text", charset = "ascii" }
H  = { kind = "text" }
D  = { kind = "digits" }
[telegrams.Header]
len   = 40
items = [
  { literal = "H", name = "record_type" },
  { name = "paid_on", kind = "date", pattern = "YYYYMMDD", len = 8 },
  { filler = 31 },
]
[telegrams.Data]
len   = 40
items = [
  { literal = "D", name = "record_type" },
  { name = "serial",  type = "N",  len = 4 },
  { name = "account", type = "D",  len = 13, secret = true },
  { name = "amount",  type = "N",  len = 8 },
  { name = "memo",    type = "H",  len = 8 },
  { name = "result",  type = "AN", len = 1 },
  { name = "reason",  type = "AN", len = 4 },
  { filler = 1 },
]
[telegrams.Trailer]
len   = 40
items = [
  { literal = "T", name = "record_type" },
  { name = "count",  type = "N", len = 4 },
  { name = "amount", type = "N", len = 10 },
  { filler = 25 },
]
[files.Payments]
record_len = 40
line_end   = "lf"
records    = [{ telegram = "Header" }, { telegram = "Data", min = 0 }, { telegram = "Trailer" }]
totals     = [{ field = "Trailer.count", count = "Data" }, { field = "Trailer.amount", sum = "Data.amount" }]
serials    = [{ field = "Data.serial" }]
"#;

/// A plan for such files. `GATEWAY` is the address, and what follows `MORE` is the test's own.
const PLAN: &str = r#"
gateway     = "GATEWAY"
institution = "bank-a"
spec        = "bank-a.toml"
telegram    = "Transfer"
accepted    = { "header.response_code" = "0000" }
amount      = "amount"
retry_ms    = 100
settle_wait_s = 5
MORE
[input]
spec   = "payments.toml"
record = "Data"
fields = { withdraw_account = "=1002345678901", amount = "amount", deposit_bank = "=088", deposit_account = "account", payee_name = "=홍길동", passbook_memo = "memo", check_digits = "=253788" }
[output]
spec    = "payments.toml"
path    = "results-{date}.dat"
results = { done = "Y", not_done = "N", reversed = "R", refused = "X" }
[[output.records]]
record = "Header"
copy   = true
[[output.records]]
record = "Data"
each   = "request"
copy   = true
fields = { result = "result", reason = "answer.header.response_code" }
[[output.records]]
record = "Trailer"
"#;

/// 2026-11-30.
const DATE: i64 = 20_787;

/// A folder with the specs and a plan.
struct Desk(tempfile::TempDir);

impl Desk {
    fn at(url: &str, more: &str) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        std::fs::write(desk.path("bank-a.toml"), BANK_A).unwrap();
        std::fs::write(desk.path("payments.toml"), PAYMENTS).unwrap();
        std::fs::write(desk.path("pay.toml"), PLAN.replace("GATEWAY", url).replace("MORE", more)).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file of payments with these amounts and memos, by hand and not by the writer.
    fn pays(&self, payments: &[(u32, &str)]) -> PathBuf {
        let total: u32 = payments.iter().map(|(amount, _)| amount).sum();
        let mut text = format!("H20261130{:31}\n", "");
        for (serial, (amount, memo)) in (1..).zip(payments) {
            text += &format!("D{serial:04}3333011234567{amount:08}{memo:8}{:6}\n", "");
        }
        text += &format!("T{:04}{total:010}{:25}\n", payments.len(), "");
        std::fs::write(self.path("payments.dat"), text).unwrap();
        self.path("payments.dat")
    }

    async fn runs(&self, file: &Path) -> Result<Ended, BatchError> {
        self.runs_until(file, u64::MAX).await
    }

    /// Runs the batch, and stops it when this number of requests has a state.
    async fn runs_until(&self, file: &Path, count: u64) -> Result<Ended, BatchError> {
        let plan = Arc::new(Plan::load(&self.path("pay.toml")).unwrap());
        let batch = Batch { plan, file: file.to_owned(), date: DATE, now_ms: Arc::new(|| DATE * 86_400_000) };
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let mut stop = Some(stop);
        let stopped = async move {
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let mut tell = |progress: &batch::Progress| {
            if progress.all.requests - progress.left() >= count {
                stop.take().map(|stop| stop.send(()));
            }
        };
        batch::run(&batch, stopped, &mut tell).await
    }
}

fn requests_with(ended: &Ended, state: State) -> u64 {
    ended.progress.with(state).requests
}

/// How many transfers the bank got, by the journal.
async fn sent(bench: &Bench) -> usize {
    let list =
        bench.client.get(format!("{}/v1/exchanges?limit=1000&telegram=Transfer", bench.url)).send().await.unwrap();
    let list: Json = list.json().await.unwrap();
    list["exchanges"].as_array().unwrap().iter().filter(|exchange| exchange["outcome"] != "not_sent").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_request_is_sent_and_the_file_of_results_says_what_became_of_it() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let desk = Desk::at(&bench.url, "");
    let file = desk.pays(&[(1000, "salary"), (2000, "decline"), (3000, "late")]);
    let ended = desk.runs(&file).await.unwrap();
    let (done, not_done) = (State::Done, State::NotDone);
    assert_eq!((requests_with(&ended, done), requests_with(&ended, not_done)), (2, 1), "{ended:?}");
    assert_eq!(ended.progress.with(done).amount, 4000);
    assert!(ended.progress.is_complete() && !ended.progress.is_clean());
    // By hand: the marks, and the totals of all records.
    let expected = "\
H20261130                               
D0001333301123456700001000salary  Y0000 
D0002333301123456700002000decline N0110 
D0003333301123456700003000late    Y0000 
T00030000006000                         
";
    assert_eq!(std::fs::read_to_string(ended.results.unwrap()).unwrap(), expected);
    assert!(desk.path("results-20261130.dat").exists());
    let outcomes = std::fs::read_to_string(&ended.ledger).unwrap();
    assert!(!outcomes.contains("3333011234567"), "{outcomes}");
    // The same batch again sends nothing, with and without its outcomes.
    assert!(desk.runs(&file).await.unwrap().progress.is_complete());
    std::fs::remove_file(&ended.ledger).unwrap();
    let again = desk.runs(&file).await.unwrap();
    assert_eq!(requests_with(&again, done), 2);
    assert_eq!(std::fs::read_to_string(again.results.unwrap()).unwrap(), expected);
    assert_eq!(sent(&bench).await, 3);
    // The console sees what the program told.
    let overview = bench.client.get(format!("{}/v1/overview", bench.url)).send().await.unwrap();
    let overview: Json = overview.json().await.unwrap();
    let told = &overview["batches"][0];
    let told = json!([
        told["batch"],
        told["date"],
        told["state"],
        told["requests"],
        told["done"],
        told["failed"],
        told["unknown"]
    ]);
    assert_eq!(told, json!(["pay", "2026-11-30", "ended", 3, 2, 1, 0]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_about_batches_is_checked_and_bounded() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let good = json!({
        "institution": "bank-a", "telegram": "Transfer", "state": "running", "requests": 9, "done": 1, "failed": 0, "unknown": 0, "in_flight": 8,
    });
    let tell = async |name: &str, report: &Json| {
        let reply = bench.client.put(format!("{}/v1/batches/{name}", bench.url)).json(report).send().await.unwrap();
        (reply.status().as_u16(), reply.json::<Json>().await.unwrap())
    };
    let with = |key: &str, value: Json| {
        let mut report = good.clone();
        report[key] = value;
        report
    };
    for (name, report, status) in [
        ("pay/20261130", good.clone(), 422),
        (&*format!("{}/2026-11-30", "x".repeat(61)), good.clone(), 422),
        ("pay/2026-11-30", with("state", "gone".into()), 422),
        ("pay/2026-11-30", with("more", 1.into()), 422),
        ("pay/2026-11-30", with("note", "a\nb".into()), 422),
        ("pay/2026-11-30", with("note", "x".repeat(301).into()), 422),
        ("pay/2026-11-30", with("telegram", "Transfers".into()), 422),
        ("pay/2026-11-30", with("institution", "bank-z".into()), 404),
    ] {
        let (found, body) = tell(name, &report).await;
        assert_eq!(found, status, "{body}");
    }
    for number in 0..101 {
        assert_eq!(tell(&format!("b{number}/2026-11-30"), &good).await.0, 200);
    }
    let overview: Json =
        bench.client.get(format!("{}/v1/overview", bench.url)).send().await.unwrap().json().await.unwrap();
    let batches = overview["batches"].as_array().unwrap();
    assert_eq!(batches.len(), 100);
    assert!(!batches.iter().any(|batch| batch["batch"] == "b0"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_with_a_mistake_is_refused_as_a_whole_and_another_file_is_another_batch() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let desk = Desk::at(&bench.url, "");
    let file = desk.pays(&[(1000, "salary"), (2000, "salary")]);
    let good = std::fs::read_to_string(&file).unwrap();
    for (from, to, why) in [
        ("T00020000003000", "T00020000003001", "`amount` of `Trailer` says"),
        ("D0002", "D0003", "serial"),
        ("00002000", "0000x000", "record 3 at byte"),
    ] {
        std::fs::write(&file, good.replace(from, to)).unwrap();
        let refused = desk.runs(&file).await.unwrap_err().to_string();
        assert!(refused.starts_with("the file is refused as a whole, and nothing was sent:"), "{refused}");
        assert!(refused.contains(why) && !refused.contains("3333011234567"), "{refused}");
    }
    assert_eq!(sent(&bench).await, 0);
    std::fs::write(&file, &good).unwrap();
    let ended = desk.runs(&file).await.unwrap();
    assert!(ended.progress.is_clean());
    // Another file under the name and date of this batch, with its outcomes and without.
    let file = desk.pays(&[(1000, "salary"), (2001, "salary")]);
    let refused = desk.runs(&file).await.unwrap_err().to_string();
    assert!(refused.contains("the file of requests is another one than when the batch began"), "{refused}");
    std::fs::remove_file(&ended.ledger).unwrap();
    let stopped = desk.runs(&file).await.unwrap();
    assert!(
        matches!(&stopped.stopped, Some(Stopped::Refused(why)) if why.contains("has sent another file")),
        "{stopped:?}"
    );
    assert_eq!((stopped.results, sent(&bench).await), (None, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_outcome_is_never_a_result_and_never_sent_again() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let desk = Desk::at(&bench.url, "");
    let plan =
        std::fs::read_to_string(desk.path("pay.toml")).unwrap().replace("settle_wait_s = 5", "settle_wait_s = 0");
    std::fs::write(desk.path("pay.toml"), plan).unwrap();
    let file = desk.pays(&[(1000, "salary"), (2000, "silence")]);
    for _ in 0..2 {
        let ended = desk.runs(&file).await.unwrap();
        assert_eq!((requests_with(&ended, State::Done), requests_with(&ended, State::Unknown)), (1, 1));
        assert_eq!((ended.results, ended.stopped), (None, None));
        assert_eq!(sent(&bench).await, 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_goes_on_where_it_was_although_connections_break_and_it_is_stopped() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let flaky = flaky(bench.url.trim_start_matches("http://").to_owned()).await;
    let desk = Desk::at(&format!("http://{flaky}"), "in_flight_max = 4");
    let file = desk.pays(&vec![(10, "salary"); 150]);
    let stopped = desk.runs_until(&file, 20).await.unwrap();
    assert_eq!(stopped.stopped, Some(Stopped::Asked));
    assert!((20..150).contains(&requests_with(&stopped, State::Done)), "{stopped:?}");
    // The last line was being written when the process ended.
    let outcomes = std::fs::read_to_string(&stopped.ledger).unwrap();
    std::fs::write(&stopped.ledger, outcomes.get(..outcomes.len() - 30).unwrap()).unwrap();
    let ended = desk.runs(&file).await.unwrap();
    assert!(ended.progress.is_clean(), "{ended:?}");
    assert_eq!(ended.progress.with(State::Done).amount, 1500);
    assert_eq!(sent(&bench).await, 150);
}

/// A proxy that cuts connections after every seventh piece of a reply: the request has arrived, and its reply is lost.
async fn flaky(to: String) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let pieces = Arc::new(AtomicU64::new(0));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&to).await.unwrap();
            tokio::spawn(pass(client, server, Arc::clone(&pieces)));
        }
    });
    address
}

async fn pass(client: TcpStream, server: TcpStream, pieces: Arc<AtomicU64>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
    let mut buffer = vec![0; 65536];
    while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
        if pieces.fetch_add(1, Ordering::Relaxed) % 7 == 6 || to_client.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
    up.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_gateway_refuses_stops_a_batch_that_has_nothing_else_and_is_tried_again_with_another_plan() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let desk = Desk::at(&bench.url, "");
    let plan = std::fs::read_to_string(desk.path("pay.toml")).unwrap();
    // Without the check digits, which this gateway does not compute.
    std::fs::write(desk.path("pay.toml"), plan.replace(", check_digits = \"=253788\"", "")).unwrap();
    let file = desk.pays(&[(10, "salary"); 40]);
    let ended = desk.runs(&file).await.unwrap();
    let why = "the gateway refused the first 10 requests and sent none of them; the last one: check_digits";
    assert!(matches!(&ended.stopped, Some(Stopped::Refused(said)) if said.starts_with(why)), "{ended:?}");
    assert!(ended.progress.left() > 0);
    std::fs::write(desk.path("pay.toml"), plan).unwrap();
    let ended = desk.runs(&file).await.unwrap();
    assert!(ended.progress.is_clean(), "{ended:?}");
    assert_eq!(sent(&bench).await, 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_needs_the_right_to_send_and_lines_of_json_are_requests_too() {
    // The hash of `batch-token`, by `printf %s batch-token | sha256sum`.
    let access = r#"
[clients.batch]
tokens = ["sha256:ca0dae384e350e2413672bd9362e48ba9ae10ed440e09d40091ed66c7a1b19c8"]
may = [{ actions = ["send"] }]
"#;
    let bench = Bench::with_access(GOOD_BANK, "", access).await;
    let desk = Desk::at(&bench.url, "");
    let plan = std::fs::read_to_string(desk.path("pay.toml")).unwrap();
    let plan = plan.split("[input]").next().unwrap().to_owned();
    std::fs::write(desk.path("pay.toml"), &plan).unwrap();
    let fields = crate::harness::transfer("salary").to_string();
    let lines = format!("{fields}\n\n{{\"telegram\":\"Transfer\",\"fields\":{fields}}}\n");
    std::fs::write(desk.path("lines.jsonl"), &lines).unwrap();
    let refused = desk.runs(&desk.path("lines.jsonl")).await.unwrap();
    assert!(matches!(&refused.stopped, Some(Stopped::Refused(why)) if why.contains("401")), "{refused:?}");
    std::fs::write(desk.path("token"), "batch-token\n").unwrap();
    std::fs::set_permissions(desk.path("token"), std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(desk.path("pay.toml"), format!("token_file = \"token\"\n{plan}")).unwrap();
    let ended = desk.runs(&desk.path("lines.jsonl")).await.unwrap();
    assert!(ended.progress.is_clean(), "{ended:?}");
    // Mistakes of lines are found before anything is sent.
    for (line, why) in [
        ("{\"amount\": 1, \"amount\": 2}", "line 3: "),
        (
            "{\"telegram\":\"HolderInquiry\",\"fields\":{}}",
            "line 3: it is a `HolderInquiry`, and the batch has `Transfer`",
        ),
        ("[1]", "line 3: it is no JSON object"),
        ("{\"amount\": 99999999999999}", "line 3: caller: amount (출금금액): needs 14 bytes, the field has 13"),
        ("{\"amuont\": 1}", "amount"),
    ] {
        std::fs::write(desk.path("wrong.jsonl"), format!("{fields}\n\n{line}\n")).unwrap();
        let refused = desk.runs(&desk.path("wrong.jsonl")).await.unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
}
