//! The names by which specs and sheets call charsets.

use super::{Charset, UnknownLabelError};

/// Labels and what else people write, without case, `-`, `_` and spaces.
const ALIASES: &[(&str, Charset)] = &[
    ("ascii", Charset::Ascii),
    ("usascii", Charset::Ascii),
    ("iso646us", Charset::Ascii),
    ("utf8", Charset::Utf8),
    #[cfg(feature = "charset-korean")]
    ("euckr", Charset::EucKr),
    #[cfg(feature = "charset-korean")]
    ("ksx1001", Charset::EucKr),
    #[cfg(feature = "charset-korean")]
    ("완성형", Charset::EucKr),
    #[cfg(feature = "charset-korean")]
    ("cp949", Charset::Cp949),
    #[cfg(feature = "charset-korean")]
    ("ms949", Charset::Cp949),
    #[cfg(feature = "charset-korean")]
    ("uhc", Charset::Cp949),
    #[cfg(feature = "charset-korean")]
    ("windows949", Charset::Cp949),
    #[cfg(feature = "charset-korean")]
    ("xwindows949", Charset::Cp949),
    #[cfg(feature = "charset-korean")]
    ("통합완성형", Charset::Cp949),
    #[cfg(feature = "charset-korean")]
    ("확장완성형", Charset::Cp949),
    #[cfg(feature = "charset-korean")]
    ("johab", Charset::Johab),
    #[cfg(feature = "charset-korean")]
    ("cp1361", Charset::Johab),
    #[cfg(feature = "charset-korean")]
    ("ms1361", Charset::Johab),
    #[cfg(feature = "charset-korean")]
    ("조합형", Charset::Johab),
    #[cfg(feature = "charset-korean")]
    ("상용조합형", Charset::Johab),
    #[cfg(feature = "charset-ebcdic-korean")]
    ("ibm933", Charset::Ibm933),
    #[cfg(feature = "charset-ebcdic-korean")]
    ("cp933", Charset::Ibm933),
    #[cfg(feature = "charset-ebcdic-korean")]
    ("ebcdickr", Charset::Ibm933),
    #[cfg(feature = "charset-ebcdic-korean")]
    ("ibm1364", Charset::Ibm1364),
    #[cfg(feature = "charset-ebcdic-korean")]
    ("cp1364", Charset::Ibm1364),
    #[cfg(feature = "charset-ebcdic-korean")]
    ("ibm833", Charset::Ibm833),
    #[cfg(feature = "charset-ebcdic-korean")]
    ("cp833", Charset::Ibm833),
    #[cfg(feature = "charset-ebcdic-korean")]
    ("ibm834", Charset::Ibm834),
    #[cfg(feature = "charset-ebcdic-korean")]
    ("cp834", Charset::Ibm834),
    #[cfg(feature = "charset-ebcdic")]
    ("cp037", Charset::Cp037),
    #[cfg(feature = "charset-ebcdic")]
    ("ibm037", Charset::Cp037),
    #[cfg(feature = "charset-ebcdic")]
    ("ebcdicus", Charset::Cp037),
    #[cfg(feature = "charset-ebcdic")]
    ("cp500", Charset::Cp500),
    #[cfg(feature = "charset-ebcdic")]
    ("ibm500", Charset::Cp500),
    #[cfg(feature = "charset-ebcdic")]
    ("cp1047", Charset::Cp1047),
    #[cfg(feature = "charset-ebcdic")]
    ("ibm1047", Charset::Cp1047),
    #[cfg(feature = "charset-ebcdic")]
    ("cp1140", Charset::Cp1140),
    #[cfg(feature = "charset-ebcdic")]
    ("ibm1140", Charset::Cp1140),
    #[cfg(feature = "charset-japanese")]
    ("cp932", Charset::Cp932),
    #[cfg(feature = "charset-japanese")]
    ("ms932", Charset::Cp932),
    #[cfg(feature = "charset-japanese")]
    ("windows31j", Charset::Cp932),
    #[cfg(feature = "charset-japanese")]
    ("jisx0201", Charset::JisX0201),
    #[cfg(feature = "charset-ebcdic-japanese")]
    ("ibm930", Charset::Ibm930),
    #[cfg(feature = "charset-ebcdic-japanese")]
    ("cp930", Charset::Ibm930),
    #[cfg(feature = "charset-ebcdic-japanese")]
    ("ibm939", Charset::Ibm939),
    #[cfg(feature = "charset-ebcdic-japanese")]
    ("cp939", Charset::Ibm939),
    #[cfg(feature = "charset-ebcdic-japanese")]
    ("ibm1390", Charset::Ibm1390),
    #[cfg(feature = "charset-ebcdic-japanese")]
    ("cp1390", Charset::Ibm1390),
    #[cfg(feature = "charset-ebcdic-japanese")]
    ("ibm1399", Charset::Ibm1399),
    #[cfg(feature = "charset-ebcdic-japanese")]
    ("cp1399", Charset::Ibm1399),
];

/// Names that mean several charsets, and what to write.
const REFUSED: [(&[&str], &str); 5] = [
    (
        &["ksc56011987", "ksc5601", "ksc56011992", "ks5601", "korean"],
        "this label is used for two charsets: write euc-kr (strict KS X 1001) or cp949 (with the added Hangul)",
    ),
    (
        &["ibm949", "949"],
        "IBM-949 is another charset than Microsoft's 949: write cp949 (MS949, UHC) if that is what the institution sends",
    ),
    (
        &["ebcdic"],
        "EBCDIC is many charsets: write ibm933 (Korean with SO/SI), cp037 (US), cp500, cp1047, ibm930 or ibm939 (Japanese)",
    ),
    (
        &["shiftjis", "sjis", "xsjis"],
        "this label is used for several charsets: write cp932 (Microsoft's, windows-31j) or jisx0201 (single bytes only)",
    ),
    (&["ansi", "dbcs", "mbcs"], "this names no charset: on Korean Windows it is cp949, on Japanese cp932"),
];

/// A label without case and what people put between its parts.
fn plain(label: &str) -> impl Iterator<Item = char> + Clone + '_ {
    label.chars().filter(|character| !matches!(character, '-' | '_' | ' ')).flat_map(char::to_lowercase)
}

pub(super) fn find(label: &str) -> Result<Charset, UnknownLabelError> {
    let is = |alias: &str| plain(label).eq(alias.chars());
    if let Some((_, charset)) = ALIASES.iter().find(|(alias, _)| is(alias)) {
        return Ok(*charset);
    }
    let refused = REFUSED.iter().find(|(labels, _)| labels.iter().any(|label| is(label)));
    Err(UnknownLabelError {
        hint: refused.map_or(
            "charsets are ascii, euc-kr, cp949, johab, ibm933, ibm1364, ibm833, ibm834, cp037, cp500, cp1047, cp1140, cp932, \
             jisx0201, ibm930, ibm939, ibm1390, ibm1399, utf-8",
            |(_, hint)| hint,
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheets_write_labels_as_they_like() {
        for (label, charset) in [
            ("MS949", Charset::Cp949),
            ("Windows-949", Charset::Cp949),
            ("EUC_KR", Charset::EucKr),
            ("완성형", Charset::EucKr),
            ("UHC", Charset::Cp949),
            ("조합형", Charset::Johab),
            ("EBCDIC-KR", Charset::Ibm933),
            ("IBM-1390", Charset::Ibm1390),
            ("CP1399", Charset::Ibm1399),
            ("IBM-1364", Charset::Ibm1364),
            ("CP 037", Charset::Cp037),
            ("JIS X 0201", Charset::JisX0201),
            ("UTF8", Charset::Utf8),
        ] {
            assert_eq!(Charset::from_label(label), Ok(charset), "{label}");
        }
        for charset in Charset::ALL {
            assert_eq!(Charset::from_label(charset.label()), Ok(*charset));
        }
    }

    #[test]
    fn a_label_of_two_charsets_is_refused_with_both() {
        let hint = |label: &str| Charset::from_label(label).unwrap_err().hint;
        assert!(["ks_c_5601-1987", "KSC5601", "ksc_5601"].iter().all(|label| hint(label).contains("euc-kr (")));
        assert!(hint("ks_c_5601-1987").contains("cp949"));
        assert!(hint("IBM-949").contains("another charset"));
        assert!(hint("EBCDIC").contains("ibm933"));
        assert!(hint("latin1").starts_with("charsets are"));
    }
}
