//! What the last run made, so that the next one knows when nothing changed.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use pkgseal_repo::publication::{Decoder, Encoder, Stat};
use pkgseal_repo::{Finding, SafePath, StagedFile};

use crate::error::{Error, Result};
use crate::yum::REPOMD;

const TITLE: &str = "pkgseal repomd 1";

/// Bytes of the state on the disk.
const LIMIT: u64 = 64 << 20;

fn path(folder: &Path) -> PathBuf {
    folder.join("repomd")
}

/// What the last run made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// Digest of the options and of what the packages were; empty if files were too young
    /// to tell.
    pub(super) inputs: Vec<u8>,
    /// Who signed, as the command describes the keys.
    pub(super) signing: Vec<String>,
    /// Metadata files, which are named after their content.
    pub(super) made: Vec<SafePath>,
    /// Types of metadata that were kept.
    pub(super) kept: Vec<String>,
    /// Files that were published, and what they were then.
    pub(super) outputs: Vec<(SafePath, Stat)>,
}

impl State {
    /// What the last run left; a finding where it is damaged.
    ///
    /// # Errors
    /// [`Error::Repo`].
    pub(super) fn read(folder: &Path) -> Result<(Option<Self>, Option<Finding>)> {
        let path = path(folder);
        let Some(bytes) = super::read_if_there(&path, LIMIT)? else {
            return Ok((None, None));
        };
        match Self::decode(&bytes) {
            Some(state) => Ok((Some(state), None)),
            None => Ok((None, Some(super::put_aside(&path)))),
        }
    }

    /// Remembers it.
    ///
    /// # Errors
    /// [`Error::Repo`].
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let path = path(folder);
        let mut staged = StagedFile::create(&path)?;
        staged
            .write_all(&self.encode())
            .map_err(|error| Error::write(&path, error))?;
        Ok(staged.commit()?)
    }

    /// Notes what stands there now.
    ///
    /// # Errors
    /// [`Error::Repo`].
    pub(super) fn observe(&mut self, root: &Path, signed: bool) -> Result<()> {
        let mut names = self.made.clone();
        names.push(SafePath::new(REPOMD)?);
        if signed {
            names.push(SafePath::new(&format!("{REPOMD}.asc"))?);
            names.push(SafePath::new(&format!("{REPOMD}.key"))?);
        }
        self.outputs.clear();
        for name in names {
            let path = root.join(&name);
            let metadata = fs::symlink_metadata(&path).map_err(|e| Error::read(&path, e))?;
            self.outputs.push((name, Stat::of(&metadata)));
        }
        Ok(())
    }

    /// Whether everything that was published stands there untouched.
    pub(super) fn stands(&self, root: &Path) -> bool {
        !self.outputs.is_empty()
            && self.outputs.iter().all(|(path, stat)| {
                // Another generation makes and removes links to a file, which changes its
                // inode and nothing else.
                fs::symlink_metadata(root.join(path)).is_ok_and(|metadata| {
                    metadata.is_file() && Stat::of(&metadata).same_content(stat)
                })
            })
    }

    fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::new(TITLE);
        encoder.bytes(&self.inputs);
        for texts in [
            self.signing.iter().map(String::as_str).collect::<Vec<_>>(),
            self.made.iter().map(SafePath::as_str).collect(),
            self.kept.iter().map(String::as_str).collect(),
        ] {
            encoder.number(texts.len() as u64);
            texts.into_iter().for_each(|text| encoder.text(text));
        }
        encoder.number(self.outputs.len() as u64);
        for (path, stat) in &self.outputs {
            encoder.text(path.as_str());
            stat.encode(&mut encoder);
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
        for _ in 0..decoder.number()? {
            state.made.push(SafePath::new(decoder.text()?).ok()?);
        }
        for _ in 0..decoder.number()? {
            state.kept.push(decoder.text()?.to_owned());
        }
        for _ in 0..decoder.number()? {
            let path = SafePath::new(decoder.text()?).ok()?;
            state.outputs.push((path, Stat::decode(&mut decoder)?));
        }
        decoder.is_at_end().then_some(state)
    }
}
