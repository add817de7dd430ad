//! Shares of a contract, step by step.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn terms(instances_max: usize) -> Terms {
    Terms { instances_max, lease: 3 * SECOND, report_every: SECOND, owner_timeout: SECOND }
}

const CONTRACT: Contract = Contract {
    whole: Amounts { rate: 0, inflight: 100 },
    window: Duration::ZERO,
    occupied_max: Duration::from_secs(10),
};

/// Instances that report at once and hear the answer at once.
struct Bench {
    division: Division,
    members: Vec<(Arc<str>, Membership)>,
    now: Duration,
}

impl Bench {
    fn new(names: &[&str], instances_max: usize) -> Self {
        let terms = terms(instances_max);
        let members = names.iter().map(|name| (Arc::from(*name), Membership::new(terms, CONTRACT, Duration::ZERO)));
        Self {
            division: Division::new(terms, CONTRACT, Duration::ZERO),
            members: members.collect(),
            now: Duration::ZERO,
        }
    }

    /// Lets seconds pass. Each of these instances reports in each of them; the others are silent.
    fn pass(&mut self, seconds: u32, wants: &[(usize, usize)]) -> Vec<usize> {
        for _ in 0..seconds {
            self.now += SECOND;
            let now = self.now;
            for (which, inflight) in wants {
                let (name, member) = &mut self.members[*which];
                member.tick(now);
                let wanted = Amounts { rate: 0, inflight: *inflight };
                let Some(report) = member.report(0, wanted, now) else { continue };
                match self.division.report(name, &report, now) {
                    Ok(grant) => member.granted(grant, now),
                    Err(fenced) => member.fenced(fenced, now),
                };
            }
            for (_, member) in &mut self.members {
                member.tick(now);
            }
        }
        self.members.iter().map(|(_, member)| member.share().inflight).collect()
    }
}

#[test]
fn shares_follow_demand_and_nobody_goes_below_its_least() {
    let mut bench = Bench::new(&["a", "b"], 2);
    assert_eq!(bench.pass(0, &[]), [13, 13], "what each may use before it has joined");
    assert_eq!(bench.pass(5, &[(0, 50), (1, 50)]), [50, 50]);
    assert_eq!(bench.pass(5, &[(0, 500), (1, 0)]), [87, 13]);
    assert_eq!(bench.pass(5, &[(0, 500), (1, 500)]), [50, 50]);
    assert_eq!(bench.pass(5, &[(0, 20), (1, 10)]), [54, 46], "what nobody wants is divided, too");
}

#[test]
fn a_silent_instance_keeps_its_equal_part_until_it_is_fenced() {
    let mut bench = Bench::new(&["a", "b"], 2);
    assert_eq!(bench.pass(5, &[(0, 0), (1, 500)]), [13, 87]);
    // The lease of b ends for b after 3 s: it falls back to its equal part.
    assert_eq!(bench.pass(4, &[(0, 500)]), [13, 50]);
    assert_eq!(bench.pass(20, &[(0, 500)]), [50, 50], "b may be alive");
    let b = Arc::from("b");
    bench.division.fence(&b, bench.now);
    assert_eq!(bench.pass(2, &[(0, 500)]), [100, 50], "b can send nothing any more");
    // b wakes up: first it hears that it was fenced, then it joins again.
    assert_eq!(bench.pass(1, &[(1, 50)]), [100, 0]);
    assert_eq!(bench.pass(6, &[(0, 500), (1, 50)]), [50, 50]);
}

#[test]
fn without_a_coordinator_everybody_gets_its_equal_part_in_the_end() {
    let mut bench = Bench::new(&["a", "b"], 2);
    assert_eq!(bench.pass(5, &[(0, 500), (1, 0)]), [87, 13]);
    assert_eq!(bench.pass(3, &[]), [50, 13], "whoever had more gives it up at once");
    assert_eq!(bench.pass(18, &[]), [50, 13], "requests of a may still be in flight");
    assert_eq!(bench.pass(1, &[]), [50, 50]);
    let mut alone = Bench::new(&["a"], 2);
    assert_eq!([alone.pass(18, &[]), alone.pass(1, &[])], [[13], [50]], "an instance that never heard a coordinator");
}

#[test]
fn a_coordinator_without_memory_raises_nobody_before_it_knows_all() {
    let mut bench = Bench::new(&["a", "b"], 2);
    assert_eq!(bench.pass(5, &[(0, 500), (1, 0)]), [87, 13]);
    bench.division = Division::new(terms(2), CONTRACT, bench.now);
    assert_eq!(bench.pass(3, &[(1, 500)]), [50, 13], "b wants more, but a may have it");
    assert_eq!(bench.pass(5, &[(0, 500), (1, 500)]), [50, 50]);
}

#[test]
fn alone_there_is_nothing_to_report_and_no_end() {
    let mut alone = Membership::new(Terms::ALONE, CONTRACT, Duration::ZERO);
    assert_eq!((alone.share(), alone.deadline(), alone.has_lease()), (CONTRACT.whole, None, true));
    assert_eq!(alone.report(0, Amounts::default(), 1000 * SECOND), None);
    assert!(!alone.tick(1000 * SECOND));
}

#[test]
fn business_codes_are_divided_equally_for_good() {
    let gate = GateSettings { rate: None, inflight_max: 9, adapts: true };
    let flow =
        FlowSettings { contract: gate, businesses: [("X".to_owned(), gate)].into(), reserved_percent: 5, queue_max: 1 };
    let divided = terms(2).divided(flow.clone());
    assert_eq!((divided.contract, divided.businesses["X"].inflight_max), (gate, 4));
    assert_eq!(Terms::ALONE.divided(flow.clone()), flow);
}
