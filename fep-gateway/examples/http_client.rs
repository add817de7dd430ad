//! A service that talks HTTP to the daemon: what to do about each reply, so that nothing is paid twice and nothing is forgotten.
//!
//! ```sh
//! cargo run -p fep-gateway -- demo &
//! cargo run -p fep-gateway --example http_client -- http://127.0.0.1:8470
//! ```
//!
//! The rule behind every arm: the same order has the same idempotency key and the same body, so asking again is always safe. What is not safe is
//! another key for an order whose outcome is not known.
//!
//! | reply | what it means | what this client does |
//! |---|---|---|
//! | 200 | answered, perhaps declined | reads `answer` |
//! | 202 | it still runs | asks `Location` |
//! | 503 `not_sent` | certainly not sent | sends again with the same key, a few times |
//! | 503 `key_unchecked`, 409 `still_running`, no reply at all | nothing is known | asks again with the same key |
//! | 504 `unknown` | perhaps carried out | asks `GET /v1/exchanges/{id}` until it is settled |
//! | anything else | this call sent nothing | reports `code` and `detail` |

#![allow(clippy::print_stdout, reason = "the output of an example")]

use std::error::Error;
use std::time::Duration;

use reqwest::header::LOCATION;
use reqwest::{Client, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value as Json, json};

/// How often one order is sent before the client gives up.
const SENDS_MAX: u32 = 5;

/// The pause before an order is sent again; it doubles each time.
const PAUSE: Duration = Duration::from_millis(200);

/// How often the client asks what became of an exchange, and how long it waits between two questions. A service in production stores
/// the exchange and asks for days: a person may have to settle it.
const QUESTIONS_MAX: u32 = 100;
const QUESTION_PAUSE: Duration = Duration::from_millis(100);

/// Why an order needs a person. It may cross threads, so that a server can wait for it.
pub type Failure = Box<dyn Error + Send + Sync>;

/// A client of the gateway.
#[derive(Clone, Debug)]
pub struct Gateway {
    http: Client,
    url: String,
    /// The token, if the gateway has `[http] access`.
    token: Option<String>,
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payment {
    /// The bank moved the money.
    Paid {
        /// The exchange.
        exchange: String,
    },
    /// The bank declined, with this code. The order is finished.
    Declined {
        /// The response code of the bank.
        code: String,
    },
    /// Nothing was sent, in all attempts. The order may be sent again later, with the same key, or be dropped.
    NotSent {
        /// The code of the reason.
        code: String,
    },
    /// Nobody knows yet whether the bank moved the money. Keep the exchange, ask again later, and do not pay by another way.
    Unknown {
        /// The exchange, if the gateway could name it.
        exchange: Option<String>,
    },
}

/// The parts of a reply that decide. An error has `code` and `detail` and no `outcome`.
#[derive(Debug, Default, Deserialize)]
struct Reply {
    exchange: Option<String>,
    outcome: Option<String>,
    money: Option<String>,
    reason_code: Option<String>,
    answer: Option<Answer>,
    code: Option<String>,
    detail: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    fields: Json,
}

/// What to do after a reply.
enum Next {
    Done(Payment),
    /// Send the same order again.
    Again(Payment),
    /// Ask for this exchange.
    Ask(String),
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:8470".to_owned());
    let gateway = Gateway::new(url, std::env::var("FEP_TOKEN").ok())?;
    // The key is the name of the order in the service's own database, so that it is the same after a crash of the service.
    let order = format!("order-{}", std::process::id());
    println!("{:?}", gateway.pay(&order, &transfer("점심")).await?);
    println!("{:?}", gateway.pay(&order, &transfer("점심")).await?);
    println!("{:?}", gateway.pay(&format!("{order}-declined"), &transfer("잔액부족")).await?);
    println!("{:?}", gateway.pay(&format!("{order}-silent"), &transfer("무응답")).await?);
    Ok(())
}

/// The fields of a transfer. The gateway fills in the rest: `fill` in its configuration.
#[must_use]
pub fn transfer(memo: &str) -> Json {
    json!({
        "withdraw_account": "1002345678901", "amount": 15_000, "deposit_bank": "088", "deposit_account": "3333011234567",
        "payee_name": "홍길동", "passbook_memo": memo, "check_digits": "253788",
    })
}

impl Gateway {
    /// A client of the gateway at this URL.
    ///
    /// # Errors
    /// If the HTTP client cannot be made.
    pub fn new(url: impl Into<String>, token: Option<String>) -> Result<Self, reqwest::Error> {
        // The gateway answers at the deadline of the institution at the latest. The client must be more patient than that.
        let http = Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()?;
        Ok(Self { http, url: url.into(), token })
    }

    /// Pays an order, and asks what became of it as long as that is not known.
    ///
    /// # Errors
    /// If the gateway refuses the request: this call sent nothing, and a person has to look at it.
    pub async fn pay(&self, order: &str, transfer: &Json) -> Result<Payment, Failure> {
        let mut pause = PAUSE;
        let mut last = Payment::Unknown { exchange: None };
        for _ in 0..SENDS_MAX {
            match self.send(order, transfer).await? {
                Next::Done(payment) => return Ok(payment),
                Next::Ask(exchange) => return self.ask(exchange).await,
                Next::Again(state) => last = state,
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Ok(last)
    }

    async fn send(&self, order: &str, transfer: &Json) -> Result<Next, Failure> {
        let request = self.http.post(format!("{}/v1/institutions/bank-a/exchanges/Transfer", self.url));
        let request =
            request.header("Idempotency-Key", order).header("Prefer", "respond-async, wait=10").json(transfer);
        // No connection, or no reply: the gateway may have the request or not. The key makes asking again safe.
        let Ok(response) = self.authorized(request).send().await else {
            return Ok(Next::Again(Payment::Unknown { exchange: None }));
        };
        let status = response.status();
        if status == StatusCode::ACCEPTED {
            let place = response.headers().get(LOCATION).and_then(|place| place.to_str().ok());
            let exchange = place.and_then(|place| place.rsplit('/').next());
            return Ok(Next::Ask(exchange.ok_or("a 202 has a Location")?.to_owned()));
        }
        let Ok(reply) = read(response).await else { return Ok(Next::Again(Payment::Unknown { exchange: None })) };
        match (reply.outcome.as_deref(), reply.code.as_deref()) {
            // `outcome` decides. The status alone does not.
            (Some("answered"), _) => Ok(Next::Done(judged(reply)?)),
            (Some("unknown"), _) => Ok(Next::Ask(reply.exchange.ok_or("an outcome has an exchange")?)),
            (Some("not_sent"), _) => Ok(Next::Again(Payment::NotSent { code: reply.reason_code.unwrap_or_default() })),
            (_, Some("key_unchecked" | "still_running")) => {
                Ok(Next::Again(Payment::Unknown { exchange: reply.exchange }))
            }
            _ => Err(refused(status, reply).into()),
        }
    }

    /// Asks what became of an exchange, until it has ended and is settled.
    ///
    /// # Errors
    /// If the gateway refuses the question.
    pub async fn ask(&self, exchange: String) -> Result<Payment, Failure> {
        for _ in 0..QUESTIONS_MAX {
            if let Ok(response) =
                self.authorized(self.http.get(format!("{}/v1/exchanges/{exchange}", self.url))).send().await
            {
                let status = response.status();
                if status == StatusCode::NOT_FOUND {
                    // The gateway crashed before the request was durable, so no byte left.
                    return Ok(Payment::NotSent { code: "not_found".to_owned() });
                }
                let reply = read(response).await.unwrap_or_default();
                match (reply.outcome.as_deref(), reply.money.as_deref()) {
                    (Some("answered"), _) => return judged(reply),
                    (Some("not_sent"), _) => {
                        return Ok(Payment::NotSent { code: reply.reason_code.unwrap_or_default() });
                    }
                    (Some("unknown"), Some("done")) => return Ok(Payment::Paid { exchange }),
                    (Some("unknown"), Some(money)) => return Ok(Payment::Declined { code: money.to_owned() }),
                    _ if status.is_client_error() => return Err(refused(status, reply).into()),
                    _ => {}
                }
            }
            tokio::time::sleep(QUESTION_PAUSE).await;
        }
        Ok(Payment::Unknown { exchange: Some(exchange) })
    }

    fn authorized(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

async fn read(response: Response) -> Result<Reply, reqwest::Error> {
    response.json().await
}

/// An answer of the bank: it accepted or declined.
fn judged(reply: Reply) -> Result<Payment, Failure> {
    let fields = reply.answer.ok_or("an answered exchange has an answer")?.fields;
    let code = fields.pointer("/header/response_code").and_then(Json::as_str).unwrap_or_default();
    Ok(match code {
        "0000" => Payment::Paid { exchange: reply.exchange.unwrap_or_default() },
        code => Payment::Declined { code: code.to_owned() },
    })
}

fn refused(status: StatusCode, reply: Reply) -> String {
    format!("{status} {}: {}", reply.code.unwrap_or_default(), reply.detail.unwrap_or_default())
}
