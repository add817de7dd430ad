//! Generated structs: they have the same layouts as their specs, and they read and write the golden bytes.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a helper of a test fails by panicking")]

use std::path::{Path, PathBuf};

use fep_codec::files::{FileLayout, FileReader, FileWriter};
use fep_codec::{Decode, DecodeOwned, Layout, Record, Telegram, TelegramSet, TelegramSetOwned};
use fep_spec::generate::{file_name, rust};
use fep_spec::model::{Spec, SpecSet};
use fep_tests::arbitrary::{self, Random};
use fep_tests::generated::bank_a::{
    BalanceInquiryAnswer, BankA, ResponseCode, Sign, TradeKind, TransactionListAnswer, Transfer, TransferAnswer,
};
use fep_tests::generated::check_digits;
use fep_tests::generated::{
    arrays, blanks, feed_b7, file_a, flat, forms, host_b, kftc_cms, kinds, loan_f, nacha, names, nts_vat, quote_c,
    settlement_a, van_d, zengin,
};
use fep_tests::golden::Golden;
use fep_tests::properties;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_path_buf()
}

/// The spec with every kind of field, which exists only for tests.
fn kinds_spec() -> Spec {
    Spec::load(&root().join("tests/tests/generated/kinds.toml")).expect("a clean spec")
}

/// The spec with every form of layout, which exists only for tests.
fn forms_spec() -> Spec {
    Spec::load(&root().join("tests/tests/generated/forms.toml")).expect("a clean spec")
}

/// The spec with headers without a name of their own, which exists only for tests.
fn flat_spec() -> Spec {
    Spec::load(&root().join("tests/tests/generated/flat.toml")).expect("a clean spec")
}

fn spec(name: &str) -> Spec {
    Spec::load(&root().join("specs").join(name).join(format!("{name}.toml"))).expect("a clean spec")
}

#[test]
fn generated_files_are_what_the_specs_say_today() {
    let specs = SpecSet::load(&root().join("specs")).expect("clean specs").specs;
    let own = SpecSet::load(&root().join("tests/tests/generated")).expect("clean specs").specs;
    for spec in specs.into_iter().chain(own) {
        let written = root().join("tests/src/generated").join(file_name(&spec));
        let found = std::fs::read_to_string(&written).unwrap_or_default();
        let wanted = rust(&spec, &format!("{}.toml", spec.name)).expect("Rust");
        assert!(
            found == wanted,
            "{}: run `fep gen specs tests/tests/generated -o tests/src/generated`",
            written.display()
        );
    }
}

fn assert_same_layouts(spec: &Spec, layouts: &[&Layout]) {
    assert_eq!(layouts.len(), spec.telegrams.len());
    for layout in layouts {
        let telegram = spec.telegram(&layout.name).expect("a telegram of this name");
        assert_eq!(*layout, &telegram.layout);
    }
}

/// Both telegrams have one type for their header, and the layout has its fields at their own level. The check is the XOR of
/// `0100-0004200070020hi`, the bytes from `code` on.
#[test]
fn telegrams_share_a_header_without_a_name() {
    let header = |code: &str| flat::Header {
        mark_part: flat::Mark { mark: (), length: () },
        memo_len: (),
        item_count: (),
        total: (),
        code: code.parse().expect("digits"),
        balance_sign: (),
    };
    let items = [7, 20].map(|amount| flat::FlatOrderItems { amount }).to_vec();
    let trailer = flat::Trailer { bcc: (), end: () };
    let order =
        flat::FlatOrder { header: header("0100"), balance: -42, items, memo: "hi".parse().expect("text"), trailer };
    let bytes = b"M0310220000270100-0004200070020hi\x1EZ";
    assert_eq!(order.encode_to_vec().expect("bytes"), bytes);
    assert_eq!(flat::Flat::decode_any(bytes).expect("a telegram"), order.into());
    let memo = "".parse().expect("text");
    let header_field = "AB".parse().expect("text");
    let notice =
        flat::FlatNotice { header_part: header("0200"), header: header_field, balance: 7, items: vec![], memo };
    let bytes = b"M0190000000000200+AB007";
    assert_eq!(notice.encode_to_vec().expect("bytes"), bytes);
    assert_eq!(flat::Flat::decode_any(bytes).expect("a telegram"), notice.into());
}

/// Generated code reads the JSON of the spec's names, and a view has methods for the identifiers.
#[test]
fn names_of_the_sheet_stay_in_json() {
    let head = names::Head { telegram_code: "0100".parse().expect("digits"), row_cnt: 7 };
    let entry = names::List내역 { 계좌: "1".parse().expect("digits"), amount: 5 };
    let list = names::List {
        공통부: head,
        loose_name: "12".parse().expect("digits"),
        계좌번호: "123".parse().expect("digits"),
        account_no: "9".parse().expect("digits"),
        n2nd_name: "김".parse().expect("text"),
        r#type: "x".parse().expect("text"),
        self_item: names::ListSelfItem::One,
        거래구분: names::List거래구분::Two,
        end_mark: (),
        sum: (),
        건수: (),
        내역: vec![entry],
        body_part: names::ListBodyPart::Body2(names::Body2 { y_1: "z".parse().expect("text") }),
        메모길이: (),
        memo: "점심".parse().expect("text"),
    };
    let bytes = list.encode_to_vec().expect("bytes");
    let expected = b"01000712 123         9           \xB1\xE8    x12E000000005011  00005z04\xC1\xA1\xBD\xC9";
    assert_eq!(bytes.escape_ascii().to_string(), expected.escape_ascii().to_string());
    let record = Record::decode(names::List::LAYOUT, &bytes).expect("it reads");
    for path in
        ["공통부.TELEGRAM-CODE", "looseName", "accountNo", "2nd_name", "END-MARK", "내역[0].계좌", "bodyPart.Y-1"]
    {
        assert!(record.get(path).is_some(), "{path}");
    }
    let view = names::ListView::new(&bytes).expect("a view");
    assert_eq!(view.account_no().expect("a field").to_string(), "9");
}

/// In IBM-933 a space is the byte 40, which is also the default pad of an unused entry. The pad 20 must be given explicitly.
#[test]
fn unused_entries_are_blank_in_the_charset_of_the_spec() {
    let spec = Spec::load(&root().join("tests/tests/generated/blanks.toml")).expect("a clean spec");
    assert_same_layouts(&spec, &[blanks::Rows::LAYOUT]);
    let mark = "M".parse().expect("text");
    let rows = blanks::Rows { mark, spaces: vec![], ascii_spaces: vec![], stars: vec![] };
    let bytes = rows.encode_to_vec().expect("bytes");
    assert_eq!(bytes, [&[0xD4][..], &[0x40; 12], &[0x20; 12], &[0x5C; 12]].concat());
}

#[test]
fn derived_layouts_equal_those_of_the_spec() {
    assert_same_layouts(&spec("bank-a"), BankA::LAYOUTS);
    let kftc_cms = [kftc_cms::Header::LAYOUT, kftc_cms::Data::LAYOUT, kftc_cms::Trailer::LAYOUT];
    assert_same_layouts(&spec("kftc-cms"), &kftc_cms);
    assert_same_layouts(&spec("quote-c"), quote_c::QuoteC::LAYOUTS);
    assert_same_layouts(&spec("feed-b7"), feed_b7::FeedB7::LAYOUTS);
    assert_same_layouts(&spec("loan-f"), loan_f::LoanF::LAYOUTS);
    assert_same_layouts(&spec("file-a"), file_a::FileA::LAYOUTS);
    assert_same_layouts(&spec("nts-vat"), nts_vat::NtsVat::LAYOUTS);
    assert_same_layouts(&spec("host-b"), host_b::HostB::LAYOUTS);
    let zengin = [zengin::Header::LAYOUT, zengin::Data::LAYOUT, zengin::Trailer::LAYOUT, zengin::End::LAYOUT];
    assert_same_layouts(&spec("zengin"), &zengin);
    let settlement_a = [settlement_a::Header::LAYOUT, settlement_a::Detail::LAYOUT, settlement_a::Trailer::LAYOUT];
    assert_same_layouts(&spec("settlement-a"), &settlement_a);
    assert_same_layouts(&kinds_spec(), kinds::Kinds::LAYOUTS);
    assert_same_layouts(&forms_spec(), forms::Forms::LAYOUTS);
    let arrays = Spec::load(&root().join("tests/tests/generated/arrays.toml")).expect("a clean spec");
    assert_same_layouts(&arrays, arrays::Arrays::LAYOUTS);
    assert_same_layouts(&flat_spec(), flat::Flat::LAYOUTS);
    let names = Spec::load(&root().join("tests/tests/generated/names.toml")).expect("a clean spec");
    assert_same_layouts(&names, names::Names::LAYOUTS);
}

#[test]
fn golden_telegrams_go_both_ways_through_generated_structs() {
    for name in Golden::names("bank-a") {
        let golden = Golden::load(&name);
        let telegram = BankA::decode_any(&golden.bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut out = vec![0; telegram.any_len()];
        let len = telegram.encode_any(&mut out).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(out.get(..len), Some(&*golden.bytes), "{name}");
    }
}

fn same_as_record<T: DecodeOwned + Telegram>() {
    // Some random values are refused, which is correct: a text that begins or ends with the pad byte, a year that does not fit two digits.
    let encoded = (0..400).filter_map(|seed| arbitrary::record(T::LAYOUT, &mut Random(seed)).encode().ok());
    let encoded: Vec<Vec<u8>> = encoded.collect();
    assert!(encoded.len() > 50, "{} of 400 {}", encoded.len(), T::LAYOUT.name);
    for bytes in encoded {
        properties::same_as_record::<T>(&bytes);
        assert!(T::decode(&bytes).is_ok());
    }
}

#[test]
fn every_kind_of_field_is_read_and_written_as_the_record_does() {
    same_as_record::<kinds::Texts>();
    same_as_record::<kinds::Numbers>();
    same_as_record::<kinds::Overpunched>();
    same_as_record::<kinds::Encoded>();
    same_as_record::<kinds::Dates>();
    same_as_record::<kinds::Codes>();
    same_as_record::<kinds::Groups>();
    same_as_record::<kinds::GroupsAnswer>();
}

#[test]
fn every_form_of_layout_is_read_and_written_as_the_record_does() {
    same_as_record::<forms::Pages>();
    same_as_record::<forms::Behind>();
    same_as_record::<forms::Padded>();
    same_as_record::<forms::Segments>();
    same_as_record::<forms::Redefined>();
    same_as_record::<forms::Loose>();
    same_as_record::<arrays::Kinds>();
    same_as_record::<arrays::Counted>();
    same_as_record::<arrays::Behind>();
    nothing_is_lost::<arrays::Kinds>();
    nothing_is_lost::<arrays::Counted>();
    nothing_is_lost::<arrays::Behind>();
    same_as_record::<flat::FlatOrder>();
    same_as_record::<flat::FlatNotice>();
    nothing_is_lost::<forms::Pages>();
    nothing_is_lost::<forms::Behind>();
    nothing_is_lost::<forms::Padded>();
    nothing_is_lost::<forms::Segments>();
    nothing_is_lost::<forms::Loose>();
    nothing_is_lost::<flat::FlatOrder>();
    nothing_is_lost::<flat::FlatNotice>();
}

/// Changes one byte of valid bytes. The result decodes and encodes to the same bytes, or both codecs refuse it with the same message.
/// This does not hold for telegrams with a filler that may hold anything, because such a filler is written blank.
fn nothing_is_lost<T: DecodeOwned + Telegram>() {
    for seed in 0..400 {
        let mut random = Random(seed);
        let Ok(mut bytes) = arbitrary::record(T::LAYOUT, &mut random).encode() else { continue };
        let at = usize::try_from(random.below(bytes.len() as u64)).expect("an index");
        bytes[at] = u8::try_from(random.below(256)).expect("a byte");
        properties::any_bytes(T::LAYOUT, &bytes);
        properties::same_as_record::<T>(&bytes);
    }
}

#[test]
fn changed_bytes_of_numbers_and_dates_come_back_or_are_refused() {
    nothing_is_lost::<kinds::Overpunched>();
    nothing_is_lost::<kinds::Encoded>();
    nothing_is_lost::<kinds::Dates>();
}

fn round_trip<T: Telegram + for<'a> Decode<'a>>(bytes: &[u8]) -> T {
    let telegram = T::decode(bytes).expect("decodes");
    assert_eq!(telegram.encode_to_vec().expect("encodes"), bytes);
    telegram
}

#[test]
fn golden_values_are_the_structs_values() {
    let transfer: Transfer = round_trip(&Golden::load("bank-a-transfer").bytes);
    assert_eq!(transfer.withdraw_account, *"1002345678901");
    assert_eq!(transfer.amount, 1_234_567);
    assert_eq!(transfer.payee_name, "홍길동");
    assert_eq!(transfer.header.trace_no, 123);
    assert_eq!(transfer.header.response_code, ResponseCode::NotAnswered);

    let balance: BalanceInquiryAnswer = round_trip(&Golden::load("bank-a-balance-negative").bytes);
    assert_eq!((balance.balance, balance.available), (-5000, 0));

    let list: TransactionListAnswer = round_trip(&Golden::load("bank-a-list-3").bytes);
    let kinds: Vec<_> = list.items.iter().map(|item| item.kind.clone()).collect();
    assert_eq!(kinds, [TradeKind::Deposit, TradeKind::Withdrawal, TradeKind::WithdrawalCancelled]);
    let signs: Vec<_> = list.items.iter().map(|item| item.balance_sign).collect();
    assert_eq!(signs, [Sign::Plus, Sign::Plus, Sign::Unset]);
}

#[test]
fn a_sign_that_the_sheet_does_not_know_is_refused() {
    let mut bytes = Golden::load("bank-a-transfer-answer").bytes;
    assert_eq!(round_trip::<TransferAnswer>(&bytes).balance_sign, Sign::Minus);
    bytes[129] = b'x';
    let derived = TransferAnswer::decode(&bytes).expect_err("a letter is not a sign").to_string();
    assert!(derived.contains("balance_sign") && derived.contains("bytes 129..130"), "{derived}");
    let dynamic = Record::decode(TransferAnswer::LAYOUT, &bytes).expect_err("nor for a record").to_string();
    assert_eq!(dynamic, derived);
}

#[test]
fn records_of_the_golden_file_go_both_ways() {
    let bytes = Golden::load("kftc-cms-eb13").bytes;
    let records: Vec<&[u8]> = bytes.chunks(120).collect();
    let [header, first, second, third, trailer] = records.as_slice() else { panic!("five records") };
    assert_eq!(round_trip::<kftc_cms::Header>(header).file_name, "EB131121");
    let kinds = [first, second, third].map(|record| round_trip::<kftc_cms::Data>(record).kind);
    use kftc_cms::ApplicationKind::{Ended, EndedByInstitution, New};
    assert_eq!(kinds, [New, Ended, EndedByInstitution]);
    assert_eq!(round_trip::<kftc_cms::Trailer>(trailer).total, 3);
}

#[test]
fn telegrams_of_the_golden_stream_go_both_ways() {
    let bytes = Golden::load("quote-c-stream").bytes;
    let trade: quote_c::Trade = round_trip(&bytes[..160]);
    assert_eq!((trade.price, trade.lp_holding, trade.change_kind), (71_300, -42, quote_c::ChangeKind::Down));
    let index: quote_c::Index = round_trip(&bytes[160..206]);
    assert_eq!((index.index, index.sign, index.change), (254_733, quote_c::Sign::Minus, 1_205));
    assert_eq!(round_trip::<quote_c::Poll>(&bytes[206..]).time.to_string(), "09:31:00");
}

#[test]
fn a_host_s_telegram_goes_both_ways() {
    let list: host_b::LoanList = round_trip(&Golden::load("host-b-loans-2").bytes);
    assert_eq!((list.customer_name, list.header.trace_no), ("홍길동A1".parse().expect("it fits"), 4711));
    let [first, second] = list.loans.as_slice() else { panic!("two loans") };
    assert_eq!(
        (first.balance, first.rate, first.adjust, &*first.memo),
        (1_234_567_890_123, 4_875, -5_047, "주택 담보")
    );
    assert_eq!((second.balance, &second.status, &*second.memo), (-1, &host_b::LoanStatus::Closed, "ABC"));
}

#[test]
fn an_approval_of_a_terminal_line_goes_both_ways() {
    let answer: van_d::ApprovalAnswer = round_trip(&Golden::load("van-d-approval-answer").bytes);
    assert_eq!((&*answer.issuer, answer.amount, answer.header.trace_no), ("똠방카드", 50_600, 123));
}

#[test]
fn records_of_a_zengin_file_go_both_ways() {
    let bytes = Golden::load("zengin-transfer").bytes;
    let records: Vec<&[u8]> = bytes.chunks(121).map(|record| &record[..120]).collect();
    let [header, first, second, trailer, end] = records.as_slice() else { panic!("five records") };
    assert_eq!(&*round_trip::<zengin::Header>(header).bank_name, "ﾃｽﾄｷﾞﾝｺｳ");
    assert_eq!(&*round_trip::<zengin::Data>(first).payee_name, "ﾔﾏﾀﾞ ﾀﾛｳ");
    assert_eq!(round_trip::<zengin::Data>(second).amount, 15);
    assert_eq!(round_trip::<zengin::Trailer>(trailer).total_amount, 115_015);
    round_trip::<zengin::End>(end);
}

#[test]
fn tax_records_carry_their_signs_in_two_ways() {
    let bytes = Golden::load("nts-vat-signs").bytes;
    assert_eq!(round_trip::<nts_vat::Income>(&bytes[..150]).income, -5000);
    let totals: nts_vat::InvoiceTotals = round_trip(&bytes[152..322]);
    assert_eq!((totals.supply, totals.tax, totals.supply_b, totals.supply_p), (-5047, -500, 120, 0));
}

#[test]
fn a_debug_text_hides_the_secrets_of_generated_structs() {
    let transfer: Transfer = round_trip(&Golden::load("bank-a-transfer").bytes);
    let text = format!("{transfer:?} {:?}", BankA::Transfer(transfer.clone()));
    assert!(text.contains("1234567") && text.contains("Header"), "{text}");
    for secret in ["1002345678901", "3333011234567", "홍길동"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn generated_plans_of_record_files_are_those_of_the_specs() {
    let check = |spec_name: &str, plans: &[&FileLayout]| {
        let spec = spec(spec_name);
        let wanted: Vec<FileLayout> = spec.files.iter().map(|file| spec.file_layout(file)).collect();
        assert_eq!(plans.iter().map(|plan| (*plan).clone()).collect::<Vec<_>>(), wanted);
    };
    check("kftc-cms", &[&kftc_cms::EB13, &kftc_cms::EB14]);
    check("nacha", &[&nacha::ACH]);
    check("nts-vat", &[&nts_vat::VAT_FILE]);
}

/// Reads a golden file with only generated code and writes it again.
fn typed_both_ways<T: TelegramSetOwned>(name: &str, plan: &FileLayout, count: usize) {
    let bytes = Golden::load(name).bytes;
    let records: Vec<T> =
        FileReader::new(plan, &*bytes).expect("a plan").typed().collect::<Result<_, _>>().expect("reads");
    assert_eq!(records.len(), count);
    let mut writer = FileWriter::new(plan, Vec::new()).expect("a plan");
    records.iter().for_each(|record| writer.write_any(record).expect("writes"));
    assert_eq!(writer.finish().expect("ends"), bytes);
}

#[test]
fn generated_code_reads_and_writes_record_files() {
    typed_both_ways::<kftc_cms::EB13Record>("kftc-cms-eb13", &kftc_cms::EB13, 5);
    typed_both_ways::<nacha::ACHRecord>("nacha-ach", &nacha::ACH, 5);
    typed_both_ways::<nts_vat::VatFileRecord>("nts-vat-signs", &nts_vat::VAT_FILE, 2);
}

#[test]
fn check_digits_are_those_of_the_sheet() {
    // Note 1 of the sheet: 001004…, 254007…, 123000 and 010531 give 011809.
    let mut covered = [b' '; 205];
    covered[40..46].copy_from_slice(b"010531");
    covered[100..106].copy_from_slice(b"001004");
    covered[123..129].copy_from_slice(b"123000");
    covered[146..152].copy_from_slice(b"254007");
    let mut digits = [0; 6];
    check_digits(&covered, &mut digits).expect("digits");
    assert_eq!(&digits, b"011809");

    let golden = Golden::load("bank-a-transfer");
    let mut wrong = golden.bytes.clone();
    wrong[210] = b'9';
    let message = "peer: check_digits (복기부호), bytes 205..211: the check `check_digits` gives hex 32 35 33 37 38 38, hex 32 35 33 37 38 39";
    assert_eq!(Transfer::decode(&wrong).expect_err("refused").to_string(), message);

    let mut bank_a = spec("bank-a");
    let layout = |spec: &Spec| spec.telegram("Transfer").expect("a transfer").layout.clone();
    assert!(Record::decode(&layout(&bank_a), &wrong).is_ok(), "a spec alone does not know the function");
    assert_eq!(bank_a.supply("check_digits", check_digits), 2);
    let layout = layout(&bank_a);
    assert_eq!(Record::decode(&layout, &wrong).expect_err("refused").to_string(), message);
    let mut record = Record::decode(&layout, &golden.bytes).expect("sound");
    record.set("check_digits", fep_codec::Value::Absent).expect("a field");
    assert_eq!(record.encode().as_deref(), Ok(golden.bytes.as_slice()), "it is filled in");
}

#[test]
fn a_spec_asks_for_views() {
    use forms::{Loose, LooseView, Pages, PagesView, PagesViewMut};

    for seed in 0..50 {
        let bytes = arbitrary::record(Pages::LAYOUT, &mut Random(seed)).encode().expect("bytes");
        let pages = Pages::decode(&bytes).expect("a telegram");
        let view = PagesView::new(&bytes).expect("its view");
        assert_eq!((view.total_count().expect("a number"), view.rows().len()), (pages.total_count, pages.rows.len()));
        for (viewed, row) in view.rows().zip(&pages.rows) {
            assert_eq!(viewed.balance().expect("a signed number"), row.balance);
        }
        let mut patched = bytes.clone();
        let mut view = PagesViewMut::new(&mut patched).expect("its view");
        if let Some(mut row) = view.rows_mut(0) {
            row.set_balance(&-42).expect("a number");
            row.set_amount(&7).expect("a number");
        }
        view.refresh().expect("all that is computed");
        let mut changed = pages;
        if let Some(row) = changed.rows.first_mut() {
            (row.balance, row.amount) = (-42, 7);
        }
        assert_eq!(changed.encode_to_vec().as_ref(), Ok(&patched), "seed {seed}");

        let bytes = arbitrary::record(Loose::LAYOUT, &mut Random(seed)).encode().expect("bytes");
        let loose = Loose::decode(&bytes).expect("a telegram");
        assert_eq!(LooseView::new(&bytes).and_then(|view| view.end()).as_ref(), Ok(&loose.end));
    }
}
