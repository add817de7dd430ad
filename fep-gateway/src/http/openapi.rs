//! The OpenAPI 3.1 document of the HTTP interface: the routes, the JSON of the contract, and one operation for each request telegram of
//! each institution. It is made from the types and specs that the gateway itself uses.

mod operation;

mod sending;

mod institutions;

mod reconciliations;

use std::collections::BTreeMap;

use fep_codec::Layout;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use self::operation::{EVENTS, JSON, Operation, id, in_path, in_query, in_stream, limit};
use self::sending::asking;
use super::exchanges::{OUTCOMES, UNSETTLED};
use crate::contract::audit::{AuditList, RevealBody};
use crate::contract::decisions::{DecisionBody, DeliveryWord, SettlementWord};
use crate::contract::exchanges::{DeadLetters, Detail, ExchangeList, Reply};
use crate::contract::notices::{Delivered, NoticeDetail, NoticeList};
use crate::contract::problem::{Problem, ProblemDetails, Row, Table};
use crate::contract::reload::{ReloadBody, ReloadState, Reloaded};
use crate::contract::{Alive, Ready, SessionState, StreamList};
use crate::telegrams::{RequestForm, TelegramCatalogue};

/// Where the document has its schemas.
const SCHEMAS: &str = "/components/schemas";

/// What every request that reads the journal can be answered with.
const READS: [Problem; 2] = [Problem::Journal, Problem::Stopped];

/// What follows a request with `Upgrade: websocket`.
const WEB_SOCKET: &str = "with `Upgrade: websocket`: a WebSocket (RFC 6455), whose messages OpenAPI does not describe. Each is one event as JSON, \
    `{\"event\": NAME, \"id\": NUMBER, \"data\": {…}}`, with what the server-sent event of that name has; a client sends none";

/// What a decision of a person can be answered with.
const DECIDES: [Problem; 6] = [
    Problem::BadDecision,
    Problem::BadNote,
    Problem::NoPerson,
    Problem::TooManyDecisions,
    Problem::Stopped,
    Problem::UnknownInstitution,
];

/// What a decision about an institution can be answered with.
const STEERS: [Problem; 6] = [
    Problem::UnknownInstitution,
    Problem::NotADecision,
    Problem::NoNote,
    Problem::NoPerson,
    Problem::CannotDecide,
    Problem::Stopped,
];

/// What the silence of an alarm can be answered with.
const SILENCES: [Problem; 7] = [
    Problem::NoAlarms,
    Problem::UnknownAlarm,
    Problem::UnknownInstitution,
    Problem::NotADecision,
    Problem::NoNote,
    Problem::AtAnotherGateway,
    Problem::NotDurable,
];

/// What a change of where requests go can be answered with.
const ROUTES: [Problem; 10] = [
    Problem::UnknownInstitution,
    Problem::BadRouting,
    Problem::RoutingChanged,
    Problem::NotDurable,
    Problem::Stopped,
    Problem::NoNote,
    Problem::NoPerson,
    Problem::NotJson,
    Problem::TooDeep,
    Problem::DuplicateKey,
];

/// Lets each secret value be `<secret>` as well: a client gets that in its place if the access file says so.
fn maybe_masked(schema: &mut Value) {
    let members = match schema {
        Value::Object(members) => members,
        Value::Array(schemas) => return schemas.iter_mut().for_each(maybe_masked),
        _ => return,
    };
    if members.get("x-secret") != Some(&Value::Bool(true)) {
        return members.values_mut().for_each(maybe_masked);
    }
    let open = Value::Object(std::mem::take(members));
    // A pattern and no constant: generators of code would compare each value with a constant.
    let masked = json!({
        "type": "string",
        "pattern": "^<secret>$",
        "description": "In place of the value, for a client that may not see it.",
    });
    members.insert("x-secret".to_owned(), true.into());
    members.insert("anyOf".to_owned(), json!([open, masked]));
}

/// What a reload can be answered with.
const RELOADS: [Problem; 11] = [
    Problem::BadDecision,
    Problem::NoNote,
    Problem::NoPerson,
    Problem::ConfigMistakes,
    Problem::NeedsRestart,
    Problem::WouldLose,
    Problem::NoConfigFile,
    Problem::ReloadRunning,
    Problem::ReloadPartly,
    Problem::Journal,
    Problem::Stopped,
];

/// Makes the document. `institutions` are those of the configuration, with their names.
pub(super) fn document<'c>(institutions: impl IntoIterator<Item = (&'c str, &'c TelegramCatalogue)>) -> Value {
    let settings = |settings: SchemaSettings| settings.with(|settings| settings.definitions_path = SCHEMAS.into());
    let mut writer = Writer {
        replies: settings(SchemaSettings::draft2020_12().for_serialize()).into_generator(),
        bodies: settings(SchemaSettings::draft2020_12().for_deserialize()).into_generator(),
        telegrams: Map::new(),
        paths: Map::new(),
    };
    writer.services();
    writer.streams();
    writer.persons();
    writer.institutions();
    writer.reconciliations();
    writer.verifications();
    writer.platform();
    let institutions: Catalogues<'c> = institutions.into_iter().collect();
    for (name, catalogue) in &institutions {
        writer.telegrams(name, catalogue, &institutions);
    }
    writer.finish()
}

/// The telegrams of the institutions, by their names.
type Catalogues<'c> = BTreeMap<&'c str, &'c TelegramCatalogue>;

/// Collects operations and the schemas that they use.
struct Writer {
    replies: SchemaGenerator,
    bodies: SchemaGenerator,
    /// The schemas of telegrams.
    telegrams: Map<String, Value>,
    paths: Map<String, Value>,
}

impl Writer {
    fn add(&mut self, operation: &Operation) {
        let problem = self.reply::<ProblemDetails>();
        let at = self.paths.entry(operation.path.clone()).or_insert_with(|| json!({}));
        if let Value::Object(methods) = at {
            methods.insert(operation.method.to_owned(), operation.value(&problem));
        }
    }

    /// The schema of what the gateway gives.
    fn reply<T: JsonSchema>(&mut self) -> Value {
        self.replies.subschema_for::<T>().to_value()
    }

    /// The schema of what the gateway takes.
    fn body<T: JsonSchema>(&mut self) -> Value {
        self.bodies.subschema_for::<T>().to_value()
    }

    /// The operations of services, besides those of each telegram.
    fn services(&mut self) {
        let reply = self.reply::<Reply<'_>>();
        let any = json!({ "type": "object", "description": "The fields of the telegram, as its spec names them." });
        let path = "/v1/institutions/{institution}/exchanges/{telegram}";
        let asks = Operation::new("post", path, "exchange", "exchanges", "Sends a request and waits for its outcome");
        self.add(&asking(asks, any, &reply).with(in_path("institution")).with(in_path("telegram")));
        let one = Operation::new("get", "/v1/exchanges/{id}", "getExchange", "exchanges", "The outcome of an exchange");
        self.add(&one.with(id()).gives(reply).or(&[Problem::Path, Problem::UnknownExchange]).or(&READS));
        let list = self.reply::<ExchangeList>();
        let listed =
            Operation::new("get", "/v1/exchanges", "listExchanges", "exchanges", "The latest exchanges, newest first");
        let names = [
            "scope",
            "cursor",
            "institution",
            "telegram",
            "since",
            "until",
            "trace",
            "code",
            "request_id",
            "idempotency_key",
        ];
        let listed = names.into_iter().fold(listed.with(limit()), |listed, name| listed.with(in_query(name)));
        let words: Vec<_> = OUTCOMES.into_iter().chain([UNSETTLED]).collect();
        let outcome = json!({ "name": "outcome", "in": "query", "schema": { "type": "string", "enum": words } });
        self.add(&listed.with(outcome).gives(list).or(&[Problem::Query]).or(&READS));
        let detail = self.reply::<Detail>();
        let summary = "Both telegrams field by field, secrets masked";
        let view = Operation::new("get", "/v1/exchanges/{id}/view", "viewExchange", "exchanges", summary);
        self.add(&view.with(id()).gives(detail).or(&[Problem::Path, Problem::UnknownExchange]).or(&READS));
        let summary = "Server-sent events about one exchange: `exchange` now and after each change, `facts` after a step, `end` when nothing follows";
        let mut follow = Operation::new("get", "/v1/exchanges/{id}/events", "followExchange", "exchanges", summary);
        follow.replies.push((200, "a stream", EVENTS, Value::Null));
        let problems = [Problem::TooManyListeners, Problem::Path, Problem::UnknownExchange];
        self.add(&follow.with(id()).or(&problems).or(&READS));
        let summary = "Server-sent events: `exchange`, `notice`, `line`, `missed`";
        let mut events = Operation::new("get", "/v1/events", "events", "exchanges", summary);
        events.replies.push((200, "a stream without an end", EVENTS, Value::Null));
        self.add(&events.with(in_query("scope")).or(&[Problem::TooManyListeners, Problem::Query]));
    }

    /// The streams of market data.
    fn streams(&mut self) {
        let list = self.reply::<StreamList>();
        let summary = "The streams of market data that the client may read: feeds, gaps, consumers";
        self.add(&Operation::new("get", "/v1/streams", "listStreams", "streams", summary).gives(list));
        let summary = "Server-sent events of a stream, or a WebSocket: a snapshot, then every telegram and what happened between them";
        let mut follow = Operation::new("get", "/v1/streams/{stream}", "followStream", "streams", summary);
        follow.replies.push((200, "a stream without an end", EVENTS, Value::Null));
        let follow = in_stream().into_iter().fold(follow.with(in_path("stream")), Operation::with);
        let problems = [
            Problem::UnknownStream,
            Problem::TooManyListeners,
            Problem::Query,
            Problem::Path,
            Problem::Stopped,
            Problem::Origin,
            Problem::Upgrade,
        ];
        self.add(&follow.upgrades(WEB_SOCKET).or(&problems));
    }

    /// What persons look at and decide.
    fn persons(&mut self) {
        let detail = self.reply::<Detail>();
        let body = self.body::<RevealBody>();
        let summary = "Both telegrams with their secrets; recorded before they are shown";
        let reveal = Operation::new("post", "/v1/exchanges/{id}/reveal", "revealExchange", "persons", summary);
        let problems = [Problem::UnknownExchange, Problem::Path, Problem::NoNote];
        self.add(&reveal.with(id()).takes(body).gives(detail).or(&problems).or(&DECIDES).or(&READS));
        let trail = self.reply::<AuditList>();
        let summary = "The audit trail: what persons and programs did or looked at, and how it ended, newest first";
        let audit = Operation::new("get", "/v1/audit", "listAudit", "persons", summary);
        let names = ["scope", "cursor", "institution", "act", "outcome", "client", "since", "until"];
        let audit = names.into_iter().fold(audit.with(limit()), |audit, name| audit.with(in_query(name)));
        self.add(&audit.gives(trail).or(&[Problem::Query]).or(&READS));
        let reply = self.reply::<Reply<'_>>();
        let body = self.body::<DecisionBody<SettlementWord>>();
        let summary = "A person settles an unknown exchange, or asks for a step";
        let settle = Operation::new("post", "/v1/exchanges/{id}/settlement", "settleExchange", "persons", summary);
        let conflicts =
            [Problem::NoCase, Problem::AlreadySettled, Problem::NoSuchStep, Problem::UnknownExchange, Problem::Path];
        self.add(&settle.with(id()).takes(body).gives(reply).or(&conflicts).or(&DECIDES).or(&READS));
        let letters = self.reply::<DeadLetters>();
        let summary =
            "The exchanges whose settlement needs a person, and the notices that no service took, oldest first";
        let dead = Operation::new("get", "/v1/dead-letters", "listDeadLetters", "persons", summary);
        let dead =
            ["scope", "cursor", "institution"].into_iter().fold(dead.with(limit()), |op, name| op.with(in_query(name)));
        self.add(&dead.gives(letters).or(&[Problem::Query]).or(&READS));
        let list = self.reply::<NoticeList>();
        let notices =
            Operation::new("get", "/v1/notices", "listNotices", "persons", "The latest notices, newest first");
        let notices = ["scope", "cursor", "since", "until", "institution", "telegram", "state"]
            .into_iter()
            .fold(notices.with(limit()), |op, name| op.with(in_query(name)));
        self.add(&notices.gives(list).or(&[Problem::Query]).or(&READS));
        let detail = self.reply::<NoticeDetail>();
        let summary = "A notice: its telegrams field by field, secrets masked, its delivery and its facts";
        let one = Operation::new("get", "/v1/notices/{id}", "getNotice", "persons", summary);
        self.add(&one.with(id()).gives(detail).or(&[Problem::Path, Problem::UnknownNotice]).or(&READS));
        let delivered = self.reply::<Delivered>();
        let body = self.body::<DecisionBody<DeliveryWord>>();
        let summary = "A person lets a notice be delivered again, or ends its delivery";
        let decide = Operation::new("post", "/v1/notices/{id}/delivery", "decideDelivery", "persons", summary);
        let conflicts = [
            Problem::NothingToDeliver,
            Problem::AlreadyEnded,
            Problem::DeliveryRunning,
            Problem::UnknownNotice,
            Problem::Path,
        ];
        self.add(&decide.with(id()).takes(body).gives(delivered).or(&conflicts).or(&DECIDES).or(&READS));
    }

    fn platform(&mut self) {
        let session = self.reply::<SessionState>();
        let problems = [Problem::Csrf, Problem::Origin, Problem::NoSession];
        for (method, name, summary) in [
            ("post", "beginSession", "A browser gives a token and gets a cookie"),
            ("get", "getSession", "Who asks, and what that client may do"),
            ("delete", "endSession", "The end of a session"),
        ] {
            let operation = Operation::new(method, "/v1/session", name, "platform", summary);
            self.add(&operation.gives(session.clone()).or(&problems));
        }
        let alive = self.reply::<Alive>();
        self.add(&Operation::new("get", "/healthz", "alive", "platform", "Whether the process runs").gives(alive));
        let ready = self.reply::<Ready>();
        let summary = "Whether every institution can be reached and the journal takes writes";
        let mut readiness = Operation::new("get", "/readyz", "ready", "platform", summary).gives(ready.clone());
        readiness.replies.push((503, "not ready: see `reasons`", JSON, ready));
        self.add(&readiness);
        let mut metrics = Operation::new("get", "/metrics", "metrics", "platform", "Metrics for Prometheus");
        metrics.replies.push((200, "the text format of Prometheus", "text/plain", json!({ "type": "string" })));
        self.add(&metrics);
        let body = self.body::<ReloadBody>();
        let done = self.reply::<Reloaded>();
        let state = self.reply::<ReloadState>();
        let summary = "The configuration that holds, and whether its file differs";
        self.add(&Operation::new("get", "/v1/reload", "getReload", "platform", summary).gives(state));
        let summary = "Reads the configuration file again and changes what differs, or says what that would change";
        let reload = Operation::new("post", "/v1/reload", "reload", "platform", summary);
        self.add(&reload.takes(body).gives(done).or(&RELOADS));
        self.clock();
        let table = self.reply::<Table>();
        self.add(&Operation::new("get", "/problems", "listProblems", "platform", "The kinds of errors").gives(table));
        let row = self.reply::<Row>();
        let one = Operation::new("get", "/problems/{code}", "getProblem", "platform", "One kind of error");
        self.add(&one.with(in_path("code")).gives(row).or(&[Problem::Path, Problem::NoSuchKind]));
        let itself = Operation::new("get", "/openapi.json", "openapi", "platform", "This document");
        self.add(&itself.gives(json!({ "type": "object" })));
    }

    /// One operation for each request of an institution, with the fields of its telegrams.
    fn telegrams(&mut self, institution: &str, catalogue: &TelegramCatalogue, all: &Catalogues<'_>) {
        self.reply::<Reply<'_>>();
        for form in catalogue.request_forms() {
            let RequestForm { layout, answer, onward, fields } = form;
            let fields = self.telegram(&format!("{institution}.{}", layout.name), fields);
            let elsewhere = |to| Some((to, all.get(to)?.answer_layout(&layout.name)?));
            let elsewhere: Vec<_> = onward.into_iter().filter_map(elsewhere).collect();
            let reply = self.typed_reply(institution, answer, &elsewhere);
            let name = if layout.label.is_empty() {
                layout.name.to_string()
            } else {
                format!("{} {}", layout.name, layout.label)
            };
            let path = format!("/v1/institutions/{institution}/exchanges/{}", layout.name);
            let id = format!("{institution}_{}", layout.name);
            let summary = format!("Sends {name} to {institution}; answered by {}", answer.name);
            let asks = Operation::new("post", &path, &id, "telegrams", &summary);
            self.add(&asking(asks, fields, &reply));
        }
    }

    /// A reply whose answer has the fields of this telegram, or of one of the institutions to which a breaker or a rule sends the request.
    fn typed_reply(&mut self, institution: &str, answer: &Layout, elsewhere: &[(&str, &Layout)]) -> Value {
        let own = self.typed_answer(institution, answer);
        let mut reply = self.replies.definitions().get("Reply").cloned().unwrap_or_default();
        let mut set = |name: &str, schema: Value| {
            reply
                .pointer_mut(&format!("/properties/{name}"))
                .into_iter()
                .for_each(|property| *property = schema.clone());
        };
        set("stand_in", own.clone());
        if elsewhere.is_empty() {
            set("answer", own);
            return self.telegram(&format!("{institution}.{}.Reply", answer.name), reply);
        }
        let names: Vec<_> = elsewhere.iter().map(|(to, _)| *to).collect();
        let all: Vec<_> =
            std::iter::once(own).chain(elsewhere.iter().map(|(to, theirs)| self.typed_answer(to, theirs))).collect();
        let meaning = format!(
            "If the request went to {}, it is a telegram of that one: see `institution`, and `came_from` (by a breaker) or `routed_from` \
             (by a rule).",
            names.join(" or ")
        );
        set("answer", json!({ "description": meaning, "anyOf": all }));
        // Another request with the same answer may stay with its institution.
        self.telegram(&format!("{institution}.{}.{}.Reply", answer.name, names.join(".")), reply)
    }

    /// An answer with the fields of this telegram.
    fn typed_answer(&mut self, institution: &str, answer: &Layout) -> Value {
        let mut schema = answer.json_schema();
        maybe_masked(&mut schema);
        let fields = self.telegram(&format!("{institution}.{}", answer.name), schema);
        json!({
            "type": "object",
            "properties": { "telegram": { "type": "string", "const": answer.name }, "fields": fields },
            "required": ["telegram", "fields"],
        })
    }

    /// Keeps the schema of a telegram under a name, and refers to it.
    fn telegram(&mut self, name: &str, mut schema: Value) -> Value {
        let is_plain = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
        let name: String = name.chars().map(|character| if is_plain(character) { character } else { '_' }).collect();
        if let Value::Object(schema) = &mut schema {
            schema.remove("$schema");
            // Generators of code name a type by its title. Two institutions may have telegrams of one name.
            schema.insert("title".to_owned(), name.replace('.', " ").into());
        }
        let reference = json!({ "$ref": format!("#{SCHEMAS}/{name}") });
        self.telegrams.insert(name, schema);
        reference
    }

    fn finish(mut self) -> Value {
        let mut schemas = self.replies.take_definitions(true);
        schemas.extend(self.bodies.take_definitions(true));
        schemas.extend(self.telegrams);
        json!({
            "openapi": "3.1.0",
            "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
            "info": {
                "title": "fep-gateway",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "A front-end processor: it exchanges fixed-length telegrams with institutions. Read `outcome`, not only the status: \
                                `answered` is 200, `not_sent` is 503 and certain, `unknown` is 504 and may have been carried out. Every error \
                                without an `outcome` means that this call sent nothing.",
            },
            "tags": [
                { "name": "telegrams", "description": "One operation for each request of each institution" },
                { "name": "exchanges", "description": "Requests and their outcomes" },
                { "name": "streams", "description": "Market data" },
                { "name": "persons", "description": "What persons look at and decide" },
                { "name": "reconciliations", "description": "Files of institutions, and what persons work off because of them" },
                { "name": "verifications", "description": "What was compared before a system is replaced" },
                { "name": "batches", "description": "What programs tell about files of requests" },
                { "name": "alarms", "description": "Alarms of the gateway's own rules" },
                { "name": "lines", "description": "Institutions and their lines" },
                { "name": "platform", "description": "Health, metrics and documentation" },
            ],
            "paths": self.paths,
            "components": {
                "schemas": schemas,
                "securitySchemes": {
                    "token": { "type": "http", "scheme": "bearer", "description": "The token of a client, if the gateway has an access file: one of the gateway, or a JWT of an issuer that the file names." },
                    "certificate": { "type": "mutualTLS", "description": "The certificate of a client, if `[http] tls` has `client_ca` and the access file names it." },
                },
            },
            "security": [{ "token": [] }, { "certificate": [] }, {}],
        })
    }
}
