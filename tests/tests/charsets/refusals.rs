//! Writing random text fails exactly when ICU cannot write it. If ICU can write it, the bytes must be the same.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use fep_codec::Charset;
use fep_tests::arbitrary::Random;

/// Converts lines with a program. Returns `None` if the program is missing.
fn converted(program: &str, arguments: &[&str], input: Vec<u8>) -> Option<Vec<u8>> {
    let mut child = Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}");
    Some(output.stdout)
}

/// Texts that nearly every charset has, with a few characters that few charsets have.
fn texts() -> Vec<String> {
    const COMMON: &str = "홍길동가힣서울특별시漢字日本ｱｲﾝスズキ東京ＡＢ　ABCxyz019 .-()";
    const RARE: &str = "똠믜·―∼～€¥₩‾é¬¢①㈜㉾ㅏㆍЖα鷗鴎髙﨑𠀋";
    let common: Vec<char> = COMMON.chars().collect();
    let rare: Vec<char> = RARE.chars().collect();
    let mut random = Random(4);
    let mut from = |all: &[char]| all[random.below(all.len() as u64) as usize];
    (0..4_000)
        .map(|number| {
            let few = (0..number % 12).map(|_| from(&common)).collect::<String>();
            if number % 3 == 0 { few + &from(&rare).to_string() } else { few }
        })
        .collect()
}

/// Writes each line with ICU and reads it again. ICU skips characters that the charset does not have, so they are missing in the text
/// that comes back. Returns the bytes and the text that was read, or `None` if ICU is missing.
fn icu(charset: Charset, name: &str, lines: &str) -> Option<Vec<(Vec<u8>, String)>> {
    let end = if charset.is_ebcdic() { 0x25 } else { b'\n' };
    let to = ["-f", "utf-8", "-t", name, "--to-callback", "skip", "--no-fallback"];
    let written = converted("uconv", &to, lines.as_bytes().to_vec())?;
    let back = converted("uconv", &["-f", name, "-t", "utf-8"], written.clone())?;
    let written = written.split(|byte| *byte == end).map(<[u8]>::to_vec);
    Some(written.zip(String::from_utf8(back).unwrap().lines().map(str::to_owned)).collect())
}

#[test]
fn a_text_is_refused_exactly_when_the_oracle_cannot_write_it() {
    let texts = texts();
    let mut lines = String::new();
    texts.iter().for_each(|text| writeln!(lines, "{text}").unwrap());
    for (charset, name) in [
        (Charset::Cp949, "windows-949-2000"),
        (Charset::Ibm933, "ibm-933"),
        (Charset::Ibm1364, "ibm-1364"),
        (Charset::Ibm930, "ibm-930"),
        (Charset::Ibm939, "ibm-939"),
        (Charset::Ibm1390, "ibm-1390"),
        (Charset::Ibm1399, "ibm-1399"),
        (Charset::Cp037, "ibm-37"),
        (Charset::Cp500, "ibm-500"),
        (Charset::Cp1047, "ibm-1047"),
        (Charset::Cp1140, "ibm-1140"),
        (Charset::Iso8859_1, "iso-8859-1"),
        (Charset::Iso8859_15, "iso-8859-15"),
        (Charset::Windows1252, "windows-1252"),
    ] {
        let Some(theirs) = icu(charset, name, &lines) else {
            return fep_tests::tools::missing("uconv", "icu-devtools");
        };
        assert_eq!(theirs.len(), texts.len(), "{charset}");
        let mut refused = 0;
        for (text, (written, back)) in texts.iter().zip(&theirs) {
            let mut ours = vec![0; 64];
            match charset.encode(text, &mut ours) {
                Ok(len) => assert_eq!((&ours[..len], text), (written.as_slice(), back), "{charset}"),
                Err(_) => {
                    refused += 1;
                    assert_ne!(text, back, "{charset} has it");
                }
            }
        }
        assert!((1..texts.len()).contains(&refused), "{charset}: {refused}");
    }
}
