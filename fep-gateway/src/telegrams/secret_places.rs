//! The places that hold a secret in any telegram of the spec.
//!
//! Bytes that cannot be read may be another telegram than they seem to be: a wrong code puts an account number where the
//! recognised telegram has a plain field. So an error about received bytes shows no byte that is secret in any telegram.

use std::ops::Range;

use fep_codec::layout::Layout;
use fep_codec::{Culprit, Error};
use fep_spec::model::Spec;

/// Byte ranges, each with the name of a telegram that has a secret there.
#[derive(Debug)]
pub(super) struct SecretPlaces(Vec<(Range<usize>, String)>);

impl SecretPlaces {
    pub(super) fn of(spec: &Spec) -> Self {
        Self(spec.telegrams.iter().flat_map(|telegram| secret_ranges(&telegram.layout)).collect())
    }

    /// The text of an error about received bytes.
    pub(super) fn describe(&self, error: &Error) -> String {
        let Some(range) = error.range() else { return error.to_string() };
        let overlaps = |place: &Range<usize>| place.start < range.end && range.start < place.end;
        let Some((_, telegram)) = self.0.iter().find(|(place, _)| overlaps(place)).filter(|_| !error.is_secret())
        else {
            return error.to_string();
        };
        let whose = match error.culprit() {
            Culprit::Peer => "peer",
            Culprit::Caller => "caller",
            Culprit::Spec => "spec",
        };
        let label = if error.label().is_empty() { String::new() } else { format!(" ({})", error.label()) };
        let Range { start, end } = range;
        format!(
            "{whose}: {}{label}, bytes {start}..{end}: cannot be read; the bytes are not shown, because {telegram} has a secret there",
            error.path()
        )
    }
}

fn secret_ranges(layout: &Layout) -> impl Iterator<Item = (Range<usize>, String)> {
    let mut start = 0;
    let mut is_fixed = true;
    let mut ranges = Vec::new();
    for item in layout.items.iter() {
        let len = item.fixed_len().filter(|_| is_fixed);
        let end = len.map_or(usize::MAX, |len| start + len);
        if item.has_secret() {
            ranges.push((start..end, layout.name.to_string()));
        }
        // After an item of varying length, a secret may be anywhere.
        is_fixed = len.is_some();
        start = len.map_or(start, |_| end);
    }
    ranges.into_iter()
}

#[cfg(test)]
mod tests {
    use fep_codec::record::Record;

    use super::*;

    const BANK_A: &str = include_str!("../../specs/bank-a/bank-a.toml");

    /// The telegram of this name, with everything readable but letters at the bytes of the account number.
    fn error_about(telegram: &str, bytes: &[u8]) -> String {
        let spec = Spec::parse("bank-a.toml", BANK_A).unwrap();
        let layout = &spec.telegram(telegram).unwrap().layout;
        SecretPlaces::of(&spec).describe(&Record::decode(layout, bytes).unwrap_err())
    }

    #[test]
    fn an_account_number_in_another_telegrams_plain_field_is_not_shown() {
        let mut bytes = vec![b' '; 300];
        bytes[..100].copy_from_slice(
            b"0296FEPTEST01FEPCO00109906001001000123202611210930150000T2026112100001                              ",
        );
        // The account number of a transfer stands where the answer to an inquiry has the original date.
        bytes[100..116].copy_from_slice(b"1002345678901   ");
        let said = error_about("ResultInquiry", &bytes);
        assert!(said.starts_with("peer: original_date (원거래 전송일자), bytes 106..114: cannot be read"), "{said}");
        assert!(said.ends_with(" has a secret there"), "{said}");
        for part in ["8901", "38 39 30 31", "678901"] {
            assert!(!said.contains(part), "{said}");
        }
    }

    #[test]
    fn a_field_where_no_telegram_has_a_secret_is_shown() {
        let mut bytes = vec![b' '; 300];
        bytes[..100].copy_from_slice(
            b"0296FEPTEST01FEPCO00109901001001ABCDEF202611210930150000T2026112100001                              ",
        );
        let said = error_about("Transfer", &bytes);
        assert!(said.contains("header.trace_no") && said.contains("41 42 43"), "{said}");
    }
}
