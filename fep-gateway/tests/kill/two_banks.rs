//! What the tests with two banks share: the second one in the configuration, and a request for each of many transfers.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use crate::daemon::{self, Answer, FILL};
use crate::{REQUESTS, transfer};

/// `bank-b`, which has the telegrams of bank-a and listens on this port.
pub(crate) fn bank_b(port: u16) -> String {
    let spec = format!("{}/../specs/bank-a/bank-a.toml", env!("CARGO_MANIFEST_DIR"));
    format!(
        r#"
[institutions.bank-b]
spec = "{spec}"
key = ["header.trace_no", "header.sent_date"]
trace = "header.trace_no"
answer_timeout_ms = 1000
[institutions.bank-b.fill]
"header.bank_code" = "088"
{FILL}
[[institutions.bank-b.lines]]
name = "main"
connect = "127.0.0.1:{port}"
links = 2
reconnect_min_ms = 20
"#
    )
}

/// How long a caller asks again.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks bank-a for a transfer, and again with its key while a busy machine could not start it in time: nothing was sent then.
fn ask_until_started(port: u16, amount: u64) -> Option<Answer> {
    let began = Instant::now();
    loop {
        let answer = daemon::ask(port, &format!("key-{amount}"), &transfer(amount))?;
        let is_late = ["\"not_started\"", "\"journal_slow\""].iter().any(|code| answer.body.contains(code));
        if !is_late || began.elapsed() > PATIENCE {
            return Some(answer);
        }
    }
}

/// Asks bank-a for all transfers at once, each with a key of its own. Returns the answers that came, by amount.
pub(crate) fn ask_all(port: u16) -> BTreeMap<u64, Answer> {
    let ask = move |amount| (amount, ask_until_started(port, amount));
    let asking: Vec<_> = (1..=REQUESTS).map(|amount| thread::spawn(move || ask(amount))).collect();
    let answers = asking.into_iter().filter_map(|asked| asked.join().ok());
    answers.filter_map(|(amount, got)| Some((amount, got?))).collect()
}
