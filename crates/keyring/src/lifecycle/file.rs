//! A secret key file and the public certificate beside it.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use pkgseal_openpgp::edit::{SecretKey, Unlocked};
use pkgseal_openpgp::{Certificate, Certificates};
use pkgseal_repo::{Destination, Limits, StagedFile, StagedSet};
use zeroize::Zeroizing;

use super::Changed;
use super::custody::Opened;
use crate::secret::{Words, with_words};
use crate::signers::Holders;
use crate::{Error, Form, KeySource, Passphrase, Result, read_key_file};

/// A secret key file, opened for a change.
#[derive(Clone, Debug)]
pub struct KeyFile {
    path: PathBuf,
    form: Form,
    key: SecretKey,
    certificate_path: PathBuf,
    certificate_form: Form,
    more: Vec<KeySource>,
}

/// Where the certificate of a key file stands: `NAME.cert.asc` beside `NAME.key.asc`,
/// `NAME.asc` or `NAME.gpg`.
pub fn certificate_path(key: &Path) -> PathBuf {
    let name = key.file_name().unwrap_or_default().to_string_lossy();
    let mut stem: &str = &name;
    for suffix in [".asc", ".gpg", ".pgp", ".key"] {
        stem = stem.strip_suffix(suffix).unwrap_or(stem);
    }
    // A name of nothing but a suffix stays whole.
    let stem = if stem.is_empty() { &*name } else { stem };
    key.with_file_name(format!("{stem}.cert.asc"))
}

pub(super) fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

fn refused(path: &Path, reason: impl Into<String>) -> Error {
    Error::KeyFile {
        path: path.to_owned(),
        reason: reason.into(),
    }
}

fn form_of(bytes: &[u8]) -> Form {
    match bytes.first() {
        Some(first) if first & 0x80 != 0 => Form::Binary,
        _ => Form::Armored,
    }
}

impl KeyFile {
    /// Opens a secret key file that nobody else may read, and takes over what the
    /// certificate beside it (see [`certificate_path`]) and `published` have that it lacks.
    /// A change that was interrupted is completed first.
    ///
    /// # Errors
    /// [`Error::ReadableByOthers`], [`Error::File`]; [`Error::OpenPgp`] when it is no
    /// secret key; [`Error::KeyFile`] when something else stands beside it, or `published`
    /// does not have its certificate.
    pub fn open(path: &Path, published: &Certificates) -> Result<Self> {
        if pkgseal_repo::unfinished(directory(path)) {
            pkgseal_repo::complete(directory(path))?;
        }
        let bytes = read_key_file(path)?;
        let form = form_of(&bytes);
        let mut key = SecretKey::parse(&bytes)?;
        let fingerprint = key.fingerprint();

        let certificate_path = certificate_path(path);
        let mut certificate_form = Form::Armored;
        if let Some((certificate, form)) = beside(&certificate_path, &key)? {
            certificate_form = form;
            key = key.merge(certificate)?;
        }
        if !published.is_empty() {
            let certificate = published.get(&fingerprint).ok_or_else(|| {
                refused(
                    path,
                    format!("the certificate given is not that of this key, {fingerprint}"),
                )
            })?;
            key = key.merge(certificate.clone())?;
        }
        Ok(Self {
            path: path.to_owned(),
            form,
            key,
            certificate_path,
            certificate_form,
            more: Vec::new(),
        })
    }

    /// With others who have secret parts of the same certificate that this file lacks.
    #[must_use]
    pub fn and(mut self, more: &[KeySource]) -> Self {
        self.more = more.to_vec();
        self
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The secret key, with what was published since.
    pub fn key(&self) -> &SecretKey {
        &self.key
    }

    /// Its certificate, with what was published since.
    pub fn certificate(&self) -> Certificate {
        self.key.certificate()
    }

    /// Unlocks the secret parts; also gives the passphrase, if one was needed.
    pub(super) fn opened(&self, passphrase: Option<&Passphrase>) -> Result<Opened> {
        let (unlocked, words) = unlock(&self.path, &self.key, passphrase)?;
        let mut holders = Holders::default();
        holders.push(Box::new(unlocked));
        for source in &self.more {
            holders.add(source, &self.certificate(), passphrase)?;
        }
        Ok(Opened {
            holder: Box::new(holders),
            words,
        })
    }

    /// Writes a changed key over this file, or into the destination's directory, and its
    /// certificate beside it: both or none. What was staged is read back first. Returns
    /// the two paths.
    ///
    /// # Errors
    /// [`Error::Exists`] when one of them stands in the other directory already;
    /// [`Error::File`] when they cannot be written; [`Error::KeyFile`] when what was
    /// written does not read back as it should.
    pub fn write(&self, changed: &Changed, destination: &Destination) -> Result<[PathBuf; 2]> {
        destination.prepare()?;
        let key = destination.resolve(&self.path);
        let certificate = destination.resolve(&self.certificate_path);
        if key != self.path {
            for path in [&key, &certificate] {
                // A dangling link is in the way too.
                if path.symlink_metadata().is_ok() {
                    return Err(Error::Exists { path: path.clone() });
                }
            }
        }
        let bytes = match self.certificate_form {
            Form::Binary => changed.after.to_binary(),
            Form::Armored | Form::Inline => changed.after.to_armored(),
        };
        let mut set = StagedSet::new();
        set.push(self.stage(&key, changed.key().unwrap_or(&self.key))?);
        set.push(staged(
            StagedFile::create(&certificate)?,
            &certificate,
            &bytes,
        )?);
        set.commit_together(directory(&key))?;
        Ok([key, certificate])
    }

    /// The secret file, staged and read back.
    pub(super) fn stage(&self, path: &Path, key: &SecretKey) -> Result<StagedFile> {
        let bytes = match self.form {
            Form::Binary => key.to_binary()?,
            Form::Armored | Form::Inline => key.to_armored()?,
        };
        let mut file = staged(StagedFile::create_secret(path)?, path, &bytes)?;
        read_back(&mut file, path, key, bytes.len())?;
        Ok(file)
    }
}

/// Reads a staged secret file and compares it with what it should be.
pub(super) fn read_back(
    file: &mut StagedFile,
    path: &Path,
    key: &SecretKey,
    length: usize,
) -> Result<()> {
    let mut read = Zeroizing::new(Vec::with_capacity(length.saturating_add(1)));
    let unreadable = |source| {
        Error::File(pkgseal_repo::Error::Read {
            path: path.to_owned(),
            source,
        })
    };
    file.reopen()?
        .take(length as u64 + 1)
        .read_to_end(&mut read)
        .map_err(unreadable)?;
    let back = SecretKey::parse(&read)?;
    if back.certificate() != key.certificate() || !same_secrets(&back, key) {
        return Err(refused(
            path,
            "what was written does not read back the same",
        ));
    }
    Ok(())
}

/// Unlocks the secret parts of a key file; also gives the passphrase, if one was needed.
pub(crate) fn unlock(
    path: &Path,
    key: &SecretKey,
    passphrase: Option<&Passphrase>,
) -> Result<(Unlocked, Option<Zeroizing<Vec<u8>>>)> {
    with_words(passphrase, &format!("key {}", path.display()), |ask| {
        let mut used = None;
        let mut failed = None;
        let unlocked = key.unlock(|| words(path, ask(), &mut used, &mut failed));
        match failed {
            Some(error) => Err(error),
            None => Ok((unlocked?, used)),
        }
    })
}

/// Whether both have the same secret parts. A part that is elsewhere may be a stub in one
/// and missing in the other.
pub(super) fn same_secrets(one: &SecretKey, other: &SecretKey) -> bool {
    let there = |key: &SecretKey| {
        let mut parts = key.parts();
        parts.retain(|part| part.form.is_there());
        parts
    };
    there(one) == there(other)
}

/// The passphrase of a key file, kept for what is to be protected with it as well.
pub(super) fn words(
    path: &Path,
    given: Words,
    used: &mut Option<Zeroizing<Vec<u8>>>,
    failed: &mut Option<Error>,
) -> pkgseal_openpgp::Result<Vec<u8>> {
    let no_passphrase = |reason: String| pkgseal_openpgp::Error::Key {
        key: path.display().to_string(),
        reason,
    };
    match given {
        None => Err(no_passphrase(
            "it is protected and no passphrase is given".to_owned(),
        )),
        Some(Err(error)) => {
            let reason = error.to_string();
            *failed = Some(error);
            Err(no_passphrase(reason))
        }
        Some(Ok(words)) => {
            let copy = words.to_vec();
            *used = Some(words);
            Ok(copy)
        }
    }
}

/// The certificate that stands beside a key.
fn beside(path: &Path, key: &SecretKey) -> Result<Option<(Certificate, Form)>> {
    if path.symlink_metadata().is_err() {
        return Ok(None);
    }
    let bytes = pkgseal_repo::read_file(path, Limits::default().certificates)?;
    let (certificates, errors) = Certificate::parse_all(&bytes);
    let mut certificates = certificates.into_iter();
    match (certificates.next(), certificates.next(), errors.first()) {
        (Some(one), None, None) if one.fingerprint() == key.fingerprint() => {
            Ok(Some((one, form_of(&bytes))))
        }
        (Some(one), None, None) => Err(refused(
            path,
            format!(
                "it is another certificate, {}, and the one of this key belongs there",
                one.fingerprint()
            ),
        )),
        (_, _, Some(error)) => Err(refused(
            path,
            format!("not a certificate: {}", error.reason),
        )),
        _ => Err(refused(
            path,
            "it has several certificates; one belongs there",
        )),
    }
}

fn staged(mut file: StagedFile, path: &Path, bytes: &[u8]) -> Result<StagedFile> {
    match file.write_all(bytes).and_then(|()| file.flush()) {
        Ok(()) => Ok(file),
        Err(source) => Err(Error::File(pkgseal_repo::Error::Write {
            path: path.to_owned(),
            source,
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_stands_beside_the_key() {
        for (key, certificate) in [
            ("a/FPR.key.asc", "a/FPR.cert.asc"),
            ("release.asc", "release.cert.asc"),
            ("release.key", "release.cert.asc"),
            ("release.gpg", "release.cert.asc"),
            ("/keys/release.key.gpg", "/keys/release.cert.asc"),
            ("secret", "secret.cert.asc"),
            (".asc", ".asc.cert.asc"),
        ] {
            assert_eq!(certificate_path(Path::new(key)), Path::new(certificate));
        }
    }
}
