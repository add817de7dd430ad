//! Certificates for tests: an authority, certificates of a bank and of a gateway, and the wrong ones that a bank really shows one day.
//!
//! The key of the authority is never written, so nobody can sign anything else with it.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

const DAY: Duration = Duration::from_secs(86_400);
/// How long the certificates are valid.
const VALID_DAYS: u32 = 730;
/// The names in each certificate, beside those that are asked for.
const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// A certificate that is made.
struct Wanted {
    /// The name of its files, without the ending.
    file: &'static str,
    what: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Good,
    Expired,
    EndsSoon,
    WrongName,
    OtherAuthority,
}

const WANTED: [Wanted; 7] = [
    Wanted { file: "bank", what: "the bank", kind: Kind::Good },
    Wanted { file: "bank-renewed", what: "the bank, after a renewal", kind: Kind::Good },
    Wanted { file: "gateway", what: "the gateway", kind: Kind::Good },
    Wanted { file: "expired", what: "ended yesterday", kind: Kind::Expired },
    Wanted { file: "ends-soon", what: "ends in 10 days", kind: Kind::EndsSoon },
    Wanted { file: "wrong-name", what: "has the name another.test", kind: Kind::WrongName },
    Wanted {
        file: "other-authority",
        what: "is signed by an authority that has the same name, and that nobody trusts",
        kind: Kind::OtherAuthority,
    },
];

/// The files of an authority, and what to do with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestCertificates {
    /// The files, in the order in which they were written.
    pub files: Vec<PathBuf>,
    /// Which file is what, and the lines for a configuration and a scenario.
    pub guide: String,
}

/// Makes an authority and certificates in a folder, which is created if it is not there. `names` are host names and addresses that the
/// certificates have beside `localhost` and `127.0.0.1`.
///
/// # Errors
/// If a name cannot be in a certificate, or a file is there already or cannot be written. Files that were written before remain.
pub fn make_test_certificates(folder: &Path, names: &[String]) -> io::Result<TestCertificates> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let trusted = authority(now)?;
    let other = authority(now)?;
    fs::create_dir_all(folder)?;
    let mut files = vec![folder.join("ca.pem")];
    write_new(&folder.join("ca.pem"), trusted.pem.as_bytes(), 0o644)?;
    let mut guide = format!("{:40} the authority: `ca` and `client_ca`\n", "ca.pem");
    for wanted in &WANTED {
        let issuer = if wanted.kind == Kind::OtherAuthority { &other.issuer } else { &trusted.issuer };
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = wanted.params(names, now)?.signed_by(&key, issuer).map_err(io::Error::other)?;
        let cert_file = format!("{}.pem", wanted.file);
        let key_file = format!("{}.key", wanted.file);
        write_new(&folder.join(&cert_file), certificate.pem().as_bytes(), 0o644)?;
        write_new(&folder.join(&key_file), key.serialize_pem().as_bytes(), 0o600)?;
        let both = format!("{cert_file}, {key_file}");
        // Writing to a text cannot fail.
        let _ = writeln!(guide, "{both:40} {}", wanted.what);
        files.extend([folder.join(cert_file), folder.join(key_file)]);
    }
    guide.push_str(&lines(folder));
    Ok(TestCertificates { files, guide })
}

/// The lines for both sides.
fn lines(folder: &Path) -> String {
    let folder = folder.display();
    let at = |file: &str| format!("\"{folder}/{file}\"");
    let ca = at("ca.pem");
    let bank = format!("cert = {}, key = {}", at("bank.pem"), at("bank.key"));
    let gateway = format!("cert = {}, key = {}", at("gateway.pem"), at("gateway.key"));
    format!(
        "\nThe gateway connects, and both show a certificate. In the configuration of the gateway, at the line:\n\
           \x20 tls = {{ ca = {ca}, {gateway}, name = \"localhost\" }}\n\
         In the scenario of the bank, at its top:\n\
           \x20 tls = {{ client_ca = {ca}, {bank} }}\n\
         If the bank connects: at the line with `listen`, and in `[line]` of the scenario:\n\
           \x20 tls = {{ client_ca = {ca}, {gateway} }}\n\
           \x20 tls = {{ ca = {ca}, {bank}, name = \"localhost\" }}\n"
    )
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

fn authority(now: Duration) -> io::Result<Authority> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Test authority of fep-gateway");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid(&mut params, now.saturating_sub(DAY), now + DAY * VALID_DAYS);
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let pem = params.self_signed(&key).map_err(io::Error::other)?.pem();
    Ok(Authority { issuer: Issuer::new(params, key), pem })
}

impl Wanted {
    fn params(&self, names: &[String], now: Duration) -> io::Result<CertificateParams> {
        let names = match self.kind {
            Kind::WrongName => vec!["another.test".to_owned()],
            _ => NAMES.iter().map(ToString::to_string).chain(names.iter().cloned()).collect(),
        };
        let mut params = CertificateParams::new(names).map_err(|error| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("a name for the certificates: {error}"))
        })?;
        params.distinguished_name.push(DnType::CommonName, self.file);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let from = now.saturating_sub(DAY * 60);
        match self.kind {
            Kind::Expired => valid(&mut params, from, now.saturating_sub(DAY)),
            Kind::EndsSoon => valid(&mut params, from, now + DAY * 10),
            _ => valid(&mut params, now.saturating_sub(DAY), now + DAY * VALID_DAYS),
        }
        Ok(params)
    }
}

/// When a certificate is valid, in time since 1970.
fn valid(params: &mut CertificateParams, from: Duration, until: Duration) {
    let start = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = start + from;
    params.not_after = start + until;
}

/// Writes a file that is not there yet. A key is readable by its owner alone.
fn write_new(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let mut file = options.open(path).map_err(named)?;
    file.write_all(content).map_err(named)
}
