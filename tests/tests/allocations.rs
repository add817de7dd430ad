//! Decoding a telegram without groups and encoding it into a buffer do not allocate. The tests count allocations.
//!
//! This is a separate test binary, because the counter is the global allocator of the whole program.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use allocation_counter::{AllocationInfo, measure};
use fep_codec::charset::EncodeOptions;
use fep_codec::files::{FileLayout, FileReader, FileWriter, LineEnd, Step, records};
use fep_codec::kind::FieldValue;
use fep_codec::layout::TextRule;
use fep_codec::{Charset, Decode, Telegram, Text};
use fep_spec::files::encode_stream;
use fep_tests::generated::bank_a::{Transfer, TransferAnswer};
use fep_tests::golden::Golden;

fn allocations(work: impl FnOnce()) -> u64 {
    let AllocationInfo { count_total, .. } = measure(work);
    count_total
}

fn check<T: Telegram + for<'a> Decode<'a>>(name: &str) {
    let bytes = Golden::load(name).bytes;
    let mut out = vec![0; bytes.len()];
    let mut telegram = None;
    assert_eq!(allocations(|| telegram = T::decode(&bytes).ok()), 0, "decoding {name}");
    let telegram = telegram.expect("a golden telegram");
    let mut written = 0;
    assert_eq!(allocations(|| written = telegram.encode_into(&mut out).unwrap_or_default()), 0, "encoding {name}");
    assert_eq!(out.get(..written), Some(&*bytes), "{name}");
}

#[test]
fn a_telegram_without_groups_is_read_and_written_without_a_heap() {
    check::<Transfer>("bank-a-transfer");
    check::<TransferAnswer>("bank-a-transfer-answer");
}

/// Takes each charset with a text that it has. The text is written, truncated, written with options, read, and used as a field.
#[test]
fn text_in_any_charset_is_read_and_written_without_a_heap() {
    for charset in Charset::ALL.iter().copied() {
        let text = ["홍길동 A1", "ｶﾅ A1", "か\u{309A}東京A", "A1"].into_iter().find(|text| {
            let mut room = [0; 40];
            charset.encode(text, &mut room).is_ok()
        });
        // IBM-834 has no single-byte characters.
        let text = text.unwrap_or("홍길동");
        let mut bytes = [0; 40];
        let mut utf8 = [0; 120];
        let mut len = 0;
        let how = EncodeOptions { compat: true, ..EncodeOptions::default() };
        let count = allocations(|| {
            len = charset.encode_with(text, how, &mut bytes).unwrap_or_default();
            len = len.min(charset.encode(text, &mut bytes).unwrap_or_default());
            let mut short = [0; 5];
            assert!(charset.encode_cut(text, EncodeOptions::default(), &mut short).is_ok());
        });
        assert_eq!((count, len), (0, charset.text_len(text)), "{charset}");
        let mut read = None;
        let count =
            allocations(|| read = charset.decode_into(bytes.get(..len).unwrap_or_default(), &mut utf8).ok().flatten());
        assert_eq!((count, read.and_then(|len| utf8.get(..len))), (0, Some(text.as_bytes())), "{charset}");

        let rule = TextRule::new(charset);
        let mut field = [0; 20];
        let text: Text<20> = text.parse().expect("a short text");
        let mut same = false;
        let count = allocations(|| {
            same = text.put(&rule, &mut field).is_ok() && Text::<20>::get(&rule, &field).is_ok_and(|read| read == text);
        });
        assert_eq!((count, same), (0, true), "{charset}");
    }
}

/// A transfer in which only the amount is a field.
#[derive(Telegram)]
#[telegram(len = 300, view)]
struct Start {
    #[field(filler, any, len = 116)]
    _before: (),
    #[field(len = 13)]
    amount: u64,
    #[field(filler, any, len = 171)]
    _behind: (),
}

#[test]
fn a_field_is_read_and_patched_without_a_heap() {
    let mut bytes = Golden::load("bank-a-transfer").bytes;
    let mut amount = None;
    let read = || amount = StartView::new(&bytes).and_then(|view| view.amount()).ok();
    assert_eq!(allocations(read), 0);
    assert_eq!(amount, Some(1_234_567));
    let mut patched = false;
    let write = || patched = StartViewMut::new(&mut bytes).and_then(|mut view| view.set_amount(&7)).is_ok();
    assert_eq!(allocations(write), 0);
    assert!(patched);
    assert_eq!(bytes.get(116..129), Some(&b"0000000000007"[..]));
}

/// A record that borrows from the file, and an enum of such records.
#[derive(Telegram)]
#[telegram(len = 120, charset = "ascii")]
struct Data<'a> {
    #[field(literal = "R")]
    record_type: (),
    #[field(len = 8)]
    serial: u32,
    #[field(len = 44)]
    _head: &'a [u8],
    #[field(len = 16)]
    account: &'a str,
    #[field(len = 51)]
    _rest: &'a [u8],
}

#[derive(Telegram)]
#[telegram(len = 120, charset = "ascii", when("record_type" = "H"))]
struct Head<'a> {
    record_type: Text<1>,
    #[field(len = 119)]
    _rest: &'a [u8],
}

#[derive(Telegram)]
enum Any<'a> {
    Data(Data<'a>),
    Head(Head<'a>),
}

#[test]
fn borrowed_records_are_read_without_a_heap() {
    let golden = Golden::load("kftc-cms-eb13").bytes;
    let data = golden.get(120..480).expect("data");
    let to_trailer = golden.get(..480).expect("no trailer");
    let mut serials = 0;
    let count = allocations(|| {
        serials = records::<Data<'_>>(data).map(|row| row.map_or(0, |row| row.serial)).sum();
    });
    assert_eq!((count, serials), (0, 1 + 2 + 3));
    let mut accounts = 0;
    let count = allocations(|| {
        let all = records::<Any<'_>>(to_trailer).map_while(Result::ok);
        accounts = all.filter(|row| matches!(row, Any::Data(row) if !row.account.is_empty())).count();
    });
    assert_eq!((count, accounts), (0, 3));
}

#[test]
fn a_reader_allocates_once_for_the_file_and_not_for_its_records() {
    static STEPS: &[Step] = &[Step::any_number(Data::LAYOUT)];
    static FILE: FileLayout = FileLayout::new("F", &[LineEnd::None], STEPS, &[]);
    let golden = Golden::load("kftc-cms-eb13").bytes;
    let three = golden.get(120..480).expect("data");
    let read = |bytes: &[u8]| {
        let mut reader = FileReader::new(&FILE, bytes).expect("a plan");
        let mut serials = 0_u64;
        while let Some(record) = reader.next() {
            serials += u64::from(record.expect("a record").typed::<Data<'_>>().expect("reads").serial);
        }
        assert_eq!(serials, bytes.len() as u64 / 360 * 6);
    };
    let many = three.repeat(10_000);
    assert_eq!(allocations(|| read(three)), allocations(|| read(&many)));
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
}

/// JSON lines that are made while they are read.
struct Lines {
    left: usize,
    line: Vec<u8>,
    at: usize,
}

impl std::io::Read for Lines {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.line.len() {
            self.at = 0;
            self.left = self.left.saturating_sub(1);
        }
        if self.left == 0 {
            return Ok(0);
        }
        let rest = self.line.get(self.at..).unwrap_or_default();
        let len = rest.len().min(out.len());
        out.get_mut(..len).unwrap_or_default().copy_from_slice(rest.get(..len).unwrap_or_default());
        self.at += len;
        Ok(len)
    }
}

#[derive(Telegram)]
#[telegram(len = 8)]
struct Row {
    #[field(len = 4)]
    name: Text<4>,
    #[field(len = 4)]
    amount: u16,
}

/// The memory in use at most while this number of records is encoded from JSON.
fn memory_to_encode(records: usize) -> u64 {
    const STEPS: &[Step] = &[Step::any_number(Row::LAYOUT)];
    static FILE: FileLayout = FileLayout::new("Rows", &[LineEnd::Lf], STEPS, &[]);
    let line = b"{\"telegram\": \"Row\", \"fields\": {\"name\": \"kim\", \"amount\": 12}}\n".to_vec();
    let AllocationInfo { bytes_max, .. } = measure(|| {
        let writer = FileWriter::new(&FILE, std::io::sink()).expect("a plan");
        let input = Lines { left: records + 1, line: line.clone(), at: line.len() };
        encode_stream(&FILE, writer, input).expect("it encodes");
    });
    bytes_max
}

#[test]
fn the_memory_that_encodes_a_file_does_not_grow_with_it() {
    let short = memory_to_encode(2_000);
    assert_eq!(memory_to_encode(40_000), short);
    assert!(short < 1 << 19, "{short} bytes");
}
