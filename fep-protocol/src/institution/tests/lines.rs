//! Main and backup lines, windows, links for one request, telegrams without a key, polls.

use super::*;

/// The telegrams of a stop-and-wait line: none carries a key. `POLL:` polls.
#[derive(Debug)]
struct Keyless;

fn without_key(wire: EncodedRequest) -> EncodedRequest {
    EncodedRequest { key: Key::new::<String>([]), ..wire }
}

impl Telegrams for Keyless {
    type Draft = Priority;

    fn demand(&self, priority: &Priority) -> Demand {
        ToyTelegrams::default().demand(priority)
    }

    fn request(&self, draft: &Priority, trace: u64, now: Now) -> Result<EncodedRequest, String> {
        ToyTelegrams::default().request(draft, trace, now).map(without_key)
    }

    fn duty(&self, _: Duty, _: u64, _: Now) -> Result<EncodedRequest, String> {
        Ok(without_key(EncodedRequest { bytes: TelegramBytes::copy_of(b"POLL:"), ..wire(POLL, POLL, 0) }))
    }

    fn accept(&self, duty: Duty, theirs: &[u8]) -> Result<TelegramBytes, String> {
        ToyTelegrams::default().accept(duty, theirs)
    }

    fn read(&self, bytes: &[u8]) -> Classified {
        match ToyTelegrams::default().read(bytes) {
            Classified::Answer { telegram, refused, is_busy, .. } => {
                Classified::Answer { telegram, key: Key::new::<String>([]), refused, is_busy }
            }
            Classified::Undecodable { why, .. } => Classified::Undecodable { key: None, why },
            other => other,
        }
    }

    fn day(&self, now: Now) -> i64 {
        ToyTelegrams::default().day(now)
    }
}

/// Goes through the actions of a machine whose journal and writes always succeed, and returns them as words.
fn acts<T: Telegrams>(machine: &mut Institution<T>, now: Duration) -> Vec<String> {
    let mut acts = Vec::new();
    // One block of trace numbers is enough for each test.
    let mut traces = TraceCounter::new(TraceRange { max: 9999, block: 100, wraps: false }, None);
    while let Some(action) = machine.next_action() {
        acts.push(match action {
            Action::Ask(ask) => {
                machine.news(answered(ask, &mut traces), at(now));
                continue;
            }
            Action::Journal(out) => {
                machine.journaled(out.ticket, Ok(()), at(now));
                continue;
            }
            Action::Withdraw(ticket, _) => {
                machine.unanswered(ticket, at(now));
                continue;
            }
            Action::Write { incarnation: there, bytes, .. } => {
                format!(
                    "{}.{}.{} < {}",
                    there.link.line,
                    there.link.link,
                    there.number,
                    String::from_utf8_lossy(&bytes)
                )
            }
            Action::Connect(there) => format!("connect {}.{}.{}", there.link.line, there.link.link, there.number),
            Action::Close(there, why) => format!("close {}.{}: {why}", there.link.line, there.link.link),
            Action::Finish(ticket, FinalState::Answered(_, bytes)) => {
                format!("{} answered {}", ticket.0, String::from_utf8_lossy(&bytes))
            }
            Action::Finish(ticket, FinalState::Settled(_, bytes)) => {
                format!("{} settled {}", ticket.0, String::from_utf8_lossy(&bytes))
            }
            Action::Finish(ticket, FinalState::NotSent(why)) => format!("{} not sent: {why}", ticket.0),
            Action::Finish(ticket, FinalState::Unknown(why)) => format!("{} unknown: {why}", ticket.0),
            Action::Received(incoming) => incoming.class.name().to_owned(),
            Action::Standing(Standing::Switchover(state)) => format!("rank {}: {state}", state.rank),
            Action::LineStopped(line, by) => format!("line {line} stopped: {}", by.is_some()),
            _ => continue,
        });
    }
    acts
}

fn link(line: usize, number: u64) -> Incarnation {
    Incarnation { link: LinkId { line, link: 0 }, number }
}

/// A machine with lines of one link, which this function changes, after its start.
fn started<T: Telegrams>(telegrams: T, count: usize, change: impl Fn(usize, &mut LineSettings)) -> Institution<T> {
    started_with(SessionPolicy::default(), telegrams, count, change)
}

fn started_with<T: Telegrams>(
    policy: SessionPolicy,
    telegrams: T,
    count: usize,
    change: impl Fn(usize, &mut LineSettings),
) -> Institution<T> {
    let mut settings = settings(1, policy);
    settings.lines = vec![settings.lines[0]; count];
    for (index, line) in settings.lines.iter_mut().enumerate() {
        change(index, line);
    }
    let mut machine = Institution::new(settings, telegrams, 7);
    machine.start(at(Duration::ZERO));
    machine
}

fn ask<T: Telegrams<Draft = Priority>>(machine: &mut Institution<T>, now: Duration) -> Vec<String> {
    if let Err(why) = machine.request(Priority::Customer, now, at(now)) {
        return vec![why.to_string()];
    }
    acts(machine, now)
}

fn hear<T: Telegrams>(machine: &mut Institution<T>, on: Incarnation, text: &str, now: Duration) -> Vec<String> {
    machine.received(on, TelegramBytes::copy_of(text.as_bytes()), at(now));
    acts(machine, now)
}

fn lose<T: Telegrams>(machine: &mut Institution<T>, on: Incarnation, now: Duration) -> Vec<String> {
    machine.lost(on, &closed("gone"), &[], at(now));
    acts(machine, now)
}

#[test]
fn a_window_of_one_lets_the_next_request_wait_for_the_answer() {
    let mut machine = started(ToyTelegrams::default(), 1, |_, line| line.window = 1);
    machine.connected(link(0, 1), at(Duration::ZERO));
    acts(&mut machine, Duration::ZERO);
    assert_eq!(ask(&mut machine, Duration::ZERO), ["0.0.1 < REQ:0001"]);
    assert_eq!(ask(&mut machine, Duration::ZERO), [""; 0]);
    let next = hear(&mut machine, link(0, 1), "ANS:0001", SECOND);
    assert_eq!(next, ["answer", "1 answered ANS:0001", "0.0.1 < REQ:0002"]);
}

#[test]
fn a_late_answer_without_a_key_never_reaches_the_next_request() {
    let mut machine = started(Keyless, 1, |_, line| line.window = 1);
    machine.connected(link(0, 1), at(Duration::ZERO));
    acts(&mut machine, Duration::ZERO);
    assert_eq!(ask(&mut machine, Duration::ZERO), ["0.0.1 < REQ:0001"]);
    assert_eq!(ask(&mut machine, SECOND), [""; 0]);
    machine.tick(at(4 * SECOND));
    let not_sent = "2 not sent: the limits of the institution let it not start within 2500 ms";
    assert_eq!(acts(&mut machine, 4 * SECOND), [not_sent]);
    machine.tick(at(5 * SECOND));
    let why = "a telegram was not answered within 5000 ms, and its answer must not reach another one";
    let acts_then = acts(&mut machine, 5 * SECOND);
    let unknown = "1 unknown: no answer within 5000 ms";
    assert_eq!(acts_then[..2], [unknown.to_owned(), format!("close 0.0: {why}")]);
    // It may still come while the link is being closed: it belongs to the first request.
    assert_eq!(hear(&mut machine, link(0, 1), "ANS:0001", 5 * SECOND), ["late", "1 settled ANS:0001"]);
    lose(&mut machine, link(0, 1), 5 * SECOND);
    machine.tick(at(6 * SECOND));
    acts(&mut machine, 6 * SECOND);
    machine.connected(link(0, 2), at(6 * SECOND));
    acts(&mut machine, 6 * SECOND);
    assert_eq!(ask(&mut machine, 6 * SECOND), ["0.0.2 < REQ:0002"]);
    assert_eq!(hear(&mut machine, link(0, 1), "ANS:0001", 6 * SECOND), ["unmatched"]);
    assert_eq!(hear(&mut machine, link(0, 2), "ANS:0002", 7 * SECOND), ["answer", "3 answered ANS:0002"]);
}

#[test]
fn an_overdue_telegram_may_keep_its_place_instead() {
    let mut machine = started(Keyless, 1, |_, line| (line.window, line.holds_overdue) = (1, true));
    machine.connected(link(0, 1), at(Duration::ZERO));
    acts(&mut machine, Duration::ZERO);
    ask(&mut machine, Duration::ZERO);
    machine.tick(at(5 * SECOND));
    assert_eq!(acts(&mut machine, 5 * SECOND), ["1 unknown: no answer within 5000 ms"]);
    assert_eq!(ask(&mut machine, 6 * SECOND), [""; 0], "it waits for the place");
    let late = hear(&mut machine, link(0, 1), "ANS:0001", 7 * SECOND);
    assert_eq!(late, ["late", "1 settled ANS:0001", "0.0.1 < REQ:0002"]);
    // The next one is never answered. When its quarantine ends, its answer could still come: the link is closed.
    machine.tick(at(12 * SECOND));
    acts(&mut machine, 12 * SECOND);
    machine.tick(at(73 * SECOND));
    let why = "a telegram came that cannot be the answer to the one in flight";
    assert!(acts(&mut machine, 73 * SECOND).contains(&format!("close 0.0: {why}")));
}

/// A link whose window of two is full of requests that were not answered within 5 s. Its echo test was answered before.
fn stuck() -> Institution<ToyTelegrams> {
    let [echo_interval, echo_idle] = [30 * SECOND, 20 * SECOND];
    let policy = SessionPolicy { echo_test: true, echo_interval, echo_idle, ..SessionPolicy::default() };
    let mut machine =
        started_with(policy, ToyTelegrams::default(), 1, |_, line| (line.window, line.holds_overdue) = (2, true));
    machine.connected(link(0, 1), at(Duration::ZERO));
    machine.tick(at(Duration::ZERO));
    assert!(acts(&mut machine, Duration::ZERO).contains(&"0.0.1 < ECHO:0001".to_owned()));
    hear(&mut machine, link(0, 1), "ECHO-OK:0001", Duration::ZERO);
    ask(&mut machine, SECOND);
    ask(&mut machine, SECOND);
    machine.tick(at(6 * SECOND));
    let unknown = [2, 3].map(|serial| format!("{serial} unknown: no answer within 5000 ms"));
    assert_eq!(acts(&mut machine, 6 * SECOND), unknown);
    machine
}

#[test]
fn a_full_window_in_which_nothing_is_answered_ends_the_connection_after_an_echo_interval() {
    let mut machine = stuck();
    machine.tick(at(36 * SECOND - Duration::from_millis(1)));
    assert_eq!(acts(&mut machine, 35 * SECOND), [""; 0], "it has no place for an echo test");
    machine.tick(at(36 * SECOND));
    let why = "no telegram that fills the window was answered for 30000 ms, so no echo test could be sent";
    assert_eq!(acts(&mut machine, 36 * SECOND), [format!("close 0.0: {why}")]);
    lose(&mut machine, link(0, 1), 36 * SECOND);
    machine.tick(at(37 * SECOND));
    acts(&mut machine, 37 * SECOND);
    machine.connected(link(0, 2), at(37 * SECOND));
    assert_eq!(ask(&mut machine, 37 * SECOND), ["0.0.2 < REQ:0004"], "a new connection has its whole window");
}

#[test]
fn one_late_answer_makes_room_for_an_echo_test() {
    let mut machine = stuck();
    assert_eq!(hear(&mut machine, link(0, 1), "ANS:0002", 35 * SECOND), ["late", "2 settled ANS:0002"]);
    machine.tick(at(36 * SECOND));
    assert_eq!(acts(&mut machine, 36 * SECOND), ["0.0.1 < ECHO:0004"]);
}

#[test]
fn an_answer_without_a_key_that_nothing_waits_for_ends_the_connection() {
    let cases: [(&str, bool, &[&str]); 3] = [
        ("ANS:0001", false, &["unmatched"]),
        ("OTHER:1", true, &["unmatched"]),
        ("BAD:1", true, &["undecodable", "1 unknown: the answer cannot be read: rubbish"]),
    ];
    for (text, is_asked, expected) in cases {
        let mut machine = started(Keyless, 1, |_, line| line.window = 1);
        machine.connected(link(0, 1), at(Duration::ZERO));
        acts(&mut machine, Duration::ZERO);
        if is_asked {
            ask(&mut machine, Duration::ZERO);
        }
        let mut got = hear(&mut machine, link(0, 1), text, SECOND);
        let why = "a telegram came that cannot be the answer to the one in flight";
        let at_close = got.iter().position(|act| *act == format!("close 0.0: {why}"));
        got.remove(at_close.unwrap_or_else(|| panic!("{text}: {got:?}")));
        assert_eq!(got, expected, "{text}");
    }
}

#[test]
fn a_link_for_one_request_is_connected_for_it_and_closed_after_its_answer() {
    let one_shot =
        |_, line: &mut LineSettings| (line.links, line.window, line.at_need, line.one_shot) = (2, 1, true, true);
    let mut machine = started(ToyTelegrams::default(), 1, one_shot);
    assert_eq!(acts(&mut machine, Duration::ZERO), [""; 0]);
    assert_eq!(ask(&mut machine, Duration::ZERO), ["connect 0.0.1"]);
    machine.connected(link(0, 1), at(Duration::ZERO));
    assert_eq!(acts(&mut machine, Duration::ZERO), ["0.0.1 < REQ:0001"]);
    let answered = hear(&mut machine, link(0, 1), "ANS:0001", SECOND);
    assert_eq!(answered, ["answer", "close 0.0: its request is answered", "1 answered ANS:0001"]);
    assert_eq!(lose(&mut machine, link(0, 1), SECOND), [""; 0]);
    assert_eq!(ask(&mut machine, SECOND), ["connect 0.0.2"]);
    // Nobody there: the request was certainly not sent, and the next one tries the other link.
    assert_eq!(lose(&mut machine, link(0, 2), SECOND), ["connect 0.1.1"]);
    machine.lost(Incarnation { link: LinkId { line: 0, link: 1 }, number: 1 }, &closed("refused"), &[], at(SECOND));
    assert_eq!(acts(&mut machine, SECOND), ["2 not sent: no line is up: read: gone"]);
    machine.tick(at(3 * SECOND));
    assert_eq!(ask(&mut machine, 3 * SECOND), ["connect 0.0.3"]);
}

#[test]
fn a_bad_reply_to_its_one_request_does_not_delay_the_next_connection_but_slowness_does() {
    let one_shot =
        |_, line: &mut LineSettings| (line.links, line.window, line.at_need, line.one_shot) = (1, 1, true, true);
    let within = SECOND;
    let tls = CloseReason::TlsFailed { peer: "bank".to_owned(), why: "ended".to_owned() };
    for (why, next) in [
        (closed("the reply is 500"), "connect 0.0.2"),
        (CloseReason::ByInstitution, "connect 0.0.2"),
        (CloseReason::FrameCut { len: 3 }, "connect 0.0.2"),
        (CloseReason::Overdue { within }, "no line is up"),
        (CloseReason::WriteTimeout { within }, "no line is up"),
        (CloseReason::FrameTimeout { within, len: 3 }, "no line is up"),
        (tls, "no line is up"),
    ] {
        let mut machine = started(ToyTelegrams::default(), 1, one_shot);
        acts(&mut machine, Duration::ZERO);
        ask(&mut machine, Duration::ZERO);
        machine.connected(link(0, 1), at(Duration::ZERO));
        assert_eq!(acts(&mut machine, Duration::ZERO), ["0.0.1 < REQ:0001"]);
        machine.lost(link(0, 1), &why, &[], at(SECOND));
        assert_eq!(acts(&mut machine, SECOND), [format!("1 unknown: the link was lost after the write: {why}")]);
        let said = ask(&mut machine, SECOND);
        assert!(said.len() == 1 && said[0].starts_with(next), "{why}: {said:?}");
    }
}

/// A machine with a main line that is up and a backup.
fn with_backup(is_cold: bool) -> Institution<ToyTelegrams> {
    let rank = |index: usize, line: &mut LineSettings| {
        line.rank = if index == 0 { 1 } else { 2 };
        line.at_need = is_cold && index == 1;
    };
    let mut machine = started(ToyTelegrams::default(), 2, rank);
    machine.connected(link(0, 1), at(Duration::ZERO));
    machine.connected(link(1, 1), at(Duration::ZERO));
    acts(&mut machine, Duration::ZERO);
    machine
}

#[test]
fn the_backup_carries_business_while_the_main_line_is_down_and_answers_count_on_both() {
    let mut machine = with_backup(false);
    assert_eq!(ask(&mut machine, Duration::ZERO), ["0.0.1 < REQ:0001"]);
    let lost = lose(&mut machine, link(0, 1), SECOND);
    assert_eq!(lost, ["1 unknown: the link was lost after the write: read: gone"]);
    assert_eq!(ask(&mut machine, SECOND), [""; 0], "it waits for the switchover");
    machine.tick(at(2 * SECOND));
    let moved = ["rank 2: no line of the former rank worked", "connect 0.0.2", "1.0.1 < REQ:0002"];
    let mut now = acts(&mut machine, 2 * SECOND);
    now.sort();
    assert_eq!(now, ["1.0.1 < REQ:0002", "connect 0.0.2", moved[0]]);
    assert_eq!(hear(&mut machine, link(1, 1), "ANS:0001", 3 * SECOND), ["late", "1 settled ANS:0001"]);
    machine.connected(link(0, 2), at(3 * SECOND));
    assert_eq!(ask(&mut machine, 3 * SECOND), ["1.0.1 < REQ:0003"]);
    machine.tick(at(33 * SECOND));
    let back = acts(&mut machine, 33 * SECOND);
    assert!(back.contains(&"rank 1: it works well again".to_owned()), "{back:?}");
    assert_eq!(ask(&mut machine, 33 * SECOND), ["0.0.2 < REQ:0004"]);
}

#[test]
fn a_cold_backup_is_connected_only_while_it_is_needed() {
    let mut machine = with_backup(true);
    lose(&mut machine, link(0, 1), SECOND);
    machine.tick(at(2 * SECOND));
    let then = acts(&mut machine, 2 * SECOND);
    assert!(then.contains(&"connect 1.0.1".to_owned()), "{then:?}");
    assert_eq!(ask(&mut machine, 2 * SECOND), [""; 0], "it waits for the connection");
    machine.connected(link(1, 1), at(2 * SECOND));
    assert_eq!(acts(&mut machine, 2 * SECOND), ["rank 2: no line of the former rank worked", "1.0.1 < REQ:0001"]);
    machine.connected(link(0, 2), at(3 * SECOND));
    machine.tick(at(33 * SECOND));
    acts(&mut machine, 33 * SECOND);
    machine.switch_back("now", at(34 * SECOND)).unwrap();
    machine.tick(at(34 * SECOND));
    acts(&mut machine, 34 * SECOND);
    assert_eq!(machine.switchover().map(|state| state.rank), Some(1));
    // Its request was never answered, and its window has no limit: nothing keeps it open.
    assert_eq!(ask(&mut machine, 34 * SECOND), ["0.0.2 < REQ:0002"]);
    assert_eq!(lose(&mut machine, link(1, 1), 35 * SECOND), [""; 0], "it is not connected again");
}

#[test]
fn a_person_stops_a_line_and_it_stays_stopped() {
    let mut machine = with_backup(false);
    ask(&mut machine, Duration::ZERO);
    machine.stop_line(0, "new cables", at(SECOND)).unwrap();
    assert_eq!(acts(&mut machine, SECOND), ["line 0 stopped: true"], "what is in flight may end");
    assert_eq!(machine.stop_line(0, "again", at(SECOND)), Err(LineRefusal::Already));
    assert_eq!(machine.stop_line(7, "", at(SECOND)), Err(LineRefusal::NoSuchLine));
    let ended = hear(&mut machine, link(0, 1), "ANS:0001", SECOND);
    assert_eq!(ended, ["answer", "1 answered ANS:0001", "close 0.0: a person stopped the line: new cables"]);
    lose(&mut machine, link(0, 1), SECOND);
    machine.tick(at(2 * SECOND));
    assert_eq!(acts(&mut machine, 2 * SECOND), ["rank 2: no line of the former rank worked"]);
    assert_eq!(ask(&mut machine, 60 * SECOND), ["1.0.1 < REQ:0002"], "nothing was connected again");
    let mut later = Institution::new(machine.settings.clone(), ToyTelegrams::default(), 7);
    let by = Some(machine.stopped_line(0).unwrap().clone());
    later.recall_standing(Standing::Line { line: "main".to_owned(), by }, |_| Some(0), at(61 * SECOND));
    later.start(at(61 * SECOND));
    assert_eq!(acts(&mut later, 61 * SECOND), ["connect 1.0.1"], "it survives a restart");
    machine.start_line(0, at(62 * SECOND)).unwrap();
    assert_eq!(acts(&mut machine, 62 * SECOND), ["connect 0.0.2", "line 0 stopped: false"]);
}

#[test]
fn a_person_signs_on_a_line_that_waits_and_is_told_what_a_line_has_no_telegram_for() {
    let policy = SessionPolicy { sign_on: true, ..SessionPolicy::default() };
    let mut machine = started_with(policy, ToyTelegrams::default(), 1, |_, _| {});
    acts(&mut machine, Duration::ZERO);
    assert_eq!(machine.sign_on(0, at(SECOND)), Err(LineRefusal::Already), "it is being connected");
    lose(&mut machine, link(0, 1), SECOND);
    machine.sign_on(0, at(SECOND)).unwrap();
    assert_eq!(acts(&mut machine, SECOND), ["connect 0.0.2"], "it waits no longer");
    assert_eq!(machine.sign_on(7, at(SECOND)), Err(LineRefusal::NoSuchLine));
    assert_eq!(machine.sign_off(0, "works", at(SECOND)), Err(LineRefusal::NoSuchDuty(Duty::SignOff)));
    assert_eq!(machine.test_line(0, at(SECOND)), Err(LineRefusal::NoSuchDuty(Duty::EchoTest)));
    assert_eq!(acts(&mut machine, SECOND), [""; 0], "a refusal does nothing");
}

#[test]
fn polls_go_both_ways_and_are_no_telegrams() {
    let policy = SessionPolicy {
        echo_test: true,
        echo_interval: 30 * SECOND,
        echo_idle: 20 * SECOND,
        ..SessionPolicy::default()
    };
    let mut settings = settings(1, policy);
    settings.lines[0].window = 1;
    let mut machine = Institution::new(settings, Keyless, 7);
    machine.start(at(Duration::ZERO));
    machine.connected(link(0, 1), at(Duration::ZERO));
    machine.tick(at(Duration::ZERO));
    assert_eq!(acts(&mut machine, Duration::ZERO), ["connect 0.0.1", "0.0.1 < POLL:"]);
    assert_eq!(hear(&mut machine, link(0, 1), "POLL:", SECOND), ["answer"]);
    assert_eq!(hear(&mut machine, link(0, 1), "POLL:", 2 * SECOND), ["duty", "0.0.1 < POLL:"]);
    assert_eq!(ask(&mut machine, 3 * SECOND), ["0.0.1 < REQ:0002"], "an answered poll occupies no place");
    assert_eq!(hear(&mut machine, link(0, 1), "POLL:", 4 * SECOND), ["duty", "0.0.1 < POLL:"]);
    assert_eq!(hear(&mut machine, link(0, 1), "ANS:0002", 4 * SECOND), ["answer", "3 answered ANS:0002"]);
}
