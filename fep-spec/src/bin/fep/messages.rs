//! The messages of `fep decode` and `fep explain` on stderr: errors and forgiven deviations, for people or as JSON.
//!
//! ```text
//! fep: telegram 2 at byte 6: forgiven: b, bytes 10..11: stripped: 1 blank is missing here
//! {"forgiven":"stripped","message":"1 blank is missing here","path":"b","record":null,"severity":"note","span":[10,11],"telegram":2}
//! ```

use std::error::Error;
use std::fmt::{self, Display};

use fep_codec::Layout;
use fep_codec::files::FileError;
use fep_codec::lenient::Forgiven;
use fep_spec::model::{SpecSet, UnchosenError};
use serde_json::json;

use crate::Format;
use crate::end::{Ended, Outcome, Stop, note, say};

/// The place of a telegram in the input.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// A telegram: its number from 1, and the offset of its first byte.
    Telegram(usize, usize),
    /// A telegram of a capture.
    Packet {
        /// Its number from 1.
        number: usize,
        /// The packet with its last byte.
        packet: u64,
        /// The side that sent it.
        side: &'static str,
    },
    /// A record of a file: its number from 1, and the offset of its first byte.
    Record(u64, u64),
}

impl Place {
    /// The offset of the first byte.
    pub(crate) const fn offset(self) -> u64 {
        match self {
            Self::Telegram(_, offset) => offset as u64,
            Self::Record(_, offset) => offset,
            // Bytes count from the start of the telegram.
            Self::Packet { .. } => 0,
        }
    }
}

/// Text to put before a message. It is empty for the first telegram, which is usually the only one.
impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Telegram(1, _) => Ok(()),
            Self::Telegram(number, offset) => write!(f, "telegram {number} at byte {offset}: "),
            Self::Packet { number, packet, side } => {
                write!(f, "telegram {number} in packet {packet} from the {side}: ")
            }
            Self::Record(number, offset) => write!(f, "record {number} at byte {offset}: "),
        }
    }
}

/// Writes messages in one form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Messages {
    pub(crate) format: Format,
}

impl Messages {
    /// Reports what was forgiven in the telegram at this place. The byte ranges count from the start of the telegram.
    pub(crate) fn forgiven(self, place: Place, forgiven: &[Forgiven]) {
        for one in forgiven {
            let (telegram, record) = numbers(Some(place));
            self.note(&format!("{place}"), telegram, record, &one.clone().moved(place.offset()));
        }
    }

    /// Reports what was forgiven in a record file. The byte ranges count from the start of the file, and each report names its record.
    pub(crate) fn forgiven_in_file(self, forgiven: &[Forgiven]) {
        forgiven.iter().for_each(|one| self.note("", None, None, one));
    }

    fn note(self, place: &str, telegram: Option<usize>, record: Option<u64>, one: &Forgiven) {
        match self.format {
            Format::Text => note(&format!("{place}forgiven: {one}")),
            Format::Json => say_json(&json!({
                "severity": "note",
                "forgiven": one.deviation.word(),
                "telegram": telegram,
                "record": one.record.or(record),
                "path": one.path,
                "span": [one.range.start, one.range.end],
                "message": one.assumed,
            })),
        }
    }

    /// Says which checks of a telegram nobody verifies.
    pub(crate) fn unverified(self, layout: &Layout) {
        for check in layout.unverified() {
            let path = &check.path;
            let function = check.function;
            let message = format!("the check is not verified, because the function `{function}` is not known");
            match self.format {
                Format::Text => note(&format!("{}: {path}: {message}", layout.name)),
                Format::Json => say_json(&json!({
                    "severity": "note",
                    "unverified": function,
                    "layout": layout.name,
                    "path": path,
                    "message": message,
                })),
            }
        }
    }

    /// Reports errors of the telegram at this place.
    pub(crate) fn findings(self, place: Place, errors: &[impl Error + 'static]) -> Outcome {
        errors.iter().for_each(|error| self.error(place, &format!("{place}{error}"), error));
        Outcome::Findings
    }

    /// Reports an error of a record file. Its text has its place.
    pub(crate) fn finding_in_file(self, error: &FileError) -> Outcome {
        self.error(Place::Record(error.record, error.offset), &error.to_string(), error);
        Outcome::Findings
    }

    /// Reports bytes whose telegram cannot be determined. If they match no telegram, that is a finding. If the specs cannot decide,
    /// the user must name the telegram.
    pub(crate) fn unchosen(self, specs: &SpecSet, error: &UnchosenError, bytes: &[u8], place: Place) -> Ended {
        if bytes.is_empty() && !matches!(error, UnchosenError::NoMarks) {
            return Ok(self.finding("the input is empty"));
        }
        if let UnchosenError::NoMatch(error) = error {
            return Ok(self.findings(place, std::slice::from_ref(error)));
        }
        Err(Stop::Message(format!("{place}{error}; name one with --telegram: {}", specs.names().join(", "))))
    }

    /// Reports an error of the whole input.
    pub(crate) fn finding(self, message: &str) -> Outcome {
        match self.format {
            Format::Text => note(message),
            Format::Json => say_json(&json!({ "severity": "error", "message": message })),
        }
        Outcome::Findings
    }

    fn error(self, place: Place, text: &str, error: &(dyn Error + 'static)) {
        let Format::Json = self.format else { return note(text) };
        let (telegram, record) = numbers(Some(place));
        let of_field = in_bytes(error);
        let span = of_field.and_then(fep_codec::Error::range).map(|range| {
            let [start, end] = [range.start, range.end].map(|at| place.offset().saturating_add(at as u64));
            [start, end]
        });
        say_json(&json!({
            "severity": "error",
            "telegram": telegram,
            "record": record,
            "path": of_field.map(fep_codec::Error::path).filter(|path| !path.is_empty()),
            "span": span,
            "message": error.to_string(),
        }));
    }
}

/// The error in the bytes of a telegram that caused this error.
fn in_bytes<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e fep_codec::Error> {
    error.downcast_ref().or_else(|| error.source()?.downcast_ref())
}

fn numbers(place: Option<Place>) -> (Option<usize>, Option<u64>) {
    match place {
        Some(Place::Telegram(number, _) | Place::Packet { number, .. }) => (Some(number), None),
        Some(Place::Record(number, _)) => (None, Some(number)),
        None => (None, None),
    }
}

fn say_json(object: &serde_json::Value) {
    say(&format!("{object}\n"));
}
