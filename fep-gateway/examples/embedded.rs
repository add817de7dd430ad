//! A service with its own gateway inside: a route takes a payment, the gateway sends the telegram, and each of the three outcomes gets its own reply.
//!
//! ```sh
//! cargo run -p fep-gateway --example embedded
//! ```
//!
//! The service does not retry on its own. It says what its caller may do, because only the caller knows whether the payment is still wanted.
//!
//! | outcome | reply | the caller |
//! |---|---|---|
//! | answered, accepted | 200 `paid` | is done |
//! | answered, declined | 200 `declined` | is done: the same order with another body is 422 |
//! | not sent | 503 `not_sent` | may send the same order again |
//! | unknown | 202 `pending` with `Location` | asks there, and never pays by another way meanwhile |
//!
//! The order is the idempotency key, so a repeated order cannot be paid twice.

#![allow(clippy::print_stdout, reason = "the output of an example")]

#[path = "mini_bank/telegrams.rs"]
#[allow(unreachable_pub, reason = "generated code is for any place")]
mod telegrams;

use std::error::Error;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{HeaderName, LOCATION};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use fep_codec::{Date, Digits};
use fep_gateway::config::Filling;
use fep_gateway::config::build::{ConfigBuilder, InstitutionBuilder, JournalBuilder, LineBuilder, TelegramBuilder};
use fep_gateway::exchange::ExchangeId;
use fep_gateway::gateway::{Refusal, StandInOnly, TypedExchange, TypedOutcome};
use fep_gateway::simulate::{Scenario, Simulator};
use fep_gateway::{Config, Gateway};
use fep_spec::model::Spec;
use fep_spec::report::Source;
use serde::Deserialize;
use serde_json::json;

use telegrams::{Header, Transfer, TransferAnswer};

const SPEC: &str = include_str!("mini_bank.toml");

/// The bank declines 4,000 won, and does not answer 5,000 won.
const SCENARIO: &str = r#"
title = "a bank with two moods"
[answers]
set = { "header.response_code" = "0000", balance = 1250000 }
[[rules]]
telegram = "Transfer"
when = { amount = 4000 }
action = "answer"
set = { "header.response_code" = "0110" }
[[rules]]
telegram = "Transfer"
when = { amount = 5000 }
action = "late"
delay_ms = 900
"#;

/// The body of a payment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payment {
    account: String,
    amount: u64,
    payee: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let bank = bank().await?;
    let gateway = Gateway::start(config(&bank.address().to_string(), folder.path())?, Arc::new(StandInOnly)).await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8090").await?;
    println!(
        "curl -si http://127.0.0.1:8090/payments/order-1 --json '{{\"account\":\"1002345678901\",\"amount\":3000,\"payee\":\"홍길동\"}}'"
    );
    axum::serve(listener, routes(gateway.clone())).with_graceful_shutdown(ctrl_c()).await?;
    // Exchanges in flight end, the line is signed off, the journal is closed. Do this last, when no request comes any more.
    gateway.stop().await;
    bank.stop().await;
    Ok(())
}

async fn ctrl_c() {
    // Without a handler of signals the service would never stop, so an error counts as a signal.
    drop(tokio::signal::ctrl_c().await);
}

/// The simulated bank.
///
/// # Errors
/// If it cannot listen.
pub async fn bank() -> Result<Simulator, Box<dyn Error>> {
    let spec = Spec::parse("mini_bank.toml", SPEC)?;
    let scenario = Scenario::read(Source::new("scenario.toml", SCENARIO), &spec)?;
    Ok(Simulator::start(spec, scenario, "127.0.0.1:0").await?)
}

/// The configuration in code, with the names and the checks of the file.
///
/// # Errors
/// If it has mistakes: all of them, each with the place of its key.
pub fn config(bank: &str, folder: &FilePath) -> Result<Config, Box<dyn Error>> {
    let spec = Arc::new(Spec::parse("mini_bank.toml", SPEC)?);
    let institution = InstitutionBuilder::new(spec, ["header.trace_no", "header.sent_date"])
        .trace("header.trace_no")
        .fill("header.sent_date", Filling::Date)
        .telegram("Transfer", TelegramBuilder::new().answer_timeout(Duration::from_millis(600)))
        .line(LineBuilder::connect("main", bank));
    let journal = JournalBuilder::new().path(folder.join("journal.sqlite"));
    Ok(ConfigBuilder::new().journal(journal).institution("mini-bank", institution).build()?)
}

/// The routes of the service.
pub fn routes(gateway: Gateway) -> Router {
    Router::new().route("/payments/{order}", post(pay)).route("/payments/exchanges/{id}", get(ask)).with_state(gateway)
}

/// Pays. The order is the idempotency key.
async fn pay(State(gateway): State<Gateway>, Path(order): Path<String>, Json(payment): Json<Payment>) -> Response {
    let transfer = match transfer(payment) {
        Ok(transfer) => transfer,
        Err(error) => return (StatusCode::UNPROCESSABLE_ENTITY, error).into_response(),
    };
    match gateway.send::<Transfer, TransferAnswer>("mini-bank", &transfer, Some(&*order)).await {
        Ok(sent) => reply(sent),
        // The request of a caller that gave up runs on, and this is the same order again.
        Err(Refusal::StillRunning(id)) => pending(&id),
        Err(refusal @ Refusal::OtherBody(_)) => (StatusCode::UNPROCESSABLE_ENTITY, refusal.to_string()).into_response(),
        // Nothing is known about earlier calls: the journal cannot be read. The same order may be sent again.
        Err(refusal @ Refusal::KeyUnchecked(_)) => {
            (StatusCode::SERVICE_UNAVAILABLE, refusal.to_string()).into_response()
        }
        // The struct and the spec disagree, or the institution is missing: a mistake of this program.
        Err(refusal) => (StatusCode::INTERNAL_SERVER_ERROR, refusal.to_string()).into_response(),
    }
}

/// What became of a payment that was pending.
async fn ask(State(gateway): State<Gateway>, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<ExchangeId>() else { return StatusCode::NOT_FOUND.into_response() };
    let exchange = match gateway.find(&id).await {
        Ok(Some(exchange)) => exchange,
        Ok(None) => return StatusCode::NOT_FOUND.into_response(),
        Err(error) => return (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    };
    match gateway.typed::<TransferAnswer>(&exchange) {
        Ok(Some(ended)) => reply(ended),
        Ok(None) => pending(&id),
        Err(refusal) => (StatusCode::INTERNAL_SERVER_ERROR, refusal.to_string()).into_response(),
    }
}

fn reply(sent: TypedExchange<TransferAnswer>) -> Response {
    match sent.outcome {
        TypedOutcome::Answered(answer) if answer.header.response_code.as_str() == "0000" => {
            Json(json!({ "state": "paid", "balance": answer.balance })).into_response()
        }
        TypedOutcome::Answered(answer) => {
            Json(json!({ "state": "declined", "code": answer.header.response_code.as_str() })).into_response()
        }
        // The bank answered, and this program cannot read it. A person can: the answer is in the journal.
        TypedOutcome::Unreadable(_) | TypedOutcome::Unknown => pending(&sent.exchange.id),
        TypedOutcome::NotSent => {
            let why = sent.exchange.reason.unwrap_or_default();
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "state": "not_sent", "why": why }))).into_response()
        }
    }
}

fn pending(id: &ExchangeId) -> Response {
    let place: [(HeaderName, String); 1] = [(LOCATION, format!("/payments/exchanges/{id}"))];
    (StatusCode::ACCEPTED, place, Json(json!({ "state": "pending" }))).into_response()
}

fn transfer(payment: Payment) -> Result<Transfer, String> {
    let header = Header {
        length: (),
        telegram_code: "0100".parse().map_err(|error| format!("telegram code: {error}"))?,
        // The gateway sets the trace number and the date. They are constant here, so that the same order is the same struct.
        trace_no: 0,
        sent_date: Date::new(2026, 1, 1).map_err(|error| error.to_string())?,
        response_code: Digits::default(),
    };
    // The errors of these types do not show the value.
    let account = payment.account.parse().map_err(|error| format!("account: {error}"))?;
    let payee_name = payment.payee.parse().map_err(|error| format!("payee: {error}"))?;
    Ok(Transfer { header, account, amount: payment.amount, payee_name })
}
