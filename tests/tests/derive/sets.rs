//! An enum of telegrams selects its variant with constants. The result must be the same as with its layouts at run time.

use fep_codec::{Code, Digits, Layout, Telegram, TelegramSet, Text};
use fep_tests::arbitrary::Random;

#[derive(Code, Debug, PartialEq)]
enum Kind {
    #[code("A")]
    Known,
    #[code(other)]
    Other(Text<2>),
}

#[derive(Telegram, Debug, PartialEq)]
struct Header {
    #[field(len = 1)]
    no: u8,
    #[field(encoding = "ebcdic")]
    code: Digits<3>,
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(when("header.code" = "12", "kind" = "A"))]
struct ByTwo {
    header: Header,
    #[field(code, len = 2)]
    kind: Kind,
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(when("kind" = "A"))]
struct ByOne {
    header: Header,
    #[field(code, len = 2)]
    kind: Kind,
    #[field(len = 1)]
    more: u8,
}

#[derive(Telegram, Debug, PartialEq)]
struct Marked {
    #[field(len = 1)]
    no: u8,
    #[field(literal = "L")]
    _mark: (),
    #[field(len = 1)]
    other: u8,
    #[field(literal = "M")]
    _end: (),
}

#[derive(Telegram, Debug, PartialEq)]
enum Any {
    ByTwo(ByTwo),
    ByOne(ByOne),
    Marked(Marked),
}

#[test]
fn conditions_and_literals_choose() {
    let choose = |bytes: &[u8]| Any::decode_any(bytes);
    assert!(matches!(choose(b"1\xF1\xF2\x40A ").unwrap(), Any::ByTwo(_)));
    assert!(matches!(choose(b"1\xF1\xF1\x40A 7").unwrap(), Any::ByOne(_)));
    assert!(matches!(choose(b"1L2M").unwrap(), Any::Marked(_)));
    for bytes in [&b""[..], b"1", b"1L2N", b"1\xF1\xF2\x40B ", b"1\xF1\xF2\x40A", b"1\xF1\xF2\x40AA"] {
        assert!(choose(bytes).is_err(), "{}", bytes.escape_ascii());
    }
}

#[test]
fn an_enum_chooses_what_its_layouts_choose() {
    let alphabet = b"1L2MA \xF1\xF2\x40";
    let mut random = Random(7);
    let mut chosen = [0; 4];
    for _ in 0..200_000 {
        let len = usize::try_from(random.below(8)).unwrap();
        let mut bytes = b"1\xF1\xF2\x40A 1L"[..len].to_vec();
        for _ in 0..random.below(4) {
            let at = usize::try_from(random.below(len.max(1) as u64)).unwrap();
            let byte = alphabet[usize::try_from(random.below(alphabet.len() as u64)).unwrap()];
            bytes.get_mut(at).map_or_else(Default::default, |place| *place = byte);
        }
        let by_layout = Layout::choose(Any::LAYOUTS, &bytes);
        let said = match Any::decode_any(&bytes) {
            Ok(Any::ByTwo(_)) => Some(0),
            Ok(Any::ByOne(_)) => Some(1),
            Ok(Any::Marked(_)) => Some(2),
            Err(error) if error.to_string().contains("no telegram of the spec") => None,
            Err(error) => {
                assert!(by_layout.is_some(), "{error}");
                by_layout
            }
        };
        assert_eq!(said, by_layout, "{}", bytes.escape_ascii());
        chosen[by_layout.unwrap_or(3)] += 1;
    }
    assert!(chosen.iter().all(|count| *count > 10), "{chosen:?}");
}
