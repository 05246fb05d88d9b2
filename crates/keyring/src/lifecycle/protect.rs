//! Secret parts: their passphrase, and the files they are in.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pkgseal_openpgp::Fingerprint;
use pkgseal_openpgp::edit::{SecretForm, SecretKey};
use pkgseal_repo::{Destination, StagedFile};

use super::file::{same_secrets, words};
use super::{Changed, KeyFile, Step, warn};
use crate::secret::with_words;
use crate::{Error, Passphrase, Result};

/// Protects the secret parts of a key with another passphrase, or with none.
///
/// # Errors
/// [`Error::OpenPgp`] when a part does not open with the old passphrase, or is not here;
/// as [`Passphrase::read`] for both.
pub fn protect(
    file: &KeyFile,
    old: Option<&Passphrase>,
    new: Option<&Passphrase>,
    now: Timestamp,
) -> Result<Changed> {
    let new = new.map(Passphrase::read_new).transpose()?;
    let what = format!("key {}", file.path().display());
    let key = with_words(old, &what, |ask| {
        let (mut used, mut failed) = (None, None);
        let protected = file.key().clone().protect(
            || words(file.path(), ask(), &mut used, &mut failed),
            new.as_ref().map(|words| words.as_slice()),
        );
        failed.map_or_else(|| Ok(protected?), Err)
    })?;
    // The new words open what was made, or nobody would ever again.
    if let Some(new) = &new {
        key.unlock(|| Ok(new.to_vec()))?;
    }
    let expected = match new {
        Some(_) => SecretForm::Locked,
        None => SecretForm::Open,
    };
    let parts = key.parts();
    let changed = parts.iter().filter(|part| part.form == expected).count();
    Ok(unchanged(
        file,
        key,
        now,
        Step::Protected {
            parts: changed,
            locked: new.is_some(),
        },
    ))
}

/// Takes over what other files of the same key have: secret parts that are missing here,
/// and signatures. Without any other file, the key learns what was published of it.
///
/// # Errors
/// [`Error::OpenPgp`] when one is of another key, or has nothing that is missing here.
pub fn join(file: &KeyFile, others: &[KeyFile], now: Timestamp) -> Result<Changed> {
    let there = |key: &SecretKey| -> Vec<Fingerprint> {
        let parts = key.parts().into_iter();
        parts
            .filter(|part| part.form.is_there())
            .map(|part| part.fingerprint)
            .collect()
    };
    let before = there(file.key());
    let mut key = file.key().clone();
    for other in others {
        key = key.join(other.key())?;
    }
    let mut keys = there(&key);
    keys.retain(|part| !before.contains(part));
    let step = match keys.is_empty() {
        true => Step::Merged,
        false => Step::Joined { keys },
    };
    Ok(unchanged(file, key, now, step))
}

/// Takes the primary key's secret part off into a file of its own, which must not exist,
/// and leaves those of the subkeys with a stub, as gpg's `--export-secret-subkeys` does.
/// The offline file stands on its disk and was read back before the other one is replaced.
///
/// # Errors
/// [`Error::Exists`]; [`Error::OpenPgp`] when there is nothing to part; [`Error::File`].
pub fn split(
    file: &KeyFile,
    offline: &Path,
    destination: &Destination,
    now: Timestamp,
) -> Result<(Changed, [PathBuf; 2])> {
    if offline.symlink_metadata().is_ok() {
        return Err(Error::Exists {
            path: offline.to_owned(),
        });
    }
    let (primary, subkeys) = file.key().split()?;
    // Not one part may be lost between the two.
    if !same_secrets(&primary.clone().join(&subkeys)?, file.key()) {
        return Err(Error::KeyFile {
            path: file.path().to_owned(),
            reason: "the two files would not make up the key".to_owned(),
        });
    }
    let staged: StagedFile = file.stage(offline, &primary)?;
    staged.commit()?;
    let changed = unchanged(
        file,
        subkeys,
        now,
        Step::Parted {
            offline: offline.to_owned(),
        },
    );
    let written = file.write(&changed, destination)?;
    Ok((changed, written))
}

fn unchanged(file: &KeyFile, key: SecretKey, now: Timestamp, step: Step) -> Changed {
    let before = file.certificate();
    let after = key.certificate();
    Changed {
        findings: warn::about(&before, &after, now),
        before,
        after,
        steps: vec![step],
        key: Some(key),
    }
}
