//! Lines of deb822 text (deb822(5)), read in a stream with a cap on each line.

use std::io::{self, BufRead, Read};

/// One line, cut into what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// `Name: value`, the value without surrounding blanks.
    Field { name: &'a str, value: &'a [u8] },
    /// A line that begins with a blank: more of the last field, without surrounding
    /// blanks.
    Continuation(&'a [u8]),
    /// An empty line: the paragraph ends.
    Blank,
}

/// Why a line could not be had.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It breaks the grammar.
    Malformed { line: u64, reason: String },
    /// The text could not be read, or decompressed.
    Io(io::Error),
}

impl Fault {
    pub(crate) fn malformed(line: u64, reason: impl Into<String>) -> Self {
        Self::Malformed {
            line,
            reason: reason.into(),
        }
    }
}

/// Text without control characters; what is wrong with it otherwise.
pub(crate) fn clean(text: &[u8]) -> Result<&str, String> {
    let text = std::str::from_utf8(text)
        .map_err(|error| format!("byte {} is not UTF-8", error.valid_up_to()))?;
    let control = |c: char| c.is_control() && c != '\n' && c != '\t';
    match text.char_indices().find(|&(_, c)| control(c)) {
        None => Ok(text),
        Some((at, c)) => Err(format!(
            "a control character U+{:04X} at byte {at}",
            u32::from(c)
        )),
    }
}

/// A size: decimal digits and nothing else.
pub(crate) fn number(text: &str) -> Option<u64> {
    Some(text)
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
}

/// Reads lines.
pub(crate) struct Lines<R> {
    inner: R,
    buffer: Vec<u8>,
    number: u64,
    limit: usize,
}

impl<R: BufRead> Lines<R> {
    /// Reads lines of at most `limit` bytes.
    pub(crate) fn new(inner: R, limit: usize) -> Self {
        Self {
            inner,
            buffer: Vec::new(),
            number: 0,
            limit,
        }
    }

    /// Number of the last line, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The next line; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Line<'_>>, Fault> {
        self.buffer.clear();
        let cap = self.limit as u64 + 1;
        let read = (&mut self.inner)
            .take(cap)
            .read_until(b'\n', &mut self.buffer)
            .map_err(Fault::Io)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        let line = match self.buffer.split_last() {
            Some((b'\n', line)) => line,
            // Only the very last line may lack its end.
            _ if read as u64 == cap => {
                let reason = format!("the line is longer than {} bytes", self.limit);
                return Err(Fault::malformed(self.number, reason));
            }
            _ => self.buffer.as_slice(),
        };
        cut(line)
            .map(Some)
            .map_err(|reason| Fault::malformed(self.number, reason))
    }
}

/// What one line is, its end left out.
pub(crate) fn cut(line: &[u8]) -> Result<Line<'_>, &'static str> {
    if line.contains(&0) {
        return Err("a NUL byte");
    }
    match line.first() {
        None => Ok(Line::Blank),
        Some(b' ' | b'\t') => {
            let rest = trim(line);
            // Some readers end the paragraph here, others go on.
            if rest.is_empty() {
                return Err("a line of nothing but blanks");
            }
            Ok(Line::Continuation(rest))
        }
        Some(_) => {
            let colon = line.iter().position(|&byte| byte == b':');
            let (name, value) = colon
                .and_then(|colon| line.split_at_checked(colon))
                .ok_or("neither a field nor a continuation")?;
            let name = std::str::from_utf8(name).map_err(|_| "a field name that is not ASCII")?;
            if name.is_empty() || name.starts_with(['#', '-']) {
                return Err("a field name that is none");
            }
            if !name.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err("a field name with blanks or control characters");
            }
            let value = trim(value.get(1..).unwrap_or_default());
            Ok(Line::Field { name, value })
        }
    }
}

/// Without blanks and tabs at either end.
fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8], limit: usize) -> Result<Vec<String>, String> {
        let mut lines = Lines::new(text, limit);
        let mut found = Vec::new();
        loop {
            match lines.next() {
                Ok(Some(line)) => found.push(match line {
                    Line::Field { name, value } => {
                        format!("{name}={}", String::from_utf8_lossy(value))
                    }
                    Line::Continuation(text) => format!("+{}", String::from_utf8_lossy(text)),
                    Line::Blank => "/".to_owned(),
                }),
                Ok(None) => return Ok(found),
                Err(Fault::Malformed { line, reason }) => return Err(format!("{line}: {reason}")),
                Err(Fault::Io(error)) => return Err(error.to_string()),
            }
        }
    }

    #[test]
    fn cuts_lines() {
        let text = b"A: 1\nB:2 \n more  \n\nC:\n\tx";
        assert_eq!(
            all(text, 100).unwrap(),
            ["A=1", "B=2", "+more", "/", "C=", "+x"]
        );
    }

    #[test]
    fn refuses_what_readers_read_differently() {
        for (text, reason) in [
            (&b"A: 1\n \nB: 2\n"[..], "2: a line of nothing but blanks"),
            (b"A: 1\n\t \n", "2: a line of nothing but blanks"),
            (b"A 1\n", "1: neither a field nor a continuation"),
            (b"A: 1\n\r\n", "2: neither a field nor a continuation"),
            (b": 1\n", "1: a field name that is none"),
            (b"# A: 1\n", "1: a field name that is none"),
            (b"-A: 1\n", "1: a field name that is none"),
            (
                b"A B: 1\n",
                "1: a field name with blanks or control characters",
            ),
            (
                b"A\x0c: 1\n",
                "1: a field name with blanks or control characters",
            ),
            (
                b"\xef\xbb\xbfA: 1\n",
                "1: a field name with blanks or control characters",
            ),
            (b"\xff: 1\n", "1: a field name that is not ASCII"),
            (b"A: \0\n", "1: a NUL byte"),
        ] {
            assert_eq!(all(text, 100).unwrap_err(), reason);
        }
    }

    #[test]
    fn caps_lines() {
        assert!(all(b"A: 345678\n", 9).is_ok());
        assert!(all(b"A: 345678", 9).is_ok());
        assert_eq!(
            all(b"A: 3456789\n", 9).unwrap_err(),
            "1: the line is longer than 9 bytes"
        );
    }
}
