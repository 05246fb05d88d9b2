//! Streaming decompression with a cap.

use std::io::{self, Read};

/// Compression formats, by name and by magic number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Stored as is.
    None,
    /// RFC 1952.
    Gzip,
    /// bzip2.
    Bzip2,
    /// The .xz format.
    Xz,
    /// The legacy .lzma format.
    Lzma,
    /// RFC 8878.
    Zstd,
}

impl Compression {
    /// By file name suffix (`.gz`, `.bz2`, `.xz`, `.lzma`, `.zst`); `None` when it has no
    /// such suffix.
    pub fn from_name(_name: &str) -> Self {
        unimplemented!()
    }

    /// By the first bytes. LZMA alone has no magic number and is never returned.
    pub fn from_magic(_head: &[u8]) -> Self {
        unimplemented!()
    }

    /// The suffix with its dot, empty for `None`.
    pub fn suffix(self) -> &'static str {
        unimplemented!()
    }
}

/// Decompresses `inner`; reading fails with [`io::ErrorKind::FileTooLarge`] past `limit`
/// decompressed bytes. Concatenated members are read to the end; trailing garbage is an
/// error. Decoder memory is capped.
pub struct Decompressor<R> {
    _inner: R,
}

impl<R: Read> Decompressor<R> {
    /// Decompresses `inner` as `compression`, at most `limit` bytes.
    ///
    /// # Errors
    /// When the decoder cannot be set up.
    pub fn new(_inner: R, _compression: Compression, _limit: u64) -> io::Result<Self> {
        unimplemented!()
    }
}

impl<R: Read> Read for Decompressor<R> {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        unimplemented!()
    }
}
