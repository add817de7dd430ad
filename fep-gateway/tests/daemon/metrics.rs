//! The page `/metrics` of a daemon, compared with the table of metrics in its documentation.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use reqwest::StatusCode;

use crate::harness::Setup;
use crate::peer::{Peer, transfer_answer};

/// A metric: its kind and its labels.
type Metric = (String, BTreeSet<String>);

/// The metrics that a daemon shows after some traffic, without any trouble, on Linux.
const AT_LEAST: [&str; 30] = [
    "fep_build_info",
    "fep_business_open",
    "fep_case_oldest_seconds",
    "fep_exchanges_total",
    "fep_http_connections",
    "fep_http_requests_total",
    "fep_inflight",
    "fep_inflight_max",
    "fep_journal_batch_size",
    "fep_journal_commit_seconds",
    "fep_journal_works",
    "fep_limit",
    "fep_links_up",
    "fep_notice_conflicts_total",
    "fep_notice_dead_letters",
    "fep_notice_dead_letters_total",
    "fep_notices_left_total",
    "fep_notices_undelivered",
    "fep_ready",
    "fep_received_total",
    "fep_round_trip_seconds",
    "fep_stage_seconds",
    "fep_traces_low_total",
    "fep_waiting",
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_threads",
];

fn source() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))
}

/// The rows of the table.
fn table() -> BTreeMap<String, Metric> {
    let text = std::fs::read_to_string(source().join("metrics.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.split('|').map(str::trim).map(str::to_owned).collect::<Vec<_>>());
    let metric = |cells: Vec<String>| {
        let labels = cells[3].split(", ").filter(|label| !label.is_empty()).map(str::to_owned).collect();
        assert!(!cells[4].is_empty(), "{cells:?}");
        (cells[1].trim_matches('`').to_owned(), (cells[2].clone(), labels))
    };
    cells.map(metric).collect()
}

/// The metrics of a page. A histogram is one metric; its bucket limit is not a label of it.
fn metrics_of(page: &str) -> BTreeMap<String, Metric> {
    let mut metrics = BTreeMap::new();
    for line in page.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        metrics.insert(name.to_owned(), (kind.to_owned(), BTreeSet::new()));
    }
    for line in page.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (name, rest) = line.split_once(['{', ' ']).unwrap();
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
        let known = if metrics.contains_key(name) { name } else { base };
        let (_, labels) = metrics.get_mut(known).unwrap_or_else(|| panic!("{line} has no type"));
        if let Some((inner, _)) = rest.rsplit_once('}') {
            // A label is what stands before `="`. No value of the test has these two characters.
            let named = inner.split("=\"").filter_map(|part| part.rsplit([',', '"']).next());
            let names = named.filter(|name| !name.is_empty() && *name != "le").map(str::to_owned);
            labels.extend(names);
        }
    }
    metrics
}

/// The names of metrics in the code: literals that look like one.
fn in_the_code(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        // The columns of exports have such names, too.
        if entry.file_name().is_some_and(|name| name == "export") {
            continue;
        }
        if entry.is_dir() {
            in_the_code(&entry, names);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&entry).unwrap();
            let literals = text.split('"').filter(|word| {
                let is_name = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
                // `fep_` alone is where the tokens of clients begin.
                is_name && !word.ends_with('_') && (word.starts_with("fep_") || word.starts_with("process_"))
            });
            names.extend(literals.map(str::to_owned));
        }
    }
}

/// Lets promtool look at a page. If it is not on this machine, says so.
fn promtool(page: &str) {
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        let told = "promtool is missing here (Debian: apt-get install prometheus); nobody else reads the page";
        assert!(std::env::var_os("FEP_CI").is_none(), "{told}");
        return eprintln!("skipped: {told}");
    };
    child.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success() && said.is_empty(), "{said}\n{page}");
}

#[test]
fn the_table_names_the_metrics_of_the_code_and_no_others() {
    let mut code = BTreeSet::new();
    in_the_code(source(), &mut code);
    // Crates and a table of the journal have such names, too.
    code.retain(|name| !["fep_gateway", "fep_protocol", "fep_codec", "fep_spec"].contains(&&**name));
    assert_eq!(code, table().into_keys().collect());
}

#[tokio::test]
async fn the_page_of_a_daemon_has_metrics_of_the_table_only_with_their_kinds_and_labels() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, "answer_timeout_ms = 1000");
    let setup = Setup { tables: "[institutions.bank-a.breaker]\n", ..setup };
    let daemon = setup.start().await;
    daemon.answered(&mut peer, 1).await;
    let declined = daemon.ask(3, None);
    let (connection, request) = peer.receive().await;
    let mut answer = transfer_answer(&request);
    // The response code.
    answer[52..56].copy_from_slice(b"0110");
    peer.send(connection, &answer).await;
    assert_eq!(declined.await.unwrap().unwrap().0, StatusCode::OK);
    let silent = daemon.ask(2, None);
    peer.receive().await;
    assert_eq!(silent.await.unwrap().unwrap().0, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(daemon.get("/v1/nothing").await.0, StatusCode::NOT_FOUND);
    assert_eq!(daemon.get("/v1/exchanges/00").await.0, StatusCode::NOT_FOUND);
    let page = daemon.text("/metrics").await;
    let table = table();
    for (name, (kind, labels)) in metrics_of(&page) {
        let (stated, names) = table.get(&name).unwrap_or_else(|| panic!("{name} is not in the table\n{page}"));
        assert_eq!((&kind, &labels), (stated, names), "{name}\n{page}");
        assert!(page.contains(&format!("# HELP {name} ")), "{name} has no help text");
    }
    for name in AT_LEAST {
        assert!(page.contains(&format!("# TYPE {name} ")), "{name}\n{page}");
    }
    for line in [
        "fep_declines_total{institution=\"bank-a\",telegram=\"Transfer\",code=\"0110\"} 1\n",
        "fep_ready 1\n",
        "fep_journal_works 1\n",
        "fep_http_requests_total{route=\"/v1/exchanges/{id}\",status=\"404\"} 1\n",
        "fep_http_requests_total{route=\"\",status=\"404\"} 1\n",
        "fep_received_total{institution=\"bank-a\",class=\"late\"} 0\n",
        "fep_stage_seconds_count{institution=\"bank-a\",stage=\"queue\"} 2\n",
        "fep_stage_seconds_count{institution=\"bank-a\",stage=\"journal\"} 2\n",
        "fep_stage_seconds_count{institution=\"bank-a\",stage=\"institution\"} 2\n",
        "fep_stage_seconds_count{institution=\"bank-a\",stage=\"reply\"} 2\n",
    ] {
        assert!(page.contains(line), "{line}\n{page}");
    }
    promtool(&page);
    daemon.stop().await;
}

#[tokio::test]
async fn a_response_code_in_another_field_and_with_other_codes_counts_its_declines() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let keys = "response_code = \"passbook_memo\"\naccepted_codes = [\"A1\"]";
    let setup = Setup::new(folder.path(), peer.port, keys);
    let daemon = setup.start().await;
    for verdict in [b"A1            ", b"B7            "] {
        let asked = daemon.ask(3, None);
        let (connection, request) = peer.receive().await;
        let mut answer = transfer_answer(&request);
        answer[191..205].copy_from_slice(verdict);
        peer.send(connection, &answer).await;
        assert_eq!(asked.await.unwrap().unwrap().0, StatusCode::OK);
    }
    let (_, listed) = daemon.get("/v1/exchanges?code=B7").await;
    let [exchange] = listed["exchanges"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!((&exchange["response_code"], &exchange["declined"]), (&"B7".into(), &true.into()));
    let (_, listed) = daemon.get("/v1/exchanges?code=A1").await;
    assert_eq!(listed["exchanges"][0]["declined"], false, "{listed}");
    let page = daemon.text("/metrics").await;
    let declines: Vec<_> = page.lines().filter(|line| line.starts_with("fep_declines_total{")).collect();
    assert_eq!(declines, ["fep_declines_total{institution=\"bank-a\",telegram=\"Transfer\",code=\"B7\"} 1"]);
}
