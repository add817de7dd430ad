//! One table as a CSV file (RFC 4180), with what its rows add up to. It does not know what the rows are.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use ring::digest;

use super::column::{Cell, Column};
use super::disk::{AtPath, Disk, at};
use super::manifest::{TableEntry, Written};
use crate::hex::hex;

/// The bytes of rows that a table gathers before it writes them. All tables of an export are open at the same time.
const GATHERED_BYTES: usize = 16 * 1024;

/// A table that is written.
#[derive(Debug)]
pub(super) struct Table {
    file: String,
    columns: Vec<Column>,
    rows: csv::Writer<Sink>,
    count: u64,
    sums: BTreeMap<String, Option<i128>>,
    synced: Option<u64>,
}

/// The end of a file.
struct Sink {
    disk: Disk,
    path: PathBuf,
    bytes: u64,
    hash: digest::Context,
}

impl Table {
    /// Begins a file with the header, or goes on with what was written of it.
    ///
    /// # Errors
    /// If the file cannot be written, or does not begin with what was written.
    pub(super) fn open(
        disk: &Disk,
        folder: &Path,
        file: &str,
        columns: Vec<Column>,
        written: Option<&Written>,
    ) -> Result<Self, AtPath> {
        let path = folder.join(file);
        let hash = match written {
            None => {
                disk.create(&path)?;
                digest::Context::new(&digest::SHA256)
            }
            Some(written) => {
                disk.cut(&path, written.bytes)?;
                let hash = at(&path, hash_of(&path))?;
                let is_same = shown(&hash) == written.sha256;
                at(&path, is_same.then_some(hash).ok_or_else(|| io::Error::other("the file is not what was written")))?
            }
        };
        let bytes = written.map_or(0, |written| written.bytes);
        let sink = Sink { disk: disk.clone(), path, bytes, hash };
        let mut settings = csv::WriterBuilder::new();
        settings.terminator(csv::Terminator::CRLF).buffer_capacity(GATHERED_BYTES);
        let zero = |column: &Column| column.kind.decimals().map(|_| (column.name.clone(), Some(0)));
        let mut table = Self {
            file: file.to_owned(),
            rows: settings.from_writer(sink),
            count: written.map_or(0, |written| written.rows),
            sums: written.map_or_else(|| columns.iter().filter_map(zero).collect(), |written| written.sums.clone()),
            synced: None,
            columns,
        };
        if written.is_none() {
            let header = table.rows.write_record(table.columns.iter().map(|column| &column.name));
            table.checked(header)?;
        }
        Ok(table)
    }

    /// Adds a row: one cell for each column.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn add(&mut self, row: &[Cell]) -> Result<(), AtPath> {
        let added = self.rows.write_record(row.iter().map(Cell::shown));
        self.checked(added)?;
        self.count += 1;
        for (column, cell) in self.columns.iter().zip(row) {
            if let (Cell::Number(number, _), Some(sum)) = (cell, self.sums.get_mut(&column.name)) {
                *sum = sum.and_then(|sum| sum.checked_add(*number));
            }
        }
        Ok(())
    }

    /// Waits until all rows are on the disk. Returns how much that is.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn sync(&mut self) -> Result<Written, AtPath> {
        let flushed = self.rows.flush();
        self.checked(flushed)?;
        let sink = self.rows.get_ref();
        let bytes = sink.bytes;
        if self.synced != Some(bytes) {
            sink.disk.sync(&sink.path)?;
            self.synced = Some(bytes);
        }
        let sha256 = shown(&self.rows.get_ref().hash);
        Ok(Written { rows: self.count, bytes, sha256, sums: self.sums.clone() })
    }

    /// The table in the manifest. Call it after [`Table::sync`].
    pub(super) fn entry(&self) -> TableEntry {
        let sink = self.rows.get_ref();
        let sum = |column: &Column| {
            let sum = (*self.sums.get(&column.name)?)?;
            Some((column.name.clone(), decimal(sum, column.kind.decimals()?)))
        };
        let columns = self.columns.iter().filter_map(|column| serde_json::to_value(column).ok());
        TableEntry {
            file: self.file.clone(),
            rows: self.count,
            bytes: sink.bytes,
            sha256: shown(&sink.hash),
            sums: self.columns.iter().filter_map(sum).collect(),
            columns: columns.collect(),
        }
    }

    fn checked<T>(&self, done: Result<T, impl Into<io::Error>>) -> Result<T, AtPath> {
        at(&self.rows.get_ref().path, done.map_err(Into::into))
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.disk.append(&self.path, bytes)?;
        self.hash.update(bytes);
        self.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sink").field("path", &self.path).field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

fn hash_of(path: &Path) -> io::Result<digest::Context> {
    let mut hash = digest::Context::new(&digest::SHA256);
    let mut file = File::open(path)?;
    let mut bytes = vec![0; 64 * 1024];
    loop {
        match file.read(&mut bytes)? {
            0 => return Ok(hash),
            len => hash.update(bytes.get(..len).unwrap_or_default()),
        }
    }
}

/// The hash of what was hashed up to now.
fn shown(hash: &digest::Context) -> String {
    hex(hash.clone().finish().as_ref())
}

/// A number of smallest units with its decimals: 1205 with two decimals is `12.05`.
fn decimal(units: i128, decimals: u8) -> String {
    let decimals = usize::from(decimals);
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = decimals + 1);
    let (whole, rest) = digits.split_at(digits.len() - decimals);
    let sign = if units < 0 { "-" } else { "" };
    if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

#[cfg(test)]
mod tests {
    use super::super::column::Kind;
    use super::*;

    #[test]
    fn a_row_that_is_nasty_is_quoted_as_rfc_4180_says() {
        let folder = tempfile::tempdir().unwrap();
        let column = |name: &str, kind| Column { name: name.to_owned(), kind, label: String::new() };
        let columns = vec![column("memo", Kind::Text), column("amount", Kind::Decimal { decimals: 2 })];
        let mut table = Table::open(&Disk::default(), folder.path(), "t.csv", columns, None).unwrap();
        for (memo, units, amount) in [("=1+1", -105, "-1.05"), ("a,\"b\"\r\nc", 0, "0.00"), ("홍길동", 1_205, "12.05")]
        {
            table.add(&[Cell::text(memo), Cell::Number(units, amount.to_owned())]).unwrap();
        }
        table.add(&[Cell::Empty, Cell::Empty]).unwrap();
        table.sync().unwrap();
        let text = std::fs::read_to_string(folder.path().join("t.csv")).unwrap();
        let expected = "memo,amount\r\n=1+1,-1.05\r\n\"a,\"\"b\"\"\r\nc\",0.00\r\n홍길동,12.05\r\n,\r\n";
        assert_eq!(text, expected);
        let entry = table.entry();
        assert_eq!((entry.rows, entry.bytes, &*entry.sums["amount"]), (4, expected.len() as u64, "11.00"));
    }

    #[test]
    fn a_sum_that_is_too_large_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let column = Column { name: "n".to_owned(), kind: Kind::Integer, label: String::new() };
        let mut table = Table::open(&Disk::default(), folder.path(), "t.csv", vec![column], None).unwrap();
        for _ in 0..3 {
            table.add(&[Cell::Number(i128::MAX, i128::MAX.to_string())]).unwrap();
        }
        assert!(table.entry().sums.is_empty());
    }

    #[test]
    fn numbers_have_their_decimals() {
        let shown =
            [(0, 0), (7, 2), (-7, 2), (1205, 2), (i128::MIN, 0)].map(|(units, decimals)| decimal(units, decimals));
        assert_eq!(shown, ["0", "0.07", "-0.07", "12.05", &i128::MIN.to_string()]);
    }
}
