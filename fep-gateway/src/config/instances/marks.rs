//! `[instances.marks]`: what each gateway writes into its requests, so that an answer says which gateway asked.

use std::collections::BTreeMap;

use fep_spec::document::Table;
use fep_spec::report::Code;

use crate::config::PostgresConfig;
use crate::config::names::check_name;

/// `[instances.marks]`: the mark of each gateway, by its `instance`. All gateways have the same table. An institution that repeats a field of a
/// request in its answer gets the mark in that field, by `<instance>` in its `fill`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarksConfig {
    /// The `instance` of this gateway.
    pub own: String,
    /// The mark of each gateway, this one among them.
    pub of: BTreeMap<String, String>,
}

/// Reads the table, if there is one.
pub(super) fn read(table: Option<Table<'_>>, postgres: Option<&PostgresConfig>) -> Option<MarksConfig> {
    let table = table?;
    let document = table.document();
    let mut of: BTreeMap<String, String> = BTreeMap::new();
    for (instance, mark) in table.entries() {
        check_name(document, &instance);
        let Some(mark) = mark.string() else { continue };
        if mark.value.trim().is_empty() {
            document.error(Code::BadValue, mark.span.clone(), "a mark has at least one character");
        }
        if let Some((other, _)) = of.iter().find(|(_, known)| *known == mark.value) {
            let message = format!("`{}` and `{other}` have the same mark, `{}`", instance.value, mark.value);
            let hint = "give each gateway a mark of its own: an answer would name two";
            document.error_hint(Code::BadValue, mark.span.clone(), message, hint);
        }
        of.insert(instance.value.to_owned(), mark.value.to_owned());
    }
    let own = &postgres?.instance;
    if table.entries().iter().all(|(instance, _)| instance.value != own) {
        let message = format!("this gateway, `{own}`, has no mark");
        let hint = format!("add {own} = \"…\" here, at all gateways");
        document.error_hint(Code::MissingKey, table.span(), message, hint);
    }
    table.finish();
    Some(MarksConfig { own: own.clone(), of })
}
