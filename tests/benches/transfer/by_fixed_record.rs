//! The telegram with `fixed-record`. It splits the record and keeps bytes, so the user converts values. Here they become the struct of
//! binrw.

use fixed_record::prelude::*;

pub use super::by_binrw::Transfer;
use super::convert::{number, text, text_bytes};

#[fixed_record]
struct Record {
    length: Fixed<4>,
    transaction_code: Fixed<9>,
    company_code: Fixed<8>,
    bank_code: Fixed<3>,
    telegram_code: Fixed<4>,
    business_code: Fixed<3>,
    send_count: Fixed<1>,
    trace_no: Fixed<6>,
    sent_date: Fixed<8>,
    sent_time: Fixed<6>,
    response_code: Fixed<4>,
    transaction_no: Fixed<14>,
    reserved_1: Fixed<30>,
    withdraw_account: Fixed<16>,
    amount: Fixed<13>,
    balance_sign: Fixed<1>,
    balance: Fixed<13>,
    deposit_bank: Fixed<3>,
    deposit_account: Fixed<16>,
    fee: Fixed<9>,
    payee_name: Fixed<20>,
    passbook_memo: Fixed<14>,
    check_digits: Fixed<6>,
    reserved_2: Fixed<89>,
}

pub fn decode(bytes: &[u8]) -> Transfer {
    let record = Record::parse(bytes).expect("300 bytes");
    Transfer {
        length: number(record.length()).expect("length"),
        transaction_code: text(record.transaction_code()).expect("transaction_code"),
        company_code: text(record.company_code()).expect("company_code"),
        bank_code: text(record.bank_code()).expect("bank_code"),
        telegram_code: text(record.telegram_code()).expect("telegram_code"),
        business_code: text(record.business_code()).expect("business_code"),
        send_count: number(record.send_count()).expect("send_count"),
        trace_no: number(record.trace_no()).expect("trace_no"),
        sent_date: number(record.sent_date()).expect("sent_date"),
        sent_time: number(record.sent_time()).expect("sent_time"),
        response_code: text(record.response_code()).expect("response_code"),
        transaction_no: text(record.transaction_no()).expect("transaction_no"),
        reserved_1: text(record.reserved_1()).expect("reserved_1"),
        withdraw_account: text(record.withdraw_account()).expect("withdraw_account"),
        amount: number(record.amount()).expect("amount"),
        balance_sign: text(record.balance_sign()).expect("balance_sign"),
        balance: number(record.balance()).expect("balance"),
        deposit_bank: text(record.deposit_bank()).expect("deposit_bank"),
        deposit_account: text(record.deposit_account()).expect("deposit_account"),
        fee: number(record.fee()).expect("fee"),
        payee_name: text(record.payee_name()).expect("payee_name"),
        passbook_memo: text(record.passbook_memo()).expect("passbook_memo"),
        check_digits: text(record.check_digits()).expect("check_digits"),
        reserved_2: text(record.reserved_2()).expect("reserved_2"),
    }
}

pub fn encode(transfer: &Transfer) -> Vec<u8> {
    let mut record = Record::builder()
        .with_length_int(transfer.length.cast_signed())
        .with_transaction_code(&transfer.transaction_code)
        .with_company_code(&transfer.company_code)
        .with_bank_code(&transfer.bank_code)
        .with_telegram_code(&transfer.telegram_code)
        .with_business_code(&transfer.business_code)
        .with_send_count_int(transfer.send_count.cast_signed())
        .with_trace_no_int(transfer.trace_no.cast_signed())
        .with_sent_date_int(transfer.sent_date.cast_signed())
        .with_sent_time_int(transfer.sent_time.cast_signed())
        .with_response_code(&transfer.response_code)
        .with_transaction_no(&transfer.transaction_no)
        .with_reserved_1(&transfer.reserved_1)
        .with_withdraw_account(&transfer.withdraw_account)
        .with_amount_int(transfer.amount.cast_signed())
        .with_balance_sign(&transfer.balance_sign)
        .with_balance_int(transfer.balance.cast_signed())
        .with_deposit_bank(&transfer.deposit_bank)
        .with_deposit_account(&transfer.deposit_account)
        .with_fee_int(transfer.fee.cast_signed())
        .with_check_digits(&transfer.check_digits)
        .with_reserved_2(&transfer.reserved_2)
        .build();
    record.payee_name.write_bytes(&text_bytes::<20>(&transfer.payee_name));
    record.passbook_memo.write_bytes(&text_bytes::<14>(&transfer.passbook_memo));
    record.to_bytes().to_vec()
}
