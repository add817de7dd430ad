//! The telegram with `fixed_width`. It handles only UTF-8, so Korean fields are bytes that the user converts.

use encoding_rs::EUC_KR;
use fixed_width::{FieldSet, FixedWidth};
use serde::de::{Deserializer, Error as _, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq)]
pub struct Korean(pub String);

impl<'de> Deserialize<'de> for Korean {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Korean;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("EUC-KR")
            }
            fn visit_borrowed_bytes<E: serde::de::Error>(self, bytes: &'de [u8]) -> Result<Korean, E> {
                let text = EUC_KR.decode_without_bom_handling_and_without_replacement(bytes);
                Ok(Korean(text.ok_or_else(|| E::custom("not EUC-KR"))?.trim_end_matches(' ').to_owned()))
            }
        }
        deserializer.deserialize_bytes(Bytes).map_err(D::Error::custom)
    }
}

impl Serialize for Korean {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&EUC_KR.encode(&self.0).0)
    }
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
pub struct Transfer {
    pub length: u64,
    pub transaction_code: String,
    pub company_code: String,
    pub bank_code: String,
    pub telegram_code: String,
    pub business_code: String,
    pub send_count: u64,
    pub trace_no: u64,
    pub sent_date: u64,
    pub sent_time: u64,
    pub response_code: String,
    pub transaction_no: String,
    pub reserved_1: String,
    pub withdraw_account: String,
    pub amount: u64,
    pub balance_sign: String,
    pub balance: u64,
    pub deposit_bank: String,
    pub deposit_account: String,
    pub fee: u64,
    pub payee_name: Korean,
    pub passbook_memo: Korean,
    pub check_digits: String,
    pub reserved_2: String,
}

impl FixedWidth for Transfer {
    fn fields() -> FieldSet {
        let text = FieldSet::new_field;
        let number = |range| FieldSet::new_field(range).pad_with('0').justify("right");
        FieldSet::Seq(vec![
            number(0..4),
            text(4..13),
            text(13..21),
            text(21..24),
            text(24..28),
            text(28..31),
            number(31..32),
            number(32..38),
            number(38..46),
            number(46..52),
            text(52..56),
            text(56..70),
            text(70..100),
            text(100..116),
            number(116..129),
            text(129..130),
            number(130..143),
            text(143..146),
            text(146..162),
            number(162..171),
            text(171..191),
            text(191..205),
            text(205..211),
            text(211..300),
        ])
    }
}

pub fn decode(bytes: &[u8]) -> Transfer {
    fixed_width::from_bytes(bytes).expect("decodes")
}

pub fn encode(transfer: &Transfer) -> Vec<u8> {
    fixed_width::to_bytes(transfer).expect("encodes")
}
