//! For build scripts: specs become Rust while a crate is built, so that no generated file is kept.
//!
//! ```no_run
//! // build.rs
//! fn main() -> Result<(), fep_spec::build::BuildError> {
//!     fep_spec::build::Build::new().specs("specs").write("telegrams.rs")?;
//!     Ok(())
//! }
//! ```
//!
//! ```text
//! // src/lib.rs
//! /// The telegrams of all institutions.
//! pub mod telegrams {
//!     include!(concat!(env!("OUT_DIR"), "/telegrams.rs"));
//! }
//! ```
//!
//! Each spec is a module: `telegrams::bank_a::Transfer`. `Cargo.toml` has `fep-spec` among its build dependencies, with
//! `default-features = false`: a build script does not need the command. A check whose function is not part of the library is looked up in
//! the module that has the `include!`. The folder `tests/build-script` of the repository is such a crate.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::generate::{GenerateOptions, UnprintableError, modules};
use crate::load::{LoadError, SpecFile, SpecNames, specs_of};
use crate::model::Spec;
use crate::report::Report;

/// What a build script makes, and of what.
#[derive(Clone, Debug, Default)]
pub struct Build {
    paths: Vec<PathBuf>,
    options: GenerateOptions,
}

/// The reason why no code was made.
#[derive(Debug)]
pub enum BuildError {
    /// A spec cannot be read, or has errors.
    Spec(LoadError),
    /// A spec does not become Rust.
    Unprintable(UnprintableError),
    /// Cargo did not say where to write: this is no build script.
    NoOutDir,
    /// The file cannot be written.
    Unwritable {
        /// The path of the file.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
}

impl Build {
    /// No specs yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a spec file, or all specs of a folder and its subfolders. The path begins at the folder of `Cargo.toml`.
    #[must_use]
    pub fn specs(mut self, path: impl Into<PathBuf>) -> Self {
        self.paths.push(path.into());
        self
    }

    /// Telegrams have `Serialize` and `Deserialize`. The crate needs the feature `serde` of `fep-codec`.
    #[must_use]
    pub const fn serde(mut self) -> Self {
        self.options.serde = true;
        self
    }

    /// The code of all specs.
    ///
    /// # Errors
    /// If a spec cannot be read or has errors, or two specs have the same name.
    pub fn code(&self) -> Result<String, BuildError> {
        let mut specs: Vec<(Spec, String)> = Vec::new();
        let mut report = Report::default();
        let mut names = SpecNames::default();
        for path in self.files()? {
            let parsed = SpecFile::open(&path).and_then(|file| {
                report.findings.extend(names.take(&path, &file.text));
                file.parse().map_err(LoadError::Findings)
            });
            match parsed {
                Ok(spec) => {
                    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                    specs.push((spec, name.unwrap_or_default()));
                }
                Err(LoadError::Findings(findings)) => report.append_new(findings),
                Err(other) => return Err(BuildError::Spec(other)),
            }
        }
        if !report.is_empty() {
            return Err(BuildError::Spec(LoadError::Findings(report)));
        }
        let specs: Vec<(&Spec, &str)> = specs.iter().map(|(spec, name)| (spec, name.as_str())).collect();
        modules(&specs, self.options).map_err(BuildError::Unprintable)
    }

    /// The files that the specs include, in the order of their names. A spec that cannot be read has none.
    ///
    /// # Errors
    /// If a folder cannot be read.
    pub fn included(&self) -> Result<Vec<PathBuf>, BuildError> {
        let files = self.files()?.into_iter().filter_map(|path| SpecFile::open(&path).ok());
        let included: BTreeSet<PathBuf> = files.flat_map(|file| file.check().included).collect();
        Ok(included.into_iter().collect())
    }

    /// Writes the code to a file of this name in Cargo's `OUT_DIR`, and tells Cargo to run the build script again when a spec or a file that it
    /// includes changes.
    /// Returns the path of the file.
    ///
    /// # Errors
    /// As [`Build::code`], or if the file cannot be written.
    pub fn write(&self, file_name: &str) -> Result<PathBuf, BuildError> {
        for path in &self.paths {
            tell_cargo(&format!("rerun-if-changed={}", path.display()));
        }
        for path in self.included()? {
            tell_cargo(&format!("rerun-if-changed={}", path.display()));
        }
        let code = self.code()?;
        let folder = std::env::var_os("OUT_DIR").ok_or(BuildError::NoOutDir)?;
        let path = Path::new(&folder).join(file_name);
        match std::fs::write(&path, code) {
            Ok(()) => Ok(path),
            Err(error) => Err(BuildError::Unwritable { path, error }),
        }
    }

    fn files(&self) -> Result<Vec<PathBuf>, BuildError> {
        let mut files = Vec::new();
        for path in &self.paths {
            files.extend(specs_of(path).map_err(BuildError::Spec)?);
        }
        Ok(files)
    }
}

/// Cargo reads what a build script prints.
#[expect(clippy::print_stdout, reason = "stdout of a build script is read by Cargo")]
fn tell_cargo(line: &str) {
    println!("cargo::{line}");
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spec(LoadError::Findings(report)) => write!(f, "a spec has errors\n{}", report.render(false)),
            Self::Spec(error) => error.fmt(f),
            Self::Unprintable(error) => error.fmt(f),
            Self::NoOutDir => f.write_str("OUT_DIR is not set: Cargo sets it for build scripts"),
            Self::Unwritable { path, error } => write!(f, "cannot write {}: {error}", path.display()),
        }
    }
}

impl std::error::Error for BuildError {}
