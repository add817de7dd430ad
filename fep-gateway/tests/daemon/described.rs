//! What the daemon replies and what its OpenAPI document says are the same: schemathesis sends thousands of right and wrong requests to every
//! route. No reply is an error of the server, besides those two that say what became of a request, and none has a status, a media type
//! or a form that the document lacks.

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::harness::{Daemon, FILL, Setup, root};
use crate::peer::PATIENCE;
use crate::ports::dead_port;

/// The seed of all that is drawn, and the number of requests of each operation besides those at the limits of its values.
const SEED: &str = "20261128";
const EXAMPLES: &str = "10";

/// Longer than a run takes on a machine that does nothing else: about half a minute.
const RUN_MAX: Duration = Duration::from_secs(600);

/// The SHA-256 of `admin`, as `sha256sum` prints it.
const ACCESS: &str = r#"
[clients.admin]
tokens = ["sha256:8c6976e5b5410415bde908bd4dee15dfb167a9c873fc4bb8a81f6f2ab448a918"]
may = [{ actions = ["send", "read", "reveal", "operate", "settle", "configure"] }]
"#;

const SCENARIO: &str = r#"
trace = "header.trace_no"
[session]
open = "SignOn"
[answers]
set = { "header.response_code" = "0000", balance = 5000, fee = 500 }
[[rules]]
telegram = "Transfer"
when = { passbook_memo = "silence" }
action = "silence"
"#;

const INSTITUTION: &str = r#"
answer_timeout_ms = 1000
session = { sign_on = "SignOn", accepted = { "header.response_code" = "0000" } }
"#;

/// Every status is one of a client, or says what became of a request: it was not sent, or that is unknown.
const CHECKS: &str = "[checks]\nnot_a_server_error.expected-statuses = [\"2xx\", \"3xx\", \"4xx\", \"503\", \"504\"]\n";

/// The program schemathesis, beside the Python with its package.
fn schemathesis() -> Option<String> {
    let python = std::env::var("FEP_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let beside = Path::new(&python).with_file_name("schemathesis").display().to_string();
    let is_there = |program: &String| {
        std::process::Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
    };
    let found = [beside, "schemathesis".to_owned()].into_iter().find(is_there);
    if found.is_none() {
        let told = "the program schemathesis is missing here (pip install schemathesis); FEP_PYTHON names the Python beside which it is. The \
                    daemon is not compared with its OpenAPI document";
        assert!(std::env::var_os("FEP_CI").is_none(), "{told}");
        eprintln!("skipped: {told}");
    }
    found
}

/// A simulated bank.
async fn bank(folder: &Path) -> (Child, u16) {
    let port = dead_port().await;
    fs::write(folder.join("scenario.toml"), SCENARIO).unwrap();
    let bank = Command::new(env!("CARGO_BIN_EXE_fep-gateway"))
        .arg("simulate")
        .arg(root().join("specs/bank-a/bank-a.toml"))
        .arg("--scenario")
        .arg(folder.join("scenario.toml"))
        .args(["--listen", &format!("127.0.0.1:{port}")])
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    (bank, port)
}

/// The settlement of an institution.
fn settlement(institution: &str) -> String {
    let steps = concat!(
        "[institutions.bank-a.telegrams.Transfer.settlement]\naccepted = { \"header.response_code\" = \"0000\" }\n\
         horizon_ms = 900\nfirst_wait_ms = 100\n",
        include_str!("../settlement.toml"),
        "tries_max = 2\n",
    );
    steps.replace("bank-a", institution)
}

/// The gateway with all that it can have: rights, two institutions with a rule between them, a breaker and settlements.
async fn start(folder: &Path, bank: u16) -> Daemon {
    fs::write(folder.join("access.toml"), ACCESS).unwrap();
    let rule = "[institutions.bank-a.routing.Transfer]\nto = \"old\"\npercent = 50\n";
    let tables = format!("[institutions.bank-a.breaker]\n{rule}{}", settlement("bank-a"));
    let spec = root().join("specs/bank-a/bank-a.toml");
    let behind = format!(
        "[institutions.old]\nspec = \"{}\"\nkey = [\"header.trace_no\", \"header.sent_date\"]\ntrace = \"header.trace_no\"\n{INSTITUTION}\n\
         [institutions.old.fill]\n\"header.bank_code\" = \"099\"\n{FILL}\n{}\n\
         [[institutions.old.lines]]\nname = \"main\"\nconnect = \"127.0.0.1:{bank}\"\n",
        spec.display(),
        settlement("old"),
    );
    let setup =
        Setup { http: "access = \"access.toml\"", tables: &tables, behind, ..Setup::new(folder, bank, INSTITUTION) };
    setup.start().await
}

/// Sends a transfer, and returns the name of its exchange.
async fn pays(port: u16, memo: &str) -> String {
    let fields = json!({
        "withdraw_account": "1002345678901", "amount": 1_234_567, "deposit_bank": "088", "deposit_account": "3333011234567",
        "payee_name": "홍길동", "passbook_memo": memo, "check_digits": "253788",
    });
    let url = format!("http://127.0.0.1:{port}/v1/institutions/bank-a/exchanges/Transfer");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let reply = client.post(url).bearer_auth("admin").body(fields.to_string()).send().await.unwrap();
    let reply: Json = reply.json().await.unwrap();
    reply["exchange"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned()
}

/// Runs schemathesis with these settings and options.
async fn compare(program: &str, folder: &Path, port: u16, settings: &str, more: &[&str]) -> Output {
    let file = folder.join("schemathesis.toml");
    fs::write(&file, format!("{CHECKS}{settings}")).unwrap();
    let mut command = Command::new(program);
    command.current_dir(folder).arg("--config-file").arg(&file).arg("run");
    command.arg(format!("http://127.0.0.1:{port}/openapi.json")).args(["-H", "Authorization: Bearer admin"]);
    let checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
    command.args(["--checks", checks, "--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES]);
    // A stream without an end has no reply that ends.
    command.args(["--seed", SEED, "--exclude-operation-id", "events", "--request-timeout", "30"]);
    command.args(["--no-color", "--continue-on-failure"]).args(more).env("NO_PROXY", "127.0.0.1");
    timeout(RUN_MAX, command.kill_on_drop(true).output()).await.expect("it ends").unwrap()
}

#[tokio::test]
async fn no_reply_is_an_error_of_the_server_or_one_that_the_document_lacks() {
    let Some(program) = schemathesis() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (_bank, port) = bank(folder.path()).await;
    let listens = async {
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, listens).await.expect("the bank listens");
    let daemon = start(folder.path(), port).await;
    let answered = pays(daemon.port, "rent").await;
    let unknown = pays(daemon.port, "silence").await;
    // Names that are there, and then names of all kinds. The second run has most of the requests, and may stop lines and business.
    let known = format!(
        "[parameters]\n\"path.institution\" = \"bank-a\"\n\"path.telegram\" = \"Transfer\"\n\"path.line\" = \"main\"\n\
         [[operations]]\ninclude-path-regex = \"^/v1/exchanges/\"\nparameters = {{ \"path.id\" = \"{answered}\" }}\n\
         [[operations]]\ninclude-path = \"/v1/exchanges/{{id}}/settlement\"\nparameters = {{ \"path.id\" = \"{unknown}\" }}\n"
    );
    for (settings, more) in [(known.as_str(), &["--include-path-regex", "[{]"][..]), ("", &[])] {
        let output = compare(&program, folder.path(), daemon.port, settings, more).await;
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        // It says so if it could not try anything.
        assert!(said.contains("Test cases:") && !said.contains("No test cases"), "{said}");
    }
    assert!(!daemon.log().contains("panicked"), "{}", daemon.log());
    daemon.stop().await;
}
