//! The keys at the top of a spec.

use fep_codec::Charset;

use super::options;
use crate::document::{Document, Located, Table};
use crate::include::SHARED;
use crate::report::Code;

/// The keys of a spec that are no tables.
pub(super) struct Head {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) version: String,
    pub(super) source: String,
    pub(super) charset: Charset,
    pub(super) offsets_from: usize,
}

impl Head {
    pub(super) fn read(root: &Table<'_>) -> Self {
        let text = |key| root.required_string(key).map(|text| text.value.to_owned()).unwrap_or_default();
        let name = root.required_string("spec");
        if let Some(name) = &name {
            check_spec_name(root.document(), name);
        }
        let title = text("title");
        let version = text("version");
        let source = text("source");
        let charset = root.required("charset").and_then(options::charset);
        let charset = charset.map_or(Charset::Ascii, |charset| charset.value);
        let offsets_from = root.integer("offsets_from", 0..=1).map_or(0, |from| from.value);
        let name = name.map(|name| name.value.to_owned()).unwrap_or_default();
        Self { name, title, version, source, charset, offsets_from }
    }

    /// The head of a spec that has only a shared file.
    pub(super) fn of_shared(charset: Charset) -> Self {
        let none = String::new;
        Self { name: none(), title: none(), version: none(), source: none(), charset, offsets_from: 0 }
    }
}

/// Notes the keys that a spec does not have.
pub(super) fn finish(root: Table<'_>) {
    if let Some(at) = root.key_span(SHARED) {
        let message = "a file is either a spec or a shared file";
        let hint = "leave out `shared`: only files that other files include have it";
        root.document().error_hint(Code::ConflictingKeys, at, message, hint);
    }
    root.knows(&["include", SHARED]);
    root.finish();
}

fn check_spec_name(document: &Document, name: &Located<&str>) {
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !name.value.bytes().all(lower) || !name.value.starts_with(|first: char| first.is_ascii_lowercase()) {
        let message = format!("`{}` is no name for a spec", name.value);
        document.error_hint(
            Code::BadName,
            name.span.clone(),
            message,
            "use small letters, digits and hyphens, like `bank-a`",
        );
    }
}
