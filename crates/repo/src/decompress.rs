//! Streaming decompression with a cap.

mod lz4;

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use lz4::Lz4;
use xz2::stream::{CONCATENATED, Stream};

/// Memory of an xz or lzma decoder, in bytes: four times what `xz -9` needs.
const XZ_MEMORY: u64 = 256 << 20;
/// Largest zstd window, as a power of two: 128 MiB, what `zstd --ultra -22` uses.
const ZSTD_WINDOW_LOG: u32 = 27;
/// Compressed bytes read at a time.
const BUFFER: usize = 64 << 10;

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
    /// LZ4 frames.
    Lz4,
}

impl Compression {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::None,
        Self::Gzip,
        Self::Bzip2,
        Self::Xz,
        Self::Lzma,
        Self::Zstd,
        Self::Lz4,
    ];

    /// By file name suffix (`.gz`, `.bz2`, `.xz`, `.lzma`, `.zst`, `.lz4`); `None` when it has no
    /// such suffix.
    pub fn from_name(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .filter(|compression| *compression != Self::None)
            .find(|compression| name.ends_with(compression.suffix()))
            .unwrap_or(Self::None)
    }

    /// By the first bytes. LZMA alone has no magic number and is never returned.
    pub fn from_magic(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            [0x04, 0x22, 0x4d, 0x18, ..] => Self::Lz4,
            _ => Self::None,
        }
    }

    /// The suffix with its dot, empty for `None`.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Bzip2 => ".bz2",
            Self::Xz => ".xz",
            Self::Lzma => ".lzma",
            Self::Zstd => ".zst",
            Self::Lz4 => ".lz4",
        }
    }
}

/// Decompresses `inner`; reading fails with [`io::ErrorKind::FileTooLarge`] past `limit`
/// decompressed bytes. Concatenated members are read to the end; trailing garbage, a
/// truncated member and an empty input are errors. Decoder memory is capped at 256 MiB
/// (xz) or a 128 MiB window (zstd); LZ4 needs 8 MiB.
pub struct Decompressor<R: Read> {
    decoder: Decoder<BufReader<R>>,
    limit: u64,
    remaining: u64,
}

enum Decoder<R: BufRead> {
    None(R),
    Gzip(flate2::bufread::MultiGzDecoder<R>),
    Bzip2(bzip2::bufread::MultiBzDecoder<R>),
    Xz(xz2::bufread::XzDecoder<R>),
    Zstd(zstd::stream::read::Decoder<'static, R>),
    Lz4(Box<Lz4<R>>),
}

impl<R: Read> Decompressor<R> {
    /// Decompresses `inner` as `compression`, at most `limit` bytes.
    ///
    /// # Errors
    /// When the decoder cannot be set up, or there is nothing to decompress.
    pub fn new(inner: R, compression: Compression, limit: u64) -> io::Result<Self> {
        let mut inner = BufReader::with_capacity(BUFFER, inner);
        if compression != Compression::None && inner.fill_buf()?.is_empty() {
            return Err(io::Error::new(
                ErrorKind::UnexpectedEof,
                "the compressed stream is empty",
            ));
        }
        let decoder = match compression {
            Compression::None => Decoder::None(inner),
            Compression::Gzip => Decoder::Gzip(flate2::bufread::MultiGzDecoder::new(inner)),
            Compression::Bzip2 => Decoder::Bzip2(bzip2::bufread::MultiBzDecoder::new(inner)),
            Compression::Xz => Decoder::Xz(xz2::bufread::XzDecoder::new_stream(
                inner,
                Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED)?,
            )),
            Compression::Lzma => Decoder::Xz(xz2::bufread::XzDecoder::new_stream(
                inner,
                Stream::new_lzma_decoder(XZ_MEMORY)?,
            )),
            Compression::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(inner)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Decoder::Zstd(decoder)
            }
            Compression::Lz4 => Decoder::Lz4(Box::new(Lz4::new(inner))),
        };
        Ok(Self {
            decoder,
            limit,
            remaining: limit,
        })
    }
}

impl<R: BufRead> Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::None(inner) => inner.read(buffer),
            Self::Gzip(decoder) => decoder.read(buffer),
            Self::Bzip2(decoder) => decoder.read(buffer),
            Self::Xz(decoder) => decoder.read(buffer),
            Self::Zstd(decoder) => decoder.read(buffer),
            Self::Lz4(decoder) => decoder.read(buffer),
        }
    }

    /// After the end: whether all of the input was part of it.
    fn is_used_up(&mut self) -> io::Result<bool> {
        let inner = match self {
            Self::None(inner) => inner,
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Bzip2(decoder) => decoder.get_mut(),
            Self::Xz(decoder) => decoder.get_mut(),
            Self::Zstd(decoder) => decoder.get_mut(),
            Self::Lz4(decoder) => decoder.get_mut(),
        };
        Ok(inner.fill_buf()?.is_empty())
    }
}

impl<R: Read> Read for Decompressor<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let mut probe = [0];
        let window = usize::try_from(self.remaining).unwrap_or(usize::MAX);
        let buffer = match window.min(buffer.len()) {
            // One byte more tells a stream of exactly `limit` bytes from a longer one.
            0 => &mut probe,
            window => buffer.get_mut(..window).unwrap_or_default(),
        };
        let count = self.decoder.read(buffer)?;
        if count == 0 && !self.decoder.is_used_up()? {
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                "there is something after the compressed stream",
            ));
        }
        match self.remaining.checked_sub(count as u64) {
            Some(remaining) => {
                self.remaining = remaining;
                Ok(count)
            }
            None => Err(io::Error::new(
                ErrorKind::FileTooLarge,
                format!("it decompresses to more than {} bytes", self.limit),
            )),
        }
    }
}

#[cfg(test)]
mod tests;
