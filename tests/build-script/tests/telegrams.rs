//! The code of a build script works as that of `fep gen`: names, bytes, JSON.

use fep_build_script::telegrams::bank_a::{BankA, EchoTest, Header};
use fep_build_script::telegrams::kftc_cms;
use fep_codec::{Telegram as _, TelegramSet as _, Text};

#[test]
fn a_telegram_goes_to_bytes_and_to_json() {
    let mut echo: EchoTest = serde_json::from_value(serde_json::json!({
        "header": {
            "transaction_code": "", "company_code": "ACME", "bank_code": "020", "telegram_code": "0800",
            "business_code": "300", "send_count": 1, "trace_no": 7, "sent_date": "2026-11-27", "sent_time": "09:30:00",
            "response_code": "", "transaction_no": "",
        },
    }))
    .unwrap();
    let bytes = echo.encode_to_vec().unwrap();
    assert_eq!(bytes.len(), EchoTest::LAYOUT.fixed_len().unwrap());
    echo.header = Header { company_code: Text::new("OTHER").unwrap(), ..echo.header };
    assert_eq!(serde_json::to_value(&echo).unwrap()["header"]["company_code"], "OTHER");
    assert!(matches!(BankA::decode_any(&bytes), Ok(BankA::EchoTest(_))));
}

#[test]
fn record_files_have_their_plans() {
    assert_eq!(kftc_cms::EB13.name, "EB13");
}
