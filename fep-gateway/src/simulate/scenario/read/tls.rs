//! Reads what a scenario says about TLS: certificates, and faults of handshakes.

use std::path::Path;
use std::time::Duration;

use fep_spec::document::Table;
use fep_spec::report::Code;

use super::Reader;
use super::rules::{WAIT_MAX_MS, milliseconds};
use crate::config::{TlsConfig, TlsPlace};
use crate::simulate::scenario::{HandshakeFault, ScenarioHandshake};

/// The default of `hold_ms`. A gateway gives up earlier.
const HOLD: Duration = Duration::from_secs(60);

impl Reader<'_> {
    /// Reads a table `tls`. `address`: the host and port to connect to. `None`: the gateway connects.
    pub(super) fn tls(&self, table: Table<'_>, address: Option<&str>) -> TlsConfig {
        let host = address.and_then(|address| address.rsplit_once(':')).map(|(host, _)| host.trim_matches(['[', ']']));
        TlsConfig::read(table, TlsPlace::Simulated(host), self.folder())
    }

    /// The `tls` of connections that the institution makes to this address, if the table has it.
    pub(super) fn tls_to(&self, table: &Table<'_>, address: Option<&str>) -> Option<TlsConfig> {
        let tls = table.table("tls")?;
        if address.is_none() {
            let hint = "TLS of the connections that come to `--listen` is the table `[tls]` of the scenario";
            let message = "this is about connections that the institution makes";
            self.document.error_hint(Code::MissingKey, tls.span(), message, hint);
            tls.knows(&["ca", "cert", "key", "name"]);
            return None;
        }
        Some(self.tls(tls, address))
    }

    pub(super) fn handshake(&self, table: Table<'_>) -> Option<ScenarioHandshake> {
        let words = HandshakeFault::WORDS.map(|word| (word, word));
        let word = table.required("fault").and_then(|fault| fault.choice(&words));
        let word = word.map(|word| word.value);
        let path = |key| table.string(key).map(|path| self.folder().join(path.value));
        let cert = path("cert");
        let key = path("key");
        let hold = milliseconds(&table, "hold_ms", 1..=WAIT_MAX_MS);
        let count = |key, least| table.integer(key, least..=i64::MAX).map(|count| count.value.unsigned_abs());
        let skip = count("skip", 0).unwrap_or_default();
        let every = count("every", 1);
        let times = count("times", 1);
        let shows = word == Some("certificate");
        if let Some(span) = ["cert", "key"].into_iter().find_map(|key| table.key_span(key)).filter(|_| !shows) {
            self.document.error(Code::ConflictingKeys, span, "only the fault `certificate` shows another certificate");
        }
        if let Some(span) = table.key_span("hold_ms").filter(|_| word.is_some_and(|word| word != "hang")) {
            self.document.error(Code::ConflictingKeys, span, "only the fault `hang` is held");
        }
        let fault = match word? {
            "certificate" => self.shown(&table, cert.zip(key)),
            "hang" => Some(HandshakeFault::Hang { hold: hold.unwrap_or(HOLD) }),
            "close" => Some(HandshakeFault::Close),
            _ => Some(HandshakeFault::NoTls),
        };
        table.finish();
        Some(ScenarioHandshake { fault: fault?, skip, every, times })
    }

    /// The certificate of a fault. Its files must be usable: what is wrong with the certificate is for the gateway to find.
    fn shown(
        &self,
        table: &Table<'_>,
        own: Option<(std::path::PathBuf, std::path::PathBuf)>,
    ) -> Option<HandshakeFault> {
        let Some((cert, key)) = own else {
            let hint = "which certificate is shown instead, and its private key";
            self.document.error_hint(Code::MissingKey, table.span(), "`cert` and `key` are missing", hint);
            return None;
        };
        let own = Some((cert.clone(), key.clone()));
        let shown = TlsConfig { ca: None, own, name: None, without_certificate: false };
        if let Err(error) = shown.load(false) {
            let hint = "paths are relative to this file";
            self.document.error_hint(Code::BadValue, table.span(), error.to_string(), hint);
        }
        Some(HandshakeFault::Certificate { cert, key })
    }

    /// Notes that there are faults of handshakes, but no connection has one.
    pub(super) fn handshakes_are_made(&self, root: &Table<'_>, has_tls: bool) {
        if let Some(span) = root.key_span("handshakes").filter(|_| !has_tls) {
            let hint = "write `[tls]`, or `tls` in `[line]` or `[send_line]`";
            self.document.error_hint(Code::MissingKey, span, "no connection of the scenario has TLS", hint);
        }
    }

    /// The folder of the scenario file.
    pub(super) fn folder(&self) -> &Path {
        Path::new(&self.document.source().name).parent().unwrap_or(Path::new(""))
    }
}
