//! The keys of issuers that publish them at a URL: fetched in the background, and when a token names an unknown one; kept while the server is
//! away. What a key proves is decided by `jwt`.
//!
//! ```text
//!             fetched                     no answer                     no answer for `keys_keep_s`
//! no keys ──────────────► keys ──────────────────────────► the same keys ──────────────────────────► no keys
//! ```
//!
//! Between two fetches there is a pause for all together: tokens with invented names of keys must not make the gateway flood the issuer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tracing::{info, warn};

use super::key_server::fetch;
use crate::config::{Issuer, KeyServer, KeySet, KeySource};

/// The keys of all issuers with a URL.
#[derive(Debug, Default)]
pub(super) struct IssuerKeys {
    servers: Mutex<HashMap<String, Arc<Server>>>,
    /// Whether an issuer has taken a key back, since it was last asked.
    taken_back: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Server {
    settings: Arc<KeyServer>,
    known: Mutex<Known>,
    /// Held while the keys are fetched, so that they are fetched once for all who wait.
    fetching: tokio::sync::Mutex<()>,
    taken_back: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct Known {
    keys: Option<Arc<KeySet>>,
    fetched: Option<Instant>,
    /// When the last attempt ended.
    tried: Option<Instant>,
    /// Why the last attempt failed.
    failed: Option<String>,
}

impl IssuerKeys {
    /// The keys of an issuer that hold now. Fetches them if there are none.
    ///
    /// # Errors
    /// If there are none. The reason is one line.
    pub(super) async fn of(&self, issuer: &Issuer) -> Result<Arc<KeySet>, String> {
        let server = match &issuer.keys {
            KeySource::File(keys) => return Ok(Arc::clone(keys)),
            KeySource::Url(settings) => self.server(issuer, settings),
        };
        if let Ok(keys) = server.held() {
            return Ok(keys);
        }
        server.fetch(&issuer.name).await;
        server.held()
    }

    /// Newer keys than these, because a token names one that is not among them. `None` if it is not time to ask for any, or there are none.
    pub(super) async fn newer(&self, issuer: &Issuer, than: &Arc<KeySet>) -> Option<Arc<KeySet>> {
        let KeySource::Url(settings) = &issuer.keys else { return None };
        let server = self.server(issuer, settings);
        server.fetch(&issuer.name).await;
        server.held().ok().filter(|keys| keys != than)
    }

    /// The keys of an issuer that are known, without a fetch.
    pub(super) fn known(&self, issuer: &Issuer) -> Option<Arc<KeySet>> {
        match &issuer.keys {
            KeySource::File(keys) => Some(Arc::clone(keys)),
            KeySource::Url(settings) => self.server(issuer, settings).held().ok(),
        }
    }

    /// Begins to fetch the keys of the issuers whose time has come, and forgets the others. Returns whether a key was taken back meanwhile.
    pub(super) fn refresh<'i>(&self, issuers: impl Iterator<Item = &'i Arc<Issuer>>) -> bool {
        let mut names = Vec::new();
        for issuer in issuers {
            let KeySource::Url(settings) = &issuer.keys else { continue };
            names.push(issuer.name.clone());
            let server = self.server(issuer, settings);
            if server.is_due() && server.fetching.try_lock().is_ok() {
                let name = issuer.name.clone();
                tokio::spawn(async move { server.fetch(&name).await });
            }
        }
        self.servers().retain(|name, _| names.contains(name));
        self.taken_back.swap(false, Ordering::Relaxed)
    }

    fn server(&self, issuer: &Issuer, settings: &Arc<KeyServer>) -> Arc<Server> {
        let mut servers = self.servers();
        if let Some(server) = servers.get(&issuer.name).filter(|server| server.settings == *settings) {
            return Arc::clone(server);
        }
        let server = Arc::new(Server {
            settings: Arc::clone(settings),
            known: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
            taken_back: Arc::clone(&self.taken_back),
        });
        servers.insert(issuer.name.clone(), Arc::clone(&server));
        server
    }

    fn servers(&self) -> MutexGuard<'_, HashMap<String, Arc<Server>>> {
        // The map is valid after every single change, so a panic elsewhere does not damage it.
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    /// The keys, unless the server has been away for too long.
    fn held(&self) -> Result<Arc<KeySet>, String> {
        let known = self.known();
        let is_held = known.fetched.is_some_and(|at| at.elapsed() <= self.settings.keep);
        let none = || known.failed.clone().unwrap_or_else(|| "they were not fetched yet".to_owned());
        known.keys.clone().filter(|_| is_held).ok_or_else(none)
    }

    fn is_due(&self) -> bool {
        let known = self.known();
        let is_old = known.fetched.is_none_or(|at| at.elapsed() >= self.settings.refresh);
        is_old && self.may_ask(&known)
    }

    fn may_ask(&self, known: &Known) -> bool {
        known.tried.is_none_or(|at| at.elapsed() >= self.settings.pause)
    }

    /// Fetches the keys, if the pause is over. Who comes while another one fetches them waits for the same keys.
    async fn fetch(&self, issuer: &str) {
        let came = Instant::now();
        let _one = self.fetching.lock().await;
        let is_done = {
            let known = self.known();
            !self.may_ask(&known) || known.tried.is_some_and(|ended| ended >= came)
        };
        if is_done {
            return;
        }
        let fetched = fetch(&self.settings).await;
        let mut known = self.known();
        known.tried = Some(Instant::now());
        match fetched {
            Ok(keys) => {
                let keys = Arc::new(keys);
                if known.keys.as_ref() != Some(&keys) {
                    info!(issuer, "the keys of an issuer of tokens were read");
                }
                if known.keys.as_ref().is_some_and(|before| !keys.has_all(before)) {
                    self.taken_back.store(true, Ordering::Relaxed);
                }
                *known = Known { keys: Some(keys), fetched: Some(Instant::now()), tried: known.tried, failed: None };
            }
            Err(why) => {
                metrics::counter!("fep_http_issuer_keys_failed_total", "issuer" => issuer.to_owned()).increment(1);
                warn!(
                    issuer,
                    why,
                    "the keys of an issuer of tokens cannot be fetched: those before stay in use for `keys_keep_s`"
                );
                known.failed = Some(why);
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Each change is one assignment or two that do not depend on each other.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A server whose keys were fetched that long ago, and are kept so long.
    fn server(fetched: Option<Duration>, keep: Duration) -> Server {
        let settings = KeyServer {
            host: "127.0.0.1".to_owned(),
            port: 1,
            path: "/".to_owned(),
            tls: None,
            refresh: Duration::from_secs(600),
            pause: Duration::from_secs(30),
            keep,
        };
        let fetched = fetched.and_then(|ago| Instant::now().checked_sub(ago));
        let known = Known { keys: fetched.map(|_| Arc::default()), fetched, tried: fetched, failed: None };
        Server {
            settings: Arc::new(settings),
            known: Mutex::new(known),
            fetching: tokio::sync::Mutex::default(),
            taken_back: Arc::default(),
        }
    }

    #[test]
    fn keys_are_kept_for_a_stated_time_and_fetched_in_time() {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        for (fetched, is_held, is_due) in [
            (None, false, true),
            (Some(minutes(1)), true, false),
            (Some(minutes(11)), true, true),
            (Some(minutes(61)), false, true),
        ] {
            let server = server(fetched, minutes(60));
            assert_eq!((server.held().is_ok(), server.is_due()), (is_held, is_due), "{fetched:?}");
        }
    }

    #[tokio::test]
    async fn there_is_a_pause_after_an_attempt_that_failed() {
        let server = server(None, Duration::from_secs(60));
        server.fetch("login").await;
        assert!(server.held().unwrap_err().contains("refused"), "{:?}", server.held());
        assert!(!server.is_due());
        let tried = server.known().tried;
        server.fetch("login").await;
        assert_eq!(server.known().tried, tried, "nobody was asked");
    }

    #[tokio::test]
    async fn all_who_wait_get_what_one_fetch_brings() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = std::thread::spawn(move || {
            // Two connections, or the end of the test, which connects once itself.
            listener.incoming().take(2).map(drop).count()
        });
        let mut server = server(None, Duration::from_secs(60));
        let settings = KeyServer { port, pause: Duration::ZERO, ..KeyServer::clone(&server.settings) };
        server.settings = Arc::new(settings);
        tokio::join!(server.fetch("login"), server.fetch("login"), server.fetch("login"));
        assert!(!served.is_finished(), "one fetch for all three");
        drop(std::net::TcpStream::connect(("127.0.0.1", port)).unwrap());
        assert_eq!(served.join().unwrap(), 2);
    }
}
