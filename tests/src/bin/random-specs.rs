//! Writes the committed random specs to a folder: `random-specs FOLDER`. The tests compare their generated code with the dynamic codec.
//!
//! The files are committed, so that a change of the generator is visible. To accept a change, run it again, and then `fep gen` on the
//! folder.

use std::path::PathBuf;
use std::process::ExitCode;

use fep_tests::random_spec::{COMMITTED, random_spec};

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: random-specs FOLDER");
        return ExitCode::from(2);
    };
    for seed in COMMITTED {
        let name = format!("random-{seed}");
        let path = folder.join(&name).with_extension("toml");
        if let Err(error) = std::fs::write(&path, random_spec(&name, seed)) {
            eprintln!("{}: {error}", path.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
