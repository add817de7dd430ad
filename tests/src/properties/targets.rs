//! The fuzz targets by name. Each passes bytes to a property. `cargo test` replays the kept inputs through the same functions.
//!
//! The first bytes of an input select the layout, type, charset or plan for the other bytes. So an input does one thing, and the
//! fuzzer learns the purpose of each byte.

use std::sync::LazyLock;

use fep_codec::files::{FileLayout, FileReader, Lenient, verify};
use fep_codec::{Charset, CodeTable, Framing, Layout, Record, Telegram, TelegramSet};
use fep_spec::canonical;
use fep_spec::fix;
use fep_spec::generate::rust;
use fep_spec::import::copybook::{self, BinarySize, CopybookOptions};
use fep_spec::import::sheet::{self, SheetMap, SheetOptions};
use fep_spec::include::InMemory;
use fep_spec::model::Spec;
use fep_spec::report::Code;

pub use super::captured::capture;
pub use super::edited::edited;
use super::frames::{any_cut, any_telegrams};
use super::leniency::{any_leniency, leniency};
use super::{
    any_bytes, any_file, any_forms, any_paths, any_round_trip, any_survey, any_text_bytes_in, any_text_in,
    same_as_record_in_all_ways, views,
};
use crate::arbitrary::{self, Random};
use crate::generated::{arrays, bank_a, flat, forms, host_b, kftc_cms, kinds, nacha, nts_vat, quote_c};
use crate::generated::{random_1, random_2, random_3, random_4, zengin};
use crate::random_file::RandomFile;
use crate::random_layout::layout_of_bytes;

/// A target: its name and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 11] = [
    ("decode_dynamic", decode_dynamic),
    ("decode_derived", decode_derived),
    ("layouts", layouts),
    ("spec", spec),
    ("json", json),
    ("frames", frames),
    ("record_file", record_file),
    ("text", text),
    ("import", import),
    ("capture", capture),
    ("edited", edited),
];

/// The layouts of all telegrams of generated code, and of the telegrams with views.
pub static LAYOUTS: LazyLock<Vec<&'static Layout>> = LazyLock::new(|| {
    let sets = [
        bank_a::BankA::LAYOUTS,
        forms::Forms::LAYOUTS,
        host_b::HostB::LAYOUTS,
        kinds::Kinds::LAYOUTS,
        nts_vat::NtsVat::LAYOUTS,
        quote_c::QuoteC::LAYOUTS,
        random_1::Random1::LAYOUTS,
        random_2::Random2::LAYOUTS,
        random_3::Random3::LAYOUTS,
        random_4::Random4::LAYOUTS,
        &[kftc_cms::Header::LAYOUT, kftc_cms::Data::LAYOUT, kftc_cms::Trailer::LAYOUT],
        &[nacha::FileHeader::LAYOUT, nacha::BatchHeader::LAYOUT, nacha::Entry::LAYOUT],
        &[nacha::BatchControl::LAYOUT, nacha::FileControl::LAYOUT],
        &[zengin::Header::LAYOUT, zengin::Data::LAYOUT, zengin::Trailer::LAYOUT, zengin::End::LAYOUT],
        &[views::Fixed::LAYOUT, views::Varying::LAYOUT],
        arrays::Arrays::LAYOUTS,
        flat::Flat::LAYOUTS,
    ];
    sets.concat()
});

/// Reads any bytes as a telegram, through its layout. The first byte selects the layout, the second the property.
pub fn decode_dynamic(bytes: &[u8]) {
    let Some(([which, how], telegram)) = bytes.split_first_chunk::<2>() else { return };
    let Some(layout) = chosen(&LAYOUTS, *which) else { return };
    one_property(layout, telegram, *how);
}

/// Checks one property of any bytes. The two high bits select the property, the other bits the leniency.
fn one_property(layout: &Layout, telegram: &[u8], how: u8) {
    match how >> 6 {
        0 => any_round_trip(layout, telegram),
        1 => any_survey(layout, telegram),
        2 => any_paths(layout, telegram),
        _ => any_leniency(layout, telegram, leniency(u32::from(how))),
    }
}

/// The element of a list that a byte of the input selects.
fn chosen<T: Copy>(list: &[T], by: u8) -> Option<T> {
    list.get(usize::from(by) % list.len().max(1)).copied()
}

type Check = fn(&[u8], Lenient);

/// A derived type: its name, its layout and its check.
pub type Derived = (&'static str, &'static Layout, Check);

macro_rules! derived {
    ($($module:ident: $($telegram:ident)*;)*) => {
        &[$($((
            concat!(stringify!($module), "::", stringify!($telegram)),
            $module::$telegram::LAYOUT,
            same_as_record_in_all_ways::<$module::$telegram> as Check,
        )),*),*]
    };
}

/// All telegrams of generated code.
pub const DERIVED: &[Derived] = derived! {
    bank_a: SignOn SignOnAnswer SignOff SignOffAnswer EchoTest EchoTestAnswer Transfer TransferAnswer Reversal
        ReversalAnswer ResultInquiry ResultInquiryAnswer BalanceInquiry BalanceInquiryAnswer HolderInquiry
        HolderInquiryAnswer TransactionList TransactionListAnswer DepositNotice DepositNoticeAnswer Totals TotalsAnswer;
    forms: Pages Behind Padded Segments Redefined;
    host_b: LoanList;
    kftc_cms: Header Data Trailer;
    kinds: Texts Numbers Overpunched Encoded Dates Codes Groups GroupsAnswer;
    nacha: FileHeader BatchHeader Entry BatchControl FileControl;
    nts_vat: Head Income InvoiceTotals;
    quote_c: Trade Index Poll;
    random_1: T0 T1 T2 T3;
    random_2: T0 T1 T2 T3;
    random_3: T0 T1 T2 T3;
    random_4: T0 T1 T2 T3;
    zengin: Header Data Trailer End;
    flat: FlatOrder FlatNotice;
    views: Fixed Varying;
    arrays: Kinds Counted Behind;
};

/// Reads any bytes with a derived type, with its layout and with views. All must agree.
pub fn decode_derived(bytes: &[u8]) {
    let Some(([which, lenient], telegram)) = bytes.split_first_chunk::<2>() else { return };
    let Some((name, _, check)) = chosen(DERIVED, *which) else { return };
    check(telegram, leniency(u32::from(*lenient)));
    match name {
        "views::Fixed" => views::any_fixed(telegram),
        "views::Varying" => views::any_varying(telegram),
        _ => {}
    }
}

/// Makes a layout from the input. The first byte is the number of bytes that decide the layout. The bytes behind them are a telegram, or
/// the seed of one. The second byte selects the property.
pub fn layouts(bytes: &[u8]) {
    const SEED: u8 = 1 << 5;
    let Some(([len, how], rest)) = bytes.split_first_chunk::<2>() else { return };
    let (dice, telegram) = rest.split_at(rest.len().min(usize::from(*len)));
    let layout = layout_of_bytes(dice);
    if how & SEED == 0 {
        return one_property(&layout, telegram, *how);
    }
    let seed = telegram.iter().fold(0, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    // Values that mean "no value" are refused, which is correct.
    if let Ok(sound) = arbitrary::record(&layout, &mut Random(seed)).encode() {
        let read = Record::decode(&layout, &sound);
        assert!(read.is_ok(), "seed {seed}: {:?} {layout:?}", read.err());
        one_property(&layout, &sound, *how);
        // Cut off anywhere, and with surplus bytes: lenient reading must not invent what is missing.
        let cut = sound.get(..usize::try_from(seed).unwrap_or(0) % sound.len().max(1)).unwrap_or_default();
        any_leniency(&layout, cut, leniency(u32::from(*how)));
        any_leniency(&layout, &[&sound, cut].concat(), leniency(u32::from(*how)));
        let other = any_forms(&layout, &sound, seed);
        if other != sound {
            one_property(&layout, &other, *how);
        }
    }
}

/// Reads any text as a spec file, which may include the same text once more. It is read, or refused with findings that can be rendered. A spec that is read becomes Rust, and its
/// layouts handle any bytes. Formatting and mending the text a second time changes nothing.
pub fn spec(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let files = InMemory::new([("fuzz.toml", text), ("shared.toml", text)]);
    let checked = Spec::check_with("fuzz.toml", text, &files);
    let _ = (checked.report.render(true), checked.report.to_json(), checked.report.to_string());
    if let Ok(formatted) = canonical::format("fuzz.toml", text) {
        assert_eq!(canonical::format("fuzz.toml", &formatted).as_ref(), Ok(&formatted));
    }
    let mended = fix::mend("fuzz.toml", text).text;
    assert_eq!(fix::mend("fuzz.toml", &mended).text, mended);
    if let Some(spec) = checked.spec {
        rust(&spec, "fuzz.toml").expect("a clean spec becomes Rust");
        for telegram in &spec.telegrams {
            any_bytes(&telegram.layout, bytes);
        }
    }
}

/// Imports any bytes as a copybook or as a sheet. They are imported or refused. What is imported is a spec file without a mistake of TOML, and
/// its reports can be written. The first byte selects which.
pub fn import(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let copies = bytes.get(..bytes.len().min(200)).map(<[u8]>::to_vec);
    let load = |name: &str| copies.clone().filter(|_| name.len() == 1);
    let binary_size = if which & 2 == 0 { BinarySize::TwoFourEight } else { BinarySize::OneTwoFourEight };
    let charset = if which & 4 == 0 { "ibm933" } else { "euc-kr" };
    let options = CopybookOptions { charset: charset.to_owned(), binary_size };
    let imported = match which & 1 {
        0 => copybook::import("fuzz.cpy", bytes, &options, &load).map_err(|error| error.to_string()),
        _ => sheet::import("fuzz.csv", bytes, &SheetOptions::default()).map_err(|error| error.to_string()),
    };
    let Ok(imported) = imported else { return };
    let _ = (imported.to_json(), imported.to_html("fuzz"), imported.to_string());
    let text = imported.draft.to_string();
    let checked = Spec::check("fuzz.toml", &text);
    let broken = checked.report.findings.iter().find(|finding| finding.code == Code::Syntax);
    assert!(broken.is_none(), "{broken:?}\n{text}");
    let map = imported.map.map(|map| SheetMap::parse(&map));
    assert!(map.is_none_or(|map| map.is_ok()), "the mapping file can be read");
}

/// Reads any text as the JSON of a telegram. It is read or refused. A record that encodes must decode again and then encode to the same
/// bytes. The first byte selects the telegram.
pub fn json(bytes: &[u8]) {
    let Some((which, text)) = bytes.split_first() else { return };
    let (Some(layout), Ok(text)) = (chosen(&LAYOUTS, *which), std::str::from_utf8(text)) else { return };
    if let Ok(bytes) = Record::from_json(layout, text).and_then(|record| record.encode()) {
        let read = Record::decode(layout, &bytes).unwrap_or_else(|error| panic!("{} of {text}: {error}", layout.name));
        assert_eq!(read.encode().as_ref(), Ok(&bytes), "{} of {text}", layout.name);
    }
}

/// Splits any byte stream into frames, by every framing. The frames are the same when the stream is cut at the position in the first
/// two bytes, and so are telegrams that are made of the stream and sent. By a table of codes, every frame can be read without a panic.
pub fn frames(bytes: &[u8]) {
    let Some((cut, stream)) = bytes.split_first_chunk::<2>() else { return };
    let cut = usize::from(u16::from_le_bytes(*cut)) % 1024;
    any_cut(stream, cut);
    any_telegrams(stream, |_| vec![cut]);
    let table = CodeTable::of(quote_c::QuoteC::LAYOUTS).expect("telegrams that say how they begin");
    let mut rest = stream;
    while let Ok(Some(len)) = table.next(rest) {
        let Some((frame, behind)) = rest.split_at_checked(len) else { break };
        let _ = quote_c::QuoteC::decode_any(frame);
        rest = behind;
    }
}

/// The record files of generated code.
pub const PLANS: [&FileLayout; 5] =
    [&kftc_cms::EB13, &kftc_cms::EB14, &nacha::ACH, &nts_vat::VAT_FILE, &zengin::TRANSFER];

/// Reads any bytes as a record file. The records are the same in pieces of any size, they are written as the same bytes, and all processors
/// together find the same mistake. The first byte selects the file, and is the seed of the pieces. If it is above 127, the second one is
/// the seed of a random plan.
pub fn record_file(bytes: &[u8]) {
    if let Some(([high, low], file)) = bytes.split_first_chunk::<2>()
        && *high > 127
    {
        let seed = u64::from(u16::from_be_bytes([*high, *low]));
        if let Some(random) = RandomFile::of(seed) {
            any_file(&random.plan, file, seed);
            same_mistake(&random.plan, file);
        }
        return;
    }
    let Some((which, file)) = bytes.split_first() else { return };
    let Some(plan) = chosen(&PLANS, *which) else { return };
    any_file(plan, file, u64::from(*which));
    same_mistake(plan, file);
}

/// Checks that one processor and all processors find the same first mistake in a file.
fn same_mistake(plan: &FileLayout, file: &[u8]) {
    let mut reader = FileReader::new(plan, file).expect("a plan").lenient(Lenient::STRICT);
    let mut first = None;
    while let Some(record) = reader.next() {
        first = first.or(record.err());
    }
    assert_eq!(verify(plan, file).err(), first);
}

/// Reads any bytes as text and writes any text as bytes. The first byte selects the charset.
pub fn text(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let Some(charset) = chosen(Charset::ALL, *which) else { return };
    any_text_bytes_in(charset, bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        any_text_in(charset, text);
    }
}
