//! An e-mail for a letter, by SMTP. Nothing is sent before the connection is encrypted, unless the configuration says that it need not be.

use std::time::Duration;

use fep_protocol::alarm::AlarmAction;
use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, Identity, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error, commands};

use super::NotTold;
use super::mime::Mail;
use crate::alarm_status::AlarmChange;
use crate::alarms::outbox::Letter;
use crate::config::{MailConfig, MailSecurity, read_password};
use crate::time::Rfc3339;

/// The longest text of an error, in characters. A mail server writes what it likes.
const WHY_MAX_CHARS: usize = 200;

/// The shortest time that a mail server has for its answer after the whole message. It may look into it meanwhile, and a message that is sent again because
/// of that comes twice.
const TAKING_MAX: Duration = Duration::from_secs(120);

/// The longest time for the end of a connection whose message is taken.
const QUIT_MAX: Duration = Duration::from_secs(1);

/// What is needed to connect: the encryption and the login.
type Prepared = (Option<TlsParameters>, Option<Credentials>);

/// Sends a letter. Returns when the mail server has taken it.
pub(super) async fn send(
    config: &MailConfig,
    timeout: Duration,
    letter: &Letter,
    instance: Option<&str>,
) -> Result<(), NotTold> {
    let (envelope, message) = message(config, letter, instance)?;
    let owned = config.clone();
    // Files of certificates and of the password are read, and a disk may be slow.
    let prepared = tokio::task::spawn_blocking(move || prepared(&owned)).await;
    let prepared = prepared.map_err(|error| error.to_string()).flatten()?;
    let begun = tokio::time::timeout(timeout, begin(config, timeout, prepared, &envelope)).await;
    let late = |_| format!("the mail server did not take it within {} ms", timeout.as_millis());
    let mut connection = begun.map_err(late)?.map_err(|error| why(&error))?;
    let taken = tokio::time::timeout(timeout.max(TAKING_MAX), connection.message(&message)).await;
    match taken {
        Ok(Ok(_)) => {}
        // Only a reply code says that it is not taken.
        Ok(Err(error)) if error.status().is_some() => return Err(why(&error).into()),
        Ok(Err(_)) | Err(_) => {
            let why = "the mail server had the message and did not say whether it takes it".to_owned();
            return Err(NotTold { why, may_be_taken: true });
        }
    }
    // It is taken, however the connection ends.
    let _ = tokio::time::timeout(QUIT_MAX, connection.abort()).await;
    Ok(())
}

/// Connects, and goes on until the mail server wants the message.
async fn begin(
    config: &MailConfig,
    timeout: Duration,
    (tls, login): Prepared,
    envelope: &Envelope,
) -> Result<AsyncSmtpConnection, Error> {
    let name = ClientId::default();
    let (host, port) = &config.server;
    let (wrapped, later) = match config.security {
        MailSecurity::Tls => (tls, None),
        MailSecurity::StartTls => (None, tls),
        MailSecurity::Plain => (None, None),
    };
    let place = (host.as_str(), *port);
    let mut connection = AsyncSmtpConnection::connect_tokio1(place, Some(timeout), &name, wrapped, None).await?;
    if let Some(tls) = later {
        connection.starttls(tls, &name).await?;
    }
    if let Some(login) = &login {
        connection.auth(DEFAULT_MECHANISMS, login).await?;
    }
    connection.command(commands::Mail::new(envelope.from().cloned(), Vec::new())).await?;
    for to in envelope.to() {
        connection.command(commands::Rcpt::new(to.clone(), Vec::new())).await?;
    }
    connection.command(commands::Data).await?;
    Ok(connection)
}

/// Why a mail server did not take it. What it wrote stays out: it quotes addresses.
fn why(error: &Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        None if error.is_timeout() => "the mail server does not answer".to_owned(),
        None if error.is_response() => "the mail server answers with something else than SMTP".to_owned(),
        None => format!("the mail server: {}", one_line(&error.to_string())),
    }
}

fn prepared(config: &MailConfig) -> Result<Prepared, String> {
    let tls = match config.security {
        MailSecurity::StartTls | MailSecurity::Tls => Some(parameters(config)?),
        MailSecurity::Plain => None,
    };
    let login = config.login.as_ref().map(|(user, file)| Ok(Credentials::new(user.clone(), read_password(file)?)));
    Ok((tls, login.transpose().map_err(|error: String| error)?))
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
