//! A file in lists of digests, one list for each algorithm.

use pkgseal_repo::{DigestAlgorithm, Digests};

/// A file that a document lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Size in bytes.
    pub size: u64,
    /// Every digest the document gives.
    pub digests: Digests,
}

/// How a line of a list goes against what was listed before, or is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Clash {
    /// The same list has the file already.
    #[error("a second line for {0}")]
    Twice(String),
    /// Another list gives another size.
    #[error("{0}")]
    Size(String),
    /// The digest is none of its algorithm.
    #[error("{0}")]
    Digest(String),
}

impl Listed {
    pub(crate) fn new(size: u64) -> Self {
        Self {
            size,
            digests: Digests::new(),
        }
    }

    /// Adds what the list of `algorithm` says of the file, which messages call `name`.
    pub(crate) fn add(
        &mut self,
        name: &str,
        size: u64,
        algorithm: DigestAlgorithm,
        hex: &str,
    ) -> Result<(), Clash> {
        if self.digests.get(algorithm).is_some() {
            return Err(Clash::Twice(name.to_owned()));
        }
        if self.size != size {
            let what = format!("{name} has {size} bytes, and {} in another list", self.size);
            return Err(Clash::Size(what));
        }
        self.digests
            .insert_hex(algorithm, hex)
            .map_err(Clash::Digest)
    }
}
