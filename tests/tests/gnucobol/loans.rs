//! The record of `loans.cpy` as a struct, and the lines of `values.cpy` made by the formatting of Rust.

use std::fmt::Write as _;

use fep_codec::{Date, Telegram, Text, Time};

use crate::{FORMS, Form, Numbers, Row};

#[derive(Telegram, Debug, PartialEq)]
#[telegram(charset = "ascii")]
pub(crate) struct LoanList {
    #[field(len = 2, encoding = "binary", computed = length(all))]
    length: (),
    tran_id: Text<8>,
    #[field(len = 4, encoding = "packed", sign = "signed")]
    trace_no: i32,
    #[field(pattern = "YYYYMMDD", encoding = "packed")]
    tran_date: Date,
    #[field(pattern = "HHMMSS", encoding = "packed")]
    tran_time: Time,
    #[field(filler, len = 3)]
    reserved: (),
    #[field(len = 2, encoding = "binary", computed = count(loans))]
    loan_count: (),
    #[field(group, count = loan_count, max = 20)]
    pub(crate) loans: Vec<Loan>,
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(charset = "ascii")]
pub(crate) struct Loan {
    loan_no: Text<14>,
    #[field(len = 8, encoding = "packed", sign = "signed", scale = 2)]
    balance: i64,
    #[field(len = 3, encoding = "packed", scale = 3)]
    rate: u32,
    #[field(len = 3, encoding = "packed", sign = "signed", digits_max = 4)]
    even_digits: i16,
    #[field(len = 16, encoding = "packed", sign = "signed")]
    wide: i128,
    #[field(len = 3, encoding = "bcd", digits_max = 5)]
    bcd_digits: u32,
    #[field(len = 9, sign(trailing, overpunch = "strict-ascii"))]
    adjust: i32,
    #[field(len = 9)]
    plain: u32,
    #[field(len = 5, sign(leading, overpunch = "strict-ascii"))]
    over_leading: i32,
    #[field(len = 6, sign(leading))]
    sign_leading: i32,
    #[field(len = 8, sign(trailing), scale = 2)]
    sign_trailing: i32,
    #[field(len = 1, encoding = "binary", digits_max = 2)]
    binary_1: u8,
    #[field(len = 2, encoding = "binary", sign = "signed", digits_max = 4)]
    pub(crate) binary_2: i16,
    #[field(len = 4, encoding = "binary", sign = "signed", digits_max = 9)]
    binary_4: i32,
    #[field(len = 8, encoding = "binary", sign = "signed", digits_max = 18)]
    binary_8: i64,
    #[field(len = 2, encoding = "binary-little", sign = "signed")]
    native_2: i16,
    #[field(len = 4, encoding = "binary-little")]
    native_4: u32,
    #[field(len = 8, encoding = "binary-little", sign = "signed")]
    native_8: i64,
}

/// Returns the values of a row as a telegram.
pub(crate) fn telegram(row: &Row) -> LoanList {
    LoanList {
        length: (),
        tran_id: "LOANLIST".parse().expect("eight characters"),
        trace_no: row.trace_no,
        tran_date: "2026-11-21".parse().expect("a date"),
        tran_time: "09:30:15".parse().expect("a time"),
        reserved: (),
        loan_count: (),
        loans: row.loans.iter().enumerate().map(|(number, numbers)| loan(number, numbers)).collect(),
    }
}

fn loan(number: usize, numbers: &Numbers) -> Loan {
    fn narrow<T: TryFrom<i128>>(value: i128) -> T {
        T::try_from(value).ok().expect("a number of the type")
    }
    let [a, b, c, wide, e, f, g, h, i, j, k, l, m, n, o, p, q] = *numbers;
    Loan {
        loan_no: format!("L{number}").parse().expect("a short text"),
        balance: narrow(a),
        rate: narrow(b),
        even_digits: narrow(c),
        wide,
        bcd_digits: narrow(e),
        adjust: narrow(f),
        plain: narrow(g),
        over_leading: narrow(h),
        sign_leading: narrow(i),
        sign_trailing: narrow(j),
        binary_1: narrow(k),
        binary_2: narrow(l),
        binary_4: narrow(m),
        binary_8: narrow(n),
        native_2: narrow(o),
        native_4: narrow(p),
        native_8: narrow(q),
    }
}

/// Returns a line such as `HLOANLIST+00047112026112109301503`.
pub(crate) fn head_line(row: &Row) -> String {
    format!("HLOANLIST{:+08}20261121093015{:02}\n", row.trace_no, row.loans.len())
}

/// Returns a line such as `LL0            +000000000000000…`.
pub(crate) fn loan_line(number: usize, numbers: &Numbers) -> String {
    let mut line = format!("L{:<14}", format!("L{number}"));
    for (Form(_, digits, signed, ..), number) in FORMS.iter().zip(numbers) {
        // Writing to a String cannot fail.
        let _ = if *signed {
            write!(line, "{number:+0width$}", width = digits + 1)
        } else {
            write!(line, "{number:0width$}", width = *digits)
        };
    }
    line + "\n"
}
