//! Outputs that appear whole or not at all.

mod attributes;
mod set;
mod together;

use std::ffi::OsString;
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

use crate::destination::sync_directory;
use crate::{Error, Result};

pub use set::StagedSet;
pub use together::{complete, unfinished};

/// As many links as Linux itself follows in one path.
const MAX_LINKS: usize = 40;

/// A file staged beside its target. [`StagedFile::commit`] flushes, fsyncs, renames and
/// fsyncs the directory; dropping it discards it. The old file is whole until the
/// rename; its owner, mode, access control list and other extended attributes pass to the
/// new one (but for what vouches for its content). A target that is a symbolic link is
/// replaced where the link points. Where several outputs form one change, see
/// [`StagedSet`].
///
/// Where the file system can (`O_TMPFILE`), the staged file has no name until it is
/// committed, so that even a killed process leaves nothing behind. Writes are not
/// buffered: wrap it in a [`BufWriter`](io::BufWriter) for many small ones.
#[derive(Debug)]
pub struct StagedFile {
    file: File,
    /// Where it was asked to go.
    asked: PathBuf,
    /// Where it goes, links resolved.
    target: PathBuf,
    /// The directory of `target`.
    parent: PathBuf,
    /// Its name for now, if it has one.
    name: Option<Name>,
}

/// A temporary name in the target's directory, removed when dropped.
#[derive(Debug)]
struct Name(PathBuf);

impl Drop for Name {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            let _ = fs::remove_file(&self.0);
        }
    }
}

impl Name {
    /// Gives a file a temporary name in `parent`: unpredictable, hidden, never one that
    /// exists.
    fn give<T>(parent: &Path, make: impl Fn(&Path) -> io::Result<T>) -> io::Result<(T, Self)> {
        let mut tries = 0;
        loop {
            let random = std::hash::RandomState::new().build_hasher().finish();
            let path = parent.join(format!(".pkgseal-{random:016x}.tmp"));
            match make(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists && tries < 16 => tries += 1,
                Err(error) => return Err(error),
                Ok(made) => return Ok((made, Self(path))),
            }
        }
    }

    /// The file gets its final name, in place of the old one.
    fn rename(mut self, target: &Path) -> io::Result<()> {
        fs::rename(&self.0, target)?;
        // Nothing is left to remove, and the name is free for others.
        self.0.clear();
        Ok(())
    }
}

impl StagedFile {
    /// Stages a file beside `target`, mode as the old target's or 0644 less umask.
    ///
    /// # Errors
    /// [`Error::Write`]: the directory is missing or read-only, or the target is no
    /// regular file.
    pub fn create(target: &Path) -> Result<Self> {
        Self::stage(target, Mode::from_raw_mode(0o644)).map_err(|error| Error::write(target, error))
    }

    /// As [`StagedFile::create`], mode 0600 from the first byte on.
    ///
    /// # Errors
    /// As [`StagedFile::create`].
    pub fn create_secret(target: &Path) -> Result<Self> {
        Self::stage(target, Mode::RUSR | Mode::WUSR).map_err(|error| Error::write(target, error))
    }

    fn stage(target: &Path, mode: Mode) -> io::Result<Self> {
        let asked = target.to_owned();
        let target = resolve_links(target)?;
        let old = match fs::metadata(&target) {
            Ok(old) if old.is_file() => Some(old),
            Ok(_) => return Err(io::Error::other("the target is not a regular file")),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let file_name = target.file_name().ok_or_else(|| {
            io::Error::new(ErrorKind::InvalidInput, "the target has no file name")
        })?;
        let parent = match target.parent() {
            Some(parent) if parent != Path::new("") => parent.canonicalize()?,
            _ => Path::new(".").canonicalize()?,
        };
        let target = parent.join(file_name);
        // Nobody else may look in before the old owner and mode are on it.
        let secret = mode.as_raw_mode() & 0o077 == 0;
        let first = if old.is_some() {
            Mode::RUSR | Mode::WUSR
        } else {
            mode
        };
        let (file, name) = match open_nameless(&parent, first) {
            Some(file) => (file, None),
            None => {
                let (file, name) = Name::give(&parent, |path| open_named(path, first))?;
                (file, Some(name))
            }
        };
        let staged = Self {
            file,
            asked,
            target,
            parent,
            name,
        };
        match old {
            Some(old) if secret => attributes::take_over_owner(&old, &staged.file)?,
            Some(old) => attributes::take_over(&staged.target, &old, &staged.file)?,
            None => {}
        }
        Ok(staged)
    }

    /// Gives the file the times of the one it replaces, where there is one: for archives
    /// that tell nothing but the content has changed. Call it after the last write.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn keep_times(&self) -> Result<()> {
        let keep = || {
            let old = match fs::metadata(&self.target) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                old => old?,
            };
            let times = fs::FileTimes::new()
                .set_accessed(old.accessed()?)
                .set_modified(old.modified()?);
            self.file.set_times(times)
        };
        keep().map_err(|error| Error::write(&self.target, error))
    }

    /// The final path, links resolved.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Reopens what was written so far (flushed), to verify it before it is committed.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn reopen(&mut self) -> Result<File> {
        let reopened = match &self.name {
            Some(Name(path)) => File::open(path),
            None => File::open(descriptor(&self.file)),
        };
        reopened.map_err(|error| Error::write(&self.target, error))
    }

    /// The underlying file, for `copy_file_range` and positioned writes.
    pub fn file_mut(&mut self) -> &mut File {
        &mut self.file
    }

    /// Flush, fsync, rename, fsync of the directory.
    ///
    /// # Errors
    /// [`Error::Write`]; the old file is then whole. Only if the very last step fails,
    /// the fsync of the directory, the new file stands there, whole too.
    pub fn commit(self) -> Result<()> {
        let target = self.target.clone();
        let parent = self.parent.clone();
        self.file
            .sync_all()
            .and_then(|()| self.publish())
            .and_then(|()| sync_directory(&parent))
            .map_err(|error| Error::write(&target, error))
    }

    /// Gives it another name than its target's, on the same file system; nothing is there
    /// yet. It has owner, mode and labels as if it had replaced its target. Not durable
    /// before the caller syncs it.
    pub(crate) fn name_as(mut self, path: &Path) -> io::Result<()> {
        match self.name.take() {
            None => link(&self.file, path),
            Some(name) => name.rename(path),
        }
    }

    /// Makes the synced file visible under its target's name.
    fn publish(mut self) -> io::Result<()> {
        if self.name.is_none() {
            // Where nothing is to be replaced, no temporary name is needed.
            match link(&self.file, &self.target) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                linked => return linked,
            }
        }
        self.give_name()?.rename(&self.target)
    }

    /// Its temporary name, given now if it has none.
    fn give_name(&mut self) -> io::Result<Name> {
        match self.name.take() {
            Some(name) => Ok(name),
            None => Ok(Name::give(&self.parent, |path| link(&self.file, path))?.1),
        }
    }
}

impl Write for StagedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A file without a name, where the file system has such and `/proc` can name it later.
fn open_nameless(parent: &Path, mode: Mode) -> Option<File> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(parent, flags, mode).ok()?);
    fs::symlink_metadata(descriptor(&file)).ok()?;
    Some(file)
}

fn open_named(path: &Path, mode: Mode) -> io::Result<File> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, mode)?.into())
}

/// Where the kernel shows an open file.
fn descriptor(file: &File) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

/// Gives a nameless file a name.
fn link(file: &File, path: &Path) -> io::Result<()> {
    let from = descriptor(file);
    Ok(rustix::fs::linkat(
        CWD,
        &from,
        CWD,
        path,
        AtFlags::SYMLINK_FOLLOW,
    )?)
}

/// Follows links in the last component, so that the link stays and its target is
/// replaced. What it ends in need not exist.
fn resolve_links(target: &Path) -> io::Result<PathBuf> {
    let mut path = target.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_symlink() => {
                let next: OsString = fs::read_link(&path)?.into();
                path = path.parent().unwrap_or(Path::new("")).join(next);
            }
            _ => return Ok(path),
        }
    }
    Err(Errno::LOOP.into())
}

#[cfg(test)]
mod tests;
