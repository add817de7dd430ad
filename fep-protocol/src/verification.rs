//! What a verification found, as it is told to others: its counts, and its findings with one example each. Nothing here compares, stores or sends:
//! `fep-gateway` does that.
//!
//! A report is bounded whatever was compared: [`FINDINGS_MAX`] findings, and texts of [`TEXT_MAX_CHARS`] characters. What does not fit is counted.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The maximum number of findings of a report.
pub const FINDINGS_MAX: usize = 200;

/// The longest text of a report, in characters.
pub const TEXT_MAX_CHARS: usize = 300;

/// The longest name of a verification or of a run, in bytes.
pub const NAME_MAX_BYTES: usize = 60;

/// The most bytes of a text in JSON: a character may be written as `\u` and four digits, and the rest is for its key.
const TEXT_MAX_BYTES: usize = TEXT_MAX_CHARS * 6 + 40;

/// The most bytes of a finding in JSON: seven texts, and the rest.
const FINDING_MAX_BYTES: usize = 7 * TEXT_MAX_BYTES + 200;

/// The longest report as JSON, in bytes. A report within the other bounds is not longer, unless it is written with blanks or with escapes of more than
/// six bytes.
pub const REPORT_MAX_BYTES: usize = FINDINGS_MAX * FINDING_MAX_BYTES + 2 * TEXT_MAX_BYTES + 1024;

/// 2000-01-01 in UTC, in milliseconds since 1970. No time of a report is before it.
const EARLIEST_MS: i64 = 946_684_800_000;

/// How far a clock may be ahead of the one that checks, in milliseconds: a day.
const AHEAD_MAX_MS: i64 = 86_400_000;

/// What a verification compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum VerificationKind {
    /// What a candidate answered to recorded inquiries.
    Reads,
    /// What the new side would send, with what was sent.
    Writes,
}

impl VerificationKind {
    /// `reads` or `writes`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Writes => "writes",
        }
    }
}

/// The counts of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct VerificationCounts {
    /// What was asked for.
    pub kind: VerificationKind,
    /// What was compared: the name of the candidate, or of the recording.
    pub of: String,
    /// When the run began, in milliseconds since 1970.
    pub made_at_ms: i64,
    /// When the span of the requests begins, in milliseconds since 1970. Absent for a recording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<i64>,
    /// When it ends, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
    /// Whether it passed: it came to its end, enough was compared and nothing is unexplained.
    pub passed: bool,
    /// Whether it came to its end.
    pub whole: bool,
    /// Why it passed or not, in one line.
    pub summary: String,
    /// How many telegrams were compared.
    pub compared: u64,
    /// How many of them were the same, byte for byte.
    pub same: u64,
    /// How many could not be compared.
    pub failed: u64,
    /// How many differences of fields have no reason.
    pub unexplained: u64,
    /// How many differences of fields have one.
    pub explained: u64,
    /// How many were compared since the last finding, with the runs before.
    pub compared_clean: u64,
    /// How many it takes to pass.
    pub compared_min: u64,
}

/// One field that differed, or one reason why telegrams could not be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct VerificationFinding {
    /// The telegram. In parentheses if it is none: `(connection)`.
    pub telegram: String,
    /// The path of the field, without indexes. Absent if the telegram could not be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Its name on the sheet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How often.
    pub count: u64,
    /// Why, as far as that is known.
    pub reason: FindingReason,
    /// Why it could not be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Where it was first: a line of the recording, or an exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The exchange, if the place is one: 22 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<String>,
    /// The value there on the old side. Secrets are hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// The value there on the new side. Secrets are hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

/// Why a field differs, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FindingReason {
    /// Nobody knows: a finding.
    Unexplained,
    /// It could not be compared: a finding.
    Failed,
    /// The plan ignores the field.
    Ignored,
    /// The gateway fills it itself.
    Filled,
    /// The old side differs from itself as often.
    Noise,
}

/// What a run found: the body of its fact, of its `PUT` and of its webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct VerificationReport {
    /// Its counts.
    pub counts: VerificationCounts,
    /// The findings: what is unexplained or failed first.
    pub findings: Vec<VerificationFinding>,
    /// How many more there were.
    pub more_findings: u64,
}

/// What of a run everybody may know. Its findings are in the body of its fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerificationFact {
    /// The name of the verification.
    pub name: String,
    /// The name of the run. Of two facts with one name, the first holds.
    pub run: String,
    /// The SHA-256 of the body, in lower hex.
    pub digest: String,
    /// The client that told it, if clients have names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Its counts.
    pub counts: VerificationCounts,
}

/// Why something is no report. One line, without a value of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoReport(String);

impl VerificationReport {
    /// Checks what its types do not say. `now_ms` is the present time of who checks, in milliseconds since 1970.
    ///
    /// # Errors
    /// If a text is too long or cannot be seen, a time cannot be, there are too many findings or one of them twice, or the report contradicts itself.
    pub fn check(&self, now_ms: i64) -> Result<(), NoReport> {
        let Self { counts, findings, .. } = self;
        counts.check(now_ms)?;
        if findings.len() > FINDINGS_MAX {
            return Err(NoReport(format!("it has {} findings, more than {FINDINGS_MAX}", findings.len())));
        }
        findings.iter().enumerate().try_for_each(|(at, one)| one.check(at))?;
        let mut known = BTreeSet::new();
        if let Some(at) = findings.iter().position(|one| !known.insert((&one.telegram, &one.path, &one.why))) {
            return Err(NoReport(format!("`findings[{at}]` has the telegram, path and why of another one")));
        }
        if counts.passed && findings.iter().any(|one| class_of(one.reason) != Class::Explained) {
            return Err(NoReport("`passed` is true, and a finding has no reason".to_owned()));
        }
        self.check_sums()
    }

    /// Checks the findings against the counts: what is shown and what did not fit are in them.
    fn check_sums(&self) -> Result<(), NoReport> {
        let Self { counts, findings, more_findings } = self;
        let mut rest: u64 = 0;
        for (key, count, class) in [
            ("unexplained", counts.unexplained, Class::Unexplained),
            ("failed", counts.failed, Class::Failed),
            ("explained", counts.explained, Class::Explained),
        ] {
            let own = findings.iter().filter(|one| class_of(one.reason) == class);
            let shown = own.fold(0_u64, |sum, one| sum.saturating_add(one.count));
            if shown > count {
                return Err(NoReport(format!("`{key}` is less than its findings say")));
            }
            if class != Class::Explained && count > 0 && shown == 0 && *more_findings == 0 {
                return Err(NoReport(format!("`{key}` is more than 0, and no finding says what")));
            }
            rest = rest.saturating_add(count - shown);
        }
        if *more_findings > rest {
            return Err(NoReport("`more_findings` is more than the counts leave".to_owned()));
        }
        Ok(())
    }
}

impl VerificationCounts {
    fn check(&self, now_ms: i64) -> Result<(), NoReport> {
        line("of", &self.of)?;
        line("summary", &self.summary)?;
        if self.summary.trim().is_empty() {
            return Err(NoReport("`summary` is empty".to_owned()));
        }
        time("made_at_ms", Some(self.made_at_ms), now_ms)?;
        time("since_ms", self.since_ms, now_ms)?;
        time("until_ms", self.until_ms, now_ms)?;
        if let (Some(since_ms), Some(until_ms)) = (self.since_ms, self.until_ms)
            && since_ms > until_ms
        {
            return Err(NoReport("`since_ms` is behind `until_ms`".to_owned()));
        }
        if self.same > self.compared {
            return Err(NoReport("`same` is more than `compared`".to_owned()));
        }
        let is_clean = (self.unexplained, self.failed) == (0, 0) && self.compared > 0 && self.whole;
        if self.passed && !is_clean {
            return Err(NoReport("`passed` is true, and its counts say that it did not pass".to_owned()));
        }
        if self.passed && self.compared_clean < self.compared.max(self.compared_min) {
            let why = "`passed` is true, and `compared_clean` is less than `compared` or `compared_min`";
            return Err(NoReport(why.to_owned()));
        }
        Ok(())
    }
}

/// What counts a finding.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Unexplained,
    Failed,
    Explained,
}

const fn class_of(reason: FindingReason) -> Class {
    match reason {
        FindingReason::Unexplained => Class::Unexplained,
        FindingReason::Failed => Class::Failed,
        FindingReason::Ignored | FindingReason::Filled | FindingReason::Noise => Class::Explained,
    }
}

impl VerificationFinding {
    fn check(&self, at: usize) -> Result<(), NoReport> {
        line(&format!("findings[{at}].telegram"), &self.telegram)?;
        let texts = [
            ("path", &self.path),
            ("label", &self.label),
            ("why", &self.why),
            ("place", &self.place),
            ("old", &self.old),
            ("new", &self.new),
        ];
        for (key, text) in texts {
            text.as_deref().map_or(Ok(()), |text| line(&format!("findings[{at}].{key}"), text))?;
        }
        if self.count == 0 {
            return Err(NoReport(format!("`findings[{at}].count` is 0")));
        }
        let is_exchange =
            |id: &String| id.len() == 22 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if self.exchange.as_ref().is_some_and(|id| !is_exchange(id)) {
            return Err(NoReport(format!("`findings[{at}].exchange` is not 22 hexadecimal digits")));
        }
        Ok(())
    }
}

/// Checks the name of a verification or of a run: letters, digits, `-`, `_` and `.`, and no dot in front.
///
/// # Errors
/// If it is no such name.
pub fn check_name(name: &str) -> Result<(), NoReport> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_name = (1..=NAME_MAX_BYTES).contains(&name.len()) && name.bytes().all(is_plain) && !name.starts_with('.');
    let why =
        || NoReport(format!("a name has 1 to {NAME_MAX_BYTES} letters, digits, `-`, `_` and `.`, and no dot in front"));
    is_name.then_some(()).ok_or_else(why)
}

/// Whether a character has no place in a text of a report: a control, one that changes the direction of what is behind it, one that ends a line or a
/// paragraph, or one without a width.
#[must_use]
pub const fn is_unseen(one: char) -> bool {
    matches!(one, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn line(key: &str, text: &str) -> Result<(), NoReport> {
    if text.chars().count() > TEXT_MAX_CHARS || text.chars().any(is_unseen) {
        return Err(NoReport(format!(
            "`{key}` is one line of at most {TEXT_MAX_CHARS} characters, without controls and characters that nobody sees"
        )));
    }
    Ok(())
}

fn time(key: &str, at_ms: Option<i64>, now_ms: i64) -> Result<(), NoReport> {
    let times = EARLIEST_MS..=now_ms.saturating_add(AHEAD_MAX_MS);
    if at_ms.is_some_and(|at_ms| !times.contains(&at_ms)) {
        return Err(NoReport(format!(
            "`{key}` is before 2000-01-01 or more than a day after the clock of the gateway, which says {now_ms}"
        )));
    }
    Ok(())
}

impl fmt::Display for NoReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoReport {}

#[cfg(test)]
mod tests;
