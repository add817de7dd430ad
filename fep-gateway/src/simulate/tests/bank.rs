//! The bank with accounts over a real socket: what moves money, what does not, and what each request is answered.

use serde_json::{Value as Json, json};

use super::{Client, check_refused, telegram};

pub(super) const ACCOUNTS: &str = include_str!("../../../specs/bank-a/scenarios/accounts.toml");
pub(super) const PAYER: &str = "1002345678901";
const OVERDRAWN: &str = "1002345678902";
const STOPPED: &str = "1002345678903";

/// A client of the bank with accounts that is signed on. `more` stands before the rest of the scenario's rules.
async fn client(more: &str) -> Client {
    let text = ACCOUNTS.replacen("[[rules]]", &format!("{more}\n[[rules]]"), 1);
    let mut client = Client::of(&text).await;
    ask(&mut client, "SignOn", 999_999, json!({})).await;
    client
}

pub(super) async fn ask(client: &mut Client, name: &str, trace: u32, fields: Json) -> Json {
    client.send(&telegram(name, trace, fields)).await;
    client.next().await.1
}

pub(super) fn fields(from: &str, to: (&str, &str), amount: i64, memo: &str) -> Json {
    json!({
        "withdraw_account": from, "amount": amount, "balance_sign": "", "balance": 0, "deposit_bank": to.0,
        "deposit_account": to.1, "fee": 0, "payee_name": "홍길동", "passbook_memo": memo,
        "check_digits": "253788",
    })
}

pub(super) const ELSEWHERE: (&str, &str) = ("088", "3333011234567");

/// Sends a transfer. Returns the response code, the balance with its sign, and the fee.
pub(super) async fn transfer(client: &mut Client, trace: u32, fields: Json) -> (String, i64, i64) {
    let answer = ask(client, "Transfer", trace, fields).await;
    let sign = if answer["balance_sign"] == "-" { -1 } else { 1 };
    let number = |name: &str| answer[name].as_i64().unwrap();
    let code = answer["header"]["response_code"].as_str().unwrap().to_owned();
    (code, sign * number("balance"), number("fee"))
}

async fn balance(client: &mut Client, account: &str) -> (i64, i64) {
    let answer = ask(client, "BalanceInquiry", 500, json!({"account": account, "balance": 0, "available": 0})).await;
    assert_eq!(answer["header"]["response_code"], "0000");
    (answer["balance"].as_i64().unwrap(), answer["available"].as_i64().unwrap())
}

fn about(trace: u32) -> Json {
    json!({"original_trace_no": trace, "original_date": "2026-11-21", "result_code": "", "amount": 0, "fee": 0})
}

/// The response code of the inquiry, and what it says about the transfer.
async fn inquire(client: &mut Client, trace: u32) -> (String, String, i64, i64) {
    let answer = ask(client, "ResultInquiry", 600 + trace, about(trace)).await;
    let text = |json: &Json| json.as_str().unwrap().to_owned();
    let number = |name: &str| answer[name].as_i64().unwrap();
    (text(&answer["header"]["response_code"]), text(&answer["result_code"]), number("amount"), number("fee"))
}

async fn reverse(client: &mut Client, trace: u32, amount: i64) -> String {
    let mut fields = fields(PAYER, ELSEWHERE, amount, "");
    for name in ["balance_sign", "balance", "fee", "payee_name", "passbook_memo", "check_digits"] {
        fields.as_object_mut().unwrap().remove(name);
    }
    fields.as_object_mut().unwrap().extend(about(trace).as_object().unwrap().clone());
    for name in ["result_code", "fee"] {
        fields.as_object_mut().unwrap().remove(name);
    }
    fields["amount"] = json!(amount);
    fields["reason"] = json!("01");
    let answer = ask(client, "Reversal", 700 + trace, fields).await;
    answer["header"]["response_code"].as_str().unwrap().to_owned()
}

pub(super) fn said(code: &str, balance: i64, fee: i64) -> (String, i64, i64) {
    (code.to_owned(), balance, fee)
}

#[tokio::test]
async fn a_transfer_debits_amount_and_fee_and_credits_an_account_of_the_same_bank() {
    let mut client = client("").await;
    let elsewhere = fields(PAYER, ELSEWHERE, 1_000_000, "a");
    assert_eq!(transfer(&mut client, 1, elsewhere).await, said("0000", 8_999_500, 500));
    let here = fields(PAYER, ("099", OVERDRAWN), 9_500, "a");
    assert_eq!(transfer(&mut client, 2, here).await, said("0000", 8_989_500, 500));
    assert_eq!(balance(&mut client, OVERDRAWN).await, (9_500, 509_500));
    // The overdraft is used, and the balance has a sign of its own.
    let deep = fields(OVERDRAWN, ELSEWHERE, 500_000, "a");
    assert_eq!(transfer(&mut client, 3, deep).await, said("0000", -491_000, 500));
    assert_eq!(balance(&mut client, OVERDRAWN).await, (-491_000, 9_000));
}

#[tokio::test]
async fn a_refused_transfer_says_why_and_moves_nothing() {
    let mut client = client("").await;
    let exactly = 10_000_000 - 500;
    assert_eq!(transfer(&mut client, 1, fields(PAYER, ELSEWHERE, exactly + 1, "a")).await, said("0110", 10_000_000, 0));
    assert_eq!(transfer(&mut client, 2, fields(PAYER, ELSEWHERE, 0, "a")).await, said("0199", 10_000_000, 0));
    assert_eq!(transfer(&mut client, 3, fields("77", ELSEWHERE, 5, "a")).await.0, "0117");
    assert_eq!(transfer(&mut client, 4, fields(STOPPED, ELSEWHERE, 5, "a")).await, said("0117", 300_000, 0));
    assert_eq!(transfer(&mut client, 5, fields(PAYER, ("099", "77"), 5, "a")).await.0, "0117");
    assert_eq!(transfer(&mut client, 6, fields(PAYER, ("099", STOPPED), 5, "a")).await.0, "0117");
    assert_eq!(transfer(&mut client, 7, fields(PAYER, ELSEWHERE, 5, "거절")).await.0, "0003");
    assert_eq!(balance(&mut client, PAYER).await.0, 10_000_000);
    assert_eq!(inquire(&mut client, 7).await, ("0000".to_owned(), "0003".to_owned(), 5, 0));
    assert_eq!(inquire(&mut client, 1).await.1, "0110");
    assert_eq!(transfer(&mut client, 8, fields(PAYER, ELSEWHERE, exactly, "a")).await, said("0000", 0, 500));
}

#[tokio::test]
async fn the_same_request_again_gets_the_same_bytes_and_another_one_a_conflict() {
    let mut client = client("").await;
    let request = telegram("Transfer", 1, fields(PAYER, ELSEWHERE, 100, "a"));
    client.send(&request).await;
    let first = client.frame().await;
    transfer(&mut client, 2, fields(PAYER, ELSEWHERE, 100, "a")).await;
    client.send(&request).await;
    assert_eq!(client.frame().await, first);
    assert_eq!(transfer(&mut client, 1, fields(PAYER, ELSEWHERE, 101, "a")).await.0, "0101");
    assert_eq!(balance(&mut client, PAYER).await.0, 10_000_000 - 2 * 600);
    // A declined request stays declined, even if there is money now.
    transfer(&mut client, 3, fields(OVERDRAWN, ELSEWHERE, 700_000, "a")).await;
    transfer(&mut client, 4, fields(PAYER, ("099", OVERDRAWN), 1_000_000, "a")).await;
    assert_eq!(transfer(&mut client, 3, fields(OVERDRAWN, ELSEWHERE, 700_000, "a")).await.0, "0110");
}

#[tokio::test]
async fn an_inquiry_finds_what_was_carried_out_without_an_answer_and_not_what_was_lost() {
    let mut client = client("").await;
    client.send(&telegram("Transfer", 1, fields(PAYER, ELSEWHERE, 100, "무응답"))).await;
    client.send(&telegram("Transfer", 2, fields(PAYER, ELSEWHERE, 100, "유실"))).await;
    assert_eq!(inquire(&mut client, 1).await, ("0000".to_owned(), "0000".to_owned(), 100, 500));
    assert_eq!(inquire(&mut client, 2).await, ("0000".to_owned(), "0100".to_owned(), 0, 0));
    assert_eq!(balance(&mut client, PAYER).await.0, 10_000_000 - 600);
}

#[tokio::test]
async fn a_reversal_restores_the_balance_once_and_bars_a_request_that_comes_later() {
    let mut client = client("").await;
    transfer(&mut client, 1, fields(PAYER, ("099", OVERDRAWN), 100, "a")).await;
    assert_eq!(reverse(&mut client, 1, 99).await, "0101");
    assert_eq!(reverse(&mut client, 1, 100).await, "0000");
    assert_eq!(reverse(&mut client, 1, 100).await, "0000");
    assert_eq!(balance(&mut client, PAYER).await.0, 10_000_000);
    assert_eq!(balance(&mut client, OVERDRAWN).await.0, 0);
    assert_eq!(inquire(&mut client, 1).await.1, "0100");
    // Nothing is there to be undone: a declined transfer, and one that never came.
    transfer(&mut client, 2, fields(PAYER, ELSEWHERE, 100, "거절")).await;
    assert_eq!(reverse(&mut client, 2, 100).await, "0100");
    assert_eq!(reverse(&mut client, 3, 100).await, "0100");
    assert_eq!(transfer(&mut client, 3, fields(PAYER, ELSEWHERE, 100, "a")).await.0, "0199");
    assert_eq!(balance(&mut client, PAYER).await.0, 10_000_000);
}

#[tokio::test]
async fn an_account_that_is_not_listed_can_be_opened_and_limits_hold() {
    let text = ACCOUNTS.replacen(
        "[bank.verdicts]",
        "[bank]\nopens_with = 1000\naccounts_max = 4\ntransactions_max = 2\n[bank.verdicts]",
        1,
    );
    let mut client = Client::of(&text).await;
    ask(&mut client, "SignOn", 999_999, json!({})).await;
    assert_eq!(transfer(&mut client, 1, fields("77", ELSEWHERE, 300, "a")).await, said("0000", 200, 500));
    assert_eq!(transfer(&mut client, 2, fields("78", ELSEWHERE, 300, "a")).await.0, "0117", "there are four accounts");
    transfer(&mut client, 3, fields(PAYER, ELSEWHERE, 300, "a")).await;
    assert_eq!(inquire(&mut client, 1).await.1, "0100", "the oldest transaction is forgotten");
    assert_eq!(inquire(&mut client, 3).await.1, "0000");
}

#[tokio::test]
async fn a_rule_can_set_what_the_bank_knows() {
    let more =
        "[[rules]]\ntelegram = \"HolderInquiry\"\naction = \"answer\"\nset = { holder_no = \"<account.holder_no>\" }\n";
    let mut client = client(more).await;
    let asked = json!({"bank": "099", "account": PAYER, "holder_name": "", "holder_no": ""});
    let answer = ask(&mut client, "HolderInquiry", 1, asked).await;
    assert_eq!((&answer["holder_name"], &answer["holder_no"]), (&json!("(주)한빛상사"), &json!("1234567890")));
}

#[test]
fn mistakes_in_a_bank_are_refused_at_their_place() {
    const VERDICTS: &str = "[bank.verdicts]\ndone = { \"header.response_code\" = \"0000\" }\nrefused = { \"header.response_code\" = \"0199\" }\n";
    let refused = |operation: &str, expected: &str| {
        check_refused(&format!("{VERDICTS}[[bank.operations]]\n{operation}\n"), expected)
    };
    check_refused("[bank]\n", "`verdicts` is missing");
    check_refused("[bank.verdicts]\ndone = {}\n", "`refused` is missing");
    check_refused(VERDICTS, "a bank without operations does nothing");
    check_refused(&VERDICTS.replace("refused", "refuse"), "unknown key `refuse` (did you mean `refused`?)");
    refused("telegram = \"Transfer\"\ndoes = \"pst\"", "s.toml:6:8: error: `does` cannot be \"pst\"");
    refused("telegram = \"TransferAnswer\"\ndoes = \"read\"\naccount = \"amount\"", "TransferAnswer is not a request");
    let post = "telegram = \"Transfer\"\ndoes = \"post\"\namount = \"amount\"\nkey = [\"header.trace_no\"]\n";
    refused(post, "whose money moves?");
    refused(&format!("{post}debit = \"witdraw_account\""), "did you mean `withdraw_account`?");
    refused(&format!("{post}debit = \"header\""), "header is no field with an account, an amount or a key");
    refused(&format!("{post}debit = \"withdraw_account\"\nset = {{ fee = \"<fees>\" }}"), "did you mean `<fee>`?");
    refused(
        "telegram = \"ResultInquiry\"\ndoes = \"inquire\"\noriginal = [\"original_trace_no\"]",
        "no operation posts one",
    );
    let both = format!(
        "{post}debit = \"withdraw_account\"\n[[bank.operations]]\ntelegram = \"ResultInquiry\"\ndoes = \"inquire\"\n\
         original = [\"original_trace_no\", \"original_date\"]"
    );
    refused(&both, "ResultInquiry has 2 fields in `original`, Transfer has 1 in `key`");
    let account = "telegram = \"BalanceInquiry\"\ndoes = \"read\"\naccount = \"account\"\n[[bank.accounts]]\n";
    refused(&format!("{account}number = \"\""), "`number` is empty");
    refused(&format!("{account}number = \"1\"\nbalance = 1.5"), "`balance` must be");
    refused(
        &format!("{account}number = \"1\"\n[[bank.accounts]]\nnumber = \"1\""),
        "two accounts have the same number",
    );
}
