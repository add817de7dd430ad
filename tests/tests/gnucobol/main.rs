//! GnuCOBOL as an oracle. Each side reads the bytes that the other side writes, and both write the same bytes.
//!
//! The programs and copybooks are in `tests/cobol`. Values go in and out as lines of plain digits, which the formatting of Rust makes.
//! So the tests do not rely on the encoder of either side. If `cobc` is missing, the test says so and checks nothing. `.ci/run` installs
//! it. `COMP-5` has the byte order of the machine. The tests expect little endian.

#![allow(clippy::expect_used, clippy::panic, reason = "a helper of a test fails by panicking")]

mod host_b;
mod loans;

use std::path::{Path, PathBuf};
use std::process::Command;

use fep_codec::{Decode, Layout, Record, Telegram, Value};
use fep_spec::model::Spec;
use fep_tests::arbitrary::Random;
use tempfile::TempDir;

use crate::loans::{LoanList, head_line, loan_line, telegram};

/// A form of number in a loan: the field, the number of its digits in a line, whether it has a sign, its lowest and its highest value.
pub(crate) struct Form(&'static str, usize, bool, i128, i128);

const fn nines(digits: u32) -> i128 {
    10_i128.pow(digits) - 1
}

const FORMS: [Form; 17] = [
    Form("balance", 15, true, -nines(15), nines(15)),
    Form("rate", 5, false, 0, nines(5)),
    Form("even_digits", 4, true, -nines(4), nines(4)),
    Form("wide", 31, true, -nines(31), nines(31)),
    Form("bcd_digits", 5, false, 0, nines(5)),
    Form("adjust", 9, true, -nines(9), nines(9)),
    Form("plain", 9, false, 0, nines(9)),
    Form("over_leading", 5, true, -nines(5), nines(5)),
    Form("sign_leading", 5, true, -nines(5), nines(5)),
    Form("sign_trailing", 7, true, -nines(7), nines(7)),
    Form("binary_1", 2, false, 0, nines(2)),
    Form("binary_2", 5, true, -nines(4), nines(4)),
    Form("binary_4", 9, true, -nines(9), nines(9)),
    Form("binary_8", 18, true, -nines(18), nines(18)),
    Form("native_2", 5, true, i16::MIN as i128, i16::MAX as i128),
    Form("native_4", 10, false, 0, u32::MAX as i128),
    Form("native_8", 19, true, i64::MIN as i128, i64::MAX as i128),
];

/// One loan: a number for each form.
pub(crate) type Numbers = [i128; FORMS.len()];

/// One record: its head and its loans.
pub(crate) struct Row {
    trace_no: i32,
    loans: Vec<Numbers>,
}

/// Returns rows with the extreme values first, then values of every size.
fn rows() -> Vec<Row> {
    let mut random = Random(20_261_121);
    let mut numbers = |round: u64| -> Numbers {
        std::array::from_fn(|at| {
            let Form(_, _, signed, lowest, highest) = FORMS.get(at).expect("a form");
            match round {
                0 => 0,
                1 => *highest,
                2 => *lowest,
                3 => 1,
                4 => -i128::from(*signed),
                _ => {
                    let digits = 1 + random.below(31);
                    let size = (0..digits).fold(0_i128, |value, _| value * 10 + i128::from(random.below(10)));
                    let value = if *signed && random.below(2) == 0 { -size } else { size };
                    value.clamp(*lowest, *highest) % highest
                }
            }
        })
    };
    let mut round = 0;
    let mut rows = vec![Row { trace_no: 0, loans: Vec::new() }];
    for count in [1, 20, 0, 3, 19, 20, 20, 20, 20, 20, 20, 20, 20] {
        let loans = (0..count).map(|_| (numbers(round), round += 1).0).collect();
        let trace_no = [9_999_999, -9_999_999, -1, 4711].get(rows.len() % 4).copied().expect("one of four");
        rows.push(Row { trace_no, loans });
    }
    rows
}

fn lines(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        text += &head_line(row);
        row.loans.iter().enumerate().for_each(|(number, loan)| text += &loan_line(number, loan));
    }
    text
}

/// The compiled programs in a temporary folder.
struct Cobol(TempDir);

impl Cobol {
    fn new(programs: &[&str], options: &[&str]) -> Option<Self> {
        if Command::new("cobc").arg("--version").output().is_err() {
            fep_tests::tools::missing("cobc", "gnucobol");
            return None;
        }
        let cobol = Self(TempDir::new().expect("a folder"));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("cobol");
        for program in programs {
            let mut compiler = Command::new("cobc");
            compiler
                .args(["-x", "-std=default"])
                .args(options)
                .arg("-I")
                .arg(&source)
                .arg("-o")
                .arg(cobol.path(program));
            cobol.run(compiler.arg(source.join(program).with_extension("cob")));
        }
        Some(cobol)
    }

    /// Runs a program in the folder.
    fn start(&self, program: &str) {
        self.run(&mut Command::new(self.path(program)));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, command: &mut Command) {
        let output = command.current_dir(self.0.path()).output().expect("it starts");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Passes lines to COBOL and returns the records that it writes.
    fn write(&self, lines: &str) -> Vec<Vec<u8>> {
        std::fs::write(self.path("values.txt"), lines).expect("a file");
        self.start("write");
        let mut rest = &*std::fs::read(self.path("records.dat")).expect("the records");
        let mut records = Vec::new();
        // In a file of variable records, two length bytes and two zero bytes precede each record.
        while let [high, low, 0, 0, after @ ..] = rest {
            let (record, behind) = after.split_at(usize::from(u16::from_be_bytes([*high, *low])));
            records.push(record.to_vec());
            rest = behind;
        }
        assert!(rest.is_empty(), "{rest:?}");
        records
    }

    /// Passes records to COBOL and returns the lines that it writes.
    fn read(&self, records: &[Vec<u8>]) -> String {
        let mut file = Vec::new();
        for record in records {
            file.extend(u16::try_from(record.len()).expect("a short record").to_be_bytes());
            file.extend([0, 0]);
            file.extend(record);
        }
        std::fs::write(self.path("records.dat"), file).expect("a file");
        self.start("read");
        std::fs::read_to_string(self.path("values.txt")).expect("the lines")
    }
}

fn spec() -> Spec {
    let text = include_str!("../../cobol/loans.toml");
    Spec::parse("loans.toml", text).expect("a clean spec")
}

#[test]
fn the_struct_and_the_spec_are_one_layout() {
    assert_eq!(spec().telegram("LoanList").expect("it").layout, *LoanList::LAYOUT);
}

#[test]
fn cobol_and_we_write_the_same_bytes_and_read_each_other() {
    let Some(cobol) = Cobol::new(&["write", "read"], &[]) else { return };
    let spec = spec();
    let layout: &Layout = &spec.telegram("LoanList").expect("it").layout;
    let rows = rows();
    let records = cobol.write(&lines(&rows));
    assert_eq!(records.len(), rows.len());
    for (row, bytes) in rows.iter().zip(&records) {
        let ours = telegram(row);
        assert_eq!(LoanList::decode(bytes).expect("reads"), ours);
        assert_eq!(ours.encode_to_vec().expect("writes"), *bytes);
        let record = Record::decode(layout, bytes).expect("reads");
        for (index, loan) in row.loans.iter().enumerate() {
            for (Form(name, ..), number) in FORMS.iter().zip(loan) {
                let path = format!("loans[{index}].{name}");
                assert_eq!(record.get(&path), Some(&Value::Number(*number)), "{path}");
            }
        }
        assert_eq!(record.encode().expect("writes"), *bytes);
    }
    let ours: Vec<Vec<u8>> = rows.iter().map(|row| telegram(row).encode_to_vec().expect("writes")).collect();
    assert_eq!(cobol.read(&ours), lines(&rows));
}

#[test]
fn what_cobol_truncates_we_refuse() {
    let Some(cobol) = Cobol::new(&["write", "read"], &[]) else { return };
    let at = FORMS.iter().position(|Form(name, ..)| *name == "binary_2").expect("the field");
    let mut row = Row { trace_no: 7, loans: vec![[0; FORMS.len()]] };
    *row.loans.first_mut().and_then(|loan| loan.get_mut(at)).expect("the number") = -12_345;
    let records = cobol.write(&lines(std::slice::from_ref(&row)));
    let [bytes] = records.as_slice() else { panic!("{records:?}") };
    let read = LoanList::decode(bytes).expect("reads");
    assert_eq!(read.loans.first().map(|loan| loan.binary_2), Some(-2345), "PIC S9(4) COMP keeps four digits");
    let error = telegram(&row).encode_to_vec().expect_err("five digits");
    assert_eq!(error.to_string(), "caller: loans[0].binary_2, bytes 113..115: the number has more than 4 digits");
}
