//! Whether Redis works: a key is written each second, and a connection that is lost is made again.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use redis::{ErrorKind, Pipeline, RedisError, ServerErrorKind};
use tokio::time::{Instant, sleep, timeout};

use super::super::StoreStatus;
use super::{COMMAND_PATIENCE, Shared};

/// What is known about Redis.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    is_well: bool,
    since_ms: i64,
    error: Option<String>,
    failed_at: Option<Instant>,
}

/// The pause between two probes.
const PROBE_PAUSE: Duration = Duration::from_secs(1);

/// The pauses between two attempts to connect.
const RETRY_MIN: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(2);

/// How long nothing may fail until Redis counts as well again.
const CALM: Duration = Duration::from_millis(900);

impl Seen {
    pub(super) fn well() -> Self {
        Self { is_well: true, since_ms: now_ms(), error: None, failed_at: None }
    }

    pub(super) fn unwell(why: String) -> Self {
        Self { is_well: false, since_ms: now_ms(), error: Some(why), failed_at: Some(Instant::now()) }
    }

    pub(super) fn status(&self) -> StoreStatus {
        StoreStatus { is_reached: self.is_well, since_ms: self.since_ms, error: self.error.clone() }
    }

    pub(super) fn failed(&mut self, error: &RedisError) {
        self.fails(error.to_string());
    }

    fn fails(&mut self, why: String) {
        if self.is_well {
            tracing::warn!(error = why, "Redis does not work: each gateway has its equal part of every contract");
            *self = Self::unwell(why);
        } else {
            self.error = Some(why);
            self.failed_at = Some(Instant::now());
        }
    }

    fn works(&mut self) {
        let is_calm = self.failed_at.is_none_or(|at| at.elapsed() >= CALM);
        if !self.is_well && is_calm {
            tracing::info!("Redis works again");
            *self = Self::well();
        }
    }
}

/// Keeps the connection, for as long as the instance runs.
pub(super) async fn watch(shared: Arc<Shared>) {
    let mut pause = RETRY_MIN;
    loop {
        if shared.link.borrow().is_some() {
            pause = RETRY_MIN;
            while is_kept(&shared).await {
                let _ = timeout(PROBE_PAUSE, shared.trouble.notified()).await;
            }
            shared.link.send_replace(None);
        }
        match shared.connector.connect(COMMAND_PATIENCE).await {
            Ok(link) => drop(shared.link.send_replace(Some(link))),
            Err(failure) => {
                shared.seen().fails(failure.to_string());
                sleep(pause).await;
                pause = (pause * 2).min(RETRY_MAX);
            }
        }
    }
}

/// Writes the probe. Returns whether the connection may stay.
async fn is_kept(shared: &Shared) -> bool {
    let Some(mut link) = shared.link.borrow().clone() else { return false };
    let mut probe = Pipeline::new();
    probe.cmd("SET").arg(shared.names.probe(&shared.instance)).arg(1).arg("PX").arg(10_000).ignore();
    let written = timeout(COMMAND_PATIENCE, probe.query_async::<()>(&mut link)).await;
    match written {
        Ok(Ok(())) => {
            shared.seen().works();
            true
        }
        Ok(Err(error)) => {
            shared.seen().failed(&error);
            // A server that answers may be full or loading: then another connection is no better. A replica is another server.
            let is_server = matches!(error.kind(), ErrorKind::Server(kind) if kind != ServerErrorKind::ReadOnly);
            is_server || matches!(error.kind(), ErrorKind::Extension)
        }
        Err(_) => {
            shared.seen().fails("it does not answer in time".to_owned());
            false
        }
    }
}

/// The time for people, in milliseconds since 1970.
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
