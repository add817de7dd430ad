//! The telegram with `#[derive(Telegram)]`, borrowing where possible.

use fep_codec::{Date, Digits, Telegram, Text, Time};

#[derive(Telegram, Debug, PartialEq)]
#[telegram(len = 100, view)]
pub struct Header<'a> {
    #[field(len = 4, computed = length(rest))]
    pub length: (),
    #[field(len = 9)]
    pub transaction_code: &'a str,
    #[field(len = 8)]
    pub company_code: &'a str,
    #[field(len = 3, digits, full)]
    pub bank_code: &'a str,
    #[field(len = 4, digits, full)]
    pub telegram_code: &'a str,
    #[field(len = 3, digits, full)]
    pub business_code: &'a str,
    #[field(len = 1)]
    pub send_count: u8,
    #[field(len = 6)]
    pub trace_no: u32,
    #[field(len = 8)]
    pub sent_date: Date,
    #[field(len = 6)]
    pub sent_time: Time,
    #[field(len = 4)]
    pub response_code: &'a str,
    #[field(len = 14)]
    pub transaction_no: &'a str,
    #[field(filler, len = 30)]
    _reserved: (),
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(len = 300, charset = "euc-kr", view)]
pub struct Transfer<'a> {
    pub header: Header<'a>,
    #[field(len = 16, secret)]
    pub withdraw_account: Digits<16>,
    #[field(len = 13)]
    pub amount: u64,
    #[field(len = 1, charset = "ascii")]
    pub balance_sign: &'a str,
    #[field(len = 13)]
    pub balance: u64,
    #[field(len = 3, digits, full)]
    pub deposit_bank: &'a str,
    #[field(len = 16, secret)]
    pub deposit_account: Digits<16>,
    #[field(len = 9)]
    pub fee: u32,
    #[field(len = 20, secret)]
    pub payee_name: Text<20>,
    #[field(len = 14, overflow = "cut")]
    pub passbook_memo: Text<14>,
    #[field(len = 6, charset = "ascii")]
    pub check_digits: &'a str,
    #[field(filler, len = 89)]
    _reserved: (),
}
