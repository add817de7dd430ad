//! The folder of somebody who runs batches: specs, a plan, and files of payments.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fep_gateway::batch::{self, Batch, BatchError, Ended, Plan};

use crate::harness::BANK_A;

/// A file of payments: its header and trailer have totals, and its records marks of results.
const PAYMENTS: &str = r#"
spec    = "payments"
title   = "payments of the tests"
version = "2026-11-30"
source  = "written for this test"
charset = "euc-kr"
[types]
N  = { kind = "number" }
AN = { kind = "text", charset = "ascii" }
H  = { kind = "text" }
D  = { kind = "digits" }
[telegrams.Header]
len   = 40
items = [
  { literal = "H", name = "record_type" },
  { name = "paid_on", kind = "date", pattern = "YYYYMMDD", len = 8 },
  { filler = 31 },
]
[telegrams.Data]
len   = 40
items = [
  { literal = "D", name = "record_type" },
  { name = "serial",  type = "N",  len = 4 },
  { name = "account", type = "D",  len = 13, secret = true },
  { name = "amount",  type = "N",  len = 8 },
  { name = "memo",    type = "H",  len = 8 },
  { name = "result",  type = "AN", len = 1 },
  { name = "reason",  type = "AN", len = 4 },
  { filler = 1 },
]
[telegrams.Trailer]
len   = 40
items = [
  { literal = "T", name = "record_type" },
  { name = "count",  type = "N", len = 4 },
  { name = "amount", type = "N", len = 10 },
  { filler = 25 },
]
[files.Payments]
record_len = 40
line_end   = "lf"
records    = [{ telegram = "Header" }, { telegram = "Data", min = 0 }, { telegram = "Trailer" }]
totals     = [{ field = "Trailer.count", count = "Data" }, { field = "Trailer.amount", sum = "Data.amount" }]
serials    = [{ field = "Data.serial" }]
"#;

/// A plan for such files. `GATEWAY` is the address, and what follows `MORE` is the test's own.
const PLAN: &str = r#"
gateway     = "GATEWAY"
institution = "bank-a"
spec        = "bank-a.toml"
telegram    = "Transfer"
accepted    = { "header.response_code" = "0000" }
amount      = "amount"
retry_ms    = 100
settle_wait_s = 5
MORE
[input]
spec   = "payments.toml"
record = "Data"
fields = { withdraw_account = "=1002345678901", amount = "amount", deposit_bank = "=088", deposit_account = "account", payee_name = "=홍길동", passbook_memo = "memo", check_digits = "=253788" }
[output]
spec    = "payments.toml"
path    = "results-{date}.dat"
results = { done = "Y", not_done = "N", reversed = "R", refused = "X" }
[[output.records]]
record = "Header"
copy   = true
[[output.records]]
record = "Data"
each   = "request"
copy   = true
fields = { result = "result", reason = "answer.header.response_code" }
[[output.records]]
record = "Trailer"
"#;

/// A clock, in milliseconds since 1970.
pub(crate) type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// 2026-11-30.
pub(crate) const DATE: i64 = 20_787;

/// A folder with the specs and a plan.
pub(crate) struct Desk(tempfile::TempDir);

impl Desk {
    pub(crate) fn at(url: &str, more: &str) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        std::fs::write(desk.path("bank-a.toml"), BANK_A).unwrap();
        std::fs::write(desk.path("payments.toml"), PAYMENTS).unwrap();
        std::fs::write(desk.path("pay.toml"), PLAN.replace("GATEWAY", url).replace("MORE", more)).unwrap();
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file of payments with these amounts and memos, by hand and not by the writer.
    pub(crate) fn pays(&self, payments: &[(u32, &str)]) -> PathBuf {
        let total: u32 = payments.iter().map(|(amount, _)| amount).sum();
        let mut text = format!("H20261130{:31}\n", "");
        for (serial, (amount, memo)) in (1..).zip(payments) {
            text += &format!("D{serial:04}3333011234567{amount:08}{memo:8}{:6}\n", "");
        }
        text += &format!("T{:04}{total:010}{:25}\n", payments.len(), "");
        std::fs::write(self.path("payments.dat"), text).unwrap();
        self.path("payments.dat")
    }

    pub(crate) async fn runs(&self, file: &Path) -> Result<Ended, BatchError> {
        self.runs_until(file, Until::End).await
    }

    /// Runs the batch until this moment.
    pub(crate) async fn runs_until(&self, file: &Path, until: Until) -> Result<Ended, BatchError> {
        self.runs_as(file, until, DATE, Arc::new(|| DATE * 86_400_000)).await
    }

    /// Changes the plan.
    pub(crate) fn plans(&self, change: impl FnOnce(String) -> String) {
        let plan = std::fs::read_to_string(self.path("pay.toml")).unwrap();
        std::fs::write(self.path("pay.toml"), change(plan)).unwrap();
    }

    pub(crate) async fn runs_as(
        &self,
        file: &Path,
        until: Until,
        date: i64,
        now_ms: Clock,
    ) -> Result<Ended, BatchError> {
        let plan = Arc::new(Plan::load(&self.path("pay.toml")).unwrap());
        let batch = Batch { plan, file: file.to_owned(), date, repeat: false, now_ms };
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let mut stop = Some(stop);
        let stopped = async move {
            if let Until::Passed(time) = until {
                return tokio::time::sleep(time).await;
            }
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let mut tell = |progress: &batch::Progress| {
            if let Until::Done(count) = until
                && progress.all.requests - progress.left() >= count
            {
                stop.take().map(|stop| stop.send(()));
            }
        };
        let ended = tokio::time::timeout(Duration::from_secs(30), batch::run(&batch, stopped, &mut tell)).await;
        ended.unwrap()
    }
}

/// When a run is stopped.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// When this number of requests has a state.
    Done(u64),
    /// After this time.
    Passed(Duration),
    /// Never: it ends by itself.
    End,
}
