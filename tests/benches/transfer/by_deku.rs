//! The telegram with `deku`: byte arrays mapped to values.

use std::io::Cursor;

use deku::prelude::*;

use super::convert::{number, number_bytes, text, text_bytes};

fn no(reason: String) -> DekuError {
    DekuError::Parse(reason.into())
}

#[derive(DekuRead, DekuWrite, Debug, PartialEq)]
pub struct Transfer {
    #[deku(
        map = "|bytes: [u8; 4]| number(&bytes).map_err(no)",
        writer = "number_bytes::<4>(*length).to_writer(deku::writer, ())"
    )]
    pub length: u64,
    #[deku(
        map = "|bytes: [u8; 9]| text(&bytes).map_err(no)",
        writer = "text_bytes::<9>(transaction_code).to_writer(deku::writer, ())"
    )]
    pub transaction_code: String,
    #[deku(
        map = "|bytes: [u8; 8]| text(&bytes).map_err(no)",
        writer = "text_bytes::<8>(company_code).to_writer(deku::writer, ())"
    )]
    pub company_code: String,
    #[deku(
        map = "|bytes: [u8; 3]| text(&bytes).map_err(no)",
        writer = "text_bytes::<3>(bank_code).to_writer(deku::writer, ())"
    )]
    pub bank_code: String,
    #[deku(
        map = "|bytes: [u8; 4]| text(&bytes).map_err(no)",
        writer = "text_bytes::<4>(telegram_code).to_writer(deku::writer, ())"
    )]
    pub telegram_code: String,
    #[deku(
        map = "|bytes: [u8; 3]| text(&bytes).map_err(no)",
        writer = "text_bytes::<3>(business_code).to_writer(deku::writer, ())"
    )]
    pub business_code: String,
    #[deku(
        map = "|bytes: [u8; 1]| number(&bytes).map_err(no)",
        writer = "number_bytes::<1>(*send_count).to_writer(deku::writer, ())"
    )]
    pub send_count: u64,
    #[deku(
        map = "|bytes: [u8; 6]| number(&bytes).map_err(no)",
        writer = "number_bytes::<6>(*trace_no).to_writer(deku::writer, ())"
    )]
    pub trace_no: u64,
    #[deku(
        map = "|bytes: [u8; 8]| number(&bytes).map_err(no)",
        writer = "number_bytes::<8>(*sent_date).to_writer(deku::writer, ())"
    )]
    pub sent_date: u64,
    #[deku(
        map = "|bytes: [u8; 6]| number(&bytes).map_err(no)",
        writer = "number_bytes::<6>(*sent_time).to_writer(deku::writer, ())"
    )]
    pub sent_time: u64,
    #[deku(
        map = "|bytes: [u8; 4]| text(&bytes).map_err(no)",
        writer = "text_bytes::<4>(response_code).to_writer(deku::writer, ())"
    )]
    pub response_code: String,
    #[deku(
        map = "|bytes: [u8; 14]| text(&bytes).map_err(no)",
        writer = "text_bytes::<14>(transaction_no).to_writer(deku::writer, ())"
    )]
    pub transaction_no: String,
    #[deku(
        map = "|bytes: [u8; 30]| text(&bytes).map_err(no)",
        writer = "text_bytes::<30>(reserved_1).to_writer(deku::writer, ())"
    )]
    pub reserved_1: String,
    #[deku(
        map = "|bytes: [u8; 16]| text(&bytes).map_err(no)",
        writer = "text_bytes::<16>(withdraw_account).to_writer(deku::writer, ())"
    )]
    pub withdraw_account: String,
    #[deku(
        map = "|bytes: [u8; 13]| number(&bytes).map_err(no)",
        writer = "number_bytes::<13>(*amount).to_writer(deku::writer, ())"
    )]
    pub amount: u64,
    #[deku(
        map = "|bytes: [u8; 1]| text(&bytes).map_err(no)",
        writer = "text_bytes::<1>(balance_sign).to_writer(deku::writer, ())"
    )]
    pub balance_sign: String,
    #[deku(
        map = "|bytes: [u8; 13]| number(&bytes).map_err(no)",
        writer = "number_bytes::<13>(*balance).to_writer(deku::writer, ())"
    )]
    pub balance: u64,
    #[deku(
        map = "|bytes: [u8; 3]| text(&bytes).map_err(no)",
        writer = "text_bytes::<3>(deposit_bank).to_writer(deku::writer, ())"
    )]
    pub deposit_bank: String,
    #[deku(
        map = "|bytes: [u8; 16]| text(&bytes).map_err(no)",
        writer = "text_bytes::<16>(deposit_account).to_writer(deku::writer, ())"
    )]
    pub deposit_account: String,
    #[deku(
        map = "|bytes: [u8; 9]| number(&bytes).map_err(no)",
        writer = "number_bytes::<9>(*fee).to_writer(deku::writer, ())"
    )]
    pub fee: u64,
    #[deku(
        map = "|bytes: [u8; 20]| text(&bytes).map_err(no)",
        writer = "text_bytes::<20>(payee_name).to_writer(deku::writer, ())"
    )]
    pub payee_name: String,
    #[deku(
        map = "|bytes: [u8; 14]| text(&bytes).map_err(no)",
        writer = "text_bytes::<14>(passbook_memo).to_writer(deku::writer, ())"
    )]
    pub passbook_memo: String,
    #[deku(
        map = "|bytes: [u8; 6]| text(&bytes).map_err(no)",
        writer = "text_bytes::<6>(check_digits).to_writer(deku::writer, ())"
    )]
    pub check_digits: String,
    #[deku(
        map = "|bytes: [u8; 89]| text(&bytes).map_err(no)",
        writer = "text_bytes::<89>(reserved_2).to_writer(deku::writer, ())"
    )]
    pub reserved_2: String,
}

pub fn decode(bytes: &[u8]) -> Transfer {
    let mut cursor = Cursor::new(bytes);
    Transfer::from_reader_with_ctx(&mut Reader::new(&mut cursor), ()).expect("decodes")
}

pub fn encode(transfer: &Transfer) -> Vec<u8> {
    transfer.to_bytes().expect("encodes")
}
