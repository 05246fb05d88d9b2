//! Text of packages as XML, character for character as createrepo_c writes it.

use std::borrow::Cow;

/// Characters that no XML document can hold.
pub(super) fn forbidden(text: &[u8]) -> bool {
    let control = |byte: &u8| *byte < 32 && !matches!(byte, 9 | 10 | 13);
    // U+FFFE and U+FFFF.
    text.iter().any(control)
        || text
            .windows(3)
            .any(|three| matches!(three, [0xef, 0xbf, 0xbe | 0xbf]))
}

/// As UTF-8. What is not UTF-8 is taken for ISO 8859-1, as old packages have it; its
/// control characters are left out.
pub(super) fn utf8(text: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(text) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => text
            .iter()
            .filter(|byte| !matches!(byte, 0x80..=0xbf))
            .map(|&byte| char::from(byte))
            .collect(),
    }
}

/// Adds text between tags.
pub(super) fn content(out: &mut String, text: &[u8]) {
    for character in utf8(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            other => out.push(other),
        }
    }
}

/// Adds the value of an attribute. Other characters than ASCII stand by their number.
pub(super) fn attribute(out: &mut String, text: &[u8]) {
    for character in utf8(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            ascii if ascii.is_ascii() => out.push(ascii),
            other => {
                out.push_str("&#x");
                out.push_str(&format!("{:X}", u32::from(other)));
                out.push(';');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_old_ones_converted() {
        let mut out = String::new();
        content(&mut out, b"a<b> & \"c\"\r\n\t\xc3\xa4");
        assert_eq!(out, "a&lt;b&gt; &amp; \"c\"&#13;\n\t\u{e4}");
        out.clear();
        attribute(&mut out, b"a<b> & \"c\"\r\n\t\xc3\xa4");
        assert_eq!(out, "a&lt;b&gt; &amp; &quot;c&quot;&#13;&#10;&#9;&#xE4;");
        assert_eq!(utf8(b"caf\xe9 \x92"), "caf\u{e9} ");
    }

    #[test]
    fn what_no_document_can_hold_is_seen() {
        for bad in [
            &b"\x01"[..],
            b"a\x1b[31m",
            b"\xef\xbf\xbe",
            b"x\xef\xbf\xbf",
        ] {
            assert!(forbidden(bad), "{bad:?}");
        }
        assert!(!forbidden(b"\t\r\n \xef\xbf\xbd"));
    }
}
