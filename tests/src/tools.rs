//! External programs that the tests compare with. They may be missing on a machine.

/// Reports that a program is missing and which comparison is skipped.
///
/// # Panics
/// If the environment has `FEP_CI`. Continuous integration installs every program, so a missing one is a mistake there.
pub fn missing(program: &str, package: &str) {
    let told = format!("{program} is missing here (Debian: apt-get install {package}); nothing is compared with it");
    assert!(std::env::var_os("FEP_CI").is_none(), "{told}");
    eprintln!("skipped: {told}");
}
