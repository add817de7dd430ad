//! The bank of the measurements: a process that answers fast, or behaves badly when it is told to.
//!
//! It is a process of its own, so that its processor time is not counted as the gateway's, and that an institution that floods does not
//! share a runtime with the callers. One thread for each link reads what is there and writes all answers at once. It is not the simulator
//! of the product: its bytes are copied from the request by offset, and the telegrams that it floods with come from the golden files.
//!
//! It reads words from stdin, one on a line: `trouble` and `calm` switch its behaviour, `count` asks for a line of JSON. It ends with stdin.

use std::io::{BufRead, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use serde::{Deserialize, Serialize};

use crate::arguments::Arguments;
use crate::telegrams::{
    self, BUSINESS_CODE, RESPONSE_CODE, SENT_DATE, TELEGRAM_CODE, TELEGRAM_MAX_BYTES, TRACE_NO, TRACES, first, put,
};

/// The maximum number of links. A further one is closed at once.
const LINKS_MAX: u64 = 4096;
/// The stack of a link's thread, in bytes.
const STACK_BYTES: usize = 128 * 1024;
/// The buffer for one read, in bytes.
const READ_BYTES: usize = 64 * 1024;
/// Telegrams in one write of a flood, and the number of writes before the trace numbers repeat.
const FLOOD_TELEGRAMS: u32 = 200;
const FLOOD_WRITES: u32 = 50;
/// Frames of four bytes in one write of that flood.
const TINY_FRAMES: usize = 8000;

/// What the bank does wrong while it is told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It reads and answers no transfer.
    Hang,
    /// It reads nothing at all.
    NoRead,
    /// It sends answers to nothing, without a pause.
    Unmatched,
    /// It sends frames that have only a length.
    Tiny,
    /// It sends deposit notices without a pause.
    Notices,
    /// It sends echo tests without a pause, and reads nothing.
    Echo,
}

impl Trouble {
    pub(crate) const ALL: [Self; 6] =
        [Self::Hang, Self::NoRead, Self::Unmatched, Self::Tiny, Self::Notices, Self::Echo];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Hang => "hang",
            Self::NoRead => "no-read",
            Self::Unmatched => "unmatched",
            Self::Tiny => "tiny",
            Self::Notices => "notices",
            Self::Echo => "echo",
        }
    }

    pub(crate) fn reads(self) -> bool {
        !matches!(self, Self::NoRead | Self::Echo)
    }

    /// The writes of a flood, or none if the trouble is silence.
    fn writes(self) -> Vec<(u32, Vec<u8>)> {
        let model = match self {
            Self::Hang | Self::NoRead => return Vec::new(),
            Self::Tiny => return vec![(u32::try_from(TINY_FRAMES).unwrap_or(u32::MAX), b"0000".repeat(TINY_FRAMES))],
            Self::Unmatched => {
                let mut answer = telegrams::bytes("bank-a-transfer-answer");
                answer[SENT_DATE].copy_from_slice(b"20200101");
                answer
            }
            Self::Notices => telegrams::bytes("bank-a-deposit-notice"),
            Self::Echo => {
                let mut echo = telegrams::bytes("bank-a-sign-on");
                echo[BUSINESS_CODE].copy_from_slice(b"300");
                echo
            }
        };
        let write = |number: u32| {
            let mut bytes = Vec::new();
            for telegram in 0..FLOOD_TELEGRAMS {
                let mut next = model.clone();
                put(&mut next[TRACE_NO], (number * FLOOD_TELEGRAMS + telegram) % TRACES);
                bytes.extend(next);
            }
            (FLOOD_TELEGRAMS, bytes)
        };
        (0..FLOOD_WRITES).map(write).collect()
    }
}

/// What the bank has counted since its start.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) sign_ons: u64,
    pub(crate) transfers: u64,
    /// Frames that it sent without being asked.
    pub(crate) flooded: u64,
}

#[derive(Default)]
struct Bank {
    trouble: Option<Trouble>,
    /// Whether the trouble goes on now.
    troubled: Mutex<bool>,
    changed: Condvar,
    links: AtomicU64,
    sign_ons: AtomicU64,
    transfers: AtomicU64,
    flooded: AtomicU64,
}

pub(crate) fn run(arguments: &Arguments) {
    let trouble = arguments.text("--trouble").map(|word| {
        let found = Trouble::ALL.into_iter().find(|trouble| trouble.word() == word);
        found.unwrap_or_else(|| panic!("there is no trouble `{word}`"))
    });
    let bank = Arc::new(Bank { trouble, ..Bank::default() });
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("{}", listener.local_addr().expect("an address").port());
    let accepting = Arc::clone(&bank);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            accepting.admit(stream);
        }
    });
    for word in std::io::stdin().lock().lines() {
        match word.expect("a word").as_str() {
            "trouble" => bank.switch(true),
            "calm" => bank.switch(false),
            "count" => println!("{}", serde_json::to_string(&bank.counts()).expect("JSON")),
            other => panic!("the bank does not know `{other}`"),
        }
    }
}

impl Bank {
    fn counts(&self) -> Counts {
        Counts {
            sign_ons: self.sign_ons.load(Ordering::Relaxed),
            transfers: self.transfers.load(Ordering::Relaxed),
            flooded: self.flooded.load(Ordering::Relaxed),
        }
    }

    fn switch(&self, to: bool) {
        *self.troubled.lock().unwrap_or_else(PoisonError::into_inner) = to;
        self.changed.notify_all();
    }

    fn is_troubled(&self) -> bool {
        *self.troubled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the trouble goes on (`true`) or is over.
    fn wait_until(&self, wanted: bool) {
        let now = self.troubled.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.changed.wait_while(now, |now| *now != wanted));
    }

    fn admit(self: &Arc<Self>, stream: TcpStream) {
        if self.links.fetch_add(1, Ordering::Relaxed) >= LINKS_MAX {
            return;
        }
        stream.set_nodelay(true).expect("no delay");
        let writer = Arc::new(Mutex::new(stream.try_clone().expect("a second handle")));
        let writes = self.trouble.map(Trouble::writes).unwrap_or_default();
        if !writes.is_empty() {
            let bank = Arc::clone(self);
            let writer = Arc::clone(&writer);
            self.thread(move || bank.pour(&writer, &writes));
        }
        let bank = Arc::clone(self);
        self.thread(move || bank.serve(stream, &writer));
    }

    fn thread(&self, work: impl FnOnce() + Send + 'static) {
        thread::Builder::new().stack_size(STACK_BYTES).spawn(work).expect("a thread");
    }

    /// Reads until the connection ends. Answers all telegrams of one read with one write.
    fn serve(&self, mut stream: TcpStream, writer: &Mutex<TcpStream>) {
        let mut buffer = vec![0; READ_BYTES + TELEGRAM_MAX_BYTES];
        let mut held = 0;
        let mut answers = Vec::new();
        loop {
            if self.is_troubled() && self.trouble.is_some_and(|trouble| !trouble.reads()) {
                self.wait_until(false);
            }
            let Ok(len @ 1..) = stream.read(&mut buffer[held..]) else { return };
            held += len;
            let mut at = 0;
            while let Some(len) = first(&buffer[at..held]) {
                self.answer(&buffer[at..at + len], &mut answers);
                at += len;
            }
            buffer.copy_within(at..held, 0);
            held -= at;
            let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
            if writer.write_all(&answers).is_err() {
                return;
            }
            answers.clear();
        }
    }

    fn answer(&self, telegram: &[u8], answers: &mut Vec<u8>) {
        let code = telegram.get(TELEGRAM_CODE).unwrap_or_default();
        // A request has an even third digit: 0100, 0800. The rest are answers to a flood.
        if code.get(2) != Some(&b'0') {
            return;
        }
        match code {
            b"0100" => {
                self.transfers.fetch_add(1, Ordering::Relaxed);
                if self.trouble == Some(Trouble::Hang) && self.is_troubled() {
                    return;
                }
            }
            b"0800" if telegram.get(BUSINESS_CODE) == Some(b"100") => {
                self.sign_ons.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
        let start = answers.len();
        answers.extend_from_slice(telegram);
        let answer = &mut answers[start..];
        answer[TELEGRAM_CODE.start + 2] = b'1';
        answer[RESPONSE_CODE].copy_from_slice(b"0000");
    }

    /// Writes the flood for as long as the trouble goes on.
    fn pour(&self, writer: &Mutex<TcpStream>, writes: &[(u32, Vec<u8>)]) {
        for (count, bytes) in writes.iter().cycle() {
            self.wait_until(true);
            let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
            if writer.write_all(bytes).is_err() {
                return;
            }
            self.flooded.fetch_add(u64::from(*count), Ordering::Relaxed);
        }
    }
}
