//! [`Recording`]: a consumer that keeps all telegrams of a stream in a file, on a thread that may wait for the disk.
//!
//! A file that cannot be opened or written is a trouble of the recording and of nobody else: the stream goes on, its telegrams wait for the file as
//! for any slow consumer, and the file is tried again. So the process that is replaced at an upgrade can end its recording while its successor runs
//! already.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fep_stream::{Consumer, Event, Received, Recorder};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{error, info, warn};

use super::status::RecordingStatus;
use crate::config::RecordingConfig;

/// How long the end of a recording is waited for.
const END_MAX: Duration = Duration::from_secs(5);

/// The shortest and the longest wait before a file is tried again.
const RETRY_MIN: Duration = Duration::from_millis(500);
const RETRY_MAX: Duration = Duration::from_secs(30);

/// A recording that runs.
pub(super) struct Recording {
    state: Arc<Mutex<RecordingStatus>>,
    stopping: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
    end_max: Duration,
}

/// What the thread of a recording has.
struct Keeper {
    stream: String,
    to: RecordingConfig,
    consumer: Consumer,
    state: Arc<Mutex<RecordingStatus>>,
    stopping: watch::Receiver<bool>,
    runtime: Handle,
    /// Telegrams that the file may not have, each with the length of the file that has it. They wait for it.
    unwritten: Vec<(Received, u64)>,
    /// Whether anything was written since the file was opened.
    has_written: bool,
}

/// Why a file is written no more.
enum Left {
    /// The stream has ended, and the file is whole.
    Stream,
    /// It is full, or a telegram cannot be in it: another attempt would end in the same way.
    ForGood(String),
    /// The disk refused.
    Disk(String),
}

impl Recording {
    /// Records what the consumer gets, on a thread of its own, which opens the file.
    pub(super) fn start(stream: &str, consumer: Consumer, to: &RecordingConfig) -> Self {
        let state = Arc::<Mutex<RecordingStatus>>::default();
        let (stopping, stops) = watch::channel(false);
        let keeper = Keeper {
            stream: stream.to_owned(),
            to: to.clone(),
            consumer,
            state: Arc::clone(&state),
            stopping: stops,
            runtime: Handle::current(),
            unwritten: Vec::new(),
            has_written: false,
        };
        let task = tokio::task::spawn_blocking(move || keeper.run());
        Self { state, stopping, task: Mutex::new(Some(task)), end_max: END_MAX }
    }

    /// A recording whose file never comes to an end.
    #[cfg(test)]
    pub(super) fn stuck(end_max: Duration) -> Self {
        let task = tokio::spawn(std::future::pending());
        let (stopping, _) = watch::channel(false);
        Self { state: Arc::default(), stopping, task: Mutex::new(Some(task)), end_max }
    }

    pub(super) fn status(&self) -> RecordingStatus {
        lock(&self.state).clone()
    }

    /// Waits until everything is written, for a limited time.
    pub(super) async fn end(&self) {
        self.stopping.send_replace(true);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // An error means that it took too long, or has panicked: the recording is whole up to its last complete entry.
            let _ = tokio::time::timeout(self.end_max, task).await;
        }
    }
}

impl Keeper {
    fn run(mut self) {
        let mut pause = RETRY_MIN;
        loop {
            let why = match opened(&self.to) {
                Ok(recorder) => match self.keep(recorder) {
                    Left::Stream => return,
                    Left::ForGood(why) => {
                        error!(stream = self.stream, why, "nothing is recorded any more");
                        let mut status = lock(&self.state);
                        status.is_open = false;
                        status.ended = Some(why);
                        return;
                    }
                    Left::Disk(why) => {
                        if std::mem::take(&mut self.has_written) {
                            pause = RETRY_MIN;
                        }
                        why
                    }
                },
                Err(error) => format!("{}: {error}", self.to.file.display()),
            };
            let mut status = lock(&self.state);
            status.is_open = false;
            if status.trouble.as_ref() != Some(&why) {
                error!(stream = self.stream, why, "nothing is recorded now; the file is tried again");
            }
            status.trouble = Some(why);
            drop(status);
            if self.waits(pause) {
                // What still waited for the disk is missing.
                lock(&self.state).holes += u64::from(!self.unwritten.is_empty());
                return;
            }
            pause = pause.saturating_mul(2).min(RETRY_MAX);
        }
    }

    /// Records until the stream ends or the file takes no more.
    fn keep(&mut self, mut recorder: Recorder) -> Left {
        if recorder.cut_bytes() > 0 {
            let bytes = recorder.cut_bytes();
            warn!(stream = self.stream, bytes, "the recording ended in the midst of a telegram, which was cut off");
        }
        // Whole telegrams of what was being written when the disk refused may be in the file.
        let len = recorder.len();
        self.unwritten.retain(|(_, end)| *end > len);
        let mut status = lock(&self.state);
        status.bytes = len;
        status.is_open = true;
        drop(status);
        if self.unwritten.is_empty() {
            self.is_well();
        }
        loop {
            if let Err(error) = self.write(&mut recorder) {
                // The system says a number with its errors. The recorder's own have none.
                return match error.raw_os_error() {
                    None => Left::ForGood(error.to_string()),
                    Some(_) => Left::Disk(format!("{}: {error}", self.to.file.display())),
                };
            }
            let Some(events) = self.runtime.block_on(self.consumer.next_many()) else { break };
            let mut holes = 0;
            for event in events {
                match event {
                    Event::Telegram(received) => self.unwritten.push((received.clone(), u64::MAX)),
                    Event::Snapshot { .. } | Event::Ended(_) | Event::Restarted { .. } => {}
                    // Lost, missed, out of place, unreadable, interrupted.
                    _ => holes += 1,
                }
            }
            lock(&self.state).holes += holes;
        }
        if let Err(error) = recorder.sync() {
            error!(stream = self.stream, %error, "the end of the recording could not be written");
        }
        Left::Stream
    }

    /// Writes what is not written.
    fn write(&mut self, recorder: &mut Recorder) -> io::Result<()> {
        if self.unwritten.is_empty() {
            return Ok(());
        }
        for (received, end) in &mut self.unwritten {
            recorder.record(received)?;
            *end = recorder.len();
        }
        recorder.flush()?;
        self.unwritten.clear();
        self.has_written = true;
        lock(&self.state).bytes = recorder.len();
        self.is_well();
        Ok(())
    }

    fn is_well(&self) {
        if lock(&self.state).trouble.take().is_some() {
            info!(stream = self.stream, "telegrams are recorded again");
        }
    }

    /// Waits before the file is tried again. Returns whether the stream stops.
    fn waits(&mut self, pause: Duration) -> bool {
        let stopping = &mut self.stopping;
        self.runtime.block_on(async {
            // An error means that nobody has the recording any more.
            tokio::time::timeout(pause, stopping.wait_for(|stopping| *stopping)).await.is_ok()
        })
    }
}

/// Opens or creates the file, and keeps others from writing it.
fn opened(to: &RecordingConfig) -> io::Result<Recorder> {
    Recorder::of(locked(&to.file)?, to.bytes_max)
}

fn locked(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let why =
                "another process or stream writes this recording: give each a file of its own, or end the other one";
            Err(io::Error::new(ErrorKind::WouldBlock, why))
        }
        Err(TryLockError::Error(error)) => Err(io::Error::new(error.kind(), format!("it cannot be locked: {error}"))),
    }
}

fn lock(state: &Mutex<RecordingStatus>) -> MutexGuard<'_, RecordingStatus> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
