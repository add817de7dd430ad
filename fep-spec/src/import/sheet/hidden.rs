//! The hidden rows of an xlsx file, which the reader of workbooks does not tell.
//!
//! Only the attributes that are needed are looked for; a file that is written in another way has no hidden rows.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read as _};

use zip::ZipArchive;

use super::SheetError;

/// The hidden rows of each sheet by its name, from 0.
///
/// # Errors
/// If two sheets are the same part of the archive. Its limits count each part once, and each sheet is read.
pub(super) fn hidden_rows(bytes: &[u8]) -> Result<BTreeMap<String, BTreeSet<u32>>, SheetError> {
    let mut hidden = BTreeMap::new();
    let mut parts = BTreeSet::new();
    let Ok(mut archive) = ZipArchive::new(Cursor::new(bytes)) else { return Ok(hidden) };
    let book = entry(&mut archive, "xl/workbook.xml");
    let relations = entry(&mut archive, "xl/_rels/workbook.xml.rels");
    for sheet in elements(&book, "sheet") {
        let (Some(name), Some(id)) = (attribute(sheet, "name"), attribute(sheet, "r:id")) else { continue };
        let relation = elements(&relations, "Relationship").find(|relation| attribute(relation, "Id") == Some(id));
        let Some(target) = relation.and_then(|relation| attribute(relation, "Target")) else { continue };
        let path = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned);
        if !parts.insert(path.clone()) {
            return Err(SheetError::Damaged(format!("two sheets are the same part, {path}")));
        }
        let xml = entry(&mut archive, &path);
        let rows = elements(&xml, "row").filter(|row| matches!(attribute(row, "hidden"), Some("1" | "true")));
        let rows: BTreeSet<u32> =
            rows.filter_map(|row| attribute(row, "r")?.parse::<u32>().ok()?.checked_sub(1)).collect();
        hidden.insert(unescaped(name), rows);
    }
    Ok(hidden)
}

fn entry(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> String {
    let mut xml = Vec::new();
    let read = archive.by_name(name).ok().and_then(|mut entry| entry.read_to_end(&mut xml).ok());
    if read.is_some() { String::from_utf8_lossy(&xml).into_owned() } else { String::new() }
}

/// The attributes of all elements with this name, as they are written.
fn elements<'x>(xml: &'x str, name: &'x str) -> impl Iterator<Item = &'x str> {
    let starts = xml.split('<').filter_map(move |element| element.strip_prefix(name));
    starts.filter(|rest| rest.starts_with(char::is_whitespace)).filter_map(|rest| rest.split('>').next())
}

fn attribute<'x>(element: &'x str, name: &str) -> Option<&'x str> {
    let mut rest = element;
    while let Some((before, behind)) = rest.split_once('=') {
        let value = behind.trim_start();
        let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, behind) = value.get(1..)?.split_once(quote)?;
        if before.trim() == name {
            return Some(value);
        }
        rest = behind;
    }
    None
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found_by_their_whole_name() {
        let row = elements("<rows><row r=\"6\" spans='1:3' hidden=\"1\"><c r=\"A6\"/></row>", "row").next().unwrap();
        assert_eq!(attribute(row, "r"), Some("6"));
        assert_eq!(attribute(row, "hidden"), Some("1"));
        assert_eq!(attribute(row, "h"), None);
        assert_eq!(attribute("r=6 hidden", "r"), None);
    }
}
