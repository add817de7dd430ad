//! The files of a project are right for every sheet and every spec of the workspace: the gateway and its simulator can read them, and the
//! request is a telegram. So are those for sheets that contradict themselves.

use std::fs;
use std::path::{Path, PathBuf};

use fep_gateway::Config;
use fep_gateway::simulate::Scenario;
use fep_spec::Spec;
use fep_spec::codec::encode_fields;
use fep_spec::import::copybook::{self, BinarySize, CopybookOptions};
use fep_spec::import::sheet::{self, SheetOptions};
use fep_spec::project::Project;
use fep_spec::report::Source;

use crate::workspace;

/// Checks the files of a project. Returns whether an exchange is possible with them.
fn check(name: &str, project: &Project) -> bool {
    let file = |path: &str| {
        let found = project.files.iter().find(|(own, _)| own == path);
        found.map(|(_, text)| text.as_str()).unwrap_or_else(|| panic!("{name}: no {path}"))
    };
    let readme = file("README.md");
    let all = project.files.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("");
    for place in [
        "{name}",
        "{first}",
        "{list}",
        "{exchange}",
        "{request",
        "{frame}",
        "{framing}",
        "{set}",
        "{session}",
        "{key}",
        "{trace}",
        "\n\n\n",
    ] {
        assert!(!all.contains(place), "{name}: {place:?} in {all}");
    }
    assert_eq!(readme.contains("## Fill in first"), !project.to_fill.is_empty(), "{name}");
    assert_eq!(readme.contains("## Assumed"), !project.assumed.is_empty(), "{name}");
    assert_eq!(all.contains("# ASSUMED"), !project.assumed.is_empty(), "{name}: {:?}", project.assumed);
    let path = format!("specs/{name}.toml");
    let checked = Spec::check(&path, file(&path));
    if !project.to_fill.is_empty() {
        return false;
    }
    let spec = checked.spec.unwrap_or_else(|| panic!("{name}: {}", checked.report));

    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("specs")).unwrap();
    fs::write(folder.path().join(&path), file(&path)).unwrap();
    Config::parse("gateway.toml", file("gateway.toml"), folder.path())
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let scenario = Source::new("scenario.toml", file("scenario.toml"));
    Scenario::read(scenario, &spec).unwrap_or_else(|report| panic!("{name}: {report}"));

    let request = spec.telegram(project.request.as_deref().unwrap()).unwrap();
    let fields = serde_json::from_str(file("request.json")).unwrap();
    encode_fields(request, &fields).unwrap_or_else(|error| panic!("{name}: {error}"));
    true
}

fn files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(workspace(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn ending(path: &Path) -> &str {
    path.extension().map_or("", |ending| ending.to_str().unwrap())
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

#[test]
fn every_spec_becomes_a_project_that_the_gateway_reads() {
    let mut runs = Vec::new();
    for spec in
        files("specs").iter().flat_map(|folder| fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path())
    {
        if ending(&spec) == "toml" {
            let name = spec.file_stem().unwrap().to_str().unwrap();
            if check(name, &Project::of_spec(name, &fs::read_to_string(&spec).unwrap())) {
                runs.push(name.to_owned());
            }
        }
    }
    runs.sort();
    // The others are record files, only send notices, or leave something to fill in.
    assert_eq!(runs, ["bank-a", "giro-e", "host-b", "loan-f", "van-d"]);
}

#[test]
fn every_sheet_becomes_a_project_that_the_gateway_reads() {
    let all = files("fep-spec/tests/sheets");
    let mut runs = Vec::new();
    for path in all.iter().filter(|path| ending(path) != "txt") {
        let Ok(imported) = sheet::import(name(path), &fs::read(path).unwrap(), &SheetOptions::default()) else {
            continue;
        };
        if check("own", &Project::of_draft("own", &imported.draft)) {
            runs.push(name(path));
        }
    }
    let expected = [
        "bank-a.xlsx",
        "dotted-numbers.xlsx",
        "host-b.xlsx",
        "pages-without-numbers.xls",
        "sections.xlsx",
        "style-02.csv",
        "sum-beside.csv",
        "traps.xlsx",
    ];
    assert_eq!(runs, expected);
}

#[test]
fn every_copybook_becomes_a_project_that_the_gateway_reads() {
    let all = [files("fep-spec/tests/copybooks"), files("fep-spec/tests/copybooks/shops")].concat();
    let mut runs = Vec::new();
    for path in all.iter().filter(|path| path.is_file() && ending(path) != "txt") {
        let options = CopybookOptions { charset: "ibm933".to_owned(), binary_size: BinarySize::TwoFourEight };
        let Ok(imported) = copybook::import(name(path), &fs::read(path).unwrap(), &options, &|_| None) else {
            continue;
        };
        if check("own", &Project::of_draft("own", &imported.draft)) {
            runs.push(name(path));
        }
    }
    assert_eq!(runs, ["host-b.cpy"]);
}
