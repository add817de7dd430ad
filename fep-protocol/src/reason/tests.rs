//! The documented codes, the codes in the source, and the codes of sample values must be the same.

use std::collections::BTreeSet;

use fep_codec::framing::FrameError;

use super::*;
use crate::breaker::{Alternative, BreakerScope, TripCause};
use crate::business::{BusinessNotice, ClosedWhy};
use crate::exchange::ExchangeId;
use crate::terms::Duty;

const SOURCE: &str = include_str!("../reason.rs");
const OTHER_SOURCES: &str =
    concat!(include_str!("close.rs"), include_str!("../flow/refusal.rs"), include_str!("../business.rs"));
const TIME: Duration = Duration::from_millis(300);

fn text() -> String {
    "text".to_owned()
}

/// Requests that flow control or a breaker does not let start.
fn not_started() -> Vec<NotSent> {
    let closed = |why| {
        NotSent::Closed(Box::new(BusinessClosed { business: None, why, since_ms: None, opens_ms: None, opens: None }))
    };
    let id = ExchangeId::new(0x0193_a1b2_c3d4, 1, 2);
    let other = Box::new(OtherExchange { institution: "bank-b".to_owned(), exchange: id });
    vec![
        closed(ClosedWhy::Hours),
        closed(ClosedWhy::Notice(BusinessNotice::EndNotice)),
        closed(ClosedWhy::Notice(BusinessNotice::End)),
        closed(ClosedWhy::Notice(BusinessNotice::Fault)),
        closed(ClosedWhy::Person { note: text() }),
        NotSent::Flow(Refusal::TooLate),
        NotSent::Flow(Refusal::RateUsedUp { wait: TIME }),
        NotSent::Flow(Refusal::QueueFull { max: 4 }),
        NotSent::Flow(Refusal::Waited { within: TIME }),
        NotSent::Flow(Refusal::Closed),
        NotSent::Flow(Refusal::KnownTicket),
        NotSent::Breaker(blocked(Alternative::Refuse)),
        NotSent::Breaker(blocked(Alternative::Closed(text()))),
        NotSent::StoodIn(blocked(Alternative::StandIn)),
        NotSent::PassedOn(blocked(Alternative::Institution("bank-b".to_owned())), other),
    ]
}

fn blocked(alternative: Alternative) -> Box<Blocked> {
    let scope = BreakerScope::Business("100".to_owned());
    Box::new(Blocked { scope, cause: TripCause::InRow { failures: 5 }, since_ms: 0, alternative })
}

/// One value of each reason why a link closed.
fn closed() -> Vec<CloseReason> {
    let failed = |duty| CloseReason::DutyFailed { duty, why: DutyFailure::NotSent(NotSent::KeyInUse) };
    vec![
        CloseReason::ConnectFailed { address: text(), error: text() },
        CloseReason::ConnectTimeout { address: text(), within: TIME },
        CloseReason::TlsFailed { peer: text(), why: text() },
        CloseReason::ListenFailed { address: text(), error: text() },
        CloseReason::PeerNotAllowed { peer: text() },
        CloseReason::LineFull { peer: text(), links: 2 },
        CloseReason::Replaced,
        CloseReason::NotPolled { within: TIME },
        CloseReason::Unconnected,
        CloseReason::ByUs,
        CloseReason::ByInstitution,
        CloseReason::Read(text()),
        CloseReason::Write(text()),
        CloseReason::WriteTimeout { within: TIME },
        CloseReason::FrameTimeout { within: TIME, len: 7 },
        CloseReason::FrameCut { len: 7 },
        CloseReason::BadFrame { offset: 300, error: FrameError::NoStart { found: 0x48, expected: 2 } },
        CloseReason::SignOnRefused(text()),
        failed(Duty::SignOn),
        failed(Duty::EchoTest),
        failed(Duty::SignOff),
        CloseReason::RequestDone,
        CloseReason::NotNeeded,
        CloseReason::Overdue { within: TIME },
        CloseReason::WindowUnanswered { within: Duration::from_secs(30) },
        CloseReason::OutOfStep,
        CloseReason::NoAnswersCame,
        CloseReason::LineStopped { note: text() },
        CloseReason::LineElsewhere { holder: None },
        CloseReason::PlaceLost,
        CloseReason::SignedOff,
        CloseReason::Stopped,
        CloseReason::TaskFailed,
    ]
}

/// One value of each code: the enum, the code, the sentence.
fn samples() -> Vec<(&'static str, &'static str, String)> {
    let not_sent = [
        NotSent::Stopping,
        NotSent::Stopped,
        NotSent::TooManyWaiting,
        NotSent::SettlementFull { max: 3 },
        NotSent::NoLineUp(None),
        NotSent::NoReceivingLine(None),
        NotSent::LinkElsewhere(Some("seoul-1".into())),
        NotSent::Unencodable(text()),
        NotSent::KeyInUse,
        NotSent::NotStarted { within: TIME },
        NotSent::JournalSlow { within: TIME },
        NotSent::Journal(JournalError::Full { waiting_max: 5 }),
        NotSent::Journal(JournalError::Closed),
        NotSent::Journal(JournalError::Failed(text())),
        NotSent::LinkLost(None),
        NotSent::LinkFull,
        NotSent::SendQueueSlow { within: TIME },
        NotSent::TracesUsedUp { max: 999_999 },
        NotSent::NoTraceBlock,
        NotSent::Journal(JournalError::DiskFull),
        NotSent::Journal(JournalError::Replaced { path: text() }),
        NotSent::Journal(JournalError::LogReplaced { path: text() }),
        NotSent::Journal(JournalError::KeyTaken),
    ];
    let unknown = [
        Unknown::NoAnswer { within: TIME },
        Unknown::LinkLost(Box::new(CloseReason::ByInstitution)),
        Unknown::Contradicted(text()),
        Unknown::Unreadable(text()),
        Unknown::Stopped,
        Unknown::BrokeOff,
    ];
    let mismatch = [
        Mismatch::ConnectionGone,
        Mismatch::Unmatched(Unmatched::NoSuchKey),
        Mismatch::Unmatched(Unmatched::NotWritten),
        Mismatch::Unmatched(Unmatched::OtherTelegram),
        Mismatch::Conflicting,
        Mismatch::Contradicting(text()),
        Mismatch::Unexpected { telegram: text() },
        Mismatch::Undecodable(text()),
        Mismatch::Unanswerable(text()),
    ];
    let mut samples = Vec::new();
    let not_sent = not_sent.into_iter().chain(not_started());
    samples.extend(not_sent.map(|reason| ("NotSent", reason.code(), reason.to_string())));
    samples.extend(unknown.iter().map(|reason| ("Unknown", reason.code(), reason.to_string())));
    samples.extend(closed().iter().map(|reason| ("CloseReason", reason.code(), reason.to_string())));
    samples.extend(mismatch.iter().map(|reason| ("Mismatch", reason.code(), reason.to_string())));
    samples
}

#[test]
fn every_reason_has_its_own_code_and_a_sentence() {
    let samples = samples();
    let codes: BTreeSet<_> = samples.iter().map(|(_, code, _)| *code).collect();
    assert_eq!(codes.len(), samples.len(), "two reasons have one code");
    for (_, code, sentence) in &samples {
        assert!(!sentence.is_empty() && !sentence.contains('\n'), "{code}: {sentence:?}");
        assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{code}");
    }
}

#[test]
fn the_documented_codes_are_those_of_the_code() {
    let row = |line: &'static str| {
        let mut cells = line.strip_prefix("//! | `")?.split('|').map(str::trim);
        let code = cells.next()?.trim_end_matches('`');
        let of = cells.next()?.trim_start_matches("[`").trim_end_matches("`]");
        Some((of, code))
    };
    let documented: Vec<_> = SOURCE.lines().filter_map(row).collect();
    let sampled: Vec<_> = samples().iter().map(|(of, code, _)| (*of, *code)).collect();
    let in_order = |mut codes: Vec<(&'static str, &'static str)>| {
        codes.sort_unstable();
        codes
    };
    assert_eq!(in_order(documented), in_order(sampled));
    let arms = SOURCE
        .lines()
        .chain(OTHER_SOURCES.lines())
        .filter_map(|line| line.trim().split_once(" => \"")?.1.strip_suffix("\","));
    let arms: BTreeSet<_> = arms.collect();
    let codes: BTreeSet<_> = samples().iter().map(|(_, code, _)| *code).collect();
    assert_eq!(arms, codes, "every arm of `code` has a sample");
}

#[test]
fn a_reason_within_a_reason_is_told() {
    let refused = CloseReason::SignOnRefused("code 0199".to_owned());
    let none_up = NotSent::NoLineUp(Some(Box::new(refused)));
    assert_eq!(none_up.to_string(), "no line is up: sign-on was refused: code 0199");
    let unanswered = DutyFailure::Unknown(Unknown::NoAnswer { within: TIME });
    let failed = CloseReason::DutyFailed { duty: Duty::EchoTest, why: unanswered };
    let lost = Unknown::LinkLost(Box::new(failed));
    assert_eq!(lost.to_string(), "the link was lost after the write: echo test: no answer within 300 ms");
    let full = NotSent::Journal(JournalError::Full { waiting_max: 8192 });
    assert_eq!(full.to_string(), "the journal cannot be written: 8192 commands wait already");
}
