//! Who reads the clock of the machine, and who makes a date or hours of a time. Business is by the business clock, which a test can set, so each
//! place that is not has its reason here.
//!
//! The tests read the sources as text. They find a new reader of a clock. They do not prove that the reason of an old one is still right.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The crates that know business time. The others have no clock at all.
const CRATES: [&str; 3] = ["fep-gateway", "fep-protocol", "fep-stream"];

/// How the clock of the machine is read. `Instant` is no date: it only measures waits.
const READINGS: [&str; 5] = ["SystemTime::now", "Utc::now", "Local::now", "Zoned::now", "now_utc"];

/// What makes a date, a time of day or hours of a time.
const DATES: [&str; 7] = [
    ".business_date(",
    ".today(",
    "Stamp::new(",
    "calendar.is_open(",
    "hours.is_open(",
    ".next_change(",
    ".begins_ms(",
];

/// The readers of the machine's clock, and why it is the real time that they need.
const READERS: &[(&str, &str)] = &[
    ("fep-gateway/src/batching.rs", "the real time under the business clock of the gateway"),
    ("fep-gateway/src/callback.rs", "spans and signatures: the receiver compares them with its own real time"),
    ("fep-gateway/src/coordinator/redis/watching.rs", "since when a server is away"),
    ("fep-gateway/src/demo.rs", "the demo is in real time"),
    ("fep-gateway/src/exporting.rs", "facts have real times, and so has the date that has ended"),
    ("fep-gateway/src/filing.rs", "a file transfer has no gateway: the date and time that its telegrams say"),
    ("fep-gateway/src/http/connections.rs", "the header Date of HTTP"),
    ("fep-gateway/src/http/ends.rs", "the end of a token"),
    ("fep-gateway/src/http/exposure.rs", "the end of a certificate"),
    ("fep-gateway/src/http/overview.rs", "when the overview was made"),
    ("fep-gateway/src/http/secured.rs", "the end of a certificate"),
    ("fep-gateway/src/http/spans.rs", "spans: a collector compares them with others"),
    ("fep-gateway/src/metrics/process.rs", "when the process started"),
    ("fep-gateway/src/net/clock.rs", "the real time under the business clock"),
    ("fep-gateway/src/net/institution/settling.rs", "spans"),
    ("fep-gateway/src/net/institution/spans.rs", "spans"),
    ("fep-gateway/src/reconciling.rs", "when the report was made"),
    (
        "fep-gateway/src/simulate/certificates.rs",
        "the validity of test certificates: the other side's TLS has the real time",
    ),
    ("fep-gateway/src/simulate/clock.rs", "the real time under the clock of the institution"),
    ("fep-gateway/src/simulate/recording.rs", "a replay repeats the real pauses between frames"),
    ("fep-gateway/src/spans.rs", "a random number"),
    ("fep-gateway/src/streams.rs", "since when a stream is as it is"),
    ("fep-gateway/src/tap/queue.rs", "a tap stands between two programs that it does not know: when bytes crossed"),
    ("fep-gateway/src/tls.rs", "the validity of certificates"),
    ("fep-gateway/src/topics.rs", "since when a topic is away"),
    ("fep-gateway/src/verify/hours.rs", "the real time under the clocks of the sides"),
    ("fep-gateway/src/verifying.rs", "when the report was made"),
    ("fep-stream/src/receiver/task.rs", "when a telegram of a stream came"),
];

/// The places that make a date or hours of a time, and of which clock that time is.
const DATED: &[(&str, &str)] = &[
    ("fep-gateway/src/alarms/watched.rs", "the business clock, for the hours of a rule"),
    ("fep-gateway/src/batch/windows.rs", "the business clock of the gateway, by `batch::clock`"),
    ("fep-gateway/src/demo.rs", "the real time: the demo has no other"),
    ("fep-gateway/src/export.rs", "the real time of facts"),
    ("fep-gateway/src/export/rows.rs", "the real time of facts"),
    ("fep-gateway/src/reconcile/balances.rs", "the real time of facts"),
    ("fep-gateway/src/reconcile/here.rs", "the real time of facts"),
    ("fep-gateway/src/simulate/clock.rs", "the clock of the institution"),
    ("fep-gateway/src/simulate/scenario/formula.rs", "no time: the day is given"),
    ("fep-gateway/src/telegrams.rs", "the business clock"),
    ("fep-gateway/src/telegrams/beginning.rs", "no time: a trial of a value"),
    ("fep-gateway/src/verify/hours.rs", "the business clock of the side"),
    ("fep-protocol/src/business.rs", "the business clock"),
    ("fep-protocol/src/calendar.rs", "no time: the calendar itself"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The sources of a crate without its tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() && name != "tests" {
                folders.push(path);
            } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
                files.push(path);
            }
        }
    }
    files
}

/// The code of a file before its tests, without comments.
fn code(text: &str) -> String {
    let before = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    before.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn check(wanted: &[&str], known: &[(&str, &str)], advice: &str) {
    let mut found = BTreeSet::new();
    for folder in CRATES {
        for path in sources(&root().join(folder).join("src")) {
            let code = code(&fs::read_to_string(&path).unwrap());
            if wanted.iter().any(|wanted| code.contains(wanted)) {
                found.insert(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let known: BTreeMap<&str, &str> = known.iter().copied().collect();
    let unknown: Vec<_> = found.iter().filter(|path| !known.contains_key(path.as_str())).collect();
    assert!(unknown.is_empty(), "{unknown:#?}\n{advice}");
    let gone: Vec<_> = known.keys().filter(|path| !found.contains(**path)).collect();
    assert!(gone.is_empty(), "these do so no longer, remove them from the list: {gone:#?}");
    assert!(known.values().all(|reason| !reason.is_empty()));
}

#[test]
fn whoever_reads_the_clock_of_the_machine_has_a_reason() {
    check(
        &READINGS,
        READERS,
        "business goes by the business clock: take `Now::business_ms` of the gateway, or a `BusinessClock`. If it is the real time that is needed, \
         add the file to READERS with the reason",
    );
}

#[test]
fn whoever_makes_a_date_of_a_time_says_of_which_clock() {
    check(&DATES, DATED, "say in DATED of which clock the time is: the business clock, unless there is a reason");
}
