//! The file of results, in the format of the institution: its records in their order, with totals and serial numbers that the writer fills in.
//! It is written when each request has a state that will not change, because a file that says something about an unknown outcome would lie. Only a plan
//! with a word for it says that outcomes are unknown.

use std::fmt;
use std::fs;
use std::io::{self, BufWriter, Cursor};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use fep_codec::files::{FileError, FileLayout, FileWriter};
use fep_codec::{Error, Record, json};
use serde_json::{Map, Value as Json};
use tempfile::NamedTempFile;

use super::input::{InputFile, Others, RefusedInput, Request};
use super::ledger::{Entry, LedgerError, State};
use super::plan::Plan;
use super::plan_output::{Output, OutputRecord, Source};
use crate::fitting::{fits, leave_blank, set, set_count};

/// The reason why there is no file of results.
#[derive(Debug)]
pub enum OutputError {
    /// The file of requests cannot be read again.
    Input(RefusedInput),
    /// The outcomes cannot be read.
    Ledger(LedgerError),
    /// A value does not fit its record: which record, and of which request.
    Value(String, Option<u64>, Error),
    /// The records do not make a file.
    File(FileError),
    /// The file cannot be written.
    Io(PathBuf, io::Error),
}

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the file of results is not written: ")?;
        match self {
            Self::Input(error) => error.fmt(f),
            Self::Ledger(error) => error.fmt(f),
            Self::Value(record, Some(request), error) => write!(f, "`{record}` of request {request}: {error}"),
            Self::Value(record, None, error) => write!(f, "`{record}`: {error}"),
            Self::File(error) => error.fmt(f),
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for OutputError {}

/// What is written, and of what.
pub(super) struct Results<'r> {
    pub(super) plan: &'r Plan,
    pub(super) output: &'r Output,
    /// What became of a request. `None`: nothing is written for it.
    pub(super) entry: &'r dyn Fn(u64) -> Result<Option<Entry>, LedgerError>,
    /// What is written in place of each number.
    pub(super) number: Option<u64>,
    /// The last request that is looked at.
    pub(super) last: u64,
    /// The date of the batch: `2026-11-30`.
    pub(super) date: &'r str,
}

impl Results<'_> {
    /// Writes the file under a name of its own beside its place, which [`Written::publish`] gives it. What a killed run left there is replaced: it has
    /// account numbers, so no run leaves another one. The ledger lets one run of a batch write at a time.
    ///
    /// # Errors
    /// If a value does not fit, or the file cannot be written.
    pub(super) fn write(&self, input: &mut InputFile) -> Result<Written, OutputError> {
        let path = place(self.output, self.date);
        let failed = |error| OutputError::Io(path.clone(), error);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(failed)?;
        let file = begun(folder, &path).map_err(failed)?;
        let others = others(self.plan, input)?;
        let file = self.put_all(input, &others, BufWriter::new(file))?;
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.as_file().sync_all().map_err(failed)?;
        Ok(Written { file, path })
    }

    /// Writes the file to nowhere, with the first request in each state, so that a plan that cannot work is found before anything is sent.
    ///
    /// # Errors
    /// As those of [`Self::write`].
    pub(super) fn try_out(plan: &Plan, output: &Output, date: &str, input: &mut InputFile) -> Result<(), OutputError> {
        let others = others(plan, input)?;
        for state in State::ALL.into_iter().filter(|state| *state != State::Unknown || output.tells_unknown()) {
            let only_first = |request: u64| Ok((request == 1).then(|| Entry::of_trial(request, state)));
            let trial =
                Results { plan, output, entry: &only_first, number: Some(input.contents().requests), last: 1, date };
            trial.put_all(input, &others, Cursor::new(Vec::new()))?;
        }
        Ok(())
    }

    fn put_all<W: io::Write + io::Seek>(
        &self,
        input: &mut InputFile,
        others: &Others,
        out: W,
    ) -> Result<W, OutputError> {
        let mut writer = FileWriter::seeking(&self.output.file, out).map_err(OutputError::File)?;
        for own in &self.output.records {
            if own.each_request {
                self.each(own, input, &mut writer)?;
            } else {
                let values = others.iter().find(|other| other.record == own.record).map(|other| &other.fields);
                put(&mut writer, &self.output.file, own, |record| self.of_file(own, record, values))
                    .map_err(|error| error.of(&own.record, None))?;
            }
        }
        writer.finish().map_err(OutputError::File)
    }

    /// Writes the records of the requests that are listed.
    fn each<W: io::Write + io::Seek>(
        &self,
        own: &OutputRecord,
        input: &mut InputFile,
        writer: &mut FileWriter<'_, W>,
    ) -> Result<(), OutputError> {
        let mut wrong = None;
        let each = |request: Request| {
            let number = request.number;
            let written = self.one(own, &request, writer);
            wrong = written.err();
            if wrong.is_some() || number >= self.last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let _: Others = input.walk(self.plan, each).map_err(OutputError::Input)?;
        wrong.map_or(Ok(()), Err)
    }

    fn one<W: io::Write + io::Seek>(
        &self,
        own: &OutputRecord,
        request: &Request,
        writer: &mut FileWriter<'_, W>,
    ) -> Result<(), OutputError> {
        let entry = (self.entry)(request.number).map_err(OutputError::Ledger)?;
        // Nothing is written before each request has a state.
        let Some(entry) = entry.filter(|entry| self.output.lists.has(entry.state.name())) else { return Ok(()) };
        put(writer, &self.output.file, own, |record| self.of_request(own, record, request, &entry))
            .map_err(|error| error.of(&own.record, Some(request.number)))
    }

    /// The values of a record that the file has once.
    fn of_file(
        &self,
        own: &OutputRecord,
        record: &mut Record<'_>,
        values: Option<&Map<String, Json>>,
    ) -> Result<(), Error> {
        if own.copy {
            copy(&self.output.file, record, values.unwrap_or(&Map::new()))?;
        }
        own.fields.iter().try_for_each(|(path, source)| match source {
            Source::Constant(text) => set(record, path, text.clone().into()).map(drop),
            Source::Date => self.date_at(record, path),
            // The plan has these in records of requests only.
            Source::Input(_) | Source::Answer(_) | Source::Result | Source::Number | Source::Exchange => Ok(()),
        })
    }

    /// The values of a record of a request.
    fn of_request(
        &self,
        own: &OutputRecord,
        record: &mut Record<'_>,
        request: &Request,
        entry: &Entry,
    ) -> Result<(), Error> {
        if own.copy {
            copy(&self.output.file, record, &request.source)?;
        }
        own.fields.iter().try_for_each(|(path, source)| {
            let value = match source {
                Source::Constant(text) => text.clone().into(),
                Source::Date => return self.date_at(record, path),
                Source::Input(from) => json::get(&request.source, from).cloned().unwrap_or_default(),
                Source::Answer(from) => json::get(&entry.answer, from).cloned().unwrap_or_default(),
                Source::Result => self.output.results.get(entry.state.name()).cloned().into(),
                // The largest number of the file is tried out.
                Source::Number => return set_count(record, path, self.number.unwrap_or(request.number)),
                Source::Exchange => entry.exchange.clone().into(),
            };
            // Such as the answer of a request that has none.
            if value.is_null() { leave_blank(record, path) } else { set(record, path, value).map(drop) }
        })
    }

    /// Puts the date of the batch: as a date, or as the digits of a field that is none.
    fn date_at(&self, record: &mut Record<'_>, path: &str) -> Result<(), Error> {
        let date = self.date;
        if fits(record.layout(), path, &Json::from(date)) {
            return record.set_json(path, &Json::from(date));
        }
        set(record, path, date.replace('-', "").into()).map(drop)
    }
}

/// A new file in a folder, in the place of the one that a killed run may have left.
fn begun(folder: &Path, path: &Path) -> io::Result<NamedTempFile> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = format!(".{name}.part");
    match fs::remove_file(folder.join(&name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => tempfile::Builder::new().prefix(&name).rand_bytes(0).tempfile_in(folder),
    }
}

/// A whole file of results that nobody can see yet.
#[derive(Debug)]
pub(super) struct Written {
    file: NamedTempFile,
    path: PathBuf,
}

impl Written {
    /// Where it will be.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its name in one step, and returns it. A file that was there is replaced.
    ///
    /// # Errors
    /// If the folder does not allow it.
    pub(super) fn publish(self) -> Result<PathBuf, OutputError> {
        let Self { file, path } = self;
        match file.persist(&path) {
            Ok(_) => Ok(path),
            Err(error) => Err(OutputError::Io(path, error.error)),
        }
    }
}

/// The records that are no requests. They can come after the requests in the input and before them in the output.
fn others(plan: &Plan, input: &mut InputFile) -> Result<Others, OutputError> {
    input.walk(plan, |_| ControlFlow::Continue(())).map_err(OutputError::Input)
}

/// Where the file of results of a date is written.
pub(super) fn place(output: &Output, date: &str) -> PathBuf {
    let name = output.path.file_name().map(|name| name.to_string_lossy().replace("{date}", &date.replace('-', "")));
    name.map_or_else(|| output.path.clone(), |name| output.path.with_file_name(name))
}

/// Why a record was not written.
enum Unwritten {
    Value(Error),
    File(FileError),
}

impl Unwritten {
    fn of(self, record: &str, request: Option<u64>) -> OutputError {
        match self {
            Self::Value(error) => OutputError::Value(record.to_owned(), request, error),
            Self::File(error) => OutputError::File(error),
        }
    }
}

/// Fills a record and writes it.
fn put<W: io::Write + io::Seek>(
    writer: &mut FileWriter<'_, W>,
    file: &FileLayout,
    own: &OutputRecord,
    fill: impl FnOnce(&mut Record<'_>) -> Result<(), Error>,
) -> Result<(), Unwritten> {
    // The plan names records of the file only.
    let layouts = file.layouts();
    let Some(layout) = layouts.iter().find(|layout| *layout.name == *own.record) else { return Ok(()) };
    let mut record = Record::new(layout);
    fill(&mut record).map_err(Unwritten::Value)?;
    writer.write(record).map_err(Unwritten::File)
}

/// Copies the values of the same names, except those that the writer makes.
fn copy(file: &FileLayout, record: &mut Record<'_>, values: &Map<String, Json>) -> Result<(), Error> {
    let name = record.layout().name.clone();
    for (path, value) in values {
        let is_made = is_made(file, &name, path);
        let is_there = record.layout().item_by_path(path).is_some();
        if is_there && !is_made {
            set(record, path, value.clone())?;
        }
    }
    Ok(())
}

/// Whether the writer makes the value: a total or a serial number.
fn is_made(file: &FileLayout, record: &str, path: &str) -> bool {
    file.totals.iter().any(|total| total.record == record && total.field == path)
        || file
            .serials
            .iter()
            .any(|serial| serial.fields.iter().any(|field| field.record == record && field.field == path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_left_is_replaced_by_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.dat");
        let (_, left) = begun(folder.path(), &path).unwrap().keep().unwrap();
        fs::write(&left, "110-9988").unwrap();
        let file = begun(folder.path(), &path).unwrap();
        assert_eq!((file.path(), file.as_file().metadata().unwrap().len()), (&*left, 0));
        Written { file, path: path.clone() }.publish().unwrap();
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(names, [path]);
    }
}
