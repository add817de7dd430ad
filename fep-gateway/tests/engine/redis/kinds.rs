//! Servers with passwords, Sentinels and clusters, and what a wrong configuration is told.

use std::time::Duration;

use fep_gateway::config::{RedisMode, TlsConfig};
use tokio::time::sleep;

use super::server::Server;
use super::{Shared, TERMS};
use crate::harness::until;
use crate::ports::dead_port;
use crate::tls::Authority;

#[cfg(unix)]
fn secret(server: &Server, text: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = server.file("password", text);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path
}

#[cfg(unix)]
#[tokio::test]
async fn what_redis_says_it_will_never_take_is_refused_at_the_start() {
    let Some(server) = Server::start(&["--requirepass", "right"]).await else { return };
    let told = async |shared: &Shared| {
        let made = shared.try_instance("a", TERMS).await;
        made.map(|started| format!("it started: {:?}", started.store())).unwrap_or_else(|why| why)
    };
    let mut shared = Shared::on(&server.address());
    let why = told(&shared).await;
    assert!(why.contains("check `user` and `password_file` in [instances.redis]"), "{why}");
    shared.config.password_file = Some(secret(&server, "wr0ng"));
    let why = told(&shared).await;
    assert!(why.contains("check `user` and `password_file`") && !why.contains("wr0ng"), "{why}");
    shared.config.password_file = Some(secret(&server, "right"));
    assert!(shared.try_instance("a", TERMS).await.is_ok());
    shared.config.database = 999;
    let why = told(&shared).await;
    assert!(why.contains("check `database`"), "{why}");
    shared.config.database = 0;
    shared.config.mode = RedisMode::Cluster;
    let why = told(&shared).await;
    assert!(why.contains("it is no cluster"), "{why}");
    let plain = Server::start(&[]).await.unwrap();
    let mut shared = Shared::on(&plain.address());
    shared.config.mode = RedisMode::Sentinel("fep".to_owned());
    let why = told(&shared).await;
    assert!(why.contains("it is no Sentinel"), "{why}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_rights_of_the_guide_are_enough() {
    let Some(server) = Server::start(&[]).await else { return };
    let mut shared = Shared::on(&server.address());
    let prefix = shared.config.prefix.clone();
    let guide = std::fs::read_to_string(crate::harness::root().join("docs/operator.md")).unwrap();
    let rights = guide.split_once("An ACL for the user: `").unwrap().1.split_once('`').unwrap().0;
    let rights = rights.replace("fep:", &format!("{prefix}:"));
    let words: Vec<&str> = ["ACL", "SETUSER", "gateway", "on", ">right"].into_iter().chain(rights.split(' ')).collect();
    assert_eq!(server.command(&words).await, "+OK\r\n");
    shared.config.user = Some("gateway".to_owned());
    shared.config.password_file = Some(secret(&server, "right"));
    shared.conforms().await;
}

#[tokio::test]
async fn a_server_that_is_away_at_the_start_is_found_later() {
    let Some(mut server) = Server::start(&[]).await else { return };
    server.kill();
    let shared = Shared::on(&server.address());
    let instance = shared.instance("a").await;
    let status = instance.store().unwrap();
    assert!(!status.is_reached && status.error.unwrap().contains("refused"));
    server.begin().await;
    until("it is found", async || instance.store().unwrap().is_reached).await;
}

#[tokio::test]
async fn the_connection_is_encrypted_and_the_server_must_prove_its_name() {
    let authority = Authority::new();
    let signed = authority.sign("localhost", 2099);
    let port = dead_port().await.to_string();
    let [cert, key] = [signed.cert, signed.key].map(|path| path.display().to_string());
    let mut arguments = vec!["--tls-port", &port, "--tls-auth-clients", "no"];
    let ca = authority.ca();
    arguments.extend(["--tls-cert-file", &cert, "--tls-key-file", &key, "--tls-ca-cert-file", &ca]);
    let Some(_server) = Server::start(&arguments).await else { return };
    let mut shared = Shared::on(&format!("localhost:{port}"));
    let tls = |ca: String| TlsConfig { ca: Some(ca.into()), own: None, name: None, without_certificate: false };
    shared.config.tls = Some(tls(ca.clone()));
    shared.conforms().await;
    let trouble = async |shared: &Shared| shared.instance("a").await.store().unwrap().error.unwrap_or_default();
    shared.config.tls = Some(tls(Authority::new().ca()));
    assert_ne!(trouble(&shared).await, "", "another authority");
    shared.config.tls = Some(tls(ca));
    shared.config.hosts[0].0 = "127.0.0.1".to_owned();
    assert_ne!(trouble(&shared).await, "", "another name");
}

#[tokio::test]
async fn sentinels_name_the_server_and_the_next_one() {
    let Some(mut master) = Server::start(&[]).await else { return };
    let replica = Server::start(&["--replicaof", "127.0.0.1", &master.port.to_string()]).await.unwrap();
    let port = dead_port().await;
    let settings = format!(
        "port {port}\nbind 127.0.0.1\nsentinel monitor fep 127.0.0.1 {} 1\nsentinel down-after-milliseconds fep 500\nsentinel failover-timeout fep 5000\n",
        master.port
    );
    let file = replica.file("sentinel.conf", &settings);
    let mut sentinel = std::process::Command::new("redis-server")
        .arg(file)
        .arg("--sentinel")
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let shared = Shared::with(RedisMode::Sentinel("fep".to_owned()), vec![("127.0.0.1".to_owned(), port)]);
    let instance = shared.instance("probe").await;
    until("the Sentinel names the master", async || instance.store().unwrap().is_reached).await;
    until("the replica follows", async || {
        replica.command(&["INFO", "replication"]).await.contains("master_link_status:up")
    })
    .await;
    // The Sentinel looks for replicas each ten seconds.
    sleep(Duration::from_secs(11)).await;
    shared.conforms().await;
    master.kill();
    until("it is missed", async || !instance.store().unwrap().is_reached).await;
    until("the replica takes writes", async || instance.store().unwrap().is_reached).await;
    let again = Shared::with(shared.config.mode.clone(), shared.config.hosts.clone());
    again.conforms().await;
    sentinel.kill().unwrap();
    sentinel.wait().unwrap();
}

#[tokio::test]
async fn a_cluster_conforms() {
    let arguments = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
    let Some(first) = Server::start(&arguments).await else { return };
    let servers = [first, Server::start(&arguments).await.unwrap(), Server::start(&arguments).await.unwrap()];
    for (server, slots) in servers.iter().zip([["0", "5460"], ["5461", "10922"], ["10923", "16383"]]) {
        assert_eq!(server.command(&["CLUSTER", "ADDSLOTSRANGE", slots[0], slots[1]]).await, "+OK\r\n");
        for other in &servers {
            server.command(&["CLUSTER", "MEET", "127.0.0.1", &other.port.to_string()]).await;
        }
    }
    for server in &servers {
        until("the cluster is whole", async || {
            let info = server.command(&["CLUSTER", "INFO"]).await;
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
        })
        .await;
    }
    let hosts = servers.iter().map(|server| ("127.0.0.1".to_owned(), server.port)).collect();
    let shared = Shared::with(RedisMode::Cluster, hosts);
    shared.conforms().await;
    let plain = Shared::on(&servers[0].address()).try_instance("a", TERMS).await.map(drop).unwrap_err();
    assert!(plain.contains("mode = \"cluster\""), "{plain}");
}
