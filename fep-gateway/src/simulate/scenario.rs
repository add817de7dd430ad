//! A scenario: how the simulated institution behaves, as data.
//!
//! A scenario file belongs to a spec and is checked against it. A telegram, a field path or a value that does not fit the spec is
//! refused with file, line and column. The annotated example is `fep-gateway/scenario.example.toml`.

mod bank;
mod calendar;
mod delay;
mod formula;
mod state;
mod tls;
mod read;
mod show;

use std::net::SocketAddr;
use std::time::Duration;

use fep_protocol::zone::TimeZone;
use serde_json::Value as Json;

pub use self::bank::{Bank, BankAccount, Does, Operation, Post, Verdict, Verdicts};
pub use self::calendar::Calendar;
pub use self::delay::{Delay, Percentile};
pub use self::formula::Formula;
pub(super) use self::formula::{Facts, NoValue};
pub(super) use self::read::RULES_MAX;
pub use self::state::{Change, StateDaily, StateStep, StateTable};
pub use self::tls::{HandshakeFault, ScenarioHandshake};
use crate::business_clock::BaseTime;
use crate::config::{Framing, TlsConfig};

/// How a simulated institution behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// `title`: a name for the log. Default: empty.
    pub title: String,
    /// `seed`, default 1: the seed of the random numbers for rates and delays. Equal seeds give equal numbers,
    /// whatever the order in which requests of other telegrams arrive.
    pub seed: u64,
    /// `sequence_start`, default 1: the first value of `<sequence>`.
    pub sequence_start: u64,
    /// `utc_offset_minutes`, default 540 (Korea), or `zone`, such as `EST5EDT,M3.2.0,M11.1.0`: the clock for `<date>` and `<time>`.
    pub zone: TimeZone,
    /// `[clock]`: a base time. `None`: the clock shows the real time.
    pub clock: Option<BaseTime>,
    /// `trace`: the path of the trace number. The log shows it, and the action `wrong_trace` falsifies it.
    pub trace: Option<String>,
    /// `[framing]`: how a frame encloses its telegram, as in the gateway's configuration. The default of `frame_max_bytes` is 9999.
    pub framing: Framing,
    /// `[session]`: the telegrams that open and close business. `None`: business is always open.
    pub session: Option<ScenarioSession>,
    /// `[line]`: what the institution does with connections, beside accepting them.
    pub line: ScenarioLine,
    /// `[tls]`: TLS of the connections that it accepts at its own address. `None`: they are plain.
    pub tls: Option<TlsConfig>,
    /// `[[handshakes]]`: what goes wrong in a handshake. The first entry that applies decides.
    pub handshakes: Vec<ScenarioHandshake>,
    /// `[http]`: requests come as JSON over HTTP. `None`: they come in frames.
    pub http: Option<ScenarioHttp>,
    /// `[poll]`: frames that only show that a side is alive. `None`: there are none.
    pub poll: Option<ScenarioPoll>,
    /// `[send_line]`: a line of its own for what the institution sends. `None`: it answers on the connection of the request, and sends
    /// notices on all connections.
    pub send_line: Option<ScenarioSendLine>,
    /// `[memory]`: the requests that inquiries can recall. `None`: nothing is remembered.
    pub memory: Option<Remember>,
    /// `[bank]`: accounts, and what requests do with them. `None`: every request is answered alike.
    pub bank: Option<Bank>,
    /// `[[state]]`: what the institution keeps under keys, and how requests and days change it. Empty: nothing.
    pub state: Vec<StateTable>,
    /// `[replay]`: how requests find their answers in a recording. `None`: nothing is replayed.
    pub replay: Option<Replay>,
    /// `[answers]`: delay and field values of every answer, unless a rule has others.
    pub answers: Answers,
    /// `[[rules]]`: what happens to a request. The first rule that applies decides.
    pub rules: Vec<Rule>,
    /// `[[notices]]`: telegrams that the institution sends without a request.
    pub notices: Vec<ScenarioNotice>,
}

/// `[session]`: business telegrams are ignored on a link until its sign-on was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioSession {
    /// `open`: the telegram that opens business.
    pub open: String,
    /// `close`: the telegram that closes business.
    pub close: Option<String>,
}

/// `[line]`: what the institution does with connections. It always accepts them, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScenarioLine {
    /// `connect`: the host and port of the gateway to which it connects. `None`: it only listens.
    pub connect: Option<String>,
    /// `tls`: TLS of these connections. `None`: they are plain.
    pub tls: Option<TlsConfig>,
    /// `links`, default 1: how many connections it makes.
    pub links: usize,
    /// `reconnect_ms`, default 200: the pause after a connection that failed or ended.
    pub reconnect: Duration,
    /// `links_max`: how many connections it accepts at a time. `None`: as many as come, at most 256.
    pub links_max: Option<usize>,
    /// `when_full`, `refuse` (default) or `replace`: whether one more connection is closed at once, or takes the place of the oldest one.
    pub replaces: bool,
    /// `idle_close_ms`: it closes a link on which nothing crossed for this time. `None`: never.
    pub idle_close: Option<Duration>,
    /// `lifetime_ms`: it closes a link after this time, whatever crosses. `None`: never.
    pub lifetime: Option<Duration>,
}

/// `[http]`: each request is POSTed as JSON, at any path, and its telegram is known by its codes. Then there are no frames, no sign-on, and
/// nothing that the institution sends by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScenarioHttp {
    /// `answer`: where the fields of the answer are in the reply: `answer.fields`. `None`: the reply has nothing else.
    pub answer: Option<String>,
}

/// `[poll]`: frames that only show that a side is alive. They need not be telegrams of the spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioPoll {
    /// `request`, required: the content of a poll, as text, with its length if that is a part of telegrams.
    pub request: String,
    /// `answer`: the content of the answer to a poll. `None`: polls are not answered.
    pub answer: Option<String>,
    /// `every_ms`: the institution polls on each link so often. `None`: it only answers.
    pub every: Option<Duration>,
}

/// `[send_line]`: the line on which the institution sends its answers and notices. It only reads on the other connections, and closes the
/// send line if something comes on it. What it has to send while the line is not connected waits.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioSendLine {
    /// `connect` or `listen`.
    pub role: SendLineRole,
    /// `tls`: TLS of this line. `None`: it is plain.
    pub tls: Option<TlsConfig>,
    /// `sign_on`: the telegram with which the institution signs on on the line, each `every_ms` until it is answered. It sends notices only
    /// after that. `None`: it does not sign on.
    pub sign_on: Option<ScenarioNotice>,
}

/// Who connects the send line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendLineRole {
    /// `connect`: the institution connects to this host and port of the gateway.
    Connect(String),
    /// `listen`: the gateway connects to this address and port.
    Listen(SocketAddr),
}

/// `[memory]`: the requests that the institution remembers, whether or not its answer arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remember {
    /// `telegrams`: the names of the request telegrams.
    pub telegrams: Vec<String>,
    /// `key`: the paths of the fields by which an inquiry identifies a request.
    pub key: Vec<String>,
}

/// `[replay]`: which answer of a recording a request gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// `key`, required: the fields by which a recorded request and its answer belong together.
    pub key: Vec<String>,
    /// `same`, default none: the fields that a request and a recorded one must have in common, as far as the telegram has them.
    pub same: Vec<String>,
    /// `copy`, default `key`: the fields of the answer that have the value of the request.
    pub copy: Vec<String>,
    /// `timing`, default false: whether an answer takes as long as it took then.
    pub timing: bool,
}

/// `[answers]`: delay and field values of every answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// `delay_ms` and `jitter_ms`, or `latency`.
    pub delay: Delay,
    /// `set`: field values that differ from the request's. A field that an answer does not have is skipped.
    pub set: Vec<Assignment>,
}

/// `[[rules]]`: conditions on a request, and what happens to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// `name`: its name in the log and for its random numbers. `None`: its place among the rules of the file.
    pub name: Option<String>,
    /// `telegram`: the name of the request telegram. `None`: any request except those of `[session]`.
    pub telegram: Option<String>,
    /// `when`: the values that fields must have, by path. Several values mean that one of them must match.
    pub when: Vec<(String, Vec<Json>)>,
    /// `recall`: the rule applies only if the values of these fields are the key of a remembered request.
    pub recall: Vec<String>,
    /// `every`: the rule applies only to every n-th request that matches.
    pub every: Option<u64>,
    /// `at`: when the rule applies, on the institution's clock. `None`: always.
    pub at: Option<Calendar>,
    /// `skip`, default 0: the rule does not apply to this many requests that match, the first ones.
    pub skip: u64,
    /// `percent` or `per_10000`: how many of ten thousand requests that match the rule applies to, chosen at random.
    pub per_10000: Option<u16>,
    /// `times`: the rule applies to this many requests and then no more.
    pub times: Option<u64>,
    /// `action`, with its options.
    pub action: ScenarioAction,
    /// `delay_ms` and `jitter_ms`, or `latency`. `None`: those of `[answers]`.
    pub delay: Option<Delay>,
    /// `set`: field values of the answer. They override those of `[answers]`.
    pub set: Vec<Assignment>,
}

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScenarioAction {
    /// The request is answered.
    Answer,
    /// The request is answered after a delay that the rule must have, later than the other side waits.
    Late,
    /// The request is answered, but the bank does not carry it out: an inquiry finds it declined. `set` says the code.
    Decline,
    /// Nothing is sent. The request was carried out: an inquiry finds it.
    Silence,
    /// Nothing is sent, and the institution never saw the request: an inquiry does not find it.
    Lost,
    /// The answer leaves on another link, if there is one.
    OtherLink,
    /// The answer carries a wrong trace number.
    WrongTrace,
    /// The answer is sent twice.
    Duplicate,
    /// Half of the answer is sent, then the link is closed.
    HalfFrame,
    /// The link is closed without an answer.
    Disconnect,
    /// A complete frame is sent that is not a telegram.
    Garbage,
    /// A complete frame is sent whose telegram has another length than its layout. If every frame has the same length, the missing bytes
    /// are question marks.
    WrongLength {
        /// `bytes`, default -1: how many bytes the telegram has more, or fewer if it is negative.
        bytes: i16,
    },
    /// Bytes are sent that are not even a frame. If every byte begins a frame, as with frames of one length, a piece of one is sent.
    BadLength,
    /// The answer is held back until there are `hold` answers, at most `hold_max_ms`. All of them leave in one write.
    Glued {
        /// `hold`, default 2: the number of answers in one write.
        hold: usize,
        /// `hold_max_ms`, default 500: the longest wait.
        hold_max: Duration,
    },
}

/// `[[notices]]`: a telegram that the institution sends without a request.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioNotice {
    /// `telegram`: the name of the telegram.
    pub telegram: String,
    /// `every_ms`: the pause between two of them.
    pub every: Duration,
    /// `set`: its field values. All other fields are blank.
    pub set: Vec<Assignment>,
}

/// One entry of a `set`: the field at `path` gets the values in turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The path: `header.response_code`.
    pub path: String,
    /// One value, or several that are used in turn.
    pub values: Vec<Setting>,
}

/// A value, or where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// This value.
    Constant(Json),
    /// `<sequence>`: counts up from `sequence_start`, over all telegrams of the simulator. In a field of digits or text it is text.
    Sequence,
    /// `<date>`: the current date.
    Date,
    /// `<time>`: the current time of day.
    Time,
    /// `<request.PATH>`: a field of the request.
    Request(String),
    /// `<recalled.PATH>`: a field of the answer to the request that the rule recalled.
    Recalled(String),
    /// `<original.PATH>`: a field of the answer to the request that an inquiry or a reversal of the bank is about.
    Original(String),
    /// `<state.NAME>`: a value of the entry of `[[state]]` that a request or a day is about.
    State(String),
    /// `<amount>`, `<fee>`, `<debit.balance>` and so on: what the bank knows about the request. Without it, the field stays as it is.
    Bank(BankValue),
}

/// What the bank knows about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BankValue {
    /// `<amount>`: of the request, or of the request that it is about.
    Amount,
    /// `<fee>`: as `<amount>`.
    Fee,
    /// `<debit.balance>`: about an account.
    Of(Party, AccountValue),
}

/// Which account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// `debit`: the account that pays.
    Debit,
    /// `credit`: the account that is paid.
    Credit,
    /// `account`: the account of a request that only reads.
    Account,
}

/// What is told about an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountValue {
    /// `balance`
    Balance,
    /// `unsigned_balance`: the balance without its sign.
    UnsignedBalance,
    /// `sign`: `+` or `-`.
    Sign,
    /// `available`: the balance and the overdraft, at least 0.
    Available,
    /// Another name: that one of `fields` of the account.
    Field(String),
}

impl ScenarioSendLine {
    /// Whether the institution connects it.
    pub(super) const fn connects(&self) -> bool {
        matches!(self.role, SendLineRole::Connect(_))
    }
}

impl ScenarioAction {
    /// Its word in a scenario.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Decline => "decline",
            Self::Late => "late",
            Self::Silence => "silence",
            Self::Lost => "lost",
            Self::OtherLink => "other_link",
            Self::WrongTrace => "wrong_trace",
            Self::Duplicate => "duplicate",
            Self::HalfFrame => "half_frame",
            Self::Disconnect => "disconnect",
            Self::Garbage => "garbage",
            Self::WrongLength { .. } => "wrong_length",
            Self::BadLength => "bad_length",
            Self::Glued { .. } => "glued",
        }
    }
}

impl Assignment {
    /// The value for the use with this number, counted from 0. `None` if there are no values.
    #[must_use]
    pub fn value(&self, turn: u64) -> Option<&Setting> {
        let turns = u64::try_from(self.values.len()).unwrap_or(1).max(1);
        self.values.get(usize::try_from(turn % turns).unwrap_or(0))
    }
}
