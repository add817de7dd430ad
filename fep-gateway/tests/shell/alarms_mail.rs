//! Alarms by e-mail: a mail server that refuses the first one, one that does not encrypt, and what a reader's program makes of the message.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::alarms::{Station, folder, until};
use crate::callbacks::secured;
use crate::harness::{GOOD_BANK, bank};

/// What a mail server heard: its commands, with `TLS` where the connection was encrypted, and the messages.
#[derive(Clone, Default)]
struct Heard {
    commands: Arc<Mutex<Vec<String>>>,
    messages: Arc<Mutex<Vec<String>>>,
    /// How many senders are still refused for now.
    refusals: Arc<Mutex<u32>>,
    /// A recipient that is refused for ever.
    stranger: Option<&'static str>,
    /// How long it thinks about a message.
    thinks: Duration,
    /// Whether its connection ends when it has a message, before its reply.
    breaks: bool,
}

impl Heard {
    fn command(&self, command: &str) {
        self.commands.lock().unwrap().push(command.to_owned());
    }

    fn commands(&self) -> Vec<String> {
        self.commands.lock().unwrap().clone()
    }

    fn refuses(&self) -> bool {
        let mut refusals = self.refusals.lock().unwrap();
        let refuses = *refusals > 0;
        *refusals = refusals.saturating_sub(1);
        refuses
    }

    /// Speaks SMTP until the end or until the client wants TLS. Returns whether it does.
    async fn speak<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: &mut S, offers: &[&str]) -> std::io::Result<bool> {
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(false);
            }
            let command = line.trim_end().to_owned();
            self.command(&command);
            let word = command.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let reply = match word.as_str() {
                "EHLO" => {
                    let all = ["mail.test"].iter().chain(offers).copied().collect::<Vec<_>>();
                    let last = all.len() - 1;
                    let lines = all.iter().enumerate();
                    lines.map(|(at, word)| format!("250{}{word}\r\n", if at == last { ' ' } else { '-' })).collect()
                }
                "STARTTLS" => {
                    stream.write_all(b"220 go ahead\r\n").await?;
                    return Ok(true);
                }
                "AUTH" => "235 welcome\r\n".to_owned(),
                "RCPT" if self.stranger.is_some_and(|stranger| command.contains(stranger)) => {
                    format!("550 who is {command}?\r\n")
                }
                "MAIL" if self.refuses() => "451 come\tagain later\r\n".to_owned(),
                "DATA" => {
                    stream.write_all(b"354 go on\r\n").await?;
                    let mut message = String::new();
                    while !message.ends_with("\r\n.\r\n") {
                        stream.read_line(&mut message).await?;
                    }
                    tokio::time::sleep(self.thinks).await;
                    self.messages.lock().unwrap().push(message.trim_end_matches(".\r\n").to_owned());
                    if self.breaks {
                        return Ok(false);
                    }
                    "250 taken\r\n".to_owned()
                }
                "QUIT" => "221 bye\r\n".to_owned(),
                _ => "250 ok\r\n".to_owned(),
            };
            stream.write_all(reply.as_bytes()).await?;
        }
    }
}

/// A mail server. Without an acceptor it does not encrypt.
async fn mail_server(heard: Heard, tls: Option<TlsAcceptor>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let offers: &[&str] = if tls.is_some() { &["STARTTLS"] } else { &["AUTH PLAIN"] };
            stream.write_all(b"220 mail.test\r\n").await.unwrap();
            let wants_tls = heard.speak(&mut stream, offers).await.unwrap_or_default();
            if let Some(tls) = tls.as_ref().filter(|_| wants_tls)
                && let Ok(mut stream) = tls.accept(stream).await
            {
                heard.command("TLS");
                // The end of a client is no mistake.
                let _ = heard.speak(&mut stream, &["AUTH PLAIN"]).await;
            }
        }
    });
    port
}

fn rules(port: u16) -> String {
    format!(
        r#"
[alarms.to.mail]
kind = "mail"
server = "127.0.0.1:{port}"
tls = {{ ca = "ca.pem" }}
from = "fep@bank.example"
recipients = ["on-call@bank.example", "desk@bank.example"]
user = "fep"
password_file = "password"
[alarms.rules."무소식"]
kind = "no_traffic"
quiet_max_ms = 1000
to = ["mail"]
"#
    )
}

/// What another program makes of a message. Nothing if it is not there.
fn read_by_another_program(message: &str) -> Option<Json> {
    let python = std::env::var("FEP_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = "import sys, json, email, email.policy\n\
                  mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)\n\
                  print(json.dumps({'subject': mail['subject'], 'to': mail['to'], 'from': mail['from'], 'id': mail['message-id'], \
                  'body': mail.get_content()}))";
    let child = Command::new(python).args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        assert!(std::env::var_os("FEP_CI").is_none(), "python3 is missing");
        eprintln!("skipped: python3 is missing, so e-mails are not read by another program");
        return None;
    };
    child.stdin.take().unwrap().write_all(message.as_bytes()).unwrap();
    Some(serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap())
}

#[tokio::test]
async fn an_alarm_comes_by_mail_over_tls_and_is_sent_again_after_a_refusal() {
    let folder = folder();
    let heard = Heard { refusals: Arc::new(Mutex::new(1)), ..Heard::default() };
    let port = mail_server(heard.clone(), Some(secured(&folder.path().join("ca.pem")))).await;
    let password = folder.path().join("password");
    std::fs::write(&password, "pass word\n").unwrap();
    std::fs::set_permissions(&password, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let bank = bank(GOOD_BANK).await;
    let station = Station::start(folder.path(), &bank.address().to_string(), &rules(port)).await;
    until(|| heard.commands().iter().any(|command| command.starts_with("MAIL"))).await;
    // The first one is refused, whoever of both it is for.
    let trouble = async || {
        let receivers = station.get("/v1/alarms").await.1["receivers"].clone();
        let troubles = receivers.as_array().unwrap().iter().map(|receiver| receiver["trouble"].clone());
        troubles.into_iter().find(|trouble| !trouble.is_null()).unwrap_or_default()
    };
    let told = async {
        while trouble().await == Json::Null {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        trouble().await
    };
    let told = tokio::time::timeout(Duration::from_secs(5), told).await.unwrap();
    assert_eq!(told, json!("the mail server answered 451"));
    until(|| heard.messages.lock().unwrap().len() == 2).await;
    let commands = heard.commands();
    let clear = commands.iter().take_while(|command| *command != "TLS").collect::<Vec<_>>();
    assert!(clear.iter().all(|command| command.starts_with("EHLO") || *command == "STARTTLS"), "{clear:?}");
    // By `printf '\0fep\0pass word' | base64`.
    assert!(commands.contains(&"AUTH PLAIN AGZlcABwYXNzIHdvcmQ=".to_owned()), "{commands:?}");
    for recipient in ["on-call@bank.example", "desk@bank.example"] {
        assert!(commands.iter().any(|command| command.starts_with(&format!("RCPT TO:<{recipient}>"))), "{commands:?}");
    }
    let messages = heard.messages.lock().unwrap().clone();
    let mut read: Vec<Json> = messages.iter().filter_map(|message| read_by_another_program(message)).collect();
    read.sort_by_key(|read| read["to"].to_string());
    for (read, to) in read.iter().zip(["desk@bank.example", "on-call@bank.example"].map(Json::from)) {
        assert_eq!(read["subject"], "[fep-gateway] RAISED bank-a: 무소식", "{read}");
        assert_eq!((&read["from"], &read["to"]), (&json!("fep@bank.example"), &to));
        let body = read["body"].as_str().unwrap().replace("\r\n", "\n");
        let start = "RAISED bank-a: bank-a sent no telegram of business for ";
        assert!(body.starts_with(start) && body.contains("while business was open (limit 1 s)\n"), "{body}");
        assert!(body.contains("rule:  무소식\n") && body.contains("next:  look at the lines of bank-a"), "{body}");
    }
    station.stop().await;
}

#[tokio::test]
async fn one_who_is_refused_keeps_no_mail_from_the_others_and_a_server_may_think_about_a_message() {
    let folder = folder();
    let thinks = Duration::from_secs(5);
    let heard = Heard { stranger: Some("on-call@bank.example"), thinks, ..Heard::default() };
    let port = mail_server(heard.clone(), Some(secured(&folder.path().join("ca.pem")))).await;
    let password = folder.path().join("password");
    std::fs::write(&password, "pass word\n").unwrap();
    std::fs::set_permissions(&password, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let bank = bank(GOOD_BANK).await;
    let impatient = rules(port).replace("kind = \"mail\"", "kind = \"mail\"\ntimeout_ms = 3000");
    let station = Station::start(folder.path(), &bank.address().to_string(), &impatient).await;
    until(|| !heard.messages.lock().unwrap().is_empty()).await;
    let receivers = async {
        loop {
            let receivers = station.get("/v1/alarms").await.1["receivers"].clone();
            // On a machine that is busy, a step before can take too long. Then it is tried again.
            let is_refused = receivers[1]["trouble"].as_str().is_some_and(|trouble| trouble.contains("550"));
            if receivers[0]["waiting"] == 0 && is_refused {
                return receivers;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let receivers = tokio::time::timeout(Duration::from_secs(60), receivers).await.unwrap();
    assert_eq!(receivers[0]["receiver"], "mail <desk@bank.example>", "{receivers}");
    assert_eq!(
        (&receivers[1]["receiver"], &receivers[1]["trouble"]),
        (&json!("mail <on-call@bank.example>"), &json!("the mail server answered 550")),
        "{receivers}"
    );
    assert_eq!(heard.messages.lock().unwrap().len(), 1, "it is not sent again because the server thinks");
    station.stop().await;
}

#[tokio::test]
async fn a_message_that_a_server_may_have_is_not_sent_again_at_once() {
    let folder = folder();
    let heard = Heard { breaks: true, ..Heard::default() };
    let port = mail_server(heard.clone(), Some(secured(&folder.path().join("ca.pem")))).await;
    let password = folder.path().join("password");
    std::fs::write(&password, "pass word\n").unwrap();
    std::fs::set_permissions(&password, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let bank = bank(GOOD_BANK).await;
    let station = Station::start(folder.path(), &bank.address().to_string(), &rules(port)).await;
    // One for each recipient.
    until(|| heard.messages.lock().unwrap().len() >= 2).await;
    let troubles = async {
        let is_said = |trouble: &Json| trouble.as_str().is_some_and(|trouble| trouble.contains("did not say whether"));
        loop {
            let receivers = station.get("/v1/alarms").await.1["receivers"].clone();
            if receivers.as_array().unwrap().iter().all(|receiver| is_said(&receiver["trouble"])) {
                return receivers;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let receivers = tokio::time::timeout(Duration::from_secs(15), troubles).await.unwrap();
    assert!(receivers.as_array().unwrap().iter().all(|receiver| receiver["waiting"] == 1), "{receivers}");
    // A server that refused would have it again after half a second.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(heard.messages.lock().unwrap().len(), 2);
    station.stop().await;
}

#[tokio::test]
async fn nothing_is_sent_to_a_mail_server_that_does_not_encrypt_or_that_nobody_knows() {
    let folder = folder();
    std::fs::write(folder.path().join("password"), "pass word\n").unwrap();
    std::fs::set_permissions(folder.path().join("password"), std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .unwrap();
    let foreign = Heard::default();
    let foreign_port = mail_server(foreign.clone(), Some(secured(&folder.path().join("foreign.pem")))).await;
    let plain = Heard::default();
    secured(&folder.path().join("ca.pem"));
    let port = mail_server(plain.clone(), None).await;
    let second = rules(foreign_port).replace("alarms.to.mail", "alarms.to.foreign");
    let second = second.split("[alarms.rules").next().unwrap().to_owned();
    let both = rules(port).replace("to = [\"mail\"]", "to = [\"mail\", \"foreign\"]");
    let bank = bank(GOOD_BANK).await;
    let station = Station::start(folder.path(), &bank.address().to_string(), &format!("{both}{second}")).await;
    let troubles = async {
        loop {
            let receivers = station.get("/v1/alarms").await.1["receivers"].clone();
            if receivers.as_array().unwrap().iter().all(|receiver| receiver["trouble"].is_string()) {
                return receivers;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let receivers = tokio::time::timeout(Duration::from_secs(30), troubles).await.unwrap();
    for heard in [&foreign, &plain] {
        let commands = heard.commands();
        let is_harmless = |command: &String| ["EHLO", "STARTTLS", "QUIT"].iter().any(|word| command.starts_with(word));
        assert!(commands.iter().all(is_harmless), "{commands:?}");
    }
    assert!(!receivers.to_string().contains("pass word"), "{receivers}");
    assert!(receivers[0]["trouble"].as_str().unwrap().contains("certificate"), "{receivers}");
    station.stop().await;
}
