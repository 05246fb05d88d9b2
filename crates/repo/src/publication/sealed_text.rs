//! Small state files of ours: lines, and a checksum over them in the last one.

use std::fmt::Write as _;

use crate::{DigestAlgorithm, hex};

/// Adds the last line.
pub(super) fn close(mut text: String) -> String {
    let sum = sum(&text);
    let _ = writeln!(text, "sha256 {sum}");
    text
}

/// The lines, if the checksum is right and the first one is `title`.
///
/// # Errors
/// What is wrong with it.
pub(super) fn open<'a>(
    text: &'a str,
    title: &str,
) -> Result<impl Iterator<Item = &'a str> + use<'a>, &'static str> {
    const CUT: &str = "it is cut off";
    let without_end = text.strip_suffix('\n').ok_or(CUT)?;
    let (before, last) = without_end.rsplit_once('\n').ok_or(CUT)?;
    let expected = last.strip_prefix("sha256 ").ok_or(CUT)?;
    let body = text.get(..=before.len()).ok_or(CUT)?;
    if sum(body) != expected {
        return Err("its checksum is wrong");
    }
    let mut lines = body.lines();
    if lines.next() != Some(title) {
        return Err("it was written by another version");
    }
    Ok(lines)
}

fn sum(text: &str) -> String {
    hex::encode(&DigestAlgorithm::Sha256.digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_closed_opens_and_nothing_else() {
        let text = close("title 1\none\ntwo\n".to_owned());
        let lines: Vec<&str> = open(&text, "title 1").unwrap().collect();
        assert_eq!(lines, ["one", "two"]);
        assert!(open(&text, "title 2").is_err());
        for end in 0..text.len() {
            assert!(open(&text[..end], "title 1").is_err(), "{end}");
        }
        for at in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] ^= 1;
            let other = String::from_utf8(other).unwrap();
            assert!(open(&other, "title 1").is_err(), "{at}");
        }
    }
}
