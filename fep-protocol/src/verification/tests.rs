//! Reports that are none: too long, in no time, twice, or against themselves. How they travel is tested in `fep-gateway`.

use super::*;

/// 2026-11-30 in UTC.
const NOW_MS: i64 = 1_795_996_800_000;

fn report() -> VerificationReport {
    let counts = VerificationCounts {
        kind: VerificationKind::Reads,
        of: "new".to_owned(),
        made_at_ms: NOW_MS,
        since_ms: Some(NOW_MS - 2),
        until_ms: Some(NOW_MS - 1),
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
    let found = report.check(NOW_MS).map_err(|why| why.to_string());
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
    check(|report| report.counts.since_ms = Some(NOW_MS), "`since_ms` is behind");
    check(|report| report.counts.of = "x".repeat(301), "`of` is one line");
    check(|report| report.counts.of = "가".repeat(300), "");
    for unseen in ['\t', '\u{85}', '\u{200b}', '\u{200f}', '\u{2028}', '\u{202e}', '\u{2060}', '\u{2069}', '\u{feff}'] {
        check(|report| report.findings[0].telegram.push(unseen), "`findings[0].telegram` is one line");
    }
    check(|report| report.findings[0].old = Some("a\nb".to_owned()), "`findings[0].old` is one line");
    check(|report| report.findings[0].exchange = Some("g".repeat(22)), "22 hexadecimal digits");
    check(|report| report.findings = vec![report.findings[0].clone(); 201], "201 findings");
    check(
        |report| report.findings = vec![report.findings[0].clone(); 2],
        "`findings[1]` has the telegram, path and why",
    );
    check(|report| report.findings[0].count = 0, "`findings[0].count` is 0");
}

#[test]
fn times_are_between_2000_and_a_day_ahead() {
    check(|report| report.counts.made_at_ms = NOW_MS + AHEAD_MAX_MS, "");
    check(|report| report.counts.made_at_ms = NOW_MS + AHEAD_MAX_MS + 1, "`made_at_ms` is before 2000-01-01 or more");
    check(|report| report.counts.made_at_ms = i64::MAX, "the clock of the gateway, which says 1795996800000");
    check(|report| report.counts.since_ms = Some(EARLIEST_MS), "");
    check(|report| report.counts.since_ms = Some(EARLIEST_MS - 1), "`since_ms` is before 2000-01-01");
    check(|report| report.counts.until_ms = Some(i64::MAX), "`until_ms` is before 2000-01-01");
}

#[test]
fn counts_findings_and_the_gate_say_the_same() {
    check(|report| report.counts.summary = " ".to_owned(), "`summary` is empty");
    check(|report| report.counts.compared_clean = 1, "`compared_clean` is less");
    check(|report| report.counts.compared_min = 3, "`compared_clean` is less");
    check(|report| (report.counts.compared_min, report.counts.compared_clean) = (3, 3), "");
    check(|report| report.counts.explained = 0, "`explained` is less than its findings say");
    check(|report| report.more_findings = 1, "`more_findings` is more than the counts leave");
    check(|report| (report.more_findings, report.counts.explained) = (1, 2), "");
    check(
        |report| (report.counts.passed, report.counts.failed) = (false, 1),
        "`failed` is more than 0, and no finding",
    );
    let unexplained = |report: &mut VerificationReport| {
        (report.counts.passed, report.counts.unexplained, report.counts.compared_clean) = (false, 3, 0);
    };
    check(unexplained, "`unexplained` is more than 0, and no finding says what");
    check(|report| (unexplained(report), report.more_findings = 3).0, "");
    check(|report| (unexplained(report), report.more_findings = 4).0, "`more_findings` is more");
    let shown = |count: u64| {
        move |report: &mut VerificationReport| {
            unexplained(report);
            report.counts.explained = 0;
            (report.findings[0].reason, report.findings[0].count) = (FindingReason::Unexplained, count);
        }
    };
    check(shown(3), "");
    check(shown(4), "`unexplained` is less than its findings say");
    check(shown(u64::MAX), "`unexplained` is less than its findings say");
}

#[test]
fn the_largest_report_fits_into_its_bytes() {
    let text = || "가".repeat(TEXT_MAX_CHARS);
    let finding = |at: usize| VerificationFinding {
        telegram: text(),
        path: Some(format!("{at:03}{}", "가".repeat(TEXT_MAX_CHARS - 3))),
        label: Some(text()),
        count: u64::MAX / 1000,
        reason: FindingReason::Unexplained,
        why: Some(text()),
        place: Some(text()),
        exchange: Some("0".repeat(22)),
        old: Some(text()),
        new: Some(text()),
    };
    let mut report = report();
    (report.counts.passed, report.counts.unexplained) = (false, u64::MAX);
    (report.counts.of, report.counts.summary) = (text(), text());
    report.findings = (0..FINDINGS_MAX).map(finding).collect();
    assert_eq!(report.check(NOW_MS), Ok(()));
    let said = serde_json::to_string(&report).unwrap();
    let escaped = |one: char| match one.is_ascii() {
        true => one.to_string(),
        false => format!("\\u{:04x}", u32::from(one)),
    };
    let escaped: String = said.chars().map(escaped).collect();
    assert!(said.len() > 1_000_000 && escaped.len() > said.len(), "{} {}", said.len(), escaped.len());
    assert!(escaped.len() <= REPORT_MAX_BYTES, "{} is more than {REPORT_MAX_BYTES}", escaped.len());
    assert_eq!(serde_json::from_str::<VerificationReport>(&escaped).unwrap(), report);
}

#[test]
fn names_are_parts_of_paths() {
    for (name, is_name) in
        [("nightly", true), ("2026-11-30T02.15_a", true), ("", false), (".a", false), ("a/b", false), ("a b", false)]
    {
        assert_eq!(check_name(name).is_ok(), is_name, "{name}");
    }
    assert!(check_name(&"n".repeat(61)).is_err());
}
