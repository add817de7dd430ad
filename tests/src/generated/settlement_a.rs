//! Bank A 이체 정산 파일: the telegrams of the spec `settlement-a`, version 2026-11-29.
//!
//! Written by `fep gen` from settlement-a.toml (fnv1a-64 59c3617827b6417e). A change belongs there.

use std::borrow::Cow;

use fep_codec::files::{FieldOf, FileLayout, LastLineEnd, Lenient, LineEnd, Only, Serial, Step, Tally, Total};
use fep_codec::{Code, Date, Telegram, Text};

/// Any record of the file Settlement (이체 정산 내역).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "records are as long as the sheet says")]
pub enum SettlementRecord {
    /// Header (헤더 레코드).
    Header(Header),
    /// Detail (데이터 레코드).
    Detail(Detail),
    /// Trailer (트레일러 레코드).
    Trailer(Trailer),
}

/// Header (헤더 레코드).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 60, charset = "euc-kr", label = "헤더 레코드")]
pub struct Header {
    /// Record type (레코드구분).
    #[field(literal = "HD", label = "레코드구분")]
    pub record_type: (),
    /// Settled on (정산일자).
    #[field(len = 8, label = "정산일자")]
    pub settled_on: Date,
    /// Reserved (예비).
    #[field(filler, len = 50, label = "예비")]
    pub _reserved: (),
}

/// Detail (데이터 레코드).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 60, charset = "euc-kr", label = "데이터 레코드")]
pub struct Detail {
    /// Record type (레코드구분).
    #[field(literal = "DT", label = "레코드구분")]
    pub record_type: (),
    /// Serial (일련번호).
    #[field(len = 7, label = "일련번호")]
    pub serial: u32,
    /// Trace no (전문추적번호).
    #[field(len = 6, label = "전문추적번호")]
    pub trace_no: u32,
    /// Sent date (전송일자).
    #[field(len = 8, label = "전송일자")]
    pub sent_date: Date,
    /// Transaction no (거래고유번호).
    #[field(len = 14, label = "거래고유번호", charset = "ascii")]
    pub transaction_no: Text<14>,
    /// Amount (금액).
    #[field(len = 13, label = "금액")]
    pub amount: u64,
    /// Result (처리결과).
    #[field(len = 2, label = "처리결과", code)]
    pub result: SettlementResult,
    /// Reserved (예비).
    #[field(filler, len = 8, label = "예비")]
    pub _reserved: (),
}

/// Trailer (트레일러 레코드).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 60, charset = "euc-kr", label = "트레일러 레코드")]
pub struct Trailer {
    /// Record type (레코드구분).
    #[field(literal = "TR", label = "레코드구분")]
    pub record_type: (),
    /// Count (총 건수).
    #[field(len = 7, label = "총 건수")]
    pub count: u32,
    /// Amount (정상 금액).
    #[field(len = 15, label = "정상 금액")]
    pub amount: u64,
    /// Reserved (예비).
    #[field(filler, len = 36, label = "예비")]
    pub _reserved: (),
}

/// Settlement result (처리결과).
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum SettlementResult {
    /// 정상.
    #[code("00", label = "정상")]
    Done,
    /// 취소.
    #[code("90", label = "취소")]
    Reversed,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<2>),
}

/// How the file Settlement (이체 정산 내역) is read and written.
pub static SETTLEMENT: FileLayout = FileLayout {
    name: Cow::Borrowed("Settlement"),
    label: Cow::Borrowed("이체 정산 내역"),
    line_ends: Cow::Borrowed(&[LineEnd::Lf, LineEnd::CrLf]),
    last_line_end: LastLineEnd::Required,
    record_word: None,
    block_word: None,
    steps: Cow::Borrowed(&[Step::once(Header::LAYOUT), Step::any_number(Detail::LAYOUT), Step::once(Trailer::LAYOUT)]),
    blocks: None,
    totals: Cow::Borrowed(&[
        Total::new("Trailer", "count", Tally::count("Detail")),
        Total {
            record: Cow::Borrowed("Trailer"),
            field: Cow::Borrowed("amount"),
            tally: Tally::sum("Detail", "amount"),
            only: Some(Only { field: Cow::Borrowed("result"), values: Cow::Borrowed(&[Cow::Borrowed("00")]) }),
            minus: None,
            absolute: false,
            last_digits: None,
        },
    ]),
    serials: Cow::Borrowed(&[Serial {
        fields: Cow::Borrowed(&[FieldOf { record: Cow::Borrowed("Detail"), field: Cow::Borrowed("serial") }]),
        from: Some(1),
        to: None,
        restart: Cow::Borrowed(&[]),
        gaps: false,
    }]),
    lenient: Lenient::STRICT,
};
