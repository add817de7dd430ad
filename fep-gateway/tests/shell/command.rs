//! The built command, as a user runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fep_gateway::Config;

use crate::harness::SECRETS;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn gateway(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fep-gateway"));
    command.current_dir(root()).env_remove("RUST_LOG").args(arguments).output().unwrap()
}

fn check(arguments: &[&str], code: i32, message: &str) {
    let output = gateway(arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(stderr.contains(message), "{stderr}");
    assert!(output.stdout.is_empty());
}

#[test]
fn the_annotated_example_is_a_configuration() {
    let config = Config::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("gateway.example.toml")).unwrap();
    assert_eq!(config.institutions.len(), 1);
    check(&["check", "--config", "fep-gateway/gateway.example.toml"], 0, "1 institution, 2 lines, nothing wrong");
}

#[test]
fn an_address_for_others_without_rights_is_noted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gateway.toml");
    let text = std::fs::read_to_string(root().join("fep-gateway/gateway.example.toml")).unwrap();
    let text = text.replace("../specs/", root().join("specs/").to_str().unwrap());
    std::fs::write(&path, text.replace("127.0.0.1:8470", "0.0.0.0:8470")).unwrap();
    let arguments = ["check", "--config", path.to_str().unwrap()];
    check(&arguments, 0, "note: whoever reaches 0.0.0.0:8470 may send requests and operate lines");
    let access = root().join("fep-gateway/access.example.toml");
    let limited = format!("listen = \"0.0.0.0:8470\"\naccess = \"{}\"", access.display());
    std::fs::write(&path, text.replace("listen = \"127.0.0.1:8470\"", &limited)).unwrap();
    let output = gateway(&arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("whoever reaches"), "{output:?}");
    assert!(said.contains("note: clients send their tokens to 0.0.0.0:8470 unencrypted"), "{output:?}");
}

#[test]
fn a_line_that_nothing_has_to_prove_is_noted_with_its_place_and_is_no_mistake() {
    let config = "fep-gateway/testdata/quote-c.toml";
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(root().join(config)).unwrap();
    let spec = root().join("specs/quote-c/quote-c.toml");
    let path = folder.path().join("gateway.toml");
    std::fs::write(&path, text.replace("specs/quote-c/quote-c.toml", spec.to_str().unwrap())).unwrap();
    let arguments = ["check", "--config", path.to_str().unwrap()];
    for said in [
        "note[missing-key]: nothing has to prove that line `main` of quote-c is alive",
        "7 | name = \"main\"",
        "help: while it is connected it counts as ready: write `session.echo_test`, `session.poll` with `sends = true`, or ",
        "1 institution, 1 line, nothing wrong",
    ] {
        check(&arguments, 0, said);
    }
}

#[test]
fn the_demo_shows_every_outcome_and_no_secret() {
    let output = gateway(&["demo", "--once", "--listen", "127.0.0.1:0"]);
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stdout}\n{stderr}");
    for expected in [
        "answered 응답",
        "unknown 미확인",
        "settled 확정",
        "0110 잔액 부족",
        "물품대금",
        "withdraw_account",
        "<secret>",
    ] {
        assert!(stdout.contains(expected), "{expected}\n{stdout}");
    }
    for secret in SECRETS {
        assert!(!stdout.contains(secret) && !stderr.contains(secret), "{secret}\n{stdout}\n{stderr}");
    }
    assert!(stderr.is_empty(), "{stderr}");
}

#[test]
fn exit_codes_tell_findings_from_not_being_able_to_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let wrong = file("gateway.toml", "[htpt]\n");
    check(&["check", "--config", &wrong], 1, "unknown key `htpt`");
    check(&["run", "--config", &wrong], 2, "unknown key `htpt`");
    check(&["check", "--config", "no/such/file"], 2, "cannot read no/such/file");
    check(&["run"], 2, "--config");
    let scenario = file("scenario.toml", "[[rules]]\naction = \"sulk\"\n");
    check(&["simulate", "specs/bank-a/bank-a.toml", "--scenario", &scenario], 2, "`action` cannot be \"sulk\"");
    let spec = "specs/bank-a/bank-a.toml";
    let accounts = "specs/bank-a/scenarios/accounts.toml";
    check(&["simulate", spec, "--scenario", accounts, "--replay", "no/such"], 2, "no/such (--replay): ");
    check(&["simulate", spec, "--scenario", accounts, "--replay", &wrong], 2, "the scenario has no [replay]");
    check(&["simulate", spec, "--scenario", accounts, "--record", &wrong], 2, "--force writes it anew");
    check(&["simulate", spec, "--scenario", accounts, "--force"], 2, "--record");
    let replay = file("replay.toml", "[replay]\nkey = [\"header.trace_no\"]\n");
    check(&["simulate", spec, "--scenario", &replay], 2, "the scenario has [replay]: which file?");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let api = ["simulate", spec, "--scenario", accounts, "--listen", "127.0.0.1:0", "--api", &address];
    let output = gateway(&api);
    assert!(output.status.code() == Some(2) && String::from_utf8(output.stderr).unwrap().contains("(--api)"));
    check(&["demo", "--once", "--listen", &address], 2, "choose another port with --listen");
}

#[cfg(unix)]
#[test]
fn keys_that_others_may_read_are_found_before_the_start() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(root().join("fep-gateway/gateway.example.toml")).unwrap();
    let text = text.replace("../specs/", root().join("specs/").to_str().unwrap());
    let path = folder.path().join("gateway.toml");
    let arguments = ["check", "--config", path.to_str().unwrap()];
    let mode = |name: &str, mode: u32| {
        std::fs::set_permissions(folder.path().join(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let encrypted = text.replace("[journal]\n", "[journal]\nencryption = { key_file = \"journal.keys\" }\n");
    std::fs::write(&path, encrypted).unwrap();
    check(&arguments, 1, "journal.keys: ");
    let key_file = folder.path().join("journal.keys");
    assert!(gateway(&["journal", "new-key", "--key-file", key_file.to_str().unwrap()]).status.success());
    check(&arguments, 0, "nothing wrong");
    mode("journal.keys", 0o644);
    check(&arguments, 1, "others than its owner may use this key file (its mode is 0644): chmod 0600 it");
    let own = rcgen::generate_simple_self_signed(["fep.bank.example".to_owned()]).unwrap();
    std::fs::write(folder.path().join("fep.pem"), own.cert.pem()).unwrap();
    std::fs::write(folder.path().join("fep-key.pem"), own.signing_key.serialize_pem()).unwrap();
    let tls = "tls = { cert = \"fep.pem\", key = \"fep-key.pem\" }\nconnections_max";
    std::fs::write(&path, text.replacen("connections_max", tls, 1)).unwrap();
    mode("fep-key.pem", 0o644);
    check(&arguments, 0, "note: everybody on this machine can read the private key");
    mode("fep-key.pem", 0o640);
    let output = gateway(&arguments);
    assert!(output.status.success() && !String::from_utf8_lossy(&output.stderr).contains("everybody"), "{output:?}");
}
