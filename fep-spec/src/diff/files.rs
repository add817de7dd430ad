//! The record files of both versions. Their records are telegrams and are compared as such.

use fep_codec::files::LineEnd;

use super::{Break, Change, Class, Diff, Sender};
use crate::model::{FileSpec, RecordUse, RecordUseOf, Spec};

/// Compares all record files.
pub(super) fn compare(old: &Spec, new: &Spec, diff: &mut Diff) {
    for file in &new.files {
        match old.file(&file.name) {
            Some(own) => both(own, file, diff),
            None => put(diff, file, Class::Layout, "added", None, Some(records_text(&file.records))),
        }
    }
    for file in old.files.iter().filter(|file| new.file(&file.name).is_none()) {
        put(diff, file, Class::Layout, "removed", Some(records_text(&file.records)), None);
        broken(diff, file, Sender::Old, "the new version does not have the file");
    }
}

fn both(own: &FileSpec, other: &FileSpec, diff: &mut Diff) {
    if own.label != other.label {
        put(diff, other, Class::Document, "label", Some(own.label.clone()), Some(other.label.clone()));
    }
    if own.records != other.records {
        let [before, after] = [records_text(&own.records), records_text(&other.records)];
        put(diff, other, Class::Layout, "records", Some(before), Some(after));
        if !covers(&other.records, &own.records) {
            broken(diff, own, Sender::Old, "its records repeat or follow each other in another way");
        }
        if !covers(&own.records, &other.records) {
            broken(diff, other, Sender::New, "its records repeat or follow each other in another way");
        }
    }
    if own.line_ends != other.line_ends || own.last_line_end != other.last_line_end {
        let [before, after] = [own, other].map(|file| {
            let ends: Vec<_> = file.line_ends.iter().map(|end| line_end(*end)).collect();
            format!("{}, behind the last record {:?}", ends.join(" or "), file.last_line_end).to_lowercase()
        });
        put(diff, other, Class::Layout, "line ends", Some(before), Some(after));
        let takes_all = |taker: &FileSpec, giver: &FileSpec| {
            taker.last_line_end == giver.last_line_end
                && giver.line_ends.iter().all(|end| taker.line_ends.contains(end))
        };
        if !takes_all(other, own) {
            broken(diff, own, Sender::Old, "its records have other line ends");
        }
        if !takes_all(own, other) {
            broken(diff, other, Sender::New, "its records have other line ends");
        }
    }
    let rules = [
        ("record words", own.record_word != other.record_word || own.block_word != other.block_word),
        ("blocks", own.blocks != other.blocks),
        ("totals", own.totals != other.totals),
        ("serials", own.serials != other.serials),
        ("leniency", own.lenient != other.lenient),
    ];
    for (change, _) in rules.into_iter().filter(|(_, differs)| *differs) {
        put(diff, other, Class::Value, change, None, None);
        let reason = format!("its {change} follow another rule, and these are not shown to be alike");
        broken(diff, own, Sender::Old, &reason);
        broken(diff, other, Sender::New, &reason);
    }
}

/// Whether the wider records stand for everything that the narrower ones stand for: the same telegrams in the same order, at least as often.
fn covers(wider: &[RecordUse], narrower: &[RecordUse]) -> bool {
    wider.len() == narrower.len()
        && wider.iter().zip(narrower).all(|(wide, narrow)| {
            let same = match (&wide.what, &narrow.what) {
                (RecordUseOf::Telegram(one), RecordUseOf::Telegram(other)) => one == other,
                (RecordUseOf::Group(one), RecordUseOf::Group(other)) => covers(one, other),
                _ => false,
            };
            let most = match (wide.max, narrow.max) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(one), Some(other)) => one >= other,
            };
            same && most && wide.min <= narrow.min && wide.is_last == narrow.is_last
        })
}

fn records_text(records: &[RecordUse]) -> String {
    let text = |one: &RecordUse| {
        let what = match &one.what {
            RecordUseOf::Telegram(name) => name.clone(),
            RecordUseOf::Group(records) => format!("({})", records_text(records)),
        };
        match (one.min, one.max) {
            (1, Some(1)) => what,
            (min, Some(max)) => format!("{what} {min} to {max} times"),
            (min, None) => format!("{what} {min} times or more"),
        }
    };
    records.iter().map(text).collect::<Vec<_>>().join(", ")
}

const fn line_end(end: LineEnd) -> &'static str {
    match end {
        LineEnd::None => "nothing",
        LineEnd::Cr => "CR",
        LineEnd::Lf => "LF",
        LineEnd::CrLf => "CR LF",
        LineEnd::Nl => "EBCDIC NL",
        LineEnd::EbcdicLf => "EBCDIC LF",
        LineEnd::EbcdicCrLf => "EBCDIC CR LF",
        LineEnd::CrNl => "EBCDIC CR NL",
    }
}

fn put(diff: &mut Diff, file: &FileSpec, class: Class, change: &'static str, old: Option<String>, new: Option<String>) {
    diff.changes.push(Change {
        telegram: Some(file.name.clone()),
        path: None,
        label: file.label.clone(),
        class,
        change,
        old,
        new,
        old_bytes: None,
        new_bytes: None,
    });
}

fn broken(diff: &mut Diff, file: &FileSpec, sender: Sender, reason: &str) {
    let telegram = file.name.clone();
    diff.breaks.push(Break { telegram, path: None, sender, bytes: None, reason: reason.to_owned(), example: None });
}
