//! Configuration in its ready form: what one TOML file says, checked once at the edge.
//!
//! Everything inside works with these types and never re-checks. Names of limits carry their unit in the file
//! (`answer_timeout_ms`); here the type carries it. Each key's default stands at its field.
//!
//! ```toml
//! [http]
//! listen = "127.0.0.1:8470"
//!
//! [journal]
//! path = "journal.sqlite"
//!
//! [institutions.bank-a]
//! label = "Bank A"
//! spec = "specs/bank-a/bank-a.toml"
//! key = ["header.trace_no", "header.sent_date"]
//! trace = "header.trace_no"
//! framing = { length_digits = 4, counts = "rest", frame_max_bytes = 4096 }
//!
//! [institutions.bank-a.fill]
//! "header.transaction_code" = "FEPTEST01"
//! "header.send_count" = 1
//! "header.sent_date" = "<date>"
//! "header.sent_time" = "<time>"
//! "header.transaction_no" = "<transaction>"
//!
//! [institutions.bank-a.session]
//! sign_on = "SignOn"
//! echo_test = "EchoTest"
//! accepted = { "header.response_code" = "0000" }
//!
//! [institutions.bank-a.telegrams.Transfer]
//! answer_timeout_ms = 10000
//!
//! [institutions.bank-a.notices.DepositNotice]
//! callback = "http://127.0.0.1:8080/notices"
//! stand_in = { "header.response_code" = "0199" }
//!
//! [[institutions.bank-a.lines]]
//! name = "main"
//! connect = "127.0.0.1:9001"
//! links = 2
//! ```

mod framing;
mod read;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fep_spec::load::LoadError;
use fep_spec::model::Spec;
use fep_spec::report::Report;
use serde_json::Value;

pub use self::framing::Framing;

/// The whole file.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[http]`
    pub http: Http,
    /// `[journal]`
    pub journal: JournalFile,
    /// `[institutions.NAME]`, by name.
    pub institutions: BTreeMap<String, Institution>,
}

/// `[http]`: where services ask.
#[derive(Clone, Debug)]
pub struct Http {
    /// `listen`, default `127.0.0.1:8470`.
    pub listen: SocketAddr,
}

/// `[journal]`: where the journal lies.
#[derive(Clone, Debug)]
pub struct JournalFile {
    /// `path`, relative to the configuration file; default `journal.sqlite`.
    pub path: PathBuf,
}

/// `[institutions.NAME]`: one counterpart.
#[derive(Clone, Debug)]
pub struct Institution {
    /// `label`: its name for people; default: its name.
    pub label: String,
    /// `spec`: the spec file, relative to the configuration file; must be there.
    pub spec: Arc<Spec>,
    /// `key`: the paths whose values pair an answer with its request; must be there.
    pub key: Vec<String>,
    /// `trace`: the path of the number that the gateway allocates; default: the caller numbers his telegrams.
    pub trace: Option<String>,
    /// `answer_timeout_ms`, default 5000: how long an answer is waited for.
    pub answer_timeout: Duration,
    /// `inflight_max`, default 500: the most exchanges that may wait for their answer.
    pub inflight_max: usize,
    /// `quarantine_ms`, default 60000: how long a key rests after its answer or its deadline.
    pub quarantine: Duration,
    /// `drain_max_ms`, default 10000: how long stopping waits for what is in flight.
    pub drain_max: Duration,
    /// `write_timeout_ms`, default 5000: how long the kernel may refuse our bytes before the link is given up.
    pub write_timeout: Duration,
    /// `frame_timeout_ms`, default 10000: how long a frame may take from its first byte to its last before the link is given up.
    pub frame_timeout: Duration,
    /// `utc_offset_minutes`, default 540: the institution's clock, for `<date>`, `<time>` and the business day.
    pub utc_offset_minutes: i32,
    /// `framing`: `kind` default `length`, with `length_digits` default 4 or `length_bytes`, `counts` default `rest`,
    /// `frame_max_bytes` default 8192; or `kind = "code-table"`.
    pub framing: Framing,
    /// `fill`: what the gateway puts where a request leaves a field out.
    pub fill: Vec<Fill>,
    /// `session`; default: a connection carries business at once.
    pub session: Option<Session>,
    /// `telegrams.NAME`: what is different for one request.
    pub telegrams: BTreeMap<String, TelegramLimits>,
    /// `notices.NAME`: telegrams that the institution sends by itself.
    pub notices: BTreeMap<String, Notice>,
    /// `lines`: the configured paths; at least one.
    pub lines: Vec<Line>,
}

/// One key of `fill`. Telegrams that have no such field are left as they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Fill {
    /// Where.
    pub path: String,
    /// What.
    pub with: Filling,
}

/// What the gateway can put into a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Filling {
    /// A constant.
    Fixed(Value),
    /// `<trace>`: the allocated number.
    Trace,
    /// `<date>`: the day at the institution.
    Date,
    /// `<time>`: the time of day at the institution.
    Time,
    /// `<transaction>`: `T`, the date, and a number that is unique on that day.
    Transaction,
}

/// `[institutions.NAME.session]`: what happens on a link beside business.
#[derive(Clone, Debug)]
pub struct Session {
    /// `sign_on`: opens business after connecting; default: nothing does.
    pub sign_on: Option<String>,
    /// `sign_off`: closes business before we close the link; default: nothing does.
    pub sign_off: Option<String>,
    /// `echo_test`: shows that somebody is there; default: nothing does.
    pub echo_test: Option<String>,
    /// `accepted`: the values by which an answer is a yes, and which our own answers carry; default: any answer is.
    pub accepted: Vec<(String, String)>,
    /// `sign_on_timeout_ms`, default 10000; for sign-off too.
    pub sign_on_timeout: Duration,
    /// `echo_interval_ms`, default 30000: an echo test is sent at least this often.
    pub echo_interval: Duration,
    /// `echo_idle_ms`, default 20000: and when nothing was received for this long.
    pub echo_idle: Duration,
    /// `echo_timeout_ms`, default 5000: how long its answer is waited for before the link is given up.
    pub echo_timeout: Duration,
}

/// `[institutions.NAME.telegrams.TELEGRAM]`
#[derive(Clone, Debug)]
pub struct TelegramLimits {
    /// `answer_timeout_ms`; default: the institution's.
    pub answer_timeout: Duration,
}

/// `[institutions.NAME.notices.TELEGRAM]`: what happens when the institution sends this telegram.
#[derive(Clone, Debug)]
pub struct Notice {
    /// `callback`: the service's URL; default: the stand-in answers at once.
    pub callback: Option<String>,
    /// `callback_timeout_ms`, default 3000.
    pub callback_timeout: Duration,
    /// `stand_in`: the fields of the answer if the service does not give it; default: those of the notice.
    pub stand_in: Vec<(String, String)>,
}

/// `[[institutions.NAME.lines]]`: one configured path.
#[derive(Clone, Debug)]
pub struct Line {
    /// `name`; must be there.
    pub name: String,
    /// `connect`: `host:port`; must be there.
    pub connect: String,
    /// `links`, default 1: the contracted number of connections.
    pub links: usize,
    /// `connect_timeout_ms`, default 5000.
    pub connect_timeout: Duration,
    /// `reconnect_min_ms`, default 100: the shortest wait before connecting again.
    pub reconnect_min: Duration,
    /// `reconnect_max_ms`, default 30000: the longest one.
    pub reconnect_max: Duration,
}

/// Why there is no configuration.
#[derive(Debug)]
pub enum ConfigError {
    /// The file cannot be read.
    Unreadable(LoadError),
    /// The file has errors: all of them, with line, column and a hint.
    Findings(Report),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => error.fmt(f),
            Self::Findings(report) => report.fmt(f),
        }
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests;
