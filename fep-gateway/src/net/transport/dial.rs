//! The gateway connects to the institution: from a certain address if the line has one, within a limit.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use fep_protocol::reason::CloseReason;
use socket2::SockRef;
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::timeout;

use super::Connected;
use super::http::{BearerToken, HttpCall, HttpStream};
use super::secured::{Counted, Secured};
use super::stream::{Transport, set_options};
use crate::config::TcpOptions;
use crate::tls::Tls;

/// The way to an institution.
#[derive(Clone, Debug)]
pub(in crate::net) struct Dial {
    /// `host:port`.
    pub(in crate::net) address: String,
    pub(in crate::net) source: Option<SocketAddr>,
    /// The longest time until the connection is established.
    pub(in crate::net) within: Duration,
    pub(in crate::net) tcp: TcpOptions,
    pub(in crate::net) tls: Option<Arc<Tls>>,
    /// How requests leave if the other side takes HTTP.
    pub(in crate::net) http: Option<HttpCall>,
}

impl Dial {
    /// Connects.
    pub(super) async fn connect(&self) -> Result<Connected, CloseReason> {
        let connecting = async {
            // Without its token no connection is made, so nothing is sent.
            let http = self.call().await.map_err(|error| self.failed(&error))?;
            let stream = self.tcp().await.map_err(|error| self.failed(&error))?;
            let peer = stream.peer_addr().map_err(|error| self.failed(&error))?.to_string();
            let stream = match &self.tls {
                None => Transport::Plain(stream),
                Some(tls) => {
                    let stream = tls.handshake(Counted::new(stream), &self.address).await?;
                    Transport::Tls(Box::new(Secured::new(*stream)))
                }
            };
            let stream = match http {
                None => stream,
                Some(call) => Transport::Http(Box::new(HttpStream::new(stream, call))),
            };
            Ok(Connected { stream, peer })
        };
        let timed_out = |_| CloseReason::ConnectTimeout { address: self.address.clone(), within: self.within };
        timeout(self.within, connecting).await.map_err(timed_out).flatten()
    }

    /// How the request leaves, with the token as it is now.
    async fn call(&self) -> io::Result<Option<HttpCall>> {
        let Some(call) = &self.http else { return Ok(None) };
        let Some(path) = call.target.token_file.clone() else { return Ok(Some(call.clone())) };
        let read = tokio::task::spawn_blocking(move || BearerToken::read(&path)).await.map_err(io::Error::other)?;
        Ok(Some(HttpCall { token: Some(read.map_err(io::Error::other)?), ..call.clone() }))
    }

    /// Connects to the first address that answers. A name may have several.
    async fn tcp(&self) -> io::Result<TcpStream> {
        let mut failed = None;
        for address in lookup_host(&self.address).await? {
            match self.tcp_to(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = Some(error),
            }
        }
        Err(failed.unwrap_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the name has no address")))
    }

    async fn tcp_to(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        set_options(SockRef::from(&socket), &self.tcp)?;
        if let Some(source) = self.source {
            // A fixed port is still occupied for a while after a connection, unless it may be reused.
            socket.set_reuseaddr(source.port() != 0)?;
            let cannot =
                |error: io::Error| io::Error::new(error.kind(), format!("cannot connect from {source}: {error}"));
            socket.bind(source).map_err(cannot)?;
        }
        socket.connect(address).await
    }

    fn failed(&self, error: &io::Error) -> CloseReason {
        CloseReason::ConnectFailed { address: self.address.clone(), error: error.to_string() }
    }
}
