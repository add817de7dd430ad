//! `instances` and `shared_links` of a line: which of the gateways that work together opens it. Who has a shared line is decided in
//! `fep_protocol::places`.

use std::collections::BTreeMap;

use fep_spec::document::{Table, Value};
use fep_spec::report::{Code, Finding, Severity};

use super::names::check_name;
use super::{InstancesConfig, InstitutionConfig};

/// Which gateways open a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineSharing {
    /// `instances`: the gateways that may open it. Default, and empty here: all.
    pub instances: Vec<String>,
    /// `shared_links`, default false: `links` counts over all gateways, so one of them opens the line.
    pub is_shared: bool,
    /// Whether this gateway is none of `instances`, so that it never opens the line.
    pub is_elsewhere: bool,
}

/// The maximum number of entries of `instances`, as many as gateways can work together.
const INSTANCES_MAX: usize = 64;

impl LineSharing {
    pub(super) fn read(table: &Table<'_>, links: usize) -> Self {
        let document = table.document();
        let mut instances: Vec<String> = Vec::new();
        if let Some(entries) = table.array("instances") {
            let span = table.key_span("instances").unwrap_or_default();
            if entries.is_empty() || entries.len() > INSTANCES_MAX {
                let message = format!("`instances` has {} entries, it must have 1 to {INSTANCES_MAX}", entries.len());
                document.error_hint(Code::OutOfRange, span, message, "leave it out if every gateway opens the line");
            }
            for entry in entries.into_iter().filter_map(Value::string) {
                check_name(document, &entry);
                if instances.iter().any(|known| known == entry.value) {
                    let message = format!("`{}` is in `instances` already", entry.value);
                    document.error_hint(Code::NameTaken, entry.span.clone(), message, "write each gateway once");
                }
                instances.push(entry.value.to_owned());
            }
        }
        let is_shared = table.boolean("shared_links").is_some_and(|shared| shared.value);
        if is_shared && links > 1 {
            let span = table.key_span("links").unwrap_or_default();
            let message = format!("a line with `shared_links` has one link, and here `links` is {links}");
            let hint = format!("write {links} lines with one link each: the gateways spread them");
            document.error_hint(Code::ConflictingKeys, span, message, hint);
        }
        if is_shared && table.boolean("one_shot").is_some_and(|one_shot| one_shot.value) {
            let span = table.key_span("shared_links").unwrap_or_default();
            let hint = "a link for one request is connected only while it is needed: leave one of the two out";
            document.error_hint(Code::ConflictingKeys, span, "`shared_links` does not fit `one_shot`", hint);
        }
        if is_shared && table.has("listen") {
            let span = table.key_span("shared_links").unwrap_or_default();
            let hint = "name one gateway with `instances`: the institution decides to which one it connects";
            document.error_hint(Code::ConflictingKeys, span, "`shared_links` does not fit `listen`", hint);
        }
        Self { instances, is_shared, is_elsewhere: false }
    }
}

/// Decides which lines this gateway, `own`, never opens. Notes errors if there are no names of gateways, or this one has none.
pub(super) fn place(
    table: Option<&Table<'_>>,
    institutions: &mut BTreeMap<String, InstitutionConfig>,
    instances: Option<&InstancesConfig>,
    own: Option<&str>,
) {
    let Some(table) = table else { return };
    for (name, value) in table.entries() {
        let lines = value.table().and_then(|table| table.get("lines")).and_then(Value::array).unwrap_or_default();
        for line in lines.into_iter().filter_map(Value::table) {
            let Some(span) = ["instances", "shared_links"].into_iter().find_map(|key| line.key_span(key)) else {
                continue;
            };
            if instances.is_none() || own.is_none() {
                let message = "this key needs several gateways that share a journal";
                let hint = "add the tables [instances] and [journal.postgres], whose `instance` names this gateway; or leave the key out";
                line.document().error_hint(Code::MissingKey, span, message, hint);
            }
        }
        for line in institutions.get_mut(name.value).into_iter().flat_map(|institution| &mut institution.lines) {
            let sharing = &mut line.sharing;
            sharing.is_elsewhere =
                !sharing.instances.is_empty() && !sharing.instances.iter().any(|instance| Some(&**instance) == own);
        }
    }
}

/// Notes about the lines that this gateway does not open, or that it shares.
pub(super) fn notes(table: Option<Table<'_>>, institutions: &BTreeMap<String, InstitutionConfig>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(table) = table.filter(|table| !table.document().has_errors()) else { return findings };
    for (name, value) in table.entries() {
        let Some((institution, table)) = institutions.get(name.value).zip(value.table()) else { continue };
        let places = table.get("lines").and_then(Value::array).unwrap_or_default();
        let places = places.into_iter().filter_map(Value::table);
        for (line, place) in institution.lines.iter().zip(places) {
            let message = match (&line.sharing.is_elsewhere, line.sharing.is_shared) {
                (true, _) => format!(
                    "this gateway does not open line `{}` of {}: {} open it",
                    line.name,
                    name.value,
                    line.sharing.instances.join(", ")
                ),
                (false, true) => {
                    format!("one gateway at a time has the link of line `{}` of {}", line.name, name.value)
                }
                (false, false) => continue,
            };
            let key = if line.sharing.is_elsewhere { "instances" } else { "shared_links" };
            let span = place.key_span(key).unwrap_or_default();
            let document = table.document();
            findings.push(Finding::new(document.source(), Severity::Note, Code::ConflictingKeys, span, message));
        }
    }
    findings
}

#[cfg(feature = "postgres")]
#[cfg(test)]
mod tests {
    use crate::config::Config;

    const CONFIG: &str = include_str!("../../gateway.example.toml");
    const SEVERAL: &str = "\n[journal.postgres]\nhosts = [\"localhost\"]\ndatabase = \"fep\"\nuser = \"fep\"\ninstance = \"seoul-1\"\n[instances]\nmax = 2\n";

    /// The lines of a configuration whose first line has these keys, and its notes; or what is wrong.
    fn read(keys: &str, further: &str) -> Result<(bool, bool, String), String> {
        let name = "name    = \"main\"                    # required\n";
        assert!(CONFIG.contains(name));
        let text = CONFIG.replacen(name, &format!("name = \"main\"\n{keys}\n"), 1) + further;
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let config = Config::parse("gateway.toml", &text, folder).map_err(|error| error.to_string())?;
        let sharing = &config.institutions["bank-a"].lines[0].sharing;
        Ok((sharing.is_elsewhere, sharing.is_shared, config.notes.to_string()))
    }

    #[test]
    fn a_line_is_pinned_or_shared_and_the_notes_say_so() {
        let (is_elsewhere, _, notes) = read("instances = [\"busan-1\"]", SEVERAL).unwrap();
        assert!(is_elsewhere && notes.contains("does not open line `main` of bank-a: busan-1 open it"), "{notes}");
        let (is_elsewhere, is_shared, notes) = read("instances = [\"seoul-1\"]", SEVERAL).unwrap();
        assert!(!is_elsewhere && !is_shared && !notes.contains("`main`"), "{notes}");
        let (_, is_shared, notes) = read("shared_links = true", SEVERAL).unwrap();
        assert!(is_shared && notes.contains("one gateway at a time has the link of line `main`"), "{notes}");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (keys, further, told) in [
            ("instances = [\"seoul-1\"]", "", "this key needs several gateways"),
            ("shared_links = true", "", "add the tables [instances] and [journal.postgres]"),
            ("instances = []", SEVERAL, "`instances` has 0 entries"),
            ("instances = [\"a\", \"a\"]", SEVERAL, "`a` is in `instances` already"),
            ("shared_links = true\none_shot = true", SEVERAL, "does not fit `one_shot`"),
        ] {
            let why = read(keys, further).unwrap_err();
            assert!(why.contains(told), "{keys}: {why}");
        }
    }
}
