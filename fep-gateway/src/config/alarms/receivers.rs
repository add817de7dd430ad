//! `[alarms.to.NAME]`: who is told of alarms, and how.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fep_spec::document::{Located, Table, Value};
use fep_spec::report::Code;

use crate::config::callbacks::CallbackConfig;
use crate::config::names::{check_name, ms};
use crate::config::postgres::password_file;
use crate::config::tls::{TlsConfig, TlsPlace};

/// `[alarms.to.NAME]`: one receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmReceiver {
    /// `kind`, required: `log`, `webhook` or `mail`.
    pub kind: ReceiverKind,
    /// `timeout_ms`, default 10000: how long an attempt may take.
    pub timeout: Duration,
    /// `pause_ms`, default 10000: the shortest time from a message that was taken to the next one. What happens meanwhile goes into that.
    pub pause: Duration,
}

/// How a receiver is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiverKind {
    /// `log`: a line of the log of the gateway.
    Log,
    /// `webhook`: a signed `POST`, with the keys `callback`, `callback_secrets` and `callback_tls` as those of a notice.
    Webhook(CallbackConfig),
    /// `mail`: an e-mail by SMTP.
    Mail(Box<MailConfig>),
}

/// How an e-mail is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailConfig {
    /// `server`, required: the host and port of the mail server, such as `mail.bank.example:587`.
    pub server: (String, u16),
    /// `security`, `starttls` (default), `tls` or `none`: how the connection is encrypted.
    pub security: MailSecurity,
    /// `tls`, required unless `security = "none"`: the authority that signs the certificate of the server.
    pub tls: Option<TlsConfig>,
    /// `from`, required: the address of the sender.
    pub from: String,
    /// `recipients`, required: the addresses of the recipients.
    pub recipients: Vec<String>,
    /// `user` and `password_file`. Default: the server asks for none.
    pub login: Option<(String, PathBuf)>,
}

/// How the connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// It begins plain, and nothing is sent before it is encrypted.
    StartTls,
    /// It is encrypted from its first byte.
    Tls,
    /// It is not encrypted.
    Plain,
}

#[derive(Clone, Copy)]
enum Word {
    Log,
    Webhook,
    Mail,
}

/// The maximum number of addresses of a receiver.
const RECIPIENTS_MAX: usize = 50;

const WEBHOOK_KEYS: [&str; 3] = ["callback", "callback_secrets", "callback_tls"];
const MAIL_KEYS: [&str; 7] = ["server", "security", "tls", "from", "recipients", "user", "password_file"];

/// Reads all receivers.
pub(super) fn read(table: &Table<'_>, folder: &Path) -> BTreeMap<String, AlarmReceiver> {
    let mut all = BTreeMap::new();
    for (name, value) in table.entries() {
        check_name(table.document(), &name);
        let Some(table) = value.table() else { continue };
        all.extend(receiver(&table, folder).map(|receiver| (name.value.to_owned(), receiver)));
        table.finish();
    }
    all
}

fn receiver(table: &Table<'_>, folder: &Path) -> Option<AlarmReceiver> {
    table.knows(&WEBHOOK_KEYS);
    table.knows(&MAIL_KEYS);
    let timeout = ms(table, "timeout_ms", 10_000);
    let pause = ms(table, "pause_ms", 10_000);
    let words = [("log", Word::Log), ("webhook", Word::Webhook), ("mail", Word::Mail)];
    let word = table.required("kind").and_then(|kind| kind.choice(&words))?;
    let others: &[(&str, &[&str])] = match word.value {
        Word::Log => &[("webhook", &WEBHOOK_KEYS), ("mail", &MAIL_KEYS)],
        Word::Webhook => &[("mail", &MAIL_KEYS)],
        Word::Mail => &[("webhook", &WEBHOOK_KEYS)],
    };
    for (kind, keys) in others {
        for (key, span) in keys.iter().filter_map(|key| Some((key, table.key_span(key)?))) {
            let message = format!("`{key}` belongs to `kind = \"{kind}\"`");
            table.document().error_hint(Code::ConflictingKeys, span, message, "leave it out");
        }
    }
    let kind = match word.value {
        Word::Log => ReceiverKind::Log,
        Word::Webhook => {
            if !table.has("callback") {
                let hint = "the URL to which alarms are posted, such as https://on-call.bank.example/alarms";
                table.document().error_hint(Code::MissingKey, table.span(), "`callback` is missing", hint);
            }
            ReceiverKind::Webhook(CallbackConfig::read(table, folder)?)
        }
        Word::Mail => ReceiverKind::Mail(Box::new(mail(table, folder)?)),
    };
    Some(AlarmReceiver { kind, timeout, pause })
}

fn mail(table: &Table<'_>, folder: &Path) -> Option<MailConfig> {
    let document = table.document();
    let server = table.required_string("server");
    let from = table.required_string("from");
    from.iter().for_each(|from| check_address(table, from));
    let recipients = recipients(table);
    let words = [("starttls", MailSecurity::StartTls), ("tls", MailSecurity::Tls), ("none", MailSecurity::Plain)];
    let security = table.choice("security", &words).map_or(MailSecurity::StartTls, |word| word.value);
    let place = server.as_ref().and_then(|server| host_and_port(server.value));
    if let Some(server) = server.as_ref().filter(|_| place.is_none()) {
        let hint = "such as mail.bank.example:587";
        document.error_hint(Code::BadValue, server.span.clone(), "`server` must be a host and a port", hint);
    }
    let host = place.as_ref().map_or("", |(host, _)| host);
    let tls = table.table("tls").map(|table| TlsConfig::read(table, TlsPlace::Asks(host), folder));
    match (security, tls.is_some()) {
        (MailSecurity::StartTls | MailSecurity::Tls, false) if !table.has("tls") => {
            let hint = "tls = { ca = \"…\" }: the authority that signs the certificate of the mail server, as a PEM file; \
                        /etc/ssl/certs/ca-certificates.crt has those that the system trusts";
            document.error_hint(Code::MissingKey, table.span(), "`tls` is missing", hint);
        }
        (MailSecurity::Plain, true) => {
            let span = table.key_span("tls").unwrap_or_default();
            let hint = "leave `security` out: the default is starttls";
            document.error_hint(Code::ConflictingKeys, span, "`tls` does not fit `security = \"none\"`", hint);
        }
        _ => {}
    }
    let login = login(table, security, folder);
    Some(MailConfig { server: place?, security, tls, from: from?.value.to_owned(), recipients, login })
}

fn login(table: &Table<'_>, security: MailSecurity, folder: &Path) -> Option<(String, PathBuf)> {
    let user = table.string("user");
    let password = password_file(table, folder);
    for (key, other) in [("user", "password_file"), ("password_file", "user")] {
        if let Some(span) = table.key_span(key).filter(|_| !table.has(other)) {
            let message = format!("`{key}` needs `{other}`");
            table.document().error_hint(Code::MissingKey, span, message, "the mail server asks for both");
        }
    }
    if let Some(span) = table.key_span("password_file").filter(|_| security == MailSecurity::Plain) {
        let hint = "leave `security` out: the default is starttls";
        let message = "a password is not sent over a connection that is not encrypted";
        table.document().error_hint(Code::ConflictingKeys, span, message, hint);
    }
    Some((user?.value.to_owned(), password?))
}

fn recipients(table: &Table<'_>) -> Vec<String> {
    let Some(all) = table.required("recipients").and_then(Value::array) else { return Vec::new() };
    let all: Vec<Located<&str>> = all.into_iter().filter_map(Value::string).collect();
    if all.is_empty() || all.len() > RECIPIENTS_MAX {
        let span = table.key_span("recipients").unwrap_or_default();
        let message = format!("there are {} recipients, there must be 1 to {RECIPIENTS_MAX}", all.len());
        table.document().error_hint(Code::BadValue, span, message, "such as [\"on-call@bank.example\"]");
    }
    all.iter().for_each(|address| check_address(table, address));
    all.into_iter().map(|address| address.value.to_owned()).collect()
}

fn check_address(table: &Table<'_>, address: &Located<&str>) {
    if !address.value.is_ascii() || address.value.parse::<lettre::Address>().is_err() {
        let message = format!("it is not an e-mail address: {}", address.value.escape_debug());
        table.document().error_hint(Code::BadValue, address.span.clone(), message, "such as on-call@bank.example");
    }
}

fn host_and_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-_[]:".contains(&byte);
    let port = port.parse::<u16>().ok().filter(|port| *port > 0)?;
    let host = host.trim_matches(['[', ']']);
    (!host.is_empty() && host.bytes().all(is_host)).then(|| (host.to_owned(), port))
}
