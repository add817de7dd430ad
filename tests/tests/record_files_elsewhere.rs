//! Record files over tokio and with all processors. Records, mistakes and bytes must be the same as with a single blocking reader.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::pin::Pin;
use std::task::{Context, Poll};

use fep_codec::files::{
    AsyncFileReader, AsyncFileWriter, FileError, FileLayout, FileReader, FileWriter, LineEnd, Step, Tally, Total,
    par_records, verify,
};
use fep_codec::{Telegram, TelegramSetOwned};
use fep_tests::arbitrary::Random;
use fep_tests::generated::kftc_cms::{EB13, EB13Record};
use fep_tests::generated::nacha::{ACH, ACHRecord};
use fep_tests::generated::nts_vat::{VAT_FILE, VatFileRecord};
use fep_tests::golden::Golden;
use proptest::prelude::*;
use rayon::iter::ParallelIterator as _;
use tokio::io::{AsyncRead, ReadBuf};

fn golden_files() -> [(&'static FileLayout, Vec<u8>); 3] {
    let load = |name: &str| Golden::load(name).bytes;
    [(&EB13, load("kftc-cms-eb13")), (&ACH, load("nacha-ach")), (&VAT_FILE, load("nts-vat-signs"))]
}

/// A reader that returns a few bytes at a time, and is often not ready.
struct Trickle<'b> {
    rest: &'b [u8],
    random: Random,
}

impl AsyncRead for Trickle<'_> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        if self.random.below(3) == 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let len = usize::try_from(1 + self.random.below(150)).expect("a small number");
        let (piece, rest) = self.rest.split_at(len.min(out.remaining()).min(self.rest.len()));
        out.put_slice(piece);
        self.rest = rest;
        Poll::Ready(Ok(()))
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

/// Returns the records and errors of a reader as text.
fn read(plan: &FileLayout, bytes: &[u8]) -> Vec<String> {
    let mut reader = FileReader::new(plan, bytes).expect("a plan");
    std::iter::from_fn(|| Some(reader.next()?.map_or_else(|error| error.to_string(), |raw| format!("{raw:?}"))))
        .collect()
}

async fn read_async(plan: &FileLayout, bytes: &[u8], seed: u64) -> Vec<String> {
    let input = Trickle { rest: bytes, random: Random(seed) };
    let mut reader = AsyncFileReader::new(plan, input).expect("a plan");
    let mut all = Vec::new();
    while let Some(record) = reader.next().await {
        all.push(record.map_or_else(|error| error.to_string(), |raw| format!("{raw:?}")));
    }
    all
}

async fn write_async<T: TelegramSetOwned>(plan: &FileLayout, bytes: &[u8]) -> Vec<u8> {
    let mut reader = AsyncFileReader::new(plan, bytes).expect("a plan");
    let mut writer = AsyncFileWriter::new(plan, Vec::new()).expect("a plan");
    let mut records = 0;
    while let Some(record) = reader.next().await {
        let record: T = record.expect("a record").typed().expect("reads");
        writer.write_any(&record).await.expect("writes");
        records += 1;
        assert_eq!(writer.progress().records, records);
    }
    writer.finish().await.expect("ends")
}

#[test]
fn tokio_writes_the_golden_files() {
    let [eb13, ach, vat] = golden_files();
    assert_eq!(block_on(write_async::<EB13Record>(eb13.0, &eb13.1)), eb13.1);
    assert_eq!(block_on(write_async::<ACHRecord>(ach.0, &ach.1)), ach.1);
    assert_eq!(block_on(write_async::<VatFileRecord>(vat.0, &vat.1)), vat.1);
}

#[test]
fn tokio_tells_of_progress_and_refuses_what_has_no_place() {
    let [(plan, bytes), ..] = golden_files();
    let mut seen = Vec::new();
    let reader = AsyncFileReader::new(plan, &*bytes).expect("a plan");
    let mut reader = reader.on_progress(2, |progress| seen.push(progress.records));
    block_on(async { while reader.next().await.is_some() {} });
    drop(reader);
    assert_eq!(seen, [2, 4]);
    let first =
        FileReader::new(plan, &*bytes).expect("a plan").typed::<EB13Record>().next().expect("one").expect("reads");
    let mut writer = AsyncFileWriter::new(plan, Vec::new()).expect("a plan");
    let error = block_on(async {
        writer.write_any(&first).await.expect("the header");
        writer.write_any(&first).await.expect_err("a second header")
    });
    assert_eq!(error.to_string(), "record 2 at byte 120: `Header` cannot stand here, expected Data or Trailer");
}

/// Returns the first mistake that a reader finds in the file and its totals.
fn first_error(plan: &FileLayout, bytes: &[u8]) -> Option<FileError> {
    let mut reader = FileReader::new(plan, bytes).expect("a plan");
    std::iter::from_fn(|| Some(reader.next()?.err())).find_map(|error| error)
}

#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(len = 12, charset = "ascii")]
struct Row {
    #[field(literal = "R")]
    mark: (),
    #[field(len = 11, sign = "leading-minus")]
    amount: i64,
}

#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(len = 12, charset = "ascii")]
struct Sum {
    #[field(literal = "S")]
    mark: (),
    #[field(len = 5)]
    rows: u32,
    #[field(len = 6, sign = "leading-minus")]
    amount: i64,
}

#[derive(Telegram, Clone, Debug, PartialEq)]
enum Line {
    Row(Row),
    Sum(Sum),
}

const BATCH: &[Step] = &[Step::any_number(Row::LAYOUT), Step::once(Sum::LAYOUT)];
const TOTALS: &[Total] =
    &[Total::new("Sum", "rows", Tally::count("Row")), Total::new("Sum", "amount", Tally::sum("Row", "amount"))];

fn batches() -> FileLayout {
    static STEPS: std::sync::LazyLock<Vec<Step>> = std::sync::LazyLock::new(|| vec![Step::groups(BATCH)]);
    FileLayout { steps: STEPS.clone().into(), ..FileLayout::new("Batches", &[LineEnd::Lf, LineEnd::CrLf], &[], TOTALS) }
}

/// A file with batches of many sizes. Some pieces have records of one kind, some contain totals, and some batches span several pieces.
fn large(line_end: &[u8]) -> Vec<u8> {
    let plan = batches();
    let mut writer = FileWriter::new(&plan, Vec::new()).expect("a plan");
    for (batch, rows) in [3, 10_000, 0, 1, 4_095, 4_096, 7].into_iter().enumerate() {
        for row in 0..rows {
            let amount = i64::from(row % 17) - 8 + i64::try_from(batch).expect("a few");
            writer.write_any(&Line::Row(Row { mark: (), amount })).expect("writes");
        }
        writer.write_any(&Line::Sum(Sum { mark: (), rows: 0, amount: 0 })).expect("writes");
    }
    let bytes = writer.finish().expect("ends");
    if line_end == b"\n" {
        return bytes;
    }
    bytes
        .split_inclusive(|byte| *byte == b'\n')
        .flat_map(|line| [line.get(..12).expect("a record"), line_end].concat())
        .collect()
}

#[test]
fn all_processors_together_find_what_one_finds() {
    let plan = batches();
    for line_end in [b"\n".as_slice(), b"\r\n"] {
        let bytes = large(line_end);
        let records = bytes.len() / (12 + line_end.len());
        assert_eq!(
            verify(&plan, &bytes).map(|file| (file.records, file.bytes)),
            Ok((records as u64, bytes.len() as u64))
        );
        let mut random = Random(7);
        for case in 0..20 {
            let mut spoilt = bytes.clone();
            let at = usize::try_from(random.below(bytes.len() as u64)).expect("a place");
            match case % 4 {
                0 => spoilt.truncate(at),
                1 => drop(spoilt.remove(at)),
                _ => *spoilt.get_mut(at).expect("a byte") = *b"0R9S\n".get(case % 5).expect("one of five"),
            }
            assert_eq!(verify(&plan, &spoilt).err(), first_error(&plan, &spoilt), "case {case} at {at}");
        }
    }
}

#[test]
fn records_of_all_processors_come_in_order_and_their_errors_say_where() {
    let mut bytes = large(b"\r\n");
    let plan = batches();
    let count = bytes.len() / 14;
    let one: Vec<Line> =
        FileReader::new(&plan, &*bytes).expect("a plan").typed().collect::<Result<_, _>>().expect("reads");
    let all: Result<Vec<Line>, _> = par_records(&bytes, LineEnd::CrLf).collect();
    assert_eq!((all.as_ref(), one.len()), (Ok(&one), count));
    let wrong = 15_000;
    *bytes.get_mut(wrong * 14 + 5).expect("a digit") = b'x';
    let all: Vec<Result<Line, FileError>> = par_records(&bytes, LineEnd::CrLf).collect();
    assert_eq!(all.len(), count);
    let errors: Vec<_> = all.into_iter().filter_map(Result::err).map(|error| error.to_string()).collect();
    let [error] = errors.as_slice() else { panic!("{errors:?}") };
    assert!(
        error.starts_with("record 15001 at byte 210000: Row: peer: amount, bytes 1..12: expected a digit"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn a_spoilt_file_is_the_same_to_every_reader(
        place in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(), seed in any::<u64>(),
    ) {
        for (plan, mut bytes) in golden_files() {
            for change in 0..3 {
                match change {
                    0 => {}
                    1 => {
                        let at = place.index(bytes.len());
                        *bytes.get_mut(at).expect("a place") = byte;
                    }
                    _ => bytes.truncate(cut.index(bytes.len())),
                }
                prop_assert_eq!(verify(plan, &bytes).err(), first_error(plan, &bytes));
                prop_assert_eq!(block_on(read_async(plan, &bytes, seed)), read(plan, &bytes));
            }
        }
    }
}
