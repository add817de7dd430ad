//! The operations about reconciliations and verifications in the OpenAPI document: files of institutions, exceptions, how persons resolve them, and
//! runs of verifications.

use super::operation::{Operation, in_path, in_query, limit};
use super::{READS, Writer};
use crate::contract::problem::Problem;
use crate::contract::reconciliations::{ReconciliationDetail, ReconciliationList, ResolutionBody};
use crate::contract::verifications::{VerificationDetail, VerificationList, VerificationRunView};
use crate::reconcile::Report;
use fep_protocol::verification::VerificationReport;

/// What a file can be answered with.
const COMPARES: [Problem; 9] = [
    Problem::UnknownInstitution,
    Problem::UnknownReconciliation,
    Problem::Query,
    Problem::NoPerson,
    Problem::FileRefused,
    Problem::NotCompared,
    Problem::ReconciliationRunning,
    Problem::TooManyExceptions,
    Problem::NotDurable,
];

/// What a resolution can be answered with.
const RESOLVES: [Problem; 11] = [
    Problem::Path,
    Problem::UnknownReconciliation,
    Problem::UnknownException,
    Problem::AlreadyResolved,
    Problem::AlreadyExplained,
    Problem::ExceptionChanged,
    Problem::BadDecision,
    Problem::BadNote,
    Problem::NoNote,
    Problem::NoPerson,
    Problem::NotDurable,
];

/// What a run that is told can be answered with.
const TELLS: [Problem; 7] = [
    Problem::BadReport,
    Problem::NotDurable,
    Problem::Origin,
    Problem::OtherReport,
    Problem::Path,
    Problem::TooManyVerifications,
    Problem::UnknownInstitution,
];

impl Writer {
    /// Runs of verifications.
    pub(super) fn verifications(&mut self) {
        let all = self.reply::<VerificationList>();
        let summary = "The last runs of each verification, the newest first";
        let list = Operation::new("get", "/v1/verifications", "listVerifications", "verifications", summary);
        let list = list.with(limit()).with(in_query("scope")).with(in_query("institution"));
        self.add(&list.gives(all).or(&[Problem::Query]).or(&READS));
        let path = "/v1/verifications/{institution}/{verification}/{run}";
        let in_paths = |operation| {
            ["institution", "verification", "run"]
                .into_iter()
                .fold(operation, |of: Operation, name| of.with(in_path(name)))
        };
        let one = self.reply::<VerificationDetail>();
        let summary = "One run with what it found";
        let show = in_paths(Operation::new("get", path, "getVerification", "verifications", summary));
        self.add(&show.gives(one).or(&[Problem::Path, Problem::UnknownVerification]).or(&READS));
        let view = self.reply::<VerificationRunView>();
        let body = self.body::<VerificationReport>();
        let summary = "A program tells what a run found; the same run twice is one";
        let told = in_paths(Operation::new("put", path, "tellVerification", "verifications", summary));
        self.add(&told.takes(body).gives(view).or(&TELLS).or(&READS));
    }

    pub(super) fn reconciliations(&mut self) {
        let report = self.reply::<Report>();
        let path = "/v1/institutions/{institution}/reconciliations/{reconciliation}";
        let summary = "Compares a file of the institution with the journal, and keeps its exceptions for persons";
        let give = Operation::new("post", path, "compareFile", "reconciliations", summary).takes_file().gives(report);
        let give = give.with(in_path("institution")).with(in_path("reconciliation"));
        let give = give.with(in_query("date")).with(in_query("file"));
        self.add(&give.or(&COMPARES).or(&READS));
        let all = self.reply::<ReconciliationList>();
        let summary = "The business dates of which files were compared, the newest date first";
        let path = "/v1/reconciliations";
        let list = Operation::new("get", path, "listReconciliations", "reconciliations", summary).with(limit());
        let names = ["scope", "cursor", "institution", "reconciliation", "date", "state"];
        let list = names.into_iter().fold(list, |list, name| list.with(in_query(name)));
        self.add(&list.gives(all).or(&[Problem::Query]).or(&READS));
        let one = self.reply::<ReconciliationDetail>();
        let path = "/v1/reconciliations/{institution}/{reconciliation}/{date}";
        let in_paths = |operation| {
            ["institution", "reconciliation", "date"]
                .into_iter()
                .fold(operation, |of: Operation, name| of.with(in_path(name)))
        };
        let summary = "One business date with its exceptions";
        let show = Operation::new("get", path, "getReconciliation", "reconciliations", summary).with(limit());
        let show = ["cursor", "state"].into_iter().fold(in_paths(show), |show, name| show.with(in_query(name)));
        let problems = [Problem::Query, Problem::Path, Problem::UnknownReconciliation];
        self.add(&show.gives(one.clone()).or(&problems).or(&READS));
        let body = self.body::<ResolutionBody>();
        let path = format!("{path}/exceptions/{{id}}/resolution");
        let summary = "A person resolves an exception, and gets it as it is then";
        let resolve = Operation::new("post", &path, "resolveException", "reconciliations", summary);
        let resolve = in_paths(resolve).with(in_path("id")).takes(body).gives(one);
        self.add(&resolve.or(&RESOLVES).or(&READS));
    }
}
