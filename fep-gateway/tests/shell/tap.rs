//! The command `fep-gateway tap`, as a user runs it: it passes and records until SIGTERM, and says what it could not record.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

const PATIENCE: Duration = Duration::from_secs(30);

/// A whole frame whose content the spec does not recognise.
const NO_TELEGRAM: &[u8] = b"0005hello";

fn spec() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/bank-a/bank-a.toml")
}

fn tap(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fep-gateway"));
    command.arg("tap").arg(spec()).args(arguments).env_remove("RUST_LOG");
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// A tap that runs, with the address that it says.
struct Running {
    child: Child,
    address: String,
    /// What it has said on stderr up to its address.
    said: String,
}

impl Running {
    fn start(bank: &TcpListener, arguments: &[&str]) -> Self {
        let connect = bank.local_addr().unwrap().to_string();
        let own = ["--listen", "127.0.0.1:0", "--connect", &connect];
        let mut child = tap(&[&own, arguments].concat()).args(["--log-format", "json"]).spawn().unwrap();
        let mut said = String::new();
        let stderr = child.stderr.as_mut().unwrap();
        let mut byte = [0];
        while !(said.contains("the tap listens") && said.ends_with('\n')) {
            assert_eq!(stderr.read(&mut byte).unwrap(), 1, "{said}");
            said.push(char::from(byte[0]));
        }
        let line: Json = serde_json::from_str(said.lines().last().unwrap()).unwrap();
        let address = line["fields"]["listen"].as_str().unwrap().to_owned();
        Self { child, address, said }
    }

    /// A client and the bank's end of its connection.
    fn connect(&self, bank: &TcpListener) -> (TcpStream, TcpStream) {
        let client = TcpStream::connect(&self.address).unwrap();
        let (bank, _) = bank.accept().unwrap();
        for side in [&client, &bank] {
            side.set_read_timeout(Some(PATIENCE)).unwrap();
        }
        (client, bank)
    }

    /// Ends it as a service manager does. Returns its exit code, and what it said.
    fn terminate(self) -> (Option<i32>, String) {
        assert!(Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap().success());
        let Output { status, stderr, .. } = self.child.wait_with_output().unwrap();
        (status.code(), self.said + &String::from_utf8(stderr).unwrap())
    }
}

fn pass(from: &mut TcpStream, to: &mut TcpStream, bytes: &[u8]) {
    from.write_all(bytes).unwrap();
    let mut received = vec![0; bytes.len()];
    to.read_exact(&mut received).unwrap();
    assert_eq!(received, bytes);
}

fn lines(path: &Path) -> Vec<Json> {
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn kinds(path: &Path) -> Vec<String> {
    lines(path).iter().map(|line| line["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_record_is_in_the_file_soon_and_complete_after_sigterm() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.jsonl");
    let bank = TcpListener::bind("127.0.0.1:0").unwrap();
    let record = ["--record", path.to_str().unwrap(), "--trace", "header.trace_no"];
    let running = Running::start(&bank, &record);
    let (mut client, mut institution) = running.connect(&bank);
    pass(&mut client, &mut institution, NO_TELEGRAM);
    let until = Instant::now() + PATIENCE;
    while !kinds(&path).contains(&"frame".to_owned()) {
        assert!(Instant::now() < until, "nothing is recorded");
        std::thread::yield_now();
    }
    pass(&mut institution, &mut client, b"0009hal");
    let (code, said) = running.terminate();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("everything that passed is recorded"), "{said}");
    assert_eq!(kinds(&path), ["start", "open", "frame", "raw", "close", "end"]);
    assert_eq!(lines(&path)[2]["bytes"], "3030303568656c6c6f");
    assert_eq!(client.read(&mut [0]).unwrap(), 0);

    // Behind it goes on a second run, and no run without --append.
    let running = Running::start(&bank, &["--append", "--record", path.to_str().unwrap()]);
    let (code, _) = running.terminate();
    assert_eq!(code, Some(0));
    assert_eq!(kinds(&path)[6..], ["start", "end"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_is_full_stops_no_traffic_and_the_exit_code_says_it() {
    let bank = TcpListener::bind("127.0.0.1:0").unwrap();
    let running = Running::start(&bank, &["--append", "--record", "/dev/full"]);
    let (mut client, mut institution) = running.connect(&bank);
    for _ in 0..100 {
        pass(&mut client, &mut institution, NO_TELEGRAM);
        pass(&mut institution, &mut client, NO_TELEGRAM);
    }
    let (code, said) = running.terminate();
    assert_eq!(code, Some(1), "{said}");
    for expected in [
        "the record cannot be written. Traffic goes on",
        "fep-gateway: /dev/full is not complete: 1800 bytes passed and are not in it; it could not be written to its end: No space left",
    ] {
        assert!(said.contains(expected), "{expected}\n{said}");
    }
}

#[test]
fn wrong_usage_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let there = folder.path().join("there");
    std::fs::write(&there, "{}\n").unwrap();
    let there = there.to_str().unwrap();
    let check = |arguments: &[&str], expected: &str| {
        let output = tap(arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(expected), "{said}");
    };
    let usual = ["--listen", "127.0.0.1:0", "--connect", "127.0.0.1:9"];
    let with = |more: &[&'static str]| [&usual, more].concat();
    check(&[&usual[..], &["--record", there]].concat(), "or write behind its lines with --append");
    check(&with(&["--record", "no/such/folder"]), "no/such/folder (--record): ");
    check(&with(&["--frame", "ascii"]), "--frame: \"ascii\" is no framing; write one of ascii4");
    check(&with(&["--record", "x", "--trace", "header.trace"]), "has a field \"header.trace\" (--trace)");
    check(&with(&["--append"]), "--record");
    check(&with(&["--connections-max", "0"]), "write a number from 1 on");
    check(&["--listen", "127.0.0.1:0", "--connect", "bank"], "write host:port, as in bank.example:9000");
    check(&["--listen", "127.0.0.1:9", "--connect", "127.0.0.1:9"], "the tap would connect itself");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    let new = folder.path().join("new");
    let record = ["--record", new.to_str().unwrap()];
    check(&[&["--listen", &taken, "--connect", "127.0.0.1:9"], &record[..]].concat(), "(--listen): ");
    assert!(!new.exists(), "the next try would be refused");
    assert_eq!(std::fs::read_to_string(there).unwrap(), "{}\n");
}
