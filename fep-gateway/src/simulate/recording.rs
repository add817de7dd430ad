//! What crossed the lines, as JSON lines: written while the institution runs, and read again to answer as it was answered then.
//!
//! The keys are those of `fep-gateway journal export`, so that an export can be replayed, too:
//!
//! ```text
//! {"at":"2026-11-28T01:02:03.004Z","line":"link 1","direction":"out","telegram":"Transfer","bytes":"30323936…"}
//! ```
//!
//! `out` goes to the institution, `in` comes from it. The file has everything that telegrams say, also what is secret.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fep_codec::{Record, json};
use fep_spec::model::Spec;
use serde_json::{Map, Value as Json, json};
use tracing::warn;

use super::rules::key;
use super::scenario::{Replay, Scenario};
use crate::hex::hex;
use crate::passed::{Direction, Passed, PassedError, PassedLines, What};
use crate::time::Rfc3339;

/// The maximum length of a recording, in bytes. It ends there.
const RECORDING_MAX_BYTES: u64 = 1 << 30;
/// The maximum number of answers that are replayed.
const ANSWERS_MAX: usize = 100_000;
/// The maximum number of requests whose answers are not read yet.
const OPEN_MAX: usize = 100_000;

/// Writes a recording.
#[derive(Debug)]
pub(super) struct Recorder {
    file: Mutex<Option<(File, u64)>>,
}

/// The answers of a recording, ready to be given again.
#[derive(Debug)]
pub struct Recording {
    answers: HashMap<(String, Vec<String>), Answers>,
    /// How many answers there are.
    len: usize,
    /// How many lines were left out: they cannot be read by the spec, or nothing asked for them.
    left_out: usize,
}

/// The answers to like requests.
#[derive(Debug, Default)]
struct Answers {
    all: Vec<RecordedAnswer>,
    given: usize,
}

/// One answer of a recording.
#[derive(Clone, Debug)]
pub(super) struct RecordedAnswer {
    pub(super) fields: Map<String, Json>,
    /// How long it took.
    pub(super) after: Duration,
}

/// A recording that cannot be replayed.
#[derive(Debug)]
pub struct RecordingError {
    line: usize,
    why: String,
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.why),
            line => write!(f, "line {line}: {}", self.why),
        }
    }
}

impl std::error::Error for RecordingError {}

impl Recorder {
    pub(super) fn new(file: File) -> Self {
        Self { file: Mutex::new(Some((file, 0))) }
    }

    /// Writes one frame. If the file takes no more, the recording ends, and the institution goes on.
    pub(super) fn note(&self, direction: Direction, line: &str, telegram: Option<&str>, bytes: &[u8]) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let direction = if direction == Direction::Out { "out" } else { "in" };
        let mut text = json!({
            "at": Rfc3339(i64::try_from(now).unwrap_or(i64::MAX)).to_string(), "line": line, "direction": direction,
            "telegram": telegram, "bytes": hex(bytes),
        })
        .to_string();
        text.push('\n');
        // A line is written in one call, so the file is complete up to the last one.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((open, written)) = file.as_mut() else { return };
        *written += u64::try_from(text.len()).unwrap_or(u64::MAX);
        let ended = if *written > RECORDING_MAX_BYTES {
            Some(format!("it has {RECORDING_MAX_BYTES} bytes"))
        } else {
            open.write_all(text.as_bytes()).err().map(|error| error.to_string())
        };
        if let Some(why) = ended {
            warn!(why, "the recording ends");
            *file = None;
        }
    }
}

/// A request that was read, and not yet its answer.
struct Asked {
    telegram: String,
    same: Vec<String>,
    at: i64,
}

impl Recording {
    /// Reads a recording, or an export of the journal. The scenario needs `[replay]`.
    ///
    /// # Errors
    /// If a line is none of such a file, or there is nothing to replay.
    pub fn read(input: impl BufRead, spec: &Spec, scenario: &Scenario) -> Result<Self, RecordingError> {
        let error = |line: usize, why: String| RecordingError { line, why };
        let replay = scenario.replay.as_ref();
        let replay =
            replay.ok_or_else(|| error(0, "the scenario has no [replay]: how is a request known?".to_owned()))?;
        let mut recording = Self { answers: HashMap::new(), len: 0, left_out: 0 };
        let mut open: HashMap<(String, Vec<String>), Asked> = HashMap::new();
        for passed in PassedLines::new(input) {
            let Passed { line, at_ms, what, .. } = passed.map_err(|PassedError { line, why }| error(line, why))?;
            let What::Bytes(direction, bytes) = what else { continue };
            let is_used = recording.take(direction, at_ms, &bytes, (spec, scenario, replay), &mut open);
            recording.left_out += usize::from(!is_used);
            if recording.len > ANSWERS_MAX {
                return Err(error(line, format!("it has more than {ANSWERS_MAX} answers")));
            }
        }
        if recording.len == 0 {
            return Err(error(0, "no request in it has an answer that the spec can read".to_owned()));
        }
        Ok(recording)
    }

    /// How many answers there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no answer. [`Recording::read`] refuses such a file.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many frames of the file are not replayed: they cannot be read, or are neither a request nor the answer to one.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }

    /// Takes one frame. Returns whether it is part of an exchange.
    fn take(
        &mut self,
        direction: Direction,
        at: i64,
        frame: &[u8],
        (spec, scenario, replay): (&Spec, &Scenario, &Replay),
        open: &mut HashMap<(String, Vec<String>), Asked>,
    ) -> bool {
        let bytes = scenario.framing.telegram(frame);
        let Ok(telegram) = spec.choose(bytes) else { return false };
        let Ok(Json::Object(fields)) = Record::decode(&telegram.layout, bytes).map(|record| record.to_json_value())
        else {
            return false;
        };
        let paired = key(&fields, &replay.key);
        match (direction, &telegram.answer) {
            (Direction::Out, Some(answer)) if open.len() < OPEN_MAX => {
                let same = replay.same_of(&fields);
                open.insert((answer.clone(), paired), Asked { telegram: telegram.name().to_owned(), same, at });
                true
            }
            (Direction::In, _) => {
                let Some(asked) = open.remove(&(telegram.name().to_owned(), paired)) else { return false };
                let after = Duration::from_millis(u64::try_from(at - asked.at).unwrap_or_default());
                let answers = self.answers.entry((asked.telegram, asked.same)).or_default();
                answers.all.push(RecordedAnswer { fields, after });
                self.len += 1;
                true
            }
            _ => false,
        }
    }

    /// The answer to a request: of several that fit, one after the other, and the last one for ever.
    pub(super) fn next(
        &mut self,
        replay: &Replay,
        telegram: &str,
        request: &Map<String, Json>,
    ) -> Option<RecordedAnswer> {
        let answers = self.answers.get_mut(&(telegram.to_owned(), replay.same_of(request)))?;
        let answer = answers.all.get(answers.given).or_else(|| answers.all.last())?;
        answers.given = answers.given.saturating_add(1);
        let mut answer = answer.clone();
        for path in &replay.copy {
            if let Some(value) = json::get(request, path).filter(|_| json::get(&answer.fields, path).is_some()) {
                json::put(&mut answer.fields, path, value.clone());
            }
        }
        Some(answer)
    }

    /// Begins again with the first answers.
    pub(super) fn rewind(&mut self) {
        self.answers.values_mut().for_each(|answers| answers.given = 0);
    }
}

impl Replay {
    /// What must be the same in a request and in a recorded one. Fields that the telegram does not have are left out.
    fn same_of(&self, request: &Map<String, Json>) -> Vec<String> {
        let paths: Vec<String> = self.same.iter().filter(|path| json::get(request, path).is_some()).cloned().collect();
        key(request, &paths)
    }
}

/// Opens a file for a recording. Only its owner may read it.
///
/// # Errors
/// If it cannot be made, or is there already and `force` is false.
pub fn create_recording(path: &std::path::Path, force: bool) -> io::Result<File> {
    let mut options = File::options();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
