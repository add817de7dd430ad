//! Asks the server of an issuer for its keys: one GET over HTTP/1.1, with limits. It follows no redirect, because another place would be
//! another issuer. How often it is asked is decided by `issuer_keys`.

use std::error::Error;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONNECTION, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::config::{KEY_SET_MAX_BYTES, KeyServer, KeySet};
use crate::tls::{Party, Tls};

/// The longest wait for the keys, from the connection to the last byte. A request with a token may wait for them.
const ANSWER_MAX: Duration = Duration::from_secs(5);

type Failed = Box<dyn Error + Send + Sync>;

/// Fetches the keys.
///
/// # Errors
/// If they do not come in time or cannot be used. The reason is one line.
pub(super) async fn fetch(server: &KeyServer) -> Result<KeySet, String> {
    match timeout(ANSWER_MAX, asked(server)).await {
        Ok(Ok((StatusCode::OK, body))) => KeySet::parse(&body),
        Ok(Ok((status, _))) => Err(format!("the server answered {status}")),
        Ok(Err(error)) => Err(last_cause(&*error)),
        Err(_) => Err(format!("nothing came within {} s", ANSWER_MAX.as_secs())),
    }
}

async fn asked(server: &KeyServer) -> Result<(StatusCode, Vec<u8>), Failed> {
    let stream = TcpStream::connect((server.host.as_str(), server.port)).await?;
    let address = stream.peer_addr()?;
    match &server.tls {
        Some(tls) => {
            let tls = Tls::new(tls.clone(), Party::KeyServer, true);
            let stream = tls.handshake(stream, &address.to_string()).await.map_err(|why| why.to_string())?;
            exchange(stream, server).await
        }
        // `localhost` is what the system says it is.
        None if !address.ip().is_loopback() => {
            Err(format!("{} is not this machine but {address}: use https", server.host).into())
        }
        None => exchange(stream, server).await,
    }
}

async fn exchange<S>(stream: S, server: &KeyServer) -> Result<(StatusCode, Vec<u8>), Failed>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let host = if server.host.contains(':') { format!("[{}]", server.host) } else { server.host.clone() };
    let request = Request::get(&server.path).header(HOST, format!("{host}:{}", server.port));
    let request = request.header(ACCEPT, "application/json").header(CONNECTION, "close").body(Body::empty())?;
    let asked = async move {
        let reply = sender.send_request(request).await?;
        let status = reply.status();
        let body = to_bytes(Body::new(reply.into_body()), KEY_SET_MAX_BYTES).await;
        let body = body.map_err(|_| format!("the answer is cut off, or has more than {KEY_SET_MAX_BYTES} bytes"))?;
        Ok::<_, Failed>((status, body.to_vec()))
    };
    match tokio::join!(asked, connection) {
        (Ok(answer), _) => Ok(answer),
        // Why the connection ended says more than that it did.
        (Err(_), Err(ended)) => Err(ended.into()),
        (Err(error), Ok(())) => Err(error),
    }
}

/// The last cause of an error: the operating system's words.
fn last_cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
