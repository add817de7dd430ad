//! Three instances with one institution that is silent and works again, from a seed. Their words take time, and all trip at the same time. The
//! store between them is modelled. Each state has one echo test; if words are lost, business still passes again.

use super::*;
use crate::mutant::{Mutant, is_caught};

const MS: Duration = Duration::from_millis(1);

/// Longer than a question and its answer take.
const ANSWER_MAX: Duration = Duration::from_millis(100);

const INSTANCES: usize = 3;

fn settings() -> BreakerSettings {
    BreakerSettings {
        failures_in_row: 3,
        window: 1000 * MS,
        failure_percent: 50,
        volume_min: 100,
        wait_min: 100 * MS,
        wait_max: 400 * MS,
        echo_first: true,
        probe_timeout: 60 * MS,
        trial_inflight_max: 2,
        trial_answers: 3,
        lane_inflight_max: 1,
    }
}

/// A word on its way.
enum Word {
    State(usize, BreakerSnapshot),
    Asks(usize, u64, Duration),
    May(usize, u64, bool),
}

struct World {
    random: u64,
    /// Of a hundred words, these are lost.
    lost_percent: u64,
    now: Now,
    breakers: [Breaker; INSTANCES],
    words: Vec<(Duration, Word)>,
    /// The instance that sends the echo test, its generation, and until when.
    lease: Option<(usize, u64, Duration)>,
    /// Requests in flight: of whom, and when they end.
    flights: Vec<(usize, Permit, Duration)>,
    echoes: Vec<(usize, u64, Duration)>,
    /// The generations of all echo tests.
    tested: Vec<u64>,
}

impl World {
    fn new(seed: u64, lost_percent: u64) -> Self {
        let now = Now::new(Duration::ZERO, 0);
        let breaker = |_| Breaker::new(settings(), BTreeMap::new(), now).asking(ANSWER_MAX);
        Self {
            random: seed | 1,
            lost_percent,
            now,
            breakers: [0, 1, 2].map(breaker),
            words: Vec::new(),
            lease: None,
            flights: Vec::new(),
            echoes: Vec::new(),
            tested: Vec::new(),
        }
    }

    fn dice(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % below
    }

    fn say(&mut self, word: Word) {
        let takes = 1 + self.dice(40);
        if self.dice(100) >= self.lost_percent {
            self.words.push((self.now.steady + MS * u32::try_from(takes).unwrap(), word));
        }
    }

    /// Carries out what an instance wants.
    fn acts(&mut self, own: usize) {
        while let Some(action) = self.breakers[own].next_action() {
            match action {
                BreakerAction::Probe(_, generation) => {
                    self.tested.push(generation);
                    self.echoes.push((own, generation, self.now.steady + 20 * MS));
                }
                BreakerAction::MayProbe(_, generation, lease) => self.say(Word::Asks(own, generation, lease)),
                BreakerAction::Changed(snapshot) => {
                    for other in (0..INSTANCES).filter(|other| *other != own) {
                        self.say(Word::State(other, snapshot.clone()));
                    }
                }
            }
        }
    }

    fn hears(&mut self, word: Word) {
        let scope = BreakerScope::Institution;
        match word {
            Word::State(to, snapshot) => drop(self.breakers[to].import(&snapshot, self.now)),
            Word::Asks(own, generation, lease) => {
                let is_taken = self.lease.is_some_and(|(by, of, until)| {
                    (by, of) != (own, generation) && of >= generation && until > self.now.steady
                });
                if !is_taken {
                    self.lease = Some((own, generation, self.now.steady + lease));
                }
                self.say(Word::May(own, generation, !is_taken));
            }
            Word::May(to, generation, may) => self.breakers[to].may_probe(&scope, generation, may, self.now),
        }
    }

    /// One step of time, in which each instance sends a request if it may.
    fn step(&mut self, is_silent: bool) {
        self.now.steady += 5 * MS;
        self.now.wall_ms += 5;
        let now = self.now;
        let (come, stay): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.words).into_iter().partition(|(at, _)| *at <= now.steady);
        self.words = stay;
        come.into_iter().for_each(|(_, word)| self.hears(word));
        for own in 0..INSTANCES {
            self.breakers[own].tick(now);
            self.acts(own);
            if let Ok(permit) = self.breakers[own].permit("Transfer", None, false, now) {
                self.flights.push((own, permit, now.steady + if is_silent { 50 * MS } else { 5 * MS }));
            }
        }
        let flights = self.flights.extract_if(.., |(.., ends)| *ends <= now.steady).collect::<Vec<_>>();
        for (own, permit, _) in flights {
            let result = if is_silent { BreakerResult::TimedOut } else { BreakerResult::Answered };
            self.breakers[own].record(&permit, result, now);
            self.acts(own);
        }
        let echoes = self.echoes.extract_if(.., |(.., at)| *at <= now.steady).collect::<Vec<_>>();
        for (own, generation, _) in echoes.into_iter().filter(|_| !is_silent) {
            self.breakers[own].probed(&BreakerScope::Institution, generation, true, now);
            self.acts(own);
        }
    }

    /// It works for 2 s, is silent for 3 s, and so on. At last it works.
    fn run(mut self) -> Self {
        for step in 0..6000_u32 {
            self.step(step % 1000 >= 400 && step < 5000);
        }
        for breaker in &self.breakers {
            let end = breaker.snapshots(self.now).remove(0);
            assert_eq!(end.state, BreakerState::Passing, "the institution works: {end:?}");
        }
        self
    }
}

fn each_state_has_one_echo_test() {
    let mut all = 0;
    for seed in 1..=20_u64 {
        let world = World::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15), 0).run();
        let mut tested = world.tested.clone();
        tested.sort_unstable();
        tested.dedup();
        assert_eq!(tested.len(), world.tested.len(), "two instances tested one state: {:?}", world.tested);
        all += tested.len();
    }
    assert!(all > 400, "{all} echo tests prove little");
}

#[test]
fn of_several_instances_one_sends_the_echo_test() {
    each_state_has_one_echo_test();
}

#[test]
fn an_instance_that_does_not_ask_is_caught() {
    assert!(is_caught(Mutant::ProbesUnasked, each_state_has_one_echo_test));
}

#[test]
fn business_passes_again_although_words_are_lost() {
    for percent in [10, 50, 100] {
        for seed in 1..=10_u64 {
            World::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15), percent).run();
        }
    }
}
