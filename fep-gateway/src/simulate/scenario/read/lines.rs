//! Reads what a scenario says about connections: who makes them, when they are closed, polls, the send line.

use std::time::Duration;

use fep_spec::document::Table;
use fep_spec::report::Code;

use super::Reader;
use super::rules::{WAIT_MAX_MS, milliseconds};
use crate::config::Framing;
use crate::simulate::scenario::{ScenarioHttp, ScenarioLine, ScenarioPoll, ScenarioSendLine, SendLineRole};

/// The maximum number of connections that the institution makes.
const LINKS_MAX: usize = 64;
/// The maximum of `links_max`.
const ACCEPTED_MAX: usize = crate::simulate::LINKS_MAX;
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
        let links_max = table.integer("links_max", 1..=ACCEPTED_MAX).map(|links| links.value);
        let replaces = table.choice("when_full", &[("refuse", false), ("replace", true)]);
        if let Some(word) = replaces.as_ref().filter(|_| !table.has("links_max")) {
            let hint = "how many connections it accepts at a time";
            self.document.error_hint(Code::MissingKey, word.span.clone(), "`when_full` needs `links_max`", hint);
        }
        let replaces = replaces.is_some_and(|word| word.value);
        let idle_close = milliseconds(&table, "idle_close_ms", 1..=WAIT_MAX_MS);
        let lifetime = milliseconds(&table, "lifetime_ms", 1..=WAIT_MAX_MS);
        table.finish();
        ScenarioLine { connect, tls, links, reconnect, links_max, replaces, idle_close, lifetime }
    }

    pub(super) fn http(&self, table: Table<'_>, root: &Table<'_>) -> ScenarioHttp {
        for key in ["session", "line", "poll", "send_line", "notices"] {
            if let Some(place) = root.key_span(key) {
                let message = format!("`{key}` does not fit `[http]`");
                let hint = "over HTTP, the gateway makes a connection for each request, and nothing else is sent";
                self.document.error_hint(Code::ConflictingKeys, place, message, hint);
            }
        }
        let answer = table.string("answer");
        if let Some(answer) = answer.as_ref().filter(|answer| answer.value.split('.').any(str::is_empty)) {
            let hint = "names with dots between them, such as answer.fields";
            self.document.error_hint(Code::BadValue, answer.span.clone(), "`answer` is no place in a reply", hint);
        }
        table.finish();
        ScenarioHttp { answer: answer.map(|answer| answer.value.to_owned()) }
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
