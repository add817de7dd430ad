//! The arguments of `fep-gateway events`, and what comes of them.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use fep_gateway::exchange::ExchangeId;
use fep_gateway::inspect;
use fep_gateway::journal::seal::KeyRing;
use fep_gateway::publish::republish::{self, Range};

use super::{Failure, load};

#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Publishes the events of facts again, with the names and bytes that they had, also while the gateway runs. It moves no mark.
    #[command(
        after_help = "Example: fep-gateway events republish --config gateway.toml --since 2026-11-26T09:00:00+09:00"
    )]
    Republish(Box<Republish>),
}

#[derive(Args, Debug)]
pub(crate) struct Republish {
    /// The configuration of the gateway: it names the topic, the journal and the key file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// A journal file, or a folder with archives. May be given several times. Default: the journal of the configuration: its database, or its file
    /// and its archives.
    #[arg(long = "journal", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Only facts from this number on.
    #[arg(long, value_name = "FACT")]
    from: Option<u64>,
    /// Only facts up to this number.
    #[arg(long, value_name = "FACT")]
    to: Option<u64>,
    /// Only facts from this time on: 2026-11-26T09:00:00+09:00, or 2026-11-26 (0 o'clock UTC).
    #[arg(long, value_name = "TIME", value_parser = inspect::parse_time)]
    since: Option<i64>,
    /// Only facts before this time.
    #[arg(long, value_name = "TIME", value_parser = inspect::parse_time)]
    until: Option<i64>,
    /// Only facts of this exchange or notice.
    #[arg(long, value_name = "ID")]
    exchange: Option<ExchangeId>,
    /// Publishes all facts of the journal. Without it, a range or an exchange must be given.
    #[arg(long)]
    all: bool,
}

impl Republish {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let config = load(&self.config)?;
        let range = Range {
            first: self.from,
            last: self.to,
            since_ms: self.since,
            until_ms: self.until,
            exchange: self.exchange,
        };
        if range == Range::default() && !self.all {
            let message = "give --from, --to, --since, --until or --exchange, or --all for the whole journal";
            return Err(Failure::Message(message.to_owned()));
        }
        let keys = config.journal.key_file.as_deref().map(KeyRing::read).transpose();
        let keys = keys.map_err(|error| Failure::Message(error.to_string()))?;
        let published = move || republish::configured(&config, self.paths, keys.as_ref(), &range);
        let why = |error: &dyn std::fmt::Display| Failure::because("events cannot be published again", error);
        let done = tokio::task::spawn_blocking(published).await.map_err(|error| why(&error))?;
        let done = done.map_err(|error| why(&error))?;
        writeln!(io::stdout(), "{done}").map_err(|error| Failure::because("stdout", error))?;
        if done.refused + done.unreadable > 0 {
            return Err(Failure::Unfit("not all events were published again".to_owned()));
        }
        Ok(())
    }
}
