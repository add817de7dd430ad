//! One institution hangs or floods: what the callers of another one notice.
//!
//! In the control run, the troubled institution has a daemon of its own, so both runs have the same load on the machine. The two runs
//! alternate. The ratio of their 99th percentiles is what the gateway itself lets through.

use crate::arguments::Arguments;
use crate::child::{Peer, Process};
use crate::configuration::Institution;
use crate::daemon::Daemon;
use crate::goals::{Goals, Wanted};
use crate::measure::{Plan, Row, cell, count, median};
use crate::peer::Trouble;
use crate::throughput::disk_folder;
use crate::usage;

const GOOD: &str = "bank-b";
const BAD: &str = "bank-a";
const GOOD_SETTINGS: &str = "answer_timeout_ms = 5000";
const BAD_SETTINGS: &str = "answer_timeout_ms = 3000\ninflight_max = 500";
/// The callers at the troubled institution, if it is silent.
const HUNG_CALLERS: usize = 490;

/// One run.
struct Seen {
    before: Row,
    during: Row,
    /// Of the daemon with the troubled institution, while the trouble went on.
    memory_bytes: u64,
    journal_bytes: u64,
    log_bytes: u64,
    seconds: f64,
    flooded: u64,
}

pub(crate) fn run(arguments: &Arguments) {
    let rounds = arguments.number("--rounds", 3);
    let wanted: Vec<Trouble> = match arguments.text("--trouble") {
        Some(word) => Trouble::ALL.into_iter().filter(|trouble| trouble.word() == word).collect(),
        None => Trouble::ALL.to_vec(),
    };
    assert!(!wanted.is_empty(), "there is no such trouble");
    println!("## Isolation: {rounds} rounds, 8 callers over HTTP at a healthy institution\n");
    println!(
        "| the other institution | before, p99 µs | one daemon: exchanges/s | p99, µs | failed | two daemons: exchanges/s | p99, µs | failed | ratio of p99 | frames/s | memory, MB | journal, MB/s | log, kB/s |"
    );
    println!("|---|{}", "--:|".repeat(12));
    let mut goals = Goals::default();
    for trouble in wanted {
        let mut runs = Vec::new();
        for round in 0..rounds {
            // Which of the two runs is first alternates, too.
            let first = one(arguments, trouble, round % 2 == 0);
            let second = one(arguments, trouble, round % 2 != 0);
            let (together, apart) = if round % 2 == 0 { (first, second) } else { (second, first) };
            eprintln!(
                "{}, round {}: p99 {:.0} and {:.0} µs",
                trouble.word(),
                round + 1,
                together.during.p99(),
                apart.during.p99()
            );
            runs.push((together, apart));
        }
        let ratio = print(trouble, &runs);
        goals.add(
            format!("p99 beside an institution with the trouble `{}`", trouble.word()),
            Wanted::AtMost(1.5),
            ratio,
        );
    }
    println!();
    goals.print();
}

/// One run of both institutions in one daemon, or in a daemon each.
fn one(arguments: &Arguments, trouble: Trouble, together: bool) -> Seen {
    let place = disk_folder(arguments);
    let mut bad = Peer::start(Some(trouble));
    let good = Peer::start(None);
    let institution = |name, port, settings| Institution { name, port, lines: 1, links: 1, settings };
    let good_one = || institution(GOOD, good.port, GOOD_SETTINGS);
    let bad_one = || institution(BAD, bad.port, BAD_SETTINGS);
    let main = if together { vec![good_one(), bad_one()] } else { vec![good_one()] };
    let main = Daemon::start(&place, &main);
    let own = (!together).then(|| Daemon::start(&place, &[bad_one()]));
    let troubled = own.as_ref().unwrap_or(&main);
    let load = |daemon: &Daemon, name: &str, plan: Plan, pause_ms: u32| {
        let more = ["--port", &daemon.port.to_string(), "--institution", name, "--pause-ms", &pause_ms.to_string()];
        Process::start(["load".to_owned()].into_iter().chain(plan.words()).chain(more.map(str::to_owned)))
    };
    let plan = Plan { callers: 8, ..Plan::of_window(arguments) };
    let before = load(&main, GOOD, plan, 0).row();
    let journal = troubled.journal_bytes();
    let log = troubled.log_bytes();
    let start = std::time::Instant::now();
    bad.trouble();
    let silent = matches!(trouble, Trouble::Hang | Trouble::NoRead);
    // The trouble goes on for one more window before the measured one, and its callers until after it.
    let hung = silent.then(|| {
        let plan = Plan { callers: HUNG_CALLERS, window: plan.window * 4, ..plan };
        load(troubled, BAD, plan, 50)
    });
    let during = load(&main, GOOD, Plan { warm_up: plan.warm_up + plan.window / 2, ..plan }, 0).row();
    let seconds = start.elapsed().as_secs_f64();
    let flooded = bad.counts().flooded;
    let seen = Seen {
        before,
        during,
        memory_bytes: usage::memory(troubled.id()).unwrap_or_default(),
        journal_bytes: troubled.journal_bytes().saturating_sub(journal),
        log_bytes: troubled.log_bytes().saturating_sub(log),
        seconds,
        flooded,
    };
    bad.calm();
    drop(hung);
    seen
}

/// Prints the row and returns the ratio of the 99th percentiles.
fn print(trouble: Trouble, runs: &[(Seen, Seen)]) -> Option<f64> {
    let both = |value: fn(&Seen) -> f64| {
        let together = median(runs.iter().map(|(together, _)| value(together)));
        [together, median(runs.iter().map(|(_, apart)| value(apart)))]
    };
    let [rate, rate_apart] = both(|seen| seen.during.per_second());
    let [p99, p99_apart] = both(|seen| seen.during.p99());
    let ratio = median(runs.iter().map(|(together, apart)| together.during.p99() / apart.during.p99().max(1.0)));
    let failed = |of: fn(&(Seen, Seen)) -> &Seen| runs.iter().map(|run| of(run).during.failed).sum::<u64>();
    let one = |value: fn(&Seen) -> f64| both(value)[0];
    println!(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
        trouble.word(),
        cell(one(|seen| seen.before.p99()), 0),
        cell(rate, 0),
        cell(p99, 0),
        failed(|run| &run.0),
        cell(rate_apart, 0),
        cell(p99_apart, 0),
        failed(|run| &run.1),
        cell(ratio, 2),
        cell(one(|seen| count(seen.flooded) / seen.seconds), 0),
        cell(one(|seen| count(seen.memory_bytes) / 1e6), 0),
        cell(one(|seen| count(seen.journal_bytes) / 1e6 / seen.seconds), 1),
        cell(one(|seen| count(seen.log_bytes) / 1e3 / seen.seconds), 1),
    );
    ratio
}
