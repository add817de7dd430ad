//! Runs of one byte, shortened. A telegram of fixed length is padded, and its padding is half of it.
//!
//! ```text
//! (00..7F, then that number of bytes plus one)* or (80..FF, then one byte that is there 4..131 times)*
//! ```

/// The shortest run that is shortened.
const RUN_MIN: usize = 4;

/// The longest run that one mark stands for.
const RUN_MAX: usize = 131;

/// The maximum number of bytes that one mark passes on as they are.
const PLAIN_MAX: usize = 128;

/// Shortens the runs in some bytes.
pub(super) fn shorten(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut plain: &[u8] = &[];
    let mut from = bytes;
    while let Some(first) = bytes.first() {
        let run = bytes.iter().take(RUN_MAX).take_while(|byte| *byte == first).count();
        if run >= RUN_MIN {
            put_plain(&mut out, plain);
            out.push(mark(0x80, run - RUN_MIN));
            out.push(*first);
            bytes = bytes.get(run..).unwrap_or_default();
            from = bytes;
            plain = &[];
        } else {
            bytes = bytes.get(run..).unwrap_or_default();
            plain = from.get(..from.len() - bytes.len()).unwrap_or_default();
        }
    }
    put_plain(&mut out, plain);
    out
}

fn put_plain(out: &mut Vec<u8>, plain: &[u8]) {
    for piece in plain.chunks(PLAIN_MAX) {
        out.push(mark(0, piece.len() - 1));
        out.extend_from_slice(piece);
    }
}

fn mark(kind: u8, count: usize) -> u8 {
    kind | u8::try_from(count).unwrap_or(0x7F)
}

/// The bytes that [`shorten`] shortened, or `None` for other bytes. At most 66 bytes come of one.
pub(super) fn restore(mut short: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(short.len() * 2);
    while let Some((mark, behind)) = short.split_first() {
        let count = usize::from(mark & 0x7F);
        if *mark < 0x80 {
            let (plain, behind) = behind.split_at_checked(count + 1)?;
            out.extend_from_slice(plain);
            short = behind;
        } else {
            let (byte, behind) = behind.split_first()?;
            out.resize(out.len() + count + RUN_MIN, *byte);
            short = behind;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_become_two_bytes_and_the_rest_stays() {
        let check = |bytes: &[u8], short: &[u8]| {
            assert_eq!(shorten(bytes), short);
            assert_eq!(restore(short).as_deref(), Some(bytes));
        };
        check(b"", b"");
        check(b"a", b"\x00a");
        check(b"aaa", b"\x02aaa");
        check(b"aaaa", b"\x80a");
        check(b"ab    c", b"\x01ab\x80 \x00c");
        check(&[b'0'; 131], b"\xFF0");
        check(&[b'0'; 133], b"\xFF0\x0100");
        for wrong in [&b"\x01a"[..], b"\x80", b"\x80a\x00"] {
            assert_eq!(restore(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn all_bytes_come_back() {
        let mut random = 1_u64;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        for _ in 0..2000 {
            let mut bytes = Vec::new();
            for _ in 0..next(12) {
                let byte = u8::try_from(next(256)).unwrap();
                bytes.resize(bytes.len() + usize::try_from(next(300)).unwrap(), byte);
                bytes.extend((0..next(9)).map(|add| byte.wrapping_add(u8::try_from(add).unwrap())));
            }
            assert_eq!(restore(&shorten(&bytes)), Some(bytes));
        }
    }
}
