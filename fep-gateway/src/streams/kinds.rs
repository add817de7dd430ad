//! [`Kinds`]: the telegrams of a stream by their places in the plan, each with the bytes that name its instrument.

#[cfg(feature = "kafka")]
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use fep_codec::layout::{Field, Layout};
use fep_spec::model::Spec;

use crate::config::{FeedConfig, StreamConfig};

/// The telegrams of a stream.
#[derive(Debug)]
pub(crate) struct Kinds {
    spec: Arc<Spec>,
    kinds: Vec<Kind>,
    feeds: Vec<String>,
}

#[derive(Debug)]
struct Kind {
    name: String,
    key: Vec<(Field, Range<usize>)>,
}

impl Kinds {
    /// The telegrams of a stream whose plan was made.
    pub(super) fn new(config: &StreamConfig) -> Self {
        let kind = |name: &String| {
            let layout = config.layout(name);
            let field = |path: &String| {
                let span = layout?.span(path)?;
                Some((span.field.clone(), span.range))
            };
            Kind { name: name.clone(), key: config.key.iter().filter_map(field).collect() }
        };
        let feeds = config.feeds.iter().map(|FeedConfig { name, .. }| name.clone()).collect();
        Self { spec: Arc::clone(&config.spec), kinds: config.telegrams.iter().map(kind).collect(), feeds }
    }

    /// The name of a telegram.
    pub(super) fn name(&self, kind: usize) -> &str {
        self.kinds.get(kind).map_or("", |kind| &kind.name)
    }

    /// The place of a telegram with this name.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.kinds.iter().position(|kind| kind.name == name)
    }

    /// The names of all telegrams.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().map(|kind| &*kind.name)
    }

    /// The name of a feed.
    pub(super) fn feed(&self, feed: usize) -> &str {
        self.feeds.get(feed).map_or("", String::as_str)
    }

    pub(super) fn layout(&self, kind: usize) -> Option<&Layout> {
        self.spec.telegram(self.name(kind)).map(|known| &known.layout)
    }

    /// The bytes that name the instrument of a telegram.
    pub(super) fn key_bytes(&self, kind: usize, telegram: &[u8]) -> Vec<u8> {
        let fields = self.kinds.get(kind).map_or(&[][..], |kind| &kind.key);
        fields.iter().flat_map(|(_, range)| telegram.get(range.clone()).unwrap_or_default()).copied().collect()
    }

    /// All fields of the key of a telegram as one text, which no other instrument has. A kind without a key is one instrument, with its own name.
    ///
    /// Between two fields stands `|`. What could be mistaken for it, and a field that cannot be read, is written as `%` and two hexadecimal digits for each
    /// byte.
    #[cfg(feature = "kafka")]
    pub(super) fn instrument(&self, kind: usize, telegram: &[u8]) -> String {
        let fields = self.kinds.get(kind).map_or(&[][..], |kind| &kind.key);
        if fields.is_empty() {
            return self.name(kind).to_owned();
        }
        let mut name = String::new();
        for (index, (field, range)) in fields.iter().enumerate() {
            if index > 0 {
                name.push('|');
            }
            let bytes = telegram.get(range.clone()).unwrap_or_default();
            match field.read(bytes) {
                Ok(value) => {
                    let text = value.to_text(field);
                    text.chars().for_each(|one| match one {
                        '|' => name.push_str("%7c"),
                        '%' => name.push_str("%25"),
                        one => name.push(one),
                    });
                }
                Err(_) => bytes.iter().for_each(|byte| {
                    // Writing to a string cannot fail.
                    let _ = write!(name, "%{byte:02x}");
                }),
            }
        }
        name
    }

    /// The name of the instrument of a telegram: the first field of the key.
    pub(super) fn key_text(&self, kind: usize, telegram: &[u8]) -> Option<String> {
        let (field, range) = self.kinds.get(kind)?.key.first()?;
        let value = field.read(telegram.get(range.clone())?).ok()?;
        Some(value.to_text(field))
    }
}
