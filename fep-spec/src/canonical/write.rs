//! Tree → text in the canonical form.

use super::column::Columns;
use super::tree::{Body, Line, Node, Statement};
use super::word::{padded, width};

/// The text of a file with these line ends.
pub(crate) fn text(lines: &[Line<Statement>], line_end: &str) -> String {
    let lines = spaced(lines);
    let mut writer = Writer::default();
    let mut width = None;
    for (at, line) in lines.iter().enumerate() {
        if ends_keys(line) {
            width = None;
        }
        match line {
            Line::Blank => writer.blank(),
            Line::Comment(comment) => writer.line(0, comment, &[]),
            Line::Entry(Statement::Header(header), behind) => writer.line(0, header, behind),
            Line::Entry(Statement::Pair(pair), behind) => {
                let width = *width.get_or_insert_with(|| keys_width(lines.get(at..).unwrap_or_default()));
                writer.begin(0);
                writer.current.push_str(&padded(&pair.key, width));
                writer.current.push_str(" = ");
                writer.node(&pair.value, 0);
                writer.end(behind);
            }
        }
    }
    writer.finish(line_end)
}

/// The lines of some entries of a list, without indentation.
#[cfg(feature = "import")]
pub(crate) fn entries(lines: Vec<Line<Node>>) -> Vec<String> {
    let mut writer = Writer::default();
    writer.entries(&Body::new(lines), 0);
    writer.finish("\n").lines().map(str::to_owned).collect()
}

/// The lines of a file with a blank line above each header and its comments, and none below it.
fn spaced(lines: &[Line<Statement>]) -> Vec<&Line<Statement>> {
    let mut spaced: Vec<&Line<Statement>> = Vec::new();
    for line in lines {
        let is_header = |line: Option<&&Line<Statement>>| matches!(line, Some(Line::Entry(Statement::Header(_), _)));
        if is_header(Some(&line)) {
            let comments = spaced.iter().rev().take_while(|line| matches!(line, Line::Comment(_))).count();
            let at = spaced.len() - comments;
            if at.checked_sub(1).and_then(|above| spaced.get(above)).is_some_and(|above| !matches!(above, Line::Blank))
            {
                spaced.insert(at, &Line::Blank);
            }
        }
        if let [.., above, Line::Blank] = spaced.as_slice()
            && matches!(line, Line::Entry(Statement::Pair(_), _))
            && is_header(Some(above))
        {
            spaced.pop();
        }
        spaced.push(line);
    }
    spaced
}

/// Whether the keys above and below this line are aligned separately.
fn ends_keys(line: &Line<Statement>) -> bool {
    matches!(line, Line::Blank | Line::Entry(Statement::Header(_), _))
}

/// The width of the keys that stand together from here on.
fn keys_width(lines: &[&Line<Statement>]) -> usize {
    let keys = lines.iter().take_while(|line| !ends_keys(line)).map(|line| match line {
        Line::Entry(Statement::Pair(pair), _) => width(&pair.key),
        _ => 0,
    });
    keys.max().unwrap_or_default()
}

/// A line that is ready, except for the place of the comment behind it.
struct Ready {
    depth: usize,
    text: String,
    behind: Vec<String>,
}

/// The lines so far, and the one that is being written.
#[derive(Default)]
struct Writer {
    ready: Vec<Ready>,
    depth: usize,
    current: String,
}

impl Writer {
    fn begin(&mut self, depth: usize) {
        self.depth = depth;
        self.current = INDENT.repeat(depth);
    }

    fn end(&mut self, behind: &[String]) {
        let text = std::mem::take(&mut self.current);
        self.ready.push(Ready { depth: self.depth, text, behind: behind.to_vec() });
    }

    fn line(&mut self, depth: usize, text: &str, behind: &[String]) {
        self.begin(depth);
        self.current.push_str(text);
        self.end(behind);
    }

    fn blank(&mut self) {
        self.ready.push(Ready { depth: 0, text: String::new(), behind: Vec::new() });
    }

    /// Writes a value on the current line. Its further lines are indented by this depth.
    fn node(&mut self, node: &Node, depth: usize) {
        match node {
            flat if flat.is_flat() => self.current.push_str(&flat.inline()),
            Node::Plain(text) => self.current.push_str(text),
            Node::List(body) => {
                self.current.push('[');
                self.end(&body.open);
                self.entries(body, depth + 1);
                self.begin(depth);
                self.current.push(']');
            }
            Node::Table(body) if !body.has_comments() => {
                self.current.push_str("{ ");
                for (at, pair) in body.entries().enumerate() {
                    self.current.push_str(if at == 0 { "" } else { ", " });
                    self.current.push_str(&format!("{} = ", pair.key));
                    self.node(&pair.value, depth);
                }
                self.current.push_str(" }");
            }
            Node::Table(body) => {
                self.current.push('{');
                self.end(&body.open);
                self.lines(body, depth + 1, |writer, pair| {
                    writer.current.push_str(&format!("{} = ", pair.key));
                    writer.node(&pair.value, depth + 1);
                });
                self.begin(depth);
                self.current.push('}');
            }
        }
    }

    /// The entries of a list, one a line.
    fn entries(&mut self, body: &Body<Node>, depth: usize) {
        let columns = Columns::of(body);
        self.lines(body, depth, |writer, entry| match columns.line(entry) {
            Some(line) => writer.current.push_str(&line),
            None => writer.node(entry, depth),
        });
    }

    fn lines<T>(&mut self, body: &Body<T>, depth: usize, entry: impl Fn(&mut Self, &T)) {
        for line in &body.lines {
            match line {
                Line::Blank => self.blank(),
                Line::Comment(comment) => self.line(depth, comment, &[]),
                Line::Entry(value, behind) => {
                    self.begin(depth);
                    entry(self, value);
                    self.current.push(',');
                    self.end(behind);
                }
            }
        }
    }

    /// The text, with the comments behind neighbouring lines aligned.
    fn finish(self, line_end: &str) -> String {
        let mut text = String::new();
        for lines in self.ready.chunk_by(|one, next| is_neighbour(one) && is_neighbour(next) && one.depth == next.depth)
        {
            let widths = lines.iter().map(|line| last_width(&line.text)).filter(|width| *width <= ALIGNED_MAX);
            let column = widths.max().unwrap_or_default();
            for line in lines {
                let own = last_width(&line.text);
                text.push_str(&line.text);
                let column = if own <= ALIGNED_MAX { column } else { own } + GAP;
                for (at, comment) in line.behind.iter().enumerate() {
                    let (written, before) = if at == 0 { (own, "") } else { (0, line_end) };
                    text.push_str(before);
                    text.push_str(&" ".repeat(column.saturating_sub(written)));
                    text.push_str(comment);
                }
                text.push_str(line_end);
            }
        }
        text
    }
}

/// Whether the comment behind a line can be aligned with those of its neighbours.
fn is_neighbour(line: &Ready) -> bool {
    !line.behind.is_empty() && !line.text.contains('\n')
}

/// The columns of a text on its last line. A string may have several.
fn last_width(text: &str) -> usize {
    text.rsplit('\n').next().map_or(0, width)
}

/// The indentation of the entries of a list.
const INDENT: &str = "  ";

/// The blanks before a comment behind something.
const GAP: usize = 2;

/// The widest line, in columns, whose comment is aligned with others. A longer one would move them out of sight.
const ALIGNED_MAX: usize = 100;
