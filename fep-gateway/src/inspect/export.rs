//! The export: each fact as a JSON object in one line. Other programs rely on its keys.

use std::collections::BTreeMap;
use std::io::{self, Write};

use fep_protocol::exchange::{ExchangeId, Outcome, RequestId, TraceParent};
use fep_protocol::fact::Fact;
use serde::{Serialize, Serializer};

use super::{Files, InspectError};
use crate::hex::hex;
use crate::journal::filter::FactFilter;
use crate::journal::reading::JournalFiles;
use crate::journal::seal::Unreadable;
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
    /// The same for an entry of the audit trail and its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<ExchangeId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'f RequestId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<TraceParent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<String>,
}

/// Writes the facts that pass the filter, in their order. A gap is an error after everything was written: a running gateway may
/// have archived facts meanwhile, and a program must not take what it got for the whole. The same holds for bodies whose keys
/// were forgotten. A body that cannot be read for another reason ends the export.
pub(super) fn export(
    files: &Files,
    filter: &FactFilter,
    with_bytes: bool,
    out: &mut impl Write,
) -> Result<(), InspectError> {
    let mut files = JournalFiles::open_at(&files.place()?, files.keys()?.as_ref())?;
    let mut last = None;
    let mut missing = None;
    let mut forgotten = None;
    loop {
        let page = files.next_page()?;
        if page.is_empty() {
            let missing = missing.map(|(first, last)| InspectError::Missing { first, last });
            let forgotten = forgotten.map(|(count, first)| InspectError::Forgotten { count, first });
            return missing.or(forgotten).map_or(Ok(()), Err);
        }
        let unreadable: BTreeMap<u64, Unreadable> = files.take_unreadable().into_iter().collect();
        for (number, fact) in &page {
            let expected = last.map_or(*number, |last: u64| last + 1);
            if *number != expected {
                missing.get_or_insert((expected, number - 1));
            }
            last = Some(*number);
            if filter.passes(fact) {
                match unreadable.get(number).filter(|_| with_bytes) {
                    Some(Unreadable::Forgotten(_)) => forgotten.get_or_insert((0, *number)).0 += 1,
                    Some(why) => return Err(InspectError::Unreadable { number: *number, why: *why }),
                    None => {}
                }
                let line = Line::of(*number, fact, with_bytes);
                serde_json::to_writer(&mut *out, &line).map_err(io::Error::from)?;
                out.write_all(b"\n")?;
            }
        }
    }
}

impl<'f> Line<'f> {
    fn of(number: u64, fact: &'f Fact, with_bytes: bool) -> Self {
        let end = fact.audit.as_ref().and_then(|audit| audit.end.as_ref());
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
            outcome: fact.outcome.map(Outcome::name).or(end.map(|end| end.outcome.name())),
            reason: fact.reason.as_ref().map(|reason| &*reason.sentence).or(end.and_then(|end| end.code.as_deref())),
            attempt: fact.audit.as_ref().and_then(|audit| audit.attempt),
            request_id: fact.caller.as_ref().and_then(|caller| caller.request_id.as_ref()),
            traceparent: fact.caller.as_ref().and_then(|caller| caller.traceparent),
            client: fact.caller.as_ref().and_then(|caller| caller.client.as_deref()),
            bytes: (with_bytes && !fact.bytes.is_empty()).then(|| hex(&fact.bytes)),
        }
    }
}

fn as_text<S: Serializer>(time: &Rfc3339, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}
