//! The limits of workbooks, which are zip archives: what an archive unpacks to is counted before anything is read.

use std::io::{Cursor, Read as _};

use zip::ZipArchive;

use super::SheetError;

/// The largest file, in bytes.
pub(super) const FILE_MAX: usize = 32 << 20;

/// The largest size of everything in a workbook, in bytes.
const UNPACKED_MAX: u64 = 128 << 20;

/// The maximum number of entries of a workbook's archive.
const ENTRIES_MAX: usize = 10_000;

/// The maximum number of cells of a workbook, also if one cell stands for many.
pub(super) const CELLS_MAX: u64 = 2_000_000;

/// Unpacks all entries of an archive and counts their bytes. The sizes that the archive states may be wrong.
pub(super) fn check_size(bytes: &[u8]) -> Result<(), SheetError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| SheetError::Damaged(error.to_string()))?;
    if archive.len() > ENTRIES_MAX {
        return Err(SheetError::TooLarge(format!(
            "its archive has {} entries, at most {ENTRIES_MAX} are read",
            archive.len()
        )));
    }
    let mut left = UNPACKED_MAX;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|error| SheetError::Damaged(error.to_string()))?;
        let mut entry = entry.take(left + 1);
        let unpacked = std::io::copy(&mut entry, &mut std::io::sink());
        let unpacked = unpacked.map_err(|error| SheetError::Damaged(error.to_string()))?;
        left = left
            .checked_sub(unpacked)
            .ok_or_else(|| SheetError::TooLarge(format!("it unpacks to more than {} MiB", UNPACKED_MAX >> 20)))?;
    }
    Ok(())
}

/// Counts the cells of an ODS file. One element can stand for a million rows.
pub(super) fn check_repeats(bytes: &[u8]) -> Result<(), SheetError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| SheetError::Damaged(error.to_string()))?;
    let Ok(mut entry) = archive.by_name("content.xml") else {
        return Err(SheetError::Damaged("it has no content.xml".to_owned()));
    };
    let mut xml = String::new();
    entry.read_to_string(&mut xml).map_err(|error| SheetError::Damaged(error.to_string()))?;
    let mut cells = 0_u64;
    for row in xml.split("<table:table-row").skip(1) {
        let head = row.split('>').next().unwrap_or_default();
        let filled = row.split("<table:table-cell").skip(1).filter_map(|cell| {
            let head = cell.split('>').next().unwrap_or_default();
            head.contains("value-type").then(|| repeats(head, "table:number-columns-repeated"))
        });
        let width: u64 = filled.fold(0, u64::saturating_add);
        cells = cells.saturating_add(width.saturating_mul(repeats(head, "table:number-rows-repeated")));
    }
    if cells > CELLS_MAX {
        return Err(too_many_cells());
    }
    Ok(())
}

pub(super) fn too_many_cells() -> SheetError {
    SheetError::TooLarge(format!("it has more than {CELLS_MAX} cells; keep the sheets that describe telegrams"))
}

fn repeats(head: &str, attribute: &str) -> u64 {
    let value = head.split_once(attribute).and_then(|(_, rest)| rest.split('"').nth(1));
    value.map_or(1, |value| value.parse().unwrap_or(u64::MAX))
}
