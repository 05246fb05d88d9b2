//! One read of a file, for everyone who needs its bytes.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};

use rustix::buffer::spare_capacity;
use rustix::io::Errno;

/// Large enough that system calls and virtual dispatch do not show.
const BUFFER: usize = 1 << 20;

thread_local! {
    static BUFFER_OF_THREAD: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Reads a file to its end, once, in large pieces, and hands every piece to each of the
/// sinks (hashes, mostly). Returns the number of bytes. Memory is one buffer for each
/// thread.
///
/// # Errors
/// What reading, or the first failing sink, says.
pub fn read_through(file: &File, sinks: &mut [&mut dyn Write]) -> io::Result<u64> {
    // Only advice: pipes refuse it.
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::Sequential);
    // Taken out, so that a sink may call this again.
    let mut buffer = BUFFER_OF_THREAD.take();
    buffer.clear();
    buffer.reserve_exact(BUFFER);
    let count = pump(file, &mut buffer, sinks);
    BUFFER_OF_THREAD.set(buffer);
    count
}

/// Reads into what `buffer` has room for. It is not zeroed first: a small file, read alone,
/// would pay more for that than for everything else.
fn pump(file: &File, buffer: &mut Vec<u8>, sinks: &mut [&mut dyn Write]) -> io::Result<u64> {
    let mut total = 0;
    loop {
        buffer.clear();
        let count = match rustix::io::read(file, spare_capacity(buffer)) {
            Err(Errno::INTR) => continue,
            count => count?,
        };
        if count == 0 {
            return Ok(total);
        }
        for sink in &mut *sinks {
            sink.write_all(buffer)?;
        }
        total += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sink_sees_every_byte() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let bytes: Vec<u8> = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        let (mut one, mut two) = (Vec::new(), Vec::new());
        let count = read_through(&File::open(&path).unwrap(), &mut [&mut one, &mut two]);
        assert_eq!(count.unwrap(), 3_000_000);
        assert!(one == bytes && two == bytes);
    }

    #[test]
    fn a_failing_sink_and_a_failing_read_are_errors() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "123").unwrap();
        let mut space = [0; 2];
        let mut full = space.as_mut_slice();
        assert!(read_through(&File::open(&path).unwrap(), &mut [&mut full]).is_err());
        let directory = File::open(dir.path()).unwrap();
        assert!(read_through(&directory, &mut []).is_err());
    }
}
