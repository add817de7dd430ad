//! An e-mail for a letter, by SMTP. Nothing is sent before the connection is encrypted, unless the configuration says that it need not be.

use std::time::Duration;

use fep_protocol::alarm::AlarmAction;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Identity, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::mime::Mail;
use crate::alarm_status::AlarmChange;
use crate::alarms::outbox::Letter;
use crate::config::{MailConfig, MailSecurity, read_password};
use crate::time::Rfc3339;

/// The longest text of an error, in characters. A mail server writes what it likes.
const WHY_MAX_CHARS: usize = 200;

/// Sends a letter. Returns when the mail server has taken it.
pub(super) async fn send(
    config: &MailConfig,
    timeout: Duration,
    letter: &Letter,
    instance: Option<&str>,
) -> Result<(), String> {
    let (envelope, message) = message(config, letter, instance)?;
    let config = config.clone();
    // Files of certificates and of the password are read, and a disk may be slow.
    let transport = tokio::task::spawn_blocking(move || transport(&config, timeout)).await;
    let transport = transport.map_err(|error| error.to_string()).flatten()?;
    let sent = tokio::time::timeout(timeout, transport.send_raw(&envelope, &message)).await;
    let late = |_| format!("the mail server did not take it within {} ms", timeout.as_millis());
    sent.map_err(late)?.map_err(|error| why(&error)).map(drop)
}

/// Why a mail server did not take it. What it wrote stays out: it quotes addresses.
fn why(error: &lettre::transport::smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        None if error.is_timeout() => "the mail server does not answer".to_owned(),
        None if error.is_response() => "the mail server answers with something else than SMTP".to_owned(),
        None => format!("the mail server: {}", one_line(&error.to_string())),
    }
}

fn transport(config: &MailConfig, timeout: Duration) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let (host, port) = &config.server;
    let tls = match config.security {
        MailSecurity::StartTls => Tls::Required(parameters(config)?),
        MailSecurity::Tls => Tls::Wrapper(parameters(config)?),
        MailSecurity::Plain => Tls::None,
    };
    let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host.as_str());
    let mut builder = builder.port(*port).tls(tls).timeout(Some(timeout));
    if let Some((user, file)) = &config.login {
        builder = builder.credentials(Credentials::new(user.clone(), read_password(file)?));
    }
    Ok(builder.build())
}

/// Only the configured authority is trusted.
fn parameters(config: &MailConfig) -> Result<TlsParameters, String> {
    let tls = config.tls.as_ref().ok_or("`tls` is missing")?;
    let read = |path: &std::path::Path| std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let name = tls.name.as_ref().map_or_else(|| config.server.0.clone(), |name| name.to_str().into_owned());
    let mut builder = TlsParameters::builder(name).certificate_store(CertificateStore::None);
    if let Some(ca) = &tls.ca {
        let usable = Certificate::from_pem(&read(ca)?);
        builder = builder
            .add_root_certificate(usable.map_err(|_| format!("{}: it has no usable certificate", ca.display()))?);
    }
    if let Some((cert, key)) = &tls.own {
        let identity = Identity::from_pem(&read(cert)?, &read(key)?);
        let identity = identity.map_err(|_| format!("{}: it does not fit its key", cert.display()))?;
        builder = builder.identify_with(identity);
    }
    builder.build_rustls().map_err(|_| "TLS with the mail server cannot be prepared".to_owned())
}

/// The message with its envelope.
fn message(config: &MailConfig, letter: &Letter, instance: Option<&str>) -> Result<(Envelope, Vec<u8>), String> {
    let address = |text: &String| text.parse::<Address>().map_err(|_| format!("{text} is not an e-mail address"));
    let from = address(&config.from)?;
    let to = config.recipients.iter().map(address).collect::<Result<Vec<_>, _>>()?;
    let envelope = Envelope::new(Some(from), to).map_err(|error| one_line(&error.to_string()))?;
    let mail = Mail {
        from: &config.from,
        to: &config.recipients,
        subject: &subject(&letter.changes, instance),
        id: &letter.id,
        at_ms: letter.changes.iter().map(|change| change.at_ms).max().unwrap_or_default(),
        text: &body(&letter.changes),
    };
    Ok((envelope, mail.bytes()))
}

fn subject(changes: &[AlarmChange], instance: Option<&str>) -> String {
    let place = instance.map_or_else(|| "fep-gateway".to_owned(), |instance| format!("fep-gateway {instance}"));
    let first = changes.iter().find(|change| change.action != AlarmAction::Clear).or(changes.first());
    let said = first
        .map_or(String::new(), |change| format!("{} {}: {}", word(change.action), change.institution, change.rule));
    let more = if changes.len() > 1 { format!(" and {} more", changes.len() - 1) } else { String::new() };
    format!("[{place}] {}{more}", one_line(&said))
}

fn body(changes: &[AlarmChange]) -> String {
    let one = |change: &AlarmChange| {
        let AlarmChange { id, action, rule, institution, at_ms, since_ms, text, next, .. } = change;
        format!(
            "{} {institution}: {text}\n\nrule:  {rule}\nat:    {}\nsince: {}\nnext:  {next}\nalarm: {id}\n",
            word(*action),
            Rfc3339(*at_ms),
            Rfc3339(*since_ms)
        )
    };
    changes.iter().map(one).collect::<Vec<_>>().join("\n----\n\n")
}

fn word(action: AlarmAction) -> &'static str {
    match action {
        AlarmAction::Raise => "RAISED",
        AlarmAction::Remind => "STILL RAISED",
        AlarmAction::Clear => "OVER",
    }
}

/// The text in one line, cut.
fn one_line(text: &str) -> String {
    let plain = text.chars().map(|character| if character.is_control() { ' ' } else { character });
    plain.take(WHY_MAX_CHARS).collect()
}
