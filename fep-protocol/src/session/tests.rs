//! What a session does with each event, step by step.

use super::*;
use crate::reason::{NotSent, Unknown};

const SECOND: Duration = Duration::from_secs(1);

fn no_answer() -> DutyFailure {
    DutyFailure::Unknown(Unknown::NoAnswer { within: SECOND })
}

fn connected() -> Session {
    let echo_interval = 30 * SECOND;
    let echo_idle = 20 * SECOND;
    let policy = SessionPolicy {
        sign_on: true,
        sign_off: true,
        echo_test: true,
        echo_interval,
        echo_idle,
        ..SessionPolicy::default()
    };
    let mut session = Session::new(policy);
    let actions = session.on(SessionEvent::Connected, Duration::ZERO);
    assert_eq!(actions, [SessionAction::Became(LinkState::SigningOn), SessionAction::Send(Duty::SignOn)]);
    session
}

fn up() -> Session {
    let mut session = connected();
    let accepted = SessionEvent::Answered { duty: Duty::SignOn, refused: None };
    assert_eq!(session.on(accepted, Duration::ZERO), [SessionAction::Became(LinkState::Up)]);
    session
}

#[test]
fn nothing_is_up_before_sign_on_was_accepted() {
    let mut session = connected();
    assert_eq!(session.state(), LinkState::SigningOn);
    assert_eq!(session.deadline(), None);
    let refused = SessionEvent::Answered { duty: Duty::SignOn, refused: Some("response_code is 0003".to_owned()) };
    let actions = session.on(refused, SECOND);
    assert_eq!(actions, [SessionAction::Close(CloseReason::SignOnRefused("response_code is 0003".to_owned()))]);
}

#[test]
fn their_sign_on_opens_business_too() {
    let mut session = connected();
    assert_eq!(session.on(SessionEvent::Theirs(Duty::SignOn), SECOND), [SessionAction::Became(LinkState::Up)]);
    let silence = SessionEvent::Unanswered(Duty::SignOn, no_answer());
    assert_eq!(session.on(silence, 5 * SECOND), []);
}

#[test]
fn without_a_session_a_connection_is_up_at_once() {
    let mut session = Session::new(SessionPolicy::default());
    assert_eq!(session.on(SessionEvent::Connected, Duration::ZERO), [SessionAction::Became(LinkState::Up)]);
    assert_eq!(session.deadline(), None);
    assert_eq!(
        session.on(SessionEvent::Leave(CloseReason::Stopped), SECOND),
        [SessionAction::Close(CloseReason::Stopped)]
    );
}

#[test]
fn an_idle_link_is_tested_and_a_busy_one_at_the_interval() {
    let mut session = up();
    assert_eq!(session.deadline(), Some(Duration::ZERO), "a sign-on proves little");
    session.on(SessionEvent::Proved, Duration::ZERO);
    assert_eq!(session.deadline(), Some(20 * SECOND));
    session.on(SessionEvent::Received, 15 * SECOND);
    assert_eq!(session.deadline(), Some(30 * SECOND));
    assert_eq!(session.tick(29 * SECOND), []);
    assert_eq!(session.tick(30 * SECOND), [SessionAction::Send(Duty::EchoTest)]);
    assert_eq!(session.deadline(), None, "one echo test at a time");
    session.on(SessionEvent::Answered { duty: Duty::EchoTest, refused: None }, 31 * SECOND);
    assert_eq!(session.deadline(), Some(50 * SECOND));
}

#[test]
fn a_silent_echo_test_closes_the_link() {
    let mut session = up();
    session.tick(20 * SECOND);
    let actions = session.on(SessionEvent::Unanswered(Duty::EchoTest, no_answer()), 25 * SECOND);
    assert_eq!(actions, [SessionAction::Close(CloseReason::DutyFailed { duty: Duty::EchoTest, why: no_answer() })]);
}

#[test]
fn what_fails_on_our_side_closes_no_link_that_may_bring_answers() {
    let ours = || DutyFailure::NotSent(NotSent::NoTraceBlock);
    let mut session = up();
    assert_eq!(session.tick(SECOND), [SessionAction::Send(Duty::EchoTest)]);
    assert_eq!(session.on(SessionEvent::Unanswered(Duty::EchoTest, ours()), 2 * SECOND), []);
    assert_eq!((session.deadline(), session.tick(2 * SECOND)), (Some(3 * SECOND), vec![]));
    assert_eq!(session.tick(3 * SECOND), [SessionAction::Send(Duty::EchoTest)]);
    let stuck = DutyFailure::NotSent(NotSent::SendQueueSlow { within: SECOND });
    let closed = SessionAction::Close(CloseReason::DutyFailed { duty: Duty::EchoTest, why: stuck.clone() });
    assert_eq!(session.on(SessionEvent::Unanswered(Duty::EchoTest, stuck), 4 * SECOND), [closed]);

    let mut signed_off = up();
    signed_off.on(SessionEvent::Theirs(Duty::SignOff), SECOND);
    signed_off.on(SessionEvent::SignOnNow, 2 * SECOND);
    let back = [SessionAction::Became(LinkState::SigningOff)];
    assert_eq!(signed_off.on(SessionEvent::Unanswered(Duty::SignOn, ours()), 3 * SECOND), back);
    assert!(signed_off.is_signed_off(), "the person can try again");
    let closed = SessionAction::Close(CloseReason::DutyFailed { duty: Duty::SignOn, why: ours() });
    assert_eq!(connected().on(SessionEvent::Unanswered(Duty::SignOn, ours()), SECOND), [closed]);
}

#[test]
fn a_person_gets_one_echo_test_at_a_time_and_signs_on_after_the_institution_signed_off() {
    let mut session = connected();
    assert_eq!(session.on(SessionEvent::TestNow, SECOND), [], "nothing goes before the sign-on");
    let mut session_up = up();
    assert_eq!(session_up.on(SessionEvent::TestNow, SECOND), [SessionAction::Send(Duty::EchoTest)]);
    assert_eq!(session_up.on(SessionEvent::TestNow, SECOND), [], "one is under way");
    assert_eq!(session_up.on(SessionEvent::SignOnNow, SECOND), [], "it is signed on");
    session_up.on(SessionEvent::Theirs(Duty::SignOff), 2 * SECOND);
    let again = [SessionAction::Became(LinkState::SigningOn), SessionAction::Send(Duty::SignOn)];
    assert_eq!(session_up.on(SessionEvent::SignOnNow, 3 * SECOND), again);
    session = up();
    session.on(SessionEvent::Leave(CloseReason::Stopped), SECOND);
    assert_eq!(session.on(SessionEvent::SignOnNow, 2 * SECOND), [], "our own sign-off closes the link");
    let mut plain = Session::new(SessionPolicy::default());
    plain.on(SessionEvent::Connected, SECOND);
    assert_eq!(plain.on(SessionEvent::TestNow, 2 * SECOND), [], "no echo test is agreed");
}

#[test]
fn an_institution_that_has_to_poll_and_does_not_loses_the_link_or_its_readiness() {
    let within = Some(60 * SECOND);
    let of = |closes_unpolled| {
        let policy = SessionPolicy { polled_within: within, closes_unpolled, ..SessionPolicy::default() };
        let mut session = Session::new(policy);
        assert_eq!(session.poll_deadline(), None);
        session.on(SessionEvent::Connected, 10 * SECOND);
        session.on(SessionEvent::Received, 30 * SECOND);
        assert_eq!(session.poll_deadline(), Some(70 * SECOND), "another telegram is no poll");
        session.on(SessionEvent::Polled, 40 * SECOND);
        assert_eq!(session.tick_poll(99 * SECOND), []);
        session
    };
    let silence = CloseReason::NotPolled { within: 60 * SECOND };
    assert_eq!(of(true).tick_poll(100 * SECOND), [SessionAction::Close(silence)]);
    let mut session = of(false);
    assert_eq!(session.tick_poll(100 * SECOND), [SessionAction::OwesPoll(true)]);
    assert_eq!((session.poll_deadline(), session.tick_poll(200 * SECOND)), (None, vec![]), "it is told once");
    assert_eq!(session.on(SessionEvent::Polled, 300 * SECOND), [SessionAction::OwesPoll(false)]);
    assert_eq!(session.poll_deadline(), Some(360 * SECOND));
}

#[test]
fn after_their_sign_off_nothing_is_sent_until_they_sign_on() {
    let mut session = up();
    assert_eq!(session.on(SessionEvent::Theirs(Duty::SignOff), SECOND), [SessionAction::Became(LinkState::SigningOff)]);
    assert_eq!(session.on(SessionEvent::Theirs(Duty::SignOn), SECOND), [SessionAction::Became(LinkState::Up)]);
}

#[test]
fn we_sign_off_before_we_close() {
    let mut session = up();
    let actions = session.on(SessionEvent::Leave(CloseReason::Stopped), SECOND);
    assert_eq!(actions, [SessionAction::Became(LinkState::SigningOff), SessionAction::Send(Duty::SignOff)]);
    let answered = SessionEvent::Answered { duty: Duty::SignOff, refused: None };
    assert_eq!(session.on(answered, SECOND), [SessionAction::Close(CloseReason::SignedOff)]);
}
