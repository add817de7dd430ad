//! The container of xls files, checked before calamine reads it. calamine follows its chains of sectors without looking for a circle or an
//! end outside of the file, and makes a range of a sheet that is as large as its two outermost cells are apart.
//!
//! ```text
//! header │ sector 0 │ sector 1 │ …      a table says for each sector which one follows it
//! ```
//! A stream of less than 4096 bytes is a chain of small sectors, which are parts of another stream.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::SheetError;
use super::archive::{CELLS_MAX, too_many_cells};

/// The end of a chain.
const END: u32 = 0xFFFF_FFFE;

/// Sector numbers from here on have other meanings.
const RESERVED: u32 = 0xFFFF_FFFA;

/// The table of a sector that is a part of the table, and of one that lists them.
const TABLES: u32 = 0xFFFF_FFFC;

const ENTRY_BYTES: usize = 128;

const SMALL_SECTOR_BYTES: usize = 64;

/// Shorter streams consist of small sectors.
const SMALL_STREAM_BYTES: usize = 4096;

/// The maximum number of sheets of an xls file.
const SHEETS_MAX: usize = 1000;

/// Checks the container and the size of the sheets. The bytes are filled up to a whole sector, because a sector is read as a whole.
pub(super) fn check(bytes: &[u8]) -> Result<Cow<'_, [u8]>, SheetError> {
    let container = Container::read(bytes).ok_or_else(|| damaged("its sectors contradict each other"))?;
    let stream = container.workbook().ok_or_else(|| damaged("its workbook has no end"))?;
    check_cells(&stream)?;
    let missing = container.header + container.sectors * container.sector - bytes.len();
    if missing == 0 {
        return Ok(Cow::Borrowed(bytes));
    }
    Ok(Cow::Owned([bytes, &vec![0; missing]].concat()))
}

fn damaged(why: &str) -> SheetError {
    SheetError::Damaged(why.to_owned())
}

/// The sectors and the streams of a file.
struct Container<'b> {
    bytes: &'b [u8],
    /// The length of the header, of a sector, and the number of sectors.
    header: usize,
    sector: usize,
    sectors: usize,
    /// The sector that follows each one.
    next: Vec<u32>,
    small: Vec<u8>,
    small_next: Vec<u32>,
    /// The first sector and the length of each stream.
    streams: BTreeMap<String, (u32, usize)>,
}

impl<'b> Container<'b> {
    fn read(bytes: &'b [u8]) -> Option<Self> {
        let sector = match number::<2>(bytes, 30)? {
            9 => 512,
            12 => 4096,
            _ => return None,
        };
        let sectors = bytes.len().checked_sub(sector)?.div_ceil(sector);
        let header = sector;
        let mut container = Self {
            bytes,
            header,
            sector,
            sectors,
            next: Vec::new(),
            small: Vec::new(),
            small_next: Vec::new(),
            streams: BTreeMap::new(),
        };
        container.next = container.table()?;
        let directory = container.chain(word(bytes, 48)?, usize::MAX)?;
        let entries = directory.chunks_exact(ENTRY_BYTES);
        let streams = entries.map(|entry| {
            // Only files with large sectors have more than four bytes for a length.
            let high = if sector == 4096 { word(entry, 124)? } else { 0 };
            let len = u64::from(high) << 32 | u64::from(word(entry, 120)?);
            Some((name(entry), word(entry, 116)?, usize::try_from(len).ok()?))
        });
        let streams: Vec<_> = streams.collect::<Option<_>>()?;
        let (_, first, len) = streams.first()?;
        let tables = usize::try_from(word(bytes, 64)?).ok()?;
        if tables > 0 {
            container.small = container.chain(*first, *len)?;
            let table = container.chain(word(bytes, 60)?, tables.checked_mul(sector)?)?;
            container.small_next = words(&table);
        }
        // Of two streams with one name, the first one is read.
        for (name, first, len) in streams {
            container.streams.entry(name.to_ascii_lowercase()).or_insert((first, len));
        }
        Some(container)
    }

    /// The table of the sectors. The header has its first 109 parts, a chain of sectors the others.
    fn table(&self) -> Option<Vec<u32>> {
        let mut parts = words(self.bytes.get(76..512)?);
        let mut at = word(self.bytes, 68)?;
        let mut count = 0;
        while at < RESERVED {
            count += 1;
            if count > self.sectors {
                return None;
            }
            parts.extend(words(&self.sector(at)?));
            at = parts.pop()?;
        }
        let parts = parts.into_iter().filter(|part| *part < TABLES);
        let mut table = Vec::new();
        for (count, part) in parts.enumerate() {
            if count > self.sectors {
                return None;
            }
            table.extend(words(&self.sector(part)?));
        }
        Some(table)
    }

    /// A sector. The last one may be cut; then it is filled with zeros.
    fn sector(&self, number: u32) -> Option<Vec<u8>> {
        let number = usize::try_from(number).ok().filter(|number| *number < self.sectors)?;
        let start = self.header + number * self.sector;
        let mut bytes = self.bytes.get(start..self.bytes.len().min(start + self.sector))?.to_vec();
        bytes.resize(self.sector, 0);
        Some(bytes)
    }

    /// The bytes of a chain, at most `len`. `None` if it leaves the file or goes in a circle.
    fn chain(&self, first: u32, len: usize) -> Option<Vec<u8>> {
        follow(first, len, &self.next, self.sectors, |number| self.sector(number))
    }

    fn small_sector(&self, number: u32) -> Option<Vec<u8>> {
        let start = usize::try_from(number).ok()?.checked_mul(SMALL_SECTOR_BYTES)?;
        let bytes = self.small.get(start..self.small.len().min(start + SMALL_SECTOR_BYTES))?;
        (!bytes.is_empty()).then(|| bytes.to_vec())
    }

    /// The stream with the workbook.
    fn workbook(&self) -> Option<Vec<u8>> {
        let (first, len) = *self.streams.get("workbook").or_else(|| self.streams.get("book"))?;
        if len < SMALL_STREAM_BYTES {
            let count = self.small.len().div_ceil(SMALL_SECTOR_BYTES);
            follow(first, len, &self.small_next, count, |number| self.small_sector(number))
        } else {
            self.chain(first, len)
        }
    }
}

/// The bytes of a chain of sectors.
fn follow(
    first: u32,
    len: usize,
    next: &[u32],
    sectors: usize,
    sector: impl Fn(u32) -> Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut at = first;
    let mut count = 0;
    while at != END {
        count += 1;
        if count > sectors {
            return None;
        }
        bytes.extend(sector(at)?);
        if bytes.len() >= len {
            bytes.truncate(len);
            break;
        }
        at = *next.get(usize::try_from(at).ok()?)?;
    }
    Some(bytes)
}

/// The name of a directory entry, up to the first NUL.
fn name(entry: &[u8]) -> String {
    let units = entry.get(..64).unwrap_or_default().as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair));
    char::decode_utf16(units.take_while(|unit| *unit != 0))
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// A number of `LEN` bytes, the least significant one first.
fn number<const LEN: usize>(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk::<LEN>()?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    number::<4>(bytes, at)
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect()
}

/// The types of records that are a cell, or several ones. Their first four bytes are the row and the column.
const CELLS: [u32; 9] = [0x0006, 0x00BD, 0x00BE, 0x00D6, 0x00FD, 0x0203, 0x0204, 0x0205, 0x027E];

/// The record that names a sheet and says where its records begin.
const SHEET: u32 = 0x0085;

/// The record with the size of a sheet. calamine makes room for that many cells.
const DIMENSIONS: u32 = 0x0200;

/// The bytes before the data of a record: its type and its length.
const RECORD_BYTES: usize = 4;

/// The maximum numbers of rows and columns of a sheet of an xls file.
const ROWS_MAX: u32 = 1 << 16;
const COLUMNS_MAX: u32 = 1 << 8;

/// The records at the start and at the end of a sheet, and of a chart in it.
const START: u32 = 0x0809;
const STOP: u32 = 0x000A;

/// Checks the size of each sheet: what it states, and the cells between the outermost ones.
fn check_cells(stream: &[u8]) -> Result<(), SheetError> {
    let sheets = records(stream, 0).filter(|(kind, _)| *kind == SHEET).filter_map(|(_, data)| word(data, 0));
    let mut total = 0_u64;
    // The sheets of a file share no records, so together they have no more than all records.
    let mut left = stream.len() / RECORD_BYTES;
    for (count, start) in sheets.enumerate() {
        if count >= SHEETS_MAX {
            return Err(SheetError::TooLarge(format!("it has more than {SHEETS_MAX} sheets")));
        }
        total = total.saturating_add(cells(stream, usize::try_from(start).unwrap_or(usize::MAX), &mut left)?);
        if total > CELLS_MAX {
            return Err(too_many_cells());
        }
    }
    Ok(())
}

/// The number of cells between the outermost ones of a sheet. At most `left` records are read.
fn cells(stream: &[u8], start: usize, left: &mut usize) -> Result<u64, SheetError> {
    let mut depth = 0_u32;
    let mut rows: Option<(u32, u32)> = None;
    let mut columns: Option<(u32, u32)> = None;
    for (kind, data) in records(stream, start) {
        *left = left.checked_sub(1).ok_or_else(|| damaged("its sheets have records in common"))?;
        match kind {
            START => depth += 1,
            STOP if depth <= 1 => break,
            STOP => depth -= 1,
            DIMENSIONS if is_too_large(data) => return Err(damaged("a sheet is larger than a sheet can be")),
            kind if CELLS.contains(&kind) => {
                let (Some(row), Some(column)) = (number::<2>(data, 0), number::<2>(data, 2)) else { continue };
                // A record of several cells has two bytes or more for each.
                let last = column.saturating_add(u32::try_from(data.len() / 2).unwrap_or(u32::MAX)).min(0xFFFF);
                rows = Some(rows.map_or((row, row), |(first, end)| (first.min(row), end.max(row))));
                columns = Some(columns.map_or((column, last), |(first, end)| (first.min(column), end.max(last))));
            }
            _ => {}
        }
    }
    let width = |range: Option<(u32, u32)>| range.map_or(0, |(first, end)| u64::from(end - first) + 1);
    Ok(width(rows) * width(columns))
}

/// Whether the end of the rows or columns is behind the largest one. Older files have two bytes for a row.
fn is_too_large(dimensions: &[u8]) -> bool {
    let ends = match dimensions.len() {
        10 => (number::<2>(dimensions, 2), number::<2>(dimensions, 6)),
        _ => (word(dimensions, 4), number::<2>(dimensions, 10)),
    };
    ends.0.is_some_and(|rows| rows > ROWS_MAX) || ends.1.is_some_and(|columns| columns > COLUMNS_MAX)
}

/// The records from a place on: each has a type and its data.
fn records(stream: &[u8], start: usize) -> impl Iterator<Item = (u32, &[u8])> {
    let mut rest = stream.get(start..).unwrap_or_default();
    std::iter::from_fn(move || {
        let kind = number::<2>(rest, 0)?;
        let len = usize::try_from(number::<2>(rest, 2)?).ok()?;
        let data = rest.get(4..)?.get(..len)?;
        rest = rest.get(4 + len..)?;
        Some((kind, data))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u16, data: &[u8]) -> Vec<u8> {
        let len = u16::try_from(data.len()).unwrap_or_default();
        [&kind.to_le_bytes()[..], &len.to_le_bytes(), data].concat()
    }

    /// A file of 32 MB could name one long sheet a thousand times, and each would be read.
    #[test]
    fn sheets_that_share_their_records_are_refused() {
        let sheet = |start: u32| record(0x0085, &start.to_le_bytes());
        let cells = |rows: u16| -> Vec<u8> {
            let row = |row: u16| record(0x0203, &[row.to_le_bytes(), [0, 0]].concat());
            (0..rows).flat_map(row).chain(record(0x000A, &[])).collect()
        };
        // Two sheets behind their two names.
        let [first, second] = [cells(20), cells(30)];
        let at = u32::try_from(2 * sheet(0).len()).unwrap_or_default();
        let next = at + u32::try_from(first.len()).unwrap_or_default();
        let both = [sheet(at), sheet(next), first.clone(), second.clone()].concat();
        assert_eq!(check_cells(&both), Ok(()));
        let same = [sheet(at), sheet(at), first, second].concat();
        assert_eq!(check_cells(&same), Ok(()), "once more is no harm");
        let names = 200;
        let at = u32::try_from(names * sheet(0).len()).unwrap_or_default();
        let many = [sheet(at).repeat(names), cells(2000)].concat();
        assert_eq!(check_cells(&many), Err(damaged("its sheets have records in common")));
    }
}
