//! Follows the README of a project: runs its commands in a shell, and returns what `curl` showed.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::ports::dead_port;

const WAIT: Duration = Duration::from_secs(60);

/// A program that runs until the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The folder of the built programs. `fep` belongs to another package, so cargo is asked to build it there.
pub(crate) static PROGRAMS: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_BIN_EXE_fep-gateway")).parent().unwrap().to_owned();
    let mut build = Command::new(std::env::var_os("CARGO").unwrap());
    build.args(["build", "--quiet", "-p", "fep-spec", "--bin", "fep", "--target-dir"]).arg(folder.parent().unwrap());
    build.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    if folder.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().unwrap().success());
    folder
});

fn shell(folder: &Path, script: &str) -> Command {
    let path = format!("{}:{}", PROGRAMS.display(), std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new("sh");
    command.args(["-ec", script]).current_dir(folder).env("PATH", path).env_remove("RUST_LOG");
    command
}

/// Runs a script to its end.
pub(crate) fn run(folder: &Path, script: &str) -> Output {
    shell(folder, script).output().unwrap()
}

/// Runs a script that must succeed, and returns what it printed.
pub(crate) fn good(folder: &Path, script: &str) -> String {
    let output = run(folder, script);
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{script}\n{messages}");
    String::from_utf8(output.stdout).unwrap() + &messages
}

/// The ports of the simulator and of the gateway.
pub(crate) struct Ports {
    simulator: u16,
    gateway: u16,
}

impl Ports {
    /// Other ports than those of the README, because other tests run, too.
    pub(crate) fn moved(project: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let ports = Self { simulator: runtime.block_on(dead_port()), gateway: runtime.block_on(dead_port()) };
        for file in ["README.md", "gateway.toml"] {
            let text = std::fs::read_to_string(project.join(file)).unwrap();
            let text = text.replace("127.0.0.1:9000", &format!("127.0.0.1:{}", ports.simulator));
            let text = text.replace("127.0.0.1:8470", &format!("127.0.0.1:{}", ports.gateway));
            std::fs::write(project.join(file), text).unwrap();
        }
        ports
    }
}

/// The commands of the README, line by line. Those of `Fill in first` are for a person.
fn commands(project: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(project.join("README.md")).unwrap();
    let (_, commands) = text.split_once("## The commands").unwrap();
    let blocks = commands.split("```sh\n").skip(1).filter_map(|block| block.split("```").next());
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

fn start(project: &Path, script: &str, port: u16) -> Running {
    // `exec`, so that the program itself is ended, and not only its shell.
    let child = shell(project, &format!("exec {script}")).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let running = Running(child.unwrap());
    let until = Instant::now() + WAIT;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < until, "{script}");
        thread::sleep(Duration::from_millis(20));
    }
    running
}

/// Follows the README, and returns the answer that `curl` showed.
pub(crate) fn follow(project: &Path, ports: &Ports) -> Value {
    let mut running = Vec::new();
    let mut answer = Value::Null;
    for line in commands(project) {
        match &*line {
            line if line.starts_with("fep-gateway simulate") => running.push(start(project, line, ports.simulator)),
            line if line.starts_with("fep-gateway run") => running.push(start(project, line, ports.gateway)),
            line if line.starts_with("curl") => {
                let until = Instant::now() + WAIT;
                // The gateway listens before its line is connected.
                while answer["outcome"] != "answered" {
                    let shown = good(project, line);
                    answer = serde_json::from_str(shown.trim()).unwrap_or_else(|_| panic!("{shown}"));
                    assert!(Instant::now() < until, "{answer}");
                }
            }
            line if line.starts_with("fep send") => {
                let shown = good(project, line);
                assert!(shown.contains("sent to") && shown.contains("received after"), "{shown}");
            }
            line => drop(good(project, line)),
        }
    }
    answer
}
