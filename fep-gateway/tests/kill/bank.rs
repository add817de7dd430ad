//! A bank that shares no code with the project. It answers with golden bytes, patched at fixed offsets.
//!
//! ```text
//!  0..4 length   24..28 telegram code   32..38 trace   38..46 date   52..56 response code   116..129 amount
//! ```

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

type Seen = Arc<Mutex<Record>>;

/// What a bank received.
#[derive(Default)]
struct Record {
    /// By amount.
    transfers: BTreeMap<u64, u32>,
    traces: Vec<u64>,
}

/// A listening bank and the transfers that it received: their amounts, and how often each one arrived.
pub(crate) struct Bank {
    port: u16,
    seen: Seen,
}

impl Bank {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let seen = Seen::default();
        let shared = Arc::clone(&seen);
        thread::spawn(move || {
            for link in listener.incoming().flatten() {
                let seen = Arc::clone(&shared);
                thread::spawn(move || serve(link, &seen));
            }
        });
        Self { port, seen }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The amounts that arrived, and how often each one did.
    pub(crate) fn transfers(&self) -> BTreeMap<u64, u32> {
        self.seen.lock().expect("the bank's memory").transfers.clone()
    }

    /// The trace numbers of the transfers, in the order in which they came.
    #[cfg(feature = "postgres")]
    pub(crate) fn traces(&self) -> Vec<u64> {
        self.seen.lock().expect("the bank's memory").traces.clone()
    }

    pub(crate) fn wait_for_transfers(&self, count: usize) {
        let start = Instant::now();
        while self.transfers().len() < count {
            assert!(start.elapsed() < Duration::from_secs(20), "only {} transfers came", self.transfers().len());
            thread::sleep(Duration::from_millis(1));
        }
    }
}

fn serve(mut link: TcpStream, seen: &Seen) {
    let answer = golden("bank-a-transfer-answer");
    while let Some(mut telegram) = read(&mut link) {
        if &telegram[24..28] == b"0800" {
            telegram[24..28].copy_from_slice(b"0810");
            telegram[52..56].copy_from_slice(b"0000");
        } else {
            let number = |bytes: &[u8]| std::str::from_utf8(bytes).expect("digits").parse().expect("a number");
            let amount: u64 = number(&telegram[116..129]);
            let mut record = seen.lock().expect("the bank's memory");
            *record.transfers.entry(amount).or_default() += 1;
            record.traces.push(number(&telegram[32..38]));
            drop(record);
            if amount.is_multiple_of(3) {
                continue;
            }
            thread::sleep(Duration::from_millis(2));
            let mut bytes = answer.clone();
            bytes[32..46].copy_from_slice(&telegram[32..46]);
            bytes[116..129].copy_from_slice(&telegram[116..129]);
            telegram = bytes;
        }
        if link.write_all(&telegram).is_err() {
            return;
        }
    }
}

pub(crate) fn read(link: &mut TcpStream) -> Option<Vec<u8>> {
    let mut telegram = vec![0; 4];
    link.read_exact(&mut telegram).ok()?;
    let rest: usize = std::str::from_utf8(&telegram).expect("digits").parse().expect("a length");
    telegram.resize(4 + rest, 0);
    link.read_exact(telegram.get_mut(4..)?).ok()?;
    Some(telegram)
}

pub(crate) fn golden(name: &str) -> Vec<u8> {
    let path = format!("{}/../tests/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("a golden file");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let hex = json["hex"].as_str().expect("hex");
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hex")).collect()
}
