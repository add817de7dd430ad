//! The telegrams of the mini bank, as `fep gen fep-gateway/examples/mini_bank.toml` generates them.

use fep_codec::{Date, Digits, Telegram, Text};

/// Transfer (이체).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(len = 75, charset = "euc-kr", label = "이체", when("header.telegram_code" = "0100"), debug)]
pub struct Transfer {
    /// Header (공통부).
    pub header: Header,
    /// Account (출금계좌번호).
    #[field(len = 16, label = "출금계좌번호", secret)]
    pub account: Digits<16>,
    /// Amount (출금금액).
    #[field(len = 13, label = "출금금액")]
    pub amount: u64,
    /// Payee name (입금인성명).
    #[field(len = 20, label = "입금인성명", secret)]
    pub payee_name: Text<20>,
}

/// Transfer answer (이체 응답).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(len = 88, charset = "euc-kr", label = "이체 응답", when("header.telegram_code" = "0110"), debug)]
pub struct TransferAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Account (출금계좌번호).
    #[field(len = 16, label = "출금계좌번호", secret)]
    pub account: Digits<16>,
    /// Amount (출금금액).
    #[field(len = 13, label = "출금금액")]
    pub amount: u64,
    /// Payee name (입금인성명).
    #[field(len = 20, label = "입금인성명", secret)]
    pub payee_name: Text<20>,
    /// Balance (출금후잔액).
    #[field(len = 13, label = "출금후잔액")]
    pub balance: u64,
}

/// Deposit notice (입금통지).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(len = 55, charset = "euc-kr", label = "입금통지", when("header.telegram_code" = "0400"), debug)]
pub struct DepositNotice {
    /// Header (공통부).
    pub header: Header,
    /// Account (계좌번호).
    #[field(len = 16, label = "계좌번호", secret)]
    pub account: Digits<16>,
    /// Amount (금액).
    #[field(len = 13, label = "금액")]
    pub amount: u64,
}

/// Deposit notice answer (입금통지 응답).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(len = 55, charset = "euc-kr", label = "입금통지 응답", when("header.telegram_code" = "0410"), debug)]
pub struct DepositNoticeAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Account (계좌번호).
    #[field(len = 16, label = "계좌번호", secret)]
    pub account: Digits<16>,
    /// Amount (금액).
    #[field(len = 13, label = "금액")]
    pub amount: u64,
}

/// Header (공통부).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", label = "공통부")]
pub struct Header {
    /// Length (전문길이).
    #[field(len = 4, label = "전문길이", computed = length(rest))]
    pub length: (),
    /// Telegram code (전문종별코드).
    #[field(len = 4, label = "전문종별코드", full)]
    pub telegram_code: Digits<4>,
    /// Trace no (전문추적번호).
    #[field(len = 6, label = "전문추적번호")]
    pub trace_no: u32,
    /// Sent date (전송일자).
    #[field(len = 8, label = "전송일자")]
    pub sent_date: Date,
    /// Response code (응답코드).
    #[field(len = 4, label = "응답코드")]
    pub response_code: Digits<4>,
}
