//! Telegrams that follow each other in one input, and the surplus bytes between them.
//!
//! ```text
//! 0100A LF 0110BB LF
//! └───┘ ↑  └────┘ ↑
//! a telegram, a surplus byte, a telegram, a surplus byte at the end
//! ```

use std::collections::BTreeSet;
use std::ops::Range;

use fep_codec::lenient::{Lenient, is_separator};
use fep_codec::view::end_of;
use fep_codec::{Charset, Record};

use crate::model::{SpecSet, TelegramSpec, UnchosenError};

/// Where the next telegram is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextTelegram {
    /// Behind this number of surplus bytes. If it is 0, what is there may still be wrong: reading it reports the error.
    At(usize),
    /// Nowhere: all bytes are surplus.
    Nowhere,
}

/// The number of places among line ends, blanks and NULs at which a telegram is looked for.
const PLACES_MAX: usize = 16;

/// Looks for the telegram that comes next. Surplus bytes are passed only if what follows them is a telegram, or the end.
///
/// If `named` is a telegram, all telegrams are of this kind. Then only a run that begins with a line end or a NUL is passed, because a
/// telegram may begin with blanks. `is_first`: bytes that begin no telegram are then not surplus.
#[must_use]
pub fn next_telegram(specs: &SpecSet, named: Option<&TelegramSpec>, rest: &[u8], is_first: bool) -> NextTelegram {
    let nothing = if is_first { NextTelegram::At(0) } else { NextTelegram::Nowhere };
    let starts = |rest: &[u8]| match named {
        Some(telegram) => reads(telegram, rest),
        None => !matches!(specs.choose(rest), Err(UnchosenError::NoMatch(_))),
    };
    if rest.is_empty() || starts(rest) {
        return NextTelegram::At(0);
    }
    let charsets = charsets(specs, named);
    let separates = |byte: &u8| charsets.iter().any(|charset| is_separator(*byte, *charset));
    let run = rest.iter().take_while(|byte| separates(byte)).count();
    let blank = |byte: &u8| charsets.iter().any(|charset| *byte == charset.space());
    let passes = named.is_none() || rest.first().is_some_and(|byte| !blank(byte));
    if run == rest.len() {
        return nothing;
    }
    if run > 0 && passes {
        let ends = rest.iter().take_while(|byte| separates(byte) && !blank(byte)).count();
        let mut places: BTreeSet<usize> = (1..=run.min(PLACES_MAX)).collect();
        places.extend([ends, run]);
        if let Some(at) = places.into_iter().find(|at| rest.get(*at..).is_some_and(starts)) {
            return NextTelegram::At(at);
        }
    }
    match named {
        // What is there is a telegram with mistakes, or one that ends early.
        Some(_) => NextTelegram::At(if passes { run } else { 0 }),
        None => behind_rubbish(specs, rest, &charsets).map_or(nothing, NextTelegram::At),
    }
}

/// The bytes among surplus bytes that may be a damaged telegram, if there are any: they have at least the length of the shortest
/// telegram, without the line ends, blanks and NULs around them.
#[must_use]
pub fn lost(specs: &SpecSet, named: Option<&TelegramSpec>, surplus: &[u8]) -> Option<Range<usize>> {
    let charsets = charsets(specs, named);
    let is_content = |byte: &u8| !charsets.iter().any(|charset| is_separator(*byte, *charset));
    let start = surplus.iter().position(is_content)?;
    let end = surplus.iter().rposition(is_content)? + 1;
    let all = specs.specs.iter().flat_map(|spec| &spec.telegrams);
    let shortest = match named {
        Some(telegram) => telegram.layout.min_len(),
        None => {
            all.filter(|telegram| telegram.layout.is_recognisable()).map(|telegram| telegram.layout.min_len()).min()?
        }
    };
    (end - start >= shortest).then_some(start..end)
}

/// The length of the telegram that these bytes begin with, or all of them if it is not known.
#[must_use]
pub fn own_len(telegram: &TelegramSpec, rest: &[u8], lenient: Lenient) -> usize {
    let len = telegram.layout.telegram_len(rest).ok().filter(|len| *len > 0);
    let counted = || if lenient.trailing { end_of(&telegram.layout, rest).ok().filter(|len| *len > 0) } else { None };
    len.or_else(counted).unwrap_or(rest.len()).min(rest.len())
}

/// Whether these bytes begin with a telegram that reads strictly.
fn reads(telegram: &TelegramSpec, rest: &[u8]) -> bool {
    let own = rest.get(..own_len(telegram, rest, Lenient::ALL)).unwrap_or_default();
    !own.is_empty() && Record::decode(&telegram.layout, own).is_ok()
}

/// The start of the first line that is a telegram without mistakes. The bytes before it are none.
fn behind_rubbish(specs: &SpecSet, rest: &[u8], charsets: &[Charset]) -> Option<usize> {
    let separates = |byte: u8| charsets.iter().any(|charset| is_separator(byte, *charset) && byte != charset.space());
    let lines = rest.iter().enumerate().filter(|(_, byte)| separates(**byte)).map(|(at, _)| at + 1);
    lines.into_iter().find(|at| {
        let line = rest.get(*at..).unwrap_or_default();
        line.first().is_some_and(|byte| !separates(*byte))
            && specs.choose(line).is_ok_and(|telegram| reads(telegram, line))
    })
}

fn charsets(specs: &SpecSet, named: Option<&TelegramSpec>) -> Vec<Charset> {
    let mut charsets: Vec<Charset> = match named {
        Some(telegram) => vec![telegram.layout.charset],
        None => specs.specs.iter().flat_map(|spec| &spec.telegrams).map(|telegram| telegram.layout.charset).collect(),
    };
    // Only the blank of a charset matters here.
    charsets.sort_by_key(|charset| charset.space());
    charsets.dedup_by_key(|charset| charset.space());
    charsets
}
