//! Tests of the simulator over a real socket, and of scenario files.

mod faults;
mod bank;
mod api;
mod recording;
mod lines;
mod tls;
mod money;
mod state;

use std::time::Duration;

use fep_codec::Record;
use fep_spec::model::Spec;
use fep_spec::report::Source;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Scenario, Simulator};
use crate::business_clock::BusinessClock;

const BANK_A: &str = include_str!("../../specs/bank-a/bank-a.toml");
const SESSIONLESS: &str = "trace = \"header.trace_no\"\n[answers]\nset = { \"header.response_code\" = \"0000\" }\n";

fn spec() -> Spec {
    Spec::parse("bank-a.toml", BANK_A).unwrap()
}

fn scenario(text: &str) -> Scenario {
    Scenario::read(Source::new("s.toml", text), &spec()).unwrap_or_else(|report| panic!("{report}"))
}

/// Checks that reading the text reports this mistake.
fn check_refused(text: &str, expected: &str) {
    let report = Scenario::read(Source::new("s.toml", text), &spec()).unwrap_err().to_string();
    assert!(report.contains(expected), "{report}");
}

fn telegram(name: &str, trace: u32, more: Json) -> Vec<u8> {
    let spec = spec();
    let layout = &spec.telegram(name).unwrap().layout;
    let mut fields = json!({"header": {
        "transaction_code": "FEPTEST01", "company_code": "FEPCO001", "bank_code": "099", "send_count": 1, "trace_no": trace,
        "sent_date": "2026-11-21", "sent_time": "09:30:15", "response_code": "", "transaction_no": "T1",
    }});
    for when in layout.when.iter() {
        fields["header"][when.path.strip_prefix("header.").unwrap()] = json!(when.value);
    }
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Record::from_json_value(layout, &fields).unwrap().encode().unwrap()
}

fn transfer(trace: u32, memo: &str) -> Vec<u8> {
    let fields = json!({
        "withdraw_account": "1002345678901", "amount": 1_234_567, "balance_sign": "", "balance": 0, "deposit_bank": "088",
        "deposit_account": "3333011234567", "fee": 0, "payee_name": "홍길동", "passbook_memo": memo, "check_digits": "253788",
    });
    telegram("Transfer", trace, fields)
}

struct Client {
    stream: TcpStream,
    bank: Simulator,
}

impl Client {
    async fn of(text: &str) -> Self {
        let bank = Simulator::start(spec(), scenario(text), "127.0.0.1:0").await.unwrap();
        Self { stream: TcpStream::connect(bank.address()).await.unwrap(), bank }
    }

    /// The same, and the clock of the institution.
    async fn with_clock(text: &str) -> (Self, BusinessClock) {
        let client = Self::of(text).await;
        let clock = client.bank.clock();
        (client, clock)
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The next telegram's name and fields.
    async fn next(&mut self) -> (String, Json) {
        let frame = self.frame().await;
        let spec = spec();
        let telegram = spec.choose(&frame).unwrap();
        (telegram.name().to_owned(), Record::decode(&telegram.layout, &frame).unwrap().to_json_value())
    }

    async fn frame(&mut self) -> Vec<u8> {
        let mut digits = [0; 4];
        self.stream.read_exact(&mut digits).await.unwrap();
        let rest: usize = std::str::from_utf8(&digits).unwrap().parse().unwrap();
        let mut frame = digits.to_vec();
        frame.resize(4 + rest, 0);
        self.stream.read_exact(&mut frame[4..]).await.unwrap();
        frame
    }

    async fn is_silent(&mut self) -> bool {
        tokio::time::timeout(Duration::from_millis(80), self.stream.read_u8()).await.is_err()
    }

    /// All bytes that arrive until the link is closed.
    async fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).await.unwrap();
        rest
    }
}

#[test]
fn shipped_scenarios_fit_the_spec() {
    for text in [
        include_str!("../../scenario.example.toml"),
        include_str!("../../specs/bank-a/scenarios/accounts.toml"),
        include_str!("../../specs/bank-a/scenarios/demo.toml"),
        include_str!("../../specs/bank-a/scenarios/nasty.toml"),
    ] {
        assert!(!scenario(text).rules.is_empty());
    }
}

#[test]
fn mistakes_are_refused_at_their_place() {
    check_refused("titel = \"x\"\n", "s.toml:1:1: error: unknown key `titel` (did you mean `title`?)");
    check_refused(
        "[[rules]]\ntelegram = \"Transfers\"\naction = \"silence\"\n",
        "s.toml:2:12: error: the spec bank-a has no telegram Transfers (did you mean `Transfer`?)",
    );
    check_refused("[[rules]]\naction = \"quiet\"\n", "s.toml:2:10: error: `action` cannot be \"quiet\"");
    check_refused("[[rules]]\ntelegram = \"Transfer\"\n", "`action` is missing");
    check_refused("[[rules]]\ntelegram = \"TransferAnswer\"\naction = \"silence\"\n", "is not a request: the spec");
    check_refused("[[rules]]\ntelegram = \"Transfer\"\naction = \"late\"\n", "`late` needs `delay_ms` or `latency`");
    check_refused("[[rules]]\naction = \"wrong_trace\"\n", "`trace` names");
    check_refused("[[rules]]\naction = \"answer\"\nhold = 3\n", "unknown key `hold`");
    check_refused("[[notices]]\ntelegram = \"DepositNotice\"\n", "`every_ms` is missing");
    check_refused("[send_line]\n", "s.toml:1:1: error: who connects the send line?");
    check_refused("[send_line]\nconnect = \"h:1\"\nlisten = \"127.0.0.1:1\"\n", "who connects the send line?");
    check_refused("[send_line]\nlisten = \"here\"\n", "s.toml:2:10: error: `listen` must be an address");
    check_refused("[send_line]\nconnect = \"here\"\n", "s.toml:2:11: error: `connect` must be a host and a port");
    check_refused(
        "[send_line]\nconnect = \"h:1\"\nsign_on = { telegram = \"SignOnAnswer\", every_ms = 1 }\n",
        "SignOnAnswer is not a request: the spec names no answer to it",
    );
}

#[test]
fn fields_of_a_set_must_exist_and_take_their_value() {
    let set = |set: &str| format!("[[rules]]\ntelegram = \"Transfer\"\naction = \"answer\"\nset = {{ {set} }}\n");
    check_refused(&set("\"header.respose_code\" = \"0110\""), "did you mean `header.response_code`?");
    check_refused(&set("amount = \"lots\""), "s.toml:4:9: error: amount: ");
    check_refused(&set("amount = \"<tmie>\""), "there is no filling `<tmie>` (did you mean `<time>`?)");
    check_refused("[answers]\nset = { nonsense = 1 }\n", "no telegram of the spec bank-a has a field nonsense");
}

#[tokio::test]
async fn an_answer_is_the_request_with_the_codes_and_values_of_the_scenario() {
    let mut client = Client::of(SESSIONLESS).await;
    client.send(&transfer(123, "11월월세")).await;
    let (name, fields) = client.next().await;
    assert_eq!(name, "TransferAnswer");
    assert_eq!(fields["header"]["trace_no"], 123);
    assert_eq!(fields["header"]["telegram_code"], "0110");
    assert_eq!(fields["header"]["response_code"], "0000");
    assert_eq!((&fields["payee_name"], &fields["passbook_memo"]), (&json!("홍길동"), &json!("11월월세")));
}

#[tokio::test]
async fn rules_match_by_value_and_by_turn() {
    let text = format!(
        "{SESSIONLESS}[[rules]]\ntelegram = \"Transfer\"\nwhen = {{ passbook_memo = \"잔액부족\" }}\naction = \"answer\"\n\
         set = {{ header.response_code = \"0110\" }}\n[[rules]]\ntelegram = \"Transfer\"\nevery = 2\naction = \"silence\"\n"
    );
    let mut client = Client::of(&text).await;
    client.send(&transfer(1, "잔액부족")).await;
    assert_eq!(client.next().await.1["header"]["response_code"], "0110");
    client.send(&transfer(2, "a")).await;
    assert_eq!(client.next().await.1["header"]["response_code"], "0000");
    client.send(&transfer(3, "b")).await;
    assert!(client.is_silent().await);
}

#[tokio::test]
async fn business_waits_for_the_sign_on() {
    let mut client = Client::of(&format!("{SESSIONLESS}[session]\nopen = \"SignOn\"\nclose = \"SignOff\"\n")).await;
    client.send(&transfer(1, "a")).await;
    assert!(client.is_silent().await);
    client.send(&telegram("SignOn", 2, json!({}))).await;
    assert_eq!(client.next().await.0, "SignOnAnswer");
    client.send(&transfer(3, "a")).await;
    assert_eq!(client.next().await.0, "TransferAnswer");
    client.send(&telegram("SignOff", 4, json!({}))).await;
    assert_eq!(client.next().await.0, "SignOffAnswer");
    client.send(&transfer(5, "a")).await;
    assert!(client.is_silent().await);
}

#[tokio::test]
async fn an_inquiry_learns_what_became_of_a_request_whose_answer_was_lost() {
    let text = format!(
        "{SESSIONLESS}[memory]\ntelegrams = [\"Transfer\"]\nkey = [\"header.trace_no\", \"header.sent_date\"]\n\
         [[rules]]\ntelegram = \"Transfer\"\naction = \"silence\"\nset = {{ fee = 700 }}\n\
         [[rules]]\ntelegram = \"ResultInquiry\"\nrecall = [\"original_trace_no\", \"original_date\"]\naction = \"answer\"\n\
         set = {{ result_code = \"<recalled.header.response_code>\", fee = \"<recalled.fee>\" }}\n\
         [[rules]]\ntelegram = \"ResultInquiry\"\naction = \"answer\"\nset = {{ result_code = \"0100\" }}\n"
    );
    let mut client = Client::of(&text).await;
    client.send(&transfer(41, "a")).await;
    for (trace, result_code, fee) in [(41, "0000", 700), (42, "0100", 0)] {
        let asked = json!({"original_trace_no": trace, "original_date": "2026-11-21", "result_code": "", "amount": 0, "fee": 0});
        client.send(&telegram("ResultInquiry", 50 + trace, asked)).await;
        let (name, fields) = client.next().await;
        assert_eq!(name, "ResultInquiryAnswer");
        assert_eq!((&fields["result_code"], &fields["fee"]), (&json!(result_code), &json!(fee)));
    }
}

#[tokio::test]
async fn glued_answers_wait_for_each_other_but_not_for_ever() {
    let text = format!("{SESSIONLESS}[[rules]]\naction = \"glued\"\nhold = 2\nhold_max_ms = 600\n");
    let mut client = Client::of(&text).await;
    client.send(&transfer(1, "a")).await;
    assert!(client.is_silent().await);
    client.send(&transfer(2, "b")).await;
    assert_eq!(client.next().await.1["header"]["trace_no"], 1);
    assert_eq!(client.next().await.1["header"]["trace_no"], 2);
    client.send(&transfer(3, "c")).await;
    assert_eq!(client.next().await.1["header"]["trace_no"], 3);
}

#[tokio::test]
async fn notices_take_their_values_in_turn() {
    let text = "sequence_start = 900001\n[[notices]]\ntelegram = \"DepositNotice\"\nevery_ms = 20\n\
                set = { \"header.trace_no\" = \"<sequence>\", sender_name = [\"김서연\", \"(주)한빛상사\"] }\n";
    let mut client = Client::of(text).await;
    for (trace, sender) in [(900_001, "김서연"), (900_002, "(주)한빛상사"), (900_003, "김서연")] {
        let (name, fields) = client.next().await;
        assert_eq!(name, "DepositNotice");
        assert_eq!((&fields["header"]["trace_no"], &fields["sender_name"]), (&json!(trace), &json!(sender)));
    }
}
