//! The data record of EB13, as a struct that borrows.

use fep_codec::{Date, Telegram};

/// The data record, borrowing where possible. Its one field of Korean text stays as bytes.
#[derive(Telegram, Debug)]
#[telegram(len = 120, charset = "ascii")]
pub(crate) struct Data<'a> {
    #[field(literal = "R")]
    pub(crate) record_type: (),
    #[field(len = 8)]
    pub(crate) serial: u32,
    #[field(len = 10)]
    pub(crate) institution_code: &'a str,
    #[field(len = 6, pattern = "YYMMDD")]
    pub(crate) applied_on: Date,
    #[field(len = 1)]
    pub(crate) kind: &'a str,
    #[field(len = 20)]
    pub(crate) payer_no: &'a str,
    #[field(len = 7)]
    pub(crate) bank_branch: &'a str,
    #[field(len = 16)]
    pub(crate) account: &'a str,
    #[field(len = 16)]
    pub(crate) holder_no: &'a str,
    #[field(len = 4)]
    pub(crate) branch: &'a str,
    #[field(len = 2)]
    pub(crate) fund_kind: &'a str,
    #[field(len = 1)]
    pub(crate) result: &'a str,
    #[field(len = 4)]
    pub(crate) reason: &'a str,
    #[field(filler, len = 1)]
    _reserved: (),
    #[field(len = 12)]
    pub(crate) institution_use: &'a [u8],
    #[field(len = 1)]
    pub(crate) channel: &'a str,
    #[field(filler, len = 10)]
    _reserved_2: (),
}
