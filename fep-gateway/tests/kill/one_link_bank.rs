//! A bank whose contract allows one link. It answers with golden bytes, and notes how many links are open at the same time.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::bank::{golden, read};

#[derive(Default)]
struct Record {
    open: usize,
    most: usize,
    transfers: BTreeMap<u64, u32>,
}

pub(crate) struct OneLinkBank {
    port: u16,
    record: Arc<Mutex<Record>>,
}

impl OneLinkBank {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let record = Arc::new(Mutex::new(Record::default()));
        let shared = Arc::clone(&record);
        thread::spawn(move || {
            for link in listener.incoming().flatten() {
                let record = Arc::clone(&shared);
                thread::spawn(move || {
                    {
                        let mut record = record.lock().expect("the record");
                        record.open += 1;
                        record.most = record.most.max(record.open);
                    }
                    serve(link, &record);
                    record.lock().expect("the record").open -= 1;
                });
            }
        });
        Self { port, record }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The largest number of links that were open at the same time.
    pub(crate) fn most_at_once(&self) -> usize {
        self.record.lock().expect("the record").most
    }

    pub(crate) fn transfers(&self) -> BTreeMap<u64, u32> {
        self.record.lock().expect("the record").transfers.clone()
    }

    pub(crate) fn wait_for_more(&self, count: usize) {
        let began = Instant::now();
        while self.transfers().len() < count {
            assert!(began.elapsed() < Duration::from_secs(20), "only {} came", self.transfers().len());
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// A link is closed for the bank as soon as it cannot be read any more, also while an answer is made.
fn serve(mut link: TcpStream, record: &Arc<Mutex<Record>>) {
    let answer = golden("bank-a-transfer-answer");
    while let Some(mut telegram) = read(&mut link) {
        if &telegram[24..28] == b"0800" {
            telegram[24..28].copy_from_slice(b"0810");
            telegram[52..56].copy_from_slice(b"0000");
        } else {
            let amount: u64 = std::str::from_utf8(&telegram[116..129]).expect("digits").parse().expect("an amount");
            *record.lock().expect("the record").transfers.entry(amount).or_default() += 1;
            thread::sleep(Duration::from_millis(5));
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
