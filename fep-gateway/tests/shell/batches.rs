//! Batches against a gateway and a simulated bank: files of requests, outcomes, and files of results. What a plan and a window mean is tested beside
//! them in `src/batch`.

pub(crate) mod desk;

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fep_gateway::batch::{Ended, Plan, State, Stopped};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use self::desk::{Clock, DATE, Desk, Until};
use crate::harness::{Bench, GOOD_BANK, bank_at};

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
    let done = State::Done;
    assert_eq!((requests_with(&ended, done), requests_with(&ended, State::NotDone)), (2, 1), "{ended:?}");
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
    assert_eq!(std::fs::read_to_string(ended.results.unwrap().unwrap()).unwrap(), expected);
    assert!(desk.path("results-20261130.dat").exists());
    let outcomes = std::fs::read_to_string(&ended.ledger).unwrap();
    assert!(!outcomes.contains("3333011234567"), "{outcomes}");
    // The same batch again sends nothing, with and without its outcomes.
    assert!(desk.runs(&file).await.unwrap().progress.is_complete());
    std::fs::remove_file(&ended.ledger).unwrap();
    std::fs::remove_file(desk.path("results-20261130.dat")).unwrap();
    let again = desk.runs(&file).await.unwrap();
    assert_eq!(requests_with(&again, done), 2);
    assert_eq!(std::fs::read_to_string(again.results.unwrap().unwrap()).unwrap(), expected);
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
    std::fs::remove_file(desk.path("results-20261130.dat")).unwrap();
    let stopped = desk.runs(&file).await.unwrap();
    assert!(
        matches!(&stopped.stopped, Some(Stopped::Refused(why)) if why.contains("has sent another file")),
        "{stopped:?}"
    );
    assert!(stopped.results.is_none());
    assert_eq!(sent(&bench).await, 2);
    // It is not more than that when it is tried again.
    let again = desk.runs(&file).await.unwrap();
    assert!(
        matches!(&again.stopped, Some(Stopped::Refused(why)) if why.contains("has sent another file")),
        "{again:?}"
    );
    assert!(!again.ledger.exists(), "nothing is known of the other file");
    // The good file under another date would be paid a second time.
    std::fs::write(&file, &good).unwrap();
    std::fs::write(desk.path("results-20261130.dat"), "told").unwrap();
    let told = desk.runs(&file).await.unwrap_err().to_string();
    assert!(told.contains("results of this batch were told"), "{told}");
    std::fs::remove_file(desk.path("results-20261130.dat")).unwrap();
    assert!(desk.runs(&file).await.unwrap().progress.is_clean());
    let refused = desk.runs_as(&file, Until::End, DATE + 1, Arc::new(|| 0)).await.unwrap_err().to_string();
    assert!(refused.contains("another batch has the same file of requests"), "{refused}");
    assert_eq!(sent(&bench).await, 2);
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
        assert!(ended.results.is_none() && ended.stopped.is_none());
        assert_eq!(sent(&bench).await, 2);
    }
}

/// As of inquiries, which nothing settles.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_outcome_is_told_as_such_if_the_plan_has_a_word_for_it_and_no_money() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let desk = Desk::at(&bench.url, "");
    let plan =
        std::fs::read_to_string(desk.path("pay.toml")).unwrap().replace("settle_wait_s = 5", "settle_wait_s = 0");
    let plan = plan.replace("refused = \"X\" }", "refused = \"X\", unknown = \"U\" }");
    std::fs::write(desk.path("pay.toml"), &plan).unwrap();
    let error = Plan::load(&desk.path("pay.toml")).unwrap_err().to_string();
    assert!(error.contains("a request with an amount moves money"), "{error}");
    std::fs::write(desk.path("pay.toml"), plan.replace("amount      = \"amount\"", "")).unwrap();
    let file = desk.pays(&[(1000, "salary"), (2000, "silence")]);
    for _ in 0..2 {
        let ended = desk.runs(&file).await.unwrap();
        assert_eq!((requests_with(&ended, State::Done), requests_with(&ended, State::Unknown)), (1, 1));
        let results = std::fs::read_to_string(desk.path("results-20261130.dat")).unwrap();
        let marks: Vec<_> = results.lines().filter(|line| line.starts_with('D')).map(|line| &line[34..39]).collect();
        assert_eq!(marks, ["Y0000", "U    "], "{results}");
        assert!(!ended.progress.is_clean(), "the exit code says that somebody must look");
        assert_eq!(sent(&bench).await, 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_goes_on_where_it_was_although_connections_break_and_it_is_stopped() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let flaky = flaky(bench.url.trim_start_matches("http://").to_owned()).await;
    let desk = Desk::at(&format!("http://{flaky}"), "in_flight_max = 4");
    let file = desk.pays(&vec![(10, "salary"); 150]);
    let stopped = desk.runs_until(&file, Until::Done(20)).await.unwrap();
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
        ("{\"passbook_memo\": \"x\"}", "line 3: it has no `amount`, of which the plan makes sums"),
        ("{\"telegram\": 5, \"fields\": {}}", "line 3: `telegram` is no text"),
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_sent_is_sent_later_with_the_same_key_and_never_twice() {
    // Nobody listens at the bank, so each try is certainly not sent.
    let place = TcpListener::bind("127.77.0.1:0").await.unwrap().local_addr().unwrap();
    let bench = Bench::connecting_to(&place.to_string(), "").await;
    let desk = Desk::at(&bench.url, "");
    let file = desk.pays(&[(10, "salary"), (20, "salary")]);
    let ledger = desk.path("pay-2026-11-30.outcomes.jsonl");
    let (ended, _bank) = tokio::join!(desk.runs(&file), async {
        bench
            .until("/v1/exchanges?outcome=not_sent", |list| {
                list["exchanges"].as_array().is_some_and(|all| all.len() > 2)
            })
            .await;
        bank_at(GOOD_BANK, &place.to_string()).await
    });
    let ended = ended.unwrap();
    assert!(ended.progress.is_clean(), "{ended:?}");
    assert_eq!(sent(&bench).await, 2);
    // Whoever runs it without the outcomes asks for the same exchanges, although several tries were not sent.
    std::fs::remove_file(&ledger).unwrap();
    std::fs::remove_file(desk.path("results-20261130.dat")).unwrap();
    assert!(desk.runs(&file).await.unwrap().progress.is_clean());
    assert_eq!(sent(&bench).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn windows_open_and_close_while_it_runs_and_results_wait_for_all() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let desk = Desk::at(&bench.url, "");
    desk.plans(|plan| {
        plan + "[windows.night]\ndays = [\"mon\"]\nhours = [\"18:00-20:00\"]\nper_second = 50\nday_max = 3\n"
    });
    let file = desk.pays(&[(10, "salary"); 5]);
    // Before 18:00, in the window, and on the next Monday.
    let at = |day: i64, hour: i64| -> Clock { Arc::new(move || (DATE + day) * 86_400_000 + hour * 3_600_000) };
    let second = Until::Passed(Duration::from_secs(1));
    let waits = desk.runs_as(&file, second, DATE, at(0, 17)).await.unwrap();
    assert_eq!((waits.stopped, sent(&bench).await), (Some(Stopped::Asked), 0), "it waits for the window");
    let ended = desk.runs_as(&file, Until::Done(3), DATE, at(0, 18)).await.unwrap();
    assert_eq!((requests_with(&ended, State::Done), ended.progress.left()), (3, 2), "{ended:?}");
    assert!(ended.results.is_none());
    let spent = desk.runs_as(&file, second, DATE, at(0, 19)).await.unwrap();
    assert_eq!(requests_with(&spent, State::Done), 3, "the window has sent what it may on that date");
    let ended = desk.runs_as(&file, Until::End, DATE, at(7, 18)).await.unwrap();
    assert!(ended.progress.is_clean() && ended.results.is_some(), "{ended:?}");
    // What has nothing to send needs no window.
    let again = desk.runs_as(&file, Until::End, DATE, at(7, 21)).await.unwrap();
    assert!(again.results.is_some() && again.stopped.is_none(), "{again:?}");
    assert_eq!(sent(&bench).await, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_cannot_tell_results_is_refused_before_anything_is_sent() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let desk = Desk::at(&bench.url, "");
    let file = desk.pays(&[(10, "salary")]);
    let plan = std::fs::read_to_string(desk.path("pay.toml")).unwrap();
    for (from, to, why) in [
        ("refused = \"X\"", "refused = \"XX\"", "Data: caller: result"),
        ("[[output.records]]\nrecord = \"Trailer\"\n", "", "the file has 0 of `Trailer`, there must be 1"),
        ("path    = \"results-{date}.dat\"", "path    = \"payments.dat\"", "would replace a file of the batch"),
    ] {
        assert!(plan.contains(from), "{from}");
        std::fs::write(desk.path("pay.toml"), plan.replace(from, to)).unwrap();
        let refused = desk.runs(&file).await.unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
    for (from, to, why) in [
        ("\"0000\"", "\"00000\"", "needs 5 bytes, the field has 4"),
        ("amount      = \"amount\"", "amount = \"passbook_memo\"", "`passbook_memo` is no number, so it has no sums"),
        ("each   = \"request\"\n", "", "is the record of the requests"),
        ("answer.header.response_code", "answer.header.response_cod", "has no field `header.response_cod`"),
    ] {
        assert!(plan.contains(from), "{from}");
        std::fs::write(desk.path("pay.toml"), plan.replace(from, to)).unwrap();
        let refused = Plan::load(&desk.path("pay.toml")).unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
    assert_eq!(sent(&bench).await, 0);
    // A verdict that was kept is not changed by another plan in silence.
    std::fs::write(desk.path("pay.toml"), plan.split("[output]").next().unwrap()).unwrap();
    assert!(desk.runs(&file).await.unwrap().progress.is_clean());
    desk.plans(|plan| plan.replace("\"0000\"", "\"0110\""));
    let refused = desk.runs(&file).await.unwrap_err().to_string();
    assert!(refused.contains("the outcomes were judged by the old one"), "{refused}");
}
