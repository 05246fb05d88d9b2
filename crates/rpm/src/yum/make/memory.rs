//! What earlier runs learnt of the packages: read and written as a stream, in the order of
//! the indices, so that memory does not grow with the repository.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use pkgseal_repo::publication::{Decoder, Encoder, Stat};
use pkgseal_repo::{SafePath, StagedFile};

use super::facts::Facts;
use super::pool::Found;
use crate::error::{Error, Result};

/// More than one package says of itself: a header has at most 256 MiB.
const LIMIT: u64 = 2 << 30;
const BUFFER: usize = 1 << 18;

fn path(folder: &Path) -> PathBuf {
    folder.join("packages")
}

/// What the file begins with: another version, or other options, and nothing of it is used.
fn title(changes: usize) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("pkgseal packages 1, {version}, {changes} changes")
}

/// What earlier runs learnt.
#[derive(Debug)]
pub(super) struct Known {
    path: PathBuf,
    reader: Option<BufReader<File>>,
    next: Option<(SafePath, Facts)>,
    /// Whether what it held could not be used.
    pub(super) damaged: bool,
}

impl Known {
    /// Opens what stands in `folder`; nothing is fine.
    ///
    /// # Errors
    /// [`Error::Repo`] when it cannot be read.
    pub(super) fn open(folder: &Path, changes: usize) -> Result<Self> {
        let path = path(folder);
        let mut known = Self {
            reader: None,
            next: None,
            damaged: false,
            path,
        };
        let file = match File::open(&known.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(known),
            file => file.map_err(|error| Error::read(&known.path, error))?,
        };
        known.reader = Some(BufReader::with_capacity(BUFFER, file));
        let expected = title(changes);
        match known.record()? {
            Some(record) if record == Encoder::new(&expected).close() => known.advance()?,
            Some(record) if is_title(&record) => known.reader = None,
            _ => known.give_up(),
        }
        Ok(known)
    }

    /// Knows nothing, so that everything is read again.
    pub(super) fn nothing(folder: &Path) -> Self {
        Self {
            path: path(folder),
            reader: None,
            next: None,
            damaged: false,
        }
    }

    /// Where it stands.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn give_up(&mut self) {
        self.reader = None;
        self.next = None;
        self.damaged = true;
    }

    /// The next record; `None` at the end, and where there is no whole one.
    fn record(&mut self) -> Result<Option<Vec<u8>>> {
        let Some(reader) = &mut self.reader else {
            return Ok(None);
        };
        match read_record(reader) {
            Ok(record) => Ok(record),
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                self.give_up();
                Ok(None)
            }
            Err(error) => Err(Error::read(&self.path, error)),
        }
    }

    fn advance(&mut self) -> Result<()> {
        self.next = None;
        if let Some(record) = self.record()? {
            match decode(&record) {
                Some(next) => self.next = Some(next),
                None => self.give_up(),
            }
        }
        Ok(())
    }

    /// What is known of a package, if it was not touched since. To be asked in the order of
    /// the indices.
    ///
    /// # Errors
    /// [`Error::Repo`].
    pub(super) fn of(&mut self, found: &Found) -> Result<Option<Facts>> {
        while let Some((path, _)) = &self.next {
            match order(path, &found.path) {
                Ordering::Less => self.advance()?,
                Ordering::Greater => return Ok(None),
                Ordering::Equal => {
                    let known = self.next.take().map(|(_, facts)| facts);
                    self.advance()?;
                    return Ok(known.filter(|facts| facts.stat == found.stat));
                }
            }
        }
        Ok(None)
    }
}

/// The order of the indices.
fn order(a: &SafePath, b: &SafePath) -> Ordering {
    a.file_name().cmp(b.file_name()).then_with(|| a.cmp(b))
}

fn is_title(record: &[u8]) -> bool {
    record
        .get(8..)
        .is_some_and(|text| text.starts_with(b"pkgseal packages "))
}

fn read_record(reader: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 8];
    match reader.read(&mut length)? {
        0 => return Ok(None),
        read => {
            let rest = length.get_mut(read..).unwrap_or_default();
            reader.read_exact(rest).map_err(cut)?;
        }
    }
    let length = u64::from_le_bytes(length);
    if length > LIMIT {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut record = Vec::new();
    reader.take(length).read_to_end(&mut record)?;
    if record.len() as u64 == length {
        Ok(Some(record))
    } else {
        Err(ErrorKind::InvalidData.into())
    }
}

fn cut(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::UnexpectedEof => ErrorKind::InvalidData.into(),
        _ => error,
    }
}

const ENTRY: &str = "package";

fn decode(record: &[u8]) -> Option<(SafePath, Facts)> {
    let mut decoder = Decoder::open(record, ENTRY)?;
    let path = SafePath::new(decoder.text()?).ok()?;
    let facts = Facts::decode(&mut decoder)?;
    decoder.is_at_end().then_some((path, facts))
}

/// What this run leaves to the next one.
#[derive(Debug)]
pub(super) struct Learnt {
    path: PathBuf,
    writer: BufWriter<StagedFile>,
    /// The time of the file system when the first package was read, in nanoseconds since
    /// 1970, in the clock that the packages' own times are of.
    pub(super) moment: i64,
}

impl Learnt {
    /// Stages it.
    ///
    /// # Errors
    /// [`Error::Repo`].
    pub(super) fn create(folder: &Path, changes: usize) -> Result<Self> {
        let path = path(folder);
        let mut staged = StagedFile::create(&path)?;
        let metadata = staged.file_mut().metadata();
        let metadata = metadata.map_err(|error| Error::write(&path, error))?;
        let mut learnt = Self {
            moment: Stat::of(&metadata).modified,
            writer: BufWriter::with_capacity(BUFFER, staged),
            path,
        };
        learnt.write(&Encoder::new(&title(changes)).close())?;
        Ok(learnt)
    }

    fn write(&mut self, record: &[u8]) -> Result<()> {
        let length = (record.len() as u64).to_le_bytes();
        self.writer
            .write_all(&length)
            .and_then(|()| self.writer.write_all(record))
            .map_err(|error| Error::write(&self.path, error))
    }

    /// Adds a package, in the order of the indices.
    ///
    /// # Errors
    /// [`Error::Repo`].
    pub(super) fn add(&mut self, path: &SafePath, facts: &Facts) -> Result<()> {
        let mut encoder = Encoder::new(ENTRY);
        encoder.text(path.as_str());
        facts.encode(&mut encoder);
        self.write(&encoder.close())
    }

    /// Puts it into place.
    ///
    /// # Errors
    /// [`Error::Repo`].
    pub(super) fn commit(self) -> Result<()> {
        let staged = self.writer.into_inner();
        let staged = staged.map_err(|error| Error::write(&self.path, error.into_error()))?;
        Ok(staged.commit()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, size: u64) -> Found {
        let mut stat = Stat::default();
        stat.size = size;
        Found {
            path: SafePath::new(path).unwrap(),
            stat,
        }
    }

    fn facts(of: &Found) -> Facts {
        Facts {
            stat: of.stat,
            id: format!("id of {}", of.path),
            name: "n".to_owned(),
            chunks: super::super::text::Chunks::default(),
        }
    }

    fn remember(folder: &Path, all: &[Found]) {
        let mut learnt = Learnt::create(folder, 10).unwrap();
        for found in all {
            learnt.add(&found.path, &facts(found)).unwrap();
        }
        learnt.commit().unwrap();
    }

    #[test]
    fn untouched_packages_are_known_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let all = [found("b/a.rpm", 1), found("a/b.rpm", 2), found("c.rpm", 3)];
        remember(folder.path(), &all);
        let mut known = Known::open(folder.path(), 10).unwrap();
        let of = |known: &mut Known, found: &Found| known.of(found).unwrap();
        assert_eq!(of(&mut known, &all[0]), Some(facts(&all[0])));
        assert_eq!(of(&mut known, &found("a/aa.rpm", 1)), None);
        assert_eq!(of(&mut known, &found("a/b.rpm", 7)), None, "touched");
        assert_eq!(of(&mut known, &all[2]), Some(facts(&all[2])));
        assert_eq!(of(&mut known, &found("z.rpm", 1)), None);
        assert!(!known.damaged);
        let mut other = Known::open(folder.path(), 9).unwrap();
        assert_eq!(of(&mut other, &all[0]), None, "other options");
        assert!(!other.damaged);
    }

    #[test]
    fn damage_is_seen_and_no_damaged_record_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let all = [found("a.rpm", 1), found("b.rpm", 2)];
        remember(folder.path(), &all);
        let file = folder.path().join("packages");
        let bytes = std::fs::read(&file).unwrap();
        let ask = || {
            let mut known = Known::open(folder.path(), 10).unwrap();
            let answers = all.each_ref().map(|one| known.of(one).unwrap());
            for (answer, one) in answers.iter().zip(&all) {
                assert!(answer.as_ref().is_none_or(|answer| *answer == facts(one)));
            }
            (answers.iter().flatten().count(), known.damaged)
        };
        assert_eq!(ask(), (2, false));
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 0x10;
            std::fs::write(&file, &other).unwrap();
            let (answers, damaged) = ask();
            assert!(answers < 2, "{at}");
            assert!(damaged || answers == 0, "{at}");
        }
        for end in 1..bytes.len() {
            std::fs::write(&file, &bytes[..end]).unwrap();
            assert!(ask().0 < 2, "{end}");
        }
    }
}
