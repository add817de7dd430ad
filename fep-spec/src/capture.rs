//! [`Capture`]: the TCP streams of a capture file, put together from their packets.
//!
//! The file is pcap or pcapng; the packets are Ethernet, Linux cooked, loopback or raw IP, and IPv4 or IPv6. Crates read the file and the
//! headers. Putting the bytes of a stream together is done here: packets that come twice, in another order, or that are missing.
//! Telegrams are cut elsewhere: a stream is bytes.
//!
//! ```text
//! packets of one direction:   [0..100] [200..300] [100..200] [200..300]
//! its bytes:                  0 ───────────────────────── 300
//! ```

mod packet;
mod reassembly;

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Read};
use std::net::SocketAddr;

use pcap_parser::traits::{PcapNGPacketBlock as _, PcapReaderIterator};
use pcap_parser::{Block, LegacyPcapReader, Linktype, PcapBlockOwned, PcapError, PcapNGReader};

use self::packet::{Read as PacketRead, Segment, segment};
use self::reassembly::Pieces;
pub use self::reassembly::{Direction, Gap, Run};

/// The most bytes of payload that the streams of a capture may have together.
pub const PAYLOAD_MAX_BYTES: usize = 1 << 30;

/// The most streams of a capture.
pub const STREAMS_MAX: usize = 100_000;

/// The bytes of the file that are in memory at first. A longer packet makes it more.
const WINDOW_BYTES: usize = 1 << 16;

/// The most bytes of the file that are in memory. A packet has fewer.
const WINDOW_MAX_BYTES: usize = 1 << 22;

/// The number of bytes at the start of a file by which [`Capture::is_capture`] knows it.
pub const MAGIC_BYTES: usize = 12;

/// The TCP streams of a capture file.
#[derive(Debug)]
pub struct Capture {
    /// The streams, in the order of their first packets.
    pub streams: Vec<Stream>,
    /// What could not be read, one line each. At most [`REMARKS_MAX`] lines.
    pub remarks: Vec<String>,
}

/// The most remarks that a capture keeps.
pub const REMARKS_MAX: usize = 20;

/// One TCP connection.
#[derive(Debug)]
pub struct Stream {
    /// The side that opened the connection. If the capture does not show that, the side that sent the first packet.
    pub client: SocketAddr,
    /// The other side.
    pub server: SocketAddr,
    /// The number of packets.
    pub packets: u64,
    /// The number in the file of its first packet, from 1.
    pub first_packet: u64,
    /// Whether the capture shows how the connection was opened. If not, its first bytes may be missing.
    pub has_start: bool,
    pieces: [Pieces; 2],
}

/// A side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The side that opened the connection.
    Client,
    /// The other side.
    Server,
}

/// A file that cannot be read as a capture.
#[derive(Debug)]
pub enum CaptureError {
    /// The file cannot be read.
    Io(io::Error),
    /// The file is no capture, or is damaged from a packet on.
    Damaged {
        /// The number of packets before.
        packets: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// A limit is exceeded.
    Limit(String),
}

impl Side {
    /// Both sides.
    pub const BOTH: [Self; 2] = [Self::Client, Self::Server];

    /// `client` or `server`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

impl Capture {
    /// Whether a file that begins with these bytes is a capture. It needs [`MAGIC_BYTES`] bytes.
    #[must_use]
    pub fn is_capture(start: &[u8]) -> bool {
        let is_pcapng = start.starts_with(&[0x0A, 0x0D, 0x0D, 0x0A])
            && matches!(start.get(8..12), Some([0x1A, 0x2B, 0x3C, 0x4D] | [0x4D, 0x3C, 0x2B, 0x1A]));
        // The magic number, and the version 2.4.
        let is_pcap = matches!(
            start.get(..8),
            Some(
                [0xA1, 0xB2, 0xC3, 0xD4, 0, 2, 0, 4]
                    | [0xA1, 0xB2, 0x3C, 0x4D, 0, 2, 0, 4]
                    | [0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0]
                    | [0x4D, 0x3C, 0xB2, 0xA1, 2, 0, 4, 0]
            )
        );
        is_pcapng || is_pcap
    }

    /// Whether a file that begins with these bytes can still be a capture, when more bytes are known.
    #[must_use]
    pub fn may_be_capture(start: &[u8]) -> bool {
        matches!(start.first(), None | Some(0x0A | 0xA1 | 0xD4 | 0x4D))
    }

    /// Reads a capture. A file that ends inside a packet is read up to there, with a remark.
    ///
    /// # Errors
    /// If the file is no capture, is damaged, or exceeds a limit.
    pub fn read(mut input: impl Read) -> Result<Self, CaptureError> {
        let mut building = Building {
            streams: Vec::new(),
            last: HashMap::new(),
            remarks: Vec::new(),
            more_remarks: 0,
            packets: 0,
            payload: 0,
        };
        let mut start = Vec::new();
        input.by_ref().take(MAGIC_BYTES as u64).read_to_end(&mut start).map_err(CaptureError::Io)?;
        if !Self::is_capture(&start) {
            return Err(CaptureError::Damaged { packets: 0, what: "no header of a capture" });
        }
        let is_pcapng = start.first() == Some(&0x0A);
        let input = Whole(io::Cursor::new(start).chain(input));
        let reader = if is_pcapng {
            PcapNGReader::new(WINDOW_BYTES, input).map(|reader| Box::new(reader) as Box<dyn PcapReaderIterator>)
        } else {
            LegacyPcapReader::new(WINDOW_BYTES, input).map(|reader| Box::new(reader) as Box<dyn PcapReaderIterator>)
        };
        let mut reader = reader.map_err(|error| damaged(&error, 0))?;
        let mut links: Vec<Linktype> = Vec::new();
        // Refills without a packet. Two are enough to see the end of the file.
        let mut idle = 0;
        let mut window = WINDOW_BYTES;
        loop {
            let consumed = match reader.next() {
                Ok((consumed, block)) => {
                    building.block(&block, &mut links)?;
                    Ok(consumed)
                }
                Err(PcapError::Incomplete(_)) => Err(None),
                Err(PcapError::BufferTooSmall) if window < WINDOW_MAX_BYTES => {
                    window *= 4;
                    idle = 0;
                    Ok(0)
                }
                Err(PcapError::Eof) => break,
                Err(PcapError::UnexpectedEof) => {
                    building.remark(format!("the file ends inside packet {}", building.packets + 1));
                    break;
                }
                Err(error) => Err(Some(damaged(&error, building.packets))),
            };
            match consumed {
                // The packet is longer than the window.
                Ok(0) if reader.grow(window) => {}
                Ok(consumed) => {
                    reader.consume(consumed);
                    idle = 0;
                }
                Err(None) if idle > 2 => return Err(damaged(&PcapError::UnexpectedEof, building.packets)),
                Err(None) => {
                    reader.refill().map_err(|error| damaged(&error, building.packets))?;
                    idle += 1;
                }
                Err(Some(error)) => return Err(error),
            }
        }
        Ok(building.finish())
    }
}

/// An input whose reads fill the buffer, unless it ends. The crate reads a file's header at once.
struct Whole<R>(R);

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut len = 0;
        while let Some(rest) = out.get_mut(len..).filter(|rest| !rest.is_empty()) {
            match self.0.read(rest) {
                Ok(0) => break,
                Ok(more) => len += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(len)
    }
}

fn damaged(error: &PcapError<&[u8]>, packets: u64) -> CaptureError {
    let what = match error {
        PcapError::ReadError => return CaptureError::Io(io::Error::other("a read failed")),
        PcapError::BufferTooSmall => "a packet is too long",
        PcapError::HeaderNotRecognized | PcapError::Eof => "no header of a capture",
        PcapError::UnexpectedEof | PcapError::Incomplete(_) => "the file ends too early",
        PcapError::NomError(..) | PcapError::OwnedNomError(..) => "a block that no capture has",
    };
    CaptureError::Damaged { packets, what }
}

/// A capture that is being read.
struct Building {
    streams: Vec<Stream>,
    /// The last stream of two addresses, because ports are used again. The lower address is the first one.
    last: HashMap<[SocketAddr; 2], usize>,
    remarks: Vec<String>,
    more_remarks: u64,
    packets: u64,
    payload: usize,
}

impl Building {
    fn block(&mut self, block: &PcapBlockOwned<'_>, links: &mut Vec<Linktype>) -> Result<(), CaptureError> {
        let (data, link) = match block {
            PcapBlockOwned::LegacyHeader(header) => {
                links.push(header.network);
                return Ok(());
            }
            PcapBlockOwned::Legacy(packet) => (packet.data, links.first()),
            PcapBlockOwned::NG(Block::SectionHeader(_)) => {
                links.clear();
                return Ok(());
            }
            PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => {
                links.push(interface.linktype);
                return Ok(());
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                let interface = usize::try_from(packet.if_id).unwrap_or(usize::MAX);
                (packet.packet_data(), links.get(interface))
            }
            PcapBlockOwned::NG(Block::SimplePacket(packet)) => (packet.packet_data(), links.first()),
            PcapBlockOwned::NG(_) => return Ok(()),
        };
        self.packets += 1;
        let number = self.packets;
        match link.map(|link| segment(*link, data)) {
            Some(PacketRead::Tcp(segment)) => self.add(&segment)?,
            Some(PacketRead::Other) => {}
            Some(PacketRead::Unread(why)) => self.remark(format!("packet {number}: {why}")),
            None => self.remark(format!("packet {number} is of an interface that the file does not describe")),
        }
        Ok(())
    }

    fn add(&mut self, segment: &Segment<'_>) -> Result<(), CaptureError> {
        self.payload = self.payload.saturating_add(segment.payload.len());
        if self.payload > PAYLOAD_MAX_BYTES {
            return Err(CaptureError::Limit(format!("the streams have more than {PAYLOAD_MAX_BYTES} bytes")));
        }
        if segment.is_cut {
            self.remark(format!("packet {} is only partly in the capture: its last bytes were cut off", self.packets));
        }
        let number = self.packets;
        let addresses = [segment.from.min(segment.to), segment.from.max(segment.to)];
        let last = self.last.get(&addresses).and_then(|last| self.streams.get_mut(*last));
        let known = last.and_then(|stream| {
            let side = stream.side(segment)?;
            Some((stream, side))
        });
        if let Some((stream, side)) = known.filter(|(stream, side)| !stream.is_reopened(segment, *side)) {
            stream.packets += 1;
            stream.has_start |= segment.syn;
            let [client, server] = &mut stream.pieces;
            if side == Side::Client { client } else { server }.add(segment, number);
            return Ok(());
        }
        if self.streams.len() == STREAMS_MAX {
            return Err(CaptureError::Limit(format!("the capture has more than {STREAMS_MAX} streams")));
        }
        // A SYN with an ACK answers one that the capture does not have.
        let from_server = segment.syn && segment.ack;
        let (client, server) = if from_server { (segment.to, segment.from) } else { (segment.from, segment.to) };
        let mut pieces = [Pieces::default(), Pieces::default()];
        let [of_client, of_server] = &mut pieces;
        if from_server { of_server } else { of_client }.add(segment, number);
        self.last.insert(addresses, self.streams.len());
        self.streams.push(Stream { client, server, packets: 1, first_packet: number, has_start: segment.syn, pieces });
        Ok(())
    }

    fn remark(&mut self, remark: String) {
        if self.remarks.len() < REMARKS_MAX {
            self.remarks.push(remark);
        } else {
            self.more_remarks += 1;
        }
    }

    fn finish(mut self) -> Capture {
        if self.more_remarks > 0 {
            self.remarks.push(format!("{} more packets have such remarks", self.more_remarks));
        }
        Capture { streams: self.streams, remarks: self.remarks }
    }
}

impl Stream {
    /// The bytes that a side sent, in their order.
    #[must_use]
    pub fn sent_by(&self, side: Side) -> Direction {
        let [client, server] = &self.pieces;
        if side == Side::Client { client } else { server }.joined()
    }

    /// The number of bytes of payload in the packets of a side, those that came twice included.
    #[must_use]
    pub fn payload_of(&self, side: Side) -> usize {
        let [client, server] = &self.pieces;
        if side == Side::Client { client } else { server }.payload()
    }

    fn side(&self, segment: &Segment<'_>) -> Option<Side> {
        if (segment.from, segment.to) == (self.client, self.server) {
            Some(Side::Client)
        } else if (segment.to, segment.from) == (self.client, self.server) {
            Some(Side::Server)
        } else {
            None
        }
    }

    /// Whether the segment opens another connection between the same ports.
    fn is_reopened(&self, segment: &Segment<'_>, side: Side) -> bool {
        let [client, server] = &self.pieces;
        let own = if side == Side::Client { client } else { server };
        segment.syn && !segment.ack && own.has_other_start(segment.sequence)
    }
}

/// One line: `127.0.0.1:40000 → 127.0.0.1:9000, 12 packets from packet 1 on`.
impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} → {}, {} packets from packet {} on, {} and {} bytes",
            self.client,
            self.server,
            self.packets,
            self.first_packet,
            self.payload_of(Side::Client),
            self.payload_of(Side::Server)
        )
    }
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot read the capture: {error}"),
            Self::Damaged { packets, what } => write!(f, "the capture is damaged behind packet {packets}: {what}"),
            Self::Limit(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for CaptureError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}
