//! Who a request comes from, and what that client may do. The access file is read again when it changes, so tokens and rights change
//! without a restart.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use axum::extract::{FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use fep_protocol::exchange::{Exchange, Passage};
use tokio::sync::watch;
use tracing::{error, info, warn};

use super::ends::{Ends, ProofEnd, now_s};
use super::error::ApiError;
use super::jwt::{Jwt, Jwts, is_jwt, nobody};
use super::origin::refuse_foreign_page;
use super::secured::OverTls;
use super::sessions::{Proved, SessionToken, Sessions};
use crate::config::{Access, Action, Client, TokenHash, TokenRefusal};
use crate::contract::GrantView;
use crate::contract::decisions::UNNAMED;
use crate::contract::problem::Problem;
use crate::gateway::Gateway;

/// How often the file is looked at.
const LOOK_PAUSE: Duration = Duration::from_secs(1);

/// The seconds of a day.
const DAY_S: i64 = 86_400;

/// The paths that need no token: what shows nothing of the business. A page asks with a token itself.
const OPEN: [&str; 3] = ["/", "/healthz", "/readyz"];
const OPEN_FOLDERS: [&str; 2] = ["/console/", "/problems"];

/// The rights that hold now.
#[derive(Debug)]
pub(super) struct Guard {
    /// `None` if there is no access file: then everybody may do everything.
    file: Option<File>,
    sessions: Sessions,
    jwts: Jwts,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    /// Whose institutions the file names. A reload changes them.
    gateway: Gateway,
    now: watch::Sender<Arc<Access>>,
    /// This file and those that it names, from before their last reading: what changes meanwhile is read again.
    seen: Mutex<Vec<(PathBuf, Option<Stamp>)>>,
}

/// By what a change of the file is seen. The permissions count as well, because a file that others can write is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    changed: Option<SystemTime>,
    len: u64,
    /// The file itself, and when anything of it changed.
    #[cfg(unix)]
    inode: (u64, i64, i64),
}

/// By what a client has proved who it is.
#[derive(Clone, Debug)]
pub(super) enum Credential {
    /// By nothing: there is no access file.
    None,
    /// By the token with this hash.
    Token(TokenHash),
    /// By a token of an issuer.
    Jwt(Box<Jwt>),
    /// By the cookie of a session with this second secret.
    Session(String),
    /// By the certificate of its connection.
    Certificate,
}

/// Who a request comes from. A route that asks for it can only be reached through [`authenticate`].
#[derive(Clone, Debug)]
pub(super) enum Who {
    /// Anybody: there is no access file.
    Anybody,
    /// A client of the access file.
    Client(Arc<Client>),
}

impl Guard {
    /// Reads the access file, if there is one. If it cannot be read, nobody may do anything until it can.
    pub(super) fn new(path: Option<&Path>, gateway: &Gateway) -> Arc<Self> {
        let file = path.map(|path| {
            let file = File {
                path: path.to_owned(),
                gateway: gateway.clone(),
                now: watch::Sender::new(Arc::default()),
                seen: Mutex::default(),
            };
            file.read();
            file
        });
        Arc::new(Self { file, sessions: Sessions::default(), jwts: Jwts::default() })
    }

    /// Reads the file again whenever it or the set of institutions changes, for ever.
    pub(super) async fn follow(&self) {
        let Some(file) = &self.file else { return std::future::pending().await };
        let mut today = now_s() / DAY_S;
        let mut reloads = file.gateway.institution_changes();
        loop {
            if today != now_s() / DAY_S {
                today = now_s() / DAY_S;
                // A token may have ended at midnight. Streams that began with it end, too.
                if warn_of_ends(&file.now.borrow()) {
                    file.now.send_modify(|_| {});
                }
            }
            let is_reloaded = tokio::select! {
                () = tokio::time::sleep(LOOK_PAUSE) => false,
                changed = reloads.changed() => changed.is_ok(),
            };
            if is_reloaded || file.is_changed() {
                file.read();
            }
            let access = Arc::clone(&file.now.borrow());
            if self.jwts.keys().refresh(access.issuers()) {
                // Streams that began with a key that was taken back end.
                file.now.send_modify(|_| {});
            }
        }
    }

    /// Checks that each name is that of a client.
    pub(super) fn are_clients<'n>(&self, names: impl IntoIterator<Item = &'n String>) -> Result<(), String> {
        let known = self.file.as_ref().map(|file| file.now.borrow().names());
        let mut names = names.into_iter();
        let Some(known) = known else {
            let refused = |name| format!("without an access file no caller has a name, so {name:?} would never match");
            return names.next().map_or(Ok(()), |name| Err(refused(name)));
        };
        let unknown = names.find(|name| !known.contains(*name));
        unknown.map_or(Ok(()), |name| Err(format!("the access file has no client {name:?}")))
    }

    /// The sessions of browsers.
    pub(super) fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// Finds out who a request comes from.
    pub(super) async fn authenticate(&self, request: &mut Request) -> Result<(), ApiError> {
        // From before the rights are looked at, so no change is missed behind that.
        let rights = self.file.as_ref().map(|file| file.now.subscribe());
        let identified = match &self.file {
            None => Ok((Who::Anybody, Credential::None, ProofEnd::default())),
            Some(file) => match self.shown(request) {
                Ok(None) => file.holder(request),
                Ok(Some(shown)) => self.holder_of(file, shown).await,
                Err(unknown) => Err(unknown),
            },
        };
        match identified {
            Ok((who, credential, ends)) => {
                request.extensions_mut().insert(Ends::new(ends, rights));
                request.extensions_mut().insert(who);
                request.extensions_mut().insert(credential);
                Ok(())
            }
            Err(_) if is_open(request.uri().path()) => Ok(()),
            Err(unknown) => Err(unknown),
        }
    }

    /// Finds out who has a token or a session.
    async fn holder_of(&self, file: &File, shown: Shown) -> Result<Identified, ApiError> {
        match shown {
            Shown::Token(token) => {
                let access = Arc::clone(&file.now.borrow());
                let hash = TokenHash::of(&token);
                match access.client(&hash, now_s()) {
                    Err(TokenRefusal::Unknown) if access.issuers().next().is_some() && is_jwt(&token) => {
                        let jwt = self.jwts.check(&access, &token, now_s()).await?;
                        let client = access.claimed(&jwt.claimed).ok_or_else(|| nobody(&jwt))?;
                        let ends = ProofEnd { last_s: Some(jwt.ends_s), session: None };
                        Ok((Who::Client(client), Credential::Jwt(Box::new(jwt)), ends))
                    }
                    client => Ok((of_file(client)?, Credential::Token(hash), ProofEnd::default())),
                }
            }
            Shown::Session(session) => {
                let access = Arc::clone(&file.now.borrow());
                let credential = Credential::Session(session.csrf);
                let ends = |last_s| ProofEnd { last_s, session: Some(session.end) };
                match session.token {
                    SessionToken::Own(hash) => Ok((of_file(access.client(&hash, now_s()))?, credential, ends(None))),
                    SessionToken::Issued(jwt) => {
                        self.jwts.still(&access, &jwt, now_s())?;
                        let client = access.claimed(&jwt.claimed).ok_or_else(|| nobody(&jwt))?;
                        Ok((Who::Client(client), credential, ends(Some(jwt.ends_s))))
                    }
                }
            }
        }
    }

    /// What a request shows to prove who it comes from, besides a certificate.
    fn shown(&self, request: &Request) -> Result<Option<Shown>, ApiError> {
        let headers = request.headers();
        let mut given = headers.get_all(AUTHORIZATION).iter();
        let token = given.next().and_then(|header| bearer(header.to_str().ok()?));
        if given.next().is_some() {
            return Err(ApiError::new(Problem::Unauthenticated, "the header Authorization is given twice"));
        }
        if let Some(token) = token {
            return Ok(Some(Shown::Token(token.to_owned())));
        }
        let session = self.sessions.of(request.method(), headers, Instant::now())?;
        Ok(session.map(Shown::Session))
    }
}

/// Who a request comes from, what proves it, and until when it does.
type Identified = (Who, Credential, ProofEnd);

/// What a request shows.
enum Shown {
    Token(String),
    Session(Proved),
}

/// The client that has a token of the file.
fn of_file(client: Result<&Arc<Client>, TokenRefusal>) -> Result<Who, ApiError> {
    match client {
        Ok(client) => Ok(Who::Client(Arc::clone(client))),
        Err(TokenRefusal::Unknown) => Err(ApiError::new(Problem::Unauthenticated, "no client has this token")),
        // Only who has the token gets here, so nobody else learns that there was one.
        Err(TokenRefusal::Expired(last_day)) => {
            let message = format!("this token ended with {last_day} (UTC)");
            Err(ApiError::new(Problem::TokenExpired, message).with("last_day", last_day))
        }
    }
}

/// The reply to a request of which nobody knows who sent it.
pub(super) fn challenge(unknown: ApiError) -> Response {
    let mut response = unknown.into_response();
    if response.status() == StatusCode::UNAUTHORIZED {
        let how = HeaderValue::from_static("Bearer realm=\"fep-gateway\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, how);
    }
    response
}

/// The token of `Bearer TOKEN`. The scheme has no case.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl File {
    /// Finds out who a request comes from that has neither a token nor a session: the holder of the certificate of its connection.
    fn holder(&self, request: &Request) -> Result<Identified, ApiError> {
        let unknown = |why: &str| ApiError::new(Problem::Unauthenticated, why);
        let Some(certificate) = OverTls::certificate_of(request.extensions())? else {
            let message =
                "this gateway wants a token: Authorization: Bearer …, a session, or the certificate of a client";
            return Err(unknown(message));
        };
        // A browser shows its certificate whichever page makes the request.
        refuse_foreign_page(request.headers())?;
        match self.now.borrow().holder(certificate.names()) {
            Some(client) => {
                let ends = ProofEnd { last_s: Some(certificate.ends_s()), session: None };
                Ok((Who::Client(Arc::clone(client)), Credential::Certificate, ends))
            }
            None => Err(unknown("no client, or more than one, has a name of this certificate in `certificates`")),
        }
    }

    /// Whether the file, or one that it names, has changed since it was read.
    fn is_changed(&self) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().any(|(path, stamp)| Stamp::of(path) != *stamp)
    }

    /// Reads the file. If it cannot be used, the rights stay as they are.
    fn read(&self) {
        let mut seen = vec![(self.path.clone(), Stamp::of(&self.path))];
        let mut note = |path: &Path| seen.push((path.to_owned(), Stamp::of(path)));
        let read = Access::load_noting(&self.path, &self.gateway.specs(), &mut note);
        // A single assignment is complete even after a panic elsewhere.
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        match read {
            Ok(access) => {
                info!(file = %self.path.display(), clients = access.len(), "these clients have rights now");
                warn_of_ends(&access);
                self.now.send_replace(Arc::new(access));
            }
            Err(why) => {
                error!(file = %self.path.display(), %why, "the access file cannot be used: rights stay as they were");
            }
        }
    }
}

/// Reports the tokens that end soon or have ended. Returns whether there are any.
fn warn_of_ends(access: &Access) -> bool {
    let ending = access.ending(now_s());
    ending.iter().for_each(|ending| warn!("{ending}"));
    !ending.is_empty()
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        let file = std::fs::metadata(path).ok()?;
        Some(Self {
            changed: file.modified().ok(),
            len: file.len(),
            #[cfg(unix)]
            inode: (file.ino(), file.ctime(), file.ctime_nsec()),
        })
    }
}

impl Who {
    /// The name of the client, for the journal.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Anybody => None,
            Self::Client(client) => Some(&client.name),
        }
    }

    /// Refuses what the client may not do with this telegram of this institution. `None` stands for all of them.
    pub(super) fn may(
        &self,
        action: Action,
        institution: Option<&str>,
        telegram: Option<&str>,
    ) -> Result<(), ApiError> {
        let Self::Client(client) = self else { return Ok(()) };
        if client.may(action, institution, telegram) {
            return Ok(());
        }
        let what = match (institution, telegram) {
            (None, None) => "everything".to_owned(),
            (None, Some(telegram)) => format!("{telegram} of every institution"),
            (Some(institution), None) => format!("all of {institution}"),
            (Some(institution), Some(telegram)) => format!("{telegram} of {institution}"),
        };
        let message = format!("{} has no right to {} {what}", client.name, action.name());
        Err(ApiError::new(Problem::Forbidden, message).with("action", action.name()).at(institution))
    }

    /// Whether the client may do this with something of this institution.
    pub(super) fn may_some(&self, action: Action, institution: &str) -> bool {
        match self {
            Self::Anybody => true,
            Self::Client(client) => client.may_some(action, institution),
        }
    }

    /// Whether the client may send anything.
    pub(super) fn may_send(&self) -> bool {
        let Self::Client(client) = self else { return true };
        client.grants.iter().any(|grant| grant.actions.contains(&Action::Send))
    }

    /// Whether the client sent this exchange.
    pub(super) fn sent(&self, exchange: &Exchange) -> bool {
        let sender = exchange.caller.as_ref().and_then(|caller| caller.client.as_deref());
        self.name().is_some_and(|name| sender == Some(name))
    }

    /// Refuses a client that may not see an exchange. It may if it sent it, also if another institution got it than the one that the
    /// client asked.
    pub(super) fn may_see(&self, exchange: &Exchange) -> Result<(), ApiError> {
        let telegram = Some(&*exchange.telegram);
        let asked = exchange.passage.as_ref().and_then(Passage::asked).unwrap_or(&exchange.institution);
        let own = self.sent(exchange) && self.may(Action::Send, Some(asked), telegram).is_ok();
        if own { Ok(()) } else { self.may(Action::Read, Some(&exchange.institution), telegram) }
    }

    /// Whether the client sees the secrets of an exchange in its reply: those of its own, unless the access file masks them. Others have to be
    /// revealed.
    pub(super) fn may_see_secrets(&self, exchange: &Exchange) -> bool {
        match self {
            Self::Anybody => true,
            Self::Client(client) => client.sees_own_secrets && self.sent(exchange),
        }
    }

    /// Whether the client sees the secrets of exchanges that it sends.
    pub(super) fn sees_own_secrets(&self) -> bool {
        match self {
            Self::Anybody => true,
            Self::Client(client) => client.sees_own_secrets,
        }
    }

    /// What the client may do. `None` if it may do everything.
    pub(super) fn grants(&self) -> Option<Vec<GrantView>> {
        let Self::Client(client) = self else { return None };
        Some(client.grants.iter().map(GrantView::from).collect())
    }

    /// The name under which a decision is recorded: that of the client, and of the person for whom it speaks.
    pub(super) fn decides(&self, person: String) -> String {
        match self {
            Self::Client(client) => match &client.speaks_for {
                None if person == UNNAMED => client.name.clone(),
                None => format!("{person} by {}", client.name),
                Some(subject) if person == UNNAMED => format!("{subject} by {}", client.name),
                Some(subject) => format!("{person} ({subject}) by {}", client.name),
            },
            Self::Anybody => person,
        }
    }
}

/// Whether a path needs no token.
pub(super) fn is_open(path: &str) -> bool {
    OPEN.contains(&path) || OPEN_FOLDERS.iter().any(|folder| path.starts_with(folder))
}

impl<S: Sync> FromRequestParts<S> for Credential {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(parts.extensions.get().cloned().unwrap_or(Self::None))
    }
}

impl<S: Sync> FromRequestParts<S> for Who {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let unknown = || ApiError::new(Problem::Unauthenticated, "nobody has said who asks");
        parts.extensions.get().cloned().ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_is_read_as_the_standard_says() {
        for header in ["Bearer fep_1", "bearer fep_1", "BEARER  fep_1 "] {
            assert_eq!(bearer(header), Some("fep_1"), "{header:?}");
        }
        for other in ["", "fep_1", "Basic fep_1", "Bearer"] {
            assert_eq!(bearer(other), None, "{other:?}");
        }
    }
}
