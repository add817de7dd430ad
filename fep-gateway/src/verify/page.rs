//! The report as one HTML page in English and Korean.

use std::io::{self, Write};

use fep_spec::html::escaped;

use super::report::{FieldReport, OutcomesReport, Report};
use crate::page;

/// Writes the report as a page.
///
/// # Errors
/// If the output cannot be written.
pub fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    page::begin(&format!("{}: {} of {}", report.institution, report.kind, report.of), out)?;
    let (class, korean) = if report.passed { ("clean", "통과") } else { ("open", "미통과") };
    let english = if report.passed { "Passed" } else { "Not passed" };
    writeln!(
        out,
        "<p class=\"{class}\">{english}: {} <span lang=\"ko\">{korean}</span></p>",
        escaped(&report.summary)
    )?;
    writeln!(out, "<dl>\n<dt>Made at <span lang=\"ko\">작성 시각</span></dt><dd>{}</dd>\n</dl>", report.made_at)?;
    telegrams(report, out)?;
    fields(report, out)?;
    failures(report, out)?;
    report.outcomes.as_ref().map_or(Ok(()), |outcomes| concluded(outcomes, out))?;
    trend(report, out)?;
    page::end(out)
}

/// The head of a table. Columns that begin with `#` have numbers.
fn head(title: (&str, &str), columns: &[(&str, &str)], out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "<h2>{} <span lang=\"ko\">{}</span></h2>\n<table>\n<tr>", title.0, title.1)?;
    for (english, korean) in columns {
        let (mark, english) = english.strip_prefix('#').map_or(("", *english), |name| (" class=\"n\"", name));
        writeln!(out, "<th scope=\"col\"{mark}>{english} <span lang=\"ko\">{korean}</span></th>")?;
    }
    writeln!(out, "</tr>")
}

fn telegrams(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let columns = [
        ("Telegram", "전문"),
        ("#Read", "읽음"),
        ("#Compared", "비교"),
        ("#Same", "일치"),
        ("#Unexplained", "미설명"),
        ("#Failed", "비교 불가"),
    ];
    head(("Telegrams", "전문별"), &columns, out)?;
    for one in &report.telegrams {
        let unexplained = one.unexplained();
        let failed = one.failed();
        let mark = if unexplained + failed > 0 { " class=\"exception\"" } else { "" };
        let name = escaped(&one.telegram);
        writeln!(
            out,
            "<tr{mark}><th scope=\"row\">{name}</th><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{unexplained}</td><td class=\"n\">{failed}</td></tr>",
            one.read, one.compared, one.same
        )?;
    }
    writeln!(out, "</table>")
}

fn fields(report: &Report, out: &mut impl Write) -> io::Result<()> {
    if report.telegrams.iter().all(|one| one.fields.is_empty()) {
        return Ok(());
    }
    let columns = [
        ("Telegram", "전문"),
        ("Field", "필드"),
        ("#Differs", "차이"),
        ("#Noise", "잡음"),
        ("Explained", "설명"),
        ("Where", "위치"),
        ("Old", "기존"),
        ("New", "신규"),
    ];
    head(("Fields that differ", "차이가 있는 필드"), &columns, out)?;
    for one in &report.telegrams {
        one.fields.iter().try_for_each(|field| differing(&one.telegram, field, out))?;
    }
    writeln!(out, "</table>")
}

fn differing(telegram: &str, field: &FieldReport, out: &mut impl Write) -> io::Result<()> {
    let mark = if field.explained.is_none() { " class=\"exception\"" } else { "" };
    let rows = field.examples.len().max(1);
    let FieldReport { path, label, differing, noise, .. } = field;
    let explained = match field.explained {
        None => "no <span lang=\"ko\">미설명</span>",
        Some("ignored") => "by the plan <span lang=\"ko\">계획에 따라 제외</span>",
        Some("filled") => "filled here <span lang=\"ko\">게이트웨이가 채움</span>",
        Some(_) => "noise <span lang=\"ko\">잡음</span>",
    };
    write!(
        out,
        "<tr{mark}><th scope=\"row\" rowspan=\"{rows}\">{}</th><td rowspan=\"{rows}\">{} {}</td><td class=\"n\" rowspan=\"{rows}\">{differing}</td>\
         <td class=\"n\" rowspan=\"{rows}\">{noise}</td><td rowspan=\"{rows}\">{explained}</td>",
        escaped(telegram),
        escaped(path),
        escaped(label)
    )?;
    if field.examples.is_empty() {
        return writeln!(out, "<td></td><td></td><td></td></tr>");
    }
    for (number, one) in field.examples.iter().enumerate() {
        if number > 0 {
            write!(out, "<tr{mark}>")?;
        }
        let [place, old, new] = [&one.place, &one.old, &one.new].map(|text| escaped(text));
        writeln!(out, "<td>{place}</td><td><code>{old}</code></td><td><code>{new}</code></td></tr>")?;
    }
    Ok(())
}

fn failures(report: &Report, out: &mut impl Write) -> io::Result<()> {
    if report.failed == 0 {
        return Ok(());
    }
    let columns = [("Telegram", "전문"), ("#Count", "건수"), ("Why", "사유"), ("Where", "위치")];
    head(("What could not be compared", "비교하지 못한 건"), &columns, out)?;
    for one in &report.telegrams {
        for failure in &one.failures {
            let [name, why, places] =
                [&one.telegram, &failure.why, &failure.places.join(", ")].map(|text| escaped(text));
            let count = failure.count;
            writeln!(
                out,
                "<tr class=\"exception\"><th scope=\"row\">{name}</th><td class=\"n\">{count}</td><td>{why}</td><td>{places}</td></tr>"
            )?;
        }
    }
    writeln!(out, "</table>")
}

fn concluded(outcomes: &OutcomesReport, out: &mut impl Write) -> io::Result<()> {
    let columns = [
        ("Telegram", "전문"),
        ("Code", "응답코드"),
        ("Answer", "응답"),
        ("State here", "우리 판정"),
        ("#Count", "건수"),
    ];
    head(("What became of the requests", "거래 결과"), &columns, out)?;
    for row in &outcomes.rows {
        let answer = if row.answer == "in_time" { "in time" } else { row.answer };
        let [name, code] = [row.telegram.as_str(), row.code.as_deref().unwrap_or_default()].map(escaped);
        writeln!(
            out,
            "<tr><th scope=\"row\">{name}</th><td>{code}</td><td>{answer}</td><td>{}</td><td class=\"n\">{}</td></tr>",
            row.state, row.count
        )?;
    }
    writeln!(out, "</table>")?;
    let OutcomesReport { unmatched_answers, sent_again, differing, without_state, without_request, .. } = outcomes;
    let compared = outcomes.compared.unwrap_or_default();
    writeln!(
        out,
        "<p>{compared} states of the old system compared, {differing} differ; {without_state} requests without a state, {without_request} states without \
         a request, {unmatched_answers} answers without a request, {sent_again} requests sent again.</p>"
    )?;
    if outcomes.disagreements.is_empty() {
        return Ok(());
    }
    let columns = [("Where", "위치"), ("Telegram", "전문"), ("Old", "기존"), ("New", "신규")];
    head(("States that differ", "판정 불일치"), &columns, out)?;
    for one in &outcomes.disagreements {
        let name = escaped(&one.telegram);
        writeln!(
            out,
            "<tr class=\"exception\"><td>{}</td><td>{name}</td><td>{}</td><td>{}</td></tr>",
            one.place, one.old, one.new
        )?;
    }
    writeln!(out, "</table>")
}

fn trend(report: &Report, out: &mut impl Write) -> io::Result<()> {
    if report.trend.is_empty() {
        return Ok(());
    }
    let columns = [
        ("Run", "실행"),
        ("#Compared", "비교"),
        ("#Unexplained", "미설명"),
        ("#Failed", "비교 불가"),
        ("Passed", "통과"),
    ];
    head(("Runs", "실행 추이"), &columns, out)?;
    for run in &report.trend {
        let mark = if run.passed { "" } else { " class=\"exception\"" };
        let word = if run.passed { "yes" } else { "no" };
        writeln!(
            out,
            "<tr{mark}><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{word}</td></tr>",
            run.at, run.compared, run.unexplained, run.failed
        )?;
    }
    writeln!(out, "</table>")
}
