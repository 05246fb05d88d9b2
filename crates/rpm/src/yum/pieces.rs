//! A document cut into its records and what stands between them, byte for byte.
//!
//! Whoever changes a few values of an index keeps every other byte: the pieces put together
//! again are the document.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};
use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::xml::Fault;

/// More than one record of an honest index has, in bytes.
const MAX_RECORD: u64 = 256 << 20;

/// A part of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// What stands before, between and behind the records.
    Between(Vec<u8>),
    /// One of the elements that the document repeats, below its root.
    Record(Vec<u8>),
}

/// Reads a document piece by piece.
pub(super) struct Pieces<R> {
    reader: Reader<Tape<R>>,
    buffer: Vec<u8>,
    record: &'static str,
    depth: usize,
    inside: bool,
    ready: VecDeque<Piece>,
    ended: bool,
}

/// Keeps what was read until it is taken.
struct Tape<R> {
    inner: R,
    bytes: Vec<u8>,
    /// Where in the document they begin.
    start: u64,
}

impl<R: BufRead> Pieces<R> {
    /// Cuts `source` at the elements called `record` below its root.
    pub(super) fn new(source: R, record: &'static str) -> Self {
        Self {
            reader: Reader::from_reader(Tape {
                inner: source,
                bytes: Vec::new(),
                start: 0,
            }),
            buffer: Vec::new(),
            record,
            depth: 0,
            inside: false,
            ready: VecDeque::new(),
            ended: false,
        }
    }

    /// The next piece; `None` when the document and its source are at their end.
    ///
    /// # Errors
    /// A [`Fault`].
    pub(super) fn next(&mut self) -> Result<Option<Piece>, Fault> {
        while self.ready.is_empty() && !self.ended {
            self.step()?;
        }
        Ok(self.ready.pop_front())
    }

    fn step(&mut self) -> Result<(), Fault> {
        self.buffer.clear();
        let at = self.reader.buffer_position();
        let fault = |detail: String, io| Fault {
            detail: format!("at byte {at}: {detail}"),
            io,
        };
        let event = match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => event,
            Err(quick_xml::Error::Io(error)) => {
                return Err(fault(error.to_string(), Some(error.kind())));
            }
            Err(error) => return Err(fault(error.to_string(), None)),
        };
        let record = self.depth == 1 && !self.inside;
        let (begins, ends) = match event {
            Event::Start(start) => {
                let begins = record && start.name().as_ref() == self.record;
                self.depth += 1;
                self.inside |= begins;
                (begins, false)
            }
            Event::Empty(start) => {
                let whole = record && start.name().as_ref() == self.record;
                (whole, whole)
            }
            Event::End(_) => {
                self.depth = self.depth.saturating_sub(1);
                let ends = self.inside && self.depth == 1;
                self.inside &= !ends;
                (false, ends)
            }
            Event::DocType(_) | Event::PI(_) => {
                return Err(fault("a document type or instruction".to_owned(), None));
            }
            Event::Eof => {
                self.ended = true;
                if self.depth != 0 {
                    return Err(fault("the document ends too early".to_owned(), None));
                }
                let rest = self.take(u64::MAX);
                if !rest.is_empty() {
                    self.ready.push_back(Piece::Between(rest));
                }
                return Ok(());
            }
            _ => (false, false),
        };
        let end = self.reader.buffer_position();
        if begins {
            let before = self.take(at);
            if !before.is_empty() {
                self.ready.push_back(Piece::Between(before));
            }
        }
        if ends {
            let whole = self.take(end);
            self.ready.push_back(Piece::Record(whole));
        } else if end.saturating_sub(self.reader.get_ref().start) > MAX_RECORD {
            return Err(fault("a record without end".to_owned(), None));
        }
        Ok(())
    }

    /// What was read up to a place in the document and not taken yet.
    fn take(&mut self, up_to: u64) -> Vec<u8> {
        let tape = self.reader.get_mut();
        let count = usize::try_from(up_to.saturating_sub(tape.start)).unwrap_or(usize::MAX);
        let rest = tape.bytes.split_off(count.min(tape.bytes.len()));
        let taken = std::mem::replace(&mut tape.bytes, rest);
        tape.start += taken.len() as u64;
        taken
    }
}

impl<R: BufRead> Read for Tape<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Tape<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        // What is buffered already is there without reading.
        if let Ok(available) = self.inner.fill_buf() {
            self.bytes
                .extend_from_slice(available.get(..count).unwrap_or(available));
        }
        self.inner.consume(count);
    }
}

/// Where the values of an element's attribute stand in `bytes`, whose start tag begins at
/// `tag`: between the quotes.
pub(super) fn attribute(bytes: &[u8], tag: usize, name: &str) -> Option<Range<usize>> {
    let mut at = tag + 1;
    let get = |at: usize| bytes.get(at).copied();
    let space = |at: usize| get(at).is_some_and(|b| b.is_ascii_whitespace());
    let skip_space = |mut at: usize| {
        while space(at) {
            at += 1;
        }
        at
    };
    while get(at).is_some_and(|b| !b.is_ascii_whitespace() && !matches!(b, b'>' | b'/')) {
        at += 1;
    }
    loop {
        at = skip_space(at);
        let start = at;
        while get(at).is_some_and(|b| {
            !b.is_ascii_whitespace() && !matches!(b, b'=' | b'>' | b'/' | b'"' | b'\'')
        }) {
            at += 1;
        }
        let found = bytes.get(start..at)?;
        at = skip_space(at);
        if found.is_empty() || get(at)? != b'=' {
            return None;
        }
        at = skip_space(at + 1);
        let quote = get(at).filter(|b| matches!(b, b'"' | b'\''))?;
        let value = at + 1;
        let rest = bytes.get(value..)?;
        let end = value + rest.iter().position(|&b| b == quote)?;
        if found == name.as_bytes() {
            return Some(value..end);
        }
        at = end + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(document: &str, buffer: usize) -> Result<Vec<Piece>, Fault> {
        let source = io::BufReader::with_capacity(buffer, document.as_bytes());
        let mut pieces = Pieces::new(source, "package");
        let mut all = Vec::new();
        while let Some(piece) = pieces.next()? {
            all.push(piece);
        }
        Ok(all)
    }

    const DOCUMENT: &str = "<?xml version=\"1.0\"?>\n<metadata a='<'>\n<!-- <package> --><package \
        n=\"1\"><package/>a &amp; <![CDATA[</package>]]></package><package/>\n \
        <other><package>x</package></other><package\n>ä</package></metadata>\n\n";

    #[test]
    fn the_pieces_are_the_document() {
        for buffer in [1, 2, 3, 7, 64, 4096] {
            // '<' in a value is no well-formed XML.
            let document = DOCUMENT.replace("'<'", "'>'");
            let pieces = cut(&document, buffer).unwrap();
            let bytes: Vec<u8> = pieces
                .iter()
                .flat_map(|piece| match piece {
                    Piece::Between(bytes) | Piece::Record(bytes) => bytes.clone(),
                })
                .collect();
            assert_eq!(String::from_utf8(bytes).unwrap(), document);
            let records: Vec<_> = pieces
                .iter()
                .filter_map(|piece| match piece {
                    Piece::Record(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
                    Piece::Between(_) => None,
                })
                .collect();
            assert_eq!(
                records,
                [
                    "<package n=\"1\"><package/>a &amp; <![CDATA[</package>]]></package>",
                    "<package/>",
                    "<package\n>ä</package>"
                ],
                "{buffer}"
            );
        }
    }

    #[test]
    fn what_is_no_document_is_refused() {
        for document in [
            "<metadata>",
            "<metadata><package></metadata>",
            "<!DOCTYPE metadata><metadata/>",
            "<metadata><?go?></metadata>",
            "<metadata><package",
        ] {
            assert!(cut(document, 16).is_err(), "{document}");
        }
    }

    #[test]
    fn attributes_are_found_where_they_stand() {
        let tag = "x<time file=\"1\" other = 'a>b'\n build='2'/>";
        let value = |name| attribute(tag.as_bytes(), 1, name).map(|range| &tag[range]);
        assert_eq!(value("file"), Some("1"));
        assert_eq!(value("other"), Some("a>b"));
        assert_eq!(value("build"), Some("2"));
        assert_eq!(value("ile"), None);
        assert_eq!(value("time"), None);
        for broken in [
            "<time file=1/>",
            "<time file",
            "<time file=\"1",
            "<time file=>",
            "<",
        ] {
            assert_eq!(attribute(broken.as_bytes(), 0, "file"), None, "{broken}");
        }
    }
}
