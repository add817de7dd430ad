//! The constraints of numbers: encoding, sign, decimals, further forms.

use fep_codec::Charset;
use fep_codec::layout::{Accept, Accepts, Encoding, Justify, NoneAs, NoneSet, NumberRule, Overpunch, Sign};

use super::bytes::{beside_digits, filled};
use super::words::Text;

/// What differs from an unsigned number that is filled with zeros.
pub(super) fn number(charset: Charset, rule: &NumberRule, facts: &mut Vec<Text>) {
    facts.extend(encoding(charset, rule.encoding));
    facts.extend(sign(rule.encoding, rule.sign));
    facts.extend(scale(rule));
    if let Some(max) = rule.digits_max {
        facts.push(Text::new(format!("최대 {max}자리"), format!("at most {max} digits")));
    }
    if let Some(pad) = rule.pad {
        let pad = beside_digits(rule.encoding, pad);
        facts.push(match rule.justify {
            Justify::Right => {
                Text::new(format!("앞을 {} 채움", filled(&pad.ko)), format!("filled with {} on the left", pad.en))
            }
            Justify::Left => Text::new(
                format!("왼쪽 정렬, 뒤를 {} 채움", filled(&pad.ko)),
                format!("left-aligned, filled with {}", pad.en),
            ),
        });
    }
    facts.extend(none(rule.none, rule.none_also));
    facts.extend(accepts(rule.accepts));
}

/// The encoding, if it is not that of the charset.
pub(super) fn encoding(charset: Charset, encoding: Encoding) -> Option<Text> {
    if encoding == charset.encoding() {
        return None;
    }
    Some(match encoding {
        Encoding::Ascii => Text::new("ASCII 숫자", "ASCII digits"),
        Encoding::Ebcdic => Text::new("EBCDIC 숫자", "EBCDIC digits"),
        Encoding::Packed => Text::new("팩형 십진수(COMP-3)", "packed decimal (COMP-3)"),
        Encoding::Bcd => Text::new("BCD", "BCD"),
        Encoding::Binary => Text::new("이진수(빅 엔디언)", "binary, big-endian"),
        Encoding::BinaryLittle => Text::new("이진수(리틀 엔디언)", "binary, little-endian"),
    })
}

fn sign(encoding: Encoding, sign: Sign) -> Option<Text> {
    let separate = |ko: &str, en: &str, plus: u8, minus: u8| {
        let [plus, minus] = [plus, minus].map(|byte| beside_digits(encoding, byte));
        Text::new(
            format!("부호: {ko} 바이트, 양수 {} 음수 {}", plus.ko, minus.ko),
            format!("sign: the {en} byte, plus {} minus {}", plus.en, minus.en),
        )
    };
    Some(match sign {
        Sign::Unsigned => return None,
        Sign::LeadingMinus => Text::new("음수이면 첫 자리가 '-'", "a minus in the first byte if negative"),
        Sign::Leading { plus, minus } => separate("첫", "first", plus, minus),
        Sign::Trailing { plus, minus } => separate("끝", "last", plus, minus),
        Sign::LeadingOverpunch(form) => overpunch("첫", "first", form),
        Sign::TrailingOverpunch(form) => overpunch("끝", "last", form),
        Sign::Signed if encoding == Encoding::Packed => {
            Text::new("부호 있음(끝 반 바이트 C/D)", "signed (last half byte C or D)")
        }
        Sign::Signed => Text::new("부호 있음(2의 보수)", "signed (two's complement)"),
        Sign::Elsewhere => Text::new("부호는 다른 항목에 있음", "its sign is in another item"),
    })
}

fn overpunch(ko: &str, en: &str, form: Overpunch) -> Text {
    let letters = match form {
        Overpunch::Ebcdic => "+ {ABCDEFGHI  - }JKLMNOPQR",
        Overpunch::EbcdicMinus => "+ 0123456789  - }JKLMNOPQR",
        Overpunch::StrictAscii => "+ 0123456789  - pqrstuvwxy",
    };
    Text::new(format!("부호는 {ko} 숫자에 겹침: {letters}"), format!("sign in the {en} digit: {letters}"))
}

fn scale(rule: &NumberRule) -> Option<Text> {
    let scale = rule.scale;
    let point = rule.point.map(|point| beside_digits(rule.encoding, point));
    Some(match (scale, point) {
        (0, None) => return None,
        (..0, _) => {
            let zeros = "0".repeat(usize::from(scale.unsigned_abs()));
            Text::new(format!("1{zeros} 단위"), format!("in units of 1{zeros}"))
        }
        (_, Some(point)) => Text::new(
            format!("소수 {scale}자리, 소수점 {} 포함", point.ko),
            format!("{scale} decimals behind a point {}", point.en),
        ),
        (_, None) => Text::new(format!("소수 {scale}자리(소수점 없음)"), format!("{scale} implied decimals")),
    })
}

/// The contents that mean "no value".
pub(super) fn none(written: NoneAs, also: NoneSet) -> Option<Text> {
    if written == NoneAs::Never {
        return None;
    }
    let words: Vec<(&str, &str)> = std::iter::once(written).chain(also.iter()).map(none_word).collect();
    let [ko, en]: [Vec<&str>; 2] =
        [words.iter().map(|word| word.0).collect(), words.iter().map(|word| word.1).collect()];
    Some(Text::new(format!("값이 없으면 {}", ko.join(" 또는 ")), format!("no value: {}", en.join(" or "))))
}

const fn none_word(none: NoneAs) -> (&'static str, &'static str) {
    match none {
        NoneAs::Never => ("", ""),
        NoneAs::Spaces => ("공백", "spaces"),
        NoneAs::Zeros => ("0", "zeros"),
        NoneAs::Nines => ("9", "nines"),
        NoneAs::EbcdicSpaces => ("EBCDIC 공백(0x40)", "EBCDIC spaces (0x40)"),
        NoneAs::LowValues => ("0x00", "0x00"),
    }
}

/// The further forms that are read.
pub(super) fn accepts(accepts: Accepts) -> Option<Text> {
    if accepts.is_empty() {
        return None;
    }
    let words: Vec<(&str, &str)> = accepts.iter().map(accept_word).collect();
    let [ko, en]: [Vec<&str>; 2] =
        [words.iter().map(|word| word.0).collect(), words.iter().map(|word| word.1).collect()];
    Some(Text::new(format!("수신할 때 허용: {}", ko.join(", ")), format!("also read: {}", en.join(", "))))
}

const fn accept_word(accept: Accept) -> (&'static str, &'static str) {
    match accept {
        Accept::HostSigns => ("호스트 부호 A–F", "the signs A to F of a host"),
        Accept::PlainDigits => ("겹치지 않은 숫자(양수)", "a plain digit as plus"),
        Accept::OverpunchedPlus => ("겹친 양수 부호", "an overpunched plus"),
        Accept::BlankSign => ("공백 부호(양수)", "a blank sign as plus"),
        Accept::PlusSign => ("'+' 부호", "a plus sign"),
        Accept::PlusZero => ("양수 부호의 0", "zero with a plus"),
        Accept::MinusZero => ("음수 부호의 0", "zero with a minus"),
        Accept::LeadingZeros => ("앞의 0", "leading zeros"),
        Accept::LeadingBlanks => ("앞의 공백", "leading blanks"),
    }
}
