//! What a person should know about the listeners before others find it out: who can reach them, what is sent unencrypted, and which
//! certificates end soon. None of it is a mistake.

use std::path::Path;
use std::time::SystemTime;

use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use crate::config::{Access, Config, ConfigError, Http, TlsConfig};
use crate::tls::{EXPIRY_WARNED, not_after_s};

/// The notes about these settings, one line each.
pub(super) fn notes(http: &Http) -> Vec<String> {
    let what = if http.operators.is_some() { "send requests" } else { "send requests and operate lines" };
    let mut notes = of_listener("[http] tls", http, what);
    if let Some(own) = &http.operators {
        notes.extend(of_listener("[http.operators] tls", &http.of(own), "operate lines"));
    }
    let of_metrics = http.metrics.as_ref().and_then(|own| own.tls.as_ref());
    notes.extend(of_metrics.iter().flat_map(|tls| ends("[http.metrics] tls", tls)));
    notes
}

/// The notes about the access file, one line each: tokens that end soon, and certificates that no listener asks for.
pub(super) fn of_access(config: &Config) -> Result<Vec<String>, ConfigError> {
    let http = &config.http;
    let Some(path) = &http.access else { return Ok(Vec::new()) };
    let access = Access::load(path, &config.specs())?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut notes = access.ending(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
    // On the listener of the metrics nobody is asked who it is.
    let listeners = [http.tls.as_ref(), http.operators.as_ref().and_then(|own| own.tls.as_ref())];
    let asks = listeners.into_iter().flatten().any(|tls| tls.ca.is_some());
    let shown: Vec<_> = if asks { Vec::new() } else { access.with_certificates().into_iter().collect() };
    if let Some((first, others)) = shown.split_first() {
        let others = if others.is_empty() { String::new() } else { format!(" (and {} more)", others.len()) };
        notes.push(format!(
            "{first}{others} can never be known by `certificates`: no listener asks for a certificate; `client_ca` in `[http] tls` does"
        ));
    }
    Ok(notes)
}

/// The notes about a listener on which clients prove who they are.
fn of_listener(place: &str, http: &Http, what: &str) -> Vec<String> {
    let mut notes = Vec::new();
    let listen = http.listen;
    let is_reached = !listen.ip().is_loopback();
    // A certificate that every client has to show is a right of its own.
    let asks_everybody = http.tls.as_ref().is_some_and(|tls| tls.ca.is_some() && !tls.without_certificate);
    if is_reached && http.access.is_none() && !asks_everybody {
        notes.push(format!("whoever reaches {listen} may {what}: `[http] access` gives each client its rights"));
    }
    if is_reached && http.access.is_some() && http.tls.is_none() {
        notes.push(format!(
            "clients send their tokens to {listen} unencrypted, and whoever reads one can use it: `{place}` encrypts them"
        ));
    }
    http.tls.iter().for_each(|tls| notes.extend(ends(place, tls)));
    notes
}

/// The certificates that end soon or have ended.
fn ends(place: &str, tls: &TlsConfig) -> Vec<String> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now_s = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let note = |(key, path): (&str, &Path)| {
        let left_s = first_end_s(path)?.saturating_sub(now_s);
        let soon_s = i64::try_from(EXPIRY_WARNED.as_secs()).unwrap_or(i64::MAX);
        let what = format!("`{key}` of `{place}` ({})", path.display());
        match left_s {
            ..0 => {
                Some(format!("{what} has a certificate that ended {} days ago: nobody accepts it", -left_s / 86_400))
            }
            _ if left_s <= soon_s => {
                Some(format!("{what} has a certificate that ends in {} days: renew it", left_s / 86_400))
            }
            _ => None,
        }
    };
    let own = tls.own.iter().map(|(cert, _)| ("cert", cert.as_path()));
    own.chain(tls.ca.iter().map(|ca| ("client_ca", ca.as_path()))).filter_map(note).collect()
}

/// The end of the certificate in a file that ends first, in seconds since 1970.
fn first_end_s(path: &Path) -> Option<i64> {
    let certificates = CertificateDer::pem_file_iter(path).ok()?;
    certificates.filter_map(|certificate| not_after_s(&certificate.ok()?)).min()
}
