//! The plan of a batch: a TOML file that says to which gateway requests go, what the file of requests is, when they are sent, and what the file of
//! results is. Mistakes are reported together, each with its place.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fep_codec::Record;
use fep_codec::layout::{Item, Kind, Layout};
use fep_spec::document::{Document, Located, Table, Value, instead};
use fep_spec::load::LoadError;
use fep_spec::model::{Spec, TelegramSpec};
use fep_spec::report::Code;
use ring::digest::{SHA256, digest};
use serde_json::Value as Json;

use super::plan_input::{self, Input};
use super::plan_output::{self, Output};
use super::windows::{self, Windows};
use crate::config::{Authority, GatewayAt};
use crate::fitting::set;
use crate::hex::hex;
use crate::plans::{field, load, spec};

/// The longest name of a batch, in bytes: it is in every idempotency key and in names of files.
const NAME_MAX_BYTES: usize = 60;

/// A plan.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The file of the plan.
    pub path: PathBuf,
    /// `name`, default the name of the file without its ending: with the date it is in every idempotency key.
    pub name: String,
    /// `gateway`, required: where the gateway takes requests, with `[tls]` if that is https.
    pub gateway: GatewayAt,
    /// `token_file`, default none: the file with the token of the client.
    pub token_file: Option<PathBuf>,
    /// `institution`, required: its name at the gateway.
    pub institution: String,
    /// `spec`, required: the spec of the institution. Requests are checked by it before the first one is sent.
    pub spec: Arc<Spec>,
    /// `telegram`, required: the request.
    pub telegram: String,
    /// `accepted`, required: the values of the answer by which it was carried out. Empty: by any answer (`accepted = "any"`).
    pub accepted: Vec<(String, Vec<Json>)>,
    /// `amount`, default none: the path of the amount in the request, for sums.
    pub amount: Option<String>,
    /// `in_flight_max`, default 8: how many requests are without an outcome at the same time.
    pub in_flight_max: usize,
    /// `retry_ms`, default 5000: how long a request waits before it is sent again, if it certainly was not sent. Later waits are longer, up to five minutes.
    pub retry: Duration,
    /// `settle_wait_s`, default 600: how long outcomes that are unknown are waited for, after the last request.
    pub settle_wait: Duration,
    /// `folder`, default the folder of the plan: where the outcomes are kept, one file for each name and date.
    pub folder: PathBuf,
    /// `[input]`: the file of requests. Default: JSON lines.
    pub input: Option<Input>,
    /// `[calendar]` and `[windows]`: when requests are sent. Default: always.
    pub windows: Windows,
    /// `[output]`: the file of results. Default: none is written.
    pub output: Option<Output>,
}

impl Plan {
    /// Reads a plan and the specs that it names.
    ///
    /// # Errors
    /// If a file cannot be read or has mistakes.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        load(path, |root, folder| plan(root, path, folder))
    }

    /// A sum of amounts as text: `1234.56`. `None` if the plan has no `amount`.
    #[must_use]
    pub fn amount_text(&self, amount: i128) -> Option<String> {
        let layout = &self.request()?.layout;
        let decimals = match layout.item_by_path(self.amount.as_deref()?)? {
            Item::Field(field) => match &field.kind {
                Kind::Number(rule) => usize::from(rule.decimals()),
                _ => 0,
            },
            _ => 0,
        };
        let sign = if amount < 0 { "-" } else { "" };
        let digits = format!("{:0>1$}", amount.unsigned_abs(), decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        Some(if decimals == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
    }

    /// The fields of the answer that the file of results needs.
    pub(super) fn answers(&self) -> impl Iterator<Item = &str> {
        let records = self.output.iter().flat_map(|output| &output.records);
        records.flat_map(|record| &record.fields).filter_map(|(_, source)| match source {
            plan_output::Source::Answer(path) => Some(path.as_str()),
            _ => None,
        })
    }

    /// A digest of what decides about states and is kept with them: `accepted`, `amount`, and the fields of answers that are kept.
    pub(super) fn judgement(&self) -> String {
        let answers: Vec<&str> = self.answers().collect();
        let said = format!("{:?}{:?}{answers:?}", self.accepted, self.amount);
        hex(digest(&SHA256, said.as_bytes()).as_ref())
    }

    /// The request.
    pub(super) fn request(&self) -> Option<&TelegramSpec> {
        self.spec.telegram(&self.telegram)
    }
}

fn plan(root: &Table<'_>, path: &Path, folder: &Path) -> Option<Plan> {
    let name = name(root, path);
    let authority = root.table("tls").map(|table| Authority::read(table, folder));
    let url = root.required_string("gateway");
    let gateway = url.and_then(|url| GatewayAt::read(root.document(), &url, authority.as_ref(), LACKS_TLS));
    let institution = root.required_string("institution").map(|name| name.value.to_owned());
    let telegram = root.required_string("telegram");
    let spec = root.required_string("spec").and_then(|path| spec(root.document(), &path, folder));
    let token_file = root.string("token_file").map(|path| folder.join(path.value));
    let in_flight_max = root.integer("in_flight_max", 1..=1000_usize).map_or(8, |max| max.value);
    let retry_ms = root.integer("retry_ms", 100..=3_600_000_u64).map_or(5000, |ms| ms.value);
    let settle_wait_s = root.integer("settle_wait_s", 0..=604_800_u64).map_or(600, |seconds| seconds.value);
    let kept = root.string("folder").map_or_else(|| folder.to_owned(), |path| folder.join(path.value));
    let windows = windows::read(root, folder);
    let spec = spec?;
    let request = request(root.document(), &spec, &telegram?)?;
    let answer = spec.telegram(request.answer.as_deref().unwrap_or_default())?;
    let accepted = accepted(root, &answer.layout);
    let amount = root.string("amount").and_then(|path| amount(root.document(), &request.layout, &path));
    let input = root.table("input");
    let input = input.map(|table| plan_input::read(&table, &spec, &request.layout, folder).inspect(|_| table.finish()));
    let output = root.table("output").map(|table| {
        let input = input.as_ref().and_then(Option::as_ref);
        let found = plan_output::read(&table, &plan_output::Around { spec: &spec, request, answer, input, folder });
        table.finish();
        found
    });
    let tells_unknown = output.as_ref().and_then(Option::as_ref).is_some_and(Output::tells_unknown);
    if let Some(span) = root.key_span("amount").filter(|_| tells_unknown) {
        let message = "a request with an amount moves money, so its unknown outcome is settled before it is told";
        let hint = "leave `unknown` out of `results`: it is for requests that move no money, such as inquiries";
        root.document().error_hint(Code::ConflictingKeys, span, message, hint);
    }
    Some(Plan {
        path: path.to_owned(),
        name: name?,
        gateway: gateway?,
        token_file,
        institution: institution?,
        telegram: request.name().to_owned(),
        accepted: accepted?,
        amount,
        in_flight_max,
        retry: Duration::from_millis(retry_ms),
        settle_wait: Duration::from_secs(settle_wait_s),
        folder: kept,
        input: input.map_or(Some(None), |input| input.map(Some))?,
        windows,
        output: output.map_or(Some(None), |output| output.map(Some))?,
        spec,
    })
}

/// What is said about https without an authority.
const LACKS_TLS: (&str, &str) = (
    "https needs a table [tls]",
    "such as tls = { ca = \"gateway-ca.pem\" }: the authority that signs the certificate of the gateway, as a PEM file",
);

/// The name of the batch.
fn name(root: &Table<'_>, path: &Path) -> Option<String> {
    let given = root.string("name");
    let span = given.as_ref().map_or_else(|| root.span(), |name| name.span.clone());
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let name = given.map_or_else(|| stem.to_owned(), |name| name.value.to_owned());
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if name.is_empty() || name.len() > NAME_MAX_BYTES || !name.bytes().all(is_plain) || name.starts_with('.') {
        let message = format!("`{name}` is no name of a batch");
        let hint = format!("write `name` with 1 to {NAME_MAX_BYTES} letters, digits, `-`, `_` and `.`");
        root.document().error_hint(Code::BadValue, span, message, hint);
        return None;
    }
    Some(name)
}

/// The request, which must be answered.
fn request<'s>(document: &Document, spec: &'s Spec, name: &Located<&str>) -> Option<&'s TelegramSpec> {
    let Some(found) = spec.telegram(name.value) else {
        let known: Vec<_> = spec.telegrams.iter().map(TelegramSpec::name).collect();
        let message = format!("{} has no telegram `{}`", spec.name, name.value);
        document.error_hint(Code::UnknownName, name.span.clone(), message, instead(name.value, &known));
        return None;
    };
    if found.answer.is_none() {
        let message = format!("`{}` has no answer", name.value);
        document.error_hint(Code::WrongReference, name.span.clone(), message, "name a request that is answered");
        return None;
    }
    Some(found)
}

/// Reads `accepted`: values of the answer, or the word `any`.
fn accepted(root: &Table<'_>, answer: &Layout) -> Option<Vec<(String, Vec<Json>)>> {
    let value = root.required("accepted")?;
    if value.is_string() {
        return value.choice(&[("any", Vec::new())]).map(|any| any.value);
    }
    let mut all = Vec::new();
    for (path, value) in value.table()?.entries() {
        let Some(path) = field(root.document(), answer, &path) else { continue };
        let span = value.span();
        let said = if value.is_array() { value.array()? } else { vec![value] };
        let is_empty = said.is_empty();
        let mut values = Vec::new();
        for text in said.into_iter().filter_map(Value::string) {
            // As the field shows it: 5 for the "0005" of a number.
            let mut record = Record::new(answer);
            let taken = set(&mut record, &path, Json::from(text.value));
            match taken.and_then(|value| record.each_fits().map(|()| value)) {
                Ok(value) => values.push(value),
                Err(error) => root.document().error(Code::BadValue, text.span, error.to_string()),
            }
        }
        if is_empty {
            root.document().error_hint(Code::BadValue, span, "no value would be accepted", "name one or several");
        }
        all.push((path, values));
    }
    if all.is_empty() {
        let hint = "such as accepted = { \"header.response_code\" = \"0000\" }, or \"any\" if each answer means that it was carried out";
        root.document().error_hint(
            Code::BadValue,
            root.key_span("accepted").unwrap_or_default(),
            "`accepted` is empty",
            hint,
        );
        return None;
    }
    Some(all)
}

/// The path of an amount, which must be a number.
fn amount(document: &Document, layout: &Layout, path: &Located<&str>) -> Option<String> {
    let is_number = |item: &Item| matches!(item, Item::Field(field) if matches!(field.kind, Kind::Number(_)));
    let found = field(document, layout, path)?;
    if layout.item_by_path(&found).is_some_and(is_number) {
        return Some(found);
    }
    document.error(Code::BadValue, path.span.clone(), format!("`{found}` is no number, so it has no sums"));
    None
}
