//! A scenario: how the simulated institution behaves, as data.
//!
//! A scenario file belongs to a spec and is checked against it: telegrams, field paths and values that do not exist there are
//! refused with file, line and column. The annotated example is `specs/bank-a/scenarios/demo.toml`.

mod read;

use std::time::Duration;

use serde_json::Value as Json;

use crate::config::Framing;

/// How a simulated institution behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// `title`: for the log.
    pub title: String,
    /// `seed`, default 1: what `percent` and `jitter_ms` draw from. The same seed draws the same.
    pub seed: u64,
    /// `sequence_start`, default 1: the first value of `<sequence>`.
    pub sequence_start: u64,
    /// `utc_offset_minutes`, default 540 (Korea): what `<date>` and `<time>` show.
    pub utc_offset_minutes: i32,
    /// `trace`: the path of the number that the action `wrong_trace` falsifies.
    pub trace: Option<String>,
    /// `[framing]`: where a telegram ends, as in the gateway's configuration; `frame_max_bytes` default 9999.
    pub framing: Framing,
    /// `[session]`: what opens and closes business; none: business is always open.
    pub session: Option<Session>,
    /// `[memory]`: what inquiries can ask for; none: nothing is remembered.
    pub memory: Option<Remember>,
    /// `[answers]`: what every answer has unless a rule says otherwise.
    pub answers: Answers,
    /// `[[rules]]`: what happens to which request. The first that applies counts.
    pub rules: Vec<Rule>,
    /// `[[notices]]`: what the institution sends by itself.
    pub notices: Vec<Notice>,
}

/// `[session]`: business telegrams are ignored on a link before its sign-on was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// `open`: the telegram that opens business.
    pub open: String,
    /// `close`: the telegram that closes it.
    pub close: Option<String>,
}

/// `[memory]`: which requests the institution remembers, as it does whether or not its answer arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remember {
    /// `telegrams`
    pub telegrams: Vec<String>,
    /// `key`: the fields of a request by which an inquiry names it.
    pub key: Vec<String>,
}

/// `[answers]`: what every answer has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// `delay_ms` and `jitter_ms`.
    pub delay: Delay,
    /// `set`: fields that differ from the request's. Those that an answer lacks are passed over.
    pub set: Vec<Assignment>,
}

/// How long an answer takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delay {
    /// `delay_ms`: at least this long.
    pub base: Duration,
    /// `jitter_ms`: and up to this much longer.
    pub jitter: Duration,
}

/// `[[rules]]`: requests of a kind, and what happens to them.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// `telegram`; none: any request.
    pub telegram: Option<String>,
    /// `when`: field values that must hold, by path; one of several.
    pub when: Vec<(String, Vec<Json>)>,
    /// `recall`: only if the values of these fields are the key of a remembered request.
    pub recall: Vec<String>,
    /// `every`: of the requests that match, only each n-th.
    pub every: Option<u64>,
    /// `percent`: of the requests that match, only so many, at random.
    pub percent: Option<u8>,
    /// `action` with its own options.
    pub action: Action,
    /// `delay_ms` and `jitter_ms`, if not those of `[answers]`.
    pub delay: Option<Delay>,
    /// `set`: fields of the answer, over those of `[answers]`.
    pub set: Vec<Assignment>,
}

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is answered.
    Answer,
    /// It is answered after `delay_ms`, which must be stated: later than the other side waits.
    Late,
    /// Nothing comes back.
    Silence,
    /// The answer carries another request's trace number.
    WrongTrace,
    /// The answer comes twice.
    Duplicate,
    /// Half of the answer comes, then the link is closed.
    HalfFrame,
    /// The link is closed instead of an answer.
    Disconnect,
    /// A whole frame comes that is no telegram.
    Garbage,
    /// Bytes come that are not even a frame.
    BadLength,
    /// The answer waits until there are `hold` of them; they leave in one write, at the latest after `hold_max_ms`.
    Glued {
        /// `hold`
        hold: usize,
        /// `hold_max_ms`, default 500.
        hold_max: Duration,
    },
}

/// `[[notices]]`: a telegram that the institution sends by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// `telegram`
    pub telegram: String,
    /// `every_ms`: the pause between two.
    pub every: Duration,
    /// `set`: its fields. The others are blank.
    pub set: Vec<Assignment>,
}

/// One entry of a `set`: the field at `path` gets the values in turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The path: `header.response_code`.
    pub path: String,
    /// One value, or several that take turns.
    pub values: Vec<Setting>,
}

/// A value, or where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// This very value.
    Constant(Json),
    /// `<sequence>`: 1, 2, 3… over all telegrams of the simulator.
    Sequence,
    /// `<date>`: today.
    Date,
    /// `<time>`: now.
    Time,
    /// `<request.PATH>`: another field of the request.
    Request(String),
    /// `<recalled.PATH>`: a field of the answer to the request that the rule recalled.
    Recalled(String),
}

impl Assignment {
    /// The value of the n-th use, from 0.
    #[must_use]
    pub fn value(&self, turn: u64) -> Option<&Setting> {
        let turns = u64::try_from(self.values.len()).unwrap_or(1).max(1);
        self.values.get(usize::try_from(turn % turns).unwrap_or(0))
    }
}
