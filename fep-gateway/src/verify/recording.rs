//! Reads a recording in any of its forms: JSON lines of what passed, a capture of TCP packets (pcap, pcapng), or bare frames one after the
//! other. What the frames mean is not decided here.

use std::collections::HashMap;
use std::fmt;
use std::io::{BufRead, Read as _};

use fep_codec::framing::FrameSearch;
use fep_spec::capture::{Capture, MAGIC_BYTES, Run, Side, Stream};

use crate::config::{InstitutionConfig, Role};
use crate::passed::{Direction, Passed, PassedLines, What};
use crate::telegrams::TelegramCatalogue;

/// The maximum length of a file of bare frames, in bytes.
const FRAMES_MAX_BYTES: u64 = 1 << 30;

/// Where something is in a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// A line, from 1.
    Line(usize),
    /// A packet of a capture, from 1: the one with which the frame was whole.
    Packet(u64),
    /// A byte of a file of frames, from 0: the first one of the frame.
    Byte(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Packet(number) => write!(f, "packet {number}"),
            Self::Byte(number) => write!(f, "byte {number}"),
        }
    }
}

/// What a recording says at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recorded {
    pub(super) place: Place,
    /// When, in milliseconds since 1970. `None`: the recording does not say it.
    pub(super) at_ms: Option<i64>,
    pub(super) connection: Option<String>,
    pub(super) said: Said,
}

/// What a recording says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A frame passed.
    Frame(Direction, Vec<u8>),
    /// This number of bytes passed that are no frame of the line.
    NoFrame(usize),
    /// This number of bytes passed and was not recorded.
    Lost(u64),
    /// It is about another institution.
    Elsewhere,
}

/// Passes on everything that the recording says, in its order.
///
/// # Errors
/// If the recording cannot be read, or `each` fails. The text says why.
pub(super) fn read(
    mut input: impl BufRead,
    (name, institution): (&str, &InstitutionConfig),
    catalogue: &TelegramCatalogue,
    mut each: impl FnMut(Recorded) -> Result<(), String>,
) -> Result<(), String> {
    let start = input.fill_buf().map_err(|error| error.to_string())?;
    let first = start.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    if start.len() >= MAGIC_BYTES && Capture::is_capture(start) {
        return captured(input, institution, catalogue, each);
    }
    if first.is_none() || first == Some(b'{') {
        for passed in PassedLines::new(input) {
            let Passed { line, at_ms, institution: of, connection, what } =
                passed.map_err(|error| error.to_string())?;
            let said = match what {
                _ if of.is_some_and(|of| of != name) => Said::Elsewhere,
                What::Lost(len) => Said::Lost(len),
                What::Bytes(direction, frame) if is_frame(institution, &frame) => Said::Frame(direction, frame),
                What::Bytes(_, bytes) => Said::NoFrame(bytes.len()),
            };
            each(Recorded { place: Place::Line(line), at_ms: Some(at_ms), connection, said })?;
        }
        return Ok(());
    }
    let mut bytes = Vec::new();
    input.take(FRAMES_MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > FRAMES_MAX_BYTES {
        return Err(format!("it has more than {FRAMES_MAX_BYTES} bytes"));
    }
    let mut at = 0;
    cut(institution, &bytes, |frame| {
        let place = Place::Byte(at);
        at += frame.len();
        // A file of frames does not say which way they went: what is no answer was sent.
        let direction = if catalogue.is_received(frame) { Direction::In } else { Direction::Out };
        each(Recorded { place, at_ms: None, connection: None, said: said(institution, direction, frame) })
    })
}

/// Whether the bytes are one frame.
fn is_frame(institution: &InstitutionConfig, bytes: &[u8]) -> bool {
    institution.framing.next(&mut FrameSearch::default(), bytes) == Ok(Some(bytes.len()))
}

fn said(institution: &InstitutionConfig, direction: Direction, bytes: &[u8]) -> Said {
    if is_frame(institution, bytes) { Said::Frame(direction, bytes.to_vec()) } else { Said::NoFrame(bytes.len()) }
}

/// Calls `act` for each frame, and for what is left behind the last one.
fn cut(
    institution: &InstitutionConfig,
    bytes: &[u8],
    mut act: impl FnMut(&[u8]) -> Result<(), String>,
) -> Result<(), String> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let len = institution.framing.next(&mut FrameSearch::default(), rest);
        let (frame, behind) = match len {
            Ok(Some(len)) => rest.split_at_checked(len).unwrap_or((rest, &[])),
            Ok(None) | Err(_) => (rest, &[][..]),
        };
        act(frame)?;
        rest = behind;
    }
    Ok(())
}

fn captured(
    input: impl BufRead,
    institution: &InstitutionConfig,
    catalogue: &TelegramCatalogue,
    mut each: impl FnMut(Recorded) -> Result<(), String>,
) -> Result<(), String> {
    let capture = Capture::read(input).map_err(|error| error.to_string())?;
    // Who connects a line decides which side of its streams is the institution.
    let ports: HashMap<u16, bool> = institution.lines.iter().filter_map(|line| port(&line.role)).collect();
    let of_stream = |stream: &Stream| ports.get(&stream.server.port()).copied();
    // A capture that was made elsewhere can have other ports: then all its streams are the line.
    let any_ours = capture.streams.iter().any(|stream| of_stream(stream).is_some());
    let connects = institution.lines.iter().any(|line| matches!(line.role, Role::Connect { .. }));
    let streams = capture.streams.iter().filter_map(|stream| match (of_stream(stream), any_ours) {
        (Some(connects), _) => Some((stream, connects)),
        (None, false) => Some((stream, connects)),
        (None, true) => None,
    });
    let mut found = Vec::new();
    for (number, (stream, connects)) in (1_u64..).zip(streams) {
        for side in Side::BOTH {
            let direction = if (side == Side::Client) == connects { Direction::Out } else { Direction::In };
            for run in stream.sent_by(side).runs {
                let connection = Some(number.to_string());
                if let Some(gap) = run.gap {
                    let place = Place::Packet(gap.before_packet);
                    found.push(Recorded {
                        place,
                        at_ms: None,
                        connection: connection.clone(),
                        said: Said::Lost(gap.len),
                    });
                }
                let mut at = beginning(institution, catalogue, &run, stream.has_start && run.gap.is_none());
                cut(institution, run.bytes.get(at..).unwrap_or_default(), |frame| {
                    let end = at + frame.len();
                    let place = Place::Packet(run.packet_of(&(at..end)));
                    at = end;
                    let connection = connection.clone();
                    found.push(Recorded { place, at_ms: None, connection, said: said(institution, direction, frame) });
                    Ok(())
                })?;
            }
        }
    }
    // Both sides in the order of the packets.
    found.sort_by_key(|one| one.place);
    capture.remarks.iter().for_each(|remark| tracing::warn!("the capture: {remark}"));
    found.into_iter().try_for_each(&mut each)
}

/// Where the first frame of a run begins: behind a gap, at the first packet that begins with a telegram of the spec.
fn beginning(institution: &InstitutionConfig, catalogue: &TelegramCatalogue, run: &Run, is_whole: bool) -> usize {
    let is_frame = |at: &usize| {
        let rest = run.bytes.get(*at..).unwrap_or_default();
        let len = institution.framing.next(&mut FrameSearch::default(), rest).ok().flatten();
        let frame = len.and_then(|len| rest.get(..len));
        frame.is_some_and(|frame| catalogue.spec().choose(catalogue.telegram(frame)).is_ok())
    };
    if is_whole { 0 } else { run.packet_starts(0).find(is_frame).unwrap_or(0) }
}

/// The port on which the side that is connected listens, and whether the gateway connects.
fn port(role: &Role) -> Option<(u16, bool)> {
    match role {
        Role::Connect { address, .. } => Some((address.rsplit_once(':')?.1.parse().ok()?, true)),
        Role::Listen { address, .. } => Some((address.port(), false)),
    }
}
