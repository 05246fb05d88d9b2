//! Lines and fields of the two files, read with caps.

use std::io::{self, BufRead, Read as _};

use pkgseal_repo::{Code, Finding, Limits};

/// Bytes of a file name (`NAME_MAX` of Linux).
const NAME: usize = 255;

/// Why reading stopped.
#[derive(Debug)]
pub(super) enum Stop {
    Io(io::Error),
    Malformed(Box<Finding>),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Box<Finding>> for Stop {
    fn from(finding: Box<Finding>) -> Self {
        Self::Malformed(finding)
    }
}

/// A reader that knows where it is.
pub(super) struct Lines<R> {
    source: R,
    code: Code,
    /// Entries read.
    pub(super) entries: usize,
    longest: u64,
}

impl<R: BufRead> Lines<R> {
    /// Reads the first line, which has to be `magic`.
    pub(super) fn open(source: R, magic: &str, code: Code, limits: &Limits) -> Result<Self, Stop> {
        // A packet in base64, a digest, a name, and the blanks.
        let longest = limits.signature.saturating_mul(2).saturating_add(1024);
        let mut lines = Self {
            source,
            code,
            entries: 0,
            longest,
        };
        let first = lines.line()?;
        if first != magic {
            return Err(lines.wrong(format!("its first line is not {magic:?}")));
        }
        Ok(lines)
    }

    pub(super) fn wrong(&self, detail: impl std::fmt::Display) -> Stop {
        Stop::Malformed(Box::new(Finding::reject(
            self.code,
            "",
            format!("entry {}: {detail}", self.entries + 1),
        )))
    }

    /// One line without its end.
    pub(super) fn line(&mut self) -> Result<String, Stop> {
        let mut line = Vec::new();
        (&mut self.source)
            .take(self.longest)
            .read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return Err(self.wrong("the file ends inside it, or a line is too long"));
        }
        let text = String::from_utf8(line).map_err(|_| self.wrong("a line is not UTF-8"))?;
        if text.chars().any(char::is_control) {
            return Err(self.wrong("a line has control characters"));
        }
        Ok(text)
    }

    /// Three fields of an entry, or `None` behind the last one.
    pub(super) fn entry(&mut self, limits: &Limits) -> Result<Option<[String; 3]>, Stop> {
        let line = self.line()?;
        if let Some(count) = line.strip_prefix("end ") {
            if count != self.entries.to_string() {
                return Err(self.wrong(format!(
                    "the end counts {count} entries where {} are",
                    self.entries
                )));
            }
            let mut more = [0];
            if self.source.read(&mut more)? != 0 {
                return Err(self.wrong("something follows the end"));
            }
            return Ok(None);
        }
        if self.entries == limits.entries {
            return Err(self.wrong(format!("more than {} entries", limits.entries)));
        }
        let mut fields = line.splitn(3, ' ').map(str::to_owned);
        let (Some(digest), Some(middle), Some(name)) =
            (fields.next(), fields.next(), fields.next())
        else {
            return Err(self.wrong("a line has fewer than three fields"));
        };
        let hexadecimal = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if digest.len() != 64 || !digest.bytes().all(hexadecimal) {
            return Err(self.wrong("the first field is no SHA-256 in lower-case hexadecimal"));
        }
        if !is_name(&name) {
            return Err(self.wrong("the last field is no file name"));
        }
        Ok(Some([digest, middle, name]))
    }

    /// Exactly so many bytes.
    pub(super) fn bytes(&mut self, length: usize) -> Result<Vec<u8>, Stop> {
        let mut bytes = Vec::new();
        (&mut self.source)
            .take(length as u64)
            .read_to_end(&mut bytes)?;
        if bytes.len() < length {
            return Err(self.wrong("the file ends inside it"));
        }
        Ok(bytes)
    }
}

/// Whether a text is a plain file name of printable characters.
pub(super) fn is_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..")
        && name.len() <= NAME
        && !name.contains('/')
        && !name.chars().any(char::is_control)
}
