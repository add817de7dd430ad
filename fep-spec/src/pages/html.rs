//! A page as one HTML file: no resource from elsewhere, searchable, printable, in both languages.
//!
//! The style and the script are constant, and the page's policy names their hashes. So nothing that a spec says can run or load anything,
//! even if its escaping had a hole. Both languages of a fixed word are in the page, and the language of the root shows one of them.
//!
//! ```text
//! html ─┬─ sections   what stands around the tables
//!       ├─ items      the tables of items
//!       ├─ ruler      the bytes of a telegram as a bar
//!       ├─ samples    the bytes of samples, explained
//!       └─ markup     escaping, words, links
//! ```

mod markup;
mod items;
mod ruler;
mod samples;
mod sections;

use self::markup::{Markup, escaped};
use super::model::Page;
use super::words::{self, Lang};

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// The hashes that the policy allows. A test compares them with the two files, and prints the right ones.
const STYLE_HASH: &str = "sha256-ciH+keTfQA9hiM/NvM4zCQH+BzupRSLiV17AlCiaOmE=";
const SCRIPT_HASH: &str = "sha256-11sPQ859Q99i68rv1BS8p+QAkjocjkKPm3qn3uB5XNg=";

/// The page of one spec.
#[must_use]
pub fn page(page: &Page, lang: Lang) -> String {
    let mut markup = Markup::new(page, lang);
    markup.raw("<body>\n<header class=bar>");
    markup.raw(&format!("<a class=home href=\"#top\">{}</a>", escaped(&page.title)));
    markup.raw("<search><label><span class=hide>");
    markup.word(words::SEARCH);
    markup.raw("</span><input type=search id=find data-ko=\"항목 찾기  /\" data-en=\"Find items  /\" autocomplete=off spellcheck=false></label><output id=found></output></search>");
    markup
        .raw("<button type=button id=lang><span lang=ko>English</span><span lang=en>한국어</span></button></header>\n");
    markup.contents();
    markup.raw("<main id=top>\n");
    markup.front();
    page.telegrams.iter().for_each(|telegram| markup.telegram(telegram));
    markup.parts();
    markup.files();
    markup.codes();
    markup.letters();
    markup.raw("</main>\n");
    document(&page.title, lang, &markup.finish())
}

/// The index of several pages: a table with links to `NAME.html`.
#[must_use]
pub fn index(pages: &[Page], lang: Lang) -> String {
    let none = Page::empty();
    let mut markup = Markup::new(&none, lang);
    markup.raw("<body>\n<header class=bar><span class=home>");
    markup.word(words::SPECS);
    markup.raw("</span><button type=button id=lang><span lang=ko>English</span><span lang=en>한국어</span></button></header>\n<main id=top>\n");
    markup.raw("<h1>");
    markup.word(words::SPECS);
    markup.raw("</h1>\n");
    markup.head(&[words::SPEC, words::NAME, words::VERSION, words::TELEGRAMS, words::FILES, words::SOURCE]);
    for page in pages {
        markup.raw(&format!(
            "<tr><td><a href=\"{0}.html\">{1}</a><td class=mono>{0}<td>{2}<td>{3}<td>{4}<td>{5}\n",
            escaped(&page.name),
            escaped(&page.title),
            escaped(&page.version),
            page.telegrams.len(),
            page.files.len(),
            escaped(&page.source)
        ));
    }
    markup.raw("</tbody></table>\n</main>\n");
    document(words::said(words::SPECS, lang), lang, &markup.finish())
}

/// The whole file around a body.
fn document(title: &str, lang: Lang, body: &str) -> String {
    let policy = format!(
        "default-src 'none'; style-src '{STYLE_HASH}'; script-src '{SCRIPT_HASH}'; img-src data:; base-uri 'none'; form-action 'none'"
    );
    format!(
        "<!doctype html>\n<html lang={}>\n<head>\n<meta charset=utf-8>\n<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=viewport content=\"width=device-width\">\n<link rel=icon href=\"data:,\">\n<title>{}</title>\n\
         <style>{STYLE}</style>\n</head>\n{body}<script>{SCRIPT}</script>\n</body>\n</html>\n",
        lang.code(),
        escaped(title)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 in Base64, as a policy names it.
    fn hash(text: &str) -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        let mut base64 = String::new();
        for three in digest.as_ref().chunks(3) {
            let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
            for place in 0..4 {
                let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
                base64.push(if place > three.len() { '=' } else { char::from(digit) });
            }
        }
        format!("sha256-{base64}")
    }

    #[test]
    fn the_policy_names_the_style_and_the_script() {
        assert_eq!(hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!([STYLE_HASH, SCRIPT_HASH], [hash(STYLE), hash(SCRIPT)]);
    }

    #[test]
    fn the_script_sets_text_and_never_markup_and_loads_nothing() {
        for forbidden in [
            "innerHTML",
            "outerHTML",
            "insertAdjacent",
            "document.write",
            "eval(",
            "Function(",
            "fetch",
            "import",
            "http",
        ] {
            assert!(!SCRIPT.contains(forbidden), "page.js has {forbidden}");
        }
        for forbidden in ["url(", "@import", "http", "</"] {
            assert!(!STYLE.contains(forbidden), "page.css has {forbidden}");
        }
        assert!(!SCRIPT.contains("</"));
    }
}
