//! Spans of exchanges, as a collector gets them: the tree, who decides, what is in no byte of them, and that no exchange waits for a collector.
//!
//! `FEP_PYTHON` names the Python with the package opentelemetry-proto. Without it these tests are skipped, unless `FEP_CI` is set.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use reqwest::Client;
use serde_json::{Value as Json, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use crate::collector::{Collector, by_name, is_readable};
use crate::harness::{Daemon, EXCHANGES, FILL, Reply, Setup, golden, root, transfer};
use crate::peer::{Peer, answer_to, transfer_answer};
use crate::ports::dead_port;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

fn setup<'s>(folder: &'s Path, bank: &Peer, table: String) -> Setup<'s> {
    Setup { behind: table, ..Setup::new(folder, bank.port, "answer_timeout_ms = 5000") }
}

/// A transfer with these headers, which the bank answers with this code.
async fn asked(daemon: &Daemon, bank: &mut Peer, headers: &[(&'static str, String)], code: &[u8; 4]) -> Reply {
    let client = Client::builder().no_proxy().build().unwrap();
    let mut request = client.post(format!("http://127.0.0.1:{}{EXCHANGES}", daemon.port)).body(transfer(7_654_321));
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let reply = tokio::spawn(async move {
        let reply = request.send().await.unwrap();
        (reply.status(), reply.json().await.unwrap())
    });
    let (connection, request) = bank.receive().await;
    let answer = if code == b"0000" { transfer_answer(&request) } else { answer_to(&request, code) };
    bank.send(connection, &answer).await;
    reply.await.unwrap()
}

/// The headers of a caller whose trace has these flags.
fn traced(flags: &str) -> Vec<(&'static str, String)> {
    vec![("traceparent", format!("00-{TRACE}-{CALLER}-{flags}")), ("x-request-id", "call-17".to_owned())]
}

fn metric(page: &str, name: &str) -> f64 {
    let line = page.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name} in {page}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_is_a_tree_in_the_trace_of_its_caller() {
    if !is_readable() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut bank = Peer::start().await;
    let collector = Collector::start().await;
    std::fs::write(folder.path().join("headers"), "authorization: Bearer for-the-collector\n").unwrap();
    let table = collector.table("headers_file = \"headers\"\nservice_name = \"fep-seoul\"");
    let daemon = setup(folder.path(), &bank, table).start().await;
    let headers = [traced("01"), vec![("idempotency-key", "order-1".to_owned())]].concat();
    let (status, reply) = asked(&daemon, &mut bank, &headers, b"0000").await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    let exchange = collector.span(|span| span["name"] == "exchange Transfer").await;
    let spans = by_name(collector.spans(), TRACE);
    let names: Vec<&str> = spans.keys().map(String::as_str).collect();
    let server = "POST /v1/institutions/{institution}/exchanges/{telegram}";
    assert_eq!(names, [server, "exchange Transfer", "institution", "journal", "queue", "reply"]);
    // Who asked whom.
    let of = |name: &str, key: &str| spans[name][key].clone();
    assert_eq!((of(server, "parent"), of(server, "kind")), (json!(CALLER), json!("SERVER")));
    assert_eq!((&exchange["parent"], &exchange["kind"]), (&of(server, "id"), &json!("INTERNAL")));
    for (name, kind) in
        [("queue", "INTERNAL"), ("journal", "INTERNAL"), ("institution", "CLIENT"), ("reply", "INTERNAL")]
    {
        assert_eq!((of(name, "parent"), of(name, "kind")), (exchange["id"].clone(), json!(kind)), "{name}");
    }
    // The stages follow each other without a gap, within the exchange.
    for (first, second) in [("queue", "journal"), ("journal", "institution"), ("institution", "reply")] {
        assert_eq!(of(first, "end"), of(second, "start"), "{first} and {second}");
    }
    assert_eq!((&exchange["start"], &exchange["end"]), (&of("queue", "start"), &of("reply", "end")));
    // What is known of it.
    let expected = json!({
        "fep.institution": "bank-a", "fep.telegram": "Transfer", "fep.exchange.id": reply["exchange"], "fep.outcome": "answered",
        "fep.request.id": "call-17", "fep.line": "main", "fep.response.code": "0000",
    });
    assert_eq!(exchange["attributes"], expected);
    let served = &spans[server]["attributes"];
    assert_eq!((&served["http.request.method"], &served["http.response.status_code"]), (&json!("POST"), &json!(200)));
    assert!(spans.values().all(|span| span["status"] == "UNSET" && span["flags"] == 1), "{spans:?}");
    let resource = &exchange["resource"];
    assert_eq!((&resource["service.name"], &exchange["scope"]), (&json!("fep-seoul"), &json!("fep-gateway")));
    assert_eq!(collector.header("authorization").as_deref(), Some("Bearer for-the-collector"));
    assert_eq!(collector.header("content-type").as_deref(), Some("application/x-protobuf"));
    // The journal has the place in the trace, for the settlement and for other systems.
    let ours = format!("00-{TRACE}-{}-01", of(server, "id").as_str().unwrap());
    assert_eq!(reply["traceparent"], ours);
    // The same order again: the reply is the first one's, in a trace of its own with a link.
    let (_, again) = daemon_replays(&daemon, "order-1").await;
    assert_eq!(again["exchange"], reply["exchange"]);
    let replay = collector.span(|span| span["attributes"]["fep.idempotent_replay"] == true).await;
    assert_eq!(replay["links"], json!([[TRACE, exchange["id"]]]));
    assert_eq!((&replay["parent"], replay["trace"] == TRACE), (&json!(""), false));
    // No field of a telegram is in any byte, and no key.
    let bytes = collector.bytes();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("bank-a"), "{text}");
    for secret in ["1002345678901", "3333011234567", "7654321", "홍길동", "rent", "order-1", "for-the-collector"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    daemon.stop().await;
}

/// Sends a transfer whose key is known.
async fn daemon_replays(daemon: &Daemon, key: &str) -> Reply {
    let reply = daemon.ask(7_654_321, Some(key)).await.unwrap().unwrap();
    assert_eq!(reply.0, StatusCode::OK, "{}", reply.1);
    reply
}

#[tokio::test(flavor = "multi_thread")]
async fn the_caller_decides_and_a_decline_is_no_error() {
    if !is_readable() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut bank = Peer::start().await;
    let collector = Collector::start().await;
    let daemon = setup(folder.path(), &bank, collector.table("sampled_per_1000 = 0")).start().await;
    // Neither of the first two is recorded, and their callers keep their place.
    let (_, unsampled) = asked(&daemon, &mut bank, &traced("00"), b"0000").await;
    assert_eq!(unsampled["traceparent"], format!("00-{TRACE}-{CALLER}-00"));
    let (_, own) = asked(&daemon, &mut bank, &[], b"0000").await;
    assert!(own["traceparent"].as_str().unwrap().ends_with("-00"), "{own}");
    let (_, declined) = asked(&daemon, &mut bank, &traced("01"), b"0110").await;
    let exchange = collector.span(|span| span["name"] == "exchange Transfer").await;
    assert_eq!(exchange["attributes"]["fep.exchange.id"], declined["exchange"]);
    assert_eq!((&exchange["attributes"]["fep.response.code"], &exchange["status"]), (&json!("0110"), &json!("UNSET")));
    daemon.stop().await;
    assert!(collector.spans().iter().all(|span| span["trace"] == TRACE), "{:?}", collector.spans());
    assert_eq!(collector.spans().len(), 6);
}

/// The first inquiry leaves so late that the daemon that asked is killed before.
const SETTLEMENT: &str = concat!(
    "[institutions.bank-a.telegrams.Transfer.settlement]\naccepted = { \"header.response_code\" = \"0000\" }\n\
     horizon_ms = 60000\nfirst_wait_ms = 1500\n",
    include_str!("../settlement.toml"),
    "tries_max = 2\n",
);

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_is_an_error_and_its_settlement_is_linked_after_a_restart() {
    if !is_readable() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut bank = Peer::start().await;
    let collector = Collector::start().await;
    let limits = "answer_timeout_ms = 2000\n";
    let setup =
        Setup { behind: collector.table(""), tables: SETTLEMENT, ..Setup::new(folder.path(), bank.port, limits) };
    let daemon = setup.start().await;
    let client = Client::builder().no_proxy().build().unwrap();
    let request = client.post(format!("http://127.0.0.1:{}{EXCHANGES}", daemon.port)).body(transfer(7));
    let reply = request.header("traceparent", format!("00-{TRACE}-{CALLER}-01")).send().await.unwrap();
    let status = reply.status();
    let reply: Json = reply.json().await.unwrap();
    assert_eq!((status, &reply["outcome"]), (StatusCode::GATEWAY_TIMEOUT, &json!("unknown")), "{reply}");
    let exchange = collector.span(|span| span["name"] == "exchange Transfer").await;
    assert_eq!((&exchange["status"], &exchange["why"]), (&json!("ERROR"), &reply["reason_code"]), "{exchange}");
    assert_eq!(exchange["attributes"]["error.type"], reply["reason_code"]);
    let served = collector.span(|span| span["kind"] == "SERVER").await;
    assert_eq!((&served["status"], &served["attributes"]["error.type"]), (&json!("ERROR"), &json!("504")));
    daemon.kill().await;
    let daemon = setup.start().await;
    let inquiry = collector.span(|span| span["name"] == "inquiry").await;
    assert_eq!(inquiry["links"], json!([[TRACE, exchange["id"]]]), "{inquiry}");
    assert_eq!((&inquiry["kind"], inquiry["trace"] == TRACE), (&json!("CLIENT"), false));
    assert_eq!(inquiry["attributes"]["fep.exchange.id"], reply["exchange"]);
    let id = reply["exchange"].as_str().unwrap();
    let (status, settled) = daemon
        .post(&format!("/v1/exchanges/{id}/settlement"), &json!({ "decision": "not_done", "note": "the bank said so" }))
        .await;
    assert_eq!(status, StatusCode::OK, "{settled}");
    let settlement = collector.span(|span| span["name"] == "settlement").await;
    assert_eq!((&settlement["links"], &settlement["trace"]), (&inquiry["links"], &inquiry["trace"]));
    assert_eq!(inquiry["parent"], settlement["id"]);
    let by = &settlement["attributes"];
    assert_eq!((&by["fep.settled_by"], &by["fep.money"]), (&json!("person"), &json!("not_done")));
    drop(bank.receive().await);
    daemon.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_exchange_waits_for_a_collector_and_what_is_lost_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut bank = Peer::start().await;
    let port = dead_port().await;
    let table = format!(
        "[opentelemetry]\nendpoint = \"http://127.0.0.1:{port}\"\nbatch_delay_ms = 5\nqueue_max = 64\nexport_timeout_ms = 200\n"
    );
    let daemon = setup(folder.path(), &bank, table).start().await;
    // Away: 20 exchanges have 120 spans, of which 64 fit into the queue and some into the batch.
    for _ in 0..20 {
        let (status, reply) = asked(&daemon, &mut bank, &[], b"0000").await;
        assert_eq!(status, StatusCode::OK, "{reply}");
    }
    daemon.logs("the collector of spans does not take them").await;
    let page = daemon.text("/metrics").await;
    assert!(metric(&page, "fep_spans_dropped_total{reason=\"queue\"}") >= 1.0, "{page}");
    assert_eq!(metric(&page, "fep_spans_exported_total").to_bits(), 0.0_f64.to_bits(), "{page}");
    // It comes, and is overloaded, then silent. Exchanges go on.
    let collector = Collector::start_at(port, Some(StatusCode::SERVICE_UNAVAILABLE)).await;
    collector.is_asked(1).await;
    asked(&daemon, &mut bank, &[], b"0000").await;
    collector.answers(None);
    collector.is_asked(3).await;
    let (status, _) = asked(&daemon, &mut bank, &[], b"0000").await;
    assert_eq!(status, StatusCode::OK);
    // It works again: what waited arrives without a restart.
    collector.works();
    daemon.logs("the collector takes spans again").await;
    // It refuses for good: counted, and not tried again.
    collector.answers(Some(StatusCode::UNAUTHORIZED));
    asked(&daemon, &mut bank, &[], b"0000").await;
    let mut refused = 0.0;
    while refused < 1.0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        refused = metric(&daemon.text("/metrics").await, "fep_spans_dropped_total{reason=\"refused\"}");
    }
    let log = daemon.log();
    assert_eq!(log.matches("the collector of spans does not take them").count(), 2, "{log}");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_stops_brings_its_last_spans_and_waits_only_so_long() {
    if !is_readable() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut bank = Peer::start().await;
    let collector = Collector::start().await;
    // Without an end, no span would leave for an hour.
    let table = collector.table("").replace("batch_delay_ms = 10", "batch_delay_ms = 3600000");
    let daemon = setup(folder.path(), &bank, table.clone()).start().await;
    asked(&daemon, &mut bank, &traced("01"), b"0000").await;
    daemon.stop().await;
    assert_eq!(collector.spans().len(), 6);
    // A collector that does not answer holds nothing up.
    collector.answers(None);
    let mut daemon = setup(folder.path(), &bank, table).start().await;
    asked(&daemon, &mut bank, &traced("01"), b"0000").await;
    daemon.terminate().await;
    let status = daemon.ends_within(Duration::from_secs(10)).await;
    assert!(status.success(), "{status}");
    daemon.logs("they are lost").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_address_the_daemon_does_not_start_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let bank = Peer::start().await;
    let mut daemon = setup(folder.path(), &bank, "[opentelemetry]\n".to_owned()).spawn().await;
    assert!(!daemon.ends_within(Duration::from_secs(10)).await.success());
    let log = daemon.log();
    assert!(log.contains("[opentelemetry] has no `endpoint`, and the environment has no OTEL_EXPORTER_OTLP"), "{log}");
}

/// What a system over HTTP and a service of notices got in `traceparent`, in the order in which they were asked.
type Parents = Arc<Mutex<Vec<String>>>;

async fn answer(State(parents): State<Parents>, headers: HeaderMap) -> axum::Json<Json> {
    let parent = headers.get("traceparent").map(|parent| parent.to_str().unwrap().to_owned());
    parents.lock().unwrap().extend(parent);
    axum::Json(json!({ "header": { "response_code": "0000" }, "balance": 5000, "fee": 500 }))
}

/// The trace and the span of a `traceparent` that is sampled.
fn place(parent: &str) -> (Json, Json) {
    let parts: Vec<&str> = parent.split('-').collect();
    assert_eq!((parts.len(), parts[0], parts[3]), (4, "00", "01"), "{parent}");
    (json!(parts[1]), json!(parts[2]))
}

#[tokio::test(flavor = "multi_thread")]
async fn systems_behind_the_gateway_go_on_in_its_trace() {
    if !is_readable() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut bank = Peer::start().await;
    let collector = Collector::start().await;
    let parents = Parents::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let system = listener.local_addr().unwrap();
    let router = Router::new().route("/{*path}", post(answer)).with_state(Arc::clone(&parents));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let spec = root().join("specs/bank-a/bank-a.toml");
    let old = format!(
        "[institutions.old]\nspec = {spec:?}\nkey = []\ntrace = \"header.trace_no\"\n[institutions.old.fill]\n\
         \"header.bank_code\" = \"099\"\n{FILL}\n[[institutions.old.lines]]\nname = \"http\"\nconnect = \"{system}\"\none_shot = true\n\
         http = {{ path = \"/fep/{{telegram}}\" }}\n"
    );
    let notices = format!("[institutions.bank-a.notices.DepositNotice]\ncallback = \"http://{system}/notices\"\n");
    let setup = Setup {
        tables: &notices,
        behind: old + &collector.table(""),
        ..Setup::new(folder.path(), bank.port, "answer_timeout_ms = 5000")
    };
    let daemon = setup.start().await;
    let (status, reply) = daemon.ask_of("old", 7, None).await.unwrap().unwrap();
    assert_eq!(status, StatusCode::OK, "{reply}");
    let wire = collector.span(|span| span["name"] == "institution").await;
    let asked = parents.lock().unwrap().clone();
    assert_eq!(
        asked.iter().map(|parent| place(parent)).collect::<Vec<_>>(),
        [(wire["trace"].clone(), wire["id"].clone())]
    );
    // The bank tells about a deposit: a trace that begins here.
    bank.send(0, &golden("bank-a-deposit-notice.json")).await;
    let notice = collector.span(|span| span["kind"] == "CONSUMER").await;
    let attempt = collector.span(|span| span["name"] == "POST").await;
    assert_eq!((&notice["name"], &notice["parent"]), (&json!("notice DepositNotice"), &json!("")));
    assert_eq!((&attempt["trace"], &attempt["parent"]), (&notice["trace"], &notice["id"]));
    assert_eq!((&attempt["kind"], &attempt["attributes"]["fep.attempt"]), (&json!("CLIENT"), &json!(1)));
    assert_eq!(attempt["attributes"]["server.port"], system.port());
    let asked = parents.lock().unwrap().clone();
    assert_eq!(place(&asked[1]), (attempt["trace"].clone(), attempt["id"].clone()), "{asked:?}");
    let known = daemon.get(&format!("/v1/notices/{}", notice["attributes"]["fep.notice.id"].as_str().unwrap())).await;
    assert_eq!(known.0, StatusCode::OK, "{}", known.1);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_over_tls_is_trusted_only_with_its_certificate() {
    if !is_readable() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut bank = Peer::start().await;
    let collector = Collector::start().await;
    let made = ["theirs", "other"].map(|name| {
        let own = rcgen::generate_simple_self_signed(["collector.bank.example".to_owned()]).unwrap();
        std::fs::write(folder.path().join(format!("{name}.pem")), own.cert.pem()).unwrap();
        own
    });
    let key = PrivatePkcs8KeyDer::from(made[0].signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = config.with_single_cert(vec![made[0].cert.der().clone()], key.into()).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = door.local_addr().unwrap().port();
    let behind = collector.port;
    tokio::spawn(async move {
        while let Ok((stream, _)) = door.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut stream = acceptor.accept(stream).await?;
                let mut plain = TcpStream::connect(("127.0.0.1", behind)).await?;
                tokio::io::copy_bidirectional(&mut stream, &mut plain).await
            });
        }
    });
    let table = |ca: &str| {
        format!(
            "[opentelemetry]\nendpoint = \"https://127.0.0.1:{port}\"\nbatch_delay_ms = 10\n\
             tls = {{ ca = \"{ca}.pem\", name = \"collector.bank.example\" }}\n"
        )
    };
    let daemon = setup(folder.path(), &bank, table("other")).start().await;
    let (status, reply) = asked(&daemon, &mut bank, &traced("01"), b"0000").await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    daemon.logs("the certificate of the collector is not").await;
    daemon.kill().await;
    assert!(collector.bytes().is_empty());
    let daemon = setup(folder.path(), &bank, table("theirs")).start().await;
    asked(&daemon, &mut bank, &traced("01"), b"0000").await;
    collector.span(|span| span["name"] == "exchange Transfer").await;
    daemon.stop().await;
}
