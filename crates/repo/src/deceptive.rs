//! Characters that make text look like another one.

/// Whether a character could move a terminal's cursor, hide text or reorder it: control
/// characters (C0, DEL, C1), line and paragraph separators, bidirectional and zero-width
/// format characters, tags.
pub fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{061c}' | '\u{180e}' | '\u{feff}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::is_deceptive;

    #[test]
    fn what_is_seen_as_it_is_may_stay() {
        assert!(!"Jürgen 日本語 \u{a0}\u{300}🙂~".contains(is_deceptive));
    }

    #[test]
    fn what_moves_hides_or_reorders_is_told_apart() {
        for character in [
            '\0',
            '\t',
            '\n',
            '\r',
            '\x1b',
            '\x7f',
            '\u{85}',
            '\u{9b}',
            '\u{61c}',
            '\u{180e}',
            '\u{200b}',
            '\u{200f}',
            '\u{2028}',
            '\u{2029}',
            '\u{202e}',
            '\u{2066}',
            '\u{feff}',
            '\u{fffb}',
            '\u{e0041}',
        ] {
            assert!(is_deceptive(character), "{character:?}");
        }
    }
}
