//! The plan of a verification: a TOML file that says which gateway and institution it is about, what differs by nature, and, for reads, which
//! requests are asked again and of whom. Mistakes are reported together, each with its place.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use fep_spec::document::{Document, Located, Table, Value, instead};
use fep_spec::load::{LoadError, read};
use fep_spec::model::Spec;
use fep_spec::report::{Code, Report, Source};
use ring::digest::{SHA256, digest};

use super::receivers::{self, TellPlan, WebhookPlan};
use crate::config::{Config, ConfigError, InstitutionConfig, LineConfig, Role, SettlementConfig};
use crate::hex::hex;

/// The default of `noise_percent`.
const NOISE_PERCENT: u8 = 20;

/// The default of `look_back_hours`.
const LOOK_BACK_HOURS: u32 = 24;

/// The default of `count_max`.
const COUNT_MAX: u32 = 10_000;

/// What is compared, and how.
#[derive(Clone, Debug)]
pub struct Plan {
    /// `config`, required: the configuration of the gateway, relative to the plan.
    pub config: Config,
    /// `institution`: its name there. It may be left out if there is one.
    pub institution: String,
    /// `ignore`, default none: the paths of fields that differ by nature, without indexes. A part stands for all that is in it.
    pub ignore: BTreeSet<String>,
    /// `ignore_in`, default none: such paths of single telegrams, by the name of the telegram.
    pub ignore_in: BTreeMap<String, BTreeSet<String>>,
    /// `compared_min`, default 1: how many comparisons it takes to pass. Those of earlier runs count, since the last one with a finding.
    pub compared_min: u64,
    /// `name`, default the name of the file without its ending: how others call the verification.
    pub name: String,
    /// `[webhook]`: a service that gets each report. Default: none does.
    pub webhook: Option<Box<WebhookPlan>>,
    /// `[tell]`: a gateway that keeps each report. Default: none does.
    pub tell: Option<Box<TellPlan>>,
    /// `[reads]`: what is asked again. Default: nothing can be.
    pub reads: Option<ReadsPlan>,
    /// A digest of what is compared and of the configurations of the sides: runs with another one begin anew.
    pub digest: String,
}

/// `[reads]`: which requests of the journal are asked again, and of whom.
#[derive(Clone, Debug)]
pub struct ReadsPlan {
    /// `inquiries`, required: the telegrams, and how many of hundred are asked again. None of them may move money.
    pub inquiries: BTreeMap<String, u8>,
    /// `moves_no_money`: those of them that move no money, if no configuration has a settlement, which would say what does.
    /// `callers`, default all: only requests of these clients.
    pub callers: BTreeSet<String>,
    /// `in_flight_max`, default 1: how many are asked at the same time.
    pub in_flight_max: usize,
    /// `count_max`, default 10000: how many one run asks at most.
    pub count_max: usize,
    /// `look_back_hours`, default 24: how old the requests of the first run may be. Later runs go on where the last one ended.
    pub look_back_hours: u32,
    /// `noise_percent`, default 20: how much more often a field may differ on the new side than the old side differs from itself, in percent
    /// of both together.
    pub noise_percent: u8,
    /// `folder`, required: where runs are remembered, relative to the plan.
    pub folder: PathBuf,
    /// `[reads.candidate]`, required: whom is asked.
    pub candidate: Side,
    /// `[reads.old]`: the old side, which is asked twice beside the candidate. Default: the recorded answer is compared.
    pub old: Option<Side>,
}

/// An institution of a gateway's configuration that is asked: what a gateway can speak with, a verification can.
#[derive(Clone, Debug)]
pub struct Side {
    /// `config`, required: the configuration, relative to the plan. Only the institution in it is used, with a journal in the folder of the plan.
    pub config: Config,
    /// `institution`: its name there. It may be left out if there is one.
    pub institution: String,
}

impl Side {
    pub(super) fn institution(&self) -> Option<&InstitutionConfig> {
        self.config.institutions.get(&self.institution)
    }
}

/// A plan that cannot be carried out.
#[derive(Debug)]
pub enum PlanError {
    /// The file cannot be read.
    Unreadable(LoadError),
    /// The file has mistakes.
    Findings(Report),
    /// A configuration that it names has.
    Config(PathBuf, Box<ConfigError>),
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => error.fmt(f),
            Self::Findings(report) => f.write_str(&report.render(false)),
            Self::Config(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for PlanError {}

impl Plan {
    /// Reads a plan and the configurations that it names.
    ///
    /// # Errors
    /// If a file cannot be read or has mistakes.
    pub fn load(path: &Path) -> Result<Self, PlanError> {
        let (name, text) = read(path).map_err(PlanError::Unreadable)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let document = Document::new(Source::new(name, &text));
        let plan = document.walk(|root| plan(&root, path, folder).inspect(|_| root.finish()));
        match plan {
            Some(Err(error)) => Err(error),
            Some(Ok(Some(plan))) if !document.has_errors() => Ok(plan.digested()),
            _ => Err(PlanError::Findings(document.into_report())),
        }
    }

    /// With the digest of what is compared and of the configurations of the sides. Who is told of it makes no other plan.
    fn digested(mut self) -> Self {
        let Self { institution, ignore, ignore_in, compared_min, reads, .. } = &self;
        let sides = reads.iter().flat_map(|reads| [Some(&reads.candidate), reads.old.as_ref()]).flatten();
        let sides = sides.map(|side| (&side.institution, side.config.file.as_ref().map(|file| &file.digest)));
        let asked = reads.as_ref().map(|reads| {
            let ReadsPlan { inquiries, callers, noise_percent, .. } = reads;
            (inquiries, callers, noise_percent)
        });
        let all = format!("{:?}", (institution, ignore, ignore_in, compared_min, asked, sides.collect::<Vec<_>>()));
        self.digest = hex(digest(&SHA256, all.as_bytes()).as_ref());
        self
    }

    /// The institution.
    pub(super) fn institution(&self) -> Option<&InstitutionConfig> {
        self.config.institutions.get(&self.institution)
    }

    /// Whether a field of a telegram differs by nature.
    pub(super) fn ignores(&self, telegram: &str, path: &str) -> bool {
        let holds = |paths: &BTreeSet<String>| {
            let within =
                |known: &str| path.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
            paths.iter().any(|known| within(known))
        };
        holds(&self.ignore) || self.ignore_in.get(telegram).is_some_and(holds)
    }
}

fn plan(root: &Table<'_>, path: &Path, folder: &Path) -> Result<Option<Plan>, PlanError> {
    let Some(Side { config, institution }) = side(root, folder)? else { return Ok(None) };
    let Some(own) = config.institutions.get(&institution) else { return Ok(None) };
    let ignore = paths(root, root.array("ignore"), &own.spec, None);
    let mut ignore_in = BTreeMap::new();
    for (name, value) in root.table("ignore_in").map_or(Vec::new(), |table| table.entries()) {
        if known(root, &own.spec, &name) {
            let found = paths(root, value.array(), &own.spec, Some(name.value));
            ignore_in.insert(name.value.to_owned(), found);
        }
    }
    let compared_min = root.integer("compared_min", 1..=1_000_000_000_u64).map_or(1, |count| count.value);
    let webhook = WebhookPlan::read(root, folder).map(Box::new);
    let tell = TellPlan::read(root, folder).map(Box::new);
    let name = receivers::name(root, path, webhook.is_some() || tell.is_some());
    let reads = match root.table("reads") {
        None => None,
        Some(table) => reads(&table, folder, own)?.inspect(|_| table.finish()),
    };
    Ok(Some(Plan {
        institution,
        ignore,
        ignore_in,
        compared_min,
        name,
        webhook,
        tell,
        reads,
        digest: String::new(),
        config,
    }))
}

/// Reads `config` and `institution` of a table.
fn side(table: &Table<'_>, folder: &Path) -> Result<Option<Side>, PlanError> {
    let path = table.required_string("config");
    let name = table.string("institution");
    let Some(path) = path else { return Ok(None) };
    let file = folder.join(path.value);
    let config = Config::load(&file).map_err(|error| PlanError::Config(file, Box::new(error)))?;
    let known: Vec<&str> = config.institutions.keys().map(String::as_str).collect();
    let chosen = match (&name, known.as_slice()) {
        (Some(name), _) if config.institutions.contains_key(name.value) => name.value.to_owned(),
        (Some(name), known) => {
            let message = format!("{} has no institution `{}`", path.value, name.value);
            table.document().error_hint(Code::UnknownName, name.span.clone(), message, instead(name.value, known));
            return Ok(None);
        }
        (None, [only]) => (*only).to_owned(),
        (None, several) => {
            let message = format!("{} has {} institutions", path.value, several.len());
            let hint = format!("choose one with `institution`: {}", several.join(", "));
            table.document().error_hint(Code::MissingKey, path.span, message, hint);
            return Ok(None);
        }
    };
    Ok(Some(Side { institution: chosen, config }))
}

fn reads(table: &Table<'_>, folder: &Path, own: &InstitutionConfig) -> Result<Option<ReadsPlan>, PlanError> {
    let asked_again = table.required("inquiries").and_then(|value| value.table());
    let asked_again = asked_again.map_or(Vec::new(), |all| all.entries());
    let mut callers = BTreeSet::new();
    for value in table.array("callers").unwrap_or_default() {
        callers.extend(value.string().map(|name| name.value.to_owned()));
    }
    let in_flight_max = table.integer("in_flight_max", 1..=100_usize).map_or(1, |count| count.value);
    let count_max = table.integer("count_max", 1..=1_000_000_u32).map_or(COUNT_MAX, |count| count.value);
    let look_back_hours = table.integer("look_back_hours", 1..=8760_u32).map_or(LOOK_BACK_HOURS, |hours| hours.value);
    let noise_percent = table.integer("noise_percent", 0..=100_u8).map_or(NOISE_PERCENT, |percent| percent.value);
    let store = table.required_string("folder");
    let candidate = table.required("candidate").and_then(|value| value.table());
    let candidate = candidate.map(|table| asked(table, folder, own)).transpose()?.flatten();
    let old = table.table("old").map(|table| asked(table, folder, own)).transpose()?;
    let mut harmless = BTreeSet::new();
    for value in table.array("moves_no_money").unwrap_or_default() {
        harmless.extend(value.string().map(|name| name.value.to_owned()));
    }
    let old = old.flatten();
    let institutions =
        [Some(own), candidate.as_ref().and_then(Side::institution), old.as_ref().and_then(Side::institution)];
    let institutions: Vec<&InstitutionConfig> = institutions.into_iter().flatten().collect();
    let mut inquiries = BTreeMap::new();
    for (name, percent) in asked_again {
        let percent = percent.integer(1..=100_u8);
        if known(table, &own.spec, &name) && may_be_repeated(table, &institutions, &harmless, &name) {
            inquiries.extend(percent.map(|percent| (name.value.to_owned(), percent.value)));
        }
    }
    let (Some(candidate), Some(store)) = (candidate, store) else { return Ok(None) };
    Ok(Some(ReadsPlan {
        inquiries,
        callers,
        in_flight_max,
        count_max: usize::try_from(count_max).unwrap_or(usize::MAX),
        look_back_hours,
        noise_percent,
        folder: folder.join(store.value),
        candidate,
        old,
    }))
}

/// Reads a side that is asked. Its layouts must be those of the journal: differences are fields.
fn asked(table: Table<'_>, folder: &Path, own: &InstitutionConfig) -> Result<Option<Side>, PlanError> {
    let place = table.key_span("config").unwrap_or_default();
    let address_place = place.clone();
    let Some(side) = side(&table, folder)? else { return Ok(None) };
    if let Some(theirs) = side.config.institutions.get(&side.institution)
        && theirs.spec.telegrams.iter().map(|one| &one.layout).ne(own.spec.telegrams.iter().map(|one| &one.layout))
    {
        let message = format!("the telegrams of `{}` have other layouts than those of the journal", side.institution);
        let hint = "use one spec for both: answers are compared field by field. `fep diff` shows what differs";
        table.document().error_hint(Code::WrongReference, place, message, hint);
    }
    if side.institution().is_some_and(|theirs| shares_an_address(own, theirs)) {
        let message = format!("`{}` has the address of a line of the gateway whose journal is read", side.institution);
        let hint = "it would sign on beside the gateway, and use trace numbers of its day again: use a line of its own";
        table.document().error_hint(Code::ConflictingKeys, address_place, message, hint);
    }
    table.finish();
    Ok(Some(side))
}

/// Reports a telegram that the spec does not have.
fn known(table: &Table<'_>, spec: &Spec, name: &Located<&str>) -> bool {
    let is_known = spec.telegram(name.value).is_some();
    if !is_known {
        let names: Vec<&str> = spec.telegrams.iter().map(|telegram| telegram.name()).collect();
        let message = format!("{} has no telegram `{}`", spec.name, name.value);
        table.document().error_hint(Code::UnknownName, name.span.clone(), message, instead(name.value, &names));
    }
    is_known
}

/// The settlements of all institutions, with their telegrams.
fn settlements<'i>(institutions: &[&'i InstitutionConfig]) -> impl Iterator<Item = (&'i String, &'i SettlementConfig)> {
    let all: Vec<_> = institutions.iter().flat_map(|institution| &institution.telegrams).collect();
    all.into_iter().filter_map(|(name, limits)| Some((name, limits.settlement.as_ref()?)))
}

/// Whether any of the institutions says that the telegram moves money or takes it back.
pub(super) fn moves_money(institutions: &[&InstitutionConfig], telegram: &str) -> bool {
    settlements(institutions).any(|(monetary, one)| {
        let is_reversal = one.reversal.as_ref().is_some_and(|reversal| reversal.telegram.name == telegram);
        monetary == telegram || is_reversal
    })
}

/// Whether both have a line to the same address.
fn shares_an_address(own: &InstitutionConfig, theirs: &InstitutionConfig) -> bool {
    let addresses = |of: &InstitutionConfig| -> Vec<String> {
        let address = |line: &LineConfig| match &line.role {
            Role::Connect { address, .. } => address.clone(),
            Role::Listen { address, .. } => address.to_string(),
        };
        of.lines.iter().map(address).collect()
    };
    let own = addresses(own);
    addresses(theirs).iter().any(|address| own.contains(address))
}

/// Reports a telegram that must not be asked twice: one that moves money or takes it back at any side, one without an answer, and those of the
/// session. If no side says which telegrams move money, the plan has to.
fn may_be_repeated(
    table: &Table<'_>,
    institutions: &[&InstitutionConfig],
    harmless: &BTreeSet<String>,
    name: &Located<&str>,
) -> bool {
    let moves_money = moves_money(institutions, name.value);
    let nobody_says = settlements(institutions).next().is_none() && !harmless.contains(name.value);
    let is_duty = institutions.iter().filter_map(|institution| institution.session.as_ref()).any(|session| {
        [&session.sign_on, &session.sign_off, &session.echo_test].iter().any(|duty| duty.as_deref() == Some(name.value))
    });
    let mut specs = institutions.iter().filter_map(|institution| institution.spec.telegram(name.value));
    let has_answer = specs.all(|telegram| telegram.answer.is_some());
    let (message, hint) = match () {
        () if moves_money => (
            format!("`{}` moves money: it is never asked a second time", name.value),
            "compare what is sent with `fep-gateway verify writes`".to_owned(),
        ),
        () if is_duty => (format!("`{}` belongs to the session of a link", name.value), "name inquiries".to_owned()),
        () if !has_answer => (format!("`{}` has no answer", name.value), "name inquiries, which have one".to_owned()),
        () if nobody_says => (
            format!("nothing says whether `{}` moves money: no telegram has a settlement", name.value),
            format!("if it does not, write moves_no_money = [\"{}\"]", name.value),
        ),
        () => return true,
    };
    table.document().error_hint(Code::BadValue, name.span.clone(), message, hint);
    false
}

/// Reads an array of paths. A path that no telegram has is reported.
fn paths(table: &Table<'_>, values: Option<Vec<Value<'_>>>, spec: &Spec, of: Option<&str>) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for value in values.unwrap_or_default() {
        let Some(path) = value.string() else { continue };
        let mut telegrams = spec.telegrams.iter().filter(|telegram| of.is_none_or(|name| telegram.name() == name));
        if !telegrams.any(|telegram| telegram.layout.item_by_path(path.value).is_some()) {
            let message = match of {
                Some(name) => format!("{name} has no field `{}`", path.value),
                None => format!("no telegram of {} has the field `{}`", spec.name, path.value),
            };
            let hint = "paths go through parts and groups, without indexes: header.sent_time, items.amount";
            table.document().error_hint(Code::UnknownName, path.span.clone(), message, hint);
        }
        paths.insert(path.value.to_owned());
    }
    paths
}
