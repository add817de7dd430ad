//! `#[derive(Telegram)]` and `#[derive(Code)]`.
