//! TLS on the way out: no write fails of which the kernel may have a byte.
//!
//! A link says that a telegram was certainly not sent if its write failed. The kernel keeps to that: what fails took nothing. TLS does
//! not: it takes telegrams, seals them in records, and hands one record after the other to the kernel. If a later record fails, the
//! write fails, and the institution may have telegrams of the records before. Such a write succeeds here, and the error comes with
//! the next call. So its telegrams are unknown, and not "not sent".

use std::io::{Error, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsStream;

/// A TLS stream that tells an error of a write only when the kernel took nothing since the write began.
#[derive(Debug)]
pub(in crate::net) struct Secured<S> {
    stream: TlsStream<Counted<S>>,
    failed: Option<Error>,
}

/// A stream that knows how often it took bytes.
#[derive(Debug)]
pub(in crate::net) struct Counted<S> {
    stream: S,
    times_taken: u64,
}

impl<S> Secured<S> {
    pub(super) fn new(stream: TlsStream<Counted<S>>) -> Self {
        Self { stream, failed: None }
    }

    /// Writes, by a call of the TLS stream. `offered` is the number of bytes that the call has.
    fn write(
        &mut self,
        offered: usize,
        write: impl FnOnce(Pin<&mut TlsStream<Counted<S>>>) -> Poll<Result<usize>>,
    ) -> Poll<Result<usize>>
    where
        S: Unpin,
    {
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Err(error));
        }
        let before = self.times_taken();
        match write(Pin::new(&mut self.stream)) {
            Poll::Ready(Err(error)) if self.times_taken() != before && offered > 0 => {
                self.failed = Some(error);
                Poll::Ready(Ok(offered))
            }
            written => written,
        }
    }

    fn times_taken(&self) -> u64 {
        self.stream.get_ref().0.times_taken
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Secured<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Secured<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        self.get_mut().write(bytes.len(), |stream| stream.poll_write(cx, bytes))
    }

    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<Result<usize>> {
        let offered = slices.iter().map(|slice| slice.len()).sum();
        self.get_mut().write(offered, |stream| stream.poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let this = self.get_mut();
        match this.failed.take() {
            Some(error) => Poll::Ready(Err(error)),
            None => Pin::new(&mut this.stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

impl<S> Counted<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, times_taken: 0 }
    }

    fn count(&mut self, written: &Poll<Result<usize>>) {
        self.times_taken += u64::from(matches!(written, Poll::Ready(Ok(count)) if *count > 0));
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.count(&written);
        written
    }

    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.count(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Waker;

    use fep_protocol::exchange::TelegramBytes;
    use fep_protocol::terms::Ticket;
    use tokio::io::{AsyncReadExt as _, DuplexStream, duplex};
    use tokio::time::Instant;
    use tokio_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::*;
    use crate::net::outbox::Outbox;

    /// A connection that breaks when it has taken as many bytes as it has room for.
    #[derive(Debug)]
    struct Breaks {
        stream: DuplexStream,
        room: Arc<AtomicUsize>,
    }

    impl AsyncRead for Breaks {
        fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
            Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
        }
    }

    impl AsyncWrite for Breaks {
        fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
            let this = self.get_mut();
            let room = this.room.load(Ordering::Relaxed);
            if room == 0 {
                return Poll::Ready(Err(ErrorKind::ConnectionReset.into()));
            }
            let part = bytes.get(..bytes.len().min(room)).unwrap_or_default();
            let written = Pin::new(&mut this.stream).poll_write(cx, part);
            if let Poll::Ready(Ok(count)) = written {
                this.room.fetch_sub(count, Ordering::Relaxed);
            }
            written
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// Both sides of a TLS connection.
    async fn connection(room: &Arc<AtomicUsize>) -> (Secured<Breaks>, TlsStream<DuplexStream>) {
        let made = rcgen::generate_simple_self_signed(vec!["bank.test".to_owned()]).unwrap();
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let server = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
        let (ours, theirs) = duplex(1 << 20);
        let ours = Counted::new(Breaks { stream: ours, room: Arc::clone(room) });
        let name = ServerName::try_from("bank.test").unwrap();
        let connecting = TlsConnector::from(Arc::new(client)).connect(name, ours);
        let accepting = TlsAcceptor::from(Arc::new(server)).accept(theirs);
        let (ours, theirs) = tokio::try_join!(connecting, accepting).unwrap();
        (Secured::new(ours.into()), theirs.into())
    }

    /// Writes ten telegrams of 4,000 bytes to a connection that breaks after `room_now` bytes. Returns how many bytes of them the
    /// institution reads, and how many of them are told as not sent.
    async fn write(room_now: usize) -> (usize, usize) {
        let room = Arc::new(AtomicUsize::new(usize::MAX));
        let (mut ours, mut theirs) = connection(&room).await;
        room.store(room_now, Ordering::Relaxed);
        let outbox = Outbox::new(10);
        for ticket in 0..10 {
            assert!(outbox.push(Ticket(ticket), TelegramBytes::copy_of(&[b'x'; 4000]), None));
        }
        let cx = &mut Context::from_waker(Waker::noop());
        let error = loop {
            match outbox.poll_write(cx, &mut ours, Instant::now()) {
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => break error,
                Poll::Pending => match Pin::new(&mut ours).poll_flush(cx) {
                    Poll::Ready(Err(error)) => break error,
                    flushed => panic!("{flushed:?}"),
                },
            }
        };
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        let untouched = outbox.untouched().len();
        drop(ours);
        let mut read = 0;
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count @ 1..) = theirs.read(&mut buffer).await {
            read += count;
        }
        (read, untouched)
    }

    #[tokio::test]
    async fn what_the_institution_can_read_is_never_told_as_not_sent() {
        let mut seen = 0;
        for room in [0, 1, 100, 16_405, 17_000, 20_000, 33_000, 40_000] {
            let (read, untouched) = write(room).await;
            let begun = read.div_ceil(4000);
            assert!(begun + untouched <= 10, "{room}: {read} bytes are read, {untouched} telegrams are not sent");
            seen += begun;
        }
        assert!(seen > 10, "the institution reads telegrams: {seen}");
        assert_eq!(write(0).await, (0, 10), "a connection that is gone takes nothing");
    }
}
