//! A cable between two programs that a test can pull: TCP connections that are passed on, closed, or answered by silence.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// What becomes of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cable {
    /// They pass.
    Whole = 0,
    /// Connections are closed, and new ones at once.
    Pulled = 1,
    /// What is sent arrives, and what comes back is lost.
    Silent = 2,
}

/// A listener that passes connections on to one address.
pub(crate) struct Proxy {
    port: u16,
    cable: Arc<AtomicU8>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    /// Passes on to this address.
    pub(crate) fn to(address: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let cable = Arc::new(AtomicU8::new(Cable::Whole as u8));
        let streams = Arc::<Mutex<Vec<TcpStream>>>::default();
        let ours = (Arc::clone(&cable), Arc::clone(&streams));
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if ours.0.load(Ordering::SeqCst) == Cable::Pulled as u8 {
                    continue;
                }
                let Ok(far) = TcpStream::connect(&address) else { continue };
                let both = [near.try_clone().expect("a handle"), far.try_clone().expect("a handle")];
                ours.1.lock().expect("the streams").extend(both);
                let back = (far.try_clone().expect("a handle"), near.try_clone().expect("a handle"));
                let cable = Arc::clone(&ours.0);
                thread::spawn(move || pass(near, far, || true));
                thread::spawn(move || pass(back.0, back.1, || cable.load(Ordering::SeqCst) != Cable::Silent as u8));
            }
        });
        Self { port, cable, streams }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Changes what becomes of the bytes.
    pub(crate) fn set(&self, cable: Cable) {
        self.cable.store(cable as u8, Ordering::SeqCst);
        if cable == Cable::Pulled {
            for stream in self.streams.lock().expect("the streams").drain(..) {
                // An error means that it is closed.
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, passes: impl Fn() -> bool) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count) = from.read(&mut buffer)
        && count > 0
    {
        if passes() && to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    // An error means that it is closed.
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
