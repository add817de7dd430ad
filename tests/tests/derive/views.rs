//! Views: reading and patching single fields, with bytes written by hand.

use fep_codec::layout::NumberRule;
use fep_codec::view::patch;
use fep_codec::{Code, Decode, Digits, FieldValue, Record, Telegram, Text, Value};

use super::refusal;

/// 공통부
#[derive(Telegram, Debug, PartialEq)]
#[telegram(view)]
struct Header {
    #[field(literal = "H")]
    _mark: (),
    #[field(len = 3, computed = length(rest))]
    length: (),
    /// The code of the telegram.
    #[field(full)]
    code: Digits<4>,
}

#[derive(Code, Debug, PartialEq)]
enum Sign {
    #[code("+")]
    Plus,
    #[code("-")]
    Minus,
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(len = 50, charset = "euc-kr", view)]
struct Transfer<'a> {
    header: Header,
    #[field(len = 6, secret)]
    account: Digits<6>,
    #[field(len = 9, label = "금액")]
    amount: u64,
    #[field(code, len = 1)]
    sign: Sign,
    #[field(len = 4, charset = "ascii")]
    memo: &'a str,
    name: Text<10>,
    #[field(group)]
    pair: [Entry; 2],
    #[field(len = 2, none = "spaces")]
    fee: Option<u8>,
    #[field(filler, len = 4)]
    _reserved: (),
}

#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(view)]
struct Entry {
    #[field(len = 3)]
    no: u16,
}

const BYTES: &[u8; 50] = b"H0460100001002000012345-memo\xC8\xAB\xB1\xE6\xB5\xBF    007008      ";

#[test]
fn a_field_is_decoded_alone() {
    let bytes = BYTES.to_vec();
    let view = TransferView::new(&bytes).unwrap();
    assert_eq!(view.amount().unwrap(), 12_345);
    assert_eq!(view.amount_bytes(), b"000012345");
    assert_eq!(view.account().unwrap(), *"001002");
    assert_eq!(view.sign().unwrap(), Sign::Minus);
    assert_eq!((view.memo().unwrap(), &*view.name().unwrap()), ("memo", "홍길동"));
    assert_eq!(view.fee().unwrap(), None);
    assert_eq!(view.header().code().unwrap(), *"0100");
    assert_eq!(view.header().length().unwrap(), 46);
    assert_eq!(view.header_bytes(), b"H0460100");
    assert_eq!(view.header().as_bytes(), view.header_bytes());
    assert_eq!(view.pair().len(), 2);
    assert_eq!(view.pair().get(1).unwrap().no().unwrap(), 8);
    assert!(view.pair().get(2).is_none());
    assert_eq!(view.pair().map(|entry| entry.no().unwrap()).collect::<Vec<_>>(), [7, 8]);
    assert_eq!(view.as_bytes(), bytes);
    let decoded = view.decode().unwrap();
    assert_eq!(decoded, Transfer::decode(&bytes).unwrap());
    // A borrowed value borrows from the bytes and not from the view.
    let memo = TransferView::new(&bytes).unwrap().memo().unwrap();
    assert_eq!(memo, "memo");
}

#[test]
fn what_is_wrong_elsewhere_does_not_matter_and_what_is_wrong_here_is_named() {
    let mut bytes = *BYTES;
    bytes[1] = b'x';
    bytes[8] = b'?';
    bytes[42..44].copy_from_slice(b"x8");
    let view = TransferView::new(&bytes).unwrap();
    assert_eq!(view.amount().unwrap(), 12_345);
    assert!(
        refusal(view.header().length()).starts_with("peer: header.length, bytes 1..4: expected a digit, found 'x'")
    );
    let said = refusal(view.account());
    assert!(said.starts_with("peer: account, bytes 8..14: ") && !said.contains('?') && !said.contains("3f"), "{said}");
    let second = view.pair().get(1).unwrap();
    assert!(
        refusal(second.no()).starts_with("peer: pair[1].no, bytes 41..44: expected a digit, found 'x' (78) at byte 42")
    );
    assert!(refusal(view.decode()).contains("length"));
    assert_eq!(refusal(TransferView::new(b"H")), "peer: the telegram has 50 bytes, found 1");
}

#[test]
fn a_debug_text_of_a_view_hides_what_is_secret_and_shows_what_is_wrong() {
    let mut bytes = *BYTES;
    bytes[42..44].copy_from_slice(b"x8");
    let text = format!("{:?}", TransferView::new(&bytes).unwrap());
    assert!(
        text.starts_with("TransferView { header.length: 46, header.code: 0100, account: <secret>, amount: 12345"),
        "{text}"
    );
    assert!(text.contains("pair[1].no: ! expected a digit") && !text.contains("001002"), "{text}");
    let header = format!("{:?}", TransferViewMut::new(&mut bytes).unwrap().header_mut());
    assert_eq!(header, "HeaderViewMut { header.length: 46, header.code: 0100 }");
}

#[test]
fn a_field_is_patched_in_place_or_nothing_is_changed() {
    let mut bytes = *BYTES;
    let mut view = TransferViewMut::new(&mut bytes).unwrap();
    view.set_amount(&7).unwrap();
    view.set_name(&"가나".parse().unwrap()).unwrap();
    view.set_fee(&Some(9)).unwrap();
    view.set_sign(&Sign::Plus).unwrap();
    {
        let memo = String::from("m");
        view.set_memo(&memo.as_str()).unwrap();
    }
    view.header_mut().set_code(&"0200".parse().unwrap()).unwrap();
    view.pair_mut(1).unwrap().set_no(&999).unwrap();
    assert!(view.pair_mut(2).is_none());
    assert_eq!(view.view().amount().unwrap(), 7);
    assert_eq!(&bytes[..], b"H0460200001002000000007+m   \xB0\xA1\xB3\xAA      00799909    ");

    let mut view = TransferViewMut::new(&mut bytes).unwrap();
    assert!(refusal(view.set_amount(&1_234_567_890)).starts_with("caller: amount (금액), bytes 14..23: "));
    assert!(refusal(view.pair_mut(0).unwrap().set_no(&1000)).starts_with("caller: pair[0].no, bytes 38..41: "));
    assert!(refusal(view.set_memo(&"한글")).contains("memo"));
    let refused = refusal(view.set_memo(&"mm "));
    assert!(refused.contains("pad character"), "{refused}");
    assert_eq!(&bytes[..], b"H0460200001002000000007+m   \xB0\xA1\xB3\xAA      00799909    ");
}

#[test]
fn lengths_are_filled_in_again() {
    let mut bytes = *BYTES;
    bytes[1..4].copy_from_slice(b"   ");
    assert!(Transfer::decode(&bytes).is_err());
    let mut view = TransferViewMut::new(&mut bytes).unwrap();
    view.header_mut().refresh().unwrap();
    assert_eq!(&bytes[1..4], b"046");
    Transfer::decode(&bytes).unwrap();
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(view = ListWindow)]
struct List {
    #[field(len = 1, computed = count(rows))]
    row_count: (),
    #[field(group, count = row_count, max = 3)]
    rows: Vec<Row>,
    behind: Entry,
    #[field(len = 1, computed = count(more))]
    more_count: (),
    #[field(group, count = more_count, max = 9)]
    more: Vec<Entry>,
    #[field(len = 2)]
    last: u8,
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(view)]
struct Row {
    #[field(len = 1, computed = count(cells))]
    cell_count: (),
    #[field(group, count = cell_count, max = 9)]
    cells: Vec<Entry>,
    #[field(len = 1)]
    mark: Text<1>,
}

#[test]
fn fields_behind_what_varies_are_found_when_they_are_asked_for() {
    let mut bytes = *b"21001a2002003b004100599";
    let view = ListWindow::new(&bytes).unwrap();
    assert_eq!(view.row_count().unwrap(), 2);
    let marks: Vec<_> = view.rows().map(|row| row.mark().unwrap()).collect();
    assert_eq!(marks, ["a", "b"]);
    assert_eq!(view.rows().get(1).unwrap().cells().get(1).unwrap().no().unwrap(), 3);
    assert_eq!((view.behind().no().unwrap(), view.last().unwrap()), (4, 99));
    assert_eq!(view.more().map(|entry| entry.no().unwrap()).collect::<Vec<_>>(), [5]);
    assert_eq!((view.rows_bytes(), view.more_bytes()), (&b"1001a2002003b"[..], &b"005"[..]));
    assert_eq!(view.decode().unwrap(), List::decode(&bytes).unwrap());

    let mut view = ListWindowMut::new(&mut bytes).unwrap();
    view.set_last(&1).unwrap();
    view.rows_mut(1).unwrap().cells_mut(0).unwrap().set_no(&77).unwrap();
    let said = refusal(view.rows_mut(1).unwrap().cells_mut(1).unwrap().set_no(&7777));
    assert!(said.starts_with("caller: rows[1].cells[1].no, bytes 10..13: "), "{said}");
    assert_eq!(&bytes, b"21001a2077003b004100501");

    assert!(refusal(ListWindow::new(b"2x001a")).starts_with("peer: rows[0].cell_count, bytes 1..2: "));
    assert!(refusal(ListWindow::new(b"9")).starts_with("peer: row_count, bytes 0..1: "));
    assert!(refusal(ListWindow::new(b"000400")).starts_with("peer: last"));
    assert_eq!(refusal(ListWindow::new(b"0004099..")), "peer: bytes 7..9: 2 bytes are left after the last field");
}

#[test]
fn a_view_a_record_and_a_patch_agree() {
    let bytes = *b"21001a2002003b004100599";
    let record = Record::decode(List::LAYOUT, &bytes).unwrap();
    assert_eq!(record.get("rows[1].cells[1].no"), Some(&Value::Number(3)));
    let mut viewed = bytes;
    let mut patched = bytes;
    let mut set = record;
    ListWindowMut::new(&mut viewed).unwrap().rows_mut(0).unwrap().set_mark(&"z".parse().unwrap()).unwrap();
    patch(List::LAYOUT, &mut patched, "rows[0].mark", &Value::from("z")).unwrap();
    set.set("rows[0].mark", Value::from("z")).unwrap();
    assert_eq!(viewed, patched);
    assert_eq!(set.encode().unwrap(), patched);
}

/// A user-defined number type.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Won(u64);

impl<'a> FieldValue<'a, NumberRule> for Won {
    fn put(&self, rule: &NumberRule, out: &mut [u8]) -> Result<(), fep_codec::Fault> {
        self.0.put(rule, out)
    }

    fn get(rule: &NumberRule, bytes: &'a [u8]) -> Result<Self, fep_codec::Fault> {
        u64::get(rule, bytes).map(Self)
    }
}

#[test]
fn generics_lifetimes_and_types_of_ones_own() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(view)]
    struct Envelope<'a, 'b, T, V, const N: usize>
    where
        T: std::fmt::Debug,
    {
        #[field(len = 2, charset = "ascii")]
        first: &'a str,
        #[field(len = 2, charset = "ascii")]
        second: &'b str,
        #[field(len = 3, number)]
        value: V,
        #[field(len = 3, number)]
        own: Won,
        name: Text<N>,
        body: T,
        #[field(group)]
        all: [T; N],
    }
    let mut bytes = *b"A B 007008n 001002003";
    let view = EnvelopeView::<'_, Entry, u16, 2>::new(&bytes).unwrap();
    assert_eq!((view.first().unwrap(), view.second().unwrap(), view.value().unwrap()), ("A", "B", 7));
    assert_eq!((view.own().unwrap(), &*view.name().unwrap()), (Won(8), "n"));
    assert_eq!((view.body().no().unwrap(), view.all().get(1).unwrap().no().unwrap()), (1, 3));
    let copy = view;
    assert_eq!(copy.decode().unwrap(), view.decode().unwrap());
    let mut view = EnvelopeViewMut::<'_, Entry, u16, 2>::new(&mut bytes).unwrap();
    view.set_value(&1).unwrap();
    view.body_mut().set_no(&2).unwrap();
    view.all_mut(0).unwrap().set_no(&3).unwrap();
    assert_eq!(&bytes, b"A B 001008n 002003003");
}

mod elsewhere {
    pub(crate) mod runtime {
        pub(crate) use fep_codec as codec;
    }

    // These names must not conflict with the generated code.
    pub(crate) struct Result;
    pub(crate) struct Option;
    pub(crate) struct Window;
    pub(crate) struct Entries;

    #[derive(fep_codec::Telegram)]
    #[telegram(crate = self::runtime::codec, view)]
    pub(super) struct Private {
        pub(super) r#type: fep_codec::Text<1>,
        #[field(len = 2)]
        pub(super) view_of: u8,
    }

    #[test]
    fn renamed_crates_and_raw_names() {
        let view = PrivateView::new(b"A07").unwrap();
        assert_eq!((&*view.r#type().unwrap(), view.type_bytes(), view.view_of().unwrap()), ("A", &b"A"[..], 7));
        let private = view.decode().unwrap();
        assert_eq!((&*private.r#type, private.view_of), ("A", 7));
        let _ = (Result, Option, Window, Entries);
    }
}

#[test]
fn a_view_is_as_visible_as_its_telegram() {
    assert_eq!(elsewhere::PrivateView::new(b"A07").unwrap().view_of().unwrap(), 7);
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(view)]
struct Listed {
    #[field(group, padded, max = 3)]
    rows: Vec<ListedRow>,
    #[field(group, padded, max = 2)]
    names: Vec<Text<2>>,
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(view)]
struct ListedRow {
    memo: Memo,
    #[field(len = 1, computed = sign(back, '+', '-', ' '))]
    back_sign: (),
    #[field(len = 2, none = "spaces")]
    back: Option<i8>,
    #[field(group, padded, max = 2, pad = '*')]
    marks: Vec<Text<1>>,
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(view)]
struct Memo {
    text: Text<2>,
}

/// Nothing but padding would take the entry, and all behind it, out of the telegram. Neither a view nor a path does that.
#[test]
fn no_patch_makes_an_entry_look_unused() {
    // The second row is padding but for its memo, the third one but for its number and its sign.
    const LISTED: &[u8; 25] = b"AA   x*BB       +05  NNMM";
    let unused = "an entry of nothing but padding says that it is not used";
    let mark = |text: &str| text.parse::<Text<1>>().unwrap();
    let memo = |text: &str| text.parse::<Text<2>>().unwrap();
    let mut bytes = *LISTED;
    let mut view = ListedViewMut::new(&mut bytes).unwrap();
    let mut row = view.rows_mut(0).unwrap();
    assert_eq!(refusal(row.set_marks(0, &mark("*"))), format!("caller: rows[0].marks[0], bytes 5..6: {unused}"));
    assert!(refusal(row.set_marks(1, &mark("y"))).contains("the number of an entry that the telegram has"));
    // Its marks, and what pads them, say that the row is used.
    row.memo_mut().set_text(&memo("")).unwrap();
    row.memo_mut().set_text(&memo("AA")).unwrap();
    let mut row = view.rows_mut(1).unwrap();
    assert_eq!(
        refusal(row.memo_mut().set_text(&memo(""))),
        format!("caller: rows[1].memo.text, bytes 7..14: {unused}")
    );
    let mut row = view.rows_mut(2).unwrap();
    assert_eq!(refusal(row.set_back(&None)), format!("caller: rows[2].back, bytes 14..21: {unused}"));
    assert_eq!(refusal(view.set_names(1, &memo(""))), format!("caller: names[1], bytes 23..25: {unused}"));
    assert_eq!(bytes, *LISTED);

    let [blank, none] = [Value::from(""), Value::None];
    for (path, value, entry) in [
        ("rows[0].marks[0]", &Value::from("*"), "5..6"),
        ("rows[1].memo.text", &blank, "7..14"),
        ("rows[2].back", &none, "14..21"),
        ("names[1]", &blank, "23..25"),
    ] {
        let patched = patch(Listed::LAYOUT, &mut bytes, path, value);
        assert_eq!(refusal(patched), format!("caller: {path}, bytes {entry}: {unused}"));
        assert_eq!(bytes, *LISTED);
    }
    patch(Listed::LAYOUT, &mut bytes, "names[1]", &Value::from("M")).unwrap();
    assert_eq!(&bytes[23..], b"M ");
}
