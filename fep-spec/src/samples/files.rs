//! A whole record file: its records in their order, with totals and serial numbers. The writer of record files fills those in.

use std::io::Cursor;

use fep_codec::files::{FileLayout, FileReader, FileWriter, Stands, Step};
use fep_codec::{Layout, Record, Value};

use super::fill::{Filling, Wanted};
use super::marks;
use super::numbers::bounds;
use super::random::Random;
use crate::codec::line;
use crate::model::{FileSpec, Spec};

/// The most repetitions of a record that may repeat. The totals of a sample have room for this number of amounts.
pub const REPEAT_MAX: usize = 999;

/// A valid record file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSample {
    /// The records, each as a line of JSON: `{"telegram": …, "fields": {…}}`.
    pub lines: Vec<String>,
    /// The bytes of the file.
    pub bytes: Vec<u8>,
}

/// The number of times that a file is tried with other values.
const TRIES: usize = 16;

impl FileSample {
    /// A file of this spec. A record that may repeat comes `repeat` times (at most [`REPEAT_MAX`]), or as often as it may or must.
    ///
    /// # Errors
    /// If no file can be made, with the reason in one line.
    pub fn of(spec: &Spec, file: &FileSpec, seed: u64, repeat: usize) -> Result<Self, String> {
        let plan = spec.file_layout(file);
        let mut first = None;
        for attempt in 0..TRIES {
            let random = Random::of(seed, &format!("{} {attempt}", file.name));
            match attempt_file(&plan, random, repeat.min(REPEAT_MAX)) {
                Ok(sample) => return Ok(sample),
                Err(why) => {
                    first.get_or_insert(why);
                }
            }
        }
        Err(first.unwrap_or_default())
    }
}

fn attempt_file(plan: &FileLayout, random: Random, repeat: usize) -> Result<FileSample, String> {
    let text = |error: fep_codec::files::FileError| error.to_string();
    let mut writer = FileWriter::seeking(plan, Cursor::new(Vec::new())).map_err(text)?;
    let mut records = Records { plan, random, repeat, all: Vec::new() };
    records.steps(&plan.steps)?;
    if records.all.is_empty() {
        // A file without any record is none, even if each of its records may be missing.
        records.repeat = 1;
        records.steps(&plan.steps)?;
    }
    for record in records.all {
        writer.write(record).map_err(text)?;
    }
    let bytes = writer.finish().map_err(text)?.into_inner();
    let reader = FileReader::new(plan, bytes.as_slice()).map_err(text)?;
    let lines = reader.records().map(|record| record.map(|record| line(&record)).map_err(text));
    let lines = lines.collect::<Result<Vec<String>, String>>()?;
    Ok(FileSample { lines, bytes })
}

/// The records of a file, without the fields that the writer fills in.
struct Records<'p> {
    plan: &'p FileLayout,
    random: Random,
    repeat: usize,
    all: Vec<Record<'p>>,
}

impl<'p> Records<'p> {
    fn steps(&mut self, steps: &'p [Step]) -> Result<(), String> {
        for step in steps {
            // Groups within groups would multiply.
            let wanted = if let Stands::Group(_) = step.stands { self.repeat.min(2) } else { self.repeat };
            let count = wanted.min(step.max.unwrap_or(usize::MAX)).max(step.min);
            for _ in 0..count {
                match &step.stands {
                    Stands::Record(layout) | Stands::Last(layout) => self.record(layout)?,
                    Stands::Group(steps) => self.steps(steps)?,
                }
            }
        }
        Ok(())
    }

    fn record(&mut self, layout: &'p Layout) -> Result<(), String> {
        let seed = self.random.below(u64::MAX);
        let filling = Filling {
            wanted: &Wanted::default(),
            marks: &marks(layout),
            bounds: &bounds(layout),
            few_digits: true,
            random: Random::of(seed, &layout.name),
        };
        let mut record = filling.record(layout).map_err(|error| error.to_string())?;
        let totals = self.plan.totals.iter().map(|total| (&total.record, &total.field));
        let serials =
            self.plan.serials.iter().flat_map(|serial| serial.fields.iter()).map(|of| (&of.record, &of.field));
        for (_, field) in totals.chain(serials).filter(|(name, _)| **name == layout.name) {
            record.set(field, Value::Absent).map_err(|error| error.to_string())?;
        }
        self.all.push(record);
        Ok(())
    }
}
