//! A bank with a ledger, which shares no code with the project. It knows what became of each transfer, and answers inquiries and
//! reversals by it.
//!
//! ```text
//!  24..31 codes   31 send count   32..38 trace   52..56 response code   100..106 trace of the transfer
//!  transfer: 116..129 amount      inquiry: 114..118 result, 118..131 amount
//! ```

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use crate::bank::{golden, read};

/// What the bank does with a transfer of this amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It carries it out and answers.
    Answers,
    /// It carries it out, is silent, and says so when it is asked.
    Done,
    /// It declines it, is silent, and says so when it is asked.
    Declined,
    /// It carries it out, is silent, also when it is asked, and confirms its reversal.
    Reversible,
    /// It is silent, also when it is asked, and refuses its reversal.
    Stubborn,
}

/// The record of one transfer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    pub(crate) amount: u64,
    /// How often the transfer came.
    pub(crate) came: u32,
    /// How often its reversal came without a repeat mark.
    pub(crate) unmarked: u32,
    pub(crate) is_reversed: bool,
}

#[derive(Default)]
struct Book {
    /// By trace number.
    records: BTreeMap<u64, Record>,
    telegrams: usize,
}

type Shared = Arc<(Mutex<Book>, Condvar)>;

pub(crate) struct Ledger {
    pub(crate) port: u16,
    shared: Shared,
}

impl Manner {
    pub(crate) fn of(amount: u64) -> Self {
        match amount % 8 {
            1 | 6 => Self::Done,
            2 => Self::Declined,
            3 | 7 => Self::Reversible,
            5 if amount % 16 == 5 => Self::Stubborn,
            _ => Self::Answers,
        }
    }
}

impl Ledger {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Shared::default();
        let book = Arc::clone(&shared);
        thread::spawn(move || {
            for link in listener.incoming().flatten() {
                let book = Arc::clone(&book);
                thread::spawn(move || serve(link, &book));
            }
        });
        Self { port, shared }
    }

    pub(crate) fn records(&self) -> BTreeMap<u64, Record> {
        self.shared.0.lock().expect("the book").records.clone()
    }

    /// Waits until this many more transfers, inquiries and reversals came, or none comes for a while.
    pub(crate) fn wait_for_more(&self, count: usize) {
        let mut book = self.shared.0.lock().expect("the book");
        let wanted = book.telegrams + count;
        while book.telegrams < wanted {
            let before = book.telegrams;
            let (next, waited) = self.shared.1.wait_timeout(book, Duration::from_millis(700)).expect("the book");
            book = next;
            if waited.timed_out() && book.telegrams == before {
                return;
            }
        }
    }
}

fn serve(mut link: TcpStream, shared: &Shared) {
    while let Some(telegram) = read(&mut link) {
        let Some(answer) = answer(&telegram, shared) else { continue };
        if link.write_all(&answer).is_err() {
            return;
        }
    }
}

fn answer(telegram: &[u8], (book, changed): &(Mutex<Book>, Condvar)) -> Option<Vec<u8>> {
    let mut answer = telegram.to_vec();
    answer[26] = b'1';
    answer[52..56].copy_from_slice(b"0000");
    if &telegram[24..28] == b"0800" {
        return Some(answer);
    }
    let mut book = book.lock().expect("the book");
    book.telegrams += 1;
    changed.notify_all();
    if &telegram[24..31] == b"0100100" {
        let amount = number(&telegram[116..129]);
        let record = book.records.entry(number(&telegram[32..38])).or_default();
        assert!(record.came == 0 || record.amount == amount, "one trace number for two transfers");
        record.amount = amount;
        record.came += 1;
        let mut answer = golden("bank-a-transfer-answer");
        answer[32..46].copy_from_slice(&telegram[32..46]);
        answer[116..129].copy_from_slice(&telegram[116..129]);
        return (Manner::of(amount) == Manner::Answers).then_some(answer);
    }
    let is_inquiry = &telegram[24..31] == b"0600100";
    let Some(record) = book.records.get_mut(&number(&telegram[100..106])) else {
        // The gateway died before it sent the transfer. There is nothing to undo either.
        answer[114..118].copy_from_slice(if is_inquiry { b"0100".as_slice() } else { &telegram[114..118] });
        return Some(answer);
    };
    let amount = record.amount;
    match (Manner::of(amount), is_inquiry) {
        (Manner::Answers | Manner::Done, true) => {
            answer[114..118].copy_from_slice(b"0000");
            answer[118..131].copy_from_slice(format!("{amount:013}").as_bytes());
        }
        (Manner::Declined, true) => answer[114..118].copy_from_slice(b"0110"),
        (Manner::Reversible | Manner::Stubborn, true) => return None,
        (manner, false) => {
            record.unmarked += u32::from(telegram[31] == b'1');
            record.is_reversed = manner != Manner::Stubborn;
            if manner == Manner::Stubborn {
                answer[52..56].copy_from_slice(b"0110");
            }
        }
    }
    Some(answer)
}

fn number(digits: &[u8]) -> u64 {
    std::str::from_utf8(digits).expect("digits").parse().expect("a number")
}
