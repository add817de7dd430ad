//! The configuration of each gateway of a cluster. All have the same contract, and a line of their own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fep_gateway::Config;
use fep_gateway::config::{Filling, InstancesConfig, MarksConfig};

/// The contract with the bank, for all gateways together.
pub(super) const INFLIGHT_MAX: usize = 12;
pub(super) const RATE_MAX: usize = 24;
pub(super) const RATE_WINDOW: Duration = Duration::from_secs(1);

/// What differs from the configuration of one gateway: shorter times, because a plan is short, and a smaller contract, because all share it.
const CHANGES: [(&str, &str); 9] = [
    ("inflight_max       = 24", "inflight_max       = 12"),
    ("quarantine_ms      = 12000", "quarantine_ms      = 6000"),
    ("rate_max         = 40", "rate_max         = 24"),
    ("burst_max        = 20", "burst_max        = 12"),
    ("horizon_ms       = 9000", "horizon_ms       = 6000"),
    ("sign_on_timeout_ms = 2000", "sign_on_timeout_ms = 1500"),
    ("failures_in_row    = 6", "failures_in_row    = 12"),
    ("first_wait_ms    = 400", "first_wait_ms    = 500"),
    ("step_wait_max_ms = 6000", "step_wait_max_ms = 4000"),
];

/// The field with the mark of the gateway.
const MARK_FIELD: &str = "header.transaction_code";

const LINE: &str = "
[[institutions.bank-0.lines]]
name = \"main\"
connect = \"127.0.0.1:1\"
links = 1
connect_timeout_ms = 1000
reconnect_min_ms = 100
reconnect_max_ms = 1500
";

/// The name of a gateway, until it comes back with another one.
pub(super) fn name(at: usize) -> String {
    format!("gateway-{at}")
}

/// What the requests of a gateway have in the field of the mark.
pub(super) fn mark(name: &str) -> String {
    name.replace("gateway-", "G")
}

/// The configuration of a gateway whose files are in this folder. With `marked`, its name, its requests name it.
///
/// # Errors
/// If it is not valid.
pub(super) fn config(folder: &Path, gateways: usize, marked: Option<&str>) -> Result<Config, String> {
    let text = include_str!("../../config.toml");
    let (journal, bank) = text.split_once("\n# BANK\n").unwrap_or((text, ""));
    let spec = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../specs/bank-a/bank-a.toml"));
    let mut bank = bank.replace("SPEC", &spec.display().to_string()).replace("NAME", "bank-0");
    for (from, to) in CHANGES {
        if !bank.contains(from) {
            return Err(format!("config.toml has no {from}"));
        }
        bank = bank.replace(from, to);
    }
    let text = format!("{journal}\n{bank}{LINE}");
    let mut config = Config::parse("config.toml", &text, folder).map_err(|error| error.to_string())?;
    config.instances = Some(InstancesConfig {
        max: gateways,
        lease: Duration::from_millis(1500),
        report_every: Duration::from_millis(300),
        owner_timeout: Duration::from_millis(400),
        redis: None,
        marks: None,
        sites: None,
    });
    if let Some(own) = marked {
        // The others do not know the mark of one that came back with another name.
        let names = (0..gateways).map(name).chain([own.to_owned()]);
        let marks = MarksConfig { own: own.to_owned(), of: names.map(|name| (name.clone(), mark(&name))).collect() };
        for bank in config.institutions.values_mut() {
            bank.marks = Some(marks.clone());
            let field = bank.fill.iter_mut().find(|fill| fill.path == MARK_FIELD);
            field.ok_or_else(|| format!("config.toml does not fill {MARK_FIELD}"))?.with = Filling::Instance;
        }
    }
    Ok(config)
}
