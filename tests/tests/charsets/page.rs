//! Tests that the page for bank engineers (`fep-codec/src/charset.md`) has the same labels, aliases and example bytes as the code.

use fep_codec::Charset;

const PAGE: &str = include_str!("../../../fep-codec/src/charset.md");

#[test]
fn the_table_has_all_labels_and_their_aliases() {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `"));
    let mut labels = Vec::new();
    for row in rows {
        // A vertical bar within a cell is escaped with a backslash.
        let row = row.replace("\\|", "");
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let found: Vec<_> = cells[1].split_whitespace().map(|label| label.trim_matches('`').to_owned()).collect();
        for label in &found {
            assert_eq!(Charset::from_label(label).map(Charset::label), Ok(label.as_str()));
        }
        for alias in cells[2].split(", ").filter(|alias| !alias.is_empty() && *alias != "…") {
            let charset = Charset::from_label(alias).unwrap_or_else(|unknown| panic!("{alias}: {}", unknown.hint));
            assert!(found.contains(&charset.label().to_owned()), "{alias}");
        }
        labels.extend(found);
    }
    let all: Vec<_> = Charset::ALL.iter().map(|charset| charset.label().to_owned()).collect();
    assert_eq!(labels, all);
    for refused in ["ks_c_5601-1987", "KSC5601", "IBM-949", "EBCDIC", "Shift_JIS", "ISO 8859", "ANSI"] {
        assert!(PAGE.contains(refused) && Charset::from_label(refused).is_err(), "{refused}");
    }
}

/// A line is `홍길동     euc-kr, cp949   C8AB B1E6 B5BF                6 bytes`. A line without text uses the text of the line above.
#[test]
fn the_worked_bytes_are_what_is_written() {
    let block = PAGE.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let mut text = String::new();
    let mut checked = 0;
    for line in block.lines() {
        let cells: Vec<&str> = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
        let [given @ .., labels, hex, count] = cells.as_slice() else { panic!("{line}") };
        if let [given] = given {
            text = (*given).to_owned();
        }
        let hex: String = hex.split_whitespace().collect();
        for charset in labels.split(", ").map(|label| Charset::from_label(label).unwrap()) {
            let mut bytes = vec![0; 64];
            let len = charset.encode(&text, &mut bytes).unwrap();
            let ours: String = bytes[..len].iter().map(|byte| format!("{byte:02X}")).collect();
            assert_eq!(ours, hex, "{charset} {text}");
            let lacks = count.strip_prefix("not in ");
            let count = count.split([' ', ':']).next().and_then(|count| count.parse::<usize>().ok());
            assert!(count.is_none_or(|count| count == len), "{line}");
            for other in lacks.into_iter().flat_map(|others| others.split(", not in ")) {
                assert!(Charset::from_label(other).unwrap().encode(&text, &mut bytes).is_err(), "{other}");
            }
            checked += 1;
        }
    }
    assert_eq!(checked, 13);
}
