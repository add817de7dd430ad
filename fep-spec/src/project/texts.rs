//! The texts of a project's files, from what is known of its spec. The templates stand beside this file.

use super::plain::Plain;

/// What the texts are made of.
pub(super) struct Texts<'p> {
    pub(super) name: &'p str,
    pub(super) plain: &'p Plain<'p>,
    pub(super) assumed: &'p [String],
    pub(super) to_fill: &'p [String],
}

/// The longest frame of a gateway that does not configure it, in bytes.
const FRAME_MAX_DEFAULT: usize = 8192;

/// More bytes than any framing puts around a telegram.
const AROUND_MAX: usize = 16;

impl Texts<'_> {
    pub(super) fn gateway(&self) -> String {
        let plain = self.plain;
        let key = match &plain.trace {
            Some(trace) => {
                let key: Vec<_> = plain.key.iter().map(|path| format!("\"{path}\"")).collect();
                let mark = if plain.is_trace_assumed() { "# ASSUMED by its name:\n" } else { "" };
                let key = format!("key   = [{}]", key.join(", "));
                let trace = format!("trace = \"{trace}\"");
                let width = key.len();
                format!(
                    "{mark}{key}   # the fields that pair an answer with its request\n{trace:width$}   # the number that the gateway allocates"
                )
            }
            None => format!(
                "# FILL IN: the fields that pair an answer with its request, and the trace number that the gateway allocates. Some fields of the \
                 spec: {}\n# key   = [\"header.trace_no\"]\n# trace = \"header.trace_no\"",
                if plain.candidates.is_empty() { "none yet".to_owned() } else { plain.candidates.join(", ") }
            ),
        };
        let name = self.name;
        let mut session = String::new();
        if !plain.fill.is_empty() {
            let fill = plain.fill.join("\n");
            session = format!(
                "\n[institutions.{name}.fill]            # values for fields that a request leaves out\n{fill}\n"
            );
        }
        session += &match (plain.echo_test, &plain.accepted) {
            (Some(echo), Some((path, code))) => format!(
                "\n[institutions.{name}.session]\necho_test = \"{echo}\"             # the line is alive while it is answered\naccepted  = {{ \
                 \"{path}\" = \"{code}\" }}\n"
            ),
            _ => format!(
                "\n# If the line needs a sign-on, or has an echo test:\n# [institutions.{name}.session]\n# sign_on   = \"SignOn\"\n# echo_test = \
                 \"EchoTest\"\n"
            ),
        };
        let text = include_str!("gateway.toml").replace("{name}", name).replace("{key}", &key);
        text.replace("{framing}\n", &self.framing_key()).replace("{session}", &session)
    }

    pub(super) fn scenario(&self) -> String {
        let text = include_str!("scenario.toml").replace("{name}", self.name);
        let trace = self
            .plain
            .trace
            .as_ref()
            .map(|trace| format!("trace = \"{trace}\"     # identifies a telegram in the log\n"));
        let text = text.replace("{trace}", &trace.unwrap_or_default()).replace("{framing}\n", &self.framing_key());
        let set = match self.plain.set.as_slice() {
            [] => "# set = { \"header.response_code\" = \"0000\" }     # the values of an answer that differ from the request's".to_owned(),
            set => format!("set = {{ {} }}", set.join(", ")),
        };
        text.replace("{set}", &set)
    }

    /// The key `framing`, if it is not the default.
    fn framing_key(&self) -> String {
        let plain = self.plain;
        if plain.request.is_none() && plain.is_framing_assumed {
            return String::new();
        }
        let mut keys = keys_of(&plain.framing);
        if plain.longest > FRAME_MAX_DEFAULT {
            keys += &format!(", frame_max_bytes = {}", plain.longest.saturating_add(AROUND_MAX));
        } else if plain.framing == "ascii4" {
            return String::new();
        }
        let mark = if plain.is_framing_assumed {
            "# ASSUMED: the spec does not say how a line encloses its telegrams.\n"
        } else {
            ""
        };
        format!("{mark}framing = {{ {keys} }}\n")
    }

    pub(super) fn readme(&self) -> String {
        let name = self.name;
        let plain = self.plain;
        let numbered = |list: &[String]| -> String {
            list.iter().enumerate().map(|(at, what)| format!("{}. {what}\n", at + 1)).collect()
        };
        let mut first = String::new();
        if !self.to_fill.is_empty() {
            first = include_str!("to_fill.md").replace("{list}", &numbered(self.to_fill));
        }
        if !self.assumed.is_empty() {
            first += &include_str!("assumed.md").replace("{list}", &numbered(self.assumed));
        }
        let frame = if plain.is_framing_assumed { format!(" --frame {}", plain.framing) } else { String::new() };
        let (exchange, row) = match plain.request {
            Some(telegram) if self.to_fill.is_empty() => (
                include_str!("exchange.md").replace("{request}", telegram.name()),
                format!("| `request.json` | the fields of a {}, with values to try |\n", telegram.name()),
            ),
            Some(telegram) => (
                String::new(),
                format!("| `request.json` | the fields of a {}, with values to try |\n", telegram.name()),
            ),
            None => (String::new(), String::new()),
        };
        let text = include_str!("README.md").replace("{first}", &first).replace("{exchange}", &exchange);
        text.replace("{request_row}", &row).replace("{frame}", &frame).replace("{name}", name)
    }
}

/// The keys of a configuration for the words of a framing by length.
fn keys_of(words: &str) -> String {
    let mut parts = words.split(',');
    let form = parts.next().unwrap_or_default();
    let (form, number) = form.split_at(form.find(|one: char| one.is_ascii_digit()).unwrap_or(form.len()));
    let mut keys = match form {
        "binary" => format!("length_bytes = {number}"),
        "little" => format!("length_bytes = {number}, length_as = \"little-endian\""),
        "ascii" => format!("length_digits = {number}"),
        form => format!("length_digits = {number}, length_as = \"{form}\""),
    };
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, "true"));
        let quote = if value.parse::<u32>().is_ok() || value == "true" { "" } else { "\"" };
        keys += &format!(", {key} = {quote}{value}{quote}");
    }
    keys
}
