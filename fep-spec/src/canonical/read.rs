//! TOML text → tree. The text is valid: [`crate::document`] reads it first.

use std::borrow::Cow;

use toml_parser::Source;
use toml_parser::decoder::Encoding;
use toml_parser::parser::{Event, EventKind, RecursionGuard, parse_document};

use super::tree::{Body, Line, Node, Pair, Statement};
use super::word::{key, width};

/// The lines of a file.
pub(super) fn read(text: &str) -> Vec<Line<Statement>> {
    let source = Source::new(text);
    let tokens = source.lex().into_vec();
    let mut events: Vec<Event> = Vec::new();
    parse_document(&tokens, &mut RecursionGuard::new(&mut events, DEPTH_MAX), &mut ());
    events.retain(|event| event.kind() != EventKind::Whitespace);
    let mut reader = Reader { source, events: events.into_iter() };
    reader.file()
}

/// The maximum depth of nested arrays and tables. It is that of the crate `toml`, which refuses deeper texts.
const DEPTH_MAX: u32 = 80;

struct Reader<'t> {
    source: Source<'t>,
    events: std::vec::IntoIter<Event>,
}

impl<'t> Reader<'t> {
    fn file(&mut self) -> Vec<Line<Statement>> {
        let mut lines = Lines::begun(1);
        while let Some(event) = self.events.next() {
            match event.kind() {
                EventKind::StdTableOpen => {
                    let name = self.key_until(EventKind::StdTableClose, None, &mut lines);
                    lines.entry(Statement::Header(format!("[{name}]")));
                }
                EventKind::ArrayTableOpen => {
                    let name = self.key_until(EventKind::ArrayTableClose, None, &mut lines);
                    lines.entry(Statement::Header(format!("[[{name}]]")));
                }
                EventKind::SimpleKey => {
                    let pair = self.pair(&event, &mut lines);
                    lines.entry(Statement::Pair(pair));
                }
                _ => self.between(&event, &mut lines),
            }
        }
        lines.lines
    }

    /// A key with its value, from its first event on. In an inline table, both can be on lines of their own. Comments between them come to
    /// stand above the pair.
    fn pair<T>(&mut self, first: &Event, lines: &mut Lines<T>) -> Pair {
        let key = self.key_until(EventKind::KeyValSep, Some(first), lines);
        while let Some(event) = self.events.next() {
            match event.kind() {
                EventKind::Newline => {}
                EventKind::Comment => lines.comment_above(self.comment(&event)),
                _ => return Pair { key, value: self.node(&event) },
            }
        }
        Pair { key, value: Node::Plain(String::new()) }
    }

    /// The parts of a key up to the event behind it.
    fn key_until<T>(&mut self, end: EventKind, first: Option<&Event>, lines: &mut Lines<T>) -> String {
        let mut parts: Vec<String> = first.map(|event| self.key(event)).into_iter().collect();
        while let Some(event) = self.events.next().filter(|event| event.kind() != end) {
            match event.kind() {
                EventKind::SimpleKey => parts.push(self.key(&event)),
                EventKind::Comment => lines.comment_above(self.comment(&event)),
                _ => {}
            }
        }
        parts.join(".")
    }

    fn key(&self, event: &Event) -> String {
        let mut name = Cow::Borrowed("");
        if let Some(raw) = self.source.get(event) {
            raw.decode_key(&mut name, &mut ());
        }
        key(&name)
    }

    fn node(&mut self, event: &Event) -> Node {
        match event.kind() {
            EventKind::ArrayOpen => {
                let mut lines = Lines::begun(0);
                while let Some(event) = self.events.next().filter(|event| event.kind() != EventKind::ArrayClose) {
                    match event.kind() {
                        EventKind::Scalar | EventKind::ArrayOpen | EventKind::InlineTableOpen => {
                            let node = self.node(&event);
                            lines.entry(node);
                        }
                        _ => self.between(&event, &mut lines),
                    }
                }
                Node::List(lines.into_body())
            }
            EventKind::InlineTableOpen => {
                let mut lines = Lines::begun(0);
                while let Some(event) = self.events.next().filter(|event| event.kind() != EventKind::InlineTableClose) {
                    match event.kind() {
                        EventKind::SimpleKey => {
                            let pair = self.pair(&event, &mut lines);
                            lines.entry(pair);
                        }
                        _ => self.between(&event, &mut lines),
                    }
                }
                Node::Table(lines.into_body())
            }
            _ => Node::Plain(self.scalar(event)),
        }
    }

    /// A scalar as it is written, except for quotes that say nothing.
    fn scalar(&self, event: &Event) -> String {
        let written = self.written(event);
        let content = written.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        match content {
            Some(content)
                if event.encoding() == Some(Encoding::LiteralString)
                    && !content.contains(|one: char| matches!(one, '"' | '\\') || one.is_control()) =>
            {
                format!("\"{content}\"")
            }
            _ => written.to_owned(),
        }
    }

    /// Line ends, comments and commas.
    fn between<T>(&self, event: &Event, lines: &mut Lines<T>) {
        match event.kind() {
            EventKind::Newline => lines.newlines += 1,
            EventKind::ValueSep => lines.newlines = 0,
            EventKind::Comment => {
                let before = self.source.input().get(..event.span().start()).unwrap_or_default();
                let column = width(before.rsplit('\n').next().unwrap_or_default());
                lines.comment(self.comment(event), column);
            }
            _ => {}
        }
    }

    fn comment(&self, event: &Event) -> String {
        self.written(event).trim_end().to_owned()
    }

    fn written(&self, event: &Event) -> &'t str {
        self.source.get(event).map_or("", |raw| raw.as_str())
    }
}

/// The lines of a body that is being read.
struct Lines<T> {
    open: Vec<String>,
    lines: Vec<Line<T>>,
    /// The number of line ends since the last entry, comma or comment.
    newlines: usize,
    /// The column of the last comment, if it stands behind something.
    behind: Option<usize>,
}

impl<T> Lines<T> {
    fn begun(newlines: usize) -> Self {
        Self { open: Vec::new(), lines: Vec::new(), newlines, behind: None }
    }

    fn entry(&mut self, entry: T) {
        self.gap();
        self.lines.push(Line::Entry(entry, Vec::new()));
        self.behind = None;
    }

    /// A comment stands behind something if it is on the same line, or if it continues such a comment in the same column.
    fn comment(&mut self, text: String, column: usize) {
        let is_behind = self.newlines == 0 || self.newlines == 1 && self.behind == Some(column);
        let place = match self.lines.last_mut() {
            Some(Line::Entry(_, behind)) => Some(behind),
            Some(_) => None,
            None => Some(&mut self.open),
        };
        if let Some(place) = place.filter(|_| is_behind) {
            place.push(text);
            self.newlines = 0;
            self.behind = Some(column);
            return;
        }
        self.gap();
        self.lines.push(Line::Comment(text));
        self.behind = None;
    }

    /// A comment above the entry that is being read.
    fn comment_above(&mut self, text: String) {
        self.gap();
        self.lines.push(Line::Comment(text));
        self.behind = None;
    }

    /// Keeps one of the blank lines before something, unless nothing stands above them.
    fn gap(&mut self) {
        if self.newlines > 1 && !self.lines.is_empty() {
            self.lines.push(Line::Blank);
        }
        self.newlines = 0;
    }

    fn into_body(self) -> Body<T> {
        Body { open: self.open, lines: self.lines }
    }
}
