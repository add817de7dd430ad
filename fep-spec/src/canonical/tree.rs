//! A TOML text as a tree that keeps the order of everything, the comments and the blank lines.
//!
//! Values and keys are their texts. What they mean, [`crate::document`] knows.

/// A line of its own of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Statement {
    /// `[types]`, with its brackets.
    Header(String),
    /// A key with its value.
    Pair(Pair),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    /// The key as it is written, with its dots and quotes.
    pub(crate) key: String,
    /// The value.
    pub(crate) value: Node,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    /// A string, number, date or boolean, as it is written.
    Plain(String),
    /// An array.
    List(Body<Node>),
    /// An inline table.
    Table(Body<Pair>),
}

/// The content of an array or table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Body<T> {
    /// The lines of the comment behind the opening bracket.
    pub(crate) open: Vec<String>,
    /// The entries, and the lines between them.
    pub(crate) lines: Vec<Line<T>>,
}

/// An entry, or a line between entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line<T> {
    /// A blank line.
    Blank,
    /// A comment on a line of its own, with its `#`.
    Comment(String),
    /// An entry with the lines of the comment behind it.
    Entry(T, Vec<String>),
}

impl<T> Body<T> {
    /// A body of these lines, without a comment behind its bracket.
    pub(crate) fn new(lines: Vec<Line<T>>) -> Self {
        Self { open: Vec::new(), lines }
    }

    /// The entries, without the commas and comments between them.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &T> {
        self.lines.iter().filter_map(|line| if let Line::Entry(entry, _) = line { Some(entry) } else { None })
    }

    /// Whether it has comments of its own, so that it cannot stand on one line.
    pub(crate) fn has_comments(&self) -> bool {
        let has_comment = |line: &Line<T>| match line {
            Line::Blank => false,
            Line::Comment(_) => true,
            Line::Entry(_, behind) => !behind.is_empty(),
        };
        !self.open.is_empty() || self.lines.iter().any(has_comment)
    }
}

impl Node {
    /// Whether it stands on one line.
    pub(crate) fn is_flat(&self) -> bool {
        match self {
            Self::Plain(_) => true,
            Self::List(body) => {
                !body.has_comments() && body.entries().all(|node| !matches!(node, Self::Table(_)) && node.is_flat())
            }
            Self::Table(body) => !body.has_comments() && body.entries().all(|pair| pair.value.is_flat()),
        }
    }

    /// The value on one line, without the comments in it.
    pub(crate) fn inline(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::List(body) => {
                let entries: Vec<String> = body.entries().map(Self::inline).collect();
                format!("[{}]", entries.join(", "))
            }
            Self::Table(body) => {
                let pairs = body.entries().map(|pair| format!("{} = {}", pair.key, pair.value.inline()));
                let pairs: Vec<String> = pairs.collect();
                if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) }
            }
        }
    }
}
