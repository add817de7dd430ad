//! `[input]` of a plan: which records of the file are requests, and where the values of a request come from.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use fep_codec::files::FileLayout;
use fep_codec::layout::Layout;
use fep_spec::document::Table;
use fep_spec::model::Spec;

use crate::plans::{field, file, record_of, spec};

/// `[input]`: a record file with requests.
#[derive(Clone, Debug)]
pub struct Input {
    /// `spec` and `file`: the record file. The default of `spec` is that of the plan, and the default of `file` its only one.
    pub file: FileLayout,
    /// `record`, required: the record that has one request.
    pub record: String,
    /// `fields`, required: the fields of the request and those of the record, as `{ "path.of.the.request" = "path.of.the.record" }`. A value that
    /// begins with `=` is a constant.
    pub fields: Vec<(String, InputSource)>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputSource {
    /// `path`: a field of the input.
    Input(String),
    /// `=text`: a constant.
    Constant(String),
}

/// Reads `[input]`.
pub(super) fn read(table: &Table<'_>, own: &Arc<Spec>, request: &Layout, folder: &Path) -> Option<Input> {
    let document = table.document();
    table.knows(&["spec", "file", "record", "fields"]);
    let spec = match table.string("spec") {
        Some(path) => spec(document, &path, folder)?,
        None => Arc::clone(own),
    };
    let file = file(table, &spec)?;
    let record = table.required_string("record")?;
    let layout = record_of(document, &file, &record)?;
    let mut fields = BTreeMap::new();
    for (path, value) in table.required("fields")?.table()?.entries() {
        let Some(from) = value.string() else { continue };
        let Some(path) = field(document, request, &path) else { continue };
        let from = match from.value.strip_prefix('=') {
            Some(constant) => Some(InputSource::Constant(constant.to_owned())),
            None => field(document, &layout, &from).map(InputSource::Input),
        };
        fields.extend(from.map(|from| (path, from)));
    }
    Some(Input { record: record.value.to_owned(), fields: fields.into_iter().collect(), file })
}
