//! Operations on eight bytes at a time: ASCII digits, runs of ASCII, reserved bytes. [`crate::kind`] defines their meaning.
//!
//! A word holds the first digit in its lowest byte, on any machine. Four to seven bytes are loaded as two pieces that overlap,
//! because a loop over bytes costs more than all the arithmetic.

const ZEROS: u64 = 0x3030_3030_3030_3030;
const TO_EIGHT: u64 = 100_000_000;

/// Whether all bytes are ASCII. It looks at all of them, as [`all_digits`] does.
#[inline(always)]
pub(crate) fn is_ascii(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk() else {
        let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) else {
            return three(bytes).is_none_or(|three| three.iter().fold(0, |seen, byte| seen | byte).is_ascii());
        };
        return (u32::from_le_bytes(*first) | u32::from_le_bytes(*last)) & 0x8080_8080 == 0;
    };
    bytes.as_chunks().0.iter().fold(others(last), |seen, word| seen | others(word)) == 0
}

/// The highest bits of bytes that are not ASCII.
#[inline(always)]
fn others(word: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*word) & 0x8080_8080_8080_8080
}

/// One to three bytes, some of them twice. `None` if there is none.
#[inline(always)]
fn three(bytes: &[u8]) -> Option<[u8; 3]> {
    match bytes {
        [] => None,
        [only] => Some([*only; 3]),
        [first, .., last] => Some([*first, bytes.get(1).copied().unwrap_or(*last), *last]),
    }
}

/// The number of ASCII bytes at the start of `bytes`.
#[inline(always)]
pub(crate) fn ascii_len(bytes: &[u8]) -> usize {
    let Some(last) = bytes.last_chunk() else {
        return bytes.iter().take_while(|byte| byte.is_ascii()).count();
    };
    let (words, _) = bytes.as_chunks();
    let (fours, _) = words.as_chunks::<4>();
    let fours = fours.iter().take_while(|four| four.iter().fold(0, |seen, word| seen | others(word)) == 0).count();
    let words = words.iter().enumerate().skip(4 * fours).map(|(at, word)| (8 * at, others(word)));
    // The last eight bytes may overlap earlier words. The search reaches them only if all earlier words are ASCII.
    let mut ends = words.chain([(bytes.len() - 8, others(last))]);
    ends.find(|(_, others)| *others != 0).map_or(bytes.len(), |(at, others)| at + others.trailing_zeros() as usize / 8)
}

/// Whether all bytes are equal to `byte`. It looks at all of them, as [`all_digits`] does.
#[inline(always)]
pub(crate) fn all_are(bytes: &[u8], byte: u8) -> bool {
    let Some(last) = bytes.last_chunk::<8>() else { return bytes.iter().all(|other| *other == byte) };
    let others = |word: &[u8; 8]| u64::from_le_bytes(*word) ^ u64::from_le_bytes([byte; 8]);
    let (words, _) = bytes.as_chunks();
    words.iter().fold(others(last), |seen, word| seen | others(word)) == 0
}

/// Whether all bytes are digits. It looks at all of them, which is faster than stopping at the first byte that is not a digit.
#[inline(always)]
pub(crate) fn all_digits(bytes: &[u8]) -> bool {
    let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) else {
        return if bytes.len() > 3 { wrong(load(bytes)) == 0 } else { three(bytes).is_none_or(are_digits) };
    };
    if bytes.len() <= 16 {
        return wrong(u64::from_le_bytes(*first)) | wrong(u64::from_le_bytes(*last)) == 0;
    }
    let (eights, _) = bytes.as_chunks::<8>();
    eights.iter().fold(wrong(u64::from_le_bytes(*last)), |seen, eight| seen | wrong(u64::from_le_bytes(*eight))) == 0
}

#[inline(always)]
fn are_digits(bytes: [u8; 3]) -> bool {
    bytes.iter().fold(true, |sound, byte| sound & byte.is_ascii_digit())
}

/// Copies ASCII to the start of `to`, and returns whether it was ASCII and had room. Otherwise the content of `to` is unspecified.
#[inline(always)]
pub(crate) fn copy_ascii(from: &[u8], to: &mut [u8]) -> bool {
    copy(from, to, others, is_ascii)
}

/// Copies digits to the start of `to`, as [`copy_ascii`] copies ASCII.
#[inline(always)]
pub(crate) fn copy_digits(from: &[u8], to: &mut [u8]) -> bool {
    copy(from, to, |word| wrong(u64::from_le_bytes(*word)), all_digits)
}

/// Copies bytes and checks them. `wrong` is not zero for a word with bytes of another kind, and `sound` looks at any bytes.
#[inline(always)]
fn copy(from: &[u8], to: &mut [u8], wrong: impl Fn(&[u8; 8]) -> u64, sound: impl Fn(&[u8]) -> bool) -> bool {
    let Some(to) = to.get_mut(..from.len()) else { return false };
    if let Some((first, last)) = copy_ends::<8>(from, to) {
        return wrong(first) | wrong(last) == 0;
    }
    if from.len() < 4 {
        to.iter_mut().zip(from).for_each(|(place, byte)| *place = *byte);
    } else if copy_ends::<4>(from, to).is_none() {
        to.copy_from_slice(from);
    }
    sound(from)
}

/// Copies `N` to `2 * N` bytes as two pieces, which overlap, and returns them. Most fields are short, and for them that is cheaper than a call of `memcpy`.
#[inline(always)]
fn copy_ends<'f, const N: usize>(from: &'f [u8], to: &mut [u8]) -> Option<(&'f [u8; N], &'f [u8; N])> {
    let first = from.first_chunk()?;
    let last = from.last_chunk()?;
    if from.len() > 2 * N {
        return None;
    }
    *to.first_chunk_mut()? = *first;
    *to.last_chunk_mut()? = *last;
    Some((first, last))
}

/// Reads up to 19 digits. Returns `None` if any byte is not a digit.
#[inline(always)]
pub(crate) fn parse_u64(digits: &[u8]) -> Option<u64> {
    let (first, eights) = digits.as_rchunks::<8>();
    let (mut value, mut sound) = few(first);
    for eight in eights {
        let word = u64::from_le_bytes(*eight);
        sound &= wrong(word) == 0;
        value = value.wrapping_mul(TO_EIGHT).wrapping_add(number(word));
    }
    sound.then_some(value)
}

/// The four pairs of eight digits as numbers: the parts of a date. Four to seven digits have `0` in front. `None` if any byte is not a digit.
#[inline(always)]
pub(crate) fn pairs(digits: &[u8]) -> Option<[u8; 4]> {
    let word = match digits.first_chunk() {
        Some(eight) if digits.len() == 8 => u64::from_le_bytes(*eight),
        _ if (4..8).contains(&digits.len()) => load(digits),
        _ => return None,
    };
    let [first, _, second, _, third, _, fourth, _] = in_pairs(word).to_le_bytes();
    (wrong(word) == 0).then_some([first, second, third, fourth])
}

/// The number in at most seven bytes, and whether all of them are digits.
#[inline(always)]
fn few(bytes: &[u8]) -> (u64, bool) {
    if bytes.len() > 3 {
        let word = load(bytes);
        return (number(word), wrong(word) == 0);
    }
    bytes.iter().fold((0, true), |(value, sound), byte| {
        let digit = byte.wrapping_sub(b'0');
        (10 * value + u64::from(digit), sound & (digit <= 9))
    })
}

/// Writes the value with leading zeros, eight and then two digits at a time, and returns whether it fits.
#[inline(always)]
pub(crate) fn write_u64(mut value: u64, out: &mut [u8]) -> bool {
    let (rest, eights) = out.as_rchunks_mut::<8>();
    for eight in eights.iter_mut().rev() {
        *eight = eight_digits(value % TO_EIGHT);
        value /= TO_EIGHT;
    }
    let (first, pairs) = rest.as_rchunks_mut::<2>();
    for pair in pairs.iter_mut().rev() {
        *pair = two_digits(value % 100);
        value /= 100;
    }
    if let [digit] = first {
        *digit = b'0' + (value % 10).to_le_bytes()[0];
        value /= 10;
    }
    value == 0
}

/// The digits of a number below 100,000,000: two numbers of four digits, then four of two, then eight of one, all in one word. A division by
/// 100 or 10 is a multiplication and a shift, which is exact for such small numbers.
#[inline(always)]
const fn eight_digits(value: u64) -> [u8; 8] {
    let fours = (value / 10_000) | ((value % 10_000) << 32);
    let hundreds = (fours.wrapping_mul(10_486) >> 20) & 0x0000_007F_0000_007F;
    let twos = hundreds | (fours.wrapping_sub(hundreds.wrapping_mul(100)) << 16);
    let tens = (twos.wrapping_mul(103) >> 10) & 0x000F_000F_000F_000F;
    let ones = tens | (twos.wrapping_sub(tens.wrapping_mul(10)) << 8);
    (ones | ZEROS).to_le_bytes()
}

/// Writes four numbers below 100 as eight digits, or the last of them as fewer digits. Returns whether the digits left out are zero.
#[inline(always)]
pub(crate) fn write_pairs(pairs: [u8; 4], out: &mut [u8]) -> bool {
    let mut left = pairs.iter().rev();
    let (first, places) = out.as_rchunks_mut::<2>();
    for (place, pair) in places.iter_mut().rev().zip(&mut left) {
        *place = two_digits((*pair).into());
    }
    first.is_empty() && left.all(|pair| *pair == 0)
}

#[inline(always)]
#[allow(clippy::indexing_slicing, reason = "the table is made at compile time")]
fn two_digits(value: u64) -> [u8; 2] {
    const TABLE: [[u8; 2]; 100] = {
        let mut table = [[0; 2]; 100];
        let mut at = 0_u8;
        while at < 100 {
            table[at as usize] = [b'0' + at / 10, b'0' + at % 10];
            at += 1;
        }
        table
    };
    usize::try_from(value).ok().and_then(|at| TABLE.get(at)).copied().unwrap_or([b'0'; 2])
}

/// Four to seven bytes as a word, with `0` digits in front.
#[inline(always)]
fn load(bytes: &[u8]) -> u64 {
    let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) else { return 0 };
    let bits = 8 * bytes.len();
    let word = u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << (bits - 32);
    word << (64 - bits) | ZEROS >> bits
}

/// A word that is not zero if any of the bytes is not a digit. `byte ^ 0x30` is more than nine for such a byte, and the addition
/// carries it into the highest bit.
#[inline(always)]
const fn wrong(word: u64) -> u64 {
    let values = word ^ ZEROS;
    (values | values.wrapping_add(0x7676_7676_7676_7676)) & 0x8080_8080_8080_8080
}

/// Each pair of digits as a number, in the lower of its two bytes.
#[inline(always)]
const fn in_pairs(word: u64) -> u64 {
    let values = word ^ ZEROS;
    values.wrapping_mul(10).wrapping_add(values >> 8)
}

/// The number of eight digits. One multiplication joins the digits into pairs, two more join the pairs.
#[inline(always)]
const fn number(word: u64) -> u64 {
    let pairs = in_pairs(word);
    let low = (pairs & 0x0000_00FF_0000_00FF).wrapping_mul(100 + (1_000_000 << 32));
    let high = ((pairs >> 16) & 0x0000_00FF_0000_00FF).wrapping_mul(1 + (10_000 << 32));
    low.wrapping_add(high) >> 32
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn every_byte_that_is_no_digit_is_seen_in_every_place() {
        for len in 1..=19 {
            for at in 0..len {
                for byte in 0..=u8::MAX {
                    let mut bytes = vec![b'7'; len];
                    bytes[at] = byte;
                    let read = parse_u64(&bytes);
                    let expected = core::str::from_utf8(&bytes).ok().filter(|_| byte.is_ascii_digit());
                    assert_eq!(read, expected.map(|text| text.parse().unwrap()), "{byte:02x} at {at} of {len}");
                    assert_eq!(all_digits(&bytes), byte.is_ascii_digit(), "{byte:02x} at {at} of {len}");
                }
            }
        }
        assert_eq!(pairs(b"20261231"), Some([20, 26, 12, 31]));
        assert_eq!(pairs(b"093015"), Some([0, 9, 30, 15]));
        assert_eq!(pairs(b"0930"), Some([0, 0, 9, 30]));
        assert_eq!([&b"930"[..], b"202612311", b"0930:5", b"2026123 ", b""].map(pairs), [None; 5]);
        assert!(all_digits(b""));
        assert_eq!(parse_u64(b""), Some(0));
    }

    #[test]
    fn what_is_copied_is_copied_whole_and_every_other_byte_is_seen() {
        for len in 0..=40 {
            let sound: Vec<u8> = (b'0'..=b'9').cycle().take(len).collect();
            let mut out = [b'x'; 42];
            assert!(copy_ascii(&sound, &mut out[1..41]) && copy_digits(&sound, &mut out[1..41]));
            assert_eq!(&out[1..=len], sound, "{len}");
            assert_eq!((out[0], &out[len + 1..]), (b'x', &[b'x'; 42][len + 1..]), "{len}");
            assert!(len == 0 || !copy_ascii(&sound, &mut out[..len - 1]) && !copy_digits(&sound, &mut out[..len - 1]));
            for at in 0..len {
                for byte in 0..=u8::MAX {
                    let mut bytes = sound.clone();
                    bytes[at] = byte;
                    assert_eq!(copy_ascii(&bytes, &mut out), byte.is_ascii(), "{byte:02x} at {at} of {len}");
                    assert_eq!(copy_digits(&bytes, &mut out), byte.is_ascii_digit(), "{byte:02x} at {at} of {len}");
                }
            }
        }
    }

    #[test]
    fn eight_digits_are_those_of_the_number() {
        // The two halves are computed beside each other, so each is tried with all numbers while the other one is extreme.
        for four in 0..10_000 {
            for value in [four, four * 10_000, four * 10_000 + 9_999, 99_990_000 + four, four * 10_001] {
                assert_eq!(eight_digits(value), *format!("{value:08}").as_bytes());
            }
        }
    }

    #[test]
    fn pairs_are_written_as_they_are_read() {
        for len in [4, 5, 6, 7, 8] {
            for pairs_given in [[0, 0, 9, 30], [0, 9, 30, 15], [20, 26, 12, 31], [99, 99, 99, 99]] {
                let mut out = vec![b'x'; len];
                let fits = len % 2 == 0 && pairs_given[..4 - len / 2].iter().all(|pair| *pair == 0);
                assert_eq!(write_pairs(pairs_given, &mut out), fits, "{pairs_given:?} in {len}");
                assert!(!fits || pairs(&out) == Some(pairs_given), "{pairs_given:?} in {len}");
            }
        }
    }

    #[test]
    fn what_fits_is_written_and_what_does_not_is_said() {
        let mut values = vec![0, u64::MAX];
        values.extend(
            (0..=19).flat_map(|digits| [10_u64.pow(digits) - 1, 10_u64.pow(digits), 7 * (10_u64.pow(digits) / 9)]),
        );
        for value in values {
            for len in 0..=24 {
                let text = format!("{value:0len$}");
                // Zero fits into a field of no bytes.
                let text = if value == 0 && len == 0 { "" } else { &text };
                let mut out = vec![b'x'; len + 2];
                assert_eq!(write_u64(value, &mut out[1..=len]), text.len() == len, "{value} in {len}");
                if text.len() == len {
                    assert_eq!(out, format!("x{text}x").as_bytes());
                    assert!(len > 19 || parse_u64(text.as_bytes()) == Some(value), "{value} of {len}");
                }
                assert_eq!((out[0], out[len + 1]), (b'x', b'x'));
            }
        }
    }
}
