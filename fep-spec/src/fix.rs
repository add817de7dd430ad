//! `fep check --fix`: mends what has one right answer, in the text itself. Comments and layout stay.
//!
//! A finding says how it is mended ([`Fix`]), where it was noted. Here the changes are applied, and each is checked again: one that leads to another
//! mistake at the same place is taken back, and its finding stays. What a person has to decide has no `Fix`. Above all, a length or an offset
//! that contradicts the others is never changed: the sheet contradicts itself there.
//!
//! | finding | change |
//! |---|---|
//! | `unknown-key`, `unknown-word` | a key or word with one slip of a finger is written correctly |
//! | `wrong-type` | quotes around a string that lacks them; no quotes around a number, `true` or `false` |
//! | `wrong-order` | a part is moved above the first table that uses it, with the comments directly above it |
//! | `duplicate`, `syntax` | an entry or a key with its value that is there twice and the same is taken out once |
//! | `bad-code` | blanks at the end of a code are taken out |
//! | `wrong-option`, `conflicting-keys` | `point = false`, and `max` beside an equal `count`, are taken out: they say nothing |
//!
//! ```
//! let mended = fep_spec::fix::mend("a.toml", "spec = \"a\"\ntitel = \"A\"  # ours\n");
//! assert_eq!(mended.text, "spec = \"a\"\ntitle = \"A\"  # ours\n");
//! assert_eq!(mended.done[0].message, "unknown key `titel`");
//! ```

mod place;

use std::ops::Range;

use self::place::Places;
use crate::load::SpecFile;
use crate::model::Spec;
use crate::report::{Code, Finding, Fix, Report};

/// The result of mending a text.
#[derive(Clone, Debug)]
pub struct Mended {
    /// The text with all changes.
    pub text: String,
    /// The findings that were mended, in the order of the changes. Their places are those before the change.
    pub done: Vec<Finding>,
    /// What is left.
    pub report: Report,
}

/// Mends a text until nothing more can be mended.
#[must_use]
pub fn mend(file_name: &str, text: &str) -> Mended {
    mend_until_clean(file_name, text, |text| Spec::check(file_name, text).report)
}

/// Mends the text of a file until nothing more can be mended. Findings in files that it includes are in the report and are not mended: a
/// shared file is mended as a file of its own.
#[must_use]
pub fn mend_file(file: &SpecFile) -> Mended {
    mend_until_clean(&file.name, &file.text, |text| SpecFile { text: text.to_owned(), ..file.clone() }.check().report)
}

fn mend_until_clean(file_name: &str, text: &str, check: impl Fn(&str) -> Report) -> Mended {
    let mut mended = Mended { text: text.to_owned(), done: Vec::new(), report: check(text) };
    let mut refused: Vec<Finding> = Vec::new();
    for _ in 0..ROUNDS_MAX {
        let Some(step) = Step::next(file_name, &mended, &refused) else { break };
        let report = check(&step.text);
        let has_syntax = |report: &Report| report.findings.iter().any(|finding| finding.code == Code::Syntax);
        let (mut bad, mut good): (Vec<_>, Vec<_>) =
            step.changes.into_iter().partition(|change| change.is_refuted(&report));
        if bad.is_empty() && has_syntax(&report) && !has_syntax(&mended.report) {
            bad.append(&mut good);
        }
        if bad.is_empty() {
            mended.done.extend(good.into_iter().map(|change| change.finding));
            mended.text = step.text;
            mended.report = report;
        } else {
            refused.extend(bad.into_iter().map(|change| change.finding));
        }
    }
    mended
}

/// The maximum number of rounds. Each one changes the text or refuses a change; the limit ends a loop that nobody thought of.
const ROUNDS_MAX: usize = 1000;

/// Changes that are made together.
struct Step {
    text: String,
    changes: Vec<Change>,
}

/// A change of a text.
struct Change {
    finding: Finding,
    /// The bytes that must have no mistake after the change, in the new text.
    place: Range<usize>,
    /// Whether the finding must be gone from the whole text, because its place has moved.
    moves: bool,
}

impl Step {
    /// The next changes: all that change a few bytes, or else one that moves a table.
    fn next(file_name: &str, mended: &Mended, refused: &[Finding]) -> Option<Self> {
        let is_refused = |finding: &Finding| {
            refused.iter().any(|other| (other.code, &other.message) == (finding.code, &finding.message))
        };
        let is_here = |finding: &Finding| finding.fix.is_some() && finding.file() == file_name;
        let findings = mended.report.findings.iter();
        let findings: Vec<&Finding> = findings.filter(|finding| is_here(finding) && !is_refused(finding)).collect();
        if findings.is_empty() {
            return None;
        }
        let places = Places::of(&mended.text);
        Self::edits(mended, &places, &findings).or_else(|| Self::move_up(mended, &places, &findings))
    }

    fn edits(mended: &Mended, places: &Places, findings: &[&Finding]) -> Option<Self> {
        let mut text = String::new();
        let mut changes: Vec<Change> = Vec::new();
        let mut end = 0;
        for finding in findings {
            let Some((span, written)) = edit(&mended.text, places, finding) else { continue };
            let Some(before) = mended.text.get(end..span.start) else { continue };
            text.push_str(before);
            let start = text.len();
            text.push_str(&written);
            // The whole key with its value must be right, and not only the part that was written.
            let whole = places.pair(&span).filter(|_| !written.is_empty()).unwrap_or_else(|| span.clone());
            let lead = span.start.saturating_sub(whole.start);
            let tail = whole.end.saturating_sub(span.end);
            let finding = (*finding).clone();
            changes.push(Change { finding, place: start.saturating_sub(lead)..text.len() + tail, moves: false });
            end = span.end;
        }
        text.push_str(mended.text.get(end..)?);
        (!changes.is_empty()).then_some(Self { text, changes })
    }

    fn move_up(mended: &Mended, places: &Places, findings: &[&Finding]) -> Option<Self> {
        findings.iter().find_map(|finding| {
            let Some(Fix::MoveUp(part)) = &finding.fix else { return None };
            let text = &mended.text;
            let (kind, name) = places.table_of(finding.span.start)?;
            if kind == "parts" && places.uses(text, part, name) {
                return None;
            }
            let moved = places.table("parts", part)?;
            let target = places.table(kind, name)?;
            let above = text.get(..target.start)?;
            let between = text.get(target.start..moved.start)?;
            let line_end = if above.contains("\r\n") { "\r\n" } else { "\n" };
            let block = text.get(moved.clone())?.trim_end();
            let below = text.get(moved.end..)?;
            let between = if below.is_empty() { between.trim_end() } else { between };
            let ends = if below.is_empty() { line_end } else { "" };
            let text = format!("{above}{block}{line_end}{line_end}{between}{ends}{below}");
            let finding = (*finding).clone();
            let changes = vec![Change { finding, place: above.len()..above.len(), moves: true }];
            Some(Self { text, changes })
        })
    }
}

/// The bytes that a finding's change replaces, and what it writes there.
fn edit(text: &str, places: &Places, finding: &Finding) -> Option<(Range<usize>, String)> {
    match finding.fix.as_ref()? {
        Fix::Write(written) => Some((finding.span.clone(), written.clone())),
        Fix::TakeOut => Some((places.pair_to_take_out(text, &finding.span)?, String::new())),
        Fix::TakeOutCopy => Some((places.copy_to_take_out(text, &finding.span)?, String::new())),
        Fix::MoveUp(_) => None,
    }
}

/// Codes that say that a change was wrong, if they are found at its place. Others may only come to light by it: a length that was misspelt, for
/// example, shows that the sum is wrong.
const AGAINST: [Code; 13] = [
    Code::Syntax,
    Code::UnknownKey,
    Code::ConflictingKeys,
    Code::WrongType,
    Code::OutOfRange,
    Code::UnknownWord,
    Code::BadValue,
    Code::BadName,
    Code::Duplicate,
    Code::WrongOption,
    Code::WrongLength,
    Code::BadCode,
    Code::WrongCondition,
];

impl Change {
    /// Whether the check of the changed text speaks against the change.
    fn is_refuted(&self, report: &Report) -> bool {
        let is_same = |other: &Finding| (other.code, &other.message) == (self.finding.code, &self.finding.message);
        let touches = |other: &Finding| {
            let is_here = other.file() == self.finding.file();
            is_here && other.span.start <= self.place.end && self.place.start <= other.span.end
        };
        report
            .findings
            .iter()
            .any(|other| if self.moves { is_same(other) } else { touches(other) && AGAINST.contains(&other.code) })
    }
}

#[cfg(test)]
mod tests;
