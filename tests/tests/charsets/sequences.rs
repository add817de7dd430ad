//! The 25 codes of IBM-1390 and IBM-1399 that stand for two characters each: reading, writing and truncating.

use std::io::Write as _;
use std::process::{Command, Stdio};

use fep_codec::Charset;
use fep_codec::charset::{EncodeError, EncodeOptions};

use super::decoded;

const JAPANESE: [Charset; 2] = [Charset::Ibm1390, Charset::Ibm1399];
const MARKS: [char; 5] = ['\u{309A}', '\u{300}', '\u{301}', '\u{2E5}', '\u{2E9}'];

fn sequences(charset: Charset) -> Vec<(Vec<u8>, String)> {
    decoded(charset).into_iter().filter(|(_, text)| text.chars().count() > 1).collect()
}

fn encoded(charset: Charset, text: &str) -> Result<Vec<u8>, EncodeError> {
    let mut out = vec![0; 64];
    charset.encode(text, &mut out).map(|len| out[..len].to_vec())
}

#[test]
fn two_characters_have_one_code() {
    for charset in JAPANESE {
        let all = sequences(charset);
        assert_eq!(all.len(), 25);
        for (code, text) in &all {
            assert_eq!(encoded(charset, text), Ok(vec![0x0E, code[0], code[1], 0x0F]), "{charset} {text}");
            assert_eq!(charset.text_len(text), 4, "{charset} {text}");
            // The first character alone has a different code.
            let first: String = text.chars().take(1).collect();
            assert_ne!(encoded(charset, &first), encoded(charset, text));
        }
    }
    // JIS X 0213, 1-4-87 and 1-5-87: か゚ and カ゚; U+309A alone has no code.
    assert_eq!(encoded(Charset::Ibm1390, "か\u{309A}"), Ok(vec![0x0E, 0xEC, 0xB5, 0x0F]));
    assert_eq!(encoded(Charset::Ibm1399, "カ\u{309A}"), Ok(vec![0x0E, 0xEC, 0xBA, 0x0F]));
    assert!(matches!(encoded(Charset::Ibm1390, "\u{309A}"), Err(EncodeError::Unmappable { .. })));
    assert!(matches!(encoded(Charset::Ibm1390, "あ\u{309A}"), Err(EncodeError::Unmappable { position: 1, .. })));
    // ぱ is a single character, and は with its mark has the same code. 𠀋 is one character, and two code units in UTF-16.
    assert_eq!(encoded(Charset::Ibm1390, "は\u{309A}"), encoded(Charset::Ibm1390, "ぱ"));
    assert_eq!(encoded(Charset::Ibm1390, "\u{2000B}").map(|code| code.len()), Ok(4));
}

/// The longest match from the left is used: ˩˥˩ becomes the code of ˩˥ followed by the code of ˩.
#[test]
fn the_first_of_two_readings_is_taken() {
    let code = |text: &str| {
        let code = encoded(Charset::Ibm1390, text).unwrap();
        code[1..code.len() - 1].to_vec()
    };
    assert_eq!(code("\u{2E9}\u{2E5}\u{2E9}"), [code("\u{2E9}\u{2E5}"), code("\u{2E9}")].concat());
    assert_eq!(code("\u{2E5}\u{2E9}\u{2E5}"), [code("\u{2E5}\u{2E9}"), code("\u{2E5}")].concat());
}

#[test]
fn a_cut_does_not_part_the_two() {
    let text = "かか\u{309A}か";
    for charset in JAPANESE {
        for room in 0..=charset.text_len(text) {
            let mut out = vec![0xAA; room + 2];
            let (len, end) = charset.encode_cut(text, EncodeOptions::default(), &mut out[..room]).unwrap();
            assert_eq!(charset.decode(&out[..len]).as_deref(), Ok(&text[..end]), "{room}");
            assert_eq!(out[room..], [0xAA; 2], "{room}");
            assert_ne!(end, "かか".len(), "か is not left without its mark");
            let short = charset.encode(text, &mut vec![0; room]);
            match room {
                8.. => assert_eq!(short, Ok(8)),
                _ => {
                    let position = [0, 1, 3][room.saturating_sub(2) / 2];
                    assert_eq!(short, Err(EncodeError::TooLong { needed: 8, character: 'か', position }), "{room}");
                }
            }
        }
    }
}

/// Converts texts with a program, one per line. Returns `None` if the program is missing.
fn converted(program: &str, arguments: &[&str], lines: &str) -> Option<Vec<Vec<u8>>> {
    let mut child = Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let mut input = child.stdin.take().unwrap();
    let lines = lines.to_owned();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{program}");
    Some(output.stdout.split(|byte| *byte == 0x25).map(<[u8]>::to_vec).collect())
}

/// Takes each character that is the first of one of the codes. Each mark follows one and two copies of this character.
#[test]
fn other_programs_write_the_same() {
    for (charset, name) in JAPANESE.into_iter().zip(["IBM-1390", "IBM-1399"]) {
        let mut firsts: Vec<_> = sequences(charset).into_iter().map(|(_, text)| text.chars().next().unwrap()).collect();
        firsts.dedup();
        let texts = firsts
            .iter()
            .flat_map(|first| MARKS.map(|mark| [format!("{first}{mark}"), format!("{first}{first}{mark}a")]));
        let written: Vec<_> =
            texts.flatten().filter_map(|text| encoded(charset, &text).ok().map(|code| (text, code))).collect();
        assert!(written.len() > 100, "{}", written.len());
        let lines: String = written.iter().map(|(text, _)| format!("{text}\n")).collect();
        for (program, arguments) in [("uconv", ["-f", "utf-8", "-t", name]), ("iconv", ["-f", "utf-8", "-t", name])] {
            let Some(theirs) = converted(program, &arguments, &lines) else {
                fep_tests::tools::missing(program, "icu-devtools libc-bin");
                continue;
            };
            assert_eq!(theirs.len(), written.len() + 1);
            for ((text, ours), theirs) in written.iter().zip(&theirs) {
                assert_eq!(ours, theirs, "{program} {name} {text}");
            }
        }
    }
}
