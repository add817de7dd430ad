//! How specs write the codes that identify telegrams and the cases of choices.

/// A code as it is kept: blanks only are the code of a blank field, which is empty.
///
/// ```
/// use fep_core::codes::kept;
///
/// assert_eq!(kept("  "), "");
/// assert_eq!(kept(" 1"), " 1");
/// ```
#[must_use]
pub fn kept(code: &str) -> &str {
    if code.bytes().all(|byte| byte == b' ') { "" } else { code }
}

/// The value of a number that a code writes in decimal digits, in its smallest unit: with scale 2 `12.5` is 1250. `None` if the text is
/// no such number.
///
/// ```
/// use fep_core::codes::units;
///
/// assert_eq!(units("0200", 0), Some(200));
/// assert_eq!(units("-12.5", 2), Some(-1250));
/// assert_eq!([units("", 0), units("1.", 2), units("0.125", 2), units("1a", 0)], [None; 4]);
/// ```
#[must_use]
pub fn units(code: &str, scale: usize) -> Option<i128> {
    let (negative, magnitude) = code.strip_prefix('-').map_or((false, code), |magnitude| (true, magnitude));
    let (whole, decimals) = match magnitude.split_once('.') {
        Some((_, "")) => return None,
        Some(both) => both,
        None => (magnitude, ""),
    };
    let zeros = scale.checked_sub(decimals.len())?;
    if whole.is_empty() {
        return None;
    }
    let digits = whole.bytes().chain(decimals.bytes()).chain(core::iter::repeat_n(b'0', zeros));
    let units = digits.into_iter().try_fold(0_i128, |units, digit| {
        let digit = digit.is_ascii_digit().then(|| i128::from(digit & 0x0F))?;
        units.checked_mul(10)?.checked_add(digit)
    })?;
    Some(if negative { -units } else { units })
}

/// The bytes that hex digits write. `None` at a pair that is none, and one `None` for a digit without a partner.
pub fn hex(code: &str) -> impl Iterator<Item = Option<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    code.as_bytes().chunks(2).map(move |pair| match pair {
        [high, low] => Some(digit(*high)? * 16 + digit(*low)?),
        _ => None,
    })
}
