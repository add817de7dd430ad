//! The values that an answer must repeat from its request.

use std::ops::Range;

use fep_codec::{Field, Layout};

use crate::config::InstitutionConfig;

/// One field that an answer must repeat.
#[derive(Debug)]
pub(super) struct Repeat {
    path: String,
    request: (Field, Range<usize>),
    answer: (Field, Range<usize>),
}

/// The fields that the answer to this telegram must repeat.
pub(super) fn repeats(config: &InstitutionConfig, layout: &Layout, answer: Option<&str>) -> Vec<Repeat> {
    let paths = config.telegrams.get(&*layout.name).map_or(&[][..], |limits| &limits.repeats);
    let answer = answer.and_then(|answer| config.spec.telegram(answer));
    let place = |layout: &Layout, path: &str| layout.span(path).map(|span| (span.field.clone(), span.range));
    let repeat = |path: &String| {
        let answer = &answer?.layout;
        Some(Repeat { path: path.clone(), request: place(layout, path)?, answer: place(answer, path)? })
    };
    paths.iter().filter_map(repeat).collect()
}

impl Repeat {
    /// The difference between the values as text, or `None` if they are equal. Values of secret fields are not shown.
    pub(super) fn difference(&self, request: &[u8], answer: &[u8]) -> Option<String> {
        let text = |(field, range): &(Field, Range<usize>), bytes: &[u8]| {
            bytes.get(range.clone()).map(|bytes| field.key_text(bytes)).unwrap_or_default()
        };
        let asked = text(&self.request, request);
        let answered = text(&self.answer, answer);
        let is_secret = self.request.0.secret || self.answer.0.secret;
        (asked != answered).then(|| match is_secret {
            true => format!("{} is not that of the request", self.path),
            false => format!("{} is {answered}, in the request it is {asked}", self.path),
        })
    }
}
