//! The telegram with `positional`. It counts characters of UTF-8 text, so each byte is first turned into one character. The user converts
//! Korean back.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use encoding_rs::EUC_KR;
use positional::{FromPositionalRow, ToPositionalRow};

/// A number. Its text is empty if all of its zeros are trimmed.
#[derive(Debug, PartialEq)]
pub struct Number(pub u64);

impl FromStr for Number {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() { Ok(Self(0)) } else { text.parse().map(Self) }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Text in which each character stands for one byte.
#[derive(Debug, PartialEq)]
pub struct Korean(pub String);

impl FromStr for Korean {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let bytes: Vec<u8> = text.chars().map(|character| character as u8).collect();
        Ok(Self(EUC_KR.decode_without_bom_handling_and_without_replacement(&bytes).expect("EUC-KR").into_owned()))
    }
}

impl fmt::Display for Korean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = EUC_KR.encode(&self.0).0;
        let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
        f.write_str(&text)
    }
}

#[derive(FromPositionalRow, ToPositionalRow, Debug, PartialEq)]
pub struct Transfer {
    #[field(size = 4, filler = '0', align = "right")]
    pub length: Number,
    #[field(size = 9)]
    pub transaction_code: String,
    #[field(size = 8)]
    pub company_code: String,
    #[field(size = 3)]
    pub bank_code: String,
    #[field(size = 4)]
    pub telegram_code: String,
    #[field(size = 3)]
    pub business_code: String,
    #[field(size = 1, filler = '0', align = "right")]
    pub send_count: Number,
    #[field(size = 6, filler = '0', align = "right")]
    pub trace_no: Number,
    #[field(size = 8, filler = '0', align = "right")]
    pub sent_date: Number,
    #[field(size = 6, filler = '0', align = "right")]
    pub sent_time: Number,
    #[field(size = 4)]
    pub response_code: String,
    #[field(size = 14)]
    pub transaction_no: String,
    #[field(size = 30)]
    pub reserved_1: String,
    #[field(size = 16)]
    pub withdraw_account: String,
    #[field(size = 13, filler = '0', align = "right")]
    pub amount: Number,
    #[field(size = 1)]
    pub balance_sign: String,
    #[field(size = 13, filler = '0', align = "right")]
    pub balance: Number,
    #[field(size = 3)]
    pub deposit_bank: String,
    #[field(size = 16)]
    pub deposit_account: String,
    #[field(size = 9, filler = '0', align = "right")]
    pub fee: Number,
    #[field(size = 20)]
    pub payee_name: Korean,
    #[field(size = 14)]
    pub passbook_memo: Korean,
    #[field(size = 6)]
    pub check_digits: String,
    #[field(size = 89)]
    pub reserved_2: String,
}

pub fn decode(bytes: &[u8]) -> Transfer {
    let row: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    Transfer::from_positional_row(&row).expect("decodes")
}

pub fn encode(transfer: &Transfer) -> Vec<u8> {
    transfer.to_positional_row().chars().map(|character| character as u8).collect()
}
