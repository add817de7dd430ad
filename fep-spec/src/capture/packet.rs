//! One packet of a capture → its TCP segment. The headers are read by `etherparse`.

use std::net::{IpAddr, SocketAddr};

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};
use pcap_parser::Linktype;

/// What a packet is.
pub(super) enum Read<'p> {
    /// A TCP segment.
    Tcp(Segment<'p>),
    /// Something else, which is none of ours: ARP, UDP.
    Other,
    /// It could be a TCP segment, but cannot be read.
    Unread(String),
}

/// A TCP segment.
pub(super) struct Segment<'p> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) sequence: u32,
    pub(super) syn: bool,
    pub(super) ack: bool,
    pub(super) payload: &'p [u8],
    /// The packet is longer than what the capture has of it.
    pub(super) is_cut: bool,
}

/// Linux cooked capture, version 2. Its header has 20 bytes and begins with the protocol.
const LINUX_SLL2: Linktype = Linktype(276);
/// The header of BSD's loopback is a number of 4 bytes.
const LOOP: Linktype = Linktype(108);
const LINUX_SLL_BYTES: usize = 16;
const LINUX_SLL2_BYTES: usize = 20;
const LOOPBACK_BYTES: usize = 4;

/// Reads a packet of a link.
pub(super) fn segment(link: Linktype, data: &[u8]) -> Read<'_> {
    let ip = |data| LaxSlicedPacket::from_ip(data).ok();
    let behind = |bytes: usize| data.get(bytes..).unwrap_or_default();
    let typed = |high: usize, header: usize| match data.get(high..high.saturating_add(2)) {
        Some([first, second]) => {
            Some(LaxSlicedPacket::from_ether_type(EtherType(u16::from_be_bytes([*first, *second])), behind(header)))
        }
        _ => None,
    };
    let packet = match link {
        Linktype::ETHERNET => LaxSlicedPacket::from_ethernet(data).ok(),
        Linktype::LINUX_SLL => typed(LINUX_SLL_BYTES - 2, LINUX_SLL_BYTES),
        LINUX_SLL2 => typed(0, LINUX_SLL2_BYTES),
        Linktype::NULL | LOOP => ip(behind(LOOPBACK_BYTES)),
        Linktype::RAW | Linktype(12 | 14) | Linktype::IPV4 | Linktype::IPV6 => ip(data),
        other => return Read::Unread(format!("packets of the link type {} are not known", other.0)),
    };
    match packet {
        Some(packet) => of_packet(&packet),
        None => Read::Unread("its headers cannot be read".to_owned()),
    }
}

fn of_packet<'p>(packet: &LaxSlicedPacket<'p>) -> Read<'p> {
    let (from, to, payload): (IpAddr, IpAddr, _) = match &packet.net {
        Some(LaxNetSlice::Ipv4(ip)) => {
            let header = ip.header();
            (header.source_addr().into(), header.destination_addr().into(), ip.payload())
        }
        Some(LaxNetSlice::Ipv6(ip)) => {
            let header = ip.header();
            (header.source_addr().into(), header.destination_addr().into(), ip.payload())
        }
        _ => return Read::Other,
    };
    if payload.fragmented {
        return Read::Unread("a fragment of an IP packet; fragments are not put together".to_owned());
    }
    match &packet.transport {
        Some(TransportSlice::Tcp(tcp)) => Read::Tcp(Segment {
            from: SocketAddr::new(from, tcp.source_port()),
            to: SocketAddr::new(to, tcp.destination_port()),
            sequence: tcp.sequence_number(),
            syn: tcp.syn(),
            ack: tcp.ack(),
            payload: tcp.payload(),
            is_cut: payload.incomplete,
        }),
        Some(_) => Read::Other,
        None if payload.ip_number == etherparse::IpNumber::TCP => {
            Read::Unread("its TCP header cannot be read".to_owned())
        }
        None => Read::Other,
    }
}
