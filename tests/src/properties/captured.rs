//! Captures: any bytes as a capture file, and any packets of one TCP stream, which are put together as a simple model does.

use std::collections::BTreeSet;

use fep_spec::capture::{Capture, Direction, Side};

/// Reads any bytes as a capture, or as packets of a stream. The first byte selects which.
pub fn capture(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    match which & 1 {
        0 => any_file(bytes),
        _ => any_packets(bytes),
    }
}

/// A file is read or refused. What is read has no more bytes than the file, and each byte knows its packet.
fn any_file(bytes: &[u8]) {
    let capture = match Capture::read(bytes) {
        Ok(capture) => capture,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let mut payload = 0;
    for stream in &capture.streams {
        assert!(!stream.to_string().is_empty());
        for side in Side::BOTH {
            payload += stream.payload_of(side);
            any_direction(&stream.sent_by(side), stream.payload_of(side));
        }
    }
    assert!(payload <= bytes.len(), "{payload} bytes of {}", bytes.len());
}

fn any_direction(direction: &Direction, payload: usize) {
    let mut len = 0;
    let mut end = 0;
    for run in &direction.runs {
        assert!(!run.bytes.is_empty(), "a run without bytes");
        if let Some(gap) = run.gap {
            assert!(gap.len > 0 && gap.at >= end && gap.before_packet > 0, "{gap:?} behind {end}");
            end = gap.at + gap.len;
        }
        end += run.bytes.len() as u64;
        len += run.bytes.len();
        for at in [0, run.bytes.len() / 2, run.bytes.len() - 1] {
            assert!(run.packet_of(&(at..at + 1)) > 0, "byte {at} has no packet");
        }
        let starts: BTreeSet<usize> = run.packet_starts(0).collect();
        assert!(starts.first() == Some(&0) && starts.last() == Some(&run.bytes.len()), "{starts:?}");
    }
    assert!(len <= payload, "{len} bytes of {payload}");
}

/// The positions of the model. A packet of [`any_packets`] is within them.
const POSITIONS: usize = 512;

/// Packets of one direction: each has a position, a length, and its bytes. The stream has at each position the byte of the first packet with
/// it; packets of one byte count last.
fn any_packets(bytes: &[u8]) {
    let Some((start, rest)) = bytes.split_first_chunk::<4>() else { return };
    let start = u32::from_be_bytes(*start);
    let mut packets: Vec<(usize, &[u8])> = Vec::new();
    let mut rest = rest;
    while let Some(([at, len], behind)) = rest.split_first_chunk::<2>() {
        let (payload, behind) = behind.split_at(behind.len().min(usize::from(*len)));
        packets.push((usize::from(*at), payload));
        rest = behind;
    }
    let mut file = header();
    for (at, payload) in &packets {
        packet(&mut file, start.wrapping_add(u32::try_from(*at).unwrap_or_default()), payload);
    }
    let capture = Capture::read(file.as_slice()).expect("a capture");
    let mut model = [None; POSITIONS];
    let longer = packets.iter().filter(|(_, payload)| payload.len() != 1);
    for (at, payload) in longer.chain(packets.iter().filter(|(_, payload)| payload.len() == 1)) {
        for (place, byte) in model.iter_mut().skip(*at).zip(*payload) {
            *place = place.or(Some(*byte));
        }
    }
    let Some(stream) = capture.streams.first() else { return assert!(packets.is_empty()) };
    let direction = stream.sent_by(Side::Client);
    any_direction(&direction, stream.payload_of(Side::Client));
    let runs: Vec<Vec<u8>> = direction.runs.iter().map(|run| run.bytes.clone()).collect();
    let known = model.split(Option::is_none).map(|run| run.iter().copied().flatten().collect::<Vec<u8>>());
    assert_eq!(runs, known.filter(|run| !run.is_empty()).collect::<Vec<_>>());
}

/// The header of a pcap file of raw IP packets.
fn header() -> Vec<u8> {
    [&[0xA1, 0xB2, 0xC3, 0xD4, 0, 2, 0, 4], &[0; 8][..], &[0, 4, 0, 0], &[0, 0, 0, 101]].concat()
}

/// A packet from port 1 to port 2 with an IPv4 and a TCP header of 20 bytes each.
fn packet(file: &mut Vec<u8>, sequence: u32, payload: &[u8]) {
    let len = u16::try_from(40 + payload.len()).unwrap_or(u16::MAX);
    file.extend([0; 8]);
    file.extend(u32::from(len).to_be_bytes());
    file.extend(u32::from(len).to_be_bytes());
    file.extend([0x45, 0]);
    file.extend(len.to_be_bytes());
    file.extend([0, 0, 0, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 2]);
    file.extend([0, 1, 0, 2]);
    file.extend(sequence.to_be_bytes());
    file.extend([0, 0, 0, 0, 0x50, 0x10, 0xFF, 0xFF, 0, 0, 0, 0]);
    file.extend(payload);
}

#[cfg(test)]
mod tests {
    use super::capture;

    #[test]
    fn packets_in_any_order_are_the_stream_of_the_model() {
        capture(b"\x01\xFF\xFF\xFF\xFE\x05\x03fgh\x00\x06abcdef\x02\x01x\x0A\x02kl\x0A\x01z\x03\x04dXfg");
    }
}
