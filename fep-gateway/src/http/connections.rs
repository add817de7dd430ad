//! The connections of clients: how many there are, and how long each may take for what it sends and takes. What a request means is
//! not known here. A connection that a route took over for another protocol keeps its place, and the server waits for its end, too.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use hyper::body::Incoming;
use hyper::header::UPGRADE;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

use super::held::{Held, Upgrading};
use super::places::Places;
use super::secured::{OverTls, Secured};
use super::source::Address;
use super::watched::{Requests, Watched};
use crate::config::Http;

/// The largest head of a request, in bytes.
const HEAD_MAX_BYTES: usize = 64 * 1024;

/// The pause after a connection could not be accepted, because the process or the machine has no more files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// The files that the process needs besides those of clients and lines: the journal, its index and archives, callbacks, the log.
const OTHER_FILES: u64 = 128;

/// Serves connections until `stop` completes. Then it waits until all requests have their replies.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    settings: &Http,
    connections_max: usize,
    stop: impl Future<Output = ()>,
) {
    let places = Places::new(connections_max);
    let secured = settings.tls.as_ref().map(Secured::new);
    // Each connection has a sender until it ends.
    let (alive, mut all_gone) = mpsc::channel(1);
    let (ending, ends) = watch::channel(());
    let mut stop = pin!(stop);
    loop {
        let accepted = async {
            let (stream, _) = listener.accept().await?;
            // Without it, a small reply may wait for the client's acknowledgement. An error shows at the next read, too.
            let _ = stream.set_nodelay(true);
            Ok((stream, places.take().await))
        };
        let accepted: io::Result<_> = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok((stream, place)) => {
                let held = Held::new(place, alive.clone());
                let client = Arriving { stream, settings, places: &places, router: &router, held, ends: ends.clone() };
                match &secured {
                    None => drop(tokio::spawn(client.plain())),
                    Some(secured) => drop(tokio::spawn(client.over_tls(Arc::clone(secured)))),
                }
            }
            Err(error) if is_of_the_client(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection of a client can be accepted now");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    // Handshakes end. Requests get their replies.
    drop(ending);
    drop(alive);
    // Nothing is sent: it completes when the last sender is gone.
    let _ = all_gone.recv().await;
}

/// A client that has connected.
struct Arriving<'s> {
    stream: TcpStream,
    settings: &'s Http,
    places: &'s Arc<Places>,
    router: &'s Router,
    held: Held,
    /// Its sender is dropped when the server stops.
    ends: watch::Receiver<()>,
}

impl Arriving<'_> {
    fn plain(self) -> impl Future<Output = ()> + Send + use<> {
        let address = address_of(&self.stream);
        let requests = Requests::default();
        let watched = Watched::new(self.stream, requests.clone(), Arc::clone(self.places), self.settings);
        let client = ClientOf { address, over: None, held: self.held, ends: self.ends };
        requests_of(watched, requests, client, self.router)
    }

    fn over_tls(self, secured: Arc<Secured>) -> impl Future<Output = ()> + Send + use<> {
        let Self { mut stream, settings, places, router, held, mut ends } = self;
        let address = address_of(&stream);
        let settings = settings.clone();
        let places = Arc::clone(places);
        let router = router.clone();
        async move {
            let requests = Requests::default();
            let shaking = async {
                secured.is_begun(&mut stream, &places, settings.idle_timeout).await?;
                let watched = Watched::new(stream, requests.clone(), places, &settings);
                secured.handshake(watched).await
            };
            let shaken = tokio::select! {
                // The sender is gone: the server stops.
                _ = ends.changed() => None,
                shaken = shaking => shaken,
            };
            if let Some((stream, over)) = shaken {
                let client = ClientOf { address, over: Some(over), held, ends };
                requests_of(stream, requests, client, &router).await;
            }
        }
    }
}

/// What is known about the client of a connection.
struct ClientOf {
    address: Option<Address>,
    over: Option<OverTls>,
    /// What its connection has until it ends.
    held: Held,
    ends: watch::Receiver<()>,
}

/// From where a client came. `None` if it has left already.
fn address_of(stream: &TcpStream) -> Option<Address> {
    stream.peer_addr().ok().map(|peer| Address::new(peer.ip()))
}

/// Serves the requests of a connection.
fn requests_of<S>(
    stream: S,
    requests: Requests,
    client: ClientOf,
    router: &Router,
) -> impl Future<Output = ()> + Send + use<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = TokioIo::new(stream);
    let routes = TowerToHyperService::new(router.clone());
    let ClientOf { address, over, held, mut ends } = client;
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let running = requests.begin();
        if request.headers().contains_key(UPGRADE) {
            let upgrading = Upgrading::new(held.clone(), requests.begin());
            request.extensions_mut().insert(upgrading);
        }
        if let Some(address) = address {
            request.extensions_mut().insert(address);
        }
        over.iter().for_each(|over| drop(request.extensions_mut().insert(over.clone())));
        let reply = routes.call(request);
        async move {
            let reply = reply.await?;
            Ok::<_, Infallible>(reply.map(|body| running.replies(body)))
        }
    });
    let mut http = http1::Builder::new();
    // The header has no form for a clock before 1970.
    http.max_buf_size(HEAD_MAX_BYTES).auto_date_header(SystemTime::now() >= SystemTime::UNIX_EPOCH);
    let connection = http.serve_connection(stream, service).with_upgrades();
    async move {
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = &mut connection => ended,
            // The sender is gone: the request that runs gets its reply.
            _ = ends.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(why = why(&error), "a client's connection ended");
            metrics::counter!("fep_http_connections_cut_total", "why" => kind(&error)).increment(1);
        }
    }
}

/// How many connections of clients there may be, so that lines and other listeners always have files. Raises the limit of the process as far as it may.
pub(super) fn connections_max(wanted: usize, links: usize, others: usize) -> usize {
    let others = u64::try_from(others).unwrap_or(u64::MAX);
    let reserved =
        OTHER_FILES.saturating_add(others).saturating_add(u64::try_from(links).unwrap_or(u64::MAX).saturating_mul(2));
    let Some(files) = files_max() else { return wanted };
    let left = usize::try_from(files.saturating_sub(reserved)).unwrap_or(usize::MAX).max(1);
    if left < wanted {
        tracing::warn!(
            files,
            reserved,
            connections_max = left,
            "the process may open too few files for `[http] connections_max = {wanted}`: raise its limit (LimitNOFILE, ulimit -n)"
        );
    }
    wanted.min(left)
}

/// The number of files that the process may open. `None` if there is no limit.
#[cfg(unix)]
fn files_max() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let is_raised = limit.current != limit.maximum && setrlimit(Resource::Nofile, raised).is_ok();
    if is_raised { limit.maximum } else { limit.current }
}

#[cfg(not(unix))]
fn files_max() -> Option<u64> {
    None
}

/// Whether only this connection failed.
fn is_of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// The cause behind an error.
fn cause(error: &hyper::Error) -> Option<&io::Error> {
    std::error::Error::source(error)?.downcast_ref()
}

fn why(error: &hyper::Error) -> String {
    cause(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// The stable name of the reason.
fn kind(error: &hyper::Error) -> &'static str {
    match cause(error).map(io::Error::kind) {
        Some(io::ErrorKind::TimedOut) => "too_slow",
        Some(io::ErrorKind::QuotaExceeded) => "place_needed",
        _ if error.is_parse() => "not_http",
        _ => "client",
    }
}
