//! [`Finding`]s, each with a mistake in a file, its place and advice; and a [`Report`] of all findings of a run.
//!
//! A finding knows its file's text, so it can show the line with carets under it. It has three forms: one line for a log
//! (`bank-a.toml:12:7: error: …`), an annotated excerpt for a person, JSON for a program. Nothing here prints.

mod code;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde_json::json;

pub use self::code::Code;

/// A file that was read. Findings point into it.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The name to show, as the user wrote it.
    pub name: String,
    /// All of its text.
    pub text: String,
}

/// Whether a file with the finding can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, but a person should look at it.
    Warning,
    /// The file can be used and nothing is wrong. The finding is for information.
    Note,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSpan {
    /// The file and its text.
    pub source: Arc<Source>,
    /// The byte range in the text.
    pub span: Range<usize>,
}

/// One mistake, or a remark, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file and its text.
    pub source: Arc<Source>,
    /// The byte range in the text.
    pub span: Range<usize>,
    /// The line of the first byte, from 1.
    pub line: usize,
    /// The column of the first byte in characters, from 1.
    pub column: usize,
    /// Whether the file can be used.
    pub severity: Severity,
    /// The kind of the finding, for programs.
    pub code: Code,
    /// What is wrong. One line, lower case.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The other places of the same mistake, or the place that it contradicts.
    pub also: Vec<SourceSpan>,
    /// How `fep check --fix` mends it. `None` if a person has to decide.
    pub fix: Option<Fix>,
}

/// A change of the text that mends a finding. There is one only where one answer can be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fix {
    /// Writes this in place of the finding's bytes.
    Write(String),
    /// Takes out the key with its value that the finding's bytes are in.
    TakeOut,
    /// Takes out the entry of a list or the key with its value that the finding's bytes are in, if an equal one stands before it.
    TakeOutCopy,
    /// Moves the table `[parts.NAME]` above the table that the finding's bytes are in.
    MoveUp(String),
}

/// All findings of one run, in the order of the files and the places in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The findings.
    pub findings: Vec<Finding>,
}

impl Source {
    /// A file's name and text.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// The line and the column (in characters) of a byte of the text, both from 1.
    #[must_use]
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
        let column = 1 + before.get(line_start..).map_or(0, |line| line.chars().count());
        (line, column)
    }
}

/// What was done: `wrote label`.
impl fmt::Display for Fix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(text) => write!(f, "wrote {text}"),
            Self::TakeOut => f.write_str("took it out"),
            Self::TakeOutCopy => f.write_str("took the second one out"),
            Self::MoveUp(part) => write!(f, "moved [parts.{part}] up"),
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

impl Finding {
    /// A finding at these bytes of the text.
    #[must_use]
    pub fn new(
        source: &Arc<Source>,
        severity: Severity,
        code: Code,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        let (line, column) = source.position(span.start);
        Self {
            source: Arc::clone(source),
            span,
            line,
            column,
            severity,
            code,
            message: message.into(),
            hint: None,
            also: Vec::new(),
            fix: None,
        }
    }

    /// Adds advice to the finding.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the change that mends the finding.
    #[must_use]
    pub fn with_fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// The name of the file.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.source.name
    }

    fn excerpt(&self, renderer: &Renderer) -> String {
        let (level, help) = match self.severity {
            Severity::Error => (Level::ERROR, Level::HELP),
            Severity::Warning => (Level::WARNING, Level::HELP),
            Severity::Note => (Level::NOTE, Level::HELP),
        };
        let (here, elsewhere): (Vec<&SourceSpan>, Vec<&SourceSpan>) =
            self.also.iter().take(PLACES_SHOWN_MAX).partition(|place| place.source == self.source);
        let also = here.into_iter().map(|place| AnnotationKind::Context.span(in_text(&place.source, &place.span)));
        let snippet = Snippet::source(&self.source.text)
            .path(&self.source.name)
            .annotation(AnnotationKind::Primary.span(in_text(&self.source, &self.span)))
            .annotations(also);
        let elsewhere = elsewhere.into_iter().map(|place| {
            let span = in_text(&place.source, &place.span);
            Snippet::source(&place.source.text).path(&place.source.name).annotation(AnnotationKind::Context.span(span))
        });
        let group = level.primary_title(&self.message).id(self.code.word()).element(snippet).elements(elsewhere);
        let group = match &self.hint {
            Some(hint) => group.element(help.message(hint.as_str())),
            None => group,
        };
        renderer.render(&[group])
    }
}

/// The number of further places that an excerpt shows.
const PLACES_SHOWN_MAX: usize = 30;

/// The span, cut to the text and to whole characters, so that an excerpt never fails.
fn in_text(source: &Source, span: &Range<usize>) -> Range<usize> {
    let text = &source.text;
    let whole = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = whole(span.start);
    start..whole(span.end).max(start)
}

/// One line: ``bank-a.toml:12:7: error: unknown key `lenght` (did you mean `len`?)``.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}: {}", self.file(), self.line, self.column, self.severity, self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

impl Report {
    /// Whether nothing is wrong: no errors and no warnings. There may be notes.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Note)
    }

    /// Whether there is nothing to report, warnings and notes included.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// Whether a finding forbids the use of the file.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// The excerpts of all findings for a person, carets and advice included.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let excerpts: Vec<String> = self.findings.iter().map(|finding| finding.excerpt(&renderer) + "\n").collect();
        excerpts.join("\n")
    }

    /// The findings as a JSON array.
    #[must_use]
    pub fn to_json(&self) -> String {
        let findings: Vec<_> = self
            .findings
            .iter()
            .map(|finding| {
                json!({
                    "file": finding.file(),
                    "line": finding.line,
                    "column": finding.column,
                    "span": [finding.span.start, finding.span.end],
                    "severity": finding.severity.to_string(),
                    "code": finding.code.word(),
                    "message": finding.message,
                    "hint": finding.hint,
                    "also": finding.also.iter().map(SourceSpan::to_json).collect::<Vec<_>>(),
                })
            })
            .collect();
        serde_json::Value::from(findings).to_string()
    }

    /// Adds the findings of another report that this one does not have. A shared file has the same mistake in each spec that includes it.
    pub fn append_new(&mut self, other: Self) {
        let is_same = |one: &Finding, other: &Finding| {
            (one.file(), &one.span, one.code, &one.message) == (other.file(), &other.span, other.code, &other.message)
        };
        for finding in other.findings {
            if !self.findings.iter().any(|known| is_same(known, &finding)) {
                self.findings.push(finding);
            }
        }
    }

    /// Adds another report's findings.
    pub fn append(&mut self, other: Self) {
        self.findings.extend(other.findings);
    }
}

impl SourceSpan {
    fn to_json(&self) -> serde_json::Value {
        let (line, column) = self.source.position(self.span.start);
        json!({ "file": self.source.name, "line": line, "column": column, "span": [self.span.start, self.span.end] })
    }
}

/// One line for each finding.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, finding) in self.findings.iter().enumerate() {
            let newline = if number == 0 { "" } else { "\n" };
            write!(f, "{newline}{finding}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Report {}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let source = Arc::new(Source::new("a.toml", "label = \"당행이체\"\n이체 = 300\n"));
        let span = source.text.find("300").map(|at| at..at + 3).unwrap();
        Report {
            findings: vec![
                Finding::new(&source, Severity::Error, Code::TooMuch, span, "too long").with_hint("write 200"),
            ],
        }
    }

    #[test]
    fn columns_count_characters_not_bytes() {
        assert_eq!(report().to_string(), "a.toml:2:6: error: too long (write 200)");
    }

    #[test]
    fn carets_stand_under_korean_text() {
        let expected = "error[too-much]: too long\n --> a.toml:2:6\n  |\n2 | 이체 = 300\n  |        ^^^\n  |\n  = help: write 200\n";
        assert_eq!(report().render(false), expected);
    }

    #[test]
    fn a_span_past_the_end_is_cut() {
        let source = Arc::new(Source::new("a.toml", "가"));
        let findings = vec![Finding::new(&source, Severity::Warning, Code::Unused, 1..99, "odd")];
        assert!(Report { findings }.render(false).contains("warning[unused]: odd"));
    }
}
