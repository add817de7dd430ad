//! A collector of spans that keeps what it gets, and refuses or is slow when it is told. What it got is read by the official protobufs of
//! OpenTelemetry for Python, not by code of ours.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value as Json;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

use crate::peer::PATIENCE;

/// A collector. Dropping it leaves it running.
#[derive(Clone)]
pub(crate) struct Collector {
    pub(crate) port: u16,
    state: Arc<Mutex<Got>>,
}

#[derive(Default)]
struct Got {
    bodies: Vec<Bytes>,
    headers: Option<HeaderMap>,
    /// How often it was asked.
    asked: usize,
    /// What it answers instead of taking spans. `None` without a status: nothing at all.
    answer: Option<Option<StatusCode>>,
}

/// A span as the Python program shows it.
pub(crate) type Span = Json;

/// Whether the Python packages are here that read spans.
pub(crate) fn is_readable() -> bool {
    let found = Command::new(python()).args(["-c", "import opentelemetry.proto.trace.v1.trace_pb2"]).output();
    let is_here = found.is_ok_and(|output| output.status.success());
    if !is_here {
        let told = "the Python package opentelemetry-proto is missing here (pip install); FEP_PYTHON names the Python that has it. Spans are \
                    not tried";
        assert!(std::env::var_os("FEP_CI").is_none(), "{told}");
        eprintln!("skipped: {told}");
    }
    is_here
}

fn python() -> String {
    std::env::var("FEP_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

impl Collector {
    pub(crate) async fn start() -> Self {
        Self::start_at(0, None).await
    }

    /// Starts at this port. From the first request on it answers this instead of taking spans.
    pub(crate) async fn start_at(port: u16, refuses: Option<StatusCode>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(Got { answer: refuses.map(Some), ..Got::default() }));
        let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { port, state }
    }

    /// The table of the configuration that sends spans here.
    pub(crate) fn table(&self, keys: &str) -> String {
        format!("[opentelemetry]\nendpoint = \"http://127.0.0.1:{}\"\nbatch_delay_ms = 10\n{keys}\n", self.port)
    }

    /// From now on it answers this instead of taking spans; without a status nothing.
    pub(crate) fn answers(&self, status: Option<StatusCode>) {
        self.state.lock().unwrap().answer = Some(status);
    }

    /// From now on it takes spans.
    pub(crate) fn works(&self) {
        self.state.lock().unwrap().answer = None;
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let state = self.state.lock().unwrap();
        Some(state.headers.as_ref()?.get(name)?.to_str().unwrap().to_owned())
    }

    /// Waits until it was asked so often.
    pub(crate) async fn is_asked(&self, times: usize) {
        let asked = async {
            while self.state.lock().unwrap().asked < times {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, asked).await.expect("the collector is asked");
    }

    /// All bytes that it took.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.state.lock().unwrap().bodies.concat()
    }

    /// The spans that it took.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let hex = |body: &Bytes| body.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let lines: Vec<String> = self.state.lock().unwrap().bodies.iter().map(hex).collect();
        let mut child = Command::new(python())
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/otlp/decode.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Waits until it has a span that passes, and returns it.
    pub(crate) async fn span(&self, wanted: impl Fn(&Span) -> bool) -> Span {
        let mut seen = 0;
        let found = async {
            loop {
                let asked = self.state.lock().unwrap().bodies.len();
                if asked > seen {
                    seen = asked;
                    if let Some(span) = self.spans().into_iter().find(&wanted) {
                        return span;
                    }
                }
                sleep(Duration::from_millis(10)).await;
            }
        };
        let found = timeout(PATIENCE, found).await;
        found.unwrap_or_else(|_| panic!("no such span among {:?}", self.spans()))
    }
}

async fn take(State(state): State<Arc<Mutex<Got>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let answer = {
        let mut state = state.lock().unwrap();
        state.asked += 1;
        if state.answer.is_none() {
            state.bodies.push(body);
            state.headers = Some(headers);
        }
        state.answer
    };
    match answer {
        None => StatusCode::OK,
        Some(Some(status)) => status,
        Some(None) => std::future::pending().await,
    }
}

/// The spans of a trace by their names.
pub(crate) fn by_name(spans: Vec<Span>, trace: &str) -> BTreeMap<String, Span> {
    let mut named = BTreeMap::new();
    for span in spans.into_iter().filter(|span| span["trace"] == trace) {
        let name = span["name"].as_str().unwrap().to_owned();
        assert!(named.insert(name.clone(), span).is_none(), "{name} twice");
    }
    named
}
