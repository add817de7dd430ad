//! What the HTML pages of reports have in common: their head with the style. They have no scripts and no files beside them.

use std::io::{self, Write};

use fep_spec::html::escaped;

const STYLE: &str = include_str!("page.css");

/// Writes everything before the first paragraph.
pub(crate) fn begin(title: &str, out: &mut impl Write) -> io::Result<()> {
    let title = escaped(title);
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<h1>{title}</h1>\n"
    )
}

/// Writes everything behind the last table.
pub(crate) fn end(out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"</body>\n</html>\n")
}
