//! What crossed the lines is recorded, and answers are given again from a recording or from an export of the journal.

use std::fs;
use std::io::BufReader;

use serde_json::{Value as Json, json};
use tokio::net::TcpStream;

use super::bank::{ACCOUNTS, ELSEWHERE, PAYER, ask, fields, said, transfer};
use super::{Client, SESSIONLESS, check_refused, scenario, spec};
use crate::simulate::{Recording, Simulator, create_recording};

const REPLAY: &str =
    "[replay]\nkey = [\"header.trace_no\", \"header.sent_date\"]\nsame = [\"amount\", \"passbook_memo\"]\n";

fn read(lines: &str) -> Result<Recording, String> {
    let scenario = scenario(&format!("{SESSIONLESS}{REPLAY}"));
    Recording::read(BufReader::new(lines.as_bytes()), &spec(), &scenario).map_err(|error| error.to_string())
}

/// Records two transfers of the same amount, one of another amount, and one that is not answered.
async fn recorded(path: &std::path::Path) -> String {
    let bank = Simulator::start(spec(), scenario(ACCOUNTS), "127.0.0.1:0").await.unwrap();
    bank.record(create_recording(path, false).unwrap());
    let mut client = Client { stream: TcpStream::connect(bank.address()).await.unwrap(), bank };
    ask(&mut client, "SignOn", 999_999, json!({})).await;
    for (trace, amount) in [(1, 100), (2, 100), (3, 700)] {
        transfer(&mut client, trace, fields(PAYER, ELSEWHERE, amount, "a")).await;
    }
    client.send(&super::telegram("Transfer", 4, fields(PAYER, ELSEWHERE, 9, "무응답"))).await;
    ask(&mut client, "EchoTest", 5, json!({})).await;
    fs::read_to_string(path).unwrap()
}

#[tokio::test]
async fn a_recording_is_replayed_to_requests_that_are_alike() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bank.jsonl");
    let lines = recorded(&path).await;
    let first: Json = serde_json::from_str(lines.lines().nth(2).unwrap()).unwrap();
    assert_eq!(
        (&first["direction"], &first["telegram"], &first["line"]),
        (&json!("out"), &json!("Transfer"), &json!("link 1"))
    );
    // Sign-on, three transfers and the echo test have both halves, one transfer has no answer.
    assert_eq!(lines.lines().count(), 11);
    assert!(create_recording(&path, false).is_err(), "a file is not overwritten");
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);

    let rule = "[[rules]]\ntelegram = \"Transfer\"\nwhen = { passbook_memo = \"b\" }\naction = \"answer\"\nset = { fee = 9 }\n";
    let text = format!("{SESSIONLESS}{REPLAY}{rule}");
    let bank = Simulator::start(spec(), scenario(&text), "127.0.0.1:0").await.unwrap();
    let recording = Recording::read(BufReader::new(lines.as_bytes()), &spec(), &scenario(&text)).unwrap();
    assert_eq!((recording.len(), recording.left_out()), (5, 0));
    bank.replay(recording);
    let mut client = Client { stream: TcpStream::connect(bank.address()).await.unwrap(), bank };
    let alike = |amount: i64| fields(PAYER, ELSEWHERE, amount, "a");
    assert_eq!(transfer(&mut client, 41, alike(700)).await, said("0000", 10_000_000 - 600 - 600 - 1200, 500));
    // Several fit: one after the other, and then the last one. The trace is that of the request.
    assert_eq!(transfer(&mut client, 42, alike(100)).await.1, 10_000_000 - 600);
    let second = ask(&mut client, "Transfer", 43, alike(100)).await;
    assert_eq!((&second["balance"], &second["header"]["trace_no"]), (&json!(10_000_000 - 1200), &json!(43)));
    assert_eq!(transfer(&mut client, 44, alike(100)).await.1, 10_000_000 - 1200);
    // Nothing fits: answered as ever.
    assert_eq!(transfer(&mut client, 45, fields(PAYER, ELSEWHERE, 100, "b")).await, said("0000", 0, 9));
}

#[test]
fn an_export_of_the_journal_is_a_recording() {
    let request = super::transfer(17, "a");
    let mut answer = request.clone();
    answer[24..28].copy_from_slice(b"0110");
    let line = |direction: &str, ms: u32, bytes: &[u8]| {
        let at = format!("2026-11-28T00:00:00.{ms:03}Z");
        let bytes = crate::hex::hex(bytes);
        json!({"number": 1, "at": at, "institution": "bank-a", "kind": "sent", "direction": direction, "bytes": bytes})
            .to_string()
    };
    let outcome =
        json!({"number": 3, "at": "2026-11-28T00:00:01Z", "kind": "outcome", "outcome": "answered"}).to_string();
    let lines = [
        line("out", 0, &request),
        line("in", 250, &answer),
        outcome,
        line("in", 300, &answer),
        line("in", 301, b"0004????"),
    ];
    let recording = read(&lines.join("\n")).unwrap();
    assert_eq!((recording.len(), recording.left_out()), (1, 2), "a second answer and rubbish are left out");
}

#[test]
fn what_is_no_recording_is_refused_with_its_line() {
    let check = |lines: &str, expected: &str| {
        let error = read(lines).unwrap_err();
        assert!(error.contains(expected), "{error}");
    };
    check("", "no request in it has an answer");
    check("\n\nnonsense\n", "line 3: no JSON object with `at`, `direction` and `bytes`");
    check("{\"direction\": \"out\"}", "line 1: `at` is missing");
    check("{\"at\": \"now\"}", "line 1: a time is written");
    check(
        "{\"at\": \"2026-11-28\", \"direction\": \"in\", \"bytes\": \"0g\"}",
        "line 1: `bytes` is no hexadecimal text",
    );
    check_refused("[replay]\n", "`key` is missing");
    check_refused("[replay]\nkey = [\"header.trace\"]\n", "no telegram of the spec bank-a has a field header.trace");
    let without = scenario(SESSIONLESS);
    let error = Recording::read(BufReader::new(&b""[..]), &spec(), &without).unwrap_err().to_string();
    assert_eq!(error, "the scenario has no [replay]: how is a request known?");
}
