//! Receives files on one connection after the other. What an answer promises is durable before the answer leaves.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fep_protocol::file_transfer::{Came, Has, Offer, ReceiveAct, Receiving, Verdict};

use super::connection::{Broken, Connection, Ground, Raw};
use super::folder::{Finished, Folder, UnderWay};
use super::plan::Plan;
use super::script::{Request, Script, ScriptError, is_plain};
use super::template::Moment;
use crate::time::{DAY_MS, Rfc3339};

/// The most refusals on one connection.
const REFUSED_MAX: usize = 100;

/// The most starts and offers on one connection.
const ASKED_MAX: u32 = 1000;

/// What one connection brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The other side.
    pub peer: String,
    /// How many files are complete.
    pub files: u64,
    /// The name of a file that came in part and is not complete.
    pub incomplete: Option<String>,
    /// Offers that were not taken, with the reason.
    pub refused: Vec<String>,
    /// Why the connection ended before the protocol did.
    pub broken: Option<Broken>,
}

/// The reason why nothing can be received.
#[derive(Debug)]
pub enum ReceiverError {
    /// The folder cannot be used.
    Folder(PathBuf, io::Error),
    /// An answer of the plan cannot be made.
    Script(ScriptError),
    /// Nothing can be listened on.
    Broken(Broken),
}

impl fmt::Display for ReceiverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path, error) => write!(f, "{} (--into): {error}", path.display()),
            Self::Script(error) => error.fmt(f),
            Self::Broken(broken) => broken.fmt(f),
        }
    }
}

impl std::error::Error for ReceiverError {}

/// Gets the other side and each file that is complete.
pub type ToldFile = Arc<dyn Fn(&str, &Finished) + Send + Sync>;

/// Receives files.
pub struct Receiver {
    script: Script,
    folder: Folder,
    ground: Ground,
    now_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
    told: ToldFile,
}

/// A connection that is there.
pub struct Incoming(Raw);

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Incoming").field(&self.0.peer()).finish()
    }
}

impl Receiver {
    /// Takes the folder, and listens if the plan says so. `told` gets the other side and each file, when the file is complete and before its sender knows.
    ///
    /// # Errors
    /// If nothing can be received.
    pub async fn new(
        plan: &Arc<Plan>,
        into: &Path,
        now_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
        told: ToldFile,
    ) -> Result<Self, ReceiverError> {
        let at = Rfc3339(now_ms()).to_string();
        let folder = Folder::open(into, &at).map_err(|error| ReceiverError::Folder(into.to_owned(), error))?;
        let script = Script::of_receiver(plan).map_err(ReceiverError::Script)?;
        let ground = Ground::new(plan).await.map_err(ReceiverError::Broken)?;
        Ok(Self { script, folder, ground, now_ms, told })
    }

    /// Where it listens, if it does.
    #[must_use]
    pub fn listens(&self) -> Option<SocketAddr> {
        self.ground.listens()
    }

    /// Waits for the next connection.
    ///
    /// # Errors
    /// If there is none.
    pub async fn next(&self) -> Result<Incoming, Broken> {
        self.ground.raw().await.map(Incoming)
    }

    /// Serves a connection to its end. Several can be served at the same time; no two of them bring a file of one name.
    pub async fn serve(&self, Incoming(raw): Incoming) -> Received {
        let received =
            Received { peer: raw.peer().to_owned(), files: 0, incomplete: None, refused: Vec::new(), broken: None };
        let mut connection = match self.ground.ready(raw).await {
            Ok(connection) => connection,
            Err(broken) => return Received { broken: Some(broken), ..received },
        };
        let receiving = Receiving::default();
        let mut session = Session { receiver: self, receiving, under_way: None, received, asked: 0 };
        let broken = session.run(&mut connection).await.err();
        connection.close().await;
        Received { broken, ..session.received }
    }
}

/// One connection.
struct Session<'r> {
    receiver: &'r Receiver,
    receiving: Receiving,
    under_way: Option<UnderWay>,
    received: Received,
    /// Starts and offers.
    asked: u32,
}

impl Session<'_> {
    async fn run(&mut self, connection: &mut Connection) -> Result<(), Broken> {
        let Receiver { script, now_ms, .. } = self.receiver;
        loop {
            // Who has not shown that it may holds a place for a short time only.
            let plan = &script.plan;
            let within = if self.asked == 0 { plan.answer_timeout.min(plan.idle_timeout) } else { plan.idle_timeout };
            let telegram = connection.receive(script, within).await?;
            let moment = moment(&script.plan, now_ms());
            for act in self.takes(&telegram, moment)? {
                let frame = match act {
                    ReceiveAct::Close => return Ok(()),
                    ReceiveAct::Open(_) | ReceiveAct::Store(_) | ReceiveAct::Finish => {
                        self.keeps(act, now_ms()).await?;
                        continue;
                    }
                    ReceiveAct::Answer(verdict) => script.answer(&telegram, verdict, None, moment),
                    ReceiveAct::AnswerMissing { block, last, missing } => {
                        script.answer(&telegram, Verdict::Ok, Some((block, last, &missing)), moment)
                    }
                };
                let frame = frame.map_err(|error| Broken::Here(format!("an answer cannot be made: {error}")))?;
                connection.send(&frame, plan.answer_timeout).await?;
            }
        }
    }

    fn takes(&mut self, telegram: &[u8], moment: Moment<'_>) -> Result<Vec<ReceiveAct>, Broken> {
        let script = &self.receiver.script;
        let not_understood = |error: &dyn fmt::Display| Broken::NotUnderstood(error.to_string());
        let request = script.read_request(telegram, moment).map_err(|error| not_understood(&error))?;
        if matches!(request, Request::Start(_) | Request::Offer { .. }) {
            self.asked += 1;
            if self.asked > ASKED_MAX {
                return Err(Broken::NotUnderstood(format!("more than {ASKED_MAX} starts and offers came")));
            }
        }
        let taken = match &request {
            Request::Start(is_expected) => {
                if !is_expected {
                    self.received.refused.push("a start that does not show what `expect` wants".to_owned());
                }
                self.receiving.takes(Came::Start(*is_expected))
            }
            Request::Offer { name, size, piece_bytes } => {
                let offer = self.offer(name, *size, *piece_bytes)?;
                self.receiving.takes(Came::Offer(offer))
            }
            Request::Data { block, sequence, record } => {
                self.receiving.takes(Came::Data(*block, *sequence, script.piece(record)))
            }
            Request::Check { block, last } => self.receiving.takes(Came::Check(*block, *last)),
            Request::EndOfFile => self.receiving.takes(Came::EndOfFile),
            Request::End => self.receiving.takes(Came::End),
        };
        taken.map_err(|fault| not_understood(&fault))
    }

    /// An offer, with what is there and whether it is taken. Each refusal is told.
    fn offer<'n>(&mut self, name: &'n str, size: u64, piece_bytes: Option<u64>) -> Result<Offer<'n>, Broken> {
        if self.received.refused.len() >= REFUSED_MAX {
            return Err(Broken::NotUnderstood(format!("{REFUSED_MAX} offers were refused")));
        }
        let plan = &self.receiver.script.plan;
        let own = u64::from(plan.data.bytes.get());
        let said = piece_bytes.and_then(|bytes| u32::try_from(bytes).ok()).and_then(NonZeroU32::new);
        let mut refuse = |why: String| {
            self.received.refused.push(why);
            Ok(Offer { name, blocks: None, has: Has::Nothing })
        };
        if !is_plain(name) {
            return refuse("a file whose name cannot be the name of a file here".to_owned());
        }
        if piece_bytes.is_some() && said != Some(plan.data.bytes) {
            let said = piece_bytes.unwrap_or_default();
            return refuse(format!("{name}: pieces of {said} bytes, but the plan has {own}"));
        }
        let Some(blocks) = plan.blocks(size) else {
            return refuse(format!("{name}: {size} bytes, but `file_max_bytes` is {}", plan.file_max_bytes));
        };
        // A sender that begins again may offer the file that it was sending.
        self.under_way = None;
        let remembers = (self.receiver.now_ms)().saturating_sub(plan.remember_days.saturating_mul(DAY_MS));
        let has = self.receiver.folder.has(name, size, remembers).map_err(|error| not_kept(name, &error))?;
        if has == Has::Other {
            self.received
                .refused
                .push(format!("{name}: another file of this name is there, or comes on another connection"));
        }
        Ok(Offer { name, blocks: Some(blocks), has })
    }

    /// Carries out what concerns the disk, beside the threads of the runtime.
    async fn keeps(&mut self, act: ReceiveAct, now_ms: i64) -> Result<(), Broken> {
        let folder = self.receiver.folder.clone();
        let under_way = self.under_way.take();
        let at = Rfc3339(now_ms).to_string();
        let peer = self.received.peer.clone();
        let told = Arc::clone(&self.receiver.told);
        let kept = tokio::task::spawn_blocking(move || match (act, under_way) {
            (ReceiveAct::Open(name), _) => {
                let begun = folder.begin(&name).map_err(|error| not_kept(&name, &error))?;
                Ok((Some((name, begun)), None))
            }
            (ReceiveAct::Store(bytes), Some(mut file)) => {
                let name = file.name().to_owned();
                file.store(&bytes).map_err(|error| not_kept(&name, &error))?;
                Ok((Some((name, file)), None))
            }
            (ReceiveAct::Finish, Some(file)) => {
                let name = file.name().to_owned();
                let finished = file.finish(at, peer.clone()).map_err(|error| not_kept(&name, &error))?;
                // Here, so that a stop in this moment leaves no file without being told.
                told(&peer, &finished);
                Ok((None, Some(finished)))
            }
            // This cannot happen: nothing is stored before a file was opened.
            _ => Err(Broken::Here("there is no file to store in".to_owned())),
        });
        let kept = kept.await.map_err(|error| Broken::Here(error.to_string()))?;
        let (under_way, finished) = kept?;
        self.received.files += u64::from(finished.is_some());
        self.received.incomplete = under_way.as_ref().map(|(name, _)| name.clone());
        self.under_way = under_way.map(|(_, file)| file);
        Ok(())
    }
}

/// The clock of telegrams. What a receiver sends has no name of a file but the one that came.
fn moment(plan: &Plan, now_ms: i64) -> Moment<'static> {
    Moment { file: "", local_ms: now_ms + plan.utc_offset_minutes * 60_000 }
}

/// A file that cannot be kept.
fn not_kept(name: &str, error: &io::Error) -> Broken {
    Broken::Here(format!("{name} cannot be kept: {error}"))
}
