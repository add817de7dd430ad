//! A stream of market data over a WebSocket (RFC 6455): each event is a text message. What a consumer gets, and who may get it, is said elsewhere.
//!
//! A client sends nothing but pongs, pings and its close. Its buffer and its policy are those of each consumer: no event is taken from them while the client
//! takes no byte, and its connection is cut when that lasts for `[http] reply_timeout_ms`.

use std::fmt::Write as _;
use std::future::Future;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{FutureExt, SinkExt};
use tokio::time::{Instant, sleep_until, timeout};

use super::StreamEnd;
use super::events::KEEP_ALIVE;
use super::held::Upgrading;
use crate::streams::{Shown, Telling};

/// The longest frame that a client may send, in bytes. A control frame has at most 125.
const CLIENT_FRAME_MAX: usize = 1024;

/// What is read of a client at a time, and what is gathered for it before it is written, in bytes.
const READ_BYTES: usize = 4 * 1024;
const WRITE_BYTES: usize = 64 * 1024;

/// The most bytes that wait for a client which does not read, such as the replies to its pings.
const UNSENT_MAX: usize = 4 << 20;

/// The events that are written together, if they are there already.
const BATCH_EVENTS: usize = 256;

/// How many pings and pongs a client may send in a span.
const SIGNS_MAX: u32 = 100;
const SIGNS_SPAN: Duration = Duration::from_secs(10);

/// How long a client has for its part of the close when the server stops.
const CLOSE_MAX: Duration = Duration::from_millis(300);

/// How a WebSocket ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// The client has closed it, or its connection is gone.
    ByClient,
    /// The client sent text or binary data.
    Sent,
    /// What the client sent cannot be read.
    Unreadable(Unreadable),
    /// The client sent more signs of life than anybody needs.
    Restless,
    /// The client gave no sign of life.
    Silent,
    /// Its buffer was full, and its policy says that it ends.
    TooSlow,
    /// The stream was stopped by a reload.
    Stopped,
    /// The server stops, or rights have changed.
    Not(StreamEnd),
}

/// Why a frame cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unreadable {
    /// It is longer than a client may send.
    TooLong,
    /// It is text that is no UTF-8.
    NoText,
    /// It is none by the rules of RFC 6455.
    NoFrame,
}

impl Unreadable {
    /// The library hides its errors behind their words. The test of each close knows these.
    fn of(error: &axum::Error) -> Self {
        let words = error.to_string();
        match words {
            words if words.starts_with("Space limit exceeded") => Self::TooLong,
            words if words.starts_with("UTF-8 encoding error") => Self::NoText,
            _ => Self::NoFrame,
        }
    }
}

/// Tells a client over a WebSocket what it would be told over server-sent events, until `ends` completes.
pub(super) fn carry(
    upgrade: WebSocketUpgrade,
    mut telling: Telling,
    ends: impl Future<Output = StreamEnd> + Send + 'static,
    upgrading: Option<Upgrading>,
    reply_timeout: Duration,
) -> Response {
    let upgrade = upgrade.max_frame_size(CLIENT_FRAME_MAX).max_message_size(CLIENT_FRAME_MAX);
    let upgrade = upgrade.read_buffer_size(READ_BYTES).write_buffer_size(WRITE_BYTES);
    let upgrade = upgrade.max_write_buffer_size(UNSENT_MAX);
    upgrade.on_upgrade(move |mut socket| async move {
        let ended = tokio::select! {
            ended = tell(&mut socket, &mut telling, reply_timeout) => ended,
            end = ends => Ended::Not(end),
        };
        // Its place among the consumers is free before the client has said its part.
        drop(telling);
        let max = if ended == Ended::Not(StreamEnd::Stopping) { CLOSE_MAX } else { reply_timeout };
        // With one more, the connection is dropped.
        let _ = timeout(max, close(socket, ended)).await;
        drop(upgrading);
    })
}

/// Tells everything, and asks for a sign of life from time to time.
async fn tell(socket: &mut WebSocket, telling: &mut Telling, reply_timeout: Duration) -> Ended {
    let ping_every = KEEP_ALIVE.min(reply_timeout);
    let silence_max = ping_every.saturating_add(reply_timeout);
    let mut is_asked = false;
    let mut signs = 0_u32;
    let mut counted_since = Instant::now();
    let timer = sleep_until(Instant::now() + ping_every);
    tokio::pin!(timer);
    loop {
        tokio::select! {
            shown = telling.next() => {
                let Some(shown) = shown else {
                    return match (telling.was_too_slow(), telling.ends_with_gateway()) {
                        (true, _) => Ended::TooSlow,
                        (false, true) => Ended::Not(StreamEnd::Stopping),
                        (false, false) => Ended::Stopped,
                    };
                };
                if write(socket, telling, shown).await.is_err() {
                    return Ended::ByClient;
                }
            }
            came = socket.recv() => match came {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                    if counted_since.elapsed() >= SIGNS_SPAN {
                        (signs, counted_since) = (0, Instant::now());
                    }
                    signs += 1;
                    if signs > SIGNS_MAX {
                        return Ended::Restless;
                    }
                    is_asked = false;
                    timer.as_mut().reset(Instant::now() + ping_every);
                }
                Some(Ok(Message::Close(_))) | None => return Ended::ByClient,
                Some(Ok(Message::Text(_) | Message::Binary(_))) => return Ended::Sent,
                // If the connection is gone, the close has no effect.
                Some(Err(error)) => return Ended::Unreadable(Unreadable::of(&error)),
            },
            () = &mut timer => {
                if is_asked {
                    return Ended::Silent;
                }
                if socket.send(Message::Ping(Bytes::new())).await.is_err() {
                    return Ended::ByClient;
                }
                is_asked = true;
                timer.as_mut().reset(Instant::now() + silence_max);
            }
        }
    }
}

/// Writes an event, and those that are there already.
async fn write(socket: &mut WebSocket, telling: &mut Telling, first: Shown) -> Result<(), axum::Error> {
    socket.feed(message(&first)).await?;
    for _ in 1..BATCH_EVENTS {
        // The end is found again.
        let Some(Some(shown)) = telling.next().now_or_never() else { break };
        socket.feed(message(&shown)).await?;
    }
    socket.flush().await
}

/// `{"event":NAME,"id":NUMBER,"data":{…}}`, without `id` if the event has none.
fn message(shown: &Shown) -> Message {
    let mut text = String::with_capacity(shown.json.len() + 64);
    // Writing to a string cannot fail.
    let _ = write!(text, "{{\"event\":\"{}\",", shown.name);
    if let Some(id) = shown.id {
        let _ = write!(text, "\"id\":{id},");
    }
    let _ = write!(text, "\"data\":{}}}", shown.json);
    Message::Text(text.into())
}

/// Says why it ends, and waits for the client's part.
async fn close(mut socket: WebSocket, ended: Ended) {
    let (code, reason) = match ended {
        // What answers the client's close is written by the next look at the connection.
        Ended::ByClient => return while let Some(Ok(_)) = socket.recv().await {},
        Ended::Sent => (close_code::UNSUPPORTED, "a client sends nothing but pings, pongs and its close"),
        Ended::Unreadable(Unreadable::TooLong) => (close_code::SIZE, "a client sends frames of at most 1024 bytes"),
        Ended::Unreadable(Unreadable::NoText) => (close_code::INVALID, "this is no UTF-8, and a client sends no text"),
        Ended::Unreadable(Unreadable::NoFrame) => (close_code::PROTOCOL, "this is no frame of a client: RFC 6455"),
        Ended::Restless => (close_code::POLICY, "more than 100 pings and pongs in ten seconds"),
        Ended::Silent => (close_code::POLICY, "no pong came: [http] reply_timeout_ms"),
        Ended::TooSlow => (close_code::AGAIN, "too slow: the buffer was full, and when_slow is disconnect"),
        Ended::Stopped => (close_code::AWAY, "the stream was stopped"),
        Ended::Not(StreamEnd::Stopping) => (close_code::AWAY, "the gateway stops"),
        Ended::Not(StreamEnd::Rights) => {
            (close_code::POLICY, "rights have changed, or a token or certificate has ended: come again")
        }
    };
    let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
    if socket.send(Message::Close(Some(frame))).await.is_ok() {
        while let Some(Ok(_)) = socket.recv().await {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_json() {
        let shown = |id| Shown { name: "telegram", id, json: "{\"a\":1}".to_owned() };
        let text = |id| message(&shown(id)).into_text().unwrap().to_string();
        assert_eq!(text(Some(7)), r#"{"event":"telegram","id":7,"data":{"a":1}}"#);
        assert_eq!(text(None), r#"{"event":"telegram","data":{"a":1}}"#);
    }
}
