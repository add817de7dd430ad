//! Lenient reading: half characters, and blanks that were stripped from telegrams of any length.

use fep_codec::lenient::{Lenient, decode_lenient};
use fep_codec::{Decode, Digits, Layout, Record, Telegram, Text};

use super::refusal;

const HALF: Lenient = Lenient { half_characters: true, ..Lenient::STRICT };
const STRIPPED: Lenient = Lenient { stripped: true, ..Lenient::STRICT };

/// Checks that both codecs read the bytes only with this leniency, and then read the same value as from the repaired bytes.
#[track_caller]
fn forgiven<T>(bytes: &[u8], lenient: Lenient, repaired: &[u8])
where
    T: for<'a> Decode<'a> + PartialEq + std::fmt::Debug,
{
    assert!(T::decode(bytes).is_err() && Record::decode(T::LAYOUT, bytes).is_err());
    let (shown, reports) = lenient.mend(T::LAYOUT, bytes);
    assert_eq!(shown.escape_ascii().to_string(), repaired.escape_ascii().to_string());
    assert_eq!(T::LAYOUT.all_errors(&shown), []);
    let (read, forgiven) = decode_lenient::<T>(bytes, lenient).unwrap();
    assert!(!forgiven.is_empty() && forgiven == reports);
    assert_eq!(read, T::decode(repaired).unwrap());
    let record = Record::decode(T::LAYOUT, repaired).unwrap();
    assert_eq!(Record::decode_lenient(T::LAYOUT, bytes, lenient), Ok((record, reports)));
    for all in [Lenient::ALL, lenient] {
        assert_eq!(decode_lenient::<T>(bytes, all).unwrap().0, read);
    }
}

#[track_caller]
fn refused_still(layout: &Layout, bytes: &[u8], lenient: Lenient, said: &str) {
    assert_eq!(refusal(Record::decode_lenient(layout, bytes, lenient)), said);
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(charset = "euc-kr")]
struct Names {
    #[field(secret)]
    left: Text<5>,
    #[field(justify = "right")]
    right: Text<5>,
    #[field(pad = '*')]
    stars: Text<3>,
    #[field(len = 3, full)]
    full: String,
}

#[test]
fn half_a_character_at_the_end_of_a_text_is_dropped() {
    // 가 is B0 A1, 나 is B3 AA.
    let sound = b"\xB0\xA1\xB3\xAA    \xB0\xA1***A  ";
    Names::decode(sound).unwrap();
    forgiven::<Names>(b"\xB0\xA1\xB3\xAA\xB0   \xB0\xA1***A  ", HALF, sound);
    forgiven::<Names>(b"\xB0\xA1\xB3\xAA   \xB0\xA1\xB3***A  ", HALF, sound);
    forgiven::<Names>(b"\xB0\xA1\xB3\xAA    \xB0\xA1\xB0**A  ", HALF, sound);
    forgiven::<Names>(b"\xB0\xA1\xB3\xAA    \xB0\xA1**\xB0A  ", HALF, b"\xB0\xA1\xB3\xAA    \xB0\xA1***A  ");
    forgiven::<Names>(b"\xB0\xA1\xB3\xAA    \xB0\xA1***A \xB0", HALF, sound);
    // First, the half character is not at the end of the text. Second, the leniency is not enabled.
    refused_still(
        Names::LAYOUT,
        b"\xB0 A      A***A  ",
        HALF,
        "peer: left, bytes 0..5: invalid euc-kr at byte 0: there is no such character",
    );
    let half = b"\xB0\xA1\xB3\xAA\xB0   \xB0\xA1***A  ";
    let others = Lenient { half_characters: false, ..Lenient::ALL };
    let said = refusal(Record::decode_lenient(Names::LAYOUT, half, others));
    assert!(said.starts_with("peer: left, bytes 0..5: ") && !said.contains("b0"), "{said}");
}

#[test]
fn half_a_character_between_shifts_leaves_its_place_to_the_shift() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(charset = "ibm933")]
    struct Name {
        name: Text<6>,
    }
    // 가 is 88 61 in IBM-933.
    forgiven::<Name>(b"\x0E\x88\x61\x88\x61\x88", HALF, b"\x0E\x88\x61\x88\x61\x0F");
    forgiven::<Name>(b"\xC1\xC1\xC1\xC1\x0E\x88", HALF, b"\xC1\xC1\xC1\xC1\x40\x40");
}

#[test]
fn a_tail_and_utf_8_keep_their_length() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(charset = "utf-8")]
    struct Memo {
        name: Text<6>,
        #[field(len = 1, computed = length(memo))]
        memo_len: (),
        #[field(tail, max = 9)]
        memo: String,
    }
    // 가 is EA B0 80.
    forgiven::<Memo>(b"\xEA\xB0\x80\xEA\xB0 5ab\xEA\xB0\x80", HALF, b"\xEA\xB0\x80   5ab\xEA\xB0\x80");
    forgiven::<Memo>(b"      4\xEA\xB0\x80\xEA", HALF, b"      4\xEA\xB0\x80 ");
}

#[derive(Telegram, Debug, PartialEq)]
struct Row {
    #[field(len = 2)]
    no: u8,
    name: Text<4>,
}

#[test]
fn blanks_are_put_back_where_the_length_is_known() {
    #[derive(Telegram, Debug, PartialEq)]
    struct List {
        #[field(len = 3, computed = length(all))]
        length: (),
        #[field(len = 1, computed = count(rows))]
        row_count: (),
        #[field(group, count = row_count, max = 3)]
        rows: Vec<Row>,
        #[field(len = 1, computed = length(memo))]
        memo_len: (),
        #[field(tail, max = 9, charset = "ascii")]
        memo: String,
        last: Text<3>,
    }
    // Rows of six bytes, a memo of two, and three at the end: 4 + 12 + 1 + 2 + 3.
    forgiven::<List>(b"022201abcd02e   2mm", STRIPPED, b"022201abcd02e   2mm   ");
    forgiven::<List>(b"022201abcd02e   2", STRIPPED, b"022201abcd02e   2     ");
    // A blank cannot be a number. A missing count says nothing.
    refused_still(
        List::LAYOUT,
        b"022201abcd",
        STRIPPED,
        "peer: length, bytes 0..3: the length says 22, there are 10, hex 30 32 32",
    );
    // The length fields could ask for more bytes than any telegram has. These are not filled in.
    #[derive(Telegram, Debug, PartialEq)]
    struct Long {
        #[field(len = 9, computed = length(memo))]
        memo_len: (),
        #[field(tail, max = 9, charset = "ascii")]
        memo: String,
    }
    assert_eq!(STRIPPED.mend(Long::LAYOUT, b"999999999a").0.len(), 10);
    assert_eq!(STRIPPED.mend(Long::LAYOUT, b"000000009a").0.len(), 18);
    // An item that takes all remaining bytes has no fixed length, so blanks cannot be missing.
    #[derive(Telegram, Debug, PartialEq)]
    struct Rest {
        #[field(group, rest, max = 3)]
        rows: Vec<Row>,
        end: Digits<2>,
    }
    refused_still(
        Rest::LAYOUT,
        b"01ab",
        STRIPPED,
        "peer: rows, bytes 0..2: 2 bytes are left behind the last whole entry, which has 6",
    );
}

#[test]
fn a_second_telegram_is_never_surplus_bytes() {
    const TRAILING: Lenient = Lenient { trailing: true, ..Lenient::STRICT };
    let (row, forgiven) = decode_lenient::<Row>(b"01abcd??", TRAILING).unwrap();
    assert_eq!((row.no, forgiven.len()), (1, 1));
    assert_eq!(forgiven[0].to_string(), "bytes 6..8: trailing: 2 surplus bytes ignored (hex length 2)");
    let (_, forgiven) = decode_lenient::<Row>(b"01abcd\r\n\0 ", TRAILING).unwrap();
    assert_eq!(forgiven[0].to_string(), "bytes 6..10: trailing: 4 surplus bytes ignored, hex 0d 0a 00 20");
    for second in [&b"01abcd02efgh"[..], b"01abcd\r\n02efgh", b"01abcd02efgh\n03"] {
        let all = decode_lenient::<Row>(second, Lenient::ALL).unwrap_err().to_string();
        assert!(all.starts_with("peer: the telegram has 6 bytes"), "{all}");
    }
}

#[test]
fn a_report_has_the_path_and_the_bytes_and_no_secret() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Page {
        #[field(len = 1, computed = count(rows))]
        row_count: (),
        #[field(group, count = row_count, max = 3)]
        rows: Vec<Holder>,
    }
    #[derive(Telegram, Debug, PartialEq)]
    struct Holder {
        #[field(len = 2)]
        no: u8,
        #[field(secret)]
        name: Text<6>,
    }
    let (_, forgiven) = decode_lenient::<Page>(b"201KIM     LEE", Lenient::ALL).unwrap();
    let said: Vec<String> = forgiven.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "rows[1].name, bytes 11..14: stripped: 3 blanks are missing here",
            "rows[1].no, bytes 9..11: blank-numbers: the number is zero",
        ]
    );
    // A number that is not there is not a blank number.
    let refused = decode_lenient::<Page>(b"201KIM   ", Lenient::ALL).unwrap_err();
    let said = "peer: rows[1].no, bytes 9..11: needs 2 bytes, the telegram ends after 0; only text and blank fillers are completed";
    assert_eq!(refused.to_string(), said);
}
