//! The room that a journal takes, as a table.

use std::io::Write;

use super::{Files, InspectError};
use crate::journal::usage::usage;
use crate::table::{Cell, Column, Side, Table};
use crate::time::Rfc3339;

const TABLE: Table = Table {
    columns: &[
        Column { heading: "bytes", width: 12, side: Side::Right },
        Column { heading: "free", width: 12, side: Side::Right },
        Column { heading: "first fact", width: 10, side: Side::Right },
        Column { heading: "last fact", width: 10, side: Side::Right },
        Column { heading: "from", width: 24, side: Side::Left },
        Column { heading: "to", width: 24, side: Side::Left },
        Column { heading: "file", width: 8, side: Side::Left },
    ],
    colour: false,
};

/// Shows what files with facts and the files beside them take.
pub(super) fn show(files: &Files, out: &mut impl Write) -> Result<(), InspectError> {
    let usage = usage(&files.place()?)?;
    TABLE.heading(out)?;
    let mut all = 0;
    for file in &usage.files {
        all += file.bytes;
        let cells = [
            file.bytes.to_string(),
            file.free_bytes.to_string(),
            file.first.to_string(),
            file.last.to_string(),
            Rfc3339(file.from_ms).to_string(),
            Rfc3339(file.to_ms).to_string(),
            file.path.display().to_string(),
        ];
        TABLE.row(out, &cells.map(Cell::from))?;
    }
    for partition in usage.tables.iter().flat_map(|tables| &tables.partitions) {
        all += partition.bytes;
        let cells = [
            partition.bytes.to_string(),
            String::new(),
            partition.first.to_string(),
            partition.last.to_string(),
            Rfc3339(partition.from_ms).to_string(),
            Rfc3339(partition.to_ms).to_string(),
            format!("table {}", partition.table),
        ];
        TABLE.row(out, &cells.map(Cell::from))?;
    }
    if let Some(bytes) = usage.tables.as_ref().map(|tables| tables.others) {
        all += bytes;
        let none = String::new;
        let cells = [bytes.to_string(), none(), none(), none(), none(), none(), "all other tables".to_owned()];
        TABLE.row(out, &cells.map(Cell::from))?;
    }
    for (path, bytes) in &usage.others {
        all += bytes;
        let none = String::new;
        let cells = [bytes.to_string(), none(), none(), none(), none(), none(), path.display().to_string()];
        TABLE.row(out, &cells.map(Cell::from))?;
    }
    writeln!(out, "\n{all} bytes in all")?;
    if let Some(removed) = &usage.removed {
        writeln!(out, "{removed}")?;
    }
    for held in &usage.held_by {
        writeln!(out, "holds back the deletion of old archives: {held}")?;
    }
    Ok(())
}
