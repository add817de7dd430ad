//! `[opentelemetry]` in code.

use std::time::Duration;

use super::keys::keys;
use super::line::TlsBuilder;
use super::page::Page;

/// `[opentelemetry]`: where the spans of exchanges go. It needs the feature `opentelemetry`.
#[derive(Clone, Debug, Default)]
pub struct OpenTelemetryBuilder(Page);

impl OpenTelemetryBuilder {
    /// Spans go to the collector at this address, such as `http://127.0.0.1:4318`.
    #[must_use]
    pub fn new(endpoint: impl Into<String>) -> Self {
        Self::default().endpoint(endpoint)
    }

    pub(super) fn into_page(self) -> Page {
        self.0
    }
}

keys! { OpenTelemetryBuilder {
    endpoint(text) = "endpoint", "the address of the collector, to which `/v1/traces` is added.";
    tls(table TlsBuilder) = "tls", "whom the gateway trusts.";
    headers_file(&Path) = "headers_file", "a file with further headers for the collector.";
    service_name(text) = "service_name", "the name of this gateway among others.";
    sampled_per_1000(u16) = "sampled_per_1000", "how many of 1000 traces are recorded that begin here.";
    queue_max(usize) = "queue_max", "how many spans may wait.";
    batch_max(usize) = "batch_max", "how many spans one request has.";
    batch_delay(Duration) = "batch_delay_ms", "how long a span waits for others.";
    export_timeout(Duration) = "export_timeout_ms", "how long one request may take.";
} }
