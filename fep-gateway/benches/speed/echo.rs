//! The HTTP server with which the daemon is compared: axum parses the JSON of a request and returns it.

use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::arguments::Arguments;

/// Prints its port and serves until its stdin ends.
#[tokio::main]
pub(crate) async fn run(_: &Arguments) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("an address").port());
    let route = "/v1/institutions/{institution}/exchanges/{telegram}";
    let router = Router::new().route(route, post(|Json(body): Json<Value>| async move { Json(body) }));
    axum::serve(listener, router).await.expect("serves");
}
