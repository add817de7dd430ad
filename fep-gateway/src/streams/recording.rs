//! [`Recording`]: a consumer that keeps all telegrams of a stream in a file, on a thread that may wait for the disk.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fep_stream::{Consumer, Event, Recorder};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tracing::{error, warn};

use super::status::RecordingStatus;
use crate::config::RecordingConfig;

/// How long the end of a recording is waited for.
const END_MAX: Duration = Duration::from_secs(5);

/// A recording that runs.
pub(super) struct Recording {
    state: Arc<Mutex<RecordingStatus>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Recording {
    /// Opens the file, and records what the consumer gets.
    pub(super) fn start(stream: &str, mut consumer: Consumer, to: &RecordingConfig) -> Result<Self, String> {
        let opened = Recorder::open(&to.file, to.bytes_max);
        let mut recorder = opened.map_err(|error| format!("the recording {}: {error}", to.file.display()))?;
        if recorder.cut_bytes() > 0 {
            warn!(
                stream,
                bytes = recorder.cut_bytes(),
                "the recording ended in the midst of a telegram, which was cut off"
            );
        }
        let state = Arc::new(Mutex::new(RecordingStatus { bytes: recorder.len(), ..RecordingStatus::default() }));
        let shown = Arc::clone(&state);
        let stream = stream.to_owned();
        let runtime = Handle::current();
        let task = tokio::task::spawn_blocking(move || {
            while let Some(events) = runtime.block_on(consumer.next_many()) {
                let recorded = record(&mut recorder, events, &shown);
                let mut status = shown.lock().unwrap_or_else(PoisonError::into_inner);
                status.bytes = recorder.len();
                if let Err(why) = recorded {
                    error!(stream, %why, "nothing is recorded any more");
                    status.ended = Some(why.to_string());
                    return;
                }
            }
            if let Err(error) = recorder.sync() {
                error!(stream, %error, "the end of the recording could not be written");
            }
        });
        Ok(Self { state, task: Mutex::new(Some(task)) })
    }

    pub(super) fn status(&self) -> RecordingStatus {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until everything is written, for a limited time.
    pub(super) async fn end(&self) {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // An error means that it took too long, or has panicked: the recording is whole up to its last complete entry.
            let _ = tokio::time::timeout(END_MAX, task).await;
        }
    }
}

fn record(recorder: &mut Recorder, events: &[Event], shown: &Mutex<RecordingStatus>) -> std::io::Result<()> {
    let mut holes = 0;
    for event in events {
        match event {
            Event::Telegram(received) => recorder.record(received)?,
            Event::Snapshot { .. } | Event::Ended(_) | Event::Restarted { .. } => {}
            // Lost, missed, out of place, unreadable, interrupted.
            _ => holes += 1,
        }
    }
    shown.lock().unwrap_or_else(PoisonError::into_inner).holes += holes;
    recorder.flush()
}
