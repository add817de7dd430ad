//! Configuration in its ready form: what one TOML file says, checked once at the edge.
//!
//! Everything inside works with these types and never re-checks. Names of limits carry their unit in the file
//! (`answer_timeout_ms`); here the type carries it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

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
    /// `answer_timeout_ms`, default 5000: how long an answer is waited for.
    pub answer_timeout: Duration,
    /// `inflight_max`, default 500: the most exchanges that may wait for their answer.
    pub inflight_max: usize,
    /// `notices.NAME`: telegrams that the institution sends by itself, by telegram.
    pub notices: BTreeMap<String, Notice>,
    /// `lines`: the configured paths.
    pub lines: Vec<Line>,
}

/// `[institutions.NAME.notices.TELEGRAM]`: what happens when the institution sends this telegram.
#[derive(Clone, Debug)]
pub struct Notice {
    /// `callback`: the service's URL; none: the stand-in answers at once.
    pub callback: Option<String>,
    /// `callback_timeout_ms`, default 3000.
    pub callback_timeout: Duration,
}

/// `[[institutions.NAME.lines]]`: one configured path.
#[derive(Clone, Debug)]
pub struct Line {
    /// `name`
    pub name: String,
    /// `connect`: `host:port`.
    pub connect: String,
    /// `links`, default 1: the contracted number of connections.
    pub links: usize,
}
