//! What an entry holds.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;

use flate2::Crc;

/// A stretch of a file.
pub(super) struct Section<'a> {
    pub(super) file: &'a File,
    pub(super) at: u64,
    pub(super) left: u64,
}

impl Read for Section<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let buffer = buffer.get_mut(..most).unwrap_or_default();
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        self.left -= read as u64;
        Ok(read)
    }
}

/// Unpacked content that must be what the list says.
pub(super) struct Content<R> {
    pub(super) content: R,
    pub(super) left: u64,
    pub(super) expected: u32,
    pub(super) crc: Crc,
    pub(super) over: bool,
}

impl<R: Read> Read for Content<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.over || buffer.is_empty() {
            return Ok(0);
        }
        let invalid = |what: &str| Err(io::Error::new(io::ErrorKind::InvalidData, what));
        let read = self.content.read(buffer)?;
        let Some(left) = self.left.checked_sub(read as u64) else {
            return invalid("it is longer than the archive says");
        };
        self.left = left;
        self.crc.update(buffer.get(..read).unwrap_or_default());
        if read == 0 {
            if left != 0 {
                return invalid("it is shorter than the archive says");
            }
            if self.crc.sum() != self.expected {
                return invalid("its CRC-32 is not what the archive says");
            }
            self.over = true;
        }
        Ok(read)
    }
}
