//! Every cap in one place.

/// Caps on untrusted input, with documented defaults. Exceeding one is a rejection
/// (`limit.exceeded`), never an allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a signed root read whole: Release, InRelease (apt's own cap).
    pub release: u64,
    /// Bytes of a detached signature file.
    pub signature: u64,
    /// Bytes of repomd.xml.
    pub repomd: u64,
    /// Bytes of one index after decompression.
    pub index: u64,
    /// Bytes of a package's control.tar after decompression.
    pub control: u64,
    /// Entries taken from one repository.
    pub entries: usize,
    /// Bytes of one line of a text document.
    pub line: usize,
    /// Signature packets in one block.
    pub signatures: usize,
    /// Bytes of one certificate file.
    pub certificates: u64,
    /// Bytes of a Maven POM.
    pub pom: u64,
    /// Bytes of a small side file: a checksum, a keysmap, a policy.
    pub side_file: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            release: 10_000_000,
            signature: 1 << 20,
            repomd: 10_000_000,
            index: 2 << 30,
            control: 64 << 20,
            entries: 5_000_000,
            line: 1 << 20,
            signatures: 64,
            certificates: 64 << 20,
            pom: 10_000_000,
            side_file: 1 << 20,
        }
    }
}
