//! The connection to a server that shows a certificate.

#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use super::Database;
use super::lease::Lease;
use crate::config::{PostgresConfig, TlsConfig};

/// A server with a certificate for `localhost`.
struct Server {
    folder: TempDir,
    port: u16,
}

fn script(what: &str, folder: &Path) -> Option<String> {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scripts/postgres.sh");
    let output = Command::new(script).arg(what).arg(folder.join("server")).output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

impl Server {
    /// Starts one that takes encrypted connections only, or returns `None` if PostgreSQL is not installed.
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let Some(address) = script("start", folder.path()) else {
            assert!(std::env::var_os("FEP_CI").is_none(), "PostgreSQL does not start");
            eprintln!("skipped: PostgreSQL does not start; TLS to it is not tried");
            return None;
        };
        let port = address.trim().rsplit_once(':').unwrap().1.parse().unwrap();
        let server = Self { folder, port };
        let authority = authority(&server.path("ca.pem"));
        authority_of_nobody(&server.path("other.pem"));
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let data = server.path("server/data");
        std::fs::write(data.join("server.crt"), params.signed_by(&key, &authority).unwrap().pem()).unwrap();
        std::fs::write(data.join("server.key"), key.serialize_pem()).unwrap();
        // The server wants its files to be its own.
        let of = std::fs::metadata(&data).unwrap();
        for name in ["server.crt", "server.key"] {
            let path = data.join(name);
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
            let owner = std::os::unix::fs::MetadataExt::uid(&of);
            let group = std::os::unix::fs::MetadataExt::gid(&of);
            std::os::unix::fs::chown(&path, Some(owner), Some(group)).unwrap();
        }
        let settings = std::fs::read_to_string(data.join("postgresql.conf")).unwrap();
        std::fs::write(data.join("postgresql.conf"), settings + "\nssl = on\n").unwrap();
        std::fs::write(data.join("pg_hba.conf"), "hostssl all all all trust\n").unwrap();
        script("kill", server.folder.path()).unwrap();
        script("start", server.folder.path()).unwrap();
        Some(server)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Opens a journal with this authority on this host. Returns what was refused.
    fn open(&self, host: &str, ca: Option<&str>) -> Result<(), String> {
        let tls = ca.map(|ca| TlsConfig { ca: Some(self.path(ca)), own: None, name: None, without_certificate: false });
        let config = PostgresConfig {
            hosts: vec![(host.to_owned(), self.port)],
            database: "postgres".to_owned(),
            user: "fep".to_owned(),
            password_file: None,
            schema: "fep".to_owned(),
            instance: "seoul-1".to_owned(),
            lease: std::time::Duration::from_secs(2),
            utc_offset_minutes: 540,
            keep_days: None,
            tls,
        };
        let database = Database::new(&config).unwrap();
        let (lease, _) =
            Lease::begin(&database, &self.path("journal.sqlite"), false, 1).map_err(|error| error.to_string())?;
        lease.give_back().unwrap();
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        script("kill", self.folder.path());
    }
}

fn authority(file: &Path) -> Issuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    std::fs::write(file, params.self_signed(&key).unwrap().pem()).unwrap();
    Issuer::new(params, key)
}

fn authority_of_nobody(file: &Path) {
    let _ = authority(file);
}

#[test]
fn the_server_must_show_a_certificate_with_its_name_by_an_authority_that_is_trusted() {
    let Some(server) = Server::start() else { return };
    server.open("localhost", Some("ca.pem")).unwrap();
    let why = server.open("localhost", Some("other.pem")).unwrap_err();
    assert!(why.contains("cannot be reached") && why.contains("certificate"), "{why}");
    let why = server.open("127.0.0.1", Some("ca.pem")).unwrap_err();
    assert!(why.contains("not valid for name"), "{why}");
    let why = server.open("localhost", None).unwrap_err();
    assert!(why.contains("no encryption"), "{why}");
}
