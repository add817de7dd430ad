//! `response_code` and `accepted_codes`: where the answers of an institution say what became of a request, and which codes accept it.
//!
//! They are for people and metrics. What an unknown outcome means for the money is decided by the conditions of the settlement alone.

use fep_codec::layout::Layout;
use fep_spec::document::Table;
use fep_spec::model::Spec;
use fep_spec::report::Code;

use super::names::known_path;

/// The usual name of the field.
const NAME: &str = "response_code";

/// The field with the response code of telegrams, and the codes that accept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseCodes {
    /// `response_code`: the path of the field. Default: the field of this name, in whichever part it is.
    pub path: Option<String>,
    /// `accepted_codes`: the codes that mean acceptance; any other one declines. Empty (default): those of zeros only.
    pub accepted: Vec<String>,
}

impl ResponseCodes {
    pub(super) fn read(table: &Table<'_>, spec: &Spec) -> Self {
        let path = table.string("response_code").map(|path| {
            let spans = spec.telegrams.iter().filter_map(|telegram| telegram.layout.span(path.value));
            if spans.into_iter().any(|span| span.field.secret) {
                let message = format!("`{}` is secret, and a response code is shown to everybody", path.value);
                let hint = "name the field with the institution's verdict";
                table.document().error_hint(Code::BadValue, path.span.clone(), message, hint);
            }
            known_path(table.document(), spec, &path)
        });
        let codes = table.array("accepted_codes").unwrap_or_default();
        let accepted: Vec<_> = codes.into_iter().filter_map(|code| code.string()).collect();
        for code in accepted.iter().filter(|code| code.value.is_empty()) {
            let hint = "an empty code is that of a request; write for example \"00\"";
            table.document().error_hint(Code::BadValue, code.span.clone(), "a code is empty", hint);
        }
        Self { path, accepted: accepted.iter().map(|code| code.value.to_owned()).collect() }
    }

    /// The path of the field in a layout, or `None` if it has no such field.
    pub(crate) fn path_in(&self, layout: &Layout) -> Option<String> {
        match &self.path {
            Some(path) => layout.span(path).map(|_| path.clone()),
            None => layout.path_of(NAME),
        }
    }

    /// Whether a code means acceptance.
    #[must_use]
    pub fn accept(&self, code: &str) -> bool {
        if self.accepted.is_empty() {
            return code.bytes().all(|byte| byte == b'0');
        }
        self.accepted.iter().any(|accepted| accepted == code)
    }
}

#[cfg(test)]
mod tests;
