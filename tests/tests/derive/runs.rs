//! Texts that borrow are validated in runs, over the borders of parts. Whatever byte is wrong, what is said is what a layout at run time says, which
//! validates each run as it finds it.

use fep_codec::{Decode, Record, Telegram, Text, Value};

#[derive(Telegram, Debug)]
#[telegram(len = 8)]
struct Head<'a> {
    #[field(len = 4, computed = length(all))]
    length: (),
    #[field(len = 4)]
    name: &'a str,
}

#[derive(Telegram, Debug)]
#[telegram(charset = "euc-kr")]
struct Payment<'a> {
    head: Head<'a>,
    #[field(len = 3, digits, full)]
    bank: &'a str,
    #[field(filler, len = 2)]
    _reserved: (),
    #[field(len = 2)]
    count: u8,
    #[field(len = 1, charset = "ascii")]
    sign: &'a str,
    #[field(filler, len = 3)]
    _blank: (),
    #[field(len = 6)]
    payee: Text<6>,
    #[field(len = 5, charset = "ascii", justify = "right")]
    memo: &'a str,
    #[field(len = 2)]
    last: u8,
}

const SENT: &[u8] = b"0032abc 088  07-   \xC8\xAB\xB1\xE6   memo42";

#[test]
fn a_run_reaches_to_the_last_text_before_other_bytes() {
    let runs = |layout: &fep_codec::layout::Layout| -> Vec<usize> {
        (0..=layout.items().len()).map(|index| layout.ascii_run(index)).collect()
    };
    // Four of the length and four of the name; alone, and as the part with which the longer run begins.
    assert_eq!(runs(Head::LAYOUT), [8, 0, 0]);
    assert_eq!(runs(Payment::LAYOUT), [16, 0, 0, 0, 0, 0, 0, 5, 0, 0]);
}

#[test]
fn each_wrong_byte_in_each_place_is_said_as_by_a_layout_at_run_time() {
    let mut refused = 0;
    for at in 0..SENT.len() {
        for byte in 0..=u8::MAX {
            let mut bytes = SENT.to_vec();
            bytes[at] = byte;
            let derived = Payment::decode(&bytes);
            let record = Record::decode(Payment::LAYOUT, &bytes);
            match (derived, record) {
                (Ok(payment), Ok(record)) => {
                    // What was read in CP949 may be no text of EUC-KR.
                    let said = |error: fep_codec::Error| error.to_string();
                    let written = payment.encode_to_vec().map_err(said);
                    assert_eq!(written, record.encode().map_err(said), "{byte:02x} at {at}");
                    let memo = Value::from(payment.memo);
                    assert_eq!(record.get("memo"), Some(&memo), "{byte:02x} at {at}");
                }
                (Err(one), Err(other)) => {
                    refused += 1;
                    assert_eq!(one.to_string(), other.to_string(), "{byte:02x} at {at}");
                }
                (one, other) => panic!("{byte:02x} at {at}: {one:?} and {other:?}"),
            }
        }
    }
    assert!(refused > 4000, "{refused}");
}
