//! Where the tables, entries and keys of a text are, with their bytes.

use std::borrow::Cow;
use std::ops::Range;

use toml_parser::Source;
use toml_parser::parser::{Event, EventKind, RecursionGuard, parse_document};

/// The places of a text.
pub(super) struct Places {
    /// The tables, in the order of the text.
    tables: Vec<Header>,
    /// The entries of lists, and the keys with their values.
    pieces: Vec<Piece>,
    end: usize,
}

/// A table header.
struct Header {
    path: Vec<String>,
    /// The first byte of the comments directly above it.
    start: usize,
}

/// An entry of a list, or a key with its value.
struct Piece {
    /// The list or table that it stands in.
    within: usize,
    /// Whether it stands on lines of its own, below a table header.
    is_statement: bool,
    key: Option<String>,
    value: Range<usize>,
    whole: Range<usize>,
}

impl Places {
    /// The places of a text. It may have keys that stand twice.
    pub(super) fn of(text: &str) -> Self {
        let source = Source::new(text);
        let tokens = source.lex().into_vec();
        let mut events: Vec<Event> = Vec::new();
        parse_document(&tokens, &mut RecursionGuard::new(&mut events, 80), &mut ());
        let comments: Vec<usize> = events
            .iter()
            .filter(|event| event.kind() == EventKind::Comment)
            .map(|event| event.span().start())
            .collect();
        events.retain(|event| event.kind() != EventKind::Whitespace);
        let places = Self { tables: Vec::new(), pieces: Vec::new(), end: text.len() };
        let mut reader = Reader { source, events: events.into_iter(), containers: 0, places };
        reader.file(text, &comments);
        reader.places
    }

    /// The key with its value that these bytes are in.
    pub(super) fn pair(&self, span: &Range<usize>) -> Option<Range<usize>> {
        self.piece(span, true).map(|(_, piece)| piece.whole.clone())
    }

    /// The table of this name with the tables below it and the comments above it.
    pub(super) fn table(&self, kind: &str, name: &str) -> Option<Range<usize>> {
        let belongs =
            |header: &Header| matches!(header.path.as_slice(), [first, second, ..] if first == kind && second == name);
        let first = self.tables.iter().position(belongs)?;
        let count = self.tables.iter().skip(first).take_while(|header| belongs(header)).count();
        // A table in pieces cannot be moved as one.
        if self.tables.iter().filter(|header| belongs(header)).count() != count {
            return None;
        }
        let start = self.tables.get(first)?.start;
        Some(start..self.tables.get(first + count).map_or(self.end, |next| next.start))
    }

    /// The table that has this byte: its kind and its name.
    pub(super) fn table_of(&self, at: usize) -> Option<(&str, &str)> {
        let header = self.tables.iter().rfind(|header| header.start <= at)?;
        if let [kind, name, ..] = header.path.as_slice() { Some((kind, name)) } else { None }
    }

    /// Whether a part uses another one, directly or through others. A part uses itself in this sense.
    pub(super) fn uses(&self, text: &str, part: &str, other: &str) -> bool {
        let mut known = vec![part.to_owned()];
        let mut next = 0;
        while let Some(name) = known.get(next).cloned() {
            next += 1;
            let table = self.table("parts", &name).unwrap_or_default();
            let uses = self.pieces.iter().filter(|piece| piece.key.as_deref() == Some("part"));
            for used in uses.filter(|piece| holds(&table, &piece.whole)).filter_map(|piece| value(text, piece)) {
                let Some(used) = used.as_str().map(str::to_owned).filter(|used| !known.contains(used)) else {
                    continue;
                };
                known.push(used);
            }
        }
        known.iter().any(|name| name == other)
    }

    /// The bytes to take out with the key and its value that these bytes are in.
    pub(super) fn pair_to_take_out(&self, text: &str, span: &Range<usize>) -> Option<Range<usize>> {
        let (index, _) = self.piece(span, true)?;
        self.to_take_out(text, index)
    }

    /// The same for an entry of a list or a key, if an equal one stands before it.
    pub(super) fn copy_to_take_out(&self, text: &str, span: &Range<usize>) -> Option<Range<usize>> {
        let mut around: Vec<_> =
            self.pieces.iter().enumerate().filter(|(_, piece)| holds(&piece.whole, span)).collect();
        around.sort_by_key(|(_, piece)| piece.whole.len());
        around.into_iter().find_map(|(index, piece)| {
            let value = value(text, piece)?;
            let same = |other: &&Piece| {
                other.within == piece.within
                    && other.key == piece.key
                    && self::value(text, other).as_ref() == Some(&value)
            };
            self.pieces.iter().take(index).find(same)?;
            self.to_take_out(text, index)
        })
    }

    /// The smallest piece with these bytes.
    fn piece(&self, span: &Range<usize>, has_key: bool) -> Option<(usize, &Piece)> {
        let pieces = self.pieces.iter().enumerate();
        let around = pieces.filter(|(_, piece)| piece.key.is_some() == has_key && holds(&piece.whole, span));
        around.min_by_key(|(_, piece)| piece.whole.len())
    }

    /// The bytes of a piece with its comma, or with its line. `None` if a comment belongs to it.
    fn to_take_out(&self, text: &str, index: usize) -> Option<Range<usize>> {
        let piece = self.pieces.get(index)?;
        let only = |bytes: Range<usize>| {
            text.get(bytes).filter(|between| between.chars().all(|one| one == ',' || one.is_whitespace()))
        };
        let is_sibling = |other: &&Piece| other.within == piece.within;
        let before = self.pieces.iter().filter(is_sibling).rfind(|other| other.whole.end <= piece.whole.start);
        let behind = self.pieces.iter().filter(is_sibling).find(|other| other.whole.start >= piece.whole.end);
        if !piece.is_statement {
            let above = before.filter(|before| only(before.whole.end..piece.whole.start).is_some());
            if let Some(above) = above {
                return Some(above.whole.end..piece.whole.end);
            }
            let below = behind.filter(|behind| only(piece.whole.end..behind.whole.start).is_some());
            if let Some(below) = below.filter(|_| before.is_none()) {
                return Some(piece.whole.start..below.whole.start);
            }
        }
        let start = text.get(..piece.whole.start)?.rfind('\n').map_or(0, |end| end + 1);
        let end = text.get(piece.whole.end..)?.find('\n').map_or(text.len(), |end| piece.whole.end + end + 1);
        only(start..piece.whole.start)?;
        only(piece.whole.end..end)?;
        Some(start..end)
    }
}

fn holds(whole: &Range<usize>, span: &Range<usize>) -> bool {
    whole.start <= span.start && span.end <= whole.end
}

/// The value of a piece, whatever its layout.
fn value(text: &str, piece: &Piece) -> Option<toml::Value> {
    let table: toml::Table = format!("value = {}", text.get(piece.value.clone())?).parse().ok()?;
    table.get("value").cloned()
}

struct Reader<'t> {
    source: Source<'t>,
    events: std::vec::IntoIter<Event>,
    containers: usize,
    places: Places,
}

impl Reader<'_> {
    fn file(&mut self, text: &str, comments: &[usize]) {
        let mut within = self.container();
        while let Some(event) = self.events.next() {
            match event.kind() {
                EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                    within = self.container();
                    let path = self.path(&[EventKind::StdTableClose, EventKind::ArrayTableClose], None);
                    let start = above(text, event.span().start(), comments);
                    self.places.tables.push(Header { path, start });
                }
                EventKind::SimpleKey => self.pair(&event, within, true),
                _ => {}
            }
        }
    }

    fn container(&mut self) -> usize {
        self.containers += 1;
        self.containers
    }

    fn path(&mut self, ends: &[EventKind], first: Option<&Event>) -> Vec<String> {
        let mut path: Vec<String> = first.map(|event| self.key(event)).into_iter().collect();
        while let Some(event) = self.events.next().filter(|event| !ends.contains(&event.kind())) {
            if event.kind() == EventKind::SimpleKey {
                path.push(self.key(&event));
            }
        }
        path
    }

    fn key(&self, event: &Event) -> String {
        let mut name = Cow::Borrowed("");
        if let Some(raw) = self.source.get(event) {
            raw.decode_key(&mut name, &mut ());
        }
        name.into_owned()
    }

    fn pair(&mut self, first: &Event, within: usize, is_statement: bool) {
        let key = self.path(&[EventKind::KeyValSep], Some(first)).join("\n");
        let Some(value) = self.events.next() else { return };
        let index = self.places.pieces.len();
        let start = value.span().start();
        let whole = first.span().start()..start;
        self.places.pieces.push(Piece { within, is_statement, key: Some(key), value: start..start, whole });
        self.value(&value, index);
    }

    /// Reads the rest of a value, and sets the end of its piece.
    fn value(&mut self, event: &Event, index: usize) {
        let close = match event.kind() {
            EventKind::ArrayOpen => EventKind::ArrayClose,
            EventKind::InlineTableOpen => EventKind::InlineTableClose,
            _ => return self.ends(index, event.span().end()),
        };
        let within = self.container();
        while let Some(event) = self.events.next() {
            match event.kind() {
                kind if kind == close => return self.ends(index, event.span().end()),
                EventKind::SimpleKey => self.pair(&event, within, false),
                EventKind::Scalar | EventKind::ArrayOpen | EventKind::InlineTableOpen => {
                    let entry = self.places.pieces.len();
                    let start = event.span().start();
                    self.places.pieces.push(Piece {
                        within,
                        is_statement: false,
                        key: None,
                        value: start..start,
                        whole: start..start,
                    });
                    self.value(&event, entry);
                }
                _ => {}
            }
        }
    }

    fn ends(&mut self, index: usize, end: usize) {
        if let Some(piece) = self.places.pieces.get_mut(index) {
            piece.value.end = end;
            piece.whole.end = end;
        }
    }
}

/// The first byte of the comments directly above a line.
fn above(text: &str, header: usize, comments: &[usize]) -> usize {
    let line = |at: usize| text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    let mut start = line(header);
    while let Some(last) = start.checked_sub(1) {
        let upper = line(last);
        let indent = text.get(upper..start).map_or(0, |line| line.len() - line.trim_start_matches([' ', '\t']).len());
        if !comments.contains(&(upper + indent)) {
            break;
        }
        start = upper;
    }
    start
}
