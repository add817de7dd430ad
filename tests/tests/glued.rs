//! Telegrams that follow each other in a stream. They are split by a table of codes, by length fields or by fixed lengths.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::path::Path;
use std::sync::LazyLock;

use bytes::BytesMut;
use fep_codec::framing::{CodeRow, FrameError};
use fep_codec::stream::StreamError;
use fep_codec::{CodeTable, Framing as _, Layout, Telegram, TelegramCodec, TelegramSet};
use fep_spec::model::SpecSet;
use fep_tests::generated::quote_c::QuoteC;
use fep_tests::generated::{bank_a, kftc_cms};
use fep_tests::golden::Golden;
use fep_tests::properties;
use proptest::prelude::*;
use tokio_util::codec::{Decoder as _, Encoder as _};

static SPECS: LazyLock<SpecSet> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    SpecSet::load(&root.join("specs")).expect("clean specs")
});

fn table() -> CodeTable {
    CodeTable::of(QuoteC::LAYOUTS).expect("telegrams that say how they begin")
}

fn cut_one(stream: &[u8]) -> Option<(&[u8], &[u8])> {
    let len = table().frame_len(stream).expect("a code")?;
    stream.split_at_checked(len)
}

#[test]
fn a_table_of_codes_is_made_of_layouts() {
    let rows = [(b"A3", 160), (b"D2", 46), (b"I2", 10)]
        .map(|(code, frame_len)| CodeRow { starts_with: code.as_slice().into(), frame_len });
    assert_eq!(table(), CodeTable { rows: rows.to_vec().into(), end: Some(0xFF) });
    let refused = |layouts: &[&Layout]| CodeTable::of(layouts).expect_err("no table").to_string();
    let varying = refused(&[bank_a::TransactionListAnswer::LAYOUT]);
    assert_eq!(varying, "spec: TransactionListAnswer: a frame of a code table has a fixed length");
    let unmarked = refused(&[bank_a::Transfer::LAYOUT]);
    assert_eq!(unmarked, "spec: Transfer: no literal and no `when` says how the telegram begins");
    let by_literals = CodeTable::of(&[kftc_cms::Header::LAYOUT, kftc_cms::Data::LAYOUT]).expect("literals");
    let starts: Vec<&[u8]> = by_literals.rows.iter().map(|row| &*row.starts_with).collect();
    assert_eq!((starts, by_literals.end), (vec![b"H00000000".as_slice(), b"R"], None));
}

#[test]
fn the_golden_stream_is_three_telegrams_and_the_same_bytes_again() {
    let golden = Golden::load("quote-c-stream").bytes;
    let mut rest = golden.as_slice();
    let mut all = Vec::new();
    let mut glued = Vec::new();
    while let Some((frame, behind)) = cut_one(rest) {
        table().check(frame).expect("it ends in FF");
        all.push(QuoteC::decode_any(frame).expect("reads"));
        rest = behind;
    }
    assert!(rest.is_empty());
    let [QuoteC::Trade(trade), QuoteC::Index(index), QuoteC::Poll(poll)] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((trade.lp_holding, index.change, poll.time.to_string().as_str()), (-42, 1205, "09:31:00"));
    for telegram in &all {
        let start = glued.len();
        glued.resize(start + telegram.any_len(), 0);
        telegram.encode_any(glued.get_mut(start..).expect("room")).expect("writes");
    }
    assert_eq!(glued, golden);
}

#[test]
fn the_stream_codec_reads_it_however_it_is_cut_and_writes_it() {
    let golden = Golden::load("quote-c-stream").bytes;
    let mut codec = TelegramCodec::<QuoteC, _>::new(table());
    let mut written = BytesMut::new();
    for cut in 0..=golden.len() {
        let mut buffer = BytesMut::new();
        let mut all = Vec::new();
        let (first, second) = golden.split_at(cut);
        for piece in [first, second] {
            buffer.extend_from_slice(piece);
            while let Some(telegram) = codec.decode(&mut buffer).expect("frames") {
                all.push(telegram.expect("a telegram"));
            }
        }
        assert_eq!((all.len(), buffer.len()), (3, 0), "cut at {cut}");
        if cut == 0 {
            all.iter().for_each(|telegram| codec.encode(telegram, &mut written).expect("writes"));
        }
    }
    assert_eq!(written, golden);
}

#[test]
fn a_stream_that_is_out_of_step_ends() {
    let mut golden = Golden::load("quote-c-stream").bytes;
    *golden.get_mut(159).expect("the end of the first") = b' ';
    let mut codec = TelegramCodec::<QuoteC, _>::new(table());
    let error = codec.decode(&mut BytesMut::from(golden.as_slice())).expect_err("no end");
    assert_eq!(error.to_string(), "the next frame: the frame must end in ff, byte 159 is 20");
    let error = codec.decode(&mut BytesMut::from(b"A3X".as_slice()));
    assert!(matches!(error, Ok(None)));
    let error = codec.decode(&mut BytesMut::from(b"Z3X".as_slice())).expect_err("no such code");
    assert!(matches!(error, StreamError::Frame(FrameError::UnknownCode { found }) if found == b"Z3"));
}

proptest! {
    #[test]
    fn every_telegram_says_how_long_it_is_whatever_stands_behind_it(
        seed in any::<u64>(), behind in prop::collection::vec(any::<u8>(), 0..50),
    ) {
        for spec in &SPECS.specs {
            for layout in spec.telegrams.iter().map(|telegram| &telegram.layout) {
                let bytes = properties::any_values(layout, seed);
                let len = layout.telegram_len(&[bytes.as_slice(), &behind].concat());
                prop_assert_eq!(len, Ok(bytes.len()), "{}", layout.name);
            }
        }
    }
}

#[test]
fn a_length_that_cannot_be_is_refused() {
    let layout = bank_a::TransactionListAnswer::LAYOUT;
    let check = |bytes: &[u8], expected: &str| {
        assert_eq!(layout.telegram_len(bytes).expect_err("no length").to_string(), expected);
    };
    check(b"02", "peer: header.length (전문길이), bytes 0..4: needs 4 bytes, the telegram ends after 2");
    let letter =
        "peer: header.length (전문길이), bytes 0..4: expected a digit, found 'x' (78) at byte 2, hex 30 32 78 30";
    check(b"02x0", letter);
    let short = "peer: header.length (전문길이), bytes 0..4: the length says 10, there are 4, hex 30 30 31 30";
    check(b"0010", short);
    assert_eq!(layout.telegram_len(b"9999"), Ok(10_003), "more than there is");
}
