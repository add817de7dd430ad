//! The command `fep-gateway replay`: a recording of market data as a feed for whoever connects, at any speed. It is for tests, exercises and questions about a
//! day that is over.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use fep_stream::{Filled, Replay, Source, Speed};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use super::{Failure, say, stop_asked};

pub(crate) const HELP: &str = "Example: fep-gateway replay quotes.feed --listen 127.0.0.1:9101 --speed 10\n\
                               A stream of a configuration writes such a file: recording = { file = \"quotes.feed\" }";

/// The most feeds at a time. Each reads the file for itself.
const FEEDS_MAX: usize = 100;

/// The pause after a connection could not be taken.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
pub(crate) struct Replaying {
    /// The recording.
    file: PathBuf,
    /// The address on which feeds are taken. Each connection gets the whole recording.
    #[arg(long, value_name = "ADDRESS")]
    listen: SocketAddr,
    /// How many times as fast as it was recorded, such as 10 or 0.5; `max` is as fast as the other side reads.
    #[arg(long, value_name = "TIMES", default_value = "1", value_parser = speed)]
    speed: Speed,
}

fn speed(text: &str) -> Result<Speed, String> {
    if text == "max" {
        return Ok(Speed::Fastest);
    }
    let times: f64 = text.parse().map_err(|_| "it is a number, such as 10 or 0.5, or `max`".to_owned())?;
    if times > 0.0 { Ok(Speed::Times(times)) } else { Err("it is more than 0".to_owned()) }
}

impl Replaying {
    /// Replays to everybody who connects, until the process is stopped.
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let file = self.file.display();
        // A file that is no recording is a mistake of the command, and not of the first one who connects.
        let opened = Replay::open(&self.file, self.speed).await;
        drop(opened.map_err(|error| Failure::because(&file, error))?);
        let listener = TcpListener::bind(self.listen).await;
        let listener =
            listener.map_err(|error| Failure::because(format!("cannot listen on {}", self.listen), error))?;
        let at = listener.local_addr().unwrap_or(self.listen);
        let mut stop = std::pin::pin!(stop_asked());
        say(&format!("{file} is replayed to whoever connects to {at}"));
        let mut feeds = tokio::task::JoinSet::new();
        loop {
            let connected = tokio::select! {
                () = &mut stop => return Ok(()),
                Some(ended) = feeds.join_next() => {
                    say(&ended.unwrap_or_else(|panic| panic.to_string()));
                    continue;
                }
                connected = listener.accept(), if feeds.len() < FEEDS_MAX => connected,
            };
            match connected {
                Ok((line, peer)) => match Replay::open(&self.file, self.speed).await {
                    Ok(replay) => {
                        feeds.spawn(async move { format!("{peer}: {}", replayed(replay, line).await) });
                    }
                    // The others get theirs to the end.
                    Err(error) => {
                        say(&format!("{peer}: {}: {error}", self.file.display()));
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                // The usual cause is a lack of file descriptors, and only waiting helps.
                Err(error) => {
                    say(&format!("a connection could not be taken: {error}"));
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Sends a recording. Returns how it ended.
async fn replayed(mut replay: Replay, mut line: TcpStream) -> String {
    let mut buffer = bytes::BytesMut::new();
    let mut sent = 0_u64;
    // A small frame must not wait for the acknowledgement of the one before it. An error shows when it is sent, too.
    let _ = line.set_nodelay(true);
    loop {
        match poll_fn(|context| replay.poll_fill(context, &mut buffer)).await {
            Filled::Connected => {}
            Filled::Bytes(_) => {
                if let Err(error) = line.write_all(&buffer).await {
                    return format!("it left after {sent} bytes: {error}");
                }
                sent += buffer.len() as u64;
                buffer.clear();
            }
            Filled::Disconnected(reason) | Filled::Ended(Some(reason)) => {
                return format!("after {sent} bytes: {reason}");
            }
            Filled::Ended(None) => {
                // An error means that the other side has left.
                let _ = line.shutdown().await;
                return format!("the whole recording was sent, {sent} bytes");
            }
        }
    }
}
