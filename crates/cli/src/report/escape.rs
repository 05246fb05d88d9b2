//! Untrusted strings for a terminal.

use pkgseal_repo::is_deceptive;

/// Escapes what could move a terminal's cursor, hide text or reorder it.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_deceptive(character) {
            safe.push_str(&format!("\\u{{{:x}}}", u32::from(character)));
        } else {
            safe.push(character);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn plain_text_stays() {
        for text in [
            "",
            "Jürgen Müller <j@example.org>",
            "pool/h/hello_2.10.deb",
            "日本語",
        ] {
            assert_eq!(escaped(text), text);
        }
    }

    #[test]
    fn terminal_tricks_are_shown() {
        for (text, expected) in [
            ("\x1b[2J", "\\u{1b}[2J"),
            ("a\nb", "a\\u{a}b"),
            ("\r", "\\u{d}"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("\u{202e}gpj.exe", "\\u{202e}gpj.exe"),
            ("in\u{200b}visible", "in\\u{200b}visible"),
            ("\u{7f}", "\\u{7f}"),
        ] {
            assert_eq!(escaped(text), expected);
        }
    }
}
