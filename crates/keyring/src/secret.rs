//! Secret key files and passphrases: read once, wiped from memory, never shown.

use std::fs::File;
use std::io::Read;
use std::os::fd::RawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use pkgseal_openpgp::{Fingerprint, Signer};
use zeroize::{Zeroize, Zeroizing};

use crate::signers::pinentry;
use crate::{Error, Result, guard_process};

/// Bytes of a secret key file, at most.
const KEY_FILE: usize = 1 << 20;
/// Bytes of a passphrase, at most.
const PASSPHRASE: usize = 4096;

/// Reads a secret key file that nobody else may read.
///
/// # Errors
/// [`Error::ReadableByOthers`] when group or others have any right on it;
/// [`Error::File`] when it cannot be read or is larger than 1 MiB.
pub fn read_key_file(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    read_secret(path, KEY_FILE)
}

/// Opens a secret key file for signing: as [`Signer::open`], the passphrase read only if
/// the key is protected.
///
/// # Errors
/// As [`read_key_file`], [`Passphrase::read`] and [`Signer::open`].
pub fn open_signer(path: &Path, passphrase: Option<&Passphrase>, now: Timestamp) -> Result<Signer> {
    let key = read_key_file(path)?;
    with_words(passphrase, &format!("key {}", path.display()), |ask| {
        open_key(&key, path, None, ask, now)
    })
}

/// The words of a passphrase, where there is a source of them.
pub(crate) type Words = Option<Result<Zeroizing<Vec<u8>>>>;

/// Runs what may ask for a passphrase; again where a person gave a wrong one, as often as
/// gpg asks.
pub(crate) fn with_words<T>(
    source: Option<&Passphrase>,
    what: &str,
    mut run: impl FnMut(&mut dyn FnMut() -> Words) -> Result<T>,
) -> Result<T> {
    let asked = matches!(source, Some(Passphrase::Pinentry));
    let mut attempt = pinentry::Attempt::FIRST;
    loop {
        let entry = pinentry::Words::Known(attempt);
        let done = run(&mut || source.map(|source| source.read_words(what, entry)));
        match (done, attempt.next()) {
            (Err(Error::OpenPgp(pkgseal_openpgp::Error::WrongPassphrase { .. })), Some(next))
                if asked =>
            {
                attempt = next
            }
            (done, _) => return done,
        }
    }
}

/// Opens a secret key in memory; `path` is what errors call it. `passphrase` is asked for
/// only if the key is protected.
pub(crate) fn open_key(
    key: &[u8],
    path: &Path,
    selected: Option<&Fingerprint>,
    passphrase: impl FnOnce() -> Words,
    now: Timestamp,
) -> Result<Signer> {
    let mut failed = None;
    let words = || match passphrase() {
        Some(Ok(mut words)) => Ok(std::mem::take(&mut *words)),
        Some(Err(error)) => {
            let reason = error.to_string();
            failed = Some(error);
            Err(no_passphrase(path, reason))
        }
        None => Err(no_passphrase(
            path,
            "it is protected and no passphrase is given".to_owned(),
        )),
    };
    let opened = match selected {
        None => Signer::open(key, words, now),
        Some(selected) => Signer::open_selected(key, selected, words, now),
    };
    match failed {
        Some(error) => Err(error),
        None => Ok(opened?),
    }
}

fn no_passphrase(path: &Path, reason: String) -> pkgseal_openpgp::Error {
    pkgseal_openpgp::Error::Key {
        key: path.display().to_string(),
        reason,
    }
}

/// Where a passphrase comes from. Never an argument or the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passphrase {
    /// A file that nobody else may read.
    File(PathBuf),
    /// An open file descriptor, read to its end, once for any number of keys.
    Fd(Descriptor),
    /// A person, through pinentry: `PINENTRY_PROGRAM`, else `pinentry` on `PATH`.
    Pinentry,
    /// A systemd credential: a file of this name in `$CREDENTIALS_DIRECTORY`, which the
    /// caller passes in.
    Credential {
        /// The directory.
        directory: PathBuf,
        /// The credential's name, no path.
        name: String,
    },
}

/// A file descriptor, and what was read from it: a pipe gives it only once. Wiped when the
/// last copy of this goes.
#[derive(Clone)]
pub struct Descriptor {
    number: RawFd,
    read: Arc<Mutex<Option<Zeroizing<Vec<u8>>>>>,
}

impl Descriptor {
    /// An open file descriptor by its number.
    pub fn new(number: RawFd) -> Self {
        Self {
            number,
            read: Arc::default(),
        }
    }

    fn read(&self) -> Result<Zeroizing<Vec<u8>>> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(words) = &*read {
            return Ok(words.clone());
        }
        let words = read_descriptor(self.number)?;
        *read = Some(words.clone());
        Ok(words)
    }
}

impl std::fmt::Debug for Descriptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Descriptor").field(&self.number).finish()
    }
}

impl PartialEq for Descriptor {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Descriptor {}

impl Passphrase {
    /// Reads it; one line end at its end is taken off.
    ///
    /// # Errors
    /// [`Error::Passphrase`] when it is empty, holds a NUL or several lines, or its name
    /// is a path; [`Error::ReadableByOthers`]; [`Error::File`] when it cannot be read;
    /// [`Error::Pinentry`] when nobody could be asked.
    pub fn read(&self) -> Result<Zeroizing<Vec<u8>>> {
        self.read_of("the secret key")
    }

    /// As [`Passphrase::read`]; a person is told what the passphrase is of.
    ///
    /// # Errors
    /// As [`Passphrase::read`].
    pub fn read_of(&self, what: &str) -> Result<Zeroizing<Vec<u8>>> {
        self.read_words(what, pinentry::Words::Known(pinentry::Attempt::FIRST))
    }

    /// As [`Passphrase::read`], for a passphrase that is to be: a person types it twice.
    ///
    /// # Errors
    /// As [`Passphrase::read`]; also when the two differ.
    pub fn read_new(&self) -> Result<Zeroizing<Vec<u8>>> {
        self.read_words("the secret key", pinentry::Words::New)
    }

    fn read_words(&self, what: &str, asked: pinentry::Words) -> Result<Zeroizing<Vec<u8>>> {
        guard_process()?;
        let mut words = match self {
            Self::Pinentry => pinentry::ask(what, asked)?,
            Self::File(path) => read_secret(path, PASSPHRASE)?,
            Self::Fd(descriptor) => descriptor.read()?,
            Self::Credential { directory, name } => {
                let plain = !name.is_empty() && !name.contains('/') && name != "." && name != "..";
                if !plain {
                    return Err(self.refused("its name must be a plain file name"));
                }
                read_secret(&directory.join(name), PASSPHRASE)?
            }
        };
        if words.ends_with(b"\n") {
            words.pop();
            if words.ends_with(b"\r") {
                words.pop();
            }
        }
        if words.is_empty() {
            return Err(self.refused("it is empty"));
        }
        if words.contains(&b'\n') {
            return Err(self.refused("it has several lines; one is needed"));
        }
        if words.contains(&0) {
            return Err(self.refused("it holds a NUL byte"));
        }
        Ok(words)
    }

    fn refused(&self, reason: &str) -> Error {
        Error::Passphrase {
            source_name: match self {
                Self::File(path) => path.display().to_string(),
                Self::Fd(descriptor) => format!("file descriptor {}", descriptor.number),
                Self::Pinentry => "pinentry".to_owned(),
                Self::Credential { name, .. } => format!("credential {name}"),
            },
            reason: reason.to_owned(),
        }
    }
}

fn read_secret(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>> {
    guard_process()?;
    let file = File::open(path).map_err(|source| unreadable(path, source))?;
    let metadata = file.metadata().map_err(|source| unreadable(path, source))?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(Error::ReadableByOthers {
            path: path.to_owned(),
            mode,
        });
    }
    read_limited(file, path, limit)
}

/// Opened anew, so that the caller's descriptor needs no unsafe adoption.
fn read_descriptor(number: RawFd) -> Result<Zeroizing<Vec<u8>>> {
    let path = PathBuf::from(format!("/dev/fd/{number}"));
    let file = File::open(&path).map_err(|source| unreadable(&path, source))?;
    read_limited(file, &path, PASSPHRASE)
}

/// Reads into a buffer that does not grow where it is, for that would leave copies behind.
fn read_limited(mut file: File, path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>> {
    // A file says how long it is, and what is longer than it has to be is wiped too.
    let expected = match file.metadata() {
        Ok(metadata) if metadata.is_file() => {
            usize::try_from(metadata.len()).map_or(limit, |length| length.min(limit))
        }
        _ => limit,
    };
    let mut buffer = Zeroizing::new(vec![0; expected.saturating_add(1)]);
    let mut length = 0;
    loop {
        if length == buffer.len() && length <= limit {
            // Longer than it said. The old buffer is wiped.
            let mut larger = Zeroizing::new(vec![0; limit.saturating_add(1)]);
            larger
                .iter_mut()
                .zip(buffer.iter())
                .for_each(|(to, from)| *to = *from);
            buffer = larger;
        }
        let rest = buffer.get_mut(length..).unwrap_or_default();
        match file.read(rest) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(source) => return Err(unreadable(path, source)),
        }
    }
    if length > limit {
        return Err(Error::File(pkgseal_repo::Error::TooLarge {
            path: path.to_owned(),
            limit: limit as u64,
        }));
    }
    if let Some(unused) = buffer.get_mut(length..) {
        unused.zeroize();
    }
    buffer.truncate(length);
    Ok(buffer)
}

fn unreadable(path: &Path, source: std::io::Error) -> Error {
    Error::File(pkgseal_repo::Error::Read {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path, limit: usize) -> Result<Vec<u8>> {
        read_limited(File::open(path).unwrap(), path, limit).map(|read| read.to_vec())
    }

    #[test]
    fn a_file_is_read_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for length in [0, 1, 4_095, 4_096] {
            let bytes = vec![7; length];
            std::fs::write(&path, &bytes).unwrap();
            assert_eq!(read(&path, 4_096).unwrap(), bytes);
        }
        std::fs::write(&path, vec![7; 4_097]).unwrap();
        assert!(read(&path, 4_096).is_err());
    }

    /// Files of the kernel say that they are empty.
    #[test]
    fn a_file_may_be_longer_than_it_says() {
        let path = Path::new("/proc/self/cmdline");
        assert_eq!(std::fs::metadata(path).unwrap().len(), 0);
        let whole = std::fs::read(path).unwrap();
        assert_eq!(read(path, 1 << 20).unwrap(), whole);
        assert_eq!(read(path, whole.len()).unwrap(), whole);
        assert!(read(path, whole.len() - 1).is_err());
    }
}
