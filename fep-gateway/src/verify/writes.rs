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
use crate::config::InstitutionConfig;
use crate::hex::hex;
use crate::passed::Direction;
use crate::telegrams::TelegramCatalogue;

/// The entry of the report for frames that are no telegram of the spec.
const UNRECOGNISED: &str = "(unrecognised)";

/// How far the clock of the old system may be from the times of the recording, in seconds.
const CLOCKS_APART_MAX_S: i64 = 300;

const DAY_S: i64 = 86_400;

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
    if let Some(states) = &recorded.states {
        known_columns(states, institution)?;
    }
    let mut writes = Writes { plan, catalogue: &catalogue, tally: Tally::default() };
    let mut outcomes = Outcomes::new(&catalogue, institution);
    let mut left_out = 0;
    let each = |recorded: recording::Recorded| {
        let recording::Recorded { place, at_ms, connection, said } = recorded;
        let mut failed = |why: String| {
            writes.tally.failed(UNRECOGNISED, &place.to_string(), why);
            Ok(())
        };
        let (direction, frame) = match said {
            Said::Lost(len) => return failed(format!("{len} bytes that passed were not recorded")),
            Said::NoFrame(len) => return failed(format!("{len} bytes are no frame of the line")),
            Said::Elsewhere => {
                left_out += 1;
                return Ok(());
            }
            Said::Frame(direction, frame) => (direction, frame),
        };
        if institution.key.is_empty() && connection.is_none() {
            // The answers would be those of other requests.
            return Err(format!("{place} does not say its connection or line, and an answer is known by that alone"));
        }
        let Some(telegram) = writes.take(place, at_ms, direction, &frame) else { return Ok(()) };
        let followed = match direction {
            Direction::Out => outcomes.sent(&telegram, (place, at_ms), connection, &frame),
            Direction::In => outcomes.received(at_ms, connection, &frame),
        };
        followed.map_err(|_| format!("{place}: it has more requests than can be followed"))
    };
    recording::read(recorded.input, (&plan.institution, institution), &catalogue, each)
        .map_err(VerifyError::Recording)?;
    let about = About {
        kind: "writes",
        institution: plan.institution.clone(),
        of: recorded.name,
        made_at_ms: now_ms,
        compared_min: plan.compared_min,
        noise_percent: 0,
        compared_before: 0,
        left_out,
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
            (Direction::In, Classified::Unexpected { .. }) => {
                self.tally.failed(&name, &place, "the gateway does not expect it from the institution".to_owned());
            }
            (Direction::In, _) => self.tally.read(&name),
            (Direction::Out, _) => match self.catalogue.sent_here(&name, frame, at_ms) {
                Err(why) => self.tally.failed(&name, &place, why.to_string()),
                Ok(ours) => {
                    let mut found = differing(&spec.layout, telegram, self.catalogue.telegram(&ours.frame));
                    if found.is_empty() && *frame != *ours.frame {
                        found.push(frame_differs(frame, &ours.frame));
                    }
                    if found.is_empty() && !ours.is_made_here {
                        self.tally.read(&name);
                    } else {
                        let plan = self.plan;
                        self.tally.compared(&name, &place, found, |one| why(plan, &name, &ours.own, one));
                    }
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

fn why(plan: &Plan, telegram: &str, own: &BTreeSet<String>, one: &Differing) -> Option<Why> {
    if plan.ignores(telegram, &one.path) {
        return Some(Why::Ignored);
    }
    // The old system has to fill it, too, and its clock must not be far from the time of the recording.
    let is_filled = !one.old.starts_with(['"', '!']) && one.old != "absent" && !clocks_differ(&one.old, &one.new);
    (own.contains(&one.path) && is_filled).then_some(Why::Filled)
}

/// Whether both are times of day, and far from each other.
fn clocks_differ(old: &str, new: &str) -> bool {
    let seconds = |text: &str| {
        let mut parts = text.split(':').map(|part| part.parse::<i64>().ok().filter(|_| part.len() == 2));
        let time = parts.next()?? * 3600 + parts.next()?? * 60 + parts.next().unwrap_or(Some(0))?;
        Some(time)
    };
    let apart = seconds(old).zip(seconds(new)).map(|(old, new)| (old - new).rem_euclid(DAY_S));
    apart.is_some_and(|apart| apart.min(DAY_S - apart) > CLOCKS_APART_MAX_S)
}

/// Reports a column of states that no telegram has as a field.
fn known_columns(states: &States, institution: &InstitutionConfig) -> Result<(), VerifyError> {
    let layouts = || institution.spec.telegrams.iter().map(|telegram| &telegram.layout);
    let unknown = states.paths().iter().find(|path| !layouts().any(|layout| layout.item_by_path(path).is_some()));
    unknown.map_or(Ok(()), |path| Err(VerifyError::States(path.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_may_differ_a_little() {
        for (old, new, differ) in [
            ("09:30:15", "09:30:17", false),
            ("09:30:15", "09:35:16", true),
            ("23:59:58", "00:00:03", false),
            ("00:00:00", "09:30:15", true),
            ("09:30", "09:31", false),
            ("T2026112100001", "T2026112100002", false),
            ("20261121", "093015", false),
        ] {
            assert_eq!(clocks_differ(old, new), differ, "{old} {new}");
        }
    }
}
