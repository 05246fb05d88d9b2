//! Files and directories on the way to a publication.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use rustix::io::Errno;

use crate::{Error, Result, SafePath, StagedFile};

/// From so many files on, one sync of their file system is cheaper than one of each.
const MANY: usize = 16;

/// Makes names and renames in a directory durable, on file systems that can.
pub(super) fn sync_directory(path: &Path) -> Result<()> {
    crate::sync_directory(path).map_err(|error| Error::write(path, error))
}

/// Exchanges two directories in one step, whatever is in them. `false` where the file
/// system cannot, or one of them is a mount point.
pub(super) fn exchange(one: &Path, other: &Path) -> Result<bool> {
    match exchanged(one, other) {
        Ok(()) => Ok(true),
        Err(Errno::INVAL | Errno::NOSYS | Errno::XDEV | Errno::BUSY | Errno::OPNOTSUPP) => {
            Ok(false)
        }
        Err(errno) => Err(Error::write(one, errno)),
    }
}

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn exchanged(one: &Path, other: &Path) -> rustix::io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn exchanged(_: &Path, _: &Path) -> rustix::io::Result<()> {
    Err(Errno::NOSYS)
}

/// Removes a directory with all that is in it; none is fine.
pub(super) fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// A directory tree being built, in which nothing is ever written through a link.
#[derive(Debug)]
pub struct Stage {
    path: PathBuf,
    /// Directories in it, relative, the top first.
    directories: Vec<PathBuf>,
    /// Files written, relative.
    written: Vec<PathBuf>,
}

impl Stage {
    /// A new, empty one.
    ///
    /// # Errors
    /// [`Error::Write`], as for everything that follows.
    pub fn create(path: PathBuf) -> Result<Self> {
        fs::create_dir(&path).map_err(|error| Error::write(&path, error))?;
        Ok(Self {
            path,
            directories: vec![PathBuf::new()],
            written: Vec::new(),
        })
    }

    /// Where it stands.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes every file of a tree along as a second name of it, except those that
    /// `leave_out` wants left out; links as they are; directories with mode and owner.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::Write`]; [`Error::NotAFile`] for pipes and devices.
    pub fn link_tree(&mut self, from: &Path, leave_out: &dyn Fn(&Path) -> bool) -> Result<()> {
        let mut todo = vec![PathBuf::new()];
        while let Some(below) = todo.pop() {
            let source = from.join(&below);
            let read = |error| Error::read(&source, error);
            if !below.as_os_str().is_empty() {
                let target = self.path.join(&below);
                fs::create_dir(&target).map_err(|error| Error::write(&target, error))?;
                self.directories.push(below.clone());
            }
            for entry in fs::read_dir(&source).map_err(read)? {
                let entry = entry.map_err(read)?;
                let relative = below.join(entry.file_name());
                let kind = entry.file_type().map_err(read)?;
                let target = self.path.join(&relative);
                let failed = |error| Error::write(&target, error);
                if kind.is_dir() {
                    todo.push(relative);
                } else if leave_out(&relative) {
                } else if kind.is_symlink() {
                    let points_to = fs::read_link(entry.path()).map_err(read)?;
                    std::os::unix::fs::symlink(points_to, &target).map_err(failed)?;
                } else if kind.is_file() {
                    self.link_file(&entry.path(), &relative)?;
                } else {
                    return Err(Error::NotAFile { path: entry.path() });
                }
            }
        }
        // Modes come last: a directory may be one we could not write into.
        for directory in self.directories.iter().rev() {
            alike(&from.join(directory), &self.path.join(directory))?;
        }
        Ok(())
    }

    /// A second name, or where the system forbids one a copy.
    fn link_file(&mut self, source: &Path, relative: &Path) -> Result<()> {
        let target = self.path.join(relative);
        if fs::hard_link(source, &target).is_ok() {
            return Ok(());
        }
        fs::copy(source, &target).map_err(|error| Error::write(&target, error))?;
        alike(source, &target)?;
        self.written.push(relative.to_owned());
        Ok(())
    }

    /// Writes a new file, with mode and owner of `like` where that is there.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write(&mut self, relative: &Path, bytes: &[u8], like: &Path) -> Result<()> {
        let target = self.place(relative)?;
        let failed = |error| Error::write(&target, error);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&target)
            .map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
        if like.is_file() {
            alike(like, &target)?;
        }
        self.written.push(relative.to_owned());
        Ok(())
    }

    /// A new file, to be written to as a stream.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn file(&mut self, relative: &Path) -> Result<File> {
        let target = self.place(relative)?;
        let created = OpenOptions::new()
            .write(true)
            .read(true)
            .create_new(true)
            .open(&target);
        let file = created.map_err(|error| Error::write(&target, error))?;
        self.written.push(relative.to_owned());
        Ok(file)
    }

    /// Takes over a file that was staged beside what it replaces, with the owner, mode and
    /// labels of that.
    ///
    /// # Errors
    /// [`Error::Write`]; also where it was staged on another file system.
    pub fn adopt(&mut self, relative: &Path, staged: StagedFile) -> Result<()> {
        let target = self.place(relative)?;
        let named = staged.name_as(&target);
        named.map_err(|error| Error::write(&target, error))?;
        self.written.push(relative.to_owned());
        Ok(())
    }

    /// Gives a file written here its final name.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn rename(&mut self, from: &Path, to: &Path) -> Result<()> {
        let target = self.place(to)?;
        fs::rename(self.path.join(from), &target).map_err(|error| Error::write(&target, error))?;
        self.written.retain(|written| written != from);
        self.written.push(to.to_owned());
        Ok(())
    }

    /// Takes a file that stands elsewhere along, as a second name of it where the system
    /// lets us.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn take(&mut self, relative: &Path, source: &Path) -> Result<()> {
        self.place(relative)?;
        self.link_file(source, relative)
    }

    /// A file of its own with the content of `source`; the file system shares the blocks
    /// where it can.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn copy(&mut self, relative: &Path, source: &Path) -> Result<()> {
        let target = self.place(relative)?;
        fs::copy(source, &target).map_err(|error| Error::write(&target, error))?;
        self.written.push(relative.to_owned());
        Ok(())
    }

    /// A further name of a file written here.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn link(&mut self, relative: &Path, written: &Path) -> Result<()> {
        let target = self.place(relative)?;
        if fs::hard_link(self.path.join(written), &target).is_err() {
            self.copy(relative, &self.path.join(written))?;
        }
        Ok(())
    }

    /// The full path of a file to be, its directories made.
    fn place(&mut self, relative: &Path) -> Result<PathBuf> {
        let parent = relative.parent().unwrap_or(Path::new(""));
        let mut directory = PathBuf::new();
        for component in parent.components() {
            directory.push(component);
            let full = self.path.join(&directory);
            match fs::symlink_metadata(&full) {
                Ok(there) if there.is_dir() => {}
                Ok(_) => {
                    let behind = io::Error::new(
                        ErrorKind::NotADirectory,
                        "a link or file stands where its directory should be",
                    );
                    return Err(Error::write(&self.path.join(relative), behind));
                }
                Err(_) => {
                    fs::create_dir(&full).map_err(|error| Error::write(&full, error))?;
                    if let Some(above) = full.parent() {
                        alike(above, &full)?;
                    }
                    self.directories.push(directory.clone());
                }
            }
        }
        Ok(self.path.join(relative))
    }

    /// Makes all of it durable.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn sync(&self) -> Result<()> {
        if self.written.len() + self.directories.len() < MANY || !sync_file_system(&self.path) {
            self.written.par_iter().try_for_each(|relative| {
                let path = self.path.join(relative);
                let synced = File::open(&path).and_then(|file| file.sync_all());
                synced.map_err(|error| Error::write(&path, error))
            })?;
            self.directories
                .par_iter()
                .try_for_each(|relative| sync_directory(&self.path.join(relative)))?;
        }
        Ok(())
    }
}

#[cfg(target_os = "linux")]
fn sync_file_system(path: &Path) -> bool {
    // Since Linux 5.8 it reports what could not be written.
    File::open(path).is_ok_and(|file| rustix::fs::syncfs(&file).is_ok())
}

#[cfg(not(target_os = "linux"))]
fn sync_file_system(_: &Path) -> bool {
    false
}

/// Gives `target` the mode of `like`, and its owner as far as we may.
///
/// # Errors
/// [`Error::Read`], [`Error::Write`].
pub fn alike(like: &Path, target: &Path) -> Result<()> {
    let failed = |error| Error::write(target, error);
    let wanted = fs::metadata(like).map_err(|error| Error::read(like, error))?;
    let ours = fs::metadata(target).map_err(failed)?;
    if owner(&wanted) != owner(&ours) {
        let both = std::os::unix::fs::chown(target, Some(wanted.uid()), Some(wanted.gid()));
        // Only root gives files away; the new file is then ours, as any copy would be.
        let _ = both.or_else(|_| std::os::unix::fs::chown(target, None, Some(wanted.gid())));
    }
    let mode = wanted.permissions().mode() & 0o7777;
    if mode != ours.permissions().mode() & 0o7777 {
        fs::set_permissions(target, fs::Permissions::from_mode(mode)).map_err(failed)?;
    }
    Ok(())
}

/// A directory beneath `root` that is to be exchanged, links resolved: what is exchanged is
/// never a link. It need not exist.
///
/// # Errors
/// [`Error::Write`] when it leads out of `root`; [`Error::Read`].
pub fn real_directory(root: &Path, directory: &SafePath) -> Result<SafePath> {
    let full = root.join(directory);
    let existing = full.ancestors().find(|path| path.exists()).unwrap_or(root);
    let real = existing
        .canonicalize()
        .map_err(|error| Error::read(existing, error))?;
    let rest = full.strip_prefix(existing).unwrap_or(Path::new(""));
    let below = real
        .join(rest)
        .strip_prefix(root)
        .ok()
        .and_then(|below| below.to_str())
        .and_then(|below| SafePath::new(below.trim_end_matches('/')).ok());
    below.ok_or_else(|| {
        let out = io::Error::new(
            ErrorKind::InvalidInput,
            "the directory leads out of the repository",
        );
        Error::write(&full, out)
    })
}

/// Whether a directory, or where it will be, is on the file system of `folder`.
pub fn same_device(directory: &Path, folder: &Path) -> bool {
    let device = |path: &Path| fs::metadata(path).ok().map(|found| found.dev());
    let existing = directory.ancestors().find(|path| path.exists());
    existing.and_then(device) == device(folder)
}

/// Refuses what no rename could put into its place: once the journal stands, it is too
/// late to find out.
///
/// # Errors
/// [`Error::Write`].
pub fn unobstructed(live: &Path, path: &SafePath) -> Result<()> {
    let target = live.join(path);
    let failed = |kind: ErrorKind| Err(Error::write(&target, kind));
    if fs::symlink_metadata(&target).is_ok_and(|there| there.is_dir()) {
        return failed(ErrorKind::IsADirectory);
    }
    let mut above = target.ancestors().skip(1);
    match above.find(|directory| fs::symlink_metadata(directory).is_ok()) {
        Some(directory) if !directory.is_dir() => failed(ErrorKind::NotADirectory),
        _ => Ok(()),
    }
}

/// Whether a file has this content.
pub fn holds(path: &Path, bytes: &[u8]) -> bool {
    fs::symlink_metadata(path)
        .is_ok_and(|found| found.is_file() && found.len() == bytes.len() as u64)
        && fs::read(path).is_ok_and(|content| content == bytes)
}

fn owner(metadata: &Metadata) -> (u32, u32) {
    (metadata.uid(), metadata.gid())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_tree_is_taken_along_and_nothing_is_written_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("from");
        let outside = folder.path().join("outside");
        fs::create_dir_all(from.join("main/binary-all")).unwrap();
        fs::create_dir(&outside).unwrap();
        fs::write(from.join("main/Packages"), "old").unwrap();
        fs::write(from.join("Release"), "old").unwrap();
        symlink("main", from.join("also")).unwrap();
        symlink(&outside, from.join("contrib")).unwrap();
        fs::set_permissions(from.join("main"), fs::Permissions::from_mode(0o750)).unwrap();

        let mut stage = Stage::create(folder.path().join("to")).unwrap();
        let release = |path: &Path| path == Path::new("Release");
        stage.link_tree(&from, &release).unwrap();
        let to = stage.path().to_owned();
        let inode = |path: PathBuf| fs::metadata(path).unwrap().ino();
        assert_eq!(
            inode(to.join("main/Packages")),
            inode(from.join("main/Packages"))
        );
        assert!(!to.join("Release").exists());
        assert_eq!(fs::read_link(to.join("also")).unwrap(), Path::new("main"));
        let mode = fs::metadata(to.join("main")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o750);

        stage
            .write(Path::new("Release"), b"new", &from.join("Release"))
            .unwrap();
        stage
            .copy(
                Path::new("main/by-hash/SHA256/1"),
                &from.join("main/Packages"),
            )
            .unwrap();
        stage
            .link(
                Path::new("main/by-hash/SHA512/2"),
                Path::new("main/by-hash/SHA256/1"),
            )
            .unwrap();
        assert_eq!(
            inode(to.join("main/by-hash/SHA256/1")),
            inode(to.join("main/by-hash/SHA512/2"))
        );
        assert_ne!(
            inode(to.join("main/by-hash/SHA256/1")),
            inode(to.join("main/Packages"))
        );
        let mode = fs::metadata(to.join("main/by-hash")).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o750);
        stage.sync().unwrap();
        for behind in ["contrib/Packages", "also/Packages", "main/Packages/x"] {
            let refused = stage.write(Path::new(behind), b"x", &from);
            assert!(refused.is_err(), "{behind}");
        }
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
        // What is there is never overwritten.
        let refused = stage.write(Path::new("main/Packages"), b"x", &from);
        assert!(refused.is_err());
        assert_eq!(fs::read(from.join("main/Packages")).unwrap(), b"old");
    }

    #[test]
    fn directories_change_places() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        fs::create_dir(&one).unwrap();
        fs::create_dir(&other).unwrap();
        fs::write(one.join("1"), "").unwrap();
        if exchange(&one, &other).unwrap() {
            assert!(other.join("1").exists());
            assert!(!one.join("1").exists());
        }
        assert!(exchange(&one, &folder.path().join("none")).is_err());
    }
}
