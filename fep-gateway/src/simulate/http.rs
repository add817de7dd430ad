//! The institution as a system that takes requests as JSON over HTTP: `[http]`. Each request is a telegram of the spec and is answered by the
//! same rules and by the same bank as one in a frame.
//!
//! ```text
//! POST {"header": {…}, "amount": 1} ──► telegram, by its codes ──► rules, bank ──► telegram ──► 200 {"header": {…}, "balance": 5}
//! ```

use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use fep_codec::{Record, json};
use fep_spec::model::TelegramSpec;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Map, Value as Json};
use tracing::{info, warn};

use super::handshakes::Stream;
use super::institution::{Act, LinkMemory, SimulatedInstitution};
use super::rules::holds;
use crate::passed::Direction;

/// The longest body of a request, in bytes.
const BODY_MAX_BYTES: usize = 256 * 1024;
/// How long the other side may take for the head of a request.
const HEAD_MAX: Duration = Duration::from_secs(10);

/// The connection is closed without a reply.
#[derive(Clone, Copy, Debug)]
struct NoReply;

impl fmt::Display for NoReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the institution closes the connection")
    }
}

impl std::error::Error for NoReply {}

/// Serves a connection until one side closes it.
pub(super) async fn serve(stream: Box<dyn Stream>, institution: Arc<SimulatedInstitution>, number: u64) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_MAX);
    let service = service_fn(|request| answer(&institution, request, number));
    if let Err(error) = http.serve_connection(TokioIo::new(stream), service).await {
        info!(%error, "the connection ended");
    }
}

async fn answer(
    institution: &SimulatedInstitution,
    request: Request<Incoming>,
    number: u64,
) -> Result<Response, NoReply> {
    let name = format!("link {number}");
    if request.method() != Method::POST {
        return Ok(refused(StatusCode::METHOD_NOT_ALLOWED, "a request is a POST"));
    }
    let Ok(body) = to_bytes(Body::new(request.into_body()), BODY_MAX_BYTES).await else { return Err(NoReply) };
    let frame = match frame(institution, &body) {
        Ok(frame) => frame,
        Err(why) => return Ok(refused(StatusCode::BAD_REQUEST, &why)),
    };
    institution.crossed(Direction::Out, &name, &frame);
    let mut memory = LinkMemory::default();
    // Nothing is to be sent, so the other side waits until it gives up.
    let Some(step) = institution.receive(&mut memory, &frame) else { return pending().await };
    tokio::time::sleep(step.after).await;
    let sent = step.acts.into_iter().find_map(|act| match act {
        // There is one reply to a request, on its own connection: a second one, or another link, is not possible.
        Act::Send(bytes) | Act::SendElsewhere(bytes) => Some(bytes),
        Act::Flush => Some(memory.flush()),
        Act::Close => None,
    });
    let Some(sent) = sent else { return Err(NoReply) };
    institution.crossed(Direction::In, &name, &sent);
    Ok(reply(institution, &sent))
}

/// The frame of the telegram whose fields these are.
fn frame(institution: &SimulatedInstitution, body: &[u8]) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8".to_owned())?;
    let fields = json::parse(text).map_err(|error| format!("the body is {}", error.message()))?;
    let object = fields.as_object().ok_or("the body is no object with fields")?;
    let is_it = |telegram: &&TelegramSpec| {
        let mut codes = telegram.layout.when.iter().peekable();
        codes.peek().is_some()
            && codes.all(|code| holds(&(code.path.to_string(), vec![code.value.as_ref().into()]), object))
    };
    let telegram = institution.spec.telegrams.iter().find(is_it);
    let telegram = telegram.ok_or("no telegram of the spec has the codes of these fields")?;
    let record = Record::from_json_value(&telegram.layout, &fields).and_then(|record| record.encode());
    let bytes = record.map_err(|error| format!("{}: {error}", telegram.name()))?;
    institution.scenario.framing.frame(bytes).map_err(|error| error.to_string())
}

/// What was sent, as JSON. What is no telegram stays as it is.
fn reply(institution: &SimulatedInstitution, sent: &[u8]) -> Response {
    let bytes = institution.scenario.framing.telegram(sent);
    let record = institution.spec.choose(bytes).ok().and_then(|telegram| Record::decode(&telegram.layout, bytes).ok());
    let Some(record) = record else { return Bytes::copy_from_slice(sent).into_response() };
    let place = institution.scenario.http.as_ref().and_then(|http| http.answer.as_deref());
    let names = place.into_iter().flat_map(|place| place.rsplit('.'));
    let nested =
        names.fold(record.to_json_value(), |value, name| Json::Object(Map::from_iter([(name.to_owned(), value)])));
    axum::Json(nested).into_response()
}

fn refused(status: StatusCode, why: &str) -> Response {
    warn!(why, "the request is refused");
    (status, why.to_owned()).into_response()
}
