//! Files and folders → [`Spec`] and [`SpecSet`]: read with the files that they include, lower, lint.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::string::FromUtf8Error;
use std::sync::Arc;

use fep_codec::Charset;
use fep_codec::layout::CheckFn;

use crate::document::Document;
use crate::include::{Disk, FileAccess, Included, NoFiles, SHARED, shared_title};
use crate::lint::lint;
use crate::lower::lower;
use crate::model::{Spec, SpecSet};
use crate::report::{Code, Finding, Report, Severity, Source};

/// The result of checking one text.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The spec, or `None` if there are errors, or if the text is a shared file.
    pub spec: Option<Spec>,
    /// Errors, warnings and notes, also of the files that the text includes.
    pub report: Report,
    /// The files that the text includes, directly or through others.
    pub included: Vec<PathBuf>,
    /// The text of all files, each behind those that it includes. The last one is the text itself.
    pub sources: Vec<Arc<Source>>,
    /// The title of a shared file, which is for specs and is none itself.
    pub shared: Option<String>,
}

/// The text of a file that is a spec, or a file that specs include.
#[derive(Clone, Debug)]
pub struct SpecFile {
    /// The path of the file. The paths of files that it includes begin at its folder.
    pub path: PathBuf,
    /// The name that findings use for the file.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// The reason why a spec cannot be loaded.
#[derive(Debug)]
pub enum LoadError {
    /// The file or folder cannot be read.
    Unreadable {
        /// The path of the file or folder.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// The folder holds no `.toml` file.
    Nothing {
        /// The path of the folder.
        path: PathBuf,
    },
    /// The folder holds no spec, but only files that specs include.
    OnlyShared {
        /// The path of the folder.
        path: PathBuf,
    },
    /// The file is no spec, but something of which a spec can be made.
    NotSpec {
        /// The path of the file.
        path: PathBuf,
        /// What it is, and what to do.
        advice: &'static str,
    },
    /// The text has errors.
    Findings(Report),
}

impl Spec {
    /// Reads a spec and reports all findings, warnings and notes included. A text that includes files has a finding: see
    /// [`Spec::check_with`].
    #[must_use]
    pub fn check(file_name: &str, text: &str) -> Checked {
        Self::check_with(file_name, text, &NoFiles)
    }

    /// Reads a spec, with the files that it includes, and reports all findings. The paths of these files begin at the folder of `file_name`.
    #[must_use]
    pub fn check_with(file_name: &str, text: &str, files: &dyn FileAccess) -> Checked {
        check(file_name, Path::new(file_name), text, files)
    }

    /// Reads a spec; warnings and notes are dropped.
    ///
    /// # Errors
    /// All findings, if one of them is an error.
    pub fn parse(file_name: &str, text: &str) -> Result<Self, Report> {
        Self::parse_with(file_name, text, &NoFiles)
    }

    /// Reads a spec with the files that it includes; warnings and notes are dropped.
    ///
    /// # Errors
    /// All findings, if one of them is an error, or if the text is a shared file.
    pub fn parse_with(file_name: &str, text: &str, files: &dyn FileAccess) -> Result<Self, Report> {
        Self::check_with(file_name, text, files).into_spec()
    }

    /// Reads a spec file with the files that it includes.
    ///
    /// # Errors
    /// If it cannot be read or has errors, or if it is a shared file.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        SpecFile::open(path)?.parse().map_err(LoadError::Findings)
    }
}

impl Checked {
    /// The spec; warnings and notes are dropped.
    ///
    /// # Errors
    /// All findings, if one of them is an error, or if the text is a shared file.
    pub fn into_spec(self) -> Result<Spec, Report> {
        let Self { spec, mut report, shared, sources, .. } = self;
        if let Some(source) = sources.last().filter(|_| shared.is_some() && !report.has_errors()) {
            report.findings.push(not_a_spec(source));
        }
        spec.ok_or(report)
    }
}

impl SpecFile {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, or is not UTF-8.
    pub fn open(path: &Path) -> Result<Self, LoadError> {
        let (name, text) = read(path)?;
        Ok(Self { path: path.to_owned(), name, text })
    }

    /// Reads the spec, with the files that it includes from disk, and reports all findings. A shared file is checked as a part of a spec.
    #[must_use]
    pub fn check(&self) -> Checked {
        self.check_with(&Disk::default())
    }

    /// [`SpecFile::check`] with files from elsewhere.
    #[must_use]
    pub fn check_with(&self, files: &dyn FileAccess) -> Checked {
        check(&self.name, &self.path, &self.text, files)
    }

    /// Reads the spec with the files that it includes from disk; warnings and notes are dropped.
    ///
    /// # Errors
    /// All findings, if one of them is an error, or if it is a shared file.
    pub fn parse(&self) -> Result<Spec, Report> {
        self.parse_with(&Disk::default())
    }

    /// [`SpecFile::parse`] with files from elsewhere.
    ///
    /// # Errors
    /// As [`SpecFile::parse`].
    pub fn parse_with(&self, files: &dyn FileAccess) -> Result<Spec, Report> {
        self.check_with(files).into_spec()
    }

    /// A note that no spec includes the shared file.
    #[must_use]
    pub fn not_included(&self) -> Finding {
        let document = Document::new(Source::new(self.name.as_str(), self.text.as_str()));
        let at = document.look_into(0, |root| root.key_span(SHARED)).flatten().unwrap_or_default();
        let message = "none of the checked specs includes this shared file";
        let finding = Finding::new(document.source(), Severity::Note, Code::Unused, at, message);
        finding.with_hint("remove it if no other spec does")
    }

    /// Whether it is a shared file: it is for specs that include it, and is none itself.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        let document = Document::new(Source::new("", self.text.as_str()));
        document.look_into(0, |root| shared_title(&root).is_some()).unwrap_or_default()
    }
}

/// Reads a text with the files that it includes. A shared file has the charset of the spec that includes it. Alone, it is checked with the charset that it
/// has the fewest findings with.
fn check(name: &str, path: &Path, text: &str, files: &dyn FileAccess) -> Checked {
    let first = check_in(Charset::Cp949, name, path, text, files);
    if first.shared.is_none() || first.report.is_empty() {
        return first;
    }
    let others = Charset::ALL.iter().map(|charset| check_in(*charset, name, path, text, files));
    others.fold(
        first,
        |best, other| {
            if other.report.findings.len() < best.report.findings.len() { other } else { best }
        },
    )
}

fn check_in(alone: Charset, name: &str, path: &Path, text: &str, files: &dyn FileAccess) -> Checked {
    let mut document = Document::new(Source::new(name, text));
    let included = Included::read(&mut document, path, files);
    let sources: Vec<_> = included.order.iter().map(|file| Arc::clone(document.source_of(*file))).collect();
    let hash = hash(sources.iter().map(|source| source.text.as_str()));
    let spec = document.walk_on(&included.order, |mut roots| {
        let root = roots.pop()?;
        let charset_at = root.key_span("charset");
        let lowered = lower(root, roots, included.graph.clone(), alone, hash);
        lint(&document, &lowered);
        if let Some(at) = charset_at {
            // A shared file does not say in which charset it is wrong.
            let label = lowered.spec.charset.label();
            document.show_beside(&at, |finding| finding.message.contains(label));
        }
        Some(lowered.spec)
    });
    let shared = included.shared;
    let report = document.into_report();
    let spec = spec.flatten().filter(|_| !report.has_errors() && shared.is_none());
    Checked { spec, report, included: included.paths, sources, shared }
}

/// A finding where a spec is needed and the text is a shared file.
fn not_a_spec(source: &Arc<Source>) -> Finding {
    let document = Document::new(Source::new(source.name.as_str(), source.text.as_str()));
    let at = document.look_into(0, |root| root.key_span(SHARED)).flatten().unwrap_or_default();
    let message = "this is a shared file, and no spec";
    let finding = Finding::new(source, Severity::Error, Code::MissingKey, at, message);
    finding.with_hint(
        "name a spec that includes it; a spec has the keys `spec`, `title`, `version`, `source` and `charset`",
    )
}

impl Spec {
    /// Sets the function of all checks with this name. Returns the number of telegrams with such a check. As long as a check has
    /// no function, the value of its field must be given and is not verified. Functions of the library are set already.
    pub fn supply(&mut self, name: &str, run: CheckFn) -> usize {
        self.parts.iter_mut().for_each(|part| {
            part.layout.supply(name, run);
        });
        self.telegrams
            .iter_mut()
            .filter_map(|telegram| Some(telegram.layout.supply(name, run)).filter(|count| *count > 0))
            .count()
    }
}

/// The names of the specs that were read so far. Two specs of one name would become one file of generated code, and messages could not
/// tell them apart.
#[derive(Debug, Default)]
pub struct SpecNames {
    /// Each name with its file.
    taken: Vec<(String, PathBuf)>,
}

impl SpecNames {
    /// Takes the name of the spec in this file. Returns a finding if another file has a spec of the same name.
    #[must_use]
    pub fn take(&mut self, file: &Path, text: &str) -> Option<Finding> {
        let document = Document::new(Source::new(file.display().to_string(), text));
        let place = document.walk(|root| root.string("spec").map(|name| (name.value.to_owned(), name.span)));
        let (name, span) = place??;
        let other = self.taken.iter().find(|(taken, _)| *taken == name).map(|(_, other)| other.clone());
        self.taken.push((name.clone(), file.to_owned()));
        // A file may be named twice.
        let same =
            |other: &Path| matches!((other.canonicalize(), file.canonicalize()), (Ok(one), Ok(two)) if one == two);
        let other = other.filter(|other| !same(other))?;
        let message = format!("the spec in {} is called `{name}` too", other.display());
        let finding = Finding::new(document.source(), Severity::Error, Code::NameTaken, span, message);
        Some(finding.with_hint("rename one: generated code and messages tell specs apart by their names"))
    }
}

impl SpecSet {
    /// Sets the function of all checks with this name. Returns the number of telegrams with such a check.
    pub fn supply(&mut self, name: &str, run: CheckFn) -> usize {
        self.specs.iter_mut().map(|spec| spec.supply(name, run)).sum()
    }

    /// Reads a spec file, or all specs of a folder and its subfolders.
    ///
    /// # Errors
    /// If a file or folder cannot be read, the folder holds no spec, a spec has errors, or two specs have the same name.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let mut set = Self::default();
        let mut report = Report::default();
        let mut names = SpecNames::default();
        for path in specs_of(path)? {
            let parsed = SpecFile::open(&path).and_then(|file| {
                report.findings.extend(names.take(&path, &file.text));
                file.parse().map_err(LoadError::Findings)
            });
            match parsed {
                Ok(spec) => set.specs.push(spec),
                Err(LoadError::Findings(findings)) => report.append_new(findings),
                Err(other) => return Err(other),
            }
        }
        if report.is_empty() { Ok(set) } else { Err(LoadError::Findings(report)) }
    }
}

/// The file itself, or all `.toml` files of a folder and its subfolders, in the order of their names. Folders called
/// `scenarios` are left out, because they do not hold specs.
///
/// # Errors
/// If a folder cannot be read, or it holds no `.toml` file.
pub fn spec_files(path: &Path) -> Result<Vec<PathBuf>, LoadError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    collect(path, 0, &mut files)?;
    files.sort();
    if files.is_empty() { Err(LoadError::Nothing { path: path.to_owned() }) } else { Ok(files) }
}

/// The file itself, or all specs of a folder and its subfolders: the files of [`spec_files`] without those that specs include.
///
/// # Errors
/// As [`spec_files`], or if all files of the folder are shared files.
pub fn specs_of(path: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let mut files = spec_files(path)?;
    if path.is_dir() {
        // A file that cannot be read is an error for the caller, who needs it.
        files.retain(|file| !SpecFile::open(file).is_ok_and(|file| file.is_shared()));
    }
    if files.is_empty() { Err(LoadError::OnlyShared { path: path.to_owned() }) } else { Ok(files) }
}

/// Reads a spec file. Returns the name that findings use for the file, and its text.
///
/// # Errors
/// If the file cannot be read, or is not UTF-8.
pub fn read(path: &Path) -> Result<(String, String), LoadError> {
    let bytes = std::fs::read(path).map_err(|error| LoadError::Unreadable { path: path.to_owned(), error })?;
    if let Some(advice) = other_form(path, &bytes) {
        return Err(LoadError::NotSpec { path: path.to_owned(), advice });
    }
    let name = path.display().to_string();
    match String::from_utf8(bytes) {
        Ok(text) => Ok((name, text)),
        Err(error) => Err(LoadError::Findings(no_utf8(name, &error))),
    }
}

/// What a file is that is no spec, by its first bytes or its ending.
fn other_form(path: &Path, bytes: &[u8]) -> Option<&'static str> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    let is = |endings: &[&str]| endings.contains(&ending.as_str());
    match () {
        () if is(&["hwp", "hwpx", "doc", "docx"]) || bytes.starts_with(b"%PDF") => Some(
            "is a document, not a spec: copy its tables into a workbook (xlsx), then `fep import FILE.xlsx -o SPEC.toml`",
        ),
        () if is(&["xlsx", "xls", "ods", "csv", "tsv"])
            || bytes.starts_with(b"PK\x03\x04")
            || bytes.starts_with(b"\xD0\xCF\x11\xE0") =>
        {
            Some("is a design sheet, not a spec: `fep import FILE -o SPEC.toml` makes one of it")
        }
        () if is(&["cpy", "cbl", "cob", "copy"]) => {
            Some("is a COBOL copybook, not a spec: `fep import FILE --charset CHARSET -o SPEC.toml` makes one of it")
        }
        () => None,
    }
}

/// A finding at the first byte that is not UTF-8. Usually the file was saved as CP949 by a Korean editor.
fn no_utf8(name: String, error: &FromUtf8Error) -> Report {
    let at = error.utf8_error().valid_up_to();
    let source = Arc::new(Source::new(name, String::from_utf8_lossy(error.as_bytes())));
    let finding =
        Finding::new(&source, Severity::Error, Code::NotUtf8, at..at + 1, "the file is not UTF-8 from here on");
    Report { findings: vec![finding.with_hint("save it as UTF-8; it may be CP949 (ANSI, 완성형) now")] }
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), LoadError> {
    let unreadable = |error| LoadError::Unreadable { path: folder.to_owned(), error };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            if depth < FOLDER_DEPTH_MAX && !path.ends_with(SCENARIOS) {
                collect(&path, depth + 1, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    Ok(())
}

/// The folder beside a spec with the scenarios of the gateway's simulator. They are TOML files too, but not specs.
const SCENARIOS: &str = "scenarios";

/// The maximum depth of nested folders. It ends the walk if a link points to a folder above.
const FOLDER_DEPTH_MAX: usize = 8;

/// FNV-1a with 64 bits over the lines of all files, so that a checkout with other line ends has the same hash. Between two files there is a
/// byte that no text has: a line that moves from one to the other changes the hash.
fn hash<'t>(texts: impl Iterator<Item = &'t str>) -> u64 {
    const BETWEEN: u8 = 0xFF;
    let bytes = texts.enumerate().flat_map(|(number, text)| {
        let between = (number > 0).then_some(BETWEEN);
        between.into_iter().chain(text.lines().flat_map(|line| line.bytes().chain([b'\n'])))
    });
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, error } => write!(f, "cannot read {}: {error}", path.display()),
            Self::Nothing { path } => write!(f, "there is no .toml file in {}", path.display()),
            Self::OnlyShared { path } => {
                write!(
                    f,
                    "there is no spec in {}, only shared files: name a folder with the specs that include them",
                    path.display()
                )
            }
            Self::NotSpec { path, advice } => write!(f, "{} {advice}", path.display()),
            Self::Findings(report) => write!(f, "{report}"),
        }
    }
}

impl std::error::Error for LoadError {}
