//! What the plans of commands have in common: how their files are read, and the specs, record files, records and fields that they name.

use std::path::Path;
use std::sync::Arc;

use fep_codec::files::FileLayout;
use fep_codec::layout::{Item, Layout};
use fep_spec::document::{Document, Located, Table, instead};
use fep_spec::load::{LoadError, read};
use fep_spec::model::Spec;
use fep_spec::report::{Code, Source};

/// Reads the file of a plan. `from` gets its root table and its folder. Mistakes are reported together.
pub(crate) fn load<T>(path: &Path, from: impl FnOnce(&Table<'_>, &Path) -> Option<T>) -> Result<T, LoadError> {
    let (name, text) = read(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let document = Document::new(Source::new(name, &text));
    let plan = document.walk(|root| from(&root, folder).inspect(|_| root.finish()));
    match plan {
        Some(Some(plan)) if !document.has_errors() => Ok(plan),
        _ => Err(LoadError::Findings(document.into_report())),
    }
}

/// Reads a spec.
pub(crate) fn spec(document: &Document, path: &Located<&str>, folder: &Path) -> Option<Arc<Spec>> {
    let hint = "a spec file, relative to this file; `fep check` shows its mistakes in their lines";
    Spec::load(&folder.join(path.value))
        .inspect_err(|error| document.error_hint(Code::BadValue, path.span.clone(), error.to_string(), hint))
        .ok()
        .map(Arc::new)
}

/// The path, if the layout has a field there.
pub(crate) fn field(document: &Document, layout: &Layout, path: &Located<&str>) -> Option<String> {
    if matches!(layout.item_by_path(path.value), Some(Item::Field(_) | Item::Tail(_) | Item::Literal(_))) {
        return Some(path.value.to_owned());
    }
    let message = format!("`{}` has no field `{}`", layout.name, path.value);
    document.error_hint(Code::UnknownName, path.span.clone(), message, "paths go through parts: header.trace_no");
    None
}

/// The record file that a table means.
pub(crate) fn file(table: &Table<'_>, spec: &Spec) -> Option<FileLayout> {
    let known: Vec<&str> = spec.files.iter().map(|file| file.name.as_str()).collect();
    let wrong = |code, span, message: String, hint: String| {
        table.document().error_hint(code, span, message, hint);
        None
    };
    let name = match (table.string("file"), known.as_slice()) {
        (Some(name), _) => name,
        (None, [only]) => Located { value: *only, span: table.span() },
        (None, several) => {
            let message = format!("{} has {} record files", spec.name, several.len());
            return wrong(
                Code::MissingKey,
                table.span(),
                message,
                format!("choose one with `file`: {}", several.join(", ")),
            );
        }
    };
    match spec.file(name.value) {
        Some(file) => Some(spec.file_layout(file)),
        None => {
            let message = format!("{} has no record file `{}`", spec.name, name.value);
            wrong(Code::UnknownName, name.span, message, instead(name.value, &known))
        }
    }
}

/// The layout of a record of a file.
pub(crate) fn record_of(document: &Document, file: &FileLayout, name: &Located<&str>) -> Option<Layout> {
    let layouts = file.layouts();
    let found = layouts.iter().find(|layout| layout.name == name.value);
    if found.is_none() {
        let known: Vec<&str> = layouts.iter().map(|layout| &*layout.name).collect();
        let message = format!("`{}` has no record `{}`", file.name, name.value);
        document.error_hint(Code::UnknownName, name.span.clone(), message, instead(name.value, &known));
    }
    found.map(|layout| (*layout).clone())
}
