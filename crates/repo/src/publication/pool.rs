//! What lies in a pool, without reading any of it.

use std::ffi::{CStr, OsStr};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread::ScopedJoinHandle;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, statat};
use rustix::io::Errno;

use super::Stat;
use crate::{Error, Result, SafePath};

/// An entry of a directory, as the directory names it.
#[derive(Clone, Copy, Debug)]
pub struct PoolEntry<'a> {
    /// The directory, relative to the root; `None` for the root itself.
    pub directory: Option<&'a SafePath>,
    /// The name, which need not be UTF-8.
    pub name: &'a [u8],
    /// What it is, where the file system says so.
    pub kind: EntryKind,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A directory.
    Directory,
    /// A link, to whatever.
    Link,
    /// A file, or something that is no file either.
    File,
    /// The file system does not say before it is asked about the entry itself.
    Unsaid,
}

/// A file of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pooled {
    /// Relative to the root.
    pub path: SafePath,
    /// Of the file, or of what a link leads to.
    pub stat: Stat,
    /// Whether it is a link that leads nowhere.
    pub dangling: bool,
}

/// Everything that a walk met.
#[derive(Debug, Default)]
pub struct Pool {
    /// By path.
    pub files: Vec<Pooled>,
    /// Links to directories, which were not entered.
    pub linked: Vec<SafePath>,
}

/// Every file beneath `below`, or beneath the root, that `wants` takes; a directory that it
/// does not take is not entered. Links to files are files, links to directories are told
/// apart; hidden names are left out: partial uploads have such, and so has our own state.
///
/// # Errors
/// [`Error::Read`] when a directory cannot be read, [`Error::UnsafePath`] for a name that
/// is wanted and none that a client could ask for.
pub fn walk(
    root: &Path,
    below: Option<&SafePath>,
    wants: &(dyn Fn(PoolEntry<'_>) -> bool + Sync),
) -> Result<Pool> {
    let mut pool = Pool::default();
    let mut todo = vec![below.cloned()];
    while let Some(directory) = todo.pop() {
        for looked in look_into(root, directory.as_ref(), wants)? {
            todo.extend(looked.directories.into_iter().map(Some));
            pool.linked.extend(looked.linked);
            if pool.files.is_empty() {
                pool.files = looked.files;
            } else {
                pool.files.extend(looked.files);
            }
        }
    }
    // Made of sorted runs, which this sort merges.
    pool.files.sort_by(|a, b| a.path.cmp(&b.path));
    pool.linked.sort();
    Ok(pool)
}

/// What a part of a directory holds.
#[derive(Default)]
struct Looked {
    /// Sorted.
    files: Vec<Pooled>,
    directories: Vec<SafePath>,
    linked: Vec<SafePath>,
}

/// Bytes of names that the system tells at once; several hundred names.
const TOLD: usize = 32 << 10;
/// Entries that are worth a thread: asking for their times takes half a millisecond.
const SHARE: usize = 256;

/// Looks at all entries of a directory. In a large one a second thread asks for the times
/// of what was told first while this one goes on; more threads cost more to start than
/// they save.
fn look_into(
    root: &Path,
    directory: Option<&SafePath>,
    wants: &(dyn Fn(PoolEntry<'_>) -> bool + Sync),
) -> Result<Vec<Looked>> {
    let full = match directory {
        Some(directory) => root.join(directory),
        None => root.to_owned(),
    };
    let unread = |error: Errno| Error::read(&full, error);
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = rustix::fs::open(&full, flags, Mode::empty()).map_err(unread)?;
    let folder = Folder {
        open: opened.as_fd(),
        path: directory,
        full: &full,
    };
    let mut told = Vec::with_capacity(TOLD);
    let mut entries = RawDir::new(opened.as_fd(), told.spare_capacity_mut());
    std::thread::scope(|scope| {
        let mut looked = Vec::new();
        let mut second: Option<ScopedJoinHandle<'_, Result<Looked>>> = None;
        loop {
            let (names, is_last) = folder.next(&mut entries, wants).map_err(unread)?;
            if let Some(done) = second.take_if(|second| second.is_finished()) {
                looked.push(joined(done)?);
            }
            if second.is_none() && names.count >= SHARE && !is_last {
                second = Some(scope.spawn(move || folder.look(&names)));
            } else {
                looked.push(folder.look(&names)?);
            }
            if is_last {
                break;
            }
        }
        looked.extend(second.map(joined).transpose()?);
        Ok(looked)
    })
}

fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Names of a directory, each ended by a NUL.
#[derive(Default)]
struct Names {
    bytes: Vec<u8>,
    count: usize,
}

/// A directory, open to be asked about its entries.
#[derive(Clone, Copy)]
struct Folder<'a> {
    open: BorrowedFd<'a>,
    /// Relative to the root.
    path: Option<&'a SafePath>,
    /// Where it lies, for messages.
    full: &'a Path,
}

impl Folder<'_> {
    /// The wanted of what the system tells at once, and whether there is nothing more.
    fn next<Fd: AsFd>(
        self,
        entries: &mut RawDir<'_, Fd>,
        wants: &(dyn Fn(PoolEntry<'_>) -> bool + Sync),
    ) -> rustix::io::Result<(Names, bool)> {
        let mut names = Names::default();
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let name = entry.file_name();
            let kind = match entry.file_type() {
                FileType::Directory => EntryKind::Directory,
                FileType::Symlink => EntryKind::Link,
                FileType::Unknown => EntryKind::Unsaid,
                _ => EntryKind::File,
            };
            let named = PoolEntry {
                directory: self.path,
                name: name.to_bytes(),
                kind,
            };
            // `.`, `..`, and all that is hidden.
            if !named.name.starts_with(b".") && wants(named) {
                if names.count == 0 {
                    names.bytes.reserve_exact(TOLD);
                }
                names.bytes.extend_from_slice(name.to_bytes_with_nul());
                names.count += 1;
            }
            if entries.is_buffer_empty() {
                return Ok((names, false));
            }
        }
        Ok((names, true))
    }

    fn look(self, names: &Names) -> Result<Looked> {
        let mut looked = Looked::default();
        looked.files.reserve_exact(names.count);
        for name in names.bytes.split_inclusive(|byte| *byte == 0) {
            if let Ok(name) = CStr::from_bytes_with_nul(name) {
                self.look_at(name, &mut looked)?;
            }
        }
        looked.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(looked)
    }

    fn look_at(self, entry: &CStr, looked: &mut Looked) -> Result<()> {
        let Ok(name) = entry.to_str() else {
            let path = self.full.join(OsStr::from_bytes(entry.to_bytes()));
            return Err(Error::UnsafePath {
                reason: "it is not UTF-8",
                path: path.display().to_string(),
            });
        };
        let path = match self.path {
            None => SafePath::new(name)?,
            Some(directory) => directory.child(name)?,
        };
        // Not following links; a file that is gone meanwhile was never there.
        let Ok(mut status) = statat(self.open, entry, AtFlags::SYMLINK_NOFOLLOW) else {
            return Ok(());
        };
        let mut dangling = false;
        match FileType::from_raw_mode(status.st_mode) {
            FileType::Directory => {
                looked.directories.push(path);
                return Ok(());
            }
            FileType::Symlink => match statat(self.open, entry, AtFlags::empty()) {
                Ok(target) if FileType::from_raw_mode(target.st_mode).is_dir() => {
                    looked.linked.push(path);
                    return Ok(());
                }
                Ok(target) => status = target,
                Err(_) => dangling = true,
            },
            _ => {}
        }
        looked.files.push(Pooled {
            path,
            stat: Stat::of_status(&status),
            dangling,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn met(root: &Path, below: Option<&str>) -> Result<(Vec<String>, Vec<String>)> {
        let below = below.map(|below| SafePath::new(below).unwrap());
        let pool = walk(root, below.as_ref(), &|entry| entry.name != b"not")?;
        let name = |file: Pooled| format!("{}{}", file.path, if file.dangling { " ?" } else { "" });
        Ok((
            pool.files.into_iter().map(name).collect(),
            pool.linked.iter().map(SafePath::to_string).collect(),
        ))
    }

    /// Small and large directories alike: a large one is asked about by two threads.
    #[test]
    fn every_file_is_met_once_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let mut all = Vec::new();
        for (directory, count) in [("pool/few", 3), ("pool/many", 4_000), ("pool/many.d", 700)] {
            fs::create_dir_all(root.join(directory)).unwrap();
            for number in 0..count {
                let path = format!("{directory}/a_rather_long_name_{number}_amd64.deb");
                fs::write(root.join(&path), "x".repeat(number % 7)).unwrap();
                all.push(path);
            }
        }
        all.sort();
        assert_eq!(met(root, None).unwrap().0, all);
        let pool = SafePath::new("pool").unwrap();
        for file in walk(root, Some(&pool), &|_| true).unwrap().files {
            let metadata = fs::metadata(root.join(&file.path)).unwrap();
            assert_eq!(file.stat, Stat::of(&metadata), "{}", file.path);
        }
    }

    #[test]
    fn links_hidden_and_unwanted_names() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for directory in ["pool/real", "pool/.hidden", "pool/not"] {
            fs::create_dir_all(root.join(directory)).unwrap();
            fs::write(root.join(directory).join("file"), "").unwrap();
        }
        fs::write(root.join("pool/not.deb"), "").unwrap();
        fs::write(root.join("pool/.partial.deb"), "").unwrap();
        symlink("real/file", root.join("pool/link")).unwrap();
        symlink("nowhere", root.join("pool/broken")).unwrap();
        symlink("real", root.join("pool/directory")).unwrap();
        symlink("..", root.join("pool/real/up")).unwrap();
        let (files, linked) = met(root, Some("pool")).unwrap();
        let wanted = [
            "pool/broken ?",
            "pool/link",
            "pool/not.deb",
            "pool/real/file",
        ];
        assert_eq!(files, wanted);
        assert_eq!(linked, ["pool/directory", "pool/real/up"]);
        assert!(met(root, Some("nowhere")).is_err());
        assert!(met(root, Some("pool/link")).is_err());
    }

    #[test]
    fn names_that_no_client_could_ask_for_are_refused() {
        for name in [
            &b"\xff.deb"[..],
            b"a\\b.deb",
            b"a\nb.deb",
            "\u{85}".as_bytes(),
        ] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(OsStr::from_bytes(name)), "").unwrap();
            let refused = met(folder.path(), None).unwrap_err();
            assert!(matches!(refused, Error::UnsafePath { .. }), "{name:?}");
            // Unless nobody wants them.
            let pool = walk(folder.path(), None, &|_| false).unwrap();
            assert!(pool.files.is_empty());
        }
    }
}
