//! The export: each fact as a JSON object in one line. Other programs rely on its keys.

use std::io::{self, Write};
use std::path::PathBuf;

use fep_protocol::exchange::{ExchangeId, Outcome};
use fep_protocol::fact::Fact;
use serde::{Serialize, Serializer};

use super::InspectError;
use crate::journal::filter::FactFilter;
use crate::journal::reading::JournalFiles;
use crate::time::Rfc3339;

/// One fact. A key that does not apply is absent.
#[derive(Serialize)]
struct Line<'f> {
    number: u64,
    #[serde(serialize_with = "as_text")]
    at: Rfc3339,
    institution: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<&'f str>,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange: Option<ExchangeId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    telegram: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<String>,
}

/// Writes the facts that pass the filter, in their order. A gap is an error after everything was written: a running gateway may
/// have archived facts meanwhile, and a program must not take what it got for the whole.
pub(super) fn export(paths: &[PathBuf], filter: &FactFilter, out: &mut impl Write) -> Result<(), InspectError> {
    let mut files = JournalFiles::open(paths)?;
    let mut last = None;
    let mut missing = None;
    loop {
        let page = files.next_page()?;
        if page.is_empty() {
            return missing.map_or(Ok(()), |(first, last)| Err(InspectError::Missing { first, last }));
        }
        for (number, fact) in &page {
            let expected = last.map_or(*number, |last: u64| last + 1);
            if *number != expected {
                missing.get_or_insert((expected, number - 1));
            }
            last = Some(*number);
            if filter.passes(fact) {
                serde_json::to_writer(&mut *out, &Line::of(*number, fact)).map_err(io::Error::from)?;
                out.write_all(b"\n")?;
            }
        }
    }
}

impl<'f> Line<'f> {
    fn of(number: u64, fact: &'f Fact) -> Self {
        Self {
            number,
            at: Rfc3339(fact.at_ms),
            institution: &fact.institution,
            line: fact.line.as_ref().map(|(line, _)| &**line),
            kind: fact.what.kind(),
            class: fact.class(),
            direction: fact.what.direction(),
            exchange: fact.exchange,
            telegram: fact.telegram.as_deref(),
            trace: fact.trace.as_deref().filter(|trace| !trace.is_empty()),
            outcome: fact.outcome.map(Outcome::name),
            reason: fact.reason.as_ref().map(|reason| &*reason.sentence),
            bytes: (!fact.bytes.is_empty()).then(|| hex(&fact.bytes)),
        }
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn as_text<S: Serializer>(time: &Rfc3339, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}
