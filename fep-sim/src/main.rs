//! `fep-sim`: runs seeds of the simulation, replays one, or goes on for hours.
//!
//! ```text
//! fep-sim run 17                 one seed, with its history if it fails
//! fep-sim run 17 --keep 3,9,40   a part of its plan
//! fep-sim seeds 0..10000         many seeds on all processors
//! fep-sim soak --minutes 60      seeds that nobody has run yet
//! fep-sim mutants                which seed catches each deliberate mistake
//! fep-sim --cluster run 17       each of them with several gateways
//! ```

use std::fmt;
use std::ops::Range;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::{Parser, Subcommand};
use fep_protocol::mutant::Mutant;
use fep_sim::{
    CLUSTER_MUTANTS, ClusterPlan, Failure, MUTANTS, Plan, Report, Rule, find, find_in_clusters, run, run_cluster,
    shrink, shrink_cluster,
};

#[derive(Parser)]
#[command(version, about = "Deterministic simulation of fep-gateway")]
struct Arguments {
    /// Several gateways with one journal.
    #[arg(long, global = true)]
    cluster: bool,
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

/// How many gateways are simulated.
#[derive(Clone, Copy)]
enum Kind {
    One,
    Cluster,
}

/// A plan for one gateway or several.
enum AnyPlan {
    One(Plan),
    Cluster(ClusterPlan),
}

impl Kind {
    fn plan(self, seed: u64) -> AnyPlan {
        match self {
            Self::One => AnyPlan::One(Plan::of(seed)),
            Self::Cluster => AnyPlan::Cluster(ClusterPlan::of(seed)),
        }
    }

    fn find(
        self,
        seeds: Range<u64>,
        mutant: Option<Mutant>,
        broken: impl Fn(&Report) -> Option<Failure> + Sync,
    ) -> Option<(u64, Failure)> {
        match self {
            Self::One => find(seeds, mutant, broken),
            Self::Cluster => find_in_clusters(seeds, mutant, broken),
        }
    }

    fn word(self) -> &'static str {
        if matches!(self, Self::Cluster) { "--cluster " } else { "" }
    }
}

impl AnyPlan {
    fn keep(&self, numbers: &[usize]) -> Self {
        match self {
            Self::One(plan) => Self::One(plan.keep(numbers)),
            Self::Cluster(plan) => Self::Cluster(plan.keep(numbers)),
        }
    }

    fn run(&self, history: bool) -> Report {
        match self {
            Self::One(plan) => run(plan, history),
            Self::Cluster(plan) => run_cluster(plan, history),
        }
    }

    fn shrink(&self, rule: Rule) -> Self {
        match self {
            Self::One(plan) => Self::One(shrink(plan, rule)),
            Self::Cluster(plan) => Self::Cluster(shrink_cluster(plan, rule)),
        }
    }

    fn numbers(&self) -> Vec<usize> {
        match self {
            Self::One(plan) => plan.numbers(),
            Self::Cluster(plan) => plan.numbers(),
        }
    }
}

impl fmt::Display for AnyPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(plan) => plan.fmt(f),
            Self::Cluster(plan) => plan.fmt(f),
        }
    }
}

/// The number of seeds between two looks at the clock.
const STEP: u64 = 64;

fn main() -> ExitCode {
    let Arguments { cluster, command } = Arguments::parse();
    let kind = if cluster { Kind::Cluster } else { Kind::One };
    match command {
        Command::Run { seed, keep, history } => one(kind, seed, keep.as_deref(), history),
        Command::Seeds { range } => {
            let bounds = range.split_once("..").and_then(|(low, high)| Some((low.parse().ok()?, high.parse().ok()?)));
            match bounds {
                Some((low, high)) => many(kind, low, high, None),
                None => {
                    say(&format!("{range} is not a range such as 0..1000"));
                    ExitCode::from(2)
                }
            }
        }
        Command::Mutants { seeds } => mutants(kind, seeds),
        Command::Soak { minutes } => {
            let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let end = Instant::now() + Duration::from_secs(minutes * 60);
            many(kind, since_1970.as_secs() * 1_000_000, u64::MAX, Some(end))
        }
    }
}

#[expect(clippy::print_stdout, reason = "this is the output of the command")]
fn say(text: &str) {
    println!("{text}");
}

fn one(kind: Kind, seed: u64, keep: Option<&[usize]>, history: bool) -> ExitCode {
    let whole = kind.plan(seed);
    let plan = match keep {
        Some(keep) => whole.keep(keep),
        None => whole,
    };
    let report = plan.run(history);
    if history {
        say(&format!("{plan}"));
        report.history.iter().for_each(|line| say(line));
    }
    let Some(failure) = report.failures.first() else {
        say(&format!("seed {seed}: no rule was broken; digest {:016x}", report.digest));
        return ExitCode::SUCCESS;
    };
    let small = plan.shrink(failure.rule);
    let report = small.run(true);
    say(&format!("seed {seed} breaks a rule. The smallest plan that was found:\n\n{small}"));
    // The journal at the end is long. `--history` shows it.
    let is_shown = |line: &&String| history || !line.contains(" journal: ");
    report.history.iter().filter(is_shown).for_each(|line| say(line));
    for failure in &report.failures {
        say(&format!("{:?} at {:.3} s: {}", failure.rule, failure.at.as_secs_f64(), failure.what));
    }
    let keep: Vec<String> = small.numbers().iter().map(usize::to_string).collect();
    say(&format!("\nreplay: fep-sim {}run {seed} --keep {}", kind.word(), keep.join(",")));
    ExitCode::FAILURE
}

/// Runs seeds on all processors until one fails, the range ends or the time is over.
fn many(kind: Kind, low: u64, high: u64, end: Option<Instant>) -> ExitCode {
    let started = Instant::now();
    let count = AtomicU64::new(0);
    let mut found = None;
    let mut from = low;
    while from < high && found.is_none() && end.is_none_or(|end| Instant::now() < end) {
        let to = from.saturating_add(STEP).min(high);
        found = kind.find(from..to, None, |report| {
            count.fetch_add(1, Ordering::Relaxed);
            report.failures.first().cloned()
        });
        from = to;
    }
    let count = count.into_inner();
    say(&format!("{count} seeds from {low} in {:.0} s", started.elapsed().as_secs_f64()));
    match found {
        None => ExitCode::SUCCESS,
        Some((seed, _)) => one(kind, seed, None, false),
    }
}

/// Shows which seed catches each mutant: one of these, or the one that did so last.
fn mutants(kind: Kind, seeds: u64) -> ExitCode {
    let mut survives = false;
    let mutants = match kind {
        Kind::One => MUTANTS.to_vec(),
        Kind::Cluster => CLUSTER_MUTANTS.to_vec(),
    };
    for (mutant, rules, last) in mutants {
        let started = Instant::now();
        let search = |seeds| kind.find(seeds, Some(mutant), |report| report.broken(rules));
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
