//! The command `fep-gateway simulate`: reads the files, starts the institution, and says what it does.

use std::fs::File;
use std::io::BufReader;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use fep_gateway::simulate::{Recording, Scenario, Simulator, create_recording};
use fep_spec::load::read;
use fep_spec::model::Spec;
use fep_spec::report::Source;
use tracing::info;

use super::{Failure, stop_asked};

/// What is simulated, and where.
#[derive(Debug, Args)]
pub(crate) struct Simulating {
    /// The spec file of the institution's telegrams.
    spec: PathBuf,
    /// The scenario file: how the institution behaves.
    #[arg(long, value_name = "FILE")]
    scenario: PathBuf,
    /// The address on which the institution listens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9000")]
    listen: SocketAddr,
    /// The address of the HTTP interface that shows and changes rules and accounts while it runs. It has no authentication. Default: none.
    #[arg(long, value_name = "ADDRESS")]
    api: Option<SocketAddr>,
    #[command(flatten)]
    files: RecordingFiles,
}

/// The recordings of a simulated institution.
#[derive(Debug, Args)]
struct RecordingFiles {
    /// Writes every frame into this file, as JSON lines. The file has what telegrams say, also what is secret.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Writes the file of `--record` anew if it is there.
    #[arg(long, requires = "record")]
    force: bool,
    /// Answers as a recording of `--record`, or an export of a journal, says. The scenario needs `[replay]`.
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
}

impl Simulating {
    /// Runs it until the process is told to end.
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let Self { spec, scenario, listen, api, files } = self;
        let spec = Spec::load(&spec)?;
        let (name, text) = read(&scenario)?;
        let scenario = Scenario::read(Source::new(name, text), &spec).map_err(Failure::Findings)?;
        let replay = files.replay.as_deref().map(|path| recording(path, &spec, &scenario)).transpose()?;
        if replay.is_none() && scenario.replay.is_some() {
            return Err(Failure::Message("the scenario has [replay]: which file? Say --replay FILE".to_owned()));
        }
        let record = files.record.as_deref().map(|path| {
            let why = |error| Failure::because(format!("{} (--record; --force writes it anew)", path.display()), error);
            create_recording(path, files.force).map_err(why)
        });
        let record = record.transpose()?;
        let spec_name = spec.name.clone();
        let title = scenario.title.clone();
        let simulator = Simulator::start(spec, scenario, listen).await;
        let mut simulator =
            simulator.map_err(|error| Failure::because(format!("cannot listen on {listen} (--listen)"), error))?;
        if let Some(file) = record {
            simulator.record(file);
        }
        if let Some(recording) = replay {
            info!(answers = recording.len(), left_out = recording.left_out(), "answers as recorded");
            simulator.replay(recording);
        }
        if let Some(api) = api {
            let served = simulator.serve_api(api).await;
            let api = served.map_err(|error| Failure::because(format!("cannot listen on {api} (--api)"), error))?;
            info!(api = %format_args!("http://{api}/v1/rules"), "rules and accounts can be changed");
        }
        // Who reads that it listens may tell it to stop.
        let stopped = stop_asked();
        info!(listen = %simulator.address(), spec = spec_name, scenario = title, "the simulated institution listens");
        simulator.explain_tls().iter().for_each(|side| info!("TLS, {side}"));
        stopped.await;
        simulator.stop().await;
        Ok(())
    }
}

fn recording(path: &Path, spec: &Spec, scenario: &Scenario) -> Result<Recording, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Message(format!("{} (--replay): {error}", path.display()));
    let file = File::open(path).map_err(|error| failed(&error))?;
    Recording::read(BufReader::new(file), spec, scenario).map_err(|error| failed(&error))
}
