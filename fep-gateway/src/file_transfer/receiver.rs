//! Receives files on one connection after the other. What an answer promises is durable before the answer leaves.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;

use fep_protocol::file_transfer::{Came, Has, Offer, ReceiveAct, Receiving, Verdict};

use super::connection::{Broken, Connection, Ground};
use super::folder::{Finished, Folder, UnderWay};
use super::plan::Plan;
use super::script::{Request, Script, ScriptError, is_plain};
use super::template::Moment;

/// The most offers that are refused on one connection.
const REFUSED_MAX: usize = 100;

/// What one connection brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The other side.
    pub peer: String,
    /// The files that are complete.
    pub files: Vec<Finished>,
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
    Folder(io::Error),
    /// A telegram of the plan cannot be made.
    Script(ScriptError),
    /// Nothing can be listened on.
    Broken(Broken),
}

impl fmt::Display for ReceiverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(error) => write!(f, "--into: {error}"),
            Self::Script(error) => write!(f, "a telegram of the plan cannot be made: {error}"),
            Self::Broken(broken) => broken.fmt(f),
        }
    }
}

impl std::error::Error for ReceiverError {}

/// Receives files.
pub struct Receiver {
    script: Script,
    folder: Folder,
    ground: Ground,
    now_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Receiver {
    /// Tries the telegrams of the plan out, and listens if it says so.
    ///
    /// # Errors
    /// If nothing can be received.
    pub async fn new(
        plan: &Arc<Plan>,
        into: &Path,
        now_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
    ) -> Result<Self, ReceiverError> {
        let folder = Folder::open(into).map_err(ReceiverError::Folder)?;
        let moment = moment(plan, now_ms());
        let script = Script::new(plan, moment).map_err(ReceiverError::Script)?;
        let ground = Ground::new(plan).await.map_err(ReceiverError::Broken)?;
        Ok(Self { script, folder, ground, now_ms })
    }

    /// Where it listens, if it does.
    #[must_use]
    pub fn listens(&self) -> Option<SocketAddr> {
        self.ground.listens()
    }

    /// Serves the next connection to its end.
    ///
    /// # Errors
    /// If there is none.
    pub async fn serve(&self) -> Result<Received, Broken> {
        let mut connection = self.ground.connection().await?;
        let received = Received {
            peer: connection.peer.clone(),
            files: Vec::new(),
            incomplete: None,
            refused: Vec::new(),
            broken: None,
        };
        let mut session = Session { receiver: self, receiving: Receiving::default(), under_way: None, received };
        let broken = session.run(&mut connection).await.err();
        connection.close().await;
        Ok(Received { broken, ..session.received })
    }
}

/// One connection.
struct Session<'r> {
    receiver: &'r Receiver,
    receiving: Receiving,
    under_way: Option<UnderWay>,
    received: Received,
}

impl Session<'_> {
    async fn run(&mut self, connection: &mut Connection) -> Result<(), Broken> {
        let Receiver { script, now_ms, .. } = self.receiver;
        loop {
            let telegram = connection.receive(script, script.plan.idle_timeout).await?;
            let moment = moment(&script.plan, now_ms());
            for act in self.takes(&telegram, moment)? {
                let frame = match act {
                    ReceiveAct::Close => return Ok(()),
                    ReceiveAct::Open(_) | ReceiveAct::Store(_) | ReceiveAct::Finish => {
                        self.keeps(act).await?;
                        continue;
                    }
                    ReceiveAct::Answer(verdict) => script.answer(&telegram, verdict, None, moment),
                    ReceiveAct::AnswerMissing { block, last, missing } => {
                        script.answer(&telegram, Verdict::Ok, Some((block, last, &missing)), moment)
                    }
                };
                let frame = frame.map_err(|error| Broken::Failed(format!("an answer cannot be made: {error}")))?;
                connection.send(&frame, script.plan.answer_timeout).await?;
            }
        }
    }

    fn takes(&mut self, telegram: &[u8], moment: Moment<'_>) -> Result<Vec<ReceiveAct>, Broken> {
        let script = &self.receiver.script;
        let not_understood = |error: &dyn fmt::Display| Broken::NotUnderstood(error.to_string());
        let request = script.read_request(telegram, moment).map_err(|error| not_understood(&error))?;
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
        let has = self.receiver.folder.has(name, size).map_err(|error| not_kept(name, &error))?;
        if has == Has::Other {
            self.received.refused.push(format!("{name}: another file of this name is there"));
        }
        Ok(Offer { name, blocks: Some(blocks), has })
    }

    /// Carries out what concerns the disk, beside the threads of the runtime.
    async fn keeps(&mut self, act: ReceiveAct) -> Result<(), Broken> {
        let folder = self.receiver.folder.clone();
        let under_way = self.under_way.take();
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
                file.finish().map(|finished| (None, Some(finished))).map_err(|error| not_kept(&name, &error))
            }
            // This cannot happen: nothing is stored before a file was opened.
            _ => Err(Broken::Failed("there is no file to store in".to_owned())),
        });
        let kept = kept.await.map_err(|error| Broken::Failed(error.to_string()))?;
        let (under_way, finished) = kept?;
        self.received.files.extend(finished);
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
    Broken::Failed(format!("{name} cannot be kept: {error}"))
}
