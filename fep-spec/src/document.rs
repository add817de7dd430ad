//! A TOML document with the place of every value. All mistakes are reported at once, each at its own place.
//!
//! The caller reads the keys of a [`Table`] one by one. For a value of the wrong type, a number out of range or a missing key,
//! the getter notes a [`Finding`] and returns `None`. The caller goes on, so the user sees everything in one run. At the end
//! [`Table::finish`] refuses the keys that the caller did not read, and suggests the key that was probably meant.
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

/// A file that is being read, with the findings so far.
#[derive(Debug)]
pub struct Document {
    source: Arc<Source>,
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
        Self { source: Arc::new(source), findings: RefCell::default(), misnamed: RefCell::default() }
    }

    /// Calls `read` with the root table. If the text is not valid TOML, notes the errors and returns `None`.
    pub fn walk<T>(&self, read: impl FnOnce(Table<'_>) -> T) -> Option<T> {
        let (root, errors) = DeTable::parse_recoverable(&self.source.text);
        if errors.is_empty() {
            return Some(read(Table::root(self, root.get_ref())));
        }
        syntax::note(self, &errors);
        None
    }

    /// Like [`Document::walk`], and reads on behind mistakes that leave no doubt about the rest: a number with a leading zero, and a key
    /// that stands twice.
    pub fn walk_on<T>(&self, read: impl FnOnce(Table<'_>) -> T) -> Option<T> {
        let (root, errors) = DeTable::parse_recoverable(&self.source.text);
        syntax::note(self, &errors);
        errors.iter().all(syntax::is_local).then(|| read(Table::root(self, root.get_ref())))
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
        self.keep(Finding::new(&self.source, Severity::Error, code, span, message).with_hint(hint).with_fix(fix));
    }

    /// Notes a warning with advice.
    pub fn warning(&self, code: Code, span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        self.note(Severity::Warning, code, span, message.into(), Some(hint.into()));
    }

    /// Notes a fact that is not a mistake, with its consequence.
    pub fn remark(&self, code: Code, span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        self.note(Severity::Note, code, span, message.into(), Some(hint.into()));
    }

    /// Notes a name that cannot be used, with a better one. All names of one kind become one finding with all places and all better
    /// names.
    pub fn misnamed(&self, kind: Misnamed, name: &Located<&str>, better: &str) {
        let mut kinds = self.misnamed.borrow_mut();
        let one = Renamed { at: name.span.clone(), name: name.value.to_owned(), better: better.to_owned() };
        match kinds.iter_mut().find(|(known, _)| known.plural == kind.plural) {
            Some((_, names)) if names.len() < FINDINGS_MAX => names.push(one),
            Some(_) => {}
            None => kinds.push((kind, vec![one])),
        }
    }

    /// The file's name and text.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Whether a finding of this kind was noted within this place.
    #[must_use]
    pub fn has_within(&self, code: Code, at: &Range<usize>) -> bool {
        let within = |finding: &Finding| at.start <= finding.span.start && finding.span.end <= at.end;
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
        self.findings.borrow_mut().retain(|finding| {
            let within = row && table.start <= finding.span.start && finding.span.end <= table.end;
            let here = finding.span == *table && finding.message == exact || within && finding.message.contains(&named);
            !matches!(finding.code, Code::MissingKey | Code::NoMax) || !here
        });
    }

    /// All findings, in the order of the document.
    #[must_use]
    pub fn into_report(self) -> Report {
        for (kind, names) in self.misnamed.take() {
            self.note_misnamed(kind, &names);
        }
        let mut findings = self.findings.into_inner();
        findings.sort_by_key(|finding| finding.span.start);
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
            let (line, _) = self.source.position(at.start);
            format!("line {line} `{name}` → `{better}`")
        });
        let hint = format!("{rule}; write {}", renamed.collect::<Vec<_>>().join(", "));
        self.error_hint(Code::BadName, first.clone(), message, hint);
        let also =
            names.iter().skip(1).map(|one| SourceSpan { source: Arc::clone(&self.source), span: one.at.clone() });
        if let Some(finding) = self.findings.borrow_mut().last_mut() {
            finding.also = also.collect();
        }
    }

    fn note(&self, severity: Severity, code: Code, span: Range<usize>, message: String, hint: Option<String>) {
        let finding = Finding::new(&self.source, severity, code, span, message);
        self.keep(Finding { hint, ..finding });
    }

    /// Notes a finding, unless there are too many already.
    fn keep(&self, finding: Finding) {
        let mut findings = self.findings.borrow_mut();
        // A value that is read twice, or that is no TOML in the first place, is one mistake.
        let is_known = |known: &Finding| {
            let same = known.span == finding.span && known.code == finding.code && known.message == finding.message;
            same || known.code == Code::Syntax && known.span.contains(&finding.span.start)
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
