//! `[webhook]`, `[tell]` and `name` of a plan: who is told what a run found. Nothing is sent here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fep_protocol::verification::check_name;
use fep_spec::document::Table;
use fep_spec::report::Code;

use crate::config::{Authority, CallbackConfig, GatewayAt};

/// `[webhook]`: a service that gets each report.
#[derive(Clone, Debug)]
pub struct WebhookPlan {
    /// `callback`, required, `callback_secrets` and `callback_tls`: where to, as those of a notice.
    pub callback: CallbackConfig,
    /// `timeout_ms`, default 10000: how long an attempt may take.
    pub timeout: Duration,
}

/// `[tell]`: a gateway that keeps each report.
#[derive(Clone, Debug)]
pub struct TellPlan {
    /// `gateway`, required: where it listens, with `tls` if that is https.
    pub gateway: GatewayAt,
    /// `token_file`, default none: the file with the token of a client that may `verify`.
    pub token_file: Option<PathBuf>,
    /// `timeout_ms`, default 10000: how long an attempt may take.
    pub timeout: Duration,
}

impl WebhookPlan {
    /// Reads `[webhook]`.
    pub(super) fn read(root: &Table<'_>, folder: &Path) -> Option<Self> {
        let table = root.table("webhook")?;
        if !table.has("callback") {
            let hint = "the URL to which reports are posted, such as https://build.bank.example/verifications";
            table.document().error_hint(Code::MissingKey, table.span(), "`callback` is missing", hint);
        }
        let callback = CallbackConfig::read(&table, folder);
        let timeout = timeout(&table);
        table.finish();
        Some(Self { callback: callback?, timeout })
    }
}

impl TellPlan {
    /// Reads `[tell]`.
    pub(super) fn read(root: &Table<'_>, folder: &Path) -> Option<Self> {
        let table = root.table("tell")?;
        let authority = table.table("tls").map(|tls| Authority::read(tls, folder));
        let url = table.required_string("gateway");
        let lacks_tls = (
            "https needs `tls`",
            "such as tls = { ca = \"gateway-ca.pem\" }: the authority that signs the certificate of the gateway, as a PEM file",
        );
        let gateway = url.and_then(|url| GatewayAt::read(table.document(), &url, authority.as_ref(), lacks_tls));
        let token_file = table.string("token_file").map(|path| folder.join(path.value));
        let timeout = timeout(&table);
        table.finish();
        Some(Self { gateway: gateway?, token_file, timeout })
    }
}

fn timeout(table: &Table<'_>) -> Duration {
    let ms = table.integer("timeout_ms", 100..=600_000_u64).map_or(10_000, |ms| ms.value);
    Duration::from_millis(ms)
}

/// Reads `name`: how others call the verification. Default: the name of the plan's file without its ending. One that is no name is an error only
/// if somebody is told (`is_told`).
pub(super) fn name(root: &Table<'_>, path: &Path, is_told: bool) -> String {
    let given = root.string("name");
    let span = given.as_ref().map_or_else(|| root.span(), |name| name.span.clone());
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let is_given = given.is_some();
    let name = given.map_or_else(|| stem.to_owned(), |name| name.value.to_owned());
    if let Err(why) = check_name(&name)
        && (is_given || is_told)
    {
        let message = format!("`{name}` is no name of a verification");
        root.document().error_hint(Code::BadValue, span, message, format!("write `name`: {why}"));
    }
    name
}
