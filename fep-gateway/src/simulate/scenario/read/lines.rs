//! Reads what a scenario says about connections: who makes them, when they are closed, polls, the send line.

use std::time::Duration;

use fep_spec::document::Table;
use fep_spec::report::Code;

use super::Reader;
use super::rules::{WAIT_MAX_MS, milliseconds};
use crate::config::Framing;
use crate::simulate::scenario::{ScenarioLine, ScenarioPoll, ScenarioSendLine, SendLineRole};

/// The maximum number of connections that the institution makes.
const LINKS_MAX: usize = 64;
/// The default pause before it connects again.
const RECONNECT: Duration = Duration::from_millis(200);
/// The maximum length of the content of a poll, in bytes.
const POLL_MAX_BYTES: usize = 64;

impl Reader<'_> {
    pub(super) fn line(&self, table: Table<'_>) -> ScenarioLine {
        let connect = self.host_and_port(&table);
        let tls = self.tls_to(&table, connect.as_deref());
        let links = table.integer("links", 1..=LINKS_MAX).map_or(1, |links| links.value);
        let reconnect = milliseconds(&table, "reconnect_ms", 1..=WAIT_MAX_MS).unwrap_or(RECONNECT);
        if let Some(place) = ["links", "reconnect_ms"].into_iter().find_map(|key| table.key_span(key))
            && !table.has("connect")
        {
            let hint = "write `connect`: the host and port of the gateway";
            self.document.error_hint(
                Code::MissingKey,
                place,
                "this is about connections that the institution makes",
                hint,
            );
        }
        let idle_close = milliseconds(&table, "idle_close_ms", 1..=WAIT_MAX_MS);
        let lifetime = milliseconds(&table, "lifetime_ms", 1..=WAIT_MAX_MS);
        table.finish();
        ScenarioLine { connect, tls, links, reconnect, idle_close, lifetime }
    }

    pub(super) fn poll(&self, table: Table<'_>, framing: &Framing) -> Option<ScenarioPoll> {
        let content = |key: &'static str| {
            let text = table.string(key)?;
            let why = match text.value.len() {
                0..=POLL_MAX_BYTES => {
                    framing.frame(text.value.as_bytes().to_vec()).err().map(|error| error.to_string())
                }
                _ => Some(format!("a poll has at most {POLL_MAX_BYTES} bytes")),
            };
            if let Some(why) = why {
                self.document.error(Code::BadValue, text.span, format!("`{key}` is no frame: {why}"));
            }
            Some(text.value.to_owned())
        };
        let _noted = table.required("request");
        let request = content("request");
        let answer = content("answer");
        let every = milliseconds(&table, "every_ms", 1..=WAIT_MAX_MS);
        table.finish();
        Some(ScenarioPoll { request: request?, answer, every })
    }

    fn host_and_port(&self, table: &Table<'_>) -> Option<String> {
        let address = table.string("connect")?;
        let parts = address.value.rsplit_once(':');
        if parts.is_none_or(|(host, port)| host.is_empty() || port.parse::<u16>().is_err()) {
            let message = "`connect` must be a host and a port";
            self.document.error_hint(Code::BadValue, address.span, message, "such as 127.0.0.1:9006");
        }
        Some(address.value.to_owned())
    }

    pub(super) fn send_line(&self, table: Table<'_>) -> Option<ScenarioSendLine> {
        let address = self.host_and_port(&table);
        let tls = table.table("tls").map(|tls| self.tls(tls, address.as_deref()));
        let connect = address.map(SendLineRole::Connect);
        let listen = table.string("listen").and_then(|address| match address.value.parse() {
            Ok(address) => Some(SendLineRole::Listen(address)),
            Err(_) => {
                let message = "`listen` must be an address of this machine and a port";
                self.document.error_hint(Code::BadValue, address.span, message, "such as 127.0.0.1:9006");
                None
            }
        });
        if table.has("connect") == table.has("listen") {
            let message = "who connects the send line? Write `connect` or `listen`, one of them";
            self.document.error(Code::MissingKey, table.span(), message);
        }
        let sign_on = table.table("sign_on").and_then(|sign_on| {
            let place = sign_on.span();
            let sign_on = self.notice(sign_on)?;
            if self.spec.telegram(&sign_on.telegram).is_some_and(|telegram| telegram.answer.is_none()) {
                let message = format!("{} is not a request: the spec names no answer to it", sign_on.telegram);
                self.document.error(Code::WrongReference, place, message);
            }
            Some(sign_on)
        });
        table.finish();
        Some(ScenarioSendLine { role: connect.or(listen)?, tls, sign_on })
    }
}
