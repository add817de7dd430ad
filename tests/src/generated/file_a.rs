//! File A 파일 송수신 전문: the telegrams of the spec `file-a`, version 2026-11-30.
//!
//! Written by `fep gen` from file-a.toml (fnv1a-64 46d354e7242f677d). A change belongs there.

use fep_codec::{Digits, Telegram, Text};

/// Any telegram of File A 파일 송수신 전문.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "telegrams are as long as the sheet says")]
pub enum FileA {
    /// Work (업무관리 요구).
    Work(Work),
    /// Work answer (업무관리 응답).
    WorkAnswer(WorkAnswer),
    /// File info (파일정보 요구).
    FileInfo(FileInfo),
    /// File info answer (파일정보 응답).
    FileInfoAnswer(FileInfoAnswer),
    /// Data (DATA 송신).
    Data(Data),
    /// Missing data (결번 DATA 송신).
    MissingData(MissingData),
    /// Check (결번확인 요구).
    Check(Check),
    /// Check answer (결번통보).
    CheckAnswer(CheckAnswer),
}

/// Work (업무관리 요구).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "euc-kr", label = "업무관리 요구", when("header.telegram_code" = "0600"), debug)]
pub struct Work {
    /// Header (공통부).
    pub header: Header,
    /// Management (관리정보코드).
    ///
    /// 001 업무개시, 003 파일종료, 004 업무종료
    #[field(len = 3, label = "관리정보코드", full)]
    pub management: Digits<3>,
    /// Sender (송신자명).
    #[field(len = 20, label = "송신자명", charset = "ascii")]
    pub sender: Text<20>,
    /// Password (송신자암호).
    #[field(len = 16, label = "송신자암호", secret, charset = "ascii")]
    pub password: Text<16>,
    /// Sent at (전송일시).
    ///
    /// MMDDhhmmss
    #[field(len = 10, label = "전송일시", full)]
    pub sent_at: Digits<10>,
}

/// Work answer (업무관리 응답).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "euc-kr", label = "업무관리 응답", when("header.telegram_code" = "0610"), debug)]
pub struct WorkAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Management (관리정보코드).
    ///
    /// 001 업무개시, 003 파일종료, 004 업무종료
    #[field(len = 3, label = "관리정보코드", full)]
    pub management: Digits<3>,
    /// Sender (송신자명).
    #[field(len = 20, label = "송신자명", charset = "ascii")]
    pub sender: Text<20>,
    /// Password (송신자암호).
    #[field(len = 16, label = "송신자암호", secret, charset = "ascii")]
    pub password: Text<16>,
    /// Sent at (전송일시).
    ///
    /// MMDDhhmmss
    #[field(len = 10, label = "전송일시", full)]
    pub sent_at: Digits<10>,
}

/// File info (파일정보 요구).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", label = "파일정보 요구", when("header.telegram_code" = "0630"))]
pub struct FileInfo {
    /// Header (공통부).
    pub header: Header,
    /// File name (파일명).
    #[field(len = 16, label = "파일명", charset = "ascii")]
    pub file_name: Text<16>,
    /// File size (파일크기).
    #[field(len = 12, label = "파일크기")]
    pub file_size: u64,
    /// Telegram bytes (전문당 DATA 크기).
    #[field(len = 4, label = "전문당 DATA 크기")]
    pub telegram_bytes: u16,
}

/// File info answer (파일정보 응답).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", label = "파일정보 응답", when("header.telegram_code" = "0640"))]
pub struct FileInfoAnswer {
    /// Header (공통부).
    pub header: Header,
    /// File name (파일명).
    #[field(len = 16, label = "파일명", charset = "ascii")]
    pub file_name: Text<16>,
    /// File size (파일크기).
    #[field(len = 12, label = "파일크기")]
    pub file_size: u64,
    /// Telegram bytes (전문당 DATA 크기).
    #[field(len = 4, label = "전문당 DATA 크기")]
    pub telegram_bytes: u16,
}

/// Data (DATA 송신).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "euc-kr", label = "DATA 송신", when("header.telegram_code" = "0320"), debug)]
pub struct Data {
    /// Header (공통부).
    pub header: Header,
    /// Block no (블록번호).
    ///
    /// 1부터
    #[field(len = 4, label = "블록번호")]
    pub block_no: u16,
    /// Sequence no (일련번호).
    ///
    /// 블록마다 1부터
    #[field(len = 3, label = "일련번호")]
    pub sequence_no: u16,
    /// Data bytes (DATA 크기).
    #[field(len = 4, label = "DATA 크기", computed = length(data))]
    pub data_bytes: (),
    /// Data (파일내역).
    #[field(tail, max = 3900, label = "파일내역", secret, bytes)]
    pub data: Vec<u8>,
}

/// Missing data (결번 DATA 송신).
#[derive(Telegram, Clone, PartialEq, Eq)]
#[telegram(charset = "euc-kr", label = "결번 DATA 송신", when("header.telegram_code" = "0310"), debug)]
pub struct MissingData {
    /// Header (공통부).
    pub header: Header,
    /// Block no (블록번호).
    ///
    /// 1부터
    #[field(len = 4, label = "블록번호")]
    pub block_no: u16,
    /// Sequence no (일련번호).
    ///
    /// 블록마다 1부터
    #[field(len = 3, label = "일련번호")]
    pub sequence_no: u16,
    /// Data bytes (DATA 크기).
    #[field(len = 4, label = "DATA 크기", computed = length(data))]
    pub data_bytes: (),
    /// Data (파일내역).
    #[field(tail, max = 3900, label = "파일내역", secret, bytes)]
    pub data: Vec<u8>,
}

/// Check (결번확인 요구).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", label = "결번확인 요구", when("header.telegram_code" = "0620"))]
pub struct Check {
    /// Header (공통부).
    pub header: Header,
    /// Block no (블록번호).
    #[field(len = 4, label = "블록번호")]
    pub block_no: u16,
    /// Last sequence (최종 일련번호).
    #[field(len = 3, label = "최종 일련번호")]
    pub last_sequence: u16,
}

/// Check answer (결번통보).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", label = "결번통보", when("header.telegram_code" = "0300"))]
pub struct CheckAnswer {
    /// Header (공통부).
    pub header: Header,
    /// Block no (블록번호).
    #[field(len = 4, label = "블록번호")]
    pub block_no: u16,
    /// Last sequence (최종 일련번호).
    #[field(len = 3, label = "최종 일련번호")]
    pub last_sequence: u16,
    /// Missing count (결번개수).
    #[field(len = 3, label = "결번개수")]
    pub missing_count: u16,
    /// Missing (결번확인).
    ///
    /// 일련번호마다 한 자리: 1 수신, 0 결번; 최종 일련번호 뒤는 공백
    #[field(len = 100, label = "결번확인", charset = "ascii")]
    pub missing: Text<100>,
}

/// Header (공통부).
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "euc-kr", label = "공통부")]
pub struct Header {
    /// Length (전문길이).
    #[field(len = 4, label = "전문길이", computed = length(rest))]
    pub length: (),
    /// Business (업무구분코드).
    #[field(literal = "FTE", label = "업무구분코드")]
    pub business: (),
    /// Institution (기관코드).
    #[field(len = 8, label = "기관코드", charset = "ascii")]
    pub institution: Text<8>,
    /// Telegram code (전문종별코드).
    #[field(len = 4, label = "전문종별코드", full)]
    pub telegram_code: Digits<4>,
    /// File name (파일명).
    #[field(len = 16, label = "파일명", charset = "ascii")]
    pub file_name: Text<16>,
    /// Response code (응답코드).
    ///
    /// 요구에서는 000; 030 다른 파일, 050 송신 오류, 092 끝나지 않은 파일, 630 이미 받은 파일, 900 처리 불가
    #[field(len = 3, label = "응답코드", full)]
    pub response_code: Digits<3>,
}
