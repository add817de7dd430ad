//! `examples/embedded.rs`: a service with its own gateway inside, over HTTP, against the simulated bank.

use std::sync::Arc;
use std::time::Duration;

use fep_gateway::Gateway;
use fep_gateway::exchange::LinkState;
use fep_gateway::gateway::StandInOnly;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::until;

#[path = "../../examples/embedded.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    clippy::duplicate_mod,
    reason = "an example is a program with a `main`; here it is a module"
)]
mod example;

struct Service {
    client: Client,
    url: String,
}

impl Service {
    async fn pay(&self, order: &str, amount: u64) -> (StatusCode, Value, Option<String>) {
        let body = json!({ "account": "1002345678901", "amount": amount, "payee": "홍길동" });
        let response = self.client.post(format!("{}/payments/{order}", self.url)).json(&body).send().await.unwrap();
        let place = response.headers().get("location").map(|place| place.to_str().unwrap().to_owned());
        (response.status(), response.json().await.unwrap_or_default(), place)
    }

    async fn state(&self, place: &str) -> Value {
        self.client.get(format!("{}{place}", self.url)).send().await.unwrap().json().await.unwrap_or_default()
    }
}

#[tokio::test]
async fn each_outcome_has_its_own_reply() {
    let folder = tempfile::tempdir().unwrap();
    let bank = example::bank().await.unwrap();
    let config = example::config(&bank.address().to_string(), folder.path()).unwrap();
    let gateway = Gateway::start(config, Arc::new(StandInOnly)).await.unwrap();
    until("the link is up", async || gateway.lines()[0].links[0].state == LinkState::Up).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let routes = example::routes(gateway.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let client = Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
    let service = Service { client, url };

    let paid = service.pay("order-1", 3000).await;
    assert_eq!(paid, (StatusCode::OK, json!({ "state": "paid", "balance": 1_250_000 }), None));
    assert_eq!(service.pay("order-1", 3000).await, paid, "the same order is the same exchange");
    assert_eq!(service.pay("order-1", 3001).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let declined = service.pay("order-2", 4000).await;
    assert_eq!(declined, (StatusCode::OK, json!({ "state": "declined", "code": "0110" }), None));
    let (status, reply, place) = service.pay("order-3", 5000).await;
    assert_eq!((status, reply), (StatusCode::ACCEPTED, json!({ "state": "pending" })));
    let place = place.unwrap();
    until("the late answer is there", async || service.state(&place).await["state"] == "paid").await;
    assert_eq!(service.pay("order-3", 5000).await.1["state"], "paid", "the order is not sent again");

    bank.stop().await;
    let (status, reply, _) = service.pay("order-4", 3000).await;
    assert_eq!((status, &reply["state"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("not_sent")), "{reply}");
    gateway.stop().await;
}
