//! One field of the telegram: through a view, and by hand.

use std::hint::black_box;

use criterion::Criterion;
use fep_codec::view::find;
use fep_codec::{Decode, Record, Telegram, TelegramSet};
use fep_tests::generated::bank_a::BankA;
use fep_tests::golden::Golden;

use super::{derived, hand};

pub fn one_field(c: &mut Criterion) {
    let golden = Golden::load("bank-a-transfer");
    let bytes = golden.bytes.as_slice();
    let view = derived::TransferView::new(bytes).expect("the length");
    let whole = derived::Transfer::decode(bytes).expect("decodes");
    assert_eq!((view.amount().ok(), hand::amount(bytes)), (Some(whole.amount), Some(whole.amount)));
    assert_eq!(view.withdraw_account().ok(), Some(whole.withdraw_account));
    assert_eq!(view.header().trace_no().ok(), Some(whole.header.trace_no));

    let mut group = c.benchmark_group("one field");
    group.bench_function("hand-written", |b| b.iter(|| hand::amount(black_box(bytes)).expect("decodes")));
    group.bench_function("view, amount", |b| b.iter(|| black_box(&view).amount().expect("decodes")));
    group.bench_function("view made, amount", |b| {
        b.iter(|| derived::TransferView::new(black_box(bytes)).and_then(|view| view.amount()).expect("decodes"));
    });
    group.bench_function("view, header.trace_no", |b| {
        b.iter(|| black_box(&view).header().trace_no().expect("decodes"));
    });
    group.bench_function("view, bytes of amount", |b| b.iter(|| black_box(&view).amount_bytes().len()));
    group.bench_function("view, withdraw_account", |b| {
        b.iter(|| black_box(&view).withdraw_account().expect("decodes"));
    });
    let layout = derived::Transfer::LAYOUT;
    group.bench_function("found by path", |b| {
        b.iter(|| find(black_box(layout), black_box(bytes), "amount").expect("the field").1);
    });
    let mut patched = golden.bytes.clone();
    let mut view = derived::TransferViewMut::new(&mut patched).expect("the length");
    group.bench_function("view, amount patched", |b| b.iter(|| view.set_amount(black_box(&7)).expect("fits")));
    group.finish();

    let mut group = c.benchmark_group("choose");
    group.bench_function("constants", |b| b.iter(|| BankA::decode_any(black_box(bytes)).expect("decodes")));
    group.bench_function("layouts", |b| {
        b.iter(|| {
            let layout = BankA::LAYOUTS.iter().find(|layout| layout.recognises(black_box(bytes))).expect("one of them");
            Record::decode(layout, black_box(bytes)).expect("decodes")
        });
    });
    group.bench_function("layouts, only chosen", |b| {
        b.iter(|| BankA::LAYOUTS.iter().position(|layout| layout.recognises(black_box(bytes))));
    });
    group.bench_function("known without choosing", |b| {
        b.iter(|| fep_tests::generated::bank_a::Transfer::decode(black_box(bytes)).expect("decodes"));
    });
    group.finish();
}
