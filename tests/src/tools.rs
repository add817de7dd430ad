//! Programs that the tests compare with, and that a machine may lack.

/// Says that a program is missing, and so what is not compared.
///
/// # Panics
/// Where the environment has `FEP_CI`: continuous integration installs every program, so a missing one is a mistake there.
pub fn missing(program: &str, package: &str) {
    let told = format!("{program} is missing here (Debian: apt-get install {package}); nothing is compared with it");
    assert!(std::env::var_os("FEP_CI").is_none(), "{told}");
    eprintln!("skipped: {told}");
}
