//! Two sites that hand requests over by TLS: with the token of the caller, whose rights the other gateway checks itself.

use std::process::Command;

use crate::bank::Bank;
use crate::daemon::{self, Answer, Daemon, free_port};
use crate::database::Server;
use crate::transfer;

/// The token of each client is its name. The hashes are those of `printf %s NAME | sha256sum`.
const ACCESS: &str = r#"
[clients.mobile]
tokens = ["sha256:d524c1a0811da49592f841085cc0063eb62b3001252a94542795d1ca9824a941"]
may = [{ actions = ["send", "read"] }]
[clients.boss]
tokens = ["sha256:a5e7c002443743c5836758c7d1cd8ddefd9fcf2061daa0efaac683fb99966057"]
may = [{ actions = ["read", "configure"] }]
"#;

const NAMES: [&str; 2] = ["a", "b"];

/// Two gateways, with what keeps them and their files.
struct Secured {
    /// Where each takes requests of tests, without TLS.
    plain: [u16; 2],
    _daemons: [Daemon; 2],
    _folders: [tempfile::TempDir; 2],
}

impl Secured {
    /// All keys belong to the second gateway. Both show this certificate.
    fn start(server: &Server, banks: [u16; 2], shown: &str) -> Self {
        let folders = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
        let secured = [free_port(), free_port()];
        let plain = [free_port(), free_port()];
        let [own, other] = secured;
        let sites = format!(
            "lease_ms = 2000\n[instances]\nmax = 2\n\
             [instances.sites.first]\npercent = 0\ngateways = {{ a = \"https://localhost:{own}\" }}\n\
             [instances.sites.second]\npercent = 100\ngateways = {{ b = \"https://localhost:{other}\" }}\n\
             [instances.hand_over]\nconnect_timeout_ms = 2000\ntls = {{ ca = \"ca.pem\" }}\n"
        );
        // The authority is one for both.
        let mut make = Command::new(env!("CARGO_BIN_EXE_fep-gateway"));
        let made = make.arg("test-certificates").arg(folders[0].path()).output().expect("it runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        for file in std::fs::read_dir(folders[0].path()).expect("the certificates").flatten() {
            std::fs::copy(file.path(), folders[1].path().join(file.file_name())).expect("a copy");
        }
        let daemons = [0, 1].map(|which| {
            let folder = folders[which].path();
            std::fs::write(folder.join("access.toml"), ACCESS).expect("the access file");
            let http = format!(
                "[http]\naccess = \"access.toml\"\ntls = {{ cert = \"{shown}.pem\", key = \"{shown}.key\" }}\n"
            );
            let text = daemon::configuration(secured[which], banks[which], "").replacen("[http]\n", &http, 1);
            let postgres = server.table_of(NAMES[which]);
            let operators = format!("[http.operators]\nlisten = \"127.0.0.1:{}\"\n", plain[which]);
            let text = format!("{text}{postgres}{sites}{operators}");
            let mut daemon = Daemon::spawn_as(folder, plain[which], "", &text);
            assert!(daemon.is_ready(), "it ended instead");
            daemon
        });
        Self { plain, _daemons: daemons, _folders: folders }
    }

    /// Asks the first gateway for a transfer, with these headers.
    fn ask(&self, token: &str, headers: &str, amount: u64) -> Answer {
        let headers = format!("authorization: Bearer {token}\r\n{headers}");
        daemon::ask_with(self.plain[0], &headers, &transfer(amount)).expect("an answer")
    }

    /// What became of the requests of the first gateway.
    fn handed_over(&self, what: &str) -> u64 {
        let headers = "authorization: Bearer boss\r\n";
        let shown = daemon::get_with(self.plain[0], "/v1/sites", headers).expect("an answer");
        assert_eq!(shown.status, 200, "{}", shown.body);
        let shown: serde_json::Value = serde_json::from_str(&shown.body).expect("JSON");
        shown["handed_over"][what].as_u64().expect("a count")
    }
}

fn key(amount: u64) -> String {
    format!("idempotency-key: key-{amount}\r\n")
}

#[test]
fn the_callers_token_goes_along_by_tls_and_its_rights_are_checked_at_both_sites() {
    let Some(server) = Server::start() else { return };
    let banks = [Bank::start(), Bank::start()];
    let sites = Secured::start(&server, banks.each_ref().map(Bank::port), "gateway");
    for amount in [1, 2, 4, 5] {
        let told = sites.ask("mobile", &key(amount), amount);
        assert_eq!((told.status, told.served_by.as_deref()), (200, Some("b")), "{}", told.body);
        assert!(told.body.contains(r#""client":"mobile""#), "{}", told.body);
    }
    assert_eq!((banks[0].transfers().len(), banks[1].transfers().len()), (0, 4));
    // Who may not send is refused here, and so is who is unknown.
    for (token, status) in [("boss", 403), ("nobody", 401)] {
        assert_eq!(sites.ask(token, &key(7), 7).status, status);
    }
    // Without a key it stays, although everything belongs to the other site.
    let told = sites.ask("mobile", "", 8);
    assert_eq!((told.status, told.served_by.as_deref()), (200, Some("a")), "{}", told.body);
    // What says that it was handed over is served where it comes, whoever says it.
    let told = sites.ask("mobile", &format!("{}fep-handed-over-by: b\r\n", key(10)), 10);
    assert_eq!((told.status, told.served_by.as_deref()), (200, Some("a")), "{}", told.body);
    assert_eq!(["served", "no_key", "served_for_others"].map(|what| sites.handed_over(what)), [4, 1, 1]);
}

/// A gateway whose certificate is not accepted gets neither requests nor tokens.
#[test]
fn a_gateway_with_another_certificate_gets_nothing() {
    let Some(server) = Server::start() else { return };
    let banks = [Bank::start(), Bank::start()];
    let sites = Secured::start(&server, banks.each_ref().map(Bank::port), "other-authority");
    for amount in [1, 2, 4, 5] {
        let told = sites.ask("mobile", &key(amount), amount);
        assert_eq!((told.status, told.served_by.as_deref()), (200, Some("a")), "{}", told.body);
    }
    assert_eq!((banks[0].transfers().len(), banks[1].transfers().len()), (4, 0));
    assert_eq!(sites.handed_over("unreachable"), 4);
}
