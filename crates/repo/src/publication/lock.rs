//! The right to change a repository: one at a time, across processes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

use super::journal;
use crate::{Error, Result};

/// What belongs to the publisher, beneath the repository's root. No reader needs it.
pub const FOLDER: &str = ".pkgseal";

/// How often a taken lock is tried again.
const TRY: Duration = Duration::from_millis(20);

/// Bytes of an owner record that are read.
const RECORD: u64 = 4096;

/// The right to change a repository. While it is held, no other process publishes or
/// signs there; whoever wants to derive indices from packages takes it before looking at
/// them, so that nothing added meanwhile is lost.
///
/// It is a `flock(2)` on `ROOT/.pkgseal/lock`: the kernel gives it back when its owner
/// dies, however it dies. The file says who the owner is, for messages only.
///
/// Whoever takes it first completes what a killed owner left unfinished.
#[derive(Debug)]
pub struct Lock {
    /// As it was named.
    named: PathBuf,
    /// Links resolved.
    root: PathBuf,
    folder: PathBuf,
    file: File,
    /// Directories whose publication taking the lock completed.
    completed: Vec<String>,
}

impl Lock {
    /// Takes the lock of a repository, waiting at most so long for another owner.
    /// `time` is noted as the moment it was taken.
    ///
    /// # Errors
    /// [`Error::Locked`] names the owner; [`Error::Journal`] when a publication was left
    /// unfinished and cannot be completed; [`Error::Read`], [`Error::Write`].
    pub fn take(root: &Path, wait: Duration, time: Timestamp) -> Result<Self> {
        let named = root.to_owned();
        let root = root
            .canonicalize()
            .map_err(|error| Error::read(root, error))?;
        let folder = root.join(FOLDER);
        let path = folder.join("lock");
        let mut waited = Duration::ZERO;
        let file = loop {
            prepare(&root, &folder)?;
            match attempt(&path).map_err(|error| Error::write(&path, error))? {
                Attempt::Taken(file) => break file,
                Attempt::Gone => {}
                Attempt::Busy(file) => {
                    if waited >= wait {
                        return Err(Error::Locked {
                            path: named,
                            owner: owner(file),
                        });
                    }
                    std::thread::sleep(TRY);
                    waited += TRY;
                }
            }
        };
        let mut lock = Self {
            named,
            root,
            folder,
            file,
            completed: Vec::new(),
        };
        lock.sign_in(time);
        lock.completed = journal::recover(&lock.root, &lock.folder)?;
        Ok(lock)
    }

    /// The repository, as it was named.
    pub fn named(&self) -> &Path {
        &self.named
    }

    /// The repository, links resolved.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Directories whose publication an earlier process had left unfinished, and which
    /// this one completed when it took the lock; `.` is the root itself.
    pub fn completed(&self) -> &[String] {
        &self.completed
    }

    /// Where its owner keeps what no reader needs: [`FOLDER`] beneath the root.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes who we are. A courtesy: on a full disk the lock holds without it.
    fn sign_in(&mut self, time: Timestamp) {
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let host = match host.trim() {
            "" => "an unknown host",
            host => host,
        };
        let (pid, user) = (std::process::id(), own_user());
        let record = format!("process {pid} of user {user} on {host}, since {time}\n");
        let _ = self.file.set_len(0);
        let _ = self.file.write_all(record.as_bytes());
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
        if !journal::stands(&self.folder) {
            journal::sweep(&self.folder);
            // Where nothing has to be remembered, nothing is left behind. Who waits for
            // the removed file sees that it is another one, and starts anew.
            let alone = fs::read_dir(&self.folder).is_ok_and(|entries| entries.count() == 1);
            if alone {
                let _ = fs::remove_file(self.folder.join("lock"));
                let _ = fs::remove_dir(&self.folder);
            }
        }
    }
}

/// What trying once gave.
enum Attempt {
    Taken(File),
    Busy(File),
    /// The folder or the file was removed by an owner who left.
    Gone,
}

fn attempt(path: &Path) -> io::Result<Attempt> {
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .mode(0o664)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(path);
    let file = match opened {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Attempt::Gone),
        opened => opened?,
    };
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => return Ok(Attempt::Busy(file)),
        Err(Errno::INTR) => return Ok(Attempt::Gone),
        locked => locked?,
    }
    let ours = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(there) if (there.dev(), there.ino()) == (ours.dev(), ours.ino()) => {
            Ok(Attempt::Taken(file))
        }
        Ok(_) => Ok(Attempt::Gone),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Attempt::Gone),
        Err(error) => Err(error),
    }
}

/// Makes the folder, with the root's own mode: whoever may write there may publish.
fn prepare(root: &Path, folder: &Path) -> Result<()> {
    match fs::symlink_metadata(folder) {
        Ok(there) if there.is_dir() => return Ok(()),
        Ok(_) => {
            let other = io::Error::new(ErrorKind::NotADirectory, "it is not a directory");
            return Err(Error::write(folder, other));
        }
        Err(_) => {}
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(Error::write(folder, error));
        }
        _ => {}
    }
    // The folder may be gone again already, and the mode is a courtesy to a group.
    if let Ok(metadata) = fs::metadata(root) {
        let mode = metadata.permissions().mode() & 0o777 | 0o700;
        let _ = fs::set_permissions(folder, fs::Permissions::from_mode(mode));
    }
    Ok(())
}

/// What the owner wrote, in one line.
fn owner(file: File) -> String {
    let mut record = String::new();
    let _ = file.take(RECORD).read_to_string(&mut record);
    match record.lines().next() {
        Some(line) if !line.is_empty() => line.to_owned(),
        _ => "another process".to_owned(),
    }
}

/// Our user, as the kernel tells it.
fn own_user() -> u32 {
    fs::metadata("/proc/self").map_or(0, |process| process.uid())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time() -> Timestamp {
        "2025-03-01T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_second_owner_waits_or_learns_who_the_first_is() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path(), Duration::ZERO, time()).unwrap();
        let refused = Lock::take(folder.path(), Duration::from_millis(50), time()).unwrap_err();
        let message = refused.to_string();
        let pid = format!("process {} of user", std::process::id());
        assert!(message.contains(&pid), "{message}");
        assert!(message.contains("since 2025-03-01T00:00:00Z"), "{message}");
        drop(first);
        drop(Lock::take(folder.path(), Duration::ZERO, time()).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_record_without_an_owner_blocks_nobody() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(FOLDER)).unwrap();
        fs::write(folder.path().join(".pkgseal/lock"), "process 1 of user 0\n").unwrap();
        let lock = Lock::take(folder.path(), Duration::ZERO, time()).unwrap();
        let record = fs::read_to_string(lock.folder().join("lock")).unwrap();
        assert!(record.starts_with(&format!("process {} ", std::process::id())));
        assert_eq!(record.lines().count(), 1);
    }

    #[test]
    fn a_link_in_place_of_the_folder_or_the_file_is_refused() {
        let elsewhere = tempfile::tempdir().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join(FOLDER);
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        assert!(Lock::take(folder.path(), Duration::ZERO, time()).is_err());
        fs::remove_file(&link).unwrap();
        fs::create_dir(&link).unwrap();
        let victim = elsewhere.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        std::os::unix::fs::symlink(&victim, link.join("lock")).unwrap();
        assert!(Lock::take(folder.path(), Duration::ZERO, time()).is_err());
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    }

    #[test]
    fn many_threads_never_hold_it_together() {
        use std::sync::atomic::{AtomicU32, Ordering};
        let folder = tempfile::tempdir().unwrap();
        let inside = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let lock =
                            Lock::take(folder.path(), Duration::from_secs(600), time()).unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
