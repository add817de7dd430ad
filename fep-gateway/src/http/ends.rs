//! Until when that holds by which a client may follow a stream of events: its token, certificate or session ends, or rights change. Who it is and what it may do
//! is said in `access`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tokio::sync::watch;

use super::error::ApiError;
use super::sessions::SessionEnd;
use crate::config::Access;

/// How often the clock is looked at while a stream waits for the end of its token or certificate.
const CLOCK_PAUSE: Duration = Duration::from_secs(30);

/// The end of that by which a client has proved who it is.
#[derive(Clone, Debug, Default)]
pub(super) struct ProofEnd {
    /// The last second, since 1970, in which it proves that. `None` if it has no end that is known.
    pub(super) last_s: Option<i64>,
    /// The end of the session in which it was shown.
    pub(super) session: Option<SessionEnd>,
}

/// The end of what a client has proved, and of the rights that it had then.
#[derive(Clone, Debug, Default)]
pub(super) struct Ends {
    proof: ProofEnd,
    /// The rights, from before they were looked at. `None` without an access file.
    rights: Option<watch::Receiver<Arc<Access>>>,
}

impl Ends {
    /// `rights` was subscribed to before the client's rights were looked at.
    pub(super) fn new(proof: ProofEnd, rights: Option<watch::Receiver<Arc<Access>>>) -> Self {
        Self { proof, rights }
    }

    /// Completes when it has ended, or when rights have changed since the client's were looked at. A client whose stream ends then comes again, if it
    /// still may.
    pub(super) async fn wait(self) {
        let Self { proof: ProofEnd { last_s, session }, rights } = self;
        let changed = async {
            match rights {
                // An error means that the server has ended.
                Some(mut rights) => drop(rights.changed().await),
                None => std::future::pending().await,
            }
        };
        let left = async {
            match session {
                Some(session) => session.wait().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = changed => {}
            () = ended(last_s) => {}
            () = left => {}
        }
    }
}

async fn ended(last_s: Option<i64>) {
    let Some(end) = last_s else { return std::future::pending().await };
    // The clock may jump, so it is looked at again.
    while let Ok(left) = u64::try_from(end.saturating_sub(now_s())) {
        tokio::time::sleep(Duration::from_secs(left.saturating_add(1)).min(CLOCK_PAUSE)).await;
    }
}

/// The time in seconds since 1970.
pub(super) fn now_s() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

impl<S: Sync> FromRequestParts<S> for Ends {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}
