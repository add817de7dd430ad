//! The outcomes of exchanges, and that an outcome never changes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fep_codec::Record;
use fep_codec::lenient::Lenient;
use fep_gateway::Gateway;
use fep_gateway::exchange::{Exchange, Flags, SettledBy};
use fep_gateway::gateway::{Refusal, StandInOnly};
use fep_spec::model::Spec;
use serde_json::json;
use tokio::time::sleep;

use crate::harness::{Bench, IMPATIENT, Setup, config, entries_of, golden, outcome, root, start, transfer, until};
use crate::peer::{Peer, transfer_answer};
use crate::ports::dead_port;

#[tokio::test]
async fn an_answer_reaches_its_request_and_every_byte_is_in_the_journal() {
    let mut bench = Bench::new(Setup::default()).await;
    let asked = bench.ask();
    let (connection, request) = bench.peer.receive().await;
    let mut expected = golden("bank-a-transfer.json");
    // The gateway sets trace number, date, time and transaction number.
    expected[32..52].copy_from_slice(&request[32..52]);
    expected[56..70].copy_from_slice(&request[56..70]);
    assert_eq!(String::from_utf8_lossy(&request), String::from_utf8_lossy(&expected));
    let answer = transfer_answer(&request);
    bench.peer.send(connection, &answer).await;
    let exchange = asked.await.unwrap();
    assert_eq!((outcome(&exchange).as_str(), exchange.trace.as_str()), ("answered", "1"));
    assert_eq!((&exchange.request[..], &exchange.answer.as_ref().unwrap().bytes[..]), (&request[..], &answer[..]));
    assert_eq!(exchange.line, Some(("main".into(), 1)));
    assert_eq!(bench.gateway.find(&exchange.id).await.unwrap(), Some(exchange.clone()));
    assert_eq!(bench.gateway.recent(5).await.unwrap(), [exchange]);
    let entry = |direction: &str, class: &str, bytes| (direction.to_owned(), class.to_owned(), bytes);
    assert_eq!(bench.entries(2).await, [entry("out", "request", request), entry("in", "answer", answer)]);
}

#[tokio::test]
async fn answers_come_in_any_order_and_on_any_link() {
    let mut bench = Bench::new(Setup { links: 2, ..Setup::default() }).await;
    let mut asked = Vec::new();
    for _ in 0..20 {
        asked.push(bench.ask());
    }
    let mut requests = Vec::new();
    for _ in 0..20 {
        requests.push(bench.peer.receive().await);
    }
    assert!((0..2).all(|link| requests.iter().any(|(connection, _)| *connection == link)));
    for (connection, request) in requests.iter().rev() {
        bench.peer.send(1 - connection, &transfer_answer(request)).await;
    }
    for asked in asked {
        let exchange = asked.await.unwrap();
        assert_eq!(outcome(&exchange), "answered");
        assert_eq!(exchange.answer.unwrap().bytes[32..46], exchange.request[32..46]);
    }
}

#[tokio::test]
async fn a_declined_answer_is_an_answer() {
    let mut bench = Bench::new(Setup::default()).await;
    let asked = bench.ask();
    let (connection, request) = bench.peer.receive().await;
    let mut answer = transfer_answer(&request);
    answer[52..56].copy_from_slice(b"0110");
    bench.peer.send(connection, &answer).await;
    assert_eq!(outcome(&asked.await.unwrap()), "answered");
}

/// The bytes of the amount in a transfer and in its answer, by the table of the spec.
const AMOUNT: std::ops::Range<usize> = 116..129;

#[tokio::test]
async fn an_answer_about_another_amount_is_unknown_and_for_a_person() {
    let tables = "[institutions.bank-a.telegrams.Transfer]\nrepeats = [\"amount\"]\n";
    let mut bench = Bench::new(Setup { tables, ..Setup::default() }).await;
    let asked = bench.ask();
    let (connection, request) = bench.peer.receive().await;
    let mut answer = transfer_answer(&request);
    assert_eq!(answer[AMOUNT], request[AMOUNT], "the golden answer repeats it");
    answer[AMOUNT.end - 1] ^= 1;
    bench.peer.send(connection, &answer).await;
    let exchange = asked.await.unwrap();
    let why = "unknown: the answer contradicts the request: amount is 1234566, in the request it is 1234567";
    assert_eq!(outcome(&exchange), why);
    assert_eq!((exchange.reason_code.as_deref(), exchange.flags.contradicting), (Some("answer_contradicts"), true));
    assert_eq!(bench.gateway.find(&exchange.id).await.unwrap(), Some(exchange));
    // Two requests whose answers are swapped: the keys fit, the amounts do not.
    let [one, two] = [10, 20].map(|amount| {
        let mut fields = transfer();
        fields["amount"] = json!(amount);
        let gateway = bench.gateway.clone();
        tokio::spawn(async move { gateway.exchange("bank-a", "Transfer", &fields, None).await.unwrap() })
    });
    let [(_, first), (_, second)] = [bench.peer.receive().await, bench.peer.receive().await];
    for (request, other) in [(&first, &second), (&second, &first)] {
        let mut answer = transfer_answer(request);
        answer[AMOUNT].copy_from_slice(&other[AMOUNT]);
        bench.peer.send(connection, &answer).await;
    }
    for asked in [one, two] {
        let exchange = asked.await.unwrap();
        assert_eq!(exchange.reason_code.as_deref(), Some("answer_contradicts"), "{}", outcome(&exchange));
    }
}

#[tokio::test]
async fn silence_is_unknown_and_a_late_answer_settles_its_own() {
    let mut bench = Bench::new(Setup { institution: IMPATIENT, ..Setup::default() }).await;
    let exchange = bench.ask().await.unwrap();
    assert_eq!(outcome(&exchange), "unknown: no answer within 600 ms");
    let (connection, request) = bench.peer.receive().await;
    let next = bench.ask();
    let (_, other) = bench.peer.receive().await;
    assert_ne!(other[32..38], request[32..38]);
    bench.peer.send(connection, &transfer_answer(&request)).await;
    let settled = bench.settled(&exchange.id).await;
    assert_eq!(outcome(&settled), "unknown: no answer within 600 ms");
    assert_eq!(settled.settled_by, Some(SettledBy::LateAnswer));
    assert_eq!(settled.answer.unwrap().bytes[..], transfer_answer(&request)[..]);
    assert_eq!(outcome(&next.await.unwrap()), "unknown: no answer within 600 ms");
}

#[tokio::test]
async fn an_answer_with_another_number_is_nobodys() {
    let mut bench = Bench::new(Setup { institution: IMPATIENT, ..Setup::default() }).await;
    let asked = bench.ask();
    let (connection, request) = bench.peer.receive().await;
    let mut wrong = transfer_answer(&request);
    wrong[32..38].copy_from_slice(b"777777");
    bench.peer.send(connection, &wrong).await;
    assert_eq!(outcome(&asked.await.unwrap()), "unknown: no answer within 600 ms");
    assert_eq!(bench.entries(2).await[1].1, "unmatched");
}

#[tokio::test]
async fn a_second_answer_changes_nothing_and_one_that_says_something_else_is_shown() {
    let mut bench = Bench::new(Setup::default()).await;
    let exchange = bench.answered().await;
    let mut second = exchange.answer.as_ref().unwrap().bytes.to_vec();
    bench.peer.send(0, &second).await;
    assert_eq!(bench.entries(3).await[2].1, "duplicate");
    second[52..56].copy_from_slice(b"0199");
    bench.peer.send(0, &second).await;
    assert_eq!(bench.entries(4).await[3].1, "conflicting");
    let flagged = Exchange { flags: Flags { conflicting: true, ..Flags::default() }, ..exchange };
    assert_eq!(bench.gateway.find(&flagged.id).await.unwrap(), Some(flagged));
}

#[tokio::test]
async fn a_link_lost_after_the_write_is_unknown_at_once_and_a_late_answer_still_settles() {
    let mut bench = Bench::new(Setup::default()).await;
    let started = Instant::now();
    let asked = bench.ask();
    let (connection, request) = bench.peer.receive().await;
    bench.peer.close(connection).await;
    let exchange = asked.await.unwrap();
    let why = "unknown: the link was lost after the write: the institution closed the connection";
    assert_eq!(outcome(&exchange), why);
    assert!(started.elapsed() < Duration::from_secs(3), "the time-out was waited for");
    bench.peer.send(1, &transfer_answer(&request)).await;
    assert_eq!(bench.settled(&exchange.id).await.settled_by, Some(SettledBy::LateAnswer));
}

#[tokio::test]
async fn nobody_there_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let port = dead_port().await;
    let config = config(&folder.path().join("journal.sqlite"), port, &Setup::default());
    let gateway = start(config, Arc::new(StandInOnly)).await;
    until("the refusal is known", async || gateway.lines()[0].last_error.is_some()).await;
    let exchange = gateway.exchange("bank-a", "Transfer", &transfer(), None).await.unwrap();
    let said = outcome(&exchange);
    assert!(said.starts_with("not sent: no line is up: 127.0.0.1:") && said.contains("refused"), "{said}");
    assert_eq!(gateway.find(&exchange.id).await.unwrap(), Some(exchange));
    assert!(entries_of(&folder.path().join("journal.sqlite")).is_empty());
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_unknown_and_the_line_stays_up() {
    let mut bench = Bench::new(Setup::default()).await;
    let asked = bench.ask();
    let (connection, request) = bench.peer.receive().await;
    let mut broken = transfer_answer(&request);
    broken[120] = b'?';
    bench.peer.send(connection, &broken).await;
    let said = outcome(&asked.await.unwrap());
    assert!(said.starts_with("unknown: the answer cannot be read: peer: amount (출금금액), bytes 116..129"), "{said}");
    assert_eq!(bench.answered().await.line, Some(("main".into(), 1)));
}

/// What lenient reading would forgive is no answer: a blank fee is not a fee of zero.
#[tokio::test]
async fn the_gateway_reads_strictly() {
    let spec = Spec::load(&root().join("specs/bank-a/bank-a.toml")).unwrap();
    let layout = &spec.telegram("TransferAnswer").unwrap().layout;
    let blank_number = |answer: &mut Vec<u8>| answer[162..171].fill(b' ');
    let half_character = |answer: &mut Vec<u8>| answer[191..205].copy_from_slice(b"AAAAAAAAAAAAA\xB0");
    // The length counts the bytes behind it, so that the frame is whole.
    let stripped = |answer: &mut Vec<u8>| {
        answer.truncate(211);
        answer[..4].copy_from_slice(b"0207");
    };
    let surplus = |answer: &mut Vec<u8>| {
        answer.push(b'\n');
        answer[..4].copy_from_slice(b"0297");
    };
    type Deviation<'d> = (&'d str, &'d dyn Fn(&mut Vec<u8>));
    let deviations: [Deviation<'_>; 4] = [
        ("blank-numbers", &blank_number),
        ("half-characters", &half_character),
        ("stripped", &stripped),
        ("trailing", &surplus),
    ];
    let mut bench = Bench::new(Setup::default()).await;
    for (word, deviate) in deviations {
        let asked = bench.ask();
        let (connection, request) = bench.peer.receive().await;
        let mut answer = transfer_answer(&request);
        assert_eq!(answer[..4], *b"0296");
        deviate(&mut answer);
        // A wrong length is no deviation, so it is compared with the length that was stated before.
        let mut as_read = answer.clone();
        as_read[..4].copy_from_slice(b"0296");
        let (_, forgiven) = Record::decode_lenient(layout, &as_read, Lenient::ALL).unwrap();
        assert!(
            forgiven.iter().all(|forgiven| forgiven.deviation.word() == word) && !forgiven.is_empty(),
            "{forgiven:?}"
        );
        bench.peer.send(connection, &answer).await;
        let said = outcome(&asked.await.unwrap());
        assert!(said.starts_with("unknown: the answer cannot be read: peer: "), "{word}: {said}");
    }
    assert_eq!(outcome(&bench.answered().await), "answered");
}

#[tokio::test]
async fn a_crash_leaves_unknown_and_the_next_run_can_settle_it() {
    let mut peer = Peer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal.sqlite");
    let path = journal.clone();
    let port = peer.port;
    let (received, crash) = std::sync::mpsc::channel();
    let crashed = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async move {
            let gateway = start(config(&path, port, &Setup::default()), Arc::new(StandInOnly)).await;
            until("it is up", async || format!("{:?}", gateway.lines()).contains("Up")).await;
            tokio::spawn(async move { gateway.exchange("bank-a", "Transfer", &transfer(), None).await });
            // The crash comes after the institution has the request.
            tokio::task::spawn_blocking(move || crash.recv()).await.unwrap().unwrap();
        });
        // All tasks are dropped in the middle of their work.
        runtime.shutdown_background();
    });
    let (_, request) = peer.receive().await;
    received.send(()).unwrap();
    tokio::task::spawn_blocking(move || crashed.join().unwrap()).await.unwrap();
    sleep(Duration::from_millis(300)).await;

    let gateway = start(config(&journal, peer.port, &Setup::default()), Arc::new(StandInOnly)).await;
    let [exchange] = &gateway.recent(5).await.unwrap()[..] else { panic!("one exchange") };
    assert_eq!(outcome(exchange), "unknown: the gateway stopped before an answer came");
    assert_eq!(exchange.request[..], request[..]);
    peer.send(1, &transfer_answer(&request)).await;
    until("it is settled", async || {
        gateway.find(&exchange.id).await.unwrap().is_some_and(|found| found.settled_by.is_some())
    })
    .await;
    let asked = gateway.clone();
    let asked = tokio::spawn(async move { asked.exchange("bank-a", "Transfer", &transfer(), None).await.unwrap() });
    let (_, next) = peer.receive().await;
    assert_eq!(&next[32..38], b"001001", "numbers go on behind the block that was begun");
    peer.send(1, &transfer_answer(&next)).await;
    assert_eq!(outcome(&asked.await.unwrap()), "answered");
}

#[tokio::test]
async fn an_idempotency_key_stands_for_one_request() {
    let mut bench = Bench::new(Setup::default()).await;
    let ask = |body: serde_json::Value| {
        let gateway = bench.gateway.clone();
        async move { gateway.exchange("bank-a", "Transfer", &body, Some("order-7")).await }
    };
    let first = tokio::spawn(ask(transfer()));
    let (connection, request) = bench.peer.receive().await;
    let Err(Refusal::StillRunning(running)) = ask(transfer()).await else { panic!("it still runs") };
    bench.peer.send(connection, &transfer_answer(&request)).await;
    let answered = first.await.unwrap().unwrap();
    assert_eq!(answered.id, running);
    assert_eq!(ask(transfer()).await.unwrap(), answered);
    let mut other = transfer();
    other["amount"] = json!(1);
    let Err(Refusal::OtherBody(id)) = ask(other).await else { panic!("it is another body") };
    assert_eq!(id, answered.id);
    assert!(bench.peer.is_quiet().await, "it was sent twice");
}

/// The index knows who had the key, and is asked. Who comes meanwhile is told nothing but what it says.
#[tokio::test]
async fn repeats_of_an_order_that_an_earlier_run_sent_are_all_told_its_outcome() {
    let mut bench = Bench::new(Setup::default()).await;
    let ask = |gateway: &Gateway, order: u32| {
        let gateway = gateway.clone();
        let key = format!("order-{order}");
        tokio::spawn(async move { gateway.exchange("bank-a", "Transfer", &transfer(), Some(key.as_str())).await })
    };
    let mut sent = Vec::new();
    for order in 0..8 {
        let asked = ask(&bench.gateway, order);
        let (connection, request) = bench.peer.receive().await;
        bench.peer.send(connection, &transfer_answer(&request)).await;
        sent.push(asked.await.unwrap().unwrap());
    }
    let Bench { gateway, mut peer, folder } = bench;
    gateway.stop().await;
    drop(gateway);
    let config = config(&folder.path().join("journal.sqlite"), peer.port, &Setup::default());
    let gateway = start(config, Arc::new(StandInOnly)).await;
    for (order, sent) in (0..).zip(&sent) {
        let repeats = [(); 5].map(|()| ask(&gateway, order));
        for repeat in repeats {
            assert_eq!(&repeat.await.unwrap().unwrap(), sent, "order {order}");
        }
    }
    assert!(peer.is_quiet().await, "something was sent again");
}

#[tokio::test]
async fn a_known_key_is_answered_though_the_journal_takes_no_writes() {
    let mut bench = Bench::new(Setup { institution: IMPATIENT, ..Setup::default() }).await;
    let ask = async || bench.gateway.exchange("bank-a", "Transfer", &transfer(), Some("order-8")).await;
    let unknown = ask().await.unwrap();
    assert_eq!(outcome(&unknown), "unknown: no answer within 600 ms");
    let other = rusqlite::Connection::open(bench.journal()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(ask().await.unwrap(), unknown);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(ask().await.unwrap(), unknown);
    bench.gateway.stop().await;
    assert_eq!(ask().await.unwrap(), unknown);
    bench.peer.receive().await;
    assert!(bench.peer.is_quiet().await, "it was sent once");
}

#[tokio::test]
async fn one_institutions_crowd_does_not_fill_the_journals_queue() {
    let peer = Peer::start().await;
    let mut other_peer = Peer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal.sqlite");
    let mut both = config(&journal, peer.port, &Setup { institution: IMPATIENT, ..Setup::default() });
    let other = config(&journal, other_peer.port, &Setup::default()).institutions.remove("bank-a").unwrap();
    both.institutions.insert("bank-b".to_owned(), other);
    let gateway = start(both, Arc::new(StandInOnly)).await;
    until("both are up", async || format!("{:?}", gateway.lines()).matches("state: Up").count() == 2).await;
    let ask = |institution: &'static str| {
        let gateway = gateway.clone();
        tokio::spawn(async move { gateway.exchange(institution, "Transfer", &transfer(), None).await.unwrap() })
    };
    let lock = rusqlite::Connection::open(&journal).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let crowd: Vec<_> = (0..9500).map(|_| ask("bank-a")).collect();
    until("the crowd is there", async || crowd.iter().filter(|asked| asked.is_finished()).count() > 500).await;
    let asked = ask("bank-b");
    sleep(Duration::from_millis(50)).await;
    lock.execute_batch("ROLLBACK").unwrap();
    let (connection, request) = other_peer.receive().await;
    other_peer.send(connection, &transfer_answer(&request)).await;
    assert_eq!(outcome(&asked.await.unwrap()), "answered");
    for asked in crowd {
        let said = outcome(&asked.await.unwrap());
        assert!(said.starts_with("not sent: ") || said.starts_with("unknown: no answer"), "{said}");
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_loses_nothing() {
    let mut bench = Bench::new(Setup::default()).await;
    let asked = bench.ask();
    let (connection, request) = bench.peer.receive().await;
    asked.abort();
    assert!(asked.await.unwrap_err().is_cancelled());
    bench.peer.send(connection, &transfer_answer(&request)).await;
    until("it is answered", async || {
        bench.gateway.recent(1).await.unwrap().iter().any(|exchange| outcome(exchange) == "answered")
    })
    .await;
}

#[tokio::test]
async fn a_journal_that_cannot_be_written_sends_nothing() {
    let mut bench = Bench::new(Setup::default()).await;
    let other = rusqlite::Connection::open(bench.journal()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let said = outcome(&bench.ask().await.unwrap());
    assert!(said.starts_with("not sent: the journal cannot be written: "), "{said}");
    assert!(bench.peer.is_quiet().await, "it was sent unjournaled");
    assert_ne!(bench.gateway.troubles(), [""; 0], "readiness says so");
    other.execute_batch("ROLLBACK").unwrap();
    until("the journal takes writes again", async || bench.gateway.troubles().is_empty()).await;
    bench.answered().await;
}

#[tokio::test]
async fn the_first_request_that_the_journal_refuses_is_told_so_at_once() {
    let setup = Setup { institution: "answer_timeout_ms = 20000", ..Setup::default() };
    let mut bench = Bench::new(setup).await;
    std::fs::remove_file(bench.journal()).unwrap();
    let asked = tokio::time::timeout(Duration::from_secs(5), bench.ask());
    let exchange = asked.await.expect("it does not wait for its deadline").unwrap();
    let said = outcome(&exchange);
    assert!(said.starts_with("not sent: the journal cannot be written: "), "{said}");
    assert!(!exchange.journaled, "no journal has it");
    assert!(bench.peer.is_quiet().await, "it was sent unjournaled");
}

#[tokio::test]
async fn what_is_no_request_is_refused_before_anything_happens() {
    let bench = Bench::new(Setup::default()).await;
    let ask = |institution: &'static str, telegram: &'static str, body| {
        let gateway = bench.gateway.clone();
        async move { gateway.exchange(institution, telegram, &body, None).await.unwrap_err().to_string() }
    };
    assert_eq!(ask("bank-b", "Transfer", transfer()).await, "no such institution; there are: bank-a");
    assert_eq!(ask("bank-a", "Tranfser", transfer()).await, "no such telegram; did you mean Transfer?");
    assert_eq!(ask("bank-a", "TransferAnswer", transfer()).await, "a service cannot send this telegram as a request");
    let mut body = transfer();
    body["amount"] = json!(99_999_999_999_999_u64);
    assert!(ask("bank-a", "Transfer", body).await.starts_with("caller: amount (출금금액)"));
    assert!(bench.gateway.recent(1).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_key_rests_across_a_restart_though_it_was_answered() {
    let mut peer = Peer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal.sqlite");
    let mut own_numbers = config(&journal, peer.port, &Setup::default());
    own_numbers.institutions.get_mut("bank-a").unwrap().trace = None;
    let mut body = transfer();
    body["header"] = json!({ "trace_no": 4711 });
    for run in 0..2 {
        let gateway = start(own_numbers.clone(), Arc::new(StandInOnly)).await;
        until("it is up", async || format!("{:?}", gateway.lines()).contains("Up")).await;
        let asking = gateway.clone();
        let body = body.clone();
        let asked = tokio::spawn(async move { asking.exchange("bank-a", "Transfer", &body, None).await.unwrap() });
        if run == 0 {
            let (_, request) = peer.receive().await;
            peer.send(0, &transfer_answer(&request)).await;
            assert_eq!(outcome(&asked.await.unwrap()), "answered");
            gateway.stop().await;
        } else {
            let why = "not sent: the request's key is in flight, or still in quarantine";
            assert_eq!(outcome(&asked.await.unwrap()), why, "a second answer to the first would reach it");
        }
    }
}
