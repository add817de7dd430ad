//! TLS of the simulated institution: what a scenario may say, and the certificates that are made for tests.

use fep_spec::report::Source;

use super::{check_refused, spec};
use crate::simulate::{HandshakeFault, Scenario, make_test_certificates};

#[test]
fn mistakes_about_tls_are_refused() {
    check_refused("[tls]\n", "`cert` and `key` are missing");
    check_refused("[tls]\n", "`fep-gateway test-certificates` makes some");
    check_refused("[tls]\ncert = \"no.pem\"\nkey = \"no.key\"\n", "no.pem: No such file or directory");
    check_refused("[tls]\nca = \"ca.pem\"\n", "unknown key `ca` (known here: cert, client_ca, key, name)");
    check_refused(
        "[line]\nconnect = \"bank.test:1\"\ntls = {}\n",
        "the authority that signs the certificate of the gateway",
    );
    check_refused(
        "[line]\ntls = { ca = \"ca.pem\" }\n",
        "TLS of the connections that come to `--listen` is the table `[tls]`",
    );
    check_refused("[[handshakes]]\nfault = \"hang\"\n", "no connection of the scenario has TLS");
    check_refused("[[handshakes]]\n", "`fault` is missing");
    check_refused("[[handshakes]]\nfault = \"hangs\"\n", "did you mean `hang`?");
    check_refused("[[handshakes]]\nfault = \"certificate\"\n", "`cert` and `key` are missing");
    check_refused("[[handshakes]]\nfault = \"close\"\nhold_ms = 1\n", "only the fault `hang` is held");
    check_refused("[[handshakes]]\nfault = \"close\"\ncert = \"a\"\n", "only the fault `certificate` shows another");
}

#[test]
fn test_certificates_are_new_files_and_paths_are_relative_to_the_scenario() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("certificates");
    let made = make_test_certificates(&inside, &["bank.test".to_owned(), "10.0.0.1".to_owned()]).unwrap();
    assert_eq!(made.files.len(), 15);
    assert!(made.files.iter().all(|file| file.is_file()));
    assert!(!made.files.contains(&inside.join("ca.key")), "nobody can sign with the authority");
    #[cfg(unix)]
    for file in &made.files {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(file).unwrap().permissions());
        assert_eq!(mode & 0o077 == 0, file.extension().is_some_and(|end| end == "key"), "{}", file.display());
    }
    let again = make_test_certificates(&inside, &[]).unwrap_err().to_string();
    assert!(again.starts_with(&format!("{}: ", inside.join("ca.pem").display())), "{again}");
    let wrong = make_test_certificates(&folder.path().join("other"), &["은행".to_owned()]).unwrap_err().to_string();
    assert!(wrong.starts_with("a name for the certificates: "), "{wrong}");

    let text = "[tls]\ncert = \"certificates/bank.pem\"\nkey = \"certificates/bank.key\"\n[[handshakes]]\nfault = \"certificate\"\n\
                cert = \"certificates/expired.pem\"\nkey = \"certificates/expired.key\"\nskip = 2\n";
    let name = folder.path().join("s.toml").display().to_string();
    let scenario = Scenario::read(Source::new(name, text), &spec()).unwrap_or_else(|report| panic!("{report}"));
    let shown = HandshakeFault::Certificate { cert: inside.join("expired.pem"), key: inside.join("expired.key") };
    assert_eq!((&scenario.handshakes[0].fault, scenario.handshakes[0].skip), (&shown, 2));
}
