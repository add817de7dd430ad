//! Properties of every framing: how a stream is cut does not matter, a telegram that goes into a frame comes out of it, and no buffer
//! grows beyond the longest frame.

use std::fmt::Debug;

use fep_codec::TelegramSet as _;
use fep_codec::framing::{
    BlockCheck, CheckRule, CodeTable, FixedLength, FrameSearch, Framing, LengthCode, LengthPrefix, StxEtx, Terminated,
};
use fep_codec::layout::LengthScope;

use crate::generated::quote_c::QuoteC;

/// The longest frame of each framing, in bytes.
pub const FRAME_MAX_BYTES: usize = 512;

/// A framing, and a way to make a telegram that its lines can carry.
pub struct Dialect {
    /// The framing.
    pub framing: Box<dyn Framing>,
    /// What it is, for messages.
    pub name: String,
    telegram: Make,
}

/// How any bytes become a telegram of the dialect.
enum Make {
    /// The bytes are the telegram.
    Bytes,
    /// The telegram must not contain the end of a frame: its last byte is left out.
    Without(u8),
    /// The telegram is between these literals.
    Between(&'static [u8], &'static [u8]),
    /// The telegram is between STX and ETX, with this check byte.
    Block(BlockCheck),
    /// The length is a field of the telegram.
    WithLength(LengthPrefix),
    /// The bytes are repeated or cut to this length.
    OfLength(usize),
    /// One of the telegrams of the market data stream.
    Quote(CodeTable),
}

impl Dialect {
    fn new(framing: impl Framing + Debug + 'static, telegram: Make) -> Self {
        Self { name: format!("{framing:?}"), framing: Box::new(framing), telegram }
    }

    /// Makes a telegram of any bytes, of at most 60 of them.
    #[must_use]
    pub fn telegram(&self, bytes: &[u8]) -> Vec<u8> {
        let bytes = bytes.get(..60).unwrap_or(bytes);
        let without = |end: u8| bytes.iter().copied().filter(move |byte| *byte != end);
        match &self.telegram {
            Make::Bytes => bytes.to_vec(),
            Make::Without(end) => without(*end).collect(),
            Make::Between(start, end) => {
                start.iter().copied().chain(without(*end.last().expect("an end"))).chain(end.iter().copied()).collect()
            }
            Make::Block(check) => {
                let text: Vec<u8> = without(0x03).collect();
                [[0x02].as_slice(), &text, &[0x03, check.of(&text)]].concat()
            }
            Make::WithLength(prefix) => {
                let mut telegram = bytes.to_vec();
                telegram.resize(bytes.len().max(prefix.offset()), b' ');
                let length = prefix.length_of(telegram.len() + usize::from(prefix.digits())).expect("a short telegram");
                telegram.splice(prefix.offset()..prefix.offset(), length.as_bytes().iter().copied());
                telegram
            }
            Make::OfLength(len) => bytes.iter().copied().chain(std::iter::repeat(b' ')).take(*len).collect(),
            Make::Quote(table) => {
                let which = bytes.first().map_or(0, |which| usize::from(*which) % table.rows.len());
                let row = table.rows.get(which).expect("a row of the table");
                let mut telegram = row.starts_with.to_vec();
                telegram.extend_from_slice(bytes);
                telegram.resize(row.frame_len - 1, b' ');
                telegram.extend(table.end);
                telegram
            }
        }
    }
}

/// Every framing, in every form.
#[must_use]
pub fn dialects() -> Vec<Dialect> {
    use LengthCode::{Ascii, Bcd, BigEndian, ByteSwapped, Ebcdic, HalfSwapped, LittleEndian};
    let mut all = Vec::new();
    let forms = [
        (Ascii, 2),
        (Ascii, 4),
        (Ascii, 9),
        (Ebcdic, 4),
        (Bcd, 2),
        (Bcd, 4),
        (BigEndian, 1),
        (BigEndian, 2),
        (BigEndian, 3),
        (BigEndian, 4),
        (LittleEndian, 2),
        (LittleEndian, 4),
        (HalfSwapped, 4),
        (ByteSwapped, 4),
    ];
    for (code, len) in forms {
        for counts in [LengthScope::Rest, LengthScope::All] {
            let prefix = LengthPrefix::coded(code, len, counts, FRAME_MAX_BYTES).expect("a form of a length");
            for kept in [prefix, prefix.at(7), prefix.all_but(-3), prefix.all_but(3).at(5)] {
                all.push(Dialect::new(kept, Make::WithLength(kept)));
            }
            for stripped in [prefix, prefix.all_but(-3)] {
                all.push(Dialect::new(stripped.stripped().expect("at byte 0"), Make::Bytes));
            }
        }
    }
    let block = StxEtx::new(FRAME_MAX_BYTES);
    all.push(Dialect::new(block, Make::Without(0x03)));
    all.push(Dialect::new(block.kept(), Make::Between(b"\x02", b"\x03")));
    for rule in [CheckRule::Xor, CheckRule::Lrc] {
        for (covers_stx, covers_etx) in [(false, true), (true, true), (false, false), (true, false)] {
            let check = BlockCheck { rule, covers_stx, covers_etx };
            all.push(Dialect::new(block.with_check(check), Make::Without(0x03)));
            all.push(Dialect::new(block.with_check(check).kept(), Make::Block(check)));
        }
    }
    for end in [b"\r".as_slice(), b"\n", b"\r\n", b"\xFF", b"END."] {
        let framing = Terminated::new(end, FRAME_MAX_BYTES).expect("1 to 4 bytes");
        all.push(Dialect::new(framing, Make::Without(*end.last().expect("an end"))));
        all.push(Dialect::new(framing.kept(), Make::Between(b"", end)));
    }
    all.push(Dialect::new(FixedLength::new(17).expect("not 0"), Make::OfLength(17)));
    let table = CodeTable::of(QuoteC::LAYOUTS).expect("telegrams that say how they begin");
    all.push(Dialect::new(table.clone(), Make::Quote(table)));
    all
}

/// Checks that a stream gives the same frames when it is cut at this position, over every framing.
pub fn any_cut(stream: &[u8], cut: usize) {
    let (first, second) = stream.split_at(cut.min(stream.len()));
    for Dialect { framing, name, .. } in dialects() {
        let whole = frames(&*framing, &[stream]);
        assert_eq!(frames(&*framing, &[first, second]), whole, "cut at {cut}: {name}");
    }
}

/// Checks that telegrams that are sent over each framing arrive, when the stream is cut at any of these positions. The telegrams are
/// made of the pieces of `bytes`.
pub fn any_telegrams(bytes: &[u8], cuts: impl Fn(usize) -> Vec<usize>) {
    for dialect in dialects() {
        // The last telegram has no bytes of its own, as a poll.
        let telegrams: Vec<_> =
            bytes.chunks(40).take(4).chain([&[][..]]).map(|piece| dialect.telegram(piece)).collect();
        let mut stream = Vec::new();
        for telegram in &telegrams {
            dialect.framing.enclose(telegram, &mut stream).unwrap_or_else(|error| panic!("{}: {error}", dialect.name));
        }
        for cut in cuts(stream.len()) {
            let (first, second) = stream.split_at(cut.min(stream.len()));
            let (arrived, left) = frames(&*dialect.framing, &[first, second]);
            assert!(left == Some(0) && arrived == telegrams, "cut at {cut}: {}", dialect.name);
        }
        let single: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(frames(&*dialect.framing, &single), (telegrams, Some(0)), "byte by byte: {}", dialect.name);
    }
}

/// Cuts a stream that arrives in pieces. Returns the telegrams, and how many bytes are left over, or `None` after an error.
///
/// Each frame must be the frame of its telegram. No frame and no unfinished buffer may be longer than the maximum.
fn frames(framing: &dyn Framing, pieces: &[&[u8]]) -> (Vec<Vec<u8>>, Option<usize>) {
    let mut buffer = Vec::new();
    let mut telegrams = Vec::new();
    let mut search = FrameSearch::default();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match search.next(framing, &buffer) {
                Ok(Some(len)) => {
                    assert!((1..=FRAME_MAX_BYTES).contains(&len), "a frame of {len} bytes");
                    let behind = buffer.split_off(len);
                    let telegram = buffer.get(framing.content(&buffer)).expect("a range of the frame").to_vec();
                    let mut again = Vec::new();
                    framing.enclose(&telegram, &mut again).expect("it was a frame");
                    assert_eq!(again, buffer, "a frame is the frame of its telegram");
                    telegrams.push(telegram);
                    buffer = behind;
                }
                Ok(None) => break,
                Err(_) => return (telegrams, None),
            }
        }
        assert!(buffer.len() < FRAME_MAX_BYTES, "{} bytes and no frame", buffer.len());
    }
    (telegrams, Some(buffer.len()))
}
