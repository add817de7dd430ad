//! The operations about institutions and lines in the OpenAPI document: their state, and what persons decide about them.

use serde_json::{Value, json};

use super::operation::{Operation, in_path};
use super::{READS, ROUTES, SILENCES, STEERS, Writer};
use crate::alarm_status::AlarmsStatus;
use crate::contract::batches::{BatchReport, BatchView};
use crate::contract::clock::{ClockBody, ClockView};
use crate::contract::decisions::{BreakerBody, BusinessBody, LineBody, NoteBody, SilenceBody, SwitchoverBody};
use crate::contract::lines::{LineSigned, LineTested};
use crate::contract::overview::OverviewList;
use crate::contract::problem::Problem;
use crate::contract::routing::RoutingBody;
use crate::contract::sites::{SitesBody, SitesView};
use crate::contract::{Institutions, Lines};
use crate::gateway::{InstitutionStatus, RoutingStatus};

/// What a change of the sites can be answered with.
const MOVES: [Problem; 9] = [
    Problem::NoSites,
    Problem::BadRouting,
    Problem::RoutingChanged,
    Problem::NotDurable,
    Problem::NoNote,
    Problem::NoPerson,
    Problem::NotJson,
    Problem::TooDeep,
    Problem::DuplicateKey,
];

/// What a setting of the clock can be answered with.
const CLOCKS: [Problem; 7] = [
    Problem::BadClock,
    Problem::NotForProduction,
    Problem::FollowsAnother,
    Problem::NotJson,
    Problem::TooDeep,
    Problem::DuplicateKey,
    Problem::Origin,
];

impl Writer {
    /// The state of institutions and lines, and what persons decide about them.
    pub(super) fn institutions(&mut self) {
        let all = self.reply::<Institutions>();
        let summary = "Limits, waiting requests, breakers, and what closes business";
        self.add(&Operation::new("get", "/v1/institutions", "listInstitutions", "lines", summary).gives(all));
        let one = self.reply::<InstitutionStatus>();
        let path = "/v1/institutions/{institution}";
        let shown = Operation::new("get", path, "getInstitution", "lines", summary).with(in_path("institution"));
        self.add(&shown.gives(one.clone()).or(&[Problem::UnknownInstitution, Problem::Stopped]));
        let steers = [
            ("breaker", "steerBreaker", "A person trips or resets a breaker", self.body::<BreakerBody>()),
            ("business", "steerBusiness", "A person blocks or unblocks business", self.body::<BusinessBody>()),
            ("lines/{line}", "steerLine", "A person stops or starts a line", self.body::<LineBody>()),
            (
                "switchover",
                "switchLines",
                "A person moves business to other lines, or back",
                self.body::<SwitchoverBody>(),
            ),
        ];
        for (what, name, summary, body) in steers {
            let mut steer =
                Operation::new("post", &format!("{path}/{what}"), name, "lines", summary).with(in_path("institution"));
            if what.contains("{line}") {
                steer = steer.with(in_path("line"));
            }
            self.add(&steer.takes(body).gives(one.clone()).or(&STEERS).or(&READS));
        }
        self.line_duties(&format!("{path}/lines/{{line}}"));
        self.routing(&format!("{path}/routing"));
        self.sites();
        self.alarms();
        self.batches();
        let overview = self.reply::<OverviewList>();
        let summary = "Traffic, outcomes, and what is unknown, undelivered or needs a person";
        self.add(&Operation::new("get", "/v1/overview", "getOverview", "lines", summary).gives(overview).or(&READS));
        let lines = self.reply::<Lines>();
        self.add(&Operation::new("get", "/v1/lines", "listLines", "lines", "Every line and its links").gives(lines));
    }

    /// The alarms, and what a person decides about them.
    fn alarms(&mut self) {
        let all = self.reply::<AlarmsStatus>();
        let summary = "Every alarm, what was told last, and how telling goes";
        let listed = Operation::new("get", "/v1/alarms", "listAlarms", "alarms", summary);
        self.add(&listed.gives(all.clone()).or(&[Problem::NoAlarms]));
        let body = self.body::<SilenceBody>();
        let path = "/v1/alarms/{rule}/{institution}/silence";
        let summary = "A person silences an alarm, or ends its silence";
        let silenced = Operation::new("post", path, "silenceAlarm", "alarms", summary);
        let silenced = silenced.with(in_path("rule")).with(in_path("institution")).takes(body).gives(all);
        self.add(&silenced.or(&SILENCES).or(&READS).or(&[Problem::NoPerson]));
    }

    /// What programs tell about batches.
    fn batches(&mut self) {
        let view = self.reply::<BatchView>();
        let body = self.body::<BatchReport>();
        let summary = "A program tells how far a batch is";
        let told = Operation::new("put", "/v1/batches/{batch}/{date}", "tellBatch", "batches", summary);
        let told = told.with(in_path("batch")).with(in_path("date")).takes(body).gives(view);
        self.add(&told.or(&[Problem::BadReport, Problem::UnknownInstitution, Problem::Origin, Problem::Path]));
    }

    /// What the business clock shows, and how a test sets it.
    pub(super) fn clock(&mut self) {
        let view = self.reply::<ClockView>();
        let body = self.body::<ClockBody>();
        let summary = "What the business clock shows";
        self.add(&Operation::new("get", "/v1/clock", "getClock", "platform", summary).gives(view.clone()));
        let summary = "A test sets the business clock; production refuses it";
        let set = Operation::new("put", "/v1/clock", "setClock", "platform", summary).takes(body).gives(view);
        self.add(&set.or(&CLOCKS));
    }

    /// What a person does to the session of a line.
    fn line_duties(&mut self, path: &str) {
        let signed = self.reply::<LineSigned>();
        let tested = self.reply::<LineTested>();
        let note = self.body::<NoteBody>();
        for (what, name, summary, body, reply) in [
            ("echo-test", "testLine", "An echo test now on every link of a line", None, tested),
            ("sign-on", "signOnLine", "A person signs a line on", None, signed.clone()),
            ("sign-off", "signOffLine", "A person signs a line off, after what is in flight", Some(note), signed),
        ] {
            let operation = Operation::new("post", &format!("{path}/{what}"), name, "lines", summary);
            let operation = operation.with(in_path("institution")).with(in_path("line")).gives(reply);
            let operation = operation.or(&STEERS).or(&[Problem::NoSuchDuty, Problem::Origin]).or(&READS);
            self.add(&body.into_iter().fold(operation, Operation::takes));
        }
    }

    /// What percentage of the requests each site gets, and how a person changes that.
    fn sites(&mut self) {
        let status = self.reply::<SitesView>();
        let summary = "What percentage of the requests each site gets, since when, and what this gateway handed over";
        let shown = Operation::new("get", "/v1/sites", "getSites", "lines", summary);
        self.add(&shown.gives(status.clone()));
        let body = self.body::<SitesBody>();
        let summary = "A person divides the requests between the sites, at all gateways";
        let change = Operation::new("put", "/v1/sites", "changeSites", "lines", summary).with(if_match());
        self.add(&change.takes(body).gives(status).or(&MOVES).or(&READS));
    }

    /// Where requests go, and how a person changes that.
    fn routing(&mut self, path: &str) {
        let status = self.reply::<RoutingStatus>();
        let summary = "Where requests of services go, since when, and what became of them on each side";
        let shown = Operation::new("get", path, "getRouting", "lines", summary).with(in_path("institution"));
        self.add(&shown.gives(status.clone()).or(&[Problem::UnknownInstitution]));
        let body = self.body::<RoutingBody>();
        let summary = "A person changes which part of the requests goes to the other institution";
        let change = Operation::new("put", path, "changeRouting", "lines", summary).with(in_path("institution"));
        self.add(&change.with(if_match()).takes(body).gives(status).or(&ROUTES).or(&READS));
    }
}

/// The header by which a change says what its person saw.
fn if_match() -> Value {
    let seen = "The ETag of what the person saw. If something else holds now, nothing is changed.";
    json!({ "name": "If-Match", "in": "header", "description": seen, "schema": { "type": "string" } })
}
