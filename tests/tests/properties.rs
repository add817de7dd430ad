//! The properties of `fep_tests::properties` over every telegram of every spec, with mutated golden bytes and random values.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a helper of a test fails by panicking")]

use std::path::Path;
use std::sync::LazyLock;

use fep_codec::files::Lenient;
use fep_codec::{DecodeOwned, Layout, Telegram, Text};
use fep_spec::model::Spec;
use fep_tests::arbitrary::{self, Random};
use fep_tests::generated::{bank_a, feed_b7, host_b, kftc_cms, nacha, nts_vat, quote_c, settlement_a, zengin};
use fep_tests::golden::Golden;
use fep_tests::properties::targets::{DERIVED as ALL_DERIVED, TARGETS};
use fep_tests::properties::{self, leniency, views};
use proptest::prelude::*;

static SPECS: LazyLock<Vec<Spec>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    ["bank-a", "host-b", "kftc-cms", "nacha", "nts-vat", "quote-c", "zengin"]
        .iter()
        .map(|name| Spec::load(&root.join(format!("specs/{name}/{name}.toml"))).expect("a sound spec"))
        .collect()
});

static LAYOUTS: LazyLock<Vec<&'static Layout>> =
    LazyLock::new(|| SPECS.iter().flat_map(|spec| &spec.telegrams).map(|telegram| &telegram.layout).collect());

static GOLDEN: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let names =
        ["bank-a", "host-b", "kftc-cms", "nacha", "nts-vat", "quote-c", "zengin"].into_iter().flat_map(Golden::names);
    names.map(|name| Golden::load(&name).bytes).collect()
});

/// The positions of changed bytes, and the new bytes.
type Changes = Vec<(prop::sample::Index, u8)>;

fn changes() -> impl Strategy<Value = Changes> {
    let byte = prop_oneof![any::<u8>(), Just(b' '), Just(b'0'), b'0'..=b'9'];
    prop::collection::vec((any::<prop::sample::Index>(), byte), 0..3)
}

fn leniency() -> impl Strategy<Value = Lenient> {
    any::<u32>().prop_map(leniency::leniency)
}

/// Returns a random telegram of a layout with some bytes changed. It is empty if the random values cannot be encoded together.
fn damaged(layout: &Layout, seed: u64, changes: &Changes) -> Vec<u8> {
    let mut bytes = arbitrary::record(layout, &mut Random(seed)).encode().unwrap_or_default();
    if !bytes.is_empty() {
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
    }
    bytes
}

/// Golden bytes. Some bytes are changed, some are cut off.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let cut = prop_oneof![3 => Just(None), 1 => any::<prop::sample::Index>().prop_map(Some)];
    (any::<prop::sample::Index>(), changes(), cut).prop_map(|(which, changes, cut)| {
        let mut bytes = which.get(&GOLDEN).clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        bytes
    })
}

/// The checks of a derived type: any bytes, and any values of its layout.
type Check = fn(&[u8], u64);

fn check<T: DecodeOwned>(bytes: &[u8], seed: u64) {
    properties::same_as_record::<T>(bytes);
    let written = properties::any_values(T::LAYOUT, seed);
    properties::same_as_record::<T>(&written);
    // `written` is empty if a check refused the values.
    assert!(written.is_empty() || T::decode(&written).is_ok(), "{} seed {seed}", T::LAYOUT.name);
}

const DERIVED: &[Check] = &[
    check::<bank_a::SignOn>,
    check::<bank_a::SignOnAnswer>,
    check::<bank_a::EchoTest>,
    check::<bank_a::Transfer>,
    check::<bank_a::TransferAnswer>,
    check::<bank_a::Reversal>,
    check::<bank_a::ResultInquiryAnswer>,
    check::<bank_a::BalanceInquiryAnswer>,
    check::<bank_a::HolderInquiryAnswer>,
    check::<bank_a::TransactionListAnswer>,
    check::<bank_a::DepositNotice>,
    check::<bank_a::TotalsAnswer>,
    check::<kftc_cms::Header>,
    check::<kftc_cms::Data>,
    check::<kftc_cms::Trailer>,
    check::<nacha::FileHeader>,
    check::<nacha::BatchHeader>,
    check::<nacha::Entry>,
    check::<nacha::BatchControl>,
    check::<nacha::FileControl>,
    check::<nts_vat::Head>,
    check::<nts_vat::Income>,
    check::<nts_vat::InvoiceTotals>,
    check::<quote_c::Trade>,
    check::<quote_c::Index>,
    check::<quote_c::Poll>,
    check::<feed_b7::Best>,
    check::<feed_b7::Deal>,
    check::<feed_b7::Status>,
    check::<feed_b7::Heartbeat>,
    check::<feed_b7::Resend>,
    check::<settlement_a::Header>,
    check::<settlement_a::Detail>,
    check::<settlement_a::Trailer>,
    check::<host_b::LoanList>,
    check::<zengin::Header>,
    check::<zengin::Data>,
    check::<zengin::Trailer>,
    check::<zengin::End>,
];

proptest! {
    #[test]
    fn any_bytes_decode_or_are_refused_and_nothing_is_lost(bytes in bytes()) {
        for layout in LAYOUTS.iter() {
            properties::any_bytes(layout, &bytes);
        }
    }

    #[test]
    fn rubbish_is_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for layout in LAYOUTS.iter() {
            properties::any_bytes(layout, &bytes);
        }
    }

    #[test]
    fn any_values_come_back(seed in any::<u64>()) {
        for layout in LAYOUTS.iter() {
            properties::any_values(layout, seed);
        }
    }

    #[test]
    fn derived_and_dynamic_codec_agree(bytes in bytes(), seed in any::<u64>()) {
        for check in DERIVED {
            check(&bytes, seed);
        }
    }

    #[test]
    fn frames_are_the_same_however_the_stream_is_cut(bytes in bytes(), more in bytes(), cut in 0_usize..700) {
        properties::frames::any_cut(&[bytes, more].concat(), cut);
    }
}

proptest! {
    // Few cases are enough: each case covers every type, and the fuzzer runs the same properties for longer.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_derived_type_forgives_and_finds_errors_as_its_layout_does(
        seed in any::<u64>(), changes in changes(), lenient in leniency(),
    ) {
        for (_, layout, check) in ALL_DERIVED {
            check(&damaged(layout, seed, &changes), lenient);
        }
    }

    #[test]
    fn views_agree_with_decoding(seed in any::<u64>(), changes in changes()) {
        views::any_fixed(&damaged(views::Fixed::LAYOUT, seed, &changes));
        views::any_varying(&damaged(views::Varying::LAYOUT, seed, &changes));
    }

    #[test]
    fn any_input_has_the_properties_of_every_fuzz_target(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        TARGETS.iter().for_each(|(_, target)| target(&bytes));
    }
}

#[test]
fn of_two_mistakes_both_codecs_find_the_same_one_first() {
    #[derive(Telegram, Debug)]
    struct Row {
        #[field(len = 1)]
        amount: u8,
    }
    #[derive(Telegram, Debug)]
    struct CountBehind {
        #[field(group, count = row_count, max = 3)]
        rows: Vec<Row>,
        #[field(len = 1, computed = count(rows))]
        row_count: (),
        #[field(len = 2)]
        end: u8,
    }
    #[derive(Telegram, Debug)]
    struct SumBehindPage {
        #[field(len = 1)]
        total: u8,
        #[field(len = 1)]
        start: u8,
        #[field(len = 1, computed = count(rows))]
        row_count: (),
        #[field(group, count = row_count, max = 3, page(total = total, start = start))]
        rows: Vec<Row>,
        #[field(len = 1, computed = sum(rows.amount))]
        sum: (),
    }
    #[derive(Telegram, Debug)]
    struct CheckAround {
        #[field(len = 2)]
        before: Text<2>,
        #[field(len = 2, computed = xor(before..=behind))]
        check: (),
        #[field(len = 2)]
        behind: Text<2>,
    }
    fn check<T: DecodeOwned + std::fmt::Debug>(bytes: &[u8], expected: &str) {
        assert_eq!(T::decode(bytes).expect_err("two mistakes").to_string(), expected);
        properties::same_as_record::<T>(bytes);
    }
    check::<CountBehind>(b"10x1", "peer: row_count, bytes 1..2: the count says 0, there are 1 entries, hex 30");
    // 41 ^ 42 ^ 43 ^ 44 is 04. A4 is no ASCII, so the field is no text either.
    check::<CheckAround>(b"AB0\xA4CD", "peer: check, bytes 2..4: the check `xor` gives hex 30 34, hex 30 a4");
    check::<SumBehindPage>(b"12139", "peer: rows: 1 entries from number 2 on are no page of a list of 1");
}
