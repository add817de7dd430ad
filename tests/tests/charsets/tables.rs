//! Tests of the tables: their digests, the number of their characters, and formulas for their content.

use std::path::{Path, PathBuf};
use std::process::Command;

use fep_codec::Charset;

use super::{Decoded, decoded, encoded};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fep-codec/tables")
}

/// FNV-1a, 64 bits. It detects accidental changes. It is not secure against deliberate changes.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}

#[test]
fn the_files_are_those_that_were_proved() {
    for (file, expected) in [
        ("cp932.bin", 0x6B90_9CE3_FFFB_59A0),
        ("ebcdic.bin", 0x0017_B081_8D1A_E3FE),
        ("ibm1364.bin", 0xD5AC_1438_5A4D_39D9),
        ("ibm1390.bin", 0xAB22_790C_5926_6B1A),
        ("ibm1390-wide.bin", 0xABB3_DC88_3025_8067),
        ("ibm933.bin", 0x78D3_6F1F_F11B_55F1),
        ("ksx1001.bin", 0x1131_3C7E_6C9E_5DEC),
    ] {
        let found = digest(&std::fs::read(folder().join(file)).unwrap());
        assert_eq!(found, expected, "{file}: {found:#018X}; run the oracles and write the new digest here");
    }
}

#[test]
fn the_generator_makes_these_files() {
    for (program, package) in [("uconv", "icu-devtools"), ("python3", "python3")] {
        if Command::new(program).arg("--version").output().is_err() {
            return fep_tests::tools::missing(program, package);
        }
    }
    let output = Command::new("python3").arg(folder().join("generate.py")).arg("--check").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Counts the codes of one byte, the codes of two bytes and the characters.
#[test]
fn no_character_is_missing() {
    let count = |charset: Charset| {
        let all = decoded(charset);
        let singles = all.keys().filter(|code| code.len() == 1).count();
        (singles, all.len() - singles, encoded(charset).len())
    };
    assert_eq!(count(Charset::Ascii), (128, 0, 128));
    assert_eq!(count(Charset::EucKr), (128, 17_049, 128 + 8_227), "reads CP949 and U+327E, writes KS X 1001");
    assert_eq!(count(Charset::Cp949), (128, 17_048, 17_176));
    assert_eq!(count(Charset::Johab), (128, 11_172 + 51 + 5_825, 17_176));
    assert_eq!(count(Charset::Ibm933), (215, 10_757, 10_972));
    assert_eq!(count(Charset::Ibm1364), (215, 19_551, 19_766));
    assert_eq!(count(Charset::Ibm833), (215, 0, 215));
    assert_eq!(count(Charset::Ibm834), (0, 10_757, 10_757));
    for latin in [Charset::Cp037, Charset::Cp500, Charset::Cp1047, Charset::Cp1140] {
        assert_eq!(count(latin), (256, 0, 256), "{latin}");
    }
    assert_eq!(count(Charset::Iso8859_1), (256, 0, 256));
    assert_eq!(count(Charset::Iso8859_15), (256, 0, 256));
    assert_eq!(count(Charset::Windows1252), (251, 0, 251));
    assert_eq!(count(Charset::JisX0201), (191, 0, 191));
    assert_eq!(count(Charset::Cp932).0, 191);
    assert_eq!(count(Charset::Ibm930), (226, 11_635, 11_861));
    assert_eq!(count(Charset::Ibm939), (226, 11_635, 11_861));
    // 25 codes stand for two characters each, and the euro sign has a code of one byte and a code of two bytes.
    for japanese in [Charset::Ibm1390, Charset::Ibm1399] {
        assert_eq!(count(japanese), (227, 22_102, 227 + 22_102 - 25 - 1), "{japanese}");
    }
}

/// A code that is written is read as the same character. A character that is read is written with the same code, with the exceptions that
/// the documentation of a charset names.
#[test]
fn every_code_goes_there_and_back() {
    for charset in Charset::ALL.iter().copied().filter(|charset| *charset != Charset::Utf8) {
        let reading = decoded(charset);
        let writing = encoded(charset);
        for (character, code) in &writing {
            assert_eq!(reading.get(code), Some(&character.to_string()), "{charset}");
        }
        let one_way: Vec<_> = reading
            .iter()
            .filter(|(code, text)| {
                text.chars().count() == 1 && writing.get(&text.chars().next().unwrap()) != Some(code)
            })
            .map(|(code, _)| code)
            .collect();
        match charset {
            // CP949 beyond KS X 1001.
            Charset::EucKr => assert_eq!(one_way.len(), 17_048 + 1 - 8_227),
            // Characters that both NEC and IBM added: ED40 to EEFC, and a few in rows FA and 87.
            Charset::Cp932 => assert_eq!(one_way.len(), 398),
            // The euro sign, which also has the code E1.
            Charset::Ibm1390 | Charset::Ibm1399 => assert_eq!(one_way, [&[0x42, 0xE1]]),
            _ => assert!(one_way.is_empty(), "{charset} {one_way:02X?}"),
        }
    }
}

/// The code of a syllable by its letters: 초성 5 bits, 중성 5 bits, 종성 5 bits (KS C 5601-1992, annex 3).
fn combination(syllable: u32) -> [u8; 2] {
    const VOWELS: [u32; 21] = [3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 18, 19, 20, 21, 22, 23, 26, 27, 28, 29];
    let finals: Vec<u32> = (1..=17).chain(19..=29).collect();
    let code = 0x8000
        | (syllable / 588 + 2) << 10
        | VOWELS[(syllable % 588 / 28) as usize] << 5
        | finals[(syllable % 28) as usize];
    u16::try_from(code).unwrap().to_be_bytes()
}

#[test]
fn hangul_is_a_formula_in_johab_and_on_hosts() {
    let tables = [Charset::Johab, Charset::Ibm1364, Charset::Ibm933].map(decoded);
    let agree = |table: &Decoded| {
        let same = |number: &u32| {
            let syllable = char::from_u32(0xAC00 + number).unwrap().to_string();
            table.get(combination(*number).as_slice()) == Some(&syllable)
        };
        (0..11_172).filter(same).count()
    };
    assert_eq!(tables.each_ref().map(agree), [11_172, 11_172, 2_620]);
}

#[test]
fn user_areas_are_a_row() {
    let row = |charset: Charset, leads: std::ops::RangeInclusive<u8>, trails: &[u8]| {
        let table = decoded(charset);
        let codes = leads.flat_map(|lead| trails.iter().map(move |trail| vec![lead, *trail]));
        codes.zip('\u{E000}'..).filter(|(code, user)| table.get(code) == Some(&user.to_string())).count()
    };
    let korean: Vec<u8> = (0x41..=0xFD).filter(|trail| *trail != 0x80).collect();
    let japanese: Vec<u8> = (0x41..=0xFE).collect();
    assert_eq!(row(Charset::Ibm933, 0xD4..=0xDD, &korean), 1_880);
    assert_eq!(row(Charset::Ibm1364, 0xD4..=0xDD, &korean), 1_880);
    assert_eq!(row(Charset::Ibm930, 0x69..=0x7F, &japanese), 4_370);
    assert_eq!(row(Charset::Ibm1390, 0x69..=0x89, &japanese), 6_205);
}

/// In Johab, one first byte covers two rows of KS X 1001: symbols from D9, hanja from E0.
#[test]
fn symbols_and_hanja_of_johab_are_rows_of_ks_x_1001() {
    let ks = decoded(Charset::Cp949);
    let johab = decoded(Charset::Johab);
    let mut same = 0;
    for row in (0xA1..=0xAC_u8).chain(0xCA..=0xFD) {
        let (number, first) = if row < 0xCA { (row - 0xA1, 0xD9) } else { (row - 0xCA, 0xE0) };
        for column in 0..94_u8 {
            let place = column + number % 2 * 94;
            let trail = if place < 78 { 0x31 + place } else { 0x91 + (place - 78) };
            let text = ks.get([row, 0xA1 + column].as_slice());
            if text.is_some() && text == johab.get([first + number / 2, trail].as_slice()) {
                same += 1;
            }
        }
    }
    assert_eq!(same, 5_825);
}

#[test]
fn ibm_834_is_ibm_933_without_its_single_bytes() {
    let mut korean = decoded(Charset::Ibm933);
    let pairs = decoded(Charset::Ibm834);
    let singles = decoded(Charset::Ibm833);
    assert!(korean.iter().all(|(code, text)| singles.get(code).or(pairs.get(code)) == Some(text)));
    korean.retain(|code, _| code.len() == 2);
    assert_eq!(korean, pairs);
}

/// IBM-1390 and IBM-1399 extend IBM-930 and IBM-939. Every older code keeps its character.
#[test]
fn what_japanese_hosts_had_they_kept() {
    for (early, late) in [(Charset::Ibm930, Charset::Ibm1390), (Charset::Ibm939, Charset::Ibm1399)] {
        let early = decoded(early);
        let late = decoded(late);
        assert!(early.iter().all(|(code, text)| late.get(code) == Some(text)));
    }
    let pairs = |charset| decoded(charset).into_iter().filter(|(code, _)| code.len() == 2).collect::<Decoded>();
    assert_eq!(pairs(Charset::Ibm1390), pairs(Charset::Ibm1399));
}

/// encoding_rs is the other Rust crate with these tables.
#[test]
fn encoding_rs_agrees() {
    let check = |charset: Charset, other: &'static encoding_rs::Encoding| {
        let ours = decoded(charset);
        let mut different = Vec::new();
        for lead in 0x80..=0xFF_u8 {
            for trail in 0x40..=0xFF_u8 {
                let code = [lead, trail];
                let theirs = other.decode_without_bom_handling_and_without_replacement(&code);
                let theirs = theirs.filter(|text| text.chars().count() == 1);
                if ours.get(code.as_slice()).map(String::as_str) != theirs.as_deref() {
                    different.push(code);
                }
            }
        }
        different
    };
    assert_eq!(check(Charset::Cp949, encoding_rs::EUC_KR), Vec::<[u8; 2]>::new());
    assert_eq!(check(Charset::EucKr, encoding_rs::EUC_KR), [[0xA2, 0xE8]]);
    assert_eq!(check(Charset::Cp932, encoding_rs::SHIFT_JIS), Vec::<[u8; 2]>::new());
}

/// encoding_rs follows browsers: the five bytes of windows-1252 without a character are control characters.
#[test]
fn encoding_rs_agrees_about_single_bytes() {
    let check = |charset: Charset, other: &'static encoding_rs::Encoding| {
        let ours = decoded(charset);
        let differs = |byte: &u8| {
            let theirs = other.decode_without_bom_handling_and_without_replacement(&[*byte]).map(String::from);
            ours.get([*byte].as_slice()) != theirs.as_ref()
        };
        (0..=u8::MAX).filter(differs).collect::<Vec<u8>>()
    };
    assert_eq!(check(Charset::Windows1252, encoding_rs::WINDOWS_1252), [0x81, 0x8D, 0x8F, 0x90, 0x9D]);
    assert_eq!(check(Charset::Iso8859_15, encoding_rs::ISO_8859_15), Vec::<u8>::new());
}

/// The tables use FFFF for "no character". `encoded` does not ask for it.
#[test]
fn no_charset_has_the_number_that_means_no_character() {
    for charset in Charset::ALL.iter().filter(|charset| **charset != Charset::Utf8) {
        assert!(!charset.has('\u{FFFF}'), "{charset}");
        assert!(charset.encode("\u{FFFF}", &mut [0; 4]).is_err(), "{charset}");
    }
}

/// The bytes that are not the character with the same number. ISO 8859-1 has none, because it is the beginning of Unicode.
#[test]
fn western_charsets_differ_from_iso_8859_1_in_these_bytes() {
    let differ = |charset: Charset| {
        let ours = decoded(charset);
        let other = |byte: &u8| ours.get([*byte].as_slice()) != Some(&char::from(*byte).to_string());
        let shown = |byte: u8| ours.get([byte].as_slice()).cloned().unwrap_or_else(|| "none".to_owned());
        (0..=u8::MAX).filter(other).map(|byte| format!("{byte:02X} {}", shown(byte))).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(differ(Charset::Iso8859_1), "");
    assert_eq!(differ(Charset::Iso8859_15), "A4 €, A6 Š, A8 š, B4 Ž, B8 ž, BC Œ, BD œ, BE Ÿ");
    assert_eq!(
        differ(Charset::Windows1252),
        "80 €, 81 none, 82 ‚, 83 ƒ, 84 „, 85 …, 86 †, 87 ‡, 88 ˆ, 89 ‰, 8A Š, 8B ‹, 8C Œ, 8D none, 8E Ž, 8F none, 90 none, 91 ‘, \
         92 ’, 93 “, 94 ”, 95 •, 96 –, 97 —, 98 ˜, 99 ™, 9A š, 9B ›, 9C œ, 9D none, 9E ž, 9F Ÿ"
    );
}
