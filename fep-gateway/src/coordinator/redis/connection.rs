//! Connections to a server, to the server that Sentinels name, and to a cluster.

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use redis::aio::{ConnectionLike, MultiplexedConnection, PubSub};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::{SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo, Pipeline,
    RedisConnectionInfo, RedisError, RedisFuture, RedisResult, ServerErrorKind, TlsCertificates, TlsMode, Value,
};
use tokio::time::timeout;

use crate::config::{RedisConfig, RedisMode, read_password};

/// Makes connections, with the files as they are then.
pub(super) struct Connector {
    config: RedisConfig,
}

/// A connection that many tasks use at once.
#[derive(Clone)]
pub(super) enum Link {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// Why there is no connection. One line, without a part of the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The server answered that it will never work so.
    Refused(String),
    /// It may work later.
    Lost(String),
}

/// What a server says about itself.
struct Server {
    version: String,
    mode: String,
    role: String,
}

/// How long one server may take to be connected.
const CONNECT_PATIENCE: Duration = Duration::from_secs(2);

/// The oldest version that has the commands: `XADD` with a limit, scripts that ask for the time.
const VERSION_MIN: (u32, u32) = (5, 0);

impl Connector {
    pub(super) fn new(config: RedisConfig) -> Self {
        Self { config }
    }

    /// A connection whose commands may take this long. The future is boxed, because its type is too deep for a program that embeds the gateway.
    pub(super) fn connect(&self, patience: Duration) -> BoxFuture<'_, Result<Link, Failure>> {
        Box::pin(self.connect_by_mode(patience))
    }

    async fn connect_by_mode(&self, patience: Duration) -> Result<Link, Failure> {
        if self.config.mode == RedisMode::Cluster {
            let cluster = self.cluster(patience)?;
            let connected = timeout(CONNECT_PATIENCE, cluster.get_async_connection()).await;
            let connected = connected.map_err(|_| Failure::Lost("the cluster does not answer".to_owned()))?;
            return connected.map(Link::Cluster).map_err(|error| Failure::of(&self.hosts(), &error));
        }
        self.first(|client| async move {
            let config = AsyncConnectionConfig::new();
            let config = config.set_connection_timeout(Some(CONNECT_PATIENCE)).set_response_timeout(Some(patience));
            let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
            let server = Server::ask(&mut connection).await?;
            Ok((Link::One(connection), server))
        })
        .await
    }

    /// A connection that hears what is published.
    pub(super) async fn subscriber(&self) -> Result<PubSub, Failure> {
        self.first(|client| async move { Ok((client.get_async_pubsub().await?, None)) }).await
    }

    /// What can be made with the first server that takes writes.
    async fn first<T, F>(&self, make: impl Fn(Client) -> F) -> Result<T, Failure>
    where
        F: Future<Output = RedisResult<(T, Option<Server>)>>,
    {
        let mut why = Failure::Lost("there is no server".to_owned());
        for (place, client) in self.clients().await? {
            let made = timeout(CONNECT_PATIENCE, make(client)).await;
            let made = made.map_err(|_| Failure::Lost(format!("{place} does not answer")));
            let made = made.and_then(|made| made.map_err(|error| Failure::of(&place, &error)));
            let fits = |(made, server): (T, Option<Server>)| match server {
                Some(server) => server.fits(&self.config.mode, &place).map(|()| made),
                None => Ok(made),
            };
            match made.and_then(fits) {
                Ok(made) => return Ok(made),
                // What a server says counts more than that another one is away.
                Err(Failure::Lost(_)) if matches!(why, Failure::Refused(_)) => {}
                Err(failure) => why = failure,
            }
        }
        Err(why)
    }

    /// The servers, with their places for messages.
    async fn clients(&self) -> Result<Vec<(String, Client)>, Failure> {
        let RedisMode::Sentinel(master) = &self.config.mode else {
            let mut clients = Vec::new();
            for (host, port) in &self.config.hosts {
                let place = format!("{host}:{port}");
                let client = self.client(host, *port).map_err(|error| Failure::of(&place, &error))?;
                clients.push((place, client));
            }
            return Ok(clients);
        };
        let place = format!("the Sentinels {}", self.hosts());
        let failed = |error: RedisError| Failure::of(&place, &error);
        let sentinels = self.config.hosts.iter().map(|(host, port)| self.address(host, *port));
        let builder = SentinelClientBuilder::new(sentinels, master, SentinelServerType::Master).map_err(failed)?;
        let mut builder = builder.set_client_to_redis_db(self.config.database.into());
        if let Some(user) = &self.config.user {
            builder = builder.set_client_to_redis_username(user);
        }
        if let Some(password) = self.password()? {
            builder = builder.set_client_to_redis_password(password);
        }
        if let Some(certificates) = self.certificates()? {
            builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
            builder = builder.set_client_to_redis_certificates(certificates.clone());
            builder = builder.set_client_to_sentinel_tls_mode(TlsMode::Secure);
            builder = builder.set_client_to_sentinel_certificates(certificates);
        }
        let mut sentinel = builder.build().map_err(failed)?;
        let asked = timeout(CONNECT_PATIENCE, sentinel.async_get_client()).await;
        let client = asked.map_err(|_| Failure::Lost(format!("{place} do not answer")))?.map_err(failed)?;
        let found = client.get_connection_info().addr().to_string();
        Ok(vec![(found, client)])
    }

    fn client(&self, host: &str, port: u16) -> RedisResult<Client> {
        let info = self.info(host, port)?;
        match self
            .certificates()
            .map_err(|failure| RedisError::from((ErrorKind::InvalidClientConfig, "our files", failure.to_string())))?
        {
            Some(certificates) => Client::build_with_tls(info, certificates),
            None => Client::open(info),
        }
    }

    fn cluster(&self, patience: Duration) -> Result<ClusterClient, Failure> {
        let failed = |error: RedisError| Failure::of(&self.hosts(), &error);
        let infos = self.config.hosts.iter().map(|(host, port)| self.info(host, *port));
        let infos: Vec<ConnectionInfo> = infos.collect::<RedisResult<_>>().map_err(failed)?;
        let mut builder = ClusterClient::builder(infos).retries(1).connection_timeout(CONNECT_PATIENCE);
        builder = builder.response_timeout(patience).overall_response_timeout(Some(patience));
        if let Some(user) = &self.config.user {
            builder = builder.username(user);
        }
        if let Some(password) = self.password()? {
            builder = builder.password(password);
        }
        if let Some(certificates) = self.certificates()? {
            builder = builder.tls(TlsMode::Secure).certs(certificates);
        }
        builder.build().map_err(failed)
    }

    fn info(&self, host: &str, port: u16) -> RedisResult<ConnectionInfo> {
        let mut redis = RedisConnectionInfo::default().set_db(self.config.database.into());
        if let Some(user) = &self.config.user {
            redis = redis.set_username(user);
        }
        let password = self.password();
        let wrong =
            |failure: Failure| RedisError::from((ErrorKind::InvalidClientConfig, "our files", failure.to_string()));
        if let Some(password) = password.map_err(wrong)? {
            redis = redis.set_password(password);
        }
        Ok(self.address(host, port).into_connection_info()?.set_redis_settings(redis))
    }

    fn address(&self, host: &str, port: u16) -> ConnectionAddr {
        match self.config.tls {
            Some(_) => ConnectionAddr::TcpTls { host: host.to_owned(), port, insecure: false, tls_params: None },
            None => ConnectionAddr::Tcp(host.to_owned(), port),
        }
    }

    fn password(&self) -> Result<Option<String>, Failure> {
        self.config.password_file.as_deref().map(read_password).transpose().map_err(Failure::Lost)
    }

    fn certificates(&self) -> Result<Option<TlsCertificates>, Failure> {
        let Some(tls) = &self.config.tls else { return Ok(None) };
        let read = |path: &std::path::Path| {
            std::fs::read(path).map_err(|error| Failure::Lost(format!("{}: {error}", path.display())))
        };
        let client_tls = match &tls.own {
            Some((cert, key)) => Some(redis::ClientTlsConfig { client_cert: read(cert)?, client_key: read(key)? }),
            None => None,
        };
        let root_cert = tls.ca.as_deref().map(read).transpose()?;
        Ok(Some(TlsCertificates { client_tls, root_cert }))
    }

    fn hosts(&self) -> String {
        let hosts: Vec<String> = self.config.hosts.iter().map(|(host, port)| format!("{host}:{port}")).collect();
        hosts.join(", ")
    }
}

impl ConnectionLike for Link {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(one) => one.req_packed_command(command),
            Self::Cluster(cluster) => cluster.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(one) => one.req_packed_commands(pipeline, offset, count),
            Self::Cluster(cluster) => cluster.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::One(one) => one.get_db(),
            Self::Cluster(cluster) => cluster.get_db(),
        }
    }
}

impl Server {
    /// What the server says about itself. `None` if this user may not ask, which is no mistake.
    async fn ask(connection: &mut MultiplexedConnection) -> RedisResult<Option<Self>> {
        let asked: RedisResult<String> = redis::cmd("INFO").query_async(connection).await;
        let text = match asked {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoPerm) => return Ok(None),
            asked => asked?,
        };
        let value =
            |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default().trim().to_owned();
        Ok(Some(Self { version: value("redis_version:"), mode: value("redis_mode:"), role: value("role:") }))
    }

    fn fits(&self, mode: &RedisMode, place: &str) -> Result<(), Failure> {
        let mut parts = self.version.split('.').map_while(|part| part.parse().ok());
        let version = (parts.next().unwrap_or(u32::MAX), parts.next().unwrap_or_default());
        if version < VERSION_MIN {
            let (major, minor) = VERSION_MIN;
            let why = format!("{place} has version {}: version {major}.{minor} or newer is needed", self.version);
            return Err(Failure::Refused(why));
        }
        match (self.mode.as_str(), mode) {
            ("sentinel", RedisMode::Server) => Err(Failure::Refused(format!(
                "{place} is a Sentinel: set mode = \"sentinel\" and `sentinel_master` in [instances.redis]"
            ))),
            ("cluster", RedisMode::Server | RedisMode::Sentinel(_)) => Err(Failure::Refused(format!(
                "{place} is a member of a cluster: set mode = \"cluster\" in [instances.redis]"
            ))),
            _ if self.role == "slave" => Err(Failure::Lost(format!("{place} is a replica, which takes no writes"))),
            _ => Ok(()),
        }
    }
}

impl Failure {
    fn of(place: &str, error: &RedisError) -> Self {
        let text = error.to_string();
        let what_to_do = match error.kind() {
            ErrorKind::AuthenticationFailed => "check `user` and `password_file` in [instances.redis]",
            ErrorKind::InvalidClientConfig if text.contains("sentinel node") => {
                "it is no Sentinel: set another `mode` in [instances.redis]"
            }
            ErrorKind::MasterNameNotFoundBySentinel => "check `sentinel_master` in [instances.redis]",
            ErrorKind::Server(ServerErrorKind::NoPerm) => "give this user the commands and keys that the guide names",
            ErrorKind::Server(ServerErrorKind::ResponseError) if text.contains("cluster support disabled") => {
                "it is no cluster: set another `mode` in [instances.redis]"
            }
            ErrorKind::Server(ServerErrorKind::ResponseError) if text.contains("DB index is out of range") => {
                "check `database` in [instances.redis]"
            }
            _ if matches!(error.code(), Some("NOAUTH" | "WRONGPASS")) => {
                "check `user` and `password_file` in [instances.redis]"
            }
            _ => return Self::Lost(format!("{place}: {text}")),
        };
        Self::Refused(format!("{place}: {text}: {what_to_do}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Refused(why) | Self::Lost(why)) = self;
        f.write_str(why)
    }
}
