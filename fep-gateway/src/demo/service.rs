//! The service that receives the demo's notices. It accepts and counts all of them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running service. It ends when the value is dropped.
#[derive(Debug)]
pub(super) struct Service {
    address: SocketAddr,
    taken: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Service {
    pub(super) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let taken = Arc::new(AtomicU64::new(0));
        let router = Router::new().route("/notices", post(take)).with_state(Arc::clone(&taken));
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the demo's service ended");
            }
        });
        Ok(Self { address, taken, task })
    }

    /// The URL for the configuration key `callback`.
    pub(super) fn url(&self) -> String {
        format!("http://{}/notices", self.address)
    }

    /// The number of notices received.
    pub(super) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(State(taken): State<Arc<AtomicU64>>, Json(_notice): Json<Value>) -> Json<Value> {
    taken.fetch_add(1, Ordering::Relaxed);
    Json(json!({ "fields": { "header": { "response_code": "0000" } } }))
}
