//! 全銀 総合振込: the telegrams of the spec `zengin`, version 2026-11-01.
//!
//! Written by `fep gen` from zengin.toml (fnv1a-64 f3475f71fb6419b1). A change belongs there.

use std::borrow::Cow;

use fep_codec::files::{FileLayout, LastLineEnd, Lenient, LineEnd, Stands, Step, Tally, Total};
use fep_codec::{Code, Digits, MonthDay, Telegram, Text};

/// Any record of the file Transfer (総合振込).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "records are as long as the sheet says")]
pub enum TransferRecord {
    /// Header (ヘッダー).
    Header(Header),
    /// Data (データ).
    Data(Data),
    /// Trailer (トレーラー).
    Trailer(Trailer),
    /// End (エンド).
    End(End),
}

/// Header (ヘッダー).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(len = 120, charset = "jisx0201", label = "ヘッダー", debug)]
pub struct Header {
    /// Record type (データ区分).
    #[field(literal = "1", label = "データ区分")]
    pub record_type: (),
    /// Business type (種別コード).
    #[field(literal = "21", label = "種別コード")]
    pub business_type: (),
    /// Code kind (コード区分).
    #[field(len = 1, label = "コード区分", code)]
    pub code_kind: CodeKind,
    /// Originator code (委託者コード).
    #[field(len = 10, label = "委託者コード", full)]
    pub originator_code: Digits<10>,
    /// Originator name (委託者名).
    #[field(len = 40, label = "委託者名")]
    pub originator_name: Text<40>,
    /// Value date (振込指定日).
    #[field(len = 4, label = "振込指定日")]
    pub value_date: MonthDay,
    /// Bank code (仕向銀行番号).
    #[field(len = 4, label = "仕向銀行番号", full)]
    pub bank_code: Digits<4>,
    /// Bank name (仕向銀行名).
    #[field(len = 15, label = "仕向銀行名")]
    pub bank_name: Text<15>,
    /// Branch code (仕向支店番号).
    #[field(len = 3, label = "仕向支店番号", full)]
    pub branch_code: Digits<3>,
    /// Branch name (仕向支店名).
    #[field(len = 15, label = "仕向支店名")]
    pub branch_name: Text<15>,
    /// Account type (預金種目).
    #[field(len = 1, label = "預金種目", code)]
    pub account_type: AccountType,
    /// Account no (口座番号).
    #[field(len = 7, label = "口座番号", secret, full)]
    pub account_no: Digits<7>,
    /// Reserved (ダミー).
    #[field(filler, len = 17, label = "ダミー")]
    pub _reserved: (),
}

/// Data (データ).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(len = 120, charset = "jisx0201", label = "データ", debug)]
pub struct Data {
    /// Record type (データ区分).
    #[field(literal = "2", label = "データ区分")]
    pub record_type: (),
    /// Bank code (被仕向銀行番号).
    #[field(len = 4, label = "被仕向銀行番号", full)]
    pub bank_code: Digits<4>,
    /// Bank name (被仕向銀行名).
    #[field(len = 15, label = "被仕向銀行名")]
    pub bank_name: Text<15>,
    /// Branch code (被仕向支店番号).
    #[field(len = 3, label = "被仕向支店番号", full)]
    pub branch_code: Digits<3>,
    /// Branch name (被仕向支店名).
    #[field(len = 15, label = "被仕向支店名")]
    pub branch_name: Text<15>,
    /// Clearing house (手形交換所番号).
    #[field(len = 4, label = "手形交換所番号", full)]
    pub clearing_house: Digits<4>,
    /// Account type (預金種目).
    #[field(len = 1, label = "預金種目", code)]
    pub account_type: AccountType,
    /// Account no (口座番号).
    #[field(len = 7, label = "口座番号", secret, full)]
    pub account_no: Digits<7>,
    /// Payee name (受取人名).
    #[field(len = 30, label = "受取人名", secret)]
    pub payee_name: Text<30>,
    /// Amount (振込金額).
    #[field(len = 10, label = "振込金額")]
    pub amount: u64,
    /// New code (新規コード).
    #[field(len = 1, label = "新規コード", code)]
    pub new_code: NewCode,
    /// Customer code 1 (顧客コード1).
    #[field(len = 10, label = "顧客コード1")]
    pub customer_code_1: Text<10>,
    /// Customer code 2 (顧客コード2).
    #[field(len = 10, label = "顧客コード2")]
    pub customer_code_2: Text<10>,
    /// Transfer kind (振込指定区分).
    #[field(len = 1, label = "振込指定区分", code)]
    pub transfer_kind: TransferKind,
    /// Edi mark (識別表示).
    ///
    /// YならEDI情報
    #[field(len = 1, label = "識別表示")]
    pub edi_mark: Text<1>,
    /// Reserved (ダミー).
    #[field(filler, len = 7, label = "ダミー")]
    pub _reserved: (),
}

/// Trailer (トレーラー).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 120, charset = "jisx0201", label = "トレーラー")]
pub struct Trailer {
    /// Record type (データ区分).
    #[field(literal = "8", label = "データ区分")]
    pub record_type: (),
    /// Total count (合計件数).
    #[field(len = 6, label = "合計件数")]
    pub total_count: u32,
    /// Total amount (合計金額).
    #[field(len = 12, label = "合計金額")]
    pub total_amount: u64,
    /// Reserved (ダミー).
    #[field(filler, len = 101, label = "ダミー")]
    pub _reserved: (),
}

/// End (エンド).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 120, charset = "jisx0201", label = "エンド")]
pub struct End {
    /// Record type (データ区分).
    #[field(literal = "9", label = "データ区分")]
    pub record_type: (),
    /// Reserved (ダミー).
    #[field(filler, len = 119, label = "ダミー")]
    pub _reserved: (),
}

/// Code kind (コード区分).
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum CodeKind {
    /// JIS.
    #[code("0", label = "JIS")]
    Jis,
    /// EBCDIC.
    #[code("1", label = "EBCDIC")]
    Ebcdic,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<1>),
}

/// Account type (預金種目).
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum AccountType {
    /// 普通.
    #[code("1", label = "普通")]
    Ordinary,
    /// 当座.
    #[code("2", label = "当座")]
    Current,
    /// 貯蓄.
    #[code("4", label = "貯蓄")]
    Savings,
    /// その他.
    #[code("9", label = "その他")]
    Another,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<1>),
}

/// New code (新規コード).
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum NewCode {
    /// 第1回.
    #[code("1", label = "第1回")]
    First,
    /// 変更.
    #[code("2", label = "変更")]
    Changed,
    /// その他.
    #[code("0", label = "その他")]
    Neither,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<1>),
}

/// Transfer kind (振込指定区分).
#[derive(Code, Clone, Debug, PartialEq, Eq)]
pub enum TransferKind {
    /// 電信.
    #[code("7", label = "電信")]
    Wire,
    /// 文書.
    #[code("8", label = "文書")]
    Letter,
    /// A code that is not on the list.
    #[code(other)]
    Other(Text<1>),
}

/// How the file Transfer (総合振込) is read and written.
pub static TRANSFER: FileLayout = FileLayout {
    name: Cow::Borrowed("Transfer"),
    label: Cow::Borrowed("総合振込"),
    line_ends: Cow::Borrowed(&[LineEnd::Cr, LineEnd::CrLf, LineEnd::Lf]),
    last_line_end: LastLineEnd::Required,
    record_word: None,
    block_word: None,
    steps: Cow::Borrowed(&[
        Step::once(Header::LAYOUT),
        Step { stands: Stands::Record(Cow::Borrowed(Data::LAYOUT)), min: 1, max: None },
        Step::once(Trailer::LAYOUT),
        Step::once(End::LAYOUT),
    ]),
    blocks: None,
    totals: Cow::Borrowed(&[
        Total::new("Trailer", "total_count", Tally::count("Data")),
        Total::new("Trailer", "total_amount", Tally::sum("Data", "amount")),
    ]),
    serials: Cow::Borrowed(&[]),
    lenient: Lenient::STRICT,
};
