//! The command `fep-gateway batch`: its arguments, the progress on the terminal, and the sums at the end. The batch is `fep_gateway::batch`.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use clap::{Args, Subcommand, ValueEnum};
use fep_gateway::batch::{self, Batch, BatchError, Checked, Count, Ended, Plan, Progress, State, Stopped};
use fep_gateway::reconcile::parse_date;
use serde_json::{Map, Value as Json, json};

use super::{Failure, say, stop_asked};

/// How often a new reason to wait is written there.
const NOTE_EVERY: Duration = Duration::from_secs(5);

/// How often progress is written where no terminal shows it.
const LINE_EVERY: Duration = Duration::from_secs(60);

/// Sends the requests of a file through a gateway.
#[derive(Debug, Subcommand)]
pub(super) enum BatchCommand {
    /// Sends what has no outcome yet, and writes the file of results when each request has one. Exit code 1: not everything was carried out, or
    /// the batch was stopped.
    Run(BatchRun),
    /// Reads the plan and the whole file as `run` does, and sends nothing.
    Check(BatchFiles),
}

/// The files of a batch.
#[derive(Args, Debug)]
pub(super) struct BatchFiles {
    /// The file of requests.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The plan: where requests go, what the file is, when they are sent, and what the file of results is.
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
    /// What stdout gets.
    #[arg(long, value_enum, default_value_t)]
    format: Form,
}

/// A batch that is sent.
#[derive(Args, Debug)]
pub(super) struct BatchRun {
    #[command(flatten)]
    files: BatchFiles,
    /// The date of the batch: 2026-11-30. With the name in the plan it says which batch this is. The same batch is never sent twice.
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    date: i64,
    /// Sends the file although another batch in the same folder has sent it.
    #[arg(long)]
    repeat: bool,
}

/// The forms of the sums.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Form {
    /// Text for a terminal.
    #[default]
    Text,
    /// One JSON object.
    Json,
}

impl BatchCommand {
    /// Carries the command out.
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Check(files) => {
                let plan = load(&files)?;
                let checked = batch::check(&plan, &files.file).map_err(|error| Failure::Message(error.to_string()))?;
                put(files.format, || text_of(&checked, &files.file, &plan), || json_checked(&checked, &plan))?;
                Ok(ExitCode::SUCCESS)
            }
            Self::Run(run) => run.run().await,
        }
    }
}

impl BatchRun {
    async fn run(self) -> Result<ExitCode, Failure> {
        let plan = Arc::new(load(&self.files)?);
        let now_ms = || {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
        };
        let batch = Batch {
            plan: Arc::clone(&plan),
            file: self.files.file.clone(),
            date: self.date,
            repeat: self.repeat,
            now_ms: Arc::new(now_ms),
        };
        let mut screen = Screen::new();
        let ended = batch::run(&batch, stop_asked(), &mut |progress| screen.show(progress)).await;
        screen.clear();
        let ended = ended.map_err(|error: BatchError| Failure::Message(error.to_string()))?;
        put(self.files.format, || text(&ended, &plan), || json_of(&ended, &plan))?;
        if let Some(Err(error)) = &ended.results {
            return Err(Failure::Message(error.to_string()));
        }
        match &ended.stopped {
            Some(Stopped::Refused(why)) => Err(Failure::Message(format!("the batch stopped: {why}"))),
            Some(Stopped::Asked) => {
                say("fep-gateway: the batch was stopped; the same command goes on with it");
                Ok(ExitCode::from(1))
            }
            None if ended.progress.is_clean() => Ok(ExitCode::SUCCESS),
            None => Ok(ExitCode::from(1)),
        }
    }
}

fn load(files: &BatchFiles) -> Result<Plan, Failure> {
    Ok(Plan::load(&files.plan)?)
}

fn put(form: Form, text: impl FnOnce() -> String, json: impl FnOnce() -> Json) -> Result<(), Failure> {
    let written = match form {
        Form::Text => io::stdout().write_all(text().as_bytes()),
        Form::Json => writeln!(io::stdout(), "{}", json()),
    };
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::because("stdout", error)),
        _ => Ok(()),
    }
}

/// The words of states in texts for people.
fn word(state: State) -> &'static str {
    match state {
        State::Done => "done",
        State::NotDone => "not done",
        State::Reversed => "reversed",
        State::Refused => "refused",
        State::Unknown => "unknown",
    }
}

fn text(ended: &Ended, plan: &Plan) -> String {
    let progress = &ended.progress;
    let mut text = format!("{}: {}{}\n", plan.name, requests(progress.all), of_amount(progress.all, plan));
    for state in State::ALL {
        let count = progress.with(state);
        if count.requests > 0 {
            text.push_str(&format!("  {:<9}{:>8}{}\n", word(state), count.requests, of_amount(count, plan)));
        }
    }
    if progress.left() > 0 {
        text.push_str(&format!("  {:<9}{:>8}\n", "not yet", progress.left()));
    }
    text.push_str(&format!("outcomes: {}\n", ended.ledger.display()));
    match (&ended.results, &plan.output) {
        (Some(Ok(path)), _) => text.push_str(&format!("results: {}\n", path.display())),
        (Some(Err(_)), _) => text.push_str("results: not written, see the message\n"),
        (None, Some(_)) => text.push_str("results: not written before each request has an outcome\n"),
        (None, None) => {}
    }
    text
}

/// `1 request`, `2 requests`
fn requests(count: Count) -> String {
    if count.requests == 1 { "1 request".to_owned() } else { format!("{} requests", count.requests) }
}

fn text_of(checked: &Checked, file: &Path, plan: &Plan) -> String {
    let others = checked.others.iter().map(|(record, count)| format!("  no request: {record} {count}\n"));
    let first = format!("{}: {}{}\n", file.display(), requests(checked.all), of_amount(checked.all, plan));
    first + &others.collect::<String>()
}

fn json_checked(checked: &Checked, plan: &Plan) -> Json {
    let mut all = counts(checked.all, plan);
    if let Some(all) = all.as_object_mut() {
        all.insert("others".to_owned(), checked.others.iter().cloned().collect());
    }
    all
}

/// `, amount 1234.56`, if the plan has an amount.
fn of_amount(count: Count, plan: &Plan) -> String {
    plan.amount_text(count.amount).map_or_else(String::new, |amount| format!(", amount {amount}"))
}

fn counts(count: Count, plan: &Plan) -> Json {
    let mut fields = Map::new();
    fields.insert("requests".to_owned(), count.requests.into());
    fields.extend(plan.amount_text(count.amount).map(|amount| ("amount".to_owned(), amount.into())));
    Json::Object(fields)
}

fn json_of(ended: &Ended, plan: &Plan) -> Json {
    let progress = &ended.progress;
    let states = State::ALL.into_iter().map(|state| (state.name().to_owned(), counts(progress.with(state), plan)));
    json!({
        "batch": plan.name,
        "all": counts(progress.all, plan),
        "states": states.collect::<Map<_, _>>(),
        "left": progress.left(),
        "outcomes": ended.ledger.display().to_string(),
        "results": ended.results.as_ref().and_then(|written| written.as_ref().ok()).map(|path| path.display().to_string()),
        "stopped": ended.stopped.is_some(),
    })
}

/// Shows progress on stderr: in one line of a terminal, or now and then in a line of its own.
struct Screen {
    is_terminal: bool,
    last: Option<(Instant, Option<String>)>,
}

impl Screen {
    fn new() -> Self {
        Self { is_terminal: io::stderr().is_terminal(), last: None }
    }

    fn show(&mut self, progress: &Progress) {
        let done = progress.all.requests - progress.left();
        let mut line = format!("{done} of {}", requests(progress.all));
        for state in State::ALL {
            let count = progress.with(state).requests;
            if count > 0 {
                line.push_str(&format!(", {count} {}", word(state)));
            }
        }
        if let Some(note) = &progress.note {
            line.push_str(&format!("; {note}"));
        }
        if self.is_terminal {
            let _ = write!(io::stderr(), "\r\x1b[K{line}");
            return;
        }
        let is_news = match &self.last {
            Some((at, note)) => at.elapsed() >= LINE_EVERY || (*note != progress.note && at.elapsed() >= NOTE_EVERY),
            None => progress.note.is_some(),
        };
        if is_news {
            say(&line);
        }
        if is_news || self.last.is_none() {
            self.last = Some((Instant::now(), progress.note.clone()));
        }
    }

    fn clear(&self) {
        if self.is_terminal {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
