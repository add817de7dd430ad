//! What a verification found, as it is told to others: its counts, and its findings with one example each. Nothing here compares, stores or sends:
//! `fep-gateway` does that.
//!
//! A report is bounded whatever was compared: [`FINDINGS_MAX`] findings, and texts of [`TEXT_MAX_CHARS`] characters. What does not fit is counted.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The maximum number of findings of a report.
pub const FINDINGS_MAX: usize = 200;

/// The longest text of a report, in characters.
pub const TEXT_MAX_CHARS: usize = 300;

/// The longest name of a verification or of a run, in bytes.
pub const NAME_MAX_BYTES: usize = 60;

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
    /// Checks what its types do not say.
    ///
    /// # Errors
    /// If a text is too long, there are too many findings, or its counts contradict each other.
    pub fn check(&self) -> Result<(), NoReport> {
        let Self { counts, findings, .. } = self;
        line("of", &counts.of)?;
        line("summary", &counts.summary)?;
        if let (Some(since_ms), Some(until_ms)) = (counts.since_ms, counts.until_ms)
            && since_ms > until_ms
        {
            return Err(NoReport("`since_ms` is behind `until_ms`".to_owned()));
        }
        if counts.same > counts.compared {
            return Err(NoReport("`same` is more than `compared`".to_owned()));
        }
        let is_clean = (counts.unexplained, counts.failed) == (0, 0) && counts.compared > 0 && counts.whole;
        if counts.passed && !is_clean {
            return Err(NoReport("`passed` is true, and its counts say that it did not pass".to_owned()));
        }
        if findings.len() > FINDINGS_MAX {
            return Err(NoReport(format!("it has {} findings, more than {FINDINGS_MAX}", findings.len())));
        }
        let is_finding = |one: &VerificationFinding| {
            matches!(one.reason, FindingReason::Unexplained | FindingReason::Failed) && one.count > 0
        };
        if counts.passed && findings.iter().any(is_finding) {
            return Err(NoReport("`passed` is true, and a finding has no reason".to_owned()));
        }
        findings.iter().enumerate().try_for_each(|(at, one)| one.check(at))
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

fn line(key: &str, text: &str) -> Result<(), NoReport> {
    if text.chars().count() > TEXT_MAX_CHARS || text.chars().any(char::is_control) {
        return Err(NoReport(format!("`{key}` is one line of at most {TEXT_MAX_CHARS} characters")));
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
mod tests {
    use super::*;

    fn report() -> VerificationReport {
        let counts = VerificationCounts {
            kind: VerificationKind::Reads,
            of: "new".to_owned(),
            made_at_ms: 1,
            since_ms: Some(0),
            until_ms: Some(1),
            passed: true,
            whole: true,
            summary: "2 compared, zero unexplained".to_owned(),
            compared: 2,
            same: 1,
            failed: 0,
            unexplained: 0,
            explained: 1,
            compared_clean: 2,
            compared_min: 1,
        };
        let finding = VerificationFinding {
            telegram: "Answer".to_owned(),
            path: Some("header.trace_no".to_owned()),
            label: None,
            count: 1,
            reason: FindingReason::Filled,
            why: None,
            place: None,
            exchange: Some("0".repeat(22)),
            old: Some("1".to_owned()),
            new: Some("2".to_owned()),
        };
        VerificationReport { counts, findings: vec![finding], more_findings: 0 }
    }

    fn check(change: impl FnOnce(&mut VerificationReport), expected: &str) {
        let mut report = report();
        change(&mut report);
        let found = report.check().map_err(|why| why.to_string());
        match expected {
            "" => assert_eq!(found, Ok(())),
            _ => assert!(found.as_ref().is_err_and(|why| why.contains(expected)), "{found:?} lacks {expected}"),
        }
    }

    #[test]
    fn what_contradicts_itself_or_is_too_long_is_no_report() {
        check(|_| {}, "");
        check(|report| report.counts.unexplained = 1, "its counts say that it did not pass");
        check(|report| report.counts.failed = 1, "its counts say that it did not pass");
        check(|report| report.counts.compared = 0, "`same` is more");
        check(|report| (report.counts.compared, report.counts.same) = (0, 0), "its counts say that it did not pass");
        check(|report| report.counts.whole = false, "its counts say that it did not pass");
        check(|report| report.findings[0].reason = FindingReason::Unexplained, "a finding has no reason");
        check(|report| report.counts.since_ms = Some(2), "`since_ms` is behind");
        check(|report| report.counts.of = "x".repeat(301), "`of` is one line");
        check(|report| report.counts.of = "가".repeat(300), "");
        check(|report| report.findings[0].old = Some("a\nb".to_owned()), "`findings[0].old` is one line");
        check(|report| report.findings[0].exchange = Some("g".repeat(22)), "22 hexadecimal digits");
        check(|report| report.findings = vec![report.findings[0].clone(); 201], "201 findings");
    }

    #[test]
    fn names_are_parts_of_paths() {
        for (name, is_name) in [
            ("nightly", true),
            ("2026-11-30T02.15_a", true),
            ("", false),
            (".a", false),
            ("a/b", false),
            ("a b", false),
        ] {
            assert_eq!(check_name(name).is_ok(), is_name, "{name}");
        }
        assert!(check_name(&"n".repeat(61)).is_err());
    }
}
