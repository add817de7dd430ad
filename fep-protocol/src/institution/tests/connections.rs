//! Who connects and when: listening lines, separate lines for each direction.

use super::*;

/// A machine with one listening line of two links, both connected, the second one first.
fn listening() -> Bench {
    let mut settings = settings(2, SessionPolicy::default());
    settings.lines[0].listens = true;
    let mut bench = Bench::with(settings);
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

/// A pair of lines, connected: line 0 has a link that sends, line 1 one with this duty. `0.1` is a connection of line 0.
pub(super) fn pair(duty: LineDuty, policy: SessionPolicy) -> Bench {
    let mut settings = settings(1, policy);
    settings.lines[0].duty = LineDuty::Send;
    settings.lines.push(LineSettings { duty, listens: true, ..settings.lines[0] });
    let mut bench = Bench::with(settings);
    bench.machine.connected(on(0), at(Duration::ZERO));
    bench.run();
    bench.done.clear();
    bench
}

pub(super) fn on(line: usize) -> Incarnation {
    Incarnation { link: LinkId { line, link: 0 }, number: 1 }
}

/// The lines that the writes since the last call went to, with their bytes.
pub(super) fn writes(bench: &mut Bench) -> Vec<(usize, String)> {
    let mut writes = Vec::new();
    while let Some(action) = bench.machine.next_action() {
        match action {
            Action::Journal(out) => bench.machine.journaled(out.ticket, Ok(()), at(bench.now)),
            Action::Write { incarnation, bytes, .. } => {
                writes.push((incarnation.link.line, String::from_utf8_lossy(&bytes).into_owned()));
            }
            _ => {}
        }
    }
    writes
}

/// Hands a telegram of the institution on a line to the machine, and returns what is written on which line.
pub(super) fn heard(bench: &mut Bench, line: usize, text: &str) -> Vec<(usize, String)> {
    bench.machine.received(on(line), TelegramBytes::copy_of(text.as_bytes()), at(bench.now));
    writes(bench)
}

#[test]
fn requests_go_over_the_line_that_sends_and_answers_come_on_the_one_that_receives() {
    let mut bench = pair(LineDuty::Receive, SessionPolicy::default());
    assert_eq!(bench.request(), Err("no line that receives is up".to_owned()), "no answer could arrive");
    bench.machine.connected(on(1), at(Duration::ZERO));
    bench.machine.request(Priority::Customer, Duration::ZERO, at(Duration::ZERO)).unwrap();
    assert_eq!(writes(&mut bench), [(0, "REQ:0001".to_owned())]);
    bench.receive(on(1), "ANS:0001");
    bench.expect(&["answer", "1 answered"]);
    // Nothing is ever written on a line that receives.
    assert_eq!(heard(&mut bench, 1, "ECHO:9001"), [(0, "ECHO:9001-accepted".to_owned())]);
    bench.machine.lost(on(0), &closed("gone"), &[], at(bench.now));
    assert_eq!(heard(&mut bench, 1, "ECHO:9002"), []);
}

#[test]
fn a_line_for_the_institutions_telegrams_carries_our_answers_to_them_only() {
    let mut bench = pair(LineDuty::Answer, SessionPolicy::default());
    bench.machine.connected(on(1), at(Duration::ZERO));
    assert_eq!(heard(&mut bench, 1, "ECHO:9001"), [(1, "ECHO:9001-accepted".to_owned())]);
    bench.machine.lost(on(0), &closed("gone"), &[], at(bench.now));
    bench.run();
    bench.done.clear();
    assert_eq!(bench.request(), Err("no line is up: read: gone".to_owned()));
}

#[test]
fn sign_on_and_sign_off_are_sent_on_the_line_that_sends_and_answered_on_the_other() {
    let policy = SessionPolicy { sign_on: true, sign_off: true, ..SessionPolicy::default() };
    let mut bench = pair(LineDuty::Receive, policy);
    bench.machine.connected(on(1), at(Duration::ZERO));
    bench.run();
    bench.receive(on(1), "ON-OK:0001");
    bench.request().unwrap();
    bench.receive(on(1), "ANS:0003");
    bench.machine.leave(bench.now, at(bench.now));
    assert_eq!(writes(&mut bench), [(0, "OFF:0004".to_owned())]);
    bench.done.clear();
    bench.receive(on(1), "OFF-OK:0004");
    bench.expect(&["answer", "close 0: signed off"]);
    bench.machine.lost(on(0), &closed("its end"), &[], at(bench.now));
    bench.run();
    bench.expect(&["link 0 Down", "close 0: the gateway stopped"]);
    bench.machine.lost(on(1), &closed("its end"), &[], at(bench.now));
    bench.run();
    bench.expect(&["link 0 Down", "stopped"]);
}

#[test]
fn a_link_that_falls_at_once_is_dialled_ever_more_slowly() {
    let mut bench = Bench::up(1);
    let mut waits = Vec::new();
    for incarnation in 1..=10 {
        bench.machine.lost(incarnation_of(0, incarnation), &closed("they closed it"), &[], at(bench.now));
        let next = bench.machine.deadline().unwrap();
        waits.push(next - bench.now);
        bench.at(next);
        bench.machine.connected(incarnation_of(0, incarnation + 1), at(next));
        bench.run();
    }
    let late = waits[5..].iter().max().unwrap();
    assert!(*late > SECOND, "a link that is up for a moment is not a success: {waits:?}");
    bench.request().unwrap();
    bench.receive(incarnation_of(0, 11), "ANS:0001");
    bench.machine.lost(incarnation_of(0, 11), &closed("they closed it"), &[], at(bench.now));
    assert!(bench.machine.deadline().unwrap() - bench.now <= SECOND / 5, "an answer is a success");
}

#[test]
fn an_answer_that_contradicts_the_first_is_flagged() {
    let mut bench = Bench::up(1);
    bench.request().unwrap();
    bench.receive(incarnation_of(0, 1), "ANS:0001");
    bench.done.clear();
    let mut notes = Vec::new();
    for text in ["ANS:0001", "ANS:0001 ", "ANS:0001"] {
        bench.machine.received(incarnation_of(0, 1), TelegramBytes::copy_of(text.as_bytes()), at(SECOND));
        notes.extend(std::iter::from_fn(|| bench.machine.next_action()).filter_map(|action| match action {
            Action::Received(incoming) => Some((incoming.class, incoming.note.is_some())),
            _ => None,
        }));
    }
    assert_eq!(notes, [(Class::Duplicate, false), (Class::Conflicting, true), (Class::Duplicate, false)]);
}
