//! The configuration file of a gateway with institutions that all speak bank-a's telegrams.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::telegrams;

/// One institution of the configuration.
pub(crate) struct Institution<'a> {
    pub(crate) name: &'a str,
    /// The port on which its bank listens.
    pub(crate) port: u16,
    pub(crate) lines: usize,
    /// The connections of each line.
    pub(crate) links: usize,
    /// Further keys of its table.
    pub(crate) settings: &'a str,
}

/// The settings for measuring: no limit of the gateway is reached, and no time-out is.
pub(crate) const ROOMY: &str = "answer_timeout_ms = 20000\ninflight_max = 20000";

/// Writes `gateway.toml` into the folder. The journal is in the same folder; `journal` has further keys of its table.
pub(crate) fn write(folder: &Path, http: u16, journal: &str, institutions: &[Institution<'_>]) -> PathBuf {
    let mut text = format!("[http]\nlisten = \"127.0.0.1:{http}\"\n[journal]\npath = \"journal.sqlite\"\n{journal}\n");
    // Requests carry the marks of the gateways, if there are any.
    let code = if journal.contains("[instances.marks]") { "<instance>" } else { "FEPTEST01" };
    for institution in institutions {
        text += &table(institution, code);
    }
    let path = folder.join("gateway.toml");
    std::fs::write(&path, text).expect("writes the configuration");
    path
}

fn table(institution: &Institution<'_>, transaction_code: &str) -> String {
    let Institution { name, port, lines, links, settings } = institution;
    let spec = telegrams::spec();
    let spec = spec.display();
    let mut text = format!(
        r#"
[institutions.{name}]
spec = "{spec}"
key = ["header.trace_no", "header.sent_date"]
trace = "header.trace_no"
{settings}
[institutions.{name}.fill]
"header.transaction_code" = "{transaction_code}"
"header.company_code" = "FEPCO001"
"header.bank_code" = "099"
"header.send_count" = 1
"header.sent_date" = "<date>"
"header.sent_time" = "<time>"
"header.response_code" = ""
"header.transaction_no" = "<transaction>"
balance_sign = ""
balance = 0
fee = 0
[institutions.{name}.session]
sign_on = "SignOn"
sign_off = "SignOff"
echo_test = "EchoTest"
accepted = {{ "header.response_code" = "0000" }}
[institutions.{name}.notices.DepositNotice]
stand_in = {{ "header.response_code" = "0199" }}
"#
    );
    for number in 1..=*lines {
        let line = format!("[[institutions.{name}.lines]]\nname = \"line-{number}\"\n");
        let _ = write!(text, "{line}connect = \"127.0.0.1:{port}\"\nlinks = {links}\nreconnect_min_ms = 20\n");
    }
    text
}
