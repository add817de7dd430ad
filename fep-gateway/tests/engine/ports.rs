//! Ports of 127.0.0.1 for tests that run beside others.

use std::sync::atomic::{AtomicU16, Ordering};

use tokio::net::{TcpListener, TcpStream};

/// A port on which no process listens.
pub(crate) async fn dead_port() -> u16 {
    listener().await.local_addr().unwrap().port()
}

/// A listener on a port that nobody else gets when it is closed: the system gives ports from 32768 on to processes that ask for any port, also to
/// a connection, which can even be connected to itself.
pub(crate) async fn listener() -> TcpListener {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 10_000).unwrap();
    for _ in 0..10_000 {
        let port = 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed) % 10_000) % 10_000;
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)).await {
            return listener;
        }
    }
    panic!("no port is free");
}

/// Whether a process listens on the port.
pub(crate) async fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).await.is_ok()
}
