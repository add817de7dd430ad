//! `callback` of a notice: where a service is, the secrets by which the gateway proves to it who posts, and TLS.
//!
//! The file of `callback_secrets` has one or two secrets, one a line, as Standard Webhooks writes them. Each post is signed with all of them, so
//! that a service can change from one to the other at any time:
//!
//! ```text
//! # The newest first. When every service has it, delete the old one.
//! whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
//! whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD
//! ```
//!
//! No text of this module shows a byte of a secret.

use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use fep_spec::document::{Located, Table};
use fep_spec::report::Code;
use reqwest::Url;

use super::secret_file;
use super::tls::{TlsConfig, TlsPlace};

/// Where a notice is posted, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackConfig {
    /// `callback`: the URL of the service.
    pub url: String,
    /// `callback_secrets`: the file with the secrets of the signatures. Default: none, posts are not signed.
    pub secrets: Option<PathBuf>,
    /// `callback_tls`, required with https: whose certificate the service has, and the own one.
    pub tls: Option<TlsConfig>,
}

/// A secret that the gateway and a service have in common.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CallbackSecret(Vec<u8>);

/// How a secret begins. People and programs recognise one by it.
const PREFIX: &str = "whsec_";

/// The maximum number of secrets: two while one takes the place of the other.
const SECRETS_MAX: usize = 2;

/// The length of a secret, in bytes, as Standard Webhooks states it.
const SECRET_MIN_BYTES: usize = 24;
const SECRET_MAX_BYTES: usize = 64;

const MAKES_ONE: &str = "`printf 'whsec_%s\\n' \"$(head -c 32 /dev/urandom | base64)\"` makes one";

impl CallbackConfig {
    /// Reads the keys of a notice. A wrong URL or file is found here, because at the first notice it would be too late.
    pub(crate) fn read(notice: &Table<'_>, folder: &Path) -> Option<Self> {
        let document = notice.document();
        let url = notice.string("callback");
        for key in ["callback_secrets", "callback_tls"] {
            if let Some(span) = notice.key_span(key).filter(|_| url.is_none()) {
                let message = format!("`{key}` needs `callback`");
                document.error_hint(Code::ConflictingKeys, span, message, "write the URL of the service");
            }
        }
        let parsed = url.as_ref().and_then(|url| Url::parse(url.value).ok()).filter(|url| url.has_host());
        let host = parsed.as_ref().and_then(Url::host_str).unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let tls = notice.table("callback_tls").map(|table| TlsConfig::read(table, TlsPlace::Asks(&host), folder));
        let url = url?;
        check_url(notice, &url, parsed.as_ref());
        let secrets = notice.string("callback_secrets").map(|path| (folder.join(path.value), path.span));
        if let Some((path, span)) = &secrets
            && let Err(why) = read_secrets(path)
        {
            document.error_hint(Code::BadValue, span.clone(), why, MAKES_ONE);
        }
        Some(Self { url: url.value.to_owned(), secrets: secrets.map(|(path, _)| path), tls })
    }
}

fn check_url(notice: &Table<'_>, url: &Located<&str>, parsed: Option<&Url>) {
    let wrong = |code, message: &str, hint: &str| notice.document().error_hint(code, url.span.clone(), message, hint);
    let has_user = parsed.is_some_and(|url| !url.username().is_empty() || url.password().is_some());
    match parsed.map(Url::scheme) {
        Some(_) if has_user => {
            wrong(Code::BadValue, "`callback` has a user or a password", "prove who posts by `callback_secrets`");
        }
        Some("https") if !notice.has("callback_tls") => {
            let hint = "callback_tls = { ca = \"…\" }: the authority that signs the certificate of the service, as a PEM file; \
                 /etc/ssl/certs/ca-certificates.crt has those that the system trusts";
            wrong(Code::MissingKey, "`callback_tls` is missing", hint);
        }
        Some("http") if notice.has("callback_tls") => {
            wrong(Code::ConflictingKeys, "`callback_tls` needs https", "write https:// in front of the address");
        }
        Some("http" | "https") => {}
        _ => {
            let hint = "such as http://127.0.0.1:8080/notices, or https:// with `callback_tls`";
            wrong(Code::BadValue, "`callback` must be a URL that begins with http:// or https://", hint);
        }
    }
}

/// Reads the secrets of a file.
///
/// # Errors
/// If it cannot be read, others may read it, or it has no secret. One line, without a part of a secret.
pub(crate) fn read_secrets(path: &Path) -> Result<Vec<CallbackSecret>, String> {
    parse(&secret_file::read(path)?).map_err(|why| format!("{}: {why}", path.display()))
}

fn parse(text: &str) -> Result<Vec<CallbackSecret>, String> {
    let lines = text.lines().map(str::trim).enumerate();
    let mut secrets = Vec::new();
    for (at, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
        let wrong = |what: &str| format!("line {}: {what}", at + 1);
        let encoded = line.strip_prefix(PREFIX).ok_or_else(|| wrong("a secret begins with whsec_"))?;
        let bytes =
            BASE64_STANDARD.decode(encoded).map_err(|_| wrong("behind whsec_ stands base64 with its padding"))?;
        if !(SECRET_MIN_BYTES..=SECRET_MAX_BYTES).contains(&bytes.len()) {
            return Err(wrong(&format!("a secret has {SECRET_MIN_BYTES} to {SECRET_MAX_BYTES} bytes")));
        }
        secrets.push(CallbackSecret(bytes));
    }
    match secrets.len() {
        0 => Err("it has no secret".to_owned()),
        1..=SECRETS_MAX => Ok(secrets),
        count => Err(format!("it has {count} secrets: at most two, while one takes the place of the other")),
    }
}

impl CallbackSecret {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Shows no byte of the secret.
impl fmt::Debug for CallbackSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallbackSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SECOND: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    #[test]
    fn a_file_has_one_secret_or_two() {
        let count = |text: &str| parse(text).map(|secrets| secrets.len());
        assert_eq!(count(FIRST), Ok(1));
        assert_eq!(count(&format!("# the new one\n{FIRST}\n\n  {SECOND}\r\n")), Ok(2));
        for (text, why) in [
            ("", "it has no secret"),
            ("# nothing", "it has no secret"),
            ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "line 1: a secret begins with whsec_"),
            ("\nwhsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "line 2: behind whsec_ stands base64"),
            ("whsec_c2hvcnQ=", "line 1: a secret has 24 to 64 bytes"),
            (&format!("{FIRST}\n{SECOND}\n{FIRST}"), "it has 3 secrets"),
        ] {
            let error = count(text).unwrap_err();
            assert!(error.starts_with(why), "{error}");
            assert!(!error.contains("MfKQ") && !error.contains("c2hv"), "{error}");
        }
        assert_eq!(format!("{:?}", parse(FIRST).unwrap()), "[CallbackSecret(…)]");
    }
}
