//! Content that goes from one file into another without passing through us.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use rustix::io::Errno;

/// Bytes at a time where the kernel does not copy by itself.
const CHUNK: usize = 1 << 20;

/// Bytes the kernel is asked for at a time.
const REQUEST: u64 = 1 << 30;

/// Copies `length` bytes of `from`, beginning at `offset`, to `at` of `to`. File systems
/// that can (btrfs, xfs) share the blocks, which takes no room and no time, where both
/// places stand at a multiple of their block size; elsewhere the kernel copies, and where
/// it will not, we do. Returns how many bytes there were, fewer where `from` ends.
///
/// # Errors
/// What reading or writing says.
pub fn share_range(from: &File, offset: u64, to: &File, at: u64, length: u64) -> io::Result<u64> {
    let (mut source, mut target) = (offset, at);
    let end = offset.saturating_add(length);
    while source < end {
        let wanted = usize::try_from((end - source).min(REQUEST)).unwrap_or(CHUNK);
        let copied =
            rustix::fs::copy_file_range(from, Some(&mut source), to, Some(&mut target), wanted);
        match copied {
            Ok(0) => break,
            Ok(_) | Err(Errno::INTR) => {}
            Err(Errno::NOSPC) => return Err(Errno::NOSPC.into()),
            Err(Errno::IO) => return Err(Errno::IO.into()),
            // Another file system, or one that has no such call.
            Err(_) => return Ok(source - offset + copy(from, source, to, target, end - source)?),
        }
    }
    Ok(source - offset)
}

fn copy(from: &File, offset: u64, to: &File, at: u64, length: u64) -> io::Result<u64> {
    let mut buffer = vec![0; CHUNK];
    let mut copied = 0;
    while copied < length {
        let wanted = usize::try_from(length - copied).unwrap_or(CHUNK).min(CHUNK);
        let piece = buffer.get_mut(..wanted).unwrap_or_default();
        match from.read_at(piece, offset + copied) {
            Ok(0) => break,
            Ok(read) => {
                to.write_all_at(piece.get(..read).unwrap_or_default(), at + copied)?;
                copied += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(copied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_go_where_they_are_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
        std::fs::write(folder.path().join("from"), &bytes).unwrap();
        let from = File::open(folder.path().join("from")).unwrap();
        for way in [share_range, copy] {
            let path = folder.path().join("to");
            let to = File::create(&path).unwrap();
            assert_eq!(way(&from, 0, &to, 8192, 3_000_000).unwrap(), 3_000_000);
            assert_eq!(way(&from, 5, &to, 1, 100).unwrap(), 100);
            // There is no more.
            assert_eq!(way(&from, 2_999_990, &to, 0, 100).unwrap(), 10);
            let written = std::fs::read(&path).unwrap();
            assert!(written[8192..] == bytes);
            assert!(written[11..101] == bytes[15..105]);
            assert!(written[..10] == bytes[2_999_990..]);
        }
    }

    #[test]
    fn what_cannot_be_written_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "content").unwrap();
        let file = File::open(&path).unwrap();
        let full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        assert!(share_range(&file, 0, &full, 0, 7).is_err());
        assert!(
            share_range(&file, 0, &file, 100, 7).is_err(),
            "opened for reading only"
        );
    }
}
