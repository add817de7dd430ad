//! Random requests to an institution that works, stops answering and works again, from a seed. The test keeps its own account
//! of generations and of what is in flight. Each mutant breaks one of these properties.

use super::*;
use crate::mutant::{Mutant, is_caught};

const MS: Duration = Duration::from_millis(1);

fn settings() -> BreakerSettings {
    BreakerSettings {
        failures_in_row: 4,
        window: 1000 * MS,
        failure_percent: 50,
        volume_min: 10,
        wait_min: 200 * MS,
        wait_max: 1000 * MS,
        echo_first: true,
        probe_timeout: 400 * MS,
        trial_inflight_max: 2,
        trial_answers: 5,
        lane_inflight_max: 1,
    }
}

fn dice(random: &mut u64, below: u64) -> u64 {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    (*random >> 11) % below
}

/// A request in flight: its permit, when it ends, and whether it is one of ours that was never sent.
struct Flight {
    permit: Permit,
    started_in: u64,
    ends: Duration,
    is_sent: bool,
}

#[derive(Default)]
struct Totals {
    trips: usize,
    stale: usize,
    trials: usize,
}

fn institution(breaker: &Breaker, now: Now) -> BreakerSnapshot {
    breaker.snapshots(now).remove(0)
}

fn run(seed: u64, totals: &mut Totals) {
    let mut random = seed | 1;
    let mut now = Now::new(Duration::ZERO, 0);
    let mut breaker = Breaker::new(settings(), BTreeMap::new(), now);
    let mut flights: Vec<Flight> = Vec::new();
    let mut echo: Option<(u64, Duration)> = None;
    let mut proved_in = 0;
    for step in 0..6000_u64 {
        now.steady += 5 * MS;
        now.wall_ms += 5;
        // It works for 5 s, is silent for 5 s, and so on. In the last quarter it works.
        let is_silent = (step / 1000) % 2 == 1 && step < 4500;
        breaker.tick(now);
        while let Some(action) = breaker.next_action() {
            match action {
                BreakerAction::Probe(_, generation) => echo = Some((generation, now.steady + 20 * MS)),
                BreakerAction::MayProbe(..) => panic!("it is alone, and asks nobody"),
                BreakerAction::Changed(change) => {
                    totals.trips += usize::from(change.state == BreakerState::Tripped);
                    totals.trials += usize::from(change.state == BreakerState::Trial);
                }
            }
        }
        if let Some((generation, at)) = echo
            && at <= now.steady
            && !is_silent
        {
            breaker.probed(&BreakerScope::Institution, generation, true, now);
            proved_in = institution(&breaker, now).generation;
            echo = None;
        }
        for _ in 0..dice(&mut random, 3) {
            let before = institution(&breaker, now);
            let Ok(permit) = breaker.permit("Transfer", None, false, now) else { continue };
            let inside = flights.iter().filter(|flight| flight.started_in == before.generation).count();
            if before.state != BreakerState::Passing {
                assert_eq!(before.state, BreakerState::Trial, "nothing passes before the echo test was answered");
                assert_eq!(before.generation, proved_in, "the echo test of this trial was answered");
                assert!(inside < 2, "{inside} in flight during a trial");
            }
            let is_sent = dice(&mut random, 10) != 0;
            let latency = if is_silent { 300 } else { 5 + dice(&mut random, 40) };
            let ends = now.steady + MS * u32::try_from(latency).unwrap();
            flights.push(Flight { permit, started_in: before.generation, ends, is_sent });
        }
        for flight in flights.extract_if(.., |flight| flight.ends <= now.steady) {
            let before = institution(&breaker, now);
            let result = match (flight.is_sent, is_silent) {
                (false, _) => BreakerResult::Nothing,
                (true, true) => BreakerResult::TimedOut,
                (true, false) => BreakerResult::Answered,
            };
            breaker.record(&flight.permit, result, now);
            let after = institution(&breaker, now);
            if flight.started_in != before.generation {
                totals.stale += 1;
                assert_eq!(after, before, "a result of generation {} counted", flight.started_in);
            }
            if result != BreakerResult::TimedOut {
                assert!(after.state <= before.state, "{result:?} made it worse");
                assert_eq!(after.failures.min(before.failures), after.failures, "{result:?} counted as a failure");
            }
        }
    }
    let end = institution(&breaker, now);
    assert_eq!(end.state, BreakerState::Passing, "the institution works, and the breaker does not pass: {end:?}");
}

fn the_breaker_holds() {
    let mut totals = Totals::default();
    for seed in 1..=20_u64 {
        run(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15), &mut totals);
    }
    assert!(totals.trips > 100 && totals.stale > 100 && totals.trials > 30, "the world was not hostile");
}

#[test]
fn the_breaker_stops_a_silent_institution_and_passes_again() {
    the_breaker_holds();
}

#[test]
fn each_mutant_of_the_breaker_is_caught() {
    for mutant in
        [Mutant::CountsOldGenerations, Mutant::SkipsTheProbe, Mutant::TrialWithoutLimit, Mutant::CountsNotSent]
    {
        assert!(is_caught(mutant, the_breaker_holds), "{mutant:?} was not caught");
    }
}
