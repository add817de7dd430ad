//! `[opentelemetry]`: where the spans of exchanges go, and how many of them. It connects to nothing.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Uri};
use fep_spec::document::{Located, Table};
use fep_spec::report::Code;

use super::names::ms;
use super::tls::{TlsConfig, TlsPlace};

/// `[opentelemetry]`: spans for a collector, over OTLP. It needs a gateway that was built with the feature `opentelemetry`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenTelemetryConfig {
    /// `endpoint`: the address of the collector, to which `/v1/traces` is added. Default: what the environment says in
    /// `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` or `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub endpoint: Option<CollectorEndpoint>,
    /// `tls`, required with `https://`: whom the gateway trusts, and the certificate that it shows.
    pub tls: Option<TlsConfig>,
    /// `headers_file`: a file with further headers for the collector, such as a token. It is read again for each request.
    pub headers_file: Option<PathBuf>,
    /// `service_name`: the name of this gateway among others. Default: `OTEL_SERVICE_NAME`, then `fep-gateway`.
    pub service_name: Option<String>,
    /// `sampled_per_1000`, default 1000: how many of 1000 traces are recorded that begin here. Of other traces, their caller decides.
    pub sampled_per_1000: u16,
    /// `queue_max`, default 8192: how many spans may wait. Further ones are dropped and counted.
    pub queue_max: usize,
    /// `batch_max`, default 512: how many spans one request has.
    pub batch_max: usize,
    /// `batch_delay_ms`, default 1000: how long a span waits for others.
    pub batch_delay: Duration,
    /// `export_timeout_ms`, default 5000: how long one request may take.
    pub export_timeout: Duration,
}

/// The address of a collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectorEndpoint {
    /// Whether it is `https`.
    pub is_secure: bool,
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The path of traces.
    pub path: String,
}

const KEYS: [&str; 9] = [
    "endpoint",
    "tls",
    "headers_file",
    "service_name",
    "sampled_per_1000",
    "queue_max",
    "batch_max",
    "batch_delay_ms",
    "export_timeout_ms",
];

/// The longest address and the longest name of a service, in bytes.
const TEXT_MAX_BYTES: usize = 255;

/// The longest file of headers, in bytes.
const HEADERS_MAX_BYTES: u64 = 16 * 1024;

impl CollectorEndpoint {
    /// Reads an address. `is_base` says that the path of traces is to be added.
    ///
    /// # Errors
    /// What is wrong. The text of the address is not repeated, because it could have a password.
    pub fn parse(text: &str, is_base: bool) -> Result<Self, &'static str> {
        let uri = text.parse::<Uri>().ok().filter(|_| text.len() <= TEXT_MAX_BYTES);
        let uri = uri.ok_or("this is no URL")?;
        let is_secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err("an address begins with http:// or https://"),
        };
        let authority = uri.authority().ok_or("this is no URL")?;
        if authority.as_str().contains('@') || uri.query().is_some() {
            return Err("an address has no password and no query: secrets belong into `headers_file`");
        }
        let path = uri.path();
        let path = if is_base { format!("{}/v1/traces", path.trim_end_matches('/')) } else { path.to_owned() };
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let port = authority.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        Ok(Self { is_secure, host, port, path })
    }

    /// Whether it is on this machine.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

/// Reads the table, if there is one.
pub(super) fn read(table: Option<Table<'_>>, folder: &Path) -> Option<OpenTelemetryConfig> {
    let table = table?;
    table.knows(&KEYS);
    let document = table.document();
    if !cfg!(feature = "opentelemetry") {
        let hint = "build it with `--features opentelemetry`, or leave the table out";
        document.error_hint(Code::UnknownName, table.span(), "this gateway was built without OpenTelemetry", hint);
    }
    let address = table.string("endpoint");
    let endpoint = address.as_ref().and_then(|text| endpoint(&table, text));
    let tls = tls(&table, address.as_ref(), endpoint.as_ref(), folder);
    let headers_file = table.string("headers_file").map(|file| {
        let path = folder.join(file.value);
        if let Err(why) = collector_headers(&path) {
            let hint = "a line for each header, such as `authorization: Bearer …`; the path is relative to this file";
            document.error_hint(Code::BadValue, file.span.clone(), why, hint);
        }
        let is_open = endpoint.as_ref().is_some_and(|endpoint| !endpoint.is_secure && !endpoint.is_here());
        if is_open {
            let message = "anybody on the way could read these headers";
            document.error_hint(
                Code::ConflictingKeys,
                file.span,
                message,
                "write `endpoint` with https://, and add `tls`",
            );
        }
        path
    });
    let service_name = table.string("service_name");
    let is_name = |name: &str| (1..=TEXT_MAX_BYTES).contains(&name.len()) && !name.chars().any(char::is_control);
    if let Some(name) = service_name.as_ref().filter(|name| !is_name(name.value)) {
        let message = format!("`service_name` has 1 to {TEXT_MAX_BYTES} bytes, and none that cannot be printed");
        document.error_hint(Code::BadValue, name.span.clone(), message, "such as fep-gateway-seoul");
    }
    let queue = table.integer("queue_max", 64..=1_000_000_usize);
    let queue_max = queue.as_ref().map_or(8192, |max| max.value);
    let batch = table.integer("batch_max", 1..=10_000_usize);
    let batch_max = batch.as_ref().map_or(512.min(queue_max), |max| max.value);
    if let Some(batch) = batch.filter(|batch| batch.value > queue_max) {
        let message = format!("`batch_max` is {batch_max}, and only {queue_max} spans may wait");
        document.error_hint(Code::ConflictingKeys, batch.span, message, "at most `queue_max`");
    }
    let config = OpenTelemetryConfig {
        endpoint,
        tls,
        headers_file,
        service_name: service_name.map(|name| name.value.to_owned()),
        sampled_per_1000: table.integer("sampled_per_1000", 0..=1000_u16).map_or(1000, |share| share.value),
        queue_max,
        batch_max,
        batch_delay: ms(&table, "batch_delay_ms", 1000),
        export_timeout: ms(&table, "export_timeout_ms", 5000),
    };
    table.finish();
    Some(config)
}

fn endpoint(table: &Table<'_>, text: &Located<&str>) -> Option<CollectorEndpoint> {
    let hint = "such as http://127.0.0.1:4318: OTLP over HTTP, to which the gateway adds /v1/traces";
    let wrong = |why: &&str| table.document().error_hint(Code::BadValue, text.span.clone(), *why, hint);
    CollectorEndpoint::parse(text.value, true).inspect_err(wrong).ok()
}

fn tls(
    table: &Table<'_>,
    address: Option<&Located<&str>>,
    endpoint: Option<&CollectorEndpoint>,
    folder: &Path,
) -> Option<TlsConfig> {
    let document = table.document();
    let own = table.table("tls");
    match (address, endpoint, &own) {
        (Some(address), Some(endpoint), None) if endpoint.is_secure && !table.has("tls") => {
            let hint = "tls = { ca = \"…\" }: the authority that signs the certificate of the collector, as a PEM file; \
                 /etc/ssl/certs/ca-certificates.crt has those that the system trusts";
            document.error_hint(Code::MissingKey, address.span.clone(), "`tls` is missing", hint);
        }
        (Some(address), Some(endpoint), Some(_)) if !endpoint.is_secure => {
            let hint = "write https:// in front of the address";
            document.error_hint(Code::ConflictingKeys, address.span.clone(), "`tls` needs https", hint);
        }
        (None, _, Some(own)) => {
            let hint = "add `endpoint`: whom the gateway trusts belongs to one address";
            document.error_hint(Code::MissingKey, own.span(), "`tls` needs `endpoint`", hint);
        }
        _ => {}
    }
    let host = endpoint.map_or("localhost", |endpoint| &endpoint.host);
    own.map(|own| TlsConfig::read(own, TlsPlace::Asks(host), folder))
}

/// Reads a file of headers: `name: value` in each line; empty lines and those that begin with `#` do not count.
///
/// # Errors
/// What is wrong, with the number of the line and without its content.
pub(crate) fn collector_headers(path: &Path) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
    let wrong = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let len = std::fs::metadata(path).map_err(|error| wrong(&error))?.len();
    if len > HEADERS_MAX_BYTES {
        return Err(wrong(&format_args!("it has {len} bytes, at most {HEADERS_MAX_BYTES} are read")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
    let one = |(number, line): (usize, &str)| {
        let read = || {
            let (name, value) = line.split_once(':')?;
            let mut value = HeaderValue::from_str(value.trim()).ok()?;
            value.set_sensitive(true);
            let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
            // These belong to the request itself.
            let is_own = ["host", "content-type", "content-length", "transfer-encoding", "connection"];
            (!is_own.contains(&name.as_str())).then_some((name, value))
        };
        read().ok_or_else(|| wrong(&format_args!("line {} is no header that can be added", number + 1)))
    };
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(one).collect()
}

#[cfg(test)]
mod tests;
