//! Exports of a gateway that runs, read by another program: DuckDB, with the types that the manifest names.
//!
//! `FEP_PYTHON` names the Python with the package duckdb. Without it the tables are not read by it, unless `FEP_CI` is set.

use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use fep_gateway::export::{self, NOTED_FACTS, Request, Until, export};
use serde_json::{Value as Json, json};

use crate::harness::{Bench, Setup, config, outcome, transfer, until};
use crate::peer::{answer_to, transfer_answer};

const INSTITUTION: &str = "answer_timeout_ms = 1500";

fn setup() -> Setup {
    Setup { institution: INSTITUTION, ..Setup::default() }
}

fn up_to_now(bench: &Bench, to: &Path) -> Result<export::Exported, export::ExportError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let request = Request {
        to: to.to_owned(),
        until: Until::Now,
        institutions: None,
        hash_key_file: None,
        again: false,
        journal: None,
        now_ms: i64::try_from(now.as_millis()).unwrap(),
        noted_facts: NOTED_FACTS,
    };
    export(&config(&bench.journal(), bench.peer.port, &setup()), &request)
}

/// What DuckDB makes of all exports of a folder. `None` if it is not there.
fn by_duckdb(to: &Path) -> Option<Json> {
    let python = std::env::var("FEP_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&python).args(["-c", "import duckdb"]).output();
    if !found.is_ok_and(|output| output.status.success()) {
        let told = "the Python package duckdb is missing here (pip install duckdb); FEP_PYTHON names the Python that has it. Exports are not read \
                    with another program";
        assert!(std::env::var_os("FEP_CI").is_none(), "{told}");
        eprintln!("skipped: {told}");
        return None;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/export/read.py");
    let output = Command::new(python).arg(script).arg(to).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[tokio::test]
async fn another_program_reads_what_a_running_gateway_exports() {
    let mut bench = Bench::new(setup()).await;
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("exports");
    let mut ids = Vec::new();
    let mut late = Vec::new();
    // Answered, declined, and never answered in time.
    for (amount, code) in [(100, Some(b"0000")), (2000, Some(b"0110")), (30_000, None)] {
        let mut body = transfer();
        body["amount"] = json!(amount);
        body["passbook_memo"] = json!("=\"급여\",1");
        let gateway = bench.gateway.clone();
        let asked = tokio::spawn(async move { gateway.exchange("bank-a", "Transfer", &body, None).await.unwrap() });
        let (connection, request) = bench.peer.receive().await;
        match code {
            Some(b"0000") => bench.peer.send(connection, &transfer_answer(&request)).await,
            Some(code) => bench.peer.send(connection, &answer_to(&request, code)).await,
            None => late = transfer_answer(&request),
        }
        ids.push(asked.await.unwrap());
    }
    assert!(outcome(&ids[2]).starts_with("unknown"), "{:?}", ids[2]);
    until("the index has it", async || up_to_now(&bench, &to).is_ok()).await;
    bench.peer.send(0, &late).await;
    bench.settled(&ids[2].id).await;
    let second = up_to_now(&bench, &to).unwrap();
    assert_eq!(second.manifest.exchanges.values().sum::<u64>(), 1);

    let Some(read) = by_duckdb(&to) else { return };
    // The newest revision of each exchange, joined with its request: the amount by its type.
    let date = second.manifest.plan.business_date;
    let expected = json!([
        [ids[0].id.to_string(), date, "answered", "0000", true, null, "100", "=\"급여\",1", date],
        [ids[1].id.to_string(), date, "answered", "0110", false, null, "2000", "=\"급여\",1", date],
        [ids[2].id.to_string(), date, "unknown", "0000", true, "late_answer", "30000", "=\"급여\",1", date],
    ]);
    assert_eq!(read["exchanges"], expected);
    // Each file has the rows, the sums and the SHA-256 of its manifest, by DuckDB and hashlib.
    assert_eq!(read["agrees"], json!(true), "{read}");
    assert_eq!(read["revisions"], json!(4));
    assert_eq!(read["facts"], json!([1, second.manifest.plan.last_fact]));
    assert!(!read.to_string().contains("1002345678901"), "{read}");
}
