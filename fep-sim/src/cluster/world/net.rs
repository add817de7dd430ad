//! The lines of the gateways to the bank. A byte that a write returned is in the kernel: it arrives also if the process dies, or is paused.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use fep_gateway::ground::{Accepting, Connecting, Network, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Event, Shared, World};
use crate::cluster::plan::What;

/// All connections.
#[derive(Default)]
pub(in crate::cluster) struct Net {
    connections: BTreeMap<u64, Connection>,
    last: u64,
}

struct Connection {
    /// The gateway and its process.
    at: usize,
    arrives_at_bank: Duration,
    arrives_here: Duration,
    inbox: VecDeque<u8>,
    is_broken: bool,
    reader: Option<Waker>,
}

/// Bytes arrive.
#[derive(Debug)]
pub(in crate::cluster) enum NetEvent {
    ToBank(u64, Vec<u8>, Duration),
    ToGateway(u64, Vec<u8>),
    Lost(u64),
}

/// What is later than this is lost with its connection. It is less than the horizon of the contract.
const LATE_MAX: Duration = Duration::from_millis(3_500);

impl World {
    fn latency(&mut self) -> Duration {
        self.draw.ms(10, 30)
    }

    fn line_has(&self, at: usize, broken: bool) -> bool {
        self.faults
            .iter()
            .any(|what| matches!(what, What::Line { at: other, breaks, .. } if *other == at && *breaks == broken))
    }

    fn connect(&mut self, at: usize) -> io::Result<u64> {
        if self.is_dead(at) || self.line_has(at, true) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        self.net.last += 1;
        let id = self.net.last;
        let connection = Connection {
            at,
            arrives_at_bank: self.now,
            arrives_here: self.now,
            inbox: VecDeque::new(),
            is_broken: false,
            reader: None,
        };
        self.net.connections.insert(id, connection);
        self.bank_connected(id);
        self.say(format_args!("gateway {at} connects as {id}"));
        Ok(id)
    }

    /// The gateway of a connection.
    pub(in crate::cluster) fn gateway_of(&self, id: u64) -> Option<usize> {
        self.net.connections.get(&id).map(|connection| connection.at)
    }

    pub(in crate::cluster) fn line_breaks(&mut self, at: usize) {
        let of_line = self.net.connections.iter().filter(|(_, connection)| connection.at == at);
        let ids: Vec<_> = of_line.map(|(id, _)| *id).collect();
        ids.into_iter().for_each(|id| self.break_connection(id));
    }

    fn break_connection(&mut self, id: u64) {
        if let Some(connection) = self.net.connections.get_mut(&id) {
            connection.is_broken = true;
            connection.reader.take().into_iter().for_each(Waker::wake);
        }
        self.bank_lost(id);
    }

    /// The kernel closes the connections of a dead process.
    pub(in crate::cluster) fn net_process_ended(&mut self, at: usize) {
        let of_process = self.net.connections.iter_mut().filter(|(_, connection)| connection.at == at);
        let mut left = Vec::new();
        for (id, connection) in of_process {
            connection.reader = None;
            if !std::mem::replace(&mut connection.is_broken, true) {
                left.push((*id, connection.arrives_at_bank));
            }
        }
        for (id, arrives) in left {
            self.at(arrives + Duration::from_millis(20), Event::Net(NetEvent::Lost(id)));
        }
    }

    /// The bank sends bytes.
    pub(in crate::cluster) fn send_to_gateway(&mut self, id: u64, bytes: Vec<u8>) {
        let latency = self.latency();
        let now = self.now;
        let Some(connection) = self.net.connections.get_mut(&id) else { return };
        connection.arrives_here = connection.arrives_here.max(now + latency);
        let at = connection.arrives_here;
        self.at(at, Event::Net(NetEvent::ToGateway(id, bytes)));
    }

    pub(in crate::cluster) fn net_event(&mut self, event: NetEvent) {
        let (NetEvent::ToBank(id, ..) | NetEvent::ToGateway(id, _) | NetEvent::Lost(id)) = event;
        let Some(at) = self.gateway_of(id) else { return };
        if self.line_has(at, false) {
            return self.after(Duration::from_millis(20), Event::Net(event));
        }
        match event {
            NetEvent::ToBank(_, _, sent_at) if self.now.saturating_sub(sent_at) > LATE_MAX => self.break_connection(id),
            NetEvent::ToBank(_, bytes, _) => self.bank_reads(id, &bytes),
            NetEvent::Lost(_) => self.bank_lost(id),
            NetEvent::ToGateway(_, bytes) => {
                if let Some(connection) = self.net.connections.get_mut(&id).filter(|connection| !connection.is_broken) {
                    connection.inbox.extend(bytes);
                    connection.reader.take().into_iter().for_each(Waker::wake);
                }
            }
        }
    }

    fn poll_write(&mut self, id: u64, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let is_whole = self.net.connections.get(&id).filter(|connection| !connection.is_broken);
        let Some(at) = is_whole.map(|connection| connection.at) else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        if !self.effect(at) {
            return Poll::Pending;
        }
        let latency = self.latency();
        let now = self.now;
        let Some(connection) = self.net.connections.get_mut(&id) else { return Poll::Pending };
        connection.arrives_at_bank = connection.arrives_at_bank.max(now + latency);
        let arrives = connection.arrives_at_bank;
        self.at(arrives, Event::Net(NetEvent::ToBank(id, bytes.to_vec(), now)));
        self.written(at, id, bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_read(&mut self, id: u64, cx: &Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Some(connection) = self.net.connections.get_mut(&id) else {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        };
        if connection.inbox.is_empty() {
            if connection.is_broken {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            connection.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = connection.inbox.len().min(buffer.remaining());
        let bytes: Vec<u8> = connection.inbox.drain(..count).collect();
        buffer.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}

/// The way of one gateway to the bank.
pub(in crate::cluster) struct Line {
    pub(in crate::cluster) shared: Shared,
    pub(in crate::cluster) at: usize,
}

impl Network for Line {
    fn connect(&self, _: &str, _: &str) -> Connecting {
        let shared = self.shared.clone();
        let at = self.at;
        Box::pin(async move {
            let pause = shared.lock().latency();
            tokio::time::sleep(pause).await;
            let id = shared.lock().connect(at)?;
            let stream: Box<dyn Stream> = Box::new(End { shared, id });
            Ok(stream)
        })
    }

    /// The bank connects nothing.
    fn accept(&self, _: &str, _: &str) -> Accepting {
        Box::pin(std::future::pending())
    }
}

/// The gateway's end of a connection.
struct End {
    shared: Shared,
    id: u64,
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
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.shared.lock().poll_write(self.id, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let mut world = self.shared.lock();
        let Some(connection) = world.net.connections.get_mut(&self.id) else { return };
        if !std::mem::replace(&mut connection.is_broken, true) {
            let arrives = connection.arrives_at_bank + Duration::from_millis(20);
            world.at(arrives, Event::Net(NetEvent::Lost(self.id)));
        }
    }
}
