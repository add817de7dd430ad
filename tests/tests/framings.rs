//! Telegrams over every framing: glued together, and cut at every byte. Also over the codec for `Framed`.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use bytes::BytesMut;
use fep_codec::framing::{BlockCheck, CheckRule, Framing, LengthPrefix, StxEtx, Terminated};
use fep_codec::layout::LengthScope;
use fep_codec::stream::StreamError;
use fep_codec::{Telegram, TelegramCodec, Text};
use fep_tests::golden::Golden;
use fep_tests::properties::frames::{any_telegrams, dialects};
use proptest::prelude::*;
use tokio_util::codec::{Decoder as _, Encoder as _};

#[derive(Telegram, Debug, PartialEq)]
struct Order {
    code: Text<2>,
    #[field(len = 4)]
    amount: u16,
}

/// Checks that the codec writes an order behind other bytes as this frame, reads it back wherever the stream is cut, and passes a frame
/// without a telegram as one that cannot be decoded.
fn check_codec<F: Framing + Copy>(framing: F, frame: &[u8], poll: &[u8]) {
    let order = || Order { code: Text::new("A1").expect("two bytes"), amount: 42 };
    let mut codec = TelegramCodec::<Order, F>::new(framing);
    let mut written = BytesMut::from(b"...".as_slice());
    codec.encode(order(), &mut written).expect("a frame");
    assert_eq!(written.get(3..), Some(frame));
    let stream = [frame, poll, frame].concat();
    for cut in 0..=stream.len() {
        let (first, second) = stream.split_at(cut);
        let mut buffer = BytesMut::new();
        let mut codec = TelegramCodec::<Order, F>::new(framing);
        let mut arrived = Vec::new();
        for piece in [first, second] {
            buffer.extend_from_slice(piece);
            while let Some(item) = codec.decode(&mut buffer).expect("frames") {
                arrived.push(item.map_err(|undecodable| undecodable.frame.to_vec()));
            }
        }
        assert_eq!(arrived, [Ok(order()), Err(poll.to_vec()), Ok(order())], "cut at {cut}");
    }
}

#[test]
fn the_codec_encloses_and_takes_out() {
    let length = LengthPrefix::new(4, LengthScope::Rest, 64).and_then(LengthPrefix::stripped).expect("four digits");
    check_codec(length, b"0006A10042", b"0000");
    // 41 ^ 31 ^ 30 ^ 30 ^ 34 ^ 32 ^ 03 = 75, and a poll has 03 alone.
    let block = StxEtx::new(64).with_check(BlockCheck::new(CheckRule::Xor));
    check_codec(block, b"\x02A10042\x03\x75", b"\x02\x03\x03");
    check_codec(Terminated::new(b"\r\n", 64).expect("an end"), b"A10042\r\n", b"\r\n");
}

/// The check bytes C4 and 70 come from the program that made the golden telegram.
#[test]
fn the_golden_approval_has_the_check_bytes_that_another_program_computed() {
    let telegram = Golden::load("van-d-approval-answer").bytes;
    for (rule, check) in [(CheckRule::Xor, 0xC4), (CheckRule::Lrc, 0x70)] {
        let mut frame = Vec::new();
        StxEtx::new(1024).with_check(BlockCheck::new(rule)).enclose(&telegram, &mut frame).expect("a frame");
        assert_eq!(frame, [[0x02].as_slice(), &telegram, &[0x03, check]].concat(), "{rule:?}");
    }
}

#[test]
fn the_codec_writes_nothing_that_is_no_frame() {
    let order = Order { code: Text::new("A;").expect("two bytes"), amount: 42 };
    let mut codec = TelegramCodec::<Order, _>::new(Terminated::new(b";", 64).expect("an end"));
    let mut written = BytesMut::from(b"...".as_slice());
    let error = codec.encode(&order, &mut written).expect_err("the end is inside");
    assert!(matches!(error, StreamError::Enclose(_)), "{error}");
    assert_eq!(error.to_string(), "the telegram has, at byte 1, the end of a frame: 3b");
    assert_eq!(written, b"...".as_slice());
}

#[test]
fn telegrams_arrive_wherever_the_stream_is_cut() {
    let text: Vec<u8> = (0..=u8::MAX).collect();
    any_telegrams(b"0200", |len| (0..=len).collect());
    any_telegrams(text.get(..80).expect("256 bytes"), |len| (0..=len).collect());
    any_telegrams(text.get(176..).expect("256 bytes"), |len| (0..=len).collect());
}

#[test]
fn the_dialects_are_many() {
    assert_eq!(dialects().len(), 14 * 2 * 6 + 2 + 16 + 10 + 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_telegrams_arrive(bytes in prop::collection::vec(any::<u8>(), 0..160), cut in 0_usize..700) {
        any_telegrams(&bytes, |_| vec![cut]);
    }
}
