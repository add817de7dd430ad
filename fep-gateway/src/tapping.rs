//! The command `fep-gateway tap`: reads the spec, opens the file, starts the tap, and says what was not recorded.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use fep_gateway::tap::{CONNECTIONS_MAX, RecordEnd, RecordFile, Tap, TapOptions};
use fep_spec::framing::{Framing, WORDS};
use fep_spec::model::Spec;
use tracing::{info, warn};

use super::{Failure, stop_asked};

pub(crate) const HELP: &str = "\
Example: fep-gateway tap bank-a.toml --listen 127.0.0.1:9001 --connect bank.example:9000 --trace header.trace_no --record bank-a.jsonl

Each line of the file is a JSON object with a `kind`: start, open, frame, raw, end_of_data, close, lost, end. `direction` is out to the \
institution and in from it, `bytes` the whole frame in hexadecimal. Traffic never waits for the file: if the disk is full, the tap goes on, \
and the file gets a line `lost` when there is room again.
Exit codes: 0 all was recorded, 1 something was not, 2 wrong usage or could not run.";

/// The maximum length of a frame in bytes, unless `--frame` has `frame_max_bytes`.
const FRAME_MAX_BYTES: usize = 1 << 20;

/// What is tapped, and where.
#[derive(Debug, Args)]
pub(crate) struct Tapping {
    /// The spec file of the institution's telegrams.
    spec: PathBuf,
    /// The address on which the tap listens, in place of the institution.
    #[arg(long, value_name = "ADDRESS")]
    listen: SocketAddr,
    /// The address of the institution: host:port. TLS passes as it is, and then nothing in it can be read.
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
    connect: String,
    /// How the line encloses telegrams: ascii4, binary2, stx-etx, lf, fixed300, code-table …, also with keys of a gateway's `framing`:
    /// ascii4,stripped. Default: as the telegrams of the spec state their own length.
    #[arg(long, value_name = "FRAME")]
    frame: Option<String>,
    /// The maximum number of connections at the same time. Further connections are closed at once.
    #[arg(long, value_name = "NUMBER", default_value_t = CONNECTIONS_MAX, value_parser = at_least_one)]
    connections_max: usize,
    #[command(flatten)]
    record: RecordOptions,
}

/// The file, and what is in it.
#[derive(Debug, Args)]
struct RecordOptions {
    /// Records what passes into this new file, as JSON lines, readable by its owner alone. The file has everything that telegrams say, also
    /// what is secret. Default: nothing is recorded.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Writes behind the lines of the file of `--record` if it is there.
    #[arg(long, requires = "record")]
    append: bool,
    /// Records the fields of each telegram with secrets hidden, and no bytes.
    #[arg(long, requires = "record")]
    masked: bool,
    /// The field with the trace number, which then stands in each line: header.trace_no.
    #[arg(long, value_name = "FIELD", requires = "record")]
    trace: Option<String>,
}

impl Tapping {
    /// Runs it until the process is told to end.
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let Self { spec, listen, connect, frame, connections_max, record } = self;
        if connect.parse() == Ok(listen) {
            let why =
                "--connect is the address of --listen: the tap would connect itself; give the institution's address";
            return Err(Failure::Message(why.to_owned()));
        }
        let spec = Spec::load(&spec)?;
        let (words, framing) = framing(frame, &spec)?;
        let RecordOptions { record, append, masked, trace } = record;
        if let Some(path) = &trace {
            known(path, &spec)?;
        }
        // Signals are heard before the tap says that it listens: none of them may end it with half a record.
        let stop = stop_asked();
        let file = record.as_deref().map(|path| open(path, append)).transpose()?;
        let spec_name = spec.name.clone();
        let options = TapOptions { connect: connect.clone(), connections_max, spec, framing, trace, masked };
        let tap = Tap::start(options, listen, file).await;
        let tap = tap.map_err(|error| {
            // Otherwise the next try would find the file there.
            if let Some(made) = record.as_deref().filter(|_| !append) {
                let _ = std::fs::remove_file(made);
            }
            Failure::because(format!("cannot listen on {listen} (--listen)"), error)
        })?;
        if record.is_none() {
            warn!("nothing is recorded: say --record FILE");
        }
        let file = record.as_deref().map(|path| path.display().to_string()).unwrap_or_default();
        info!(listen = %tap.address(), connect, spec = spec_name, frame = words, record = file, "the tap listens");
        stop.await;
        info!("stopping: connections are closed, the record is written to its end");
        match (tap.stop().await, record) {
            (Some(end), Some(path)) => recorded(&end, &path),
            _ => Ok(()),
        }
    }
}

/// Says what is in the file, and what is not.
fn recorded(end: &RecordEnd, path: &Path) -> Result<(), Failure> {
    let path = path.display();
    let RecordEnd { lines, lost_bytes, lost_events, failure } = end;
    if (*lost_bytes, *lost_events, failure) == (0, 0, &None) {
        info!(record = %path, lines, "everything that passed is recorded");
        return Ok(());
    }
    let mut parts = Vec::new();
    if *lost_bytes > 0 {
        parts.push(format!("{lost_bytes} bytes passed and are not in it"));
    }
    if *lost_events > 0 {
        parts.push(format!("{lost_events} openings or ends of connections are not in it"));
    }
    if let Some(why) = failure {
        parts.push(format!("it could not be written to its end: {why}"));
    }
    let hint = match failure {
        None => "Lines of the kind `lost` show where. Traffic was not affected",
        Some(_) => "The last lines are missing, so it has no line `end`. Traffic was not affected",
    };
    Err(Failure::Unfit(format!("fep-gateway: {path} is not complete: {}. {hint}", parts.join("; "))))
}

/// The framing of the line, with its words.
fn framing(frame: Option<String>, spec: &Spec) -> Result<(String, Framing), Failure> {
    let words = frame.or_else(|| Framing::words_of_spec(spec)).ok_or_else(|| {
        let list: Vec<_> = WORDS.iter().map(|(word, what)| format!("  --frame {word:20} {what}")).collect();
        let name = &spec.name;
        let list = list.join("\n");
        Failure::Message(format!(
            "the telegrams of {name} do not say how a line encloses them, so name the frame:\n{list}"
        ))
    })?;
    match Framing::of_words(&words, spec, FRAME_MAX_BYTES) {
        Ok(framing) => Ok((words, framing)),
        Err(why) => Err(Failure::because("--frame", why)),
    }
}

/// Refuses a field that no telegram has.
fn known(path: &str, spec: &Spec) -> Result<(), Failure> {
    if spec.telegrams.iter().any(|telegram| telegram.layout.item_by_path(path).is_some()) {
        return Ok(());
    }
    let name = &spec.name;
    let hint = "`fep layout` lists the fields";
    Err(Failure::Message(format!("no telegram of {name} has a field {path:?} (--trace); {hint}")))
}

fn open(path: &Path, append: bool) -> Result<RecordFile, Failure> {
    let opened = if append { RecordFile::append(path) } else { RecordFile::create(path) };
    let file = opened.map_err(|error| {
        let is_there = error.kind() == std::io::ErrorKind::AlreadyExists;
        let hint = if is_there { "; choose another file, or write behind its lines with --append" } else { "" };
        Failure::Message(format!("{} (--record): {error}{hint}", path.display()))
    })?;
    if file.others_may_read() {
        warn!(record = %path.display(), "others than its owner may use this file, and it gets secrets: chmod 0600 it");
    }
    Ok(file)
}

fn host_and_port(text: &str) -> Result<String, String> {
    let is_address = text
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0));
    if is_address { Ok(text.to_owned()) } else { Err("write host:port, as in bank.example:9000".to_owned()) }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "write a number from 1 on".to_owned())
}
