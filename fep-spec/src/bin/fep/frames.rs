//! Telegrams in frames (`--frame`), in an input of nothing but frames and in a capture of a TCP stream.

use std::io::Read;

use fep_codec::Record;
use fep_codec::framing::FrameSearch;
use fep_codec::lenient::Lenient;
use fep_spec::capture::{Capture, CaptureError, Run, Side, Stream};
use fep_spec::codec::CodecError;
use fep_spec::framing::Framing;
use fep_spec::glued::own_len;
use fep_spec::model::{SpecSet, TelegramSpec};

use crate::end::{Ended, Outcome, Stop, note};
use crate::glued::{Glued, WINDOW_BYTES};
use crate::messages::{Messages, Place};

/// The maximum length of a frame in bytes, unless the framing says another one.
pub(crate) const FRAME_MAX_BYTES: usize = 1 << 20;

/// What the telegrams of an input are read with.
pub(crate) struct Reading<'s, 'r> {
    pub(crate) specs: &'s SpecSet,
    /// The telegram that the user named.
    pub(crate) named: Option<&'s TelegramSpec>,
    /// How the line encloses telegrams. `None`: their layouts say where they end.
    pub(crate) framing: Option<&'r Framing>,
    /// The stream of a capture that the user chose.
    pub(crate) stream: Option<usize>,
    pub(crate) lenient: Lenient,
    pub(crate) messages: Messages,
}

/// Calls `act` for the telegram of each frame of the input.
pub(crate) fn each_frame<'s>(
    reading: &Reading<'s, '_>,
    framing: &Framing,
    input: Box<dyn Read>,
    mut act: impl FnMut(&'s TelegramSpec, &[u8], Place) -> Ended,
) -> Ended {
    let messages = reading.messages;
    let mut input = Glued::new(input);
    let mut outcome = Outcome::Clean;
    let mut polls = 0_u64;
    for number in 1_usize.. {
        let mut search = FrameSearch::default();
        let mut wanted = WINDOW_BYTES;
        input.fill(wanted)?;
        if input.rest().is_empty() {
            if number == 1 {
                return Ok(messages.finding("the input is empty"));
            }
            break;
        }
        let frame = loop {
            match framing.next(&mut search, input.rest()) {
                Ok(None) if !input.is_whole() => {
                    wanted = wanted.saturating_mul(2);
                    input.fill(wanted)?;
                }
                other => break other,
            }
        };
        let place = Place::Telegram(number, input.used());
        let len = match frame {
            Ok(Some(len)) => len,
            Ok(None) => {
                let left = input.rest().len();
                let message = format!("the last {left} bytes are the start of a frame, and not all of it");
                return Ok(messages.findings(place, &[CodecError::Envelope(message)]));
            }
            Err(error) => return Ok(messages.findings(place, &[CodecError::Envelope(error.to_string())])),
        };
        let frame = input.rest().get(..len).unwrap_or_default();
        let telegram = framing.telegram(frame);
        let before = framing.content(frame).start;
        if telegram.is_empty() {
            polls += 1;
        } else {
            let place = Place::Telegram(number, input.used().saturating_add(before));
            outcome = outcome.and(reading.one(telegram, place, &mut act)?);
        }
        input.skip(len);
    }
    say_polls(polls);
    Ok(outcome)
}

fn say_polls(polls: u64) {
    if polls > 0 {
        note(&format!("{polls} frames have no telegram: they are polls"));
    }
}

/// Calls `act` for each telegram of one TCP stream of a capture, of both sides in the order of the packets.
pub(crate) fn each_in_capture<'s>(
    reading: &Reading<'s, '_>,
    input: Box<dyn Read>,
    mut act: impl FnMut(&'s TelegramSpec, &[u8], Place) -> Ended,
) -> Ended {
    let messages = reading.messages;
    let capture = match Capture::read(input) {
        Ok(capture) => capture,
        Err(error @ CaptureError::Damaged { .. }) => return Ok(messages.finding(&error.to_string())),
        Err(error) => return Err(Stop::Message(error.to_string())),
    };
    let mut outcome = Outcome::Clean;
    for remark in &capture.remarks {
        outcome = messages.finding(remark);
    }
    let stream = chosen(&capture, reading.stream)?;
    let mut found = Vec::new();
    let directions = Side::BOTH.map(|side| (side, stream.sent_by(side)));
    for (side, direction) in &directions {
        for packet in &direction.contradictions {
            let message = "its bytes differ from those of an earlier packet at the same position, which are used";
            found.push(Found { packet: *packet, side: *side, what: What::Finding(message.to_owned()) });
        }
        for run in &direction.runs {
            Cutting { reading, side: *side, run }.run(stream.has_start, &mut found);
        }
    }
    // Within a packet the order of the bytes stays.
    found.sort_by_key(|found| found.packet);
    let mut number = 0;
    let mut polls = 0;
    for Found { packet, side, what } in found {
        match what {
            What::Telegram([]) => polls += 1,
            What::Telegram(bytes) => {
                number += 1;
                let place = Place::Packet { number, packet, side: side.word() };
                outcome = outcome.and(reading.one(bytes, place, &mut act)?);
            }
            What::Finding(message) => {
                outcome = messages.finding(&format!("packet {packet} from the {}: {message}", side.word()));
            }
        }
    }
    say_polls(polls);
    if number == 0 && outcome == Outcome::Clean {
        return Ok(messages.finding("the stream has no telegram"));
    }
    Ok(outcome)
}

/// The stream that the user chose, or the only one that has any bytes.
fn chosen(capture: &Capture, wanted: Option<usize>) -> Result<&Stream, Stop> {
    const LISTED_MAX: usize = 50;
    if let Some(wanted) = wanted {
        let stream = wanted.checked_sub(1).and_then(|index| capture.streams.get(index));
        return stream.ok_or_else(|| {
            Stop::Message(format!("the capture has no stream {wanted}; it has {}", capture.streams.len()))
        });
    }
    let has_bytes = |stream: &Stream| Side::BOTH.iter().any(|side| stream.payload_of(*side) > 0);
    let mut with_bytes = capture.streams.iter().enumerate().filter(|(_, stream)| has_bytes(stream));
    match (with_bytes.next(), with_bytes.next()) {
        (None, _) => Err(Stop::Message("the capture has no TCP stream with data".to_owned())),
        (Some((_, stream)), None) => {
            note(&format!("stream: {stream}"));
            Ok(stream)
        }
        (Some(_), Some(_)) => {
            let all = capture.streams.iter().enumerate().filter(|(_, stream)| has_bytes(stream));
            let mut lines: Vec<String> =
                all.take(LISTED_MAX).map(|(index, stream)| format!("  --stream {}   {stream}", index + 1)).collect();
            if lines.len() == LISTED_MAX {
                lines.push("  and more".to_owned());
            }
            Err(Stop::Message(format!("the capture has several TCP streams; choose one:\n{}", lines.join("\n"))))
        }
    }
}

/// Something in a stream, at the packet in which it is complete.
struct Found<'b> {
    packet: u64,
    side: Side,
    what: What<'b>,
}

enum What<'b> {
    Telegram(&'b [u8]),
    Finding(String),
}

/// Cuts telegrams from a run of bytes.
struct Cutting<'c, 'b> {
    reading: &'c Reading<'c, 'c>,
    side: Side,
    run: &'b Run,
}

/// Why the bytes begin no telegram.
enum Uncut {
    /// They end too early.
    Incomplete,
    /// No telegram begins so.
    Wrong(String),
}

impl<'b> Cutting<'_, 'b> {
    /// Finds the telegrams of a run. A run whose start is not the start of the connection may begin inside a telegram.
    fn run(&self, has_start: bool, found: &mut Vec<Found<'b>>) {
        let bytes = self.run.bytes.as_slice();
        if let Some(gap) = self.run.gap {
            let message = format!("{} bytes are missing before it, behind the first {} of this side", gap.len, gap.at);
            found.push(Found { packet: gap.before_packet, side: self.side, what: What::Finding(message) });
        }
        let is_open = self.run.gap.is_some() || !has_start;
        let mut at = if is_open { self.next_start(0, found) } else { 0 };
        while at < bytes.len() {
            let rest = bytes.get(at..).unwrap_or_default();
            match self.cut(rest) {
                Ok((len, telegram)) => {
                    let packet = self.run.packet_of(&(at..at.saturating_add(len)));
                    found.push(Found { packet, side: self.side, what: What::Telegram(telegram) });
                    at = at.saturating_add(len.max(1));
                }
                Err(Uncut::Incomplete) => {
                    let message =
                        format!("the last {} bytes are the start of a telegram, and not all of it", rest.len());
                    self.finding(at..bytes.len(), message, found);
                    break;
                }
                Err(Uncut::Wrong(message)) => {
                    self.finding(at..at.saturating_add(1), message, found);
                    at = self.next_start(at.saturating_add(1), found);
                }
            }
        }
    }

    /// The next place at which a packet begins with a telegram that reads strictly. Reports the bytes before it.
    fn next_start(&self, from: usize, found: &mut Vec<Found<'b>>) -> usize {
        let bytes = self.run.bytes.as_slice();
        let reads = |at: &usize| {
            self.cut(bytes.get(*at..).unwrap_or_default()).is_ok_and(|(_, telegram)| self.reading.reads(telegram))
        };
        let start = self.run.packet_starts(from).filter(|at| *at < bytes.len()).find(reads).unwrap_or(bytes.len());
        // The byte that was reported as wrong is passed too.
        let passed = start.saturating_sub(from.saturating_sub(1));
        if start > from {
            self.finding(from..start, format!("{passed} bytes are no whole telegram and were passed"), found);
        }
        start
    }

    /// The first frame: its length, and the telegram in it.
    fn cut(&self, rest: &'b [u8]) -> Result<(usize, &'b [u8]), Uncut> {
        let Some(framing) = self.reading.framing else { return self.cut_glued(rest) };
        match framing.next(&mut FrameSearch::default(), rest) {
            Ok(Some(len)) => Ok((len, framing.telegram(rest.get(..len).unwrap_or_default()))),
            Ok(None) => Err(Uncut::Incomplete),
            Err(error) => Err(Uncut::Wrong(error.to_string())),
        }
    }

    /// Without a framing, the layout of the telegram says where it ends.
    fn cut_glued(&self, rest: &'b [u8]) -> Result<(usize, &'b [u8]), Uncut> {
        let telegram = match self.reading.named {
            Some(telegram) => telegram,
            None => self.reading.specs.choose(rest).map_err(|error| Uncut::Wrong(error.to_string()))?,
        };
        let lenient = self.reading.lenient;
        match telegram.layout.fixed_len() {
            Some(len) if len > rest.len() => Err(Uncut::Incomplete),
            _ => {
                let len = own_len(telegram, rest, lenient);
                Ok((len, rest.get(..len).unwrap_or_default()))
            }
        }
    }

    fn finding(&self, bytes: std::ops::Range<usize>, message: String, found: &mut Vec<Found<'b>>) {
        found.push(Found { packet: self.run.packet_of(&bytes), side: self.side, what: What::Finding(message) });
    }
}

impl<'s> Reading<'s, '_> {
    /// Reads one telegram.
    fn one(&self, bytes: &[u8], place: Place, act: &mut impl FnMut(&'s TelegramSpec, &[u8], Place) -> Ended) -> Ended {
        match self.named {
            Some(telegram) => act(telegram, bytes, place),
            None => match self.specs.choose(bytes) {
                Ok(telegram) => act(telegram, bytes, place),
                Err(error) => self.messages.unchosen(self.specs, &error, bytes, place),
            },
        }
    }

    /// Whether these bytes are a telegram that reads strictly.
    fn reads(&self, bytes: &[u8]) -> bool {
        let telegram = self.named.or_else(|| self.specs.choose(bytes).ok());
        telegram.is_some_and(|telegram| Record::decode(&telegram.layout, bytes).is_ok())
    }
}
