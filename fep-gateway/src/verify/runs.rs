//! The runs of a plan, one JSON line each in its folder: where the next one goes on, and the trend. And the last one as metrics in a text file, for
//! a collector of such files.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::collector;
use super::report::{Report, Run};

/// The file with the runs.
const RUNS: &str = "runs.jsonl";

/// The file with the metrics of the last run.
const METRICS: &str = "verify.prom";

/// How many runs a report shows.
const TREND_MAX: usize = 30;

/// The longest file of runs that is read, in bytes. That is more than 100,000 runs.
const RUNS_MAX_BYTES: u64 = 32 << 20;

/// One line of the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Line {
    institution: String,
    candidate: String,
    /// The digest of the plan.
    plan: String,
    /// The end of the span whose requests were asked, in milliseconds since 1970.
    until_ms: i64,
    #[serde(flatten)]
    run: Run,
}

/// The runs of one plan so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Runs {
    /// The end of the last span, in milliseconds since 1970.
    pub(super) until_ms: Option<i64>,
    /// How many were compared since the last unexplained difference or failure.
    pub(super) compared_clean: u64,
    /// The last runs, the oldest first.
    pub(super) trend: Vec<Run>,
}

/// Reads the runs of a folder, which need not be there.
///
/// # Errors
/// If the file cannot be read, or a line is none of it.
pub(super) fn read(folder: &Path, plan: &str) -> io::Result<Runs> {
    let path = folder.join(RUNS);
    let text = match fs::metadata(&path) {
        Ok(file) if file.len() > RUNS_MAX_BYTES => {
            return Err(io::Error::other(format!(
                "{} is longer than {RUNS_MAX_BYTES} bytes: move it away",
                path.display()
            )));
        }
        Ok(_) => fs::read_to_string(&path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Runs::default()),
        Err(error) => return Err(error),
    };
    let mut runs = Runs::default();
    // A line without an end was cut by a crash: that run did not end.
    for (number, text) in text.split_inclusive('\n').filter(|line| line.ends_with('\n')).enumerate() {
        let line: Line = serde_json::from_str(text)
            .map_err(|error| io::Error::other(format!("{} line {}: {error}", path.display(), number + 1)))?;
        if line.plan == plan {
            // A clock that was set back moves the position no further back.
            runs.until_ms = runs.until_ms.max(Some(line.until_ms));
            let is_clean = (line.run.unexplained, line.run.failed) == (0, 0);
            // The next run asks again what one that was stopped has asked.
            let compared = if line.run.whole { line.run.compared } else { 0 };
            runs.compared_clean = if is_clean { runs.compared_clean.saturating_add(compared) } else { 0 };
            runs.trend.push(line.run);
        }
    }
    let surplus = runs.trend.len().saturating_sub(TREND_MAX);
    runs.trend.drain(..surplus);
    Ok(runs)
}

/// Adds the run of a report, and writes its metrics.
///
/// # Errors
/// If a file cannot be written.
pub(super) fn add(
    folder: &Path,
    plan: &str,
    report: &Report,
    run: &Run,
    (until_ms, now_s): (i64, i64),
) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let path = folder.join(RUNS);
    let line = Line {
        institution: report.institution.clone(),
        candidate: report.of.clone(),
        plan: plan.to_owned(),
        until_ms,
        run: run.clone(),
    };
    let mut text = serde_json::to_string(&line)?;
    text.push('\n');
    let before = fs::read(&path).unwrap_or_default();
    let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
    if before.last().is_some_and(|last| *last != b'\n') {
        // What a crash has left of a line. It stays without an end no longer, so it would be read: cut it off.
        let whole = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        file.set_len(u64::try_from(whole).unwrap_or(u64::MAX))?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    collector::replace(&folder.join(METRICS), &exposition(report, run, now_s))
}

/// The metrics of a report in the text format of Prometheus.
fn exposition(report: &Report, run: &Run, now_s: i64) -> String {
    let label = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let of = format!("institution=\"{}\",candidate=\"{}\"", label(&report.institution), label(&report.of));
    let rows = [
        ("fep_verify_compared", "How many answers the last run compared.", report.compared),
        ("fep_verify_unexplained", "How many differences of fields were unexplained.", report.unexplained),
        ("fep_verify_failed", "How many requests could not be compared.", report.failed),
        ("fep_verify_passed", "Whether the last run passed.", u64::from(run.passed)),
        ("fep_verify_run_timestamp_seconds", "When the last run was.", u64::try_from(now_s).unwrap_or_default()),
    ];
    rows.map(|(name, help, value)| format!("# HELP {name} {help}\n# TYPE {name} gauge\n{name}{{{of}}} {value}\n"))
        .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::report::About;
    use crate::verify::tally::Tally;

    fn report(of: &str, at_ms: i64, compared: usize) -> Report {
        let about = About {
            kind: "reads",
            institution: "bank".into(),
            of: of.into(),
            made_at_ms: at_ms,
            compared_min: 1,
            noise_percent: 0,
            compared_before: 0,
            left_out: 0,
        };
        let mut tally = Tally::default();
        (0..compared).for_each(|_| tally.compared("Ask", "here", Vec::new(), |_| None));
        Report::new(about, &tally, None)
    }

    fn add_run(folder: &Path, plan: &str, report: &Report, whole: bool, until_ms: i64) {
        add(folder, plan, report, &report.run(whole), (until_ms, 17)).unwrap();
    }

    #[test]
    fn the_next_run_goes_on_where_the_last_one_ended() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("runs");
        assert!(read(&place, "one").unwrap().until_ms.is_none());
        add_run(&place, "one", &report("new", 1000, 3), true, 10);
        add_run(&place, "two", &report("other", 0, 5), true, 99);
        // A crash in the middle of a line.
        let file = place.join(RUNS);
        let mut text = fs::read_to_string(&file).unwrap();
        text.push_str("{\"institution\":\"ba");
        fs::write(&file, &text).unwrap();
        assert_eq!(read(&place, "one").unwrap().until_ms, Some(10));
        add_run(&place, "one", &report("new", 2000, 4), true, 20);
        // One that was stopped does not count, and one after a clock that went back does not move the position back.
        add_run(&place, "one", &report("new", 3000, 100), false, 20);
        add_run(&place, "one", &report("new", 500, 2), true, 15);
        let runs = read(&place, "one").unwrap();
        let compared: Vec<u64> = runs.trend.iter().map(|run| run.compared).collect();
        assert_eq!((runs.until_ms, compared.as_slice()), (Some(20), &[3, 4, 100, 2][..]));
        assert_eq!(runs.compared_clean, 9);
        let metrics = fs::read_to_string(place.join(METRICS)).unwrap();
        assert!(metrics.contains("fep_verify_passed{institution=\"bank\",candidate=\"new\"} 1\n"), "{metrics}");
        assert!(metrics.contains("fep_verify_run_timestamp_seconds{institution=\"bank\",candidate=\"new\"} 17\n"));
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(RUNS), "{}\n").unwrap();
        let error = read(folder.path(), "one").unwrap_err().to_string();
        assert!(error.contains("runs.jsonl line 1: missing field"), "{error}");
    }
}
