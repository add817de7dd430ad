//! `[journal.postgres]`: the database that has the facts. It connects to none.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fep_spec::document::{Located, Table, Value};
use fep_spec::report::{Code, Finding, Severity};

use super::names::{check_name, ms};
use super::secret_file;
use super::tls::{TlsConfig, TlsPlace};

/// `[journal.postgres]`: the facts are in a PostgreSQL database. It needs a gateway that was built with the feature `postgres`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresConfig {
    /// `hosts`, required: the servers, each as a host with or without a port. The first one that takes writes is used.
    pub hosts: Vec<(String, u16)>,
    /// `database`, required: its name.
    pub database: String,
    /// `user`, required: who connects.
    pub user: String,
    /// `password_file`: the file with the password in one line, relative to the configuration file. Default: none is shown.
    pub password_file: Option<PathBuf>,
    /// `schema`, default `fep`: the schema of the tables. It is created if the user may do so.
    pub schema: String,
    /// `instance`, required: the name of this gateway among those that may write the journal, such as `seoul-1`.
    pub instance: String,
    /// `lease_ms`, default 10000: how long another gateway waits for this one after its last sign, before it takes over.
    pub lease: Duration,
    /// `utc_offset_minutes` of `[journal]`: where the days of the partitions begin.
    pub utc_offset_minutes: i32,
    /// `keep_days` of `[journal]`: after how many days partitions are removed, or `None` to keep them.
    pub keep_days: Option<u32>,
    /// `tls`, with `ca`: the connection is encrypted, and the server's certificate must have the name of its host.
    pub tls: Option<TlsConfig>,
}

/// The port of PostgreSQL.
const PORT: u16 = 5432;

/// The maximum number of servers.
const HOSTS_MAX: usize = 8;

/// The longest name in PostgreSQL, in bytes.
const NAME_MAX_BYTES: usize = 63;

/// Reads the table, if there is one. `[journal]` says where days begin, in minutes off UTC, and after how many of them partitions are removed.
pub(super) fn read(
    table: Option<Table<'_>>,
    (utc_offset_minutes, keep_days): (i32, Option<u32>),
    folder: &Path,
) -> Option<PostgresConfig> {
    let table = table?;
    table.knows(&["hosts", "database", "user", "password_file", "schema", "instance", "lease_ms", "tls"]);
    if !cfg!(feature = "postgres") {
        let hint = "build it with `--features postgres`, or leave the table out: then the facts are in the file";
        table.document().error_hint(Code::UnknownName, table.span(), "this gateway was built without PostgreSQL", hint);
    }
    let hosts = hosts(&table, PORT);
    let text = |key| table.required_string(key).map_or_else(String::new, |text| text.value.to_owned());
    let schema = table.string("schema");
    if let Some(schema) = schema.as_ref().filter(|schema| !is_plain(schema.value)) {
        let message =
            format!("a schema has 1 to {NAME_MAX_BYTES} small letters, digits and `_`, and begins with a letter");
        table.document().error_hint(Code::BadValue, schema.span.clone(), message, "such as fep");
    }
    let instance = table.required_string("instance");
    instance.iter().for_each(|instance| check_name(table.document(), instance));
    let first_host = hosts.first().map_or("", |(host, _)| host.as_str());
    let config = PostgresConfig {
        database: text("database"),
        user: text("user"),
        password_file: password_file(&table, folder),
        schema: schema.map_or_else(|| "fep".to_owned(), |schema| schema.value.to_owned()),
        instance: instance.map_or_else(String::new, |instance| instance.value.to_owned()),
        lease: lease(&table),
        utc_offset_minutes,
        keep_days,
        tls: table.table("tls").map(|tls| TlsConfig::read(tls, TlsPlace::Asks(first_host), folder)),
        hosts,
    };
    table.finish();
    Some(config)
}

/// The password in a file.
///
/// # Errors
/// If it cannot be read, others may read it, or it does not have one line. One line, without a part of the password.
pub(crate) fn read_password(path: &Path) -> Result<String, String> {
    let text = secret_file::read(path)?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    match password.is_empty() || password.contains(['\n', '\r']) {
        true => Err(format!("{}: it must have one line, the password", path.display())),
        false => Ok(password.to_owned()),
    }
}

/// A wrong file is found here, and not at the start.
pub(super) fn password_file(table: &Table<'_>, folder: &Path) -> Option<PathBuf> {
    let file = table.string("password_file")?;
    let path = folder.join(file.value);
    if let Err(why) = read_password(&path) {
        table.document().error_hint(Code::BadValue, file.span, why, "one line, readable by the gateway only");
    }
    Some(path)
}

/// What a person should know: the facts travel unencrypted to another machine.
pub(super) fn note(journal: Option<Table<'_>>, config: Option<&PostgresConfig>) -> Option<Finding> {
    let table = journal?.table("postgres")?;
    let (host, port) = config?.hosts.iter().find(|(host, _)| !is_here(host))?;
    if config?.tls.is_some() {
        return None;
    }
    let message = format!("the facts travel unencrypted to {host}:{port}");
    let finding = Finding::new(table.document().source(), Severity::Note, Code::MissingKey, table.span(), message);
    Some(
        finding
            .with_hint("tls = { ca = \"…\" }: the authority that signs the certificate of the server, as a PEM file"),
    )
}

/// Whether a host is certainly this machine.
pub(super) fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn lease(table: &Table<'_>) -> Duration {
    let lease = ms(table, "lease_ms", 10_000);
    if !(Duration::from_secs(2)..=Duration::from_secs(600)).contains(&lease) {
        let span = table.key_span("lease_ms").unwrap_or_default();
        let hint = "it is renewed each second, so a short one ends when the database is slow";
        table.document().error_hint(Code::BadValue, span, "`lease_ms` must be 2000 to 600000", hint);
    }
    lease
}

/// `hosts`, with this port for a host that names none.
pub(super) fn hosts(table: &Table<'_>, port: u16) -> Vec<(String, u16)> {
    let Some(all) = table.required("hosts").and_then(Value::array) else { return Vec::new() };
    let hosts: Vec<Located<&str>> = all.into_iter().filter_map(Value::string).collect();
    if hosts.is_empty() || hosts.len() > HOSTS_MAX {
        let span = table.key_span("hosts").unwrap_or_default();
        let message = format!("there are {} hosts, there must be 1 to {HOSTS_MAX}", hosts.len());
        table.document().error_hint(Code::BadValue, span, message, "such as [\"db-1.bank.example\"]");
    }
    let host = |host: &Located<&str>| {
        let found = address(host.value, port);
        if found.is_none() {
            let message = "a host is a name or an address, with or without a port";
            let hint = format!("such as db-1.bank.example:{port}");
            table.document().error_hint(Code::BadValue, host.span.clone(), message, hint);
        }
        found
    };
    hosts.iter().filter_map(host).collect()
}

/// The host and the port of a text.
fn address(text: &str, port: u16) -> Option<(String, u16)> {
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok().filter(|port| *port > 0)?),
        None => (text, port),
    };
    (!host.is_empty() && host.bytes().all(is_host)).then(|| (host.to_owned(), port))
}

/// Whether a text is a name that needs no quotes.
fn is_plain(name: &str) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_lowercase() || *byte == b'_';
    let is_known = |byte: u8| is_letter(&byte) || byte.is_ascii_digit();
    name.len() <= NAME_MAX_BYTES && name.as_bytes().first().is_some_and(is_letter) && name.bytes().all(is_known)
}

#[cfg(feature = "postgres")]
#[cfg(test)]
mod tests {
    use fep_spec::document::Document;
    use fep_spec::report::Source;

    use super::*;

    fn read(text: &str) -> (Option<PostgresConfig>, String) {
        let document = Document::new(Source::new("gateway.toml", text));
        let read = document.walk(|root| {
            let config = super::read(root.table("postgres"), (540, None), Path::new("/etc/fep"));
            root.finish();
            config
        });
        (read.flatten(), document.into_report().to_string())
    }

    #[test]
    fn a_database_is_read_with_its_defaults() {
        let (config, findings) = read(
            "[postgres]\nhosts = [\"db-1.bank.example\", \"db-2.bank.example:6432\"]\ndatabase = \"fep\"\nuser = \"fep\"\ninstance = \"seoul-1\"\n",
        );
        assert_eq!(findings, "");
        let config = config.unwrap();
        assert_eq!(config.hosts, [("db-1.bank.example".to_owned(), 5432), ("db-2.bank.example".to_owned(), 6432)]);
        assert_eq!((config.schema.as_str(), config.lease, config.tls), ("fep", Duration::from_secs(10), None));
    }

    #[test]
    fn mistakes_are_told() {
        let good = "[postgres]\nhosts = [\"db\"]\ndatabase = \"fep\"\nuser = \"fep\"\ninstance = \"seoul-1\"\n";
        for (text, told) in [
            ("[postgres]\n".to_owned(), "`hosts` is missing"),
            (good.replace("[\"db\"]", "[]"), "there are 0 hosts"),
            (good.replace("[\"db\"]", "[\"db:0\"]"), "a host is a name or an address"),
            (good.replace("[\"db\"]", "[\"postgres://db\"]"), "a host is a name or an address"),
            (format!("{good}schema = \"Fep\"\n"), "a schema has 1 to 63 small letters"),
            (format!("{good}schema = \"a\\\"; DROP\"\n"), "a schema has 1 to 63 small letters"),
            (format!("{good}lease_ms = 100\n"), "`lease_ms` must be 2000 to 600000"),
            (format!("{good}passwort = \"x\"\n"), "passwort"),
            (format!("{good}password_file = \"nowhere\"\n"), "nowhere: No such file"),
            (format!("{good}tls = {{}}\n"), "`ca` is missing"),
        ] {
            let (_, findings) = read(&text);
            assert!(findings.contains(told), "{text}: {findings}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_password_is_one_line_that_others_cannot_read() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db.password");
        let read = |text: &str, mode| {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            read_password(&path)
        };
        assert_eq!(read("s3cret word\n", 0o640), Ok("s3cret word".to_owned()));
        for (text, mode, why) in [
            ("", 0o600, "it must have one line"),
            ("s3cret\n\n", 0o600, "it must have one line"),
            ("s3cret", 0o604, "chmod o-rwx"),
        ] {
            let told = read(text, mode).unwrap_err();
            assert!(told.contains(why) && !told.contains("s3cret"), "{told}");
        }
    }

    #[test]
    fn a_connection_to_another_machine_without_tls_is_noted() {
        let noted = |hosts: &str| {
            let text =
                format!("[journal.postgres]\nhosts = {hosts}\ndatabase = \"fep\"\nuser = \"fep\"\ninstance = \"a\"\n");
            let document = Document::new(Source::new("gateway.toml", text));
            let note = document.walk(|root| {
                let config = super::read(root.table("journal").unwrap().table("postgres"), (540, None), Path::new("."));
                note(root.table("journal"), config.as_ref())
            });
            note.flatten().map(|note| note.to_string())
        };
        assert_eq!(noted("[\"localhost\", \"127.0.0.1:6432\"]"), None);
        let note = noted("[\"127.0.0.1\", \"db-2.bank.example\"]").unwrap();
        assert!(note.contains("the facts travel unencrypted to db-2.bank.example:5432"), "{note}");
    }
}
