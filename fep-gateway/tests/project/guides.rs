//! Follows the guides in `docs`: every `sh` block runs, in its order, in one shell and from an empty folder, as a reader would type it. A `text` block behind it
//! is what the reader must see: each of its lines in the output, where `…` stands for anything.
//!
//! `console` blocks need root and systemd. They run with stand-ins for these, in a folder in place of `/etc` and `/var`.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::following::{PROGRAMS, good};
use crate::ports::dead_port;

/// How long all commands of a guide may take.
const WAIT: Duration = Duration::from_secs(240);

/// The addresses that the guides name.
const ADDRESSES: [&str; 8] = [
    "127.0.0.1:8470",
    "127.0.0.1:8480",
    "127.0.0.1:9000",
    "127.0.0.1:9001",
    "127.0.0.1:9004",
    "127.0.0.1:9100",
    "127.0.0.1:9101",
    "127.0.0.1:9310",
];

/// Where the Debian package puts the examples.
const EXAMPLES: &str = "/usr/share/doc/fep-gateway/examples";

/// What stands in for programs that need root: each says what it was asked.
const STAND_INS: &str = "sudo() { \"$@\"; }; systemctl() { echo \"systemctl $*\"; }; apt() { echo \"apt $*\"; }; make() { echo \"make $*\"; }";

/// Commands, and the lines that their reader must see.
struct Step {
    commands: String,
    seen: Vec<String>,
}

/// The blocks of a kind, each with the `text` block that follows before the next block.
fn steps(guide: &str, kind: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut last = "";
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        let Some(fence) = line.strip_prefix("```") else { continue };
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        match fence {
            "text" if last == kind => {
                let seen = body.iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty());
                steps.last_mut().unwrap().seen.extend(seen);
            }
            fence if fence == kind => steps.push(Step { commands: body.join("\n"), seen: Vec::new() }),
            _ => {}
        }
        last = fence;
    }
    steps
}

/// Whether a line of the output has the parts of the line in their order.
fn shows(output: &str, expected: &str) -> bool {
    output.lines().any(|line| {
        let mut rest = line;
        expected.split('…').all(|part| match rest.split_once(part) {
            Some((_, behind)) => {
                rest = behind;
                true
            }
            None => false,
        })
    })
}

/// The folder of examples as the package has it, with other ports, because other tests run, too.
fn examples(folder: &Path, moved: &dyn Fn(&str) -> String) {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    good(folder, &format!("mkdir examples && cp -r '{}' examples/specs", package.join("specs").display()));
    let config = std::fs::read_to_string(package.join("gateway.example.toml")).unwrap();
    let config = moved(&config).replace("../specs/", "specs/");
    std::fs::write(folder.join("examples/gateway.example.toml"), config).unwrap();
}

/// Runs the steps in one shell. Returns the output of each.
fn run(steps: &[Step], folder: &Path, before: &str, moved: &dyn Fn(&str) -> String) -> Vec<String> {
    let work = folder.join("work");
    std::fs::create_dir(&work).unwrap();
    let mut script = format!("{before}\n");
    for step in steps {
        script.push_str(&format!("{}\necho; echo '@@ the next step'\n", moved(&step.commands)));
    }
    let shown = std::fs::File::create(folder.join("shown")).unwrap();
    let path = format!("{}:{}", PROGRAMS.display(), std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new("sh");
    command.args(["-ec", &script]).current_dir(&work).env("PATH", path).env_remove("RUST_LOG").stdin(Stdio::null());
    command.stdout(shown.try_clone().unwrap()).stderr(shown).process_group(0);
    let mut child = command.spawn().unwrap();
    let until = Instant::now() + WAIT;
    let ended = loop {
        match child.try_wait().unwrap() {
            Some(status) => break Some(status),
            None if Instant::now() > until => break None,
            None => thread::sleep(Duration::from_millis(50)),
        }
    };
    // The programs in the background belong to the group of the shell.
    let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).stderr(Stdio::null()).status();
    let _ = child.wait();
    let shown = String::from_utf8_lossy(&std::fs::read(folder.join("shown")).unwrap()).into_owned();
    let mut outputs: Vec<String> = shown.split("\n@@ the next step\n").map(str::to_owned).collect();
    if !ended.is_some_and(|status| status.success()) {
        let at = steps.get(outputs.len() - 1).map_or("", |step| &step.commands);
        panic!("{ended:?} in this step:\n{at}\nshown:\n{}", outputs.last().unwrap());
    }
    outputs.pop();
    outputs
}

fn follow(guide: &str, kind: &str, before: &str) {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(guide)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ports = ADDRESSES.map(|address| (address, format!("127.0.0.1:{}", runtime.block_on(dead_port()))));
    let root = folder.path().to_str().unwrap().to_owned();
    let moved = |text: &str| {
        let text = ports.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        let text = text.replace(EXAMPLES, &format!("{root}/examples"));
        text.replace("/etc/fep-gateway", &format!("{root}/etc")).replace("/var/lib/fep-gateway", &format!("{root}/var"))
    };
    examples(folder.path(), &moved);
    for place in ["etc", "var"] {
        std::fs::create_dir(folder.path().join(place)).unwrap();
    }
    let steps = steps(&text, kind);
    assert!(!steps.is_empty(), "{guide} has no block `{kind}`");
    let outputs = run(&steps, folder.path(), before, &moved);
    for (step, output) in steps.iter().zip(&outputs) {
        for line in &step.seen {
            assert!(shows(output, line), "{guide}: this is not shown: {line}\nby:\n{}\nbut:\n{output}", step.commands);
        }
    }
}

#[test]
fn the_operators_guide_runs_from_an_empty_folder() {
    follow("operator.md", "sh", "");
}

#[test]
fn the_commands_of_the_operators_guide_for_a_server_are_right() {
    follow("operator.md", "console", STAND_INS);
}

#[test]
fn the_service_developers_guide_runs_from_an_empty_folder() {
    follow("service.md", "sh", "");
}
