//! Which lines can be HTTP, and the mistake that is named otherwise.

use std::path::Path;

use crate::config::Config;

const OLD: &str = r#"
[institutions.old]
spec = "specs/bank-a/bank-a.toml"
key = []
trace = "header.trace_no"
[[institutions.old.lines]]
name = "main"
connect = "127.0.0.1:8080"
one_shot = true
http = { path = "/fep/{telegram}?system=new", answer = "answer.fields" }
"#;

/// Checks that this change is a mistake with this message, or none.
fn check(from: &str, to: &str, expected: &[&str]) {
    assert!(OLD.contains(from), "{from}");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(""));
    let found = Config::parse("gateway.toml", &OLD.replacen(from, to, 1), root).err();
    let found = found.map(|error| error.to_string()).unwrap_or_default();
    assert_eq!(found.is_empty(), expected.is_empty(), "{found}");
    expected.iter().for_each(|expected| assert!(found.contains(expected), "{found}\n{expected}"));
}

#[test]
fn a_line_over_http_has_a_path_and_one_request_on_each_connection() {
    check("connect", "connect", &[]);
    check(", answer = \"answer.fields\"", "", &[]);
    check("one_shot = true", "window = 1", &["`http` needs `one_shot = true`"]);
    check("one_shot = true", "one_shot = false\nwindow = 1", &["`http` needs `one_shot = true`"]);
    check("path = \"/fep/{telegram}?system=new\", ", "", &["`path`"]);
    for path in ["fep", "http://old/fep", "", "/a b", "/a\\n", "/이체", "/{telegrams}", "/a#b", "/{{telegram}}"] {
        check("/fep/{telegram}?system=new", path, &["`path` is no path of a URL"]);
    }
    check("answer.fields", "answer..fields", &["`answer` is no place in a reply"]);
    check("answer = ", "answers = ", &["answers"]);
    check("answer = ", "token_file = \"token\", answer = ", &[]);
    let token = |connect: &str| format!("connect = \"{connect}\"\none_shot = true\nhttp = {{ token_file = \"token\",");
    let line = "connect = \"127.0.0.1:8080\"\none_shot = true\nhttp = {";
    check(line, &token("old.example:80"), &["the token would cross the network as it is", "give the line `tls`"]);
    check(line, &token("[::1]:80"), &[]);
    check(
        "connect = \"127.0.0.1:8080\"",
        "listen = \"127.0.0.1:8080\"\npeers = [\"127.0.0.1\"]",
        &["`http` does not fit `listen`"],
    );
}

#[test]
fn the_connection_alone_tells_whose_a_reply_is() {
    check(
        "key = []",
        "key = [\"header.trace_no\"]",
        &["line `main` is `http`, where an answer is told by its connection"],
    );
    check("key = []", "key = []\nsession = { sign_on = \"SignOn\" }", &["leave `session` out"]);
}
