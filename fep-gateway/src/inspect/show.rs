//! One exchange or one notice: its facts in their order, and its telegrams field by field.
//!
//! The layout says which bytes are secret. Without a configuration there is no layout, so no byte is shown unless a person
//! asks for it.

use std::io::{self, Write};

use fep_codec::dump::{DumpOptions, dump};
use fep_protocol::delivery::DeliveryFact;
use fep_protocol::exchange::{ExchangeId, Outcome};
use fep_protocol::fact::{Class, Fact, What};

use super::{Files, InspectError};
use crate::contract::view::{View, view};
use crate::hex::hex;
use crate::journal::lookup::{FACTS_MAX, Lookup};
use crate::table::{Cell, Column, Side, Table};
use crate::telegrams::LineSpec;
use crate::time::Rfc3339;

const FACTS: Table = Table {
    columns: &[
        Column { heading: "fact", width: 9, side: Side::Right },
        Column { heading: "at", width: 24, side: Side::Left },
        Column { heading: "what", width: 20, side: Side::Left },
        Column { heading: "line", width: 12, side: Side::Left },
        Column { heading: "telegram", width: 16, side: Side::Left },
        Column { heading: "bytes", width: 6, side: Side::Right },
        Column { heading: "outcome", width: 8, side: Side::Left },
        Column { heading: "reason", width: 6, side: Side::Left },
    ],
    colour: false,
};

const FIELDS: Table = Table {
    columns: &[
        Column { heading: "offset", width: 6, side: Side::Right },
        Column { heading: "len", width: 4, side: Side::Right },
        Column { heading: "bytes", width: 24, side: Side::Left },
        Column { heading: "path", width: 24, side: Side::Left },
        Column { heading: "label", width: 14, side: Side::Left },
        Column { heading: "value", width: 5, side: Side::Left },
    ],
    colour: false,
};

/// Shows an exchange or a notice.
pub(super) fn show(files: &Files, id: &ExchangeId, reveal: bool, out: &mut impl Write) -> Result<(), InspectError> {
    let config = files.config()?;
    let mut lookup = Lookup::open(&files.place()?, files.keys()?.as_ref())?;
    let facts = lookup.facts(id)?;
    let Some((_, first)) = facts.first() else { return Err(InspectError::NoExchange(*id)) };
    let institution = config.as_ref().and_then(|config| config.institutions.get(&*first.institution));
    let spec = institution
        .map(|institution| LineSpec::new(&institution.spec, &institution.framing, &institution.response_codes));
    let is_notice = first.what == What::Received(Class::Notice);
    let (kind, began) = if is_notice { ("notice", "received") } else { ("exchange", "accepted") };
    writeln!(out, "{kind} {id} with {}, {began} {}", first.institution, Rfc3339(id.accepted_at_ms()))?;
    if let Some(caller) = facts.iter().find_map(|(_, fact)| fact.caller.as_ref()) {
        let request = caller.request_id.as_ref().map(|id| format!("request {id}"));
        let trace = caller.traceparent.map(|parent| format!("traceparent {parent}"));
        writeln!(out, "the caller's {}", [request, trace].into_iter().flatten().collect::<Vec<_>>().join(", "))?;
    }
    writeln!(out)?;
    FACTS.heading(out)?;
    for (number, fact) in &facts {
        FACTS.row(out, &cells(*number, fact))?;
    }
    if facts.len() >= FACTS_MAX {
        writeln!(out, "there may be more facts: no more than {FACTS_MAX} are shown")?;
    }
    for (number, why) in lookup.unreadable() {
        writeln!(out, "\nfact {number}: {why}")?;
    }
    for (number, fact) in facts.iter().filter(|(_, fact)| !fact.bytes.is_empty()) {
        let answer = institution.zip(fact.telegram.as_deref()).and_then(|(institution, name)| {
            // An answer to a notice is stored with the name of the notice.
            let is_answer = fact.delivery.is_some() && fact.what != What::Received(Class::Notice);
            institution.spec.telegram(name)?.answer.as_deref().filter(|_| is_answer)
        });
        telegram(*number, fact, answer, spec, reveal, out)?;
    }
    Ok(())
}

/// The telegram of a fact: masked by its layout, or whole if a person asks for it.
fn telegram(
    number: u64,
    fact: &Fact,
    answer: Option<&str>,
    spec: Option<LineSpec<'_>>,
    reveal: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let name = answer.or(fact.telegram.as_deref()).unwrap_or_default();
    let title = format!("{} {name}", what(fact));
    writeln!(out, "\nfact {number}: {}", title.trim_end())?;
    let layout = spec.and_then(|spec| Some((spec, &spec.named(name)?.layout)));
    match (layout, reveal) {
        (Some((spec, layout)), true) => {
            let options = DumpOptions { reveal, colour: false };
            write!(out, "{}", dump(layout, spec.telegram(&fact.bytes), options))
        }
        (None, true) => writeln!(out, "{}", hex(&fact.bytes)),
        (_, false) if spec.is_some() => fields(&view(spec, name, &fact.bytes), out),
        (_, false) => {
            let len = fact.bytes.len();
            writeln!(out, "{len} bytes. --config shows the fields with secrets masked, --reveal shows all bytes")
        }
    }
}

fn fields(view: &View, out: &mut impl Write) -> io::Result<()> {
    if let Some(error) = &view.error {
        return writeln!(out, "{} bytes are not shown: {error}", view.len);
    }
    FIELDS.heading(out)?;
    for field in &view.fields {
        let cells = [
            field.offset.to_string(),
            field.len.to_string(),
            field.hex.clone(),
            field.path.clone(),
            field.label.clone(),
            field.value.clone(),
        ];
        FIELDS.row(out, &cells.map(Cell::from))?;
    }
    Ok(())
}

fn cells(number: u64, fact: &Fact) -> [Cell; 8] {
    let line = fact.line.as_ref().map(|(line, incarnation)| format!("{line} #{incarnation}"));
    let trace = fact.trace.as_deref().filter(|trace| !trace.is_empty()).map(|trace| format!("trace {trace}"));
    let came_from = fact.passage.as_deref().filter(|passage| passage.asked().is_some());
    let reason = fact.reason.as_ref().map(|reason| reason.sentence.to_string());
    let said = [came_from.map(ToString::to_string), reason.or(trace).or_else(|| delivery(fact))];
    [
        number.to_string(),
        Rfc3339(fact.at_ms).to_string(),
        what(fact),
        line.unwrap_or_default(),
        fact.telegram.as_deref().unwrap_or_default().to_owned(),
        fact.bytes.len().to_string(),
        fact.outcome.map_or("", Outcome::name).to_owned(),
        said.into_iter().flatten().collect::<Vec<_>>().join("; "),
    ]
    .map(Cell::from)
}

fn what(fact: &Fact) -> String {
    format!("{} {}", fact.what.kind(), fact.class().unwrap_or_default()).trim_end().to_owned()
}

/// What a fact about a delivery says besides its name.
fn delivery(fact: &Fact) -> Option<String> {
    Some(match fact.delivery.as_deref()? {
        DeliveryFact::Begun { attempt } => format!("attempt {attempt}"),
        DeliveryFact::Failed { attempt, why } => format!("attempt {attempt}: {why}"),
        DeliveryFact::Taken { attempt, says } if says.differs() => {
            format!("attempt {attempt}; the service wants another answer")
        }
        DeliveryFact::Taken { attempt, .. } => format!("attempt {attempt}"),
        DeliveryFact::Answered { by } => format!("answered by: {}", by.name()),
        DeliveryFact::DeadLettered { why } => why.name().to_owned(),
        DeliveryFact::Asked { person, note } | DeliveryFact::Closed { person, note } => format!("{person}: {note}"),
        DeliveryFact::Conflicted { first: Some(first) } | DeliveryFact::Repeated { first } => first.to_string(),
        DeliveryFact::Received { .. } | DeliveryFact::Conflicted { first: None } | DeliveryFact::Unwanted => {
            return None;
        }
    })
}
