//! The missing end of a telegram: what may be completed with blanks, and what must not.
//!
//! ```text
//! layout   amount 4 | memo 5    | filler 3      all of these are completed to 12 bytes:
//! given    0010       a b                       memo "ab", and the filler
//! given    0010                                 memo "", and the filler
//! given    001                                  nothing: a number is never completed
//! ```

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::forgiven::{Forgiven, counted, is_line_end, is_separator, range};
use super::table::{Deviation, Lenient};
use crate::charset::{DecodeOptions, Half, Reason};
use crate::error::{Culprit, Error, Fault};
use crate::layout::{Item, Justify, Kind, Layout, Repeat, TextRule};
use crate::record::Record;
use crate::survey::{SurveyItem, SurveyStep, survey};
use crate::view::{end_of, whole_end_of};

/// A telegram whose missing end was put back.
pub(super) struct Completed {
    pub(super) bytes: Vec<u8>,
    pub(super) forgiven: Vec<Forgiven>,
}

/// The telegram with blanks in the place of its missing end, and the reports. `None` if nothing is missing, or if the telegram does not
/// say how long it is.
///
/// # Errors
/// If a missing byte belongs to an item that must not be completed.
pub(super) fn completed(layout: &Layout, telegram: &[u8], lenient: Lenient) -> Result<Option<Completed>, Error> {
    let Some(len) = whole_end_of(layout, telegram).filter(|len| telegram.len() < *len) else { return Ok(None) };
    let mut whole = telegram.to_vec();
    whole.resize(len, layout.charset.space());
    let steps = survey(layout, &whole);
    let line_end = line_end_within(&steps, telegram);
    let given = telegram.len().saturating_sub(line_end);
    let mut forgiven = Vec::new();
    if line_end > 0 && lenient.trailing {
        let surplus = telegram.get(given..).unwrap_or_default();
        forgiven.push(Forgiven::surplus(given, surplus));
    }
    let codes = deciding(layout);
    let mut reached = given;
    for step in steps.iter().filter(|step| step.len > 0 && step.offset.saturating_add(step.len) > given) {
        let have = telegram.get(step.offset..given).unwrap_or_default();
        let blank = if line_end > 0 && !lenient.trailing {
            Err("a line end is not part of the text, and surplus bytes are not forgiven")
        } else {
            blank_of(step, have, &codes)
        };
        let blank = blank.map_err(|reason| refused(step, have.len(), reason))?;
        let end = step.offset.saturating_add(step.len);
        let missing = given.max(step.offset)..end;
        if let Some(out) = whole.get_mut(missing.clone()) {
            out.fill(blank);
        }
        let assumed = counted(missing.len(), "blank");
        let verb = if missing.len() == 1 { "is" } else { "are" };
        let report = Forgiven::new(
            Deviation::Stripped,
            range(step.offset.min(given)..given),
            format!("{assumed} {verb} missing here"),
        );
        forgiven.push(match step.what {
            SurveyItem::Field(_) => report.in_field(step.path.as_str()),
            _ => report,
        });
        reached = end;
    }
    // The walk ended before the telegram does: an item that cannot be read is in between.
    Ok((reached == len).then_some(Completed { bytes: whole, forgiven }))
}

/// Whether the surplus bytes behind a telegram begin with another telegram of the same layout. Line ends, blanks and NULs alone are none.
pub(super) fn begins_another(layout: &Layout, surplus: &[u8]) -> bool {
    let Some(start) = surplus.iter().position(|byte| !is_separator(*byte, layout.charset)) else { return false };
    let reads = |bytes: &[u8]| {
        let own = end_of(layout, bytes).ok().and_then(|end| bytes.get(..end));
        own.is_some_and(|own| !own.is_empty() && Record::decode(layout, own).is_ok())
    };
    reads(surplus) || start > 0 && surplus.get(start..).is_some_and(reads)
}

/// The number of line end bytes at the end of the telegram, if these bytes would otherwise be read as text.
fn line_end_within(steps: &[SurveyStep<'_>], telegram: &[u8]) -> usize {
    let mut given = telegram.len();
    for step in steps.iter().rev().filter(|step| step.offset < telegram.len()) {
        let is_text = match step.what {
            SurveyItem::Field(field) => matches!(field.kind, Kind::Text(_)),
            SurveyItem::Filler(_) | SurveyItem::Unused(..) => true,
            _ => false,
        };
        let own = telegram.get(step.offset..given).unwrap_or_default();
        let ends = own.iter().rev().take_while(|byte| is_line_end(**byte, step.charset)).count();
        given = given.saturating_sub(if is_text { ends } else { 0 });
        if !is_text || ends < own.len() {
            break;
        }
    }
    telegram.len().saturating_sub(given)
}

/// The blank that completes an item, or the reason why it is not completed. `have` are the bytes of the item that are there.
fn blank_of(step: &SurveyStep<'_>, have: &[u8], codes: &[String]) -> Result<u8, &'static str> {
    let space = step.charset.space();
    match step.what {
        SurveyItem::Field(field) if field.computed.is_some() => Err("a computed field is never completed"),
        SurveyItem::Field(_) if codes.contains(&without_indexes(&step.path)) => {
            Err("a text that is a code is never completed")
        }
        SurveyItem::Field(field) => match &field.kind {
            Kind::Text(rule) => blank_of_text(rule, have, step.len),
            _ => Err("only text and blank fillers are completed"),
        },
        SurveyItem::Filler(filler) if filler.any || filler.pad == space => Ok(space),
        SurveyItem::Filler(_) => Err("a filler of other bytes than blanks is never completed"),
        SurveyItem::Unused(group, _) => match group.repeat {
            Repeat::Padded { pad, .. } if pad == space => Ok(space),
            _ => Err("unused entries of other bytes than blanks are never completed"),
        },
        SurveyItem::Literal(_) => Err("a literal is never completed"),
        SurveyItem::Unread(_) | SurveyItem::Unchosen(_) | SurveyItem::LeftOver { .. } => {
            Err("only text and blank fillers are completed")
        }
    }
}

fn blank_of_text(rule: &TextRule, have: &[u8], len: usize) -> Result<u8, &'static str> {
    let space = rule.charset.space();
    match rule.pad_pair() {
        Some(pair) if pair != [space; 2] => return Err("text with full-width padding is never completed"),
        Some(_) if !have.len().is_multiple_of(2) || !len.is_multiple_of(2) => return Err(CUT_INSIDE),
        None if !rule.exact && rule.pad != space => {
            return Err("text with other padding than blanks is never completed");
        }
        Some(_) | None => {}
    }
    // Its text is at the end: blanks that are there were before a text that is cut off.
    if rule.justify == Justify::Right && !rule.exact && !have.is_empty() {
        return Err("right-justified text of which a part is there is never completed");
    }
    let strict = DecodeOptions { half: Half::Refuse, open_shift: false, newline_15: rule.newline_15 };
    match rule.charset.decode_with(have, strict) {
        Err(error) if error.reason == Reason::Half => Err(CUT_INSIDE),
        Err(error) if error.reason == Reason::SiMissing => Err("the text is cut between SO and SI"),
        Err(_) => Err("the part of the text that is there cannot be read"),
        Ok(_) => Ok(space),
    }
}

const CUT_INSIDE: &str = "the text is cut inside a character";

#[cold]
fn refused(step: &SurveyStep<'_>, left: usize, reason: &'static str) -> Error {
    let fault = Fault::NotCompleted { needed: step.len, left, reason };
    let bytes = step.offset..step.offset.saturating_add(step.len);
    let error = match step.what {
        SurveyItem::Field(field) => Error::in_field(Culprit::Peer, fault, field),
        _ => Error::new(Culprit::Peer, fault),
    };
    let around = match step.what {
        SurveyItem::Field(_) => &step.within,
        _ if step.path.is_empty() => &step.within,
        _ => &step.path,
    };
    let error = error.at_bytes(bytes, None);
    if around.is_empty() { error } else { error.within(around) }
}

/// The paths, without indexes, of the fields that decide a choice or identify the telegram. A text there is a code.
fn deciding(layout: &Layout) -> Vec<String> {
    let mut paths: Vec<String> = layout.when.iter().map(|when| String::from(&*when.path)).collect();
    let within = |name: &str, inner: &Layout| -> Vec<String> {
        deciding(inner).into_iter().map(|path| format!("{name}.{path}")).collect()
    };
    for item in layout.items() {
        match item {
            Item::Part(part) => paths.extend(within(&part.name, &part.layout)),
            Item::Group(group) => paths.extend(within(&group.name, &group.layout)),
            Item::Choice(choice) => {
                paths.push(choice.by.clone().into_owned());
                paths.extend(choice.cases().iter().flat_map(|case| within(&choice.name, &case.layout)));
            }
            Item::Field(_) | Item::Tail(_) | Item::Literal(_) | Item::Filler(_) => {}
        }
    }
    paths
}

/// `items.name` for `items[3].name`.
fn without_indexes(path: &str) -> String {
    let mut depth = 0_usize;
    path.chars()
        .filter(|character| {
            let was = depth;
            match character {
                '[' => depth = depth.saturating_add(1),
                ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            was == 0 && depth == 0
        })
        .collect()
}
