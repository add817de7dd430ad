//! Who connects and when: listening lines.

use super::*;

/// A machine with one listening line of two links, both connected, the second one first.
fn listening() -> Bench {
    let mut bench = Bench::up(1);
    let mut settings = settings(2, SessionPolicy::default());
    settings.lines[0].listens = true;
    bench.machine = Institution::new(settings, ToyTelegrams, None, 7);
    bench.machine.start();
    bench.machine.connected(incarnation_of(1, 1), at(SECOND));
    bench.machine.connected(incarnation_of(0, 1), at(2 * SECOND));
    bench.at(3 * SECOND);
    bench.done.clear();
    bench
}

#[test]
fn a_new_connection_replaces_the_oldest_and_gets_its_place_at_once() {
    let mut bench = listening();
    bench.machine.replace(0);
    bench.machine.replace(0);
    bench.run();
    let why = "the institution connected again, and its new connection replaces this one";
    bench.expect(&[&format!("close 1: {why}")]);
    bench.machine.lost(incarnation_of(1, 1), &closed("its end"), &[], at(bench.now));
    bench.at(bench.now);
    bench.expect(&["link 1 Down", "link 1 Listening", "connect 1.2"]);
    bench.machine.replace(0);
    bench.run();
    bench.expect(&[]);
}
