//! Lenient reading invents nothing, loses nothing, and reports whatever it forgave.

use fep_codec::dump::lines;
use fep_codec::layout::Kind;
use fep_codec::lenient::{Deviation, DeviationPlace, Forgiven, Lenient};
use fep_codec::{Fault, Layout, Record};

/// The leniency that the bits of a number select: one bit for each deviation of telegrams.
pub fn leniency(bits: u32) -> Lenient {
    let of_telegrams = Deviation::ALL.iter().filter(|deviation| deviation.place() != DeviationPlace::Files);
    let chosen = of_telegrams.zip(0..u32::BITS).filter(|(_, bit)| bits >> bit & 1 == 1);
    chosen.fold(Lenient::STRICT, |all, (deviation, _)| all.with(*deviation))
}

/// Checks any bytes with any leniency.
pub fn any_leniency(layout: &Layout, bytes: &[u8], lenient: Lenient) {
    let (repaired, reports) = lenient.mend(layout, bytes);
    assert_eq!(lenient.mend(layout, &repaired), (repaired.clone(), Vec::new()), "repaired twice");
    let read = Record::decode_lenient(layout, bytes, lenient);
    if let Ok(record) = Record::decode(layout, bytes) {
        assert_eq!(read, Ok((record, Vec::new())), "what reads strictly");
        assert_eq!((&*repaired, &*reports), (bytes, [].as_slice()), "what reads strictly");
        if bytes.len() > 1 {
            stripped(layout, bytes);
        }
        return;
    }
    let Ok((record, forgiven)) = read else { return };
    assert!(!forgiven.is_empty(), "forgiven without a word: {}", bytes.escape_ascii());
    for Forgiven { deviation, range, .. } in &forgiven {
        assert!(lenient.forgives(*deviation), "{deviation:?} is not forgiven");
        assert!(range.start <= range.end && range.end <= bytes.len() as u64, "{range:?} of {}", bytes.len());
    }
    match Record::decode(layout, &repaired) {
        Ok(strict) => assert_eq!((&record, &forgiven), (&strict, &reports)),
        Err(error) => assert!(lenient.unknown_codes && *error.fault() == Fault::UnknownCode, "{error}"),
    }
    only_text_is_completed(layout, bytes, &repaired, &record, &forgiven);
    // Each deviation is forgiven on its own: fewer of them give the same record or an error.
    for deviation in Deviation::ALL.iter().filter(|deviation| lenient.forgives(**deviation)) {
        let others = Deviation::ALL.iter().filter(|other| *other != deviation && lenient.forgives(**other));
        let fewer = others.fold(Lenient::STRICT, |all, other| all.with(*other));
        if let Ok((same, _)) = Record::decode_lenient(layout, bytes, fewer) {
            assert_eq!(same, record, "without {deviation:?}");
        }
    }
}

/// Checks that each byte behind the given ones is a blank of a text, or is in a filler.
fn only_text_is_completed(layout: &Layout, given: &[u8], repaired: &[u8], record: &Record<'_>, forgiven: &[Forgiven]) {
    let surplus: u64 = forgiven
        .iter()
        .filter(|forgiven| forgiven.deviation == Deviation::Trailing)
        .map(|forgiven| forgiven.range.end - forgiven.range.start)
        .sum();
    let own = given.len() - usize::try_from(surplus).expect("a length");
    for line in lines(layout, repaired, true).iter().filter(|line| line.offset + line.len > own && line.len > 0) {
        let filled = repaired.get(own.max(line.offset)..line.offset + line.len).expect("whole");
        assert!(filled.iter().all(|byte| matches!(byte, b' ' | 0x40)), "{}: filled with {filled:?}", line.path);
        if !line.path.is_empty() {
            let (field, _) = record.field(&line.path).expect("a field, not a literal");
            assert!(matches!(field.kind, Kind::Text(_)) && field.computed.is_none(), "{}: completed", line.path);
        }
        let said = |forgiven: &Forgiven| {
            forgiven.deviation == Deviation::Stripped && forgiven.path.as_deref().unwrap_or_default() == line.path
        };
        assert!(forgiven.iter().any(said), "{} is completed without a word", line.path);
    }
}

/// Strips the blanks of a sound telegram: lenient reading gives the telegram again, or an error.
fn stripped(layout: &Layout, sound: &[u8]) {
    let only = Lenient { stripped: true, ..Lenient::STRICT };
    let kept = sound.iter().rposition(|byte| *byte != layout.charset.space()).map_or(1, |last| last + 1);
    for cut in kept..sound.len() {
        let given = sound.get(..cut).unwrap_or_default();
        if Record::decode(layout, given).is_ok() {
            continue;
        }
        if let Ok((record, _)) = Record::decode_lenient(layout, given, only) {
            assert_eq!(Some(record), Record::decode(layout, sound).ok(), "cut at {cut}");
        }
    }
}
