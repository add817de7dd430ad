//! Telegrams in a crate without `std`, one for each form that the derive generates code for. It checks that the code compiles.
//!
//! `make no-std` builds it for a target without an operating system. On the host, its one test also runs it.

#![no_std]

extern crate alloc;

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use fep_codec::layout::Layout;
use fep_codec::{Choice, Code, Date, Digits, Error, Record, Telegram, TelegramSet as _, Text};

/// The business code of a request.
#[derive(Code, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Business {
    /// 잔액조회
    #[code("100")]
    Balance,
    /// 이체
    #[code("200")]
    Transfer,
}

/// 공통부
#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(view)]
pub struct Header {
    /// The number of bytes behind this field.
    #[field(len = 4, computed = length(rest))]
    pub length: (),
    /// The code that selects the body.
    #[field(code, len = 3)]
    pub business: Business,
}

/// 잔액조회 요구
#[derive(Telegram, Clone, Debug, PartialEq)]
pub struct Balance {
    /// 계좌번호
    #[field(secret)]
    pub account: Digits<6>,
}

/// 이체 요구
#[derive(Telegram, Clone, Debug, PartialEq)]
pub struct Transfer {
    /// 금액
    #[field(len = 6, sign = "leading-minus")]
    pub amount: i64,
    /// 이체일
    #[field(len = 8, none = "zeros")]
    pub on: Option<Date>,
}

/// The body of a request.
#[derive(Choice, Clone, Debug, PartialEq)]
pub enum Body {
    /// 잔액조회
    #[choice("100")]
    Balance(Balance),
    /// 이체
    #[choice("200")]
    Transfer(Transfer),
}

/// 요구
#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(charset = "euc-kr", when("mark" = "Q"))]
pub struct Request {
    /// Always `Q`, for a request.
    pub mark: Text<1>,
    /// 공통부
    pub header: Header,
    /// 본문
    #[field(choice = "header.business")]
    pub body: Body,
}

/// One line of an answer.
#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(view)]
pub struct Line {
    /// 순번
    #[field(len = 2)]
    pub no: u8,
}

/// 응답
#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(len = 15, charset = "euc-kr", when("mark" = "A"), view)]
pub struct Answer {
    /// Always `A`, for an answer.
    pub mark: Text<1>,
    /// 예금주명
    pub holder: Text<8>,
    /// 명세
    #[field(group)]
    pub lines: [Line; 3],
}

/// Any telegram on the line.
#[derive(Telegram, Clone, Debug, PartialEq)]
pub enum Any {
    /// 요구
    Request(Request),
    /// 응답
    Answer(Answer),
}

/// Decodes any of the telegrams and encodes it again.
///
/// # Errors
/// If the bytes match no telegram.
pub fn again(telegram: &[u8]) -> Result<Vec<u8>, Error> {
    let any = Any::decode_any(telegram)?;
    let mut bytes = alloc::vec![0; any.any_len()];
    any.encode_any(&mut bytes)?;
    Ok(bytes)
}

/// Returns the number of the second line, without reading the other lines.
///
/// # Errors
/// If the bytes are not an answer.
pub fn second_line(answer: &[u8]) -> Result<Option<u8>, Error> {
    let view = AnswerView::new(answer)?;
    view.lines().get(1).map(|line| line.no()).transpose()
}

/// Converts a telegram to JSON, with a layout that is known only at run time.
///
/// # Errors
/// If the bytes are not a telegram of this layout.
pub fn shown(layout: &Layout, telegram: &[u8]) -> Result<String, Error> {
    Ok(Record::decode(layout, telegram)?.to_json_value().to_string())
}

/// Converts JSON to a telegram.
///
/// # Errors
/// If the text is not JSON, or does not have a value for each field.
pub fn written(layout: &Layout, text: &str) -> Result<Vec<u8>, Error> {
    Record::from_json(layout, text)?.encode()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BALANCE: &[u8] = b"Q0009100123456";
    const TRANSFER: &[u8] = b"Q0017200-0050020261122";
    const ANSWER: &[u8] = b"A\xC8\xAB\xB1\xE6\xB5\xBF  010203";

    #[test]
    fn every_form_is_read_and_written() {
        for bytes in [BALANCE, TRANSFER, ANSWER] {
            assert_eq!(again(bytes).unwrap(), bytes);
        }
        let header = Header { length: (), business: Business::Transfer };
        let body = Body::Transfer(Transfer { amount: -500, on: Some(Date::new(2026, 11, 22).unwrap()) });
        let transfer = Any::Request(Request { mark: "Q".parse().unwrap(), header, body });
        assert_eq!(Any::decode_any(TRANSFER).unwrap(), transfer);
        assert_eq!(second_line(ANSWER).unwrap(), Some(2));
        let json = shown(Answer::LAYOUT, ANSWER).unwrap();
        assert!(json.contains("홍길동"), "{json}");
        assert_eq!(written(Answer::LAYOUT, &json).unwrap(), ANSWER);
        assert!(again(b"X").unwrap_err().to_string().contains("mark"));
    }
}
