//! Captures of TCP streams and inputs of frames: the telegrams in them, and what is missing. `captures/make.py` says how the files were
//! made, by other programs.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails by panicking"
)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fep_spec::capture::{Capture, Side};
use serde_json::{Value, json};

const BANK: &str = "specs/bank-a/bank-a.toml";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_path_buf()
}

fn file(name: &str) -> String {
    format!("fep-spec/tests/captures/{name}")
}

/// The exit code, stdout and stderr of a run.
fn fep(args: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_fep"))
        .args(args)
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("fep runs");
    let mut stdin = child.stdin.take().expect("stdin");
    // A command that stops early closes its stdin. Then the write fails, which is not an error of this test.
    let _ = stdin.write_all(input);
    drop(stdin);
    let output = child.wait_with_output().expect("fep ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn golden(name: &str) -> Value {
    let text = std::fs::read_to_string(root().join(format!("tests/golden/{name}.json"))).expect("a golden file");
    serde_json::from_str(&text).expect("JSON")
}

fn golden_bytes(name: &str) -> Vec<u8> {
    let hex = golden(name)["hex"].as_str().expect("hex").to_owned();
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex digits");
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// The line of a golden telegram in a packet.
fn line(name: &str, packet: u64, from: &str) -> Value {
    let golden = golden(name);
    json!({ "telegram": golden["telegram"], "fields": golden["fields"], "packet": packet, "from": from })
}

/// Decodes a capture with and without a framing. Checks its telegrams and the messages that its findings contain.
fn check(name: &str, more: &[&str], lines: &[Value], findings: &[&str]) {
    for frame in [&["--frame", "ascii4"][..], &[]] {
        let file = file(name);
        let args = [&["decode", "--spec", BANK, &file][..], frame, more].concat();
        let (code, out, messages) = fep(&args, b"");
        let read: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert!(read == lines, "{args:?}: {out}{messages}");
        assert_eq!(code, Some(i32::from(!findings.is_empty())), "{args:?}: {messages}");
        let said: Vec<&str> = messages.lines().filter(|line| line.starts_with("fep: packet")).collect();
        assert_eq!(said.len(), findings.len(), "{args:?}: {messages}");
        for (said, finding) in said.iter().zip(findings) {
            assert!(said.contains(finding), "{args:?}: {said}");
        }
    }
}

#[test]
fn both_directions_of_real_traffic_are_read() {
    for name in ["ethernet.pcap", "ipv6.pcap", "cooked.pcap", "cooked2.pcap"] {
        let lines = [
            line("bank-a-transfer", 4, "client"),
            line("bank-a-transfer-answer", 8, "server"),
            line("bank-a-transfer", 10, "client"),
        ];
        check(name, &[], &lines, &[]);
    }
}

#[test]
fn packets_in_any_order_are_put_together() {
    for name in ["disorder.pcapng", "big-endian.pcapng", "raw-big-endian.pcap", "null.pcap"] {
        let lines = [
            line("bank-a-transfer", 7, "client"),
            line("bank-a-transfer-answer", 10, "server"),
            line("bank-a-transfer", 12, "client"),
        ];
        check(name, &[], &lines, &[]);
    }
}

#[test]
fn missing_bytes_are_a_finding_with_their_place_and_the_next_whole_telegram_is_read() {
    let behind = [line("bank-a-transfer-answer", 6, "server"), line("bank-a-transfer", 7, "client")];
    let findings = [
        "packet 4 from the client: the last 100 bytes are the start of a telegram",
        "packet 5 from the client: 100 bytes are missing before it, behind the first 100",
        "packet 5 from the client: 100 bytes are no whole telegram and were passed",
    ];
    check("gap.pcap", &[], &behind, &findings);
    let behind = [line("bank-a-transfer-answer", 2, "server"), line("bank-a-transfer", 3, "client")];
    check("inside.pcap", &[], &behind, &["packet 1 from the client: 150 bytes are no whole telegram and were passed"]);
    let lines = [
        line("bank-a-transfer", 4, "client"),
        line("bank-a-transfer-answer", 6, "server"),
        line("bank-a-transfer", 7, "client"),
    ];
    check("changed.pcap", &[], &lines, &["packet 5 from the client: its bytes differ from those of an earlier packet"]);
}

#[test]
fn of_several_streams_one_must_be_chosen() {
    let (code, out, messages) = fep(&["decode", "--spec", BANK, &file("streams.pcap")], b"");
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(
        messages.contains("several TCP streams; choose one:\n  --stream 1   10.0.0.1:40000 → 10.0.0.2:9100"),
        "{messages}"
    );
    check("streams.pcap", &["--stream", "1"], &[line("bank-a-transfer", 4, "client")], &[]);
    let second = [line("bank-a-transfer", 8, "client"), line("bank-a-transfer-answer", 9, "server")];
    check("streams.pcap", &["--stream", "2"], &second, &[]);
    for wrong in ["0", "3"] {
        let (code, _, messages) = fep(&["decode", "--spec", BANK, "--stream", wrong, &file("streams.pcap")], b"");
        assert_eq!(
            (code, messages.contains(&format!("has no stream {wrong}; it has 2"))),
            (Some(2), true),
            "{messages}"
        );
    }
}

#[test]
fn explain_shows_packets_and_decoded_lines_can_be_encoded() {
    let capture = file("ethernet.pcap");
    let (code, out, _) = fep(&["explain", "--spec", BANK, "--frame", "ascii4", &capture], b"");
    assert_eq!(code, Some(0));
    assert!(out.contains("telegram 2 in packet 8 from the server: TransferAnswer"), "{out}");
    let (_, lines, _) = fep(&["decode", "--spec", BANK, &capture], b"");
    let (code, hex, messages) = fep(&["encode", "--spec", BANK, "--hex"], lines.as_bytes());
    assert_eq!(code, Some(0), "{messages}");
    let names = ["bank-a-transfer", "bank-a-transfer-answer", "bank-a-transfer"];
    let expected: String = names.iter().map(|name| golden(name)["hex"].as_str().expect("hex").to_lowercase()).collect();
    assert!(hex.trim() == expected);
    // A capture on stdin, and as hex digits.
    let bytes = std::fs::read(root().join(&capture)).expect("the file");
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(fep(&["decode", "--spec", BANK, "--hex"], hex.as_bytes()).1, lines);
}

#[test]
fn a_damaged_capture_never_panics() {
    for name in ["ethernet.pcap", "disorder.pcapng", "big-endian.pcapng", "cooked.pcap", "null.pcap"] {
        let whole = std::fs::read(root().join(file(name))).expect("the file");
        let read = |bytes: &[u8]| {
            let Ok(capture) = Capture::read(bytes) else { return 0 };
            let streams = capture.streams.iter().flat_map(|stream| Side::BOTH.map(|side| stream.sent_by(side)));
            streams.flat_map(|direction| direction.runs).map(|run| run.bytes.len()).sum::<usize>()
        };
        assert_eq!(read(&whole), 900, "{name}");
        for len in (0..whole.len()).step_by(3) {
            assert!(read(&whole[..len]) <= 900, "{name}: the first {len} bytes");
        }
        // The headers of the file, of a packet, and of what is in it.
        for at in (0..400).chain((400..whole.len()).step_by(7)) {
            let mut changed = whole.clone();
            changed[at] = [0x00, 0xFF, whole[at] ^ 0x01, whole[at] ^ 0x80][at % 4];
            read(&changed);
        }
    }
    let cut =
        Capture::read(&std::fs::read(root().join(file("ethernet.pcap"))).expect("the file")[..1000]).expect("a start");
    assert!(cut.remarks.iter().any(|remark| remark.starts_with("the file ends inside packet")), "{:?}", cut.remarks);
    assert!(Capture::read(&b"no capture at all"[..]).is_err() && Capture::read(&b""[..]).is_err());
}

/// Decodes an input of frames. `lines` is the number of telegrams, `message` is in the messages.
fn frames(frame: &str, input: &[u8], code: i32, lines: usize, message: &str) {
    let (ended, out, messages) = fep(&["decode", "--spec", BANK, "--frame", frame], input);
    assert_eq!((ended, out.lines().count()), (Some(code), lines), "{frame}: {messages}");
    assert!(messages.contains(message) && (!message.is_empty() || messages.is_empty()), "{frame}: {messages}");
}

#[test]
fn an_input_of_frames_is_cut_as_the_line_cuts_it() {
    let one = golden_bytes("bank-a-transfer");
    let framed = |before: &[u8], after: &[u8]| [before, &one, after, before, &one, after].concat();
    frames("ascii4", &framed(b"", b""), 0, 2, "");
    frames("lf", &framed(b"", b"\n"), 0, 2, "");
    frames("crlf", &framed(b"", b"\r\n"), 0, 2, "");
    frames("stx-etx", &framed(b"\x02", b"\x03"), 0, 2, "");
    frames("binary2,stripped", &framed(&[1, 44], b""), 0, 2, "");
    frames("ascii5,stripped,counts=all", &framed(b"00305", b""), 0, 2, "");
    frames("stx-etx", &[&framed(b"\x02", b"\x03"), &b"\x02\x03"[..]].concat(), 0, 2, "1 frames have no telegram");
    frames("fixed300", &framed(b"", b""), 2, 0, "SignOn has 100 bytes");
}

#[test]
fn a_frame_that_is_wrong_or_not_whole_is_a_finding_with_its_place() {
    let one = golden_bytes("bank-a-transfer");
    frames(
        "ascii4",
        &[&one[..], &one[..100]].concat(),
        1,
        1,
        "telegram 2 at byte 300: the last 100 bytes are the start of a frame",
    );
    frames("ascii4", &[&one[..], b"rubbish"].concat(), 1, 1, "telegram 2 at byte 300: ");
    frames("stx-etx", &[b"\x02", &one[..], b"\x03x"].concat(), 1, 1, "telegram 2 at byte 302: ");
    frames("ascii4", b"", 1, 0, "the input is empty");
    frames("ascii", &one, 2, 0, "--frame: \"ascii\" is no framing; write one of ascii4");
    let (code, _, messages) = fep(&["decode", "--spec", "specs", "--frame", "code-table"], &one);
    assert_eq!((code, messages.contains("the telegrams of one spec")), (Some(2), true), "{messages}");
    let args = ["decode", "--spec", "specs/kftc-cms/kftc-cms.toml", "--telegram", "EB13", "--frame", "lf"];
    let (code, _, messages) = fep(&args, b"");
    assert_eq!((code, messages.contains("the plan of a record file")), (Some(2), true), "{messages}");
    let (code, _, messages) = fep(&["decode", "--spec", BANK, "--stream", "1"], &one);
    assert_eq!((code, messages.contains("the input is no capture")), (Some(2), true), "{messages}");
}

/// Each packet belongs to the last stream of its addresses. It is found at once, however many streams there are.
#[test]
fn a_capture_may_have_many_streams() {
    const STREAMS: u32 = 60_000;
    let mut file = [&[0xA1, 0xB2, 0xC3, 0xD4, 0, 2, 0, 4], &[0; 8][..], &[0, 4, 0, 0], &[0, 0, 0, 101]].concat();
    for sequence in [7_u32, 8] {
        for stream in 0..STREAMS {
            let [.., high, low] = stream.to_be_bytes();
            file.extend([&[0; 8][..], &[0, 0, 0, 41, 0, 0, 0, 41]].concat());
            file.extend([0x45, 0, 0, 41, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, high, low, 0, 9]);
            file.extend(
                [&sequence.to_be_bytes()[..], &[0, 0, 0, 0, 0x50, 0x10, 0xFF, 0xFF, 0, 0, 0, 0, b'x']].concat(),
            );
        }
    }
    let capture = Capture::read(file.as_slice()).expect("a capture");
    assert_eq!(capture.streams.len(), 60_000);
    let last = capture.streams.last().expect("a stream");
    assert_eq!((last.packets, last.first_packet), (2, u64::from(STREAMS)));
    assert_eq!(last.sent_by(Side::Client).runs[0].bytes, b"xx");
}
