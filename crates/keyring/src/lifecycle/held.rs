//! Certificates whose secret part is held elsewhere: by gpg-agent, on a token, behind a
//! command; or by nobody here.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use openpgp::packet::Key;
use openpgp::packet::key::{SecretParts, SubordinateRole};
use pkgseal_openpgp::edit::SecretKey;
use pkgseal_openpgp::{Certificate, Certificates};
use pkgseal_repo::{Destination, Finding, Limits, StagedFile, StagedSet};
use sequoia_openpgp as openpgp;

use super::custody::{Custody, Opened, Written};
use super::file::{directory, read_back};
use super::{Changed, Step};
use crate::signers::{Held, Holders};
use crate::{
    Encoding, Error, Form, KeySource, Loaded, Passphrase, Result, SignerError, codes, open_all,
    store,
};

/// A public certificate and the file it is in.
#[derive(Clone, Debug)]
pub struct PublicCopy {
    certificate: Certificate,
    place: Place,
    findings: Vec<Finding>,
}

/// Where a changed certificate goes.
#[derive(Clone, Debug)]
enum Place {
    /// Over the one file it came from.
    Over(PathBuf, Encoding),
    /// Into a new file, for it came from none.
    New,
    /// Into a new file elsewhere: why not over the one it came from.
    Elsewhere(&'static str),
}

impl PublicCopy {
    /// Opens the one certificate that files hold: several copies of it are joined. What is
    /// changed is written over the file where there is one, and it holds nothing else.
    ///
    /// # Errors
    /// [`Error::KeyFile`] when they hold no certificate, several, or a secret key; as
    /// [`open_all`].
    pub fn open(paths: &[PathBuf]) -> Result<Self> {
        let loaded = read(paths)?;
        let first = loaded.certificates.iter().next().cloned();
        let named = paths.first().cloned().unwrap_or_default();
        let refuse = |reason: &str| {
            Err(Error::KeyFile {
                path: named.clone(),
                reason: reason.to_owned(),
            })
        };
        if loaded.findings.iter().any(|one| one.code == codes::SECRET) {
            return refuse("it holds a secret key, and a public certificate belongs there");
        }
        match first {
            Some(_) if loaded.certificates.len() > 1 => {
                refuse("it holds several certificates, and one is changed at a time")
            }
            Some(certificate) => Ok(Self::of(certificate, loaded)),
            None => refuse("there is no certificate in it"),
        }
    }

    fn of(certificate: Certificate, loaded: Loaded) -> Self {
        let place = match loaded.sources.as_slice() {
            [] => Place::New,
            [one] if one.certificates.len() > 1 => {
                Place::Elsewhere("other certificates are in the same file")
            }
            [one] => match one.form {
                Form::Binary => Place::Over(one.path.clone(), Encoding::Binary),
                Form::Armored => Place::Over(one.path.clone(), Encoding::Armored),
                Form::Inline => Place::Elsewhere("it is part of another file"),
            },
            _ => Place::Elsewhere("it came from several files"),
        };
        Self {
            certificate,
            place,
            findings: loaded.findings,
        }
    }

    /// What was found wrong with the files.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Where the changed certificate goes.
    fn target(&self, destination: &Destination) -> Result<(PathBuf, Encoding)> {
        let fingerprint = self.certificate.fingerprint();
        let (path, encoding) = match (&self.place, destination) {
            (Place::Over(path, encoding), Destination::Beside) => {
                return Ok((path.clone(), *encoding));
            }
            (Place::Over(path, encoding), Destination::Directory(_)) => {
                (destination.resolve(path), *encoding)
            }
            (Place::Elsewhere(why), Destination::Beside) => {
                return Err(Error::Request {
                    field: "certificate",
                    reason: format!(
                        "it cannot be replaced where it is, for {why}: say where it goes with --output DIR"
                    ),
                });
            }
            (Place::New | Place::Elsewhere(_), _) => {
                let name = PathBuf::from(format!("{fingerprint}.cert.asc"));
                (destination.resolve(&name), Encoding::Armored)
            }
        };
        // A dangling link is in the way too.
        let same = matches!(&self.place, Place::Over(over, _) if *over == path);
        if !same && path.symlink_metadata().is_ok() {
            return Err(Error::KeyFile {
                path,
                reason: "it is there already: name it with --certificate, and what is changed is \
                         written over it"
                    .to_owned(),
            });
        }
        Ok((path, encoding))
    }
}

fn read(paths: &[PathBuf]) -> Result<Loaded> {
    for path in paths {
        if pkgseal_repo::unfinished(directory(path)) {
            pkgseal_repo::complete(directory(path))?;
        }
    }
    match paths {
        [] => Ok(Loaded::default()),
        paths => open_all(paths, &Limits::default()),
    }
}

impl Custody for PublicCopy {
    fn certificate(&self) -> Certificate {
        self.certificate.clone()
    }

    fn open(&self, _: Option<&Passphrase>) -> Result<Opened> {
        let path = match &self.place {
            Place::Over(path, _) => path.clone(),
            Place::New | Place::Elsewhere(_) => PathBuf::new(),
        };
        Err(Error::KeyFile {
            path,
            reason: "only the public certificate is here; the secret key is needed to sign"
                .to_owned(),
        })
    }

    fn secret(
        &self,
        after: &Certificate,
        subkey: Option<Key<SecretParts, SubordinateRole>>,
    ) -> Result<Option<SecretKey>> {
        let alone = subkey.map(|subkey| SecretKey::of_subkey(after, subkey));
        Ok(alone.transpose()?)
    }

    fn advice(&self, _: &Changed) -> Vec<Finding> {
        Vec::new()
    }

    fn prepare(&self, destination: &Destination) -> Result<()> {
        self.target(destination).map(drop)
    }

    fn store(&self, changed: &Changed, destination: &Destination) -> Result<Written> {
        destination.prepare()?;
        let (certificate, encoding) = self.target(destination)?;
        let wanted = std::slice::from_ref(&changed.after);
        let bytes = encoding.encode(&Certificates::new(wanted.to_vec()));
        let mut set = StagedSet::new();
        let mut secret = Vec::new();
        if let Some(key) = changed.key() {
            let path = subkey_path(&certificate, changed);
            if path.symlink_metadata().is_ok() {
                return Err(Error::Exists { path });
            }
            let bytes = key.to_armored()?;
            let mut file = StagedFile::create_secret(&path)?;
            file.write_all(&bytes).map_err(|source| {
                Error::File(pkgseal_repo::Error::Write {
                    path: path.clone(),
                    source,
                })
            })?;
            read_back(&mut file, &path, key, bytes.len())?;
            set.push(file);
            secret.push(path);
        }
        set.push(store::stage(&certificate, &bytes, wanted)?);
        match secret.is_empty() {
            true => set.commit()?,
            false => set.commit_together(directory(&certificate))?,
        };
        Ok(Written {
            secret,
            certificate,
        })
    }
}

/// The file of a new subkey: `FINGERPRINT.key.asc` beside the certificate.
fn subkey_path(certificate: &Path, changed: &Changed) -> PathBuf {
    let added = changed.steps.iter().find_map(|step| match step {
        Step::Added { key, .. } => Some(key.to_string()),
        _ => None,
    });
    let name = added.unwrap_or_else(|| changed.after.fingerprint().to_string());
    certificate.with_file_name(format!("{name}.key.asc"))
}

/// A certificate whose secret part is held by gpg-agent, on a token, behind a command.
/// Nothing secret is written but a new subkey, in a file of its own.
#[derive(Clone, Debug)]
pub struct HeldKey {
    copy: PublicCopy,
    source: KeySource,
    more: Vec<KeySource>,
    protection: Option<Passphrase>,
}

impl HeldKey {
    /// Finds the certificate of a key that is no file: in these files, else, of a key of
    /// gpg-agent's, with gpg. The key itself is not opened.
    ///
    /// # Errors
    /// [`Error::Signer`](crate::Error::Signer) when the certificate is not known, several
    /// are, or the source names a subkey; as [`open_all`].
    pub fn open(source: &KeySource, certificates: &[PathBuf]) -> Result<Self> {
        let loaded = read(certificates)?;
        if !certificates.is_empty() && loaded.certificates.is_empty() {
            return Err(
                SignerError::new(source, "no certificate in what --certificate names").into(),
            );
        }
        let certificate = Held::certificate(source, &loaded.certificates)?;
        Ok(Self {
            copy: PublicCopy::of(certificate, loaded),
            source: source.clone(),
            more: Vec::new(),
            protection: None,
        })
    }

    /// With others who have secret parts of the same certificate.
    #[must_use]
    pub fn and(mut self, more: &[KeySource]) -> Self {
        self.more = more.to_vec();
        self
    }

    /// With a passphrase for the file of a new subkey.
    #[must_use]
    pub fn protecting(mut self, words: Option<Passphrase>) -> Self {
        self.protection = words;
        self
    }

    /// What was found wrong with the certificate's files.
    pub fn findings(&self) -> &[Finding] {
        self.copy.findings()
    }
}

impl Custody for HeldKey {
    fn certificate(&self) -> Certificate {
        self.copy.certificate()
    }

    fn open(&self, passphrase: Option<&Passphrase>) -> Result<Opened> {
        let certificate = self.certificate();
        let mut holders = Holders::default();
        for source in std::iter::once(&self.source).chain(&self.more) {
            holders.add(source, &certificate, passphrase)?;
        }
        Ok(Opened {
            holder: Box::new(holders),
            words: self
                .protection
                .as_ref()
                .map(Passphrase::read_new)
                .transpose()?,
        })
    }

    fn secret(
        &self,
        after: &Certificate,
        subkey: Option<Key<SecretParts, SubordinateRole>>,
    ) -> Result<Option<SecretKey>> {
        self.copy.secret(after, subkey)
    }

    fn advice(&self, changed: &Changed) -> Vec<Finding> {
        let mut findings = Vec::new();
        let fingerprint = changed.after.fingerprint().to_string();
        if matches!(self.source, KeySource::GpgAgent(_)) {
            findings.push(
                Finding::note(
                    codes::GPG_KEEPS,
                    fingerprint,
                    "gpg has the certificate as it was: it is not changed with gpg-agent's keys",
                )
                .hint("have it read the new one: gpg --import FILE"),
            );
        }
        if changed.key().is_some() {
            findings.push(
                Finding::note(
                    codes::SUBKEY_APART,
                    changed.after.fingerprint().to_string(),
                    "the new subkey's secret is in a file of its own, and nowhere else",
                )
                .hint("sign with it: --key FILE; or hand it to gpg-agent: gpg --import FILE"),
            );
        }
        findings
    }

    fn prepare(&self, destination: &Destination) -> Result<()> {
        self.copy.prepare(destination)
    }

    fn store(&self, changed: &Changed, destination: &Destination) -> Result<Written> {
        self.copy.store(changed, destination)
    }
}
