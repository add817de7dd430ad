//! The pages of `fep doc`: every item of every spec stands where `fep layout` says, once.

#![allow(clippy::expect_used, clippy::panic, reason = "a helper of a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fep_spec::Spec;
use fep_spec::listing::{ListedItem, Listing};
use fep_spec::model::SpecSet;
use fep_spec::pages::explained::{explain, made};
use fep_spec::pages::{Lang, Page, Row, html, markdown};
use fep_spec::samples::{Options, Samples};
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

/// Each row has an id of its own, with its offset behind it.
fn html_has_every_row_once(page: &Page, lang: Lang) {
    let text = html::page(page, lang);
    for (id, rows) in sections(page) {
        for row in rows {
            let start = format!("<tr id=\"{id}-{}\" ", row.number);
            let (_, found) = text.split_once(&start).unwrap_or_else(|| panic!("no row {id}-{}", row.number));
            assert!(!found.contains(&start), "{id}-{} stands twice", row.number);
            let row_text = found.split("<tr ").next().unwrap_or_default();
            if let Some(path) = &row.path {
                assert!(row_text.contains(&format!("<code>{path}</code>")), "{row_text}");
            }
            let place = match (row.offset, row.span()) {
                (None, _) => "place\">–".to_owned(),
                (Some(offset), Some(0 | 1)) => format!("place\">{}<small>{offset}</small>", offset + 1),
                (Some(offset), Some(span)) => {
                    format!("place\">{}–{}<small>{offset}–{}</small>", offset + 1, offset + span, offset + span - 1)
                }
                (Some(offset), None) => format!("place\">{}–<small>{offset}–</small>", offset + 1),
            };
            assert!(row_text.contains(&place), "{id}-{}: no {place} in {row_text}", row.number);
        }
    }
    every_link_has_a_target(&text);
}

/// No id stands twice, and no link leads to nothing.
fn every_link_has_a_target(text: &str) {
    let ids: Vec<&str> = text.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let known: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(known.len(), ids.len(), "an id stands twice");
    for to in text.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(to == "top" || known.contains(to), "nothing has the id {to}");
    }
}

#[test]
fn every_item_of_the_examples_stands_where_the_listing_says() {
    for spec in specs() {
        agrees(&spec);
        let page = Page::of(&spec);
        markdown_has_every_row_once(&page, Lang::Ko);
        markdown_has_every_row_once(&page, Lang::En);
        html_has_every_row_once(&page, Lang::Ko);
        html_has_every_row_once(&page, Lang::En);
    }
}

#[test]
fn the_same_spec_makes_the_same_bytes() {
    for (one, two) in specs().iter().zip(&specs()) {
        assert_eq!(markdown::page(&Page::of(one), Lang::Ko), markdown::page(&Page::of(two), Lang::Ko));
        assert_eq!(html::page(&Page::of(one), Lang::En), html::page(&Page::of(two), Lang::En));
    }
}

/// The items of a sample follow each other without a gap.
fn explained_covers_every_byte(page: &Page) {
    for sample in &page.samples {
        let end = sample.items.iter().fold(0, |at, item| {
            assert_eq!(item.offset, at, "{}: {}", sample.telegram, item.path);
            assert!(item.value.is_ok(), "{}: {}", sample.telegram, item.path);
            at + item.len
        });
        assert_eq!(end, sample.len, "{}", sample.telegram);
    }
}

/// The bytes, characters and values of a sample, by hand from its bytes; what is secret is masked.
#[test]
fn samples_are_explained_and_secrets_are_masked() {
    let spec = Spec::load(&root().join("specs/bank-a/bank-a.toml")).expect("a clean spec");
    let bytes = std::fs::read(root().join("specs/bank-a/samples/transfer.bin")).expect("a sample");
    let explained = explain(&spec, "transfer.bin", &bytes).expect("a telegram");
    let [sample] = explained.as_slice() else { panic!("{} telegrams", explained.len()) };
    assert_eq!((&*sample.telegram, sample.len, sample.number), ("Transfer", 300, None));
    let item = |path: &str| sample.items.iter().find(|item| item.path == path).expect("an item");
    let memo = item("passbook_memo");
    assert_eq!(memo.hex, "31 31 BF F9 BF F9 BC BC 20 20 20 20 20 20");
    assert_eq!((&*memo.characters, &memo.value), ("11월월세······", &Ok("11월월세".to_owned())));
    let account = item("withdraw_account");
    assert_eq!(
        (&*account.hex, &*account.characters, &account.value),
        ("** × 16", &*"*".repeat(16), &Ok("<secret>".to_owned()))
    );

    let mut page = Page::of(&spec);
    page.samples = explained;
    let text = html::page(&page, Lang::En);
    let secret =
        |range: std::ops::Range<usize>| String::from_utf8_lossy(bytes.get(range).unwrap_or_default()).trim().to_owned();
    assert!(text.contains("11월월세") && text.contains("transfer.bin"));
    for secret in [secret(100..116), secret(146..162)] {
        assert!(secret.len() > 5 && !text.contains(&secret), "the page shows an account");
    }
    // Behind each other, as a record file, and as nothing.
    let two = explain(&spec, "two", &[&*bytes, &*bytes].concat()).expect("telegrams");
    assert_eq!(two.iter().map(|one| one.number).collect::<Vec<_>>(), [Some(1), Some(2)]);
    assert!(explain(&spec, "none", b"").is_err() && explain(&spec, "none", b"hello").is_err());
    let nacha = Spec::load(&root().join("specs/nacha/nacha.toml")).expect("a clean spec");
    for name in ["whole.ach", "batches.ach", "stripped.ach"] {
        let bytes = std::fs::read(root().join("specs/nacha/samples").join(name)).expect("a sample");
        let records = explain(&nacha, name, &bytes).expect("a file");
        assert_eq!(records.first().map(|record| &*record.telegram), Some("FileHeader"), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_item_of_a_random_spec_stands_where_the_listing_says(seed: u64) {
        let spec = Spec::parse("random.toml", &random_spec("random", seed)).expect("a clean spec");
        agrees(&spec);
        let mut page = Page::of(&spec);
        markdown_has_every_row_once(&page, Lang::En);
        for telegram in &spec.telegrams {
            let samples = Samples::of(&spec, telegram, Options { seed, between: 1 });
            page.samples.extend(samples.all.iter().take(2).map(|sample| made(telegram, &sample.bytes)));
        }
        html_has_every_row_once(&page, Lang::Ko);
        explained_covers_every_byte(&page);
    }
}
