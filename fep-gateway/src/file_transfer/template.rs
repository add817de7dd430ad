//! Values of fields that a plan gives: texts with names in braces for what is known only then, and secrets that are in files of their own.

use std::path::{Path, PathBuf};

use fep_spec::document::{Document, Located, Value};
use fep_spec::report::Code;

use crate::config::read_secret;
use crate::time::{DAY_MS, date};

/// What is known when a telegram is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment<'m> {
    /// The name of the file that is transferred.
    pub(super) file: &'m str,
    /// The time, in milliseconds since 1970, on the clock of the plan.
    pub(super) local_ms: i64,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Template {
    /// `"text {file}"`.
    Text(Vec<Piece>),
    /// `{ file = "password.txt" }`: the first line of that file.
    Secret(PathBuf),
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Name(Name),
}

/// What a name in braces stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    File,
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

/// The names in braces. Several letters in one pair of braces are several names: `{MMDDhhmmss}`.
const NAMES: [(&str, Name); 7] = [
    ("file", Name::File),
    ("YYYY", Name::Year),
    ("MM", Name::Month),
    ("DD", Name::Day),
    ("hh", Name::Hour),
    ("mm", Name::Minute),
    ("ss", Name::Second),
];

impl Template {
    /// Reads a value of a plan.
    pub(super) fn read(value: Value<'_>, document: &Document, folder: &Path) -> Option<Self> {
        if !value.is_table() {
            return pieces(&value.string()?, document).map(Self::Text);
        }
        let table = value.table()?;
        let path = table.required_string("file").map(|path| folder.join(path.value));
        table.finish();
        path.map(Self::Secret)
    }

    /// Its text now.
    ///
    /// # Errors
    /// If the file of a secret cannot be read. The text has no secret.
    pub(super) fn text(&self, moment: Moment<'_>) -> Result<String, String> {
        match self {
            Self::Secret(path) => secret(path),
            Self::Text(pieces) => Ok(pieces.iter().map(|piece| piece.text(moment)).collect()),
        }
    }
}

impl Piece {
    fn text(&self, Moment { file, local_ms }: Moment<'_>) -> String {
        let (year, month, day) = date(local_ms.div_euclid(DAY_MS));
        let second = local_ms.rem_euclid(DAY_MS) / 1000;
        match self {
            Self::Text(text) => text.clone(),
            Self::Name(Name::File) => file.to_owned(),
            Self::Name(Name::Year) => format!("{year:04}"),
            Self::Name(Name::Month) => format!("{month:02}"),
            Self::Name(Name::Day) => format!("{day:02}"),
            Self::Name(Name::Hour) => format!("{:02}", second / 3600),
            Self::Name(Name::Minute) => format!("{:02}", second / 60 % 60),
            Self::Name(Name::Second) => format!("{:02}", second % 60),
        }
    }
}

/// The pieces of a text with names in braces.
fn pieces(text: &Located<&str>, document: &Document) -> Option<Vec<Piece>> {
    let wrong = |message: String| {
        let hint = "{file} is the name of the file; {YYYY}, {MM}, {DD}, {hh}, {mm} and {ss} are the date and the time, also together: {MMDDhhmmss}";
        document.error_hint(Code::BadValue, text.span.clone(), message, hint);
        None
    };
    let mut pieces = Vec::new();
    let mut rest = text.value;
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((mut names, behind)) = behind.split_once('}') else {
            return wrong(format!("`{{{behind}` has no closing brace"));
        };
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        if names.is_empty() {
            return wrong("`{}` names nothing".to_owned());
        }
        while !names.is_empty() {
            let found = NAMES.iter().find_map(|(word, name)| Some((*name, names.strip_prefix(word)?)));
            let Some((name, behind)) = found else { return wrong(format!("`{{{names}}}` is no name")) };
            pieces.push(Piece::Name(name));
            names = behind;
        }
        rest = behind;
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Some(pieces)
}

/// The first line of a file that only its owner and its group may read.
fn secret(path: &Path) -> Result<String, String> {
    let text = read_secret(path)?;
    match text.lines().next().filter(|line| !line.is_empty()) {
        Some(line) => Ok(line.to_owned()),
        None => Err(format!("{}: its first line is empty", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use fep_spec::report::Source;

    use super::*;

    fn read(line: &str) -> Result<Template, String> {
        let document = Document::new(Source::new("plan.toml".to_owned(), line));
        let read = document.walk(|root| Template::read(root.get("value")?, root.document(), Path::new("/secrets")));
        match read.flatten() {
            Some(template) if !document.has_errors() => Ok(template),
            _ => Err(document.into_report().render(false)),
        }
    }

    /// 2028-02-29T09:05:07 is 1 835 427 907 s after 1970, by `date -u -d`.
    #[test]
    fn names_are_replaced_by_the_file_and_the_clock() {
        let moment = Moment { file: "EB13", local_ms: 1_835_427_907_999 };
        let text = |line: &str| read(line).unwrap().text(moment).unwrap();
        assert_eq!(text(r#"value = "{MMDDhhmmss}""#), "0229090507");
        assert_eq!(text(r#"value = "{file}-{YYYY}.dat""#), "EB13-2028.dat");
        assert_eq!(text(r#"value = """#), "");
        assert_eq!(text(r#"value = "000""#), "000");
    }

    #[test]
    fn what_is_no_name_is_a_finding() {
        for (line, message) in [
            (r#"value = "{date}""#, "`{date}` is no name"),
            (r#"value = "{MMDDx}""#, "`{x}` is no name"),
            (r#"value = "{MM""#, "has no closing brace"),
            (r#"value = "{}""#, "`{}` names nothing"),
            (r#"value = { path = "a" }"#, "unknown key `path`"),
        ] {
            let error = read(line).unwrap_err();
            assert!(error.contains(message), "{line}: {error}");
        }
    }

    #[test]
    fn a_secret_is_the_first_line_of_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password.txt");
        let template = Template::Secret(path.clone());
        let moment = Moment { file: "", local_ms: 0 };
        assert!(template.text(moment).unwrap_err().contains("password.txt"));
        std::fs::write(&path, "a8 c\nmore\n").unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o604)).unwrap();
        assert!(template.text(moment).unwrap_err().contains("others than its owner and its group may read it"));
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        assert_eq!(template.text(moment).unwrap(), "a8 c");
        std::fs::write(&path, "\n").unwrap();
        assert!(template.text(moment).unwrap_err().ends_with("its first line is empty"));
    }
}
