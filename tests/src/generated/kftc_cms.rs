//! KFTC CMS 출금이체 신청: the telegrams of the spec `kftc-cms`, version 2026-11-01.
//!
//! Written by `fep gen` from kftc-cms.toml (fnv1a-64 56f303140b0d6001). A change belongs there.

use std::borrow::Cow;

use fep_codec::files::{FileLayout, LastLineEnd, Lenient, LineEnd, Only, Step, Tally, Total};
use fep_codec::{Code, Date, Digits, Telegram, Text};

/// Any record of the file EB13 (출금이체 신청내역).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "records are as long as the sheet says")]
pub enum EB13Record {
    /// Header (헤더 레코드).
    Header(Header),
    /// Data (데이터 레코드).
    Data(Data),
    /// Trailer (트레일러 레코드).
    Trailer(Trailer),
}

/// Any record of the file EB14 (출금이체 신청 불능내역).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "records are as long as the sheet says")]
pub enum EB14Record {
    /// Header (헤더 레코드).
    Header(Header),
    /// Data (데이터 레코드).
    Data(Data),
    /// Trailer (트레일러 레코드).
    Trailer(Trailer),
}

/// Header (헤더 레코드).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 120, charset = "euc-kr", label = "헤더 레코드")]
pub struct Header {
    /// Record type (레코드구분).
    #[field(literal = "H", label = "레코드구분")]
    pub record_type: (),
    /// Serial (일련번호).
    #[field(literal = "00000000", label = "일련번호")]
    pub serial: (),
    /// Institution code (기관코드).
    #[field(len = 10, label = "기관코드", charset = "ascii")]
    pub institution_code: Text<10>,
    /// File name (파일명).
    ///
    /// EB13MMDD
    #[field(len = 8, label = "파일명", charset = "ascii")]
    pub file_name: Text<8>,
    /// Applied on (신청일자).
    #[field(len = 6, label = "신청일자", pattern = "YYMMDD")]
    pub applied_on: Date,
    /// Reserved (FILLER).
    #[field(filler, len = 87, label = "FILLER")]
    pub _reserved: (),
}

/// Data (데이터 레코드).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(len = 120, charset = "euc-kr", label = "데이터 레코드", debug)]
pub struct Data {
    /// Record type (레코드구분).
    #[field(literal = "R", label = "레코드구분")]
    pub record_type: (),
    /// Serial (일련번호).
    ///
    /// 00000001부터
    #[field(len = 8, label = "일련번호")]
    pub serial: u32,
    /// Institution code (기관코드).
    #[field(len = 10, label = "기관코드", charset = "ascii")]
    pub institution_code: Text<10>,
    /// Applied on (신청일자).
    #[field(len = 6, label = "신청일자", pattern = "YYMMDD")]
    pub applied_on: Date,
    /// Kind (신청구분).
    #[field(len = 1, label = "신청구분", code)]
    pub kind: ApplicationKind,
    /// Payer no (납부자번호).
    #[field(len = 20, label = "납부자번호", secret, charset = "ascii")]
    pub payer_no: Text<20>,
    /// Bank branch (은행점코드).
    #[field(len = 7, label = "은행점코드", full)]
    pub bank_branch: Digits<7>,
    /// Account (지정출금계좌번호).
    #[field(len = 16, label = "지정출금계좌번호", secret, charset = "ascii")]
    pub account: Text<16>,
    /// Holder no (생년월일/사업자등록번호).
    #[field(len = 16, label = "생년월일/사업자등록번호", secret, charset = "ascii")]
    pub holder_no: Text<16>,
    /// Branch (취급점코드).
    #[field(len = 4, label = "취급점코드", charset = "ascii")]
    pub branch: Text<4>,
    /// Fund kind (자금종류).
    #[field(len = 2, label = "자금종류", charset = "ascii")]
    pub fund_kind: Text<2>,
    /// Result (결과코드).
    #[field(len = 1, label = "결과코드", charset = "ascii")]
    pub result: Text<1>,
    /// Reason (불능코드).
    #[field(len = 4, label = "불능코드", charset = "ascii")]
    pub reason: Text<4>,
    /// Reserved (FILLER).
    #[field(filler, len = 1, label = "FILLER")]
    pub _reserved: (),
    /// Institution use (기관사용영역).
    #[field(len = 12, label = "기관사용영역")]
    pub institution_use: Text<12>,
    /// Channel (신청서 접수채널).
    #[field(len = 1, label = "신청서 접수채널", charset = "ascii")]
    pub channel: Text<1>,
    /// Reserved (FILLER).
    #[field(filler, len = 10, label = "FILLER")]
    pub _reserved_2: (),
}

/// Trailer (트레일러 레코드).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 120, charset = "euc-kr", label = "트레일러 레코드")]
pub struct Trailer {
    /// Record type (레코드구분).
    #[field(literal = "T", label = "레코드구분")]
    pub record_type: (),
    /// Serial (일련번호).
    #[field(literal = "99999999", label = "일련번호")]
    pub serial: (),
    /// Institution code (기관코드).
    #[field(len = 10, label = "기관코드", charset = "ascii")]
    pub institution_code: Text<10>,
    /// File name (파일명).
    #[field(len = 8, label = "파일명", charset = "ascii")]
    pub file_name: Text<8>,
    /// Total (총 Data Record수).
    #[field(len = 8, label = "총 Data Record수")]
    pub total: u32,
    /// New (신규등록건수).
    #[field(len = 8, label = "신규등록건수")]
    pub new: u32,
    /// Changed (변경등록건수).
    #[field(literal = "00000000", label = "변경등록건수")]
    pub changed: (),
    /// Ended (해지등록건수).
    #[field(len = 8, label = "해지등록건수")]
    pub ended: u32,
    /// Ended by institution (임의해지건수).
    #[field(len = 8, label = "임의해지건수")]
    pub ended_by_institution: u32,
    /// Reserved (FILLER).
    #[field(filler, len = 43, label = "FILLER")]
    pub _reserved: (),
    /// Mac (MAC 검증값).
    #[field(len = 10, label = "MAC 검증값", charset = "ascii")]
    pub mac: Text<10>,
}

/// Application kind (신청구분).
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum ApplicationKind {
    /// 신규.
    #[code("1", label = "신규")]
    New,
    /// 해지.
    #[code("3", label = "해지")]
    Ended,
    /// 임의해지.
    #[code("7", label = "임의해지")]
    EndedByInstitution,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<1>),
}

/// How the file EB13 (출금이체 신청내역) is read and written.
pub static EB13: FileLayout = FileLayout {
    name: Cow::Borrowed("EB13"),
    label: Cow::Borrowed("출금이체 신청내역"),
    line_ends: Cow::Borrowed(&[LineEnd::None]),
    last_line_end: LastLineEnd::Required,
    record_word: None,
    block_word: None,
    steps: Cow::Borrowed(&[Step::once(Header::LAYOUT), Step::any_number(Data::LAYOUT), Step::once(Trailer::LAYOUT)]),
    blocks: None,
    totals: Cow::Borrowed(&[
        Total::new("Trailer", "total", Tally::count("Data")),
        Total {
            record: Cow::Borrowed("Trailer"),
            field: Cow::Borrowed("new"),
            tally: Tally::count("Data"),
            only: Some(Only { field: Cow::Borrowed("kind"), values: Cow::Borrowed(&[Cow::Borrowed("1")]) }),
            minus: None,
            absolute: false,
            last_digits: None,
        },
        Total {
            record: Cow::Borrowed("Trailer"),
            field: Cow::Borrowed("ended"),
            tally: Tally::count("Data"),
            only: Some(Only { field: Cow::Borrowed("kind"), values: Cow::Borrowed(&[Cow::Borrowed("3")]) }),
            minus: None,
            absolute: false,
            last_digits: None,
        },
        Total {
            record: Cow::Borrowed("Trailer"),
            field: Cow::Borrowed("ended_by_institution"),
            tally: Tally::count("Data"),
            only: Some(Only { field: Cow::Borrowed("kind"), values: Cow::Borrowed(&[Cow::Borrowed("7")]) }),
            minus: None,
            absolute: false,
            last_digits: None,
        },
    ]),
    serials: Cow::Borrowed(&[]),
    lenient: Lenient::STRICT,
};

/// How the file EB14 (출금이체 신청 불능내역) is read and written.
pub static EB14: FileLayout = FileLayout {
    name: Cow::Borrowed("EB14"),
    label: Cow::Borrowed("출금이체 신청 불능내역"),
    line_ends: Cow::Borrowed(&[LineEnd::None]),
    last_line_end: LastLineEnd::Required,
    record_word: None,
    block_word: None,
    steps: Cow::Borrowed(&[Step::once(Header::LAYOUT), Step::any_number(Data::LAYOUT), Step::once(Trailer::LAYOUT)]),
    blocks: None,
    totals: Cow::Borrowed(&[
        Total::new("Trailer", "total", Tally::count("Data")),
        Total {
            record: Cow::Borrowed("Trailer"),
            field: Cow::Borrowed("new"),
            tally: Tally::count("Data"),
            only: Some(Only { field: Cow::Borrowed("kind"), values: Cow::Borrowed(&[Cow::Borrowed("1")]) }),
            minus: None,
            absolute: false,
            last_digits: None,
        },
        Total {
            record: Cow::Borrowed("Trailer"),
            field: Cow::Borrowed("ended"),
            tally: Tally::count("Data"),
            only: Some(Only { field: Cow::Borrowed("kind"), values: Cow::Borrowed(&[Cow::Borrowed("3")]) }),
            minus: None,
            absolute: false,
            last_digits: None,
        },
        Total {
            record: Cow::Borrowed("Trailer"),
            field: Cow::Borrowed("ended_by_institution"),
            tally: Tally::count("Data"),
            only: Some(Only { field: Cow::Borrowed("kind"), values: Cow::Borrowed(&[Cow::Borrowed("7")]) }),
            minus: None,
            absolute: false,
            last_digits: None,
        },
    ]),
    serials: Cow::Borrowed(&[]),
    lenient: Lenient::STRICT,
};
