//! Nested forms, in combinations that institutions use, and the widest numbers in each encoding.

use fep_codec::view::{find, patch, refresh};
use fep_codec::{Choice, Decode, Record, Telegram, Text, Value};

use super::{check, refusal, refused};

/// A page of rows within a body. It has its own sum and check.
#[derive(Telegram, Debug, PartialEq)]
#[telegram(view)]
struct Page {
    #[field(len = 2)]
    total: u8,
    #[field(len = 2)]
    start: u8,
    #[field(len = 4, computed = sum(rows.amount), sign = "overpunch", scale = 1)]
    sum: (),
    #[field(len = 1, computed = count(rows))]
    count: (),
    #[field(group, count = count, max = 4, page(total = total, start = start))]
    rows: Vec<Row>,
    #[field(len = 2, computed = xor(sum))]
    bcc: (),
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(view)]
struct Row {
    #[field(len = 2, computed = sequence(10))]
    no: (),
    #[field(len = 3, scale = 1)]
    amount: i16,
    #[field(len = 1, computed = sign(amount, '0', '1'))]
    sign: (),
    #[field(len = 1, computed = length(tags))]
    tags_len: (),
    #[field(group, rest, max = 3)]
    tags: Vec<Tag>,
}

/// A segment with a tag that selects its content. The tag comes after the content, which works because both bodies have the same length.
#[derive(Telegram, Debug, PartialEq)]
#[telegram(view)]
struct Tag {
    #[field(choice = "tag")]
    content: Content,
    tag: Text<1>,
}

#[derive(Choice, Debug, PartialEq)]
enum Content {
    #[choice("N")]
    Number(Number),
    #[choice(other)]
    Letter(Letter),
}

#[derive(Telegram, Debug, PartialEq)]
struct Number {
    #[field(len = 1, computed = sequence(0))]
    no: (),
    #[field(len = 1)]
    digit: u8,
}

#[derive(Telegram, Debug, PartialEq)]
struct Letter {
    letters: Text<2>,
}

#[derive(Telegram, Debug, PartialEq)]
struct Nothing {}

#[derive(Choice, Debug, PartialEq)]
enum Body {
    #[choice("P")]
    Page(Page),
    #[choice("")]
    Nothing(Nothing),
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(view)]
struct Whole<'a> {
    #[field(len = 3, computed = length(rest))]
    length: (),
    kind: Text<1>,
    #[field(len = 3, computed = length(body))]
    body_len: (),
    #[field(choice = "kind")]
    body: Body,
    #[field(len = 2, charset = "ascii")]
    end: &'a str,
}

fn letter(letters: &str) -> Tag {
    Tag { content: Content::Letter(Letter { letters: letters.parse().unwrap() }), tag: "L".parse().unwrap() }
}

fn number(digit: u8) -> Tag {
    Tag { content: Content::Number(Number { no: (), digit }), tag: "N".parse().unwrap() }
}

fn row(amount: i16, tags: Vec<Tag>) -> Row {
    Row { no: (), amount, sign: (), tags_len: (), tags }
}

fn whole(rows: Vec<Row>) -> Whole<'static> {
    let page = Page { total: 9, start: 3, sum: (), count: (), rows, bcc: () };
    Whole { length: (), kind: "P".parse().unwrap(), body_len: (), body: Body::Page(page), end: "!" }
}

const BYTES: &[u8] = b"047P0410903010N3100250607NxyL11130101200003z L6D! ";

fn three() -> Whole<'static> {
    whole(vec![row(25, vec![number(7), letter("xy")]), row(-130, vec![]), row(0, vec![letter("z")])])
}

#[test]
fn pages_of_rows_of_segments_stand_in_a_body() {
    check(&three(), BYTES);
    check(&Whole { kind: Text::default(), body: Body::Nothing(Nothing {}), ..three() }, b"006 000! ");
    let said = |at: usize, byte: u8| {
        let mut bytes = BYTES.to_vec();
        bytes[at] = byte;
        refusal(Whole::decode(bytes.leak()))
    };
    assert_eq!(
        said(23, b'1'),
        "peer: body.rows[0].tags[0].content.no, bytes 23..24: the sequence says 1, this is number 0, hex 31"
    );
    // 6D ^ 4E ^ 4D = 6E: a check is verified when it is read, a sum at the end of its layout.
    assert_eq!(said(14, b'M'), "peer: body.bcc, bytes 46..48: the check `xor` gives hex 36 45, hex 36 44");
}

#[test]
fn what_is_wrong_deep_inside_is_named_alike_by_both_codecs() {
    let mut bytes = BYTES.to_vec();
    // 6D ^ 4C ^ 30 = 11.
    bytes[45] = b'0';
    refused::<Whole<'_>>(bytes.leak(), "peer: body.bcc, bytes 46..48: the check `xor` gives hex 31 31, hex 36 44");
    let mut page = three();
    if let Body::Page(page) = &mut page.body {
        page.start = 8;
    }
    assert_eq!(
        refusal(page.encode_to_vec()),
        "caller: body.rows: 3 entries from number 8 on are no page of a list of 9"
    );
}

#[test]
fn deep_inside_a_patch_and_a_refresh_do_what_encoding_does() {
    let mut bytes = BYTES.to_vec();
    for (path, value) in
        [("body.rows[1].amount", Value::Number(5)), ("body.rows[2].tags[0].content.letters", Value::from("q"))]
    {
        patch(Whole::LAYOUT, &mut bytes, path, &value).unwrap();
    }
    assert_eq!(find(Whole::LAYOUT, &bytes, "body.rows[2].tags[0].tag").unwrap().1, 45..46);
    refresh(Whole::LAYOUT, &mut bytes).unwrap();
    assert_eq!(bytes.escape_ascii().to_string(), "047P0410903003{3100250607NxyL11005001200003q L57! ");
    let view = WholeView::new(&bytes).unwrap();
    assert_eq!(
        view.body().unwrap(),
        whole(vec![row(25, vec![number(7), letter("xy")]), row(5, vec![]), row(0, vec![letter("q")])]).body
    );
    assert_eq!((view.end().unwrap(), view.body_len().unwrap()), ("!", 41));
}

#[test]
fn json_errors_name_the_path_deep_inside() {
    let json = Record::decode(Whole::LAYOUT, BYTES).unwrap().to_json_value().to_string();
    let said = |from: &str, to: &str| {
        assert!(json.contains(from), "{json}");
        let record = Record::from_json(Whole::LAYOUT, &json.replacen(from, to, 1));
        refusal(record.and_then(|record| record.encode()))
    };
    assert_eq!(
        said(r#""digit":7"#, r#""digit":70"#),
        "caller: body.rows[0].tags[0].content.digit, bytes 24..25: needs 2 bytes, the field has 1"
    );
    assert_eq!(
        said(r#""digit":7"#, r#""digt":7"#),
        "caller: body.rows[0].tags[0].content.digt: there is no such field; did you mean digit?"
    );
    assert_eq!(
        said(r#""no":10"#, r#""no":11"#),
        "caller: body.rows[0].no: the field is computed and must be 10; leave it out"
    );
    assert_eq!(
        said(r#""sum":"-10.5""#, r#""sum":"-10.4""#),
        "caller: body.sum: the field is computed and must be -10.5; leave it out"
    );
    assert_eq!(
        said(r#""letters":"xy""#, r#""letters":7"#),
        "caller: body.rows[0].tags[1].content.letters: expected a string, found a number"
    );
}

#[test]
fn numbers_are_as_wide_as_their_types() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(view)]
    struct Wide {
        #[field(len = 38)]
        ascii: u128,
        #[field(len = 39, sign = "leading")]
        signed: i128,
        #[field(len = 20, encoding = "packed", sign = "signed", digits_max = 38)]
        packed: i128,
        #[field(len = 19, encoding = "bcd")]
        bcd: u128,
        #[field(len = 38, encoding = "ebcdic", sign = "overpunch")]
        zoned: i128,
        #[field(len = 16, encoding = "binary", sign = "signed")]
        binary: i128,
        #[field(len = 16, encoding = "binary-little")]
        little: u128,
        #[field(len = 1, computed = sign(away, '1', '0'))]
        away_sign: (),
        #[field(len = 38, scale = 6)]
        away: i128,
    }
    const NINES: i128 = 10_i128.pow(38) - 1;
    let wide = Wide {
        ascii: NINES.unsigned_abs(),
        signed: -NINES,
        packed: -NINES,
        bcd: NINES.unsigned_abs(),
        zoned: -NINES,
        binary: i128::MIN,
        little: u128::MAX,
        away_sign: (),
        away: -NINES,
    };
    let bytes = [
        b"9".repeat(38),
        b"-".to_vec(),
        b"9".repeat(38),
        b"\x09".to_vec(),
        b"\x99".repeat(18),
        b"\x9D".to_vec(),
        b"\x99".repeat(19),
        b"\xF9".repeat(37),
        b"\xD9\x80".to_vec(),
        b"\0".repeat(15),
        b"\xFF".repeat(16),
        b"0".to_vec(),
        b"9".repeat(38),
    ];
    let bytes = bytes.concat();
    assert_eq!(wide.encode_to_vec().unwrap().escape_ascii().to_string(), bytes.escape_ascii().to_string());
    assert_eq!(Wide::decode(&bytes).unwrap(), wide);
    let view = WideView::new(&bytes).unwrap();
    assert_eq!((view.away().unwrap(), view.packed().unwrap(), view.binary().unwrap()), (-NINES, -NINES, i128::MIN));
}
