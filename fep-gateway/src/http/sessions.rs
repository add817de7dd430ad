//! Sessions of browsers: a person gives a token once, and gets a cookie that no script can read. A session ends with its token, after eight
//! hours, after one hour without a request, when its person leaves, and with the process. What a client may do is not decided here.
//!
//! Another site cannot use a session: the browser does not send the cookie along (`SameSite=Strict`), and what changes something needs a
//! second secret, which only the page itself knows (`X-Csrf-Token`).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, Method};
use tokio::sync::watch;

use super::error::ApiError;
use super::jwt::Jwt;
use crate::config::{TokenHash, new_token};
use crate::contract::problem::Problem;

/// The name of the cookie.
const NAME: &str = "fep-session";

/// The header with the second secret.
const CSRF: &str = "x-csrf-token";

/// How long a session lasts, and how long without a request.
const SESSION_MAX: Duration = Duration::from_secs(8 * 3600);
const IDLE_MAX: Duration = Duration::from_secs(3600);

/// The maximum number of sessions. With one more, the one that was not used for the longest time ends.
const SESSIONS_MAX: usize = 1000;

/// The sessions, by the hashes of their cookies.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<HashMap<TokenHash, Session>>);

#[derive(Debug)]
struct Session {
    /// The token by which it began. Its client is looked up at each request, so rights that have changed hold at once.
    token: SessionToken,
    csrf: String,
    since: Instant,
    /// When it was used last. Dropped with the session, which ends the streams that follow something in it.
    used: watch::Sender<Instant>,
}

/// The end of a session, for a stream that was begun in it.
#[derive(Clone, Debug)]
pub(super) struct SessionEnd {
    since: Instant,
    used: watch::Receiver<Instant>,
}

/// The token by which a session began.
#[derive(Clone, Debug)]
pub(super) enum SessionToken {
    /// One of the access file, by its hash.
    Own(TokenHash),
    /// One of an issuer, which was checked.
    Issued(Box<Jwt>),
}

/// A session that has begun.
#[derive(Debug)]
pub(super) struct Begun {
    /// The value of `Set-Cookie`.
    pub(super) cookie: String,
    pub(super) csrf: String,
}

/// What a request with a cookie proves.
#[derive(Debug)]
pub(super) struct Proved {
    pub(super) token: SessionToken,
    pub(super) csrf: String,
    pub(super) end: SessionEnd,
}

impl Sessions {
    /// Begins a session of the client with this token. If it began over TLS, the browser never sends its cookie without.
    pub(super) fn begin(&self, token: SessionToken, over_tls: bool, now: Instant) -> Result<Begun, ApiError> {
        let random = || new_token().map_err(|why| ApiError::new(Problem::Unwritable, why));
        let (secret, hash) = random()?;
        let (csrf, _) = random()?;
        let mut sessions = self.sessions();
        sessions.retain(|_, session| session.lasts(now));
        if sessions.len() >= SESSIONS_MAX
            && let Some(oldest) =
                sessions.iter().min_by_key(|(_, session)| *session.used.borrow()).map(|(hash, _)| *hash)
        {
            sessions.remove(&oldest);
        }
        sessions.insert(hash, Session { token, csrf: csrf.clone(), since: now, used: watch::Sender::new(now) });
        let cookie = format!("{NAME}={secret}; Path=/; HttpOnly; SameSite=Strict{}", secure(over_tls));
        Ok(Begun { cookie, csrf })
    }

    /// The session of a request. `None` if it has none.
    ///
    /// # Errors
    /// If it would change something and lacks the second secret.
    pub(super) fn of(&self, method: &Method, headers: &HeaderMap, now: Instant) -> Result<Option<Proved>, ApiError> {
        let Some(hash) = cookie(headers) else { return Ok(None) };
        let sessions = self.sessions();
        let Some(session) = sessions.get(&hash).filter(|session| session.lasts(now)) else { return Ok(None) };
        // Hashes are compared, so the time of the comparison says nothing about the secret.
        let given = headers.get(CSRF).and_then(|given| given.to_str().ok()).map(TokenHash::of);
        let is_proved = given == Some(TokenHash::of(&session.csrf));
        if !matches!(*method, Method::GET | Method::HEAD) && !is_proved {
            let message = "the header X-Csrf-Token is not that of this session; GET /v1/session says it";
            return Err(ApiError::new(Problem::Csrf, message));
        }
        session.used.send_replace(now);
        let end = SessionEnd { since: session.since, used: session.used.subscribe() };
        Ok(Some(Proved { token: session.token.clone(), csrf: session.csrf.clone(), end }))
    }

    /// Ends the session of a request. Returns the value of `Set-Cookie`.
    pub(super) fn end(&self, headers: &HeaderMap, over_tls: bool) -> String {
        cookie(headers).into_iter().for_each(|hash| drop(self.sessions().remove(&hash)));
        format!("{NAME}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0{}", secure(over_tls))
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<TokenHash, Session>> {
        // The map is valid after every single change, so a panic elsewhere does not damage it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn lasts(&self, now: Instant) -> bool {
        now < end_of(self.since, *self.used.borrow())
    }
}

impl SessionEnd {
    /// Completes when the session has ended: by itself, or because its person left.
    pub(super) async fn wait(mut self) {
        loop {
            let end = end_of(self.since, *self.used.borrow_and_update());
            tokio::select! {
                () = tokio::time::sleep_until(end.into()) => return,
                used = self.used.changed() => if used.is_err() { return },
            }
        }
    }
}

fn end_of(since: Instant, used: Instant) -> Instant {
    (since + SESSION_MAX).min(used + IDLE_MAX)
}

/// What a cookie has besides, if it came over TLS.
fn secure(over_tls: bool) -> &'static str {
    if over_tls { "; Secure" } else { "" }
}

/// The hash of the cookie of a request.
fn cookie(headers: &HeaderMap) -> Option<TokenHash> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    let mut own = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    own.find(|(name, _)| *name == NAME).map(|(_, secret)| TokenHash::of(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kim() -> SessionToken {
        SessionToken::Own(TokenHash::of("kim"))
    }

    fn with(cookie: &str, csrf: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, format!("other=1; {}", cookie.split(';').next().unwrap()).parse().unwrap());
        csrf.into_iter().for_each(|csrf| drop(headers.insert(CSRF, csrf.parse().unwrap())));
        headers
    }

    #[test]
    fn a_session_reads_with_its_cookie_and_changes_something_only_with_its_second_secret() {
        let sessions = Sessions::default();
        let now = Instant::now();
        let token = TokenHash::of("kim");
        let Begun { cookie, csrf } = sessions.begin(kim(), false, now).unwrap();
        let reads = sessions.of(&Method::GET, &with(&cookie, None), now).unwrap().unwrap();
        assert!(matches!(reads.token, SessionToken::Own(hash) if hash == token));
        assert_eq!(reads.csrf, csrf);
        assert!(sessions.of(&Method::POST, &with(&cookie, Some(&csrf)), now).unwrap().is_some());
        for wrong in [None, Some(""), Some("fep_1"), Some(&csrf[1..])] {
            assert!(sessions.of(&Method::POST, &with(&cookie, wrong), now).is_err(), "{wrong:?}");
        }
        assert!(sessions.of(&Method::GET, &with("fep-session=fep_1", None), now).unwrap().is_none());
        sessions.end(&with(&cookie, None), false);
        assert!(sessions.of(&Method::GET, &with(&cookie, None), now).unwrap().is_none());
    }

    #[test]
    fn a_session_ends_by_itself() {
        let sessions = Sessions::default();
        let begin = Instant::now();
        let Begun { cookie, .. } = sessions.begin(kim(), false, begin).unwrap();
        let headers = with(&cookie, None);
        let lasts = |at: Duration| sessions.of(&Method::GET, &headers, begin + at).unwrap().is_some();
        let mut at = Duration::ZERO;
        while at + IDLE_MAX / 2 < SESSION_MAX {
            at += IDLE_MAX / 2;
            assert!(at >= SESSION_MAX || lasts(at), "{at:?}");
        }
        assert!(!lasts(SESSION_MAX), "also if it is used all the time");
        let Begun { cookie, .. } = sessions.begin(kim(), false, begin).unwrap();
        assert!(sessions.of(&Method::GET, &with(&cookie, None), begin + IDLE_MAX).unwrap().is_none());
    }

    #[tokio::test]
    async fn a_stream_ends_with_its_session() {
        let now = Instant::now();
        assert_eq!(end_of(now, now), now + IDLE_MAX);
        assert_eq!(end_of(now, now + SESSION_MAX), now + SESSION_MAX, "also if it is used all the time");
        let sessions = Sessions::default();
        let Begun { cookie, .. } = sessions.begin(kim(), false, now).unwrap();
        let headers = with(&cookie, None);
        let end = sessions.of(&Method::GET, &headers, now).unwrap().unwrap().end;
        let stream = tokio::spawn(end.wait());
        assert!(sessions.of(&Method::GET, &headers, now).unwrap().is_some(), "it is used");
        tokio::task::yield_now().await;
        assert!(!stream.is_finished());
        sessions.end(&headers, false);
        stream.await.expect("its person left");
    }

    #[test]
    fn there_are_no_more_sessions_than_allowed() {
        let sessions = Sessions::default();
        let now = Instant::now();
        let first = sessions.begin(kim(), false, now).unwrap();
        for later in 1..=SESSIONS_MAX {
            sessions.begin(kim(), false, now + Duration::from_micros(later.try_into().unwrap())).unwrap();
        }
        assert_eq!(sessions.sessions().len(), SESSIONS_MAX);
        assert!(sessions.of(&Method::GET, &with(&first.cookie, None), now).unwrap().is_none());
    }
}
