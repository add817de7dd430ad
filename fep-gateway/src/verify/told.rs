//! What is told of a run: its report within the bounds of [`fep_protocol::verification`]. To whom and how is the business of `telling`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use fep_protocol::verification::{
    FINDINGS_MAX, FindingReason, TEXT_MAX_CHARS, VerificationCounts, VerificationFinding, VerificationKind,
    VerificationReport, is_unseen,
};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::report::{FieldReport, Report, TelegramReport};
use crate::hex::hex;
use crate::time::Rfc3339;

/// How many digits of the digest are in the name of a run.
const DIGEST_DIGITS: usize = 12;

/// One run as it is told. It is the same each time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Told {
    pub(super) institution: String,
    /// The name of the verification.
    pub(super) verification: String,
    /// The name of the run.
    pub(super) run: String,
    pub(super) report: VerificationReport,
}

impl Told {
    /// What is told of a report.
    pub(super) fn of(verification: &str, report: &Report) -> Self {
        let told = bounded(report);
        let said = serde_json::to_vec(&told).unwrap_or_default();
        let digest: String = hex(digest(&SHA256, &said).as_ref()).chars().take(DIGEST_DIGITS).collect();
        let at: String = Rfc3339(report.made_at_ms).to_string().chars().filter(char::is_ascii_alphanumeric).collect();
        Self {
            institution: report.institution.clone(),
            verification: verification.to_owned(),
            run: format!("{at}-{digest}"),
            report: told,
        }
    }
}

fn bounded(report: &Report) -> VerificationReport {
    let fields = || report.telegrams.iter().flat_map(|of| of.fields.iter().map(move |field| (of, field)));
    let explained = fields().filter(|(_, field)| field.explained.is_some()).map(|(_, field)| field.differing);
    let counts = VerificationCounts {
        kind: if report.kind == "reads" { VerificationKind::Reads } else { VerificationKind::Writes },
        of: line(&report.of),
        made_at_ms: report.made_at_ms,
        since_ms: report.span_ms.map(|(since_ms, _)| since_ms),
        until_ms: report.span_ms.map(|(_, until_ms)| until_ms),
        passed: report.passed,
        whole: report.whole,
        summary: line(&report.summary),
        compared: report.compared,
        same: report.same,
        failed: report.failed,
        unexplained: report.unexplained,
        explained: explained.sum(),
        compared_clean: report.compared_clean,
        compared_min: report.compared_min,
    };
    let mut findings: Vec<VerificationFinding> = fields().map(|(of, field)| differing(of, field)).collect();
    findings.extend(report.telegrams.iter().flat_map(failures));
    let (mut findings, left_out) = merged(findings);
    findings.sort_by_key(|one| (is_explained(one), std::cmp::Reverse(one.count)));
    let more = left_out + findings.len().saturating_sub(FINDINGS_MAX);
    findings.truncate(FINDINGS_MAX);
    VerificationReport { counts, findings, more_findings: u64::try_from(more).unwrap_or(u64::MAX) }
}

/// Findings that are alike as they are told, because they were too long to be told apart, are one. If one of them is explained and the other is not, the
/// explained one is left out. Returns how many were, too.
fn merged(findings: Vec<VerificationFinding>) -> (Vec<VerificationFinding>, usize) {
    let mut all: BTreeMap<_, VerificationFinding> = BTreeMap::new();
    let mut left_out = 0;
    for one in findings {
        let known = (one.telegram.clone(), one.path.clone(), one.why.clone());
        match all.entry(known) {
            Entry::Vacant(place) => {
                place.insert(one);
            }
            Entry::Occupied(mut place) if place.get().reason == one.reason => {
                place.get_mut().count = place.get().count.saturating_add(one.count);
            }
            Entry::Occupied(mut place) => {
                left_out += 1;
                if is_explained(place.get()) {
                    place.insert(one);
                }
            }
        }
    }
    (all.into_values().collect(), left_out)
}

fn is_explained(one: &VerificationFinding) -> bool {
    !matches!(one.reason, FindingReason::Unexplained | FindingReason::Failed)
}

fn differing(of: &TelegramReport, field: &FieldReport) -> VerificationFinding {
    let example = field.examples.first();
    // What is no field of the layout may be bytes of a secret one.
    let is_field = !field.path.contains([' ', '(']);
    VerificationFinding {
        telegram: line(&of.telegram),
        path: Some(line(&field.path)),
        label: Some(line(&field.label)).filter(|label| !label.is_empty()),
        count: field.differing,
        reason: match field.explained {
            None => FindingReason::Unexplained,
            Some("ignored") => FindingReason::Ignored,
            Some("filled") => FindingReason::Filled,
            Some(_) => FindingReason::Noise,
        },
        why: None,
        place: example.map(|one| line(&one.place)),
        exchange: example.and_then(|one| exchange(&one.place)),
        old: example.filter(|_| is_field).map(|one| line(&one.old)),
        new: example.filter(|_| is_field).map(|one| line(&one.new)),
    }
}

fn failures(of: &TelegramReport) -> impl Iterator<Item = VerificationFinding> {
    of.failures.iter().map(|failure| {
        let place = failure.places.first();
        VerificationFinding {
            telegram: line(&of.telegram),
            path: None,
            label: None,
            count: failure.count,
            reason: FindingReason::Failed,
            why: Some(line(&failure.why)),
            place: place.map(|place| line(place)),
            exchange: place.and_then(|place| exchange(place)),
            old: None,
            new: None,
        }
    })
}

/// The exchange that a place names.
fn exchange(place: &str) -> Option<String> {
    let id = place.strip_prefix("exchange ")?;
    let is_id = id.len() == 22 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_id.then(|| id.to_owned())
}

/// A text as one line that is not too long.
fn line(text: &str) -> String {
    let plain = |one: char| if one.is_control() || is_unseen(one) { ' ' } else { one };
    if text.chars().count() <= TEXT_MAX_CHARS {
        return text.chars().map(plain).collect();
    }
    text.chars().map(plain).take(TEXT_MAX_CHARS - 1).chain(['…']).collect()
}
