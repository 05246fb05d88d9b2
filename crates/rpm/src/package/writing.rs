//! How a changed package gets onto the disk.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use pkgseal_openpgp::{Examination, Signed};
use pkgseal_repo::{Destination, Finding, StagedFile, share_range};

use super::in_place::{Edit, InPlace, Place, new_front};
use super::read::Head;
use super::verify::{open, read_error};
use crate::codes;
use crate::editor::{Edited, GROWTH};
use crate::error::{Error, Result};

/// In place, or by a copy that replaces the package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum How {
    /// In place where the signature header keeps its length, the file may be written to and
    /// has no other name; else by a copy.
    #[default]
    Auto,
    /// In place, also where the header grows or shrinks: the file system inserts or takes
    /// away blocks at the start of the file (ext4, xfs, f2fs).
    InPlace,
    /// By a copy. Who reads the package meanwhile sees the old one or the new one.
    Copy,
}

/// What becomes of the other names of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum HardLinks {
    /// They keep the old package: a copy takes the name that was given.
    #[default]
    Break,
    /// They name the new package too: it is edited in place.
    Follow,
    /// A package with other names is left alone.
    Refuse,
}

/// Which times the package has afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Times {
    /// It was modified now, as whoever copies by time and size must know.
    #[default]
    Now,
    /// Those of before.
    Keep,
}

/// How a changed package gets onto the disk. Either way is crash-safe, and keeps owner,
/// mode, access control list and other extended attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Writing {
    /// In place, or by a copy.
    pub how: How,
    /// What becomes of other names.
    pub hard_links: HardLinks,
    /// Which times it has afterwards.
    pub times: Times,
}

impl Writing {
    /// By a copy, whatever the package is like.
    pub const COPY: Self = Self {
        how: How::Copy,
        hard_links: HardLinks::Break,
        times: Times::Now,
    };
}

/// A changed package that was checked, and only has to be put in place.
#[derive(Debug)]
pub enum Prepared {
    /// By [`InPlace::write`](super::InPlace::write), many at a time.
    InPlace(Box<Edit>),
    /// By [`StagedFile::commit`], or as part of a set.
    Staged(Box<(StagedFile, Examination)>),
}

impl Prepared {
    /// Puts this one package in place.
    ///
    /// # Errors
    /// As [`InPlace::write`](super::InPlace::write) and [`StagedFile::commit`].
    pub fn put_in_place(self, target: PathBuf) -> Result<Signed> {
        match self {
            Self::Staged(staged) => {
                let (staged, examination) = *staged;
                staged.commit()?;
                Ok(Signed {
                    outputs: vec![target],
                    examination,
                })
            }
            Self::InPlace(edit) => {
                let run = InPlace::new();
                let written = run.write(vec![*edit]).pop();
                run.finish()?;
                written.unwrap_or(Err(Error::Changed { path: target }))
            }
        }
    }

    /// What only a copy can be asked for.
    pub(crate) fn staged(self, path: &Path) -> Result<(StagedFile, Examination)> {
        match self {
            Self::Staged(staged) => Ok(*staged),
            Self::InPlace(_) => Err(not_in_place(path, "a copy was wanted")),
        }
    }
}

/// The package that is to be changed.
pub(crate) enum Source {
    /// Open for editing.
    Place(Place),
    /// Open for reading.
    Plain(File, u64),
}

impl Source {
    /// Opens a package for what is to be done with it.
    pub(crate) fn open(path: &Path, writing: Writing, destination: &Destination) -> Result<Self> {
        let wants_place = writing.how != How::Copy || writing.hard_links == HardLinks::Follow;
        if *destination != Destination::Beside || !wants_place {
            let (file, length) = open(path)?;
            return Ok(Self::Plain(file, length));
        }
        let regular = std::fs::metadata(path).is_ok_and(|found| found.is_file());
        let place = if regular { Place::open(path)? } else { None };
        if let Some(place) = place {
            return Ok(Self::Place(place));
        }
        let (file, length) = open(path)?;
        if writing.how == How::InPlace {
            return Err(not_in_place(path, "it may not be written to"));
        }
        Ok(Self::Plain(file, length))
    }

    pub(crate) fn file(&self) -> &File {
        match self {
            Self::Place(place) => place.file(),
            Self::Plain(file, _) => file,
        }
    }

    /// Bytes of the package.
    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::Place(place) => place.length(),
            Self::Plain(_, length) => *length,
        }
    }

    fn links(&self) -> io::Result<u64> {
        match self {
            Self::Place(place) => Ok(place.links),
            Self::Plain(file, _) => Ok(file.metadata()?.nlink()),
        }
    }
}

fn not_in_place(path: &Path, reason: &'static str) -> Error {
    Error::NotInPlace {
        path: path.to_owned(),
        reason,
    }
}

/// A package as it is about to be: the new head, and the rest from the file.
struct Virtual<'a> {
    front: &'a [u8],
    file: &'a File,
    at: u64,
}

impl Read for Virtual<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.front.is_empty() {
            return self.front.read(buffer);
        }
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// How the result is judged: its name in reports, its bytes and their number.
pub(crate) type Check<'a> = &'a dyn Fn(&Path, &mut dyn Read, u64) -> Result<Examination>;

/// Prepares a package with its new signature header. What will be on the disk is checked
/// first: in place that is the new head and the payload as it stands there, read once; a
/// copy is made and read again.
pub(crate) fn prepare(
    path: &Path,
    source: Source,
    head: &Head,
    edited: &Edited,
    writing: Writing,
    destination: &Destination,
    check: Check<'_>,
) -> Result<Prepared> {
    let links = source.links().map_err(|error| read_error(path, error))?;
    let beside = *destination == Destination::Beside;
    let links = if beside { links } else { 1 };
    if links > 1 && writing.hard_links == HardLinks::Refuse {
        return Err(Error::HardLinks {
            path: path.to_owned(),
            links,
        });
    }
    let front = new_front(head, edited);
    let main_at = head.main_range().start;
    let follows = links > 1 && writing.hard_links == HardLinks::Follow;
    let breaks = links > 1 && !follows;
    let moves = front.len() != main_at;
    let in_place = match writing.how {
        How::Auto => follows || (!breaks && !moves),
        How::InPlace => !breaks,
        How::Copy => follows,
    };
    match source {
        Source::Place(place) if in_place => {
            if !front.len().abs_diff(main_at).is_multiple_of(GROWTH) {
                return Err(not_in_place(path, "its header moves by no whole block"));
            }
            let mut written = Virtual {
                front: &front,
                file: place.file(),
                at: main_at as u64,
            };
            let length = place.length() - main_at as u64 + front.len() as u64;
            let examination = check(path, &mut written, length)?;
            let edit = Edit::new(path, place, head, edited, writing.times, examination)?;
            Ok(Prepared::InPlace(Box::new(edit)))
        }
        Source::Plain(..) if follows => Err(not_in_place(path, "it may not be written to")),
        source => {
            destination.prepare()?;
            let target = destination.resolve(path);
            let staged = copy(&target, &source, main_at, &front)?;
            let (staged, mut examination) = checked(staged, &target, check)?;
            if writing.times == Times::Keep {
                staged.keep_times()?;
            }
            if breaks {
                examination.report.push(Finding::warning(
                    codes::HARD_LINKS,
                    target.display().to_string(),
                    format!("{links} names shared the old package; the others still name it"),
                ));
            }
            Ok(Prepared::Staged(Box::new((staged, examination))))
        }
    }
}

fn checked(
    mut staged: StagedFile,
    target: &Path,
    check: Check<'_>,
) -> Result<(StagedFile, Examination)> {
    let mut written = staged.reopen()?;
    let length = written
        .metadata()
        .map_err(|error| read_error(target, error))?
        .len();
    let examination = check(target, &mut written, length)?;
    Ok((staged, examination))
}

/// Stages a copy with another head. It moves by whole blocks, so that file systems which
/// can share the payload's do; nothing of the payload passes through us.
fn copy(target: &Path, source: &Source, main_at: usize, front: &[u8]) -> Result<StagedFile> {
    let mut staged = StagedFile::create(target)?;
    let (old, new) = (main_at as u64, front.len() as u64);
    let (from, to) = (old.saturating_sub(new), new.saturating_sub(old));
    let length = source.length().saturating_sub(from);
    let file = staged.file_mut();
    let copied = share_range(source.file(), from, file, to, length).and_then(|copied| {
        if copied == length {
            return file.write_all_at(front, 0);
        }
        Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the package was cut short while it was being copied",
        ))
    });
    copied.map_err(|source| pkgseal_repo::Error::Write {
        path: target.to_owned(),
        source,
    })?;
    Ok(staged)
}
