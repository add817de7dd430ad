//! `fep-sim`: runs seeds of the simulation, replays one, or goes on for hours.
//!
//! ```text
//! fep-sim run 17                 one seed, with its history if it fails
//! fep-sim run 17 --keep 3,9,40   a part of its plan
//! fep-sim seeds 0..10000         many seeds on all processors
//! fep-sim soak --minutes 60      seeds that nobody has run yet
//! fep-sim mutants                which seed catches each deliberate mistake
//! ```

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::{Parser, Subcommand};
use fep_sim::{MUTANTS, Plan, find, run, shrink};

#[derive(Parser)]
#[command(version, about = "Deterministic simulation of fep-gateway")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs one seed. If it fails, shows the smallest plan that fails and what happened in it.
    Run {
        /// The seed.
        seed: u64,
        /// Only the items with these numbers.
        #[arg(long, value_delimiter = ',')]
        keep: Option<Vec<usize>>,
        /// Shows what happened also if nothing failed.
        #[arg(long)]
        history: bool,
    },
    /// Runs the seeds of a range, such as 0..1000.
    Seeds {
        /// The first seed and the one after the last.
        range: String,
    },
    /// Runs seeds from the time of day on, for as long as given.
    Soak {
        /// How long.
        #[arg(long, default_value_t = 60)]
        minutes: u64,
    },
    /// Switches each deliberate mistake on and looks for a seed that notices it.
    Mutants {
        /// The number of seeds.
        #[arg(long, default_value_t = 400)]
        seeds: u64,
    },
}

/// The number of seeds between two looks at the clock.
const STEP: u64 = 64;

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Run { seed, keep, history } => one(seed, keep.as_deref(), history),
        Command::Seeds { range } => {
            let bounds = range.split_once("..").and_then(|(low, high)| Some((low.parse().ok()?, high.parse().ok()?)));
            match bounds {
                Some((low, high)) => many(low, high, None),
                None => {
                    say(&format!("{range} is not a range such as 0..1000"));
                    ExitCode::from(2)
                }
            }
        }
        Command::Mutants { seeds } => mutants(seeds),
        Command::Soak { minutes } => {
            let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let end = Instant::now() + Duration::from_secs(minutes * 60);
            many(since_1970.as_secs() * 1_000_000, u64::MAX, Some(end))
        }
    }
}

#[expect(clippy::print_stdout, reason = "this is the output of the command")]
fn say(text: &str) {
    println!("{text}");
}

fn one(seed: u64, keep: Option<&[usize]>, history: bool) -> ExitCode {
    let whole = Plan::of(seed);
    let plan = keep.map_or_else(|| whole.clone(), |keep| whole.keep(keep));
    let report = run(&plan, history);
    if history {
        say(&format!("{plan}"));
        report.history.iter().for_each(|line| say(line));
    }
    let Some(failure) = report.failures.first() else {
        say(&format!("seed {seed}: no rule was broken; digest {:016x}", report.digest));
        return ExitCode::SUCCESS;
    };
    let small = shrink(&plan, failure.rule);
    let report = run(&small, true);
    say(&format!("seed {seed} breaks a rule. The smallest plan that was found:\n\n{small}"));
    // The journal at the end is long. `--history` shows it.
    let is_shown = |line: &&String| history || !line.contains(" journal: ");
    report.history.iter().filter(is_shown).for_each(|line| say(line));
    for failure in &report.failures {
        say(&format!("{:?} at {:.3} s: {}", failure.rule, failure.at.as_secs_f64(), failure.what));
    }
    let keep: Vec<String> = small.numbers().iter().map(usize::to_string).collect();
    say(&format!("\nreplay: fep-sim run {seed} --keep {}", keep.join(",")));
    ExitCode::FAILURE
}

/// Runs seeds on all processors until one fails, the range ends or the time is over.
fn many(low: u64, high: u64, end: Option<Instant>) -> ExitCode {
    let started = Instant::now();
    let count = AtomicU64::new(0);
    let mut found = None;
    let mut from = low;
    while from < high && found.is_none() && end.is_none_or(|end| Instant::now() < end) {
        let to = from.saturating_add(STEP).min(high);
        found = find(from..to, None, |report| {
            count.fetch_add(1, Ordering::Relaxed);
            report.failures.first().cloned()
        });
        from = to;
    }
    let count = count.into_inner();
    say(&format!("{count} seeds from {low} in {:.0} s", started.elapsed().as_secs_f64()));
    match found {
        None => ExitCode::SUCCESS,
        Some((seed, _)) => one(seed, None, false),
    }
}

/// Shows which seed catches each mutant: one of these, or the one that did so last.
fn mutants(seeds: u64) -> ExitCode {
    let mut survives = false;
    for (mutant, rules, last) in MUTANTS {
        let started = Instant::now();
        let search = |seeds| find(seeds, Some(mutant), |report| report.broken(rules));
        let caught = search(0..seeds).or_else(|| search(last..last + 1));
        let took = started.elapsed().as_secs_f64();
        match caught {
            Some((seed, failure)) => {
                say(&format!("{mutant:?}: seed {seed} after {took:.1} s, {:?}: {}", failure.rule, failure.what));
            }
            None => {
                survives = true;
                say(&format!("{mutant:?}: survives {seeds} seeds, {took:.1} s"));
            }
        }
    }
    if survives { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
