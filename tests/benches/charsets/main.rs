//! Compares our tables with encoding_rs in its fastest configuration, on the text of one field and on long text. Prints the ratios.
//!
//! Both must first produce the same bytes and the same characters.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark fails by panicking and says what it measured"
)]

use std::hint::black_box;
use std::time::Instant;

use encoding_rs::EUC_KR;
use fep_codec::Charset;

/// Fields of CP949: ten syllables (20 bytes), a name, and a mix of letters and syllables.
const FIELDS: [(&str, &str); 3] =
    [("10 syllables", "대한민국서울특별시청"), ("name", "홍길동"), ("mixed", "(주)가나다 ABC-123")];

/// Returns the nanoseconds per call.
fn round(calls: u32, call: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    (0..calls).for_each(|_| call());
    start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
}

/// Returns the best round of each, and the median of the ratios. Rounds alternate. The best round counts, because other load on the
/// machine can only make a round slower.
fn beside(len: usize, mut ours: impl FnMut(), mut theirs: impl FnMut()) -> (f64, f64, f64) {
    let calls = u32::try_from(400_000 / len.max(20)).unwrap_or(1);
    let rounds: Vec<_> = (0..41).map(|_| (round(calls, &mut ours), round(calls, &mut theirs))).collect();
    let best = |times: &mut dyn Iterator<Item = f64>| times.fold(f64::INFINITY, f64::min);
    let mut ratios: Vec<_> = rounds.iter().map(|(ours, theirs)| ours / theirs).collect();
    ratios.sort_by(f64::total_cmp);
    let median = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
    (best(&mut rounds.iter().map(|round| round.0)), best(&mut rounds.iter().map(|round| round.1)), median)
}

fn theirs_decoded(bytes: &[u8], out: &mut [u8]) -> usize {
    let (_, _, written) =
        EUC_KR.new_decoder_without_bom_handling().decode_to_utf8_without_replacement(bytes, out, true);
    written
}

fn theirs_encoded(text: &str, out: &mut [u8]) -> usize {
    let (_, _, written) = EUC_KR.new_encoder().encode_from_utf8_without_replacement(text, out, true);
    written
}

fn show(what: &str, (ours, theirs, ratio): (f64, f64, f64), beside: bool) {
    if beside {
        println!("{what:<44}{ours:>9.1} ns {theirs:>9.1} ns   x{:.2}   x{ratio:.2}", ours / theirs);
    } else {
        println!("{what:<44}{ours:>9.1} ns");
    }
}

/// Measures decoding and encoding. Compares with encoding_rs if it has the charset.
fn pair(charset: Charset, name: &str, text: &str, has: bool) {
    let mut bytes = vec![0; charset.text_len(text)];
    charset.encode(text, &mut bytes).expect("the charset has it");
    let mut wire = vec![0; bytes.len() + 8];
    let mut utf8 = vec![0; bytes.len() * 3 + 8];
    if has {
        let len = theirs_encoded(text, &mut wire);
        assert_eq!(wire.get(..len), Some(bytes.as_slice()));
        let len = theirs_decoded(&bytes, &mut utf8);
        assert_eq!(utf8.get(..len), Some(text.as_bytes()));
    }
    let len = charset.decode_into(&bytes, &mut utf8).expect("text").expect("room");
    assert_eq!(utf8.get(..len), Some(text.as_bytes()));

    let mut wire_too = wire.clone();
    let mut utf8_too = utf8.clone();
    let decoded = beside(
        bytes.len(),
        || _ = black_box(charset.decode_into(black_box(&bytes), black_box(&mut utf8)).is_ok()),
        || _ = has.then(|| black_box(theirs_decoded(black_box(&bytes), black_box(&mut utf8_too)))),
    );
    show(&format!("decode {charset} {name}"), decoded, has);
    let encoded = beside(
        bytes.len(),
        || _ = black_box(charset.encode(black_box(text), black_box(&mut wire)).is_ok()),
        || _ = has.then(|| black_box(theirs_encoded(black_box(text), black_box(&mut wire_too)))),
    );
    show(&format!("encode {charset} {name}"), encoded, has);
}

fn main() {
    println!("{:<44}{:>12} {:>12}   best    median of the ratios", "", "ours", "encoding_rs");
    for (name, text) in FIELDS {
        pair(Charset::Cp949, name, text, true);
        pair(Charset::EucKr, name, text, true);
    }
    pair(Charset::Johab, "10 syllables", "대한민국서울특별시청", false);
    pair(Charset::Ibm933, "9 syllables, SO and SI", "대한민국서울특별시", false);
    pair(Charset::Ibm933, "name", "홍길동", false);
    pair(Charset::Cp037, "20 letters", "ABCDEFGHIJ0123456789", false);
    pair(Charset::Ibm939, "9 kana and kanji, SO and SI", "スズキ太郎東京都内", false);
    pair(Charset::Cp949, "4 KB of ASCII", &"telegram ".repeat(455), true);
    pair(Charset::Cp949, "4 KB of syllables", &"대한민국서울특별시청".repeat(205), true);
    pair(Charset::Cp949, "4 KB of both", &"(주)가나다 ABC-123 ".repeat(215), true);
}
