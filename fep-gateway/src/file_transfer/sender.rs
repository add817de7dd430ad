//! Sends one file: reads it block by block, drives the protocol, and keeps what is known of it before the other side can know more.

use std::fmt;
use std::fs::File;
use std::future::Future;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fep_protocol::file_transfer::{Asked, Blocks, Fate, SendStep, Sending, Told};
use ring::digest::{Context, SHA256};

use super::connection::{Broken, Connection, Ground};
use super::ledger::{Before, Entry, Ledger, SentError, State};
use super::plan::{Line, Plan};
use super::script::{Answer, Script, ScriptError, is_plain};
use super::template::Moment;
use crate::hex::hex;
use crate::time::{DAY_MS, Rfc3339};

/// The bytes that are read at once for the digest.
const READ_BYTES: usize = 64 * 1024;

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The name that the other side is told.
    pub name: String,
    /// The size of the file.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// The number of blocks.
    pub blocks: u64,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// What was sent.
    pub file: Checked,
    /// What is known of it.
    pub fate: Fate,
    /// Why the connection ended before the protocol did.
    pub broken: Option<Broken>,
    /// It was complete before, and nothing was sent now.
    pub before: bool,
    /// The pieces that were sent, those sent again included.
    pub pieces: u64,
}

/// The reason why nothing is sent.
#[derive(Debug)]
pub enum SendError {
    /// The file cannot be read.
    Unreadable(PathBuf, io::Error),
    /// It cannot be sent: its name or its size.
    Unfit(String),
    /// What is known of its name forbids it, or cannot be kept.
    Sent(SentError),
    /// A telegram of the plan cannot be made.
    Script(ScriptError),
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Unfit(why) => f.write_str(why),
            Self::Sent(error) => error.fmt(f),
            Self::Script(error) => write!(f, "a telegram of the plan cannot be made: {error}"),
        }
    }
}

impl std::error::Error for SendError {}

impl From<SentError> for SendError {
    fn from(error: SentError) -> Self {
        Self::Sent(error)
    }
}

impl From<ScriptError> for SendError {
    fn from(error: ScriptError) -> Self {
        Self::Script(error)
    }
}

/// A file that is ready to be sent.
struct Ready {
    script: Script,
    file: File,
    blocks: Blocks,
    checked: Checked,
}

/// Reads the whole file and tries each telegram out. Nothing is sent.
///
/// # Errors
/// If the file cannot be sent.
pub fn check(plan: &Arc<Plan>, path: &Path, name: Option<&str>, now_ms: i64) -> Result<Checked, SendError> {
    let checked = ready(plan, path, name, now_ms)?.checked;
    Ledger::look(&plan.folder, &checked.name, &checked.sha256, remembers(plan, now_ms))?;
    Ok(checked)
}

fn ready(plan: &Arc<Plan>, path: &Path, name: Option<&str>, now_ms: i64) -> Result<Ready, SendError> {
    let unreadable = |error| SendError::Unreadable(path.to_owned(), error);
    let name = name.or_else(|| path.file_name()?.to_str()).unwrap_or_default();
    if !is_plain(name) {
        let why = "the name has letters, digits, `-`, `_` and `.`, and does not begin with `.`: give one with --name";
        return Err(SendError::Unfit(format!("{}: {why}", path.display())));
    }
    let there = std::fs::metadata(path).map_err(unreadable)?;
    if !there.is_file() {
        return Err(SendError::Unfit(format!("{}: it is no regular file", path.display())));
    }
    let bytes = there.len();
    let blocks = plan.blocks(bytes).ok_or_else(|| {
        let max = plan.file_max_bytes;
        SendError::Unfit(format!("{}: it has {bytes} bytes, and `file_max_bytes` is {max}", path.display()))
    })?;
    let mut file = File::open(path).map_err(unreadable)?;
    let sha256 = digest_of(&mut file, bytes).map_err(unreadable)?;
    let moment = moment(plan, name, now_ms);
    let script = Script::of_sender(plan, moment)?;
    let misfit = |error| SendError::Unfit(format!("{}: with {} blocks, {error}", path.display(), blocks.count()));
    script.fits(blocks, moment).map_err(misfit)?;
    let checked = Checked { name: name.to_owned(), bytes, sha256, blocks: blocks.count() };
    Ok(Ready { script, file, blocks, checked })
}

/// Sends a file, until it has ended or `stop` completes. `now_ms` is the clock, in milliseconds since 1970; `seen` gets the number of the block that is
/// sent.
///
/// # Errors
/// If nothing is sent. Whatever happens later is in [`Ended`].
pub async fn send(
    plan: &Arc<Plan>,
    path: &Path,
    name: Option<&str>,
    now_ms: &(dyn Fn() -> i64 + Send + Sync),
    seen: &mut (dyn FnMut(u64, &Checked) + Send),
    stop: impl Future<Output = ()>,
) -> Result<Ended, SendError> {
    let Ready { script, file, blocks, checked } = ready(plan, path, name, now_ms())?;
    let ledger = Ledger::open(&plan.folder, &checked.name, &checked.sha256, remembers(plan, now_ms()))?;
    if ledger.before == Before::Complete {
        return Ok(Ended { file: checked, fate: Fate::Complete, broken: None, before: true, pieces: 0 });
    }
    let mut run = Run {
        sending: Sending::new(blocks, plan.check.rounds_max),
        hashed: Context::new(&SHA256),
        hashed_blocks: 0,
        block: (0, Vec::new()),
        pieces: 0,
        is_begun: false,
        script,
        file,
        blocks,
        checked,
        ledger,
        now_ms,
    };
    let driven = tokio::select! {
        driven = run.connect_and_drive(seen) => driven,
        () = stop => Err(Stop::Broken(Broken::Stopped)),
    };
    let (fate, broken) = match driven {
        Ok(fate) => (fate, None),
        Err(Stop::Broken(broken)) => (run.sending.broken_off(), Some(broken)),
        Err(Stop::Kept(error)) => return Err(SendError::Sent(error)),
    };
    run.keep(&fate)?;
    Ok(run.ended(fate, broken))
}

/// The time before which a complete file does not stand for its name any more.
fn remembers(plan: &Plan, now_ms: i64) -> i64 {
    now_ms.saturating_sub(plan.remember_days.saturating_mul(DAY_MS))
}

/// Why a run ends before the protocol does.
enum Stop {
    Broken(Broken),
    /// What is known cannot be kept, so nothing more is said to the other side.
    Kept(SentError),
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

/// A file that is being sent.
struct Run<'n> {
    script: Script,
    file: File,
    blocks: Blocks,
    checked: Checked,
    ledger: Ledger,
    sending: Sending,
    /// The digest of the blocks that were read, and their number.
    hashed: Context,
    hashed_blocks: u64,
    /// The current block.
    block: (u64, Vec<u8>),
    pieces: u64,
    /// The offer was taken in this run.
    is_begun: bool,
    now_ms: &'n (dyn Fn() -> i64 + Send + Sync),
}

impl Run<'_> {
    async fn connect_and_drive(&mut self, seen: &mut (dyn FnMut(u64, &Checked) + Send)) -> Result<Fate, Stop> {
        let ground = Ground::new(&self.script.plan).await?;
        let mut connection = ground.connection().await?;
        let driven = self.drive(&mut connection, seen).await;
        connection.close().await;
        driven
    }

    async fn drive(
        &mut self,
        connection: &mut Connection,
        seen: &mut (dyn FnMut(u64, &Checked) + Send),
    ) -> Result<Fate, Stop> {
        let within = self.script.plan.answer_timeout;
        loop {
            match self.sending.step() {
                SendStep::Ended(fate) => return Ok(fate),
                SendStep::Data { block, sequence, again } => {
                    if self.block.0 != block {
                        self.load(block).map_err(|error| unreadable(&error))?;
                        self.is_unchanged()?;
                        seen(block, &self.checked);
                    }
                    let name = self.checked.name.clone();
                    let moment = moment(&self.script.plan, &name, (self.now_ms)());
                    let piece = self.piece(block, sequence).ok_or_else(|| lost(block, sequence))?;
                    let frame = self.script.data((block, sequence), again, piece, moment).map_err(not_made)?;
                    connection.send(&frame, within).await?;
                    self.pieces += 1;
                }
                SendStep::Ask(asked) => self.ask(asked, connection).await?,
            }
        }
    }

    async fn ask(&mut self, asked: Asked, connection: &mut Connection) -> Result<(), Stop> {
        let within = self.script.plan.answer_timeout;
        let moment = moment(&self.script.plan, &self.checked.name, (self.now_ms)());
        let frame = self.script.ask(asked, self.checked.bytes, moment).map_err(not_made)?;
        if asked == Asked::EndOfFile {
            self.has_not_grown()?;
            // Durable before it is told: after a crash nobody believes that the other side cannot have it.
            self.write(State::Ending).map_err(Stop::Kept)?;
        }
        connection.is_quiet().await?;
        connection.send(&frame, within).await?;
        let telegram = connection.receive(&self.script, within).await?;
        let not_understood = |error: ScriptError| Broken::NotUnderstood(error.to_string());
        match self.script.read_answer(asked, &telegram).map_err(not_understood)? {
            Answer::Missing(missing) => self.sending.checked(&missing),
            Answer::Told(told) => {
                if asked == Asked::Offer && told == Told::Ok {
                    // Whatever was unknown before: it does not have the file.
                    self.write(State::Begun).map_err(Stop::Kept)?;
                    self.is_begun = true;
                }
                self.sending.answered(told);
            }
        }
        Ok(())
    }

    /// Reads a block, and adds it to the digest of what was read.
    fn load(&mut self, block: u64) -> io::Result<()> {
        let Range { start, end } = self.blocks.block(block).unwrap_or(0..0);
        let len = usize::try_from(end - start).map_err(io::Error::other)?;
        let mut bytes = vec![0; len];
        self.file.seek(SeekFrom::Start(start))?;
        self.file.read_exact(&mut bytes)?;
        if block == self.hashed_blocks + 1 {
            self.hashed.update(&bytes);
            self.hashed_blocks = block;
        }
        self.block = (block, bytes);
        Ok(())
    }

    fn piece(&self, block: u64, sequence: u32) -> Option<&[u8]> {
        let place = self.blocks.piece(block, sequence)?;
        let first = self.blocks.block(block)?.start;
        let [from, to] = [place.start, place.end].map(|at| usize::try_from(at - first));
        self.block.1.get(from.ok()?..to.ok()?)
    }

    /// What came behind the size that was told is in no piece.
    fn has_not_grown(&self) -> Result<(), Broken> {
        let size = self.file.metadata().map_err(|error| unreadable(&error))?.len();
        if size == self.checked.bytes { Ok(()) } else { Err(changed()) }
    }

    /// Looks, when the last block was read, whether the bytes are those that were checked before. Pieces are sent again from memory.
    fn is_unchanged(&self) -> Result<(), Broken> {
        let is_all = self.hashed_blocks == self.blocks.count();
        if !is_all || hex(self.hashed.clone().finish().as_ref()) == self.checked.sha256 {
            return Ok(());
        }
        Err(changed())
    }

    fn write(&self, state: State) -> Result<(), SentError> {
        let peer = match &self.script.plan.line {
            Line::Connect(address) => address.clone(),
            Line::Listen(address) => address.to_string(),
        };
        let Checked { bytes, sha256, .. } = &self.checked;
        let at = Rfc3339((self.now_ms)()).to_string();
        self.ledger.write(&Entry { at, state, sha256: sha256.clone(), bytes: *bytes, peer })
    }

    /// Keeps how it ended.
    fn keep(&self, fate: &Fate) -> Result<(), SentError> {
        match fate {
            Fate::Complete => self.write(State::Complete),
            Fate::There if self.ledger.before == Before::Unknown => self.write(State::Complete),
            Fate::Refused { asked: Asked::EndOfFile, .. } => self.write(State::NotComplete),
            _ => Ok(()),
        }
    }

    fn ended(&self, fate: Fate, broken: Option<Broken>) -> Ended {
        let fate = match (fate, self.ledger.before) {
            // Its end was told by an earlier run, and now the receiver says that it has it.
            (Fate::There, Before::Unknown) => Fate::Complete,
            // Nothing was learned of what an earlier run left open, unless an offer was taken.
            (Fate::NotComplete, Before::Unknown) if !self.is_begun => Fate::Unknown { code: None },
            (Fate::Refused { code, .. }, Before::Unknown) if !self.is_begun => Fate::Unknown { code: Some(code) },
            (fate, _) => fate,
        };
        Ended { file: self.checked.clone(), fate, broken, before: false, pieces: self.pieces }
    }
}

/// The clock of telegrams.
fn moment<'m>(plan: &Plan, file: &'m str, now_ms: i64) -> Moment<'m> {
    Moment { file, local_ms: now_ms + plan.utc_offset_minutes * 60_000 }
}

fn changed() -> Broken {
    Broken::Here("the file changed while it was sent, so its end is not told".to_owned())
}

fn unreadable(error: &io::Error) -> Broken {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return changed();
    }
    Broken::Here(format!("the file cannot be read any more: {error}"))
}

fn not_made(error: ScriptError) -> Broken {
    Broken::Here(format!("a telegram cannot be made: {error}"))
}

/// This cannot happen: the pieces are those of the blocks.
fn lost(block: u64, sequence: u32) -> Broken {
    Broken::Here(format!("there is no piece {sequence} of block {block}"))
}

/// The SHA-256 of a file of this size.
fn digest_of(file: &mut File, size: u64) -> io::Result<String> {
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; READ_BYTES];
    let mut read = file.take(size);
    let mut sum = 0;
    loop {
        let len = match read.read(&mut buffer) {
            Ok(0) if sum == size => return Ok(hex(context.finish().as_ref())),
            Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
            Ok(len) => len,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        context.update(buffer.get(..len).unwrap_or_default());
        sum += u64::try_from(len).unwrap_or(u64::MAX);
    }
}
