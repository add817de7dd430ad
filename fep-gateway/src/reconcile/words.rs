//! What reports call their sums and findings, in English and Korean, and what a person does about each finding.

use super::balances::BalanceClass;
use super::matching::Class;

/// A name in both languages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    pub(super) english: &'static str,
    pub(super) korean: &'static str,
}

const fn words(english: &'static str, korean: &'static str) -> Words {
    Words { english, korean }
}

pub(super) const RECORDS: Words = words("records of the file", "파일 건");
pub(super) const REQUESTS: Words = words("requests of the date", "당일 요청");
pub(super) const CARRIED_OUT: Words = words("of these, carried out", "그중 처리");
pub(super) const MATCHED: Words = words("matched", "일치");
pub(super) const REVERSED: Words = words("reversed on both sides", "양쪽 취소");
pub(super) const NOT_DONE: Words = words("not carried out on both sides", "양쪽 미처리");
pub(super) const NOT_LISTED: Words = words("rightly not in the file", "파일에 없음(정상)");

pub(super) const UNDONE_THERE: Words = words("carried out and moved back in the file", "파일 안에서 취소된 건");

pub(super) const BALANCES_TOLD: Words = words("balances that are told", "통보 잔액");
pub(super) const IN_SNAPSHOT: Words = words("balances in the snapshot", "기준 잔액");
pub(super) const BALANCES_AGREE: Words = words("balances that agree", "잔액 일치");
pub(super) const MOVEMENTS: Words = words("movements in between", "그사이 거래");
pub(super) const UNCERTAIN_MOVEMENTS: Words = words("movements that may count", "불확실한 거래");
pub(super) const NEITHER: Words = words("accounts in neither file", "두 파일에 없는 계좌");

/// What accounts in neither file mean if a file is a CSV file.
pub(super) const NEITHER_ADVICE: &str = "Transfers moved accounts that neither file has. Look whether the CSV file spells them otherwise than the \
    requests do: then what agrees was counted without its movements. If they belong to others, leave their requests out of `balances`.";

impl BalanceClass {
    /// The name for people.
    pub(super) fn words(self) -> Words {
        match self {
            Self::Differs => words("balance differs", "잔액 불일치"),
            Self::Uncertain => words("balance uncertain", "잔액 불확실"),
            Self::NoSnapshot => words("not in the snapshot", "기준 잔액 없음"),
            Self::NotTold => words("balance not told", "통보 잔액 없음"),
        }
    }

    /// What it means and what to do.
    pub(super) fn advice(self) -> &'static str {
        match self {
            Self::Differs => {
                "The balance that is told is not possible by what the journal knows. Look at the movements near the moment: the institution can have \
                 them on the other side of it, or has one that is not ours. Then ask the institution."
            }
            Self::Uncertain => {
                "The balance that is told is possible, and others are as well. Settle the unknown exchanges, and count again. What may lie on either side \
                 of a moment stays uncertain."
            }
            Self::NoSnapshot => {
                "A balance is told, and the snapshot does not have the account, so nothing was counted."
            }
            Self::NotTold => "The snapshot has the account, and no balance of it is told, so nothing was compared.",
        }
    }
}

impl Class {
    /// The name for people.
    pub(super) fn words(self) -> Words {
        match self {
            Self::MissingHere => words("missing here", "우리 쪽 누락"),
            Self::MissingThere => words("missing there", "기관 쪽 누락"),
            Self::AmountDiffers => words("amount differs", "금액 불일치"),
            Self::StateDiffers => words("outcome differs", "처리결과 불일치"),
            Self::Unsettled => words("unsettled here", "결과 불명"),
            Self::TwiceThere => words("twice there", "기관 쪽 중복"),
            Self::TwiceHere => words("twice here", "우리 쪽 중복"),
            Self::Unclear => words("record unclear", "판정 불가"),
            Self::Late => words("on another date here", "일자 상이"),
        }
    }

    /// What it means and what to do.
    pub(super) fn advice(self) -> &'static str {
        match self {
            Self::MissingHere => {
                "The institution has a transaction that this gateway did not send on that date or next to it. Look for it in other systems, then \
                 ask the institution."
            }
            Self::MissingThere => {
                "The journal says that it was carried out, and the file does not have it. It can be in the file of the next date. If it is not, \
                 ask the institution."
            }
            Self::AmountDiffers => {
                "Both have it, with different amounts. Compare the telegrams: fep-gateway journal show."
            }
            Self::StateDiffers => {
                "Both have it and disagree about the money. Compare the telegrams, then ask the institution."
            }
            Self::Unsettled => {
                "The outcome is unknown here, and the file says what became of it. Decide about the exchange in the console, or compare its telegrams: fep-gateway journal show."
            }
            Self::TwiceThere => {
                "The file has it more often than it was sent. Ask the institution whether it was carried out twice."
            }
            Self::TwiceHere => "It was sent more often than the file has it. Look which one was carried out.",
            Self::Unclear => {
                "No condition of the configuration says what the record means. Add its value to done, not_done or reversed, and begin again."
            }
            Self::Late => {
                "Both agree, and the journal has it on another date. Look whether it was missing there on that date: if it was not, both files have it."
            }
        }
    }
}
