//! A bank that answers on any gateway's link, which shares no code with the project. It listens on one port for each gateway, answers half of
//! the transfers on a link of the other gateway, answers some twice, and counts what is at work at the same time.
//!
//! ```text
//!   4..13 transaction code, which it repeats   24..28 telegram code   32..46 trace and date   52..56 response code   116..129 amount
//! ```

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::bank::{golden, read};

/// How long the bank works on a transfer, and on one of at least [`SLOW`].
const WORK: Duration = Duration::from_millis(40);
const SLOW_WORK: Duration = Duration::from_secs(1);

/// The amount from which on the bank works long.
pub(crate) const SLOW: u64 = 1_000_000;

#[derive(Default)]
struct Book {
    /// The amounts that arrived, and how often each one did.
    transfers: BTreeMap<u64, u32>,
    /// The transfers without an answer now, and the most there ever were.
    inflight: usize,
    inflight_most: usize,
    /// The links of each gateway.
    links: [Vec<Arc<TcpStream>>; 2],
}

/// A bank with a door for each of two gateways.
pub(crate) struct Crossing {
    pub(crate) ports: [u16; 2],
    book: Arc<Mutex<Book>>,
}

/// Whether the answer of this transfer comes on the other gateway's link, whichever gateway has sent it.
pub(crate) fn crosses(amount: u64) -> bool {
    !amount.is_multiple_of(2)
}

impl Crossing {
    pub(crate) fn start() -> Self {
        let book = Arc::<Mutex<Book>>::default();
        let ports = [0, 1].map(|door| {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            let port = listener.local_addr().expect("an address").port();
            let book = Arc::clone(&book);
            thread::spawn(move || {
                for link in listener.incoming().flatten() {
                    let book = Arc::clone(&book);
                    thread::spawn(move || serve(Arc::new(link), door, &book));
                }
            });
            port
        });
        Self { ports, book }
    }

    pub(crate) fn transfers(&self) -> BTreeMap<u64, u32> {
        self.book.lock().expect("the book").transfers.clone()
    }

    /// The most transfers that were at work at the same time.
    pub(crate) fn inflight_most(&self) -> usize {
        self.book.lock().expect("the book").inflight_most
    }

    /// Waits until this many more transfers have come. `state` says what may be the matter.
    pub(crate) fn wait_for_more(&self, count: usize, state: impl Fn() -> String) {
        let begun = Instant::now();
        let wanted = self.transfers().len() + count;
        while self.transfers().len() < wanted {
            assert!(begun.elapsed() < Duration::from_secs(20), "no more transfers come: {}", state());
            thread::sleep(Duration::from_millis(2));
        }
    }
}

fn serve(link: Arc<TcpStream>, door: usize, book: &Arc<Mutex<Book>>) {
    book.lock().expect("the book").links[door].push(Arc::clone(&link));
    let mut reader = link.try_clone().expect("a second handle");
    while let Some(mut telegram) = read(&mut reader) {
        if &telegram[24..28] == b"0800" {
            telegram[24..28].copy_from_slice(b"0810");
            telegram[52..56].copy_from_slice(b"0000");
            let _book = book.lock().expect("the book");
            // An error means that the link is lost, which the reader sees, too.
            let _ = (&*link).write_all(&telegram);
            continue;
        }
        let amount: u64 = std::str::from_utf8(&telegram[116..129]).expect("digits").parse().expect("an amount");
        let mut now = book.lock().expect("the book");
        *now.transfers.entry(amount).or_default() += 1;
        now.inflight += 1;
        now.inflight_most = now.inflight_most.max(now.inflight);
        drop(now);
        let book = Arc::clone(book);
        thread::spawn(move || answer(&telegram, amount, door, &book));
    }
    book.lock().expect("the book").links[door].retain(|other| !Arc::ptr_eq(other, &link));
}

fn answer(telegram: &[u8], amount: u64, door: usize, book: &Mutex<Book>) {
    thread::sleep(if amount < SLOW { WORK } else { SLOW_WORK });
    let mut answer = golden("bank-a-transfer-answer");
    answer[4..13].copy_from_slice(&telegram[4..13]);
    answer[32..46].copy_from_slice(&telegram[32..46]);
    answer[116..129].copy_from_slice(&telegram[116..129]);
    let mut book = book.lock().expect("the book");
    // From here on the gateway may know the answer, and send the next transfer.
    book.inflight -= 1;
    let first = if crosses(amount) { 1 - door } else { door };
    let doors = if amount.is_multiple_of(5) { vec![first, 1 - first] } else { vec![first] };
    for door in doors {
        let links = &book.links[door];
        let Some(which) = usize::try_from(amount).expect("a number").checked_rem(links.len()) else { continue };
        let _ = (&*links[which]).write_all(&answer);
    }
}
