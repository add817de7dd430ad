//! The command `fep-gateway reconcile`: what it refuses before it reads anything. What it finds is tested in `tests/engine/reconciling.rs`.

use std::process::Command;

#[test]
fn a_report_never_replaces_the_file_of_the_institution() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settlement.txt");
    std::fs::write(&file, "HD").unwrap();
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/gateway.example.toml");
    // The same file under another name, too.
    for name in ["settlement.txt", "./settlement.txt"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fep-gateway"));
        command.args(["reconcile", "settlement.txt", "--config", config, "--institution", "bank-a", "--report", name]);
        let output = command.current_dir(folder.path()).output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains("is the file of the institution: choose another name for the report"), "{message}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "HD");
    }
}
