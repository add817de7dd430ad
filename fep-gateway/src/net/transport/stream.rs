//! The stream of a connection, and its options. TCP with or without TLS. It knows nothing of frames: the link does.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::http::HttpStream;
use super::secured::Secured;
use crate::config::TcpOptions;

/// A connection of a link.
#[derive(Debug)]
pub(in crate::net) enum Transport {
    Plain(TcpStream),
    Tls(Box<Secured<TcpStream>>),
    /// Requests over HTTP, on one of the others.
    Http(Box<HttpStream<Transport>>),
    #[cfg(feature = "simulation")]
    Simulated(Box<dyn crate::ground::Stream>),
}

/// Sets the options of a socket, before or after it is connected.
pub(super) fn set_options(socket: SockRef<'_>, options: &TcpOptions) -> io::Result<()> {
    // Disable Nagle's algorithm: a telegram must not wait for the acknowledgement of the previous one.
    socket.set_tcp_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(options.keepalive_idle)
        .with_interval(options.keepalive_interval)
        .with_retries(options.keepalive_count);
    socket.set_tcp_keepalive(&keepalive)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(options.user_timeout))?;
    Ok(())
}

impl AsyncRead for Transport {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
            Self::Http(stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
            #[cfg(feature = "simulation")]
            Self::Simulated(stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
            Self::Http(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
            #[cfg(feature = "simulation")]
            Self::Simulated(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write_vectored(cx, slices),
            Self::Http(stream) => Pin::new(stream.as_mut()).poll_write_vectored(cx, slices),
            #[cfg(feature = "simulation")]
            Self::Simulated(stream) => Pin::new(stream.as_mut()).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
            Self::Http(stream) => stream.is_write_vectored(),
            #[cfg(feature = "simulation")]
            Self::Simulated(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
            Self::Http(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
            #[cfg(feature = "simulation")]
            Self::Simulated(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
            Self::Http(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
            #[cfg(feature = "simulation")]
            Self::Simulated(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn the_kernel_has_the_options_of_the_line() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let options = TcpOptions {
            keepalive_idle: Duration::from_secs(45),
            keepalive_interval: Duration::from_secs(7),
            keepalive_count: 4,
            user_timeout: Duration::from_millis(12_500),
        };
        let socket = SockRef::from(&stream);
        assert!(!socket.keepalive().unwrap());
        set_options(SockRef::from(&stream), &options).unwrap();
        assert!(socket.tcp_nodelay().unwrap() && socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), options.keepalive_idle);
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), options.keepalive_interval);
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), options.keepalive_count);
        #[cfg(target_os = "linux")]
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(options.user_timeout));
    }
}
