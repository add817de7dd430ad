//! What the fuzzer runs, by name: bytes → a property. `cargo test` replays the inputs that were worth keeping through the same functions.

use fep_codec::files::{FileLayout, FileReader, Lenient, verify};
use fep_codec::{CodeTable, Framing, Record, Telegram, TelegramSet};
use fep_spec::model::Spec;

use super::{any_bytes, any_cut, any_file, same_as_record};
use crate::generated::bank_a::BankA;
use crate::generated::kinds::Kinds;
use crate::generated::nts_vat::NtsVat;
use crate::generated::quote_c::QuoteC;
use crate::generated::{bank_a, kftc_cms, kinds, nacha, nts_vat, quote_c};

/// A target: its name, and what it does with bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 6] = [
    ("decode_dynamic", decode_dynamic),
    ("decode_derived", decode_derived),
    ("spec", spec),
    ("json", json),
    ("frames", frames),
    ("record_file", record_file),
];

/// Any bytes as every telegram, through the layouts; and the length that a telegram states never panics.
pub fn decode_dynamic(bytes: &[u8]) {
    let records = [kftc_cms::Header::LAYOUT, kftc_cms::Data::LAYOUT, kftc_cms::Trailer::LAYOUT];
    let all = [BankA::LAYOUTS, NtsVat::LAYOUTS, QuoteC::LAYOUTS, Kinds::LAYOUTS, &records].concat();
    for layout in all {
        any_bytes(layout, bytes);
        let _ = layout.telegram_len(bytes);
    }
}

/// Any bytes through derived types and through their layouts: both must say the same.
pub fn decode_derived(bytes: &[u8]) {
    same_as_record::<bank_a::TransferAnswer>(bytes);
    same_as_record::<bank_a::BalanceInquiryAnswer>(bytes);
    same_as_record::<bank_a::TransactionListAnswer>(bytes);
    same_as_record::<bank_a::DepositNotice>(bytes);
    same_as_record::<kftc_cms::Data>(bytes);
    same_as_record::<nts_vat::InvoiceTotals>(bytes);
    same_as_record::<nacha::Entry>(bytes);
    same_as_record::<quote_c::Index>(bytes);
    same_as_record::<kinds::Encoded>(bytes);
    same_as_record::<kinds::Dates>(bytes);
    same_as_record::<kinds::Groups>(bytes);
}

/// Any text as a spec file: it is read or refused with findings; what is read has layouts that survive any bytes.
pub fn spec(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(spec) = Spec::parse("fuzz.toml", text) {
        for telegram in &spec.telegrams {
            any_bytes(&telegram.layout, bytes);
        }
    }
}

/// Any text as a telegram's JSON: it is read or refused, and what encodes decodes again.
pub fn json(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for layout in BankA::LAYOUTS {
        if let Ok(bytes) = Record::from_json(layout, text).and_then(|record| record.encode()) {
            assert!(Record::decode(layout, &bytes).is_ok(), "{} of {text}", layout.name);
        }
    }
}

/// Any byte stream, cut at any place: the same frames, by lengths and by codes. The first two bytes say where.
pub fn frames(bytes: &[u8]) {
    let Some((cut, stream)) = bytes.split_first_chunk::<2>() else { return };
    any_cut(stream, usize::from(u16::from_le_bytes(*cut)) % 1024);
    let table = CodeTable::of(QuoteC::LAYOUTS).expect("telegrams that say how they begin");
    let mut rest = stream;
    while let Ok(Some(len)) = table.frame_len(rest) {
        let Some((frame, behind)) = rest.split_at_checked(len) else { break };
        if table.check(frame).is_err() {
            break;
        }
        let _ = QuoteC::decode_any(frame);
        rest = behind;
    }
}

/// Any bytes as record files: the same records in pieces of any size, the same bytes again, and the same mistake for all processors.
/// The first eight bytes are the seed of the pieces.
pub fn record_file(bytes: &[u8]) {
    let Some((seed, file)) = bytes.split_first_chunk::<8>() else { return };
    for plan in [&kftc_cms::EB13, &nacha::ACH, &nts_vat::VAT_FILE] {
        any_file(plan, file, u64::from_le_bytes(*seed));
        same_mistake(plan, file);
    }
}

/// One processor and all of them find the same first mistake in a file.
fn same_mistake(plan: &FileLayout, file: &[u8]) {
    let mut reader = FileReader::new(plan, file).expect("a plan").lenient(Lenient::STRICT);
    let mut first = None;
    while let Some(record) = reader.next() {
        first = first.or(record.err());
    }
    assert_eq!(verify(plan, file).err(), first);
}
