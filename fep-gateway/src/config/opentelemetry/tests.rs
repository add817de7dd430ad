//! The table `[opentelemetry]`: its defaults, and the places of its mistakes.

use fep_spec::document::Document;
use fep_spec::report::Source;

use super::*;

/// The table of a text, and the findings in it.
fn read_text(text: &str, folder: &Path) -> (Option<OpenTelemetryConfig>, String) {
    let document = Document::new(Source::new("a.toml", text));
    let read = document.walk(|root| {
        let opentelemetry = read(root.table("opentelemetry"), folder);
        root.finish();
        opentelemetry
    });
    (read.flatten(), document.into_report().to_string())
}

#[test]
fn without_a_table_no_spans_are_made() {
    assert_eq!(read_text("", Path::new("")).0, None);
}

#[cfg(not(feature = "opentelemetry"))]
#[test]
fn a_gateway_without_opentelemetry_refuses_the_table() {
    let report = read_text("[opentelemetry]\n", Path::new("")).1;
    assert!(report.contains("this gateway was built without OpenTelemetry"), "{report}");
    assert!(report.contains("--features opentelemetry"), "{report}");
}

#[cfg(feature = "opentelemetry")]
#[test]
fn a_table_has_defaults_and_mistakes_have_places() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("headers"), "# for the collector\nauthorization: Bearer s3cret\n").unwrap();
    std::fs::write(folder.path().join("broken"), "authorization: ok\nBearer s3cret\n").unwrap();
    let (read, report) = read_text("[opentelemetry]\nendpoint = \"http://[::1]\"\n", folder.path());
    assert_eq!(report, "");
    let endpoint =
        CollectorEndpoint { is_secure: false, host: "::1".to_owned(), port: 80, path: "/v1/traces".to_owned() };
    let expected = OpenTelemetryConfig {
        endpoint: Some(endpoint),
        tls: None,
        headers_file: None,
        service_name: None,
        sampled_per_1000: 1000,
        queue_max: 8192,
        batch_max: 512,
        batch_delay: Duration::from_secs(1),
        export_timeout: Duration::from_secs(5),
    };
    assert_eq!(read, Some(expected));
    for (keys, wanted) in [
        ("", ""),
        ("endpoint = \"http://127.0.0.1:4318/otlp\"\nheaders_file = \"headers\"", ""),
        ("endpoint = \"collector:4318\"", "a.toml:2:12: error: an address begins with http:// or https://"),
        ("endpoint = \"http://me:s3cret@collector\"", "secrets belong into `headers_file`"),
        ("endpoint = \"http://collector?token=s3cret\"", "secrets belong into `headers_file`"),
        ("endpoint = \"https://collector:4318\"", "`tls` is missing"),
        ("endpoint = \"http://collector\"\ntls = { ca = \"ca.pem\" }", "`tls` needs https"),
        ("tls = { ca = \"ca.pem\" }", "`tls` needs `endpoint`"),
        ("endpoint = \"http://collector\"\nheaders_file = \"headers\"", "anybody on the way could read these headers"),
        ("headers_file = \"broken\"", "line 2 is no header that can be added"),
        ("headers_file = \"absent\"", "absent: No such file"),
        ("service_name = \"\"", "`service_name` has 1 to 255 bytes"),
        ("sampled_per_1000 = 1001", "it must be 0 to 1000"),
        ("queue_max = 100\nbatch_max = 101", "`batch_max` is 101, and only 100 spans may wait"),
        ("sampler = 1", "sampler"),
    ] {
        let report = read_text(&format!("[opentelemetry]\n{keys}\n"), folder.path()).1;
        assert!(report.contains(wanted) && report.is_empty() == wanted.is_empty(), "{keys}: {report}");
        let source = report.lines().filter(|line| !keys.contains(line.trim()) && !line.contains("endpoint = "));
        assert!(!source.collect::<String>().contains("s3cret"), "{report}");
    }
}
