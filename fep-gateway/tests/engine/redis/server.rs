//! Real Redis servers, of which some are the test's own.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::ports::dead_port;

/// The server that all tests share. `None` if there is none, which the test says.
pub(crate) fn address() -> Option<String> {
    let address = std::env::var("FEP_REDIS").ok();
    assert!(address.is_some() || std::env::var_os("FEP_CI").is_none(), "FEP_REDIS is missing");
    if address.is_none() {
        eprintln!("skipped: FEP_REDIS has the address of no server");
    }
    address
}

/// A server of one test.
pub(crate) struct Server {
    child: Option<Child>,
    pub folder: tempfile::TempDir,
    pub port: u16,
    arguments: Vec<String>,
}

impl Server {
    /// Starts a server. `None` if the tests have no Redis.
    pub(crate) async fn start(arguments: &[&str]) -> Option<Self> {
        address()?;
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let folder = tempfile::tempdir().unwrap();
        let mut server = Self { child: None, folder, port: dead_port().await, arguments };
        server.begin().await;
        Some(server)
    }

    /// Starts it again, after `kill`.
    pub(crate) async fn begin(&mut self) {
        let child = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
            .arg(self.folder.path())
            .args(&self.arguments)
            .stdout(Stdio::null())
            .spawn();
        self.child = Some(child.unwrap());
        let begun = Instant::now();
        while self.try_command(&["PING"]).await.is_none_or(|reply| reply.starts_with("-LOADING")) {
            assert!(begun.elapsed() < Duration::from_secs(10), "the server does not start");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends it as a crash does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Sends a command, and returns the first bytes of its reply.
    pub(crate) async fn command(&self, words: &[&str]) -> String {
        self.try_command(words).await.unwrap()
    }

    async fn try_command(&self, words: &[&str]) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.ok()?;
        let mut text = format!("*{}\r\n", words.len());
        for word in words {
            text.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        stream.write_all(text.as_bytes()).await.ok()?;
        let mut reply = vec![0; 4096];
        let len = stream.read(&mut reply).await.ok().filter(|len| *len > 0)?;
        reply.truncate(len);
        Some(String::from_utf8_lossy(&reply).into_owned())
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
