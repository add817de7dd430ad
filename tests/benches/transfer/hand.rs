//! A careful hand-written codec for one telegram, as a good engineer writes it without a library.
//!
//! ASCII is validated once for each run of ASCII fields and sliced many times. Numbers are parsed digit by digit with a check. Dates are
//! checked. Korean goes through encoding_rs, or in the fastest variant through a table. Nothing is allocated unless a name is Korean.

use std::borrow::Cow;
use std::sync::LazyLock;

use encoding_rs::EUC_KR;

#[derive(Debug, PartialEq)]
pub struct Transfer<'a> {
    pub length: u16,
    pub transaction_code: &'a str,
    pub company_code: &'a str,
    pub bank_code: &'a str,
    pub telegram_code: &'a str,
    pub business_code: &'a str,
    pub send_count: u8,
    pub trace_no: u32,
    pub sent_date: (u16, u8, u8),
    pub sent_time: (u8, u8, u8),
    pub response_code: &'a str,
    pub transaction_no: &'a str,
    pub withdraw_account: &'a str,
    pub amount: u64,
    pub balance_sign: u8,
    pub balance: u64,
    pub deposit_bank: &'a str,
    pub deposit_account: &'a str,
    pub fee: u32,
    pub payee_name: Cow<'a, str>,
    pub passbook_memo: Cow<'a, str>,
    pub check_digits: &'a str,
}

fn number(text: &str) -> Option<u64> {
    let mut value = 0_u64;
    for byte in text.bytes() {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u64::from(byte - b'0');
    }
    Some(value)
}

fn digits(text: &str) -> Option<&str> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then_some(text)
}

fn date(value: u64) -> Option<(u16, u8, u8)> {
    let year = (value / 10_000) as u16;
    let month = (value / 100 % 100) as u8;
    let day = (value % 100) as u8;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    (1..=last).contains(&day).then_some((year, month, day))
}

fn time(value: u64) -> Option<(u8, u8, u8)> {
    let hour = (value / 10_000) as u8;
    let minute = (value / 100 % 100) as u8;
    let second = (value % 100) as u8;
    (hour < 24 && minute < 60 && second < 60).then_some((hour, minute, second))
}

fn korean(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let end = bytes.iter().rposition(|byte| *byte != b' ').map_or(0, |at| at + 1);
    EUC_KR.decode_without_bom_handling_and_without_replacement(&bytes[..end])
}

/// Decodes only the amount.
pub fn amount(bytes: &[u8]) -> Option<u64> {
    let bytes: &[u8; 300] = bytes.try_into().ok()?;
    number(std::str::from_utf8(&bytes[116..129]).ok()?)
}

/// The characters of all two-byte codes, or 0 if there is no character.
static TABLE: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let codes = (0x81..=0xFE_u8).flat_map(|lead| (0x41..=0xFE_u8).map(move |trail| [lead, trail]));
    let character = |code: [u8; 2]| {
        let text = EUC_KR.decode_without_bom_handling_and_without_replacement(&code)?.into_owned();
        text.chars().next().filter(|_| text.chars().count() == 1)
    };
    codes.map(|code| character(code).map_or(0, |character| character as u16)).collect()
});

fn korean_by_table(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let end = bytes.iter().rposition(|byte| *byte != b' ').map_or(0, |at| at + 1);
    let bytes = &bytes[..end];
    if bytes.is_ascii() {
        return std::str::from_utf8(bytes).ok().map(Cow::Borrowed);
    }
    let table = TABLE.as_slice();
    let mut text = String::with_capacity(end * 3 / 2);
    let mut rest = bytes.iter();
    while let Some(lead) = rest.next() {
        if lead.is_ascii() {
            text.push(char::from(*lead));
            continue;
        }
        let trail = rest.next()?;
        let at = usize::from(lead.checked_sub(0x81)?) * 190 + usize::from(trail.checked_sub(0x41)?);
        text.push(char::from_u32((*table.get(at)?).into()).filter(|character| *character != '\0')?);
    }
    Some(Cow::Owned(text))
}

pub fn decode(bytes: &[u8]) -> Option<Transfer<'_>> {
    decode_with(bytes, korean)
}

pub fn decode_by_table(bytes: &[u8]) -> Option<Transfer<'_>> {
    decode_with(bytes, korean_by_table)
}

#[inline(always)]
fn decode_with<'a>(bytes: &'a [u8], korean: impl Fn(&'a [u8]) -> Option<Cow<'a, str>>) -> Option<Transfer<'a>> {
    let bytes: &[u8; 300] = bytes.try_into().ok()?;
    let head = std::str::from_utf8(&bytes[..171]).ok().filter(|head| head.is_ascii())?;
    let tail = std::str::from_utf8(&bytes[205..]).ok().filter(|tail| tail.is_ascii())?;
    if tail[6..].bytes().any(|byte| byte != b' ') || head[70..100].bytes().any(|byte| byte != b' ') {
        return None;
    }
    let length = number(&head[..4])? as u16;
    if length != 296 {
        return None;
    }
    let balance_sign = head.as_bytes()[129];
    if !matches!(balance_sign, b' ' | b'+' | b'-') {
        return None;
    }
    Some(Transfer {
        length,
        transaction_code: head[4..13].trim_end_matches(' '),
        company_code: head[13..21].trim_end_matches(' '),
        bank_code: digits(&head[21..24])?,
        telegram_code: digits(&head[24..28])?,
        business_code: digits(&head[28..31])?,
        send_count: number(&head[31..32])? as u8,
        trace_no: number(&head[32..38])? as u32,
        sent_date: date(number(&head[38..46])?)?,
        sent_time: time(number(&head[46..52])?)?,
        response_code: head[52..56].trim_end_matches(' '),
        transaction_no: head[56..70].trim_end_matches(' '),
        withdraw_account: digits(head[100..116].trim_end_matches(' '))?,
        amount: number(&head[116..129])?,
        balance_sign,
        balance: number(&head[130..143])?,
        deposit_bank: digits(&head[143..146])?,
        deposit_account: digits(head[146..162].trim_end_matches(' '))?,
        fee: number(&head[162..171])? as u32,
        payee_name: korean(&bytes[171..191])?,
        passbook_memo: korean(&bytes[191..205])?,
        check_digits: tail[..6].trim_end_matches(' '),
    })
}

fn put_text(out: &mut [u8], text: &str) -> Option<()> {
    let (value, padding) = out.split_at_mut_checked(text.len())?;
    value.copy_from_slice(text.as_bytes());
    padding.fill(b' ');
    text.is_ascii().then_some(())
}

fn put_number(out: &mut [u8], mut value: u64) -> Option<()> {
    for byte in out.iter_mut().rev() {
        *byte = b'0' + (value % 10) as u8;
        value /= 10;
    }
    (value == 0).then_some(())
}

fn put_korean(out: &mut [u8], text: &str) -> Option<()> {
    let mut scratch = [0; 64];
    let (result, read, written) = EUC_KR.new_encoder().encode_from_utf8_without_replacement(text, &mut scratch, true);
    if !matches!(result, encoding_rs::EncoderResult::InputEmpty) || read != text.len() || written > out.len() {
        return None;
    }
    let mut bytes = scratch[..written].iter();
    while let Some(lead) = bytes.next() {
        if *lead >= 0x80 && (*lead < 0xA1 || *bytes.next()? < 0xA1) {
            return None;
        }
    }
    let (value, padding) = out.split_at_mut(written);
    value.copy_from_slice(&scratch[..written]);
    padding.fill(b' ');
    Some(())
}

pub fn encode(transfer: &Transfer<'_>, out: &mut [u8; 300]) -> Option<()> {
    let (year, month, day) = transfer.sent_date;
    let (hour, minute, second) = transfer.sent_time;
    put_number(&mut out[..4], transfer.length.into())?;
    put_text(&mut out[4..13], transfer.transaction_code)?;
    put_text(&mut out[13..21], transfer.company_code)?;
    put_text(&mut out[21..24], digits(transfer.bank_code)?)?;
    put_text(&mut out[24..28], digits(transfer.telegram_code)?)?;
    put_text(&mut out[28..31], digits(transfer.business_code)?)?;
    put_number(&mut out[31..32], transfer.send_count.into())?;
    put_number(&mut out[32..38], transfer.trace_no.into())?;
    put_number(&mut out[38..46], u64::from(year) * 10_000 + u64::from(month) * 100 + u64::from(day))?;
    put_number(&mut out[46..52], u64::from(hour) * 10_000 + u64::from(minute) * 100 + u64::from(second))?;
    put_text(&mut out[52..56], transfer.response_code)?;
    put_text(&mut out[56..70], transfer.transaction_no)?;
    out[70..100].fill(b' ');
    put_text(&mut out[100..116], digits(transfer.withdraw_account)?)?;
    put_number(&mut out[116..129], transfer.amount)?;
    out[129] = transfer.balance_sign;
    put_number(&mut out[130..143], transfer.balance)?;
    put_text(&mut out[143..146], digits(transfer.deposit_bank)?)?;
    put_text(&mut out[146..162], digits(transfer.deposit_account)?)?;
    put_number(&mut out[162..171], transfer.fee.into())?;
    put_korean(&mut out[171..191], &transfer.payee_name)?;
    put_korean(&mut out[191..205], &transfer.passbook_memo)?;
    put_text(&mut out[205..211], transfer.check_digits)?;
    out[211..].fill(b' ');
    Some(())
}
