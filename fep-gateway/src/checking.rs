//! The command `fep-gateway check`: reads everything that a start reads, and says what is wrong and what is worth knowing.

use std::io::{self, IsTerminal};
use std::path::Path;

use fep_gateway::config::Environment;
use fep_gateway::journal::seal::KeyRing;
use fep_gateway::{http, intake};

use super::{Failure, catalogues, load, say, unusable};

/// Checks a configuration, its specs and its key file.
pub(super) fn check(path: &Path) -> Result<(), Failure> {
    let config = load(path)?;
    catalogues(path, &config)?;
    let of_access = http::access_notes(&config).map_err(unusable)?;
    intake::check(&config).map_err(|error| Failure::Unfit(format!("{}: {error}", path.display())))?;
    let key_file = config.journal.key_file.as_deref().map(KeyRing::read).transpose();
    key_file.map_err(|error| Failure::Unfit(format!("{}: {error}", path.display())))?;
    let lines: usize = config.institutions.values().map(|institution| institution.lines.len()).sum();
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let institutions = count(config.institutions.len(), "institution");
    let lines = count(lines, "line");
    if !config.notes.is_empty() {
        say(&config.notes.render(io::stderr().is_terminal()));
    }
    let notes = http::notes(&config.http).into_iter().chain(of_access).chain(config.open_keys());
    notes.for_each(|note| say(&format!("note: {note}")));
    if config.environment == Environment::Test {
        say(
            "note: the configuration is for tests: its business clock can be set, and no configuration for production opens its journal",
        );
    }
    let streams = match config.streams.len() {
        0 => String::new(),
        number => format!(", {}", count(number, "stream")),
    };
    say(&format!("{}: {institutions}, {lines}{streams}, nothing wrong", path.display()));
    Ok(())
}
