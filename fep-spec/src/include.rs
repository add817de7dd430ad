//! `include = ["common.toml"]`: the shared files of a spec, found and read.
//!
//! A shared file begins with `shared = "…"` and holds types, lists of codes and parts. A spec, or another shared file, includes it by its path, which
//! begins at the folder of the file that names it. Each file is read once, also if several files include it. Here the files are found and become
//! parts of one [`Document`]; [`crate::lower`] reads what is in them.
//!
//! Where files come from is a [`FileAccess`]: the disk, a commit, or texts in memory.
//!
//! ```
//! use fep_spec::Spec;
//! use fep_spec::include::InMemory;
//!
//! let common = "shared = \"letters\"\n[types]\nN = { kind = \"number\" }\n";
//! let files = InMemory::new([("common.toml", common)]);
//! let spec = "spec = \"a\"\ntitle = \"A\"\nversion = \"1\"\nsource = \"test\"\ncharset = \"ascii\"\ninclude = [\"common.toml\"]\n\
//!             [telegrams.Fee]\nitems = [{ name = \"amount\", type = \"N\", len = 9 }]\n";
//! let checked = Spec::check_with("a.toml", spec, &files);
//! assert!(checked.report.is_empty(), "{}", checked.report);
//! ```

mod paths;
mod access;

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

pub use self::access::{Disk, FileAccess, InMemory, NoFiles};
pub use self::paths::clean;
use self::paths::{is_toml, refusal};
use crate::canonical::quoted;
use crate::document::{Document, Located, Table};
use crate::report::{Code, Fix, Source};

/// The maximum number of files that include each other in a row.
pub const INCLUDE_DEPTH_MAX: usize = 8;

/// The maximum number of shared files of one spec.
pub const INCLUDED_FILES_MAX: usize = 64;

/// The maximum number of bytes of all shared files of one spec: 4 MiB.
pub const INCLUDED_BYTES_MAX: usize = 4 << 20;

/// The key that makes a file a shared file.
pub(crate) const SHARED: &str = "shared";

/// The files of a spec, as files of one document. The number 0 is the spec itself.
#[derive(Debug)]
pub(crate) struct Included {
    /// The numbers of the files that can be read, each behind the files that it includes.
    pub(crate) order: Vec<usize>,
    /// The paths of the shared files that could be found.
    pub(crate) paths: Vec<PathBuf>,
    /// Which file includes which.
    pub(crate) graph: IncludeGraph,
    /// The title of the document's first file, if that is a shared file.
    pub(crate) shared: Option<String>,
}

/// Which file of a document includes which.
#[derive(Clone, Debug)]
pub(crate) struct IncludeGraph {
    /// For each file the files that it includes directly.
    edges: Vec<Vec<usize>>,
    /// Whether all files could be read. Otherwise a name that is not known may be in one that is missing.
    pub(crate) complete: bool,
}

impl Included {
    /// Finds and reads the files that the document includes, directly or through others. Notes what cannot be included.
    pub(crate) fn read(document: &mut Document, path: &Path, access: &dyn FileAccess) -> Self {
        let graph = IncludeGraph { edges: vec![Vec::new()], complete: true };
        let none = Self { order: Vec::new(), paths: Vec::new(), graph, shared: None };
        let mut reader = Reader { document, access, known: Vec::new(), stack: Vec::new(), bytes: 0, included: none };
        let identity = access.identity(path).ok();
        reader.known.push((identity, 0));
        let name = reader.document.source().name.clone();
        reader.file(path, name, 0, 0..0);
        reader.included
    }
}

impl IncludeGraph {
    /// Whether names of the one file are known in the other: it is the same file, or includes it, directly or through others.
    pub(crate) fn knows(&self, file: usize, name_in: usize) -> bool {
        let mut seen = BTreeSet::from([file]);
        let mut next = vec![file];
        while let Some(file) = next.pop() {
            if file == name_in {
                return true;
            }
            let edges = self.edges.get(file).map(Vec::as_slice).unwrap_or_default();
            next.extend(edges.iter().copied().filter(|edge| seen.insert(*edge)));
        }
        false
    }
}

/// A file whose includes are being read.
struct Step {
    file: usize,
    name: String,
    /// The folder at which its paths begin.
    folder: PathBuf,
    /// The entry of `include` that led here.
    entry: Range<usize>,
}

struct Reader<'r> {
    document: &'r mut Document,
    access: &'r dyn FileAccess,
    /// The files that were read, each with what identifies it.
    known: Vec<(Option<PathBuf>, usize)>,
    /// The files that include the current one, and that one.
    stack: Vec<Step>,
    /// The bytes of all shared files so far.
    bytes: usize,
    included: Included,
}

impl Reader<'_> {
    /// Reads the files that a file includes, and puts it behind them.
    fn file(&mut self, path: &Path, name: String, number: usize, entry: Range<usize>) {
        let folder = path.parent().unwrap_or(Path::new(""));
        self.stack.push(Step { file: number, name, folder: folder.to_owned(), entry });
        let facts = self.document.look_into(number, |root| (entries(&root), shared_title(&root)));
        let (entries, shared) = facts.unwrap_or_default();
        if number == 0 {
            self.included.shared = shared;
        }
        for entry in entries {
            match self.entry(folder, &entry) {
                Some(file) => self.included.graph.edges.get_mut(number).into_iter().for_each(|edges| edges.push(file)),
                None => self.included.graph.complete = false,
            }
        }
        self.stack.pop();
        self.included.order.push(number);
    }

    /// Returns the number of the file that an entry names, or notes why it cannot be included.
    fn entry(&mut self, folder: &Path, entry: &Located<String>) -> Option<usize> {
        let span = entry.span.clone();
        if let Some((message, hint)) = refusal(&entry.value) {
            self.document.error_hint(Code::BadInclude, span, message, hint);
            return None;
        }
        let path = self.path(folder, &entry.value);
        let identity = match self.access.identity(&path) {
            Ok(identity) => identity,
            Err(error) => return self.unreadable(&path, &error, span),
        };
        if !is_toml(&identity) {
            let message = format!("`{}` is a link to a file that does not end with `.toml`", self.access.name(&path));
            self.document.error_hint(
                Code::BadInclude,
                span,
                message,
                "link to a shared file, or include the file itself",
            );
            return None;
        }
        if let Some((_, file)) = self.known.iter().find(|(known, _)| known.as_ref() == Some(&identity)) {
            let file = *file;
            return self.known_file(file, &self.access.name(&path), span);
        }
        let text = self.text(&path, &span)?;
        let name = self.access.name(&path);
        let file = self.document.add(Source::new(name.as_str(), text));
        self.known.push((Some(identity), file));
        self.included.paths.push(path.clone());
        self.included.graph.edges.push(Vec::new());
        if !self.is_shared(file, &name, &span) {
            return None;
        }
        self.file(&path, name, file, span);
        Some(file)
    }

    /// The path of an entry. It is written without `..` where that is the same file.
    fn path(&self, folder: &Path, entry: &str) -> PathBuf {
        let plain = folder.join(entry);
        let clean = clean(&plain);
        // Behind a symbolic link, `..` is not the folder that the path names before it.
        match (self.access.identity(&plain), self.access.identity(&clean)) {
            (Ok(one), Ok(other)) if one == other => clean,
            (Err(_), Err(_)) => clean,
            (_, _) => plain,
        }
    }

    /// A file that was read before: a cycle if it is above the current one, a repetition if the current one includes it twice.
    fn known_file(&self, file: usize, name: &str, span: Range<usize>) -> Option<usize> {
        if let Some(first) = self.stack.iter().position(|step| step.file == file) {
            self.cycle(self.stack.get(first..).unwrap_or_default(), span);
            return None;
        }
        let current = self.stack.last().map_or(0, |step| step.file);
        if self.included.graph.edges.get(current).is_some_and(|edges| edges.contains(&file)) {
            let message = format!("`{name}` is included twice by this file");
            self.document.error_fix(Code::Duplicate, span, message, "leave one out", Fix::TakeOutCopy);
        }
        Some(file)
    }

    /// Notes files that include each other. The last one names the first one at this place. Whichever of them is read first, the finding is the same: it
    /// begins with the file whose name comes first.
    fn cycle(&self, steps: &[Step], closing: Range<usize>) {
        // The name of each file, with the entry in the file before it.
        let mut files: Vec<(&str, Range<usize>)> =
            steps.iter().map(|step| (step.name.as_str(), step.entry.clone())).collect();
        if let Some((_, entry)) = files.first_mut() {
            *entry = closing;
        }
        let least = files.iter().enumerate().min_by_key(|(_, (name, _))| *name).map_or(0, |(index, _)| index);
        files.rotate_left(least);
        let Some((first, entry)) = files.first().cloned() else { return };
        let chain: Vec<&str> = files.iter().map(|(name, _)| *name).chain([first]).collect();
        let also: Vec<_> = files.iter().skip(1).map(|(_, entry)| entry.clone()).collect();
        let message = format!("`{first}` includes itself: {}", chain.join(" → "));
        let hint = match files.len() {
            1 => "take the include out",
            _ => "take one of these includes out; what several of the files need goes into one that they all include",
        };
        self.document.error_also(Code::IncludeCycle, entry, message, hint, &also);
    }

    /// The text of a file that was not read before.
    fn text(&mut self, path: &Path, span: &Range<usize>) -> Option<String> {
        let name = self.access.name(path);
        let too_much = |message: String, hint: &str| {
            self.document.error_hint(Code::TooMuch, span.clone(), message, hint);
        };
        if self.stack.len() > INCLUDE_DEPTH_MAX {
            let message = format!("`{name}` is more than {INCLUDE_DEPTH_MAX} includes deep");
            too_much(message, "include it directly where it is needed");
            return None;
        }
        if self.included.paths.len() >= INCLUDED_FILES_MAX {
            let message =
                format!("`{name}` is one more than the {INCLUDED_FILES_MAX} shared files that a spec may have");
            too_much(message, "put some of them into one file");
            return None;
        }
        let left = INCLUDED_BYTES_MAX.saturating_sub(self.bytes);
        let bytes = match self.access.read(path, left + 1) {
            Ok(bytes) => bytes,
            Err(error) => return self.unreadable(path, &error, span.clone()),
        };
        if bytes.len() > left {
            let message = format!("with `{name}`, the shared files have more than {INCLUDED_BYTES_MAX} bytes");
            too_much(message, "is it the right file? leave out shared files that the spec does not need");
            return None;
        }
        self.bytes += bytes.len();
        match String::from_utf8(bytes) {
            Ok(text) => Some(text),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let file = self.document.add(Source::new(name, text));
                self.included.graph.edges.push(Vec::new());
                let start = self.document.start_of(file) + at;
                let message = "the included file is not UTF-8 from here on";
                let hint = "save it as UTF-8; it may be CP949 (ANSI, 완성형) now";
                self.document.error_also(Code::NotUtf8, start..start + 1, message, hint, std::slice::from_ref(span));
                None
            }
        }
    }

    fn unreadable<T>(&self, path: &Path, error: &std::io::Error, span: Range<usize>) -> Option<T> {
        let name = self.access.name(path);
        let (message, hint) = match error.kind() {
            std::io::ErrorKind::NotFound => {
                let folder =
                    self.stack.last().map(|step| step.folder.as_path()).filter(|folder| *folder != Path::new(""));
                let folder =
                    folder.map_or("the working folder".to_owned(), |folder| format!("`{}`", self.access.name(folder)));
                (format!("there is no file `{name}`"), format!("paths in this file begin at {folder}"))
            }
            std::io::ErrorKind::Unsupported => (
                format!("`{name}` cannot be included: {error}"),
                "read the spec by the name of its file, or say with `Spec::check_with` where files are".to_owned(),
            ),
            _ => (
                format!("`{name}` cannot be included: {error}"),
                "an include names a shared file that can be read".to_owned(),
            ),
        };
        self.document.error_hint(Code::BadInclude, span, message, hint);
        None
    }

    /// Whether a file says that it is a shared one. Notes it if it does not. A file that cannot be parsed may be one.
    fn is_shared(&self, file: usize, name: &str, span: &Range<usize>) -> bool {
        let facts = self.document.look_into(file, |root| (root.has(SHARED), root.key_span("spec")));
        let Some((false, spec)) = facts else { return true };
        let (message, hint) = match spec {
            Some(_) => (
                format!("`{name}` is a spec, and only shared files can be included"),
                "put what both need into a file that begins with `shared = \"what it holds\"`, and include that one",
            ),
            None => (
                format!("`{name}` does not say that it is a shared file"),
                "write `shared = \"what it holds\"` at its top",
            ),
        };
        let also: Vec<_> = spec.into_iter().collect();
        self.document.error_also(Code::BadInclude, span.clone(), message, hint, &also);
        false
    }
}

/// The title of a shared file. `None` if the file is a spec, or neither.
pub(crate) fn shared_title(root: &Table<'_>) -> Option<String> {
    let is_shared = root.has(SHARED) && !root.has("spec");
    is_shared.then(|| root.text(SHARED).unwrap_or_default().to_owned())
}

/// The entries of `include`.
fn entries(root: &Table<'_>) -> Vec<Located<String>> {
    let Some(value) = root.get("include") else { return Vec::new() };
    if let Some(name) = root.text("include") {
        let written = format!("[{}]", quoted(name));
        let hint = format!("write a list of files: {written}");
        let message = "`include` must be an array, found a string";
        root.document().error_fix(Code::WrongType, value.span(), message, hint, Fix::Write(written));
        return vec![Located { value: name.to_owned(), span: value.span() }];
    }
    let entries = value.array().unwrap_or_default();
    entries.into_iter().filter_map(|entry| entry.string()).map(|name| name.map(str::to_owned)).collect()
}
