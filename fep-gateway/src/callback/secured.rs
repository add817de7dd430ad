//! Posts a callback over TLS: one request over HTTP/1.1 on a connection of its own. Which certificates are trusted is said by `callback_tls`.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, HeaderMap};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use reqwest::Url;
use tokio::net::TcpStream;

use crate::config::TlsConfig;
use crate::tls::{Party, Tls};

/// How many settings of TLS are remembered, with their files. A reload can bring others.
const SETTINGS_MAX: usize = 64;

/// The port of https.
const HTTPS: u16 = 443;

/// The settings of TLS whose files were read. Changed files are read again.
#[derive(Debug, Default)]
pub(super) struct SecuredServices(Mutex<Vec<(TlsConfig, Arc<Tls>)>>);

impl SecuredServices {
    fn tls(&self, config: &TlsConfig) -> Arc<Tls> {
        // The list is valid after every single change, so a panic elsewhere does not damage it.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, tls)) = known.iter().find(|(known, _)| known == config) {
            return Arc::clone(tls);
        }
        let tls = Tls::new(config.clone(), Party::Service, true);
        if known.len() == SETTINGS_MAX {
            known.remove(0);
        }
        known.push((config.clone(), Arc::clone(&tls)));
        tls
    }

    /// Posts a body, and returns the reply when its head has come.
    ///
    /// # Errors
    /// If the service cannot be reached, or its certificate is not accepted. One line.
    pub(super) async fn post(
        &self,
        url: &Url,
        config: &TlsConfig,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Response<Body>, String> {
        let unreachable = |_| "the service cannot be reached".to_owned();
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or(HTTPS);
        let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await.map_err(unreachable)?;
        let peer = stream.peer_addr().map_err(unreachable)?.to_string();
        let stream = self.tls(config).handshake(stream, &peer).await.map_err(|why| why.to_string())?;
        let broke = |_: hyper::Error| "the connection to the service broke".to_owned();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broke)?;
        // It carries the request and the body of the reply, and ends with them, or when the reply is dropped.
        tokio::spawn(connection);
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let mut request = Request::post(path).header(CONNECTION, "close");
        if let Some(all) = request.headers_mut() {
            all.extend(headers);
        }
        let request = request.header(HOST, format!("{host}:{port}")).body(Body::from(body));
        let request = request.map_err(|_| "the configured callback is not a usable URL".to_owned())?;
        Ok(sender.send_request(request).await.map_err(broke)?.map(Body::new))
    }
}
