//! The command that moves a journal from files into the database of a configuration.

use std::io::Write;

use super::{Files, InspectError};
use crate::config::Environment;
use crate::journal::copy::{Copied, copy};
use crate::net::clock::Clock;

/// Moves the files that are given, or that the configuration names.
pub(super) fn run(files: &Files, out: &mut impl Write) -> Result<(), InspectError> {
    let config = files.config()?.ok_or(InspectError::NoDatabase)?;
    let settings = config.journal.postgres.as_ref().ok_or(InspectError::NoDatabase)?;
    let paths = if files.paths.is_empty() { vec![config.journal.path.clone()] } else { files.paths.clone() };
    let is_test = config.environment == Environment::Test;
    let Copied { last, facts, place, was_complete } = copy(&paths, settings, is_test, Clock::default().now().wall_ms)?;
    match was_complete {
        true => writeln!(out, "the journal was moved to the {place} before; it ends with fact {last}")?,
        false => writeln!(
            out,
            "the journal is in the {place} now: {facts} facts up to number {last}, each compared. The file is marked as moved; keep it"
        )?,
    }
    Ok(())
}
