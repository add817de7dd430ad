//! What a verification found, for people and programs. How it looks on paper is not decided here.

use serde::Serialize;

use super::outcomes::{Answered, Concluded, Disagreement, Row};
use super::tally::{OfField, OfTelegram, Tally, Why};
use crate::time::Rfc3339;

/// The result of a verification. It serialises as its JSON report.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// `writes` or `reads`.
    pub kind: &'static str,
    /// The name of the institution.
    pub institution: String,
    /// What was compared: the name of the recording, or of the candidate.
    pub of: String,
    /// When it was made, in RFC 3339.
    pub made_at: String,
    /// The same in milliseconds since 1970.
    #[serde(skip)]
    pub made_at_ms: i64,
    /// The span of the requests, in milliseconds since 1970. Only of reads.
    #[serde(skip)]
    pub span_ms: Option<(i64, i64)>,
    /// Whether it came to its end.
    #[serde(skip)]
    pub whole: bool,
    /// How many comparisons it takes to pass.
    #[serde(skip)]
    pub compared_min: u64,
    /// Whether enough was compared and nothing is unexplained.
    pub passed: bool,
    /// Why, in a sentence.
    pub summary: String,
    /// How many telegrams were compared.
    pub compared: u64,
    /// How many were only read: received ones, and others that the gateway did not make.
    pub read: u64,
    /// How many were left out: they are about another institution, or more than one run asks.
    pub left_out: u64,
    /// How many were compared since the last unexplained difference or failure, in this run and those before it.
    pub compared_clean: u64,
    /// How many of them were the same, byte for byte.
    pub same: u64,
    /// How many differences are unexplained, counted by field.
    pub unexplained: u64,
    /// How many could not be compared.
    pub failed: u64,
    /// The telegrams by name.
    pub telegrams: Vec<TelegramReport>,
    /// What became of the recorded requests. Only of writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcomes: Option<OutcomesReport>,
    /// The runs so far, the oldest first. Only of reads.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trend: Vec<Run>,
}

/// One telegram.
#[derive(Clone, Debug, Serialize)]
pub struct TelegramReport {
    /// Its name.
    pub telegram: String,
    /// How many were only read.
    pub read: u64,
    /// How many were compared.
    pub compared: u64,
    /// How many of them were the same.
    pub same: u64,
    /// The fields that differed, the unexplained ones first.
    pub fields: Vec<FieldReport>,
    /// What could not be compared.
    pub failures: Vec<FailureReport>,
}

/// One field that differed.
#[derive(Clone, Debug, Serialize)]
pub struct FieldReport {
    /// Its path, without indexes.
    pub path: String,
    /// Its name on the sheet.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// In how many comparisons it differed.
    pub differing: u64,
    /// In how many pairs of answers of the old side it differed.
    pub noise: u64,
    /// Why it is no finding: `ignored`, `filled` or `noise`. `None`: it is unexplained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explained: Option<&'static str>,
    /// The first differences, secrets hidden.
    pub examples: Vec<ExampleReport>,
}

/// One difference.
#[derive(Clone, Debug, Serialize)]
pub struct ExampleReport {
    /// Where: a line of the recording, or an exchange.
    pub place: String,
    /// The value on the old side.
    pub old: String,
    /// The value on the new side.
    pub new: String,
}

/// What could not be compared.
#[derive(Clone, Debug, Serialize)]
pub struct FailureReport {
    /// Why.
    pub why: String,
    /// How often.
    pub count: u64,
    /// Where, the first times.
    pub places: Vec<String>,
}

/// What became of the recorded requests by the rules of the gateway.
#[derive(Clone, Debug, Default, Serialize)]
pub struct OutcomesReport {
    /// How many requests had which result.
    pub rows: Vec<OutcomeRow>,
    /// Answers that no request of the recording waits for.
    pub unmatched_answers: u64,
    /// Requests that were sent again while nothing had answered them. Each counts once.
    pub sent_again: u64,
    /// How many states of the old system were compared. `None` if it says none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared: Option<u64>,
    /// How many of them differ.
    pub differing: u64,
    /// The first ones that differ.
    pub disagreements: Vec<DisagreementReport>,
    /// Monetary requests of the recording without a state of the old system.
    pub without_state: u64,
    /// States of the old system without a request in the recording.
    pub without_request: u64,
}

/// How many requests had one result.
#[derive(Clone, Debug, Serialize)]
pub struct OutcomeRow {
    /// The telegram.
    pub telegram: String,
    /// The response code. `None`: no answer, or none with a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// `done`, `not_done`, `reversed`, `unknown` or `answered`.
    pub state: &'static str,
    /// `in_time`, `late` (after the gateway's time-out) or `none`: whether the institution answered it itself.
    pub answer: &'static str,
    /// How many.
    pub count: u64,
}

/// A request about which the old system says something else.
#[derive(Clone, Debug, Serialize)]
pub struct DisagreementReport {
    /// Where the request is in the recording.
    pub place: String,
    /// The telegram.
    pub telegram: String,
    /// What the old system says.
    pub old: &'static str,
    /// What the gateway says.
    pub new: &'static str,
}

/// One run, for the trend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Run {
    /// When, in RFC 3339.
    pub at: String,
    /// How many telegrams were compared.
    pub compared: u64,
    /// How many differences were unexplained.
    pub unexplained: u64,
    /// How many could not be compared.
    pub failed: u64,
    /// Whether it passed.
    pub passed: bool,
    /// Whether it came to its end. One that was stopped is repeated by the next one.
    pub whole: bool,
}

/// What a report says beside its counts.
pub(super) struct About {
    pub(super) kind: &'static str,
    pub(super) institution: String,
    pub(super) of: String,
    /// In milliseconds since 1970.
    pub(super) made_at_ms: i64,
    pub(super) compared_min: u64,
    /// How much more often a field may differ than the old side from itself, in percent of both together.
    pub(super) noise_percent: u8,
    /// How many the runs before this one compared since their last unexplained difference or failure.
    pub(super) compared_before: u64,
    pub(super) left_out: u64,
}

impl Report {
    pub(super) fn new(about: About, tally: &Tally, outcomes: Option<Concluded>) -> Self {
        let About { kind, institution, of, made_at_ms, compared_min, noise_percent, compared_before, left_out } = about;
        let telegrams: Vec<TelegramReport> =
            tally.telegrams().map(|(name, own)| telegram(name, own, noise_percent)).collect();
        let compared: u64 = telegrams.iter().map(|one| one.compared).sum();
        let same = telegrams.iter().map(|one| one.same).sum();
        let unexplained = telegrams.iter().map(TelegramReport::unexplained).sum();
        let failed = telegrams.iter().map(TelegramReport::failed).sum();
        let outcomes = outcomes.map(concluded);
        let summary = Summary {
            compared,
            compared_before,
            compared_min,
            findings: [
                (unexplained, "unexplained differences"),
                (failed, "could not be compared"),
                (outcomes.as_ref().map_or(0, |own| own.differing), "states differ from those of the old system"),
                (outcomes.as_ref().map_or(0, |own| own.without_state), "requests without a state of the old system"),
                (outcomes.as_ref().map_or(0, OutcomesReport::compared_none), "file of states that fits no request"),
            ],
        };
        let compared_clean = summary.compared_clean();
        let passed = summary.passed();
        let read = telegrams.iter().map(|one| one.read).sum();
        Self {
            kind,
            institution,
            of,
            made_at: Rfc3339(made_at_ms).to_string(),
            made_at_ms,
            span_ms: None,
            whole: true,
            compared_min,
            passed,
            summary: summary.text(),
            read,
            left_out,
            compared,
            compared_clean,
            same,
            unexplained,
            failed,
            telegrams,
            outcomes,
            trend: Vec::new(),
        }
    }

    /// The run of this report.
    pub(super) fn run(&self, whole: bool) -> Run {
        let Self { made_at, compared, unexplained, failed, passed, .. } = self;
        Run {
            at: made_at.clone(),
            compared: *compared,
            unexplained: *unexplained,
            failed: *failed,
            passed: *passed && whole,
            whole,
        }
    }
}

/// What decides whether a verification passed.
struct Summary {
    compared: u64,
    compared_before: u64,
    compared_min: u64,
    /// What must not be: how many, and what.
    findings: [(u64, &'static str); 5],
}

impl Summary {
    fn is_clean(&self) -> bool {
        self.findings.iter().all(|(count, _)| *count == 0)
    }

    /// How many were compared since the last finding.
    fn compared_clean(&self) -> u64 {
        if self.is_clean() { self.compared.saturating_add(self.compared_before) } else { 0 }
    }

    /// A run that compared nothing proves nothing.
    fn passed(&self) -> bool {
        self.compared > 0 && self.is_clean() && self.compared_clean() >= self.compared_min
    }

    fn text(&self) -> String {
        let Self { compared, compared_before, compared_min, findings } = self;
        let so_far = match compared_before {
            0 => format!("{compared} compared"),
            _ if !self.is_clean() => format!("{compared} compared"),
            _ => format!("{compared} compared, {} with the runs before", self.compared_clean()),
        };
        if !self.is_clean() {
            let found = findings.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
            return format!("{so_far}: {}", found.collect::<Vec<_>>().join(", "));
        }
        match self.passed() {
            true => format!("{so_far}, zero unexplained"),
            false => format!("not enough: {so_far}, and it takes {compared_min}"),
        }
    }
}

impl OutcomesReport {
    /// 1 if the old system says states and none of them was compared.
    fn compared_none(&self) -> u64 {
        u64::from(self.compared == Some(0))
    }
}

impl TelegramReport {
    /// How many differences of its fields are unexplained.
    #[must_use]
    pub fn unexplained(&self) -> u64 {
        self.fields.iter().filter(|field| field.explained.is_none()).map(|field| field.differing).sum()
    }

    /// How many could not be compared.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failures.iter().map(|failure| failure.count).sum()
    }
}

fn telegram(name: &str, own: &OfTelegram, noise_percent: u8) -> TelegramReport {
    let mut fields: Vec<FieldReport> = own
        .fields
        .iter()
        .filter(|(_, field)| field.differing > 0)
        .map(|(path, own)| field(path, own, noise_percent))
        .collect();
    fields.sort_by_key(|field| (field.explained.is_some(), std::cmp::Reverse(field.differing)));
    let failures = own.failures.iter().map(|(why, failure)| FailureReport {
        why: why.clone(),
        count: failure.count,
        places: failure.places.clone(),
    });
    TelegramReport {
        telegram: name.to_owned(),
        read: own.read,
        compared: own.compared,
        same: own.same,
        fields,
        failures: failures.collect(),
    }
}

fn field(path: &str, own: &OfField, noise_percent: u8) -> FieldReport {
    let explained = own.explained(noise_percent).map(|why| match why {
        Why::Ignored => "ignored",
        Why::Filled => "filled",
        Why::Noise => "noise",
    });
    let examples = own.examples.iter().map(|one| ExampleReport {
        place: one.place.clone(),
        old: one.old.clone(),
        new: one.new.clone(),
    });
    FieldReport {
        path: path.to_owned(),
        label: own.label.clone(),
        differing: own.differing,
        noise: own.noise,
        explained,
        examples: examples.collect(),
    }
}

fn concluded(own: Concluded) -> OutcomesReport {
    let row = |(row, count): (Row, u64)| OutcomeRow {
        telegram: row.telegram,
        // A code is bytes of the institution.
        code: row.code.map(|code| code.chars().map(|one| if one.is_control() { '.' } else { one }).collect()),
        state: row.state.name(),
        answer: match row.answered {
            Answered::InTime => "in_time",
            Answered::Late => "late",
            Answered::Never => "none",
        },
        count,
    };
    let disagreement = |one: Disagreement| DisagreementReport {
        place: one.place.to_string(),
        telegram: one.telegram,
        old: one.old.name(),
        new: one.new.name(),
    };
    OutcomesReport {
        rows: own.rows.into_iter().map(row).collect(),
        unmatched_answers: own.unmatched,
        sent_again: own.sent_again,
        compared: own.compared,
        differing: own.differing_count,
        disagreements: own.differing.into_iter().map(disagreement).collect(),
        without_state: own.without_state,
        without_request: own.without_request,
    }
}
