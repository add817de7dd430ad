//! Names in the certificates of clients. Whose certificate it is, is not known here, and no certificate is read.

use std::fmt;

/// A name in a certificate (subjectAltName), for which an authority of `client_ca` vouches. A renewed certificate has the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CertificateName(String);

/// What the text of a name begins with: its kind.
const DNS_MARK: &str = "dns:";
const URI_MARK: &str = "uri:";

impl CertificateName {
    /// A DNS name. It has no case.
    #[must_use]
    pub fn dns(name: &str) -> Self {
        Self(format!("{DNS_MARK}{}", name.to_ascii_lowercase()))
    }

    /// A URI, such as that of SPIFFE.
    #[must_use]
    pub fn uri(uri: &str) -> Self {
        Self(format!("{URI_MARK}{uri}"))
    }

    /// Reads a name as the file has it. A `*` stands for no other text: a certificate for many names is nobody's.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_name = |name: &str| {
            let label = |label: &str| {
                (1..=63).contains(&label.len())
                    && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            };
            name.len() <= 253 && name.split('.').all(label)
        };
        let is_uri = |uri: &str| {
            let scheme = uri.split_once(':').filter(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty());
            scheme.is_some() && uri.len() <= 2048 && uri.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'*')
        };
        if let Some(name) = text.strip_prefix(DNS_MARK) {
            return is_name(name).then(|| Self::dns(name));
        }
        text.strip_prefix(URI_MARK).filter(|uri| is_uri(uri)).map(Self::uri)
    }
}

impl fmt::Display for CertificateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
