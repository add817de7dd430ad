//! The report as one HTML page in English and Korean, without scripts and without files beside it.

use std::io::{self, Write};

use fep_spec::html::escaped;

use super::balance_text;
use super::report::{Amounts, Line, Report};
use super::terms::grouped;
use super::words::Words;
use crate::page;

/// Writes the report as a page.
///
/// # Errors
/// If the output cannot be written.
pub fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let title = format!("{}: {} {}", report.institution, report.reconciliation, report.date);
    page::begin(&title, out)?;
    let verdict = match report.exceptions {
        0 => ("clean", "Nothing needs a person.".to_owned(), "확인할 항목이 없습니다.".to_owned()),
        1 => ("open", "1 finding needs a person.".to_owned(), "확인할 항목 1건".to_owned()),
        count => ("open", format!("{count} findings need a person."), format!("확인할 항목 {count}건")),
    };
    writeln!(out, "<p class=\"{}\">{} <span lang=\"ko\">{}</span></p>", verdict.0, verdict.1, verdict.2)?;
    let file = escaped(&report.file);
    let Report { file_sha256: hash, made_at, .. } = report;
    writeln!(
        out,
        "<dl>\n<dt>File <span lang=\"ko\">파일</span></dt><dd>{file}</dd>\n<dt>SHA-256</dt><dd><code>{hash}</code></dd>"
    )?;
    writeln!(out, "<dt>Made at <span lang=\"ko\">작성 시각</span></dt><dd>{made_at}</dd>\n</dl>")?;
    sums(report, out)?;
    findings(report, out)?;
    report.balances.iter().try_for_each(|balances| balance_text::write_page(balances, out))?;
    page::end(out)
}

fn sums(report: &Report, out: &mut impl Write) -> io::Result<()> {
    out.write_all(
        "<h2>Sums <span lang=\"ko\">합계</span></h2>\n<table>\n<tr><th scope=\"col\"></th><th scope=\"col\" class=\"n\">Count <span lang=\"ko\">건수</span></th>\
         <th scope=\"col\" class=\"n\">Amount <span lang=\"ko\">금액</span></th></tr>\n"
            .as_bytes(),
    )?;
    report.sums().into_iter().try_for_each(|(words, amounts)| sum(out, "", words, amounts))?;
    for class in &report.classes {
        let mark = if class.sums.count > 0 && class.exception { " class=\"exception\"" } else { "" };
        sum(out, mark, class.class.words(), &class.sums)?;
    }
    out.write_all(b"</table>\n")
}

fn sum(out: &mut impl Write, mark: &str, words: Words, Amounts { count, amount }: &Amounts) -> io::Result<()> {
    let amount = amount.as_deref().map(grouped).unwrap_or_default();
    let Words { english, korean } = words;
    let count = grouped(&count.to_string());
    writeln!(
        out,
        "<tr{mark}><th scope=\"row\">{english} <span lang=\"ko\">{korean}</span></th><td class=\"n\">{count}</td><td class=\"n\">{amount}</td></tr>"
    )
}

fn findings(report: &Report, out: &mut impl Write) -> io::Result<()> {
    for class in report.classes.iter().filter(|class| class.sums.count > 0) {
        let words = class.class.words();
        writeln!(out, "<h2>{} <span lang=\"ko\">{}</span></h2>", words.english, words.korean)?;
        writeln!(out, "<p>{}</p>\n<table>\n<tr>", class.class.advice())?;
        let keys = report.key.iter().map(|name| escaped(name));
        keys.into_iter().try_for_each(|name| writeln!(out, "<th scope=\"col\">{name}</th>"))?;
        let columns = [
            ("Record", "레코드", true),
            ("Amount there", "기관 금액", true),
            ("File says", "파일", false),
            ("Amount here", "우리 금액", true),
            ("Here", "우리 쪽", false),
            ("Date here", "우리 일자", false),
            ("Exchange", "거래", false),
        ];
        for (english, korean, is_number) in columns {
            let mark = if is_number { " class=\"n\"" } else { "" };
            writeln!(out, "<th scope=\"col\"{mark}>{english} <span lang=\"ko\">{korean}</span></th>")?;
        }
        writeln!(out, "</tr>")?;
        let lines = report.findings.iter().filter(|line| line.class == class.class);
        let shown = lines.map(|line| row(out, line)).collect::<io::Result<Vec<()>>>()?.len() as u64;
        writeln!(out, "</table>")?;
        if shown < class.sums.count {
            writeln!(out, "<p>{} more are not shown.</p>", class.sums.count - shown)?;
        }
    }
    Ok(())
}

fn row(out: &mut impl Write, line: &Line) -> io::Result<()> {
    write!(out, "<tr>")?;
    line.key.iter().try_for_each(|value| write!(out, "<td>{}</td>", escaped(value)))?;
    let amount = |amount: Option<&String>| amount.map(|amount| grouped(amount)).unwrap_or_default();
    let there = line.there.as_ref();
    let here = line.here.as_ref();
    let record = there.map(|there| there.record.to_string()).unwrap_or_default();
    write!(out, "<td class=\"n\">{record}</td>")?;
    write!(out, "<td class=\"n\">{}</td>", amount(there.and_then(|there| there.amount.as_ref())))?;
    write!(out, "<td>{}</td>", line.file_says.unwrap_or_default())?;
    write!(out, "<td class=\"n\">{}</td>", amount(here.and_then(|here| here.amount.as_ref())))?;
    write!(out, "<td>{}</td>", here.map(|here| here.state).unwrap_or_default())?;
    write!(out, "<td>{}</td>", here.map(|here| here.date.as_str()).unwrap_or_default())?;
    let exchange = here.and_then(|here| here.exchange).map(|id| id.to_string()).unwrap_or_default();
    writeln!(out, "<td><code>{exchange}</code></td></tr>")
}
