//! Whether a file was touched.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

use super::codec::{Decoder, Encoder};

/// What tells that a file was not touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// Its size, in bytes.
    pub size: u64,
    /// Modification of the content, in nanoseconds since 1970.
    pub modified: i64,
    /// Change of the inode, in nanoseconds since 1970.
    changed: i64,
    inode: u64,
}

impl Stat {
    /// From what the system says of a file.
    pub fn of(metadata: &Metadata) -> Self {
        Self {
            size: metadata.len(),
            modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
        }
    }

    /// From what the system says of a file when asked without the standard library.
    pub fn of_status(status: &rustix::fs::Stat) -> Self {
        // The widths differ by architecture; no file has a time or a size beyond them.
        fn number<N: TryInto<i64>>(number: N) -> i64 {
            number.try_into().unwrap_or_default()
        }
        Self {
            size: number(status.st_size).cast_unsigned(),
            modified: nanoseconds(number(status.st_mtime), number(status.st_mtime_nsec)),
            changed: nanoseconds(number(status.st_ctime), number(status.st_ctime_nsec)),
            inode: status.st_ino,
        }
    }

    /// Whether the same content stands there under the same inode: links to it may have
    /// come and gone.
    pub fn same_content(&self, other: &Self) -> bool {
        (self.size, self.modified, self.inode) == (other.size, other.modified, other.inode)
    }

    /// Whether it was touched at `moment` or later, in nanoseconds since 1970.
    pub fn is_younger(&self, moment: i64) -> bool {
        self.modified >= moment || self.changed >= moment
    }

    /// Writes it.
    pub fn encode(&self, encoder: &mut Encoder) {
        encoder.number(self.size);
        encoder.signed(self.modified);
        encoder.signed(self.changed);
        encoder.number(self.inode);
    }

    /// Reads it.
    pub fn decode(decoder: &mut Decoder<'_>) -> Option<Self> {
        Some(Self {
            size: decoder.number()?,
            modified: decoder.signed()?,
            changed: decoder.signed()?,
            inode: decoder.number()?,
        })
    }
}

fn nanoseconds(seconds: i64, rest: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_ask_say_the_same() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "five\n").unwrap();
        let status = rustix::fs::stat(file.path()).unwrap();
        let stat = Stat::of(&std::fs::metadata(file.path()).unwrap());
        assert_eq!(Stat::of_status(&status), stat);
        assert_eq!(stat.size, 5);
        assert!(stat.modified > 0 && stat.changed > 0 && stat.inode > 0);
    }
}
