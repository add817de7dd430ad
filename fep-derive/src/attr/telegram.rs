//! `#[telegram(…)]` on a struct or an enum.

use fep_core::charset::CharsetId;
use fep_core::codes::kept;
use fep_core::likeness::nearest;
use proc_macro2::{Ident, Span};
use syn::parse::Parse as _;
use syn::{Attribute, Path};

use super::charset::charset;
use super::entry::{Entry, Given, entries, string_pair};
use crate::ctxt::Ctxt;

/// The options of a telegram.
#[derive(Default)]
pub(crate) struct TelegramAttrs {
    pub(crate) len: Option<Given<usize>>,
    pub(crate) charset: Option<Given<CharsetId>>,
    pub(crate) name: Option<Given<String>>,
    pub(crate) label: Option<Given<String>>,
    pub(crate) when: Vec<Condition>,
    pub(crate) debug: bool,
    pub(crate) serde: bool,
    pub(crate) view: Option<View>,
    pub(crate) root: Option<Path>,
    /// The keys as they were written.
    pub(crate) keys: Vec<Ident>,
}

/// `view`, or `view = Name`.
pub(crate) struct View {
    /// The name in `view = Name`. `None` means the default name.
    pub(crate) name: Option<Ident>,
}

/// One `"path" = "value"` of `when(…)`.
pub(crate) struct Condition {
    pub(crate) path: String,
    pub(crate) value: String,
    pub(crate) path_span: Span,
    pub(crate) value_span: Span,
}

impl TelegramAttrs {
    pub(crate) const KEYS: [&str; 9] = ["len", "charset", "name", "label", "when", "debug", "serde", "view", "crate"];

    pub(crate) fn read(attrs: &[Attribute], cx: &Ctxt) -> Self {
        let mut new = Self::default();
        for entry in entries(attrs, "telegram", cx) {
            new.set(&entry, cx);
            new.keys.push(entry.key);
        }
        new
    }

    fn set(&mut self, entry: &Entry, cx: &Ctxt) {
        match entry.key.to_string().as_str() {
            "len" => self.len = entry.positive(cx, "len = 300"),
            "charset" => self.charset = charset(entry, cx),
            "name" => self.name = entry.string(cx, "name = \"Transfer\""),
            "label" => self.label = entry.string(cx, "label = \"이체\""),
            "when" => self.when = Condition::read(entry, cx),
            "debug" => self.debug = entry.word(cx).is_some(),
            "serde" => self.serde = entry.word(cx).is_some(),
            "view" => {
                let word = entry.is_word().then_some(None);
                let name = word.or_else(|| {
                    let given =
                        entry.assigned(cx, "nothing, or the view's name: `view = TransferView`", Ident::parse)?;
                    Some(Some(given.value))
                });
                self.view = name.map(|name| View { name });
            }
            "crate" => {
                let path =
                    entry.assigned(cx, "a path to fep_codec: `crate = path::to::fep_codec`", Path::parse_mod_style);
                self.root = path.map(|path| path.value);
            }
            word => match nearest(word, ["length", "size"].into_iter().chain(Self::KEYS)) {
                Some("length" | "size") => entry.unknown_with(cx, "; did you mean `len`?"),
                _ => entry.unknown(cx, &Self::KEYS),
            },
        }
    }
}

impl Condition {
    fn read(entry: &Entry, cx: &Ctxt) -> Vec<Self> {
        let example = "\"header.telegram_code\" = \"0100\"";
        let Some(chunks) = entry.list(cx, &format!("conditions: `when({example})`")) else { return Vec::new() };
        if chunks.is_empty() {
            cx.error(&entry.key, format_args!("`when` needs a condition: `when({example})`"));
        }
        let pairs = chunks.into_iter().filter_map(|chunk| string_pair(chunk, cx, example));
        pairs
            .map(|(path, value)| Self {
                path: path.value(),
                value: kept(&value.value()).to_owned(),
                path_span: path.span(),
                value_span: value.span(),
            })
            .collect()
    }
}
