//! Verification of writes. Recorded frames are golden or made of golden ones at fixed offsets, never by the codec.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fep_gateway::verify::{self, Plan, Recorded, Report, States};
use serde_json::json;

use crate::harness::{Bench, SESSION, Setup, config, golden, root};
use crate::peer::answer_to;

/// How unknown transfers are settled, as in the tests of settlement.
pub(crate) const SETTLEMENT: &str = concat!(
    r#"
[institutions.bank-a.telegrams.Transfer]
repeats = ["amount"]
[institutions.bank-a.telegrams.Transfer.settlement]
accepted = { "header.response_code" = "0000" }
declined = { "header.response_code" = "0110" }
horizon_ms = 2000
"#,
    include_str!("../settlement.toml"),
    "tries_max = 2\n"
);

/// 2026-11-21T09:30:15 in Korea, the time in the golden transfer.
const SENT_AT: &str = "2026-11-21T00:30:15";

pub(crate) fn plan(institution: &'static str, tables: &'static str) -> Plan {
    let setup = Setup { institution, tables, ..Setup::default() };
    Plan {
        config: config(Path::new("unused.sqlite"), 1, &setup),
        institution: "bank-a".to_owned(),
        ignore: BTreeSet::new(),
        ignore_in: BTreeMap::new(),
        compared_min: 1,
        name: "nightly".to_owned(),
        webhook: None,
        tell: None,
        reads: None,
        digest: "plan".to_owned(),
    }
}

/// A line of a recording. `ms` is the time after the golden transfer.
fn line(ms: u32, direction: &str, frame: &[u8]) -> String {
    let digits: String = frame.iter().map(|byte| format!("{byte:02x}")).collect();
    let seconds = 15 + ms / 1000;
    let at = format!("{}:{seconds:02}.{:03}Z", &SENT_AT[..16], ms % 1000);
    json!({"at": at, "kind": "frame", "direction": direction, "bytes": digits}).to_string() + "\n"
}

fn check(plan: &Plan, lines: &[String], states: Option<&str>) -> Report {
    let text = lines.concat();
    let states = states.map(|text| States::read(text.as_bytes()).unwrap());
    let recorded = Recorded { name: "old.jsonl".to_owned(), input: text.as_bytes(), states };
    verify::writes(plan, recorded, 0).map_err(|error| error.to_string()).unwrap()
}

/// The golden transfer with this trace number, whose place is `32..38`.
fn transfer(trace: u32) -> Vec<u8> {
    let mut frame = golden("bank-a-transfer.json");
    frame[32..38].copy_from_slice(format!("{trace:06}").as_bytes());
    // check_digits are of account, amount and date: another trace number does not change them.
    frame
}

fn golden_answer(trace: u32) -> Vec<u8> {
    let mut frame = golden("bank-a-transfer-answer.json");
    frame[32..38].copy_from_slice(format!("{trace:06}").as_bytes());
    frame
}

/// The rows of outcomes as text.
fn rows(report: &Report) -> Vec<String> {
    let outcomes = report.outcomes.as_ref().unwrap();
    let row = |row: &verify::OutcomeRow| {
        let code = row.code.as_deref().unwrap_or("-");
        let late = if row.answer == "late" { " late" } else { "" };
        format!("{} {code}{late} {} {}", row.telegram, row.state, row.count)
    };
    outcomes.rows.iter().map(row).collect()
}

#[test]
fn the_golden_transfer_is_sent_byte_for_byte() {
    let plan = plan("answer_timeout_ms = 5000", "");
    let report = check(&plan, &[line(0, "out", &transfer(1)), line(40, "in", &golden_answer(1))], None);
    assert_eq!((report.read, report.compared, report.same, report.passed), (1, 1, 1, true), "{report:?}");
    assert_eq!(report.summary, "1 compared, zero unexplained");
}

#[test]
fn each_kind_of_difference_has_its_field() {
    let plan = plan("answer_timeout_ms = 5000", "");
    // The old system wrote another bank code (21..24), the date of the day before (38..46), and seconds later (46..52).
    let mut other = transfer(5);
    other[21..24].copy_from_slice(b"020");
    other[38..46].copy_from_slice(b"20261120");
    other[46..52].copy_from_slice(b"093017");
    let report = check(&plan, &[line(0, "out", &other)], None);
    let fields: Vec<_> = report.telegrams[0]
        .fields
        .iter()
        .map(|field| {
            format!("{} {:?} {} {}", field.path, field.explained, field.examples[0].old, field.examples[0].new)
        })
        .collect();
    assert_eq!(
        fields,
        [
            "header.bank_code None 020 099",
            "header.sent_date None 2026-11-20 2026-11-21",
            "header.sent_time Some(\"filled\") 09:30:17 09:30:15",
            "header.transaction_no Some(\"filled\") T2026112100001 T2026112100005",
        ]
    );
    assert_eq!((report.passed, report.unexplained), (false, 2));
    assert_eq!(report.telegrams[0].fields[0].examples[0].place, "line 1");
}

#[test]
fn telegrams_of_the_session_have_the_constants_of_the_gateway() {
    let plan = plan("answer_timeout_ms = 5000", SESSION);
    let mut frame = golden("bank-a-sign-on.json");
    let report = check(&plan, &[line(0, "out", &frame)], None);
    assert_eq!((report.compared, report.unexplained, report.failed), (1, 0, 0), "{report:?}");
    frame[21..24].copy_from_slice(b"020");
    let report = check(&plan, &[line(0, "out", &frame)], None);
    assert_eq!(
        (report.unexplained, report.telegrams[0].fields[0].path.as_str()),
        (1, "header.bank_code"),
        "{report:?}"
    );
}

#[test]
fn what_the_plan_ignores_is_shown_and_is_no_finding() {
    let mut plan = plan("answer_timeout_ms = 5000", "");
    plan.ignore_in.insert("Transfer".to_owned(), ["header.bank_code".to_owned()].into());
    let mut other = transfer(5);
    other[21..24].copy_from_slice(b"020");
    let report = check(&plan, &[line(0, "out", &other)], None);
    assert_eq!((report.passed, report.telegrams[0].fields[0].explained), (true, Some("ignored")), "{report:?}");
    // A part stands for its fields.
    plan.ignore_in.clear();
    plan.ignore.insert("header".to_owned());
    assert!(check(&plan, &[line(0, "out", &other)], None).passed);
    // And a name that only begins alike does not.
    plan.ignore = ["header.bank".to_owned()].into();
    assert!(!check(&plan, &[line(0, "out", &other)], None).passed);
}

#[test]
fn what_cannot_be_read_or_was_lost_fails() {
    let plan = plan("answer_timeout_ms = 5000", "");
    let mut amount = transfer(5);
    amount[105] = b'x';
    let mut answer = golden_answer(5);
    answer[38..46].copy_from_slice(b"20261399");
    let lost = json!({"at": format!("{SENT_AT}Z"), "kind": "lost", "direction": "in", "lost": 17}).to_string() + "\n";
    let lines = [line(0, "out", &amount), line(1, "in", &answer), line(2, "out", b"0003GET"), lost];
    let report = check(&plan, &lines, None);
    let found: Vec<_> = report
        .telegrams
        .iter()
        .flat_map(|one| one.failures.iter().map(move |failure| (one.telegram.as_str(), failure)))
        .map(|(telegram, failure)| format!("{telegram}: {} {:?}", failure.why, failure.places))
        .collect();
    assert_eq!(report.failed, 4, "{found:#?}");
    assert!(found[0].starts_with("(unrecognised): 17 bytes that passed were not recorded [\"line 4\"]"), "{found:#?}");
    assert!(found[1].starts_with("(unrecognised): the spec recognises no telegram in these bytes"), "{found:#?}");
    assert!(found[2].starts_with("Transfer: the spec does not read it: "), "{found:#?}");
    assert!(found[3].starts_with("TransferAnswer: the gateway does not read it: "), "{found:#?}");
    assert!(!report.passed);
}

/// An inquiry or reversal about a transfer, or its answer, made by the gateway's own settlement in a real exchange.
struct Steps {
    inquiry: Vec<u8>,
    reversal: Vec<u8>,
}

/// What the gateway really sends about an unknown transfer, with the trace number that the transfer got.
async fn steps() -> (Vec<u8>, Steps) {
    let setup = Setup { institution: "answer_timeout_ms = 2000", tables: QUICK, ..Setup::default() };
    let mut bench = Bench::new(setup).await;
    let asked = bench.ask();
    let (connection, transfer) = bench.peer.receive().await;
    asked.await.unwrap();
    let (_, inquiry) = bench.peer.receive().await;
    bench.peer.send(connection, &answer_to(&inquiry, b"0999")).await;
    let (_, again) = bench.peer.receive().await;
    bench.peer.send(connection, &answer_to(&again, b"0999")).await;
    let (_, reversal) = bench.peer.receive().await;
    (transfer, Steps { inquiry, reversal })
}

const QUICK: &str = concat!(
    r#"
[institutions.bank-a.telegrams.Transfer.settlement]
accepted = { "header.response_code" = "0000" }
declined = { "header.response_code" = "0110" }
horizon_ms = 300
first_wait_ms = 20
backoff_min_ms = 10
"#,
    include_str!("../settlement.toml"),
    "tries_max = 1\n"
);

/// The answer to an inquiry: the result code at `114..118`, the amount of the golden transfer behind it.
fn inquiry_answer(inquiry: &[u8], result: &[u8; 4]) -> Vec<u8> {
    let mut answer = answer_to(inquiry, b"0000");
    answer[114..118].copy_from_slice(result);
    answer[118..131].copy_from_slice(&golden("bank-a-transfer.json")[116..129]);
    answer
}

#[tokio::test]
async fn the_rules_of_settlement_decide_what_became_of_recorded_requests() {
    let plan = plan("answer_timeout_ms = 5000", SETTLEMENT);
    let (unknown, Steps { inquiry, reversal }) = steps().await;
    let report = |lines: &[String]| rows(&check(&plan, lines, None));
    let sent = line(0, "out", &unknown);
    let told =
        |ms, result| [line(ms, "out", &inquiry), line(ms + 10, "in", &inquiry_answer(&inquiry, result))].concat();
    // Nothing came.
    assert_eq!(report(std::slice::from_ref(&sent)), ["Transfer - unknown 1"]);
    // An answer in time, a late one, a declined one, one with a code that decides nothing, and one about another amount.
    let mut yes = golden_answer(0);
    yes[32..46].copy_from_slice(&unknown[32..46]);
    assert_eq!(report(&[sent.clone(), line(4999, "in", &yes)]), ["Transfer 0000 done 1"]);
    assert_eq!(report(&[sent.clone(), line(5001, "in", &yes)]), ["Transfer 0000 late done 1"]);
    assert_eq!(report(&[sent.clone(), line(9, "in", &answer_to(&unknown, b"0110"))]), ["Transfer 0110 not_done 1"]);
    assert_eq!(report(&[sent.clone(), line(9, "in", &answer_to(&unknown, b"0500"))]), ["Transfer 0500 unknown 1"]);
    let mut other = yes.clone();
    other[116..129].copy_from_slice(b"0000000000007");
    assert_eq!(report(&[sent.clone(), line(9, "in", &other)]), ["Transfer 0000 unknown 1"]);
    // The inquiry: it was carried out, it was declined, it is not known there before and after the horizon of 2 s.
    let with = |told: String| report(&[sent.clone(), told]);
    assert_eq!(with(told(6000, b"0000"))[1], "Transfer - done 1");
    assert_eq!(with(told(6000, b"0110"))[1], "Transfer - not_done 1");
    // The horizon counts to the begin of the inquiry, as in the gateway, and not to its answer.
    assert_eq!(with(told(1995, b"0100"))[1], "Transfer - unknown 1");
    assert_eq!(with(told(2000, b"0100"))[1], "Transfer - not_done 1");
    // A late answer to an inquiry decides nothing.
    let late = [line(6000, "out", &inquiry), line(11_001, "in", &inquiry_answer(&inquiry, b"0000"))].concat();
    assert_eq!(with(late)[1], "Transfer - unknown 1");
    // The reversal was confirmed. It says nothing about another transfer.
    let back = [line(7000, "out", &reversal), line(7001, "in", &answer_to(&reversal, b"0000"))].concat();
    assert_eq!(report(&[sent.clone(), back.clone()])[1], "Transfer - reversed 1");
    let mut another = unknown;
    another[32..38].copy_from_slice(b"999999");
    assert_eq!(report(&[line(0, "out", &another), back])[1], "Transfer - unknown 1");
}

#[test]
fn a_request_that_is_sent_again_is_one_request() {
    let plan = plan("answer_timeout_ms = 5000", SETTLEMENT);
    let mut again = transfer(1);
    // The mark of a repetition, and a later time of day.
    again[31] = b'2';
    again[46..52].copy_from_slice(b"093016");
    let lines = [line(0, "out", &transfer(1)), line(900, "out", &again), line(950, "in", &golden_answer(1))];
    let report = check(&plan, &lines, Some("header.trace_no,header.sent_date,state\n1,2026-11-21,done\n"));
    let outcomes = report.outcomes.as_ref().unwrap();
    assert_eq!(rows(&report), ["Transfer 0000 done 1"]);
    assert_eq!((outcomes.sent_again, outcomes.compared, outcomes.differing), (1, Some(1), 0), "{outcomes:?}");
    // Another transfer with the same key is none: the first one stays unknown.
    let mut other = transfer(1);
    other[116..129].copy_from_slice(b"0000000000007");
    let lines = [line(0, "out", &other), line(900, "out", &transfer(1)), line(950, "in", &golden_answer(1))];
    assert_eq!(rows(&check(&plan, &lines, None)), ["Transfer - unknown 1", "Transfer 0000 done 1"]);
}

#[test]
fn lines_of_other_institutions_are_left_out() {
    let plan = plan("answer_timeout_ms = 5000", SETTLEMENT);
    let of = |line: String, name: &str| line.replacen('{', &format!("{{\"institution\":\"{name}\","), 1);
    let ours = of(line(0, "out", &transfer(1)), "bank-a");
    let theirs = [of(line(1, "out", &transfer(1)), "bank-b"), of(line(2, "in", &golden_answer(1)), "bank-b")].concat();
    let report = check(&plan, &[ours, theirs], None);
    assert_eq!((rows(&report), report.left_out), (vec!["Transfer - unknown 1".to_owned()], 2));
}

#[test]
fn states_of_the_old_system_are_compared() {
    let plan = plan("answer_timeout_ms = 5000", SETTLEMENT);
    let sent = |trace| line(0, "out", &transfer(trace));
    let lines = [sent(1), sent(2), sent(3), line(50, "in", &golden_answer(1)), line(60, "in", &golden_answer(2))];
    let states =
        "header.sent_date,header.trace_no,state\n20261121,1,done\n2026-11-21,000002,not_done\n20261121,77,done\n";
    let report = check(&plan, &lines, Some(states));
    let outcomes = report.outcomes.as_ref().unwrap();
    assert_eq!((outcomes.compared, outcomes.differing), (Some(2), 1), "{outcomes:?}");
    assert_eq!((outcomes.without_state, outcomes.without_request), (1, 1));
    let one = &outcomes.disagreements[0];
    assert_eq!((one.place.as_str(), one.old, one.new), ("line 2", "not_done", "done"));
    let expected =
        "3 compared: 1 states differ from those of the old system, 1 requests without a state of the old system";
    assert_eq!((report.summary.as_str(), report.passed), (expected, false));
}

#[test]
fn states_that_fit_nothing_do_not_pass() {
    let plan = plan("answer_timeout_ms = 5000", SETTLEMENT);
    let lines = [line(0, "out", &transfer(1)), line(50, "in", &golden_answer(1))];
    let report = check(&plan, &lines, Some("header.trace_no,state\n7,done\n"));
    assert!(!report.passed && report.summary.ends_with("1 file of states that fits no request"), "{}", report.summary);
    let states = Some(States::read("header.trace_nr,state\n7,done\n".as_bytes()).unwrap());
    let recorded = Recorded { name: "old.jsonl".to_owned(), input: "".as_bytes(), states };
    let error = verify::writes(&plan, recorded, 0).unwrap_err().to_string();
    assert!(error.contains("no telegram has the field `header.trace_nr`"), "{error}");
    // Two requests that the columns do not tell apart are never an agreement by chance.
    let both =
        [line(0, "out", &transfer(1)), line(1, "out", &transfer(2)), line(50, "in", &answer_to(&transfer(2), b"0110"))];
    for (state, differing) in [("done", 1), ("not_done", 0)] {
        let states = format!("withdraw_account,state\n1002345678901,{state}\n");
        let report = check(&plan, &both, Some(&states));
        assert_eq!(report.outcomes.unwrap().differing, differing, "{state}");
    }
}

#[test]
fn what_the_gateway_fills_itself_must_be_there_and_about_right() {
    let plan = plan("answer_timeout_ms = 5000", "");
    let mut other = transfer(1);
    other[46..52].copy_from_slice(b"000000");
    other[56..70].fill(b' ');
    let report = check(&plan, &[line(0, "out", &other)], None);
    let unexplained: Vec<&str> = report.telegrams[0]
        .fields
        .iter()
        .filter(|field| field.explained.is_none())
        .map(|field| field.path.as_str())
        .collect();
    assert_eq!(unexplained, ["header.sent_time", "header.transaction_no"], "{report:?}");
    // Bare frames have no time: the dates are as recorded.
    let report = check_bytes(&plan, &other).unwrap();
    assert_eq!((report.unexplained, report.telegrams[0].fields.len()), (0, 0), "{report:?}");
}

#[test]
fn telegrams_that_the_gateway_would_not_expect_fail() {
    let plan = plan("answer_timeout_ms = 5000", "");
    let report = check(&plan, &[line(0, "in", &transfer(1))], None);
    assert_eq!((report.compared, report.failed, report.passed), (0, 1, false), "{report:?}");
}

/// Reads a file in place of JSON lines.
fn check_bytes(plan: &Plan, bytes: &[u8]) -> Result<Report, String> {
    let recorded = Recorded { name: "old".to_owned(), input: bytes, states: None };
    verify::writes(plan, recorded, 0).map_err(|error| error.to_string())
}

#[test]
fn captures_of_packets_are_recordings() {
    let plan = plan("answer_timeout_ms = 5000", "");
    let capture = |name: &str| {
        std::fs::read(root().join("fep-spec/tests/captures").join(name))
            .map(|bytes| check_bytes(&plan, &bytes).unwrap())
    };
    // Real traffic, seen by tcpdump: the golden transfer, its answer in two packets, and the transfer once more.
    for name in ["ethernet.pcap", "ipv6.pcap", "disorder.pcapng"] {
        let report = capture(name).unwrap();
        let telegrams: Vec<_> =
            report.telegrams.iter().map(|one| (one.telegram.as_str(), one.compared, one.read)).collect();
        assert_eq!(telegrams, [("Transfer", 2, 0), ("TransferAnswer", 0, 1)], "{name}: {report:?}");
        // Without a time, the dates are as in the recording, and the second transfer has no answer.
        assert_eq!((report.unexplained, report.failed), (0, 0), "{name}: {report:?}");
        assert_eq!(rows(&report), ["Transfer - unknown 1", "Transfer 0000 answered 1"], "{name}");
    }
    // Packets are missing.
    let report = capture("gap.pcap").unwrap();
    assert!(report.failed > 0 && !report.passed, "{report:?}");
    let lost = |failure: &verify::FailureReport| failure.why.contains("bytes that passed were not recorded");
    let why = report.telegrams[0].failures.iter().find(|failure| lost(failure)).unwrap();
    assert!(why.places[0].starts_with("packet "), "{why:?}");
}

#[test]
fn frames_one_after_the_other_are_a_recording() {
    let plan = plan("answer_timeout_ms = 5000", "");
    let frames = [transfer(1), golden_answer(1), transfer(2)].concat();
    let report = check_bytes(&plan, &frames).unwrap();
    assert_eq!(rows(&report), ["Transfer - unknown 1", "Transfer 0000 answered 1"]);
    assert_eq!((report.compared, report.read, report.failed, report.unexplained), (2, 1, 0, 0), "{report:?}");
    // The last frame is cut.
    let report = check_bytes(&plan, &frames[..frames.len() - 1]).unwrap();
    let failure = &report.telegrams[0].failures[0];
    assert_eq!(
        (failure.why.as_str(), failure.places.as_slice()),
        ("299 bytes are no frame of the line", &["byte 600".to_owned()][..])
    );
    assert_eq!(check_bytes(&plan, b"").unwrap().summary, "not enough: 0 compared, and it takes 1");
    assert!(check_bytes(&plan, b"{]").unwrap_err().starts_with("the recording: line 1: "));
}
