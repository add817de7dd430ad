//! Other bytes for the same values: further forms of numbers and digits, and other contents for "no value".

use fep_codec::dump::lines;
use fep_codec::layout::{Kind, NoneSet};
use fep_codec::{Layout, Record, Value};

use super::Random;

/// Bytes that read as the same values, in any forms that the fields read. A check over these bytes may no longer be right. Bytes that
/// cannot be read are returned as they are.
#[must_use]
pub fn other_forms(layout: &Layout, bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut other = bytes.to_vec();
    let Ok(record) = Record::decode(layout, bytes) else { return other };
    for line in lines(layout, bytes, true) {
        let Some((field, value)) = record.field(&line.path) else { continue };
        let forms = match (&field.kind, value) {
            (Kind::Number(_) | Kind::Digits(_), _) => field.kind.code_forms(&value.to_text(field), field.len),
            (Kind::Date(rule), Value::None) => blanks(rule.none_also, field.len),
            (Kind::Time(rule), Value::None) => blanks(rule.none_also, field.len),
            (Kind::DateTime(rule), Value::None) => blanks(rule.none_also, field.len),
            _ => continue,
        };
        let form = forms.get(random.small(forms.len().max(1)));
        if let (Some(place), Some(form)) = (other.get_mut(line.offset..line.offset + line.len), form)
            && place.len() == form.len()
        {
            place.copy_from_slice(form);
        }
    }
    other
}

/// The contents for "no value" that are the same byte in any field.
fn blanks(also: NoneSet, len: usize) -> Vec<Vec<u8>> {
    use fep_codec::layout::NoneAs::{EbcdicSpaces, LowValues};
    let known = [(EbcdicSpaces, 0x40), (LowValues, 0x00)];
    known.into_iter().filter(|(word, _)| also.has(*word)).map(|(_, byte)| vec![byte; len]).collect()
}
