//! The command `fep-gateway file`: its arguments, the progress on the terminal, and what became of each file. The transfer is
//! `fep_gateway::file_transfer`.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use clap::{Args, Subcommand, ValueEnum};
use fep_gateway::file_transfer::{self, Checked, Ended, Finished, Plan, Received, Receiver};
use fep_protocol::file_transfer::{Asked, Fate};
use serde_json::{Value as Json, json};
use tokio::task::JoinSet;

use super::{Failure, say, stop_asked};

pub(crate) const HELP: &str = "\
Example: fep-gateway file send EB131130.dat --plan files.toml --name EB131130

What became of a sent file is one of: complete, there (the other side had a file of this name before, and not from here), refused, missing, not_complete, unknown. \
Unknown: its end was told, and no answer came. The same command asks again, and never sends a file that is complete.
Exit codes of send: 0 complete, 1 anything else, also if it was stopped, 2 wrong usage or could not run. Of receive: 0 it was stopped, or with --once \
the connection brought a file and nothing went wrong, 1 something did, 2 wrong usage or could not run.";

/// The pause after a connection that could not be taken.
const PAUSE: Duration = Duration::from_secs(1);

/// Transfers files by telegrams.
#[derive(Debug, Subcommand)]
pub(super) enum FileCommand {
    /// Sends a file.
    Send(Sending),
    /// Reads the plan and the file as `send` does, and sends nothing.
    Check(Sending),
    /// Receives files, until it is stopped.
    Receive(Receiving),
}

#[derive(Args, Debug)]
pub(super) struct Sending {
    /// The file.
    file: PathBuf,
    /// The plan: where the other side is, and the telegrams of the protocol.
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
    /// The name that the other side is told. Default: the name of the file.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// What stdout gets.
    #[arg(long, value_enum, default_value_t)]
    format: Form,
}

#[derive(Args, Debug)]
pub(super) struct Receiving {
    /// The plan: where the other side is, and the telegrams of the protocol.
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
    /// The folder that files go into.
    #[arg(long, value_name = "FOLDER")]
    into: PathBuf,
    /// Ends with the first connection. Always so if the plan says `connect`.
    #[arg(long)]
    once: bool,
    /// What stdout gets: a line for each file.
    #[arg(long, value_enum, default_value_t)]
    format: Form,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Text for a terminal.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl FileCommand {
    /// Carries the command out.
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Send(sending) => sending.send().await,
            Self::Check(sending) => sending.check(),
            Self::Receive(receiving) => receiving.run().await,
        }
    }
}

impl Sending {
    fn check(&self) -> Result<ExitCode, Failure> {
        let plan = load(&self.plan)?;
        let checked = file_transfer::check(&plan, &self.file, self.name.as_deref(), now_ms())
            .map_err(|error| Failure::Message(error.to_string()))?;
        let Checked { name, bytes, sha256, blocks } = &checked;
        put(match self.format {
            Form::Text => {
                format!("{name}: {bytes} bytes in {}, SHA-256 {sha256}; nothing was sent", many(*blocks, "block"))
            }
            Form::Json => json_of(&checked).to_string(),
        })?;
        Ok(ExitCode::SUCCESS)
    }

    async fn send(self) -> Result<ExitCode, Failure> {
        let plan = load(&self.plan)?;
        let is_terminal = io::stderr().is_terminal();
        let mut seen = |block: u64, file: &Checked| {
            if is_terminal {
                // A terminal that takes nothing stops no transfer.
                let _ = write!(io::stderr(), "\r{}: block {block} of {}", file.name, file.blocks);
            }
        };
        let sent = file_transfer::send(&plan, &self.file, self.name.as_deref(), &now_ms, &mut seen, stop_asked()).await;
        if is_terminal {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
        let ended = sent.map_err(|error| Failure::Message(error.to_string()))?;
        put(match self.format {
            Form::Text => text(&ended),
            Form::Json => json_of_end(&ended).to_string(),
        })?;
        Ok(if ended.fate == Fate::Complete { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }
}

impl Receiving {
    async fn run(self) -> Result<ExitCode, Failure> {
        let plan = load(&self.plan)?;
        let format = self.format;
        let told = move |peer: &str, file: &Finished| {
            if put(received_line(format, peer, file)).is_err() {
                say(&format!("fep-gateway: {} is received, and stdout does not take its line", file.path.display()));
            }
        };
        let receiver = Receiver::new(&plan, &self.into, Arc::new(now_ms), Arc::new(told)).await;
        let receiver = Arc::new(receiver.map_err(|error| Failure::Message(error.to_string()))?);
        let mut stop = pin!(stop_asked());
        let listens = receiver.listens();
        if let Some(address) = listens {
            say(&format!("fep-gateway: files are received on {address}"));
        }
        let mut served: JoinSet<Received> = JoinSet::new();
        let only_one = self.once || listens.is_none();
        let mut is_clean = false;
        loop {
            let has_room = served.len() < if only_one { 1 } else { plan.connections_max() };
            tokio::select! {
                () = &mut stop => return Ok(if only_one { ExitCode::from(1) } else { ExitCode::SUCCESS }),
                Some(ended) = served.join_next() => {
                    is_clean = ended.as_ref().is_ok_and(tell);
                }
                incoming = receiver.next(), if has_room => match incoming {
                    Ok(incoming) => {
                        let receiver = Arc::clone(&receiver);
                        served.spawn(async move { receiver.serve(incoming).await });
                        continue;
                    }
                    Err(broken) => {
                        say(&format!("fep-gateway: {broken}"));
                        if !only_one {
                            tokio::time::sleep(PAUSE).await;
                        }
                    }
                },
            }
            if only_one {
                return Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::from(1) });
            }
        }
    }
}

fn received_line(format: Form, peer: &str, Finished { path, bytes, sha256 }: &Finished) -> String {
    let path = path.display();
    match format {
        Form::Text => format!("{path}: received, {bytes} bytes, SHA-256 {sha256}"),
        Form::Json => json!({ "file": path.to_string(), "bytes": bytes, "sha256": sha256, "peer": peer }).to_string(),
    }
}

/// Says what went wrong on a connection. Returns whether it brought a file and nothing went wrong.
fn tell(received: &Received) -> bool {
    let Received { peer, files, incomplete, refused, broken } = received;
    for why in refused {
        say(&format!("fep-gateway: {peer}: refused: {why}"));
    }
    if let Some(broken) = broken {
        say(&format!("fep-gateway: {peer}: {broken}"));
    }
    if let Some(name) = incomplete {
        say(&format!("fep-gateway: {peer}: {name} did not come to its end, so nothing of it is kept"));
    }
    *files > 0 && incomplete.is_none() && refused.is_empty() && broken.is_none()
}

fn load(path: &Path) -> Result<Arc<Plan>, Failure> {
    Ok(Arc::new(Plan::load(path)?))
}

/// The clock, in milliseconds since 1970.
fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

/// Writes a line to stdout.
fn put(line: String) -> Result<(), Failure> {
    match writeln!(io::stdout(), "{line}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::because("stdout", error)),
        _ => Ok(()),
    }
}

fn text(ended: &Ended) -> String {
    let Ended { file: Checked { name, bytes, blocks, .. }, fate, broken, before, pieces } = ended;
    let why = broken.as_ref().map_or_else(String::new, |broken| format!(": {broken}"));
    match fate {
        Fate::Complete if *pieces == 0 && *bytes > 0 && !before => {
            format!("{name}: complete, the other side has it from before; nothing was sent now")
        }
        Fate::Complete if *before => format!("{name}: complete before; nothing was sent now"),
        Fate::Complete => {
            let blocks = many(*blocks, "block");
            format!("{name}: complete, {bytes} bytes in {blocks}, {} with data", many(*pieces, "telegram"))
        }
        Fate::There => format!(
            "{name}: the other side has a file of this name already, and its end was never told from here; nothing was sent"
        ),
        Fate::Refused { asked, code } => format!("{name}: refused with {code} at {}", place(*asked)),
        Fate::Missing { block, count } => {
            format!("{name}: not complete: {count} pieces of block {block} were still missing after all rounds")
        }
        Fate::NotComplete => format!("{name}: not complete, the other side does not have it{why}"),
        Fate::Unknown { code } => {
            let code = code.as_ref().map_or_else(String::new, |code| format!(" (the other side says {code})"));
            format!(
                "{name}: unknown: its end was told, and no answer says what became of it{code}{why}. The same command asks again"
            )
        }
    }
}

fn json_of(Checked { name, bytes, sha256, blocks }: &Checked) -> Json {
    json!({ "file": name, "bytes": bytes, "sha256": sha256, "blocks": blocks })
}

fn json_of_end(ended: &Ended) -> Json {
    let mut json = json_of(&ended.file);
    let (state, code, at) = match &ended.fate {
        Fate::Complete => ("complete", None, None),
        Fate::There => ("there", None, None),
        Fate::Refused { asked, code } => ("refused", Some(code.clone()), Some(place(*asked))),
        Fate::Missing { .. } => ("missing", None, None),
        Fate::NotComplete => ("not_complete", None, None),
        Fate::Unknown { code } => ("unknown", code.clone(), None),
    };
    let more = [
        ("state", Some(Json::from(state))),
        ("before", Some(Json::from(ended.before))),
        ("telegrams", Some(Json::from(ended.pieces))),
        ("code", code.map(Json::from)),
        ("at", at.map(Json::from)),
        ("reason", ended.broken.as_ref().map(|broken| Json::from(broken.to_string()))),
    ];
    if let Some(keys) = json.as_object_mut() {
        keys.extend(more.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    }
    json
}

/// `1 block`, `2 blocks`.
fn many(count: u64, of: &str) -> String {
    format!("{count} {of}{}", if count == 1 { "" } else { "s" })
}

/// Where a refusal came.
const fn place(asked: Asked) -> &'static str {
    match asked {
        Asked::Start => "the start",
        Asked::Offer => "the offer",
        Asked::Check { .. } => "a check",
        Asked::EndOfFile => "the end of the file",
        Asked::End => "the end",
    }
}
