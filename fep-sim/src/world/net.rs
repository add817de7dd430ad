//! The network: connections that are slow, stall, break, crumble and damage, and the gateway's end of them.
//!
//! A byte that a write returned is in the kernel. It arrives also if the process dies afterwards, unless the connection breaks.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use fep_gateway::ground::{Accepting, Connecting, Network, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::dial::accepted;
use super::lines::line_number;
use super::{ConnectionId, Event, Shared, World};
use crate::plan::{BankFault, NetFault};
use crate::setup::BANKS;
use crate::telegram::RESERVE;

/// All connections, and the troubles of the way to each bank.
#[derive(Default)]
pub(crate) struct Net {
    connections: BTreeMap<ConnectionId, Connection>,
    faults: [Vec<NetFault>; BANKS],
    last: ConnectionId,
}

struct Connection {
    bank: usize,
    line: usize,
    /// The bytes that the kernel has and the bank does not.
    in_transit: usize,
    /// When the last byte in each direction arrives: bytes do not overtake.
    arrives_at_bank: Duration,
    arrives_here: Duration,
    /// What is on its way in each direction, in its order.
    to_bank: VecDeque<Parcel>,
    to_gateway: VecDeque<Parcel>,
    /// What the gateway can read.
    inbox: VecDeque<u8>,
    /// The bank has ended its half.
    ended: bool,
    /// It broke, or the gateway's end is gone.
    broken: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// What crosses a connection.
#[derive(Debug)]
enum Parcel {
    /// Bytes that the kernel took at this time.
    Bytes(Vec<u8>, Duration),
    /// The end of a half.
    End,
}

/// The next parcel of a connection arrives.
#[derive(Debug)]
pub(crate) enum NetEvent {
    ToBank(ConnectionId),
    ToGateway(ConnectionId),
}

/// How many bytes may be on their way to a bank.
const WINDOW: usize = 16 * 1024;
const NARROW_WINDOW: usize = 40;

/// What is later than this is lost with its connection. It is less than the horizon of the contract.
const LATE_MAX: Duration = Duration::from_millis(8_800);

impl World {
    pub(crate) fn net_fault(&mut self, bank: usize, fault: NetFault, begins: bool) {
        let Some(faults) = self.net.faults.get_mut(bank) else { return };
        if begins {
            faults.push(fault);
        } else if let Some(at) = faults.iter().position(|other| *other == fault) {
            faults.remove(at);
        }
        let breaks = |line| fault == NetFault::Breaks || fault == NetFault::LineBreaks { line };
        if begins {
            let of_bank = self.net.connections.iter().filter(|(_, connection)| connection.bank == bank);
            let broken = of_bank.filter(|(_, connection)| !connection.broken && breaks(connection.line));
            let ids: Vec<_> = broken.map(|(id, _)| *id).collect();
            ids.into_iter().for_each(|id| self.break_connection(id));
        }
        // Those who wait for room or for bytes look again.
        for connection in self.net.connections.values_mut().filter(|connection| connection.bank == bank) {
            connection.wake();
        }
    }

    fn net_has(&self, bank: usize, fault: NetFault) -> bool {
        self.net.faults.get(bank).is_some_and(|faults| faults.contains(&fault))
    }

    fn latency(&mut self, bank: usize) -> Duration {
        let slow = self.net.faults.get(bank).into_iter().flatten().filter_map(|fault| match fault {
            NetFault::Slow { ms } => Some(*ms),
            _ => None,
        });
        let slow = slow.sum();
        Duration::from_micros(self.draw.between(200, 3000)) + Duration::from_millis(slow)
    }

    pub(super) fn connect(&mut self, bank: usize, line: usize) -> io::Result<ConnectionId> {
        let breaks = self.net_has(bank, NetFault::Breaks) || self.net_has(bank, NetFault::LineBreaks { line });
        if self.bank_has(bank, BankFault::Refuses) || breaks {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        self.net.last += 1;
        let id = self.net.last;
        self.say(format_args!("connection {id} to bank {bank} on line {line}"));
        let connection = Connection {
            bank,
            line,
            in_transit: 0,
            arrives_at_bank: self.now,
            arrives_here: self.now,
            to_bank: VecDeque::new(),
            to_gateway: VecDeque::new(),
            inbox: VecDeque::new(),
            ended: false,
            broken: false,
            reader: None,
            writer: None,
        };
        self.net.connections.insert(id, connection);
        self.bank_connected(bank, id);
        self.line_connected(id, bank, line);
        Ok(id)
    }

    /// Both sides learn that the connection is gone.
    pub(crate) fn break_connection(&mut self, id: ConnectionId) {
        let Some(connection) = self.net.connections.get_mut(&id) else { return };
        connection.broken = true;
        connection.wake();
        let bank = connection.bank;
        self.say(format_args!("connection {id} breaks"));
        self.line_lost(id);
        self.bank_lost(bank, id);
    }

    /// The bank sends bytes.
    pub(crate) fn send_to_gateway(&mut self, id: ConnectionId, bytes: Vec<u8>) {
        let now = self.now;
        self.parcel_to_gateway(id, Parcel::Bytes(bytes, now));
    }

    /// The bank ends its half.
    pub(crate) fn end_to_gateway(&mut self, id: ConnectionId) {
        self.parcel_to_gateway(id, Parcel::End);
    }

    fn parcel_to_gateway(&mut self, id: ConnectionId, parcel: Parcel) {
        let Some(bank) = self.net.connections.get(&id).map(|connection| connection.bank) else { return };
        let latency = self.latency(bank);
        let Some(connection) = self.net.connections.get_mut(&id).filter(|connection| !connection.broken) else {
            return;
        };
        connection.to_gateway.push_back(parcel);
        connection.arrives_here = connection.arrives_here.max(self.now + latency);
        let at = connection.arrives_here;
        self.at(at, Event::Net(NetEvent::ToGateway(id)));
    }

    fn parcel_to_bank(&mut self, id: ConnectionId, parcel: Parcel) {
        let Some(bank) = self.net.connections.get(&id).map(|connection| connection.bank) else { return };
        let latency = self.latency(bank);
        let Some(connection) = self.net.connections.get_mut(&id) else { return };
        connection.to_bank.push_back(parcel);
        connection.arrives_at_bank = connection.arrives_at_bank.max(self.now + latency);
        let at = connection.arrives_at_bank;
        self.at(at, Event::Net(NetEvent::ToBank(id)));
    }

    pub(crate) fn net_event(&mut self, event: NetEvent) {
        let (NetEvent::ToBank(id) | NetEvent::ToGateway(id)) = event;
        let Some(connection) = self.net.connections.get_mut(&id) else { return };
        let [bank, line] = [connection.bank, connection.line];
        let to_bank = matches!(event, NetEvent::ToBank(_));
        let stalls = self.net_has(bank, NetFault::Stalls)
            || self.net_has(bank, NetFault::LineStalls { line })
            || (id % 2 == 0 && self.net_has(bank, NetFault::StallsSome));
        if stalls || (to_bank && self.bank_has(bank, BankFault::Deaf)) {
            return self.after(Duration::from_millis(20), Event::Net(event));
        }
        let Some(connection) = self.net.connections.get_mut(&id) else { return };
        let parcel = if to_bank { connection.to_bank.pop_front() } else { connection.to_gateway.pop_front() };
        match (parcel, to_bank) {
            (Some(Parcel::Bytes(bytes, sent_at)), true) => self.arrive_at_bank(id, bank, bytes, sent_at),
            (Some(Parcel::End), true) => self.bank_lost(bank, id),
            (Some(Parcel::Bytes(bytes, _)), false) => self.arrive_here(id, bank, bytes),
            (Some(Parcel::End), false) => {
                connection.ended = true;
                connection.wake();
            }
            (None, _) => {}
        }
    }

    fn arrive_here(&mut self, id: ConnectionId, bank: usize, mut bytes: Vec<u8>) {
        if self.net_has(bank, NetFault::Damages) && self.draw.percent(50) {
            self.damage(bank, &mut bytes);
        }
        let Some(connection) = self.net.connections.get_mut(&id).filter(|connection| !connection.broken) else {
            return;
        };
        connection.inbox.extend(bytes);
        connection.wake();
    }

    /// Turns a bit of the unused end of a telegram, so that its bytes differ and it is still the same exchange's.
    fn damage(&mut self, bank: usize, bytes: &mut [u8]) {
        let at = RESERVE + usize::try_from(self.draw.below(80)).unwrap_or(0);
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1;
            self.checks.damaged(bank, bytes, at);
        }
    }

    fn arrive_at_bank(&mut self, id: ConnectionId, bank: usize, bytes: Vec<u8>, sent_at: Duration) {
        if self.now.saturating_sub(sent_at) > LATE_MAX {
            return self.break_connection(id);
        }
        if let Some(connection) = self.net.connections.get_mut(&id) {
            connection.in_transit = connection.in_transit.saturating_sub(bytes.len());
            connection.wake();
        }
        self.bank_reads(bank, id, &bytes);
    }

    /// The kernel closes the connections of a dead process. What it has still goes to the banks.
    pub(crate) fn net_process_ended(&mut self) {
        let ids: Vec<_> = self.net.connections.keys().copied().collect();
        ids.into_iter().for_each(|id| self.gateway_left(id));
        self.doors.clear();
    }

    fn gateway_left(&mut self, id: ConnectionId) {
        let Some(connection) = self.net.connections.get_mut(&id) else { return };
        connection.reader = None;
        connection.writer = None;
        if !connection.broken {
            connection.broken = true;
            self.parcel_to_bank(id, Parcel::End);
        }
        self.line_lost(id);
    }

    /// The line of a connection.
    pub(super) fn line_of(&self, id: ConnectionId) -> usize {
        self.net.connections.get(&id).map_or(0, |connection| connection.line)
    }

    /// The number of connections that a bank knows on a line.
    pub(super) fn bank_connections(&self, bank: usize, line: usize) -> usize {
        let of_line = |id: &ConnectionId| self.net.connections.get(id).is_some_and(|other| other.line == line);
        self.banks.get(bank).map_or(0, |bank| bank.known().filter(|id| of_line(id)).count())
    }

    /// Another connection of the bank, if it can be on another line.
    pub(super) fn elsewhere(&self, bank: usize, on: ConnectionId) -> ConnectionId {
        let line = self.net.connections.get(&on).map(|connection| connection.line);
        let others =
            self.net.connections.iter().filter(|(id, other)| other.bank == bank && !other.broken && **id != on);
        others.min_by_key(|(id, other)| (Some(other.line) == line, **id)).map_or(on, |(id, _)| *id)
    }

    fn poll_write(&mut self, id: ConnectionId, cx: &Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Some(bank) = self.net.connections.get(&id).map(|connection| connection.bank) else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        let window = if self.net_has(bank, NetFault::Narrow) { NARROW_WINDOW } else { WINDOW };
        let crumbles = self.net_has(bank, NetFault::Crumbles);
        let Some(connection) = self.net.connections.get_mut(&id) else { return Poll::Pending };
        if connection.broken {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = window.saturating_sub(connection.in_transit);
        if room == 0 {
            connection.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        if !self.effect() {
            return Poll::Pending;
        }
        let room = if crumbles { 1 + self.draw.below(7) } else { u64::try_from(room).unwrap_or(u64::MAX) };
        let count = bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        let taken = bytes.get(..count).unwrap_or_default().to_vec();
        if let Some(connection) = self.net.connections.get_mut(&id) {
            connection.in_transit += count;
        }
        let now = self.now;
        self.parcel_to_bank(id, Parcel::Bytes(taken.clone(), now));
        self.written(bank, id, &taken);
        Poll::Ready(Ok(count))
    }

    fn poll_read(&mut self, id: ConnectionId, cx: &Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.is_dead() {
            return Poll::Pending;
        }
        let bank = self.net.connections.get(&id).map(|connection| connection.bank);
        let crumbles = bank.is_some_and(|bank| self.net_has(bank, NetFault::Crumbles));
        let piece = if crumbles { 1 + self.draw.below(9) } else { u64::MAX };
        let Some(connection) = self.net.connections.get_mut(&id) else {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        };
        if connection.inbox.is_empty() {
            if connection.broken {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            if connection.ended {
                return Poll::Ready(Ok(()));
            }
            connection.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = connection.inbox.len().min(buffer.remaining()).min(usize::try_from(piece).unwrap_or(usize::MAX));
        let bytes: Vec<u8> = connection.inbox.drain(..count).collect();
        buffer.put_slice(&bytes);
        self.line_read(id, &bytes);
        Poll::Ready(Ok(()))
    }
}

impl Connection {
    fn wake(&mut self) {
        [self.reader.take(), self.writer.take()].into_iter().flatten().for_each(Waker::wake);
    }
}

/// The way to the banks, as the gateway sees it.
pub(crate) struct SimulatedNetwork(pub(crate) Shared);

impl Network for SimulatedNetwork {
    fn connect(&self, institution: &str, line: &str) -> Connecting {
        let shared = self.0.clone();
        let bank = usize::from(institution != "bank-0");
        let line = line_number(line);
        Box::pin(async move {
            let pause = shared.lock().latency(bank);
            tokio::time::sleep(pause).await;
            let id = shared.lock().connect(bank, line)?;
            let stream: Box<dyn Stream> = Box::new(End { shared, id });
            Ok(stream)
        })
    }

    fn accept(&self, institution: &str, line: &str) -> Accepting {
        let shared = self.0.clone();
        let bank = usize::from(institution != "bank-0");
        let line = line_number(line);
        Box::pin(async move {
            let id = accepted(&shared, bank, line).await;
            let stream: Box<dyn Stream> = Box::new(End { shared, id });
            stream
        })
    }
}

/// The gateway's end of a connection.
struct End {
    shared: Shared,
    id: ConnectionId,
}

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "End({})", self.id)
    }
}

impl AsyncRead for End {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.shared.lock().poll_read(self.id, cx, buffer)
    }
}

impl AsyncWrite for End {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.shared.lock().poll_write(self.id, cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut world = self.shared.lock();
        world.line_lost(self.id);
        world.parcel_to_bank(self.id, Parcel::End);
        Poll::Ready(Ok(()))
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let mut world = self.shared.lock();
        if !world.is_dead() {
            world.gateway_left(self.id);
        }
    }
}
