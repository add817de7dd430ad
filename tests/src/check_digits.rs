//! The check of `bank-a` that is no part of the library. Generated code asks for it by name.

/// The check digits (복기부호) of `bank-a`. The first six digits of both accounts and the last six digits of the amount are added
/// without carry. The halves of the result are swapped. Then the date of sending is added without carry.
///
/// # Errors
/// If one of these bytes is not a digit.
pub fn check_digits(covered: &[u8], out: &mut [u8]) -> Result<(), &'static str> {
    let six = |start: usize| -> Result<[u8; 6], &'static str> {
        let digits = covered.get(start..start + 6).filter(|digits| digits.iter().all(u8::is_ascii_digit));
        let digits = digits.ok_or("accounts, amount and date must be digits")?;
        Ok(std::array::from_fn(|at| digits.get(at).map_or(0, |digit| digit - b'0')))
    };
    let add = |one: [u8; 6], other: [u8; 6]| -> [u8; 6] {
        let mut others = other.into_iter();
        one.map(|digit| (digit + others.next().unwrap_or_default()) % 10)
    };
    let [a, b, c, d, e, f] = add(add(six(100)?, six(146)?), six(123)?);
    let digits = add([d, e, f, a, b, c], six(40)?);
    match <&mut [u8; 6]>::try_from(out) {
        Ok(out) => *out = digits.map(|digit| b'0' + digit),
        Err(_) => return Err("check digits are six"),
    }
    Ok(())
}
