//! Makes Rust of two specs of this repository. A spec with errors stops the build with its findings.

use std::process::ExitCode;

use fep_spec::build::Build;

fn main() -> ExitCode {
    let specs = Build::new().specs("../../specs/bank-a").specs("../../specs/kftc-cms").serde();
    match specs.write("telegrams.rs") {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
