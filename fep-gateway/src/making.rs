//! Commands that make something and print it: the OpenAPI document, JSON Schemas, tokens, certificates for tests.

use std::io::{self, Write};
use std::path::Path;

use fep_gateway::{http, simulate};

use super::{Failure, catalogues, load};

pub(super) fn openapi(path: &Path) -> Result<(), Failure> {
    let catalogues = catalogues(path, &load(path)?)?;
    print(&http::openapi(catalogues.iter().map(|(name, catalogue)| (&**name, catalogue))))
}

/// Writes a document to stdout.
pub(super) fn print(document: &serde_json::Value) -> Result<(), Failure> {
    let written = serde_json::to_writer_pretty(io::stdout().lock(), document).map_err(io::Error::from);
    match written.and_then(|()| writeln!(io::stdout())) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::because("stdout", error)),
        _ => Ok(()),
    }
}

pub(super) fn new_token() -> Result<(), Failure> {
    let (token, hash) = fep_gateway::config::new_token().map_err(Failure::Message)?;
    writeln!(io::stdout(), "token = \"{token}\"\nhash = \"{hash}\"").map_err(|error| Failure::because("stdout", error))
}

pub(super) fn test_certificates(folder: &Path, names: &[String]) -> Result<(), Failure> {
    let made = simulate::make_test_certificates(folder, names);
    let made = made.map_err(|error| Failure::because("test certificates", error))?;
    write!(io::stdout(), "{}", made.guide).map_err(|error| Failure::because("stdout", error))
}
