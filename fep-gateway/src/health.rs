//! The command `fep-gateway health`: asks a running gateway on this machine how it is, for health checks without curl.
//!
//! What the answer means is decided by the routes `/healthz` and `/readyz`. This is only their client.

mod own_certificate;

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use fep_gateway::config::{Http, TlsConfig};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Failure, load, say};

/// The longest wait for the answer. A health check has its own, longer time limit.
const ANSWER_MAX: Duration = Duration::from_secs(3);

/// The longest answer, in bytes.
const ANSWER_MAX_BYTES: usize = 64 * 1024;

/// What the gateway says about itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// All is well.
    Good,
    /// It is not, and why.
    Bad(Vec<String>),
}

/// Carries out the command: asks the gateway that runs with this configuration. Exit code 1 if it is not well.
pub(super) async fn run(path: &Path, ready: bool, client: Option<(PathBuf, PathBuf)>) -> Result<ExitCode, Failure> {
    let http = load(path)?.http;
    let asked = http.metrics.as_ref().map_or_else(|| http.clone(), |own| http.of(own));
    match ask(&asked, ready, client).await {
        Health::Good => Ok(ExitCode::SUCCESS),
        Health::Bad(reasons) => {
            reasons.iter().for_each(|reason| say(&format!("fep-gateway: {reason}")));
            Ok(ExitCode::from(1))
        }
    }
}

/// Asks the gateway that listens so: whether it is alive, or whether it is ready. `client` is the certificate that a listener may ask for,
/// and its key.
pub(crate) async fn ask(http: &Http, ready: bool, client: Option<(PathBuf, PathBuf)>) -> Health {
    let address = reachable(http.listen);
    let path = if ready { "/readyz" } else { "/healthz" };
    let url = format!("{}://{address}{path}", if http.tls.is_some() { "https" } else { "http" });
    let asked = timeout(ANSWER_MAX, answer(address, path, http.tls.as_ref(), client)).await;
    let answered = asked.unwrap_or_else(|_| Err(format!("nothing came within {} s", ANSWER_MAX.as_secs()).into()));
    match answered {
        Ok((status, body)) => judge(&url, status, &body),
        Err(error) => Health::Bad(vec![format!("{url} does not answer: {}", root(&*error))]),
    }
}

type Failed = Box<dyn Error + Send + Sync>;

async fn answer(
    address: SocketAddr,
    path: &str,
    tls: Option<&TlsConfig>,
    client: Option<(PathBuf, PathBuf)>,
) -> Result<(StatusCode, Bytes), Failed> {
    let stream = TcpStream::connect(address).await?;
    match tls {
        None => exchange(stream, address, path).await,
        Some(tls) => exchange(own_certificate::connect(stream, address, tls, client).await?, address, path).await,
    }
}

async fn exchange<S>(stream: S, address: SocketAddr, path: &str) -> Result<(StatusCode, Bytes), Failed>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get(path).header(HOST, address.to_string()).header(CONNECTION, "close");
    let request = request.body(Body::empty())?;
    let asked = async move {
        let reply = sender.send_request(request).await?;
        let status = reply.status();
        Ok::<_, Failed>((status, to_bytes(Body::new(reply.into_body()), ANSWER_MAX_BYTES).await?))
    };
    match tokio::join!(asked, connection) {
        (Ok(answer), _) => Ok(answer),
        // Why the connection ended says more than that it did.
        (Err(_), Err(ended)) => Err(ended.into()),
        (Err(error), Ok(())) => Err(error),
    }
}

fn judge(url: &str, status: StatusCode, body: &[u8]) -> Health {
    if status.is_success() {
        return Health::Good;
    }
    // Another program may have the port, so the body can be anything.
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let reasons = body.get("reasons").and_then(Value::as_array).into_iter().flatten();
    let mut reasons: Vec<_> = reasons.filter_map(Value::as_str).map(str::to_owned).collect();
    if reasons.is_empty() {
        reasons.push(format!("{url} answers {status}"));
    }
    Health::Bad(reasons)
}

/// The last cause of an error: the operating system's words.
fn root(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// An address at which this machine reaches the listener. One for all interfaces is reached at the loopback interface.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_for_all_interfaces_is_asked_at_the_loopback_interface() {
        for (listen, asked) in
            [("0.0.0.0:1", "127.0.0.1:1"), ("[::]:1", "[::1]:1"), ("192.0.2.7:8470", "192.0.2.7:8470")]
        {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), asked);
        }
    }
}
