//! The telegram with `binrw`: byte arrays mapped to values.

use std::io::Cursor;

use binrw::{BinRead, BinWrite};

use super::convert::{number, number_bytes, text, text_bytes};

fn no(reason: String) -> binrw::Error {
    binrw::Error::AssertFail { pos: 0, message: reason }
}

#[derive(BinRead, BinWrite, Debug, PartialEq)]
pub struct Transfer {
    #[br(try_map = |bytes: [u8; 4]| number(&bytes).map_err(no))]
    #[bw(map = |value| number_bytes::<4>(*value))]
    pub length: u64,
    #[br(try_map = |bytes: [u8; 9]| text(&bytes).map_err(no))]
    #[bw(map = |value| text_bytes::<9>(value))]
    pub transaction_code: String,
    #[br(try_map = |bytes: [u8; 8]| text(&bytes).map_err(no))]
    #[bw(map = |value| text_bytes::<8>(value))]
    pub company_code: String,
    #[br(try_map = |bytes: [u8; 3]| text(&bytes).map_err(no))]
    #[bw(map = |value| text_bytes::<3>(value))]
    pub bank_code: String,
    #[br(try_map = |bytes: [u8; 4]| text(&bytes).map_err(no))]
    #[bw(map = |value| text_bytes::<4>(value))]
    pub telegram_code: String,
    #[br(try_map = |bytes: [u8; 3]| text(&bytes).map_err(no))]
    #[bw(map = |value| text_bytes::<3>(value))]
    pub business_code: String,
    #[br(try_map = |bytes: [u8; 1]| number(&bytes).map_err(no))]
    #[bw(map = |value| number_bytes::<1>(*value))]
    pub send_count: u64,
    #[br(try_map = |bytes: [u8; 6]| number(&bytes).map_err(no))]
    #[bw(map = |value| number_bytes::<6>(*value))]
    pub trace_no: u64,
    #[br(try_map = |bytes: [u8; 8]| number(&bytes).map_err(no))]
    #[bw(map = |value| number_bytes::<8>(*value))]
    pub sent_date: u64,
    #[br(try_map = |bytes: [u8; 6]| number(&bytes).map_err(no))]
    #[bw(map = |value| number_bytes::<6>(*value))]
    pub sent_time: u64,
    #[br(try_map = |bytes: [u8; 4]| text(&bytes).map_err(no))]
    #[bw(map = |value| text_bytes::<4>(value))]
    pub response_code: String,
    #[br(try_map = |bytes: [u8; 14]| text(&bytes).map_err(no))]
    #[bw(map = |value| text_bytes::<14>(value))]
    pub transaction_no: String,
    #[br(try_map = |bytes: [u8; 30]| text(&bytes).map_err(no))]
    #[bw(map = |value| text_bytes::<30>(value))]
    pub reserved_1: String,
    #[br(try_map = |bytes: [u8; 16]| text(&bytes).map_err(no))]
    #[bw(map = |value| text_bytes::<16>(value))]
    pub withdraw_account: String,
    #[br(try_map = |bytes: [u8; 13]| number(&bytes).map_err(no))]
    #[bw(map = |value| number_bytes::<13>(*value))]
    pub amount: u64,
    #[br(try_map = |bytes: [u8; 1]| text(&bytes).map_err(no))]
    #[bw(map = |value| text_bytes::<1>(value))]
    pub balance_sign: String,
    #[br(try_map = |bytes: [u8; 13]| number(&bytes).map_err(no))]
    #[bw(map = |value| number_bytes::<13>(*value))]
    pub balance: u64,
    #[br(try_map = |bytes: [u8; 3]| text(&bytes).map_err(no))]
    #[bw(map = |value| text_bytes::<3>(value))]
    pub deposit_bank: String,
    #[br(try_map = |bytes: [u8; 16]| text(&bytes).map_err(no))]
    #[bw(map = |value| text_bytes::<16>(value))]
    pub deposit_account: String,
    #[br(try_map = |bytes: [u8; 9]| number(&bytes).map_err(no))]
    #[bw(map = |value| number_bytes::<9>(*value))]
    pub fee: u64,
    #[br(try_map = |bytes: [u8; 20]| text(&bytes).map_err(no))]
    #[bw(map = |value| text_bytes::<20>(value))]
    pub payee_name: String,
    #[br(try_map = |bytes: [u8; 14]| text(&bytes).map_err(no))]
    #[bw(map = |value| text_bytes::<14>(value))]
    pub passbook_memo: String,
    #[br(try_map = |bytes: [u8; 6]| text(&bytes).map_err(no))]
    #[bw(map = |value| text_bytes::<6>(value))]
    pub check_digits: String,
    #[br(try_map = |bytes: [u8; 89]| text(&bytes).map_err(no))]
    #[bw(map = |value| text_bytes::<89>(value))]
    pub reserved_2: String,
}

pub fn decode(bytes: &[u8]) -> Transfer {
    Transfer::read_be(&mut Cursor::new(bytes)).expect("decodes")
}

pub fn encode(transfer: &Transfer, out: &mut Vec<u8>) {
    out.clear();
    transfer.write_be(&mut Cursor::new(out)).expect("encodes");
}
