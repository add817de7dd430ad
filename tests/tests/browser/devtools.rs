//! A headless Chromium, driven by its DevTools protocol over a WebSocket. Only what the tests of a page need.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// How long the browser has for its start, and for each answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one page.
pub(crate) struct Browser {
    process: Child,
    socket: TcpStream,
    /// The number of the last command.
    number: u64,
    /// The events so far.
    pub(crate) events: Vec<Value>,
    /// The profile, which is removed with the browser.
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser, or returns `None` if there is none on this machine.
    pub(crate) fn start() -> Option<Self> {
        let profile = tempfile::tempdir().expect("a folder");
        let folder = format!("--user-data-dir={}", profile.path().display());
        let process = Command::new("chromium")
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--remote-debugging-port=0",
                &folder,
                "about:blank",
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let port = port(&profile.path().join("DevToolsActivePort"));
        let socket = connect(&port, &page_path(&port));
        let mut browser = Self { process, socket, number: 0, events: Vec::new(), _profile: profile };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        Some(browser)
    }

    /// Opens a file and waits until it is loaded.
    pub(crate) fn open(&mut self, file: &Path) -> String {
        let url = format!("file://{}", file.display());
        self.go(&url);
        url
    }

    /// Opens an address and waits until it is loaded. Events before it are forgotten.
    pub(crate) fn go(&mut self, url: &str) {
        self.events.clear();
        self.call("Page.navigate", json!({ "url": url }));
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.receive();
            self.events.push(event);
        }
    }

    /// The value of an expression in the page. A page that is left meanwhile has none.
    pub(crate) fn eval(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true });
        let answer = match self.ask("Runtime.evaluate", params) {
            Ok(answer) => answer,
            Err(error) => {
                assert_eq!(error["message"], "Inspected target navigated or closed", "{expression}: {error}");
                return Value::Null;
            }
        };
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Presses a key, as a person does.
    pub(crate) fn press(&mut self, key: &str) {
        let text = if key.chars().count() == 1 { key } else { "" };
        self.call("Input.dispatchKeyEvent", json!({ "type": "keyDown", "key": key, "text": text }));
        self.call("Input.dispatchKeyEvent", json!({ "type": "keyUp", "key": key }));
    }

    /// Types a text at the focus.
    pub(crate) fn insert(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// Sends a command and returns its answer. Events before it are kept.
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        self.ask(method, params).expect(method)
    }

    /// Sends a command and returns its answer, or the browser's error.
    fn ask(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        self.number += 1;
        let command = json!({ "id": self.number, "method": method, "params": params }).to_string();
        self.send(command.as_bytes());
        loop {
            let message = self.receive();
            if message["id"] == self.number {
                return message.get("error").cloned().map_or_else(|| Ok(message["result"].clone()), Err);
            }
            self.events.push(message);
        }
    }

    /// Sends one text frame. A client masks its frames; the mask of zeros leaves them as they are.
    fn send(&mut self, text: &[u8]) {
        let mut frame = vec![0x81];
        match text.len() {
            len @ ..126 => frame.push(0x80 | u8::try_from(len).expect("short")),
            len @ ..0x1_0000 => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(len).expect("short").to_be_bytes());
            }
            len => {
                frame.push(0x80 | 127);
                frame.extend(u64::try_from(len).expect("a length").to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(text);
        self.socket.write_all(&frame).expect("the browser listens");
    }

    /// The next message. It may come in several frames.
    fn receive(&mut self) -> Value {
        let mut text = Vec::new();
        loop {
            let [head, len]: [u8; 2] = self.bytes(2).try_into().expect("two bytes");
            let len = match len & 0x7F {
                126 => u16::from_be_bytes(self.bytes(2).try_into().expect("two bytes")).into(),
                127 => u64::from_be_bytes(self.bytes(8).try_into().expect("eight bytes")),
                len => len.into(),
            };
            let payload = self.bytes(usize::try_from(len).expect("a message that fits"));
            // Frames above 7 are pings and closes.
            if head & 0x0F < 8 {
                text.extend(payload);
                if head & 0x80 != 0 {
                    return serde_json::from_slice(&text).expect("JSON");
                }
            }
        }
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.socket.read_exact(&mut bytes).expect("an answer of the browser");
        bytes
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The port that the browser writes into its profile.
fn port(file: &Path) -> String {
    let start = Instant::now();
    loop {
        if let Some(line) = fs::read_to_string(file).ok().as_deref().and_then(|text| text.lines().next()) {
            return line.to_owned();
        }
        assert!(start.elapsed() < PATIENCE, "the browser does not start");
        sleep(Duration::from_millis(20));
    }
}

/// The path of the page's WebSocket.
fn page_path(port: &str) -> String {
    let mut socket = TcpStream::connect(format!("127.0.0.1:{port}")).expect("the browser listens");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    write!(socket, "GET /json/list HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n").expect("a request");
    let head = head(&mut socket);
    let len = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; len.expect("a length")];
    socket.read_exact(&mut body).expect("a body");
    let targets: Value = serde_json::from_slice(&body).expect("JSON");
    let pages = targets.as_array().expect("a list").iter().find(|target| target["type"] == "page");
    let url = pages.expect("a page")["webSocketDebuggerUrl"].as_str().expect("an address").to_owned();
    let at = url.find("/devtools").expect("a path");
    url[at..].to_owned()
}

fn connect(port: &str, path: &str) -> TcpStream {
    let mut socket = TcpStream::connect(format!("127.0.0.1:{port}")).expect("the browser listens");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    write!(
        socket,
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    .expect("a request");
    let head = head(&mut socket);
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    socket
}

/// The head of an answer, byte by byte, so that nothing behind it is lost.
fn head(socket: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).expect("an answer of the browser");
        head.extend(byte);
    }
    String::from_utf8(head).expect("ASCII")
}
