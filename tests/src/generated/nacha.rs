//! NACHA ACH file: the telegrams of the spec `nacha`, version 2026-11-01.
//!
//! Written by `fep gen` from nacha.toml (fnv1a-64 bb29791c785884e0). A change belongs there.

use std::borrow::Cow;

use fep_codec::files::{
    Blocks, FieldOf, FileLayout, LastLineEnd, Lenient, LineEnd, Only, Serial, Stands, Step, Tally, Total,
};
use fep_codec::{Date, Digits, Telegram, Text};

/// Any record of the file ACH (ACH file).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "records are as long as the sheet says")]
pub enum ACHRecord {
    /// File header (File header).
    FileHeader(FileHeader),
    /// Batch header (Batch header).
    BatchHeader(BatchHeader),
    /// Entry (Entry detail).
    Entry(Entry),
    /// Addenda (Addenda).
    Addenda(Addenda),
    /// Correction addenda (Notification of change addenda).
    CorrectionAddenda(CorrectionAddenda),
    /// Return addenda (Return addenda).
    ReturnAddenda(ReturnAddenda),
    /// Batch control (Batch control).
    BatchControl(BatchControl),
    /// File control (File control).
    FileControl(FileControl),
}

/// File header (File header).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 94, charset = "ascii", label = "File header")]
pub struct FileHeader {
    /// Record type (Record type code).
    #[field(literal = "1", label = "Record type code")]
    pub record_type: (),
    /// Priority (Priority code).
    #[field(literal = "01", label = "Priority code")]
    pub priority: (),
    /// Destination (Immediate destination).
    #[field(len = 10, label = "Immediate destination", justify = "right")]
    pub destination: Text<10>,
    /// Origin (Immediate origin).
    #[field(len = 10, label = "Immediate origin", justify = "right")]
    pub origin: Text<10>,
    /// Created on (File creation date).
    #[field(len = 6, label = "File creation date", pattern = "YYMMDD")]
    pub created_on: Date,
    /// Created at (File creation time).
    ///
    /// HHMM, or blank
    #[field(len = 4, label = "File creation time")]
    pub created_at: Text<4>,
    /// File id (File ID modifier).
    #[field(len = 1, label = "File ID modifier")]
    pub file_id: Text<1>,
    /// Record size (Record size).
    #[field(literal = "094", label = "Record size")]
    pub record_size: (),
    /// Blocking factor (Blocking factor).
    #[field(literal = "10", label = "Blocking factor")]
    pub blocking_factor: (),
    /// Format (Format code).
    #[field(literal = "1", label = "Format code")]
    pub format: (),
    /// Destination name (Immediate destination name).
    #[field(len = 23, label = "Immediate destination name")]
    pub destination_name: Text<23>,
    /// Origin name (Immediate origin name).
    #[field(len = 23, label = "Immediate origin name")]
    pub origin_name: Text<23>,
    /// Reference (Reference code).
    #[field(len = 8, label = "Reference code")]
    pub reference: Text<8>,
}

/// Batch header (Batch header).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 94, charset = "ascii", label = "Batch header")]
pub struct BatchHeader {
    /// Record type (Record type code).
    #[field(literal = "5", label = "Record type code")]
    pub record_type: (),
    /// Service class (Service class code).
    #[field(len = 3, label = "Service class code", full)]
    pub service_class: Digits<3>,
    /// Company (Company name).
    #[field(len = 16, label = "Company name")]
    pub company: Text<16>,
    /// Discretionary (Company discretionary data).
    #[field(len = 20, label = "Company discretionary data")]
    pub discretionary: Text<20>,
    /// Company id (Company identification).
    #[field(len = 10, label = "Company identification")]
    pub company_id: Text<10>,
    /// Sec code (Standard entry class code).
    #[field(len = 3, label = "Standard entry class code")]
    pub sec_code: Text<3>,
    /// Description (Company entry description).
    #[field(len = 10, label = "Company entry description")]
    pub description: Text<10>,
    /// Descriptive date (Company descriptive date).
    #[field(len = 6, label = "Company descriptive date")]
    pub descriptive_date: Text<6>,
    /// Effective on (Effective entry date).
    #[field(len = 6, label = "Effective entry date", pattern = "YYMMDD")]
    pub effective_on: Date,
    /// Settlement (Settlement date (Julian)).
    ///
    /// the operator writes it
    #[field(len = 3, label = "Settlement date (Julian)")]
    pub settlement: Text<3>,
    /// Originator status (Originator status code).
    ///
    /// 1; 0 for an operator, 2 for a federal agency
    #[field(len = 1, label = "Originator status code", full)]
    pub originator_status: Digits<1>,
    /// Odfi (Originating DFI).
    #[field(len = 8, label = "Originating DFI", full)]
    pub odfi: Digits<8>,
    /// Batch number (Batch number).
    #[field(len = 7, label = "Batch number")]
    pub batch_number: u32,
}

/// Entry (Entry detail).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(len = 94, charset = "ascii", label = "Entry detail", debug)]
pub struct Entry {
    /// Record type (Record type code).
    #[field(literal = "6", label = "Record type code")]
    pub record_type: (),
    /// Transaction code (Transaction code).
    #[field(len = 2, label = "Transaction code", full)]
    pub transaction_code: Digits<2>,
    /// Receiving dfi (Receiving DFI).
    #[field(len = 8, label = "Receiving DFI", full)]
    pub receiving_dfi: Digits<8>,
    /// Check digit (Check digit).
    #[field(len = 1, label = "Check digit", full)]
    pub check_digit: Digits<1>,
    /// Account (DFI account number).
    #[field(len = 17, label = "DFI account number", secret)]
    pub account: Text<17>,
    /// Amount (Amount).
    ///
    /// in cents
    #[field(len = 10, label = "Amount")]
    pub amount: u64,
    /// Individual id (Individual identification).
    #[field(len = 15, label = "Individual identification", secret)]
    pub individual_id: Text<15>,
    /// Name (Individual name).
    #[field(len = 22, label = "Individual name", secret)]
    pub name: Text<22>,
    /// Discretionary (Discretionary data).
    #[field(len = 2, label = "Discretionary data")]
    pub discretionary: Text<2>,
    /// Addenda (Addenda record indicator).
    #[field(len = 1, label = "Addenda record indicator", full)]
    pub addenda: Digits<1>,
    /// Trace (Trace number).
    #[field(len = 15, label = "Trace number", full)]
    pub trace: Digits<15>,
}

/// Addenda (Addenda).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(len = 94, charset = "ascii", label = "Addenda", debug)]
pub struct Addenda {
    /// Record type (Record type code).
    #[field(literal = "7", label = "Record type code")]
    pub record_type: (),
    /// Addenda type (Addenda type code).
    #[field(literal = "05", label = "Addenda type code")]
    pub addenda_type: (),
    /// Information (Payment related information).
    #[field(len = 80, label = "Payment related information", secret)]
    pub information: Text<80>,
    /// Sequence (Addenda sequence number).
    ///
    /// from 1 within its entry
    #[field(len = 4, label = "Addenda sequence number")]
    pub sequence: u16,
    /// Entry sequence (Entry detail sequence number).
    ///
    /// the last seven digits of the entry's trace number
    #[field(len = 7, label = "Entry detail sequence number", full)]
    pub entry_sequence: Digits<7>,
}

/// Correction addenda (Notification of change addenda).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(len = 94, charset = "ascii", label = "Notification of change addenda", debug)]
pub struct CorrectionAddenda {
    /// Record type (Record type code).
    #[field(literal = "7", label = "Record type code")]
    pub record_type: (),
    /// Addenda type (Addenda type code).
    #[field(literal = "98", label = "Addenda type code")]
    pub addenda_type: (),
    /// Change code (Change code).
    ///
    /// C01 to C14, and C61 to C69 for a refusal
    #[field(len = 3, label = "Change code")]
    pub change_code: Text<3>,
    /// Original trace (Original entry trace number).
    #[field(len = 15, label = "Original entry trace number", full)]
    pub original_trace: Digits<15>,
    /// Reserved (Reserved).
    #[field(filler, len = 6, label = "Reserved")]
    pub _reserved: (),
    /// Original dfi (Original receiving DFI).
    #[field(len = 8, label = "Original receiving DFI", full)]
    pub original_dfi: Digits<8>,
    /// Corrected (Corrected data).
    #[field(len = 29, label = "Corrected data", secret)]
    pub corrected: Text<29>,
    /// Reserved (Reserved).
    #[field(filler, len = 15, label = "Reserved")]
    pub _reserved_2: (),
    /// Trace (Trace number).
    #[field(len = 15, label = "Trace number", full)]
    pub trace: Digits<15>,
}

/// Return addenda (Return addenda).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(len = 94, charset = "ascii", label = "Return addenda", debug)]
pub struct ReturnAddenda {
    /// Record type (Record type code).
    #[field(literal = "7", label = "Record type code")]
    pub record_type: (),
    /// Addenda type (Addenda type code).
    #[field(literal = "99", label = "Addenda type code")]
    pub addenda_type: (),
    /// Return code (Return reason code).
    ///
    /// R01 to R85
    #[field(len = 3, label = "Return reason code")]
    pub return_code: Text<3>,
    /// Original trace (Original entry trace number).
    #[field(len = 15, label = "Original entry trace number", full)]
    pub original_trace: Digits<15>,
    /// Date of death (Date of death).
    ///
    /// YYMMDD, for R14 and R15; otherwise blank
    #[field(len = 6, label = "Date of death")]
    pub date_of_death: Text<6>,
    /// Original dfi (Original receiving DFI).
    #[field(len = 8, label = "Original receiving DFI", full)]
    pub original_dfi: Digits<8>,
    /// Information (Addenda information).
    #[field(len = 44, label = "Addenda information", secret)]
    pub information: Text<44>,
    /// Trace (Trace number).
    #[field(len = 15, label = "Trace number", full)]
    pub trace: Digits<15>,
}

/// Batch control (Batch control).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 94, charset = "ascii", label = "Batch control")]
pub struct BatchControl {
    /// Record type (Record type code).
    #[field(literal = "8", label = "Record type code")]
    pub record_type: (),
    /// Service class (Service class code).
    #[field(len = 3, label = "Service class code", full)]
    pub service_class: Digits<3>,
    /// Entries (Entry/addenda count).
    #[field(len = 6, label = "Entry/addenda count")]
    pub entries: u32,
    /// Hash (Entry hash).
    #[field(len = 10, label = "Entry hash")]
    pub hash: u64,
    /// Debits (Total debit amount).
    #[field(len = 12, label = "Total debit amount")]
    pub debits: u64,
    /// Credits (Total credit amount).
    #[field(len = 12, label = "Total credit amount")]
    pub credits: u64,
    /// Company id (Company identification).
    #[field(len = 10, label = "Company identification")]
    pub company_id: Text<10>,
    /// Mac (Message authentication code).
    #[field(len = 19, label = "Message authentication code")]
    pub mac: Text<19>,
    /// Reserved (Reserved).
    #[field(filler, len = 6, label = "Reserved")]
    pub _reserved: (),
    /// Odfi (Originating DFI).
    #[field(len = 8, label = "Originating DFI", full)]
    pub odfi: Digits<8>,
    /// Batch number (Batch number).
    #[field(len = 7, label = "Batch number")]
    pub batch_number: u32,
}

/// File control (File control).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 94, charset = "ascii", label = "File control")]
pub struct FileControl {
    /// Record type (Record type code).
    #[field(literal = "9", label = "Record type code")]
    pub record_type: (),
    /// Batches (Batch count).
    #[field(len = 6, label = "Batch count")]
    pub batches: u32,
    /// Blocks (Block count).
    #[field(len = 6, label = "Block count")]
    pub blocks: u32,
    /// Entries (Entry/addenda count).
    #[field(len = 8, label = "Entry/addenda count")]
    pub entries: u32,
    /// Hash (Entry hash).
    #[field(len = 10, label = "Entry hash")]
    pub hash: u64,
    /// Debits (Total debit amount).
    #[field(len = 12, label = "Total debit amount")]
    pub debits: u64,
    /// Credits (Total credit amount).
    #[field(len = 12, label = "Total credit amount")]
    pub credits: u64,
    /// Reserved (Reserved).
    #[field(filler, len = 39, label = "Reserved")]
    pub _reserved: (),
}

/// How the file ACH (ACH file) is read and written.
pub static ACH: FileLayout = FileLayout {
    name: Cow::Borrowed("ACH"),
    label: Cow::Borrowed("ACH file"),
    line_ends: Cow::Borrowed(&[LineEnd::Lf, LineEnd::CrLf]),
    last_line_end: LastLineEnd::Required,
    record_word: None,
    block_word: None,
    steps: Cow::Borrowed(&[
        Step::once(FileHeader::LAYOUT),
        Step {
            stands: Stands::Group(Cow::Borrowed(&[
                Step::once(BatchHeader::LAYOUT),
                Step {
                    stands: Stands::Group(Cow::Borrowed(&[
                        Step::once(Entry::LAYOUT),
                        Step::any_number(Addenda::LAYOUT),
                        Step { stands: Stands::Record(Cow::Borrowed(CorrectionAddenda::LAYOUT)), min: 0, max: Some(1) },
                        Step { stands: Stands::Record(Cow::Borrowed(ReturnAddenda::LAYOUT)), min: 0, max: Some(1) },
                    ])),
                    min: 1,
                    max: None,
                },
                Step::once(BatchControl::LAYOUT),
            ])),
            min: 1,
            max: None,
        },
        Step::once(FileControl::LAYOUT),
    ]),
    blocks: Some(Blocks { records: 10, fill: b'9' }),
    totals: Cow::Borrowed(&[
        Total {
            record: Cow::Borrowed("BatchControl"),
            field: Cow::Borrowed("entries"),
            tally: Tally::count_any(&[
                Cow::Borrowed("Entry"),
                Cow::Borrowed("Addenda"),
                Cow::Borrowed("CorrectionAddenda"),
                Cow::Borrowed("ReturnAddenda"),
            ]),
            only: None,
            minus: None,
            absolute: false,
            last_digits: None,
        },
        Total {
            record: Cow::Borrowed("BatchControl"),
            field: Cow::Borrowed("hash"),
            tally: Tally::sum("Entry", "receiving_dfi"),
            only: None,
            minus: None,
            absolute: false,
            last_digits: Some(10),
        },
        Total {
            record: Cow::Borrowed("BatchControl"),
            field: Cow::Borrowed("debits"),
            tally: Tally::sum("Entry", "amount"),
            only: Some(Only {
                field: Cow::Borrowed("transaction_code"),
                values: Cow::Borrowed(&[
                    Cow::Borrowed("26"),
                    Cow::Borrowed("27"),
                    Cow::Borrowed("28"),
                    Cow::Borrowed("29"),
                    Cow::Borrowed("36"),
                    Cow::Borrowed("37"),
                    Cow::Borrowed("38"),
                    Cow::Borrowed("39"),
                    Cow::Borrowed("46"),
                    Cow::Borrowed("47"),
                    Cow::Borrowed("48"),
                    Cow::Borrowed("49"),
                    Cow::Borrowed("55"),
                    Cow::Borrowed("56"),
                ]),
            }),
            minus: None,
            absolute: false,
            last_digits: None,
        },
        Total {
            record: Cow::Borrowed("BatchControl"),
            field: Cow::Borrowed("credits"),
            tally: Tally::sum("Entry", "amount"),
            only: Some(Only {
                field: Cow::Borrowed("transaction_code"),
                values: Cow::Borrowed(&[
                    Cow::Borrowed("21"),
                    Cow::Borrowed("22"),
                    Cow::Borrowed("23"),
                    Cow::Borrowed("24"),
                    Cow::Borrowed("31"),
                    Cow::Borrowed("32"),
                    Cow::Borrowed("33"),
                    Cow::Borrowed("34"),
                    Cow::Borrowed("41"),
                    Cow::Borrowed("42"),
                    Cow::Borrowed("43"),
                    Cow::Borrowed("44"),
                    Cow::Borrowed("51"),
                    Cow::Borrowed("52"),
                    Cow::Borrowed("53"),
                    Cow::Borrowed("54"),
                ]),
            }),
            minus: None,
            absolute: false,
            last_digits: None,
        },
        Total::new("FileControl", "batches", Tally::count("BatchHeader")),
        Total::new("FileControl", "blocks", Tally::Blocks),
        Total {
            record: Cow::Borrowed("FileControl"),
            field: Cow::Borrowed("entries"),
            tally: Tally::count_any(&[
                Cow::Borrowed("Entry"),
                Cow::Borrowed("Addenda"),
                Cow::Borrowed("CorrectionAddenda"),
                Cow::Borrowed("ReturnAddenda"),
            ]),
            only: None,
            minus: None,
            absolute: false,
            last_digits: None,
        },
        Total {
            record: Cow::Borrowed("FileControl"),
            field: Cow::Borrowed("hash"),
            tally: Tally::sum("Entry", "receiving_dfi"),
            only: None,
            minus: None,
            absolute: false,
            last_digits: Some(10),
        },
        Total {
            record: Cow::Borrowed("FileControl"),
            field: Cow::Borrowed("debits"),
            tally: Tally::sum("Entry", "amount"),
            only: Some(Only {
                field: Cow::Borrowed("transaction_code"),
                values: Cow::Borrowed(&[
                    Cow::Borrowed("26"),
                    Cow::Borrowed("27"),
                    Cow::Borrowed("28"),
                    Cow::Borrowed("29"),
                    Cow::Borrowed("36"),
                    Cow::Borrowed("37"),
                    Cow::Borrowed("38"),
                    Cow::Borrowed("39"),
                    Cow::Borrowed("46"),
                    Cow::Borrowed("47"),
                    Cow::Borrowed("48"),
                    Cow::Borrowed("49"),
                    Cow::Borrowed("55"),
                    Cow::Borrowed("56"),
                ]),
            }),
            minus: None,
            absolute: false,
            last_digits: None,
        },
        Total {
            record: Cow::Borrowed("FileControl"),
            field: Cow::Borrowed("credits"),
            tally: Tally::sum("Entry", "amount"),
            only: Some(Only {
                field: Cow::Borrowed("transaction_code"),
                values: Cow::Borrowed(&[
                    Cow::Borrowed("21"),
                    Cow::Borrowed("22"),
                    Cow::Borrowed("23"),
                    Cow::Borrowed("24"),
                    Cow::Borrowed("31"),
                    Cow::Borrowed("32"),
                    Cow::Borrowed("33"),
                    Cow::Borrowed("34"),
                    Cow::Borrowed("41"),
                    Cow::Borrowed("42"),
                    Cow::Borrowed("43"),
                    Cow::Borrowed("44"),
                    Cow::Borrowed("51"),
                    Cow::Borrowed("52"),
                    Cow::Borrowed("53"),
                    Cow::Borrowed("54"),
                ]),
            }),
            minus: None,
            absolute: false,
            last_digits: None,
        },
    ]),
    serials: Cow::Borrowed(&[Serial {
        fields: Cow::Borrowed(&[FieldOf { record: Cow::Borrowed("Addenda"), field: Cow::Borrowed("sequence") }]),
        from: Some(1),
        to: None,
        restart: Cow::Borrowed(&[Cow::Borrowed("Entry")]),
        gaps: false,
    }]),
    lenient: Lenient::STRICT,
};
