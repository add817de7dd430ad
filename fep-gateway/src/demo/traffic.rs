//! The requests of the demo's customers. They repeat after one round.

use serde::Serialize;

/// One request of a service.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) telegram: &'static str,
    pub(super) amount: Option<u64>,
    /// The customer's memo. Some memos make the simulated bank decline, stay silent or answer late.
    pub(super) memo: &'static str,
    pub(super) body: Body,
}

/// The fields of a request in the order of the sheet. The gateway fills in the other fields.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Body {
    Transfer {
        withdraw_account: &'static str,
        amount: u64,
        deposit_bank: &'static str,
        deposit_account: &'static str,
        payee_name: &'static str,
        passbook_memo: &'static str,
        check_digits: String,
    },
    BalanceInquiry {
        account: &'static str,
    },
}

/// Payee, amount and memo. The bank's scenario reacts to the memos 잔액부족, 무응답 and 지연응답.
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

const WITHDRAW_ACCOUNT: &str = "1002345678901";
const DEPOSIT_ACCOUNT: &str = "3333011234567";

/// The number of wishes in the table: each transfer once, and a balance inquiry after every third transfer.
pub(super) const TABLE_LEN: usize = 13;

/// The wish with this number, counted from 0, on a day such as `2026-11-21`. After [`TABLE_LEN`] wishes the next round begins.
pub(super) fn wish(number: usize, today: &str) -> Wish {
    let round = number / TABLE_LEN;
    let place = number % TABLE_LEN;
    if place % 4 == 3 {
        return inquiry();
    }
    let index = place - place / 4;
    let (payee, amount, memo) = TRANSFERS.get(index).or(TRANSFERS.first()).copied().unwrap_or_default();
    transfer(payee, amount, memo, round, today)
}

fn transfer(payee: &'static str, amount: u64, memo: &'static str, round: usize, today: &str) -> Wish {
    let amount = amount + u64::try_from(round).unwrap_or_default() * 10;
    let body = Body::Transfer {
        withdraw_account: WITHDRAW_ACCOUNT,
        amount,
        deposit_bank: "088",
        deposit_account: DEPOSIT_ACCOUNT,
        payee_name: payee,
        passbook_memo: memo,
        check_digits: check_digits(WITHDRAW_ACCOUNT, DEPOSIT_ACCOUNT, amount, today),
    };
    Wish { telegram: "Transfer", amount: Some(amount), memo, body }
}

fn inquiry() -> Wish {
    Wish {
        telegram: "BalanceInquiry",
        amount: None,
        memo: "",
        body: Body::BalanceInquiry { account: WITHDRAW_ACCOUNT },
    }
}

/// The check digits (복기부호) over accounts, amount and date, by note 1 of the bank's sheet. All sums are digit by digit, without
/// carry.
fn check_digits(withdraw_account: &str, deposit_account: &str, amount: u64, date: &str) -> String {
    let add = |left: [u8; 6], right: [u8; 6]| {
        let mut sum = left;
        sum.iter_mut().zip(right).for_each(|(digit, other)| *digit = (*digit + other) % 10);
        sum
    };
    let [a, b, c, d, e, f] = add(
        add(six(withdraw_account.chars()), six(deposit_account.chars())),
        six(format!("{:06}", amount % 1_000_000).chars()),
    );
    let date = date.chars().filter(char::is_ascii_digit).skip(2); // 20261121 → 261121
    add([d, e, f, a, b, c], six(date)).map(|digit| char::from(b'0' + digit)).iter().collect()
}

/// The first six digits.
fn six(digits: impl Iterator<Item = char>) -> [u8; 6] {
    let mut six = [0; 6];
    let digits = digits.filter_map(|digit| digit.to_digit(10).and_then(|digit| u8::try_from(digit).ok()));
    six.iter_mut().zip(digits).for_each(|(place, digit)| *place = digit);
    six
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_the_sheet() {
        assert_eq!(check_digits("001004", "254007", 123_000, "2001-05-31"), "011809");
        assert_eq!(check_digits(WITHDRAW_ACCOUNT, DEPOSIT_ACCOUNT, 1_234_567, "2026-11-21"), "253788");
    }

    #[test]
    fn a_round_has_every_transfer_once_and_three_inquiries() {
        let wishes: Vec<Wish> = (0..TABLE_LEN).map(|number| wish(number, "2026-11-21")).collect();
        assert_eq!(wishes.iter().filter(|wish| wish.telegram == "BalanceInquiry").count(), 3);
        for (_, amount, _) in TRANSFERS {
            assert_eq!(wishes.iter().filter(|wish| wish.amount == Some(*amount)).count(), 1, "{amount}");
        }
    }
}
