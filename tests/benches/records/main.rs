//! Reads one million EB13 data records from memory: with a derived struct that borrows, with one that owns, with the streaming reader,
//! and with all processors.
//!
//! The records of the golden file are repeated. Criterion reports bytes per second. Run it with
//! `cargo bench -p fep-tests --bench records`.

#![allow(clippy::expect_used, missing_docs, reason = "a benchmark: it panics without its data, and no code imports it")]

mod data;
mod eb13;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use data::Data;
use fep_codec::Telegram;
use fep_codec::files::{FileLayout, FileReader, LineEnd, Step, par_records, records, verify};
use fep_tests::generated::kftc_cms;
use fep_tests::golden::Golden;
use rayon::iter::ParallelIterator as _;

const RECORDS: usize = 1_000_000;

fn bench(c: &mut Criterion) {
    let golden = Golden::load("kftc-cms-eb13").bytes;
    let bytes = golden.get(120..480).expect("three data records").iter().copied().cycle().take(RECORDS * 120);
    let bytes: Vec<u8> = bytes.collect();
    let borrowed = || records::<Data<'_>>(&bytes).map(|record| record.expect("reads"));
    assert_eq!(borrowed().map(|record| record.account.len()).sum::<usize>(), RECORDS / 3 * 39 + 12);

    let mut group = c.benchmark_group("records");
    group.throughput(Throughput::Bytes(bytes.len() as u64)).sample_size(10);
    group.bench_function("borrowed", |b| b.iter(|| borrowed().map(black_box).count()));
    group.bench_function("borrowed, all processors", |b| {
        let all = || par_records::<Data<'_>>(&bytes, LineEnd::None).map(|record| record.expect("reads"));
        b.iter(|| all().map(black_box).count());
    });
    group.bench_function("verify, all processors", |b| {
        let file = eb13::file(&bytes);
        b.iter(|| verify(&kftc_cms::EB13, black_box(&file)).expect("a whole file"));
    });
    group.bench_function("reader with totals", |b| {
        let file = eb13::file(&bytes);
        b.iter(|| {
            let mut reader = FileReader::new(&kftc_cms::EB13, black_box(&*file)).expect("a plan");
            let mut count = 0;
            while let Some(record) = reader.next() {
                black_box(record.expect("a record"));
                count += 1;
            }
            count
        });
    });
    group.bench_function("owned", |b| {
        let owned = || records::<kftc_cms::Data>(&bytes).map(|record| record.expect("reads"));
        b.iter(|| owned().map(black_box).count());
    });
    group.bench_function("reader", |b| {
        const STEPS: &[Step] = &[Step::any_number(kftc_cms::Data::LAYOUT)];
        let plan = FileLayout::new("EB13", &[LineEnd::None], STEPS, &[]);
        b.iter(|| {
            let mut reader = FileReader::new(&plan, &*bytes).expect("a plan");
            let mut count = 0;
            while let Some(record) = reader.next() {
                black_box(record.expect("a record"));
                count += 1;
            }
            count
        });
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
