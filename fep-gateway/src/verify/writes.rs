//! Compares what another system sent with what this gateway would send, and what became of it by the rules of both. Nothing is sent.

use std::collections::BTreeSet;
use std::io::BufRead;

use fep_protocol::terms::{Classified, Telegrams as _};

use super::VerifyError;
use super::differ::{Differing, differing};
use super::outcomes::Outcomes;
use super::plan::Plan;
use super::recording::{self, Place, Said};
use super::report::{About, Report};
use super::states::States;
use super::tally::{Tally, Why};
use crate::hex::hex;
use crate::passed::Direction;
use crate::telegrams::TelegramCatalogue;
use crate::time::Rfc3339;

/// The entry of the report for frames that are no telegram of the spec.
const UNRECOGNISED: &str = "(unrecognised)";

/// A recording, and what the old system says about its requests.
#[derive(Debug)]
pub struct Recorded<R> {
    /// The name of the recording, for the report.
    pub name: String,
    /// Its bytes: JSON lines of `fep-gateway tap`, of a simulator or of an export; a capture (pcap, pcapng); or frames one after the other.
    pub input: R,
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
    let each = |recorded: recording::Recorded| {
        let recording::Recorded { place, at_ms, connection, said } = recorded;
        let mut failed = |why: String| {
            writes.tally.failed(UNRECOGNISED, &place.to_string(), why);
            Ok(())
        };
        let (direction, frame) = match said {
            Said::Lost(len) => return failed(format!("{len} bytes that passed were not recorded")),
            Said::NoFrame(len) => return failed(format!("{len} bytes are no frame of the line")),
            Said::Frame(direction, frame) => (direction, frame),
        };
        let Some(telegram) = writes.take(place, at_ms, direction, &frame) else { return Ok(()) };
        match direction {
            Direction::Out => {
                let followed = outcomes.sent(&telegram, (place, at_ms), connection, &frame);
                followed.map_err(|_| format!("{place}: it has more requests than can be followed"))
            }
            Direction::In => {
                outcomes.received(at_ms, connection, &frame);
                Ok(())
            }
        }
    };
    recording::read(recorded.input, institution, &catalogue, each).map_err(VerifyError::Recording)?;
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
    fn take(&mut self, place: Place, at_ms: Option<i64>, direction: Direction, frame: &[u8]) -> Option<String> {
        let place = place.to_string();
        let classified = self.catalogue.read(frame);
        if matches!(classified, Classified::Poll(_)) {
            return None;
        }
        let telegram = self.catalogue.telegram(frame);
        let Ok(spec) = self.catalogue.spec().choose(telegram) else {
            self.tally.failed(UNRECOGNISED, &place, "the spec recognises no telegram in these bytes".to_owned());
            return None;
        };
        let name = spec.name().to_owned();
        match (direction, classified) {
            (Direction::In, Classified::Undecodable { why, .. }) => {
                self.tally.failed(&name, &place, format!("the gateway does not read it: {why}"));
            }
            (Direction::In, _) => self.tally.compared(&name, &place, Vec::new(), |_| None),
            (Direction::Out, _) => match self.catalogue.sent_here(&name, frame, at_ms) {
                Err(why) => self.tally.failed(&name, &place, why.to_string()),
                Ok(ours) => {
                    let mut found = differing(&spec.layout, telegram, self.catalogue.telegram(&ours.frame));
                    if found.is_empty() && *frame != *ours.frame {
                        found.push(frame_differs(frame, &ours.frame));
                    }
                    let plan = self.plan;
                    let why = |path: &str| why(plan, &name, &ours.own, path);
                    self.tally.compared(&name, &place, found, why);
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
