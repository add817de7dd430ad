//! A mainframe over real TCP, with EBCDIC codes, packed numbers in the key and a binary length in front.
//!
//! The host of these tests writes its bytes by hand. The loan list is the golden one, which GnuCOBOL wrote.

use std::sync::Arc;

use fep_gateway::exchange::{Exchange, LinkState};
use fep_gateway::gateway::StandInOnly;
use fep_gateway::{Config, Gateway};
use serde_json::json;
use tokio::task::JoinHandle;

use crate::harness::{entries_of, golden, outcome, root, start, until};
use crate::peer::Peer;

/// Names of eight bytes in EBCDIC: `ECHOTEST`, `SIGNON`, `SIGNOFF`, `REPAYMNT` and `LOANLIST`.
const ECHO_TEST: &[u8; 8] = b"\xC5\xC3\xC8\xD6\xE3\xC5\xE2\xE3";
const SIGN_ON: &[u8; 8] = b"\xE2\xC9\xC7\xD5\xD6\xD5\x40\x40";
const SIGN_OFF: &[u8; 8] = b"\xE2\xC9\xC7\xD5\xD6\xC6\xC6\x40";
const REPAYMENT: &[u8; 8] = b"\xD9\xC5\xD7\xC1\xE8\xD4\xD5\xE3";
const LOAN_LIST: &[u8; 8] = b"\xD3\xD6\xC1\xD5\xD3\xC9\xE2\xE3";
const ANSWER: u8 = 0xF1;

struct Host {
    gateway: Gateway,
    peer: Peer,
    folder: tempfile::TempDir,
}

impl Host {
    /// A gateway that has signed on.
    async fn new() -> Self {
        let peer = Peer::framed(2, |length| usize::from(u16::from_be_bytes([length[0], length[1]]))).await;
        let folder = tempfile::tempdir().unwrap();
        let text = include_str!("../../testdata/host-b.toml")
            .replace("127.0.0.1:9002", &format!("127.0.0.1:{}", peer.port))
            .replace("trace = ", "answer_timeout_ms = 600\ntrace = ")
            .replace(
                "notices.RepaymentNotice]",
                "notices.RepaymentNotice]\nstand_in = { \"header.response_code\" = \"00\" }",
            );
        let journal = format!("[journal]\npath = \"{}\"\n{text}", folder.path().join("journal.sqlite").display());
        let config = Config::parse("test.toml", &journal, root()).unwrap_or_else(|error| panic!("{error}"));
        let gateway = start(config, Arc::new(StandInOnly)).await;
        let mut host = Self { gateway, peer, folder };
        let (connection, sign_on) = host.peer.receive().await;
        assert_eq!(
            (&sign_on[..2], &sign_on[2..10], &sign_on[10..14]),
            (&[0, 40][..], &SIGN_ON[..], &b"\xF0\xF8\xF0\xF0"[..])
        );
        host.peer.send(connection, &answer_to(&sign_on)).await;
        let (connection, echo_test) = host.peer.receive().await;
        assert_eq!(&echo_test[2..10], &ECHO_TEST[..]);
        host.peer.send(connection, &answer_to(&echo_test)).await;
        until("the link is up", async || host.gateway.lines()[0].links[0].state == LinkState::Up).await;
        host
    }

    fn ask(&self) -> JoinHandle<Exchange> {
        let gateway = self.gateway.clone();
        let fields = json!({ "customer_no": "8001011234567" });
        tokio::spawn(async move { gateway.exchange("host-b", "LoanListRequest", &fields, None).await.unwrap() })
    }

    fn classes(&self) -> Vec<String> {
        let entries = entries_of(&self.folder.path().join("journal.sqlite"));
        entries.into_iter().map(|(_, class, _)| class).collect()
    }
}

/// The host's accepting answer: the same telegram, its code + 10, response code 00.
fn answer_to(request: &[u8]) -> Vec<u8> {
    let mut answer = request.to_vec();
    answer[12] = ANSWER;
    answer[27..29].copy_from_slice(b"\xF0\xF0");
    answer
}

/// The golden loan list, for this request.
fn loan_list(request: &[u8]) -> Vec<u8> {
    assert_eq!((&request[2..10], &request[10..14]), (&LOAN_LIST[..], &b"\xF0\xF2\xF0\xF0"[..]));
    let customer: Vec<u8> = b"8001011234567".iter().map(|digit| digit | 0xF0).collect();
    assert_eq!(&request[40..53], &customer[..]);
    let mut answer = golden("host-b-loans-2.json");
    answer[14..23].copy_from_slice(&request[14..23]);
    answer
}

/// Reads the trace number of a header: a packed number of seven digits and a sign.
fn trace_of(telegram: &[u8]) -> u32 {
    let bytes = &telegram[14..18];
    assert_eq!(bytes[3] & 0x0F, 0x0C, "{bytes:02x?}");
    let half_bytes = bytes.iter().flat_map(|byte| [u32::from(byte >> 4), u32::from(byte & 0x0F)]);
    half_bytes.take(7).fold(0, |number, digit| number * 10 + digit)
}

#[tokio::test]
async fn exchanges_are_paired_by_packed_numbers() {
    let mut host = Host::new().await;
    let asked = [host.ask(), host.ask(), host.ask()];
    let mut requests = Vec::new();
    for _ in &asked {
        requests.push(host.peer.receive().await);
    }
    for (connection, request) in requests.iter().rev() {
        host.peer.send(*connection, &loan_list(request)).await;
    }
    for asked in asked {
        let exchange = asked.await.unwrap();
        assert_eq!(outcome(&exchange), "answered");
        let answer = exchange.answer.unwrap();
        assert_eq!(exchange.trace, trace_of(&answer.bytes).to_string(), "it is the answer to this request");
        assert_eq!(exchange.trace, trace_of(&exchange.request).to_string());
    }
}

#[tokio::test]
async fn a_late_answer_settles_an_unknown() {
    let mut host = Host::new().await;
    let asked = host.ask();
    let (connection, request) = host.peer.receive().await;
    let exchange = asked.await.unwrap();
    assert!(outcome(&exchange).starts_with("unknown"), "{}", outcome(&exchange));
    host.peer.send(connection, &loan_list(&request)).await;
    let mut found = None;
    until("it is settled", async || {
        found = host.gateway.find(&exchange.id).await.unwrap();
        found.as_ref().is_some_and(|exchange| exchange.settled_by.is_some())
    })
    .await;
    assert_eq!(&*found.unwrap().answer.unwrap().telegram, "LoanList");
    assert_eq!(host.classes(), ["duty", "answer", "duty", "request", "answer", "late"]);
}

#[tokio::test]
async fn a_notice_is_answered_once_and_its_repetition_gets_the_same_bytes() {
    let mut host = Host::new().await;
    let mut notice = vec![0, 100];
    notice.extend_from_slice(REPAYMENT);
    notice.extend_from_slice(b"\xF0\xF4\xF0\xF0");
    notice.extend_from_slice(&[0x00, 0x00, 0x20, 0x0C]); // 200
    notice.extend_from_slice(&[0x02, 0x02, 0x61, 0x12, 0x1F, 0x00, 0x93, 0x01, 0x5F]); // 2026-11-21 09:30:15
    notice.extend_from_slice(&[0x40; 13]);
    notice.extend_from_slice(b"\xD3\xF0\xF0\xF0\xF1\x40\x40\x40\x40\x40\x40\x40\x40\x40"); // L0001
    notice.extend_from_slice(&[0x00, 0x00, 0x00, 0x00, 0x12, 0x34, 0x50, 0x0C]); // 12345.00
    notice.extend_from_slice(&[0x40; 38]);
    assert_eq!(notice.len(), 100);
    let mut next = notice.clone();
    next[16..18].copy_from_slice(&[0x09, 0x0C]); // 90: its bytes 09 0C are white space in ASCII, like 20 0C of 200
    for notice in [&notice, &notice, &next] {
        host.peer.send(0, notice).await;
        assert_eq!(host.peer.receive().await.1, answer_to(notice));
    }
    let stop = tokio::spawn({
        let gateway = host.gateway.clone();
        async move { gateway.stop().await }
    });
    let (connection, sign_off) = host.peer.receive().await;
    assert_eq!(&sign_off[2..10], &SIGN_OFF[..]);
    host.peer.send(connection, &answer_to(&sign_off)).await;
    stop.await.unwrap();
}
