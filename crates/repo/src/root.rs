//! A directory opened read-only, and nothing outside it.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, OFlags, statat};
use rustix::io::Errno;

use crate::{Error, Result, SafePath, beneath};

/// A directory opened read-only. Every open goes beneath it: symbolic links inside it
/// are followed (repositories use them) but none may lead out of it
/// (`openat2(RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS)`, with a component walk where the
/// kernel lacks it). An absolute link leads out, wherever it points.
#[derive(Debug)]
pub struct Root {
    directory: File,
    path: PathBuf,
}

impl Root {
    /// Opens the directory.
    ///
    /// # Errors
    /// [`Error::Read`].
    pub fn open(path: &Path) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::open(path, flags, rustix::fs::Mode::empty())
            .map_err(|errno| Error::read(path, errno))?;
        Ok(Self {
            directory: directory.into(),
            path: path.to_owned(),
        })
    }

    /// The path it was opened by, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A directory beneath this one. `None` when it does not exist.
    ///
    /// # Errors
    /// As [`Root::file`].
    pub fn dir(&self, path: &SafePath) -> Result<Option<Self>> {
        Ok(self
            .beneath(path, OFlags::RDONLY | OFlags::DIRECTORY)?
            .map(|directory| Self {
                directory,
                path: self.path.join(path),
            }))
    }

    /// Opens a regular file beneath the root, non-blocking on devices and pipes
    /// (which are refused). `None` when it does not exist.
    ///
    /// # Errors
    /// [`Error::UnsafePath`] when a link leads out, [`Error::NotAFile`] when it is a
    /// directory, a pipe or a device, [`Error::Read`] otherwise.
    pub fn file(&self, path: &SafePath) -> Result<Option<File>> {
        let Some(file) = self.beneath(path, OFlags::RDONLY | OFlags::NONBLOCK)? else {
            return Ok(None);
        };
        let full = || self.path.join(path);
        let metadata = file
            .metadata()
            .map_err(|error| Error::read(&full(), error))?;
        if metadata.is_file() {
            Ok(Some(file))
        } else {
            Err(Error::NotAFile { path: full() })
        }
    }

    /// Reads a whole file of at most `limit` bytes. `None` when it does not exist.
    ///
    /// # Errors
    /// As [`Root::file`], and [`Error::TooLarge`].
    pub fn read(&self, path: &SafePath, limit: u64) -> Result<Option<Vec<u8>>> {
        match self.file(path)? {
            Some(file) => read_to_limit(file, &self.path.join(path), limit).map(Some),
            None => Ok(None),
        }
    }

    /// Whether a regular file is there.
    ///
    /// # Errors
    /// As [`Root::file`].
    pub fn exists(&self, path: &SafePath) -> Result<bool> {
        Ok(self.file(path)?.is_some())
    }

    /// Every regular file beneath (or beneath `below`), with its size, sorted. Links to
    /// files are listed; links to directories are not entered. Names that are no
    /// [`SafePath`], and links that lead out, come back as errors in the list, not as
    /// failures of the walk. Dangling links, pipes and devices are left out.
    ///
    /// # Errors
    /// [`Error::Read`] when a directory cannot be read.
    pub fn walk(&self, below: Option<&SafePath>) -> Result<Vec<(Result<SafePath>, u64)>> {
        Ok(self.survey(below)?.files)
    }

    /// As [`Root::walk`], and the links to directories that it did not enter: whoever
    /// follows them later finds files there that were not looked at.
    ///
    /// # Errors
    /// As [`Root::walk`].
    pub fn survey(&self, below: Option<&SafePath>) -> Result<Survey> {
        let mut survey = Survey::default();
        let mut todo = vec![below.cloned()];
        while let Some(directory) = todo.pop() {
            self.list(directory.as_ref(), &mut survey, &mut todo)?;
        }
        survey.files.sort_by(|(a, _), (b, _)| name(a).cmp(name(b)));
        survey.directory_links.sort();
        Ok(survey)
    }

    /// One directory of the walk; those below it go into `todo`.
    fn list(
        &self,
        below: Option<&SafePath>,
        survey: &mut Survey,
        todo: &mut Vec<Option<SafePath>>,
    ) -> Result<()> {
        let full = below.map_or_else(|| self.path.clone(), |below| self.path.join(below));
        let failed = |errno: Errno| Error::read(&full, errno);
        let opened = below.map(|below| self.dir(below)).transpose()?;
        let directory = match &opened {
            None => &self.directory,
            Some(Some(opened)) => &opened.directory,
            // Removed while we walked, or never there.
            Some(None) => return Err(failed(Errno::NOENT)),
        };
        for entry in Dir::read_from(directory).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let bytes = entry.file_name().to_bytes();
            if bytes == b"." || bytes == b".." {
                continue;
            }
            let status = match statat(directory, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW) {
                Err(Errno::NOENT) => continue,
                status => status.map_err(failed)?,
            };
            let kind = FileType::from_raw_mode(status.st_mode);
            let path = match (std::str::from_utf8(bytes), below) {
                (Ok(name), None) => SafePath::new(name),
                (Ok(name), Some(below)) => SafePath::new(&format!("{below}/{name}")),
                (Err(_), _) => Err(Error::UnsafePath {
                    reason: "it is not UTF-8",
                    path: full
                        .join(&*String::from_utf8_lossy(bytes))
                        .display()
                        .to_string(),
                }),
            };
            match (kind, path) {
                (FileType::Directory, Ok(path)) => todo.push(Some(path)),
                (FileType::RegularFile, Ok(path)) => {
                    let size = u64::try_from(status.st_size).unwrap_or(0);
                    survey.files.push((Ok(path), size));
                }
                (FileType::Symlink, Ok(path)) => self.list_link(path, survey)?,
                (FileType::RegularFile | FileType::Directory | FileType::Symlink, Err(error)) => {
                    survey.files.push((Err(error), 0));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A link met on the walk.
    fn list_link(&self, path: SafePath, survey: &mut Survey) -> Result<()> {
        let opened = match self.beneath(&path, OFlags::RDONLY | OFlags::NONBLOCK) {
            Ok(Some(opened)) => opened,
            Ok(None) | Err(Error::NotAFile { .. }) => return Ok(()),
            Err(error) => {
                survey.files.push((Err(error), 0));
                return Ok(());
            }
        };
        let metadata = opened
            .metadata()
            .map_err(|error| Error::read(&self.path.join(&path), error))?;
        if metadata.is_file() {
            survey.files.push((Ok(path), metadata.len()));
        } else if metadata.is_dir() {
            survey.directory_links.push(path);
        }
        Ok(())
    }

    /// Opens whatever `path` names; `None` when it names nothing.
    fn beneath(&self, path: &SafePath, flags: OFlags) -> Result<Option<File>> {
        match beneath::open(&self.directory, path, flags) {
            Ok(opened) => Ok(Some(opened.into())),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG) => Ok(None),
            Err(Errno::XDEV) => Err(Error::UnsafePath {
                reason: "a symbolic link leads out of the directory",
                path: path.to_string(),
            }),
            Err(Errno::LOOP) => Err(Error::UnsafePath {
                reason: "a symbolic link leads back to itself",
                path: path.to_string(),
            }),
            // What opening a socket, or a device without a driver, says.
            Err(Errno::NXIO | Errno::NODEV) => Err(Error::NotAFile {
                path: self.path.join(path),
            }),
            Err(errno) => Err(Error::read(&self.path.join(path), errno)),
        }
    }
}

/// What a walk met. See [`Root::survey`].
#[derive(Debug, Default)]
pub struct Survey {
    /// Files and their sizes, in bytes, and names that cannot be used; sorted.
    pub files: Vec<(Result<SafePath>, u64)>,
    /// Links to directories inside the root, sorted.
    pub directory_links: Vec<SafePath>,
}

/// Reads a whole file outside any root (one the user named) of at most `limit` bytes. A
/// pipe will do.
///
/// # Errors
/// [`Error::Read`], [`Error::TooLarge`].
pub fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let file = File::open(path).map_err(|error| Error::read(path, error))?;
    read_to_limit(file, path, limit)
}

fn read_to_limit(file: File, path: &Path, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = |error: io::Error| Error::read(path, error);
    // Only a regular file knows its size, and it may grow: the size is a hint.
    let size = file.metadata().map_err(read)?.len().min(limit);
    bytes
        .try_reserve_exact(usize::try_from(size).unwrap_or(0))
        .map_err(|error| read(io::Error::new(io::ErrorKind::OutOfMemory, error)))?;
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(read)?;
    if bytes.len() as u64 > limit {
        return Err(Error::TooLarge {
            path: path.to_owned(),
            limit,
        });
    }
    Ok(bytes)
}

/// What a walked path sorts by.
fn name(path: &Result<SafePath>) -> &str {
    match path {
        Ok(path) => path.as_str(),
        Err(Error::UnsafePath { path, .. }) => path,
        Err(_) => "",
    }
}

#[cfg(test)]
mod tests;
