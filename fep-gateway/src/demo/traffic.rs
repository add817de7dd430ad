//! What the demo's customers want, again and again.

use serde_json::{Value as Json, json};

/// One request of a service.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) telegram: &'static str,
    pub(super) amount: Option<u64>,
    /// What the customer wrote; some words of it make the simulated bank misbehave.
    pub(super) memo: &'static str,
    pub(super) body: Json,
}

/// Payee, amount, memo. The memos that the bank's scenario knows are 잔액부족, 무응답 and 지연응답.
const TRANSFERS: &[(&str, u64, &str)] = &[
    ("홍길동", 1_234_567, "11월월세"),
    ("김서연", 50_000, "용돈"),
    ("(주)한빛상사", 12_500_000, "물품대금"),
    ("남궁민수", 300_000, "지연응답"),
    ("이하늘", 88_000_000, "잔액부족"),
    ("박준영", 45_000, "동창회비"),
    ("선우은숙", 700_000, "무응답"),
    ("최다온", 18_900, "택시비"),
    ("황보라", 2_750_000, "잔액부족"),
    ("정우진", 120_000, "학원비"),
];

/// How many wishes the table shows: each transfer once, with a balance inquiry after every third.
pub(super) const TABLE_LEN: usize = 13;

/// The wish with this number, from 0. After the last one they begin again.
pub(super) fn wish(number: usize) -> Wish {
    let (round, place) = (number / TABLE_LEN, number % TABLE_LEN);
    if place % 4 == 3 {
        return inquiry();
    }
    let index = place - place / 4;
    let (payee, amount, memo) = TRANSFERS.get(index).or(TRANSFERS.first()).copied().unwrap_or_default();
    transfer(payee, amount, memo, round)
}

fn transfer(payee: &str, amount: u64, memo: &'static str, round: usize) -> Wish {
    let amount = amount + u64::try_from(round).unwrap_or_default() * 10;
    let body = json!({
        "withdraw_account": "1002345678901",
        "amount": amount,
        "deposit_bank": "088",
        "deposit_account": "3333011234567",
        "payee_name": payee,
        "passbook_memo": memo,
    });
    Wish { telegram: "Transfer", amount: Some(amount), memo, body }
}

fn inquiry() -> Wish {
    Wish { telegram: "BalanceInquiry", amount: None, memo: "", body: json!({ "account": "1002345678901" }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_has_every_transfer_once_and_three_inquiries() {
        let wishes: Vec<Wish> = (0..TABLE_LEN).map(wish).collect();
        assert_eq!(wishes.iter().filter(|wish| wish.telegram == "BalanceInquiry").count(), 3);
        for (_, amount, _) in TRANSFERS {
            assert_eq!(wishes.iter().filter(|wish| wish.amount == Some(*amount)).count(), 1, "{amount}");
        }
    }
}
