//! Compares what another system sent with what this gateway would send, and what became of it by the rules of both. Nothing is sent.

use std::collections::BTreeSet;
use std::io::BufRead;

use fep_protocol::terms::{Classified, Telegrams as _};

use super::VerifyError;
use super::differ::{Differing, differing};
use super::outcomes::Outcomes;
use super::plan::Plan;
use super::report::{About, Report};
use super::states::States;
use super::tally::{Tally, Why};
use crate::hex::hex;
use crate::passed::{Direction, Passed, PassedLines, What};
use crate::telegrams::TelegramCatalogue;
use crate::time::Rfc3339;

/// The entry of the report for frames that are no telegram of the spec.
const UNRECOGNISED: &str = "(unrecognised)";

/// A recording, and what the old system says about its requests.
#[derive(Debug)]
pub struct Recorded<R> {
    /// The name of the recording, for the report.
    pub name: String,
    /// Its lines.
    pub lines: R,
    /// The states of its requests, if the old system says them.
    pub states: Option<States>,
}

/// Compares a recording of an old system with what the gateway of the plan would send and conclude.
///
/// # Errors
/// If the recording cannot be read, has more requests than can be followed, or the plan has no such institution.
pub fn writes<R: BufRead>(plan: &Plan, recorded: Recorded<R>, now_ms: i64) -> Result<Report, VerifyError> {
    let institution = plan.institution().ok_or(VerifyError::NoInstitution)?;
    let catalogue = TelegramCatalogue::new(institution).map_err(VerifyError::Unfit)?;
    let mut writes = Writes { plan, catalogue: &catalogue, tally: Tally::default() };
    let mut outcomes = Outcomes::new(&catalogue, institution);
    for passed in PassedLines::new(recorded.lines) {
        let Passed { line, at_ms, connection, what } =
            passed.map_err(|error| VerifyError::Recording(error.to_string()))?;
        let (direction, frame) = match what {
            What::Lost(count) => {
                let why = format!("{count} bytes that passed were not recorded");
                writes.tally.failed(UNRECOGNISED, &place(line), why);
                continue;
            }
            What::Bytes(direction, frame) => (direction, frame),
        };
        let Some(telegram) = writes.take(line, at_ms, direction, &frame) else { continue };
        match direction {
            Direction::Out => {
                let followed = outcomes.sent(&telegram, line, at_ms, connection, &frame);
                followed.map_err(|_| {
                    VerifyError::Recording(format!("line {line}: it has more requests than can be followed"))
                })?;
            }
            Direction::In => outcomes.received(at_ms, connection, &frame),
        }
    }
    let about = About {
        kind: "writes",
        institution: plan.institution.clone(),
        of: recorded.name,
        made_at: Rfc3339(now_ms).to_string(),
        compared_min: plan.compared_min,
        noise_percent: 0,
        compared_before: 0,
    };
    Ok(Report::new(about, &writes.tally, Some(outcomes.conclude(recorded.states))))
}

struct Writes<'p> {
    plan: &'p Plan,
    catalogue: &'p TelegramCatalogue,
    tally: Tally,
}

impl Writes<'_> {
    /// Compares one frame. Returns the name of its telegram, if the spec recognises it.
    fn take(&mut self, line: usize, at_ms: i64, direction: Direction, frame: &[u8]) -> Option<String> {
        let classified = self.catalogue.read(frame);
        if matches!(classified, Classified::Poll(_)) {
            return None;
        }
        let telegram = self.catalogue.telegram(frame);
        let Ok(spec) = self.catalogue.spec().choose(telegram) else {
            self.tally.failed(UNRECOGNISED, &place(line), "the spec recognises no telegram in these bytes".to_owned());
            return None;
        };
        let name = spec.name().to_owned();
        match (direction, classified) {
            (Direction::In, Classified::Undecodable { why, .. }) => {
                self.tally.failed(&name, &place(line), format!("the gateway does not read it: {why}"));
            }
            (Direction::In, _) => self.tally.compared(&name, &place(line), Vec::new(), |_| None),
            (Direction::Out, _) => match self.catalogue.sent_here(&name, frame, Some(at_ms)) {
                Err(why) => self.tally.failed(&name, &place(line), why.to_string()),
                Ok(ours) => {
                    let mut found = differing(&spec.layout, telegram, self.catalogue.telegram(&ours.frame));
                    if found.is_empty() && *frame != *ours.frame {
                        found.push(frame_differs(frame, &ours.frame));
                    }
                    let plan = self.plan;
                    let why = |path: &str| why(plan, &name, &ours.own, path);
                    self.tally.compared(&name, &place(line), found, why);
                }
            },
        }
        Some(name)
    }
}

/// The telegrams are the same, and what encloses them is not.
fn frame_differs(old: &[u8], new: &[u8]) -> Differing {
    let shown = |frame: &[u8]| {
        let start = frame.get(..8).unwrap_or(frame);
        format!("{} bytes, beginning with hex {}", frame.len(), hex(start))
    };
    Differing { path: "(frame)".to_owned(), label: String::new(), old: shown(old), new: shown(new) }
}

fn why(plan: &Plan, telegram: &str, own: &BTreeSet<String>, path: &str) -> Option<Why> {
    if own.contains(path) {
        return Some(Why::Filled);
    }
    plan.ignores(telegram, path).then_some(Why::Ignored)
}

fn place(line: usize) -> String {
    format!("line {line}")
}
