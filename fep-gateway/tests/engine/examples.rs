//! The named examples of line dialects, each with its spec, its configuration and its scenario: the gateway against the simulator over
//! TCP. `bank-a` is in most other tests, `host-b` and `giro-e` have modules of their own, too.

use std::sync::Arc;

use fep_gateway::exchange::{Exchange, LinkState};
use fep_gateway::gateway::StandInOnly;
use fep_gateway::simulate::{Scenario, Simulator};
use fep_gateway::{Config, Gateway};
use fep_spec::model::Spec;
use fep_spec::report::Source;
use serde_json::{Value, json};

use crate::harness::{entries_of, outcome, root, start, until};

struct Example {
    gateway: Gateway,
    _bank: Simulator,
    folder: tempfile::TempDir,
}

impl Example {
    /// A gateway and an institution with this spec, whose line is up. The configuration names the port `9000`, or another that begins so.
    async fn new(name: &str, scenario: &str, config: &str, port: u16) -> Self {
        let spec = Spec::load(&root().join("specs").join(name).join(format!("{name}.toml"))).unwrap();
        let path = root().join("specs").join(name).join("scenarios").join(scenario);
        let text = std::fs::read_to_string(&path).unwrap();
        let scenario = Scenario::read(Source::new(scenario, text), &spec).unwrap_or_else(|report| panic!("{report}"));
        let bank = Simulator::start(spec, scenario, "127.0.0.1:0").await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal.sqlite");
        let config = config
            .replace(&format!("127.0.0.1:{port}"), &bank.address().to_string())
            .replace("\nkey = ", "\nanswer_timeout_ms = 1000\nkey = ");
        let text = format!("[journal]\npath = \"{}\"\n{config}", journal.display());
        let config = Config::parse("test.toml", &text, root()).unwrap_or_else(|error| panic!("{error}"));
        let gateway = start(config, Arc::new(StandInOnly)).await;
        let example = Self { gateway, _bank: bank, folder };
        example.is_up(1).await;
        example
    }

    /// Waits until the line is up with this incarnation of its link.
    async fn is_up(&self, incarnation: u64) {
        until("the link is up", async || {
            let link = &self.gateway.lines()[0].links[0];
            link.state == LinkState::Up && link.incarnation == incarnation
        })
        .await;
    }

    fn entries(&self) -> Vec<(String, String, Vec<u8>)> {
        entries_of(&self.folder.path().join("journal.sqlite"))
    }
}

async fn van_d() -> Example {
    Example::new("van-d", "approvals.toml", include_str!("../../testdata/van-d.toml"), 9004).await
}

fn payment(amount: u64) -> Value {
    json!({
        "entry_mode": "S", "card_no": "9410123456789012", "expiry": "2912", "installments": 0, "amount": amount,
        "tax": amount / 11, "approval_no": "0000000000", "approved_date": "", "issuer": "", "merchant_no": "00951234", "message": "",
    })
}

async fn pay(example: &Example, telegram: &str, amount: u64) -> Exchange {
    example.gateway.exchange("van-d", telegram, &payment(amount), None).await.unwrap()
}

/// The bytes between STX and ETX, if the BCC fits: the exclusive or of the bytes behind STX, up to and including ETX.
fn telegram_of(frame: &[u8]) -> &[u8] {
    let [0x02, covered @ .., bcc] = frame else { panic!("no STX: {frame:02x?}") };
    let (end, telegram) = covered.split_last().expect("an ETX");
    assert_eq!((*end, covered.iter().fold(0, |sum, byte| sum ^ byte)), (0x03, *bcc));
    telegram
}

#[tokio::test]
async fn a_terminal_line_with_stx_etx_and_a_bcc() {
    let example = van_d().await;
    let approved = pay(&example, "Approval", 50_600).await;
    assert_eq!(outcome(&approved), "answered");
    let request = telegram_of(&approved.request);
    assert_eq!(
        (request.len(), &request[..16], &request[68..80]),
        (160, &b"0200APKIOSK00017"[..], &b"000000050600"[..])
    );
    let answer = telegram_of(&approved.answer.as_ref().unwrap().bytes).to_vec();
    assert_eq!((&answer[..4], &answer[16..22], &answer[34..38]), (&b"0210"[..], &request[16..22], &b"0000"[..]));
    assert_eq!(&answer[89..99], b"0030001001");
    assert_eq!(&answer[105..113], b"\xC7\xD1\xBA\xFB\xC4\xAB\xB5\xE5"); // 한빛카드 in CP949
    let cancelled = pay(&example, "Cancellation", 50_600).await;
    let answer = telegram_of(&cancelled.answer.as_ref().unwrap().bytes);
    assert_eq!((&answer[34..38], &answer[89..99]), (&b"0000"[..], &b"0030001001"[..]));
    let declined = pay(&example, "Approval", 9_999_999).await;
    assert_eq!(&telegram_of(&declined.answer.unwrap().bytes)[34..38], b"8373");
}

#[tokio::test]
async fn a_frame_of_rubbish_keeps_the_terminal_line_up_and_a_byte_that_is_no_stx_ends_it() {
    let example = van_d().await;
    let rubbish = pay(&example, "Approval", 13).await;
    assert!(outcome(&rubbish).starts_with("unknown"), "{}", outcome(&rubbish));
    example.is_up(1).await;
    let kept = example
        .entries()
        .into_iter()
        .any(|(_, class, bytes)| class == "undecodable" && telegram_of(&bytes) == b"??? this is no telegram ???");
    assert!(kept, "{:?}", example.entries());
    let broken = pay(&example, "Approval", 14).await;
    assert!(outcome(&broken).ends_with("the frame must begin with 02, byte 0 is ff"), "{}", outcome(&broken));
    example.is_up(2).await;
    assert_eq!(outcome(&pay(&example, "Approval", 100).await), "answered");
}

#[tokio::test]
async fn a_telegram_that_would_end_its_frame_early_is_refused_before_the_wire() {
    let mut fields = payment(100);
    fields["merchant_no"] = json!("0095\u{3}1234");
    let strict = van_d().await;
    let refused = strict.gateway.exchange("van-d", "Approval", &fields, None).await.unwrap_err().to_string();
    assert!(refused.contains("merchant_no: character 5 is the control character U+0003"), "{refused}");
    drop(strict);

    // The field may have control characters, but none that ends the frame.
    let config = include_str!("../../testdata/van-d.toml");
    let config = config.replace("[institutions.van-d]", "[institutions.van-d]\ncontrol_characters = [\"merchant_no\"]");
    let example = Example::new("van-d", "approvals.toml", &config, 9004).await;
    let refused = example.gateway.exchange("van-d", "Approval", &fields, None).await.unwrap_err().to_string();
    assert!(refused.contains("the telegram has, at byte 129, the end of a frame: 03"), "{refused}");
    assert_eq!(outcome(&pay(&example, "Approval", 100).await), "answered");
}

#[tokio::test]
async fn a_market_data_stream_is_cut_by_a_table_of_codes() {
    let config = include_str!("../../testdata/quote-c.toml");
    let example = Example::new("quote-c", "stream.toml", config, 9003).await;
    let mut entries = Vec::new();
    until("the stream flows", async || {
        entries = example.entries();
        let of = |code: &[u8]| entries.iter().filter(|(.., bytes)| bytes.starts_with(code)).count();
        of(b"A3011KR7005930003") >= 20 && of(b"D2011001") >= 5
    })
    .await;
    for (direction, _, bytes) in &entries {
        let len = if bytes.starts_with(b"A3") { 160 } else { 46 };
        assert_eq!((direction.as_str(), bytes.len(), bytes.last()), ("in", len, Some(&0xFF)));
    }
    // Each trade has the next number as its volume, so none is lost or doubled.
    let volumes: Vec<u64> = entries
        .iter()
        .filter(|(.., bytes)| bytes.starts_with(b"A3"))
        .map(|(.., trade)| std::str::from_utf8(&trade[43..53]).unwrap().parse().unwrap())
        .collect();
    let first = volumes[0];
    assert_eq!(volumes, (first..first + volumes.len() as u64).collect::<Vec<_>>());
    example.is_up(1).await;
}

#[tokio::test]
async fn a_mainframe_with_a_binary_length_and_packed_numbers() {
    let config = include_str!("../../testdata/host-b.toml").replace(
        "notices.RepaymentNotice]",
        "notices.RepaymentNotice]\nstand_in = { \"header.response_code\" = \"00\" }",
    );
    let example = Example::new("host-b", "loans.toml", &config, 9002).await;
    let listed = loans_of(&example, "8001011234567").await;
    assert_eq!(outcome(&listed), "answered");
    let answer = &listed.answer.as_ref().unwrap().bytes;
    // 40 + 13 + 30 + 2 + 2 * 60 bytes. The Korean is as iconv writes IBM933.
    assert_eq!((answer.len(), &answer[..2]), (205, &[0, 205][..]));
    assert_eq!(&answer[10..14], b"\xF0\xF2\xF1\xF0");
    assert_eq!(answer[14..23], listed.request[14..23], "its trace number and date");
    assert_eq!(&answer[53..62], b"\x0E\xD1\xB7\x8B\xA9\x95\xB7\x0F\x40");
    assert_eq!(&answer[83..85], &[0, 2]);
    let mut first = b"\xD3\xF0\xF0\xF0\xF0\xF0\xF0\xF0\xF0\xF0\xF0\xF0\xF0\xF1".to_vec();
    first.extend(b"\x00\x00\x00\x12\x34\x56\x78\x9C\x04\x12\x5F\xD5\x02\x02\x40\x30\x2F");
    first.extend(b"\xF0\xF0\xF0\xF0\xF0\xF0\xF1\xF5\xD0\x0E\xBA\x81\xC8\x82\x94\x71\xA5\xA1\x0F");
    assert_eq!(answer[85..135], first);
    assert_eq!(&answer[159..170], b"\x00\x00\x00\x00\x00\x00\x00\x1D\x12\x00\x0F");
    let silent = loans_of(&example, "9912319999999").await;
    assert!(outcome(&silent).starts_with("unknown"), "{}", outcome(&silent));
    until("a repayment is answered", async || {
        example.entries().iter().any(|(_, class, bytes)| class == "reply" && bytes[10..14] == *b"\xF0\xF4\xF1\xF0")
    })
    .await;
}

async fn loans_of(example: &Example, customer_no: &str) -> Exchange {
    let fields = json!({ "customer_no": customer_no });
    example.gateway.exchange("host-b", "LoanListRequest", &fields, None).await.unwrap()
}
