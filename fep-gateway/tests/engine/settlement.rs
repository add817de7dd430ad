//! What became of the money: inquiries, reversals, late answers, people and crashes, against a bank whose bytes are written by hand.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fep_gateway::exchange::{Exchange, ExchangeId, Money, SettledBy};
use fep_gateway::gateway::{Decision, StandInOnly};
use fep_gateway::{Config, Gateway};
use fep_protocol::breaker::BreakerScope;
use fep_protocol::settlement::{PersonDecision, PersonWants, Stage, StepKind};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::harness::{Setup, config, entries_of, outcome, reset, transfer, trip, until};
use crate::peer::{Peer, transfer_answer};

macro_rules! tables {
    ($horizon_ms:literal) => {
        tables!($horizon_ms, 100)
    };
    ($horizon_ms:literal, $first_wait_ms:literal) => {
        concat!(
            r#"
[institutions.bank-a.telegrams.Transfer]
answer_timeout_ms = 400
[institutions.bank-a.telegrams.ResultInquiry]
answer_timeout_ms = 700
[institutions.bank-a.telegrams.Reversal]
answer_timeout_ms = 700
[institutions.bank-a.telegrams.Transfer.settlement]
accepted = { "header.response_code" = "0000" }
account_key = ["withdraw_account"]
backoff_min_ms = 50
backoff_max_ms = 100
first_wait_ms = "#,
            $first_wait_ms,
            "\nhorizon_ms = ",
            $horizon_ms,
            "\n",
            include_str!("../settlement.toml"),
            "tries_max = 3\n",
        )
    };
}

const TABLES: &str = tables!(900);

/// The next inquiry comes late enough that a loaded machine sees the silence before.
const FAR: &str = tables!(3000);

/// A gateway in a runtime of its own, which can be dropped in the middle of its work, and a bank that keeps its own record.
struct World {
    folder: tempfile::TempDir,
    peer: Peer,
    process: Option<(Runtime, Gateway)>,
    /// The number of the bank's connection.
    connection: usize,
    /// The number of inquiries and reversals that the bank has answered.
    answered: usize,
    /// Tables of the configuration.
    tables: &'static str,
}

impl World {
    async fn new(tables: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let peer = Peer::start().await;
        let mut world = Self { folder, peer, process: None, connection: 0, answered: 0, tables };
        world.start().await;
        world
    }

    fn config(&self) -> Config {
        config(&self.journal(), self.peer.port, &Setup { tables: self.tables, ..Setup::default() })
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("journal.sqlite")
    }

    fn gateway(&self) -> Gateway {
        self.process.as_ref().unwrap().1.clone()
    }

    async fn start(&mut self) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let mut started = None;
        // The journal of the run before may not have closed its files yet.
        until("the gateway starts", async || {
            started = runtime.spawn(Gateway::start(self.config(), Arc::new(StandInOnly))).await.unwrap().ok();
            started.is_some()
        })
        .await;
        self.process = Some((runtime, started.unwrap()));
        let gateway = self.gateway();
        until("the link is up", async || gateway.lines()[0].links[0].state == fep_gateway::exchange::LinkState::Up)
            .await;
    }

    /// Drops all tasks of the gateway in the middle of their work.
    fn drop_all(&mut self) {
        if let Some((runtime, _)) = self.process.take() {
            runtime.shutdown_background();
        }
    }

    /// Drops all tasks of the gateway, and starts it again.
    async fn crash(&mut self) {
        self.drop_all();
        self.connection += 1;
        self.start().await;
    }

    /// Asks for a transfer that the bank does not answer. Returns its exchange and its bytes.
    async fn unanswered(&mut self, body: Value) -> (Exchange, Vec<u8>) {
        let gateway = self.gateway();
        let asked = tokio::spawn(async move { gateway.exchange("bank-a", "Transfer", &body, None).await.unwrap() });
        let request = self.receive("0100100").await;
        let exchange = asked.await.unwrap();
        assert_eq!(outcome(&exchange), "unknown: no answer within 400 ms");
        (exchange, request)
    }

    /// The next telegram of the bank, which has this telegram code and business code.
    async fn receive(&mut self, codes: &str) -> Vec<u8> {
        let (connection, bytes) = self.peer.receive().await;
        self.connection = connection;
        assert_eq!(text(&bytes, 24..31), codes, "{}", String::from_utf8_lossy(&bytes));
        bytes
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.peer.send(self.connection, bytes).await;
    }

    async fn find(&self, id: &ExchangeId) -> Exchange {
        self.gateway().find(id).await.unwrap().unwrap()
    }

    /// Carries out one word of a script. `asked` is the transfer.
    async fn act(&mut self, word: &str, id: &ExchangeId, asked: &[u8], pending: &mut Vec<u8>) {
        let (verb, rest) = word.split_once(':').unwrap_or((word, ""));
        match verb {
            "crash" => {
                // An answer that is still on its way to the journal is lost. That is another script.
                until("the answers are in the journal", async || self.answers(id) == self.answered).await;
                self.crash().await;
            }
            "kept" => {
                let late = async || entries_of(&self.journal()).iter().any(|(_, class, _)| class == "late");
                until("the late answer is in the journal", late).await;
            }
            "quiet" => {
                assert!(self.peer.is_quiet().await);
                assert_eq!(self.find(id).await.settled_by, None);
            }
            "forgotten" => {
                let settled = async || self.find(id).await.settled_by.is_some();
                until("it is settled", settled).await;
                assert!(self.peer.is_quiet().await, "longer than `closed_keep_ms`");
            }
            "late" => {
                let mut answer = transfer_answer(asked);
                answer[52..56].copy_from_slice(if rest == "done" { b"0000" } else { b"0110" });
                self.send(&answer).await;
            }
            "person" => {
                let wants = match rest {
                    "inquire" => PersonWants::Step(StepKind::Inquiry),
                    "reverse" => PersonWants::Step(StepKind::Reversal),
                    _ => PersonWants::Settle(Money::from_name(rest).unwrap()),
                };
                let decision = PersonDecision { person: "kim".to_owned(), note: "the bank called".to_owned(), wants };
                until("it is a dead letter", async || self.find(id).await.flags.dead_letter).await;
                self.gateway().settle(id, decision).await.unwrap();
            }
            // An inquiry or a reversal comes. It is answered later, by `answer`.
            "inquiry" => *pending = self.inquiry(asked).await,
            "reversal1" | "reversal2" | "reversal3" => {
                *pending = self.reversal(asked, verb.as_bytes()[8]).await;
            }
            _ => panic!("{word}"),
        }
        if matches!(verb, "inquiry" | "reversal1" | "reversal2" | "reversal3") && !rest.is_empty() {
            let answer = step_answer(pending, rest, asked);
            self.answered += 1;
            self.send(&answer).await;
        }
    }

    /// The number of answers to inquiries and reversals that the settlement of the exchange has in the journal.
    fn answers(&self, id: &ExchangeId) -> usize {
        let journal = rusqlite::Connection::open(self.journal()).unwrap();
        let sql = "SELECT count(*) FROM facts WHERE exchange = ?1 AND kind = 'settlement' AND class = 'answered'";
        let count: i64 = journal.query_row(sql, [id.as_bytes()], |row| row.get(0)).unwrap();
        usize::try_from(count).unwrap()
    }

    /// Receives an inquiry about this transfer.
    async fn inquiry(&mut self, asked: &[u8]) -> Vec<u8> {
        let inquiry = self.receive("0600100").await;
        assert_eq!(text(&inquiry, 100..106), text(asked, 32..38), "the trace number of the transfer");
        assert_eq!(text(&inquiry, 106..114), text(asked, 38..46), "its date");
        assert_eq!(text(&inquiry, 56..70), text(asked, 56..70), "its transaction number");
        inquiry
    }

    /// Receives a reversal of this transfer, sent for the time that this digit says.
    async fn reversal(&mut self, asked: &[u8], send_count: u8) -> Vec<u8> {
        let reversal = self.receive("0400100").await;
        assert_eq!(text(&reversal, 100..106), text(asked, 32..38), "the trace number of the transfer");
        assert_eq!(text(&reversal, 56..70), text(asked, 56..70), "its transaction number");
        assert_eq!(text(&reversal, 130..143), "0000001234567", "its amount");
        assert_eq!(reversal[31], send_count, "the repeat mark");
        reversal
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.drop_all();
    }
}

fn text(bytes: &[u8], range: std::ops::Range<usize>) -> String {
    String::from_utf8_lossy(&bytes[range]).into_owned()
}

/// The answer to an inquiry or a reversal by the bank's rule: telegram code + 10, a response code, and the result of the transfer.
fn step_answer(step: &[u8], says: &str, asked: &[u8]) -> Vec<u8> {
    let mut answer = step.to_vec();
    answer[26] = b'1';
    answer[52..56].copy_from_slice(if says == "refused" { b"0110" } else { b"0000" });
    if text(step, 24..31) == "0600100" {
        let result = match says {
            "done" => b"0000",
            "declined" => b"0110",
            "not_found" => b"0100",
            _ => panic!("{says}"),
        };
        answer[114..118].copy_from_slice(result);
        if says == "done" {
            // The amount of the transfer has 13 digits at offset 116.
            answer[118..131].copy_from_slice(&asked[116..129]);
        }
    }
    answer
}

/// What became of an exchange: what settled it and the money, or why it is a dead letter, and the contradictions.
async fn said(world: &World, id: &ExchangeId) -> String {
    let exchange = world.find(id).await;
    let by = exchange.settled_by.map(|by| format!("{}={}", by.name(), exchange.money.map_or("", Money::name)));
    let letters = world.gateway().dead_letters(9).await.unwrap();
    let mut said: Vec<_> = by.into_iter().collect();
    for (_, case) in letters.iter().filter(|(exchange, _)| exchange.id == *id) {
        if let Stage::DeadLetter(why) = case.stage() {
            said.push(format!("dead={}", why.name()));
        }
        said.extend(case.flags().iter().map(|flag| flag.name().to_owned()));
    }
    said.join(" ")
}

async fn became(world: &World, id: &ExchangeId, expected: &str) {
    let mut last = String::new();
    for _ in 0..1000 {
        last = said(world, id).await;
        if last == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("in vain: {expected}; it is: {last}");
}

/// A transfer is not answered; then the bank and a person do what the script says. A word `inquiry` or `reversal1` is the next telegram
/// that the bank must receive, with the answer behind the colon. With `crash` in front, the gateway is dropped and started before each
/// word.
async fn check(script: &str, expected: &str) {
    check_with(TABLES, script, expected).await;
}

async fn check_with(tables: &'static str, script: &str, expected: &str) {
    let mut world = World::new(tables).await;
    let (exchange, asked) = world.unanswered(transfer()).await;
    let mut pending = Vec::new();
    for word in script.split(' ') {
        world.act(word, &exchange.id, &asked, &mut pending).await;
    }
    became(&world, &exchange.id, expected).await;
    assert!(world.peer.is_quiet().await, "{script}: the bank got more");
    assert_eq!(said(&world, &exchange.id).await, expected, "{script}");
    assert_eq!(world.find(&exchange.id).await.request[..], asked[..]);
}

#[tokio::test]
async fn an_inquiry_settles() {
    check("inquiry:done", "inquiry=done").await;
    check("inquiry:declined", "inquiry=not_done").await;
}

#[tokio::test]
async fn not_found_is_not_done_only_after_the_horizon() {
    check_with(FAR, "inquiry:not_found quiet inquiry:not_found", "inquiry=not_done").await;
    check_with(FAR, "inquiry:not_found quiet inquiry:done", "inquiry=done").await;
}

#[tokio::test]
async fn a_silent_inquiry_leads_to_a_reversal_that_is_marked_from_the_second_on() {
    check("inquiry inquiry reversal1 reversal2:confirmed", "reversal=reversed").await;
}

#[tokio::test]
async fn a_refused_reversal_is_a_dead_letter_until_a_person_settles_it() {
    check("inquiry inquiry reversal1:refused", "dead=reversal_refused").await;
    check("inquiry inquiry reversal1 reversal2 reversal3", "dead=reversal_unconfirmed").await;
    check("inquiry inquiry reversal1:refused person:done", "person=done").await;
    check("inquiry inquiry reversal1:refused crash person:not_done", "person=not_done").await;
    check("inquiry inquiry reversal1:refused person:reverse reversal2:confirmed", "reversal=reversed").await;
}

#[tokio::test]
async fn a_late_answer_settles_and_cancels_what_was_not_sent() {
    check("late:done", "late answer=done").await;
    check("late:declined", "late answer=not_done").await;
    check("inquiry late:done", "late answer=done").await;
    check("inquiry:not_found late:done", "late answer=done").await;
    check("inquiry inquiry reversal1 late:done reversal2:confirmed", "reversal=reversed done_and_reversed").await;
    check("inquiry:declined late:done", "inquiry=not_done done_after_not_done").await;
}

const FORGETFUL: &str = concat!(
    "[institutions.bank-a.settlement]\nclosed_keep_ms = 50\n",
    r#"
[institutions.bank-a.telegrams.Transfer]
answer_timeout_ms = 400
[institutions.bank-a.telegrams.Transfer.settlement]
accepted = { "header.response_code" = "0000" }
horizon_ms = 900
first_wait_ms = 100
"#,
    include_str!("../settlement.toml"),
    "tries_max = 3\n",
);

#[tokio::test]
async fn a_settled_exchange_is_compared_with_late_answers_for_closed_keep_ms() {
    check("inquiry:declined forgotten late:done", "inquiry=not_done done_after_not_done").await;
    check("inquiry:declined forgotten crash late:done", "inquiry=not_done done_after_not_done").await;
    check_with(FORGETFUL, "inquiry:declined late:done", "inquiry=not_done done_after_not_done").await;
    // Nobody compares it any more, and what settled it stays. The answer is in the journal.
    check_with(FORGETFUL, "inquiry:declined forgotten late:done kept", "inquiry=not_done").await;
    check_with(FORGETFUL, "inquiry:declined forgotten crash forgotten late:done kept", "inquiry=not_done").await;
}

#[tokio::test]
async fn a_crash_between_two_steps_loses_none() {
    check("crash inquiry:done", "inquiry=done").await;
    check("inquiry crash inquiry:done", "inquiry=done").await;
    check("inquiry crash inquiry crash reversal1 crash reversal2:confirmed", "reversal=reversed").await;
    check("inquiry crash late:done", "late answer=done").await;
    check("inquiry:done crash", "inquiry=done").await;
    check("inquiry:not_found crash quiet inquiry:not_found crash", "inquiry=not_done").await;
}

#[tokio::test]
async fn a_crash_before_the_outcome_opens_the_case_at_the_next_start() {
    let mut world = World::new(TABLES).await;
    let gateway = world.gateway();
    tokio::spawn(async move { gateway.exchange("bank-a", "Transfer", &transfer(), None).await });
    let asked = world.receive("0100100").await;
    world.crash().await;
    let id = world.gateway().recent(1).await.unwrap()[0].id;
    let inquiry = world.inquiry(&asked).await;
    world.send(&step_answer(&inquiry, "done", &asked)).await;
    became(&world, &id, "inquiry=done").await;
    assert!(world.peer.is_quiet().await);
}

#[tokio::test]
async fn the_steps_of_one_account_go_one_after_the_other_and_hold_up_no_other() {
    let mut world = World::new(TABLES).await;
    let mut other = transfer();
    other["withdraw_account"] = "2002345678901".into();
    let mut asked = Vec::new();
    for body in [transfer(), transfer(), other] {
        let gateway = world.gateway();
        tokio::spawn(async move { gateway.exchange("bank-a", "Transfer", &body, None).await });
        asked.push(world.receive("0100100").await);
    }
    let first = world.receive("0600100").await;
    let second = world.receive("0600100").await;
    let of = |inquiry: &[u8]| asked.iter().position(|asked| text(asked, 32..38) == text(inquiry, 100..106)).unwrap();
    let mut seen = [of(&first), of(&second)];
    seen.sort_unstable();
    assert!(seen == [0, 2] || seen == [1, 2], "{seen:?}");
    assert!(world.peer.is_quiet().await, "a second inquiry of one account");
    for inquiry in [&first, &second] {
        world.send(&step_answer(inquiry, "done", &asked[of(inquiry)])).await;
    }
    let third = world.receive("0600100").await;
    assert_eq!(of(&third), 1 - seen[0]);
    world.send(&step_answer(&third, "done", &asked[of(&third)])).await;
    for exchange in world.gateway().recent(3).await.unwrap() {
        became(&world, &exchange.id, "inquiry=done").await;
    }
}

#[tokio::test]
async fn each_step_is_in_the_journal_before_it_is_on_the_line() {
    let mut world = World::new(TABLES).await;
    let (exchange, asked) = world.unanswered(transfer()).await;
    let inquiry = world.inquiry(&asked).await;
    let journal = rusqlite::Connection::open(world.folder.path().join("journal.sqlite")).unwrap();
    let facts = |sql: &str| -> Vec<(String, Option<String>)> {
        let mut statement = journal.prepare(sql).unwrap();
        let rows = statement.query_map([exchange.id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().map(Result::unwrap).collect()
    };
    let by_now = facts("SELECT kind, class FROM facts WHERE exchange = ?1 ORDER BY number");
    let by_now: Vec<_> = by_now.iter().map(|(kind, class)| (kind.as_str(), class.as_deref())).collect();
    let expected = [
        ("sent", Some("request")),
        ("settlement", Some("opened")),
        ("outcome", None),
        ("settlement", Some("begun")),
        ("sent", Some("inquiry")),
    ];
    assert_eq!(by_now, expected);
    world.send(&step_answer(&inquiry, "done", &asked)).await;
    became(&world, &exchange.id, "inquiry=done").await;
    let after = facts(
        "SELECT class, detail FROM facts WHERE exchange = ?1 AND number > 5 AND kind <> 'traces' ORDER BY number",
    );
    let detail = |class: &str| after.iter().find(|(found, _)| found == class).and_then(|(_, detail)| detail.clone());
    assert_eq!(detail("step_answer"), None);
    let answered = r#"{"fact":"answered","step":"inquiry","attempt":1,"verdict":"done"}"#;
    assert_eq!(detail("answered").as_deref(), Some(answered));
    assert_eq!(detail("settled").as_deref(), Some(r#"{"fact":"settled","by":"inquiry","money":"done"}"#));
    assert_eq!(world.find(&exchange.id).await.settled_by, Some(SettledBy::Inquiry));
}

#[tokio::test]
async fn a_person_who_blocks_business_stops_no_inquiry_and_one_who_trips_the_breaker_stops_all_without_facts() {
    const BREAKER: &str = concat!("[institutions.bank-a.breaker]\nwait_min_ms = 60000\n", tables!(900, 1500));
    let mut world = World::new(BREAKER).await;
    let (exchange, asked) = world.unanswered(transfer()).await;
    let blocked = Decision::Block(None, "maintenance".to_owned());
    world.gateway().decide("bank-a", blocked).await.unwrap();
    let inquiry = world.inquiry(&asked).await;
    world.send(&step_answer(&inquiry, "done", &asked)).await;
    became(&world, &exchange.id, "inquiry=done").await;

    world.gateway().decide("bank-a", Decision::Unblock(None)).await.unwrap();
    let (exchange, asked) = world.unanswered(transfer()).await;
    world.gateway().decide("bank-a", trip(BreakerScope::Institution, "an audit")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(world.peer.is_quiet_now(), "the first inquiry was due, and some more after it");
    let journal = rusqlite::Connection::open(world.journal()).unwrap();
    let steps = "SELECT count(*) FROM facts WHERE exchange = ?1 AND class IN ('begun', 'not_written')";
    let steps: i64 = journal.query_row(steps, [exchange.id.as_bytes()], |row| row.get(0)).unwrap();
    assert_eq!(steps, 0);
    world.gateway().decide("bank-a", reset(BreakerScope::Institution)).await.unwrap();
    let inquiry = world.inquiry(&asked).await;
    world.send(&step_answer(&inquiry, "declined", &asked)).await;
    became(&world, &exchange.id, "inquiry=not_done").await;
}
