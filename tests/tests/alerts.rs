//! The alert rules and the dashboard: they use only metrics and labels that the gateway has, and promtool runs the tests of the rules.
//!
//! That the table of metrics is what a daemon shows is tested in `fep-gateway/tests/daemon/metrics.rs`.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper of a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fep_tests::tools::missing;
use serde_json::Value as Json;

/// Labels that Prometheus adds, and the limit of a bucket.
const ADDED: [&str; 3] = ["job", "instance", "le"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn prometheus(file: &str) -> PathBuf {
    root().join("packaging/prometheus").join(file)
}

/// The metrics of the gateway with their kinds and labels, by the table in its documentation.
fn table() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let text = fs::read_to_string(root().join("fep-gateway/src/metrics.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let metric = |cells: Vec<&str>| {
        let labels = cells[3].split(", ").filter(|label| !label.is_empty()).map(str::to_owned).collect();
        (cells[1].trim_matches('`').to_owned(), (cells[2].to_owned(), labels))
    };
    cells.map(metric).collect()
}

/// The metrics that a query names, each with the labels that its selector names.
fn named_by(query: &str) -> Vec<(String, Vec<String>)> {
    let is_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    let mut found = Vec::new();
    let mut rest = query;
    while let Some(at) = rest.find(is_name) {
        let word = &rest[at..];
        let end = word.find(|letter| !is_name(letter)).unwrap_or(word.len());
        let name = &word[..end];
        rest = &word[end..];
        if name.starts_with("fep_") || name.starts_with("process_") {
            let selector = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            // Values of labels are in quotes and have no comma here.
            let labels = selector.map_or("", |(inside, _)| inside).split(',').filter(|label| !label.is_empty());
            let labels = labels.map(|label| label.split(['=', '!']).next().unwrap().to_owned()).collect();
            rest = selector.map_or(rest, |(_, behind)| behind);
            found.push((name.to_owned(), labels));
        }
    }
    found
}

/// Checks that the gateway has what a query names.
fn check(query: &str, table: &BTreeMap<String, (String, BTreeSet<String>)>) {
    let named = named_by(query);
    let mut known: BTreeSet<&str> = ADDED.into_iter().collect();
    for (name, labels) in &named {
        let base = name.strip_suffix("_bucket").unwrap_or(name);
        let (kind, own) = table.get(base).unwrap_or_else(|| panic!("the gateway has no {name}: {query}"));
        assert_eq!(base != name, kind == "histogram", "{name} in {query}");
        known.extend(own.iter().map(String::as_str));
        for label in labels {
            assert!(own.contains(label) || ADDED.contains(&label.as_str()), "{name} has no label {label}: {query}");
        }
    }
    for grouped in query.split(" by (").skip(1).chain(query.split(" on (").skip(1)) {
        for label in grouped.split(')').next().unwrap().split(", ") {
            assert!(known.contains(label), "no label {label} in {query}");
        }
    }
}

/// The expressions of the rules, with their continuation lines.
fn rules() -> Vec<(String, String)> {
    let text = fs::read_to_string(prometheus("fep-gateway.rules.yml")).unwrap();
    let alerts = text.split("- alert: ").skip(1);
    let rule = |alert: &str| {
        let (name, body) = alert.split_once('\n').unwrap();
        let (_, expr) = body.split_once("expr: ").unwrap();
        let end = ["\n        for:", "\n        labels:"].iter().filter_map(|next| expr.find(next)).min().unwrap();
        (name.to_owned(), expr[..end].to_owned())
    };
    alerts.map(rule).collect()
}

/// The queries of the dashboard.
fn queries() -> Vec<String> {
    let text = fs::read_to_string(root().join("packaging/grafana/fep-gateway.json")).unwrap();
    let board: Json = serde_json::from_str(&text).unwrap();
    let panels = board["panels"].as_array().unwrap();
    let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "two panels have one number");
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

/// Whether promtool, which `arguments` tell what to do, is satisfied. Says so if it is not on this machine.
fn promtool(arguments: &[&str], file: &Path) {
    let Ok(output) = Command::new("promtool").args(arguments).arg(file).output() else {
        return missing("promtool", "prometheus");
    };
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success(), "{said}");
}

#[test]
fn the_rules_use_metrics_and_labels_that_the_gateway_has() {
    let table = table();
    let rules = rules();
    assert!(rules.len() >= 20, "{rules:?}");
    rules.iter().for_each(|(_, expr)| check(expr, &table));
}

#[test]
fn the_dashboard_uses_metrics_and_labels_that_the_gateway_has() {
    let table = table();
    let queries = queries();
    assert!(queries.len() >= 30, "{queries:?}");
    queries.iter().for_each(|query| check(query, &table));
}

#[test]
fn each_rule_is_tested_and_says_what_to_do() {
    let text = fs::read_to_string(prometheus("fep-gateway.rules.yml")).unwrap();
    let tests = fs::read_to_string(prometheus("fep-gateway.tests.yml")).unwrap();
    for (name, _) in rules() {
        assert!(tests.contains(&format!("alertname=\"{name}\"")), "no test lets {name} fire");
        let (_, rule) = text.split_once(&format!("- alert: {name}\n")).unwrap();
        let rule = rule.split("- alert: ").next().unwrap();
        for part in ["severity: ", "summary: ", "action: "] {
            assert!(rule.contains(part), "{name} has no {part}");
        }
    }
}

#[test]
fn promtool_reads_the_rules_and_their_tests_pass() {
    promtool(&["check", "rules"], &prometheus("fep-gateway.rules.yml"));
    promtool(&["test", "rules"], &prometheus("fep-gateway.tests.yml"));
}

#[test]
fn promtool_reads_each_query_of_the_dashboard() {
    let rule = |(at, query): (usize, String)| {
        // A variable of Grafana stands where a duration stands.
        let expr = Json::from(query.replace("$__rate_interval", "5m"));
        format!("      - record: query:{at}\n        expr: {expr}\n")
    };
    let rules: String = queries().into_iter().enumerate().map(rule).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dashboard.rules.yml");
    fs::write(&file, format!("groups:\n  - name: dashboard\n    rules:\n{rules}")).unwrap();
    promtool(&["check", "rules"], &file);
}
