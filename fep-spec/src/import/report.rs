//! The conformance report of an import: as text, as JSON, as one HTML page.

use std::fmt::{self, Write as _};

use serde::Serialize;

use super::{Imported, Severity};
use crate::draft::Value;
use crate::html::escaped;

/// The JSON of a report.
#[derive(Serialize)]
struct Json<'i> {
    findings: &'i [super::Doubt],
    items: &'i [super::ImportedItem],
}

impl Imported {
    /// The report as JSON: `{"findings": […], "items": […]}`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let json = Json { findings: &self.doubts, items: &self.items };
        serde_json::to_string_pretty(&json).unwrap_or_default()
    }

    /// The report as one HTML page without a network.
    #[must_use]
    pub fn to_html(&self, source: &str) -> String {
        let mut page = String::from(HEAD);
        let source = escaped(source);
        let count = |severity| self.doubts.iter().filter(|doubt| doubt.severity == severity).count();
        let _ = writeln!(page, "<h1>{source}</h1>");
        let errors = count(Severity::Error);
        let verdict =
            if errors == 0 { "The sheet does not contradict itself." } else { "The sheet contradicts itself." };
        let _ = writeln!(
            page,
            "<p class=\"verdict\">{verdict} {errors} errors, {} warnings, {} notes; {} items.</p>",
            count(Severity::Warning),
            count(Severity::Note),
            self.items.len()
        );
        page.push_str(
            "<h2>Findings</h2>\n<table><thead><tr><th>Cell<th>Severity<th>Code<th>Finding</tr></thead><tbody>\n",
        );
        for doubt in &self.doubts {
            let severity = severity(doubt.severity);
            let hint =
                doubt.hint.as_ref().map_or(String::new(), |hint| format!("<br><small>{}</small>", escaped(hint)));
            let cell = escaped(&doubt.origin.to_string());
            let _ = writeln!(
                page,
                "<tr class=\"{severity}\"><td>{cell}<td>{severity}<td>{}<td>{}{hint}</tr>",
                doubt.code,
                escaped(&doubt.message)
            );
        }
        page.push_str("</tbody></table>\n");
        if !self.draft.types.is_empty() {
            page.push_str(
                "<h2>What the letters mean</h2>\n<table><thead><tr><th>Type<th>Read as</tr></thead><tbody>\n",
            );
            for (letter, options) in &self.draft.types {
                let options = Value::Table(options.clone()).to_string();
                let _ = writeln!(page, "<tr><td>{}<td>{}</tr>", escaped(letter), escaped(&options));
            }
            page.push_str("</tbody></table>\n");
        }
        page.push_str("<h2>Items</h2>\n<table><thead><tr><th>Cell<th>Telegram<th>Item<th>What the sheet says<th>What was assumed</tr></thead><tbody>\n");
        for item in &self.items {
            let read: Vec<_> = item.read.iter().map(|(key, text)| format!("<b>{key}</b> {}", escaped(text))).collect();
            let assumed: Vec<_> = item.assumed.iter().map(|text| escaped(text)).collect();
            let cell = escaped(&item.origin.to_string());
            let table = escaped(&item.table);
            let path = escaped(&item.path);
            let _ = writeln!(
                page,
                "<tr><td>{cell}<td>{table}<td>{path}<td>{}<td>{}</tr>",
                read.join(" · "),
                assumed.join("<br>")
            );
        }
        page.push_str("</tbody></table>\n</body></html>\n");
        page
    }
}

/// One line for each finding.
impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for doubt in &self.doubts {
            write!(f, "{}: {}: {}", doubt.origin, severity(doubt.severity), doubt.message)?;
            match &doubt.hint {
                Some(hint) => writeln!(f, " ({hint})")?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

const HEAD: &str = "<!doctype html>
<html lang=\"ko\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>fep import</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, 'Noto Sans KR', sans-serif }
body { margin: 2rem auto; max-width: 75rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; font-size: .9em }
th, td { border-bottom: 1px solid #8884; padding: .3em .6em; text-align: left; vertical-align: top }
td:first-child { white-space: nowrap; font-variant-numeric: tabular-nums }
tr.error td:nth-child(2) { color: #c22; font-weight: 600 }
tr.warning td:nth-child(2) { color: #a60 }
tr.note td { opacity: .8 }
.verdict { font-size: 1.1em }
@media print { body { margin: 0; max-width: none } }
</style></head><body>
";
