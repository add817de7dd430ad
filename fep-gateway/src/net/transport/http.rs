//! A connection that carries one request over HTTP/1.1. For its link it is a stream of frames, as any other one: a frame that is written leaves
//! as `POST` with JSON, and the reply is read as the frame of the answer.
//!
//! ```text
//! link ── frame ──► POST /path  {"amount": 1, …} ──► kernel      the frame counts as written with the first byte that the kernel takes
//! link ◄── frame ── 200 {"amount": 1, …}         ◄── kernel      anything else ends the connection: the outcome is unknown
//! ```
//!
//! So everything that is believed about a link holds here, too: the request is durable before its first byte leaves, a connection that cannot be made
//! sends nothing, and what is not an answer is none. A reply with another status than 2xx is none either, because nothing in it says for sure what
//! became of the request.

use std::io::{Error, ErrorKind, Result};
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use fep_protocol::exchange::{Caller, ExchangeId, TelegramBytes, TraceParent};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::config::{HttpTarget, read_secret};
use crate::telegrams::TelegramCatalogue;

/// What a connection needs to carry a request.
#[derive(Clone, Debug)]
pub(in crate::net) struct HttpCall {
    pub(in crate::net) target: HttpTarget,
    /// `host:port`.
    pub(in crate::net) address: String,
    pub(in crate::net) catalogue: Arc<TelegramCatalogue>,
    pub(in crate::net) asker: Asker,
    /// What the connection shows. It is read when the connection is made.
    pub(in crate::net) token: Option<BearerToken>,
}

/// A token that no text shows.
#[derive(Clone)]
pub(in crate::net) struct BearerToken(Arc<str>);

impl std::fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BearerToken")
    }
}

/// The longest token, in bytes.
const TOKEN_MAX_BYTES: usize = 4000;

impl BearerToken {
    /// Reads the token of a file.
    pub(in crate::net) fn read(path: &Path) -> std::result::Result<Self, String> {
        let text = read_secret(path)?;
        let token = text.trim();
        let is_plain =
            (1..=TOKEN_MAX_BYTES).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_plain {
            return Err(format!("{}: a token has 1 to {TOKEN_MAX_BYTES} visible ASCII characters", path.display()));
        }
        Ok(Self(token.into()))
    }
}

/// Who asks, for the headers of the request. It is set before the request is written.
#[derive(Clone, Debug, Default)]
pub(in crate::net) struct Asker(Arc<Mutex<Option<Asked>>>);

/// What the headers say besides the telegram.
#[derive(Clone, Debug)]
pub(in crate::net) struct Asked {
    pub(in crate::net) exchange: ExchangeId,
    pub(in crate::net) caller: Option<Arc<Caller>>,
    /// The parent of what the other side does: our span, or the caller's if ours is not recorded.
    pub(in crate::net) traceparent: Option<TraceParent>,
    pub(in crate::net) key: Option<String>,
}

/// The stream of one request.
#[derive(Debug)]
pub(in crate::net) struct HttpStream<S> {
    inner: S,
    call: HttpCall,
    /// The frame of the request, once the kernel has a byte of it.
    request: Option<Vec<u8>>,
    out: Vec<u8>,
    written: usize,
    reply: Vec<u8>,
    answer: TelegramBytes,
    read: usize,
}

/// The longest head of a reply, and the longest reply with its head, in bytes.
const HEAD_MAX_BYTES: usize = 16 * 1024;
const REPLY_MAX_BYTES: usize = 256 * 1024;

/// The maximum number of headers of a reply.
const HEADERS_MAX: usize = 64;

/// The room for one read, in bytes.
const READ_BYTES: usize = 8 * 1024;

impl Asker {
    pub(in crate::net) fn set(&self, asked: Asked) {
        // A single assignment is complete even after a panic elsewhere.
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(asked);
    }

    fn get(&self) -> Option<Asked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl HttpCall {
    /// The request with its head.
    fn request(&self, frame: &[u8]) -> Result<Vec<u8>> {
        let (telegram, body) = self.catalogue.json_of(frame).map_err(Error::other)?;
        let path = self.target.path.replace("{telegram}", &encoded(&telegram));
        let mut head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\naccept: application/json\r\n\
             content-length: {}\r\n",
            self.address,
            body.len()
        );
        let mut header = |name: &str, value: &str| {
            head.push_str(&format!("{name}: {value}\r\n"));
        };
        if let Some(BearerToken(token)) = &self.token {
            header("authorization", &format!("Bearer {token}"));
        }
        if let Some(Asked { exchange, caller, traceparent, key }) = self.asker.get() {
            let id = exchange.to_string();
            let caller = caller.as_deref();
            let request_id = caller.and_then(|caller| caller.request_id.as_ref());
            header("x-request-id", request_id.map_or(id.as_str(), |id| id.as_str()));
            if let Some(parent) = traceparent {
                header("traceparent", &parent.to_string());
            }
            if let Some(state) = caller.and_then(|caller| caller.tracestate.as_ref()) {
                header("tracestate", state.as_str());
            }
            // A key of an embedded program can have any characters.
            let is_value = |key: &str| key.bytes().all(|byte| matches!(byte, b' '..=b'~')) && key.trim() == key;
            let key = key.filter(|key| !key.is_empty() && is_value(key));
            header("idempotency-key", key.as_deref().unwrap_or(&id));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body.as_bytes());
        Ok(bytes)
    }

    /// The frame of the answer, if the reply is complete. `ended` says that nothing more comes.
    fn answer(&self, request: &[u8], reply: &[u8], ended: bool) -> Result<Option<TelegramBytes>> {
        let Some(body) = body_of(reply, ended)? else { return Ok(None) };
        let answer = self.catalogue.answer_of(request, &body, self.target.answer.as_deref());
        answer.map(Some).map_err(Error::other)
    }
}

/// Encodes what is not plain in a path.
fn encoded(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    name.bytes().map(one).collect()
}

/// How long the body of a reply is.
enum Extent {
    Len(usize),
    Chunks,
    ToTheEnd,
}

/// The body of a successful reply, or `None` if more has to come.
fn body_of(reply: &[u8], ended: bool) -> Result<Option<Vec<u8>>> {
    let mut rest = reply;
    loop {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut response = httparse::Response::new(&mut headers);
        let head =
            match response.parse(rest).map_err(|error| Error::other(format!("the reply is not HTTP: {error}")))? {
                httparse::Status::Complete(head) => head,
                httparse::Status::Partial if rest.len() > HEAD_MAX_BYTES => {
                    return Err(Error::other(format!("the head of the reply is longer than {HEAD_MAX_BYTES} bytes")));
                }
                httparse::Status::Partial => return Ok(None),
            };
        let status = response.code.unwrap_or_default();
        rest = rest.get(head..).unwrap_or_default();
        match status {
            101 => return Err(Error::other("the reply is 101, which nobody asked for")),
            100..200 => {}
            200..300 => {
                return match extent(response.headers)? {
                    Extent::Len(len) => Ok(rest.get(..len).map(<[u8]>::to_vec)),
                    Extent::ToTheEnd => Ok(ended.then(|| rest.to_vec())),
                    Extent::Chunks => chunks(rest),
                };
            }
            status => {
                return Err(Error::other(format!(
                    "the reply is {status}, which does not say what became of the request"
                )));
            }
        }
    }
}

/// How long the body is by its headers. Two statements that differ are none.
fn extent(headers: &[httparse::Header<'_>]) -> Result<Extent> {
    let named = |name: &str| {
        let found = headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| String::from_utf8_lossy(header.value).trim().to_owned()).collect::<Vec<_>>()
    };
    let lens = named("content-length");
    match (lens.as_slice(), named("transfer-encoding").as_slice()) {
        ([], []) => Ok(Extent::ToTheEnd),
        ([], [coding]) if coding.eq_ignore_ascii_case("chunked") => Ok(Extent::Chunks),
        ([len], []) if len.bytes().all(|byte| byte.is_ascii_digit()) => {
            len.parse().map(Extent::Len).map_err(|_| Error::other("the reply has an impossible Content-Length"))
        }
        _ => Err(Error::other("the length of the reply is not clear: Content-Length or Transfer-Encoding")),
    }
}

/// The body that came in chunks, or `None` if more has to come.
fn chunks(mut rest: &[u8]) -> Result<Option<Vec<u8>>> {
    let wrong = || Error::other("the chunks of the reply are wrong");
    let mut body = Vec::new();
    loop {
        let (at, len) = match httparse::parse_chunk_size(rest).map_err(|_| wrong())? {
            httparse::Status::Complete(size) => size,
            httparse::Status::Partial => return Ok(None),
        };
        // What follows the last chunk says nothing about the answer.
        if len == 0 {
            return Ok(Some(body));
        }
        let len = usize::try_from(len).map_err(|_| wrong())?;
        let end = at.checked_add(len).ok_or_else(wrong)?;
        let Some((chunk, behind)) = rest.get(at..end).zip(rest.get(end..)) else { return Ok(None) };
        body.extend_from_slice(chunk);
        rest = match behind {
            [b'\r', b'\n', rest @ ..] => rest,
            [] | [b'\r'] => return Ok(None),
            _ => return Err(wrong()),
        };
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> HttpStream<S> {
    pub(in crate::net) fn new(inner: S, call: HttpCall) -> Self {
        let answer = TelegramBytes::default();
        Self { inner, call, request: None, out: Vec::new(), written: 0, reply: Vec::new(), answer, read: 0 }
    }

    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        while let Some(rest) = self.out.get(self.written..).filter(|rest| !rest.is_empty() && self.request.is_some()) {
            match ready!(Pin::new(&mut self.inner).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                count => self.written += count,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Reads until the reply is complete. `true` is an answer, `false` the end of the connection.
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        while self.answer.is_empty() {
            let len = self.reply.len();
            if len > REPLY_MAX_BYTES {
                return Poll::Ready(Err(Error::other(format!("the reply is longer than {REPLY_MAX_BYTES} bytes"))));
            }
            self.reply.resize(len + READ_BYTES, 0);
            let mut room = ReadBuf::new(self.reply.get_mut(len..).unwrap_or_default());
            let read = Pin::new(&mut self.inner).poll_read(cx, &mut room);
            let count = room.filled().len();
            self.reply.truncate(len + count);
            ready!(read)?;
            let Some(request) = self.request.as_deref() else {
                return Poll::Ready(match count {
                    0 => Ok(false),
                    _ => Err(Error::other("a reply came before the request")),
                });
            };
            match self.call.answer(request, &self.reply, count == 0)? {
                Some(answer) => self.answer = answer,
                None if count == 0 && self.reply.is_empty() => return Poll::Ready(Ok(false)),
                None if count == 0 => return Poll::Ready(Err(Error::other("the reply is cut off"))),
                None => {}
            }
        }
        Poll::Ready(Ok(true))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for HttpStream<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let this = self.get_mut();
        if this.answer.is_empty() && !ready!(this.poll_answer(cx))? {
            return Poll::Ready(Ok(()));
        }
        let rest = this.answer.get(this.read..).unwrap_or_default();
        if rest.is_empty() {
            // The answer was given. What follows is the end, or nothing that belongs to the request.
            let mut room = [0; 64];
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut ReadBuf::new(&mut room)))?;
            return Poll::Ready(Ok(()));
        }
        let part = rest.get(..rest.len().min(buffer.remaining())).unwrap_or_default();
        buffer.put_slice(part);
        this.read += part.len();
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for HttpStream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, frame: &[u8]) -> Poll<Result<usize>> {
        let this = self.get_mut();
        if this.request.is_some() {
            return Poll::Ready(Err(Error::other("a connection over HTTP carries one request")));
        }
        // Made again at each attempt: a frame of which nothing was taken may have been withdrawn, and this is another one.
        this.out = this.call.request(frame)?;
        this.written = ready!(Pin::new(&mut this.inner).poll_write(cx, &this.out))?;
        if this.written == 0 {
            return Poll::Ready(Ok(0));
        }
        this.request = Some(frame.to_vec());
        Poll::Ready(Ok(frame.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_rest(cx))?;
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of a reply after each number of bytes, and at its end.
    fn read(reply: &str) -> std::result::Result<Option<String>, String> {
        let bytes = reply.as_bytes();
        let at_end = body_of(bytes, true).map_err(|error| error.to_string());
        for len in 0..bytes.len() {
            // A beginning is never another reply.
            match body_of(&bytes[..len], false) {
                Ok(None) => {}
                Ok(body) => assert_eq!(Ok(&body), at_end.as_ref(), "{reply:?} after {len} bytes"),
                Err(error) => {
                    assert_eq!(at_end.as_ref().err(), Some(&error.to_string()), "{reply:?} after {len} bytes")
                }
            }
        }
        at_end.map(|body| body.map(|body| String::from_utf8(body).unwrap()))
    }

    #[test]
    fn a_reply_ends_where_its_head_says() {
        for (head, body, expected) in [
            ("content-length: 2", "{}", Some("{}")),
            ("Content-Length:  2 ", "{}trailing", Some("{}")),
            ("content-length: 3", "{}", None),
            ("transfer-encoding: Chunked", "1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n", Some("{}")),
            ("transfer-encoding: chunked", "2\r\n{}\r\n", None),
            ("transfer-encoding: chunked", "2\r\n{", None),
            ("x: y", "{}", Some("{}")),
        ] {
            let reply = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}");
            assert_eq!(read(&reply), Ok(expected.map(str::to_owned)), "{reply:?}");
            assert_eq!(read(&format!("HTTP/1.1 100 Continue\r\n\r\n{reply}")), Ok(expected.map(str::to_owned)));
        }
    }

    #[test]
    fn what_is_no_successful_reply_is_none() {
        for reply in [
            "HTTP/1.1 500 Oops\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 404 Not Found\r\n\r\n{}",
            "HTTP/1.1 302 Found\r\nlocation: /\r\n\r\n",
            "HTTP/1.1 101 Switching\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}x",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
            "SSH-2.0-OpenSSH\r\n",
            "{}",
        ] {
            assert!(read(reply).is_err(), "{reply:?}");
        }
    }

    #[test]
    fn a_name_in_a_path_is_encoded() {
        assert_eq!(encoded("Transfer_1.x-y~"), "Transfer_1.x-y~");
        assert_eq!(encoded("a b/이체?#"), "a%20b%2F%EC%9D%B4%EC%B2%B4%3F%23");
    }
}
