//! The end of a certificate's validity, read from its DER form. Everything else about certificates is the business of rustls.
//!
//! ```text
//! SEQUENCE { SEQUENCE { [0] version?, INTEGER serial, SEQUENCE algorithm, SEQUENCE issuer,
//!                       SEQUENCE { notBefore, notAfter }, … }, … }
//! ```

/// The end of the validity, in seconds since 1970. `None` if the bytes are not a certificate.
pub(crate) fn not_after_s(der: &[u8]) -> Option<i64> {
    let (_, certificate, _) = element(der)?;
    let (_, mut rest, _) = element(certificate)?;
    if rest.first() == Some(&0xA0) {
        rest = element(rest)?.2;
    }
    for _ in ["serial", "algorithm", "issuer"] {
        rest = element(rest)?.2;
    }
    let (_, validity, _) = element(rest)?;
    let (_, _, end) = element(validity)?;
    let (tag, time, _) = element(end)?;
    seconds(tag, time)
}

/// The tag and the content of the first element, and the bytes behind it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [tag, len, rest @ ..] = bytes else { return None };
    let (len, rest) = match *len {
        len @ 0..=0x7F => (usize::from(len), rest),
        len @ 0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(len & 0x7F))?;
            (digits.iter().fold(0, |len, digit| len << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, behind) = rest.split_at_checked(len)?;
    Some((*tag, content, behind))
}

/// A UTCTime (`491231235959Z`, with the years 1950 to 2049) or a GeneralizedTime (`20501231235959Z`).
fn seconds(tag: u8, time: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(time).ok()?.strip_suffix('Z')?;
    let (year, rest) = text.split_at_checked(if tag == 0x17 { 2 } else { 4 })?;
    let mut year: i64 = year.parse().ok()?;
    if tag == 0x17 {
        year += if year >= 50 { 1900 } else { 2000 };
    }
    let part = |at: usize| rest.get(at..at + 2)?.parse::<i64>().ok();
    let month = part(0)?;
    // Days since 1970 by the civil calendar, in years that begin in March.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + part(2)? - 1;
    let year_of_era = year.rem_euclid(400);
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    Some(days * 86_400 + part(4)? * 3600 + part(6)? * 60 + part(8)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_read_or_it_is_none() {
        let mut params = rcgen::CertificateParams::new(vec!["bank.test".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(2031, 3, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        // `date -u -d 2031-03-01 +%s`
        assert_eq!(not_after_s(certificate.der()), Some(1_930_089_600));
        for len in 0..certificate.der().len().min(200) {
            let _ = not_after_s(&certificate.der()[..len]);
        }
        assert_eq!(not_after_s(b"\x30\x84\xFF\xFF\xFF\xFF"), None);
    }

    #[test]
    fn both_forms_of_time_are_read() {
        // By `date -u -d … +%s`.
        assert_eq!(seconds(0x17, b"491231235959Z"), Some(2_524_607_999));
        assert_eq!(seconds(0x18, b"20500101000000Z"), Some(2_524_608_000));
        assert_eq!(seconds(0x17, b"240229120000Z"), Some(1_709_208_000));
        assert_eq!(seconds(0x17, b"2402291200Z"), None);
        assert_eq!(seconds(0x18, "2050가1010000Z".as_bytes()), None);
    }
}
