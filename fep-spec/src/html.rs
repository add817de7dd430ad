//! What all HTML pages of this crate share: text that is safe in a page.

/// Text that can stand in an element or in a quoted attribute.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
