//! The command `fep-gateway health`: asks a running gateway on this machine how it is, for health checks without curl.
//!
//! What the answer means is decided by the routes `/healthz` and `/readyz`. This is only their client.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::Client;
use serde_json::Value;

/// The longest wait for the answer. A health check has its own, longer time limit.
const ANSWER_MAX: Duration = Duration::from_secs(3);

/// What the gateway says about itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// All is well.
    Good,
    /// It is not, and why.
    Bad(Vec<String>),
}

/// Asks the gateway that listens here: whether it is alive, or whether it is ready.
pub(crate) async fn ask(listen: SocketAddr, ready: bool) -> Health {
    let url = format!("http://{}/{}", reachable(listen), if ready { "readyz" } else { "healthz" });
    match answer(&url).await {
        Ok(health) => health,
        Err(error) => Health::Bad(vec![format!("{url} does not answer: {}", root(&error))]),
    }
}

async fn answer(url: &str) -> reqwest::Result<Health> {
    let client = Client::builder().no_proxy().timeout(ANSWER_MAX).build()?;
    let response = client.get(url).send().await?;
    let status = response.status();
    if status.is_success() {
        return Ok(Health::Good);
    }
    // Another program may have the port, so the body can be anything.
    let body: Value = response.json().await.unwrap_or_default();
    let reasons = body.get("reasons").and_then(Value::as_array).into_iter().flatten();
    let mut reasons: Vec<_> = reasons.filter_map(Value::as_str).map(str::to_owned).collect();
    if reasons.is_empty() {
        reasons.push(format!("{url} answers {status}"));
    }
    Ok(Health::Bad(reasons))
}

/// The last cause of an error: the operating system's words.
fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// An address at which this machine reaches the listener. One for all interfaces is reached at the loopback interface.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_for_all_interfaces_is_asked_at_the_loopback_interface() {
        for (listen, asked) in
            [("0.0.0.0:1", "127.0.0.1:1"), ("[::]:1", "[::1]:1"), ("192.0.2.7:8470", "192.0.2.7:8470")]
        {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), asked);
        }
    }
}
