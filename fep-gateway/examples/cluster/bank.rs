//! The bank: the simulator in this process, and its record of every frame. What the gateways say is compared with this record.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fep_codec::{Record, json};
use fep_gateway::simulate::{Scenario, Simulator, create_recording};
use fep_spec::model::Spec;
use fep_spec::report::Source;
use serde::Deserialize;
use serde_json::Value as Json;

use super::{Failure, SPEC};

const SCENARIO: &str = include_str!("scenario.toml");

/// The running bank.
#[derive(Debug)]
pub(super) struct Bank {
    simulator: Simulator,
    spec: Spec,
    record: PathBuf,
}

/// A transfer in the bank's record.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// How often it arrived. More than once is a fault.
    pub(super) times: u32,
    /// The link on which it arrived, by the bank's number.
    link: String,
    /// Whether an answer left on another link.
    pub(super) crossed: bool,
}

/// What the demo reads of a line of the record.
#[derive(Deserialize)]
struct Line {
    line: String,
    direction: String,
    telegram: Option<String>,
    bytes: String,
}

impl Bank {
    /// Starts it on a free port, with its record in this folder.
    ///
    /// # Errors
    /// If it cannot listen, or the record cannot be made.
    pub(super) async fn start(folder: &Path) -> Result<Self, Failure> {
        let spec = Spec::parse("bank-a.toml", SPEC)?;
        let scenario = Scenario::read(Source::new("scenario.toml", SCENARIO), &spec)?;
        let simulator = Simulator::start(spec.clone(), scenario, "127.0.0.1:0").await?;
        let record = folder.join("bank.jsonl");
        simulator.record(create_recording(&record, false)?);
        Ok(Self { simulator, spec, record })
    }

    /// Where the gateways connect.
    pub(super) fn address(&self) -> String {
        self.simulator.address().to_string()
    }

    /// All transfers that have arrived, by their amounts: each order has one of its own.
    ///
    /// # Errors
    /// If the record cannot be read.
    pub(super) fn transfers(&self) -> Result<BTreeMap<u64, Seen>, Failure> {
        let mut by_amount: BTreeMap<u64, Seen> = BTreeMap::new();
        let mut by_trace = BTreeMap::new();
        for text in std::fs::read_to_string(&self.record)?.lines() {
            let line: Line = serde_json::from_str(text)?;
            match (line.direction.as_str(), line.telegram.as_deref()) {
                ("out", Some("Transfer")) => {
                    let fields = self.fields(&line)?;
                    let amount = fields.get("amount").and_then(Json::as_u64).ok_or("a transfer has an amount")?;
                    let seen = by_amount.entry(amount).or_default();
                    seen.times += 1;
                    seen.link = line.line;
                    by_trace.insert(trace(&fields), amount);
                }
                ("in", Some("TransferAnswer")) => {
                    let amount = by_trace.get(&trace(&self.fields(&line)?));
                    if let Some(seen) = amount.and_then(|amount| by_amount.get_mut(amount)) {
                        seen.crossed = seen.link != line.line;
                    }
                }
                _ => {}
            }
        }
        Ok(by_amount)
    }

    /// Ends it.
    pub(super) async fn stop(self) {
        self.simulator.stop().await;
    }

    fn fields(&self, line: &Line) -> Result<Json, Failure> {
        let name = line.telegram.as_deref().unwrap_or_default();
        let telegram = self.spec.telegram(name).ok_or("the record names a telegram of the spec")?;
        // The telegrams of this bank begin with their length, so a frame has nothing else in front.
        let bytes = unhex(&line.bytes).ok_or("the record has hexadecimal bytes")?;
        Ok(Record::decode(&telegram.layout, &bytes)?.to_json_value())
    }
}

fn trace(fields: &Json) -> String {
    let object = fields.as_object();
    let trace = object.and_then(|fields| json::get(fields, "header.trace_no"));
    trace.map(Json::to_string).unwrap_or_default()
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let pairs = (0..digits.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect()
}
