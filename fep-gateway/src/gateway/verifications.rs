//! Runs of verifications: how programs tell them, and how persons see them. What is compared is the business of `verify`, in a process of its own.
//!
//! A run is a fact of the journal. Of several with one name the first holds, also if two gateways store them at the same time, so each one is read back.
//! Told again with the same report, it is there already; another report is refused.

use fep_codec::layout::{Item, Layout};
use fep_protocol::exchange::TelegramBytes;
use fep_protocol::fact::{Fact, What};
use fep_protocol::verification::{VerificationFact, VerificationKind, VerificationReport};
use fep_spec::model::Spec;
use ring::digest::{SHA256, digest};

pub use crate::journal::verified::{StoredVerification, VerificationRun};

use super::{Gateway, JournalError, NotKept};
use crate::hex::hex;
use crate::time::DAY_MS;

/// The maximum number of verifications of an institution that were told within [`COUNTS_MS`]. Reads and writes of one name are two.
pub(crate) const VERIFICATIONS_MAX: usize = 50;

/// The maximum number of runs of a verification that are told within a day.
pub(crate) const RUNS_OF_DAY_MAX: usize = 200;

/// For how long a verification counts after its last run was told, in milliseconds: 30 days.
const COUNTS_MS: i64 = 30 * DAY_MS;

/// How a secret value is shown.
const HIDDEN: &str = "<secret>";

/// Why a run was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Untold {
    /// The gateway has no such institution.
    NoInstitution,
    /// The run was told with another report.
    OtherReport,
    /// The institution has this many verifications with a run of the last 30 days, and this would be one more.
    TooManyNames(usize),
    /// The verification has this many runs within a day.
    TooManyRuns(usize),
    /// The journal.
    NotKept(NotKept),
}

impl Gateway {
    /// Keeps a run, and waits until it is durable. Values of secret fields, and of fields that the spec of the institution does not have, are left out.
    ///
    /// # Errors
    /// If nothing was changed, or ([`NotKept::NotDurable`]) the journal does not have it yet.
    pub async fn keep_verification(
        &self,
        of: &VerificationRun,
        report: VerificationReport,
        client: Option<String>,
    ) -> Result<StoredVerification, Untold> {
        let spec = self.spec(&of.institution).ok_or(Untold::NoInstitution)?;
        let failed = |error| Untold::NotKept(NotKept::Journal(error));
        let said = written(&report).map_err(failed)?;
        let fact = VerificationFact {
            name: of.name.clone(),
            run: of.run.clone(),
            digest: hex(digest(&SHA256, &said).as_ref()),
            client,
            counts: report.counts.clone(),
        };
        let content = written(&shown(report, &spec)).map_err(failed)?;
        let _acting = self.inner.comparing.act(&of.institution).await;
        if let Some(stored) = self.inner.shared.journal.verification(of).await.map_err(failed)? {
            return same(stored, &fact.digest);
        }
        self.has_room(of, fact.counts.kind).await?;
        let digest = fact.digest.clone();
        let fact = Fact {
            what: What::Verification,
            verification: Some(Box::new(fact)),
            bytes: TelegramBytes::from(content),
            ..Fact::new(of.institution.as_str().into(), self.now_ms())
        };
        self.store_own(fact).await.map_err(Untold::NotKept)?;
        let lost = || JournalError::Failed("the journal does not have what it stored".to_owned());
        let stored = self.inner.shared.journal.verification(of).await;
        let stored = stored.and_then(|stored| stored.ok_or_else(lost));
        same(stored.map_err(|error| Untold::NotKept(NotKept::NotDurable(error)))?, &digest)
    }

    /// The last runs of each verification of an institution, or of all, the newest first, at most `limit` of each.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn verifications(
        &self,
        institution: Option<String>,
        limit: usize,
    ) -> Result<Vec<Vec<StoredVerification>>, JournalError> {
        self.inner.shared.journal.verifications(institution, limit).await
    }

    /// The last run of each verification, as far as the index knows.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn last_verifications(&self) -> Result<Vec<StoredVerification>, JournalError> {
        self.inner.shared.journal.last_verifications().await
    }

    /// A run with what it found. `None` if it was not told.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn verification(
        &self,
        of: &VerificationRun,
    ) -> Result<Option<(StoredVerification, VerificationReport)>, JournalError> {
        self.inner.shared.journal.verification_report(of).await
    }

    async fn has_room(&self, of: &VerificationRun, kind: VerificationKind) -> Result<(), Untold> {
        let failed = |error| Untold::NotKept(NotKept::Journal(error));
        let all = self
            .inner
            .shared
            .journal
            .verifications(Some(of.institution.clone()), RUNS_OF_DAY_MAX)
            .await
            .map_err(failed)?;
        room(&all, &of.name, kind, self.now_ms())
    }
}

/// Whether one more run has room beside these, which are by verification, the newest first.
fn room(all: &[Vec<StoredVerification>], name: &str, kind: VerificationKind, now_ms: i64) -> Result<(), Untold> {
    let counting_ms = now_ms.saturating_sub(COUNTS_MS);
    let counts = |runs: &&Vec<StoredVerification>| runs.first().is_some_and(|last| last.at_ms > counting_ms);
    let is_own = |runs: &&Vec<StoredVerification>| {
        runs.first().is_some_and(|last| last.fact.name == name && last.fact.counts.kind == kind)
    };
    let Some(runs) = all.iter().filter(counts).find(is_own) else {
        let is_full = all.iter().filter(counts).count() >= VERIFICATIONS_MAX;
        return if is_full { Err(Untold::TooManyNames(VERIFICATIONS_MAX)) } else { Ok(()) };
    };
    let since_ms = now_ms.saturating_sub(DAY_MS);
    let is_full = runs.iter().filter(|run| run.at_ms > since_ms).count() >= RUNS_OF_DAY_MAX;
    if is_full { Err(Untold::TooManyRuns(RUNS_OF_DAY_MAX)) } else { Ok(()) }
}

fn written(report: &VerificationReport) -> Result<Vec<u8>, JournalError> {
    serde_json::to_vec(report).map_err(|error| JournalError::Failed(error.to_string()))
}

/// The run that holds, if it was told with this report.
fn same(stored: StoredVerification, digest: &str) -> Result<StoredVerification, Untold> {
    if stored.fact.digest == digest { Ok(stored) } else { Err(Untold::OtherReport) }
}

/// The report without values that may be secret. Who tells it has hidden them by the spec of the plan; the spec here may know better.
fn shown(mut report: VerificationReport, spec: &Spec) -> VerificationReport {
    for finding in &mut report.findings {
        let layout = spec.telegram(&finding.telegram).map(|telegram| &telegram.layout);
        let is_secret = layout.zip(finding.path.as_deref()).and_then(|(layout, path)| is_secret(layout, path));
        let values = [&mut finding.old, &mut finding.new];
        match is_secret {
            Some(false) => {}
            Some(true) => values.into_iter().flatten().for_each(|value| HIDDEN.clone_into(value)),
            None => values.into_iter().for_each(|value| *value = None),
        }
    }
    report
}

/// Whether any field that the path can mean is secret. `None`: there is none.
fn is_secret(layout: &Layout, path: &str) -> Option<bool> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let (_, item) = layout.item(name)?;
    let Some(rest) = rest else { return Some(item.has_secret()) };
    match item {
        Item::Part(part) => is_secret(&part.layout, rest),
        Item::Group(group) => is_secret(&group.layout, rest),
        // The case is not known here.
        Item::Choice(choice) => {
            let cases = choice.cases().iter().filter_map(|case| is_secret(&case.layout, rest));
            cases.reduce(|one, other| one || other)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use fep_protocol::verification::{FindingReason, VerificationCounts, VerificationFinding};

    use super::*;

    const SPEC: &str = r#"
spec = "s"
title = "t"
version = "1"
source = "t"
charset = "ascii"

[telegrams.Pair]
len = 12
items = [
  { name = "code", len = 2, kind = "text" },
  { name = "pin", len = 4, kind = "digits", secret = true },
  { name = "amount", len = 6, kind = "number" },
]
"#;

    fn finding(telegram: &str, path: Option<&str>) -> VerificationFinding {
        VerificationFinding {
            telegram: telegram.to_owned(),
            path: path.map(str::to_owned),
            label: None,
            count: 1,
            reason: FindingReason::Unexplained,
            why: None,
            place: None,
            exchange: None,
            old: Some("1234".to_owned()),
            new: Some("5678".to_owned()),
        }
    }

    fn counts(kind: VerificationKind) -> VerificationCounts {
        VerificationCounts {
            kind,
            of: String::new(),
            made_at_ms: 0,
            since_ms: None,
            until_ms: None,
            passed: false,
            whole: true,
            summary: String::new(),
            compared: 1,
            same: 0,
            failed: 0,
            unexplained: 1,
            explained: 0,
            compared_clean: 0,
            compared_min: 1,
        }
    }

    /// This many runs of a verification that were told at this time.
    fn runs(name: &str, kind: VerificationKind, at_ms: i64, count: usize) -> Vec<StoredVerification> {
        let fact = VerificationFact {
            name: name.to_owned(),
            run: "one".to_owned(),
            digest: String::new(),
            client: None,
            counts: counts(kind),
        };
        vec![StoredVerification { institution: "bank-a".to_owned(), number: 1, at_ms, fact }; count]
    }

    #[test]
    fn what_was_not_told_for_thirty_days_takes_no_room_and_kinds_are_apart() {
        use VerificationKind::{Reads, Writes};
        let now_ms = 100 * DAY_MS;
        let full = Err(Untold::TooManyNames(VERIFICATIONS_MAX));
        let mut all: Vec<_> =
            (0..VERIFICATIONS_MAX).map(|at| runs(&format!("v{at}"), Reads, now_ms - 29 * DAY_MS, 1)).collect();
        assert_eq!(room(&all, "v0", Reads, now_ms), Ok(()));
        assert_eq!(room(&all, "more", Reads, now_ms), full);
        assert_eq!(room(&all, "v0", Writes, now_ms), full, "reads and writes of one name are two");
        all[0] = runs("v0", Reads, now_ms - 30 * DAY_MS, 1);
        assert_eq!(room(&all, "more", Reads, now_ms), Ok(()));
        assert_eq!(room(&all, "v0", Reads, now_ms), Ok(()));
        all.push(runs("more", Reads, now_ms, RUNS_OF_DAY_MAX));
        assert_eq!(room(&all, "v0", Reads, now_ms), full, "one that comes back counts again");
        assert_eq!(room(&all, "more", Reads, now_ms), Err(Untold::TooManyRuns(RUNS_OF_DAY_MAX)));
    }

    #[test]
    fn only_values_of_fields_that_are_known_and_not_secret_are_kept() {
        let counts = counts(VerificationKind::Reads);
        let places = [
            ("Pair", Some("amount"), Some("1234")),
            ("Pair", Some("pin"), Some(HIDDEN)),
            ("Pair", Some("pin.x"), None),
            ("Pair", Some("bytes 0..2"), None),
            ("Pair", None, None),
            ("Other", Some("amount"), None),
            ("(connection)", None, None),
        ];
        let findings = places.iter().map(|(telegram, path, _)| finding(telegram, *path)).collect();
        let spec = Spec::parse("s.toml", SPEC).unwrap();
        let kept = shown(VerificationReport { counts, findings, more_findings: 0 }, &spec);
        for ((telegram, path, expected), one) in places.iter().zip(&kept.findings) {
            assert_eq!(one.old.as_deref(), *expected, "{telegram} {path:?}");
            assert_eq!(one.new.is_some(), expected.is_some(), "{telegram} {path:?}");
        }
    }
}
