//! Writing the plainest archive: files stored, sorted, dated 1980, nothing else.

use std::io::{Read, Seek, SeekFrom, Write};

use flate2::Crc;
use pkgseal_repo::{SafePath, StagedFile};

use super::{CENTRAL, END, LOCAL, UTF8};
use crate::{Error, Result};

/// Version 2.0 is needed to extract.
const VERSION: u16 = 20;
/// 1980-01-01T00:00:00, the first moment a zip archive knows.
const TIME: u32 = 0x0021_0000;
/// Bytes copied at once.
const CHUNK: usize = 1 << 16;

/// Writes an archive into a staged file.
pub(crate) struct Writer<'a> {
    file: &'a mut StagedFile,
    at: u64,
    directory: Vec<u8>,
    count: u16,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(file: &'a mut StagedFile) -> Self {
        Self {
            file,
            at: 0,
            directory: Vec::new(),
            count: 0,
        }
    }

    /// Adds a file, read once; what reading and writing say goes to `read` and `write`.
    pub(crate) fn add(
        &mut self,
        path: &SafePath,
        mut content: impl Read,
        read: impl Fn(std::io::Error) -> Error,
    ) -> Result<()> {
        let name = path.as_str().as_bytes();
        let header = self.at;
        // Its sizes and checksum are known once it was read, and written then.
        self.put(&local(name, 0, 0)?)?;
        let mut crc = Crc::new();
        let mut size = 0u64;
        let mut chunk = vec![0; CHUNK];
        loop {
            let length = match content.read(&mut chunk) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(read(error)),
            };
            let bytes = chunk.get(..length).unwrap_or_default();
            crc.update(bytes);
            size += length as u64;
            self.put(bytes)?;
        }
        let size = self.small(size)?;
        let complete = local(name, crc.sum(), size)?;
        let end = self.at;
        self.seek(header)?;
        self.put(&complete)?;
        self.seek(end)?;

        let offset = self.small(header)?;
        self.directory.extend(CENTRAL.to_le_bytes());
        self.directory.extend(VERSION.to_le_bytes());
        self.directory.extend(fields(name, crc.sum(), size)?);
        // No comment, first disk, no attributes.
        self.directory.extend([0; 10]);
        self.directory.extend(offset.to_le_bytes());
        self.directory.extend(name);
        self.count = self.count.checked_add(1).ok_or_else(|| self.full())?;
        Ok(())
    }

    /// Writes the list of entries.
    pub(crate) fn finish(mut self) -> Result<()> {
        let start = self.small(self.at)?;
        let directory = std::mem::take(&mut self.directory);
        let size = self.small(directory.len() as u64)?;
        self.put(&directory)?;
        let mut end = Vec::new();
        end.extend(END.to_le_bytes());
        end.extend([0; 4]);
        end.extend(self.count.to_le_bytes());
        end.extend(self.count.to_le_bytes());
        end.extend(size.to_le_bytes());
        end.extend(start.to_le_bytes());
        end.extend([0; 2]);
        self.put(&end)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.file
            .write_all(bytes)
            .map_err(|error| Error::write(self.file.target(), error))?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn seek(&mut self, to: u64) -> Result<()> {
        self.file
            .file_mut()
            .seek(SeekFrom::Start(to))
            .map_err(|error| Error::write(self.file.target(), error))?;
        self.at = to;
        Ok(())
    }

    fn small(&self, number: u64) -> Result<u32> {
        u32::try_from(number).map_err(|_| self.full())
    }

    fn full(&self) -> Error {
        let large = std::io::Error::new(
            std::io::ErrorKind::FileTooLarge,
            "a bundle holds 65535 files and 4 GiB at most",
        );
        Error::write(self.file.target(), large)
    }
}

fn local(name: &[u8], crc: u32, size: u32) -> Result<Vec<u8>> {
    let mut header = LOCAL.to_le_bytes().to_vec();
    header.extend(fields(name, crc, size)?);
    header.extend(name);
    Ok(header)
}

/// What local and central headers have in common.
fn fields(name: &[u8], crc: u32, size: u32) -> Result<Vec<u8>> {
    let length = u16::try_from(name.len()).map_err(|_| Error::Refused {
        path: String::from_utf8_lossy(name).into_owned().into(),
        reason: "its name is too long for a bundle".to_owned(),
    })?;
    let mut fields = Vec::with_capacity(26);
    fields.extend(VERSION.to_le_bytes());
    fields.extend(UTF8.to_le_bytes());
    // Stored.
    fields.extend([0; 2]);
    fields.extend(TIME.to_le_bytes());
    fields.extend(crc.to_le_bytes());
    fields.extend(size.to_le_bytes());
    fields.extend(size.to_le_bytes());
    fields.extend(length.to_le_bytes());
    fields.extend([0; 2]);
    Ok(fields)
}
