//! What several tables of the configuration say, and what cannot be together: one address for two listeners, a telegram that moves
//! money as a sign-on, a constant for the number that the gateway gives.

use std::net::SocketAddr;
use std::path::Path;

use fep_spec::document::{Located, Table, Value};
use fep_spec::report::Code;

/// Checks that nothing listens where something else does. `http` is the address of `[http]`.
pub(super) fn listeners(root: &Table<'_>, http: SocketAddr) {
    let mut taken = vec![(http, "`[http] listen`".to_owned())];
    let http = root.table("http");
    for key in ["operators", "metrics"] {
        let Some(table) = http.as_ref().and_then(|http| http.table(key)) else { continue };
        take(
            &table,
            &mut taken,
            format!("`[http.{key}] listen`"),
            "give each listener a port or an address of its own",
        );
    }
    for (institution, value) in root.table("institutions").iter().flat_map(Table::entries) {
        let lines = value.table().and_then(|table| table.array("lines")).unwrap_or_default();
        for line in lines.into_iter().filter_map(Value::table) {
            let name = format!("line `{}` of {}", line.text("name").unwrap_or_default(), institution.value);
            take(&line, &mut taken, name, "give each line a port of its own; one line can have several `links`");
        }
    }
}

/// Takes the address of `listen`, if there is one and nobody has it.
fn take(table: &Table<'_>, taken: &mut Vec<(SocketAddr, String)>, name: String, hint: &str) {
    let Some(listen) = table.string("listen") else { return };
    let Ok(address) = listen.value.parse::<SocketAddr>() else { return };
    if let Some((_, other)) = taken.iter().find(|(other, _)| overlap(*other, address)) {
        let message = format!("{other} has this address already");
        table.document().error_hint(Code::ConflictingKeys, listen.span, message, hint);
    }
    taken.push((address, name));
}

/// Whether one socket can listen on an address only if no other one listens on the other address.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    // The address of IPv6 for all addresses takes those of IPv4, too.
    let covers = |one: SocketAddr, other: SocketAddr| one.ip().is_unspecified() && (one.is_ipv6() || other.is_ipv4());
    one.port() == other.port() && (one.ip() == other.ip() || covers(one, other) || covers(other, one))
}

/// Checks that `fill` gives no other value to the trace number.
pub(super) fn trace(fill: &Table<'_>, trace: &str) {
    for (path, value) in fill.entries().into_iter().filter(|(path, _)| path.value == trace) {
        if !(value.is_string() && value.string().is_some_and(|text| text.value == "<trace>")) {
            let message = format!("`trace` says that the gateway gives `{trace}` its numbers");
            let hint = "leave it out here; or leave `trace` out if services number their telegrams";
            fill.document().error_hint(Code::ConflictingKeys, path.span, message, hint);
        }
    }
}

/// Checks that no duty of a session moves money: it is sent again and again.
pub(super) fn duties(session: &Table<'_>, moves_money: impl Fn(&str) -> bool) {
    for key in ["sign_on", "sign_off", "echo_test"] {
        if let Some(name) = session.string(key).filter(|name| moves_money(name.value)) {
            let message = format!(
                "`{}` moves money, and the gateway sends a `{key}` on its own, any number of times",
                name.value
            );
            session.document().error_hint(
                Code::ConflictingKeys,
                name.span,
                message,
                "name a telegram of the network management",
            );
        }
    }
}

/// Checks that a file or folder of the journal is none that has another purpose.
pub(super) fn not_the_journal(table: &Table<'_>, path: &Located<&str>, folder: &Path, journal: &Path) {
    if folder.join(path.value) == journal {
        let message = "this is the journal itself";
        table.document().error_hint(Code::ConflictingKeys, path.span.clone(), message, "give it a place of its own");
    }
}
