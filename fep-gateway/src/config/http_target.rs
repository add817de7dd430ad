//! `http` of a line: the other side takes requests as JSON over HTTP, such as a system that was there before.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use fep_spec::document::Table;
use fep_spec::report::Code;

/// `http`: the requests of the line are POSTed as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpTarget {
    /// `path`, required: where to. `{telegram}` in it stands for the name of the telegram.
    pub path: String,
    /// `answer`, default none: where the fields of the answer are in the reply: `answer.fields` for a gateway of this kind. By default
    /// the reply has nothing else.
    pub answer: Option<String>,
    /// `token_file`, default none: the file with the token that each request shows, as `Authorization: Bearer …`. It is read for each connection, so
    /// it can be changed while the gateway runs.
    pub token_file: Option<PathBuf>,
}

/// The longest path, in bytes.
const PATH_MAX_BYTES: usize = 1000;

impl HttpTarget {
    /// Reads `http` of a line, if it has one.
    pub(super) fn read(line: &Table<'_>, folder: &Path) -> Option<Self> {
        let table = line.table("http")?;
        let document = table.document();
        if let Some(span) = line.key_span("listen") {
            let message = "`http` does not fit `listen`: the gateway sends the requests";
            document.error_hint(Code::ConflictingKeys, span, message, "write `connect`, with the host and the port");
        }
        if line.boolean("one_shot").is_none_or(|one_shot| !one_shot.value) {
            let message = "`http` needs `one_shot = true`";
            let hint = "a connection that is kept can be closed by the other side while a request is on its way, which is unknown then";
            document.error_hint(Code::MissingKey, table.span(), message, hint);
        }
        let path = table.required_string("path");
        if let Some(path) = &path {
            let is_plain = |byte: u8| {
                byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'|' | b'#')
            };
            let is_path = path.value.starts_with('/') && path.value.bytes().all(is_plain);
            let without = path.value.replace("{telegram}", "");
            if !is_path || path.value.len() > PATH_MAX_BYTES || without.contains(['{', '}']) {
                let message = "`path` is no path of a URL";
                let hint =
                    "begin with `/`, encode other characters as %20; `{telegram}` stands for the name of the telegram";
                document.error_hint(Code::BadValue, path.span.clone(), message, hint);
            }
        }
        let answer = table.string("answer");
        if let Some(answer) = answer.as_ref().filter(|answer| answer.value.split('.').any(str::is_empty)) {
            let hint = "names with dots between them, such as answer.fields; leave it out if the reply has the fields themselves";
            document.error_hint(Code::BadValue, answer.span.clone(), "`answer` is no place in a reply", hint);
        }
        let token_file = table.string("token_file");
        if let Some(token) = token_file.as_ref().filter(|_| !line.has("tls") && !goes_to_this_machine(line)) {
            let message = "the token would cross the network as it is";
            document.error_hint(Code::ConflictingKeys, token.span.clone(), message, "give the line `tls`");
        }
        table.finish();
        let answer = answer.map(|answer| answer.value.to_owned());
        let token_file = token_file.map(|path| folder.join(path.value));
        Some(Self { path: path?.value.to_owned(), answer, token_file })
    }
}

fn goes_to_this_machine(line: &Table<'_>) -> bool {
    let host = line.text("connect").and_then(|address| address.rsplit_once(':')).map_or("", |(host, _)| host);
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Checks that the institution fits its lines over HTTP: a reply belongs to the request of its connection, and nothing else is sent there.
/// `lines` has the name of each, and whether it is one.
pub(super) fn check<'l>(institution: &Table<'_>, lines: impl Iterator<Item = (&'l str, bool)>, key: &[String]) {
    let document = institution.document();
    let Some((line, _)) = lines.into_iter().find(|(_, is_http)| *is_http) else { return };
    if !key.is_empty() {
        let message = format!("line `{line}` is `http`, where an answer is told by its connection");
        let span = institution.key_span("key").unwrap_or_default();
        document.error_hint(Code::ConflictingKeys, span, message, "write `key = []`");
    }
    if let Some(span) = institution.key_span("session") {
        let message = format!("line `{line}` is `http`, where each connection carries one request");
        document.error_hint(
            Code::ConflictingKeys,
            span,
            message,
            "leave `session` out: there is nothing to sign on to",
        );
    }
}

#[cfg(test)]
mod tests;
