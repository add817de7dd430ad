//! `[instances.redis]`: the server that carries words between the gateways. It connects to none.

use std::path::{Path, PathBuf};

use fep_spec::document::Table;
use fep_spec::report::{Code, Finding, Severity};

use super::InstancesConfig;
use crate::config::postgres::{hosts, is_here, password_file};
use crate::config::tls::{TlsConfig, TlsPlace};

/// `[instances.redis]`: what carries words between the gateways. It needs a gateway that was built with the feature `redis`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisConfig {
    /// `hosts`, required: the servers, each as a host with or without a port. With `sentinel`, the Sentinels.
    pub hosts: Vec<(String, u16)>,
    /// `mode`, default `server`: what the hosts are.
    pub mode: RedisMode,
    /// `user`: who connects. Default: the user that Redis calls `default`.
    pub user: Option<String>,
    /// `password_file`: the file with the password in one line, relative to the configuration file. Default: none is shown.
    pub password_file: Option<PathBuf>,
    /// `prefix`, default `fep`: how the names of all keys begin. Gateways with the same prefix share.
    pub prefix: String,
    /// `database`, default 0: the number of the database. A cluster has only 0.
    pub database: u32,
    /// `tls`, with `ca`: the connection is encrypted, and each server's certificate must have the name of its host.
    pub tls: Option<TlsConfig>,
}

/// What the hosts of `[instances.redis]` are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedisMode {
    /// `server`: servers of which the first that takes writes is used.
    Server,
    /// `sentinel`: Sentinels, which know the server that takes writes by this name, `sentinel_master`.
    Sentinel(String),
    /// `cluster`: members of a Redis Cluster, which name the others.
    Cluster,
}

/// The words of `mode`.
const MODES: [(&str, &str); 3] = [("server", "server"), ("sentinel", "sentinel"), ("cluster", "cluster")];

/// The ports of Redis and of its Sentinels.
const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// The longest prefix, in bytes.
const PREFIX_MAX_BYTES: usize = 32;

/// The largest number of a database.
const DATABASE_MAX: u32 = 1023;

/// Reads the table, if there is one.
pub(super) fn read(table: Option<Table<'_>>, folder: &Path) -> Option<RedisConfig> {
    let table = table?;
    table.knows(&["hosts", "mode", "sentinel_master", "user", "password_file", "prefix", "database", "tls"]);
    let document = table.document();
    if !cfg!(feature = "redis") {
        let hint = "build it with `--features redis`, or leave the table out: then each gateway has its equal part of every contract";
        document.error_hint(Code::UnknownName, table.span(), "this gateway was built without Redis", hint);
    }
    let mode = mode(&table);
    let port = if matches!(mode, RedisMode::Sentinel(_)) { SENTINEL_PORT } else { PORT };
    let hosts = hosts(&table, port);
    let prefix = table.string("prefix");
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_:.".contains(&byte);
    let is_prefix = |text: &str| (1..=PREFIX_MAX_BYTES).contains(&text.len()) && text.bytes().all(is_plain);
    if let Some(prefix) = prefix.as_ref().filter(|prefix| !is_prefix(prefix.value)) {
        let message = format!("a prefix has 1 to {PREFIX_MAX_BYTES} small letters, digits, `-`, `_`, `:` and `.`");
        document.error_hint(Code::BadValue, prefix.span.clone(), message, "such as fep");
    }
    let database = table.integer("database", 0..=DATABASE_MAX);
    if let Some(database) = database.as_ref().filter(|database| mode == RedisMode::Cluster && database.value > 0) {
        let hint = "leave `database` out";
        document.error_hint(Code::ConflictingKeys, database.span.clone(), "a cluster has only the database 0", hint);
    }
    let password_file = password_file(&table, folder);
    let user = table.string("user");
    if let Some(user) = user.as_ref().filter(|_| password_file.is_none() && !table.has("password_file")) {
        let hint = "name the file with the password of this user, or leave `user` out";
        document.error_hint(Code::MissingKey, user.span.clone(), "`user` needs `password_file`", hint);
    }
    let first_host = hosts.first().map_or("", |(host, _)| host.as_str());
    let config = RedisConfig {
        mode,
        user: user.map(|user| user.value.to_owned()),
        password_file,
        prefix: prefix.map_or_else(|| "fep".to_owned(), |prefix| prefix.value.to_owned()),
        database: database.map_or(0, |database| database.value),
        tls: table.table("tls").map(|tls| TlsConfig::read(tls, TlsPlace::Asks(first_host), folder)),
        hosts,
    };
    table.finish();
    Some(config)
}

fn mode(table: &Table<'_>) -> RedisMode {
    let word = table.choice("mode", &MODES).map_or("server", |mode| mode.value);
    let master = table.string("sentinel_master");
    let document = table.document();
    match (word, master) {
        ("sentinel", Some(master)) => RedisMode::Sentinel(master.value.to_owned()),
        ("sentinel", None) => {
            if !table.has("sentinel_master") {
                let hint = "the name after `sentinel monitor` in the configuration of the Sentinels, such as mymaster";
                document.error_hint(Code::MissingKey, table.span(), "`sentinel_master` is missing", hint);
            }
            RedisMode::Sentinel(String::new())
        }
        (word, master) => {
            if let Some(master) = master {
                let hint = "mode = \"sentinel\", or leave it out";
                let message = "`sentinel_master` belongs to Sentinels";
                document.error_hint(Code::ConflictingKeys, master.span, message, hint);
            }
            if word == "cluster" { RedisMode::Cluster } else { RedisMode::Server }
        }
    }
}

/// What a person should know: answers travel unencrypted to another machine.
pub(super) fn note(instances: &Table<'_>, config: &InstancesConfig) -> Option<Finding> {
    let table = instances.table("redis")?;
    let redis = config.redis.as_ref().filter(|redis| redis.tls.is_none())?;
    let (host, port) = redis.hosts.iter().find(|(host, _)| !is_here(host))?;
    let message = format!("answers of institutions travel unencrypted to {host}:{port}");
    let finding = Finding::new(table.document().source(), Severity::Note, Code::MissingKey, table.span(), message);
    let hint = "tls = { ca = \"…\" }: the authority that signs the certificate of the server, as a PEM file";
    Some(finding.with_hint(hint))
}

#[cfg(all(test, feature = "redis"))]
mod tests {
    use fep_spec::document::Document;
    use fep_spec::report::Source;

    use super::*;

    fn read(text: &str) -> (Option<RedisConfig>, String) {
        let document = Document::new(Source::new("gateway.toml", format!("[redis]\n{text}")));
        let read = document.walk(|root| {
            let config = super::read(root.table("redis"), Path::new("/etc/fep"));
            root.finish();
            config
        });
        (read.flatten(), document.into_report().to_string())
    }

    #[test]
    fn servers_sentinels_and_clusters_are_read() {
        let (config, findings) = read("hosts = [\"redis-1.bank.example\", \"redis-2.bank.example:6380\"]\n");
        assert_eq!(findings, "");
        let config = config.unwrap();
        assert_eq!(
            config.hosts,
            [("redis-1.bank.example".to_owned(), 6379), ("redis-2.bank.example".to_owned(), 6380)]
        );
        assert_eq!((config.mode, config.prefix.as_str(), config.database), (RedisMode::Server, "fep", 0));
        let (config, findings) = read("hosts = [\"s-1\"]\nmode = \"sentinel\"\nsentinel_master = \"fep\"\n");
        assert_eq!(findings, "");
        let config = config.unwrap();
        assert_eq!(
            (config.hosts, config.mode),
            (vec![("s-1".to_owned(), 26379)], RedisMode::Sentinel("fep".to_owned()))
        );
        let (config, findings) = read("hosts = [\"c-1\"]\nmode = \"cluster\"\nprefix = \"fep-test\"\n");
        assert_eq!((config.unwrap().mode, findings.as_str()), (RedisMode::Cluster, ""));
    }

    #[test]
    fn mistakes_are_told() {
        for (text, told) in [
            ("", "`hosts` is missing"),
            ("hosts = [\"redis://h\"]", "a host is a name or an address"),
            ("hosts = [\"h\"]\nmode = \"sentinel\"", "`sentinel_master` is missing"),
            ("hosts = [\"h\"]\nsentinel_master = \"fep\"", "`sentinel_master` belongs to Sentinels"),
            ("hosts = [\"h\"]\nmode = \"cluster\"\ndatabase = 1", "a cluster has only the database 0"),
            ("hosts = [\"h\"]\nmode = \"single\"", "single"),
            ("hosts = [\"h\"]\nprefix = \"{fep}\"", "a prefix has 1 to 32 small letters"),
            ("hosts = [\"h\"]\nuser = \"fep\"", "`user` needs `password_file`"),
            ("hosts = [\"h\"]\npassword_file = \"nowhere\"", "nowhere: No such file"),
            ("hosts = [\"h\"]\ntls = {}", "`ca` is missing"),
            ("hosts = [\"h\"]\nurl = \"x\"", "url"),
        ] {
            let (_, findings) = read(text);
            assert!(findings.contains(told), "{text}: {findings}");
        }
    }

    #[test]
    fn a_connection_to_another_machine_without_tls_is_noted() {
        let noted = |host: &str| {
            let redis = read(&format!("hosts = [\"{host}\"]")).0;
            let document =
                Document::new(Source::new("gateway.toml", format!("[instances.redis]\nhosts = [\"{host}\"]\n")));
            let zero = std::time::Duration::ZERO;
            let config = InstancesConfig {
                max: 2,
                lease: zero,
                report_every: zero,
                owner_timeout: zero,
                redis,
                marks: None,
                sites: None,
            };
            document.walk(|root| note(&root.table("instances")?, &config)).flatten().map(|note| note.to_string())
        };
        assert_eq!(noted("127.0.0.1"), None);
        assert!(noted("redis-1.bank.example").unwrap().contains("unencrypted to redis-1.bank.example:6379"));
    }
}
