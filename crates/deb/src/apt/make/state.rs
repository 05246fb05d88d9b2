//! What the last run made of a suite, so that the next one need not make it again.

use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pkgseal_repo::publication::{Decoder, Encoder, Stat};
use pkgseal_repo::{Digests, Finding, SafePath, StagedFile};

use crate::{Error, Result};

const TITLE: &str = "pkgseal index 1";
/// Bytes of the state on the disk.
const LIMIT: u64 = 256 << 20;

/// One form of an index, as the Release lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variant {
    /// Relative to the suite.
    pub(super) path: SafePath,
    pub(super) size: u64,
    pub(super) digests: Digests,
}

/// An index as it was made last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Made {
    /// The text itself, whether it stands there or not.
    pub(super) plain: Variant,
    /// What stands there.
    pub(super) stored: Vec<Variant>,
}

/// A file that was published, and what it was then.
pub(super) type Output = (SafePath, Stat);

/// What the last run made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// Digest of the options and of what the pool was; empty if files were too young to
    /// tell.
    pub(super) inputs: Vec<u8>,
    /// Who signed, as the command describes the keys.
    pub(super) signing: Vec<String>,
    /// Until when clients may use it.
    pub(super) valid_until: Option<Timestamp>,
    /// Files below the suite.
    pub(super) outputs: Vec<Output>,
    pub(super) indices: Vec<Made>,
}

/// Where the state of a suite is. Suites may have slashes in their names.
fn path(folder: &Path, suite: Option<&SafePath>) -> PathBuf {
    let name = match suite {
        None => "index".to_owned(),
        Some(suite) => format!(
            "index-{}",
            suite.as_str().replace('%', "%25").replace('/', "%2f")
        ),
    };
    folder.join(name)
}

impl State {
    /// What the last run left; damaged state is put aside and told of.
    ///
    /// # Errors
    /// [`Error::Repo`] when it cannot be read.
    pub(super) fn read(
        folder: &Path,
        suite: Option<&SafePath>,
    ) -> Result<(Option<Self>, Option<Finding>)> {
        let path = path(folder, suite);
        let Some(bytes) = super::read_if_there(&path, LIMIT)? else {
            return Ok((None, None));
        };
        match Self::decode(&bytes) {
            Some(state) => Ok((Some(state), None)),
            None => Ok((None, Some(super::put_aside(&path)))),
        }
    }

    /// As [`State::read`], of undamaged state only.
    ///
    /// # Errors
    /// As [`State::read`].
    pub(super) fn peek(folder: &Path, suite: Option<&SafePath>) -> Result<Option<Self>> {
        Ok(Self::read(folder, suite)?.0)
    }

    /// Remembers it.
    ///
    /// # Errors
    /// [`Error::Repo`].
    pub(super) fn write(&self, folder: &Path, suite: Option<&SafePath>) -> Result<()> {
        let path = path(folder, suite);
        let mut staged = StagedFile::create(&path)?;
        staged
            .write_all(&self.encode())
            .map_err(|error| Error::write(&path, error))?;
        Ok(staged.commit()?)
    }

    /// Whether everything that was published stands there untouched.
    pub(super) fn stands(&self, directory: &Path) -> bool {
        self.outputs
            .iter()
            .all(|(path, stat)| stands(directory, path, stat))
    }

    /// How an index was made, if its text was this, in these forms, and all of them still
    /// stand there.
    pub(super) fn made(
        &self,
        plain: &Variant,
        stored: &[SafePath],
        directory: &Path,
    ) -> Option<&Made> {
        let made = self.indices.iter().find(|made| made.plain == *plain)?;
        let same = made
            .stored
            .iter()
            .map(|variant| &variant.path)
            .eq(stored.iter());
        let stands = || {
            stored.iter().all(|path| {
                let output = self.outputs.iter().find(|(other, _)| other == path);
                output.is_some_and(|(path, stat)| stands(directory, path, stat))
            })
        };
        (same && stands()).then_some(made)
    }

    fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::new(TITLE);
        encoder.bytes(&self.inputs);
        encoder.number(self.signing.len() as u64);
        self.signing.iter().for_each(|key| encoder.text(key));
        encoder.signed(self.valid_until.map_or(i64::MIN, Timestamp::as_second));
        encoder.number(self.outputs.len() as u64);
        for (path, stat) in &self.outputs {
            encoder.text(path.as_str());
            stat.encode(&mut encoder);
        }
        encoder.number(self.indices.len() as u64);
        for made in &self.indices {
            made.plain.encode(&mut encoder);
            encoder.number(made.stored.len() as u64);
            for variant in &made.stored {
                variant.encode(&mut encoder);
            }
        }
        encoder.close()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut decoder = Decoder::open(bytes, TITLE)?;
        let mut state = Self {
            inputs: decoder.bytes()?.to_vec(),
            ..Self::default()
        };
        for _ in 0..decoder.number()? {
            state.signing.push(decoder.text()?.to_owned());
        }
        state.valid_until = match decoder.signed()? {
            i64::MIN => None,
            seconds => Some(Timestamp::from_second(seconds).ok()?),
        };
        for _ in 0..decoder.number()? {
            let path = SafePath::new(decoder.text()?).ok()?;
            state.outputs.push((path, Stat::decode(&mut decoder)?));
        }
        for _ in 0..decoder.number()? {
            let plain = Variant::decode(&mut decoder)?;
            let mut stored = Vec::new();
            for _ in 0..decoder.number()? {
                stored.push(Variant::decode(&mut decoder)?);
            }
            state.indices.push(Made { plain, stored });
        }
        decoder.is_at_end().then_some(state)
    }
}

impl Variant {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.text(self.path.as_str());
        encoder.number(self.size);
        encoder.digests(&self.digests);
    }

    fn decode(decoder: &mut Decoder<'_>) -> Option<Self> {
        Some(Self {
            path: SafePath::new(decoder.text()?).ok()?,
            size: decoder.number()?,
            digests: decoder.digests()?,
        })
    }
}

/// Whether a file is what it was. Publishing another generation makes and removes links
/// to it, which changes its inode and nothing else.
fn stands(directory: &Path, path: &SafePath, stat: &Stat) -> bool {
    std::fs::symlink_metadata(directory.join(path))
        .is_ok_and(|metadata| metadata.is_file() && Stat::of(&metadata).same_content(stat))
}
