//! Indices of packages that were signed: new digests, sizes, places and times, and every
//! other byte as it was.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;

use pkgseal_repo::publication::Stage;
use pkgseal_repo::{
    Compression, Decompressor, DigestAlgorithm, Digests, Finding, Limits, MultiHasher, Root,
    SafePath,
};
use quick_xml::Reader;
use quick_xml::events::Event;

use super::make::{Index, Made};
use super::pieces::{Piece, Pieces, attribute};
use super::repomd::Data;
use super::xml::Fault;
use crate::codes;
use crate::error::{Error, Result};

/// What signing changed of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Changed {
    /// Its digest, as the indices have it.
    pub(super) old: String,
    /// The new one, by the same algorithm.
    pub(super) new: String,
    /// Bytes of the file.
    pub(super) size: u64,
    /// Its modification, in seconds since 1970.
    pub(super) modified: i64,
    /// Where the main header stands in it.
    pub(super) header: Range<u64>,
    /// Where it is from now on.
    pub(super) location: SafePath,
}

/// Everything that changed, by the place a package had.
pub(super) type Changes = HashMap<SafePath, Changed>;

/// Writes an index of a repository anew, as a stream.
///
/// # Errors
/// [`Error::Refused`] when it is not what `data` says, or no index of these packages.
pub(super) fn rewrite(
    root: &Root,
    data: &Data,
    changes: &Changes,
    order: &[SafePath],
    stage: &mut Stage,
    limits: &Limits,
) -> Result<Made> {
    let subject = data.location.as_str();
    let refused = |code, detail: String| {
        let finding = Finding::reject(code, subject, detail);
        super::publish::refused(root.path(), vec![finding])
    };
    let Some(file) = root.file(&data.location)? else {
        let detail = "the file does not exist".to_owned();
        return Err(refused(pkgseal_repo::codes::FILE_MISSING, detail));
    };
    let compression = Compression::from_name(subject);
    let written = match compression {
        Compression::Lzma | Compression::Lz4 => Compression::Gzip,
        other => other,
    };
    let mut stored = Stored {
        file: BufReader::with_capacity(1 << 18, file),
        hasher: MultiHasher::new(data.checksum.algorithms()),
    };
    let failed = |error| Error::read(&root.path().join(&data.location), error);
    let limit = data.open_size.unwrap_or(limits.index).min(limits.index);
    let opened = Decompressor::new(&mut stored, compression, limit).map_err(failed)?;
    let mut pieces = Pieces::new(BufReader::with_capacity(1 << 16, opened), "package");
    let mut index = Index::begin(stage, &data.kind, ".xml", written)?;
    let mut ids = Ids::new(changes, order);
    let broken = |fault: Fault| refused(codes::PRIMARY, fault.detail);
    while let Some(piece) = pieces.next().map_err(broken)? {
        let bytes = match piece {
            Piece::Between(bytes) => bytes,
            Piece::Record(bytes) => {
                let edits = match data.kind.as_str() {
                    "primary" => of_primary(&bytes, changes),
                    _ => of_list(&bytes, &mut ids),
                };
                let edits = edits.map_err(|detail| refused(codes::PRIMARY, detail))?;
                apply(&bytes, edits)
            }
        };
        index
            .add(&bytes)
            .map_err(|error| Error::write(stage.path(), error))?;
    }
    drop(pieces);
    // Whatever a decoder left: all of the file counts.
    io::copy(&mut stored, &mut io::sink()).map_err(failed)?;
    if let Some(algorithm) = data.checksum.mismatch(&stored.hasher.finish()) {
        let detail = format!("its {algorithm} is not the one that repomd.xml lists");
        return Err(refused(pkgseal_repo::codes::FILE_DIGEST, detail));
    }
    index.finish(stage)
}

/// Hashes a file on its way into a decoder.
struct Stored {
    file: BufReader<File>,
    hasher: MultiHasher,
}

impl Read for Stored {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

type Edit = (Range<usize>, String);

fn apply(bytes: &[u8], mut edits: Vec<Edit>) -> Vec<u8> {
    edits.sort_by_key(|(range, _)| range.start);
    let mut out = Vec::with_capacity(bytes.len() + 64);
    let mut at = 0;
    for (range, text) in edits {
        out.extend_from_slice(bytes.get(at..range.start).unwrap_or_default());
        out.extend_from_slice(text.as_bytes());
        at = range.end;
    }
    out.extend_from_slice(bytes.get(at..).unwrap_or_default());
    out
}

/// Where the values stand that signing changes.
#[derive(Default)]
struct Spans {
    checksum: Option<Range<usize>>,
    time: Option<usize>,
    size: Option<usize>,
    location: Option<usize>,
    header: Option<usize>,
}

/// Finds them in a record of the primary index.
fn spans(record: &[u8]) -> Result<Spans, String> {
    let mut reader = Reader::from_reader(record);
    let mut spans = Spans::default();
    let mut depth = 0usize;
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = reader.read_event_into(&mut buffer);
        let end = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        match event.map_err(|error| error.to_string())? {
            Event::Start(start) => {
                match (depth, start.name().as_ref()) {
                    (1, "checksum") => spans.checksum = Some(end..end),
                    (1, "time") => spans.time = Some(at),
                    (1, "size") => spans.size = Some(at),
                    (1, "location") => spans.location = Some(at),
                    (2, "rpm:header-range") => spans.header = Some(at),
                    _ => {}
                }
                depth += 1;
            }
            Event::Empty(start) => match (depth, start.name().as_ref()) {
                (1, "time") => spans.time = Some(at),
                (1, "size") => spans.size = Some(at),
                (1, "location") => spans.location = Some(at),
                (2, "rpm:header-range") => spans.header = Some(at),
                _ => {}
            },
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                if depth == 1
                    && end.name().as_ref() == "checksum"
                    && let Some(span) = &mut spans.checksum
                {
                    span.end = at;
                }
            }
            Event::Eof => return Ok(spans),
            _ => {}
        }
    }
}

fn of_primary(record: &[u8], changes: &Changes) -> Result<Vec<Edit>, String> {
    let spans = spans(record)?;
    let missing = |what: &str| format!("a package without {what}");
    let value = |tag: Option<usize>, name: &str| {
        let span = tag.and_then(|tag| attribute(record, tag, name));
        span.ok_or_else(|| missing(name))
    };
    let location = value(spans.location, "href")?;
    let href = unescaped(record.get(location.clone()).unwrap_or_default())?;
    let place = SafePath::new(&href).map_err(|error| error.to_string())?;
    let Some(changed) = changes.get(&place) else {
        return Ok(Vec::new());
    };
    let checksum = spans.checksum.ok_or_else(|| missing("checksum"))?;
    let text = record.get(checksum.clone()).unwrap_or_default();
    if text.trim_ascii() != changed.old.as_bytes() {
        return Err(format!("{place}: another digest than when it was read"));
    }
    let mut edits = vec![
        (checksum, changed.new.clone()),
        (value(spans.size, "package")?, changed.size.to_string()),
        (value(spans.time, "file")?, changed.modified.to_string()),
    ];
    if spans.header.is_some() {
        let Range { start, end } = changed.header;
        edits.push((value(spans.header, "start")?, start.to_string()));
        edits.push((value(spans.header, "end")?, end.to_string()));
    }
    if changed.location != place {
        let escaped = quick_xml::escape::escape(changed.location.as_str()).into_owned();
        edits.push((location, escaped));
    }
    Ok(edits)
}

fn unescaped(value: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(value).map_err(|error| error.to_string())?;
    let text = quick_xml::escape::unescape(text).map_err(|error| error.to_string())?;
    Ok(text.into_owned())
}

/// New digests by old ones. Copies of one package have one old digest, and may have got
/// different signatures.
struct Ids<'a>(HashMap<&'a str, VecDeque<&'a str>>);

impl<'a> Ids<'a> {
    /// `order` are the places of the packages in the order of the primary index.
    fn new(changes: &'a Changes, order: &[SafePath]) -> Self {
        let mut ids: HashMap<&str, VecDeque<&str>> = HashMap::new();
        for changed in order.iter().filter_map(|place| changes.get(place)) {
            ids.entry(&changed.old).or_default().push_back(&changed.new);
        }
        Self(ids)
    }

    fn next(&mut self, old: &str) -> Option<&'a str> {
        let news = self.0.get_mut(old)?;
        match news.len() {
            0 | 1 => news.front().copied(),
            _ => news.pop_front(),
        }
    }
}

fn of_list(record: &[u8], ids: &mut Ids<'_>) -> Result<Vec<Edit>, String> {
    let span = attribute(record, 0, "pkgid").ok_or("a package without pkgid")?;
    let old = record.get(span.clone()).unwrap_or_default();
    let old = std::str::from_utf8(old).map_err(|error| error.to_string())?;
    Ok(match ids.next(old) {
        Some(new) => vec![(span, new.to_owned())],
        None => Vec::new(),
    })
}

/// The strongest digest that the indices have of a package.
pub(super) fn identifier(digests: &Digests) -> Option<(DigestAlgorithm, String)> {
    let algorithm = digests.strongest()?;
    Some((algorithm, digests.hex(algorithm)?))
}

/// Reads `source` to its end.
pub(super) fn drain(mut source: impl BufRead, mut sink: impl FnMut(&[u8])) -> io::Result<()> {
    loop {
        let bytes = source.fill_buf()?;
        if bytes.is_empty() {
            return Ok(());
        }
        sink(bytes);
        let count = bytes.len();
        source.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = "<package type=\"rpm\">\n <name>a</name><checksum pkgid='YES' type=\"sha256\">old</checksum>\
        <time file=\"1\" build=\"2\"/><size installed=\"5\" package=\"10\" archive=\"6\"></size>\
        <location href=\"Packages/a&amp;b.rpm\"/><format><rpm:header-range start=\"7\" end=\"8\"/>\
        <x><time file=\"9\"/></x><file>/checksum</file></format></package>";

    fn changes(location: &str) -> Changes {
        let place = SafePath::new("Packages/a&b.rpm").unwrap();
        let changed = Changed {
            old: "old".to_owned(),
            new: "new".to_owned(),
            size: 100,
            modified: 200,
            header: 300..400,
            location: SafePath::new(location).unwrap(),
        };
        Changes::from([(place, changed)])
    }

    fn edited(record: &str, location: &str) -> Result<String, String> {
        let edits = of_primary(record.as_bytes(), &changes(location))?;
        Ok(String::from_utf8(apply(record.as_bytes(), edits)).unwrap())
    }

    #[test]
    fn only_what_signing_changes_changes() {
        let expected = RECORD
            .replace(">old<", ">new<")
            .replace("package=\"10\"", "package=\"100\"")
            .replace("<time file=\"1\"", "<time file=\"200\"")
            .replace("start=\"7\" end=\"8\"", "start=\"300\" end=\"400\"");
        assert_eq!(edited(RECORD, "Packages/a&b.rpm").unwrap(), expected);
        let moved = expected.replace("Packages/a&amp;b.rpm", "Packages/1/a&amp;b.rpm");
        assert_eq!(edited(RECORD, "Packages/1/a&b.rpm").unwrap(), moved);
        let other = RECORD.replace("a&amp;b", "other");
        assert_eq!(edited(&other, "Packages/a&b.rpm").unwrap(), other);
    }

    #[test]
    fn records_that_lack_something_are_refused() {
        for (from, to) in [
            ("<location href=\"Packages/a&amp;b.rpm\"/>", ""),
            ("href=", "ref="),
            (">old<", ">older<"),
            ("<time file=\"1\" build=\"2\"/>", ""),
            ("package=\"10\"", ""),
            ("start=\"7\"", ""),
            ("a&amp;b", "a&unknown;b"),
            ("Packages/a", "../a"),
        ] {
            let record = RECORD.replace(from, to);
            assert!(edited(&record, "Packages/a&b.rpm").is_err(), "{from}");
        }
    }

    #[test]
    fn copies_of_a_package_may_differ_afterwards() {
        let mut all = changes("Packages/a&b.rpm");
        let copy = SafePath::new("copy.rpm").unwrap();
        let mut changed = all.values().next().unwrap().clone();
        changed.new = "newer".to_owned();
        all.insert(copy.clone(), changed);
        let order = [SafePath::new("Packages/a&b.rpm").unwrap(), copy];
        let mut ids = Ids::new(&all, &order);
        let mut next = |record: &str| {
            let edits = of_list(record.as_bytes(), &mut ids).unwrap();
            String::from_utf8(apply(record.as_bytes(), edits)).unwrap()
        };
        assert_eq!(
            next("<package pkgid=\"old\" n='x'/>"),
            "<package pkgid=\"new\" n='x'/>"
        );
        assert_eq!(
            next("<package pkgid=\"old\"/>"),
            "<package pkgid=\"newer\"/>"
        );
        assert_eq!(next("<package pkgid=\"x\"/>"), "<package pkgid=\"x\"/>");
        assert!(of_list(b"<package/>", &mut ids).is_err());
    }
}
