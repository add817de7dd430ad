//! [`Page::of`]: a spec → its page.

use super::facts;
use super::kinds::kind_text;
use super::model::{CodeListPage, Condition, FilePage, LetterPage, Page, PartPage, Row, TelegramPage};
use super::records;
use super::rows::Rows;
use super::sharing::Sharing;
use super::words::Text;
use crate::model::{Spec, TelegramSpec};

impl Page {
    /// The page of a spec.
    #[must_use]
    pub fn of(spec: &Spec) -> Self {
        let sharing = Sharing::of(spec);
        let rows = Rows { spec, sharing: &sharing };
        let parts = spec.parts.iter().filter(|part| sharing.is_shared(&part.layout.name));
        let parts = parts.map(|part| PartPage {
            name: part.layout.name.to_string(),
            label: part.layout.label.to_string(),
            len: part.layout.fixed_len(),
            used_in: sharing.users(&part.layout.name),
            rows: rows.top(&part.layout, &part.notes),
        });
        let mut page = Self {
            name: spec.name.clone(),
            title: spec.title.clone(),
            version: spec.version.clone(),
            source: spec.source.clone(),
            charset: spec.charset.label().to_owned(),
            hash: spec.hash,
            reading: facts::reading(spec.charset),
            telegrams: spec.telegrams.iter().map(|one| telegram(spec, &rows, one)).collect(),
            parts: parts.collect(),
            files: spec.files.iter().map(|file| records::file(spec, file)).collect(),
            codes: Vec::new(),
            letters: spec.types.iter().map(letter).collect(),
            samples: Vec::new(),
        };
        page.telegrams.iter_mut().for_each(|telegram| totals(&page.files, telegram));
        page.codes = spec.codes.iter().filter(|list| page.uses(&list.name)).map(code_list).collect();
        page
    }

    /// The telegram with this name.
    #[must_use]
    pub fn telegram(&self, name: &str) -> Option<&TelegramPage> {
        self.telegrams.iter().find(|telegram| telegram.name == name)
    }

    fn uses(&self, list: &str) -> bool {
        fn any(rows: &[Row], list: &str) -> bool {
            rows.iter().any(|row| {
                row.code_list.as_deref() == Some(list) || row.below().any(|row| any(std::slice::from_ref(row), list))
            })
        }
        let telegrams = self.telegrams.iter().map(|telegram| &telegram.rows);
        telegrams.chain(self.parts.iter().map(|part| &part.rows)).any(|rows| any(rows, list))
    }
}

fn telegram(spec: &Spec, rows: &Rows<'_>, telegram: &TelegramSpec) -> TelegramPage {
    let layout = &telegram.layout;
    let condition = |when: &fep_codec::layout::When| Condition {
        path: when.path.to_string(),
        label: layout.span(&when.path).map(|span| span.field.label.to_string()).unwrap_or_default(),
        value: when.value.to_string(),
    };
    let asks = |other: &&TelegramSpec| other.answer.as_deref() == Some(telegram.name());
    TelegramPage {
        name: telegram.name().to_owned(),
        label: layout.label.to_string(),
        len: layout.fixed_len(),
        limits: (layout.min_len(), layout.max_len()),
        answer: telegram.answer.clone(),
        answers: spec.telegrams.iter().filter(asks).map(|other| other.name().to_owned()).collect(),
        when: layout.when.iter().map(condition).collect(),
        like: telegram.like.clone(),
        remark: telegram.remark.clone(),
        is_record: spec.is_record(telegram.name()),
        rows: if telegram.like.is_some() { Vec::new() } else { rows.top(layout, &telegram.notes) },
    }
}

/// Says at the fields of a record that a file computes them.
fn totals(files: &[FilePage], record: &mut TelegramPage) {
    for file in files {
        let of_record = |(field, text): &(String, Text)| {
            let path = field.strip_prefix(&*record.name)?.strip_prefix('.')?.to_owned();
            Some((path, Text::new(format!("{}: {}", file.name, text.ko), format!("{}: {}", file.name, text.en))))
        };
        let facts: Vec<(String, Text)> = file.totals.iter().chain(&file.serials).filter_map(of_record).collect();
        for (path, fact) in facts {
            note(&mut record.rows, &path, &fact);
        }
    }
}

fn note(rows: &mut [Row], path: &str, fact: &Text) {
    for row in rows {
        if row.path.as_deref() == Some(path) {
            row.computed = true;
            row.facts.insert(0, fact.clone());
        }
        note(&mut row.rows, path, fact);
    }
}

fn code_list(list: &crate::model::CodeList) -> CodeListPage {
    CodeListPage { name: list.name.clone(), label: list.label.clone(), open: list.open, codes: list.codes.clone() }
}

fn letter(letter: &crate::model::TypeSpec) -> LetterPage {
    LetterPage { name: letter.name.clone(), kind: kind_text(letter.kind), remark: letter.remark.clone() }
}
