//! A disk that blocks, that is full for a while, and that stays full: traffic goes on, and what is missing is said.

use std::io;
use std::sync::{Arc, Condvar, Mutex};

use super::super::queue::{Direction, Event, Popped, Queue};
use super::*;

/// What the stores of the tests have written, and whether they may write.
#[derive(Clone, Default)]
struct Disk(Arc<(Mutex<Content>, Condvar)>);

#[derive(Default)]
struct Content {
    bytes: Vec<u8>,
    is_open: bool,
    /// The number of writes that were begun.
    begun: usize,
}

/// How a disk fails while it is not open.
#[derive(Clone, Copy)]
enum Fails {
    Blocks,
    IsFull,
}

struct TestStore {
    disk: Disk,
    fails: Fails,
}

impl Disk {
    fn store(&self, fails: Fails) -> Box<dyn Store> {
        Box::new(TestStore { disk: self.clone(), fails })
    }

    fn open(&self) {
        self.0.0.lock().unwrap().is_open = true;
        self.0.1.notify_all();
    }

    /// Waits until this number of writes were begun.
    async fn begun(&self, count: usize) {
        let disk = self.clone();
        let wait = move || {
            let content = disk.0.0.lock().unwrap();
            drop(disk.0.1.wait_timeout_while(content, PATIENCE, |content| content.begun < count).unwrap());
        };
        tokio::task::spawn_blocking(wait).await.unwrap();
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.0.lock().unwrap().bytes.clone()).unwrap()
    }
}

impl Store for TestStore {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (content, changed) = &*self.disk.0;
        let mut content = content.lock().unwrap();
        content.begun += 1;
        changed.notify_all();
        // While it is full, it takes half a line.
        let room = usize::from(content.bytes.is_empty()) * 20;
        match self.fails {
            Fails::Blocks => content = changed.wait_while(content, |content| !content.is_open).unwrap(),
            Fails::IsFull if !content.is_open && room == 0 => return Err(io::ErrorKind::StorageFull.into()),
            Fails::IsFull => {}
        }
        let count = if content.is_open { bytes.len().min(1000) } else { room.min(bytes.len()) };
        content.bytes.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn take_back(&mut self, count: u64) {
        let bytes = &mut self.disk.0.0.lock().unwrap().bytes;
        bytes.truncate(bytes.len() - usize::try_from(count).unwrap());
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const FRAME: &[u8] = b"0004B001";

async fn exchange(client: &mut TcpStream, bank: &mut TcpStream) {
    send(client, FRAME).await;
    assert_eq!(receive(bank, FRAME.len()).await, FRAME);
    send(bank, FRAME).await;
    assert_eq!(receive(client, FRAME.len()).await, FRAME);
}

fn sum(lines: &[Json], of: impl Fn(&Json) -> u64) -> u64 {
    lines.iter().map(of).sum()
}

fn recorded(lines: &[Json]) -> u64 {
    sum(lines, |line| line["bytes"].as_str().map_or(0, |digits| u64::try_from(digits.len() / 2).unwrap()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorder_that_blocks_loses_records_and_no_bytes_and_says_how_many() {
    const EXCHANGES: u64 = 500;
    for limits in [Limits { bytes_max: 800, events_max: 1000 }, Limits { bytes_max: 1 << 20, events_max: 50 }] {
        let disk = Disk::default();
        let line = Line::start_with(disk.store(Fails::Blocks), limits, tempfile::tempdir().unwrap(), |all| all).await;
        let (mut client, mut bank) = line.connect().await;
        disk.begun(1).await;
        for _ in 0..EXCHANGES {
            exchange(&mut client, &mut bank).await;
        }
        // This one opens and closes unseen.
        let (mut other, mut its_bank) = line.connect().await;
        exchange(&mut other, &mut its_bank).await;
        drop(other);
        rest(&mut its_bank).await;
        drop(its_bank);
        disk.open();
        // The queue has room again when the recorder has written all that waited.
        disk.begun(3).await;
        while line.tap.recording.as_ref().is_some_and(|recording| !recording.queue().is_empty()) {
            tokio::task::yield_now().await;
        }
        exchange(&mut client, &mut bank).await;
        drop((client, bank));
        let end = soon(line.tap.stop()).await.unwrap();
        let lines = parsed(&disk.text());
        let lost = sum(&lines, |line| line["lost"].as_u64().unwrap_or_default());
        let passed = 16 * (EXCHANGES + 2);
        assert!(lost > 0 && lost == end.lost_bytes, "{lost} {end:?}");
        assert_eq!(recorded(&lines) + lost, passed);
        // An opening has no bytes, so only the other limit can lose it.
        assert_eq!((end.lost_events > 0, &end.failure), (limits.events_max == 50, &None), "{end:?}");
        // What comes behind the gap is shown as frames again.
        let at = lines.iter().rposition(|line| line["kind"] == "lost").unwrap();
        let behind: Vec<_> = lines[at..].iter().filter(|line| line["connection"] == 1).map(words).collect();
        assert!(behind.contains(&"frame out Tell 001 0004B001".to_owned()), "{behind:?}");
        assert_eq!(lines.last().unwrap()["kind"], "end");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full_for_a_while_gets_every_line_whole() {
    let disk = Disk::default();
    let folder = tempfile::tempdir().unwrap();
    let line = Line::start_with(disk.store(Fails::IsFull), Limits::USUAL, folder, |all| all).await;
    let (mut client, mut bank) = line.connect().await;
    for _ in 0..20 {
        exchange(&mut client, &mut bank).await;
    }
    disk.begun(3).await;
    disk.open();
    drop((client, bank));
    let end = soon(line.tap.stop()).await.unwrap();
    assert_eq!((end.lost_bytes, end.lost_events, &end.failure), (0, 0, &None));
    assert_eq!(recorded(&parsed(&disk.text())), 16 * 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_stays_full_is_given_up_at_the_end() {
    let disk = Disk::default();
    let folder = tempfile::tempdir().unwrap();
    let line = Line::start_with(disk.store(Fails::IsFull), Limits::USUAL, folder, |all| all).await;
    let (mut client, mut bank) = line.connect().await;
    for _ in 0..20 {
        exchange(&mut client, &mut bank).await;
    }
    let end = soon(line.tap.stop()).await.unwrap();
    assert_eq!((end.lines, end.lost_bytes), (0, 16 * 20));
    assert!(end.failure.is_some_and(|why| !why.is_empty()));
    assert_eq!(disk.text(), "", "half a line was left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_hangs_does_not_hold_up_the_end() {
    let disk = Disk::default();
    let folder = tempfile::tempdir().unwrap();
    let line = Line::start_with(disk.store(Fails::Blocks), Limits::USUAL, folder, |all| all).await;
    let (mut client, mut bank) = line.connect().await;
    exchange(&mut client, &mut bank).await;
    let end = soon(line.tap.stop()).await.unwrap();
    assert!(end.failure.is_some_and(|why| why.contains("the disk hangs")));
    disk.open();
}

#[test]
fn the_queue_keeps_its_limits_and_counts_every_byte_of_more_connections_than_it_tells_apart() {
    const CONNECTIONS: u64 = 10_000;
    let queue = Queue::new(Limits { bytes_max: 1 << 20, events_max: 3 });
    let event = |connection| Event::Bytes { connection, direction: Direction::In, bytes: vec![0; 7] };
    for connection in 0..CONNECTIONS {
        queue.push(Event::Opened { connection, peer: "127.0.0.1:1".parse().unwrap() });
        queue.push(event(connection));
        queue.push(Event::Closed { connection, reason: None });
    }
    // The first three have their places. The next one gets in when there is one for it, and one for the loss before it.
    assert!(matches!(queue.pop(false), Popped::Event(_)));
    queue.push(event(0));
    assert!(matches!(queue.pop(false), Popped::Event(_)));
    queue.push(event(1));
    queue.close();
    let mut told = Vec::new();
    while let Popped::Event(timed) = queue.pop(true) {
        told.push(timed.event);
    }
    let [Event::Closed { .. }, Event::Lost(losses), Event::Bytes { connection: 1, .. }] = &told[..] else {
        panic!("{told:?}")
    };
    let lost = losses.bytes.values().sum::<u64>() + losses.others;
    assert_eq!((lost, queue.lost()), (7 * CONNECTIONS, (7 * CONNECTIONS, 2 * (CONNECTIONS - 1))));
    assert!(losses.others > 0 && losses.open.is_empty(), "{losses:?}");
}
