//! What a client sees of the secrets of its own exchanges, if the access file masks them: nothing, over random layouts, in each kind of reply,
//! in events and in errors. The same client without the mask sees them, so the test would find them.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use fep_gateway::callback::HttpCallback;
use fep_gateway::simulate::{Scenario, Simulator};
use fep_gateway::{Config, Gateway};
use fep_spec::model::Spec;
use fep_spec::report::Source;
use reqwest::{Client, Method};
use serde_json::{Map, Value as Json, json};
use tokio::sync::oneshot;

use crate::harness::serve;

/// The number of random layouts. Each is an institution of one gateway.
const LAYOUTS: u64 = 12;

/// The token of each client is its name, as in `rights`: `orders` is masked, `office` is not.
const ACCESS: &str = r#"
[clients.orders]
tokens = ["sha256:1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719"]
may = [{ actions = ["send"] }]
own_secrets = "masked"
[clients.office]
tokens = ["sha256:5cc3f82838ba7260203e4590ce03d00e1663d41f6a5167144f5c95d6be2166a0"]
may = [{ actions = ["send"] }]
"#;

/// Syllables that EUC-KR has.
const HANGUL: &str = "김이박최정강조윤장임한오서신권황안송류홍전고문양손배백허유남심노하곽성차주우구민";

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count).map(|at| char::from(b'1' + u8::try_from(self.below(if at == 0 { 9 } else { 8 })).unwrap())).collect()
    }

    fn letters(&mut self, count: usize, of: &str) -> String {
        let kinds: Vec<char> = of.chars().collect();
        let mut letter = || kinds[usize::try_from(self.below(u64::try_from(kinds.len()).unwrap())).unwrap()];
        (0..count).map(|_| letter()).collect()
    }
}

/// A random telegram: the lines of its spec, its fields, and the texts of its secrets.
#[derive(Default)]
struct Telegram {
    items: String,
    fields: Map<String, Json>,
    secrets: Vec<String>,
    /// The paths of secrets at the top, to send them wrong.
    spoilt: Vec<String>,
}

impl Telegram {
    fn random(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut telegram = Self::default();
        for number in 0..8 {
            let is_secret = dice.below(2) == 0 || number == 0;
            telegram.field(&mut dice, &format!("f{number}"), is_secret);
        }
        // Secrets within a group, twice.
        let mut entry = Self::default();
        let mut other = Self::default();
        let kinds = dice.below(u64::MAX);
        for number in 0..2 {
            entry.field(&mut Dice(kinds + number), &format!("e{number}"), true);
            other.field(&mut Dice(kinds + number), &format!("e{number}"), true);
        }
        writeln!(telegram.items, "{{ group = \"list\", count = 2, items = [\n{}] }},", entry.items).unwrap();
        telegram.fields.insert("list".to_owned(), json!([entry.fields, other.fields]));
        telegram.secrets.extend(entry.secrets);
        telegram
    }

    fn field(&mut self, dice: &mut Dice, name: &str, is_secret: bool) {
        let hangul = dice.letters(6, HANGUL);
        let (kind, len, value): (&str, usize, Json) = match dice.below(8) {
            0 => ("kind = \"text\", charset = \"ascii\"", 14, dice.letters(12, "ABCDEFGHJKLMNPQRSTUVWXYZ").into()),
            1 => ("kind = \"text\"", 20, hangul.into()),
            2 => ("kind = \"digits\"", 16, dice.digits(14).into()),
            3 => ("kind = \"number\"", 13, dice.digits(12).parse::<u64>().unwrap().into()),
            4 => ("kind = \"number\", scale = 2", 15, format!("{}.{}", dice.digits(11), dice.digits(2)).into()),
            5 => ("kind = \"number\", encoding = \"packed\"", 8, dice.digits(13).parse::<u64>().unwrap().into()),
            6 => (
                "kind = \"date\", pattern = \"YYYYMMDD\"",
                8,
                format!("19{}-0{}-1{}", dice.digits(2), dice.digits(1), dice.digits(1)).into(),
            ),
            _ => ("kind = \"bytes\"", 8, dice.digits(16).into()),
        };
        let secret = if is_secret { ", secret = true" } else { "" };
        writeln!(self.items, "{{ name = \"{name}\", {kind}, len = {len}{secret} }},").unwrap();
        if is_secret {
            self.secrets.push(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            self.spoilt.push(name.to_owned());
        }
        self.fields.insert(name.to_owned(), value);
    }

    fn spec(&self) -> String {
        format!(
            r#"spec = "random"
title = "random"
version = "1"
source = "made by a test"
charset = "euc-kr"
[telegrams.Ask]
when = {{ code = "0200" }}
answer = "AskAnswer"
items = [
{{ name = "length", kind = "number", len = 4, computed = "length", counts = "rest" }},
{{ name = "code", kind = "digits", full = true, len = 4 }},
{{ name = "trace_no", kind = "number", len = 6 }},
{}]
[telegrams.AskAnswer]
like = "Ask"
when = {{ code = "0210" }}
"#,
            self.items
        )
    }
}

/// A gateway with a bank for each telegram, which sends all fields back.
struct Rows {
    client: Client,
    url: String,
    _banks: Vec<Simulator>,
    _gateway: Gateway,
    _stop: oneshot::Sender<()>,
    _folder: tempfile::TempDir,
}

impl Rows {
    async fn of(telegrams: &[Telegram]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut text = "[http]\naccess = \"access.toml\"\n".to_owned();
        std::fs::write(folder.path().join("access.toml"), ACCESS).unwrap();
        let mut banks = Vec::new();
        for (number, telegram) in telegrams.iter().enumerate() {
            let name = format!("bank-{number}");
            let source = telegram.spec();
            std::fs::write(folder.path().join(format!("{name}.toml")), &source).unwrap();
            let spec = Spec::parse("random.toml", &source).unwrap_or_else(|report| panic!("{report}\n{source}"));
            let scenario = Source::new("scenario.toml", "trace = \"trace_no\"\n[answers]\n");
            let scenario = Scenario::read(scenario, &spec).unwrap_or_else(|report| panic!("{report}"));
            let bank = Simulator::start(spec, scenario, "127.0.0.1:0").await.unwrap();
            let address = bank.address();
            write!(
                text,
                "[institutions.{name}]\nspec = \"{name}.toml\"\nkey = [\"trace_no\"]\ntrace = \"trace_no\"\nanswer_timeout_ms = 5000\n\
                 [[institutions.{name}.lines]]\nname = \"main\"\nconnect = \"{address}\"\n"
            )
            .unwrap();
            banks.push(bank);
        }
        let path = folder.path().join("gateway.toml");
        std::fs::write(&path, text).unwrap();
        let config = Config::load(&path).unwrap_or_else(|error| panic!("{error}"));
        let settings = config.http.clone();
        let gateway = Gateway::start(config, Arc::new(HttpCallback::new().unwrap())).await.unwrap();
        let (url, stop) = serve(&gateway, settings).await;
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
        Self { client, url, _banks: banks, _gateway: gateway, _stop: stop, _folder: folder }
    }

    /// The status, the place and the text of a reply.
    async fn call(
        &self,
        who: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Json,
    ) -> (u16, String, String) {
        let mut request = self.client.request(method.clone(), format!("{}{path}", self.url)).bearer_auth(who);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if method == Method::POST {
            request = request.body(body.to_string());
        }
        let reply = request.send().await.unwrap();
        let place = reply.headers().get("location").map_or("", |place| place.to_str().unwrap()).to_owned();
        (reply.status().as_u16(), place, reply.text().await.unwrap())
    }

    /// Everything that a client is told about this telegram: replies, the same again, events, and errors.
    async fn told(&self, who: &str, institution: usize, telegram: &Telegram) -> (Vec<String>, Vec<String>) {
        let path = format!("/v1/institutions/bank-{institution}/exchanges/Ask");
        let fields = Json::Object(telegram.fields.clone());
        let key = format!("{who}-{institution}");
        let keyed = [("idempotency-key", key.as_str())];
        let (status, _, reply) = self.call(who, Method::POST, &path, &keyed, &fields).await;
        assert_eq!(status, 200, "{reply}\n{}", telegram.items);
        let (status, _, again) = self.call(who, Method::POST, &path, &keyed, &fields).await;
        assert_eq!(status, 200, "{again}");
        let prefer = [("prefer", "respond-async, wait=0")];
        let (status, place, accepted) = self.call(who, Method::POST, &path, &prefer, &fields).await;
        assert_eq!(status, 202, "{accepted}");
        let (_, _, events) = self.call(who, Method::GET, &format!("{place}/events"), &[], &Json::Null).await;
        assert!(events.contains("event: end"), "{events}");
        let (_, _, read) = self.call(who, Method::GET, &place, &[], &Json::Null).await;
        let (_, _, view) = self.call(who, Method::GET, &format!("{place}/view"), &[], &Json::Null).await;
        let mut errors = vec![accepted, view];
        for name in &telegram.spoilt {
            let value = fields[name].clone();
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            for spoilt in
                [json!(text.repeat(3)), json!([value]), json!({ "value": value }), json!(format!("\u{1F512}{text}"))]
            {
                let mut fields = telegram.fields.clone();
                fields.insert(name.clone(), spoilt);
                let (status, _, error) = self.call(who, Method::POST, &path, &keyed, &Json::Object(fields)).await;
                assert!((400..500).contains(&status), "{status} {error}");
                errors.push(error);
            }
        }
        (vec![reply, again, events, read], errors)
    }
}

#[tokio::test]
async fn a_masked_client_never_sees_a_secret_of_its_own_exchanges() {
    let telegrams: Vec<_> = (0..LAYOUTS).map(|seed| Telegram::random(seed * 7919 + 1)).collect();
    let rows = Rows::of(&telegrams).await;
    let mut looked_at = 0;
    for (institution, telegram) in telegrams.iter().enumerate() {
        let (replies, errors) = rows.told("office", institution, telegram).await;
        for (secret, reply) in
            telegram.secrets.iter().flat_map(|secret| replies.iter().map(move |reply| (secret, reply)))
        {
            assert!(
                reply.contains(secret.as_str()),
                "{secret} is not there without a mask: {reply}\n{}",
                telegram.items
            );
        }
        let (masked, more) = rows.told("orders", institution, telegram).await;
        assert!(masked.iter().all(|reply| reply.contains("<secret>")), "{masked:?}");
        for text in masked.iter().chain(&more).chain(&errors) {
            for secret in &telegram.secrets {
                assert!(!text.contains(secret.as_str()), "{secret} of\n{}\nis in {text}", telegram.items);
            }
            looked_at += 1;
        }
        for (name, value) in telegram.fields.iter().filter(|(name, _)| *name != "list") {
            let is_open = !telegram.spoilt.contains(name);
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            assert!(!is_open || masked[0].contains(&text), "{name} is no secret: {}", masked[0]);
        }
    }
    assert!(looked_at > 400, "{looked_at}");
    for (who, sees) in [("orders", false), ("office", true)] {
        let (_, _, session) = rows.call(who, Method::GET, "/v1/session", &[], &Json::Null).await;
        assert!(session.contains(&format!("\"sees_own_secrets\":{sees}")), "{session}");
    }
}
