//! Telegrams whose answers are known by other fields than those of the institution.

use fep_gateway::exchange::{Exchange, Outcome};
use serde_json::json;
use tokio::task::JoinHandle;

use crate::harness::{Bench, Setup, outcome};
use crate::peer::transfer_answer;

/// The answer to an inquiry, by the table of the spec: its own trace number, and that of the transfer, are what the caller says.
fn inquiry_answer(request: &[u8], trace: &[u8; 6], original: &[u8; 6]) -> Vec<u8> {
    assert_eq!(&request[24..31], b"0600100");
    let mut answer = request.to_vec();
    answer[24..28].copy_from_slice(b"0610");
    answer[32..38].copy_from_slice(trace);
    answer[52..56].copy_from_slice(b"0000");
    answer[100..106].copy_from_slice(original);
    answer[114..118].copy_from_slice(b"0000");
    answer[118..140].fill(b'0');
    answer
}

fn inquiry(bench: &Bench, original: u64) -> JoinHandle<Exchange> {
    let gateway = bench.gateway.clone();
    let fields = json!({ "original_trace_no": original, "original_date": "2026-11-21", "result_code": "", "amount": 0, "fee": 0 });
    tokio::spawn(async move { gateway.exchange("bank-a", "ResultInquiry", &fields, None).await.unwrap() })
}

/// The bank numbers its answers to inquiries itself: they are known by the transfer that they are about.
#[tokio::test]
async fn a_telegram_can_have_a_key_of_its_own() {
    let tables = "[institutions.bank-a.telegrams.ResultInquiry]\nkey = [\"original_trace_no\", \"original_date\"]\n";
    let mut bench = Bench::new(Setup { tables, ..Setup::default() }).await;
    let transfer = bench.ask();
    let (connection, transfer_bytes) = bench.peer.receive().await;
    let trace: u64 = std::str::from_utf8(&transfer_bytes[32..38]).unwrap().parse().unwrap();
    // The key of this inquiry has the same numbers as that of the transfer, which has no answer yet.
    let [one, two] = [inquiry(&bench, trace), inquiry(&bench, 777_777)];
    let [(_, first), (_, second)] = [bench.peer.receive().await, bench.peer.receive().await];
    let original = |request: &[u8]| <[u8; 6]>::try_from(&request[100..106]).unwrap();
    for request in [&second, &first] {
        bench.peer.send(connection, &inquiry_answer(request, b"900009", &original(request))).await;
    }
    for (asked, request) in [(one, &first), (two, &second)] {
        let exchange = asked.await.unwrap();
        assert_eq!(outcome(&exchange), "answered");
        assert_eq!(exchange.answer.as_ref().unwrap().bytes[100..106], exchange.request[100..106]);
        assert!([&first, &second].iter().any(|request| exchange.request[..] == request[..]), "{request:?}");
    }
    bench.peer.send(connection, &transfer_answer(&transfer_bytes)).await;
    assert_eq!(outcome(&transfer.await.unwrap()), "answered");
    // A second inquiry about the same transfer is refused before the wire, while the first one's key is in quarantine.
    let again = inquiry(&bench, 777_777).await.unwrap();
    assert_eq!((again.outcome, again.reason_code.as_deref()), (Some(Outcome::NotSent), Some("key_in_use")));
}

/// The answer has the number of the transfer where a request has its own.
#[tokio::test]
async fn the_key_can_be_elsewhere_in_the_answer() {
    let tables = "[institutions.bank-a.telegrams.ResultInquiry]\nkey = [\"original_trace_no\"]\nanswer_key = [\"header.trace_no\"]\n";
    let mut bench = Bench::new(Setup { tables, ..Setup::default() }).await;
    let asked = inquiry(&bench, 777_777);
    let (connection, request) = bench.peer.receive().await;
    let own = <[u8; 6]>::try_from(&request[32..38]).unwrap();
    bench.peer.send(connection, &inquiry_answer(&request, &own, b"777777")).await;
    bench.peer.send(connection, &inquiry_answer(&request, b"777777", b"000000")).await;
    let exchange = asked.await.unwrap();
    assert_eq!(outcome(&exchange), "answered");
    assert_eq!(exchange.answer.unwrap().bytes[32..38], *b"777777");
}
