//! The pages of `fep doc`: every item of every spec stands where `fep layout` says, once.

#![allow(clippy::expect_used, clippy::panic, reason = "a helper of a test fails by panicking")]

use std::path::{Path, PathBuf};

use fep_spec::Spec;
use fep_spec::listing::{ListedItem, Listing};
use fep_spec::model::SpecSet;
use fep_spec::pages::{Lang, Page, Row, markdown};
use fep_tests::random_spec::random_spec;
use proptest::prelude::*;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_path_buf()
}

/// The named examples, and the specs with every kind and form.
fn specs() -> Vec<Spec> {
    let load = |folder: &str| SpecSet::load(&root().join(folder)).expect("clean specs").specs;
    load("specs").into_iter().chain(load("tests/tests/generated")).collect()
}

/// What both documents say of an item: path, label, kind, offset, length.
type Item = (Option<String>, String, &'static str, Option<usize>, Option<usize>);

fn listed(items: &[ListedItem], out: &mut Vec<Item>) {
    for item in items {
        out.push((item.path.clone(), item.label.clone(), item.kind, item.offset, item.len));
        listed(item.items.as_deref().unwrap_or_default(), out);
        item.cases.iter().flatten().for_each(|case| listed(&case.items, out));
    }
}

/// The items of rows, with those of shared parts in their place.
fn shown(page: &Page, rows: &[Row], prefix: &str, base: Option<usize>, out: &mut Vec<Item>) {
    let part_of = |name: &Option<String>| {
        let name = name.as_ref()?;
        Some(page.parts.iter().find(|part| part.name == *name).expect("a section of the part"))
    };
    for row in rows {
        let path = row.path.as_ref().map(|path| format!("{prefix}{path}"));
        let offset = base.zip(row.offset).map(|(base, offset)| base + offset);
        let below = path.as_ref().map(|path| format!("{path}.")).unwrap_or_default();
        if row.times.is_some() && row.kind != "group" {
            // An array: a group of one field.
            out.push((path.clone(), row.label.clone(), "group", offset, row.len));
            out.push((path.clone(), row.label.clone(), row.kind, offset, row.len));
        } else if row.kind != "part" {
            out.push((path.clone(), row.label.clone(), row.kind, offset, row.len));
        }
        shown(page, &row.rows, prefix, base, out);
        if let Some(part) = part_of(&row.part) {
            shown(page, &part.rows, &below, offset, out);
        }
        for case in &row.cases {
            shown(page, &case.rows, prefix, base, out);
            if let Some(part) = part_of(&case.part) {
                shown(page, &part.rows, &below, offset, out);
            }
        }
    }
}

/// Both documents have the same items at the same places.
fn agrees(spec: &Spec) {
    let page = Page::of(spec);
    let listing = Listing::of(spec);
    assert_eq!(page.telegrams.len(), listing.telegrams.len());
    for (telegram, wanted) in page.telegrams.iter().zip(&listing.telegrams) {
        assert_eq!((&telegram.name, &telegram.label, telegram.len), (&wanted.name, &wanted.label, wanted.len));
        let mut items = Vec::new();
        listed(&wanted.items, &mut items);
        let rows = match &telegram.like {
            Some(like) => &page.telegram(like).expect("the telegram with the items").rows,
            None => &telegram.rows,
        };
        let mut found = Vec::new();
        shown(&page, rows, "", Some(0), &mut found);
        assert_eq!(found, items, "{}: {}", spec.name, telegram.name);
    }
}

/// All rows of a table, in the order of the page.
fn all<'r>(rows: &'r [Row], out: &mut Vec<&'r Row>) {
    for row in rows {
        out.push(row);
        all(&row.rows, out);
        row.cases.iter().for_each(|case| all(&case.rows, out));
    }
}

/// The sections of a page with tables of items: the id, and the rows.
fn sections(page: &Page) -> Vec<(String, Vec<&Row>)> {
    let telegrams = page.telegrams.iter().map(|telegram| (format!("t-{}", telegram.name), &telegram.rows));
    let parts = page.parts.iter().map(|part| (format!("p-{}", part.name), &part.rows));
    let rows = |rows| {
        let mut found = Vec::new();
        all(rows, &mut found);
        found
    };
    telegrams.chain(parts).map(|(id, of)| (id, rows(of))).collect()
}

/// Each row is one line of its section, with its offset.
fn markdown_has_every_row_once(page: &Page, lang: Lang) {
    let text = markdown::page(page, lang);
    for (id, rows) in sections(page) {
        let start = format!("<a id=\"{id}\"></a>");
        let (_, section) = text.split_once(&start).unwrap_or_else(|| panic!("no section {id}"));
        assert!(!section.contains(&start), "{id} stands twice");
        let section = section.split("<a id=").next().unwrap_or_default();
        for row in rows {
            let number = format!("| {} ", row.number);
            let lines: Vec<&str> = section.lines().filter(|line| line.starts_with(&number)).collect();
            let [line] = lines.as_slice() else { panic!("{id} {}: {} lines", row.number, lines.len()) };
            if let Some(path) = &row.path {
                assert_eq!(line.matches(&format!("`{path}`")).count(), 1, "{line}");
            }
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let offset = row.offset.map_or("–".to_owned(), |offset| offset.to_string());
            assert!(cells.contains(&&*offset), "{id} {}: no offset {offset} in {line}", row.number);
        }
        // A cell that breaks its table would make a row with another number of cells.
        let pipes = |line: &str| line.replace("\\\\", "").replace("\\|", "").matches('|').count();
        let table: Vec<usize> = section
            .lines()
            .skip_while(|line| !line.starts_with('|'))
            .take_while(|line| line.starts_with('|'))
            .map(pipes)
            .collect();
        assert!(table.windows(2).all(|pair| pair.first() == pair.last()), "{id}: {table:?}");
    }
}

#[test]
fn every_item_of_the_examples_stands_where_the_listing_says() {
    for spec in specs() {
        agrees(&spec);
        let page = Page::of(&spec);
        markdown_has_every_row_once(&page, Lang::Ko);
        markdown_has_every_row_once(&page, Lang::En);
    }
}

#[test]
fn the_same_spec_makes_the_same_bytes() {
    for (one, two) in specs().iter().zip(&specs()) {
        assert_eq!(markdown::page(&Page::of(one), Lang::Ko), markdown::page(&Page::of(two), Lang::Ko));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_item_of_a_random_spec_stands_where_the_listing_says(seed: u64) {
        let spec = Spec::parse("random.toml", &random_spec("random", seed)).expect("a clean spec");
        agrees(&spec);
        markdown_has_every_row_once(&Page::of(&spec), Lang::En);
    }
}
