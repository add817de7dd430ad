//! Writes the random specs whose generated code the tests hold against the dynamic codec: `random-specs FOLDER`.
//!
//! The files are committed, so that a change of the generator shows; run it again, and `fep gen` on the folder, if it is wanted.

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
