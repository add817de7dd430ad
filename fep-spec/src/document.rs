//! A TOML document with the place of every value. All mistakes are reported at once, each at its own place.
//!
//! The caller reads the keys of a [`Table`] one by one. For a value of the wrong type, a number out of range or a missing key,
//! the getter notes a [`Finding`] and returns `None`. The caller goes on, so the user sees everything in one run. At the end
//! [`Table::finish`] refuses the keys that the caller did not read, and suggests the key that was probably meant.
//!
//! A document can have several files: [`Document::add`]. Then one range of bytes counts through all of them, in the order in which they were added, and a
//! [`Finding`] has the file and the range in it.
//!
//! This module knows TOML and nothing about specs. The gateway reads its configuration with it too.
//!
//! ```
//! use fep_spec::document::Document;
//! use fep_spec::report::Source;
//!
//! let source = Source::new("gateway.toml", "port = 70000\nhots = \"localhost\"\n");
//! let document = Document::new(source);
//! document.walk(|root| {
//!     assert_eq!(root.integer("port", 1..=65_535_u16), None);
//!     assert_eq!(root.string("host"), None);
//!     root.finish();
//! });
//! let lines = document.into_report().to_string();
//! assert_eq!(
//!     lines,
//!     "gateway.toml:1:8: error: `port` is 70000, it must be 1 to 65535\n\
//!      gateway.toml:2:1: error: unknown key `hots` (did you mean `host`?)"
//! );
//! ```

mod syntax;
mod table;

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

pub use fep_core::likeness::{nearest, slipped};
use toml::de::DeTable;

pub use self::table::{Table, Value};
use crate::report::{Code, Finding, Fix, Report, Severity, Source, SourceSpan};

/// A file that is being read, or several that are read as one, with the findings so far.
#[derive(Debug)]
pub struct Document {
    /// The first file, at byte 0.
    source: Arc<Source>,
    /// The others, each with its first byte in the document.
    added: Vec<(usize, Arc<Source>)>,
    findings: RefCell<Vec<Finding>>,
    misnamed: RefCell<Vec<(Misnamed, Vec<Renamed>)>>,
}

/// A value and its byte range in the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// The byte range in the document.
    pub span: Range<usize>,
}

/// A kind of names that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misnamed {
    /// What one of them names: `an item`.
    pub what: &'static str,
    /// What several of them name.
    pub plural: &'static str,
    /// What such a name looks like.
    pub rule: &'static str,
}

/// A name that cannot be used, and a better one.
#[derive(Debug)]
struct Renamed {
    at: Range<usize>,
    name: String,
    better: String,
}

impl<T> Located<T> {
    /// Converts the value and keeps the place.
    #[must_use]
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Located<U> {
        Located { value: f(self.value), span: self.span }
    }
}

impl Document {
    /// A document without findings yet.
    #[must_use]
    pub fn new(source: Source) -> Self {
        Self { source: Arc::new(source), added: Vec::new(), findings: RefCell::default(), misnamed: RefCell::default() }
    }

    /// Adds a file behind the others. Returns its number; the first file has the number 0.
    pub fn add(&mut self, source: Source) -> usize {
        let (base, last) = self.file(self.added.len());
        // The byte between two files is in neither, so that the end of a file is not the start of the next one.
        let base = base + last.text.len() + 1;
        self.added.push((base, Arc::new(source)));
        self.added.len()
    }

    /// The number of the file with these bytes.
    #[must_use]
    pub fn file_of(&self, span: &Range<usize>) -> usize {
        self.added.partition_point(|(base, _)| *base <= span.start)
    }

    /// The place of these bytes in their file.
    #[must_use]
    pub fn place(&self, span: &Range<usize>) -> SourceSpan {
        let (base, source) = self.file(self.file_of(span));
        let span = span.start.saturating_sub(base)..span.end.saturating_sub(base);
        SourceSpan { source: Arc::clone(source), span }
    }

    /// The first byte of a file in the document.
    pub(crate) fn start_of(&self, file: usize) -> usize {
        self.file(file).0
    }

    /// The name and text of a file.
    pub(crate) fn source_of(&self, file: usize) -> &Arc<Source> {
        self.file(file).1
    }

    /// The first byte of a file in the document, and the file.
    fn file(&self, number: usize) -> (usize, &Arc<Source>) {
        let added = number.checked_sub(1).and_then(|number| self.added.get(number));
        added.map_or((0, &self.source), |(base, source)| (*base, source))
    }

    /// Calls `read` with the root table of the first file. If the text is not valid TOML, notes the errors and returns `None`.
    pub fn walk<T>(&self, read: impl FnOnce(Table<'_>) -> T) -> Option<T> {
        let (root, errors) = DeTable::parse_recoverable(&self.source.text);
        if errors.is_empty() {
            return Some(read(Table::root(self, root.get_ref(), 0)));
        }
        syntax::note(self, 0, &errors);
        None
    }

    /// Calls `read` with the root tables of these files, in this order. Reads on behind mistakes of syntax that leave no doubt about the
    /// rest: a number with a leading zero, and a key that stands twice. If a file has others, returns `None`.
    pub fn walk_on<T>(&self, files: &[usize], read: impl FnOnce(Vec<Table<'_>>) -> T) -> Option<T> {
        let mut roots = Vec::new();
        let mut is_local = true;
        for number in files {
            let (base, source) = self.file(*number);
            let (root, errors) = DeTable::parse_recoverable(&source.text);
            syntax::note(self, *number, &errors);
            is_local &= errors.iter().all(syntax::is_local);
            roots.push((base, root));
        }
        let roots = roots.iter().map(|(base, root)| Table::root(self, root.get_ref(), *base));
        is_local.then(|| read(roots.collect()))
    }

    /// Calls `read` with the root table of one file, as [`Document::walk_on`] does, and notes no mistake of syntax.
    pub(crate) fn look_into<T>(&self, file: usize, read: impl FnOnce(Table<'_>) -> T) -> Option<T> {
        let (base, source) = self.file(file);
        let (root, errors) = DeTable::parse_recoverable(&source.text);
        errors.iter().all(syntax::is_local).then(|| read(Table::root(self, root.get_ref(), base)))
    }

    /// Notes an error.
    pub fn error(&self, code: Code, span: Range<usize>, message: impl Into<String>) {
        self.note(Severity::Error, code, span, message.into(), None);
    }

    /// Notes an error with advice.
    pub fn error_hint(&self, code: Code, span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        self.note(Severity::Error, code, span, message.into(), Some(hint.into()));
    }

    /// Notes an error with advice, and with the change of the text that mends it.
    pub fn error_fix(
        &self,
        code: Code,
        span: Range<usize>,
        message: impl Into<String>,
        hint: impl Into<String>,
        fix: Fix,
    ) {
        self.keep(self.finding(Severity::Error, code, &span, message).with_hint(hint).with_fix(fix));
    }

    /// Notes an error with advice, and the other places that belong to it.
    pub fn error_also(
        &self,
        code: Code,
        span: Range<usize>,
        message: impl Into<String>,
        hint: impl Into<String>,
        also: &[Range<usize>],
    ) {
        let also = also.iter().map(|span| self.place(span)).collect();
        let finding = self.finding(Severity::Error, code, &span, message).with_hint(hint);
        self.keep(Finding { also, ..finding });
    }

    /// Notes a warning with advice.
    pub fn warning(&self, code: Code, span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        self.note(Severity::Warning, code, span, message.into(), Some(hint.into()));
    }

    /// Notes a fact that is not a mistake, with its consequence.
    pub fn remark(&self, code: Code, span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        self.note(Severity::Note, code, span, message.into(), Some(hint.into()));
    }

    /// Notes a name that cannot be used, with a better one. All names of one kind in one file become one finding with all places and all
    /// better names.
    pub fn misnamed(&self, kind: Misnamed, name: &Located<&str>, better: &str) {
        let mut kinds = self.misnamed.borrow_mut();
        let one = Renamed { at: name.span.clone(), name: name.value.to_owned(), better: better.to_owned() };
        let file = self.file_of(&name.span);
        let is_here = |names: &[Renamed]| names.first().is_some_and(|first| self.file_of(&first.at) == file);
        match kinds.iter_mut().find(|(known, names)| known.plural == kind.plural && is_here(names)) {
            Some((_, names)) if names.len() < FINDINGS_MAX => names.push(one),
            Some(_) => {}
            None => kinds.push((kind, vec![one])),
        }
    }

    /// The name and text of the first file.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Whether a finding of this kind was noted within this place.
    #[must_use]
    pub fn has_within(&self, code: Code, at: &Range<usize>) -> bool {
        let at = self.place(at);
        let within = |finding: &Finding| {
            Arc::ptr_eq(&at.source, &finding.source)
                && at.span.start <= finding.span.start
                && finding.span.end <= at.span.end
        };
        self.findings.borrow().iter().any(|finding| finding.code == code && within(finding))
    }

    /// Whether an error was noted.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        !self.misnamed.borrow().is_empty()
            || self.findings.borrow().iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Takes back the finding that this key is missing in the table at this place, because it is there, misspelt. In a `row`, which
    /// contains no other table, the finding may be at a part of the table.
    fn retract_missing(&self, key: &str, table: &Range<usize>, row: bool) {
        let named = format!("`{key}`");
        let exact = format!("{named} is missing");
        let SourceSpan { source, span: table } = self.place(table);
        self.findings.borrow_mut().retain(|finding| {
            let within = row && table.start <= finding.span.start && finding.span.end <= table.end;
            let here = finding.span == table && finding.message == exact || within && finding.message.contains(&named);
            !matches!(finding.code, Code::MissingKey | Code::NoMax) || !here || !Arc::ptr_eq(&finding.source, &source)
        });
    }

    /// Shows this place of the first file beside the findings in other files that are wanted.
    pub(crate) fn show_beside(&self, at: &Range<usize>, is_wanted: impl Fn(&Finding) -> bool) {
        let place = self.place(at);
        let mut findings = self.findings.borrow_mut();
        for finding in findings.iter_mut().filter(|finding| !Arc::ptr_eq(&finding.source, &self.source)) {
            if is_wanted(finding) && !finding.also.contains(&place) {
                finding.also.push(place.clone());
            }
        }
    }

    /// All findings, in the order of the files and the places in them.
    #[must_use]
    pub fn into_report(self) -> Report {
        for (kind, names) in self.misnamed.take() {
            self.note_misnamed(kind, &names);
        }
        let file = |source: &Arc<Source>| self.added.iter().position(|(_, added)| Arc::ptr_eq(added, source));
        let mut findings = self.findings.take();
        findings.sort_by_key(|finding| (file(&finding.source), finding.span.start));
        Report { findings }
    }

    /// Notes the names of one kind that cannot be used.
    fn note_misnamed(&self, kind: Misnamed, names: &[Renamed]) {
        let Some(Renamed { at: first, name, better }) = names.first() else { return };
        let Misnamed { what, plural, rule } = kind;
        if names.len() == 1 {
            let hint = format!("write `{better}`; {rule}");
            return self.error_hint(Code::BadName, first.clone(), format!("`{name}` is no name for {what}"), hint);
        }
        let message = format!("{} names are no names for {plural}", names.len());
        let renamed = names.iter().map(|Renamed { at, name, better }| {
            let place = self.place(at);
            let (line, _) = place.source.position(place.span.start);
            format!("line {line} `{name}` → `{better}`")
        });
        let hint = format!("{rule}; write {}", renamed.collect::<Vec<_>>().join(", "));
        self.error_hint(Code::BadName, first.clone(), message, hint);
        let also = names.iter().skip(1).map(|one| self.place(&one.at));
        if let Some(finding) = self.findings.borrow_mut().last_mut() {
            finding.also = also.collect();
        }
    }

    fn note(&self, severity: Severity, code: Code, span: Range<usize>, message: String, hint: Option<String>) {
        let finding = self.finding(severity, code, &span, message);
        self.keep(Finding { hint, ..finding });
    }

    fn finding(&self, severity: Severity, code: Code, span: &Range<usize>, message: impl Into<String>) -> Finding {
        let SourceSpan { source, span } = self.place(span);
        Finding::new(&source, severity, code, span, message)
    }

    /// Notes a finding, unless there are too many already.
    fn keep(&self, finding: Finding) {
        let mut findings = self.findings.borrow_mut();
        // A value that is read twice, or that is no TOML in the first place, is one mistake.
        let is_known = |known: &Finding| {
            let same = known.span == finding.span && known.code == finding.code && known.message == finding.message;
            let covers = known.code == Code::Syntax && known.span.contains(&finding.span.start);
            (same || covers) && Arc::ptr_eq(&known.source, &finding.source)
        };
        if finding.code != Code::Syntax && findings.iter().any(is_known) {
            return;
        }
        if findings.len() < FINDINGS_MAX {
            findings.push(finding);
        } else if findings.len() == FINDINGS_MAX {
            let end = self.source.text.len()..self.source.text.len();
            findings.push(Finding::new(
                &self.source,
                Severity::Error,
                Code::TooManyFindings,
                end,
                "too many findings, the rest is left out",
            ));
        }
    }
}

/// Advice for a word that is not on a list: the nearest word, or the whole list.
#[must_use]
pub fn instead(word: &str, words: &[&str]) -> String {
    // What could not be read has no name.
    let words: Vec<&str> = words.iter().copied().filter(|word| word.chars().any(char::is_alphanumeric)).collect();
    match nearest(word, words.iter().copied()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None if words.is_empty() => "there are none".to_owned(),
        None => format!("there are: {}", words.join(", ")),
    }
}

/// The maximum number of findings of one document. A person corrects the first ones and runs again.
const FINDINGS_MAX: usize = 500;
