//! What XML 1.0 forbids and the reader lets pass.
//!
//! debsig-verify reads with expat, which is strict: where it finds no policy we must not
//! find one either.

use super::MOST_ATTRIBUTES;

/// Whether it may stand in a document, written out or as a reference (section 2.2).
pub(super) fn is_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// White space (section 2.3), narrower than Unicode's.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// Whether what stands between `<!--` and `-->` may stand there (section 2.5).
pub(super) fn is_comment(text: &str) -> bool {
    !text.contains("--") && !text.ends_with('-')
}

/// Whether `xml …` declares version 1.0 and no encoding but UTF-8 (section 2.8).
pub(super) fn is_declaration(text: &str) -> bool {
    let Some(attributes) = text.strip_prefix("xml").and_then(attributes) else {
        return false;
    };
    let Some((("version", "1.0"), rest)) = attributes.split_first().map(|(a, b)| (*a, b)) else {
        return false;
    };
    let alone = |value| matches!(value, "yes" | "no");
    let encoding = |value: &str| value.eq_ignore_ascii_case("utf-8");
    match *rest {
        [] => true,
        [("encoding", e)] => encoding(e),
        [("standalone", s)] => alone(s),
        [("encoding", e), ("standalone", s)] => encoding(e) && alone(s),
        _ => false,
    }
}

/// Whether it is `<!DOCTYPE Policy SYSTEM "…">`, or with `PUBLIC` and two literals, and
/// declares nothing itself (section 2.8).
pub(super) fn is_doctype(markup: &str) -> bool {
    let external = |text| {
        let rest = gap(text)?.strip_prefix("Policy").and_then(gap)?;
        let rest = if let Some(rest) = rest.strip_prefix("PUBLIC") {
            let (public, rest) = quoted(gap(rest)?)?;
            public.chars().all(is_public).then_some(rest)?
        } else {
            rest.strip_prefix("SYSTEM")?
        };
        let (system, rest) = quoted(gap(rest)?)?;
        let plain = !system.contains(['[', ']', '<', '>', '%', '&', '#']);
        (plain && rest.trim_start_matches(is_blank) == ">").then_some(())
    };
    markup
        .strip_prefix("<!DOCTYPE")
        .and_then(external)
        .is_some()
}

/// The attributes behind a name, raw; `None` unless each stands behind a blank, in quotes
/// and without `<` (section 3.1), and for too many.
pub(super) fn attributes(mut rest: &str) -> Option<Vec<(&str, &str)>> {
    let mut found = Vec::new();
    while !rest.trim_start_matches(is_blank).is_empty() {
        let (name, after) = gap(rest)?.split_once('=')?;
        let (value, after) = quoted(after.trim_start_matches(is_blank))?;
        if value.contains('<') || found.len() == MOST_ATTRIBUTES {
            return None;
        }
        found.push((name.trim_end_matches(is_blank), value));
        rest = after;
    }
    Some(found)
}

/// What stands behind at least one blank.
fn gap(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(is_blank);
    (rest.len() < text.len()).then_some(rest)
}

/// What stands in the quotes a text begins with, and behind them.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let in_marks = |mark| text.strip_prefix(mark)?.split_once(mark);
    ['"', '\''].into_iter().find_map(in_marks)
}

/// `PubidChar` (section 2.3), without `%`.
fn is_public(c: char) -> bool {
    c.is_ascii_alphanumeric() || " \r\n-'()+,./:=?;!*#@$_".contains(c)
}
