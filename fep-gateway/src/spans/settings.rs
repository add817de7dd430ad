//! What holds: the table `[opentelemetry]`, and for what it leaves out the variables that OpenTelemetry defines.
//!
//! | variable | is used if the table has no |
//! |---|---|
//! | `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, `OTEL_EXPORTER_OTLP_ENDPOINT` | `endpoint` |
//! | `OTEL_SERVICE_NAME` | `service_name` |
//!
//! `OTEL_RESOURCE_ATTRIBUTES` adds attributes of the process, and `OTEL_SDK_DISABLED=true` turns spans off.

use std::fmt::Write;

use crate::config::{CollectorEndpoint, OpenTelemetryConfig};

/// What the table and the environment say together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) endpoint: CollectorEndpoint,
    /// `service.name` and the like, of all spans.
    pub(super) resource: Vec<(String, String)>,
}

const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
const ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";
const DISABLED: &str = "OTEL_SDK_DISABLED";

/// The settings, or `None` if spans are turned off. `variable` is the environment; an empty variable counts as absent, as the standard says.
///
/// # Errors
/// What is missing or wrong, with its name and without its value.
pub(super) fn settings(
    config: &OpenTelemetryConfig,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Settings>, String> {
    let variable = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    if variable(DISABLED).is_some_and(|value| value.trim().eq_ignore_ascii_case("true")) {
        return Ok(None);
    }
    let of_environment = |(name, is_base): (&'static str, bool)| {
        let text = variable(name)?;
        let read = CollectorEndpoint::parse(text.trim(), is_base).map_err(|why| format!("{name}: {why}"));
        Some(read.and_then(|endpoint| allowed(config, name, endpoint)))
    };
    let endpoint = match &config.endpoint {
        Some(endpoint) => endpoint.clone(),
        None => [(TRACES_ENDPOINT, false), (ENDPOINT, true)].into_iter().find_map(of_environment).unwrap_or_else(|| {
            Err(format!("[opentelemetry] has no `endpoint`, and the environment has no {TRACES_ENDPOINT} and no {ENDPOINT}: add one of them"))
        })?,
    };
    let mut resource = attributes(&variable(ATTRIBUTES).unwrap_or_default())?;
    let given = config.service_name.clone().or_else(|| variable(SERVICE_NAME));
    let has = |resource: &[(String, String)], name: &str| resource.iter().any(|(known, _)| known == name);
    if let Some(name) = given {
        resource.retain(|(known, _)| known != "service.name");
        resource.push(("service.name".to_owned(), name));
    }
    for (name, value) in [("service.name", env!("CARGO_PKG_NAME")), ("service.version", env!("CARGO_PKG_VERSION"))] {
        if !has(&resource, name) {
            resource.push((name.to_owned(), value.to_owned()));
        }
    }
    let fixed = [("telemetry.sdk.name", "fep-gateway"), ("telemetry.sdk.language", "rust")];
    resource.extend(fixed.map(|(name, value)| (name.to_owned(), value.to_owned())));
    Ok(Some(Settings { endpoint, resource }))
}

/// The variables of OpenTelemetry that are set and that nothing here reads, sorted. One that says what holds anyway is not among them.
pub(super) fn unread(variables: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let read = [TRACES_ENDPOINT, ENDPOINT, SERVICE_NAME, ATTRIBUTES, DISABLED];
    let holds = [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
        ("OTEL_TRACES_EXPORTER", "otlp"),
    ];
    let is_unread = |(name, value): &(String, String)| {
        let is_known = read.contains(&name.as_str()) || holds.contains(&(name, value.trim()));
        name.starts_with("OTEL_") && !value.trim().is_empty() && !is_known
    };
    let mut names: Vec<String> = variables.filter(is_unread).map(|(name, _)| name).collect();
    names.sort();
    names
}

/// Refuses what the table would refuse: only the table says whom the gateway trusts.
fn allowed(config: &OpenTelemetryConfig, name: &str, endpoint: CollectorEndpoint) -> Result<CollectorEndpoint, String> {
    if endpoint.is_secure {
        return Err(format!("{name} is https: write it as `endpoint` in [opentelemetry], with `tls`"));
    }
    if config.headers_file.is_some() && !endpoint.is_here() {
        return Err(format!(
            "{name} is http on another machine, and anybody on the way could read the headers of `headers_file`: write \
             `endpoint` with https in [opentelemetry], with `tls`"
        ));
    }
    Ok(endpoint)
}

/// Reads `a=1,b=2`, where other characters are written as `%20`.
fn attributes(text: &str) -> Result<Vec<(String, String)>, String> {
    let wrong = || format!("{ATTRIBUTES} is no list such as deployment.environment.name=prod,service.namespace=fep");
    let one = |pair: &str| {
        let (name, value) = pair.split_once('=').ok_or_else(wrong)?;
        let name = name.trim();
        if name.is_empty() { Err(wrong()) } else { Ok((name.to_owned(), decoded(value.trim()).ok_or_else(wrong)?)) }
    };
    text.split(',').filter(|pair| !pair.trim().is_empty()).map(one).collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// An address for the log.
pub(super) fn shown(endpoint: &CollectorEndpoint) -> String {
    let mut text = String::from(if endpoint.is_secure { "https://" } else { "http://" });
    let brackets = endpoint.host.contains(':');
    // Writing to a text does not fail.
    let _ = if brackets { write!(text, "[{}]", endpoint.host) } else { write!(text, "{}", endpoint.host) };
    let _ = write!(text, ":{}{}", endpoint.port, endpoint.path);
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    fn table(keys: &str) -> OpenTelemetryConfig {
        let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/bank-a/bank-a.toml");
        let text = format!(
            "[opentelemetry]\n{keys}\n[institutions.a]\nspec = {spec:?}\nkey = [\"header.trace_no\"]\ntrace = \"header.trace_no\"\n\
             [[institutions.a.lines]]\nname = \"main\"\nconnect = \"127.0.0.1:1\"\n"
        );
        Config::parse("a.toml", &text, Path::new("")).unwrap().opentelemetry.unwrap()
    }

    /// The address, and the attributes with the names in question.
    fn check(keys: &str, variables: &[(&str, &str)], expected: Result<Option<(&str, &str)>, &str>) {
        let variable = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned());
        let found = settings(&table(keys), variable);
        match (found, expected) {
            (Ok(found), Ok(expected)) => {
                let found = found.map(|settings| {
                    let own = settings.resource.iter().filter(|(name, _)| !name.starts_with("telemetry."));
                    let own = own.filter(|(name, _)| name != "service.version");
                    let own: Vec<String> = own.map(|(name, value)| format!("{name}={value}")).collect();
                    (shown(&settings.endpoint), own.join(","))
                });
                assert_eq!(found, expected.map(|(endpoint, own)| (endpoint.to_owned(), own.to_owned())));
            }
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn the_table_comes_before_the_environment() {
        let here = "endpoint = \"http://127.0.0.1:9\"";
        let there = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/"), ("OTEL_SERVICE_NAME", "east")];
        check(here, &[], Ok(Some(("http://127.0.0.1:9/v1/traces", "service.name=fep-gateway"))));
        check(here, &there, Ok(Some(("http://127.0.0.1:9/v1/traces", "service.name=east"))));
        check("service_name = \"west\"", &there, Ok(Some(("http://collector:4318/v1/traces", "service.name=west"))));
        // The address of traces is taken as it is.
        let traces = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://[::1]:9/in");
        check("", &[there[0], traces], Ok(Some(("http://[::1]:9/in", "service.name=fep-gateway"))));
        check("", &[], Err("has no `endpoint`, and the environment has no OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"));
        check("", &[("OTEL_EXPORTER_OTLP_ENDPOINT", "  ")], Err("has no `endpoint`"));
        check(
            "",
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "collector")],
            Err("OTEL_EXPORTER_OTLP_ENDPOINT: an address begins"),
        );
        check("", &[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector")], Err("with `tls`"));
        check(here, &[("OTEL_SDK_DISABLED", "TRUE")], Ok(None));
    }

    #[test]
    fn a_variable_that_nothing_reads_is_named_without_its_value() {
        let set = [
            ("PATH", "/bin"),
            ("OTEL_SERVICE_NAME", "east"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_TRACES_EXPORTER", "otlp"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=s3cret"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", ""),
        ];
        let names = unread(set.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(names, ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_PROTOCOL"]);
    }

    #[test]
    fn the_environment_describes_the_process() {
        let here = "endpoint = \"http://127.0.0.1:9\"";
        let attributes = |text| [("OTEL_RESOURCE_ATTRIBUTES", text)];
        let url = "http://127.0.0.1:9/v1/traces";
        check(here, &attributes("a=1, b=x%20y,service.name=n"), Ok(Some((url, "a=1,b=x y,service.name=n"))));
        for wrong in ["a", "=1", "a=%zz", "a=%e"] {
            check(here, &attributes(wrong), Err("OTEL_RESOURCE_ATTRIBUTES is no list"));
        }
    }
}
