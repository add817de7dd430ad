//! A system over HTTPS: the gateway trusts one authority, and refuses any other certificate before a byte of a request leaves.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use fep_gateway::simulate::make_test_certificates;
use reqwest::StatusCode;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::harness::{Bench, GOOD_BANK};
use crate::old_system::{pay, tables_with};

const REPLY: &str = "HTTP/1.1 200 OK\r\ncontent-length: 35\r\n\r\n{\"header\":{\"response_code\":\"0000\"}}";

/// A system that shows this certificate. Counts the requests that it could read.
async fn secured(folder: &Path, certificate: &str) -> (String, Arc<AtomicU32>) {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let chain = CertificateDer::pem_file_iter(folder.join(format!("{certificate}.pem"))).unwrap().map(Result::unwrap);
    let key = PrivateKeyDer::from_pem_file(folder.join(format!("{certificate}.key"))).unwrap();
    let config = builder.with_no_client_auth().with_single_cert(chain.collect(), key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let read = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&read);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = Vec::new();
            // The body is JSON and ends with its last brace.
            while !request.ends_with(b"}") && stream.read_buf(&mut request).await.unwrap_or(0) > 0 {}
            if request.starts_with(b"POST /fep/Transfer/v1 HTTP/1.1\r\n") {
                count.fetch_add(1, Ordering::Relaxed);
                stream.write_all(REPLY.as_bytes()).await.unwrap();
                stream.flush().await.unwrap();
            }
        }
    });
    (address, read)
}

fn keys(folder: &Path) -> String {
    format!("links = 2\ntls = {{ ca = \"{}\", name = \"old.test\" }}", folder.join("ca.pem").display())
}

#[tokio::test]
async fn a_system_over_https_is_reached_if_its_authority_signed_its_certificate() {
    let folder = tempfile::tempdir().unwrap();
    make_test_certificates(folder.path(), &["old.test".to_owned()]).unwrap();
    let (address, read) = secured(folder.path(), "bank").await;
    let bench = Bench::of_some(GOOD_BANK, &tables_with(&address, &keys(folder.path()))).await;
    for number in 0..5 {
        let (status, reply) = pay(&bench, &format!("rent {number}")).await;
        assert_eq!((status, &reply["institution"]), (StatusCode::OK, &json!("old")), "{reply}");
    }
    assert_eq!(read.load(Ordering::Relaxed), 5);
}

#[tokio::test]
async fn a_system_with_a_wrong_certificate_gets_nothing_and_the_reason_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    make_test_certificates(folder.path(), &["old.test".to_owned()]).unwrap();
    for (certificate, expected) in [
        ("other-authority", "the certificate of the institution is not signed by an authority that the line trusts"),
        ("expired", "the certificate of the institution is not accepted: certificate expired"),
        ("wrong-name", "certificate not valid for name \"old.test\""),
    ] {
        let (address, read) = secured(folder.path(), certificate).await;
        let bench = Bench::of_some(GOOD_BANK, &tables_with(&address, &keys(folder.path()))).await;
        let (status, reply) = pay(&bench, "rent").await;
        assert_eq!((status, &reply["outcome"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("not_sent")), "{reply}");
        let reason = reply["reason"].as_str().unwrap();
        assert!(reason.contains(&format!("{address}: TLS: ")) && reason.contains(expected), "{certificate}: {reason}");
        assert_eq!(read.load(Ordering::Relaxed), 0, "{certificate}");
    }
}
