//! 국세청 부가가치세 전자신고: the telegrams of the spec `nts-vat`, version 2026.
//!
//! Written by `fep gen` from nts-vat.toml (fnv1a-64 77e7141dd28e48d8). A change belongs there.

use std::borrow::Cow;

use fep_codec::files::{FileLayout, LastLineEnd, Lenient, LineEnd, Stands, Step};
use fep_codec::{Date, Digits, Telegram, Text};

/// Any telegram of 국세청 부가가치세 전자신고.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "telegrams are as long as the sheet says")]
pub enum NtsVat {
    /// Head (신고서 헤더).
    Head(Head),
    /// Income (수입금액).
    Income(Income),
    /// Invoice totals (세금계산서 합계표 합계).
    InvoiceTotals(InvoiceTotals),
}

/// Any record of the file VatFile (부가가치세 신고 파일).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "records are as long as the sheet says")]
pub enum VatFileRecord {
    /// Head (신고서 헤더).
    Head(Head),
    /// Income (수입금액).
    Income(Income),
    /// Invoice totals (세금계산서 합계표 합계).
    InvoiceTotals(InvoiceTotals),
}

/// Head (신고서 헤더).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 600, charset = "euc-kr", label = "신고서 헤더", when("record_type" = "11"))]
pub struct Head {
    /// Record type (자료구분).
    #[field(len = 2, label = "자료구분", charset = "ascii")]
    pub record_type: Text<2>,
    /// Form (서식코드).
    #[field(literal = "I103200", label = "서식코드")]
    pub form: (),
    /// Taxpayer id (납세자ID).
    #[field(len = 13, label = "납세자ID", charset = "ascii")]
    pub taxpayer_id: Text<13>,
    /// Tax (세목코드).
    #[field(len = 2, label = "세목코드", charset = "ascii")]
    pub tax: Text<2>,
    /// Filing (신고구분코드).
    #[field(len = 2, label = "신고구분코드", charset = "ascii")]
    pub filing: Text<2>,
    /// Filing detail (신고구분상세코드).
    #[field(len = 2, label = "신고구분상세코드", charset = "ascii")]
    pub filing_detail: Text<2>,
    /// Period (과세기간_년기).
    #[field(len = 6, label = "과세기간_년기", charset = "ascii")]
    pub period: Text<6>,
    /// Return kind (신고서종류코드).
    #[field(len = 3, label = "신고서종류코드", charset = "ascii")]
    pub return_kind: Text<3>,
    /// User id (사용자ID).
    #[field(len = 20, label = "사용자ID", charset = "ascii")]
    pub user_id: Text<20>,
    /// Taxpayer no (납세자번호).
    #[field(len = 13, label = "납세자번호", charset = "ascii")]
    pub taxpayer_no: Text<13>,
    /// Agent name (세무대리인성명).
    #[field(len = 30, label = "세무대리인성명")]
    pub agent_name: Text<30>,
    /// Agent phone 1 (세무대리인전화1).
    #[field(len = 4, label = "세무대리인전화1", charset = "ascii")]
    pub agent_phone_1: Text<4>,
    /// Agent phone 2 (전화2).
    #[field(len = 5, label = "전화2", charset = "ascii")]
    pub agent_phone_2: Text<5>,
    /// Agent phone 3 (전화3).
    #[field(len = 5, label = "전화3", charset = "ascii")]
    pub agent_phone_3: Text<5>,
    /// Company (상호(법인명)).
    #[field(len = 30, label = "상호(법인명)")]
    pub company: Text<30>,
    /// Ceo (성명(대표자명)).
    #[field(len = 30, label = "성명(대표자명)")]
    pub ceo: Text<30>,
    /// Place (사업장소재지).
    #[field(len = 70, label = "사업장소재지")]
    pub place: Text<70>,
    /// Place phone (사업장전화번호).
    #[field(len = 14, label = "사업장전화번호", charset = "ascii")]
    pub place_phone: Text<14>,
    /// Address (사업자주소).
    #[field(len = 70, label = "사업자주소")]
    pub address: Text<70>,
    /// Phone (사업자전화번호).
    #[field(len = 14, label = "사업자전화번호", charset = "ascii")]
    pub phone: Text<14>,
    /// Business (업태명).
    #[field(len = 30, label = "업태명")]
    pub business: Text<30>,
    /// Item (종목명).
    #[field(len = 50, label = "종목명")]
    pub item: Text<50>,
    /// Industry (업종코드).
    #[field(len = 7, label = "업종코드", charset = "ascii")]
    pub industry: Text<7>,
    /// From (과세기간시작일자).
    #[field(len = 8, label = "과세기간시작일자")]
    pub from: Date,
    /// To (과세기간종료일자).
    #[field(len = 8, label = "과세기간종료일자")]
    pub to: Date,
    /// Written (작성일자).
    #[field(len = 8, label = "작성일자")]
    pub written: Date,
    /// Amended (보정신고구분).
    #[field(len = 1, label = "보정신고구분", charset = "ascii")]
    pub amended: Text<1>,
    /// Mobile (사업자휴대전화).
    #[field(len = 14, label = "사업자휴대전화", charset = "ascii")]
    pub mobile: Text<14>,
    /// Program (세무프로그램코드).
    #[field(len = 4, label = "세무프로그램코드", charset = "ascii")]
    pub program: Text<4>,
    /// Agent no (세무대리인사업자번호).
    #[field(len = 13, label = "세무대리인사업자번호", charset = "ascii")]
    pub agent_no: Text<13>,
    /// Email (전자메일주소).
    #[field(len = 50, label = "전자메일주소", charset = "ascii")]
    pub email: Text<50>,
    /// Agent birth (세무대리인생년월일).
    #[field(len = 8, label = "세무대리인생년월일", charset = "ascii")]
    pub agent_birth: Text<8>,
    /// Agent manage no (세무대리인관리번호).
    #[field(len = 6, label = "세무대리인관리번호", charset = "ascii")]
    pub agent_manage_no: Text<6>,
    /// Reserved (공란).
    #[field(filler, len = 51, label = "공란")]
    pub _reserved: (),
}

/// Income (수입금액).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 150, charset = "euc-kr", label = "수입금액", when("record_type" = "15"))]
pub struct Income {
    /// Record type (자료구분).
    #[field(len = 2, label = "자료구분", charset = "ascii")]
    pub record_type: Text<2>,
    /// Form (서식코드).
    #[field(literal = "I103200", label = "서식코드")]
    pub form: (),
    /// Income kind (수입금액종류구분코드).
    #[field(len = 2, label = "수입금액종류구분코드", charset = "ascii")]
    pub income_kind: Text<2>,
    /// Business (업태명).
    #[field(len = 30, label = "업태명")]
    pub business: Text<30>,
    /// Item (종목명).
    #[field(len = 50, label = "종목명")]
    pub item: Text<50>,
    /// Industry (업종코드).
    #[field(len = 7, label = "업종코드", charset = "ascii")]
    pub industry: Text<7>,
    /// Income (수입금액).
    #[field(len = 15, label = "수입금액", sign = "leading-minus")]
    pub income: i64,
    /// Reserved (공란).
    #[field(filler, len = 37, label = "공란")]
    pub _reserved: (),
}

/// Invoice totals (세금계산서 합계표 합계).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 170, charset = "euc-kr", label = "세금계산서 합계표 합계", when("record_type" = "3"))]
pub struct InvoiceTotals {
    /// Record type (자료구분).
    #[field(len = 1, label = "자료구분", charset = "ascii")]
    pub record_type: Text<1>,
    /// Reporter no (보고자등록번호).
    #[field(len = 10, label = "보고자등록번호")]
    pub reporter_no: Digits<10>,
    /// Partners (거래처수(합계)).
    #[field(len = 7, label = "거래처수(합계)")]
    pub partners: u32,
    /// Sheets (매수(합계)).
    #[field(len = 7, label = "매수(합계)")]
    pub sheets: u32,
    /// Supply (공급가액(합계)).
    #[field(len = 15, label = "공급가액(합계)", sign = "overpunch")]
    pub supply: i64,
    /// Tax (세액(합계)).
    #[field(len = 14, label = "세액(합계)", sign = "overpunch")]
    pub tax: i64,
    /// Partners b (거래처수(사업자)).
    #[field(len = 7, label = "거래처수(사업자)")]
    pub partners_b: u32,
    /// Sheets b (매수(사업자)).
    #[field(len = 7, label = "매수(사업자)")]
    pub sheets_b: u32,
    /// Supply b (공급가액(사업자)).
    #[field(len = 15, label = "공급가액(사업자)", sign = "overpunch")]
    pub supply_b: i64,
    /// Tax b (세액(사업자)).
    #[field(len = 14, label = "세액(사업자)", sign = "overpunch")]
    pub tax_b: i64,
    /// Partners p (거래처수(주민)).
    #[field(len = 7, label = "거래처수(주민)")]
    pub partners_p: u32,
    /// Sheets p (매수(주민)).
    #[field(len = 7, label = "매수(주민)")]
    pub sheets_p: u32,
    /// Supply p (공급가액(주민)).
    #[field(len = 15, label = "공급가액(주민)", sign = "overpunch")]
    pub supply_p: i64,
    /// Tax p (세액(주민)).
    #[field(len = 14, label = "세액(주민)", sign = "overpunch")]
    pub tax_p: i64,
    /// Reserved (공란).
    #[field(filler, len = 30, label = "공란")]
    pub _reserved: (),
}

/// How the file VatFile (부가가치세 신고 파일) is read and written.
pub static VAT_FILE: FileLayout = FileLayout {
    name: Cow::Borrowed("VatFile"),
    label: Cow::Borrowed("부가가치세 신고 파일"),
    line_ends: Cow::Borrowed(&[LineEnd::CrLf]),
    last_line_end: LastLineEnd::Required,
    record_word: None,
    block_word: None,
    steps: Cow::Borrowed(&[Step {
        stands: Stands::Group(Cow::Borrowed(&[
            Step::any_number(Head::LAYOUT),
            Step::any_number(Income::LAYOUT),
            Step::any_number(InvoiceTotals::LAYOUT),
        ])),
        min: 1,
        max: None,
    }]),
    blocks: None,
    totals: Cow::Borrowed(&[]),
    serials: Cow::Borrowed(&[]),
    lenient: Lenient::STRICT,
};
