//! Carries out a plan for a cluster, and shrinks one that fails.

use std::path::Path;
use std::time::Duration;

use fep_gateway::ground::set_hook;

use super::end;
use super::member::Process;
use super::plan::{ClusterPlan, END, FAULTS_END, Has};
use super::world::{Shared, State};
use crate::life::{Report, folder};
use crate::shrink::{Keeps, smallest};
use crate::world::Rule;

/// For how long the gateways run in turn. What crosses between them takes at least as long.
pub(super) const SLICE: Duration = Duration::from_millis(10);

/// How long a gateway that does not start waits until it tries again.
const RETRY: Duration = Duration::from_millis(400);

/// Runs a plan.
#[must_use]
pub fn run_cluster(plan: &ClusterPlan, keep_history: bool) -> Report {
    let shared = Shared::new(plan, keep_history);
    let result = folder().and_then(|folder| carry_out(plan, &shared, folder.path()));
    set_hook(None);
    let mut world = shared.lock();
    if let Err(why) = result {
        world.fail(Rule::Journal, why);
    }
    Report {
        failures: std::mem::take(&mut world.checks.failures),
        digest: world.digest(),
        history: world.lines.take().unwrap_or_default(),
        made: std::mem::take(&mut world.checks.made).into_iter().collect(),
    }
}

/// The smallest part of a plan that was found in which this rule fails.
#[must_use]
pub fn shrink_cluster(plan: &ClusterPlan, rule: Rule) -> ClusterPlan {
    smallest(plan, |plan| run_cluster(plan, false).failures.iter().any(|failure| failure.rule == rule))
}

impl Keeps for ClusterPlan {
    fn of_items(&self, numbers: &[usize]) -> Self {
        self.keep(numbers)
    }

    fn items(&self) -> Vec<usize> {
        self.numbers()
    }
}

fn carry_out(plan: &ClusterPlan, shared: &Shared, folder: &Path) -> Result<(), String> {
    let mut processes: Vec<Option<Process>> = (0..plan.gateways).map(|_| None).collect();
    let mut is_calm = false;
    loop {
        let now = shared.lock().now;
        if now >= END {
            break;
        }
        if now >= FAULTS_END && !std::mem::replace(&mut is_calm, true) {
            shared.lock().calm();
        }
        shared.lock().run_due();
        for (at, process) in processes.iter_mut().enumerate() {
            starts(shared, at, process, folder, plan.has)?;
        }
        asks(shared, &processes);
        for (at, process) in processes.iter_mut().enumerate() {
            turn(shared, at, process, now + SLICE);
        }
        shared.lock().now = now + SLICE;
    }
    end::everything(shared, &processes);
    Ok(())
}

/// A gateway that is away begins when its time has come, and one that is paused wakes up.
fn starts(shared: &Shared, at: usize, process: &mut Option<Process>, folder: &Path, has: Has) -> Result<(), String> {
    let now = shared.lock().now;
    let state = shared.lock().members.get(at).map(|member| member.state);
    match state {
        Some(State::Away(since)) if since <= now => {
            hook(shared, at);
            *process = Process::start(shared, at, folder, has)?;
            set_hook(None);
            if process.is_none() {
                shared.lock().process_ended(at, now + RETRY);
            }
        }
        Some(State::Paused(until)) if until <= now => {
            let mut world = shared.lock();
            world.say(format_args!("gateway {at} wakes up"));
            if let Some(member) = world.members.get_mut(at) {
                member.state = State::Runs;
            }
        }
        _ => {}
    }
    Ok(())
}

fn asks(shared: &Shared, processes: &[Option<Process>]) {
    let asks = std::mem::take(&mut shared.lock().asks);
    for (job, at) in asks {
        if let Some(process) = processes.get(at).and_then(Option::as_ref) {
            process.ask(job);
        }
    }
}

/// Lets one gateway run for a slice.
fn turn(shared: &Shared, at: usize, process: &mut Option<Process>, until: Duration) {
    let Some(running) = process else { return };
    let member = |shared: &Shared| shared.lock().members.get(at).map(|member| (member.state, member.is_asked_to_stop));
    if let Some((State::Runs, asked_to_stop)) = member(shared) {
        if asked_to_stop {
            running.stop();
        }
        hook(shared, at);
        running.slice(until);
        set_hook(None);
    }
    let has_stopped = shared.lock().members.get(at).is_some_and(|member| member.has_stopped);
    let next = match member(shared) {
        Some((State::Dead(until), _)) => until,
        Some((State::Runs, _)) if has_stopped => until + RETRY,
        // As the daemon does: it ends, and something starts it again.
        Some((State::Runs, _)) if running.is_fenced() => {
            shared.lock().count("a fenced gateway that ends");
            until + RETRY
        }
        _ => return,
    };
    // Its connections close while the runtime goes.
    *process = None;
    shared.lock().process_ended(at, next);
}

/// A process can be stopped at each fault point.
fn hook(shared: &Shared, at: usize) {
    let shared = shared.clone();
    set_hook(Some(Box::new(move |_| shared.lock().reached(at))));
}
