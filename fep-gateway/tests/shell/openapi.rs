//! The OpenAPI document: it has every route, its references lead somewhere, and independent programs can work with it.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value as Json;

use crate::harness::{Bench, GOOD_BANK};

fn references(value: &Json, found: &mut BTreeSet<String>) {
    match value {
        Json::Object(members) => {
            found.extend(members.get("$ref").and_then(Json::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Json::Array(members) => members.iter().for_each(|member| references(member, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_has_every_route_and_every_schema_that_it_names() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let (_, document) = bench.get("/openapi.json").await;
    // `.route("/v1/lines", get(health::lines))`
    let routes = include_str!("../../src/http.rs").split(".route(\"").skip(1);
    let routes = routes.filter_map(|rest| rest.split_once("\", ")?.1.split_once('(').zip(rest.split_once('"')));
    let routes: BTreeSet<_> = routes.map(|((method, _), (path, _))| (path, method)).collect();
    for (path, method) in &routes {
        assert!(document["paths"][path].get(method).is_some(), "{method} {path} is not in the document");
    }
    assert!(routes.contains(&("/v1/notices/{id}/delivery", "post")), "{routes:?}");
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for reference in found {
        let at = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(at).is_some(), "{reference} leads nowhere");
    }
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|methods| methods.as_object().unwrap().values());
    let ids: Vec<_> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    assert!(ids.contains(&"bank-a_Transfer") && !ids.contains(&"bank-a_SignOn"), "{ids:?}");
}

/// The Python with the packages `openapi-spec-validator` and `openapi-python-client`.
fn python() -> Option<String> {
    let python = std::env::var("FEP_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let packages = "import jsonschema, openapi_spec_validator, openapi_python_client";
    let found = Command::new(&python).args(["-c", packages]).output().is_ok_and(|output| output.status.success());
    if !found {
        let told = "the Python packages openapi-spec-validator and openapi-python-client are missing here (pip install); FEP_PYTHON names \
                    the Python that has them. The OpenAPI document is not tried with other programs";
        assert!(std::env::var_os("FEP_CI").is_none(), "{told}");
        eprintln!("skipped: {told}");
    }
    found.then_some(python)
}

#[tokio::test(flavor = "multi_thread")]
async fn independent_programs_validate_the_document_and_send_a_transfer_with_it() {
    let Some(python) = python() else { return };
    let bench = Bench::of(GOOD_BANK, "").await;
    let folder = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/openapi/client.py");
    let mut command = Command::new(python);
    command.arg(script).arg(&bench.url).arg(folder.path());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
