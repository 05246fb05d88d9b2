//! Finding codes: a public contract, stable and dotted.

/// A stable identifier of one kind of finding, with its meaning.
///
/// The same identifier stands in text, JSON and the manual. Codes are constants
/// beside the crate that raises them, and every crate exports its `codes::ALL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    /// The dotted identifier, for example `file.digest-mismatch`.
    pub id: &'static str,
    /// One sentence for the manual: what it means and who is likely at fault.
    pub meaning: &'static str,
}

impl Code {
    /// Names a code. The identifier never changes once released.
    pub const fn new(id: &'static str, meaning: &'static str) -> Self {
        Self { id, meaning }
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

/// The codes this crate raises.
pub mod codes {
    use super::Code;

    /// A listed file is not there.
    pub const FILE_MISSING: Code = Code::new("file.missing", "a listed file does not exist");
    /// A file's size is not the listed one.
    pub const FILE_SIZE: Code = Code::new(
        "file.size-mismatch",
        "a file is shorter or longer than the signed list says: truncated, or of another generation",
    );
    /// A file's digest is not the listed one.
    pub const FILE_DIGEST: Code = Code::new(
        "file.digest-mismatch",
        "a file's content is not what the signed list says",
    );
    /// Signed lists contradict each other.
    pub const FILE_CONTRADICTION: Code = Code::new(
        "file.contradiction",
        "signed lists give different sizes or digests for one file: the publisher mixed generations",
    );
    /// A listed path is no regular file.
    pub const FILE_NOT_REGULAR: Code = Code::new(
        "file.not-regular",
        "a directory, pipe, socket or device stands where a listed file should be",
    );
    /// A file is bound by weak digests only.
    pub const FILE_WEAK_DIGEST: Code = Code::new(
        "file.weak-digest",
        "a file is bound by MD5, SHA-1 or SHA-224 only; SHA-256 or better is needed",
    );
    /// A listed path would leave the root, or is no plain relative path.
    pub const PATH_UNSAFE: Code = Code::new(
        "path.unsafe",
        "a listed path is absolute, climbs out of the repository, or contains control characters",
    );
    /// A file exists that nothing signed lists.
    pub const FILE_SURPLUS: Code =
        Code::new("file.surplus", "a file exists that no signed list mentions");
    /// A file could not be read, so nothing can be said of it.
    pub const FILE_UNREADABLE: Code = Code::new(
        "file.unreadable",
        "a file could not be read; nothing was decided",
    );
    /// A cap was reached.
    pub const LIMIT: Code = Code::new(
        "limit.exceeded",
        "an input is larger than its documented cap; raise the cap only for input you trust",
    );

    /// All of them, for the manual.
    pub const ALL: &[Code] = &[
        FILE_MISSING,
        FILE_SIZE,
        FILE_DIGEST,
        FILE_CONTRADICTION,
        FILE_NOT_REGULAR,
        FILE_WEAK_DIGEST,
        PATH_UNSAFE,
        FILE_SURPLUS,
        FILE_UNREADABLE,
        LIMIT,
    ];
}
