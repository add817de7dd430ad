//! A way to the database that breaks at a chosen moment of a commit.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Where the next commit is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::journal) enum Cut {
    /// It does not reach the server.
    BeforeCommit = 1,
    /// It reaches the server, and the answer does not come back.
    AfterCommit = 2,
}

/// A proxy. Each cut happens once and ends its connection.
pub(in crate::journal) struct Proxy {
    pub(in crate::journal) port: u16,
    cut: Arc<AtomicU8>,
}

impl Proxy {
    /// A proxy in front of a server.
    pub(in crate::journal) fn new(server: (String, u16)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = Arc::new(AtomicU8::new(0));
        let shared = Arc::clone(&cut);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let server = TcpStream::connect((server.0.as_str(), server.1)).unwrap();
                pass(client.unwrap(), server, &shared);
            }
        });
        Self { port, cut }
    }

    /// Cuts the next commit.
    pub(in crate::journal) fn cut(&self, at: Cut) {
        self.cut.store(at as u8, Ordering::SeqCst);
    }
}

/// Passes bytes in both directions on threads of their own.
fn pass(mut client: TcpStream, mut server: TcpStream, cut: &Arc<AtomicU8>) {
    let mut to_client = client.try_clone().unwrap();
    let mut from_server = server.try_clone().unwrap();
    let swallows = Arc::new(AtomicU8::new(0));
    let swallowed = Arc::clone(&swallows);
    std::thread::spawn(move || {
        let mut buffer = [0; 65_536];
        while let Ok(len @ 1..) = from_server.read(&mut buffer) {
            if swallowed.load(Ordering::SeqCst) > 0 {
                break;
            }
            if to_client.write_all(&buffer[..len]).is_err() {
                break;
            }
        }
        // The answer of the server was the last one.
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let cut = Arc::clone(cut);
    std::thread::spawn(move || {
        let mut buffer = [0; 65_536];
        while let Ok(len @ 1..) = client.read(&mut buffer) {
            let sent = &buffer[..len];
            // 0 stands for no cut.
            if sent.windows(6).any(|bytes| bytes == b"COMMIT") {
                match cut.swap(0, Ordering::SeqCst) {
                    1 => break,
                    2 => swallows.store(1, Ordering::SeqCst),
                    _ => {}
                }
            }
            if server.write_all(sent).is_err() {
                break;
            }
        }
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
    });
}
