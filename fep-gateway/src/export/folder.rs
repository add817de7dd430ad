//! The folder of a receiver, with its exports. What is in the tables is not known here.
//!
//! ```text
//! exports/
//!   2026-11-25/            an export: its tables and manifest.json
//!   2026-11-25.2/          the second one of the same date
//!   .2026-11-26.part/      one that is written: also plan.json and progress.json
//!   .2026-11-24.old/       one that was just replaced
//!   .lock                  held while somebody exports
//! ```
//!
//! An export comes to its name in one step, with its manifest in it. So a receiver never sees a part of one.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::ExportError;
use super::disk::{Disk, at};
use super::manifest::{Manifest, Plan, Progress, parse_name};

/// The file that makes an export one.
pub(super) const MANIFEST: &str = "manifest.json";
const PLAN: &str = "plan.json";
const PROGRESS: &str = "progress.json";

/// How many entries of a folder are looked at: three exports a day for 30 years.
const ENTRIES_MAX: usize = 32_768;

/// The folder of a receiver. Nobody else writes it meanwhile.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    pub(super) disk: Disk,
    _lock: File,
}

impl Folder {
    /// Opens the folder, and makes it if it is not there.
    ///
    /// # Errors
    /// If it cannot be written, or another export writes it.
    pub(super) fn open(path: &Path, disk: Disk) -> Result<Self, ExportError> {
        disk.make_folder(path)?;
        let lock = path.join(".lock");
        let file = at(&lock, File::options().create(true).truncate(false).write(true).open(&lock))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), disk, _lock: file }),
            Err(TryLockError::WouldBlock) => {
                Err(ExportError::Refused(format!("{}: another export writes this folder just now", path.display())))
            }
            Err(TryLockError::Error(error)) => Err(ExportError::from((lock, error))),
        }
    }

    /// The path of an export.
    pub(super) fn of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The folder in which an export is written.
    pub(super) fn part(&self, name: &str) -> PathBuf {
        self.path.join(format!(".{name}.part"))
    }

    fn old(&self, name: &str) -> PathBuf {
        self.path.join(format!(".{name}.old"))
    }

    /// The manifest of an export.
    ///
    /// # Errors
    /// If the folder is no export.
    pub(super) fn manifest(&self, name: &str) -> Result<Manifest, ExportError> {
        let folder = self.of(name);
        read(&folder.join(MANIFEST))?.ok_or_else(|| {
            let why = format!("{}: there is no {MANIFEST} in it, so it is no export: move it away", folder.display());
            ExportError::Refused(why)
        })
    }

    /// The names of the exports, in their order.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub(super) fn exports(&self) -> Result<Vec<String>, ExportError> {
        let mut found: Vec<_> = self.names()?.into_iter().filter_map(|name| Some((parse_name(&name)?, name))).collect();
        found.sort_unstable();
        Ok(found.into_iter().map(|(_, name)| name).collect())
    }

    /// The names of the exports that were begun and have not come to their names, in their order.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub(super) fn unfinished(&self) -> Result<Vec<String>, ExportError> {
        let begun = |entry: &String| {
            let name = entry.strip_prefix('.')?.strip_suffix(".part")?;
            Some((parse_name(name)?, name.to_owned()))
        };
        let mut found: Vec<_> = self.names()?.iter().filter_map(begun).collect();
        found.sort_unstable();
        Ok(found.into_iter().map(|(_, name)| name).collect())
    }

    fn names(&self) -> Result<BTreeSet<String>, ExportError> {
        let mut names = BTreeSet::new();
        for entry in at(&self.path, std::fs::read_dir(&self.path))? {
            names.extend(at(&self.path, entry)?.file_name().into_string());
            if names.len() > ENTRIES_MAX {
                let why = format!("{}: more than {ENTRIES_MAX} entries: move old exports away", self.path.display());
                return Err(ExportError::Refused(why));
            }
        }
        Ok(names)
    }

    /// The plan of an export that was begun. Without a plan, nothing was written of it.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn plan(&self, name: &str) -> Result<Option<Plan>, ExportError> {
        read(&self.part(name).join(PLAN))
    }

    /// Begins an export.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub(super) fn begin(&self, plan: &Plan) -> Result<(), ExportError> {
        let part = self.part(&plan.name);
        self.disk.remove(&part)?;
        self.disk.make_folder(&part)?;
        self.disk.replace(&part, PLAN, &json(plan))?;
        Ok(self.disk.sync_folder(&self.path)?)
    }

    /// How far an export is, or `None` if none of its rows are sure to be on the disk.
    pub(super) fn progress(&self, name: &str) -> Option<Progress> {
        read(&self.part(name).join(PROGRESS)).ok().flatten()
    }

    /// Notes how far an export is.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub(super) fn note(&self, name: &str, progress: &Progress) -> Result<(), ExportError> {
        Ok(self.disk.replace(&self.part(name), PROGRESS, &json(progress))?)
    }

    /// Completes an export: it only has to come to its name then.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub(super) fn complete(&self, manifest: &Manifest) -> Result<(), ExportError> {
        Ok(self.disk.replace(&self.part(&manifest.plan.name), MANIFEST, &json(manifest))?)
    }

    /// The manifest of an export that is complete and has not come to its name.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn completed(&self, name: &str) -> Result<Option<Manifest>, ExportError> {
        read(&self.part(name).join(MANIFEST))
    }

    /// Gives a complete export its name, in place of an older one.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub(super) fn publish(&self, manifest: &Manifest) -> Result<(), ExportError> {
        let name = &manifest.plan.name;
        let part = self.part(name);
        for entry in at(&part, std::fs::read_dir(&part))? {
            let entry = at(&part, entry)?;
            let file = entry.file_name();
            if file != MANIFEST && !manifest.tables.iter().any(|table| file == table.file.as_str()) {
                self.disk.remove(&entry.path())?;
            }
        }
        if self.of(name).exists() {
            self.disk.remove(&self.old(name))?;
            self.disk.rename(&self.of(name), &self.old(name))?;
        }
        self.disk.rename(&part, &self.of(name))?;
        self.disk.sync_folder(&self.path)?;
        Ok(self.disk.remove(&self.old(name))?)
    }

    /// Removes the replaced exports that a crash left.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub(super) fn tidy(&self) -> Result<(), ExportError> {
        for name in self.names()? {
            let replaced = name.strip_prefix('.').and_then(|name| name.strip_suffix(".old"));
            if let Some(replaced) = replaced.filter(|replaced| self.of(replaced).exists()) {
                self.disk.remove(&self.old(replaced))?;
            }
        }
        Ok(())
    }

    /// Removes the tables of an export that was begun, and keeps its plan. The disk may be that of the journal, which needs the room more.
    pub(super) fn drop_tables(&self, name: &str) {
        let part = self.part(name);
        let entries = std::fs::read_dir(&part).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_name() != PLAN) {
            // The disk is full already: what cannot be removed now is removed when the export begins again.
            let _ = self.disk.remove(&entry.path());
        }
    }
}

/// What is in a JSON file, or `None` if there is no file.
fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, ExportError> {
    let text = match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => at(path, read)?,
    };
    let read = serde_json::from_slice(&text);
    read.map(Some).map_err(|error| ExportError::Refused(format!("{}: {error}", path.display())))
}

/// Plain data as JSON. Its types have no content that JSON cannot hold.
fn json(value: &impl serde::Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).unwrap_or_default();
    text.push(b'\n');
    text
}
